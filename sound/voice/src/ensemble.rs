//! Several voices on one track: doubles, chords, choirs.
//!
//! Every voice sings the phrase from a plan of its own, as another person would: a little earlier
//! or later, a little sharp or flat, with another body. Ternström, *Preferences and perception in
//! choir singing* (J. Acoust. Soc. Am. 1999), measured spreads of some 10 to 15 cents and tens of
//! milliseconds in good choirs.

use crate::{
    score::{self, Expression},
    singer::{Singer, VoiceError},
    sung::{self, Remark, Sung},
};
use yuefu_audio::{AudioBuffer, Clip, Frames, SampleRate, math};
use yuefu_engine::{Rng, SeedPath};
use yuefu_song::PerformedPhrase;

/// Voices at most, whatever is asked.
const MOST: usize = 16;

/// A phrase as sound, with what could not be sung as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Chorus {
    /// Mono for one voice, stereo for several.
    pub clip: Clip,
    /// Words that are hummed because their reading is no reading.
    pub remarks: Vec<Remark>,
}

/// Sings a phrase: as many voices as the settings ask, and as many as the largest chord has notes.
///
/// # Errors
/// When the singer cannot sing.
pub fn sing(
    phrase: &PerformedPhrase,
    expression: &Expression,
    singer: &dyn Singer,
    rate: SampleRate,
) -> Result<Chorus, VoiceError> {
    let settings = expression.settings.clone().limited();
    let parts = sung::parts(phrase);
    let voices = usize::from(settings.voices).max(parts).min(MOST);
    if voices == 1 && !expression.beside {
        let planned = score::plan(phrase, expression, singer)?;
        return Ok(Chorus {
            clip: singer.sing(&planned.plan, rate)?,
            remarks: planned.remarks,
        });
    }
    let mut clips = Vec::with_capacity(voices);
    let mut remarks = Vec::new();
    for voice in 0..voices {
        let mut sung = sung::read(phrase, voice % parts);
        let mut own = expression.clone();
        let mut rng = SeedPath::song(phrase.seed).join("voice").join(voice).rng();
        // The first voice of a unison is the lead and stays as it is, unless one sings beside it.
        if voice > 0 || expression.beside {
            vary(&mut sung, &mut own, settings.spread, &mut rng);
        }
        let planned = score::plan_sung(&sung, &own, singer)?;
        if voice == 0 {
            remarks = planned.remarks;
        }
        clips.push(singer.sing(&planned.plan, rate)?);
    }
    if voices == 1
        && let Some(clip) = clips.pop()
    {
        return Ok(Chorus { clip, remarks });
    }
    Ok(Chorus {
        clip: spread(&clips, settings.spread, !expression.beside, rate),
        remarks,
    })
}

/// Makes another person of the singer.
fn vary(sung: &mut Sung, expression: &mut Expression, spread: f32, rng: &mut Rng) {
    sung.seed = rng.bits();
    let lag = f64::from(0.012 * spread * rng.range(-1.0, 1.0));
    let detune = 0.07 * spread * rng.range(-1.0, 1.0);
    for syllable in &mut sung.syllables {
        // Each beat is met anew, the notes of a melisma together.
        let late = lag + f64::from(0.01 * spread * rng.range(-1.0, 1.0));
        for note in &mut syllable.notes {
            note.on += late;
            note.off += late;
            note.key += detune;
        }
    }
    // Nobody sings two syllables at once.
    let ons: Vec<f64> = sung
        .syllables
        .iter()
        .map(|syllable| syllable.on())
        .collect();
    for (syllable, next) in sung.syllables.iter_mut().zip(ons.iter().skip(1)) {
        for note in &mut syllable.notes {
            note.off = note.off.min(*next).max(note.on + 0.001);
        }
    }
    let settings = &mut expression.settings;
    settings.formant += 0.9 * spread * rng.range(-1.0, 1.0);
    settings.vibrato_rate += 0.5 * spread * rng.range(-1.0, 1.0);
    settings.vibrato_depth *= 1.0 + 0.3 * spread * rng.range(-1.0, 0.3);
    settings.drift += 4.0 * spread;
    settings.tension -= 0.1 * spread;
    // One breath is heard, not many.
    settings.breaths = -80.0;
}

/// Puts the voices side by side; together they are as loud as one. Where the first is a lead it
/// stands in the middle.
fn spread(clips: &[Clip], width: f32, led: bool, rate: SampleRate) -> Clip {
    let start = clips.iter().map(|clip| clip.start.0).min().unwrap_or(0);
    let end = clips
        .iter()
        .map(|clip| clip.start.0 + clip.audio.frames() as i64)
        .max()
        .unwrap_or(0);
    let frames = usize::try_from(end - start).unwrap_or(0);
    let mut audio = AudioBuffer::silent(rate, 2, frames);
    let count = clips.len();
    let each = 1.0 / (count as f32).sqrt();
    for (voice, clip) in clips.iter().enumerate() {
        // The lead in the middle, the others to the left and the right in turn; without a lead
        // an even number leaves the middle free.
        let seat = voice + usize::from(!led && count.is_multiple_of(2));
        let side = if seat % 2 == 1 { -1.0 } else { 1.0 };
        let far = seat.div_ceil(2) as f32 / (count / 2).max(1) as f32;
        let pan = (0.7 * width.min(1.0) * side * far).clamp(-1.0, 1.0);
        let angle = f64::from(0.125 * (pan + 1.0)) * std::f64::consts::TAU;
        // Equal power; a voice in the middle is as loud in either channel as alone.
        let gains = [math::cos(angle), math::sin(angle)];
        let at = usize::try_from(clip.start.0 - start).unwrap_or(0);
        let Some(source) = clip.audio.channels.first() else {
            continue;
        };
        for (channel, gain) in audio.channels.iter_mut().zip(gains) {
            let gain = gain as f32 * std::f32::consts::SQRT_2 * each;
            for (out, sample) in channel[at..].iter_mut().zip(source) {
                *out += sample * gain;
            }
        }
    }
    Clip {
        start: Frames(start),
        audio,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn each_voice_is_somebody_else_and_sings_all() {
        let phrase = testing::line("en", &[("L AA1", 60), ("L AO1", 62), ("L IY1", 64)], 0.4);
        let lead = sung::read(&phrase, 0);
        let mut rng = Rng::new(3);
        for spread in [0.0, 1.0, 2.0] {
            let mut sung = lead.clone();
            let mut expression = Expression::default();
            vary(&mut sung, &mut expression, spread, &mut rng);
            assert_eq!(sung.syllables.len(), lead.syllables.len());
            for pair in sung.syllables.windows(2) {
                assert!(pair[0].off() <= pair[1].on() + 1e-9);
            }
            let moved = (sung.syllables[1].on() - lead.syllables[1].on()).abs();
            assert!(moved <= 0.022 * f64::from(spread) + 1e-9);
            assert_eq!(moved == 0.0, spread == 0.0);
        }
    }
}
