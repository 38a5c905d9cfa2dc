//! Tunes of the shipped network, inside what plans ask.

use std::sync::OnceLock;
use yuefu_arrange::{Band, TuneFinder, arrange, arrange_words};
use yuefu_composer::events::{Kin, Sung};
use yuefu_composer::{Composer, finder::surprise, ground::Ground, tell::tell};
use yuefu_engine::SeedPath;
use yuefu_originality::{MOST_KNOWN, OriginalityIndex, tune_of};
use yuefu_song::{
    Catalog, Role, Score, SongPlan, StyleBook, Track,
    brief::{Brief, Weighted},
};
use yuefu_theory::Ticks;

fn composer() -> &'static Composer {
    static ONE: OnceLock<Composer> = OnceLock::new();
    ONE.get_or_init(|| Composer::shipped().expect("weights ship"))
}

fn book() -> &'static StyleBook {
    static ONE: OnceLock<StyleBook> = OnceLock::new();
    ONE.get_or_init(|| yuefu_plan::standard_styles().expect("styles ship"))
}

fn catalog() -> &'static Catalog {
    static ONE: OnceLock<Catalog> = OnceLock::new();
    ONE.get_or_init(|| {
        Catalog::parse(&yuefu_data::tables("instruments")).expect("instruments ship")
    })
}

fn written(style: &str, seed: u64, finder: Option<&dyn TuneFinder>) -> (SongPlan, Score) {
    let brief = Brief {
        styles: vec![Weighted::new(style.to_owned(), 1.0)],
        ..Brief::default()
    };
    let path = SeedPath::song(seed);
    let (plan, _) = yuefu_plan::plan(&brief, &Default::default(), book(), catalog(), &path);
    let score = arrange(&plan, Band::new(book(), catalog()).with(finder), &path);
    (plan, score)
}

fn leads(score: &Score) -> impl Iterator<Item = &Track> {
    let tracks = score.tracks.iter();
    tracks.filter(|t| matches!(t.role, Role::Lead | Role::Vocal))
}

#[test]
fn the_same_song_has_the_same_tune_whatever_was_written_before() {
    let fresh = Composer::shipped().expect("weights ship");
    let (_, first) = written("pop", 7, Some(&fresh));
    for seed in 20..23 {
        written("ballad", seed, Some(composer()));
    }
    let (_, again) = written("pop", 7, Some(composer()));
    assert!(first == again);
    let (_, rules) = written("pop", 7, None);
    assert!(first.tracks != rules.tracks);
    let used = leads(&first).flat_map(|t| &t.phrases).map(|p| &p.origin);
    assert!(
        used.into_iter()
            .all(|origin| format!("{origin:?}").contains(composer().id()))
    );
}

#[test]
fn words_are_sung_whole_and_in_time() {
    let sheets = [
        "[Verse]\n晚风吹过安静的巷口\n我想起你说过的温柔\n路灯还亮着像在等候\n你的影子已经走了很久\n\n[Chorus]\n如果时间能够倒流\n我愿意再牵你的手",
        "[Verse]\nThe morning train is running late again\nI count the windows, one by one, to ten\nA yellow coat is waiting in the rain\n\n[Chorus]\nSo hold the line, I'm coming home tonight\nAnd every lamp will turn to gold, to light",
    ];
    let mut syncopated = 0;
    for (number, text) in sheets.iter().enumerate() {
        let words = yuefu_lyrics::read(text, yuefu_lyrics::languages());
        let words = words.sheet.unrolled();
        for seed in 0..6 {
            // At the pace of ballads there is time for syllables between the eighths.
            let style = if seed < 2 { "pop" } else { "ballad" };
            let brief = Brief {
                styles: vec![Weighted::new(style.to_owned(), 1.0)],
                ..Brief::default()
            };
            let path = SeedPath::song(seed);
            let (plan, _) = yuefu_plan::plan(&brief, &words, book(), catalog(), &path);
            let band = Band::new(book(), catalog()).with(Some(composer()));
            let score = arrange_words(&plan, &words, band, &path);
            let again = arrange_words(&plan, &words, band, &path);
            assert!(score == again);
            let singer = score.tracks.iter().find(|t| t.role == Role::Vocal);
            let singer = singer.expect("somebody sings");
            let wanted = words.lines.iter().flat_map(|line| &line.syllables);
            let wanted: Vec<&str> = wanted.map(|s| s.text.as_str()).collect();
            let notes = singer.phrases.iter().flat_map(|p| &p.notes);
            let got = notes.filter_map(|n| n.lyric.as_deref().map(|l| l.text.as_str()));
            assert_eq!(got.collect::<Vec<_>>(), wanted);
            let line = yuefu_song::line_of(singer);
            assert!(line.len() >= wanted.len(), "notes cover each other");
            for pair in line.windows(2) {
                let apart = (pair[1].at - pair[0].at).as_quarters();
                let seconds = apart * 60.0 / score.timeline.bpm(pair[0].at);
                assert!(
                    seconds > 0.08,
                    "{number} {seed}: {seconds} s for a syllable"
                );
                syncopated += usize::from(pair[1].at.0 % Ticks::of(1, 8).0 != 0);
            }
        }
    }
    // Real tunes with words have a fifth of their notes there.
    assert!(syncopated > 20, "{syncopated} notes off the eighths");
}

