//! Reads the music lines of one voice.

use super::bars::{Change, RawBar, RawNote};
use super::fields::{key, metre, tempo, unit};
use super::{DYNAMICS, MARKS, signature};
use crate::flow::{Jump, read_words};
use yuefu_song::Articulation;
use yuefu_theory::{Chord, Key, Metre, Pitch, SpelledPc, Step, Ticks};

/// The longest single note: a hundred whole notes.
const LONGEST: i64 = 100 * 161_280;

/// A voice while its lines are read.
#[derive(Clone, Debug)]
pub(super) struct Voice {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) program: Option<u8>,
    pub(super) percussion: bool,
    pub(super) bars: Vec<RawBar>,
    /// Bar and note indexes of the notes of the last music line, for its words.
    pub(super) line_notes: Vec<(usize, usize)>,
    pub(super) unit: Ticks,
    pub(super) metre: Option<Metre>,
    pub(super) graces: usize,
    key: [i8; 7],
    bar: RawBar,
    now: Ticks,
    accidentals: Vec<(Step, i8, i8)>,
    /// Length factor that a broken rhythm leaves for the next note: numerator, denominator.
    broken: (i64, i64),
    /// What is left of a tuplet: `p` in the time of `q`, for `r` more notes.
    tuplet: (i64, i64, u32),
    velocity: u8,
    articulation: Articulation,
    ending: Option<Vec<u32>>,
    opens: bool,
}

impl Voice {
    pub(super) fn new(id: &str, unit: Ticks, metre: Option<Metre>, key: Key) -> Self {
        Self {
            id: id.to_owned(),
            name: String::new(),
            program: None,
            percussion: false,
            bars: Vec::new(),
            line_notes: Vec::new(),
            unit,
            metre,
            graces: 0,
            key: signature(key.fifths()),
            bar: RawBar::default(),
            now: Ticks::ZERO,
            accidentals: Vec::new(),
            broken: (1, 1),
            tuplet: (1, 1, 0),
            velocity: 80,
            articulation: Articulation::Normal,
            ending: None,
            opens: false,
        }
    }

    fn change(&mut self, change: Change) {
        self.bar.changes.push((self.now, change));
    }

    pub(super) fn mark(&mut self, text: &str) {
        self.change(Change::Mark(text.to_owned()));
    }

    /// A field inside the music or between its lines; `false` if it means nothing here.
    pub(super) fn field(&mut self, name: char, value: &str) -> bool {
        match name {
            'M' => match metre(value) {
                Some(metre) => {
                    self.metre = Some(metre.clone());
                    self.change(Change::Metre(metre));
                    true
                }
                None => value.trim() == "none",
            },
            'K' => {
                let found = key(value);
                if let Some(key) = found {
                    self.key = signature(key.fifths());
                    self.change(Change::Key(key));
                }
                found.is_some()
            }
            'L' => {
                let found = unit(value);
                self.unit = found.unwrap_or(self.unit);
                found.is_some()
            }
            'Q' => {
                let found = tempo(value, self.unit);
                if let Some(bpm) = found {
                    self.change(Change::Tempo(bpm));
                }
                found.is_some()
            }
            'P' => {
                self.mark(value.trim());
                true
            }
            _ => true,
        }
    }

    fn end_bar(&mut self) {
        self.bar.len = self.bar.len.max(self.now);
        self.now = Ticks::ZERO;
        self.accidentals.clear();
        if self.bar.len > Ticks::ZERO || !self.bar.changes.is_empty() {
            self.bar.flow.opens = self.opens;
            self.bar.flow.ending.clone_from(&self.ending);
            self.opens = false;
            self.bars.push(std::mem::take(&mut self.bar));
        }
    }

    /// Ends the voice: the last bar may lack its line.
    pub(super) fn finish(&mut self) {
        self.end_bar();
    }

