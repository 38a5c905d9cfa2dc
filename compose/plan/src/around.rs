//! A song around a tune that somebody brought: its sections, its players, and what stands before
//! and after it.

use crate::{
    bars::{put_together, take_apart},
    cast,
    reshape::{Hand, NewSection},
    units,
};
use yuefu_audio::Seconds;
use yuefu_engine::SeedPath;
use yuefu_song::{
    CastMember, Catalog, ChordSpan, Ending, Note, Origin, Phrase, Reshape, Role, Score, Section,
    SectionKind, SectionPlan, SongPlan, StyleBook, Track,
    brief::{Brief, Diagnostic},
};
use yuefu_theory::{Chord, Key, Quality, TickSpan, Ticks, Timeline};

/// A tune to arrange.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// Its name.
    pub title: String,
    /// Its notes in song time, in order; one line or with chords under it.
    pub notes: Vec<Note>,
    /// Its chords, as far as they are known; a gap takes the chord before it.
    pub chords: Vec<ChordSpan>,
    /// Its key.
    pub key: Key,
    /// Its tempo and metre.
    pub timeline: Timeline,
    /// Where sections begin, if that is known; otherwise they are found by repetition.
    pub sections: Vec<(SectionKind, Ticks)>,
    /// The instrument that carries it; `None` = the style's.
    pub instrument: Option<String>,
}

/// What to build around it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Around {
    /// Bars of introduction; 0 = none.
    pub intro: u32,
    /// Bars after the tune; 0 = none: the tune's last bar is the song's.
    pub outro: u32,
}

/// Plans a song around a tune.
///
/// The style is the brief's first that the book has; of the brief, instruments wished for and
/// refused count too. Returns a score that holds the tune alone and a plan with everything to be
/// written around it, for the arrangement to carry out. Pitches, rhythm, tempo and metre of the
/// tune stay; an anacrusis belongs to the phrase that it leads to.
///
/// # Errors
/// A sentence, English and Chinese, when the tune has no notes.
pub fn around(
    theme: &Theme,
    brief: &Brief,
    book: &StyleBook,
    catalog: &Catalog,
    seed: &SeedPath,
    wish: Around,
) -> Result<(Score, Reshape), (String, String)> {
    let mut notes: Vec<Note> = theme.notes.clone();
    notes.retain(|n| n.len > Ticks::ZERO);
    notes.sort_by_key(|n| (n.at, n.pitch, n.len));
    let Some(end) = notes.iter().map(Note::end).max() else {
        return Err((
            "There is no note to arrange around; give a melody.".into(),
            "没有可供编配的音符；请提供旋律。".into(),
        ));
    };
    let mut said: Vec<Diagnostic> = Vec::new();
    let style = crate::choose_style(brief, book, &mut said);
    let part_seed = seed.join("plan");
    let mut players = cast::choose(brief, style, catalog, &part_seed, &mut said);
    let model = players
        .iter()
        .find(|m| matches!(m.role, Role::Lead | Role::Vocal))
        .cloned();
    let instrument = theme
        .instrument
        .clone()
        .filter(|id| catalog.profile(id).is_some())
        .or(model.as_ref().map(|m| m.instrument.clone()))
        .or_else(|| catalog.profiles().first().map(|p| p.id.clone()))
        .unwrap_or_default();
    players.retain(|m| !matches!(m.role, Role::Lead | Role::Vocal));
    let id = cast::unique(&players, "melody");
    players.insert(
        0,
        CastMember {
            id: id.clone(),
            role: Role::Lead,
            instrument: instrument.clone(),
            part: model.map_or(0, |m| m.part),
            style: None,
            sings: None,
        },
    );
    let bars = units::barlines(&theme.timeline, end);
    let mut drafts = if theme.sections.is_empty() {
        units::by_repetition(&notes, &bars)
    } else {
        units::given(&theme.sections, &bars)
    };
    // With an introduction of its own, the bar of an anacrusis is none.
    if let Some(first) = drafts.first_mut()
        && wish.intro > 0
        && first.kind == SectionKind::Intro
        && theme.sections.is_empty()
    {
        first.kind = SectionKind::Part;
        first.material = "upbeat".into();
    }
    let mut sections: Vec<SectionPlan> = Vec::new();
    let mut numbers = std::collections::BTreeMap::new();
    let count = drafts.len();
    for (index, draft) in drafts.into_iter().enumerate() {
        let number = numbers.entry(draft.kind).or_insert(0);
        *number += 1;
        let chords = covered(&theme.chords, draft.span, &theme.key, sections.last());
        sections.push(SectionPlan {
            id: format!("{}-{number}", draft.kind.name()),
            kind: draft.kind,
            material: draft.material,
            span: draft.span,
            bars: draft.bars,
            key: theme.key,
            energy: [draft.energy; 2],
            chords,
            playing: Vec::new(),
            fill: index + 1 < count && draft.bars >= 2,
            take: 0,
        });
    }
    cast::assign(brief, style, &players, &mut sections, &part_seed);
    let track = Track {
        id: id.clone(),
        role: Role::Lead,
        instrument,
        phrases: phrases(&notes, &sections, &bars),
    };
    for section in &mut sections {
        section.playing.retain(|p| *p != id);
        if track
            .phrases
            .iter()
            .any(|p| section.span.contains(p.span.start))
        {
            section.playing.insert(0, id.clone());
        }
    }
    let ending = match style.ending {
        Ending::Cold => Ending::Cold,
        _ => Ending::Ring,
    };
    let mut feel = style.feel;
    if feel.swing_unit == 0 {
        feel.swing_unit = 8;
    }
    let whole = sections.last().map_or(end, |s| s.span.end);
    let music = theme.timeline.seconds(whole);
    let base = SongPlan {
        style: style.id.clone(),
        title: theme.title.clone(),
        key: theme.key,
        timeline: theme.timeline.clone(),
        sections,
        cast: players,
        feel,
        // Until everything stands, nothing is a final bar but what is made one.
        ending: if wish.outro > 0 { Ending::Loop } else { ending },
        length: Seconds(if wish.outro > 0 { music } else { music + 3.0 }),
    };
    let score = Score {
        timeline: base.timeline.clone(),
        sections: base
            .sections
            .iter()
            .map(|s| Section {
                id: s.id.clone(),
                kind: s.kind,
                span: s.span,
                key: s.key,
                energy: s.energy[0],
            })
            .collect(),
        chords: base
            .sections
            .iter()
            .flat_map(|s| s.chords.clone())
            .collect(),
        tracks: vec![track],
    };
    let hand = Hand::new(&base, book, seed);
    let mut blocks = take_apart(&base);
    let own: Vec<String> = base.sections.iter().map(|s| s.id.clone()).collect();
    let mute = |plan: &mut SectionPlan| plan.playing.retain(|p| *p != id);
    if wish.intro > 0 {
        let new = NewSection {
            bars: Some(wish.intro),
            ..NewSection::of(SectionKind::Intro)
        };
        let mut block = hand.make(&new, 0, &blocks);
        mute(&mut block.plan);
        cast::carried(&base.cast[1..], &mut block.plan);
        blocks.insert(0, block);
    }
    if wish.outro > 0 {
        let new = NewSection {
            bars: Some(wish.outro),
            ..NewSection::of(SectionKind::Outro)
        };
        let mut block = hand.make(&new, blocks.len(), &blocks);
        mute(&mut block.plan);
        cast::carried(&base.cast[1..], &mut block.plan);
        hand.finish(&mut block, ending);
        blocks.push(block);
    }
    let mut reshape = put_together(&base, blocks, ending, said);
    reshape.revoiced = own;
    Ok((score, reshape))
}

