//! Words in the form of a song: the sheet unrolled into what is sung one after another, and how
//! many bars its lines take.

use crate::{
    lyrics::{Delivery, LyricLine, LyricSection, LyricSheet, Rest},
    score::SectionKind,
};
use std::collections::BTreeMap;
use yuefu_theory::{Metre, TickSpan, Ticks};

/// More lines than this without a tag are no single verse.
const LONGEST_VERSE: usize = 8;
/// Nobody sings more syllables a second for long; rappers do.
const FASTEST: [f64; 2] = [4.5, 7.5];

impl LyricSheet {
    /// Whether anything in it has been read and can be sung.
    pub fn is_sung(&self) -> bool {
        self.lines.iter().any(|line| !line.syllables.is_empty())
    }

    /// The lines of a section, in order.
    pub fn lines_of<'a>(&'a self, section: &'a str) -> impl Iterator<Item = &'a LyricLine> {
        self.lines
            .iter()
            .filter(move |line| line.section == section)
    }

    /// The sheet as it is sung: repetitions written out, words without tags cut into verses and
    /// choruses. Each section is sung once and is called after its kind and its number, which is
    /// how a plan calls its sections, so that lines name sections of the plan from then on.
    ///
    /// A sheet that repeats nothing and is tagged stays as it was written.
    #[must_use]
    pub fn unrolled(&self) -> Self {
        let mut out = Self {
            title: self.title.clone(),
            after: self.after.clone(),
            ..Self::default()
        };
        let mut counts: BTreeMap<&'static str, u32> = BTreeMap::new();
        let tagged = self.sections.iter().any(|s| !s.label.is_empty());
        let sections = if self.sections.is_empty() && !self.lines.is_empty() {
            self.stanzas()
        } else if tagged {
            self.sections
                .iter()
                .map(|section| {
                    let words = section.same_as.as_deref().unwrap_or(&section.id);
                    (section.clone(), self.lines_of(words).cloned().collect())
                })
                .collect()
        } else {
            self.stanzas()
        };
        for (section, lines) in sections {
            for round in 0..section.repeats.max(1) {
                let number = counts.entry(section.kind.name()).or_default();
                *number += 1;
                let id = format!("{}-{number}", section.kind.name());
                let again = round > 0 || section.same_as.is_some();
                let counted = section.repeats > 1;
                for (index, line) in lines.iter().enumerate() {
                    for time in 0..line.repeats.max(1) {
                        let mut line = once(line);
                        line.section.clone_from(&id);
                        if time > 0 {
                            line.before.clear();
                        } else if again {
                            line.before = match index {
                                0 => vec![String::new(), format!("[{}]", title(section.kind))],
                                _ => Vec::new(),
                            };
                        } else if counted && index == 0 {
                            for tag in &mut line.before {
                                if !section.label.is_empty() && tag.contains(&section.label) {
                                    *tag = format!("[{}]", title(section.kind));
                                }
                            }
                        }
                        out.lines.push(line);
                    }
                }
                out.sections.push(LyricSection {
                    id,
                    kind: section.kind,
                    label: section.label.clone(),
                    repeats: 1,
                    same_as: None,
                });
            }
        }
        out
    }

