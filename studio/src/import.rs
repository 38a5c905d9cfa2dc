//! Other people's files become songs: MIDI, MusicXML and ABC.
//!
//! Every note of the file is in the song, at its place and with its length; what the file does
//! not state (key, chords, sections, phrases) is found by `yuefu-harmonize`.

mod apply;
mod back;
mod cut;
mod diff;
pub(crate) mod drawn;
mod plan;

pub use back::{Part, Reimported};

use crate::{Studio, error::StudioError};
use std::path::Path;
use yuefu_harmonize::{Tone, Voice, all_tones, find_tune, guess_metre, phrase_starts, tones};
use yuefu_scorefile::{
    ScoreErrorKind, ScoreFile, ScoreFileError, ScoreLimits, read_abc, read_ds, read_midi,
    read_musicxml, read_ustx,
};
use yuefu_song::{
    Brief, ChordSpan, EngineUse, LyricLine, LyricSheet, ReleasePlan, Role, Score, Song, Track,
    brief::Weighted, song::FORMAT,
};
use yuefu_theory::{Metre, TickSpan, Ticks};

pub use yuefu_song::ops::Remark;

/// A song made of someone's file, with what should be said about it.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The song.
    pub song: Song,
    /// What was found, assumed, or left out.
    pub remarks: Vec<Remark>,
}

/// A kind of score file that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportFormat {
    /// Standard MIDI File.
    Midi,
    /// MusicXML, plain or compressed.
    MusicXml,
    /// ABC; the first tune of the file.
    Abc,
    /// OpenUtau project.
    Ustx,
    /// DiffSinger segments.
    Ds,
}

impl ImportFormat {
    /// The kind of a file's content, whatever its name: `None` when it is none of them.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let riff_midi = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"RMID");
        if bytes.starts_with(b"MThd") || bytes.starts_with(b"SMF2CLIP") || riff_midi {
            return Some(Self::Midi);
        }
        let head = bytes.get(..bytes.len().min(4096)).unwrap_or(bytes);
        let wide = bytes.starts_with(&[0xFE, 0xFF]) || bytes.starts_with(&[0xFF, 0xFE]);
        let text = String::from_utf8_lossy(head);
        let text = text.trim_start_matches('\u{FEFF}');
        if bytes.starts_with(b"PK") || wide || text.trim_start().starts_with('<') {
            return Some(Self::MusicXml);
        }
        if text.contains("ustx_version:") || text.contains("\nvoice_parts:") {
            return Some(Self::Ustx);
        }
        // A drawn pitch may come first, and fill much more than the head.
        let noted = || String::from_utf8_lossy(bytes).contains("\"note_seq\"");
        if text.trim_start().starts_with(['[', '{']) && noted() {
            return Some(Self::Ds);
        }
        let tune = |text: &str| text.lines().any(|line| line.starts_with("X:"));
        let all = || tune(&String::from_utf8_lossy(bytes));
        (tune(text) || (!head.contains(&0) && all())).then_some(Self::Abc)
    }
}

impl Studio {
    /// Makes a song of a MIDI, MusicXML or ABC file on disk.
    ///
    /// # Errors
    /// When the file cannot be read, is none of these, is damaged, or has no note.
    pub fn import(&self, path: &Path) -> Result<Imported, StudioError> {
        let name = path
            .file_stem()
            .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        self.import_bytes(&read_file(path)?, &name, &ReleasePlan::streaming())
    }

    /// Makes a song of the bytes of such a file. `name` is what it is called if it has no title.
    ///
    /// # Errors
    /// When the bytes are none of these formats, are damaged, or have no note.
    pub fn import_bytes(
        &self,
        bytes: &[u8],
        name: &str,
        release: &ReleasePlan,
    ) -> Result<Imported, StudioError> {
        let (file, format, mut remarks) = self.read_score(bytes, name)?;
        let song = self.song_of(file, format, name, release, true, &mut remarks)?;
        Ok(Imported { song, remarks })
    }

    /// Makes a song of such bytes whose chords are to be written anew: with the chords that the
    /// file has, but none found, and in the metre that fits where the file states none.
    pub(crate) fn import_tune(
        &self,
        bytes: &[u8],
        name: &str,
        release: &ReleasePlan,
    ) -> Result<(Imported, Vec<ChordSpan>), StudioError> {
        let (mut file, format, mut remarks) = self.read_score(bytes, name)?;
        if !file.stated.metre && format == ImportFormat::Midi {
            find_metre(&mut file, &mut remarks);
        }
        let own = std::mem::take(&mut file.score.chords);
        let song = self.song_of(file, format, name, release, false, &mut remarks)?;
        Ok((Imported { song, remarks }, own))
    }

