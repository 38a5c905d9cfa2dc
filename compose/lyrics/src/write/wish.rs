//! What is asked of the writer.

use crate::tags;
use crate::write::classical;
use crate::write::stock::{Kind, Mood, Theme};
use yuefu_lang::{english, mandarin};
use yuefu_song::SectionKind;

/// The longest text of a wish that is looked at, in characters; the rest is left out.
pub const LONGEST_WISH: usize = 4_000;
/// No form has more sections.
pub const MOST_SECTIONS: usize = 24;
/// No tune has more lines in a section.
pub const MOST_LINES: usize = 32;
/// No line of a tune has more syllables.
pub const MOST_SYLLABLES: usize = 24;

/// What is asked of the writer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wish {
    /// Theme, scene, mood in a person's own words.
    pub text: String,
    /// Ids of themes that must be used, best first; found in `text` where empty.
    pub themes: Vec<String>,
    /// The feeling; found in `text`, then in the themes, where `None`.
    pub mood: Option<Mood>,
    /// Words that must occur.
    pub keywords: Vec<String>,
    /// The language.
    pub language: Tongue,
    /// Whether in the classical manner (古风).
    pub classical: bool,
    /// Sections in order; the usual pop form where empty.
    pub form: Vec<SectionKind>,
    /// How lines rhyme.
    pub rhyme: Scheme,
    /// A tune to fit: for each kind of section the syllables of each line. Sections without an
    /// entry are free.
    pub tune: Vec<(SectionKind, Vec<LineShape>)>,
    /// A tune pattern of the classical lyric (词牌) by its id or name; the form is then its own.
    pub pattern: Option<String>,
    /// Lines of a verse and of a chorus: 2 to 8, even.
    pub lines: Option<usize>,
}

/// The language of the words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tongue {
    /// Mandarin.
    #[default]
    Mandarin,
    /// English.
    English,
}

impl Tongue {
    /// The language of a name, such as `zh`, `English`, 中文.
    ///
    /// # Errors
    /// Says what was expected.
    pub fn of(name: &str) -> Result<Self, WishError> {
        match yuefu_lang::language::code_of(name) {
            Some(mandarin::CODE) => Ok(Self::Mandarin),
            Some(english::CODE) => Ok(Self::English),
            _ => Err(WishError::new(
                format!("words are written in zh or en, not in `{name}`"),
                format!("歌词可用 zh 或 en 写，不能用“{name}”"),
            )),
        }
    }

    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Mandarin => mandarin::CODE,
            Self::English => english::CODE,
        }
    }
}

/// What a line of a tune asks of its words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineShape {
    /// How many syllables it has notes for.
    pub syllables: usize,
    /// Which of them are strong, where that is known; as long as `syllables` or empty.
    pub strong: Vec<bool>,
}

/// How lines rhyme.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scheme {
    /// Letters for the lines of a stanza; `X` rhymes with nothing. Empty: what suits the language.
    pub letters: Vec<char>,
    /// Whether one rhyme runs through the whole song (一韵到底).
    pub one: bool,
    /// One of the thirteen tracks (十三辙) or the eighteen rhymes, for Mandarin.
    pub group: Option<String>,
}

/// Why a wish cannot be used: English, Chinese.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WishError {
    /// In English.
    pub en: String,
    /// In Chinese.
    pub zh: String,
}

impl WishError {
    fn new(en: String, zh: String) -> Self {
        Self { en, zh }
    }
}

impl std::fmt::Display for WishError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.en)
    }
}

impl std::error::Error for WishError {}

/// The thirteen tracks with the name most used for each and the rhymes of the eighteen in them.
pub const TRACKS: [&str; 13] = [
    "发花", "梭坡", "乜斜", "姑苏", "一七", "怀来", "灰堆", "遥条", "油求", "言前", "人辰", "江阳",
    "中东",
];
const EIGHTEEN: &str = "麻波歌皆支儿齐微开姑鱼侯豪寒痕唐庚东";

