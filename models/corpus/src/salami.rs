//! SALAMI (Smith et al., ISMIR 2011; CC0 by mirdata): sections of recordings, in seconds. One
//! second is written as one quarter note: the collection knows no beats.

use crate::{
    clean::{Refusal, name_hash},
    complete::number,
    labels::section_kind,
    piece::{Piece, Source, Stated},
    sources::Entry,
};
use std::collections::BTreeMap;
use yuefu_song::{Score, Section, SectionKind};
use yuefu_theory::{Key, Metre, Mode, TickSpan, Ticks, Timeline};

/// Annotations by recording and annotator: `472-1`.
pub(crate) fn songs(entries: &[Entry]) -> BTreeMap<String, &Entry> {
    entries
        .iter()
        .filter_map(|entry| {
            let name = entry.file_name();
            let who = name
                .strip_prefix("textfile")?
                .strip_suffix("_functions.txt")?;
            let recording = entry.path.rsplit('/').nth(2)?;
            Some((format!("{recording}-{who}"), entry))
        })
        .collect()
}

/// Reads one annotation.
pub(crate) fn read(name: &str, entry: &Entry) -> Result<Piece, Refusal> {
    let text = entry.text().map_err(|_| Refusal::Unreadable)?;
    let rows: Vec<(f64, &str)> = text
        .lines()
        .filter_map(|line| {
            let (at, label) = line.split_once('\t')?;
            let at: f64 = at.trim().parse().ok()?;
            (0.0..100_000.0).contains(&at).then_some((at, label.trim()))
        })
        .collect();
    let mut sections: Vec<Section> = rows
        .windows(2)
        .filter_map(|pair| {
            let tick = |seconds: f64| Ticks::from_quarters(seconds);
            let span = TickSpan::new(tick(pair[0].0), tick(pair[1].0));
            let silent = ["silence", "end", "applause"];
            let silent = silent.contains(&pair[0].1.to_lowercase().as_str());
            (!silent && !span.is_empty()).then(|| Section {
                id: String::new(),
                kind: section_kind(pair[0].1).unwrap_or(SectionKind::Part),
                span,
                key: Key::simplest(0, Mode::Major),
                energy: 0.5,
            })
        })
        .collect();
    number(&mut sections);
    let score = Score {
        timeline: Timeline::steady(60.0, Metre::common()),
        sections,
        chords: Vec::new(),
        tracks: Vec::new(),
    };
    let mut piece = Piece::new(Source::Salami, name, score);
    let recording = name
        .rsplit_once('-')
        .map_or(name, |(recording, _)| recording);
    // Two annotations of a recording are one song.
    piece.group = name_hash(&format!("salami/{recording}")).max(1);
    piece.stated = Stated {
        sections: true,
        ..Stated::default()
    };
    Ok(piece)
}
