//! A FLAC encoder (RFC 9639): linear prediction to order 8, adaptive stereo, partitioned Rice
//! codes. Frames are encoded in parallel; the bytes do not depend on the number of threads, nor
//! on the sizes of the blocks pushed.

mod bits;
mod frame;
mod predict;
mod rice;

use crate::pcm::quantize;
use crate::tags::Tags;
pub(crate) use frame::Effort;
use frame::Workspace;
use md5::{Digest, Md5};
use rayon::prelude::*;
use std::io::{self, Seek, SeekFrom, Write};

/// Samples per channel of a frame.
const BLOCK: usize = 4096;
/// Frames encoded at once: 64 stereo frames of integers are 2 MiB.
const BATCH: usize = 64;

/// A streaming FLAC encoder; the stream information is patched at the end.
pub(crate) struct FlacEncoder<W> {
    out: W,
    rate: u32,
    bits: u32,
    pending: Vec<Vec<i32>>,
    frames: u64,
    samples: u64,
    smallest: u32,
    largest: u32,
    effort: Effort,
    /// `None` at fast effort: the format takes zeros for an unknown digest, and every frame
    /// has its checksum.
    md5: Option<Md5>,
    pub(crate) clipped: u64,
}

impl<W: Write + Seek> FlacEncoder<W> {
    pub(crate) fn new(
        mut out: W,
        rate: u32,
        channels: u16,
        bits: u32,
        effort: Effort,
        tags: &Tags,
    ) -> io::Result<Self> {
        out.write_all(b"fLaC\0\0\0\x22")?;
        out.write_all(&[0; 34])?;
        // The last metadata block carries the flag 0x80; type 4 is the Vorbis comment.
        let comment = tags.vorbis_block();
        out.write_all(&(0x8400_0000 | comment.len() as u32).to_be_bytes())?;
        out.write_all(&comment)?;
        Ok(Self {
            out,
            rate,
            bits,
            pending: vec![Vec::with_capacity(BLOCK * BATCH); usize::from(channels)],
            frames: 0,
            samples: 0,
            smallest: u32::MAX,
            largest: 0,
            effort,
            md5: (effort == Effort::Best).then(Md5::new),
            clipped: 0,
        })
    }

    pub(crate) fn push(&mut self, block: &[&[f32]]) -> io::Result<()> {
        let len = block.first().map_or(0, |c| c.len());
        let mut at = 0;
        while at < len {
            let take = (BLOCK * BATCH - self.pending[0].len()).min(len - at);
            for (to, from) in self.pending.iter_mut().zip(block) {
                let (bits, clipped) = (self.bits, &mut self.clipped);
                to.extend(
                    from[at..at + take]
                        .iter()
                        .map(|&x| quantize(x, bits, clipped)),
                );
            }
            at += take;
            if self.pending[0].len() == BLOCK * BATCH {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Encodes everything pending; only the very last call may leave a short frame.
    fn flush(&mut self) -> io::Result<()> {
        let len = self.pending[0].len();
        if len == 0 {
            return Ok(());
        }
        let (pending, md5) = (&self.pending, &mut self.md5);
        let (rate, bits, first, effort) = (self.rate, self.bits, self.frames, self.effort);
        let count = len.div_ceil(BLOCK);
        let (encoded, ()) = rayon::join(
            || -> Vec<Vec<u8>> {
                (0..count)
                    .into_par_iter()
                    .map_init(Workspace::default, |work, index| {
                        let range = index * BLOCK..((index + 1) * BLOCK).min(len);
                        let mut channels: [&[i32]; 8] = [&[]; 8];
                        for (slot, channel) in channels.iter_mut().zip(pending) {
                            *slot = &channel[range.clone()];
                        }
                        let channels = &channels[..pending.len()];
                        frame::encode(channels, first + index as u64, rate, bits, effort, work)
                    })
                    .collect()
            },
            || {
                if let Some(md5) = md5 {
                    digest(md5, pending, bits);
                }
            },
        );
        for bytes in &encoded {
            self.smallest = self.smallest.min(bytes.len() as u32);
            self.largest = self.largest.max(bytes.len() as u32);
            self.out.write_all(bytes)?;
        }
        self.frames += count as u64;
        self.samples += len as u64;
        for channel in &mut self.pending {
            channel.clear();
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.flush()?;
        let end = self.out.stream_position()?;
        let mut info = Vec::with_capacity(34);
        info.extend_from_slice(&(BLOCK as u16).to_be_bytes());
        info.extend_from_slice(&(BLOCK as u16).to_be_bytes());
        let smallest = if self.frames == 0 { 0 } else { self.smallest };
        for size in [smallest, self.largest] {
            // 24 bits; zero means unknown.
            let size = if size < 1 << 24 { size } else { 0 };
            info.extend_from_slice(&size.to_be_bytes()[1..]);
        }
        let total = if self.samples < 1 << 36 {
            self.samples
        } else {
            0
        };
        let packed = u64::from(self.rate) << 44
            | (self.pending.len() as u64 - 1) << 41
            | u64::from(self.bits - 1) << 36
            | total;
        info.extend_from_slice(&packed.to_be_bytes());
        let digest = self.md5.map(|md5| md5.finalize().into());
        info.extend_from_slice(&digest.unwrap_or([0_u8; 16]));
        self.out.seek(SeekFrom::Start(8))?;
        self.out.write_all(&info)?;
        self.out.seek(SeekFrom::Start(end))?;
        Ok(self.out)
    }
}

/// Feeds interleaved little-endian samples to the stream's MD5 (RFC 9639, section 8.2).
fn digest(md5: &mut Md5, channels: &[Vec<i32>], bits: u32) {
    let bytes = bits as usize / 8;
    let mut scratch = Vec::with_capacity(BLOCK * channels.len() * bytes);
    let len = channels[0].len();
    for start in (0..len).step_by(BLOCK) {
        scratch.clear();
        for i in start..(start + BLOCK).min(len) {
            for channel in channels {
                scratch.extend_from_slice(&channel[i].to_le_bytes()[..bytes]);
            }
        }
        md5.update(&scratch);
    }
}
