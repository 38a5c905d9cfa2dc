//! Tags of lyric sheets: sections, deliveries, languages, repeats; English and Chinese.

use yuefu_lang::language::code_of;
use yuefu_song::SectionKind;
use yuefu_song::lyrics::Delivery;

/// What a tag says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tag {
    /// The section that it opens.
    pub section: Option<SectionKind>,
    /// How what follows is delivered.
    pub delivery: Option<Delivery>,
    /// The language of what follows.
    pub lang: Option<&'static str>,
    /// How often it is sung.
    pub repeats: Option<u32>,
}

/// No section or line is repeated more often.
pub const MOST_REPEATS: u32 = 32;

const SECTIONS: &[(SectionKind, &[&str])] = &[
    (
        SectionKind::Intro,
        &[
            "intro",
            "introduction",
            "opening",
            "prelude",
            "前奏",
            "引子",
            "序",
            "开头",
            "開頭",
        ],
    ),
    (
        SectionKind::Verse,
        &["verse", "v", "strophe", "主歌", "正歌", "a段"],
    ),
    (
        SectionKind::PreChorus,
        &[
            "pre-chorus",
            "prechorus",
            "pre chorus",
            "pre",
            "lift",
            "预副歌",
            "預副歌",
            "导歌",
            "導歌",
            "前副歌",
            "过渡",
            "過渡",
        ],
    ),
    (
        SectionKind::Chorus,
        &[
            "chorus",
            "refrain",
            "hook",
            "final chorus",
            "last chorus",
            "post-chorus",
            "post chorus",
            "副歌",
            "高潮",
            "主打句",
            "最后副歌",
            "最後副歌",
            "后副歌",
            "合唱段",
            "b段",
        ],
    ),
    (
        SectionKind::Bridge,
        &[
            "bridge",
            "middle 8",
            "middle eight",
            "桥段",
            "橋段",
            "桥",
            "橋",
            "c段",
            "bridge段",
        ],
    ),
    (
        SectionKind::Interlude,
        &[
            "interlude",
            "instrumental",
            "instrumental break",
            "break",
            "间奏",
            "間奏",
            "过门",
            "過門",
            "纯音乐",
        ],
    ),
    (
        SectionKind::Solo,
        &[
            "solo",
            "guitar solo",
            "piano solo",
            "sax solo",
            "violin solo",
            "drum solo",
            "独奏",
            "獨奏",
            "吉他独奏",
            "吉他solo",
            "钢琴独奏",
        ],
    ),
    (
        SectionKind::Build,
        &["build", "build-up", "buildup", "build up", "铺垫", "鋪墊"],
    ),
    (SectionKind::Drop, &["drop", "beat drop", "爆发", "爆發"]),
    (SectionKind::Breakdown, &["breakdown", "回落"]),
    (
        SectionKind::Outro,
        &[
            "outro", "ending", "end", "coda", "tag", "fade out", "尾奏", "尾声", "尾聲", "结尾",
            "結尾", "尾",
        ],
    ),
];

const DELIVERIES: &[(Delivery, &[&str])] = &[
    (
        Delivery::Lead,
        &[
            "lead",
            "lead vocal",
            "sung",
            "singing",
            "主唱",
            "演唱",
            "独唱",
            "獨唱",
        ],
    ),
    (
        Delivery::AdLib,
        &[
            "ad-lib", "adlib", "ad lib", "ad-libs", "adlibs", "即兴", "即興", "垫音", "墊音",
        ],
    ),
    (
        Delivery::Harmony,
        &[
            "harmony",
            "harmonies",
            "backing vocals",
            "background vocals",
            "choir",
            "all",
            "和声",
            "和聲",
            "合唱",
            "伴唱",
            "和音",
        ],
    ),
    (
        Delivery::Whisper,
        &[
            "whisper",
            "whispered",
            "whispers",
            "耳语",
            "耳語",
            "低语",
            "低語",
            "气声",
            "氣聲",
        ],
    ),
    (
        Delivery::Rap,
        &["rap", "rapped", "rap verse", "说唱", "說唱", "饶舌", "饒舌"],
    ),
    (
        Delivery::Spoken,
        &[
            "spoken",
            "spoken word",
            "speech",
            "monologue",
            "narration",
            "念白",
            "口白",
            "独白",
            "獨白",
            "旁白",
            "朗诵",
            "朗誦",
            "说白",
        ],
    ),
];

/// Reads what stands between the brackets of a tag; `None` where it is none.
pub fn read(content: &str) -> Option<Tag> {
    let mut tag = Tag::default();
    // Parts: `Verse 2 - Rap`, `Chorus: Harmony`, `副歌·合唱`.
    for part in content.split([':', '：', ',', '，', '|', '/', '·', '–', '—', ';', '+']) {
        for part in part.split(" - ") {
            let part = part.trim();
            if !part.is_empty() {
                one(part, &mut tag)?;
            }
        }
    }
    (tag != Tag::default()).then_some(tag)
}