impl Scheme {
    /// Reads `XAXA`, `AABB`, `one`, `一韵到底`, `江阳`, or some of these with `,` or `+` between.
    ///
    /// # Errors
    /// Says what was expected.
    pub fn parse(text: &str) -> Result<Self, WishError> {
        let mut scheme = Self::default();
        for part in text
            .split([',', '+', '，', ' '])
            .map(str::trim)
            .filter(|p| !p.is_empty())
        {
            let track = part.trim_end_matches(['辙', '韵', '部']);
            if ["one", "一韵到底", "一韵", "single"].contains(&part) {
                scheme.one = true;
            } else if ["free", "none", "不押韵", "自由"].contains(&part) {
                scheme.letters = vec!['X'];
            } else if TRACKS.contains(&track)
                || track.chars().count() == 1 && EIGHTEEN.contains(track)
            {
                scheme.group = Some(track.to_owned());
            } else if part.len() <= 8 && part.chars().all(|c| c.is_ascii_alphabetic()) {
                scheme.letters = part.to_ascii_uppercase().chars().collect();
            } else {
                return Err(WishError::new(
                    format!(
                        "expected a rhyme scheme such as XAXA, AABB, one, free or 江阳, found `{part}`"
                    ),
                    format!("韵式应为 XAXA、AABB、一韵到底、自由，或韵部如 江阳，却是“{part}”"),
                ));
            }
        }
        Ok(scheme)
    }

    /// The letter of a line of a stanza; `X` rhymes with nothing.
    pub fn letter(&self, line: usize) -> char {
        match self.letters.len() {
            0 => {
                if line % 2 == 1 {
                    'A'
                } else {
                    'X'
                }
            }
            count => self.letters[line % count],
        }
    }
}

/// Reads a form: letters (`VPCVPCBC`), or names in either language separated by spaces, commas or
/// dashes (`verse chorus verse chorus`, 主歌、副歌).
///
/// # Errors
/// Says what was expected.
pub fn parse_form(text: &str) -> Result<Vec<SectionKind>, WishError> {
    let fail = |part: &str| {
        WishError::new(
            format!(
                "expected sections such as `verse, chorus, verse, chorus, bridge, chorus` or VPCVPCBC, found `{part}`"
            ),
            format!("曲式应为“主歌、副歌、主歌、副歌、桥段、副歌”或 VPCVPCBC 之类，却是“{part}”"),
        )
    };
    let letter = |c: char| {
        Some(match c.to_ascii_uppercase() {
            'V' | 'A' => SectionKind::Verse,
            'P' => SectionKind::PreChorus,
            'C' => SectionKind::Chorus,
            'B' => SectionKind::Bridge,
            'O' => SectionKind::Outro,
            'I' => SectionKind::Interlude,
            _ => return None,
        })
    };
    let trimmed = text.trim();
    let mut form = Vec::new();
    let all: Option<Vec<SectionKind>> = trimmed.chars().map(letter).collect();
    if let Some(all) = all.filter(|all| !all.is_empty()) {
        form = all;
    } else {
        let parts = trimmed.split([',', '，', '、', ';', '；', '>', '/', '|', ' ']);
        for part in parts
            .map(str::trim)
            .filter(|part| !part.is_empty() && *part != "-")
        {
            let tag = tags::read(part).ok_or_else(|| fail(part))?;
            // `chorus x2` comes in two words: the second repeats the first.
            let (kind, times) = match tag.section {
                Some(kind) => (kind, tag.repeats.unwrap_or(1)),
                None => {
                    let again = tag.repeats.ok_or_else(|| fail(part))?;
                    (*form.last().ok_or_else(|| fail(part))?, again - 1)
                }
            };
            form.extend((0..times).map(|_| kind));
        }
    }
    if form.is_empty() || form.len() > MOST_SECTIONS {
        return Err(fail(trimmed));
    }
    Ok(form)
}

