//! The singers that ship with Yuefu.

use super::network::Network;
use super::singer::NeuralSinger;
use super::weights::WeightsFault;
use crate::singer::SingerProfile;
use std::sync::Arc;

/// The shipped weights, by their name in `data`.
const WEIGHTS: &str = "voices/yuefu/singers.bin";

/// A singer of the choir.
struct Member {
    id: &'static str,
    en: &'static str,
    zh: &'static str,
    languages: [&'static str; 2],
    range: [u8; 2],
    sweet: [u8; 2],
}

/// In the order of the network's numbers: `models/singer-training/src/cast.rs`.
const MEMBERS: [Member; 5] = [
    Member {
        id: "voice-xiaohe",
        en: "Xiaohe",
        zh: "小禾",
        languages: ["cmn", "en"],
        range: [52, 79],
        sweet: [55, 72],
    },
    Member {
        id: "voice-yunshu",
        en: "Yunshu",
        zh: "云舒",
        languages: ["cmn", "en"],
        range: [52, 79],
        sweet: [55, 72],
    },
    Member {
        id: "voice-songye",
        en: "Songye",
        zh: "松野",
        languages: ["cmn", "en"],
        range: [40, 67],
        sweet: [43, 60],
    },
    Member {
        id: "voice-wren",
        en: "Wren",
        zh: "蕾恩",
        languages: ["en", "cmn"],
        range: [52, 79],
        sweet: [55, 72],
    },
    Member {
        id: "voice-alder",
        en: "Alder",
        zh: "奥德",
        languages: ["en", "cmn"],
        range: [40, 67],
        sweet: [43, 60],
    },
];

/// All singers of the embedded network: two women and a man at home in Mandarin, a woman and a man
/// at home in English. Each sings both languages. They share one copy of the weights.
///
/// # Errors
/// Where the build's weights are missing or damaged, which its tests rule out.
pub fn choir() -> Result<Vec<NeuralSinger>, WeightsFault> {
    let bytes = yuefu_data::get(WEIGHTS).ok_or_else(|| WeightsFault {
        found: format!("no file {WEIGHTS}"),
    })?;
    let network = Arc::new(Network::parse(bytes)?);
    if network.singers() != MEMBERS.len() {
        return Err(WeightsFault {
            found: format!("{} singers", network.singers()),
        });
    }
    let digest = blake3::hash(bytes).to_hex();
    let singers = MEMBERS.iter().enumerate().map(|(number, member)| {
        let profile = SingerProfile {
            id: member.id.to_owned(),
            en: member.en.to_owned(),
            zh: member.zh.to_owned(),
            languages: member.languages.to_vec(),
            range: member.range,
            sweet: member.sweet,
            digest: String::new(),
        };
        NeuralSinger::new(network.clone(), number, profile, &digest)
    });
    Ok(singers.collect())
}
