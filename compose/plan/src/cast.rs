//! The cast: which parts play which instruments, and where.

use std::collections::BTreeMap;
use yuefu_engine::SeedPath;
use yuefu_song::{
    CastMember, Catalog, Family, InstrumentProfile, LyricSheet, Role, SectionKind, SectionPlan,
    Style,
    brief::{Brief, Diagnostic, InstrumentWish, Severity, VoiceWish},
};

/// Chooses who plays.
pub fn choose(
    brief: &Brief,
    style: &Style,
    catalog: &Catalog,
    seed: &SeedPath,
    notes: &mut Vec<Diagnostic>,
) -> Vec<CastMember> {
    let seed = seed.join("cast");
    let allowed = |id: &str| {
        catalog
            .profile(id)
            .is_some_and(|profile| !brief.excludes(profile))
    };
    let mut cast: Vec<CastMember> = Vec::new();
    for (index, part) in style.cast.iter().enumerate() {
        let mut rng = seed.join(&part.id).rng();
        let present = rng.chance(part.chance);
        let options: Vec<&String> = part.instruments.iter().filter(|id| allowed(id)).collect();
        let wished = options
            .iter()
            .find(|id| brief.instruments.iter().any(|w| w.wanted && w.id == ***id));
        // The first instrument named is the usual one, and nobody doubles another part's
        // instrument while there is a choice.
        let weights: Vec<f32> = options
            .iter()
            .enumerate()
            .map(|(i, id)| {
                let taken = cast.iter().any(|m| m.instrument == **id);
                1.0 / (1.0 + i as f32) * if taken { 0.05 } else { 1.0 }
            })
            .collect();
        let chosen = wished.or_else(|| options.get(rng.weighted(&weights)));
        if let Some(instrument) = chosen
            && (present || wished.is_some())
            && !excluded_role(brief, part.role)
        {
            cast.push(CastMember {
                id: part.id.clone(),
                role: part.role,
                instrument: (*instrument).clone(),
                part: index,
                style: None,
                sings: None,
            });
        }
    }
    for wish in brief.instruments.iter().filter(|wish| wish.wanted) {
        grant(brief, wish, style, catalog, &mut cast, notes);
    }
    if cast.is_empty() {
        // Everything was excluded: one voice remains, or there would be no music.
        let fallback = style.cast.first();
        let instrument = catalog
            .profiles()
            .iter()
            .find(|p| !brief.excludes(p) && p.family != Family::Kit && p.family != Family::Effect);
        if let (Some(part), Some(instrument)) = (fallback, instrument) {
            cast.push(CastMember {
                id: part.id.clone(),
                role: Role::Lead,
                instrument: instrument.id.clone(),
                part: 0,
                style: None,
                sings: None,
            });
        }
    }
    cast
}

/// Puts a singer at the head of the cast.
pub fn seat_singer(
    brief: &Brief,
    words: &LyricSheet,
    style: &Style,
    catalog: &Catalog,
    cast: &mut Vec<CastMember>,
) {
    let Some(singer) = singer(brief, language(words), catalog) else {
        return;
    };
    let lead = |p: &yuefu_song::Part| matches!(p.role, Role::Vocal | Role::Lead);
    let id = unique(cast, "vocal");
    cast.insert(
        0,
        CastMember {
            id,
            role: Role::Vocal,
            instrument: singer.id.clone(),
            part: style.cast.iter().position(lead).unwrap_or(0),
            style: None,
            sings: None,
        },
    );
}

/// The language that most of the words are in.
pub fn language(words: &LyricSheet) -> Option<&str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for syllable in words.lines.iter().flat_map(|line| &line.syllables) {
        *counts.entry(syllable.lang.as_str()).or_default() += 1;
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    most.map(|(lang, _)| lang)
}

/// Whether a singer's body is a child's.
pub fn is_child(profile: &InstrumentProfile) -> bool {
    profile.formant >= 2.0
}

/// Middle C lies between the voices of men and of women.
pub fn is_low(profile: &InstrumentProfile) -> bool {
    u16::from(profile.sweet[0]) + u16::from(profile.sweet[1]) < 2 * 60
}

