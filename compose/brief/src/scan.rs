//! Cuts a prompt into values, known words, marks and the rest.

use crate::lexicon::{Lexicon, Meaning, Sense};
use crate::text::{Text, is_han};
use crate::value::{Value, value};
use yuefu_song::score::SectionKind;

/// What stands at a place of the prompt.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    /// A known word with its meanings.
    Word(&'static [Meaning]),
    /// An explicit value.
    Value(Value),
    /// A form in letters, such as `AABA`.
    Form(Vec<SectionKind>),
    /// A comma or a line of the list: ends the scope of a negation.
    Break,
    /// A full stop.
    Stop,
    /// A Chinese enumeration comma, a slash: joins like "or".
    List,
    /// A dash or an arrow.
    Dash,
    /// An unknown word.
    Unknown,
}

/// A piece of the prompt.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// What it is.
    pub what: What,
    /// First character.
    pub start: usize,
    /// The character after it.
    pub end: usize,
    /// Whether it belongs to the title.
    pub in_title: bool,
}

impl Item {
    /// Whether one of its meanings passes a test.
    pub fn means(&self, test: impl Fn(&Sense) -> bool) -> bool {
        matches!(&self.what, What::Word(meanings) if meanings.iter().any(|(sense, _)| test(sense)))
    }

    /// Whether it says nothing by itself.
    pub fn is_filler(&self) -> bool {
        match &self.what {
            What::Word(meanings) => meanings.iter().all(|(sense, _)| {
                matches!(
                    sense,
                    Sense::Filler
                        | Sense::Neutral
                        | Sense::At
                        | Sense::With
                        | Sense::And
                        | Sense::Then
                )
            }),
            What::Dash => true,
            _ => false,
        }
    }
}

/// A title and where it stands: 《…》, `called "…"`, 名为“…”.
pub(crate) fn title(text: &Text) -> Option<(usize, usize)> {
    let close = |open: usize, mark: char| {
        (open..text.len().min(open + 80))
            .find(|i| text.chars[*i] == mark && *i > open)
            .map(|end| (open, end))
    };
    for i in 0..text.len() {
        if text.chars[i] == '《' {
            return close(i + 1, '》');
        }
        let named = (text
            .is_boundary(i)
            .then(|| text.word(i, &["titled", "called", "named", "title", "entitled"]))
            .flatten())
        .or_else(|| {
            ["歌名", "名为", "名叫", "题为", "标题", "叫做", "题目"]
                .iter()
                .find_map(|w| text.literal(i, w))
        });
        if let Some(end) = named {
            let open = text.skip_marks(end, &[':', '=', '是', '为', '叫']);
            if let Some(mark) = ['"', '\'', '」', '』'].into_iter().find(|m| {
                text.at(open)
                    == if *m == '」' {
                        '「'
                    } else if *m == '』' {
                        '『'
                    } else {
                        *m
                    }
            }) {
                return close(open + 1, mark);
            }
        }
    }
    None
}

/// Cuts a prompt.
pub(crate) fn scan(text: &Text) -> Vec<Item> {
    let lexicon = Lexicon::get();
    let title = title(text);
    let mut items: Vec<Item> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let c = text.chars[at];
        if c.is_whitespace() && c != '\n' {
            at += 1;
            continue;
        }
        let in_title = title.is_some_and(|(from, to)| (from..to).contains(&at));
        let word = longest(text, lexicon, at);
        let read = if in_title { None } else { value(text, at) };
        let (what, end) = match (word, read) {
            (Some((meanings, end)), Some((_, value_end))) if end >= value_end => {
                (What::Word(meanings), end)
            }
            (_, Some((value, end))) => (What::Value(value), end),
            (Some((meanings, end)), None) => (What::Word(meanings), end),
            (None, None) => form(text, at)
                .map_or_else(|| other(text, at), |(form, end)| (What::Form(form), end)),
        };
        let end = end.max(at + 1);
        match (&what, items.last_mut()) {
            // Unknown Chinese characters in a row are one unknown word.
            (What::Unknown, Some(last))
                if last.what == What::Unknown
                    && last.end == at
                    && is_han(c)
                    && is_han(text.at(last.start)) =>
            {
                last.end = end
            }
            _ => items.push(Item {
                what,
                start: at,
                end,
                in_title,
            }),
        }
        at = end;
    }
    items
}

