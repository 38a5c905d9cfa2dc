//! Voices beside the lead: doubles, harmonies, a choir, answers and chords on a vowel.
//!
//! Every line of the lead is a phrase of each backing voice, written by itself from the lead's
//! notes, the chords and the voices above: another word in one line changes that line only.

mod answer;
mod beside;
mod harmony;
mod ooh;

use crate::{
    Desk,
    tune::{TunePhrase, sung},
};
use yuefu_song::{
    Articulation, BackingVoice, Note, Phrase, Score, SectionPlan, VoicePart,
    backing::Enter,
    lyrics::{Delivery, Lyric},
};
use yuefu_theory::{TickSpan, Ticks};

pub use answer::asides_of;
pub use beside::{beside, led, shadows};

/// How much softer than the lead a backing voice is written, of 127.
const SOFTER: u8 = 9;

/// Everything a backing voice sings in a section: a phrase for each line in which it sings.
pub fn phrases(desk: &Desk<'_>, section: &SectionPlan, tune: &[TunePhrase]) -> Vec<Phrase> {
    let Some(part) = desk.member.sings else {
        return Vec::new();
    };
    let enters = entries(desk, section, tune);
    let mut out = Vec::new();
    for (number, (line, enters)) in tune.iter().zip(enters).enumerate() {
        let notes = match part {
            VoicePart::Answer => answer::notes(desk, section, tune, number, None),
            _ if !enters => Vec::new(),
            _ => line_notes(desk, section, line, number, part),
        };
        if !notes.is_empty() {
            let id = format!("{}.{}", section.id, number + 1);
            out.push(desk.phrase_over(section, id, line.span, notes));
        }
    }
    out
}

/// What a backing voice sings in one of its phrases, in song time, beside the tune as the score at
/// hand has it; `None` where no line of the tune begins there. `was` is the score that the voices
/// were written beside, where it is another.
pub fn phrase_notes(
    desk: &Desk<'_>,
    section: &SectionPlan,
    phrase: &Phrase,
    was: Option<&Score>,
) -> Option<Vec<Note>> {
    let part = desk.member.sings?;
    let score = desk.hall.score?;
    let tune = tune_beside(desk, section, score);
    let at = tune
        .iter()
        .position(|line| line.span.start == phrase.span.start)?;
    if part == VoicePart::Answer {
        return Some(answer::notes(desk, section, &tune, at, was));
    }
    // Lines of nothing but ad-libs are no lines of the tune, but they count in the ids.
    let named = phrase.id.strip_prefix(&section.id);
    let named = named.and_then(|rest| rest.strip_prefix('.')?.parse::<usize>().ok());
    let number = named.map_or(at, |number| number.saturating_sub(1));
    Some(line_notes(desk, section, &tune[at], number, part))
}

/// The tune of a section, for answers with the lines that are nothing but ad-libs.
fn tune_beside(desk: &Desk<'_>, section: &SectionPlan, score: &Score) -> Vec<TunePhrase> {
    let mut tune: Vec<TunePhrase> = sung(score, section.span)
        .into_iter()
        .map(|(span, notes)| TunePhrase { span, notes })
        .collect();
    if desk.member.sings == Some(VoicePart::Answer) {
        let own = score.tracks.iter().find(|t| t.id == desk.member.id);
        for phrase in own.into_iter().flat_map(|t| &t.phrases) {
            let known = tune.iter().any(|line| line.span.start == phrase.span.start);
            if section.span.contains(phrase.span.start) && !known {
                tune.push(TunePhrase {
                    span: phrase.span,
                    notes: Vec::new(),
                });
            }
        }
        tune.sort_by_key(|line| line.span.start);
    }
    tune
}

