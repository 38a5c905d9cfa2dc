//! One part's measures, read into notes.

use super::xml::Node;
use super::{DYNAMICS, MARKS, harmony, key_of};
use crate::draft::{Draft, DraftTrack};
use crate::error::Place;
use std::collections::BTreeMap;
use yuefu_song::{Articulation, Note};
use yuefu_theory::{Metre, Pitch, SpelledPc, Step, Ticks};

/// Open ties this far back are forgotten (voices of one measure are read one after another).
const LOST_TIE: Ticks = Ticks::quarters(64);

/// What holds from measure to measure.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) divisions: f64,
    /// Semitones and letters from written to sounding pitch.
    transpose: (i32, i32),
    pub(super) metre: Option<Metre>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            divisions: 1.0,
            transpose: (0, 0),
            metre: None,
        }
    }
}

/// Instruments of a part, from the part list.
#[derive(Clone, Debug, Default)]
pub(super) struct PartInfo {
    pub(super) name: String,
    pub(super) program: Option<u8>,
    pub(super) channel: Option<u8>,
    /// Unpitched MIDI keys by instrument id.
    pub(super) keys: BTreeMap<String, u8>,
}

impl State {
    fn ticks(&self, divisions: f64) -> Ticks {
        Ticks::from_quarters((divisions / self.divisions).clamp(0.0, 1e6))
    }

    pub(super) fn attributes(&mut self, node: &Node) {
        if let Some(d) = node.number("divisions").filter(|d| *d > 0.0) {
            self.divisions = d;
        }
        if let Some(t) = node.child("transpose") {
            let octaves = t.number("octave-change").unwrap_or(0.0) as i32;
            let chromatic = t.number("chromatic").unwrap_or(0.0) as i32;
            let diatonic = t.number("diatonic").map(|d| d as i32);
            // Without the diatonic part, the usual number of letters for that many semitones.
            let steps = diatonic.unwrap_or((chromatic * 7 + 6 * chromatic.signum()) / 12);
            self.transpose = (
                chromatic.clamp(-60, 60) + 12 * octaves.clamp(-5, 5),
                steps.clamp(-60, 60) + 7 * octaves.clamp(-5, 5),
            );
        }
        if let Some(time) = node.child("time") {
            self.metre = metre(time);
        }
    }

    fn sounding(&self, pitch: Pitch) -> Pitch {
        let (semitones, steps) = self.transpose;
        if (semitones, steps) == (0, 0) {
            return pitch;
        }
        Pitch::spelled(pitch.midi() + semitones, pitch.name.up(steps, semitones))
    }
}

/// A time signature; several in a row (3/8 + 2/4) are summed in their smallest unit.
fn metre(time: &Node) -> Option<Metre> {
    let mut pairs: Vec<(Vec<i64>, i64)> = Vec::new();
    let units = time.all("beat-type");
    for (beats, unit) in time.all("beats").zip(units) {
        let groups: Option<Vec<i64>> = beats
            .text()
            .split('+')
            .map(|g| g.trim().parse().ok().filter(|n| (1..=64).contains(n)))
            .collect();
        let unit = unit
            .text()
            .parse()
            .ok()
            .filter(|u| [1, 2, 4, 8, 16, 32].contains(u))?;
        pairs.push((groups?, unit));
    }
    let unit = pairs.iter().map(|p| p.1).max()?;
    let groups: Vec<String> = pairs
        .iter()
        .flat_map(|(groups, u)| groups.iter().map(move |g| (g * unit / u).to_string()))
        .collect();
    format!("{}/{unit}", groups.join("+")).parse().ok()
}

/// How far a measure reaches.
pub(super) fn measure_len(node: &Node, state: &mut State) -> Ticks {
    let mut now = Ticks::ZERO;
    let mut len = Ticks::ZERO;
    for item in &node.children {
        let amount = || item.number("duration").unwrap_or(0.0);
        match item.name.as_str() {
            "attributes" => state.attributes(item),
            "note" if item.child("chord").is_none() && item.child("grace").is_none() => {
                now += state.ticks(amount());
            }
            "forward" => now += state.ticks(amount()),
            "backup" => now = (now - state.ticks(amount())).max(Ticks::ZERO),
            _ => {}
        }
        len = len.max(now);
    }
    len
}

/// Reads measures one after another, in the order of playing.
pub(super) struct PartReader<'a> {
    pub(super) info: &'a PartInfo,
    pub(super) number: usize,
    pub(super) track: DraftTrack,
    pub(super) draft: &'a mut Draft,
    /// Notes that a tie will prolong: indexes by MIDI key. Several voices may tie one pitch.
    ties: BTreeMap<i32, Vec<usize>>,
    velocity: u8,
    graces: usize,
    notes_left: usize,
}

