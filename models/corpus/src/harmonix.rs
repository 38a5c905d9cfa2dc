//! Harmonix set (Nieto et al., ISMIR 2019; MIT): beats, bars, sections and genre of pop songs.

use crate::{
    beats::BeatGrid,
    billboard::title_group,
    clean::Refusal,
    complete::number,
    labels::section_kind,
    piece::{Piece, Source, Stated},
    sources::{Entry, csv},
};
use std::collections::BTreeMap;
use yuefu_song::{Score, Section, SectionKind};
use yuefu_theory::{Key, Metre, Mode, TickSpan, Ticks};

/// The files and the list's row of one song.
#[derive(Clone, Default)]
pub(crate) struct Files<'a> {
    beats: Option<&'a Entry>,
    segments: Option<&'a Entry>,
    genre: Option<String>,
    group: u64,
}

/// Songs by the name of their files.
pub(crate) fn songs(entries: &[Entry]) -> BTreeMap<String, Files<'_>> {
    let mut out: BTreeMap<String, Files<'_>> = BTreeMap::new();
    for entry in entries {
        let Some(name) = entry.file_name().strip_suffix(".txt") else {
            continue;
        };
        let folder = entry.folder();
        match folder.rsplit('/').next().unwrap_or(folder) {
            "beats_and_downbeats" => {
                out.entry(name.to_owned()).or_default().beats = Some(entry);
            }
            "segments" => out.entry(name.to_owned()).or_default().segments = Some(entry),
            _ => {}
        }
    }
    let list = entries.iter().find(|entry| entry.path == "metadata.csv");
    let text = list.and_then(|entry| entry.text().ok()).unwrap_or_default();
    let mut lines = text.lines();
    let head = csv(lines.next().unwrap_or(""));
    let column = |name: &str| head.iter().position(|field| field == name);
    for row in lines.map(csv) {
        let field = |name: &str| column(name).and_then(|at| row.get(at)).cloned();
        if let Some(files) = field("File").and_then(|file| out.get_mut(&file)) {
            let genre = field("Genre").map(|genre| genre.to_lowercase());
            files.genre = genre.filter(|genre| !genre.is_empty());
            if let (Some(title), Some(artist)) = (field("Title"), field("Artist")) {
                files.group = title_group(&title, &artist);
            }
        }
    }
    out
}

/// Reads one song.
pub(crate) fn read(name: &str, files: &Files<'_>) -> Result<Piece, Refusal> {
    let rows = |entry: Option<&Entry>| -> Result<Vec<Vec<String>>, Refusal> {
        let entry = entry.ok_or(Refusal::Incomplete)?;
        let text = entry.text().map_err(|_| Refusal::Unreadable)?;
        let row = |line: &str| line.split_whitespace().map(str::to_owned).collect();
        Ok(text.lines().map(row).collect())
    };
    let beats: Vec<(f64, u32)> = rows(files.beats)?
        .iter()
        .filter_map(|row| Some((row.first()?.parse().ok()?, row.get(1)?.parse().ok()?)))
        .collect();
    let most = beats.iter().map(|beat| beat.1).max().unwrap_or(0);
    // The usual number of beats in a bar: the highest count that every third bar reaches.
    let downs = beats.iter().filter(|beat| beat.1 == 1).count();
    let bar = (2..=most.min(8)).rfind(|count| {
        let reached = beats.iter().filter(|beat| beat.1 == *count).count();
        reached * 3 >= downs
    });
    let bar = bar.ok_or(Refusal::Beats)? as usize;
    let times: Vec<f64> = beats.iter().map(|beat| beat.0).collect();
    let votes: Vec<f64> = beats
        .iter()
        // The annotation was made by people: it counts for more than an irregular bar costs.
        .map(|beat| if beat.1 == 1 { 8.0 } else { 0.0 })
        .collect();
    let mut grid = BeatGrid::new(times, &votes, bar).ok_or(Refusal::Beats)?;
    if bar == 6 {
        for change in &mut grid.timeline.metres {
            // Six counted beats are six eighths in name; the grid keeps them as they are counted.
            if change.metre == Metre::new(6, 4) {
                change.metre.groups = vec![3, 3];
            }
        }
    }
    let marks: Vec<(Ticks, Option<SectionKind>)> = rows(files.segments)?
        .iter()
        .filter_map(|row| {
            let at = grid.barline(row.first()?.parse().ok()?);
            let label = row.get(1)?;
            let silent = label == "end" || label == "silence";
            let kind = section_kind(label).unwrap_or(SectionKind::Part);
            Some((at, (!silent).then_some(kind)))
        })
        .collect();
    let end = grid.timeline.bar_start(grid.bars);
    let mut sections: Vec<Section> = Vec::new();
    for (index, (at, kind)) in marks.iter().enumerate() {
        let until = marks.get(index + 1).map_or(end, |next| next.0).min(end);
        let span = TickSpan::new(*at, until);
        let (Some(kind), false) = (kind, span.is_empty()) else {
            continue;
        };
        sections.push(Section {
            id: String::new(),
            kind: *kind,
            span,
            key: Key::simplest(0, Mode::Major),
            energy: 0.5,
        });
    }
    number(&mut sections);
    let score = Score {
        timeline: grid.timeline,
        sections,
        chords: Vec::new(),
        tracks: Vec::new(),
    };
    let mut piece = Piece::new(Source::Harmonix, name, score);
    piece.genre.clone_from(&files.genre);
    piece.group = files.group;
    piece.stated = Stated {
        metre: true,
        tempo: true,
        sections: true,
        ..Stated::default()
    };
    Ok(piece)
}
