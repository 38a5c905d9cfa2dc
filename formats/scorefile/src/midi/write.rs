//! Score, and optionally its performance, to a MIDI file of type 1.

use crate::model::{ScoreFile, key_changes, placed, program};
use yuefu_song::{Catalog, PerformedPhrase};
use yuefu_theory::{Ticks, Timeline};

/// How to write a MIDI file.
#[derive(Clone, Debug)]
pub struct MidiOptions<'a> {
    /// Pulses per quarter note: 480 or 960 are usual. 1..=32767.
    pub ppq: u16,
    /// Played notes to write instead of the score's: one list per track, one entry per phrase,
    /// in the score's order. Their times are seconds from the start of the phrase.
    pub performance: Option<&'a [Vec<PerformedPhrase>]>,
}

impl Default for MidiOptions<'_> {
    /// 480 pulses per quarter note, the score as written.
    fn default() -> Self {
        Self {
            ppq: 480,
            performance: None,
        }
    }
}

impl MidiOptions<'_> {
    /// The score as written, at the smallest usual resolution (480 and more) that says every
    /// time in it exactly, so that reading the file gives the same times again.
    pub fn exact(score: &yuefu_song::Score) -> Self {
        let line = &score.timeline;
        let mut times: Vec<i64> = line.metres.iter().map(|m| m.at.0).collect();
        times.extend(line.tempo.iter().map(|t| t.at.0));
        for phrase in score.tracks.iter().flat_map(|t| &t.phrases) {
            for note in &phrase.notes {
                let at = phrase.span.start + note.at;
                times.extend([at.0, (at + note.len).0]);
            }
        }
        times.sort_unstable();
        times.dedup();
        let says = |ppq: i64| {
            times.iter().all(|time| {
                let pulse = (time * ppq + 20_160).div_euclid(40_320);
                (pulse * 40_320 + ppq / 2).div_euclid(ppq) == *time
            })
        };
        // 20 160 is within one tick of everything.
        let found = [480, 960]
            .into_iter()
            .chain(481..=0x7FFF)
            .find(|ppq| says(*ppq));
        Self {
            ppq: found.unwrap_or(20_160) as u16,
            performance: None,
        }
    }
}

/// Sounding notes: start and end in pulses, key, velocity.
type Played = (i64, i64, u8, u8);

struct Chunk {
    events: Vec<(i64, u8, Vec<u8>)>,
}

impl Chunk {
    /// Adds an event; at one pulse, lower `order` comes first.
    fn add(&mut self, at: i64, order: u8, bytes: Vec<u8>) {
        self.events.push((at.max(0), order, bytes));
    }

    fn meta(&mut self, at: i64, order: u8, kind: u8, body: &[u8]) {
        let mut bytes = vec![0xFF, kind];
        variable(&mut bytes, body.len() as u32);
        bytes.extend_from_slice(body);
        self.add(at, order, bytes);
    }

    fn finish(mut self, end: i64) -> Vec<u8> {
        // Stable: events of one pulse and order keep the order in which they were added.
        self.events.sort_by_key(|(at, order, _)| (*at, *order));
        let mut body = Vec::new();
        let mut now = 0;
        for (at, _, bytes) in &self.events {
            variable(&mut body, (at - now).min(0x0FFF_FFFF) as u32);
            body.extend_from_slice(bytes);
            now = *at;
        }
        variable(&mut body, (end - now).clamp(0, 0x0FFF_FFFF) as u32);
        body.extend_from_slice(&[0xFF, 0x2F, 0]);
        let mut out = b"MTrk".to_vec();
        out.extend_from_slice(&(body.len() as u32).to_be_bytes());
        out.extend_from_slice(&body);
        out
    }
}

fn variable(out: &mut Vec<u8>, value: u32) {
    for shift in [21, 14, 7] {
        if value >> shift != 0 {
            out.push((value >> shift) as u8 & 0x7F | 0x80);
        }
    }
    out.push(value as u8 & 0x7F);
}

