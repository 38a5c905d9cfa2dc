//! What tests of rendering share.
#![allow(dead_code, reason = "each test file uses a part")]

pub mod hear;

use std::{collections::BTreeMap, path::PathBuf, sync::Mutex};
use yuefu_studio::{
    Cancel, Ledger, RenderOptions, Rendered, Silent, Song, StemSink, Store, Studio, StudioError,
    audio::AudioBuffer,
};

/// Keeps stems by name.
#[derive(Default)]
pub struct Stems(pub Mutex<BTreeMap<String, AudioBuffer>>);

impl StemSink for Stems {
    fn piece(&self, name: &str, audio: &AudioBuffer) -> Result<(), StudioError> {
        let mut stems = self.0.lock().unwrap();
        let silence = || AudioBuffer::silent(audio.rate, 2, 0);
        let stem = stems.entry(name.to_owned()).or_insert_with(silence);
        for (to, from) in stem.channels.iter_mut().zip(&audio.channels) {
            to.extend_from_slice(from);
        }
        Ok(())
    }
}

/// A folder of this test's own that does not exist.
pub fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("yuefu-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    path
}

/// How a song is rendered; by default from nothing with two threads.
#[derive(Clone, Copy)]
pub struct Play<'a> {
    pub threads: usize,
    pub store: Option<&'a dyn Store>,
    pub before: Option<&'a Ledger>,
    pub stems: Option<&'a dyn StemSink>,
}

impl Default for Play<'_> {
    fn default() -> Self {
        Self {
            threads: 2,
            store: None,
            before: None,
            stems: None,
        }
    }
}

/// Renders a song; the mix too.
pub fn play(studio: &Studio, song: &Song, how: Play<'_>) -> Rendered {
    let options = RenderOptions {
        threads: how.threads,
        store: how.store,
        before: how.before,
        stems: how.stems,
        mix: true,
        measure: false,
        scratch: &folder("scratch"),
        progress: &Silent,
        cancel: &Cancel::new(),
    };
    studio.render(song, &options).unwrap()
}
