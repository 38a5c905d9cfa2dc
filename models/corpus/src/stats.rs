//! What a corpus holds, in numbers.

use crate::{
    Refusal,
    complete::melody_line,
    piece::{Piece, Source, Split},
};
use serde::Serialize;
use std::{collections::BTreeMap, fmt::Write as _};

/// What a corpus holds and what was left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// Each source.
    pub sources: BTreeMap<Source, SourceReport>,
    /// Songs that are versions of another.
    pub versions: usize,
    /// Songs that could not be used, first of their names by reason.
    pub examples: BTreeMap<Refusal, Vec<String>>,
}

/// What one source holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SourceReport {
    /// Songs of each part.
    pub songs: BTreeMap<Split, usize>,
    /// Songs with a tune.
    pub with_melody: usize,
    /// Notes of tunes.
    pub melody_notes: usize,
    /// Notes of all tracks.
    pub notes: usize,
    /// Bars.
    pub bars: i64,
    /// Phrases of tunes.
    pub phrases: usize,
    /// Sung syllables.
    pub syllables: usize,
    /// Chords.
    pub chords: usize,
    /// Songs in which the metre changes.
    pub metre_changes: usize,
    /// Songs by their first metre.
    pub metres: BTreeMap<String, usize>,
    /// Songs by their first key's mode.
    pub modes: BTreeMap<String, usize>,
    /// Songs by their first key's tonic (pitch class, C = 0).
    pub tonics: BTreeMap<u8, usize>,
    /// Chords by their quality's symbol; `maj` for none.
    pub qualities: BTreeMap<String, usize>,
    /// Sections by what they do.
    pub sections: BTreeMap<String, usize>,
    /// Songs by genre.
    pub genres: BTreeMap<String, usize>,
    /// Ranges of tunes in semitones.
    pub range: Option<Spread>,
    /// Notes of tunes in a bar that has any.
    pub density: Option<Spread>,
    /// Tempo in quarter notes a minute, where it is stated.
    pub tempo: Option<Spread>,
    /// Songs left out, by reason.
    pub left_out: BTreeMap<Refusal, usize>,
}

impl SourceReport {
    /// Songs of all parts.
    pub fn total(&self) -> usize {
        self.songs.values().sum()
    }
}

/// Mean and deciles of a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// A tenth lies below.
    pub low: f64,
    /// Half lie below.
    pub median: f64,
    /// Nine tenths lie below.
    pub high: f64,
}

impl Spread {
    /// Of values in any order; `None` for none.
    pub fn of(values: &mut [f64]) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let last = values.len().checked_sub(1)?;
        let at = |share: f64| values[(last as f64 * share).round() as usize];
        Some(Self {
            mean: values.iter().sum::<f64>() / values.len() as f64,
            low: at(0.1),
            median: at(0.5),
            high: at(0.9),
        })
    }
}

/// Most names kept for each reason.
const EXAMPLES: usize = 20;

impl Report {
    /// Counts pieces, and songs that were left out by source, name and reason.
    pub fn of(pieces: &[Piece], refused: &[(Source, String, Refusal)], versions: usize) -> Self {
        let mut report = Self {
            versions,
            ..Self::default()
        };
        let mut spreads: BTreeMap<Source, [Vec<f64>; 3]> = BTreeMap::new();
        for piece in pieces {
            let own = report.sources.entry(piece.source).or_default();
            let spread = spreads.entry(piece.source).or_default();
            own.add(piece, spread);
        }
        for (source, [range, density, tempo]) in &mut spreads {
            let own = report.sources.entry(*source).or_default();
            own.range = Spread::of(range);
            own.density = Spread::of(density);
            own.tempo = Spread::of(tempo);
        }
        for (source, name, reason) in refused {
            let own = report.sources.entry(*source).or_default();
            *own.left_out.entry(*reason).or_default() += 1;
            let examples = report.examples.entry(*reason).or_default();
            if examples.len() < EXAMPLES {
                examples.push(format!("{}/{name}", source.name()));
            }
        }
        report
    }

