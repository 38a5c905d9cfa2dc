//! Counts what real tunes do and writes the portraits that ship:
//! `portraits SONGS.yfc data/portraits`.

use std::{path::Path, process::ExitCode};
use yuefu_bench::counting;
use yuefu_corpus::Piece;
use yuefu_evaluate::{Portrait, reference::SETS};

fn main() -> ExitCode {
    counting::main("portraits", run)
}

fn run(pieces: &[Piece], folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    for set in SETS {
        let own = pieces.iter().filter(|piece| piece.source.name() == set);
        let tunes = own.filter_map(|p| Some((&p.score, p.score.tracks.get(p.melody?)?)));
        let portrait = Portrait::of(tunes);
        println!("{set}: {} songs", portrait.songs);
        std::fs::write(folder.join(format!("{set}.txt")), portrait.text())?;
    }
    Ok(())
}
