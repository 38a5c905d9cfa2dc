//! Three-way merge: two edits of one song become one, and where they touch, the user decides.

mod lists;

use super::{
    Edit, EditError,
    parts::{Address, Change, Parts},
    slots::{LineAt, NoteAt, PhraseAt, Whole},
    touches::place_in,
};
use crate::{Note, Song, words::Words};
use std::collections::{BTreeMap, BTreeSet};
use yuefu_audio::Seconds;

/// One of the two edits that are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The first.
    Ours,
    /// The second.
    Theirs,
}

/// Changes of which only one side's can hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// Where: track, bar and beat.
    pub place: Words,
    /// What the first edit does there.
    pub ours: Vec<Change>,
    /// What the second edit does there.
    pub theirs: Vec<Change>,
}

impl Conflict {
    /// The conflict as a sentence: the place, and the values on both sides.
    pub fn describe(&self) -> Words {
        let values = |changes: &[Change], nothing: &str| {
            let shown: Vec<String> = (changes.iter().take(3))
                .map(|change| match change.shown().1 {
                    Some(text) => format!("`{}`", text.chars().take(60).collect::<String>()),
                    None => nothing.to_owned(),
                })
                .collect();
            let more = if changes.len() > 3 { ", …" } else { "" };
            format!("{}{more}", shown.join(", "))
        };
        Words::new(
            format!(
                "{}: ours has {}, theirs has {}",
                self.place.en,
                values(&self.ours, "nothing"),
                values(&self.theirs, "nothing")
            ),
            format!(
                "{}：我方为 {}，对方为 {}",
                self.place.zh,
                values(&self.ours, "（空）"),
                values(&self.theirs, "（空）")
            ),
        )
    }
}

/// Two edits of one song, compared.
#[derive(Clone, Debug)]
pub struct Merged {
    /// Where both sides want different things.
    pub conflicts: Vec<Conflict>,
    base: Song,
    ours: Song,
    theirs: Song,
    /// Changes that both agree on or only one makes.
    agreed: Vec<Change>,
}

/// Compares two songs that were made from one.
///
/// What only one side changes is taken; equal changes are taken once. In conflict are: different
/// values for one slot; the removal of a track, section or phrase and changes in it; two notes on
/// one key at overlapping times of one phrase; one note moved to two places; two takes of one
/// phrase; phrases of one track that would overlap. Orders (of sections, tracks, strips) are
/// merged entry by entry, and the length follows from the merged form where both sides keep what
/// rings after the last bar. A line whose words both change is one conflict with the notes that sing
/// it, so that the sheet and the notes stay of one mind.
pub fn merge(base: &Song, ours: &Song, theirs: &Song) -> Merged {
    let parts = [base, ours, theirs].map(Parts::of);
    let sides = [
        parts[0].changes_to(&parts[1]),
        parts[0].changes_to(&parts[2]),
    ];
    let mut links = Links::new(sides);
    links.drop_mergeable();
    links.same_slots();
    links.notes();
    links.words(&parts[0]);
    links.phrases();
    links.containers(&parts[0]);
    let (agreed, groups) = links.groups();
    let conflicts = groups.into_iter().map(|mut sides| {
        // People read of the words first, then of the notes that sing them.
        for side in &mut sides {
            side.sort_by_key(|change| !matches!(change, Change::LyricLine(_)));
        }
        let [ours_do, theirs_do] = sides;
        let any = ours_do.first().or(theirs_do.first());
        // A container is the better name for a place than what is in it.
        let named = (ours_do.iter().chain(&theirs_do))
            .find(|change| matches!(change, Change::Section(_) | Change::Track(_)))
            .or(any);
        let place = named.map_or_else(Words::default, |change| {
            let mut known = parts[0].clone();
            for side in &parts[1..] {
                known
                    .phrases
                    .extend((side.phrases.iter()).map(|(at, frame)| (at.clone(), frame.clone())));
            }
            place_in(change, &known, &base.plan.sections, &base.plan.timeline)
        });
        Conflict {
            place,
            ours: ours_do,
            theirs: theirs_do,
        }
    });
    Merged {
        conflicts: conflicts.collect(),
        base: base.clone(),
        ours: ours.clone(),
        theirs: theirs.clone(),
        agreed,
    }
}

