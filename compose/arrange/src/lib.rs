//! From a plan to the score: melody, counter-melody, chords, bass and drums, section by section.
//!
//! Rules are the engine here; what they rule over (grooves, cells, casts) is data. Every phrase
//! draws from its own seed path below `arrange`, so another take of one changes no other.

mod answer;
mod asked;
mod backing;
mod bass;
mod breath;
mod comp;
mod counter;
mod drums;
pub mod finder;
mod follow;
mod fx;
mod habits;
mod hall;
pub mod hands;
pub mod kit;
mod lead;
mod material;
mod melody;
mod melody_line;
mod pad;
mod part;
mod rewrite;
mod steps;
mod tune;
mod voicing;
mod words;

pub use finder::{Band, TuneFinder};
pub use follow::follow;
pub use habits::Habits;
pub use kit::{KitPlace, KitPlayer};
pub use melody::Rhythm;
pub use melody_line::{Close, Lean, Manner, Slot, constraint, cost};
pub use rewrite::{LeftAlone, PhraseTakes, Request, Rewritten, Why, Wish, beside, rewrite};
pub use words::{
    Ask, Clock, Fitted, Given, How, Misfit, Resung, Weighed, fit, lean, resing, weigh,
};

use hall::{Desk, Hall, Scope};
use yuefu_engine::SeedPath;
use yuefu_song::{
    CastMember, ChordSpan, LyricSheet, Phrase, Score, Section, SectionPlan, SongPlan, Track,
};

/// Name and version of this engine, written into phrases.
pub const ENGINE: &str = "rules 1";

/// Writes every part of a planned song. Never fails; a cast member that has nothing to play gets
/// no track.
pub fn arrange(plan: &SongPlan, band: Band<'_>, seed: &SeedPath) -> Score {
    arrange_words(plan, &LyricSheet::default(), band, seed)
}

/// As [`arrange`], with words: the lines of `words` that name a section of the plan are sung in it
/// by the cast's singer, every syllable once and in order.
pub fn arrange_words(
    plan: &SongPlan,
    words: &LyricSheet,
    band: Band<'_>,
    seed: &SeedPath,
) -> Score {
    written(plan, words, band, seed, |_| true)
}

/// What [`arrange_words`] writes for those who carry the tune, alone: a draft is weighed before
/// the others play to it.
pub fn arrange_leads(
    plan: &SongPlan,
    words: &LyricSheet,
    band: Band<'_>,
    seed: &SeedPath,
) -> Score {
    written(plan, words, band, seed, tune::is_lead)
}

fn written(
    plan: &SongPlan,
    words: &LyricSheet,
    band: Band<'_>,
    seed: &SeedPath,
    plays: impl Fn(&CastMember) -> bool,
) -> Score {
    let mut score = frame(plan);
    let Some(mut hall) = Hall::new(plan, band, seed) else {
        return score;
    };
    hall.words = Some(words);
    // The tune first: others listen to it.
    let tune = tune::write(&hall);
    for member in plan.cast.iter().filter(|member| plays(member)) {
        let Some(desk) = hall.desk(member) else {
            continue;
        };
        let phrases: Vec<Phrase> = part::write(&desk, &tune)
            .into_iter()
            .flat_map(|(_, phrases)| phrases)
            .collect();
        if phrases.iter().any(|phrase| !phrase.notes.is_empty()) {
            score.tracks.push(Track {
                id: member.id.clone(),
                role: member.role,
                instrument: member.instrument.clone(),
                phrases,
            });
        }
    }
    score
}

/// Writes some players' phrases in some sections, listening to the score as it is now: to its
/// tune, and to what each player played in the section before. Nothing else is touched.
///
/// `members` are ids of the cast, `sections` indices into the plan's sections. Take 0 of a song
/// that nobody edited is what [`arrange`] wrote; every other take differs from it and from every
/// other. Members that rest in a section have no phrase there.
pub fn write_parts(
    plan: &SongPlan,
    score: &Score,
    band: Band<'_>,
    seed: &SeedPath,
    members: &[&str],
    sections: &[usize],
    take: u32,
) -> Vec<(String, Vec<Phrase>)> {
    let Some(mut hall) = Hall::new(plan, band, seed) else {
        return Vec::new();
    };
    hall.score = Some(score);
    hall.scope = Scope {
        members: members.iter().map(ToString::to_string).collect(),
        sections: sections.to_vec(),
        take,
        after: false,
    };
    let tune = tune::write(&hall);
    plan.cast
        .iter()
        .filter(|member| members.contains(&member.id.as_str()))
        .filter_map(|member| {
            let written = part::write(&hall.desk(member)?, &tune)
                .into_iter()
                .filter(|(index, _)| sections.contains(index))
                .flat_map(|(_, phrases)| phrases)
                .map(|mut phrase| {
                    phrase.take = take;
                    phrase
                })
                .collect();
            Some((member.id.clone(), written))
        })
        .collect()
}

/// Writes the part of a member that was added to the cast, in the sections of the plan in which it
/// plays, and puts its track where the cast has it. Nothing else changes; a part that finds
/// nothing to play leaves the score as it was.
pub fn add_part(
    plan: &SongPlan,
    score: &Score,
    band: Band<'_>,
    seed: &SeedPath,
    member: &str,
) -> Score {
    let mut score = score.clone();
    let sections: Vec<usize> = (0..plan.sections.len()).collect();
    let written = write_parts(plan, &score, band, seed, &[member], &sections, 0);
    let Some(new) = plan.cast.iter().find(|m| m.id == member) else {
        return score;
    };
    let phrases: Vec<Phrase> = written
        .into_iter()
        .flat_map(|(_, phrases)| phrases)
        .collect();
    if phrases.iter().all(|p| p.notes.is_empty()) || score.tracks.iter().any(|t| t.id == member) {
        return score;
    }
    let place = |id: &str| plan.cast.iter().position(|m| m.id == id);
    let at = score
        .tracks
        .iter()
        .position(|t| place(&t.id) > place(member))
        .unwrap_or(score.tracks.len());
    score.tracks.insert(
        at,
        Track {
            id: new.id.clone(),
            role: new.role,
            instrument: new.instrument.clone(),
            phrases,
        },
    );
    score
}

/// A score without tracks: time, sections and chords as planned.
fn frame(plan: &SongPlan) -> Score {
    let chords: Vec<ChordSpan> = plan
        .sections
        .iter()
        .flat_map(|section| section.chords.clone())
        .collect();
    Score {
        timeline: plan.timeline.clone(),
        sections: plan.sections.iter().map(section).collect(),
        chords,
        tracks: Vec::new(),
    }
}

fn section(plan: &SectionPlan) -> Section {
    Section {
        id: plan.id.clone(),
        kind: plan.kind,
        span: plan.span,
        key: plan.key,
        energy: (plan.energy[0] + plan.energy[1]) / 2.0,
    }
}

/// A written dynamic from a 0..=1 level.
fn level(value: f32) -> u8 {
    (value * 127.0).round().clamp(12.0, 127.0) as u8
}
