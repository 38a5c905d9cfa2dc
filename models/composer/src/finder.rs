//! The network as a finder of tunes: it proposes, the rules' costs and ranges hold.
//!
//! Each note is drawn from the network's shares, sharpened by a temperature, times what the rules
//! leave of each choice (`exp(-cost)`): a product of experts (Hinton 2002). Choices that the rules
//! forbid are never drawn.

use crate::{
    adapter::tables,
    events::{
        GRID, Kin, Known, Model, NO_TIME, Phrase, Sung, TIMES, home, key_of, time_class, time_of,
    },
    given_back::{given_back, time_heat, timely},
    ground::Ground,
    net::{MEMORY, Memory, Net},
    tell::Event,
};
use std::sync::{Mutex, OnceLock, PoisonError};
use yuefu_arrange::{
    Ask, Manner, Rhythm, Slot, TuneFinder, Weighed, constraint,
    finder::{Ends, Place},
};
use yuefu_engine::Rng;
use yuefu_nets::{
    draw::{nucleus, pick},
    kernel::softmax,
    weights::{WeightsFault, engine_id},
};
use yuefu_originality::{IndexError, OriginalityIndex, PATTERN, TuneNote};
use yuefu_song::School;
use yuefu_theory::Ticks;

/// Raised whenever the same network would find other tunes.
const VERSION: u32 = 8;
/// Weights in `data`.
const WEIGHTS: &str = "composer/tunes.yfw";
/// Weights of the light engine.
const LIGHT: &str = "composer/light.yfw";
/// Below 1: likelier choices more often.
const KEY_HEAT: f32 = 1.0;
/// Choices beyond this share of likelihood are never drawn ([`nucleus`]).
const NUCLEUS: f32 = 0.985;
/// How much the rules' costs count beside the network's.
const RULES: f32 = 0.3;
/// Notes of the tune so far that are told; then half of them are forgotten.
const PAST: usize = MEMORY - 80;
/// How many times denser or sparser than asked for a rhythm may be.
const DENSITY: f32 = 1.8;
/// How much what words ask of a rhythm counts beside the network's shares.
const WORDS: f32 = 2.5;
/// Rhythms that are drawn for a line of words; the one that suits them best is kept.
const LINES: usize = 6;
/// As many where stress does not make the verse.
const FREE_LINES: usize = 2;
/// Tries to find a rhythm about as dense as was asked for.
const TRIES: usize = 4;

/// Why there is no composer.
#[derive(Debug, thiserror::Error)]
pub enum ComposerFault {
    /// Its weights are none.
    #[error(transparent)]
    Weights(#[from] WeightsFault),
    /// The index of known tunes cannot be read.
    #[error(transparent)]
    Known(#[from] IndexError),
}

/// Pasts that a composer keeps in memory.
const LATELY: usize = 8;

/// A network that finds tunes.
#[derive(Debug)]
pub struct Composer {
    net: Net,
    id: String,
    /// Tunes that it must not repeat.
    known: &'static OriginalityIndex,
    /// What was told lately and the memories of it, the latest last: songs are written in order, so
    /// that most of the past is the same from one phrase to the next. Several, because several drafts
    /// may be written at once.
    told: Mutex<Vec<(Vec<Told>, Memory)>>,
}

type Told = [u8; crate::events::BEFORE.len()];

/// The tune so far, as the network hears it.
struct Past {
    rows: Vec<Told>,
    last: Option<(Sung, u8)>,
    tonic: i32,
}

impl Composer {
    /// The composer that ships with the program.
    ///
    /// # Errors
    /// When the program was built without its weights or the index of known tunes.
    pub fn shipped() -> Result<Self, ComposerFault> {
        Self::parse(Self::shipped_weights())
    }

    /// The light engine: an LSTM, which needs the same work and the same memory for every note,
    /// however long the song; its tunes are told from real ones more easily.
    ///
    /// # Errors
    /// As [`Self::shipped`].
    pub fn light() -> Result<Self, ComposerFault> {
        Self::parse(yuefu_data::get(LIGHT).unwrap_or_default())
    }

    /// The composers of this build, loaded when they are first asked for: songs that one of them wrote
    /// are continued by it, whoever writes new songs.
    pub fn of_build() -> &'static [Result<Self, ComposerFault>; 2] {
        static BUILD: OnceLock<[Result<Composer, ComposerFault>; 2]> = OnceLock::new();
        BUILD.get_or_init(|| [Self::shipped(), Self::light()])
    }

    /// The weights that ship with the program.
    pub fn shipped_weights() -> &'static [u8] {
        yuefu_data::get(WEIGHTS).unwrap_or_default()
    }

