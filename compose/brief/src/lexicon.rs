//! The vocabulary, read once from `data/brief`.

use crate::text::{is_han, normal};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;
use yuefu_song::brief::{ModeWish, Mood};

use crate::vocabulary::{
    GrammarFile, ImagesFile, InstrumentsFile, MoodsFile, MusicFile, ScenesFile, StylesFile,
};
pub(crate) use crate::vocabulary::{Group, Image, MoodWords, Scene, Sense, StyleWords};

/// What the vocabulary needs of an instrument.
#[derive(Clone)]
struct Entry {
    id: String,
    en: String,
    zh: String,
    is_effect: bool,
}

/// A meaning and how strongly the word has it.
pub(crate) type Meaning = (Sense, f32);

/// The vocabulary.
pub(crate) struct Lexicon {
    words: BTreeMap<String, Vec<Meaning>>,
    /// Words of the longest Latin phrase, and characters of the longest Chinese word.
    longest: (usize, usize),
    pub styles: Vec<StyleWords>,
    pub moods: Vec<MoodWords>,
    pub groups: Vec<Group>,
    pub images: Vec<Image>,
    pub scenes: Vec<Scene>,
    by_style: BTreeMap<String, BTreeMap<String, String>>,
    suggests: BTreeMap<String, String>,
    members: BTreeMap<String, Vec<String>>,
    catalog: Vec<Entry>,
    /// Style id, English and Chinese name, as far as the style's data ships.
    titles: Vec<[String; 3]>,
}

