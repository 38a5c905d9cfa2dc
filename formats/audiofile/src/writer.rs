//! Writing audio files block by block, or whole.

use crate::atomic::AtomicFile;
use crate::error::{AudioFileError, ErrorKind};
use crate::flac::{Effort, FlacEncoder};
use crate::pcm::SampleFormat;
use crate::tags::Tags;
use crate::vorbis::VorbisEncoder;
use crate::wav::WavEncoder;
use std::fs::File;
use std::io::{self, BufWriter, Cursor, Seek, Write};
use std::path::{Path, PathBuf};
use yuefu_audio::{AudioBuffer, SampleRate};

/// A file format with its settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AudioFormat {
    /// RIFF WAVE, uncompressed.
    Wav(SampleFormat),
    /// FLAC, lossless; [`SampleFormat::Float32`] is written as 24-bit integers.
    Flac(SampleFormat),
    /// Ogg Vorbis, lossy; quality in −0.1..=1.0 (0.6 is about 192 kbit/s in stereo).
    Vorbis {
        /// Quality, −0.1..=1.0.
        quality: f32,
    },
    /// MP3, lossy, constant rate. Needs the feature `mp3`.
    Mp3 {
        /// Kilobits per second, 32..=320; the nearest rate that MPEG knows is used.
        kbps: u16,
    },
}

impl AudioFormat {
    /// The format meant by a word, as in `--format`: `wav` (24-bit), `wav16`, `wav24`, `wav32f`,
    /// `flac` (24-bit), `flac16`, `flac24`, `ogg`, `mp3`; upper case is accepted.
    pub fn parse(word: &str) -> Result<Self, AudioFileError> {
        Ok(match word.to_ascii_lowercase().as_str() {
            "wav" | "wav24" => Self::Wav(SampleFormat::Int24),
            "wav16" => Self::Wav(SampleFormat::Int16),
            "wav32f" | "wav32" => Self::Wav(SampleFormat::Float32),
            "flac" | "flac24" => Self::Flac(SampleFormat::Int24),
            "flac16" => Self::Flac(SampleFormat::Int16),
            "ogg" | "vorbis" | "oga" => Self::Vorbis { quality: 0.6 },
            "mp3" => Self::Mp3 { kbps: 320 },
            _ => {
                return Err(AudioFileError::new(
                    ErrorKind::Unsupported,
                    "audio format",
                    "one of wav, wav16, wav24, wav32f, flac, flac16, flac24, ogg, mp3",
                    format!("\"{word}\""),
                    "Choose one of these.",
                ));
            }
        })
    }

    /// The usual extension of a file name, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Wav(_) => "wav",
            Self::Flac(_) => "flac",
            Self::Vorbis { .. } => "ogg",
            Self::Mp3 { .. } => "mp3",
        }
    }

    /// Bits per sample that the caller should dither to; `None` where samples stay continuous.
    pub fn integer_bits(self) -> Option<u32> {
        match self {
            Self::Wav(SampleFormat::Float32) | Self::Vorbis { .. } | Self::Mp3 { .. } => None,
            Self::Wav(f) => Some(f.bits()),
            Self::Flac(f) => Some(f.bits().min(24)),
        }
    }
}

/// What a written file turned out to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteReport {
    /// Frames written.
    pub frames: u64,
    /// Samples outside −1..=1 that an integer format could not hold and that were limited.
    pub clipped: u64,
}

enum Encoder<W: Write + Seek> {
    Wav(WavEncoder<W>),
    Flac(Box<FlacEncoder<W>>),
    Vorbis(Box<VorbisEncoder<W>>),
    #[cfg(feature = "mp3")]
    Mp3(Box<crate::mp3::Mp3Encoder<W>>),
}