    /// A composer from its weights, or from a tuning of the shipped ones.
    ///
    /// # Errors
    /// Says what the bytes are instead.
    pub fn parse(bytes: &[u8]) -> Result<Self, ComposerFault> {
        Ok(Self {
            net: Net::of(tables(bytes, Self::shipped_weights())?)?,
            known: OriginalityIndex::shipped()?,
            id: engine_id(VERSION, bytes),
            told: Mutex::default(),
        })
    }

    /// The memory of a past; what it shares with one that was told lately is not told again.
    fn memory(&self, rows: &[Told]) -> Memory {
        let common = |known: &[Told]| {
            let pairs = known.iter().zip(rows);
            pairs.take_while(|(a, b)| a == b).count()
        };
        let lately = || self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut known, mut memory) = {
            let mut all = lately();
            // Another song's memory is left to who writes that.
            let own = (0..all.len())
                .map(|index| (common(&all[index].0), index))
                .filter(|(common, index)| 2 * common >= all[*index].0.len())
                .max();
            own.map(|(_, index)| all.remove(index)).unwrap_or_default()
        };
        let common = self.net.forget(&mut memory, common(&known));
        known.truncate(common);
        for row in &rows[common..] {
            self.net.tell(&mut memory, row);
            known.push(*row);
        }
        let told = memory.clone();
        let mut all = lately();
        if all.len() >= LATELY {
            all.remove(0);
        }
        all.push((known, memory));
        told
    }
}

fn kin(school: School) -> Option<Kin> {
    match school {
        School::Pop => Some(Kin::Pop),
        School::Art => Some(Kin::Art),
        School::Standard => Some(Kin::Standard),
        School::Rules => None,
    }
}

/// The notes of what a phrase restates, in song time.
fn restated(place: &Place<'_>) -> Vec<Sung> {
    let notes = place.model.iter().map(|(at, len, key)| Sung {
        at: place.span.start + *at,
        len: *len,
        key: *key,
        begins: None,
    });
    notes.collect()
}

fn model<'n>(place: &Place<'_>, notes: &'n [Sung]) -> Option<Model<'n>> {
    (!notes.is_empty()).then_some(Model {
        start: place.span.start,
        notes,
    })
}

/// What was sung before a place, told as training told it.
fn past(place: &Place<'_>, ground: &Ground<'_>, kin: Kin) -> Past {
    let count: usize = place.past.iter().map(|heard| heard.notes.len()).sum();
    let sum: i32 = place.past.iter().flat_map(|h| &h.notes).map(|n| n.2).sum();
    // The first phrases lie where the song is asked to lie, later ones where it does.
    let middle = (sum as f32 + 24.0 * place.center) / (count as f32 + 24.0);
    let tonic = home(ground.key(place.span.start).tonic.pc(), middle);
    // Forgetting goes by halves, so that what is told stays the same for a while.
    let mut first = 0;
    let mut held = 0;
    for (index, heard) in place.past.iter().enumerate() {
        held += heard.notes.len();
        while held > PAST && first < index {
            while held > PAST / 2 && first < index {
                held -= place.past[first].notes.len();
                first += 1;
            }
        }
    }
    let phrases: Vec<_> = place.past[first..]
        .iter()
        .filter(|heard| !heard.notes.is_empty())
        .collect();
    let mut rows = Vec::with_capacity(held);
    let mut last: Option<(Sung, u8)> = None;
    for (number, heard) in phrases.iter().enumerate() {
        let next = phrases.get(number + 1);
        let own = &heard.notes;
        let height = own.iter().map(|n| n.2 as f32).sum::<f32>() / own.len() as f32;
        let end = next.map_or(heard.span.end, |next| next.span.start);
        let own_tonic = home(ground.key(heard.span.start).tonic.pc(), middle);
        let length = (end - heard.span.start).as_quarters() as f32;
        let known = Known {
            ground,
            tonic: own_tonic,
            kin,
            phrase: Phrase {
                start: heard.span.start,
                end,
                density: Some(own.len() as f32 / length.max(1.0)),
                height: Some(height - own_tonic as f32),
                next: next.map(|next| next.notes[0].2),
            },
            model: None,
        };
        for (index, (at, len, key, begins)) in own.iter().enumerate() {
            rows.push(known.before(last, index == 0, Some(own.len() - index)));
            let note = Sung {
                at: *at,
                len: *len,
                key: *key,
                begins: *begins,
            };
            let distance = last.map_or(NO_TIME, |(before, _)| time_class(*at - before.at));
            last = Some((note, distance));
        }
    }
    Past { rows, last, tonic }
}