/// Writes a type 1 file: a conductor track with title, tempo (glides as steps of a 32nd note
/// that keep the time exactly), metres, keys, section markers and chord names; then one track
/// per part. Drums use channel 10; after fifteen other parts the port is raised.
///
/// Notes that begin before the score's zero shift everything by whole bars.
pub fn write_midi(file: &ScoreFile, options: &MidiOptions, catalog: &Catalog) -> Vec<u8> {
    let score = &file.score;
    let line = &score.timeline;
    let ppq = i64::from(options.ppq.clamp(1, 0x7FFF));
    let parts: Vec<Vec<(Ticks, Ticks, u8, u8)>> = (0..score.tracks.len())
        .map(|index| sounding(file, index, options))
        .collect();
    let first = parts
        .iter()
        .flatten()
        .map(|n| n.0)
        .min()
        .unwrap_or_default();
    let bar = line.metres[0].metre.bar();
    let shift = if first < Ticks::ZERO {
        bar * ((-first.0 + bar.0 - 1) / bar.0)
    } else {
        Ticks::ZERO
    };
    let pulse = |at: Ticks| {
        let at = (at + shift).0;
        (at * ppq + 20_160).div_euclid(40_320)
    };
    let last = parts
        .iter()
        .flatten()
        .map(|n| n.1)
        .max()
        .unwrap_or_default();
    let end = pulse(score.end().max(last));
    let mut chunks = vec![conductor(file, &pulse).finish(end)];
    let mut melodic = 0_usize;
    let mut kits = 0_usize;
    for (index, track) in score.tracks.iter().enumerate() {
        let (channel, port) = if track.role.is_percussion() {
            kits += 1;
            (9, 0)
        } else {
            let slot = melodic % 15;
            melodic += 1;
            (slot + usize::from(slot >= 9), (melodic - 1) / 15)
        };
        let channel = channel as u8;
        let mut chunk = Chunk { events: Vec::new() };
        chunk.meta(0, 0, 0x03, file.name(index, catalog).as_bytes());
        if melodic > 15 {
            chunk.meta(0, 0, 0x21, &[port as u8]);
        }
        // A second kit shares channel 10 with the first, and so its program.
        if channel != 9 || kits == 1 {
            chunk.add(0, 1, vec![0xC0 | channel, program(track, catalog)]);
        }
        for syllable in file.syllables.iter().filter(|s| s.track == index) {
            let hyphen = if syllable.continues { "-" } else { " " };
            let text = format!("{}{hyphen}", syllable.text);
            chunk.meta(pulse(syllable.at), 3, 0x05, text.as_bytes());
        }
        let mut notes: Vec<Played> = parts[index]
            .iter()
            .map(|&(at, until, key, velocity)| {
                let on = pulse(at);
                (on, pulse(until).max(on + 1), key, velocity)
            })
            .collect();
        untangle(&mut notes, options.performance.is_none());
        for (on, off, key, velocity) in notes {
            chunk.add(on, 4, vec![0x90 | channel, key, velocity]);
            chunk.add(off, 2, vec![0x80 | channel, key, 64]);
        }
        chunks.push(chunk.finish(end));
    }
    let mut out = b"MThd\0\0\0\x06\0\x01".to_vec();
    out.extend_from_slice(&(chunks.len().min(0xFFFF) as u16).to_be_bytes());
    out.extend_from_slice(&(ppq as u16).to_be_bytes());
    for chunk in chunks.iter().take(0xFFFF) {
        out.extend_from_slice(chunk);
    }
    out
}

/// The notes of a track in score time: start, end, key, velocity.
fn sounding(file: &ScoreFile, index: usize, options: &MidiOptions) -> Vec<(Ticks, Ticks, u8, u8)> {
    let track = &file.score.tracks[index];
    let line = &file.score.timeline;
    let Some(played) = options.performance.and_then(|p| p.get(index)) else {
        return placed(track)
            .into_iter()
            .map(|p| (p.at, p.end(), p.note.key(), p.note.velocity.clamp(1, 127)))
            .collect();
    };
    let mut out = Vec::new();
    for (phrase, performed) in track.phrases.iter().zip(played) {
        let zero = line.seconds(phrase.span.start);
        for note in &performed.notes {
            let level = (note.velocity * 127.0 + 0.5).floor().clamp(1.0, 127.0) as u8;
            let on = line.ticks(zero + note.on.0);
            let off = line.ticks(zero + note.off.0);
            out.push((on, off, note.key.min(127), level));
        }
    }
    out
}

