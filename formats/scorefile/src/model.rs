//! What all score formats have in common: a score with its names, words and warnings.

use crate::error::{Place, ScoreFileError, Warning};
use yuefu_song::{Catalog, Note, Score, Track};
use yuefu_theory::{Key, Pitch, Ticks};

/// A score with what belongs to it on paper: read from a file, or about to be written to one.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreFile {
    /// Title of the piece; may be empty.
    pub title: String,
    /// Composer or artist; may be empty.
    pub composer: String,
    /// The music.
    pub score: Score,
    /// The printed name of each track of the score, in its order; missing ones are made from
    /// the catalog.
    pub names: Vec<String>,
    /// Sung syllables, in order of track, then time.
    pub syllables: Vec<Syllable>,
    /// Pitch and level that the file draws, of tracks that have some.
    pub drawn: Vec<Drawn>,
    /// What was left out or repaired while reading; empty for written files.
    pub warnings: Vec<Warning>,
    /// What the file states itself; readers assume the rest.
    pub stated: Stated,
}

/// What a file states itself. What it does not state was assumed: 120 quarter notes a minute,
/// common time, C major, one section.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stated {
    /// A tempo.
    pub tempo: bool,
    /// A time signature.
    pub metre: bool,
    /// A key signature.
    pub key: bool,
    /// Rehearsal marks, markers or parts.
    pub sections: bool,
}

impl ScoreFile {
    /// A score to be written, with the catalog's names for its tracks and the words of its notes.
    pub fn new(title: &str, composer: &str, score: Score, catalog: &Catalog) -> Self {
        let names = score.tracks.iter().map(|t| part_name(t, catalog)).collect();
        let syllables = Syllable::of(&score);
        Self {
            title: title.to_owned(),
            composer: composer.to_owned(),
            score,
            names,
            syllables,
            drawn: Vec::new(),
            warnings: Vec::new(),
            stated: Stated::default(),
        }
    }

    pub(crate) fn name(&self, track: usize, catalog: &Catalog) -> String {
        match self.names.get(track) {
            Some(name) if !name.is_empty() => name.clone(),
            _ => part_name(&self.score.tracks[track], catalog),
        }
    }
}

/// What a file draws over a sung track. Lines go straight from point to point.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawn {
    /// Index of the track.
    pub track: usize,
    /// The pitch, slides, vibrato and all: places in the score, ascending, with the key there
    /// (60 = C4, in parts of semitones).
    pub pitch: Vec<(Ticks, f32)>,
    /// The level beside the usual one: places in the score, ascending, with decibels.
    pub level: Vec<(Ticks, f32)>,
}

/// One sung syllable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syllable {
    /// Index of the track that sings it.
    pub track: usize,
    /// Start of its note, in the score.
    pub at: Ticks,
    /// The syllable.
    pub text: String,
    /// Whether the word goes on in the next syllable (a hyphen).
    pub continues: bool,
}

impl Syllable {
    /// The syllables that the notes of a score sing, in order of track, then time.
    ///
    /// Chinese characters stand alone on paper: only languages with letters hyphenate words.
    pub fn of(score: &Score) -> Vec<Self> {
        let mut out: Vec<Self> = Vec::new();
        for (index, track) in score.tracks.iter().enumerate() {
            let mut own: Vec<Self> = Vec::new();
            for phrase in &track.phrases {
                for note in &phrase.notes {
                    let Some(lyric) = &note.lyric else { continue };
                    let letters = lyric.text.chars().any(char::is_alphabetic)
                        && !lyric.text.chars().any(is_wide);
                    if let Some(before) = own.last_mut() {
                        before.continues = lyric.continues && letters;
                    }
                    own.push(Self {
                        track: index,
                        at: phrase.span.start + note.at,
                        text: lyric.text.clone(),
                        continues: false,
                    });
                }
            }
            out.append(&mut own);
        }
        out
    }
}

/// Chinese characters, kana, hangul: writing without spaces between words.
pub(crate) fn is_wide(sign: char) -> bool {
    matches!(sign, '\u{2E80}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}')
}

/// Upper bounds that keep a hostile or mistaken file from filling the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScoreLimits {
    /// Largest file in bytes (for zipped MusicXML, also of what it unpacks to).
    pub bytes: usize,
    /// Most notes.
    pub notes: usize,
    /// Longest piece in quarter notes.
    pub quarters: i64,
    /// Most tracks.
    pub tracks: usize,
}

impl Default for ScoreLimits {
    /// 64 MiB, a million notes, 200 000 quarter notes, 1000 tracks.
    fn default() -> Self {
        Self {
            bytes: 64 << 20,
            notes: 1_000_000,
            quarters: 200_000,
            tracks: 1000,
        }
    }
}

impl ScoreLimits {
    /// Refuses a file of more bytes than are allowed.
    pub(crate) fn admit(&self, bytes: usize) -> Result<(), ScoreFileError> {
        if bytes > self.bytes {
            let most = format!("at most {} bytes", self.bytes);
            return Err(ScoreFileError::too_large(Place::File, most));
        }
        Ok(())
    }
}

fn part_name(track: &Track, catalog: &Catalog) -> String {
    catalog
        .profile(&track.instrument)
        .map_or_else(|| track.id.clone(), |p| p.en.clone())
}

