//! DiffSinger's `.ds`: a JSON list of segments, each with phones and notes in seconds.
//!
//! A segment is a line of words. Phones are grouped into words that begin with a vowel (`ph_num`),
//! as DiffSinger's variance models want them; their durations are left to the model.

use super::{part, phones::phones};
use crate::{
    draft::{Draft, DraftTrack},
    error::{Place, ScoreErrorKind, ScoreFileError},
    model::{ScoreFile, ScoreLimits},
};
use serde_json::{Value, json};
use yuefu_audio::math;
use yuefu_song::{Catalog, Note, Role};
use yuefu_theory::{Key, Mode, Pitch, Ticks};

/// Silence before a segment's first note, where its consonants sound, in seconds.
const LEAD_IN: f64 = 0.3;
/// Silence after its last note, in seconds.
const TAIL: f64 = 0.2;
/// Files have no tempo; they are read at this many quarter notes a minute.
const BPM: f64 = 120.0;
/// Seconds from one value of pitch to the next in written files.
const PITCH_STEP: f64 = 0.005;
/// Most values of pitch that are read: an hour and a half at the usual 5 ms.
const MOST_DRAWN: usize = 1 << 20;

/// The words of a score as DiffSinger segments.
pub fn write_ds(file: &ScoreFile) -> String {
    let score = &file.score;
    let second = |at: Ticks| score.timeline.seconds(at);
    let mut segments = Vec::new();
    // One voice after another: a file is one singer's.
    let led = part::sung(score).any(|track| track.role == Role::Vocal);
    let singers = part::sung(score).filter(|track| !led || track.role == Role::Vocal);
    for track in singers {
        for line in part::lines(track) {
            let begin = second(line[0].at);
            let lead = LEAD_IN.min(begin);
            let mut text = vec!["SP".to_owned()];
            let mut ph_seq = vec!["SP".to_owned()];
            let mut ph_num = vec![1_usize];
            let mut note_seq = vec!["rest".to_owned()];
            let mut note_dur = vec![lead];
            let mut note_slur = vec![0];
            let mut end = begin;
            for note in &line {
                let (on, off) = (second(note.at), second(note.at + note.len));
                if on - end > 0.02 {
                    // A rest within the line.
                    note_seq.push("rest".to_owned());
                    note_dur.push(on - end);
                    note_slur.push(0);
                    ph_seq.push("SP".to_owned());
                    ph_num.push(1);
                    text.push("SP".to_owned());
                }
                let on = if on - end > 0.02 { on } else { end };
                if let Some(lyric) = note.lyric {
                    let (onset, rest) = phones(lyric);
                    // Consonants sound before the note and belong to the word before.
                    if let Some(last) = ph_num.last_mut() {
                        *last += onset.len();
                    }
                    ph_num.push(rest.len());
                    ph_seq.extend(onset);
                    ph_seq.extend(rest);
                    text.push(lyric.text.replace(char::is_whitespace, "_"));
                }
                note_seq.push(name(note.key));
                note_dur.push((off - on).max(0.001));
                note_slur.push(i32::from(note.lyric.is_none()));
                end = off.max(on + 0.001);
            }
            ph_seq.push("SP".to_owned());
            ph_num.push(1);
            note_seq.push("rest".to_owned());
            note_dur.push(TAIL);
            note_slur.push(0);
            text.push("SP".to_owned());
            let durations: Vec<String> = note_dur.iter().map(|d| format!("{d:.6}")).collect();
            let numbers = |list: &[usize]| {
                let words: Vec<String> = list.iter().map(usize::to_string).collect();
                words.join(" ")
            };
            let slurs: Vec<String> = note_slur.iter().map(i32::to_string).collect();
            let mut segment = json!({
                "offset": begin - lead,
                "text": text.join(" "),
                "ph_seq": ph_seq.join(" "),
                "ph_num": numbers(&ph_num),
                "note_seq": note_seq.join(" "),
                "note_dur": durations.join(" "),
                "note_slur": slurs.join(" "),
            });
            let over = file.drawn.iter().find(|d| {
                let own = score.tracks.get(d.track);
                own.is_some_and(|own| own.id == track.id)
            });
            let pitch = over.and_then(|drawn| {
                let points = drawn.pitch.iter().map(|(at, key)| (second(*at), *key));
                pitch_of(points, begin, end, lead)
            });
            if let (Some(pitch), Some(fields)) = (pitch, segment.as_object_mut()) {
                fields.insert("f0_seq".to_owned(), pitch.into());
                fields.insert("f0_timestep".to_owned(), PITCH_STEP.to_string().into());
            }
            segments.push(segment);
        }
    }
    let mut out = serde_json::to_string_pretty(&Value::Array(segments)).unwrap_or_default();
    out.push('\n');
    out
}

