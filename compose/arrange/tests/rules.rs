//! What every arrangement keeps to, over many seeds.

use yuefu_arrange::{Band, arrange};
use yuefu_engine::SeedPath;
use yuefu_song::{Catalog, Role, Score, SongPlan, StyleBook, brief::Brief};
use yuefu_theory::{Metre, Ticks};

fn catalog() -> Catalog {
    Catalog::parse(&yuefu_data::tables("instruments")).expect("the shipped catalog is valid")
}

fn compose(seed: u64, brief: &Brief) -> (SongPlan, Score) {
    let book = StyleBook::parse(&[("fixture.toml", include_str!("fixture.toml"))])
        .expect("the fixture is valid");
    let path = SeedPath::song(seed);
    let (plan, _) = yuefu_plan::plan(brief, &Default::default(), &book, &catalog(), &path);
    let score = arrange(&plan, Band::new(&book, &catalog()), &path);
    (plan, score)
}

#[test]
fn the_same_seed_writes_the_same_score_and_another_one_does_not() {
    let (_, a) = compose(1, &Brief::default());
    let (_, b) = compose(1, &Brief::default());
    let (_, c) = compose(2, &Brief::default());
    assert_eq!(a, b);
    assert_ne!(a.tracks, c.tracks);
}

#[test]
fn parts_stay_in_range_and_order() {
    let catalog = catalog();
    for seed in 0..12 {
        let (plan, score) = compose(seed, &Brief::default());
        let end = score.end();
        assert!(
            score.tracks.len() >= 6,
            "seed {seed}: {} tracks",
            score.tracks.len()
        );
        for track in &score.tracks {
            let profile = catalog.profile(&track.instrument).expect("in the catalog");
            for phrase in &track.phrases {
                assert!(phrase.notes.windows(2).all(|w| w[0].at <= w[1].at));
                for note in &phrase.notes {
                    assert!(note.len > Ticks::ZERO);
                    assert!(phrase.span.start + note.at >= Ticks::ZERO - Ticks::of(1, 96));
                    assert!(phrase.span.start + note.at < end);
                    if !track.role.is_percussion() {
                        let range = profile.range[0]..=profile.range[1];
                        assert!(
                            range.contains(&note.key()),
                            "{} {note} outside {range:?}",
                            track.id
                        );
                    }
                }
            }
        }
        // The final chord is held by somebody from the downbeat of the last bar.
        let last = end - plan.timeline.metres[0].metre.bar();
        let held = score.tracks.iter().filter(|t| {
            t.phrases.iter().any(|p| {
                p.notes
                    .iter()
                    .any(|n| p.span.start + n.at == last && n.len >= Ticks::of(1, 2))
            })
        });
        assert!(held.count() >= 2, "seed {seed}: no final chord");
    }
}

#[test]
fn melodies_sit_on_the_harmony_and_breathe() {
    let (mut on, mut total) = (0.0_f64, 0.0);
    for seed in 0..12 {
        let (plan, score) = compose(seed, &Brief::default());
        let metre = &plan.timeline.metres[0].metre;
        for track in score.tracks.iter().filter(|t| t.role == Role::Lead) {
            for phrase in &track.phrases {
                for note in &phrase.notes {
                    let at = phrase.span.start + note.at;
                    if metre.weight(at) >= 0.8
                        && let Some(chord) = score.chord_at(at)
                    {
                        total += 1.0;
                        on += f64::from(u8::from(chord.chord.has(note.key() % 12)));
                    }
                }
                let end = phrase
                    .notes
                    .iter()
                    .map(|n| n.end())
                    .max()
                    .unwrap_or_default();
                let last_bar = phrase.span.end == score.end();
                assert!(
                    last_bar || phrase.notes.is_empty() || end < phrase.span.len(),
                    "a phrase without a breath"
                );
            }
        }
    }
    let ratio = on / total;
    assert!(
        (0.6..0.97).contains(&ratio),
        "chord tones on strong beats: {ratio:.2}"
    );
}

#[test]
fn other_metres_and_lengths_are_kept() {
    use yuefu_song::brief::LengthWish;
    for seconds in [12.0, 37.5, 180.0] {
        let brief = Brief {
            metre: Some(Metre::new(3, 4)),
            length: Some(LengthWish::Seconds(seconds)),
            ..Brief::default()
        };
        let (plan, score) = compose(5, &brief);
        assert_eq!(plan.timeline.metres[0].metre, Metre::new(3, 4));
        assert!((plan.length.0 - seconds).abs() < 1e-9);
        assert!(plan.timeline.seconds(score.end()) <= seconds + 1e-9);
        assert!(plan.timeline.seconds(score.end()) > seconds * 0.6);
    }
}
