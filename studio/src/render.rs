//! From the document to the mastered sound.

use crate::{clips, error::StudioError, stems::StemPool};
use rayon::prelude::*;
use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};
use yuefu_audio::{AudioBuffer, Clip, Frames, Lufs, Seconds, math};
use yuefu_engine::{Cancel, Progress, SeedPath, Stage, Step, Store};
use yuefu_instruments::Orchestra;
use yuefu_mix::{Mixer, TrackMeasure, process_track, strip::to_grid};
use yuefu_song::{
    Catalog, Ending, PerformedTrack, Song, StyleBook,
    mixplan::{ChannelStrip, MixPlan},
};

/// How to render.
#[derive(Clone, Copy)]
pub struct RenderOptions<'a> {
    /// Threads; the result does not depend on it.
    pub threads: usize,
    /// Where clips of phrases are kept; `None` renders all of them.
    pub store: Option<&'a dyn Store>,
    /// Takes the processed stems as they are finished.
    pub stems: Option<&'a dyn StemSink>,
    /// Digest of the user's own SoundFont; empty without one. Stored clips depend on it.
    pub soundfont: &'a str,
    /// Whether to measure the processed stems, for the critics.
    pub measure: bool,
    /// A folder for what does not fit in memory; made when needed and removed.
    pub scratch: &'a Path,
    /// Is told how far it is.
    pub progress: &'a dyn Progress,
    /// Stops it.
    pub cancel: &'a Cancel,
}

/// Takes processed stems; called from several threads.
pub trait StemSink: Sync {
    /// Takes the stem of a track or a shared effect, as long as the song. Their sum is the mix.
    ///
    /// # Errors
    /// When it cannot be written.
    fn stem(&self, name: &str, audio: &AudioBuffer) -> Result<(), StudioError>;
}

/// A rendered song before mastering.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The sum of all stems.
    pub mix: AudioBuffer,
    /// The mix plan that was used.
    pub plan: MixPlan,
    /// Loudness of every raw stem, in score order; `None` for a silent one.
    pub raw: Vec<(String, Option<Lufs>)>,
    /// Phrases that were played, and phrases that came from the store.
    pub played: (u64, u64),
    /// Measures of every processed stem, in score order; empty when they were not asked for.
    pub processed: Vec<TrackMeasure>,
}

/// How long the tail of a loop may ring into its beginning.
const LOOP_TAIL: Seconds = Seconds(6.0);

/// The last moments of every stem fade to zero, so that a cut never clicks.
const EDGE: Seconds = Seconds(0.03);

/// Plays and mixes a song.
///
/// The result is exactly `plan.length` long and does not depend on the number of threads.
///
/// # Errors
/// When stopped, or when stems cannot be written.
pub fn render(
    song: &Song,
    orchestra: &Orchestra,
    catalog: &Catalog,
    book: &StyleBook,
    options: &RenderOptions<'_>,
) -> Result<Rendered, StudioError> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads.max(1))
        .build()
        .map_err(|error| StudioError::Internal(error.to_string()))?;
    pool.install(|| {
        let job = Job::new(song, orchestra, options);
        let performance =
            yuefu_perform::perform(&song.score, &song.plan, catalog, &SeedPath::song(song.seed));
        let stems = StemPool::new(job.rate(), performance.tracks.len(), options.scratch);
        let raw = job.play(&performance.tracks, &stems)?;
        let plan = match &song.mix {
            Some(plan) => plan.clone(),
            None => crate::balance::plan(song, book, catalog, &raw.measured),
        };
        job.mix(&performance.tracks, &stems, plan, raw)
    })
}

struct Job<'a> {
    song: &'a Song,
    orchestra: &'a Orchestra,
    options: &'a RenderOptions<'a>,
    /// Frames of the finished song.
    length: usize,
    /// Frames that are rendered: for loops with the tail that is folded back.
    rendered: usize,
    bank: String,
}

impl<'a> Job<'a> {
    fn new(song: &'a Song, orchestra: &'a Orchestra, options: &'a RenderOptions<'a>) -> Self {
        let rate = song.release.rate;
        let length = usize::try_from(rate.frames(song.plan.length).0).unwrap_or(0);
        let tail = if song.plan.ending == Ending::Loop {
            rate.frames(LOOP_TAIL).0 as usize
        } else {
            0
        };
        Self {
            song,
            orchestra,
            options,
            length,
            rendered: length + tail,
            bank: options
                .store
                .map_or(String::new(), |_| clips::bank_digest()),
        }
    }

