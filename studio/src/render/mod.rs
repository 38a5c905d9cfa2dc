//! From the document to the mastered sound.
//!
//! Everything is made of units, each a pure function of what its key was made from: the clip of
//! a phrase; then, window by window of the song's time, a track through its channel strip, the
//! shared effects, the sum, and the master. What is in the store under its key is not made
//! again; what is made is the same samples whether anything else was made or not.

mod clips;
mod keys;
mod ledger;
mod made;
mod pack;
mod played;
mod stems;

pub use ledger::{Changed, Entry, Ledger, STAGES, Unit};

use crate::{Studio, error::StudioError};
use keys::{Graph, Lane, lanes};
use made::Maker;
use played::{Extents, Held, PlayedTrack, add};
use rayon::prelude::*;
use std::{
    collections::BTreeSet,
    ops::Range,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use stems::StemPool;
use yuefu_audio::{AudioBuffer, Clip, Lufs, SampleRate, Seconds, math};
use yuefu_engine::{Cancel, Key, Progress, Stage, Step, Store};
use yuefu_mix::{TrackMeasure, process_track, strip::to_grid};
use yuefu_release::master::MasterReport;
use yuefu_song::{
    Ending, MasterPlan, Song,
    mixplan::{ChannelStrip, MixPlan},
};

/// How to render.
#[derive(Clone, Copy)]
pub struct RenderOptions<'a> {
    /// Threads; the result does not depend on it.
    pub threads: usize,
    /// Where what was made is kept; `None` makes everything.
    pub store: Option<&'a dyn Store>,
    /// The ledger of an earlier rendering of this song, which saves looking into the store.
    pub before: Option<&'a Ledger>,
    /// Takes the processed stems as they are finished.
    pub stems: Option<&'a dyn StemSink>,
    /// Whether the sum before mastering is wanted too.
    pub mix: bool,
    /// Whether to measure the processed stems, for the critics.
    pub measure: bool,
    /// A folder for what does not fit in memory; made when needed and removed.
    pub scratch: &'a Path,
    /// Is told how far it is.
    pub progress: &'a dyn Progress,
    /// Stops it.
    pub cancel: &'a Cancel,
}

/// Takes processed stems, piece by piece; called from several threads.
pub trait StemSink: Sync {
    /// Takes the next piece of the stem of a track or a shared effect. The pieces of one stem
    /// come in order and together are as long as the song. The sum of all stems is the mix.
    ///
    /// # Errors
    /// When it cannot be written.
    fn piece(&self, name: &str, audio: &AudioBuffer) -> Result<(), StudioError>;
}

/// A rendered and mastered song.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The mastered song, not dithered.
    pub master: AudioBuffer,
    /// The sum of all stems, if it was asked for.
    pub mix: Option<AudioBuffer>,
    /// The mix plan that was used.
    pub plan: MixPlan,
    /// The master plan that was used.
    pub mastering: MasterPlan,
    /// What mastering had to say, when the master plan was made in this rendering.
    pub report: Option<MasterReport>,
    /// Loudness of every raw stem in score order, when the mix plan was made in this rendering;
    /// `None` for a silent one.
    pub raw: Vec<(String, Option<Lufs>)>,
    /// Measures of every processed stem, in score order; empty when they were not asked for.
    pub processed: Vec<TrackMeasure>,
    /// Units made and units that came from the store, by stage (see [`STAGES`]).
    pub units: [(u64, u64); 5],
    /// The units that were made, in order.
    pub made: Vec<Unit>,
    /// What everything was made from.
    pub ledger: Ledger,
}

/// How long the tail of a loop may ring into its beginning.
const LOOP_TAIL: Seconds = Seconds(6.0);

/// The last moments of every stem fade to zero, so that a cut never clicks.
const EDGE: Seconds = Seconds(0.03);

impl Studio {
    /// Plays, mixes and masters a song.
    ///
    /// The result is exactly `plan.length` long and does not depend on the number of threads, nor
    /// on what was in the store.
    ///
    /// # Errors
    /// When stopped, when an instrument is missing, or when stems cannot be written.
    pub fn render(
        &self,
        song: &Song,
        options: &RenderOptions<'_>,
    ) -> Result<Rendered, StudioError> {
        self.can_play(song)?;
        let pool = crate::publish::pool(options.threads)?;
        pool.install(|| render(self, song, options))
    }
}

