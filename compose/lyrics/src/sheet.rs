//! Reads a pasted lyric sheet.

use crate::note::Note;
use crate::tags::{self, Tag};
use std::collections::BTreeMap;
use yuefu_lang::{
    Basis, Fault, Languages, ReadOptions, Severity, line::is_cantonese, line::is_han,
};
use yuefu_song::SectionKind;
use yuefu_song::lyrics::{Delivery, LyricLine, LyricSection, LyricSheet, LyricSyllable, Rest};

/// A sheet longer than this is read up to here, in characters.
pub const LONGEST: usize = 100_000;
/// More findings than this are summed up in one.
const MOST_NOTES: usize = 100;

/// A sheet as read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// Sections, lines and syllables.
    pub sheet: LyricSheet,
    /// What was noticed, in the order of the lines.
    pub notes: Vec<Note>,
}

/// Reads a sheet. Nothing in the text makes this fail: what cannot be sung is named and left out.
///
/// [`LyricSheet::to_text`] gives the text back: unchanged, but for line ends, which become `\n`.
pub fn read(text: &str, languages: &Languages) -> Parsed {
    let mut reader = Reader::new(languages, sheet_language(text));
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut rest = text;
    if let Some((at, _)) = text.char_indices().nth(LONGEST) {
        rest = &text[..text[..at].rfind('\n').unwrap_or(at)];
        let line = rest.matches('\n').count() + 2;
        reader.note(
            Severity::Error,
            "too-long",
            (line, 1),
            (
                format!("the sheet is longer than {LONGEST} characters; the rest is left out"),
                format!("歌词超过 {LONGEST} 字，其余部分已略去"),
            ),
            ("keep the words of one song", "请只保留一首歌的歌词"),
        );
    }
    let text = rest.replace("\r\n", "\n").replace('\r', "\n");
    for (number, line) in text.split('\n').enumerate() {
        reader.line(line, number + 1);
    }
    reader.finish()
}

/// Reads one line again after its words have changed; what is wrong, by bytes of the line.
pub fn reread(
    line: &mut LyricLine,
    lang: Option<&str>,
    delivery: Delivery,
    languages: &Languages,
) -> Vec<Fault> {
    let (syllables, faults) = syllables(&line.text, &line.text, lang, delivery, languages);
    line.syllables = syllables;
    faults
}

/// Cantonese where characters that only Cantonese uses recur; otherwise left to each line.
fn sheet_language(text: &str) -> Option<&'static str> {
    let (mut cantonese, mut han) = (0, 0);
    for sign in text.chars().take(LONGEST) {
        cantonese += usize::from(is_cantonese(sign));
        han += usize::from(is_han(sign));
    }
    (cantonese >= 3 && cantonese * 60 > han).then_some(yuefu_lang::cantonese::CODE)
}

struct Reader<'a> {
    languages: &'a Languages,
    parsed: Parsed,
    /// Lines that are not sung, waiting for the next one that is.
    before: Vec<String>,
    lang: Option<&'static str>,
    delivery: Delivery,
    counts: BTreeMap<&'static str, u32>,
    sung: bool,
}

impl<'a> Reader<'a> {
    fn new(languages: &'a Languages, lang: Option<&'static str>) -> Self {
        Self {
            languages,
            parsed: Parsed::default(),
            before: Vec::new(),
            lang,
            delivery: Delivery::Lead,
            counts: BTreeMap::new(),
            sung: false,
        }
    }

    fn note(
        &mut self,
        severity: Severity,
        code: &'static str,
        (line, column): (usize, usize),
        message: (String, String),
        remedy: (&str, &str),
    ) {
        self.parsed.notes.push(Note {
            severity,
            code,
            line,
            column,
            message,
            remedy: (remedy.0.to_owned(), remedy.1.to_owned()),
        });
    }

