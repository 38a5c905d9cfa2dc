//! A piece of tune between what comes before and what comes after.

use super::Job;
use crate::{
    counter::step_in_scale,
    finder::Ends,
    hall::Desk,
    lead::enrich,
    melody::{Rhythm, Writer},
    melody_line::{Close, Manner, Slot, line_to},
    tune::{skyline, sung},
    words::{Clock, Fitted, Given, Weighed, fit, lean, weigh},
};
use yuefu_engine::Rng;
use yuefu_song::{Note, SectionPlan, lyrics::Lyric};
use yuefu_theory::{TickSpan, Ticks};

/// New notes for the selected part of a lead's phrase, in song time.
pub fn write(job: &Job<'_>, desk: &Desk<'_>) -> Option<Vec<Note>> {
    let section = job.section_at(job.phrase.span.start)?;
    let mut rng = job.rng("tune");
    let writer = Writer {
        hall: job.hall,
        section,
        style: desk.style,
        profile: desk.profile,
        seed: job
            .hall
            .seed
            .join(&job.track.id)
            .join(&job.phrase.id)
            .join(job.number),
    };
    let room = room(job)?;
    // Notes beyond the room stay, with their syllables.
    let words: Vec<Lyric> = job
        .inside
        .iter()
        .filter(|n| room.contains(n.at))
        .filter_map(|n| n.lyric.as_deref().cloned())
        .collect();
    let old = skyline(job.inside.iter().filter(|n| room.contains(n.at)).cloned());
    let bar = job.hall.metre(section).bar();
    let material = job.wish.like.map(|place| material(job, place, room));
    let weighed = weigh(&words);
    let (rhythm, references) = match material {
        Some(found) if !found.0.is_empty() => found,
        _ if !words.is_empty() => (
            writer.place(&weighed, room, Some(room.start), &[], &mut rng),
            Vec::new(),
        ),
        _ => (
            new_rhythm(job, &writer, room, bar, &old, &mut rng),
            Vec::new(),
        ),
    };
    if rhythm.is_empty() {
        return None;
    }
    let (rhythm, references, begins) = if words.is_empty() {
        (rhythm, references, Vec::new())
    } else {
        under(job, &weighed, room, rhythm, references)?
    };
    // It lies where it lay; a phrase that was silent lies where the section's tune does.
    let (low, high, home) = writer.window();
    let around: Vec<i32> = if old.is_empty() {
        job.tune(section.span)
            .iter()
            .map(|n| n.pitch.midi())
            .collect()
    } else {
        old.iter().map(|n| n.pitch.midi()).collect()
    };
    let center = mean(&around).unwrap_or(home);
    let [bottom, top] = desk.profile.range.map(i32::from);
    let reach = |k: i32| k.clamp(bottom, top);
    let low = reach(around.iter().copied().min().map_or(low, |k| k - 3));
    let high = reach(around.iter().copied().max().map_or(high, |k| k + 3));
    let manner = Manner {
        low,
        high: high.max(low + 7),
        ..writer.manner(if references.is_empty() { 1.15 } else { 0.35 })
    };
    // Only a selection that holds the phrase's end closes it.
    let ends = !job
        .outside
        .iter()
        .any(|n| n.at >= job.span.end && n.at < job.phrase.span.end);
    let last_phrase = job.phrase.span.end >= section.span.end;
    let close = match (ends, last_phrase) {
        (false, _) => Close::None,
        (true, false) => Close::Half,
        (true, true) => Close::Full,
    };
    let place = (room.start - section.span.start).0 as f32 / section.span.len().0.max(1) as f32;
    let mut slots = writer.slots(room, &rhythm, place, close, &references, &mut rng);
    for slot in &mut slots {
        slot.target += center - home;
    }
    let mut sung_before: Option<usize> = None;
    for (slot, begins) in slots.iter_mut().zip(&begins) {
        if let (Some(before), Some(now)) = (sung_before, *begins) {
            slot.lean = lean(&weighed[before], &weighed[now]);
        }
        sung_before = begins.or(sung_before);
    }
    let (before, after) = job.neighbors();
    let near = |note: &&Note| room.start - note.end() < bar * 2;
    let before: Vec<i32> = skyline(before.into_iter().cloned())
        .iter()
        .filter(near)
        .map(|n| n.pitch.midi())
        .collect();
    let before = match before[..] {
        [.., a, b] => Some((a, b)),
        [a] => Some((a, a)),
        [] => None,
    };
    let after = after
        .filter(|n| n.at - room.end < bar)
        .map(|n| n.pitch.midi());
    let free = references.iter().all(Option::is_none);
    let ends = Ends { before, after };
    let found = match free {
        true => found(job, &writer, room, &slots, ends, &manner, &mut rng),
        false => None,
    };
    let keys = found.unwrap_or_else(|| line_to(&slots, before, after, &manner, &mut rng));
    let mut notes = if words.is_empty() {
        writer.dress(room, &rhythm, &keys, 0, 0.04)
    } else {
        let fitted: Vec<Fitted> = rhythm
            .iter()
            .zip(&keys)
            .zip(&begins)
            .map(|(((at, len), key), syllable)| Fitted {
                at: room.start + *at,
                len: *len,
                key: *key,
                syllable: *syllable,
            })
            .collect();
        writer.dress_sung(&weighed, &fitted, 0, &mut rng)
    };
    notes.retain(|n| room.contains(n.at));
    match_force(&old, &mut notes);
    if old.len() < job.inside.len() {
        enrich(desk, section, &mut notes);
    }
    // What of the selection lies beyond the room (the final note of the piece) stays.
    notes.extend(job.inside.iter().filter(|n| !room.contains(n.at)).cloned());
    Some(notes)
}

