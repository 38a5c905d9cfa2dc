//! Chords for a tune that someone brings: in a style, weighed with what real songs do, and written
//! as a lead sheet.

use crate::{
    Studio,
    error::StudioError,
    import::{Imported, Remark, read_file},
    publish::slug,
    scores::ScoreFormat,
};
use std::{fmt::Write as _, path::Path};
use yuefu_composer::{Harmonist, chords::Over};
use yuefu_engine::SeedPath;
use yuefu_harmonize::{
    Choice, Chords, Ear, KeySpan, Manner, Tone, harmonize_as, key_spans, phrase_starts, tones,
};
use yuefu_plan::{
    changes_a_bar,
    learned::{chord_habits, repertoire},
    vocabulary,
};
use yuefu_song::{
    ChordSpan, LineNote, Note, Origin, Phrase, ReleasePlan, Role, Score, Song, Style, Track,
    style::School,
};
use yuefu_theory::{Chord, Key, Pitch, TickSpan, Ticks, Timeline};

/// What chords are wanted.
#[derive(Clone, Debug, Default)]
pub struct HarmonizeJob {
    /// Id of the style whose chords are written; `None`: the common ones.
    pub style: Option<String>,
    /// The key, where it is not to be found.
    pub key: Option<Key>,
    /// Chance that leans choices; `None`: the best chords.
    pub seed: Option<u64>,
    /// How many different harmonizations; 0 counts as 1.
    pub count: usize,
}

/// Lead sheets of one tune.
#[derive(Clone, Debug)]
pub struct Harmonized {
    /// The tune over its chords, once for each harmonization, best first.
    pub sheets: Vec<LeadSheet>,
    /// What was found, assumed, or left out.
    pub remarks: Vec<Remark>,
}

/// A tune over chords.
#[derive(Clone, Debug)]
pub struct LeadSheet {
    /// Tune and chords; no accompaniment.
    pub song: Song,
    /// Bars in order, from the bar of the first note.
    pub bars: Vec<SheetBar>,
    /// Share of the tune's time on tones of its chords, 0..=1.
    pub chord_tones: f64,
    /// Share of the beats where the chord has the root that the file gives it; `None` where the
    /// file has no chords.
    pub as_written: Option<f64>,
}

/// A bar of a lead sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetBar {
    /// Its number, from 1.
    pub number: i64,
    /// Chords in order, each with the beat (from 1) where it begins; what sounds on from the bar
    /// before begins on 1.
    pub chords: Vec<(usize, Chord)>,
    /// Whether a phrase of the tune begins in it.
    pub phrase: bool,
}

/// A kind of file for a lead sheet, by the end of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SheetFormat {
    /// MusicXML with chord symbols.
    MusicXml,
    /// MIDI: the tune, and the chords as a second track.
    Midi,
    /// ABC with chord symbols.
    Abc,
    /// A chart of chord names.
    Text,
}

impl SheetFormat {
    /// The kind meant by a file's name: `None` where its end is unknown.
    pub fn of(path: &Path) -> Option<Self> {
        let end = path.extension()?.to_string_lossy().to_ascii_lowercase();
        match end.as_str() {
            "musicxml" | "xml" => Some(Self::MusicXml),
            "mid" | "midi" => Some(Self::Midi),
            "abc" => Some(Self::Abc),
            "txt" => Some(Self::Text),
            _ => None,
        }
    }
}

impl Studio {
    /// Writes chords for the tune of a MIDI, MusicXML or ABC file. Chords that the file has are
    /// not read, only compared with.
    ///
    /// # Errors
    /// When the file cannot be read or has no tune, or the style is not known.
    pub fn harmonize_file(
        &self,
        path: &Path,
        job: &HarmonizeJob,
    ) -> Result<Harmonized, StudioError> {
        let name = path
            .file_stem()
            .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let bytes = read_file(path)?;
        let release = ReleasePlan::streaming();
        let (imported, own) = self.import_tune(&bytes, &name, &release)?;
        self.harmonize(imported, &own, job)
    }

