//! Curves of learning as a picture.

use std::{io, path::Path};
use yuefu_draw::{Canvas, Rgb};

const WIDTH: usize = 900;
const HEIGHT: usize = 420;
const EDGE: usize = 30;

/// Draws what a run's looks saw: training in gray, held-back tunes in blue (all), red (distance),
/// green (length) and orange (key). A gray line stands at each whole nat.
///
/// # Errors
/// When the file cannot be written.
pub fn draw(looks: &[(usize, f64, [f64; 3])], path: &Path) -> io::Result<()> {
    let mut picture = Canvas::new(WIDTH, HEIGHT, [255; 3]);
    let most = looks
        .iter()
        .map(|(_, own, held)| own.max(held.iter().sum()))
        .fold(1.0_f64, f64::max);
    let steps = looks.last().map_or(1, |look| look.0).max(1);
    let place = |step: usize, nats: f64| {
        let x = EDGE as f64 + (WIDTH - 2 * EDGE) as f64 * step as f64 / steps as f64;
        let y = (HEIGHT - EDGE) as f64 - (HEIGHT - 2 * EDGE) as f64 * nats / most;
        (x.round() as i32, y.round() as i32)
    };
    for nat in 0..=most as usize {
        let from = place(0, nat as f64);
        picture.line(from, place(steps, nat as f64), [225; 3]);
    }
    type Of = fn(&(usize, f64, [f64; 3])) -> f64;
    let curves: [(Of, Rgb); 5] = [
        (|look| look.1, [150, 150, 150]),
        (|look| look.2.iter().sum(), [30, 80, 200]),
        (|look| look.2[0], [200, 50, 50]),
        (|look| look.2[1], [40, 150, 70]),
        (|look| look.2[2], [230, 140, 20]),
    ];
    for (of, color) in curves {
        for pair in looks.windows(2) {
            let [from, to] = [&pair[0], &pair[1]].map(|look| place(look.0, of(look)));
            picture.line(from, to, color);
        }
    }
    let bytes = picture.png().map_err(io::Error::other)?;
    std::fs::write(path, bytes)
}
