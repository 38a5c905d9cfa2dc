//! Which chord follows which: a second-order Markov chain with back-off.

use super::{REPERTOIRES, back_off, repertoire};
use std::{collections::BTreeMap, fmt::Write as _};
use yuefu_song::{ChordSpan, SectionKind};
use yuefu_theory::{Chord, Key, Quality};

/// A chord as habits see it: its root above the tonic, and its triad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(u8);

/// Triads: major, minor, diminished, augmented, suspended.
const TRIADS: u8 = 5;

impl Symbol {
    /// How many there are.
    pub const COUNT: u8 = 12 * TRIADS;

    /// What stands before the first chord.
    const START: Self = Self(Self::COUNT);

    /// Its number, below [`Symbol::COUNT`].
    pub fn number(self) -> u8 {
        self.0
    }

    /// The symbol of a number.
    pub fn of_number(number: u8) -> Option<Self> {
        (number < Self::COUNT).then_some(Self(number))
    }

    /// Semitones of the root above the tonic, and the triad: major, minor, diminished, augmented,
    /// suspended.
    pub fn parts(self) -> (u8, u8) {
        (self.0 / TRIADS, self.0 % TRIADS)
    }

    /// The symbol of a chord in a key.
    pub fn of(chord: &Chord, key: &Key) -> Self {
        let above = (12 + chord.root.pc() - key.tonic.pc()) % 12;
        let triad = match (chord.quality, chord.third()) {
            (Quality::Diminished | Quality::HalfDiminished | Quality::DiminishedSeven, _) => 2,
            (Quality::Augmented | Quality::SevenSharpFive, _) => 3,
            (_, Some(3)) => 1,
            // A bare fifth passes for major.
            (Quality::Power, _) | (_, Some(_)) => 0,
            _ => 4,
        };
        Self(above * TRIADS + triad)
    }
}

/// Chords of one stretch of a song, for counting and measuring.
#[derive(Clone, Copy, Debug)]
pub struct ChordLine<'a> {
    /// Repertoire, by its place in [`REPERTOIRES`].
    pub repertoire: u8,
    /// What the section does.
    pub kind: SectionKind,
    /// Its key.
    pub key: Key,
    /// The two chords before it, older first.
    pub before: [Option<Chord>; 2],
    /// Its chords in order.
    pub chords: &'a [ChordSpan],
}

/// How much of the context is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// None: every chord is equally likely.
    Uniform,
    /// The mode of the key: how frequent chords are.
    Unigram,
    /// And the chord before.
    Bigram,
    /// And the one before that.
    Trigram,
    /// And the repertoire.
    Repertoire,
    /// And what the section does.
    Section,
}

impl Level {
    /// Every level with its name, from none to all of the context.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Uniform, "uniform"),
        (Self::Unigram, "unigram"),
        (Self::Bigram, "bigram"),
        (Self::Trigram, "trigram"),
        (Self::Repertoire, "trigram by repertoire"),
        (Self::Section, "trigram by repertoire and section"),
    ];

    /// How often, at least, the context behind counts. A song says the same changes many times
    /// over, so counts are worth less than their number, the more so the narrower the context: by
    /// the plain rule repertoire and section foretell worse than the chain without them.
    fn trust(self) -> u32 {
        match self {
            Self::Uniform | Self::Unigram => 0,
            Self::Bigram => 10,
            Self::Trigram => 40,
            Self::Repertoire => 150,
            Self::Section => 600,
        }
    }
}

/// What precedes a chord, as far as a level looks: repertoire, section kind, mode, two symbols.
/// What it does not look at is 255.
type Context = [u8; 5];

const ANY: u8 = 255;

