//! A network of a bank: values by name in, a value out.

use rten::{Dimension, Model, ModelOptions, NodeId, RunOptions, ThreadPool, Value, ValueType};
use rten_tensor::{Tensor, prelude::*};
use std::sync::Arc;
use yuefu_voice::{VoiceError, apart};

/// A network, loaded.
pub(crate) struct Net {
    name: String,
    model: Model,
    inputs: Vec<Input>,
}

struct Input {
    name: String,
    node: NodeId,
    scalar: bool,
    whole: bool,
}

/// What a network is given.
#[derive(Clone, Debug)]
pub(crate) enum Given {
    /// Numbers with their shape.
    Real(Vec<usize>, Vec<f32>),
    /// Whole numbers with their shape.
    Whole(Vec<usize>, Vec<i32>),
    /// One number, as whole or real as the network wants it.
    One(f32),
}

/// What a network gives: a shape and numbers.
pub(crate) type Gives = (Vec<usize>, Vec<f32>);

impl Net {
    pub fn load(name: &str, bytes: Vec<u8>) -> Result<Self, VoiceError> {
        let model = ModelOptions::with_all_ops()
            .load(bytes)
            .map_err(|error| broken(name, &error.to_string()))?;
        let mut inputs = Vec::new();
        for node in model.input_ids() {
            let info = model
                .node_info(*node)
                .ok_or_else(|| broken(name, "an input without a node"))?;
            let rank = info.shape().map(|shape: Vec<Dimension>| shape.len());
            inputs.push(Input {
                name: info.name().unwrap_or_default().to_owned(),
                node: *node,
                scalar: rank == Some(0),
                whole: matches!(info.dtype(), Some(ValueType::Tensor(rten::DataType::Int32))),
            });
        }
        Ok(Self {
            name: name.to_owned(),
            model,
            inputs,
        })
    }

    /// Whether it takes a value of this name.
    pub fn takes(&self, name: &str) -> bool {
        self.inputs.iter().any(|input| input.name == name)
    }

    /// Runs it; of what is given it takes what it knows. Gives the outputs that are named, or all
    /// in their order where none is.
    pub fn run(&self, given: &[(&str, Given)], wanted: &[&str]) -> Result<Vec<Gives>, VoiceError> {
        let mut inputs = Vec::with_capacity(self.inputs.len());
        for input in &self.inputs {
            let found = given.iter().find(|(name, _)| *name == input.name);
            let Some((_, value)) = found else {
                return Err(broken(
                    &self.name,
                    &format!("it asks for `{}`, which is not known", input.name),
                ));
            };
            inputs.push((input.node, self.value(input, value.clone())?.into()));
        }
        let outputs: Vec<NodeId> = match wanted {
            [] => self.model.output_ids().to_vec(),
            names => names
                .iter()
                .map(|name| {
                    self.model
                        .find_node(name)
                        .ok_or_else(|| broken(&self.name, &format!("it has no output `{name}`")))
                })
                .collect::<Result<_, _>>()?,
        };
        // One thread: sums keep their order. A pool for each run: lines are sung side by side.
        let run = || {
            let pool = Arc::new(ThreadPool::with_num_threads(1));
            let options = RunOptions::default().with_thread_pool(Some(pool));
            self.model.run(inputs, &outputs, Some(options))
        };
        let values = apart(run).map_err(|error| broken(&self.name, &error.to_string()))?;
        values.into_iter().map(|value| self.gives(value)).collect()
    }

    fn value(&self, input: &Input, given: Given) -> Result<Value, VoiceError> {
        let (shape, values) = match given {
            Given::One(value) => {
                let shape = if input.scalar { vec![] } else { vec![1] };
                if input.whole {
                    return Ok(Tensor::from_data(&shape[..], vec![value as i32]).into());
                }
                (shape, vec![value])
            }
            Given::Whole(shape, values) => {
                return Ok(Tensor::from_data(&shape[..], values).into());
            }
            Given::Real(shape, values) => (shape, values),
        };
        if shape.iter().product::<usize>() != values.len() {
            return Err(broken(&self.name, "a value of the wrong size"));
        }
        Ok(Tensor::from_data(&shape[..], values).into())
    }

    fn gives(&self, value: Value) -> Result<Gives, VoiceError> {
        let (shape, values) = match value {
            Value::FloatTensor(found) => (found.shape().to_vec(), found.to_vec()),
            Value::Int32Tensor(found) => (
                found.shape().to_vec(),
                found.to_vec().into_iter().map(|x| x as f32).collect(),
            ),
            _ => return Err(broken(&self.name, "a result of an unexpected type")),
        };
        if values.iter().any(|value: &f32| !value.is_finite()) {
            return Err(broken(&self.name, "a result that is no number"));
        }
        Ok((shape, values))
    }
}

/// A network that cannot be used.
pub(crate) fn broken(name: &str, why: &str) -> VoiceError {
    VoiceError::new(
        format!("{name}: this network cannot be run: {why}"),
        format!("{name}：无法运行这个网络：{why}"),
    )
}
