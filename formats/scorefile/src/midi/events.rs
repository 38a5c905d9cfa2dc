//! The events of a MIDI file, at byte level.

use crate::error::{Place, ScoreErrorKind, ScoreFileError, Warning};

/// One event of a track chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event<'a> {
    /// Status byte (0x80..0xF0) and its two data bytes (the second 0 where there is one).
    Channel(u8, u8, u8),
    /// Type and content.
    Meta(u8, &'a [u8]),
    /// System exclusive content, of no meaning to a score.
    SysEx,
}

/// How ticks relate to time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Division {
    /// Ticks per quarter note.
    Quarter(u32),
    /// Frames per second (as a fraction) and ticks per frame.
    Smpte((u32, u32), u32),
}

/// The parsed chunks of a file.
#[derive(Debug)]
pub(super) struct RawMidi<'a> {
    pub(super) format: u16,
    pub(super) division: Division,
    /// Events with absolute ticks.
    pub(super) tracks: Vec<Vec<(u64, Event<'a>)>>,
    pub(super) warnings: Vec<Warning>,
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Offset of `bytes` in the file.
    base: usize,
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let part = self.bytes.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(part)
    }

    /// A variable-length quantity: at most four bytes of seven bits.
    fn number(&mut self) -> Option<u32> {
        let mut value = 0_u32;
        for _ in 0..4 {
            let byte = self.byte()?;
            value = value << 7 | u32::from(byte & 0x7F);
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn place(&self) -> Place {
        Place::Byte(self.base + self.at)
    }
}

fn corrupt(place: Place, expected: &str, found: &str) -> ScoreFileError {
    ScoreFileError::new(
        ScoreErrorKind::Corrupt,
        place,
        expected,
        found,
        "The file is damaged; export it again.",
    )
}

/// Splits a file into its tracks. RMID wrappers (RIFF) are opened.
pub(super) fn parse(bytes: &[u8], most_events: usize) -> Result<RawMidi<'_>, ScoreFileError> {
    if bytes.starts_with(b"SMF2CLIP") {
        return Err(ScoreFileError::new(
            ScoreErrorKind::Unsupported,
            Place::Byte(0),
            "a MIDI 1.0 file (.mid)",
            "a MIDI 2.0 clip (.midi2)",
            "Export the music as a Standard MIDI File (.mid).",
        ));
    }
    let (bytes, base) = if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"RMID") {
        // RIFF header, then the `data` chunk.
        match bytes.get(20..) {
            Some(inner) if bytes[12..16] == *b"data" => (inner, 20),
            _ => return Err(corrupt(Place::Byte(12), "a data chunk", "something else")),
        }
    } else {
        (bytes, 0)
    };
    let header = match bytes.get(..14) {
        Some(header) if header.starts_with(b"MThd") => header,
        _ => {
            let found = match bytes.len() {
                0 => "an empty file".to_owned(),
                n => format!("{n} bytes that do not start with \"MThd\""),
            };
            return Err(ScoreFileError::new(
                ScoreErrorKind::Unrecognized,
                Place::Byte(base),
                "a Standard MIDI File",
                found,
                "Check that this is a MIDI file (.mid).",
            ));
        }
    };
    let word = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let size = u32::from_be_bytes([header[4], header[5], header[6], header[7]]) as usize;
    let (format, promised, division) = (word(8), word(10), word(12));
    if size < 6 || format > 2 {
        return Err(ScoreFileError::new(
            ScoreErrorKind::Unsupported,
            Place::Byte(base + 8),
            "MIDI file type 0, 1 or 2",
            format!("type {format}, header of {size} bytes"),
            "Export the file again as MIDI type 1.",
        ));
    }
    let division = if division & 0x8000 == 0 {
        if division == 0 {
            return Err(corrupt(
                Place::Byte(base + 12),
                "ticks per quarter note",
                "0",
            ));
        }
        Division::Quarter(u32::from(division))
    } else {
        let fps = match (division >> 8) as i8 {
            -24 => (24, 1),
            -25 => (25, 1),
            -29 => (30_000, 1001),
            -30 => (30, 1),
            other => {
                let found = format!("{other}");
                let wanted = "SMPTE frames -24, -25, -29 or -30";
                return Err(corrupt(Place::Byte(base + 12), wanted, &found));
            }
        };
        let ticks = u32::from(division & 0xFF);
        if ticks == 0 {
            return Err(corrupt(Place::Byte(base + 13), "ticks per frame", "0"));
        }
        Division::Smpte(fps, ticks)
    };
    let mut raw = RawMidi {
        format,
        division,
        tracks: Vec::new(),
        warnings: Vec::new(),
    };
    let mut at = 8 + size.min(bytes.len());
    let mut events = 0;
    while at + 8 <= bytes.len() {
        let id = &bytes[at..at + 4];
        let size = u32::from_be_bytes([bytes[at + 4], bytes[at + 5], bytes[at + 6], bytes[at + 7]]);
        let size = size as usize;
        let start = at + 8;
        let end = start.saturating_add(size);
        if id == b"MTrk" {
            if end > bytes.len() {
                let found = format!("{}", bytes.len() - start);
                let wanted = format!("{size} bytes of track");
                return Err(corrupt(Place::Byte(base + at), &wanted, &found));
            }
            let mut reader = Reader {
                bytes: &bytes[start..end],
                at: 0,
                base: base + start,
            };
            let track = track(&mut reader, &mut raw.warnings, most_events - events)?;
            events += track.len();
            raw.tracks.push(track);
        } else if id.iter().all(|b| b.is_ascii_graphic() || *b == b' ') && end <= bytes.len() {
            // The standard tells readers to skip chunks that they do not know.
            raw.warnings.push(Warning {
                place: Place::Byte(base + at),
                message: "skipped an unknown chunk".into(),
            });
        } else {
            return Err(corrupt(
                Place::Byte(base + at),
                "a track chunk (MTrk)",
                "other bytes",
            ));
        }
        at = end;
    }
    if at < bytes.len() && base == 0 {
        return Err(corrupt(
            Place::Byte(at),
            "the end of the file",
            "bytes after the last track",
        ));
    }
    if raw.tracks.len() != usize::from(promised) {
        raw.warnings.push(Warning {
            place: Place::Byte(base + 10),
            message: format!("{promised} tracks promised, {} found", raw.tracks.len()),
        });
    }
    Ok(raw)
}

