//! The search: sections are filled couplet by couplet, songs section by section, and several of
//! the best are kept at each step.

use crate::write::line::{Line, Persons, enough};
use crate::write::pool::{Couplet, Pool};
use crate::write::stock::Role;
use crate::write::wish::{LineShape, Scheme};
use std::collections::BTreeMap;
use yuefu_lang::{ToneClass, mandarin};

/// Unfinished sections that are kept.
const WIDTH: usize = 32;
/// Fillings of one section that a song goes on with.
const BRANCHES: usize = 12;
/// Unfinished songs that are kept.
const SONGS: usize = 24;

/// What it costs besides that a line is not as long as the one whose tune it has.
const UNEQUAL: f32 = 4.0;

/// What one section needs.
#[derive(Clone, Debug)]
pub struct Need {
    /// Its place in the song.
    pub role: Role,
    /// How many lines; as many as a stanza has where `None`.
    pub lines: Option<usize>,
    /// Sections that are sung to one tune have one name, and lines of one length.
    pub tune: &'static str,
    /// The shape of each line where a tune is given.
    pub shape: Vec<LineShape>,
}

/// A section as filled.
pub type Filling<'a> = Vec<&'a Couplet>;

/// A song as far as it is written.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    /// Fillings in the order of the needs.
    pub parts: Vec<Filling<'a>>,
    score: f32,
    images: Vec<u32>,
    persons: Persons,
    keywords: u32,
    /// The length and stresses of lines by tune.
    shapes: BTreeMap<&'static str, Vec<(usize, usize)>>,
    /// Which of the schemes a tune's first section took.
    schemes: BTreeMap<&'static str, usize>,
    /// The line that all rhyme with where one rhyme runs through the song.
    rhyme: Option<&'a Line>,
}

/// Writes the sections in the order given; the first ones are chosen most freely.
pub fn write<'a>(
    pool: &'a Pool,
    needs: &[Need],
    schemes: &[Scheme],
    lang: &str,
) -> Option<Draft<'a>> {
    let mut drafts = vec![Draft {
        parts: Vec::new(),
        score: 0.0,
        images: Vec::new(),
        persons: Persons::default(),
        keywords: 0,
        shapes: BTreeMap::new(),
        schemes: BTreeMap::new(),
        rhyme: None,
    }];
    for need in needs {
        let mut next: Vec<Draft<'a>> = Vec::new();
        for draft in &drafts {
            next.extend(continuations(draft, pool, need, schemes, lang));
        }
        if next.is_empty() {
            // Nothing of the stock can stand here: the section stays empty, and the report says so.
            for draft in &mut drafts {
                draft.parts.push(Vec::new());
            }
            continue;
        }
        // Sorting is stable and scores are plain sums in a fixed order: no chance in it.
        next.sort_by(|a, b| b.score.total_cmp(&a.score));
        next.truncate(SONGS);
        drafts = next;
    }
    drafts.into_iter().next()
}

/// A section as far as it is filled.
struct Partial<'a> {
    filling: Filling<'a>,
    lines: Vec<&'a Line>,
    score: f32,
}

fn continuations<'a>(
    draft: &Draft<'a>,
    pool: &'a Pool,
    need: &Need,
    schemes: &[Scheme],
    lang: &str,
) -> Vec<Draft<'a>> {
    let Some(all) = pool.by_role.get(&need.role) else {
        return Vec::new();
    };
    let taken = |couplet: &Couplet| {
        draft
            .parts
            .iter()
            .flatten()
            .any(|other| other.stanza == couplet.stanza && other.place == couplet.place)
    };
    let open: Vec<&Couplet> = all.iter().filter(|c| !taken(c)).collect();
    let shape = draft.shapes.get(need.tune);
    let fixed = draft.schemes.get(need.tune).copied();
    let mut done: Vec<(Partial<'a>, usize)> = Vec::new();
    for (index, scheme) in schemes.iter().enumerate() {
        if fixed.is_some_and(|fixed| fixed != index) {
            continue;
        }
        let mut partial = vec![Partial {
            filling: Vec::new(),
            lines: Vec::new(),
            score: 0.0,
        }];
        while !partial.is_empty() {
            let mut next: Vec<Partial<'a>> = Vec::new();
            for state in &partial {
                for couplet in &open {
                    if let Some(grown) = grow(state, couplet, draft, need, shape, scheme, lang) {
                        next.push(grown);
                    }
                }
            }
            next.sort_by(|a, b| b.score.total_cmp(&a.score));
            let (whole, unfinished): (Vec<_>, Vec<_>) =
                next.into_iter().partition(|state| is_whole(state, need));
            done.extend(whole.into_iter().take(WIDTH).map(|state| (state, index)));
            partial = unfinished;
            partial.truncate(WIDTH);
        }
    }
    done.sort_by(|a, b| b.0.score.total_cmp(&a.0.score));
    // Different readings of the same couplets would crowd out everything else.
    let mut seen: Vec<Vec<((usize, usize), usize)>> = Vec::new();
    let mut out = Vec::new();
    for (state, scheme) in done {
        let name: Vec<_> = state
            .filling
            .iter()
            .map(|c| (c.stanza, c.place.0))
            .collect();
        if seen.iter().filter(|known| **known == name).count() >= 2 {
            continue;
        }
        seen.push(name);
        out.push(extend(draft, state, need, scheme, schemes));
        if out.len() == BRANCHES {
            break;
        }
    }
    out
}

