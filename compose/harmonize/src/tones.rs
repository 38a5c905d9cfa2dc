//! Sounding notes, and how much of each pitch class sounds when.

use yuefu_song::{Score, Track};
use yuefu_theory::{TickSpan, Ticks};

/// A sounding note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tone {
    /// When it sounds.
    pub span: TickSpan,
    /// Its MIDI key.
    pub key: u8,
}

impl Tone {
    /// A note from its start, length and MIDI key.
    pub const fn new(at: Ticks, len: Ticks, key: u8) -> Self {
        Self {
            span: TickSpan::new(at, Ticks(at.0 + len.0)),
            key,
        }
    }

    /// Pitch class, 0 = C.
    pub fn pc(&self) -> usize {
        usize::from(self.key % 12)
    }
}

/// Notes of a track as tones.
pub fn tones(track: &Track) -> Vec<Tone> {
    track
        .phrases
        .iter()
        .flat_map(|phrase| {
            let start = phrase.span.start;
            phrase
                .notes
                .iter()
                .map(move |note| Tone::new(start + note.at, note.len, note.key()))
        })
        .collect()
}

/// Tones of all tracks that have pitches.
pub fn all_tones(score: &Score) -> Vec<Tone> {
    let pitched = score.tracks.iter().filter(|t| !t.role.is_percussion());
    pitched.flat_map(tones).collect()
}

/// Notes in order of start, with a quick way to those that sound in a span.
pub(crate) struct Tones {
    tones: Vec<Tone>,
    /// The latest end among the notes up to each one.
    reach: Vec<Ticks>,
}

impl Tones {
    pub(crate) fn new(tones: &[Tone]) -> Self {
        let mut tones = tones.to_vec();
        tones.sort_by_key(|t| (t.span.start, t.key, t.span.end));
        let mut latest = Ticks(i64::MIN);
        let reach = tones
            .iter()
            .map(|tone| {
                latest = latest.max(tone.span.end);
                latest
            })
            .collect();
        Self { tones, reach }
    }

    pub(crate) fn all(&self) -> &[Tone] {
        &self.tones
    }

    /// Notes that sound in a span, with the part of them inside it.
    pub(crate) fn within(&self, span: TickSpan) -> impl Iterator<Item = (&Tone, TickSpan)> {
        let from = self.reach.partition_point(|end| *end <= span.start);
        let to = self.tones.partition_point(|t| t.span.start < span.end);
        self.tones[from.min(to)..to].iter().filter_map(move |tone| {
            let inside =
                TickSpan::new(tone.span.start.max(span.start), tone.span.end.min(span.end));
            (!inside.is_empty()).then_some((tone, inside))
        })
    }

    /// The lowest key that sounds in a span.
    pub(crate) fn lowest(&self, span: TickSpan) -> Option<u8> {
        self.within(span).map(|(tone, _)| tone.key).min()
    }
}