    /// Words without tags by their empty lines: a stanza that comes back is the chorus, without one
    /// verse and chorus take turns.
    fn stanzas(&self) -> Vec<(LyricSection, Vec<LyricLine>)> {
        let mut stanzas: Vec<Vec<LyricLine>> = Vec::new();
        for line in &self.lines {
            let opens = line.before.iter().any(|text| text.trim().is_empty());
            match stanzas.last_mut() {
                Some(stanza) if !opens => stanza.push(line.clone()),
                _ => stanzas.push(vec![line.clone()]),
            }
        }
        if stanzas.len() == 1 && stanzas[0].len() > LONGEST_VERSE {
            let all = stanzas.remove(0);
            stanzas = all.chunks(4).map(<[LyricLine]>::to_vec).collect();
        }
        let same = |a: &[LyricLine], b: &[LyricLine]| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.text.trim() == b.text.trim())
        };
        let returns = |at: usize| {
            let others = stanzas.iter().enumerate();
            others
                .filter(|(i, other)| *i != at && same(&stanzas[at], other))
                .count()
                > 0
        };
        let refrain = (0..stanzas.len()).any(returns);
        let kinds: Vec<SectionKind> = (0..stanzas.len())
            .map(|at| match (refrain, stanzas.len()) {
                (true, _) if returns(at) => SectionKind::Chorus,
                (true, _) => SectionKind::Verse,
                // Two verses, then what they lead to.
                (false, 3) => [SectionKind::Verse, SectionKind::Verse, SectionKind::Chorus][at],
                (false, _) if at % 2 == 1 => SectionKind::Chorus,
                _ => SectionKind::Verse,
            })
            .collect();
        kinds
            .into_iter()
            .zip(stanzas)
            .map(|(kind, lines)| {
                let section = LyricSection {
                    id: String::new(),
                    kind,
                    label: String::new(),
                    repeats: 1,
                    same_as: None,
                };
                (section, lines)
            })
            .collect()
    }
}

/// A line sung once: without the count at its end.
fn once(line: &LyricLine) -> LyricLine {
    let mut line = line.clone();
    if line.repeats > 1 {
        let end = line.syllables.last().map_or(0, |s| s.span.1);
        let tail = line.text.get(end..).unwrap_or_default();
        let count = |c: char| "(（[【［×✕xX*".contains(c);
        if let Some(at) = tail.find(count) {
            line.text.truncate(end + at);
            line.text.truncate(line.text.trim_end().len());
        }
    }
    line.repeats = 1;
    line
}

fn title(kind: SectionKind) -> &'static str {
    SectionKind::ALL[kind as usize].2
}

/// What a line asks of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Syllables, and half a one for every place to breathe within the line.
    pub syllables: f64,
    /// Whether it is rapped or spoken.
    pub spoken: bool,
}

impl Load {
    /// Of a line of the sheet.
    pub fn of(line: &LyricLine) -> Self {
        let all = &line.syllables;
        let breaths = all.iter().rev().skip(1).filter(|s| s.rest != Rest::None);
        let spoken = |d: Delivery| matches!(d, Delivery::Rap | Delivery::Spoken);
        Self {
            syllables: all.len() as f64 + breaths.count() as f64 * 0.5,
            spoken: all.iter().filter(|s| spoken(s.delivery)).count() * 2 > all.len(),
        }
    }

    /// How badly a number of quarter notes suits it at a tempo in quarter notes a minute, 0 = well.
    /// `pace`: the room that lines get beside the usual, above 1 for lines that are drawn out.
    ///
    /// A sung line takes about five eighths of a quarter for each syllable and a beat and a half to
    /// end and breathe (fitted to what the lines of songs take; `docs/words.md`).
    pub fn unease(self, quarters: f64, bpm: f64, pace: f64) -> f64 {
        let n = self.syllables.max(1.0);
        let seconds = quarters * 60.0 / bpm.max(1.0);
        let (beats, time) = if self.spoken {
            (0.3 * n + 0.6, 0.19 * n + 0.3)
        } else {
            ((0.62 * n + 1.6) * pace, (0.4 * n + 1.0) * pace)
        };
        let far = |a: f64, b: f64| a.max(b) / a.min(b).max(1e-6) - 1.0;
        // It is easier to sing slowly than to hurry.
        let slow = if seconds > time { 0.2 } else { 0.4 };
        let rate = n / seconds.max(1e-6);
        let limit = FASTEST[usize::from(self.spoken)];
        far(quarters, beats) + slow * far(seconds, time) + 3.0 * (rate - limit).max(0.0)
    }
}

