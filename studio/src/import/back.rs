//! An edited file comes back: what differs changes in the song, everything else stays as it is.
//!
//! The song is written in the file's format and read again; what the file has else than that
//! reading is what was edited. What a format cannot carry is thereby never taken for an edit.

use super::{
    ImportFormat, Remark,
    apply::apply,
    cut,
    diff::{Placed, compare},
    identify, read_file, roles,
};
use crate::{ScoreFormat, Studio, error::StudioError};
use std::path::Path;
use yuefu_audio::Seconds;
use yuefu_scorefile::ScoreFile;
use yuefu_song::{CastMember, ChordSpan, Score, Song, Track};
use yuefu_theory::{TickSpan, Ticks};

/// Which part of a song an edited file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// All of it: tracks that the file lacks are removed.
    Whole,
    /// The tracks that are in it; others stay.
    Present,
    /// One track, by id; the file's best match, or its only track.
    Track(&'a str),
}

/// A song with an edited file in it.
#[derive(Clone, Debug)]
pub struct Reimported {
    /// The song.
    pub song: Song,
    /// Track and phrase ids of the phrases that changed.
    pub changed: Vec<(String, String)>,
    /// What was done, and what could not be.
    pub remarks: Vec<Remark>,
}

impl Studio {
    /// Takes the edits in a MIDI, MusicXML or ABC file, which was exported from a song and
    /// changed in another program, back into the song. Notes that did not change keep their
    /// phrases, ids, locks, levels and articulations; phrases that did become
    /// [`yuefu_song::Origin::Edited`]. A file that was not changed gives the same song.
    ///
    /// # Errors
    /// When the file cannot be read, or when [`Part::Track`] names no track of the song.
    pub fn reimport(
        &self,
        song: &Song,
        path: &Path,
        part: Part<'_>,
    ) -> Result<Reimported, StudioError> {
        let name = path.display().to_string();
        self.reimport_bytes(song, &read_file(path)?, &name, part)
    }

    /// The same for the bytes of a file, called `name` in messages.
    ///
    /// # Errors
    /// As [`Studio::reimport`].
    pub fn reimport_bytes(
        &self,
        song: &Song,
        bytes: &[u8],
        name: &str,
        part: Part<'_>,
    ) -> Result<Reimported, StudioError> {
        let (file, format, mut remarks) = self.read_score(bytes, name)?;
        if let Part::Track(id) = part
            && !song.score.tracks.iter().any(|t| t.id == id)
        {
            let ids: Vec<&str> = song.score.tracks.iter().map(|t| t.id.as_str()).collect();
            let ids = ids.join(", ");
            return Err(StudioError::input(
                format!("expected a track of the song ({ids}), found `{id}`. Name one of them."),
                format!("需要歌曲中的一个音轨（{ids}），却是 `{id}`。请写出其中一个。"),
            ));
        }
        let base = self.written(song, format, &file)?;
        let spelled = format != ImportFormat::Midi;
        let mut made = song.clone();
        let mut changed = Vec::new();
        let pairs = partners(&file, &base, part);
        let mut touched = vec![false; song.score.tracks.len()];
        for (new, old) in pairs.iter().enumerate() {
            let Some(old) = *old else { continue };
            let index = base.tracks[old];
            touched[index] = true;
            let before = placed(&base.file.score.tracks[old], base.shift);
            let after = placed(&file.score.tracks[new], base.shift);
            let changes = compare(&before, &after, spelled);
            if !changes.is_empty() {
                let phrases = apply(&mut made, index, &before, &changes);
                let id = &made.score.tracks[index].id;
                changed.extend(phrases.into_iter().map(|phrase| (id.clone(), phrase)));
            }
        }
        match part {
            Part::Track(id) => {
                let found = song.score.tracks.iter().position(|t| t.id == id);
                if found.is_none_or(|index| !touched[index]) {
                    return Err(StudioError::input(
                        format!(
                            "{name}: expected the track `{id}`, found nothing like it. Export that track again and edit it."
                        ),
                        format!(
                            "{name}：需要音轨 `{id}`，但没有找到相应内容。请重新导出该音轨再编辑。"
                        ),
                    ));
                }
            }
            Part::Whole | Part::Present => {
                for (new, old) in pairs.iter().enumerate() {
                    if old.is_none() {
                        let ids = self.add_track(&mut made, &file, new, base.shift, &mut remarks);
                        changed.extend(ids);
                    }
                }
            }
        }
        if part == Part::Whole {
            remove_missing(&mut made, &base, &touched, &mut remarks);
        }
        if !matches!(part, Part::Track(_)) {
            take_frame(&mut made, &base, &file, &mut remarks);
        }
        settle_length(&mut made, song);
        Ok(Reimported {
            song: made,
            changed,
            remarks,
        })
    }

