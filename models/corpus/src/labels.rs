//! What collections call the sections of songs.

use yuefu_song::SectionKind;

/// Words in section labels and what they mean, the more telling first.
const WORDS: [(&str, SectionKind); 37] = {
    use SectionKind as K;
    [
        ("prechorus", K::PreChorus),
        ("preverse", K::Interlude),
        ("postchorus", K::Chorus),
        ("instchorus", K::Interlude),
        ("chorusinst", K::Interlude),
        ("intchorus", K::Interlude),
        ("instrumentalverse", K::Interlude),
        ("preintro", K::Intro),
        ("intro", K::Intro),
        ("outro", K::Outro),
        ("coda", K::Outro),
        ("ending", K::Outro),
        ("fadeout", K::Outro),
        ("tag", K::Outro),
        ("chorus", K::Chorus),
        ("refrain", K::Chorus),
        ("hook", K::Chorus),
        ("verse", K::Verse),
        ("rap", K::Verse),
        ("bridge", K::Bridge),
        ("middle8", K::Bridge),
        ("breakdown", K::Breakdown),
        ("buildup", K::Build),
        ("build", K::Build),
        ("drop", K::Drop),
        ("interlude", K::Interlude),
        ("solo", K::Solo),
        ("gtr", K::Solo),
        ("guitar", K::Solo),
        ("instrumental", K::Interlude),
        ("inst", K::Interlude),
        ("trans", K::Interlude),
        ("break", K::Interlude),
        ("theme", K::Part),
        ("head", K::Part),
        ("section", K::Part),
        ("mainriff", K::Interlude),
    ]
};

/// What a section's label means: `Pre-Chorus`, `verse2`, `inst`, `(secondary) theme`. `None` for
/// labels that say nothing of it, such as letters, silence and applause.
pub fn section_kind(label: &str) -> Option<SectionKind> {
    let plain: String = label
        .chars()
        .filter(|sign| sign.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    WORDS
        .iter()
        .find(|row| plain.contains(row.0))
        .map(|row| row.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_three_collections_are_understood() {
        use SectionKind as K;
        for (label, kind) in [
            ("Pre-Chorus", Some(K::PreChorus)),
            ("pre-chorus two", Some(K::PreChorus)),
            ("verse2", Some(K::Verse)),
            ("post-chorus", Some(K::Chorus)),
            ("inst", Some(K::Interlude)),
            ("Main_Theme", Some(K::Part)),
            ("trans", Some(K::Interlude)),
            ("fadeout", Some(K::Outro)),
            ("Fade-out", Some(K::Outro)),
            ("silence", None),
            ("A'", None),
            ("", None),
        ] {
            assert_eq!(section_kind(label), kind, "{label}");
        }
    }
}
