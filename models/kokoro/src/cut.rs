//! Takes a node out of an ONNX file: the value it would make comes from us, and the runtime need
//! not know its operator.
//!
//! Of the format (protocol buffers) only this is read: a model's field 7 is its graph, a graph's
//! fields 1 are its nodes, a node's fields 2 are the names of what it makes.

/// The same model without the node that makes the value `name`. What is no such model comes back
/// as it is.
pub(crate) fn without(model: Vec<u8>, name: &str) -> Vec<u8> {
    match cut(&model, name) {
        Some(changed) => changed,
        None => model,
    }
}

fn cut(model: &[u8], name: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(model.len());
    let mut found = false;
    for field in Fields(model) {
        let field = field?;
        match field.content {
            Some(graph) if field.number == 7 => {
                let mut kept = Vec::with_capacity(graph.len());
                for part in Fields(graph) {
                    let part = part?;
                    if part.number == 1 && makes(part.content?, name)? {
                        found = true;
                    } else {
                        kept.extend_from_slice(part.whole);
                    }
                }
                out.push(7 << 3 | 2);
                push_varint(&mut out, kept.len() as u64);
                out.extend_from_slice(&kept);
            }
            _ => out.extend_from_slice(field.whole),
        }
    }
    found.then_some(out)
}

fn makes(node: &[u8], name: &str) -> Option<bool> {
    for field in Fields(node) {
        let field = field?;
        if field.number == 2 && field.content == Some(name.as_bytes()) {
            return Some(true);
        }
    }
    Some(false)
}

/// A field: its number, what a length-delimited one holds, and all its bytes.
struct Field<'a> {
    number: u64,
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
    let mut content = None;
    match key & 7 {
        0 => at += varint(bytes.get(at..)?)?.1,
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

    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let mut out = vec![number << 3 | 2];
        push_varint(&mut out, content.len() as u64);
        out.extend_from_slice(content);
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
        assert_eq!(without(model.clone(), "a"), expected);
        assert_eq!(without(model.clone(), "c"), model);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let out = without(bytes.clone(), "a");
            prop_assert!(out.len() <= bytes.len() + 10);
        }
    }
}
