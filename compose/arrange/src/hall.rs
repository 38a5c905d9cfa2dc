//! What every writer sees: the plan, the style, and who sits at which desk.

use crate::{
    ENGINE,
    finder::{Band, Heard, TuneFinder},
    habits::Habits,
    hands::Accompanist,
    kit::{KitPlace, KitPlayer},
    words::SungLine,
};
use std::cell::RefCell;
use yuefu_engine::SeedPath;
use yuefu_song::{
    CastMember, Catalog, ChordSpan, Ending, Family, InstrumentProfile, LyricSheet, Note, Origin,
    Part, Pattern, Phrase, PianoSchool, Role, Score, SectionPlan, SongPlan, Style, StyleBook,
    Track, VoicePart,
};
use yuefu_theory::{Metre, TickSpan, Ticks};

/// What every writer reads.
pub struct Hall<'a> {
    pub plan: &'a SongPlan,
    pub style: &'a Style,
    pub book: &'a StyleBook,
    pub catalog: &'a Catalog,
    /// Everything random below `arrange`.
    pub seed: SeedPath,
    /// The score as it is now, when only parts of it are written anew.
    pub score: Option<&'a Score>,
    /// What is written anew.
    pub scope: Scope,
    /// The words, by section of the plan; `None` where nothing is set to words now.
    pub words: Option<&'a LyricSheet>,
    /// Who finds tunes, where that is not rules alone.
    pub finder: Option<&'a dyn TuneFinder>,
    /// How freely it draws.
    pub temperature: f32,
    /// Which draft of the tune is written.
    pub draft: u16,
    /// The ways of the song.
    pub habits: Habits,
    /// Who plays kits, where that is not rules alone.
    pub drummer: Option<&'a dyn KitPlayer>,
    /// Who accompanies on keyboards, where that is not rules alone.
    pub pianist: Option<&'a dyn Accompanist>,
    /// What has been sung so far, for who finds tunes.
    pub past: RefCell<Vec<Heard>>,
}

/// Which players write which sections anew, and which take of them.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Cast members by id.
    pub members: Vec<String>,
    /// Sections by index.
    pub sections: Vec<usize>,
    /// The take; 0 = the first.
    pub take: u32,
    /// Whether these sections are new: they are written after all others, with what those sing.
    pub after: bool,
}

impl Scope {
    /// Whether a player's section is written anew.
    pub fn has(&self, member: &str, section: usize) -> bool {
        self.sections.contains(&section) && self.members.iter().any(|id| id == member)
    }
}

impl<'a> Hall<'a> {
    /// A hall for a plan; `None` when there is no style at all.
    pub fn new(plan: &'a SongPlan, band: Band<'a>, seed: &SeedPath) -> Option<Self> {
        Some(Self {
            plan,
            style: band.book.get(&plan.style).or(band.book.styles().first())?,
            book: band.book,
            catalog: band.catalog,
            seed: seed.join("arrange"),
            score: None,
            scope: Scope::default(),
            words: None,
            finder: band.finder,
            temperature: band.temperature,
            draft: band.draft,
            habits: Habits::of_song(&drafted(seed.clone(), band.draft)),
            drummer: band.drummer,
            pianist: band.pianist,
            past: RefCell::default(),
        })
    }

