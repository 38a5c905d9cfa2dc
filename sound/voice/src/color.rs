//! Loudness and color at every instant.

use crate::{
    phones::{self, Manner},
    pitch::{Frames, sampled},
    plan::{Curves, Track},
    sung::Sung,
    timing::{RELEASE, Timing},
};
use yuefu_audio::math;
use yuefu_song::{VoiceCurves, VoiceSettings, lyrics::Delivery};

/// The effort at which the level is 0 dB: a written mezzo-forte.
const NORMAL: f32 = 0.63;
/// The level of rests.
const SILENCE: f32 = -120.0;
/// A vowel without a consonant before it begins in this many seconds after a rest.
const ATTACK: f64 = 0.045;

/// Everything but pitch.
pub(crate) fn curves(
    sung: &Sung,
    timing: &Timing,
    settings: &VoiceSettings,
    curves: &VoiceCurves,
    frames: Frames,
) -> Curves {
    let effort = effort(sung, frames);
    let mut level: Vec<f32> = effort
        .iter()
        .map(|effort| math::gain_to_db(effort.max(0.02) / NORMAL))
        .collect();
    notes_level(&mut level, sung, frames);
    let mut air = vec![0.0; frames.count];
    reattack(&mut level, sung, timing, frames);
    ends(&mut level, &mut air, sung, timing, frames);
    for (level, extra) in level.iter_mut().zip(sampled(&curves.level, frames)) {
        *level = (*level + extra + settings.level).clamp(SILENCE, 30.0);
    }
    let breathiness = air
        .iter()
        .zip(&effort)
        .zip(sampled(&curves.breathiness, frames))
        .map(|((air, effort), extra)| {
            // Soft singing lets air through.
            let soft = (0.4 - effort).max(0.0) * 0.8;
            (air + soft + extra + settings.breathiness).clamp(-1.0, 1.0)
        })
        .collect();
    let tension = effort
        .iter()
        .zip(sampled(&curves.tension, frames))
        .map(|(effort, extra)| {
            ((effort - NORMAL) * 0.9 + extra + settings.tension).clamp(-1.0, 1.0)
        })
        .collect();
    let formant = sampled(&curves.formant, frames)
        .map(|extra| (extra + settings.formant).clamp(-24.0, 24.0))
        .collect();
    Curves {
        f0: Track::default(),
        tune: Track::default(),
        level: Track(level),
        breathiness: Track(breathiness),
        tension: Track(tension),
        formant: Track(formant),
        voicing: Track(voicing(sung, timing, frames)),
    }
}

/// Effort of the notes with eased steps between them.
fn effort(sung: &Sung, frames: Frames) -> Vec<f32> {
    let notes: Vec<(f64, f32)> = sung
        .syllables
        .iter()
        .flat_map(|syllable| syllable.notes.iter().map(|note| (note.on, note.velocity)))
        .collect();
    let mut out = vec![notes.first().map_or(NORMAL, |note| note.1); frames.count];
    for (number, pair) in notes.windows(2).enumerate() {
        let until = notes.get(number + 2).map_or(f64::INFINITY, |next| next.0);
        let (from, to) = (pair[1].0 - 0.08, pair[1].0);
        for index in frames.range(from, until) {
            let share = ((frames.time(index) - from) / (to - from)).min(1.0) as f32;
            out[index] = pair[0].1 + (pair[1].1 - pair[0].1) * share;
        }
    }
    out
}

/// Swells that the performance asks for, carried on over what follows the note without a jump.
fn notes_level(level: &mut [f32], sung: &Sung, frames: Frames) {
    let mut asked = vec![0.0_f32; frames.count];
    let mut held = 0.0;
    let notes: Vec<_> = sung.syllables.iter().flat_map(|s| &s.notes).collect();
    for (index, note) in notes.iter().enumerate() {
        let end = notes.get(index + 1).map_or(f64::INFINITY, |next| next.on);
        let mut cursor = note.level.cursor();
        let range = frames.range(note.on, end);
        for (step, frame) in range.enumerate() {
            let time = (frames.time(frame) - note.on).min(note.off - note.on);
            let wanted = cursor.at(time as f32);
            // From the level before to this one within 60 ms.
            let share = (step as f32 * 0.005 / 0.06).min(1.0);
            asked[frame] = held + (wanted - held) * share;
        }
        held = cursor.at((note.off - note.on) as f32);
    }
    for (level, asked) in level.iter_mut().zip(asked) {
        *level += asked.clamp(-60.0, 20.0);
    }
}

/// A vowel that follows a vowel of the same kind is set off by a short dip, or a repeated note
/// would not be heard as two.
fn reattack(level: &mut [f32], sung: &Sung, timing: &Timing, frames: Frames) {
    for index in 1..timing.syllables.len() {
        let (from, _) = timing.syllables[index].phones;
        let first = &timing.phones[from];
        let before = &timing.phones[from - 1];
        let meets = timing.joined[index]
            && !sung.syllables[index].slurred
            && phones::manner(first.symbol) == Manner::Vowel
            && phones::manner(before.symbol) == Manner::Vowel;
        if !meets {
            continue;
        }
        let depth = if first.symbol == before.symbol {
            9.0
        } else {
            4.0
        };
        let half = 0.04_f64.min(0.25 * first.length());
        for frame in frames.range(first.start - half, first.start + half) {
            let away = ((frames.time(frame) - first.start).abs() / half) as f32;
            level[frame] -= depth * (1.0 - away * away).max(0.0);
        }
    }
}

/// Silence in rests, soft beginnings, releases.
fn ends(level: &mut [f32], air: &mut [f32], sung: &Sung, timing: &Timing, frames: Frames) {
    let mut end = f64::NEG_INFINITY;
    for (index, syllable) in timing.syllables.iter().enumerate() {
        let (from, to) = syllable.phones;
        let (first, last) = (&timing.phones[from], &timing.phones[to - 1]);
        if !timing.joined[index] {
            silence(level, frames.range(end, first.start));
            if phones::manner(first.symbol) == Manner::Vowel {
                for frame in frames.range(first.start, first.start + ATTACK) {
                    let share = ((frames.time(frame) - first.start) / ATTACK) as f32;
                    level[frame] += -36.0 * (1.0 - share) * (1.0 - share);
                }
            }
        }
        end = last.end;
        let closes = !timing.joined.get(index + 1).copied().unwrap_or(false);
        if !closes {
            continue;
        }
        let voiced = last.voiced();
        let length = if voiced { 2.0 * RELEASE } else { 0.03 };
        let length = length.min(0.5 * (last.end - first.start)).max(0.005);
        let start = last.end - length;
        for frame in frames.range(start, last.end) {
            let share = ((frames.time(frame) - start) / length) as f32;
            // The folds open before they stop.
            if voiced && sung.syllables[index].delivery != Delivery::Rap {
                air[frame] += 0.3 * share;
            }
            level[frame] += -60.0 * share * share * share;
        }
    }
    silence(level, frames.range(end, f64::INFINITY));
}

fn silence(level: &mut [f32], range: std::ops::Range<usize>) {
    level[range].fill(SILENCE);
}

/// 0 through whispered syllables.
fn voicing(sung: &Sung, timing: &Timing, frames: Frames) -> Vec<f32> {
    let mut out = vec![1.0; frames.count];
    for (syllable, planned) in sung.syllables.iter().zip(&timing.syllables) {
        if syllable.delivery != Delivery::Whisper {
            continue;
        }
        let (from, to) = planned.phones;
        out[frames.range(timing.phones[from].start, timing.phones[to - 1].end)].fill(0.0);
    }
    out
}