/// A rhythm, its references, and which syllable begins on each note.
type Laid = (Rhythm, Vec<Option<(i32, f32)>>, Vec<Option<usize>>);

/// Lays the words of a phrase under a rhythm: all of them, each once. A rhythm that does not suit
/// them gives way to one of their own.
fn under(
    job: &Job<'_>,
    weighed: &[Weighed],
    room: TickSpan,
    rhythm: Rhythm,
    references: Vec<Option<(i32, f32)>>,
) -> Option<Laid> {
    if rhythm.len() == weighed.len() {
        return Some((rhythm, references, (0..weighed.len()).map(Some).collect()));
    }
    let section = job.section_at(room.start)?;
    let clock = Clock {
        metre: job.hall.metre(section),
        bar: section.span.start - room.start,
        bpm: job.hall.plan.timeline.bpm(room.start),
    };
    let given: Vec<Given> = rhythm
        .iter()
        .enumerate()
        .map(|(i, (at, len))| Given {
            at: *at,
            len: *len,
            key: references.get(i).copied().flatten().map_or(60, |r| r.0),
        })
        .collect();
    let (fitted, _, _) = fit(weighed, &given, clock)?;
    let named = !references.is_empty();
    let rhythm = fitted.iter().map(|f| (f.at, f.len)).collect();
    let strength = references
        .iter()
        .flatten()
        .map(|r| r.1)
        .next()
        .unwrap_or(1.0);
    let references = if named {
        fitted.iter().map(|f| Some((f.key, strength))).collect()
    } else {
        Vec::new()
    };
    Some((
        rhythm,
        references,
        fitted.iter().map(|f| f.syllable).collect(),
    ))
}

/// Where new notes may stand: from the end of what still sounds to the breath that was there, and
/// never over the final note of the piece.
fn room(job: &Job<'_>) -> Option<TickSpan> {
    let held = job
        .outside
        .iter()
        .filter(|n| n.at < job.span.start)
        .map(Note::end)
        .max();
    let start = job.span.start.max(held.unwrap_or(job.span.start));
    let next = job
        .outside
        .iter()
        .map(|n| n.at)
        .find(|at| *at >= job.span.start);
    let section = job.section_at(job.span.start)?;
    let unit = job.hall.metre(section).unit_len();
    let sung = job.inside.iter().map(Note::end).max();
    let mut end = match (sung, next) {
        // It runs on into the next note, as it did.
        (Some(sung), Some(next)) if next - sung < unit => next,
        (Some(sung), _) => sung.max(start + unit),
        (None, _) => job.span.end - unit,
    };
    end = end.min(job.span.end).min(next.unwrap_or(end));
    if let Some(last) = job.hall.final_bar() {
        end = end.min(last.start);
    }
    (end - start >= Ticks::of(1, 8)).then(|| TickSpan::new(start, end))
}

