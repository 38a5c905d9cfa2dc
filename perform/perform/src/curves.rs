//! Curves within notes: vibrato, slides, bends, swells and brightness.

use crate::{
    noise::{self, Of},
    play::{Draft, Player},
};
use yuefu_audio::{Curve, math};
use yuefu_song::{Articulation, Family};

/// Sets the curves of every note.
pub(crate) fn apply(player: &Player<'_>, drafts: &mut [Draft]) {
    if player.reading.family == Family::Effect {
        return;
    }
    for index in 0..drafts.len() {
        let before = match index.checked_sub(1) {
            Some(i) => {
                let gap = drafts[index].on - player.site(&drafts[i]).end;
                (gap < 0.15).then_some(drafts[i].key)
            }
            None => player
                .reading
                .before
                .filter(|before| before.gap + drafts[index].on < 0.15)
                .map(|before| player.fold(before.key)),
        };
        let draft = &drafts[index];
        let tone = tone(player, draft);
        if player.drums() {
            drafts[index].tone = tone;
            continue;
        }
        let pitch = pitch(player, draft, before);
        let level = level(player, draft);
        let draft = &mut drafts[index];
        draft.pitch = pitch;
        draft.level = level;
        draft.tone = tone;
    }
}

fn ease(x: f32) -> f32 {
    let x = x.clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

/// A movement of the pitch between two moments.
#[derive(Clone, Copy)]
struct Move {
    from: f32,
    to: f32,
    start: f32,
    end: f32,
}

fn pitch(player: &Player<'_>, draft: &Draft, before: Option<u8>) -> Curve {
    let glide = &player.rules.glide;
    let site = player.site(draft);
    let length = (draft.off - draft.on) as f32;
    let place = site.at.0 * 128 + i64::from(draft.key);
    let mut rng = noise::rng(player.reading.seed, Of::Glide, place);
    let vary = rng.range(0.88, 1.12);
    let mut moves: Vec<Move> = Vec::new();
    let mut rise = |from: f32, seconds: f32, start: f32| {
        let end = (start + seconds).min(length * 0.7);
        moves.push(Move {
            from,
            to: 0.0,
            start: start.min(end * 0.5),
            end,
        });
    };
    let [quick, slow] = glide.slide_ms;
    let effort = draft.velocity;
    let slide_time = |cents: f32| {
        let wide = (cents.abs() / 500.0).min(1.0);
        let leisure = (length / 0.8).min(1.0) * (1.2 - 0.5 * effort);
        (quick + (slow - quick) * (0.4 * wide + 0.6 * leisure).min(1.0)) * vary * 1e-3
    };
    match site.articulation {
        Articulation::Slide => {
            let from = match before {
                Some(key) if key != draft.key => {
                    (100.0 * (f32::from(key) - f32::from(draft.key))).clamp(-700.0, 700.0)
                }
                _ => -glide.slide * rng.range(0.5, 1.0),
            };
            rise(from, slide_time(from), 0.0);
        }
        // Instruments that cannot run through strings slide instead.
        Articulation::Glissando if player.sustains() || player.mono => {
            rise(-500.0, (2.0 * slow * vary * 1e-3).max(0.12), 0.0);
        }
        Articulation::Bend => {
            let time = glide.bend_ms * vary * 1e-3 * (1.2 - 0.4 * effort);
            rise(-glide.bend, time, 0.03);
        }
        Articulation::Press => {
            // Up after the pluck, and back before the note is gone.
            let upper = f32::from(upper_neighbor(player, draft)) * 100.0;
            let height = upper.clamp(100.0, glide.press.max(100.0));
            let (up, down) = (length.min(1.4) * 0.22, length.min(1.4) * 0.55);
            let time = (0.11 * vary).min(length * 0.2);
            moves.push(Move {
                from: 0.0,
                to: height,
                start: up,
                end: up + time,
            });
            moves.push(Move {
                from: height,
                to: 0.0,
                start: down,
                end: down + 1.2 * time,
            });
        }
        Articulation::Normal | Articulation::Vibrato | Articulation::Accent
            if glide.scoop > 0.0
                && !draft.legato
                && player.melodic()
                && length > 0.3
                && (player.opens[draft.site] || site.weight > 0.5)
                && rng.chance(glide.scoop_chance) =>
        {
            rise(-glide.scoop * rng.range(0.6, 1.0), 0.085 * vary, 0.0);
        }
        _ => {}
    }
    if site.articulation == Articulation::Fall {
        let start = (length * 0.5).min((length - 0.25).max(length * 0.3));
        moves.push(Move {
            from: 0.0,
            to: -glide.fall * vary,
            start,
            end: length,
        });
    }
    let shake = Shake::of(player, draft, length, &moves);
    draw(length, &moves, shake)
}

/// A vibrato ready to be drawn.
#[derive(Clone, Copy)]
struct Shake {
    depth: f32,
    rate: f32,
    onset: f32,
    grow: f32,
    phase: f32,
}

impl Shake {
    fn of(player: &Player<'_>, draft: &Draft, length: f32, moves: &[Move]) -> Option<Self> {
        let rules = &player.rules.vibrato;
        let site = player.site(draft);
        let asked = site.articulation == Articulation::Vibrato;
        let may = matches!(
            site.articulation,
            Articulation::Normal
                | Articulation::Legato
                | Articulation::Tenuto
                | Articulation::Accent
                | Articulation::Slide
                | Articulation::Bend
                | Articulation::Marcato
        );
        // Plucked and fretted strings shake melodies only; chords and basses stay still.
        let lone = player.melodic() || player.mono;
        let (depth, rate) = if asked {
            (rules.deep, rules.deep_rate)
        } else if may && lone && length >= rules.least {
            (rules.depth, rules.rate)
        } else {
            return None;
        };
        if depth <= 0.0 || length < 0.15 {
            return None;
        }
        let place = site.at.0 * 128 + i64::from(draft.key);
        let mut rng = noise::rng(player.reading.seed, Of::Vibrato, place);
        let moved = moves
            .iter()
            .filter(|m| m.to == 0.0)
            .map(|m| m.end)
            .fold(0.0, f32::max);
        let onset = if asked {
            0.08
        } else {
            rules.onset * rng.range(0.85, 1.15)
        };
        let energy = 0.7 + 0.6 * site.energy[0];
        let long = 0.65 + 0.35 * ((length - rules.least) / 1.2).clamp(0.0, 1.0);
        Some(Self {
            depth: depth
                * energy.min(1.25)
                * if asked { 1.0 } else { long }
                * rng.range(0.85, 1.15),
            rate: rate * rng.range(0.95, 1.05) * (0.96 + 0.08 * site.energy[0]),
            onset: (onset + moved).min(length * 0.6),
            grow: rng.range(0.3, 0.5),
            phase: if rng.chance(0.75) { 0.0 } else { 0.5 },
        })
    }

    /// Share of the depth at a time: none, growing, full, and dying away at the end.
    fn share(&self, at: f32, length: f32) -> f32 {
        let grown = ease((at - self.onset) / self.grow);
        let ending = ease((length - at) / (0.12 * length).clamp(0.05, 0.25));
        grown * ending.max(0.25)
    }

    fn cycles(&self, at: f32) -> f32 {
        // Quickens by a few per cent as it grows.
        let since = at - self.onset;
        since * self.rate * (1.0 + 0.03 * (since / 2.0).min(1.0)) + self.phase
    }
}

/// Draws movements and vibrato as one curve.
fn draw(length: f32, moves: &[Move], shake: Option<Shake>) -> Curve {
    let mut times: Vec<f32> = Vec::new();
    for step in moves {
        times.extend((0..=6).map(|i| step.start + (step.end - step.start) * i as f32 / 6.0));
    }
    if let Some(shake) = shake {
        times.push(shake.onset);
        let step = 0.125 / shake.rate;
        // Half a minute of vibrato is enough for any note.
        let count = ((length - shake.onset) / step).clamp(0.0, 2_000.0) as usize;
        times.extend((1..=count).map(|i| shake.onset + i as f32 * step));
    }
    times.sort_by(f32::total_cmp);
    let mut curve = Curve::default();
    for at in times {
        let mut cents = match moves.first() {
            Some(first) if at < first.start => first.from,
            _ => 0.0,
        };
        for step in moves {
            if at >= step.start {
                let x = ease((at - step.start) / (step.end - step.start).max(1e-4));
                cents = step.from + (step.to - step.from) * x;
            }
        }
        if let Some(shake) = shake
            && at > shake.onset
        {
            cents +=
                shake.depth * shake.share(at, length) * math::fast_sin_cycles(shake.cycles(at));
        }
        curve.push(round(at, 1e4), round(cents, 100.0));
    }
    curve
}

/// Curves are stored; a tenth of a millisecond and a hundredth of a cent are beyond hearing.
fn round(x: f32, by: f32) -> f32 {
    (x * by).round() / by
}

/// Semitones to the next note of the scale above a key.
pub(crate) fn upper_neighbor(player: &Player<'_>, draft: &Draft) -> u8 {
    let scale = player.site(draft).scale;
    (1..=2)
        .find(|step| scale.has_harmonic((draft.key + step) % 12))
        .unwrap_or(2)
}

/// Decibels by which a held note grows at most toward what follows.
const GROWTH: f32 = 6.0;

fn level(player: &Player<'_>, draft: &Draft) -> Curve {
    let rules = &player.rules.level;
    let site = player.site(draft);
    let length = (draft.off - draft.on) as f32;
    let mut curve = Curve::default();
    if site.articulation == Articulation::Fall {
        curve.push(round(length * 0.5, 1e4), 0.0);
        curve.push(round(length, 1e4), -14.0);
        return curve;
    }
    let flutter = site.articulation == Articulation::Flutter
        && !player.leaves(Articulation::Flutter)
        && player.reading.sampled;
    if flutter {
        // The tongue closes the stream some 25 times a second.
        let rate = 25.0;
        let count = (length * rate * 2.0).min(2_000.0) as usize;
        for i in 0..=count {
            let at = i as f32 / (rate * 2.0);
            curve.push(round(at, 1e4), if i % 2 == 0 { 0.0 } else { -7.0 });
        }
        return curve;
    }
    if !player.sustains() || length < 0.7 {
        return curve;
    }
    let place = site.at.0 * 128 + i64::from(draft.key);
    let mut rng = noise::rng(player.reading.seed, Of::Length, place ^ 0x5EED);
    // Messa di voce in proportion to the length, up to about two seconds.
    let long = ((length - 0.5) / 1.6).clamp(0.0, 1.0);
    let swell = rules.swell * long * rng.range(0.75, 1.2);
    let taper = rules.taper * long * rng.range(0.75, 1.2);
    let follow = rules.follow * (site.energy[1] - site.energy[0]);
    let leads = site.rise > 0.08 && length > 0.9 && player.closes[draft.site];
    let lead = if leads {
        rules.lead * (site.rise * 2.5).min(1.0)
    } else {
        0.0
    };
    // Both say the same thing, that something stronger comes: together they stay playable.
    let arrival = (follow + lead).min(GROWTH);
    let follow = follow.min(GROWTH);
    let peak = length * rng.range(0.38, 0.55);
    let onset = if draft.legato {
        -0.5 * swell
    } else {
        -0.7 * swell
    };
    let mut corners = vec![(0.0, onset), (peak, 0.3 * swell + 0.5 * follow)];
    if leads {
        corners.push((length, 0.3 * swell + arrival));
    } else {
        corners.push((length * 0.82, 0.3 * swell - 0.35 * taper + follow));
        corners.push((length, 0.3 * swell - taper + follow));
    }
    if corners.iter().all(|(_, db)| db.abs() < 0.15) {
        return curve;
    }
    let base = |at: f32| {
        let next = corners
            .iter()
            .position(|(time, _)| *time > at)
            .unwrap_or(corners.len() - 1)
            .max(1);
        let ((t0, v0), (t1, v1)) = (corners[next - 1], corners[next]);
        v0 + (v1 - v0) * ease((at - t0) / (t1 - t0).max(1e-4))
    };
    // Breath pulses with the vibrato.
    let pulse = player.rules.vibrato.level;
    let shake = (pulse > 0.0)
        .then(|| Shake::of(player, draft, length, &[]))
        .flatten();
    let (steps, rate) = match shake {
        Some(shake) => (
            ((length * shake.rate * 6.0) as usize).clamp(8, 2_000),
            shake.rate,
        ),
        None => (10, 0.0),
    };
    for i in 0..=steps {
        let at = length * i as f32 / steps as f32;
        let mut db = base(at);
        if let Some(shake) = shake
            && rate > 0.0
            && at > shake.onset
        {
            db += 0.5 * pulse * shake.share(at, length) * math::fast_sin_cycles(shake.cycles(at));
        }
        curve.push(round(at, 1e4), round(db, 1e3));
    }
    curve
}

fn tone(player: &Player<'_>, draft: &Draft) -> Curve {
    let rules = &player.rules.tone;
    let site = player.site(draft);
    let length = (draft.off - draft.on) as f32;
    let at = |energy: f32| {
        rules.energy * 2.0 * (energy - 0.5) + rules.effort * 2.0 * (draft.velocity - 0.55)
    };
    let (start, end) = (at(site.energy[0]), at(site.energy[1]));
    let mut curve = Curve::default();
    // What is not heard is not written.
    if start.abs().max(end.abs()) < 0.06 {
        return curve;
    }
    curve.push(0.0, round(start.clamp(-1.0, 1.0), 1e3));
    if player.sustains() && (end - start).abs() > 0.03 && length > 0.5 {
        curve.push(round(length, 1e4), round(end.clamp(-1.0, 1.0), 1e3));
    }
    curve
}
