//! The tune as everybody hears it: written by the engine, or as a score has it.

use crate::{Desk, Hall, material::Material, melody::Writer, part::in_song_time};
use std::collections::BTreeMap;
use yuefu_song::{CastMember, Note, Role, Score, SectionKind};
use yuefu_theory::{TickSpan, Ticks};

/// The tune of a song: phrases by section, in song time.
#[derive(Debug, Default)]
pub struct Tune {
    sections: Vec<Vec<TunePhrase>>,
    flat: Vec<Vec<Note>>,
}

/// One phrase of a tune, in song time.
#[derive(Clone, Debug)]
pub struct TunePhrase {
    /// Where it lies.
    pub span: TickSpan,
    /// Its notes.
    pub notes: Vec<Note>,
}

impl Tune {
    /// The phrases of a section.
    pub fn phrases(&self, index: usize) -> &[TunePhrase] {
        self.sections.get(index).map_or(&[], Vec::as_slice)
    }

    /// All notes of a section in song time.
    pub fn section(&self, index: usize) -> &[Note] {
        self.flat.get(index).map_or(&[], Vec::as_slice)
    }
}

/// Whether a member of the cast carries the tune.
pub fn is_lead(member: &CastMember) -> bool {
    matches!(member.role, Role::Lead | Role::Vocal)
}

/// The tune of every section in which a lead plays: as this engine writes it, or, where a score
/// at hand says something else, as that score has it.
pub fn write(hall: &Hall<'_>) -> Tune {
    let count = hall.plan.sections.len();
    let mut tune = Tune {
        sections: vec![Vec::new(); count],
        flat: vec![Vec::new(); count],
    };
    // New sections sing what the others have sung.
    let mut order: Vec<usize> = (0..count).collect();
    if hall.scope.after {
        order.sort_by_key(|index| (hall.scope.sections.contains(index), *index));
    }
    let mut materials: BTreeMap<String, Material> = BTreeMap::new();
    let mut last: Option<(i32, i32)> = None;
    let mut floor: Option<Ticks> = None;
    for index in order {
        let section = &hall.plan.sections[index];
        if hall.scope.after && index > 0 {
            // Wherever this is in the order of writing, it follows what is before it in time.
            let before = tune.sections[..index].iter().rev().flatten();
            let keys: Vec<i32> = before
                .take(1)
                .flat_map(|p: &TunePhrase| p.notes.iter().map(|n| n.pitch.midi()))
                .collect();
            if let [.., a, b] = keys[..] {
                last = Some((a, b));
            }
        }
        let leads: Vec<Desk<'_>> = hall
            .plan
            .cast
            .iter()
            .filter(|m| is_lead(m) && section.playing.contains(&m.id))
            .filter_map(|m| hall.desk(m))
            .collect();
        let mut sings = None;
        let singer = leads.iter().find(|desk| desk.member.role == Role::Vocal);
        let mut phrases = match singer.or(leads.first()) {
            None => Vec::new(),
            Some(desk) => {
                // A soloist invents anew in every chorus; everything else comes back.
                let material = match section.kind {
                    SectionKind::Solo => &section.id,
                    _ => &section.material,
                };
                let seed = hall.take(hall.tune_seed(material), section, None);
                let name = seed.as_str().to_owned();
                let known = materials.entry(name.clone()).or_default();
                sings = Some(name);
                let writer = Writer {
                    hall,
                    section,
                    style: desk.style,
                    profile: desk.profile,
                    seed,
                };
                let lines = hall.lines(section);
                if lines.is_empty() || desk.member.role != Role::Vocal {
                    writer.section(known, &mut last)
                } else {
                    writer.sung_section(&lines, known, &mut last, &mut floor)
                }
            }
        };
        if let Some(real) = heard(hall, index, &leads, &phrases) {
            phrases = real;
            for phrase in &phrases {
                hall.remember(phrase.span, &phrase.notes);
            }
            if let Some(known) = sings.and_then(|name| materials.get_mut(&name)) {
                known.learn(section, &phrases);
            }
            let keys: Vec<i32> = phrases
                .iter()
                .flat_map(|p| p.notes.iter().map(|n| n.pitch.midi()))
                .collect();
            if let [.., a, b] = keys[..] {
                last = Some((a, b));
            }
        }
        if let Some(at) = phrases.last().and_then(|p| p.notes.last()).map(|n| n.at) {
            floor = Some(at);
        }
        // A sung pickup begins before its section.
        if let Some(next) = phrases
            .first()
            .filter(|p| p.notes.iter().any(|n| n.lyric.is_some()))
            && let Some(before) = tune.sections[..index]
                .iter_mut()
                .rev()
                .find(|s| !s.is_empty())
            && let Some(phrase) = before.last_mut()
        {
            let unit = hall.metre(section).unit_len();
            crate::words::make_room(&mut phrase.notes, &next.notes, unit);
        }
        tune.sections[index] = phrases;
    }
    for (flat, phrases) in tune.flat.iter_mut().zip(&tune.sections) {
        *flat = phrases.iter().flat_map(|p| p.notes.clone()).collect();
    }
    tune
}

/// The tune of a section as the score at hand has it, where that is not what the leads would play
/// of `written`; `None` where it is.
fn heard(
    hall: &Hall<'_>,
    index: usize,
    leads: &[Desk<'_>],
    written: &[TunePhrase],
) -> Option<Vec<TunePhrase>> {
    let score = hall.score?;
    let section = &hall.plan.sections[index];
    let anew = |id: &str| hall.scope.has(id, index);
    if !leads.is_empty() && leads.iter().all(|desk| anew(&desk.member.id)) {
        return None;
    }
    let differs = leads.iter().any(|desk| {
        !anew(&desk.member.id)
            && desk
                .real(section, &crate::lead::share(desk, section, written))
                .is_some()
    });
    // A lead that the plan does not know sings too.
    let stranger = score.tracks.iter().any(|track| {
        matches!(track.role, Role::Lead | Role::Vocal)
            && !leads.iter().any(|desk| desk.member.id == track.id)
            && !anew(&track.id)
            && track
                .phrases
                .iter()
                .any(|p| section.span.contains(p.span.start) && !p.notes.is_empty())
    });
    (differs || stranger).then(|| {
        sung(score, section.span)
            .into_iter()
            .map(|(span, notes)| TunePhrase { span, notes })
            .collect()
    })
}

/// The tune of a span as a score has it, phrase by phrase in song time: of leads that play at
/// once the first in score order counts, and of a chord its highest note.
pub fn sung(score: &Score, within: TickSpan) -> Vec<(TickSpan, Vec<Note>)> {
    let mut phrases: Vec<(TickSpan, Vec<Note>)> = Vec::new();
    for track in &score.tracks {
        if !matches!(track.role, Role::Lead | Role::Vocal) {
            continue;
        }
        for phrase in &track.phrases {
            let taken = phrases.iter().any(|(span, _)| span.overlaps(phrase.span));
            if within.contains(phrase.span.start) && !phrase.notes.is_empty() && !taken {
                phrases.push((phrase.span, skyline(in_song_time(phrase))));
            }
        }
    }
    phrases.sort_by_key(|(span, _)| span.start);
    phrases
}

/// The highest note of every chord, in order.
pub fn skyline(notes: impl Iterator<Item = Note>) -> Vec<Note> {
    let mut top: Vec<Note> = Vec::new();
    for note in notes {
        match top.last_mut() {
            Some(last) if last.at == note.at => {
                if note.pitch > last.pitch {
                    *last = note;
                }
            }
            _ => top.push(note),
        }
    }
    top
}
