//! The singers that are there, and how a song's tracks are sung.

use crate::StudioError;
use std::{
    fmt,
    sync::{Arc, LazyLock, OnceLock},
};
use yuefu_song::{InstrumentProfile, Phrase, Song};
use yuefu_theory::Ticks;
use yuefu_voice::{Expression, Singer, VoiceError};

/// Makes a singer; called once, when it is first wanted.
type Load = fn() -> Result<Arc<dyn Singer>, VoiceError>;

/// A singer that is loaded when it is first wanted.
struct Seat {
    id: &'static str,
    load: Load,
    singer: OnceLock<Result<Arc<dyn Singer>, VoiceError>>,
}

/// All singers by their ids. Clones share what is loaded.
#[derive(Clone)]
pub struct Choir(Arc<Vec<Seat>>);

impl fmt::Debug for Choir {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.ids()).finish()
    }
}

/// Every singer that ships. To add one, add its row here and its instrument, with the engine
/// `voice:ID`, to `data/instruments/voices.toml`.
const STANDARD: &[(&str, Load)] = &[
    ("voice-hibari", || {
        Ok(Arc::new(yuefu_hibari::Hibari::load()?))
    }),
    ("voice-xiaohe", || own("voice-xiaohe")),
    ("voice-yunshu", || own("voice-yunshu")),
    ("voice-songye", || own("voice-songye")),
    ("voice-wren", || own("voice-wren")),
    ("voice-alder", || own("voice-alder")),
];

/// A singer of the embedded network, whose weights all of them share.
fn own(id: &str) -> Result<Arc<dyn Singer>, VoiceError> {
    static OWN: OnceLock<Result<Vec<Arc<dyn Singer>>, VoiceError>> = OnceLock::new();
    let all = OWN.get_or_init(|| {
        let singers = yuefu_voice::neural::choir()
            .map_err(|fault| VoiceError::new(fault.to_string(), fault.to_string()))?;
        let shared = |singer| Arc::new(singer) as Arc<dyn Singer>;
        Ok(singers.into_iter().map(shared).collect())
    });
    let all = all.as_ref().map_err(Clone::clone)?;
    all.iter()
        .find(|singer| singer.profile().id == id)
        .cloned()
        .ok_or_else(|| {
            VoiceError::new(
                format!("expected the singer `{id}` in the program, found none"),
                format!("程序中应有歌手“{id}”，却没有"),
            )
        })
}

impl Choir {
    /// The singers that ship. A voice that one choir has loaded serves all others.
    pub fn standard() -> Self {
        static SHARED: LazyLock<Choir> = LazyLock::new(|| {
            let seat = |(id, load): &(&'static str, Load)| Seat {
                id,
                load: *load,
                singer: OnceLock::new(),
            };
            Choir(Arc::new(STANDARD.iter().map(seat).collect()))
        });
        SHARED.clone()
    }

    /// Ids of all singers.
    pub fn ids(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|seat| seat.id)
    }

    /// A singer by its id.
    ///
    /// # Errors
    /// When there is none of this id, or its voice cannot be loaded.
    pub fn singer(&self, id: &str) -> Result<Arc<dyn Singer>, StudioError> {
        let seat = self.0.iter().find(|seat| seat.id == id).ok_or_else(|| {
            let known: Vec<&str> = self.ids().collect();
            let known = known.join(", ");
            StudioError::Voice(VoiceError::new(
                format!("expected one of the voices {known}, found `{id}`"),
                format!("声音应为 {known} 之一，却是“{id}”"),
            ))
        })?;
        seat.singer
            .get_or_init(seat.load)
            .clone()
            .map_err(StudioError::Voice)
    }
}

/// The id of the singer that an instrument is, if it is one.
pub fn singer_of(profile: &InstrumentProfile) -> Option<&str> {
    profile.engine.strip_prefix("voice:")
}

/// How a phrase of a track is sung: its settings, and its curves in seconds.
pub(crate) fn expression(song: &Song, track: &str, phrase: &Phrase) -> Expression {
    let Some(voice) = song.voices.get(track) else {
        return Expression::default();
    };
    let line = &song.score.timeline;
    let from = phrase.span.start;
    let start = line.seconds(from);
    let curves = voice.phrases.get(&phrase.id).map(|curves| {
        curves.timed(|quarters| {
            let ticks = (f64::from(quarters) * Ticks::QUARTER.0 as f64).round() as i64;
            (line.seconds(from + Ticks(ticks)) - start) as f32
        })
    });
    Expression {
        settings: voice.settings.clone(),
        curves: curves.unwrap_or_default(),
    }
}
