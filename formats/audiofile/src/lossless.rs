//! Lossless files written piece by piece from any thread: stems and previews.

use crate::{
    AudioFileError, AudioFormat, Tags,
    atomic::AtomicFile,
    flac::{Effort, FlacEncoder},
    wav::WavEncoder,
    writer::{WriteReport, invalid, write_error},
};
use std::{
    fs::File,
    io::BufWriter,
    path::{Path, PathBuf},
};
use yuefu_audio::{AudioBuffer, SampleRate};

/// Writes a WAV or FLAC file piece by piece; unlike [`crate::AudioWriter`] it can move between
/// threads. FLAC is encoded as by [`crate::write_file_fast`]. The file appears under its name only
/// after [`finish`](Self::finish); dropped before, it leaves nothing behind.
pub struct LosslessWriter {
    encoder: Encoder,
    guard: AtomicFile,
    path: PathBuf,
    channels: usize,
    frames: u64,
}

enum Encoder {
    Wav(WavEncoder<BufWriter<File>>),
    Flac(Box<FlacEncoder<BufWriter<File>>>),
}

impl LosslessWriter {
    /// Starts a file.
    ///
    /// # Errors
    /// When the format is neither WAV nor FLAC, when there are no or more than eight channels,
    /// or when the folder cannot be written.
    pub fn create(
        path: &Path,
        format: AudioFormat,
        rate: SampleRate,
        channels: usize,
        tags: &Tags,
    ) -> Result<Self, AudioFileError> {
        if !(1..=8).contains(&channels) || rate.0 == 0 || rate.0 > 655_350 {
            let error = invalid(
                "1 to 8 channels at 1 to 655350 Hz".to_owned(),
                format!("{channels} at {} Hz", rate.0),
                "Mix down or resample.",
            );
            return Err(error.at(path));
        }
        let n = channels as u16;
        let lossless = matches!(format, AudioFormat::Wav(_) | AudioFormat::Flac(_));
        if !lossless {
            let error = invalid(
                "WAV or FLAC".to_owned(),
                format!("{format:?}"),
                "Choose a lossless format.",
            );
            return Err(error.at(path));
        }
        let (guard, out) = AtomicFile::create(path)?;
        let started = match format {
            AudioFormat::Wav(f) => WavEncoder::new(out, rate.0, n, f, tags).map(Encoder::Wav),
            AudioFormat::Flac(f) => {
                let bits = f.bits().min(24);
                FlacEncoder::new(out, rate.0, n, bits, Effort::Fast, tags)
                    .map(|e| Encoder::Flac(Box::new(e)))
            }
            _ => Err(std::io::Error::other("not lossless")),
        };
        Ok(Self {
            encoder: started.map_err(|e| write_error(e).at(path))?,
            guard,
            path: path.to_owned(),
            channels,
            frames: 0,
        })
    }

    /// Appends audio. The sizes of the pieces do not change the samples.
    ///
    /// # Errors
    /// When it has another number of channels, or when the disk is full.
    pub fn push(&mut self, audio: &AudioBuffer) -> Result<(), AudioFileError> {
        let block: Vec<&[f32]> = audio.channels.iter().map(Vec::as_slice).collect();
        crate::writer::check_block(&block, self.channels).map_err(|e| e.at(&self.path))?;
        self.frames += audio.frames() as u64;
        match &mut self.encoder {
            Encoder::Wav(encoder) => encoder.push(&block),
            Encoder::Flac(encoder) => encoder.push(&block),
        }
        .map_err(|e| write_error(e).at(&self.path))
    }

    /// Completes the file, waits until the disk has it, and gives it its name.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn finish(self) -> Result<WriteReport, AudioFileError> {
        let clipped = match &self.encoder {
            Encoder::Wav(encoder) => encoder.clipped,
            Encoder::Flac(encoder) => encoder.clipped,
        };
        let out = match self.encoder {
            Encoder::Wav(encoder) => encoder.finish(),
            Encoder::Flac(encoder) => encoder.finish(),
        }
        .map_err(|e| write_error(e).at(&self.path))?;
        self.guard.commit(out)?;
        Ok(WriteReport {
            frames: self.frames,
            clipped,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SampleFormat, write_file_fast};

    #[test]
    fn pieces_make_the_file_that_the_whole_makes() {
        let folder = std::env::temp_dir().join(format!("yuefu-lossless-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let wave = |from: usize, to: usize| AudioBuffer {
            rate: SampleRate(44_100),
            channels: [7, 11]
                .map(|step| (from..to).map(|i| (i * step % 97) as f32 / 128.0).collect())
                .to_vec(),
        };
        for format in [
            AudioFormat::Flac(SampleFormat::Int24),
            AudioFormat::Wav(SampleFormat::Int24),
        ] {
            let (whole, pieces) = (folder.join("whole"), folder.join("pieces"));
            write_file_fast(&whole, &wave(0, 300_000), format, &Tags::default()).unwrap();
            let rate = SampleRate(44_100);
            let mut writer =
                LosslessWriter::create(&pieces, format, rate, 2, &Tags::default()).unwrap();
            for (from, to) in [(0, 1), (1, 262_144), (262_144, 262_144), (262_144, 300_000)] {
                writer.push(&wave(from, to)).unwrap();
            }
            assert!(!pieces.exists(), "not before it is complete");
            assert_eq!(writer.finish().unwrap().frames, 300_000);
            assert!(std::fs::read(&whole).unwrap() == std::fs::read(&pieces).unwrap());
            std::fs::remove_file(pieces).unwrap();
        }
        let vorbis = AudioFormat::Vorbis { quality: 0.5 };
        let rate = SampleRate(44_100);
        assert!(
            LosslessWriter::create(&folder.join("x"), vorbis, rate, 2, &Tags::default()).is_err()
        );
        std::fs::remove_dir_all(folder).unwrap();
    }
}
