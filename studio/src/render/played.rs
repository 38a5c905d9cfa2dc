//! The playing of a song: every phrase with its key, and raw stems as sums of clips.

use super::{
    Job, clips,
    ledger::{Entry, Ledger, Unit},
};
use crate::{StudioError, voices};
use rayon::prelude::*;
use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, Mutex},
};
use yuefu_audio::{AudioBuffer, Clip, Frames};
use yuefu_engine::{Key, SeedPath};
use yuefu_song::PerformedPhrase;
use yuefu_voice::{Expression, Singer};

/// A track as it is played.
pub(crate) struct PlayedTrack {
    /// Track id.
    pub id: String,
    /// Its phrases in order.
    pub phrases: Vec<PlayedPhrase>,
}

/// A phrase as it is played.
pub(crate) struct PlayedPhrase {
    /// Phrase id.
    pub id: String,
    /// Its played notes.
    pub played: PerformedPhrase,
    /// The frame at which it lies.
    pub place: i64,
    /// The key of its sound.
    pub key: Key,
    /// What the key was made from.
    pub entry: Entry,
    /// Who sings it, and how; `None` for what is played.
    pub voice: Option<Voice>,
}

/// Who sings a phrase, and how.
pub(crate) struct Voice {
    /// The singer.
    pub singer: Arc<dyn Singer>,
    /// Settings of the track and curves of the phrase.
    pub expression: Expression,
}

/// A clip at its place: from `start` on, at most `limit` frames.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed {
    /// Number of the phrase in its track.
    pub phrase: usize,
    /// First frame in the song; may be negative.
    pub start: i64,
    /// Frames that sound.
    pub frames: usize,
}

impl Placed {
    /// Whether any of it lies in a range.
    pub fn meets(&self, range: &Range<usize>) -> bool {
        self.frames > 0
            && self.start < range.end as i64
            && self.start + self.frames as i64 > range.start as i64
    }
}

impl Job<'_> {
    /// Performs the whole score and gives every phrase its key.
    ///
    /// # Errors
    /// When a voice that sings in it cannot be loaded.
    pub(crate) fn perform(&self) -> Result<Vec<PlayedTrack>, StudioError> {
        let (studio, song) = (self.studio, self.song);
        let catalog = &studio.catalog;
        let own = studio.soundfont.as_ref().map_or("", |font| &font.digest);
        let performance =
            yuefu_perform::perform(&song.score, &song.plan, catalog, &SeedPath::song(song.seed));
        performance
            .tracks
            .into_par_iter()
            .zip(&song.score.tracks)
            .map(|(track, score)| {
                let singer = self.singer(&track.instrument)?;
                Ok(PlayedTrack {
                    phrases: track
                        .phrases
                        .into_iter()
                        .zip(&score.phrases)
                        .map(|(placed, written)| {
                            let voice = singer.as_ref().map(|singer| Voice {
                                singer: Arc::clone(singer),
                                expression: voices::expression(song, &track.id, written),
                            });
                            let (key, entry) = clips::entry(
                                &studio.orchestra,
                                written,
                                &placed.phrase,
                                self.rate,
                                [clips::bank_digest(), own],
                                voice.as_ref(),
                            );
                            PlayedPhrase {
                                id: placed.id,
                                played: placed.phrase,
                                place: self.rate.frames(placed.start).0,
                                key,
                                entry,
                                voice,
                            }
                        })
                        .collect(),
                    id: track.id,
                })
            })
            .collect()
    }

    /// The singer of an instrument, if it is one.
    fn singer(&self, instrument: &str) -> Result<Option<Arc<dyn Singer>>, StudioError> {
        let profile = self.studio.orchestra.profile(instrument);
        profile
            .and_then(voices::singer_of)
            .map(|id| self.studio.choir.singer(id))
            .transpose()
    }

    /// The sound of a phrase, and how many phrases have sounded so far.
    ///
    /// # Errors
    /// When a voice cannot sing.
    pub(crate) fn clip(&self, phrase: &PlayedPhrase) -> Result<(Clip, u64), StudioError> {
        let (clip, stored) = clips::clip(
            &self.studio.orchestra,
            &phrase.played,
            self.rate,
            &phrase.key,
            self.options.store,
            phrase.voice.as_ref(),
        )?;
        let count = self.counted(0, &phrase.key, stored);
        Ok((clip, count))
    }

    /// Where a clip lies. What a loop plays before its beginning belongs to its end.
    pub(crate) fn place(
        &self,
        number: usize,
        phrase: &PlayedPhrase,
        (first, frames): (Frames, usize),
    ) -> impl Iterator<Item = Placed> + use<> {
        let start = phrase.place + first.0;
        let early = (self.rendered > self.length && start < 0).then(|| Placed {
            phrase: number,
            start: start + self.length as i64,
            frames: frames.min(usize::try_from(-start).unwrap_or(0)),
        });
        let plain = Placed {
            phrase: number,
            start,
            frames,
        };
        std::iter::once(plain).chain(early)
    }

    /// Where the clips of a track lie, in order of phrases.
    pub(crate) fn places(&self, extents: &Extents, track: &PlayedTrack) -> Vec<Placed> {
        track
            .phrases
            .iter()
            .enumerate()
            .flat_map(|(number, phrase)| {
                let extent = extents.get(&phrase.key).unwrap_or((Frames(0), 0));
                self.place(number, phrase, extent)
            })
            .collect()
    }
}

