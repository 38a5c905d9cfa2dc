//! A line as verse: syllables, stress, tones, rhyme, images and persons.

use std::collections::BTreeSet;
use yuefu_lang::{Languages, ReadOptions, Rhyme, ToneClass, english, mandarin, verse};

/// A line with all that its choice depends on.
#[derive(Clone, Debug)]
pub struct Line {
    /// As it is written on the sheet.
    pub text: String,
    /// How many syllables are sung.
    pub syllables: usize,
    /// Stress of each syllable, 0 to 2 (English).
    pub stress: Vec<u8>,
    /// Tone class of each syllable (Mandarin); `None` for a neutral tone.
    pub tones: Vec<Option<ToneClass>>,
    /// What it rhymes on.
    pub rhyme: Option<Rhyme>,
    /// Of a Mandarin line that ends on a particle (了, 着, 啊): what stands before it, which has to
    /// rhyme with what stands before the same particle elsewhere.
    pub before: Option<(Rhyme, String)>,
    /// Its last word, which must not rhyme with itself.
    pub last: String,
    /// Content words: two of them in one song are one too many.
    pub images: BTreeSet<String>,
    /// Whom it speaks of.
    pub persons: Persons,
    /// Whether every sign of it can be sung.
    pub singable: bool,
}

/// Whom words speak of, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Persons(u8);

const YOU: u8 = 1;
const THIRD: u8 = 2;
const LORD: u8 = 4;
const YOU_FEMALE: u8 = 8;
const THOU: u8 = 16;

impl Persons {
    /// Of both.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Of somebody else than the one who is addressed: a father, a driver, a cat.
    pub fn apart(self) -> Self {
        Self(self.0 & !THIRD)
    }

    /// Whether one person is called by two names: 你 and 妳, 你 and 君, "you" and "he".
    pub fn clash(self) -> bool {
        let named = [
            YOU | THIRD,
            YOU | LORD,
            YOU | YOU_FEMALE,
            THOU | YOU,
            LORD | THIRD,
        ];
        named.iter().any(|pair| self.0 & pair == *pair)
    }
}

/// Characters that are images by themselves.
const SINGLE: &str = "雨雪月风云星海山花灯酒窗伞船桥路霜雁柳烟舟剑琴笛鼓茶梦泪";

/// Chinese particles, which do not bear the rhyme.
const PARTICLES: &str = "了着啊吗呢吧啦呀";

/// Chinese words of two characters that are no images.
const PLAIN_ZH: &str = "我们 你们 自己 没有 不是 不会 不要 不再 不能 不用 一个 一样 一起 一次 一切 什么 怎么 那么 这么 \
    这样 那样 如果 因为 所以 可是 但是 还是 就是 只是 总是 已经 终于 后来 从前 现在 有人 时候 知道 可以 也许 或许 \
    一直 慢慢 原来 为了 为什么 那个 这个 那年 那天 今天 明天 每一 一点 所有 有些 有时 只有 还有 也是 都是 是不是 起来 \
    下来 出来 过来 回来 以后 之后 以前 最后 地方 多少 如今 就算 只要 直到 再见 他们 那些 这些 哪里 这里 那里 不知 \
    看见 听见 想起 忘记 记得 说过 来不及 舍不得 我会 不怕 好像 当时 曾经 一路 一生";

/// English words that are no images.
const PLAIN_EN: &str = "the and but for nor with from into onto over under above below about after before again \
    still just only even ever never always every each all any some none not now then there here when where while \
    what who how why this that these those you your yours mine our ours him his her she they them their its are \
    was were been being have has had will would could should can may might must don't didn't won't can't couldn't \
    i'm i'll i've i'd you're you'll you've you'd we're we'll we've it's that's there's let's isn't wasn't doesn't \
    got get gets getting come comes came coming going gone went goes make makes made know knows knew known say says said tell tells told \
    take takes took keep keeps kept give gave find found like than too very more most one two way out off down back \
    away through until till because could've let thing things something nothing everything everyone someone want \
    wanted need needed think thought see saw look looks looked feel felt try tried good well long little first last next new old time times";

