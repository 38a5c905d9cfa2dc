//! What a reader collects before it becomes a score: events with times, in no certain order.

use crate::error::{Place, ScoreFileError, Warning};
use crate::model::{
    Drawn, ScoreFile, ScoreLimits, Stated, Syllable, instrument, instrument_by_name,
};
use yuefu_song::{
    Catalog, ChordSpan, Note, Origin, Phrase, Role, Score, Section, SectionKind, Track,
};
use yuefu_theory::{Chord, Key, Metre, MetreChange, Mode, TempoPoint, TickSpan, Ticks, Timeline};

/// No more warnings than this are kept of one file.
const MOST_WARNINGS: usize = 200;

/// Metre, key, tempo and section changes, each; finding a bar takes time in proportion.
const MOST_CHANGES: usize = 10_000;

/// A track being read. Note starts are absolute.
#[derive(Clone, Debug, Default)]
pub(crate) struct DraftTrack {
    pub(crate) name: String,
    /// The General MIDI program, 0..=127, where the file states one.
    pub(crate) program: Option<u8>,
    pub(crate) percussion: bool,
    pub(crate) notes: Vec<Note>,
    pub(crate) syllables: Vec<(Ticks, String, bool)>,
    /// Pitch as drawn, in any order.
    pub(crate) drawn: Vec<(Ticks, f32)>,
    /// Level as drawn, in any order.
    pub(crate) level: Vec<(Ticks, f32)>,
}

/// Everything read so far. All times are absolute and not negative.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) title: String,
    pub(crate) composer: String,
    pub(crate) tempo: Vec<(Ticks, f64)>,
    pub(crate) metres: Vec<(Ticks, Metre)>,
    pub(crate) keys: Vec<(Ticks, Key)>,
    pub(crate) marks: Vec<(Ticks, String)>,
    pub(crate) chords: Vec<(Ticks, Option<Chord>)>,
    pub(crate) tracks: Vec<DraftTrack>,
    /// The end of the piece where it is known to lie after the last note.
    pub(crate) end: Ticks,
    pub(crate) warnings: Vec<Warning>,
}

impl Draft {
    pub(crate) fn warn(&mut self, place: Place, message: impl Into<String>) {
        if self.warnings.len() < MOST_WARNINGS {
            self.warnings.push(Warning {
                place,
                message: message.into(),
            });
        }
    }

