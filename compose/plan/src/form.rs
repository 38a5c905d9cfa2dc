//! The form: which sections, in which order, how many bars each.

use crate::{learned::form_habits, tempo::TempoDraft};
use std::collections::BTreeMap;
use yuefu_engine::SeedPath;
use yuefu_song::{
    Ending, SectionKind, SectionPlan, Style,
    brief::{Brief, SectionSize},
};
use yuefu_theory::{Key, Metre, TickSpan, Ticks};

/// One section before it has a place in time.
#[derive(Clone, Debug, PartialEq)]
pub struct SectionDraft {
    pub kind: SectionKind,
    pub material: String,
    pub bars: u32,
    pub energy: [f32; 2],
}

/// The sections in order.
#[derive(Clone, Debug, PartialEq)]
pub struct FormDraft {
    pub sections: Vec<SectionDraft>,
}

impl FormDraft {
    /// Bars in all.
    pub fn bars(&self) -> u32 {
        self.sections.iter().map(|s| s.bars).sum()
    }

    /// Places the sections and names them.
    pub fn into_sections(self, key: Key, metre: &Metre) -> Vec<SectionPlan> {
        let mut count: BTreeMap<SectionKind, u32> = BTreeMap::new();
        let mut at = Ticks::ZERO;
        let last = self.sections.len().saturating_sub(1);
        self.sections
            .into_iter()
            .enumerate()
            .map(|(index, draft)| {
                let number = count.entry(draft.kind).or_default();
                *number += 1;
                let start = at;
                at += metre.bar() * i64::from(draft.bars);
                SectionPlan {
                    id: format!("{}-{number}", draft.kind.name()),
                    kind: draft.kind,
                    material: draft.material,
                    span: TickSpan::new(start, at),
                    bars: draft.bars,
                    key,
                    energy: draft.energy,
                    chords: Vec::new(),
                    playing: Vec::new(),
                    fill: index < last && draft.bars >= 2,
                    take: 0,
                }
            })
            .collect()
    }
}

/// Reads a form such as `intro:4:0.3 verse:8:0.45 part.A:8:0.5`; unreadable words are left out
/// (the data test refuses them in shipped styles).
pub fn parse(text: &str) -> Vec<SectionDraft> {
    text.split_whitespace()
        .filter_map(|word| {
            let mut fields = word.split(':');
            let name = fields.next()?;
            let (kind, material) = name.split_once('.').unwrap_or((name, name));
            let bars = fields.next()?.parse().ok()?;
            let energy: f32 = fields.next()?.parse().ok()?;
            Some(SectionDraft {
                kind: SectionKind::from_name(kind)?,
                material: material.to_string(),
                bars,
                energy: [energy; 2],
            })
        })
        .filter(|section| section.bars > 0)
        .collect()
}

