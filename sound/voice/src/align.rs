//! Where phones really begin: boundaries moved to where the sound changes.
//!
//! Whoever speaks a line knows its phones' times only roughly; Kokoro thinks in frames of 25 ms,
//! and late. The boundaries found here divide the line into pieces that are as even in themselves
//! as possible, have voice where their phones have, and begin near where they were expected. Dynamic
//! programming finds the best ones exactly (Svendsen & Soong, *On the automatic segmentation of
//! speech signals*, ICASSP 1987).

use crate::phones::{Manner, is_voiced, manner};
use yuefu_audio::math;

/// Bands that frames are compared in.
const BANDS: usize = 20;
/// Half the rate as a multiple of the frequency up to which bands are of about equal width.
const LINEAR: f64 = 12.0;
/// Farthest that a boundary moves, in seconds.
const FARTHEST: f64 = 0.075;
/// See [`Heard::sure`]; in seconds.
const NEAR: f64 = 0.025;
/// Time in which unevenness is counted, in seconds.
const UNIT: f64 = 0.006_25;
/// What voice costs where none is expected, and the other way round, for each [`UNIT`].
const UNLIKE: f64 = 0.5;
/// What is this far below the loudest, in nepers, is silence: 60 dB.
const FLOOR: f32 = 7.0;
/// A gap between phones this long, in seconds, is a pause; a shorter one belongs to what follows.
const PAUSE: f64 = 0.2;
/// Shortest phone, in seconds.
const SHORTEST: f64 = 0.0125;

/// A line as it sounds.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    /// Natural logarithms of amplitudes, [`Self::width`] values a frame, evenly from 0 Hz to half
    /// the rate.
    pub levels: &'a [f32],
    /// Values of a frame.
    pub width: usize,
    /// Whether the voice sounds in each frame.
    pub voiced: &'a [bool],
    /// Seconds from one frame to the next.
    pub hop: f64,
    /// How sure the phones' times are: what a boundary costs that is 25 ms from where it was
    /// expected. The unit is a squared neper, mean of the bands, over 6.25 ms.
    pub sure: f64,
}

/// Moves the beginnings and ends of phones, `(symbol, start, end)` in seconds, by up to 75 ms to
/// where the sound changes. Phones less than 0.2 s apart touch afterwards. Where a line is too short
/// for its phones, they stay as they are.
pub fn align(heard: &Heard<'_>, phones: &[(&str, f64, f64)]) -> Vec<(f64, f64)> {
    let mut out: Vec<(f64, f64)> = phones.iter().map(|phone| (phone.1, phone.2)).collect();
    let pieces = pieces(phones);
    let Some(starts) = boundaries(&pieces, heard) else {
        return out;
    };
    let mut met = None;
    for (piece, bounds) in pieces.iter().zip(starts.windows(2)) {
        let Some(phone) = piece.phone else { continue };
        if met != Some(phone) {
            out[phone].0 = bounds[0] as f64 * heard.hop;
        }
        out[phone].1 = bounds[1] as f64 * heard.hop;
        met = Some(phone);
    }
    out
}

/// A piece of the line that is even in itself.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// The phone it belongs to; `None` in silence.
    phone: Option<usize>,
    /// When it is expected to begin, in seconds.
    start: f64,
    /// How sure that is: 1 for what a speaker says himself.
    sure: f64,
    /// Whether voice is expected, where that is sure.
    voiced: Option<bool>,
}

/// Silence, phones, silence.
fn pieces(phones: &[(&str, f64, f64)]) -> Vec<Piece> {
    let silence = |start| Piece {
        phone: None,
        start,
        sure: 0.3,
        voiced: None,
    };
    let mut out = vec![silence(0.0)];
    let mut before: Option<f64> = None;
    for (index, &(symbol, start, end)) in phones.iter().enumerate() {
        let start = match before {
            Some(before) if start - before < PAUSE => before,
            Some(before) => {
                out.push(silence(before));
                start
            }
            None => start,
        };
        let piece = Piece {
            phone: Some(index),
            start,
            sure: 1.0,
            voiced: expected(symbol),
        };
        out.push(piece);
        if matches!(manner(symbol), Manner::Stop | Manner::Affricate) {
            // A closure and what follows it are two sounds.
            out.push(Piece {
                start: 0.5 * (start + end),
                sure: 0.1,
                ..piece
            });
        }
        before = Some(end);
    }
    out.push(silence(before.unwrap_or(0.0)));
    out
}

/// Whether a phone has voice. Of stops and fricatives with voice nobody knows.
fn expected(symbol: &str) -> Option<bool> {
    match manner(symbol) {
        Manner::Vowel | Manner::Nasal | Manner::Liquid | Manner::Approximant => Some(true),
        _ if is_voiced(symbol) => None,
        _ => Some(false),
    }
}

/// A way to a piece's beginning.
#[derive(Clone, Copy, Debug)]
struct Way {
    /// The frame where it begins.
    at: usize,
    /// The cost of all before.
    cost: f64,
    /// The way to the piece before: its place among that one's ways.
    from: usize,
}