/// Reads a tune: `7 7 5 7`, or for each section `verse: 8 8 8 8; chorus: 7 7 9 7`. In place of a
/// number a row of `x` (weak) and `/` (strong) states the stresses: `x/x/x/x/`.
///
/// # Errors
/// Says what was expected.
pub fn parse_tune(text: &str) -> Result<Vec<(SectionKind, Vec<LineShape>)>, WishError> {
    let fail = |part: &str| {
        WishError::new(
            format!(
                "expected syllables for each line, such as `7 7 5 7`, `verse: 8 8 8 8; chorus: x/x/x/x/ 7`, found `{part}`"
            ),
            format!("应为每行字数，如“7 7 5 7”或“主歌：8 8 8 8；副歌：x/x/x/x/ 7”，却是“{part}”"),
        )
    };
    let mut tune: Vec<(SectionKind, Vec<LineShape>)> = Vec::new();
    for part in text
        .split([';', '；', '\n'])
        .map(str::trim)
        .filter(|p| !p.is_empty())
    {
        let (kinds, counts) = match part.split_once([':', '：']) {
            Some((name, counts)) => {
                let tag = tags::read(name).and_then(|tag| tag.section);
                (vec![tag.ok_or_else(|| fail(name))?], counts)
            }
            None => (vec![SectionKind::Verse, SectionKind::Chorus], part),
        };
        let mut lines = Vec::new();
        for word in counts
            .split([',', '，', ' ', '、'])
            .filter(|w| !w.is_empty())
        {
            let shape = if word.chars().all(|c| c == 'x' || c == '/') {
                LineShape {
                    syllables: word.len(),
                    strong: word.chars().map(|c| c == '/').collect(),
                }
            } else {
                LineShape {
                    syllables: word.parse().map_err(|_| fail(word))?,
                    strong: Vec::new(),
                }
            };
            if !(1..=MOST_SYLLABLES).contains(&shape.syllables) {
                return Err(fail(word));
            }
            lines.push(shape);
        }
        if lines.is_empty() || lines.len() > MOST_LINES {
            return Err(fail(part));
        }
        for kind in kinds {
            tune.retain(|(known, _)| *known != kind);
            tune.push((kind, lines.clone()));
        }
    }
    if tune.is_empty() {
        return Err(fail(text.trim()));
    }
    Ok(tune)
}

const SAD: &[&str] = &[
    "sad",
    "sorrow",
    "cry",
    "tears",
    "lonely",
    "melancholy",
    "broken",
    "heartbreak",
    "miss",
    "lost",
    "goodbye",
    "loss",
    "grief",
    "regret",
    "悲",
    "伤",
    "难过",
    "孤独",
    "寂寞",
    "失恋",
    "分手",
    "离别",
    "思念",
    "想念",
    "遗憾",
    "眼泪",
    "哭",
    "忧",
    "怀念",
    "后悔",
    "失去",
    "凄",
];
const BRIGHT: &[&str] = &[
    "happy",
    "joy",
    "bright",
    "hope",
    "hopeful",
    "cheerful",
    "sunny",
    "upbeat",
    "dance",
    "party",
    "dream",
    "warm",
    "uplifting",
    "brave",
    "快乐",
    "开心",
    "阳光",
    "希望",
    "温暖",
    "明亮",
    "热血",
    "欢",
    "幸福",
    "甜",
    "勇敢",
    "励志",
    "喜",
    "燃",
    "治愈",
];
const CLASSICAL: &[&str] = &[
    "古风",
    "古風",
    "国风",
    "國風",
    "中国风",
    "中國風",
    "古装",
    "武侠",
    "仙侠",
    "江湖",
    "诗词",
    "guofeng",
    "gufeng",
    "ancient chinese",
    "wuxia",
    "汉服",
    "宋词",
    "唐诗",
];

