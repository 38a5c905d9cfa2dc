//! Who sings beside the lead, and where: the manner of the style or of the wish, drawn from its own
//! seed path.

use crate::cast::{foreign, is_child, is_low, language, unique};
use std::collections::BTreeMap;
use yuefu_engine::SeedPath;
use yuefu_song::{
    BackingVoice, CastMember, Catalog, InstrumentProfile, LyricSheet, Manner, Role, SectionKind,
    SectionPlan, SongPlan, Style, StyleBook, TrackVoice, VoicePart, Who,
    brief::{BackingWish, Brief, VoiceWish},
    lyrics::Delivery,
};

/// The manners that a brief asks for, or that its style has.
fn manners<'a>(brief: &Brief, style: &Style, book: &'a StyleBook) -> Vec<&'a Manner> {
    let backing = book.backing();
    let own = || backing.of_style(&style.id);
    let wished = match brief.backing {
        BackingWish::Choir => backing.get("choir"),
        BackingWish::Harmonies => backing.get("harmonies"),
        _ => None,
    };
    let voice = match brief.voice {
        VoiceWish::Choir => backing.get("choir"),
        VoiceWish::Duet => backing.get("duet"),
        VoiceWish::Child => backing.get("children"),
        _ => None,
    };
    let mut found: Vec<&Manner> = voice.into_iter().chain(wished).collect();
    found.dedup_by(|a, b| a.id == b.id);
    if found.is_empty() && brief.backing != BackingWish::Solo {
        found.extend(own());
    }
    found
}

/// Puts backing voices behind the singer, and a partner beside it where two are to sing.
pub fn seat(
    brief: &Brief,
    words: &LyricSheet,
    style: &Style,
    book: &StyleBook,
    catalog: &Catalog,
    seed: &SeedPath,
    cast: &mut Vec<CastMember>,
) {
    let Some(lead) = cast.iter().find(|m| m.role == Role::Vocal).cloned() else {
        return;
    };
    let lang = language(words);
    let Some(lead_voice) = catalog.profile(&lead.instrument) else {
        return;
    };
    // A sampled voice has no words; it sings alone.
    if !lead_voice.engine.starts_with("voice:") {
        return;
    }
    let mut at = cast.iter().position(|m| m.id == lead.id).unwrap_or(0) + 1;
    if brief.voice == VoiceWish::Duet
        && let Some(partner) = of_whom(Who::Opposite, lead_voice, lang, catalog)
    {
        let member = CastMember {
            id: unique(cast, "partner"),
            instrument: partner.id.clone(),
            ..lead.clone()
        };
        cast.insert(at, member);
        at += 1;
    }
    let seed = seed.join("backing");
    let mut voices: Vec<&BackingVoice> = Vec::new();
    for voice in manners(brief, style, book)
        .into_iter()
        .flat_map(|m| &m.voice)
    {
        let wanted = seed.join(&voice.id).rng().chance(voice.chance);
        if wanted && voices.iter().all(|other| other.id != voice.id) {
            voices.push(voice);
        }
    }
    let answer = BackingVoice {
        id: "answers".to_owned(),
        sings: VoicePart::Answer,
        who: Who::Other,
        chance: 1.0,
        only: Vec::new(),
        nth: 1,
        last: false,
        enter: Default::default(),
        leave: 0.0,
        settings: Default::default(),
    };
    if brief.backing != BackingWish::Solo && words.sections.iter().any(|s| answers(words, &s.id)) {
        let known = book
            .backing()
            .voice(&style.id, "answers", VoicePart::Answer);
        voices.push(known.unwrap_or(&answer));
    }
    // A section that asks for harmony or a choir has it, whatever the style does.
    if brief.backing != BackingWish::Solo && words.sections.iter().any(|s| together(words, &s.id)) {
        let manner = book.backing().get("harmonies");
        for voice in manner.into_iter().flat_map(|m| &m.voice) {
            let known = |other: &&BackingVoice| other.sings == voice.sings || other.id == voice.id;
            let choir = |other: &&BackingVoice| other.sings == VoicePart::Soprano;
            if !voices.iter().any(|other| known(other) || choir(other)) {
                voices.push(voice);
            }
        }
    }
    for voice in voices {
        let Some(singer) = of_whom(voice.who, lead_voice, lang, catalog) else {
            continue;
        };
        let member = CastMember {
            id: unique(cast, &voice.id),
            role: Role::Backing,
            instrument: singer.id.clone(),
            sings: Some(voice.sings),
            ..lead.clone()
        };
        cast.insert(at, member);
        at += 1;
    }
}

/// Puts backing voices behind the singer of a plan whose words came later, as under a tune that was
/// brought: each in the sections that its manner says. A tune has one singer: the partner of a duet
/// sings what stands beside it.
///
/// Returns the plan, and the ids of the members that are new.
pub fn back(
    brief: &Brief,
    words: &LyricSheet,
    plan: &SongPlan,
    book: &StyleBook,
    catalog: &Catalog,
    seed: &SeedPath,
) -> (SongPlan, Vec<String>) {
    let mut out = plan.clone();
    let Some(style) = book.get(&plan.style) else {
        return (out, Vec::new());
    };
    let known = |id: &str| plan.cast.iter().any(|m| m.id == id);
    seat(
        brief,
        words,
        style,
        book,
        catalog,
        &seed.join("plan"),
        &mut out.cast,
    );
    out.cast.retain(|m| known(&m.id) || m.sings.is_some());
    sing(words, style, book, &out.cast, &mut out.sections);
    let new = out.cast.iter().filter(|m| !known(&m.id));
    let new = new.map(|m| m.id.clone()).collect();
    (out, new)
}