fn one(part: &str, tag: &mut Tag) -> Option<()> {
    let lower = half_width(part).to_lowercase();
    let (name, repeats) = without_repeats(&lower);
    if let Some(repeats) = repeats {
        tag.repeats = Some(repeats);
        if name.is_empty() {
            return Some(());
        }
    }
    let name = name.trim();
    if let Some(rest) = name
        .strip_prefix("lang=")
        .or_else(|| name.strip_prefix("language "))
    {
        tag.lang = Some(code_of(rest)?);
        return Some(());
    }
    if let Some(lang) = code_of(name).filter(|_| name.chars().count() > 1 && name != "no") {
        tag.lang = Some(lang);
        return Some(());
    }
    let bare = without_number(name);
    for (kind, names) in SECTIONS {
        if names.contains(&bare) || names.contains(&name) {
            tag.section = Some(*kind);
            return Some(());
        }
    }
    for (delivery, names) in DELIVERIES {
        if names.contains(&bare) {
            tag.delivery = Some(*delivery);
            return Some(());
        }
    }
    // `rap verse`, `说唱主歌`, `whispered chorus`: a delivery before a section.
    for (delivery, names) in DELIVERIES {
        for known in *names {
            if let Some(rest) = bare.strip_prefix(known) {
                let rest = rest.trim();
                let section = SECTIONS.iter().find(|(_, names)| names.contains(&rest));
                if let Some((kind, _)) = section {
                    tag.delivery = Some(*delivery);
                    tag.section = Some(*kind);
                    return Some(());
                }
            }
        }
    }
    None
}

/// `chorus x2`, `副歌×2`, `重复两遍`, `repeat 2 times`: the rest, and how often.
pub fn without_repeats(text: &str) -> (&str, Option<u32>) {
    let text = text.trim();
    let number = |word: &str| -> Option<u32> {
        let word = word.trim();
        let value = match word {
            "两" | "二" | "兩" | "twice" => 2,
            "三" | "thrice" => 3,
            "四" => 4,
            "五" => 5,
            _ => word.parse().ok()?,
        };
        (1..=MOST_REPEATS).contains(&value).then_some(value)
    };
    for (prefix, suffix) in [
        ("重复", "遍"),
        ("重复", "次"),
        ("重複", "遍"),
        ("重複", "次"),
        ("反复", "遍"),
        ("反复", "次"),
        ("repeat", "times"),
        ("repeat", "x"),
        ("repeat", ""),
    ] {
        if let Some(at) = text.rfind(prefix)
            && let Some(inner) = text[at + prefix.len()..].strip_suffix(suffix)
        {
            if let Some(count) = number(inner) {
                return (text[..at].trim_end(), Some(count));
            }
            if inner.trim().is_empty() {
                return (text[..at].trim_end(), Some(2));
            }
        }
    }
    // x2, ×2, *2, 2x
    if let Some(at) = text.rfind(['x', 'X', '×', '*', '✕']) {
        let sign = text[at..].chars().next().map_or(1, char::len_utf8);
        let before = text[..at].chars().next_back();
        let apart = before.is_none_or(|c| !c.is_ascii_alphabetic());
        if apart && let Some(count) = number(&text[at + sign..]) {
            return (text[..at].trim_end(), Some(count));
        }
        if at + sign == text.len() {
            let digits = text[..at].len()
                - text[..at]
                    .trim_end_matches(|c: char| c.is_ascii_digit())
                    .len();
            if digits > 0
                && let Some(count) = number(&text[at - digits..at])
            {
                return (text[..at - digits].trim_end(), Some(count));
            }
        }
    }
    (text, None)
}

/// Without the number after or before a name: `verse 2`, `verse ii`, `主歌二`, `第二段主歌`.
fn without_number(name: &str) -> &str {
    const CHINESE: [char; 11] = [
        '一', '二', '三', '四', '五', '六', '七', '八', '九', '十', '两',
    ];
    let mut bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || CHINESE.contains(&c));
    for roman in [" i", " ii", " iii", " iv", " v"] {
        bare = bare.strip_suffix(roman).unwrap_or(bare);
    }
    bare = bare.trim_end_matches(['.', '#', ' ', '第']);
    if let Some(rest) = bare.strip_prefix('第')
        && let Some(at) = rest.find(['段', '遍', '次'])
    {
        let sign = rest[at..].chars().next().map_or(0, char::len_utf8);
        bare = rest[at + sign..].trim();
    }
    if bare.is_empty() { name } else { bare }
}

fn half_width(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
            '\u{3000}' => ' ',
            _ => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read() {
        let section = |text: &str| read(text).and_then(|tag| tag.section);
        for (text, kind) in [
            ("Verse", SectionKind::Verse),
            ("Verse 2", SectionKind::Verse),
            ("verse II", SectionKind::Verse),
            ("VERSE 1:", SectionKind::Verse),
            ("Pre-Chorus", SectionKind::PreChorus),
            ("Chorus x2", SectionKind::Chorus),
            ("副歌", SectionKind::Chorus),
            ("副歌×2", SectionKind::Chorus),
            ("主歌二", SectionKind::Verse),
            ("第二段主歌", SectionKind::Verse),
            ("预副歌", SectionKind::PreChorus),
            ("桥段", SectionKind::Bridge),
            ("前奏", SectionKind::Intro),
            ("间奏", SectionKind::Interlude),
            ("尾奏", SectionKind::Outro),
            ("Guitar Solo", SectionKind::Solo),
            ("Final Chorus", SectionKind::Chorus),
        ] {
            assert_eq!(section(text), Some(kind), "{text}");
        }
        assert_eq!(read("Chorus x2").unwrap().repeats, Some(2));
        assert_eq!(read("副歌 重复两遍").unwrap().repeats, Some(2));
        assert_eq!(read("3x").unwrap().repeats, Some(3));
        assert_eq!(read("说唱").unwrap().delivery, Some(Delivery::Rap));
        assert_eq!(read("Ad-lib").unwrap().delivery, Some(Delivery::AdLib));
        let both = read("Verse 2 - Rap").unwrap();
        assert_eq!(both.section, Some(SectionKind::Verse));
        assert_eq!(both.delivery, Some(Delivery::Rap));
        assert_eq!(read("粤语").unwrap().lang, Some("yue"));
        assert_eq!(read("English").unwrap().lang, Some("en"));
        for none in ["", "oh-oh", "我爱你", "love", "soft piano"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
