//! MIDI file to score.

use super::events::{Division, Event, RawMidi, parse};
use crate::draft::{Draft, DraftTrack};
use crate::error::{Place, ScoreFileError};
use crate::model::{ScoreFile, ScoreLimits};
use std::collections::{BTreeMap, VecDeque};
use yuefu_song::{Catalog, Note};
use yuefu_theory::{Chord, Key, Metre, Mode, SpelledPc, Ticks};

/// Reads a Standard MIDI File of type 0, 1 or 2 (also inside RMID), with running status, SMPTE
/// time, system exclusive, karaoke words. Note times are kept to the tick; pitches are spelled by
/// the key. Sequences of type 2 follow one another.
///
/// # Errors
/// What is not a MIDI file, damaged files, MIDI 2.0 clips, and files beyond the limits.
pub fn read_midi(
    bytes: &[u8],
    catalog: &Catalog,
    limits: &ScoreLimits,
) -> Result<ScoreFile, ScoreFileError> {
    limits.admit(bytes.len())?;
    let raw = parse(bytes, limits.notes.saturating_mul(8))?;
    let mut draft = Draft {
        warnings: raw.warnings.clone(),
        ..Draft::default()
    };
    if let Division::Smpte(..) = raw.division {
        // Seconds have no beats: two quarter notes a second.
        draft.tempo.push((Ticks::ZERO, 120.0));
    }
    let mut start = Ticks::ZERO;
    for (index, events) in raw.tracks.iter().enumerate() {
        let length = events.last().map_or(0, |e| e.0);
        let end = start + to_ticks(&raw, length, limits)?;
        track(&raw, index, events, start, limits, &mut draft)?;
        draft.end = draft.end.max(end);
        if raw.format == 2 {
            start = end;
        }
    }
    let keys = draft.keys.clone();
    for track in draft.tracks.iter_mut().filter(|t| !t.percussion) {
        respell(track, &keys);
    }
    draft.finish(catalog, limits)
}

/// The score time of a file's tick, rounded to the nearest.
fn to_ticks(raw: &RawMidi, tick: u64, limits: &ScoreLimits) -> Result<Ticks, ScoreFileError> {
    let tick = u128::from(tick);
    let (num, den) = match raw.division {
        Division::Quarter(ppq) => (tick * 40_320, u128::from(ppq)),
        Division::Smpte((num, den), per_frame) => (
            tick * 80_640 * u128::from(den),
            u128::from(num) * u128::from(per_frame),
        ),
    };
    let ticks = (num + den / 2) / den;
    match i64::try_from(ticks) {
        Ok(n) if n <= limits.quarters.saturating_mul(40_320) => Ok(Ticks(n)),
        _ => Err(ScoreFileError::too_large(
            Place::File,
            format!("at most {} quarter notes", limits.quarters),
        )),
    }
}

/// Text in UTF-8, or else Latin-1.
fn text(bytes: &[u8]) -> String {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&b| char::from(b)).collect(),
    };
    text.trim_matches('\0').to_owned()
}

#[derive(Default)]
struct Channel {
    program: Option<u8>,
    /// Notes that sound, by key: start and velocity, oldest first.
    open: BTreeMap<u8, VecDeque<(Ticks, u8)>>,
}

