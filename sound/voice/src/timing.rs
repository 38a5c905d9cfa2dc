//! When each phone sounds: the vowel on the beat, consonants before it, what is long in the
//! middle of the vowel.
//!
//! The rules and figures are those measured in the project's study of singing voices; the frame is
//! that of Sundberg, *The Science of the Singing Voice* (1987): singers place the vowel onset, not
//! the consonant, on the beat.

use crate::{
    phones::{self, Manner},
    plan::{Breath, Pause, PlanPhone, PlanSyllable},
    singer::{Natural, Utterance},
    sung::{Sung, SungSyllable},
};
use yuefu_lang::Part;
use yuefu_song::{
    VoiceSettings,
    lyrics::{Delivery, Rest},
};

/// Syllables less than this many seconds apart are joined without a rest.
const JOIN: f64 = 0.09;
/// A rest in which a breath is taken, in seconds.
const BREATH_REST: f64 = 0.35;
/// Consonants before the beat take at most this share of the note before.
const STEAL: f64 = 0.45;
/// What closes a syllable takes at most this share of it.
const CODA: f64 = 0.4;
/// The glide of a diphthong lasts at most this many seconds and this share of the syllable.
const GLIDE: (f64, f64) = (0.16, 0.35);
/// No phone is shorter, if there is room at all.
const LEAST: f64 = 0.03;
/// How long the last vowel of a line rings out after its note.
pub(crate) const RELEASE: f64 = 0.06;

/// Phones and syllables of a phrase in time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timing {
    /// Syllables.
    pub syllables: Vec<PlanSyllable>,
    /// Phones; those of one syllable touch.
    pub phones: Vec<PlanPhone>,
    /// Breaths.
    pub breaths: Vec<Breath>,
    /// For each syllable, whether it is joined to the one before.
    pub joined: Vec<bool>,
}

/// Syllables and phones without times: what the singer is asked about.
pub fn outline(sung: &Sung) -> (Vec<PlanSyllable>, Vec<PlanPhone>) {
    let mut phones = Vec::new();
    let mut syllables = Vec::with_capacity(sung.syllables.len());
    for (index, syllable) in sung.syllables.iter().enumerate() {
        let from = phones.len();
        phones.extend(syllable.sounds.phones.iter().map(|phone| PlanPhone {
            symbol: phone.symbol,
            part: phone.part,
            syllable: index,
            start: 0.0,
            end: 0.0,
            natural: 0.0,
        }));
        let gap = sung
            .syllables
            .get(index + 1)
            .map(|next| next.on() - syllable.off());
        let pause = match gap {
            None => Pause::End,
            Some(gap) if syllable.rest == Rest::Phrase && gap > JOIN => Pause::End,
            Some(gap) if gap > 0.25 || syllable.rest == Rest::Breath && gap > JOIN => Pause::Breath,
            Some(_) => Pause::None,
        };
        syllables.push(syllable.planned((from, phones.len()), pause));
    }
    (syllables, phones)
}

/// The speech of a phrase: what [`crate::Singer::speak`] is asked.
pub fn utterance<'a>(outline: &'a (Vec<PlanSyllable>, Vec<PlanPhone>)) -> Utterance<'a> {
    Utterance {
        syllables: &outline.0,
        phones: &outline.1,
    }
}

/// Lengths that a syllable wants, in seconds.
#[derive(Clone, Copy, Debug, Default)]
struct Wish {
    /// Before the beat.
    onset: f64,
    /// Between beat and held vowel: half of a medial.
    glide: f64,
    /// After the held vowel.
    coda: f64,
    /// The whole syllable, spoken.
    spoken: f64,
}

