//! A user's own SoundFont (SF2, SF3) or SFZ instrument beside the shipped instruments.

use crate::{Studio, error::StudioError};
use std::path::Path;
use yuefu_brief::Overrides;
use yuefu_engine::WorldError;
use yuefu_instruments::bank::{Bank, sfz};
use yuefu_song::{
    Brief, EngineUse, Song,
    brief::{Diagnostic, InstrumentWish, Reason, ReasonKind, Severity},
};

/// Beginning of the ids of a SoundFont's presets: `user:<bank>:<program>`.
pub const USER: &str = "user:";

/// The stage under which a document names the SoundFont it plays with.
const STAGE: &str = "soundfont";

/// A SoundFont that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoundFont {
    /// Its file name, without folders.
    pub name: String,
    /// BLAKE3 of the file; of an SFZ file, of the text and of every sample file it names.
    pub digest: String,
}

impl SoundFont {
    fn engine(&self) -> EngineUse {
        EngineUse::new(STAGE, format!("{} blake3:{}", self.name, self.digest), 1)
    }
}

impl Studio {
    /// Adds the presets of a SoundFont or SFZ file as `user:<bank>:<program>`; those of an
    /// earlier one leave.
    ///
    /// # Errors
    /// When the file cannot be read, or is not what it should be.
    pub fn with_soundfont(mut self, path: &Path) -> Result<Self, StudioError> {
        let (bank, digest) = open(path)?;
        self.orchestra = self.orchestra.with_bank(bank);
        self.catalog.retain(|profile| !profile.id.starts_with(USER));
        let added = self.orchestra.profiles().iter();
        self.catalog.extend(
            added
                .filter(|profile| profile.id.starts_with(USER))
                .cloned(),
        );
        let name = path.file_name().unwrap_or(path.as_os_str());
        self.soundfont = Some(SoundFont {
            name: name.to_string_lossy().into_owned(),
            digest,
        });
        Ok(self)
    }

    /// Sets an option of a wish from its text, as [`Overrides::set`] does; among instruments,
    /// presets of the open SoundFont are known too.
    ///
    /// # Errors
    /// When the option or its value makes no sense, or the SoundFont has no such preset.
    pub fn set_option(
        &self,
        overrides: &mut Overrides,
        option: &str,
        text: &str,
    ) -> Result<(), StudioError> {
        let set = |overrides: &mut Overrides, text: &str| {
            overrides
                .set(option, text)
                .map_err(|error| StudioError::input(error.message_en, error.message_zh))
        };
        if option != "instrument" {
            return set(overrides, text);
        }
        for part in text.split([',', '，', '、']).map(str::trim) {
            if !part.starts_with(USER) {
                // What is no instrument's name may be that of a voice, `voice-` or not.
                let (own, plain) = (self.catalog.voice(part), set(overrides, part));
                match (own, plain) {
                    (_, Ok(())) => {}
                    (Some(voice), Err(_)) if self.is_own_voice(&voice.id) => {
                        overrides.instruments.push(voice.id.clone());
                    }
                    (Some(voice), Err(_)) => set(overrides, &voice.id)?,
                    (None, Err(_)) if part.starts_with("voice-") => {
                        return Err(self.unknown_voice(part));
                    }
                    (None, Err(fault)) => return Err(fault),
                }
            } else if self.catalog.profile(part).is_some() {
                overrides.instruments.push(part.to_owned());
            } else {
                return Err(self.no_preset(part));
            }
        }
        Ok(())
    }

    fn no_preset(&self, id: &str) -> StudioError {
        match &self.soundfont {
            Some(font) => StudioError::input(
                format!(
                    "{} has no preset `{id}`. `yuefu instruments --soundfont FILE` lists those it \
                     has.",
                    font.name
                ),
                format!(
                    "{} 里没有音色“{id}”。用 yuefu instruments --soundfont 文件 列出它的全部音色。",
                    font.name
                ),
            ),
            None => StudioError::input(
                format!(
                    "`{id}` is a preset of a SoundFont of your own. Give the file with \
                     --soundfont FILE (SF2, SF3 or SFZ)."
                ),
                format!(
                    "“{id}”是你自己音色库里的音色。请用 --soundfont 给出文件（SF2、SF3 或 SFZ）。"
                ),
            ),
        }
    }

    /// Adds the presets that options ask for to a brief, which knows the shipped instruments.
    pub(crate) fn wish_for_presets(&self, brief: &mut Brief, overrides: &Overrides) {
        let presets = overrides
            .instruments
            .iter()
            .filter(|id| id.starts_with(USER) && self.catalog.profile(id).is_some());
        let voices = overrides
            .instruments
            .iter()
            .filter(|id| self.is_own_voice(id));
        for id in presets.chain(voices) {
            brief.reasons.push(Reason {
                field: "instrument".to_owned(),
                value: id.clone(),
                words: format!("--instrument {id}"),
                span: (0, 0),
                kind: ReasonKind::Stated,
            });
            brief.instruments.push(InstrumentWish {
                id: id.clone(),
                wanted: true,
                role: None,
                explicit: true,
                generic: false,
                weight: 1.0,
            });
        }
    }