    fn rate(&self) -> yuefu_audio::SampleRate {
        self.song.release.rate
    }

    fn report(&self, stage: Stage, done: u64, total: u64) {
        self.options.progress.report(Step { stage, done, total });
    }

    /// Renders all raw stems into the pool; returns their loudness and what came from where.
    fn play(&self, tracks: &[PerformedTrack], stems: &StemPool) -> Result<RawStems, StudioError> {
        let total = tracks
            .iter()
            .map(|t| t.phrases.len() as u64)
            .sum::<u64>()
            .max(1);
        let (done, found) = (AtomicU64::new(0), AtomicU64::new(0));
        let measured = tracks
            .par_iter()
            .enumerate()
            .map(|(index, track)| {
                let mut stem = AudioBuffer::silent(self.rate(), 2, self.rendered);
                // A few phrases at a time, so that clips do not pile up in memory; they are
                // added in order, because the order of a sum changes its last bits.
                for phrases in track.phrases.chunks(8) {
                    let made: Result<Vec<Clip>, StudioError> = phrases
                        .par_iter()
                        .map(|placed| {
                            self.options.cancel.check()?;
                            let (mut clip, stored) = clips::clip(
                                self.orchestra,
                                &placed.phrase,
                                self.rate(),
                                self.options.store,
                                [&self.bank, self.options.soundfont],
                            );
                            clip.start += self.rate().frames(placed.start);
                            found.fetch_add(u64::from(stored), Ordering::Relaxed);
                            let now = done.fetch_add(1, Ordering::Relaxed) + 1;
                            self.report(Stage::Render, now, total);
                            Ok(clip)
                        })
                        .collect();
                    for clip in made? {
                        self.place(&mut stem, clip);
                    }
                }
                let measure = TrackMeasure::of(&stem);
                stems.put(index, stem)?;
                Ok((track.id.clone(), measure))
            })
            .collect::<Result<Vec<_>, StudioError>>()?;
        let found = found.into_inner();
        Ok(RawStems {
            measured,
            played: (done.into_inner() - found, found),
        })
    }

    /// Adds a clip. What a loop plays before its beginning belongs to its end.
    fn place(&self, stem: &mut AudioBuffer, mut clip: Clip) {
        stem.add(&clip);
        if self.rendered > self.length && clip.start < Frames(0) {
            let early = usize::try_from(-clip.start.0).unwrap_or(0);
            for channel in &mut clip.audio.channels {
                channel.truncate(early);
            }
            clip.start += Frames(self.length as i64);
            stem.add(&clip);
        }
    }

    fn mix(
        &self,
        tracks: &[PerformedTrack],
        stems: &StemPool,
        plan: MixPlan,
        raw: RawStems,
    ) -> Result<Rendered, StudioError> {
        let total = tracks.len() as u64 + 2;
        let mut mixer = Mixer::new(&plan, self.rate(), self.rendered);
        let keys: Vec<String> = mixer.keys().into_iter().map(str::to_owned).collect();
        for (index, track) in tracks.iter().enumerate() {
            if keys.contains(&track.id) {
                mixer.listen(&track.id, &stems.copy(index)?);
            }
        }
        let numbers: Vec<usize> = (0..tracks.len()).collect();
        let mut done = 0;
        let mut measures = Vec::new();
        // As many at once as there are threads, for the sake of memory.
        for few in numbers.chunks(self.options.threads.clamp(1, 4)) {
            let processed: Result<Vec<_>, StudioError> = few
                .par_iter()
                .map(|&index| {
                    self.options.cancel.check()?;
                    let id = &tracks[index].id;
                    let mut stem = mixer.process(id, stems.take(index)?);
                    self.fade(&mut stem);
                    self.edge(&mut stem);
                    self.hand_out(id, &stem)?;
                    let measure = self.options.measure.then(|| TrackMeasure::of(&stem));
                    Ok((stem, measure))
                })
                .collect();
            for (&index, (stem, measure)) in few.iter().zip(processed?) {
                mixer.accept(&tracks[index].id, &stem);
                measures.extend(measure);
                done += 1;
                self.report(Stage::Mix, done, total);
            }
        }
        let mut down = mixer.finish();
        self.report(Stage::Mix, total - 1, total);
        for (kind, audio) in &mut down.returns {
            self.options.cancel.check()?;
            // All values lie on the 24-bit grid, so what is taken out and put back is exact.
            let before = self.last(audio);
            self.edge(audio);
            self.replace(&mut down.mix, &before, audio);
            self.hand_out(&format!("fx-{}", kind.name()), audio)?;
        }
        let mut mix = down.mix;
        self.fold(&mut mix);
        self.report(Stage::Mix, total, total);
        Ok(Rendered {
            mix,
            plan,
            raw: raw
                .measured
                .into_iter()
                .map(|(id, measure)| (id, measure.loudness.map(Lufs)))
                .collect(),
            played: raw.played,
            processed: measures,
        })
    }