    /// The song as the format has it: written and read again.
    fn written(
        &self,
        song: &Song,
        format: ImportFormat,
        file: &ScoreFile,
    ) -> Result<Base, StudioError> {
        let formats: &[ScoreFormat] = match format {
            // The playing, or the score as written: whichever was exported.
            ImportFormat::Midi => &[ScoreFormat::MidiScore, ScoreFormat::Midi],
            ImportFormat::MusicXml => &[ScoreFormat::MusicXml],
            ImportFormat::Abc => &[ScoreFormat::Abc],
            // They hold the sung tracks only, and times of their own.
            ImportFormat::Ustx | ImportFormat::Ds => {
                return Err(StudioError::input(
                    "an OpenUtau or DiffSinger file cannot be brought back into a project; import it as one of its own, or bring back a MIDI, MusicXML or ABC file.",
                    "OpenUtau 或 DiffSinger 文件不能并回工程；请单独导入，或并回 MIDI、MusicXML、ABC 文件。",
                ));
            }
        };
        let tracks: Vec<usize> = (0..song.score.tracks.len())
            .filter(|i| {
                song.score.tracks[*i]
                    .phrases
                    .iter()
                    .any(|phrase| !phrase.notes.is_empty())
            })
            .collect();
        let mut best: Option<(usize, Base)> = None;
        for (_, bytes) in self.scores(song, formats) {
            let (read, ..) = self.read_score(&bytes, &song.plan.title)?;
            let common = common(&read, file);
            let base = Base {
                shift: shift(song, &read, &tracks),
                file: read,
                ids: tracks
                    .iter()
                    .map(|index| song.score.tracks[*index].id.clone())
                    .collect(),
                tracks: tracks.clone(),
            };
            if best.as_ref().is_none_or(|(most, _)| common > *most) {
                best = Some((common, base));
            }
        }
        best.map(|(_, base)| base)
            .filter(|base| base.file.score.tracks.len() == base.tracks.len())
            .ok_or_else(|| {
                StudioError::Internal("a written score does not read as it was written".into())
            })
    }

    /// Adds a track of the file that the song has not.
    fn add_track(
        &self,
        song: &mut Song,
        file: &ScoreFile,
        index: usize,
        shift: Ticks,
        remarks: &mut Vec<Remark>,
    ) -> Vec<(String, String)> {
        let mut alone = Score {
            timeline: song.score.timeline.clone(),
            sections: song.score.sections.clone(),
            chords: Vec::new(),
            tracks: vec![file.score.tracks[index].clone()],
        };
        for phrase in &mut alone.tracks[0].phrases {
            phrase.span.start -= shift;
            phrase.span.end = (phrase.span.end - shift).max(phrase.span.start + Ticks(1));
        }
        let names = [file.names.get(index).cloned().unwrap_or_default()];
        if !alone.tracks[0].role.is_percussion() {
            let tune = roles(&mut alone, &names, &[]);
            // The song has its tune already.
            if tune.is_some() {
                alone.tracks[0].role = yuefu_song::Role::Counter;
            }
        }
        identify(&mut alone, &names);
        cut::phrases(&mut alone, None);
        let Some(mut track) = alone.tracks.pop() else {
            return Vec::new();
        };
        let base = track.id.clone();
        let mut number = 1;
        while song.score.tracks.iter().any(|t| t.id == track.id) {
            number += 1;
            track.id = format!("{base}-{number}");
        }
        remarks.push(Remark::new(
            format!("the track {} is new", track.id),
            format!("新增音轨 {}", track.id),
        ));
        song.plan.cast.push(CastMember {
            id: track.id.clone(),
            role: track.role,
            instrument: track.instrument.clone(),
            part: 0,
            style: None,
            sings: None,
        });
        let ids = track
            .phrases
            .iter()
            .map(|p| (track.id.clone(), p.id.clone()))
            .collect();
        song.score.tracks.push(track);
        ids
    }
}

/// The song as read from its own export.
struct Base {
    file: ScoreFile,
    /// The song's track of each track of the file: those without notes are not in it.
    tracks: Vec<usize>,
    /// Their ids.
    ids: Vec<String>,
    /// How far the file lies behind the song: a pickup before the first bar moves everything.
    shift: Ticks,
}

