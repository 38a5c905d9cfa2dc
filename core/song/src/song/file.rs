//! The document in files, format 2: every fact once, positions and chords as musicians write them.
//!
//! `song.json` holds the plan and everything that belongs to the whole song; what the score
//! repeats of the plan is derived. A track's file holds its phrases, each placed within its
//! section, so that a change of the form leaves these files as they are.

use super::{
    EngineUse, MAIN_FILE, ReleasePlan, Song, SongError,
    check::{Step, UNIQUE},
    error::CORRECT,
    place::{Position, bars_from, metre_map},
    text::locate,
};
use crate::{
    Brief, LyricSheet, MasterPlan, Note, Score, SongPlan, Take, TrackVoice,
    backing::VoicePart,
    edit::slots::{Place, quarters},
    mixplan::MixPlan,
    plan::{CastMember, Ending, Feel, SectionPlan},
    score::{ChordSpan, Origin, Phrase, Role, SectionKind, Track, read_quarters, write_quarters},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, str::FromStr};
use yuefu_audio::Seconds;
use yuefu_theory::{Chord, Key, Metre, TempoPoint, TickSpan, Ticks, Timeline};

/// What the file says about itself, for whoever opens it in an editor.
const ABOUT: &str = "A Yuefu song. Positions are bars and beats (9, 9:3); a chord line is start \
     and length in quarter notes within its section, and the chord.";

/// The content of `song.json`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Main {
    format: u32,
    #[serde(default)]
    about: String,
    title: String,
    style: String,
    key: Key,
    tempo: Vec<TempoLine>,
    metres: Vec<MetreLine>,
    sections: Vec<SectionLine>,
    cast: Vec<CastLine>,
    feel: Feel,
    ending: Ending,
    /// Seconds.
    length: Seconds,
    #[serde(default)]
    lyrics: LyricSheet,
    /// Files of the tracks, in score order.
    pub tracks: Vec<String>,
    #[serde(default)]
    mix: Option<MixPlan>,
    #[serde(default)]
    master: Option<MasterPlan>,
    release: ReleasePlan,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    voices: BTreeMap<String, TrackVoice>,
    seed: u64,
    engines: Vec<EngineUse>,
    brief: Brief,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TempoLine {
    at: Position,
    bpm: f64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    ramp: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MetreLine {
    at: Position,
    metre: Metre,
}

/// A section; it begins where the one before it ends.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SectionLine {
    id: String,
    kind: SectionKind,
    material: String,
    bars: u32,
    /// Length in quarters, where it is not that of the bars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    len: Option<Quarters>,
    key: Key,
    energy: [f32; 2],
    playing: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    fill: bool,
    #[serde(default, skip_serializing_if = "is_zero")]
    take: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    chords: Vec<ChordLine>,
}

/// A member of the cast; role and instrument are those of its track where it has one.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CastLine {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instrument: Option<String>,
    part: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    style: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sings: Option<VoicePart>,
}

/// The content of a track's file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrackFile {
    id: String,
    role: Role,
    instrument: String,
    phrases: Vec<PhraseLine>,
}

/// A phrase; start and length in quarters, the start within its section.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PhraseLine {
    id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    section: String,
    #[serde(with = "quarters")]
    at: Ticks,
    #[serde(with = "quarters")]
    len: Ticks,
    origin: Origin,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    locked: bool,
    #[serde(default, skip_serializing_if = "is_zero")]
    take: u32,
    notes: Vec<Note>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    takes: Vec<Take>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
struct Quarters(#[serde(with = "quarters")] Ticks);

/// `0 4 Am7`: start and length in quarters within the section, and the chord.
struct ChordLine {
    at: Ticks,
    len: Ticks,
    chord: Chord,
}

impl fmt::Display for ChordLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_quarters(f, self.at)?;
        f.write_str(" ")?;
        write_quarters(f, self.len)?;
        write!(f, " {}", self.chord)
    }
}

impl FromStr for ChordLine {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let read = || match words[..] {
            [at, len, chord] => Some(Self {
                at: read_quarters(at)?,
                len: read_quarters(len)?,
                chord: chord.parse().ok()?,
            }),
            _ => None,
        };
        read().ok_or_else(|| {
            format!("expected a chord line such as \"0 4 Am7\" (start and length in quarters, chord), found `{text}`")
        })
    }
}

crate::as_text::in_files!(ChordLine);

