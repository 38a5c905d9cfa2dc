//! Merging orders: of sections, tracks, cast and strips.

use crate::Song;
use crate::edit::{
    parts::Parts,
    slots::{SectionAt, TrackAt, Whole},
};
use std::collections::BTreeMap;

/// Gives every order the entries that there are, in merged order.
pub(super) fn orders(parts: &mut Parts, songs: [&Song; 3]) {
    let lists = |of: &dyn Fn(&Song) -> Vec<String>| songs.map(of);
    let sections = lists(&|song| song.plan.sections.iter().map(|s| s.id.clone()).collect());
    put(&mut parts.form, &sections, |id| {
        let section = id.to_owned();
        parts.sections.contains_key(&SectionAt { section })
    });
    let has = |map: &dyn Fn(&TrackAt) -> bool, id: &str| {
        map(&TrackAt {
            track: id.to_owned(),
        })
    };
    let tracks = lists(&|song| song.score.tracks.iter().map(|t| t.id.clone()).collect());
    put(&mut parts.track_order, &tracks, |id| {
        has(&|at| parts.tracks.contains_key(at), id)
    });
    let cast = lists(&|song| song.plan.cast.iter().map(|c| c.id.clone()).collect());
    put(&mut parts.cast_order, &cast, |id| {
        has(&|at| parts.cast.contains_key(at), id)
    });
    let strips = lists(&|song| {
        let strips = song.mix.iter().flat_map(|mix| &mix.tracks);
        strips.map(|strip| strip.track.clone()).collect()
    });
    if parts.character.is_empty() {
        parts.strip_order.clear();
        parts.strips.clear();
    } else {
        put(&mut parts.strip_order, &strips, |id| {
            has(&|at| parts.strips.contains_key(at), id)
        });
    }
}

fn put(
    order: &mut BTreeMap<Whole, Vec<String>>,
    [base, ours, theirs]: &[Vec<String>; 3],
    present: impl Fn(&str) -> bool,
) {
    let mut merged = merge(base, ours, theirs);
    // What a conflict was decided for may be in a list that lost.
    for list in [base, ours, theirs] {
        insert(&mut merged, list);
    }
    merged.retain(|id| present(id));
    order.insert(Whole {}, merged);
}

/// Three-way merge of lists without repetition: the order of the side that moved entries, with
/// what the other side added behind the entry that it stands behind there. If both moved entries,
/// the first side's order holds.
fn merge(base: &[String], ours: &[String], theirs: &[String]) -> Vec<String> {
    let common = |list: &[String], other: &[String]| -> Vec<String> {
        (list.iter().filter(|id| other.contains(id)).cloned()).collect()
    };
    let moved = |list: &[String]| common(base, list) != common(list, base);
    let (first, second) = if !moved(ours) && moved(theirs) {
        (theirs, ours)
    } else {
        (ours, theirs)
    };
    let mut merged: Vec<String> = (first.iter())
        .filter(|id| second.contains(id) || !base.contains(id))
        .cloned()
        .collect();
    let added: Vec<String> = (second.iter())
        .filter(|id| first.contains(id) || !base.contains(id))
        .cloned()
        .collect();
    insert(&mut merged, &added);
    merged
}

/// Inserts the entries of `list` that are missing, each behind the entry that it follows in
/// `list`, and behind what else was inserted there.
fn insert(into: &mut Vec<String>, list: &[String]) {
    for (index, id) in list.iter().enumerate() {
        if into.contains(id) {
            continue;
        }
        let before = list[..index].iter().rev().find(|id| into.contains(id));
        let mut at = before.map_or(0, |before| {
            into.iter().position(|id| id == before).map_or(0, |i| i + 1)
        });
        while at < into.len() && !list.contains(&into[at]) {
            at += 1;
        }
        into.insert(at, id.clone());
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn lists_merge_entry_by_entry() {
        let list = |text: &str| -> Vec<String> { text.chars().map(String::from).collect() };
        for (base, ours, theirs, merged) in [
            ("abc", "abc", "abc", "abc"),
            ("abc", "axbc", "abyc", "axbyc"),
            ("abc", "ac", "abcd", "acd"),
            ("abc", "cab", "abxc", "cabx"),
            ("abc", "abxc", "cab", "cabx"),
            ("abc", "xabc", "yabc", "xyabc"),
            ("", "a", "b", "ab"),
        ] {
            let got = super::merge(&list(base), &list(ours), &list(theirs));
            assert_eq!(got.concat(), merged, "{base} {ours} {theirs}");
        }
    }
}
