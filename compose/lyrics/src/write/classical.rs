//! Tune patterns of the classical lyric (词牌): tables of length, tone and rhyme, and lines that
//! keep them.
//!
//! Lines are put together from phrases of two to four characters that recur in the Song lyrics of
//! the chinese-poetry collection, by how much oftener than by chance their characters meet in one
//! clause there. Tones are those of Modern Standard Mandarin (as the rhymes of 中华新韵 are), not
//! of the medieval rhyme books: a 入声 character counts with the tone it has today.

use crate::write::line::Line;
use crate::write::verbatim::is_verbatim;
use crate::write::wish::{Wish, WishError};
use flate2::read::ZlibDecoder;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read;
use std::sync::OnceLock;
use yuefu_engine::SeedPath;
use yuefu_lang::{ToneClass, mandarin};

/// Candidates for one line that are looked at within a poem.
const EACH: usize = 150;
/// Unfinished poems that are kept.
const WIDTH: usize = 60;
/// Phrases with these are of birthdays, courts and temples, of which hardly a song is sung today.
const LEFT_OUT: &str =
    "富贵功瑶真个沈孤负休寿翁佛庆祝仙母尧舜圣诏朝廷丹炉禅僧道椿岁公侯相丞帝皇阙蟠桃奴妾□○";

/// A tune pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Its name.
    pub name: &'static str,
    /// Its id and other names.
    pub names: Vec<&'static str>,
    /// Its lines.
    pub lines: Vec<Slot>,
    /// Where the second stanza begins.
    pub second: Option<usize>,
}

/// A line of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Tone class of each syllable, `None` where either will do.
    pub tones: Vec<Option<ToneClass>>,
    /// Letter of its rhyme.
    pub rhyme: Option<char>,
    /// Whether it is the line before it again.
    pub again: bool,
}

/// The patterns that ship.
pub fn patterns() -> &'static [Pattern] {
    static PATTERNS: OnceLock<Vec<Pattern>> = OnceLock::new();
    PATTERNS.get_or_init(|| parse(yuefu_data::text("lyrics/patterns.txt").unwrap_or_default()))
}

fn parse(text: &'static str) -> Vec<Pattern> {
    let mut all: Vec<Pattern> = Vec::new();
    for line in text
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty() && !l.starts_with("//"))
    {
        if let Some(names) = line.strip_prefix('@') {
            let mut names = names.split(' ');
            let name = names.next().unwrap_or_default();
            all.push(Pattern {
                name,
                names: names.collect(),
                lines: Vec::new(),
                second: None,
            });
            continue;
        }
        let Some(pattern) = all.last_mut() else {
            continue;
        };
        if line == "--" {
            pattern.second = Some(pattern.lines.len());
        } else if line == "=" {
            let again = pattern.lines.last().cloned();
            pattern.lines.extend(again.map(|slot| Slot {
                again: true,
                ..slot
            }));
        } else {
            let tones = line
                .chars()
                .filter(|c| !c.is_ascii_lowercase())
                .map(|c| match c {
                    'P' => Some(ToneClass::Level),
                    'Z' => Some(ToneClass::Oblique),
                    _ => None,
                });
            let rhyme = line.chars().last().filter(char::is_ascii_lowercase);
            pattern.lines.push(Slot {
                tones: tones.collect(),
                rhyme,
                again: false,
            });
        }
    }
    all
}

/// A pattern by its name or id.
///
/// # Errors
/// Names the patterns that there are.
pub fn pattern(name: &str) -> Result<&'static Pattern, WishError> {
    let lower = name.trim().to_lowercase();
    let known = |p: &&Pattern| p.name == lower || p.names.contains(&lower.as_str());
    patterns().iter().find(known).ok_or_else(|| {
        let names: Vec<&str> = patterns().iter().map(|p| p.name).collect();
        let names = names.join("、");
        WishError {
            en: format!("there is no tune pattern `{name}`; there are {names}"),
            zh: format!("没有词牌“{name}”；现有：{names}"),
        }
    })
}

/// Whether a line keeps its place in a pattern: length and tones.
pub fn keeps(slot: &Slot, line: &Line) -> bool {
    slot.tones.len() == line.tones.len()
        && slot
            .tones
            .iter()
            .zip(&line.tones)
            .all(|(wanted, tone)| wanted.is_none() || wanted == tone)
}

