//! Printed scores: OpenScore Lieder (CC0), OpenEWLD (MIT), and any MIDI, MusicXML or ABC file of
//! a user's folder.

use crate::{
    beats::Division,
    clean::Refusal,
    complete::complete,
    piece::{Piece, Source, Stated, Sung},
    sources::{Entry, csv},
};
use std::collections::BTreeMap;
use yuefu_harmonize::{Tone, Voice, find_tune, tones};
use yuefu_scorefile::{ScoreFile, ScoreLimits, read_abc, read_midi, read_musicxml};
use yuefu_song::{Catalog, Role};
use yuefu_theory::{TickSpan, Ticks};

/// Endings of names that are read.
const ENDINGS: [&str; 8] = [
    ".mxl",
    ".musicxml",
    ".xml",
    ".mid",
    ".midi",
    ".kar",
    ".rmi",
    ".abc",
];

/// What a list beside the scores says of one: title and genre.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) title: Option<String>,
    pub(crate) genre: Option<String>,
}

/// Scores of a collection by name, which is the path without its ending.
pub(crate) fn songs(entries: &[Entry]) -> BTreeMap<String, (&Entry, Listed)> {
    let listed = index(entries);
    entries
        .iter()
        .filter_map(|entry| {
            let lower = entry.path.to_lowercase();
            let ending = ENDINGS.iter().find(|ending| lower.ends_with(*ending))?;
            let name = entry.path.get(..entry.path.len() - ending.len())?;
            let own = listed.get(entry.file_name()).cloned().unwrap_or_default();
            // Two files may differ in their ending only.
            Some((format!("{name}{ending}"), (entry, own)))
        })
        .collect()
}

/// The rows of `index.csv` by file, where there is one.
fn index(entries: &[Entry]) -> BTreeMap<String, Listed> {
    let Some(text) = entries
        .iter()
        .find(|entry| entry.path == "index.csv")
        .and_then(|entry| entry.text().ok())
    else {
        return BTreeMap::new();
    };
    let mut lines = text.lines();
    let head = csv(lines.next().unwrap_or(""));
    let column = |name: &str| head.iter().position(|field| field == name);
    let (Some(file), Some(genres)) = (column("file"), column("genres")) else {
        return BTreeMap::new();
    };
    let title = column("title");
    lines
        .map(csv)
        .filter_map(|row| {
            let genre = row.get(genres)?.replace(" / ", "/").trim().to_lowercase();
            let genre = (!genre.is_empty()).then_some(genre);
            let title = title.and_then(|at| row.get(at)).cloned();
            Some((row.get(file)?.clone(), Listed { title, genre }))
        })
        .collect()
}

/// Reads a score file; an ABC file may hold several tunes.
pub(crate) fn read(
    source: Source,
    name: &str,
    entry: &Entry,
    listed: &Listed,
    catalog: &Catalog,
) -> Result<Vec<Piece>, Refusal> {
    let bytes = entry.read().map_err(|_| Refusal::Unreadable)?;
    let limits = ScoreLimits::default();
    let lower = entry.path.to_lowercase();
    let mut plain = name
        .rsplit_once('.')
        .map_or_else(|| name.to_owned(), |(plain, _)| plain.to_owned());
    if let Some(title) = &listed.title {
        plain = format!("{plain} {title}");
    }
    if lower.ends_with(".abc") {
        let text = String::from_utf8_lossy(&bytes);
        let tunes = read_abc(&text, catalog, &limits).map_err(|_| Refusal::Unreadable)?;
        let several = tunes.len() > 1;
        return tunes
            .into_iter()
            .enumerate()
            .map(|(number, file)| {
                let name = match several {
                    true => format!("{plain}#{}", number + 1),
                    false => plain.clone(),
                };
                piece(source, name, file, listed, false)
            })
            // A tune that cannot be used takes no other with it.
            .filter(|piece| !several || piece.is_ok())
            .collect();
    }
    let midi = [".mid", ".midi", ".kar", ".rmi"];
    let played = midi.iter().any(|ending| lower.ends_with(ending));
    let file = if played {
        read_midi(&bytes, catalog, &limits)
    } else {
        read_musicxml(&bytes, catalog, &limits)
    };
    let file = file.map_err(|_| Refusal::Unreadable)?;
    Ok(vec![piece(source, plain, file, listed, played)?])
}

