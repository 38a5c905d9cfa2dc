//! Stems as files, written piece by piece while the song is rendered.

use crate::{error::StudioError, publish::slug, render::StemSink};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use yuefu_audio::AudioBuffer;
use yuefu_audiofile::{AudioFormat, DecodeLimits, LosslessWriter, SampleFormat, Tags, decode_file};

/// Writes stems as 24-bit FLAC, which holds them exactly; one that exceeds full scale becomes a
/// floating-point WAV, which holds that too.
pub(crate) struct StemFiles {
    folder: PathBuf,
    tags: Tags,
    open: Mutex<BTreeMap<String, Arc<Mutex<Option<Stem>>>>>,
}

struct Stem {
    writer: LosslessWriter,
    file: String,
    tags: Tags,
    float: bool,
    frames: usize,
}

impl StemFiles {
    /// Stems in a folder, which is made when the first arrives.
    pub fn new(folder: &Path, tags: Tags) -> Self {
        Self {
            folder: folder.to_owned(),
            tags,
            open: Mutex::default(),
        }
    }

    /// Completes all files; their names, sorted.
    ///
    /// # Errors
    /// When one cannot be written.
    pub fn finish(self) -> Result<Vec<String>, StudioError> {
        let open = self
            .open
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let mut names = Vec::with_capacity(open.len());
        for stem in open.into_values() {
            if let Some(stem) = lock(&stem).take() {
                stem.writer.finish()?;
                names.push(stem.file);
            }
        }
        names.sort();
        Ok(names)
    }

    fn begin(&self, name: &str, audio: &AudioBuffer) -> Result<Stem, StudioError> {
        std::fs::create_dir_all(&self.folder).map_err(|error| {
            let place = self.folder.display().to_string();
            yuefu_engine::WorldError::new("make the folder", place, &error)
        })?;
        let mut tags = self.tags.clone();
        tags.title = tags.title.map(|title| format!("{title} ({name})"));
        let file = format!("{}.flac", slug(name));
        let flac = AudioFormat::Flac(SampleFormat::Int24);
        let path = self.folder.join(&file);
        Ok(Stem {
            writer: LosslessWriter::create(&path, flac, audio.rate, 2, &tags)?,
            file,
            tags,
            float: false,
            frames: 0,
        })
    }

    /// Goes on in floating point, with what was written so far.
    fn widen(&self, name: &str, stem: Stem, audio: &AudioBuffer) -> Result<Stem, StudioError> {
        let file = format!("{}.wav", slug(name));
        let wav = AudioFormat::Wav(SampleFormat::Float32);
        let path = self.folder.join(&file);
        let mut writer = LosslessWriter::create(&path, wav, audio.rate, 2, &stem.tags)?;
        let narrow = self.folder.join(&stem.file);
        stem.writer.finish()?;
        if stem.frames > 0 {
            let before = decode_file(&narrow, &DecodeLimits::default())?.audio;
            writer.push(&before)?;
        }
        // Its name is not given away; a leftover would go with the folder.
        let _ = std::fs::remove_file(narrow);
        Ok(Stem {
            writer,
            file,
            float: true,
            ..stem
        })
    }
}

impl StemSink for StemFiles {
    fn piece(&self, name: &str, audio: &AudioBuffer) -> Result<(), StudioError> {
        let slot = Arc::clone(lock(&self.open).entry(name.to_owned()).or_default());
        let mut slot = lock(&slot);
        let mut stem = match slot.take() {
            Some(stem) => stem,
            None => self.begin(name, audio)?,
        };
        // An integer file holds −1 up to the last step below 1.
        if !stem.float && audio.peak() > 1.0 - 1.0 / 8_388_608.0 {
            stem = self.widen(name, stem, audio)?;
        }
        stem.writer.push(audio)?;
        stem.frames += audio.frames();
        *slot = Some(stem);
        Ok(())
    }
}

/// Nothing inside can panic half-way.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use yuefu_audio::SampleRate;

    #[test]
    fn a_stem_beyond_full_scale_is_kept_exactly() {
        let folder = std::env::temp_dir().join(format!("yuefu-stems-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let piece = |level: f32| AudioBuffer {
            rate: SampleRate(44_100),
            channels: vec![vec![level; 5000], vec![-level / 2.0; 5000]],
        };
        let files = StemFiles::new(&folder, Tags::default());
        for level in [0.25, 1.5, 0.5] {
            files.piece("Loud one", &piece(level)).unwrap();
            files.piece("soft", &piece(level / 4.0)).unwrap();
        }
        assert_eq!(files.finish().unwrap(), ["loud-one.wav", "soft.flac"]);
        for (file, scale) in [("loud-one.wav", 1.0), ("soft.flac", 0.25)] {
            let read = decode_file(&folder.join(file), &DecodeLimits::default()).unwrap();
            let channel = &read.audio.channels[0];
            assert_eq!(channel.len(), 15_000);
            for (at, level) in [(0, 0.25), (5000, 1.5), (14_999, 0.5)] {
                assert_eq!(channel[at], level * scale);
            }
        }
        assert!(!folder.join("loud-one.flac").exists());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