fn is_whole(state: &Partial<'_>, need: &Need) -> bool {
    match need.lines {
        Some(lines) => state.lines.len() == lines,
        None => state
            .filling
            .last()
            .is_some_and(|c| c.place.0 + 1 == c.place.1),
    }
}

/// A section with one couplet more; `None` where it cannot stand there.
fn grow<'a>(
    state: &Partial<'a>,
    couplet: &'a Couplet,
    draft: &Draft<'a>,
    need: &Need,
    shape: Option<&Vec<(usize, usize)>>,
    scheme: &Scheme,
    lang: &str,
) -> Option<Partial<'a>> {
    let at = state.lines.len();
    let wanted = need.lines.unwrap_or(at + couplet.lines.len());
    let ends = at + couplet.lines.len();
    if ends > wanted
        || state
            .filling
            .iter()
            .any(|c| c.stanza == couplet.stanza && c.place == couplet.place)
    {
        return None;
    }
    let mut score = state.score + couplet.worth;
    // Openers open and closers close; between them whatever is left.
    let (place, of) = couplet.place;
    let previous = state.filling.last();
    let follows = previous.is_some_and(|p| p.stanza == couplet.stanza && p.place.0 + 1 == place);
    if need.lines.is_none() && previous.is_some() && !follows {
        return None;
    }
    if at.is_multiple_of(4) && place != 0
        || need.role == Role::Hook && at == 0 && couplet.title.is_none()
    {
        return None;
    }
    if !at.is_multiple_of(4) && place == 0 && of > 1 {
        return None;
    }
    // What leads to the chorus and away from it is of the chorus's theme.
    let hook = draft
        .parts
        .iter()
        .flatten()
        .find(|other| other.title.is_some());
    if hook.is_some_and(|hook| hook.stanza.0 == couplet.stanza.0) {
        score += match need.role {
            Role::Close => 3.0,
            Role::Lift | Role::View | Role::Turn => 0.8,
            Role::Scene | Role::Hook => 0.0,
        };
    }
    // Couplets of one stanza belong together; a chorus is never pieced together of two.
    if let Some(previous) = previous.filter(|_| !at.is_multiple_of(4) && !follows) {
        if need.role == Role::Hook && need.shape.is_empty() {
            return None;
        }
        let other_theme = previous.stanza.0 != couplet.stanza.0;
        score -= 4.0 + if other_theme { 2.5 } else { 0.0 } + if leans(couplet) { 4.0 } else { 0.0 };
    }
    let mut persons = draft.persons;
    for line in &state.lines {
        persons = persons.and(line.persons);
    }
    for line in &couplet.lines {
        persons = persons.and(line.persons);
    }
    if persons.clash() || couplet.lines.iter().any(|line| !line.singable) {
        return None;
    }
    // Images come once in a song.
    let again = |image: &&u32| {
        draft.images.binary_search(image).is_ok()
            || state
                .filling
                .iter()
                .any(|c| c.images.binary_search(image).is_ok())
    };
    score -= 0.9 * couplet.images.iter().filter(again).count() as f32;
    let had = state
        .filling
        .iter()
        .fold(draft.keywords, |bits, c| bits | c.keywords);
    score += 9.0 * (couplet.keywords & !had).count_ones() as f32;
    let mut lines = state.lines.clone();
    for (index, line) in couplet.lines.iter().enumerate() {
        let number = at + index;
        if let Some(asked) = need.shape.get(number) {
            score -= 3.0 * asked.syllables.abs_diff(line.syllables) as f32;
            score += stress_fit(&asked.strong, line);
        } else if let Some((syllables, beats)) = shape.and_then(|shape| shape.get(number)) {
            // The first syllable too many or too few breaks the tune; more of them hardly more.
            let off = syllables.abs_diff(line.syllables);
            score -= 3.5 * off as f32 + if off > 0 { UNEQUAL } else { 0.0 };
            if lang != mandarin::CODE {
                score -= 0.5 * beats.abs_diff(line.beats()) as f32;
            }
        } else if number >= 2 && number % 4 >= 2 {
            // The second half of a stanza is sung to the first half's tune, nearly.
            score -= 0.5 * lines[number - 2].syllables.abs_diff(line.syllables) as f32;
        }
        score += rhyme_fit(&lines, line, number, draft, scheme, lang);
        if lang == mandarin::CODE {
            let level = line.close() == Some(ToneClass::Level);
            score += if level == (number % 2 == 1) {
                0.25
            } else {
                0.0
            };
        } else {
            score += 0.8 * line.regularity();
        }
        lines.push(line);
    }
    let mut filling = state.filling.clone();
    filling.push(couplet);
    Some(Partial {
        filling,
        lines,
        score,
    })
}

