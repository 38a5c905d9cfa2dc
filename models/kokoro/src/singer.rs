//! A voice of Kokoro as a singer: it speaks the line, and its speech is sung again.

use crate::line::{Line, LineSyllable};
use crate::model::{Alignment, Kokoro, PITCH_HOP, Prosody, RATE};
use crate::timing::{phone_times, trim};
use crate::voice::Voice;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};
use yuefu_audio::{Clip, SampleRate, math};
use yuefu_lang::{Part, Phone, Sounds};
use yuefu_voice::{
    FRAME, Natural, Pause, PlanPhone, PlanSyllable, Singer, SingerProfile, Track, Utterance,
    VoiceError, VoicePlan,
    phones::{Manner, manner},
    speech::{Resinger, Speech},
};

/// Raised whenever equal plans sound otherwise.
const VERSION: u32 = 6;
/// Speed at which lines are spoken, 1 being the voice's own: slower is clearer, and still slower
/// no more (docs/RESULTS.md).
const SPEED: f32 = 0.7;
/// Speed of lines of fewer than [`FEW`] syllables: voices speak these slowly by themselves, and
/// still slower their vowels die away, which a held note must not.
const SPEED_OF_FEW: f32 = 0.9;
/// See [`SPEED_OF_FEW`].
const FEW: usize = 4;
/// Pitch below which the model means no voice, in hertz.
const VOICELESS: f32 = 60.0;
/// Syllables that are spoken at once.
const AT_ONCE: usize = 40;
/// Lines that are remembered: doubles sing the same ones again.
const REMEMBERED: usize = 6;
/// Shortest natural length of a phone, in seconds.
const SHORTEST: f64 = 0.02;

/// How a voice speaks each language that it sings.
#[derive(Clone, Debug)]
pub struct Studied {
    /// Mandarin.
    pub cmn: Voice,
    /// English.
    pub en: Voice,
}

/// Languages of a voice by its published name, best first: `zf_xiaobei` is at home in Mandarin,
/// most others in English. (The model itself has more; they are not spelled here yet.)
pub fn languages(name: &str) -> Vec<&'static str> {
    match name.starts_with('z') {
        true => vec!["cmn", "en"],
        false => vec!["en", "cmn"],
    }
}

/// A voice that sings.
pub struct KokoroSinger {
    profile: SingerProfile,
    model: Arc<Kokoro>,
    voices: Studied,
    resinger: Resinger,
    spoken: Mutex<VecDeque<(Vec<LineSyllable>, Arc<Spoken>)>>,
}

/// A line as spoken.
struct Spoken {
    /// On one note, to be sung.
    speech: Speech,
    /// Natural pitch of each frame of [`PITCH_HOP`], 0 for none.
    pitch: Vec<f32>,
}

impl KokoroSinger {
    /// A singer of a loaded model. `digest` is that of the model's and the voice's bytes;
    /// `profile` says the rest.
    pub fn new(model: Arc<Kokoro>, voices: Studied, profile: SingerProfile, digest: &str) -> Self {
        Self {
            profile: SingerProfile {
                digest: format!("kokoro-{VERSION}-{digest}"),
                ..profile
            },
            model,
            voices,
            resinger: Resinger::new(RATE),
            spoken: Mutex::default(),
        }
    }

    /// What the line sounds like spoken, and when each of its phones does.
    fn spoken(&self, line: &[LineSyllable]) -> Result<Arc<Spoken>, VoiceError> {
        let lock = || self.spoken.lock().unwrap_or_else(|e| e.into_inner());
        if let Some((_, known)) = lock().iter().find(|(own, _)| own == line) {
            return Ok(known.clone());
        }
        // Two threads may speak the same line at once; both say the same.
        let made = Arc::new(self.say(line)?);
        let mut known = lock();
        known.push_back((line.to_vec(), made.clone()));
        if known.len() > REMEMBERED {
            known.pop_front();
        }
        Ok(made)
    }

