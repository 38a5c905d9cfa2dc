//! Words laid under a tune that is there: which line goes under which phrase, where it does not
//! fit, and what would.

mod advice;

use crate::import::Remark;
use yuefu_arrange::{Clock, Fitted, Given, Misfit, Weighed, fit, weigh};
use yuefu_lyrics::languages;
use yuefu_song::{
    Lyric, LyricLine, Note, Song,
    lyrics::{LyricSyllable, Rest},
};
use yuefu_theory::{Pitch, Ticks};

/// A line of the text with its number there.
struct Line {
    number: usize,
    line: LyricLine,
}

/// Words for one phrase: of one line, of several, or of a part of one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    /// Number of the (first) line in the text, from 1.
    pub number: usize,
    /// The text of that line, in which columns are counted.
    pub text: String,
    /// What is sung.
    pub syllables: Vec<LyricSyllable>,
}

/// Lays a text under the phrases of a track: a line for each, or where their numbers differ, lines
/// together or cut at commas, as they fit best. Every syllable is sung; what suffers is said, with
/// what would fit.
pub(crate) fn lay(song: &mut Song, track: usize, text: &str, remarks: &mut Vec<Remark>) {
    let lines = lines_of(text, remarks);
    let timeline = song.score.timeline.clone();
    let phrases = &mut song.score.tracks[track].phrases;
    let sung: Vec<usize> = (0..phrases.len())
        .filter(|index| !phrases[*index].notes.is_empty())
        .collect();
    let room: Vec<usize> = sung.iter().map(|i| phrases[*i].notes.len()).collect();
    let shares = share_out(&lines, &room, remarks);
    let mut fits: Vec<advice::Fit> = Vec::new();
    for (index, words) in sung.into_iter().zip(shares) {
        let phrase = &mut phrases[index];
        for note in &mut phrase.notes {
            note.lyric = None;
        }
        if words.syllables.is_empty() {
            continue;
        }
        let start = phrase.span.start;
        let lyrics: Vec<Lyric> = words.syllables.iter().map(Lyric::from).collect();
        let weighed = weigh(&lyrics);
        // An anacrusis before the song counts in its first bar.
        let home = start.max(Ticks::ZERO);
        let (_, into) = timeline.bar_of(home);
        let clock = Clock {
            metre: timeline.metre(start),
            bar: home - into,
            bpm: timeline.bpm(start),
        };
        let tune = tune_of(&phrase.notes, start);
        let notes = tune.len();
        let fitted = fit(&weighed, &tune, clock);
        let misfits = match fitted {
            Some((fitted, _, misfits)) => {
                phrase.notes = written(&fitted, &phrase.notes, start, &lyrics);
                misfits
            }
            None => {
                // Far too many: as many as can be, each in its place.
                let all = crowd(&weighed, &tune);
                phrase.notes = written(&all, &phrase.notes, start, &lyrics);
                (notes..lyrics.len())
                    .map(|syllable| Misfit::Split { syllable })
                    .collect()
            }
        };
        fits.push(advice::Fit {
            words,
            weighed,
            notes,
            misfits,
        });
    }
    remarks.extend(advice::advice(&fits));
}

/// The lines of a text that can be sung, repetitions written out.
fn lines_of(text: &str, remarks: &mut Vec<Remark>) -> Vec<Line> {
    let parsed = yuefu_lyrics::read(text, languages());
    let told = parsed.notes.iter();
    remarks.extend(told.map(|note| {
        Remark::new(
            format!(
                "line {}, column {}: {}",
                note.line,
                note.column,
                note.text(false)
            ),
            format!(
                "第 {} 行第 {} 字：{}",
                note.line,
                note.column,
                note.text(true)
            ),
        )
    }));
    let mut number = 0;
    let mut out = Vec::new();
    for line in parsed.sheet.lines {
        number += line.before.len() + 1;
        if line.syllables.is_empty() {
            continue;
        }
        for _ in 0..line.repeats.max(1) {
            let line = line.clone();
            out.push(Line { number, line });
        }
    }
    out
}

/// The top notes of a phrase, one at a time.
fn tune_of(notes: &[Note], start: Ticks) -> Vec<Given> {
    let mut tune: Vec<Given> = Vec::new();
    for note in notes {
        let given = Given {
            at: start + note.at,
            len: note.len,
            key: note.pitch.midi(),
        };
        match tune.last_mut() {
            Some(last) if last.at == given.at => {
                if given.key > last.key {
                    *last = given;
                }
            }
            _ => tune.push(given),
        }
    }
    tune
}

/// Fitted notes as notes of the phrase, played as those that they come from.
fn written(fitted: &[Fitted], old: &[Note], start: Ticks, lyrics: &[Lyric]) -> Vec<Note> {
    fitted
        .iter()
        .map(|fitted| {
            let at = fitted.at - start;
            let source = old.iter().rev().find(|n| n.at <= at).or(old.first());
            let mut note = source
                .cloned()
                .unwrap_or_else(|| Note::new(at, fitted.len, Pitch::from_midi(fitted.key), 80));
            if note.pitch.midi() != fitted.key {
                note.pitch = Pitch::from_midi(fitted.key);
            }
            note.at = at;
            note.len = fitted.len;
            note.lyric = fitted.syllable.map(|s| Box::new(lyrics[s].clone()));
            note
        })
        .collect()
}

