//! What every stage relies on, checked once when a song is read or made by hand.

use super::{MAIN_FILE, Song, SongError, error::CORRECT};
use crate::score::{Note, Phrase};
use std::collections::BTreeSet;
use yuefu_theory::{TickSpan, Ticks};

/// A step into a JSON document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into a field of an object.
    Field(&'static str),
    /// To an element of a list.
    Index(usize),
}

/// A fault in a song: in which track's file or in the main file, where there, and what.
pub(super) struct Fault {
    /// Index of the track, or `None` for the main file.
    pub track: Option<usize>,
    /// Way to the value in that file.
    pub path: Vec<Step>,
    /// What it is; its file and place are not known yet.
    pub error: SongError,
}

/// The longest song, in ticks: ten hours at 1000 quarters per minute. Everything stays far from
/// where ticks could overflow.
const LONGEST: Ticks = Ticks::quarters(600_000);

macro_rules! path {
    ($($step:expr),*) => { vec![$(Step::from($step)),*] };
}

impl From<&'static str> for Step {
    fn from(name: &'static str) -> Self {
        Self::Field(name)
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl Song {
    /// Checks what later stages rely on: tempo and metre maps that begin at 0 and ascend, sections
    /// without gaps, chords within their section, unique ids, phrases in order that do not
    /// overlap, notes in order, a score that agrees with its plan, sane lengths and rates.
    ///
    /// # Errors
    /// The first fault, with the file it is in; line and column are those of the files only when
    /// the song was read from files.
    pub fn check(&self) -> Result<(), SongError> {
        self.fault().map_or(Ok(()), |fault| Err(fault.error))
    }

    /// The first fault.
    pub(super) fn fault(&self) -> Option<Fault> {
        type Check = fn(&Song) -> Result<(), Fault>;
        let checks: [Check; 6] = [
            Self::check_timeline,
            Self::check_sections,
            Self::check_frame,
            Self::check_cast,
            Self::check_tracks,
            Self::check_outlet,
        ];
        checks.iter().find_map(|check| check(self).err())
    }

    fn check_timeline(&self) -> Result<(), Fault> {
        let line = &self.plan.timeline;
        let expected = (
            "a tempo map that begins at bar 1 and ascends, with 5 to 1000 quarters per minute",
            "从第 1 小节开始、依次递增、每分钟 5 至 1000 个四分音符的速度表",
        );
        if line.tempo.is_empty() {
            return main(path!["tempo"], expected, nothing());
        }
        for (index, point) in line.tempo.iter().enumerate() {
            let ascends = match index.checked_sub(1) {
                None => point.at == Ticks::ZERO,
                Some(before) => line.tempo[before].at < point.at && point.at < LONGEST,
            };
            if !ascends {
                return main(path!["tempo", index, "at"], expected, at(point.at));
            }
            if !(5.0..=1000.0).contains(&point.bpm) {
                return main(path!["tempo", index, "bpm"], expected, both(point.bpm));
            }
        }
        let expected = (
            "a metre map that begins at bar 1 and ascends",
            "从第 1 小节开始、依次递增的拍号表",
        );
        if line.metres.is_empty() {
            return main(path!["metres"], expected, nothing());
        }
        for (index, change) in line.metres.iter().enumerate() {
            let ascends = match index.checked_sub(1) {
                None => change.at == Ticks::ZERO,
                Some(before) => line.metres[before].at < change.at && change.at < LONGEST,
            };
            if !ascends {
                return main(path!["metres", index, "at"], expected, at(change.at));
            }
            if change.metre.bar() <= Ticks::ZERO {
                let found = both(&change.metre);
                return main(path!["metres", index, "metre"], expected, found);
            }
        }
        Ok(())
    }

    fn check_sections(&self) -> Result<(), Fault> {
        let mut ids = BTreeSet::new();
        let mut end = Ticks::ZERO;
        for (index, section) in self.plan.sections.iter().enumerate() {
            let id = || path!["sections", index, "id"];
            if section.id.is_empty() || !ids.insert(section.id.as_str()) {
                return main(id(), UNIQUE, both(format!("`{}`", section.id)));
            }
            if section.span.start != end || section.span.is_empty() || section.span.end > LONGEST {
                let expected = (
                    "sections one after the other from bar 1 on, each at least a moment long",
                    "从第 1 小节起首尾相接、长度大于零的段落",
                );
                return main(
                    path!["sections", index, "bars"],
                    expected,
                    span(section.span),
                );
            }
            end = section.span.end;
            let mut last = section.span.start;
            for (number, chord) in section.chords.iter().enumerate() {
                let inside = last <= chord.span.start
                    && chord.span.start < chord.span.end
                    && chord.span.end <= end;
                if !inside {
                    let expected = (
                        format!("chords in order, within section {}", section.id),
                        format!("依次排列、在段落 {} 之内的和弦", section.id),
                    );
                    let here = TickSpan::new(
                        chord.span.start - section.span.start,
                        chord.span.end - section.span.start,
                    );
                    let found = (
                        format!("{} at {}", chord.chord, span(here).0),
                        format!("{}，在 {}", chord.chord, span(here).1),
                    );
                    return main(path!["sections", index, "chords", number], expected, found);
                }
                last = chord.span.end;
            }
            if !section.energy.iter().all(|e| (0.0..=1.0).contains(e)) {
                let expected = ("energy from 0 to 1", "0 至 1 的能量");
                let found = both(format!("{:?}", section.energy));
                return main(path!["sections", index, "energy"], expected, found);
            }
        }
        Ok(())
    }

    /// The score repeats timeline, sections and chords of the plan.
    fn check_frame(&self) -> Result<(), Fault> {
        let frame = self.plan.score_frame();
        let same = frame.timeline == self.score.timeline
            && frame.sections == self.score.sections
            && frame.chords == self.score.chords;
        if same {
            return Ok(());
        }
        let expected = (
            "a score with the timeline, the sections and the chords of its plan",
            "与规划的时间线、段落、和弦一致的总谱",
        );
        main(path!["sections"], expected, ("others", "不一致"))
    }

    fn check_cast(&self) -> Result<(), Fault> {
        let mut ids = BTreeSet::new();
        for (index, member) in self.plan.cast.iter().enumerate() {
            if member.id.is_empty() || !ids.insert(member.id.as_str()) {
                let found = both(format!("`{}`", member.id));
                return main(path!["cast", index, "id"], UNIQUE, found);
            }
        }
        let mut strips = BTreeSet::new();
        for (index, strip) in self.mix.iter().flat_map(|mix| &mix.tracks).enumerate() {
            let path = || path!["mix", "tracks", index, "track"];
            let found = both(format!("`{}`", strip.track));
            if !strips.insert(strip.track.as_str()) {
                return main(path(), UNIQUE, found);
            }
            if !self.score.tracks.iter().any(|t| t.id == strip.track) {
                let ids: Vec<&str> = self.score.tracks.iter().map(|t| t.id.as_str()).collect();
                let ids = ids.join(", ");
                let expected = (
                    format!("the id of a track ({ids})"),
                    format!("音轨的名字（{ids}）"),
                );
                return main(path(), expected, found);
            }
        }
        Ok(())
    }

    fn check_tracks(&self) -> Result<(), Fault> {
        let mut ids = BTreeSet::new();
        for (index, track) in self.score.tracks.iter().enumerate() {
            let fault = |path, expected, found| fault(Some(index), path, expected, found);
            if track.id.is_empty() || !ids.insert(track.id.as_str()) {
                return fault(path!["id"], owned(UNIQUE), both(format!("`{}`", track.id)));
            }
            let mut names = BTreeSet::new();
            let mut end: Option<Ticks> = None;
            for (number, phrase) in track.phrases.iter().enumerate() {
                if phrase.id.is_empty() || !names.insert(phrase.id.as_str()) {
                    let path = path!["phrases", number, "id"];
                    return fault(path, owned(UNIQUE), both(format!("`{}`", phrase.id)));
                }
                let far = phrase.span.start < -LONGEST || phrase.span.end > LONGEST;
                if far || phrase.span.is_empty() || end.is_some_and(|e| phrase.span.start < e) {
                    let expected = (
                        "phrases in order that do not overlap".to_owned(),
                        "依次排列、互不重叠的乐句".to_owned(),
                    );
                    let found = span(phrase.span);
                    let found = (
                        format!("phrase {} at {}", phrase.id, found.0),
                        format!("乐句 {} 在 {}", phrase.id, found.1),
                    );
                    return fault(path!["phrases", number, "at"], expected, found);
                }
                end = Some(phrase.span.end);
                if let Some((mut path, expected, found)) = phrase_fault(phrase) {
                    let mut whole = path!["phrases", number];
                    whole.append(&mut path);
                    return fault(whole, expected, found);
                }
            }
        }
        Ok(())
    }

    fn check_outlet(&self) -> Result<(), Fault> {
        if !(0.1..=36_000.0).contains(&self.plan.length.0) {
            let expected = ("a length of 0.1 to 36000 seconds", "0.1 至 36000 秒的时长");
            return main(path!["length"], expected, both(self.plan.length.0));
        }
        if !(8_000..=192_000).contains(&self.release.rate.0) {
            let expected = ("a sample rate of 8000 to 192000", "8000 至 192000 的采样率");
            return main(
                path!["release", "rate"],
                expected,
                both(self.release.rate.0),
            );
        }
        Ok(())
    }
}

type Pair = (String, String);

/// The first fault in the notes and takes of a phrase.
fn phrase_fault(phrase: &Phrase) -> Option<(Vec<Step>, Pair, Pair)> {
    if let Some(index) = notes_fault(&phrase.notes) {
        let found = both(format!("`{}`", phrase.notes[index]));
        return Some((path!["notes", index], notes_expected(), found));
    }
    let mut last = None;
    for (number, take) in phrase.takes.iter().enumerate() {
        if take.number == phrase.take || last.is_some_and(|last| take.number <= last) {
            let expected = (
                "takes in ascending order of number, without the present one".to_owned(),
                "按编号递增、不含当前版的各版".to_owned(),
            );
            return Some((
                path!["takes", number, "number"],
                expected,
                both(take.number),
            ));
        }
        last = Some(take.number);
        if let Some(index) = notes_fault(&take.notes) {
            let found = both(format!("`{}`", take.notes[index]));
            return Some((
                path!["takes", number, "notes", index],
                notes_expected(),
                found,
            ));
        }
    }
    None
}

fn notes_expected() -> Pair {
    (
        "notes in order of start and pitch, of at least a moment, on MIDI keys 0 to 127".to_owned(),
        "按起点和音高排列、长度大于零、在 MIDI 键 0 至 127 之内的音符".to_owned(),
    )
}

/// Index of the first note that is not sane or not in order.
fn notes_fault(notes: &[Note]) -> Option<usize> {
    let order = |note: &Note| (note.at, note.pitch.midi());
    (0..notes.len()).find(|index| {
        let note = &notes[*index];
        let sane = note.len > Ticks::ZERO
            && note.at > -LONGEST
            && note.end() < LONGEST
            && (0..=127).contains(&note.pitch.midi())
            && (1..=127).contains(&note.velocity);
        !sane || (*index > 0 && order(note) < order(&notes[index - 1]))
    })
}

pub(super) const UNIQUE: (&str, &str) = ("an id that nothing else has", "不与其他重复的名字");

fn owned((en, zh): (&str, &str)) -> Pair {
    (en.to_owned(), zh.to_owned())
}

fn both(value: impl ToString) -> Pair {
    (value.to_string(), format!(" {}", value.to_string()))
}

fn nothing() -> Pair {
    owned(("nothing", "空的"))
}

/// A position in quarters.
fn at(at: Ticks) -> Pair {
    (
        format!("quarter {}", at.as_quarters()),
        format!("第 {} 个四分音符", at.as_quarters()),
    )
}

/// A span in quarters.
fn span(span: TickSpan) -> Pair {
    let (start, end) = (span.start.as_quarters(), span.end.as_quarters());
    (
        format!("quarters {start} to {end}"),
        format!("四分音符 {start} 至 {end}"),
    )
}

fn main<S: Into<String>, T: Into<String>>(
    path: Vec<Step>,
    expected: (S, S),
    found: (T, T),
) -> Result<(), Fault> {
    fault(None, path, expected, found)
}

fn fault<S: Into<String>, T: Into<String>>(
    track: Option<usize>,
    path: Vec<Step>,
    expected: (S, S),
    found: (T, T),
) -> Result<(), Fault> {
    Err(Fault {
        track,
        path,
        error: SongError::whole(MAIN_FILE, expected, found, CORRECT),
    })
}
