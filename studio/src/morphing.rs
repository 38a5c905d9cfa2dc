//! Tunes on the way from one to another: from files, or from styles, whose tunes are composed.

use crate::{
    DiskWorld, Studio,
    error::StudioError,
    import::{Remark, read_file},
};
use std::path::Path;
use yuefu_composer::{
    Morpher,
    events::Sung,
    pages::{Pages, STEPS},
};
use yuefu_engine::{SeedPath, World};
use yuefu_scorefile::{MidiOptions, ScoreFile, write_midi};
use yuefu_song::{
    Brief, Note, Origin, Phrase, ReleasePlan, Role, Score, Section, SectionKind, Track,
    brief::{VoiceWish, Weighted},
    lead_of, line_of,
};
use yuefu_theory::{Key, Metre, Mode, TickSpan, Ticks, Timeline};

/// Most tunes of a way, both ends counted.
pub const MOST_STEPS: usize = 32;
/// Most pages of two bars of a tune.
const MOST_PAGES: usize = 64;
/// Pages of a tune that is composed for a style.
const STYLE_PAGES: usize = 8;
/// Pulses of a quarter in the files.
const PPQ: u16 = 480;

/// A way from one tune to another.
#[derive(Clone, Debug)]
pub struct Way {
    /// The tunes as MIDI files; the first and the last are what was given, on sixteenths.
    pub tunes: Vec<Vec<u8>>,
    /// All of them one after another, as a MIDI file.
    pub whole: Vec<u8>,
    /// The same as a picture (PNG).
    pub picture: Vec<u8>,
    /// What was found, assumed, or left out.
    pub remarks: Vec<Remark>,
}

/// A tune at one end.
struct End {
    pages: Pages,
    bpm: f64,
}

impl Studio {
    /// Tunes on the way from one to another, `steps` in all. An end is a MIDI, MusicXML or ABC file
    /// with a tune in 4/4, or the name of a style, for which a tune is composed.
    ///
    /// # Errors
    /// When an end is neither, cannot be read, has no tune or is not in 4/4, or `steps` is out of
    /// reach.
    pub fn morph_tunes(
        &self,
        from: &Path,
        to: &Path,
        steps: usize,
        seed: u64,
    ) -> Result<Way, StudioError> {
        if !(2..=MOST_STEPS).contains(&steps) {
            return Err(StudioError::input(
                format!("expected 2 to {MOST_STEPS} steps, found {steps}"),
                format!("步数应为 2 到 {MOST_STEPS}，却是 {steps}"),
            ));
        }
        let morpher =
            Morpher::shipped().map_err(|fault| StudioError::Internal(fault.to_string()))?;
        let mut remarks = Vec::new();
        let a = self.end(from, seed, &mut remarks)?;
        // Two styles with one seed would begin alike.
        let b = self.end(to, seed.wrapping_add(1), &mut remarks)?;
        let mut rng = SeedPath::song(seed).join("morph").rng();
        let made = morpher.morph(&a.pages, &b.pages, steps, &mut rng);
        let tempo = |step: usize| a.bpm + (b.bpm - a.bpm) * step as f64 / (steps - 1) as f64;
        let alone = made.iter().enumerate().map(|(step, pages)| {
            let score = self.score_of(&[(pages, tempo(step))]);
            self.tune_file(score, &format!("{}/{steps}", step + 1))
        });
        let tunes = alone.collect();
        let all: Vec<(&Pages, f64)> = made
            .iter()
            .enumerate()
            .map(|(step, pages)| (pages, tempo(step)))
            .collect();
        let score = self.score_of(&all);
        let picture = yuefu_draw::roll::raster(&score, 1600).png();
        Ok(Way {
            tunes,
            picture: picture.map_err(StudioError::Internal)?,
            whole: self.tune_file(score, "Morph"),
            remarks,
        })
    }

