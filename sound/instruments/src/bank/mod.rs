//! SoundFont 2 and 3 banks: reading, checking, and decoding samples when they are needed.
//!
//! [`Bank::read`] checks the whole structure at once, so that playing cannot fail. Samples are
//! decoded on first use and kept; which thread comes first changes nothing in the result.

mod error;
pub mod hydra;
mod ogg;
pub mod region;
pub mod riff;
mod sample;
pub mod sfz;
mod wave;

pub use error::BankError;
pub use ogg::total_frames;
pub use region::{GENERATORS, Pick, Region};
pub use sample::{PADDING, Sample};

use hydra::Hydra;
use std::{
    borrow::Cow,
    sync::{Arc, OnceLock},
};

/// Largest file this reader takes: 2 GiB.
const MAX_BYTES: usize = 2 << 30;

/// A preset by name; its regions are worked out on first use.
#[derive(Debug)]
struct Preset {
    name: String,
    bank: u16,
    program: u16,
    regions: OnceLock<Arc<[Region]>>,
}

/// An open SoundFont.
#[derive(Debug)]
pub struct Bank {
    bytes: Cow<'static, [u8]>,
    hydra: Hydra,
    presets: Vec<Preset>,
    samples: Vec<OnceLock<Arc<Sample>>>,
}

impl Bank {
    /// Opens a SoundFont 2 or 3 file that has been read whole.
    ///
    /// # Errors
    /// When the file is no SoundFont, is damaged, or is beyond the limits (2 GiB; 65,536
    /// regions in one preset). A sample that turns out to be damaged later is silent.
    pub fn read(bytes: impl Into<Cow<'static, [u8]>>) -> Result<Self, BankError> {
        let bytes = bytes.into();
        if bytes.len() > MAX_BYTES {
            return Err(BankError::beyond(
                "the file",
                "at most 2 GiB",
                format!("{} bytes", bytes.len()),
            ));
        }
        let hydra = Hydra::read(&bytes)?;
        region::check(&hydra)?;
        let presets = hydra.presets[..hydra.presets.len().saturating_sub(1)]
            .iter()
            .map(|header| Preset {
                name: header.name.clone(),
                bank: header.bank,
                program: header.program,
                regions: OnceLock::new(),
            })
            .collect();
        let samples = hydra.samples.iter().map(|_| OnceLock::new()).collect();
        Ok(Self {
            bytes,
            hydra,
            presets,
            samples,
        })
    }

    /// Bank number, program and name of every preset, in the order of the file.
    pub fn presets(&self) -> impl Iterator<Item = (u16, u16, &str)> {
        self.presets
            .iter()
            .map(|preset| (preset.bank, preset.program, preset.name.as_str()))
    }

    /// The regions of a preset: every combination of its zones and its instruments' zones.
    /// `None` when the bank has no such preset.
    pub fn regions(&self, bank: u16, program: u16) -> Option<Arc<[Region]>> {
        let index = self
            .presets
            .iter()
            .position(|preset| preset.bank == bank && preset.program == program)?;
        Some(Arc::clone(
            self.presets[index]
                .regions
                .get_or_init(|| region::flatten(&self.hydra, index).into()),
        ))
    }

    /// A decoded sample; an empty one when there is no such sample or its data is damaged.
    pub fn sample(&self, index: usize) -> Arc<Sample> {
        let Some(cell) = self.samples.get(index) else {
            return Arc::default();
        };
        Arc::clone(cell.get_or_init(|| {
            let header = self.hydra.samples.get(index);
            let decoded = header.and_then(|h| sample::decode(&self.bytes, &self.hydra, h));
            Arc::new(decoded.unwrap_or_default())
        }))
    }

    /// A bank of one preset, 0:0, from regions and samples that are ready.
    fn ready(name: &str, regions: Vec<Region>, samples: Vec<Sample>) -> Self {
        Self {
            bytes: Cow::Borrowed(&[]),
            hydra: Hydra::default(),
            presets: vec![Preset {
                name: name.to_owned(),
                bank: 0,
                program: 0,
                regions: OnceLock::from(Arc::from(regions)),
            }],
            samples: samples
                .into_iter()
                .map(|sample| OnceLock::from(Arc::new(sample)))
                .collect(),
        }
    }

    /// The tables of the file, for tools that rewrite it.
    pub fn hydra(&self) -> &Hydra {
        &self.hydra
    }

    /// The whole file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
