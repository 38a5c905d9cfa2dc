//! What is asked is what is delivered, over styles, options and seeds.

use yuefu_studio::{Overrides, ReleasePlan, Studio, Tempo, theory::Ticks};

fn ask(options: &[(&str, &str)]) -> Overrides {
    let mut overrides = Overrides::default();
    for (name, value) in options {
        overrides
            .set(name, value)
            .unwrap_or_else(|e| panic!("{name} {value}: {e}"));
    }
    overrides
}

/// Tempo, metre, key and length asked for are delivered in every style.
#[test]
fn explicit_values_are_obeyed_in_every_style() {
    let studio = Studio::standard().unwrap();
    let release = ReleasePlan::streaming();
    let keys = ["D minor", "F# major", "Bb dorian", "A羽"];
    let metres = ["4/4", "3/4", "6/8"];
    let mut number = 0;
    for style in studio.book.styles() {
        for seed in 0..3 {
            number += 1;
            let bpm = 61.0 + f64::from(number * 7 % 110);
            let seconds = 20 + number * 13 % 200;
            let (key, metre) = (keys[number as usize % 4], metres[number as usize % 3]);
            let overrides = ask(&[
                ("style", &style.id),
                ("bpm", &bpm.to_string()),
                ("key", key),
                ("metre", metre),
                ("length", &seconds.to_string()),
                ("seed", &seed.to_string()),
            ]);
            let song = studio
                .compose("something nice", &overrides, &release)
                .unwrap_or_else(|e| panic!("{}: {e}", style.id))
                .song;
            let what = format!("{} {bpm} {key} {metre} {seconds}", style.id);
            assert_eq!(song.plan.style, style.id, "{what}");
            assert_eq!(song.plan.key.to_string(), key_name(key), "{what}");
            assert_eq!(song.plan.length.0, f64::from(seconds), "{what}");
            let line = &song.score.timeline;
            assert_eq!(line.metre(Ticks::ZERO).to_string(), metre, "{what}");
            // Compound metres count felt beats: a dotted quarter is one and a half quarters.
            let factor = if metre == "6/8" { 1.5 } else { 1.0 };
            let got = line.bpm(Ticks::ZERO) / factor;
            let said = Tempo::of(&song).to_string();
            let sign = if metre == "6/8" { "♩.=" } else { "" };
            let unit = if metre == "6/8" { "" } else { " BPM" };
            assert_eq!(said, format!("{sign}{bpm}{unit}"), "{what}");
            assert!((got - bpm).abs() < 1e-6, "{what}: {got}");
            // Nothing is written beyond the end.
            for track in &song.score.tracks {
                for phrase in &track.phrases {
                    for note in &phrase.notes {
                        let at = line.seconds(phrase.span.start + note.at);
                        assert!(at < song.plan.length.0, "{what}: {} at {at}", track.id);
                    }
                }
            }
        }
    }
}

fn key_name(key: &str) -> String {
    key.parse::<yuefu_studio::theory::Key>()
        .unwrap()
        .to_string()
}

/// Instruments asked for play; those refused do not.
#[test]
fn instruments_are_obeyed() {
    let studio = Studio::standard().unwrap();
    let release = ReleasePlan::streaming();
    for (number, style) in studio.book.styles().iter().enumerate() {
        let wanted = ["erhu", "flute", "cello", "vibraphone"][number % 4];
        let overrides = ask(&[
            ("style", &style.id),
            ("instrument", wanted),
            ("without", "drums"),
            ("length", "40"),
        ]);
        let song = studio.compose("music", &overrides, &release).unwrap().song;
        let playing = song
            .score
            .tracks
            .iter()
            .filter(|t| t.phrases.iter().any(|p| !p.notes.is_empty()));
        let ids: Vec<&str> = playing.clone().map(|t| t.instrument.as_str()).collect();
        assert!(
            ids.contains(&wanted),
            "{}: {wanted} is not in {ids:?}",
            style.id
        );
        for track in playing {
            let family = studio.catalog.profile(&track.instrument).unwrap().family;
            assert_ne!(
                family,
                yuefu_studio::song::Family::Kit,
                "{}: {ids:?}",
                style.id
            );
        }
    }
}

/// The same request gives the same song; another seed gives another.
#[test]
fn seeds_decide() {
    let studio = Studio::standard().unwrap();
    let release = ReleasePlan::streaming();
    let compose = |seed: &str| {
        let overrides = ask(&[("seed", seed)]);
        studio
            .compose("quiet evening by the sea", &overrides, &release)
            .unwrap()
            .song
    };
    assert_eq!(compose("5"), compose("5"));
    let (a, b) = (compose("5"), compose("6"));
    assert_ne!(a.score.tracks, b.score.tracks);
    // Prompts that differ get seeds that differ.
    let seed = |prompt: &str| studio.understand(prompt, &Overrides::default()).seed;
    assert_ne!(seed("a"), seed("b"));
    assert_eq!(seed("a"), seed("a"));
}