    /// Reads one line of music; calls `warn` with a column (from 1) for what it leaves out.
    pub(super) fn line(&mut self, text: &str, warn: &mut dyn FnMut(usize, String)) {
        self.line_notes.clear();
        let chars: Vec<char> = text.chars().collect();
        let mut at = 0;
        while at < chars.len() {
            let c = chars[at];
            let next = chars.get(at + 1).copied();
            match c {
                '%' => break,
                '"' => {
                    let end = find(&chars, at + 1, '"');
                    let said: String = chars[at + 1..end].iter().collect();
                    self.quoted(&said);
                    at = end + 1;
                }
                '!' | '+' => {
                    let end = find(&chars, at + 1, c);
                    let said: String = chars[at..(end + 1).min(chars.len())].iter().collect();
                    self.decoration(&said.replace('+', "!"));
                    at = end + 1;
                }
                '{' => {
                    self.graces += 1;
                    at = find(&chars, at + 1, '}') + 1;
                }
                '[' if next.is_some_and(|n| n.is_ascii_alphabetic())
                    && chars.get(at + 2) == Some(&':') =>
                {
                    let end = find(&chars, at + 3, ']');
                    let value: String = chars[at + 3..end].iter().collect();
                    if !self.field(chars[at + 1], &value) {
                        warn(
                            at + 1,
                            format!("left out the field [{}:{value}]", chars[at + 1]),
                        );
                    }
                    at = end + 1;
                }
                '|' | ':' => at = self.barline(&chars, at),
                '[' if next == Some('|') => at = self.barline(&chars, at),
                '[' if next.is_some_and(|n| n.is_ascii_digit()) => {
                    at = self.start_ending(&chars, at + 1);
                }
                '[' => at = self.chord(&chars, at + 1, warn),
                '(' if next.is_some_and(|n| n.is_ascii_digit()) => {
                    at = self.start_tuplet(&chars, at + 1);
                }
                '&' => {
                    self.bar.len = self.bar.len.max(self.now);
                    self.now = Ticks::ZERO;
                    at += 1;
                }
                '>' | '<' => {
                    let mut count = 0;
                    while chars.get(at) == Some(&c) && count < 3 {
                        count += 1;
                        at += 1;
                    }
                    self.break_rhythm(c == '>', count);
                }
                '.' => {
                    self.articulation = Articulation::Staccato;
                    at += 1;
                }
                'T' => {
                    self.articulation = Articulation::Trill;
                    at += 1;
                }
                '^' | '_' | '=' | 'A'..='G' | 'a'..='g' => match self.pitch(&chars, &mut at) {
                    Some(pitch) => {
                        let len = self.length(&chars, &mut at, true);
                        let tied = take(&chars, &mut at, '-');
                        self.note(pitch, len, tied);
                        self.advance(len);
                    }
                    None => {
                        warn(at + 1, "an accidental without a note".into());
                        at += 1;
                    }
                },
                'z' | 'x' => {
                    at += 1;
                    let len = self.length(&chars, &mut at, true);
                    self.advance(len);
                }
                'Z' | 'X' => {
                    at += 1;
                    let count = number(&chars, &mut at).unwrap_or(1).clamp(1, 1000);
                    let bar = self.metre.clone().unwrap_or_else(Metre::common).bar();
                    for i in 0..count {
                        self.advance(bar);
                        if i + 1 < count {
                            self.end_bar();
                        }
                    }
                }
                '-' => {
                    // A tie after spaces belongs to the last note all the same.
                    if let Some(note) = self.bar.notes.last_mut() {
                        note.tied = true;
                    }
                    at += 1;
                }
                'S' => {
                    self.bar.flow.segno = true;
                    at += 1;
                }
                'O' => {
                    self.bar.coda_sign = true;
                    at += 1;
                }
                ' ' | '\t' | '\\' | '`' | '(' | ')' | '~' | 'H' | 'L' | 'M' | 'P' | 'u' | 'v'
                | 'y' | '$' | '*' => at += 1,
                other => {
                    warn(at + 1, format!("left out \"{other}\""));
                    at += 1;
                }
            }
        }
    }

