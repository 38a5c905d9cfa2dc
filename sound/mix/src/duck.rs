//! Side-chain: one track makes room whenever the low strokes of another sound.

use crate::effect::{Clock, Effect, keep, within};
use crate::window::Source;
use std::ops::Range;
use std::sync::Arc;
use yuefu_audio::{AudioBuffer, Biquad, Cascade, SampleRate, math};
use yuefu_song::mixplan::Sidechain;

/// Frames between values of a key.
pub const KEY_STEP: usize = 64;

/// Frames that are averaged before the key's low-pass, which hears nothing of what that loses.
const THIN: usize = 16;

/// Steps that are computed from one fresh state, on absolute multiples: a value does not depend
/// on which window asks for it.
const BLOCK: usize = 512;

/// Level in dBFS of the strongest stroke where a plan does not state it.
pub const USUAL_STROKE_DB: f32 = -9.0;

/// How strongly a track strikes below 120 Hz over a stretch of the song.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyWindow {
    /// Number of the first step.
    first: usize,
    /// Peak of the middle of left and right below 120 Hz in each step.
    levels: Arc<[f32]>,
}

impl KeyWindow {
    /// Listens to a track: usually the drums, of which the low cut keeps the kick.
    ///
    /// `audio` begins at frame `first_frame` of the song and is silent elsewhere; `range` is
    /// what is to be known of it. Only the frames of [`KeyWindow::input`] matter.
    pub fn of(audio: &AudioBuffer, first_frame: usize, range: Range<usize>) -> Self {
        let rate = audio.rate;
        let source = Source::new(audio, first_frame);
        let low = Biquad::low_pass(rate.hz() / THIN as f64, 120.0, 0.707);
        let mut filter = Cascade::new([low, low]);
        let steps = range.start / KEY_STEP..range.end.div_ceil(KEY_STEP);
        let mut levels = Vec::with_capacity(steps.len());
        let memory = key_memory(rate) / KEY_STEP;
        for block in steps.start / BLOCK..steps.end.div_ceil(BLOCK) {
            let begin = block * BLOCK;
            filter.reset();
            for step in begin.saturating_sub(memory)..(begin + BLOCK).min(steps.end) {
                let level = stroke(&source, step, &mut filter);
                if step >= begin && steps.contains(&step) {
                    levels.push(level);
                }
            }
        }
        Self {
            first: steps.start,
            levels: levels.into(),
        }
    }

    /// Listens to a whole track.
    pub fn whole(audio: &AudioBuffer) -> Self {
        Self::of(audio, 0, 0..audio.frames())
    }

    /// The frames of the key track that a range of its key depends on.
    pub fn input(range: &Range<usize>, rate: SampleRate) -> Range<usize> {
        let block = BLOCK * KEY_STEP;
        (range.start / block * block).saturating_sub(key_memory(rate))..range.end
    }

    /// Level of the strongest stroke in dBFS; `None` where there is none above −100 dBFS.
    pub fn strongest_db(&self) -> Option<f32> {
        let top = self.levels.iter().fold(0.0_f32, |a, &b| a.max(b));
        (top > 1e-5).then(|| math::gain_to_db(top))
    }

    fn level(&self, step: usize) -> f32 {
        step.checked_sub(self.first)
            .and_then(|index| self.levels.get(index))
            .copied()
            .unwrap_or(0.0)
    }
}

/// What the key's low-pass remembers: two double poles at 120 Hz fall by 140 dB in 45 ms.
fn key_memory(rate: SampleRate) -> usize {
    ((rate.hz() * 0.05) as usize).div_ceil(KEY_STEP) * KEY_STEP
}

