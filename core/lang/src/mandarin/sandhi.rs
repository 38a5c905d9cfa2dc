//! Tones change each other: 一, 不, and third tones in a row.

use super::dictionary::Span;
use super::pinyin;

/// A syllable of a phrase.
#[derive(Clone, Debug)]
pub struct Spoken {
    /// The character, simplified.
    pub sign: char,
    /// Its reading.
    pub reading: String,
    /// Whether it stays as it is: written in braces, or part of a number read digit by digit.
    pub fixed: bool,
}

/// Changes the readings of one phrase (nothing in it makes the voice pause).
pub fn apply(phrase: &mut [Spoken], words: &[Span]) {
    yi_and_bu(phrase, words);
    third_tones(phrase, words);
}

fn tone(phrase: &[Spoken], at: usize) -> Option<u8> {
    phrase.get(at).map(|spoken| pinyin::tone(&spoken.reading))
}

fn set(phrase: &mut [Spoken], at: usize, tone: u8) {
    if !phrase[at].fixed {
        phrase[at].reading = pinyin::with_tone(&phrase[at].reading, tone);
    }
}

fn yi_and_bu(phrase: &mut [Spoken], words: &[Span]) {
    for at in 0..phrase.len() {
        let reading = phrase[at].reading.as_str();
        let sign = phrase[at].sign;
        let before = at.checked_sub(1).map(|i| phrase[i].sign);
        let after = phrase.get(at + 1).map(|next| next.sign);
        let ends_word = words
            .iter()
            .any(|word| word.end == at + 1 && word.start < at);
        match (sign, reading) {
            ('一', "yi1") => {
                // 看一看, but 一天一天.
                let measured =
                    before.is_some_and(|sign| "天年月日次步点声遍个字句滴层夜分秒".contains(sign));
                let between_twins = before.is_some() && before == after && !measured;
                if between_twins && before != Some('一') {
                    set(phrase, at, 5);
                } else if !is_ordinal(before, after) && !ends_word {
                    // 个 counts as the fourth tone it had before it became neutral.
                    match (tone(phrase, at + 1), after) {
                        (Some(4), _) | (Some(5), Some('个')) => set(phrase, at, 2),
                        (Some(1..=3), _) => set(phrase, at, 4),
                        _ => {}
                    }
                }
            }
            ('不', "bu4") => {
                let between_twins = before.is_some() && before == after;
                if between_twins {
                    set(phrase, at, 5);
                } else if tone(phrase, at + 1) == Some(4) {
                    set(phrase, at, 2);
                }
            }
            _ => {}
        }
    }
}

/// Whether 一 between these two counts or orders rather than measures.
fn is_ordinal(before: Option<char>, after: Option<char>) -> bool {
    const NUMERALS: &str = "零〇一二三四五六七八九十两";
    let date = before == Some('月') && after.is_some_and(|sign| "日号".contains(sign));
    date || before.is_some_and(|sign| "第初周期".contains(sign) || NUMERALS.contains(sign))
        || after.is_some_and(|sign| "月号楼一二三四五六七八九〇零".contains(sign))
}

/// Within a word first, then between words from left to right, where one of the two is a single
/// syllable: longer words keep a little distance, all the more when sung.
fn third_tones(phrase: &mut [Spoken], words: &[Span]) {
    for word in words {
        let thirds = |from: usize, to: usize| (from..to).all(|i| tone(phrase, i) == Some(3));
        let length = word.end - word.start;
        if length == 3 && thirds(word.start, word.end) {
            // 展览 + 馆, but 小 + 老虎: with nothing known of its build, a word of three goes two
            // and one, and the familiar prefixes stand alone.
            let alone = "小老好很有纸冷".contains(phrase[word.start].sign);
            if !alone {
                set(phrase, word.start, 2);
            }
            set(phrase, word.start + 1, 2);
        } else if length == 4 && thirds(word.start, word.end) {
            set(phrase, word.start, 2);
            set(phrase, word.start + 2, 2);
        } else {
            for at in word.start..word.end.saturating_sub(1) {
                if tone(phrase, at) == Some(3) && tone(phrase, at + 1) == Some(3) {
                    set(phrase, at, 2);
                }
            }
        }
    }
    for pair in words.windows(2) {
        let (left, right) = (pair[0], pair[1]);
        let single = left.end - left.start == 1 || right.end - right.start == 1;
        // A single syllable that will change to the second tone itself leaves this one alone only
        // if it has changed already, which happens from left to right.
        if single && tone(phrase, left.end - 1) == Some(3) && tone(phrase, right.start) == Some(3) {
            set(phrase, left.end - 1, 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words divided by spaces, each `character:reading` joined by `+`.
    fn spoken(text: &str) -> String {
        let mut phrase = Vec::new();
        let mut words = Vec::new();
        for word in text.split(' ') {
            let start = phrase.len();
            for part in word.split('+') {
                let (sign, reading) = part.split_once(':').unwrap();
                phrase.push(Spoken {
                    sign: sign.chars().next().unwrap(),
                    reading: reading.to_owned(),
                    fixed: false,
                });
            }
            words.push(Span {
                start,
                end: phrase.len(),
            });
        }
        apply(&mut phrase, &words);
        let readings: Vec<String> = phrase.into_iter().map(|s| s.reading).collect();
        readings.join(" ")
    }

    #[test]
    fn tones_change_by_their_neighbors() {
        for (text, expected) in [
            ("你:ni3+好:hao3", "ni2 hao3"),
            ("一:yi1 个:ge4", "yi2 ge4"),
            ("一:yi1 天:tian1", "yi4 tian1"),
            ("一:yi1+起:qi3", "yi4 qi3"),
            ("第:di4+一:yi1 天:tian1", "di4 yi1 tian1"),
            ("看:kan4 一:yi1 看:kan4", "kan4 yi5 kan4"),
            ("不:bu4 要:yao4", "bu2 yao4"),
            ("不:bu4 来:lai2", "bu4 lai2"),
            ("好:hao3 不:bu4 好:hao3", "hao3 bu5 hao3"),
            ("展:zhan3+览:lan3+馆:guan3", "zhan2 lan2 guan3"),
            ("小:xiao3+老:lao3+虎:hu3", "xiao3 lao2 hu3"),
            ("我:wo3 很:hen3 好:hao3", "wo2 hen2 hao3"),
            ("永:yong3+远:yuan3 美:mei3+好:hao3", "yong2 yuan3 mei2 hao3"),
            ("万:wan4+一:yi1 是:shi4", "wan4 yi1 shi4"),
        ] {
            assert_eq!(spoken(text), expected, "{text}");
        }
    }
}