impl TuneFinder for Composer {
    fn id(&self) -> &str {
        &self.id
    }

    fn rhythm(&self, place: &Place<'_>, rng: &mut Rng) -> Option<Rhythm> {
        let kin = kin(place.style.melody.school)?;
        let ground = Ground::of_plan(place.plan);
        let past = past(place, &ground, kin);
        let quarters = place.span.len().as_quarters() as f32;
        let wanted = (place.density * quarters).max(2.0);
        let mut best: Option<(f32, Rhythm)> = None;
        for _ in 0..TRIES {
            let Some(found) = self.draw_rhythm(place, &ground, kin, &past, None, rng) else {
                continue;
            };
            let off = (found.len() as f32 / wanted).max(1e-3);
            let off = if off > 1.0 { off } else { 1.0 / off };
            // Too dense sounds worse than too sparse: voices must breathe.
            if best.as_ref().is_none_or(|(least, _)| off < *least) {
                best = Some((off, found));
            }
            if off < DENSITY {
                break;
            }
        }
        best.map(|(_, rhythm)| rhythm).filter(|r| r.len() >= 2)
    }

    fn sung_rhythm(&self, place: &Place<'_>, words: &Ask<'_>, rng: &mut Rng) -> Option<Rhythm> {
        let kin = kin(place.style.melody.school)?;
        let ground = Ground::of_plan(place.plan);
        let past = past(place, &ground, kin);
        let stressed = words.syllables.iter().any(Weighed::stressed);
        let lines = if stressed { LINES } else { FREE_LINES };
        let tries = (0..LINES)
            .filter_map(|_| self.draw_rhythm(place, &ground, kin, &past, Some(words), rng));
        let mut best: Option<(f32, Rhythm)> = None;
        for drawn in tries.take(lines) {
            let mut before = None;
            let cost: f32 = (drawn.iter().enumerate())
                .filter_map(|(index, (at, _))| words.cost(index, before.replace(*at), *at))
                .sum();
            if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                best = Some((cost, drawn));
            }
        }
        best.map(|(_, rhythm)| rhythm)
    }

    fn is_known(&self, tune: &[(Ticks, i32)]) -> bool {
        let tune: Vec<TuneNote> = tune
            .iter()
            .map(|(at, key)| TuneNote {
                at: *at,
                key: midi(*key),
            })
            .collect();
        let mut windows = tune.windows(PATTERN);
        windows.any(|notes| !self.known.is_original(notes))
    }

    fn keys(
        &self,
        place: &Place<'_>,
        slots: &[Slot],
        ends: Ends,
        manner: &Manner,
        rng: &mut Rng,
    ) -> Option<Vec<i32>> {
        let kin = kin(place.style.melody.school)?;
        let ground = Ground::of_plan(place.plan);
        let past = past(place, &ground, kin);
        let restated = restated(place);
        let height = slots.iter().map(|s| s.target).sum::<f32>() / slots.len().max(1) as f32;
        let known = Known {
            ground: &ground,
            tonic: past.tonic,
            kin,
            phrase: Phrase {
                start: place.span.start,
                end: place.span.end,
                density: Some(slots.len() as f32 / place.span.len().as_quarters().max(1.0) as f32),
                height: Some(height - past.tonic as f32),
                next: ends.after,
            },
            model: model(place, &restated),
        };
        let mut memory = self.memory(&past.rows);
        let mut last = past.last;
        let mut before = ends.before.map(|(_, p)| p);
        let mut heading = ends.before.map_or(0, |(a, b)| (b - a).signum());
        let mut keys = Vec::with_capacity(slots.len());
        // The last notes of the tune: with the next one they must not be a known tune's.
        let mut recent: Vec<TuneNote> = place
            .past
            .iter()
            .flat_map(|heard| &heard.notes)
            .map(|(at, _, key, _)| TuneNote {
                at: *at,
                key: midi(*key),
            })
            .collect();
        recent.drain(..recent.len().saturating_sub(PATTERN - 1));
        for (index, slot) in slots.iter().enumerate() {
            let row = known.before(last, index == 0, Some(slots.len() - index));
            let state = self.net.tell(&mut memory, &row);
            let distance = last.map_or(NO_TIME, |(before, _)| time_class(slot.at - before.at));
            let end = index + 1 == slots.len();
            let at = known.at(slot.at, slot.len, distance, None, Some(end));
            let mut logits = self.net.key(&state, &at);
            for (class, logit) in logits.iter_mut().enumerate() {
                let key = key_of(class as u8, past.tonic);
                *logit = match constraint(slots, index, before, key, manner) {
                    Some(cost) => {
                        let own = *logit / (KEY_HEAT * place.temperature) - RULES * cost;
                        own + given_back(place, kin, slot, before, heading, key)
                    }
                    None => f32::NEG_INFINITY,
                };
            }
            // Nothing that the rules allow lies within two octaves of the tonic: no proposal.
            let mut class = draw(logits.clone(), rng)?;
            recent.push(TuneNote {
                at: slot.at,
                key: midi(key_of(class as u8, past.tonic)),
            });
            while !self.known.is_original(&recent) {
                logits[class] = f32::NEG_INFINITY;
                let Some(other) = draw(logits.clone(), rng) else {
                    break;
                };
                class = other;
                if let Some(last) = recent.last_mut() {
                    last.key = midi(key_of(class as u8, past.tonic));
                }
            }
            let key = key_of(class as u8, past.tonic);
            if recent.len() >= PATTERN {
                recent.remove(0);
            }
            keys.push(key);
            heading = before.map_or(0, |before| (key - before).signum());
            before = Some(key);
            let note = Sung {
                at: slot.at,
                len: slot.len,
                key,
                begins: None,
            };
            last = Some((note, distance));
        }
        Some(keys)
    }
}

