//! Turns a reading into played notes, step by step.

use crate::{
    curves, dynamics, lengths, ornaments,
    reading::{Reading, Site, micro},
    rules::{Groove, Rulebook, Rules},
    timing,
};
use std::ops::Range;
use yuefu_audio::{Curve, Seconds};
use yuefu_song::{Articulation, Family, PerformedNote, PerformedPhrase, Role};

/// A note on its way from the page to the hand.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// Index of the written note.
    pub site: usize,
    pub on: f64,
    pub off: f64,
    pub key: u8,
    pub velocity: f32,
    pub articulation: Articulation,
    pub legato: bool,
    pub pitch: Curve,
    pub level: Curve,
    pub tone: Curve,
}

/// A stretch of a phrase in one breath.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// Onset of its first note.
    pub start: f64,
    /// Onset of its last note.
    pub last: f64,
    /// Onset of its highest note.
    pub peak: f64,
}

/// A reading with what follows from it for all steps.
pub(crate) struct Player<'a> {
    pub reading: &'a Reading,
    pub rules: Rules,
    pub groove: Groove,
    pub book: &'static Rulebook,
    /// Ranges of notes that start together.
    pub chords: Vec<Range<usize>>,
    /// Whether one line is played at a time.
    pub mono: bool,
    /// Line of each note.
    pub lines: Vec<Line>,
    /// Whether a note is the last of its line.
    pub closes: Vec<bool>,
    /// Whether a note is the first of its line.
    pub opens: Vec<bool>,
}

/// Plays a phrase. The same reading always gives the same notes.
pub fn play(reading: &Reading) -> PerformedPhrase {
    let player = Player::new(reading);
    let mut drafts: Vec<Draft> = reading
        .notes
        .iter()
        .enumerate()
        .map(|(index, site)| Draft {
            site: index,
            on: site.on,
            off: site.end,
            key: player.fold(site.key),
            velocity: f32::from(site.velocity) / 127.0,
            articulation: site.articulation,
            legato: false,
            pitch: Curve::default(),
            level: Curve::default(),
            tone: Curve::default(),
        })
        .collect();
    dynamics::apply(&player, &mut drafts);
    timing::apply(&player, &mut drafts);
    lengths::apply(&player, &mut drafts);
    curves::apply(&player, &mut drafts);
    let drafts = ornaments::apply(&player, drafts);
    PerformedPhrase {
        instrument: reading.instrument.clone(),
        notes: tidy(&player, drafts),
        length: Seconds(reading.length),
        seed: reading.seed,
    }
}

impl<'a> Player<'a> {
    fn new(reading: &'a Reading) -> Self {
        let book = Rulebook::shipped();
        let rules = book.rules(&reading.instrument, reading.family);
        let groove = book.groove(reading.role);
        let notes = &reading.notes;
        let mut chords: Vec<Range<usize>> = Vec::new();
        for (index, site) in notes.iter().enumerate() {
            match chords.last_mut() {
                Some(chord) if notes[chord.start].at == site.at => chord.end = index + 1,
                _ => chords.push(index..index + 1),
            }
        }
        let mono = rules.mono && chords.iter().all(|chord| chord.len() == 1);
        let mut player = Self {
            reading,
            rules,
            groove,
            book,
            chords,
            mono,
            lines: Vec::new(),
            closes: vec![false; notes.len()],
            opens: vec![false; notes.len()],
        };
        player.find_lines();
        player
    }

    /// Parts a phrase where its melody rests for most of a beat; other roles are one line.
    fn find_lines(&mut self) {
        let notes = &self.reading.notes;
        let mut start = 0;
        let mut end = f64::MIN;
        for index in 0..=notes.len() {
            let parted = index == notes.len()
                || (self.melodic()
                    && index > start
                    && notes[index].on - end > 0.7 * notes[index].quarter);
            if parted && index > start {
                let line = &notes[start..index];
                let from = line[0].on;
                // The peak is the highest note, of several the longest; where a part does not
                // move, a point past its middle.
                let top = line.iter().map(|s| s.key).max().unwrap_or(0);
                let low = line.iter().map(|s| s.key).min().unwrap_or(0);
                let peak = line
                    .iter()
                    .filter(|s| s.key == top)
                    .max_by(|a, b| (a.end - a.on).total_cmp(&(b.end - b.on)))
                    .map_or(from, |s| s.on);
                let peak = if top - low < 3 || !self.melodic() {
                    from + 0.6 * (line[line.len() - 1].on - from)
                } else {
                    peak
                };
                self.opens[start] = true;
                self.closes[index - 1] = true;
                let whole = Line {
                    start: from,
                    last: line[line.len() - 1].on,
                    peak,
                };
                self.lines.extend(std::iter::repeat_n(whole, index - start));
                start = index;
                end = f64::MIN;
            }
            if let Some(site) = notes.get(index) {
                end = end.max(site.end);
            }
        }
    }

