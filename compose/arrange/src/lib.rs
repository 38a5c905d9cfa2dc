//! From a plan to the score: melody, counter-melody, chords, bass and drums, section by section.
//!
//! Rules are the engine here; what they rule over (grooves, cells, casts) is data. Every phrase
//! draws from its own seed path below `arrange`, so another take of one changes no other.

mod bass;
mod comp;
mod counter;
mod drums;
mod fx;
mod lead;
mod melody;
mod melody_line;
mod pad;
mod steps;
mod voicing;

use yuefu_engine::SeedPath;
use yuefu_song::{
    CastMember, Catalog, ChordSpan, Ending, InstrumentProfile, Note, Origin, Part, Pattern, Phrase,
    Role, Score, Section, SectionPlan, SongPlan, Style, StyleBook, Track,
};
use yuefu_theory::{Metre, TickSpan, Ticks};

/// Name and version of this engine, written into phrases.
pub const ENGINE: &str = "rules 1";

/// Writes every part of a planned song. Never fails; a cast member that has nothing to play gets
/// no track.
pub fn arrange(plan: &SongPlan, book: &StyleBook, catalog: &Catalog, seed: &SeedPath) -> Score {
    let seed = seed.join("arrange");
    let style = book.get(&plan.style).or(book.styles().first());
    let chords: Vec<ChordSpan> = plan
        .sections
        .iter()
        .flat_map(|section| section.chords.clone())
        .collect();
    let mut score = Score {
        timeline: plan.timeline.clone(),
        sections: plan.sections.iter().map(section).collect(),
        chords,
        tracks: Vec::new(),
    };
    let Some(style) = style else { return score };
    let hall = Hall {
        plan,
        style,
        book,
        catalog,
        seed,
    };
    // The tune first: others listen to it.
    let tune = melody::write(&hall);
    for member in &plan.cast {
        let Some(desk) = hall.desk(member) else {
            continue;
        };
        let phrases = match member.role {
            Role::Lead | Role::Vocal => lead::share(&desk, &tune),
            Role::Harmony | Role::Backing => counter::harmony(&desk, &tune),
            Role::Counter => counter::counter(&desk, &tune),
            Role::Comp | Role::Arp => comp::write(&desk, &tune),
            Role::Pad => pad::write(&desk, &tune),
            Role::Bass => bass::write(&desk),
            Role::Drums | Role::Percussion => drums::write(&desk),
            Role::Fx => fx::write(&desk),
        };
        if phrases.iter().any(|phrase| !phrase.notes.is_empty()) {
            score.tracks.push(Track {
                id: member.id.clone(),
                role: member.role,
                instrument: member.instrument.clone(),
                phrases,
            });
        }
    }
    score
}

fn section(plan: &SectionPlan) -> Section {
    Section {
        id: plan.id.clone(),
        kind: plan.kind,
        span: plan.span,
        key: plan.key,
        energy: (plan.energy[0] + plan.energy[1]) / 2.0,
    }
}

/// What every writer reads.
struct Hall<'a> {
    plan: &'a SongPlan,
    style: &'a Style,
    book: &'a StyleBook,
    catalog: &'a Catalog,
    seed: SeedPath,
}

impl<'a> Hall<'a> {
    fn desk(&'a self, member: &'a CastMember) -> Option<Desk<'a>> {
        Some(Desk {
            hall: self,
            member,
            part: self.style.cast.get(member.part)?,
            profile: self.catalog.profile(&member.instrument)?,
        })
    }

    fn metre(&self) -> &Metre {
        &self.plan.timeline.metres[0].metre
    }

    /// Whether the last bar of the piece is its final chord.
    fn has_final_bar(&self) -> bool {
        matches!(
            self.plan.ending,
            Ending::Ring | Ending::Ritard | Ending::Cold
        ) && self
            .plan
            .sections
            .last()
            .is_some_and(|s| s.bars > 1 || self.plan.sections.len() > 1)
    }

    /// The bar that holds the final chord, if the piece ends with one.
    fn final_bar(&self) -> Option<TickSpan> {
        let end = self.plan.sections.last()?.span.end;
        self.has_final_bar()
            .then(|| TickSpan::new(end - self.metre().bar(), end))
    }

    /// How long the final chord is held in writing.
    fn final_len(&self) -> Ticks {
        if self.plan.ending == Ending::Cold {
            Ticks::of(1, 4)
        } else {
            self.metre().bar()
        }
    }

    fn chord_index(&self, at: Ticks) -> Option<(&'a SectionPlan, usize)> {
        let section = self.plan.sections.iter().find(|s| s.span.contains(at))?;
        let index = section
            .chords
            .partition_point(|c| c.span.start <= at)
            .checked_sub(1)?;
        Some((section, index))
    }

    fn chord_at(&self, at: Ticks) -> Option<&'a ChordSpan> {
        self.chord_index(at)
            .map(|(section, index)| &section.chords[index])
    }

    fn chord_after(&self, at: Ticks) -> Option<&'a ChordSpan> {
        let here = self.chord_at(at)?;
        self.chord_at(here.span.end)
    }
}

/// One player's desk: the hall, and who sits there.
struct Desk<'a> {
    hall: &'a Hall<'a>,
    member: &'a CastMember,
    part: &'a Part,
    profile: &'a InstrumentProfile,
}