/// A phrase with all that its choice depends on.
#[derive(Clone, Debug)]
struct Phrase {
    text: String,
    signs: Vec<char>,
    tones: Vec<Option<ToneClass>>,
    /// Of the thirteen tracks.
    track: Option<&'static str>,
    worth: f32,
}

/// What was learned of the poems.
struct Learned {
    places: BTreeMap<String, Vec<Phrase>>,
    /// How much oftener than by chance two characters meet, in quarters of a bit.
    meet: HashMap<(char, char), i8>,
}

fn learned() -> &'static Learned {
    static LEARNED: OnceLock<Learned> = OnceLock::new();
    LEARNED.get_or_init(|| {
        let mut text = String::new();
        let packed = yuefu_data::get("lyrics/classical.zz").unwrap_or_default();
        ZlibDecoder::new(packed)
            .read_to_string(&mut text)
            .expect("what is learned is whole, as the tests prove");
        let mut found = Learned {
            places: BTreeMap::new(),
            meet: HashMap::new(),
        };
        for line in text.lines() {
            let parts: Vec<&str> = line.split('\t').collect();
            match parts[..] {
                [place, text, count] => {
                    if text.chars().any(|sign| LEFT_OUT.contains(sign)) {
                        continue;
                    }
                    let read = Line::read(text, mandarin::CODE, crate::languages());
                    let count: u32 = count.parse().unwrap_or(1);
                    found
                        .places
                        .entry(place.to_owned())
                        .or_default()
                        .push(Phrase {
                            text: text.to_owned(),
                            signs: text.chars().collect(),
                            track: read
                                .rhyme
                                .and_then(|rhyme| rhyme.group)
                                .map(|(_, track)| track),
                            tones: read.tones,
                            // Twice as common is a little better, no more: the commonest are worn.
                            worth: 0.25 * (31 - count.leading_zeros()) as f32,
                        });
                }
                [pair, gain] => {
                    let mut signs = pair.chars();
                    if let (Some(a), Some(b), Ok(gain)) = (signs.next(), signs.next(), gain.parse())
                    {
                        found.meet.insert((a, b), gain);
                    }
                }
                _ => {}
            }
        }
        found
    })
}

impl Learned {
    /// How well two rows of characters go together: the mean gain in bits of their pairs.
    fn together(&self, a: &[char], b: &[char]) -> f32 {
        let mut sum = 0;
        for x in a {
            for y in b {
                let pair = if x < y { (*x, *y) } else { (*y, *x) };
                sum += i32::from(self.meet.get(&pair).copied().unwrap_or(0));
            }
        }
        sum as f32 * 0.25 / (a.len() * b.len()).max(1) as f32
    }
}

/// The ways a line of a length is put together of phrases, by their places in the clause.
fn cuts(length: usize) -> &'static [&'static [&'static str]] {
    match length {
        2 => &[&["t2"]],
        3 => &[&["t3"]],
        4 => &[&["t4"], &["h2", "h2"]],
        5 => &[&["h2", "t3"]],
        6 => &[&["h2", "t4"]],
        7 => &[&["h4", "t3"], &["h2", "h2", "t3"]],
        _ => &[],
    }
}

/// A candidate for a line.
#[derive(Clone, Debug)]
struct Candidate {
    text: String,
    signs: Vec<char>,
    track: Option<&'static str>,
    worth: f32,
}

