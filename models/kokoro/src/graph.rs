//! Makes an ONNX file ready for the runtime: takes out the node whose value comes from us, and
//! pads integer convolutions with their zero point.
//!
//! The runtime (rten 0.27) pads the input of a `ConvInteger` with the integer 128, not with the
//! zero point, which is what means nothing there. At every edge of a line each of Kokoro's
//! convolutions then makes a burst, and as its layers are normalized over the whole line the burst
//! changes every moment of it: voices whistled at 4.8 and 9.6 kHz, 15 dB louder than they should
//! (docs/RESULTS.md). Here a `Pad` node with the zero point comes before such a convolution, which
//! no longer pads.
//!
//! Of the format (protocol buffers; onnx.proto of ONNX 1.17) only this is read: a model's field 7
//! is its graph, a graph's fields 1 are its nodes; of a node, fields 1 are the names of what it
//! takes, 2 of what it makes, 4 is its operator, 5 are its attributes; of an attribute, 1 is its
//! name and fields 8 are its integers.

/// The field of a graph that is a constant tensor.
const INITIALIZER: u8 = 5;
/// An ONNX tensor's number for 64-bit integers.
const INT64: u64 = 7;

/// The number of an attribute that is a list of integers.
const INTEGERS: u64 = 7;

/// The same model without the node that makes the value `given`, padding as the standard says.
/// What is no such model comes back as it is.
pub(crate) fn ready(model: Vec<u8>, given: &str) -> Vec<u8> {
    match edited(&model, given) {
        Some(changed) => changed,
        None => model,
    }
}

fn edited(model: &[u8], given: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(model.len() + 64 * 1024);
    let mut found = false;
    for field in Fields(model) {
        let field = field?;
        match field.content {
            Some(graph) if field.number == 7 => {
                let mut kept = Vec::with_capacity(graph.len() + 64 * 1024);
                let mut count = 0;
                for part in Fields(graph) {
                    let part = part?;
                    let node = part.content.filter(|_| part.number == 1);
                    if let Some(node) = node {
                        let known = Node::read(node)?;
                        if known.outputs.contains(&given.as_bytes()) {
                            found = true;
                            continue;
                        }
                        if known.pads.iter().any(|pad| *pad > 0) {
                            push_padded(&mut kept, node, &known, count)?;
                            count += 1;
                            continue;
                        }
                    }
                    kept.extend_from_slice(part.whole);
                }
                push_field(&mut out, 7, &kept);
            }
            _ => out.extend_from_slice(field.whole),
        }
    }
    found.then_some(out)
}

/// What is read of a node.
#[derive(Default)]
struct Node<'a> {
    inputs: Vec<&'a [u8]>,
    outputs: Vec<&'a [u8]>,
    /// Of an integer convolution how much is padded, at all beginnings and then at all ends.
    pads: Vec<u64>,
}

impl<'a> Node<'a> {
    fn read(node: &'a [u8]) -> Option<Self> {
        let mut out = Self::default();
        let mut pads = Vec::new();
        let mut convolves = false;
        for field in Fields(node) {
            let field = field?;
            match (field.number, field.content) {
                (1, Some(name)) => out.inputs.push(name),
                (2, Some(name)) => out.outputs.push(name),
                (4, Some(operator)) => convolves = operator == b"ConvInteger",
                (5, Some(attribute)) if name_of(attribute)? == b"pads" => {
                    pads = integers(attribute)?;
                }
                _ => {}
            }
        }
        if convolves {
            out.pads = pads;
        }
        Some(out)
    }
}

fn name_of(attribute: &[u8]) -> Option<&[u8]> {
    for field in Fields(attribute) {
        let field = field?;
        if field.number == 1 {
            return field.content;
        }
    }
    Some(&[])
}

/// An attribute's integers, one by one or packed.
fn integers(attribute: &[u8]) -> Option<Vec<u64>> {
    let mut out = Vec::new();
    for field in Fields(attribute) {
        let field = field?;
        match (field.number, field.content, field.value) {
            (8, None, Some(value)) => out.push(value),
            (8, Some(mut packed), _) => {
                while !packed.is_empty() {
                    let (value, used) = varint(packed)?;
                    out.push(value);
                    packed = &packed[used..];
                }
            }
            _ => {}
        }
    }
    Some(out)
}

