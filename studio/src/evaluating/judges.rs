//! Real or generated: two judges, and what they reach where there is nothing to tell.

use serde::Serialize;
use yuefu_engine::SeedPath;
use yuefu_evaluate::{
    boost,
    events::{self, Event},
    sheet,
};
use yuefu_song::{Score, Track, lead_of};

/// Folds, each judged by judges that have not seen it. A song is in one of them.
const FOLDS: usize = 5;
/// How often real songs are divided anew to tell real from real.
const CONTROLS: usize = 5;
/// Fewest excerpts of each kind; fewer teach a judge nothing.
const FEWEST: usize = 2 * FOLDS;

/// How surely judges tell real from generated excerpts of 32 bars in common time, as areas under
/// the curve: 0.5 cannot tell, 1 always tells.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Judged {
    /// Real excerpts.
    pub real: usize,
    /// Excerpts of the songs evaluated.
    pub songs: usize,
    /// By gradient boosting of hand-made figures.
    pub figures: f64,
    /// By a small convolutional network over the notes.
    pub events: f64,
    /// Half of the 95 % interval of each area, by Hanley and McNeil (Radiology 143, 1982).
    pub uncertain: [f64; 2],
    /// The same judges on real against real: mean over random halves.
    pub control: [f64; 2],
    /// What the judge of figures asked most: name, mean of real songs, mean of ours.
    pub asked: Vec<(String, f64, f64)>,
}

/// Lets both judges try.
pub(super) fn judge(real: &[(&Score, &Track)], ours: &[&Score], seed: u64) -> Option<Judged> {
    type Read = (Vec<f64>, Vec<Event>);
    let read = |score: &Score, track: &Track| -> Option<Read> {
        Some((
            sheet::figures(score, track)?,
            events::events(score, track, true)?,
        ))
    };
    let real: Vec<Read> = real.iter().filter_map(|(s, t)| read(s, t)).collect();
    let ours = ours.iter().filter_map(|score| read(score, lead_of(score)?));
    let ours: Vec<Read> = ours.collect();
    if real.len() < FEWEST || ours.len() < FEWEST {
        return None;
    }
    let folds_of = |count: usize| -> Vec<usize> { (0..count).map(|i| i % FOLDS).collect() };
    let (many, few) = (real.len(), ours.len());
    let both = real.iter().chain(&ours);
    let (rows, songs): (Vec<Vec<f64>>, Vec<Vec<Event>>) = both.cloned().unzip();
    let truth: Vec<bool> = (0..many + few).map(|i| i < many).collect();
    let folds: Vec<usize> = folds_of(many).into_iter().chain(folds_of(few)).collect();
    let (figures, asked) = boost::tell_apart(&rows, &truth, &folds);
    let by_events = events::tell_apart(&songs, &truth, &folds, seed);
    let mut control = [0.0; 2];
    for round in 0..CONTROLS {
        let mut half: Vec<bool> = (0..many).map(|i| i % 2 == 0).collect();
        let path = SeedPath::song(seed).join("control").join(round);
        path.rng().shuffle(&mut half);
        let folds = folds_of(many);
        control[0] += boost::tell_apart(&rows[..many], &half, &folds).0 / CONTROLS as f64;
        let number = path.number();
        control[1] += events::tell_apart(&songs[..many], &half, &folds, number) / CONTROLS as f64;
    }
    let mean = |rows: &[Vec<f64>], at: usize| {
        rows.iter().map(|row| row[at]).sum::<f64>() / rows.len() as f64
    };
    let names = sheet::names();
    let asked = asked.into_iter().take(12).map(|(at, _)| {
        let (a, b) = (mean(&rows[..many], at), mean(&rows[many..], at));
        (names[at].clone(), a, b)
    });
    Some(Judged {
        real: many,
        songs: few,
        figures,
        events: by_events,
        uncertain: [figures, by_events].map(|area| 1.96 * boost::auc_error(area, many, few)),
        control,
        asked: asked.collect(),
    })
}
