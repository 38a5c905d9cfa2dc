//! Drums and percussion: grooves, fills, crashes, builds and the last hit.

use crate::{Desk, level, steps};
use yuefu_engine::Rng;
use yuefu_song::{Articulation, Note, Pattern, Role, SectionKind, SectionPlan};
use yuefu_theory::{Pitch, TickSpan, Ticks};

/// General MIDI percussion key of a line name (or `k56`).
pub fn key_of(name: &str) -> Option<i32> {
    const NAMES: [(&str, i32); 43] = [
        ("kick", 36),
        ("snare", 38),
        ("rim", 37),
        ("clap", 39),
        ("hat", 42),
        ("pedal", 44),
        ("open", 46),
        ("ride", 51),
        ("bell", 53),
        ("crash", 49),
        ("china", 52),
        ("splash", 55),
        ("tom1", 50),
        ("tom2", 47),
        ("tom3", 45),
        ("tom4", 41),
        ("shaker", 70),
        ("tamb", 54),
        ("cowbell", 56),
        ("conga", 63),
        ("conga-low", 64),
        ("conga-mute", 62),
        ("bongo", 60),
        ("bongo-low", 61),
        ("timbale", 65),
        ("timbale-low", 66),
        ("agogo", 67),
        ("agogo-low", 68),
        ("clave", 75),
        ("block", 76),
        ("block-low", 77),
        ("guiro", 73),
        ("guiro-long", 74),
        ("cabasa", 69),
        ("maracas", 70),
        ("whistle", 71),
        ("triangle", 81),
        ("triangle-mute", 80),
        ("surdo", 41),
        ("cuica", 78),
        ("crash2", 57),
        ("ride2", 59),
        ("snare2", 40),
    ];
    let numbered = name
        .strip_prefix('k')
        .and_then(|n| n.parse().ok())
        .filter(|n| (27..=87).contains(n));
    numbered.or_else(|| NAMES.iter().find(|row| row.0 == name).map(|row| row.1))
}

/// The kit of one section.
pub fn section_notes(desk: &Desk<'_>, section: &SectionPlan, index: usize) -> Vec<Note> {
    let hall = desk.hall;
    let mut notes = Vec::new();
    let Some(pattern) = desk.pattern(section) else {
        return notes;
    };
    let mut rng = desk.section_seed(section).rng();
    let sections = &hall.plan.sections;
    let next = sections.get(index + 1);
    let bar = hall.metre(section).bar();
    lay(pattern, desk, section, section.span, &mut rng, &mut notes);
    if desk.member.role != Role::Drums {
        end_before_final(desk, section, &mut notes);
        return notes;
    }
    let drummer = desk.drummer(section);
    // What a drummer draws has a place of its own: it moves nothing that rules draw.
    let own = desk.section_seed(section).join("drummer");
    // Half-way through a long section a small turn keeps the groove alive.
    if section.bars >= 8 && section.bars.is_multiple_of(4) && desk.energy(section) > 0.35 {
        let mut at = section.span.start + bar * 4;
        while at < section.span.end {
            let last_beat = hall.metre(section).beat_offsets().last().copied();
            match &drummer {
                Some((player, place)) => {
                    let mut rng = own.join("turn").join(at.0).rng();
                    player.turn(place, at - bar, &mut notes, &mut rng);
                }
                None => turn(
                    last_beat.unwrap_or_default(),
                    at - bar,
                    bar,
                    &mut rng,
                    &mut notes,
                ),
            }
            at += bar * 4;
        }
    }
    if section.fill
        && let Some(next) = next
    {
        fill(desk, section, next, &mut rng, &mut notes);
    }
    // A crash where a section arrives with energy.
    let before = index.checked_sub(1).and_then(|i| sections.get(i));
    let arrives =
        section.energy[0] >= 0.55 && before.is_none_or(|b| b.energy[1] <= section.energy[0] + 0.2);
    let has_crash = notes
        .iter()
        .any(|n| n.at == section.span.start && [49, 57, 52, 55].contains(&n.key()));
    let cymbals = ![
        "luogu", "tabla", "african", "bodhran", "latin", "taiko", "middle",
    ]
    .iter()
    .any(|k| desk.profile.id.contains(k));
    let begins = section.span.start == sections[index].span.start;
    if begins && arrives && !has_crash && cymbals && pattern_has_kit(pattern) {
        let key = if rng.chance(0.75) { 49 } else { 57 };
        notes.retain(|n| !(n.at == section.span.start && [42, 44, 46, 51].contains(&n.key())));
        notes.push(Note::new(
            section.span.start,
            bar,
            Pitch::from_midi(key),
            level(0.72 + section.energy[0] * 0.15),
        ));
    }
    let ends = section.span.end == sections[index].span.end;
    if ends
        && section.kind == SectionKind::Build
        && next.is_some_and(|n| n.kind == SectionKind::Drop)
    {
        // A breath before the drop.
        let gap = section.span.end - hall.metre(section).unit_len();
        notes.retain(|n| n.at < gap);
    }
    if let Some((player, place)) = &drummer {
        player.play(place, &mut notes, &mut own.join("play").rng());
    }
    end_before_final(desk, section, &mut notes);
    notes
}

