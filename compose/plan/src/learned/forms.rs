//! Which section follows which, and how long sections are.

use super::back_off;
use std::{collections::BTreeMap, fmt::Write as _};
use yuefu_engine::Rng;
use yuefu_song::SectionKind;

/// Kinds of sections, and what stands before the first and after the last.
const KINDS: usize = SectionKind::ALL.len();
const EDGE: u8 = KINDS as u8;

/// Forms of more sections are cut.
const MOST_SECTIONS: usize = 20;
/// Sections longer than this are counted as this long.
const LONGEST: u32 = 64;

/// Counts of sections in real songs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormHabits {
    /// What follows a section: the edge of the song, or a kind.
    next: BTreeMap<(u8, u8), u32>,
    /// Bars of a kind's sections.
    bars: BTreeMap<(u8, u32), u32>,
}

impl FormHabits {
    /// Counts the order of a song's sections.
    pub fn add_order(&mut self, kinds: &[SectionKind]) {
        let mut before = EDGE;
        for next in kinds.iter().map(|kind| *kind as u8).chain([EDGE]) {
            *self.next.entry((before, next)).or_default() += 1;
            before = next;
        }
    }

    /// Counts a section's bars.
    pub fn add_length(&mut self, kind: SectionKind, bars: u32) {
        let bars = bars.clamp(1, LONGEST);
        *self.bars.entry((kind as u8, bars)).or_default() += 1;
    }

    /// The natural logarithm of how likely a section follows another; `None` is the edge.
    pub fn log_follows(&self, before: Option<SectionKind>, next: Option<SectionKind>) -> f64 {
        let number = |kind: Option<SectionKind>| kind.map_or(EDGE, |kind| kind as u8);
        let before = number(before);
        let (total, kinds) = totals(&self.next, before);
        let count = self.next.get(&(before, number(next))).copied().unwrap_or(0);
        let even = 1.0 / (KINDS + 1) as f64;
        libm::log(back_off(count, total, kinds, 0, even))
    }

    /// The natural logarithm of how likely a kind of section has so many bars.
    pub fn log_length(&self, kind: SectionKind, bars: u32) -> f64 {
        let bars = bars.clamp(1, LONGEST);
        let (total, kinds) = totals(&self.bars, kind as u8);
        let count = self.bars.get(&(kind as u8, bars)).copied().unwrap_or(0);
        libm::log(back_off(count, total, kinds, 0, 1.0 / f64::from(LONGEST)))
    }

    /// How usual a form is: the mean over its sections of the logarithms of what follows what
    /// and of how long each is; `None` for no section.
    pub fn usual(&self, form: &[(SectionKind, u32)]) -> Option<f64> {
        let mut before = None;
        let mut sum = 0.0;
        for (kind, bars) in form {
            sum += self.log_follows(before, Some(*kind)) + self.log_length(*kind, *bars);
            before = Some(*kind);
        }
        sum += self.log_follows(before, None);
        (!form.is_empty()).then(|| sum / form.len() as f64)
    }

    /// A form as songs have them: sections one after another until the edge comes, each kind as long
    /// throughout as one of its sections was; lengths are even and at most `longest` bars.
    pub fn draw(&self, longest: u32, rng: &mut Rng) -> Vec<(SectionKind, u32)> {
        let mut lengths: BTreeMap<u8, u32> = BTreeMap::new();
        let mut out = Vec::new();
        let mut before = EDGE;
        while out.len() < MOST_SECTIONS {
            let row: Vec<(u8, f32)> = self
                .next
                .range((before, 0)..=(before, u8::MAX))
                .map(|((_, next), count)| (*next, *count as f32))
                .collect();
            let counts: Vec<f32> = row.iter().map(|(_, count)| *count).collect();
            let next = match row.get(rng.weighted(&counts)) {
                Some((next, _)) if *next != EDGE => *next,
                _ => break,
            };
            let bars = *lengths.entry(next).or_insert_with(|| {
                let row: Vec<(u32, f32)> = self
                    .bars
                    .range((next, 0)..=(next, longest))
                    .filter(|((_, bars), _)| bars % 2 == 0)
                    .map(|((_, bars), count)| (*bars, *count as f32))
                    .collect();
                let counts: Vec<f32> = row.iter().map(|(_, count)| *count).collect();
                row.get(rng.weighted(&counts)).map_or(8, |(bars, _)| *bars)
            });
            out.push((SectionKind::ALL[usize::from(next)].0, bars));
            before = next;
        }
        out
    }

