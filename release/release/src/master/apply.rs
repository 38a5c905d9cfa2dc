//! A master plan applied, window by window.

use super::glue::{self, Glue};
use super::limiter::{GROUP, Limiter};
use super::tone::{COUNT, Correction};
use rayon::prelude::*;
use std::ops::Range;
use yuefu_audio::{AudioBuffer, Biquad, Cascade, SampleRate, math};
use yuefu_song::MasterPlan;

/// Frames in a window of the master, the same as in a window of the mix: windows lie at
/// multiples of it from the song's first frame on.
pub const WINDOW: usize = 1 << 18;

/// The windows of a song of so many frames, in order; the last one is as short as it must be.
pub fn windows(frames: usize) -> impl DoubleEndedIterator<Item = Range<usize>> + Clone {
    (0..frames.div_ceil(WINDOW)).map(move |k| k * WINDOW..((k + 1) * WINDOW).min(frames))
}

/// One window of the master: a pure function of its arguments.
///
/// `mix` is one or two channels that begin at frame `first_frame` of the song; where it ends,
/// the song ends. Of it only the frames that [`master_memory`] tells matter: so many before the
/// window and so many after. To apply one plan to several windows, make one [`Mastering`].
///
/// No true peak of the result exceeds the plan's ceiling, whatever the mix.
pub fn master_window(
    plan: &MasterPlan,
    mix: &AudioBuffer,
    first_frame: usize,
    window: Range<usize>,
) -> AudioBuffer {
    Mastering::new(plan, mix.rate).window(mix, first_frame, window)
}

/// How many frames before and after a window its master depends on, at most.
pub fn master_memory(plan: &MasterPlan, rate: SampleRate) -> (usize, usize) {
    let (before, after) = limiter(plan, rate).memory();
    let glue = Glue::memory(plan.glue_db, rate);
    let slack = 2 * glue::STEP + GROUP;
    (
        before + Correction::MEMORY + cut_memory(rate) + glue + slack,
        after + GROUP,
    )
}

/// How many frames before a change of the mix its master may begin to differ.
///
/// The limiter looks ahead; and where the tone is corrected, a change moves the rounding of the
/// whole block of the convolution that it falls into (by less than −130 dB, which now and then
/// turns the last bit of a sample).
pub fn master_ahead(plan: &MasterPlan, rate: SampleRate) -> usize {
    let flat = plan.eq_db.iter().all(|db| *db == 0.0);
    let block = if flat { 0 } else { Correction::BLOCK };
    master_memory(plan, rate).1 + block
}

/// Masters a whole mix by a plan: all its windows, side by side.
pub fn apply_master(plan: &MasterPlan, mix: &AudioBuffer) -> AudioBuffer {
    let mastering = Mastering::new(plan, mix.rate);
    let parts: Vec<AudioBuffer> = windows(mix.frames())
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(|window| mastering.window(mix, 0, window))
        .collect();
    join(mix, parts)
}

/// Windows one after another.
pub(super) fn join(like: &AudioBuffer, parts: Vec<AudioBuffer>) -> AudioBuffer {
    let mut all = AudioBuffer::silent(like.rate, like.channels.len(), 0);
    for channel in &mut all.channels {
        channel.reserve_exact(like.frames());
    }
    for part in parts {
        for (to, from) in all.channels.iter_mut().zip(part.channels) {
            to.extend_from_slice(&from);
        }
    }
    all
}

/// A plan made ready to be applied.
#[derive(Clone, Debug)]
pub struct Mastering {
    plan: MasterPlan,
    pub(super) rate: SampleRate,
    tone: Option<Correction>,
    pub(super) limiter: Limiter,
}

/// A stretch of the mix before gain and limiter.
#[derive(Clone, Debug)]
pub(super) struct Shaped {
    /// Frame of the song at which it begins, a multiple of the limiter's groups.
    pub(super) first: usize,
    pub(super) channels: Vec<Vec<f32>>,
    /// Deepest reduction of the glue compressor in dB.
    pub(super) glue_db: f32,
}

impl Mastering {
    /// Makes a plan ready for a rate. Values outside their range are held inside it.
    pub fn new(plan: &MasterPlan, rate: SampleRate) -> Self {
        let curve: [f32; COUNT] = std::array::from_fn(|i| {
            let db = plan.eq_db.get(i).copied().unwrap_or(0.0);
            if db.is_finite() {
                db.clamp(-24.0, 24.0)
            } else {
                0.0
            }
        });
        let flat = curve.iter().all(|&db| db == 0.0);
        Self {
            plan: plan.clone(),
            rate,
            tone: (!flat).then(|| Correction::new(&curve, rate.hz())),
            limiter: limiter(plan, rate),
        }
    }

    /// One window; see [`master_window`].
    pub fn window(
        &self,
        mix: &AudioBuffer,
        first_frame: usize,
        window: Range<usize>,
    ) -> AudioBuffer {
        let shaped = self.shape(mix, first_frame, &window);
        let input = self.input();
        let peaks = self.limiter.peaks(&shaped.channels, input);
        let gains = self.limiter.gains(&peaks, input);
        self.limit(&shaped, &peaks, &gains, input, &window).0
    }

    /// The factor before the limiter.
    fn input(&self) -> f32 {
        input(self.plan.gain_db)
    }

