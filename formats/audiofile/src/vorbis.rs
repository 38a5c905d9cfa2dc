//! Ogg Vorbis encoding, by libvorbis (aoTuV) compiled in.

use crate::tags::Tags;
use std::io::{self, Write};
use std::num::{NonZeroU8, NonZeroU32};
use vorbis_rs::{VorbisBitrateManagementStrategy, VorbisEncoderBuilder, VorbisError};

/// Frames given to libvorbis at once; its cost grows out of proportion with large blocks.
const BLOCK: usize = 1024;

pub(crate) struct VorbisEncoder<W: Write> {
    inner: vorbis_rs::VorbisEncoder<W>,
    pending: Vec<Vec<f32>>,
}

impl<W: Write> VorbisEncoder<W> {
    pub(crate) fn new(
        out: W,
        rate: u32,
        channels: u16,
        quality: f32,
        tags: &Tags,
    ) -> io::Result<Self> {
        let rate = NonZeroU32::new(rate).ok_or(io::ErrorKind::InvalidInput)?;
        let count = NonZeroU8::new(channels as u8).ok_or(io::ErrorKind::InvalidInput)?;
        // A constant serial: the same song must give the same bytes.
        let mut builder = VorbisEncoderBuilder::new_with_serial(rate, count, out, 0x5975_6566);
        builder.bitrate_management_strategy(VorbisBitrateManagementStrategy::QualityVbr {
            target_quality: quality.clamp(-0.1, 1.0),
        });
        builder
            .comment_tags(tags.vorbis_comments())
            .map_err(to_io)?;
        Ok(Self {
            inner: builder.build().map_err(to_io)?,
            pending: vec![Vec::with_capacity(BLOCK); usize::from(channels)],
        })
    }

    pub(crate) fn push(&mut self, block: &[&[f32]]) -> io::Result<()> {
        let len = block.first().map_or(0, |c| c.len());
        let mut at = 0;
        while at < len {
            let take = (BLOCK - self.pending[0].len()).min(len - at);
            for (to, from) in self.pending.iter_mut().zip(block) {
                let finite = |x: &f32| if x.is_finite() { *x } else { 0.0 };
                to.extend(from[at..at + take].iter().map(finite));
            }
            at += take;
            if self.pending[0].len() == BLOCK {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.pending[0].is_empty() {
            self.inner
                .encode_audio_block(&self.pending)
                .map_err(to_io)?;
            self.pending.iter_mut().for_each(Vec::clear);
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.flush()?;
        self.inner.finish().map_err(to_io)
    }
}

fn to_io(error: VorbisError) -> io::Error {
    match error {
        VorbisError::Io(e) => e,
        other => io::Error::other(other.to_string()),
    }
}