impl Merged {
    /// The merged song, with a side chosen for each conflict.
    ///
    /// # Errors
    /// When the chosen values do not make a whole song together.
    pub fn song(&self, mut choose: impl FnMut(&Conflict) -> Side) -> Result<Song, EditError> {
        let mut changes = self.agreed.clone();
        for conflict in &self.conflicts {
            changes.extend(match choose(conflict) {
                Side::Ours => conflict.ours.iter().cloned(),
                Side::Theirs => conflict.theirs.iter().cloned(),
            });
        }
        let mut parts = Parts::of(&self.base);
        Edit { changes }.apply_to(&mut parts)?;
        lists::orders(&mut parts, [&self.base, &self.ours, &self.theirs]);
        let length = self.length();
        if let Ok(length) = length {
            parts.length.insert(Whole {}, length);
        }
        let mut song = parts.into_song()?;
        if let Err(ring) = length {
            let end = song.plan.sections.last().map(|s| s.span.end);
            let end = song.plan.timeline.seconds(end.unwrap_or_default());
            song.plan.length = Seconds(end + ring);
        }
        song.check().map_err(|error| EditError(error.words()))?;
        Ok(song)
    }

    /// The merged length; `Err` gives the seconds that ring on after the last bar where the length
    /// must be counted anew.
    fn length(&self) -> Result<Seconds, f64> {
        let [base, ours, theirs] = [&self.base, &self.ours, &self.theirs].map(|song| {
            let end = song.plan.sections.last().map(|s| s.span.end);
            let end = song.plan.timeline.seconds(end.unwrap_or_default());
            (song.plan.length, song.plan.length.0 - end)
        });
        if ours.0 == theirs.0 || theirs.0 == base.0 {
            return Ok(ours.0);
        }
        if ours.0 == base.0 {
            return Ok(theirs.0);
        }
        let kept = |ring: f64| (ring - base.1).abs() < 1e-3;
        Err(if kept(ours.1) { theirs.1 } else { ours.1 })
    }
}

/// Changes of both sides, linked where they cannot be decided apart.
struct Links {
    changes: Vec<(Side, Change)>,
    /// Disjoint sets: the index of another member, or of itself.
    parent: Vec<usize>,
    /// Members whose set is in conflict.
    clash: BTreeSet<usize>,
    /// Equal changes of the second side, which need not be made again.
    twice: BTreeSet<usize>,
}

impl Links {
    fn new([ours, theirs]: [Vec<Change>; 2]) -> Self {
        let ours = ours.into_iter().map(|change| (Side::Ours, change));
        let theirs = theirs.into_iter().map(|change| (Side::Theirs, change));
        let changes: Vec<_> = ours.chain(theirs).collect();
        Self {
            parent: (0..changes.len()).collect(),
            changes,
            clash: BTreeSet::new(),
            twice: BTreeSet::new(),
        }
    }

    fn root(&mut self, mut index: usize) -> usize {
        while self.parent[index] != index {
            self.parent[index] = self.parent[self.parent[index]];
            index = self.parent[index];
        }
        index
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.parent[a.max(b)] = a.min(b);
    }

    fn conflict(&mut self, a: usize, b: usize) {
        self.join(a, b);
        self.clash.insert(a);
    }

    /// Leaves out what is merged by its own rules: orders and the length.
    fn drop_mergeable(&mut self) {
        self.changes.retain(|(_, change)| {
            !matches!(
                change,
                Change::Form(_)
                    | Change::TrackOrder(_)
                    | Change::CastOrder(_)
                    | Change::StripOrder(_)
                    | Change::Length(_)
            )
        });
        self.parent = (0..self.changes.len()).collect();
    }

    fn same_slots(&mut self) {
        let mut seen: BTreeMap<Address, usize> = BTreeMap::new();
        for index in 0..self.changes.len() {
            let address = self.changes[index].1.address();
            let Some(first) = seen.insert(address, index) else {
                continue;
            };
            if self.changes[first].1 == self.changes[index].1 {
                self.twice.insert(index);
                self.join(first, index);
            } else {
                self.conflict(first, index);
            }
        }
    }