fn candidates(slot: &Slot, theme: &[char], seed: &SeedPath) -> Vec<Candidate> {
    let learned = learned();
    let mut rng = seed.rng();
    let mut all: Vec<Candidate> = Vec::new();
    for cut in cuts(slot.tones.len()) {
        let mut partial = vec![Candidate {
            text: String::new(),
            signs: Vec::new(),
            track: None,
            worth: 0.0,
        }];
        for (index, place) in cut.iter().enumerate() {
            let phrases = learned.places.get(*place).map_or(&[][..], Vec::as_slice);
            let mut next = Vec::new();
            for before in &partial {
                let at = before.signs.len();
                for phrase in phrases {
                    let end = at + phrase.signs.len();
                    let tones = slot.tones.get(at..end).unwrap_or_default();
                    let fits = tones.len() == phrase.tones.len()
                        && tones
                            .iter()
                            .zip(&phrase.tones)
                            .all(|(wanted, tone)| wanted.is_none() || wanted == tone)
                        && !phrase.signs.iter().any(|sign| before.signs.contains(sign));
                    if !fits {
                        continue;
                    }
                    let bond = if at == 0 {
                        0.0
                    } else {
                        1.6 * learned.together(&before.signs, &phrase.signs)
                    };
                    let about = 0.8 * learned.together(theme, &phrase.signs);
                    let named = phrase
                        .signs
                        .iter()
                        .filter(|sign| theme.contains(sign))
                        .count() as f32;
                    let chance = rng.unit() * 0.9;
                    next.push(Candidate {
                        text: format!("{}{}", before.text, phrase.text),
                        signs: [&before.signs[..], &phrase.signs].concat(),
                        track: phrase.track,
                        worth: before.worth + phrase.worth + bond + about + 0.5 * named + chance,
                    });
                }
            }
            next.sort_by(|a, b| {
                b.worth
                    .total_cmp(&a.worth)
                    .then_with(|| a.text.cmp(&b.text))
            });
            // Rows of the first phrase only; of whole lines enough for every rhyme.
            next.truncate(if index + 1 < cut.len() { 100 } else { 3000 });
            partial = next;
        }
        all.extend(partial);
    }
    all.sort_by(|a, b| {
        b.worth
            .total_cmp(&a.worth)
            .then_with(|| a.text.cmp(&b.text))
    });
    all.dedup_by(|a, b| a.text == b.text);
    all
}

/// Characters that a theme calls up.
fn about(wish: &Wish) -> Vec<char> {
    const CALLS: [(&str, &str); 18] = [
        ("雨", "雨烟湿帘"),
        ("月", "月夜清光"),
        ("秋", "秋西风雁黄"),
        ("春", "春花莺柳东"),
        ("冬", "雪梅寒"),
        ("雪", "雪梅寒"),
        ("夏", "荷风蝉莲"),
        ("离", "别离舟亭"),
        ("别", "别离舟亭"),
        ("思", "思梦书愁"),
        ("想", "思梦书愁"),
        ("家", "归乡故江"),
        ("乡", "归乡故江"),
        ("海", "潮帆江波"),
        ("爱", "思红梦"),
        ("酒", "醉杯歌"),
        ("友", "故酒醉"),
        ("江", "江波舟烟"),
    ];
    let mut signs: Vec<char> = Vec::new();
    let texts = wish
        .keywords
        .iter()
        .chain(&wish.themes)
        .chain(std::iter::once(&wish.text));
    for text in texts {
        for (key, called) in CALLS {
            if text.contains(key) {
                signs.extend(called.chars());
            }
        }
    }
    if signs.is_empty() {
        signs.extend("风月花江".chars());
    }
    signs.sort_unstable();
    signs.dedup();
    signs
}

