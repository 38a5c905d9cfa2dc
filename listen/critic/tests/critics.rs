//! A sound little piece pleases the critics; each fault put into it is found by its own critic.

use yuefu_audio::{Curve, Seconds};
use yuefu_critic::{Measures, hear, review};
use yuefu_song::*;
use yuefu_theory::{
    Chord, Key, Metre, Mode, Pitch, Quality, SpelledPc, Step, TickSpan, Ticks, Timeline,
};

fn catalog() -> Catalog {
    Catalog::parse(&yuefu_data::tables("instruments")).unwrap()
}

fn note(at: i64, len: i64, key: i32) -> Note {
    Note::new(
        Ticks::of(at, 8),
        Ticks::of(len, 8),
        Pitch::from_midi(key),
        76,
    )
}

fn track(id: &str, role: Role, instrument: &str, notes: Vec<Note>) -> Track {
    let span = TickSpan::new(Ticks::ZERO, Ticks::WHOLE * 16);
    Track {
        id: id.into(),
        role,
        instrument: instrument.into(),
        phrases: vec![Phrase {
            id: "all".into(),
            span,
            origin: Origin::Imported,
            locked: false,
            take: 0,
            takes: Vec::new(),
            notes,
        }],
    }
}

/// Sixteen bars of C Am F G with a singable tune that rests at the end of every second bar.
fn piece() -> (Score, SongPlan) {
    let key = Key::simplest(0, Mode::Major);
    let timeline = Timeline::steady(100.0, Metre::common());
    let roots = [
        (Step::C, Quality::Major),
        (Step::A, Quality::Minor),
        (Step::F, Quality::Major),
        (Step::G, Quality::Major),
    ];
    let chords: Vec<ChordSpan> = (0..16)
        .map(|bar| {
            let (step, quality) = roots[bar as usize % 4];
            ChordSpan {
                span: TickSpan::new(Ticks::WHOLE * bar, Ticks::WHOLE * (bar + 1)),
                chord: Chord::new(SpelledPc::new(step, 0), quality),
            }
        })
        .collect();
    let energies = [0.3, 0.5, 0.8, 0.4];
    let mut sections = Vec::new();
    let mut planned = Vec::new();
    for (i, energy) in energies.into_iter().enumerate() {
        let span = TickSpan::new(
            Ticks::WHOLE * (4 * i as i64),
            Ticks::WHOLE * (4 * i as i64 + 4),
        );
        let id = format!("s{i}");
        sections.push(Section {
            id: id.clone(),
            kind: SectionKind::Part,
            span,
            key,
            energy,
        });
        planned.push(SectionPlan {
            id,
            kind: SectionKind::Part,
            material: format!("m{i}"),
            span,
            bars: 4,
            key,
            energy: [energy; 2],
            chords: Vec::new(),
            playing: Vec::new(),
            fill: false,
            take: 0,
        });
    }
    let tune = [
        [(0, 3, 76), (3, 1, 74), (4, 2, 72), (6, 2, 67)],
        [(0, 2, 69), (2, 2, 72), (4, 2, 76), (6, 1, 74)],
        [(0, 3, 72), (3, 1, 69), (4, 2, 77), (6, 2, 76)],
        [(0, 2, 74), (2, 2, 71), (4, 2, 74), (6, 1, 71)],
        [(0, 2, 72), (2, 2, 76), (4, 3, 79), (7, 1, 76)],
        [(0, 3, 76), (3, 1, 74), (4, 2, 72), (6, 1, 69)],
        [(0, 2, 77), (2, 1, 76), (3, 1, 74), (4, 4, 72)],
        [(0, 3, 71), (3, 1, 72), (4, 2, 74), (6, 1, 67)],
    ];
    let lead: Vec<Note> = (0..16_i64)
        .flat_map(|bar| {
            let row = tune[bar as usize % 8];
            let shift = if bar >= 8 && bar % 2 == 0 { 1 } else { 0 };
            row.map(|(at, len, key)| {
                // The second half varies the rhythm of its bars.
                note(
                    bar * 8 + (at + i64::from(at > 4) * shift).min(7),
                    len.min(8 - at).max(1),
                    key,
                )
            })
        })
        .collect();
    let comp = (0..16_i64)
        .flat_map(|bar| {
            let (step, quality) = roots[bar as usize % 4];
            let chord = Chord::new(SpelledPc::new(step, 0), quality);
            let count = if energies[bar as usize / 4] > 0.6 {
                4
            } else {
                2
            };
            (0..count).flat_map(move |beat| {
                chord.pcs().into_iter().map(move |pc| {
                    note(
                        bar * 8 + beat * 8 / count,
                        8 / count,
                        55 + (i32::from(pc) - 55).rem_euclid(12),
                    )
                })
            })
        })
        .collect();
    let bass = (0..16_i64)
        .map(|bar| note(bar * 8, 8, [36, 45, 41, 43][bar as usize % 4]))
        .collect();
    let score = Score {
        timeline: timeline.clone(),
        sections,
        chords,
        tracks: vec![
            track("lead", Role::Lead, "flute", lead),
            track("piano", Role::Comp, "grand-piano", comp),
            track("bass", Role::Bass, "acoustic-bass", bass),
        ],
    };
    let plan = SongPlan {
        style: "test".into(),
        title: "Test".into(),
        key,
        timeline,
        sections: planned,
        cast: Vec::new(),
        feel: Feel::default(),
        ending: Ending::Ring,
        length: Seconds(40.0),
    };
    (score, plan)
}

