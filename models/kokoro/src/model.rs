//! The three steps of the network, each open at both ends.

use crate::graph;
use crate::line::Line;
use crate::source;
use crate::voice::STYLE;
use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, Value};
use rten_tensor::Tensor;
use rten_tensor::prelude::*;
use std::fmt;
use std::sync::Arc;
use yuefu_voice::apart;

/// Samples a second of what the model speaks.
pub const RATE: u32 = 24_000;
/// Seconds of one frame of an [`Alignment`].
pub const FRAME: f64 = 0.025;
/// Seconds from one value of pitch and energy to the next; two of them in a frame.
pub const PITCH_HOP: f64 = 0.0125;
/// By how many seconds the model's token boundaries are late against what is heard: subtract this
/// to know when a phone sounds (measured: docs/RESULTS.md).
pub const LATENESS: f64 = 0.045;

/// The features of tokens spread over frames, which the second step begins with.
const MANNER_FRAMES: &str = "/encoder/MatMul_output_0";

/// Why the model gives no result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are no graph that can be run.
    #[error("cannot load the Kokoro model: {0} · 无法载入 Kokoro 模型：{0}")]
    Load(String),
    /// The graph is another one: a value this crate takes hold of is missing.
    #[error(
        "the Kokoro model has no value `{0}`; expected the int8 export of Kokoro-82M v1.0 · Kokoro 模型中没有“{0}”；应为 Kokoro-82M v1.0 的 int8 版"
    )]
    Node(&'static str),
    /// The line is longer than the model takes.
    #[error(
        "expected at most {most} tokens, found {found}; split the line · 最多 {most} 个记号，实有 {found} 个，请断句"
    )]
    TooLong {
        /// Tokens the model takes.
        most: usize,
        /// Tokens of the line.
        found: usize,
    },
    /// Sizes of what was handed in do not agree.
    #[error(
        "expected {expected} values of {what}, found {found} · {what} 应有 {expected} 个值，实有 {found} 个"
    )]
    Size {
        /// Of what.
        what: &'static str,
        /// How many there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// The network failed.
    #[error("the Kokoro model failed: {0} · Kokoro 模型运行出错：{0}")]
    Run(String),
}

/// What the first step finds in a line.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Natural length of each token in frames of [`FRAME`].
    pub frames: Vec<f32>,
    /// Features of the tokens for pitch and energy, 1 × tokens × 640.
    manner: Tensor<f32>,
    /// Features of the tokens for the sound, 1 × 512 × tokens.
    matter: Tensor<f32>,
}

/// Which token sounds when: for each frame, a weight for each token.
#[derive(Clone, Debug, PartialEq)]
pub struct Alignment {
    tokens: usize,
    frames: usize,
    /// Token by frame.
    weights: Vec<f32>,
}

impl Alignment {
    /// Tokens one after the other, each as many frames long as said; lengths need not be whole:
    /// a frame on a boundary belongs to both sides in proportion.
    pub fn new(lengths: &[f32]) -> Self {
        let total: f32 = lengths.iter().map(|x| x.max(0.0)).sum();
        let frames = (total.ceil() as usize).max(1);
        let mut weights = vec![0.0; lengths.len() * frames];
        let mut start = 0.0_f32;
        for (row, length) in weights.chunks_exact_mut(frames).zip(lengths) {
            let end = start + length.max(0.0);
            for (frame, weight) in row.iter_mut().enumerate() {
                let (low, high) = (frame as f32, frame as f32 + 1.0);
                *weight = (end.min(high) - start.max(low)).max(0.0);
            }
            start = end;
        }
        Self {
            tokens: lengths.len(),
            frames,
            weights,
        }
    }

    /// Its length in frames of [`FRAME`].
    pub fn frames(&self) -> usize {
        self.frames
    }
}

/// Pitch and energy over a line, a value every [`PITCH_HOP`].
#[derive(Clone, Debug, PartialEq)]
pub struct Prosody {
    /// Pitch in hertz; below 10 there is no voice.
    pub pitch: Vec<f32>,
    /// Energy in the model's own measure (around 0 in pauses, 3 to 8 in vowels).
    pub energy: Vec<f32>,
}

struct Nodes {
    tokens: NodeId,
    style: NodeId,
    speed: NodeId,
    frames: NodeId,
    manner: NodeId,
    matter: NodeId,
    manner_frames: NodeId,
    pitch: NodeId,
    energy: NodeId,
    matter_frames: NodeId,
    pitch_in: NodeId,
    energy_in: NodeId,
    waves: NodeId,
    merged: NodeId,
    source: NodeId,
    audio: NodeId,
}

/// The model, loaded.
pub struct Kokoro {
    model: Model,
    nodes: Nodes,
    threads: usize,
}

impl fmt::Debug for Kokoro {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Kokoro").finish_non_exhaustive()
    }
}

