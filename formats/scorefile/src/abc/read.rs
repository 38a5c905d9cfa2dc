//! ABC to scores.

use super::bars::{Change, flow, merge};
use super::fields::{key, metre, tempo, unit};
use super::tune::Voice;
use crate::draft::{Draft, DraftTrack};
use crate::error::{Place, ScoreErrorKind, ScoreFileError};
use crate::flow::{BarFlow, play_order};
use crate::model::{ScoreFile, ScoreLimits};
use std::collections::BTreeMap;
use yuefu_song::{Catalog, Note};
use yuefu_theory::{Key, Metre, Mode, Ticks};

/// Most tunes of one file.
const MOST_TUNES: usize = 10_000;

/// Reads every tune of an ABC file: voices and overlays, modes, accidentals by the bar, broken
/// rhythm, tuplets, ties, chords, chord symbols, decorations, inline fields, repeats with
/// endings and jumps (played out), words, `%%MIDI` programs and channels. Grace notes are left out.
///
/// # Errors
/// A text without a tune (`X:` and `K:` fields), and files beyond the limits.
pub fn read_abc(
    text: &str,
    catalog: &Catalog,
    limits: &ScoreLimits,
) -> Result<Vec<ScoreFile>, ScoreFileError> {
    limits.admit(text.len())?;
    let mut tunes: Vec<Vec<(usize, &str)>> = Vec::new();
    let mut file_header: Vec<(usize, &str)> = Vec::new();
    for (number, line) in text.trim_start_matches('\u{FEFF}').lines().enumerate() {
        if line.starts_with("X:") {
            tunes.push(file_header.clone());
        }
        match tunes.last_mut() {
            Some(tune) => tune.push((number + 1, line)),
            // Fields before the first tune hold for all.
            None if line.get(1..2) == Some(":") && file_header.len() < 100 => {
                file_header.push((number + 1, line));
            }
            None => {}
        }
        if tunes.len() > MOST_TUNES {
            let most = format!("at most {MOST_TUNES} tunes");
            return Err(ScoreFileError::too_large(Place::Line(number + 1, 1), most));
        }
    }
    if tunes.is_empty() {
        return Err(ScoreFileError::new(
            ScoreErrorKind::Unrecognized,
            Place::File,
            "an ABC tune, which begins with a line such as \"X:1\"",
            "no such line",
            "Check that this is an ABC file.",
        ));
    }
    tunes
        .iter()
        .map(|lines| tune(lines, catalog, limits))
        .collect()
}

struct Tune {
    draft: Draft,
    voices: Vec<Voice>,
    current: usize,
    unit: Option<Ticks>,
    metre: Option<Metre>,
    free: bool,
    tempo: Option<String>,
    key: Option<Key>,
    names: BTreeMap<String, (String, bool)>,
}

impl Tune {
    fn unit(&self) -> Ticks {
        // Without L:, metres shorter than 3/4 count in sixteenths.
        self.unit.unwrap_or_else(|| match &self.metre {
            Some(m) if m.bar() < Ticks::quarters(3) => Ticks::of(1, 16),
            _ => Ticks::of(1, 8),
        })
    }

    fn voice(&mut self, id: &str) -> usize {
        if let Some(index) = self.voices.iter().position(|v| v.id == id) {
            return index;
        }
        let key = self.key.unwrap_or(Key::simplest(0, Mode::Major));
        let mut voice = Voice::new(id, self.unit(), self.metre.clone(), key);
        if let Some((name, percussion)) = self.names.get(id) {
            voice.name.clone_from(name);
            voice.percussion = *percussion;
        }
        if self.voices.is_empty() {
            if let Some(bpm) = self.tempo.as_ref().and_then(|t| tempo(t, self.unit())) {
                self.draft.tempo.push((Ticks::ZERO, bpm));
            }
            if let Some(metre) = &self.metre {
                self.draft.metres.push((Ticks::ZERO, metre.clone()));
            }
            self.draft.keys.push((Ticks::ZERO, key));
        }
        self.voices.push(voice);
        self.voices.len() - 1
    }

    /// `V:` field: id, then properties such as `name="Lead" clef=perc`.
    fn voice_field(&mut self, value: &str) -> String {
        let value = value.trim();
        let (id, rest) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
        let property = |names: [&str; 2]| {
            let (_, after) = names.iter().find_map(|n| rest.split_once(n))?;
            Some(match after.strip_prefix('"') {
                Some(quoted) => quoted.split('"').next().unwrap_or("").to_owned(),
                None => after.split_whitespace().next().unwrap_or("").to_owned(),
            })
        };
        let percussion = rest.contains("clef=perc");
        if let Some(name) = property(["name=", "nm="]) {
            self.names.insert(id.to_owned(), (name, percussion));
        } else if percussion {
            self.names.entry(id.to_owned()).or_default().1 = true;
        }
        if let Some((name, percussion)) = self.names.get(id)
            && let Some(voice) = self.voices.iter_mut().find(|v| v.id == id)
        {
            voice.name.clone_from(name);
            voice.percussion |= percussion;
        }
        id.to_owned()
    }

