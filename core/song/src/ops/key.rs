//! The key of the song: to another tonic, to another mode.

use super::{
    Work,
    message::OpError,
    notes::{beside, check_key, fold, letter, on_letter},
};
use crate::score::{ChordSpan, Note, Role};
use yuefu_theory::{Chord, Key, Mode, Pitch, Quality, SpelledPc, Ticks};

impl Work<'_> {
    /// Puts the song into another key. Sections in other keys keep their distance.
    ///
    /// Degrees become degrees: with another mode the thirds, sixths and sevenths of the melody
    /// change as the scale does, and chords keep their Roman numerals; dominants stay major.
    pub(super) fn set_key(&mut self, to: Key) -> Result<(), OpError> {
        let from = self.song.plan.key;
        let semitones = (i32::from(to.tonic.pc()) - i32::from(from.tonic.pc())).rem_euclid(12);
        let semitones = if semitones > 6 {
            semitones - 12
        } else {
            semitones
        };
        let changes: Vec<Change> = self
            .song
            .plan
            .sections
            .iter()
            .map(|section| {
                let mode = if section.key.mode == from.mode {
                    to.mode
                } else {
                    section.key.mode
                };
                Change::new(
                    section.key,
                    moved_key(section.key, from, to, mode),
                    semitones,
                )
            })
            .collect();
        let whole = Change::new(from, to, semitones);
        let spans: Vec<_> = self.song.plan.sections.iter().map(|s| s.span).collect();
        let change_at = |at: Ticks| {
            let index = spans.iter().position(|span| span.contains(at));
            index.map_or(&whole, |index| &changes[index])
        };
        for (section, change) in self.song.plan.sections.iter_mut().zip(&changes) {
            section.key = change.to;
            for chord in &mut section.chords {
                chord.chord = change.chord(chord.chord);
            }
        }
        let chords: Vec<ChordSpan> = self
            .song
            .plan
            .sections
            .iter()
            .flat_map(|section| section.chords.clone())
            .collect();
        let chord_at = |at: Ticks| ChordSpan::at(&chords, at).map(|found| found.chord);
        for index in 0..self.song.score.tracks.len() {
            if self.song.score.tracks[index].role.is_percussion() {
                continue;
            }
            let octave = self.better_octave(index, semitones);
            let track = &mut self.song.score.tracks[index];
            let profile = self.catalog.profile(&track.instrument);
            let tune = matches!(track.role, Role::Vocal | Role::Lead);
            for phrase in &mut track.phrases {
                if phrase.locked {
                    self.remarks.locked(&track.id, &phrase.id);
                    continue;
                }
                let start = phrase.span.start;
                let change = |notes: &mut Vec<Note>| -> Result<(), OpError> {
                    for note in notes.iter_mut() {
                        let at = (start + note.at).max(Ticks::ZERO);
                        note.pitch = change_at(at).pitch(note.pitch, chord_at(at), tune);
                        note.pitch.octave += octave;
                        check_key(note.pitch.midi())?;
                    }
                    if let Some(profile) = profile {
                        let [low, high] = profile.range.map(i32::from);
                        fold(notes, low, high);
                    }
                    super::tidy::tidy(notes);
                    Ok(())
                };
                for take in &mut phrase.takes {
                    change(&mut take.notes)?;
                }
                let before = phrase.notes.clone();
                change(&mut phrase.notes)?;
                if before != phrase.notes {
                    phrase.origin = crate::score::Origin::Edited;
                }
            }
            self.mention_range(index);
        }
        self.song.plan.key = to;
        Ok(())
    }

    /// Up or down: the octave that leaves fewer notes of a track outside its range.
    fn better_octave(&self, index: usize, semitones: i32) -> i8 {
        let track = &self.song.score.tracks[index];
        let Some(profile) = self.catalog.profile(&track.instrument) else {
            return 0;
        };
        let [low, high] = profile.range.map(i32::from);
        let outside = |octave: i8| {
            track
                .phrases
                .iter()
                .flat_map(|phrase| &phrase.notes)
                .map(|note| note.pitch.midi() + semitones + 12 * i32::from(octave))
                .filter(|key| !(low..=high).contains(key))
                .count()
        };
        let other = if semitones > 0 { -1 } else { 1 };
        // A whole octave is heard; only where the nearer one does not fit at all.
        if outside(0) > 0 && outside(other) < outside(0) {
            other
        } else {
            0
        }
    }
}

/// A section's key in the song's new key: as far from it as before, simply spelled.
fn moved_key(key: Key, from: Key, to: Key, mode: Mode) -> Key {
    let (steps, semitones) = interval(from.tonic, to.tonic);
    let moved = Key::new(key.tonic.up(steps, semitones), mode);
    if moved.fifths().abs() > 7 || moved.tonic.alter.abs() > 1 {
        Key::simplest(moved.tonic.pc(), mode)
    } else {
        moved
    }
}