    /// Puts everything in order, drops what cannot be, and builds the score.
    pub(crate) fn finish(
        mut self,
        catalog: &Catalog,
        limits: &ScoreLimits,
    ) -> Result<ScoreFile, ScoreFileError> {
        self.tracks.retain(|t| !t.notes.is_empty());
        if self.tracks.len() > limits.tracks {
            let most = format!("at most {} tracks", limits.tracks);
            return Err(ScoreFileError::too_large(Place::File, most));
        }
        if self.tracks.iter().map(|t| t.notes.len()).sum::<usize>() > limits.notes {
            let most = format!("at most {} notes", limits.notes);
            return Err(ScoreFileError::too_large(Place::File, most));
        }
        let last = self
            .tracks
            .iter()
            .flat_map(|t| t.notes.iter().map(Note::end))
            .max()
            .unwrap_or_default();
        let end = last.max(self.end).max(Ticks(1));
        if end > Ticks::quarters(limits.quarters) {
            let most = format!("at most {} quarter notes", limits.quarters);
            return Err(ScoreFileError::too_large(Place::File, most));
        }
        for count in [
            self.metres.len(),
            self.keys.len(),
            self.marks.len(),
            self.tempo.len(),
        ] {
            if count > MOST_CHANGES {
                let most = format!("at most {MOST_CHANGES} changes of metre, key or tempo");
                return Err(ScoreFileError::too_large(Place::File, most));
            }
        }
        let stated = Stated {
            tempo: !self.tempo.is_empty(),
            metre: !self.metres.is_empty(),
            key: !self.keys.is_empty(),
            sections: !self.marks.is_empty(),
        };
        let timeline = self.timeline();
        // The piece ends with a bar.
        let (bar, into) = timeline.bar_of(end);
        let end = if into > Ticks::ZERO {
            timeline.bar_start(bar + 1)
        } else {
            end
        };
        let sections = self.sections(&timeline, end);
        let chords = self.chords(end);
        let mut score = Score {
            timeline,
            sections,
            chords,
            tracks: Vec::new(),
        };
        let mut names = Vec::new();
        let mut syllables = Vec::new();
        let mut drawn = Vec::new();
        let mut lead = false;
        for (index, draft) in self.tracks.into_iter().enumerate() {
            let sung = !draft.syllables.is_empty();
            for (at, text, continues) in draft.syllables {
                syllables.push(Syllable {
                    track: index,
                    at,
                    text,
                    continues,
                });
            }
            let (pitch, level) = (in_order(draft.drawn), in_order(draft.level));
            if !pitch.is_empty() || !level.is_empty() {
                drawn.push(Drawn {
                    track: index,
                    pitch,
                    level,
                });
            }
            let program = draft.program.unwrap_or(0);
            let role = match program {
                _ if draft.percussion => Role::Drums,
                _ if sung => Role::Vocal,
                32..=39 => Role::Bass,
                88..=95 => Role::Pad,
                96..=103 | 120..=127 => Role::Fx,
                _ if !lead => Role::Lead,
                _ => Role::Comp,
            };
            lead |= matches!(role, Role::Lead | Role::Vocal);
            let mut notes = draft.notes;
            notes.sort_by_key(|n| (n.at, n.pitch, n.len));
            let last = notes.iter().map(Note::end).max().unwrap_or_default();
            // A name speaks for a part only where no program does.
            let named = match draft.program {
                None if !draft.percussion => instrument_by_name(&draft.name, catalog),
                _ => None,
            };
            let instrument =
                named.unwrap_or_else(|| instrument(program, draft.percussion, catalog));
            let mut id = instrument.clone();
            let mut number = 1;
            while score.tracks.iter().any(|t: &Track| t.id == id) {
                number += 1;
                id = format!("{instrument}-{number}");
            }
            score.tracks.push(Track {
                id,
                role,
                instrument,
                phrases: vec![Phrase {
                    id: "imported".into(),
                    span: TickSpan::new(Ticks::ZERO, end.max(last)),
                    origin: Origin::Imported,
                    locked: false,
                    take: 0,
                    takes: Vec::new(),
                    notes,
                }],
            });
            names.push(draft.name);
        }
        Ok(ScoreFile {
            title: self.title,
            composer: self.composer,
            score,
            names,
            syllables,
            drawn,
            warnings: self.warnings,
            stated,
        })
    }

    fn timeline(&mut self) -> Timeline {
        let mut line = Timeline::steady(120.0, Metre::common());
        self.metres.sort_by_key(|(at, _)| *at);
        for (at, metre) in std::mem::take(&mut self.metres) {
            if at <= Ticks::ZERO {
                line.metres[0].metre = metre;
                continue;
            }
            // A metre begins with a bar: one that does not is moved to its barline.
            let (bar, into) = line.bar_of(at);
            let at = if into > Ticks::ZERO {
                let message = format!("the metre {metre} changes inside bar {}", bar + 1);
                self.warn(Place::File, message + "; moved to the next barline");
                line.bar_start(bar + 1)
            } else {
                at
            };
            match line.metres.last_mut() {
                Some(last) if last.at >= at => last.metre = metre,
                Some(last) if last.metre == metre => {}
                _ => line.metres.push(MetreChange { at, metre }),
            }
        }
        self.tempo.sort_by_key(|(at, _)| *at);
        for &(at, bpm) in &self.tempo {
            let bpm = if bpm.is_finite() {
                bpm.clamp(1.0, 2000.0)
            } else {
                120.0
            };
            let at = at.max(Ticks::ZERO);
            match line.tempo.last_mut() {
                Some(last) if last.at >= at => last.bpm = bpm,
                Some(last) if last.bpm == bpm => {}
                _ => line.tempo.push(TempoPoint {
                    at,
                    bpm,
                    ramp: false,
                }),
            }
        }
        line
    }

