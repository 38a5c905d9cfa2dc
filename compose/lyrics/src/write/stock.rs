//! The stock: stanzas written for Yuefu, by theme and by place in the song.
//!
//! A file holds one theme in one language. Lines that begin with `@` say what it is about, `[v1]`
//! and so on open a place in the song, and every other line is a **stanza**: lines separated by
//! `/`, couplets by `//`. A line may leave a choice, `{a|b}`, and have words that can be left out,
//! `<x>`; every way to read it makes sense, because each was written for its line. `*…*` in a
//! chorus marks the words that give the title. `#sad` or `#bright` at the end narrows the mood.

use std::sync::OnceLock;

/// Where in a song words belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// The first verse: a scene.
    Scene,
    /// The second verse: what became of it.
    Turn,
    /// Before the chorus: the lift.
    Lift,
    /// The chorus: what the song is about, with its title.
    Hook,
    /// The bridge: another view.
    View,
    /// The end.
    Close,
}

/// Of what feeling words are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mood {
    /// Neither, or both.
    #[default]
    Open,
    /// Sad, longing.
    Sad,
    /// Bright, hopeful.
    Bright,
}

/// What a theme is for a song.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A place, a season, a weather: verses come from it.
    Scene,
    /// What is felt there: choruses come from it.
    Feeling,
    /// Belongs to no theme: takes in the keywords of whoever asks.
    Carrier,
}

/// A stanza as written in the stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stanza {
    /// Couplets in order, each of one or more lines with their choices.
    pub couplets: Vec<Vec<String>>,
    /// Its feeling.
    pub mood: Mood,
    /// Place in its file, which names it.
    pub number: usize,
}

/// A theme in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Its id, such as `rain`; the same in every language.
    pub id: String,
    /// Language of its lines: `cmn` or `en`.
    pub lang: &'static str,
    /// Whether the lines are in the classical manner (古风).
    pub classical: bool,
    /// What it is for a song.
    pub kind: Kind,
    /// Words that call for it, in any language, lower case.
    pub words: Vec<String>,
    /// The feeling of all that is not marked otherwise.
    pub mood: Mood,
    /// Themes that go well with it, best first.
    pub with: Vec<String>,
    /// Its stanzas by place.
    pub stanzas: Vec<(Role, Stanza)>,
}

impl Theme {
    /// Stanzas of a place.
    pub fn of(&self, role: Role) -> impl Iterator<Item = &Stanza> {
        self.stanzas
            .iter()
            .filter(move |(found, _)| *found == role)
            .map(|(_, stanza)| stanza)
    }
}

/// Reads a theme.
///
/// # Errors
/// Says in which line what was expected.
pub fn parse(lang: &'static str, text: &str) -> Result<Theme, String> {
    let mut theme = Theme {
        id: String::new(),
        lang,
        classical: false,
        kind: Kind::Feeling,
        words: Vec::new(),
        mood: Mood::Open,
        with: Vec::new(),
        stanzas: Vec::new(),
    };
    let mut role = None;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        let at = |what: &str| format!("line {}: {what}: `{line}`", number + 1);
        if line.is_empty() || line.starts_with("//") {
            continue;
        }
        if let Some(header) = line.strip_prefix('@') {
            let (name, value) = header.split_once(' ').unwrap_or((header, ""));
            let list = || value.split(',').map(|w| w.trim().to_lowercase());
            match name {
                "id" => theme.id = value.trim().to_owned(),
                "kind" => {
                    theme.kind = match value.trim() {
                        "scene" => Kind::Scene,
                        "feeling" => Kind::Feeling,
                        "carrier" => Kind::Carrier,
                        _ => return Err(at("expected scene, feeling or carrier")),
                    }
                }
                "words" => theme.words.extend(list().filter(|w| !w.is_empty())),
                "with" => theme.with.extend(list().filter(|w| !w.is_empty())),
                "mood" => theme.mood = mood(value.trim()).ok_or_else(|| at("expected a mood"))?,
                "classical" => theme.classical = true,
                _ => {
                    return Err(at(
                        "expected @id, @kind, @words, @with, @mood or @classical",
                    ));
                }
            }
            continue;
        }
        if let Some(place) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            role = Some(match place {
                "v1" => Role::Scene,
                "v2" => Role::Turn,
                "pre" => Role::Lift,
                "chorus" => Role::Hook,
                "bridge" => Role::View,
                "outro" => Role::Close,
                _ => return Err(at("expected v1, v2, pre, chorus, bridge or outro")),
            });
            continue;
        }
        let role =
            role.ok_or_else(|| at("expected a place such as [v1] before the first stanza"))?;
        let (words, mark) = match line.rsplit_once('#') {
            Some((words, mark)) => (
                words,
                Some(mood(mark.trim()).ok_or_else(|| at("expected a mood"))?),
            ),
            None => (line, None),
        };
        let couplets: Vec<Vec<String>> = words
            .split("//")
            .map(|couplet| couplet.split('/').map(|l| l.trim().to_owned()).collect())
            .collect();
        if couplets.iter().flatten().any(String::is_empty) {
            return Err(at("expected words between slashes"));
        }
        if role == Role::Hook
            && theme.kind != Kind::Carrier
            && !matches!(words.matches('*').count(), 2 | 4)
        {
            return Err(at("expected the words of the title between two asterisks"));
        }
        let mood = mark.unwrap_or(theme.mood);
        let number = theme.stanzas.len();
        theme.stanzas.push((
            role,
            Stanza {
                couplets,
                mood,
                number,
            },
        ));
    }
    if theme.id.is_empty() {
        return Err("expected `@id NAME`".to_owned());
    }
    Ok(theme)
}