    fn quoted(&mut self, said: &str) {
        let annotation = said.strip_prefix(['^', '_', '<', '>', '@']);
        if let Some(text) = annotation {
            let names = yuefu_song::SectionKind::ALL;
            if names
                .iter()
                .any(|(_, _, en, zh)| *en == text || *zh == text)
            {
                self.mark(text);
            } else {
                read_words(
                    text.trim_start_matches(|c: char| !c.is_alphabetic()),
                    &mut self.bar.flow,
                );
            }
        } else if let Ok(chord) = said.trim().parse::<Chord>() {
            self.change(Change::Chord(Some(chord)));
        } else if matches!(said.trim(), "N.C." | "NC" | "N.C") {
            self.change(Change::Chord(None));
        } else {
            read_words(said, &mut self.bar.flow);
        }
    }

    fn decoration(&mut self, said: &str) {
        let name = said.trim_matches('!');
        if let Some((_, v)) = DYNAMICS.iter().find(|(n, _)| *n == name) {
            self.velocity = *v;
        } else if let Some((articulation, _)) = MARKS.iter().find(|(_, m)| *m == said) {
            self.articulation = *articulation;
        } else if matches!(name, ">" | "emphasis") {
            self.articulation = Articulation::Accent;
        } else {
            let flow = &mut self.bar.flow;
            match name {
                "segno" => flow.segno = true,
                "coda" => self.bar.coda_sign = true,
                "dacoda" => flow.to_coda = true,
                "fine" => flow.fine = true,
                "dacapo" => flow.jump = Some(Jump::Capo),
                _ if name.starts_with("D.C.") => flow.jump = Some(Jump::Capo),
                _ if name.starts_with("D.S.") => flow.jump = Some(Jump::Segno),
                _ => {}
            }
        }
    }

    /// A barline of any kind: `|`, `||`, `|]`, `[|`, `|:`, `:|`, `::`, `:||:`, `|1`.
    fn barline(&mut self, chars: &[char], mut at: usize) -> usize {
        let start = at;
        while at < chars.len() && matches!(chars[at], '|' | ':' | '[' | ']') {
            // `[` opens a chord, a field or an ending unless a bar follows it.
            if chars[at] == '[' && chars.get(at + 1) != Some(&'|') {
                break;
            }
            at += 1;
        }
        let line: String = chars[start..at].iter().collect();
        let before = line.chars().take_while(|c| *c == ':').count() as u32;
        let after = line.chars().rev().take_while(|c| *c == ':').count() as u32;
        let both = line.chars().all(|c| c == ':');
        let (ends, opens) = match (both, before, after) {
            (true, n, _) => (n / 2, n >= 2),
            (_, b, a) => (b, a > 0),
        };
        let strong = ends > 0 || opens || line.contains("||") || line.contains(']');
        self.end_bar();
        if let Some(last) = self.bars.last_mut() {
            if ends > 0 {
                last.flow.times = ends.min(15) + 1;
            }
            last.flow.closes |= strong;
        }
        if strong {
            self.ending = None;
        }
        self.opens |= opens;
        if chars.get(at).is_some_and(char::is_ascii_digit) {
            at = self.start_ending(chars, at);
        }
        at
    }

    /// The numbers of an ending, such as `1`, `1,3` or `1-3`.
    fn start_ending(&mut self, chars: &[char], mut at: usize) -> usize {
        let mut passes = Vec::new();
        while let Some(first) = number(chars, &mut at) {
            let last = if take(chars, &mut at, '-') {
                number(chars, &mut at).unwrap_or(first)
            } else {
                first
            };
            passes.extend((first..=last.min(first + 16)).map(|n| n.min(99) as u32));
            if !take(chars, &mut at, ',') || passes.len() > 16 {
                break;
            }
        }
        self.ending = Some(passes);
        at
    }

    fn start_tuplet(&mut self, chars: &[char], mut at: usize) -> usize {
        let p = number(chars, &mut at).unwrap_or(3).clamp(1, 64);
        let mut q = None;
        let mut r = None;
        if take(chars, &mut at, ':') {
            q = number(chars, &mut at);
            if take(chars, &mut at, ':') {
                r = number(chars, &mut at);
            }
        }
        let compound = self.metre.as_ref().is_some_and(Metre::is_compound);
        let q = q.unwrap_or(match p {
            2 | 4 | 8 => 3,
            3 | 6 => 2,
            _ if compound => 3,
            _ => 2,
        });
        self.tuplet = (p, q.clamp(1, 64), r.unwrap_or(p).clamp(1, 64) as u32);
        at
    }

