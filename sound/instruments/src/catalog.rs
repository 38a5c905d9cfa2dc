//! The orchestra: the catalog of instruments, and who plays which.

use crate::{Instrument, drum, model, synth};
use yuefu_audio::{AudioBuffer, Clip, Frames, SampleRate};
use yuefu_song::{Catalog, InstrumentProfile, PerformedPhrase};

/// All instruments that ship, ready to play.
#[derive(Clone, Debug)]
pub struct Orchestra {
    catalog: Catalog,
}

impl Orchestra {
    /// The shipped instruments.
    pub fn standard() -> Self {
        let files: Vec<(&str, &str)> = yuefu_data::names("instruments")
            .filter(|name| name.ends_with(".toml"))
            .filter_map(|name| Some((name, yuefu_data::text(name)?)))
            .collect();
        let catalog = Catalog::parse(&files).expect("the shipped catalog is tested");
        Self { catalog }
    }

    /// The profiles of all instruments.
    pub fn profiles(&self) -> &[InstrumentProfile] {
        self.catalog.profiles()
    }

    /// The profile of an id.
    pub fn profile(&self, id: &str) -> Option<&InstrumentProfile> {
        self.catalog.profile(id)
    }

    /// Renders a phrase with the instrument it names; silence when there is none.
    pub fn render(&self, phrase: &PerformedPhrase, rate: SampleRate) -> Clip {
        let engine = self.profile(&phrase.instrument).map_or("", |p| &p.engine);
        let instrument: Option<Box<dyn Instrument>> = match engine.split_once(':') {
            Some(("model", name)) => model::instrument(name),
            Some(("synth", name)) => synth::instrument(name),
            Some(("kit", name)) => drum::instrument(name),
            _ => None,
        };
        instrument.map_or_else(
            || Clip {
                start: Frames(0),
                audio: AudioBuffer::silent(rate, 2, 0),
            },
            |instrument| instrument.render(phrase, rate),
        )
    }
}