impl Lexicon {
    /// The vocabulary that ships with the program.
    pub fn get() -> &'static Self {
        static LEXICON: OnceLock<Lexicon> = OnceLock::new();
        LEXICON.get_or_init(Self::shipped)
    }

    /// The instrument a general word means in a style.
    pub fn member(&self, general: &str, style: &str) -> Option<&str> {
        let row = self.by_style.get(general)?;
        row.get(style)
            .or_else(|| row.get("default"))
            .map(String::as_str)
    }

    /// What else is refused with an instrument's word.
    pub fn members(&self, word: &str) -> &[String] {
        self.members.get(word).map_or(&[], Vec::as_slice)
    }

    /// The style an instrument suggests.
    pub fn suggestion(&self, instrument: &str) -> Option<&str> {
        self.suggests.get(instrument).map(String::as_str)
    }

    /// The mood's words.
    pub fn mood(&self, mood: Mood) -> Option<&MoodWords> {
        self.moods.iter().find(|held| held.id == mood)
    }

    /// The name of an instrument or a style in Chinese, when it has one.
    pub fn chinese(&self, id: &str) -> Option<&str> {
        let instrument = self
            .catalog
            .iter()
            .find(|entry| entry.id == id)
            .map(|entry| entry.zh.as_str());
        instrument.or_else(|| {
            self.titles
                .iter()
                .find(|row| row[0] == id)
                .map(|row| row[2].as_str())
        })
    }

    /// Whether the catalog has an instrument.
    pub fn has_instrument(&self, id: &str) -> bool {
        self.catalog.iter().any(|entry| entry.id == id)
    }

    /// What a style feels like.
    pub fn style(&self, id: &str) -> Option<&StyleWords> {
        self.styles.iter().find(|held| held.id == id)
    }

    /// Meanings of a normalized phrase, its last Latin word inflected or not.
    pub fn find(&self, phrase: &str) -> Option<&[Meaning]> {
        if let Some(found) = self.words.get(phrase) {
            return Some(found);
        }
        if !phrase.ends_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        stems(phrase)
            .into_iter()
            .find_map(|stem| self.words.get(&stem))
            .map(Vec::as_slice)
    }

    /// Meanings of any spelling of a phrase, as typed by a user.
    pub fn look_up(&self, phrase: &str) -> Option<&[Meaning]> {
        self.find(&normalize(phrase))
    }

    /// The longest phrase, in Latin words and in Chinese characters.
    pub fn longest(&self) -> (usize, usize) {
        self.longest
    }

    /// Single Latin words that name a style, an instrument or a mood, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.words
            .iter()
            .filter(|(word, meanings)| {
                word.len() >= 4
                    && word.bytes().all(|b| b.is_ascii_lowercase())
                    && meanings.iter().any(|(sense, _)| {
                        matches!(
                            sense,
                            Sense::Style(_)
                                | Sense::Instrument(_)
                                | Sense::Group(_)
                                | Sense::Several(_)
                                | Sense::Mood(_)
                        )
                    })
            })
            .map(|(word, _)| word.as_str())
    }

    fn shipped() -> Self {
        let styles: StylesFile = file("styles");
        let moods: MoodsFile = file("moods");
        let scenes: ScenesFile = file("scenes");
        let instruments: InstrumentsFile = file("instruments");
        let music: MusicFile = file("music");
        let grammar: GrammarFile = file("grammar");
        let mut images = Vec::new();
        for name in yuefu_data::names("brief").filter(|name| name.contains("/images-")) {
            images.extend(parse::<ImagesFile>(name).image);
        }
        let mut new = Self {
            words: BTreeMap::new(),
            longest: (1, 1),
            styles: styles.style,
            moods: moods.mood,
            groups: instruments.group,
            images,
            scenes: scenes.scene,
            by_style: instruments.by_style,
            suggests: instruments.suggests,
            members: instruments.members,
            catalog: catalog(),
            titles: Vec::new(),
        };
        let mut list: Vec<(String, Sense)> = Vec::new();
        let mut put = |words: &[String], sense: Sense| {
            list.extend(words.iter().map(|word| (word.clone(), sense.clone())))
        };
        for (index, style) in new.styles.iter().enumerate() {
            put(&style.words, Sense::Style(index));
        }
        for mood in &new.moods {
            put(&mood.words, Sense::Mood(mood.id));
        }
        for (index, group) in new.groups.iter().enumerate() {
            put(&group.words, Sense::Group(index));
        }
        for (index, image) in new.images.iter().enumerate() {
            put(&image.words, Sense::Image(index));
        }
        for (index, scene) in new.scenes.iter().enumerate() {
            put(&scene.words, Sense::Scene(index));
        }
        for (id, words) in &instruments.instruments {
            put(words, Sense::Instrument(id.clone()));
        }
        for (name, words) in &instruments.families {
            put(words, Sense::Several(name.clone()));
        }
        for (id, words) in &instruments.instead {
            put(words, Sense::Instead(id.clone()));
        }
        for (pace, words) in &music.pace {
            put(words, Sense::Pace(pace.parse().expect("pace is a number")));
        }
        for (amount, words) in &music.swing {
            put(
                words,
                Sense::Swing(amount.parse().expect("swing is a number")),
            );
        }
        for (metre, words) in &music.metre {
            put(words, Sense::Metre(metre.clone()));
        }
        for (name, words) in &music.mode {
            let wish = match name.as_str() {
                "major" => ModeWish::Major,
                "minor" => ModeWish::Minor,
                "pentatonic" => ModeWish::Pentatonic,
                other => ModeWish::Named(other.to_owned()),
            };
            put(words, Sense::Mode(wish));
        }
        for (name, words) in &music.change {
            put(words, Sense::Change(named(name)));
        }
        for (name, words) in &music.feel {
            put(words, Sense::Feel(named(name)));
        }
        for (name, words) in &music.voice {
            put(words, Sense::Voice(named(name)));
        }
        for (name, words) in &music.backing {
            put(words, Sense::Backing(named(name)));
        }
        for (name, words) in &music.energy {
            put(words, Sense::Energy(named(name)));
        }
        for (name, words) in &music.shape {
            put(words, Sense::Shape(named(name)));
        }
        for (name, words) in &music.section {
            put(words, Sense::Section(named(name)));
        }
        for (name, words) in &music.size {
            put(words, Sense::Size(named(name)));
        }
        for (name, words) in &music.role {
            put(words, Sense::Role(named(name)));
        }
        put(&music.r#loop["words"], Sense::Loop);
        for (degree, words) in &grammar.degree {
            put(
                words,
                Sense::Degree(degree.parse().expect("a degree is a number")),
            );
        }
        put(&grammar.not["noun"], Sense::NotNoun);
        put(&grammar.not["next"], Sense::NotNext);
        for (name, sense) in [
            ("and", Sense::And),
            ("or", Sense::Or),
            ("but", Sense::But),
            ("with", Sense::With),
            ("then", Sense::Then),
            ("at", Sense::At),
        ] {
            put(&grammar.link[name], sense);
        }
        put(&grammar.filler["words"], Sense::Filler);
        put(&grammar.neutral["words"], Sense::Neutral);
        put(&grammar.modulate["words"], Sense::Modulate);
        for (word, sense) in list {
            new.insert(&word, sense);
        }
        new.add_names();
        new
    }

    /// Adds the names of styles and instruments whose words are not listed: new ones are data only.
    fn add_names(&mut self) {
        for name in yuefu_data::names("styles").filter(|name| name.ends_with(".toml")) {
            let Some(table) =
                yuefu_data::text(name).and_then(|text| text.parse::<toml::Table>().ok())
            else {
                continue;
            };
            let Some(id) = table.get("id").and_then(toml::Value::as_str) else {
                continue;
            };
            let index = self
                .styles
                .iter()
                .position(|style| style.id == id)
                .unwrap_or_else(|| {
                    let new = StyleWords {
                        id: id.to_owned(),
                        calm: None,
                        affect: [0.2, 0.1, 0.2, 0.5, 0.5],
                        words: Vec::new(),
                    };
                    self.styles.push(new);
                    self.styles.len() - 1
                });
            let field = |key: &str| table.get(key).and_then(toml::Value::as_str).unwrap_or(id);
            let title = [id, field("en"), field("zh")];
            for word in title {
                if !self.words.contains_key(&normalize(word)) {
                    self.insert(word, Sense::Style(index));
                }
            }
            self.titles.push(title.map(str::to_owned));
        }
        for Entry {
            id,
            en,
            zh,
            is_effect,
        } in self.catalog.clone()
        {
            // Sound effects are called like the things they imitate, and General MIDI pads like
            // feelings: their words are listed by hand.
            if is_effect || id.starts_with("gm-") {
                continue;
            }
            for word in [en, zh] {
                if !self.words.contains_key(&normalize(&word)) {
                    self.insert(&word, Sense::Instrument(id.clone()));
                }
            }
        }
    }

    fn insert(&mut self, word: &str, sense: Sense) {
        let (word, weight) = match word.split_once('*') {
            Some((word, weight)) => (word, weight.parse().expect("a weight is a number")),
            None => (word, 1.0),
        };
        let key = normalize(word);
        let han = key.chars().filter(|c| is_han(*c)).count();
        // One character is easily part of a word that is not listed.
        let is_suggestion = matches!(sense, Sense::Mood(_) | Sense::Image(_));
        let weight = if is_suggestion && han == 1 && key.chars().count() == 1 {
            weight * 0.6
        } else {
            weight
        };
        self.longest.0 = self.longest.0.max(key.split(' ').count());
        self.longest.1 = self
            .longest
            .1
            .max(key.chars().count().min(16) * usize::from(han > 0));
        let mut keys = vec![key.clone()];
        if word.contains('-') && key.is_ascii() {
            keys.push(key.replace(' ', ""));
        }
        for key in keys {
            let held = self.words.entry(key).or_default();
            if !held.iter().any(|(known, _)| *known == sense) {
                held.push((sense.clone(), weight));
            }
        }
    }
}