/// One line of any part but the answers.
fn line_notes(
    desk: &Desk<'_>,
    section: &SectionPlan,
    line: &TunePhrase,
    number: usize,
    part: VoicePart,
) -> Vec<Note> {
    if line.notes.iter().all(|n| n.lyric.is_none()) {
        return Vec::new();
    }
    let spoken = |note: &Note| {
        let delivery = note.lyric.as_deref().map(|lyric| lyric.delivery);
        matches!(
            delivery,
            Some(Delivery::Rap | Delivery::Spoken | Delivery::Whisper)
        )
    };
    let talked = line.notes.iter().any(spoken);
    let voice = style_of(desk, part);
    let mut rng = desk.section_seed(section).join("leave").join(number).rng();
    let last = section.span.end <= line.span.end;
    let leaves = rng.chance(voice.map_or(0.0, |voice| voice.leave)) && !last;
    let end = match last_word(&line.notes) {
        Some(from) if leaves && from > 0 => from,
        _ => line.notes.len(),
    };
    match part {
        // Rappers are doubled at the ends of their lines.
        VoicePart::Double if talked => {
            let from = last_words(&line.notes, 2);
            softened(&line.notes[from..])
        }
        _ if talked => Vec::new(),
        VoicePart::Double => {
            let mut notes = softened(&line.notes);
            into_range(desk, &mut notes);
            notes
        }
        VoicePart::Soprano => {
            // Where the voices under it expect it.
            let mut notes = softened(&line.notes);
            let keys: Vec<i32> = notes.iter().map(|n| n.pitch.midi()).collect();
            let octaves = (harmony::soprano_shift(desk.hall, &keys) / 12) as i8;
            for note in &mut notes {
                note.pitch.octave += octaves;
            }
            notes
        }
        VoicePart::Ooh => ooh::chords(desk, section, line),
        VoicePart::Above
        | VoicePart::Below
        | VoicePart::Alto
        | VoicePart::Tenor
        | VoicePart::Bass => {
            let keys = harmony::line(desk, section, &line.notes, number, part);
            let lead = line.notes.iter().zip(keys).take(end);
            let mut lost: Option<Lyric> = None;
            let mut notes: Vec<Note> = Vec::with_capacity(line.notes.len());
            for (note, key) in lead {
                let Some(key) = key else {
                    // A syllable that cannot be sung here begins on the next note of it.
                    lost = note.lyric.as_deref().cloned().or(lost);
                    continue;
                };
                let mut soft = softened(std::slice::from_ref(note)).remove(0);
                soft.pitch = section.key.spell(key);
                if let (None, Some(lyric)) = (&soft.lyric, lost.take()) {
                    soft.lyric = Some(Box::new(lyric));
                }
                notes.push(soft);
            }
            notes
        }
        VoicePart::Answer => Vec::new(),
    }
}

/// What the style says of this voice.
fn style_of<'a>(desk: &Desk<'a>, part: VoicePart) -> Option<&'a BackingVoice> {
    let hall = desk.hall;
    let book = hall.book.backing();
    book.voice(&hall.plan.style, &desk.member.id, part)
}

/// In which lines of a section the voice sings.
fn entries(desk: &Desk<'_>, section: &SectionPlan, tune: &[TunePhrase]) -> Vec<bool> {
    let part = desk.member.sings;
    let enter = part
        .and_then(|part| style_of(desk, part))
        .map_or(Enter::default(), |voice| voice.enter);
    let sections = &desk.hall.plan.sections;
    let later = sections
        .iter()
        .any(|s| s.kind == section.kind && s.span.start > section.span.start);
    let only = sections.iter().filter(|s| s.kind == section.kind).count() == 1;
    let mut rng = desk.section_seed(section).join("enter").rng();
    let way = match later || only {
        true => rng.weighted(&[enter.whole, enter.half, enter.hook]),
        // The last time everybody is there from the beginning.
        false => 0,
    };
    let half = tune.len() / 2;
    let hook = hook(desk, tune);
    // Where harmony is asked for, it is there from the first word to the last.
    let asked = |line: &TunePhrase| {
        let mut lyrics = line.notes.iter().filter_map(|n| n.lyric.as_deref());
        lyrics.any(|lyric| lyric.delivery == Delivery::Harmony)
    };
    (0..tune.len())
        .map(|number| match way {
            _ if asked(&tune[number]) => true,
            0 => true,
            1 => number >= half,
            _ => number == hook,
        })
        .collect()
}

