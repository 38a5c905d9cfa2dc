//! From what was typed to tracks and spans of one song.

use super::{
    message::{OpError, unknown},
    place::{At, Place, Spot, Tracks},
};
use crate::{
    catalog::Catalog,
    score::{Role, SectionKind, Track},
    song::Song,
};
use yuefu_theory::{TickSpan, Ticks};

/// Tracks and stretches of a song.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Ids of the tracks, in score order.
    pub tracks: Vec<String>,
    /// The stretches in ascending order; they neither overlap nor touch.
    pub spans: Vec<TickSpan>,
}

impl Selection {
    /// Reads what a user typed for tracks and for the place.
    ///
    /// # Errors
    /// When a text is no list of tracks or no place, or names what the song does not have.
    pub fn parse(
        tracks: &str,
        place: &str,
        song: &Song,
        catalog: &Catalog,
    ) -> Result<Self, OpError> {
        Self::find(&tracks.parse()?, &place.parse()?, song, catalog)
    }

    /// Looks tracks and a place up in a song.
    ///
    /// # Errors
    /// When the song does not have one of them.
    pub fn find(
        tracks: &Tracks,
        place: &Place,
        song: &Song,
        catalog: &Catalog,
    ) -> Result<Self, OpError> {
        Ok(Self {
            tracks: find_tracks(tracks, song, catalog)?,
            spans: find_spans(place, song)?,
        })
    }

    /// Whether a track is selected.
    pub fn has_track(&self, id: &str) -> bool {
        self.tracks.iter().any(|track| track == id)
    }

    /// Whether a position is selected.
    pub fn contains(&self, at: Ticks) -> bool {
        self.spans.iter().any(|span| span.contains(at))
    }

    /// From the first tick selected to the last.
    pub fn hull(&self) -> TickSpan {
        TickSpan::new(
            self.spans.first().map_or(Ticks::ZERO, |span| span.start),
            self.spans.last().map_or(Ticks::ZERO, |span| span.end),
        )
    }
}

/// Words for roles, beside [`Role::name`].
const ROLES: &[(&str, &[Role])] = &[
    ("melody", &[Role::Vocal, Role::Lead]),
    ("旋律", &[Role::Vocal, Role::Lead]),
    ("主旋律", &[Role::Vocal, Role::Lead]),
    ("主奏", &[Role::Lead]),
    ("人声", &[Role::Vocal]),
    ("主唱", &[Role::Vocal]),
    ("vocals", &[Role::Vocal, Role::Backing]),
    ("副旋律", &[Role::Counter]),
    ("countermelody", &[Role::Counter]),
    ("和声", &[Role::Harmony, Role::Backing]),
    ("和音", &[Role::Harmony]),
    ("伴唱", &[Role::Backing]),
    ("chords", &[Role::Comp, Role::Arp, Role::Pad]),
    ("和弦", &[Role::Comp, Role::Arp, Role::Pad]),
    (
        "accompaniment",
        &[
            Role::Counter,
            Role::Harmony,
            Role::Backing,
            Role::Comp,
            Role::Arp,
            Role::Pad,
            Role::Bass,
        ],
    ),
    (
        "伴奏",
        &[
            Role::Counter,
            Role::Harmony,
            Role::Backing,
            Role::Comp,
            Role::Arp,
            Role::Pad,
            Role::Bass,
        ],
    ),
    ("comping", &[Role::Comp]),
    ("节奏", &[Role::Comp]),
    ("arpeggio", &[Role::Arp]),
    ("琶音", &[Role::Arp]),
    ("分解和弦", &[Role::Arp]),
    ("pads", &[Role::Pad]),
    ("铺底", &[Role::Pad]),
    ("贝斯", &[Role::Bass]),
    ("低音", &[Role::Bass]),
    ("drum", &[Role::Drums]),
    ("鼓", &[Role::Drums]),
    ("鼓组", &[Role::Drums]),
    ("打击乐", &[Role::Drums, Role::Percussion]),
    ("perc", &[Role::Percussion]),
    ("effects", &[Role::Fx]),
    ("音效", &[Role::Fx]),
];

