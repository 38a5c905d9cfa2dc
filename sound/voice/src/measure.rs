//! Measures of what was sung against what was planned: pitch, voicing, level, onsets.
//!
//! Used by the contract suite and by the bench, for any singer.

use crate::{
    phones::{self, Manner},
    plan::{PlanPhone, VoicePlan},
};
pub use yuefu_audio::pitch::Heard;
use yuefu_audio::{Clip, math, pitch};
use yuefu_lang::Part;

/// A clip with its plan.
#[derive(Clone, Copy, Debug)]
pub struct Sound<'a> {
    /// What was planned.
    pub plan: &'a VoicePlan,
    /// The mono clip.
    pub clip: &'a Clip,
}

impl Sound<'_> {
    fn rate(&self) -> f64 {
        self.clip.audio.rate.hz()
    }

    /// Samples between two instants of the plan.
    pub fn between(&self, from: f64, to: f64) -> &[f32] {
        let samples = &self.clip.audio.channels[0];
        let place = |time: f64| {
            let frame = (time * self.rate()).round() as i64 - self.clip.start.0;
            (frame.max(0) as usize).min(samples.len())
        };
        let (from, to) = (place(from), place(to));
        &samples[from..to.max(from)]
    }

    /// Root mean square between two instants, in dB of full scale.
    pub fn level(&self, from: f64, to: f64) -> f64 {
        let samples = self.between(from, to);
        if samples.is_empty() {
            return -200.0;
        }
        let sum: f64 = samples.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
        10.0 * math::log10((sum / samples.len() as f64).max(1e-20))
    }

    /// The pitch of 50 ms around an instant, looked for within half an octave of `near` hertz
    /// ([`pitch::near`]). `None` in silence.
    pub fn pitch(&self, time: f64, near: f64) -> Option<Heard> {
        let (_, longest) = pitch::lags(self.rate(), near);
        let half = 0.025 + longest as f64 / self.rate() / 2.0;
        if self.level(time - 0.02, time + 0.02) < -70.0 {
            return None;
        }
        pitch::near(self.between(time - half, time + half), self.rate(), near)
    }

    /// For each instant every 10 ms of the held vowels, the deviation from the planned pitch in
    /// cents; `None` where the sound is not periodic. Edges of 50 ms are left out.
    pub fn deviations(&self) -> Vec<Option<f64>> {
        let plan = self.plan;
        let mut out = Vec::new();
        for phone in held(plan) {
            let mut time = phone.start + 0.05;
            while time < phone.end - 0.05 {
                let planned = f64::from(plan.curves.f0.at(time - plan.start));
                let heard = self
                    .pitch(time, planned)
                    .filter(|heard| heard.clarity > 0.5);
                out.push(heard.map(|heard| 1200.0 * math::log2(heard.hz / planned)));
                time += 0.01;
            }
        }
        out
    }

    /// For each held vowel of at least 0.15 s, the median pitch over its time in cents from a key
    /// that `key` gives for the moment.
    pub fn notes(&self, key: &dyn Fn(f64) -> Option<f64>) -> Vec<f64> {
        let plan = self.plan;
        let mut out = Vec::new();
        for phone in held(plan).filter(|phone| phone.length() >= 0.15) {
            let mut cents = Vec::new();
            let mut time = phone.start + 0.06;
            while time < phone.end - 0.04 {
                if let Some(key) = key(time) {
                    let hz = 440.0 * math::exp2((key - 69.0) / 12.0);
                    let heard = self.pitch(time, hz).filter(|heard| heard.clarity > 0.5);
                    cents.extend(heard.map(|heard| 1200.0 * math::log2(heard.hz / hz)));
                }
                time += 0.01;
            }
            cents.sort_by(f64::total_cmp);
            if let Some(middle) = cents.get(cents.len() / 2) {
                out.push(*middle);
            }
        }
        out
    }

    /// For each syllable that begins with a voiceless obstruent, seconds from its beat to the moment
    /// at which its vowel has half of its energy: positive is late.
    pub fn onsets(&self) -> Vec<f64> {
        let plan = self.plan;
        let mut out = Vec::new();
        for (index, syllable) in plan.syllables.iter().enumerate() {
            let Some(nucleus) = plan.nucleus(index) else {
                continue;
            };
            let Some(before) = nucleus.checked_sub(1) else {
                continue;
            };
            let consonant = &plan.phones[before];
            let vowel = &plan.phones[nucleus];
            let obstruent = matches!(
                phones::manner(consonant.symbol),
                Manner::Stop | Manner::Affricate | Manner::Fricative
            ) && !consonant.voiced()
                && consonant.syllable == index;
            if !obstruent || vowel.length() < 0.1 {
                continue;
            }
            // The vowel's energy is its periodic part below 1.2 kHz, so that no hiss counts.
            let full = self.voiced_level(vowel.start + 0.06, vowel.start + 0.1);
            // Backward from within the vowel, so that the vowel before the consonant is not met.
            let mut time = vowel.start + 0.06;
            let early = consonant.start.max(syllable.on - 0.15);
            while time > early && self.voiced_level(time - 0.005, time + 0.005) > 0.25 * full {
                time -= 0.002;
            }
            out.push(time - syllable.on);
        }
        out
    }

    /// Mean square below about 1.2 kHz: a moving average over 0.4 ms, twice.
    fn voiced_level(&self, from: f64, to: f64) -> f64 {
        let samples = self.between(from, to);
        let wide = (self.rate() * 0.0004) as usize + 1;
        if samples.len() < 2 * wide {
            return 0.0;
        }
        let smooth = |input: &[f64]| -> Vec<f64> {
            input
                .windows(wide)
                .map(|w| w.iter().sum::<f64>() / wide as f64)
                .collect()
        };
        let input: Vec<f64> = samples.iter().map(|x| f64::from(*x)).collect();
        let low = smooth(&smooth(&input));
        low.iter().map(|x| x * x).sum::<f64>() / low.len() as f64
    }
}

/// The phones that carry the tune and sound.
fn held(plan: &VoicePlan) -> impl Iterator<Item = &PlanPhone> {
    plan.phones
        .iter()
        .filter(|phone| phone.part == Part::Nucleus && phone.voiced())
}
