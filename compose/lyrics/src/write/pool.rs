//! What there is to choose from: the couplets of the themes of a song, measured.

use crate::write::line::{Line, names_somebody};
use crate::write::stock::{Kind, Mood, Role, Theme, expand};
use crate::write::verbatim::is_verbatim;
use crate::write::wish::{Wish, suits};
use std::collections::BTreeMap;
use yuefu_engine::{Rng, SeedPath};
use yuefu_lang::Languages;

/// Where a carrier takes in a keyword.
pub const SLOT: char = '$';
/// Ways to read one line that are looked at; more where a tune must be fitted.
const VARIANTS: usize = 8;
const VARIANTS_FOR_TUNE: usize = 48;
/// How much chance weighs against everything else.
const CHANCE: f32 = 4.0;

/// One way to sing one couplet of the stock.
#[derive(Clone, Debug)]
pub struct Couplet {
    /// Its lines.
    pub lines: Vec<Line>,
    /// The words of the title, where a line has them.
    pub title: Option<String>,
    /// Images of all lines, as numbers of the pool.
    pub images: Vec<u32>,
    /// Which keywords it holds, as bits.
    pub keywords: u32,
    /// The stanza it comes from: theme and number.
    pub stanza: (usize, usize),
    /// Its place in the stanza, and how many couplets that has.
    pub place: (usize, usize),
    /// What it is worth by itself.
    pub worth: f32,
}

/// The couplets of a song's themes by place.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    /// Couplets by place in the song.
    pub by_role: BTreeMap<Role, Vec<Couplet>>,
    /// The themes it was made from, best first.
    pub themes: Vec<String>,
    /// The feeling of the song.
    pub mood: Mood,
    images: BTreeMap<String, u32>,
}

/// The themes of a song: those asked for, then a scene and a feeling that go together.
pub fn choose<'a>(themes: &'a [Theme], wish: &Wish, seed: &SeedPath) -> Vec<(&'a Theme, f32)> {
    let open: Vec<&Theme> = themes
        .iter()
        .filter(|t| t.lang == wish.language.code() && t.kind != Kind::Carrier)
        .filter(|t| t.classical == wish.classical)
        .collect();
    let mut rng = seed.join("themes").rng();
    let mut chosen: Vec<(&Theme, f32)> = Vec::new();
    for id in &wish.themes {
        chosen.extend(open.iter().filter(|t| t.id == *id).map(|t| (*t, 2.0)));
    }
    let mut asked: Vec<(usize, &Theme)> = open.iter().map(|t| (suits(t, wish), *t)).collect();
    asked.retain(|(score, theme)| {
        *score > 0 && !chosen.iter().any(|(known, _)| known.id == theme.id)
    });
    asked.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    // Two of each kind at most: a song about everything is about nothing.
    for (_, theme) in asked {
        if chosen
            .iter()
            .filter(|(known, _)| known.kind == theme.kind)
            .count()
            < 2
        {
            chosen.push((theme, 2.0));
        }
    }
    for kind in [Kind::Feeling, Kind::Scene] {
        if chosen.iter().any(|(theme, _)| theme.kind == kind) {
            continue;
        }
        let fits = |theme: &Theme| {
            theme.kind == kind
                && match (wish.mood, theme.mood) {
                    (Some(Mood::Sad), Mood::Bright) | (Some(Mood::Bright), Mood::Sad) => theme
                        .stanzas
                        .iter()
                        .any(|(r, s)| *r == Role::Hook && Some(s.mood) == wish.mood),
                    _ => true,
                }
        };
        let friends: Vec<&Theme> = open
            .iter()
            .filter(|theme| fits(theme))
            .filter(|theme| {
                chosen.iter().any(|(known, _)| {
                    known.with.contains(&theme.id) || theme.with.contains(&known.id)
                })
            })
            .copied()
            .collect();
        let any: Vec<&Theme> = open.iter().filter(|theme| fits(theme)).copied().collect();
        if let Some(theme) = rng.pick(if friends.is_empty() { &any } else { &friends }) {
            chosen.push((*theme, 1.0));
        }
    }
    chosen
}