    /// Gives a finished stem away, as long as the song.
    fn hand_out(&self, name: &str, stem: &AudioBuffer) -> Result<(), StudioError> {
        let Some(sink) = self.options.stems else {
            return Ok(());
        };
        if self.rendered == self.length {
            return sink.stem(name, stem);
        }
        let mut folded = stem.clone();
        self.fold(&mut folded);
        sink.stem(name, &folded)
    }

    /// Adds what rings beyond the end of a loop to its beginning.
    fn fold(&self, audio: &mut AudioBuffer) {
        for channel in &mut audio.channels {
            if channel.len() > self.length && self.length > 0 {
                for index in self.length..channel.len() {
                    channel[index % self.length] += channel[index];
                }
            }
            channel.truncate(self.length);
        }
    }

    /// Fades a stem out where the song ends so.
    fn fade(&self, audio: &mut AudioBuffer) {
        if self.song.plan.ending != Ending::Fade {
            return;
        }
        let seconds = (self.song.plan.length.0 * 0.12).clamp(2.0, 12.0);
        let count = (self.rate().frames(Seconds(seconds)).0 as usize).min(self.length);
        self.ramp(audio, count);
    }

    /// The last moments of a stem that is not folded go down to zero.
    fn edge(&self, audio: &mut AudioBuffer) {
        if self.rendered == self.length {
            self.ramp(audio, self.edge_frames());
        }
    }

    fn edge_frames(&self) -> usize {
        (self.rate().frames(EDGE).0 as usize).min(self.length)
    }

    /// A raised-cosine fade over the last frames, on the 24-bit grid.
    fn ramp(&self, audio: &mut AudioBuffer, count: usize) {
        for channel in &mut audio.channels {
            let first = channel.len().saturating_sub(count);
            for (index, sample) in channel[first..].iter_mut().enumerate() {
                let phase = std::f64::consts::PI * (index + 1) as f64 / count as f64;
                *sample = to_grid(*sample * (0.5 + 0.5 * math::cos(phase)) as f32);
            }
        }
    }

    fn last(&self, audio: &AudioBuffer) -> Vec<Vec<f32>> {
        let count = self.edge_frames();
        audio
            .channels
            .iter()
            .map(|channel| channel[channel.len().saturating_sub(count)..].to_vec())
            .collect()
    }

    fn replace(&self, mix: &mut AudioBuffer, before: &[Vec<f32>], after: &AudioBuffer) {
        let changed = mix.channels.iter_mut().zip(before).zip(&after.channels);
        for ((mix, before), after) in changed {
            let first = mix.len() - before.len();
            let rows = mix[first..].iter_mut().zip(before).zip(&after[first..]);
            for ((mix, before), after) in rows {
                *mix = (*mix - before) + after;
            }
        }
    }
}

struct RawStems {
    measured: Vec<(String, TrackMeasure)>,
    played: (u64, u64),
}

/// One track alone, dry: for auditioning a phrase or a part.
///
/// # Errors
/// When stopped.
pub fn solo(
    song: &Song,
    orchestra: &Orchestra,
    catalog: &Catalog,
    track: usize,
    cancel: &Cancel,
) -> Result<AudioBuffer, StudioError> {
    let rate = song.release.rate;
    let frames = usize::try_from(rate.frames(song.plan.length).0).unwrap_or(0);
    let mut stem = AudioBuffer::silent(rate, 2, frames);
    let seed = SeedPath::song(song.seed);
    let Some(written) = song.score.tracks.get(track) else {
        return Ok(stem);
    };
    for phrase in 0..written.phrases.len() {
        cancel.check()?;
        let placed =
            yuefu_perform::perform_phrase(&song.score, &song.plan, catalog, &seed, track, phrase);
        if let Some(placed) = placed {
            let mut clip = orchestra.render(&placed.phrase, rate);
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
