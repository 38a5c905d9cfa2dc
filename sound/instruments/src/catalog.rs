//! The orchestra: the catalog of instruments, and who plays which.

use crate::{
    Instrument,
    bank::{Bank, BankError},
    drum, model,
    sampler::Sampler,
    synth,
};
use std::{
    borrow::Cow,
    sync::{Arc, LazyLock},
};
use yuefu_audio::{AudioBuffer, Clip, Frames, SampleRate};
use yuefu_song::{Catalog, Family, InstrumentProfile, PerformedPhrase};

/// The shipped SoundFont. Samples that one orchestra has decoded serve all others.
static GENERAL: LazyLock<Option<Arc<Bank>>> = LazyLock::new(|| {
    let bytes = yuefu_data::get("bank/general.sf3")?;
    Bank::read(bytes).ok().map(Arc::new)
});

/// All instruments that can play: the shipped ones, and those of a user's own SoundFont.
#[derive(Clone, Debug)]
pub struct Orchestra {
    profiles: Vec<InstrumentProfile>,
    general: Option<Arc<Bank>>,
    user: Option<Arc<Bank>>,
}

impl Orchestra {
    /// The shipped instruments.
    pub fn standard() -> Self {
        // What ships is read by the tests; a mistake in it is ours, not the user's.
        let catalog = Catalog::parse(&yuefu_data::tables("instruments"))
            .expect("the shipped catalog is tested");
        Self {
            profiles: catalog.profiles().to_vec(),
            general: GENERAL.clone(),
            user: None,
        }
    }

    /// Adds every preset of a user's own SF2 or SF3 file, read whole, as
    /// `user:<bank>:<program>`; an earlier one is replaced.
    ///
    /// # Errors
    /// When the file is no SoundFont or is damaged.
    pub fn with_soundfont(self, bytes: impl Into<Cow<'static, [u8]>>) -> Result<Self, BankError> {
        Ok(self.with_bank(Bank::read(bytes)?))
    }

    /// The same with a bank that is open, such as one of [`crate::bank::sfz::open`].
    pub fn with_bank(mut self, bank: Bank) -> Self {
        self.profiles.retain(|p| !p.engine.starts_with("user:"));
        for (number, program, name) in bank.presets() {
            let id = format!("user:{number}:{program}");
            if self.profiles.iter().any(|p| p.id == id) {
                continue;
            }
            self.profiles
                .push(user_profile(&bank, &id, number, program, name));
        }
        self.user = Some(Arc::new(bank));
        self
    }

    /// Adds profiles that no file describes, such as those of voices that a user brings; one whose
    /// id is there already is replaced.
    #[must_use]
    pub fn with_profiles(mut self, added: impl IntoIterator<Item = InstrumentProfile>) -> Self {
        for profile in added {
            self.profiles.retain(|old| old.id != profile.id);
            self.profiles.push(profile);
        }
        self
    }

    /// The profiles of all instruments.
    pub fn profiles(&self) -> &[InstrumentProfile] {
        &self.profiles
    }

    /// The profile of an id.
    pub fn profile(&self, id: &str) -> Option<&InstrumentProfile> {
        self.profiles.iter().find(|profile| profile.id == id)
    }

    /// The instrument of a profile; `None` when its engine is unknown or its preset missing.
    pub fn instrument(&self, profile: &InstrumentProfile) -> Option<Box<dyn Instrument>> {
        let (engine, name) = profile.engine.split_once(':')?;
        match engine {
            "model" => model::instrument(name),
            "synth" => synth::instrument(name),
            "kit" => drum::instrument(name),
            "sampler" | "user" => {
                let bank = if engine == "user" {
                    &self.user
                } else {
                    &self.general
                };
                let (number, program) = name.split_once(':')?;
                let sampler = Sampler::new(
                    Arc::clone(bank.as_ref()?),
                    number.parse().ok()?,
                    program.parse().ok()?,
                    profile.family,
                    profile.polyphony,
                )?;
                Some(Box::new(sampler))
            }
            _ => None,
        }
    }

    /// Renders a phrase with the instrument it names, the profile's `trim` applied; silence
    /// when there is no such instrument.
    pub fn render(&self, phrase: &PerformedPhrase, rate: SampleRate) -> Clip {
        let rendered = self.profile(&phrase.instrument).and_then(|profile| {
            let mut clip = self.instrument(profile)?.render(phrase, rate);
            if profile.trim != 0.0 {
                clip.audio
                    .scale(yuefu_audio::math::db_to_gain(profile.trim));
            }
            Some(clip)
        });
        rendered.unwrap_or_else(|| Clip {
            start: Frames(0),
            audio: AudioBuffer::silent(rate, 2, 0),
        })
    }
}

/// What can be told of a preset from its numbers.
fn user_profile(bank: &Bank, id: &str, number: u16, program: u16, name: &str) -> InstrumentProfile {
    let regions = bank.regions(number, program).unwrap_or_default();
    let low = regions.iter().map(|r| r.keys.0).min().unwrap_or(0);
    let high = regions
        .iter()
        .map(|r| r.keys.1.min(127))
        .max()
        .unwrap_or(127);
    let range = [low.min(high), high];
    let sweet = [48.clamp(range[0], range[1]), 84.clamp(range[0], range[1])];
    let family = if number == 128 {
        Family::Kit
    } else {
        family_of(program)
    };
    InstrumentProfile {
        formant: 0.0,
        id: id.to_owned(),
        en: name.to_owned(),
        zh: name.to_owned(),
        family,
        range,
        sweet,
        program: program.min(127) as u8,
        polyphony: if matches!(family, Family::Brass | Family::Reed | Family::Flute) {
            1
        } else {
            16
        },
        strings: Vec::new(),
        sings: Vec::new(),
        engine: id.to_owned(),
        trim: 0.0,
    }
}

/// The family of a General MIDI program 0..=127.
pub fn family_of(program: u16) -> Family {
    match program {
        0..=7 => Family::Keyboard,
        8..=14 => Family::Mallet,
        15 | 46 | 104 | 106 | 107 => Family::Plucked,
        16..=21 | 23 => Family::Organ,
        24..=31 | 105 => Family::Guitar,
        32..=39 => Family::Bass,
        40..=43 | 110 => Family::Bowed,
        44 | 45 | 48 | 49 => Family::Ensemble,
        47 | 108 | 112..=118 => Family::Mallet,
        52..=54 => Family::Voice,
        56..=61 => Family::Brass,
        22 | 64..=71 | 109 | 111 => Family::Reed,
        72..=79 => Family::Flute,
        80..=87 => Family::SynthLead,
        50 | 51 | 62 | 63 | 88..=103 => Family::SynthPad,
        _ => Family::Effect,
    }
}
