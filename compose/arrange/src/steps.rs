//! Reading rows of steps.

use yuefu_song::Pattern;
use yuefu_theory::{Metre, TickSpan, Ticks};

/// One sign of a row, placed in time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Start.
    pub at: Ticks,
    /// Length with its holds.
    pub len: Ticks,
    /// Length of one step of the row.
    pub grid: Ticks,
    /// The sign.
    pub sign: char,
}

/// Onsets of a row that lasts `total`.
pub fn read(row: &str, total: Ticks) -> Vec<Step> {
    let signs: Vec<char> = row
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '|')
        .collect();
    let count = signs.len() as i64;
    let place = |index: i64| Ticks(total.0 * index / count.max(1));
    let mut steps: Vec<Step> = Vec::new();
    for (index, sign) in signs.into_iter().enumerate() {
        let index = index as i64;
        match sign {
            '.' => {}
            '-' => {
                if let Some(last) = steps.last_mut()
                    && last.at + last.len == place(index)
                {
                    last.len = place(index + 1) - last.at;
                }
            }
            sign => {
                let len = place(index + 1) - place(index);
                steps.push(Step {
                    at: place(index),
                    len,
                    grid: len,
                    sign,
                });
            }
        }
    }
    steps
}

/// The steps of one row of a pattern laid over a span of whole bars of `metre`, in song time.
///
/// A pattern of another metre is cut, or started again, at each barline.
pub fn lay(pattern: &Pattern, row: &str, metre: &Metre, span: TickSpan) -> Vec<Step> {
    let own = pattern.metre.bar();
    let bars = i64::from(pattern.bars.max(1));
    let steps = read(row, own * bars);
    let bar = metre.bar();
    let mut out = Vec::new();
    let mut number = 0;
    let mut start = span.start;
    while start < span.end {
        let first = own * (number % bars);
        // Tiles of the pattern's bar inside the metre's bar.
        let mut tile = Ticks::ZERO;
        while tile < bar {
            for step in steps.iter().filter(|s| s.at >= first && s.at < first + own) {
                let offset = step.at - first + tile;
                if offset < bar {
                    let room = if own == bar {
                        Ticks(i64::MAX / 4)
                    } else {
                        bar - offset
                    };
                    out.push(Step {
                        at: start + offset,
                        len: step.len.min(room),
                        ..*step
                    });
                }
            }
            tile += own;
        }
        number += 1;
        start += bar;
    }
    out.retain(|step| step.at < span.end);
    for step in &mut out {
        step.len = step.len.min(span.end - step.at);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn rows_hold_and_rest() {
        let steps = read("x-.x | x---", Ticks::quarters(8));
        let shown: Vec<(i64, i64)> = steps
            .iter()
            .map(|s| (s.at.0 / 40_320, s.len.0 / 40_320))
            .collect();
        assert_eq!(shown, [(0, 2), (3, 1), (4, 4)]);
    }

    #[test]
    fn patterns_fit_other_metres() {
        let pattern = Pattern {
            metre: Metre::common(),
            bars: 1,
            lines: BTreeMap::new(),
            ring: false,
        };
        let three = Metre::new(3, 4);
        let span = TickSpan::new(Ticks::ZERO, Ticks::quarters(6));
        let at: Vec<i64> = lay(&pattern, "xxxx", &three, span)
            .iter()
            .map(|s| s.at.0 / 40_320)
            .collect();
        assert_eq!(at, [0, 1, 2, 3, 4, 5]);
        let five = Metre::new(5, 4);
        let span = TickSpan::new(Ticks::ZERO, Ticks::quarters(5));
        assert_eq!(lay(&pattern, "xxxx", &five, span).len(), 5);
    }
}
