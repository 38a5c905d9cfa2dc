//! The voice plan: all that a singer is told.
//!
//! Times are seconds relative to the start of the phrase; they may be negative, for consonants
//! sound before the beat. A plan depends on its phrase alone, so equal phrases are sung alike
//! wherever they lie in a song.

use crate::phones;
use serde::Serialize;
use yuefu_lang::Part;

/// Distance of two values of a curve, in seconds. Backends with other frames read the curves
/// through [`Track::at`].
pub const FRAME: f64 = 0.005;

/// What is to be sung in one phrase.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VoicePlan {
    /// Syllables in the order in which they are sung, each exactly once.
    pub syllables: Vec<PlanSyllable>,
    /// Phones in order; they do not overlap. Between two phones that do not touch there is rest.
    pub phones: Vec<PlanPhone>,
    /// Breaths taken in rests, in order.
    pub breaths: Vec<Breath>,
    /// When the sound begins: at or before the first phone and breath. Curves begin here too.
    pub start: f64,
    /// When the sound has ended, releases included.
    pub end: f64,
    /// Pitch, loudness and color.
    pub curves: Curves,
    /// Seed of everything random in the sound (noise).
    pub seed: u64,
}

/// A syllable of the plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanSyllable {
    /// Code of its language, as in `yuefu_lang`.
    pub lang: &'static str,
    /// Tone, where the language has tones.
    pub tone: Option<u8>,
    /// Stress: 0 none, 1 primary, 2 secondary; where the language has stress.
    pub stress: Option<u8>,
    /// Whether it begins a word.
    pub starts_word: bool,
    /// What follows it, as punctuation: a backend that has read sentences wants to know.
    pub pause: Pause,
    /// Its phones: a range of [`VoicePlan::phones`].
    pub phones: (usize, usize),
    /// When its vowel begins: the beat, give or take the playing.
    pub on: f64,
}

/// What follows a syllable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pause {
    /// The next syllable.
    #[default]
    None,
    /// A short rest, as at a comma.
    Breath,
    /// The end of a line or of the phrase, as at a full stop.
    End,
}

/// A phone and when it sounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PlanPhone {
    /// Its symbol, as in `yuefu_lang`.
    pub symbol: &'static str,
    /// Its place in the syllable.
    pub part: Part,
    /// Its syllable: an index of [`VoicePlan::syllables`].
    pub syllable: usize,
    /// When it begins.
    pub start: f64,
    /// When it ends.
    pub end: f64,
    /// How long the singer would naturally hold it, in seconds: what is more is sustained in
    /// its middle, what is less is hurried.
    pub natural: f64,
}

impl PlanPhone {
    /// Its length in seconds.
    pub fn length(&self) -> f64 {
        self.end - self.start
    }

    /// Whether the vocal folds sound through it (unless whispered).
    pub fn voiced(&self) -> bool {
        phones::is_voiced(self.symbol)
    }

    /// Where in a naturally long phone an instant of this one lies, 0..=1.
    ///
    /// The first and the last 60 ms pass as in speech, and what is left over is held in the
    /// middle. A phone shorter than natural is hurried evenly.
    pub fn progress(&self, time: f64) -> f64 {
        const EDGE: f64 = 0.06;
        let length = self.length();
        let at = (time - self.start).clamp(0.0, length.max(0.0));
        if length <= 0.0 || self.natural <= 0.0 {
            return 0.0;
        }
        if length <= self.natural {
            return at / length;
        }
        let edge = EDGE.min(0.5 * self.natural);
        let natural = if at < edge {
            at
        } else if at > length - edge {
            self.natural - (length - at)
        } else {
            // From one edge to the other; nothing to pass where the edges meet.
            let share = (at - edge) / (length - 2.0 * edge);
            edge + share * (self.natural - 2.0 * edge)
        };
        (natural / self.natural).clamp(0.0, 1.0)
    }
}

/// A breath before singing: noise, shaped by the vowel to come.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Breath {
    /// When it begins.
    pub start: f64,
    /// When it ends.
    pub end: f64,
    /// Its level in decibels relative to the singer's normal level.
    pub level: f32,
    /// The syllable that is sung after it.
    pub before: usize,
}

/// A value every [`FRAME`] seconds from the plan's start on.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Track(pub Vec<f32>);

impl Track {
    /// The value at `offset` seconds after the plan's start, interpolated; the first and last
    /// values hold outside, and an empty track is zero.
    pub fn at(&self, offset: f64) -> f32 {
        let Some(last) = self.0.len().checked_sub(1) else {
            return 0.0;
        };
        let place = (offset / FRAME).clamp(0.0, last as f64);
        let index = (place as usize).min(last);
        let share = (place - index as f64) as f32;
        let a = self.0[index];
        let b = self.0[(index + 1).min(last)];
        a + (b - a) * share
    }
}