    /// Two notes on one key at overlapping times, and one note moved to two places.
    fn notes(&mut self) {
        let mut phrases: BTreeMap<PhraseAt, [Vec<usize>; 2]> = BTreeMap::new();
        for (index, (side, change)) in self.changes.iter().enumerate() {
            if let (Change::Note(_), Some(at)) = (change, change.address().phrase()) {
                phrases.entry(at).or_default()[*side as usize].push(index);
            }
        }
        let mut pairs = Vec::new();
        for [ours, theirs] in phrases.values() {
            let both: Vec<&NoteAt> = (theirs.iter())
                .filter(|index| self.twice.contains(index))
                .filter_map(|index| match &self.changes[*index].1 {
                    Change::Note(slot) if slot.after.is_none() => Some(&slot.at),
                    _ => None,
                })
                .collect();
            for a in ours {
                for b in theirs {
                    if self.notes_touch(*a, *b, &both) {
                        pairs.push((*a, *b));
                    }
                }
            }
        }
        for (a, b) in pairs {
            self.conflict(a, b);
        }
    }

    fn notes_touch(&self, a: usize, b: usize, removed: &[&NoteAt]) -> bool {
        let (Change::Note(a), Change::Note(b)) = (&self.changes[a].1, &self.changes[b].1) else {
            return false;
        };
        let (Some(x), Some(y)) = (&a.after, &b.after) else {
            return false;
        };
        if a.at == b.at {
            return false; // Already compared as one slot.
        }
        if a.at.key == b.at.key {
            return x.at < y.end() && y.at < x.end();
        }
        let from = |old: &&NoteAt, new: &NoteAt| old.at == new.at || old.key == new.key;
        a.before.is_none()
            && b.before.is_none()
            && (removed.iter()).any(|old| from(old, &a.at) && from(old, &b.at))
    }

    /// Lines whose words both sides change, with the notes that both give other words there.
    fn words(&mut self, base: &Parts) {
        let mut lines: BTreeMap<String, usize> = BTreeMap::new();
        let mut sections: BTreeMap<&str, usize> = BTreeMap::new();
        for index in &self.clash {
            if let Change::LyricLine(slot) = &self.changes[*index].1 {
                let LineAt { section, line } = &slot.at;
                lines.insert(format!("{section}.{line}"), *index);
                sections.insert(section, *index);
            }
        }
        let mut phrases: BTreeMap<PhraseAt, [Vec<usize>; 2]> = BTreeMap::new();
        for (index, (side, change)) in self.changes.iter().enumerate() {
            if let (Change::Note(_), Some(at)) = (change, change.address().phrase()) {
                phrases.entry(at).or_default()[*side as usize].push(index);
            }
        }
        let says = |index: &usize| match &self.changes[*index].1 {
            Change::Note(slot) => {
                let lyric = |note: &Option<Note>| note.as_ref().and_then(|n| n.lyric.clone());
                lyric(&slot.before) != lyric(&slot.after)
            }
            _ => false,
        };
        let mut pairs = Vec::new();
        for (at, [ours, theirs]) in &phrases {
            if !ours.iter().any(says) || !theirs.iter().any(says) {
                continue;
            }
            let section = base
                .phrases
                .get(at)
                .map(|frame| frame.place.section.as_str());
            // A phrase is usually named after its line; one with a name of its own may sing any.
            let named = |section: &str| {
                let rest = at
                    .phrase
                    .strip_prefix(section)
                    .and_then(|r| r.strip_prefix('.'));
                rest.is_some_and(|number| number.parse::<u32>().is_ok())
            };
            let line = lines.get(&at.phrase).or_else(|| {
                let section = section.filter(|section| !named(section))?;
                sections.get(section)
            });
            if let Some(line) = line {
                pairs.extend(ours.iter().chain(theirs).map(|note| (*line, *note)));
            }
        }
        for (line, note) in pairs {
            self.join(line, note);
        }
    }

