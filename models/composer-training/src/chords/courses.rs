//! The courses of real songs' chords.

use yuefu_composer::chords::{Beat, Course, Passage, Told, sung};
use yuefu_corpus::{Piece, Source};
use yuefu_plan::learned::repertoire;
use yuefu_song::{SectionKind, line_of};
use yuefu_theory::{Metre, TickSpan, Ticks};

/// Fewest bars of a song that is learned from.
const BARS: usize = 8;

/// The stretches of a song in one metre with alike felt beats and with chords that people wrote;
/// none where nobody did.
pub fn courses(piece: &Piece) -> Vec<Course> {
    let own = repertoire(match piece.source {
        Source::Billboard => "chart",
        Source::Pop909 => "mandopop",
        Source::Openewld => "standards",
        _ => "",
    });
    // A user's own songs are a repertoire of no name.
    if own.is_none() && piece.source != Source::Own || !piece.stated.chords {
        return Vec::new();
    }
    let line = piece
        .melody
        .and_then(|index| piece.score.tracks.get(index))
        .map(line_of);
    let mut out = Vec::new();
    let mut course: Option<(Metre, Course)> = None;
    for section in &piece.score.sections {
        let metre = piece.score.timeline.metre(section.span.start);
        if course.as_ref().is_none_or(|(own, _)| own != metre) {
            out.extend(course.take().map(|(_, course)| course));
            let alike = metre.groups.windows(2).all(|pair| pair[0] == pair[1]);
            if !alike {
                continue;
            }
            let empty = Course {
                repertoire: own,
                per_bar: metre.groups.len(),
                ..Course::default()
            };
            course = Some((metre.clone(), empty));
        }
        let Some((metre, course)) = &mut course else {
            continue;
        };
        let offsets = metre.beat_offsets();
        let bars = (section.span.len().0 / metre.bar().0.max(1)) as usize;
        let from = course.beats.len();
        for bar in 0..bars {
            let start = section.span.start + metre.bar() * bar as i64;
            for (index, offset) in offsets.iter().enumerate() {
                let end = offsets.get(index + 1).map_or(metre.bar(), |next| *next);
                let span = TickSpan::new(start + *offset, start + end);
                let before = course.beats.last().map(|b: &Beat| b.chord);
                let chord = piece.score.chord_at(middle(span));
                let chord = chord.map_or(Told::SILENT, |c| Told::of(&c.chord, &section.key));
                course.beats.push(Beat {
                    chord,
                    change: before != Some(chord),
                    tune: line
                        .as_deref()
                        .map(|line| sung(line, section.key.tonic.pc(), span)),
                });
            }
        }
        if course.beats.len() > from {
            course.passages.push(Passage {
                beats: (from, course.beats.len()),
                // Parts are what a collection does not name.
                kind: (piece.stated.sections && section.kind != SectionKind::Part)
                    .then_some(section.kind),
                minor: section.key.mode.is_minor(),
            });
        }
    }
    out.extend(course.map(|(_, course)| course));
    out.retain(|course| course.beats.len() >= BARS * course.per_bar);
    out
}

/// What sounds in the middle of a beat sounds in most of it.
fn middle(span: TickSpan) -> Ticks {
    Ticks((span.start.0 + span.end.0) / 2)
}
