//! Score to MusicXML.

use super::marks::{drum_name, notations};
use super::staves::{Staves, deal, decays, fill_beats, let_ring};
use super::xml::Writer;
use super::{DIVISIONS, DYNAMICS, harmony, mode_name};
use crate::model::{Placed, ScoreFile, drum_display, key_changes, placed, program};
use crate::notation::{Atom, Bar, Head, lay_out};
use std::collections::{BTreeMap, BTreeSet};
use yuefu_song::{Catalog, SectionKind};
use yuefu_theory::{Key, Ticks};

fn divisions(ticks: Ticks) -> i64 {
    ticks.0 * DIVISIONS / Ticks::QUARTER.0
}

const TYPES: [&str; 9] = [
    "whole", "half", "quarter", "eighth", "16th", "32nd", "64th", "128th", "256th",
];

/// Writes a partwise MusicXML 4.0 document: parts with their instruments and General MIDI
/// programs, staves and clefs by instrument and range (percussion clef for drums), keys, metres,
/// tempo, section names, chord symbols over the first part, dynamics, articulations, words. Notes
/// off the notation grid are moved to it; notes before the score's zero move everything by whole
/// bars.
pub fn write_musicxml(file: &ScoreFile, catalog: &Catalog) -> String {
    let score = &file.score;
    let parts: Vec<Vec<Placed>> = score.tracks.iter().map(placed).collect();
    let bar = score.timeline.metres[0].metre.bar();
    let first = parts
        .iter()
        .flatten()
        .map(|n| n.at)
        .min()
        .unwrap_or_default();
    let shift = if first < Ticks::ZERO {
        bar * ((-first.0 + bar.0 - 1) / bar.0)
    } else {
        Ticks::ZERO
    };
    let mut line = score.timeline.clone();
    for change in line.metres.iter_mut().skip(1) {
        change.at += shift;
    }
    for point in line.tempo.iter_mut().skip(1) {
        point.at += shift;
    }
    let last = parts
        .iter()
        .flatten()
        .map(Placed::end)
        .max()
        .unwrap_or_default();
    let end = score.end().max(last) + shift;
    let (bars, into) = line.bar_of(end);
    let end = line
        .bar_start(bars + i64::from(into > Ticks::ZERO))
        .max(bar);
    let mut w = Writer::default();
    w.out.push_str(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n\
         <!DOCTYPE score-partwise PUBLIC \"-//Recordare//DTD MusicXML 4.0 Partwise//EN\" \
         \"http://www.musicxml.org/dtds/partwise.dtd\">\n",
    );
    w.start("score-partwise", " version=\"4.0\"");
    if !file.title.is_empty() {
        w.start("work", "");
        w.leaf("work-title", "", &file.title);
        w.end();
    }
    w.start("identification", "");
    if !file.composer.is_empty() {
        w.leaf("creator", " type=\"composer\"", &file.composer);
    }
    w.start("encoding", "");
    w.leaf("software", "", "Yuefu");
    w.end();
    w.end();
    part_list(&mut w, file, &parts, catalog);
    for (index, notes) in parts.into_iter().enumerate() {
        let notes: Vec<Placed> = notes
            .into_iter()
            .map(|mut n| {
                n.at += shift;
                n
            })
            .collect();
        let context = PartContext::new(file, index, &notes, shift, &line, catalog);
        let mut hands = if context.staves.clefs.len() == 2 {
            deal(&notes).to_vec()
        } else {
            vec![notes]
        };
        let track = &score.tracks[index];
        for hand in &mut hands {
            if context.percussion {
                fill_beats(hand, &line);
            } else if decays(program(track, catalog)) {
                let_ring(hand);
            }
        }
        let staves: Vec<Vec<Bar>> = hands.iter().map(|n| lay_out(n, &line, end)).collect();
        let bars = staves[0].len();
        w.start("part", &format!(" id=\"P{}\"", index + 1));
        let mut state = PartState::default();
        for number in 0..bars {
            w.start("measure", &format!(" number=\"{}\"", number + 1));
            let bar: Vec<&Bar> = staves.iter().filter_map(|s| s.get(number)).collect();
            measure(&mut w, &bar, &context, &mut state);
            if number + 1 == bars {
                w.start("barline", " location=\"right\"");
                w.leaf("bar-style", "", "light-heavy");
                w.end();
            }
            w.end();
        }
        w.end();
    }
    w.end();
    w.out
}