/// Writes an integer convolution with a node before it that pads with the zero point. `count`
/// makes names of their own.
fn push_padded(graph: &mut Vec<u8>, node: &[u8], known: &Node<'_>, count: usize) -> Option<()> {
    let input = known.inputs.first()?;
    // Left out, it is 0, and so is what a `Pad` without a value pads with.
    let zero = known.inputs.get(2).copied().unwrap_or_default();
    let sides = format!("yuefu/pads.{count}");
    let padded = format!("yuefu/padded.{count}");
    // Batch and channels are not padded: beginnings 0, 0, ..., ends 0, 0, ...
    let half = known.pads.len() / 2;
    let all = known.pads.chunks(half.max(1));
    let amounts: Vec<u64> = all.flat_map(|side| [&[0, 0], side].concat()).collect();
    let mut tensor = Vec::new();
    push_varint(&mut tensor, 1 << 3);
    push_varint(&mut tensor, amounts.len() as u64);
    push_varint(&mut tensor, 2 << 3);
    push_varint(&mut tensor, INT64);
    push_field(&mut tensor, 8, sides.as_bytes());
    let raw: Vec<u8> = amounts.iter().flat_map(|x| x.to_le_bytes()).collect();
    push_field(&mut tensor, 9, &raw);
    push_field(graph, INITIALIZER, &tensor);

    let mut pad = Vec::new();
    for name in [input, sides.as_bytes(), zero] {
        push_field(&mut pad, 1, name);
    }
    push_field(&mut pad, 2, padded.as_bytes());
    push_field(&mut pad, 3, padded.as_bytes());
    push_field(&mut pad, 4, b"Pad");
    push_field(graph, 1, &pad);

    let mut convolution = Vec::with_capacity(node.len() + 16);
    let mut first = true;
    for field in Fields(node) {
        let field = field?;
        match (field.number, field.content) {
            (1, Some(_)) if first => {
                first = false;
                push_field(&mut convolution, 1, padded.as_bytes());
            }
            (5, Some(attribute)) if name_of(attribute)? == b"pads" => {
                push_field(&mut convolution, 5, &no_pads(known.pads.len()));
            }
            _ => convolution.extend_from_slice(field.whole),
        }
    }
    push_field(graph, 1, &convolution);
    Some(())
}

/// An attribute that pads nothing on any of so many sides.
fn no_pads(sides: usize) -> Vec<u8> {
    let mut out = Vec::new();
    push_field(&mut out, 1, b"pads");
    for _ in 0..sides {
        push_varint(&mut out, 8 << 3);
        push_varint(&mut out, 0);
    }
    push_varint(&mut out, 20 << 3);
    push_varint(&mut out, INTEGERS);
    out
}

/// A field: its number, the number it is or what it holds, and all its bytes.
struct Field<'a> {
    number: u64,
    value: Option<u64>,
    content: Option<&'a [u8]>,
    whole: &'a [u8],
}

/// Fields of a message in order; `None` for damage, after which nothing follows.
struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Option<Field<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = read_field(self.0);
        self.0 = field
            .as_ref()
            .map_or(&[], |field| &self.0[field.whole.len()..]);
        Some(field)
    }
}

fn read_field(bytes: &[u8]) -> Option<Field<'_>> {
    let (key, mut at) = varint(bytes)?;
    let (mut value, mut content) = (None, None);
    match key & 7 {
        0 => {
            let (number, used) = varint(bytes.get(at..)?)?;
            value = Some(number);
            at += used;
        }
        1 => at = at.checked_add(8)?,
        2 => {
            let (length, used) = varint(bytes.get(at..)?)?;
            at += used;
            let end = at.checked_add(usize::try_from(length).ok()?)?;
            content = Some(bytes.get(at..end)?);
            at = end;
        }
        5 => at = at.checked_add(4)?,
        _ => return None,
    }
    Some(Field {
        number: key >> 3,
        value,
        content,
        whole: bytes.get(..at)?,
    })
}

fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 127).checked_shl(7 * index as u32)?;
        if byte & 128 == 0 {
            return Some((value, index + 1));
        }
    }
    None
}