impl Composer {
    fn draw_rhythm(
        &self,
        place: &Place<'_>,
        ground: &Ground<'_>,
        kin: Kin,
        past: &Past,
        words: Option<&Ask<'_>>,
        rng: &mut Rng,
    ) -> Option<Rhythm> {
        let span = place.span;
        let count = words.map(|words| words.syllables.len());
        let density = match count {
            Some(count) => count as f32 / span.len().as_quarters().max(1.0) as f32,
            None => place.density,
        };
        let restated = restated(place);
        let known = Known {
            ground,
            tonic: past.tonic,
            kin,
            phrase: Phrase {
                start: span.start,
                end: span.end,
                density: Some(density),
                height: Some(place.center - past.tonic as f32),
                next: None,
            },
            model: model(place, &restated),
        };
        let time_heat = time_heat(kin);
        let mut memory = self.memory(&past.rows);
        let mut last = past.last;
        let mut out: Rhythm = Vec::new();
        // Performances let go a little early where scores do not; syllables of a line are joined.
        let gap = match words {
            Some(_) => Ticks::of(1, 4),
            None => Ticks::of(1, 8),
        };
        // The last note ends early enough for a breath.
        let end = span.end - place.breath;
        loop {
            let sung = out.len();
            let rests = |back: usize| {
                words.is_some_and(|words| sung >= back && words.syllables[sung - back].rests())
            };
            if let [.., before, now] = &mut out[..]
                && !rests(2)
                && now.0 - (before.0 + before.1) <= gap
            {
                before.1 = now.0 - before.0;
            }
            if count == Some(out.len()) {
                break;
            }
            let left = count.map(|count| count - out.len());
            let row = known.before(last, out.is_empty(), left);
            let state = self.net.tell(&mut memory, &row);
            let from = last.map(|(note, _)| note.at);
            let said = |at: Ticks| {
                let before = out.last().map(|(before, _)| *before);
                words.map_or(Some(0.0), |words| {
                    words.cost(out.len(), before, at - span.start)
                })
            };
            let mut logits = self.net.time(&state);
            let breath = if rests(1) { GRID * 3 } else { Ticks::ZERO };
            let sounding = last.map_or(Ticks::ZERO, |(note, _)| note.len) + breath;
            for (class, logit) in logits.iter_mut().enumerate() {
                let at = from.map(|from| from + time_of(class as u8));
                let fits = at.is_some_and(|at| {
                    let on_grid = ground.in_bar(at).0 % (3 * GRID.0) == 0;
                    let inside = match (words, out.is_empty()) {
                        // Their pickup may come before.
                        (Some(_), _) => at < end,
                        (None, true) => at >= span.start && at < end,
                        (None, false) => at >= span.start,
                    };
                    on_grid && inside && (out.is_empty() || time_of(class as u8) >= sounding)
                });
                let said = at.filter(|_| fits).and_then(said);
                let first = out.is_empty();
                let own = at.map_or(0.0, |at| {
                    timely(place, ground, from, at, words.is_some(), first)
                });
                *logit = match said {
                    Some(cost) => *logit / (time_heat * place.temperature) - WORDS * cost + own,
                    None => f32::NEG_INFINITY,
                };
            }
            let (at, distance) = match (from, draw(logits, rng)) {
                (Some(from), Some(class)) => (from + time_of(class as u8), class as u8),
                // The first note of all, or one after a long rest, comes with its bar.
                _ if out.is_empty() => {
                    said(span.start)?;
                    (span.start, NO_TIME)
                }
                // Words that find no room: another try.
                _ if words.is_some() => return None,
                _ => break,
            };
            if at >= end {
                break;
            }
            let row = known.at(at, GRID, distance, None, None);
            let mut logits = self.net.length(&state, &row);
            for (class, logit) in logits.iter_mut().enumerate() {
                let len = time_of(class as u8);
                let fits =
                    words.is_none_or(|words| len <= words.longest(out.len(), at - span.start));
                *logit = match fits && at + len <= end && len.0 % (3 * GRID.0) == 0 {
                    true => *logit / (time_heat * place.temperature),
                    false => f32::NEG_INFINITY,
                };
            }
            let len = draw(logits, rng).map_or(end - at, |class| time_of(class as u8));
            let row = known.at(at, len, distance, None, None);
            // A tune goes with every rhythm: what comes next depends on it.
            let key = draw(self.net.key(&state, &row), rng).unwrap_or(24);
            out.push((at - span.start, len));
            let note = Sung {
                at,
                len,
                key: key_of(key as u8, past.tonic),
                begins: None,
            };
            last = Some((note, distance));
            if words.is_none() && out.len() >= 64 {
                break;
            }
        }
        Some(out)
    }
}