impl<'a> PartReader<'a> {
    pub(super) fn new(
        info: &'a PartInfo,
        number: usize,
        draft: &'a mut Draft,
        notes_left: usize,
    ) -> Self {
        let track = DraftTrack {
            name: info.name.clone(),
            program: info.program,
            percussion: info.channel == Some(10),
            ..DraftTrack::default()
        };
        Self {
            info,
            number,
            track,
            draft,
            ties: BTreeMap::new(),
            velocity: 80,
            graces: 0,
            notes_left,
        }
    }

    /// Reads one measure that starts at `start`, with the state that holds there.
    pub(super) fn measure(&mut self, node: &Node, number: usize, start: Ticks, mut state: State) {
        let mut now = Ticks::ZERO;
        let mut onset = Ticks::ZERO;
        for item in &node.children {
            match item.name.as_str() {
                "attributes" => {
                    state.attributes(item);
                    if let Some(key) = item.child("key") {
                        self.key(key, start + now, number, &state);
                    }
                }
                "note" => {
                    if item.child("grace").is_some() || item.child("cue").is_some() {
                        self.graces += 1;
                        if item.child("cue").is_none() {
                            continue;
                        }
                    }
                    let len = state.ticks(item.number("duration").unwrap_or(0.0));
                    if item.child("chord").is_none() {
                        onset = now;
                        now += len;
                    }
                    if item.child("cue").is_none() {
                        self.note(item, start + onset, len, &state, number);
                    }
                }
                "forward" => now += state.ticks(item.number("duration").unwrap_or(0.0)),
                "backup" => {
                    let back = state.ticks(item.number("duration").unwrap_or(0.0));
                    now = (now - back).max(Ticks::ZERO);
                }
                "harmony" => {
                    let at = start + self.offset(item, now, &state);
                    match harmony::read(item) {
                        Some(chord) => self.draft.chords.push((at, chord)),
                        None => self.warn(number, "left out a chord symbol without a meaning here"),
                    }
                }
                "direction" => {
                    let at = start + self.offset(item, now, &state);
                    self.direction(item, at);
                }
                "sound" => self.sound(item, start + now),
                _ => {}
            }
        }
    }

    /// Ends the part.
    pub(super) fn finish(self) -> DraftTrack {
        if self.graces > 0 {
            let message = format!("left out {} grace and cue notes", self.graces);
            let place = Place::Bar(1, self.number);
            self.draft.warn(place, message);
        }
        self.track
    }

    fn warn(&mut self, bar: usize, message: &str) {
        self.draft.warn(Place::Bar(bar, self.number), message);
    }

    fn offset(&self, item: &Node, now: Ticks, state: &State) -> Ticks {
        let offset = item.number("offset").unwrap_or(0.0);
        let by = Ticks::from_quarters((offset / state.divisions).clamp(-1e4, 1e4));
        (now + by).max(Ticks::ZERO)
    }

    fn key(&mut self, node: &Node, at: Ticks, bar: usize, state: &State) {
        let Some(fifths) = node.number("fifths").filter(|f| f.abs() <= 11.0) else {
            self.warn(bar, "left out a key signature that is not traditional");
            return;
        };
        let written = key_of(fifths as i32, node.text_of("mode").unwrap_or("major"));
        let key = yuefu_theory::Key::new(
            written.tonic.up(state.transpose.1, state.transpose.0),
            written.mode,
        );
        self.draft.keys.push((at, key));
    }

    fn direction(&mut self, item: &Node, at: Ticks) {
        for kind in item.all("direction-type") {
            for mark in &kind.children {
                match mark.name.as_str() {
                    "rehearsal" => self.draft.marks.push((at, mark.text().to_owned())),
                    "dynamics" => {
                        for d in &mark.children {
                            if let Some((_, v)) = DYNAMICS.iter().find(|(n, _)| *n == d.name) {
                                self.velocity = *v;
                            }
                        }
                    }
                    "metronome" if item.child("sound").and_then(|s| s.attr("tempo")).is_none() => {
                        let per_minute = mark.number("per-minute");
                        let unit = match mark.text_of("beat-unit") {
                            Some("whole") => 4.0,
                            Some("half") => 2.0,
                            Some("quarter") => 1.0,
                            Some("eighth") => 0.5,
                            Some("16th") => 0.25,
                            _ => continue,
                        };
                        let dots = mark.all("beat-unit-dot").count().min(3);
                        let unit = unit * [1.0, 1.5, 1.75, 1.875][dots];
                        if let Some(bpm) = per_minute.filter(|b| *b > 0.0) {
                            self.draft.tempo.push((at, bpm * unit));
                        }
                    }
                    _ => {}
                }
            }
        }
        if let Some(sound) = item.child("sound") {
            self.sound(sound, at);
        }
    }

    fn sound(&mut self, node: &Node, at: Ticks) {
        let number = |name: &str| {
            node.attr(name)?
                .parse::<f64>()
                .ok()
                .filter(|n| n.is_finite())
        };
        if let Some(bpm) = number("tempo").filter(|b| *b > 0.0) {
            self.draft.tempo.push((at, bpm));
        }
        if let Some(level) = number("dynamics") {
            self.velocity = (level * 0.9).clamp(1.0, 127.0) as u8;
        }
    }

