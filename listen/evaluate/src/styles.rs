//! Whether styles can be told apart: a judge for each style, asked about songs that it never saw.

use crate::boost::Judge;
use serde::Serialize;
use std::collections::BTreeMap;
use yuefu_song::{Role, Score, line_of};
use yuefu_theory::Ticks;

/// Roles whose playing is measured.
const ROLES: [Role; 8] = [
    Role::Lead,
    Role::Counter,
    Role::Comp,
    Role::Arp,
    Role::Pad,
    Role::Bass,
    Role::Drums,
    Role::Percussion,
];

/// How a song is written, without saying what plays it: metre, tempo, key, chords, and of each role
/// density, lengths, height and places in the bar.
pub fn figures(score: &Score) -> Vec<f64> {
    let start = score.timeline.metre(Ticks::ZERO);
    let bar = start.bar();
    let end = score.end().max(bar);
    let bars = end.0 as f64 / bar.0 as f64;
    let mut out = vec![bar.as_quarters(), score.timeline.bpm(Ticks::ZERO)];
    let minor = score.key_at(Ticks::ZERO).mode.is_minor();
    out.push(f64::from(u8::from(minor)));
    let chords = score.chords.len().max(1) as f64;
    let tones: usize = score.chords.iter().map(|c| c.chord.pcs().len()).sum();
    out.extend([chords / bars, tones as f64 / chords]);
    let mut roots = [0.0; 12];
    for chord in &score.chords {
        let tonic = score.key_at(chord.span.start).tonic.pc();
        roots[usize::from((12 + chord.chord.root.pc() - tonic) % 12)] += 1.0 / chords;
    }
    out.extend(roots);
    for role in ROLES {
        let same = |other: Role| match role {
            Role::Lead => matches!(other, Role::Lead | Role::Vocal),
            _ => other == role,
        };
        let mut places = [0.0_f64; 12];
        let (mut count, mut len, mut key, mut off) = (0.0, 0.0, 0.0, 0.0);
        for track in score.tracks.iter().filter(|t| same(t.role)) {
            let percussion = role.is_percussion();
            let line = line_of(track);
            let all = track.phrases.iter().map(|p| p.notes.len()).sum::<usize>();
            count += all as f64;
            for note in &line {
                let (_, into) = score.timeline.bar_of(note.at);
                let place = into.0 * 12 / bar.0.max(1);
                places[place.clamp(0, 11) as usize] += 1.0 / line.len() as f64;
                off +=
                    f64::from(u8::from(into.0 % (Ticks::QUARTER.0 / 2) != 0)) / line.len() as f64;
                len += note.len.as_quarters() / line.len() as f64;
                if !percussion {
                    key += f64::from(note.key) / line.len() as f64;
                }
            }
        }
        out.extend([count / bars, len, key, off]);
        out.extend(places);
    }
    out
}

/// How well styles are recognized.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Recognition {
    /// Songs that were asked about.
    pub asked: usize,
    /// Share of them whose style was recognized.
    pub right: f64,
    /// What guessing would reach.
    pub chance: f64,
    /// For each style how many were asked about and how many recognized.
    pub styles: BTreeMap<String, (usize, usize)>,
    /// Confusions: style, taken for, how often; most first.
    pub taken_for: Vec<(String, String, usize)>,
}

/// Trains a judge for each style on every second song of it, and asks about the others. `None`
/// where fewer than two styles have two songs.
pub fn recognize(songs: &[(String, Vec<f64>)]) -> Option<Recognition> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let learns: Vec<bool> = songs
        .iter()
        .map(|(style, _)| {
            let count = seen.entry(style).or_default();
            *count += 1;
            *count % 2 == 1
        })
        .collect();
    let known: Vec<&str> = seen.iter().filter(|s| *s.1 >= 2).map(|s| *s.0).collect();
    if known.len() < 2 {
        return None;
    }
    let learn: Vec<&(String, Vec<f64>)> = songs
        .iter()
        .zip(&learns)
        .filter(|(song, learns)| **learns && known.contains(&song.0.as_str()))
        .map(|(song, _)| song)
        .collect();
    let rows: Vec<Vec<f64>> = learn.iter().map(|song| song.1.clone()).collect();
    let judges: Vec<Judge> = known
        .iter()
        .map(|style| {
            let own: Vec<bool> = learn.iter().map(|song| song.0 == *style).collect();
            // Few songs of each style: the same splits would be refused for being too small.
            Judge::train_from(&rows, &own, 1)
        })
        .collect();
    let mut out = Recognition {
        chance: 1.0 / known.len() as f64,
        ..Recognition::default()
    };
    let mut wrong: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut right = 0;
    let held = songs
        .iter()
        .zip(&learns)
        .filter(|(song, learns)| !**learns && known.contains(&song.0.as_str()));
    for ((style, row), _) in held {
        let best = (0..judges.len())
            .max_by(|a, b| judges[*a].score(row).total_cmp(&judges[*b].score(row)))
            .unwrap_or(0);
        out.asked += 1;
        let entry = out.styles.entry(style.clone()).or_default();
        entry.0 += 1;
        if known[best] == style {
            right += 1;
            entry.1 += 1;
        } else {
            *wrong
                .entry((style.clone(), known[best].to_owned()))
                .or_default() += 1;
        }
    }
    out.right = f64::from(right) / out.asked.max(1) as f64;
    let mut taken: Vec<(String, String, usize)> =
        wrong.into_iter().map(|((a, b), n)| (a, b, n)).collect();
    taken.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.cmp(b)));
    out.taken_for = taken;
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use yuefu_engine::SeedPath;

    #[test]
    fn what_differs_is_recognized() {
        let mut rng = SeedPath::song(1).rng();
        let mut song = |style: usize, differ: f64| {
            let mut row: Vec<f64> = (0..8).map(|_| f64::from(rng.bipolar())).collect();
            row[style] += differ;
            (format!("style-{style}"), row)
        };
        let songs: Vec<_> = (0..60).map(|i| song(i % 3, 4.0)).collect();
        let told = recognize(&songs).expect("three styles");
        assert_eq!(told.asked, 30);
        assert!(told.right > 0.9, "{}", told.right);
        let same: Vec<_> = (0..60).map(|i| song(i % 3, 0.0)).collect();
        let told = recognize(&same).expect("three styles");
        assert!(told.right < 0.65, "{}", told.right);
        assert_eq!(recognize(&songs[..1]), None);
    }
}
