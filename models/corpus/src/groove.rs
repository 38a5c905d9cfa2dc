//! Groove MIDI Dataset (Gillick et al., ICML 2019; CC BY 4.0, Google Magenta): drum performances
//! with velocity and timing as played, styles, and an official split.

use crate::{
    clean::Refusal,
    lines::whole_track,
    piece::{DrumTake, Piece, Source, Split, Stated},
    sources::{Entry, csv},
};
use std::collections::BTreeMap;
use yuefu_scorefile::{ScoreLimits, read_midi};
use yuefu_song::{Catalog, Note, Role, Section, SectionKind};
use yuefu_theory::{Key, Metre, Mode, TickSpan, Ticks, Timeline};

/// One row of the collection's list.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    player: String,
    session: String,
    style: String,
    bpm: f64,
    fill: bool,
    metre: Metre,
    split: Split,
}

/// Performances by path without ending.
pub(crate) fn songs(entries: &[Entry]) -> BTreeMap<String, (&Entry, Row)> {
    let Some(text) = entries
        .iter()
        .find(|entry| entry.path == "info.csv")
        .and_then(|entry| entry.text().ok())
    else {
        return BTreeMap::new();
    };
    let mut lines = text.lines();
    let head = csv(lines.next().unwrap_or(""));
    let rows: BTreeMap<String, Row> = lines
        .map(csv)
        .filter_map(|fields| {
            let field = |name: &str| {
                let at = head.iter().position(|column| column == name)?;
                fields.get(at).cloned()
            };
            let split = match field("split")?.as_str() {
                "validation" => Split::Validation,
                "test" => Split::Test,
                _ => Split::Train,
            };
            let row = Row {
                player: field("drummer")?,
                session: field("session")?,
                style: field("style")?,
                bpm: field("bpm")?.parse().ok()?,
                fill: field("beat_type")? == "fill",
                metre: field("time_signature")?.replace('-', "/").parse().ok()?,
                split,
            };
            Some((field("midi_filename")?, row))
        })
        .collect();
    entries
        .iter()
        .filter_map(|entry| {
            let row = rows.get(&entry.path)?.clone();
            let name = entry.path.strip_suffix(".mid")?;
            Some((name.to_owned(), (entry, row)))
        })
        .collect()
}

/// Reads one performance. Onsets and lengths stay as played.
pub(crate) fn read(
    name: &str,
    entry: &Entry,
    row: &Row,
    catalog: &Catalog,
) -> Result<Piece, Refusal> {
    if !(20.0..=400.0).contains(&row.bpm) {
        return Err(Refusal::Beats);
    }
    let bytes = entry.read().map_err(|_| Refusal::Unreadable)?;
    let file =
        read_midi(&bytes, catalog, &ScoreLimits::default()).map_err(|_| Refusal::Unreadable)?;
    let mut score = file.score;
    score.timeline = Timeline::steady(row.bpm, row.metre.clone());
    let notes: Vec<Note> = score
        .tracks
        .iter()
        .flat_map(|track| &track.phrases)
        .flat_map(|phrase| {
            phrase.notes.iter().map(|note| Note {
                at: phrase.span.start + note.at,
                ..note.clone()
            })
        })
        .collect();
    let last = notes.iter().map(|note| note.at).max().unwrap_or_default();
    // A hit that was meant for the next downbeat may lie a little before it.
    let (bar, _) = score.timeline.bar_of(last);
    let end = score.timeline.bar_start(bar + 1);
    score.tracks = vec![whole_track(
        "drums",
        Role::Drums,
        "kit-standard",
        notes,
        end,
    )];
    score.chords.clear();
    score.sections = vec![Section {
        id: "part-1".to_owned(),
        kind: SectionKind::Part,
        span: TickSpan::new(Ticks::ZERO, end),
        key: Key::simplest(0, Mode::Major),
        energy: 0.5,
    }];
    let mut piece = Piece::new(Source::Groove, name, score);
    piece.genre = Some(row.style.clone());
    piece.split = row.split;
    piece.stated = Stated {
        metre: true,
        tempo: true,
        ..Stated::default()
    };
    piece.drums = Some(DrumTake {
        player: row.player.clone(),
        session: row.session.clone(),
        fill: row.fill,
    });
    Ok(piece)
}