fn render(
    studio: &Studio,
    song: &Song,
    options: &RenderOptions<'_>,
) -> Result<Rendered, StudioError> {
    let (book, catalog) = (&studio.book, &studio.catalog);
    let job = Job::new(studio, song, options);
    let tracks = job.perform()?;
    let (sounds, extents, measured) = job.sounds(&tracks)?;
    let mix = match &song.mix {
        Some(plan) if job.unmixed().next().is_none() => plan.clone(),
        Some(plan) => {
            crate::balance::extend(plan, crate::balance::plan(song, book, catalog, &measured))
        }
        None => crate::balance::plan(song, book, catalog, &measured),
    };
    let places = tracks
        .iter()
        .map(|track| job.places(&extents, track))
        .collect();
    let graph = Graph::new(&job, lanes(&job, &tracks, places, &mix), &mix);
    let mut rendered = Maker::new(&job, graph, &sounds).make()?;
    for track in &tracks {
        for phrase in &track.phrases {
            let mut entry = phrase.entry.clone();
            entry.extent = extents
                .get(&phrase.key)
                .map(|(start, frames)| (start.0, frames as u64));
            let unit = played::unit(track, phrase);
            rendered.ledger.units.insert(unit, entry);
        }
    }
    let made: BTreeSet<String> = {
        let keys = job.made.lock().unwrap_or_else(|error| error.into_inner());
        keys.iter().map(Key::hex).collect()
    };
    let units = &rendered.ledger.units;
    rendered.made = units
        .iter()
        .filter(|(_, entry)| made.contains(&entry.key))
        .map(|(unit, _)| unit.clone())
        .collect();
    rendered.raw = measured
        .into_iter()
        .map(|(id, measure)| (id, measure.loudness.map(Lufs)))
        .collect();
    Ok(rendered)
}

/// What a rendering is about.
pub(crate) struct Job<'a> {
    studio: &'a Studio,
    song: &'a Song,
    options: &'a RenderOptions<'a>,
    /// Frames per second.
    rate: SampleRate,
    /// Frames of the finished song.
    length: usize,
    /// Frames that are rendered: for loops with the tail that is folded back.
    rendered: usize,
    units: [(AtomicU64, AtomicU64); 5],
    /// Keys of what was made, not found.
    made: Mutex<BTreeSet<Key>>,
}

/// Where raw stems come from.
pub(crate) enum Sounds<'a> {
    /// All of them, played in this rendering.
    Whole(StemPool),
    /// Clips, as far as they are needed.
    Clips(Held, &'a [PlayedTrack]),
}

/// What was measured of raw stems, by track id in score order.
type Measures = Vec<(String, TrackMeasure)>;

impl<'a> Job<'a> {
    fn new(studio: &'a Studio, song: &'a Song, options: &'a RenderOptions<'a>) -> Self {
        let rate = song.release.rate;
        let length = usize::try_from(rate.frames(song.plan.length).0).unwrap_or(0);
        let tail = if song.plan.ending == Ending::Loop {
            rate.frames(LOOP_TAIL).0 as usize
        } else {
            0
        };
        Self {
            studio,
            song,
            options,
            rate,
            length,
            rendered: length + tail,
            units: Default::default(),
            made: Mutex::default(),
        }
    }

    fn report(&self, stage: Stage, done: u64, total: u64) {
        self.options.progress.report(Step { stage, done, total });
    }

    /// Counts a unit of a stage that was made or came from the store; returns how many there
    /// were so far.
    fn counted(&self, stage: usize, key: &Key, stored: bool) -> u64 {
        let (made, kept) = &self.units[stage];
        let which = if stored { kept } else { made };
        which.fetch_add(1, Ordering::Relaxed);
        if !stored {
            let mut keys = self.made.lock().unwrap_or_else(|error| error.into_inner());
            keys.insert(*key);
        }
        made.load(Ordering::Relaxed) + kept.load(Ordering::Relaxed)
    }

    /// Tracks for which the mix plan has no strip yet.
    fn unmixed(&self) -> impl Iterator<Item = &str> {
        let strips = self.song.mix.iter().flat_map(|plan| &plan.tracks);
        let mixed: BTreeSet<&str> = strips.map(|strip| strip.track.as_str()).collect();
        let tracks = self.song.score.tracks.iter();
        tracks
            .map(|track| track.id.as_str())
            .filter(move |id| !mixed.contains(id))
    }

    fn unit_counts(&self) -> [(u64, u64); 5] {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        std::array::from_fn(|stage| (read(&self.units[stage].0), read(&self.units[stage].1)))
    }

