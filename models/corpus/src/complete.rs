//! Finds what a source does not state of a song: tune, keys, sections, chords, phrases.

use crate::{lines::cut_line, piece::Piece};
use std::collections::BTreeMap;
use yuefu_harmonize::{
    FormPart, KeySpan, Tone, all_tones, find_form, find_keys, harmonize_tune, key_spans,
    phrase_starts, recognize_chords, tones as tones_of,
};
use yuefu_song::{ChordSpan, Score, Section, SectionKind, line_of};
use yuefu_theory::{Key, Mode, TickSpan, Ticks};

/// Completes a piece whose timeline, tracks and melody are known. `respell`: pitches came as
/// MIDI keys and are spelled by the keys found.
pub(crate) fn complete(piece: &mut Piece, respell: bool) {
    let end = bar_end(&piece.score);
    let tones = all_tones(&piece.score);
    if !piece.stated.key {
        let signature = signature(&piece.score);
        let keys = find_keys(&tones, &piece.score.timeline, end, signature);
        rekey(&mut piece.score, &keys, end);
    }
    if respell {
        spell(&mut piece.score);
    }
    let tune = piece
        .melody
        .map(|index| tones_of(&piece.score.tracks[index]));
    if !piece.stated.chords && !tones.is_empty() {
        find_chords(piece, &tones, tune.as_deref(), end);
    }
    if !piece.stated.sections {
        let popular = piece.source != crate::Source::Lieder;
        find_sections(&mut piece.score, tune.as_deref(), end, popular);
    }
    energies(&mut piece.score);
    if let Some(index) = piece.melody {
        cut_line(&mut piece.score, index);
        piece.phrases = piece.score.tracks[index]
            .phrases
            .iter()
            .map(|phrase| phrase.span)
            .collect();
    }
}

/// The barline at or after everything.
pub(crate) fn bar_end(score: &Score) -> Ticks {
    let notes = score
        .tracks
        .iter()
        .flat_map(tones_of)
        .map(|tone| tone.span.end);
    let end = notes.max().unwrap_or_default();
    let chords = score.chords.last().map_or(Ticks::ZERO, |c| c.span.end);
    let sections = score.sections.last().map_or(Ticks::ZERO, |s| s.span.end);
    let end = end.max(chords).max(sections).max(Ticks(1));
    let (bar, into) = score.timeline.bar_of(end);
    score
        .timeline
        .bar_start(bar + i64::from(into > Ticks::ZERO))
}

/// The key signature at the start, where a score has one beyond the C major that readers assume.
fn signature(score: &Score) -> Option<i32> {
    let first = score.sections.first()?.key.fifths();
    (first != 0).then_some(first)
}

/// Divides the sections where keys change.
pub(crate) fn rekey(score: &mut Score, keys: &[KeySpan], end: Ticks) {
    let old = std::mem::take(&mut score.sections);
    let mut cuts: Vec<Ticks> = old.iter().map(|section| section.span.start).collect();
    cuts.extend(keys.iter().map(|key| key.span.start));
    cuts.push(Ticks::ZERO);
    cuts.retain(|at| *at < end && *at >= Ticks::ZERO);
    cuts.sort();
    cuts.dedup();
    for (index, start) in cuts.iter().enumerate() {
        let kind = old
            .iter()
            .rfind(|section| section.span.start <= *start)
            .map_or(SectionKind::Part, |section| section.kind);
        let key = keys
            .iter()
            .rfind(|key| key.span.start <= *start)
            .or(keys.first())
            .map_or(Key::simplest(0, Mode::Major), |key| key.key);
        score.sections.push(Section {
            id: String::new(),
            kind,
            span: TickSpan::new(*start, cuts.get(index + 1).copied().unwrap_or(end)),
            key,
            energy: 0.5,
        });
    }
    number(&mut score.sections);
}

/// Gives sections their ids by kind and number.
pub(crate) fn number(sections: &mut [Section]) {
    let mut counts = BTreeMap::new();
    for section in sections {
        let count = counts.entry(section.kind).or_insert(0);
        *count += 1;
        section.id = format!("{}-{count}", section.kind.name());
    }
}

fn spell(score: &mut Score) {
    let Score {
        sections, tracks, ..
    } = score;
    for track in tracks
        .iter_mut()
        .filter(|track| !track.role.is_percussion())
    {
        for phrase in &mut track.phrases {
            for note in &mut phrase.notes {
                let at = phrase.span.start + note.at;
                let after = sections.partition_point(|section| section.span.start <= at);
                if let Some(section) = sections.get(after.saturating_sub(1)) {
                    note.pitch = section.key.spell(note.pitch.midi());
                }
            }
        }
    }
}

/// Chords of everything that sounds, or for a tune alone.
fn find_chords(piece: &mut Piece, tones: &[Tone], tune: Option<&[Tone]>, end: Ticks) {
    let keys = key_spans(&piece.score);
    let line = &piece.score.timeline;
    let found = match tune {
        Some(tune) if tune.len() == tones.len() => {
            harmonize_tune(tune, line, end, &keys, &phrase_starts(tune, line))
        }
        _ => recognize_chords(tones, line, end, &keys),
    };
    piece.score.chords = found
        .into_iter()
        .map(|(span, chord)| ChordSpan { span, chord })
        .collect();
}

