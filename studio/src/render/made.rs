//! Making the windows that are missing, in the order of time.

use super::{
    Job, Rendered, Sounds,
    keys::{Graph, touched},
    ledger::Ledger,
    pack::{pack, unpack},
};
use crate::{error::StudioError, mastering};
use rayon::prelude::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};
use yuefu_audio::AudioBuffer;
use yuefu_engine::{Key, Stage};
use yuefu_mix::{
    KeyWindow, Measurer, Return, Sum, WINDOW, channel_window, input_of, movement, moving_gains,
    return_memory, return_window, windows,
};
use yuefu_release::master::{Mastering, master_memory};
use yuefu_song::MasterPlan;

/// Makes a song window by window.
pub(crate) struct Maker<'a, 'j> {
    job: &'a Job<'j>,
    graph: Graph<'a>,
    sounds: &'a Sounds<'a>,
    /// Channel windows that may still be needed, by lane and window.
    channels: BTreeMap<(usize, usize), Arc<AudioBuffer>>,
    mix: BTreeMap<usize, Arc<AudioBuffer>>,
    measurers: Vec<Measurer>,
    /// The stems of a loop, which can be given away only when their tails are known.
    folded: BTreeMap<String, AudioBuffer>,
}

impl<'a, 'j> Maker<'a, 'j> {
    /// A maker of everything in a graph.
    pub fn new(job: &'a Job<'j>, graph: Graph<'a>, sounds: &'a Sounds<'a>) -> Self {
        let measurers = if job.options.measure {
            graph
                .lanes
                .iter()
                .map(|_| Measurer::new(job.rate))
                .collect()
        } else {
            Vec::new()
        };
        Self {
            job,
            graph,
            sounds,
            channels: BTreeMap::new(),
            mix: BTreeMap::new(),
            measurers,
            folded: BTreeMap::new(),
        }
    }

    /// Makes the song.
    pub fn make(mut self) -> Result<Rendered, StudioError> {
        let job = self.job;
        let options = job.options;
        let outer: Vec<Range<usize>> = windows(job.length).collect();
        let mut finished: Vec<Option<AudioBuffer>> = vec![None; outer.len()];
        let mut keys = Vec::new();
        if let Some(plan) = &job.song.master {
            keys = self.graph.key_master(job, plan);
            finished = keys.par_iter().map(|key| self.stored(4, key)).collect();
        }
        let all =
            options.stems.is_some() || options.measure || options.mix || job.song.master.is_none();
        let needed: BTreeSet<usize> = match &job.song.master {
            Some(plan) if !all => outer
                .iter()
                .zip(&finished)
                .filter(|(_, done)| done.is_none())
                .flat_map(|(window, _)| self.mix_under(plan, window))
                .collect(),
            _ => (0..self.graph.windows.len()).collect(),
        };
        self.mixes(&needed)?;
        let mix =
            (options.mix || job.song.master.is_none()).then(|| self.mix_over(0, job.length as i64));
        let (plan, report, planned) = match (&job.song.master, &mix) {
            (Some(plan), _) => (plan.clone(), None, None),
            (None, Some(mix)) => {
                if job.rendered == job.length {
                    // The windows are not needed any more, and memory is.
                    self.mix.clear();
                }
                let (plan, report, audio) = mastering::plan(mix, job.song, self.graph.plan)?;
                // A loop is mastered with its end before its beginning, so not by this.
                let whole = (job.rendered == job.length).then_some(audio);
                (plan, Some(report), whole)
            }
            (None, None) => return Err(StudioError::Internal("a mix to master".to_owned())),
        };
        let mix = mix.filter(|_| options.mix);
        if keys.is_empty() {
            keys = self.graph.key_master(job, &plan);
        }
        let master = match planned {
            Some(audio) => {
                for (window, key) in outer.iter().zip(&keys) {
                    if options.store.is_some() {
                        self.keep(key, &cut(&audio, window));
                    }
                    job.counted(4, key, false);
                }
                audio
            }
            None => self.mastered(&plan, &outer, finished, &keys)?,
        };
        let mut ledger = Ledger::new(job.rate.0, WINDOW);
        ledger.units = self.graph.entries;
        Ok(Rendered {
            master,
            mix,
            plan: self.graph.plan.clone(),
            mastering: plan,
            report,
            raw: Vec::new(),
            processed: self.measurers.into_iter().map(Measurer::finish).collect(),
            units: job.unit_counts(),
            made: Vec::new(),
            ledger,
        })
    }

