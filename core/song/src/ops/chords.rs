//! Operations on chords.

use super::{
    Work,
    message::OpError,
    place::{At, Place},
    select, tidy,
    values::Quarters,
};
use crate::score::{ChordSpan, Note, Role};
use yuefu_theory::{Chord, Key, Metre, Pitch, TickSpan, Ticks};

impl Work<'_> {
    /// Puts a chord at a position: for a length, or until the chord there ends (the bar, where
    /// there is none).
    pub(super) fn set_chord(
        &mut self,
        at: At,
        chord: Chord,
        length: Option<Quarters>,
        follow: bool,
    ) -> Result<(), OpError> {
        let start = select::position(at, &self.song)?;
        let end = match length {
            Some(length) if length.0 > Ticks::ZERO => start + length.0,
            Some(_) => {
                return Err(OpError::new(
                    "a chord must be longer than 0 quarters",
                    "和弦时值必须大于 0",
                ));
            }
            None => match self.song.score.chord_at(start) {
                Some(there) => there.span.end,
                None => {
                    let line = &self.song.plan.timeline;
                    let next = line.bar_start(line.bar_of(start).0 + 1);
                    let chords = &self.song.score.chords;
                    chords
                        .iter()
                        .map(|chord| chord.span.start)
                        .find(|other| *other > start)
                        .map_or(next, |other| other.min(next))
                }
            },
        };
        let span = TickSpan::new(start, end.min(select::end(&self.song)));
        self.change_chord(span, Some(chord), follow);
        Ok(())
    }

    /// Takes the chords of a place out.
    pub(super) fn delete_chords(&mut self, place: &Place) -> Result<(), OpError> {
        for span in select::find_spans(place, &self.song)? {
            self.change_chord(span, None, false);
        }
        Ok(())
    }

    /// Puts another chord wherever one stands in a place.
    pub(super) fn substitute(
        &mut self,
        place: &Place,
        old: Chord,
        new: Chord,
        follow: bool,
    ) -> Result<(), OpError> {
        let spans = select::find_spans(place, &self.song)?;
        let mut found = Vec::new();
        let mut there: Vec<Chord> = Vec::new();
        for chord in &self.song.score.chords {
            for span in spans.iter().filter(|span| span.overlaps(chord.span)) {
                if chord.chord == old {
                    found.push(TickSpan::new(
                        chord.span.start.max(span.start),
                        chord.span.end.min(span.end),
                    ));
                }
                if !there.contains(&chord.chord) {
                    there.push(chord.chord);
                }
            }
        }
        if found.is_empty() {
            let list: Vec<String> = there.iter().map(Chord::to_string).collect();
            let list = list.join(" ");
            return Err(OpError::new(
                format!("there is no {old} in {place}; there are: {list}"),
                format!("{place} 中没有 {old}；现有：{list}"),
            ));
        }
        for span in found {
            self.change_chord(span, Some(new), follow);
        }
        Ok(())
    }

    /// Puts a chord, or none, over a span; sections cut it at their edges.
    fn change_chord(&mut self, span: TickSpan, new: Option<Chord>, follow: bool) {
        if let (Some(new), true) = (new, follow) {
            self.follow(span, new);
        }
        for section in &mut self.song.plan.sections {
            let inside = TickSpan::new(
                span.start.max(section.span.start),
                span.end.min(section.span.end),
            );
            if inside.is_empty() {
                continue;
            }
            let mut chords = Vec::new();
            for chord in &section.chords {
                let before = TickSpan::new(chord.span.start, chord.span.end.min(inside.start));
                let after = TickSpan::new(chord.span.start.max(inside.end), chord.span.end);
                for part in [before, after] {
                    if !part.is_empty() {
                        chords.push(ChordSpan {
                            span: part,
                            chord: chord.chord,
                        });
                    }
                }
            }
            if let Some(chord) = new {
                chords.push(ChordSpan {
                    span: inside,
                    chord,
                });
            }
            chords.sort_by_key(|chord| chord.span.start);
            section.chords = chords;
        }
        tidy::settle(&mut self.song);
    }

    /// Lets the notes in a span go with its new chord.
    fn follow(&mut self, span: TickSpan, new: Chord) {
        let score = &self.song.score;
        let (chords, line) = (score.chords.clone(), self.song.plan.timeline.clone());
        let keys: Vec<(TickSpan, Key)> = self
            .song
            .plan
            .sections
            .iter()
            .map(|section| (section.span, section.key))
            .collect();
        let old_at = |at: Ticks| ChordSpan::at(&chords, at).map(|found| found.chord);
        let main = self.song.plan.key;
        let key_at = |at: Ticks| {
            let found = keys.iter().find(|(span, _)| span.contains(at));
            found.map_or(main, |(_, key)| *key)
        };
        for track in &mut self.song.score.tracks {
            if track.role.is_percussion() || track.role == Role::Fx {
                continue;
            }
            let range = self
                .catalog
                .profile(&track.instrument)
                .map_or([0, 127], |profile| profile.range.map(i32::from));
            for phrase in &mut track.phrases {
                let start = phrase.span.start;
                let inside = |note: &Note| span.contains(start + note.at);
                if !phrase.notes.iter().any(inside) {
                    continue;
                }
                if phrase.locked {
                    self.remarks.locked(&track.id, &phrase.id);
                    continue;
                }
                let before = phrase.notes.clone();
                let mut index = 0;
                while index < phrase.notes.len() {
                    let at = phrase.notes[index].at;
                    let count = phrase.notes[index..]
                        .iter()
                        .take_while(|n| n.at == at)
                        .count();
                    let group = &mut phrase.notes[index..index + count];
                    index += count;
                    let song_at = start + at;
                    if !span.contains(song_at) {
                        continue;
                    }
                    let key = key_at(song_at);
                    let (_, offset) = line.bar_of(song_at);
                    let metre = line.metre(song_at);
                    if is_tune(track.role) {
                        soften(group, new, &key, metre, offset, range);
                    } else if let Some(old) = old_at(song_at) {
                        lead(group, (old, new), track.role, &key, range);
                    }
                }
                if phrase.notes != before {
                    tidy::edited(phrase);
                }
            }
        }
    }
}