/// The score of one critic before and after a fault, and whether it names a bar.
fn worsened(critic: &str, spoil: impl Fn(&mut Score)) {
    let catalog = catalog();
    let (score, plan) = piece();
    let before = review(&score, &plan, &catalog);
    let mut bad = score.clone();
    spoil(&mut bad);
    let after = review(&bad, &plan, &catalog);
    let (a, b) = (
        before.verdict(critic).unwrap(),
        after.verdict(critic).unwrap(),
    );
    assert!(
        b.score < a.score - 0.1,
        "{critic}: {} -> {}",
        a.score,
        b.score
    );
    assert!(
        !b.findings.is_empty() && after.overall < before.overall,
        "{critic}"
    );
    assert!(
        b.findings
            .iter()
            .all(|f| !f.what.is_empty() && !f.remedy.is_empty())
    );
}

#[test]
fn a_sound_piece_pleases() {
    let (score, plan) = piece();
    let result = review(&score, &plan, &catalog());
    assert!(result.overall > 0.8, "{result:#?}");
    for verdict in &result.critics {
        assert!(verdict.score > 0.6, "{verdict:#?}");
    }
}

#[test]
fn faults_are_found() {
    worsened("tonal-fit", |s| {
        for n in &mut s.tracks[0].phrases[0].notes {
            n.pitch = Pitch::from_midi(n.pitch.midi() + 1);
        }
    });
    worsened("range", |s| {
        for n in &mut s.tracks[0].phrases[0].notes {
            n.pitch = Pitch::from_midi(n.pitch.midi() - 36);
        }
    });
    worsened("monotony", |s| {
        let first: Vec<Note> = s.tracks[0].phrases[0].notes[..4].to_vec();
        s.tracks[0].phrases[0].notes = (0..16_i64)
            .flat_map(|bar| {
                first.clone().into_iter().map(move |mut n| {
                    n.at += Ticks::WHOLE * bar;
                    n
                })
            })
            .collect();
    });
    worsened("frozen", |s| {
        for track in &mut s.tracks {
            let gap = Ticks::WHOLE * 5..Ticks::WHOLE * 11;
            track.phrases[0].notes.retain(|n| !gap.contains(&n.at));
        }
    });
    worsened("leaps", |s| {
        for (i, n) in s.tracks[0].phrases[0].notes.iter_mut().enumerate() {
            n.pitch = Pitch::from_midi(n.pitch.midi() + [0, 0, 14, 14][i % 4]);
        }
    });
    worsened("breathing", |s| {
        let notes = &mut s.tracks[0].phrases[0].notes;
        for i in 1..notes.len() {
            notes[i - 1].len = notes[i].at - notes[i - 1].at;
        }
    });
    worsened("register", |s| {
        for n in &mut s.tracks[1].phrases[0].notes {
            n.pitch = Pitch::from_midi(n.pitch.midi() - 17);
        }
    });
    worsened("dissonance", |s| {
        let notes = (0..16_i64)
            .map(|bar| note(bar * 8, 8, [61, 70, 66, 68][bar as usize % 4]))
            .collect();
        s.tracks.push(track("pad", Role::Pad, "strings", notes));
    });
    worsened("masking", |s| {
        for n in &mut s.tracks[1].phrases[0].notes {
            n.pitch = Pitch::from_midi(n.pitch.midi() + 14);
        }
    });
    worsened("density", |s| {
        s.tracks[0].phrases[0].notes = (0..60)
            .map(|i| {
                let mut n = note(0, 1, 72 + i % 5);
                n.at = Ticks::of(i64::from(i), 64);
                n.len = Ticks::of(1, 64);
                n
            })
            .collect();
    });
    worsened("contrast", |s| {
        let loud = Ticks::WHOLE * 8..Ticks::WHOLE * 12;
        s.tracks[1].phrases[0]
            .notes
            .retain(|n| !loud.contains(&n.at));
    });
    worsened("parallels", |s| {
        let bass = s.tracks[2].phrases[0].notes.clone();
        s.tracks[0].phrases[0].notes = bass
            .into_iter()
            .map(|mut n| {
                n.pitch = Pitch::from_midi(n.pitch.midi() + 31);
                n
            })
            .collect();
    });
}

