//! Raw stems between rendering and mixing: in memory up to a budget, then on disk.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
    sync::Mutex,
};
use yuefu_audio::{AudioBuffer, SampleRate};
use yuefu_engine::WorldError;

/// Bytes of raw stems that are held in memory: three minutes of three tracks.
const BUDGET: usize = 192 << 20;

/// Raw stems by number. What exceeds the budget waits in a scratch folder, which is removed in
/// the end; the samples are the same either way.
#[derive(Debug)]
pub struct StemPool {
    rate: SampleRate,
    scratch: PathBuf,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    stems: Vec<Option<Stem>>,
    bytes: usize,
    made: bool,
}

#[derive(Debug)]
enum Stem {
    Memory(AudioBuffer),
    Disk { path: PathBuf, channels: usize },
}

impl StemPool {
    /// A pool for a number of stems. The scratch folder is made only when it is needed.
    pub fn new(rate: SampleRate, count: usize, scratch: &Path) -> Self {
        let stems = (0..count).map(|_| None).collect();
        Self {
            rate,
            scratch: scratch.to_owned(),
            held: Mutex::new(Held {
                stems,
                ..Held::default()
            }),
        }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        // Nothing inside can panic half-way.
        self.held.lock().unwrap_or_else(|error| error.into_inner())
    }

    /// Keeps a stem.
    ///
    /// # Errors
    /// When it must go to the disk and cannot.
    pub fn put(&self, number: usize, stem: AudioBuffer) -> Result<(), WorldError> {
        let bytes = stem.frames() * stem.channels.len() * 4;
        {
            let mut held = self.held();
            if held.bytes + bytes <= BUDGET {
                held.bytes += bytes;
                held.stems[number] = Some(Stem::Memory(stem));
                return Ok(());
            }
            held.made = true;
        }
        let path = self.scratch.join(format!("{number}.f32"));
        write(&self.scratch, &path, &stem)
            .map_err(|error| WorldError::new("write", path.display().to_string(), &error))?;
        self.held().stems[number] = Some(Stem::Disk {
            path,
            channels: stem.channels.len(),
        });
        Ok(())
    }

    /// A copy of a stem; silence of no length when there is none.
    ///
    /// # Errors
    /// When it cannot be read back.
    pub fn copy(&self, number: usize) -> Result<AudioBuffer, WorldError> {
        let (path, channels) = match &self.held().stems[number] {
            None => return Ok(AudioBuffer::silent(self.rate, 2, 0)),
            Some(Stem::Memory(stem)) => return Ok(stem.clone()),
            Some(Stem::Disk { path, channels }) => (path.clone(), *channels),
        };
        read(&path, channels, self.rate)
            .map_err(|error| WorldError::new("read back", path.display().to_string(), &error))
    }

    /// Takes a stem out.
    ///
    /// # Errors
    /// When it cannot be read back.
    pub fn take(&self, number: usize) -> Result<AudioBuffer, WorldError> {
        let taken = {
            let mut held = self.held();
            let taken = held.stems[number].take();
            if let Some(Stem::Memory(stem)) = &taken {
                held.bytes -= stem.frames() * stem.channels.len() * 4;
            }
            taken
        };
        match taken {
            None => Ok(AudioBuffer::silent(self.rate, 2, 0)),
            Some(Stem::Memory(stem)) => Ok(stem),
            Some(Stem::Disk { path, channels }) => {
                let stem = read(&path, channels, self.rate).map_err(|error| {
                    WorldError::new("read back", path.display().to_string(), &error)
                })?;
                // The folder goes in the end anyway.
                let _ = fs::remove_file(path);
                Ok(stem)
            }
        }
    }
}

impl Drop for StemPool {
    fn drop(&mut self) {
        if self.held().made {
            // Nothing can be done if even removing fails.
            let _ = fs::remove_dir_all(&self.scratch);
        }
    }
}

fn write(folder: &Path, path: &Path, stem: &AudioBuffer) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut file = BufWriter::with_capacity(1 << 18, File::create(path)?);
    for sample in stem.channels.iter().flatten() {
        file.write_all(&sample.to_le_bytes())?;
    }
    file.flush()
}

fn read(path: &Path, channels: usize, rate: SampleRate) -> io::Result<AudioBuffer> {
    let file = File::open(path)?;
    let samples = file.metadata()?.len() as usize / 4;
    let mut file = BufReader::with_capacity(1 << 18, file);
    let mut audio = AudioBuffer::silent(rate, channels, samples / channels.max(1));
    let mut bytes = [0; 4];
    for sample in audio.channels.iter_mut().flatten() {
        file.read_exact(&mut bytes)?;
        *sample = f32::from_le_bytes(bytes);
    }
    Ok(audio)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exceeds_the_budget_comes_back_from_disk_unchanged() {
        let rate = SampleRate(48_000);
        let scratch = std::env::temp_dir().join(format!("yuefu-pool-{}", std::process::id()));
        let stem = |number: usize, frames: usize| AudioBuffer {
            rate,
            channels: vec![vec![number as f32 + 0.1; frames]; 2],
        };
        let pool = StemPool::new(rate, 3, &scratch);
        let large = BUDGET / 8 - 1000;
        pool.put(0, stem(0, large)).unwrap();
        pool.put(1, stem(1, 5000)).unwrap();
        assert!(scratch.join("1.f32").exists());
        assert_eq!(pool.copy(1).unwrap(), stem(1, 5000));
        assert_eq!(pool.take(1).unwrap(), stem(1, 5000));
        assert_eq!(pool.take(0).unwrap().frames(), large);
        assert_eq!(pool.take(2).unwrap().frames(), 0);
        drop(pool);
        assert!(!scratch.exists());
    }
}
