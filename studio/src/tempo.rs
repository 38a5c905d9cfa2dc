//! The tempo as it is felt and as prompts mean it: dotted beats in compound metres.

use std::fmt;
use yuefu_song::Song;
use yuefu_theory::Ticks;

/// The tempo at the beginning of a song.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tempo {
    /// Felt beats per minute: dotted quarters in 6/8, 9/8 and 12/8, quarters in 4/4 and 3/4.
    pub felt: f64,
    /// Quarter notes per minute, as MIDI counts.
    pub quarters: f64,
    /// The sign of the felt beat where it is not the quarter.
    beat: Option<&'static str>,
}

impl Tempo {
    /// The tempo of a song.
    pub fn of(song: &Song) -> Self {
        let line = &song.score.timeline;
        let metre = line.metre(Ticks::ZERO);
        let quarters = line.bpm(Ticks::ZERO);
        let (beat, length) = match (metre.is_compound(), metre.unit) {
            (true, 8) => (Some("♩."), 1.5),
            (true, 16) => (Some("♪."), 0.75),
            (true, _) => (None, metre.unit_len().as_quarters() * 3.0),
            _ => (None, 1.0),
        };
        Self {
            felt: tidy(quarters / length),
            quarters: tidy(quarters),
            beat,
        }
    }
}

/// Without the last digits of binary arithmetic.
fn tidy(bpm: f64) -> f64 {
    (bpm * 1e4).round() / 1e4
}

impl fmt::Display for Tempo {
    /// `112 BPM`, `112.24 BPM`, `♩.=121`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.2}", self.felt);
        let number = text.trim_end_matches('0').trim_end_matches('.');
        match self.beat {
            Some(beat) => write!(f, "{beat}={number}"),
            None => write!(f, "{number} BPM"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_short_as_they_can_be() {
        let tempo = |felt, beat| Tempo {
            felt,
            quarters: felt,
            beat,
        };
        assert_eq!(tempo(120.0, None).to_string(), "120 BPM");
        assert_eq!(tempo(112.2376, None).to_string(), "112.24 BPM");
        assert_eq!(tempo(100.5, Some("♩.")).to_string(), "♩.=100.5");
        assert_eq!(tidy(87.999_999_999), 88.0);
    }
}