/// Whether a couplet goes on with what its own stanza said before.
fn leans(couplet: &Couplet) -> bool {
    const ON: [&str; 24] = [
        "so ", "and ", "but ", "then ", "it ", "'cause ", "they ", "which ", "now ", "or ", "这",
        "那", "可", "但", "也", "就", "才", "却", "都", "修", "再", "不如", "其实", "于是",
    ];
    let text = couplet.lines[0].text.to_lowercase();
    ON.iter().any(|word| text.starts_with(word))
}

/// How well a line rhymes where the scheme wants it.
fn rhyme_fit(
    before: &[&Line],
    line: &Line,
    number: usize,
    draft: &Draft<'_>,
    scheme: &Scheme,
    lang: &str,
) -> f32 {
    let letter = scheme.letter(number);
    if letter == 'X' {
        return 0.0;
    }
    let mut score = 0.0;
    if let (Some(group), Some(rhyme)) = (&scheme.group, &line.rhyme) {
        let same = rhyme
            .group
            .is_some_and(|(eighteen, thirteen)| group == eighteen || group == thirteen);
        score += if same { 2.0 } else { -8.0 };
    }
    let earlier = (0..number)
        .rev()
        .find(|other| scheme.letter(*other) == letter);
    // Stanzas of one letter rhyme within themselves, longer ones within four lines.
    let partner = earlier
        .filter(|other| other / 4 == number / 4 || scheme.one)
        .map(|other| before[other])
        .or(draft.rhyme.filter(|_| scheme.one));
    if let Some(partner) = partner {
        let found = partner.rhymes(line);
        // Schemes with more rhymes are not better than others.
        let all = (0..4)
            .filter(|line| scheme.letter(*line) != 'X')
            .count()
            .max(2)
            - 1;
        score += if found >= enough(lang) {
            2.0 * found / all as f32
        } else {
            3.0 * found - 7.0
        };
    }
    // The same closing word twice in a section is no rhyme at all.
    if before.iter().any(|other| other.last == line.last) {
        score -= 1.5;
    }
    score
}

/// Strong notes want stressed syllables and weak ones others.
fn stress_fit(strong: &[bool], line: &Line) -> f32 {
    let pairs = strong.iter().zip(&line.stress);
    pairs.fold(0.0, |sum, (strong, stress)| {
        sum + match (strong, stress) {
            (true, 2) => 0.3,
            (true, 0) => -0.3,
            (false, 2) => -0.6,
            _ => 0.0,
        }
    })
}

fn extend<'a>(
    draft: &Draft<'a>,
    state: Partial<'a>,
    need: &Need,
    scheme: usize,
    schemes: &[Scheme],
) -> Draft<'a> {
    let mut next = draft.clone();
    next.score += state.score / state.filling.len().max(1) as f32 * 2.0;
    for couplet in &state.filling {
        next.images.extend(&couplet.images);
        next.keywords |= couplet.keywords;
    }
    next.images.sort_unstable();
    next.images.dedup();
    for line in &state.lines {
        next.persons = next.persons.and(line.persons);
    }
    let shape = state
        .lines
        .iter()
        .map(|line| (line.syllables, line.beats()))
        .collect();
    next.shapes.entry(need.tune).or_insert(shape);
    next.schemes.entry(need.tune).or_insert(scheme);
    if schemes[scheme].one && next.rhyme.is_none() {
        let rhymed = (0..state.lines.len()).rfind(|n| schemes[scheme].letter(*n) != 'X');
        next.rhyme = rhymed.map(|n| state.lines[n]);
    }
    next.parts.push(state.filling);
    next
}
