//! Someone's tune becomes a song: read from a file, with the chords it brings or finds, and
//! everything else written around it.

use crate::{
    Studio,
    compose::silence_the_unheard,
    drawing,
    error::StudioError,
    harmonizing::chords_for_tune,
    import::{Imported, Remark, read_file},
    laying,
    singing::SingJob,
};
use std::path::Path;
use yuefu_arrange::follow;
use yuefu_engine::SeedPath;
use yuefu_harmonize::tones;
use yuefu_plan::{Around, Theme, around};
use yuefu_song::{
    Brief, ChordSpan, LyricSheet, ReleasePlan, Role, Song, brief::VoiceWish, song::FORMAT,
};
use yuefu_theory::{MetreChange, TempoPoint, Ticks};

/// What to build around a tune.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Style, instruments and the like, as understood from a prompt and options.
    pub brief: Brief,
    /// Bars of introduction; 0 = none.
    pub intro: u32,
    /// Bars after the tune; 0 = none.
    pub outro: u32,
    /// Words to sing to the tune, instead of the file's own.
    pub lyrics: Option<String>,
    /// Keep the instrument that the file gives the tune.
    pub keep_instrument: bool,
    /// How it is released.
    pub release: Option<ReleasePlan>,
}

impl Studio {
    /// Arranges the tune of a MIDI, MusicXML or ABC file. Its pitches and rhythm, its tempo and
    /// metre stay; its chords are the file's, or found where it has none.
    ///
    /// # Errors
    /// When the file cannot be read or has no tune, or the brief is refused.
    pub fn arrange_file(&self, path: &Path, wanted: &Wanted) -> Result<Imported, StudioError> {
        if wanted.brief.is_refused() {
            let errors = wanted.brief.errors().cloned().collect();
            return Err(StudioError::Refused(errors));
        }
        let Imported {
            mut song,
            mut remarks,
        } = self.import(path)?;
        self.chords_in_style(path, &wanted.brief, &mut song)?;
        let carried = |role: Role| matches!(role, Role::Lead | Role::Vocal);
        let tracks = &song.score.tracks;
        let at = tracks
            .iter()
            .position(|track| carried(track.role))
            .or_else(|| tracks.iter().position(|t| !t.role.is_percussion()));
        if let (Some(at), Some(text)) = (at, &wanted.lyrics) {
            laying::lay(&mut song, at, text, &mut remarks);
        }
        let Some((at, track)) = at.map(|at| (at, &song.score.tracks[at])) else {
            let place = path.display();
            return Err(StudioError::input(
                format!("{place}: expected a tune, found percussion only."),
                format!("{place}：需要旋律，但文件里只有打击乐。"),
            ));
        };
        let others = song.score.tracks.len() - 1;
        if others > 0 {
            remarks.push(Remark::new(
                format!(
                    "the tune is taken from `{}`; {others} other tracks are not used",
                    track.id
                ),
                format!("旋律取自“{}”，其余 {others} 条音轨未使用", track.id),
            ));
        }
        let notes = track.phrases.iter().flat_map(|phrase| {
            phrase.notes.iter().cloned().map(|mut note| {
                note.at += phrase.span.start;
                note
            })
        });
        let mut theme = Theme {
            title: song.plan.title.clone(),
            notes: notes.collect(),
            chords: song.score.chords.clone(),
            key: song.plan.key,
            timeline: song.plan.timeline.clone(),
            sections: Vec::new(),
            instrument: wanted.keep_instrument.then(|| track.instrument.clone()),
        };
        without_silence(&mut theme, &mut remarks);
        let seed = wanted.brief.seed.unwrap_or(0);
        let root = SeedPath::song(seed);
        let wish = Around {
            intro: wanted.intro,
            outro: wanted.outro,
        };
        let engines = self.engines();
        let (score, reshape) = around(
            &theme,
            &wanted.brief,
            &self.book,
            &self.catalog,
            &root,
            wish,
        )
        .map_err(|(en, zh)| StudioError::input(en, zh))?;
        let mut score = follow(&score, &reshape, self.band(&engines), &root);
        silence_the_unheard(&mut score, &reshape.plan);
        remarks.extend(
            reshape
                .notes
                .iter()
                .map(|note| Remark::new(note.message_en.clone(), note.message_zh.clone())),
        );
        let mut arranged = Song {
            format: FORMAT,
            seed,
            brief: wanted.brief.clone(),
            plan: reshape.plan,
            lyrics: LyricSheet::default(),
            score,
            mix: None,
            master: None,
            release: wanted.release.clone().unwrap_or(song.release.clone()),
            tags: song.tags.clone(),
            voices: Default::default(),
            engines,
        };
        arranged.tidy();
        let sung = |song: &Song| {
            let tracks = song.score.tracks.iter().flat_map(|t| &t.phrases);
            tracks.flat_map(|p| &p.notes).any(|n| n.lyric.is_some())
        };
        let instrumental = wanted.brief.voice == VoiceWish::Instrumental;
        if sung(&arranged) && !instrumental && !wanted.keep_instrument {
            let cast = self.cast_singer(&arranged, &SingJob::default())?;
            arranged = cast.song;
            remarks.extend(cast.remarks);
            self.write_down_sung_words(&mut arranged);
            self.seat_backing(&mut arranged);
            drawing::carry(&song, at, &mut arranged, &mut remarks);
        } else if sung(&arranged) {
            let notes = arranged
                .score
                .tracks
                .iter_mut()
                .flat_map(|t| &mut t.phrases);
            for note in notes.flat_map(|p| &mut p.notes) {
                note.lyric = None;
            }
        }
        Ok(Imported {
            song: arranged,
            remarks,
        })
    }