    /// The table as text.
    pub fn text(&self) -> String {
        let name = |kind: u8| {
            SectionKind::ALL
                .get(usize::from(kind))
                .map_or("-", |row| row.1)
        };
        let mut out = String::from(HEAD);
        for ((before, next), count) in &self.next {
            let _ = writeln!(out, "follows {} {} {count}", name(*before), name(*next));
        }
        for ((kind, bars), count) in &self.bars {
            let _ = writeln!(out, "bars {} {bars} {count}", name(*kind));
        }
        out
    }

    /// Reads a table.
    ///
    /// # Errors
    /// A sentence with the line that cannot be read.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rows = text
            .strip_prefix(HEAD)
            .ok_or("expected a table of forms, found other text")?;
        let mut out = Self::default();
        for (number, row) in rows.lines().enumerate() {
            out.read_row(row)
                .ok_or_else(|| format!("line {} cannot be read: `{row}`", number + 3))?;
        }
        Ok(out)
    }

    fn read_row(&mut self, row: &str) -> Option<()> {
        let words: Vec<&str> = row.split(' ').collect();
        let [table, first, second, count] = words[..] else {
            return None;
        };
        let kind = |name: &str| match name {
            "-" => Some(EDGE),
            name => SectionKind::from_name(name).map(|kind| kind as u8),
        };
        let count = count.parse().ok().filter(|n| (1..1 << 24).contains(n))?;
        match table {
            "follows" => self.next.insert((kind(first)?, kind(second)?), count),
            "bars" => {
                let bars = second.parse().ok().filter(|n| (1..=LONGEST).contains(n))?;
                self.bars.insert((kind(first)?, bars), count)
            }
            _ => return None,
        };
        Some(())
    }
}

const HEAD: &str = "# forms 1\n# `follows`: section, next section (- is the edge of the song), how often. `bars`: section, bars, how often.\n";

/// How often a context was seen, and with how many different followers.
fn totals<T: Copy + Ord>(table: &BTreeMap<(u8, T), u32>, context: u8) -> (u32, u32) {
    table
        .iter()
        .filter(|row| row.0.0 == context)
        .fold((0, 0), |(total, kinds), row| (total + row.1, kinds + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use SectionKind as K;

    #[test]
    fn usual_forms_are_those_that_were_seen() {
        let mut habits = FormHabits::default();
        for _ in 0..10 {
            habits.add_order(&[K::Intro, K::Verse, K::Chorus, K::Verse, K::Chorus, K::Outro]);
            habits.add_length(K::Verse, 16);
            habits.add_length(K::Chorus, 8);
        }
        let usual = |form: &[(K, u32)]| habits.usual(form).unwrap();
        let heard = usual(&[(K::Verse, 16), (K::Chorus, 8)]);
        assert!(heard > usual(&[(K::Verse, 15), (K::Chorus, 8)]));
        assert!(heard > usual(&[(K::Chorus, 8), (K::Verse, 16)]));
        let shares: f64 = SectionKind::ALL
            .iter()
            .map(|row| Some(row.0))
            .chain([None])
            .map(|next| libm::exp(habits.log_follows(Some(K::Verse), next)))
            .sum();
        assert!((shares - 1.0).abs() < 1e-9);
        assert_eq!(FormHabits::parse(&habits.text()), Ok(habits));
        assert!(FormHabits::parse("bars verse 8 1").is_err());
        assert_eq!(FormHabits::default().usual(&[]), None);
    }
}
