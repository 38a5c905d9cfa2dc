//! The shipped drummer keeps to what is written.

use std::sync::OnceLock;
use yuefu_arrange::kit::{KitPlace, KitPlayer};
use yuefu_drummer::{
    Drummer,
    drummer::{Draw, apart, free},
    features::Ground,
    groove::{Hit, KINDS, STEPS, kind_of, rows},
    swing::Swing,
};
use yuefu_engine::SeedPath;
use yuefu_song::{Articulation, DrumSchool, Feel, Note};
use yuefu_theory::{Pitch, TickSpan, Ticks};

fn drummer() -> &'static Drummer {
    static ONE: OnceLock<Drummer> = OnceLock::new();
    ONE.get_or_init(|| Drummer::shipped().expect("weights ship"))
}

fn place(school: DrumSchool) -> KitPlace {
    KitPlace {
        school,
        tempo: 112.0,
        feel: Feel::default(),
        span: TickSpan::new(Ticks::ZERO, Ticks::WHOLE * 8),
    }
}

/// Eight bars of the plainest beat, with a ghost in every bar.
fn beat() -> Vec<Note> {
    let mut notes = Vec::new();
    for step in 0..8 * 16 {
        let at = Ticks::of(1, 16) * step;
        let mut hit = |key: i32, level: u8, how: Articulation| {
            let note = Note::new(at, Ticks::of(1, 16), Pitch::from_midi(key), level);
            notes.push(note.with(how));
        };
        match step % 16 {
            0 | 8 => hit(36, 84, Articulation::Normal),
            4 | 12 => hit(38, 107, Articulation::Accent),
            7 => hit(38, 36, Articulation::Ghost),
            _ => {}
        }
        if step % 2 == 0 {
            hit(
                42,
                if step % 4 == 0 { 80 } else { 60 },
                Articulation::Normal,
            );
        }
    }
    notes
}

#[test]
fn playing_keeps_notes_ghosts_and_loudness() {
    for school in [DrumSchool::Rock, DrumSchool::Funk, DrumSchool::Jazz] {
        let written = beat();
        let play = || {
            let mut notes = beat();
            let mut rng = SeedPath::song(7).rng();
            KitPlayer::play(drummer(), &place(school), &mut notes, &mut rng);
            notes
        };
        let played = play();
        assert_eq!(played, play());
        for (a, b) in written.iter().zip(&played) {
            assert_eq!(
                (a.at, a.pitch, a.len, a.articulation),
                (b.at, b.pitch, b.len, b.articulation)
            );
            assert!(b.late.is_some_and(|late| late.abs() <= 350));
            if a.articulation == Articulation::Ghost {
                assert!(b.velocity <= 52, "a ghost at {}", b.velocity);
            }
        }
        for key in [36, 38, 42] {
            let mean = |notes: &[Note]| {
                let own = notes.iter().filter(|n| n.key() == key);
                let own = own.filter(|n| n.articulation != Articulation::Ghost);
                let all: Vec<f32> = own.map(|n| f32::from(n.velocity)).collect();
                all.iter().sum::<f32>() / all.len() as f32
            };
            let (a, b) = (mean(&written), mean(&played));
            assert!((a - b).abs() < 6.0, "{school:?} {key}: {a} and {b}");
        }
        let times: std::collections::BTreeSet<_> = played.iter().map(|n| n.late).collect();
        let forces: std::collections::BTreeSet<_> = played.iter().map(|n| n.velocity).collect();
        assert!(
            times.len() > 20 && forces.len() > 10,
            "{} {}",
            times.len(),
            forces.len()
        );
    }
}