fn part_list(w: &mut Writer, file: &ScoreFile, parts: &[Vec<Placed>], catalog: &Catalog) {
    w.start("part-list", "");
    let mut melodic = 0;
    for (index, track) in file.score.tracks.iter().enumerate() {
        let id = index + 1;
        let name = file.name(index, catalog);
        let program = program(track, catalog);
        w.start("score-part", &format!(" id=\"P{id}\""));
        w.leaf("part-name", "", &name);
        if track.role.is_percussion() {
            let keys: BTreeSet<u8> = parts[index].iter().map(|n| n.note.key()).collect();
            for key in &keys {
                w.start("score-instrument", &format!(" id=\"P{id}-I{key}\""));
                w.leaf("instrument-name", "", drum_name(*key));
                w.end();
            }
            for key in &keys {
                w.start("midi-instrument", &format!(" id=\"P{id}-I{key}\""));
                w.leaf("midi-channel", "", "10");
                w.leaf("midi-program", "", &(program + 1).to_string());
                w.leaf("midi-unpitched", "", &(key + 1).to_string());
                w.end();
            }
        } else {
            let channel = melodic % 15;
            melodic += 1;
            let channel = channel + 1 + usize::from(channel >= 9);
            w.start("score-instrument", &format!(" id=\"P{id}-I1\""));
            w.leaf("instrument-name", "", &name);
            w.end();
            w.start("midi-instrument", &format!(" id=\"P{id}-I1\""));
            w.leaf("midi-channel", "", &channel.to_string());
            w.leaf("midi-program", "", &(program + 1).to_string());
            w.end();
        }
        w.end();
    }
    w.end();
}

/// What a part's bars are written from.
struct PartContext<'a> {
    number: usize,
    percussion: bool,
    staves: Staves,
    keys: Vec<(Ticks, Key)>,
    tempo: Vec<(Ticks, f64)>,
    sections: Vec<(Ticks, SectionKind)>,
    chords: Vec<(Ticks, &'a yuefu_theory::Chord)>,
    /// Syllables: text, place in the word, whether further notes hold it.
    words: BTreeMap<Ticks, (&'a str, &'static str, bool)>,
    /// Starts of phrases, where dynamics are printed.
    phrases: Vec<Ticks>,
}

impl<'a> PartContext<'a> {
    fn new(
        file: &'a ScoreFile,
        index: usize,
        notes: &[Placed],
        shift: Ticks,
        line: &yuefu_theory::Timeline,
        catalog: &Catalog,
    ) -> Self {
        let score = &file.score;
        let track = &score.tracks[index];
        let percussion = track.role.is_percussion();
        let lead = index == 0;
        let moved = |at: Ticks| {
            if at <= Ticks::ZERO {
                at.max(Ticks::ZERO)
            } else {
                at + shift
            }
        };
        let mut words = BTreeMap::new();
        let mut inside = false;
        for syllable in file.syllables.iter().filter(|s| s.track == index) {
            let place = match (inside, syllable.continues) {
                (false, false) => "single",
                (false, true) => "begin",
                (true, true) => "middle",
                (true, false) => "end",
            };
            inside = syllable.continues;
            words.insert(syllable.at + shift, (syllable.text.as_str(), place, false));
        }
        // A note without a syllable right after one with a syllable holds it.
        let mut sung: Option<(Ticks, Ticks)> = None;
        for note in notes {
            if words.contains_key(&note.at) {
                sung = Some((note.at, note.end()));
            } else if let Some((syllable, end)) = sung
                && note.at - end < Ticks::of(1, 8)
                && let Some(word) = words.get_mut(&syllable)
            {
                word.2 = true;
                sung = Some((syllable, note.end()));
            }
        }
        // A tempo glide has no exact sign in MusicXML: it is written as its steps by bar.
        let mut tempo = Vec::new();
        for (i, point) in line.tempo.iter().enumerate() {
            tempo.push((point.at, point.bpm));
            if let Some(next) = line.tempo.get(i + 1).filter(|_| point.ramp) {
                let mut bar = line.bar_of(point.at).0 + 1;
                while line.bar_start(bar) < next.at {
                    tempo.push((line.bar_start(bar), line.bpm(line.bar_start(bar))));
                    bar += 1;
                }
            }
        }
        Self {
            number: index + 1,
            percussion,
            staves: if percussion {
                Staves::percussion()
            } else {
                Staves::new(program(track, catalog), notes)
            },
            keys: key_changes(score)
                .into_iter()
                .map(|(at, k)| (moved(at), k))
                .collect(),
            tempo: if lead { tempo } else { Vec::new() },
            sections: score
                .sections
                .iter()
                .filter(|_| lead)
                .map(|s| (s.span.start + shift, s.kind))
                .collect(),
            chords: score
                .chords
                .iter()
                .filter(|_| lead)
                .map(|c| (c.span.start + shift, &c.chord))
                .collect(),
            words,
            phrases: track.phrases.iter().map(|p| p.span.start + shift).collect(),
        }
    }
}

