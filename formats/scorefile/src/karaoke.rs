//! Words with times: LRC with a time for each word, and SubRip (SRT).
//!
//! LRC has no standard; written is what players agree on: `[mm:ss.xx]` before a line, and the
//! enhanced form's `<mm:ss.xx>` before each word.

use crate::{
    error::{Place, ScoreErrorKind, ScoreFileError},
    model::is_wide,
};
use std::fmt::Write;
use yuefu_song::{
    Note, Role, Score,
    lyrics::{Delivery, Rest},
};
use yuefu_theory::Ticks;

/// A line of words as it is sung.
#[derive(Clone, Debug, PartialEq)]
pub struct SungLine {
    /// Its words and syllables in order; never empty.
    pub words: Vec<SungWord>,
}

/// What is highlighted at once: a word of letters, a Chinese character, a syllable.
#[derive(Clone, Debug, PartialEq)]
pub struct SungWord {
    /// When it begins, in seconds.
    pub start: f64,
    /// When it ends, in seconds; in LRC files that of the line's last word only.
    pub end: f64,
    /// The text, with the blank that follows it.
    pub text: String,
}

impl SungLine {
    /// When it begins, in seconds.
    pub fn start(&self) -> f64 {
        self.words.first().map_or(0.0, |word| word.start)
    }

    /// When it ends, in seconds.
    pub fn end(&self) -> f64 {
        self.words.last().map_or(0.0, |word| word.end)
    }

    /// The whole line.
    pub fn text(&self) -> String {
        let text: String = self.words.iter().map(|word| word.text.as_str()).collect();
        text.trim_end().to_owned()
    }
}

/// The words of a score line by line, with times of the score: a line ends with its phrase, or
/// where the words have a full stop.
pub fn sung_lines(score: &Score) -> Vec<SungLine> {
    let mut out: Vec<SungLine> = Vec::new();
    let second = |at: Ticks| score.timeline.seconds(at.max(Ticks::ZERO));
    let led = score.tracks.iter().any(|track| track.role == Role::Vocal);
    for track in &score.tracks {
        // Voices beside a lead sing its words again; only what they answer is told.
        let beside = led && track.role == Role::Backing;
        let told = |note: &Note| match &note.lyric {
            Some(lyric) => !beside || lyric.delivery == Delivery::AdLib,
            None => true,
        };
        for phrase in &track.phrases {
            if beside && !phrase.notes.iter().any(|n| n.lyric.is_some() && told(n)) {
                continue;
            }
            let mut words: Vec<SungWord> = Vec::new();
            let mut before: Option<String> = None;
            let start = phrase.span.start;
            for note in phrase.notes.iter().filter(|note| told(note)) {
                let end = second(start + note.end());
                let Some(lyric) = &note.lyric else {
                    if let Some(word) = words.last_mut() {
                        word.end = end;
                    }
                    continue;
                };
                let wide = lyric.text.chars().any(is_wide);
                if let (Some(word), true, false) = (words.last_mut(), lyric.continues, wide) {
                    word.text.push_str(&lyric.text);
                    word.end = end;
                } else {
                    let spaced = before
                        .as_ref()
                        .is_some_and(|b| !(wide && b.chars().any(is_wide)));
                    if let (Some(word), true) = (words.last_mut(), spaced) {
                        word.text.push(' ');
                    }
                    words.push(SungWord {
                        start: second(start + note.at),
                        end,
                        text: lyric.text.clone(),
                    });
                }
                before = Some(lyric.text.clone());
                if let (Rest::Breath, Some(word), true) = (lyric.rest, words.last_mut(), wide) {
                    word.text.push(' ');
                    before = None;
                }
            }
            if !words.is_empty() {
                out.push(SungLine { words });
            }
        }
    }
    out.sort_by(|a, b| a.start().total_cmp(&b.start()));
    out
}

/// Minutes, seconds and hundredths.
fn lrc_time(seconds: f64) -> String {
    let hundredths = (seconds.max(0.0) * 100.0).round() as u64;
    format!(
        "{:02}:{:02}.{:02}",
        hundredths / 6000,
        hundredths / 100 % 60,
        hundredths % 100
    )
}

/// Lines as LRC with a time for each word; `length` is that of the recording in seconds.
pub fn write_lrc(lines: &[SungLine], title: &str, artist: &str, length: f64) -> String {
    let mut out = String::new();
    let plain = |text: &str| text.replace(['\n', '\r', '[', ']', '<', '>'], " ");
    for (tag, value) in [("ti", title), ("ar", artist)] {
        if !value.is_empty() {
            let _ = writeln!(out, "[{tag}:{}]", plain(value));
        }
    }
    let whole = length.max(0.0).round() as u64;
    let _ = writeln!(out, "[length:{:02}:{:02}]", whole / 60, whole % 60);
    for line in lines {
        let _ = write!(out, "[{}]", lrc_time(line.start()));
        for word in &line.words {
            let _ = write!(out, "<{}>{}", lrc_time(word.start), plain(&word.text));
        }
        let _ = writeln!(out, "<{}>", lrc_time(line.end()));
    }
    out
}