/// Puts a phrase in time.
pub fn plan(sung: &Sung, natural: &Natural, settings: &VoiceSettings) -> Timing {
    let (syllables, mut phones) = outline(sung);
    for (phone, seconds) in phones.iter_mut().zip(&natural.seconds) {
        phone.natural = seconds.clamp(0.01, 2.0);
    }
    let count = syllables.len();
    let mut timing = Timing {
        syllables,
        phones,
        breaths: Vec::new(),
        joined: vec![false; count],
    };
    let wishes: Vec<Wish> = (0..count)
        .map(|index| wish(&timing, index, settings))
        .collect();
    // Where each syllable lets go: the beat of the next one less its consonants, or its own end.
    for index in 0..count {
        let syllable = &sung.syllables[index];
        let on = syllable.on();
        let off = release(syllable, &wishes[index]);
        let after = sung.syllables.get(index + 1);
        let joins = after.is_some_and(|next| next.on() - off < JOIN);
        if let (true, Some(next)) = (joins, after) {
            timing.joined[index + 1] = true;
            let room = next.on() - on;
            let coda = wishes[index].coda.min(CODA * room);
            let onset = wishes[index + 1].onset.min(STEAL * room);
            // Never more than two thirds of the time for what is not sung.
            let scale = (0.66 * room / (coda + onset).max(1e-9)).min(1.0);
            lay_onset(&mut timing, index + 1, next.on(), onset * scale);
            let end = next.on() - onset * scale;
            lay_rime(
                &mut timing,
                index,
                on,
                end,
                coda * scale,
                wishes[index].glide,
            );
        } else {
            let room = off - on;
            let coda = wishes[index].coda.min(CODA * room);
            let ring = if ends_voiced(&timing, index) {
                RELEASE
            } else {
                0.0
            };
            let rest = after.map_or(f64::INFINITY, |next| next.on() - off);
            let ring = ring.min(0.4 * rest.max(0.0));
            let end = off + ring;
            // What rings out is the coda where there is one: shorter, it would fade before it is
            // heard.
            let coda = if coda > 0.0 { coda + ring } else { 0.0 };
            lay_rime(&mut timing, index, on, end, coda, wishes[index].glide);
            if let Some(next) = after {
                // A rest gives room; if it is short, the syllable before it gives some too.
                let room = (next.on() - end).max(0.0);
                let onset = wishes[index + 1].onset.min(0.85 * room);
                lay_onset(&mut timing, index + 1, next.on(), onset);
            }
        }
    }
    if let Some(first) = sung.syllables.first() {
        lay_onset(&mut timing, 0, first.on(), wishes[0].onset);
    }
    breathe(&mut timing, sung, settings);
    timing
}

/// When a syllable is let go. What is spoken in rhythm lasts as long as in speech, if its note is
/// longer.
fn release(syllable: &SungSyllable, wish: &Wish) -> f64 {
    match syllable.delivery {
        Delivery::Rap | Delivery::Spoken => {
            let most = syllable.on() + (1.25 * wish.spoken).max(0.08);
            syllable.off().min(most)
        }
        _ => syllable.off(),
    }
}

fn wish(timing: &Timing, index: usize, settings: &VoiceSettings) -> Wish {
    let (from, to) = timing.syllables[index].phones;
    let mut wish = Wish::default();
    for phone in &timing.phones[from..to] {
        wish.spoken += phone.natural;
        let consonant = (phone.natural * f64::from(settings.consonants)).max(LEAST);
        match phone.part {
            Part::Onset => wish.onset += consonant,
            Part::Glide => {
                wish.onset += 0.5 * consonant;
                wish.glide += 0.5 * consonant;
            }
            Part::Nucleus => {}
            Part::Coda if phones::manner(phone.symbol) == Manner::Vowel => {
                wish.coda += phone.natural.clamp(0.08, GLIDE.0);
            }
            Part::Coda => wish.coda += consonant.min(0.25),
        }
    }
    wish
}

/// Whether the last phone of a syllable can ring out.
fn ends_voiced(timing: &Timing, index: usize) -> bool {
    let (_, to) = timing.syllables[index].phones;
    let last = timing.phones[to - 1].symbol;
    matches!(
        phones::manner(last),
        Manner::Vowel | Manner::Nasal | Manner::Liquid | Manner::Approximant
    )
}