/// How many bars each of some lines takes best at a pace ([`Load::unease`]): as many for all, but twice
/// as many for a line that needs them.
pub fn bars(lines: &[Load], metre: &Metre, bpm: f64, pace: f64) -> Vec<u32> {
    let bar = metre.bar().as_quarters();
    let ease = |load: &Load, bars: u32| load.unease(bar * f64::from(bars), bpm, pace);
    let total = |bars: u32| lines.iter().map(|load| ease(load, bars)).sum::<f64>();
    let common = [2, 1, 4, 8]
        .into_iter()
        .min_by(|a, b| total(*a).total_cmp(&total(*b)))
        .unwrap_or(2);
    lines
        .iter()
        .map(|load| widened(load, common, &ease))
        .collect()
}

/// One line among lines of `common` bars.
fn widened(load: &Load, common: u32, ease: &impl Fn(&Load, u32) -> f64) -> u32 {
    let mut bars = common;
    while bars < 16 && ease(load, bars) > ease(load, bars * 2) + 1.0 {
        bars *= 2;
    }
    bars
}

/// Paces that lines may have in the room of their section, and how unusual each is.
const PACES: [(f64, f64); 5] = [(1.0, 0.0), (0.7, 0.4), (0.5, 0.7), (1.5, 0.4), (2.2, 0.8)];