/// How far a language is from a singer's own; 0 where the singer is at home.
pub fn foreign(profile: &InstrumentProfile, lang: Option<&str>) -> usize {
    // Whose syllables are nearest to a language that nobody sings.
    let near = match lang {
        Some("yue" | "ja") => Some("cmn"),
        lang => lang,
    };
    let rank = |lang: Option<&str>| {
        profile
            .sings
            .iter()
            .position(|own| Some(own.as_str()) == lang)
    };
    rank(lang).unwrap_or_else(|| 10 + rank(near).unwrap_or(10))
}

/// The singer that suits best: of those whose sound is a voice engine's, a low or a high voice as
/// it is wished, then one at home in the language, then the first in the catalog; a sampled voice
/// where the catalog has no singer.
fn singer<'a>(
    brief: &Brief,
    lang: Option<&str>,
    catalog: &'a Catalog,
) -> Option<&'a InstrumentProfile> {
    let child = brief.voice == VoiceWish::Child;
    let singers = catalog
        .profiles()
        .iter()
        .filter(|p| p.engine.starts_with("voice:"));
    let wished =
        |p: &&InstrumentProfile| brief.instruments.iter().any(|w| w.wanted && w.id == p.id);
    let chosen = match brief.voice {
        _ if singers.clone().any(|p| wished(&p)) => singers.clone().find(wished),
        _ => {
            let male = brief.voice == VoiceWish::Male;
            singers
                .clone()
                .min_by_key(|p| (is_child(p) != child, is_low(p) != male, foreign(p, lang)))
        }
    };
    chosen
        .or_else(|| catalog.profile("voice-oohs"))
        .or_else(|| {
            catalog
                .profiles()
                .iter()
                .find(|p| p.family == Family::Voice)
        })
}

/// The singer sings where there are words, and nowhere else.
pub fn sing(words: &LyricSheet, cast: &[CastMember], sections: &mut [SectionPlan]) {
    let singers: Vec<&CastMember> = cast.iter().filter(|m| m.role == Role::Vocal).collect();
    let Some(first) = singers.first() else {
        return;
    };
    let sung = |section: &SectionPlan| {
        let mut lines = words.lines_of(&section.id);
        lines.any(|line| !line.syllables.is_empty())
    };
    // Of two who sing, the second has every other verse, or failing that the bridge; the
    // refrain is the first one's.
    let of_kind = |kind: SectionKind| {
        let found = sections.iter().enumerate();
        let found = found.filter(|(_, s)| s.kind == kind && sung(s));
        found.map(|(index, _)| index).collect::<Vec<usize>>()
    };
    let verses = of_kind(SectionKind::Verse);
    let mut second: Vec<usize> = verses.into_iter().skip(1).step_by(2).collect();
    second.extend(of_kind(SectionKind::Bridge));
    if second.is_empty() {
        // With one verse it is the second one's, and a song of refrains is shared out.
        let all: Vec<usize> = (0..sections.len())
            .filter(|i| sung(&sections[*i]))
            .collect();
        let refrain = |i: &usize| sections[*i].kind == SectionKind::Chorus;
        second = all
            .iter()
            .copied()
            .filter(|i| !refrain(i))
            .take(1)
            .collect();
        if second.is_empty() || all.len() == second.len() {
            second = all.into_iter().skip(1).step_by(2).collect();
        }
    }
    for (index, section) in sections.iter_mut().enumerate() {
        section
            .playing
            .retain(|id| singers.iter().all(|singer| *id != singer.id));
        if sung(section) {
            let singer = match singers.get(1) {
                Some(other) if second.contains(&index) => other,
                _ => first,
            };
            section.playing.insert(0, singer.id.clone());
        }
    }
}

fn excluded_role(brief: &Brief, role: Role) -> bool {
    match role {
        Role::Drums => brief.excludes_group("drums"),
        Role::Percussion => brief.excludes_group("percussion") || brief.excludes_group("drums"),
        Role::Bass => brief.excludes_group("bass"),
        Role::Vocal | Role::Backing => brief.excludes_group("vocals"),
        _ => false,
    }
}

