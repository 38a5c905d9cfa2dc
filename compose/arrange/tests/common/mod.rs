//! Songs for tests.

#![allow(dead_code, reason = "every test file uses a part of it")]

use std::sync::OnceLock;
use yuefu_arrange::{Band, arrange};
use yuefu_engine::SeedPath;
use yuefu_song::{
    Catalog, Score, SongPlan, StyleBook,
    brief::{Brief, Weighted},
};

/// The shipped styles.
pub fn book() -> &'static StyleBook {
    static BOOK: OnceLock<StyleBook> = OnceLock::new();
    BOOK.get_or_init(|| yuefu_plan::standard_styles().expect("the shipped styles are valid"))
}

/// The shipped instruments.
pub fn catalog() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| {
        Catalog::parse(&yuefu_data::tables("instruments")).expect("the shipped catalog is valid")
    })
}

/// A song of a style.
pub fn song(style: &str, seed: u64) -> (SongPlan, Score) {
    let brief = Brief {
        styles: vec![Weighted::new(style.to_owned(), 1.0)],
        ..Brief::default()
    };
    song_of(&brief, seed)
}

/// A song of a brief.
pub fn song_of(brief: &Brief, seed: u64) -> (SongPlan, Score) {
    let path = SeedPath::song(seed);
    let (plan, _) = yuefu_plan::plan(brief, &Default::default(), book(), catalog(), &path);
    let score = arrange(&plan, Band::new(book(), catalog()), &path);
    (plan, score)
}