/// Letters and semitones up from one pitch class to another.
fn interval(from: SpelledPc, to: SpelledPc) -> (i32, i32) {
    (
        (to.step as i32 - from.step as i32).rem_euclid(7),
        (i32::from(to.pc()) - i32::from(from.pc())).rem_euclid(12),
    )
}

/// From one key to another.
struct Change {
    from: Key,
    to: Key,
    /// Letters that pitches move.
    letters: i32,
    /// Semitones that the tonic moves.
    semitones: i32,
}

impl Change {
    fn new(from: Key, to: Key, semitones: i32) -> Self {
        let (letters, _) = interval(from.tonic, to.tonic);
        // Seven letters are twelve semitones: the octave of the letter nearest to the pitch.
        let octaves = (f64::from(semitones * 7) / 12.0 - f64::from(letters)) / 7.0;
        let letters = letters + 7 * octaves.round() as i32;
        Self {
            from,
            to,
            letters,
            semitones,
        }
    }

    /// A pitch in the new key, over a chord of the new key.
    fn pitch(&self, pitch: Pitch, chord: Option<Chord>, tune: bool) -> Pitch {
        let midi = pitch.midi() + self.semitones;
        if self.from.mode == self.to.mode {
            let moved = on_letter(
                letter(pitch) + self.letters,
                beside(pitch, &self.from),
                &self.to,
            );
            return if moved.midi() == midi {
                moved
            } else {
                self.to.spell(midi)
            };
        }
        if beside(pitch, &self.from) != 0 {
            return self.to.spell(midi);
        }
        let moved = on_letter(letter(pitch) + self.letters, 0, &self.to);
        // A chord that has this letter says how it is altered: the leading tone of a dominant.
        let altered = chord.and_then(|chord| {
            let tones = chord.tones();
            let own = tones.contains(&moved.name);
            tones
                .into_iter()
                .find(|tone| !own && tone.step == moved.name.step)
        });
        let moved = match altered {
            Some(name) => Pitch { name, ..moved },
            None => moved,
        };
        let foreign = tune
            && self.to.mode.melody().len() == 5
            && !self.to.has(moved.name.pc())
            && chord.is_none_or(|chord| !chord.has(moved.name.pc()));
        if !foreign {
            return moved;
        }
        let near = [-1, 1, -2, 2]
            .into_iter()
            .map(|by| moved.midi() + by)
            .find(|key| self.to.has(key.rem_euclid(12) as u8));
        near.map_or(moved, |key| self.to.spell(key))
    }

    /// A chord in the new key: the same Roman numeral.
    fn chord(&self, chord: Chord) -> Chord {
        let (steps, semitones) = interval(self.from.tonic, self.to.tonic);
        let bass = |root: SpelledPc, tones: &[SpelledPc]| {
            chord
                .bass
                .map(|bass| {
                    let old = chord.tones();
                    match old.iter().position(|tone| tone.pc() == bass.pc()) {
                        Some(index) if index < tones.len() => tones[index],
                        _ => bass.up(steps, semitones),
                    }
                })
                .filter(|bass| *bass != root)
        };
        let shifted = Chord::new(chord.root.up(steps, semitones), chord.quality);
        if self.from.mode == self.to.mode {
            return Chord {
                bass: chord.bass.map(|bass| bass.up(steps, semitones)),
                ..shifted
            };
        }
        let scale =
            |key: &Key, name: SpelledPc| (0..7).find(|d| key.degree(*d, 0).pc() == name.pc());
        let degree = scale(&self.from, chord.root);
        let diatonic = chord
            .tones()
            .iter()
            .all(|tone| scale(&self.from, *tone).is_some());
        let new = match degree {
            Some(degree)
                if diatonic
                    && !(degree == 4 && self.keeps_dominant(chord))
                    && !(degree == 6 && self.to.mode.is_minor()) =>
            {
                let root = self.to.degree(degree, 0);
                Chord::new(root, self.quality_on(degree, chord.quality))
            }
            _ => shifted,
        };
        Chord {
            bass: bass(new.root, &new.tones()),
            ..new
        }
    }

    /// A dominant stays major in minor, as its leading tone does.
    fn keeps_dominant(&self, chord: Chord) -> bool {
        chord.third() == Some(4) && matches!(self.to.mode, Mode::Minor | Mode::HarmonicMinor)
    }

    /// The quality on a degree of the new key that has the same letters above its root; the
    /// old one where there is none.
    fn quality_on(&self, degree: i32, old: Quality) -> Quality {
        let root = self.to.degree(degree, 0);
        let tones: Vec<(i32, i32)> = old
            .tones()
            .iter()
            .map(|(steps, semitones)| {
                let tone = self.to.degree(degree + steps, 0);
                let above = (i32::from(tone.pc()) - i32::from(root.pc())).rem_euclid(12);
                (*steps, above + 12 * (semitones / 12))
            })
            .collect();
        let exact = Quality::all().find(|quality| quality.tones() == tones);
        let triad = || {
            let three = &tones[..tones.len().min(3)];
            Quality::all().find(|quality| quality.tones() == three)
        };
        exact.or_else(triad).unwrap_or(old)
    }
}
