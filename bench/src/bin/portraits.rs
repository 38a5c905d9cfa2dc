//! Counts what real tunes do and writes the portraits that ship:
//! `portraits SONGS.yfc data/portraits`.

use std::{path::Path, process::ExitCode};
use yuefu_corpus::{Piece, pack::Reader};
use yuefu_evaluate::{Portrait, reference::SETS};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [corpus, folder] = &arguments[..] else {
        eprintln!("expected: portraits SONGS.yfc FOLDER");
        return ExitCode::from(2);
    };
    match run(Path::new(corpus), Path::new(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(corpus: &Path, folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let pieces: Vec<Piece> = Reader::open(corpus)?.collect::<Result<_, _>>()?;
    for set in SETS {
        let own = pieces.iter().filter(|piece| piece.source.name() == set);
        let tunes = own.filter_map(|p| Some((&p.score, p.score.tracks.get(p.melody?)?)));
        let portrait = Portrait::of(tunes);
        println!("{set}: {} songs", portrait.songs);
        std::fs::write(folder.join(format!("{set}.txt")), portrait.text())?;
    }
    Ok(())
}
