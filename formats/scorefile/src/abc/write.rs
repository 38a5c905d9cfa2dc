//! Score to ABC.

use super::{DYNAMICS, MARKS, named, signature};
use crate::model::{Placed, ScoreFile, key_changes, placed, program};
use crate::notation::{Atom, Bar, lay_out};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use yuefu_song::{Articulation, Catalog, SectionKind};
use yuefu_theory::{Key, Pitch, Ticks};

/// Bars on one line.
const BARS: usize = 4;

/// Writes one tune: a voice for each track (second voices as overlays), chord symbols and section
/// names over the first, words under the notes, tuplets, ties, `%%MIDI` programs. Notes off the
/// notation grid are moved to it; notes before the score's zero move everything by whole bars.
pub fn write_abc(file: &ScoreFile, catalog: &Catalog) -> String {
    let score = &file.score;
    let parts: Vec<Vec<Placed>> = score.tracks.iter().map(placed).collect();
    let bar = score.timeline.metres[0].metre.bar();
    let first = parts
        .iter()
        .flatten()
        .map(|n| n.at)
        .min()
        .unwrap_or_default();
    let shift = if first < Ticks::ZERO {
        bar * ((-first.0 + bar.0 - 1) / bar.0)
    } else {
        Ticks::ZERO
    };
    let moved = |at: Ticks| {
        if at <= Ticks::ZERO {
            Ticks::ZERO
        } else {
            at + shift
        }
    };
    let mut line = score.timeline.clone();
    for change in &mut line.metres {
        change.at = moved(change.at);
    }
    for point in &mut line.tempo {
        point.at = moved(point.at);
    }
    let last = parts
        .iter()
        .flatten()
        .map(Placed::end)
        .max()
        .unwrap_or_default();
    let (bars, into) = line.bar_of(score.end().max(last) + shift);
    let end = line
        .bar_start(bars + i64::from(into > Ticks::ZERO))
        .max(bar);
    let keys: Vec<(Ticks, Key)> = key_changes(score)
        .into_iter()
        .map(|(at, key)| (moved(at), named(&key)))
        .collect();
    let mut out = String::from("%abc-2.1\nX:1\n");
    let one_line = |text: &str| text.replace(['\n', '\r', '%'], " ");
    let title = if file.title.is_empty() {
        "Untitled"
    } else {
        &file.title
    };
    let _ = writeln!(out, "T:{}", one_line(title));
    if !file.composer.is_empty() {
        let _ = writeln!(out, "C:{}", one_line(&file.composer));
    }
    let _ = writeln!(out, "M:{}", line.metres[0].metre);
    out.push_str("L:1/8\n");
    let _ = writeln!(out, "Q:1/4={}", decimal(line.tempo[0].bpm));
    for (index, notes) in parts.iter().enumerate() {
        let track = &score.tracks[index];
        let sum: i64 = notes.iter().map(|n| i64::from(n.note.key())).sum();
        let clef = match sum / (notes.len() as i64).max(1) {
            _ if track.role.is_percussion() => "perc",
            0..57 => "bass",
            _ => "treble",
        };
        let name = one_line(&file.name(index, catalog)).replace('"', "'");
        let _ = writeln!(out, "V:{} name=\"{name}\" clef={clef}", index + 1);
    }
    let _ = writeln!(out, "K:{}", key_name(&keys[0].1));
    for (index, notes) in parts.into_iter().enumerate() {
        let notes: Vec<Placed> = notes
            .into_iter()
            .map(|mut n| {
                n.at += shift;
                n
            })
            .collect();
        let track = &score.tracks[index];
        let _ = writeln!(out, "V:{}", index + 1);
        if track.role.is_percussion() {
            out.push_str("%%MIDI channel 10\n");
        }
        let _ = writeln!(out, "%%MIDI program {}", program(track, catalog));
        let mut voice = Voice {
            file,
            shift,
            lead: index == 0,
            keys: &keys,
            key: signature(keys[0].1.fifths()),
            words: file
                .syllables
                .iter()
                .filter(|s| s.track == index)
                .map(|s| (s.at + shift, (s.text.as_str(), s.continues)))
                .collect(),
            dynamic: None,
            next_chord: 0,
        };
        let bars = lay_out(&notes, &line, end);
        for (number, group) in bars.chunks(BARS).enumerate() {
            let mut words = String::new();
            for (place, bar) in group.iter().enumerate() {
                voice.bar(&mut out, &mut words, bar, &line, number + place == 0);
                out.push_str(" |");
            }
            if (number + 1) * BARS >= bars.len() {
                out.push(']');
            }
            out.push('\n');
            let words = words.trim_end_matches([' ', '*', '_']);
            if !words.is_empty() {
                let _ = writeln!(out, "w:{words}");
            }
        }
    }
    out
}