    fn sections(&mut self, line: &Timeline, end: Ticks) -> Vec<Section> {
        let barline = |at: Ticks| {
            let (bar, into) = line.bar_of(at);
            let start = line.bar_start(bar);
            let bar_len = line.metre(at).bar();
            if into + into >= bar_len {
                line.bar_start(bar + 1)
            } else {
                start
            }
        };
        self.keys.sort_by_key(|(at, _)| *at);
        self.marks.sort_by_key(|(at, _)| *at);
        let mut cuts: Vec<Ticks> = vec![Ticks::ZERO];
        let marks: Vec<(Ticks, String)> = self
            .marks
            .iter()
            .map(|(at, text)| (barline((*at).max(Ticks::ZERO)), text.clone()))
            .collect();
        let mut keys: Vec<(Ticks, Key)> = Vec::new();
        for (at, key) in &self.keys {
            let at = barline((*at).max(Ticks::ZERO));
            match keys.last_mut() {
                Some(last) if last.0 == at => last.1 = *key,
                Some(last) if last.1 == *key => {}
                _ => keys.push((at, *key)),
            }
        }
        cuts.extend(marks.iter().map(|m| m.0));
        cuts.extend(keys.iter().map(|k| k.0));
        cuts.sort();
        cuts.dedup();
        cuts.retain(|at| *at < end);
        let mut key = Key::simplest(0, Mode::Major);
        if let Some((Ticks(0), first)) = keys.first() {
            key = *first;
        }
        let mut kind = SectionKind::Part;
        let mut out: Vec<Section> = Vec::new();
        for (index, start) in cuts.iter().enumerate() {
            if let Some((_, next)) = keys.iter().find(|(at, _)| at == start) {
                key = *next;
            }
            if let Some((_, text)) = marks.iter().rfind(|(at, _)| at == start) {
                kind = section_kind(text);
            }
            let number = 1 + out.iter().filter(|s| s.kind == kind).count();
            let until = cuts.get(index + 1).copied().unwrap_or(end);
            out.push(Section {
                id: format!("{}-{number}", kind.name()),
                kind,
                span: TickSpan::new(*start, until),
                key,
                energy: 0.5,
            });
        }
        out
    }

    fn chords(&mut self, end: Ticks) -> Vec<ChordSpan> {
        self.chords.sort_by_key(|(at, _)| *at);
        let mut out: Vec<ChordSpan> = Vec::new();
        for (index, (at, chord)) in self.chords.iter().enumerate() {
            let until = self.chords.get(index + 1).map_or(end, |next| next.0);
            if let Some(chord) = chord
                && until > *at
            {
                match out.last_mut() {
                    Some(last) if last.chord == *chord && last.span.end == *at => {
                        last.span.end = until;
                    }
                    _ => out.push(ChordSpan {
                        span: TickSpan::new(*at, until),
                        chord: *chord,
                    }),
                }
            }
        }
        out
    }
}

/// What a section's printed name says of it, in English or Chinese; a part if nothing.
fn section_kind(text: &str) -> SectionKind {
    let lower = text.trim().to_lowercase();
    let mut best: Option<(usize, SectionKind)> = None;
    for (kind, name, en, zh) in SectionKind::ALL {
        for word in [name, &en.to_lowercase(), zh] {
            // The longest match wins: a pre-chorus is not a chorus.
            if lower.contains(word) && best.is_none_or(|(len, _)| word.len() > len) {
                best = Some((word.len(), kind));
            }
        }
    }
    best.map_or(SectionKind::Part, |(_, kind)| kind)
}

/// The points of something drawn in order of time.
fn in_order(mut points: Vec<(Ticks, f32)>) -> Vec<(Ticks, f32)> {
    points.retain(|(at, value)| *at >= Ticks::ZERO && value.is_finite());
    points.sort_by_key(|point| point.0);
    points.dedup_by_key(|point| point.0);
    points
}
