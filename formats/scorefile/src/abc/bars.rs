//! Bars of a voice as read, and the playing out of repeats.

use yuefu_song::Articulation;
use yuefu_theory::{Chord, Key, Metre, Pitch, Ticks};

/// A note at an offset in its bar.
#[derive(Clone, Debug)]
pub(super) struct RawNote {
    pub(super) at: Ticks,
    pub(super) len: Ticks,
    pub(super) pitch: Pitch,
    pub(super) velocity: u8,
    pub(super) articulation: Articulation,
    /// Tied to the next note of its pitch.
    pub(super) tied: bool,
    pub(super) word: Option<(String, bool)>,
}

/// Something that changes at an offset in a bar.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Metre(Metre),
    Key(Key),
    Tempo(f64),
    Chord(Option<Chord>),
    Mark(String),
}

/// One bar.
#[derive(Clone, Debug, Default)]
pub(super) struct RawBar {
    pub(super) notes: Vec<RawNote>,
    pub(super) changes: Vec<(Ticks, Change)>,
    pub(super) len: Ticks,
    /// A repeat begins before it.
    pub(super) opens: bool,
    /// How often the repeat that ends after it is played; 0 when none ends.
    pub(super) times: u32,
    /// The passes that play it, when it stands in an ending.
    pub(super) ending: Option<Vec<u32>>,
    /// A double bar after it ends an ending.
    pub(super) closes: bool,
}

/// Indexes of bars in the order of playing, at most `most`.
pub(super) fn play_order(bars: &[RawBar], most: usize) -> Vec<usize> {
    let mut out = Vec::new();
    let (mut first, mut pass, mut index) = (0, 1_u32, 0);
    while index < bars.len() && out.len() < most {
        let bar = &bars[index];
        if bar.opens && first != index {
            first = index;
            pass = 1;
        }
        if bar
            .ending
            .as_ref()
            .is_some_and(|e| !e.is_empty() && !e.contains(&pass))
        {
            index += 1;
            continue;
        }
        out.push(index);
        if bar.times > 0 {
            let last = bar.ending.iter().flatten().max().map_or(0, |n| n + 1);
            if pass < bar.times.max(last).min(16) {
                pass += 1;
                index = first;
                continue;
            }
            first = index + 1;
            pass = 1;
        } else if bar.ending.is_some() && bar.closes {
            first = index + 1;
            pass = 1;
        }
        index += 1;
    }
    out
}