/// The longest phrase of the vocabulary that begins here.
fn longest(
    text: &Text,
    lexicon: &'static Lexicon,
    start: usize,
) -> Option<(&'static [Meaning], usize)> {
    let (most_words, most_chars) = lexicon.longest();
    let mut best = None;
    if text.chars[start].is_ascii_alphanumeric() && text.is_boundary(start) {
        let (mut phrase, mut at) = (String::new(), start);
        for count in 0..most_words {
            let Some((word, end)) = latin(text, at) else {
                break;
            };
            if count > 0 {
                phrase.push(' ');
            }
            phrase.push_str(&word);
            if let Some(found) = lexicon.find(&phrase) {
                best = Some((found, end));
            }
            at = gap(text, end);
            if at == end && text.at(at) != '&' && text.at(end - 1) != '&' {
                break;
            }
        }
    }
    // Chinese words, and those that mix both scripts.
    let (mut phrase, mut has_han) = (String::new(), false);
    for end in start..text.len().min(start + most_chars) {
        let c = text.chars[end];
        if c.is_ascii() && !c.is_ascii_alphanumeric() {
            break;
        }
        phrase.push(c);
        has_han |= is_han(c);
        let ends_well = !c.is_ascii_alphanumeric() || text.is_boundary(end + 1);
        if has_han
            && ends_well
            && best.is_none_or(|(_, held)| end + 1 > held)
            && let Some(found) = lexicon.find(&phrase)
        {
            best = Some((found, end + 1));
        }
    }
    best
}

/// The Latin word here, without apostrophes; `&` counts as a word.
fn latin(text: &Text, start: usize) -> Option<(String, usize)> {
    if text.at(start) == '&' {
        return Some(("and".into(), start + 1));
    }
    let (mut word, mut at) = (String::new(), start);
    while at < text.len() {
        match text.chars[at] {
            c if c.is_ascii_alphanumeric() => word.push(c),
            '\'' if !word.is_empty() && text.at(at + 1).is_ascii_alphabetic() => {}
            _ => break,
        }
        at += 1;
    }
    (!word.is_empty()).then_some((word, at))
}

/// The place after what may stand between two words of a phrase.
fn gap(text: &Text, mut at: usize) -> usize {
    while at < text.len() && (matches!(text.chars[at], ' ' | '-' | '_' | '/' | '\'')) {
        at += 1;
    }
    at
}

/// `AABA` and the like, in capitals.
fn form(text: &Text, start: usize) -> Option<(Vec<SectionKind>, usize)> {
    let mut end = start;
    while end < text.len() && matches!(text.typed[end], 'A'..='D') {
        end += 1;
    }
    let letters = &text.typed[start..end];
    let glued = end < text.len() && text.typed[end].is_ascii_alphanumeric();
    let is_form = (3..=12).contains(&letters.len())
        && !glued
        && (start == 0 || !text.typed[start - 1].is_ascii_alphanumeric())
        && letters[0] == 'A'
        && letters.contains(&'B')
        && (!letters.contains(&'C')
            || letters.iter().position(|l| *l == 'C') > letters.iter().position(|l| *l == 'B'));
    let is_song = letters == ['A', 'A', 'B', 'A'];
    is_form.then(|| {
        let kind = |letter: &char| match letter {
            'A' => SectionKind::Verse,
            'B' if is_song => SectionKind::Bridge,
            'B' => SectionKind::Chorus,
            'C' => SectionKind::Bridge,
            _ => SectionKind::Interlude,
        };
        (letters.iter().map(kind).collect(), end)
    })
}

/// Marks and unknown words.
fn other(text: &Text, start: usize) -> (What, usize) {
    let c = text.chars[start];
    let next = start + 1;
    match c {
        '.' | '!' | '?' | '\n' => (What::Stop, next),
        ',' | ';' | ':' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '·' | '…' | '【' | '】' => {
            (What::Break, next)
        }
        '、' | '/' | '+' => (What::List, next),
        '-' | '>' | '→' | '~' | '=' => (What::Dash, next),
        c if c.is_ascii_alphanumeric() => {
            let end = latin(text, start).map_or(next, |(_, end)| end);
            (What::Unknown, end)
        }
        c if is_han(c) => (What::Unknown, next),
        _ => (What::Dash, next),
    }
}