/// The role an instrument of a family takes when nothing else was said.
pub fn natural_role(profile: &InstrumentProfile) -> Role {
    match profile.family {
        Family::Keyboard | Family::Guitar | Family::Organ => Role::Comp,
        Family::Bass => Role::Bass,
        Family::Bowed | Family::Brass | Family::Reed | Family::Flute | Family::SynthLead => {
            Role::Lead
        }
        Family::Ensemble | Family::SynthPad | Family::Voice => Role::Pad,
        Family::Plucked => Role::Arp,
        Family::Mallet => Role::Counter,
        Family::Kit => Role::Drums,
        Family::Effect => Role::Fx,
    }
}

/// Makes sure that an instrument asked for is there.
fn grant(
    brief: &Brief,
    wish: &InstrumentWish,
    style: &Style,
    catalog: &Catalog,
    cast: &mut Vec<CastMember>,
    notes: &mut Vec<Diagnostic>,
) {
    let Some(profile) = catalog.profile(&wish.id) else {
        notes.push(Diagnostic {
            severity: Severity::Warning,
            code: "instrument-missing".into(),
            message_en: format!("There is no instrument `{}` here.", wish.id),
            message_zh: format!("这里没有乐器“{}”。", wish.id),
            remedy_en: "Choose one that `yuefu instruments` lists.".into(),
            remedy_zh: "请从 `yuefu instruments` 列出的乐器中选择。".into(),
        });
        return;
    };
    let same_kind = |member: &CastMember| {
        member.instrument == wish.id
            || (wish.generic
                && catalog
                    .profile(&member.instrument)
                    .is_some_and(|p| p.family == profile.family))
    };
    let fits =
        |member: &CastMember| same_kind(member) && wish.role.is_none_or(|role| role == member.role);
    if cast.iter().any(fits) || (!wish.explicit && cast.len() >= 10) {
        return;
    }
    let role = wish.role.unwrap_or_else(|| natural_role(profile));
    let role = match role {
        Role::Vocal | Role::Backing => Role::Lead,
        role => role,
    };
    // Replace the style's own choice for that role, but nobody who was asked for.
    let named = |id: &str| brief.instruments.iter().any(|w| w.wanted && w.id == id);
    let replaceable = cast
        .iter()
        .position(|m| m.role == role && !named(&m.instrument));
    let role = match role {
        // A second lead answers the first.
        Role::Lead if replaceable.is_none() && cast.iter().any(|m| m.role == Role::Lead) => {
            Role::Counter
        }
        role => role,
    };
    let taken = |cast: &[CastMember], id: &str| cast.iter().any(|m| m.id == id);
    let part = style
        .cast
        .iter()
        .position(|p| p.role == role)
        .or_else(|| {
            style
                .cast
                .iter()
                .position(|p| matches!(p.role, Role::Comp | Role::Arp | Role::Pad))
        })
        .unwrap_or(0);
    match replaceable {
        Some(index) if matches!(role, Role::Lead | Role::Bass | Role::Drums) => {
            let displaced = cast[index].clone();
            cast[index].instrument = wish.id.clone();
            cast[index].id = unique(cast, &wish.id);
            // The displaced lead becomes the counter-melody if there is none.
            if role == Role::Lead
                && !cast.iter().any(|m| m.role == Role::Counter)
                && !taken(cast, &displaced.id)
                && displaced.instrument != wish.id
            {
                let counter = CastMember {
                    role: Role::Counter,
                    ..displaced
                };
                cast.insert(index + 1, counter);
            }
        }
        _ => {
            let id = unique(cast, &wish.id);
            let at = cast
                .iter()
                .position(|m| m.role > role)
                .unwrap_or(cast.len());
            cast.insert(
                at,
                CastMember {
                    id,
                    role,
                    instrument: wish.id.clone(),
                    part,
                    style: None,
                    sings: None,
                },
            );
        }
    }
}

pub fn unique(cast: &[CastMember], id: &str) -> String {
    let mut name = id.to_string();
    let mut number = 2;
    while cast.iter().any(|m| m.id == name) {
        name = format!("{id}-{number}");
        number += 1;
    }
    name
}

