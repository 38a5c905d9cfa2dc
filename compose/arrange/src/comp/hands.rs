//! What an accompanist plays, in keys: the right hand over the voicings of the chords, the left hand
//! over their bass.

use super::{Voiced, final_chord, voice_all};
use crate::{
    Desk,
    hands::{Accompanist, HandsPlace, Low, Wanted},
    level,
};
use yuefu_song::{ChordSpan, Note, PianoSchool, Role, SectionPlan};
use yuefu_theory::{Chord, Ticks};

/// How much louder the left hand is.
const LEFT: f32 = 0.03;
/// What an accent adds, at most.
const ACCENT: f32 = 0.055;
/// Highest key of a left hand.
const LEFT_TOP: i32 = 62;

/// Notes of one section in song time; `previous` carries the voice leading across sections.
pub fn section_notes(
    desk: &Desk<'_>,
    section: &SectionPlan,
    pianist: &dyn Accompanist,
    tune: &[Note],
    previous: &mut Vec<i32>,
) -> Vec<Note> {
    let hall = desk.hall;
    let metre = hall.metre(section);
    let voices = voice_all(desk, section, true, tune, previous);
    let (_, ceiling) = desk.register_under(tune);
    let place = HandsPlace {
        school: desk.style.pianist,
        metre,
        span: section.span,
        chords: &section.chords,
        tune,
        wanted: wanted(desk, section),
    };
    // Sections of one material are accompanied alike, as far as chords and energy are alike.
    let seed = desk.material_seed(section).join("hands");
    let seed = hall.take(seed, section, Some(&desk.member.id));
    let strokes = pianist.play(&place, &mut seed.rng());
    let mut rng = desk.section_seed(section).rng();
    let energy = desk.energy(section);
    let fin = hall.final_bar();
    let mut notes: Vec<Note> = Vec::new();
    for stroke in strokes {
        if fin.is_some_and(|bar| bar.contains(stroke.at)) {
            continue;
        }
        let Some(index) = section
            .chords
            .iter()
            .position(|c| c.span.contains(stroke.at))
        else {
            continue;
        };
        let voiced = &voices[index];
        let beat = metre.weight(stroke.at - section.span.start) * 0.04;
        let force = 0.5 + energy * 0.08 + beat + stroke.accent * ACCENT + rng.bipolar() * 0.015;
        let mut push = |key: i32, len: Ticks, force: f32| {
            let len = len.max(Ticks::of(1, 64));
            notes.push(Note::new(
                stroke.at,
                len,
                section.key.spell(key),
                level(force),
            ));
        };
        if let Some((low, len)) = stroke.low {
            for key in left(&section.chords[index], voiced, low) {
                push(key, len, force + LEFT);
            }
        }
        if let Some((mask, len)) = stroke.high {
            for key in right(&voiced.keys, mask, ceiling) {
                push(key, len, force);
            }
        }
    }
    if let Some(last) = voices.last() {
        final_chord(desk, section, last, &mut notes);
    }
    notes
}

/// How much a section wants of the hands: more with its energy, less where others carry the time.
fn wanted(desk: &Desk<'_>, section: &SectionPlan) -> Wanted {
    let energy = desk.energy(section);
    let others = desk.hall.plan.cast.iter().filter(|other| {
        other.id != desk.member.id
            && matches!(
                other.role,
                Role::Comp | Role::Arp | Role::Drums | Role::Bass
            )
            && section.playing.contains(&other.id)
    });
    let room = 1.0 - 0.08 * others.count().min(4) as f32;
    // Pianos of art songs carry the movement alone; those of pop songs leave room.
    let [low, high] = match desk.style.pianist {
        PianoSchool::Art => [0.7 + 0.7 * energy, 1.1 + 1.1 * energy],
        _ => [0.35 + 0.75 * energy, 0.55 + 1.15 * energy],
    };
    Wanted {
        low: low * room,
        high: high * room,
        thick: 1.25 + 1.2 * energy,
    }
}

