//! Looking at songs, scores and recordings: in the terminal and as pictures.

use crate::{Studio, error::StudioError, project::Project};
use std::path::Path;
use yuefu_audio::{AudioBuffer, loudness};
use yuefu_audiofile::{DecodeLimits, decode_file};
use yuefu_engine::WorldError;
use yuefu_scorefile::{ScoreLimits, read_abc, read_midi, read_musicxml};
use yuefu_song::{Score, SectionKind};
use yuefu_theory::Ticks;

/// What there is to look at.
#[derive(Clone, Debug, Default)]
pub struct Sight {
    /// Name of the piece.
    pub title: String,
    /// Its score, where there is one.
    pub score: Option<Score>,
    /// Its recording, where there is one.
    pub audio: Option<AudioBuffer>,
}

impl Studio {
    /// Opens a project (with its recording, if that lies beside it), a recording, or a score.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn look_at(&self, path: &Path) -> Result<Sight, StudioError> {
        let extension = path
            .extension()
            .map_or_else(String::new, |e| e.to_string_lossy().to_ascii_lowercase());
        let title = path
            .file_stem()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let bytes = || {
            std::fs::read(path)
                .map_err(|error| WorldError::new("read", path.display().to_string(), &error))
        };
        let limits = ScoreLimits::default();
        let score = match extension.as_str() {
            "mid" | "midi" => read_midi(&bytes()?, &self.catalog, &limits),
            "musicxml" | "xml" | "mxl" => read_musicxml(&bytes()?, &self.catalog, &limits),
            "abc" => {
                let text = String::from_utf8_lossy(&bytes()?).into_owned();
                read_abc(&text, &self.catalog, &limits).map(|mut tunes| tunes.swap_remove(0))
            }
            _ if path.is_dir() || extension == "json" => {
                let project = Project::find(path)?;
                let song = project.load()?;
                return Ok(Sight {
                    audio: recording_beside(&project),
                    title: song.plan.title,
                    score: Some(song.score),
                });
            }
            _ => {
                let audio = decode_file(path, &DecodeLimits::default())?.audio;
                return Ok(Sight {
                    title,
                    score: None,
                    audio: Some(audio),
                });
            }
        };
        let file = score.map_err(|error| {
            StudioError::input(
                format!("{}: {error}", path.display()),
                format!("{}：无法读取乐谱（{error}）", path.display()),
            )
        })?;
        Ok(Sight {
            title: if file.title.is_empty() {
                title
            } else {
                file.title
            },
            score: Some(file.score),
            audio: None,
        })
    }
}

/// The recording that was published with a project, if it can be read.
fn recording_beside(project: &Project) -> Option<AudioBuffer> {
    ["flac", "wav", "ogg", "mp3"].iter().find_map(|extension| {
        let path = project.folder().with_extension(extension);
        Some(decode_file(&path, &DecodeLimits::default()).ok()?.audio)
    })
}

/// Pictures of what there is: names and bytes of files.
///
/// # Errors
/// When a picture cannot be encoded.
pub fn pictures(sight: &Sight, svg: bool) -> Result<Vec<(String, Vec<u8>)>, StudioError> {
    let mut files = Vec::new();
    if let Some(score) = &sight.score {
        let picture = yuefu_draw::roll::raster(score, 1600);
        files.push((
            "notes.png".to_owned(),
            picture.png().map_err(StudioError::Internal)?,
        ));
        if svg {
            let text = yuefu_draw::roll::svg(score, &sight.title, 1600);
            files.push(("notes.svg".to_owned(), text.into_bytes()));
        }
        // Only as SVG: a viewer has letters for every script, our raster font has not.
        if let Some(text) = yuefu_draw::words::svg(score, &sight.title, 1200) {
            files.push(("words.svg".to_owned(), text.into_bytes()));
        }
    }
    if let Some(audio) = &sight.audio {
        let picture = yuefu_draw::sound::spectrogram(audio, 1600, 512);
        files.push((
            "spectrum.png".to_owned(),
            picture.png().map_err(StudioError::Internal)?,
        ));
        let picture = yuefu_draw::sound::loudness(audio, 1600, 320);
        files.push((
            "loudness.png".to_owned(),
            picture.png().map_err(StudioError::Internal)?,
        ));
    }
    Ok(files)
}

/// The drawing for the terminal: form, chords, notes, loudness; `width` columns.
pub fn terminal(sight: &Sight, width: usize, chinese: bool) -> String {
    let width = width.max(20);
    let mut text = String::new();
    if let Some(score) = &sight.score {
        let end = score.timeline.seconds(score.end()).max(0.1);
        text += &form(score, end, width, chinese);
        text += &chords(score, end, width);
        text += &roll(score, end, width);
    }
    if let Some(audio) = &sight.audio {
        text += &curve(audio, width);
    }
    text
}

/// Column of an instant.
fn column(seconds: f64, end: f64, width: usize) -> usize {
    ((seconds / end * width as f64).max(0.0) as usize).min(width - 1)
}