impl<'a> Desk<'a> {
    /// The sections this player plays in, with their index.
    fn sections(&self) -> impl Iterator<Item = (usize, &'a SectionPlan)> + use<'a, '_> {
        let plan: &'a SongPlan = self.hall.plan;
        plan.sections
            .iter()
            .enumerate()
            .filter(|(_, s)| s.playing.contains(&self.member.id))
    }

    /// Randomness shared by all sections of one material.
    fn material_seed(&self, section: &SectionPlan) -> SeedPath {
        self.hall.seed.join(&self.member.id).join(&section.material)
    }

    /// Randomness of one section and take.
    fn section_seed(&self, section: &SectionPlan) -> SeedPath {
        self.hall
            .seed
            .join(&self.member.id)
            .join(&section.id)
            .join(section.take)
    }

    fn energy(&self, section: &SectionPlan) -> f32 {
        (section.energy[0] + section.energy[1]) / 2.0
    }

    /// The pattern that this part uses in a section, preferring those of the metre.
    fn pattern(&self, section: &SectionPlan) -> Option<&'a Pattern> {
        let energy = self.energy(section);
        let metre = self.hall.metre();
        let book: &'a StyleBook = self.hall.book;
        let style: &'a Style = self.hall.style;
        let mut rng = self.material_seed(section).join("pattern").rng();
        let mut rising: Vec<_> = self.part.patterns.iter().collect();
        rising.sort_by(|a, b| a.from.total_cmp(&b.from));
        let mut fallback = None;
        for wanted_metre in [true, false] {
            for group in rising
                .iter()
                .rev()
                .filter(|g| g.from <= energy + 0.02)
                .chain(rising.iter())
            {
                let found: Vec<&'a Pattern> = group
                    .names
                    .iter()
                    .filter_map(|name| book.pattern(style, name))
                    .filter(|pattern| !wanted_metre || pattern.metre == *metre)
                    .collect();
                if let Some(pattern) = rng.pick(&found) {
                    fallback.get_or_insert(*pattern);
                    return fallback;
                }
            }
        }
        fallback
    }

    /// The register of the part's voicings.
    fn register(&self) -> (i32, i32) {
        let [low, high] = self.part.register.unwrap_or(self.profile.sweet);
        let low = low.max(self.profile.range[0]);
        let high = high.min(self.profile.range[1]);
        if high >= low + 12 {
            (i32::from(low), i32::from(high))
        } else {
            (
                i32::from(self.profile.sweet[0]),
                i32::from(self.profile.sweet[1]),
            )
        }
    }

    /// The register of the part's voicings in a section, moved out of the way of the tune: chords
    /// that sound in the melody's own octave mask it.
    fn register_under(&self, tune: &[Note]) -> (i32, i32) {
        let (low, high) = self.register();
        let mut keys: Vec<i32> = tune.iter().map(|n| n.pitch.midi()).collect();
        keys.sort_unstable();
        let Some(bottom) = keys.get(keys.len() / 5) else {
            return (low, high);
        };
        let ceiling = high
            .min(bottom + 1)
            .max(i32::from(self.profile.range[0]) + 14)
            .max(60);
        (low.min(ceiling - 14), ceiling)
    }

    /// A phrase of one whole section from notes in song time.
    fn phrase(&self, section: &SectionPlan, notes: Vec<Note>) -> Phrase {
        self.phrase_over(section, section.id.clone(), section.span, notes)
    }

    /// A phrase over a span from notes in song time.
    fn phrase_over(
        &self,
        section: &SectionPlan,
        id: String,
        span: TickSpan,
        mut notes: Vec<Note>,
    ) -> Phrase {
        let [low, high] = self.profile.range;
        notes.retain(|note| note.len > Ticks::ZERO);
        for note in &mut notes {
            note.at -= span.start;
            if !self.member.role.is_percussion() {
                fold(note, i32::from(low), i32::from(high));
            }
        }
        notes.sort_by_key(|note| (note.at, note.pitch, note.len));
        notes.dedup_by(|b, a| a.at == b.at && a.key() == b.key());
        cut_overlaps(&mut notes);
        let path = self.hall.seed.join(&self.member.id).join(&id);
        let origin = Origin::Generated {
            engine: ENGINE.into(),
            path: path.as_str().into(),
            take: section.take,
        };
        Phrase::new(id, span, origin, notes)
    }
}

/// Moves a note by octaves into a range, where the range allows it.
fn fold(note: &mut Note, low: i32, high: i32) {
    while note.pitch.midi() < low && note.pitch.midi() + 12 <= high {
        note.pitch.octave += 1;
    }
    while note.pitch.midi() > high && note.pitch.midi() - 12 >= low {
        note.pitch.octave -= 1;
    }
}

/// A key cannot be struck while it is held: the earlier note gives way.
fn cut_overlaps(notes: &mut Vec<Note>) {
    for index in 0..notes.len() {
        let (key, at) = (notes[index].key(), notes[index].at);
        let next = notes[index + 1..]
            .iter()
            .find(|n| n.key() == key && n.at > at)
            .map(|n| n.at);
        if let Some(next) = next
            && notes[index].end() > next
        {
            notes[index].len = next - at;
        }
    }
    notes.retain(|note| note.len > Ticks::ZERO);
}

/// A written dynamic from a 0..=1 level.
fn level(value: f32) -> u8 {
    (value * 127.0).round().clamp(12.0, 127.0) as u8
}