    /// Reads a score file of any kind, with remarks of what the reader left out.
    pub(crate) fn read_score(
        &self,
        bytes: &[u8],
        name: &str,
    ) -> Result<(ScoreFile, ImportFormat, Vec<Remark>), StudioError> {
        let limits = ScoreLimits::default();
        let failed = |error: ScoreFileError| failed(name, &error);
        let Some(format) = ImportFormat::of(bytes) else {
            return Err(StudioError::input(
                format!(
                    "{name}: expected a MIDI, MusicXML, ABC, OpenUtau or DiffSinger file, found something else. \
                     Export the music as one of these."
                ),
                format!(
                    "{name}：需要 MIDI、MusicXML、ABC、OpenUtau 或 DiffSinger 文件，却是别的内容。请导出为其中一种格式。"
                ),
            ));
        };
        let mut remarks = Vec::new();
        let file = match format {
            ImportFormat::Midi => read_midi(bytes, &self.catalog, &limits).map_err(failed)?,
            ImportFormat::MusicXml => {
                read_musicxml(bytes, &self.catalog, &limits).map_err(failed)?
            }
            ImportFormat::Ustx => {
                let text = String::from_utf8_lossy(bytes);
                read_ustx(&text, &self.catalog, &limits).map_err(failed)?
            }
            ImportFormat::Ds => {
                let text = String::from_utf8_lossy(bytes);
                read_ds(&text, &self.catalog, &limits).map_err(failed)?
            }
            ImportFormat::Abc => {
                let text = String::from_utf8_lossy(bytes);
                let mut tunes = read_abc(&text, &self.catalog, &limits).map_err(failed)?;
                if tunes.len() > 1 {
                    let more = tunes.len() - 1;
                    remarks.push(Remark::new(
                        format!("the file has {more} more tunes; the first is read"),
                        format!("文件中还有 {more} 首曲子，只读入第一首"),
                    ));
                }
                // The reader gives at least one tune.
                tunes.swap_remove(0)
            }
        };
        remarks.extend(
            file.warnings
                .iter()
                .map(|warning| Remark::new(warning.to_string(), format!("读取时：{warning}"))),
        );
        Ok((file, format, remarks))
    }

    fn song_of(
        &self,
        file: ScoreFile,
        format: ImportFormat,
        name: &str,
        release: &ReleasePlan,
        find_chords: bool,
        remarks: &mut Vec<Remark>,
    ) -> Result<Song, StudioError> {
        if file.score.tracks.is_empty() {
            return Err(StudioError::input(
                format!("{name}: expected music, found no note. Check the file it was made from."),
                format!("{name}：需要有音符的乐谱，但没有找到音符。请检查来源文件。"),
            ));
        }
        let ScoreFile {
            title,
            composer,
            mut score,
            names,
            syllables,
            drawn: over,
            stated,
            ..
        } = file;
        let tune = roles(&mut score, &names, &syllables);
        identify(&mut score, &names);
        if !stated.metre && format == ImportFormat::Midi {
            remark_metre(&score, remarks);
        }
        plan::keys(&mut score, &stated, format, remarks);
        plan::sections(&mut score, &stated, tune, remarks);
        if find_chords {
            plan::chords(&mut score, tune, remarks)?;
        }
        let lines = cut::phrases(&mut score, tune);
        let (mut words, owners) = lyrics(&score, &syllables, &lines);
        crate::words::attach(&mut score, &mut words, &syllables);
        // The sheet is what the lead sings; voices beside it sing its words again.
        if score.tracks.iter().any(|t| t.role == Role::Vocal) {
            let mut owners = owners.into_iter();
            words.lines.retain(|_| {
                let track = owners.next().and_then(|track| score.tracks.get(track));
                track.is_none_or(|track| track.role != Role::Backing)
            });
        }
        let mut voices = std::collections::BTreeMap::new();
        drawn::onto(&mut voices, &score, &over, remarks);
        self.remark_range(&score, remarks);
        let title = if title.trim().is_empty() {
            name.to_owned()
        } else {
            title.trim().to_owned()
        };
        let plan = plan::plan(&score, &title, &self.book);
        let brief = Brief {
            title: Some(title),
            styles: vec![Weighted {
                value: plan.style.clone(),
                weight: 1.0,
            }],
            seed: Some(0),
            ..Brief::default()
        };
        let mut tags = std::collections::BTreeMap::new();
        if !composer.trim().is_empty() {
            tags.insert("composer".to_owned(), composer.trim().to_owned());
        }
        let mut engines = self.engines();
        engines.retain(|engine| !["brief", "plan", "arrange"].contains(&engine.stage.as_str()));
        engines.insert(0, EngineUse::new("import", "yuefu-harmonize", 1));
        Ok(Song {
            format: FORMAT,
            seed: 0,
            brief,
            plan,
            lyrics: words,
            score,
            mix: None,
            master: None,
            release: release.clone(),
            tags,
            voices,
            engines,
        })
    }

