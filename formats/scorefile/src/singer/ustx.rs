//! OpenUtau projects (`.ustx`): YAML, 480 ticks to the quarter note.
//!
//! The first syllable of a word carries the word; `+` sings its next syllable, `+~` holds the
//! syllable before over another note. Chinese characters stand for themselves.

use super::{
    drawn::{self, DrawnNote},
    part::{self, SungNote},
    yaml::{self, Yaml, quoted},
};
use crate::{
    draft::{Draft, DraftTrack},
    error::{Place, ScoreErrorKind, ScoreFileError},
    model::{Drawn, ScoreFile, ScoreLimits, is_wide},
};
use std::fmt::Write;
use yuefu_song::{Catalog, Note};
use yuefu_theory::{Metre, Pitch, Ticks, Timeline};

/// Ticks of a file to the quarter note.
const PPQ: i64 = 480;

/// The sung tracks of a score as an OpenUtau project; a song without words gives one without
/// parts.
pub fn write_ustx(file: &ScoreFile) -> String {
    let score = &file.score;
    let line = &score.timeline;
    let mut out = String::new();
    let first = line
        .metres
        .first()
        .map_or(Metre::common(), |m| m.metre.clone());
    let bpm = line.tempo.first().map_or(120.0, |t| t.bpm);
    let _ = write!(
        out,
        "name: {}\ncomment: ''\noutput_dir: Vocal\ncache_dir: UCache\nustx_version: \"0.6\"\n\
         resolution: {PPQ}\nbpm: {}\nbeat_per_bar: {}\nbeat_unit: {}\nexpressions: {{}}\n\
         time_signatures:\n",
        quoted(&file.title),
        decimal(bpm),
        first.beats,
        first.unit
    );
    for change in &line.metres {
        let (bar, _) = line.bar_of(change.at);
        let _ = writeln!(
            out,
            "- bar_position: {bar}\n  beat_per_bar: {}\n  beat_unit: {}",
            change.metre.beats, change.metre.unit
        );
    }
    out.push_str("tempos:\n");
    for (at, bpm) in tempos(line) {
        let _ = writeln!(out, "- position: {}\n  bpm: {}", pulse(at), decimal(bpm));
    }
    let tracks: Vec<_> = part::sung(score).collect();
    out.push_str(if tracks.is_empty() {
        "tracks: []\n"
    } else {
        "tracks:\n"
    });
    for track in &tracks {
        let _ = writeln!(
            out,
            "- singer: ''\n  phonemizer: OpenUtau.Core.DefaultPhonemizer\n  track_name: {}\n  \
             mute: false\n  solo: false\n  volume: 0\n  pan: 0",
            quoted(&track.id)
        );
    }
    let parts: Vec<(usize, Vec<SungNote<'_>>)> = tracks
        .iter()
        .enumerate()
        .flat_map(|(index, track)| part::lines(track).into_iter().map(move |l| (index, l)))
        .collect();
    out.push_str(if parts.is_empty() {
        "voice_parts: []\n"
    } else {
        "voice_parts:\n"
    });
    for (number, (track, notes)) in parts.iter().enumerate() {
        let own = |d: &&Drawn| {
            score
                .tracks
                .get(d.track)
                .is_some_and(|t| t.id == tracks[*track].id)
        };
        let over = file.drawn.iter().find(own);
        let start = pulse(notes[0].at);
        let end = notes.last().map_or(start, |n| pulse(n.at + n.len));
        let _ = write!(
            out,
            "- duration: {}\n  name: {}\n  comment: ''\n  track_no: {track}\n  position: {start}\n  \
             notes:\n",
            (end - start).max(1),
            quoted(&format!("line {}", number + 1))
        );
        for (index, note) in notes.iter().enumerate() {
            let at = pulse(note.at);
            let length = (pulse(note.at + note.len) - at).max(1);
            let _ = write!(
                out,
                "  - position: {}\n    duration: {length}\n    tone: {}\n    lyric: {}\n    \
                 pitch:\n      data:\n      - {{x: -40, y: 0, shape: io}}\n      \
                 - {{x: 40, y: 0, shape: io}}\n      snap_first: true\n    \
                 vibrato: {{length: 0, period: 175, depth: 25, in: 10, out: 10, shift: 0, drift: 0}}\n",
                at - start,
                note.key,
                quoted(&written(notes, index))
            );
        }
        if let Some(over) = over {
            curves(&mut out, over, notes, line);
        }
    }
    out.push_str("wave_parts: []\n");
    out
}

/// Writes what is drawn over a line: its pitch as the curve over what the notes with their plain
/// slides would sound like, its level as the curve of dynamics.
fn curves(out: &mut String, drawn: &Drawn, notes: &[SungNote<'_>], line: &Timeline) {
    let start = pulse(notes[0].at);
    let end = notes.last().map_or(start, |n| pulse(n.at + n.len));
    let around = |points: &[(Ticks, f32)]| -> Vec<(i64, f32)> {
        let points = points
            .iter()
            .map(|(at, value)| (pulse(*at) - start, *value));
        let mut points: Vec<(i64, f32)> = points
            .filter(|(at, _)| (-PPQ / 2..=end - start + PPQ / 2).contains(at))
            .collect();
        points.dedup_by_key(|point| point.0);
        points
    };
    let pitch = around(&drawn.pitch);
    let bare = drawn::plain(notes.iter().map(|note| {
        let at = pulse(note.at);
        let length = (pulse(note.at + note.len) - at).max(1);
        let pulse = 60_000.0 / line.bpm(note.at).max(1.0) / PPQ as f64;
        (
            (at - start) as f64,
            (at - start + length) as f64,
            f64::from(note.key),
            pulse,
        )
    }));
    let cents = pitch.iter().filter_map(|(at, key)| {
        let bare = drawn::at(&bare, *at as f64)?;
        Some((
            *at,
            (100.0 * (f64::from(*key) - bare))
                .round()
                .clamp(-1200.0, 1200.0) as i64,
        ))
    });
    let level = around(&drawn.level).into_iter();
    let level = level.map(|(at, db)| (at, (10.0 * db).round().clamp(-240.0, 120.0) as i64));
    let both: [(&str, Vec<(i64, i64)>); 2] = [("pitd", cents.collect()), ("dyn", level.collect())];
    let there = |points: &[(i64, i64)]| points.iter().any(|point| point.1 != 0);
    if !both.iter().any(|(_, points)| there(points)) {
        return;
    }
    out.push_str("  curves:\n");
    for (name, points) in both.iter().filter(|(_, points)| there(points)) {
        let corners: Vec<&(i64, i64)> = (0..points.len())
            .filter(|i| {
                // In a level stretch its ends are enough.
                let same = |j: Option<usize>| {
                    j.and_then(|j| points.get(j))
                        .is_some_and(|p| p.1 == points[*i].1)
                };
                !(same(i.checked_sub(1)) && same(i.checked_add(1)))
            })
            .map(|i| &points[i])
            .collect();
        let list = |of: fn(&(i64, i64)) -> i64| {
            let numbers: Vec<String> = corners.iter().map(|p| of(p).to_string()).collect();
            numbers.join(", ")
        };
        let _ = writeln!(
            out,
            "  - xs: [{}]\n    ys: [{}]\n    abbr: {name}",
            list(|p| p.0),
            list(|p| p.1)
        );
    }
}

/// The lyric of a note as OpenUtau has it.
fn written(notes: &[SungNote<'_>], index: usize) -> String {
    let Some(lyric) = notes[index].lyric else {
        return "+~".to_owned();
    };
    let letters = !lyric.text.chars().any(is_wide);
    if lyric.continues && letters && index > 0 {
        return "+".to_owned();
    }
    let mut word = lyric.text.clone();
    if letters {
        for next in notes[index + 1..].iter().filter_map(|n| n.lyric) {
            if !next.continues {
                break;
            }
            word.push_str(&next.text);
        }
    }
    word
}

fn pulse(at: Ticks) -> i64 {
    (at.0 * PPQ + Ticks::QUARTER.0 / 2).div_euclid(Ticks::QUARTER.0)
}

fn decimal(x: f64) -> String {
    let text = format!("{x:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Tempo points; a glide is written as its steps by bar.
fn tempos(line: &Timeline) -> Vec<(Ticks, f64)> {
    let mut out = Vec::new();
    for (index, point) in line.tempo.iter().enumerate() {
        out.push((point.at, point.bpm));
        if let Some(next) = line.tempo.get(index + 1).filter(|_| point.ramp) {
            let mut bar = line.bar_of(point.at).0 + 1;
            while line.bar_start(bar) < next.at {
                out.push((line.bar_start(bar), line.bpm(line.bar_start(bar))));
                bar += 1;
            }
        }
    }
    out
}

/// Reads an OpenUtau project. Syllables of a word are given as `+` has them: the word on its first
/// note, an empty text on each further syllable.
///
/// # Errors
/// When the text is no such project, has no note, or exceeds the limits.
pub fn read_ustx(
    text: &str,
    catalog: &Catalog,
    limits: &ScoreLimits,
) -> Result<ScoreFile, ScoreFileError> {
    limits.admit(text.len())?;
    let wrong = |place: Place, found: &str| {
        ScoreFileError::new(
            ScoreErrorKind::Unrecognized,
            place,
            "an OpenUtau project with voice parts",
            found,
            "Save the project again from OpenUtau.",
        )
    };
    let root = yaml::read(text).map_err(|(line, expected)| {
        ScoreFileError::new(
            ScoreErrorKind::Corrupt,
            Place::Line(line, 1),
            expected,
            "something else",
            "Save the project again from OpenUtau.",
        )
    })?;
    let Some(parts) = root.get("voice_parts") else {
        return Err(wrong(Place::File, "none"));
    };
    let ppq = root
        .get("resolution")
        .and_then(Yaml::number)
        .filter(|ppq| (1.0..=100_000.0).contains(ppq))
        .unwrap_or(PPQ as f64);
    let most = limits.quarters as f64;
    let ticks = |pulses: f64| Ticks::from_quarters((pulses / ppq).clamp(-most, most * 2.0));
    let number = |value: &Yaml, key: &str| value.get(key).and_then(Yaml::number);
    let mut draft = Draft {
        title: root
            .get("name")
            .map_or_else(String::new, |n| n.text().to_owned()),
        ..Draft::default()
    };
    metres(&root, &mut draft);
    let tempos = root.get("tempos").map_or(&[][..], Yaml::items);
    for tempo in tempos {
        if let (Some(at), Some(bpm)) = (number(tempo, "position"), number(tempo, "bpm")) {
            draft.tempo.push((ticks(at).max(Ticks::ZERO), bpm));
        }
    }
    if let (true, Some(bpm)) = (draft.tempo.is_empty(), number(&root, "bpm")) {
        draft.tempo.push((Ticks::ZERO, bpm));
    }
    let names = root.get("tracks").map_or(&[][..], Yaml::items);
    let mut count = 0;
    // What is drawn in each part, with its track; and how much of it there may be.
    let mut drawings: Vec<(usize, Drawing)> = Vec::new();
    let scale = ppq / PPQ as f64;
    let milliseconds = |draft: &Draft, at: f64| -> f64 {
        let at = ticks(at);
        let tempo = draft.tempo.iter().filter(|t| t.0 <= at).max_by_key(|t| t.0);
        60_000.0 / tempo.map_or(120.0, |t| t.1).clamp(1.0, 2000.0) / ppq
    };
    for part in parts.items() {
        let track = number(part, "track_no").unwrap_or(0.0).clamp(0.0, 1e6) as usize;
        if track >= limits.tracks {
            let most = format!("at most {} tracks", limits.tracks);
            return Err(ScoreFileError::too_large(Place::File, most));
        }
        while draft.tracks.len() <= track {
            let name = names
                .get(draft.tracks.len())
                .and_then(|t| t.get("track_name"))
                .map_or("Vocal", Yaml::text);
            draft.tracks.push(DraftTrack {
                name: name.to_owned(),
                ..DraftTrack::default()
            });
        }
        let start = number(part, "position").unwrap_or(0.0);
        let mut drawing = Drawing {
            start,
            notes: Vec::new(),
            over: drawn::curve(part, "pitd", limits.notes),
        };
        let level = drawn::curve(part, "dyn", limits.notes);
        if let (Some(first), Some(last), true) = (
            level.first(),
            level.last(),
            level.iter().any(|point| point.1 != 0.0),
        ) {
            // Tenths of a decibel, and nothing before the first and after the last point.
            let own = &mut draft.tracks[track].level;
            own.push((ticks(start + first.0) - Ticks(1), 0.0));
            let decibels = |y: f64| (y.clamp(-240.0, 120.0) / 10.0) as f32;
            own.extend(level.iter().map(|(x, y)| (ticks(start + x), decibels(*y))));
            own.push((ticks(start + last.0) + Ticks(1), 0.0));
        }
        for note in part.get("notes").map_or(&[][..], Yaml::items) {
            count += 1;
            if count > limits.notes {
                let most = format!("at most {} notes", limits.notes);
                return Err(ScoreFileError::too_large(Place::File, most));
            }
            let place = (
                number(note, "position"),
                number(note, "duration"),
                number(note, "tone"),
            );
            let (Some(at), Some(length), Some(tone)) = place else {
                draft.warn(
                    Place::File,
                    "a note without position, duration or tone is left out",
                );
                continue;
            };
            let (on, off) = (ticks(start + at), ticks(start + at + length));
            if on < Ticks::ZERO || off <= on || !(0.0..=127.0).contains(&tone) {
                draft.warn(
                    Place::File,
                    "a note before the beginning or without length is left out",
                );
                continue;
            }
            let before = drawing.notes.last().map(|n| (n.end, n.key));
            if before.is_none_or(|(ended, _)| ended <= at + 1.0) {
                let place = (at, at + length, tone);
                let pulse = milliseconds(&draft, start + at);
                drawing
                    .notes
                    .push(DrawnNote::read(note, place, before, pulse));
            }
            let own = &mut draft.tracks[track];
            let pitch = Pitch::from_midi(tone.round() as i32);
            own.notes.push(Note::new(on, off - on, pitch, 80));
            let text = note.get("lyric").map_or("", Yaml::text).trim();
            // `word[phonemes]`: the hint is OpenUtau's own.
            let text = text.split('[').next().unwrap_or(text).trim();
            match text {
                "" | "R" | "r" | "-" => {}
                text if text.starts_with("+~") || text.starts_with("+*") => {}
                text if text.starts_with('+') => {
                    if let Some(before) = own.syllables.last_mut() {
                        before.2 = true;
                        own.syllables.push((on, String::new(), false));
                    }
                }
                text => own.syllables.push((on, text.to_owned(), false)),
            }
        }
        drawings.push((track, drawing));
    }
    draw(&mut draft, &drawings, scale, &ticks);
    if draft.tracks.iter().all(|t| t.notes.is_empty()) {
        return Err(wrong(Place::File, "no note"));
    }
    draft.finish(catalog, limits)
}

/// Most values of drawn pitch that are read: an hour and a half at 120 quarter notes a minute.
const MOST_DRAWN: usize = 1 << 20;

/// What is drawn in a part.
struct Drawing {
    /// Where the part begins, in pulses.
    start: f64,
    notes: Vec<DrawnNote>,
    over: Vec<(f64, f64)>,
}

/// Gives tracks the pitch that is drawn in their parts. A track in which nobody drew anything is
/// left to whoever sings it; where somebody did, all of it is sung as the program would.
fn draw(
    draft: &mut Draft,
    drawings: &[(usize, Drawing)],
    scale: f64,
    ticks: &dyn Fn(f64) -> Ticks,
) {
    let mut room = MOST_DRAWN;
    for index in 0..draft.tracks.len() {
        let own = || drawings.iter().filter(|d| d.0 == index).map(|d| &d.1);
        let plain = |d: &Drawing| {
            d.over.iter().all(|point| point.1 == 0.0) && d.notes.iter().all(DrawnNote::is_plain)
        };
        if own().all(plain) {
            continue;
        }
        for drawing in own() {
            let keys = drawn::keys(&drawing.notes, &drawing.over, scale, room);
            room -= keys.len();
            let points = keys
                .iter()
                .map(|(at, key)| (ticks(drawing.start + at), *key));
            draft.tracks[index].drawn.extend(points);
        }
        if room == 0 {
            draft.warn(
                Place::File,
                format!("more than {MOST_DRAWN} values of drawn pitch; the rest is left out"),
            );
            return;
        }
    }
}

/// Time signatures lie at bars, counted in those before them.
fn metres(root: &Yaml, draft: &mut Draft) {
    let number = |value: &Yaml, key: &str| value.get(key).and_then(Yaml::number);
    let metre_of = |value: &Yaml| -> Option<Metre> {
        let beats = number(value, "beat_per_bar")?;
        let unit = number(value, "beat_unit")?;
        format!("{beats}/{unit}").parse().ok()
    };
    let mut now = metre_of(root).unwrap_or_else(Metre::common);
    let (mut at, mut bar) = (Ticks::ZERO, 0.0);
    draft.metres.push((at, now.clone()));
    for change in root
        .get("time_signatures")
        .map_or(&[][..], Yaml::items)
        .iter()
        .take(10_000)
    {
        let place = number(change, "bar_position");
        let (Some(place), Some(metre)) = (place, metre_of(change)) else {
            continue;
        };
        if place < bar || place > 1e5 {
            continue;
        }
        at += now.bar() * (place - bar) as i64;
        bar = place;
        now = metre;
        draft.metres.push((at, now.clone()));
    }
}
