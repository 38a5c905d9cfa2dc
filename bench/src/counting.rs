//! What programs are alike in that count what real songs do and write tables that ship.

use std::{error::Error, path::Path, process::ExitCode};
use yuefu_corpus::{Piece, pack::Reader};

/// The whole of a program that is called with a packed corpus and a folder: `count` is given the
/// corpus's pieces and writes to the folder.
pub fn main(
    name: &str,
    count: impl FnOnce(&[Piece], &Path) -> Result<(), Box<dyn Error>>,
) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [corpus, folder] = &arguments[..] else {
        eprintln!("expected: {name} SONGS.yfc FOLDER");
        return ExitCode::from(2);
    };
    match read(Path::new(corpus)).and_then(|pieces| count(&pieces, Path::new(folder))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn read(corpus: &Path) -> Result<Vec<Piece>, Box<dyn Error>> {
    Ok(Reader::open(corpus)?.collect::<Result<_, _>>()?)
}
