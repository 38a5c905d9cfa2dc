//! Notes that are many strokes: tremolo, trills, glissandi, flams and drum rolls.

use crate::{
    curves::upper_neighbor,
    noise::{self, Of},
    play::{Draft, Player},
};
use yuefu_audio::Curve;
use yuefu_song::Articulation;

/// Most strokes that one written note becomes.
const MOST: usize = 512;

/// Writes ornaments out. What is written out is marked as plain, so that no instrument writes it
/// out once more.
pub(crate) fn apply(player: &Player<'_>, drafts: Vec<Draft>) -> Vec<Draft> {
    let mut out = Vec::with_capacity(drafts.len());
    for mut draft in drafts {
        let articulation = draft.articulation;
        let left = player.leaves(articulation);
        match articulation {
            Articulation::Tremolo if !left => tremolo(player, draft, &mut out),
            Articulation::Trill if !left && !player.drums() => trill(player, draft, &mut out),
            Articulation::Roll if player.drums() => flam(player, draft, &[(0.028, 0.5)], &mut out),
            Articulation::Flutter if player.drums() => {
                flam(player, draft, &[(0.075, 0.35), (0.038, 0.42)], &mut out);
            }
            Articulation::Roll => {
                draft.articulation = Articulation::Normal;
                out.push(draft);
            }
            Articulation::Glissando if !left => {
                if !(player.sustains() || player.mono || player.drums()) {
                    run(player, &draft, &mut out);
                }
                draft.articulation = Articulation::Normal;
                out.push(draft);
            }
            _ => out.push(draft),
        }
    }
    out
}

/// A stroke of an ornament.
fn stroke(draft: &Draft, on: f64, off: f64, key: u8, velocity: f32) -> Draft {
    Draft {
        on,
        off,
        key,
        velocity: velocity.clamp(0.02, 1.0),
        articulation: Articulation::Normal,
        legato: false,
        pitch: Curve::default(),
        level: Curve::default(),
        ..draft.clone()
    }
}

/// Fast repetition: never quite even, the returning stroke weaker, and shaped as a whole.
fn tremolo(player: &Player<'_>, draft: Draft, out: &mut Vec<Draft>) {
    let site = player.site(&draft);
    let place = site.at.0 * 128 + i64::from(draft.key);
    let mut rng = noise::rng(player.reading.seed, Of::Stroke, place);
    // The strokes fill the written length, whatever rings on after it.
    let end = if player.drums() {
        site.end + (draft.on - site.on)
    } else {
        draft.off.min(site.end.max(draft.on + 0.05))
    };
    let rate = f64::from(player.rules.strokes.tremolo) * (0.92 + 0.16 * f64::from(site.energy[0]));
    let count = (((end - draft.on) * rate).round() as usize).clamp(2, MOST);
    let step = (end - draft.on).max(0.02) / count as f64;
    let ring = draft.off - end;
    let long = (end - draft.on) > 0.5;
    let mut ons: Vec<f64> = (0..count)
        .map(|i| {
            let chance = if i == 0 { 0.0 } else { rng.normal() };
            draft.on + step * (i as f64 + 0.07 * f64::from(chance))
        })
        .collect();
    ons.push(end);
    for i in 0..count {
        let x = i as f32 / count as f32;
        // Rolls grow; plucked and bowed tremolo speaks, draws back and swells to its middle.
        let shape = match (player.drums(), long) {
            (true, true) => 0.55 + 0.45 * x,
            (true, false) => 0.8 + 0.2 * x,
            (false, true) => 0.78 + 0.20 * (1.0 - (2.0 * x - 1.1).abs().min(1.0)),
            (false, false) => 0.9,
        };
        let first = if i == 0 && !player.drums() {
            1.0
        } else {
            shape
        };
        let hand = if i % 2 == 0 { 1.0 } else { 0.87 };
        let velocity = draft.velocity * first * hand * (1.0 + 0.05 * rng.normal());
        let off = if i + 1 == count {
            ons[i + 1] + ring.max(0.0)
        } else {
            ons[i + 1]
        };
        out.push(stroke(&draft, ons[i], off, draft.key, velocity));
    }
}