    /// The mastered song: windows that are there, and those that are missing.
    fn mastered(
        &self,
        plan: &MasterPlan,
        windows: &[Range<usize>],
        finished: Vec<Option<AudioBuffer>>,
        keys: &[Key],
    ) -> Result<AudioBuffer, StudioError> {
        let job = self.job;
        let finished = if finished.is_empty() {
            vec![None; windows.len()]
        } else {
            finished
        };
        let total = windows.len().max(1) as u64;
        let made: Vec<AudioBuffer> = windows
            .par_iter()
            .zip(finished)
            .zip(keys)
            .map(|((window, done), key)| {
                if let Some(done) = done {
                    return Ok(done);
                }
                job.options.cancel.check()?;
                let audio = self.master(plan, window);
                self.keep(key, &audio);
                let count = job.counted(4, key, false);
                job.report(Stage::Master, count, total);
                Ok(audio)
            })
            .collect::<Result<_, StudioError>>()?;
        let mut master = AudioBuffer::silent(job.rate, 2, 0);
        for channel in &mut master.channels {
            channel.reserve_exact(job.length);
        }
        for window in made {
            for (to, from) in master.channels.iter_mut().zip(&window.channels) {
                to.extend_from_slice(from);
            }
        }
        Ok(master)
    }

    /// A window from the store.
    fn stored(&self, stage: usize, key: &Key) -> Option<AudioBuffer> {
        let bytes = self.job.options.store?.get(key)?;
        let audio = unpack(&bytes, self.job.rate)?;
        self.job.counted(stage, key, true);
        Some(audio)
    }

    /// Keeps a window. A store that cannot be written (full, read-only) costs time at the next
    /// rendering and nothing else.
    fn keep(&self, key: &Key, audio: &AudioBuffer) {
        if let Some(store) = self.job.options.store {
            let _ = store.put(key, &pack(audio));
        }
    }

    /// Numbers of the mix windows that a mastered window reads.
    fn mix_under(&self, plan: &MasterPlan, window: &Range<usize>) -> Vec<usize> {
        let (before, after) = master_memory(plan, self.job.rate);
        let (from, to) = self.job.slice_of(window, before, after);
        let sources = self.job.sources(from, to);
        sources
            .iter()
            .flat_map(|(_, range)| touched(range))
            .collect()
    }