/// Ids of the tracks that names stand for, in score order.
pub(super) fn find_tracks(
    tracks: &Tracks,
    song: &Song,
    catalog: &Catalog,
) -> Result<Vec<String>, OpError> {
    let all = &song.score.tracks;
    let mut chosen = vec![tracks.0.is_empty(); all.len()];
    for name in &tracks.0 {
        let mut found = false;
        for (chosen, track) in chosen.iter_mut().zip(all) {
            let exact = all.iter().any(|track| track.id == *name);
            let hit = if exact {
                track.id == *name
            } else {
                is_meant(track, name, catalog)
            };
            *chosen |= hit;
            found |= hit;
        }
        if !found {
            return Err(no_track(name, song));
        }
    }
    let ids = all.iter().zip(&chosen).filter(|(_, chosen)| **chosen);
    Ok(ids.map(|(track, _)| track.id.clone()).collect())
}

/// The index of the one track that a name stands for.
pub(super) fn find_track(name: &str, song: &Song, catalog: &Catalog) -> Result<usize, OpError> {
    let ids = find_tracks(&Tracks::named(name), song, catalog)?;
    if ids.len() > 1 {
        let list = ids.join(", ");
        return Err(OpError::new(
            format!("`{name}` stands for several tracks: {list}; name one of them"),
            format!("“{name}”对应多个声部：{list}；请指明其中一个"),
        ));
    }
    song.score
        .tracks
        .iter()
        .position(|track| track.id == ids[0])
        .ok_or_else(|| no_track(name, song))
}

fn no_track(name: &str, song: &Song) -> OpError {
    let ids = song.score.tracks.iter().map(|track| track.id.as_str());
    unknown(("track", "声部"), name, ids)
}

/// Whether a name is the role or the instrument of a track.
fn is_meant(track: &Track, name: &str, catalog: &Catalog) -> bool {
    let name = name.to_lowercase();
    let role = track.role.name() == name
        || ROLES
            .iter()
            .any(|(word, roles)| *word == name && roles.contains(&track.role));
    let instrument = track.instrument == name
        || catalog.profile(&track.instrument).is_some_and(|profile| {
            let en = profile.en.to_lowercase();
            en == name
                || profile.zh == name
                || en.split_whitespace().any(|word| word == name)
                || (name.chars().count() >= 2 && profile.zh.contains(&name))
        });
    role || instrument
}

/// The spans that a place stands for: ascending, apart, within the song.
pub(super) fn find_spans(place: &Place, song: &Song) -> Result<Vec<TickSpan>, OpError> {
    let mut spans = Vec::new();
    for spot in &place.0 {
        match spot {
            Spot::All => spans.push(TickSpan::new(Ticks::ZERO, end(song))),
            Spot::Range(from, to) => {
                let start = match from {
                    Some(at) => position(*at, song)?,
                    None => Ticks::ZERO,
                };
                let stop = match to {
                    Some(at) if from == to => after(*at, song)?,
                    Some(at) if at.beat.is_some() => position_or_end(*at, song)?,
                    Some(at) => after(*at, song)?,
                    None => end(song),
                };
                if stop <= start {
                    return Err(OpError::new(
                        format!("`{spot}` ends before it begins; put the earlier bar first"),
                        format!("“{spot}”的终点在起点之前；请把较早的小节写在前面"),
                    ));
                }
                spans.push(TickSpan::new(start, stop));
            }
            Spot::Section(name) => spans.extend(
                find_sections(name, song)?
                    .iter()
                    .map(|i| song.plan.sections[*i].span),
            ),
        }
    }
    spans.sort_by_key(|span| (span.start, span.end));
    let mut apart: Vec<TickSpan> = Vec::new();
    for span in spans {
        match apart.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => apart.push(span),
        }
    }
    Ok(apart)
}

/// The one span of a place that must be in one piece.
pub(super) fn find_span(place: &Place, song: &Song) -> Result<TickSpan, OpError> {
    let spans = find_spans(place, song)?;
    match spans[..] {
        [span] => Ok(span),
        _ => Err(OpError::new(
            format!(
                "`{place}` is {} separate stretches; name one, such as 9-12 or verse-2",
                spans.len()
            ),
            format!(
                "“{place}”是 {} 段分开的区域；请指定一段，如 9-12 或 verse-2",
                spans.len()
            ),
        )),
    }
}

