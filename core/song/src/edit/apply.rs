//! Comparing maps slot by slot, and putting values into slots.

use super::parts::Slot;
use serde::Serialize;
use std::collections::BTreeMap;

/// Reports every slot in which two maps differ, in ascending order of address.
pub(super) fn compare<A: Ord + Clone, V: PartialEq + Clone>(
    old: &BTreeMap<A, V>,
    new: &BTreeMap<A, V>,
    mut report: impl FnMut(Slot<A, V>),
) {
    let mut olds = old.iter().peekable();
    let mut news = new.iter().peekable();
    loop {
        let (at, before, after) = match (olds.peek(), news.peek()) {
            (None, None) => return,
            (Some((a, _)), Some((b, _))) if a == b => {
                let (at, before) = olds.next().expect("peeked");
                let (_, after) = news.next().expect("peeked");
                if before == after {
                    continue;
                }
                (at, Some(before), Some(after))
            }
            (Some((a, _)), Some((b, _))) if a > b => {
                let (at, after) = news.next().expect("peeked");
                (at, None, Some(after))
            }
            (Some(_), _) => {
                let (at, before) = olds.next().expect("peeked");
                (at, Some(before), None)
            }
            (None, Some(_)) => {
                let (at, after) = news.next().expect("peeked");
                (at, None, Some(after))
            }
        };
        report(Slot {
            at: at.clone(),
            before: before.cloned(),
            after: after.cloned(),
        });
    }
}

/// Changes a slot if it holds what it should; else gives what it holds, as text.
pub(super) fn put<A: Ord + Clone, V: PartialEq + Clone + Serialize>(
    map: &mut BTreeMap<A, V>,
    slot: &Slot<A, V>,
) -> Result<(), Option<String>> {
    let found = map.get(&slot.at);
    if found != slot.before.as_ref() {
        return Err(found.map(text));
    }
    match &slot.after {
        Some(value) => map.insert(slot.at.clone(), value.clone()),
        None => map.remove(&slot.at),
    };
    Ok(())
}

/// A value as text: plain words as they are, everything else as JSON.
pub(super) fn text<V: Serialize>(value: &V) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(value) => value.to_string(),
        // Slots hold plain data, which can always be written.
        Err(error) => error.to_string(),
    }
}