/// The keys that a left hand strikes, the lowest first; the right hand's stay free.
fn left(span: &ChordSpan, voiced: &Voiced, low: Low) -> Vec<i32> {
    let bass = voiced.bass;
    let above = |from: i32, pc: i32| from + (pc - from).rem_euclid(12);
    let root = i32::from(span.chord.root.pc());
    let tone = |semitones: i32| above(bass + 1, root + semitones);
    let fifth = tone(interval(&span.chord, 6..=8).unwrap_or(12));
    let wanted = match low {
        Low::Bass => vec![bass],
        Low::Octave => vec![bass + 12],
        Low::Fifth => vec![fifth],
        Low::Tenth => {
            let third = interval(&span.chord, 3..=4).unwrap_or(12);
            vec![above(bass + 11, root + third)]
        }
        Low::Other => {
            let color = interval(&span.chord, 9..=11).unwrap_or(12);
            vec![tone(color)]
        }
        Low::Octaves => vec![bass, bass + 12],
        Low::Fifths => vec![bass, fifth],
        Low::Chord => vec![bass, fifth, bass + 12],
    };
    let free = voiced
        .keys
        .first()
        .map_or(LEFT_TOP, |key| (key - 1).min(LEFT_TOP));
    let mut keys: Vec<i32> = wanted
        .into_iter()
        .map(|key| if key > free.max(bass) { key - 12 } else { key })
        .filter(|key| *key >= bass - 12)
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The first interval of a chord over its root in a range of semitones.
fn interval(chord: &Chord, range: std::ops::RangeInclusive<i32>) -> Option<i32> {
    let mut tones = chord
        .quality
        .tones()
        .iter()
        .map(|(_, semitones)| *semitones);
    tones.find(|semitones| range.contains(semitones))
}

/// The keys of some voices of a right hand; voices beyond the voicing go on an octave above it, as
/// far as the tune leaves room.
fn right(keys: &[i32], mask: u8, ceiling: i32) -> Vec<i32> {
    let count = keys.len();
    if count == 0 {
        return Vec::new();
    }
    let mut out: Vec<i32> = (0..8)
        .filter(|voice| mask >> voice & 1 == 1)
        .map(|voice| {
            let key = keys[voice % count] + 12 * (voice / count) as i32;
            if key > ceiling + 2 && voice >= count {
                key - 12
            } else {
                key
            }
        })
        .collect();
    out.sort_unstable();
    out.dedup();
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use yuefu_theory::TickSpan;

    fn chord(name: &str) -> ChordSpan {
        ChordSpan {
            span: TickSpan::new(Ticks::ZERO, Ticks::WHOLE),
            chord: name.parse().unwrap(),
        }
    }

    #[test]
    fn left_hands_keep_under_right_ones() {
        for name in ["C", "Am7", "F/A", "Bdim", "G7/F", "Dsus4", "Ebmaj7"] {
            let span = chord(name);
            let pc = i32::from(span.chord.bass_note().pc());
            let voiced = Voiced {
                keys: vec![55, 60, 64],
                bass: 36 + pc,
            };
            for low in Low::ALL {
                let keys = left(&span, &voiced, low);
                assert!(!keys.is_empty(), "{name} {low:?}");
                for key in &keys {
                    assert!((24..55).contains(key), "{name} {low:?} {keys:?}");
                    let pc = key.rem_euclid(12) as u8;
                    let bass = span.chord.bass_note().pc();
                    assert!(span.chord.has(pc) || pc == bass, "{name} {low:?} {keys:?}");
                }
            }
        }
    }

    #[test]
    fn voices_beyond_the_voicing_go_on_above() {
        assert_eq!(right(&[52, 57, 60], 0b01111, 72), [52, 57, 60, 64]);
        assert_eq!(right(&[52, 57, 60], 0b01111, 60), [52, 57, 60]);
        assert_eq!(right(&[], 0b1, 60), [0; 0]);
    }
}
