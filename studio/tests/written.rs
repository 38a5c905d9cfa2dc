//! Sung songs last as long as was asked where Yuefu writes the words, and sing what it wrote.

use yuefu_studio::{Overrides, ReleasePlan, Studio, song::Role};

/// A prompt's song: its length, and whether the words were said to be too long.
fn sung(studio: &Studio, prompt: &str, options: &[(&str, &str)]) -> (f64, bool) {
    let mut overrides = Overrides::default();
    for (name, value) in options {
        overrides.set(name, value).unwrap();
    }
    let made = studio
        .compose(prompt, &overrides, &ReleasePlan::streaming())
        .unwrap_or_else(|e| panic!("{prompt}: {e}"));
    let song = &made.song;
    // Every syllable of the sheet is on a note.
    let said: usize = song.lyrics.lines.iter().map(|l| l.syllables.len()).sum();
    let lead = song.score.tracks.iter().filter(|t| t.role == Role::Vocal);
    let notes = lead.flat_map(|t| &t.phrases).flat_map(|p| &p.notes);
    let heard = notes.filter(|n| n.lyric.is_some()).count();
    assert!(said > 10, "{prompt}: {said} syllables");
    assert_eq!(heard, said, "{prompt}");
    // Instruments do not play most of it alone.
    let line = &song.plan.timeline;
    let words: f64 = song
        .plan
        .sections
        .iter()
        .filter(|s| song.lyrics.lines_of(&s.id).next().is_some())
        .map(|s| line.seconds(s.span.end) - line.seconds(s.span.start))
        .sum();
    let length = song.plan.length.0;
    assert!(
        words > 0.45 * length,
        "{prompt}: {words:.0} of {length:.0} s sung"
    );
    let long = made.notes.iter().any(|n| n.code == "words-too-long");
    (length, long)
}

#[test]
fn a_sung_song_lasts_as_long_as_was_asked() {
    let studio = Studio::standard().unwrap();
    let asked = [
        (
            "a slow pop ballad about the rain, sung by a woman, 90 seconds",
            90.0,
        ),
        ("rock song about the road, male voice, 45 seconds", 45.0),
        ("folk song about home, female voice, 4 minutes", 240.0),
        ("90秒的流行歌，女声，写雨夜想家", 90.0),
        ("古风歌曲，男声，江湖，60秒", 60.0),
        ("一首关于毕业的民谣，女声，3分半", 210.0),
    ];
    for (prompt, seconds) in asked {
        for seed in ["1", "2"] {
            let (length, long) = sung(&studio, prompt, &[("seed", seed)]);
            assert!(!long, "{prompt} {seed}: too many words, {length:.0} s");
            assert_eq!(length, seconds, "{prompt} {seed}");
        }
    }
}

#[test]
fn bars_and_forms_that_are_stated_hold() {
    let studio = Studio::standard().unwrap();
    let prompt = "pop song about the sea, female voice";
    let (_, long) = sung(&studio, prompt, &[("length", "40 bars"), ("seed", "3")]);
    assert!(!long);
    // Without a length the form is a usual one.
    let (length, _) = sung(&studio, prompt, &[("seed", "3")]);
    assert!(length > 100.0, "{length}");
}

/// Songs whose length nobody asked for have forms and lines of their own, and none is over at once.
#[test]
fn sung_songs_differ_in_form() {
    let studio = Studio::standard().unwrap();
    let mut forms = std::collections::BTreeSet::new();
    for seed in 1..=8 {
        let mut overrides = Overrides::default();
        overrides.set("seed", &seed.to_string()).unwrap();
        let prompt = "a pop song about the sea";
        let made = studio
            .compose(prompt, &overrides, &ReleasePlan::streaming())
            .unwrap();
        let plan = &made.song.plan;
        assert!(made.song.lyrics.is_sung(), "{seed}");
        let length = plan.length.0;
        assert!((120.0..300.0).contains(&length), "{seed}: {length:.0} s");
        let form = plan.sections.iter().map(|s| (s.kind.name(), s.bars));
        forms.insert(form.collect::<Vec<_>>());
    }
    assert!(forms.len() >= 6, "{} forms of 8 songs", forms.len());
}
