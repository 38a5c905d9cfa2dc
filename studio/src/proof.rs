//! Proof: that what is stored is what the document says, and that two versions of a song are the
//! same samples wherever nothing was changed.

use crate::{
    Studio,
    error::StudioError,
    keeping::Keeping,
    render::{Ledger, RenderOptions, Rendered, StemSink, Unit},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    path::Path,
    sync::Mutex,
};
use yuefu_audio::AudioBuffer;
use yuefu_engine::{Cancel, Key, Progress, Store, WorldError};
use yuefu_song::Song;

/// Frames that are compared as one: 12 ms at 44.1 kHz.
pub const BLOCK: usize = 512;

/// How a proof is made.
pub struct ProofJob<'a> {
    /// Threads; the result does not depend on it.
    pub threads: usize,
    /// A folder for what does not fit in memory; made when needed and removed.
    pub scratch: &'a Path,
    /// Is told how far it is.
    pub progress: &'a dyn Progress,
    /// Stops it.
    pub cancel: &'a Cancel,
}

/// What making everything anew has shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Units that were made from nothing.
    pub units: usize,
    /// Units whose stored artifact is the same, byte for byte.
    pub same: usize,
    /// Units of which nothing is stored (collected, or never rendered).
    pub absent: usize,
    /// Names of units whose stored artifact is something else.
    pub wrong: Vec<String>,
    /// Names of units to which the kept ledger gives another key.
    pub moved: Vec<String>,
}

impl Verified {
    /// Whether nothing contradicts the document.
    pub fn holds(&self) -> bool {
        self.wrong.is_empty() && self.moved.is_empty()
    }
}

/// A store that has nothing and compares what it is given with another one.
struct Checking<'a> {
    with: &'a dyn Store,
    seen: Mutex<BTreeMap<Key, Option<bool>>>,
}

impl Store for Checking<'_> {
    fn get(&self, _: &Key) -> Option<Vec<u8>> {
        None
    }

    fn put(&self, key: &Key, artifact: &[u8]) -> Result<(), WorldError> {
        let same = self.with.get(key).map(|stored| stored == artifact);
        let mut seen = self.seen.lock().unwrap_or_else(|error| error.into_inner());
        // Twice the same key with different bytes would be a fault as well.
        seen.entry(*key)
            .and_modify(|before| {
                if same == Some(false) {
                    *before = same;
                }
            })
            .or_insert(same);
        Ok(())
    }
}

impl Studio {
    /// Makes every unit of a song from nothing and compares it with what is stored, and with
    /// what the ledger of this state says.
    ///
    /// # Errors
    /// When stopped.
    pub fn verify(
        &self,
        song: &Song,
        keeping: &Keeping,
        ledger: Option<&Ledger>,
        job: &ProofJob<'_>,
    ) -> Result<Verified, StudioError> {
        let checking = Checking {
            with: keeping.store(),
            seen: Mutex::default(),
        };
        let _in_use = keeping.in_use();
        let made = self.render_with(song, job, Some(&checking), None, false)?;
        let seen = checking
            .seen
            .into_inner()
            .unwrap_or_else(|error| error.into_inner());
        let by_hex: BTreeMap<String, Option<bool>> = seen
            .into_iter()
            .map(|(key, same)| (key.hex(), same))
            .collect();
        let mut verified = Verified::default();
        for (unit, entry) in &made.ledger.units {
            verified.units += 1;
            match by_hex.get(&entry.key) {
                Some(Some(true)) => verified.same += 1,
                Some(Some(false)) => verified.wrong.push(unit.name()),
                Some(None) | None => verified.absent += 1,
            }
            let kept = ledger.and_then(|ledger| ledger.units.get(unit));
            if kept.is_some_and(|kept| kept.key != entry.key) {
                verified.moved.push(unit.name());
            }
        }
        Ok(verified)
    }

