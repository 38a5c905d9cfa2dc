//! Where the summaries of real grooves lie. A variational autoencoder promises that they lie like
//! chance, and does not keep it; so their places are counted after training (Ghosh et al., ICLR
//! 2020), for each style and for fills: a few middles, each with its width and its share.

use super::takes::Window;
use std::collections::BTreeMap;
use yuefu_drummer::{
    features::{STYLES, SUMMARY, ground},
    net::Net,
};
use yuefu_engine::SeedPath;
use yuefu_nets::weights::{Table, parse, write};

/// Most middles of one style.
const MOST: usize = 10;
/// Fewest grooves of a middle.
const FEWEST: usize = 12;
/// Rounds of looking for middles.
const ROUNDS: usize = 25;

/// Adds what [`Net`] draws ideas from to weights: tables `ideas.kind` (style, fill, share),
/// `ideas.mean` and `ideas.width`. Every `every`-th window counts.
///
/// # Errors
/// When the weights are none, or nothing can be counted.
pub fn with_ideas(weights: &[u8], windows: &[Window], every: usize) -> Result<Vec<u8>, String> {
    let mut tables = parse(weights).map_err(|fault| fault.to_string())?;
    tables.retain(|name, _| !name.starts_with("ideas."));
    let net = Net::parse(weights).map_err(|fault| fault.to_string())?;
    let mut kinds: BTreeMap<(usize, bool), Vec<Vec<f32>>> = BTreeMap::new();
    for window in windows.iter().step_by(every.max(1)) {
        let style = window.ground.style.unwrap_or(STYLES.len());
        let summary = net.summary(&window.hits, true, &ground(&window.ground));
        let kind = kinds.entry((style, window.ground.fill)).or_default();
        kind.push(summary.mean);
    }
    let mut rows = [Vec::new(), Vec::new(), Vec::new()];
    for ((style, fill), points) in &kinds {
        for (mean, width, share) in middles(points) {
            rows[0].extend([*style as f32, f32::from(u8::from(*fill)), share]);
            rows[1].extend(mean);
            rows[2].extend(width);
        }
    }
    let count = rows[1].len() / SUMMARY;
    if count == 0 {
        return Err("no groove to draw ideas from".to_owned());
    }
    let names = ["ideas.kind", "ideas.mean", "ideas.width"];
    let made = names.into_iter().zip(rows).map(|(name, numbers)| {
        let columns = numbers.len() / count;
        let table = Table {
            rows: count,
            columns,
            numbers,
        };
        (name.to_owned(), table)
    });
    let all: Vec<(String, Table)> = tables.into_iter().chain(made).collect();
    Ok(write(&all))
}

/// Middles of points, each with its width in every direction and how many points it has.
fn middles(points: &[Vec<f32>]) -> Vec<(Vec<f32>, Vec<f32>, f32)> {
    let count = (points.len() / FEWEST).clamp(1, MOST);
    let mut rng = SeedPath::song(points.len() as u64).join("ideas").rng();
    let mut order: Vec<usize> = (0..points.len()).collect();
    rng.shuffle(&mut order);
    let mut centers: Vec<Vec<f32>> = order[..count].iter().map(|i| points[*i].clone()).collect();
    let mut own = vec![0; points.len()];
    for _ in 0..ROUNDS {
        for (own, point) in own.iter_mut().zip(points) {
            let far = |center: &Vec<f32>| -> f32 {
                let both = center.iter().zip(point);
                both.map(|(a, b)| (a - b) * (a - b)).sum()
            };
            let near = (0..count).min_by(|a, b| far(&centers[*a]).total_cmp(&far(&centers[*b])));
            *own = near.unwrap_or(0);
        }
        for (index, center) in centers.iter_mut().enumerate() {
            if let Some((mean, _)) = spread(points, &own, index) {
                *center = mean;
            }
        }
    }
    (0..count)
        .filter_map(|index| {
            let share = own.iter().filter(|own| **own == index).count() as f32;
            let (mean, width) = spread(points, &own, index)?;
            Some((mean, width, share))
        })
        .collect()
}

/// Mean and deviation of the points of a middle; `None` where it has none.
fn spread(points: &[Vec<f32>], own: &[usize], index: usize) -> Option<(Vec<f32>, Vec<f32>)> {
    let members = || points.iter().zip(own).filter(|(_, own)| **own == index);
    let count = members().count() as f32;
    if count == 0.0 {
        return None;
    }
    let mut mean = vec![0.0; SUMMARY];
    for (point, _) in members() {
        mean.iter_mut()
            .zip(point)
            .for_each(|(m, x)| *m += x / count);
    }
    let mut width = vec![0.0; SUMMARY];
    for (point, _) in members() {
        for ((width, x), mean) in width.iter_mut().zip(point).zip(&mean) {
            *width += (x - mean) * (x - mean) / count;
        }
    }
    width.iter_mut().for_each(|w| *w = w.sqrt());
    Some((mean, width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn middles_are_found_where_points_lie() {
        let mut rng = SeedPath::song(2).rng();
        let points: Vec<Vec<f32>> = (0..60)
            .map(|index| {
                let middle = if index % 2 == 0 { 3.0 } else { -3.0 };
                (0..SUMMARY).map(|_| middle + 0.1 * rng.normal()).collect()
            })
            .collect();
        let found = middles(&points);
        let shares: f32 = found.iter().map(|(.., share)| share).sum();
        assert_eq!(shares, 60.0);
        for (mean, width, _) in found {
            assert!(mean.iter().all(|m| (m.abs() - 3.0).abs() < 0.3), "{mean:?}");
            assert!(width.iter().all(|w| *w < 0.4));
        }
    }
}
