//! The same song in another style: the tune stays, everything around it is new.

use crate::{
    bars::{put_together, take_apart},
    cast,
    reshape::info,
};
use yuefu_audio::Seconds;
use yuefu_engine::SeedPath;
use yuefu_song::{
    CastMember, Catalog, Reshape, Role, SectionPlan, SongPlan, Style, StyleBook,
    brief::{Brief, Weighted},
};
use yuefu_theory::{Chord, Key, Metre, Quality};

/// What becomes of the chords.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// They stay.
    #[default]
    Keep,
    /// As the style likes them: sevenths where it colors its chords, as they are where not.
    Style,
    /// Sevenths on every plain triad.
    Sevenths,
    /// Triads.
    Triads,
    /// Root and fifth.
    Power,
}

/// How to restyle.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Restyle {
    /// Id of the style.
    pub style: String,
    /// Sections by index; empty = the whole song.
    pub sections: Vec<usize>,
    /// Keep the tempo, even outside the style's usual range.
    pub keep_tempo: bool,
    /// Keep the instruments of the tune.
    pub keep_leads: bool,
    /// What becomes of the chords.
    pub color: Color,
}

/// Plans a song, or some of its sections, in another style.
///
/// Form, key, energy, chords and tune stay. For the whole song the cast, the feel and (unless it
/// is to be kept) the tempo follow the style; the tune keeps its tracks and may change instrument.
/// In single sections the old cast rests, the tune's players excepted, and players of the new
/// style take over; tempo and feel are the song's.
///
/// # Errors
/// A sentence, English and Chinese, when there is no such style.
pub fn restyle(
    plan: &SongPlan,
    book: &StyleBook,
    catalog: &Catalog,
    seed: &SeedPath,
    wish: &Restyle,
) -> Result<Reshape, (String, String)> {
    let Some(style) = book.get(&wish.style) else {
        return Err((
            format!(
                "There is no style `{}`; choose one that `yuefu styles` lists.",
                wish.style
            ),
            format!(
                "没有“{}”风格；请从 `yuefu styles` 列出的风格中选择。",
                wish.style
            ),
        ));
    };
    let whole = wish.sections.is_empty() || wish.sections.len() >= plan.sections.len();
    let mut new = plan.clone();
    let mut notes = Vec::new();
    if whole {
        new.style.clone_from(&style.id);
        new.feel = style.feel;
        if new.feel.swing_unit == 0 {
            new.feel.swing_unit = 8;
        }
        if !wish.keep_tempo {
            retime(&mut new, style, &mut notes);
        }
        recast(&mut new, style, catalog, seed, wish.keep_leads);
    } else {
        guests(&mut new, style, catalog, seed, &wish.sections);
        notes.push(info(
            "restyle-section",
            "Tempo and swing belong to the whole song and stay.".into(),
            "速度和摇摆感属于整首乐曲，保持不变。".into(),
        ));
    }
    if !fits(style, book, new.timeline.metres.first().map(|m| &m.metre)) {
        let usual = style
            .metres
            .first()
            .map_or_else(String::new, Metre::to_string);
        notes.push(info(
            "restyle-metre",
            format!(
                "{} is usually in {usual}; the song keeps its metre.",
                style.en
            ),
            format!("{}通常为 {usual} 拍；乐曲保持原有拍号。", style.zh),
        ));
    }
    for (index, section) in new.sections.iter_mut().enumerate() {
        if whole || wish.sections.contains(&index) {
            recolor(section, style, wish.color);
        }
    }
    let revoiced = new
        .sections
        .iter()
        .enumerate()
        .filter(|(index, _)| whole || wish.sections.contains(index))
        .map(|(_, s)| s.id.clone())
        .collect();
    let blocks = take_apart(&new);
    let ending = new.ending;
    Ok(Reshape {
        revoiced,
        ..put_together(&new, blocks, ending, notes)
    })
}

