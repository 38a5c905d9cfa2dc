//! Force: energy, phrase arcs, metric accents, voicing, the alternation of hands, and chance.

use crate::{
    noise::{self, Of},
    play::{Draft, Player},
};
use yuefu_song::{Articulation, Role};

/// Sets the velocity of every note.
pub(crate) fn apply(player: &Player<'_>, drafts: &mut [Draft]) {
    let touch = &player.rules.touch;
    let seed = player.reading.seed;
    let mut repeats = [(f64::MIN, 0_u32); 128];
    for draft in drafts.iter_mut() {
        let site = player.site(draft);
        let key = usize::from(draft.key);
        // Strokes on one key within a second of each other alternate between the hands.
        let (last, count) = repeats[key];
        let ghost = site.articulation == Articulation::Ghost;
        let count = if site.on - last < 1.0 && site.on > last {
            count + 1
        } else {
            0
        };
        // Grace strokes and ghosts fall to whichever hand is free.
        let count = if ghost { 0 } else { count };
        if !ghost {
            repeats[key] = (site.on, count);
        }
        let hand = match count % 4 {
            0 => 0.0,
            1 => -1.0,
            2 => -0.25,
            _ => -0.75,
        };
        let metric = if player.drums() {
            player.book.piece(draft.key).accent
        } else {
            touch.metric
        };
        let quarters = site.at.as_quarters();
        let chance = noise::pink(seed, Of::Touch, quarters, site.at.0 * 128 + key as i64);
        let mut change = touch.energy * (site.energy[0] - 0.55);
        // A player who says when also says how hard; the section's energy remains.
        if site.late.is_none() {
            change += 1.4 * metric * (site.weight - 0.45)
                + touch.arc * player.groove.arc * arc(player, draft.site, site.on)
                + touch.hand * hand
                + touch.sigma * chance;
        }
        let accent = match site.articulation {
            Articulation::Accent => 1.0 + touch.accent,
            Articulation::Marcato => 1.0 + touch.marcato,
            Articulation::Tenuto => 1.04,
            Articulation::Legato => 0.96,
            Articulation::Staccato => 0.98,
            _ => 1.0,
        };
        let mut velocity = draft.velocity * (1.0 + change).max(0.3) * accent;
        if ghost {
            velocity = velocity.min(touch.ghost * (1.0 + 2.0 * touch.sigma * chance));
        }
        // The last tenth of force is the hardest to reach.
        if velocity > 0.88 {
            velocity = 0.88 + 0.12 * (1.0 - 1.0 / (1.0 + (velocity - 0.88) / 0.12));
        }
        draft.velocity = velocity.clamp(touch.least, 1.0);
    }
    balance(player, drafts);
}

/// −0.7 at the ends of a line to 1 at its peak; softer at its end than at its beginning.
fn arc(player: &Player<'_>, index: usize, at: f64) -> f32 {
    let line = player.lines[index];
    let shape = if at <= line.peak {
        let rise = (line.peak - line.start).max(1e-3);
        ((at - line.start) / rise) as f32
    } else {
        let fall = (line.last - line.peak).max(1e-3);
        1.0 - 1.15 * ((at - line.peak) / fall) as f32
    };
    let x = shape.clamp(-0.15, 1.0);
    // Concave: most of the rise comes early, as loudness is heard.
    -0.7 + 1.7 * if x > 0.0 { x * (1.6 - 0.6 * x) } else { x }
}

/// Chords: the top voice sings, inner voices step back, the lowest carries.
fn balance(player: &Player<'_>, drafts: &mut [Draft]) {
    let touch = &player.rules.touch;
    if player.drums() {
        return;
    }
    for chord in player.chords.iter().filter(|chord| chord.len() > 1) {
        let count = chord.len();
        for (rank, index) in chord.clone().enumerate() {
            let draft = &mut drafts[index];
            let factor = if rank + 1 == count {
                1.0 + touch.top
            } else if rank == 0 && player.reading.role != Role::Pad {
                1.0 - 0.3 * touch.inner
            } else {
                1.0 - touch.inner
            };
            draft.velocity = (draft.velocity * factor).clamp(touch.least, 1.0);
        }
    }
}
