//! Form by repetition: which stretches of bars come again.

use crate::{keys::bars, tones::Tone, tones::Tones};
use yuefu_theory::{TickSpan, Ticks, Timeline};

/// A section: where it lies, and a number that sections of the same music share, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormPart {
    /// Where it lies, from barline to barline.
    pub span: TickSpan,
    /// Sections with the same number repeat each other.
    pub material: usize,
}

/// Bars are alike when this share of their notes agrees.
const ALIKE: f64 = 0.55;

/// Shortest stretch whose repetition makes a section.
const FEWEST: usize = 4;

/// Sections longer than this are divided.
const LONGEST: usize = 16;

/// Pieces of more bars are divided evenly: comparing all bars would take too long.
const MOST_BARS: usize = 800;

/// Divides a piece from 0 to `end` (a barline) into sections at `cuts` (barlines that are known
/// to begin one) and where stretches of at least four bars come again. There is at least one
/// section, and they leave no gaps.
pub fn find_form(tones: &[Tone], line: &Timeline, end: Ticks, cuts: &[Ticks]) -> Vec<FormPart> {
    let bars = bars(line, end);
    if bars.is_empty() {
        return vec![FormPart {
            span: TickSpan::new(Ticks::ZERO, end.max(Ticks(1))),
            material: 0,
        }];
    }
    let content = contents(tones, &bars);
    let mut starts: Vec<usize> = vec![0];
    starts.extend(
        cuts.iter()
            .filter_map(|cut| bars.iter().position(|bar| bar.start == *cut)),
    );
    if bars.len() <= MOST_BARS {
        starts.extend(repeats(&content));
    }
    starts.sort_unstable();
    starts.dedup();
    let forced: Vec<bool> = starts
        .iter()
        .map(|s| *s == 0 || cuts.contains(&bars[*s].start))
        .collect();
    // Scraps join what comes before them.
    let mut kept: Vec<usize> = Vec::new();
    for (index, start) in starts.iter().enumerate() {
        let next = starts.get(index + 1).copied().unwrap_or(bars.len());
        let scrap = next - start < 2 || kept.last().is_some_and(|last| start - last < 2);
        if forced[index] || !scrap {
            kept.push(*start);
        }
    }
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for (index, start) in kept.iter().enumerate() {
        let stop = kept.get(index + 1).copied().unwrap_or(bars.len());
        let mut from = *start;
        while stop - from > LONGEST {
            parts.push((from, from + 8));
            from += 8;
        }
        parts.push((from, stop));
    }
    let mut out: Vec<FormPart> = Vec::new();
    let mut materials: Vec<(usize, usize)> = Vec::new();
    for (from, to) in parts {
        let same = materials
            .iter()
            .position(|(start, len)| *len == to - from && stretch(&content, *start, from, *len));
        let material = same.unwrap_or_else(|| {
            materials.push((from, to - from));
            materials.len() - 1
        });
        out.push(FormPart {
            span: TickSpan::new(bars[from].start, bars[to - 1].end),
            material,
        });
    }
    out
}

/// What begins in a bar: place in 48ths of it and pitch class, in order.
type Content = Vec<(i64, u8)>;

fn contents(tones: &[Tone], bars: &[TickSpan]) -> Vec<Content> {
    let tones = Tones::new(tones);
    bars.iter()
        .map(|bar| {
            let len = bar.len().0.max(1);
            let mut out: Content = tones
                .within(*bar)
                .filter(|(tone, _)| tone.span.start >= bar.start)
                .map(|(tone, _)| {
                    let into = (tone.span.start - bar.start).0;
                    ((into * 48 + len / 2) / len, tone.key % 12)
                })
                .collect();
            out.sort_unstable();
            out.dedup();
            out
        })
        .collect()
}

/// The share of notes that two bars have in common; silence is like silence, a little.
fn alike(a: &Content, b: &Content) -> f64 {
    if a.is_empty() && b.is_empty() {
        return ALIKE;
    }
    let (mut i, mut j, mut common) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                common += 1;
                i += 1;
                j += 1;
            }
        }
    }
    common as f64 / (a.len() + b.len() - common) as f64
}

/// Whether two stretches are alike, taken together.
fn stretch(content: &[Content], a: usize, b: usize, len: usize) -> bool {
    let sum: f64 = (0..len)
        .map(|i| alike(&content[a + i], &content[b + i]))
        .sum();
    sum >= ALIKE * len as f64 && content[a..a + len].iter().any(|bar| !bar.is_empty())
}

/// Bars where repeated stretches begin and end, the longest first, without overlaps.
fn repeats(content: &[Content]) -> Vec<usize> {
    let count = content.len();
    // Runs of alike bars: (length, first, second).
    let mut runs: Vec<(usize, usize, usize)> = Vec::new();
    for distance in FEWEST..count {
        let mut run = 0;
        for first in 0..=count - distance {
            let same = first + distance < count
                && alike(&content[first], &content[first + distance]) >= ALIKE;
            if same {
                run += 1;
                continue;
            }
            // Two stretches must not overlap.
            let len = run.min(distance);
            let start = first - run;
            if len >= FEWEST
                && content[start..start + len]
                    .iter()
                    .any(|bar| !bar.is_empty())
            {
                runs.push((len, start, start + distance));
            }
            run = 0;
        }
    }
    runs.sort_by_key(|(len, first, second)| (std::cmp::Reverse(*len), *first, *second));
    let mut taken = vec![false; count];
    let mut out = Vec::new();
    for (len, first, second) in runs {
        let free = |start: usize| taken[start..start + len].iter().filter(|t| !**t).count();
        // New music, or another turn of known music.
        if free(first) < len && free(second) < len {
            continue;
        }
        for start in [first, second] {
            out.extend([start, start + len]);
            taken[start..start + len].fill(true);
        }
    }
    out.retain(|bar| *bar < count);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use yuefu_theory::Metre;

    #[test]
    fn repeated_stretches_are_sections() {
        let line = Timeline::steady(120.0, Metre::common());
        // A A B A, eight bars each.
        let mut tones = Vec::new();
        for (part, seed) in [1_u64, 1, 5, 1].iter().enumerate() {
            for step in 0..32_u64 {
                let key = 60 + ((step * step * seed + step * 3) % 13) as u8;
                let at = Ticks::quarters((part as i64) * 32 + step as i64);
                tones.push(Tone::new(at, Ticks::QUARTER, key));
            }
        }
        let form = find_form(&tones, &line, Ticks::quarters(128), &[]);
        let shape: Vec<(i64, usize)> = form
            .iter()
            .map(|p| (p.span.start.0 / Ticks::WHOLE.0, p.material))
            .collect();
        assert_eq!(shape, [(0, 0), (8, 0), (16, 1), (24, 0)]);
        let silent = find_form(&[], &line, Ticks::quarters(64), &[Ticks::quarters(16)]);
        assert_eq!(silent.len(), 2);
    }
}