    fn midi(&mut self, directive: &str) {
        let mut words = directive.split_whitespace();
        let kind = words.next();
        let numbers: Vec<u8> = words.filter_map(|w| w.parse().ok()).collect();
        if self.voices.is_empty() {
            self.current = self.voice("1");
        }
        let Some(voice) = self.voices.get_mut(self.current) else {
            return;
        };
        match (kind, &numbers[..]) {
            (Some("program"), [.., program]) if *program < 128 => voice.program = Some(*program),
            (Some("channel"), [channel, ..]) => voice.percussion = *channel == 10,
            _ => {}
        }
    }

    /// A header field, before and including `K:`; `false` if it cannot be understood.
    fn header(&mut self, name: char, value: &str) -> bool {
        let value = value.split('%').next().unwrap_or("").trim();
        match name {
            'T' if self.draft.title.is_empty() => self.draft.title = value.to_owned(),
            'C' if self.draft.composer.is_empty() => self.draft.composer = value.to_owned(),
            'M' => {
                self.metre = metre(value);
                self.free = value == "none";
                return self.metre.is_some() || self.free || value.is_empty();
            }
            'L' => {
                self.unit = unit(value);
                return self.unit.is_some();
            }
            'Q' => {
                self.tempo = Some(value.to_owned());
                return tempo(value, self.unit()).is_some() || value.contains('"');
            }
            'V' => {
                self.voice_field(value);
            }
            'K' => {
                self.key = key(value).or(Some(Key::simplest(0, Mode::Major)));
                return key(value).is_some();
            }
            _ => {}
        }
        true
    }
}

fn tune(
    lines: &[(usize, &str)],
    catalog: &Catalog,
    limits: &ScoreLimits,
) -> Result<ScoreFile, ScoreFileError> {
    let mut tune = Tune {
        draft: Draft::default(),
        voices: Vec::new(),
        current: 0,
        unit: None,
        metre: Some(Metre::common()),
        free: false,
        tempo: None,
        key: None,
        names: BTreeMap::new(),
    };
    let mut bytes = 0;
    let mut worded = false;
    for &(number, line) in lines {
        bytes += line.len();
        if let Some(directive) = line.strip_prefix("%%MIDI") {
            if tune.key.is_some() {
                tune.midi(directive);
            }
            continue;
        }
        if line.trim().is_empty() && tune.key.is_some() {
            break;
        }
        if line.starts_with('%') {
            continue;
        }
        let field = match line.as_bytes() {
            [name, b':', ..] if name.is_ascii_alphabetic() || *name == b'+' => {
                Some((char::from(*name), &line[2..]))
            }
            _ => None,
        };
        let warning = match field {
            Some((name, value)) if tune.key.is_none() => {
                (!tune.header(name, value)).then(|| format!("left out {name}:{value}"))
            }
            Some(('V', value)) => {
                let id = tune.voice_field(value);
                tune.current = tune.voice(&id);
                None
            }
            Some(('w', value)) => {
                // Further lines of words are further verses.
                if !worded && let Some(voice) = tune.voices.get_mut(tune.current) {
                    voice.words(value);
                }
                worded = true;
                None
            }
            Some((name @ ('M' | 'K' | 'L' | 'Q' | 'P'), value)) => {
                let value = value.split('%').next().unwrap_or("");
                if tune.voices.is_empty() {
                    tune.current = tune.voice("1");
                }
                let at = tune.current;
                let ok = tune.voices[at].field(name, value);
                (!ok).then(|| format!("left out {name}:{value}"))
            }
            Some(_) => None,
            None if tune.key.is_none() => None,
            None => {
                worded = false;
                music(&mut tune, number, line);
                None
            }
        };
        if let Some(message) = warning {
            tune.draft.warn(Place::Line(number, 1), message);
        }
        if tune.voices.len() > limits.tracks {
            let most = format!("at most {} voices", limits.tracks);
            return Err(ScoreFileError::too_large(Place::Line(number, 1), most));
        }
    }
    if tune.key.is_none() {
        let line = lines.first().map_or(1, |l| l.0);
        return Err(ScoreFileError::new(
            ScoreErrorKind::Corrupt,
            Place::Line(line, 1),
            "a K: field that ends the tune's header",
            "none",
            "Add a line such as \"K:C\" before the music.",
        ));
    }
    build(tune, limits, bytes)?.finish(catalog, limits)
}

