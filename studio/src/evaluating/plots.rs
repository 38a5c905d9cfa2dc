//! The report as pictures.

use super::{Comparison, Evaluation};
use crate::error::StudioError;
use yuefu_draw::{Canvas, Rgb};
use yuefu_evaluate::Family;

const PAPER: Rgb = [255, 255, 255];
const INK: Rgb = [40, 40, 46];
const GRID: Rgb = [224, 226, 230];
const REAL: Rgb = [150, 156, 166];
const OURS: Rgb = [208, 84, 48];

/// Pictures of an evaluation: for each set one of the distributions and one of the figures. Names
/// and PNG bytes.
///
/// # Errors
/// When the encoder refuses, which it never does for pictures of this size.
pub fn pictures(report: &Evaluation) -> Result<Vec<(String, Vec<u8>)>, StudioError> {
    let mut out = Vec::new();
    for set in &report.against {
        for (name, canvas) in [
            ("distributions", distributions(set)),
            ("figures", figures(set)),
        ] {
            let png = canvas.png().map_err(StudioError::Internal)?;
            out.push((format!("{}-{name}.png", set.set), png));
        }
    }
    Ok(out)
}

/// Bars of both sets side by side, a row for each family.
fn distributions(set: &Comparison) -> Canvas {
    let (width, row) = (1100, 130);
    let mut canvas = Canvas::new(width, 40 + row * Family::ALL.len(), PAPER);
    legend(&mut canvas, set);
    let [real, ours] = &set.portraits;
    for (index, (family, name, size)) in Family::ALL.into_iter().enumerate() {
        let base = 40 + (index * row) as i32 + 100;
        let (a, b) = (real.shares(family), ours.shares(family));
        let most = a.iter().chain(&b).copied().fold(1e-9, f64::max);
        canvas.line((90, base), (width as i32 - 10, base), INK);
        canvas.text(8, base - 50, name, INK);
        let far = set.distances.iter().find(|d| d.family == family);
        if let Some(far) = far {
            canvas.text(8, base - 38, &format!("{:.3} bit", far.divergence), INK);
        }
        let step = (width as i32 - 110) / size as i32;
        for class in 0..size {
            let x = 95 + class as i32 * step;
            for (shares, offset, color) in [(&a, 0, REAL), (&b, step * 2 / 5, OURS)] {
                let share = shares.get(class).copied().unwrap_or(0.0);
                let height = (share / most * 85.0).round() as i32;
                canvas.fill(
                    x + offset,
                    base - height,
                    (step * 2 / 5).max(2),
                    height,
                    color,
                );
            }
            let label = family.class(class);
            if step as usize >= 6 * label.chars().count() || class % 4 == 0 {
                canvas.text(x, base + 4, &label, INK);
            }
        }
    }
    canvas
}

/// For each figure the middle 80 % of both sets and their means, on the scale of the real one.
fn figures(set: &Comparison) -> Canvas {
    let (width, row) = (900, 28);
    let mut canvas = Canvas::new(width, 50 + row * set.figures.len(), PAPER);
    legend(&mut canvas, set);
    for (index, figure) in set.figures.iter().enumerate() {
        let y = 48 + (index * row) as i32;
        canvas.text(8, y + 4, figure.name, INK);
        let wide = (figure.real.high - figure.real.low).max(1e-9);
        // The middle 80 % of the real songs is the middle third of the picture.
        let x = |value: f64| {
            let at = (value - figure.real.low) / wide;
            (430.0 + 150.0 * at).round().clamp(285.0, 790.0) as i32
        };
        canvas.fill(285, y + 20, 505, 1, GRID);
        for (spread, offset, color) in [(figure.real, 2, REAL), (figure.ours, 10, OURS)] {
            let (from, to) = (x(spread.low), x(spread.high));
            canvas.fill(from, y + offset, (to - from).max(2), 6, color);
            canvas.fill(x(spread.mean) - 1, y + offset - 1, 3, 8, INK);
        }
        let text = format!("{:3.0} % within", 100.0 * figure.within);
        canvas.text(800, y + 4, &text, INK);
    }
    canvas
}

fn legend(canvas: &mut Canvas, set: &Comparison) {
    canvas.fill(8, 10, 12, 8, REAL);
    canvas.text(24, 10, &format!("{} ({} songs)", set.set, set.real), INK);
    canvas.fill(260, 10, 12, 8, OURS);
    canvas.text(276, 10, &format!("evaluated ({} songs)", set.songs), INK);
}
