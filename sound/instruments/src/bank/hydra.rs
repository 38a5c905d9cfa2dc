//! The nine tables of a SoundFont's `pdta` list, as they stand in the file.
//!
//! SoundFont Technical Specification 2.04, section 7. The packer rewrites these records; the
//! player reads them through [`super::Bank`].

use super::{
    BankError,
    riff::{self, Chunk, u16_at, u32_at},
};

/// Largest number of records of one table; real banks stay below a tenth of it.
const MAX_RECORDS: usize = 2_000_000;

/// A preset: what a program change selects (`phdr`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresetHeader {
    /// Name, at most 20 bytes.
    pub name: String,
    /// Program 0..=127.
    pub program: u16,
    /// Bank 0..=127, or 128 for percussion.
    pub bank: u16,
    /// Index of its first bag.
    pub bag: u16,
}

/// An instrument (`inst`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstrumentHeader {
    /// Name, at most 20 bytes.
    pub name: String,
    /// Index of its first bag.
    pub bag: u16,
}

/// Where a zone's generators and modulators begin (`pbag`, `ibag`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bag {
    /// Index of its first generator.
    pub generator: u16,
    /// Index of its first modulator.
    pub modulator: u16,
}

/// One generator (`pgen`, `igen`): a number of section 8.1.2 and its amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generator {
    /// Number 0..=60.
    pub number: u16,
    /// Amount; ranges hold the low end in the low byte.
    pub amount: u16,
}

/// One modulator (`pmod`, `imod`), section 8.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modulator {
    /// Source enumeration.
    pub source: u16,
    /// Destination generator.
    pub destination: u16,
    /// Amount in the destination's unit.
    pub amount: i16,
    /// Source that scales the amount.
    pub amount_source: u16,
    /// Transform: 0 linear, 2 absolute value.
    pub transform: u16,
}

/// A sample header (`shdr`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleHeader {
    /// Name, at most 20 bytes.
    pub name: String,
    /// First sample point (first byte, when compressed) in `smpl`.
    pub start: u32,
    /// Just after the last sample point (byte, when compressed) in `smpl`.
    pub end: u32,
    /// Loop start; from the sample's own start when compressed, else from that of `smpl`.
    pub loop_start: u32,
    /// Loop end, counted like the start: the point equivalent to the loop's first.
    pub loop_end: u32,
    /// Frames per second.
    pub rate: u32,
    /// MIDI key at which it was recorded; 255 for unpitched sounds.
    pub key: u8,
    /// Correction in cents.
    pub correction: i8,
    /// The other side of a stereo pair.
    pub link: u16,
    /// 1 mono, 2 right, 4 left, 8 linked; bit 4 (16) set: Ogg Vorbis; bit 15: ROM.
    pub kind: u16,
}

impl SampleHeader {
    /// Whether its data is an Ogg Vorbis stream (SF3).
    pub fn compressed(&self) -> bool {
        self.kind & 16 != 0
    }
}

/// All records of a SoundFont, without the terminal ones, and where its sample data lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hydra {
    /// Texts of the `INFO` list, tag and content.
    pub info: Vec<([u8; 4], Vec<u8>)>,
    /// Presets.
    pub presets: Vec<PresetHeader>,
    /// Zones of presets.
    pub preset_bags: Vec<Bag>,
    /// Generators of presets.
    pub preset_generators: Vec<Generator>,
    /// Modulators of presets.
    pub preset_modulators: Vec<Modulator>,
    /// Instruments.
    pub instruments: Vec<InstrumentHeader>,
    /// Zones of instruments.
    pub instrument_bags: Vec<Bag>,
    /// Generators of instruments.
    pub instrument_generators: Vec<Generator>,
    /// Modulators of instruments.
    pub instrument_modulators: Vec<Modulator>,
    /// Samples.
    pub samples: Vec<SampleHeader>,
    /// The `smpl` chunk's place in the file.
    pub data: (usize, usize),
    /// The `sm24` chunk's place, when the bank has 24-bit samples.
    pub low_bytes: Option<(usize, usize)>,
}

