//! Drum grooves by themselves: new ones, written ones played with feel, ways from one to another.

use crate::{DiskWorld, Studio, error::StudioError};
use std::path::Path;
use yuefu_drummer::{
    Drummer,
    drummer::{Draw, Written, fills, free, written},
    features::{Ground, STYLES},
    groove::{BAR, Hit, KEYS, STEPS, kind_of, tidy},
    swing::Swing,
};
use yuefu_engine::{SeedPath, World};
use yuefu_scorefile::{MidiOptions, ScoreFile, write_midi};
use yuefu_song::{Note, Origin, Phrase, Role, Score, Track};
use yuefu_theory::{Metre, Pitch, TickSpan, Ticks, Timeline};

/// Most bars of a new groove.
pub const MOST_BARS: usize = 256;
/// How much later pairs of bars keep to the first, in logits.
const KEEPS: f32 = 2.0;
/// Tries to find a fill that is one.
const TRIES: usize = 6;
/// Pulses of a quarter in the files: fine enough for a hand's timing.
const PPQ: u16 = 960;

/// What a groove shall be.
#[derive(Clone, Debug, PartialEq)]
pub struct GrooveWish {
    /// A style of drumming (`funk`) or of songs (`city-pop`); `None`: any.
    pub style: Option<String>,
    /// Bars.
    pub bars: usize,
    /// Quarters a minute; `None`: what is usual in the style.
    pub bpm: Option<f64>,
    /// Where all chance comes from.
    pub seed: u64,
}

/// A groove as a file has it.
struct Heard {
    ground: Ground,
    hits: Vec<Hit>,
}

impl Studio {
    fn kit_player(&self) -> Result<&Drummer, StudioError> {
        let missing = || StudioError::Internal("this build has no drummer".to_owned());
        self.drummer.as_deref().ok_or_else(missing)
    }

    /// The drummers' style, the usual tempo and swing that a word means.
    fn groove_style(&self, word: &str) -> Result<(usize, Option<(f64, Swing)>), StudioError> {
        let place = |name: &str| STYLES.iter().position(|style| *style == name);
        let song = self.book.styles().iter().find(|style| {
            style.id == word || style.en.eq_ignore_ascii_case(word) || style.zh == word
        });
        let usual = song.map(|style| {
            let [slow, fast] = style.tempo;
            let swing = f64::from(style.feel.swing.clamp(0.0, 1.0));
            let sixteenths = style.feel.swing_unit == 16;
            let swing = Swing {
                eighths: if sixteenths { 0.0 } else { swing },
                sixteenths: if sixteenths { swing } else { 0.0 },
            };
            (((slow + fast) / 2.0).round(), swing)
        });
        let like = song.and_then(|style| style.drummer.name());
        match like.or(Some(word)).and_then(place) {
            Some(index) => Ok((index, usual)),
            None if song.is_some() => Err(StudioError::input(
                format!(
                    "no drummer was learned from who plays like `{word}`: rules play its drums"
                ),
                format!("没有学过“{word}”这种风格的鼓手：它的鼓由规则写成"),
            )),
            None => Err(StudioError::input(
                format!(
                    "expected a style of drumming ({}) or of songs, found `{word}`",
                    STYLES.join(", ")
                ),
                format!(
                    "应为鼓的风格（{}）或歌曲风格，却是“{word}”",
                    STYLES.join("、")
                ),
            )),
        }
    }

    /// A new groove as a MIDI file: pairs of bars near one idea, with a fill at the end of four bars
    /// and more.
    ///
    /// # Errors
    /// When the style is unknown, or bars or tempo are out of reach.
    pub fn new_groove(&self, wish: &GrooveWish) -> Result<Vec<u8>, StudioError> {
        let player = self.kit_player()?;
        if !(1..=MOST_BARS).contains(&wish.bars) {
            return Err(StudioError::input(
                format!("expected 1 to {MOST_BARS} bars, found {}", wish.bars),
                format!("小节数应为 1 到 {MOST_BARS}，却是 {}", wish.bars),
            ));
        }
        let style = wish.style.as_deref().map(|word| self.groove_style(word));
        let (style, usual) = match style.transpose()? {
            Some((style, usual)) => (Some(style), usual),
            None => (None, None),
        };
        let (tempo, swing) = usual.unwrap_or((110.0, Swing::default()));
        let tempo = tempo_in_reach(wish.bpm.unwrap_or(tempo))?;
        let ground = Ground {
            style,
            tempo,
            fill: false,
            swing,
        };
        let seed = SeedPath::song(wish.seed).join("groove");
        let mut rng = seed.join("idea").rng();
        let idea = player.idea(&ground, &mut rng);
        let first = player.write(&ground, &Draw::new(&idea, 0.8), &mut rng);
        let mut hits: Vec<Hit> = Vec::new();
        for pair in 0..wish.bars.div_ceil(2) {
            let mut rng = seed.join("pair").join(pair).rng();
            let draw = Draw {
                near: [Some((&first, KEEPS)), None],
                given: if pair == 0 { STEPS } else { 0 },
                ..Draw::new(&idea, 0.8)
            };
            let rows = player.write(&ground, &draw, &mut rng);
            let played = player.play(&ground, &free(&rows), Some(&idea), None, &mut rng);
            hits.extend(played.into_iter().map(|hit| Hit {
                step: hit.step + pair * STEPS,
                ..hit
            }));
        }
        let last = (wish.bars - 1) * BAR;
        hits.retain(|hit| hit.step < last + BAR);
        if wish.bars >= 4 {
            let ground = Ground {
                fill: true,
                ..ground
            };
            let mut rng = seed.join("fill").rng();
            for _ in 0..TRIES {
                let idea = player.idea(&ground, &mut rng);
                let draw = Draw {
                    steps: BAR,
                    ..Draw::new(&idea, 0.9)
                };
                let rows = player.write(&ground, &draw, &mut rng);
                if fills(&rows, 0) {
                    let fill = player.play(&ground, &free(&rows), Some(&idea), None, &mut rng);
                    hits.retain(|hit| hit.step < last);
                    hits.extend(fill.into_iter().map(|hit| Hit {
                        step: hit.step + last,
                        ..hit
                    }));
                    break;
                }
            }
        }
        Ok(self.groove_file(&ground, &hits, wish.bars))
    }