/// Adds a placed clip to a stretch of a stem that begins at frame `from`.
pub(crate) fn add(to: &mut AudioBuffer, from: usize, clip: &Clip, placed: &Placed) {
    let offset = placed.start - from as i64;
    let into = usize::try_from(offset).unwrap_or(0);
    let skip = usize::try_from(-offset).unwrap_or(0);
    for (index, to) in to.channels.iter_mut().enumerate() {
        // A mono clip is added to every channel.
        let Some(source) = clip
            .audio
            .channels
            .get(index)
            .or(clip.audio.channels.last())
        else {
            return;
        };
        let source = &source[..placed.frames.min(source.len())];
        let (Some(to), Some(source)) = (to.get_mut(into..), source.get(skip..)) else {
            continue;
        };
        for (to, source) in to.iter_mut().zip(source) {
            *to += source;
        }
    }
}

/// Extents of clips that are known without loading them: from an earlier ledger, or because
/// they were made in this rendering.
#[derive(Default)]
pub(crate) struct Extents(BTreeMap<String, (Frames, usize)>);

impl Extents {
    /// What a ledger knows.
    pub fn of(ledger: Option<&Ledger>) -> Self {
        let known = ledger.map(Ledger::extents).unwrap_or_default();
        Self(
            known
                .into_iter()
                .map(|(key, extent)| (key.to_owned(), extent))
                .collect(),
        )
    }

    /// Takes note of a clip.
    pub fn learn(&mut self, key: &Key, clip: &Clip) {
        self.insert(key, (clip.start, clip.audio.frames()));
    }

    /// Takes note of where the sound of a key lies.
    pub fn insert(&mut self, key: &Key, extent: (Frames, usize)) {
        self.0.insert(key.hex(), extent);
    }

    /// The extent of a clip.
    pub fn get(&self, key: &Key) -> Option<(Frames, usize)> {
        self.0.get(&key.hex()).copied()
    }
}

/// Clips that are held in memory while a rendering needs them.
#[derive(Default)]
pub(crate) struct Held(Mutex<BTreeMap<Key, Arc<Clip>>>);

impl Held {
    fn clips(&self) -> std::sync::MutexGuard<'_, BTreeMap<Key, Arc<Clip>>> {
        // Nothing inside can panic half-way.
        self.0.lock().unwrap_or_else(|error| error.into_inner())
    }

    /// Keeps a clip.
    pub fn put(&self, key: Key, clip: Clip) {
        self.clips().insert(key, Arc::new(clip));
    }

    /// A clip, made or loaded when it is not here.
    ///
    /// # Errors
    /// When a voice cannot sing.
    pub fn get(&self, phrase: &PlayedPhrase, job: &Job<'_>) -> Result<Arc<Clip>, StudioError> {
        if let Some(clip) = self.clips().get(&phrase.key) {
            return Ok(Arc::clone(clip));
        }
        let clip = Arc::new(job.clip(phrase)?.0);
        self.clips().insert(phrase.key, Arc::clone(&clip));
        Ok(clip)
    }

    /// Lets go of the clips of a track that end before a frame.
    pub fn forget(&self, track: &PlayedTrack, places: &[Placed], before: i64) {
        let mut clips = self.clips();
        for placed in places {
            if placed.start + (placed.frames as i64) < before {
                clips.remove(&track.phrases[placed.phrase].key);
            }
        }
    }
}

/// The unit of a phrase's clip.
pub(crate) fn unit(track: &PlayedTrack, phrase: &PlayedPhrase) -> Unit {
    Unit::Clip {
        track: track.id.clone(),
        phrase: phrase.id.clone(),
    }
}
