//! Reads the pieces of a prompt in order: who modifies, negates or contradicts what.

use crate::energy;
use crate::lexicon::{Lexicon, Meaning, Sense};
use crate::notes::{contradiction, note};
use crate::scan::{Item, What, scan, title};
use crate::text::{Text, is_han};
use std::collections::BTreeMap;
use yuefu_song::brief::{
    Brief, Lang, Reason, ReasonKind, SectionSize, Severity, TempoWish, VoiceWish,
};
use yuefu_song::score::{Role, SectionKind};

/// An instrument wish before the style is known.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// Catalog id, or the general word that a style resolves.
    pub name: String,
    /// Whether the name is a general word.
    pub general: bool,
    /// Whether it is asked for or refused.
    pub wanted: bool,
    /// Role asked for.
    pub role: Option<Role>,
    /// Prominence.
    pub weight: f32,
    /// The words.
    pub words: String,
    /// Their bytes.
    pub span: (usize, usize),
    /// Its place among the items.
    pub item: usize,
}

impl Wanted {
    /// A wish from an option beside the prompt.
    pub fn option(name: String, general: bool, wanted: bool, words: String) -> Self {
        Self {
            name,
            general,
            wanted,
            role: None,
            weight: 1.0,
            words,
            span: (0, 0),
            item: usize::MAX,
        }
    }
}

/// What was read, before anything is inferred.
pub(crate) struct Reading {
    /// The brief so far.
    pub brief: Brief,
    /// Styles by index in the lexicon, with weight and words.
    pub styles: Vec<(usize, f32, String)>,
    /// Instruments.
    pub wanted: Vec<Wanted>,
    /// Images by index, with words and span.
    pub images: Vec<(usize, f32, String, (usize, usize))>,
    /// Scenes by index, with words and span.
    pub scenes: Vec<(usize, String, (usize, usize))>,
    /// Unknown words.
    pub unknown: Vec<String>,
    /// The words that first set a field.
    pub first: BTreeMap<&'static str, String>,
}

#[derive(Clone, Copy, PartialEq)]
enum Negation {
    Noun,
    Next,
}

/// A prompt while it is being read.
pub(crate) struct Reader<'a> {
    pub text: &'a Text<'a>,
    pub lexicon: &'static Lexicon,
    pub items: Vec<Item>,
    used: Vec<bool>,
    pub out: Reading,
    negation: Option<Negation>,
    /// The negation has met its noun and holds on only across "or".
    spent: bool,
    degree: f32,
    pub then: bool,
    pub modulate: bool,
    /// A role that waits for its instrument, and where it was met.
    pub role: Option<(Role, usize)>,
    /// A size that waits for its section.
    pub size: Option<(SectionSize, usize)>,
}

/// Reads a prompt.
pub(crate) fn read(prompt: &str) -> Reading {
    let text = Text::new(prompt);
    let items = scan(&text);
    let brief = Brief {
        prompt: prompt.to_owned(),
        language: if text.is_chinese() {
            Lang::Zh
        } else {
            Lang::En
        },
        ..Brief::default()
    };
    let mut reader = Reader {
        used: vec![false; items.len()],
        text: &text,
        lexicon: Lexicon::get(),
        items,
        out: Reading {
            brief,
            styles: Vec::new(),
            wanted: Vec::new(),
            images: Vec::new(),
            scenes: Vec::new(),
            unknown: Vec::new(),
            first: BTreeMap::new(),
        },
        negation: None,
        spent: false,
        degree: 1.0,
        then: false,
        modulate: false,
        role: None,
        size: None,
    };
    reader.run();
    reader.out
}