    /// The report as lines to read, in Chinese or English.
    pub fn text(&self, chinese: bool) -> String {
        let pick = |en: &'static str, zh: &'static str| if chinese { zh } else { en };
        let mut out = String::new();
        for (source, own) in &self.sources {
            let part = |split| own.songs.get(&split).copied().unwrap_or(0);
            let _ = writeln!(
                out,
                "{}: {} {} ({} / {} / {})",
                source.name(),
                own.total(),
                pick(
                    "songs (training / validation / test)",
                    "首（训练 / 验证 / 测试）"
                ),
                part(Split::Train),
                part(Split::Validation),
                part(Split::Test)
            );
            let mut row = |en, zh, value: String| {
                if !value.is_empty() {
                    let _ = writeln!(out, "  {}: {value}", pick(en, zh));
                }
            };
            row("bars", "小节", own.bars.to_string());
            row("notes", "音符", some(own.notes));
            row("notes of tunes", "旋律音符", some(own.melody_notes));
            row("phrases", "乐句", some(own.phrases));
            row("syllables", "音节", some(own.syllables));
            row("chords", "和弦", some(own.chords));
            row("metres", "拍号", counts(&own.metres, 8));
            row(
                "songs that change metre",
                "变换拍号",
                some(own.metre_changes),
            );
            row("modes", "调式", counts(&own.modes, 8));
            row("chord kinds", "和弦种类", counts(&own.qualities, 12));
            row("sections", "段落", counts(&own.sections, 12));
            row("genres", "体裁", counts(&own.genres, 12));
            row("range (semitones)", "音域（半音）", spread(own.range));
            row("notes a bar", "每小节音数", spread(own.density));
            row("tempo", "速度", spread(own.tempo));
            let left: Vec<String> = own
                .left_out
                .iter()
                .map(|(reason, count)| {
                    let (en, zh) = reason.names();
                    format!("{} {count}", if chinese { zh } else { en })
                })
                .collect();
            row("left out", "未采用", left.join(", "));
        }
        let _ = writeln!(
            out,
            "{}: {}",
            pick("songs that are versions of another", "其他歌曲的不同版本"),
            self.versions
        );
        out
    }
}

impl SourceReport {
    fn add(&mut self, piece: &Piece, [range, density, tempo]: &mut [Vec<f64>; 3]) {
        let score = &piece.score;
        *self.songs.entry(piece.split).or_default() += 1;
        if let Some(genre) = &piece.genre {
            let genre = genre.split('/').next().unwrap_or(genre);
            *self.genres.entry(genre.to_owned()).or_default() += 1;
        }
        self.notes += score
            .tracks
            .iter()
            .flat_map(|track| &track.phrases)
            .map(|phrase| phrase.notes.len())
            .sum::<usize>();
        self.bars += score.timeline.bar_of(score.end()).0;
        self.phrases += piece.phrases.len();
        self.syllables += piece.syllables.len();
        self.chords += score.chords.len();
        self.metre_changes += usize::from(score.timeline.metres.len() > 1);
        if let Some(first) = score.timeline.metres.first() {
            *self.metres.entry(first.metre.to_string()).or_default() += 1;
        }
        if piece.drums.is_none()
            && (piece.stated.key || piece.melody.is_some())
            && let Some(first) = score.sections.first()
        {
            let mode = first.key.mode.name().to_owned();
            *self.modes.entry(mode).or_default() += 1;
            *self.tonics.entry(first.key.tonic.pc()).or_default() += 1;
        }
        for chord in &score.chords {
            let symbol = match chord.chord.quality.symbol() {
                "" => "maj",
                symbol => symbol,
            };
            *self.qualities.entry(symbol.to_owned()).or_default() += 1;
        }
        for section in &score.sections {
            let kind = section.kind.name().to_owned();
            *self.sections.entry(kind).or_default() += 1;
        }
        if piece.stated.tempo {
            tempo.extend(score.timeline.tempo.first().map(|point| point.bpm));
        }
        let line = melody_line(piece);
        let keys = line.iter().map(|note| note.key);
        if let (Some(low), Some(high)) = (keys.clone().min(), keys.max()) {
            self.with_melody += 1;
            self.melody_notes += line.len();
            range.push(f64::from(high - low));
            let mut bars: Vec<i64> = line
                .iter()
                .map(|note| score.timeline.bar_of(note.at).0)
                .collect();
            bars.dedup();
            density.push(line.len() as f64 / bars.len() as f64);
        }
    }
}

fn some(count: usize) -> String {
    match count {
        0 => String::new(),
        count => count.to_string(),
    }
}

fn counts(map: &BTreeMap<String, usize>, most: usize) -> String {
    let mut rows: Vec<(&String, &usize)> = map.iter().collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.1), row.0));
    let more = rows.len().saturating_sub(most);
    let mut words: Vec<String> = rows
        .iter()
        .take(most)
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    if more > 0 {
        words.push(format!("+{more}"));
    }
    words.join(", ")
}

fn spread(spread: Option<Spread>) -> String {
    spread.map_or_else(String::new, |spread| {
        format!(
            "{:.1} ({:.1} - {:.1} - {:.1})",
            spread.mean, spread.low, spread.median, spread.high
        )
    })
}