fn track<'a>(
    r: &mut Reader<'a>,
    warnings: &mut Vec<Warning>,
    most: usize,
) -> Result<Vec<(u64, Event<'a>)>, ScoreFileError> {
    let mut out = Vec::new();
    let mut tick = 0_u64;
    let mut running: Option<u8> = None;
    while r.at < r.bytes.len() {
        if out.len() >= most {
            return Err(ScoreFileError::too_large(
                r.place(),
                format!("at most {most} events"),
            ));
        }
        let cut = |r: &Reader| corrupt(r.place(), "the rest of an event", "the end of the track");
        let delta = r
            .number()
            .ok_or_else(|| corrupt(r.place(), "a time of at most four bytes", "something else"))?;
        tick += u64::from(delta);
        let place = r.place();
        let first = r.byte().ok_or_else(|| cut(r))?;
        let status = match (first, running) {
            (0x80.., _) => first,
            (_, Some(status)) => {
                r.at -= 1;
                status
            }
            _ => return Err(corrupt(place, "a status byte", &format!("{first:#04x}"))),
        };
        match status {
            0x80..=0xEF => {
                running = Some(status);
                let a = r.byte().ok_or_else(|| cut(r))?;
                let b = match status & 0xF0 {
                    0xC0 | 0xD0 => 0,
                    _ => r.byte().ok_or_else(|| cut(r))?,
                };
                if (a | b) & 0x80 != 0 {
                    let found = format!("{:#04x}", a.max(b));
                    return Err(corrupt(place, "data bytes below 0x80", &found));
                }
                out.push((tick, Event::Channel(status, a, b)));
            }
            0xFF => {
                // Meta events and system exclusive cancel running status by the letter of the
                // standard; files that go on with it all the same are read.
                let kind = r.byte().ok_or_else(|| cut(r))?;
                let size = r.number().ok_or_else(|| cut(r))?;
                let body = r.take(size as usize).ok_or_else(|| cut(r))?;
                out.push((tick, Event::Meta(kind, body)));
                if kind == 0x2F {
                    if r.at < r.bytes.len() {
                        return Err(corrupt(r.place(), "the end of the track", "more bytes"));
                    }
                    return Ok(out);
                }
            }
            0xF0 | 0xF7 => {
                let size = r.number().ok_or_else(|| cut(r))?;
                r.take(size as usize).ok_or_else(|| cut(r))?;
                out.push((tick, Event::SysEx));
            }
            illegal => {
                // Real-time and common messages have no place in files; skip what they carry.
                let data = match illegal {
                    0xF1 | 0xF3 => 1,
                    0xF2 => 2,
                    _ => 0,
                };
                r.take(data).ok_or_else(|| cut(r))?;
                if warnings.len() < 100 {
                    warnings.push(Warning {
                        place,
                        message: format!(
                            "skipped the message {illegal:#04x}, not allowed in files"
                        ),
                    });
                }
            }
        }
    }
    if warnings.len() < 100 {
        warnings.push(Warning {
            place: r.place(),
            message: "a track without its end mark".into(),
        });
    }
    Ok(out)
}