    /// `a>b`: the note before gets longer, the next shorter (and the other way round).
    fn break_rhythm(&mut self, longer_first: bool, count: u32) {
        let den = 1_i64 << count;
        let (first, second) = if longer_first {
            (2 * den - 1, 1)
        } else {
            (1, 2 * den - 1)
        };
        // All notes that ended just now: one, or a chord.
        let now = self.now;
        let mut change = Ticks::ZERO;
        for note in self.bar.notes.iter_mut().rev().take(16) {
            if note.at + note.len == now {
                let len = Ticks(note.len.0 * first / den);
                change = len - note.len;
                note.len = len;
            }
        }
        self.now += change;
        self.broken = (second, den);
    }

    fn pitch(&mut self, chars: &[char], at: &mut usize) -> Option<Pitch> {
        let mut alter: Option<i8> = None;
        while let Some(c @ ('^' | '_' | '=')) = chars.get(*at) {
            let by = match c {
                '^' => 1,
                '_' => -1,
                _ => 0,
            };
            alter = Some((alter.unwrap_or(0) + by).clamp(-2, 2));
            *at += 1;
        }
        let letter = *chars.get(*at)?;
        let step = Step::from_letter(letter).filter(|_| letter.is_ascii_alphabetic())?;
        *at += 1;
        let mut octave = if letter.is_ascii_lowercase() { 5 } else { 4 };
        while let Some(c @ ('\'' | ',')) = chars.get(*at) {
            octave = (octave + if *c == ',' { -1 } else { 1 }).clamp(-1, 9);
            *at += 1;
        }
        let alter = match alter {
            Some(alter) => {
                self.accidentals.retain(|a| (a.0, a.1) != (step, octave));
                self.accidentals.push((step, octave, alter));
                alter
            }
            None => self
                .accidentals
                .iter()
                .find(|a| (a.0, a.1) == (step, octave))
                .map_or(self.key[step as usize], |a| a.2),
        };
        Some(Pitch {
            name: SpelledPc::new(step, alter),
            octave,
        })
    }

    /// A length after a note, times the unit; with tuplet and broken rhythm where `shaped`.
    fn length(&mut self, chars: &[char], at: &mut usize, shaped: bool) -> Ticks {
        let num = number(chars, at).unwrap_or(1).clamp(1, 10_000);
        let mut den = 1_i64;
        while take(chars, at, '/') {
            den *= number(chars, at).unwrap_or(2).clamp(1, 10_000);
            if den > 10_000 {
                break;
            }
        }
        let mut len = self.unit.0 * num / den;
        if shaped {
            len = self.shape(len);
        }
        Ticks(len.clamp(1, LONGEST))
    }

    fn shape(&mut self, len: i64) -> i64 {
        let mut len = len;
        if self.tuplet.2 > 0 {
            len = len * self.tuplet.1 / self.tuplet.0;
            self.tuplet.2 -= 1;
        }
        let (num, den) = std::mem::replace(&mut self.broken, (1, 1));
        len * num / den
    }

    fn note(&mut self, pitch: Pitch, len: Ticks, tied: bool) {
        if !(0..=127).contains(&pitch.midi()) {
            return;
        }
        self.line_notes
            .push((self.bars.len(), self.bar.notes.len()));
        self.bar.notes.push(RawNote {
            at: self.now,
            len,
            pitch,
            velocity: self.velocity,
            articulation: self.articulation,
            tied,
            word: None,
        });
    }

    fn advance(&mut self, len: Ticks) {
        self.now += len;
        self.articulation = Articulation::Normal;
    }

