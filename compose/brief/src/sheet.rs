//! Words of a song within a prompt: what is asked for comes first, the lyric sheet after it.

use crate::read::Reading;
use yuefu_song::brief::{Reason, ReasonKind};

/// Cuts a prompt of several lines before its lyric sheet: a line that says that lyrics follow, or
/// the first tag in square brackets on a line of its own.
///
/// The sheet begins after the former and with the latter. A prompt of one line has no sheet.
pub(crate) fn split(prompt: &str) -> (&str, Option<&str>) {
    let mut at = 0;
    for line in prompt.split_inclusive('\n') {
        let text = line.trim();
        let tag = matches!(
            (text.chars().next(), text.chars().next_back()),
            (Some('['), Some(']')) | (Some('【'), Some('】'))
        );
        let begins = if tag {
            Some(at)
        } else {
            after_heading(line).map(|skip| at + skip)
        };
        if let Some(begins) = begins {
            let words = &prompt[begins..];
            if words.trim().is_empty() || at == 0 && !prompt.trim().contains('\n') {
                return (prompt, None);
            }
            return (&prompt[..at], Some(words));
        }
        at += line.len();
    }
    (prompt, None)
}

/// Bytes of `lyrics:` or `歌词：` at the beginning of a line.
fn after_heading(line: &str) -> Option<usize> {
    let body = line.trim_start();
    let at = body.find([':', '：'])?;
    let name = body[..at].trim().to_lowercase();
    let sign = body[at..].chars().next()?;
    ["lyrics", "words", "歌词", "歌詞"]
        .contains(&name.as_str())
        .then(|| line.len() - body.len() + at + sign.len_utf8())
}

impl Reading {
    /// Takes the lyric sheet of the prompt.
    pub(crate) fn lyrics(&mut self, words: &str) {
        let first = words.lines().find(|line| !line.trim().is_empty());
        self.brief.reasons.push(Reason {
            field: "lyrics".to_owned(),
            value: words.lines().count().to_string(),
            words: first.unwrap_or_default().trim().to_owned(),
            span: (0, 0),
            kind: ReasonKind::Stated,
        });
        self.brief.lyrics = Some(words.trim_matches('\n').to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn words_follow_the_wish() {
        let (wish, words) = split("a slow ballad\n[Verse]\nrain on the roof");
        assert_eq!(
            (wish, words),
            ("a slow ballad\n", Some("[Verse]\nrain on the roof"))
        );
        let (wish, words) = split("国风\n歌词：\n月上西楼");
        assert_eq!((wish, words), ("国风\n", Some("\n月上西楼")));
        assert_eq!(split("pop, lyrics: none").1, None);
        assert_eq!(split("[Verse]").1, None);
        assert_eq!(split("one\ntwo").1, None);
    }
}
