//! Phones as DiffSinger's usual dictionaries name them: for Mandarin those of
//! `opencpop-extension` (initial and final), for English ARPABET in lower case without stress; for
//! other languages the reading as it is.

use yuefu_song::lyrics::Lyric;

/// The phones of a syllable: what comes before its vowel, and the rest.
pub(super) fn phones(lyric: &Lyric) -> (Vec<String>, Vec<String>) {
    match lyric.lang.as_str() {
        "cmn" => mandarin(&lyric.reading),
        "en" => english(&lyric.reading),
        _ => (Vec::new(), vec![lyric.reading.replace(' ', "_")]),
    }
}

const INITIALS: [&str; 21] = [
    "zh", "ch", "sh", "b", "p", "m", "f", "d", "t", "n", "l", "g", "k", "h", "j", "q", "x", "r",
    "z", "c", "s",
];

fn mandarin(reading: &str) -> (Vec<String>, Vec<String>) {
    let plain: String = reading
        .to_lowercase()
        .replace('ü', "v")
        .chars()
        .filter(|c| c.is_ascii_alphabetic())
        .collect();
    if [
        "a", "o", "e", "ai", "ei", "ao", "ou", "an", "en", "ang", "eng", "er",
    ]
    .contains(&&*plain)
    {
        return (Vec::new(), vec![plain]);
    }
    // Syllables without an initial: y and w stand for the glide.
    for (glide, rest) in [
        ("y", plain.strip_prefix('y')),
        ("w", plain.strip_prefix('w')),
    ] {
        if let Some(rest) = rest {
            let rest = match (glide, rest) {
                ("y", "e") => "E",
                ("y", "an") => "En",
                ("y", "u") => "v",
                ("y", "ue") => "ve",
                ("y", "uan") => "van",
                ("y", "un") => "vn",
                (_, rest) => rest,
            };
            return (vec![glide.to_owned()], vec![rest.to_owned()]);
        }
    }
    let Some(initial) = INITIALS.iter().find(|i| plain.starts_with(**i)) else {
        return (Vec::new(), vec![plain]);
    };
    let rest = &plain[initial.len()..];
    let rime = match (*initial, rest) {
        ("zh" | "ch" | "sh" | "r", "i") => "ir",
        ("z" | "c" | "s", "i") => "i0",
        ("j" | "q" | "x", "u") => "v",
        ("j" | "q" | "x", "ue") => "ve",
        ("j" | "q" | "x", "uan") => "van",
        ("j" | "q" | "x", "un") => "vn",
        (_, rest) => rest,
    };
    (vec![(*initial).to_owned()], vec![rime.to_owned()])
}

fn english(reading: &str) -> (Vec<String>, Vec<String>) {
    let all: Vec<&str> = reading.split_whitespace().collect();
    let vowel = all
        .iter()
        .position(|phone| phone.ends_with(|c: char| c.is_ascii_digit()))
        .unwrap_or(0);
    let plain = |phone: &&str| {
        phone
            .trim_end_matches(|c: char| c.is_ascii_digit())
            .to_lowercase()
    };
    (
        all[..vowel].iter().map(plain).collect(),
        all[vowel..].iter().map(plain).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syllables_are_cut_before_their_vowel() {
        let cut = |lang: &str, reading: &str| {
            let (onset, rest) = phones(&Lyric {
                lang: lang.into(),
                reading: reading.into(),
                ..Lyric::default()
            });
            format!("{}|{}", onset.join(" "), rest.join(" "))
        };
        assert_eq!(cut("cmn", "huan2"), "h|uan");
        assert_eq!(cut("cmn", "yue4"), "y|ve");
        assert_eq!(cut("cmn", "shi4"), "sh|ir");
        assert_eq!(cut("cmn", "er2"), "|er");
        assert_eq!(cut("en", "N AY1 T"), "n|ay t");
    }
}
