//! DiffSinger voice banks of the user as singers, in the form that OpenUtau reads: `dsconfig.yaml`,
//! an acoustic network, a vocoder, dictionaries, and, where a bank has them, networks for variance
//! (energy, breath, voicing, tension).
//!
//! Pitch and the lengths of vowels come from the song; a bank's own pitch and duration networks are
//! not used. Written from the published formats (DiffSinger, Apache-2.0; OpenUtau, MIT): J. Liu, C.
//! Li, Y. Ren, F. Chen, Z. Zhao, "DiffSinger: singing voice synthesis via shallow diffusion
//! mechanism", AAAI 2022. Nothing of a bank is written or sent anywhere; each bank's own terms hold
//! for what is sung with it.

mod bank;
mod lay;
mod net;
mod node;
mod words;

pub use bank::is_bank;
pub use node::{Node, ReadYaml};
pub use yuefu_utau::BankFiles;

use bank::Bank;
use lay::{AROUND, Laid, lay};
use net::Given;
use yuefu_audio::{Clip, SampleRate, math};
use yuefu_voice::{
    Natural, Singer, SingerProfile, Utterance, VoiceError, VoicePlan, finish, resample::resample,
};

/// Raised whenever equal plans sound otherwise.
const VERSION: u32 = 1;
/// Steps of the diffusion.
const STEPS: f32 = 20.0;
/// Steps that networks without continuous acceleration were trained with.
const TRAINED: f32 = 1000.0;
/// Level of a held vowel at 0 dB, in dB of full scale.
const NORMAL: f32 = -20.0;
/// Longest line, in seconds: networks take memory by its square.
const LONGEST: f64 = 120.0;

/// Makes the values of a curve at each frame, given its value at seconds after the plan's start.
type Curve<'a> = dyn Fn(&dyn Fn(f64) -> f32) -> Vec<f32> + 'a;

/// A bank as a singer.
pub struct DiffSinger {
    profile: SingerProfile,
    bank: Bank,
}

impl DiffSinger {
    /// Opens a bank as the singer `id`.
    ///
    /// # Errors
    /// Says which file is missing or damaged.
    pub fn open(id: &str, files: &dyn BankFiles, yaml: &ReadYaml) -> Result<Self, VoiceError> {
        let (bank, digest) = Bank::open(files, yaml)?;
        let name = bank.name.clone().unwrap_or_else(|| id.to_owned());
        Ok(Self {
            profile: SingerProfile {
                id: id.to_owned(),
                en: name.clone(),
                zh: name,
                languages: bank.words.languages(),
                range: [45, 84],
                sweet: [55, 74],
                digest: format!("diffsinger-{VERSION}-{digest}"),
            },
            bank,
        })
    }