    fn say(&self, line: &[LineSyllable]) -> Result<Spoken, VoiceError> {
        let mandarin = 2 * line.iter().filter(|s| s.lang == "cmn").count() >= line.len();
        let voice = match mandarin {
            true => &self.voices.cmn,
            false => &self.voices.en,
        };
        let spelled = Line::spell(line).map_err(in_both)?;
        let style = voice.style(spelled.len());
        let model = &self.model;
        let speed = if line.len() < FEW {
            SPEED_OF_FEW
        } else {
            SPEED
        };
        let reading = model.read(&spelled, style, speed).map_err(in_both)?;
        let lengths = trim(&spelled, &reading.frames);
        let alignment = Alignment::new(&lengths);
        let prosody = model.intone(&reading, &alignment, style).map_err(in_both)?;
        let pitch = heard(&prosody);
        let even = monotone(prosody);
        let audio = model
            .sound(&reading, &alignment, &even, style)
            .map_err(in_both)?;
        let counts: Vec<usize> = line.iter().map(|s| s.sounds.phones.len()).collect();
        let times = phone_times(&spelled, &lengths, &counts);
        let even = heard(&even);
        let at = |time: f64| {
            let index = (time / PITCH_HOP) as usize;
            even.get(index).copied().unwrap_or(0.0)
        };
        let symbols = line.iter().flat_map(|said| &said.sounds.phones);
        let phones: Vec<(&str, f64, f64)> = symbols
            .zip(times)
            .map(|(phone, (start, end))| (phone.symbol, start, end))
            .collect();
        let speech = self.resinger.take(&audio, at, &phones);
        Ok(Spoken { speech, pitch })
    }
}

/// The same line on one note in the middle of its melody: what is sung again takes nothing from
/// the melody of speech, and low tones neither creak nor swallow their vowels.
fn monotone(mut prosody: Prosody) -> Prosody {
    let voiced = prosody.pitch.iter().filter(|hz| **hz > VOICELESS);
    let (sum, count) = voiced.fold((0.0, 0_usize), |(sum, count), hz| {
        (sum + math::ln(f64::from(*hz)), count + 1)
    });
    let middle = math::exp(sum / count.max(1) as f64) as f32;
    for hz in &mut prosody.pitch {
        if *hz > VOICELESS {
            *hz = middle;
        }
    }
    prosody
}

/// A fault of this crate, which has both languages in one line (`English · 中文`), as an error of a
/// voice.
pub fn in_both(fault: impl std::fmt::Display) -> VoiceError {
    let text = fault.to_string();
    match text.split_once(" · ") {
        Some((en, zh)) => VoiceError::new(en, zh),
        None => VoiceError::new(text.clone(), text),
    }
}

/// The pitch of speech, 0 where there is no voice.
fn heard(prosody: &Prosody) -> Vec<f32> {
    let pitch = prosody.pitch.iter();
    pitch
        .map(|hz| if *hz > VOICELESS { *hz } else { 0.0 })
        .collect()
}

impl Singer for KokoroSinger {
    fn profile(&self) -> &SingerProfile {
        &self.profile
    }

    fn speak(&self, utterance: &Utterance<'_>) -> Result<Natural, VoiceError> {
        let line = line_of(utterance.syllables, utterance.phones);
        let mut natural = Natural::default();
        let mut melody = Vec::new();
        for part in line.chunks(AT_ONCE) {
            let spoken = self.spoken(part)?;
            for &(start, end) in spoken.speech.phones() {
                let seconds = (end - start).max(SHORTEST);
                let frames = (seconds / FRAME).round().max(1.0) as usize;
                melody.extend((0..frames).map(|frame| {
                    let time = start + (frame as f64 * FRAME).min(end - start);
                    let index = (time / PITCH_HOP) as usize;
                    spoken.pitch.get(index).copied().unwrap_or(0.0)
                }));
                natural.seconds.push(seconds);
            }
        }
        bridge(&mut melody);
        natural.pitch = Track(melody);
        Ok(natural)
    }

    fn sing(&self, plan: &VoicePlan, rate: SampleRate) -> Result<Clip, VoiceError> {
        let line = line_of(&plan.syllables, &plan.phones);
        let mut parts = line.chunks(AT_ONCE).map(|part| self.spoken(part));
        let Some(first) = parts.next() else {
            return Ok(self.resinger.sing(plan, &Speech::default(), rate));
        };
        let first = first?;
        let mut rest = parts.peekable();
        if rest.peek().is_none() {
            return Ok(self.resinger.sing(plan, &first.speech, rate));
        }
        let mut whole = first.speech.clone();
        for part in rest {
            whole.append(&part?.speech);
        }
        Ok(self.resinger.sing(plan, &whole, rate))
    }
}

/// Carries the pitch over places without voice.
fn bridge(melody: &mut [f32]) {
    let mut last = melody.iter().copied().find(|hz| *hz > 0.0).unwrap_or(200.0);
    for hz in melody {
        if *hz > 0.0 {
            last = *hz;
        }
        *hz = last;
    }
}

