//! Reading whatever a musician has: WAV, AIFF, CAF, FLAC, ALAC, MP3, AAC, M4A, Ogg Vorbis, MKA.

use crate::error::{AudioFileError, ErrorKind};
use crate::tags::Tags;
use std::fs::File;
use std::io::Cursor;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::meta::{MetadataOptions, StandardTag};
use yuefu_audio::{AudioBuffer, SampleRate, Seconds};

/// Upper bounds that keep a hostile or mistaken file from filling the memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DecodeLimits {
    /// Longest duration.
    pub duration: Seconds,
    /// Most samples in all channels together (4 bytes each in memory).
    pub samples: u64,
    /// Most channels.
    pub channels: usize,
}

impl Default for DecodeLimits {
    /// Two hours, 8 channels, and 2 GiB of decoded samples.
    fn default() -> Self {
        Self {
            duration: Seconds(7200.0),
            samples: 1 << 29,
            channels: 8,
        }
    }
}

/// A decoded file.
#[derive(Clone, Debug, PartialEq)]
pub struct DecodedAudio {
    /// The audio, nominally −1..=1.
    pub audio: AudioBuffer,
    /// The tags that were found.
    pub tags: Tags,
    /// Short name of the container and codec, such as `flac/flac` or `isomp4/aac`.
    pub format: String,
    /// Damaged packets that were skipped; 0 for a sound file.
    pub skipped_packets: u64,
    /// Whether everything the file promises is here; `false` for truncated and damaged files,
    /// of which the user should be warned.
    pub complete: bool,
}

/// Decodes a file.
///
/// # Errors
/// Missing or unreadable files, unknown formats, damage that leaves no audio, and files beyond
/// the limits; each says what to do.
pub fn decode_file(path: &Path, limits: &DecodeLimits) -> Result<DecodedAudio, AudioFileError> {
    let place = path.display().to_string();
    let io = |e| AudioFileError::io(&place, "a readable audio file", &e);
    let file = File::open(path).map_err(io)?;
    if file.metadata().map_err(io)?.is_dir() {
        return Err(io(std::io::ErrorKind::IsADirectory.into()));
    }
    let extension = path.extension().and_then(|e| e.to_str());
    decode(Box::new(file), extension, limits, &place)
}

/// Decodes a file held in memory; the extension is only a hint.
///
/// # Errors
/// As [`decode_file`].
pub fn decode_bytes(
    bytes: Vec<u8>,
    extension: Option<&str>,
    limits: &DecodeLimits,
) -> Result<DecodedAudio, AudioFileError> {
    decode(
        Box::new(Cursor::new(bytes)),
        extension,
        limits,
        "audio data",
    )
}

/// Decodes, and turns an assertion that damaged data breaks inside a decoder into an error.
fn decode(
    source: Box<dyn MediaSource>,
    extension: Option<&str>,
    limits: &DecodeLimits,
    place: &str,
) -> Result<DecodedAudio, AudioFileError> {
    let decoded = std::panic::catch_unwind(AssertUnwindSafe(|| {
        decode_trusting(source, extension, limits, place)
    }));
    decoded.unwrap_or_else(|_| {
        Err(AudioFileError::new(
            ErrorKind::Corrupt,
            place,
            "intact audio data",
            "data so damaged that the decoder gave up",
            "Get the file again from where it came, or play it in another program and export it",
        ))
    })
}