    fn render(&self, plan: &VoicePlan) -> Result<Vec<f32>, VoiceError> {
        let bank = &self.bank;
        let hop = bank.hop as f64 / f64::from(bank.rate);
        let seconds = plan.end - plan.start;
        if seconds > LONGEST {
            return Err(VoiceError::new(
                format!("a line of {seconds:.0} s is too long for this voice; cut the phrase"),
                format!("一句长 {seconds:.0} 秒，超出这个声音的能力；请断开乐句"),
            ));
        }
        let laid = lay(plan, &bank.words, hop).ok_or_else(|| {
            VoiceError::new(
                "the bank has no sound for this language, or no phoneme SP",
                "音源没有这种语言的音，或没有音素 SP",
            )
        })?;
        let count = laid.count();
        let at = |frame: usize| laid.start + frame as f64 * hop - plan.start;
        let curve = |value: &dyn Fn(f64) -> f32| -> Vec<f32> {
            (0..count).map(|frame| value(at(frame))).collect()
        };
        let curves = &plan.curves;
        let f0 = curve(&|time| curves.f0.at(time));
        let mut given = self.given(plan, &laid, &f0, &curve);
        self.vary(plan, &laid, &f0, &curve, &mut given)?;
        let mel = bank.acoustic.run(&given, &[])?.into_iter().next();
        let (shape, mut mel) = mel.unwrap_or_default();
        if shape != [1, count, bank.mels] {
            return Err(net::broken(
                "acoustic",
                &format!("expected {count} x {} values, found {shape:?}", bank.mels),
            ));
        }
        for value in &mut mel {
            *value *= bank.mel_factor;
        }
        // Whispered frames have no pitch.
        let voiced = curve(&|time| match curves.voicing.at(time) > 0.5 {
            true => curves.f0.at(time),
            false => 0.0,
        });
        let heard = bank.vocoder.run(
            &[
                ("mel", Given::Real(vec![1, count, bank.mels], mel)),
                ("f0", Given::Real(vec![1, count], voiced)),
            ],
            &[],
        )?;
        let (_, mut audio) = heard.into_iter().next().unwrap_or_default();
        let expected = count * bank.hop;
        if audio.len().abs_diff(expected) > bank.hop {
            return Err(net::broken(
                "vocoder",
                &format!("expected {expected} samples, found {}", audio.len()),
            ));
        }
        let first = (AROUND * bank.hop).min(audio.len());
        audio.drain(..first);
        audio.resize((seconds * f64::from(bank.rate)).ceil() as usize, 0.0);
        self.level(plan, &mut audio);
        Ok(audio)
    }

    /// What every network is given; each takes what it knows.
    fn given(
        &self,
        plan: &VoicePlan,
        laid: &Laid,
        f0: &[f32],
        curve: &Curve<'_>,
    ) -> Vec<(&'static str, Given)> {
        let (bank, count, tokens) = (&self.bank, f0.len(), laid.tokens.len());
        let lang = plan.syllables.first().map_or("", |s| s.lang);
        let language = bank.language(lang);
        let whole = |values: Vec<i32>| Given::Whole(vec![1, values.len()], values);
        let real = |values: Vec<f32>| Given::Real(vec![1, count], values);
        let formant = curve(&|time| {
            let [low, high] = bank.shift;
            plan.curves.formant.at(time).clamp(low, high)
        });
        let mut given = vec![
            ("tokens", whole(laid.tokens.clone())),
            ("durations", whole(laid.frames.clone())),
            ("ph_dur", whole(laid.frames.clone())),
            ("languages", whole(vec![language; tokens])),
            ("f0", real(f0.to_vec())),
            ("gender", real(formant)),
            ("velocity", real(vec![1.0; count])),
            ("steps", Given::One(STEPS)),
            ("speedup", Given::One(TRAINED / STEPS)),
            ("depth", Given::One(bank.depth)),
        ];
        if let Some(voice) = &bank.speaker {
            let all = voice.repeat(count);
            given.push(("spk_embed", Given::Real(vec![1, count, voice.len()], all)));
        }
        for (name, usual) in bank::CURVES {
            given.push((name, real(vec![usual; count])));
        }
        given
    }