#[test]
fn what_returns_is_the_same_or_a_variation() {
    let (mut same, mut varied) = (0, 0);
    for seed in 1..9 {
        let (plan, score) = written("pop", seed, Some(composer()));
        let lead = leads(&score).next().expect("somebody leads");
        let rhythm = |section: &str, number: u32| -> Option<Vec<Ticks>> {
            let id = format!("{section}.{number}");
            let phrase = lead.phrases.iter().find(|p| p.id == id)?;
            let own = phrase.notes.iter().map(|n| n.at);
            Some(own.filter(|at| *at >= Ticks::ZERO).collect())
        };
        let choruses = plan.sections.iter().filter(|s| s.material == "chorus");
        let choruses: Vec<&str> = choruses.map(|s| s.id.as_str()).collect();
        for number in 2..5 {
            let pair = (rhythm(choruses[0], 1), rhythm(choruses[0], number));
            let (Some(a), Some(b)) = pair else { continue };
            let kept = a.iter().filter(|at| b.contains(at)).count();
            if a == b {
                same += 1;
            } else if kept * 5 >= a.len() * 3 {
                varied += 1;
            }
        }
    }
    assert!(same > 0 && varied > 0, "{same} the same, {varied} varied");
}

#[test]
fn tunes_keep_their_range_and_their_bars_and_breathe() {
    for (style, seed) in [
        ("pop", 1),
        ("jazz", 2),
        ("classical", 3),
        ("rock", 4),
        ("waltz", 5),
    ] {
        let (plan, score) = written(style, seed, Some(composer()));
        let mut notes = 0;
        for track in leads(&score) {
            let profile = catalog().profile(&track.instrument).expect("known");
            for phrase in &track.phrases {
                for note in &phrase.notes {
                    let key = note.pitch.midi();
                    let [low, high] = profile.range.map(i32::from);
                    assert!((low..=high).contains(&key), "{style}: {key}");
                    assert!(note.len > Ticks::ZERO);
                    assert!(phrase.span.start + note.at < plan.sections.last().unwrap().span.end);
                    notes += 1;
                }
            }
        }
        assert!(notes > 40, "{style}: {notes} notes");
    }
}

#[test]
fn styles_whose_tunes_nobody_learned_are_left_to_rules() {
    let (_, learned) = written("indian", 3, Some(composer()));
    let (_, rules) = written("indian", 3, None);
    let notes = |score: &Score| -> Vec<_> {
        let tracks = score.tracks.iter().flat_map(|t| &t.phrases);
        tracks.map(|p| p.notes.clone()).collect()
    };
    assert_eq!(notes(&learned), notes(&rules));
}

#[test]
fn no_tune_repeats_a_known_one() {
    let index = OriginalityIndex::shipped().expect("the index ships");
    let mut phrases = 0;
    for seed in 100..112 {
        for style in ["pop", "ballad", "jazz", "classical"] {
            let (_, score) = written(style, seed, Some(composer()));
            for track in leads(&score) {
                phrases += track.phrases.len();
                let run = index.longest_known_run(&tune_of(track));
                let run = run.map_or(0, |run| run.notes);
                assert!(run <= MOST_KNOWN + 2, "{style} {seed}: {run} notes");
            }
        }
    }
    assert!(phrases >= 300, "{phrases}");
}

#[test]
fn what_it_writes_surprises_it_less_than_noise() {
    let (_, score) = written("pop", 11, Some(composer()));
    let track = leads(&score).next().expect("a tune");
    let tune: Vec<Sung> = track
        .phrases
        .iter()
        .flat_map(|p| p.notes.iter().map(|n| (p.span.start + n.at, n)))
        .map(|(at, note)| Sung {
            at,
            len: note.len,
            key: note.pitch.midi(),
            begins: None,
        })
        .collect();
    let mut rng = SeedPath::song(1).rng();
    let noise: Vec<Sung> = tune
        .iter()
        .map(|n| Sung {
            key: 55 + rng.below(24) as i32,
            ..*n
        })
        .collect();
    let spans: Vec<_> = track.phrases.iter().map(|p| p.span).collect();
    let ground = Ground::of_score(&score);
    let nats = |tune: &[Sung]| -> f32 {
        let told = surprise(composer(), &tell(&ground, Kin::Pop, tune, &spans));
        told.iter().map(|[_, _, key]| key).sum::<f32>() / told.len() as f32
    };
    let (own, other) = (nats(&tune), nats(&noise));
    assert!(own + 1.0 < other, "{own} and {other}");
}
