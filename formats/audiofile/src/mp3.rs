//! MP3 encoding by LAME (feature `mp3`).

use crate::tags::Tags;
use mp3lame_encoder::{
    Bitrate, Builder, DualPcm, Encoder, FlushGap, MonoPcm, Quality, max_required_buffer_size,
};
use std::io::{self, Seek, SeekFrom, Write};

/// Frames given to LAME at once: its output does not depend on this, only its buffers do.
const BLOCK: usize = 1152 * 8;

pub(crate) struct Mp3Encoder<W> {
    out: W,
    inner: Encoder,
    tag_at: u64,
    bytes: Vec<u8>,
}

impl<W: Write + Seek> Mp3Encoder<W> {
    pub(crate) fn new(
        mut out: W,
        rate: u32,
        channels: u16,
        kbps: u16,
        tags: &Tags,
    ) -> io::Result<Self> {
        let bad = |e: &dyn std::fmt::Display| io::Error::other(e.to_string());
        let inner = Builder::new()
            .ok_or_else(|| io::Error::from(io::ErrorKind::OutOfMemory))?
            .with_num_channels(channels as u8)
            .and_then(|b| b.with_sample_rate(rate))
            .and_then(|b| b.with_brate(nearest(kbps)))
            .and_then(|b| b.with_quality(Quality::NearBest))
            .and_then(|b| b.with_to_write_vbr_tag(true))
            .and_then(Builder::build)
            .map_err(|e| bad(&e))?;
        out.write_all(&tags.id3v2())?;
        let tag_at = out.stream_position()?;
        Ok(Self {
            out,
            inner,
            tag_at,
            bytes: Vec::new(),
        })
    }

    pub(crate) fn push(&mut self, block: &[&[f32]]) -> io::Result<()> {
        let len = block.first().map_or(0, |c| c.len());
        for start in (0..len).step_by(BLOCK) {
            let end = (start + BLOCK).min(len);
            self.bytes.clear();
            self.bytes.reserve(max_required_buffer_size(end - start));
            match block {
                [left, right] => self.inner.encode_to_vec(
                    DualPcm {
                        left: &left[start..end],
                        right: &right[start..end],
                    },
                    &mut self.bytes,
                ),
                _ => self
                    .inner
                    .encode_to_vec(MonoPcm(&block[0][start..end]), &mut self.bytes),
            }
            .map_err(|e| io::Error::other(e.to_string()))?;
            self.out.write_all(&self.bytes)?;
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.bytes.clear();
        self.bytes.reserve(7200);
        self.inner
            .flush_to_vec::<FlushGap>(&mut self.bytes)
            .map_err(|e| io::Error::other(e.to_string()))?;
        self.out.write_all(&self.bytes)?;
        // LAME left room for its tag frame (length, delay, padding: gapless playing) at the start.
        let end = self.out.stream_position()?;
        self.bytes.clear();
        self.bytes.reserve(self.inner.lame_tag_size());
        if self.inner.lame_tag_encode_to_vec(&mut self.bytes).is_some() {
            self.out.seek(SeekFrom::Start(self.tag_at))?;
            self.out.write_all(&self.bytes)?;
            self.out.seek(SeekFrom::Start(end))?;
        }
        Ok(self.out)
    }
}

fn nearest(kbps: u16) -> Bitrate {
    use Bitrate as B;
    let all = [
        (32, B::Kbps32),
        (40, B::Kbps40),
        (48, B::Kbps48),
        (64, B::Kbps64),
        (80, B::Kbps80),
        (96, B::Kbps96),
        (112, B::Kbps112),
        (128, B::Kbps128),
        (160, B::Kbps160),
        (192, B::Kbps192),
        (224, B::Kbps224),
        (256, B::Kbps256),
    ];
    let mut best = (320_u16.abs_diff(kbps), B::Kbps320);
    for (rate, value) in all {
        if kbps.abs_diff(rate) < best.0 {
            best = (kbps.abs_diff(rate), value);
        }
    }
    best.1
}