    fn line(&mut self, line: &str, number: usize) {
        let trimmed = line.trim();
        if trimmed.is_empty()
            || trimmed.starts_with("//")
            || trimmed.starts_with('#') && self.heading(trimmed)
        {
            self.before.push(line.to_owned());
            return;
        }
        if self.header(trimmed) {
            self.before.push(line.to_owned());
            return;
        }
        // What is not sung is blanked out, so that places stay what they are.
        let mut sung = line.to_owned();
        blank_times(&mut sung);
        let mut delivery = self.delivery;
        while let Some((from, to, content, square)) = leading_bracket(&sung) {
            let content = content.to_owned();
            let alone = sung[to..].trim().is_empty();
            let repeated = alone.then_some(()).and_then(|()| tags::read(&content));
            let found = if alone {
                repeated
            } else {
                tags::read(&content).filter(|_| square)
            };
            match found {
                Some(tag) => {
                    if alone || tag.section.is_some() {
                        self.tag(&tag, &content);
                        delivery = self.delivery;
                    } else {
                        delivery = tag.delivery.unwrap_or(delivery);
                    }
                }
                None if square => {
                    let column = line[..from].chars().count() + 1;
                    self.note(
                        Severity::Warning,
                        "unknown-tag",
                        (number, column),
                        (
                            format!("the tag `[{content}]` is not known; it is kept but does nothing"),
                            format!("标签“[{content}]”无法识别；已保留但不起作用"),
                        ),
                        (
                            "use a section such as [Verse], [Chorus x2], [Bridge], or a delivery such as [Rap], [Whisper]",
                            "可用段落标签如 [主歌]、[副歌 x2]、[桥段]，或演唱方式如 [说唱]、[耳语]",
                        ),
                    );
                }
                None => break,
            }
            blank(&mut sung, from, to);
        }
        if let Some(tag) = heading_tag(&sung) {
            self.tag(&tag, sung.trim().trim_end_matches([':', '：']));
            self.before.push(line.to_owned());
            return;
        }
        if sung.trim().is_empty() {
            self.before.push(line.to_owned());
            return;
        }
        self.words(line, sung, delivery, number);
    }

    /// A line of words.
    fn words(&mut self, line: &str, mut sung: String, delivery: Delivery, number: usize) {
        let repeats = line_repeats(&mut sung);
        if self.parsed.sheet.sections.is_empty() {
            self.open(SectionKind::Verse, "", 1);
        }
        let (syllables, faults) = syllables(line, &sung, self.lang, delivery, self.languages);
        for fault in faults {
            let column = line[..fault.span.0].chars().count() + 1;
            self.parsed.notes.push(Note {
                severity: fault.severity,
                code: fault.code,
                line: number,
                column,
                message: fault.message,
                remedy: fault.remedy,
            });
        }
        self.sung = true;
        let section = self.parsed.sheet.sections.last().map(|s| s.id.clone());
        self.parsed.sheet.lines.push(LyricLine {
            section: section.unwrap_or_default(),
            text: line.to_owned(),
            before: std::mem::take(&mut self.before),
            repeats: repeats.unwrap_or(1),
            syllables,
        });
    }

    /// `# Title`, `## Verse 1`; anything else after `#` is a comment.
    fn heading(&mut self, line: &str) -> bool {
        let content = line.trim_start_matches('#').trim();
        if let Some(tag) = tags::read(content) {
            self.tag(&tag, content);
        } else if line.starts_with("# ") && self.parsed.sheet.title.is_none() && !self.sung {
            self.parsed.sheet.title = Some(content.to_owned());
        }
        true
    }

    /// `Title: …`, `歌名：…`, `《…》`, credits, headers of LRC files. Whether the line is one.
    fn header(&mut self, line: &str) -> bool {
        let title = |text: &str| {
            text.trim()
                .trim_matches(['《', '》', '"', '“', '”'])
                .to_owned()
        };
        if !self.sung && line.starts_with('《') && line.ends_with('》') {
            self.parsed.sheet.title.get_or_insert(title(line));
            return true;
        }
        let inner = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        let (name, value) = match inner.unwrap_or(line).split_once([':', '：']) {
            Some((name, value)) => (name.trim().to_lowercase(), value),
            None => return false,
        };
        let known = |names: &[&str]| names.contains(&name.as_str());
        if known(&["title", "song", "标题", "標題", "歌名", "曲名"])
            || inner.is_some() && name == "ti"
        {
            self.parsed.sheet.title = Some(title(value));
            return true;
        }
        let credit = known(&[
            "artist",
            "singer",
            "album",
            "lyrics",
            "lyricist",
            "words",
            "music",
            "composer",
            "written by",
            "lyrics by",
            "music by",
            "composed by",
            "arranger",
            "producer",
            "author",
            "copyright",
            "词",
            "詞",
            "曲",
            "作词",
            "作詞",
            "作曲",
            "编曲",
            "編曲",
            "演唱",
            "原唱",
            "歌手",
            "填词",
            "填詞",
            "制作人",
            "製作人",
            "专辑",
            "專輯",
            "词曲",
            "作词/作曲",
        ]);
        let lrc = inner.is_some()
            && known(&["ar", "al", "au", "by", "offset", "length", "re", "ve", "la"]);
        (credit || lrc) && !self.sung
    }