fn mood(name: &str) -> Option<Mood> {
    Some(match name {
        "open" => Mood::Open,
        "sad" => Mood::Sad,
        "bright" => Mood::Bright,
        _ => return None,
    })
}

/// All ways to read a line with its choices, in a fixed order; at most `most`.
///
/// A choice is `{a|b|}`, words to be left out `<x>`. Choices do not nest.
pub fn expand(line: &str, most: usize) -> Vec<String> {
    let mut parts: Vec<Vec<&str>> = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find(['{', '<']) {
        let close = if rest[at..].starts_with('{') {
            '}'
        } else {
            '>'
        };
        let Some(end) = rest[at..].find(close).map(|end| at + end) else {
            break;
        };
        parts.push(vec![&rest[..at]]);
        let inner = &rest[at + 1..end];
        parts.push(if close == '}' {
            inner.split('|').collect()
        } else {
            vec![inner, ""]
        });
        rest = &rest[end + 1..];
    }
    parts.push(vec![rest]);
    let total = parts
        .iter()
        .fold(1usize, |n, part| n.saturating_mul(part.len()));
    let taken = total.min(most.max(1));
    let mut out = Vec::with_capacity(taken);
    for index in 0..taken {
        // Spread evenly over all ways where not all are taken.
        let mut code = index * total / taken;
        let mut text = String::new();
        for part in &parts {
            text.push_str(part[code % part.len()]);
            code /= part.len();
        }
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if !out.contains(&text) {
            out.push(text);
        }
    }
    out
}

/// The themes that ship, loaded once for the whole process.
pub fn shipped() -> &'static [Theme] {
    static THEMES: OnceLock<Vec<Theme>> = OnceLock::new();
    THEMES.get_or_init(|| {
        let mut themes = Vec::new();
        for (folder, lang) in [
            ("lyrics/zh", yuefu_lang::mandarin::CODE),
            ("lyrics/en", yuefu_lang::english::CODE),
        ] {
            for name in yuefu_data::names(folder).filter(|name| name.ends_with(".txt")) {
                let text = yuefu_data::text(name).unwrap_or_default();
                let theme = parse(lang, text).unwrap_or_else(|why| panic!("{name}: {why}"));
                themes.push(theme);
            }
        }
        themes
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_all_read() {
        assert_eq!(
            expand("a {b|c} <d> e", 9),
            ["a b d e", "a c d e", "a b e", "a c e"]
        );
        assert_eq!(expand("雨<还>在{下|落}", 2), ["雨还在下", "雨还在落"]);
        assert_eq!(expand("plain", 9), ["plain"]);
        assert_eq!(expand("{open", 9), ["{open"]);
    }

    #[test]
    fn a_theme_is_read() {
        let text = "@id rain\n@kind scene\n@words 雨, Rain\n[v1]\na / b // c / d #sad\n[chorus]\n*x* y / z\n";
        let theme = parse("en", text).unwrap();
        assert_eq!(theme.words, ["雨", "rain"]);
        let scene: Vec<_> = theme.of(Role::Scene).collect();
        assert_eq!(scene[0].couplets, [["a", "b"], ["c", "d"]]);
        assert_eq!(scene[0].mood, Mood::Sad);
        assert_eq!(theme.of(Role::Hook).count(), 1);
        assert!(parse("en", "a / b").unwrap_err().contains("line 1"));
        assert!(parse("en", "@id x\n[v1]\na // / b").is_err());
        assert!(parse("en", "@id x\n[chorus]\na / b").is_err());
    }

    #[test]
    fn what_ships_can_be_read() {
        assert!(shipped().iter().any(|theme| theme.lang == "en"));
        assert!(shipped().iter().any(|theme| theme.lang == "cmn"));
    }
}