impl Line {
    /// Reads a line of a language.
    pub fn read(text: &str, lang: &'static str, languages: &Languages) -> Self {
        let reading = languages.read(text, &ReadOptions { lang: Some(lang) });
        let syllables = verse::count(&reading.words);
        let stress = reading
            .words
            .iter()
            .flat_map(|word| verse::weights(word, text))
            .collect();
        let tones = reading
            .words
            .iter()
            .flat_map(|word| {
                word.syllables
                    .iter()
                    .map(|s| verse::tone_class(word.lang, s))
            })
            .collect();
        let written = |span: (usize, usize)| text.get(span.0..span.1).unwrap_or_default();
        let mut images = BTreeSet::new();
        let mut last = String::new();
        for word in &reading.words {
            let text = written(word.span).to_lowercase();
            if word.syllables.is_empty() {
                continue;
            }
            if word.lang == english::CODE {
                last.clone_from(&text);
                let stem = stem(&text);
                if text.len() > 2 && !PLAIN_EN.split_whitespace().any(|plain| plain == text) {
                    images.insert(stem);
                }
            } else {
                last = word
                    .syllables
                    .last()
                    .map(|s| s.text.clone())
                    .unwrap_or_default();
                let signs = text.chars().count();
                if signs >= 2 && !PLAIN_ZH.split_whitespace().any(|plain| plain == text) {
                    images.insert(text.clone());
                }
                for sign in text.chars().filter(|sign| SINGLE.contains(*sign)) {
                    images.insert(sign.to_string());
                }
            }
        }
        let mut words = reading.words.clone();
        let particle = last
            .chars()
            .next()
            .filter(|sign| PARTICLES.contains(*sign) && syllables > 1);
        let before = particle.and_then(|_| {
            while words.last_mut()?.syllables.pop().is_none() {
                words.pop();
            }
            let word = words.iter().rev().find_map(|word| word.syllables.last())?;
            Some((verse::rhyme(&words)?, word.text.clone()))
        });
        Self {
            syllables,
            stress,
            tones,
            rhyme: verse::rhyme(&reading.words),
            before,
            last,
            images,
            persons: persons(text, lang),
            singable: reading.faults.is_empty()
                && syllables > 0
                && reading.words.iter().all(|word| !word.syllables.is_empty()),
            text: text.to_owned(),
        }
    }

    /// How many syllables are stressed.
    pub fn beats(&self) -> usize {
        self.stress.iter().filter(|weight| **weight == 2).count()
    }

    /// How regularly stresses fall, 0 to 1: the share of gaps between stressed syllables that are
    /// one or two light syllables. 1 where there are less than two.
    pub fn regularity(&self) -> f32 {
        let at: Vec<usize> = (0..self.stress.len())
            .filter(|i| self.stress[*i] == 2)
            .collect();
        if at.len() < 2 {
            return 1.0;
        }
        let even = at
            .windows(2)
            .filter(|pair| (2..=3).contains(&(pair[1] - pair[0])));
        even.count() as f32 / (at.len() - 1) as f32
    }

    /// Tone class of the last syllable.
    pub fn close(&self) -> Option<ToneClass> {
        self.tones.last().copied().flatten()
    }

    /// How well the ends of two lines rhyme, 0 to 1; the same word again does not rhyme.
    pub fn rhymes(&self, other: &Self) -> f32 {
        if self.last == other.last {
            return match (&self.before, &other.before) {
                (Some(a), Some(b)) if a.1 != b.1 => verse::score(&a.0, &b.0),
                _ => 0.0,
            };
        }
        match (&self.rhyme, &other.rhyme) {
            (Some(a), Some(b)) if a.lang == english::CODE => verse::score(a, b).max(light(a, b)),
            (Some(a), Some(b)) => verse::score(a, b),
            _ => 0.0,
        }
    }
}