/// Alternation with the scale note above, slow at first; joined where the sound is held.
fn trill(player: &Player<'_>, draft: Draft, out: &mut Vec<Draft>) {
    let site = player.site(&draft);
    let place = site.at.0 * 128 + i64::from(draft.key);
    let mut rng = noise::rng(player.reading.seed, Of::Stroke, place);
    let end = draft.off.min(site.end.max(draft.on + 0.05));
    let upper = draft.key.saturating_add(upper_neighbor(player, &draft));
    let rate = f64::from(player.rules.strokes.trill) * (0.95 + 0.1 * f64::from(site.energy[0]));
    if upper > player.reading.range[1] || end - draft.on < 2.0 / rate {
        let plain = Draft {
            articulation: Articulation::Normal,
            ..draft
        };
        out.push(plain);
        return;
    }
    let held = player.sustains();
    // An odd number of notes, so that it comes to rest on the written one.
    let count = (((end - draft.on) * rate).round() as usize | 1).clamp(3, MOST - 1);
    let spans: Vec<f64> = (0..count)
        .map(|i| {
            let slow = 1.25 - 0.25 * (i as f64 / 6.0).min(1.0);
            slow * (1.0 + 0.05 * f64::from(rng.normal()))
        })
        .collect();
    let unit = (end - draft.on) / spans.iter().sum::<f64>();
    let mut at = draft.on;
    for (index, span) in spans.iter().enumerate() {
        let next = at + span * unit;
        let main = index % 2 == 0;
        let key = if main { draft.key } else { upper };
        let weight = match (index, main) {
            (0, _) => 1.0,
            (_, true) => 0.94,
            (_, false) => 0.85,
        };
        let last = index + 1 == count;
        // Overlap tells an instrument of held notes which sound goes on.
        let off = match (last, held) {
            (true, _) => draft.off,
            (false, true) => next + 0.004,
            (false, false) => next,
        };
        let velocity = draft.velocity * weight * (1.0 + 0.03 * rng.normal());
        let mut note = stroke(&draft, at, off, key, velocity);
        note.legato = if index == 0 { draft.legato } else { held };
        out.push(note);
        at = next;
    }
}

/// Grace strokes before a drum's main stroke.
fn flam(player: &Player<'_>, draft: Draft, graces: &[(f64, f32)], out: &mut Vec<Draft>) {
    let site = player.site(&draft);
    let mut rng = noise::rng(player.reading.seed, Of::Stroke, site.at.0);
    for (ahead, weight) in graces {
        let on = draft.on - ahead * (1.0 + 0.12 * f64::from(rng.normal()));
        let velocity = draft.velocity * weight * (1.0 + 0.08 * rng.normal());
        out.push(stroke(&draft, on, draft.on, draft.key, velocity));
    }
    let main = draft.clone();
    out.push(Draft {
        articulation: Articulation::Normal,
        ..main
    });
}

/// A run through the scale up to the note; strings that were touched ring on.
fn run(player: &Player<'_>, draft: &Draft, out: &mut Vec<Draft>) {
    let site = player.site(draft);
    let rules = &player.rules.spread;
    let place = site.at.0 * 128 + i64::from(draft.key);
    let mut rng = noise::rng(player.reading.seed, Of::Stroke, place);
    let low = player.reading.range[0];
    let keys: Vec<u8> = (low..draft.key)
        .rev()
        .filter(|key| site.scale.has(key % 12))
        .take(usize::from(rules.run_notes))
        .collect();
    let step = f64::from(rules.run) * 1e-3 * rng_range(&mut rng, 0.9, 1.1);
    let mut at = draft.on;
    // From the goal downward: the hand speeds up as it nears it.
    for (i, key) in keys.iter().enumerate() {
        at -= step * (1.0 + 0.06 * i as f64) * (1.0 + 0.06 * f64::from(rng.normal()));
        let left = i as f32 / keys.len().max(1) as f32;
        let velocity = draft.velocity * (0.86 - 0.38 * left) * (1.0 + 0.04 * rng.normal());
        out.push(stroke(draft, at, draft.off, *key, velocity));
    }
}

fn rng_range(rng: &mut yuefu_engine::Rng, low: f32, high: f32) -> f64 {
    f64::from(rng.range(low, high))
}
