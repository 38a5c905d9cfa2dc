//! The network, run in three parts of its graph: text, melody of speech, spectrum.

use crate::tokens::Token;
use rten::{Model, NodeId, RunOptions, ThreadPool, Value, ValueOrView};
use rten_tensor::{AsView, Layout, NdTensor};
use std::sync::Arc;
use yuefu_voice::{VoiceError, apart};

/// Bins of a spectrum: 0 to 12 kHz in steps of 20 Hz.
pub(crate) const BINS: usize = 601;
/// Seconds of one frame.
pub(crate) const HOP: f64 = 0.0125;
/// The network's frames of text are twice as long.
const PER_TEXT: usize = 2;
/// What sounds is this many frames earlier than the network's own boundaries say: the median over
/// 36 vowels after obstruents, measured as the half-energy rise.
const EARLY: f64 = 2.0;
/// Share of a diphthong that its first vowel takes.
const FIRST: f64 = 0.55;
/// Vowels are spoken this much longer than in speech, so that they reach their targets.
const SLOWER: f32 = 1.25;

/// The five parts of a spoken spectrum, frame after frame, [`BINS`] values each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spectrum {
    /// Log magnitude of the harmonics.
    pub harmonic: Vec<f32>,
    /// Their phase, before `pi tanh`.
    pub theta: Vec<f32>,
    /// Log magnitude of noise.
    pub noise: Vec<f32>,
    /// Log magnitude of the rest.
    pub rest: Vec<f32>,
    /// Phase of the rest.
    pub phi: Vec<f32>,
}

/// What the first two parts know of an utterance.
pub(crate) struct Speech {
    features: NdTensor<f32, 3>,
    /// Text position of each long frame.
    index: NdTensor<i32, 1>,
    /// Pitch in hertz of each frame; 0 and below where unvoiced.
    pub f0: Vec<f32>,
    /// Energy of each frame.
    pub energy: Vec<f32>,
    /// First and last moment of each phone, in frames.
    pub spans: Vec<(f64, f64)>,
}

impl Speech {
    /// The number of frames.
    pub fn frames(&self) -> usize {
        self.f0.len()
    }
}

/// The loaded network.
pub(crate) struct Network {
    model: Model,
    nodes: Nodes,
}

/// Where the graph is cut.
struct Nodes {
    ids: NodeId,
    acoustic: NodeId,
    prosodic: NodeId,
    durations: NodeId,
    index: NodeId,
    f0: NodeId,
    energy: NodeId,
    spectrum: [NodeId; 5],
}

impl Network {
    /// Reads the network.
    ///
    /// # Errors
    /// When the bytes are not the graph that is expected.
    pub fn load(bytes: &'static [u8]) -> Result<Self, VoiceError> {
        let mut options = rten::ModelOptions::with_all_ops();
        // Fused operators would swallow the values at which the graph is cut.
        options.enable_optimization(false);
        let model = options
            .load_static_slice(bytes)
            .map_err(|error| broken(&error.to_string()))?;
        let node = |name: &str| {
            model
                .find_node(name)
                .ok_or_else(|| broken(&format!("expected a node `{name}`, found none")))
        };
        let nodes = Nodes {
            ids: node("ids")?,
            acoustic: node("/Transpose_22_output_0")?,
            prosodic: node("/Transpose_55_output_0")?,
            durations: node("/Sub_output_0")?,
            index: node("/ReduceSum_1_output_0")?,
            f0: node("f0")?,
            energy: node("/Mul_62_output_0")?,
            spectrum: [
                node("lh")?,
                node("theta")?,
                node("ln")?,
                node("lr")?,
                node("phi")?,
            ],
        };
        Ok(Self { model, nodes })
    }

