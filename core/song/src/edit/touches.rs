//! What an edit concerns, in musical terms.

use super::{
    Edit,
    parts::{Address, Change, Parts},
    slots::{Frame, PhraseAt, Place},
};
use crate::{Song, plan::SectionPlan, words::Words};
use std::collections::BTreeSet;
use yuefu_theory::{Ticks, Timeline};

/// Bars from first to last, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bars {
    /// The first bar.
    pub first: i64,
    /// The last bar.
    pub last: i64,
}

/// What an edit concerns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Ids of tracks whose notes, instrument or mix differ.
    pub tracks: BTreeSet<String>,
    /// Ids of sections that differ, or that hold something that differs.
    pub sections: BTreeSet<String>,
    /// Bars from the first difference to the last, in the song that was asked about.
    pub bars: Option<Bars>,
    /// Number of notes that are added, removed or changed.
    pub notes: usize,
    /// Names of what concerns the whole song: `tempo`, `title`, `form`, ...
    pub whole: BTreeSet<String>,
}

impl Edit {
    /// What this edit concerns; bars are counted in `song`, which is the song before the edit or
    /// after it.
    pub fn touches(&self, song: &Song) -> Touched {
        let mut touched = Touched::default();
        let sections = &song.plan.sections;
        let parts = Parts::of(song);
        let mut range: Option<(Ticks, Ticks)> = None;
        let mut reach = |from: Ticks, to: Ticks| {
            let (a, b) = range.unwrap_or((from, to));
            range = Some((a.min(from), b.max(to)));
        };
        for change in &self.changes {
            let address = change.address();
            if let Some(track) = address.track() {
                touched.tracks.insert(track.to_owned());
            }
            match change {
                Change::Note(slot) => {
                    touched.notes += 1;
                    let at = PhraseAt {
                        track: slot.at.track.clone(),
                        phrase: slot.at.phrase.clone(),
                    };
                    let start = self.frame(&at, &parts).and_then(|frame| {
                        touched.sections.insert(frame.place.section.clone());
                        frame.place.position(sections).ok()
                    });
                    let len = slot.before.iter().chain(&slot.after).map(|note| note.len);
                    let len = len.max().unwrap_or_default();
                    if let Some(start) = start {
                        reach(start + slot.at.at, start + slot.at.at + len);
                    }
                }
                Change::Phrase(slot) => {
                    for frame in slot.before.iter().chain(&slot.after) {
                        touched.sections.insert(frame.place.section.clone());
                        if let Ok(start) = frame.place.position(sections) {
                            reach(start, start + frame.len);
                        }
                    }
                }
                Change::Take(slot) => {
                    let at = PhraseAt {
                        track: slot.at.track.clone(),
                        phrase: slot.at.phrase.clone(),
                    };
                    if let Some(frame) = self.frame(&at, &parts) {
                        touched.sections.insert(frame.place.section.clone());
                    }
                }
                Change::Chord(slot) => {
                    touched.sections.insert(slot.at.section.clone());
                    let place = Place {
                        section: slot.at.section.clone(),
                        at: slot.at.at,
                    };
                    let len = slot.before.iter().chain(&slot.after).map(|chord| chord.len);
                    let len = len.max().unwrap_or_default();
                    if let Ok(start) = place.position(sections) {
                        reach(start, start + len);
                    }
                }
                Change::Section(slot) => {
                    touched.sections.insert(slot.at.section.clone());
                    if let Some(section) = sections.iter().find(|s| s.id == slot.at.section) {
                        reach(section.span.start, section.span.end);
                    }
                }
                Change::VoiceCurves(slot) => {
                    if let Some(frame) = self.frame(&slot.at, &parts) {
                        touched.sections.insert(frame.place.section.clone());
                        if let Ok(start) = frame.place.position(sections) {
                            reach(start, start + frame.len);
                        }
                    }
                }
                Change::LyricLine(slot) => {
                    touched.sections.insert(slot.at.section.clone());
                }
                Change::Track(_) | Change::Strip(_) | Change::Cast(_) | Change::Voice(_) => {}
                _ => {
                    touched.whole.insert(address.table());
                }
            }
        }
        touched.sections.remove("");
        let line = &song.plan.timeline;
        touched.bars = range.map(|(from, to)| Bars {
            first: line.bar_of(from.max(Ticks::ZERO)).0 + 1,
            last: line.bar_of((to - Ticks(1)).max(Ticks::ZERO)).0 + 1,
        });
        touched
    }

    /// The frame of a phrase: the edit's, or the song's.
    fn frame(&self, at: &PhraseAt, parts: &Parts) -> Option<Frame> {
        parts.phrases.get(at).cloned().or_else(|| {
            self.changes.iter().find_map(|change| match change {
                Change::Phrase(slot) if slot.at == *at => {
                    slot.after.clone().or(slot.before.clone())
                }
                _ => None,
            })
        })
    }
}

impl Address {
    /// The track that it belongs to.
    pub fn track(&self) -> Option<&str> {
        match self {
            Self::Track(at) | Self::Strip(at) | Self::Cast(at) | Self::Voice(at) => Some(&at.track),
            Self::Phrase(at) | Self::VoiceCurves(at) => Some(&at.track),
            Self::Take(at) => Some(&at.track),
            Self::Note(at) => Some(&at.track),
            _ => None,
        }
    }

    /// The phrase that it belongs to.
    pub fn phrase(&self) -> Option<PhraseAt> {
        let (track, phrase) = match self {
            Self::Phrase(at) | Self::VoiceCurves(at) => (&at.track, &at.phrase),
            Self::Take(at) => (&at.track, &at.phrase),
            Self::Note(at) => (&at.track, &at.phrase),
            _ => return None,
        };
        Some(PhraseAt {
            track: track.clone(),
            phrase: phrase.clone(),
        })
    }

