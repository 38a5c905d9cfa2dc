//! The network as a finder of progressions: it proposes, the style's vocabulary and color hold.

use super::{Beat, ChordNet, Course, DETAILS, Passage, Seen, Told, see};
use crate::finder::ComposerFault;
use std::collections::BTreeSet;
use yuefu_audio::math;
use yuefu_engine::Rng;
use yuefu_nets::{
    draw::{nucleus, pick},
    kernel::softmax,
    weights::engine_id,
};
use yuefu_plan::{
    Asked, HarmonyFinder,
    learned::{Symbol, repertoire},
};
use yuefu_song::{SectionKind, Style};
use yuefu_theory::{Key, Metre, Mode, Quality, Roman};

/// Raised whenever the same network would find other chords.
const VERSION: u32 = 5;
/// Weights in `data`.
const WEIGHTS: &str = "composer/chords.yfw";
/// Below 1: likelier choices more often. Of roots and triads, then of basses and colors.
const HEATS: [f32; 2] = [1.0, 0.85];
/// Choices beyond this share of likelihood are never drawn ([`nucleus`]).
const NUCLEUS: f32 = 0.985;
/// What remains of the likelihood of a chord that the style's rows never use: songs of the training
/// part have as many of them.
const FOREIGN: f32 = 0.5;
/// What remains of the likelihood of roots that come out too often: what is drawn beat by beat falls
/// back on them, and the plan adds dominants where sections lead on (docs/RESULTS.md).
const FREQUENT: [(u8, f32); 3] = [(2, 0.7), (5, 0.75), (7, 0.8)];
/// How much more readily a chord that has had three beats of a bar leaves the fourth to another, in
/// nats: drawn beat by beat that is rarer than in songs.
const LAST_BEAT: f32 = 0.45;
/// How much less readily a chord goes on after one beat, in nats.
const ONE_BEAT: f32 = 0.45;
/// Tries to find a section that is neither dull nor heard before.
const TRIES: usize = 5;
/// Felt beats of a bar at most; longer bars are left to the rows.
const BEATS: usize = 6;

/// A network that finds progressions.
#[derive(Debug)]
pub struct Harmonist {
    pub(super) net: ChordNet,
    id: String,
}

impl Harmonist {
    /// The harmonist that ships with the program.
    ///
    /// # Errors
    /// When the program was built without its weights.
    pub fn shipped() -> Result<Self, ComposerFault> {
        Self::parse(yuefu_data::get(WEIGHTS).unwrap_or_default())
    }

    /// A harmonist from its weights.
    ///
    /// # Errors
    /// Says what the bytes are instead.
    pub fn parse(bytes: &[u8]) -> Result<Self, ComposerFault> {
        Ok(Self {
            net: ChordNet::parse(bytes)?,
            id: engine_id(VERSION, bytes),
        })
    }
}

impl HarmonyFinder for Harmonist {
    fn id(&self) -> &str {
        &self.id
    }

    fn progression(&self, asked: &Asked<'_>, rng: &mut Rng) -> Option<Vec<Vec<Roman>>> {
        let repertoire = repertoire(asked.style.harmony.learned.as_deref()?)?;
        // Real songs of these kinds are in major and minor; a style's Dorian is its own affair.
        if !matches!(asked.key.mode, Mode::Major | Mode::Minor) {
            return None;
        }
        let per_bar = felt_beats(asked.metre)?;
        let mut course = so_far(asked, repertoire, per_bar);
        let from = course.beats.len();
        course.passages.push(Passage {
            beats: (from, from + asked.bars * per_bar),
            kind: Some(asked.kind),
            minor: asked.key.mode.is_minor(),
        });
        let known = vocabulary(asked.style, &asked.key);
        for _ in 0..TRIES {
            course.beats.truncate(from);
            self.draw_section(&mut course, &known, asked, rng)?;
            if !is_dull(&course) && !is_heard(&course) {
                break;
            }
        }
        let romans: Option<Vec<Roman>> = course.beats[from..]
            .iter()
            .map(|beat| roman(beat.chord, &asked.key))
            .collect();
        Some(romans?.chunks(per_bar).map(shared).collect())
    }
}

impl Harmonist {
    /// Draws the last passage of a course, beat by beat, out of known chords above all.
    fn draw_section(
        &self,
        course: &mut Course,
        known: &BTreeSet<u8>,
        asked: &Asked<'_>,
        rng: &mut Rng,
    ) -> Option<()> {
        let passage = course.passages.len() - 1;
        let (from, to) = course.passages[passage].beats;
        let mut seen = Seen::default();
        for at in from..to {
            see(course, passage, at, &mut seen);
            let thought = self.net.think(&seen);
            let before = course.beats.last().map(|b| b.chord);
            let now = course.beats[from..].last().map(|b| b.chord);
            // Short chords are rare at every single beat: no nucleus may cut them off.
            let mut share = self.net.change(&thought);
            share[1] += asked.habits.motion;
            let beat = (at - from) % course.per_bar;
            let held = at - from >= 3 && !course.beats[at - 2..].iter().any(|b| b.change);
            if course.per_bar == 4 && beat == 3 && held {
                share[1] += LAST_BEAT;
            }
            if at > from && course.beats[at - 1].change {
                share[1] -= ONE_BEAT;
            }
            softmax(&mut share);
            let change = now.is_none() || rng.chance(share[1]);
            let chord = match now {
                Some(now) if !change => now,
                _ => self.choose(&thought, before, known, asked, rng)?,
            };
            course.beats.push(Beat {
                chord,
                change,
                tune: None,
            });
        }
        Some(())
    }