/// The pitch of a line in hertz, every [`PITCH_STEP`] seconds from `lead` before it to [`TAIL`]
/// behind it; nothing where none of it is drawn.
fn pitch_of(
    points: impl Iterator<Item = (f64, f32)>,
    begin: f64,
    end: f64,
    lead: f64,
) -> Option<String> {
    let near = |point: &(f64, f32)| (begin - lead..=end + TAIL).contains(&point.0);
    let points: Vec<(f64, f32)> = points.filter(near).collect();
    let (first, last) = (points.first()?, points.last()?);
    let count = ((end - begin + lead + TAIL) / PITCH_STEP).floor().max(0.0) as usize;
    let mut next = 0;
    let mut words = Vec::with_capacity(count);
    for index in 0..count {
        let at = begin - lead + index as f64 * PITCH_STEP;
        while points.get(next).is_some_and(|point| point.0 <= at) {
            next += 1;
        }
        let a = next.checked_sub(1).map_or(first, |i| &points[i]);
        let b = points.get(next).unwrap_or(last);
        let share = if b.0 > a.0 {
            ((at - a.0) / (b.0 - a.0)).clamp(0.0, 1.0)
        } else {
            0.0
        };
        let key = f64::from(a.1) + f64::from(b.1 - a.1) * share;
        words.push(format!("{:.2}", 440.0 * math::exp2((key - 69.0) / 12.0)));
    }
    Some(words.join(" "))
}

fn name(key: i32) -> String {
    let key_of = Key::simplest(0, Mode::Major);
    let pitch = key_of.spell(key).to_string();
    // DiffSinger writes sharps and flats as `#` and `b`, as we do, but none twice.
    if pitch.contains("##") || pitch.contains("bb") {
        Pitch::from_midi(key).to_string()
    } else {
        pitch
    }
}

/// Reads DiffSinger segments as one track at 120 quarter notes a minute.
///
/// # Errors
/// When the text is no such list, has no note, or exceeds the limits.
pub fn read_ds(
    text: &str,
    catalog: &Catalog,
    limits: &ScoreLimits,
) -> Result<ScoreFile, ScoreFileError> {
    limits.admit(text.len())?;
    let wrong = |found: String| {
        ScoreFileError::new(
            ScoreErrorKind::Unrecognized,
            Place::File,
            "a list of DiffSinger segments with `note_seq` and `note_dur`",
            found,
            "Give a .ds file.",
        )
    };
    let value: Value =
        serde_json::from_str(text.trim_start_matches('\u{FEFF}')).map_err(|error| {
            ScoreFileError {
                place: Place::Line(error.line(), error.column()),
                ..wrong(error.to_string())
            }
        })?;
    let segments = match value {
        Value::Array(segments) => segments,
        one @ Value::Object(_) => vec![one],
        _ => return Err(wrong("another kind of JSON".to_owned())),
    };
    let mut draft = Draft::default();
    draft.tempo.push((Ticks::ZERO, BPM));
    let mut track = DraftTrack {
        name: "Vocal".to_owned(),
        ..DraftTrack::default()
    };
    for segment in &segments {
        read_segment(segment, &mut track, &mut draft, limits)?;
    }
    if track.notes.is_empty() {
        return Err(wrong("no note".to_owned()));
    }
    draft.tracks.push(track);
    draft.finish(catalog, limits)
}