impl Kokoro {
    /// Loads the int8 ONNX export (92,361,271 bytes). `threads` 0 takes one for each core.
    ///
    /// # Errors
    /// [`Error::Load`], [`Error::Node`].
    pub fn load(bytes: Vec<u8>, threads: usize) -> Result<Self, Error> {
        let mut options = ModelOptions::with_all_ops();
        // Optimization fuses operators and with them removes values that are taken hold of here.
        options
            .enable_optimization(true)
            .shape_inference(rten::ShapeInferenceMode::Off);
        // The one operator the runtime lacks makes a value that is given from outside, and one that
        // it has wrong is mended.
        let model = options
            .load(graph::ready(bytes, MANNER_FRAMES))
            .map_err(|fault| Error::Load(fault.to_string()))?;
        let node = |name: &'static str| model.find_node(name).ok_or(Error::Node(name));
        let nodes = Nodes {
            tokens: node("tokens")?,
            style: node("style")?,
            speed: node("speed")?,
            frames: node("/encoder/Gather_output_0")?,
            manner: node("/encoder/predictor/text_encoder/Concat_4_output_0")?,
            matter: node("/encoder/text_encoder/Transpose_2_output_0")?,
            manner_frames: node(MANNER_FRAMES)?,
            pitch: node("/encoder/Squeeze_output_0")?,
            energy: node("/encoder/Squeeze_1_output_0")?,
            matter_frames: node("/encoder/MatMul_1_output_0")?,
            pitch_in: node("/decoder/decoder/Unsqueeze_output_0")?,
            energy_in: node("/decoder/decoder/Unsqueeze_1_output_0")?,
            waves: node("/decoder/decoder/generator/m_source/l_sin_gen/Mul_6_output_0")?,
            merged: node("/decoder/decoder/generator/Squeeze_output_0")?,
            source: node("/decoder/decoder/generator/Concat_3_output_0")?,
            audio: node("audio")?,
        };
        Ok(Self {
            model,
            nodes,
            threads,
        })
    }

    /// Reads a line: how long each token naturally is, and what the next steps need to know of it.
    /// `speed` 1 is the voice's own, below 1 slower; `style` is [`crate::Voice::style`].
    ///
    /// # Errors
    /// [`Error::TooLong`], [`Error::Size`], [`Error::Run`].
    pub fn read(&self, line: &Line, style: &[f32], speed: f32) -> Result<Reading, Error> {
        let count = line.tokens.len();
        if count > Line::MOST {
            return Err(Error::TooLong {
                most: Line::MOST,
                found: count,
            });
        }
        let tokens: Vec<i32> = line.tokens.iter().map(|token| *token as i32).collect();
        let [frames, manner, matter] = self.run(
            vec![
                (
                    self.nodes.tokens,
                    Tensor::from_data(&[1, count], tokens).into(),
                ),
                (self.nodes.style, style_value(style)?),
                (
                    self.nodes.speed,
                    Tensor::from_data(&[1], vec![speed]).into(),
                ),
            ],
            [self.nodes.frames, self.nodes.manner, self.nodes.matter],
        )?;
        let frames = match frames {
            Value::Int32Tensor(found) => found.to_vec().iter().map(|x| *x as f32).collect(),
            Value::FloatTensor(found) => found.to_vec(),
            _ => return Err(Error::Run("durations of an unexpected type".to_owned())),
        };
        let frames: Vec<f32> = frames;
        expect("durations", count, frames.len())?;
        Ok(Reading {
            frames,
            manner: floats(manner)?,
            matter: floats(matter)?,
        })
    }

    /// The natural pitch and energy of a line under an alignment.
    ///
    /// # Errors
    /// [`Error::Size`] where the alignment is of another line, [`Error::Run`].
    pub fn intone(
        &self,
        reading: &Reading,
        alignment: &Alignment,
        style: &[f32],
    ) -> Result<Prosody, Error> {
        let spread = spread(&reading.manner, alignment, false)?;
        let [pitch, energy] = self.run(
            vec![
                (self.nodes.manner_frames, spread.into()),
                (self.nodes.style, style_value(style)?),
            ],
            [self.nodes.pitch, self.nodes.energy],
        )?;
        let prosody = Prosody {
            pitch: floats(pitch)?.to_vec(),
            energy: floats(energy)?.to_vec(),
        };
        expect("pitch", alignment.frames * 2, prosody.pitch.len())?;
        expect("energy", alignment.frames * 2, prosody.energy.len())?;
        Ok(prosody)
    }