    /// Writes into a document which SoundFont it plays with, if it does.
    pub(crate) fn name_soundfont(&self, song: &mut Song) {
        song.engines.retain(|used| used.stage != STAGE);
        let plays = presets(song).next().is_some();
        if let Some(font) = self.soundfont.as_ref().filter(|_| plays) {
            song.engines.push(font.engine());
        }
    }

    /// Looks whether every instrument of a song is here before it is played: nothing is played
    /// by another instrument unasked. A SoundFont that is not the one the song was made with
    /// is taken, named in the document, and remarked on.
    ///
    /// # Errors
    /// When an instrument is missing; says which, and how to bring it.
    pub fn check_instruments(&self, song: &mut Song) -> Result<Vec<Diagnostic>, StudioError> {
        self.can_play(song)?;
        let before = made_with(song).map(str::to_owned);
        self.name_soundfont(song);
        let mut notes = self.check_voices(song);
        let now = made_with(song);
        notes.extend(match (before, now) {
            (Some(before), Some(now)) if before != now => vec![Diagnostic::new(
                Severity::Warning,
                "soundfont-changed",
                (
                    format!("The song was made with {before}, and this is {now}."),
                    format!("此曲原用 {before}，现在给出的是 {now}。"),
                ),
                (
                    "It sounds as before only with the same file.",
                    "只有用同一个文件，声音才与原来相同。",
                ),
            )],
            _ => Vec::new(),
        });
        Ok(notes)
    }

    /// Whether every instrument of a song is here.
    ///
    /// # Errors
    /// Says which instrument is missing, and how to bring it.
    pub(crate) fn can_play(&self, song: &Song) -> Result<(), StudioError> {
        let unknown = song.unknown_instruments(&self.catalog);
        if let Some(preset) = unknown.iter().find(|id| id.starts_with(USER)) {
            let made = made_with(song);
            return Err(match (&self.soundfont, made) {
                (None, Some(made)) => {
                    let (name, digest) = made.split_once(" blake3:").unwrap_or((made, ""));
                    let digest = digest.get(..12).unwrap_or(digest);
                    StudioError::input(
                        format!(
                            "the song plays `{preset}` of the SoundFont {name} (BLAKE3 \
                             {digest}...), which is not here. Give it with --soundfont FILE, or \
                             choose another instrument in score/."
                        ),
                        format!(
                            "此曲用到音色库 {name}（BLAKE3 {digest}…）里的“{preset}”，但没有找到它。\
                             请用 --soundfont 给出文件，或在 score/ 中改用别的乐器。"
                        ),
                    )
                }
                _ => self.no_preset(preset),
            });
        }
        if let Some(voice) = unknown.iter().find(|id| id.starts_with("voice-")) {
            return Err(self.no_voice(song, voice));
        }
        if !unknown.is_empty() {
            let names = unknown.join(", ");
            return Err(StudioError::input(
                format!("this Yuefu has no instrument {names}. Choose another in score/."),
                format!("没有乐器 {names}。请在 score/ 中改用别的乐器。"),
            ));
        }
        Ok(())
    }
}

/// The presets that a song plays.
fn presets(song: &Song) -> impl Iterator<Item = &str> {
    let tracks = song.score.tracks.iter();
    tracks
        .map(|track| track.instrument.as_str())
        .filter(|id| id.starts_with(USER))
}

/// The SoundFont that a document names.
fn made_with(song: &Song) -> Option<&str> {
    let mut used = song.engines.iter();
    used.find(|used| used.stage == STAGE)
        .map(|used| used.engine.as_str())
}

fn open(path: &Path) -> Result<(Bank, String), StudioError> {
    let place = path.display().to_string();
    let bytes =
        std::fs::read(path).map_err(|error| WorldError::new("read", place.clone(), &error))?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&bytes);
    let sfz = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("sfz"));
    let bank = if sfz {
        let folder = path.parent().unwrap_or(Path::new(""));
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let text = String::from_utf8_lossy(&bytes);
        sfz::open(&name, &text, |sample| {
            let bytes = std::fs::read(folder.join(sample)).ok()?;
            hasher.update(&bytes);
            Some(bytes)
        })
    } else {
        Bank::read(bytes)
    };
    let bank = bank.map_err(|error| StudioError::Bank { place, error })?;
    Ok((bank, hasher.finalize().to_hex().to_string()))
}