/// A rhythm for the room: the one that is there, a sister phrase's, or a new one; takes go round.
fn new_rhythm(
    job: &Job<'_>,
    writer: &Writer<'_>,
    room: TickSpan,
    bar: Ticks,
    old: &[Note],
    rng: &mut Rng,
) -> Rhythm {
    let section = writer.section;
    let present: Rhythm = old.iter().map(|n| (n.at - room.start, n.len)).collect();
    let sisters: Vec<Rhythm> = sisters(job, section, room);
    let phrase_bars = (job.phrase.span.len().0 / bar.0.max(1)).clamp(1, 16);
    let offset = room.start - job.phrase.span.start;
    let mut best: Option<(f32, Rhythm)> = None;
    for attempt in 0..5 {
        let made: Rhythm = match (job.number as usize + attempt) % 3 {
            0 if attempt == 0 && present.len() > 2 => present.clone(),
            1 if !sisters.is_empty() => rng.pick(&sisters).cloned().unwrap_or_default(),
            _ => cut(&writer.rhythm(phrase_bars, rng), offset, room.len()),
        };
        let count = made.len() as f32 + 0.5;
        let far = (count / (present.len() as f32 + 0.5)).ln_ratio();
        if best.as_ref().is_none_or(|(least, _)| far < *least) {
            best = Some((far, made));
        }
        if far < 0.45 && attempt >= 1 || far == 0.0 {
            break;
        }
    }
    let mut rhythm = best.map_or(present, |(_, rhythm)| rhythm);
    if rhythm.is_empty() {
        rhythm.push((Ticks::ZERO, room.len()));
    }
    // It ends where the old one ended.
    if let Some(last) = rhythm.last_mut() {
        last.1 = (room.len() - last.0).min(bar);
    }
    rhythm
}

/// Distance of a ratio from 1, the same for its inverse.
trait LnRatio {
    fn ln_ratio(self) -> f32;
}

impl LnRatio for f32 {
    fn ln_ratio(self) -> f32 {
        if self >= 1.0 {
            self - 1.0
        } else {
            1.0 / self.max(1e-3) - 1.0
        }
    }
}

/// What the other phrases of the section sing at the same place.
fn sisters(job: &Job<'_>, section: &SectionPlan, room: TickSpan) -> Vec<Rhythm> {
    let offset = room.start - job.phrase.span.start;
    job.track
        .phrases
        .iter()
        .filter(|p| p.id != job.phrase.id && section.span.contains(p.span.start))
        .map(|p| {
            let notes = skyline(p.notes.iter().cloned());
            let whole: Rhythm = notes
                .iter()
                .filter(|n| n.at >= Ticks::ZERO)
                .map(|n| (n.at, n.len))
                .collect();
            cut(&whole, offset, room.len())
        })
        .filter(|rhythm| rhythm.len() > 1)
        .collect()
}

/// The part of a rhythm from an offset on.
fn cut(rhythm: &Rhythm, offset: Ticks, len: Ticks) -> Rhythm {
    rhythm
        .iter()
        .filter(|(at, _)| *at >= offset && *at < offset + len)
        .map(|(at, long)| (*at - offset, (*long).min(offset + len - *at)))
        .collect()
}

/// Rhythm and contour of another place laid over the room, repeated as often as it takes.
fn material(job: &Job<'_>, place: TickSpan, room: TickSpan) -> (Rhythm, Vec<Option<(i32, f32)>>) {
    let own: Vec<Note> = job
        .track
        .phrases
        .iter()
        .flat_map(crate::part::in_song_time)
        .filter(|n| place.contains(n.at))
        .collect();
    let source = if own.is_empty() {
        job.tune(place)
            .into_iter()
            .filter(|n| place.contains(n.at))
            .collect()
    } else {
        own
    };
    let source = skyline(source.into_iter());
    let keys: Vec<i32> = source.iter().map(|n| n.pitch.midi()).collect();
    let here: Vec<i32> = job.inside.iter().map(|n| n.pitch.midi()).collect();
    let tonic = |at: Ticks| {
        job.section_at(at)
            .map_or(0, |s| i32::from(s.key.tonic.pc()))
    };
    // Into this key, and into the octave that it lies in.
    let mut shift = (tonic(room.start) - tonic(place.start) + 6).rem_euclid(12) - 6;
    if let (Some(there), Some(here)) = (mean(&keys), mean(&here)) {
        shift += (((here - there - shift as f32) / 12.0).round() as i32) * 12;
    }
    let mut rhythm = Rhythm::new();
    let mut references = Vec::new();
    let strength = 0.4 + 2.2 * job.wish.likeness;
    let len = place.len().max(Ticks(1));
    let mut start = job.origin;
    while start < room.end {
        for note in &source {
            let at = start + (note.at - place.start);
            if room.contains(at) {
                rhythm.push((at - room.start, note.len.min(room.end - at)));
                references.push(Some((note.pitch.midi() + shift, strength)));
            }
        }
        start += len;
    }
    (rhythm, references)
}