/// A poem to a pattern, one string for each line; fewer where the phrases do not suffice.
pub fn write(pattern: &Pattern, wish: &Wish, seed: &SeedPath) -> Vec<String> {
    let theme = about(wish);
    let learned = learned();
    let choices: Vec<Vec<Candidate>> = pattern
        .lines
        .iter()
        .enumerate()
        .map(|(index, slot)| candidates(slot, &theme, &seed.join("line").join(index)))
        .collect();
    // Each rhyme gets the track in which its lines are worth most together, with some chance.
    let mut tracks: BTreeMap<char, &'static str> = BTreeMap::new();
    let mut rng = seed.join("rhyme").rng();
    let letters: BTreeSet<char> = pattern.lines.iter().filter_map(|slot| slot.rhyme).collect();
    for letter in letters {
        let mut worth: BTreeMap<&'static str, (usize, f32)> = BTreeMap::new();
        for (slot, choices) in pattern.lines.iter().zip(&choices) {
            if slot.rhyme != Some(letter) {
                continue;
            }
            let mut best: BTreeMap<&'static str, f32> = BTreeMap::new();
            for choice in choices {
                if let Some(track) = choice.track {
                    best.entry(track).or_insert(choice.worth);
                }
            }
            for (track, value) in best {
                let entry = worth.entry(track).or_default();
                *entry = (entry.0 + 1, entry.1 + value);
            }
        }
        let taken: Vec<&str> = tracks.values().copied().collect();
        let open = worth
            .into_iter()
            .filter(|(track, _)| !taken.contains(track));
        let rated = open
            .map(|(track, (lines, value))| (track, lines, value / lines as f32 + rng.unit() * 1.2));
        let best = rated.max_by(|a, b| a.1.cmp(&b.1).then(a.2.total_cmp(&b.2)));
        if let Some((track, ..)) = best {
            tracks.insert(letter, track);
        }
    }
    let mut poems: Vec<(Vec<&Candidate>, f32)> = vec![(Vec::new(), 0.0)];
    for (slot, choices) in pattern.lines.iter().zip(&choices) {
        let wanted = slot.rhyme.and_then(|letter| tracks.get(&letter).copied());
        let open: Vec<&Candidate> = choices
            .iter()
            .filter(|choice| slot.rhyme.is_none() || choice.track == wanted)
            .filter(|choice| !is_verbatim(&choice.text))
            // Some characters are read otherwise within a whole line.
            .filter(|choice| {
                let line = Line::read(&choice.text, mandarin::CODE, crate::languages());
                let track = line
                    .rhyme
                    .as_ref()
                    .and_then(|rhyme| rhyme.group)
                    .map(|(_, track)| track);
                keeps(slot, &line) && track == choice.track
            })
            .take(EACH)
            .collect();
        let mut next: Vec<(Vec<&Candidate>, f32)> = Vec::new();
        for (poem, worth) in &poems {
            if slot.again {
                let mut poem = poem.clone();
                poem.extend(poem.last().copied());
                next.push((poem, *worth));
                continue;
            }
            let used: BTreeSet<char> = poem
                .iter()
                .flat_map(|line| line.signs.iter().copied())
                .collect();
            for choice in &open {
                let again = choice
                    .signs
                    .iter()
                    .filter(|sign| used.contains(sign))
                    .count() as f32;
                let bond = poem.last().map_or(0.0, |last| {
                    1.5 * learned.together(&last.signs, &choice.signs)
                });
                let mut poem = poem.clone();
                poem.push(choice);
                next.push((poem, worth + choice.worth + bond - 2.0 * again));
            }
        }
        next.sort_by(|a, b| b.1.total_cmp(&a.1));
        next.truncate(WIDTH);
        if next.is_empty() {
            break;
        }
        poems = next;
    }
    let poem = poems
        .into_iter()
        .next()
        .map(|(poem, _)| poem)
        .unwrap_or_default();
    poem.iter().map(|line| line.text.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_have_the_right_sizes() {
        let sizes = [
            ("忆江南", 27),
            ("如梦令", 33),
            ("浣溪沙", 42),
            ("卜算子", 44),
            ("菩萨蛮", 44),
            ("虞美人", 56),
            ("水调歌头", 95),
        ];
        for (name, size) in sizes {
            let found = pattern(name).unwrap();
            assert_eq!(
                found
                    .lines
                    .iter()
                    .map(|slot| slot.tones.len())
                    .sum::<usize>(),
                size,
                "{name}"
            );
        }
        assert!(pattern("满江红之类").unwrap_err().zh.contains("如梦令"));
    }

    #[test]
    fn every_line_keeps_its_tones_and_rhymes() {
        for found in patterns() {
            for seed in 0..2 {
                let wish = Wish::from_text("秋夜思乡");
                let lines = write(found, &wish, &SeedPath::song(seed));
                assert_eq!(lines.len(), found.lines.len(), "{}", found.name);
                let mut ends: BTreeMap<char, &str> = BTreeMap::new();
                for (slot, text) in found.lines.iter().zip(&lines) {
                    let line = Line::read(text, "cmn", crate::languages());
                    assert!(keeps(slot, &line), "{} {text} {:?}", found.name, line.tones);
                    assert!(!is_verbatim(text));
                    if let Some(letter) = slot.rhyme {
                        let track = line.rhyme.unwrap().group.unwrap().1;
                        assert_eq!(*ends.entry(letter).or_insert(track), track, "{text}");
                    }
                }
            }
        }
    }
}