    fn run(
        &self,
        inputs: Vec<(NodeId, ValueOrView<'_>)>,
        outputs: &[NodeId],
    ) -> Result<Vec<Value>, VoiceError> {
        // One thread: several would not be faster on so small a network, and sums keep their order. A
        // pool for each run: lines are sung side by side.
        let run = || {
            let pool = Arc::new(ThreadPool::with_num_threads(1));
            let options = RunOptions::default().with_thread_pool(Some(pool));
            self.model.run(inputs, outputs, Some(options))
        };
        apart(run).map_err(|error| broken(&error.to_string()))
    }

    /// Text to durations and melody. `phones` is their number.
    ///
    /// # Errors
    /// When the network cannot be run.
    pub fn speak(
        &self,
        tokens: &[Token],
        vowels: &dyn Fn(usize) -> bool,
        phones: usize,
    ) -> Result<Speech, VoiceError> {
        let nodes = &self.nodes;
        let ids: Vec<i32> = tokens.iter().map(|token| token.id).collect();
        let ids = NdTensor::from_data([1, ids.len()], ids);
        let out = self.run(
            vec![(nodes.ids, ids.view().into())],
            &[nodes.acoustic, nodes.prosodic, nodes.durations],
        )?;
        let [features, prosodic, durations] = take(out)?;
        let features = tensor3(features)?;
        let prosodic = tensor3(prosodic)?;
        let durations = floats(durations)?;
        if durations.len() != tokens.len() {
            return Err(broken("durations do not match the text"));
        }
        let mut index = Vec::new();
        let mut ends = Vec::with_capacity(tokens.len());
        for (number, (token, duration)) in tokens.iter().zip(&durations).enumerate() {
            let slower = match token.phone {
                Some(phone) if vowels(phone) => SLOWER,
                _ => 1.0,
            };
            let frames = (duration * slower).round().clamp(1.0, 80.0) as usize;
            index.extend(std::iter::repeat_n(number as i32, frames));
            ends.push(index.len() * PER_TEXT);
        }
        let spans = spans(tokens, &ends, phones);
        let index = NdTensor::from_data([index.len()], index);
        let out = self.run(
            vec![
                (nodes.prosodic, prosodic.view().into()),
                (nodes.index, index.view().into()),
            ],
            &[nodes.f0, nodes.energy],
        )?;
        let [f0, energy] = take(out)?;
        Ok(Speech {
            features,
            index,
            f0: floats(f0)?,
            energy: floats(energy)?,
            spans,
        })
    }

    /// The spectrum of speech with a given melody and energy.
    ///
    /// # Errors
    /// When the network cannot be run.
    pub fn spectrum(
        &self,
        speech: &Speech,
        f0: Vec<f32>,
        energy: Vec<f32>,
    ) -> Result<Spectrum, VoiceError> {
        let nodes = &self.nodes;
        let frames = speech.frames();
        let f0 = NdTensor::from_data([1, frames], f0);
        let energy = NdTensor::from_data([1, frames], energy);
        let out = self.run(
            vec![
                (nodes.acoustic, speech.features.view().into()),
                (nodes.index, speech.index.view().into()),
                (nodes.f0, f0.view().into()),
                (nodes.energy, energy.view().into()),
            ],
            &nodes.spectrum,
        )?;
        let parts: [Value; 5] = take(out)?;
        let mut parts = parts.into_iter().map(|part| by_frame(part, frames));
        let mut next = || parts.next().unwrap_or_else(|| Err(broken("too few parts")));
        Ok(Spectrum {
            harmonic: next()?,
            theta: next()?,
            noise: next()?,
            rest: next()?,
            phi: next()?,
        })
    }
}

/// When each phone sounds. Stress marks belong to their vowel.
fn spans(tokens: &[Token], ends: &[usize], phones: usize) -> Vec<(f64, f64)> {
    let mut spans = vec![None; phones];
    let mut start = 0;
    let mut set = |phone: usize, from: f64, to: f64| {
        let Some(span) = spans.get_mut(phone) else {
            return;
        };
        *span = match *span {
            None => Some((from, to)),
            Some((first, _)) => Some((first, to)),
        };
    };
    for (token, end) in tokens.iter().zip(ends) {
        let (from, to) = (start as f64 - EARLY, *end as f64 - EARLY);
        if let Some(phone) = token.phone {
            if token.glides {
                let middle = from + FIRST * (to - from);
                set(phone, from, middle);
                set(phone + 1, middle, to);
            } else {
                set(phone, from, to);
            }
        }
        start = *end;
    }
    // A phone without letters (a glottal stop) is a moment between its neighbors.
    let mut last = 0.0;
    spans
        .into_iter()
        .map(|span| {
            let span: (f64, f64) = span.unwrap_or((last, last + PER_TEXT as f64));
            let span = (span.0.max(0.0), span.1.max(0.0));
            last = span.1;
            span
        })
        .collect()
}

fn broken(what: &str) -> VoiceError {
    VoiceError::new(
        format!("the voice Hibari cannot be run: {what}; install Yuefu again"),
        format!("歌手 Hibari 无法运行：{what}；请重新安装乐府"),
    )
}

fn take<const N: usize>(values: Vec<Value>) -> Result<[Value; N], VoiceError> {
    values
        .try_into()
        .map_err(|_| broken("another number of results than expected"))
}

fn tensor3(value: Value) -> Result<NdTensor<f32, 3>, VoiceError> {
    NdTensor::try_from(value).map_err(|error: rten::TryFromValueError| broken(&error.to_string()))
}

fn floats(value: Value) -> Result<Vec<f32>, VoiceError> {
    let tensor =
        rten_tensor::Tensor::<f32>::try_from(value).map_err(|error| broken(&error.to_string()))?;
    Ok(tensor.to_vec())
}

/// `[1, bins, frames]` as frames of bins.
fn by_frame(value: Value, frames: usize) -> Result<Vec<f32>, VoiceError> {
    let tensor = tensor3(value)?;
    if tensor.shape() != [1, BINS, frames] {
        return Err(broken("a spectrum of another size than expected"));
    }
    let data = tensor.to_vec();
    let mut out = vec![0.0; data.len()];
    for (bin, row) in data.chunks_exact(frames).enumerate() {
        for (frame, value) in row.iter().enumerate() {
            out[frame * BINS + bin] = *value;
        }
    }
    Ok(out)
}
