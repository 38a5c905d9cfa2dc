//! Score files: what is played as MIDI, and what is written as MIDI, MusicXML and ABC.

use crate::{Studio, drawing};
use yuefu_engine::SeedPath;
use yuefu_scorefile::{
    MidiOptions, ScoreFile, sung_lines, write_abc, write_ds, write_lrc, write_midi, write_musicxml,
    write_srt, write_ustx,
};
use yuefu_song::{Performance, PerformedPhrase, Song};

/// A kind of score file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreFormat {
    /// MIDI of the playing: every note that sounds, when and as hard as it does; trills,
    /// tremolos and strums are written out.
    Midi,
    /// MIDI of the score as written, on the grid: for notation and editing.
    MidiScore,
    /// MusicXML.
    MusicXml,
    /// ABC.
    Abc,
}

impl ScoreFormat {
    /// Every kind, in the order in which they are written.
    pub const ALL: [Self; 4] = [Self::Midi, Self::MidiScore, Self::MusicXml, Self::Abc];

    /// The kind meant by a word such as `midi`, `midi-score`, `musicxml` or `abc`.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "midi" | "mid" => Some(Self::Midi),
            "midi-score" | "score-midi" | "score.mid" => Some(Self::MidiScore),
            "musicxml" | "xml" => Some(Self::MusicXml),
            "abc" => Some(Self::Abc),
            _ => None,
        }
    }

    /// What follows the name of its file.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Midi => "mid",
            Self::MidiScore => "score.mid",
            Self::MusicXml => "musicxml",
            Self::Abc => "abc",
        }
    }
}

/// A kind of file with the words of a song and their times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordFormat {
    /// LRC with a time for each word.
    Lrc,
    /// SubRip subtitles.
    Srt,
    /// OpenUtau project of the sung tracks.
    Ustx,
    /// DiffSinger segments of the sung tracks.
    Ds,
}

impl WordFormat {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Lrc, Self::Srt, Self::Ustx, Self::Ds];

    /// The kind meant by a word such as `lrc`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.extension() == word)
    }

    /// What follows the name of its file.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Lrc => "lrc",
            Self::Srt => "srt",
            Self::Ustx => "ustx",
            Self::Ds => "ds",
        }
    }
}

/// Pulses per quarter note of the playing: a pulse is shorter than 1 ms at any tempo, so notes
/// that follow each other closely stay apart.
const PLAYED_PPQ: u16 = 3840;

impl Studio {
    /// The playing of a song: the one that is rendered.
    pub fn perform(&self, song: &Song) -> Performance {
        yuefu_perform::perform(
            &song.score,
            &song.plan,
            &self.catalog,
            &SeedPath::song(song.seed),
        )
    }

    /// Files of a song's words; none where nothing is sung.
    pub fn word_files(&self, song: &Song, formats: &[WordFormat]) -> Vec<(WordFormat, Vec<u8>)> {
        let lines = sung_lines(&song.score);
        if lines.is_empty() {
            return Vec::new();
        }
        let mut file = ScoreFile::new(&song.plan.title, "Yuefu", song.score.clone(), &self.catalog);
        file.drawn = drawing::of(song);
        let artist = song.tags.get("artist").map_or("Yuefu", String::as_str);
        formats
            .iter()
            .map(|&format| {
                let text = match format {
                    WordFormat::Lrc => {
                        write_lrc(&lines, &song.plan.title, artist, song.plan.length.0)
                    }
                    WordFormat::Srt => write_srt(&lines),
                    WordFormat::Ustx => write_ustx(&file),
                    WordFormat::Ds => write_ds(&file),
                };
                (format, text.into_bytes())
            })
            .collect()
    }

    /// Files of a song's score: formats and bytes.
    pub fn scores(&self, song: &Song, formats: &[ScoreFormat]) -> Vec<(ScoreFormat, Vec<u8>)> {
        let file = ScoreFile::new(&song.plan.title, "Yuefu", song.score.clone(), &self.catalog);
        formats
            .iter()
            .map(|&format| {
                let bytes = match format {
                    ScoreFormat::Midi => {
                        let played = on_the_score_clock(song, self.perform(song));
                        let options = MidiOptions {
                            ppq: PLAYED_PPQ,
                            performance: Some(&played),
                        };
                        write_midi(&file, &options, &self.catalog)
                    }
                    ScoreFormat::MidiScore => {
                        write_midi(&file, &MidiOptions::exact(&song.score), &self.catalog)
                    }
                    ScoreFormat::MusicXml => write_musicxml(&file, &self.catalog).into_bytes(),
                    ScoreFormat::Abc => write_abc(&file, &self.catalog).into_bytes(),
                };
                (format, bytes)
            })
            .collect()
    }
}

/// Phrases of all tracks with times from where the tempo map has their start: rubato may begin
/// a phrase earlier or later than the map, and MIDI knows only the map.
fn on_the_score_clock(song: &Song, performance: Performance) -> Vec<Vec<PerformedPhrase>> {
    let line = &song.score.timeline;
    performance
        .tracks
        .into_iter()
        .zip(&song.score.tracks)
        .map(|(played, written)| {
            played
                .phrases
                .into_iter()
                .zip(&written.phrases)
                .map(|(placed, phrase)| {
                    let off = placed.start.0 - line.seconds(phrase.span.start);
                    let mut played = placed.phrase;
                    for note in &mut played.notes {
                        note.on.0 += off;
                        note.off.0 += off;
                    }
                    played
                })
                .collect()
        })
        .collect()
}