impl<W: Write + Seek> Encoder<W> {
    fn new(
        out: W,
        format: AudioFormat,
        rate: SampleRate,
        channels: usize,
        effort: Effort,
        tags: &Tags,
    ) -> Result<Self, AudioFileError> {
        let most = match format {
            AudioFormat::Mp3 { .. } => 2,
            _ => 8,
        };
        if !(1..=most).contains(&channels) {
            return Err(invalid(
                format!("1 to {most} channels"),
                format!("{channels}"),
                "Mix down, or choose another format.",
            ));
        }
        let highest = match format {
            AudioFormat::Vorbis { .. } => 200_000,
            AudioFormat::Mp3 { .. } => 48_000,
            _ => 655_350,
        };
        if !(1..=highest).contains(&rate.0) {
            return Err(invalid(
                format!("a sample rate of 1 to {highest} Hz"),
                format!("{} Hz", rate.0),
                "Resample, or choose another format.",
            ));
        }
        let n = channels as u16;
        let started = match format {
            AudioFormat::Wav(f) => WavEncoder::new(out, rate.0, n, f, tags).map(Self::Wav),
            AudioFormat::Flac(f) => {
                FlacEncoder::new(out, rate.0, n, f.bits().min(24), effort, tags)
                    .map(|e| Self::Flac(Box::new(e)))
            }
            AudioFormat::Vorbis { quality } => {
                VorbisEncoder::new(out, rate.0, n, quality, tags).map(|e| Self::Vorbis(Box::new(e)))
            }
            #[cfg(feature = "mp3")]
            AudioFormat::Mp3 { kbps } => crate::mp3::Mp3Encoder::new(out, rate.0, n, kbps, tags)
                .map(|e| Self::Mp3(Box::new(e))),
            #[cfg(not(feature = "mp3"))]
            AudioFormat::Mp3 { .. } => {
                return Err(AudioFileError::new(
                    ErrorKind::FeatureOff,
                    "MP3 encoder",
                    "a build with MP3",
                    "a build without it (the LAME library is LGPL, so it is off by default)",
                    "Build with `cargo build --release --features mp3` (needs make and a C \
                     compiler), or write ogg or flac.",
                ));
            }
        };
        started.map_err(write_error)
    }

    fn push(&mut self, block: &[&[f32]]) -> io::Result<()> {
        match self {
            Self::Wav(e) => e.push(block),
            Self::Flac(e) => e.push(block),
            Self::Vorbis(e) => e.push(block),
            #[cfg(feature = "mp3")]
            Self::Mp3(e) => e.push(block),
        }
    }

    fn clipped(&self) -> u64 {
        match self {
            Self::Wav(e) => e.clipped,
            Self::Flac(e) => e.clipped,
            Self::Vorbis(_) => 0,
            #[cfg(feature = "mp3")]
            Self::Mp3(_) => 0,
        }
    }

    fn finish(self) -> io::Result<W> {
        match self {
            Self::Wav(e) => e.finish(),
            Self::Flac(e) => e.finish(),
            Self::Vorbis(e) => e.finish(),
            #[cfg(feature = "mp3")]
            Self::Mp3(e) => e.finish(),
        }
    }
}

pub(crate) fn invalid(expected: String, found: String, remedy: &str) -> AudioFileError {
    AudioFileError::new(ErrorKind::InvalidInput, "audio", expected, found, remedy)
}

pub(crate) fn write_error(e: io::Error) -> AudioFileError {
    // The system says the same of a file that it does not let grow (a limit, a full quota).
    if e.kind() == io::ErrorKind::FileTooLarge && e.raw_os_error().is_none() {
        let remedy = "Write FLAC, or split the recording.";
        return AudioFileError::new(
            ErrorKind::TooLarge,
            "audio file",
            "at most 4 GiB",
            "more",
            remedy,
        );
    }
    AudioFileError::io("audio file", "room for the audio", &e)
}

/// Writes one audio file block by block, holding little in memory. The file appears under its
/// name only after [`finish`](Self::finish); dropped before, it leaves nothing behind.
pub struct AudioWriter {
    encoder: Encoder<BufWriter<File>>,
    guard: AtomicFile,
    path: PathBuf,
    channels: usize,
    frames: u64,
}

impl AudioWriter {
    /// Starts a file. Fails when the folder cannot be written, when this build lacks the
    /// encoder, or when the format cannot hold so many channels or such a rate.
    pub fn create(
        path: &Path,
        format: AudioFormat,
        rate: SampleRate,
        channels: usize,
        tags: &Tags,
    ) -> Result<Self, AudioFileError> {
        Self::start(path, format, rate, channels, Effort::Best, tags)
    }

    fn start(
        path: &Path,
        format: AudioFormat,
        rate: SampleRate,
        channels: usize,
        effort: Effort,
        tags: &Tags,
    ) -> Result<Self, AudioFileError> {
        // Settings are checked on an empty sink first, so that a bad one touches no disk.
        let sink = Cursor::new(Vec::new());
        Encoder::new(sink, format, rate, channels, effort, tags).map_err(|e| e.at(path))?;
        let (guard, out) = AtomicFile::create(path)?;
        let encoder =
            Encoder::new(out, format, rate, channels, effort, tags).map_err(|e| e.at(path))?;
        Ok(Self {
            encoder,
            guard,
            path: path.to_owned(),
            channels,
            frames: 0,
        })
    }