/// Who plays in a section by its kind and energy; `seed` is that of `playing`.
pub fn players(
    style: &Style,
    cast: &[CastMember],
    section: &SectionPlan,
    seed: &SeedPath,
) -> Vec<String> {
    let energy = (section.energy[0] + section.energy[1]) / 2.0;
    let peak = section.energy[0].max(section.energy[1]);
    let kind = section.kind.name();
    cast.iter()
        .filter(|member| {
            // Voices come in where words are; see `backing`.
            if member.sings.is_some() {
                return matches!(section.kind, SectionKind::Chorus);
            }
            let Some(part) = style.cast.get(member.part) else {
                return false;
            };
            let here = (part.only.is_empty() || part.only.iter().any(|k| k == kind))
                && !part.not.iter().any(|k| k == kind)
                && !rests(style, member, section, seed);
            // A little chance, the same for sections of the same material.
            let wobble = seed
                .join(&member.id)
                .join(&section.material)
                .rng()
                .bipolar()
                * 0.04;
            here && peak + wobble >= part.from && energy + wobble <= part.to + 0.04
        })
        .map(|member| member.id.clone())
        .collect()
}

/// Share of the interludes in which nobody sings, where songs are like real ones (POP909's training
/// part: its tunes are silent as long).
const RESTS: f32 = 0.92;

/// Whether a lead leaves an interlude to the band, as singers do.
fn rests(style: &Style, member: &CastMember, section: &SectionPlan, seed: &SeedPath) -> bool {
    style.harmony.learned.is_some()
        && member.role == Role::Lead
        && section.kind == SectionKind::Interlude
        && seed
            .join("rests")
            .join(&section.material)
            .rng()
            .chance(RESTS)
}

/// Somebody carries the section: chords or a tune, not beats alone.
pub fn carried(cast: &[CastMember], section: &mut SectionPlan) {
    let carries =
        |role: Role| !matches!(role, Role::Drums | Role::Percussion | Role::Fx | Role::Bass);
    let carried = cast
        .iter()
        .any(|m| section.playing.contains(&m.id) && carries(m.role));
    if !carried
        && let Some(member) = cast
            .iter()
            .find(|m| matches!(m.role, Role::Comp | Role::Arp | Role::Pad))
            .or_else(|| cast.iter().find(|m| carries(m.role)))
            .or(cast.first())
    {
        section.playing.push(member.id.clone());
    }
}

/// Decides who plays in which section.
pub fn assign(
    brief: &Brief,
    style: &Style,
    cast: &[CastMember],
    sections: &mut [SectionPlan],
    seed: &SeedPath,
) {
    let seed = seed.join("playing");
    for section in sections.iter_mut() {
        section.playing = players(style, cast, section, &seed);
    }
    // Whoever was asked for by name is heard, at least where most is going on.
    for member in cast {
        let wished = brief
            .instruments
            .iter()
            .any(|w| w.wanted && w.explicit && w.id == member.instrument);
        let plays = sections
            .iter()
            .filter(|s| s.playing.contains(&member.id))
            .count();
        let enough = if wished {
            (sections.len() / 2).max(1)
        } else {
            0
        };
        if plays < enough {
            let mut order: Vec<usize> = (0..sections.len()).collect();
            order.sort_by(|a, b| sections[*b].energy[0].total_cmp(&sections[*a].energy[0]));
            for index in order.into_iter().take(enough) {
                if !sections[index].playing.contains(&member.id) {
                    sections[index].playing.push(member.id.clone());
                }
            }
        }
    }
    // The last chord is not left to one player.
    if let Some(last) = sections.last_mut()
        && cast.len() >= 3
    {
        for role in [Role::Lead, Role::Comp, Role::Arp, Role::Pad, Role::Bass] {
            let pitched =
                |id: &&String| cast.iter().any(|m| m.id == **id && !m.role.is_percussion());
            if last.playing.iter().filter(pitched).count() >= 3 {
                break;
            }
            if let Some(member) = cast.iter().find(|m| m.role == role)
                && !last.playing.contains(&member.id)
            {
                last.playing.push(member.id.clone());
            }
        }
    }
    // No section is empty, and somebody carries every section but intro and outro.
    for section in sections.iter_mut() {
        carried(cast, section);
        // Score order.
        let order = |id: &String| cast.iter().position(|m| m.id == *id);
        section.playing.sort_by_key(order);
    }
    // Silent members leave the cast's sections untouched; tracks without phrases are dropped later.
}
