//! WAV files as samples: PCM of 8 to 32 bits and 32-bit float, mono or stereo, with the loop
//! of their `smpl` chunk.

use super::{
    BankError,
    riff::{self, u16_at, u32_at},
};

/// A decoded file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wave {
    /// One or two channels.
    pub channels: Vec<Vec<f32>>,
    /// Frames per second.
    pub rate: u32,
    /// First frame of the loop, and the frame after its last.
    pub looped: Option<(usize, usize)>,
    /// MIDI key at which it was recorded, when the file says so.
    pub key: Option<u8>,
}

/// Reads a WAV file.
///
/// # Errors
/// When it is no WAV, is cut, or is of a kind not read here.
pub fn read(name: &str, bytes: &[u8]) -> Result<Wave, BankError> {
    if bytes.len() < 12 || &bytes[..4] != b"RIFF" || &bytes[8..12] != b"WAVE" {
        return Err(BankError {
            place: name.into(),
            expected: "a WAV or Ogg Vorbis file".into(),
            found: "something else".into(),
            remedy: "convert the sample to WAV".into(),
        });
    }
    let mut wave = Wave::default();
    let mut format = None;
    let mut data: &[u8] = &[];
    for chunk in riff::chunks(bytes, 12, bytes.len())? {
        let content = &bytes[chunk.start..chunk.end];
        match &chunk.tag {
            b"fmt " if content.len() >= 16 => {
                let mut kind = u16_at(content, 0);
                if kind == 0xFFFE && content.len() >= 26 {
                    kind = u16_at(content, 24);
                }
                wave.rate = u32_at(content, 4);
                format = Some((kind, u16_at(content, 2), u16_at(content, 14)));
            }
            b"data" => data = content,
            b"smpl" if content.len() >= 36 => {
                wave.key = Some(u32_at(content, 12).min(127) as u8);
                if u32_at(content, 28) > 0 && content.len() >= 60 {
                    let (start, last) = (u32_at(content, 44), u32_at(content, 48));
                    wave.looped = Some((start as usize, last as usize + 1));
                }
            }
            _ => {}
        }
    }
    let (kind, channels, bits) = format.unwrap_or_default();
    let width = usize::from(bits / 8);
    let decode: fn(&[u8]) -> f32 = match (kind, bits) {
        (1, 8) => |b| (f32::from(b[0]) - 128.0) / 128.0,
        (1, 16) => |b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32_768.0,
        (1, 24) => |b| (i32::from_le_bytes([0, b[0], b[1], b[2]]) >> 8) as f32 / 8_388_608.0,
        (1, 32) => |b| i32::from_le_bytes([b[0], b[1], b[2], b[3]]) as f32 / 2_147_483_648.0,
        (3, 32) => |b| {
            let value = f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
            if value.is_finite() { value } else { 0.0 }
        },
        _ => {
            return Err(BankError {
                place: name.into(),
                expected: "PCM of 8, 16, 24 or 32 bits, or 32-bit float".into(),
                found: format!("format {kind} of {bits} bits"),
                remedy: "convert the sample to 16-bit PCM".into(),
            });
        }
    };
    if !(1..=2).contains(&channels) || wave.rate == 0 {
        return Err(BankError::damaged(
            name,
            "one or two channels and a sample rate",
            format!("{channels} channels at {} Hz", wave.rate),
        ));
    }
    let frame = width * usize::from(channels);
    wave.channels = (0..usize::from(channels))
        .map(|channel| {
            data.chunks_exact(frame)
                .map(|bytes| decode(&bytes[channel * width..]))
                .collect()
        })
        .collect();
    Ok(wave)
}