    fn choose(
        &self,
        thought: &[f32],
        before: Option<Told>,
        known: &BTreeSet<u8>,
        asked: &Asked<'_>,
        rng: &mut Rng,
    ) -> Option<Told> {
        let mut taste = |symbol: usize| match u8::try_from(symbol) {
            Ok(Told::NONE) | Err(_) => 0.0,
            Ok(symbol) => {
                let known = if known.contains(&symbol) {
                    1.0
                } else {
                    FOREIGN
                };
                let root = Symbol::of_number(symbol).map(|s| s.parts().0);
                let often = FREQUENT.iter().find(|row| Some(row.0) == root);
                known * often.map_or(1.0, |row| row.1)
            }
        };
        let symbol = draw(
            self.net.symbol(thought),
            HEATS[0] * asked.habits.heat,
            &mut taste,
            rng,
        )? as u8;
        let mut fits = |detail: usize| {
            let told = detailed(symbol, detail);
            let (_, triad) = Symbol::of_number(symbol).map_or((0, 0), Symbol::parts);
            let second = triad == 4 && told.color == 2;
            match roman(told, &asked.key) {
                None => 0.0,
                // A change that changes nothing is none.
                Some(_) if before == Some(told) => 0.0,
                // Styles without any color have none.
                Some(_) if told.color != 0 && !second => {
                    let own = math::exp(f64::from(asked.habits.color)) as f32;
                    (asked.style.harmony.color * 3.0).min(1.0) * own
                }
                Some(_) => 1.0,
            }
        };
        let detail = draw(self.net.detail(thought, symbol), HEATS[1], &mut fits, rng)?;
        Some(detailed(symbol, detail))
    }
}

/// Whether the last passage stays on too few chords.
fn is_dull(course: &Course) -> bool {
    let beats = last(course);
    let kinds: BTreeSet<u8> = beats.iter().map(|beat| beat.chord.symbol).collect();
    kinds.len()
        < if beats.len() >= 8 * course.per_bar {
            3
        } else {
            2
        }
}

/// Whether the last passage goes where another one went that does something else: a chorus that is
/// the verse over again lifts nothing. What plays around the song may quote it.
fn is_heard(course: &Course) -> bool {
    let sings = |passage: &&Passage| {
        matches!(
            passage.kind,
            Some(
                SectionKind::Verse
                    | SectionKind::PreChorus
                    | SectionKind::Chorus
                    | SectionKind::Bridge
            )
        )
    };
    let Some((own, others)) = course.passages.split_last() else {
        return false;
    };
    let mut others = others.iter().filter(|other| other.kind != own.kind);
    sings(&own)
        && others.any(|other| {
            let theirs = &course.beats[other.beats.0..other.beats.1];
            let pairs = last(course).iter().zip(theirs);
            let (count, same) = pairs.fold((0, 0), |(count, same), (a, b)| {
                let equal = a.chord.symbol == b.chord.symbol;
                (count + 1, same + usize::from(equal))
            });
            sings(&other) && same * 4 > count * 3
        })
}

fn last(course: &Course) -> &[Beat] {
    let from = course.passages.last().map_or(0, |p| p.beats.0);
    &course.beats[from..]
}

fn detailed(symbol: u8, detail: usize) -> Told {
    debug_assert!(detail < DETAILS);
    Told {
        symbol,
        bass: (detail / 4) as u8,
        color: (detail % 4) as u8,
    }
}

/// Felt beats of a bar; `None` where bars are too long or their beats are not alike.
pub(super) fn felt_beats(metre: &Metre) -> Option<usize> {
    let groups = &metre.groups;
    let alike = groups.windows(2).all(|pair| pair[0] == pair[1]);
    (alike && (1..=BEATS).contains(&groups.len())).then_some(groups.len())
}

/// What was heard before the section.
fn so_far(asked: &Asked<'_>, repertoire: u8, per_bar: usize) -> Course {
    let mut course = Course {
        repertoire: Some(repertoire),
        per_bar,
        ..Course::default()
    };
    for section in asked.before {
        let from = course.beats.len();
        for bar in &section.bars {
            for beat in 0..per_bar {
                let roman = bar.get(beat * bar.len() / per_bar);
                let chord = roman.map_or(Told::SILENT, |roman| {
                    Told::of(&roman.in_key(&asked.key), &asked.key)
                });
                let change = course.beats.last().is_none_or(|last| last.chord != chord);
                course.beats.push(Beat {
                    chord,
                    change,
                    tune: None,
                });
            }
        }
        course.passages.push(Passage {
            beats: (from, course.beats.len()),
            kind: Some(section.kind),
            minor: asked.key.mode.is_minor(),
        });
    }
    course
}

