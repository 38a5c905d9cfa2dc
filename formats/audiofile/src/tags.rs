//! Descriptive tags, and their three spellings: Vorbis comments, ID3v2.4 and RIFF INFO.

/// Text about a recording that travels inside its file. Empty fields are not written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    /// Title of the piece.
    pub title: Option<String>,
    /// Artist or ensemble.
    pub artist: Option<String>,
    /// Album.
    pub album: Option<String>,
    /// Date, ISO 8601 (`2026`, `2026-11-21`). Never filled from a clock here.
    pub date: Option<String>,
    /// Genre.
    pub genre: Option<String>,
    /// Free comment.
    pub comment: Option<String>,
    /// Unsynchronized lyrics, lines separated by `\n`.
    pub lyrics: Option<String>,
    /// Tempo in beats per minute.
    pub bpm: Option<u32>,
    /// Initial key, such as `Dm` or `C`.
    pub key: Option<String>,
    /// International Standard Recording Code.
    pub isrc: Option<String>,
    /// The program that made the file.
    pub encoder: Option<String>,
    /// Further pairs, such as the provenance manifest's hash and the label of AI generation.
    pub extra: Vec<(String, String)>,
}

impl Tags {
    /// Vorbis comment pairs (FLAC, Ogg), in a fixed order. Keys are cleaned to printable ASCII
    /// without `=`, as the Vorbis I specification, section 5.2, wants.
    pub fn vorbis_comments(&self) -> Vec<(String, String)> {
        let bpm = self.bpm.map(|b| b.to_string());
        let named = [
            ("TITLE", &self.title),
            ("ARTIST", &self.artist),
            ("ALBUM", &self.album),
            ("DATE", &self.date),
            ("GENRE", &self.genre),
            ("COMMENT", &self.comment),
            ("LYRICS", &self.lyrics),
            ("BPM", &bpm),
            ("INITIALKEY", &self.key),
            ("ISRC", &self.isrc),
            ("ENCODER", &self.encoder),
        ];
        let mut out: Vec<(String, String)> = named
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), clean(value.as_ref()?)?)))
            .collect();
        for (key, value) in &self.extra {
            let key: String = key
                .chars()
                .map(|c| match c {
                    ' '..='<' | '>'..='}' => c,
                    _ => '_',
                })
                .collect();
            if let (false, Some(value)) = (key.is_empty(), clean(value)) {
                out.push((key, value));
            }
        }
        out
    }

    /// The body of a Vorbis comment block (no framing bit), as FLAC stores it.
    pub(crate) fn vorbis_block(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut put = |text: &str| {
            out.extend_from_slice(&(text.len() as u32).to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        };
        put(VENDOR);
        let comments = self.vorbis_comments();
        let lines: Vec<String> = comments.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let mut body = Vec::new();
        for line in &lines {
            body.extend_from_slice(&(line.len() as u32).to_le_bytes());
            body.extend_from_slice(line.as_bytes());
        }
        out.extend_from_slice(&(lines.len() as u32).to_le_bytes());
        out.extend_from_slice(&body);
        out
    }

    /// An ID3v2.4 tag in UTF-8 (id3.org, ID3v2.4.0 structure and native frames); empty when
    /// there is nothing to say.
    pub fn id3v2(&self) -> Vec<u8> {
        let bpm = self.bpm.map(|b| b.to_string());
        let mut frames = Vec::new();
        for (id, value) in [
            ("TIT2", &self.title),
            ("TPE1", &self.artist),
            ("TALB", &self.album),
            ("TDRC", &self.date),
            ("TCON", &self.genre),
            ("TBPM", &bpm),
            ("TKEY", &self.key),
            ("TSRC", &self.isrc),
            ("TSSE", &self.encoder),
        ] {
            if let Some(value) = value.as_ref().and_then(|v| clean(v)) {
                frame(&mut frames, id, &[&[UTF8], value.as_bytes()]);
            }
        }
        for (id, value) in [("COMM", &self.comment), ("USLT", &self.lyrics)] {
            if let Some(value) = value.as_ref().and_then(|v| clean(v)) {
                // "und": the language is not known here; then an empty description.
                frame(&mut frames, id, &[&[UTF8], b"und\0", value.as_bytes()]);
            }
        }
        for (key, value) in &self.extra {
            if let (Some(key), Some(value)) = (clean(key), clean(value)) {
                let parts: [&[u8]; 4] = [&[UTF8], key.as_bytes(), b"\0", value.as_bytes()];
                frame(&mut frames, "TXXX", &parts);
            }
        }
        if frames.is_empty() {
            return frames;
        }
        let mut out = b"ID3\x04\x00\x00".to_vec();
        out.extend_from_slice(&syncsafe(frames.len() as u32));
        out.extend_from_slice(&frames);
        out
    }

    /// The body of a RIFF `LIST` chunk of type `INFO` (Microsoft RIFF MCI), UTF-8; empty when
    /// there is nothing to say.
    pub(crate) fn riff_info(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (id, value) in [
            (b"INAM", &self.title),
            (b"IART", &self.artist),
            (b"IPRD", &self.album),
            (b"ICRD", &self.date),
            (b"IGNR", &self.genre),
            (b"ICMT", &self.comment),
            (b"ISFT", &self.encoder),
        ] {
            if let Some(value) = value.as_ref().and_then(|v| clean(v)) {
                let size = value.len() as u32 + 1;
                out.extend_from_slice(id);
                out.extend_from_slice(&size.to_le_bytes());
                out.extend_from_slice(value.as_bytes());
                out.push(0);
                if size % 2 == 1 {
                    out.push(0);
                }
            }
        }
        if !out.is_empty() {
            out.splice(0..0, *b"INFO");
        }
        out
    }
}

/// The vendor string of Vorbis comments.
pub(crate) const VENDOR: &str = "Yuefu";
const UTF8: u8 = 3;
/// No single text is longer than this: ID3 sizes are 28-bit and FLAC blocks 24-bit.
const LONGEST: usize = 1 << 20;

/// Text without NUL (it ends strings in ID3 and RIFF), cut at a sane length; `None` if empty.
fn clean(text: &str) -> Option<String> {
    let mut text: String = text.chars().filter(|&c| c != '\0').collect();
    if text.len() > LONGEST {
        let cut = text.floor_char_boundary(LONGEST);
        text.truncate(cut);
    }
    (!text.is_empty()).then_some(text)
}

fn syncsafe(n: u32) -> [u8; 4] {
    [21, 14, 7, 0].map(|shift| (n >> shift) as u8 & 0x7F)
}

fn frame(out: &mut Vec<u8>, id: &str, parts: &[&[u8]]) {
    let size: usize = parts.iter().map(|p| p.len()).sum();
    out.extend_from_slice(id.as_bytes());
    out.extend_from_slice(&syncsafe(size as u32));
    out.extend_from_slice(&[0, 0]);
    for part in parts {
        out.extend_from_slice(part);
    }
}
