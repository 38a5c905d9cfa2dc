//! Explicit options beside the prompt: they win, and what they replace is said.

use crate::lexicon::{Lexicon, Sense, normalize};
use crate::notes::note;
use crate::read::{Reading, Wanted};
use crate::text::Text;
use crate::value::{Value, duration, value};
use crate::values::{is_bars, is_length, is_tempo, metre_of};
use yuefu_song::brief::{LengthWish, Mood, Reason, ReasonKind, Severity, VoiceWish};
use yuefu_theory::{Key, Metre};

/// Explicit options.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// The seed.
    pub seed: Option<u64>,
    /// The length.
    pub length: Option<LengthWish>,
    /// Beats per minute, 30..=300.
    pub bpm: Option<f64>,
    /// The key.
    pub key: Option<Key>,
    /// The metre.
    pub metre: Option<Metre>,
    /// Style ids, best first.
    pub styles: Vec<String>,
    /// Moods.
    pub moods: Vec<Mood>,
    /// Instruments: catalog ids or words of the vocabulary.
    pub instruments: Vec<String>,
    /// Instruments and groups that must not be used.
    pub without: Vec<String>,
    /// Who sings.
    pub voice: Option<VoiceWish>,
    /// Whether to loop without a seam.
    pub loop_seamless: Option<bool>,
    /// The title.
    pub title: Option<String>,
    /// The words: a lyric sheet. They come before words in the prompt.
    pub lyrics: Option<String>,
}

/// An option whose value cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message_en}")]
pub struct BriefError {
    /// Name of the option.
    pub option: String,
    /// The value given.
    pub value: String,
    /// What is expected, in English.
    pub message_en: String,
    /// What is expected, in Chinese.
    pub message_zh: String,
}

/// Names [`Overrides::set`] takes.
pub const OPTIONS: [&str; 14] = [
    "seed",
    "length",
    "bpm",
    "key",
    "metre",
    "style",
    "mood",
    "instrument",
    "without",
    "voice",
    "loop",
    "title",
    "bars",
    "lyrics",
];

