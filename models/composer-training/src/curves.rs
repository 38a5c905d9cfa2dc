//! Curves of learning as a picture.

use std::{fs::File, io, io::BufWriter, path::Path};

const WIDTH: usize = 900;
const HEIGHT: usize = 420;
const EDGE: usize = 30;

/// Draws what a run's looks saw: training in gray, held-back tunes in blue (all), red (distance),
/// green (length) and orange (key). A gray line stands at each whole nat.
///
/// # Errors
/// When the file cannot be written.
pub fn draw(looks: &[(usize, f64, [f64; 3])], path: &Path) -> io::Result<()> {
    let mut picture = vec![255_u8; WIDTH * HEIGHT * 3];
    let most = looks
        .iter()
        .map(|(_, own, held)| own.max(held.iter().sum()))
        .fold(1.0_f64, f64::max);
    let steps = looks.last().map_or(1, |look| look.0).max(1);
    let place = |step: usize, nats: f64| {
        let x = EDGE as f64 + (WIDTH - 2 * EDGE) as f64 * step as f64 / steps as f64;
        let y = (HEIGHT - EDGE) as f64 - (HEIGHT - 2 * EDGE) as f64 * nats / most;
        (x, y)
    };
    for nat in 0..=most as usize {
        let from = place(0, nat as f64);
        line(
            &mut picture,
            from,
            place(steps, nat as f64),
            [225, 225, 225],
        );
    }
    type Of = fn(&(usize, f64, [f64; 3])) -> f64;
    let curves: [(Of, [u8; 3]); 5] = [
        (|look| look.1, [150, 150, 150]),
        (|look| look.2.iter().sum(), [30, 80, 200]),
        (|look| look.2[0], [200, 50, 50]),
        (|look| look.2[1], [40, 150, 70]),
        (|look| look.2[2], [230, 140, 20]),
    ];
    for (of, color) in curves {
        for pair in looks.windows(2) {
            let [from, to] = [&pair[0], &pair[1]].map(|look| place(look.0, of(look)));
            line(&mut picture, from, to, color);
        }
    }
    let file = BufWriter::new(File::create(path)?);
    let mut encoder = png::Encoder::new(file, WIDTH as u32, HEIGHT as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&picture)?;
    Ok(())
}

fn line(picture: &mut [u8], from: (f64, f64), to: (f64, f64), color: [u8; 3]) {
    let count = (to.0 - from.0)
        .abs()
        .max((to.1 - from.1).abs())
        .ceil()
        .max(1.0);
    for step in 0..=count as usize {
        let share = step as f64 / count;
        let x = (from.0 + (to.0 - from.0) * share).round() as usize;
        let y = (from.1 + (to.1 - from.1) * share).round() as usize;
        if x < WIDTH && y < HEIGHT {
            let at = (y * WIDTH + x) * 3;
            picture[at..at + 3].copy_from_slice(&color);
        }
    }
}