impl Pool {
    /// The couplets of all that the wish may use, measured and valued.
    pub fn new(themes: &[Theme], wish: &Wish, seed: &SeedPath, languages: &Languages) -> Self {
        let chosen = choose(themes, wish, seed);
        let mood = wish.mood.unwrap_or_else(|| {
            let feeling = chosen.iter().find(|(theme, _)| theme.mood != Mood::Open);
            feeling.map_or(Mood::Open, |(theme, _)| theme.mood)
        });
        let mut pool = Self {
            themes: chosen.iter().map(|(theme, _)| theme.id.clone()).collect(),
            mood,
            ..Self::default()
        };
        let mut rng = seed.join("taste").rng();
        for (index, (theme, weight)) in chosen.iter().enumerate() {
            for (role, stanza) in &theme.stanzas {
                let luck = rng.unit() * CHANCE;
                let worth = luck + weight + fit(theme, *role) + mood_worth(stanza.mood, mood);
                if opposed(stanza.mood, mood) {
                    continue;
                }
                for (place, couplet) in stanza.couplets.iter().enumerate() {
                    let at = ((index, stanza.number), (place, stanza.couplets.len()));
                    pool.add(*role, couplet, at, worth, wish, &mut rng, languages);
                }
            }
        }
        let missing: Vec<&String> = wish
            .keywords
            .iter()
            .enumerate()
            .filter(|(bit, _)| !pool.holds(1 << bit))
            .map(|(_, keyword)| keyword)
            .collect();
        let carriers = themes.iter().enumerate().filter(|(_, theme)| {
            theme.kind == Kind::Carrier
                && theme.lang == wish.language.code()
                && theme.classical == wish.classical
        });
        for (index, theme) in carriers {
            for keyword in &missing {
                if !carries(theme, keyword) {
                    continue;
                }
                for (role, stanza) in &theme.stanzas {
                    let worth = rng.unit() * CHANCE;
                    if opposed(stanza.mood, mood) {
                        continue;
                    }
                    for (place, couplet) in stanza.couplets.iter().enumerate() {
                        let filled: Vec<String> = couplet
                            .iter()
                            .map(|line| line.replace(SLOT, keyword))
                            .collect();
                        let at = (
                            (1000 + index, stanza.number),
                            (place, stanza.couplets.len()),
                        );
                        pool.add(*role, &filled, at, worth, wish, &mut rng, languages);
                    }
                }
            }
        }
        pool
    }

    #[allow(clippy::too_many_arguments)]
    fn add(
        &mut self,
        role: Role,
        couplet: &[String],
        (stanza, place): ((usize, usize), (usize, usize)),
        worth: f32,
        wish: &Wish,
        rng: &mut Rng,
        languages: &Languages,
    ) {
        let each = if wish.tune.is_empty() {
            VARIANTS
        } else {
            VARIANTS_FOR_TUNE
        };
        let ways: Vec<Vec<String>> = couplet.iter().map(|line| expand(line, each)).collect();
        let lang = wish.language.code();
        let apart = names_somebody(&couplet.join(" "));
        let read: Vec<Vec<(Line, Option<String>)>> = ways
            .iter()
            .map(|ways| {
                let line = |text: &String| {
                    let title = text.split('*').nth(1).map(str::to_owned);
                    let mut line = Line::read(&text.replace('*', ""), lang, languages);
                    if apart {
                        line.persons = line.persons.apart();
                    }
                    (line, title)
                };
                ways.iter().map(line).collect()
            })
            .collect();
        let total: usize = read.iter().map(Vec::len).product();
        let taken = total.min(each * 3);
        for index in 0..taken {
            let mut code = index * total / taken;
            let mut lines = Vec::with_capacity(read.len());
            let mut title = None;
            for ways in &read {
                let (line, found) = &ways[code % ways.len()];
                code /= ways.len();
                title = title.or_else(|| found.clone());
                lines.push(line.clone());
            }
            if lines.iter().any(|line| is_verbatim(&line.text)) {
                continue;
            }
            let images = lines.iter().flat_map(|l| l.images.iter()).map(|image| {
                let next = self.images.len() as u32;
                *self.images.entry(image.clone()).or_insert(next)
            });
            let mut images: Vec<u32> = images.collect();
            images.sort_unstable();
            images.dedup();
            let text = lines
                .iter()
                .map(|l| l.text.to_lowercase())
                .collect::<Vec<_>>()
                .join("\n");
            let keywords = (0..wish.keywords.len().min(32))
                .filter(|bit| text.contains(&wish.keywords[*bit].to_lowercase()))
                .fold(0, |bits, bit| bits | 1 << bit);
            self.by_role.entry(role).or_default().push(Couplet {
                worth: worth + rng.unit() * 0.3,
                lines,
                title,
                images,
                keywords,
                stanza,
                place,
            });
        }
    }

    fn holds(&self, keywords: u32) -> bool {
        self.by_role
            .values()
            .flatten()
            .any(|couplet| couplet.keywords & keywords != 0)
    }
}

/// A scene gives the first verse, a feeling the chorus and what leads there.
fn fit(theme: &Theme, role: Role) -> f32 {
    match (theme.kind, role) {
        (Kind::Scene, Role::Scene) | (Kind::Feeling, Role::Hook | Role::View) => 0.8,
        (Kind::Feeling, Role::Turn | Role::Lift) => 0.3,
        _ => 0.0,
    }
}

fn mood_worth(stanza: Mood, song: Mood) -> f32 {
    if stanza == song { 0.4 } else { 0.0 }
}

fn opposed(stanza: Mood, song: Mood) -> bool {
    matches!(
        (stanza, song),
        (Mood::Sad, Mood::Bright) | (Mood::Bright, Mood::Sad)
    )
}

/// Whether a carrier takes in a keyword: by its words, or any where it has none.
fn carries(theme: &Theme, keyword: &str) -> bool {
    let lower = keyword.to_lowercase();
    theme.words.is_empty()
        || theme
            .words
            .iter()
            .any(|word| lower.ends_with(word.as_str()))
}
