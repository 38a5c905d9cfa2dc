//! McGill Billboard (Burgoyne, Wild and Fujinaga, ISMIR 2011; CC0): chords bar by bar, sections,
//! metre and tonic of chart songs, as text (`salami_chords.txt`).

use crate::{
    clean::{Refusal, name_hash},
    complete::number,
    harte::harte_chord,
    labels::section_kind,
    piece::{Piece, Source, Stated},
    sources::Entry,
};
use std::collections::BTreeMap;
use yuefu_song::{ChordSpan, Score, Section, SectionKind};
use yuefu_theory::{Chord, Key, Metre, MetreChange, Mode, SpelledPc, TickSpan, Ticks, Timeline};

/// Longest song in bars.
const MOST_BARS: usize = 4000;

/// Songs by their number.
pub(crate) fn songs(entries: &[Entry]) -> BTreeMap<String, &Entry> {
    entries
        .iter()
        .filter(|entry| entry.file_name() == "salami_chords.txt")
        .map(|entry| {
            let folder = entry.folder();
            let name = folder.rsplit('/').next().unwrap_or(folder);
            (name.to_owned(), entry)
        })
        .collect()
}

/// Reads one song.
pub(crate) fn read(name: &str, entry: &Entry) -> Result<Piece, Refusal> {
    let text = entry.text().map_err(|_| Refusal::Unreadable)?;
    piece(name, &text).ok_or(Refusal::Unreadable)
}

/// A group that songs of the same title and artist share, whatever collection lists them.
pub(crate) fn title_group(title: &str, artist: &str) -> u64 {
    let plain = |text: &str| -> String {
        let text = text.split(['(', '[']).next().unwrap_or(text);
        let lower = text.to_lowercase();
        let lower = lower.strip_prefix("the ").unwrap_or(&lower);
        lower
            .chars()
            .filter(|sign| sign.is_alphanumeric())
            .collect()
    };
    name_hash(&format!("{}\n{}", plain(title), plain(artist))).max(1)
}

/// What is read so far.
struct Reading {
    metre: Metre,
    tonic: SpelledPc,
    at: Ticks,
    metres: Vec<MetreChange>,
    chords: Vec<ChordSpan>,
    last: Option<Chord>,
    /// Starts of sections, with the tonic there.
    sections: Vec<(Ticks, SectionKind, SpelledPc)>,
    letters: BTreeMap<String, SectionKind>,
    bars: usize,
    /// Seconds and position of each line with bars.
    lines: Vec<(f64, Ticks)>,
}

fn piece(name: &str, text: &str) -> Option<Piece> {
    let mut reading = Reading {
        metre: Metre::common(),
        tonic: "C".parse().ok()?,
        at: Ticks::ZERO,
        metres: Vec::new(),
        chords: Vec::new(),
        last: None,
        sections: Vec::new(),
        letters: BTreeMap::new(),
        bars: 0,
        lines: Vec::new(),
    };
    let (mut title, mut artist) = ("", "");
    for line in text.lines() {
        if let Some(head) = line.strip_prefix('#') {
            let (field, value) = head.split_once(':')?;
            match field.trim() {
                "title" => title = value.trim(),
                "artist" => artist = value.trim(),
                "metre" => reading.metre = value.trim().parse().ok()?,
                "tonic" => reading.turn(value.trim().parse().ok()?),
                _ => {}
            }
        } else if let Some((seconds, content)) = line.split_once('\t') {
            reading.line(seconds.trim().parse().ok()?, content);
        }
    }
    reading.finish(name, title, artist)
}

impl Reading {
    /// The tonic changes; within a section, the section is divided.
    fn turn(&mut self, tonic: SpelledPc) {
        if tonic != self.tonic
            && let Some((at, kind, _)) = self.sections.last().copied()
            && at < self.at
        {
            self.sections.push((self.at, kind, tonic));
        }
        self.tonic = tonic;
    }