/// Lays what comes before the beat into `room` seconds; a medial lies across the beat.
fn lay_onset(timing: &mut Timing, index: usize, on: f64, room: f64) {
    let (from, to) = timing.syllables[index].phones;
    let phones = &mut timing.phones[from..to];
    let share = |phone: &PlanPhone| match phone.part {
        Part::Onset => phone.natural.max(LEAST),
        Part::Glide => 0.5 * phone.natural.max(LEAST),
        Part::Nucleus | Part::Coda => 0.0,
    };
    let whole: f64 = phones.iter().map(share).sum();
    let mut at = on - room;
    for phone in phones {
        let length = if whole > 0.0 {
            room * share(phone) / whole
        } else {
            0.0
        };
        match phone.part {
            Part::Onset => {
                phone.start = at;
                phone.end = at + length;
            }
            // Its end is laid with the vowel.
            Part::Glide => phone.start = at,
            Part::Nucleus | Part::Coda => break,
        }
        at += length;
    }
}

/// Lays what comes from the beat on: the rest of a medial, the vowel, what closes the syllable.
fn lay_rime(timing: &mut Timing, index: usize, on: f64, end: f64, coda: f64, glide: f64) {
    let (from, to) = timing.syllables[index].phones;
    let phones = &mut timing.phones[from..to];
    let room = (end - on).max(0.0);
    let mut coda = coda.min(0.6 * room);
    if let Some(last) = phones.last()
        && phones::manner(last.symbol) == Manner::Vowel
        && last.part == Part::Coda
    {
        // A diphthong glides late, but not hastily.
        coda = coda.max((GLIDE.1 * room).min(GLIDE.0)).min(0.6 * room);
    }
    let glide = glide.min(0.25 * (room - coda));
    let share = |phone: &PlanPhone| phone.natural.max(LEAST);
    let closing: f64 = phones
        .iter()
        .filter(|p| p.part == Part::Coda)
        .map(share)
        .sum();
    let medials = phones
        .iter()
        .filter(|p| p.part == Part::Glide)
        .count()
        .max(1) as f64;
    let mut at = on;
    for phone in phones {
        match phone.part {
            Part::Onset => {}
            Part::Glide => {
                at += glide / medials;
                phone.end = at;
            }
            Part::Nucleus => {
                phone.start = at;
                at = if closing > 0.0 { end - coda } else { end };
                phone.end = at;
            }
            Part::Coda => {
                phone.start = at;
                at += coda * share(phone) / closing;
                phone.end = at;
            }
        }
    }
    // The sum of shares differs from the whole by rounding.
    if let Some(last) = timing.phones[from..to].last_mut() {
        last.end = end.max(last.start);
    }
}

/// Breaths before lines, where there is time.
fn breathe(timing: &mut Timing, sung: &Sung, settings: &VoiceSettings) {
    if settings.breaths <= -60.0 {
        return;
    }
    for index in 0..timing.syllables.len() {
        if timing.joined[index] {
            continue;
        }
        let start = timing.phones[timing.syllables[index].phones.0].start;
        let before = index
            .checked_sub(1)
            .map(|i| timing.phones[timing.syllables[i].phones.1 - 1].end);
        // What is sung before the phrase is not known: if the phrase begins at once, it is brief.
        let room = match before {
            Some(end) => start - end,
            None => start + 0.3,
        };
        if room < BREATH_REST && (before.is_some() || room < 0.2) {
            continue;
        }
        // The longer the line, the deeper the breath.
        let line = line_length(timing, sung, index);
        let wanted = 0.22 + 0.05 * line.min(4.0);
        let end = start - 0.03;
        timing.breaths.push(Breath {
            start: end - wanted.min(room - 0.08).max(0.1),
            end,
            level: settings.breaths + (line as f32 - 2.0).clamp(-2.0, 3.0),
            before: index,
        });
    }
}

