//! Pairs words for energy with times: "build to 0:45", "0:45 高潮", "calm until 0:30".

use crate::lexicon::Sense;
use crate::scan::{Item, What};
use crate::text::Text;
use crate::value::Value;
use yuefu_audio::Seconds;
use yuefu_song::brief::{EnergyKind, EnergyPoint};

/// A word for energy with its times.
pub(crate) struct Paired {
    /// The points it asks for.
    pub points: Vec<EnergyPoint>,
    /// Characters it was read from.
    pub start: usize,
    /// The character after them.
    pub end: usize,
}

/// Finds all pairs and marks the items they use.
pub(crate) fn pair(text: &Text, items: &[Item], used: &mut [bool]) -> Vec<Paired> {
    let mut out: Vec<Paired> = Vec::new();
    let mut reached = 0.0_f64;
    for i in 0..items.len() {
        let Some(kind) = energy(&items[i]) else {
            continue;
        };
        let Some(found) = forward(items, used, i, kind)
            .or_else(|| backward(items, used, i, kind))
            .or_else(|| after(items, used, i))
        else {
            continue;
        };
        let has = |words: &[&str]| {
            (found.from..found.to).any(|j| {
                words.contains(
                    &text
                        .words(items[j].start, items[j].end)
                        .to_lowercase()
                        .as_str(),
                )
            })
        };
        let point = |at, level, kind| EnergyPoint {
            at: Seconds(at),
            level,
            kind,
        };
        let times: Vec<f64> = found
            .times
            .iter()
            .filter_map(|j| seconds(&items[*j]))
            .collect();
        let (Some(first), Some(last)) = (times.first().copied(), times.last().copied()) else {
            continue;
        };
        let mut points = Vec::new();
        match kind {
            EnergyKind::Calm => {
                let is_end = has(&["until", "till", "before", "直到", "前", "之前", "以前"])
                    || (found.is_forward && times.len() == 1 && has(&["to", "到"]));
                if is_end && times.len() == 1 {
                    points.push(point(reached.min(first), 0.2, kind));
                }
                points.extend(times.iter().map(|at| point(*at, 0.2, kind)));
            }
            EnergyKind::Build if times.len() > 1 => {
                points.extend([point(first, 0.35, EnergyKind::Rise), point(last, 0.9, kind)])
            }
            EnergyKind::Build if has(&["from", "从", "开始", "起"]) => {
                points.push(point(first, 0.35, EnergyKind::Rise))
            }
            EnergyKind::Build => points.push(point(last, 0.9, kind)),
            EnergyKind::Rise => points.push(point(first, 0.35, kind)),
            EnergyKind::Drop | EnergyKind::Peak => {
                points.extend(times.iter().map(|at| point(*at, 1.0, kind)))
            }
        }
        reached = last;
        for j in found.times.iter().chain([&i]) {
            used[*j] = true;
        }
        let (start, end) = (
            items[found.from.min(i)].start,
            items[(found.to - 1).max(i)].end,
        );
        out.push(Paired { points, start, end });
    }
    out
}

struct Found {
    times: Vec<usize>,
    from: usize,
    to: usize,
    is_forward: bool,
}

fn energy(item: &Item) -> Option<EnergyKind> {
    let What::Word(meanings) = &item.what else {
        return None;
    };
    meanings.iter().find_map(|(sense, _)| {
        if let Sense::Energy(kind) = sense {
            Some(*kind)
        } else {
            None
        }
    })
}

fn seconds(item: &Item) -> Option<f64> {
    if let What::Value(Value::Duration { seconds, .. }) = item.what {
        Some(seconds)
    } else {
        None
    }
}

fn is_clock(item: &Item) -> bool {
    matches!(item.what, What::Value(Value::Duration { clock: true, .. }))
}

fn is_at(item: &Item) -> bool {
    item.means(|sense| matches!(sense, Sense::At))
        || item.means(|sense| matches!(sense, Sense::Then))
}

/// Words that may stand between: at most four that say nothing.
fn forward(items: &[Item], used: &[bool], i: usize, kind: EnergyKind) -> Option<Found> {
    let mut marked = false;
    let mut times = Vec::new();
    let mut j = i + 1;
    while j < items.len() && j <= i + 9 {
        if seconds(&items[j]).is_some() && !used[j] {
            if times.is_empty() && !(marked || (is_clock(&items[j]) && kind != EnergyKind::Calm)) {
                return None;
            }
            times.push(j);
            // A time that the next word claims ("drop at 1:10 and 2:05 peak") stays with that word.
            if times.len() == 2 {
                break;
            }
            marked = false;
        } else if is_at(&items[j]) {
            marked = true;
        } else if !(items[j].is_filler() || items[j].means(|sense| matches!(sense, Sense::And)))
            || (times.is_empty() && j > i + 4)
        {
            break;
        }
        j += 1;
    }
    // The second time belongs to this word only when nothing else follows it.
    if times.len() == 2
        && items
            .get(times[1] + 1)
            .is_some_and(|next| energy(next).is_some())
    {
        times.pop();
    }
    let last = *times.last()?;
    Some(Found {
        times,
        from: i,
        to: last + 1,
        is_forward: true,
    })
}

fn backward(items: &[Item], used: &[bool], i: usize, kind: EnergyKind) -> Option<Found> {
    let mut marked = false;
    for j in (i.saturating_sub(5)..i).rev() {
        if seconds(&items[j]).is_some() {
            let before = j.checked_sub(1).is_some_and(|k| is_at(&items[k]));
            let is_paired = marked || before || (is_clock(&items[j]) && kind != EnergyKind::Calm);
            let from = if before { j - 1 } else { j };
            return (is_paired && !used[j]).then(|| Found {
                times: vec![j],
                from,
                to: i + 1,
                is_forward: false,
            });
        }
        marked |= is_at(&items[j]);
        if !items[j].is_filler() {
            return None;
        }
    }
    None
}

/// "calm until 0:30, then explode": the time just named.
fn after(items: &[Item], used: &[bool], i: usize) -> Option<Found> {
    let mut has_then = false;
    for j in (i.saturating_sub(5)..i).rev() {
        if seconds(&items[j]).is_some() {
            return (has_then && used[j]).then(|| Found {
                times: vec![j],
                from: j,
                to: i + 1,
                is_forward: false,
            });
        }
        has_then |= items[j].means(|sense| matches!(sense, Sense::Then));
        if !(items[j].is_filler() || items[j].what == What::Break) {
            return None;
        }
    }
    None
}
