//! RIFF WAVE writing (Microsoft multimedia standards; IBM/Microsoft RIFF 1.0).

use crate::pcm::{SampleFormat, quantize};
use crate::{error::AudioFileError, tags::Tags, writer::write_error};
use rayon::prelude::*;
use std::io::{self, Seek, SeekFrom, Write};
use yuefu_audio::AudioBuffer;

/// A streaming WAV encoder: header first, sizes patched at the end.
pub(crate) struct WavEncoder<W> {
    out: W,
    format: SampleFormat,
    channels: u16,
    data_bytes: u64,
    fact_at: Option<u64>,
    data_at: u64,
    scratch: Vec<u8>,
    pub(crate) clipped: u64,
}

impl<W: Write + Seek> WavEncoder<W> {
    pub(crate) fn new(
        mut out: W,
        rate: u32,
        channels: u16,
        format: SampleFormat,
        tags: &Tags,
    ) -> io::Result<Self> {
        let (head, fact_at) = head(rate, channels, format, tags);
        out.write_all(&head)?;
        Ok(Self {
            out,
            format,
            channels,
            data_bytes: 0,
            fact_at,
            data_at: head.len() as u64,
            scratch: Vec::new(),
            clipped: 0,
        })
    }

    /// The number of further bytes of samples that fit under RIFF's 4 GiB.
    fn room(&self) -> u64 {
        let overhead = self.data_at + 16;
        u64::from(u32::MAX).saturating_sub(overhead + self.data_bytes)
    }

    pub(crate) fn push(&mut self, block: &[&[f32]]) -> io::Result<()> {
        let frames = block.first().map_or(0, |c| c.len());
        let bytes = frames as u64 * u64::from(self.channels) * self.format.bytes() as u64;
        if bytes > self.room() {
            return Err(too_large());
        }
        self.scratch.clear();
        for i in 0..frames {
            for channel in block {
                match self.format {
                    SampleFormat::Int16 => {
                        let v = quantize(channel[i], 16, &mut self.clipped);
                        self.scratch.extend_from_slice(&(v as i16).to_le_bytes());
                    }
                    SampleFormat::Int24 => {
                        let v = quantize(channel[i], 24, &mut self.clipped);
                        self.scratch.extend_from_slice(&v.to_le_bytes()[..3]);
                    }
                    SampleFormat::Float32 => {
                        self.scratch.extend_from_slice(&channel[i].to_le_bytes());
                    }
                }
            }
        }
        self.out.write_all(&self.scratch)?;
        self.data_bytes += bytes;
        Ok(())
    }

    pub(crate) fn finish(mut self) -> io::Result<W> {
        if self.data_bytes % 2 == 1 {
            self.out.write_all(&[0])?;
        }
        let end = self.out.stream_position()?;
        self.out.seek(SeekFrom::Start(4))?;
        self.out.write_all(&((end - 8) as u32).to_le_bytes())?;
        if let Some(at) = self.fact_at {
            let frames = self.data_bytes / (4 * u64::from(self.channels).max(1));
            self.out.seek(SeekFrom::Start(at))?;
            self.out.write_all(&(frames as u32).to_le_bytes())?;
        }
        self.out.seek(SeekFrom::Start(self.data_at - 4))?;
        self.out
            .write_all(&(self.data_bytes as u32).to_le_bytes())?;
        self.out.seek(SeekFrom::Start(end))?;
        Ok(self.out)
    }
}

