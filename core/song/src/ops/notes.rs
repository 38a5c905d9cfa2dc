//! Operations on notes that stay where they are, and on single notes.

use super::{
    Work,
    message::OpError,
    place::{At, Place, Tracks},
    select::{self, Selection},
    tidy,
    values::{Dynamics, Lengths, PitchUnit, Quarters},
};
use crate::{
    lyrics::Lyric,
    performance::Articulation,
    score::{Note, Track},
};
use yuefu_theory::{Key, Pitch, Step, TickSpan, Ticks};

impl Work<'_> {
    /// Adds a note.
    pub(super) fn add_note(
        &mut self,
        track: &str,
        at: At,
        length: Quarters,
        pitch: Pitch,
        velocity: u8,
        articulation: Articulation,
    ) -> Result<(), OpError> {
        let index = select::find_track(track, &self.song, self.catalog)?;
        let start = select::position(at, &self.song)?;
        check_key(pitch.midi())?;
        if length.0 <= Ticks::ZERO {
            return Err(OpError::new(
                "a note must be longer than 0 quarters",
                "音符时值必须大于 0",
            ));
        }
        let track = &self.song.score.tracks[index];
        let same = |note: &Note, origin: Ticks| {
            origin + note.at == start && note.key() == pitch.midi().clamp(0, 127) as u8
        };
        if track
            .phrases
            .iter()
            .any(|p| p.notes.iter().any(|note| same(note, p.span.start)))
        {
            return Err(OpError::new(
                format!("{} has {pitch} at {at} already", track.id),
                format!("{} 在 {at} 已有 {pitch}", track.id),
            ));
        }
        let note = Note::new(Ticks::ZERO, length.0, pitch, velocity).with(articulation);
        let out = self.drop_notes(index, vec![super::place_notes::Loose::new(start, note)]);
        if out > 0 {
            return Err(OpError::new(
                format!("the phrase at {at} is locked; unlock it first"),
                format!("{at} 处的乐句已锁定；请先解锁"),
            ));
        }
        self.mention_range(index);
        Ok(())
    }

    /// Gives a note a syllable, or takes it away.
    pub(super) fn sing(&mut self, track: &str, at: At, syllable: &str) -> Result<(), OpError> {
        let index = select::find_track(track, &self.song, self.catalog)?;
        let start = select::position(at, &self.song)?;
        let track = &mut self.song.score.tracks[index];
        let id = track.id.clone();
        let mut lang = String::new();
        for phrase in &mut track.phrases {
            let origin = phrase.span.start;
            let Some(found) = phrase.notes.iter().position(|n| origin + n.at == start) else {
                let mut sung = phrase.notes.iter().filter_map(|n| n.lyric.as_ref());
                if let (Some(last), true) = (sung.next_back(), origin < start) {
                    lang.clone_from(&last.lang);
                }
                continue;
            };
            if phrase.locked {
                return Err(locked(&phrase.id));
            }
            let before = phrase.notes[..found]
                .iter()
                .rev()
                .find_map(|n| n.lyric.as_ref());
            let own = phrase.notes[found].lyric.as_deref();
            if let Some(near) = own.or(before.map(|lyric| &**lyric)) {
                lang.clone_from(&near.lang);
            }
            let lyric = if syllable == "-" {
                if before.is_none() {
                    return Err(OpError::new(
                        format!("the note at {at} begins its line; it needs a syllable"),
                        format!("{at} 处的音是乐句的第一个音，必须有音节"),
                    ));
                }
                None
            } else {
                Some(Box::new(syllable_of(syllable, &lang, own)?))
            };
            phrase.notes[found].lyric = lyric;
            tidy::edited(phrase);
            return Ok(());
        }
        Err(OpError::new(
            format!("{id} has no note at {at}"),
            format!("{id} 在 {at} 处没有音符"),
        ))
    }

    /// Deletes one note.
    pub(super) fn delete_note(&mut self, track: &str, at: At, pitch: Pitch) -> Result<(), OpError> {
        let index = select::find_track(track, &self.song, self.catalog)?;
        let start = select::position(at, &self.song)?;
        let track = &mut self.song.score.tracks[index];
        for phrase in &mut track.phrases {
            let origin = phrase.span.start;
            let found = phrase
                .notes
                .iter()
                .position(|note| origin + note.at == start && note.pitch.midi() == pitch.midi());
            let Some(found) = found else { continue };
            if phrase.locked {
                return Err(locked(&phrase.id));
            }
            phrase.notes.remove(found);
            tidy::edited(phrase);
            return Ok(());
        }
        let there: Vec<String> = track
            .phrases
            .iter()
            .flat_map(|p| {
                p.notes
                    .iter()
                    .map(move |note| (p.span.start + note.at, note))
            })
            .filter(|(onset, _)| *onset == start)
            .map(|(_, note)| note.pitch.to_string())
            .collect();
        let there = if there.is_empty() {
            "-".to_owned()
        } else {
            there.join(", ")
        };
        Err(OpError::new(
            format!(
                "{} has no {pitch} that starts at {at}; starting there: {there}",
                track.id
            ),
            format!(
                "{} 没有从 {at} 开始的 {pitch}；在此开始的有：{there}",
                track.id
            ),
        ))
    }

    /// Deletes the notes of a selection.
    pub(super) fn delete_notes(&mut self, tracks: &Tracks, place: &Place) -> Result<(), OpError> {
        let selection = self.select(tracks, place)?;
        let lifted = self.lift(&selection);
        self.some_notes(
            lifted.iter().map(|(_, notes)| notes.len()).sum(),
            &selection,
        )
    }

    /// Moves notes in pitch.
    pub(super) fn transpose(
        &mut self,
        tracks: &Tracks,
        place: &Place,
        by: i32,
        unit: PitchUnit,
    ) -> Result<(), OpError> {
        if by.abs() > 127 {
            return Err(OpError::new(
                format!("expected at most 127, found {by}"),
                format!("最多为 127，却是 {by}"),
            ));
        }
        self.change_pitches(tracks, place, |note, key| match unit {
            PitchUnit::Semitones => key.spell(note.pitch.midi() + by),
            PitchUnit::Octaves => Pitch {
                octave: (i32::from(note.pitch.octave) + by).clamp(-20, 20) as i8,
                ..note.pitch
            },
            PitchUnit::Steps => up_steps(note.pitch, key, by),
        })
    }

    /// Turns notes upside down, step for step, around a pitch: by default the first of each track.
    pub(super) fn invert(
        &mut self,
        tracks: &Tracks,
        place: &Place,
        axis: Option<Pitch>,
    ) -> Result<(), OpError> {
        let selection = self.select(tracks, place)?;
        for id in &selection.tracks {
            let track = self.track(id);
            if track.role.is_percussion() && selection.tracks.len() > 1 {
                continue;
            }
            let first = track
                .phrases
                .iter()
                .flat_map(|p| {
                    p.notes
                        .iter()
                        .map(move |note| (p.span.start + note.at, note.pitch))
                })
                .filter(|(at, _)| selection.contains(*at))
                .min();
            let Some(axis) = axis.or(first.map(|(_, pitch)| pitch)) else {
                continue;
            };
            self.change_pitches(&Tracks::named(id.clone()), place, |note, key| {
                mirrored(note.pitch, axis, key)
            })?;
        }
        Ok(())
    }

    /// Changes dynamic levels.
    pub(super) fn dynamics(
        &mut self,
        tracks: &Tracks,
        place: &Place,
        how: Dynamics,
    ) -> Result<(), OpError> {
        let selection = self.select(tracks, place)?;
        let hull = selection.hull();
        let (start, len) = (hull.start.0, hull.len().0.max(1));
        self.change(&selection, |note, at, _| {
            let old = i64::from(note.velocity);
            let new = match how {
                Dynamics::Set(level) => i64::from(level),
                Dynamics::Add(by) => old + i64::from(by),
                Dynamics::Scale(ratio) => ratio.of(Ticks(old)).0,
                Dynamics::Hairpin(from, to) => {
                    let (from, to) = (i64::from(from), i64::from(to));
                    from + ((to - from) * (at.0 - start) * 2 + len).div_euclid(2 * len)
                }
            };
            note.velocity = new.clamp(1, 127) as u8;
        })
    }

    /// Sets how notes are played.
    pub(super) fn articulation(
        &mut self,
        tracks: &Tracks,
        place: &Place,
        how: Articulation,
    ) -> Result<(), OpError> {
        let selection = self.select(tracks, place)?;
        self.change(&selection, |note, _, _| note.articulation = how)
    }

    /// Changes written lengths; onsets stay.
    pub(super) fn lengths(
        &mut self,
        tracks: &Tracks,
        place: &Place,
        how: Lengths,
    ) -> Result<(), OpError> {
        let selection = self.select(tracks, place)?;
        let onsets: Vec<(String, Vec<Ticks>)> = selection
            .tracks
            .iter()
            .map(|id| (id.clone(), onsets(self.track(id))))
            .collect();
        let end = select::end(&self.song);
        self.change(&selection, |note, at, scene| {
            let next = || {
                let all = onsets.iter().find(|(id, _)| *id == scene.track);
                all.and_then(|(_, all)| all.get(all.partition_point(|onset| *onset <= at)))
                    .copied()
                    .unwrap_or(end)
            };
            let len = match how {
                Lengths::Scale(ratio) => ratio.of(note.len),
                Lengths::Set(length) => length.0,
                Lengths::Legato => next() - at,
                Lengths::Staccato => note.len.min((next() - at) / 2),
            };
            note.len = len.max(Ticks(1));
        })
    }

    /// Changes the pitch of every selected note of the pitched tracks, reading the key there.
    fn change_pitches(
        &mut self,
        tracks: &Tracks,
        place: &Place,
        mut to: impl FnMut(&Note, &Key) -> Pitch,
    ) -> Result<(), OpError> {
        let mut selection = self.select(tracks, place)?;
        let percussion: Vec<String> = selection
            .tracks
            .iter()
            .filter(|id| self.track(id).role.is_percussion())
            .cloned()
            .collect();
        selection.tracks.retain(|id| !percussion.contains(id));
        if selection.tracks.is_empty() && !percussion.is_empty() {
            let list = percussion.join(", ");
            return Err(OpError::new(
                format!("{list}: percussion has drum keys, not pitches; choose a pitched track"),
                format!("{list} 是打击乐，音符表示鼓件而非音高；请选择有音高的声部"),
            ));
        }
        if !percussion.is_empty() && !tracks.0.is_empty() {
            let list = percussion.join(", ");
            self.remarks.say(
                format!("percussion stays as it is: {list}"),
                format!("打击乐保持不变：{list}"),
            );
        }
        let mut wrong = None;
        self.change(&selection, |note, _, scene| {
            let pitch = to(note, &scene.key);
            match check_key(pitch.midi()) {
                Ok(()) => note.pitch = pitch,
                Err(error) => wrong = Some(error),
            }
        })?;
        if let Some(error) = wrong {
            return Err(error);
        }
        for id in &selection.tracks {
            if let Some(index) = self.song.score.tracks.iter().position(|t| t.id == *id) {
                self.mention_range(index);
            }
        }
        Ok(())
    }

    /// Changes selected notes in place; locked phrases are left alone.
    pub(super) fn change(
        &mut self,
        selection: &Selection,
        mut to: impl FnMut(&mut Note, Ticks, &Scene),
    ) -> Result<(), OpError> {
        let mut tracks = std::mem::take(&mut self.song.score.tracks);
        let mut count = 0;
        for track in tracks.iter_mut().filter(|t| selection.has_track(&t.id)) {
            let mut scene = Scene {
                track: track.id.clone(),
                key: self.song.plan.key,
            };
            for phrase in &mut track.phrases {
                let origin = phrase.span.start;
                if !phrase
                    .notes
                    .iter()
                    .any(|note| selection.contains(origin + note.at))
                {
                    continue;
                }
                count += 1;
                if phrase.locked {
                    self.remarks.locked(&track.id, &phrase.id);
                    continue;
                }
                let before = phrase.notes.clone();
                for note in &mut phrase.notes {
                    let at = origin + note.at;
                    if selection.contains(at) {
                        scene.key = self.song.score.key_at(at);
                        to(note, at, &scene);
                    }
                }
                if phrase.notes != before {
                    tidy::edited(phrase);
                }
            }
        }
        self.song.score.tracks = tracks;
        self.some_notes(count, selection)
    }

    /// An error when nothing was selected.
    pub(super) fn some_notes(&self, count: usize, selection: &Selection) -> Result<(), OpError> {
        if count > 0 || !self.remarks.0.is_empty() {
            return Ok(());
        }
        let list = selection.tracks.join(", ");
        Err(OpError::new(
            format!("there are no notes of {list} at this place; choose another place or track"),
            format!("此处没有 {list} 的音符；请选择别的位置或声部"),
        ))
    }

    /// Says when notes of a track lie outside the range of its instrument.
    pub(super) fn mention_range(&mut self, index: usize) {
        let track = &self.song.score.tracks[index];
        let Some(profile) = self.catalog.profile(&track.instrument) else {
            return;
        };
        if track.role.is_percussion() {
            return;
        }
        let [low, high] = profile.range;
        let count = track
            .phrases
            .iter()
            .flat_map(|phrase| &phrase.notes)
            .filter(|note| !(low..=high).contains(&note.key()))
            .count();
        if count > 0 {
            let (low, high) = (
                Pitch::from_midi(i32::from(low)),
                Pitch::from_midi(i32::from(high)),
            );
            self.remarks.say(
                format!(
                    "{}: {count} notes lie outside the range of {} ({low} to {high})",
                    track.id, profile.en
                ),
                format!(
                    "{}：有 {count} 个音超出{}的音域（{low} 至 {high}）",
                    track.id, profile.zh
                ),
            );
        }
    }

    /// A track by an id that is known to exist.
    pub(super) fn track(&self, id: &str) -> &Track {
        let index = self.song.score.tracks.iter().position(|t| t.id == id);
        &self.song.score.tracks[index.unwrap_or(0)]
    }
}