/// The General MIDI program of a track's instrument, 0..=127. Instruments that no catalog knows
/// may be called `gm-<program>`.
pub(crate) fn program(track: &Track, catalog: &Catalog) -> u8 {
    match catalog.profile(&track.instrument) {
        Some(profile) => profile.program.min(127),
        None => track
            .instrument
            .strip_prefix("gm-")
            .and_then(|n| n.parse().ok())
            .filter(|n| *n < 128)
            .unwrap_or(0),
    }
}

/// The instrument of a General MIDI program: the first of the catalog with it, or `gm-<program>`.
pub(crate) fn instrument(program: u8, percussion: bool, catalog: &Catalog) -> String {
    catalog
        .profiles()
        .iter()
        .find(|p| p.program == program && (p.family == yuefu_song::Family::Kit) == percussion)
        .or_else(|| {
            // An unknown drum set is still a drum set.
            percussion.then(|| {
                catalog
                    .profiles()
                    .iter()
                    .find(|p| p.family == yuefu_song::Family::Kit)
            })?
        })
        .map_or_else(|| format!("gm-{program}"), |p| p.id.clone())
}

/// The instrument that a part's printed name speaks of, such as `Violin I`, `Fl. 2` or `二胡`:
/// the catalog's name that it contains, the longest if there are several.
pub(crate) fn instrument_by_name(name: &str, catalog: &Catalog) -> Option<String> {
    let lower = name.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for profile in catalog.profiles() {
        if profile.family == yuefu_song::Family::Kit {
            continue;
        }
        let id = profile.id.replace('-', " ");
        for word in [profile.en.to_lowercase(), profile.zh.clone(), id] {
            if !word.is_empty()
                && lower.contains(&word)
                && best.is_none_or(|(len, _)| word.len() > len)
            {
                best = Some((word.len(), &profile.id));
            }
        }
    }
    if let Some((_, id)) = best {
        return Some(id.to_owned());
    }
    // Names that the catalog spells otherwise.
    const OTHERS: [(&str, u8); 30] = [
        ("voice", 52),
        ("vocal", 52),
        ("sopran", 52),
        ("alto", 52),
        ("tenor", 52),
        ("bariton", 52),
        ("singstimme", 52),
        ("gesang", 52),
        ("chant", 52),
        ("cantus", 52),
        ("choir", 52),
        ("violon", 40),
        ("vln", 40),
        ("geige", 40),
        ("bratsche", 41),
        ("vla", 41),
        ("violoncello", 42),
        ("vcl", 42),
        ("double bass", 43),
        ("horn", 60),
        ("trompete", 56),
        ("posaune", 57),
        ("klarinette", 71),
        ("fagott", 70),
        ("hautbois", 68),
        ("sax", 65),
        ("guitar", 24),
        ("gitarre", 24),
        ("organ", 19),
        ("orgel", 19),
    ];
    OTHERS
        .iter()
        .find(|(word, _)| lower.contains(word))
        .map(|(_, program)| instrument(*program, false, catalog))
}

/// A note at its place in the score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) at: Ticks,
    /// The note, with its length on paper.
    pub(crate) note: Note,
    /// What it sounds beyond that length; below 0, how much sooner it ends.
    pub(crate) ring: Ticks,
}

impl Placed {
    pub(crate) fn end(&self) -> Ticks {
        self.at + self.note.len
    }
}

/// All notes of a track at their places, in order of start, then pitch, then length.
pub(crate) fn placed(track: &Track) -> Vec<Placed> {
    let mut notes: Vec<Placed> = track
        .phrases
        .iter()
        .flat_map(|phrase| {
            phrase.notes.iter().map(|note| Placed {
                at: phrase.span.start + note.at,
                note: note.clone(),
                ring: Ticks::ZERO,
            })
        })
        .collect();
    notes.sort_by_key(|n| (n.at, n.note.pitch, n.note.len));
    notes
}

/// Where the key changes, the first at 0.
pub(crate) fn key_changes(score: &Score) -> Vec<(Ticks, Key)> {
    let mut out: Vec<(Ticks, Key)> = Vec::new();
    for section in &score.sections {
        if out.last().is_none_or(|(_, key)| *key != section.key) {
            let at = if out.is_empty() {
                Ticks::ZERO
            } else {
                section.span.start
            };
            out.push((at, section.key));
        }
    }
    if out.is_empty() {
        out.push((Ticks::ZERO, score.key_at(Ticks::ZERO)));
    }
    out
}

/// A drum sound's place on the five-line staff (percussion clef), as most drum keys print it.
pub(crate) fn drum_display(key: u8) -> Pitch {
    use yuefu_theory::Step::{A, B, C, D, E, F, G};
    let (step, octave) = match key {
        35 => (E, 4),
        36 => (F, 4),
        37..=40 => (C, 5),
        41 | 43 => (A, 4),
        42 | 46 => (G, 5),
        44 => (D, 4),
        45 | 47 => (B, 4),
        48 | 50 => (E, 5),
        49 | 52 | 55 | 57 => (A, 5),
        51 | 53 | 59 => (F, 5),
        54 | 56 => (D, 5),
        _ => (B, 4),
    };
    Pitch::new(step, 0, octave)
}