/// Notes of a track of a file at their places in the song.
fn placed(track: &Track, shift: Ticks) -> Vec<Placed> {
    let mut out: Vec<Placed> = track
        .phrases
        .iter()
        .flat_map(|phrase| {
            phrase.notes.iter().map(move |note| Placed {
                at: phrase.span.start + note.at - shift,
                len: note.len,
                pitch: note.pitch,
                velocity: note.velocity,
                articulation: note.articulation,
            })
        })
        .collect();
    out.sort_by_key(|n| (n.at, n.pitch, n.len));
    out
}

/// Starts and keys of a track, in order.
fn strikes(track: &Track, shift: Ticks) -> Vec<(i64, i32)> {
    let mut out: Vec<(i64, i32)> = placed(track, shift)
        .iter()
        .map(|n| (n.at.0, n.pitch.midi()))
        .collect();
    out.sort_unstable();
    out
}

/// How many strikes two ordered lists share.
fn shared(a: &[(i64, i32)], b: &[(i64, i32)]) -> usize {
    let (mut i, mut j, mut count) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                count += 1;
                i += 1;
                j += 1;
            }
        }
    }
    count
}

fn common(a: &ScoreFile, b: &ScoreFile) -> usize {
    let all = |file: &ScoreFile| {
        let tracks = &file.score.tracks;
        let mut out: Vec<_> = tracks
            .iter()
            .flat_map(|t| strikes(t, Ticks::ZERO))
            .collect();
        out.sort_unstable();
        out
    };
    shared(&all(a), &all(b))
}

/// By how many bars the writer moved the song: as many as make most notes meet.
fn shift(song: &Song, read: &ScoreFile, tracks: &[usize]) -> Ticks {
    let bar = song.score.timeline.metres[0].metre.bar();
    let met = |shift: Ticks| -> usize {
        read.score
            .tracks
            .iter()
            .zip(tracks)
            .map(|(track, index)| {
                // To the nearest eighth note: playing is not exact.
                let round = |notes: Vec<(i64, i32)>| -> Vec<(i64, i32)> {
                    let grid = Ticks::QUARTER.0 / 2;
                    let mut notes: Vec<_> = notes
                        .into_iter()
                        .map(|(at, key)| ((at + grid / 2).div_euclid(grid), key))
                        .collect();
                    notes.sort_unstable();
                    notes
                };
                let own = round(strikes(&song.score.tracks[*index], Ticks::ZERO));
                shared(&own, &round(strikes(track, shift)))
            })
            .sum()
    };
    let mut best = (met(Ticks::ZERO), Ticks::ZERO);
    for bars in 1..=4 {
        let count = met(bar * bars);
        if count > best.0 {
            best = (count, bar * bars);
        }
    }
    best.1
}

/// For each track of the file the track of the base that it is: by common notes, name and
/// instrument, each once.
fn partners(file: &ScoreFile, base: &Base, part: Part<'_>) -> Vec<Option<usize>> {
    let mut scores: Vec<(i64, usize, usize)> = Vec::new();
    let name = |file: &ScoreFile, index: usize| file.names.get(index).cloned().unwrap_or_default();
    let allowed = |old: usize| match part {
        Part::Track(id) => base_id(base, old) == Some(id),
        _ => true,
    };
    for (new, track) in file.score.tracks.iter().enumerate() {
        let own = strikes(track, Ticks::ZERO);
        for (old, other) in base.file.score.tracks.iter().enumerate() {
            if !allowed(old) || track.role.is_percussion() != other.role.is_percussion() {
                continue;
            }
            let theirs = strikes(other, Ticks::ZERO);
            let most = own.len().max(theirs.len()).max(1);
            let mut score = 200 * shared(&own, &theirs) as i64 / most as i64;
            if name(file, new) == name(&base.file, old) && !name(file, new).is_empty() {
                score += 60;
            }
            if track.instrument == other.instrument {
                score += 30;
            }
            if new == old && file.score.tracks.len() == base.file.score.tracks.len() {
                score += 20;
            }
            // The only track of a file is the one that was asked for.
            if matches!(part, Part::Track(_)) && file.score.tracks.len() == 1 {
                score += 100;
            }
            if score >= 50 {
                scores.push((score, new, old));
            }
        }
    }
    scores.sort_by_key(|(score, new, old)| (std::cmp::Reverse(*score), *new, *old));
    let mut out = vec![None; file.score.tracks.len()];
    let mut taken = vec![false; base.file.score.tracks.len()];
    for (_, new, old) in scores {
        if out[new].is_none() && !taken[old] {
            out[new] = Some(old);
            taken[old] = true;
        }
    }
    out
}