impl Overrides {
    /// Sets an option from its text; options that hold lists take several values separated by
    /// commas and add to what is there.
    ///
    /// # Errors
    /// When the option is not one of [`OPTIONS`] or its value is malformed or out of range.
    pub fn set(&mut self, option: &str, text: &str) -> Result<(), BriefError> {
        let text = text.trim();
        let fail = |en: &str, zh: &str| BriefError {
            option: option.to_owned(),
            value: text.to_owned(),
            message_en: format!("--{option} {text}: expected {en}"),
            message_zh: format!("--{option} {text}：应为{zh}"),
        };
        match option {
            "seed" => {
                self.seed = Some(
                    text.parse()
                        .map_err(|_| fail("a whole number from 0", "不小于 0 的整数"))?,
                )
            }
            "bpm" => {
                let bpm = text
                    .to_lowercase()
                    .trim_end_matches("bpm")
                    .trim()
                    .parse()
                    .ok()
                    .filter(|bpm| is_tempo(*bpm));
                self.bpm = Some(bpm.ok_or_else(|| {
                    fail("a tempo from 30 to 300 BPM", "30 到 300 之间的速度（BPM）")
                })?);
            }
            "length" | "bars" => {
                let error = || {
                    fail(
                        "10 seconds to 8 minutes (90, 90s, 2:30, \"2 minutes\") or 1 to 400 bars (16 bars)",
                        "10 秒到 8 分钟（90、90s、2:30、两分半）或 1 到 400 小节（16小节）",
                    )
                };
                self.length = Some(length(text, option == "bars").ok_or_else(error)?);
            }
            "key" => {
                self.key = Some(Key::parse(text).ok_or_else(|| {
                    fail(
                        "a key such as \"D minor\", \"F# dorian\" or \"C大调\"",
                        "调性，例如 D minor、F# dorian、C大调",
                    )
                })?)
            }
            "metre" | "meter" => {
                let metre = match value(&Text::new(text), 0) {
                    Some((Value::Metre(groups, unit), _)) => metre_of(&groups, unit),
                    _ => None,
                };
                self.metre = Some(metre.ok_or_else(|| {
                    fail(
                        "a metre from 1 to 16 halves, quarters, eighths or sixteenths, such as 3/4",
                        "拍号，例如 3/4：1 到 16 拍，以二、四、八或十六分音符为一拍",
                    )
                })?);
            }
            "style" => {
                for part in parts(text) {
                    self.styles.push(
                        style(&part).ok_or_else(|| unknown(&fail, &part, "a style", "风格"))?,
                    );
                }
            }
            "mood" => {
                for part in parts(text) {
                    self.moods
                        .push(mood(&part).ok_or_else(|| unknown(&fail, &part, "a mood", "情绪"))?);
                }
            }
            "instrument" | "without" => {
                for part in parts(text) {
                    if instrument(&part).is_none() {
                        return Err(unknown(
                            &fail,
                            &part,
                            "an instrument or a group such as drums",
                            "乐器或乐器组（例如 鼓）",
                        ));
                    }
                    if option == "without" {
                        &mut self.without
                    } else {
                        &mut self.instruments
                    }
                    .push(part);
                }
            }
            "voice" => {
                let meanings = Lexicon::get().look_up(text).unwrap_or_default();
                let found = meanings.iter().find_map(|(sense, _)| {
                    if let Sense::Voice(voice) = sense {
                        Some(*voice)
                    } else {
                        None
                    }
                });
                let found = found.or(match normalize(text).as_str() {
                    "none" | "no" | "无" => Some(VoiceWish::Instrumental),
                    "choir" | "合唱" => Some(VoiceWish::Choir),
                    "child" | "children" => Some(VoiceWish::Child),
                    "any" | "yes" => Some(VoiceWish::Any),
                    _ => None,
                });
                self.voice = Some(found.ok_or_else(|| {
                    fail(
                        "male, female, child, choir, duet or instrumental",
                        "男声、女声、童声、合唱、对唱或纯音乐",
                    )
                })?);
            }
            "loop" => {
                self.loop_seamless = Some(match text {
                    "" | "true" | "yes" | "on" | "是" => true,
                    "false" | "no" | "off" | "否" => false,
                    _ => return Err(fail("true or false", "true 或 false")),
                });
            }
            "title" => self.title = Some(text.to_owned()),
            "lyrics" => self.lyrics = Some(text.to_owned()),
            _ => {
                return Err(fail(
                    &format!("one of the options {}", OPTIONS.join(", ")),
                    &format!("以下选项之一：{}", OPTIONS.join("、")),
                ));
            }
        }
        Ok(())
    }

    /// Puts the options over what was read from the prompt.
    pub(crate) fn apply(&self, reading: &mut Reading) {
        let lexicon = Lexicon::get();
        if let Some(seed) = self.seed {
            state(reading, "seed", &["seed"], &seed.to_string());
            reading.brief.seed = Some(seed);
        }
        if let Some(length) = self.length {
            let value = match length {
                LengthWish::Seconds(seconds) => format!("{seconds} s"),
                LengthWish::Bars(bars) => format!("{bars} bars"),
            };
            state(reading, "length", &["length"], &value);
            reading.brief.length = Some(length);
        }
        if let Some(bpm) = self.bpm {
            state(
                reading,
                "tempo",
                &["tempo", "tempo-change"],
                &format!("{bpm} BPM"),
            );
            let tempo = reading.brief.tempo.get_or_insert_with(Default::default);
            (tempo.bpm, tempo.bpm_end, tempo.range, tempo.pace) = (Some(bpm), None, None, None);
        }
        if let Some(key) = self.key {
            state(reading, "key", &["key", "mode"], &key.to_string());
            (reading.brief.key, reading.brief.mode) = (Some(key), None);
        }
        if let Some(metre) = &self.metre {
            state(reading, "metre", &["metre"], &metre.to_string());
            reading.brief.metre = Some(metre.clone());
        }
        if !self.styles.is_empty() {
            state(reading, "style", &["style"], &self.styles.join(", "));
            reading.styles = self
                .styles
                .iter()
                .filter_map(|id| lexicon.styles.iter().position(|row| row.id == *id))
                .map(|index| (index, 1.0, "--style".to_owned()))
                .collect();
        }
        if !self.moods.is_empty() {
            state(
                reading,
                "mood",
                &["mood"],
                &self
                    .moods
                    .iter()
                    .map(|mood| mood.name())
                    .collect::<Vec<_>>()
                    .join(", "),
            );
            reading.brief.moods = self
                .moods
                .iter()
                .map(|mood| yuefu_song::brief::Weighted::new(*mood, 1.0))
                .collect();
        }
        if let Some(voice) = self.voice {
            state(
                reading,
                "voice",
                &["voice"],
                &format!("{voice:?}").to_lowercase(),
            );
            reading.brief.voice = voice;
        }
        if let Some(looped) = self.loop_seamless {
            state(
                reading,
                "loop",
                &["loop"],
                if looped { "seamless" } else { "no" },
            );
            reading.brief.loop_seamless = looped;
        }
        if let Some(lyrics) = &self.lyrics {
            let count = lyrics.lines().count();
            state(reading, "lyrics", &["lyrics"], &count.to_string());
            reading.brief.lyrics = Some(lyrics.clone());
        }
        if let Some(title) = &self.title {
            state(reading, "title", &["title"], title);
            reading.brief.title = Some(title.clone());
        }
        for (words, wanted) in self
            .instruments
            .iter()
            .map(|w| (w, true))
            .chain(self.without.iter().map(|w| (w, false)))
        {
            self.instrument(reading, words, wanted);
        }
    }