/// Rhymes that songs allow and the dictionary does not: a last syllable without stress ("me",
/// "memory"), and vowels that most singers join ("gone" and "on", "yours" and "pours").
fn light(a: &Rhyme, b: &Rhyme) -> f32 {
    const FULL: [&str; 8] = ["IY", "EY", "AY", "OW", "UW", "AW", "AE", "EH"];
    let joined = |rhyme: &Rhyme| {
        let key = format!("{} ", rhyme.key)
            .replace("UH R ", "AO R ")
            .replace("IH R ", "IY R ");
        if key.starts_with("AO R ") {
            key
        } else {
            key.replace("AO ", "AA ")
        }
    };
    let (long_a, long_b) = (joined(a), joined(b));
    if long_a == long_b {
        return 0.8;
    }
    fn last(key: &str) -> &str {
        let mut starts = key.split(' ').scan(0, |at, phone| {
            let start = *at;
            *at += phone.len() + 1;
            Some((start, phone))
        });
        let vowel = starts
            .by_ref()
            .filter(|(_, phone)| english::arpabet::is_vowel(phone))
            .last();
        &key[vowel.map_or(0, |(start, _)| start)..]
    }
    let (a, b) = (last(&long_a), last(&long_b));
    let full = FULL.iter().any(|vowel| a.starts_with(vowel));
    if a == b && full { 0.6 } else { 0.0 }
}

/// What must be reached to count as a rhyme: Mandarin the same of the thirteen tracks (十三辙),
/// English the same vowel with consonants of one kind, or better.
pub fn enough(lang: &str) -> f32 {
    if lang == mandarin::CODE { 0.7 } else { 0.6 }
}

fn stem(word: &str) -> String {
    let word = word.trim_end_matches("'s");
    for ending in ["ing", "ed", "es", "s"] {
        if let Some(rest) = word.strip_suffix(ending)
            && rest.len() >= 3
        {
            return rest.to_owned();
        }
    }
    word.to_owned()
}

/// Whether words name somebody whom "he" and "she" may stand for, so that they need not be the one
/// who is addressed elsewhere.
pub fn names_somebody(text: &str) -> bool {
    const SOMEBODY: &str = "man father mother kid driver nurse soldier woman girl fellow preacher guard waitress \
        keeper doctor captain grandfather dog uncle teacher stranger baby friend daughter snowman plane";
    let text = text.to_lowercase();
    text.split(|c: char| !c.is_alphabetic())
        .any(|word| SOMEBODY.split_whitespace().any(|known| known == word))
}

fn persons(text: &str, lang: &str) -> Persons {
    let mut bits = 0;
    if lang == mandarin::CODE {
        for sign in text.chars() {
            bits |= match sign {
                '你' | '您' => YOU,
                '妳' => YOU_FEMALE,
                '她' | '他' => THIRD,
                '君' | '卿' => LORD,
                _ => 0,
            };
        }
        // 其他, 他乡, 他日 speak of nobody.
        if ["其他", "他乡", "他日", "他年", "吉他"]
            .iter()
            .any(|word| text.contains(word))
        {
            bits &= !THIRD;
        }
    } else {
        for word in text
            .to_lowercase()
            .split(|c: char| !c.is_alphabetic() && c != '\'')
        {
            let base = word.split('\'').next().unwrap_or_default();
            bits |= match base {
                "you" | "your" | "yours" => YOU,
                "he" | "him" | "his" | "she" | "her" | "hers" => THIRD,
                "thou" | "thee" | "thy" => THOU,
                _ => 0,
            };
        }
    }
    Persons(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_measured() {
        let languages = crate::languages();
        let a = Line::read("晚风吹过旧街口", "cmn", languages);
        let b = Line::read("你说等我到白头", "cmn", languages);
        assert_eq!((a.syllables, b.syllables), (7, 7));
        assert!(a.rhymes(&b) >= enough("cmn"));
        assert_eq!(a.rhymes(&a), 0.0);
        assert!(a.images.contains("风"));
        assert!(a.singable && !Line::read("♥", "cmn", languages).singable);
        let a = Line::read("I left the light on in the hall", "en", languages);
        let b = Line::read("your shadow never left the wall", "en", languages);
        assert_eq!((a.syllables, b.syllables), (8, 8));
        assert!(a.rhymes(&b) >= enough("en"));
        assert!(a.persons.and(Persons(THIRD)) == Persons(THIRD));
        assert!(b.persons.and(Persons(THIRD)).clash());
        assert!(!persons("漂在他乡的你", "cmn").clash());
    }
}