/// Whether a style has patterns for a metre, or bars that fill it.
pub fn fits(style: &Style, book: &StyleBook, metre: Option<&Metre>) -> bool {
    let Some(metre) = metre else { return true };
    let patterns = style
        .cast
        .iter()
        .flat_map(|part| &part.patterns)
        .flat_map(|group| &group.names)
        .filter_map(|name| book.pattern(style, name));
    let mut written = false;
    for pattern in patterns {
        written = true;
        if pattern.metre == *metre {
            return true;
        }
    }
    let tiles = style.metres.iter().any(|own| {
        let (own, bar) = (own.bar().0, metre.bar().0);
        bar % own == 0 || own % bar == 0
    });
    !written || tiles || style.metres.contains(metre)
}

/// The nearest tempo that the style knows; half and double time count as known.
fn retime(plan: &mut SongPlan, style: &Style, notes: &mut Vec<yuefu_song::brief::Diagnostic>) {
    let Some(first) = plan.timeline.tempo.first().copied() else {
        return;
    };
    let metre = &plan.timeline.metres[0].metre;
    let felt = if metre.is_compound() {
        metre.unit_len().as_quarters() * 3.0
    } else {
        1.0
    };
    let bpm = first.bpm / felt;
    let [low, high] = style.tempo;
    let known = |share: f64| {
        let heard = bpm * share;
        (heard.clamp(low, high) / heard).max(heard / heard.clamp(low, high))
    };
    let share = [1.0, 2.0, 0.5]
        .into_iter()
        .min_by(|a, b| {
            // Half and double time only where plain time is far off.
            let far = |s: f64| known(s) * if s == 1.0 { 1.0 } else { 1.12 };
            far(*a).total_cmp(&far(*b))
        })
        .unwrap_or(1.0);
    let heard = bpm * share;
    let factor = heard.clamp(low, high) / heard;
    if (factor - 1.0).abs() < 1e-9 {
        return;
    }
    let end = plan.sections.last().map(|s| s.span.end).unwrap_or_default();
    let tail = plan.length.0 - plan.timeline.seconds(end);
    for point in &mut plan.timeline.tempo {
        point.bpm *= factor;
    }
    plan.length = Seconds((plan.timeline.seconds(end) + tail).max(0.1));
    let now = bpm * factor;
    notes.push(info(
        "restyle-tempo",
        format!(
            "The tempo goes from {bpm:.0} to {now:.0}, into the range of {}.",
            style.en
        ),
        format!("速度从 {bpm:.0} 改为 {now:.0}，以合{}的范围。", style.zh),
    ));
}

fn is_lead(member: &CastMember) -> bool {
    matches!(member.role, Role::Lead | Role::Vocal)
}

fn brief_of(style: &Style) -> Brief {
    Brief {
        styles: vec![Weighted::new(style.id.clone(), 1.0)],
        ..Brief::default()
    }
}

/// The style's cast around the old players of the tune.
fn recast(
    plan: &mut SongPlan,
    style: &Style,
    catalog: &Catalog,
    seed: &SeedPath,
    keep_leads: bool,
) {
    let seed = seed.join("plan").join("restyle").join(&style.id);
    let brief = brief_of(style);
    let chosen = cast::choose(&brief, style, catalog, &seed, &mut Vec::new());
    let models: Vec<CastMember> = chosen.iter().filter(|m| is_lead(m)).cloned().collect();
    let leads: Vec<CastMember> = plan.cast.iter().filter(|m| is_lead(m)).cloned().collect();
    let mut new: Vec<CastMember> = Vec::new();
    for (number, lead) in leads.iter().enumerate() {
        let model = models.get(number).or(models.first());
        new.push(CastMember {
            instrument: match model {
                Some(model) if !keep_leads && lead.role == Role::Lead => model.instrument.clone(),
                _ => lead.instrument.clone(),
            },
            part: model.map_or(0, |m| m.part),
            style: None,
            ..lead.clone()
        });
    }
    // Without a tune in the old song nobody is to invent one.
    for member in chosen.into_iter().filter(|m| !is_lead(m)) {
        let id = cast::unique(&new, &member.id);
        new.push(CastMember { id, ..member });
    }
    if new.is_empty() {
        return;
    }
    let before: Vec<Vec<String>> = plan.sections.iter().map(|s| s.playing.clone()).collect();
    cast::assign(&brief, style, &new, &mut plan.sections, &seed);
    for (section, before) in plan.sections.iter_mut().zip(before) {
        let lead = |id: &String| new.iter().any(|m| m.id == *id && is_lead(m));
        section.playing.retain(|id| !lead(id));
        section.playing.extend(before.into_iter().filter(lead));
        section
            .playing
            .sort_by_key(|id| new.iter().position(|m| m.id == *id));
    }
    plan.cast = new;
}