#[derive(Default)]
struct PartState {
    started: bool,
    metre: Option<yuefu_theory::Metre>,
    dynamic: Option<usize>,
    next_tempo: usize,
    next_chord: usize,
    next_phrase: usize,
    /// Starts of the syllables written.
    said: BTreeSet<Ticks>,
}

/// Where a symbol stands: the voices of the first staff are 1 to 4, of the second 5 to 8.
#[derive(Clone, Copy)]
struct Seat {
    staff: usize,
    voice: usize,
}

impl Seat {
    fn write(self, w: &mut Writer) {
        let number = self.staff * 4 + self.voice + 1;
        w.leaf("voice", "", &number.to_string());
    }

    fn write_staff(self, w: &mut Writer, context: &PartContext) {
        if context.staves.clefs.len() > 1 {
            w.leaf("staff", "", &(self.staff + 1).to_string());
        }
    }
}

/// Writes one bar of a part: the same bar of each of its staves.
fn measure(w: &mut Writer, staves: &[&Bar], context: &PartContext, state: &mut PartState) {
    let Some(bar) = staves.first() else {
        return;
    };
    attributes(w, bar, context, state);
    for (at, kind) in &context.sections {
        if *at == bar.start {
            w.start("direction", " placement=\"above\"");
            w.start("direction-type", "");
            let (_, _, name, _) = SectionKind::ALL[*kind as usize];
            w.leaf("rehearsal", "", name);
            w.end();
            w.end();
        }
    }
    let silent = |voice: &[Atom]| voice.iter().all(|a| a.pitches.is_empty());
    let mut first = true;
    for (staff, bar) in staves.iter().enumerate() {
        // A voice that rests all through a bar where another one of its staff plays is not shown.
        let sounding = bar.voices.iter().filter(|v| !silent(v)).count();
        let shown = bar.voices.iter().filter(|v| sounding == 0 || !silent(v));
        for (number, voice) in shown.enumerate() {
            let seat = Seat {
                staff,
                voice: number,
            };
            if !first {
                w.start("backup", "");
                w.leaf("duration", "", &divisions(bar.len).to_string());
                w.end();
            }
            let leads = std::mem::take(&mut first);
            if silent(voice) {
                if leads {
                    // Chords and tempo inside an empty bar still have their places.
                    for later in voice {
                        ahead(w, later, bar.start, context, state);
                    }
                }
                w.start("note", "");
                w.empty("rest", " measure=\"yes\"");
                w.leaf("duration", "", &divisions(bar.len).to_string());
                seat.write(w);
                seat.write_staff(w, context);
                w.end();
                continue;
            }
            for (index, atom) in voice.iter().enumerate() {
                if leads {
                    before(w, voice, index, context, state);
                }
                if atom.pitches.is_empty() {
                    note(w, atom, None, false, seat, context, state);
                }
                for (index, head) in atom.pitches.iter().enumerate() {
                    note(w, atom, Some(head), index > 0, seat, context, state);
                }
            }
        }
    }
}

