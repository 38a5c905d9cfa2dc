//! Form, chords and all parts of a score over time, as a raster or as SVG.

use crate::canvas::{Canvas, Rgb, blend};
use std::fmt::Write;
use yuefu_song::{Score, SectionKind, Track};

const INK: Rgb = [34, 36, 44];
const PAPER: Rgb = [250, 250, 248];
const FAINT: Rgb = [224, 225, 228];

/// The color of a track by its place in the score.
fn tint(index: usize) -> Rgb {
    const TINTS: [Rgb; 8] = [
        [214, 69, 65],
        [44, 130, 201],
        [38, 166, 91],
        [142, 68, 173],
        [211, 132, 0],
        [22, 160, 133],
        [120, 80, 60],
        [90, 90, 160],
    ];
    TINTS[index % TINTS.len()]
}

fn shade(kind: SectionKind) -> Rgb {
    match kind {
        SectionKind::Chorus | SectionKind::Drop => [255, 221, 190],
        SectionKind::Verse | SectionKind::Part => [214, 230, 250],
        SectionKind::PreChorus | SectionKind::Build => [238, 226, 250],
        SectionKind::Bridge | SectionKind::Solo => [218, 244, 222],
        _ => [236, 236, 236],
    }
}

/// Where everything lies, in pixels or SVG units.
struct Layout {
    width: f64,
    left: f64,
    seconds: f64,
    lanes: Vec<(f64, f64, i32, i32)>,
    height: f64,
}

fn layout(score: &Score, width: usize) -> Layout {
    let mut top = 46.0;
    let lanes = score
        .tracks
        .iter()
        .map(|track| {
            let keys = || {
                track
                    .phrases
                    .iter()
                    .flat_map(|p| &p.notes)
                    .map(|n| n.pitch.midi())
            };
            let (low, high) = (keys().min().unwrap_or(60), keys().max().unwrap_or(60));
            let height = f64::from((high - low).clamp(9, 40)) * 2.2 + 8.0;
            let lane = (top, height, low - 1, high + 1);
            top += height + 8.0;
            lane
        })
        .collect();
    let seconds = score.timeline.seconds(score.end()).max(1.0);
    Layout {
        width: width as f64,
        left: 92.0,
        seconds,
        lanes,
        height: top + 14.0,
    }
}

impl Layout {
    fn x(&self, seconds: f64) -> f64 {
        self.left + (self.width - self.left - 8.0) * seconds / self.seconds
    }
}

/// One shape of the picture.
enum Shape {
    Box {
        x: f64,
        y: f64,
        w: f64,
        h: f64,
        color: Rgb,
    },
    Label {
        x: f64,
        y: f64,
        text: String,
    },
}

fn shapes(score: &Score, width: usize) -> (Layout, Vec<Shape>) {
    let layout = layout(score, width);
    let mut out = Vec::new();
    let seconds = |at| score.timeline.seconds(at);
    for section in &score.sections {
        let (from, to) = (
            layout.x(seconds(section.span.start)),
            layout.x(seconds(section.span.end)),
        );
        let base = shade(section.kind);
        out.push(Shape::Box {
            x: from,
            y: 4.0,
            w: to - from - 1.0,
            h: 16.0,
            color: base,
        });
        let bar = f64::from(section.energy) * 16.0;
        out.push(Shape::Box {
            x: from,
            y: 20.0 - bar,
            w: 4.0,
            h: bar,
            color: blend(base, [200, 60, 30], 0.7),
        });
        out.push(Shape::Box {
            x: from,
            y: 4.0,
            w: 1.0,
            h: layout.height - 8.0,
            color: FAINT,
        });
        if to - from > section.id.len() as f64 * 6.0 {
            out.push(Shape::Label {
                x: from + 7.0,
                y: 9.0,
                text: section.id.clone(),
            });
        }
    }
    let mut free = 0.0;
    for chord in &score.chords {
        let x = layout.x(seconds(chord.span.start));
        let text = chord.chord.to_string();
        if x >= free {
            free = x + text.len() as f64 * 6.0 + 4.0;
            out.push(Shape::Label { x, y: 28.0, text });
        }
    }
    for (index, (track, (top, height, low, high))) in
        score.tracks.iter().zip(&layout.lanes).enumerate()
    {
        out.push(Shape::Box {
            x: layout.left,
            y: top + height + 3.0,
            w: layout.width - layout.left - 8.0,
            h: 1.0,
            color: FAINT,
        });
        out.push(Shape::Label {
            x: 4.0,
            y: top + 2.0,
            text: track.id.chars().take(14).collect(),
        });
        notes(
            score,
            track,
            &layout,
            (*top, *height, *low, *high),
            tint(index),
            &mut out,
        );
    }
    let mut mark = 0.0;
    while mark <= layout.seconds {
        out.push(Shape::Label {
            x: layout.x(mark),
            y: layout.height - 10.0,
            text: format!("{}:{:02}", mark as u64 / 60, mark as u64 % 60),
        });
        mark += if layout.seconds > 240.0 { 30.0 } else { 10.0 };
    }
    (layout, out)
}

