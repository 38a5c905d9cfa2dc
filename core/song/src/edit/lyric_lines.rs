//! The words of a song as slots: one for each line, so that two people may change two lines.

use super::{
    EditError,
    parts::{Change, Slot},
    slots::LineAt,
};
use crate::{LyricLine, LyricSheet};
use std::collections::BTreeMap;

impl Change {
    /// The values before and after as people read them, `None` for nothing: of a line whose words
    /// changed these words, of everything else what [`Change::texts`] gives.
    pub fn shown(&self) -> (Option<String>, Option<String>) {
        let text = |line: &Option<Box<LyricLine>>| line.as_ref().map(|line| line.text.clone());
        match self {
            Self::LyricLine(slot) if text(&slot.before) != text(&slot.after) => {
                (text(&slot.before), text(&slot.after))
            }
            _ => self.texts(),
        }
    }
}

/// Lines by their places.
pub type Lines = BTreeMap<LineAt, Box<LyricLine>>;

/// A sheet as its frame, whose lines say nothing but their sections, and its lines.
pub fn apart(sheet: &LyricSheet) -> (LyricSheet, Lines) {
    let mut frame = sheet.clone();
    let mut lines = Lines::new();
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for (bare, line) in frame.lines.iter_mut().zip(&sheet.lines) {
        let count = counts.entry(&line.section).or_default();
        *count += 1;
        let at = LineAt {
            section: line.section.clone(),
            line: *count,
        };
        lines.insert(at, Box::new(line.clone()));
        *bare = LyricLine {
            section: line.section.clone(),
            ..LyricLine::default()
        };
    }
    (frame, lines)
}

/// The sheet of a frame and its lines.
///
/// # Errors
/// When a line is missing, or there is one that the frame does not know.
pub fn together(mut frame: LyricSheet, mut lines: Lines) -> Result<LyricSheet, EditError> {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for line in &mut frame.lines {
        let count = counts.entry(line.section.clone()).or_default();
        *count += 1;
        let at = LineAt {
            section: line.section.clone(),
            line: *count,
        };
        let name = format!("{} {}", at.section, at.line);
        *line = *lines
            .remove(&at)
            .ok_or_else(|| EditError::missing("line of words", "歌词行", &name))?;
    }
    match lines.keys().next() {
        Some(at) => {
            let name = format!("{} {}", at.section, at.line);
            Err(EditError::missing(
                "place of the line of words",
                "歌词行的位置",
                &name,
            ))
        }
        None => Ok(frame),
    }
}

/// Edits that were written when a sheet was one slot, as edits of lines.
pub fn split(changes: Vec<Change>) -> Vec<Change> {
    let whole = |sheet: &LyricSheet| sheet.lines.iter().any(|line| !line.text.is_empty());
    let old = changes.iter().any(|change| {
        let Change::Lyrics(slot) = change else {
            return false;
        };
        slot.before.iter().chain(&slot.after).any(whole)
    });
    if !old {
        return changes;
    }
    let mut out = Vec::with_capacity(changes.len());
    for change in changes {
        let Change::Lyrics(slot) = change else {
            out.push(change);
            continue;
        };
        let [before, after] = [&slot.before, &slot.after].map(|s| s.as_ref().map(apart));
        let none = Lines::new();
        let lines = |side: &Option<(LyricSheet, Lines)>| match side {
            Some((_, lines)) => lines.clone(),
            None => none.clone(),
        };
        let (olds, news) = (lines(&before), lines(&after));
        let (before, after) = (before.map(|s| s.0), after.map(|s| s.0));
        if before != after {
            out.push(Change::Lyrics(Slot {
                at: slot.at,
                before,
                after,
            }));
        }
        super::apply::compare(&olds, &news, |slot| out.push(Change::LyricLine(slot)));
    }
    out.sort_by_key(Change::address);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(texts: &[&str]) -> LyricSheet {
        let line = |text: &&str| LyricLine {
            section: "verse-1".to_owned(),
            text: (*text).to_owned(),
            ..LyricLine::default()
        };
        LyricSheet {
            lines: texts.iter().map(line).collect(),
            ..LyricSheet::default()
        }
    }

    #[test]
    fn sheets_come_together_again() {
        let whole = sheet(&["one", "two", "one"]);
        let (frame, lines) = apart(&whole);
        assert_eq!(lines.len(), 3);
        assert_eq!(together(frame.clone(), lines.clone()).unwrap(), whole);
        let (longer, _) = apart(&sheet(&["one", "two", "one", "four"]));
        assert!(together(longer, lines.clone()).is_err());
        let (shorter, _) = apart(&sheet(&["one"]));
        assert!(together(shorter, lines).is_err());
    }

    #[test]
    fn edits_of_whole_sheets_become_edits_of_lines() {
        let (before, after) = (sheet(&["one", "two"]), sheet(&["one", "deux", "three"]));
        let slot = Slot {
            at: super::super::slots::Whole {},
            before: Some(before.clone()),
            after: Some(after.clone()),
        };
        let changes = split(vec![Change::Lyrics(slot)]);
        assert_eq!(changes.len(), 3, "the frame and two lines: {changes:?}");
        assert_eq!(split(changes.clone()), changes);
    }
}
