//! Words that changed under a tune: only the phrases whose words are others are touched.

use super::{Clock, Fitted, Given, SungLine, behind, fit, weigh};
use crate::{
    Band, Hall, hall::Desk, material::Material, melody::Writer, melody_line::Close,
    part::in_song_time,
};
use yuefu_engine::SeedPath;
use yuefu_song::{LyricSheet, Note, Phrase, Role, Score, SectionPlan, SongPlan, lyrics::Lyric};
use yuefu_theory::Ticks;

/// Cost for each syllable beyond which a phrase gets a rhythm of its own.
const UNLIKE: f32 = 1.3;

/// What became of a phrase whose words changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resung {
    /// Id of the track.
    pub track: String,
    /// Id of the phrase, or of the section where all of it was set anew.
    pub phrase: String,
    /// What was done.
    pub how: How,
}

/// What was done to a phrase whose words changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// As many syllables: the notes are what they were.
    Relabeled,
    /// Other syllables under the same tune: notes were divided or tied.
    Refitted,
    /// The words do not fit the tune: the phrase has a new one.
    Anew,
    /// The number of lines changed: the section was set anew.
    Section,
    /// It is locked and was left alone.
    Locked,
}

/// Brings the notes of the singer to what a sheet says: phrases that sing their line already stay
/// as they are. Lines and phrases of a section belong together in order.
pub fn resing(
    plan: &SongPlan,
    words: &LyricSheet,
    score: &Score,
    band: Band<'_>,
    seed: &SeedPath,
) -> (Score, Vec<Resung>) {
    let mut out = score.clone();
    let mut done = Vec::new();
    let Some(mut hall) = Hall::new(plan, band, seed) else {
        return (out, done);
    };
    hall.words = Some(words);
    let singers: Vec<usize> = (0..score.tracks.len())
        .filter(|at| score.tracks[*at].role == Role::Vocal)
        .collect();
    for at in &singers {
        let id = &score.tracks[*at].id;
        let member = plan.cast.iter().find(|m| m.id == *id);
        let Some(desk) = member.and_then(|member| hall.desk(member)) else {
            continue;
        };
        for section in &plan.sections {
            // Of two who sing, each has sections of its own.
            if singers.len() == 1 || section.playing.contains(id) {
                done.extend(resing_section(&desk, section, score, *at, &mut out));
            }
        }
    }
    behind::follow(&hall, score, &done, &mut out);
    (out, done)
}

/// Brings one section of one singer to its lines.
fn resing_section(
    desk: &Desk<'_>,
    section: &SectionPlan,
    score: &Score,
    at: usize,
    out: &mut Score,
) -> Vec<Resung> {
    let mut done = Vec::new();
    let track = &score.tracks[at];
    {
        let all = desk.hall.lines(section);
        let worded = |line: &&SungLine| !line.syllables.is_empty();
        let lines: Vec<&SungLine> = all.iter().filter(worded).collect();
        let there: Vec<&Phrase> = track
            .phrases
            .iter()
            .filter(|p| section.span.contains(p.span.start))
            .collect();
        let sung: Vec<&Phrase> = there
            .iter()
            .copied()
            .filter(|p| p.notes.iter().any(|n| n.lyric.is_some()))
            .collect();
        let note = |phrase: &str, how: How| Resung {
            track: track.id.clone(),
            phrase: phrase.to_owned(),
            how,
        };
        if sung.len() == lines.len() {
            for (number, (line, phrase)) in lines.iter().zip(&sung).enumerate() {
                if lyrics_of(phrase) == line.syllables {
                    continue;
                }
                let how = if phrase.locked {
                    How::Locked
                } else {
                    let close = if number + 1 == lines.len() {
                        Close::Full
                    } else {
                        Close::Half
                    };
                    let (notes, how) = reset(desk, section, phrase, line, close, number);
                    let mine = out.tracks[at]
                        .phrases
                        .iter_mut()
                        .find(|p| p.id == phrase.id);
                    if let Some(mine) = mine {
                        mine.notes = notes;
                    }
                    how
                };
                done.push(note(&phrase.id, how));
            }
            return done;
        }
        if there.iter().any(|p| p.locked) {
            done.push(note(&section.id, How::Locked));
            return done;
        }
        let writer = writer(desk, section, "section");
        let before: Vec<i32> = score_before(track, section.span.start);
        let mut last = match before[..] {
            [.., a, b] => Some((a, b)),
            _ => None,
        };
        let mut floor = track
            .phrases
            .iter()
            .filter(|p| p.span.start < section.span.start)
            .flat_map(in_song_time)
            .map(|n| n.at)
            .max();
        let tune = writer.sung_section(&all, &mut Material::default(), &mut last, &mut floor);
        let tune = tune.into_iter().enumerate();
        let sung = tune.filter(|(_, phrase)| !phrase.notes.is_empty());
        let phrases = sung.map(|(number, phrase)| {
            let id = format!("{}.{}", section.id, number + 1);
            desk.phrase_over(section, id, phrase.span, phrase.notes)
        });
        let new: Vec<Phrase> = phrases.collect();
        let mine = &mut out.tracks[at].phrases;
        mine.retain(|p| !section.span.contains(p.span.start));
        mine.extend(new);
        mine.sort_by_key(|p| p.span.start);
        done.push(note(&section.id, How::Section));
    }
    done
}