    /// A drum part of a MIDI, MusicXML or ABC file played with feel: every hit gets the force and the
    /// time that a drummer would give it. What is written off the grid stays off it; other tracks
    /// stay as they are. The answer is a MIDI file.
    ///
    /// # Errors
    /// When the file cannot be read, has no drums, or is not in 4/4.
    pub fn humanize_groove(
        &self,
        path: &Path,
        style: Option<&str>,
        seed: u64,
    ) -> Result<Vec<u8>, StudioError> {
        let player = self.kit_player()?;
        let mut file = self.drum_file(path)?;
        let style = style.map(|word| self.groove_style(word)).transpose()?;
        let seed = SeedPath::song(seed).join("humanize");
        for index in 0..file.score.tracks.len() {
            if !file.score.tracks[index].role.is_percussion() {
                continue;
            }
            let mut heard = heard(&file.score, index);
            heard.ground.style = style.map(|(style, _)| style);
            // A machine's even force says nothing; levels that differ do.
            let flat = heard
                .hits
                .iter()
                .all(|hit| (hit.force - heard.hits[0].force).abs() < 0.04);
            let page: Vec<Written> = match flat {
                true => written(&heard.hits)
                    .into_iter()
                    .map(|w| Written { level: None, ..w })
                    .collect(),
                false => written(&heard.hits),
            };
            let mut rng = seed.join(index).rng();
            let played = player.play(&heard.ground, &page, None, None, &mut rng);
            let track = &mut file.score.tracks[index];
            for phrase in &mut track.phrases {
                for note in &mut phrase.notes {
                    let at = phrase.span.start + note.at;
                    let step = heard.ground.swing.nearest(sixteenths(at));
                    let place = kind_of(note.key()).map(|kind| (step, kind));
                    let found = played
                        .iter()
                        .find(|hit| Some((hit.step, hit.kind)) == place);
                    if let Some(hit) = found {
                        note.velocity = (hit.force * 127.0).round().clamp(1.0, 127.0) as u8;
                        let later = Ticks((f64::from(hit.late) * sixteenth()).round() as i64);
                        note.at = (at + later).max(Ticks::ZERO) - phrase.span.start;
                    }
                }
                phrase.notes.sort_by_key(|note| (note.at, note.pitch));
            }
        }
        let options = MidiOptions {
            ppq: PPQ,
            ..MidiOptions::default()
        };
        Ok(write_midi(&file, &options, &self.catalog))
    }

    /// Grooves on the way from the first two bars of one file to those of another, `steps` in all, as
    /// MIDI files; the first and the last are what was given.
    ///
    /// # Errors
    /// As [`Self::humanize_groove`], and when `steps` is out of reach.
    pub fn morph_grooves(
        &self,
        from: &Path,
        to: &Path,
        steps: usize,
        seed: u64,
    ) -> Result<Vec<Vec<u8>>, StudioError> {
        let player = self.kit_player()?;
        if !(2..=64).contains(&steps) {
            return Err(StudioError::input(
                format!("expected 2 to 64 steps, found {steps}"),
                format!("步数应为 2 到 64，却是 {steps}"),
            ));
        }
        let two = |path: &Path| -> Result<Heard, StudioError> {
            let file = self.drum_file(path)?;
            let mut tracks = file.score.tracks.iter();
            let index = tracks.position(|track| track.role.is_percussion());
            let mut heard = heard(&file.score, index.unwrap_or(0));
            heard.hits.retain(|hit| hit.step < STEPS);
            Ok(heard)
        };
        let (a, b) = (two(from)?, two(to)?);
        let mut rng = SeedPath::song(seed).join("morph").rng();
        let made = player.morph((&a.ground, &a.hits), (&b.ground, &b.hits), steps, &mut rng);
        let last = (steps - 1) as f64;
        let files = made.iter().enumerate().map(|(step, hits)| {
            let at = step as f64 / last;
            let mix = |a: f64, b: f64| a + (b - a) * at;
            let ground = Ground {
                tempo: mix(a.ground.tempo, b.ground.tempo),
                swing: Swing::between(a.ground.swing, b.ground.swing, at),
                ..a.ground
            };
            self.groove_file(&ground, hits, 2)
        });
        Ok(files.collect())
    }

