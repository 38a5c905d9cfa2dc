//! Tags of WAV files, which hide in `LIST INFO` and `id3 ` chunks; the decoder library reads
//! neither reliably.

use crate::tags::Tags;
use std::io::{Read, Seek, SeekFrom};

/// Chunks looked at; real files have a handful.
const MOST_CHUNKS: usize = 64;
/// Largest tag chunk read.
const LARGEST: u32 = 4 << 20;

/// Reads the tags of a WAV file, and leaves the source at its start. Anything else, or a damaged
/// file, gives no tags.
pub(crate) fn read(source: &mut (impl Read + Seek)) -> std::io::Result<Tags> {
    let mut tags = Tags::default();
    // Damage shows as an I/O error at some point; what was found before it is kept.
    let _ = walk(source, &mut tags);
    source.seek(SeekFrom::Start(0))?;
    Ok(tags)
}

fn walk(source: &mut (impl Read + Seek), tags: &mut Tags) -> std::io::Result<()> {
    let mut head = [0; 12];
    source.read_exact(&mut head)?;
    if &head[..4] != b"RIFF" || &head[8..] != b"WAVE" {
        return Ok(());
    }
    for _ in 0..MOST_CHUNKS {
        let mut head = [0; 8];
        source.read_exact(&mut head)?;
        let [a, b, c, d, sizes @ ..] = head;
        let size = u32::from_le_bytes(sizes);
        let id = [a, b, c, d];
        let wanted = matches!(&id, b"LIST" | b"id3 " | b"ID3 ") && size <= LARGEST;
        if !wanted {
            source.seek(SeekFrom::Current(i64::from(size) + i64::from(size % 2)))?;
            continue;
        }
        let mut body = Vec::new();
        source
            .by_ref()
            .take(u64::from(size))
            .read_to_end(&mut body)?;
        source.seek(SeekFrom::Current(i64::from(size % 2)))?;
        if &id == b"LIST" {
            info(&body, tags);
        } else {
            id3(&body, tags);
        }
    }
    Ok(())
}

/// Text in UTF-8, or else in Latin-1 as old programs wrote it.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    match std::str::from_utf8(&bytes[..end]) {
        Ok(text) => text.trim().to_owned(),
        Err(_) => bytes[..end].iter().map(|&b| char::from(b)).collect(),
    }
}

fn set(slot: &mut Option<String>, value: String) {
    if slot.is_none() && !value.is_empty() {
        *slot = Some(value);
    }
}

fn info(body: &[u8], tags: &mut Tags) {
    let Some(mut rest) = body.strip_prefix(b"INFO") else {
        return;
    };
    while let [a, b, c, d, s0, s1, s2, s3, after @ ..] = rest {
        let size = u32::from_le_bytes([*s0, *s1, *s2, *s3]) as usize;
        let Some(value) = after.get(..size) else {
            return;
        };
        let slot = match &[*a, *b, *c, *d] {
            b"INAM" => &mut tags.title,
            b"IART" => &mut tags.artist,
            b"IPRD" => &mut tags.album,
            b"ICRD" => &mut tags.date,
            b"IGNR" => &mut tags.genre,
            b"ICMT" => &mut tags.comment,
            b"ISFT" => &mut tags.encoder,
            _ => &mut None,
        };
        set(slot, text(value));
        rest = after.get(size + size % 2..).unwrap_or(&[]);
    }
}

/// The text of an ID3v2 frame body: encoding byte, then the text itself.
fn id3_text(encoding: u8, bytes: &[u8]) -> String {
    match encoding {
        1 | 2 => {
            let big = bytes.starts_with(&[0xFE, 0xFF]) || (encoding == 2);
            let units = bytes.chunks_exact(2).map(|p| match big {
                true => u16::from_be_bytes([p[0], p[1]]),
                false => u16::from_le_bytes([p[0], p[1]]),
            });
            let text: String = char::decode_utf16(units)
                .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect();
            text.trim_matches(['\u{FEFF}', '\0']).to_owned()
        }
        3 => String::from_utf8_lossy(bytes).trim_matches('\0').to_owned(),
        _ => bytes
            .iter()
            .map(|&b| char::from(b))
            .collect::<String>()
            .trim_matches('\0')
            .to_owned(),
    }
}

/// ID3v2.3 and 2.4 without unsynchronization or extended headers (nobody needs them in RIFF).
fn id3(body: &[u8], tags: &mut Tags) {
    let [
        b'I',
        b'D',
        b'3',
        version @ (3 | 4),
        _,
        0,
        _,
        _,
        _,
        _,
        frames @ ..,
    ] = body
    else {
        return;
    };
    let mut rest = frames;
    while let [a, b, c, d, s0, s1, s2, s3, _, _, after @ ..] = rest {
        let raw = u32::from_be_bytes([*s0, *s1, *s2, *s3]);
        let size = if *version == 4 {
            (raw & 0x7F) | (raw & 0x7F00) >> 1 | (raw & 0x7F_0000) >> 2 | (raw & 0x7F00_0000) >> 3
        } else {
            raw
        } as usize;
        let Some(frame) = after.get(..size) else {
            return;
        };
        rest = &after[size..];
        let [encoding, value @ ..] = frame else {
            continue;
        };
        let value_of = |bytes: &[u8]| id3_text(*encoding, bytes);
        match &[*a, *b, *c, *d] {
            b"TIT2" => set(&mut tags.title, value_of(value)),
            b"TPE1" => set(&mut tags.artist, value_of(value)),
            b"TALB" => set(&mut tags.album, value_of(value)),
            b"TDRC" | b"TYER" => set(&mut tags.date, value_of(value)),
            b"TCON" => set(&mut tags.genre, value_of(value)),
            b"TKEY" => set(&mut tags.key, value_of(value)),
            b"TSRC" => set(&mut tags.isrc, value_of(value)),
            b"TSSE" => set(&mut tags.encoder, value_of(value)),
            b"TBPM" => tags.bpm = tags.bpm.or(value_of(value).trim().parse().ok()),
            b"COMM" | b"USLT" => {
                let whole = value_of(value.get(3..).unwrap_or(&[]));
                let said = whole.split_once('\0').map_or(whole.as_str(), |(_, t)| t);
                let slot = if *a == b'C' {
                    &mut tags.comment
                } else {
                    &mut tags.lyrics
                };
                set(slot, said.to_owned());
            }
            b"TXXX" => {
                let whole = value_of(value);
                if let Some((key, value)) = whole.split_once('\0')
                    && tags.extra.len() < 256
                {
                    tags.extra.push((key.to_owned(), value.to_owned()));
                }
            }
            _ => {}
        }
    }
}