/// The peak of one step.
fn stroke(source: &Source<'_>, step: usize, filter: &mut Cascade) -> f32 {
    let (mut left, mut right) = ([0.0_f32; KEY_STEP], [0.0_f32; KEY_STEP]);
    source.read(step * KEY_STEP, &mut left, &mut right);
    let mut middle = [0.0_f32; KEY_STEP / THIN];
    for ((out, l), r) in middle
        .iter_mut()
        .zip(left.chunks(THIN))
        .zip(right.chunks(THIN))
    {
        let sum: f32 = l.iter().zip(r).map(|(l, r)| l + r).sum();
        *out = sum * (0.5 / THIN as f32);
    }
    let mut unused = [0.0_f32; KEY_STEP / THIN];
    filter.process(&mut middle, &mut unused);
    middle.iter().fold(0.0, |peak, x| peak.max(x.abs()))
}

/// Ducks what it processes by a key, both counted from the song's first frame.
#[derive(Clone, Debug)]
pub struct Ducker {
    key: KeyWindow,
    strongest: f32,
    amount: f32,
    keep: f32,
    clock: Clock,
    step: usize,
    state: f32,
    gain: f32,
    target: f32,
    slope: f32,
}

impl Ducker {
    /// A ducker that follows a key, at the song's first frame.
    pub fn new(settings: &Sidechain, key: KeyWindow, rate: SampleRate) -> Self {
        let strongest = settings.strongest_db.unwrap_or(USUAL_STROKE_DB);
        let mut new = Self {
            key,
            strongest: math::db_to_gain(within(strongest, -100.0, 60.0)),
            amount: within(settings.amount_db, 0.0, 60.0),
            keep: keep(release(settings), rate.hz() / KEY_STEP as f64),
            clock: Clock::default(),
            step: 0,
            state: 0.0,
            gain: 1.0,
            target: 1.0,
            slope: 0.0,
        };
        new.reset();
        new
    }

    /// Frames after which nothing of earlier strokes is left, exactly.
    pub(crate) fn memory(settings: &Sidechain, rate: SampleRate) -> f64 {
        // The state is dropped below FAINT, so it lasts 9.2 time constants.
        (9.3 * release(settings)).mul_add(rate.hz(), 2.0 * KEY_STEP as f64)
    }

    /// Forgets the past and goes to a frame of the song, a multiple of [`KEY_STEP`].
    pub(crate) fn seek(&mut self, frame: usize) {
        self.clock = Clock::default();
        self.step = frame / KEY_STEP;
        self.state = 0.0;
        self.gain = 1.0;
        self.decide();
    }

    /// Lets frames pass unheard, a multiple of [`KEY_STEP`] of them.
    pub(crate) fn skip(&mut self, frames: usize) {
        for _ in 0..frames / KEY_STEP {
            self.turn();
        }
    }

    fn turn(&mut self) {
        self.gain = self.target;
        self.decide();
    }

    fn decide(&mut self) {
        // Looks at the step that is about to sound: the whole key is known.
        let level = self.key.level(self.step);
        self.step += 1;
        // Strokes 12 dB below the strongest still duck, at half depth; quiet rumble does not.
        let key = if level <= self.strongest * 0.0631 {
            0.0
        } else {
            let db = math::gain_to_db(level / self.strongest);
            ((db + 24.0) / 24.0).clamp(0.0, 1.0)
        };
        self.state = key.max(self.state * self.keep);
        if self.state < FAINT {
            self.state = 0.0;
        }
        self.target = math::fast_exp2(-self.amount * self.state * 0.166_096_4);
        self.slope = (self.target - self.gain) / KEY_STEP as f32;
    }
}

/// A stroke that has faded to this share of its depth is over.
const FAINT: f32 = 1e-4;

fn release(settings: &Sidechain) -> f64 {
    f64::from(within(settings.release_ms, 1.0, 5000.0)) * 1e-3
}

impl Effect for Ducker {
    fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        let frames = left.len().min(right.len());
        let mut at = 0;
        while at < frames {
            let (count, wrapped) = self.clock.advance(frames - at, KEY_STEP);
            for (l, r) in left[at..at + count]
                .iter_mut()
                .zip(&mut right[at..at + count])
            {
                *l *= self.gain;
                *r *= self.gain;
                self.gain += self.slope;
            }
            if wrapped {
                self.turn();
            }
            at += count;
        }
    }

    fn reset(&mut self) {
        self.seek(0);
    }
}
