//! A small song that tests share.

use yuefu_audio::Seconds;
use yuefu_song::{
    Brief, Ending, Feel, LyricSheet, Note, Origin, Phrase, Role, Score, Section, SectionKind,
    SectionPlan, SongPlan, Track,
    plan::CastMember,
    song::{EngineUse, FORMAT, ReleasePlan, Song},
};
use yuefu_theory::{Key, Metre, TickSpan, Ticks, Timeline};

/// Four bars for piano in 3/4.
pub fn song() -> Song {
    let timeline = Timeline::steady(92.0, Metre::new(3, 4));
    let span = TickSpan::new(Ticks::ZERO, Ticks::quarters(12));
    let key: Key = "D minor".parse().unwrap();
    let notes: Vec<Note> = ["-1/2 1/2 A3 60", "0 3/2 D4 80", "3/2 1/2 F4 72 legato"]
        .iter()
        .map(|line| line.parse().unwrap())
        .collect();
    Song {
        format: FORMAT,
        seed: 7,
        brief: Brief {
            prompt: "悲伤的圆舞曲 with \"quotes\"".into(),
            ..Brief::default()
        },
        plan: SongPlan {
            style: "waltz".into(),
            title: "雨".into(),
            key,
            timeline: timeline.clone(),
            sections: vec![SectionPlan {
                id: "verse-1".into(),
                kind: SectionKind::Verse,
                material: "verse".into(),
                span,
                bars: 4,
                key,
                energy: [0.25, 0.5],
                chords: Vec::new(),
                playing: vec!["piano".into()],
                fill: false,
                take: 0,
            }],
            cast: vec![CastMember {
                id: "piano".into(),
                role: Role::Lead,
                instrument: "grand-piano".into(),
                part: 0,
                style: None,
            }],
            feel: Feel::default(),
            ending: Ending::Ring,
            length: Seconds(12.5),
        },
        lyrics: LyricSheet::default(),
        score: Score {
            timeline,
            sections: vec![Section {
                id: "verse-1".into(),
                kind: SectionKind::Verse,
                span,
                key,
                energy: 0.375,
            }],
            chords: Vec::new(),
            tracks: vec![Track {
                id: "piano".into(),
                role: Role::Lead,
                instrument: "grand-piano".into(),
                phrases: vec![Phrase {
                    id: "verse-1.1".into(),
                    span,
                    origin: Origin::Generated {
                        engine: "rules 1".into(),
                        path: "7/melody/verse-1".into(),
                        take: 0,
                    },
                    locked: true,
                    take: 0,
                    takes: Vec::new(),
                    notes,
                }],
            }],
        },
        mix: None,
        master: None,
        release: ReleasePlan::streaming(),
        tags: Default::default(),
        engines: vec![EngineUse {
            stage: "arrange".into(),
            engine: "rules".into(),
            version: 1,
        }],
    }
}
