//! Clips of phrases: rendered, or out of the store.

use yuefu_audio::{AudioBuffer, Clip, Frames, SampleRate};
use yuefu_engine::{Key, Store};
use yuefu_instruments::Orchestra;
use yuefu_song::PerformedPhrase;

/// Raised whenever an instrument sounds otherwise.
const VERSION: u32 = 1;

/// A phrase's clip and whether it came from the store. `banks` are the digests of the shipped
/// recordings and of the user's own.
pub(crate) fn clip(
    orchestra: &Orchestra,
    phrase: &PerformedPhrase,
    rate: SampleRate,
    store: Option<&dyn Store>,
    banks: [&str; 2],
) -> (Clip, bool) {
    let Some(store) = store else {
        return (orchestra.render(phrase, rate), false);
    };
    let key = key(orchestra, phrase, rate, banks);
    if let Some(clip) = store.get(&key).and_then(|bytes| decode(&bytes, rate)) {
        return (clip, true);
    }
    let clip = orchestra.render(phrase, rate);
    // A store that cannot be written (full, read-only) costs time at the next rendering and
    // nothing else.
    let _ = store.put(&key, &encode(&clip));
    (clip, false)
}

/// The key of a phrase's clip: everything its sound depends on.
pub(crate) fn key(
    orchestra: &Orchestra,
    phrase: &PerformedPhrase,
    rate: SampleRate,
    banks: [&str; 2],
) -> Key {
    let profile = orchestra.profile(&phrase.instrument);
    let engine = profile.and_then(|profile| profile.engine.split_once(':'));
    let bank = match engine {
        Some(("sampler", _)) => banks[0],
        Some(("user", _)) => banks[1],
        _ => "",
    };
    Key::of("clip", VERSION)
        .value("phrase", phrase)
        .value("profile", &profile)
        .value("rate", &rate)
        .model(bank)
        .finish()
}

/// Digest of the shipped recordings.
pub(crate) fn bank_digest() -> String {
    let bytes = yuefu_data::get("bank/general.sf3").unwrap_or_default();
    blake3::hash(bytes).to_hex().to_string()
}

/// Start frame, frames, channels, samples channel by channel; little-endian. Equal channels are
/// stored once.
fn encode(clip: &Clip) -> Vec<u8> {
    let channels = &clip.audio.channels;
    let equal = channels.windows(2).all(|pair| pair[0] == pair[1]);
    let kept = if equal {
        1.min(channels.len())
    } else {
        channels.len()
    };
    let mut bytes = Vec::with_capacity(18 + kept * clip.audio.frames() * 4);
    bytes.extend(clip.start.0.to_le_bytes());
    bytes.extend((clip.audio.frames() as u64).to_le_bytes());
    bytes.push(channels.len() as u8);
    bytes.push(kept as u8);
    for sample in channels[..kept].iter().flatten() {
        bytes.extend(sample.to_le_bytes());
    }
    bytes
}

fn decode(bytes: &[u8], rate: SampleRate) -> Option<Clip> {
    let (start, rest) = bytes.split_first_chunk::<8>()?;
    let (frames, rest) = rest.split_first_chunk::<8>()?;
    let (&[count, kept], rest) = rest.split_first_chunk::<2>()?;
    let frames = usize::try_from(u64::from_le_bytes(*frames)).ok()?;
    if rest.len() != frames.checked_mul(usize::from(kept))?.checked_mul(4)? {
        return None;
    }
    let sample = |bytes: &[u8]| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let mut channels: Vec<Vec<f32>> = (0..usize::from(kept))
        .map(|index| {
            let channel = &rest[index * frames * 4..(index + 1) * frames * 4];
            channel.chunks_exact(4).map(sample).collect()
        })
        .collect();
    while channels.len() < usize::from(count) {
        channels.push(channels.first()?.clone());
    }
    Some(Clip {
        start: Frames(i64::from_le_bytes(*start)),
        audio: AudioBuffer { rate, channels },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clips_come_back_as_they_were() {
        let rate = SampleRate(44_100);
        for channels in [
            vec![vec![0.5, -0.25, f32::MIN_POSITIVE]; 2],
            vec![vec![0.1, 0.2], vec![0.3, -0.4]],
            vec![vec![], vec![]],
        ] {
            let clip = Clip {
                start: Frames(-17),
                audio: AudioBuffer { rate, channels },
            };
            let bytes = encode(&clip);
            assert_eq!(decode(&bytes, rate), Some(clip));
            assert_eq!(
                decode(&bytes[..bytes.len() - 1], rate).filter(|c| c.audio.frames() > 0),
                None
            );
        }
    }
}
