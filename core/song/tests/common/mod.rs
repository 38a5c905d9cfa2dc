//! A small song that tests share.

use yuefu_audio::Seconds;
use yuefu_song::{
    Brief, ChordSpan, Ending, Feel, LyricSheet, Note, Origin, Phrase, Role, Score, Section,
    SectionKind, SectionPlan, SongPlan, Take, Track,
    mixplan::{ChannelStrip, MixPlan},
    plan::CastMember,
    song::{EngineUse, FORMAT, ReleasePlan, Song},
};
use yuefu_theory::{Key, Metre, MetreChange, TempoPoint, TickSpan, Ticks, Timeline};

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
                sings: None,
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
        voices: Default::default(),
        engines: vec![EngineUse::new("arrange", "rules", 1)],
    }
}

/// The same song with more of everything that files can hold: chords, a second section of odd
/// length in another metre, a gliding tempo, a take put aside, a cast member without a track, a
/// mix and tags.
#[allow(dead_code, reason = "not every test file needs it")]
pub fn rich() -> Song {
    let mut song = song();
    let chord = |start: i64, end: i64, name: &str| ChordSpan {
        span: TickSpan::new(Ticks::quarters(start), Ticks::quarters(end)),
        chord: name.parse().unwrap(),
    };
    let plan = &mut song.plan;
    plan.sections[0].chords = vec![chord(0, 6, "Dm"), chord(6, 12, "Bb/D")];
    let mut outro = plan.sections[0].clone();
    outro.id = "outro".into();
    outro.kind = SectionKind::Outro;
    outro.bars = 2;
    outro.span = TickSpan::new(Ticks::quarters(12), Ticks::quarters(19) + Ticks::of(1, 12));
    outro.chords = vec![chord(12, 16, "A7"), chord(17, 19, "Dm7")];
    outro.fill = true;
    plan.sections.push(outro);
    plan.timeline.metres.push(MetreChange {
        at: Ticks::quarters(12),
        metre: "2+2+3/8".parse().unwrap(),
    });
    plan.timeline.tempo[0].ramp = true;
    plan.timeline.tempo.push(TempoPoint {
        at: Ticks::quarters(12) + Ticks::of(3, 16),
        bpm: 61.5,
        ramp: false,
    });
    plan.cast.push(CastMember {
        id: "choir".into(),
        role: Role::Backing,
        instrument: "choir".into(),
        part: 1,
        style: Some("hymn".into()),
        sings: None,
    });
    let phrases = &mut song.score.tracks[0].phrases;
    let number = phrases[0].next_take();
    phrases[0].record(Take {
        number,
        origin: Origin::Edited,
        notes: vec!["1/3 2/3 G#4 99 accent".parse().unwrap()],
    });
    let span = TickSpan::new(Ticks::quarters(13), Ticks::quarters(19));
    phrases.push(Phrase::new("outro.1", span, Origin::Imported, Vec::new()));
    song.mix = Some(MixPlan {
        character: "waltz".into(),
        tracks: vec![ChannelStrip {
            gain_db: -2.1,
            ..ChannelStrip::neutral("piano")
        }],
        ..MixPlan::default()
    });
    song.tags.insert("artist".into(), "乐府".into());
    song.tidy();
    song
}
