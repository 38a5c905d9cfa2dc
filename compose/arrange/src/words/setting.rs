//! The tune of a section with words: a phrase for each line.

use super::{Ask, Clock, Fitted, Given, Weighed, fit, lean, rhythm, weigh};
use crate::{
    backing::asides_of,
    counter::step_in_scale,
    finder::{Ends, Place},
    level,
    material::{Idea, Material},
    melody::{Rhythm, Writer, foreign, pin},
    melody_line::{Close, Slot, line},
    steps,
    tune::TunePhrase,
};
use yuefu_engine::Rng;
use yuefu_song::{
    LyricLine, Note,
    lyrics::{Delivery, Lyric, Rest},
    sung::{Load, allot},
};
use yuefu_theory::{TickSpan, Ticks};

/// Cost for each syllable beyond which a line does not take over the tune of another.
const UNLIKE: f32 = 0.85;

/// Onset, length and key of a note that a line restates, from the start of its own line.
type Restated = (Ticks, Ticks, i32);

/// Syllables a quarter note, and a second, of tunes that hurry through their lines.
const QUICK: [f64; 2] = [1.7, 4.0];

/// Semitones from a singer's middle from which a line was another singer's.
const ELSEWHERE: f32 = 9.5;

/// The quickest breath, in seconds.
const BREATH: f32 = 0.2;

/// A line to be sung.
#[derive(Clone, Debug, PartialEq)]
pub struct SungLine {
    /// Its syllables.
    pub syllables: Vec<Lyric>,
    /// Ad-libs that somebody else answers, by how many of the syllables come before them.
    pub asides: Vec<(usize, Vec<Lyric>)>,
    /// What it asks of time, ad-libs included.
    pub load: Load,
}

impl SungLine {
    /// Of a line of the sheet; `None` where it has nothing to sing. Where somebody answers,
    /// ad-libs are told apart.
    pub fn of(line: &LyricLine, answered: bool) -> Option<Self> {
        let all: Vec<Lyric> = line.syllables.iter().map(Lyric::from).collect();
        let (syllables, asides) = match answered {
            true => asides_of(&all),
            false => (all, Vec::new()),
        };
        (!line.syllables.is_empty()).then(|| Self {
            syllables,
            asides,
            load: Load::of(line),
        })
    }

    /// Where the lead sings in the line's span: it leaves room at the end for who answers.
    fn of_lead(&self, span: TickSpan, unit: Ticks) -> TickSpan {
        let count: usize = self.asides.iter().map(|(_, words)| words.len()).sum();
        if count == 0 {
            return span;
        }
        let own = self.syllables.len() as f64 + 1.0;
        let share = (own / (own + count as f64 * 0.8)).clamp(0.5, 0.85);
        let beats = (span.len().0 as f64 * share / unit.0.max(1) as f64).round() as i64;
        let end = span.start + unit * beats.max(1);
        TickSpan::new(span.start, end.min(span.end))
    }
}