    /// Plays what has to be played before the mix can be computed: everything when the mix plan
    /// is still to be made or most phrases are new, else the phrases that changed.
    fn sounds<'t>(
        &self,
        tracks: &'t [PlayedTrack],
    ) -> Result<(Sounds<'t>, Extents, Measures), StudioError> {
        let mut extents = Extents::of(self.options.before);
        let all = tracks.iter().flat_map(|track| &track.phrases);
        let total = all.clone().count();
        let unknown: Vec<_> = all
            .filter(|phrase| extents.get(&phrase.key).is_none())
            .collect();
        let few = unknown.len() * 2 <= total;
        let mixed = self.song.mix.is_some() && self.unmixed().next().is_none();
        if mixed && self.options.store.is_some() && few {
            let held = Held::default();
            let clips: Vec<Clip> = unknown
                .par_iter()
                .map(|phrase| {
                    self.options.cancel.check()?;
                    Ok(self.clip(phrase)?.0)
                })
                .collect::<Result<_, StudioError>>()?;
            for (phrase, clip) in unknown.iter().zip(clips) {
                extents.learn(&phrase.key, &clip);
                held.put(phrase.key, clip);
            }
            self.report(Stage::Render, 1, 1);
            return Ok((Sounds::Clips(held, tracks), extents, Vec::new()));
        }
        let pool = StemPool::new(self.rate, tracks.len(), self.options.scratch);
        let measured = self.play(tracks, &pool, &mut extents, !mixed)?;
        Ok((Sounds::Whole(pool), extents, measured))
    }

    /// Renders all raw stems into the pool; returns their measures.
    fn play(
        &self,
        tracks: &[PlayedTrack],
        pool: &StemPool,
        extents: &mut Extents,
        measure: bool,
    ) -> Result<Measures, StudioError> {
        let total: usize = tracks.iter().map(|track| track.phrases.len()).sum();
        let played = tracks
            .par_iter()
            .enumerate()
            .map(|(index, track)| {
                let mut stem = AudioBuffer::silent(self.rate, 2, self.rendered);
                let mut lengths = Vec::with_capacity(track.phrases.len());
                // A few phrases at a time, so that clips do not pile up in memory.
                for phrases in track.phrases.chunks(8) {
                    let made: Result<Vec<Clip>, StudioError> = phrases
                        .par_iter()
                        .map(|phrase| {
                            self.options.cancel.check()?;
                            let (clip, now) = self.clip(phrase)?;
                            self.report(Stage::Render, now, total.max(1) as u64);
                            Ok(clip)
                        })
                        .collect();
                    for (clip, phrase) in made?.into_iter().zip(phrases) {
                        let extent = (clip.start, clip.audio.frames());
                        for placed in self.place(lengths.len(), phrase, extent) {
                            add(&mut stem, 0, &clip, &placed);
                        }
                        lengths.push(extent);
                    }
                }
                let found = if measure {
                    TrackMeasure::of(&stem)
                } else {
                    TrackMeasure::default()
                };
                pool.put(index, stem)?;
                Ok((track.id.clone(), found, lengths))
            })
            .collect::<Result<Vec<_>, StudioError>>()?;
        let mut measured = Vec::with_capacity(tracks.len());
        for ((id, measure, lengths), track) in played.into_iter().zip(tracks) {
            for (phrase, extent) in track.phrases.iter().zip(lengths) {
                extents.insert(&phrase.key, extent);
            }
            measured.push((id, measure));
        }
        if !measure {
            measured.clear();
        }
        Ok(measured)
    }

    /// The raw stem of a lane over a range of frames.
    fn raw(
        &self,
        sounds: &Sounds<'_>,
        number: usize,
        lane: &Lane<'_>,
        range: &Range<usize>,
    ) -> Result<AudioBuffer, StudioError> {
        match sounds {
            Sounds::Whole(pool) => Ok(pool.slice(number, range.clone())?),
            Sounds::Clips(held, tracks) => {
                let mut stem = AudioBuffer::silent(self.rate, 2, range.len());
                for placed in lane.places.iter().filter(|placed| placed.meets(range)) {
                    let clip = held.get(&tracks[number].phrases[placed.phrase], self)?;
                    add(&mut stem, range.start, &clip, placed);
                }
                Ok(stem)
            }
        }
    }

    /// The ranges of the rendered song that a range of the finished song is the sum of, with
    /// where they go in it. Before the beginning of a loop lies its end, and after its end its
    /// beginning; before and after any other song lies silence.
    fn sources(&self, from: i64, to: i64) -> Vec<(usize, Range<usize>)> {
        let length = self.length as i64;
        if self.rendered == self.length {
            let range = from.max(0) as usize..to.clamp(0, length) as usize;
            return vec![((-from).max(0) as usize, range)];
        }
        let mut out = Vec::new();
        let mut at = from;
        while at < to && length > 0 {
            let inside = at.rem_euclid(length);
            let count = (to - at).min(length - inside);
            let mut range = inside as usize..(inside + count) as usize;
            // The tail beyond the end sounds at the beginning.
            while range.start < self.rendered {
                let cut = range.start..range.end.min(self.rendered);
                out.push(((at - from) as usize, cut));
                range = range.start + self.length..range.end + self.length;
            }
            at += count;
        }
        out
    }

    /// The range of the finished song that the mastering of a window reads.
    fn slice_of(&self, window: &Range<usize>, before: usize, after: usize) -> (i64, i64) {
        let (from, to) = (
            window.start as i64 - before as i64,
            (window.end + after) as i64,
        );
        if self.rendered == self.length {
            (from.max(0), to.min(self.length as i64))
        } else {
            (from, to)
        }
    }

    /// What the end of the song does to the channels in a window: the frames of its fade-out and
    /// edge that lie in it.
    fn ending_of(&self, window: &Range<usize>) -> Option<(usize, usize)> {
        let fade = self.fade_frames();
        (window.end + fade.max(self.edge_frames()) > self.rendered).then_some((fade, self.length))
    }

    /// What the end of the song does to the shared effects in a window.
    fn edge_of(&self, window: &Range<usize>) -> Option<usize> {
        (window.end + self.edge_frames() > self.rendered).then_some(self.length)
    }

    fn fade_frames(&self) -> usize {
        if self.song.plan.ending != Ending::Fade {
            return 0;
        }
        let seconds = (self.song.plan.length.0 * 0.12).clamp(2.0, 12.0);
        (self.rate.frames(Seconds(seconds)).0 as usize).min(self.length)
    }

    fn edge_frames(&self) -> usize {
        if self.rendered != self.length {
            // The end of a loop is folded into its beginning instead.
            return 0;
        }
        (self.rate.frames(EDGE).0 as usize).min(self.length)
    }

    /// A raised-cosine fade over the last frames of the song, on the 24-bit grid, as far as it
    /// lies in a window.
    fn ramp(&self, audio: &mut AudioBuffer, window: &Range<usize>, count: usize) {
        let first = self.length.saturating_sub(count);
        for channel in &mut audio.channels {
            for (index, sample) in channel.iter_mut().enumerate() {
                let at = window.start + index;
                if at >= first && at < self.length {
                    let phase = std::f64::consts::PI * (at - first + 1) as f64 / count as f64;
                    *sample = to_grid(*sample * (0.5 + 0.5 * math::cos(phase)) as f32);
                }
            }
        }
    }
}

