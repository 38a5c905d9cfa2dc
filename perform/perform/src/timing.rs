//! When notes are struck: role and drum placement, wander, strums and rolls.

use crate::{
    noise::{self, Of},
    play::{Draft, Player},
    reading::Site,
};
use yuefu_song::{Articulation, Family, Role};
use yuefu_theory::Ticks;

/// Sets the onset of every note, and moves its end along with it.
pub(crate) fn apply(player: &Player<'_>, drafts: &mut [Draft]) {
    let seed = player.reading.seed;
    let timing = &player.rules.timing;
    let sixteenths = has_sixteenths(player);
    for (number, chord) in player.chords.iter().enumerate() {
        let site = &player.reading.notes[chord.start];
        let quarters = site.at.as_quarters();
        let wander = noise::pink(seed, Of::Time, quarters, site.at.0);
        // Nobody errs by more than a quarter of the way to the neighboring note.
        let gap = |other: Option<&std::ops::Range<usize>>| {
            other.map_or(f64::MAX, |range| {
                (player.reading.notes[range.start].on - site.on).abs()
            })
        };
        let before = number.checked_sub(1).and_then(|i| player.chords.get(i));
        let room = 0.25 * gap(before).min(gap(player.chords.get(number + 1)));
        for index in chord.clone() {
            let draft = &mut drafts[index];
            let (push, lay, factor) = if player.drums() {
                let piece = player.book.piece(draft.key);
                (
                    player.groove.push + piece.push,
                    piece.lay * player.groove.lay,
                    piece.sigma,
                )
            } else {
                (player.groove.push, player.groove.lay, 1.0)
            };
            let own = noise::draw(seed, Of::Chord, site.at.0 * 128 + i64::from(draft.key));
            let chance = timing.sigma * player.groove.sigma * factor * wander
                + if chord.len() > 1 {
                    timing.chord * own
                } else {
                    0.0
                };
            let chance = match player.site(draft).late {
                // Who plays has said when; chance has no part in it.
                Some(late) => (f64::from(late) * 1e-4).clamp(-1.6 * room, 1.6 * room),
                None => f64::from(chance * 1e-3).clamp(-room, room),
            };
            let placed = f64::from(push + lay * player.reading.lay_back - timing.ahead) * 1e-3;
            // Long attacks matter less on short notes, which are played with a quicker one.
            let length = site.end - site.on;
            let placed = placed.max(-0.3 * length);
            draft.on += placed + chance;
            draft.off += placed + chance;
        }
        if chord.len() > 1 {
            spread(player, &mut drafts[chord.clone()], site, sixteenths);
        }
        // At the very start of a song nothing can be early: the whole chord waits.
        let chord = &mut drafts[chord.clone()];
        let first = chord.iter().map(|d| d.on).fold(f64::MAX, f64::min);
        let wait = (player.reading.earliest - first).max(0.0);
        for draft in chord {
            draft.on += wait;
        }
    }
}

/// Spreads a chord over its notes.
fn spread(player: &Player<'_>, chord: &mut [Draft], site: &Site, sixteenths: bool) {
    let rules = &player.rules.spread;
    let rolled = chord
        .iter()
        .any(|d| d.articulation == Articulation::Roll || d.articulation == Articulation::Glissando);
    let muted = chord.iter().any(|d| d.articulation == Articulation::Mute);
    let steps = (chord.len() - 1) as f64;
    if player.drums() || player.reading.family == Family::Effect {
        return;
    }
    if rolled {
        let length = site.end - site.on;
        let step = f64::from(rules.roll) * 1e-3;
        let total = (step * steps).min(0.28).min(0.5 * length);
        for (rank, draft) in chord.iter_mut().enumerate() {
            let x = rank as f64 / steps;
            let own = noise::draw(
                player.reading.seed,
                Of::Stroke,
                site.at.0 * 128 + i64::from(draft.key),
            );
            // Begins a little before the beat and quickens toward the top.
            let jitter = 1.0 + 0.08 * f64::from(own);
            draft.on += total * (x * (1.15 - 0.15 * x) - 0.25) + 0.1 * step * (jitter - 1.0);
            draft.velocity *= 0.90 + 0.10 * x as f32;
        }
        return;
    }
    let strummed = rules.strum[1] > 0.0
        && chord.len() >= 3
        && matches!(
            player.reading.role,
            Role::Comp | Role::Arp | Role::Pad | Role::Lead
        );
    if !strummed {
        // The melody leads the chord beneath it by a few milliseconds (Repp 1996).
        if player.reading.family == Family::Keyboard
            && let Some(top) = chord.last_mut()
        {
            top.on -= 0.004;
        }
        return;
    }
    let down = is_down(site, sixteenths);
    let force = chord.iter().map(|d| d.velocity).sum::<f32>() / chord.len() as f32;
    // Quick music and a strong arm make a quick strum.
    let slow = (1.25 - force).clamp(0.0, 1.0) * (site.quarter as f32 / 0.6).clamp(0.5, 1.3);
    let [fast, wide] = rules.strum;
    let total = (fast + (wide - fast) * slow.min(1.0)) * if down { 1.0 } else { 0.85 };
    let total = f64::from(total * if muted { 0.7 } else { 1.0 }) * 1e-3;
    let total = total.min(0.5 * (site.end - site.on));
    for (rank, draft) in chord.iter_mut().enumerate() {
        let from_bottom = rank as f64 / steps;
        let x = if down { from_bottom } else { 1.0 - from_bottom };
        // Set from the common time, so that the order of the strings is never in doubt.
        draft.on += total * (x * (1.1 - 0.1 * x) - 0.3);
        // The string met first gets the most of the pick; an upstroke hardly meets the lowest.
        let weight = if down {
            1.0 - 0.10 * x
        } else {
            0.94 - 0.22 * x
        };
        draft.velocity *= weight as f32;
    }
    order(chord, down);
}

/// Makes onsets strictly follow the direction of the stroke.
fn order(chord: &mut [Draft], down: bool) {
    let mut last = f64::MIN;
    let count = chord.len();
    for step in 0..count {
        let index = if down { step } else { count - 1 - step };
        let draft = &mut chord[index];
        if draft.on <= last {
            draft.on = last + 0.0008;
        }
        last = draft.on;
    }
}

/// The arm swings on without a break: down on the beats of its grid, up between them.
fn is_down(site: &Site, sixteenths: bool) -> bool {
    let grid = if sixteenths {
        Ticks::of(1, 16).0
    } else {
        Ticks::of(1, 8).0
    };
    let step = (site.offset.0 + grid / 2) / grid;
    if site.compound && !sixteenths {
        return step % 3 != 1;
    }
    step % 2 == 0
}

fn has_sixteenths(player: &Player<'_>) -> bool {
    let eighth = Ticks::of(1, 8).0;
    player
        .chords
        .iter()
        .filter(|chord| chord.len() > 2)
        .any(|chord| {
            let inside = player.reading.notes[chord.start].offset.0 % eighth;
            (inside - eighth / 2).abs() < eighth / 16
        })
}