/// On one channel a key sounds once: a note ends where the same key begins again. In a score as
/// written, notes that end in the order in which they began are left alone: readers end the
/// oldest first, and so find each with its length.
fn untangle(notes: &mut Vec<Played>, written: bool) {
    notes.sort_by_key(|&(on, off, key, velocity)| (key, on, off, velocity));
    let mut out: Vec<Played> = Vec::with_capacity(notes.len());
    for note in notes.drain(..) {
        if let Some(last) = out.last_mut()
            && last.2 == note.2
            && last.1 > note.0
            && !(written && note.1 >= last.1)
        {
            if last.0 == note.0 {
                *last = (note.0, last.1.max(note.1), note.2, last.3.max(note.3));
                continue;
            }
            last.1 = note.0;
        }
        out.push(note);
    }
    out.sort_by_key(|&(on, _, key, _)| (on, key));
    *notes = out;
}

fn conductor(file: &ScoreFile, pulse: &dyn Fn(Ticks) -> i64) -> Chunk {
    let score = &file.score;
    let line = &score.timeline;
    let mut chunk = Chunk { events: Vec::new() };
    if !file.title.is_empty() {
        chunk.meta(0, 0, 0x03, file.title.as_bytes());
    }
    // What holds at the beginning holds from the first pulse, also in a bar shifted in.
    let from = |at: Ticks| if at <= Ticks::ZERO { 0 } else { pulse(at) };
    for (at, us) in tempo_steps(line) {
        chunk.meta(from(at), 1, 0x51, &us.to_be_bytes()[1..]);
    }
    for change in &line.metres {
        let unit = u32::from(change.metre.unit).ilog2() as u8;
        // Clocks per click: the felt beat; 24 clocks are a quarter note.
        let beat = change.metre.unit_len().0 * i64::from(change.metre.groups[0].max(1));
        let clocks = (beat * 24 / 40_320).clamp(1, 255) as u8;
        chunk.meta(
            from(change.at),
            1,
            0x58,
            &[change.metre.beats, unit, clocks, 8],
        );
    }
    for (at, key) in key_changes(score) {
        let fifths = key.fifths().clamp(-7, 7) as i8;
        let minor = u8::from(key.mode.is_minor());
        chunk.meta(from(at), 1, 0x59, &[fifths as u8, minor]);
    }
    for section in &score.sections {
        let (_, _, name, _) = yuefu_song::SectionKind::ALL[section.kind as usize];
        chunk.meta(pulse(section.span.start), 2, 0x06, name.as_bytes());
    }
    for (index, span) in score.chords.iter().enumerate() {
        chunk.meta(
            pulse(span.span.start),
            3,
            0x01,
            span.chord.to_string().as_bytes(),
        );
        let next = score.chords.get(index + 1).map(|c| c.span.start);
        if next.is_some_and(|next| next > span.span.end) {
            chunk.meta(pulse(span.span.end), 3, 0x01, b"N.C.");
        }
    }
    chunk
}

/// Microseconds per quarter note from each position on.
fn tempo_steps(line: &Timeline) -> Vec<(Ticks, u32)> {
    let mut out = Vec::new();
    let us = |quarter: f64| (quarter * 1e6 + 0.5).floor().clamp(1.0, 16_777_215.0) as u32;
    for (index, point) in line.tempo.iter().enumerate() {
        match line.tempo.get(index + 1) {
            Some(next) if point.ramp => {
                let mut at = point.at;
                while at < next.at {
                    let to = (at + Ticks::QUARTER / 8).min(next.at);
                    let seconds = line.seconds(to) - line.seconds(at);
                    out.push((at, us(seconds / (to - at).as_quarters())));
                    at = to;
                }
            }
            _ => out.push((point.at, us(60.0 / point.bpm))),
        }
    }
    out
}
