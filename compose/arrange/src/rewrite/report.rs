//! What came of a wish: new takes, and what was left alone.

use yuefu_engine::SeedPath;
use yuefu_song::{Note, Origin, Score, Take};

/// New takes of phrases, and what was left alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rewritten {
    /// Phrases that were written anew, in score order.
    pub phrases: Vec<PhraseTakes>,
    /// Phrases of the selection that were not, and why.
    pub left: Vec<LeftAlone>,
}

/// The new takes of one phrase.
#[derive(Clone, Debug, PartialEq)]
pub struct PhraseTakes {
    /// Id of its track.
    pub track: String,
    /// Id of the phrase.
    pub phrase: String,
    /// Its new takes, in the order of the request.
    pub takes: Vec<Take>,
}

/// A phrase that was not written anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftAlone {
    /// Id of its track.
    pub track: String,
    /// Id of the phrase; empty when the track has none in the selection.
    pub phrase: String,
    /// Why.
    pub why: Why,
}

/// Why a phrase was left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is locked.
    Locked,
    /// The track rests there.
    Rests,
    /// The wish changes nothing: the instrument's range ends there, nothing can be left out, or
    /// the part has no such freedom.
    NoRoom,
    /// It takes its notes from the lead.
    Led,
    /// The lead beside which it sings is another now, but it is locked.
    Behind,
}

impl Why {
    /// The reason as a clause, English and Chinese.
    pub fn text(self) -> (&'static str, &'static str) {
        match self {
            Self::Locked => ("it is locked", "已锁定"),
            Self::Rests => ("the track rests there", "该音轨在此处休止"),
            Self::NoRoom => (
                "the wish leaves no room there: the range ends, or nothing can be added or left out",
                "此处没有余地：已到音域边界，或无可增减",
            ),
            Self::Led => (
                "it takes its notes from the lead, and follows when the lead is written anew",
                "它的音取自主唱：主唱重写时它会跟随",
            ),
            Self::Behind => (
                "it is locked, and sings beside what the lead sang before",
                "已锁定，唱的仍与主唱先前的旋律相配",
            ),
        }
    }
}

impl Rewritten {
    /// Puts the new takes into a score; the first of them becomes the present one.
    pub fn record(&self, score: &mut Score) {
        for new in &self.phrases {
            let track = score.tracks.iter_mut().find(|t| t.id == new.track);
            let phrase = track.and_then(|t| t.phrases.iter_mut().find(|p| p.id == new.phrase));
            let Some(phrase) = phrase.filter(|p| !p.locked) else {
                continue;
            };
            for take in &new.takes {
                phrase.record(take.clone());
            }
            if let Some(first) = new.takes.first() {
                phrase.switch(first.number);
            }
        }
    }

    /// Keeps a new take of a phrase, in the score of this round too.
    pub(super) fn add(
        &mut self,
        now: &mut Score,
        seed: &SeedPath,
        (track, phrase): (&str, &str),
        number: u32,
        notes: Vec<Note>,
        engine: &str,
    ) {
        let path = seed.join("arrange").join(track).join(phrase);
        let take = Take {
            number,
            origin: Origin::Generated {
                engine: engine.into(),
                path: path.as_str().into(),
                take: number,
            },
            notes,
        };
        let tracks = now.tracks.iter_mut();
        let mine = tracks
            .filter(|t| t.id == track)
            .flat_map(|t| &mut t.phrases);
        for mine in mine.filter(|p| p.id == phrase) {
            mine.record(take.clone());
        }
        let mut known = self.phrases.iter_mut();
        match known.find(|p| p.track == track && p.phrase == phrase) {
            Some(known) => known.takes.push(take),
            None => self.phrases.push(PhraseTakes {
                track: track.to_owned(),
                phrase: phrase.to_owned(),
                takes: vec![take],
            }),
        }
    }

    /// Notes that a phrase was left alone; what was said of it before gives way.
    pub(super) fn leave(&mut self, track: &str, phrase: &str, why: Why) {
        self.left.retain(|l| l.track != track || l.phrase != phrase);
        self.left.push(LeftAlone {
            track: track.to_owned(),
            phrase: phrase.to_owned(),
            why,
        });
    }
}