    /// Samples at [`RATE`], 600 for each frame of the alignment.
    ///
    /// # Errors
    /// [`Error::Size`] where sizes do not agree, [`Error::Run`].
    pub fn sound(
        &self,
        reading: &Reading,
        alignment: &Alignment,
        prosody: &Prosody,
        style: &[f32],
    ) -> Result<Vec<f32>, Error> {
        let values = alignment.frames * 2;
        expect("pitch", values, prosody.pitch.len())?;
        expect("energy", values, prosody.energy.len())?;
        let spread = spread(&reading.matter, alignment, true)?;
        let curve = |values: &[f32]| -> Value {
            Tensor::from_data(&[1, 1, values.len()], values.to_vec()).into()
        };
        let [audio] = self.run(
            vec![
                (self.nodes.matter_frames, spread.into()),
                (self.nodes.pitch_in, curve(&prosody.pitch)),
                (self.nodes.energy_in, curve(&prosody.energy)),
                (self.nodes.source, self.source(&prosody.pitch)?),
                (self.nodes.style, style_value(style)?),
            ],
            [self.nodes.audio],
        )?;
        Ok(floats(audio)?.to_vec())
    }

    /// What the network makes the sound of: harmonics and noise of a pitch, merged as it learned to
    /// merge them, as spectra.
    fn source(&self, pitch: &[f32]) -> Result<Value, Error> {
        let waves = source::harmonics(pitch);
        let samples = waves.len() / source::HARMONICS;
        let waves = Tensor::from_data(&[1, samples, source::HARMONICS], waves);
        let [merged] = self.run(vec![(self.nodes.waves, waves.into())], [self.nodes.merged])?;
        let merged = floats(merged)?.to_vec();
        expect("the source", samples, merged.len())?;
        let (frames, spectra) = source::spectra(&merged);
        Ok(Tensor::from_data(&[1, source::FEATURES, frames], spectra).into())
    }

    fn run<const N: usize>(
        &self,
        inputs: Vec<(NodeId, Value)>,
        outputs: [NodeId; N],
    ) -> Result<[Value; N], Error> {
        let inputs = inputs
            .into_iter()
            .map(|(node, value)| (node, value.into()))
            .collect();
        // A pool for each run: lines are spoken side by side.
        let run = || {
            let pool = (self.threads > 0).then(|| ThreadPool::with_num_threads(self.threads));
            let options = RunOptions::default().with_thread_pool(pool.map(Arc::new));
            self.model.run_n(inputs, outputs, Some(options))
        };
        apart(run).map_err(|fault| Error::Run(fault.to_string()))
    }
}

fn style_value(style: &[f32]) -> Result<Value, Error> {
    expect("style", STYLE, style.len())?;
    Ok(Tensor::from_data(&[1, STYLE], style.to_vec()).into())
}

fn floats(value: Value) -> Result<Tensor<f32>, Error> {
    value
        .into_tensor::<f32>()
        .ok_or_else(|| Error::Run("a result of an unexpected type".to_owned()))
}

fn expect(what: &'static str, expected: usize, found: usize) -> Result<(), Error> {
    if expected == found {
        Ok(())
    } else {
        Err(Error::Size {
            what,
            expected,
            found,
        })
    }
}

/// Features of tokens spread over frames, 1 × features × frames. `by_feature` says that the
/// features come feature by feature (1 × features × tokens), not token by token.
fn spread(
    features: &Tensor<f32>,
    alignment: &Alignment,
    by_feature: bool,
) -> Result<Tensor<f32>, Error> {
    let shape = features.shape().to_vec();
    let (tokens, count) = match (shape.as_slice(), by_feature) {
        (&[1, tokens, count], false) | (&[1, count, tokens], true) => (tokens, count),
        _ => {
            return Err(Error::Run(format!(
                "features of an unexpected shape {shape:?}"
            )));
        }
    };
    expect("tokens", tokens, alignment.tokens)?;
    let values = features.to_vec();
    let frames = alignment.frames;
    let mut out = vec![0.0; count * frames];
    for (feature, row) in out.chunks_exact_mut(frames).enumerate() {
        for token in 0..tokens {
            let value = if by_feature {
                values[feature * tokens + token]
            } else {
                values[token * count + feature]
            };
            let weights = &alignment.weights[token * frames..(token + 1) * frames];
            for (to, weight) in row.iter_mut().zip(weights) {
                *to += value * weight;
            }
        }
    }
    Ok(Tensor::from_data(&[1, count, frames], out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alignments_cover_time_once() {
        let alignment = Alignment::new(&[2.0, 0.0, 1.5, 0.5]);
        assert_eq!(alignment.frames(), 4);
        for frame in 0..4 {
            let sum: f32 = (0..4).map(|t| alignment.weights[t * 4 + frame]).sum();
            assert!((sum - 1.0).abs() < 1e-6, "{frame}");
        }
        assert_eq!(alignment.weights[2 * 4 + 3], 0.5);
        assert_eq!(alignment.weights[3 * 4 + 3], 0.5);
        assert!(alignment.weights[4..8].iter().all(|x| *x == 0.0));
    }

    #[test]
    fn what_is_no_model_is_refused() {
        assert!(matches!(
            Kokoro::load(vec![1, 2, 3], 1),
            Err(Error::Load(_))
        ));
    }
}