#[test]
fn sound_is_judged_by_its_figures() {
    let (score, plan) = piece();
    let base = review(&score, &plan, &catalog());
    let performance = |velocity: fn(usize) -> f32| Performance {
        tracks: vec![PerformedTrack {
            id: "lead".into(),
            role: Role::Lead,
            instrument: "flute".into(),
            phrases: vec![PlacedPhrase {
                id: "all".into(),
                start: Seconds(0.0),
                phrase: PerformedPhrase {
                    instrument: "flute".into(),
                    notes: (0..32)
                        .map(|i| PerformedNote {
                            on: Seconds(i as f64),
                            off: Seconds(i as f64 + 0.5),
                            key: 72,
                            velocity: velocity(i),
                            articulation: Articulation::Normal,
                            pitch: Curve::default(),
                            level: Curve::default(),
                            tone: Curve::default(),
                            legato: false,
                            lyric: None,
                        })
                        .collect(),
                    length: Seconds(32.0),
                    seed: 1,
                },
            }],
        }],
    };
    let good = Measures {
        loudness: Some([-14.1, -14.0]),
        true_peak: Some([-1.1, -1.0]),
        range: Some(6.0),
        clicks: Some(0),
        lead_over_rest: Some(2.0),
        silence: Some(0.0),
    };
    let alive = hear(
        base.clone(),
        &performance(|i| 0.5 + 0.01 * (i % 9) as f32),
        &good,
    );
    assert!(alive.overall > 0.8);
    let bad = Measures {
        loudness: Some([-20.0, -14.0]),
        true_peak: Some([0.4, -1.0]),
        clicks: Some(9),
        ..good
    };
    let dead = hear(base, &performance(|_| 0.5), &bad);
    assert!(dead.overall < alive.overall - 0.2);
    for name in ["life", "loudness", "true-peak", "clicks"] {
        assert!(dead.verdict(name).unwrap().score < 0.3, "{name}");
        assert_eq!(dead.verdict(name).unwrap().findings.len(), 1);
    }
}

#[test]
fn nothing_at_all_is_judged_without_complaint_about_numbers() {
    let (mut score, plan) = piece();
    score.tracks.clear();
    let result = review(&score, &plan, &Catalog::default());
    assert!(result.overall.is_finite() && result.overall < 0.9);
    score.sections.clear();
    score.chords.clear();
    assert!(
        review(&score, &plan, &Catalog::default())
            .overall
            .is_finite()
    );
}