fn decimal(x: f64) -> String {
    let text = format!("{x:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn key_name(key: &Key) -> String {
    use yuefu_theory::Mode;
    let mode = match key.mode {
        Mode::Major => "",
        Mode::Minor => "m",
        Mode::Dorian => "dor",
        Mode::Phrygian => "phr",
        Mode::Lydian => "lyd",
        _ => "mix",
    };
    format!("{}{mode}", key.tonic)
}

/// One part on its way.
struct Voice<'a> {
    file: &'a ScoreFile,
    shift: Ticks,
    lead: bool,
    keys: &'a [(Ticks, Key)],
    key: [i8; 7],
    words: BTreeMap<Ticks, (&'a str, bool)>,
    dynamic: Option<&'static str>,
    next_chord: usize,
}

impl Voice<'_> {
    fn bar(
        &mut self,
        out: &mut String,
        words: &mut String,
        bar: &Bar,
        line: &yuefu_theory::Timeline,
        first: bool,
    ) {
        if !first {
            if let Some(change) = line.metres.iter().find(|c| c.at == bar.start) {
                let _ = write!(out, "[M:{}]", change.metre);
            }
            if let Some((_, key)) = self.keys.iter().rfind(|k| k.0 == bar.start) {
                let _ = write!(out, "[K:{}]", key_name(key));
                self.key = signature(key.fifths());
            }
        }
        if self.lead {
            for section in &self.file.score.sections {
                if section.span.start + self.shift == bar.start {
                    let (_, _, name, _) = SectionKind::ALL[section.kind as usize];
                    let _ = write!(out, "\"^{name}\"");
                }
            }
        }
        // Letters altered in this bar: there, every later note says what it is, so that readers
        // agree whether or not an accidental reaches into an overlay or another octave.
        let mut altered: BTreeSet<usize> = BTreeSet::new();
        for (number, voice) in bar.voices.iter().enumerate() {
            if number > 0 {
                out.push_str(" &");
            }
            for atom in voice {
                out.push(' ');
                if number == 0 && self.lead {
                    self.above(out, atom, line, bar.start);
                }
                self.atom(out, atom, &mut altered);
                if number == 0 && !atom.pitches.is_empty() {
                    self.word(words, atom);
                }
            }
        }
    }

    fn above(&mut self, out: &mut String, atom: &Atom, line: &yuefu_theory::Timeline, bar: Ticks) {
        let end = atom.start + atom.len;
        for (index, point) in line.tempo.iter().enumerate().skip(1) {
            if point.at >= atom.start && point.at < end {
                let _ = write!(out, "[Q:1/4={}]", decimal(point.bpm));
            }
            // A glide is written as its tempo at each bar.
            let gliding = line.tempo[index - 1].ramp && atom.start == bar;
            if gliding && bar > line.tempo[index - 1].at && bar < point.at {
                let _ = write!(out, "[Q:1/4={}]", decimal(line.bpm(bar)));
            }
        }
        let chords = &self.file.score.chords;
        while let Some(chord) = chords.get(self.next_chord) {
            if chord.span.start + self.shift >= end {
                break;
            }
            self.next_chord += 1;
            let _ = write!(out, "\"{}\"", chord.chord);
        }
    }

    fn atom(&mut self, out: &mut String, atom: &Atom, altered: &mut BTreeSet<usize>) {
        if let Some(t) = atom.tuplet
            && t.first
        {
            let _ = write!(out, "({}:{}:{}", t.actual, t.normal, t.count);
        }
        if let Some(head) = atom.pitches.first()
            && !atom.tied_from
        {
            let level = u32::from(head.velocity);
            let near = DYNAMICS
                .iter()
                .min_by_key(|d| u32::from(d.1).abs_diff(level));
            if let Some((name, v)) = near
                && (self.dynamic.is_none()
                    || (self.dynamic != Some(name) && u32::from(*v).abs_diff(level) < 6))
            {
                let _ = write!(out, "!{name}!");
                self.dynamic = Some(name);
            }
            if let Some((_, mark)) = MARKS
                .iter()
                .find(|m| m.0 == head.articulation && m.0 != Articulation::Normal)
            {
                out.push_str(mark);
            }
        }
        let chord = atom.pitches.len() > 1;
        if atom.pitches.is_empty() {
            out.push('z');
        }
        if chord {
            out.push('[');
        }
        for head in &atom.pitches {
            self.pitch(out, head.pitch, altered);
        }
        if chord {
            out.push(']');
        }
        // The written value in eighth notes.
        let (mut num, mut den) = (8_u32, 1_u32 << atom.value);
        if atom.dots == 1 {
            num *= 3;
            den *= 2;
        }
        while num.is_multiple_of(2) && den.is_multiple_of(2) {
            num /= 2;
            den /= 2;
        }
        match (num, den) {
            (1, 1) => {}
            (n, 1) => {
                let _ = write!(out, "{n}");
            }
            (n, d) => {
                let _ = write!(out, "{n}/{d}");
            }
        }
        if atom.tied_to && !atom.pitches.is_empty() {
            out.push('-');
        }
    }

    fn pitch(&self, out: &mut String, pitch: Pitch, altered: &mut BTreeSet<usize>) {
        let letter = pitch.name.step as usize;
        if pitch.name.alter != self.key[letter] || altered.contains(&letter) {
            altered.insert(letter);
            out.push_str(match pitch.name.alter {
                ..=-2 => "__",
                -1 => "_",
                0 => "=",
                1 => "^",
                _ => "^^",
            });
        }
        let name = pitch.name.step.letter();
        if pitch.octave >= 5 {
            out.push(name.to_ascii_lowercase());
            out.push_str(&"'".repeat((pitch.octave - 5) as usize));
        } else {
            out.push(name);
            out.push_str(&",".repeat((4 - i32::from(pitch.octave)).max(0) as usize));
        }
    }

    fn word(&mut self, words: &mut String, atom: &Atom) {
        match self.words.get(&atom.start).filter(|_| !atom.tied_from) {
            Some((text, continues)) => {
                let safe = text
                    .replace('\\', "")
                    .replace(['\n', '%', '|', '*', '_'], " ")
                    .replace('-', "\\-");
                words.push_str(&safe.trim().replace(' ', "~"));
                words.push_str(if *continues { "- " } else { " " });
            }
            None => words.push_str(if atom.tied_from { "_ " } else { "* " }),
        }
    }
}