/// The mean of some keys.
pub fn mean(keys: &[i32]) -> Option<f32> {
    (!keys.is_empty()).then(|| keys.iter().sum::<i32>() as f32 / keys.len() as f32)
}

/// New notes are on average as loud as the ones they replace.
fn match_force(old: &[Note], new: &mut [Note]) {
    let force = |notes: &[Note]| {
        let sum: i32 = notes.iter().map(|n| i32::from(n.velocity)).sum();
        (!notes.is_empty()).then(|| sum / notes.len() as i32)
    };
    if let (Some(was), Some(is)) = (force(old), force(new)) {
        for note in new {
            note.velocity = (i32::from(note.velocity) + was - is).clamp(12, 127) as u8;
        }
    }
}

/// The line moved up or down by about `shift` semitones: the contour is kept, strong beats stay on
/// the harmony, the joints are led. Only the keys change.
pub fn moved(job: &Job<'_>, desk: &Desk<'_>, notes: &[Note], shift: f32) -> Vec<Note> {
    let top = skyline(notes.iter().cloned());
    let Some((first, section)) = top
        .first()
        .and_then(|first| Some((first, job.section_at(first.at)?)))
    else {
        return notes.to_vec();
    };
    let writer = Writer {
        hall: job.hall,
        section,
        style: desk.style,
        profile: desk.profile,
        seed: job.hall.seed.join(&job.track.id),
    };
    let start = first.at;
    let end = top.iter().map(Note::end).max().unwrap_or(job.span.end);
    let rhythm: Rhythm = top.iter().map(|n| (n.at - start, n.len)).collect();
    let [bottom, ceiling] = desk.profile.range.map(i32::from);
    let wanted: Vec<i32> = top
        .iter()
        .map(|n| (n.pitch.midi() + shift.round() as i32).clamp(bottom, ceiling))
        .collect();
    let references: Vec<_> = wanted.iter().map(|k| Some((*k, 3.0))).collect();
    let mut rng = job.rng("moved");
    let room = TickSpan::new(start, end);
    let mut slots = writer.slots(room, &rhythm, 0.5, Close::None, &references, &mut rng);
    for (slot, key) in slots.iter_mut().zip(&wanted) {
        slot.target = *key as f32;
    }
    let low = wanted.iter().copied().min().unwrap_or(bottom) - 1;
    let high = wanted.iter().copied().max().unwrap_or(ceiling) + 1;
    let low = low.max(bottom).min(ceiling - 7);
    let manner = Manner {
        low,
        high: high.min(ceiling).max(low + 7),
        ..writer.manner(0.25)
    };
    let keys = line_to(&slots, None, None, &manner, &mut rng);
    notes
        .iter()
        .map(|note| {
            let index = top.iter().position(|n| n.at == note.at).unwrap_or(0);
            // Notes below the tune go with it.
            let by = keys[index] - top[index].pitch.midi();
            let key = if note.pitch == top[index].pitch {
                keys[index]
            } else {
                let under = note.pitch.midi() + by;
                let fits = |k: i32| section.key.has_harmonic(k.rem_euclid(12) as u8);
                if fits(under) {
                    under
                } else {
                    step_in_scale(section, under, false)
                }
            };
            Note {
                pitch: section.key.spell(key),
                ..note.clone()
            }
        })
        .collect()
}

/// Keys from who finds tunes, knowing what the score sings before.
fn found(
    job: &Job<'_>,
    writer: &Writer<'_>,
    room: TickSpan,
    slots: &[Slot],
    ends: Ends,
    manner: &Manner,
    rng: &mut Rng,
) -> Option<Vec<i32>> {
    job.hall.finder?;
    let before = TickSpan::new(Ticks::ZERO, room.start);
    for (span, notes) in job.hall.score.map(|s| sung(s, before)).unwrap_or_default() {
        job.hall.remember(span, &notes);
    }
    writer.found_keys(room, &[], slots, ends, manner, rng)
}