    /// Renders two versions of a song from nothing, and tells where their samples differ.
    ///
    /// # Errors
    /// When stopped.
    pub fn compare_audio(
        &self,
        a: &Song,
        b: &Song,
        job: &ProofJob<'_>,
    ) -> Result<AudioDiff, StudioError> {
        let prints = [Prints::default(), Prints::default()];
        let mut made = Vec::new();
        for (song, prints) in [a, b].into_iter().zip(&prints) {
            let rendered = self.render_with(song, job, None, Some(prints), true)?;
            made.push(Sounding::of(rendered));
        }
        let [x, y] = &made[..] else {
            return Err(StudioError::Internal("expected two renderings".to_owned()));
        };
        let [p, q] = prints.map(Prints::into_inner);
        let names: BTreeSet<&String> = p.keys().chain(q.keys()).collect();
        let stems = names
            .into_iter()
            .map(|name| StemDiff {
                name: name.clone(),
                only_in: match (p.contains_key(name), q.contains_key(name)) {
                    (true, false) => Some(false),
                    (false, true) => Some(true),
                    _ => None,
                },
                ranges: differing(
                    p.get(name).map_or(&[][..], Vec::as_slice),
                    q.get(name).map_or(&[][..], Vec::as_slice),
                ),
            })
            .collect();
        let clips = |made: &Sounding| made.ledger.clone();
        Ok(AudioDiff {
            rate: b.release.rate.0,
            frames: [x.frames, y.frames],
            stems,
            mix: differing(&x.mix, &y.mix),
            master: differing(&x.master, &y.master),
            plans_kept: [x.plans.0 == y.plans.0, x.plans.1 == y.plans.1],
            edited: edited(&clips(x), &clips(y), b),
        })
    }

    fn render_with(
        &self,
        song: &Song,
        job: &ProofJob<'_>,
        store: Option<&dyn Store>,
        stems: Option<&Prints>,
        mix: bool,
    ) -> Result<Rendered, StudioError> {
        self.render(
            song,
            &RenderOptions {
                threads: job.threads,
                store,
                before: None,
                stems: stems.map(|prints| prints as &dyn StemSink),
                mix,
                measure: false,
                scratch: job.scratch,
                progress: job.progress,
                cancel: job.cancel,
            },
        )
    }
}

/// Where the sound of two versions differs. Ranges are in frames, whole blocks of [`BLOCK`], the
/// last one cut at the end.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioDiff {
    /// Frames per second.
    pub rate: u32,
    /// Frames of the two versions.
    pub frames: [usize; 2],
    /// The processed stems: tracks and shared effects.
    pub stems: Vec<StemDiff>,
    /// Where the sums before mastering differ.
    pub mix: Vec<Range<usize>>,
    /// Where the masters differ.
    pub master: Vec<Range<usize>>,
    /// Whether both versions share their mix plan, and their master plan.
    pub plans_kept: [bool; 2],
    /// Phrases whose sound was made anew in the second version, by track: phrase id and the
    /// frames in which its clip lies there.
    pub edited: BTreeMap<String, Vec<(String, Range<i64>)>>,
}

/// Where one stem differs.
#[derive(Clone, Debug, PartialEq)]
pub struct StemDiff {
    /// Track id, or `fx-` and the name of a shared effect.
    pub name: String,
    /// Whether only the first (`false`) or the second (`true`) version has it.
    pub only_in: Option<bool>,
    /// Where the samples differ; empty = identical throughout.
    pub ranges: Vec<Range<usize>>,
}

/// A rendering as hashes of its blocks.
struct Sounding {
    frames: usize,
    mix: Vec<u128>,
    master: Vec<u128>,
    plans: (yuefu_song::mixplan::MixPlan, yuefu_song::MasterPlan),
    ledger: Ledger,
}

impl Sounding {
    fn of(rendered: Rendered) -> Self {
        let print = |audio: &AudioBuffer| {
            let mut printer = Printer::default();
            printer.push(audio);
            printer.finish()
        };
        Self {
            frames: rendered.master.frames(),
            mix: rendered.mix.as_ref().map_or_else(Vec::new, print),
            master: print(&rendered.master),
            plans: (rendered.plan, rendered.mastering),
            ledger: rendered.ledger,
        }
    }
}

/// Hashes of the blocks of stems.
#[derive(Default)]
struct Prints(Mutex<BTreeMap<String, Printer>>);