    fn instrument(&self, reading: &mut Reading, words: &str, wanted: bool) {
        let Some(found) = instrument(words) else {
            return;
        };
        let option = format!(
            "--{} {words}",
            if wanted { "instrument" } else { "without" }
        );
        match found {
            Found::Group(index) => {
                let id = Lexicon::get().groups[index].id.clone();
                reading.brief.excluded.retain(|out| out.group != id);
                reading.wanted.retain(|held| held.name != id);
                if wanted {
                    reading.wanted.push(Wanted::option(id, true, true, option));
                } else {
                    let row = &Lexicon::get().groups[index];
                    let (group, families, ids) =
                        (row.id.clone(), row.families.clone(), row.ids.clone());
                    if group == "vocals" {
                        reading.brief.voice = VoiceWish::Instrumental;
                    }
                    state(reading, "excluded", &[], &group);
                    reading.brief.excluded.push(yuefu_song::brief::Exclusion {
                        group,
                        families,
                        ids,
                    });
                }
            }
            Found::Instrument(id, general) => {
                reading.wanted.retain(|held| held.name != id);
                reading
                    .wanted
                    .push(Wanted::option(id, general, wanted, option));
            }
        }
    }
}

/// Records that an option sets a field, and what it replaces.
fn state(reading: &mut Reading, field: &str, replaced: &[&str], value: &str) {
    let brief = &mut reading.brief;
    let old: Vec<String> = brief
        .reasons
        .iter()
        .filter(|reason| {
            replaced.contains(&reason.field.as_str()) && !reason.words.starts_with("--")
        })
        .map(|reason| reason.words.clone())
        .collect();
    brief
        .reasons
        .retain(|reason| !replaced.contains(&reason.field.as_str()));
    brief.diagnostics.retain(|held| {
        !replaced.iter().any(|field| {
            held.code.ends_with(&format!("contradiction-{field}"))
                || held.code == format!("{field}-out-of-range")
        })
    });
    brief.reasons.push(Reason {
        field: field.into(),
        value: value.into(),
        words: format!("--{field}"),
        span: (0, 0),
        kind: ReasonKind::Stated,
    });
    if let Some(old) = old.first() {
        note(
            brief,
            Severity::Info,
            "option-wins",
            (
                format!("the option --{field} replaces \"{old}\" of the prompt"),
                format!("选项 --{field} 取代了提示中的“{old}”"),
            ),
            (
                "leave the option out to follow the prompt",
                "不写该选项即按提示处理",
            ),
        );
    }
}

