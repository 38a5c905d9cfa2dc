//! `oto.ini`: where in each recording of a bank the sounds lie.
//!
//! A line reads `FILE.wav=ALIAS,OFFSET,CONSONANT,CUTOFF,PREUTTERANCE,OVERLAP`, in milliseconds: the
//! sound begins at the offset; what lies up to the consonant mark is not stretched; the cutoff is
//! counted from the end of the file, or, negative, from the offset; the note begins at the
//! preutterance; up to the overlap the sound before still sounds. As UTAU 0.4 and OpenUtau read it.

use encoding_rs::{GB18030, SHIFT_JIS};
use std::borrow::Cow;

/// Most bytes of a list.
pub const MOST_BYTES: usize = 8 << 20;
/// Most entries of a list.
pub const MOST_ENTRIES: usize = 200_000;

/// One sound of a bank.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Name of the recording, beside the list.
    pub file: String,
    /// What it is called; the file's name without its ending where the list states none.
    pub alias: String,
    /// Where it begins, in seconds from the start of the file.
    pub offset: f64,
    /// Up to here it is not stretched; seconds from the offset.
    pub consonant: f64,
    /// Where it ends.
    pub end: End,
    /// Where the note begins; seconds from the offset.
    pub preutterance: f64,
    /// Up to here the sound before still sounds; seconds from the offset, negative for a gap.
    pub overlap: f64,
}

/// Where a sound ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    /// Seconds before the end of the file.
    BeforeEnd(f64),
    /// Seconds after the offset.
    AfterOffset(f64),
}

/// A list that was read, with what was wrong in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Oto {
    /// Its entries.
    pub entries: Vec<Entry>,
    /// Lines that are no entries, counted from 1, with what was expected in English and Chinese.
    pub faults: Vec<(usize, &'static str, &'static str)>,
}

/// Reads a list. Lines that are no entries are skipped and named; a list beyond the limits is cut
/// off and says so.
pub fn read(bytes: &[u8]) -> Oto {
    let mut oto = Oto::default();
    let cut = bytes.len().min(MOST_BYTES);
    let text = decode(&bytes[..cut]);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_matches(['\u{feff}', ' ', '\t', '\r']);
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if oto.entries.len() == MOST_ENTRIES {
            break;
        }
        match entry(line) {
            Ok(entry) => oto.entries.push(entry),
            Err((en, zh)) => oto.faults.push((index + 1, en, zh)),
        }
    }
    if cut < bytes.len() || oto.entries.len() == MOST_ENTRIES {
        oto.faults.push((
            0,
            "a list of at most 8 MB and 200,000 entries; the rest is left out",
            "列表最多 8 MB、20 万条，其余略去",
        ));
    }
    oto
}

fn entry(line: &str) -> Result<Entry, (&'static str, &'static str)> {
    let shape = (
        "FILE.wav=ALIAS and five numbers in milliseconds, separated by commas",
        "应为 文件.wav=别名 及五个以逗号分隔的毫秒数",
    );
    let (file, rest) = line.split_once('=').ok_or(shape)?;
    let file = file.trim();
    // A list names recordings of its own folder, nothing else.
    if file.is_empty() || file.contains("..") || file.starts_with(['/', '\\']) || file.contains(':')
    {
        return Err((
            "a recording in the folder of the list",
            "应为列表所在文件夹中的录音",
        ));
    }
    // Aliases may hold commas; the numbers are the last five fields.
    let mut fields: Vec<&str> = rest.rsplitn(6, ',').collect();
    fields.reverse();
    let [alias, offset, consonant, cutoff, preutterance, overlap] = fields[..] else {
        return Err(shape);
    };
    let number = |text: &str| -> Result<f64, (&'static str, &'static str)> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(0.0);
        }
        let value: f64 = text.parse().map_err(|_| shape)?;
        // An hour is no sound of a bank.
        if value.is_finite() && value.abs() <= 3.6e6 {
            Ok(value * 1e-3)
        } else {
            Err(shape)
        }
    };
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let alias = match alias.trim() {
        "" => stem,
        alias => alias,
    };
    let cutoff = number(cutoff)?;
    Ok(Entry {
        file: file.replace('\\', "/"),
        alias: alias.to_owned(),
        offset: number(offset)?.max(0.0),
        consonant: number(consonant)?.max(0.0),
        end: if cutoff < 0.0 {
            End::AfterOffset(-cutoff)
        } else {
            End::BeforeEnd(cutoff)
        },
        preutterance: number(preutterance)?.max(0.0),
        overlap: number(overlap)?,
    })
}

/// The text of a file of a bank: UTF-8, or Shift-JIS as UTAU writes it, or GB 18030.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    for encoding in [SHIFT_JIS, GB18030] {
        let (text, broken) = encoding.decode_without_bom_handling(bytes);
        if !broken {
            return text;
        }
    }
    String::from_utf8_lossy(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_sounds() {
        let oto = read(b"\xEF\xBB\xBFka.wav=- ka,100,80,-400,60,20\r\na.wav=,0,50,120,,-5\n\nsoft");
        assert_eq!(oto.entries.len(), 2);
        let (ka, a) = (&oto.entries[0], &oto.entries[1]);
        assert_eq!((ka.alias.as_str(), ka.offset), ("- ka", 0.1));
        assert_eq!(ka.end, End::AfterOffset(0.4));
        assert_eq!((a.alias.as_str(), a.preutterance), ("a", 0.0));
        assert_eq!(a.end, End::BeforeEnd(0.12));
        assert_eq!(oto.faults[0].0, 4);
    }

    #[test]
    fn no_list_reads_outside_its_folder() {
        for file in [
            "../../etc/passwd",
            "/etc/passwd",
            "c:\\boot.wav",
            "..\\a.wav",
        ] {
            let oto = read(format!("{file}=a,0,0,0,0,0").as_bytes());
            assert!(oto.entries.is_empty() && oto.faults.len() == 1, "{file}");
        }
    }

    #[test]
    fn japanese_is_read_as_utau_writes_it() {
        let (bytes, ..) = SHIFT_JIS.encode("か.wav=あ か,1,2,3,4,5");
        assert_eq!(read(&bytes).entries[0].alias, "あ か");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            read(&bytes);
        }

        #[test]
        fn any_line_is_read(text in "[a-z]{1,3}\\.wav=[a-z ,]{0,6}(,-?[0-9.e]{0,9}){0,7}") {
            for entry in read(text.as_bytes()).entries {
                prop_assert!(entry.offset.is_finite() && entry.offset >= 0.0);
                prop_assert!(entry.overlap.is_finite());
            }
        }
    }
}
