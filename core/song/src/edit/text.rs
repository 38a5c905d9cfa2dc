//! Edits in files: changes by map, and notes as lines, by phrase.

use super::{
    Edit,
    parts::{Change, Slot, Tables},
    slots::NoteAt,
};
use crate::Note;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

impl Serialize for Edit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Tables::from(self.changes.clone()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Edit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self {
            changes: Vec::<Change>::from(Tables::deserialize(deserializer)?),
        })
    }
}

/// The changed notes of one phrase. A note whose address stays is in both lists.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lines {
    track: String,
    phrase: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    out: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    r#in: Vec<String>,
}

/// Changes of notes as two lists of lines per phrase: what goes out, what comes in.
pub(super) mod notes {
    use super::*;

    pub fn serialize<S: Serializer>(
        slots: &[Slot<NoteAt, Note>],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut groups: Vec<Lines> = Vec::new();
        for slot in slots {
            let at = &slot.at;
            let same = |group: &Lines| group.track == at.track && group.phrase == at.phrase;
            if !groups.last().is_some_and(same) {
                groups.push(Lines {
                    track: at.track.clone(),
                    phrase: at.phrase.clone(),
                    out: Vec::new(),
                    r#in: Vec::new(),
                });
            }
            let line = |note: &Note| match at.nth {
                0 => note.to_string(),
                nth => format!("{note} *{nth}"),
            };
            if let Some(group) = groups.last_mut() {
                group.out.extend(slot.before.as_ref().map(line));
                group.r#in.extend(slot.after.as_ref().map(line));
            }
        }
        groups.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Slot<NoteAt, Note>>, D::Error> {
        let mut slots = Vec::new();
        for group in Vec::<Lines>::deserialize(deserializer)? {
            let read = |line: &String| -> Result<(NoteAt, Note), D::Error> {
                let (text, nth) = match line.rsplit_once(" *") {
                    Some((text, nth)) => (text, nth.parse().map_err(de::Error::custom)?),
                    None => (line.as_str(), 0),
                };
                let note: Note = text.parse().map_err(de::Error::custom)?;
                let at = NoteAt {
                    track: group.track.clone(),
                    phrase: group.phrase.clone(),
                    at: note.at,
                    key: note.pitch.midi(),
                    nth,
                };
                Ok((at, note))
            };
            let mut here: Vec<Slot<NoteAt, Note>> = Vec::new();
            for line in &group.out {
                let (at, note) = read(line)?;
                here.push(Slot {
                    at,
                    before: Some(note),
                    after: None,
                });
            }
            let removed = here.len();
            for line in &group.r#in {
                let (at, note) = read(line)?;
                match here[..removed].iter_mut().find(|slot| slot.at == at) {
                    Some(slot) => slot.after = Some(note),
                    None => here.push(Slot {
                        at,
                        before: None,
                        after: Some(note),
                    }),
                }
            }
            here.sort_by(|a, b| a.at.cmp(&b.at));
            slots.append(&mut here);
        }
        Ok(slots)
    }
}
