//! A score laid out for judging: sounding notes with absolute positions.

use yuefu_song::{Catalog, Family, InstrumentProfile, Role, Score, SongPlan};
use yuefu_theory::Ticks;

/// A note in absolute position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sounding {
    /// Start.
    pub on: Ticks,
    /// Written end.
    pub end: Ticks,
    /// MIDI key.
    pub key: i32,
    /// Written dynamic level, 1..=127.
    pub velocity: u8,
    /// Index of its track.
    pub track: usize,
}

impl Sounding {
    /// Its length.
    pub fn len(&self) -> Ticks {
        self.end - self.on
    }

    /// Whether it has no length.
    pub fn is_empty(&self) -> bool {
        self.end <= self.on
    }
}

/// Everything the critics look at.
#[derive(Clone, Debug)]
pub struct Scene<'a> {
    /// The score.
    pub score: &'a Score,
    /// The plan.
    pub plan: &'a SongPlan,
    /// Catalog entries of the tracks.
    pub profiles: Vec<Option<&'a InstrumentProfile>>,
    /// Notes of each track in order of start, ties by key.
    pub tracks: Vec<Vec<Sounding>>,
    /// Notes of all pitched tracks in order of start.
    pub pitched: Vec<Sounding>,
    /// Whole bars in the piece.
    pub bars: i64,
}

impl<'a> Scene<'a> {
    /// Lays a score out.
    pub fn new(score: &'a Score, plan: &'a SongPlan, catalog: &'a Catalog) -> Self {
        let tracks: Vec<Vec<Sounding>> = score
            .tracks
            .iter()
            .enumerate()
            .map(|(index, track)| {
                let mut notes: Vec<Sounding> = track
                    .phrases
                    .iter()
                    .flat_map(|phrase| {
                        phrase.notes.iter().map(move |note| Sounding {
                            on: phrase.span.start + note.at,
                            end: phrase.span.start + note.end(),
                            key: i32::from(note.key()),
                            velocity: note.velocity,
                            track: index,
                        })
                    })
                    .collect();
                notes.sort_by_key(|note| (note.on, note.key));
                notes
            })
            .collect();
        let pitched_track = |index: usize| {
            let track = &score.tracks[index];
            let effect = catalog
                .profile(&track.instrument)
                .is_some_and(|p| matches!(p.family, Family::Kit | Family::Effect));
            !track.role.is_percussion() && track.role != Role::Fx && !effect
        };
        let mut pitched: Vec<Sounding> = tracks
            .iter()
            .enumerate()
            .filter(|(index, _)| pitched_track(*index))
            .flat_map(|(_, notes)| notes.iter().copied())
            .collect();
        pitched.sort_by_key(|note| (note.on, note.key));
        let end = score.end();
        let (bar, offset) = score.timeline.bar_of(end);
        Self {
            score,
            plan,
            profiles: score
                .tracks
                .iter()
                .map(|track| catalog.profile(&track.instrument))
                .collect(),
            tracks,
            pitched,
            bars: bar + i64::from(offset > Ticks::ZERO),
        }
    }

    /// What a track does.
    pub fn role(&self, track: usize) -> Role {
        self.score.tracks[track].role
    }

    /// A track's id.
    pub fn id(&self, track: usize) -> String {
        self.score.tracks[track].id.clone()
    }

    /// Bar number of a position, from 1.
    pub fn bar(&self, at: Ticks) -> i64 {
        self.score.timeline.bar_of(at).0 + 1
    }

    /// Metric weight of a position.
    pub fn weight(&self, at: Ticks) -> f32 {
        let offset = self.score.timeline.bar_of(at).1;
        self.score.timeline.metre(at).weight(offset)
    }

    /// Indices of the tracks that carry the tune.
    pub fn leads(&self) -> impl Iterator<Item = usize> {
        (0..self.tracks.len()).filter(|t| matches!(self.role(*t), Role::Lead | Role::Vocal))
    }

    /// Notes that sound over an eighth note or more together with a note, from other tracks.
    pub fn with<'b>(&'b self, note: &'b Sounding) -> impl Iterator<Item = &'b Sounding> {
        // Long notes begin far ahead; four bars back is as far as any is looked for.
        let from = note.on - Ticks::WHOLE * 4;
        let first = self.pitched.partition_point(|other| other.on < from);
        self.pitched[first..]
            .iter()
            .take_while(move |other| other.on < note.end)
            .filter(move |other| {
                let shared = other.end.min(note.end) - other.on.max(note.on);
                other.track != note.track && shared >= Ticks::of(1, 8)
            })
    }

    /// Planned energy in the middle of a section by its index; the score's if the plan has none.
    pub fn energy(&self, section: usize) -> f32 {
        let section = &self.score.sections[section];
        self.plan
            .sections
            .iter()
            .find(|planned| planned.id == section.id)
            .map_or(section.energy, |p| (p.energy[0] + p.energy[1]) * 0.5)
    }

    /// Index of the section at a position.
    pub fn section(&self, at: Ticks) -> Option<usize> {
        self.score.sections.iter().position(|s| s.span.contains(at))
    }
}