/// Seconds from a syllable to the end of what is sung in one breath.
fn line_length(timing: &Timing, sung: &Sung, from: usize) -> f64 {
    let joined = &timing.joined[from + 1..];
    let last = from + joined.iter().take_while(|joined| **joined).count();
    sung.syllables[last].off() - sung.syllables[from].on()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sung::read, testing};

    fn timed(phrase: &yuefu_song::PerformedPhrase) -> Timing {
        let sung = read(phrase, 0);
        let outline = outline(&sung);
        plan(
            &sung,
            &Natural::usual(&utterance(&outline)),
            &VoiceSettings::default(),
        )
    }

    #[test]
    fn vowels_lie_on_the_beat_and_consonants_before_it() {
        let timing = timed(&testing::line(
            "en",
            &[("T W IH1 NG", 60), ("K AH0 L", 60), ("S T AA1 R", 67)],
            0.6,
        ));
        for syllable in &timing.syllables {
            let (from, to) = syllable.phones;
            let phones = &timing.phones[from..to];
            let vowel = phones.iter().find(|p| p.part == Part::Nucleus).unwrap();
            assert!((vowel.start - syllable.on).abs() < 1e-9);
            assert!(phones[0].start < syllable.on - 0.05);
            assert!(vowel.length() > 0.3, "{}", vowel.length());
            assert!(
                phones
                    .windows(2)
                    .all(|p| (p[0].end - p[1].start).abs() < 1e-9)
            );
        }
        // Joined: the first consonant of one touches the end of the other.
        assert_eq!(timing.joined, [false, true, true]);
        let (_, to) = timing.syllables[0].phones;
        assert!((timing.phones[to - 1].end - timing.phones[to].start).abs() < 1e-9);
    }

    #[test]
    fn a_medial_lies_across_the_beat_and_a_diphthong_glides_late() {
        let timing = timed(&testing::line("cmn", &[("xiao3", 60), ("ai4", 62)], 1.0));
        let medial = timing
            .phones
            .iter()
            .find(|p| p.part == Part::Glide)
            .unwrap();
        assert!(medial.start < 0.0 && medial.end > 0.0);
        for phone in timing.phones.iter().filter(|p| p.part == Part::Coda) {
            assert!(
                (0.08..=0.1601).contains(&phone.length()),
                "{}",
                phone.length()
            );
        }
    }

    #[test]
    fn breaths_are_taken_in_rests() {
        let mut phrase = testing::line("en", &[("L AA1", 60), ("L AA1", 62), ("L AA1", 64)], 0.5);
        for note in &mut phrase.notes[2..] {
            note.on.0 += 1.0;
            note.off.0 += 1.0;
        }
        let timing = timed(&phrase);
        assert_eq!(timing.joined, [false, true, false]);
        assert_eq!(timing.breaths.len(), 2);
        let second = timing.breaths[1];
        assert_eq!(second.before, 2);
        assert!(second.start > 1.06 && second.end < 2.0);
        assert!((0.2..0.45).contains(&(second.end - second.start)));
    }

    #[test]
    fn hurried_syllables_keep_every_phone() {
        let timing = timed(&testing::line(
            "en",
            &[
                ("S T R EH1 NG K TH S", 60),
                ("S P L IH1 T S", 60),
                ("K R AE1 F T S", 60),
            ],
            0.12,
        ));
        for pair in timing.phones.windows(2) {
            assert!(pair[0].end <= pair[1].start + 1e-9);
            assert!(pair[0].length() > 0.0, "{}", pair[0].symbol);
        }
    }

    #[test]
    fn rap_lasts_as_long_as_speech() {
        let mut phrase = testing::line("en", &[("L AA1", 60), ("L AA1", 60)], 2.0);
        for note in &mut phrase.notes {
            note.lyric.as_mut().unwrap().delivery = Delivery::Rap;
        }
        let timing = timed(&phrase);
        assert!(timing.phones[1].end < 0.6);
        assert!((timing.syllables[1].on - 2.0).abs() < 1e-9);
    }
}