/// Where lines lie in a span of whole bars: each gets as many bars as suits it, at the pace that fills
/// the span; what is left over comes after the last. Where there are fewer bars than lines they share
/// them, beat by beat.
pub fn allot(lines: &[Load], span: TickSpan, metre: &Metre, bpm: f64) -> Vec<TickSpan> {
    let bar = metre.bar();
    let available = (span.len().0 / bar.0.max(1)).max(0) as u32;
    let quarters = bar.as_quarters();
    let mut best: Option<(f64, Vec<u32>)> = None;
    for (pace, unusual) in PACES {
        let ease = |load: &Load, bars: u32| load.unease(quarters * f64::from(bars), bpm, pace);
        for common in [1, 2, 4, 8] {
            let plain = vec![common; lines.len()];
            let wide = lines
                .iter()
                .map(|load| widened(load, common, &ease))
                .collect();
            for way in [wide, plain] {
                let taken: u32 = way.iter().sum();
                if taken > available {
                    continue;
                }
                let left = f64::from(available - taken);
                let cost: f64 = lines.iter().zip(&way).map(|(l, b)| ease(l, *b)).sum();
                // A bar or three round the section off; more of them were meant for the lines.
                let idle = left * 0.15 + (left - 3.0).max(0.0) * 0.35;
                let cost = cost + idle + unusual;
                if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                    best = Some((cost, way));
                }
            }
        }
    }
    let mut at = span.start;
    if let Some((_, way)) = best {
        return way
            .into_iter()
            .map(|bars| {
                let start = at;
                at += bar * i64::from(bars);
                TickSpan::new(start, at)
            })
            .collect();
    }
    // Too many lines: by their loads, on beats.
    let total: f64 = lines.iter().map(|load| load.syllables + 1.0).sum();
    let unit = metre.unit_len().0.max(1);
    // On beats only where every line has some: a line without time would lose its words.
    let least = lines
        .iter()
        .map(|load| load.syllables + 1.0)
        .fold(f64::MAX, f64::min);
    let roomy = span.len().0 as f64 * least / total.max(1.0) >= unit as f64 * 2.0;
    let mut sum = 0.0;
    lines
        .iter()
        .enumerate()
        .map(|(index, load)| {
            sum += load.syllables + 1.0;
            let exact = span.len().0 as f64 * sum / total.max(1.0);
            let even = Ticks(exact as i64);
            let beat = Ticks((exact / unit as f64).round() as i64 * unit);
            let end = if index + 1 == lines.len() {
                span.end
            } else if roomy {
                span.start + beat
            } else {
                span.start + even
            };
            let start = at;
            at = end;
            TickSpan::new(start, end)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lyrics::LyricSyllable;

    fn line(section: &str, text: &str, count: usize) -> LyricLine {
        let syllable = |i: usize| LyricSyllable {
            text: "la".into(),
            lang: "en".into(),
            reading: "L AA1".into(),
            span: (i, i + 1),
            continues: false,
            given: false,
            delivery: Delivery::Lead,
            rest: Rest::None,
        };
        LyricLine {
            section: section.into(),
            text: text.into(),
            repeats: 1,
            syllables: (0..count).map(syllable).collect(),
            ..LyricLine::default()
        }
    }

    fn section(id: &str, kind: SectionKind, repeats: u32, same_as: Option<&str>) -> LyricSection {
        LyricSection {
            id: id.into(),
            kind,
            label: "x".into(),
            repeats,
            same_as: same_as.map(str::to_owned),
        }
    }

    #[test]
    fn repetitions_are_written_out() {
        let sheet = LyricSheet {
            sections: vec![
                section("verse-1", SectionKind::Verse, 1, None),
                section("chorus-1", SectionKind::Chorus, 2, None),
                section("chorus-2", SectionKind::Chorus, 1, Some("chorus-1")),
            ],
            lines: vec![line("verse-1", "a", 1), line("chorus-1", "b", 1)],
            ..LyricSheet::default()
        };
        let sung = sheet.unrolled();
        let shown: Vec<(&str, &str)> = sung
            .lines
            .iter()
            .map(|l| (l.section.as_str(), l.text.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                ("verse-1", "a"),
                ("chorus-1", "b"),
                ("chorus-2", "b"),
                ("chorus-3", "b")
            ]
        );
        assert_eq!(sung.unrolled().lines.len(), 4);
        let mut twice = line("verse-1", "ab (x2)", 2);
        twice.repeats = 2;
        let sheet = LyricSheet {
            lines: vec![twice],
            ..LyricSheet::default()
        };
        let sung = sheet.unrolled();
        assert_eq!(
            sung.lines
                .iter()
                .map(|l| l.text.as_str())
                .collect::<Vec<_>>(),
            ["ab", "ab"]
        );
    }

    #[test]
    fn stanzas_that_return_are_choruses() {
        let mut lines = vec![
            line("verse-1", "a", 3),
            line("verse-1", "b", 3),
            line("verse-1", "c", 3),
            line("verse-1", "b", 3),
        ];
        for line in &mut lines[1..] {
            line.before.push(String::new());
        }
        let sung = LyricSheet {
            lines,
            ..LyricSheet::default()
        }
        .unrolled();
        let kinds: Vec<SectionKind> = sung.sections.iter().map(|s| s.kind).collect();
        use SectionKind::{Chorus, Verse};
        assert_eq!(kinds, [Verse, Chorus, Verse, Chorus]);
    }

    #[test]
    fn lines_take_usual_numbers_of_bars() {
        let load = |n: f64| Load {
            syllables: n,
            spoken: false,
        };
        let common = Metre::common();
        assert_eq!(
            bars(
                &[load(8.0), load(9.0), load(7.0), load(10.0)],
                &common,
                90.0,
                1.0
            ),
            [2; 4]
        );
        assert_eq!(bars(&[load(9.0); 4], &Metre::new(3, 4), 100.0, 1.0), [2; 4]);
        assert_eq!(bars(&[load(4.0); 4], &common, 80.0, 1.0), [1; 4]);
        let span = TickSpan::new(Ticks::ZERO, common.bar() * 8);
        let spans = allot(&[load(8.0); 4], span, &common, 90.0);
        assert_eq!(spans[3], TickSpan::new(common.bar() * 6, common.bar() * 8));
        // Lines that are drawn out, and lines that talk.
        assert_eq!(bars(&[load(8.0); 4], &common, 90.0, 2.0), [4; 4]);
        assert_eq!(bars(&[load(8.0); 4], &common, 90.0, 0.6), [1; 4]);
        let broad = TickSpan::new(Ticks::ZERO, common.bar() * 16);
        let spans = allot(&[load(7.0); 4], broad, &common, 90.0);
        assert_eq!(spans[3], TickSpan::new(common.bar() * 12, broad.end));
        let crowded = allot(&[load(8.0); 40], span, &common, 90.0);
        assert_eq!(crowded.len(), 40);
        assert!(crowded.iter().all(|s| !s.is_empty()));
        assert!(crowded.windows(2).all(|w| w[0].end == w[1].start));
    }
}
