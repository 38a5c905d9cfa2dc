//! What a document says of the brought voices that it is sung by, and what is said when one is not
//! there.

use super::Pack;
use crate::{Studio, StudioError, voices::singer_of};
use yuefu_song::{
    EngineUse, InstrumentProfile, Song,
    brief::{Diagnostic, Severity},
    ops::nearest,
};

/// The stage under which a document names a voice.
const STAGE: &str = "voice";

impl Studio {
    /// Whether an id is that of an instrument that the user brought and no lexicon knows.
    pub(crate) fn is_own_voice(&self, id: &str) -> bool {
        self.shelf.pack(id).is_some()
    }

    /// Writes into a document which brought voices sing in it.
    pub(crate) fn name_voices(&self, song: &mut Song) {
        song.engines.retain(|used| used.stage != STAGE);
        let named: Vec<EngineUse> = self
            .singing(song)
            .map(|(id, pack)| used(id, pack))
            .collect();
        song.engines.extend(named);
    }

    /// Names the voices of a document anew; remarks on those that are not what they were.
    pub(crate) fn check_voices(&self, song: &mut Song) -> Vec<Diagnostic> {
        let before: Vec<String> = made_with(song).map(str::to_owned).collect();
        self.name_voices(song);
        let now: Vec<&str> = made_with(song).collect();
        let id = |engine: &str| engine.split(' ').next().map(str::to_owned);
        let changed = before.iter().filter_map(|before| {
            let now = now.iter().find(|now| id(now) == id(before))?;
            (now != before).then(|| {
                Diagnostic::new(
                    Severity::Warning,
                    "voice-changed",
                    (
                        format!("The song was made with {before}, and this is {now}."),
                        format!("此曲原用 {before}，现在安装的是 {now}。"),
                    ),
                    (
                        "It sounds as before only with the same files.",
                        "只有用同样的文件，声音才与原来相同。",
                    ),
                )
            })
        });
        changed.collect()
    }

    /// The brought voices that a song plays, in the order of their ids.
    fn singing<'a>(&'a self, song: &'a Song) -> impl Iterator<Item = (&'a str, &'a Pack)> {
        let mut ids: Vec<&str> = song
            .score
            .tracks
            .iter()
            .map(|track| track.instrument.as_str())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter()
            .filter_map(|id| Some((id, self.shelf.pack(id)?)))
    }

    /// What to say of a voice that a song needs and that is not there.
    pub(crate) fn no_voice(&self, song: &Song, id: &str) -> StudioError {
        let made = made_with(song).find_map(|used| {
            let (own, rest) = used.split_once(' ')?;
            (own == id).then_some(rest)
        });
        let how = match id.starts_with("voice-kokoro-") {
            true => "yuefu voices install kokoro".to_owned(),
            false => format!("yuefu voices install FOLDER --as {id}"),
        };
        let (en, zh) = made.map_or_else(Default::default, |made| {
            (format!(" ({made})"), format!("（{made}）"))
        });
        StudioError::input(
            format!(
                "the song is sung by `{id}`{en}, which is not installed here. Install it with \
                 `{how}`, or choose another voice: yuefu edit SONG \"instrument TRACK to VOICE\""
            ),
            format!(
                "此曲由“{id}”{zh}演唱，但这里没有安装。请用 {how} 安装，\
                 或改用别的声音：yuefu edit 工程 \"instrument 声部 to 声音\""
            ),
        )
    }

    /// What to say of a voice that is asked for and that is not there.
    pub(crate) fn unknown_voice(&self, id: &str) -> StudioError {
        let singers = || {
            let profiles = self.catalog.profiles().iter();
            let singers = profiles.filter(|profile| singer_of(profile).is_some());
            singers.map(|profile| profile.id.as_str())
        };
        let known: Vec<&str> = singers()
            .filter(|id| !id.starts_with("voice-kokoro-"))
            .collect();
        let known = known.join(", ");
        let asked = id.strip_prefix("voice-").unwrap_or(id);
        let bare = singers().filter_map(|id| id.strip_prefix("voice-"));
        let (en, zh) = nearest(asked, bare).map_or_else(Default::default, |near| {
            (
                format!("did you mean `{near}`? "),
                format!("是否指“{near}”？"),
            )
        });
        StudioError::input(
            format!(
                "no voice is called `{id}`; {en}There are {known}. `yuefu voices list` shows all, \
                 `yuefu voices install` adds some."
            ),
            format!(
                "没有叫“{id}”的声音；{zh}现有 {known}。yuefu voices list 列出全部，yuefu voices install 可安装。"
            ),
        )
    }

    /// The singer that a user names: by id, with or without `voice-`, or by name.
    ///
    /// # Errors
    /// When there is none; the message names the nearest.
    pub fn voice_named(&self, name: &str) -> Result<&InstrumentProfile, StudioError> {
        self.catalog
            .voice(name)
            .ok_or_else(|| self.unknown_voice(name))
    }
}

fn used(id: &str, pack: &Pack) -> EngineUse {
    let engine = format!("{id} {} blake3:{}", pack.card.kind.name(), pack.card.digest);
    EngineUse::new(STAGE, engine, 1)
}

fn made_with(song: &Song) -> impl Iterator<Item = &str> {
    let used = song.engines.iter();
    used.filter(|used| used.stage == STAGE)
        .map(|used| used.engine.as_str())
}