fn track(
    raw: &RawMidi,
    index: usize,
    events: &[(u64, Event)],
    start: Ticks,
    limits: &ScoreLimits,
    draft: &mut Draft,
) -> Result<(), ScoreFileError> {
    let mut channels: BTreeMap<u8, Channel> = BTreeMap::new();
    // One part per channel and program: a channel that changes its sound is another instrument.
    let mut parts: BTreeMap<(u8, Option<u8>), DraftTrack> = BTreeMap::new();
    let mut name = String::new();
    let mut words: Vec<(Ticks, String, bool)> = Vec::new();
    let mut karaoke = false;
    let mut last = start;
    let mut close = |channel: u8, program: Option<u8>, key: u8, open: (Ticks, u8), end: Ticks| {
        let part = parts.entry((channel, program)).or_default();
        part.program = program;
        part.percussion = channel == 9;
        let len = (end - open.0).max(Ticks(1));
        let pitch = yuefu_theory::Pitch::from_midi(i32::from(key));
        part.notes.push(Note::new(open.0, len, pitch, open.1));
    };
    for (tick, event) in events {
        let at = start + to_ticks(raw, *tick, limits)?;
        last = last.max(at);
        match event {
            Event::Channel(status, key, velocity) => {
                let number = status & 0x0F;
                let channel = channels.entry(number).or_default();
                match (status & 0xF0, velocity) {
                    (0x90, 1..) => {
                        let open = channel.open.entry(*key).or_default();
                        open.push_back((at, *velocity));
                    }
                    (0x80 | 0x90, _) => {
                        let open = channel.open.get_mut(key);
                        if let Some(open) = open.and_then(VecDeque::pop_front) {
                            close(number, channel.program, *key, open, at);
                        }
                    }
                    (0xB0, _) if *key == 123 || *key == 120 => {
                        for (key, open) in std::mem::take(&mut channel.open) {
                            for open in open {
                                close(number, channel.program, key, open, at);
                            }
                        }
                    }
                    (0xC0, _) => channel.program = Some(*key),
                    _ => {}
                }
            }
            Event::Meta(kind, body) => match (kind, *body) {
                (0x03, body) if name.is_empty() => name = text(body),
                (0x01, body) => {
                    let said = text(body);
                    if let Some(title) = said.strip_prefix("@T") {
                        karaoke = true;
                        if draft.title.is_empty() {
                            draft.title = title.trim().to_owned();
                        }
                    } else if said.starts_with('@') {
                        karaoke = true;
                    } else if karaoke || name == "Words" {
                        words.push((at, said, false));
                    } else if let Ok(chord) = said.trim().parse::<Chord>() {
                        draft.chords.push((at, Some(chord)));
                    } else if said.trim() == "N.C." {
                        draft.chords.push((at, None));
                    }
                }
                (0x05, body) => words.push((at, text(body), false)),
                (0x06, body) => draft.marks.push((at, text(body))),
                (0x51, [a, b, c, ..]) => {
                    let us = u32::from_be_bytes([0, *a, *b, *c]).max(1);
                    if matches!(raw.division, Division::Quarter(_)) {
                        draft.tempo.push((at, 60e6 / f64::from(us)));
                    }
                }
                (0x58, [num, den, ..]) => {
                    let unit = 1_u32.checked_shl(u32::from(*den)).unwrap_or(0);
                    match format!("{num}/{unit}").parse::<Metre>() {
                        Ok(metre) => draft.metres.push((at, metre)),
                        Err(_) => draft.warn(
                            Place::File,
                            format!("left out the metre {num}/{unit}, which cannot be"),
                        ),
                    }
                }
                (0x59, [sharps, minor, ..]) => {
                    let fifths = i32::from(*sharps as i8);
                    if fifths.abs() <= 7 {
                        draft.keys.push((at, key_of_signature(fifths, *minor == 1)));
                    }
                }
                _ => {}
            },
            Event::SysEx => {}
        }
    }
    for (number, channel) in channels {
        for (key, open) in channel.open {
            for open in open {
                close(number, channel.program, key, open, last);
            }
        }
    }
    if index == 0 && raw.format == 1 && parts.is_empty() {
        // The first track of a type 1 file is the conductor; its name is the piece's.
        if draft.title.is_empty() {
            draft.title.clone_from(&name);
        }
    } else if raw.format == 0 && draft.title.is_empty() {
        draft.title.clone_from(&name);
    }
    let single = parts.len() == 1;
    for (_, mut part) in parts {
        if raw.format == 1 || single {
            part.name.clone_from(&name);
        }
        if !words.is_empty() {
            part.syllables = syllables(&part, std::mem::take(&mut words));
        }
        draft.tracks.push(part);
    }
    if !words.is_empty() {
        // Karaoke files keep the words in a track of their own: they belong to the tune, the
        // track whose note starts meet most of them.
        let meets = |t: &DraftTrack| {
            let hit = |w: &&(Ticks, String, bool)| t.notes.iter().any(|n| n.at == w.0);
            words.iter().take(200).filter(hit).count()
        };
        let best = draft.tracks.iter().enumerate().map(|(i, t)| (meets(t), i));
        match best.max_by_key(|(hits, i)| (*hits, usize::MAX - i)) {
            Some((hits, i)) if hits > 0 => {
                draft.tracks[i].syllables = syllables(&draft.tracks[i], words);
            }
            _ => draft.warn(Place::File, "left out words that no note sings"),
        }
    }
    Ok(())
}

/// Words cleaned of karaoke marks (`/` and `\` begin lines), only those on a note's start.
fn syllables(part: &DraftTrack, words: Vec<(Ticks, String, bool)>) -> Vec<(Ticks, String, bool)> {
    let starts: std::collections::BTreeSet<Ticks> = part.notes.iter().map(|n| n.at).collect();
    let mut out: Vec<(Ticks, String, bool)> = Vec::new();
    for (at, said, _) in words {
        let clean = said.trim_matches(|c: char| c.is_whitespace() || c == '/' || c == '\\');
        let continues = clean.ends_with('-');
        let clean = clean.trim_end_matches('-');
        if !clean.is_empty() && starts.contains(&at) && out.last().is_none_or(|w| w.0 < at) {
            out.push((at, clean.to_owned(), continues));
        }
    }
    out
}

/// The major or minor key of a signature of −7 (flats) to 7 (sharps).
pub(crate) fn key_of_signature(fifths: i32, minor: bool) -> Key {
    let mode = if minor { Mode::Minor } else { Mode::Major };
    for step in yuefu_theory::Step::ALL {
        for alter in -1..=1 {
            let key = Key::new(SpelledPc::new(step, alter), mode);
            if key.fifths() == fifths {
                return key;
            }
        }
    }
    Key::simplest(0, mode)
}

fn respell(track: &mut DraftTrack, keys: &[(Ticks, Key)]) {
    let mut keys = keys.to_vec();
    keys.sort_by_key(|k| k.0);
    let home = Key::simplest(0, Mode::Major);
    for note in &mut track.notes {
        let after = keys.partition_point(|k| k.0 <= note.at);
        let key = after.checked_sub(1).map_or(home, |i| keys[i].1);
        note.pitch = key.spell(note.pitch.midi());
    }
}