fn pattern_has_kit(pattern: &Pattern) -> bool {
    pattern.lines.contains_key("snare") || pattern.lines.contains_key("kick")
}

/// The final bar holds one hit.
fn end_before_final(desk: &Desk<'_>, section: &SectionPlan, notes: &mut Vec<Note>) {
    let Some(bar) = desk
        .hall
        .final_bar()
        .filter(|bar| section.span.contains(bar.start))
    else {
        return;
    };
    let used: Vec<u8> = {
        let mut keys: Vec<u8> = notes.iter().map(Note::key).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    };
    notes.retain(|n| n.at < bar.start);
    let loud = 0.55 + desk.energy(section) * 0.3;
    let mut hit = |key: u8| {
        notes.push(Note::new(
            bar.start,
            bar.len(),
            Pitch::from_midi(i32::from(key)),
            level(loud),
        ))
    };
    if desk.member.role == Role::Drums && used.contains(&36) {
        hit(36);
        hit(49);
    } else if let Some(key) = used
        .iter()
        .copied()
        .max_by_key(|k| (*k == 49 || *k == 52 || *k == 57, std::cmp::Reverse(*k)))
    {
        hit(key);
    }
}

/// Lays a pattern over a span.
fn lay(
    pattern: &Pattern,
    desk: &Desk<'_>,
    section: &SectionPlan,
    span: TickSpan,
    rng: &mut Rng,
    notes: &mut Vec<Note>,
) {
    for (name, row) in &pattern.lines {
        let Some(key) = key_of(name) else { continue };
        for step in steps::lay(pattern, row, desk.hall.metre(section), span) {
            // The hand that keeps time leans on the beats.
            let lean = match key {
                42 | 44 | 46 | 51 | 54 | 69 | 70 => {
                    0.62 + 0.56
                        * desk
                            .hall
                            .metre(section)
                            .weight(step.at - section.span.start)
                }
                _ => 1.0,
            };
            hit(key, &step, lean, rng, notes);
        }
    }
}

fn hit(key: i32, step: &steps::Step, lean: f32, rng: &mut Rng, notes: &mut Vec<Note>) {
    let pitch = Pitch::from_midi(key);
    let wobble = rng.bipolar() * 0.025;
    let mut push = |at: Ticks, len: Ticks, force: f32, how: Articulation| {
        notes.push(
            Note::new(
                at,
                len.max(Ticks::of(1, 64)),
                pitch,
                level(force * lean + wobble),
            )
            .with(how),
        );
    };
    match step.sign {
        'x' => push(step.at, step.len, 0.66, Articulation::Normal),
        'X' => push(step.at, step.len, 0.84, Articulation::Accent),
        'o' => push(step.at, step.len, 0.5, Articulation::Normal),
        'g' => push(step.at, step.len, 0.28, Articulation::Ghost),
        'f' => {
            let grace = Ticks::of(1, 96);
            push(step.at - grace, grace, 0.35, Articulation::Ghost);
            push(step.at, step.len, 0.76, Articulation::Normal);
        }
        'r' => {
            let half = Ticks(step.grid.0 / 2);
            push(step.at, half, 0.56, Articulation::Normal);
            push(step.at + half, half, 0.48, Articulation::Normal);
        }
        '?' if rng.chance(0.5) => push(step.at, step.len, 0.48, Articulation::Normal),
        _ => {}
    }
}

