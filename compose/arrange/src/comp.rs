//! Comping: piano textures, strummed and picked guitar, stabs, arpeggios, from patterns of signs.

mod hands;

use crate::{Desk, level, steps, voicing};
use yuefu_song::{Articulation, ChordSpan, Family, Note, Pattern, Role, SectionPlan};
use yuefu_theory::Ticks;

/// The chord of a moment, voiced.
struct Voiced {
    keys: Vec<i32>,
    bass: i32,
}

/// Notes of one section in song time; `previous` carries the voice leading across sections.
pub fn section_notes(
    desk: &Desk<'_>,
    section: &SectionPlan,
    tune: &[Note],
    previous: &mut Vec<i32>,
) -> Vec<Note> {
    if let Some(pianist) = desk.pianist(section) {
        return hands::section_notes(desk, section, pianist, tune, previous);
    }
    let hall = desk.hall;
    let default = default_pattern(desk, section);
    let pattern = desk.pattern(section).unwrap_or(&default);
    let mut rng = desk.section_seed(section).rng();
    let two_hands = pattern.lines.contains_key("lh");
    let voices = voice_all(desk, section, two_hands, tune, previous);
    let energy = desk.energy(section);
    let fin = hall.final_bar();
    let mut notes: Vec<Note> = Vec::new();
    for (name, row) in &pattern.lines {
        for step in steps::lay(pattern, row, hall.metre(section), section.span) {
            if fin.is_some_and(|bar| bar.contains(step.at)) {
                continue;
            }
            let Some(mut index) = section.chords.iter().position(|c| c.span.contains(step.at))
            else {
                continue;
            };
            // A syncopated chord held over the change belongs to the next one.
            let end = section.chords[index].span.end;
            let pushes = step.at + step.grid.min(Ticks::of(1, 8)) >= end
                && step.at + step.len > end
                && index + 1 < voices.len();
            if pushes {
                index += 1;
            }
            let span = section.chords[index].span;
            let len = if pattern.ring && step.sign.is_ascii_digit() {
                (span.end - step.at).max(step.len)
            } else {
                step.len.min((span.end - step.at).max(Ticks::of(1, 32)))
            };
            let accent = hall.metre(section).weight(step.at - section.span.start) * 0.07;
            let force = 0.5 + energy * 0.08 + accent + rng.bipolar() * 0.02;
            sign_notes(section, &voices[index], name, &step, len, force, &mut notes);
        }
    }
    if let Some(last) = voices.last() {
        final_chord(desk, section, last, &mut notes);
    }
    notes
}

/// What the last bar of a piece that has a final chord holds: that chord.
fn final_chord(desk: &Desk<'_>, section: &SectionPlan, last: &Voiced, notes: &mut Vec<Note>) {
    let final_bar = desk.hall.final_bar();
    let Some(bar) = final_bar.filter(|bar| section.span.contains(bar.start)) else {
        return;
    };
    let rolled = matches!(
        desk.profile.family,
        Family::Keyboard | Family::Plucked | Family::Guitar
    );
    let how = if rolled {
        Articulation::Roll
    } else {
        Articulation::Normal
    };
    let low = (desk.member.role == Role::Comp && desk.profile.polyphony > 4).then_some(last.bass);
    for key in low.into_iter().chain(last.keys.iter().copied()) {
        notes.push(
            Note::new(
                bar.start,
                desk.hall.final_len(),
                section.key.spell(key),
                level(0.58),
            )
            .with(how),
        );
    }
}

fn default_pattern(desk: &Desk<'_>, section: &SectionPlan) -> Pattern {
    let row = if desk.member.role == Role::Arp {
        "1.2.3.4.3.2.3.2."
    } else {
        "C-------C-------"
    };
    Pattern {
        metre: desk.hall.metre(section).clone(),
        bars: 1,
        lines: [("rh".to_string(), row.to_string())].into(),
        ring: desk.member.role == Role::Arp,
    }
}

fn is_fretted(desk: &Desk<'_>) -> bool {
    desk.profile.family == Family::Guitar && desk.profile.strings.len() >= 4
}

/// Distortion turns thirds into mud: such guitars play root, fifth and octave.
fn is_driven(desk: &Desk<'_>) -> bool {
    ["overdrive", "distortion"]
        .iter()
        .any(|kind| desk.profile.id.contains(kind))
}

/// A power chord on the lower strings; over a foreign bass its octave alone.
fn power(chord: &yuefu_theory::Chord, desk: &Desk<'_>) -> Vec<i32> {
    let low = i32::from(desk.profile.range[0]).max(38);
    let root = low + (i32::from(chord.bass_note().pc()) - low).rem_euclid(12);
    if chord.bass.is_some() {
        return vec![root, root + 12];
    }
    let tritone =
        chord.has((root + 6).rem_euclid(12) as u8) && !chord.has((root + 7).rem_euclid(12) as u8);
    vec![root, root + if tritone { 6 } else { 7 }, root + 12]
}

