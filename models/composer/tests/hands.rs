//! The accompanist that ships: the same strokes from the same chance, in every metre that it knows,
//! inside the section, with what was asked for.

use proptest::prelude::*;
use yuefu_arrange::hands::{Accompanist, HandsPlace, Stroke, Wanted};
use yuefu_composer::Pianist;
use yuefu_engine::SeedPath;
use yuefu_song::{ChordSpan, Note, PianoSchool};
use yuefu_theory::{Metre, Pitch, TickSpan, Ticks};

fn pianist() -> Pianist {
    Pianist::shipped().expect("weights are shipped")
}

/// `halves` chords to a bar, from `start` on.
fn chords(metre: &Metre, start: Ticks, bars: i64, halves: i64) -> Vec<ChordSpan> {
    let len = Ticks(metre.bar().0 / halves);
    let names = ["C", "Am7", "F/A", "G7", "Dm", "Bdim", "Ebmaj7"];
    (0..bars * halves)
        .map(|index| ChordSpan {
            span: TickSpan::new(start + len * index, start + len * (index + 1)),
            chord: names[index as usize % names.len()].parse().unwrap(),
        })
        .collect()
}

fn play(pianist: &Pianist, metre: &Metre, bars: i64, wanted: Wanted, seed: u64) -> Vec<Stroke> {
    let start = metre.bar() * 3;
    let chords = chords(metre, start, bars, 1 + (seed as i64 % 2));
    let tune: Vec<Note> = (0..bars * 2)
        .map(|index| {
            let at = start + Ticks(metre.bar().0 * index / 2);
            Note::new(at, Ticks::QUARTER, Pitch::from_midi(69), 80)
        })
        .collect();
    let place = HandsPlace {
        school: [PianoSchool::Pop, PianoSchool::Art][seed as usize % 2],
        metre,
        span: TickSpan::new(start, start + metre.bar() * bars),
        chords: &chords,
        tune: &tune,
        wanted,
    };
    pianist.play(&place, &mut SeedPath::song(seed).rng())
}

const SOME: Wanted = Wanted {
    low: 0.7,
    high: 1.2,
    thick: 2.0,
};

#[test]
fn what_is_wanted_is_played() {
    let pianist = pianist();
    let common = Metre::common();
    let onsets = |wanted: Wanted| -> usize {
        let played = (0..6).map(|seed| play(&pianist, &common, 8, wanted, seed).len());
        played.sum()
    };
    let calm = Wanted {
        low: 0.3,
        high: 0.4,
        thick: 1.2,
    };
    let full = Wanted {
        low: 1.4,
        high: 2.2,
        thick: 2.6,
    };
    let (calm, full) = (onsets(calm), onsets(full));
    assert!(full > calm * 3 / 2, "{calm} strokes, then {full}");
}

#[test]
fn a_metre_that_nobody_learned_is_left_to_rules() {
    let pianist = pianist();
    assert!(pianist.knows(&Metre::common()) && pianist.knows(&Metre::new(6, 8)));
    assert!(!pianist.knows(&Metre::new(7, 8)) && !pianist.knows(&Metre::new(5, 4)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn strokes_stay_in_their_section(
        seed in 0_u64..1000,
        bars in 1_i64..9,
        which in 0_usize..4,
        low in 0.0_f32..3.0,
        high in 0.0_f32..4.0,
        thick in 0.5_f32..5.0,
    ) {
        let metre = [(4, 4), (3, 4), (2, 4), (6, 8)][which];
        let metre = Metre::new(metre.0, metre.1);
        let pianist = pianist();
        let wanted = Wanted { low, high, thick };
        let strokes = play(&pianist, &metre, bars, wanted, seed);
        prop_assert_eq!(&strokes, &play(&pianist, &metre, bars, wanted, seed));
        let (start, end) = (metre.bar() * 3, metre.bar() * (3 + bars));
        prop_assert!(strokes.windows(2).all(|pair| pair[0].at < pair[1].at));
        for stroke in &strokes {
            prop_assert!(stroke.at >= start && stroke.at < end);
            prop_assert!(stroke.low.is_some() || stroke.high.is_some());
            let lens = stroke.low.map(|l| l.1).into_iter().chain(stroke.high.map(|h| h.1));
            for len in lens {
                prop_assert!(len > Ticks::ZERO && stroke.at + len <= end);
            }
        }
    }
}

#[test]
fn a_section_is_no_loop() {
    let strokes = play(&pianist(), &Metre::common(), 8, SOME, 4);
    let bar = Ticks::WHOLE;
    let figure = |number: i64| -> Vec<(Ticks, bool, u8)> {
        let from = bar * (3 + number);
        let own = strokes.iter().filter(|s| s.at >= from && s.at < from + bar);
        own.map(|s| (s.at - from, s.low.is_some(), s.high.map_or(0, |h| h.0)))
            .collect()
    };
    let mut figures: Vec<_> = (0..8).map(figure).collect();
    figures.sort_unstable();
    figures.dedup();
    assert!(
        figures.len() >= 3,
        "{} figures in eight bars",
        figures.len()
    );
}