    fn line(&mut self, seconds: f64, content: &str) {
        let (head, bars) = match content.find('|') {
            Some(at) => content.split_at(at),
            None => (content, ""),
        };
        self.label(head);
        if bars.is_empty() || self.bars >= MOST_BARS {
            return;
        }
        if self.sections.is_empty() {
            self.sections.push((self.at, SectionKind::Part, self.tonic));
        }
        self.lines.push((seconds, self.at));
        let (bars, tail) = bars.split_at(bars.rfind('|').unwrap_or(0));
        let cells: Vec<&str> = bars
            .split('|')
            .map(str::trim)
            .filter(|b| !b.is_empty())
            .collect();
        let times = tail
            .trim_start_matches('|')
            .trim()
            .strip_prefix('x')
            .and_then(|rest| {
                let digits = rest
                    .find(|c: char| !c.is_ascii_digit())
                    .unwrap_or(rest.len());
                rest[..digits].parse::<usize>().ok()
            })
            .unwrap_or(1)
            .clamp(1, 64);
        for _ in 0..times {
            for cell in &cells {
                self.bar(cell);
            }
        }
    }

    /// Letters and functions before the bars: `B', verse,`.
    fn label(&mut self, head: &str) {
        let mut letter = None;
        let mut kind = None;
        for word in head
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
        {
            if word.trim_end_matches('\'').len() == 1
                && word.starts_with(|c: char| c.is_ascii_uppercase())
            {
                letter = Some(word.trim_end_matches('\'').to_owned());
            } else if kind.is_none() {
                kind = section_kind(word);
            }
        }
        if letter.is_none() && kind.is_none() {
            return;
        }
        // A letter alone repeats what the letter did before.
        let known = letter.as_ref().and_then(|l| self.letters.get(l)).copied();
        let kind = kind.or(known).unwrap_or(SectionKind::Part);
        if let Some(letter) = letter {
            self.letters.insert(letter, kind);
        }
        match self.sections.last_mut() {
            Some(last) if last.0 == self.at => last.1 = kind,
            _ => self.sections.push((self.at, kind, self.tonic)),
        }
    }

    fn bar(&mut self, cell: &str) {
        if self.bars >= MOST_BARS {
            return;
        }
        self.bars += 1;
        let mut tokens: Vec<&str> = cell.split_whitespace().collect();
        let mut metre = self.metre.clone();
        if let Some(other) = tokens.first().and_then(|t| t.strip_prefix('(')) {
            if let Ok(other) = other.trim_end_matches(')').parse() {
                metre = other;
            }
            tokens.remove(0);
        }
        if self.metres.last().is_none_or(|last| last.metre != metre) {
            self.metres.push(MetreChange {
                at: self.at,
                metre: metre.clone(),
            });
        }
        let bar = metre.bar();
        // One sign fills the bar; as many as beats are one each; others share it evenly.
        let count = tokens.len().max(1) as i64;
        let beats = metre.beat_offsets();
        for (index, token) in tokens.iter().enumerate() {
            let place = |index: usize| -> Ticks {
                if bar.0 % count == 0 {
                    bar * index as i64 / count
                } else {
                    beats.get(index).copied().unwrap_or(bar)
                }
            };
            let until = if index + 1 == tokens.len() {
                bar
            } else {
                place(index + 1)
            };
            let span = TickSpan::new(self.at + place(index), self.at + until);
            if *token != "." {
                // Complicated bars (`*`) and rests (`&pause`) have no chord.
                self.last = harte_chord(token);
            }
            if let Some(chord) = self.last.filter(|_| !span.is_empty()) {
                match self.chords.last_mut() {
                    Some(last) if last.chord == chord && last.span.end == span.start => {
                        last.span.end = span.end;
                    }
                    _ => self.chords.push(ChordSpan { span, chord }),
                }
            }
        }
        self.at += bar;
    }

