//! What is said of words that do not suit their tune, and what would.

use super::Words;
use crate::import::Remark;
use yuefu_arrange::{Misfit, Weighed};
use yuefu_lyrics::{
    languages,
    write::{LineShape, Tongue, Wish, line::Line, write},
};
use yuefu_song::SectionKind;

/// Words under a phrase.
pub(crate) struct Fit {
    /// The words.
    pub words: Words,
    /// Their weights.
    pub weighed: Vec<Weighed>,
    /// How many notes the phrase had.
    pub notes: usize,
    /// Where they do not suit each other.
    pub misfits: Vec<Misfit>,
}

/// Contractions that save a syllable, written as they are spoken.
const CONTRACTIONS: [(&str, &str); 22] = [
    ("i am", "I'm"),
    ("you are", "you're"),
    ("we are", "we're"),
    ("they are", "they're"),
    ("it is", "it's"),
    ("that is", "that's"),
    ("there is", "there's"),
    ("he is", "he's"),
    ("she is", "she's"),
    ("i will", "I'll"),
    ("you will", "you'll"),
    ("we will", "we'll"),
    ("i have", "I've"),
    ("we have", "we've"),
    ("you have", "you've"),
    ("i would", "I'd"),
    ("do not", "don't"),
    ("can not", "can't"),
    ("will not", "won't"),
    ("let us", "let's"),
    ("going to", "gonna"),
    ("want to", "wanna"),
];

/// Chinese words that a line can often do without.
const PARTICLES: &str = "的了着就都也还那这又再却便";

/// Attempts at an alternative line.
const TRIES: u64 = 3;

/// Remarks on every phrase that strains its words.
pub(crate) fn advice(fits: &[Fit]) -> Vec<Remark> {
    let mut out = Vec::new();
    for (index, fit) in fits.iter().enumerate() {
        let count = fit.words.syllables.len();
        let number = fit.words.number;
        if count > fit.notes {
            out.push(too_many(fits, index, count - fit.notes));
        }
        let drawn = fit.misfits.iter().find_map(|misfit| match misfit {
            Misfit::Drawn { syllable, notes } => Some((*syllable, *notes)),
            _ => None,
        });
        let silent = fit
            .misfits
            .iter()
            .filter(|m| matches!(m, Misfit::Silent { .. }));
        let silent = silent.count();
        if drawn.is_some() || silent > 0 {
            out.push(too_few(fits, index, drawn, silent));
        }
        let said = |which: fn(&Misfit) -> Option<usize>| -> Vec<usize> {
            fit.misfits.iter().filter_map(which).collect()
        };
        let name = |list: &[usize]| -> String {
            let words = list
                .iter()
                .take(4)
                .filter_map(|s| fit.words.syllables.get(*s));
            let words: Vec<String> = words.map(|s| format!("`{}`", s.text)).collect();
            words.join(", ")
        };
        let hurried = said(|m| match m {
            Misfit::Hurried { syllable } => Some(*syllable),
            _ => None,
        });
        if let Some(first) = hurried.first() {
            let column = fit.words.column(*first);
            let list = name(&hurried);
            out.push(Remark::new(
                format!("line {number}, column {column}: too little time for {list}"),
                format!("第 {number} 行第 {column} 字：{list} 的时间太短"),
            ));
        }
        let accents = said(|m| match m {
            Misfit::Accent { syllable } => Some(*syllable),
            _ => None,
        });
        let heavy = fit.weighed.iter().filter(|w| w.strength > 0.8).count();
        if let (Some(first), true) = (accents.first(), accents.len() * 3 > heavy.max(2)) {
            let column = fit.words.column(*first);
            let list = name(&accents);
            out.push(Remark::new(
                format!("line {number}, column {column}: stress and beat disagree at {list}"),
                format!("第 {number} 行第 {column} 字：{list} 的重音与节拍不合"),
            ));
        }
        let tones = said(|m| match m {
            Misfit::Tone { syllable } => Some(*syllable),
            _ => None,
        });
        if let (Some(first), true) = (tones.first(), tones.len() * 5 > count.max(5) * 2) {
            let column = fit.words.column(*first);
            let list = name(&tones);
            out.push(Remark::new(
                format!(
                    "line {number}, column {column}: the tune goes against the tones of {list}"
                ),
                format!("第 {number} 行第 {column} 字：旋律与 {list} 的声调相反（倒字）"),
            ));
        }
    }
    out
}

fn too_many(fits: &[Fit], index: usize, more: usize) -> Remark {
    let fit = &fits[index];
    let (number, notes) = (fit.words.number, fit.notes);
    let count = fit.words.syllables.len();
    let first = fit.misfits.iter().find_map(|m| match m {
        Misfit::Split { syllable } => Some(*syllable),
        _ => None,
    });
    let column = fit.words.column(first.unwrap_or(0));
    let mut en = format!(
        "line {number}, column {column}: {count} syllables for {notes} notes, {more} too many; \
         notes are struck again"
    );
    let mut zh = format!(
        "第 {number} 行第 {column} 字：{notes} 个音有 {count} 个音节，多 {more} 个；部分音符重复演唱"
    );
    if let Some(shorter) = shortened(fit, more) {
        en += &format!("; this fits: `{shorter}`");
        zh += &format!("；可改为“{shorter}”");
    }
    with_alternative(fits, index, en, zh)
}