/// Voices every chord of a section.
fn voice_all(
    desk: &Desk<'_>,
    section: &SectionPlan,
    two_hands: bool,
    tune: &[Note],
    previous: &mut Vec<i32>,
) -> Vec<Voiced> {
    // Arpeggios may sparkle above the tune; struck chords keep below it.
    let (low, high) = match desk.member.role {
        Role::Comp => desk.register_under(tune),
        _ => desk.register(),
    };
    let with_bass = desk
        .hall
        .plan
        .cast
        .iter()
        .any(|m| m.role == Role::Bass && section.playing.contains(&m.id));
    let mut position = 0;
    let mut voice = |span: &ChordSpan| {
        let keys = if is_driven(desk) {
            power(&span.chord, desk)
        } else if is_fretted(desk) {
            let (keys, fret) = voicing::guitar(&span.chord, desk.profile, position);
            position = fret;
            keys
        } else {
            // The left hand keeps the bass register to itself.
            let floor = if two_hands {
                (low + 7).max(50).min(high - 12)
            } else {
                low
            };
            let voices = if desk.profile.polyphony < 4 {
                usize::from(desk.profile.polyphony)
            } else if desk.member.role == Role::Arp || span.chord.quality.tones().len() > 3 {
                4
            } else {
                3
            };
            voicing::keyboard(
                &span.chord,
                previous,
                floor,
                high,
                voices,
                with_bass || two_hands,
            )
        };
        previous.clone_from(&keys);
        let pc = i32::from(span.chord.bass_note().pc());
        let floor = i32::from(desk.profile.range[0]).max(if two_hands { 36 } else { low });
        Voiced {
            keys,
            bass: floor + (pc - floor).rem_euclid(12),
        }
    };
    section.chords.iter().map(&mut voice).collect()
}

#[allow(
    clippy::too_many_arguments,
    reason = "one sign depends on all of its surroundings"
)]
fn sign_notes(
    section: &SectionPlan,
    voiced: &Voiced,
    line: &str,
    step: &steps::Step,
    len: Ticks,
    force: f32,
    notes: &mut Vec<Note>,
) {
    let key = section.key;
    let mut push = |k: i32, len: Ticks, force: f32, how: Articulation| {
        notes.push(
            Note::new(
                step.at,
                len.max(Ticks::of(1, 64)),
                key.spell(k),
                level(force),
            )
            .with(how),
        );
    };
    let keys = &voiced.keys;
    let hand = if line == "lh" { 0.04 } else { 0.0 };
    let short = Ticks(len.0.min(step.grid.0) * 3 / 5);
    let soft = force - 0.13;
    let voice = |n: usize| {
        // Voices beyond the top go on an octave up.
        let count = keys.len().max(1);
        keys.get(n % count)
            .map_or(60, |k| k + 12 * (n / count) as i32)
    };
    match step.sign {
        'C' | 'c' | 'S' | 's' => {
            let loud = if step.sign.is_ascii_uppercase() {
                force
            } else {
                soft
            };
            let (len, how) = if step.sign.eq_ignore_ascii_case(&'s') {
                (short, Articulation::Staccato)
            } else {
                (len, Articulation::Normal)
            };
            for k in keys {
                push(*k, len, loud + hand, how);
            }
        }
        'D' | 'd' => {
            let loud = if step.sign == 'D' { force + 0.04 } else { soft };
            for k in keys {
                push(*k, len, loud, Articulation::Normal);
            }
        }
        'U' | 'u' => {
            // Up-strokes catch the upper strings.
            let loud = if step.sign == 'U' {
                force - 0.02
            } else {
                soft - 0.03
            };
            let skip = keys.len().saturating_sub(4);
            for k in &keys[skip..] {
                push(*k, len, loud, Articulation::Normal);
            }
        }
        'x' => {
            for k in &keys[..keys.len().min(4)] {
                push(*k, short, soft - 0.05, Articulation::Mute);
            }
        }
        'A' => {
            for k in keys {
                push(*k, len, force, Articulation::Roll);
            }
        }
        'R' => push(voiced.bass, len, force + 0.05, Articulation::Normal),
        '8' => push(voiced.bass + 12, len, force, Articulation::Normal),
        '5' if line == "lh" || line == "bass" => {
            push(voiced.bass + 7, len, force, Articulation::Normal)
        }
        'T' => {
            if let Some(k) = keys.last() {
                push(*k, len, force, Articulation::Normal);
            }
        }
        'M' => {
            for k in keys.iter().skip(1) {
                push(*k, len, force - 0.03, Articulation::Normal);
            }
        }
        digit if digit.is_ascii_digit() => {
            let n = digit.to_digit(10).unwrap_or(1).max(1) as usize - 1;
            push(voice(n), len, force - 0.02, Articulation::Normal);
        }
        _ => {}
    }
}