/// First frame of each piece and the end of the last; `None` where there is no room for all.
fn boundaries(pieces: &[Piece], heard: &Heard<'_>) -> Option<Vec<usize>> {
    let sums = Sums::new(heard);
    let frames = sums.frames();
    let (far, least) = (
        (FARTHEST / heard.hop).round() as usize,
        (SHORTEST / heard.hop).round().max(1.0) as usize,
    );
    let mut ways = vec![vec![Way {
        at: 0,
        cost: 0.0,
        from: 0,
    }]];
    for pair in pieces.windows(2) {
        let (before, piece) = (&pair[0], &pair[1]);
        let least = if before.phone.is_some() { least } else { 0 };
        let middle = (piece.start / heard.hop).round().max(0.0) as usize;
        let known = ways.last()?;
        let candidates = middle.saturating_sub(far)..=(middle + far).min(frames);
        let here: Vec<Way> = candidates
            .filter_map(|at| {
                let away = (at as f64 * heard.hop - piece.start) / NEAR;
                let reached = known
                    .iter()
                    .enumerate()
                    .filter(|way| way.1.at + least <= at);
                let (cost, from) = reached
                    .map(|(from, way)| (way.cost + sums.cost(before, way.at, at), from))
                    .min_by(|a, b| a.0.total_cmp(&b.0))?;
                let cost = cost + heard.sure * piece.sure * away * away;
                Some(Way { at, cost, from })
            })
            .collect();
        ways.push(here);
    }
    let (last, piece) = (ways.last()?, pieces.last()?);
    let whole = |way: &Way| way.cost + sums.cost(piece, way.at, frames);
    let ends = (0..last.len()).min_by(|a, b| whole(&last[*a]).total_cmp(&whole(&last[*b])));
    let mut number = ends?;
    let mut out = vec![frames];
    for ways in ways.iter().rev() {
        out.push(ways[number].at);
        number = ways[number].from;
    }
    out.reverse();
    Some(out)
}

/// Sums up to each frame, from which the cost of any piece follows at once.
struct Sums {
    /// Levels of the bands in nepers.
    levels: Vec<[f64; BANDS]>,
    /// Their squares, mean of the bands.
    squares: Vec<f64>,
    /// Frames with voice.
    voiced: Vec<f64>,
    /// The frame in [`UNIT`]s.
    unit: f64,
}

impl Sums {
    fn new(heard: &Heard<'_>) -> Self {
        let rows = rows(heard);
        let loudest = rows.iter().flatten().copied().fold(f32::MIN, f32::max);
        let mut out = Self {
            levels: vec![[0.0; BANDS]],
            squares: vec![0.0],
            voiced: vec![0.0],
            unit: heard.hop / UNIT,
        };
        let (mut levels, mut square, mut voiced) = ([0.0; BANDS], 0.0, 0.0);
        for (row, sounds) in rows.iter().zip(heard.voiced) {
            for (sum, level) in levels.iter_mut().zip(row) {
                let level = f64::from(level.max(loudest - FLOOR));
                *sum += level;
                square += level * level / BANDS as f64;
            }
            voiced += f64::from(u8::from(*sounds));
            out.levels.push(levels);
            out.squares.push(square);
            out.voiced.push(voiced);
        }
        out
    }

    fn frames(&self) -> usize {
        self.squares.len() - 1
    }

    /// What it costs that a piece lasts from one frame to another.
    fn cost(&self, piece: &Piece, from: usize, to: usize) -> f64 {
        if to <= from {
            return 0.0;
        }
        let count = (to - from) as f64;
        let (low, high) = (&self.levels[from], &self.levels[to]);
        let squared: f64 = low.iter().zip(high).map(|(a, b)| (b - a) * (b - a)).sum();
        let spread = self.squares[to] - self.squares[from] - squared / (count * BANDS as f64);
        let sounds = self.voiced[to] - self.voiced[from];
        let unlike = match piece.voiced {
            Some(true) => count - sounds,
            Some(false) => sounds,
            None => 0.0,
        };
        self.unit * (spread.max(0.0) + UNLIKE * unlike)
    }
}

/// Levels of the bands in each frame: about equally wide at the bottom, then wider and wider, as
/// those of hearing are.
fn rows(heard: &Heard<'_>) -> Vec<[f32; BANDS]> {
    let edges: [usize; BANDS + 1] = std::array::from_fn(|band| {
        let share = band as f64 / BANDS as f64;
        let warped = (math::exp(share * math::ln(LINEAR + 1.0)) - 1.0) / LINEAR;
        ((warped * heard.width as f64).round() as usize).max(band)
    });
    let frames = heard.levels.chunks_exact(heard.width.max(1));
    frames
        .map(|frame| {
            std::array::from_fn(|band| {
                let end = edges[band + 1].min(frame.len());
                amplitude(&frame[edges[band].min(end)..end])
            })
        })
        .collect()
}

