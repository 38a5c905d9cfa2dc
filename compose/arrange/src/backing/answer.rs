//! Ad-libs: what stands in brackets in the sheet, answered in the gaps of the lead.

use crate::{
    Desk, level,
    tune::{TunePhrase, sung},
};
use yuefu_song::{
    Note, Score, SectionPlan,
    lyrics::{Delivery, Lyric},
};
use yuefu_theory::Ticks;

/// Ad-libs that stand together: after how many syllables of the lead, and what is sung.
pub type Aside = (usize, Vec<Lyric>);

/// The ad-libs of a line, and the syllables of its lead.
pub fn asides_of(line: &[Lyric]) -> (Vec<Lyric>, Vec<Aside>) {
    let mut main: Vec<Lyric> = Vec::with_capacity(line.len());
    let mut asides: Vec<Aside> = Vec::new();
    let mut open = false;
    for lyric in line {
        if lyric.delivery != Delivery::AdLib {
            main.push(lyric.clone());
            open = false;
            continue;
        }
        match asides.last_mut() {
            Some((_, words)) if open => words.push(lyric.clone()),
            _ => asides.push((main.len(), vec![lyric.clone()])),
        }
        open = true;
    }
    (main, asides)
}

/// The answers to one line: each begins where the lead's syllable before it ends, in eighths. `was`
/// is the score that those at hand were written beside, where it is another.
pub fn notes(
    desk: &Desk<'_>,
    section: &SectionPlan,
    tune: &[TunePhrase],
    number: usize,
    was: Option<&Score>,
) -> Vec<Note> {
    let line = &tune[number];
    let asides = wanted(desk, section, tune, number, was);
    let grid = Ticks::of(1, 16);
    let up = |at: Ticks| Ticks((at.0 + grid.0 - 1).div_euclid(grid.0) * grid.0);
    let bpm = desk.hall.plan.timeline.bpm(line.span.start).max(1.0);
    let eighth = Ticks::of(1, 8);
    let usual = if 30.0 / bpm < 0.17 {
        eighth + eighth
    } else {
        eighth
    };
    let next = tune[number + 1..]
        .iter()
        .find_map(|phrase| phrase.notes.first().map(|n| n.at))
        .unwrap_or(section.span.end)
        .min(section.span.end.max(line.span.end));
    let sung: Vec<&Note> = line.notes.iter().collect();
    let starts: Vec<usize> = (0..sung.len())
        .filter(|i| sung[*i].lyric.is_some())
        .collect();
    let mut rng = desk.section_seed(section).join("answer").join(number).rng();
    let mut out: Vec<Note> = Vec::new();
    let mut free = line.span.start;
    for (after, words) in asides {
        let count = words.len() as i64;
        // When the lead's syllable before it ends.
        let ends = match after {
            0 => None,
            after => {
                let to = starts.get(after).copied().unwrap_or(sung.len());
                sung[..to].last().map(|note| (note.at, note.end()))
            }
        };
        let first = sung.first().map(|n| n.at);
        let mut from = match (ends, first) {
            (Some((_, end)), _) => up(end),
            (None, Some(first)) => (first - usual * count).max(line.span.start),
            (None, None) => line.span.start,
        };
        from = from.max(up(free));
        // What is last must be over when the lead goes on.
        let trailing = after >= starts.len();
        let room = if trailing || first.is_none() {
            next - from
        } else {
            line.span.end - from
        };
        let mut unit = usual;
        if room < unit * count {
            // Over the held end of the lead, if need be.
            if let Some((at, end)) = ends
                && trailing
            {
                let half = up(at + Ticks((end - at).0 / 2)).max(up(free));
                from = from.min(half);
            }
            let room = (next.max(line.span.end) - from).max(grid * count);
            unit = Ticks((room.0 / count).min(usual.0)).max(Ticks(grid.0 / 2));
        }
        let around = sung
            .iter()
            .rev()
            .find(|n| n.at <= from)
            .or(sung.first())
            .map(|n| n.pitch.midi());
        let keys = tune_of(desk, section, from, words.len(), around, rng.chance(0.6));
        for (index, (lyric, key)) in words.into_iter().zip(keys).enumerate() {
            let at = from + unit * index as i64;
            let last = index as i64 + 1 == count;
            let len = match last {
                true => (unit + unit).min((next - at).max(unit)),
                false => unit,
            };
            let mut note = Note::new(at, len, section.key.spell(key), level(0.52));
            note.lyric = Some(Box::new(lyric));
            free = note.end();
            out.push(note);
        }
    }
    out
}

/// What is to be answered in a line: by the sheet, or as the score at hand has it, after as many
/// syllables of the lead as there were before it when it was written.
fn wanted(
    desk: &Desk<'_>,
    section: &SectionPlan,
    tune: &[TunePhrase],
    number: usize,
    was: Option<&Score>,
) -> Vec<Aside> {
    if desk.hall.words.is_some() {
        let lines = desk.hall.lines(section);
        return lines
            .into_iter()
            .nth(number)
            .map_or_else(Vec::new, |l| l.asides);
    }
    let track = desk
        .hall
        .score
        .and_then(|score| score.tracks.iter().find(|t| t.id == desk.member.id));
    let line = &tune[number];
    let Some(phrase) = track
        .into_iter()
        .flat_map(|t| &t.phrases)
        .find(|p| p.span.start == line.span.start)
    else {
        return Vec::new();
    };
    let before = was.map(|was| sung(was, section.span));
    let before = before.into_iter().flatten();
    let mut before = before.filter(|(span, _)| span.start == line.span.start);
    let led = before
        .next()
        .map_or_else(|| line.notes.clone(), |(_, notes)| notes);
    let mut asides: Vec<Aside> = Vec::new();
    for note in &phrase.notes {
        let Some(lyric) = note.lyric.as_deref() else {
            continue;
        };
        let at = phrase.span.start + note.at;
        let before = |n: &&Note| n.lyric.is_some() && n.at < at;
        let after = led.iter().filter(before).count();
        match asides.last_mut() {
            Some((place, words)) if *place == after || lyric.continues => words.push(lyric.clone()),
            _ => asides.push((after, vec![lyric.clone()])),
        }
    }
    asides
}

/// A few notes that end on the chord: from beside the tune, down or up by step.
fn tune_of(
    desk: &Desk<'_>,
    section: &SectionPlan,
    at: Ticks,
    count: usize,
    around: Option<i32>,
    falls: bool,
) -> Vec<i32> {
    let [low, high] = desk.profile.sweet.map(i32::from);
    let [bottom, top] = desk.profile.range.map(i32::from);
    let mut home = around.unwrap_or((low + high) / 2);
    while home > high && home - 12 >= bottom {
        home -= 12;
    }
    while home < low && home + 12 <= top {
        home += 12;
    }
    let chord = desk.hall.chord_at(at).map(|c| c.chord);
    // The last syllable is the goal: a tone of the chord a third or so away from the tune.
    let goal = (bottom..=top)
        .filter(|k| chord.is_none_or(|c| c.has(k.rem_euclid(12) as u8)))
        .min_by_key(|k| ((k - home).abs() - 4).abs() * 2 + (k - (low + high) / 2).abs() / 3)
        .unwrap_or(home);
    let mut keys = vec![goal];
    for index in 1..count {
        let last = keys[keys.len() - 1];
        // Syllables in pairs on one note: `oh yeah`, not a scale exercise.
        let key = match index % 2 {
            0 if count > 3 => last,
            _ => crate::counter::step_in_scale(section, last, falls),
        };
        keys.push(key.clamp(bottom, top));
    }
    keys.reverse();
    keys
}