fn attributes(w: &mut Writer, bar: &Bar, context: &PartContext, state: &mut PartState) {
    let key = context.keys.iter().rfind(|k| k.0 == bar.start);
    let metre = (state.metre.as_ref() != Some(&bar.metre)).then_some(&bar.metre);
    if state.started && key.is_none() && metre.is_none() {
        return;
    }
    w.start("attributes", "");
    if !state.started {
        w.leaf("divisions", "", &DIVISIONS.to_string());
    }
    if let Some((_, key)) = key {
        w.start("key", "");
        w.leaf("fifths", "", &key.fifths().clamp(-7, 7).to_string());
        w.leaf("mode", "", mode_name(key.mode));
        w.end();
    }
    if let Some(metre) = metre {
        w.start("time", "");
        let text = metre.to_string();
        let (beats, unit) = text.split_once('/').unwrap_or(("4", "4"));
        w.leaf("beats", "", beats);
        w.leaf("beat-type", "", unit);
        w.end();
    }
    if !state.started {
        let clefs = &context.staves.clefs;
        if clefs.len() > 1 {
            w.leaf("staves", "", &clefs.len().to_string());
        }
        for (index, clef) in clefs.iter().enumerate() {
            let number = if clefs.len() > 1 {
                format!(" number=\"{}\"", index + 1)
            } else {
                String::new()
            };
            w.start("clef", &number);
            w.leaf("sign", "", clef.sign);
            if !context.percussion {
                w.leaf("line", "", &clef.line.to_string());
            }
            if clef.octave != 0 {
                w.leaf("clef-octave-change", "", &clef.octave.to_string());
            }
            w.end();
        }
        if context.staves.octaves != 0 {
            w.start("transpose", "");
            w.leaf("diatonic", "", "0");
            w.leaf("chromatic", "", "0");
            w.leaf("octave-change", "", &(-context.staves.octaves).to_string());
            w.end();
        }
    }
    w.end();
    state.started = true;
    state.metre = Some(bar.metre.clone());
}

/// Directions and chord symbols that fall on or inside a symbol, before it.
fn before(
    w: &mut Writer,
    voice: &[Atom],
    index: usize,
    context: &PartContext,
    state: &mut PartState,
) {
    let atom = &voice[index];
    ahead(w, atom, atom.start, context, state);
    let due = context
        .phrases
        .get(state.next_phrase)
        .is_some_and(|at| *at <= atom.start);
    if !atom.pitches.is_empty() && (due || state.dynamic.is_none()) {
        while context
            .phrases
            .get(state.next_phrase)
            .is_some_and(|at| *at <= atom.start)
        {
            state.next_phrase += 1;
        }
        let heads = voice[index..].iter().flat_map(|a| &a.pitches);
        let levels: Vec<u32> = heads.map(|h| u32::from(h.velocity)).collect();
        let mean = levels.iter().sum::<u32>() / (levels.len() as u32).max(1);
        let distance = |i: &usize| u32::from(DYNAMICS[*i].1).abs_diff(mean);
        let level = (0..DYNAMICS.len()).min_by_key(distance).unwrap_or(4);
        if state.dynamic != Some(level) {
            state.dynamic = Some(level);
            w.start("direction", " placement=\"below\"");
            w.start("direction-type", "");
            w.start("dynamics", "");
            w.empty(DYNAMICS[level].0, "");
            w.end();
            w.end();
            w.end();
        }
    }
}

