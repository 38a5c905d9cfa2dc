//! The tune: motifs that return and vary, phrases that breathe, sections that recognise
//! themselves.

use crate::{
    Hall,
    asked::Ways,
    breath,
    finder::{Ends, Heard, Place, TuneFinder},
    level,
    material::{Idea, Material, letters},
    melody_line::{Close, Manner, PINNED, Slot, dissonant, line},
    steps,
    tune::TunePhrase,
};
use yuefu_engine::{Rng, SeedPath};
use yuefu_song::{
    Articulation, Family, InstrumentProfile, Note, School, SectionKind, SectionPlan, Style,
};
use yuefu_theory::{TickSpan, Ticks};

/// A rhythm: onsets and lengths from the phrase's start.
pub type Rhythm = Vec<(Ticks, Ticks)>;

/// Writes the tune of one section.
pub struct Writer<'a> {
    pub hall: &'a Hall<'a>,
    pub section: &'a SectionPlan,
    pub style: &'a Style,
    pub profile: &'a InstrumentProfile,
    pub seed: SeedPath,
}

impl Writer<'_> {
    pub fn energy(&self) -> f32 {
        (self.section.energy[0] + self.section.energy[1]) / 2.0
    }

    /// The window of keys this section sings in: higher with energy.
    pub fn window(&self) -> (i32, i32, f32) {
        let [low, high] = self.profile.sweet.map(i32::from);
        let style = &self.style.melody;
        let lift = (self.energy() - 0.5) * 9.0;
        let center = (low + high) as f32 / 2.0 + style.register as f32 + lift;
        let half = 8 + (self.energy() * 3.0) as i32;
        let center = center.clamp(low as f32 + 4.0, high as f32 - 3.0);
        let bottom = (center as i32 - half)
            .max(low - 2)
            .max(i32::from(self.profile.range[0]));
        let top = (center as i32 + half)
            .min(high + 2)
            .min(i32::from(self.profile.range[1]));
        (bottom, top.max(bottom + 7), center)
    }

    pub fn section(&self, known: &mut Material, last: &mut Option<(i32, i32)>) -> Vec<TunePhrase> {
        let style = &self.style.melody;
        let bar = self.hall.metre(self.section).bar();
        let bars = self.section.bars;
        let per = style.phrase_bars.clamp(1, bars.max(1));
        let count = bars.div_ceil(per);
        if known.letters.is_empty() {
            let mut rng = self.seed.join("plan").rng();
            let plan = rng.pick(&style.plans).cloned().unwrap_or_else(|| {
                if count > 2 {
                    "ABAC".into()
                } else {
                    "AB".into()
                }
            });
            known.letters = letters(&plan);
        }
        let final_bar = self
            .hall
            .final_bar()
            .filter(|f| self.section.span.contains(f.start));
        let mut phrases = Vec::new();
        for number in 0..count {
            let start = self.section.span.start + bar * i64::from(number * per);
            let end = (start + bar * i64::from(per)).min(self.section.span.end);
            let span = TickSpan::new(start, end);
            let letter = known.letters[number as usize % known.letters.len()].clone();
            // An unfinished section sentence must still close: its last phrase is a full close.
            let close = if number + 1 == count {
                Close::Full
            } else {
                Close::Half
            };
            let place = number as f32 / count.max(1) as f32;
            let (rhythm, keys) = self.phrase(&letter, number, span, place, close, known, *last);
            if let [.., a, b] = keys[..] {
                *last = Some((a, b));
            }
            // What was heard before comes back a little freer each time.
            let freedom = (known.heard as f32 * 0.05).min(0.15);
            let mut notes = self.dress(span, &rhythm, &keys, number, freedom);
            if let Some(fin) = final_bar.filter(|f| span.contains(f.start)) {
                self.finish(fin, &mut notes);
            }
            if let Some(before) = phrases.last_mut() {
                breathe(before, &notes, self.breath());
            }
            self.hall.remember(span, &notes);
            phrases.push(TunePhrase { span, notes });
        }
        known.heard += 1;
        let bpm = self.hall.plan.timeline.bpm(self.section.span.start);
        let longest = breath::longest(self.profile, bpm);
        let goes_on = final_bar.is_none().then_some(self.section.span.end);
        breath::catch(&mut phrases, longest, goes_on);
        phrases
    }

    /// Rhythm and keys of one phrase; ideas are remembered by letter.
    #[expect(clippy::too_many_arguments, reason = "a phrase reads all of it")]
    fn phrase(
        &self,
        letter: &str,
        number: u32,
        span: TickSpan,
        place: f32,
        close: Close,
        known: &mut Material,
        last: Option<(i32, i32)>,
    ) -> (Rhythm, Vec<i32>) {
        let base = letter.trim_end_matches('\'').to_string();
        let primed = letter.len() > base.len();
        let tonic = i32::from(self.section.key.tonic.pc());
        let bars = (span.len().0 / self.hall.metre(self.section).bar().0).max(1);
        let seed = self.seed.join("phrase").join(letter);
        let mut rng = seed.rng();
        let ends = Ends {
            before: last,
            after: None,
        };
        if let Some(idea) = known.ideas.get(&base).cloned() {
            // It returns: same rhythm, same contour, in today's harmony; a prime ends otherwise.
            let shift = (tonic - idea.tonic + 6).rem_euclid(12) - 6;
            let model: Vec<(Ticks, Ticks, i32)> = idea
                .rhythm
                .iter()
                .zip(&idea.keys)
                .filter(|((at, _), _)| *at < span.len())
                .map(|((at, len), key)| (*at, *len, key + shift))
                .collect();
            let own: Rhythm = model.iter().map(|(at, len, _)| (*at, *len)).collect();
            // A section varies what it says again; the whole section comes back as it was.
            let mut own_rng = seed.join(number).join("varied").rng();
            let varied = match known.heard {
                0 => self.varied(span, &model, &mut own_rng),
                _ => None,
            };
            let rhythm = varied.unwrap_or(own);
            let turn = if primed {
                rhythm.len() * 3 / 5
            } else {
                rhythm.len()
            };
            // Which note of the idea each one is.
            let places = rhythm
                .iter()
                .map(|(at, _)| model.iter().position(|note| note.0 == *at));
            let places: Vec<Option<usize>> = places.collect();
            let references: Vec<Option<(i32, f32)>> = places
                .iter()
                .take(turn)
                .map(|place| place.map(|place| (model[place].2, 2.6)))
                .collect();
            let mut slots = self.slots(span, &rhythm, place, close, &references, &mut rng);
            let manner = self.manner(0.3);
            if self.finder().is_some() {
                let was = |place: &Option<usize>| place.and_then(|i| idea.foreign.get(i).copied());
                let foreign: Vec<bool> = places.iter().map(|p| was(p).unwrap_or(false)).collect();
                pin(&mut slots, &foreign);
            }
            let found = self.found_keys(span, &model, &slots, ends, &manner, &mut rng);
            let keys = found.unwrap_or_else(|| line(&slots, last, &manner, &mut rng));
            return (rhythm, keys);
        }
        // B and C may grow out of A's rhythm; who has learned from songs remembers it anyway.
        let kinship = match self.finder() {
            Some(_) => Ways::of(self.style.melody.school).kinship,
            None => 0.45,
        };
        let related = known
            .ideas
            .values()
            .next()
            .filter(|_| rng.chance(kinship))
            .map(|idea| idea.rhythm.clone());
        let rhythm = match related {
            Some(rhythm) if rhythm.iter().all(|(at, _)| *at < span.len()) => rhythm,
            _ => self
                .found_rhythm(span, &mut rng)
                .unwrap_or_else(|| self.rhythm(bars, &mut rng)),
        };
        let slots = self.slots(span, &rhythm, place, close, &[], &mut rng);
        let found = self.found_keys(span, &[], &slots, ends, &self.manner(1.15), &mut rng);
        let keys = found.unwrap_or_else(|| self.answered(span, &rhythm, &slots, last, &mut rng));
        known.ideas.insert(
            base,
            Idea {
                rhythm: rhythm.clone(),
                keys: keys.clone(),
                tonic,
                foreign: foreign(&slots, &keys),
                room: span.len(),
                begins: Vec::new(),
                words: Vec::new(),
            },
        );
        (rhythm, keys)
    }

    /// Who finds tunes, where somebody has learned tunes like those of this style.
    pub fn finder(&self) -> Option<&dyn TuneFinder> {
        let learned = self.style.melody.school != School::Rules;
        self.hall.finder.filter(|_| learned)
    }

    /// The rhythm of a phrase that restates another one, where it is not to be the same: a note more
    /// or less, earlier or later.
    fn varied(
        &self,
        span: TickSpan,
        model: &[(Ticks, Ticks, i32)],
        rng: &mut Rng,
    ) -> Option<Rhythm> {
        let finder = self.finder()?;
        if model.len() < 3 || !rng.chance(self.hall.habits.varies) {
            return None;
        }
        let past = self.hall.past.borrow();
        let place = Place {
            density: model.len() as f32 / span.len().as_quarters().max(1.0) as f32,
            model,
            ..self.place_of(span, &past)
        };
        let found = finder.rhythm(&place, rng)?;
        // What hardly reminds of it is no return.
        let kept = found
            .iter()
            .filter(|(at, _)| model.iter().any(|note| note.0 == *at));
        (kept.count() * 5 >= model.len() * 3).then_some(found)
    }

    /// A rhythm from who finds tunes.
    fn found_rhythm(&self, span: TickSpan, rng: &mut Rng) -> Option<Rhythm> {
        let finder = self.finder()?;
        let past = self.hall.past.borrow();
        let found = finder.rhythm(&self.place_of(span, &past), rng)?;
        (!found.is_empty()).then_some(found)
    }

    /// Keys from who finds tunes; `model` as in [`Place`].
    pub fn found_keys(
        &self,
        span: TickSpan,
        model: &[(Ticks, Ticks, i32)],
        slots: &[Slot],
        ends: Ends,
        manner: &Manner,
        rng: &mut Rng,
    ) -> Option<Vec<i32>> {
        let finder = self.finder()?;
        let past = self.hall.past.borrow();
        let place = Place {
            model,
            ..self.place_of(span, &past)
        };
        // Who has learned from songs knows how far they go; the instrument's range holds.
        let [mut bottom, mut top] = self.profile.range.map(i32::from);
        if self.profile.family == Family::Voice {
            // A voice is heard where it is at home, and rather above it than below.
            let [low, high] = self.profile.sweet.map(i32::from);
            (bottom, top) = (bottom.max(low + 1), top.min(high + 5));
        }
        let manner = Manner {
            low: (manner.low - 3).max(bottom),
            high: (manner.high + 3).min(top),
            ..*manner
        };
        let found = finder.keys(&place, slots, ends, &manner, rng)?;
        (found.len() == slots.len()).then_some(found)
    }

    pub fn place_of<'p>(&'p self, span: TickSpan, past: &'p [Heard]) -> Place<'p> {
        let before = past.partition_point(|heard| heard.span.start < span.start);
        Place {
            plan: self.hall.plan,
            style: self.style,
            section: self.section,
            span,
            past: &past[..before],
            density: self.asked_density(),
            center: self.window().2 + self.height(span),
            breath: self.breath(),
            habits: self.hall.habits,
            temperature: self.hall.temperature,
            model: &[],
        }
    }

    /// The rules' own line: its first half freely, its second perhaps as a sequence of the first.
    fn answered(
        &self,
        span: TickSpan,
        rhythm: &Rhythm,
        slots: &[Slot],
        last: Option<(i32, i32)>,
        rng: &mut Rng,
    ) -> Vec<i32> {
        // The first half freely; the second may answer it as a sequence.
        let half = Ticks(span.len().0 / 2);
        let cut = rhythm
            .iter()
            .position(|(at, _)| *at >= half)
            .unwrap_or(rhythm.len());
        let mut keys = line(&slots[..cut], last, &self.manner(1.15), rng);
        let mut rest: Vec<Slot> = slots[cut..].to_vec();
        if rng.chance(0.65) {
            let steps = [-2, -1, 1, 2, 3][rng.below(5)];
            for (slot, (at, _)) in rest.iter_mut().zip(&rhythm[cut..]) {
                let twin = rhythm[..cut]
                    .iter()
                    .position(|(other, _)| *other == *at - half);
                if let (Some(twin), Close::None) = (twin, slot.close) {
                    slot.reference = Some((self.move_in_scale(keys[twin], steps), 0.9));
                }
            }
        }
        let before = match keys[..] {
            [.., a, b] => Some((a, b)),
            _ => last,
        };
        keys.extend(line(&rest, before, &self.manner(1.15), rng));
        keys
    }

    pub fn manner(&self, whim: f32) -> Manner {
        let (low, high, _) = self.window();
        let style = &self.style.melody;
        Manner {
            low,
            high,
            leaps: style.leaps,
            strict: style.strict_scale,
            whim,
        }
    }

    pub fn move_in_scale(&self, key: i32, steps: i32) -> i32 {
        let mut key = key;
        for _ in 0..steps.abs() {
            key = crate::counter::step_in_scale(self.section, key, steps > 0);
        }
        key
    }

    /// What each note of a rhythm stands on.
    pub fn slots(
        &self,
        span: TickSpan,
        rhythm: &Rhythm,
        place: f32,
        close: Close,
        references: &[Option<(i32, f32)>],
        rng: &mut Rng,
    ) -> Vec<Slot> {
        let (_, _, center) = self.window();
        let metre = self.hall.metre(self.section);
        let total = span.len().0 as f32;
        // The climax of a section lies in its third quarter.
        let tide = 2.5 * (1.0 - ((place - 0.6).abs() * 1.8)).max(-0.4);
        let wide = 2.5 + self.energy() * 2.5;
        let chorus = matches!(self.section.kind, SectionKind::Chorus | SectionKind::Drop);
        let shape = rng.weighted(if chorus {
            &[0.35, 0.4, 0.1, 0.15]
        } else {
            &[0.5, 0.18, 0.14, 0.18]
        });
        let peak = rng.range(0.35, 0.7);
        rhythm
            .iter()
            .enumerate()
            .map(|(i, (at, len))| {
                let x = at.0 as f32 / total;
                let arc = match shape {
                    0 => 1.0 - 2.0 * ((x - peak) / peak.max(1.0 - peak)).abs(),
                    1 => 1.0 - 2.0 * x,
                    2 => 2.0 * x - 1.0,
                    _ => {
                        if (x * 4.0) as i32 % 2 == 0 {
                            0.6
                        } else {
                            -0.6
                        }
                    }
                };
                let previous_end = i
                    .checked_sub(1)
                    .map_or(Ticks::ZERO, |j| rhythm[j].0 + rhythm[j].1);
                let at_song = span.start + *at;
                // A note tied over a change belongs to what it is held into.
                let heard = if *len >= Ticks::of(1, 4) {
                    at_song + Ticks(len.0 / 3)
                } else {
                    at_song
                };
                Slot {
                    at: at_song,
                    chord: self
                        .hall
                        .chord_at(heard)
                        .or(self.hall.chord_at(at_song))
                        .map(|c| c.chord),
                    key: self.section.key,
                    weight: metre.weight(at_song - self.section.span.start),
                    len: *len,
                    gap: *at - previous_end,
                    target: center + tide + wide * arc,
                    reference: references.get(i).copied().flatten(),
                    close: if i + 1 == rhythm.len() {
                        close
                    } else {
                        Close::None
                    },
                    lean: None,
                }
            })
            .collect()
    }

    /// A new rhythm of some bars: cells that repeat, an end that breathes.
    pub fn rhythm(&self, bars: i64, rng: &mut Rng) -> Rhythm {
        let style = &self.style.melody;
        let bar = self.hall.metre(self.section).bar();
        let own = self.style.metres.first().map_or(bar, |m| m.bar());
        let busy = self.energy() > 0.72 || self.section.kind == SectionKind::Solo;
        let pool = if busy && !style.busy_cells.is_empty() {
            &style.busy_cells
        } else {
            &style.cells
        };
        let cell = |rng: &mut Rng| -> Rhythm {
            // Of two, the sparser one in calm sections and the denser one in full ones.
            let onsets = |row: &&String| row.chars().filter(|c| *c == 'x').count();
            let pair = [rng.pick(pool), rng.pick(pool)];
            let pair = pair.iter().flatten().copied();
            let row = match self.energy() {
                e if e < 0.52 => pair.min_by_key(onsets),
                e if e > 0.66 => pair.max_by_key(onsets),
                _ => pair.last(),
            };
            let row = row.map_or("x-x-x-x-", String::as_str);
            let mut notes: Rhythm = Vec::new();
            let mut tile = Ticks::ZERO;
            while tile < bar {
                for step in steps::read(row, own) {
                    let at = step.at + tile;
                    if at < bar {
                        notes.push((at, step.len.min(bar - at)));
                    }
                }
                tile += own;
            }
            if notes.is_empty() {
                vec![(Ticks::ZERO, bar)]
            } else {
                notes
            }
        };
        let a = cell(rng);
        let b = cell(rng);
        let order: &[usize] = match (bars, rng.below(3)) {
            (1, _) => &[2],
            (2, _) => &[0, 2],
            (3, _) => &[0, 1, 2],
            (_, 0) => &[0, 1, 0, 2],
            (_, 1) => &[0, 0, 1, 2],
            _ => &[0, 1, 1, 2],
        };
        let mut out = Vec::new();
        for number in 0..bars {
            let which = if number + 1 == bars {
                2
            } else {
                order[(number as usize) % (order.len() - 1).max(1)]
            };
            let start = bar * number;
            let source = match which {
                0 => a.clone(),
                1 => b.clone(),
                _ => self.ending(if bars > 2 || rng.chance(0.5) { &b } else { &a }, bar),
            };
            out.extend(source.into_iter().map(|(at, len)| (start + at, len)));
        }
        out
    }

    /// The last bar of a phrase: its cell up to the middle, a longer note, and a breath.
    fn ending(&self, cell: &Rhythm, bar: Ticks) -> Rhythm {
        let unit = self.hall.metre(self.section).unit_len();
        let stop = Ticks(bar.0 / 2).max(unit);
        let mut out: Rhythm = cell.iter().filter(|(at, _)| *at <= stop).copied().collect();
        if out.len() > 4 {
            out.truncate(4);
        }
        if out.is_empty() {
            out.push((Ticks::ZERO, stop));
        }
        let breath = unit.max(Ticks(bar.0 / 4));
        if let Some(last) = out.last_mut() {
            last.1 = (bar - breath - last.0).max(Ticks(unit.0 / 2));
        }
        out
    }

    /// Notes with pickups, ornaments and dynamics.
    ///
    /// `freedom` is the chance that a longer note is broken up on its way to the next.
    pub fn dress(
        &self,
        span: TickSpan,
        rhythm: &Rhythm,
        keys: &[i32],
        number: u32,
        freedom: f32,
    ) -> Vec<Note> {
        let notes = self.dressed(span, rhythm, keys, number, Some(freedom));
        match self.is_known(span, &notes) {
            true => self.dressed(span, rhythm, keys, number, None),
            false => notes,
        }
    }

    /// Whether what is added to a phrase made a tune of it that others know.
    pub fn is_known(&self, span: TickSpan, notes: &[Note]) -> bool {
        let Some(finder) = self.finder() else {
            return false;
        };
        let past = self.hall.past.borrow();
        let before = past.iter().filter(|heard| heard.span.start < span.start);
        let mut tune: Vec<(Ticks, i32)> = before
            .flat_map(|heard| &heard.notes)
            .map(|(at, _, key, _)| (*at, *key))
            .collect();
        tune.extend(notes.iter().map(|note| (note.at, note.pitch.midi())));
        // A pickup may come before the end of the phrase before.
        tune.sort_by_key(|note| note.0);
        tune.drain(..tune.len().saturating_sub(notes.len() + 8));
        finder.is_known(&tune)
    }

    /// As [`Self::dress`]; without `freedom` nothing is added.
    fn dressed(
        &self,
        span: TickSpan,
        rhythm: &Rhythm,
        keys: &[i32],
        number: u32,
        freedom: Option<f32>,
    ) -> Vec<Note> {
        let style = &self.style.melody;
        let mut rng = self
            .seed
            .join("dress")
            .join(&self.section.id)
            .join(number)
            .rng();
        let (_, _, center) = self.window();
        let metre = self.hall.metre(self.section);
        let key = self.section.key;
        let count = keys.len();
        let mut notes: Vec<Note> = Vec::with_capacity(count + 3);
        for (i, ((at, len), k)) in rhythm.iter().zip(keys).enumerate() {
            let song_at = span.start + *at;
            let weight = metre.weight(song_at - self.section.span.start);
            let height = (*k as f32 - center) * 0.009;
            let closing = if i + 1 == count { -0.05 } else { 0.0 };
            let loud = 0.56
                + weight * 0.1
                + height
                + closing
                + self.energy() * 0.08
                + rng.bipolar() * 0.02;
            let before = i.checked_sub(1).map(|j| keys[j]);
            let how = self.ornament(*k, before, *len, i + 1 == count, &mut rng);
            let mut note = Note::new(song_at, *len, key.spell(*k), level(loud)).with(how);
            let next = keys.get(i + 1);
            let breaks = freedom.is_some_and(|f| *len >= Ticks::of(1, 4) && rng.chance(f));
            if let (Some(next), true) = (next, breaks) {
                // A passing or neighbor note in its second half.
                let half = Ticks(len.0 / 2);
                let up = if next == k { rng.chance(0.5) } else { next > k };
                let passing = crate::counter::step_in_scale(self.section, *k, up);
                note.len = half;
                notes.push(note);
                let soft = level(loud - 0.06);
                notes.push(Note::new(song_at + half, half, key.spell(passing), soft));
            } else {
                notes.push(note);
            }
        }
        // A pickup walks up or down to the first note.
        let first = keys.first().copied();
        let early = notes.first().is_some_and(|n| n.at == span.start);
        if let (Some(target), true, true) = (
            first,
            early && span.start > Ticks::ZERO && freedom.is_some(),
            rng.chance(style.pickup),
        ) {
            let grid = Ticks::of(1, 8);
            let count = 1 + rng.below(2) as i64;
            let up = rng.chance(0.65);
            let mut k = target;
            for step in 1..=count {
                k = crate::counter::step_in_scale(self.section, k, !up);
                let at = span.start - grid * step;
                notes.push(Note::new(at, grid, key.spell(k), level(0.52)));
            }
            notes.sort_by_key(|n| n.at);
        }
        notes
    }

    pub fn ornament(
        &self,
        key: i32,
        before: Option<i32>,
        len: Ticks,
        last: bool,
        rng: &mut Rng,
    ) -> Articulation {
        let table = &self.style.melody.ornaments;
        for (name, chance) in table {
            let Some(how) = Articulation::from_name(name) else {
                continue;
            };
            let leap = before.map_or(3, |b| (key - b).abs());
            let fits = match how {
                Articulation::Slide => len >= Ticks::of(1, 8) && leap >= 1,
                Articulation::Legato => (1..=4).contains(&leap) && before.is_some(),
                Articulation::Trill | Articulation::Tremolo | Articulation::Flutter => {
                    len >= Ticks::of(3, 8)
                }
                Articulation::Vibrato | Articulation::Press | Articulation::Bend => {
                    len >= Ticks::of(1, 4)
                }
                Articulation::Fall => last,
                Articulation::Staccato => len <= Ticks::of(1, 8),
                Articulation::Glissando => len >= Ticks::of(1, 4) && leap >= 4,
                _ => true,
            };
            if fits && rng.chance(*chance) {
                return how;
            }
        }
        Articulation::Normal
    }

    /// The last note of the piece: a chord tone over the final chord, held.
    fn finish(&self, bar: TickSpan, notes: &mut Vec<Note>) {
        notes.retain(|n| n.at < bar.start);
        if let Some(last) = notes.last_mut() {
            last.len = last.len.min(bar.start - last.at);
        }
        let from = notes
            .last()
            .map_or(self.window().2 as i32, |n| n.pitch.midi());
        let (low, high, _) = self.window();
        let chord = self.hall.chord_at(bar.start).map(|c| c.chord);
        let tonic = i32::from(self.section.key.tonic.pc());
        let best = (low..=high)
            .filter(|k| chord.is_none_or(|c| c.has(k.rem_euclid(12) as u8)))
            .min_by_key(|k| (k - from).abs() + if k.rem_euclid(12) == tonic { 0 } else { 4 });
        if let Some(key) = best {
            notes.push(Note::new(
                bar.start,
                self.hall.final_len(),
                self.section.key.spell(key),
                level(0.6),
            ));
        }
    }
}

