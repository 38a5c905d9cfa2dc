//! Recorded lines as the network sees them.

use crate::store::{FRAME_VALUES, NOISE, Recorded};
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;
use yuefu_audio::math;
use yuefu_engine::rng::Rng;
use yuefu_voice::neural::bands::BANDS;
use yuefu_voice::neural::{
    Features, OUTPUTS, PITCH_PLACE, PLACE, SPOKEN, phone_features, pitch_features, place_features,
};

/// Quietest amplitude that is learned, as a natural logarithm: −87 dB.
const QUIETEST: f32 = -10.0;
/// What a frame of silence counts.
const SILENCE: f32 = 0.25;
/// Frames of silence before a line below which the teacher swallows its first syllable.
const LEAD: f32 = 20.0;
/// Every so many lines, one is kept for validation.
const HELD_BACK: usize = 30;

/// A line as the network sees it.
#[derive(Clone, Debug, Default)]
pub struct Example {
    /// Number of the singer.
    pub singer: usize,
    /// For each phone, its rows of the phone table.
    pub rows: Vec<[usize; 4]>,
    /// For each frame, its phone.
    pub owner: Vec<usize>,
    /// Place features of each frame.
    pub places: Vec<f32>,
    /// Pitch of each frame in hertz, defined everywhere.
    pub pitch: Vec<f32>,
    /// Outputs to be learned, in deviations from the mean; the last of each frame is 1 where there
    /// is voice.
    pub target: Vec<f32>,
    /// What each frame counts.
    pub weight: Vec<f32>,
    /// What is to be learned of each phone.
    pub spoken: Vec<f32>,
    /// What each of that counts.
    pub spoken_weight: Vec<f32>,
}

/// Everything recorded.
#[derive(Clone, Debug, Default)]
pub struct Data {
    /// Lines to learn from.
    pub train: Vec<Example>,
    /// Lines to judge by.
    pub held: Vec<Example>,
    /// Mean of each output.
    pub mean: Vec<f32>,
    /// Deviation of each output.
    pub deviation: Vec<f32>,
    /// Median pitch of each singer in hertz.
    pub pitch: Vec<f32>,
    /// Frames in all.
    pub frames: usize,
    /// Minutes of each singer in Mandarin and English.
    pub minutes: Vec<[f64; 2]>,
}