/// Roots and triads that a style's rows use in a mode.
fn vocabulary(style: &Style, key: &Key) -> BTreeSet<u8> {
    let (table, _) = style.harmony.in_mode(key.mode);
    table
        .values()
        .flatten()
        .flat_map(|row| row.split([' ', ',']))
        .filter_map(|numeral| numeral.parse::<Roman>().ok())
        .map(|roman| Symbol::of(&roman.in_key(key), key).number())
        .collect()
}

/// A bar's beats as chords that share it: one, two halves, or every beat.
fn shared(beats: &[Roman]) -> Vec<Roman> {
    let half = beats.len() / 2;
    let same = |part: &[Roman]| part.windows(2).all(|pair| pair[0] == pair[1]);
    if same(beats) {
        beats[..1].to_vec()
    } else if beats.len().is_multiple_of(2) && same(&beats[..half]) && same(&beats[half..]) {
        vec![beats[0], beats[half]]
    } else {
        beats.to_vec()
    }
}

/// What stands above the root; `None` where there is no such chord.
fn quality(told: Told) -> Option<Quality> {
    use Quality as Q;
    let (_, triad) = Symbol::of_number(told.symbol)?.parts();
    Some(match (triad, told.color) {
        (0, 0) => Q::Major,
        (0, 1) => Q::Dominant,
        (0, 2) => Q::MajorSeven,
        (0, _) => Q::Add9,
        (1, 0) => Q::Minor,
        (1, 1) => Q::MinorSeven,
        (1, 2) => return None,
        (1, _) => Q::MinorAdd9,
        (2, 0) => Q::Diminished,
        (2, 1) => Q::HalfDiminished,
        (2, 2) => Q::DiminishedSeven,
        (3, 0) => Q::Augmented,
        (3, 1) => Q::SevenSharpFive,
        (4, 0) => Q::Sus4,
        (4, 1) => Q::DominantSus,
        (4, 2) => Q::Sus2,
        _ => return None,
    })
}

/// A chord as a numeral of a key in major or minor; `None` where there is no such chord.
fn roman(told: Told, key: &Key) -> Option<Roman> {
    const NAMES: [&str; 12] = [
        "I", "bII", "II", "bIII", "III", "IV", "#IV", "V", "bVI", "VI", "bVII", "VII",
    ];
    let (above, _) = Symbol::of_number(told.symbol)?.parts();
    let quality = quality(told)?;
    let tones = quality.tones().len();
    let mut roman: Roman = NAMES[usize::from(above)].parse().ok()?;
    roman.quality = quality;
    roman.inversion = match told.bass {
        0 => 0,
        1 => 1,
        2 => 2,
        _ if tones > 3 && told.color != 3 => 3,
        _ => return None,
    };
    // Numerals without an accidental count from the mode's own scale.
    if roman.in_key(key).root.pc() != (key.tonic.pc() + above) % 12 {
        roman.marked = true;
    }
    Some(roman)
}

/// Draws a class from logits times a weight for each; `None` where all weigh nothing.
fn draw(
    mut logits: Vec<f32>,
    heat: f32,
    weight: &mut dyn FnMut(usize) -> f32,
    rng: &mut Rng,
) -> Option<usize> {
    logits.iter_mut().for_each(|logit| *logit /= heat);
    softmax(&mut logits);
    for (class, share) in logits.iter_mut().enumerate() {
        *share *= weight(class);
    }
    let mut kept = nucleus(&logits, |total| NUCLEUS * total);
    let some = logits[kept[0]] > 0.0;
    kept.sort_unstable();
    some.then(|| pick(&logits, &kept, rng))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chord_is_the_numeral_of_itself() {
        let mut numerals = 0;
        for mode in [Mode::Major, Mode::Minor] {
            for tonic in 0..12 {
                let key = Key::simplest(tonic, mode);
                for symbol in 0..Symbol::COUNT {
                    for detail in 0..DETAILS {
                        let told = detailed(symbol, detail);
                        let Some(roman) = roman(told, &key) else {
                            continue;
                        };
                        let again = Told::of(&roman.in_key(&key), &key);
                        assert_eq!(again.symbol, told.symbol, "{roman} in {key:?}");
                        assert_eq!(again.color, told.color, "{roman}");
                        let bass = roman.in_key(&key).bass.is_some();
                        assert_eq!(bass, told.bass != 0, "{roman}");
                        numerals += 1;
                    }
                }
            }
        }
        assert!(numerals > 10_000);
    }

    #[test]
    fn bars_are_shared_by_as_few_chords_as_say_the_same() {
        let numeral = |text: &str| text.parse::<Roman>().expect("a numeral");
        let bar = |text: &str| -> Vec<Roman> { text.split(' ').map(numeral).collect() };
        assert_eq!(shared(&bar("I I I I")), bar("I"));
        assert_eq!(shared(&bar("I I V V")), bar("I V"));
        assert_eq!(shared(&bar("I I IV V")), bar("I I IV V"));
        assert_eq!(shared(&bar("I I V")), bar("I I V"));
    }
}