/// One track alone, dry: for auditioning a phrase or a part.
///
/// # Errors
/// When stopped.
pub(crate) fn solo(
    studio: &Studio,
    song: &Song,
    track: usize,
    cancel: &Cancel,
) -> Result<AudioBuffer, StudioError> {
    let (orchestra, catalog) = (&studio.orchestra, &studio.catalog);
    let rate = song.release.rate;
    let frames = usize::try_from(rate.frames(song.plan.length).0).unwrap_or(0);
    let mut stem = AudioBuffer::silent(rate, 2, frames);
    let seed = yuefu_engine::SeedPath::song(song.seed);
    let Some(written) = song.score.tracks.get(track) else {
        return Ok(stem);
    };
    for phrase in 0..written.phrases.len() {
        cancel.check()?;
        let placed =
            yuefu_perform::perform_phrase(&song.score, &song.plan, catalog, &seed, track, phrase);
        if let Some(placed) = placed {
            let profile = orchestra.profile(&placed.phrase.instrument);
            let mut clip = match profile.and_then(crate::voices::singer_of) {
                Some(id) => {
                    let voice = played::Voice {
                        singer: studio.choir.singer(id)?,
                        expression: crate::voices::expression(
                            song,
                            &written.id,
                            &written.phrases[phrase],
                        ),
                    };
                    clips::sung(orchestra, &placed.phrase, rate, &voice)?
                }
                None => orchestra.render(&placed.phrase, rate),
            };
            clip.start += rate.frames(placed.start);
            stem.add(&clip);
        }
    }
    Ok(process_track(
        &ChannelStrip::neutral(&written.id),
        &stem,
        None,
    ))
}