/// Sections by what repeats; in popular songs with a guess at what they do.
fn find_sections(score: &mut Score, tune: Option<&[Tone]>, end: Ticks, popular: bool) {
    let keys = key_spans(score);
    let cuts: Vec<Ticks> = score
        .sections
        .iter()
        .map(|section| section.span.start)
        .collect();
    let parts = find_form(&all_tones(score), &score.timeline, end, &cuts);
    let kinds = match tune {
        Some(tune) if popular => kinds(&parts, tune),
        _ => vec![SectionKind::Part; parts.len()],
    };
    score.sections = parts
        .iter()
        .zip(kinds)
        .map(|(part, kind)| Section {
            id: String::new(),
            kind,
            span: part.span,
            key: keys
                .iter()
                .rfind(|key| key.span.start <= part.span.start)
                .or(keys.first())
                .map_or(Key::simplest(0, Mode::Major), |key| key.key),
            energy: 0.5,
        })
        .collect();
    number(&mut score.sections);
}

/// What sections do, by where the tune is and what repeats: the repeated material that lies
/// highest is the chorus, other repeated material the verses, what comes once after a chorus a
/// bridge. A guess, never stated.
fn kinds(parts: &[FormPart], tune: &[Tone]) -> Vec<SectionKind> {
    let inside = |span: TickSpan| tune.iter().filter(move |t| span.contains(t.span.start));
    let sung: Vec<bool> = parts.iter().map(|p| inside(p.span).count() >= 4).collect();
    let first = sung.iter().position(|sung| *sung).unwrap_or(parts.len());
    let last = sung.iter().rposition(|sung| *sung).unwrap_or(0);
    let mut groups: BTreeMap<usize, (usize, f64, f64)> = BTreeMap::new();
    for (part, _) in parts.iter().zip(&sung).filter(|(_, sung)| **sung) {
        let group = groups.entry(part.material).or_default();
        group.0 += 1;
        for tone in inside(part.span) {
            group.1 += f64::from(tone.key);
            group.2 += 1.0;
        }
    }
    let repeated: Vec<(usize, f64)> = groups
        .iter()
        .filter(|(_, group)| group.0 >= 2)
        .map(|(material, group)| (*material, group.1 / group.2))
        .collect();
    let opening = parts.get(first).map(|part| part.material);
    let chorus = repeated
        .iter()
        // A song seldom opens with its chorus.
        .map(|(material, mean)| {
            (
                *material,
                mean - if Some(*material) == opening { 2.0 } else { 0.0 },
            )
        })
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map(|best| best.0)
        .filter(|_| repeated.len() >= 2 || groups.len() >= 2);
    let mut heard_chorus = false;
    parts
        .iter()
        .enumerate()
        .map(|(index, part)| match chorus {
            _ if index < first => SectionKind::Intro,
            _ if index > last => SectionKind::Outro,
            _ if !sung[index] => SectionKind::Interlude,
            None => SectionKind::Part,
            Some(chorus) if part.material == chorus => {
                heard_chorus = true;
                SectionKind::Chorus
            }
            Some(_) if heard_chorus && groups[&part.material].0 == 1 => SectionKind::Bridge,
            Some(_) => SectionKind::Verse,
        })
        .collect()
}

/// Energy of each section by how much sounds in it, relative to the fullest: 0.2 to 0.9.
pub(crate) fn energies(score: &mut Score) {
    let mut force = vec![0.0_f64; score.sections.len()];
    for track in &score.tracks {
        for note in line_of_all(track) {
            let at = score.sections.partition_point(|s| s.span.start <= note.0);
            if let Some(force) = at.checked_sub(1).and_then(|i| force.get_mut(i)) {
                *force += (f64::from(note.1) / 127.0).powi(2);
            }
        }
    }
    let line = &score.timeline;
    for (force, section) in force.iter_mut().zip(&score.sections) {
        let seconds = line.seconds(section.span.end) - line.seconds(section.span.start);
        *force = (*force / seconds.max(0.1)).sqrt();
    }
    let most = force.iter().copied().fold(0.0, f64::max);
    if most <= 0.0 {
        return;
    }
    for (section, force) in score.sections.iter_mut().zip(force) {
        section.energy = ((20.0 + 70.0 * force / most).round() / 100.0) as f32;
    }
}

fn line_of_all(track: &yuefu_song::Track) -> impl Iterator<Item = (Ticks, u8)> + '_ {
    track.phrases.iter().flat_map(|phrase| {
        let start = phrase.span.start;
        phrase
            .notes
            .iter()
            .map(move |note| (start + note.at, note.velocity))
    })
}

/// The tune's line, for checks.
pub(crate) fn melody_line(piece: &Piece) -> Vec<yuefu_song::LineNote> {
    piece
        .melody
        .map_or_else(Vec::new, |index| line_of(&piece.score.tracks[index]))
}