    fn end(&self, given: &Path, seed: u64, remarks: &mut Vec<Remark>) -> Result<End, StudioError> {
        let word = given.to_string_lossy();
        let style = self.book.styles().iter().find(|style| {
            style.id == word || style.en.eq_ignore_ascii_case(&word) || style.zh == word
        });
        let (score, most) = match style {
            // A file counts before a style that is called like it.
            Some(style) if !given.exists() => {
                let brief = Brief {
                    styles: vec![Weighted::new(style.id.clone(), 1.0)],
                    metre: Some(Metre::common()),
                    voice: VoiceWish::Instrumental,
                    seed: Some(seed),
                    ..Brief::default()
                };
                let made = self.compose_brief(brief, &ReleasePlan::streaming())?;
                (made.song.score, STYLE_PAGES)
            }
            _ => {
                let name = given.file_stem().unwrap_or_default().to_string_lossy();
                let bytes = read_file(given)?;
                let (imported, _) = self.import_tune(&bytes, &name, &ReleasePlan::streaming())?;
                remarks.extend(imported.remarks);
                (imported.song.score, MOST_PAGES)
            }
        };
        let tune = lead_of(&score).or(score.tracks.iter().find(|t| !t.role.is_percussion()));
        let line = tune.map(line_of).unwrap_or_default();
        let Some(first) = line.first() else {
            return Err(StudioError::input(
                format!("{word}: expected a tune, found none."),
                format!("{word}：需要旋律，却没有找到。"),
            ));
        };
        let metre = score.timeline.metre(first.at);
        let common = |at: Ticks| *score.timeline.metre(at) == Metre::common();
        if !line.iter().all(|note| common(note.at)) {
            return Err(StudioError::input(
                format!(
                    "{word}: expected 4/4 throughout, which morphing has learned; found {metre}."
                ),
                format!("{word}：变形只学过 4/4 拍，这里有 {metre}。"),
            ));
        }
        let start = first.at - score.timeline.bar_of(first.at).1;
        let end = start + Ticks::WHOLE * (2 * most) as i64;
        let notes: Vec<Sung> = line
            .iter()
            .filter(|note| note.at < end)
            .map(|note| Sung {
                at: note.at,
                len: note.len.min(end - note.at),
                key: i32::from(note.key),
                begins: None,
            })
            .collect();
        if notes.len() < line.len() && style.is_none() {
            let bars = 2 * most;
            remarks.push(Remark::new(
                format!("{word}: only the first {bars} bars are used"),
                format!("{word}：只用了前 {bars} 小节"),
            ));
        }
        let key = score.key_at(first.at);
        Ok(End {
            pages: Pages::of(&notes, start, key.tonic.pc(), key.mode.is_minor()),
            bpm: score.timeline.bpm(first.at),
        })
    }

    /// Tunes one after another as a score, each a section.
    fn score_of(&self, tunes: &[(&Pages, f64)]) -> Score {
        let mut score = Score {
            timeline: Timeline::steady(tunes[0].1, Metre::common()),
            sections: Vec::new(),
            chords: Vec::new(),
            tracks: vec![Track {
                id: "tune".to_owned(),
                role: Role::Lead,
                instrument: "grand-piano".to_owned(),
                phrases: Vec::new(),
            }],
        };
        let mut start = Ticks::ZERO;
        for (number, (pages, bpm)) in tunes.iter().enumerate() {
            let sixteenths = (pages.pages.len() * STEPS) as i64;
            let span = TickSpan::new(start, start + Ticks::of(1, 16) * sixteenths);
            let mode = if pages.minor {
                Mode::Minor
            } else {
                Mode::Major
            };
            let key = Key::simplest(pages.tonic.rem_euclid(12) as u8, mode);
            let notes = pages.notes().into_iter().map(|note| {
                // What is on the beat weighs a little more.
                let velocity = if note.at.0 % Ticks::QUARTER.0 == 0 {
                    84
                } else {
                    76
                };
                Note::new(note.at, note.len, key.spell(note.key), velocity)
            });
            score.tracks[0].phrases.push(Phrase::new(
                format!("{}", number + 1),
                span,
                Origin::Imported,
                notes.collect(),
            ));
            score.sections.push(Section {
                id: format!("{}", number + 1),
                kind: SectionKind::Verse,
                span,
                key,
                energy: 0.5,
            });
            if number > 0 {
                let mut point = score.timeline.tempo[0];
                point.at = span.start;
                point.bpm = *bpm;
                score.timeline.tempo.push(point);
            }
            start = span.end;
        }
        score
    }

    fn tune_file(&self, score: Score, title: &str) -> Vec<u8> {
        let file = ScoreFile::new(title, "", score, &self.catalog);
        let options = MidiOptions {
            ppq: PPQ,
            ..MidiOptions::default()
        };
        write_midi(&file, &options, &self.catalog)
    }
}

/// Writes a way into a folder: `1.mid`, `2.mid` ..., `all.mid` and `all.png`, each whole or not at
/// all. Answers the names.
///
/// # Errors
/// When the disk refuses.
pub fn write_way(way: &Way, folder: &Path) -> Result<Vec<String>, StudioError> {
    let world = DiskWorld::new(folder);
    let alone = way.tunes.iter().enumerate();
    let mut files: Vec<(String, &[u8])> = alone
        .map(|(index, bytes)| (format!("{}.mid", index + 1), bytes.as_slice()))
        .collect();
    files.push(("all.mid".to_owned(), &way.whole));
    files.push(("all.png".to_owned(), &way.picture));
    for (name, bytes) in &files {
        world.write(name, bytes)?;
    }
    Ok(files.into_iter().map(|(name, _)| name).collect())
}