/// Chooses a form of the style and fits it to the bars asked for.
pub fn choose(
    brief: &Brief,
    style: &Style,
    metre: &Metre,
    draft: &TempoDraft,
    seed: &SeedPath,
) -> FormDraft {
    let mut rng = seed.join("form").rng();
    let forms: Vec<Vec<SectionDraft>> = style
        .forms
        .iter()
        .map(|form| parse(&form.sections))
        .collect();
    // Without a length wish by weight; with one, forms of about that length are likelier.
    let weights: Vec<f32> = style
        .forms
        .iter()
        .zip(&forms)
        .map(|(form, sections)| {
            let bars: u32 = sections.iter().map(|s| s.bars).sum();
            // Nobody who names no length means a sketch.
            let brief_piece = f64::from(bars) * draft.bar_seconds < 100.0;
            let whole = if brief_piece { 0.08 } else { 1.0 };
            let near = draft.bars.map_or(whole, |wanted| {
                let ratio = bars.max(1) as f32 / wanted.max(1) as f32;
                let far = if ratio > 1.0 { ratio } else { 1.0 / ratio };
                1.0 / (far * far * far)
            });
            form.weight * near
        })
        .collect();
    let mut sections = forms
        .get(rng.weighted(&weights))
        .cloned()
        .unwrap_or_default();
    if let Some(found) = learned(brief, style, metre, draft, &sections, &seed.join("form")) {
        sections = found;
    }
    if sections.is_empty() {
        sections = parse("part:8:0.5");
    }
    if style.harmony.learned.is_some() && brief.form.is_none() && brief.sections.is_empty() {
        breathe(&mut sections, &seed.join("form"));
    }
    if let Some(order) = &brief.form {
        sections = in_order(order, &forms, &sections);
    }
    // Forms are written for the style's first metre; shorter bars need more of them.
    let felt = |metre: &Metre| metre.groups.len();
    let usual = style.metres.first().map_or(4, felt);
    if draft.bars.is_none() && usual >= felt(metre) * 2 {
        for section in &mut sections {
            section.bars *= 2;
        }
    }
    apply_wishes(brief, &forms, &mut sections);
    if draft.ending == Ending::Loop {
        // A loop has no beginning and no end of its own.
        let body: Vec<SectionDraft> = sections
            .iter()
            .filter(|s| !matches!(s.kind, SectionKind::Intro | SectionKind::Outro))
            .cloned()
            .collect();
        if !body.is_empty() {
            sections = body;
        }
        if draft.bars.is_none() && brief.form.is_none() {
            fit(
                &mut sections,
                (30.0 / draft.bar_seconds / 4.0).round().max(2.0) as u32 * 4,
            );
        }
    }
    if let Some(bars) = draft.bars {
        fit(&mut sections, bars);
    }
    FormDraft { sections }
}

/// Bars between the first chorus and the verse after it, and how usual they are; as long as the tunes of
/// POP909's training part are silent there.
const BETWEEN: [(u32, f32); 3] = [(0, 0.25), (4, 0.35), (8, 0.4)];

/// Puts an interlude between the first chorus and the verse after it, as most real songs have one.
fn breathe(sections: &mut Vec<SectionDraft>, seed: &SeedPath) {
    use SectionKind::{Chorus, Interlude, Solo, Verse};
    let turn = sections
        .windows(2)
        .position(|pair| pair[0].kind == Chorus && pair[1].kind == Verse);
    let has = sections.iter().any(|s| matches!(s.kind, Interlude | Solo));
    let weights = BETWEEN.map(|(_, weight)| weight);
    let (bars, _) = BETWEEN[seed.join("between").rng().weighted(&weights)];
    if let (Some(turn), false, true) = (turn, has, bars > 0) {
        let energy = sections[turn + 1].energy[0] + 0.08;
        sections.insert(
            turn + 1,
            SectionDraft {
                kind: Interlude,
                material: Interlude.name().into(),
                bars,
                energy: [energy; 2],
            },
        );
    }
}

/// How often a song has a form such as real ones have, where its style knows songs like those.
const LEARNED: f32 = 0.5;
/// Forms that are drawn, at most, until one is whole.
const DRAWS: usize = 60;

