//! Drum velocities of the Groove MIDI Dataset (CC BY 4.0, Google Magenta) beside ours.

use crate::lines::spread;
use midly::{MidiMessage, Smf, TrackEventKind};
use std::{collections::BTreeMap, io::Read, path::Path};

/// Velocities of one drum in one performance have this standard deviation, by drum: snare (all
/// its articulations), hi-hat, kick.
pub type Spreads = BTreeMap<&'static str, Vec<f64>>;

/// The drum that a General MIDI percussion key belongs to.
pub fn drum(key: u8) -> Option<&'static str> {
    match key {
        35 | 36 => Some("kick"),
        37 | 38 | 40 => Some("snare"),
        22 | 26 | 42 | 44 | 46 => Some("hi-hat"),
        _ => None,
    }
}

/// Adds the spread of each drum's velocities (1..=127) in one performance.
pub fn add(hits: &[(u8, f64)], spreads: &mut Spreads) {
    for name in ["kick", "snare", "hi-hat"] {
        let levels: Vec<f64> = hits
            .iter()
            .filter(|(key, _)| drum(*key) == Some(name))
            .map(|(_, v)| *v)
            .collect();
        if levels.len() >= 16 {
            let (mean, ..) = spread(&levels);
            let variance =
                levels.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / levels.len() as f64;
            spreads.entry(name).or_default().push(variance.sqrt());
        }
    }
}

/// Reads the beats (not the single fills) of `groove.tar.gz`.
///
/// # Errors
/// When the archive cannot be read; files that are not MIDI are left out.
pub fn read(archive: &Path) -> std::io::Result<Spreads> {
    let mut spreads = Spreads::new();
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(std::fs::File::open(archive)?));
    for entry in tar.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        if !path.ends_with(".mid") || !path.contains("_beat_") || entry.size() > 4_000_000 {
            continue;
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        let Ok(smf) = Smf::parse(&bytes) else {
            continue;
        };
        let hits: Vec<(u8, f64)> = smf
            .tracks
            .iter()
            .flatten()
            .filter_map(|event| match event.kind {
                TrackEventKind::Midi {
                    message: MidiMessage::NoteOn { key, vel },
                    ..
                } if vel.as_int() > 0 => Some((key.as_int(), f64::from(vel.as_int()))),
                _ => None,
            })
            .collect();
        add(&hits, &mut spreads);
    }
    Ok(spreads)
}
