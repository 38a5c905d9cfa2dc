//! What was reached, measured on the words themselves, and what was not.

use crate::write::classical::Pattern;
use crate::write::line::{Line, Persons, enough};
use crate::write::search::Need;
use crate::write::stock::Role;
use crate::write::verbatim::is_verbatim;
use crate::write::wish::{Scheme, Wish};
use std::collections::BTreeMap;

/// Figures of a song's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Lines that are to rhyme with an earlier one, and those that do.
    pub rhymes: (usize, usize),
    /// Lines whose length is given (by the tune, or by the first section sung to it), and those
    /// that have it.
    pub lengths: (usize, usize),
    /// Syllables whose tone a tune pattern (词牌) fixes, and those that have it.
    pub tones: (usize, usize),
    /// Lines that stand word for word in the poems that were learned from.
    pub verbatim: usize,
    /// Images that occur in two sections.
    pub images_again: usize,
    /// Whether one person is called by two names.
    pub persons_clash: bool,
    /// Keywords asked for, and those that occur.
    pub keywords: (usize, usize),
}

/// Something that could not be done as wished: English, Chinese.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// In English.
    pub en: String,
    /// In Chinese.
    pub zh: String,
}

/// Measures sections as filled, in the order of their needs.
pub fn of(
    wish: &Wish,
    needs: &[Need],
    schemes: &[Scheme],
    parts: &[Vec<&Line>],
) -> (Report, Vec<Remark>) {
    let lang = wish.language.code();
    let mut report = Report::default();
    let mut remarks = Vec::new();
    if let Some(Err(error)) = wish
        .pattern
        .as_deref()
        .map(crate::write::classical::pattern)
    {
        remarks.push(Remark {
            en: error.en,
            zh: error.zh,
        });
    }
    let mut persons = Persons::default();
    let mut shapes: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, (need, part)) in needs.iter().zip(parts).enumerate() {
        // Of several schemes the one that a section keeps best is its own.
        let kept = schemes.iter().map(|scheme| rhymes(part, scheme, lang));
        let best = kept.min_by_key(|(wanted, kept)| (wanted - kept, std::cmp::Reverse(*wanted)));
        let best = best.unwrap_or_default();
        report.rhymes.0 += best.0;
        report.rhymes.1 += best.1;
        let given: Vec<usize> = need.shape.iter().map(|shape| shape.syllables).collect();
        let given = if given.is_empty() {
            shapes.get(need.tune).cloned().unwrap_or_default()
        } else {
            given
        };
        report.lengths.0 += given.len();
        report.lengths.1 += given
            .iter()
            .zip(part)
            .filter(|(wanted, line)| **wanted == line.syllables)
            .count();
        shapes
            .entry(need.tune)
            .or_insert_with(|| part.iter().map(|line| line.syllables).collect());
        report.verbatim += part.iter().filter(|line| is_verbatim(&line.text)).count();
        for line in part {
            persons = persons.and(line.persons);
            for image in &line.images {
                if *seen.entry(image).or_insert(number) != number {
                    report.images_again += 1;
                }
            }
        }
        if part.is_empty() && need.role != Role::Close {
            let lines = need.lines.unwrap_or(2);
            remarks.push(Remark {
                en: format!(
                    "the stock has no {lines} lines for the section {}",
                    need.tune
                ),
                zh: format!("词库里没有适合这一段（{}）的 {lines} 行词", need.tune),
            });
        }
    }
    report.persons_clash = persons.clash();
    let text: Vec<String> = parts
        .iter()
        .flatten()
        .map(|line| line.text.to_lowercase())
        .collect();
    report.keywords.0 = wish.keywords.len();
    for keyword in &wish.keywords {
        if text
            .iter()
            .any(|line| line.contains(&keyword.to_lowercase()))
        {
            report.keywords.1 += 1;
        } else {
            remarks.push(Remark {
                en: format!("no line was found for the keyword `{keyword}`"),
                zh: format!("没有找到适合关键词“{keyword}”的句子"),
            });
        }
    }
    if report.rhymes.1 < report.rhymes.0 {
        let (wanted, kept) = report.rhymes;
        remarks.push(Remark {
            en: format!("{kept} of {wanted} rhymes are kept"),
            zh: format!("{wanted} 处韵脚中有 {kept} 处押上"),
        });
    }
    if report.lengths.1 < report.lengths.0 {
        let (wanted, kept) = report.lengths;
        remarks.push(Remark {
            en: format!("{kept} of {wanted} lines have the length of their tune"),
            zh: format!("{wanted} 行中有 {kept} 行与曲调字数相合"),
        });
    }
    (report, remarks)
}

/// Measures a poem by its tune pattern.
pub fn of_pattern(pattern: &Pattern, lines: &[String]) -> (Report, Vec<Remark>) {
    let mut report = Report::default();
    let mut ends: BTreeMap<char, Line> = BTreeMap::new();
    for (slot, text) in pattern.lines.iter().zip(lines) {
        let line = Line::read(text, yuefu_lang::mandarin::CODE, crate::languages());
        report.lengths.0 += 1;
        report.lengths.1 += usize::from(line.syllables == slot.tones.len());
        let fixed = slot
            .tones
            .iter()
            .zip(&line.tones)
            .filter(|(wanted, _)| wanted.is_some());
        report.tones.0 += fixed.clone().count();
        report.tones.1 += fixed.filter(|(wanted, tone)| wanted == tone).count();
        report.verbatim += usize::from(is_verbatim(text));
        let Some(letter) = slot.rhyme else { continue };
        if let Some(first) = ends.get(&letter) {
            let track = |line: &Line| {
                line.rhyme
                    .as_ref()
                    .and_then(|r| r.group)
                    .map(|(_, track)| track)
            };
            report.rhymes.0 += 1;
            report.rhymes.1 += usize::from(track(first) == track(&line));
        } else {
            ends.insert(letter, line);
        }
    }
    let mut remarks = Vec::new();
    if lines.len() < pattern.lines.len() {
        let (have, want) = (lines.len(), pattern.lines.len());
        remarks.push(Remark {
            en: format!(
                "only {have} of the {want} lines of the pattern could be written; try another seed"
            ),
            zh: format!("词牌的 {want} 句只写出了 {have} 句；请换一个种子"),
        });
    }
    (report, remarks)
}

/// Lines that are to rhyme with an earlier one of their stanza, and those that do.
fn rhymes(part: &[&Line], scheme: &Scheme, lang: &str) -> (usize, usize) {
    let (mut wanted, mut kept) = (0, 0);
    for (number, line) in part.iter().enumerate() {
        let letter = scheme.letter(number);
        if letter == 'X' {
            continue;
        }
        let earlier = (number / 4 * 4..number)
            .rev()
            .find(|other| scheme.letter(*other) == letter);
        if let Some(earlier) = earlier {
            wanted += 1;
            kept += usize::from(part[earlier].rhymes(line) >= enough(lang));
        }
    }
    (wanted, kept)
}