/// Whether a section has ad-libs beside words of the lead.
fn answers(words: &LyricSheet, section: &str) -> bool {
    let syllables = || words.lines_of(section).flat_map(|line| &line.syllables);
    let aside = |delivery: Delivery| delivery == Delivery::AdLib;
    syllables().any(|s| aside(s.delivery)) && syllables().any(|s| !aside(s.delivery))
}

/// Whether a section is to be sung with harmony voices: `[Chorus: Harmony]`, `[副歌·合唱]`.
fn together(words: &LyricSheet, section: &str) -> bool {
    let mut lines = words.lines_of(section).flat_map(|line| &line.syllables);
    lines.any(|s| s.delivery == Delivery::Harmony)
}

/// A singer of a kind, at home in the language where there is one; somebody else than the lead
/// where that is asked for.
fn of_whom<'a>(
    who: Who,
    lead: &'a InstrumentProfile,
    lang: Option<&str>,
    catalog: &'a Catalog,
) -> Option<&'a InstrumentProfile> {
    let low = match who {
        Who::Same => return Some(lead),
        Who::Other => is_low(lead),
        Who::Opposite => !is_low(lead),
        Who::Female | Who::Child => false,
        Who::Male => true,
    };
    let singers = catalog.profiles().iter();
    let singers = singers.filter(|p| p.engine.starts_with("voice:"));
    singers.min_by_key(|p| {
        (
            is_child(p) != (who == Who::Child),
            is_low(p) != low,
            foreign(p, lang),
            // Another person where there is one.
            p.id == lead.id,
        )
    })
}

/// Backing voices sing where words are, in the sections that their manner says.
pub fn sing(
    words: &LyricSheet,
    style: &Style,
    book: &StyleBook,
    cast: &[CastMember],
    sections: &mut [SectionPlan],
) {
    let worded = |id: &str| words.lines_of(id).any(|line| !line.syllables.is_empty());
    let mut totals: BTreeMap<SectionKind, u32> = BTreeMap::new();
    for section in sections.iter().filter(|s| worded(&s.id)) {
        *totals.entry(section.kind).or_default() += 1;
    }
    for member in cast {
        let Some(sings) = member.sings else { continue };
        let voice = book.backing().voice(&style.id, &member.id, sings);
        let mut counts: BTreeMap<SectionKind, u32> = BTreeMap::new();
        for section in sections.iter_mut() {
            section.playing.retain(|id| *id != member.id);
            if !worded(&section.id) {
                continue;
            }
            let number = counts.entry(section.kind).or_default();
            *number += 1;
            let total = totals.get(&section.kind).copied().unwrap_or(0);
            let here = match (sings, voice) {
                (VoicePart::Answer, _) => answers(words, &section.id),
                (sings, _) if sings != VoicePart::Ooh && together(words, &section.id) => true,
                (_, None) => section.kind == SectionKind::Chorus,
                (_, Some(voice)) => {
                    let kinds = &voice.only;
                    let kind = section.kind.name();
                    (kinds.is_empty() || kinds.iter().any(|k| k == kind))
                        && (*number >= voice.nth || *number == total)
                        && (!voice.last || *number == total)
                }
            };
            if here {
                let order = |id: &String| cast.iter().position(|m| m.id == *id);
                section.playing.push(member.id.clone());
                section.playing.sort_by_key(order);
            }
        }
    }
}

/// How the voices of a song sing: settings by track, for a song that was just planned.
pub fn voices(brief: &Brief, plan: &SongPlan, book: &StyleBook) -> BTreeMap<String, TrackVoice> {
    let mut out = BTreeMap::new();
    let asked = brief.voice == VoiceWish::Choir || brief.backing == BackingWish::Choir;
    let mut set = |id: &str, settings: &yuefu_song::VoiceSettings| {
        if !settings.is_default() {
            let voice = TrackVoice {
                settings: settings.clone(),
                ..TrackVoice::default()
            };
            out.insert(id.to_owned(), voice);
        }
    };
    for member in &plan.cast {
        match (member.role, member.sings) {
            (Role::Vocal, _) if brief.voice == VoiceWish::Child => {
                if let Some(manner) = book.backing().get("children") {
                    set(&member.id, &manner.lead);
                }
            }
            (_, Some(sings)) => {
                // A choir that was asked for is one, whatever few voices the style is used to.
                let choir = book.backing().get("choir").filter(|_| asked);
                let choir = choir.and_then(|m| m.voice.iter().find(|v| v.sings == sings));
                let usual = || book.backing().voice(&plan.style, &member.id, sings);
                if let Some(voice) = choir.or_else(usual) {
                    set(&member.id, &voice.settings);
                }
            }
            _ => {}
        }
    }
    out
}