/// Which keys are foreign to their chords.
pub fn foreign(slots: &[Slot], keys: &[i32]) -> Vec<bool> {
    let pairs = slots.iter().zip(keys);
    pairs.map(|(slot, key)| dissonant(*key, slot)).collect()
}

/// Holds what returns to its keys where they sound as they did: a chord tone that the harmony of
/// today has not may move, and so may the last note, which closes as it is asked to. `foreign`: which
/// of them were foreign to their chords before.
pub fn pin(slots: &mut [Slot], foreign: &[bool]) {
    let last = slots.len().saturating_sub(1);
    for (index, slot) in slots[..last].iter_mut().enumerate() {
        let was = foreign.get(index).copied().unwrap_or(false);
        if let Some((key, _)) = slot.reference
            && (was || !dissonant(key, slot))
        {
            slot.reference = Some((key, PINNED));
        }
    }
}

/// A phrase ends early enough for a breath before the next one, pickup included.
fn breathe(before: &mut TunePhrase, next: &[Note], unit: Ticks) {
    let Some(begin) = next.first().map(|n| n.at) else {
        return;
    };
    let Some(last) = before.notes.last_mut() else {
        return;
    };
    let gap = begin - last.end();
    if gap < unit {
        let shorter = (begin - unit - last.at).max(Ticks(last.len.0 / 2));
        last.len = last.len.min(shorter);
    }
}
