//! Clips of phrases: rendered, or out of the store.

use super::{
    ledger::{Entry, Inputs},
    pack::{pack, unpack},
    played::Voice,
};
use crate::StudioError;
use std::sync::OnceLock;
use yuefu_audio::{Clip, Frames, SampleRate};
use yuefu_engine::{Key, Store};
use yuefu_instruments::Orchestra;
use yuefu_mix::strip::to_grid;
use yuefu_song::{PerformedPhrase, Phrase};

/// Raised whenever an instrument sounds otherwise.
const VERSION: u32 = 2;

/// A phrase's clip and whether it came from the store.
///
/// Clips lie on the 24-bit grid, so that their sums are exact: the order in which phrases are
/// added cannot matter, nor can what else sounds.
pub(crate) fn clip(
    orchestra: &Orchestra,
    phrase: &PerformedPhrase,
    rate: SampleRate,
    key: &Key,
    store: Option<&dyn Store>,
    voice: Option<&Voice>,
) -> Result<(Clip, bool), StudioError> {
    if let Some(clip) = store
        .and_then(|store| store.get(key))
        .and_then(|bytes| decode(&bytes, rate))
    {
        return Ok((clip, true));
    }
    let mut clip = match voice {
        Some(voice) => sung(orchestra, phrase, rate, voice)?,
        None => orchestra.render(phrase, rate),
    };
    for sample in clip.audio.channels.iter_mut().flatten() {
        *sample = to_grid(*sample);
    }
    if let Some(store) = store {
        // A store that cannot be written (full, read-only) costs time at the next rendering and
        // nothing else.
        let _ = store.put(key, &encode(&clip));
    }
    Ok((clip, false))
}

/// A sung phrase, at the level that the catalog gives the voice.
pub(crate) fn sung(
    orchestra: &Orchestra,
    phrase: &PerformedPhrase,
    rate: SampleRate,
    voice: &Voice,
) -> Result<Clip, StudioError> {
    let profile = orchestra.profile(&phrase.instrument);
    let mut expression = voice.expression.clone();
    // The profile is part of the key.
    expression.settings.formant += profile.map_or(0.0, |profile| profile.formant);
    let mut clip = yuefu_voice::ensemble::sing(phrase, &expression, &*voice.singer, rate)?.clip;
    let trim = profile.map_or(0.0, |profile| profile.trim);
    clip.audio.scale(yuefu_audio::math::db_to_gain(trim));
    Ok(clip)
}

/// The key of a phrase's clip with what it was made from: everything its sound depends on.
/// `banks` are the digests of the shipped recordings and of the user's own.
pub(crate) fn entry(
    orchestra: &Orchestra,
    written: &Phrase,
    phrase: &PerformedPhrase,
    rate: SampleRate,
    banks: [&str; 2],
    voice: Option<&Voice>,
) -> (Key, Entry) {
    let profile = orchestra.profile(&phrase.instrument);
    let engine = profile.and_then(|profile| profile.engine.split_once(':'));
    let bank = match engine {
        Some(("sampler", _)) => banks[0],
        Some(("user", _)) => banks[1],
        _ => voice.map_or("", |voice| voice.singer.profile().digest.as_str()),
    };
    let mut key = Key::of("clip", VERSION)
        .value("phrase", phrase)
        .value("profile", &profile)
        .value("rate", &rate)
        .model(bank);
    if let Some(voice) = voice {
        key = key.value("voice", &voice.expression);
    }
    let key = key.finish();
    let mut inputs = Inputs::default();
    inputs.add("notes", &written.notes);
    inputs.add("playing", phrase);
    inputs.add("instrument", &(&profile, bank));
    inputs.add("rate", &rate);
    if let Some(voice) = voice {
        inputs.add("voice", &voice.expression);
    }
    (key, Entry::new(&key, inputs))
}

/// Digest of the shipped recordings, worked out once.
pub(crate) fn bank_digest() -> &'static str {
    static DIGEST: OnceLock<String> = OnceLock::new();
    DIGEST.get_or_init(|| {
        let bytes = yuefu_data::get("bank/general.sf3").unwrap_or_default();
        blake3::hash(bytes).to_hex().to_string()
    })
}

/// The first frame, then the packed audio.
fn encode(clip: &Clip) -> Vec<u8> {
    let mut bytes = clip.start.0.to_le_bytes().to_vec();
    bytes.extend(pack(&clip.audio));
    bytes
}

fn decode(bytes: &[u8], rate: SampleRate) -> Option<Clip> {
    let (start, rest) = bytes.split_first_chunk::<8>()?;
    Some(Clip {
        start: Frames(i64::from_le_bytes(*start)),
        audio: unpack(rest, rate)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use yuefu_audio::AudioBuffer;

    #[test]
    fn clips_come_back_as_they_were() {
        let rate = SampleRate(44_100);
        for channels in [
            vec![vec![0.5, -0.25, 0.0]; 2],
            vec![vec![0.125, 0.25], vec![0.375, -0.5]],
            vec![vec![], vec![]],
        ] {
            let clip = Clip {
                start: Frames(-17),
                audio: AudioBuffer { rate, channels },
            };
            let bytes = encode(&clip);
            assert_eq!(decode(&bytes, rate), Some(clip));
            assert_eq!(decode(&bytes[..bytes.len() - 1], rate), None);
        }
    }
}
