//! The sampler: SoundFont voices rendered offline, phrase by phrase.
//!
//! A phrase is known whole, so `plan` decides first which voices sound, how long, and how
//! they hand over to each other (legato, restruck keys, exclusive classes); `voice` then
//! renders each one by itself.

mod envelope;
mod filter;
mod modulate;
mod plan;
mod resample;
mod voice;

pub use modulate::{Controls, WHEEL};

use crate::{Instrument, bank::Bank};
use std::sync::Arc;
use voice::Canvas;
use yuefu_audio::{AudioBuffer, Clip, Frames, SampleRate, math};
use yuefu_song::{Family, PerformedPhrase};

/// Below this (−80 dB of full scale) the end of a clip is cut.
const FLOOR: f32 = 1e-4;
/// Frames over which the cut end is faded.
const FADE: usize = 256;

/// A preset of a bank as an instrument.
#[derive(Clone, Debug)]
pub struct Sampler {
    bank: Arc<Bank>,
    number: u16,
    program: u16,
    family: Family,
    polyphony: u8,
}

impl Sampler {
    /// A preset by bank number and program (bank 128 holds the kits); `None` when the bank has
    /// none there. Family and polyphony decide how notes are joined and varied.
    pub fn new(
        bank: Arc<Bank>,
        number: u16,
        program: u16,
        family: Family,
        polyphony: u8,
    ) -> Option<Self> {
        bank.regions(number, program)?;
        Some(Self {
            bank,
            number,
            program,
            family,
            polyphony,
        })
    }

    /// Renders a phrase under MIDI controllers, without any of the variation that makes
    /// repeated notes differ: for playing MIDI files as they stand.
    pub fn render_plain(
        &self,
        phrase: &PerformedPhrase,
        controls: &Controls,
        rate: SampleRate,
    ) -> Clip {
        self.play(phrase, controls, rate, false)
    }

    fn play(
        &self,
        phrase: &PerformedPhrase,
        controls: &Controls,
        rate: SampleRate,
        lively: bool,
    ) -> Clip {
        let voices = plan::plan(self, phrase, lively);
        let lead = phrase
            .notes
            .iter()
            .map(|note| -note.on.0)
            .fold(0.0, f64::max);
        let lead = (lead.min(60.0) * rate.hz()).ceil();
        let mut canvas = Canvas::default();
        for planned in &voices {
            let note = &phrase.notes[planned.note];
            let spec = planned.spec(note);
            let at = (note.on.0 + planned.delay) * rate.hz() + lead;
            voice::render(&spec, controls, rate.0 as f32, at, &mut canvas);
        }
        finish(canvas, lead as usize, rate)
    }
}

impl Instrument for Sampler {
    fn render(&self, phrase: &PerformedPhrase, rate: SampleRate) -> Clip {
        self.play(phrase, &Controls::default(), rate, true)
    }
}

/// Removes what some recordings have below hearing: a first-order high-pass at 6 Hz.
///
/// The channel grows by what the filter still holds at its end (at most half a second).
fn block_direct_current(channel: &mut Vec<f32>, rate: SampleRate) {
    let pole = 1.0 - math::exp(-std::f64::consts::TAU * 6.0 / rate.hz()) as f32;
    let mut low = 0.0;
    for sample in channel.iter_mut() {
        low += pole * (*sample - low);
        *sample -= low;
    }
    while low.abs() > FLOOR / 4.0 {
        low -= pole * low;
        channel.push(-low);
    }
}

/// Cuts what is silent at the end and hands the audio over.
fn finish(canvas: Canvas, lead: usize, rate: SampleRate) -> Clip {
    let mut channels = vec![canvas.left, canvas.right];
    for channel in &mut channels {
        block_direct_current(channel, rate);
    }
    let longest = channels.iter().map(Vec::len).max().unwrap_or(0);
    for channel in &mut channels {
        channel.resize(longest, 0.0);
    }
    let sounding = channels
        .iter()
        .map(|channel| {
            channel
                .iter()
                .rposition(|sample| sample.abs() > FLOOR)
                .map_or(0, |last| last + 1)
        })
        .max()
        .unwrap_or(0);
    for channel in &mut channels {
        let length = if sounding == 0 {
            0
        } else {
            (sounding + FADE).min(channel.len())
        };
        channel.truncate(length);
        channel.shrink_to_fit();
        let fade = FADE.min(length);
        for (index, sample) in channel[length - fade..].iter_mut().enumerate() {
            *sample *= 1.0 - (index + 1) as f32 / fade as f32;
        }
    }
    Clip {
        start: Frames(-(lead as i64)),
        audio: AudioBuffer { rate, channels },
    }
}