/// Every syllable somewhere: the time of the tune shared out evenly among them.
fn crowd(weighed: &[Weighed], tune: &[Given]) -> Vec<Fitted> {
    let count = weighed.len();
    let mut out = Vec::with_capacity(count);
    for (index, note) in tune.iter().enumerate() {
        let from = index * count / tune.len();
        let to = (index + 1) * count / tune.len();
        let own = (to - from).max(1) as i64;
        for syllable in from..to {
            let nth = (syllable - from) as i64;
            let at = Ticks(note.len.0 * nth / own);
            let end = Ticks(note.len.0 * (nth + 1) / own);
            out.push(Fitted {
                at: note.at + at,
                len: (end - at).max(Ticks(1)),
                key: note.key,
                syllable: Some(syllable),
            });
        }
    }
    out
}

/// What it costs to sing so many syllables on so many notes: dearer to divide than to draw.
fn strain(syllables: usize, notes: usize) -> f64 {
    let (s, n) = (syllables as f64, notes.max(1) as f64);
    match syllables {
        // A phrase that is hummed.
        0 => 1.2,
        _ if s > n => 1.6 * (s - n) / n.max(3.0),
        _ => 0.7 * (n - s) / s.max(3.0),
    }
}

/// Which words go under which phrase: pieces stay in order, and each phrase has some in a row.
fn share_out(lines: &[Line], room: &[usize], remarks: &mut Vec<Remark>) -> Vec<Words> {
    let whole: Vec<Words> = lines
        .iter()
        .map(|line| Words::of(line, 0, usize::MAX))
        .collect();
    if lines.len() == room.len() {
        return whole;
    }
    let pieces = if lines.len() > room.len() {
        whole
    } else {
        lines.iter().flat_map(Words::cut).collect()
    };
    if lines.is_empty() || room.is_empty() {
        return Vec::new();
    }
    let shares = group(&pieces, room);
    let (l, p) = (lines.len(), room.len());
    let hummed = shares.iter().filter(|s| s.syllables.is_empty()).count();
    remarks.push(if lines.len() > room.len() {
        Remark::new(
            format!("{l} lines for {p} phrases: some phrases have more than one line"),
            format!("{l} 行歌词对 {p} 个乐句：有的乐句放了不止一行"),
        )
    } else if hummed == 0 {
        Remark::new(
            format!("{l} lines for {p} phrases: lines are cut where they breathe"),
            format!("{l} 行歌词对 {p} 个乐句：歌词在换气处分开"),
        )
    } else {
        Remark::new(
            format!("{l} lines for {p} phrases: {hummed} phrases have no words and are hummed"),
            format!("{l} 行歌词对 {p} 个乐句：有 {hummed} 个乐句没有词，改为哼唱"),
        )
    });
    shares
}

/// Pieces in groups under phrases, by dynamic programming; phrases at the end may stay empty.
fn group(pieces: &[Words], room: &[usize]) -> Vec<Words> {
    let (n, m) = (pieces.len(), room.len());
    let mut sums = vec![0; n + 1];
    for (index, piece) in pieces.iter().enumerate() {
        sums[index + 1] = sums[index] + piece.syllables.len();
    }
    let width = n + 1;
    let mut best = vec![f64::MAX; (m + 1) * width];
    let mut back = vec![0; (m + 1) * width];
    best[0] = 0.0;
    for phrase in 0..m {
        for from in 0..=n {
            let here = best[phrase * width + from];
            if here == f64::MAX {
                continue;
            }
            for to in from..=n {
                let syllables = sums[to] - sums[from];
                // Nobody hums in the middle of the words.
                let early = if to == from && from < n { 0.6 } else { 0.0 };
                let cost = here + strain(syllables, room[phrase]) + early;
                let slot = (phrase + 1) * width + to;
                if cost < best[slot] {
                    best[slot] = cost;
                    back[slot] = from;
                }
                if syllables > room[phrase] * 6 {
                    break;
                }
            }
        }
    }
    let mut out = vec![Words::default(); m];
    let mut to = n;
    // Far more words than notes: the last phrase has what is left.
    if best[m * width + n] == f64::MAX {
        let each = n.div_ceil(m).max(1);
        for (index, piece) in pieces.iter().enumerate() {
            out[(index / each).min(m - 1)].push(piece);
        }
        return out;
    }
    for phrase in (0..m).rev() {
        let from = back[(phrase + 1) * width + to];
        for piece in &pieces[from..to] {
            out[phrase].push(piece);
        }
        to = from;
    }
    out
}

impl Words {
    /// Some syllables of a line.
    fn of(line: &Line, from: usize, to: usize) -> Self {
        let all = &line.line.syllables;
        Self {
            number: line.number,
            text: line.line.text.clone(),
            syllables: all[from.min(all.len())..to.min(all.len())].to_vec(),
        }
    }

    /// A line cut where it breathes.
    fn cut(line: &Line) -> Vec<Self> {
        let all = &line.line.syllables;
        let mut out = Vec::new();
        let mut from = 0;
        for (index, syllable) in all.iter().enumerate() {
            if syllable.rest != Rest::None || index + 1 == all.len() {
                out.push(Self::of(line, from, index + 1));
                from = index + 1;
            }
        }
        out
    }

    fn push(&mut self, other: &Self) {
        if self.syllables.is_empty() {
            *self = other.clone();
        } else {
            if let Some(last) = self.syllables.last_mut() {
                last.rest = last.rest.max(Rest::Breath);
            }
            self.syllables.extend(other.syllables.iter().cloned());
        }
    }

    /// The column in its line at which a syllable stands, from 1.
    pub fn column(&self, syllable: usize) -> usize {
        let at = self.syllables.get(syllable).map_or(0, |s| s.span.0);
        let before = self.text.get(..at).unwrap_or_default();
        before.chars().count() + 1
    }
}
