//! The whole state of a training, so that a killed one goes on exactly where it was.

use crate::adam::Adam;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// First bytes of a file.
const MARK: &[u8; 8] = b"YFTRAIN1";

/// A training.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Numbers of the network.
    pub numbers: Vec<f32>,
    /// The optimizer.
    pub adam: Adam,
    /// The least distance of the envelope on the lines held back in dB, and since when (step).
    pub best: (f32, u64),
    /// The numbers that had it.
    pub best_numbers: Vec<f32>,
}

impl Checkpoint {
    /// Writes it beside the old one and then in its place.
    ///
    /// # Errors
    /// Of the file.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let new = path.with_extension("new");
        let mut file = io::BufWriter::new(fs::File::create(&new)?);
        file.write_all(MARK)?;
        file.write_all(&(self.numbers.len() as u64).to_le_bytes())?;
        file.write_all(&self.adam.steps.to_le_bytes())?;
        file.write_all(&self.best.0.to_le_bytes())?;
        file.write_all(&self.best.1.to_le_bytes())?;
        for list in [
            &self.numbers,
            &self.adam.first,
            &self.adam.second,
            &self.adam.mean,
            &self.best_numbers,
        ] {
            for value in list {
                file.write_all(&value.to_le_bytes())?;
            }
        }
        file.into_inner()
            .map_err(|fault| fault.into_error())?
            .sync_all()?;
        fs::rename(new, path)
    }

    /// Reads one; `None` where there is no file.
    ///
    /// # Errors
    /// Of the file; also where it is of another network.
    pub fn load(path: &Path, count: usize) -> io::Result<Option<Self>> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let wrong = || {
            io::Error::other(format!(
                "expected the checkpoint of a network of {count} numbers, found {} other bytes",
                bytes.len()
            ))
        };
        if bytes.len() != 36 + count * 20 || !bytes.starts_with(MARK) {
            return Err(wrong());
        }
        let long = |at: usize| -> u64 {
            bytes[at..at + 8]
                .iter()
                .rev()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
        };
        if long(8) != count as u64 {
            return Err(wrong());
        }
        let values: Vec<f32> = bytes[36..]
            .as_chunks::<4>()
            .0
            .iter()
            .map(|four| f32::from_le_bytes(*four))
            .collect();
        let list = |index: usize| values[index * count..(index + 1) * count].to_vec();
        Ok(Some(Self {
            numbers: list(0),
            adam: Adam {
                steps: long(16),
                first: list(1),
                second: list(2),
                mean: list(3),
            },
            best: (
                f32::from_le_bytes([bytes[24], bytes[25], bytes[26], bytes[27]]),
                long(28),
            ),
            best_numbers: list(4),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_training_comes_back() {
        let path = std::env::temp_dir().join(format!("yuefu-checkpoint-{}", std::process::id()));
        assert_eq!(Checkpoint::load(&path, 3).unwrap(), None);
        let mut adam = Adam::new(&[1.0, 2.0, 3.0]);
        adam.steps = 77;
        let saved = Checkpoint {
            numbers: vec![0.5, -1.0, 2.0],
            adam,
            best: (0.25, 70),
            best_numbers: vec![9.0, 8.0, 7.0],
        };
        saved.save(&path).unwrap();
        assert_eq!(Checkpoint::load(&path, 3).unwrap(), Some(saved));
        assert!(Checkpoint::load(&path, 4).is_err());
        fs::remove_file(&path).unwrap();
    }
}
