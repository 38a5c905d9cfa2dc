//! What the voices of a song draw, as files have it: the pitch that is sung, the level beside the
//! usual one. The way back of `import/drawn.rs`.

use crate::import::{
    Remark,
    drawn::{Bare, onto, steps},
};
use yuefu_audio::Curve;
use yuefu_scorefile::Drawn;
use yuefu_song::{Note, Phrase, Role, Song, Track};
use yuefu_theory::{Ticks, Timeline};

/// From one point to the next: 5 of OpenUtau's pulses.
const EVERY: Ticks = Ticks(Ticks::QUARTER.0 / 96);
/// How long before a line's first note its pitch begins, and how long it goes on behind the last:
/// where files are read, a line's pitch begins there by itself.
const AROUND: Ticks = Ticks(Ticks::QUARTER.0 / 12);

/// What is drawn over the tracks of a song: the pitch of phrases with a curve of it, slides
/// included, and the level of phrases with a curve of that. What a voice adds by itself, such as
/// vibrato, is not in it.
pub(crate) fn of(song: &Song) -> Vec<Drawn> {
    let mut out = Vec::new();
    for (index, track) in song.score.tracks.iter().enumerate() {
        let Some(voice) = song.voices.get(&track.id) else {
            continue;
        };
        let mut drawn = Drawn {
            track: index,
            ..Drawn::default()
        };
        let wide = f64::from(voice.settings.portamento);
        for phrase in &track.phrases {
            let Some(curves) = voice.phrases.get(&phrase.id) else {
                continue;
            };
            if !curves.pitch.is_empty() {
                let line = &song.score.timeline;
                pitch(&mut drawn.pitch, &curves.pitch, phrase, line, wide);
            }
            if !curves.level.is_empty() {
                level(&mut drawn.level, &curves.level, phrase);
            }
        }
        for points in [&mut drawn.pitch, &mut drawn.level] {
            points.sort_by_key(|point| point.0);
            points.dedup_by_key(|point| point.0);
        }
        if !drawn.pitch.is_empty() || !drawn.level.is_empty() {
            out.push(drawn);
        }
    }
    out
}

/// First and last instant of a phrase's notes.
fn reach(phrase: &Phrase) -> Option<(Ticks, Ticks)> {
    let start = phrase.span.start;
    let from = phrase.notes.iter().map(|n| start + n.at).min()?;
    let to = phrase.notes.iter().map(|n| start + n.end()).max()?;
    Some((from, to))
}

fn pitch(
    points: &mut Vec<(Ticks, f32)>,
    curve: &Curve,
    phrase: &Phrase,
    line: &Timeline,
    wide: f64,
) {
    let Some((from, to)) = reach(phrase) else {
        return;
    };
    let mut bare = Bare::new(steps(phrase, line, wide), wide);
    let mut cents = curve.cursor();
    let first = (from - AROUND).max(Ticks::ZERO);
    let mut at = Ticks((first.0 + EVERY.0 - 1).div_euclid(EVERY.0) * EVERY.0);
    while at <= to + AROUND {
        if let Some(key) = bare.at(line.seconds(at)) {
            let cents = cents.at((at - phrase.span.start).as_quarters() as f32);
            points.push((at, (key + f64::from(cents) / 100.0) as f32));
        }
        at += EVERY;
    }
}

fn level(points: &mut Vec<(Ticks, f32)>, curve: &Curve, phrase: &Phrase) {
    let Some((from, to)) = reach(phrase) else {
        return;
    };
    let start = phrase.span.start;
    let at = |place: Ticks| curve.at((place - start).as_quarters() as f32);
    points.push((from, at(from)));
    for point in &curve.0 {
        let place = start + Ticks::from_quarters(f64::from(point.at));
        if from < place && place < to {
            points.push((place, point.value));
        }
    }
    points.push((to, at(to)));
}

/// Brings what is drawn over a track of an imported song to the song that was arranged around its
/// tune, wherever that lies now.
pub(crate) fn carry(from: &Song, track: usize, to: &mut Song, remarks: &mut Vec<Remark>) {
    let drawn = of(from).into_iter().find(|drawn| drawn.track == track);
    let mut tracks = to.score.tracks.iter();
    let sings = |t: &Track| {
        t.role == Role::Vocal
            && t.phrases
                .iter()
                .flat_map(|p| &p.notes)
                .any(|n| n.lyric.is_some())
    };
    let (Some(mut drawn), Some(index)) = (drawn, tracks.position(sings)) else {
        return;
    };
    let old = placed(&from.score.tracks[track]);
    let new = placed(&to.score.tracks[index]);
    let moved = old.first().zip(new.first());
    let Some((later, higher)) = moved.map(|(a, b)| (b.0 - a.0, b.1 - a.1)) else {
        return;
    };
    let same = |(a, b): (&(Ticks, i32), &(Ticks, i32))| b.0 - a.0 == later && b.1 - a.1 == higher;
    if old.len() != new.len() || !old.iter().zip(&new).all(same) {
        remarks.push(Remark::new(
            "the tune is another than in the file: what is drawn over it is left out",
            "旋律与文件中的不同：未采用其中画出的音高和力度",
        ));
        return;
    }
    for (at, key) in &mut drawn.pitch {
        *at += later;
        *key += higher as f32;
    }
    for (at, _) in &mut drawn.level {
        *at += later;
    }
    drawn.track = index;
    onto(&mut to.voices, &to.score, &[drawn], remarks);
}

/// Where the notes of a track begin, and their keys.
fn placed(track: &Track) -> Vec<(Ticks, i32)> {
    let place = |phrase: &Phrase, note: &Note| (phrase.span.start + note.at, note.pitch.midi());
    let phrases = track.phrases.iter();
    let mut notes: Vec<(Ticks, i32)> = phrases
        .flat_map(|phrase| phrase.notes.iter().map(move |note| place(phrase, note)))
        .collect();
    notes.sort_unstable();
    notes
}