    fn chord(
        &mut self,
        chars: &[char],
        mut at: usize,
        warn: &mut dyn FnMut(usize, String),
    ) -> usize {
        let mut heads: Vec<(Pitch, i64, bool)> = Vec::new();
        while at < chars.len() && chars[at] != ']' {
            match chars[at] {
                '^' | '_' | '=' | 'A'..='G' | 'a'..='g' => match self.pitch(chars, &mut at) {
                    Some(pitch) => {
                        let len = self.length(chars, &mut at, false);
                        let tied = take(chars, &mut at, '-');
                        heads.push((pitch, len.0, tied));
                    }
                    None => at += 1,
                },
                '!' | '+' | '"' => at = find(chars, at + 1, chars[at]) + 1,
                ' ' | '.' | '(' | ')' | 'u' | 'v' | 'T' | '~' => at += 1,
                other => {
                    warn(at + 1, format!("left out \"{other}\" in a chord"));
                    at += 1;
                }
            }
        }
        at += 1;
        // The length after the bracket multiplies those inside; the first note's moves time on.
        let unit = std::mem::replace(&mut self.unit, Ticks(40_320));
        let factor = self.length(chars, &mut at, false).0;
        self.unit = unit;
        let all_tied = take(chars, &mut at, '-');
        let Some(first) = heads.first().map(|h| h.1) else {
            return at;
        };
        let scale = |len: i64| (len as i128 * i128::from(factor) / 40_320) as i64;
        let time = self.shape(scale(first)).clamp(1, LONGEST);
        for (index, (pitch, len, tied)) in heads.into_iter().enumerate() {
            let len = (i128::from(len) * i128::from(time) / i128::from(first.max(1))) as i64;
            self.note(pitch, Ticks(len.clamp(1, LONGEST)), tied || all_tied);
            // Words go to chords, not to each of their notes.
            if index > 0 {
                self.line_notes.pop();
            }
        }
        self.advance(Ticks(time));
        at
    }

    /// Puts a line of words under the last music line.
    pub(super) fn words(&mut self, text: &str) {
        let mut places = std::mem::take(&mut self.line_notes).into_iter().peekable();
        let mut word = String::new();
        let mut chars = text.chars().peekable();
        let bars = &mut self.bars;
        let bar = &mut self.bar;
        let mut put = |places: &mut std::iter::Peekable<std::vec::IntoIter<(usize, usize)>>,
                       word: &mut String,
                       continues: bool| {
            if word.is_empty() {
                return;
            }
            let said = std::mem::take(word);
            if let Some((b, n)) = places.next() {
                let home = if b < bars.len() {
                    &mut bars[b]
                } else {
                    &mut *bar
                };
                if let Some(note) = home.notes.get_mut(n) {
                    note.word = Some((said, continues));
                }
            }
        };
        while let Some(c) = chars.next() {
            match c {
                '%' => break,
                ' ' | '\t' => put(&mut places, &mut word, false),
                '-' if word.is_empty() => {
                    // A second hyphen holds the syllable over another note.
                    places.next();
                }
                '-' => put(&mut places, &mut word, true),
                '_' | '*' => {
                    put(&mut places, &mut word, false);
                    places.next();
                }
                '|' => {
                    put(&mut places, &mut word, false);
                    if let Some(here) = places.peek().map(|p| p.0) {
                        while places.peek().is_some_and(|p| p.0 == here) {
                            places.next();
                        }
                    }
                }
                '~' => word.push(' '),
                '\\' => word.push(chars.next().unwrap_or(' ')),
                c => word.push(c),
            }
        }
        put(&mut places, &mut word, false);
    }
}

fn find(chars: &[char], from: usize, what: char) -> usize {
    let from = from.min(chars.len());
    let found = chars[from..].iter().position(|c| *c == what);
    found.map_or(chars.len(), |i| from + i)
}

fn take(chars: &[char], at: &mut usize, what: char) -> bool {
    let yes = chars.get(*at) == Some(&what);
    *at += usize::from(yes);
    yes
}

fn number(chars: &[char], at: &mut usize) -> Option<i64> {
    let start = *at;
    let mut value = 0_i64;
    while let Some(digit) = chars.get(*at).and_then(|c| c.to_digit(10)) {
        value = (value * 10 + i64::from(digit)).min(1_000_000);
        *at += 1;
    }
    (*at > start).then_some(value)
}
