//! Weights as files hold them: named tables of numbers.
//!
//! `YFW1`, the length of the head (u32), the head as text (a line `name rows columns` for each
//! table, in order), the numbers (f32, little endian, row by row), BLAKE3 of all before it.

use std::collections::BTreeMap;

const MAGIC: &[u8; 4] = b"YFW1";
/// Heads beyond this are not ours.
const LONGEST_HEAD: usize = 64 * 1024;

/// A table of numbers, row by row. A vector is one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// How many rows.
    pub rows: usize,
    /// Numbers in a row.
    pub columns: usize,
    /// The numbers.
    pub numbers: Vec<f32>,
}

/// Why bytes are no weights.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeightsFault {
    /// They are something else, or damaged.
    #[error(
        "expected the weights of a network (YFW1), found {0} · 应为网络的权重（YFW1），却是{0}"
    )]
    Other(&'static str),
    /// A table that the network needs is missing or has another shape.
    #[error(
        "the weights lack the table `{0}` in the shape that is needed · 权重缺少形状合适的表 {0}"
    )]
    Lacks(String),
}

/// Reads tables by name.
///
/// # Errors
/// Says what the bytes are instead.
pub fn parse(bytes: &[u8]) -> Result<BTreeMap<String, Table>, WeightsFault> {
    let other = WeightsFault::Other;
    let body = bytes.len().checked_sub(32).ok_or(other("too few bytes"))?;
    if &bytes[..4.min(body)] != MAGIC || body < 8 {
        return Err(other("another kind of file"));
    }
    if blake3::hash(&bytes[..body]).as_bytes() != &bytes[body..] {
        return Err(other("a damaged file"));
    }
    let length = u32::from_le_bytes(bytes[4..8].try_into().expect("four bytes")) as usize;
    if length > LONGEST_HEAD || 8 + length > body {
        return Err(other("a head that is too long"));
    }
    let head = std::str::from_utf8(&bytes[8..8 + length]).map_err(|_| other("a broken head"))?;
    let mut rest = &bytes[8 + length..body];
    let mut tables = BTreeMap::new();
    for line in head.lines() {
        let mut words = line.split(' ');
        let (Some(name), Some(rows), Some(columns), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(other("a broken head"));
        };
        let size = |word: &str| word.parse::<usize>().map_err(|_| other("a broken head"));
        let (rows, columns) = (size(rows)?, size(columns)?);
        let count = rows
            .checked_mul(columns)
            .and_then(|count| count.checked_mul(4))
            .filter(|count| *count <= rest.len())
            .ok_or(other("too few numbers"))?;
        let (own, after) = rest.split_at(count);
        rest = after;
        let numbers = own.chunks_exact(4);
        let numbers = numbers.map(|four| f32::from_le_bytes(four.try_into().expect("four bytes")));
        let numbers: Vec<f32> = numbers.collect();
        if !numbers.iter().all(|number| number.is_finite()) {
            return Err(other("numbers that are none"));
        }
        let table = Table {
            rows,
            columns,
            numbers,
        };
        tables.insert(name.to_owned(), table);
    }
    if !rest.is_empty() {
        return Err(other("more numbers than tables"));
    }
    Ok(tables)
}

/// Writes tables as [`parse`] reads them. Names have no spaces.
pub fn write(tables: &[(String, Table)]) -> Vec<u8> {
    let head: String = tables
        .iter()
        .map(|(name, table)| format!("{name} {} {}\n", table.rows, table.columns))
        .collect();
    let mut bytes = MAGIC.to_vec();
    bytes.extend((head.len() as u32).to_le_bytes());
    bytes.extend(head.as_bytes());
    for (_, table) in tables {
        bytes.extend(table.numbers.iter().flat_map(|number| number.to_le_bytes()));
    }
    let hash = blake3::hash(&bytes);
    bytes.extend(hash.as_bytes());
    bytes
}

/// Name and version of an engine that draws by weights, as songs record it. The version is raised
/// whenever the same weights would give something else.
pub fn engine_id(version: u32, bytes: &[u8]) -> String {
    let digest = blake3::hash(bytes).to_hex();
    format!("learned {version} {}", &digest[..12])
}

/// Takes a table of a shape out of others.
///
/// # Errors
/// Says which is missing.
pub fn take(
    tables: &mut BTreeMap<String, Table>,
    name: &str,
    rows: Option<usize>,
    columns: Option<usize>,
) -> Result<Table, WeightsFault> {
    tables
        .remove(name)
        .filter(|table| rows.is_none_or(|rows| rows == table.rows))
        .filter(|table| columns.is_none_or(|columns| columns == table.columns))
        .ok_or_else(|| WeightsFault::Lacks(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tables() -> Vec<(String, Table)> {
        let table = |rows, columns| Table {
            rows,
            columns,
            numbers: (0..rows * columns).map(|n| n as f32 * 0.5).collect(),
        };
        vec![
            ("a".to_owned(), table(2, 3)),
            ("b.c".to_owned(), table(1, 4)),
        ]
    }

    #[test]
    fn tables_come_back() {
        let bytes = write(&tables());
        let read = parse(&bytes).expect("own bytes");
        assert_eq!(read.into_iter().collect::<Vec<_>>(), tables());
    }

    proptest! {
        #[test]
        fn damage_is_told(at in 0_usize..200, value: u8) {
            let mut bytes = write(&tables());
            let at = at % bytes.len();
            prop_assume!(bytes[at] != value);
            bytes[at] = value;
            prop_assert!(parse(&bytes).is_err());
        }

        #[test]
        fn any_bytes_are_survived(mut bytes: Vec<u8>, honest: bool) {
            if honest {
                bytes.splice(0..0, *b"YFW1");
                let hash = *blake3::hash(&bytes).as_bytes();
                bytes.extend(hash);
            }
            let _ = parse(&bytes);
        }
    }
}