impl TrackFile {
    pub fn of(track: &Track, sections: &[SectionPlan]) -> Self {
        let phrase = |phrase: &Phrase| {
            let place = Place::of(phrase.span.start, sections);
            PhraseLine {
                id: phrase.id.clone(),
                section: place.section,
                at: place.at,
                len: phrase.span.len(),
                origin: phrase.origin.clone(),
                locked: phrase.locked,
                take: phrase.take,
                notes: phrase.notes.clone(),
                takes: phrase.takes.clone(),
            }
        };
        Self {
            id: track.id.clone(),
            role: track.role,
            instrument: track.instrument.clone(),
            phrases: track.phrases.iter().map(phrase).collect(),
        }
    }

    /// The track; `name` and `text` are its file's.
    pub fn track(
        self,
        sections: &[SectionPlan],
        name: &str,
        text: &str,
    ) -> Result<Track, SongError> {
        let mut phrases = Vec::with_capacity(self.phrases.len());
        for (index, line) in self.phrases.into_iter().enumerate() {
            let place = Place {
                section: line.section,
                at: line.at,
            };
            let Ok(start) = place.position(sections) else {
                let ids: Vec<&str> = sections.iter().map(|s| s.id.as_str()).collect();
                let ids = ids.join(", ");
                let path = [
                    Step::Field("phrases"),
                    Step::Index(index),
                    Step::Field("section"),
                ];
                return Err(SongError::whole(
                    name,
                    (
                        format!("the id of a section ({ids})"),
                        format!("段落的名字（{ids}）"),
                    ),
                    (
                        format!("`{}`", place.section),
                        format!("“{}”", place.section),
                    ),
                    CORRECT,
                )
                .at(locate(text, &path)));
            };
            phrases.push(Phrase {
                id: line.id,
                span: TickSpan::new(start, start + line.len),
                origin: line.origin,
                locked: line.locked,
                notes: line.notes,
                take: line.take,
                takes: line.takes,
            });
        }
        Ok(Track {
            id: self.id,
            role: self.role,
            instrument: self.instrument,
            phrases,
        })
    }
}

impl Main {
    pub fn of(song: &Song, tracks: Vec<String>) -> Self {
        let plan = &song.plan;
        let line = &plan.timeline;
        let tempo = line.tempo.iter().map(|point| TempoLine {
            at: Position::of(point.at, line),
            bpm: point.bpm,
            ramp: point.ramp,
        });
        let metres = line.metres.iter().map(|change| MetreLine {
            at: Position::of(change.at, line),
            metre: change.metre.clone(),
        });
        let cast = plan.cast.iter().map(|member| {
            let track = song.score.tracks.iter().find(|t| t.id == member.id);
            let told = track.is_none_or(|t| t.role != member.role);
            let named = track.is_none_or(|t| t.instrument != member.instrument);
            CastLine {
                id: member.id.clone(),
                role: told.then_some(member.role),
                instrument: named.then(|| member.instrument.clone()),
                part: member.part,
                style: member.style.clone(),
                sings: member.sings,
            }
        });
        Self {
            format: super::FORMAT,
            about: ABOUT.to_owned(),
            title: plan.title.clone(),
            style: plan.style.clone(),
            key: plan.key,
            tempo: tempo.collect(),
            metres: metres.collect(),
            sections: plan.sections.iter().map(|s| section(s, line)).collect(),
            cast: cast.collect(),
            feel: plan.feel,
            ending: plan.ending,
            length: plan.length,
            lyrics: song.lyrics.clone(),
            tracks,
            mix: song.mix.clone(),
            master: song.master.clone(),
            release: song.release.clone(),
            tags: song.tags.clone(),
            voices: song.voices.clone(),
            seed: song.seed,
            engines: song.engines.clone(),
            brief: song.brief.clone(),
        }
    }

