//! Words are written: from a wish to a lyric sheet.
//!
//! ```
//! use yuefu_lyrics::write::{Wish, write};
//! let written = write(&Wish::from_text("雨夜里想家"), 7);
//! let parsed = yuefu_lyrics::read(&written.sheet_text, yuefu_lyrics::languages());
//! assert_eq!(parsed.sheet.title.as_deref(), Some(written.title.as_str()));
//! assert!(parsed.notes.is_empty());
//! ```
//!
//! The words come from a stock written for Yuefu (`data/lyrics`): stanzas by theme and by place in
//! the song. Which of them meet in a song, and in which reading, is a search over rhyme, length of
//! lines, stress, images, persons, mood and keywords. See `docs/lyrics-writer.md`.

pub mod classical;
pub mod line;
pub mod model;
pub mod pool;
pub mod report;
pub mod search;
pub mod session;
pub mod stock;
pub mod verbatim;
pub mod wish;

pub use model::{BuiltIn, LyricWriter, Model, Transport};
pub use report::{Remark, Report};
pub use session::{Session, Step};
pub use stock::Mood;
pub use wish::{LineShape, Scheme, Tongue, Wish, WishError};

use line::Line;
use pool::Pool;
use search::Need;
use stock::Role;
use yuefu_engine::SeedPath;
use yuefu_song::SectionKind;

/// Words as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The title.
    pub title: String,
    /// A lyric sheet that [`crate::read`] reads without a finding.
    pub sheet_text: String,
    /// Sections in order; one without lines repeats the words of the last of its kind.
    pub sections: Vec<Section>,
    /// Ids of the themes that were used, best first.
    pub themes: Vec<String>,
    /// What was measured.
    pub report: Report,
    /// What could not be done as wished.
    pub remarks: Vec<Remark>,
}

/// A section as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// What it is.
    pub kind: SectionKind,
    /// Its lines.
    pub lines: Vec<String>,
}

/// The form where none is asked for.
pub const USUAL: [SectionKind; 9] = {
    use SectionKind::{Bridge, Chorus, Outro, PreChorus, Verse};
    [
        Verse, PreChorus, Chorus, Verse, PreChorus, Chorus, Bridge, Chorus, Outro,
    ]
};

/// Writes a song's words. The same wish and seed give the same words.
///
/// What cannot be done as wished is done as nearly as the stock allows, and said in
/// [`Written::remarks`].
pub fn write(wish: &Wish, seed: u64) -> Written {
    composed(wish, seed).1
}

/// Words with the pool that they come from.
fn composed(wish: &Wish, seed: u64) -> (Pool, Written) {
    let languages = crate::languages();
    let seed = SeedPath::song(seed).join("lyrics");
    if let Some(Ok(pattern)) = wish.pattern.as_deref().map(classical::pattern) {
        return (Pool::default(), poem(pattern, wish, &seed));
    }
    let pool = Pool::new(stock::shipped(), wish, &seed, languages);
    let form = if wish.form.is_empty() {
        &USUAL[..]
    } else {
        &wish.form
    };
    let (needs, places) = needs(wish, form);
    let schemes = schemes(wish);
    let lang = wish.language.code();
    let draft = search::write(&pool, &needs, &schemes, lang);
    let parts = draft.map(|draft| draft.parts).unwrap_or_default();
    let title = parts
        .iter()
        .flatten()
        .find_map(|couplet| couplet.title.clone())
        .or_else(|| {
            parts
                .iter()
                .flatten()
                .next()
                .map(|c| c.lines[0].text.clone())
        })
        .unwrap_or_default();
    let title = if wish.language == Tongue::English {
        headline(&title)
    } else {
        title
    };
    let filled: Vec<Vec<&Line>> = parts
        .iter()
        .map(|part| part.iter().flat_map(|couplet| &couplet.lines).collect())
        .collect();
    let sections: Vec<Section> = form
        .iter()
        .zip(&places)
        .map(|(kind, place)| {
            let lines = place.map(|place| filled.get(place).cloned().unwrap_or_default());
            let lines = lines.unwrap_or_default();
            let mut lines: Vec<String> = lines.iter().map(|line| line.text.clone()).collect();
            if *kind == SectionKind::Outro && lines.is_empty() && !title.is_empty() {
                lines.push(title.clone());
            }
            Section { kind: *kind, lines }
        })
        .collect();
    let (report, remarks) = report::of(wish, &needs, &schemes, &filled);
    let written = Written {
        sheet_text: sheet(&title, &sections, wish.language),
        title,
        sections,
        themes: pool.themes.clone(),
        report,
        remarks,
    };
    (pool, written)
}

/// A poem to a tune pattern (词牌): each of its stanzas is a verse.
fn poem(pattern: &classical::Pattern, wish: &Wish, seed: &SeedPath) -> Written {
    let lines = classical::write(pattern, wish, seed);
    let (first, second) = lines.split_at(pattern.second.unwrap_or(lines.len()).min(lines.len()));
    let sections: Vec<Section> = [first, second]
        .iter()
        .filter(|lines| !lines.is_empty())
        .map(|lines| Section {
            kind: SectionKind::Verse,
            lines: lines.to_vec(),
        })
        .collect();
    // 如梦令·西风: the pattern, and what the first line begins with.
    let opening: String = lines
        .first()
        .map(|line| line.chars().take(2).collect())
        .unwrap_or_default();
    let title = format!("{}·{opening}", pattern.name);
    let (report, remarks) = report::of_pattern(pattern, &lines);
    Written {
        sheet_text: sheet(&title, &sections, Tongue::Mandarin),
        title,
        sections,
        themes: Vec::new(),
        report,
        remarks,
    }
}