fn context(level: Level, line: &ChordLine<'_>, a: Symbol, b: Symbol) -> Context {
    let mode = u8::from(line.key.mode.is_minor());
    match level {
        Level::Uniform | Level::Unigram => [ANY, ANY, mode, ANY, ANY],
        Level::Bigram => [ANY, ANY, mode, ANY, b.0],
        Level::Trigram => [ANY, ANY, mode, a.0, b.0],
        Level::Repertoire => [line.repertoire, ANY, mode, a.0, b.0],
        Level::Section => [line.repertoire, line.kind as u8, mode, a.0, b.0],
    }
}

/// Counts of one context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
    total: u32,
    next: BTreeMap<u8, u32>,
}

/// How often which chord followed which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChordHabits {
    seen: BTreeMap<Context, Seen>,
}

/// Changes of chord in a line: the two symbols before, and the new one. Repeats are no changes.
fn changes(line: &ChordLine<'_>) -> Vec<(Symbol, Symbol, Symbol)> {
    let of = |chord: &Chord| Symbol::of(chord, &line.key);
    let [a, b] = line.before;
    let mut a = a.as_ref().map_or(Symbol::START, of);
    let mut b = b.as_ref().map_or(Symbol::START, of);
    let mut out = Vec::new();
    for chord in line.chords {
        let c = of(&chord.chord);
        if c != b {
            out.push((a, b, c));
            (a, b) = (b, c);
        }
    }
    out
}

impl ChordHabits {
    /// Counts the changes of a line.
    pub fn add(&mut self, line: &ChordLine<'_>) {
        for (a, b, c) in changes(line) {
            for (level, _) in &Level::ALL[1..] {
                let seen = self.seen.entry(context(*level, line, a, b)).or_default();
                seen.total += 1;
                *seen.next.entry(c.0).or_default() += 1;
            }
        }
    }

    /// How likely a chord is after two others, by a level of context. Over all chords but `b` it
    /// sums to 1.
    fn probability(
        &self,
        level: Level,
        line: &ChordLine<'_>,
        abc: (Symbol, Symbol, Symbol),
    ) -> f64 {
        let (a, b, c) = abc;
        let mut share = 1.0 / f64::from(Symbol::COUNT - 1);
        for (known, _) in Level::ALL[1..].iter().take_while(|row| row.0 <= level) {
            if let Some(seen) = self.seen.get(&context(*known, line, a, b)) {
                // A chord does not follow itself: what frequency alone gives it is no share.
                let own = seen.next.get(&b.0).copied().unwrap_or(0);
                let kinds = seen.next.len() as u32 - u32::from(own > 0);
                let count = seen.next.get(&c.0).copied().unwrap_or(0);
                share = back_off(count, seen.total - own, kinds, known.trust(), share);
            }
        }
        share
    }

    /// The natural logarithm of how likely a chord is after two others, the older first, in a
    /// repertoire or in all of them. `None` where the triad does not change: that is no change.
    pub fn follows(
        &self,
        repertoire: Option<u8>,
        key: &Key,
        before: [Option<Chord>; 2],
        chord: &Chord,
    ) -> Option<f64> {
        let of =
            |chord: &Option<Chord>| chord.as_ref().map_or(Symbol::START, |c| Symbol::of(c, key));
        let [a, b] = [of(&before[0]), of(&before[1])];
        let c = Symbol::of(chord, key);
        if b == c {
            return None;
        }
        let line = ChordLine {
            repertoire: repertoire.unwrap_or_default(),
            kind: SectionKind::Part,
            key: *key,
            before: [None; 2],
            chords: &[],
        };
        let level = match repertoire {
            Some(_) => Level::Repertoire,
            None => Level::Trigram,
        };
        Some(libm::log(self.probability(level, &line, (a, b, c))))
    }

    /// Sum of the natural logarithms of how likely the changes of a line are, and how many there
    /// are.
    pub fn log_likelihood(&self, level: Level, line: &ChordLine<'_>) -> (f64, usize) {
        let changes = changes(line);
        let sum = changes
            .iter()
            .map(|change| libm::log(self.probability(level, line, *change)))
            .sum();
        (sum, changes.len())
    }