    /// Where it is, without a song to count bars in.
    pub fn place(&self) -> Words {
        match self {
            Self::Phrase(at) => Words::new(
                format!("track {}, phrase {}", at.track, at.phrase),
                format!("音轨 {}，乐句 {}", at.track, at.phrase),
            ),
            Self::Take(at) => Words::new(
                format!("track {}, phrase {}, take {}", at.track, at.phrase, at.take),
                format!("音轨 {}，乐句 {}，第 {} 版", at.track, at.phrase, at.take),
            ),
            Self::Note(at) => {
                let mut quarters = String::new();
                // Writing into a string cannot fail.
                let _ = crate::score::write_quarters(&mut quarters, at.at);
                Words::new(
                    format!(
                        "track {}, phrase {}, note at {quarters} quarters",
                        at.track, at.phrase
                    ),
                    format!(
                        "音轨 {}，乐句 {}，第 {quarters} 拍（四分音符）处的音符",
                        at.track, at.phrase
                    ),
                )
            }
            Self::Track(at) => {
                Words::new(format!("track {}", at.track), format!("音轨 {}", at.track))
            }
            Self::Strip(at) => Words::new(
                format!("mix of track {}", at.track),
                format!("音轨 {} 的混音", at.track),
            ),
            Self::Voice(at) => Words::new(
                format!("voice of track {}", at.track),
                format!("音轨 {} 的人声设置", at.track),
            ),
            Self::VoiceCurves(at) => Words::new(
                format!("track {}, voice curves of phrase {}", at.track, at.phrase),
                format!("音轨 {}，乐句 {} 的人声曲线", at.track, at.phrase),
            ),
            Self::Cast(at) => Words::new(
                format!("cast member {}", at.track),
                format!("演奏者 {}", at.track),
            ),
            Self::Section(at) => Words::new(
                format!("section {}", at.section),
                format!("段落 {}", at.section),
            ),
            Self::Chord(at) => Words::new(
                format!("chord in section {}", at.section),
                format!("段落 {} 的和弦", at.section),
            ),
            Self::Tag(at) => Words::new(format!("tag {}", at.name), format!("标签 {}", at.name)),
            Self::Reverb(at) => {
                Words::new(format!("reverb {}", at.name), format!("混响 {}", at.name))
            }
            Self::Seed(_) => Words::new("seed", "随机种子"),
            Self::Brief(_) => Words::new("brief", "创作要求"),
            Self::Style(_) => Words::new("style", "风格"),
            Self::Title(_) => Words::new("title", "标题"),
            Self::Key(_) => Words::new("key", "调"),
            Self::Feel(_) => Words::new("feel", "律动"),
            Self::Ending(_) => Words::new("ending", "结尾"),
            Self::Length(_) => Words::new("length", "时长"),
            Self::Tempo(_) => Words::new("tempo", "速度"),
            Self::Metres(_) => Words::new("metre", "拍号"),
            Self::Form(_) => Words::new("form", "曲式"),
            Self::CastOrder(_) => Words::new("order of the cast", "演奏者的次序"),
            Self::TrackOrder(_) => Words::new("order of the tracks", "音轨的次序"),
            Self::StripOrder(_) => Words::new("order of the mix", "混音通道的次序"),
            Self::Lyrics(_) => Words::new("lyrics", "歌词"),
            Self::LyricLine(at) => Words::new(
                format!("words of {}, line {}", at.section, at.line),
                format!("{} 的歌词第 {} 行", at.section, at.line),
            ),
            Self::Character(_) => Words::new("mix character", "混音风格"),
            Self::Delay(_) => Words::new("delay", "延迟"),
            Self::Master(_) => Words::new("master", "母带"),
            Self::Release(_) => Words::new("release", "发行设置"),
            Self::Engines(_) => Words::new("engines", "引擎"),
        }
    }
}

/// A position as `bar 9 beat 3` / `第 9 小节第 3 拍`.
pub(super) fn bar_and_beat(line: &Timeline, at: Ticks) -> Words {
    let (bar, offset) = line.bar_of(at);
    let unit = line.metre(at).unit_len();
    let beat = offset.0 as f64 / unit.0 as f64 + 1.0;
    let beat = format!("{beat:.2}");
    let beat = beat.trim_end_matches('0').trim_end_matches('.');
    Words::new(
        format!("bar {} beat {beat}", bar + 1),
        format!("第 {} 小节第 {beat} 拍", bar + 1),
    )
}

/// Where a change is, with the bar and the beat where it has them.
pub(super) fn place_in(
    change: &Change,
    parts: &Parts,
    sections: &[SectionPlan],
    line: &Timeline,
) -> Words {
    let address = change.address();
    let position = match change {
        Change::Note(slot) => address
            .phrase()
            .and_then(|at| parts.phrases.get(&at))
            .and_then(|frame| frame.place.position(sections).ok())
            .map(|start| start + slot.at.at),
        Change::Phrase(slot) => (slot.before.iter().chain(&slot.after))
            .find_map(|frame| frame.place.position(sections).ok()),
        Change::Chord(slot) => Place {
            section: slot.at.section.clone(),
            at: slot.at.at,
        }
        .position(sections)
        .ok(),
        Change::Section(slot) => sections
            .iter()
            .find(|section| section.id == slot.at.section)
            .map(|section| section.span.start),
        _ => None,
    };
    let place = address.place();
    match position.map(|at| bar_and_beat(line, at)) {
        Some(bar) => Words::new(
            format!("{}, {}", place.en, bar.en),
            format!("{}，{}", place.zh, bar.zh),
        ),
        None => place,
    }
}
