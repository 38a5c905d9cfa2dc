//! The mix plan of a song whose mix was left to us.

use yuefu_audio::Seconds;
use yuefu_mix::{MixCharacter, Shape, TrackInput, TrackMeasure, plan_mix};
use yuefu_song::{
    Catalog, Family, Note, Role, Score, Section, SectionKind, Song, StyleBook, Track,
    mixplan::MixPlan,
};
use yuefu_theory::Ticks;

/// The mix character of styles that name none, or one that is gone.
const USUAL: &str = "pop";

/// Balances measured stems by the mix character of the song's style.
pub(crate) fn plan(
    song: &Song,
    book: &StyleBook,
    catalog: &Catalog,
    measured: &[(String, TrackMeasure)],
) -> MixPlan {
    let wanted = book
        .get(&song.plan.style)
        .map_or(USUAL, |style| style.mix.as_str());
    let loaded = MixCharacter::load(wanted)
        .map(|character| (wanted, character))
        .or_else(|_| MixCharacter::load(USUAL).map(|character| (USUAL, character)));
    // The shipped characters are tested; without any, tracks are mixed as they are.
    let Ok((id, character)) = loaded else {
        return MixPlan::default();
    };
    let tracks: Vec<TrackInput> = measured
        .iter()
        .filter_map(|(id, measure)| {
            let track = song.score.tracks.iter().find(|track| track.id == *id)?;
            Some(TrackInput {
                id: id.clone(),
                role: track.role,
                family: catalog
                    .profile(&track.instrument)
                    .map_or(Family::Keyboard, |profile| profile.family),
                sings: song
                    .plan
                    .cast
                    .iter()
                    .find(|member| member.id == track.id)
                    .and_then(|member| member.sings),
                instrument: track.instrument.clone(),
                measure: measure.clone(),
            })
        })
        .collect();
    let timeline = &song.score.timeline;
    let shape = Shape {
        beat: Seconds(60.0 / timeline.bpm(Ticks::ZERO).max(1.0)),
        sections: song
            .score
            .sections
            .iter()
            .map(|section| {
                (
                    Seconds(timeline.seconds(section.span.start)),
                    section.energy,
                )
            })
            .collect(),
        playing: playing(&song.score),
        sung: sung(song),
        thrown: thrown(song),
    };
    plan_mix(id, &character, &tracks, &shape)
}

/// Who has notes in each section.
fn playing(score: &Score) -> Vec<Vec<String>> {
    let plays = |track: &&Track, section: &Section| {
        let phrases = track.phrases.iter();
        let mut notes = phrases.flat_map(|p| p.notes.iter().map(|n| p.span.start + n.at));
        notes.any(|at| section.span.contains(at))
    };
    let sections = score.sections.iter().map(|section| {
        let tracks = score.tracks.iter().filter(|track| plays(track, section));
        tracks.map(|track| track.id.clone()).collect()
    });
    sections.collect()
}

/// When someone sings: spans of notes of lead voices, those less than two seconds apart as one.
fn sung(song: &Song) -> Vec<(Seconds, Seconds)> {
    let timeline = &song.score.timeline;
    let vocals = song.score.tracks.iter().filter(|t| t.role == Role::Vocal);
    let mut notes: Vec<(f64, f64)> = vocals
        .flat_map(|track| &track.phrases)
        .flat_map(|p| {
            p.notes
                .iter()
                .map(|n| (p.span.start + n.at, p.span.start + n.end()))
        })
        .map(|(from, to)| (timeline.seconds(from), timeline.seconds(to)))
        .collect();
    notes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut spans: Vec<(Seconds, Seconds)> = Vec::new();
    for (from, to) in notes {
        match spans.last_mut() {
            Some((_, end)) if from - end.0 < 2.0 => end.0 = end.0.max(to),
            _ => spans.push((Seconds(from), Seconds(to))),
        }
    }
    spans
}

/// The last words of every other line of a chorus that leaves room for their echoes.
fn thrown(song: &Song) -> Vec<(Seconds, Seconds)> {
    let timeline = &song.score.timeline;
    let mut spans: Vec<(Seconds, Seconds)> = Vec::new();
    let tracks = song.score.tracks.iter();
    for track in tracks.filter(|t| t.role == Role::Vocal) {
        for section in &song.score.sections {
            if section.kind != SectionKind::Chorus {
                continue;
            }
            let lines = track.phrases.iter();
            let lines = lines.filter(|p| section.span.contains(p.span.start));
            for phrase in lines.skip(1).step_by(2) {
                let begins = |n: &Note| n.lyric.as_deref().is_some_and(|l| !l.continues);
                let word = phrase.notes.iter().rfind(|n| begins(n));
                if let (Some(word), Some(last)) = (word, phrase.notes.last()) {
                    let second = |at: Ticks| Seconds(timeline.seconds(phrase.span.start + at));
                    spans.push((second(word.at), second(last.end())));
                }
            }
        }
    }
    spans.sort_by(|a, b| a.0.0.total_cmp(&b.0.0));
    spans.dedup_by(|b, a| b.0.0 < a.1.0 + 0.1);
    spans
}

/// A mix plan with strips for tracks that it lacks, taken from a plan of the whole; what it has
/// stays as it is.
pub(crate) fn extend(kept: &MixPlan, whole: MixPlan) -> MixPlan {
    let mut plan = kept.clone();
    for (index, strip) in whole.tracks.into_iter().enumerate() {
        if plan.tracks.iter().all(|have| have.track != strip.track) {
            plan.tracks.insert(index.min(plan.tracks.len()), strip);
        }
    }
    let (have, new) = (&mut plan.returns, whole.returns);
    have.room = have.room.or(new.room);
    have.hall = have.hall.or(new.hall);
    have.plate = have.plate.or(new.plate);
    have.delay = have.delay.or(new.delay);
    plan
}