    fn tag(&mut self, tag: &Tag, content: &str) {
        if let Some(lang) = tag.lang {
            self.lang = Some(lang);
        }
        if let Some(kind) = tag.section {
            self.delivery = tag.delivery.unwrap_or_default();
            self.open(kind, content, tag.repeats.unwrap_or(1));
        } else if let Some(delivery) = tag.delivery {
            // A rap after sung lines, or singing after a rap, is a part of its own.
            let rap = |d: Delivery| d == Delivery::Rap;
            let id = self.parsed.sheet.sections.last().map(|s| s.id.clone());
            let begun = self
                .parsed
                .sheet
                .lines
                .last()
                .map(|line| line.section.clone());
            if rap(delivery) && id.is_some() && id == begun {
                self.open(SectionKind::Verse, content, tag.repeats.unwrap_or(1));
            }
            self.delivery = delivery;
            // A delivery at the very beginning still opens the first section.
            if self.parsed.sheet.sections.is_empty() {
                self.open(SectionKind::Verse, "", 1);
                self.delivery = delivery;
            }
        } else if let (Some(repeats), Some(section)) =
            (tag.repeats, self.parsed.sheet.sections.last_mut())
        {
            section.repeats = repeats;
        }
    }

    fn open(&mut self, kind: SectionKind, label: &str, repeats: u32) {
        let count = self.counts.entry(kind.name()).or_default();
        *count += 1;
        let id = format!("{}-{count}", kind.name());
        self.parsed.sheet.sections.push(LyricSection {
            id,
            kind,
            label: label.trim().to_owned(),
            repeats,
            same_as: None,
        });
    }

    fn finish(mut self) -> Parsed {
        let sheet = &mut self.parsed.sheet;
        sheet.after = self.before;
        // `[Chorus]` without words means the words of the chorus before.
        let has_words = |id: &str| sheet.lines.iter().any(|line| line.section == id);
        for index in 0..sheet.sections.len() {
            let section = &sheet.sections[index];
            let wordless = [
                SectionKind::Intro,
                SectionKind::Interlude,
                SectionKind::Solo,
                SectionKind::Outro,
            ];
            if has_words(&section.id) || wordless.contains(&section.kind) {
                continue;
            }
            let earlier = sheet.sections[..index]
                .iter()
                .rev()
                .find(|other| other.kind == section.kind && has_words(&other.id))
                .map(|other| other.id.clone());
            sheet.sections[index].same_as = earlier;
        }
        let notes = &mut self.parsed.notes;
        notes.sort_by_key(|note| (note.line, note.column));
        if notes.len() > MOST_NOTES {
            let more = notes.len() - MOST_NOTES;
            let last = notes[MOST_NOTES].clone();
            notes.truncate(MOST_NOTES);
            notes.push(Note {
                severity: Severity::Warning,
                code: "more",
                message: (
                    format!("{more} more findings from here on"),
                    format!("自此还有 {more} 条提示"),
                ),
                remedy: (
                    "correct those above first".to_owned(),
                    "请先处理以上各条".to_owned(),
                ),
                ..last
            });
        }
        self.parsed
    }
}

/// The syllables of a line; `sung` is the line with blanks for what is not sung.
fn syllables(
    line: &str,
    sung: &str,
    lang: Option<&str>,
    delivery: Delivery,
    languages: &Languages,
) -> (Vec<LyricSyllable>, Vec<Fault>) {
    let reading = languages.read(sung, &ReadOptions { lang });
    let (inside, open) = brackets(sung);
    let mut out: Vec<LyricSyllable> = Vec::new();
    for word in &reading.words {
        for (index, syllable) in word.syllables.iter().enumerate() {
            let answer = inside
                .iter()
                .any(|(from, to)| (*from..*to).contains(&syllable.span.0));
            out.push(LyricSyllable {
                text: syllable.text.clone(),
                lang: word.lang.to_owned(),
                reading: syllable.reading.clone(),
                span: syllable.span,
                continues: index > 0,
                given: word.basis == Basis::Given,
                delivery: if answer { Delivery::AdLib } else { delivery },
                rest: Rest::None,
            });
        }
    }
    for index in 0..out.len() {
        let from = out[index].span.1;
        out[index].rest = match out.get(index + 1) {
            Some(next) if next.span.0 >= from => {
                rest_between(&sung[from..next.span.0], &out[index].lang, &next.lang)
            }
            Some(_) => Rest::None,
            None => Rest::Phrase,
        };
    }
    let mut faults = reading.faults;
    if let Some(at) = open {
        let sign = line[at..].chars().next().unwrap_or('(');
        faults.push(Fault {
            severity: Severity::Warning,
            code: "open-bracket",
            span: (at, at + sign.len_utf8()),
            message: (
                format!("the bracket `{sign}` has no partner; it is taken as a pause"),
                format!("括号“{sign}”没有配对；按停顿处理"),
            ),
            remedy: (
                "put ad-libs between two brackets: (oh-oh)".to_owned(),
                "请用一对括号括住和声或衬词：（哦哦）".to_owned(),
            ),
        });
        faults.sort_by_key(|fault| fault.span);
    }
    (out, faults)
}