fn notes(
    score: &Score,
    track: &Track,
    layout: &Layout,
    lane: (f64, f64, i32, i32),
    color: Rgb,
    out: &mut Vec<Shape>,
) {
    let (top, height, low, high) = lane;
    let step = height / f64::from((high - low).max(1));
    for phrase in &track.phrases {
        for note in &phrase.notes {
            let at = phrase.span.start + note.at;
            let (from, to) = (
                score.timeline.seconds(at),
                score.timeline.seconds(at + note.len),
            );
            let x = layout.x(from.max(0.0));
            let percussive = track.role.is_percussion();
            let w = if percussive {
                2.0
            } else {
                (layout.x(to) - x - 0.6).max(1.0)
            };
            let y = top + f64::from(high - note.pitch.midi()) * step;
            let soft = blend(PAPER, color, 0.35 + 0.65 * f32::from(note.velocity) / 110.0);
            out.push(Shape::Box {
                x,
                y,
                w,
                h: (step * 0.9).max(1.5),
                color: soft,
            });
        }
    }
}

/// The piano roll of a score with its form, energies and chords, `width` pixels wide.
pub fn raster(score: &Score, width: usize) -> Canvas {
    let (layout, shapes) = shapes(score, width);
    let mut canvas = Canvas::new(width, layout.height as usize, PAPER);
    for shape in shapes {
        match shape {
            Shape::Box { x, y, w, h, color } => {
                canvas.fill(
                    x.round() as i32,
                    y.round() as i32,
                    w.round() as i32,
                    h.round() as i32,
                    color,
                );
            }
            Shape::Label { x, y, text } => {
                canvas.text(x.round() as i32, y.round() as i32, &text, INK)
            }
        }
    }
    canvas
}

/// The same as an SVG document, with a title.
pub fn svg(score: &Score, title: &str, width: usize) -> String {
    let (layout, shapes) = shapes(score, width);
    let mut out = String::new();
    let hex = |c: Rgb| format!("#{:02x}{:02x}{:02x}", c[0], c[1], c[2]);
    let escape = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    };
    // Writing into a String cannot fail.
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {:.0}\" font-family=\"sans-serif\" font-size=\"9\"><title>{}</title><rect width=\"100%\" height=\"100%\" fill=\"{}\"/>",
        layout.height,
        escape(title),
        hex(PAPER)
    );
    for shape in shapes {
        let _ = match shape {
            Shape::Box { x, y, w, h, color } => {
                write!(
                    out,
                    "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{h:.1}\" fill=\"{}\"/>",
                    w.max(0.5),
                    hex(color)
                )
            }
            Shape::Label { x, y, text } => write!(
                out,
                "<text x=\"{x:.1}\" y=\"{:.1}\" fill=\"{}\">{}</text>",
                y + 7.0,
                hex(INK),
                escape(&text)
            ),
        };
    }
    out.push_str("</svg>\n");
    out
}