fn too_few(fits: &[Fit], index: usize, drawn: Option<(usize, usize)>, silent: usize) -> Remark {
    let fit = &fits[index];
    let (number, notes) = (fit.words.number, fit.notes);
    let count = fit.words.syllables.len();
    let fewer = notes.saturating_sub(count);
    let column = fit.words.column(drawn.map_or(0, |d| d.0));
    let mut en = format!(
        "line {number}, column {column}: {count} syllables for {notes} notes, {fewer} too few"
    );
    let mut zh =
        format!("第 {number} 行第 {column} 字：{notes} 个音只有 {count} 个音节，少 {fewer} 个");
    if let Some((syllable, over)) = drawn {
        let text = &fit.words.syllables[syllable].text;
        en += &format!("; `{text}` is drawn over {over} notes");
        zh += &format!("；“{text}”拖过 {over} 个音");
    }
    if silent > 0 {
        en += &format!("; {silent} notes are silent");
        zh += &format!("；{silent} 个音没有词");
    }
    with_alternative(fits, index, en, zh)
}

fn with_alternative(fits: &[Fit], index: usize, mut en: String, mut zh: String) -> Remark {
    if let Some(line) = alternative(fits, index) {
        en += &format!("; or a line of {} syllables: `{line}`", fits[index].notes);
        zh += &format!("；或换一句 {} 个音节的：“{line}”", fits[index].notes);
    }
    Remark::new(en, zh)
}

/// The words with fewer syllables: contracted, and without words that say little. `None` where that
/// does not save enough.
fn shortened(fit: &Fit, more: usize) -> Option<String> {
    let syllables = &fit.words.syllables;
    let english = syllables.iter().filter(|s| s.lang == "en").count() * 2 > syllables.len();
    let mut words: Vec<(String, f32, usize)> = Vec::new();
    for (syllable, weighed) in syllables.iter().zip(&fit.weighed) {
        match words.last_mut() {
            Some((text, weight, count)) if syllable.continues => {
                text.push_str(&syllable.text);
                *weight = weight.max(weighed.strength);
                *count += 1;
            }
            _ => words.push((syllable.text.clone(), weighed.strength, 1)),
        }
    }
    let mut saved = 0;
    let mut at = 0;
    while english && saved < more && at + 1 < words.len() {
        let pair = format!("{} {}", words[at].0, words[at + 1].0).to_lowercase();
        if let Some((_, short)) = CONTRACTIONS.iter().find(|(long, _)| *long == pair) {
            let gone = words.remove(at + 1);
            let count = words[at].2 + gone.2;
            let left = if short.ends_with("na") { 2 } else { 1 };
            words[at].0 = (*short).to_owned();
            words[at].2 = left;
            saved += count - left;
        }
        at += 1;
    }
    while saved < more {
        // The lightest word of one syllable that is neither first nor last.
        let light = (1..words.len().saturating_sub(1))
            .filter(|i| {
                let (text, weight, count) = &words[*i];
                let little = match english {
                    true => *weight < 0.3,
                    false => PARTICLES.contains(text.as_str()),
                };
                *count == 1 && little
            })
            .min_by(|a, b| words[*a].1.total_cmp(&words[*b].1))?;
        words.remove(light);
        saved += 1;
    }
    let texts: Vec<String> = words.into_iter().map(|w| w.0).collect();
    Some(texts.join(if english { " " } else { "" }))
}

/// A line of the writer's with as many syllables as there are notes, rhyming with a neighbor where
/// the line itself did; `None` in languages that it does not write.
fn alternative(fits: &[Fit], index: usize) -> Option<String> {
    let fit = &fits[index];
    let lang = fit.words.syllables.first()?.lang.as_str();
    let tongue = Tongue::of(lang).ok()?;
    if !(4..=14).contains(&fit.notes) {
        return None;
    }
    let text: Vec<&str> = fits.iter().map(|fit| fit.words.text.as_str()).collect();
    let mut wish = Wish::from_text(&text.join("\n"));
    wish.language = tongue;
    wish.form = vec![SectionKind::Verse];
    let shape = LineShape {
        syllables: fit.notes,
        strong: Vec::new(),
    };
    wish.tune = vec![(SectionKind::Verse, vec![shape; 4])];
    let read = |text: &str| Line::read(text, tongue.code(), languages());
    let beside = [index.checked_sub(1), Some(index + 1), index.checked_sub(2)];
    let beside: Vec<Line> = beside
        .into_iter()
        .flatten()
        .filter_map(|i| fits.get(i))
        .map(|fit| read(&fit.words.text))
        .collect();
    let mut best: Option<(f32, String)> = None;
    for seed in 0..TRIES {
        for line in write(&wish, seed)
            .sections
            .into_iter()
            .flat_map(|s| s.lines)
        {
            let new = read(&line);
            if new.syllables != fit.notes || !new.singable {
                continue;
            }
            let rhyme = beside.iter().map(|other| new.rhymes(other));
            let rhyme = rhyme.fold(0.0, f32::max);
            if best.as_ref().is_none_or(|(least, _)| rhyme > *least) {
                best = Some((rhyme, line));
            }
        }
    }
    best.map(|(_, line)| line)
}
