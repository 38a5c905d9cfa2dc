//! Small scores to play.
#![allow(dead_code, reason = "each test file uses its part")]

use yuefu_audio::Seconds;
use yuefu_engine::SeedPath;
use yuefu_perform::perform;
use yuefu_song::{
    Articulation, Catalog, ChordSpan, Ending, Feel, Note, Origin, Performance, PerformedPhrase,
    Phrase, Role, Score, Section, SectionKind, SectionPlan, SongPlan, Track,
};
use yuefu_theory::{
    Chord, Key, Metre, Mode, Pitch, Quality, SpelledPc, Step, TickSpan, Ticks, Timeline,
};

/// The shipped catalog.
pub fn catalog() -> Catalog {
    Catalog::parse(&yuefu_data::tables("instruments")).unwrap()
}

/// A position in sixteenths.
pub fn sixteenths(n: i64) -> Ticks {
    Ticks::of(n, 16)
}

/// A note from start and length in sixteenths.
pub fn note(at: i64, len: i64, key: i32) -> Note {
    Note::new(sixteenths(at), sixteenths(len), Pitch::from_midi(key), 80)
}

/// The same with an articulation.
pub fn played(at: i64, len: i64, key: i32, how: Articulation) -> Note {
    note(at, len, key).with(how)
}

/// A song of sections of four 4/4 bars with the energies given; one chord a bar; no tracks.
pub fn song(energies: &[[f32; 2]], feel: Feel) -> (Score, SongPlan) {
    let key = Key::simplest(0, Mode::Major);
    let timeline = Timeline::steady(100.0, Metre::common());
    let bar = Ticks::WHOLE;
    let chords: Vec<ChordSpan> = (0..energies.len() as i64 * 4)
        .map(|i| ChordSpan {
            span: TickSpan::new(bar * i, bar * (i + 1)),
            chord: Chord::new(
                SpelledPc::new(if i % 2 == 0 { Step::C } else { Step::G }, 0),
                Quality::Major,
            ),
        })
        .collect();
    let spans: Vec<TickSpan> = (0..energies.len() as i64)
        .map(|i| TickSpan::new(bar * (4 * i), bar * (4 * i + 4)))
        .collect();
    let sections = spans
        .iter()
        .zip(energies)
        .enumerate()
        .map(|(i, (span, energy))| Section {
            id: format!("s{i}"),
            kind: SectionKind::Part,
            span: *span,
            key,
            energy: energy[0],
        })
        .collect();
    let planned = spans
        .iter()
        .zip(energies)
        .enumerate()
        .map(|(i, (span, energy))| SectionPlan {
            id: format!("s{i}"),
            kind: SectionKind::Part,
            material: "a".into(),
            span: *span,
            bars: 4,
            key,
            energy: *energy,
            chords: Vec::new(),
            playing: Vec::new(),
            fill: false,
            take: 0,
        })
        .collect();
    let score = Score {
        timeline: timeline.clone(),
        sections,
        chords,
        tracks: Vec::new(),
    };
    let plan = SongPlan {
        style: "test".into(),
        title: "Test".into(),
        key,
        timeline,
        sections: planned,
        cast: Vec::new(),
        feel,
        ending: Ending::Ring,
        length: Seconds(1.0),
    };
    (score, plan)
}

/// A track whose phrases are sections of four bars, each with the notes given.
pub fn track(id: &str, role: Role, instrument: &str, phrases: Vec<Vec<Note>>) -> Track {
    Track {
        id: id.into(),
        role,
        instrument: instrument.into(),
        phrases: phrases
            .into_iter()
            .enumerate()
            .map(|(i, notes)| Phrase {
                id: format!("s{i}.1"),
                span: TickSpan::new(
                    Ticks::WHOLE * (4 * i as i64),
                    Ticks::WHOLE * (4 * i as i64 + 4),
                ),
                origin: Origin::Generated {
                    engine: "test 1".into(),
                    path: "p".into(),
                    take: 0,
                },
                locked: false,
                take: 0,
                takes: Vec::new(),
                notes,
            })
            .collect(),
    }
}

/// Plays one phrase at middle energy, straight time.
pub fn one(role: Role, instrument: &str, notes: Vec<Note>) -> PerformedPhrase {
    let (mut score, plan) = song(&[[0.55, 0.55]], Feel::default());
    score.tracks.push(track("t", role, instrument, vec![notes]));
    let performance = play(&score, &plan);
    performance.tracks[0].phrases[0].phrase.clone()
}

/// Plays a score with the shipped catalog.
pub fn play(score: &Score, plan: &SongPlan) -> Performance {
    perform(score, plan, &catalog(), &SeedPath::song(11))
}