/// Natural logarithm of the root mean square that an envelope, natural logarithms of amplitudes, has
/// as sound; −13.8 (−120 dB) is the least.
pub(crate) fn amplitude(envelope: &[f32]) -> f32 {
    let square = |level: &f32| math::fast_exp2(2.0 * level * std::f32::consts::LOG2_E);
    let mean = envelope.iter().map(square).sum::<f32>() / envelope.len().max(1) as f32;
    0.5 * math::ln(f64::from(mean).max(1e-12)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: usize = 64;
    const HOP: f64 = 0.006_25;

    /// Frames of sounds: the place of a formant (0 for silence), voice, seconds.
    fn sound(parts: &[(usize, bool, f64)]) -> (Vec<f32>, Vec<bool>) {
        let (mut levels, mut voiced) = (Vec::new(), Vec::new());
        for &(formant, voice, seconds) in parts {
            for _ in 0..(seconds / HOP).round() as usize {
                levels.extend((0..WIDTH).map(|bin| match formant {
                    0 => -12.0,
                    _ => -2.0 - 0.15 * bin.abs_diff(formant) as f32,
                }));
                voiced.push(voice);
            }
        }
        (levels, voiced)
    }

    fn aligned(parts: &[(usize, bool, f64)], phones: &[(&str, f64, f64)]) -> Vec<(f64, f64)> {
        let (levels, voiced) = sound(parts);
        let heard = Heard {
            levels: &levels,
            width: WIDTH,
            voiced: &voiced,
            hop: HOP,
            sure: 1.6,
        };
        align(&heard, phones)
    }

    #[test]
    fn boundaries_move_to_where_the_sound_changes() {
        let parts = [
            (0, false, 0.3),
            (50, false, 0.1),
            (24, true, 0.15),
            (2, true, 0.1),
            (0, false, 0.3),
        ];
        // Late, and the nasal said to last into the silence.
        let found = aligned(
            &parts,
            &[("s", 0.34, 0.44), ("a", 0.44, 0.6), ("n", 0.6, 0.72)],
        );
        for (found, (from, to)) in found.iter().zip([(0.3, 0.4), (0.4, 0.55), (0.55, 0.65)]) {
            assert!((found.0 - from).abs() < 0.007, "{found:?} for {from}..{to}");
            assert!((found.1 - to).abs() < 0.007, "{found:?} for {from}..{to}");
        }
    }

    #[test]
    fn closures_belong_to_their_stops_and_pauses_to_nobody() {
        let parts = [
            (0, false, 0.1),
            (5, true, 0.2),
            (0, false, 0.06),
            (40, false, 0.03),
            (8, true, 0.2),
            (0, false, 0.4),
            (5, true, 0.2),
            (0, false, 0.1),
        ];
        let found = aligned(
            &parts,
            &[
                ("a", 0.1, 0.3),
                // After a gap that the speaker counts for nobody.
                ("tʰ", 0.34, 0.39),
                ("i", 0.39, 0.59),
                ("a", 0.99, 1.19),
            ],
        );
        assert!((found[1].0 - 0.3).abs() < 0.02 && (found[1].1 - 0.39).abs() < 0.007);
        assert_eq!(found[0].1, found[1].0);
        assert!(found[2].1 < 0.61 && found[3].0 > 0.97, "{found:?}");
    }

    #[test]
    fn voice_decides_where_the_spectrum_says_little() {
        let parts = [
            (0, false, 0.1),
            (9, false, 0.1),
            (9, true, 0.2),
            (0, false, 0.1),
        ];
        let found = aligned(&parts, &[("x", 0.1, 0.215), ("ɤ", 0.215, 0.4)]);
        assert!((found[0].1 - 0.2).abs() < 0.007, "{found:?}");
    }

    #[test]
    fn what_does_not_fit_stays_and_times_never_run_backward() {
        let phones = [("a", 0.0, 1.0), ("n", 1.0, 2.0)];
        assert_eq!(
            aligned(&[(5, true, 0.05)], &phones),
            [(0.0, 1.0), (1.0, 2.0)]
        );
        assert_eq!(aligned(&[], &phones), [(0.0, 1.0), (1.0, 2.0)]);
        assert_eq!(aligned(&[(5, true, 0.5)], &[]), []);
        let mut state = 5_u32;
        let mut draw = move |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % below
        };
        for _ in 0..200 {
            let parts: Vec<(usize, bool, f64)> = (0..12)
                .map(|_| (draw(64) as usize, draw(2) == 0, f64::from(draw(20)) * 0.01))
                .collect();
            let mut at = 0.0;
            let phones: Vec<(&str, f64, f64)> = (0..10)
                .map(|_| {
                    let start = at + f64::from(draw(8)) * 0.05 * f64::from(draw(2));
                    at = start + f64::from(draw(20)) * 0.01;
                    (
                        ["a", "n", "tʰ", "s", "ts", "j"][draw(6) as usize],
                        start,
                        at,
                    )
                })
                .collect();
            let found = aligned(&parts, &phones);
            assert_eq!(found.len(), phones.len());
            let mut before = 0.0;
            for (start, end) in found {
                assert!(start >= before - 1e-9 && end >= start, "{phones:?}");
                before = end;
            }
        }
    }
}
