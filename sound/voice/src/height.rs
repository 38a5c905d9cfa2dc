//! What a voice does on high notes to be understood.
//!
//! A listener hears of a vowel's envelope only what sounds. Harmonics of high notes are far apart,
//! and most of the envelope lies in silence between them; what the vocoder knows as a voice without
//! any noise at low frequencies does not exist in nature. So a little air sounds between the
//! harmonics, more of it the higher the note, and the larynx rises a little with the pitch.

use yuefu_audio::math;

/// Pitch in hertz up to which a voice sings as it speaks: A3.
const SPEECH: f32 = 220.0;
/// Least noise of a voice at and below [`SPEECH`], in decibels below its harmonics.
const AIR: f32 = -26.0;
/// How much more of it there is an octave higher, in decibels.
const AIR_RISES: f32 = 8.0;
/// Octaves above [`SPEECH`] from which on no more is changed.
const HIGHEST: f32 = 1.3;
/// Octaves that the formants rise by with each octave of pitch: a semitone.
const LARYNX: f32 = 0.08;
/// Air sounds from this multiple of the pitch up: below it, it would drown the first harmonic of a
/// vowel whose first formant lies there.
const BOTTOM: f32 = 0.8;

/// Octaves of a pitch above that of speech.
fn height(pitch: f32) -> f32 {
    let octaves = math::log2(f64::from(pitch.max(SPEECH) / SPEECH)) as f32;
    octaves.min(HIGHEST)
}

/// The air in a voice.
#[derive(Clone, Copy, Debug)]
pub struct Air {
    bottom: f32,
    share: f32,
}

impl Air {
    /// Of a voice that sings a pitch in hertz.
    pub fn new(pitch: f32) -> Self {
        Self {
            bottom: BOTTOM * pitch,
            share: math::db_to_gain(AIR + AIR_RISES * height(pitch)),
        }
    }

    /// The least share of noise in the amplitude at a frequency.
    pub fn at(self, hertz: f32) -> f32 {
        match hertz < self.bottom {
            true => 0.0,
            false => self.share,
        }
    }
}

/// The factor of all formants' frequencies at a pitch in hertz.
pub fn larynx(pitch: f32) -> f32 {
    math::exp2(f64::from(LARYNX * height(pitch))) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_voices_stay_as_they_are() {
        let air = |pitch| Air::new(pitch).at(3000.0);
        assert_eq!(air(110.0), air(220.0));
        assert!(air(440.0) > 2.0 * air(220.0));
        assert!(air(2000.0) < 0.25);
        assert_eq!(Air::new(600.0).at(300.0), 0.0);
        assert_eq!(larynx(110.0), 1.0);
        assert!((1.05..1.09).contains(&larynx(2000.0)));
    }
}
