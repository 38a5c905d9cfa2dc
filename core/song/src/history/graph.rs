//! Ways between versions, common ancestors, and compaction.

use super::{Commit, History, Record, VersionId};
use crate::{Edit, EditError, Song};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Versions whose edits lead from one state to another, in order, each forward or backward.
type Steps = Vec<(VersionId, bool)>;

impl History {
    /// Versions of the current branch from its head back to the first, along first parents.
    pub fn log(&self) -> Vec<&Commit> {
        self.back(self.head()).collect()
    }

    /// A version and those before it, along first parents.
    pub fn back<'a>(&'a self, from: Option<&VersionId>) -> impl Iterator<Item = &'a Commit> + 'a {
        let mut next = from.and_then(|id| self.version(id));
        std::iter::from_fn(move || {
            let here = next?;
            next = here.parents.first().and_then(|id| self.version(id));
            Some(here)
        })
    }

    /// The version meant by what a user types: a branch, a name, an id or its first four or more
    /// digits, `head`, and any of these with `~N` for N steps before it.
    pub fn resolve(&self, text: &str) -> Option<&VersionId> {
        let text = text.trim();
        if let Some((start, steps)) = text.rsplit_once('~') {
            let steps: usize = steps.parse().ok()?;
            let start = self.resolve(start)?;
            return self.back(Some(start)).nth(steps).map(|commit| &commit.id);
        }
        if let Some(branch) = self.branches.get(text) {
            return Some(&branch.head);
        }
        if let Some(id) = self.names.get(text) {
            return Some(id);
        }
        if text == "head" || text.is_empty() {
            return self.head();
        }
        let mut fitting = (self.commits.keys()).filter(|id| id.as_str().starts_with(text));
        let found = fitting.next().filter(|_| text.len() >= 4)?;
        fitting.next().is_none().then_some(found)
    }

    /// The latest version that two versions come from.
    pub fn ancestor(&self, a: &VersionId, b: &VersionId) -> Option<&VersionId> {
        let (a, b) = (self.ancestors(a), self.ancestors(b));
        (self.commits.iter())
            .filter(|(id, _)| a.contains(id) && b.contains(id))
            .max_by_key(|(_, entry)| entry.number)
            .map(|(id, _)| id)
    }

    fn ancestors(&self, from: &VersionId) -> BTreeSet<VersionId> {
        let mut found = BTreeSet::new();
        let mut open = vec![from.clone()];
        while let Some(id) = open.pop() {
            if let Some(commit) = self.version(&id)
                && found.insert(id)
            {
                open.extend(commit.parents.iter().cloned());
            }
        }
        found
    }

    /// The nearest song that is known (`None`: nothing) and the steps from it to a version.
    pub(super) fn way(
        &self,
        to: &VersionId,
        known: &mut dyn FnMut(&VersionId) -> Option<Song>,
    ) -> Option<(Option<Song>, Steps)> {
        let mut children: BTreeMap<&VersionId, Vec<&VersionId>> = BTreeMap::new();
        for (id, entry) in &self.commits {
            if let Some(parent) = entry.commit.parents.first() {
                children.entry(parent).or_default().push(id);
            }
        }
        // From the version outward; each place remembers the step that leads back towards it.
        let mut seen: BTreeMap<VersionId, Option<(VersionId, VersionId, bool)>> = BTreeMap::new();
        seen.insert(to.clone(), None);
        let mut open = VecDeque::from([to.clone()]);
        let trace = |seen: &BTreeMap<_, Option<(VersionId, VersionId, bool)>>, from: &VersionId| {
            let mut steps = Vec::new();
            let mut at = from.clone();
            while let Some(Some((next, edit, forward))) = seen.get(&at) {
                steps.push((edit.clone(), *forward));
                at = next.clone();
            }
            steps
        };
        while let Some(id) = open.pop_front() {
            if let Some(song) = known(&id) {
                return Some((Some(song), trace(&seen, &id)));
            }
            if let Some(commit) = self.version(&id) {
                match commit.parents.first() {
                    None => {
                        let mut steps = vec![(id.clone(), true)];
                        steps.extend(trace(&seen, &id));
                        return Some((None, steps));
                    }
                    Some(parent) if !seen.contains_key(parent) => {
                        seen.insert(parent.clone(), Some((id.clone(), id.clone(), true)));
                        open.push_back(parent.clone());
                    }
                    Some(_) => {}
                }
            }
            for child in children.get(&id).into_iter().flatten() {
                if !seen.contains_key(*child) {
                    let step = (id.clone(), (*child).clone(), false);
                    seen.insert((*child).clone(), Some(step));
                    open.push_back((*child).clone());
                }
            }
        }
        None
    }

    /// The history as text again, without versions that no branch, name, redo or the last `undo`
    /// steps of a branch need. Where steps are dropped, the version behind them is told from the
    /// nearest kept one before it, and from nothing if there is none.
    ///
    /// # Errors
    /// When a song that is needed cannot be had.
    pub fn compacted(
        &self,
        undo: usize,
        known: &mut dyn FnMut(&VersionId) -> Option<Song>,
    ) -> Result<String, EditError> {
        let mut keep: BTreeSet<&VersionId> = self.names.values().collect();
        keep.extend(self.written.iter());
        for branch in self.branches.values() {
            let steps = self.back(Some(&branch.head)).take(undo + 1);
            keep.extend(steps.map(|commit| &commit.id));
            keep.extend(&branch.redo);
            // The steps between an undone version and the head must stay, or redo would skip them.
            for redo in &branch.redo {
                let back = self.back(Some(redo));
                keep.extend(
                    back.take_while(|commit| commit.id != branch.head)
                        .map(|commit| &commit.id),
                );
            }
        }
        let mut text = String::new();
        let mut order: Vec<_> = (self.commits.iter())
            .filter(|(id, _)| keep.contains(id))
            .collect();
        order.sort_by_key(|(_, entry)| entry.number);
        for (id, entry) in order {
            let mut commit = entry.commit.clone();
            let mut edit = entry.edit.clone();
            let first = commit.parents.first().cloned();
            if let Some(first) = first
                && !keep.contains(&first)
            {
                let mut before = self.back(Some(id)).skip(1);
                let base = before.find(|commit| keep.contains(&commit.id));
                let song = self.song(id, known)?;
                let told = match base {
                    Some(base) => {
                        commit.parents[0] = base.id.clone();
                        Edit::between(&self.song(&base.id, known)?, &song)
                    }
                    None => {
                        commit.parents.clear();
                        Edit::from_nothing(&song)
                    }
                };
                commit.squashed = true;
                edit = serde_json::to_string(&told).expect("plain data");
            }
            text += &Record::Commit(commit, edit).line();
        }
        for (branch, state) in &self.branches {
            let branch = branch.clone();
            // Undone versions come back by undoing them again, from the first one on.
            let mut versions = state.redo.iter().chain([&state.head]).cloned();
            let to = versions.next();
            text += &Record::Branch {
                branch: branch.clone(),
                to,
            }
            .line();
            for to in versions {
                let branch = branch.clone();
                let how = super::Move::Undo;
                text += &Record::Move { branch, to, how }.line();
            }
        }
        let lost: BTreeSet<&str> = (self.commits.values())
            .map(|entry| entry.commit.branch.as_str())
            .filter(|branch| !self.branches.contains_key(*branch))
            .collect();
        for branch in lost {
            let branch = branch.to_owned();
            text += &Record::Branch { branch, to: None }.line();
        }
        for (name, to) in &self.names {
            let (name, to) = (name.clone(), Some(to.clone()));
            text += &Record::Name { name, to }.line();
        }
        let branch = self.current.clone();
        text += &Record::Switch { branch }.line();
        if let Some(version) = self.written.clone() {
            text += &Record::Written { version }.line();
        }
        Ok(text)
    }
}