/// Lower case, words separated by one space, `&` as `and`, no apostrophes.
pub(crate) fn normalize(phrase: &str) -> String {
    let mut out = String::new();
    for c in phrase.chars().map(normal) {
        match c {
            '\'' => {}
            '&' => out.push_str(" and "),
            c if c.is_ascii_alphanumeric() || !c.is_ascii() => out.push(c),
            _ => out.push(' '),
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Forms a Latin phrase may be listed under when its last word is inflected.
fn stems(phrase: &str) -> Vec<String> {
    let mut out = Vec::new();
    let word_len = phrase.rsplit(' ').next().map_or(0, str::len);
    for (ending, replacements, least) in [
        ("ies", &["y"][..], 5),
        ("es", &["", "e"][..], 5),
        ("s", &[""][..], 4),
        ("ily", &["y"][..], 5),
        ("ly", &["", "le"][..], 5),
        ("iness", &["y"][..], 7),
        ("ness", &[""][..], 7),
        ("ing", &["", "e"][..], 6),
        ("ied", &["y"][..], 5),
        ("ed", &["", "e"][..], 5),
        ("ish", &[""][..], 6),
        ("esque", &[""][..], 8),
    ] {
        if word_len < least || phrase.ends_with("ss") {
            continue;
        }
        if let Some(stem) = phrase.strip_suffix(ending) {
            out.extend(replacements.iter().map(|r| format!("{stem}{r}")));
            let mut last = stem.chars().rev();
            if matches!(ending, "ing" | "ed") && last.next() == last.next() {
                out.push(stem[..stem.len() - 1].to_owned());
            }
        }
    }
    out
}

fn file<T: for<'de> Deserialize<'de>>(name: &str) -> T {
    parse(&format!("brief/{name}.toml"))
}

fn parse<T: for<'de> Deserialize<'de>>(name: &str) -> T {
    let text = yuefu_data::text(name).unwrap_or_else(|| panic!("{name} ships with the program"));
    toml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn named<T: for<'de> Deserialize<'de>>(name: &str) -> T {
    T::deserialize(toml::Value::String(name.to_owned()))
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn catalog() -> Vec<Entry> {
    let mut out = Vec::new();
    for name in yuefu_data::names("instruments").filter(|name| name.ends_with(".toml")) {
        let Some(table) = yuefu_data::text(name).and_then(|text| text.parse::<toml::Table>().ok())
        else {
            continue;
        };
        for entry in table
            .get("instrument")
            .and_then(toml::Value::as_array)
            .into_iter()
            .flatten()
        {
            let field = |key: &str| {
                entry
                    .get(key)
                    .and_then(toml::Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            out.push(Entry {
                id: field("id"),
                en: field("en"),
                zh: field("zh"),
                is_effect: field("family") == "effect",
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vocabulary_is_consistent() {
        let lexicon = Lexicon::get();
        let has = |id: &String| lexicon.has_instrument(id);
        let is_style = |id: &String| lexicon.style(id).is_some();
        for image in &lexicon.images {
            assert!(image.instruments.iter().all(has), "{:?}", image.words);
            assert!(image.styles.iter().all(is_style), "{:?}", image.words);
        }
        for scene in &lexicon.scenes {
            assert!(
                scene.instruments.iter().all(has) && scene.styles.iter().all(is_style),
                "{}",
                scene.id
            );
        }
        for (word, row) in &lexicon.by_style {
            assert!(
                row.contains_key("default") && row.values().all(has),
                "{word}"
            );
        }
        assert!(lexicon.members.values().flatten().all(has));
        for (instrument, style) in &lexicon.suggests {
            assert!(has(instrument) && is_style(style), "{instrument}");
        }
        for (mood, ..) in Mood::ALL {
            assert!(
                lexicon
                    .mood(mood)
                    .is_some_and(|held| held.styles.iter().all(is_style)),
                "{mood:?}"
            );
        }
        let images: usize = lexicon.images.iter().map(|image| image.words.len()).sum();
        assert!(images >= 600, "{images}");
    }

    #[test]
    fn inflected_words_are_found() {
        let lexicon = Lexicon::get();
        for word in [
            "violins",
            "Lo-Fi",
            "lofi",
            "lo fi",
            "R&B",
            "rnb",
            "hip-hop",
            "happily",
            "dancing",
            "running",
            "rock 'n' roll",
            "drum & bass",
            "悲傷",
        ] {
            assert!(lexicon.look_up(word).is_some(), "{word}");
        }
        assert!(lexicon.look_up("brass").is_some());
        assert!(lexicon.look_up("xyzzy").is_none());
    }
}