/// Tempo and chords up to the end of a symbol, written at `now`.
fn ahead(w: &mut Writer, atom: &Atom, now: Ticks, context: &PartContext, state: &mut PartState) {
    let end = atom.start + atom.len;
    while let Some((at, bpm)) = context.tempo.get(state.next_tempo).filter(|t| t.0 < end) {
        state.next_tempo += 1;
        w.start("direction", " placement=\"above\"");
        w.start("direction-type", "");
        w.start("metronome", "");
        w.leaf("beat-unit", "", "quarter");
        // Players read whole numbers; the exact tempo is in `sound`.
        w.leaf("per-minute", "", &decimal((*bpm + 0.5).floor().max(1.0)));
        w.end();
        w.end();
        if *at > now {
            w.leaf(
                "offset",
                " sound=\"yes\"",
                &divisions(*at - now).to_string(),
            );
        }
        w.empty("sound", &format!(" tempo=\"{}\"", decimal(*bpm)));
        w.end();
    }
    while let Some((at, chord)) = context.chords.get(state.next_chord).filter(|c| c.0 < end) {
        state.next_chord += 1;
        harmony::write(w, chord, divisions((*at - now).max(Ticks::ZERO)));
    }
}

/// A number with at most four decimals and no needless zeros.
fn decimal(x: f64) -> String {
    let text = format!("{x:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn note(
    w: &mut Writer,
    atom: &Atom,
    head: Option<&Head>,
    in_chord: bool,
    seat: Seat,
    context: &PartContext,
    state: &mut PartState,
) {
    let mut playing = head.map_or(String::new(), |h| {
        // In percent of forte, which MusicXML puts at velocity 90.
        format!(" dynamics=\"{}\"", decimal(f64::from(h.velocity) / 0.9))
    });
    if let Some(h) = head.filter(|h| h.ring != Ticks::ZERO && !atom.tied_to) {
        playing += &format!(" release=\"{}\"", divisions(h.ring));
    }
    if head.is_none() && seat.voice > 0 {
        // Rests of the upper voice suffice.
        playing += " print-object=\"no\"";
    }
    w.start("note", &playing);
    if in_chord {
        w.empty("chord", "");
    }
    match head {
        None => w.empty("rest", ""),
        Some(h) if context.percussion => {
            let shown = drum_display(h.pitch.midi().clamp(0, 127) as u8);
            w.start("unpitched", "");
            w.leaf("display-step", "", &shown.name.step.letter().to_string());
            w.leaf("display-octave", "", &shown.octave.to_string());
            w.end();
        }
        Some(h) => {
            w.start("pitch", "");
            w.leaf("step", "", &h.pitch.name.step.letter().to_string());
            if h.pitch.name.alter != 0 {
                w.leaf("alter", "", &h.pitch.name.alter.to_string());
            }
            let octave = h
                .pitch
                .octave
                .saturating_add(context.staves.octaves)
                .clamp(0, 9);
            w.leaf("octave", "", &octave.to_string());
            w.end();
        }
    }
    w.leaf("duration", "", &divisions(atom.len).to_string());
    if head.is_some() {
        if atom.tied_from {
            w.empty("tie", " type=\"stop\"");
        }
        if atom.tied_to {
            w.empty("tie", " type=\"start\"");
        }
    }
    if let Some(h) = head
        && context.percussion
    {
        let key = h.pitch.midi().clamp(0, 127);
        w.empty("instrument", &format!(" id=\"P{}-I{key}\"", context.number));
    }
    seat.write(w);
    w.leaf("type", "", TYPES[(atom.value as usize).min(8)]);
    for _ in 0..atom.dots {
        w.empty("dot", "");
    }
    if let Some(t) = atom.tuplet {
        w.start("time-modification", "");
        w.leaf("actual-notes", "", &t.actual.to_string());
        w.leaf("normal-notes", "", &t.normal.to_string());
        w.end();
    }
    let cymbal = |h: &Head| matches!(h.pitch.midi(), 42 | 44 | 46 | 49 | 51..=53 | 55 | 57 | 59);
    if head.is_some_and(|h| context.percussion && cymbal(h)) {
        w.leaf("notehead", "", "x");
    }
    seat.write_staff(w, context);
    notations(w, atom, head, in_chord);
    if !in_chord
        && head.is_some()
        && !atom.tied_from
        && let Some((text, place, held)) = context.words.get(&atom.start)
        && state.said.insert(atom.start)
    {
        w.start("lyric", " number=\"1\"");
        w.leaf("syllabic", "", place);
        w.leaf("text", "", text);
        if *held {
            w.empty("extend", "");
        }
        w.end();
    }
    w.end();
}