    /// Whether the role carries a tune.
    pub fn melodic(&self) -> bool {
        matches!(
            self.reading.role,
            Role::Vocal | Role::Lead | Role::Counter | Role::Harmony | Role::Backing
        )
    }

    /// Whether keys name drums.
    pub fn drums(&self) -> bool {
        self.reading.role.is_percussion() && self.reading.family == Family::Kit
    }

    /// Whether a held note sounds on at full level.
    pub fn sustains(&self) -> bool {
        matches!(
            self.reading.family,
            Family::Organ
                | Family::Bowed
                | Family::Ensemble
                | Family::Brass
                | Family::Reed
                | Family::Flute
                | Family::Voice
                | Family::SynthLead
                | Family::SynthPad
        ) && self.rules.length.ring <= 0.0
    }

    /// Whether an articulation is left to the instrument.
    pub fn leaves(&self, articulation: Articulation) -> bool {
        self.rules.strokes.by_instrument.contains(&articulation)
    }

    pub fn site(&self, draft: &Draft) -> &Site {
        &self.reading.notes[draft.site]
    }

    /// A key brought into the instrument's range by octaves; drums stay as they are.
    pub fn fold(&self, key: u8) -> u8 {
        let [low, high] = self.reading.range;
        if self.drums() || self.reading.family == Family::Effect {
            return key.min(127);
        }
        let mut key = key.min(127);
        while key < low && key <= 115 {
            key += 12;
        }
        while key > high && key >= 12 {
            key -= 12;
        }
        key.clamp(low, high.max(low))
    }
}

/// Brings the notes in order and rules out what no hand can do: two strokes of one key at once,
/// notes without length, a wind player with two notes.
fn tidy(player: &Player<'_>, mut drafts: Vec<Draft>) -> Vec<PerformedNote> {
    let earliest = player.reading.earliest;
    let least = f64::from(player.rules.length.least) * 1e-3;
    for draft in &mut drafts {
        // Adding zero turns a negative zero into a plain one.
        draft.on = micro(draft.on.max(earliest)) + 0.0;
        draft.off = micro(draft.off.max(draft.on + least * 0.5));
    }
    drafts.sort_by(|a, b| a.on.total_cmp(&b.on).then(a.key.cmp(&b.key)));
    let mut kept: Vec<Draft> = Vec::with_capacity(drafts.len());
    let mut latest: [Option<usize>; 128] = [None; 128];
    for draft in drafts {
        let key = usize::from(draft.key);
        if let Some(earlier) = latest[key].map(|index| &mut kept[index]) {
            if draft.on - earlier.on < 0.008 {
                // One stroke: the stronger touch and the longer hold.
                earlier.velocity = earlier.velocity.max(draft.velocity);
                earlier.off = earlier.off.max(draft.off);
                continue;
            }
            // The finger leaves the key a moment before it strikes again.
            let lift = (0.25 * (draft.on - earlier.on)).min(0.004);
            earlier.off = earlier.off.min(draft.on - lift);
        }
        if player.mono
            && let Some(earlier) = kept.last_mut()
        {
            let overlap = if draft.legato {
                f64::from(player.rules.length.overlap) * 1e-3
            } else {
                0.0
            };
            earlier.off = earlier
                .off
                .min((draft.on + overlap).max(earlier.on + 0.002));
        }
        latest[key] = Some(kept.len());
        kept.push(draft);
    }
    // Of several strokes of one note the first sings.
    let mut sung = vec![false; player.reading.notes.len()];
    kept.into_iter()
        .map(|draft| PerformedNote {
            lyric: match std::mem::replace(&mut sung[draft.site], true) {
                false => player.reading.notes[draft.site].lyric.clone(),
                true => None,
            },
            on: Seconds(micro(draft.on)),
            off: Seconds(micro(draft.off.max(draft.on + 0.001))),
            key: draft.key,
            velocity: draft.velocity.clamp(0.02, 1.0),
            articulation: draft.articulation,
            pitch: draft.pitch,
            level: draft.level,
            tone: draft.tone,
            legato: draft.legato,
        })
        .collect()
}