    /// Phrases of which both sides have another take, and phrases that would overlap.
    fn phrases(&mut self) {
        let frames: Vec<usize> = (0..self.changes.len())
            .filter(|index| matches!(self.changes[*index].1, Change::Phrase(_)))
            .collect();
        let mut pairs = Vec::new();
        for a in &frames {
            for b in &frames {
                let ((Side::Ours, Change::Phrase(x)), (Side::Theirs, Change::Phrase(y))) =
                    (&self.changes[*a], &self.changes[*b])
                else {
                    continue;
                };
                if x.at == y.at || x.at.track != y.at.track {
                    continue;
                }
                if let (Some(x), Some(y)) = (&x.after, &y.after)
                    && x.place.section == y.place.section
                    && x.place.at < y.place.at + y.len
                    && y.place.at < x.place.at + x.len
                {
                    pairs.push((*a, *b));
                }
            }
        }
        for (a, b) in pairs {
            self.conflict(a, b);
        }
        // Where the frames of a phrase are in conflict, its notes and takes go with them.
        let clashing: BTreeMap<PhraseAt, usize> = (self.clash.iter())
            .filter_map(|index| match &self.changes[*index].1 {
                Change::Phrase(slot) => Some((slot.at.clone(), *index)),
                _ => None,
            })
            .collect();
        for index in 0..self.changes.len() {
            let at = self.changes[index].1.address().phrase();
            if let Some(frame) = at.and_then(|at| clashing.get(&at)) {
                self.join(*frame, index);
            }
        }
    }

    /// Removals of tracks, sections and phrases in which the other side changes something.
    fn containers(&mut self, base: &Parts) {
        let mut inside: BTreeMap<Address, [Vec<usize>; 2]> = BTreeMap::new();
        for (index, (side, change)) in self.changes.iter().enumerate() {
            for container in containers(change, base) {
                inside.entry(container).or_default()[*side as usize].push(index);
            }
        }
        for removal in 0..self.changes.len() {
            let (side, change) = &self.changes[removal];
            if change.presence().1 || self.twice.contains(&removal) {
                continue;
            }
            let Some(sides) = inside.get(&change.address()) else {
                continue;
            };
            let mine = &sides[*side as usize];
            let others = &sides[1 - *side as usize];
            let clashes: Vec<usize> = (others.iter().copied())
                .filter(|index| self.changes[*index].1.presence().1)
                .collect();
            let Some(first) = clashes.first().copied() else {
                continue;
            };
            for index in others.iter().chain(mine) {
                self.join(removal, *index);
            }
            self.conflict(removal, first);
        }
    }

    /// Changes outside any conflict, and the changes of both sides in each conflict.
    fn groups(mut self) -> (Vec<Change>, Vec<[Vec<Change>; 2]>) {
        let clash: BTreeSet<usize> = (self.clash.clone().into_iter())
            .map(|index| self.root(index))
            .collect();
        let mut agreed = Vec::new();
        let mut groups: BTreeMap<usize, [Vec<Change>; 2]> = BTreeMap::new();
        for index in 0..self.changes.len() {
            let root = self.root(index);
            let (side, change) = self.changes[index].clone();
            if clash.contains(&root) {
                groups.entry(root).or_default()[side as usize].push(change);
            } else if !self.twice.contains(&index) {
                agreed.push(change);
            }
        }
        (agreed, groups.into_values().collect())
    }
}

/// The tracks, sections and phrases that a change lies in.
fn containers(change: &Change, base: &Parts) -> Vec<Address> {
    let address = change.address();
    let mut found = Vec::new();
    if !matches!(change, Change::Track(_) | Change::Cast(_))
        && let Some(track) = address.track()
    {
        let track = track.to_owned();
        found.push(Address::Track(super::slots::TrackAt { track }));
    }
    let mut sections = BTreeSet::new();
    if let Some(phrase) = address.phrase() {
        sections.extend((base.phrases.get(&phrase)).map(|f| f.place.section.clone()));
        if !matches!(change, Change::Phrase(_)) {
            found.push(Address::Phrase(phrase));
        }
    }
    match change {
        Change::Phrase(slot) => {
            let frames = slot.before.iter().chain(&slot.after);
            sections.extend(frames.map(|frame| frame.place.section.clone()));
        }
        Change::Chord(slot) => sections.extend([slot.at.section.clone()]),
        _ => {}
    }
    let section = |section| Address::Section(super::slots::SectionAt { section });
    found.extend(sections.into_iter().map(section));
    found
}