fn piece(
    source: Source,
    name: String,
    file: ScoreFile,
    listed: &Listed,
    played: bool,
) -> Result<Piece, Refusal> {
    let ScoreFile {
        mut score,
        names,
        syllables,
        stated,
        ..
    } = file;
    let notes: Vec<Vec<Tone>> = score.tracks.iter().map(tones).collect();
    let voices: Vec<Voice<'_>> = notes
        .iter()
        .enumerate()
        .map(|(index, tones)| Voice {
            tones,
            name: names.get(index).map_or("", String::as_str),
            sung: syllables.iter().any(|syllable| syllable.track == index),
            percussion: score.tracks[index].role.is_percussion(),
        })
        .collect();
    let tune = find_tune(&voices).ok_or(Refusal::NoMelody)?;
    let sung = voices[tune].sung;
    if played {
        snap(&mut score, tune)?;
    }
    for (index, track) in score.tracks.iter_mut().enumerate() {
        track.role = match track.role {
            role if role.is_percussion() => role,
            _ if index == tune && sung => Role::Vocal,
            _ if index == tune => Role::Lead,
            Role::Vocal | Role::Lead => Role::Comp,
            role => role,
        };
    }
    let mut piece = Piece::new(source, name, score);
    piece.genre.clone_from(&listed.genre);
    piece.melody = Some(tune);
    piece.accompaniment = (0..piece.score.tracks.len())
        .filter(|index| *index != tune)
        .collect();
    piece.syllables = syllables
        .into_iter()
        .filter(|syllable| syllable.track == tune)
        .map(|syllable| Sung {
            at: syllable.at,
            text: syllable.text,
            continues: syllable.continues,
        })
        .collect();
    // Programs that export write C major into every file: a signature without signs says nothing.
    let constant = piece
        .score
        .sections
        .iter()
        .all(|section| section.key.fifths() == 0);
    piece.stated = Stated {
        melody: sung,
        chords: !piece.score.chords.is_empty(),
        // Signatures do not tell major from minor: keys are always found, with them as a hint.
        key: false,
        metre: stated.metre,
        tempo: stated.tempo,
        sections: stated.sections && !constant_sections(&piece),
    };
    if constant {
        // One section as assumed by the reader, to be divided by what repeats.
        piece.score.sections.truncate(1);
        if let Some(only) = piece.score.sections.first_mut() {
            only.span = TickSpan::new(Ticks::ZERO, only.span.end);
        }
    }
    complete(&mut piece, played);
    Ok(piece)
}

/// Whether no section has a name that says something.
fn constant_sections(piece: &Piece) -> bool {
    let mut sections = piece.score.sections.iter();
    sections.all(|section| section.kind == yuefu_song::SectionKind::Part)
}

/// How far onsets may lie from the grid, on average, in parts of its spacing: chance is 0.25.
const LOOSE: f64 = 0.16;

/// Puts a performance on the grid of its own beats.
///
/// # Errors
/// When it does not follow them.
fn snap(score: &mut yuefu_song::Score, tune: usize) -> Result<(), Refusal> {
    let onsets: Vec<f64> = tones(&score.tracks[tune])
        .iter()
        .map(|tone| tone.span.start.as_quarters())
        .collect();
    let division = Division::of(onsets.iter().copied());
    let unit = division.unit();
    let cells = Ticks::QUARTER.0 as f64 / unit.0 as f64;
    let away: f64 = onsets
        .iter()
        .map(|at| (at * cells - (at * cells).round()).abs())
        .sum();
    if away > LOOSE * onsets.len() as f64 {
        return Err(Refusal::OffGrid);
    }
    if away == 0.0 {
        return Ok(());
    }
    for track in score
        .tracks
        .iter_mut()
        .filter(|track| !track.role.is_percussion())
    {
        for phrase in &mut track.phrases {
            let start = phrase.span.start;
            for note in &mut phrase.notes {
                let on = division.snap((start + note.at).as_quarters());
                let off = division.snap((start + note.at + note.len).as_quarters());
                note.at = on - start;
                note.len = (off - on).max(unit);
            }
        }
    }
    Ok(())
}