/// One line of music, with `[V:2]` changes of voice inside it.
fn music(tune: &mut Tune, number: usize, line: &str) {
    if tune.voices.is_empty() {
        tune.current = tune.voice("1");
    }
    let mut rest = line;
    let mut column = 0;
    loop {
        let cut = rest.find("[V:").unwrap_or(rest.len());
        let (part, after) = rest.split_at(cut);
        if !part.trim().is_empty() {
            let mut found = Vec::new();
            tune.voices[tune.current].line(part, &mut |at, message| found.push((at, message)));
            for (at, message) in found {
                tune.draft.warn(Place::Line(number, column + at), message);
            }
        }
        let Some(end) = after.find(']') else {
            break;
        };
        let id = tune.voice_field(&after[3..end]);
        tune.current = tune.voice(&id);
        column += line[line.len() - rest.len()..line.len() - after.len() + end + 1]
            .chars()
            .count();
        rest = &after[end + 1..];
    }
}

/// Puts the bars of all voices on the time line, repeats played out.
fn build(mut tune: Tune, limits: &ScoreLimits, bytes: usize) -> Result<Draft, ScoreFileError> {
    let mut draft = std::mem::take(&mut tune.draft);
    let mut left = limits.notes.saturating_add(1);
    let mut graces = 0;
    // A pickup in the first voice moves everything, so that bars stay where they are.
    let mut shift = Ticks::ZERO;
    for voice in &mut tune.voices {
        voice.finish();
    }
    // Voices of as many bars as the first are played in its order, whoever states the signs.
    let flows: Vec<Vec<BarFlow>> = tune.voices.iter().map(|v| flow(&v.bars)).collect();
    let mut common = flows.first().cloned().unwrap_or_default();
    for other in flows.iter().skip(1) {
        if other.len() == common.len() {
            merge(&mut common, other);
        }
    }
    let mut said = std::collections::BTreeSet::new();
    for (index, voice) in tune.voices.iter().enumerate() {
        graces += voice.graces;
        if index == 0
            && let Some(metre) = tune.metre.as_ref().filter(|_| !tune.free)
            && voice.bars.len() > 1
            && voice.bars[0].len < metre.bar()
        {
            shift = metre.bar() - voice.bars[0].len;
        }
        let mut track = DraftTrack {
            name: voice.name.clone(),
            program: voice.program,
            percussion: voice.percussion,
            ..DraftTrack::default()
        };
        let mut now = shift;
        let mut open: BTreeMap<i32, Vec<usize>> = BTreeMap::new();
        // Every bar is at least a byte; sixteen times as many are a hostile nest of repeats.
        let own = &flows[index];
        let signs = if own.len() == common.len() {
            &common
        } else {
            own
        };
        let (order, faults) = play_order(signs, bytes.saturating_mul(16));
        for (bar, fault) in faults {
            if said.insert(bar) {
                draft.warn(Place::Bar(bar + 1, index + 1), fault);
            }
        }
        for bar in order {
            let bar = &voice.bars[bar];
            for (at, change) in &bar.changes {
                let at = if now + *at <= shift {
                    Ticks::ZERO
                } else {
                    now + *at
                };
                match change {
                    Change::Metre(m) => draft.metres.push((at, m.clone())),
                    Change::Key(k) if index == 0 => draft.keys.push((at, *k)),
                    Change::Tempo(bpm) => draft.tempo.push((at, *bpm)),
                    Change::Chord(c) => draft.chords.push((at.max(shift), *c)),
                    Change::Mark(text) => draft.marks.push((at, text.clone())),
                    Change::Key(_) => {}
                }
            }
            let mut notes: Vec<_> = bar.notes.iter().collect();
            notes.sort_by_key(|n| n.at);
            for note in notes {
                if left == 0 {
                    let most = format!("at most {} notes", limits.notes);
                    return Err(ScoreFileError::too_large(Place::File, most));
                }
                let at = now + note.at;
                let midi = note.pitch.midi();
                let ties = open.entry(midi).or_default();
                ties.retain(|i| track.notes[*i].end() >= at);
                let joined = ties.iter().position(|i| track.notes[*i].end() == at);
                let place = match joined.map(|place| ties.remove(place)) {
                    Some(place) => {
                        track.notes[place].len += note.len;
                        place
                    }
                    None => {
                        left -= 1;
                        let written = Note::new(at, note.len, note.pitch, note.velocity);
                        track.notes.push(written.with(note.articulation));
                        track.notes.len() - 1
                    }
                };
                if note.tied {
                    open.entry(midi).or_default().push(place);
                }
                if let Some((text, continues)) = &note.word {
                    track.syllables.push((at, text.clone(), *continues));
                }
            }
            now += bar.len;
            if now > Ticks::quarters(limits.quarters) {
                let most = format!("at most {} quarter notes", limits.quarters);
                return Err(ScoreFileError::too_large(Place::File, most));
            }
        }
        draft.end = draft.end.max(now);
        draft.tracks.push(track);
    }
    if graces > 0 {
        draft.warn(
            Place::File,
            format!("left out {graces} groups of grace notes"),
        );
    }
    Ok(draft)
}