impl Reader<'_> {
    fn run(&mut self) {
        if let Some((from, to)) = title(self.text) {
            let name = self.text.words(from, to).to_owned();
            if !name.is_empty() {
                self.out.brief.reasons.push(self.reason_at(
                    "title",
                    &name,
                    from,
                    to,
                    ReasonKind::Stated,
                ));
                self.out.brief.title = Some(name);
            }
        }
        for pair in energy::pair(self.text, &self.items, &mut self.used) {
            for point in pair.points {
                let value = format!("{:?} {}s", point.kind, point.at.0).to_lowercase();
                self.out.brief.reasons.push(self.reason_at(
                    "energy",
                    &value,
                    pair.start,
                    pair.end,
                    ReasonKind::Stated,
                ));
                self.out.brief.energy.push(point);
            }
        }
        self.out
            .brief
            .energy
            .sort_by(|a, b| a.at.0.total_cmp(&b.at.0));
        self.form();
        for index in 0..self.items.len() {
            self.item(index);
        }
        self.subject();
    }

    /// A song about something has words, whatever kind of song it is: "a pop song about rain",
    /// 写给妈妈的一首歌.
    fn subject(&mut self) {
        let brief = &self.out.brief;
        if brief.voice != VoiceWish::Unstated || brief.excludes_group("vocals") {
            return;
        }
        let found = (0..self.text.len()).find_map(|at| self.told_of(at).map(|end| (at, end)));
        if let Some((start, end)) = found {
            let reason = self.reason_at("voice", "any", start, end, ReasonKind::Inferred);
            self.out.brief.reasons.push(reason);
            self.out.brief.voice = VoiceWish::Any;
        }
    }

    /// Where a song about something that begins to be spoken of here ends.
    fn told_of(&self, at: usize) -> Option<usize> {
        let song = self.text.word(at, &["song", "songs"]);
        if let Some(end) = song.filter(|_| self.text.is_boundary(at)) {
            return self.text.word(self.text.skip(end), &["about"]);
        }
        let opens = ["关于", "写给", "献给", "送给"];
        let from = opens.iter().find_map(|open| self.text.literal(at, open))?;
        let clause = (from..self.text.len()).take_while(|at| {
            let sign = self.text.at(*at);
            is_han(sign) || sign.is_alphanumeric()
        });
        // Operas, singers and dances are other things.
        let song = |at: &usize| {
            let next = (at + 1 < self.text.len()).then(|| self.text.at(at + 1));
            self.text.at(*at) == '歌' && !next.is_some_and(|next| "剧手星迷厅词谱舞".contains(next))
        };
        clause.into_iter().find(song).map(|at| at + 1)
    }

    /// "verse chorus verse": three or more sections in a row, or two with an arrow, are a form.
    fn form(&mut self) {
        let mut index = 0;
        while index < self.items.len() {
            let (mut kinds, mut end, mut arrows) = (Vec::new(), index, 0);
            while end < self.items.len() {
                let section = self.section(end).filter(|_| !self.used[end]);
                match section {
                    Some(kind) => kinds.push((kind, end)),
                    None if kinds.is_empty() => break,
                    None if self.items[end].what == What::Dash => arrows += 1,
                    None if self.items[end].what == What::Break
                        || self.items[end].what == What::List => {}
                    None if self.items[end].means(|s| matches!(s, Sense::Then)) => arrows += 1,
                    None => break,
                }
                end += 1;
            }
            let negated = index.checked_sub(1).is_some_and(|k| {
                self.items[k]
                    .means(|s| matches!(s, Sense::NotNoun | Sense::NotNext | Sense::Size(_)))
            });
            if !negated && (kinds.len() >= 3 || (kinds.len() == 2 && arrows > 0)) {
                let last = kinds[kinds.len() - 1].1;
                let form = kinds.iter().map(|(kind, _)| *kind).collect();
                self.set_form(form, self.items[index].start, self.items[last].end);
                kinds.iter().for_each(|(_, at)| self.used[*at] = true);
                index = last;
            }
            index += 1;
        }
    }

    pub fn section(&self, index: usize) -> Option<SectionKind> {
        let What::Word(meanings) = &self.items[index].what else {
            return None;
        };
        meanings.iter().find_map(|(sense, _)| {
            if let Sense::Section(kind) = sense {
                Some(*kind)
            } else {
                None
            }
        })
    }

    fn set_form(&mut self, form: Vec<SectionKind>, start: usize, end: usize) {
        let words = self.text.words(start, end).to_owned();
        let value = form
            .iter()
            .map(|kind| kind.name())
            .collect::<Vec<_>>()
            .join(" ");
        if self
            .out
            .brief
            .form
            .as_ref()
            .is_some_and(|held| *held != form)
        {
            let first = self.out.first.get("form").cloned().unwrap_or_default();
            contradiction(&mut self.out.brief, "form", &first, &words);
            return;
        }
        self.out.first.entry("form").or_insert(words);
        self.out
            .brief
            .reasons
            .push(self.reason_at("form", &value, start, end, ReasonKind::Stated));
        self.out.brief.form = Some(form);
    }

    fn item(&mut self, index: usize) {
        if self.used[index] {
            return;
        }
        let item = self.items[index].clone();
        if self.text.at(item.start.saturating_sub(1)) == ' ' && is_han(self.text.at(item.start)) {
            // Spaces separate Chinese wishes as commas do.
            self.negation = None;
        }
        match item.what {
            What::Break if self.negation == Some(Negation::Noun) && self.is_list(index + 1) => {
                self.spent = false
            }
            What::Stop | What::Break => {
                (self.negation, self.degree, self.spent) = (None, 1.0, false)
            }
            What::List => self.spent = false,
            What::Dash => {}
            What::Unknown => {
                let is_chinese = is_han(self.text.at(item.start));
                if self.negation == Some(Negation::Next) || is_chinese {
                    self.negation = None;
                }
                self.out
                    .unknown
                    .push(self.text.words(item.start, item.end).to_owned());
            }
            What::Value(value) => {
                if self.negation.take().is_none() && !item.in_title {
                    self.value(index, &value);
                }
                self.degree = 1.0;
            }
            What::Form(form) => self.set_form(form, item.start, item.end),
            What::Word(meanings) => self.word(index, meanings),
        }
    }

    /// Whether a list of nouns that ends in "or" follows: "no drums, bass or vocals".
    fn is_list(&self, mut index: usize) -> bool {
        let is_noun = |item: &Item| {
            item.means(|s| {
                matches!(
                    s,
                    Sense::Instrument(_)
                        | Sense::Instead(_)
                        | Sense::Group(_)
                        | Sense::Several(_)
                        | Sense::Section(_)
                )
            })
        };
        while let Some(item) = self.items.get(index) {
            if item.means(|s| matches!(s, Sense::Or)) {
                return self.items.get(index + 1).is_some_and(is_noun);
            }
            if item.what != What::Break && !is_noun(item) {
                return false;
            }
            index += 1;
        }
        false
    }

    fn word(&mut self, index: usize, meanings: &'static [Meaning]) {
        let is = |test: fn(&Sense) -> bool| meanings.iter().any(|(sense, _)| test(sense));
        let is_chinese = is_han(self.text.at(self.items[index].start));
        if self.items[index].in_title {
            for (sense, weight) in meanings {
                match sense {
                    Sense::Image(image) => self.image(index, *image, *weight),
                    Sense::Mood(mood) => {
                        self.add_mood(index, *mood, 0.4 * weight, ReasonKind::Inferred)
                    }
                    _ => {}
                }
            }
        } else if is(|s| matches!(s, Sense::NotNoun)) {
            (self.negation, self.spent, self.degree) = (Some(Negation::Noun), false, 1.0);
        } else if is(|s| matches!(s, Sense::NotNext)) {
            (self.negation, self.spent, self.degree) = (Some(Negation::Next), false, 1.0);
        } else if let Some(degree) = meanings.iter().find_map(|(s, _)| {
            if let Sense::Degree(d) = s {
                Some(*d)
            } else {
                None
            }
        }) {
            self.set_degree(index, degree, is_chinese);
        } else if is(|s| matches!(s, Sense::And)) {
            // 不要鼓和贝斯 refuses both; "no drums and soft piano" refuses one.
            if is_chinese {
                self.spent = false;
            } else {
                self.end_at_and(index);
            }
        } else if is(|s| matches!(s, Sense::Or)) {
            self.spent = false;
        } else if is(|s| matches!(s, Sense::But)) {
            self.negation = None;
        } else if is(|s| matches!(s, Sense::With)) {
            if self.negation == Some(Negation::Noun) && (self.spent || !is_chinese) {
                self.negation = None;
            }
        } else if is(|s| matches!(s, Sense::Modulate)) {
            self.modulate = true;
        } else if is(|s| matches!(s, Sense::Then)) {
            (self.then, self.negation) = (true, None);
        } else if !is(|s| matches!(s, Sense::Filler | Sense::At | Sense::Neutral))
            || meanings.len() > 1
        {
            self.concept(index, meanings);
        }
    }

    fn end_at_and(&mut self, index: usize) {
        let follows = self.items.get(index + 1).is_some_and(|next| {
            next.means(|s| {
                matches!(
                    s,
                    Sense::Instrument(_) | Sense::Instead(_) | Sense::Group(_)
                )
            })
        });
        if self.negation == Some(Negation::Noun) && follows {
            note(
                &mut self.out.brief,
                Severity::Info,
                "negation-ends",
                (
                    "\"no A and B\" is read as: no A, but B".into(),
                    "“no A and B”理解为：不要 A，但要 B".into(),
                ),
                (
                    "write \"no A, no B\" or \"no A or B\" to refuse both",
                    "若两者都不要，请写“no A, no B”",
                ),
            );
        }
        self.negation = None;
    }

    fn set_degree(&mut self, index: usize, degree: f32, is_chinese: bool) {
        let next_says = self
            .items
            .get(index + 1)
            .is_some_and(|next| !next.is_filler() && matches!(next.what, What::Word(_)));
        let adjacent = index > 0 && self.items[index - 1].end == self.items[index].start;
        if is_chinese
            && degree < 1.0
            && adjacent
            && !next_says
            && self.items[index - 1].means(|s| matches!(s, Sense::Mood(_)))
        {
            // 忧郁一点: the degree follows.
            if let Some(mood) = self.out.brief.moods.last_mut() {
                mood.weight *= degree;
            }
            return;
        }
        self.degree = if self.degree == 1.0 {
            degree
        } else {
            (self.degree * degree).clamp(0.2, 1.8)
        };
    }

    fn concept(&mut self, index: usize, meanings: &'static [Meaning]) {
        if self.spent {
            (self.negation, self.spent) = (None, false);
        }
        let negated = self.negation.is_some();
        let mut is_noun = false;
        let mut was_image = false;
        for (sense, weight) in meanings {
            let weight = weight * self.degree;
            match sense {
                Sense::Style(style) => self.style(index, *style, weight, negated),
                Sense::Mood(mood) if negated => {
                    let words = self.words(index);
                    self.push_reason(index, "excluded-mood", mood.name(), ReasonKind::Stated);
                    if self.out.brief.mood(*mood) > 0.0 {
                        let first = self.out.first.get("mood").cloned().unwrap_or_default();
                        contradiction(&mut self.out.brief, "mood", &first, &words);
                    } else if !self.out.brief.excluded_moods.contains(mood) {
                        self.out.brief.excluded_moods.push(*mood);
                    }
                }
                Sense::Mood(mood) => self.add_mood(index, *mood, weight, ReasonKind::Stated),
                Sense::Instrument(id) => {
                    self.instrument(index, id, false, weight, negated);
                    is_noun = true;
                }
                Sense::Instead(id) => {
                    self.instead(index, id, weight, negated);
                    is_noun = true;
                }
                Sense::Several(name) => {
                    self.instrument(index, name, true, weight, negated);
                    is_noun = true;
                }
                Sense::Group(group) => {
                    self.group(index, *group, weight, negated);
                    is_noun = true;
                }
                Sense::Voice(voice) => {
                    self.voice(index, *voice, negated);
                    is_noun = true;
                }
                Sense::Backing(backing) => {
                    self.backing(index, *backing, negated);
                    is_noun = true;
                }
                Sense::Section(kind) => {
                    self.section_wish(index, *kind, negated);
                    is_noun = true;
                }
                Sense::Loop => {
                    self.out.brief.loop_seamless = !negated;
                    self.push_reason(
                        index,
                        "loop",
                        if negated { "no" } else { "seamless" },
                        ReasonKind::Stated,
                    );
                    is_noun = true;
                }
                Sense::Role(role) => self.role(index, *role),
                Sense::Size(size) => self.size(index, *size),
                Sense::Image(image) if !negated => self.image(index, *image, weight),
                Sense::Scene(scene) if !negated => {
                    self.push_reason(
                        index,
                        "scene",
                        &self.lexicon.scenes[*scene].id,
                        ReasonKind::Stated,
                    );
                    let span = self.span(index);
                    self.out.scenes.push((*scene, self.words(index), span));
                }
                Sense::Image(_) | Sense::Scene(_) => was_image = true,
                Sense::Mode(wish) if !negated => self.mode(index, wish.clone()),
                Sense::Pace(pace) => self.pace(index, *pace, self.degree, negated),
                Sense::Change(change) if !negated => self.change(index, *change),
                Sense::Feel(feel) if !negated => {
                    let feel = *feel;
                    self.push_reason(
                        index,
                        "tempo-feel",
                        &format!("{feel:?}").to_lowercase(),
                        ReasonKind::Stated,
                    );
                    let held = &mut self.tempo().feel;
                    if !held.contains(&feel) {
                        held.push(feel);
                    }
                }
                Sense::Swing(amount) => {
                    let amount = if negated {
                        0.0
                    } else {
                        (amount * self.degree.min(1.1)).min(1.0)
                    };
                    self.push_reason(index, "swing", &amount.to_string(), ReasonKind::Stated);
                    self.tempo().swing = Some(amount);
                }
                Sense::Metre(name) if !negated => {
                    if let Ok(metre) = name.parse() {
                        self.metre(index, metre);
                    }
                }
                Sense::Shape(shape) if !negated && self.out.brief.shape.is_none() => {
                    self.push_reason(
                        index,
                        "shape",
                        &format!("{shape:?}").to_lowercase(),
                        ReasonKind::Stated,
                    );
                    self.out.brief.shape = Some(*shape);
                }
                _ => {}
            }
        }
        self.degree = 1.0;
        if self.negation == Some(Negation::Next) || is_noun {
            self.spent = true;
        }
        if was_image && !is_noun {
            self.negation = None;
        }
    }

    pub fn tempo(&mut self) -> &mut TempoWish {
        self.out.brief.tempo.get_or_insert_with(TempoWish::default)
    }

    pub fn words(&self, index: usize) -> String {
        self.text
            .words(self.items[index].start, self.items[index].end)
            .to_owned()
    }

    pub fn span(&self, index: usize) -> (usize, usize) {
        self.text
            .span(self.items[index].start, self.items[index].end)
    }

    fn reason_at(
        &self,
        field: &str,
        value: &str,
        start: usize,
        end: usize,
        kind: ReasonKind,
    ) -> Reason {
        Reason {
            field: field.to_owned(),
            value: value.to_owned(),
            words: self.text.words(start, end).to_owned(),
            span: self.text.span(start, end),
            kind,
        }
    }

    pub fn push_reason(&mut self, index: usize, field: &str, value: &str, kind: ReasonKind) {
        let reason = self.reason_at(
            field,
            value,
            self.items[index].start,
            self.items[index].end,
            kind,
        );
        self.out.brief.reasons.push(reason);
    }
}