    /// A tune that comes alone and without chords gets those of the style that it is arranged in.
    fn chords_in_style(
        &self,
        path: &Path,
        brief: &Brief,
        song: &mut Song,
    ) -> Result<(), StudioError> {
        let style = brief.styles.iter().find_map(|s| self.book.get(&s.value));
        let Some(style) = style else {
            return Ok(());
        };
        let (file, ..) = self.read_score(&read_file(path)?, "")?;
        let alone = file.score.chords.is_empty() && song.score.tracks.len() == 1;
        if !alone {
            return Ok(());
        }
        let tune = tones(&song.score.tracks[0]);
        let seed = brief.seed.map(SeedPath::song);
        let rows = chords_for_tune(
            &song.score,
            &tune,
            Some(style),
            self.harmonist.as_deref(),
            seed.as_ref(),
            1,
        )?;
        if let Some(chords) = rows.into_iter().next().filter(|row| !row.is_empty()) {
            let spans = chords.into_iter();
            song.score.chords = spans
                .map(|(span, chord)| ChordSpan { span, chord })
                .collect();
        }
        Ok(())
    }

    /// Puts behind the singer whom the style or the wish has there, as for words that make their
    /// own tune.
    fn seat_backing(&self, song: &mut Song) {
        let root = SeedPath::song(song.seed);
        let (mut plan, new) = yuefu_plan::back(
            &song.brief,
            &song.lyrics,
            &song.plan,
            &self.book,
            &self.catalog,
            &root,
        );
        for id in &new {
            let band = self.band(&song.engines);
            song.score = yuefu_arrange::add_part(&plan, &song.score, band, &root, id);
        }
        // Who found nothing to sing is not there.
        let there = |id: &String| song.score.tracks.iter().any(|track| track.id == *id);
        let gone = |id: &String| new.contains(id) && !there(id);
        plan.cast.retain(|member| !gone(&member.id));
        for section in &mut plan.sections {
            section.playing.retain(|id| !gone(id));
        }
        song.plan = plan;
        song.voices = yuefu_plan::voices(&song.brief, &song.plan, &self.book);
        song.tidy();
    }
}

/// Silent bars before a tune, where an accompaniment has played that is not taken over: the new
/// arrangement brings its own introduction.
fn without_silence(theme: &mut Theme, remarks: &mut Vec<Remark>) {
    let Some(first) = theme.notes.iter().map(|note| note.at).min() else {
        return;
    };
    let line = &mut theme.timeline;
    let silent = line.bar_of(first).0;
    // One bar may be the rest that the tune begins with.
    if silent < 2 {
        return;
    }
    let cut = line.bar_start(silent);
    for note in &mut theme.notes {
        note.at -= cut;
    }
    theme.chords.retain(|chord| chord.span.end > cut);
    for chord in &mut theme.chords {
        chord.span.start = chord.span.start.max(cut) - cut;
        chord.span.end -= cut;
    }
    let (bpm, metre) = (line.bpm(cut), line.metre(cut).clone());
    let ramps = line
        .tempo
        .iter()
        .rev()
        .find(|t| t.at <= cut)
        .is_some_and(|t| t.ramp);
    line.tempo.retain(|tempo| tempo.at > cut);
    line.metres.retain(|change| change.at > cut);
    for tempo in &mut line.tempo {
        tempo.at -= cut;
    }
    for change in &mut line.metres {
        change.at -= cut;
    }
    let at = Ticks::ZERO;
    line.tempo.insert(
        0,
        TempoPoint {
            at,
            bpm,
            ramp: ramps,
        },
    );
    line.metres.insert(0, MetreChange { at, metre });
    remarks.push(Remark::new(
        format!("{silent} silent bars before the tune are left out"),
        format!("略去旋律之前的 {silent} 个空小节"),
    ));
}