impl Hydra {
    /// Reads the structure of a SoundFont 2 or 3 file.
    ///
    /// # Errors
    /// When the file is not a SoundFont, a table is missing or cut, or is absurdly long.
    pub fn read(bytes: &[u8]) -> Result<Self, BankError> {
        if bytes.len() < 12 || &bytes[..4] != b"RIFF" || &bytes[8..12] != b"sfbk" {
            return Err(BankError {
                place: "start of the file".into(),
                expected: "a SoundFont (`RIFF` .. `sfbk`)".into(),
                found: format!(
                    "{} bytes beginning {:02x?}",
                    bytes.len(),
                    &bytes[..bytes.len().min(12)]
                ),
                remedy: "give a file that ends in .sf2 or .sf3".into(),
            });
        }
        let end = bytes.len().min(8 + u32_at(bytes, 4) as usize);
        let mut hydra = Self::default();
        let mut tables = None;
        for chunk in riff::chunks(bytes, 12, end.max(12))? {
            if chunk.tag != *b"LIST" || chunk.end - chunk.start < 4 {
                continue;
            }
            let kind: [u8; 4] = bytes[chunk.start..chunk.start + 4]
                .try_into()
                .expect("four bytes");
            let inner = riff::chunks(bytes, chunk.start + 4, chunk.end)?;
            match &kind {
                b"INFO" => {
                    hydra.info = inner
                        .iter()
                        .map(|c| (c.tag, bytes[c.start..c.end.min(c.start + 65_536)].to_vec()))
                        .collect();
                }
                b"sdta" => {
                    for c in inner {
                        match &c.tag {
                            b"smpl" => hydra.data = (c.start, c.end),
                            b"sm24" => hydra.low_bytes = Some((c.start, c.end)),
                            _ => {}
                        }
                    }
                }
                b"pdta" => tables = Some(inner),
                _ => {}
            }
        }
        let Some(tables) = tables else {
            return Err(BankError::damaged(
                "the file",
                "a `pdta` list of presets",
                "none",
            ));
        };
        hydra.read_tables(bytes, &tables)?;
        Ok(hydra)
    }

    fn read_tables(&mut self, bytes: &[u8], tables: &[Chunk]) -> Result<(), BankError> {
        let bag = |r: &[u8]| Bag {
            generator: u16_at(r, 0),
            modulator: u16_at(r, 2),
        };
        let modulator = |r: &[u8]| Modulator {
            source: u16_at(r, 0),
            destination: u16_at(r, 2),
            amount: u16_at(r, 4) as i16,
            amount_source: u16_at(r, 6),
            transform: u16_at(r, 8),
        };
        let generator = |r: &[u8]| Generator {
            number: u16_at(r, 0),
            amount: u16_at(r, 2),
        };
        self.presets = table(bytes, tables, *b"phdr", 38, |r| PresetHeader {
            name: text(&r[..20]),
            program: u16_at(r, 20),
            bank: u16_at(r, 22),
            bag: u16_at(r, 24),
        })?;
        self.preset_bags = table(bytes, tables, *b"pbag", 4, bag)?;
        self.preset_modulators = table(bytes, tables, *b"pmod", 10, modulator)?;
        self.preset_generators = table(bytes, tables, *b"pgen", 4, generator)?;
        self.instruments = table(bytes, tables, *b"inst", 22, |r| InstrumentHeader {
            name: text(&r[..20]),
            bag: u16_at(r, 20),
        })?;
        self.instrument_bags = table(bytes, tables, *b"ibag", 4, bag)?;
        self.instrument_modulators = table(bytes, tables, *b"imod", 10, modulator)?;
        self.instrument_generators = table(bytes, tables, *b"igen", 4, generator)?;
        self.samples = table(bytes, tables, *b"shdr", 46, |r| SampleHeader {
            name: text(&r[..20]),
            start: u32_at(r, 20),
            end: u32_at(r, 24),
            loop_start: u32_at(r, 28),
            loop_end: u32_at(r, 32),
            rate: u32_at(r, 36),
            key: r[40],
            correction: r[41] as i8,
            link: u16_at(r, 42),
            kind: u16_at(r, 44),
        })?;
        // Samples need no terminal record to be read, the rest do: it closes the last zone.
        self.samples.pop();
        Ok(())
    }
}

/// Reads the records of one table, the terminal one included.
fn table<T>(
    bytes: &[u8],
    tables: &[Chunk],
    tag: [u8; 4],
    size: usize,
    read: impl Fn(&[u8]) -> T,
) -> Result<Vec<T>, BankError> {
    let Some(chunk) = tables.iter().find(|chunk| chunk.tag == tag) else {
        return Err(BankError::damaged(
            "the `pdta` list",
            format!("a table `{}`", riff::name(tag)),
            "none",
        ));
    };
    let length = chunk.end - chunk.start;
    if length / size > MAX_RECORDS {
        return Err(BankError::beyond(
            format!("table `{}`", riff::name(tag)),
            format!("at most {MAX_RECORDS} records"),
            format!("{}", length / size),
        ));
    }
    if length < size || length % size != 0 {
        return Err(BankError::damaged(
            format!("table `{}`", riff::name(tag)),
            format!("whole records of {size} bytes"),
            format!("{length} bytes"),
        ));
    }
    Ok(bytes[chunk.start..chunk.end]
        .chunks_exact(size)
        .map(read)
        .collect())
}

/// A fixed-length, zero-padded text.
fn text(field: &[u8]) -> String {
    let end = field.iter().position(|&b| b == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).trim_end().to_owned()
}