#[test]
fn turns_stay_near_and_inside_their_bar() {
    let written = beat();
    let bar = Ticks::WHOLE * 3;
    let mut changed = 0;
    for seed in 0..12 {
        let mut notes = beat();
        let mut rng = SeedPath::song(seed).rng();
        drummer().turn(&place(DrumSchool::Funk), bar, &mut notes, &mut rng);
        let inside = |n: &&Note| n.at >= bar && n.at < bar + Ticks::WHOLE;
        let outside = |notes: &[Note]| -> Vec<Note> {
            notes.iter().filter(|n| !inside(n)).cloned().collect()
        };
        assert_eq!(outside(&written), outside(&notes));
        for note in written.iter().filter(inside) {
            let carries =
                note.articulation == Articulation::Accent || (note.at == bar && note.key() == 36);
            assert!(!carries || notes.contains(note), "{note} is gone");
        }
        for note in &notes {
            assert!(
                [36, 38, 42].contains(&note.key()),
                "{note} is on another drum"
            );
        }
        changed += usize::from(notes != written);
    }
    assert!(
        changed >= 6,
        "{changed} of 12 turns differ from the pattern"
    );
}

#[test]
fn fills_are_on_the_drums_and_rules_are_left_alone() {
    let mut found = 0;
    for seed in 0..8 {
        let mut rng = SeedPath::song(seed).rng();
        let Some(fill) = drummer().fill(&place(DrumSchool::Rock), Ticks::of(1, 2), &mut rng) else {
            continue;
        };
        found += 1;
        assert!(
            fill.iter()
                .all(|n| n.at >= Ticks::ZERO && n.at < Ticks::WHOLE)
        );
        let late = fill.iter().filter(|n| n.at >= Ticks::of(1, 2));
        let hands = late.filter(|n| matches!(kind_of(n.key()), Some(1 | 4 | 5 | 6)));
        assert!(hands.count() >= 3);
    }
    assert!(found >= 5, "{found} of 8");
    let mut notes = beat();
    let mut rng = SeedPath::song(1).rng();
    KitPlayer::play(drummer(), &place(DrumSchool::Rules), &mut notes, &mut rng);
    assert_eq!(notes, beat());
    assert!(
        drummer()
            .fill(&place(DrumSchool::Rules), Ticks::ZERO, &mut rng)
            .is_none()
    );
}

fn ground(style: usize) -> Ground {
    Ground {
        style: Some(style),
        tempo: 110.0,
        fill: false,
        swing: Swing::default(),
    }
}

#[test]
fn grooves_are_grooves_and_ways_lead_from_one_to_the_other() {
    let known = ground(0);
    let mut rng = SeedPath::song(4).rng();
    let mut two = Vec::new();
    for _ in 0..2 {
        let idea = drummer().idea(&known, &mut rng);
        let rows = drummer().write(&known, &Draw::new(&idea, 0.8), &mut rng);
        let hits = drummer().play(&known, &free(&rows), Some(&idea), None, &mut rng);
        assert!((10..150).contains(&hits.len()), "{} hits", hits.len());
        two.push(hits);
    }
    let way = drummer().morph((&known, &two[0]), (&known, &two[1]), 5, &mut rng);
    assert_eq!((&way[0], &way[4]), (&two[0], &two[1]));
    let far: Vec<usize> = way.iter().map(|hits| apart(hits, &two[0])).collect();
    assert!(far[1] < far[4] && far[3] > far[0], "{far:?}");
    // A written groove that a drawn one keeps to leaves its mark.
    let own = rows(&two[0]);
    let idea = drummer().idea(&known, &mut rng);
    let near = Draw {
        near: [Some((&own, 6.0)), None],
        ..Draw::new(&idea, 0.8)
    };
    let drawn: Vec<Hit> = free(&drummer().write(&known, &near, &mut rng))
        .iter()
        .map(|w| Hit {
            step: w.step,
            kind: w.kind,
            force: 0.5,
            late: 0.0,
        })
        .collect();
    assert!(apart(&drawn, &two[0]) < STEPS * KINDS / 10);
}

#[test]
fn damaged_weights_are_told() {
    let mut bytes = yuefu_data::get("drummer/grooves.yfw")
        .expect("weights ship")
        .to_vec();
    bytes[5_000] ^= 1;
    assert!(Drummer::parse(&bytes).is_err());
    assert!(Drummer::parse(&[]).is_err());
}