    /// Appends one block: one slice per channel, all of one length (any, also zero). The sizes
    /// of the blocks do not change the samples.
    pub fn push(&mut self, block: &[&[f32]]) -> Result<(), AudioFileError> {
        check_block(block, self.channels).map_err(|e| e.at(&self.path))?;
        self.frames += block.first().map_or(0, |c| c.len()) as u64;
        self.encoder
            .push(block)
            .map_err(|e| write_error(e).at(&self.path))
    }

    /// Completes the file, waits until the disk has it, and gives it its name.
    pub fn finish(self) -> Result<WriteReport, AudioFileError> {
        let frames = self.frames;
        let path = self.path;
        // Vorbis counts nothing; integer formats count as they convert, so read it at the end.
        let clipped = self.encoder.clipped();
        let out = self
            .encoder
            .finish()
            .map_err(|e| write_error(e).at(&path))?;
        self.guard.commit(out)?;
        Ok(WriteReport { frames, clipped })
    }
}

pub(crate) fn check_block(block: &[&[f32]], channels: usize) -> Result<(), AudioFileError> {
    let len = block.first().map_or(0, |c| c.len());
    if block.len() != channels || block.iter().any(|c| c.len() != len) {
        return Err(invalid(
            format!("{channels} channels of one length"),
            format!("{:?}", block.iter().map(|c| c.len()).collect::<Vec<_>>()),
            "This is a programming error; please report it.",
        ));
    }
    Ok(())
}

/// Frames pushed at once by the whole-buffer functions.
const CHUNK: usize = 1 << 16;

fn push_all<W: Write + Seek>(
    encoder: &mut Encoder<W>,
    audio: &AudioBuffer,
) -> Result<WriteReport, AudioFileError> {
    let frames = audio.frames();
    let whole: Vec<&[f32]> = audio.channels.iter().map(Vec::as_slice).collect();
    check_block(&whole, audio.channels.len())?;
    let mut block = Vec::with_capacity(whole.len());
    for start in (0..frames).step_by(CHUNK) {
        block.clear();
        let end = (start + CHUNK).min(frames);
        block.extend(whole.iter().map(|c| &c[start..end]));
        encoder.push(&block).map_err(write_error)?;
    }
    Ok(WriteReport {
        frames: frames as u64,
        clipped: encoder.clipped(),
    })
}

/// Writes a whole buffer as a file, atomically.
pub fn write_file(
    path: &Path,
    audio: &AudioBuffer,
    format: AudioFormat,
    tags: &Tags,
) -> Result<WriteReport, AudioFileError> {
    write_whole(path, audio, format, Effort::Best, tags)
}

/// Like [`write_file`], for intermediate files such as stems: FLAC is encoded with a third of
/// the work, some percent larger, and without the digest of the whole stream (RFC 9639, section
/// 8.2, takes zeros for "unknown"; every frame keeps its checksums). It holds the same samples.
/// Other formats are written as by [`write_file`].
///
/// # Errors
/// As [`AudioWriter::create`] and [`AudioWriter::push`].
pub fn write_file_fast(
    path: &Path,
    audio: &AudioBuffer,
    format: AudioFormat,
    tags: &Tags,
) -> Result<WriteReport, AudioFileError> {
    write_whole(path, audio, format, Effort::Fast, tags)
}

fn write_whole(
    path: &Path,
    audio: &AudioBuffer,
    format: AudioFormat,
    effort: Effort,
    tags: &Tags,
) -> Result<WriteReport, AudioFileError> {
    let channels = audio.channels.len();
    let mut w = AudioWriter::start(path, format, audio.rate, channels, effort, tags)?;
    let report = push_all(&mut w.encoder, audio).map_err(|e| e.at(path))?;
    w.frames = report.frames;
    w.finish()
}

/// Encodes a whole buffer in memory, for servers and tests.
pub fn encode_bytes(
    audio: &AudioBuffer,
    format: AudioFormat,
    tags: &Tags,
) -> Result<(Vec<u8>, WriteReport), AudioFileError> {
    let out = Cursor::new(Vec::new());
    let mut encoder = {
        let (rate, channels) = (audio.rate, audio.channels.len());
        Encoder::new(out, format, rate, channels, Effort::Best, tags)?
    };
    let report = push_all(&mut encoder, audio)?;
    let out = encoder.finish().map_err(write_error)?;
    Ok((out.into_inner(), report))
}