    fn note(&mut self, item: &Node, at: Ticks, len: Ticks, state: &State, bar: usize) {
        if item.child("rest").is_some() || len <= Ticks::ZERO || self.notes_left == 0 {
            return;
        }
        let pitch = if let Some(node) = item.child("pitch") {
            let Some(pitch) = self.pitch(node, bar) else {
                return;
            };
            if self.track.percussion {
                pitch
            } else {
                state.sounding(pitch)
            }
        } else if let Some(node) = item.child("unpitched") {
            self.track.percussion = true;
            let id = item.child("instrument").and_then(|i| i.attr("id"));
            let key = id
                .and_then(|id| self.info.keys.get(id))
                .or(match self.info.keys.len() {
                    1 => self.info.keys.values().next(),
                    _ => None,
                });
            Pitch::from_midi(i32::from(
                key.copied().unwrap_or_else(|| displayed_drum(node)),
            ))
        } else {
            return;
        };
        let midi = pitch.midi();
        if !(0..=127).contains(&midi) {
            self.warn(bar, "left out a note beyond the range of MIDI");
            return;
        }
        let tied = |kind: &str| item.all("tie").any(|t| t.attr("type") == Some(kind));
        let notes = &self.track.notes;
        let open = self.ties.entry(midi).or_default();
        // A note that no stop met in time stays as it is.
        open.retain(|i| notes[*i].end() + LOST_TIE >= at);
        let joined = open
            .iter()
            .position(|i| tied("stop") && notes[*i].end() == at);
        let index = match joined.map(|place| open.remove(place)) {
            Some(index) => {
                self.track.notes[index].len += len;
                index
            }
            None => {
                let level = item.attr("dynamics").and_then(|d| d.parse::<f64>().ok());
                let velocity = match level.filter(|d| d.is_finite()) {
                    Some(percent) => (percent * 0.9 + 0.5).floor().clamp(1.0, 127.0) as u8,
                    None => self.velocity,
                };
                let note = Note::new(at, len, pitch, velocity).with(articulation(item));
                self.track.notes.push(note);
                self.notes_left -= 1;
                self.track.notes.len() - 1
            }
        };
        // A release moves the end of the sound from the end on paper; the last one counts.
        let release = item.attr("release").and_then(|d| d.parse::<f64>().ok());
        if let Some(by) = release.filter(|d| d.is_finite()) {
            let sounded = &mut self.track.notes[index].len;
            *sounded = if by < 0.0 {
                (*sounded - state.ticks(-by)).max(Ticks(1))
            } else {
                *sounded + state.ticks(by)
            };
        }
        if tied("start") {
            self.ties.entry(midi).or_default().push(index);
        }
        self.lyric(item, at);
    }

    fn pitch(&mut self, node: &Node, bar: usize) -> Option<Pitch> {
        let letter = node.text_of("step")?.chars().next()?;
        let alter = node.number("alter").unwrap_or(0.0).clamp(-3.0, 3.0);
        let whole = (alter + 0.5).floor();
        if (alter - whole).abs() > 1e-6 {
            self.warn(bar, "a microtone was moved to the nearest semitone");
        }
        let octave = node.number("octave")?.clamp(-1.0, 10.0) as i8;
        Some(Pitch {
            name: SpelledPc::new(Step::from_letter(letter)?, (whole as i8).clamp(-3, 3)),
            octave,
        })
    }

    fn lyric(&mut self, item: &Node, at: Ticks) {
        let lyric = item
            .all("lyric")
            .min_by_key(|l| l.attr("number").unwrap_or("1"));
        let Some(lyric) = lyric else {
            return;
        };
        let text: String = lyric.all("text").map(Node::text).collect();
        let continues = matches!(
            lyric.all("syllabic").last().map(Node::text),
            Some("begin" | "middle")
        );
        if !text.is_empty() {
            self.track.syllables.push((at, text, continues));
        }
    }
}

fn articulation(item: &Node) -> Articulation {
    let found = |(_, group, element): &(Articulation, &str, &str)| {
        item.all("notations").any(|n| match *group {
            "" => n.child(element).is_some(),
            group => n.path(&[group, element]).is_some(),
        })
    };
    MARKS
        .iter()
        .find(|m| found(m))
        .map_or(Articulation::Normal, |m| m.0)
}

/// The drum that a place on the percussion staff usually means.
fn displayed_drum(node: &Node) -> u8 {
    let step = node.text_of("display-step").unwrap_or("C");
    match (step, node.number("display-octave").unwrap_or(5.0) as i32) {
        ("E" | "F", 4) => 36,
        ("D", 4) => 44,
        ("G" | "A", 4) => 43,
        ("B", 4) => 45,
        ("D" | "E", 5) => 48,
        ("F", 5) => 51,
        ("G", 5) => 42,
        ("A" | "B", 5) => 49,
        _ => 38,
    }
}
