//! RIFF WAVE writing (Microsoft multimedia standards; IBM/Microsoft RIFF 1.0).

use crate::pcm::{SampleFormat, quantize};
use crate::tags::Tags;
use std::io::{self, Seek, SeekFrom, Write};

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
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "a WAV file cannot be larger than 4 GiB; write FLAC instead",
            ));
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