    /// Notes that an instrument cannot play sound in another octave.
    fn remark_range(&self, score: &Score, remarks: &mut Vec<Remark>) {
        for track in score.tracks.iter().filter(|t| !t.role.is_percussion()) {
            let Some(profile) = self.catalog.profile(&track.instrument) else {
                continue;
            };
            let [low, high] = profile.range;
            let notes = track.phrases.iter().flat_map(|phrase| &phrase.notes);
            let out = notes.filter(|n| !(low..=high).contains(&n.key())).count();
            if out > 0 {
                remarks.push(Remark::new(
                    format!(
                        "{}: {out} notes lie beyond the range of {}; they sound an octave or \
                         more nearer",
                        track.id, profile.en
                    ),
                    format!(
                        "{}：{out} 个音超出{}的音域，将移动八度演奏",
                        track.id, profile.zh
                    ),
                ));
            }
        }
    }
}

/// Reads a file whole.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, StudioError> {
    let place = path.display().to_string();
    std::fs::read(path).map_err(|error| {
        StudioError::input(
            format!("{place}: cannot be read ({error}). Check the path and the permissions."),
            format!("{place}：无法读取（{error}）。请检查路径和权限。"),
        )
    })
}

fn failed(name: &str, error: &ScoreFileError) -> StudioError {
    let what = match error.kind {
        ScoreErrorKind::Unrecognized => "不是这种格式的文件",
        ScoreErrorKind::Unsupported => "不支持这种版本",
        ScoreErrorKind::Corrupt => "文件已损坏，请重新导出",
        ScoreErrorKind::TooLarge => "文件过大，请拆分后再导入",
    };
    StudioError::input(
        format!("{name}: {error}"),
        format!(
            "{name}：{what}（{}：需要 {}，却是 {}）。",
            place_zh(error.place),
            error.expected,
            error.found
        ),
    )
}

/// A place in a file, in Chinese.
fn place_zh(place: yuefu_scorefile::Place) -> String {
    use yuefu_scorefile::Place;
    match place {
        Place::File => "整个文件".to_owned(),
        Place::Byte(at) => format!("第 {at} 字节"),
        Place::Line(line, column) => format!("第 {line} 行第 {column} 列"),
        Place::Bar(bar, part) => format!("第 {part} 声部第 {bar} 小节"),
    }
}

/// Says what each track does; returns the one with the tune.
fn roles(
    score: &mut Score,
    names: &[String],
    syllables: &[yuefu_scorefile::Syllable],
) -> Option<usize> {
    let notes: Vec<Vec<Tone>> = score.tracks.iter().map(tones).collect();
    let voices: Vec<Voice<'_>> = notes
        .iter()
        .enumerate()
        .map(|(index, tones)| Voice {
            tones,
            name: names.get(index).map_or("", String::as_str),
            sung: syllables.iter().any(|s| s.track == index),
            percussion: score.tracks[index].role.is_percussion(),
        })
        .collect();
    let tune = find_tune(&voices);
    for (index, track) in score.tracks.iter_mut().enumerate() {
        if track.role.is_percussion() {
            continue;
        }
        let tones = &notes[index];
        let single = is_single(tones);
        let mean = tones.iter().map(|t| i64::from(t.key)).sum::<i64>() / tones.len().max(1) as i64;
        track.role = match track.role {
            _ if tune == Some(index) && voices[index].sung => Role::Vocal,
            _ if tune == Some(index) => Role::Lead,
            _ if voices[index].sung => Role::Backing,
            Role::Bass | Role::Pad | Role::Fx => track.role,
            _ if single && mean < 50 => Role::Bass,
            _ if single => Role::Counter,
            _ => Role::Comp,
        };
    }
    tune
}

/// Whether hardly any two notes sound at once.
fn is_single(tones: &[Tone]) -> bool {
    let mut sorted = tones.to_vec();
    sorted.sort_by_key(|t| (t.span.start, t.key));
    let slack = Ticks::QUARTER / 4;
    let over = sorted
        .windows(2)
        .filter(|p| p[0].span.end > p[1].span.start + slack || p[0].span.start == p[1].span.start)
        .count();
    over * 20 <= sorted.len()
}