/// A small turn at the end of a bar: an open hat, or two snare taps.
fn turn(last_beat: Ticks, bar_start: Ticks, bar: Ticks, rng: &mut Rng, notes: &mut Vec<Note>) {
    let off = bar_start + bar - Ticks::of(1, 8);
    let has = |key: u8| {
        notes
            .iter()
            .any(|n| n.key() == key && n.at >= bar_start && n.at < bar_start + bar)
    };
    match rng.below(3) {
        0 if has(42) && !has(46) => {
            notes.retain(|n| !(n.at == off && n.key() == 42));
            notes.push(Note::new(
                off,
                Ticks::of(1, 8),
                Pitch::from_midi(46),
                level(0.58),
            ));
        }
        1 if has(38) => {
            let at = bar_start + last_beat + Ticks::of(1, 8);
            if at + Ticks::of(1, 16) < bar_start + bar {
                notes.push(Note::new(
                    at,
                    Ticks::of(1, 16),
                    Pitch::from_midi(38),
                    level(0.4),
                ));
                notes.push(Note::new(
                    at + Ticks::of(1, 16),
                    Ticks::of(1, 16),
                    Pitch::from_midi(38),
                    level(0.52),
                ));
            }
        }
        2 if has(36) => {
            let at = bar_start + bar - Ticks::of(1, 16);
            notes.push(Note::new(
                at,
                Ticks::of(1, 16),
                Pitch::from_midi(36),
                level(0.56),
            ));
        }
        _ => {}
    }
}

/// A fill at the end of a section: the whole bar before something big, half of it otherwise.
fn fill(
    desk: &Desk<'_>,
    section: &SectionPlan,
    next: &SectionPlan,
    rng: &mut Rng,
    notes: &mut Vec<Note>,
) {
    let hall = desk.hall;
    if hall
        .final_bar()
        .is_some_and(|bar| section.span.end > bar.start)
        || !next.playing.contains(&desk.member.id)
    {
        return;
    }
    let metre = hall.metre(section);
    let own: Vec<&Pattern> = desk
        .style
        .patterns
        .iter()
        .filter(|(n, _)| n.starts_with("fill-"))
        .map(|(_, p)| p)
        .collect();
    let prefix = format!("fill-{}-", desk.style.mix);
    let shared: Vec<&Pattern> = hall.book.patterns_named(&prefix).collect();
    let candidates: Vec<&Pattern> = own
        .into_iter()
        .chain(shared)
        .filter(|p| p.metre == *metre)
        .collect();
    let pattern = rng.pick(&candidates);
    let drummer = desk.drummer(section);
    if pattern.is_none() && drummer.is_none() {
        return;
    }
    let bar = metre.bar();
    let rise = next.energy[0] - section.energy[1];
    let whole = rise > 0.15 && rng.chance(0.6);
    let beats = metre.beat_offsets();
    let from = if whole {
        Ticks::ZERO
    } else {
        beats[beats.len() / 2]
    };
    let start = section.span.end - bar;
    let mut made = Vec::new();
    if let Some(pattern) = pattern {
        let span = TickSpan::new(start, section.span.end);
        lay(pattern, desk, section, span, rng, &mut made);
    }
    if let Some((player, place)) = drummer {
        let mut rng = desk
            .section_seed(section)
            .join("drummer")
            .join("fill")
            .rng();
        if let Some(drawn) = player.fill(&place, from, &mut rng) {
            made = drawn;
            made.iter_mut().for_each(|note| note.at += start);
        }
    }
    made.retain(|n: &Note| n.at >= start + from);
    if made.is_empty() {
        return;
    }
    // The fill takes the hands; the foot may go on where the fill leaves it free.
    let foot: Vec<Note> = notes
        .iter()
        .filter(|n| n.at >= start + from && n.key() == 36)
        .cloned()
        .collect();
    notes.retain(|n| n.at < start + from);
    if !made.iter().any(|n| n.key() == 36) {
        notes.extend(foot);
    }
    // A fill grows.
    let len = (section.span.end - start - from).0 as f32;
    for note in &mut made {
        let place = (note.at - start - from).0 as f32 / len;
        note.velocity = level(
            f32::from(note.velocity) / 127.0
                * (0.86 + 0.2 * place)
                * (0.8 + 0.25 * desk.energy(section)),
        );
    }
    notes.extend(made);
}