    /// Applies a factor and the limiter's gains; what lies beyond the end of the song is silent.
    pub(super) fn limit(
        &self,
        shaped: &Shaped,
        peaks: &[f32],
        gains: &[f32],
        input: f32,
        window: &Range<usize>,
    ) -> (AudioBuffer, f32) {
        let place = (window.start - shaped.first, window.end - shaped.first);
        let limited = self
            .limiter
            .apply(&shaped.channels, peaks, gains, input, place);
        let mut channels = limited.channels;
        for channel in &mut channels {
            channel.resize(window.len(), 0.0);
        }
        let audio = AudioBuffer {
            rate: self.rate,
            channels,
        };
        (audio, limited.least)
    }

    /// Everything before the gain: sides, glue, subsonic cut, tone; over what the limiter needs
    /// for a window.
    pub(super) fn shape(
        &self,
        mix: &AudioBuffer,
        first_frame: usize,
        window: &Range<usize>,
    ) -> Shaped {
        let (before, after) = self.limiter.memory();
        let from = window.start.saturating_sub(before) / GROUP * GROUP;
        let song = first_frame + mix.frames();
        let to = (window.end + after).min(song).max(from);
        // The correction's blocks, and before them what the cut remembers.
        let toned = match &self.tone {
            Some(_) => Correction::begin(from),
            None => from,
        };
        let begin = toned.saturating_sub(cut_memory(self.rate)) / glue::STEP * glue::STEP;
        let listen = begin.saturating_sub(Glue::memory(self.plan.glue_db, self.rate));
        let mono = mix.channels.len() < 2;
        let mut glue = Glue::new(self.plan.loudness, self.plan.glue_db, self.rate);
        const CHUNK: usize = 4096;
        let (mut l, mut r) = ([0.0_f32; CHUNK], [0.0_f32; CHUNK]);
        for at in (listen..begin).step_by(CHUNK) {
            let count = CHUNK.min(begin - at);
            self.read(mix, first_frame, at, [&mut l[..count], &mut r[..count]]);
            glue.listen(&l[..count], &r[..count]);
        }
        let mut left = vec![0.0_f32; to.saturating_sub(begin)];
        let mut right = left.clone();
        let mut cut = Cascade::new([subsonic(self.rate)]);
        for (index, (l, r)) in left
            .chunks_mut(CHUNK)
            .zip(right.chunks_mut(CHUNK))
            .enumerate()
        {
            self.read(mix, first_frame, begin + index * CHUNK, [&mut *l, &mut *r]);
            glue.process(l, r);
            cut.process(l, r);
        }
        let [left, right] = match &self.tone {
            Some(tone) => tone.run([&left, &right], begin, from),
            None => {
                left.drain(..(from - begin).min(left.len()));
                right.drain(..(from - begin).min(right.len()));
                [left, right]
            }
        };
        Shaped {
            first: from,
            channels: if mono { vec![left] } else { vec![left, right] },
            glue_db: glue.deepest(),
        }
    }

    /// Reads the mix from a frame on, with its sides as planned; mono is a left channel.
    fn read(&self, mix: &AudioBuffer, first: usize, at: usize, to: [&mut [f32]; 2]) {
        let [left, right] = to;
        copy(mix.channels.first(), first, at, left);
        copy(mix.channels.get(1), first, at, right);
        let side = self.plan.side;
        if side != 1.0 && mix.channels.len() > 1 {
            for (l, r) in left.iter_mut().zip(right) {
                let (m, s) = ((*l + *r) * 0.5, (*l - *r) * 0.5 * side);
                *l = m + s;
                *r = m - s;
            }
        }
    }
}

/// Copies what there is of a channel that begins at frame `first`; silence elsewhere.
fn copy(channel: Option<&Vec<f32>>, first: usize, at: usize, out: &mut [f32]) {
    let channel = channel.map_or(&[][..], Vec::as_slice);
    let lead = first.saturating_sub(at).min(out.len());
    let begin = (at + lead).saturating_sub(first).min(channel.len());
    let count = (out.len() - lead).min(channel.len() - begin);
    out[..lead].fill(0.0);
    out[lead..lead + count].copy_from_slice(&channel[begin..begin + count]);
    out[lead + count..].fill(0.0);
}

/// The factor of a gain in dB.
pub(super) fn input(gain_db: f32) -> f32 {
    math::db_to_gain(if gain_db.is_finite() {
        gain_db.clamp(-120.0, 120.0)
    } else {
        0.0
    })
}

fn limiter(plan: &MasterPlan, rate: SampleRate) -> Limiter {
    let ceiling = plan.ceiling.0;
    let ceiling = if ceiling.is_finite() {
        ceiling.clamp(-20.0, 0.0)
    } else {
        -1.0
    };
    Limiter::new(math::db_to_gain(ceiling), rate)
}

/// What no loudspeaker plays and every limiter would hear.
fn subsonic(rate: SampleRate) -> Biquad {
    Biquad::high_pass(rate.hz(), 20.0, std::f64::consts::FRAC_1_SQRT_2)
}

/// Frames that the subsonic cut remembers: sixteen time constants.
fn cut_memory(rate: SampleRate) -> usize {
    (subsonic(rate).span() * 16.0) as usize
}
