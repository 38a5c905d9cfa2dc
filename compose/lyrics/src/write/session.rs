//! Writing together: line by line, with keep, again and edit.
//!
//! Lines of the stock come in couplets that make sense together, so `again` brings another couplet;
//! it has the lengths of the lines it replaces and rhymes with what they rhymed with, as nearly as
//! the stock allows. A line of one's own may be anything that can be sung.

use crate::write::line::{Line, enough};
use crate::write::pool::{Couplet, Pool};
use crate::write::report::Remark;
use crate::write::stock::Role;
use crate::write::wish::{Tongue, Wish};
use crate::write::{Section, Written, composed, headline, sheet};
use std::collections::BTreeSet;
use yuefu_song::SectionKind;

/// What is done to the lines under the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Keep them and go on.
    Keep,
    /// Another couplet.
    Again,
    /// Words of one's own for the first line (0) or the second (1) under the cursor.
    Edit(usize, String),
    /// To the lines before.
    Up,
    /// To the lines after, without a word.
    Down,
    /// Nothing; the whole sheet is wanted.
    Show,
    /// It is finished.
    Done,
}

impl Step {
    /// Reads what a person types: nothing or `k`, `a`, `e WORDS` (`e2 WORDS` for the second line),
    /// `u`, `d`, `s`, `q`, or 留、换、改、上、下、看、完. `None` where it is none of these.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        for (index, names) in [
            ["e ", "e1 ", "edit ", "改 ", "改1 "],
            ["e2 ", "edit2 ", "2 ", "改二 ", "改2 "],
        ]
        .iter()
        .enumerate()
        {
            for name in names {
                if let Some(words) = text.strip_prefix(name) {
                    let words = words.trim();
                    return (!words.is_empty()).then(|| Self::Edit(index, words.to_owned()));
                }
            }
        }
        Some(match text.to_lowercase().as_str() {
            "" | "k" | "keep" | "y" | "留" | "保留" => Self::Keep,
            "a" | "again" | "n" | "换" | "再来" => Self::Again,
            "u" | "up" | "上" => Self::Up,
            "d" | "down" | "下" => Self::Down,
            "s" | "show" | "看" => Self::Show,
            "q" | "quit" | "done" | "完" | "好" => Self::Done,
            _ => return None,
        })
    }
}

/// Words that are being written.
#[derive(Clone, Debug)]
pub struct Session {
    written: Written,
    pool: Pool,
    language: Tongue,
    /// Section and first line of each couplet.
    stops: Vec<(usize, usize)>,
    cursor: usize,
    /// Lines that were offered and not kept.
    refused: BTreeSet<String>,
}

impl Session {
    /// Begins with what [`super::write`] writes.
    pub fn new(wish: &Wish, seed: u64) -> Self {
        let (pool, written) = composed(wish, seed);
        let mut stops = Vec::new();
        for (index, section) in written.sections.iter().enumerate() {
            stops.extend(
                (0..section.lines.len())
                    .step_by(2)
                    .map(|line| (index, line)),
            );
        }
        Self {
            written,
            pool,
            language: wish.language,
            stops,
            cursor: 0,
            refused: BTreeSet::new(),
        }
    }

    /// The lines under the cursor with their section; `None` behind the last.
    pub fn current(&self) -> Option<(SectionKind, &[String])> {
        let (section, line) = *self.stops.get(self.cursor)?;
        let section = &self.written.sections[section];
        let end = (line + 2).min(section.lines.len());
        Some((section.kind, &section.lines[line..end]))
    }

    /// Where the cursor is, from 0, and how many places there are.
    pub fn place(&self) -> (usize, usize) {
        (self.cursor, self.stops.len())
    }

    /// The words as they are now.
    pub fn sections(&self) -> &[Section] {
        &self.written.sections
    }

    /// The title as it is now.
    pub fn title(&self) -> &str {
        &self.written.title
    }

    /// The sheet as it is now.
    pub fn sheet(&self) -> String {
        sheet(&self.written.title, &self.written.sections, self.language)
    }

    /// Does a step; what should be known about its result.
    pub fn step(&mut self, step: &Step) -> Vec<Remark> {
        match step {
            Step::Keep | Step::Down => self.cursor = (self.cursor + 1).min(self.stops.len()),
            Step::Up => self.cursor = self.cursor.saturating_sub(1),
            Step::Again => return self.again(),
            Step::Edit(which, words) => return self.edit(*which, words),
            Step::Show | Step::Done => {}
        }
        Vec::new()
    }

    fn read(&self, text: &str) -> Line {
        Line::read(text, self.language.code(), crate::languages())
    }