/// Sections under a ruler of minutes.
fn form(score: &Score, end: f64, width: usize, chinese: bool) -> String {
    let mut ruler = vec![' '; width];
    let step = if end > 120.0 { 30.0 } else { 10.0 };
    let mut at = 0.0;
    while at < end {
        let label = format!("{}:{:02}", at as i64 / 60, at as i64 % 60);
        let from = column(at, end, width);
        if from + label.len() <= width {
            for (slot, sign) in ruler[from..].iter_mut().zip(label.chars()) {
                *slot = sign;
            }
        }
        at += step;
    }
    let mut line = String::new();
    let mut used = 0;
    for section in &score.sections {
        let to = column(score.timeline.seconds(section.span.end) - 1e-6, end, width) + 1;
        let (_, _, en, zh) = SectionKind::ALL[section.kind as usize];
        let name = if chinese { zh } else { en };
        let mut cell = String::from("▏");
        let mut cells = 1;
        for sign in name.chars() {
            let wide = if sign.is_ascii() { 1 } else { 2 };
            if used + cells + wide > to {
                break;
            }
            cell.push(sign);
            cells += wide;
        }
        while used + cells < to {
            cell.push(' ');
            cells += 1;
        }
        used += cells;
        line += &cell;
    }
    let energy: String = (0..width)
        .map(|x| {
            let at = score.timeline.ticks((x as f64 + 0.5) / width as f64 * end);
            bar(score.section_at(at).map_or(0.0, |section| section.energy))
        })
        .collect();
    let ruler: String = ruler.into_iter().collect();
    format!("{}\n{line}\n{energy}\n", ruler.trim_end())
}

/// Chord names where there is room for them.
fn chords(score: &Score, end: f64, width: usize) -> String {
    let mut line = vec![' '; width];
    let mut free = 0;
    for span in &score.chords {
        let from = column(score.timeline.seconds(span.span.start), end, width);
        let name = span.chord.to_string();
        let count = name.chars().count();
        if from >= free && from + count <= width {
            for (slot, sign) in line[from..].iter_mut().zip(name.chars()) {
                *slot = sign;
            }
            free = from + count + 1;
        }
    }
    let line: String = line.into_iter().collect();
    format!("{}\n", line.trim_end())
}

/// Eight rows of Braille: two columns and four rows of dots a sign.
fn roll(score: &Score, end: f64, width: usize) -> String {
    const ROWS: usize = 10;
    let pitched = || {
        score
            .tracks
            .iter()
            .filter(|track| !track.role.is_percussion())
            .flat_map(|track| &track.phrases)
            .flat_map(|phrase| {
                let start = phrase.span.start;
                phrase
                    .notes
                    .iter()
                    .map(move |note| (start + note.at, start + note.end(), note.key()))
            })
    };
    let low = pitched().map(|note| note.2).min().unwrap_or(36);
    let high = pitched()
        .map(|note| note.2)
        .max()
        .unwrap_or(84)
        .max(low + 1);
    let (across, down) = (width * 2, ROWS * 4);
    let mut dots = vec![false; across * down];
    for (from, to, key) in pitched() {
        let x0 = column(score.timeline.seconds(from), end, across);
        let x1 = column(score.timeline.seconds(to - Ticks(1)), end, across);
        let y = usize::from(high - key) * (down - 1) / usize::from(high - low);
        for x in x0..=x1.max(x0) {
            dots[y * across + x] = true;
        }
    }
    let mut text = String::new();
    for row in 0..ROWS {
        let line: String = (0..width)
            .map(|x| {
                // Unicode 2800: bits of a cell in the order of the dots' historical numbers.
                const BITS: [[u32; 2]; 4] =
                    [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
                let mut sign = 0x2800;
                for (dy, bits) in BITS.iter().enumerate() {
                    for (dx, bit) in bits.iter().enumerate() {
                        if dots[(row * 4 + dy) * across + x * 2 + dx] {
                            sign |= bit;
                        }
                    }
                }
                char::from_u32(sign).unwrap_or(' ')
            })
            .collect();
        text += line.trim_end_matches('\u{2800}');
        text.push('\n');
    }
    text
}

/// Momentary loudness from −48 to −6 LUFS.
fn curve(audio: &AudioBuffer, width: usize) -> String {
    let steps = loudness::Steps::measure(audio).0;
    let line: String = (0..width)
        .map(|x| {
            let from = x * steps.len() / width;
            let to = ((x + 1) * steps.len() / width).clamp(from + 1, steps.len().max(from + 1));
            let some = steps.get(from..to.min(steps.len())).unwrap_or(&[]);
            let mean = some.iter().sum::<f64>() / some.len().max(1) as f64;
            bar((loudness::lufs(mean).0 + 48.0) / 42.0)
        })
        .collect();
    let summary = loudness::measure(audio);
    let whole = summary
        .integrated
        .map_or("-".to_owned(), |l| format!("{:.1} LUFS", l.0));
    format!("{line}\n{whole}, {:.1} LU\n", summary.range)
}

/// A block of a height from 0 to 1.
fn bar(share: f32) -> char {
    const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    BARS[(share.clamp(0.0, 1.0) * 8.0).round() as usize]
}