fn decode_trusting(
    mut source: Box<dyn MediaSource>,
    extension: Option<&str>,
    limits: &DecodeLimits,
    place: &str,
) -> Result<DecodedAudio, AudioFileError> {
    let mut hint = Hint::new();
    if let Some(extension) = extension {
        hint.with_extension(extension);
    }
    let mut tags = crate::wav_tags::read(&mut source)
        .map_err(|e| AudioFileError::io(place, "a readable audio file", &e))?;
    let stream = MediaSourceStream::new(source, Default::default());
    let mut reader = symphonia::default::get_probe()
        .probe(
            &hint,
            stream,
            FormatOptions::default(),
            MetadataOptions::default(),
        )
        .map_err(|e| unrecognized(place, &e))?;
    let container = reader.format_info().short_name;
    read_tags(reader.as_mut(), &mut tags);
    let Some((track_id, promised, parameters)) =
        reader.default_track(TrackType::Audio).and_then(|t| {
            Some((
                t.id,
                t.num_frames,
                t.codec_params.as_ref()?.audio()?.clone(),
            ))
        })
    else {
        return Err(AudioFileError::new(
            ErrorKind::Unsupported,
            place,
            "an audio track",
            format!("a {container} file without one that can be read"),
            "Export the audio as WAV, FLAC or MP3 and try again.",
        ));
    };
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(&parameters, &AudioDecoderOptions::default())
        .map_err(|e| {
            AudioFileError::new(
                ErrorKind::Unsupported,
                place,
                "a codec that Yuefu can read (PCM, FLAC, ALAC, MP3, AAC-LC, Vorbis)",
                format!("another codec in a {container} file ({e})"),
                "Convert the file to WAV or FLAC and try again.",
            )
        })?;
    let codec = decoder.codec_info().short_name;
    let mut shape: Option<(u32, usize)> = None;
    let mut channels: Vec<Vec<f32>> = Vec::new();
    let mut block: Vec<Vec<f32>> = Vec::new();
    let mut skipped = 0;
    let mut damage = None;
    loop {
        let packet = match reader.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break,
            // A chained stream begins: another piece. The first one is what was asked for.
            Err(Error::ResetRequired) => break,
            Err(e) => {
                damage = Some(e.to_string());
                break;
            }
        };
        if packet.track_id != track_id {
            continue;
        }
        let decoded = match decoder.decode(&packet) {
            Ok(decoded) => decoded,
            Err(Error::DecodeError(_) | Error::IoError(_)) => {
                skipped += 1;
                continue;
            }
            Err(e) => {
                damage = Some(e.to_string());
                break;
            }
        };
        let rate = decoded.spec().rate();
        let count = decoded.num_planes();
        if decoded.frames() == 0 || count == 0 {
            continue;
        }
        let expected = *shape.get_or_insert((rate, count));
        if expected != (rate, count) {
            let at = channels[0].len() as f64 / f64::from(expected.0.max(1));
            return Err(AudioFileError::new(
                ErrorKind::Unsupported,
                format!("{place}, at {at:.2} s"),
                format!("{} channels at {} Hz throughout", expected.1, expected.0),
                format!("{count} channels at {rate} Hz"),
                "Split the file where it changes, or convert it with another program.",
            ));
        }
        check_limits(limits, rate, count, &channels, decoded.frames(), place)?;
        channels.resize_with(count, Vec::new);
        decoded.copy_to_vecs_planar::<f32>(&mut block);
        for (to, from) in channels.iter_mut().zip(&block) {
            // A damaged float file may hold NaN or infinity, which would spoil everything later.
            to.extend(from.iter().map(|&x| if x.is_finite() { x } else { 0.0 }));
        }
    }
    read_tags(reader.as_mut(), &mut tags);
    let Some((rate, _)) = shape else {
        return Err(AudioFileError::new(
            ErrorKind::Corrupt,
            place,
            "audio",
            damage.unwrap_or_else(|| match skipped {
                0 => "a file without a single sample".into(),
                n => format!("{n} damaged packets and nothing else"),
            }),
            "The file is empty or damaged; export it again.",
        ));
    };
    if rate == 0 {
        return Err(AudioFileError::new(
            ErrorKind::Corrupt,
            place,
            "a sample rate",
            "0 Hz",
            "The file is damaged; export it again.",
        ));
    }
    let audio = AudioBuffer {
        rate: SampleRate(rate),
        channels,
    };
    // Lossy formats count their padding among the frames, so a block or two may be missing.
    let short = promised.is_some_and(|n| audio.frames() as u64 + 4096 < n);
    Ok(DecodedAudio {
        complete: skipped == 0 && damage.is_none() && !short,
        audio,
        tags,
        format: format!("{container}/{codec}"),
        skipped_packets: skipped,
    })
}