/// The hook of a section: the line that has the title or comes back, else the last.
fn hook(desk: &Desk<'_>, tune: &[TunePhrase]) -> usize {
    let words = |phrase: &TunePhrase| -> String {
        let lyrics = phrase.notes.iter().filter_map(|n| n.lyric.as_deref());
        lyrics.map(|lyric| lyric.text.to_lowercase()).collect()
    };
    let all: Vec<String> = tune.iter().map(words).collect();
    let letters = |c: &char| c.is_alphanumeric();
    let title = desk.hall.plan.title.to_lowercase();
    let title: String = title.chars().filter(letters).collect();
    let bare = |text: &String| text.chars().filter(letters).collect::<String>();
    let titled = all
        .iter()
        .position(|text| title.chars().count() > 1 && bare(text).contains(&title));
    let returns =
        || (0..all.len()).find(|i| !all[*i].is_empty() && all[*i + 1..].contains(&all[*i]));
    titled
        .or_else(returns)
        .unwrap_or(tune.len().saturating_sub(1))
}

/// The note on which the last word of a line begins.
pub fn last_word(notes: &[Note]) -> Option<usize> {
    let begins = |note: &Note| note.lyric.as_deref().is_some_and(|l| !l.continues);
    notes.iter().rposition(begins)
}

/// The note on which the last `count` words of a line begin.
fn last_words(notes: &[Note], count: usize) -> usize {
    let begins = |note: &Note| note.lyric.as_deref().is_some_and(|l| !l.continues);
    let starts: Vec<usize> = (0..notes.len()).filter(|i| begins(&notes[*i])).collect();
    let at = starts.len().saturating_sub(count);
    starts.get(at).copied().unwrap_or(0)
}

/// The lead's notes as somebody beside it sings them: softer and plain.
fn softened(notes: &[Note]) -> Vec<Note> {
    notes
        .iter()
        .map(|note| Note {
            velocity: note.velocity.saturating_sub(SOFTER).max(1),
            articulation: Articulation::Normal,
            ..note.clone()
        })
        .collect()
}

/// Moves a line by whole octaves to where its singer is at home.
fn into_range(desk: &Desk<'_>, notes: &mut [Note]) {
    let keys = notes.iter().map(|n| n.pitch.midi());
    let (Some(low), Some(high)) = (keys.clone().min(), keys.max()) else {
        return;
    };
    let [bottom, top] = desk.profile.range.map(i32::from);
    let [from, to] = desk.profile.sweet.map(i32::from);
    let beyond = |octaves: i32, from: i32, to: i32| {
        (from - (low + 12 * octaves)).max(0) + (high + 12 * octaves - to).max(0)
    };
    // A little beyond one's best notes is nearer to the lead than another octave.
    let by = (-3..=3).min_by_key(|octaves: &i32| {
        (
            beyond(*octaves, bottom, top),
            beyond(*octaves, from - 2, to + 3) + 5 * octaves.abs(),
            octaves.abs(),
        )
    });
    let by = by.unwrap_or(0) as i8;
    for note in notes {
        note.pitch.octave += by;
    }
}

/// The chords of a span of time, cut to it.
fn chords_within(section: &SectionPlan, span: TickSpan) -> Vec<(TickSpan, yuefu_theory::Chord)> {
    section
        .chords
        .iter()
        .filter(|c| c.span.overlaps(span))
        .map(|c| {
            let start = c.span.start.max(span.start);
            (TickSpan::new(start, c.span.end.min(span.end)), c.chord)
        })
        .filter(|(span, _)| span.len() > Ticks::ZERO)
        .collect()
}