fn base_id(base: &Base, old: usize) -> Option<&str> {
    base.ids.get(old).map(String::as_str)
}

fn remove_missing(song: &mut Song, base: &Base, touched: &[bool], remarks: &mut Vec<Remark>) {
    let mut missing: Vec<usize> = base.tracks.clone();
    missing.retain(|index| !touched[*index]);
    for index in missing.into_iter().rev() {
        let track = song.score.tracks.remove(index);
        song.plan.cast.retain(|member| member.id != track.id);
        for section in &mut song.plan.sections {
            section.playing.retain(|id| *id != track.id);
        }
        remarks.push(Remark::new(
            format!("the track {} is not in the file and was removed", track.id),
            format!("文件中没有音轨 {}，已删除", track.id),
        ));
    }
}

/// Takes tempo, metre, keys, chords and title where the file has others than the song.
fn take_frame(song: &mut Song, base: &Base, file: &ScoreFile, remarks: &mut Vec<Remark>) {
    let shift = base.shift;
    let back = |at: Ticks| (at - shift).max(Ticks::ZERO);
    let said = |what: &str, zh: &str| Remark::new(format!("{what} changed"), format!("{zh}已修改"));
    let (old, new) = (&base.file.score, &file.score);
    let same_tempo = old.timeline.tempo.len() == new.timeline.tempo.len()
        && old
            .timeline
            .tempo
            .iter()
            .zip(&new.timeline.tempo)
            .all(|(a, b)| a.at == b.at && (a.bpm - b.bpm).abs() < 0.01);
    if file.stated.tempo && !same_tempo {
        let mut tempo = new.timeline.tempo.clone();
        for point in &mut tempo {
            point.at = back(point.at);
        }
        song.score.timeline.tempo = tempo;
        remarks.push(said("the tempo", "速度"));
    }
    if file.stated.metre && old.timeline.metres != new.timeline.metres {
        let mut metres = new.timeline.metres.clone();
        for change in &mut metres {
            change.at = back(change.at);
        }
        song.score.timeline.metres = metres;
        remarks.push(said("the metre", "拍号"));
    }
    song.plan.timeline = song.score.timeline.clone();
    if file.stated.key {
        let mut other = false;
        for (section, planned) in song.score.sections.iter_mut().zip(&mut song.plan.sections) {
            let at = section.span.start + shift;
            let (was, is) = (old.key_at(at), new.key_at(at));
            if was != is {
                section.key = is;
                planned.key = is;
                other = true;
            }
        }
        if other {
            song.plan.key = super::plan::main_key(&song.score);
            remarks.push(said("the key", "调性"));
        }
    }
    if !new.chords.is_empty() && old.chords != new.chords {
        let mut chords: Vec<ChordSpan> = Vec::new();
        for chord in &new.chords {
            let span = TickSpan::new(back(chord.span.start), back(chord.span.end));
            // An unchanged chord stays as exact as it was, also where a file makes one of several
            // equal ones.
            let middle = |c: &&ChordSpan| Ticks((c.span.start.0 + c.span.end.0) / 2);
            let own = song.score.chords.iter();
            let own: Vec<ChordSpan> = own.filter(|c| span.contains(middle(c))).cloned().collect();
            let same = own.iter().all(|c| c.chord == chord.chord);
            if same && !own.is_empty() && old.chords.contains(chord) {
                chords.extend(own);
            } else {
                chords.push(ChordSpan {
                    span,
                    chord: chord.chord,
                });
            }
        }
        chords.retain(|c| !c.span.is_empty());
        song.score.chords = chords;
        for section in &mut song.plan.sections {
            section.chords = super::plan::within(&song.score.chords, section.span);
        }
        remarks.push(said("the chords", "和弦"));
    }
    if base.file.title != file.title && !file.title.trim().is_empty() {
        song.plan.title = file.title.trim().to_owned();
        remarks.push(said("the title", "标题"));
    }
}

/// The song ends as long after its last note as before.
fn settle_length(song: &mut Song, before: &Song) {
    let end = |song: &Song| {
        let notes = song
            .score
            .tracks
            .iter()
            .flat_map(|t| &t.phrases)
            .flat_map(|p| p.notes.iter().map(|n| p.span.start + n.end()));
        song.score.timeline.seconds(notes.max().unwrap_or_default())
    };
    let by = end(song) - end(before);
    if by.abs() > 1e-9 {
        song.plan.length = Seconds((song.plan.length.0 + by).max(0.1));
    }
}