/// Chords over a span without gaps.
fn covered(
    chords: &[ChordSpan],
    span: TickSpan,
    key: &Key,
    before: Option<&SectionPlan>,
) -> Vec<ChordSpan> {
    let tonic = Chord::new(
        key.tonic,
        if key.mode.is_minor() {
            Quality::Minor
        } else {
            Quality::Major
        },
    );
    let mut last = before
        .and_then(|s| s.chords.last())
        .map_or(tonic, |c| c.chord);
    let mut at = span.start;
    let mut out: Vec<ChordSpan> = Vec::new();
    let mut push = |from: Ticks, to: Ticks, chord: Chord| {
        if from < to {
            match out.last_mut() {
                Some(held) if held.chord == chord && held.span.end == from => held.span.end = to,
                _ => out.push(ChordSpan {
                    span: TickSpan::new(from, to),
                    chord,
                }),
            }
        }
    };
    let mut sorted: Vec<&ChordSpan> = chords.iter().filter(|c| c.span.overlaps(span)).collect();
    sorted.sort_by_key(|c| c.span.start);
    for chord in sorted {
        let start = chord.span.start.max(at);
        let end = chord.span.end.min(span.end);
        push(at, start.min(span.end), last);
        push(start, end, chord.chord);
        last = chord.chord;
        at = at.max(end).max(start);
    }
    push(at, span.end, last);
    out
}

/// The tune cut into phrases: at rests and long notes, two to six bars each; what leads to a
/// phrase belongs to it.
fn phrases(notes: &[Note], sections: &[SectionPlan], bars: &[Ticks]) -> Vec<Phrase> {
    let mut out: Vec<Phrase> = Vec::new();
    let mut taken = 0;
    let mut spans: Vec<(TickSpan, String)> = Vec::new();
    for section in sections {
        let lines: Vec<Ticks> = bars
            .iter()
            .copied()
            .filter(|at| *at >= section.span.start && *at < section.span.end)
            .chain([section.span.end])
            .collect();
        for (number, pair) in units::cuts(notes, &lines).windows(2).enumerate() {
            spans.push((
                TickSpan::new(pair[0], pair[1]),
                format!("{}.{}", section.id, number + 1),
            ));
        }
    }
    for (index, (span, id)) in spans.iter().enumerate() {
        let last = index + 1 == spans.len();
        let limit = if last {
            Ticks(i64::MAX)
        } else {
            units::upbeat(notes, span.end)
        };
        let mine: Vec<Note> = notes[taken..]
            .iter()
            .take_while(|n| n.at < limit)
            .map(|n| Note {
                at: n.at - span.start,
                ..n.clone()
            })
            .collect();
        taken += mine.len();
        if !mine.is_empty() {
            out.push(Phrase::new(id.clone(), *span, Origin::Imported, mine));
        }
    }
    out
}