/// Curves of a plan. All have [`VoicePlan::frames`] values.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Curves {
    /// Pitch in hertz, vibrato and everything else included. Defined at every frame, also where
    /// nothing is voiced.
    pub f0: Track,
    /// The tune without vibrato, scoops and drift, in hertz: what a network that must not see
    /// ornaments is shown.
    pub tune: Track,
    /// Level in decibels relative to the singer's normal level. What is beyond the release of
    /// the last phone of a line is far below.
    pub level: Track,
    /// Breathiness: −1 (none) through 0 (as the singer is) to 1 (mostly air).
    pub breathiness: Track,
    /// Tension: −1 (relaxed, dark) through 0 to 1 (pressed, bright).
    pub tension: Track,
    /// Shift of the formants in semitones: negative for a larger, positive for a smaller body.
    pub formant: Track,
    /// Voicing: 1 as the phones ask, 0 whispered.
    pub voicing: Track,
}

impl VoicePlan {
    /// The number of values of each curve.
    pub fn frames(&self) -> usize {
        frames_of(self.start, self.end)
    }

    /// The index of the phone that sounds at an instant; `None` in rests.
    pub fn phone_at(&self, time: f64) -> Option<usize> {
        let after = self.phones.partition_point(|phone| phone.start <= time);
        let index = after.checked_sub(1)?;
        (time < self.phones[index].end).then_some(index)
    }

    /// The phone that carries a syllable, or its first where it has no vowel.
    pub fn nucleus(&self, syllable: usize) -> Option<usize> {
        let (from, to) = self.syllables.get(syllable)?.phones;
        (from..to)
            .find(|index| self.phones[*index].part == Part::Nucleus)
            .or((from < to).then_some(from))
    }

    /// Everything wrong with a plan, each as a sentence: a plan that passes can be sung.
    pub fn faults(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut before = self.start;
        for (index, phone) in self.phones.iter().enumerate() {
            if !(phone.start >= before - 1e-9 && phone.end >= phone.start) {
                wrong.push(format!(
                    "phone {index} ({}) lies at {:.4}..{:.4}, after {before:.4}",
                    phone.symbol, phone.start, phone.end
                ));
            }
            before = phone.end;
        }
        if before > self.end + 1e-9 {
            wrong.push(format!(
                "the last phone ends at {before:.4}, the plan at {:.4}",
                self.end
            ));
        }
        let mut next = 0;
        for (index, syllable) in self.syllables.iter().enumerate() {
            let (from, to) = syllable.phones;
            if from != next || to <= from || to > self.phones.len() {
                wrong.push(format!(
                    "syllable {index} has phones {from}..{to}, expected {next}.."
                ));
            } else if self.phones[from..to].iter().any(|p| p.syllable != index) {
                wrong.push(format!("phones of syllable {index} name another syllable"));
            }
            next = to;
        }
        if next != self.phones.len() {
            wrong.push(format!(
                "{} phones belong to no syllable",
                self.phones.len() - next
            ));
        }
        let frames = self.frames();
        let curves = &self.curves;
        for (name, track, low, high) in [
            ("f0", &curves.f0, 20.0, 4000.0),
            ("tune", &curves.tune, 20.0, 4000.0),
            ("level", &curves.level, -200.0, 40.0),
            ("breathiness", &curves.breathiness, -1.0, 1.0),
            ("tension", &curves.tension, -1.0, 1.0),
            ("formant", &curves.formant, -24.0, 24.0),
            ("voicing", &curves.voicing, 0.0, 1.0),
        ] {
            if track.0.len() != frames {
                wrong.push(format!(
                    "{name} has {} values, expected {frames}",
                    track.0.len()
                ));
            }
            if let Some(value) = track.0.iter().find(|value| !(low..=high).contains(*value)) {
                wrong.push(format!("{name} reaches {value}, expected {low}..={high}"));
            }
        }
        wrong
    }
}

/// The number of values of curves between two instants: one at either end and one every
/// [`FRAME`] between.
pub fn frames_of(start: f64, end: f64) -> usize {
    ((end - start).max(0.0) / FRAME).ceil() as usize + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_phones_are_held_in_their_middle() {
        let phone = PlanPhone {
            symbol: "a",
            part: Part::Nucleus,
            syllable: 0,
            start: 1.0,
            end: 3.0,
            natural: 0.2,
        };
        assert_eq!(phone.progress(0.5), 0.0);
        assert!((phone.progress(1.03) - 0.15).abs() < 1e-9);
        assert!((phone.progress(2.0) - 0.5).abs() < 1e-9);
        assert!((phone.progress(2.98) - 0.9).abs() < 1e-9);
        assert_eq!(phone.progress(9.0), 1.0);
        let mut last = 0.0;
        for step in 0..=200 {
            let now = phone.progress(1.0 + 0.01 * f64::from(step));
            assert!(now >= last);
            last = now;
        }
        let short = PlanPhone { end: 1.1, ..phone };
        assert!((short.progress(1.05) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn tracks_are_read_between_and_beyond_their_values() {
        let track = Track(vec![1.0, 2.0, 4.0]);
        for (at, value) in [
            (-1.0, 1.0),
            (0.0, 1.0),
            (0.0025, 1.5),
            (0.0075, 3.0),
            (9.0, 4.0),
        ] {
            assert!((track.at(at) - value).abs() < 1e-6, "{at}");
        }
        assert_eq!(Track::default().at(0.3), 0.0);
    }
}
