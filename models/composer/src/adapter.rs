//! Weights tuned to somebody's own songs: a small file of the tables that changed, on top of the
//! shipped ones.

use std::collections::BTreeMap;
use yuefu_nets::weights::{Table, WeightsFault, parse, write};

/// What the name of the empty table begins with that says on which weights a file lies.
const BASE: &str = "base.";

/// The first part of the name of every table that tuning changes: the heads, not the body.
pub const TUNED: [&str; 3] = ["time.", "length.", "key."];

fn base(bytes: &[u8]) -> String {
    format!("{BASE}{}", &blake3::hash(bytes).to_hex()[..12])
}

/// The file of an adapter: those of `tables` that tuning changes, on top of the weights `under`.
pub fn adapter(tables: &[(String, Table)], under: &[u8]) -> Vec<u8> {
    let mark = Table {
        rows: 1,
        columns: 1,
        numbers: vec![0.0],
    };
    let mut own = vec![(base(under), mark)];
    let changed = |name: &str| TUNED.iter().any(|start| name.starts_with(start));
    own.extend(tables.iter().filter(|(name, _)| changed(name)).cloned());
    write(&own)
}

/// The tables of a file of weights; those of an adapter lie on top of the weights `under`.
///
/// # Errors
/// When the bytes are no weights, or an adapter to others than `under`.
pub fn tables(bytes: &[u8], under: &[u8]) -> Result<BTreeMap<String, Table>, WeightsFault> {
    let mut own = parse(bytes)?;
    let Some(mark) = own.keys().find(|name| name.starts_with(BASE)).cloned() else {
        return Ok(own);
    };
    own.remove(&mark);
    if mark != base(under) {
        return Err(WeightsFault::Other(
            "a tuning of the weights of another version; tune again",
        ));
    }
    let mut all = parse(under)?;
    for (name, table) in own {
        match all.get_mut(&name) {
            Some(old) if (old.rows, old.columns) == (table.rows, table.columns) => *old = table,
            _ => return Err(WeightsFault::Lacks(name)),
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(number: f32) -> Table {
        Table {
            rows: 1,
            columns: 2,
            numbers: vec![number; 2],
        }
    }

    #[test]
    fn an_adapter_changes_the_heads_and_nothing_else() {
        let named = |name: &str, number: f32| (name.to_owned(), table(number));
        let under = write(&[named("before", 1.0), named("key.out.bias", 1.0)]);
        let tuned = [named("before", 2.0), named("key.out.bias", 2.0)];
        let file = adapter(&tuned, &under);
        let all = tables(&file, &under).expect("fits");
        assert_eq!(all["before"], table(1.0));
        assert_eq!(all["key.out.bias"], table(2.0));
        assert_eq!(all.len(), 2);
        // Whole files stay what they are; an adapter to other weights is refused.
        assert_eq!(tables(&under, b"").expect("whole").len(), 2);
        let other = write(&[named("before", 3.0), named("key.out.bias", 1.0)]);
        assert!(tables(&file, &other).is_err());
        let strange = adapter(&[named("key.more", 1.0)], &under);
        assert!(tables(&strange, &under).is_err());
    }
}
