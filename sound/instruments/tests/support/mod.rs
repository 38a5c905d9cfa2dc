//! A small way from a MIDI file to phrases, for the SoundFont suite and the speed figure.

use midly::{MetaMessage, MidiMessage, Smf, Timing, TrackEventKind};
use yuefu_audio::{Curve, Seconds};
use yuefu_instruments::sampler::{Controls, WHEEL};
use yuefu_song::{Articulation, PerformedNote, PerformedPhrase};

/// What one preset plays in a MIDI file.
pub struct Part {
    /// Bank number; 128 for channel 10.
    pub bank: u16,
    /// Program.
    pub program: u16,
    /// Its notes, over the whole file.
    pub phrase: PerformedPhrase,
    /// The controllers of its channel.
    pub controls: Controls,
}

/// The parts of a MIDI file; `None` when it is none or counts time in SMPTE frames.
pub fn parts(bytes: &[u8]) -> Option<Vec<Part>> {
    let smf = Smf::parse(bytes).ok()?;
    let Timing::Metrical(division) = smf.header.timing else {
        return None;
    };
    let division = f64::from(division.as_int());
    let mut events = Vec::new();
    for track in &smf.tracks {
        let mut tick = 0_u64;
        for event in track {
            tick += u64::from(event.delta.as_int());
            events.push((tick, event.kind));
        }
    }
    // Stable: events of one tick keep the order of their tracks.
    events.sort_by_key(|event| event.0);
    let (mut last, mut time, mut tempo) = (0_u64, 0.0_f64, 0.5_f64);
    let mut programs = [0_u16; 16];
    let mut controls: Vec<Controls> = vec![Controls::default(); 16];
    let mut sounding: Vec<(u8, u8, usize, usize)> = Vec::new();
    let mut parts: Vec<(usize, Part)> = Vec::new();
    for (tick, kind) in events {
        time += (tick - last) as f64 / division * tempo;
        last = tick;
        match kind {
            TrackEventKind::Meta(MetaMessage::Tempo(micros)) => {
                tempo = f64::from(micros.as_int()) * 1e-6;
            }
            TrackEventKind::Midi { channel, message } => {
                let channel = usize::from(channel.as_int());
                match message {
                    MidiMessage::ProgramChange { program } => {
                        programs[channel] = u16::from(program.as_int());
                    }
                    MidiMessage::Controller { controller, value } => controls[channel]
                        .changes
                        .push((time, controller.as_int(), f32::from(value.as_int()))),
                    MidiMessage::PitchBend { bend } => controls[channel].changes.push((
                        time,
                        WHEEL,
                        f32::from(bend.0.as_int()) / 128.0,
                    )),
                    MidiMessage::NoteOn { key, vel } if vel.as_int() > 0 => {
                        let bank = if channel == 9 { 128 } else { 0 };
                        let program = programs[channel];
                        let found = parts
                            .iter()
                            .position(|(c, p)| *c == channel && p.program == program);
                        let index = found.unwrap_or_else(|| {
                            parts.push((channel, part(bank, program)));
                            parts.len() - 1
                        });
                        let notes = &mut parts[index].1.phrase.notes;
                        notes.push(note(time, key.as_int(), vel.as_int()));
                        sounding.push((channel as u8, key.as_int(), index, notes.len() - 1));
                    }
                    MidiMessage::NoteOn { key, .. } | MidiMessage::NoteOff { key, .. } => {
                        let at = sounding
                            .iter()
                            .position(|s| (s.0, s.1) == (channel as u8, key.as_int()));
                        if let Some(at) = at {
                            let (_, _, index, number) = sounding.remove(at);
                            parts[index].1.phrase.notes[number].off = Seconds(time);
                        }
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
    Some(
        parts
            .into_iter()
            .map(|(channel, mut part)| {
                part.controls = controls[channel].clone();
                part.phrase.length = Seconds(time);
                part
            })
            .collect(),
    )
}

fn part(bank: u16, program: u16) -> Part {
    Part {
        bank,
        program,
        phrase: PerformedPhrase {
            instrument: String::new(),
            notes: Vec::new(),
            length: Seconds(0.0),
            seed: 0,
        },
        controls: Controls::default(),
    }
}

fn note(time: f64, key: u8, velocity: u8) -> PerformedNote {
    PerformedNote {
        on: Seconds(time),
        off: Seconds(time + 60.0),
        key,
        velocity: f32::from(velocity) / 127.0,
        articulation: Articulation::Normal,
        pitch: Curve::default(),
        level: Curve::default(),
        tone: Curve::default(),
        legato: false,
        lyric: None,
    }
}