/// Lines as SubRip subtitles.
pub fn write_srt(lines: &[SungLine]) -> String {
    let time = |seconds: f64| {
        let ms = (seconds.max(0.0) * 1000.0).round() as u64;
        format!(
            "{:02}:{:02}:{:02},{:03}",
            ms / 3_600_000,
            ms / 60_000 % 60,
            ms / 1000 % 60,
            ms % 1000
        )
    };
    let mut out = String::new();
    for (index, line) in lines.iter().enumerate() {
        // A line stays a moment, but never into the next.
        let next = lines.get(index + 1).map_or(f64::MAX, SungLine::start);
        let end = (line.end() + 0.4).min(next).max(line.start() + 0.001);
        let _ = writeln!(
            out,
            "{}\n{} --> {}\n{}\n",
            index + 1,
            time(line.start()),
            time(end),
            line.text().replace(['\n', '\r'], " ")
        );
    }
    out
}

/// Largest LRC file in bytes, and most lines.
const LARGEST: usize = 4 << 20;
const MOST_LINES: usize = 50_000;

/// Reads LRC, with or without times for words. A line with several times is given once for each;
/// an `offset` in milliseconds is obeyed; lines without a time are left out.
///
/// # Errors
/// When the text is too large, or nothing in it has a time.
pub fn read_lrc(text: &str) -> Result<Vec<SungLine>, ScoreFileError> {
    if text.len() > LARGEST {
        return Err(ScoreFileError::new(
            ScoreErrorKind::TooLarge,
            Place::File,
            "an LRC file of at most 4 MiB",
            format!("{} bytes", text.len()),
            "Keep the words of one song.",
        ));
    }
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut offset = 0.0;
    let mut lines: Vec<SungLine> = Vec::new();
    for line in text.lines() {
        let mut rest = line.trim();
        let mut starts = Vec::new();
        while let Some((tag, after)) = rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
            if let Some(at) = parse_time(tag) {
                starts.push(at);
            } else if let Some(value) = tag.strip_prefix("offset:") {
                // Positive: the words come earlier.
                let ms: f64 = value.trim().parse().unwrap_or(0.0);
                offset = if ms.is_finite() {
                    -ms.clamp(-6e5, 6e5) / 1000.0
                } else {
                    0.0
                };
            } else if starts.is_empty() {
                break;
            }
            rest = after.trim_start();
        }
        for start in starts {
            if lines.len() >= MOST_LINES {
                break;
            }
            if let Some(line) = words_of(rest, start + offset, offset) {
                lines.push(line);
            }
        }
    }
    if lines.is_empty() {
        return Err(ScoreFileError::new(
            ScoreErrorKind::Unrecognized,
            Place::File,
            "lines that begin with a time such as [00:12.34]",
            "none",
            "Give an LRC file.",
        ));
    }
    lines.sort_by(|a, b| a.start().total_cmp(&b.start()));
    // A word lasts until the next begins, where nothing else is said.
    for index in 0..lines.len() {
        let next = lines.get(index + 1).map(SungLine::start);
        let words = &mut lines[index].words;
        for at in 0..words.len() {
            let follows = words.get(at + 1).map(|word| word.start);
            let word = &mut words[at];
            if word.end < word.start {
                let end = follows.or(next).unwrap_or(word.start + 3.0);
                word.end = end.max(word.start);
            }
        }
    }
    Ok(lines)
}

/// `mm:ss`, `mm:ss.xx` or `mm:ss:xx`.
fn parse_time(text: &str) -> Option<f64> {
    let (minutes, seconds) = text.trim().split_once(':')?;
    let minutes: u32 = minutes.parse().ok().filter(|m| *m < 6000)?;
    let seconds: f64 = seconds.replace(':', ".").parse().ok()?;
    let plain = text
        .chars()
        .all(|c| c.is_ascii_digit() || c == ':' || c == '.');
    (plain && (0.0..60.0).contains(&seconds)).then(|| f64::from(minutes) * 60.0 + seconds)
}

/// The words of a line with `<mm:ss.xx>` before them; one word where there are none. Ends that are
/// not stated lie before their starts.
fn words_of(text: &str, start: f64, offset: f64) -> Option<SungLine> {
    let mut words: Vec<SungWord> = Vec::new();
    let mut at = start;
    let mut rest = text;
    loop {
        let mark = rest
            .char_indices()
            .filter(|(_, c)| *c == '<')
            .find_map(|(open, _)| {
                let close = rest[open..].find('>')? + open;
                Some((open, close, parse_time(&rest[open + 1..close])?))
            });
        let (before, next) = match mark {
            Some((open, close, time)) => (&rest[..open], Some((time + offset, &rest[close + 1..]))),
            None => (rest, None),
        };
        if let (Some((time, _)), Some(word)) = (next, words.last_mut())
            && before.is_empty()
        {
            word.end = time;
        }
        if !before.is_empty() {
            words.push(SungWord {
                start: at,
                end: next.map_or(f64::MIN, |(time, _)| time.max(at)),
                text: before.to_owned(),
            });
        }
        let Some((time, after)) = next else { break };
        at = time.max(at);
        rest = after;
    }
    words.retain(|word| !word.text.trim().is_empty());
    (!words.is_empty()).then_some(SungLine { words })
}