fn parts(text: &str) -> Vec<String> {
    text.split([',', '，', '、'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

fn unknown(fail: &impl Fn(&str, &str) -> BriefError, part: &str, en: &str, zh: &str) -> BriefError {
    let known = Lexicon::get();
    match crate::typo::nearest(&part.to_lowercase(), known.names(), true) {
        Some(meant) => fail(
            &format!("{en}; did you mean \"{meant}\"?"),
            &format!("{zh}；是不是“{meant}”？"),
        ),
        None => fail(en, zh),
    }
}

fn length(text: &str, bars: bool) -> Option<LengthWish> {
    if bars {
        return text
            .parse()
            .ok()
            .filter(|bars: &u32| is_bars(f64::from(*bars)))
            .map(LengthWish::Bars);
    }
    if let Ok(seconds) = text.parse::<f64>() {
        return is_length(seconds).then_some(LengthWish::Seconds(seconds));
    }
    let prepared = Text::new(text);
    if let Some((Value::Bars(bars), end)) = value(&prepared, 0) {
        return (end == prepared.len() && is_bars(bars)).then_some(LengthWish::Bars(bars as u32));
    }
    match duration(&prepared, 0)? {
        (Value::Duration { seconds, .. }, end) => {
            (end == prepared.len() && is_length(seconds)).then_some(LengthWish::Seconds(seconds))
        }
        _ => None,
    }
}

fn style(text: &str) -> Option<String> {
    let lexicon = Lexicon::get();
    if lexicon.style(text).is_some() {
        return Some(text.to_owned());
    }
    let meanings = lexicon.look_up(text)?;
    meanings.iter().find_map(|(sense, _)| {
        if let Sense::Style(index) = sense {
            Some(lexicon.styles[*index].id.clone())
        } else {
            None
        }
    })
}

fn mood(text: &str) -> Option<Mood> {
    let meanings = || Lexicon::get().look_up(text);
    Mood::by_name(text).or_else(|| {
        meanings()?.iter().find_map(|(sense, _)| {
            if let Sense::Mood(mood) = sense {
                Some(*mood)
            } else {
                None
            }
        })
    })
}

enum Found {
    Group(usize),
    Instrument(String, bool),
}

fn instrument(text: &str) -> Option<Found> {
    let lexicon = Lexicon::get();
    if lexicon.has_instrument(text) {
        // An id that is also a group's word ("strings") means the instrument only if the group lacks it.
        let group = lexicon.groups.iter().position(|group| group.id == text);
        return Some(group.map_or_else(|| Found::Instrument(text.to_owned(), false), Found::Group));
    }
    lexicon
        .look_up(text)?
        .iter()
        .find_map(|(sense, _)| match sense {
            Sense::Group(index) => Some(Found::Group(*index)),
            Sense::Instrument(id) => Some(Found::Instrument(id.clone(), false)),
            Sense::Several(name) => Some(Found::Instrument(name.clone(), true)),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_or_refused() {
        let mut options = Overrides::default();
        for (option, value) in [
            ("seed", "7"),
            ("length", "2:30"),
            ("length", "两分半"),
            ("length", "16 bars"),
            ("bpm", "92"),
            ("key", "升F小调"),
            ("metre", "6/8"),
            ("style", "爵士, rock"),
            ("mood", "sad"),
            ("instrument", "二胡, grand-piano, saxophone"),
            ("without", "drums"),
            ("voice", "女声"),
            ("voice", "none"),
            ("loop", "true"),
        ] {
            options
                .set(option, value)
                .unwrap_or_else(|error| panic!("{error}"));
        }
        assert_eq!(options.length, Some(LengthWish::Bars(16)));
        assert_eq!(options.styles, ["jazz", "rock"]);
        for (option, value) in [
            ("seed", "-1"),
            ("length", "3 hours"),
            ("length", "0"),
            ("length", "soon"),
            ("bpm", "9999"),
            ("bpm", "fast"),
            ("key", "H minor"),
            ("metre", "17/0"),
            ("style", "jaz z"),
            ("instrument", "violni"),
            ("voice", "robot"),
            ("colour", "red"),
        ] {
            let error = Overrides::default().set(option, value).expect_err(value);
            assert!(
                !error.message_en.is_empty() && error.message_zh.contains(value),
                "{error:?}"
            );
        }
        let error = Overrides::default()
            .set("instrument", "violni")
            .unwrap_err();
        assert!(error.message_en.contains("violin"), "{error}");
    }
}