/// What a phrase sings.
fn lyrics_of(phrase: &Phrase) -> Vec<Lyric> {
    let lyrics = phrase.notes.iter().filter_map(|n| n.lyric.as_deref());
    lyrics.cloned().collect()
}

/// Keys of the last notes before a place.
fn score_before(track: &yuefu_song::Track, at: Ticks) -> Vec<i32> {
    let mut before = track.phrases.iter().filter(|p| p.span.start < at);
    before.next_back().map_or_else(Vec::new, |p| {
        p.notes.iter().map(|n| n.pitch.midi()).collect()
    })
}

fn writer<'a>(desk: &'a Desk<'a>, section: &'a SectionPlan, what: &str) -> Writer<'a> {
    Writer {
        hall: desk.hall,
        section,
        style: desk.style,
        profile: desk.profile,
        seed: desk.hall.seed.join("words").join(&section.id).join(what),
    }
}

/// New notes of a phrase for a line, relative to the phrase.
fn reset(
    desk: &Desk<'_>,
    section: &SectionPlan,
    phrase: &Phrase,
    line: &SungLine,
    close: Close,
    number: usize,
) -> (Vec<Note>, How) {
    let old: Vec<Note> = phrase.notes.clone();
    let count = old.iter().filter(|n| n.lyric.is_some()).count();
    if count == line.syllables.len() {
        let mut next = line.syllables.iter();
        let notes = old
            .into_iter()
            .map(|mut note| {
                if note.lyric.is_some() {
                    note.lyric = next.next().cloned().map(Box::new);
                }
                note
            })
            .collect();
        return (notes, How::Relabeled);
    }
    let weighed = weigh(&line.syllables);
    let start = phrase.span.start;
    let clock = Clock {
        metre: desk.hall.metre(section),
        bar: section.span.start - start,
        bpm: desk.hall.plan.timeline.bpm(start),
    };
    let given: Vec<Given> = old
        .iter()
        .map(|n| Given {
            at: n.at,
            len: n.len,
            key: n.pitch.midi(),
        })
        .collect();
    if let Some((fitted, cost, _)) = fit(&weighed, &given, clock)
        && cost < UNLIKE
    {
        let notes = fitted.iter().map(|f| played(f, &old, &line.syllables));
        return (notes.collect(), How::Refitted);
    }
    let writer = writer(desk, section, "line");
    let mut rng = writer.seed.join(number).join(&phrase.id).rng();
    // The phrase keeps the room that it has before the next one.
    let onsets = writer.place(&weighed, phrase.span, Some(start), &[], &mut rng);
    let fitted = writer.compose(&weighed, phrase.span, 0.5, close, &onsets, None, &mut rng);
    let notes = writer.dress_sung(&weighed, &fitted, number, &mut rng);
    let placed = notes.into_iter().map(|mut note| {
        note.at -= start;
        note
    });
    (placed.collect(), How::Anew)
}

/// A fitted note as the one that it comes from was played.
fn played(fitted: &Fitted, old: &[Note], syllables: &[Lyric]) -> Note {
    let source = old.iter().rev().find(|n| n.at <= fitted.at).or(old.first());
    let mut note = match source {
        Some(note) => note.clone(),
        None => Note::new(
            fitted.at,
            fitted.len,
            yuefu_theory::Pitch::from_midi(fitted.key),
            72,
        ),
    };
    note.at = fitted.at;
    note.len = fitted.len;
    note.lyric = fitted.syllable.map(|s| Box::new(syllables[s].clone()));
    note
}
