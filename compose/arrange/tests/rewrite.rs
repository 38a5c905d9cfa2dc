//! A selection written anew: nothing else changes, and the wish is heard.

mod common;

use common::{book, catalog, song};
use std::collections::BTreeMap;
use yuefu_arrange::{Band, Request, Rewritten, Why, Wish, rewrite};
use yuefu_engine::SeedPath;
use yuefu_song::{Note, Role, Score, SongPlan};
use yuefu_theory::{TickSpan, Ticks};

fn run(plan: &SongPlan, score: &Score, seed: u64, request: &Request) -> Rewritten {
    let made = rewrite(
        plan,
        score,
        Band::new(book(), catalog()),
        &SeedPath::song(seed),
        request,
    );
    let again = rewrite(
        plan,
        score,
        Band::new(book(), catalog()),
        &SeedPath::song(seed),
        request,
    );
    assert_eq!(made, again);
    made
}

/// A few bars somewhere in the middle of a song.
fn bars(plan: &SongPlan, seed: u64, count: i64) -> TickSpan {
    let mut rng = SeedPath::song(seed).join("bars").rng();
    let last = plan.sections.last().expect("sections").span.end;
    let bar = plan.timeline.metres[0].metre.bar();
    let total = last.0 / bar.0;
    let from = rng.below((total - count).max(1) as usize) as i64;
    TickSpan::new(bar * from, bar * (from + count))
}

/// All notes of a track in song time with their phrase.
fn notes(score: &Score, track: &str) -> Vec<(String, Note)> {
    let track = score.tracks.iter().find(|t| t.id == track).expect("track");
    track
        .phrases
        .iter()
        .flat_map(|p| {
            p.notes.iter().map(|n| {
                let at = n.at + p.span.start;
                (p.id.clone(), Note { at, ..n.clone() })
            })
        })
        .collect()
}

fn mean(notes: &[(String, Note)]) -> f32 {
    notes.iter().map(|n| n.1.pitch.midi() as f32).sum::<f32>() / notes.len().max(1) as f32
}

#[test]
fn nothing_outside_the_selection_changes_in_any_style() {
    let wishes = [
        Wish::another(),
        Wish::busier(0.6),
        Wish::simpler(0.6),
        Wish::higher(0.7),
        Wish::lower(0.7),
    ];
    for (number, style) in book().styles().iter().enumerate() {
        let seed = number as u64;
        let (plan, score) = song(&style.id, seed);
        let span = bars(&plan, seed, 1 + number as i64 % 5);
        let wish = wishes[number % wishes.len()];
        let request = Request {
            tracks: Vec::new(),
            span,
            wish,
            takes: 2,
        };
        let made = run(&plan, &score, seed, &request);
        let mut after = score.clone();
        made.record(&mut after);
        assert_eq!(after.chords, score.chords);
        for (old, new) in score.tracks.iter().zip(&after.tracks) {
            assert_eq!(old.phrases.len(), new.phrases.len());
            for (a, b) in old.phrases.iter().zip(&new.phrases) {
                let what = format!("{} {} {} {wish:?}", style.id, old.id, a.id);
                assert_eq!((&a.id, a.span), (&b.id, b.span), "{what}");
                let outside = |n: &&Note| !span.contains(n.at + a.span.start);
                let was: Vec<&Note> = a.notes.iter().filter(outside).collect();
                for take in b.takes.iter().map(|t| &t.notes).chain([&b.notes]) {
                    let is: Vec<&Note> = take.iter().filter(outside).collect();
                    assert_eq!(was, is, "{what}");
                    assert!(take.windows(2).all(|w| w[0].at <= w[1].at), "{what}");
                    for note in take {
                        let key = catalog().profile(&old.instrument).expect("known").range;
                        assert!(
                            old.role.is_percussion() || (key[0]..=key[1]).contains(&note.key()),
                            "{what}: {note}"
                        );
                        let held = take.iter().filter(|o| {
                            o.key() == note.key() && o.at < note.at && o.end() > note.at
                        });
                        let touched = span.contains(note.at + a.span.start);
                        assert!(!touched || held.count() == 0, "{what}: {note} is held");
                    }
                }
            }
        }
        // Everything not named in the report is untouched, takes and all.
        for new in &made.phrases {
            let phrase = after
                .tracks
                .iter()
                .find(|t| t.id == new.track)
                .and_then(|t| t.phrases.iter().find(|p| p.id == new.phrase))
                .expect("it is there");
            assert_eq!(phrase.takes.len(), new.takes.len());
        }
    }
}