    /// Has the bank's variance network say energy, breath, voicing and tension, and adds what the
    /// plan asks for on top.
    fn vary(
        &self,
        plan: &VoicePlan,
        laid: &Laid,
        f0: &[f32],
        curve: &Curve<'_>,
        given: &mut Vec<(&'static str, Given)>,
    ) -> Result<(), VoiceError> {
        let count = f0.len();
        if let Some(variance) = &self.bank.variance {
            let mut known = variance
                .linguistic
                .run(given, &["encoder_out", "x_masks"])?;
            let masks = known.pop().unwrap_or_default();
            let features = known.pop().unwrap_or_default();
            let mut own = given.clone();
            let (shape, values) = features;
            own.push(("encoder_out", Given::Real(shape, values)));
            let (shape, values) = masks;
            let values = values.into_iter().map(|value| value as i32).collect();
            own.push(("x_masks", Given::Whole(shape, values)));
            let keys = f0
                .iter()
                .map(|hz| (69.0 + 12.0 * math::log2(f64::from(hz.max(20.0)) / 440.0)) as f32);
            own.push(("pitch", Given::Real(vec![1, count], keys.collect())));
            let names: Vec<&str> = variance.gives.iter().map(|row| row.0).collect();
            let all = vec![1; count * names.len()];
            own.push(("retake", Given::Whole(vec![1, count, names.len()], all)));
            for (name, _) in bank::CURVES.iter().filter(|row| names.contains(&row.0)) {
                own.retain(|row| row.0 != *name);
                own.push((name, Given::Real(vec![1, count], vec![0.0; count])));
            }
            let wanted: Vec<&str> = variance.gives.iter().map(|row| row.1).collect();
            let found = variance.network.run(&own, &wanted)?;
            for ((name, _), (_, values)) in variance.gives.iter().zip(found) {
                if values.len() != count {
                    return Err(net::broken("variance", "a curve of the wrong length"));
                }
                given.retain(|row| row.0 != *name);
                given.push((name, Given::Real(vec![1, count], values)));
            }
        }
        debug_assert_eq!(laid.count(), count);
        let curves = &plan.curves;
        let breath = curve(&|time| 12.0 * curves.breathiness.at(time));
        let tension = curve(&|time| 5.0 * curves.tension.at(time));
        let voicing = curve(&|time| 60.0 * (curves.voicing.at(time) - 1.0));
        for (name, added) in [
            ("breathiness", breath),
            ("tension", tension),
            ("voicing", voicing),
        ] {
            let row = given.iter_mut().find(|row| row.0 == name);
            if let Some((_, Given::Real(_, values))) = row {
                let (low, high) = if name == "tension" {
                    (-10.0, 10.0)
                } else {
                    (-96.0, 0.0)
                };
                for (to, add) in values.iter_mut().zip(added) {
                    *to = (*to + add).clamp(low, high);
                }
            }
        }
        Ok(())
    }

    /// Brings vowels to the normal level, and the whole to the plan's.
    fn level(&self, plan: &VoicePlan, audio: &mut [f32]) {
        let rate = f64::from(self.bank.rate);
        let mut levels: Vec<f32> = (0..plan.syllables.len())
            .filter_map(|syllable| {
                let phone = &plan.phones[plan.nucleus(syllable)?];
                let place = |share: f64| {
                    let time = phone.start + share * phone.length() - plan.start;
                    ((time * rate).max(0.0) as usize).min(audio.len())
                };
                let held = &audio[place(0.25)..place(0.75)];
                let sum: f32 = held.iter().map(|x| x * x).sum();
                (!held.is_empty() && sum > 0.0)
                    .then(|| math::gain_to_db((sum / held.len() as f32).max(1e-12).sqrt()))
            })
            .collect();
        levels.sort_by(f32::total_cmp);
        let usual = levels.get(levels.len() / 2).copied().unwrap_or(NORMAL);
        let add = (NORMAL - usual).clamp(-40.0, 40.0);
        // A corner every two milliseconds.
        finish::ride(audio, rate as usize / 500, |sample| {
            math::db_to_gain(add + plan.curves.level.at(sample as f64 / rate))
        });
        finish::soften(audio, SampleRate(self.bank.rate));
    }
}

impl Singer for DiffSinger {
    fn profile(&self) -> &SingerProfile {
        &self.profile
    }

    /// Usual lengths: a bank's own durations follow the notes, not speech.
    fn speak(&self, utterance: &Utterance<'_>) -> Result<Natural, VoiceError> {
        Ok(Natural::usual(utterance))
    }

    fn sing(&self, plan: &VoicePlan, rate: SampleRate) -> Result<Clip, VoiceError> {
        let audio = if plan.phones.is_empty() {
            Vec::new()
        } else {
            resample(&self.render(plan)?, SampleRate(self.bank.rate), rate)
        };
        Ok(finish::clip((plan.start * rate.hz()).round(), audio, rate))
    }
}