impl Writer<'_> {
    /// The tune of a section with words: each line is a phrase. `last` is how the tune before
    /// ended, `floor` the onset of its last note.
    pub fn sung_section(
        &self,
        lines: &[SungLine],
        known: &mut Material,
        last: &mut Option<(i32, i32)>,
        floor: &mut Option<Ticks>,
    ) -> Vec<TunePhrase> {
        let metre = self.hall.metre(self.section);
        let start = self.section.span.start;
        let mut room = self.section.span;
        // The final chord is the band's.
        if let Some(fin) = self.hall.final_bar().filter(|f| room.contains(f.start))
            && fin.start > room.start
        {
            room.end = fin.start;
        }
        let bpm = self.hall.plan.timeline.bpm(start);
        let loads: Vec<Load> = lines.iter().map(|line| line.load).collect();
        let spans = allot(&loads, room, metre, bpm);
        known.settle(self.style, lines.len(), &self.seed);
        let mut phrases: Vec<TunePhrase> = Vec::with_capacity(lines.len());
        for (number, (sung, span)) in lines.iter().zip(&spans).enumerate() {
            let close = if number + 1 == lines.len() {
                Close::Full
            } else {
                Close::Half
            };
            if sung.syllables.is_empty() {
                // Nothing but ad-libs: the lead rests.
                phrases.push(TunePhrase {
                    span: *span,
                    notes: Vec::new(),
                });
                continue;
            }
            let notes = self.sung_line(
                sung,
                sung.of_lead(*span, metre.unit_len()),
                number,
                lines.len(),
                close,
                known,
                *last,
                *floor,
            );
            if let Some(before) = phrases.last_mut() {
                let mut rng = self.seed.join("hold").join(number).rng();
                // The less a song breathes, the more often the end of a line is held almost until the
                // next one begins.
                let often = 0.7 - 0.25 * self.hall.habits.breath;
                let holds = self.finder().is_some() && rng.chance(often);
                let quick = BREATH * rng.range(0.8, 1.8);
                let breath = Ticks::of(1, 16) * (f64::from(quick) * bpm / 15.0).ceil() as i64;
                if !holds || !hold_on(&mut before.notes, &notes, breath) {
                    make_room(&mut before.notes, &notes, metre.unit_len());
                }
            }
            let keys: Vec<i32> = notes.iter().map(|n| n.pitch.midi()).collect();
            match keys[..] {
                [.., a, b] => *last = Some((a, b)),
                [a] => *last = Some((a, a)),
                [] => {}
            }
            *floor = notes.last().map(|n| n.at).or(*floor);
            self.hall.remember(*span, &notes);
            phrases.push(TunePhrase { span: *span, notes });
        }
        known.again();
        phrases
    }

    #[expect(clippy::too_many_arguments, reason = "a line reads all of it")]
    fn sung_line(
        &self,
        sung: &SungLine,
        span: TickSpan,
        number: usize,
        count: usize,
        close: Close,
        known: &mut Material,
        last: Option<(i32, i32)>,
        floor: Option<Ticks>,
    ) -> Vec<Note> {
        let letter = known.letter(number);
        let base = letter.trim_end_matches('\'').to_owned();
        let primed = letter.len() > base.len();
        let own = format!("{base}#{number}");
        let place = number as f32 / count.max(1) as f32;
        let weighed = weigh(&sung.syllables);
        let mut rng = self.seed.join("line").join(number).join(&letter).rng();
        if weighed.iter().all(Weighed::spoken) {
            let onsets = self.place(&weighed, span, floor, &[], &mut rng);
            return self.speak(&weighed, span, &onsets, &mut rng);
        }
        let idea = known
            .idea(&own)
            .or_else(|| known.idea(&base))
            .filter(|idea| idea.room == span.len())
            .cloned();
        let tonic = i32::from(self.section.key.tonic.pc());
        let clock = Clock {
            metre: self.hall.metre(self.section),
            bar: self.section.span.start,
            bpm: self.hall.plan.timeline.bpm(span.start),
        };
        // An idea in today's key.
        let today = |idea: &Idea| -> Vec<Given> {
            let shift = (tonic - idea.tonic + 6).rem_euclid(12) - 6;
            // Another singer may be at home an octave away.
            let (_, _, center) = self.window();
            let mean = idea.keys.iter().sum::<i32>() as f32 / idea.keys.len().max(1) as f32;
            let away = center - mean - shift as f32;
            let octaves = if away.abs() < ELSEWHERE {
                0.0
            } else {
                (away / 12.0).round()
            };
            let shift = shift + 12 * octaves as i32;
            let notes = idea.rhythm.iter().zip(&idea.keys);
            notes
                .map(|((at, len), key)| Given {
                    at: span.start + *at,
                    len: *len,
                    key: key + shift,
                })
                .collect()
        };
        // The tune comes back, with other words: as it was where they fit.
        let returned = idea.as_ref().and_then(|idea| {
            let given = today(idea);
            let early = given.first().is_some_and(|g| {
                floor.is_some_and(|floor| g.at < floor + Ticks::of(1, 8)) || g.at < Ticks::ZERO
            });
            if early {
                return None;
            }
            if let Some(again) = same_way(idea, &weighed, &given) {
                return Some(again);
            }
            // A much longer or shorter line is another rhythm, not this one torn or stretched.
            if weighed.len().abs_diff(given.len()) > (weighed.len() / 5).max(1) {
                return None;
            }
            let (fitted, cost, _) = fit(&weighed, &given, clock)?;
            (cost < UNLIKE).then_some(fitted)
        });
        let fitted: Vec<Fitted> = match returned {
            Some(fitted) => {
                let turn = if primed {
                    fitted.len() * 3 / 5
                } else {
                    fitted.len()
                };
                // The same words are sung to the same keys, and others to them where the song says
                // things again rather than otherwise.
                let words = weighed.iter().map(|w| w.lyric.reading.as_str());
                // Where tones make the words, other words want other keys.
                let free = weighed.iter().all(|w| w.lyric.lang != "yue");
                let again =
                    free && self.finder().is_some() && !rng.chance(self.hall.habits.varies * 0.5);
                let same = idea.as_ref().filter(|idea| {
                    let sung = idea.keys.len() == fitted.len();
                    let words = words.clone().eq(idea.words.iter().map(String::as_str));
                    !primed && (words || again && sung)
                });
                let kept = same.map(|idea| &idea.foreign[..]);
                self.retune(
                    &weighed, span, place, close, fitted, turn, kept, last, &mut rng,
                )
            }
            None => {
                let bars = span.len().0 / clock.metre.bar().0.max(1);
                let model: Vec<Restated> = match known.models(span.len()) {
                    Some(idea) if rng.chance(0.6) => (today(idea).into_iter())
                        .map(|given| (given.at - span.start, given.len, given.key))
                        .collect(),
                    // Who has learned from songs needs no model.
                    _ if self.finder().is_some() => Vec::new(),
                    // The cells of the style, as an instrument would play them.
                    _ if bars >= 1 => (self.rhythm(bars, &mut rng).into_iter())
                        .map(|(at, len)| (at, len, 0))
                        .collect(),
                    _ => Vec::new(),
                };
                let onsets = self.place(&weighed, span, floor, &model, &mut rng);
                self.compose(&weighed, span, place, close, &onsets, last, &mut rng)
            }
        };
        let idea = Idea {
            rhythm: fitted.iter().map(|f| (f.at - span.start, f.len)).collect(),
            keys: fitted.iter().map(|f| f.key).collect(),
            tonic,
            foreign: self.foreign_keys(span, place, close, &fitted, &rng),
            room: span.len(),
            begins: fitted.iter().map(|f| f.syllable.is_some()).collect(),
            words: sung.syllables.iter().map(|s| s.reading.clone()).collect(),
        };
        known.remember(&base, idea.clone());
        known.remember(&own, idea);
        self.dress_sung(&weighed, &fitted, number, &mut rng)
    }

    /// Which keys of a line are foreign to their chords.
    fn foreign_keys(
        &self,
        span: TickSpan,
        place: f32,
        close: Close,
        fitted: &[Fitted],
        rng: &Rng,
    ) -> Vec<bool> {
        let rhythm: Rhythm = fitted.iter().map(|f| (f.at - span.start, f.len)).collect();
        let keys: Vec<i32> = fitted.iter().map(|f| f.key).collect();
        let slots = self.slots(span, &rhythm, place, close, &[], &mut rng.clone());
        foreign(&slots, &keys)
    }

    /// Onsets and lengths of syllables, from the start of the line; `model`: the notes of a line that it
    /// answers, from the start of that one.
    pub fn place(
        &self,
        weighed: &[Weighed],
        span: TickSpan,
        floor: Option<Ticks>,
        model: &[Restated],
        rng: &mut Rng,
    ) -> Rhythm {
        let metre = self.hall.metre(self.section);
        let unit = metre.unit_len();
        let bar_of = self.section.span.start;
        // Who has learned from songs knows long pickups, too.
        let most = if self.finder().is_some() {
            unit * 2
        } else {
            unit
        };
        let pickup = match floor {
            _ if span.start <= Ticks::ZERO => Ticks::ZERO,
            None => most,
            Some(floor) => (span.start - floor - unit).min(most),
        };
        let mut usual = self.usual();
        let onsets: Vec<Ticks> = model.iter().map(|note| note.0).collect();
        // The lines of a tune have one feel: how dense, and where they begin.
        let mut feel = self.seed.join("feel").rng();
        let share = feel.range(0.54, 0.8);
        let early = self.style.melody.pickup * 0.5;
        let leads = [0.0, 0.5, 1.0, -0.5];
        let lead = leads[feel.weighted(&[0.5, 0.16, 0.16, early])];
        let mut ask = Ask {
            syllables: weighed,
            len: span.len(),
            offset: span.start - bar_of,
            pickup: pickup.max(Ticks::ZERO).min(span.start),
            metre,
            bpm: self.hall.plan.timeline.bpm(span.start),
            usual: &[],
            model: &onsets,
            share,
            lead,
            whim: 1.0,
        };
        if weighed.iter().all(Weighed::spoken) {
            ask.usual = &usual;
            return rhythm(&ask, rng);
        }
        if let (Some(finder), [_, ..]) = (self.finder(), weighed) {
            // A tune sings its lines at once and then rests, or takes all the time that they have.
            let said = TickSpan::new(span.start, span.start + self.said(weighed, span));
            let ask = Ask {
                len: said.len(),
                ..ask
            };
            let past = self.hall.past.borrow();
            let place = self.place_of(said, &past);
            let place = Place {
                model,
                breath: match said == span {
                    true => place.breath.min(unit * (span.len().0 / unit.0 / 5)),
                    false => Ticks::ZERO,
                },
                ..place
            };
            let found = finder.sung_rhythm(&place, &ask, rng);
            if let Some(mut found) = found.filter(|found| found.len() == weighed.len()) {
                // A line is held where it ends.
                if let Some((at, len)) = found.last_mut() {
                    let held = [2, 3, 3, 4][rng.weighted(&[1.0; 4])];
                    *len = (*len).max((span.len() - *at).min(Ticks::of(held, 8)));
                }
                return found;
            }
        }
        // What a line answers is usual for it, whatever the style's cells say.
        let bar = metre.bar();
        if self.finder().is_some() {
            for at in &onsets {
                let into = (*at + ask.offset).0.rem_euclid(bar.0.max(1));
                if let Some(usual) = usual.get_mut((into / Ticks::of(1, 16).0) as usize) {
                    *usual = 1.0;
                }
            }
        }
        ask.usual = &usual;
        rhythm(&ask, rng)
    }

    /// The time in which a line is said, of the time that it has: some tunes hurry through their lines and
    /// rest, others take their time.
    fn said(&self, weighed: &[Weighed], span: TickSpan) -> Ticks {
        const SHARES: [f32; 4] = [1.0, 0.85, 0.7, 0.58];
        let mut rng = self.seed.join("said").rng();
        let share = SHARES[rng.weighted(&[0.4, 0.2, 0.22, 0.18])];
        let unit = self.hall.metre(self.section).unit_len();
        let count = weighed.len() as f64 + 1.5;
        let bpm = self.hall.plan.timeline.bpm(span.start);
        let least = (count / QUICK[0]).max(count / QUICK[1] * bpm / 60.0);
        let beats = (span.len().0 as f64 * f64::from(share) / unit.0 as f64).round();
        let least = (least * Ticks::QUARTER.0 as f64 / unit.0 as f64).ceil();
        let said = Ticks(unit.0 * beats.max(least) as i64);
        said.min(span.len())
    }

    /// How usual onsets are at each sixteenth of a bar in this style.
    fn usual(&self) -> Vec<f32> {
        let metre = self.hall.metre(self.section);
        let bar = metre.bar();
        let own = self.style.metres.first().map_or(bar, |m| m.bar());
        let melody = &self.style.melody;
        let rows: Vec<&String> = melody.cells.iter().chain(&melody.busy_cells).collect();
        let grid = Ticks::of(1, 16);
        let mut out = vec![0.0_f32; (bar.0 / grid.0).max(1) as usize];
        if own != bar || rows.is_empty() {
            // Another metre than the style's: its own beats.
            for (index, usual) in out.iter_mut().enumerate() {
                *usual = metre.weight(grid * index as i64).max(0.3);
            }
            return out;
        }
        for row in &rows {
            for step in steps::read(row, bar) {
                if let Some(usual) = out.get_mut((step.at.0 / grid.0) as usize) {
                    *usual += 1.0;
                }
            }
        }
        let most = out.iter().copied().fold(1.0, f32::max);
        out.iter_mut().for_each(|usual| *usual /= most);
        out
    }

    /// Slots with what the words ask of the tune.
    #[expect(clippy::too_many_arguments, reason = "a line reads all of it")]
    fn sung_slots(
        &self,
        weighed: &[Weighed],
        span: TickSpan,
        place: f32,
        close: Close,
        notes: &[(Ticks, Ticks, Option<usize>)],
        references: &[Option<(i32, f32)>],
        rng: &mut Rng,
    ) -> Vec<Slot> {
        let rhythm: Rhythm = notes.iter().map(|(at, len, _)| (*at, *len)).collect();
        let mut slots = self.slots(span, &rhythm, place, close, references, rng);
        let mut before: Option<usize> = None;
        for (slot, (.., syllable)) in slots.iter_mut().zip(notes) {
            let Some(now) = *syllable else { continue };
            if let Some(before) = before {
                slot.lean = lean(&weighed[before], &weighed[now]);
            }
            before = Some(now);
        }
        slots
    }

    /// A new tune for a rhythm: its first half freely, its second as an answer where that suits.
    #[expect(clippy::too_many_arguments, reason = "a line reads all of it")]
    pub fn compose(
        &self,
        weighed: &[Weighed],
        span: TickSpan,
        place: f32,
        close: Close,
        onsets: &Rhythm,
        last: Option<(i32, i32)>,
        rng: &mut Rng,
    ) -> Vec<Fitted> {
        let notes: Vec<(Ticks, Ticks, Option<usize>)> = onsets
            .iter()
            .enumerate()
            .map(|(i, (at, len))| (*at, *len, Some(i)))
            .collect();
        let slots = self.sung_slots(weighed, span, place, close, &notes, &[], rng);
        let ends = Ends {
            before: last,
            after: None,
        };
        let keys = self
            .found_keys(span, &[], &slots, ends, &self.manner(1.0), rng)
            .unwrap_or_else(|| self.answered_words(span, onsets, &slots, last, rng));
        onsets
            .iter()
            .zip(keys)
            .enumerate()
            .map(|(i, ((at, len), key))| Fitted {
                at: span.start + *at,
                len: *len,
                key,
                syllable: Some(i),
            })
            .collect()
    }

    /// The rules' own line: its first half freely, its second as an answer where that suits.
    fn answered_words(
        &self,
        span: TickSpan,
        onsets: &Rhythm,
        slots: &[Slot],
        last: Option<(i32, i32)>,
        rng: &mut Rng,
    ) -> Vec<i32> {
        let half = Ticks(span.len().0 / 2);
        let cut = onsets
            .iter()
            .position(|(at, _)| *at >= half)
            .unwrap_or(onsets.len());
        let mut keys = line(&slots[..cut], last, &self.manner(1.0), rng);
        let mut rest: Vec<Slot> = slots[cut..].to_vec();
        if rng.chance(0.5) {
            let steps = [-2, -1, 1, 2][rng.below(4)];
            for (slot, (at, _)) in rest.iter_mut().zip(&onsets[cut..]) {
                let twin = onsets[..cut].iter().position(|(o, _)| *o == *at - half);
                if let (Some(twin), Close::None) = (twin, slot.close) {
                    slot.reference = Some((self.move_in_scale(keys[twin], steps), 0.7));
                }
            }
        }
        let before = match keys[..] {
            [.., a, b] => Some((a, b)),
            _ => last,
        };
        keys.extend(line(&rest, before, &self.manner(1.0), rng));
        keys
    }

    /// A tune that returns, moved no more than today's chords and tones ask; from the `turn`-th
    /// note on it goes another way. `kept`: it keeps its keys, of which these were foreign to their
    /// chords, where they sound as they did.
    #[expect(clippy::too_many_arguments, reason = "a line reads all of it")]
    fn retune(
        &self,
        weighed: &[Weighed],
        span: TickSpan,
        place: f32,
        close: Close,
        mut fitted: Vec<Fitted>,
        turn: usize,
        kept: Option<&[bool]>,
        last: Option<(i32, i32)>,
        rng: &mut Rng,
    ) -> Vec<Fitted> {
        let notes: Vec<(Ticks, Ticks, Option<usize>)> = fitted
            .iter()
            .map(|f| (f.at - span.start, f.len, f.syllable))
            .collect();
        let references: Vec<Option<(i32, f32)>> = fitted
            .iter()
            .enumerate()
            .map(|(i, f)| (i < turn).then_some((f.key, 2.6)))
            .collect();
        let mut slots = self.sung_slots(weighed, span, place, close, &notes, &references, rng);
        if let Some(foreign) = kept {
            pin(&mut slots, foreign);
        }
        let keys = line(&slots, last, &self.manner(0.3), rng);
        for (note, key) in fitted.iter_mut().zip(keys) {
            note.key = key;
        }
        fitted
    }

    /// Notes with dynamics, ornaments and a slur here and there.
    pub fn dress_sung(
        &self,
        weighed: &[Weighed],
        fitted: &[Fitted],
        number: usize,
        rng: &mut Rng,
    ) -> Vec<Note> {
        let notes = self.dressed_sung(weighed, fitted, number, self.slurs(), rng);
        let span = fitted.first().zip(fitted.last());
        let span = span.map(|(first, last)| TickSpan::new(first.at, last.at + last.len));
        match span.is_some_and(|span| self.is_known(span, &notes)) {
            true => self.dressed_sung(weighed, fitted, number, 0.0, rng),
            false => notes,
        }
    }

    /// As [`Self::dress_sung`], with so many slurs.
    fn dressed_sung(
        &self,
        weighed: &[Weighed],
        fitted: &[Fitted],
        number: usize,
        slurs: f32,
        rng: &mut Rng,
    ) -> Vec<Note> {
        let mut dress = self
            .seed
            .join("dress")
            .join(&self.section.id)
            .join(number)
            .rng();
        let (_, _, center) = self.window();
        let metre = self.hall.metre(self.section);
        let key = self.section.key;
        let mut notes: Vec<Note> = Vec::with_capacity(fitted.len() + 4);
        for (index, now) in fitted.iter().enumerate() {
            let syllable = now.syllable.map(|s| &weighed[s]);
            let weight = metre.weight(now.at - self.section.span.start);
            let strength = syllable.map_or(0.3, |s| s.strength);
            let aside = syllable.is_some_and(|s| s.lyric.delivery == Delivery::AdLib);
            let loud = 0.55
                + weight * 0.06
                + strength * 0.05
                + (now.key as f32 - center) * 0.009
                + self.energy() * 0.08
                + dress.bipolar() * 0.015
                - if aside { 0.12 } else { 0.0 };
            let before = index.checked_sub(1).map(|i| fitted[i].key);
            let final_note = index + 1 == fitted.len();
            let how = self.ornament(now.key, before, now.len, final_note, &mut dress);
            let mut note = Note::new(now.at, now.len, key.spell(now.key), level(loud)).with(how);
            note.lyric = syllable.map(|s| Box::new(s.lyric.clone()));
            let next = fitted.get(index + 1);
            let drawn = next.is_some_and(|n| n.syllable.is_none());
            let long = now.len >= Ticks::QUARTER;
            // A quarter note is drawn over two less readily than a longer one.
            let room = if now.len >= Ticks::of(3, 8) { 1.0 } else { 0.5 };
            let chance = match (final_note, syllable) {
                (_, None) => 0.0,
                (true, Some(_)) => slurs * 0.8 * room,
                (false, Some(s)) => slurs * room * (0.4 + 0.6 * s.strength),
            };
            if long && !drawn && rng.chance(chance) {
                let glide = syllable.map_or(0.0, |s| s.glide);
                notes.extend(self.slur(note, glide, next.map(|n| n.key)));
            } else {
                notes.push(note);
            }
        }
        notes
    }

    /// How readily a syllable is drawn over several notes: styles that bend notes do it most.
    fn slurs(&self) -> f32 {
        let melody = &self.style.melody;
        let bends: f32 = ["slide", "bend", "press", "vibrato"]
            .iter()
            .filter_map(|name| melody.ornaments.get(*name))
            .sum();
        (0.22 + bends * 0.35).min(0.34)
    }

    /// A long note as two: its tone's way where it has one, else the way to the next note.
    fn slur(&self, note: Note, glide: f32, next: Option<i32>) -> [Note; 2] {
        let here = note.pitch.midi();
        let up = match (glide, next) {
            (g, _) if g > 0.5 => true,
            (g, _) if g < -0.5 => false,
            (_, Some(next)) => next > here,
            (_, None) => false,
        };
        let mut target = step_in_scale(self.section, here, up);
        let (low, high, _) = self.window();
        if !(low..=high).contains(&target) {
            target = step_in_scale(self.section, here, !up);
        }
        // The end of a line comes home: the step goes first.
        let quarter = Ticks::of(1, 8).min(Ticks(note.len.0 / 2));
        let split = match next {
            None => quarter,
            Some(_) if note.len >= Ticks::of(3, 8) => note.len - Ticks(note.len.0 / 3),
            Some(_) => Ticks(note.len.0 / 2),
        };
        let spelled = self.section.key.spell(target);
        let soft = note.velocity.saturating_sub(4).max(1);
        let mut first = note.clone();
        first.len = split;
        let mut second = Note::new(note.at + split, note.len - split, spelled, soft);
        if next.is_none() {
            second.pitch = first.pitch;
            first.pitch = spelled;
        }
        [first, second]
    }

    /// Rapped and spoken lines: the rhythm of the words on the pitch of speech, which follows
    /// tones and stress and sinks toward the end.
    fn speak(
        &self,
        weighed: &[Weighed],
        span: TickSpan,
        onsets: &Rhythm,
        rng: &mut Rng,
    ) -> Vec<Note> {
        let [low, high] = self.profile.sweet.map(i32::from);
        let home = (low + (high - low) / 4) as f32;
        let count = weighed.len().max(2) as f32 - 1.0;
        weighed
            .iter()
            .zip(onsets)
            .enumerate()
            .map(|(index, (syllable, (at, len)))| {
                let place = index as f32 / count;
                let tone = match syllable.height {
                    Some(height) => (height - 3.0) * 1.4,
                    None => (syllable.strength - 0.5) * 5.0,
                };
                let sink = 1.5 - 3.5 * place;
                let fall = if syllable.lyric.rest == Rest::Phrase {
                    -1.0
                } else {
                    0.0
                };
                let key = (home + tone + sink + fall + rng.bipolar() * 0.6).round() as i32;
                let key = key.clamp(low.min(high), high);
                let loud = 0.58 + syllable.strength * 0.14 + self.energy() * 0.08;
                let mut note = Note::new(
                    span.start + *at,
                    *len,
                    self.section.key.spell(key),
                    level(loud),
                );
                note.lyric = Some(Box::new(syllable.lyric.clone()));
                note
            })
            .collect()
    }
}

