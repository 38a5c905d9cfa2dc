//! A line: cut into runs of one language each, with readings and switches in braces.

use crate::language::{Given, Language, Languages, code_of};
use crate::syllable::Word;
use crate::{cantonese, english, japanese, mandarin};

/// What to take for granted when a line is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadOptions<'a> {
    /// Code of the language that ambiguous writing belongs to (Chinese characters may be Mandarin,
    /// Cantonese or Japanese); found from the line where it is not stated.
    pub lang: Option<&'a str>,
}

/// A line as read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineReading {
    /// Words in order; their spans are bytes of the line.
    pub words: Vec<Word>,
    /// What is wrong, in order.
    pub faults: Vec<Fault>,
}

/// How bad a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It is sung otherwise than written, or not at all; the rest is as written.
    Warning,
    /// What is written cannot be meant.
    Error,
}

/// Something in a line that cannot be sung as written, in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// How bad it is.
    pub severity: Severity,
    /// Stable code, such as `unknown-script`.
    pub code: &'static str,
    /// Which bytes of the line.
    pub span: (usize, usize),
    /// What is wrong: English, Chinese.
    pub message: (String, String),
    /// What to do: English, Chinese.
    pub remedy: (String, String),
}

/// Whether a character is Chinese writing.
pub fn is_han(sign: char) -> bool {
    matches!(sign, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{323AF}' | '々' | '〇')
}

/// Whether a character is Japanese kana.
pub fn is_kana(sign: char) -> bool {
    matches!(sign, '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}' | 'ー' | '\u{FF66}'..='\u{FF9F}')
}

/// Whether Cantonese alone is written with a character.
pub fn is_cantonese(sign: char) -> bool {
    "嘅咗唔冇佢哋嚟喺咁嘢啲乜嗰嗌瞓攞諗谂靚冧孭揾".contains(sign)
}

/// A character with its place.
struct Sign {
    at: usize,
    sign: char,
    /// Index of the language, once known.
    lang: Option<usize>,
}

struct Brace {
    /// Number of signs before it.
    after: usize,
    span: (usize, usize),
}

/// Reads a line.
pub(crate) fn read(languages: &Languages, text: &str, options: &ReadOptions<'_>) -> LineReading {
    let mut out = LineReading::default();
    let all: Vec<&dyn Language> = languages.iter().collect();
    let (mut signs, braces) = cut(text, &mut out.faults);
    assign(&all, text, &mut signs, &braces, options, &mut out.faults);
    let mut start = 0;
    while start < signs.len() {
        let Some(lang) = signs[start].lang else {
            start += 1;
            continue;
        };
        let end = signs[start..]
            .iter()
            .position(|sign| sign.lang != Some(lang))
            .map_or(signs.len(), |count| start + count);
        run(all[lang], text, &signs, (start, end), &braces, &mut out);
        start = end;
    }
    for brace in &braces {
        let content = text[brace.span.0 + 1..brace.span.1 - 1].trim();
        let lost = brace.after == 0 || signs[brace.after - 1].lang.is_none();
        if !content.starts_with('@') && lost {
            out.faults.push(Fault {
                severity: Severity::Error,
                code: "reading-without-word",
                span: brace.span,
                message: (
                    format!("the reading {{{content}}} has no word before it"),
                    format!("读音 {{{content}}} 前面没有字词"),
                ),
                remedy: (
                    "write a reading right after its word: 还{huan2}, read{R EH1 D}".to_owned(),
                    "读音紧跟在字词后面写：还{huan2}，read{R EH1 D}".to_owned(),
                ),
            });
        }
    }
    out.faults.sort_by_key(|fault| fault.span);
    out
}

/// One run of one language.
fn run(
    language: &dyn Language,
    text: &str,
    signs: &[Sign],
    (start, end): (usize, usize),
    braces: &[Brace],
    out: &mut LineReading,
) {
    let mut clean = String::new();
    // Where each character of the run begins: in the run, and in the line.
    let mut places = Vec::new();
    let mut given: Vec<Given> = Vec::new();
    for (index, sign) in signs.iter().enumerate().take(end).skip(start) {
        places.push((clean.len(), sign.at));
        clean.push(sign.sign);
        let next = braces.partition_point(|brace| brace.after <= index);
        let here = |brace: &&Brace| brace.after == index + 1;
        for brace in braces[next..].iter().take_while(here) {
            let content = text[brace.span.0 + 1..brace.span.1 - 1].trim();
            if content.starts_with('@') {
                continue;
            }
            match language.given(&clean, content) {
                Ok(one) => {
                    // A later reading of the same word counts.
                    while given.last().is_some_and(|old| old.span.1 > one.span.0) {
                        given.pop();
                    }
                    given.push(one);
                }
                Err(error) => out.faults.push(Fault {
                    severity: Severity::Error,
                    code: "reading",
                    span: brace.span,
                    message: (error.en, error.zh),
                    remedy: (
                        "correct the reading, or take it away to have the word read as usual"
                            .to_owned(),
                        "改正读音，或删去它以按常规朗读".to_owned(),
                    ),
                }),
            }
        }
    }
    let place = |(from, to): (usize, usize)| {
        let first = places
            .partition_point(|(at, _)| *at <= from)
            .saturating_sub(1);
        let last = places.partition_point(|(at, _)| *at < to).saturating_sub(1);
        let begin = places[first].1;
        let end = places[last.max(first)].1;
        let length = text[end..].chars().next().map_or(0, char::len_utf8);
        (begin, end + length)
    };
    for mut word in language.read(&clean, &given) {
        word.span = place(word.span);
        for syllable in &mut word.syllables {
            syllable.span = place(syllable.span);
        }
        if word.syllables.is_empty() {
            let (en, zh) = language.name();
            let written = &text[word.span.0..word.span.1];
            out.faults.push(Fault {
                severity: Severity::Warning,
                code: "unread-word",
                span: word.span,
                message: (
                    format!("`{written}` cannot be read in {en} and is left out"),
                    format!("“{written}”无法用{zh}朗读，已略去"),
                ),
                remedy: unread_remedy(language.code()),
            });
        }
        out.words.push(word);
    }
}

fn unread_remedy(code: &str) -> (String, String) {
    let (en, zh) = match code {
        japanese::CODE => (
            "write it in kana, or give its reading: 夢{ゆめ}",
            "请写成假名，或注明读音：夢{ゆめ}",
        ),
        english::CODE => (
            "give its reading: word{W ER1 D}",
            "请注明读音：word{W ER1 D}",
        ),
        cantonese::CODE => ("give its reading: 嘅{ge3}", "请注明读音：嘅{ge3}"),
        _ => ("give its reading: 还{huan2}", "请注明读音：还{huan2}"),
    };
    (en.to_owned(), zh.to_owned())
}

/// Takes braces and markup out of a line.
fn cut(text: &str, faults: &mut Vec<Fault>) -> (Vec<Sign>, Vec<Brace>) {
    let mut signs: Vec<Sign> = Vec::new();
    let mut braces = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((at, sign)) = rest.next() {
        let close = |end: char| {
            text[at..]
                .find(end)
                .map(|length| at + length + end.len_utf8())
        };
        match sign {
            '{' => match close('}') {
                Some(end) => {
                    braces.push(Brace {
                        after: signs.len(),
                        span: (at, end),
                    });
                    while rest.next_if(|(next, _)| *next < end).is_some() {}
                }
                None => faults.push(stray(at, '{')),
            },
            '}' => faults.push(stray(at, '}')),
            '<' if text[at + 1..]
                .starts_with(|c: char| c.is_ascii_alphabetic() || "/!".contains(c)) =>
            {
                if let Some(end) = close('>') {
                    faults.push(Fault {
                        severity: Severity::Warning,
                        code: "markup",
                        span: (at, end),
                        message: (
                            format!("`{}` is markup and is left out", &text[at..end]),
                            format!("“{}”是网页标记，已略去", &text[at..end]),
                        ),
                        remedy: (
                            "paste the words as plain text".to_owned(),
                            "请粘贴纯文本歌词".to_owned(),
                        ),
                    });
                    while rest.next_if(|(next, _)| *next < end).is_some() {}
                }
            }
            _ => signs.push(Sign {
                at,
                sign,
                lang: None,
            }),
        }
    }
    (signs, braces)
}

fn stray(at: usize, sign: char) -> Fault {
    Fault {
        severity: Severity::Error,
        code: "brace",
        span: (at, at + 1),
        message: (
            format!("`{sign}` has no partner"),
            format!("“{sign}”没有配对"),
        ),
        remedy: (
            "braces hold a reading: 还{huan2}".to_owned(),
            "大括号里写读音：还{huan2}".to_owned(),
        ),
    }
}

/// Gives each character its language.
fn assign(
    all: &[&dyn Language],
    text: &str,
    signs: &mut [Sign],
    braces: &[Brace],
    options: &ReadOptions<'_>,
    faults: &mut Vec<Fault>,
) {
    let index_of = |code: &str| all.iter().position(|language| language.code() == code);
    let mut preferred = options.lang.and_then(index_of);
    if preferred.is_none() {
        // What the line itself says of its Chinese characters.
        preferred = if signs.iter().any(|sign| is_kana(sign.sign)) {
            index_of(japanese::CODE)
        } else if signs.iter().any(|sign| is_cantonese(sign.sign)) {
            index_of(cantonese::CODE)
        } else {
            index_of(mandarin::CODE)
        };
    }
    let mut switches = braces.iter().filter_map(|brace| {
        let name = text[brace.span.0 + 1..brace.span.1 - 1].trim();
        Some((brace, name.strip_prefix('@')?))
    });
    let mut next_switch = switches.next();
    for (index, place) in signs.iter_mut().enumerate() {
        while let Some((brace, name)) = next_switch.filter(|(brace, _)| brace.after <= index) {
            match code_of(name).or(Some(name)).and_then(index_of) {
                Some(lang) => preferred = Some(lang),
                None => faults.push(unknown_language(all, name, brace.span)),
            }
            next_switch = switches.next();
        }
        let sign = place.sign;
        if is_shared(sign) {
            continue;
        }
        let claimed = preferred
            .filter(|lang| all[*lang].claims(sign))
            .or_else(|| all.iter().position(|language| language.claims(sign)));
        place.lang = claimed;
        if claimed.is_none() {
            faults.push(unknown_sign(sign, place.at));
        }
    }
    for (brace, name) in next_switch.into_iter().chain(switches) {
        if code_of(name).or(Some(name)).and_then(index_of).is_none() {
            faults.push(unknown_language(all, name, brace.span));
        }
    }
    share(signs, preferred);
}

/// Digits and punctuation belong to what stands beside them.
fn share(signs: &mut [Sign], preferred: Option<usize>) {
    let mut index = 0;
    while index < signs.len() {
        if signs[index].lang.is_some() || !is_shared(signs[index].sign) {
            index += 1;
            continue;
        }
        let end = signs[index..]
            .iter()
            .position(|sign| !is_shared(sign.sign))
            .map_or(signs.len(), |count| index + count);
        let before = index.checked_sub(1).and_then(|i| signs[i].lang);
        let after = signs.get(end).and_then(|sign| sign.lang);
        let group: Vec<char> = signs[index..end].iter().map(|sign| sign.sign).collect();
        let digit = |sign: &char| sign.is_numeric() || is_money(*sign);
        let numeral = group.iter().any(digit);
        let touches_before = group.first().is_some_and(|sign| !sign.is_whitespace());
        let touches_after = group.last().is_some_and(|sign| !sign.is_whitespace());
        let lang = match (before, after) {
            (Some(before), Some(after)) if numeral && before != after => {
                // A numeral goes with the word it touches, else with the word it counts.
                if touches_before && !touches_after {
                    before
                } else {
                    after
                }
            }
            (Some(before), _) => before,
            (None, Some(after)) => after,
            (None, None) => match preferred.filter(|_| numeral) {
                Some(lang) => lang,
                None => {
                    index = end;
                    continue;
                }
            },
        };
        // Between two languages without a numeral, what follows the word stays with it.
        for sign in &mut signs[index..end] {
            sign.lang = Some(lang);
        }
        index = end;
    }
}

/// Characters that belong to no language of their own.
fn is_shared(sign: char) -> bool {
    sign.is_whitespace()
        || sign.is_ascii_punctuation()
        || sign.is_numeric() && !is_han(sign)
        || is_money(sign)
        || matches!(sign, '\u{2000}'..='\u{206F}' | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{301F}'
            | '・' | '\u{FF01}'..='\u{FF0F}' | '\u{FF1A}'..='\u{FF20}' | '\u{FF3B}'..='\u{FF40}'
            | '\u{FF5B}'..='\u{FF65}' | '·' | '°' | '℃' | '\u{AB}' | '\u{BB}' | '¿' | '¡'
            | '\u{FE0F}' | '−' | '\u{FEFF}' | '\u{AD}' | '´')
}

fn is_money(sign: char) -> bool {
    matches!(sign, '$' | '＄' | '¥' | '￥' | '€' | '£')
}

fn unknown_language(all: &[&dyn Language], name: &str, span: (usize, usize)) -> Fault {
    let codes: Vec<&str> = all.iter().map(|language| language.code()).collect();
    Fault {
        severity: Severity::Error,
        code: "unknown-language",
        span,
        message: (
            format!("`{name}` is no language that can be read"),
            format!("“{name}”不是可以朗读的语言"),
        ),
        remedy: (
            format!("use one of {}", codes.join(", ")),
            format!("可用：{}", codes.join("、")),
        ),
    }
}

fn unknown_sign(sign: char, at: usize) -> Fault {
    let (en, zh) = if sign.is_alphabetic() {
        (
            "belongs to a script that cannot be read yet",
            "属于尚不能朗读的文字",
        )
    } else {
        ("cannot be sung", "无法演唱")
    };
    Fault {
        severity: Severity::Warning,
        code: if sign.is_alphabetic() {
            "unknown-script"
        } else {
            "unsingable"
        },
        span: (at, at + sign.len_utf8()),
        message: (
            format!("`{sign}` (U+{:04X}) {en} and is left out", sign as u32),
            format!("“{sign}”（U+{:04X}）{zh}，已略去", sign as u32),
        ),
        remedy: (
            "write it out in words, or delete it".to_owned(),
            "请改写成文字，或删去".to_owned(),
        ),
    }
}