/// What surrounds a note.
pub(super) struct Scene {
    /// Id of its track.
    pub(super) track: String,
    /// The key there.
    pub(super) key: Key,
}

/// Onsets of a track, ascending.
fn onsets(track: &Track) -> Vec<Ticks> {
    let mut all: Vec<Ticks> = track
        .phrases
        .iter()
        .flat_map(|p| p.notes.iter().map(move |note| p.span.start + note.at))
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// An error when a key is no MIDI key.
pub(super) fn check_key(midi: i32) -> Result<(), OpError> {
    if (0..=127).contains(&midi) {
        return Ok(());
    }
    Err(OpError::new(
        format!(
            "a note would become MIDI key {midi}; keys go from 0 (C-1) to 127 (G9); move by less"
        ),
        format!("有音会变成 MIDI 键 {midi}；范围是 0（C-1）至 127（G9）；请减小移动量"),
    ))
}

/// The error about a locked phrase.
pub(super) fn locked(phrase: &str) -> OpError {
    OpError::new(
        format!("phrase {phrase} is locked; unlock it first"),
        format!("乐句 {phrase} 已锁定；请先解锁"),
    )
}

/// The alteration that a key gives to a letter.
fn alteration(key: &Key, step: Step) -> i32 {
    (0..7)
        .map(|degree| key.degree(degree, 0))
        .find(|name| name.step == step)
        .map_or(0, |name| i32::from(name.alter))
}

/// Number of a letter, counted up from C0.
pub(super) fn letter(pitch: Pitch) -> i32 {
    i32::from(pitch.octave) * 7 + pitch.name.step as i32
}

/// The pitch on a letter with an alteration beside the one of the key.
pub(super) fn on_letter(letter: i32, beside: i32, key: &Key) -> Pitch {
    let step = Step::C.up(letter.rem_euclid(7));
    let octave = letter.div_euclid(7).clamp(-20, 20) as i8;
    let natural = Pitch::new(step, 0, octave);
    let alter = alteration(key, step) + beside;
    if alter.abs() <= 2 {
        Pitch::new(step, alter as i8, octave)
    } else {
        key.spell(natural.midi() + alter)
    }
}

/// How far a pitch is altered beside its key's own alteration of its letter.
pub(super) fn beside(pitch: Pitch, key: &Key) -> i32 {
    i32::from(pitch.name.alter) - alteration(key, pitch.name.step)
}

/// A pitch some steps of the key's scale up. In a pentatonic key the steps are those of its five
/// notes; elsewhere those of the seven-note scale. Alterations beside the scale are kept.
pub(super) fn up_steps(pitch: Pitch, key: &Key, steps: i32) -> Pitch {
    let scale = key.mode.melody();
    if scale.len() != 5 {
        return on_letter(letter(pitch) + steps, beside(pitch, key), key);
    }
    let above = pitch.midi() - i32::from(key.tonic.pc());
    let (octave, inside) = (above.div_euclid(12), above.rem_euclid(12));
    let index = scale.iter().rposition(|tone| *tone <= inside).unwrap_or(0);
    let residue = inside - scale[index];
    let moved = octave * 5 + index as i32 + steps;
    let tone = scale[moved.rem_euclid(5) as usize];
    key.spell(i32::from(key.tonic.pc()) + moved.div_euclid(5) * 12 + tone + residue)
}

/// A pitch as far below an axis as it was above it, in steps of the key.
fn mirrored(pitch: Pitch, axis: Pitch, key: &Key) -> Pitch {
    on_letter(2 * letter(axis) - letter(pitch), -beside(pitch, key), key)
}

/// Moves pitches by octaves, all by the same number, so that as many as possible lie in a range;
/// those that still do not are moved one by one, to the nearest octave in which nothing else sounds
/// on their key.
pub(super) fn fold(notes: &mut [Note], low: i32, high: i32) {
    let outside = |notes: &[Note], shift: i32| {
        notes
            .iter()
            .map(|note| note.pitch.midi() + 12 * shift)
            .filter(|key| !(low..=high).contains(key))
            .count()
    };
    let best = (-4..=4)
        .min_by_key(|shift: &i32| (outside(notes, *shift), shift.abs(), *shift))
        .unwrap_or(0);
    for note in notes.iter_mut() {
        note.pitch.octave += best as i8;
    }
    for index in 0..notes.len() {
        let note = &notes[index];
        let (key, at, end) = (note.pitch.midi(), note.at, note.end());
        if (low..=high).contains(&key) {
            continue;
        }
        let taken = |key: i32| {
            let mut others = notes
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != index);
            others.any(|(_, other)| other.pitch.midi() == key && other.at < end && at < other.end())
        };
        let octave = (-10..=10)
            .filter(|octave| (low..=high).contains(&(key + 12 * octave)))
            .min_by_key(|octave: &i32| (taken(key + 12 * octave), octave.abs(), *octave));
        notes[index].pitch.octave += octave.unwrap_or(0) as i8;
    }
}

