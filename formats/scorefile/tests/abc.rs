//! ABC: round trips, the language, damage.

mod common;
use common::{Flavor, flat, flat_keys, mutate, score};
use proptest::prelude::*;
use yuefu_engine::Rng;
use yuefu_scorefile::*;
use yuefu_song::{Catalog, Score};

fn read(text: &str) -> Vec<ScoreFile> {
    read_abc(text, &Catalog::default(), &ScoreLimits::default()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn scores_survive_abc(seed in any::<u64>(), polyphony in any::<bool>()) {
        let file = score(seed, &Flavor { triplets: true, polyphony, drums: true });
        let text = write_abc(&file, &Catalog::default());
        let back = read(&text).remove(0);
        prop_assert!(back.warnings.is_empty(), "{:?}", back.warnings);
        prop_assert_eq!(&back.title, &file.title);
        prop_assert_eq!(&back.composer, &file.composer);
        prop_assert_eq!(&back.names, &file.names);
        if !polyphony {
            prop_assert_eq!(&back.syllables, &file.syllables);
        }
        let (a, b) = (&file.score, &back.score);
        prop_assert_eq!(a.tracks.len(), b.tracks.len());
        for track in 0..a.tracks.len() {
            if a.tracks[track].role.is_percussion() {
                prop_assert_eq!(flat_keys(a, track), flat_keys(b, track));
            } else {
                prop_assert_eq!(flat(a, track), flat(b, track), "{}", text);
            }
            prop_assert_eq!(&a.tracks[track].instrument, &b.tracks[track].instrument);
        }
        prop_assert_eq!(&a.timeline, &b.timeline);
        prop_assert_eq!(&a.chords, &b.chords);
        for (x, y) in a.sections.iter().zip(&b.sections) {
            prop_assert_eq!((x.span, x.key, x.kind), (y.span, y.key, y.kind));
        }
    }
}

/// Notes as `start length pitch` in eighths.
fn eighths(score: &Score) -> String {
    let notes = flat(score, 0);
    let part = |n: &(i64, i64, String)| {
        format!("{}/{}{}", n.0 as f64 / 20_160.0, n.1 as f64 / 20_160.0, n.2)
    };
    notes.iter().map(part).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_language_means_what_the_standard_says() {
    for (body, want) in [
        // Accidentals last to the barline, in their own octave; the key's come back after it.
        ("K:G\nF^CC c|CF", "0/1F#4 1/1C#4 2/1C#4 3/1C5 4/1C4 5/1F#4"),
        // Broken rhythm, also twice over, and tuplets.
        ("K:C\nA>B A<<B|", "0/1.5A4 1.5/0.5B4 2/0.25A4 2.25/1.75B4"),
        (
            "K:C\n(3ABA (3:2:2G2E",
            "0/0.6666666666666666A4 0.6666666666666666/0.6666666666666666B4 1.3333333333333333/0.6666666666666666A4 2/1.3333333333333333G4 3.3333333333333335/0.6666666666666666E4",
        ),
        // Chords, ties over the bar, rests, lengths.
        (
            "K:C\n[CE]2- [CE]z A/ B// c3/2|",
            "0/3C4 0/3E4 4/0.5A4 4.5/0.25B4 4.75/1.5C5",
        ),
        ("K:C\nA4-|A2 z2", "0/6A4"),
        // Repeats with endings.
        ("K:C\n|:A2|1 B2:|2 c2|]", "0/2A4 2/2B4 4/2A4 6/2C5"),
        ("K:C\nA2::B2:|c2", "0/2A4 2/2A4 4/2B4 6/2B4 8/2C5"),
        // Inline fields and overlays.
        ("K:C\n[K:Bb]B[L:1/4]B&c2|", "0/1Bb4 0/4C5 1/2Bb4"),
        ("K:Edor\nF C,, c''", "0/1F#4 1/1C#2 2/1C#7"),
    ] {
        let tune = read(&format!("X:1\nT:t\nM:none\nL:1/8\n{body}\n")).remove(0);
        assert_eq!(eighths(&tune.score), want, "{body}");
        assert!(tune.warnings.is_empty(), "{:?}", tune.warnings);
    }
}

#[test]
fn books_of_tunes_pickups_words_and_errors() {
    let text = "X:1\nT:One\nM:3/4\nL:1/4\nQ:\"Slow\" 1/4=60\nK:F\nC|FAc|c3|\nw:So- hold on~me, yes\n\nX:2\nT:Two\nK:none\nabc\n";
    let tunes = read(text);
    assert_eq!(tunes.len(), 2);
    assert_eq!(tunes[1].title, "Two");
    let one = &tunes[0];
    assert_eq!(
        one.score.tracks[0].phrases[0].notes[0].at.as_quarters(),
        2.0
    );
    assert_eq!(one.score.timeline.tempo[0].bpm, 60.0);
    let words: Vec<(&str, bool)> = one
        .syllables
        .iter()
        .map(|s| (s.text.as_str(), s.continues))
        .collect();
    assert_eq!(
        words,
        [
            ("So", true),
            ("hold", false),
            ("on me,", false),
            ("yes", false)
        ]
    );
    let limits = ScoreLimits::default();
    let e = read_abc("hello", &Catalog::default(), &limits).unwrap_err();
    assert_eq!(e.kind, ScoreErrorKind::Unrecognized);
    let e = read_abc("X:1\nT:t\nabc\n", &Catalog::default(), &limits).unwrap_err();
    assert_eq!(
        (e.kind, e.place),
        (ScoreErrorKind::Corrupt, Place::Line(1, 1))
    );
    let odd = read("X:1\nK:C\nA ; B\n").remove(0);
    assert_eq!(odd.warnings[0].place, Place::Line(3, 3));
}

#[test]
fn damaged_abc_never_panics() {
    let mut rng = Rng::new(13);
    let limits = ScoreLimits {
        notes: 10_000,
        quarters: 10_000,
        ..ScoreLimits::default()
    };
    let all = Flavor {
        triplets: true,
        polyphony: true,
        drums: true,
    };
    let mut fine = 0;
    for seed in 0..300 {
        let text = write_abc(&score(seed, &all), &Catalog::default());
        let bad = mutate(text.as_bytes(), &mut rng);
        let bad = String::from_utf8_lossy(&bad);
        fine += usize::from(read_abc(&bad, &Catalog::default(), &limits).is_ok());
    }
    assert!(fine > 0);
    let mut soup = String::from("X:1\nK:C\n");
    let letters: Vec<char> = "ABcz|:[](){}<>-_^=/'\",&!3 1%\\wV:KML".chars().collect();
    for _ in 0..20_000 {
        soup.push(letters[rng.below(letters.len())]);
        if rng.chance(0.02) {
            soup.push('\n');
        }
    }
    let _ = read_abc(&soup, &Catalog::default(), &limits);
    let nest = format!("X:1\nK:C\n{}", "|:A::B:|".repeat(3000));
    let _ = read_abc(&nest, &Catalog::default(), &limits);
}