/// Everything before the samples, sizes left at zero, and where the count of frames belongs.
fn head(rate: u32, channels: u16, format: SampleFormat, tags: &Tags) -> (Vec<u8>, Option<u64>) {
    let bytes = format.bytes() as u16;
    let block = channels * bytes;
    let mut head = b"RIFF\0\0\0\0WAVEfmt ".to_vec();
    let float = format == SampleFormat::Float32;
    // Plain headers, which every program reads, where the format allows them; more than two
    // channels need WAVE_FORMAT_EXTENSIBLE to say which speaker each is for.
    let extensible = channels > 2;
    let code: u16 = if float { 3 } else { 1 };
    let size: u32 = if extensible {
        40
    } else if float {
        18
    } else {
        16
    };
    head.extend_from_slice(&size.to_le_bytes());
    head.extend_from_slice(&if extensible { 0xFFFE } else { code }.to_le_bytes());
    head.extend_from_slice(&channels.to_le_bytes());
    head.extend_from_slice(&rate.to_le_bytes());
    head.extend_from_slice(&(rate * u32::from(block)).to_le_bytes());
    head.extend_from_slice(&block.to_le_bytes());
    head.extend_from_slice(&(bytes * 8).to_le_bytes());
    if extensible {
        head.extend_from_slice(&22_u16.to_le_bytes());
        head.extend_from_slice(&(bytes * 8).to_le_bytes());
        let mask: u32 = match channels {
            4 => 0x33,
            5 => 0x37,
            6 => 0x3F,
            7 => 0x70F,
            8 => 0x63F,
            n => (1_u32 << n.min(18)) - 1,
        };
        head.extend_from_slice(&mask.to_le_bytes());
        head.extend_from_slice(&code.to_le_bytes());
        head.extend_from_slice(b"\0\0\0\0\x10\0\x80\0\0\xAA\0\x38\x9B\x71");
    } else if float {
        head.extend_from_slice(&0_u16.to_le_bytes());
    }
    let fact_at = float.then(|| {
        head.extend_from_slice(b"fact\x04\0\0\0\0\0\0\0");
        head.len() as u64 - 4
    });
    // Before the samples, where readers that stop at the end of the samples find them.
    for (id, body) in [(b"LIST", tags.riff_info()), (b"id3 ", tags.id3v2())] {
        if !body.is_empty() {
            head.extend_from_slice(id);
            head.extend_from_slice(&(body.len() as u32).to_le_bytes());
            head.extend_from_slice(&body);
            if body.len() % 2 == 1 {
                head.push(0);
            }
        }
    }
    head.extend_from_slice(b"data\0\0\0\0");
    (head, fact_at)
}

/// A recording as a 16-bit WAV file without tags, made on all threads: `round` brings a stretch of
/// a channel onto the 16-bit grid, given its samples, the channel and the number of the stretch
/// of `run` frames.
///
/// # Errors
/// When the recording is longer than the 4 GiB of a WAV file.
pub fn wav16(
    audio: &AudioBuffer,
    run: usize,
    round: impl Fn(&mut [f32], usize, usize) + Sync,
) -> Result<Vec<u8>, AudioFileError> {
    let channels = audio.channels.len().max(1);
    let frame = 2 * channels;
    let data = audio.frames() * frame;
    let Ok(size) = u32::try_from(data + 36) else {
        return Err(write_error(too_large()));
    };
    let (head, _) = head(
        audio.rate.0,
        channels as u16,
        SampleFormat::Int16,
        &Tags::default(),
    );
    let mut bytes = vec![0; head.len() + data];
    bytes[..head.len()].copy_from_slice(&head);
    bytes[4..8].copy_from_slice(&size.to_le_bytes());
    bytes[head.len() - 4..head.len()].copy_from_slice(&(data as u32).to_le_bytes());
    bytes[head.len()..]
        .par_chunks_mut(run.max(1) * frame)
        .enumerate()
        .for_each_init(Vec::new, |samples, (index, out)| {
            let from = index * run.max(1);
            for (number, channel) in audio.channels.iter().enumerate() {
                samples.clear();
                samples.extend_from_slice(&channel[from..from + out.len() / frame]);
                round(samples, number, index);
                for (bytes, x) in out.chunks_exact_mut(frame).zip(&*samples) {
                    let value = quantize(*x, 16, &mut 0) as i16;
                    bytes[2 * number..2 * number + 2].copy_from_slice(&value.to_le_bytes());
                }
            }
        });
    Ok(bytes)
}

fn too_large() -> io::Error {
    io::Error::new(
        io::ErrorKind::FileTooLarge,
        "a WAV file cannot be larger than 4 GiB; write FLAC instead",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AudioFormat, encode_bytes};
    use yuefu_audio::SampleRate;

    #[test]
    fn a_wav_made_on_all_threads_is_the_one_that_is_streamed() {
        for frames in [0, 1, 250, 1000] {
            let channel =
                |sign: f32| -> Vec<f32> { (0..frames).map(|i| sign * i as f32 / 1024.0).collect() };
            let audio = AudioBuffer {
                rate: SampleRate(44_100),
                channels: vec![channel(0.5), channel(-0.9)],
            };
            let format = AudioFormat::Wav(SampleFormat::Int16);
            let (streamed, _) = encode_bytes(&audio, format, &Tags::default()).unwrap();
            assert_eq!(wav16(&audio, 100, |_, _, _| {}).unwrap(), streamed);
        }
    }
}