fn check_limits(
    limits: &DecodeLimits,
    rate: u32,
    count: usize,
    channels: &[Vec<f32>],
    more: usize,
    place: &str,
) -> Result<(), AudioFileError> {
    let frames = channels.first().map_or(0, Vec::len) + more;
    let too_large = |expected: String, found: String| {
        Err(AudioFileError::new(
            ErrorKind::TooLarge,
            place,
            expected,
            found,
            "Cut the recording into shorter pieces, or mix it down to stereo.",
        ))
    };
    if count > limits.channels {
        return too_large(
            format!("at most {} channels", limits.channels),
            format!("{count}"),
        );
    }
    if frames as f64 > limits.duration.0 * f64::from(rate) {
        return too_large(
            format!("at most {} minutes", limits.duration.0 / 60.0),
            "a longer recording".into(),
        );
    }
    if (frames * count) as u64 > limits.samples {
        return too_large(format!("at most {} samples", limits.samples), "more".into());
    }
    Ok(())
}

fn unrecognized(place: &str, e: &Error) -> AudioFileError {
    if let Error::IoError(io) = e
        && io.kind() != std::io::ErrorKind::UnexpectedEof
    {
        return AudioFileError::io(place, "a readable audio file", io);
    }
    AudioFileError::new(
        ErrorKind::Unrecognized,
        place,
        "audio (WAV, AIFF, CAF, FLAC, ALAC, MP3, AAC, M4A, Ogg Vorbis)",
        format!("something else ({e})"),
        "Check that this is an audio file; convert it to WAV or FLAC if a player can open it.",
    )
}

fn read_tags(reader: &mut dyn FormatReader, tags: &mut Tags) {
    let mut metadata = reader.metadata();
    let Some(revision) = metadata.skip_to_latest() else {
        return;
    };
    for tag in &revision.media.tags {
        let set = |slot: &mut Option<String>, value: &str| {
            if slot.is_none() && !value.is_empty() {
                *slot = Some(value.to_owned());
            }
        };
        match &tag.std {
            Some(StandardTag::TrackTitle(v)) => set(&mut tags.title, v),
            Some(StandardTag::Artist(v)) => set(&mut tags.artist, v),
            Some(StandardTag::Album(v)) => set(&mut tags.album, v),
            Some(
                StandardTag::RecordingDate(v)
                | StandardTag::ReleaseDate(v)
                | StandardTag::RecordingTime(v)
                | StandardTag::ReleaseTime(v),
            ) => set(&mut tags.date, v),
            Some(StandardTag::RecordingYear(v) | StandardTag::ReleaseYear(v)) => {
                set(&mut tags.date, &v.to_string());
            }
            Some(StandardTag::Genre(v)) => set(&mut tags.genre, v),
            Some(StandardTag::Comment(v)) => set(&mut tags.comment, v),
            Some(StandardTag::Lyrics(v)) => set(&mut tags.lyrics, v),
            Some(StandardTag::Bpm(v)) => tags.bpm = tags.bpm.or(u32::try_from(*v).ok()),
            Some(StandardTag::InitialKey(v)) => set(&mut tags.key, v),
            Some(StandardTag::IdentIsrc(v)) => set(&mut tags.isrc, v),
            Some(
                StandardTag::Encoder(v)
                | StandardTag::EncoderSettings(v)
                | StandardTag::EncodedBy(v),
            ) => set(&mut tags.encoder, v),
            _ => {
                let pair = (tag.raw.key.clone(), tag.raw.value.to_string());
                if tags.extra.len() < 256 && !tags.extra.contains(&pair) {
                    tags.extra.push(pair);
                }
            }
        }
    }
}