/// Players of another style come in for some sections, the old ones rest there.
fn guests(
    plan: &mut SongPlan,
    style: &Style,
    catalog: &Catalog,
    seed: &SeedPath,
    sections: &[usize],
) {
    let seed = seed.join("plan").join("restyle").join(&style.id);
    let brief = brief_of(style);
    let mut guests = cast::choose(&brief, style, catalog, &seed, &mut Vec::new());
    guests.retain(|m| !is_lead(m));
    for guest in &mut guests {
        guest.id = cast::unique(&plan.cast, &format!("{}-{}", style.id, guest.id));
        guest.style = Some(style.id.clone());
    }
    let playing_seed = seed.join("playing");
    for index in sections {
        let Some(section) = plan.sections.get_mut(*index) else {
            continue;
        };
        let leads: Vec<String> = section
            .playing
            .iter()
            .filter(|id| plan.cast.iter().any(|m| m.id == **id && is_lead(m)))
            .cloned()
            .collect();
        section.playing = cast::players(style, &guests, section, &playing_seed);
        cast::carried(&guests, section);
        section.playing.splice(0..0, leads);
    }
    let heard = |m: &CastMember| plan.sections.iter().any(|s| s.playing.contains(&m.id));
    guests.retain(heard);
    plan.cast.extend(guests);
}

/// Gives the chords of a section another color; roots, basses and places stay.
fn recolor(section: &mut SectionPlan, style: &Style, color: Color) {
    let color = match color {
        Color::Style if style.harmony.color >= 0.4 || sevenths(style) => Color::Sevenths,
        Color::Style => Color::Keep,
        color => color,
    };
    let key = section.key;
    for span in &mut section.chords {
        span.chord = match color {
            Color::Keep | Color::Style => span.chord,
            Color::Triads => span.chord.as_triad(),
            Color::Power => match span.chord.as_triad().quality {
                Quality::Major | Quality::Minor => Chord {
                    quality: Quality::Power,
                    ..span.chord
                },
                _ => span.chord,
            },
            Color::Sevenths => seventh(span.chord, &key),
        };
    }
}

/// Whether most chords in the style's own rows are seventh chords.
fn sevenths(style: &Style) -> bool {
    let rows = style
        .harmony
        .major
        .values()
        .chain(style.harmony.minor.values());
    let (mut rich, mut all) = (0, 0);
    for numeral in rows.flatten().flat_map(|row| row.split([' ', ','])) {
        if let Ok(roman) = numeral.parse::<yuefu_theory::Roman>() {
            all += 1;
            rich += usize::from(roman.quality.tones().len() > 3);
        }
    }
    rich * 2 > all
}

/// A triad with the seventh that its place in the key gives.
fn seventh(chord: Chord, key: &Key) -> Chord {
    let above = (i32::from(chord.root.pc()) - i32::from(key.tonic.pc())).rem_euclid(12);
    let leading = (i32::from(chord.root.pc()) + 11).rem_euclid(12) as u8;
    let quality = match chord.quality {
        Quality::Major if above == 7 => Quality::Dominant,
        Quality::Major if key.has_harmonic(leading) => Quality::MajorSeven,
        Quality::Major => Quality::Dominant,
        Quality::Minor => Quality::MinorSeven,
        Quality::Diminished => Quality::HalfDiminished,
        quality => quality,
    };
    Chord { quality, ..chord }
}
