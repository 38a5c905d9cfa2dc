//! A sung part line by line: chords, notes and the syllable under each, as SVG.

use crate::canvas::{Rgb, blend};
use std::fmt::Write;
use yuefu_song::{Phrase, Score, Track};
use yuefu_theory::Ticks;

const INK: Rgb = [34, 36, 44];
const PAPER: Rgb = [250, 250, 248];
const GRID: Rgb = [232, 232, 234];
const BAR: Rgb = [190, 191, 196];
const NOTE: Rgb = [214, 69, 65];
const LEFT: f64 = 40.0;
const RIGHT: f64 = 12.0;
/// Height of a half step.
const STEP: f64 = 4.0;
/// What chords above and syllables below the notes of a system take.
const ABOVE: f64 = 18.0;
const BELOW: f64 = 22.0;
/// Bars in a row.
const BARS: i64 = 4;

/// The sung parts of a score as rows of four bars, `width` units wide: bar numbers, chords, notes
/// on a grid of half steps (darker: louder), syllables. Rows in which nobody sings are left out.
/// `None` when no note has words.
pub fn svg(score: &Score, title: &str, width: usize) -> Option<String> {
    let mut body = String::new();
    let mut top = 26.0;
    for track in score.tracks.iter().filter(|track| is_sung(track)) {
        let _ = write!(
            body,
            "<text x=\"{LEFT}\" y=\"{:.1}\" font-weight=\"bold\">{}</text>",
            top + 4.0,
            escape(&track.id)
        );
        top += 12.0;
        let (bars, _) = score.timeline.bar_of(score.end() - Ticks(1));
        for first in (0..=bars).step_by(BARS as usize) {
            let row = Row {
                score,
                track,
                from: score.timeline.bar_start(first),
                to: score.timeline.bar_start(first + BARS),
                first,
                width: width as f64,
            };
            top += row.draw(top, &mut body);
        }
    }
    if body.is_empty() {
        return None;
    }
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {top:.0}\" \
         font-family=\"sans-serif\" font-size=\"10\" fill=\"{}\"><title>{}</title>\
         <rect width=\"100%\" height=\"100%\" fill=\"{}\"/>\
         <text x=\"{LEFT}\" y=\"16\" font-size=\"13\">{}</text>{body}</svg>\n",
        hex(INK),
        escape(title),
        hex(PAPER),
        escape(title),
    ))
}

fn is_sung(track: &Track) -> bool {
    let notes = || track.phrases.iter().flat_map(|phrase| &phrase.notes);
    notes().any(|note| note.lyric.is_some())
}

/// Four bars of a track.
struct Row<'a> {
    score: &'a Score,
    track: &'a Track,
    from: Ticks,
    to: Ticks,
    first: i64,
    width: f64,
}

impl Row<'_> {
    /// Draws below `top`; how high it became, 0 where nobody sings.
    fn draw(&self, top: f64, out: &mut String) -> f64 {
        let keys: Vec<i32> = self.notes().map(|(_, note)| note.pitch.midi()).collect();
        let (Some(low), Some(high)) = (keys.iter().min(), keys.iter().max()) else {
            return 0.0;
        };
        let (low, high) = (low - 1, (high + 1).max(low + 9));
        let height = f64::from(high - low) * STEP;
        self.grid(top + ABOVE, height, (low, high), out);
        for (at, note) in self.notes() {
            let x = self.x(at.max(self.from));
            let end = self.x((at + note.len).min(self.to));
            let y = top + ABOVE + f64::from(high - note.pitch.midi()) * STEP;
            let loud = f32::from(note.velocity) / 110.0;
            let _ = write!(
                out,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{STEP}\" rx=\"1.5\" fill=\"{}\"/>",
                (end - x - 0.8).max(1.0),
                hex(blend(PAPER, NOTE, 0.35 + 0.65 * loud.min(1.0))),
            );
            if let Some(lyric) = note.lyric.as_ref().filter(|_| at >= self.from) {
                let _ = write!(
                    out,
                    "<text x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
                    top + ABOVE + height + 14.0,
                    escape(&lyric.text)
                );
            }
        }
        ABOVE + height + BELOW
    }

    /// Notes that sound within the row, with their positions.
    fn notes(&self) -> impl Iterator<Item = (Ticks, &yuefu_song::Note)> {
        let within = |phrase: &Phrase| phrase.span.start;
        self.track
            .phrases
            .iter()
            .flat_map(move |phrase| phrase.notes.iter().map(move |n| (within(phrase) + n.at, n)))
            .filter(|(at, note)| *at < self.to && *at + note.len > self.from)
    }

    fn grid(&self, top: f64, height: f64, (low, high): (i32, i32), out: &mut String) {
        for key in low..=high {
            if [0, 5].contains(&key.rem_euclid(12)) {
                let y = top + f64::from(high - key) * STEP + STEP;
                let _ = write!(
                    out,
                    "<line x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"{}\"/>",
                    self.width - RIGHT,
                    hex(GRID)
                );
                if key.rem_euclid(12) == 0 {
                    let _ = write!(
                        out,
                        "<text x=\"18\" y=\"{y:.1}\" font-size=\"8\">C{}</text>",
                        key / 12 - 1
                    );
                }
            }
        }
        for bar in 0..=BARS {
            let at = self.score.timeline.bar_start(self.first + bar);
            let x = self.x(at);
            let _ = write!(
                out,
                "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{top:.1}\" y2=\"{:.1}\" stroke=\"{}\"/>",
                top + height,
                hex(BAR)
            );
        }
        let _ = write!(
            out,
            "<text x=\"4\" y=\"{:.1}\" font-size=\"8\">{}</text>",
            top - 5.0,
            self.first + 1
        );
        for chord in &self.score.chords {
            let at = chord.span.start;
            if (self.from..self.to).contains(&at) {
                let _ = write!(
                    out,
                    "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"#44608a\">{}</text>",
                    self.x(at),
                    top - 5.0,
                    escape(&chord.chord.to_string())
                );
            }
        }
    }

    fn x(&self, at: Ticks) -> f64 {
        let share = (at - self.from).0 as f64 / (self.to - self.from).0.max(1) as f64;
        LEFT + (self.width - LEFT - RIGHT) * share
    }
}

fn hex(c: Rgb) -> String {
    format!("#{:02x}{:02x}{:02x}", c[0], c[1], c[2])
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