    fn harmonize(
        &self,
        imported: Imported,
        own: &[ChordSpan],
        job: &HarmonizeJob,
    ) -> Result<Harmonized, StudioError> {
        let Imported {
            mut song,
            mut remarks,
        } = imported;
        let style = match &job.style {
            None => None,
            Some(id) => Some(self.book.get(id).ok_or_else(|| {
                StudioError::input(
                    format!("there is no style `{id}`. `yuefu styles` lists them."),
                    format!("没有“{id}”这个风格。用 yuefu styles 查看全部。"),
                )
            })?),
        };
        only_the_tune(&mut song)?;
        if let Some(key) = job.key {
            for section in &mut song.score.sections {
                section.key = key;
            }
            song.plan.key = key;
            for section in &mut song.plan.sections {
                section.key = key;
            }
            let tracks = song.score.tracks.iter_mut().flat_map(|t| &mut t.phrases);
            for note in tracks.flat_map(|phrase| &mut phrase.notes) {
                note.pitch = key.spell(note.pitch.midi());
            }
        }
        let tune = tones(&song.score.tracks[0]);
        let seed = job.seed.map(SeedPath::song);
        let ear = self.harmonist.as_deref();
        let rows = chords_for_tune(&song.score, &tune, style, ear, seed.as_ref(), job.count)?;
        if !own.is_empty() {
            let count = own.len();
            remarks.push(Remark::new(
                format!("the file's own {count} chords are not used"),
                format!("文件自带的 {count} 个和弦未使用"),
            ));
        }
        let starts = phrase_starts(&tune, &song.score.timeline);
        let sheets = rows
            .into_iter()
            .map(|chords| {
                let mut song = song.clone();
                let spans = chords.iter().map(|(span, chord)| ChordSpan {
                    span: *span,
                    chord: *chord,
                });
                song.score.chords = spans.collect();
                LeadSheet {
                    bars: bars(&song.score, &starts),
                    chord_tones: on_chord_tones(&tune, &song.score),
                    as_written: same_roots(&song.score, own),
                    song,
                }
            })
            .collect();
        Ok(Harmonized { sheets, remarks })
    }

    /// The bytes of a lead sheet's file.
    pub fn sheet_file(&self, sheet: &LeadSheet, format: SheetFormat) -> Vec<u8> {
        let write = |song: &Song, format| self.scores(song, &[format]).swap_remove(0).1;
        match format {
            SheetFormat::MusicXml => write(&sheet.song, ScoreFormat::MusicXml),
            SheetFormat::Abc => write(&sheet.song, ScoreFormat::Abc),
            SheetFormat::Midi => {
                let mut song = sheet.song.clone();
                song.score.tracks.push(block_chords(&song.score));
                write(&song, ScoreFormat::MidiScore)
            }
            SheetFormat::Text => sheet.chart().into_bytes(),
        }
    }
}

impl LeadSheet {
    /// The chords as a chart: a row for each four bars, and a new one where a phrase begins.
    pub fn chart(&self) -> String {
        let score = &self.song.score;
        let first = self
            .bars
            .first()
            .map_or(Ticks::ZERO, |bar| score.timeline.bar_start(bar.number - 1));
        let mut out = String::new();
        let _ = writeln!(
            out,
            "{}: {}, {}, {:.0} BPM",
            self.song.plan.title,
            score.key_at(first),
            score.timeline.metre(first),
            score.timeline.bpm(first)
        );
        let cells: Vec<String> = self
            .bars
            .iter()
            .map(|bar| {
                let names = bar.chords.iter().map(|(_, chord)| chord.to_string());
                names.collect::<Vec<_>>().join(" ")
            })
            .collect();
        let wide = cells.iter().map(|c| c.chars().count()).max().unwrap_or(1);
        let mut in_row = 0;
        for (index, (bar, cell)) in self.bars.iter().zip(&cells).enumerate() {
            if in_row == 4 || (bar.phrase && in_row > 0) || index == 0 {
                if index > 0 {
                    out.push_str("|\n");
                }
                let _ = write!(out, "{:4} ", bar.number);
                in_row = 0;
            }
            let _ = write!(out, "| {cell:wide$} ");
            in_row += 1;
        }
        if in_row > 0 {
            out.push_str("|\n");
        }
        out
    }