impl Prints {
    fn into_inner(self) -> BTreeMap<String, Vec<u128>> {
        self.0
            .into_inner()
            .unwrap_or_else(|error| error.into_inner())
            .into_iter()
            .map(|(name, printer)| (name, printer.finish()))
            .collect()
    }
}

impl StemSink for Prints {
    fn piece(&self, name: &str, audio: &AudioBuffer) -> Result<(), StudioError> {
        let mut printers = self.0.lock().unwrap_or_else(|error| error.into_inner());
        let mut printer = printers.remove(name).unwrap_or_default();
        drop(printers);
        // Pieces of one stem come in order, so nobody else asks for this printer now.
        printer.push(audio);
        let mut printers = self.0.lock().unwrap_or_else(|error| error.into_inner());
        printers.insert(name.to_owned(), printer);
        Ok(())
    }
}

/// Hashes audio block by block, however it is cut into pieces.
#[derive(Default)]
struct Printer {
    pending: Vec<u8>,
    blocks: Vec<u128>,
}

impl Printer {
    fn push(&mut self, audio: &AudioBuffer) {
        let width = BLOCK * audio.channels.len() * 4;
        for index in 0..audio.frames() {
            for channel in &audio.channels {
                self.pending.extend(channel[index].to_bits().to_le_bytes());
            }
            if self.pending.len() == width {
                self.close();
            }
        }
    }

    fn close(&mut self) {
        let hash = blake3::hash(&self.pending);
        let mut half = [0; 16];
        half.copy_from_slice(&hash.as_bytes()[..16]);
        self.blocks.push(u128::from_le_bytes(half));
        self.pending.clear();
    }

    fn finish(mut self) -> Vec<u128> {
        if !self.pending.is_empty() {
            self.close();
        }
        self.blocks
    }
}

/// Ranges of frames in which hashes differ; what only one has differs.
fn differing(a: &[u128], b: &[u128]) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for index in 0..a.len().max(b.len()) {
        if a.get(index) == b.get(index) {
            continue;
        }
        let range = index * BLOCK..(index + 1) * BLOCK;
        match out.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => out.push(range),
        }
    }
    out
}

/// Phrases whose clip is another one, with where they lie in the second version.
fn edited(
    before: &Ledger,
    after: &Ledger,
    song: &Song,
) -> BTreeMap<String, Vec<(String, Range<i64>)>> {
    let mut out: BTreeMap<String, Vec<(String, Range<i64>)>> = BTreeMap::new();
    for changed in after.changes(Some(before)) {
        let Unit::Clip { track, phrase } = changed.unit else {
            continue;
        };
        let Some((start, frames)) = after.units.get(changed.unit).and_then(|entry| entry.extent)
        else {
            continue;
        };
        let written = song
            .score
            .tracks
            .iter()
            .find(|t| t.id == *track)
            .and_then(|t| t.phrases.iter().find(|p| p.id == *phrase));
        let at = written.map_or(0, |phrase| {
            let seconds = song.score.timeline.seconds(phrase.span.start);
            song.release.rate.frames(yuefu_audio::Seconds(seconds)).0
        });
        let range = at + start..at + start + frames as i64;
        out.entry(track.clone())
            .or_default()
            .push((phrase.clone(), range));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use yuefu_audio::SampleRate;

    #[test]
    fn one_sample_is_one_block() {
        let mut audio = AudioBuffer::silent(SampleRate(44_100), 2, BLOCK * 4 + 10);
        let print = |audio: &AudioBuffer, cut: usize| {
            let mut printer = Printer::default();
            for range in [0..cut, cut..audio.frames()] {
                let channels = audio.channels.iter().map(|c| c[range.clone()].to_vec());
                printer.push(&AudioBuffer {
                    rate: audio.rate,
                    channels: channels.collect(),
                });
            }
            printer.finish()
        };
        let plain = print(&audio, 100);
        assert_eq!(plain, print(&audio, 1777));
        assert_eq!(plain.len(), 5);
        audio.channels[1][BLOCK * 2] = 1e-7;
        assert_eq!(
            differing(&plain, &print(&audio, 5)),
            vec![BLOCK * 2..BLOCK * 3]
        );
        assert_eq!(differing(&plain, &plain[..3]), vec![BLOCK * 3..BLOCK * 5]);
    }
}