    /// Makes mix windows in the order of time, a few at once.
    fn mixes(&mut self, needed: &BTreeSet<usize>) -> Result<(), StudioError> {
        let job = self.job;
        let everything = job.options.stems.is_some() || job.options.measure;
        let total = needed.len().max(1) as u64;
        let numbers: Vec<usize> = needed.iter().copied().collect();
        for (round, group) in numbers.chunks(2).enumerate() {
            job.options.cancel.check()?;
            let found: Vec<Option<AudioBuffer>> = group
                .par_iter()
                .map(|&number| self.stored(3, &self.graph.mix[number]))
                .collect();
            let missing: Vec<usize> = group
                .iter()
                .zip(&found)
                .filter(|(_, found)| found.is_none())
                .map(|(number, _)| *number)
                .collect();
            for (&number, found) in group.iter().zip(found) {
                if let Some(found) = found {
                    self.mix.insert(number, Arc::new(found));
                }
            }
            let wanted = if everything { group } else { &missing[..] };
            let returns = self.parts(wanted)?;
            let sums: Vec<AudioBuffer> = missing
                .par_iter()
                .map(|&number| self.sum(number, &returns))
                .collect();
            for (number, sum) in missing.into_iter().zip(sums) {
                self.keep(&self.graph.mix[number], &sum);
                job.counted(3, &self.graph.mix[number], false);
                self.mix.insert(number, Arc::new(sum));
            }
            if everything {
                self.give(group, &returns)?;
            }
            let done = (round * 2 + group.len()) as u64;
            job.report(Stage::Mix, done, total);
            // What lies too far back is not needed again.
            if let Some(next) = numbers.get(round * 2 + 2) {
                let first = self.farthest(*next);
                self.channels.retain(|(_, number), _| *number >= first);
                if let Sounds::Clips(held, tracks) = self.sounds {
                    for (lane, track) in self.graph.lanes.iter().zip(*tracks) {
                        let start = self.graph.windows[first].start.saturating_sub(lane.memory);
                        held.forget(track, &lane.places, start as i64);
                    }
                }
            }
        }
        self.give_folded()
    }

    /// The first window that a window still reads through the shared effects.
    fn farthest(&self, number: usize) -> usize {
        let longest = self
            .graph
            .effects
            .iter()
            .map(|kind| return_memory(*kind, &self.graph.plan.returns, self.job.rate))
            .max()
            .unwrap_or(0);
        touched(&input_of(&self.graph.windows[number], longest)).start
    }

    /// Channels and shared effects of some windows; the channels stay in `self`.
    fn parts(
        &mut self,
        numbers: &[usize],
    ) -> Result<BTreeMap<(usize, usize), AudioBuffer>, StudioError> {
        let job = self.job;
        // Effects first out of the store: one that is there needs no channels.
        let asked: Vec<(usize, usize, Key)> = numbers
            .iter()
            .flat_map(|&number| {
                let row = self.graph.returns.iter().enumerate();
                row.filter_map(move |(effect, keys)| Some((effect, number, keys[number]?)))
            })
            .collect();
        let found: Vec<Option<AudioBuffer>> = asked
            .par_iter()
            .map(|(_, _, key)| self.stored(2, key))
            .collect();
        let mut wanted: BTreeSet<(usize, usize)> = BTreeSet::new();
        for &number in numbers {
            wanted.extend((0..self.graph.lanes.len()).map(|lane| (lane, number)));
        }
        for ((effect, number, _), found) in asked.iter().zip(&found) {
            if found.is_none() {
                wanted.extend(self.senders(*effect, *number));
            }
        }
        let fresh: Vec<(usize, usize, Key)> = wanted
            .into_iter()
            .filter(|place| !self.channels.contains_key(place))
            .filter_map(|(lane, number)| Some((lane, number, self.graph.channels[lane][number]?)))
            .collect();
        let made: Vec<AudioBuffer> = fresh
            .par_iter()
            .map(|(lane, number, key)| self.channel(*lane, *number, key))
            .collect::<Result<_, StudioError>>()?;
        for ((lane, number, _), audio) in fresh.into_iter().zip(made) {
            self.channels.insert((lane, number), Arc::new(audio));
        }
        let returns: Vec<AudioBuffer> = asked
            .par_iter()
            .zip(found)
            .map(|((effect, number, key), found)| match found {
                Some(found) => Ok(found),
                None => {
                    job.options.cancel.check()?;
                    Ok(self.effect(*effect, *number, key))
                }
            })
            .collect::<Result<_, StudioError>>()?;
        Ok(asked
            .into_iter()
            .zip(returns)
            .map(|((effect, number, _), audio)| ((effect, number), audio))
            .collect())
    }

