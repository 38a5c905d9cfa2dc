//! Puts explicit values into the brief: obeyed exactly, refused when impossible, named when they
//! contradict each other.

use crate::lexicon::Sense;
use crate::notes::{BARS, LENGTH, METRE, TEMPO, contradiction, impossible};
use crate::read::Reader;
use crate::scan::What;
use crate::value::Value;
use yuefu_song::brief::{LengthWish, Pace, ReasonKind, SectionWish, TempoChange};
use yuefu_song::score::SectionKind;
use yuefu_theory::{Key, Metre};

/// Whether a tempo can be played.
pub(crate) fn is_tempo(bpm: f64) -> bool {
    (30.0..=300.0).contains(&bpm)
}

/// Whether a length can be made.
pub(crate) fn is_length(seconds: f64) -> bool {
    (10.0..=480.0).contains(&seconds)
}

/// Whether a number of bars can be made.
pub(crate) fn is_bars(bars: f64) -> bool {
    (1.0..=400.0).contains(&bars) && bars == bars.floor()
}

/// A metre, if it is one the composer can write.
pub(crate) fn metre_of(groups: &[u32], unit: u32) -> Option<Metre> {
    let beats: u32 = groups.iter().sum();
    let possible =
        (1..=16).contains(&beats) && [2, 4, 8, 16].contains(&unit) && !groups.contains(&0);
    let top = groups
        .iter()
        .map(u32::to_string)
        .collect::<Vec<_>>()
        .join("+");
    if possible {
        format!("{top}/{unit}").parse().ok()
    } else {
        None
    }
}

/// A pace on the scale of the lexicon: -1 slow, 0 medium, 1 fast.
pub(crate) fn pace_of(amount: f32) -> Pace {
    match amount {
        a if a < 0.0 => Pace::SLOW.scaled(-a),
        a if a > 0.0 => Pace::FAST.scaled(a),
        _ => Pace::MEDIUM,
    }
}