    fn drum_file(&self, path: &Path) -> Result<ScoreFile, StudioError> {
        let bytes = crate::import::read_file(path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let (file, ..) = self.read_score(&bytes, &name)?;
        let drums = |track: &Track| {
            let mut keys = track.phrases.iter().flat_map(|p| &p.notes);
            track.role.is_percussion() && keys.any(|note| kind_of(note.key()).is_some())
        };
        if !file.score.tracks.iter().any(drums) {
            return Err(StudioError::input(
                format!("{} has no drums", path.display()),
                format!("{} 里没有鼓", path.display()),
            ));
        }
        let metre = file.score.timeline.metre(Ticks::ZERO);
        if *metre != Metre::common() {
            return Err(StudioError::input(
                format!(
                    "expected 4/4, which the drummer has learned; {} is in {metre}",
                    path.display()
                ),
                format!("鼓手只学过 4/4，{} 是 {metre}", path.display()),
            ));
        }
        Ok(file)
    }

    /// A MIDI file of hits.
    fn groove_file(&self, ground: &Ground, hits: &[Hit], bars: usize) -> Vec<u8> {
        let end = Ticks::WHOLE * bars as i64;
        let mut notes: Vec<Note> = hits
            .iter()
            .map(|hit| {
                let at = ground.swing.place(hit.step) + f64::from(hit.late);
                let at = Ticks((at * sixteenth()).round() as i64).max(Ticks::ZERO);
                let key = Pitch::from_midi(i32::from(KEYS[hit.kind]));
                let force = (hit.force * 127.0).round().clamp(1.0, 127.0) as u8;
                Note::new(at, Ticks::of(1, 32), key, force)
            })
            .collect();
        notes.sort_by_key(|note| (note.at, note.pitch));
        let span = TickSpan::new(Ticks::ZERO, end);
        let score = Score {
            timeline: Timeline::steady(ground.tempo, Metre::common()),
            sections: Vec::new(),
            chords: Vec::new(),
            tracks: vec![Track {
                id: "drums".to_owned(),
                role: Role::Drums,
                instrument: "kit-standard".to_owned(),
                phrases: vec![Phrase::new(
                    "groove".to_owned(),
                    span,
                    Origin::Imported,
                    notes,
                )],
            }],
        };
        let file = ScoreFile::new("Groove", "", score, &self.catalog);
        let options = MidiOptions {
            ppq: PPQ,
            ..MidiOptions::default()
        };
        write_midi(&file, &options, &self.catalog)
    }
}

/// Writes a file whole or not at all, with the folders it lies in.
///
/// # Errors
/// When the disk refuses.
pub fn write_groove(path: &Path, bytes: &[u8]) -> Result<(), StudioError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(DiskWorld::new(folder).write(&name, bytes)?)
}

fn sixteenth() -> f64 {
    (Ticks::QUARTER.0 / 4) as f64
}

fn sixteenths(at: Ticks) -> f64 {
    at.0 as f64 / sixteenth()
}

fn tempo_in_reach(bpm: f64) -> Result<f64, StudioError> {
    match (30.0..=300.0).contains(&bpm) {
        true => Ok(bpm),
        false => Err(StudioError::input(
            format!("expected a tempo of 30 to 300, found {bpm}"),
            format!("速度应为 30 到 300，却是 {bpm}"),
        )),
    }
}

/// The groove of a track.
fn heard(score: &Score, index: usize) -> Heard {
    let notes = || {
        let phrases = score.tracks[index].phrases.iter();
        phrases.flat_map(|phrase| {
            let placed = phrase.notes.iter();
            placed.map(|note| (sixteenths(phrase.span.start + note.at), note))
        })
    };
    let places: Vec<f64> = notes().map(|(at, _)| at).collect();
    let swing = Swing::heard(&places);
    let mut hits: Vec<Hit> = notes()
        .filter_map(|(at, note)| {
            let step = swing.nearest(at);
            Some(Hit {
                step,
                kind: kind_of(note.key())?,
                force: f32::from(note.velocity) / 127.0,
                late: (at - swing.place(step)).clamp(-0.5, 0.5) as f32,
            })
        })
        .collect();
    tidy(&mut hits);
    Heard {
        ground: Ground {
            style: None,
            tempo: score.timeline.bpm(Ticks::ZERO),
            fill: false,
            swing,
        },
        hits,
    }
}