/// Indices of the sections that a name stands for, in order.
pub(super) fn find_sections(name: &str, song: &Song) -> Result<Vec<usize>, OpError> {
    let sections = &song.plan.sections;
    if let Some(index) = sections.iter().position(|section| section.id == name) {
        return Ok(vec![index]);
    }
    let lower = name.to_lowercase();
    let stem = lower.trim_end_matches(|c: char| c.is_ascii_digit());
    let number: Option<usize> = lower[stem.len()..].parse().ok();
    let stem = stem.trim_end_matches(['-', ' ']);
    let kind = SectionKind::ALL
        .iter()
        .find(|(_, file, en, zh)| [*file, &en.to_lowercase(), zh].contains(&stem))
        .map(|row| row.0);
    let of_kind: Vec<usize> = match kind {
        Some(kind) => (0..sections.len())
            .filter(|i| sections[*i].kind == kind)
            .collect(),
        None => Vec::new(),
    };
    let found = match number {
        Some(number) => of_kind
            .get(number.wrapping_sub(1))
            .map(|i| vec![*i])
            .unwrap_or_default(),
        None => of_kind,
    };
    if found.is_empty() {
        let ids = sections.iter().map(|section| section.id.as_str());
        return Err(unknown(("section", "段落"), name, ids));
    }
    Ok(found)
}

/// The index of the one section that a name stands for.
pub(super) fn find_section(name: &str, song: &Song) -> Result<usize, OpError> {
    let found = find_sections(name, song)?;
    match found[..] {
        [index] => Ok(index),
        _ => {
            let list: Vec<&str> = found
                .iter()
                .map(|i| song.plan.sections[*i].id.as_str())
                .collect();
            let list = list.join(", ");
            Err(OpError::new(
                format!("`{name}` stands for several sections: {list}; name one of them"),
                format!("“{name}”对应多个段落：{list}；请指明其中一个"),
            ))
        }
    }
}

/// The end of the last section: the barline after the last bar.
pub(super) fn end(song: &Song) -> Ticks {
    song.plan
        .sections
        .last()
        .map_or_else(|| song.score.end(), |section| section.span.end)
}

/// Number of bars of the song.
pub(super) fn bars(song: &Song) -> i64 {
    let (bar, offset) = song.plan.timeline.bar_of(end(song));
    bar + i64::from(offset > Ticks::ZERO)
}

/// A position within the song.
pub(super) fn position(at: At, song: &Song) -> Result<Ticks, OpError> {
    let tick = position_or_end(at, song)?;
    if tick >= end(song) {
        return Err(beyond(at, song));
    }
    Ok(tick)
}

/// A position within the song or at its very end.
pub(super) fn position_or_end(at: At, song: &Song) -> Result<Ticks, OpError> {
    let line = &song.plan.timeline;
    let start = line.bar_start(i64::from(at.bar) - 1);
    let Some(beat) = at.beat else {
        return if start <= end(song) {
            Ok(start)
        } else {
            Err(beyond(at, song))
        };
    };
    let metre = line.metre(start);
    let offset = beat.of(metre.unit_len()) - metre.unit_len();
    if start >= end(song) && (start > end(song) || offset > Ticks::ZERO) {
        return Err(beyond(at, song));
    }
    if offset >= metre.bar() {
        return Err(OpError::new(
            format!("bar {} is in {metre} and has no beat {beat}", at.bar),
            format!("第 {} 小节是 {metre} 拍，没有第 {beat} 拍", at.bar),
        ));
    }
    Ok(start + offset)
}

/// The end of the bar or of the beat that a position names.
fn after(at: At, song: &Song) -> Result<Ticks, OpError> {
    let start = position(at, song)?;
    let line = &song.plan.timeline;
    let bar = line.bar_start(i64::from(at.bar));
    Ok(match at.beat {
        None => bar.min(end(song)),
        Some(_) => (start + line.metre(start).unit_len())
            .min(bar)
            .min(end(song)),
    })
}

fn beyond(at: At, song: &Song) -> OpError {
    let bars = bars(song);
    OpError::new(
        format!("{at} lies beyond the song, which has {bars} bars"),
        format!("{at} 超出了全曲，全曲共 {bars} 小节"),
    )
}
