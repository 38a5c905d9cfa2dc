//! One decoded sample, and its three ways of storage: 16-bit, 24-bit, and Ogg Vorbis.

use super::{
    hydra::{Hydra, SampleHeader},
    ogg::{self, Packets},
};
use symphonia_codec_vorbis::VorbisDecoder;
use symphonia_core::{
    audio::{Audio, GenericAudioBufferRef},
    codecs::audio::{
        AudioCodecParameters, AudioDecoder, AudioDecoderOptions, well_known::CODEC_ID_VORBIS,
    },
    packet::Packet,
};

/// Longest sample: ten minutes at 48 kHz. What is longer is cut.
const MAX_FRAMES: usize = 10 * 60 * 48_000;

/// Silent points kept after the last, so that interpolation may read past the end (the
/// specification asks for 46 in the file; compressed samples have none).
pub const PADDING: usize = 16;

/// Decoded mono sample data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// The points in −1..=1, followed by [`PADDING`] zeros.
    pub points: Vec<f32>,
    /// Number of points, without the padding.
    pub length: usize,
    /// First point of the loop.
    pub loop_start: usize,
    /// The point equivalent to the loop's first; not after `length`.
    pub loop_end: usize,
    /// Frames per second.
    pub rate: f32,
    /// MIDI key at which it was recorded.
    pub key: f32,
    /// Correction in cents.
    pub correction: f32,
}

impl Sample {
    /// A sample from its points; loop points are brought inside.
    pub fn new(mut points: Vec<f32>, rate: f32, key: f32, looped: (usize, usize)) -> Self {
        points.truncate(MAX_FRAMES);
        let length = points.len();
        points.resize(length + PADDING, 0.0);
        let loop_end = looped.1.min(length);
        Self {
            points,
            length,
            loop_start: looped.0.min(loop_end),
            loop_end,
            rate: rate.clamp(400.0, 384_000.0),
            key,
            correction: 0.0,
        }
    }
}

/// Decodes one sample; `None` when its data lies outside the file or is not Vorbis.
pub fn decode(bytes: &[u8], hydra: &Hydra, header: &SampleHeader) -> Option<Sample> {
    let (start, end) = hydra.data;
    let data = bytes.get(start..end)?;
    let (from, to) = (header.start as usize, header.end as usize);
    let (points, origin) = if header.compressed() {
        (vorbis(data, from, to)?, 0)
    } else {
        let low = hydra
            .low_bytes
            .and_then(|(start, end)| bytes.get(start..end))
            .and_then(|low| low.get(from..to));
        (
            pcm(data.get(from * 2..to.min(MAX_FRAMES + from) * 2)?, low),
            from,
        )
    };
    let place = |point: u32| (point as usize).saturating_sub(origin);
    // An original key above 127 means unpitched; the specification asks for 60.
    let key = if header.key <= 127 { header.key } else { 60 };
    let mut sample = Sample::new(
        points,
        header.rate as f32,
        f32::from(key),
        (place(header.loop_start), place(header.loop_end)),
    );
    sample.correction = f32::from(header.correction);
    Some(sample)
}

/// 16-bit points, with the low bytes of 24-bit ones when there are any.
fn pcm(data: &[u8], low: Option<&[u8]>) -> Vec<f32> {
    let mut points: Vec<f32> = data
        .chunks_exact(2)
        .map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) * (1.0 / 32_768.0))
        .collect();
    if let Some(low) = low {
        for (point, &byte) in points.iter_mut().zip(low) {
            *point += f32::from(byte) * (1.0 / 8_388_608.0);
        }
    }
    points
}

/// Decodes the first channel of an Ogg Vorbis stream; `None` when it is too damaged.
///
/// The decoder asserts some things that a damaged setup header can break (code words longer than
/// 32 bits, for one); such a stream is refused like any other damaged one.
pub(super) fn vorbis(data: &[u8], start: usize, end: usize) -> Option<Vec<f32>> {
    std::panic::catch_unwind(|| decode_vorbis(data, start, end))
        .ok()
        .flatten()
}

fn decode_vorbis(data: &[u8], start: usize, end: usize) -> Option<Vec<f32>> {
    let stream = data.get(start..end)?;
    let mut packets = Packets::new(0, stream.len());
    let mut packet = Vec::new();
    let mut headers = Vec::new();
    // Identification, comment and setup; the decoder wants the first and the third.
    for number in 0..3 {
        if !packets.read(stream, &mut packet) {
            return None;
        }
        if number != 1 {
            headers.extend_from_slice(&packet);
        }
    }
    let mut parameters = AudioCodecParameters::new();
    parameters
        .for_codec(CODEC_ID_VORBIS)
        .with_extra_data(headers.into_boxed_slice());
    let mut decoder = VorbisDecoder::try_new(&parameters, &AudioDecoderOptions::default()).ok()?;
    let total = ogg::total_frames(stream)
        .and_then(|frames| usize::try_from(frames).ok())
        .unwrap_or(MAX_FRAMES)
        .min(MAX_FRAMES);
    // Reserved by what the stream can plausibly hold: a lying length allocates nothing.
    let mut points = Vec::with_capacity(total.min(stream.len() * 8));
    while points.len() < total && packets.read(stream, &mut packet) {
        let packet = Packet::new(0, Default::default(), Default::default(), packet.as_slice());
        match decoder.decode(&packet) {
            Ok(GenericAudioBufferRef::F32(buffer)) => {
                points.extend_from_slice(buffer.plane(0).unwrap_or_default());
            }
            // A broken packet is skipped, as players of streams do.
            _ => continue,
        }
    }
    points.truncate(total);
    Some(points)
}