    fn finish(self, name: &str, title: &str, artist: &str) -> Option<Piece> {
        if self.metres.is_empty() {
            return None;
        }
        let bpm = tempo(&self.lines);
        let mut timeline = Timeline::steady(bpm.unwrap_or(120.0), self.metre);
        timeline.metres = self.metres;
        let chords = self.chords;
        let end = self.at;
        let mut sections: Vec<Section> = self
            .sections
            .iter()
            .enumerate()
            .map(|(index, (at, kind, tonic))| {
                let until = self.sections.get(index + 1).map_or(end, |next| next.0);
                Section {
                    id: String::new(),
                    kind: *kind,
                    span: TickSpan::new(*at, until),
                    key: Key::new(*tonic, mode(&chords, *tonic)),
                    energy: 0.5,
                }
            })
            .filter(|section| !section.span.is_empty())
            .collect();
        number(&mut sections);
        let score = Score {
            timeline,
            sections,
            chords,
            tracks: Vec::new(),
        };
        let mut piece = Piece::new(Source::Billboard, name, score);
        piece.group = title_group(title, artist);
        piece.stated = Stated {
            chords: true,
            key: true,
            metre: true,
            tempo: bpm.is_some(),
            sections: true,
            melody: false,
        };
        Some(piece)
    }
}

/// Quarter notes a minute: the middle value over lines.
fn tempo(lines: &[(f64, Ticks)]) -> Option<f64> {
    let mut tempi: Vec<f64> = lines
        .windows(2)
        .filter(|pair| pair[1].0 > pair[0].0)
        .map(|pair| 60.0 * (pair[1].1 - pair[0].1).as_quarters() / (pair[1].0 - pair[0].0))
        .filter(|bpm| (20.0..=400.0).contains(bpm))
        .collect();
    tempi.sort_by(f64::total_cmp);
    let middle = tempi.get(tempi.len() / 2)?;
    Some((middle * 10.0).round() / 10.0)
}

/// Major or minor by the chords on the tonic: the annotation states the tonic alone.
fn mode(chords: &[ChordSpan], tonic: SpelledPc) -> Mode {
    let mut balance = 0;
    for chord in chords
        .iter()
        .filter(|chord| chord.chord.root.pc() == tonic.pc())
    {
        let length = chord.span.len().0;
        match chord.chord.third() {
            Some(3) => balance -= length,
            Some(4) => balance += length,
            _ => {}
        }
    }
    if balance < 0 {
        Mode::Minor
    } else {
        Mode::Major
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_song_is_bars_and_sections() {
        let text = "# title: A Song\n# artist: The One\n# metre: 4/4\n# tonic: A\n\n\
            0.0\tsilence\n\
            1.0\tA, intro, | A:min | D:min A:min |, (guitar\n\
            5.0\tB, verse, | A:min . . E:7 | (2/4) E:7 | x2\n\
            11.0\t| F:maj | * |, guitar)\n\
            # tonic: C\n\
            15.0\tB, | C:maj | N |\n\
            19.0\tend\n";
        let piece = piece("1", text).unwrap();
        let chords: Vec<String> = piece
            .score
            .chords
            .iter()
            .map(|c| format!("{} {}", c.span.start.as_quarters(), c.chord))
            .collect();
        assert_eq!(
            chords,
            [
                "0 Am", "4 Dm", "6 Am", "11 E7", "14 Am", "17 E7", "20 F", "28 C"
            ]
        );
        let sections: Vec<String> = piece
            .score
            .sections
            .iter()
            .map(|s| format!("{} {} {}", s.id, s.span.start.as_quarters(), s.key))
            .collect();
        assert_eq!(
            sections,
            [
                "intro-1 0 A minor",
                "verse-1 8 A minor",
                "verse-2 28 C major"
            ]
        );
        assert_eq!(piece.score.timeline.metres.len(), 5);
        assert_eq!(piece.group, title_group("A song (Live)", "One"));
    }
}