fn midi(key: i32) -> u8 {
    key.clamp(0, 127) as u8
}

/// Draws a class by its logit; `None` where all are forbidden.
fn draw(mut logits: Vec<f32>, rng: &mut Rng) -> Option<usize> {
    if logits.iter().all(|logit| *logit == f32::NEG_INFINITY) {
        return None;
    }
    softmax(&mut logits);
    let kept = nucleus(&logits, |_| NUCLEUS);
    Some(pick(&logits, &kept, rng))
}

/// The surprise of a network at each note of a tune that was told, in nats: distance, length and
/// key. What a critic reads.
pub fn surprise(composer: &Composer, events: &[Event]) -> Vec<[f32; 3]> {
    let net = &composer.net;
    let mut memory = Memory::default();
    let mut out = Vec::with_capacity(events.len());
    for event in events {
        if memory.len() >= MEMORY {
            memory = Memory::default();
        }
        let state = net.tell(&mut memory, &event.before);
        let share = |mut logits: Vec<f32>, class: u8| {
            softmax(&mut logits);
            let share = logits.get(usize::from(class)).copied().unwrap_or(1.0);
            -yuefu_audio::math::ln(f64::from(share.max(1e-9))) as f32
        };
        out.push([
            match usize::from(event.distance) < TIMES.len() {
                true => share(net.time(&state), event.distance),
                false => 0.0,
            },
            share(net.length(&state, &event.at), event.length),
            share(net.key(&state, &event.at), event.key),
        ]);
    }
    out
}
