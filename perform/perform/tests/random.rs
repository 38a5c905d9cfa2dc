//! No score, however odd, is played impossibly.

mod common;

use common::*;
use proptest::prelude::*;
use yuefu_song::{Articulation, Feel, Note, Role};
use yuefu_theory::{Pitch, Ticks};

const ROLES: [Role; 12] = [
    Role::Vocal,
    Role::Lead,
    Role::Counter,
    Role::Harmony,
    Role::Backing,
    Role::Comp,
    Role::Arp,
    Role::Pad,
    Role::Bass,
    Role::Drums,
    Role::Percussion,
    Role::Fx,
];

fn notes() -> impl Strategy<Value = Vec<Note>> {
    let note = (
        -4_i64..72,
        1_i64..40,
        0_i32..128,
        1_u8..=127,
        0_usize..21,
        0_i64..3,
    )
        .prop_map(|(at, len, key, velocity, how, odd)| {
            Note::new(
                sixteenths(at) + Ticks(odd * 331),
                Ticks(len * len * 997),
                Pitch::from_midi(key),
                velocity,
            )
            .with(Articulation::ALL[how].0)
        });
    proptest::collection::vec(note, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn played_notes_are_possible(
        notes in notes(),
        role in 0_usize..12,
        instrument in 0_usize..1000,
        feel in [0.0_f32..1.0, 0.0_f32..1.0],
        energy in [0.0_f32..1.0, 0.0_f32..1.0],
    ) {
        possible(&notes, ROLES[role], instrument, feel, energy)?;
    }
}

/// Found by chance: follow and lead together made a note grow by more than eight decibels.
#[test]
fn a_note_held_into_a_stronger_section_stays_playable() {
    let held = Note::new(Ticks(524_491), Ticks(120_637), Pitch::from_midi(0), 1);
    for instrument in 0..catalog().profiles().len() {
        possible(
            std::slice::from_ref(&held),
            Role::Vocal,
            instrument,
            [0.0; 2],
            [0.0; 2],
        )
        .unwrap();
    }
}

/// Plays the notes twice, in a section of this energy and in a strong one, and looks at what
/// sounds. Feel is swing and rubato.
fn possible(
    notes: &[Note],
    role: Role,
    instrument: usize,
    feel: [f32; 2],
    energy: [f32; 2],
) -> Result<(), TestCaseError> {
    let catalog = catalog();
    let [swing, rubato] = feel;
    let feel = Feel {
        swing,
        swing_unit: if swing > 0.5 { 16 } else { 8 },
        lay_back: 10.0,
        rubato,
    };
    let (mut score, plan) = song(&[energy, [0.9, 0.2]], feel);
    let profile = &catalog.profiles()[instrument % catalog.profiles().len()];
    score.tracks.push(track(
        "t",
        role,
        &profile.id,
        vec![notes.to_vec(), notes.to_vec()],
    ));
    let performance = play(&score, &plan);
    let total: f64 = performance.tracks[0]
        .phrases
        .iter()
        .map(|p| p.phrase.length.0)
        .sum();
    prop_assert!((total - 19.2).abs() < 1e-5);
    for placed in &performance.tracks[0].phrases {
        let played = &placed.phrase.notes;
        prop_assert!(played.len() >= usize::from(!notes.is_empty()));
        let drums = role.is_percussion() && profile.family == yuefu_song::Family::Kit;
        for (i, n) in played.iter().enumerate() {
            prop_assert!(n.on.0.is_finite() && n.off.0 > n.on.0);
            prop_assert!(placed.start.0 + n.on.0 >= -1e-6);
            prop_assert!((0.02..=1.0).contains(&n.velocity));
            if !drums && profile.family != yuefu_song::Family::Effect {
                prop_assert!(
                    (profile.range[0]..=profile.range[1]).contains(&n.key),
                    "{} {}",
                    profile.id,
                    n.key
                );
            }
            if let Some(next) = played.get(i + 1) {
                prop_assert!(next.on.0 >= n.on.0);
            }
            let again = played[i + 1..].iter().find(|other| other.key == n.key);
            if let Some(again) = again {
                prop_assert!(n.off.0 <= again.on.0 + 1e-9);
            }
            for curve in [&n.pitch, &n.level, &n.tone] {
                prop_assert!(curve.0.windows(2).all(|w| w[1].at > w[0].at));
                prop_assert!(curve.0.iter().all(|p| p.value.is_finite() && p.at >= 0.0));
            }
            prop_assert!(n.tone.0.iter().all(|p| p.value.abs() <= 1.0));
            prop_assert!(n.level.0.iter().all(|p| p.value < 8.0));
            prop_assert!(n.pitch.0.iter().all(|p| p.value.abs() < 1300.0));
        }
    }
    Ok(())
}