    /// The desk of a member of the cast; `None` for an unknown part or instrument.
    pub fn desk(&'a self, member: &'a CastMember) -> Option<Desk<'a>> {
        let own = member.style.as_ref().and_then(|id| self.book.get(id));
        let style = own.unwrap_or(self.style);
        Some(Desk {
            hall: self,
            member,
            style,
            part: style.cast.get(member.part)?,
            profile: self.catalog.profile(&member.instrument)?,
        })
    }

    /// The lines that are sung in a section.
    ///
    /// Where somebody answers, ad-libs are not the lead's.
    pub fn lines(&self, section: &SectionPlan) -> Vec<SungLine> {
        let answered = self
            .plan
            .cast
            .iter()
            .any(|m| m.sings == Some(VoicePart::Answer) && section.playing.contains(&m.id));
        self.words.map_or_else(Vec::new, |words| {
            words
                .lines_of(&section.id)
                .filter_map(|line| SungLine::of(line, answered))
                .collect()
        })
    }

    /// Name and version of what writes the notes of a role.
    pub fn engine(&self, role: Role) -> &str {
        match (self.finder, role) {
            (Some(finder), Role::Lead | Role::Vocal) => finder.id(),
            _ => ENGINE,
        }
    }

    /// Name and version of what writes a phrase of a track anew.
    pub fn engine_in(&'a self, track: &Track, phrase: &Phrase) -> &'a str {
        let member = self.plan.cast.iter().find(|m| m.id == track.id);
        let mut sections = self.plan.sections.iter();
        let section = sections.find(|s| s.span.contains(phrase.span.start));
        match (member.and_then(|member| self.desk(member)), section) {
            (Some(desk), Some(section)) => desk.engine(section),
            _ => self.engine(track.role),
        }
    }

    /// Remembers a phrase of the tune that was sung: later ones are found knowing it. One that is
    /// sung in its place is forgotten.
    pub fn remember(&self, span: TickSpan, notes: &[Note]) {
        let mut past = self.past.borrow_mut();
        let words = notes.iter().any(|note| note.lyric.is_some());
        let sung = notes.iter().map(|note| {
            let begins = words.then_some(note.lyric.is_some());
            (note.at, note.len, note.pitch.midi(), begins)
        });
        let heard = Heard {
            span,
            notes: sung.collect(),
        };
        let at = past.partition_point(|other| other.span.start < span.start);
        match past
            .get(at)
            .is_some_and(|other| other.span.start == span.start)
        {
            true => past[at] = heard,
            false => past.insert(at, heard),
        }
    }

    /// Everything random of a tune's material, in the draft that is written.
    pub fn tune_seed(&self, material: &str) -> SeedPath {
        drafted(self.seed.join("tune"), self.draft).join(material)
    }

    /// The metre of a section.
    pub fn metre(&self, section: &SectionPlan) -> &'a Metre {
        self.plan.timeline.metre(section.span.start)
    }

    /// A place in the tree of randomness for a section's take: the plan's, and what is asked for
    /// beyond it in this call.
    pub fn take(&self, seed: SeedPath, section: &SectionPlan, member: Option<&str>) -> SeedPath {
        let seed = seed.join(section.take);
        if self.scope.take == 0 {
            return seed;
        }
        let index = self.plan.sections.iter().position(|s| s.id == section.id);
        let asked = index.is_some_and(|index| match member {
            Some(member) => self.scope.has(member, index),
            None => self
                .plan
                .cast
                .iter()
                .any(|m| crate::tune::is_lead(m) && self.scope.has(&m.id, index)),
        });
        if asked {
            seed.join(self.scope.take)
        } else {
            seed
        }
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
    pub fn final_bar(&self) -> Option<TickSpan> {
        let end = self.plan.sections.last()?.span.end;
        self.has_final_bar()
            .then(|| TickSpan::new(end - self.last_bar(), end))
    }

    fn last_bar(&self) -> Ticks {
        self.plan
            .sections
            .last()
            .map_or(Ticks::WHOLE, |section| self.metre(section).bar())
    }

    /// How long the final chord is held in writing.
    pub fn final_len(&self) -> Ticks {
        if self.plan.ending == Ending::Cold {
            Ticks::of(1, 4)
        } else {
            self.last_bar()
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

    pub fn chord_at(&self, at: Ticks) -> Option<&'a ChordSpan> {
        self.chord_index(at)
            .map(|(section, index)| &section.chords[index])
    }

    pub fn chord_after(&self, at: Ticks) -> Option<&'a ChordSpan> {
        let here = self.chord_at(at)?;
        self.chord_at(here.span.end)
    }
}

/// One player's desk: the hall, and who sits there.
pub struct Desk<'a> {
    pub hall: &'a Hall<'a>,
    pub member: &'a CastMember,
    /// The style whose part this is.
    pub style: &'a Style,
    pub part: &'a Part,
    pub profile: &'a InstrumentProfile,
}

impl<'a> Desk<'a> {
    /// Randomness shared by all sections of one material.
    pub fn material_seed(&self, section: &SectionPlan) -> SeedPath {
        self.hall.seed.join(&self.member.id).join(&section.material)
    }

    /// The take asked for in a section beyond the plan's own, if any.
    fn asked_take(&self, section: &SectionPlan) -> Option<u32> {
        let scope = &self.hall.scope;
        let sections = &self.hall.plan.sections;
        let index = sections.iter().position(|s| s.id == section.id)?;
        (scope.take > 0 && scope.has(&self.member.id, index)).then_some(scope.take)
    }