impl Reader<'_> {
    pub(crate) fn value(&mut self, index: usize, value: &Value) {
        let words = self.words(index);
        match value {
            Value::Bpm(bpm) => {
                if !is_tempo(*bpm) {
                    impossible(&mut self.out.brief, "tempo-out-of-range", &words, TEMPO);
                } else if self.agrees(
                    "tempo",
                    self.out
                        .brief
                        .tempo
                        .as_ref()
                        .and_then(|t| t.bpm)
                        .is_some_and(|held| held != *bpm),
                    &words,
                ) {
                    self.push_reason(index, "tempo", &format!("{bpm} BPM"), ReasonKind::Stated);
                    self.tempo().bpm = Some(*bpm);
                    self.check_pace();
                }
            }
            Value::BpmRange(low, high) => {
                if !is_tempo(*low) || !is_tempo(*high) {
                    impossible(&mut self.out.brief, "tempo-out-of-range", &words, TEMPO);
                } else if self.agrees(
                    "tempo",
                    self.out
                        .brief
                        .tempo
                        .as_ref()
                        .is_some_and(|t| t.range.is_some()),
                    &words,
                ) {
                    self.push_reason(
                        index,
                        "tempo",
                        &format!("{low}-{high} BPM"),
                        ReasonKind::Stated,
                    );
                    self.tempo().range = Some([*low, *high]);
                }
            }
            Value::BpmChange(from, to) => {
                if !is_tempo(*from) || !is_tempo(*to) {
                    impossible(&mut self.out.brief, "tempo-out-of-range", &words, TEMPO);
                } else if self.agrees(
                    "tempo",
                    self.out
                        .brief
                        .tempo
                        .as_ref()
                        .and_then(|t| t.bpm)
                        .is_some_and(|held| held != *from),
                    &words,
                ) {
                    self.push_reason(
                        index,
                        "tempo",
                        &format!("{from} -> {to} BPM"),
                        ReasonKind::Stated,
                    );
                    let change = if to > from {
                        TempoChange::Accelerating
                    } else {
                        TempoChange::Decelerating
                    };
                    let tempo = self.tempo();
                    (tempo.bpm, tempo.bpm_end) = (Some(*from), Some(*to));
                    tempo.change = Some(change);
                }
            }
            Value::Duration { seconds, clock } => self.duration(index, *seconds, *clock),
            Value::Bars(bars) => self.bars(index, *bars),
            Value::Metre(groups, unit) => match metre_of(groups, *unit) {
                Some(metre) => self.metre(index, metre),
                None => impossible(&mut self.out.brief, "metre-out-of-range", &words, METRE),
            },
            Value::Key(key, stated) => self.key(index, *key, *stated),
            Value::Seed(seed) => {
                if self.agrees(
                    "seed",
                    self.out.brief.seed.is_some_and(|held| held != *seed),
                    &words,
                ) {
                    self.push_reason(index, "seed", &seed.to_string(), ReasonKind::Stated);
                    self.out.brief.seed = Some(*seed);
                }
            }
        }
    }

    /// Remembers the first words for a field, and names a contradiction with them.
    fn agrees(&mut self, field: &'static str, clashes: bool, words: &str) -> bool {
        if clashes {
            let first = self.out.first.get(field).cloned().unwrap_or_default();
            contradiction(&mut self.out.brief, field, &first, words);
            return false;
        }
        self.out
            .first
            .entry(field)
            .or_insert_with(|| words.to_owned());
        true
    }

    /// The section a value right before it belongs to ("8-bar intro", "十秒前奏").
    fn next_section(&self, index: usize) -> Option<SectionKind> {
        let next = (index + 1..self.items.len()).find(|j| {
            !self.items[*j].is_filler() || self.items[*j].means(|s| matches!(s, Sense::With))
        })?;
        let What::Word(meanings) = &self.items[next].what else {
            return None;
        };
        meanings.iter().find_map(|(sense, _)| {
            if let Sense::Section(kind) = sense {
                Some(*kind)
            } else {
                None
            }
        })
    }

    fn want_section(&mut self, index: usize, section: SectionKind, bars: Option<u32>) {
        self.push_reason(index, "section", section.name(), ReasonKind::Stated);
        match self
            .out
            .brief
            .sections
            .iter_mut()
            .find(|wish| wish.section == section)
        {
            Some(wish) => wish.bars = wish.bars.or(bars),
            None => self.out.brief.sections.push(SectionWish {
                section,
                wanted: true,
                size: None,
                bars,
            }),
        }
    }

    fn duration(&mut self, index: usize, seconds: f64, clock: bool) {
        let words = self.words(index);
        if !clock && let Some(section) = self.next_section(index) {
            self.want_section(index, section, None);
        } else if self
            .items
            .get(index + 1)
            .is_some_and(|next| next.means(|s| matches!(s, Sense::Shape(_))))
            && seconds < 10.0
        {
            // "5 second fade out" is not a length.
        } else if !is_length(seconds) {
            impossible(&mut self.out.brief, "length-out-of-range", &words, LENGTH);
        } else if self.agrees(
            "length",
            self.out
                .brief
                .length
                .is_some_and(|held| held != LengthWish::Seconds(seconds)),
            &words,
        ) {
            self.push_reason(index, "length", &format!("{seconds} s"), ReasonKind::Stated);
            self.out.brief.length = Some(LengthWish::Seconds(seconds));
        }
    }

    fn bars(&mut self, index: usize, bars: f64) {
        let words = self.words(index);
        if !is_bars(bars) {
            impossible(&mut self.out.brief, "length-out-of-range", &words, BARS);
        } else if let Some(section) = self.next_section(index) {
            self.want_section(index, section, Some(bars as u32));
        } else if self.agrees(
            "length",
            self.out
                .brief
                .length
                .is_some_and(|held| held != LengthWish::Bars(bars as u32)),
            &words,
        ) {
            self.push_reason(index, "length", &format!("{bars} bars"), ReasonKind::Stated);
            self.out.brief.length = Some(LengthWish::Bars(bars as u32));
        }
    }

    pub(crate) fn metre(&mut self, index: usize, metre: Metre) {
        let words = self.words(index);
        if metre_of(
            &metre
                .groups
                .iter()
                .map(|g| u32::from(*g))
                .collect::<Vec<_>>(),
            u32::from(metre.unit),
        )
        .is_none()
        {
            impossible(&mut self.out.brief, "metre-out-of-range", &words, METRE);
        } else if self.agrees(
            "metre",
            self.out
                .brief
                .metre
                .as_ref()
                .is_some_and(|held| *held != metre),
            &words,
        ) {
            self.push_reason(index, "metre", &metre.to_string(), ReasonKind::Stated);
            self.out.brief.metre = Some(metre);
        }
    }

    fn key(&mut self, index: usize, key: Key, stated: bool) {
        let words = self.words(index);
        let is_new = self.out.brief.key.is_some_and(|held| held != key);
        if is_new && (self.modulate || self.then) && self.out.brief.modulate_to.is_none() {
            self.push_reason(index, "modulation", &key.to_string(), ReasonKind::Stated);
            self.out.brief.modulate_to = Some(key);
            self.modulate = false;
            return;
        }
        let clashes_mode = stated
            && self
                .out
                .brief
                .mode
                .as_ref()
                .is_some_and(|wish| !wish.admits(key.mode));
        if clashes_mode {
            let first = self.out.first.get("mode").cloned().unwrap_or_default();
            contradiction(&mut self.out.brief, "mode", &first, &words);
        }
        if self.agrees("key", is_new, &words) {
            self.push_reason(index, "key", &key.to_string(), ReasonKind::Stated);
            self.out.brief.key = Some(key);
        }
    }

    pub(crate) fn pace(&mut self, index: usize, amount: f32, degree: f32, negated: bool) {
        let words = self.words(index);
        // "not fast" is somewhat slow; "not too fast" is a little fast.
        let amount = if negated {
            -0.5 * amount
        } else {
            (amount * degree).clamp(-2.0, 2.0)
        };
        let pace = pace_of(amount);
        let held = self.out.brief.tempo.as_ref().and_then(|tempo| tempo.pace);
        let direction = pace.direction();
        if let Some(held) = held.filter(|held| held.direction() != direction) {
            if self.then {
                let change = if direction > held.direction() {
                    TempoChange::Accelerating
                } else {
                    TempoChange::Decelerating
                };
                self.change(index, change);
            } else if self
                .out
                .brief
                .tempo
                .as_ref()
                .is_none_or(|tempo| tempo.change.is_none())
            {
                self.agrees("tempo", true, &words);
            }
            return;
        }
        self.out
            .first
            .entry("tempo")
            .or_insert_with(|| words.clone());
        let name = ["slow", "medium", "fast"][(direction + 1) as usize];
        self.push_reason(
            index,
            "tempo",
            &format!("{name} ({:.2}-{:.2})", pace.low, pace.high),
            ReasonKind::Stated,
        );
        self.tempo().pace = Some(pace);
        self.check_pace();
    }

    /// "fast, 50 BPM": the number is followed, and the contradiction named.
    fn check_pace(&mut self) {
        let Some((pace, bpm)) = self
            .out
            .brief
            .tempo
            .as_ref()
            .and_then(|tempo| Some((tempo.pace?, tempo.bpm?)))
        else {
            return;
        };
        if (pace.direction() > 0 && bpm < 75.0) || (pace.direction() < 0 && bpm > 140.0) {
            let word = if pace.direction() > 0 { "fast" } else { "slow" };
            contradiction(&mut self.out.brief, "tempo", &format!("{bpm} BPM"), word);
        }
    }

    pub(crate) fn change(&mut self, index: usize, change: TempoChange) {
        let words = self.words(index);
        let held = self.out.brief.tempo.as_ref().and_then(|tempo| tempo.change);
        if self.agrees(
            "tempo-change",
            held.is_some_and(|held| held != change),
            &words,
        ) {
            self.push_reason(
                index,
                "tempo-change",
                &format!("{change:?}").to_lowercase(),
                ReasonKind::Stated,
            );
            self.tempo().change = Some(change);
        }
    }
}