impl Data {
    /// Reads all recordings of a folder.
    ///
    /// # Errors
    /// Of the files.
    pub fn load(folder: &Path, singers: usize) -> io::Result<Self> {
        let mut paths: Vec<_> = std::fs::read_dir(folder)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<_>>()?;
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "rec"));
        paths.sort();
        let mut lines = Vec::new();
        for path in paths {
            let mut from = BufReader::new(File::open(path)?);
            // Counted for each file, so that a line held back stays so when more is recorded.
            let mut index = 0;
            while let Some(line) = Recorded::read(&mut from)? {
                if usize::from(line.singer) < singers && !line.is_empty() {
                    index += 1;
                    lines.push((line, index % HELD_BACK == 0));
                }
            }
        }
        if lines.is_empty() {
            return Err(io::Error::other("expected recordings (*.rec), found none"));
        }
        Ok(Self::from_lines(&lines, singers))
    }

    /// From lines in memory, each with whether it is held back.
    pub fn from_lines(lines: &[(Recorded, bool)], singers: usize) -> Self {
        let mut data = Self {
            minutes: vec![[0.0; 2]; singers],
            ..Self::default()
        };
        data.measure(lines, singers);
        for (line, held) in lines {
            let example = data.example(line);
            data.frames += line.len();
            let lang = line
                .phones
                .iter()
                .filter(|p| p.part != 4)
                .map(|p| p.lang)
                .next();
            data.minutes[usize::from(line.singer)][usize::from(lang.unwrap_or(0).min(1))] +=
                line.len() as f64 * 0.0125 / 60.0;
            if *held {
                data.held.push(example);
            } else {
                data.train.push(example);
            }
        }
        data
    }

    fn measure(&mut self, lines: &[(Recorded, bool)], singers: usize) {
        let mut sums = vec![[0.0_f64; 3]; BANDS + NOISE];
        let mut pitches = vec![Vec::new(); singers];
        for (line, _) in lines {
            for frame in line.frames.chunks_exact(FRAME_VALUES) {
                let voiced = frame[BANDS + NOISE + 1] > 0.5;
                for (index, sum) in sums.iter_mut().enumerate() {
                    let value =
                        f64::from(frame[index].max(if index < BANDS { QUIETEST } else { -60.0 }));
                    if index < BANDS || voiced {
                        sum[0] += 1.0;
                        sum[1] += value;
                        sum[2] += value * value;
                    }
                }
                if voiced && line.moved == 0.0 {
                    pitches[usize::from(line.singer)].push(frame[BANDS + NOISE]);
                }
            }
        }
        let mut envelope = 0.0;
        for [count, sum, squares] in sums {
            let count = count.max(1.0);
            let mean = sum / count;
            let spread = (squares / count - mean * mean).max(1e-6).sqrt();
            if self.mean.len() < BANDS {
                envelope += spread / BANDS as f64;
            }
            self.mean.push(mean as f32);
            self.deviation.push(spread as f32);
        }
        // One measure for all bands of the envelope: a decibel counts the same everywhere.
        self.deviation[..BANDS].fill(envelope as f32);
        self.mean.push(0.0);
        self.deviation.push(1.0);
        self.pitch = pitches
            .into_iter()
            .map(|mut all| {
                all.sort_by(f32::total_cmp);
                all.get(all.len() / 2).copied().unwrap_or(200.0)
            })
            .collect();
    }

    fn example(&self, line: &Recorded) -> Example {
        let mut out = Example {
            singer: usize::from(line.singer),
            ..Example::default()
        };
        let contour = contour(line);
        // The teacher swallows the first syllable where the silence before it is short: what is
        // recorded of it is no example.
        let start_of = |syllable: u8| {
            let first = line.phones.iter().find(|phone| phone.syllable == syllable);
            first.map_or(0.0, |phone| phone.start)
        };
        let first = match start_of(0) {
            lead if lead >= LEAD => 0.0,
            _ => start_of(1),
        };
        let mut index = 0;
        for (number, frame) in line.frames.chunks_exact(FRAME_VALUES).enumerate() {
            let at = number as f32 + 0.5;
            while index + 1 < line.phones.len() && line.phones[index].end <= at {
                index += 1;
            }
            let phone = &line.phones[index];
            out.owner.push(index);
            out.places.extend(place_features(
                (at - phone.start).max(0.0),
                (phone.end - at).max(0.0),
                contour[number],
            ));
            for (band, value) in frame.iter().enumerate().take(BANDS + NOISE) {
                let lowest = if band < BANDS { QUIETEST } else { -60.0 };
                let value = value.max(lowest);
                out.target
                    .push((value - self.mean[band]) / self.deviation[band]);
            }
            out.target.push(frame[BANDS + NOISE + 1]);
            let part = if phone.part == 4 { SILENCE } else { 1.0 };
            let heard = if at < first { 0.0 } else { 1.0 };
            out.weight.push(part * heard * frame[BANDS + NOISE + 2]);
        }
        out.pitch = contour.clone();
        let median = self.pitch[out.singer] * math::exp2(f64::from(line.moved) / 12.0) as f32;
        for phone in &line.phones {
            out.rows.push(phone_features(Features {
                symbol: phone.symbol,
                lang: phone.lang,
                part: phone.part,
                tone: phone.tone,
                stress: phone.stress,
            }));
            let length = (phone.end - phone.start).max(0.4);
            let said = if phone.part == 4 { 0.0 } else { 1.0 };
            let octaves = |at: f32| {
                let frame = (at.max(0.0) as usize).min(contour.len() - 1);
                math::log2(f64::from(contour[frame] / median)) as f32
            };
            let middle = (phone.start + phone.end) / 2.0;
            out.spoken.extend([
                math::ln(f64::from(length)) as f32,
                octaves(phone.start),
                octaves(middle),
                octaves(phone.end - 1.0),
            ]);
            out.spoken_weight.extend([said, said, said, said]);
        }
        out
    }
}

impl Example {
    /// The line with another contour shown: flatter or steeper, higher or lower than it sounds.
    /// Sung notes know nothing of the tones and accents that the pitch of speech follows, and the
    /// envelope must not depend on them more than on the phones.
    #[must_use]
    pub fn retuned(&self, median: f32, rng: &mut Rng) -> Self {
        let (slope, shift) = (rng.range(0.2, 1.2), rng.range(-0.25, 0.25));
        let mut out = self.clone();
        for (to, pitch) in out.places.chunks_exact_mut(PLACE).zip(&self.pitch) {
            let octaves = math::log2(f64::from(pitch / median)) as f32 * slope + shift;
            let pitch = median * math::exp2(f64::from(octaves)) as f32;
            to[PITCH_PLACE..].copy_from_slice(&pitch_features(pitch));
        }
        out
    }
}