/// A plan's syllables as the model is told them. What it has no letters for becomes the nearest
/// sound of the language, or of Mandarin where the language is not spelled.
fn line_of(syllables: &[PlanSyllable], phones: &[PlanPhone]) -> Vec<LineSyllable> {
    syllables
        .iter()
        .enumerate()
        .map(|(index, syllable)| {
            let lang = if syllable.lang == "en" { "en" } else { "cmn" };
            let own = &phones[syllable.phones.0..syllable.phones.1];
            let own = own.iter().map(|phone| Phone {
                symbol: nearest(lang, phone.symbol, phone.part),
                part: phone.part,
            });
            let known = syllable.lang == lang;
            LineSyllable {
                lang: lang.to_owned(),
                sounds: Sounds {
                    phones: own.collect(),
                    tone: syllable
                        .tone
                        .filter(|_| known)
                        .or((lang == "cmn").then_some(1)),
                    stress: syllable.stress.filter(|_| known),
                },
                word_start: syllable.starts_word,
                pause_after: syllable.pause != Pause::None && index + 1 < syllables.len(),
            }
        })
        .collect()
}

/// The symbol itself where the language's alphabet has it, else the nearest that it has.
fn nearest(lang: &str, symbol: &'static str, part: Part) -> &'static str {
    let spells = |symbol: &'static str| {
        let sounds = Sounds {
            phones: vec![Phone { symbol, part }],
            tone: None,
            stress: None,
        };
        crate::spell::spell(lang, &sounds).is_ok()
    };
    if spells(symbol) {
        return symbol;
    }
    let near: &[&'static str] = match symbol {
        "ɐ" | "aː" | "ɑ" | "æ" | "ʌ" => &["a", "ɑ"],
        "ɛː" | "eː" | "ɛ" | "e" => &["ɛ", "e"],
        "iː" | "ɪ" => &["i"],
        "uː" | "ɯ" | "ɯː" | "ʊ" => &["u"],
        "ɔː" | "oː" | "ɔ" => &["o", "ɔ"],
        "y" | "yː" => &["y", "i"],
        "ɝ" => &["ɚ"],
        "ɾ" | "ɹ" | "l̩" => &["ɹ", "l"],
        "b" => &["p"],
        "d" => &["t"],
        "ɡ" | "kʷ" => &["k"],
        "kʷʰ" => &["kʰ", "k"],
        "ɸ" | "v" => &["f"],
        "h" | "ç" => &["x", "h"],
        "θ" | "ð" | "z" => &["s"],
        "ʃ" => &["ʂ", "ʃ"],
        "ʒ" => &["ɻ", "ʒ"],
        "tʃ" => &["ʈʂʰ", "tʃ"],
        "dʒ" => &["ʈʂ", "dʒ"],
        "dʑ" | "dz" | "ʑ" => &["tɕ", "dʒ"],
        "ɴ" => &["ŋ"],
        _ => match manner(symbol) {
            Manner::Stop | Manner::Closure => &["t"],
            Manner::Fricative => &["s"],
            Manner::Affricate => &["ts", "tʃ"],
            Manner::Nasal => &["n"],
            Manner::Liquid => &["l"],
            Manner::Approximant => &["j"],
            Manner::Vowel => &["ə"],
        },
    };
    near.iter()
        .copied()
        .find(|symbol| spells(symbol))
        .unwrap_or(match manner(symbol) {
            Manner::Vowel => "ə",
            _ => "n",
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_monotone_keeps_the_middle_and_the_silences() {
        let even = monotone(Prosody {
            pitch: vec![0.0, 100.0, 400.0, 5.0],
            energy: vec![1.0; 4],
        });
        assert_eq!((even.pitch[0], even.pitch[3]), (0.0, 5.0));
        assert!((even.pitch[1] - 200.0).abs() < 0.01 && even.pitch[1] == even.pitch[2]);
        assert_eq!(monotone(even.clone()), even);
    }

    #[test]
    fn every_phone_of_every_language_is_spelled() {
        for (lang, readings) in [
            ("ja", &["ka", "kyo", "n", "tsu", "fu", "ra", "ji", "wo"][..]),
            (
                "yue",
                &["nei5", "hou2", "sik6", "ng4", "jyun4", "gwong2", "cam1"],
            ),
            ("en", &["S T R EH1 NG K TH S", "V AW1", "ZH AH0"]),
            ("cmn", &["zhuang4", "er2", "lv4", "qiong2"]),
        ] {
            for reading in readings {
                let sounds = yuefu_lang::sounds(lang, reading).unwrap();
                for alphabet in ["cmn", "en"] {
                    let phones = sounds.phones.iter().map(|phone| Phone {
                        symbol: nearest(alphabet, phone.symbol, phone.part),
                        part: phone.part,
                    });
                    let said = LineSyllable {
                        lang: alphabet.to_owned(),
                        sounds: Sounds {
                            phones: phones.collect(),
                            tone: None,
                            stress: None,
                        },
                        word_start: true,
                        pause_after: false,
                    };
                    Line::spell(&[said]).unwrap();
                }
            }
        }
    }
}
