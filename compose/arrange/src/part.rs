//! One player's part, section by section, and what a player remembers from one to the next.

use crate::{Desk, backing, bass, comp, counter, drums, fx, lead, pad, tune::Tune};
use yuefu_song::{Note, Phrase, Role, SectionPlan};

/// Where a player's hands were at the end of a section.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// Keys of the last chord.
    pub voicing: Vec<i32>,
    /// The last single note.
    pub key: Option<i32>,
}

/// Everything a player plays, by section.
///
/// Where the score at hand says something else than this engine would, the player remembers what
/// the score says.
pub fn write(desk: &Desk<'_>, tune: &Tune) -> Vec<(usize, Vec<Phrase>)> {
    let mut memory = Memory::default();
    let mut out = Vec::new();
    for (index, section) in desk.hall.plan.sections.iter().enumerate() {
        let plays = section.playing.contains(&desk.member.id) || desk.member.role == Role::Fx;
        if !plays {
            continue;
        }
        let phrases = match desk.member.role {
            Role::Lead | Role::Vocal => lead::share(desk, section, tune.phrases(index)),
            Role::Backing if desk.member.sings.is_some() => {
                backing::phrases(desk, section, tune.phrases(index))
            }
            _ => {
                let notes = section_notes(desk, index, section, tune.section(index), &mut memory);
                // Effects have phrases where something sounds; everybody else has one a section.
                if notes.is_empty() && desk.member.role == Role::Fx {
                    continue;
                }
                vec![desk.phrase(section, notes)]
            }
        };
        if !desk.hall.scope.has(&desk.member.id, index)
            && let Some(real) = desk.real(section, &phrases)
        {
            memory.recall(section, &real);
        }
        out.push((index, phrases));
    }
    out
}

/// The notes of one section in song time, for every role but the leads.
pub fn section_notes(
    desk: &Desk<'_>,
    index: usize,
    section: &SectionPlan,
    tune: &[Note],
    memory: &mut Memory,
) -> Vec<Note> {
    match desk.member.role {
        Role::Lead | Role::Vocal => Vec::new(),
        Role::Harmony | Role::Backing => counter::harmony(desk, section, tune),
        Role::Counter => counter::counter(desk, section, tune, &mut memory.key),
        Role::Comp | Role::Arp => comp::section_notes(desk, section, tune, &mut memory.voicing),
        Role::Pad => pad::chords(desk, section, tune, &mut memory.voicing),
        Role::Bass => bass::line(desk, section, &mut memory.key),
        Role::Drums | Role::Percussion => drums::section_notes(desk, section, index),
        Role::Fx => fx::section_notes(desk, index),
    }
}

impl Memory {
    /// Remembers the end of some notes in song time: the last note, and all keys heard over the
    /// last chord. Silence leaves the memory as it was.
    pub fn recall(&mut self, section: &SectionPlan, notes: &[Note]) {
        let Some(last) = notes.iter().max_by_key(|n| (n.at, n.pitch)) else {
            return;
        };
        self.key = Some(last.pitch.midi());
        let from = section
            .chords
            .iter()
            .rev()
            .map(|chord| chord.span.start)
            .find(|start| notes.iter().any(|n| n.end() > *start))
            .unwrap_or(last.at);
        let mut keys: Vec<i32> = notes
            .iter()
            .filter(|n| n.end() > from)
            .map(|n| n.pitch.midi())
            .collect();
        keys.sort_unstable();
        keys.dedup();
        self.voicing = keys;
    }
}

impl Desk<'_> {
    /// What the score at hand says in a section, in song time, where that is not what was just
    /// written; `None` where it is, or where there is no score or no such track.
    pub fn real(&self, section: &SectionPlan, written: &[Phrase]) -> Option<Vec<Note>> {
        let track = self
            .hall
            .score?
            .tracks
            .iter()
            .find(|t| t.id == self.member.id)?;
        let there: Vec<&Phrase> = track
            .phrases
            .iter()
            .filter(|p| section.span.contains(p.span.start))
            .collect();
        let same = there.len() == written.len()
            && there
                .iter()
                .zip(written)
                .all(|(a, b)| a.span == b.span && a.notes == b.notes);
        (!same).then(|| there.into_iter().flat_map(in_song_time).collect())
    }
}

/// The notes of a phrase, placed in the song.
pub fn in_song_time(phrase: &Phrase) -> impl Iterator<Item = Note> + '_ {
    phrase.notes.iter().map(|note| Note {
        at: note.at + phrase.span.start,
        ..note.clone()
    })
}