#[test]
fn every_role_obeys_busier_and_simpler_higher_and_lower() {
    let mut seen: BTreeMap<(Role, usize), (u32, u32)> = BTreeMap::new();
    for (number, style) in book().styles().iter().enumerate() {
        let seed = 100 + number as u64;
        let (plan, score) = song(&style.id, seed);
        let span = bars(&plan, seed, 4);
        let wishes = [
            Wish::busier(0.7),
            Wish::simpler(0.7),
            Wish::higher(0.8),
            Wish::lower(0.8),
        ];
        for (which, wish) in wishes.into_iter().enumerate() {
            let request = Request {
                tracks: Vec::new(),
                span,
                wish,
                takes: 1,
            };
            let made = run(&plan, &score, seed, &request);
            let mut after = score.clone();
            made.record(&mut after);
            for track in score.tracks.iter().filter(|t| t.role != Role::Fx) {
                let inside = |score: &Score| -> Vec<(String, Note)> {
                    let all = notes(score, &track.id).into_iter();
                    all.filter(|(id, n)| {
                        span.contains(n.at)
                            && made
                                .phrases
                                .iter()
                                .any(|p| p.phrase == *id && p.track == track.id)
                    })
                    .collect()
                };
                let (was, is) = (inside(&score), inside(&after));
                let alone = made
                    .left
                    .iter()
                    .any(|l| l.track == track.id && l.why == Why::NoRoom);
                if was.is_empty() && !alone {
                    continue;
                }
                let (kept, all) = seen.entry((track.role, which)).or_default();
                *all += 1;
                let colors = |notes: &[(String, Note)]| -> Vec<u8> {
                    notes.iter().map(|n| n.1.key()).collect()
                };
                let obeyed = match which {
                    // Percussion keys have no height: other sounds, as many strokes.
                    2 | 3 if track.role.is_percussion() => colors(&is) != colors(&was),
                    0 => is.len() > was.len(),
                    1 => is.len() < was.len(),
                    2 => mean(&is) > mean(&was) + 0.3,
                    _ => mean(&is) < mean(&was) - 0.3,
                };
                if obeyed && !was.is_empty() {
                    *kept += 1;
                } else if !was.is_empty() {
                    println!(
                        "{} {} {:?} wish {which}: {} -> {} notes, {:.1} -> {:.1}",
                        style.id,
                        track.id,
                        track.role,
                        was.len(),
                        is.len(),
                        mean(&was),
                        mean(&is)
                    );
                }
            }
        }
    }
    for ((role, which), (kept, all)) in &seen {
        println!("{role:?} wish {which}: {kept} of {all}");
        // A lone tambourine has no brighter sister; a bass of one note a chord no fewer.
        let share = if role.is_percussion() && *which >= 2 {
            0.6
        } else {
            0.8
        };
        assert!(
            *kept as f32 >= *all as f32 * share,
            "{role:?} wish {which}: {kept} of {all}"
        );
    }
}