    /// A name for its file, without an end.
    pub fn name(&self) -> String {
        slug(&self.song.plan.title)
    }
}

/// `count` rows of chords for a tune that lies in a score's keys and metre, in a style's manner.
///
/// # Errors
/// When the shipped table of chords was edited.
pub fn chords_for_tune(
    score: &Score,
    tune: &[Tone],
    style: Option<&Style>,
    harmonist: Option<&Harmonist>,
    seed: Option<&SeedPath>,
    count: usize,
) -> Result<Vec<Chords>, StudioError> {
    let habits = chord_habits().map_err(|error| StudioError::Internal(error.to_owned()))?;
    let repertoire = style.and_then(|style| match style.melody.school {
        School::Standard => repertoire("standards"),
        _ => None,
    });
    let [major, minor] = style.map(vocabulary).unwrap_or_default();
    let keys = key_spans(score);
    let line = &score.timeline;
    let learned = style.and_then(|style| style.harmony.learned.as_deref());
    let kind = learned.and_then(yuefu_plan::learned::repertoire);
    let ear = harmonist.map(|harmonist| ear(harmonist, line, &keys, tune, kind));
    let manner = Manner {
        palettes: [&major, &minor],
        habit: Some(&|key, before, chord| habits.follows(repertoire, key, before, chord)),
        // A style of four changes in five bars moves as chords do without a style.
        restless: style.map_or(0.0, |style| (changes_a_bar(style) - 0.8).clamp(-0.4, 0.8)),
        ear: ear.as_ref().map(|ear| ear as Ear<'_>),
        seed,
    };
    let end = score.form_end();
    let phrases = phrase_starts(tune, line);
    Ok(harmonize_as(
        tune, line, end, &keys, &phrases, &manner, count,
    ))
}

/// What a harmonist makes of chords over a tune in a metre and in keys; `repertoire` as in
/// [`yuefu_composer::chords::Over`].
pub fn ear(
    harmonist: &Harmonist,
    line: &Timeline,
    keys: &[KeySpan],
    tune: &[Tone],
    repertoire: Option<u8>,
) -> impl Fn(&Chords, &[Choice]) -> Vec<Vec<f64>> {
    let keys: Vec<(TickSpan, Key)> = keys.iter().map(|own| (own.span, own.key)).collect();
    let notes = tune.iter().map(|tone| LineNote {
        at: tone.span.start,
        len: tone.span.len(),
        key: tone.key,
        velocity: 80,
    });
    let notes: Vec<LineNote> = notes.collect();
    move |draft, asked| {
        let over = Over {
            line,
            keys: &keys,
            tune: &notes,
            draft,
            repertoire,
        };
        harmonist.hears(&over, asked)
    }
}

/// Leaves the tune alone in the score.
fn only_the_tune(song: &mut Song) -> Result<(), StudioError> {
    let tracks = &song.score.tracks;
    let at = tracks
        .iter()
        .position(|t| matches!(t.role, Role::Lead | Role::Vocal))
        .or_else(|| tracks.iter().position(|t| !t.role.is_percussion()));
    let Some(at) = at else {
        let title = &song.plan.title;
        return Err(StudioError::input(
            format!("{title}: expected a tune, found percussion only."),
            format!("{title}：需要旋律，但文件里只有打击乐。"),
        ));
    };
    let tune = song.score.tracks.swap_remove(at);
    song.plan.cast.retain(|member| member.id == tune.id);
    for section in &mut song.plan.sections {
        section.playing.retain(|id| *id == tune.id);
    }
    song.score.tracks = vec![tune];
    Ok(())
}

/// The bars of a lead sheet. A phrase that begins in the last third of a bar is counted to the next
/// one, which its pickup leads to.
fn bars(score: &Score, starts: &[Ticks]) -> Vec<SheetBar> {
    let line = &score.timeline;
    let Some(end) = score.chords.last().map(|c| c.span.end) else {
        return Vec::new();
    };
    let first = starts.first().map_or(0, |at| line.bar_of(*at).0);
    let begins: Vec<i64> = starts
        .iter()
        .map(|at| {
            let (bar, into) = line.bar_of(*at);
            bar + i64::from(into.0 * 3 > line.metre(*at).bar().0 * 2 && bar > first)
        })
        .collect();
    let mut out = Vec::new();
    let mut bar = first;
    while line.bar_start(bar) < end {
        let (from, to) = (line.bar_start(bar), line.bar_start(bar + 1));
        let beats = line.metre(from).beat_offsets();
        let inside = score
            .chords
            .iter()
            .filter(|c| c.span.start < to && c.span.end > from);
        let chords = inside.map(|c| {
            let into = (c.span.start - from).max(Ticks::ZERO);
            (beats.partition_point(|beat| *beat <= into).max(1), c.chord)
        });
        out.push(SheetBar {
            number: bar + 1,
            chords: chords.collect(),
            phrase: begins.contains(&bar),
        });
        bar += 1;
    }
    out
}

/// Share of a tune's time on tones of the chords.
fn on_chord_tones(tune: &[Tone], score: &Score) -> f64 {
    let step = Ticks::QUARTER / 4;
    let (mut fit, mut all) = (0_u32, 0_u32);
    for tone in tune {
        let mut now = tone.span.start;
        while now < tone.span.end {
            if let Some(found) = score.chord_at(now) {
                all += 1;
                fit += u32::from(found.chord.has(tone.key % 12));
            }
            now += step;
        }
    }
    f64::from(fit) / f64::from(all.max(1))
}

/// Share of the quarters with chords in both where the roots are the same.
fn same_roots(score: &Score, own: &[ChordSpan]) -> Option<f64> {
    let end = own.last()?.span.end;
    let (mut same, mut all) = (0_u32, 0_u32);
    let mut now = Ticks::ZERO;
    while now < end {
        if let (Some(a), Some(b)) = (ChordSpan::at(own, now), score.chord_at(now)) {
            all += 1;
            same += u32::from(a.chord.root.pc() == b.chord.root.pc());
        }
        now += Ticks::QUARTER;
    }
    (all > 0).then(|| f64::from(same) / f64::from(all))
}

/// The chords of a score to hear: the bass below, the tones close together around middle C, each
/// as near as can be to those before.
fn block_chords(score: &Score) -> Track {
    let mut before: Vec<i32> = vec![60];
    let mut notes = Vec::new();
    let start = score.chords.first().map_or(Ticks::ZERO, |c| c.span.start);
    let end = score.chords.last().map_or(start, |c| c.span.end);
    for ChordSpan { span, chord } in &score.chords {
        let bass = chord.bass_note();
        let low = 36 + (i32::from(bass.pc()) + 8) % 12 - 2;
        let low = low + (i32::from(bass.pc()) - low).rem_euclid(12);
        let mut keys = vec![low];
        let center = before.iter().sum::<i32>() / before.len().max(1) as i32;
        let center = center.clamp(56, 64);
        let above: Vec<i32> = chord
            .pcs()
            .iter()
            .map(|pc| center - 6 + (i32::from(*pc) - (center - 6)).rem_euclid(12))
            .collect();
        before.clone_from(&above);
        keys.extend(above);
        let key = score.key_at(span.start);
        notes.extend(keys.iter().map(|midi| {
            let pitch: Pitch = key.spell(*midi);
            Note::new(span.start - start, span.len(), pitch, 64)
        }));
    }
    let phrase = Phrase::new(
        "chords",
        TickSpan::new(start, end.max(start + Ticks(1))),
        Origin::Imported,
        notes,
    );
    Track {
        id: "chords".to_owned(),
        role: Role::Comp,
        instrument: "grand-piano".to_owned(),
        phrases: vec![phrase],
    }
}