/// Pitch at every frame: where there is none, between those around.
fn contour(line: &Recorded) -> Vec<f32> {
    let known: Vec<(usize, f32)> = line
        .frames
        .chunks_exact(FRAME_VALUES)
        .enumerate()
        .filter(|(_, frame)| frame[BANDS + NOISE + 1] > 0.5 && frame[BANDS + NOISE] > 60.0)
        .map(|(index, frame)| (index, frame[BANDS + NOISE]))
        .collect();
    let mut out = Vec::with_capacity(line.len());
    let mut next = 0;
    for index in 0..line.len() {
        while next < known.len() && known[next].0 < index {
            next += 1;
        }
        out.push(
            match (next.checked_sub(1).map(|i| known[i]), known.get(next)) {
                (_, Some((at, pitch))) if *at == index => *pitch,
                (Some((low, a)), Some((high, b))) => {
                    a + (b - a) * (index - low) as f32 / (high - low) as f32
                }
                (Some((_, pitch)), None) => pitch,
                (None, Some((_, pitch))) => *pitch,
                (None, None) => 200.0,
            },
        );
    }
    out
}

/// How far a network is from a line, and the slopes of that by its outputs.
#[derive(Clone, Debug, Default)]
pub struct Loss {
    /// All in one.
    pub whole: f64,
    /// Mean distance of the envelope in decibels, where something is said.
    pub decibels: f64,
    /// Frames or phones that the means are over.
    pub frames: f64,
    /// Share of frames whose voice is told wrong.
    pub voice: f64,
    /// Mean distance of the logarithm of lengths.
    pub lengths: f64,
    /// Phones counted.
    pub phones: f64,
    /// Slopes by the outputs for frames.
    pub by_output: Vec<f32>,
    /// Slopes by the outputs for phones.
    pub by_spoken: Vec<f32>,
}

/// What a change from frame to frame counts beside the envelope itself.
const CHANGES: f32 = 0.6;
const NOISES: f32 = 0.25;
const VOICES: f32 = 0.2;
const LENGTHS: f32 = 0.15;
const MELODY: f32 = 0.15;

/// Measures a line; `scale` multiplies the slopes (one over the frames of the batch).
pub fn loss(data: &Data, line: &Example, output: &[f32], spoken: &[f32], scale: f32) -> Loss {
    let mut out = Loss {
        by_output: vec![0.0; output.len()],
        by_spoken: vec![0.0; spoken.len()],
        ..Loss::default()
    };
    let to_decibels = f64::from(data.deviation[0]) * 8.686;
    let per = scale / BANDS as f32;
    for frame in 0..line.owner.len() {
        let weight = line.weight[frame];
        let at = frame * OUTPUTS;
        let mut sum = 0.0;
        for band in 0..BANDS {
            let away = output[at + band] - line.target[at + band];
            sum += away.abs();
            out.by_output[at + band] += away.signum() * weight * per;
            if frame > 0 {
                let before = output[at - OUTPUTS + band] - line.target[at - OUTPUTS + band];
                let change = away - before;
                out.whole += f64::from(change.abs() * weight * per * CHANGES);
                let slope = change.signum() * weight * per * CHANGES;
                out.by_output[at + band] += slope;
                out.by_output[at - OUTPUTS + band] -= slope;
            }
        }
        out.whole += f64::from(sum * weight * per);
        if weight > 0.5 {
            out.decibels += f64::from(sum) / BANDS as f64 * to_decibels;
            out.frames += 1.0;
        }
        let voice = line.target[at + BANDS + NOISE];
        if voice > 0.5 {
            for band in BANDS..BANDS + NOISE {
                let away = output[at + band] - line.target[at + band];
                out.whole += f64::from(away.abs() * weight * scale * NOISES / NOISE as f32);
                out.by_output[at + band] += away.signum() * weight * scale * NOISES / NOISE as f32;
            }
        }
        let logit = output[at + BANDS + NOISE];
        let chance = 1.0 / (1.0 + math::exp(-f64::from(logit.clamp(-30.0, 30.0)))) as f32;
        let hit = if voice > 0.5 { chance } else { 1.0 - chance };
        out.whole -= f64::from(scale * weight * VOICES) * math::ln(f64::from(hit.max(1e-9)));
        out.by_output[at + BANDS + NOISE] += (chance - voice) * scale * weight * VOICES;
        if weight > 0.5 {
            out.voice += f64::from((chance > 0.5) != (voice > 0.5));
        }
    }
    // A phone has about seven frames; the lengths are to count like them.
    for (index, value) in spoken.iter().enumerate() {
        let weight = line.spoken_weight[index];
        let part = if index % SPOKEN == 0 {
            LENGTHS
        } else {
            MELODY / 3.0
        };
        let away = value - line.spoken[index];
        out.whole += f64::from(away.abs() * weight * scale * part * 7.0);
        out.by_spoken[index] = away.signum() * weight * scale * part * 7.0;
        if index % SPOKEN == 0 && weight > 0.0 {
            out.lengths += f64::from(away.abs());
            out.phones += 1.0;
        }
    }
    debug_assert_eq!(line.places.len(), line.owner.len() * PLACE);
    out
}