/// Spans of ad-libs in round brackets, and a bracket without a partner.
fn brackets(text: &str) -> (Vec<(usize, usize)>, Option<usize>) {
    let mut spans = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut stray = None;
    for (at, sign) in text.char_indices() {
        match sign {
            '(' | '（' => open.push(at),
            ')' | '）' => match open.pop() {
                Some(from) => spans.push((from, at)),
                None => stray = stray.or(Some(at)),
            },
            _ => {}
        }
    }
    (spans, stray.or(open.first().copied()))
}

/// What stands between two syllables suggests how the voice rests.
fn rest_between(between: &str, lang: &str, next: &str) -> Rest {
    // Readings in braces are not punctuation.
    let mut text = String::new();
    let mut brace = false;
    for sign in between.chars() {
        match sign {
            '{' => brace = true,
            '}' => brace = false,
            _ if !brace => text.push(sign),
            _ => {}
        }
    }
    let blank_rests = lang != "en" && next != "en" && text.contains([' ', '\u{3000}']);
    if text.contains([
        '。', '！', '？', '.', '!', '?', '…', '—', '；', ';', '~', '～', '(', '（', ')', '）',
    ]) {
        Rest::Phrase
    } else if text.contains(['，', ',', '、', ':', '：', '/', '|', '–'])
        || blank_rests
        || text.contains("  ")
    {
        Rest::Breath
    } else {
        Rest::None
    }
}

/// A bracket at the beginning of a line: bytes, content, whether it is a square one.
fn leading_bracket(line: &str) -> Option<(usize, usize, &str, bool)> {
    let from = line.len() - line.trim_start().len();
    let open = line[from..].chars().next()?;
    let (close, square) = match open {
        '[' => (']', true),
        '【' => ('】', true),
        '［' => ('］', true),
        '(' => (')', false),
        '（' => ('）', false),
        _ => return None,
    };
    let inner = from + open.len_utf8();
    let length = line[inner..].find(close)?;
    let to = inner + length + close.len_utf8();
    // `（副歌）×2` has its count outside.
    Some((from, to, &line[inner..inner + length], square))
}

/// `Verse 1:` or `副歌：` or `（副歌）×2` on a line of its own.
fn heading_tag(line: &str) -> Option<Tag> {
    let line = line.trim();
    if let Some(name) = line.strip_suffix([':', '：']) {
        return tags::read(name);
    }
    let (rest, repeats) = tags::without_repeats(line);
    let open = rest.chars().next().filter(|c| "[【(（［".contains(*c))?;
    let close = rest
        .chars()
        .next_back()
        .filter(|c| "]】)）］".contains(*c))?;
    repeats?;
    let mut tag = tags::read(&rest[open.len_utf8()..rest.len() - close.len_utf8()])?;
    tag.repeats = repeats;
    Some(tag)
}

/// `(x2)`, `×3`, `（重复两遍）` at the end of a line, blanked out.
fn line_repeats(line: &mut String) -> Option<u32> {
    let end = line.trim_end().len();
    let body = &line[..end];
    let close = body.chars().next_back()?;
    if let Some(open) = match close {
        ')' => Some('('),
        '）' => Some('（'),
        ']' => Some('['),
        _ => None,
    } {
        let from = body.rfind(open)?;
        let content = &body[from + open.len_utf8()..end - close.len_utf8()];
        let lower = content.to_lowercase();
        let (rest, repeats) = tags::without_repeats(&lower);
        if rest.is_empty() && repeats.is_some() && from > 0 {
            blank(line, from, end);
            return repeats;
        }
        return None;
    }
    let (rest, repeats) = tags::without_repeats(body);
    let from = body.len() - body.trim_start().len() + rest.len();
    // Without brackets only a sign that no word contains counts.
    if repeats.is_some()
        && from > 0
        && body[from..].contains(['×', '✕', 'x', 'X', '*'])
        && body[from..].starts_with(|c: char| c.is_whitespace() || "×✕*".contains(c))
    {
        blank(line, from, end);
        return repeats;
    }
    None
}

/// Blanks out `[01:23.45]` and `<01:23.45>`, the times of LRC files.
fn blank_times(line: &mut String) {
    let mut from = 0;
    while let Some(at) = line[from..].find(['[', '<']).map(|at| from + at) {
        let close = if line[at..].starts_with('[') {
            ']'
        } else {
            '>'
        };
        let Some(length) = line[at..].find(close) else {
            return;
        };
        let content = &line[at + 1..at + length];
        let time = content.contains(':')
            && content.starts_with(|c: char| c.is_ascii_digit())
            && content
                .chars()
                .all(|c| c.is_ascii_digit() || c == ':' || c == '.');
        if time {
            blank(line, at, at + length + 1);
        }
        from = at + length + 1;
    }
}

/// Writes blanks over bytes that begin and end between characters.
fn blank(line: &mut String, from: usize, to: usize) {
    line.replace_range(from..to, &" ".repeat(to - from));
}