#[test]
fn takes_differ_and_joints_can_be_sung() {
    let (mut leaps, mut wild, mut same, mut total) = (0, 0, 0, 0);
    for (number, style) in book().styles().iter().enumerate() {
        let seed = 200 + number as u64;
        let (plan, score) = song(&style.id, seed);
        let Some(lead) = score.tracks.iter().find(|t| t.role == Role::Lead) else {
            continue;
        };
        let span = lead.phrases[lead.phrases.len() / 2].span;
        let bar = plan.timeline.metres[0].metre.bar();
        // Half a phrase: both joints lie within the line.
        let cut = TickSpan::new(span.start + bar, span.end - bar);
        let cut = if cut.is_empty() { span } else { cut };
        let request = Request {
            tracks: vec![lead.id.clone()],
            span: cut,
            wish: Wish::another(),
            takes: 4,
        };
        let made = run(&plan, &score, seed, &request);
        for new in &made.phrases {
            assert_eq!(new.takes.len(), 4, "{}", style.id);
            if new.track != lead.id {
                // What is no phrase of the lead is a harmony that follows it.
                let track = score.tracks.iter().find(|t| t.id == new.track);
                assert_eq!(track.map(|t| t.role), Some(Role::Harmony), "{}", style.id);
                continue;
            }
            let own = lead.phrases.iter().find(|p| p.id == new.phrase);
            let start = own.expect("there").span.start;
            for (index, take) in new.takes.iter().enumerate() {
                let keys = |notes: &[Note]| -> Vec<(Ticks, u8)> {
                    notes.iter().map(|n| (n.at, n.key())).collect()
                };
                for other in &new.takes[..index] {
                    total += 1;
                    same += usize::from(keys(&other.notes) == keys(&take.notes));
                }
                let mut top: Vec<&Note> = Vec::new();
                for note in &take.notes {
                    match top.last_mut() {
                        Some(last) if last.at == note.at => *last = note,
                        _ => top.push(note),
                    }
                }
                for pair in top.windows(2) {
                    let touches =
                        cut.contains(pair[0].at + start) || cut.contains(pair[1].at + start);
                    if touches {
                        leaps += 1;
                        wild +=
                            usize::from((pair[0].pitch.midi() - pair[1].pitch.midi()).abs() > 12);
                    }
                }
            }
        }
    }
    println!("{wild} of {leaps} intervals above an octave; {same} of {total} pairs of takes equal");
    assert!(wild * 100 <= leaps, "{wild} of {leaps}");
    assert!(same * 50 <= total, "{same} of {total}");
}

#[test]
fn locked_phrases_stay_and_are_named() {
    let (plan, mut score) = song("rock", 4);
    for phrase in score.tracks.iter_mut().flat_map(|t| &mut t.phrases) {
        phrase.locked = true;
    }
    let request = Request {
        tracks: Vec::new(),
        span: TickSpan::new(Ticks::ZERO, score.end()),
        wish: Wish::busier(1.0),
        takes: 1,
    };
    let made = run(&plan, &score, 4, &request);
    assert!(made.phrases.is_empty());
    assert!(made.left.iter().all(|l| l.why == Why::Locked));
    let before = score.clone();
    made.record(&mut score);
    assert_eq!(before, score);
}

#[test]
fn a_place_made_like_another_takes_its_rhythm() {
    let (mut fits, mut all) = (0, 0);
    for (number, style) in book().styles().iter().enumerate() {
        let seed = 300 + number as u64;
        let (plan, score) = song(&style.id, seed);
        let Some(lead) = score
            .tracks
            .iter()
            .find(|t| t.role == Role::Lead && t.phrases.len() > 3)
        else {
            continue;
        };
        let (here, there) = (
            lead.phrases[lead.phrases.len() - 2].span,
            lead.phrases[0].span,
        );
        if here.len() != there.len() || here == there {
            continue;
        }
        let request = Request {
            tracks: vec![lead.id.clone()],
            span: here,
            wish: Wish::like(there),
            takes: 1,
        };
        let made = run(&plan, &score, seed, &request);
        let onsets = |notes: &[Note]| -> Vec<Ticks> {
            let mut at: Vec<Ticks> = notes
                .iter()
                .map(|n| n.at)
                .filter(|at| *at >= Ticks::ZERO)
                .collect();
            at.dedup();
            at
        };
        let model = onsets(&lead.phrases[0].notes);
        for new in made
            .phrases
            .iter()
            .filter(|p| p.phrase == lead.phrases[lead.phrases.len() - 2].id)
        {
            let is = onsets(&new.takes[0].notes);
            all += model.len();
            fits += model.iter().filter(|at| is.contains(at)).count();
        }
    }
    assert!(all > 50 && fits * 100 >= all * 80, "{fits} of {all} onsets");
}
