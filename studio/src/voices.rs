//! The singers that are there, and how a song's tracks are sung.

use crate::StudioError;
use std::{
    fmt,
    sync::{Arc, LazyLock, OnceLock},
};
use yuefu_song::{InstrumentProfile, Phrase, Song};
use yuefu_theory::Ticks;
use yuefu_voice::{Expression, Singer, VoiceError, apart};

/// A singer, or why there is none.
pub(crate) type Loaded = Result<Arc<dyn Singer>, VoiceError>;
/// Makes a singer that ships.
type Maker = fn() -> Loaded;
/// Makes a singer; called once, when it is first wanted.
pub(crate) type Load = Box<dyn Fn() -> Loaded + Send + Sync>;

/// A singer that is loaded when it is first wanted.
struct Seat {
    id: String,
    load: Load,
    singer: OnceLock<Loaded>,
}

/// All singers by their ids. Clones share what is loaded.
#[derive(Clone)]
pub struct Choir(Vec<Arc<Seat>>);

impl fmt::Debug for Choir {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.ids()).finish()
    }
}

/// Every singer that ships. To add one, add its row here and its instrument, with the engine
/// `voice:ID`, to `data/instruments/voices.toml`.
const STANDARD: &[(&str, Maker)] = &[
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
fn own(id: &str) -> Loaded {
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
            let seat = |(id, load): &(&str, Maker)| {
                Arc::new(Seat {
                    id: (*id).to_owned(),
                    load: Box::new(*load),
                    singer: OnceLock::new(),
                })
            };
            Choir(STANDARD.iter().map(seat).collect())
        });
        SHARED.clone()
    }

    /// Adds a singer; one of the same id that was there leaves.
    pub(crate) fn seat(&mut self, id: &str, load: Load) {
        self.0.retain(|seat| seat.id != id);
        self.0.push(Arc::new(Seat {
            id: id.to_owned(),
            load,
            singer: OnceLock::new(),
        }));
    }

    /// Ids of all singers, those that ship first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|seat| seat.id.as_str())
    }

    /// Whether a singer ships with the program.
    pub fn ships(id: &str) -> bool {
        STANDARD.iter().any(|(own, _)| *own == id)
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
            .get_or_init(|| apart(&seat.load))
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
    let beside = song
        .plan
        .cast
        .iter()
        .any(|member| member.id == track && member.sings.is_some());
    let Some(voice) = song.voices.get(track) else {
        return Expression {
            beside,
            ..Expression::default()
        };
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
        beside,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;
    use std::{sync::mpsc, thread, time::Duration};

    #[test]
    fn a_voice_that_loads_on_threads_of_its_own_is_waited_for() {
        let pool = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().expect("threads can be had")
        };
        let mut choir = Choir::standard();
        let load = move || -> Loaded {
            pool(1).install(|| thread::sleep(Duration::from_millis(20)));
            Err(VoiceError::new("silent".to_owned(), "无声".to_owned()))
        };
        choir.seat("voice-slow", Box::new(load));
        let (done, all) = mpsc::channel();
        // Never joined: it would wait for ever where workers take each other's work within the lock.
        thread::spawn(move || {
            let phrases = 0..64;
            let sung = phrases.into_par_iter().map(|_| choir.singer("voice-slow"));
            let silent = pool(2).install(|| sung.filter(Result::is_err).count());
            done.send(silent)
        });
        assert_eq!(all.recv_timeout(Duration::from_secs(60)), Ok(64));
    }
}