    /// Another of the part's patterns for a section: takes go round among all that suit its
    /// energy, the nearest first, and leave out the one that the first take has.
    fn other_pattern(&self, section: &SectionPlan, take: u32) -> Option<&'a Pattern> {
        let usual = self.usual_pattern(section);
        let energy = self.energy(section);
        let book: &'a StyleBook = self.hall.book;
        let style: &'a Style = self.style;
        let metre = self.hall.metre(section);
        let mut groups: Vec<_> = self.part.patterns.iter().collect();
        groups.sort_by(|a, b| (a.from - energy).abs().total_cmp(&(b.from - energy).abs()));
        let mut found: Vec<&'a Pattern> = Vec::new();
        for name in groups.iter().flat_map(|group| &group.names) {
            if let Some(pattern) = book.pattern(style, name)
                && pattern.metre == *metre
                && usual.is_none_or(|usual| usual.lines != pattern.lines)
                && !found.iter().any(|other| other.lines == pattern.lines)
            {
                found.push(pattern);
            }
        }
        found.truncate(4);
        if found.is_empty() {
            return usual;
        }
        found.get((take as usize - 1) % found.len()).copied()
    }

    /// Who plays this kit in a section, and the place as it is told; `None` where rules do: other
    /// percussion, machines, metres and styles that no drummer was learned from.
    pub fn drummer(&self, section: &SectionPlan) -> Option<(&'a dyn KitPlayer, KitPlace)> {
        const KITS: [&str; 6] = [
            "kit-standard",
            "kit-room",
            "kit-power",
            "kit-jazz",
            "kit-brush",
            "kit-lofi",
        ];
        let player = self.hall.drummer?;
        let school = self.style.drummer;
        let plays = self.member.role == Role::Drums
            && KITS.contains(&self.profile.id.as_str())
            && school.name().is_some()
            && *self.hall.metre(section) == Metre::common();
        plays.then(|| {
            let place = KitPlace {
                school,
                tempo: self.hall.plan.timeline.bpm(section.span.start),
                feel: self.hall.plan.feel,
                span: section.span,
            };
            (player, place)
        })
    }

    /// Who accompanies on this keyboard in a section; `None` where rules do: other instruments and
    /// roles, metres and styles that no accompanist was learned from.
    pub fn pianist(&self, section: &SectionPlan) -> Option<&'a dyn Accompanist> {
        let pianist = self.hall.pianist?;
        let plays = self.member.role == Role::Comp
            && self.profile.family == Family::Keyboard
            && self.profile.polyphony > 4
            && self.style.pianist != PianoSchool::Rules
            && !section.chords.is_empty()
            && pianist.knows(self.hall.metre(section));
        plays.then_some(pianist)
    }

    /// Name and version of what writes this part's notes in a section.
    pub fn engine(&self, section: &SectionPlan) -> &'a str {
        let hall: &'a Hall<'a> = self.hall;
        if let Some((player, _)) = self.drummer(section) {
            return player.id();
        }
        match self.pianist(section) {
            Some(pianist) => pianist.id(),
            None => hall.engine(self.member.role),
        }
    }

    /// Randomness of one section and take.
    pub fn section_seed(&self, section: &SectionPlan) -> SeedPath {
        let seed = self.hall.seed.join(&self.member.id).join(&section.id);
        self.hall.take(seed, section, Some(&self.member.id))
    }

    pub fn energy(&self, section: &SectionPlan) -> f32 {
        (section.energy[0] + section.energy[1]) / 2.0
    }

    /// The pattern that this part uses in a section, preferring those of the metre.
    pub fn pattern(&self, section: &SectionPlan) -> Option<&'a Pattern> {
        match self.asked_take(section) {
            Some(take) => self.other_pattern(section, take),
            None => self.usual_pattern(section),
        }
    }

    fn usual_pattern(&self, section: &SectionPlan) -> Option<&'a Pattern> {
        let energy = self.energy(section);
        let metre = self.hall.metre(section);
        let book: &'a StyleBook = self.hall.book;
        let style: &'a Style = self.style;
        let mut rising: Vec<_> = self.part.patterns.iter().collect();
        rising.sort_by(|a, b| a.from.total_cmp(&b.from));
        let mut rng = self.material_seed(section).join("pattern").rng();
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
    pub fn register(&self) -> (i32, i32) {
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
    pub fn register_under(&self, tune: &[Note]) -> (i32, i32) {
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
    pub fn phrase(&self, section: &SectionPlan, notes: Vec<Note>) -> Phrase {
        self.phrase_over(section, section.id.clone(), section.span, notes)
    }

    /// A phrase over a span from notes in song time.
    pub fn phrase_over(
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
            engine: self.engine(section).into(),
            path: path.as_str().into(),
            take: section.take + self.hall.scope.take,
        };
        Phrase::new(id, span, origin, notes)
    }
}

/// A place in the tree of randomness in some draft; the first is the place itself.
fn drafted(seed: SeedPath, draft: u16) -> SeedPath {
    match draft {
        0 => seed,
        draft => seed.join("draft").join(draft),
    }
}

/// Moves a note by octaves into a range, where the range allows it.
pub fn fold(note: &mut Note, low: i32, high: i32) {
    let key = note.pitch.midi();
    note.pitch.octave += ((folded(key, low, high) - key) / 12) as i8;
}

/// A key by octaves in a range, where the range allows it.
pub fn folded(mut key: i32, low: i32, high: i32) -> i32 {
    while key < low && key + 12 <= high {
        key += 12;
    }
    while key > high && key - 12 >= low {
        key -= 12;
    }
    key
}

/// A key cannot be struck while it is held: the earlier note gives way.
pub fn cut_overlaps(notes: &mut Vec<Note>) {
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