/// The same words, or as many syllables of a language without stress, lie as those before did.
fn same_way(idea: &Idea, weighed: &[Weighed], given: &[Given]) -> Option<Vec<Fitted>> {
    let count = idea.begins.iter().filter(|begins| **begins).count();
    let words = weighed.iter().map(|w| w.lyric.reading.as_str());
    let same = words.eq(idea.words.iter().map(String::as_str));
    let free = weighed
        .iter()
        .all(|w| !w.stressed() && !w.rests() || w.lyric.rest == Rest::Phrase);
    if count != weighed.len() || !(same || free) || idea.begins.len() != given.len() {
        return None;
    }
    let mut next = 0;
    let fitted = given
        .iter()
        .zip(&idea.begins)
        .map(|(note, begins)| {
            let syllable = begins.then_some(next);
            next += usize::from(*begins);
            Fitted {
                at: note.at,
                len: note.len,
                key: note.key,
                syllable,
            }
        })
        .collect();
    Some(fitted)
}

/// Holds the last note of a line until a breath before the next begins, six quarters at most; says
/// whether it could.
fn hold_on(before: &mut [Note], next: &[Note], breath: Ticks) -> bool {
    let (Some(last), Some(first)) = (before.last_mut(), next.first()) else {
        return false;
    };
    let room = first.at - breath - last.at;
    let holds = room > last.len && room <= Ticks::of(3, 2);
    if holds {
        last.len = room;
    }
    holds
}

/// The last note of a line ends before the next line begins, with a breath where there is room.
pub fn make_room(before: &mut [Note], next: &[Note], unit: Ticks) {
    let (Some(last), Some(first)) = (before.last_mut(), next.first()) else {
        return;
    };
    let room = first.at - last.at;
    if last.end() > first.at - Ticks(unit.0 / 2) {
        let breath = Ticks(unit.0 / 2).min(Ticks(room.0 / 3));
        last.len = last.len.min((room - breath).max(Ticks(1)));
    }
}