    /// The channel windows that feed a window of a shared effect.
    fn senders(&self, effect: usize, number: usize) -> Vec<(usize, usize)> {
        let kind = self.graph.effects[effect];
        let range = self.effect_reach(kind, number);
        touched(&range)
            .flat_map(|other| (0..self.graph.lanes.len()).map(move |lane| (lane, other)))
            .filter(|(lane, other)| {
                self.graph.lanes[*lane].send(kind).is_some()
                    && self.graph.channels[*lane][*other].is_some()
            })
            .collect()
    }

    fn effect_reach(&self, kind: Return, number: usize) -> Range<usize> {
        let memory = return_memory(kind, &self.graph.plan.returns, self.job.rate);
        input_of(&self.graph.windows[number], memory)
    }

    /// A channel window: stored or made.
    fn channel(&self, lane: usize, number: usize, key: &Key) -> Result<AudioBuffer, StudioError> {
        let job = self.job;
        if let Some(stored) = self.stored(1, key) {
            return Ok(stored);
        }
        job.options.cancel.check()?;
        let this = &self.graph.lanes[lane];
        let window = self.graph.windows[number].clone();
        let range = input_of(&window, this.memory);
        let raw = job.raw(self.sounds, lane, this, &range)?;
        let duck = match this.ducks_under {
            Some(other) => {
                let listened = KeyWindow::input(&range, job.rate);
                let under = job.raw(self.sounds, other, &self.graph.lanes[other], &listened)?;
                Some(KeyWindow::of(&under, listened.start, range.clone()))
            }
            None => None,
        };
        let mut audio = channel_window(
            &this.strip,
            &raw,
            range.start,
            window.clone(),
            duck.as_ref(),
        );
        let fade = job.fade_frames();
        if fade > 0 {
            job.ramp(&mut audio, &window, fade);
        }
        job.ramp(&mut audio, &window, job.edge_frames());
        self.keep(key, &audio);
        job.counted(1, key, false);
        Ok(audio)
    }

    /// A window of a shared effect.
    fn effect(&self, effect: usize, number: usize, key: &Key) -> AudioBuffer {
        let job = self.job;
        let kind = self.graph.effects[effect];
        let window = self.graph.windows[number].clone();
        let range = self.effect_reach(kind, number);
        let mut bus = Sum::new(job.rate, range.len());
        for (lane, other) in self.senders(effect, number) {
            let Some(channel) = self.channels.get(&(lane, other)) else {
                continue;
            };
            let Some(gain) = kind.send_gain(&self.graph.lanes[lane].strip) else {
                continue;
            };
            let span = &self.graph.windows[other];
            let from = span.start.max(range.start);
            let part = from - span.start..span.len();
            let at = from - range.start;
            match movement(kind, &self.graph.lanes[lane].strip) {
                None => bus.send_part(at, channel, part, gain),
                Some(curve) => {
                    let gains = moving_gains(gain, curve, from..span.end, job.rate);
                    bus.send_moving(at, channel, part, &gains);
                }
            }
        }
        let mut audio = return_window(
            kind,
            &self.graph.plan.returns,
            &bus.audio(),
            range.start,
            window.clone(),
        );
        job.ramp(&mut audio, &window, job.edge_frames());
        self.keep(key, &audio);
        job.counted(2, key, false);
        audio
    }

    /// The sum of everything in a window.
    fn sum(&self, number: usize, returns: &BTreeMap<(usize, usize), AudioBuffer>) -> AudioBuffer {
        let mut sum = Sum::new(self.job.rate, self.graph.windows[number].len());
        for lane in 0..self.graph.lanes.len() {
            if let Some(channel) = self.channels.get(&(lane, number)) {
                sum.add(channel);
            }
        }
        for effect in 0..self.graph.effects.len() {
            if let Some(audio) = returns.get(&(effect, number)) {
                sum.add(audio);
            }
        }
        sum.audio()
    }