    /// How usual a progression is that goes round: the mean logarithm for each change, `None` if
    /// nothing changes.
    pub fn usual(&self, repertoire: u8, key: Key, chords: &[Chord]) -> Option<f64> {
        let mut symbols: Vec<Symbol> = chords.iter().map(|c| Symbol::of(c, &key)).collect();
        symbols.dedup();
        while symbols.len() > 1 && symbols.first() == symbols.last() {
            symbols.pop();
        }
        let count = symbols.len();
        if count < 2 {
            return None;
        }
        let line = ChordLine {
            repertoire,
            // Not looked at: sections foretell nothing beyond the repertoire.
            kind: SectionKind::Part,
            key,
            before: [None; 2],
            chords: &[],
        };
        let at = |index: usize| symbols[index % count];
        let sum: f64 = (0..count)
            .map(|index| {
                let change = (at(index), at(index + 1), at(index + 2));
                libm::log(self.probability(Level::Repertoire, &line, change))
            })
            .sum();
        Some(sum / count as f64)
    }

    /// Drops what says little: contexts of a section, and those of a repertoire seen less than
    /// `fewest` times. What is dropped is answered by the context behind it.
    pub fn prune(&mut self, fewest: u32) {
        self.seen
            .retain(|context, seen| context[0] == ANY || context[1] == ANY && seen.total >= fewest);
    }

    /// The table as text: a line for each context, with what followed and how often.
    pub fn text(&self) -> String {
        let mut out = String::from(HEAD);
        for (context, seen) in &self.seen {
            let [genre, kind, mode, a, b] = context;
            let name = |row: Option<&str>| row.unwrap_or("-").to_owned();
            let number = |n: &u8| {
                if *n == ANY {
                    "-".to_owned()
                } else {
                    n.to_string()
                }
            };
            let _ = write!(
                out,
                "{} {} {} {} {}",
                name(REPERTOIRES.get(usize::from(*genre)).copied()),
                name(SectionKind::ALL.get(usize::from(*kind)).map(|row| row.1)),
                if *mode == 1 { "minor" } else { "major" },
                number(a),
                number(b)
            );
            for (next, count) in &seen.next {
                let _ = write!(out, " {next}:{count}");
            }
            out.push('\n');
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
            .ok_or("expected a table of chords, found other text")?;
        let mut seen = BTreeMap::new();
        for (number, row) in rows.lines().enumerate() {
            let (context, own) = read_row(row)
                .ok_or_else(|| format!("line {} cannot be read: `{row}`", number + 4))?;
            seen.insert(context, own);
        }
        Ok(Self { seen })
    }
}

const HEAD: &str = "# chords 1\n# repertoire, section, mode, chord before the last, last chord; then followers and how often.\n# A chord is 5 x semitones above the tonic + 0 major, 1 minor, 2 diminished, 3 augmented, 4 suspended; 60 = none yet.\n";

fn read_row(row: &str) -> Option<(Context, Seen)> {
    let mut words = row.split(' ');
    let mut word = || words.next();
    let genre = match word()? {
        "-" => ANY,
        name => repertoire(name)?,
    };
    let kind = match word()? {
        "-" => ANY,
        name => SectionKind::from_name(name)? as u8,
    };
    let mode = match word()? {
        "major" => 0,
        "minor" => 1,
        _ => return None,
    };
    let symbol = |word: &str| -> Option<u8> {
        if word == "-" {
            return Some(ANY);
        }
        word.parse().ok().filter(|n| *n <= Symbol::COUNT)
    };
    let (a, b) = (symbol(word()?)?, symbol(word()?)?);
    let mut seen = Seen::default();
    for word in words {
        let (next, count) = word.split_once(':')?;
        let next = next.parse().ok().filter(|n| *n < Symbol::COUNT)?;
        let count: u32 = count.parse().ok().filter(|n| (1..1 << 24).contains(n))?;
        seen.total = seen.total.checked_add(count)?;
        if seen.next.insert(next, count).is_some() {
            return None;
        }
    }
    (seen.total > 0).then_some(([genre, kind, mode, a, b], seen))
}

#[cfg(test)]
mod tests {
    use super::*;
    use yuefu_theory::{TickSpan, Ticks};

