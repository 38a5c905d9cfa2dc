//! Audio files: decoding anything a musician has, encoding what Yuefu releases.
//!
//! Writing is streaming and atomic: [`AudioWriter`] takes blocks, and the file gets its name
//! only when it is complete. Samples arrive as `f32`; dithering is the caller's choice, and the
//! conversion to integers rounds to nearest and counts what it had to limit.

mod atomic;
mod decode;
mod error;
mod flac;
mod lossless;
#[cfg(feature = "mp3")]
mod mp3;
mod pcm;
mod resample;
mod tags;
mod vorbis;
mod wav;
mod wav_tags;
mod writer;

pub use atomic::AtomicFile;
pub use decode::{DecodeLimits, DecodedAudio, decode_bytes, decode_file};
pub use error::{AudioFileError, ErrorKind};
pub use lossless::LosslessWriter;
pub use pcm::SampleFormat;
pub use resample::resample;
pub use tags::Tags;
pub use wav::wav16;
pub use writer::{
    AudioFormat, AudioWriter, WriteReport, encode_bytes, write_file, write_file_fast,
};