    /// Timeline and sections; `text` is the file's.
    pub fn form(&self, text: &str) -> Result<(Timeline, Vec<SectionPlan>), SongError> {
        let wrong = |path: &[Step], found: String| {
            SongError::whole(
                MAIN_FILE,
                (
                    "a position on the grid of ticks, 40320 to the quarter",
                    "落在刻度上的位置（每四分音符 40320 刻度）",
                ),
                (format!("`{found}`"), format!("“{found}”")),
                CORRECT,
            )
            .at(locate(text, path))
        };
        let at = |list, index| [Step::Field(list), Step::Index(index), Step::Field("at")];
        let metres = self.metres.iter().map(|m| (m.at, m.metre.clone()));
        let metres = metre_map(metres.collect())
            .map_err(|i| wrong(&at("metres", i), self.metres[i].at.to_string()))?;
        let mut line = Timeline {
            tempo: Vec::new(),
            metres,
        };
        for (index, point) in self.tempo.iter().enumerate() {
            line.tempo.push(TempoPoint {
                at: (point.at.ticks(&line))
                    .ok_or_else(|| wrong(&at("tempo", index), point.at.to_string()))?,
                bpm: point.bpm,
                ramp: point.ramp,
            });
        }
        let mut start = Ticks::ZERO;
        let mut sections = Vec::with_capacity(self.sections.len());
        for (index, part) in self.sections.iter().enumerate() {
            // Tracks refer to sections by their ids, so these are looked at first.
            if self.sections[..index]
                .iter()
                .any(|before| before.id == part.id)
            {
                let path = [
                    Step::Field("sections"),
                    Step::Index(index),
                    Step::Field("id"),
                ];
                return Err(SongError::whole(
                    MAIN_FILE,
                    UNIQUE,
                    (format!("`{}`", part.id), format!("“{}”", part.id)),
                    CORRECT,
                )
                .at(locate(text, &path)));
            }
            let len = match part.len {
                Some(len) => Some(len.0),
                None => (part.bars <= 100_000)
                    .then(|| bars_from(start, part.bars, &line))
                    .flatten(),
            };
            let len = len.ok_or_else(|| {
                let path = [
                    Step::Field("sections"),
                    Step::Index(index),
                    Step::Field("bars"),
                ];
                SongError::whole(
                    MAIN_FILE,
                    (
                        "at most 100000 bars from a barline on, or \"len\" with the length in \
                         quarters",
                        "从小节线开始、至多 100000 的小节数，或以四分音符计的长度 \"len\"",
                    ),
                    (part.bars.to_string(), format!(" {}", part.bars)),
                    CORRECT,
                )
                .at(locate(text, &path))
            })?;
            let chords = part.chords.iter().map(|chord| ChordSpan {
                span: TickSpan::new(start + chord.at, start + chord.at + chord.len),
                chord: chord.chord,
            });
            sections.push(SectionPlan {
                id: part.id.clone(),
                kind: part.kind,
                material: part.material.clone(),
                span: TickSpan::new(start, start + len),
                bars: part.bars,
                key: part.key,
                energy: part.energy,
                chords: chords.collect(),
                playing: part.playing.clone(),
                fill: part.fill,
                take: part.take,
            });
            start += len;
        }
        Ok((line, sections))
    }

    /// The song with its tracks; `text` is the file's.
    pub fn song(
        self,
        (timeline, sections): (Timeline, Vec<SectionPlan>),
        tracks: Vec<Track>,
        text: &str,
    ) -> Result<Song, SongError> {
        let mut cast = Vec::with_capacity(self.cast.len());
        for (index, line) in self.cast.into_iter().enumerate() {
            let track = tracks.iter().find(|track| track.id == line.id);
            let role = line.role.or(track.map(|track| track.role));
            let instrument = (line.instrument).or_else(|| track.map(|t| t.instrument.clone()));
            let (Some(role), Some(instrument)) = (role, instrument) else {
                let path = [Step::Field("cast"), Step::Index(index)];
                return Err(SongError::whole(
                    MAIN_FILE,
                    (
                        "\"role\" and \"instrument\" for a cast member without a track",
                        "没有音轨的演奏者须有 \"role\" 和 \"instrument\"",
                    ),
                    (format!("only `{}`", line.id), format!("只有“{}”", line.id)),
                    CORRECT,
                )
                .at(locate(text, &path)));
            };
            cast.push(CastMember {
                id: line.id,
                role,
                instrument,
                part: line.part,
                style: line.style,
                sings: line.sings,
            });
        }
        let plan = SongPlan {
            style: self.style,
            title: self.title,
            key: self.key,
            timeline,
            sections,
            cast,
            feel: self.feel,
            ending: self.ending,
            length: self.length,
        };
        let score = Score {
            tracks,
            ..plan.score_frame()
        };
        Ok(Song {
            format: super::FORMAT,
            seed: self.seed,
            brief: self.brief,
            plan,
            lyrics: self.lyrics,
            score,
            mix: self.mix,
            master: self.master,
            release: self.release,
            tags: self.tags,
            voices: self.voices,
            engines: self.engines,
        })
    }
}

fn section(plan: &SectionPlan, line: &Timeline) -> SectionLine {
    let usual = bars_from(plan.span.start, plan.bars, line) == Some(plan.span.len());
    let chords = plan.chords.iter().map(|chord| ChordLine {
        at: chord.span.start - plan.span.start,
        len: chord.span.len(),
        chord: chord.chord,
    });
    SectionLine {
        id: plan.id.clone(),
        kind: plan.kind,
        material: plan.material.clone(),
        bars: plan.bars,
        len: (!usual).then_some(Quarters(plan.span.len())),
        key: plan.key,
        energy: plan.energy,
        playing: plan.playing.clone(),
        fill: plan.fill,
        take: plan.take,
        chords: chords.collect(),
    }
}