/// Whether two spans touch nowhere.
pub(super) fn apart(a: TickSpan, b: TickSpan) -> bool {
    !a.overlaps(b)
}

/// A syllable with its reading in braces. Its language is that of the syllables near it, or the
/// first that knows such a reading.
fn syllable_of(text: &str, near: &str, old: Option<&Lyric>) -> Result<Lyric, OpError> {
    let wrong = || {
        OpError::new(
            format!(
                "expected a syllable with its reading such as 还{{huan2}} or night{{N AY1 T}}, found `{text}`"
            ),
            format!("需要带读音的音节，如 还{{huan2}} 或 night{{N AY1 T}}，却是“{text}”"),
        )
    };
    let (letters, reading) = text.split_once('{').ok_or_else(wrong)?;
    let reading = reading.strip_suffix('}').ok_or_else(wrong)?.trim();
    let known = |lang: &&str| yuefu_lang::sounds(lang, reading).is_ok();
    let lang = [near, "cmn", "en", "yue", "ja"]
        .into_iter()
        .find(known)
        .ok_or_else(wrong)?;
    let plain = |c: char| !c.is_control() && !"{}|".contains(c);
    if letters.trim().is_empty() || !letters.chars().all(plain) {
        return Err(wrong());
    }
    Ok(Lyric {
        text: letters.trim().to_owned(),
        lang: lang.to_owned(),
        reading: reading.to_owned(),
        given: true,
        ..old.cloned().unwrap_or_default()
    })
}