/// A form as real songs have them, with the energies of one of the style's; `None` where the style,
/// the metre or the brief know better.
fn learned(
    brief: &Brief,
    style: &Style,
    metre: &Metre,
    draft: &TempoDraft,
    own: &[SectionDraft],
    seed: &SeedPath,
) -> Option<Vec<SectionDraft>> {
    style.harmony.learned.as_ref()?;
    let rows = &style.harmony.major;
    let sung = ["verse", "chorus"]
        .iter()
        .all(|part| rows.contains_key(*part));
    let asked = brief.form.is_some() || !brief.sections.is_empty();
    if !sung || asked || *metre != Metre::common() || draft.ending == Ending::Loop {
        return None;
    }
    let mut rng = seed.join("learned").rng();
    let habits = form_habits().ok()?;
    if !rng.chance(LEARNED) {
        return None;
    }
    let length = |form: &[(SectionKind, u32)]| form.iter().map(|(_, bars)| bars).sum::<u32>();
    let fits = |form: &[(SectionKind, u32)]| match draft.bars {
        Some(wanted) => (0.8..1.3).contains(&(f64::from(length(form)) / f64::from(wanted.max(1)))),
        None => (100.0..260.0).contains(&(f64::from(length(form)) * draft.bar_seconds)),
    };
    let form = (0..DRAWS)
        .map(|_| habits.draw(16, &mut rng))
        .find(|form| is_whole(form) && fits(form))?;
    let mut seen: BTreeMap<SectionKind, usize> = BTreeMap::new();
    let sections = form.into_iter().map(|(kind, bars)| {
        let nth = seen.entry(kind).or_default();
        let mut same = own.iter().filter(|section| section.kind == kind);
        let count = same.clone().count();
        let known = same.nth((*nth).min(count.saturating_sub(1)));
        let energy = known.map_or(usual_energy(kind), |section| section.energy[0]);
        // What comes back after the style's own form has ended comes back a little stronger.
        let beyond = (*nth + 1).saturating_sub(count.max(1)) as f32;
        *nth += 1;
        SectionDraft {
            kind,
            material: kind.name().to_owned(),
            bars,
            energy: [(energy + 0.03 * beyond).min(0.98); 2],
        }
    });
    Some(sections.collect())
}

/// Whether a form is a song: verses and choruses of four bars or more, eight in one of them, nothing
/// thrice in a row, nothing new before verse and chorus are known, a beginning and an end.
fn is_whole(form: &[(SectionKind, u32)]) -> bool {
    use SectionKind as K;
    let count = |kind: K| form.iter().filter(|(own, _)| *own == kind).count();
    let known = |kind: K| {
        matches!(
            kind,
            K::Intro
                | K::Verse
                | K::PreChorus
                | K::Chorus
                | K::Bridge
                | K::Interlude
                | K::Solo
                | K::Outro
        )
    };
    let (Some((first, _)), Some((last, _))) = (form.first(), form.last()) else {
        return false;
    };
    let longest = |kind: K| {
        let of_kind = form.iter().filter(|(own, _)| *own == kind);
        of_kind.map(|(_, bars)| *bars).max().unwrap_or(0)
    };
    let at = |kind: K| form.iter().position(|(own, _)| *own == kind);
    let told = at(K::Verse).max(at(K::Chorus)).unwrap_or(0);
    let sung = |kind: &K| matches!(kind, K::Verse | K::Chorus);
    let short = |(kind, bars): &(K, u32)| sung(kind) && *bars < 4;
    form.iter().all(|(kind, _)| known(*kind))
        && !form.iter().any(short)
        && longest(K::Verse).max(longest(K::Chorus)) >= 8
        && [K::Bridge, K::Solo]
            .iter()
            .all(|kind| at(*kind).is_none_or(|at| at > told))
        && matches!(first, K::Intro | K::Verse | K::Chorus)
        && matches!(last, K::Outro | K::Chorus)
        && count(K::Intro) <= 1
        && count(K::Outro) <= 1
        && count(K::Verse) >= 2
        && count(K::Chorus) >= 2
        && count(K::Bridge) <= 1
        && count(K::Solo) <= 1
        && count(K::Interlude) <= 2
        && form[1..].iter().all(|(kind, _)| *kind != K::Intro)
        && form[..form.len() - 1]
            .iter()
            .all(|(kind, _)| *kind != K::Outro)
        && form
            .windows(3)
            .all(|w| w[0].0 != w[1].0 || w[1].0 != w[2].0)
        && !form
            .windows(2)
            .any(|w| w[0].0 == w[1].0 && !matches!(w[0].0, K::Verse | K::Chorus))
}

fn in_order(
    order: &[SectionKind],
    forms: &[Vec<SectionDraft>],
    chosen: &[SectionDraft],
) -> Vec<SectionDraft> {
    let all: Vec<&SectionDraft> = chosen.iter().chain(forms.iter().flatten()).collect();
    order
        .iter()
        .map(|kind| {
            all.iter().find(|s| s.kind == *kind).map_or_else(
                || SectionDraft {
                    kind: *kind,
                    material: kind.name().into(),
                    bars: 8,
                    energy: [usual_energy(*kind); 2],
                },
                |s| (*s).clone(),
            )
        })
        .collect()
}

