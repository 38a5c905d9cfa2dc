//! The pitch that an OpenUtau project draws: pitch points, vibrato and the curve over all of them.
//!
//! As OpenUtau itself does it (`RenderPhrase` of its source): the keys of the notes one after
//! another, to which vibrato, the way between a note's points and the curve `pitd` are added.

use super::yaml::Yaml;
use std::f64::consts::PI;
use yuefu_audio::math;

/// Pulses between two values, at 480 to the quarter note.
pub const STEP: f64 = 5.0;

/// Milliseconds before and after its beginning in which a new note slides.
pub const PLAIN: f64 = 40.0;

/// A note with what is drawn at it. Times are pulses of the part, keys semitones.
#[derive(Clone, Debug)]
pub struct DrawnNote {
    pub at: f64,
    pub end: f64,
    pub key: f64,
    points: Vec<Point>,
    /// Whether the first point is where the note before was.
    snapped: bool,
    vibrato: Option<Vibrato>,
}

#[derive(Clone, Copy, Debug)]
struct Point {
    at: f64,
    key: f64,
    shape: Shape,
}

/// How the pitch goes from a point to the next.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Linear,
    EaseIn,
    EaseOut,
    EaseInOut,
}

/// All as shares of the note but the depth (semitones) and the cycles in a note.
#[derive(Clone, Copy, Debug)]
struct Vibrato {
    from: f64,
    fade_in: f64,
    fade_out: f64,
    cycles: f64,
    shift: f64,
    depth: f64,
    drift: f64,
}

impl DrawnNote {
    /// A note of a project: `before` is the end and key of the note before it, `pulse` the length
    /// of a pulse in milliseconds.
    pub fn read(
        note: &Yaml,
        (at, end, key): (f64, f64, f64),
        before: Option<(f64, f64)>,
        pulse: f64,
    ) -> Self {
        let number = |value: &Yaml, name: &str| value.get(name).and_then(Yaml::number);
        let pitch = note.get("pitch");
        let data = pitch.and_then(|p| p.get("data"));
        let mut points: Vec<Point> = data
            .map_or(&[][..], Yaml::items)
            .iter()
            .take(1000)
            .filter_map(|point| {
                Some(Point {
                    at: at + number(point, "x")?.clamp(-1e6, 1e6) / pulse,
                    // Tenths of a semitone.
                    key: key + number(point, "y")?.clamp(-600.0, 600.0) / 10.0,
                    shape: match point.get("shape").map_or("io", Yaml::text) {
                        "l" => Shape::Linear,
                        "i" => Shape::EaseIn,
                        "o" => Shape::EaseOut,
                        _ => Shape::EaseInOut,
                    },
                })
            })
            .collect();
        points.sort_by(|a, b| a.at.total_cmp(&b.at));
        let snaps = pitch
            .and_then(|p| p.get("snap_first"))
            .is_none_or(|snap| snap.text() != "false");
        let mut snapped = false;
        if let (Some(first), Some((ended, old)), true) = (points.first_mut(), before, snaps)
            && (at - ended).abs() < 1.0
        {
            first.key = old;
            snapped = true;
        }
        let vibrato = note.get("vibrato").and_then(|v| {
            let of = |name: &str| number(v, name).unwrap_or(0.0);
            let length = of("length").clamp(0.0, 100.0) / 100.0;
            let period = of("period").clamp(5.0, 10_000.0) / pulse;
            (length > 0.0).then(|| Vibrato {
                from: 1.0 - length,
                fade_in: length * of("in").clamp(0.0, 100.0) / 100.0,
                fade_out: length * of("out").clamp(0.0, 100.0) / 100.0,
                cycles: (end - at) / period,
                shift: of("shift").clamp(-100.0, 100.0) / 100.0,
                depth: of("depth").clamp(0.0, 1200.0) / 100.0,
                drift: of("drift").clamp(-100.0, 100.0) / 100.0,
            })
        });
        Self {
            at,
            end,
            key,
            points,
            snapped,
            vibrato,
        }
    }

    /// Whether nothing is drawn here but how a note begins by itself: its first points may come
    /// from the note before it.
    pub fn is_plain(&self) -> bool {
        let flat = |point: &Point| (point.key - self.key).abs() < 0.005;
        let mut own = self.points.iter().skip(usize::from(self.snapped));
        self.vibrato.is_none() && own.all(flat)
    }

    /// Semitones that the vibrato adds.
    fn shake(&self, at: f64) -> f64 {
        let Some(vibrato) = self.vibrato else {
            return 0.0;
        };
        let place = (at - self.at) / (self.end - self.at);
        if !(vibrato.from..=1.0).contains(&place) {
            return 0.0;
        }
        let turns = (place - vibrato.from) * vibrato.cycles + vibrato.shift;
        let wide = vibrato.depth * (math::sin(2.0 * PI * turns) + vibrato.drift);
        if place < vibrato.from + vibrato.fade_in {
            wide * (place - vibrato.from) / vibrato.fade_in
        } else if place > 1.0 - vibrato.fade_out {
            wide * (1.0 - place) / vibrato.fade_out
        } else {
            wide
        }
    }
}

impl Shape {
    fn between(self, (a, b): (Point, Point), at: f64) -> f64 {
        let share = ((at - a.at) / (b.at - a.at)).clamp(0.0, 1.0);
        let eased = match self {
            Self::Linear => share,
            Self::EaseIn => 1.0 - math::cos(share * PI / 2.0),
            Self::EaseOut => math::sin(share * PI / 2.0),
            Self::EaseInOut => (1.0 - math::cos(share * PI)) / 2.0,
        };
        a.key + (b.key - a.key) * eased
    }
}

