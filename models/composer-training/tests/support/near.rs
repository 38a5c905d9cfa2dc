//! Comparing what burn says with what runs.

use burn::{backend::Flex, tensor::Tensor};

/// The numbers of a tensor, row by row.
pub fn floats<const D: usize>(tensor: Tensor<Flex, D>) -> Vec<f32> {
    tensor.into_data().into_vec::<f32>().expect("floats")
}

/// Holds numbers against others.
pub fn near(a: &[f32], b: &[f32], within: f32) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() < within, "{a} and {b}");
    }
}