/// The energy a kind of section usually has.
pub fn usual_energy(kind: SectionKind) -> f32 {
    match kind {
        SectionKind::Intro => 0.35,
        SectionKind::Verse => 0.48,
        SectionKind::PreChorus => 0.62,
        SectionKind::Chorus => 0.85,
        SectionKind::Bridge => 0.55,
        SectionKind::Interlude => 0.5,
        SectionKind::Solo => 0.75,
        SectionKind::Build => 0.65,
        SectionKind::Drop => 0.95,
        SectionKind::Breakdown => 0.35,
        SectionKind::Outro => 0.35,
        SectionKind::Part => 0.55,
    }
}

fn apply_wishes(brief: &Brief, forms: &[Vec<SectionDraft>], sections: &mut Vec<SectionDraft>) {
    for wish in &brief.sections {
        if !wish.wanted {
            if sections.iter().any(|s| s.kind != wish.section) {
                sections.retain(|s| s.kind != wish.section);
            }
            continue;
        }
        if !sections.iter().any(|s| s.kind == wish.section) {
            let new = in_order(&[wish.section], forms, &[]).remove(0);
            let at = match wish.section {
                SectionKind::Intro => 0,
                SectionKind::Outro => sections.len(),
                // Before the last chorus, or in the middle.
                _ => sections
                    .iter()
                    .rposition(|s| matches!(s.kind, SectionKind::Chorus | SectionKind::Drop))
                    .unwrap_or(sections.len() / 2),
            };
            sections.insert(at, new);
        }
        for section in sections.iter_mut().filter(|s| s.kind == wish.section) {
            if let Some(bars) = wish.bars {
                section.bars = bars.max(1);
                continue;
            }
            match wish.size {
                Some(SectionSize::Long) => section.bars *= 2,
                Some(SectionSize::Short) => section.bars = (section.bars / 2).max(1),
                None => {}
            }
        }
    }
}

/// How dear a section is when bars must be saved.
pub fn worth(kind: SectionKind, nth: usize) -> i32 {
    let base = match kind {
        SectionKind::Chorus | SectionKind::Drop => 100,
        SectionKind::Verse | SectionKind::Part => 80,
        SectionKind::Outro => 55,
        SectionKind::Intro => 50,
        SectionKind::Build | SectionKind::PreChorus => 45,
        SectionKind::Breakdown | SectionKind::Bridge => 35,
        SectionKind::Solo => 30,
        SectionKind::Interlude => 20,
    };
    base - 24 * nth as i32
}