    fn again(&mut self) -> Vec<Remark> {
        let Some((at, first)) = self.stops.get(self.cursor).copied() else {
            return Vec::new();
        };
        let lang = self.language.code();
        let kind = self.written.sections[at].kind;
        let old: Vec<Line> = self
            .current()
            .map_or(&[][..], |(_, lines)| lines)
            .iter()
            .map(|l| self.read(l))
            .collect();
        let verses = self.written.sections[..at]
            .iter()
            .filter(|s| s.kind == kind)
            .count();
        let role = match kind {
            SectionKind::Verse if verses == 0 => Role::Scene,
            SectionKind::Verse => Role::Turn,
            SectionKind::PreChorus => Role::Lift,
            SectionKind::Chorus => Role::Hook,
            SectionKind::Bridge => Role::View,
            _ => Role::Close,
        };
        self.refused
            .extend(old.iter().map(|line| line.text.clone()));
        let all = &self.written.sections[at].lines;
        let others: Vec<Line> = (0..all.len())
            .filter(|n| !(first..first + old.len()).contains(n))
            .map(|n| self.read(&all[n]))
            .collect();
        let elsewhere: BTreeSet<String> = self
            .written
            .sections
            .iter()
            .flat_map(|section| &section.lines)
            .flat_map(|line| self.read(line).images)
            .collect();
        let fits = |couplet: &&Couplet| {
            couplet.lines.len() == old.len()
                && couplet.lines.iter().all(|line| line.singable && !self.refused.contains(&line.text))
                // The first lines of a chorus give the title.
                && (role != Role::Hook || (first == 0) == couplet.title.is_some())
                && (first > 0 || couplet.place.0 == 0)
                && (first == 0 || all.len() < 4 || couplet.place.0 > 0)
        };
        let worth = |couplet: &Couplet| {
            let mut worth = couplet.worth;
            for (new, old) in couplet.lines.iter().zip(&old) {
                worth -= 1.5 * new.syllables.abs_diff(old.syllables) as f32;
                let partner = others
                    .iter()
                    .find(|other| other.rhymes(old) >= enough(lang));
                if partner.is_some_and(|partner| partner.rhymes(new) < enough(lang)) {
                    worth -= 8.0;
                }
                worth -= new.images.intersection(&elsewhere).count() as f32;
            }
            worth
        };
        let pool = self.pool.by_role.get(&role);
        let found = pool
            .into_iter()
            .flatten()
            .filter(fits)
            .max_by(|a, b| worth(a).total_cmp(&worth(b)));
        let Some(found) = found.cloned() else {
            return vec![Remark {
                en: "the stock has no other lines for this place; write your own with `e`"
                    .to_owned(),
                zh: "词库里没有别的句子适合这里了；可用“改”自己写".to_owned(),
            }];
        };
        for (line, new) in self.written.sections[at].lines[first..]
            .iter_mut()
            .zip(&found.lines)
        {
            line.clone_from(&new.text);
        }
        if let Some(title) = &found.title {
            self.written.title = match self.language {
                Tongue::English => headline(title),
                Tongue::Mandarin => title.clone(),
            };
        }
        self.compare(&old, &found.lines, &others)
    }

    fn edit(&mut self, which: usize, words: &str) -> Vec<Remark> {
        let Some((at, first)) = self.stops.get(self.cursor).copied() else {
            return Vec::new();
        };
        let section = &self.written.sections[at];
        if first + which >= section.lines.len() {
            return vec![Remark {
                en: "there is no second line here".to_owned(),
                zh: "这里没有第二行".to_owned(),
            }];
        }
        let new = self.read(words);
        // What would be taken for a tag, a comment or a header is no line.
        let alone = crate::read(words, crate::languages());
        if !new.singable || alone.sheet.lines.len() != 1 {
            return vec![Remark {
                en: format!("`{words}` cannot be sung as a line; the line stays as it was"),
                zh: format!("“{words}”无法作为一行来唱；原句保留"),
            }];
        }
        let old = self.read(&section.lines[first + which]);
        let others: Vec<Line> = section
            .lines
            .iter()
            .enumerate()
            .filter(|(n, _)| *n != first + which)
            .map(|(_, line)| self.read(line))
            .collect();
        words.clone_into(&mut self.written.sections[at].lines[first + which]);
        self.compare(&[old], &[new], &others)
    }

    /// What differs from before in length and rhyme.
    fn compare(&self, old: &[Line], new: &[Line], others: &[Line]) -> Vec<Remark> {
        let lang = self.language.code();
        let mut remarks = Vec::new();
        for (old, new) in old.iter().zip(new) {
            let (a, b) = (old.syllables, new.syllables);
            if a != b {
                remarks.push(Remark {
                    en: format!(
                        "`{}` has {b} syllables, the line before it had {a}",
                        new.text
                    ),
                    zh: format!("“{}”有 {b} 个音节，原句有 {a} 个", new.text),
                });
            }
            let partner = others
                .iter()
                .find(|other| other.rhymes(old) >= enough(lang));
            if let Some(partner) = partner.filter(|partner| partner.rhymes(new) < enough(lang)) {
                remarks.push(Remark {
                    en: format!("`{}` does not rhyme with `{}`", new.text, partner.text),
                    zh: format!("“{}”与“{}”不押韵", new.text, partner.text),
                });
            }
        }
        remarks
    }
}