fn push_field(out: &mut Vec<u8>, number: u8, content: &[u8]) {
    out.push(number << 3 | 2);
    push_varint(out, content.len() as u64);
    out.extend_from_slice(content);
}

fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value > 127 {
        out.push((value & 127) as u8 | 128);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rten::{ModelOptions, Value};
    use rten_tensor::Tensor;
    use rten_tensor::prelude::*;

    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        push_field(&mut out, number, content);
        out
    }

    #[test]
    fn one_node_goes_and_all_else_stays() {
        let node =
            |output: &str| field(1, &[field(1, b"in"), field(2, output.as_bytes())].concat());
        let rest = field(5, &[7; 300]);
        let model = [
            vec![8, 9],
            field(7, &[node("a"), node("b"), rest.clone()].concat()),
            field(8, b"opset"),
        ]
        .concat();
        let expected = [
            vec![8, 9],
            field(7, &[node("b"), rest].concat()),
            field(8, b"opset"),
        ]
        .concat();
        assert_eq!(ready(model.clone(), "a"), expected);
        assert_eq!(ready(model.clone(), "c"), model);
    }

    /// A model of one convolution, `y = ConvInteger(x, [[1, 2, 4], [0, 0, 0]], 200)` with one
    /// padded at each side, and a node to be cut. `zero` names the zero point; without a name it is 0.
    fn convolution(zero: &[u8]) -> Vec<u8> {
        let number = |field: u8, value: u64| {
            let mut out = vec![field << 3];
            push_varint(&mut out, value);
            out
        };
        let tensor = |name: &[u8], dims: &[u64], raw: &[u8]| {
            let dims = dims.iter().flat_map(|dim| number(1, *dim));
            let rest = [number(2, 2), field(8, name), field(9, raw)].concat();
            field(5, &dims.chain(rest).collect::<Vec<u8>>())
        };
        let kind = vec![0xA0, 1, INTEGERS as u8];
        let integers = |name: &[u8], values: usize| {
            let ones = number(8, 1).repeat(values);
            field(5, &[field(1, name), ones, kind.clone()].concat())
        };
        let node = [
            field(1, b"x"),
            field(1, b"w"),
            field(1, zero),
            field(2, b"y"),
            field(3, b"conv"),
            field(4, b"ConvInteger"),
            integers(b"pads", 2),
            integers(b"strides", 1),
            integers(b"dilations", 1),
        ]
        .concat();
        let cut = [field(1, b"x"), field(2, b"z"), field(4, b"Identity")].concat();
        let value = |name: &[u8]| field(1, name);
        let graph = [
            field(1, &node),
            field(1, &cut),
            field(2, b"graph"),
            tensor(b"w", &[1, 2, 3], &[1, 2, 4, 0, 0, 0]),
            tensor(b"zero", &[], &[200]),
            field(11, &value(b"x")),
            field(12, &value(b"y")),
        ]
        .concat();
        let opset = number(2, 17);
        [number(1, 8), field(7, &graph), field(8, &opset)].concat()
    }

    #[test]
    fn edges_are_padded_with_nothing() {
        for (zero, name) in [(200, &b"zero"[..]), (0, b"")] {
            let model = ModelOptions::with_all_ops()
                .load(ready(convolution(name), "z"))
                .unwrap();
            let node = |name| model.find_node(name).unwrap();
            let x = [1, 2, 3, 0, 0, 0].map(|above: u8| zero + above);
            let x = Tensor::from_data(&[1, 2, 3], x.to_vec());
            let [y] = model
                .run_n(vec![(node("x"), Value::from(x).into())], [node("y")], None)
                .unwrap();
            let y: Tensor<i32> = y.into_tensor().unwrap();
            // 1, 2, 3 above the zero point: 0·1 + 1·2 + 2·4, ...
            assert_eq!(y.to_vec(), [10, 17, 8]);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let out = ready(bytes.clone(), "a");
            prop_assert!(out.len() <= bytes.len() + 10);
        }

        #[test]
        fn damage_is_survived(at in 0_usize..300, to in any::<u8>()) {
            let mut model = convolution(b"zero");
            let at = at % model.len();
            model[at] = to;
            ready(model, "z");
        }
    }
}