/// Fits a form to an exact number of bars by leaving out, halving, repeating and padding.
fn fit(sections: &mut Vec<SectionDraft>, bars: u32) {
    let total = |s: &[SectionDraft]| s.iter().map(|x| x.bars).sum::<u32>();
    // Too long: leave out the least dear section while that does not overshoot much.
    while total(sections) > bars + 2 && sections.len() > 1 {
        let over = total(sections) - bars;
        let mut seen: BTreeMap<SectionKind, usize> = BTreeMap::new();
        let ranked = sections.iter().enumerate().map(|(index, section)| {
            let nth = seen.entry(section.kind).or_default();
            let value = worth(section.kind, *nth) - i32::from(section.bars <= over) * 15;
            *nth += 1;
            (value, std::cmp::Reverse(index))
        });
        let Some((_, std::cmp::Reverse(index))) = ranked.min() else {
            break;
        };
        let halved = sections[index].bars / 2;
        if sections[index].bars > over
            && halved >= 2
            && sections[index].bars - halved >= over.min(2)
        {
            sections[index].bars -= over.min(halved);
        } else {
            sections.remove(index);
        }
    }
    // Too short: repeat a stretch of the middle before the last high point.
    while total(sections) + 4 <= bars {
        let lack = (bars - total(sections)) as usize;
        let body: Vec<usize> = (0..sections.len())
            .filter(|i| !matches!(sections[*i].kind, SectionKind::Intro | SectionKind::Outro))
            .collect();
        let Some((&first, &last)) = body.first().zip(body.last()) else {
            break;
        };
        let mut copy: Vec<SectionDraft> = Vec::new();
        for section in &sections[first..=last] {
            let have: u32 = copy.iter().map(|s| s.bars).sum();
            if (have + section.bars) as usize <= lack + 2 {
                copy.push(section.clone());
            } else {
                break;
            }
        }
        if copy.is_empty() {
            // Nothing whole fits: a shorter interlude before the last high point does.
            let mut short = sections[first].clone();
            short.bars = lack as u32;
            short.energy = short.energy.map(|level| (level - 0.08).max(0.2));
            copy.push(short);
            sections.splice(last..last, copy);
            continue;
        }
        let at = if copy.len() > 1 { last + 1 } else { first + 1 };
        // A repetition after a full close starts with the opening section again, so the order
        // verse, chorus, verse, chorus stays.
        sections.splice(at..at, copy);
    }
    // The rest goes where odd lengths are natural.
    let place = sections
        .iter()
        .rposition(|s| s.kind == SectionKind::Outro)
        .or_else(|| sections.iter().position(|s| s.kind == SectionKind::Intro))
        .or_else(|| {
            sections
                .iter()
                .rposition(|s| matches!(s.kind, SectionKind::Interlude | SectionKind::Bridge))
        })
        .unwrap_or(sections.len() - 1);
    let now = total(sections);
    if now < bars {
        sections[place].bars += bars - now;
    } else {
        let mut over = now - bars;
        let order: Vec<usize> = std::iter::once(place)
            .chain((0..sections.len()).rev())
            .collect();
        for index in order {
            let cut = over.min(sections[index].bars - 1);
            sections[index].bars -= cut;
            over -= cut;
        }
        while over > 0 && sections.len() > 1 {
            sections.remove(0);
            over -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_bars_can_be_had() {
        let form = parse(
            "intro:4:0.3 verse:8:0.4 pre-chorus:4:0.6 chorus:8:0.9 verse:8:0.5 chorus:8:0.9 bridge:8:0.5 chorus:8:1 outro:4:0.3",
        );
        for bars in 1..200 {
            let mut sections = form.clone();
            fit(&mut sections, bars);
            assert_eq!(sections.iter().map(|s| s.bars).sum::<u32>(), bars);
            assert!(sections.iter().all(|s| s.bars > 0));
            if bars >= 16 {
                assert!(
                    sections.iter().any(|s| s.kind == SectionKind::Chorus),
                    "{bars}"
                );
                assert!(
                    sections.iter().all(|s| s.bars <= 14),
                    "{bars}: {sections:?}"
                );
            }
        }
    }

    #[test]
    fn learned_forms_are_whole_and_many() {
        let book = crate::standard_styles().expect("styles ship");
        let style = book.get("pop").expect("pop ships");
        let catalog = yuefu_song::Catalog::parse(&yuefu_data::tables("instruments")).expect("ship");
        let own: Vec<Vec<SectionKind>> = style
            .forms
            .iter()
            .map(|form| parse(&form.sections).iter().map(|s| s.kind).collect())
            .collect();
        let mut others = std::collections::BTreeSet::new();
        for seed in 0..60 {
            let brief = Brief {
                styles: vec![yuefu_song::brief::Weighted::new("pop".to_owned(), 1.0)],
                ..Brief::default()
            };
            let seed = SeedPath::song(seed);
            let (plan, _) = crate::plan(&brief, &Default::default(), &book, &catalog, &seed);
            let kinds: Vec<SectionKind> = plan.sections.iter().map(|s| s.kind).collect();
            if !own.contains(&kinds) {
                let form: Vec<_> = plan.sections.iter().map(|s| (s.kind, s.bars)).collect();
                assert!(is_whole(&form), "{kinds:?}");
                others.insert(kinds);
            }
        }
        assert!(others.len() > 12, "{}", others.len());
    }
}