/// Ids from the names in the file, where they have any, unique and safe.
fn identify(score: &mut Score, names: &[String]) {
    let mut taken: Vec<String> = Vec::new();
    for (index, track) in score.tracks.iter_mut().enumerate() {
        let mut slug = String::new();
        for c in names.get(index).map_or("", String::as_str).chars() {
            if c.is_alphanumeric() {
                slug.extend(c.to_lowercase());
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
            if slug.chars().count() >= 24 {
                break;
            }
        }
        let slug = slug.trim_end_matches('-');
        let base = if slug.is_empty() {
            track.instrument.clone()
        } else {
            slug.to_owned()
        };
        let mut id = base.clone();
        let mut number = 1;
        while taken.contains(&id) {
            number += 1;
            id = format!("{base}-{number}");
        }
        taken.push(id.clone());
        track.id = id;
    }
}

/// Without a time signature bars are assumed; where the notes speak against that, it is said.
fn remark_metre(score: &Score, remarks: &mut Vec<Remark>) {
    let Some(guess) = guess_metre(&all_tones(score), score.end()) else {
        return;
    };
    if guess.metre != Metre::common() && guess.confidence > 0.15 {
        remarks.push(Remark::new(
            format!(
                "the file states no time signature and is read in 4/4; its accents fit {} better",
                guess.metre
            ),
            format!("文件没有拍号，按 4/4 读入；其重音更像 {}", guess.metre),
        ));
    }
}

/// Takes the metre that fits the notes, with its first downbeat, where one fits clearly better than
/// common time from the first tick.
fn find_metre(file: &mut ScoreFile, remarks: &mut Vec<Remark>) {
    let score = &mut file.score;
    let Some(guess) = guess_metre(&all_tones(score), score.end()) else {
        return;
    };
    // A pickup in common time shows less clearly than another metre does.
    let sure = match guess.metre == Metre::common() {
        true => guess.downbeat != Ticks::ZERO && guess.confidence > 0.3,
        false => guess.over_common > 0.15,
    };
    if !sure {
        return;
    }
    let bar = guess.metre.bar();
    // Everything moves so that the first bar is the one of the pickup.
    let shift = Ticks((bar - guess.downbeat).0 % bar.0);
    for track in &mut score.tracks {
        for phrase in &mut track.phrases {
            phrase.span = TickSpan::new(phrase.span.start + shift, phrase.span.end + shift);
        }
    }
    for point in score.timeline.tempo.iter_mut().skip(1) {
        point.at += shift;
    }
    for syllable in &mut file.syllables {
        syllable.at += shift;
    }
    for (index, section) in score.sections.iter_mut().enumerate() {
        if index > 0 {
            section.span.start += shift;
        }
        section.span.end += shift;
    }
    score.timeline.metres.truncate(1);
    score.timeline.metres[0].metre = guess.metre.clone();
    let end = score.end();
    let (number, into) = score.timeline.bar_of(end);
    let end = score
        .timeline
        .bar_start(number + i64::from(into > Ticks::ZERO));
    if let Some(last) = score.sections.last_mut() {
        last.span.end = end;
    }
    file.stated.metre = true;
    remarks.push(Remark::new(
        format!("the metre was found from the accents: {}", guess.metre),
        format!("拍号由重音推定：{}", guess.metre),
    ));
}

/// One line of words for each phrase that is sung, and the number of the track that sings it.
fn lyrics(
    score: &Score,
    syllables: &[yuefu_scorefile::Syllable],
    lines: &[(usize, Vec<Ticks>)],
) -> (LyricSheet, Vec<usize>) {
    let mut sheet = LyricSheet::default();
    let mut owners = Vec::new();
    for (track, starts) in lines {
        let mut text = String::new();
        let mut place = 0;
        let mut first = Ticks::ZERO;
        let mut put = |text: &mut String, at: Ticks| {
            let words = std::mem::take(text);
            if words.trim().is_empty() {
                return;
            }
            let section = score
                .section_at(at)
                .or(score.sections.last())
                .map_or_else(String::new, |s| s.id.clone());
            owners.push(*track);
            sheet.lines.push(LyricLine {
                section,
                text: words.trim().to_owned(),
                ..LyricLine::default()
            });
        };
        for syllable in syllables.iter().filter(|s| s.track == *track) {
            while starts
                .get(place + 1)
                .is_some_and(|next| *next <= syllable.at)
            {
                place += 1;
                put(&mut text, first);
            }
            if text.is_empty() {
                first = syllable.at;
            }
            text.push_str(syllable.text.trim());
            let han = syllable
                .text
                .chars()
                .any(|c| ('\u{3400}'..='\u{9FFF}').contains(&c));
            if !syllable.continues && !han {
                text.push(' ');
            }
        }
        put(&mut text, first);
    }
    (sheet, owners)
}

/// Onsets that begin phrases of a line.
pub(crate) fn line_starts(track: &Track, score: &Score) -> Vec<Ticks> {
    phrase_starts(&tones(track), &score.timeline)
}