fn read_segment(
    segment: &Value,
    track: &mut DraftTrack,
    draft: &mut Draft,
    limits: &ScoreLimits,
) -> Result<(), ScoreFileError> {
    let words = |name: &str| -> Vec<&str> {
        let text = segment.get(name).and_then(Value::as_str);
        text.unwrap_or_default().split_whitespace().collect()
    };
    let (keys, lengths, slurs) = (words("note_seq"), words("note_dur"), words("note_slur"));
    let silent = |word: &&&str| ["SP", "AP", "rest", "<SP>", "<AP>"].contains(*word);
    let texts = words("text");
    let sung: Vec<&str> = texts.iter().filter(|w| !silent(w)).copied().collect();
    let is_slur = |index: usize| slurs.get(index).is_some_and(|s| *s == "1");
    let starts = (0..keys.len())
        .filter(|i| !keys[*i].eq_ignore_ascii_case("rest") && !is_slur(*i))
        .count();
    let offset = segment.get("offset").and_then(|v| match v {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_f64(),
    });
    let mut at: f64 = offset.unwrap_or(0.0);
    let latest = limits.quarters as f64 * 60.0 / BPM;
    if keys.len() != lengths.len() {
        draft.warn(
            Place::File,
            "a segment has not as many lengths as notes; it is cut",
        );
    }
    read_pitch(segment, at, track, draft);
    let mut next = sung.iter();
    for (index, (key, length)) in keys.iter().zip(&lengths).enumerate() {
        let length: f64 = length.parse().unwrap_or(f64::NAN);
        if !(at.is_finite() && length.is_finite() && (0.0..=latest).contains(&(at + length))) {
            draft.warn(
                Place::File,
                format!("`{length}` is no length; the segment is cut"),
            );
            return Ok(());
        }
        let place = |seconds: f64| Ticks::from_quarters(seconds.max(0.0) * BPM / 60.0);
        let (on, off) = (place(at), place(at + length));
        at += length;
        if key.eq_ignore_ascii_case("rest") {
            continue;
        }
        // `C4+12` is 12 cents above: notes have no cents here.
        let plain = key.split(['+', '-']).next().unwrap_or(key);
        let Ok(pitch) = plain.parse::<Pitch>() else {
            draft.warn(Place::File, format!("`{key}` is no note; left out"));
            continue;
        };
        if off <= on || !(0..=127).contains(&pitch.midi()) {
            continue;
        }
        if track.notes.len() >= limits.notes {
            let most = format!("at most {} notes", limits.notes);
            return Err(ScoreFileError::too_large(Place::File, most));
        }
        track.notes.push(Note::new(on, off - on, pitch, 80));
        if !is_slur(index)
            && sung.len() == starts
            && let Some(text) = next.next()
        {
            track.syllables.push((on, text.replace('_', " "), false));
        }
    }
    Ok(())
}

/// Reads the pitch of a segment that begins at a second: `f0_seq` in hertz, a value every
/// `f0_timestep` seconds. Zeros are no pitch.
fn read_pitch(segment: &Value, start: f64, track: &mut DraftTrack, draft: &mut Draft) {
    let Some(text) = segment.get("f0_seq").and_then(Value::as_str) else {
        return;
    };
    let step = segment.get("f0_timestep").and_then(|v| match v {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_f64(),
    });
    let Some(step) = step.filter(|s: &f64| (0.0005..=0.2).contains(s)) else {
        draft.warn(
            Place::File,
            "`f0_seq` without a usable `f0_timestep` is left out",
        );
        return;
    };
    let mut wrong = 0;
    for (index, word) in text.split_whitespace().enumerate() {
        if track.drawn.len() >= MOST_DRAWN {
            draft.warn(
                Place::File,
                format!("more than {MOST_DRAWN} values of pitch; the rest is left out"),
            );
            return;
        }
        let at = start + index as f64 * step;
        match word.parse::<f64>() {
            Ok(hz) if (20.0..=5000.0).contains(&hz) => {
                let key = 69.0 + 12.0 * math::log2(hz / 440.0);
                let at = Ticks::from_quarters(at.clamp(0.0, 1e6) * BPM / 60.0);
                track.drawn.push((at, key as f32));
            }
            Ok(0.0) => {}
            _ => wrong += 1,
        }
    }
    if wrong > 0 {
        draft.warn(
            Place::File,
            format!("{wrong} values of `f0_seq` are no pitch between 20 and 5000 Hz; left out"),
        );
    }
}
