//! Sample rate conversion of whole recordings.

use crate::error::{AudioFileError, ErrorKind};
use rubato::audioadapter_buffers::direct::SequentialSliceOfVecs;
use rubato::{Fft, FixedSync, Resampler, WindowFunction};
use yuefu_audio::{AudioBuffer, SampleRate};

/// Converts a recording to another rate by FFT (rubato), without delay: the instant of every
/// sound stays. The result has `ceil(frames * to / from)` frames.
pub fn resample(audio: &AudioBuffer, to: SampleRate) -> Result<AudioBuffer, AudioFileError> {
    if audio.rate == to || audio.channels.is_empty() {
        return Ok(AudioBuffer {
            rate: to,
            channels: audio.channels.clone(),
        });
    }
    let fail = |found: String| {
        AudioFileError::new(
            ErrorKind::InvalidInput,
            "resampling",
            format!("a conversion from {} Hz to {} Hz", audio.rate.0, to.0),
            found,
            "Use a rate between 1000 and 384000 Hz.",
        )
    };
    for rate in [audio.rate.0, to.0] {
        if !(1_000..=384_000).contains(&rate) {
            return Err(fail(format!("{rate} Hz")));
        }
    }
    let count = audio.channels.len();
    let frames = audio.frames();
    let (from_hz, to_hz) = (audio.rate.0 as usize, to.0 as usize);
    // The delay is half an output block, so that must be even for sounds to keep their instants:
    // an even multiple of the smallest block that both rates share.
    let unit = from_hz / gcd(from_hz, to_hz);
    let chunk = unit * (4096_usize.div_ceil(unit).next_multiple_of(2));
    let mut fft = Fft::<f32>::new_custom(
        from_hz,
        to_hz,
        chunk,
        1,
        count,
        WindowFunction::BlackmanHarris2,
        FixedSync::Input,
    )
    .map_err(|e| fail(e.to_string()))?;
    let wanted = (frames as u64 * u64::from(to.0)).div_ceil(u64::from(audio.rate.0)) as usize;
    let room = fft.process_all_needed_output_len(frames);
    let input = SequentialSliceOfVecs::new(&audio.channels, count, frames)
        .map_err(|e| fail(e.to_string()))?;
    let mut channels = vec![vec![0.0; room]; count];
    let mut output = SequentialSliceOfVecs::new_mut(&mut channels, count, room)
        .map_err(|e| fail(e.to_string()))?;
    fft.process_all_into_buffer(&input, &mut output, frames, None)
        .map_err(|e| fail(e.to_string()))?;
    for channel in &mut channels {
        channel.resize(wanted, 0.0);
    }
    Ok(AudioBuffer { rate: to, channels })
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}