impl Wish {
    /// Understands a line such as `一首关于雨夜想家的歌` or "a sad song about leaving home by train".
    ///
    /// The language is that of the text unless it names one; mood, 古风 and the name of a tune
    /// pattern (词牌) are found in it. Nothing in a text makes this fail.
    pub fn from_text(text: &str) -> Self {
        let text: String = text.chars().take(LONGEST_WISH).collect();
        let lower = text.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| finds(&lower, word));
        let han = text
            .chars()
            .filter(|c| yuefu_lang::line::is_han(*c))
            .count();
        let latin = text.chars().filter(char::is_ascii_alphabetic).count();
        let language = if has(&[
            "英文",
            "英语",
            "in english",
            "english lyrics",
            "english song",
        ]) {
            Tongue::English
        } else if has(&[
            "中文",
            "国语",
            "普通话",
            "in chinese",
            "in mandarin",
            "mandarin",
            "chinese lyrics",
        ]) || han * 3 > latin
        {
            Tongue::Mandarin
        } else if latin > 0 && !has(CLASSICAL) {
            Tongue::English
        } else {
            Tongue::Mandarin
        };
        let mood = match (has(SAD), has(BRIGHT)) {
            (true, false) => Some(Mood::Sad),
            (false, true) => Some(Mood::Bright),
            _ => None,
        };
        let classical = language == Tongue::Mandarin && has(CLASSICAL);
        let pattern = classical::patterns()
            .iter()
            .find(|pattern| text.contains(pattern.name));
        let pattern = pattern.map(|pattern| pattern.name.to_owned());
        Self {
            text,
            mood,
            language,
            classical,
            pattern,
            ..Self::default()
        }
    }

    /// Reads a mood: `sad`, `bright`, `open`, or any word that [`Self::from_text`] knows.
    ///
    /// # Errors
    /// Says what was expected.
    pub fn mood_of(name: &str) -> Result<Mood, WishError> {
        let lower = name.trim().to_lowercase();
        if lower == "open" || lower == "neutral" || lower == "中性" {
            return Ok(Mood::Open);
        }
        let found = Self::from_text(&lower).mood;
        found.ok_or_else(|| {
            WishError::new(
                format!("expected a mood such as sad, bright or open, found `{name}`"),
                format!("情绪应为 悲伤、明亮、中性 之类，却是“{name}”"),
            )
        })
    }
}

/// How well a theme suits a wish: the number of characters of its words found there.
pub fn suits(theme: &Theme, wish: &Wish) -> usize {
    let mut text = wish.text.to_lowercase();
    for keyword in &wish.keywords {
        text.push(' ');
        text.push_str(&keyword.to_lowercase());
    }
    let weight = |word: &&String| {
        let signs = word.chars().count();
        if word.is_ascii() {
            signs.div_ceil(2)
        } else {
            signs * 2
        }
    };
    if theme.kind == Kind::Carrier {
        return 0;
    }
    theme
        .words
        .iter()
        .filter(|word| finds(&text, word))
        .map(|w| weight(&w))
        .sum()
}

/// Whether a text has a word: English between word boundaries (a plural counts), Chinese anywhere.
fn finds(text: &str, word: &str) -> bool {
    if word.is_empty() {
        return false;
    }
    if !word.is_ascii() {
        return text.contains(word);
    }
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let rest = &text[at + word.len()..];
        let rest = rest
            .strip_prefix("es")
            .or_else(|| rest.strip_prefix('s'))
            .unwrap_or(rest);
        let after = rest.chars().next();
        let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        !letter(before) && !letter(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_understood() {
        let wish = Wish::from_text("一首关于雨夜的伤感情歌");
        assert_eq!(
            (wish.language, wish.mood),
            (Tongue::Mandarin, Some(Mood::Sad))
        );
        assert!(Wish::from_text("古风 江南烟雨").classical);
        let wish = Wish::from_text("a hopeful song about the sea");
        assert_eq!(
            (wish.language, wish.mood),
            (Tongue::English, Some(Mood::Bright))
        );
        assert_eq!(
            Wish::from_text("关于夏天，写英文歌词").language,
            Tongue::English
        );
    }

    #[test]
    fn forms_schemes_and_tunes_are_read() {
        use SectionKind::{Bridge, Chorus, Verse};
        assert_eq!(
            parse_form("vcvcbc").unwrap(),
            [Verse, Chorus, Verse, Chorus, Bridge, Chorus]
        );
        assert_eq!(parse_form("主歌、副歌").unwrap(), [Verse, Chorus]);
        assert_eq!(
            parse_form("verse, chorus x2").unwrap(),
            [Verse, Chorus, Chorus]
        );
        assert!(parse_form("banana").is_err() && parse_form("").is_err());
        let scheme = Scheme::parse("one,江阳").unwrap();
        assert!(scheme.one && scheme.group.as_deref() == Some("江阳"));
        assert_eq!(Scheme::parse("aabb").unwrap().letter(5), 'A');
        assert_eq!(Scheme::default().letter(0), 'X');
        assert!(Scheme::parse("%").is_err());
        let tune = parse_tune("verse: 8 8 8 8; chorus: x/x/ 7").unwrap();
        assert_eq!(tune[1].1[0].strong, [false, true, false, true]);
        assert_eq!(parse_tune("7 7 5 7").unwrap().len(), 2);
        assert!(parse_tune("0").is_err() && parse_tune("many").is_err());
    }
}