    /// The mix over a range of the finished song, tails of a loop folded in.
    fn mix_over(&self, from: i64, to: i64) -> AudioBuffer {
        let count = usize::try_from(to - from).unwrap_or(0);
        let mut sum = Sum::new(self.job.rate, count);
        for (into, range) in self.job.sources(from, to) {
            for number in touched(&range) {
                let Some(mix) = self.mix.get(&number) else {
                    continue;
                };
                let span = &self.graph.windows[number];
                let part = span.start.max(range.start)..span.end.min(range.end);
                let at = into + part.start - range.start;
                sum.add_part(at, mix, part.start - span.start..part.end - span.start);
            }
        }
        sum.audio()
    }

    /// A mastered window.
    fn master(&self, plan: &MasterPlan, window: &Range<usize>) -> AudioBuffer {
        let (before, after) = master_memory(plan, self.job.rate);
        let (from, to) = self.job.slice_of(window, before, after);
        // What comes before a loop has frames below zero; whole windows later they lie alike.
        let later = usize::try_from(-from).unwrap_or(0).div_ceil(WINDOW) * WINDOW;
        let first = (from + later as i64) as usize;
        let window = window.start + later..window.end + later;
        Mastering::new(plan, self.job.rate).window(&self.mix_over(from, to), first, window)
    }

    /// Gives the stems of some windows away.
    fn give(
        &mut self,
        numbers: &[usize],
        returns: &BTreeMap<(usize, usize), AudioBuffer>,
    ) -> Result<(), StudioError> {
        let job = self.job;
        for &number in numbers {
            let silence = AudioBuffer::silent(job.rate, 2, self.graph.windows[number].len());
            let heard = |lane: usize| {
                self.channels
                    .get(&(lane, number))
                    .map_or(&silence, AsRef::as_ref)
            };
            let mut measurers = std::mem::take(&mut self.measurers);
            measurers
                .par_iter_mut()
                .enumerate()
                .for_each(|(lane, measurer)| measurer.push(heard(lane)));
            let tracks = (0..self.graph.lanes.len())
                .map(|lane| (self.graph.lanes[lane].track.id.clone(), heard(lane)));
            let effects = (0..self.graph.effects.len()).map(|effect| {
                let name = format!("fx-{}", self.graph.effects[effect].name());
                (name, returns.get(&(effect, number)).unwrap_or(&silence))
            });
            let stems: Vec<(String, &AudioBuffer)> = tracks.chain(effects).collect();
            if let Some(sink) = job.options.stems {
                if job.rendered == job.length {
                    stems
                        .par_iter()
                        .try_for_each(|(name, audio)| sink.piece(name, audio))?;
                } else {
                    let start = self.graph.windows[number].start;
                    for (name, audio) in stems {
                        fold(&mut self.folded, name, start, audio, job.length);
                    }
                }
            }
            self.measurers = measurers;
        }
        Ok(())
    }

    /// Gives the stems of a loop away.
    fn give_folded(&mut self) -> Result<(), StudioError> {
        let Some(sink) = self.job.options.stems else {
            return Ok(());
        };
        std::mem::take(&mut self.folded)
            .par_iter()
            .try_for_each(|(name, audio)| sink.piece(name, audio))
    }
}

/// Adds a window of a stem to the stem of a loop, what rings beyond the end at the beginning.
fn fold(
    folded: &mut BTreeMap<String, AudioBuffer>,
    name: String,
    start: usize,
    audio: &AudioBuffer,
    length: usize,
) {
    let stem = folded
        .entry(name)
        .or_insert_with(|| AudioBuffer::silent(audio.rate, 2, length));
    for (to, from) in stem.channels.iter_mut().zip(&audio.channels) {
        for (index, sample) in from.iter().enumerate() {
            if length > 0 {
                to[(start + index) % length] += sample;
            }
        }
    }
}

/// A stretch of a recording.
fn cut(audio: &AudioBuffer, range: &Range<usize>) -> AudioBuffer {
    AudioBuffer {
        rate: audio.rate,
        channels: audio
            .channels
            .iter()
            .map(|channel| channel[range.clone()].to_vec())
            .collect(),
    }
}
