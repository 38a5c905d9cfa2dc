//! UTAU voice banks of the user as singers: CV, VCV and CVVC banks in Japanese, Mandarin and
//! Cantonese.
//!
//! A bank is a folder of recordings with lists (`oto.ini`) of where the sounds lie in them. The
//! recordings are taken apart into envelope and noise ([`yuefu_audio::world`]) and put together at
//! the pitch and pace of the plan. Nothing of a bank is written or sent anywhere; each bank's own
//! terms hold for what is sung with it.

mod bank;
mod oto;
mod pitch;
mod sing;
mod sound;

pub use bank::{Bank, BankFiles, Place, phones_of};
pub use oto::decode as decode_text;

use sound::Sound;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use yuefu_audio::{AudioBuffer, Clip, SampleRate};
use yuefu_lang::Part;
use yuefu_voice::{
    Natural, Singer, SingerProfile, Utterance, VoiceError, VoicePlan, finish,
    phones::usual_seconds, resample::resample,
};

/// Raised whenever equal plans sound otherwise.
const VERSION: u32 = 1;
/// Sample rate at which banks are sung.
const RATE: SampleRate = SampleRate(44_100);

/// Turns the bytes of a recording into sound; a door for whoever knows file formats.
pub type Decode = dyn Fn(&[u8]) -> Option<AudioBuffer> + Send + Sync;

/// A bank as a singer.
pub struct Utau {
    profile: SingerProfile,
    bank: Bank,
    files: Box<dyn BankFiles>,
    decode: Box<Decode>,
    /// Sounds that were taken apart, by sample.
    sounds: Mutex<BTreeMap<usize, Option<Arc<Sound>>>>,
}

impl Utau {
    /// Opens a bank as the singer `id` (its catalog id, such as `voice-utau-teto`).
    ///
    /// # Errors
    /// When the folder holds no list of sounds in a language that can be sung.
    pub fn open(
        id: &str,
        files: Box<dyn BankFiles>,
        decode: Box<Decode>,
    ) -> Result<Self, VoiceError> {
        let bank = Bank::open(&*files).ok_or_else(|| {
            VoiceError::new(
                "expected a voice bank with an oto.ini whose aliases are kana, romaji, Pinyin or \
                 Jyutping, found none. Choose the folder that holds oto.ini or character.txt",
                "应为含有 oto.ini 的音源，其别名为假名、罗马字、拼音或粤拼，但没有找到。请选择 oto.ini 或 \
                 character.txt 所在的文件夹",
            )
        })?;
        // Anew each time it is opened, though that reads every recording: banks are tuned where they
        // lie, and a remembered digest would let stored sound pass for what they sing now.
        let mut digest = blake3::Hasher::new();
        for name in files.names() {
            // Recordings and lists decide on the sound; pictures and notes do not.
            let ending = name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase());
            if matches!(ending.as_deref(), Some("wav" | "ini" | "map")) {
                digest.update(name.as_bytes());
                digest.update(&files.read(&name).unwrap_or_default());
            }
        }
        let name = bank.name.clone().unwrap_or_else(|| id.to_owned());
        Ok(Self {
            profile: SingerProfile {
                id: id.to_owned(),
                en: name.clone(),
                zh: name,
                languages: vec![bank.lang],
                range: [48, 84],
                sweet: [57, 74],
                digest: format!("utau {VERSION} {}", digest.finalize().to_hex()),
            },
            bank,
            files,
            decode,
            sounds: Mutex::default(),
        })
    }

    /// The bank.
    pub fn bank(&self) -> &Bank {
        &self.bank
    }

    fn sound(&self, sample: usize) -> Option<Arc<Sound>> {
        let lock = || self.sounds.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(known) = lock().get(&sample) {
            return known.clone();
        }
        // Two threads may take the same sound apart; both find the same.
        let made = self.take_apart(sample).map(Arc::new);
        lock().insert(sample, made.clone());
        made
    }

    fn take_apart(&self, sample: usize) -> Option<Sound> {
        let sample = self.bank.samples.get(sample)?;
        let audio = (self.decode)(&self.files.read(&sample.file)?)?;
        let first = audio.channels.first()?;
        let signal = resample(first, audio.rate, RATE);
        sound::analyze(&signal, RATE.0, &sample.entry)
    }
}

impl Singer for Utau {
    fn profile(&self) -> &SingerProfile {
        &self.profile
    }

    /// Consonants last as long as in the recording that would be sung.
    fn speak(&self, utterance: &Utterance<'_>) -> Result<Natural, VoiceError> {
        let mut seconds = Vec::with_capacity(utterance.phones.len());
        for (index, syllable) in utterance.syllables.iter().enumerate() {
            let own = phones(utterance, index);
            let before = index.checked_sub(1).map(|i| phones(utterance, i));
            let place = bank::Place {
                phones: &own,
                before: before.as_deref(),
                key: 60,
            };
            let (sample, found) = self.bank.syllable(&place);
            let entry = &self.bank.samples[sample].entry;
            let lead = (entry.preutterance - entry.overlap.max(0.0)).clamp(0.03, 0.35);
            let range = &utterance.phones[syllable.phones.0..syllable.phones.1];
            let usual = |symbol: &str, part: Part| usual_seconds(symbol, part);
            let onset: f64 = range
                .iter()
                .filter(|p| p.part == Part::Onset)
                .map(|p| usual(p.symbol, p.part))
                .sum();
            for phone in range {
                let own = usual(phone.symbol, phone.part);
                seconds.push(match phone.part {
                    Part::Onset if found => lead * own / onset,
                    _ => own,
                });
            }
        }
        Ok(Natural {
            seconds,
            ..Natural::default()
        })
    }

    fn sing(&self, plan: &VoicePlan, rate: SampleRate) -> Result<Clip, VoiceError> {
        let first = (plan.start * rate.hz()).floor();
        let start = first / rate.hz();
        let audio = if plan.phones.is_empty() {
            Vec::new()
        } else {
            let laid = sing::lay(plan, &self.bank, &|sample| self.sound(sample));
            let sung = sing::sing(plan, &laid, RATE.0, start);
            resample(&sung, RATE, rate)
        };
        Ok(finish::clip(first, audio, rate))
    }
}

fn phones(utterance: &Utterance<'_>, syllable: usize) -> Vec<(&'static str, Part)> {
    let (from, to) = utterance.syllables[syllable].phones;
    utterance.phones[from..to]
        .iter()
        .map(|phone| (phone.symbol, phone.part))
        .collect()
}
