//! Raw stems between rendering and mixing: in memory up to a budget, then on disk.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Read, Seek, SeekFrom, Write},
    ops::Range,
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
    Disk {
        path: PathBuf,
        channels: usize,
        frames: usize,
    },
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
            frames: stem.frames(),
        });
        Ok(())
    }

    /// A stretch of a stem; silence where there is none.
    ///
    /// # Errors
    /// When it cannot be read back.
    pub fn slice(&self, number: usize, range: Range<usize>) -> Result<AudioBuffer, WorldError> {
        let mut audio = AudioBuffer::silent(self.rate, 2, range.len());
        let (path, channels, frames) = match &self.held().stems[number] {
            None => return Ok(audio),
            Some(Stem::Memory(stem)) => {
                for (to, from) in audio.channels.iter_mut().zip(&stem.channels) {
                    let from = &from[range.start.min(from.len())..range.end.min(from.len())];
                    to[..from.len()].copy_from_slice(from);
                }
                return Ok(audio);
            }
            Some(Stem::Disk {
                path,
                channels,
                frames,
            }) => (path.clone(), *channels, *frames),
        };
        let range = range.start.min(frames)..range.end.min(frames);
        read(&path, &mut audio, channels, frames, &range)
            .map_err(|error| WorldError::new("read back", path.display().to_string(), &error))?;
        Ok(audio)
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

/// Reads a stretch of a stem of some channels and frames into the beginning of a buffer.
fn read(
    path: &Path,
    audio: &mut AudioBuffer,
    channels: usize,
    frames: usize,
    range: &Range<usize>,
) -> io::Result<()> {
    let mut file = File::open(path)?;
    let mut bytes = vec![0; range.len() * 4];
    for (index, channel) in audio.channels.iter_mut().enumerate().take(channels) {
        let at = (index * frames + range.start) * 4;
        file.seek(SeekFrom::Start(at as u64))?;
        file.read_exact(&mut bytes)?;
        for (sample, bytes) in channel.iter_mut().zip(bytes.chunks_exact(4)) {
            *sample = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
    }
    Ok(())
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
        assert_eq!(pool.slice(1, 0..5000).unwrap(), stem(1, 5000));
        assert_eq!(pool.slice(1, 4000..4100).unwrap(), stem(1, 100));
        let mut beyond = stem(1, 1500);
        for channel in &mut beyond.channels {
            channel[1000..].fill(0.0);
        }
        assert_eq!(pool.slice(1, 4000..5500).unwrap(), beyond);
        assert_eq!(pool.slice(0, 7..9).unwrap(), stem(0, 2));
        assert_eq!(pool.slice(2, 0..3).unwrap().peak(), 0.0);
        drop(pool);
        assert!(!scratch.exists());
    }
}
