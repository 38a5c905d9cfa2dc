//! Piecewise-linear curves over seconds: pitch bends, swells, automation.

use serde::{Deserialize, Serialize};

/// One corner of a [`Curve`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Seconds since the curve's origin (a note's onset, or the song's start for automation).
    pub at: f32,
    /// The value there, in the unit that the owner of the curve states.
    pub value: f32,
}

/// A piecewise-linear function of time: constant before its first and after its last corner,
/// and zero everywhere when it has none. Corners are in ascending order of time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Curve(pub Vec<CurvePoint>);

impl Curve {
    /// A curve that has one value everywhere.
    pub fn constant(value: f32) -> Self {
        Self(vec![CurvePoint { at: 0.0, value }])
    }

    /// Whether there is no corner (the curve is zero everywhere).
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends a corner; one that is not later than the last replaces it.
    pub fn push(&mut self, at: f32, value: f32) {
        if let Some(last) = self.0.last_mut()
            && at <= last.at
        {
            last.value = value;
            return;
        }
        self.0.push(CurvePoint { at, value });
    }

    /// The value at a time, found by binary search.
    pub fn at(&self, time: f32) -> f32 {
        let after = self.0.partition_point(|point| point.at <= time);
        match (after.checked_sub(1).map(|i| self.0[i]), self.0.get(after)) {
            (None, None) => 0.0,
            (None, Some(first)) => first.value,
            (Some(last), None) => last.value,
            (Some(a), Some(b)) => a.value + (b.value - a.value) * (time - a.at) / (b.at - a.at),
        }
    }

    /// A reader for ascending times, without searching: for inner loops.
    pub fn cursor(&self) -> CurveCursor<'_> {
        CurveCursor {
            points: &self.0,
            index: 0,
        }
    }
}

/// Reads a [`Curve`] at ascending times in constant time each.
#[derive(Clone, Debug)]
pub struct CurveCursor<'a> {
    points: &'a [CurvePoint],
    index: usize,
}

impl CurveCursor<'_> {
    /// The value at a time, which must not be earlier than the one asked for before.
    pub fn at(&mut self, time: f32) -> f32 {
        while self.index < self.points.len() && self.points[self.index].at <= time {
            self.index += 1;
        }
        match (
            self.index.checked_sub(1).map(|i| self.points[i]),
            self.points.get(self.index),
        ) {
            (None, None) => 0.0,
            (None, Some(first)) => first.value,
            (Some(last), None) => last.value,
            (Some(a), Some(b)) => a.value + (b.value - a.value) * (time - a.at) / (b.at - a.at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_between_and_beyond_corners() {
        let mut curve = Curve::default();
        assert_eq!(curve.at(1.0), 0.0);
        curve.push(1.0, 10.0);
        curve.push(3.0, 20.0);
        let mut cursor = curve.cursor();
        for (time, value) in [
            (0.0, 10.0),
            (1.0, 10.0),
            (2.0, 15.0),
            (3.0, 20.0),
            (9.0, 20.0),
        ] {
            assert_eq!(curve.at(time), value);
            assert_eq!(cursor.at(time), value);
        }
    }
}