/// The keys of a part, every [`STEP`] pulses (scaled by `scale`) from its first note on: pulses of
/// the part and keys. Notes are in order and do not overlap; `over` is the curve `pitd`: pulses
/// and cents, in order. At most `most` values.
pub fn keys(notes: &[DrawnNote], over: &[(f64, f64)], scale: f64, most: usize) -> Vec<(f64, f32)> {
    let (Some(first), Some(last)) = (notes.first(), notes.last()) else {
        return Vec::new();
    };
    let step = STEP * scale;
    let start = first
        .points
        .first()
        .map_or(first.at, |p| p.at.min(first.at));
    let start = start.max(first.at - 100.0 * step);
    let count = ((last.end - start) / step).floor().clamp(0.0, most as f64) as usize;
    let place = |index: usize| start + index as f64 * step;
    let index_of = |at: f64| ((at - start) / step).ceil().clamp(0.0, count as f64) as usize;
    // The notes, one after another; a rest sounds like what comes after it.
    let mut bare = vec![last.key; count];
    let mut from = 0;
    for note in notes {
        let to = index_of(note.end).max(from);
        bare[from..to].fill(note.key);
        from = to;
    }
    let mut keys = bare.clone();
    for (number, note) in notes.iter().enumerate() {
        let own = index_of(note.at)..index_of(note.end);
        for (index, key) in own.clone().zip(&mut keys[own]) {
            *key += note.shake(place(index));
        }
        let mut points = note.points.clone();
        let Some((head, tail)) = points.first().copied().zip(points.last().copied()) else {
            continue;
        };
        let held = |at: f64, point: Point| Point { at, ..point };
        if head.at > note.at {
            points.insert(0, held(note.at, head));
        }
        if number == 0 && head.at > start {
            points.insert(0, held(start, points[0]));
        }
        if tail.at < note.end {
            points.push(held(note.end, tail));
        }
        for pair in points.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            for index in index_of(a.at)..index_of(b.at) {
                keys[index] += a.shape.between((a, b), place(index)) - bare[index];
            }
        }
    }
    let mut next = 0;
    let mut out = Vec::with_capacity(count);
    for (index, key) in keys.into_iter().enumerate() {
        let at = place(index);
        while over.get(next).is_some_and(|point| point.0 <= at) {
            next += 1;
        }
        // The curve is nothing before its first and after its last point.
        let cents = match (next.checked_sub(1).map(|i| over[i]), over.get(next)) {
            (Some(a), Some(b)) if b.0 > a.0 => a.1 + (b.1 - a.1) * (at - a.0) / (b.0 - a.0),
            (Some(a), _) if (a.0 - at).abs() < 1e-9 => a.1,
            _ => 0.0,
        };
        out.push((at, (key + cents / 100.0).clamp(0.0, 127.0) as f32));
    }
    out
}

/// The keys of notes (begin, end, key, milliseconds of a pulse) that slide into each other as a
/// project's do in which nobody drew anything.
pub fn plain(notes: impl Iterator<Item = (f64, f64, f64, f64)>) -> Vec<(f64, f32)> {
    let mut before: Option<(f64, f64)> = None;
    let notes: Vec<DrawnNote> = notes
        .map(|(at, end, key, pulse)| {
            let corner = |ms: f64, key| Point {
                at: at + ms / pulse,
                key,
                shape: Shape::EaseInOut,
            };
            let joined = before.filter(|(ended, _)| (at - ended).abs() < 1.0);
            before = Some((end, key));
            DrawnNote {
                at,
                end,
                key,
                points: vec![
                    corner(-PLAIN, joined.map_or(key, |(_, old)| old)),
                    corner(PLAIN, key),
                ],
                snapped: joined.is_some(),
                vibrato: None,
            }
        })
        .collect();
    keys(&notes, &[], 1.0, usize::MAX >> 1)
}

/// The key at a pulse of such keys; nothing before the first and behind the last.
pub fn at(keys: &[(f64, f32)], place: f64) -> Option<f64> {
    let next = keys.partition_point(|point| point.0 < place);
    let b = keys
        .get(next)
        .or(keys.last().filter(|last| place - last.0 <= STEP))?;
    let a = keys.get(next.wrapping_sub(1)).unwrap_or(b);
    let share = if b.0 > a.0 {
        (place - a.0) / (b.0 - a.0)
    } else {
        0.0
    };
    let key = f64::from(a.1) + f64::from(b.1 - a.1) * share.clamp(0.0, 1.0);
    (next > 0 || b.0 - place <= STEP).then_some(key)
}

/// A curve of a part by its short name: pulses of the part and values, in order.
pub fn curve(part: &Yaml, name: &str, most: usize) -> Vec<(f64, f64)> {
    let curves = part.get("curves").map_or(&[][..], Yaml::items);
    let Some(curve) = curves
        .iter()
        .find(|c| c.get("abbr").map(Yaml::text) == Some(name))
    else {
        return Vec::new();
    };
    let list = |name: &str| curve.get(name).map_or(&[][..], Yaml::items);
    let pairs = list("xs").iter().zip(list("ys")).take(most);
    let mut points: Vec<(f64, f64)> = pairs
        .filter_map(|(x, y)| Some((x.number()?, y.number()?.clamp(-12_000.0, 12_000.0))))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}