    fn spans(row: &str) -> Vec<ChordSpan> {
        row.split(' ')
            .enumerate()
            .map(|(bar, chord)| ChordSpan {
                span: TickSpan::new(Ticks::WHOLE * bar as i64, Ticks::WHOLE * (bar as i64 + 1)),
                chord: chord.parse().unwrap(),
            })
            .collect()
    }

    fn line<'a>(chords: &'a [ChordSpan], key: &str) -> ChordLine<'a> {
        ChordLine {
            repertoire: 0,
            kind: SectionKind::Chorus,
            key: key.parse().unwrap(),
            before: [None; 2],
            chords,
        }
    }

    #[test]
    fn what_was_heard_is_expected_in_any_key() {
        let mut habits = ChordHabits::default();
        let heard = spans("C G Am F C G Am F C G Am F");
        habits.add(&line(&heard, "C"));
        let (likely, rare) = (spans("D A Bm G D A Bm G"), spans("D Eb Bm C# D"));
        let mean = |chords: &[ChordSpan], level| {
            let (sum, count) = habits.log_likelihood(level, &line(chords, "D"));
            sum / count as f64
        };
        assert!(mean(&likely, Level::Section) > mean(&rare, Level::Section) + 2.0);
        assert!(mean(&likely, Level::Trigram) > mean(&likely, Level::Bigram));
        assert!(mean(&likely, Level::Bigram) > mean(&likely, Level::Unigram));
        let uniform = -libm::log(59.0);
        assert!((mean(&rare, Level::Uniform) - uniform).abs() < 1e-9);
        let chord = |name: &str| name.parse::<Chord>().unwrap();
        let key = "D".parse().unwrap();
        let usual = |row: [&str; 4]| {
            let row = row.map(chord);
            habits.usual(0, key, &row).unwrap()
        };
        assert!(usual(["D", "A", "Bm", "G"]) > usual(["D", "F", "Bm", "C"]));
        assert_eq!(habits.usual(0, key, &[chord("D"); 3]), None);
        let after = [Some(chord("D")), Some(chord("A"))];
        let follows = |name| habits.follows(None, &key, after, &chord(name));
        assert!(follows("Bm") > follows("Eb"));
        assert_eq!(follows("A7"), None, "the same triad is no change");
    }

    #[test]
    fn likelihoods_are_shares_of_one() {
        let mut habits = ChordHabits::default();
        let heard = spans("Am F C G Am E Am Dm E7 Am G F E");
        habits.add(&line(&heard, "A minor"));
        let of = line(&[], "A minor");
        for (level, name) in Level::ALL {
            for (a, b) in [
                (Symbol(1), Symbol(35)),
                (Symbol::START, Symbol(1)),
                (Symbol(7), Symbol(9)),
            ] {
                let sum: f64 = (0..Symbol::COUNT)
                    .filter(|c| Symbol(*c) != b)
                    .map(|c| habits.probability(level, &of, (a, b, Symbol(c))))
                    .sum();
                assert!((sum - 1.0).abs() < 1e-9, "{name}: {sum}");
            }
        }
    }

    #[test]
    fn tables_are_text() {
        let mut habits = ChordHabits::default();
        let heard = spans("Am F C G Am E Am");
        habits.add(&line(&heard, "A minor"));
        let text = habits.text();
        assert_eq!(ChordHabits::parse(&text), Ok(habits));
        for bad in [
            "",
            "chords",
            &format!("{text}chart\n"),
            &text.replace(":1", ":x"),
        ] {
            assert!(ChordHabits::parse(bad).is_err(), "{bad}");
        }
    }
}
