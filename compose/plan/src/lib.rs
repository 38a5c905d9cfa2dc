//! From a brief to a song plan: form, key, tempo map, energy, cast and harmony.
//!
//! Every choice draws from its own seed path below `plan`, so asking for another form does not
//! change the key. The stage cannot fail: what cannot be done as asked is said in a diagnostic.

mod around;
mod backing;
mod bars;
mod cast;
mod energy;
mod finder;
mod form;
mod harmony;
pub mod learned;
mod length;
mod reshape;
mod restyle;
mod tempo;
mod title;
mod units;
mod vocabulary;
mod words;

pub use around::{Around, Theme, around};
pub use backing::{back, voices};
pub use finder::{Asked, ChordHabits, HarmonyFinder, Sounded};
pub use length::to_length;
pub use reshape::{NewSection, add_part, extend_after, extend_before, insert, looped, set_energy};
pub use restyle::{Color, Restyle, fits, restyle};
pub use vocabulary::{Vocabulary, changes_a_bar, vocabulary};

use yuefu_engine::SeedPath;
use yuefu_song::{
    Catalog, LyricSheet, SongPlan, Style, StyleBook,
    brief::{Brief, Diagnostic, Severity},
};
use yuefu_theory::{Key, Metre, Mode};

/// The styles and patterns that ship with Yuefu.
///
/// # Errors
/// A sentence naming the file that is not valid; the shipped data is tested, so this only
/// happens to those who edit it.
pub fn standard_styles() -> Result<StyleBook, String> {
    let mut files = yuefu_data::tables("styles");
    files.extend(yuefu_data::tables("patterns"));
    files.extend(yuefu_data::tables("backing"));
    StyleBook::parse(&files)
}

/// Decides everything that is decided before a note is written.
///
/// `book` must hold at least one style; the first style asked for that it has is used. `words` is
/// an unrolled sheet ([`LyricSheet::unrolled`]); the form is made of its sections where it has
/// words, and they are sung.
pub fn plan(
    brief: &Brief,
    words: &LyricSheet,
    book: &StyleBook,
    catalog: &Catalog,
    seed: &SeedPath,
) -> (SongPlan, Vec<Diagnostic>) {
    plan_with(brief, words, book, catalog, None, seed)
}

/// [`plan`] with an engine that finds the chords where it can; without one, or where it cannot,
/// they are rows of the style.
pub fn plan_with(
    brief: &Brief,
    words: &LyricSheet,
    book: &StyleBook,
    catalog: &Catalog,
    finder: Option<&dyn HarmonyFinder>,
    seed: &SeedPath,
) -> (SongPlan, Vec<Diagnostic>) {
    let mut notes = Vec::new();
    let seed = seed.join("plan");
    let style = choose_style(brief, book, &mut notes);
    let metre = choose_metre(brief, style, &seed);
    let key = choose_key(brief, style, &seed);
    let mut draft = tempo::draft(brief, style, &metre, &seed);
    let sung = words.is_sung();
    let mut form;
    // Words overrule some wishes; what they overrule is said in `notes`.
    let mut settled = brief.clone();
    if sung {
        form = words::choose(
            &mut settled,
            words,
            style,
            &metre,
            &mut draft,
            &mut notes,
            &seed,
        );
    } else {
        form = form::choose(brief, style, &metre, &draft, &seed);
    }
    let brief = &settled;
    let tempo = tempo::settle(brief, style, &metre, draft, &mut form, &mut notes);
    energy::shape(brief, style, &mut form, &tempo);
    let mut cast = cast::choose(brief, style, catalog, &seed, &mut notes);
    if sung {
        cast::seat_singer(brief, words, style, catalog, &mut cast);
        backing::seat(brief, words, style, book, catalog, &seed, &mut cast);
    }
    let mut sections = form.into_sections(key, &metre);
    harmony::fill(brief, style, key, &metre, &mut sections, finder, &seed);
    cast::assign(brief, style, &cast, &mut sections, &seed);
    if sung {
        cast::sing(words, &cast, &mut sections);
        backing::sing(words, style, book, &cast, &mut sections);
    }
    let plan = SongPlan {
        style: style.id.clone(),
        title: title::choose(brief, style, &seed),
        key,
        timeline: tempo.timeline,
        sections,
        cast,
        feel: tempo.feel,
        ending: tempo.ending,
        length: tempo.length,
    };
    (plan, notes)
}

fn choose_style<'a>(brief: &Brief, book: &'a StyleBook, notes: &mut Vec<Diagnostic>) -> &'a Style {
    let found = brief.styles.iter().find_map(|wish| book.get(&wish.value));
    found.unwrap_or_else(|| {
        let fallback = book.get("pop").unwrap_or(&book.styles()[0]);
        if let Some(wish) = brief.styles.first() {
            notes.push(Diagnostic {
                severity: Severity::Warning,
                code: "style-missing".into(),
                message_en: format!(
                    "There is no style `{}` here; `{}` is used instead.",
                    wish.value, fallback.id
                ),
                message_zh: format!("这里没有“{}”风格，改用“{}”。", wish.value, fallback.zh),
                remedy_en: "Choose one that `yuefu styles` lists.".into(),
                remedy_zh: "请从 `yuefu styles` 列出的风格中选择。".into(),
            });
        }
        fallback
    })
}

fn choose_metre(brief: &Brief, style: &Style, seed: &SeedPath) -> Metre {
    if let Some(metre) = &brief.metre {
        return metre.clone();
    }
    let weights: Vec<f32> = (0..style.metres.len())
        .map(|i| if i == 0 { 4.0 } else { 1.0 })
        .collect();
    let index = seed.join("metre").rng().weighted(&weights);
    style
        .metres
        .get(index)
        .cloned()
        .unwrap_or_else(Metre::common)
}

fn choose_key(brief: &Brief, style: &Style, seed: &SeedPath) -> Key {
    if let Some(key) = brief.key {
        return key;
    }
    let mut rng = seed.join("key").rng();
    let admitted = |mode: Mode| brief.mode.as_ref().is_none_or(|wish| wish.admits(mode));
    let modes: Vec<Mode> = Mode::ALL.iter().map(|row| row.0).collect();
    let weights: Vec<f32> = modes
        .iter()
        .map(|mode| {
            let usual = style.modes.get(mode.name()).copied().unwrap_or(0.0);
            // A dark brief leans to minor, a bright one to major.
            let lean = 1.0
                + brief.affect.valence.clamp(-0.9, 0.9) * if mode.is_minor() { -1.0 } else { 1.0 };
            if admitted(*mode) {
                usual * lean * lean
            } else {
                0.0
            }
        })
        .collect();
    let mode = if weights.iter().any(|w| *w > 0.0) {
        modes[rng.weighted(&weights)]
    } else {
        brief.mode.as_ref().map_or(Mode::Major, |wish| wish.mode())
    };
    match rng.pick(&style.tonics) {
        Some(tonic) if rng.chance(0.85) => Key::new(*tonic, mode),
        _ => Key::simplest(rng.below(12) as u8, mode),
    }
}