/// Whether a role is led by its own line rather than by the chord.
fn is_tune(role: Role) -> bool {
    matches!(
        role,
        Role::Vocal | Role::Lead | Role::Counter | Role::Harmony | Role::Backing
    )
}

/// Moves the notes of one stroke that were tones of the old chord to the nearest tones of the
/// new one; no two come onto one key.
fn lead(
    group: &mut [Note],
    (old, new): (Chord, Chord),
    role: Role,
    key: &Key,
    [low, high]: [i32; 2],
) {
    let mut taken: Vec<i32> = Vec::new();
    for note in group {
        let midi = note.pitch.midi();
        let pc = midi.rem_euclid(12) as u8;
        if !old.has(pc) && pc != old.bass_note().pc() {
            taken.push(midi);
            continue;
        }
        let bass = role == Role::Bass && pc == old.bass_note().pc();
        let fits = |candidate: i32| {
            let pc = candidate.rem_euclid(12) as u8;
            let tone = if bass {
                pc == new.bass_note().pc()
            } else {
                new.has(pc)
            };
            tone && (low..=high).contains(&candidate) && !taken.contains(&candidate)
        };
        let nearest = (0..=12)
            .flat_map(|far| [midi - far, midi + far])
            .find(|k| fits(*k));
        let moved = nearest.unwrap_or(midi);
        taken.push(moved);
        if moved != midi {
            note.pitch = spelled(moved, new, key);
        }
    }
}

/// Moves notes of a tune on strong beats that rub against the chord to the nearest chord tone.
fn soften(
    group: &mut [Note],
    chord: Chord,
    key: &Key,
    metre: &Metre,
    offset: Ticks,
    [low, high]: [i32; 2],
) {
    if metre.weight(offset) < 0.6 {
        return;
    }
    for note in group {
        let midi = note.pitch.midi();
        let pc = midi.rem_euclid(12);
        let rubs = !chord.has(pc as u8)
            && (!key.has_harmonic(pc as u8)
                || chord
                    .pcs()
                    .iter()
                    .any(|tone| [1, 11].contains(&(pc - i32::from(*tone)).rem_euclid(12))));
        if !rubs {
            continue;
        }
        let near = [-1, 1, -2, 2, -3, 3]
            .into_iter()
            .map(|by| midi + by)
            .find(|k| chord.has(k.rem_euclid(12) as u8) && (low..=high).contains(k));
        if let Some(near) = near {
            note.pitch = spelled(near, chord, key);
        }
    }
}

/// A key spelled as the chord spells it.
fn spelled(midi: i32, chord: Chord, key: &Key) -> Pitch {
    let pc = midi.rem_euclid(12) as u8;
    if key.has_harmonic(pc) {
        return key.spell(midi);
    }
    let tones = chord.tones();
    let name = tones
        .into_iter()
        .chain([chord.bass_note()])
        .find(|tone| tone.pc() == pc);
    name.map_or_else(|| key.spell(midi), |name| Pitch::spelled(midi, name))
}