/// What is to be written, the chorus first since all leads there; and for each section of the form
/// which of them it takes: `None` where it repeats the words of the last of its kind.
fn needs(wish: &Wish, form: &[SectionKind]) -> (Vec<Need>, Vec<Option<usize>>) {
    let lines = wish.lines.unwrap_or(4).clamp(2, 8) / 2 * 2;
    let mut needs: Vec<(u8, usize, Need)> = Vec::new();
    let mut places: Vec<Option<usize>> = Vec::new();
    for (index, kind) in form.iter().enumerate() {
        let earlier = form[..index].iter().filter(|other| *other == kind).count();
        let shape = wish
            .tune
            .iter()
            .find(|(known, _)| known == kind)
            .map(|(_, shape)| shape.clone())
            .unwrap_or_default();
        let count = |usual: Option<usize>| {
            if shape.is_empty() {
                usual
            } else {
                Some(shape.len())
            }
        };
        let (order, role, lines, tune) = match kind {
            SectionKind::Chorus if earlier == 0 => (0, Role::Hook, count(Some(lines)), "chorus"),
            SectionKind::Verse if earlier == 0 => (1, Role::Scene, count(Some(lines)), "verse"),
            SectionKind::Verse => (2, Role::Turn, count(Some(lines)), "verse"),
            SectionKind::PreChorus if earlier == 0 => (3, Role::Lift, count(None), "lift"),
            SectionKind::Bridge if earlier == 0 => (4, Role::View, count(None), "bridge"),
            SectionKind::Outro if earlier == 0 => (5, Role::Close, count(None), "outro"),
            _ => {
                places.push(None);
                continue;
            }
        };
        places.push(Some(index));
        needs.push((
            order,
            index,
            Need {
                role,
                lines,
                tune,
                shape,
            },
        ));
    }
    needs.sort_by_key(|(order, index, _)| (*order, *index));
    let at = |index: usize| needs.iter().position(|(_, found, _)| *found == index);
    let places = places.into_iter().map(|place| place.and_then(at)).collect();
    (needs.into_iter().map(|(.., need)| need).collect(), places)
}

/// The schemes that are tried; the best one is taken.
fn schemes(wish: &Wish) -> Vec<Scheme> {
    if !wish.rhyme.letters.is_empty() {
        return vec![wish.rhyme.clone()];
    }
    let usual: &[&str] = match wish.language {
        Tongue::Mandarin => &["XAXA", "AABB"],
        Tongue::English => &["AABB", "XAXA", "ABAB"],
    };
    let scheme = |letters: &&str| Scheme {
        letters: letters.chars().collect(),
        ..wish.rhyme.clone()
    };
    usual.iter().map(scheme).collect()
}

/// English words as a title: capitals but for the small words within.
fn headline(text: &str) -> String {
    const SMALL: [&str; 16] = [
        "a", "an", "the", "and", "or", "but", "of", "in", "on", "at", "to", "for", "with", "by",
        "is", "as",
    ];
    let words = text
        .trim_matches([',', '.', ' ', '!', '?'])
        .split_whitespace();
    let word = |(index, word): (usize, &str)| {
        if index > 0 && SMALL.contains(&word) {
            return word.to_owned();
        }
        let mut letters = word.chars();
        let first = letters.next().map(|c| c.to_uppercase().collect::<String>());
        first.unwrap_or_default() + letters.as_str()
    };
    words.enumerate().map(word).collect::<Vec<_>>().join(" ")
}

/// The sheet of a song.
pub fn sheet(title: &str, sections: &[Section], language: Tongue) -> String {
    let chinese = language == Tongue::Mandarin;
    let mut text = String::new();
    if !title.is_empty() {
        text = if chinese {
            format!("歌名：{title}\n")
        } else {
            format!("Title: {title}\n")
        };
    }
    let mut verses = 0;
    for section in sections {
        let name = match (section.kind, chinese) {
            (SectionKind::Verse, true) => "主歌",
            (SectionKind::PreChorus, true) => "预副歌",
            (SectionKind::Chorus, true) => "副歌",
            (SectionKind::Bridge, true) => "桥段",
            (SectionKind::Outro, true) => "尾声",
            (SectionKind::Interlude, true) => "间奏",
            (SectionKind::Intro, true) => "前奏",
            (SectionKind::Solo, true) => "独奏",
            (SectionKind::Verse, false) => "Verse",
            (SectionKind::PreChorus, false) => "Pre-Chorus",
            (SectionKind::Chorus, false) => "Chorus",
            (SectionKind::Bridge, false) => "Bridge",
            (SectionKind::Outro, false) => "Outro",
            (SectionKind::Intro, false) => "Intro",
            (SectionKind::Solo, false) => "Solo",
            (SectionKind::Interlude, false) => "Interlude",
            (kind, _) => kind.name(),
        };
        if section.kind == SectionKind::Verse {
            verses += 1;
            text.push_str(&format!("\n[{name} {verses}]\n"));
        } else {
            text.push_str(&format!("\n[{name}]\n"));
        }
        for line in &section.lines {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}
