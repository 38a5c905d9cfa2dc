//! Editing operations: every change to a song that has a name, as a value and as a line of text.
//!
//! An [`Op`] is read from and written as one line, which the command line, scripts and the
//! labels of a history share. [`Op::apply`] is a pure function: it gives the changed song and
//! [`Remark`]s about what was left alone, or an [`OpError`] and nothing is changed. Locked
//! phrases keep their notes.
//!
//! # The text
//!
//! A line is a verb and its words, separated by blanks; a word with blanks stands in
//! `"double quotes"`. Connecting words (`to`, `with`, `after`) may be left out where they are
//! shown in brackets in [`Op::GRAMMAR`].
//!
//! | word | means | examples |
//! |---|---|---|
//! | TRACKS | ids, roles or instruments, with commas | `lead`, `bass,drums`, `旋律`, `grand-piano`, `all` |
//! | PLACE | bars from 1 (both inside), bar:beat (the end is not inside), sections | `9`, `9-12`, `9:3-10:1.5`, `verse-2`, `chorus`, `副歌`, `start-8`, `33-end`, `all` |
//! | BAR:BEAT | a position; beats are units of the metre | `9`, `9:3`, `9:1.5` |
//! | QUARTERS | a time in quarter notes | `1`, `1/2`, `-1.5` |
//! | LEVEL | a dynamic level, 1 to 127 | `80` |
//!
//! ```text
//! add lead 9:1 1/2 E4 80 staccato
//! transpose melody chorus +2 steps
//! quantize drums all 1/16 80%
//! copy bass 1-4 to 9
//! gain piano -3
//! ```

#[macro_use]
mod words;

mod chords;
mod clock;
mod key;
mod message;
mod metre;
mod mix;
mod notes;
mod pieces;
mod place;
mod place_notes;
mod sections;
mod select;
mod tempo;
mod text;
mod tidy;
mod tracks;
mod values;
mod voice;

pub use message::{OpError, Remark, nearest};
pub use place::{At, Gap, Moment, Place, Spot, Tracks};
pub use select::Selection;
pub use values::{
    After, Band, Dynamics, Ends, Energy, Follow, Grid, Lengths, Level, Percent, PitchUnit,
    Quarters, Ratio, Refit, Return, Side, Tag,
};

use crate::{catalog::Catalog, performance::Articulation, score::SectionKind, song::Song};
use message::Remarks;
use std::{fmt, str::FromStr};
use words::{Arg, Words};
use yuefu_theory::{Chord, Key, Metre, Pitch};

/// Defines the operations with their text and their table.
macro_rules! ops {
    ($(
        $(#[$meta:meta])*
        $name:ident $verb:literal { $($($word:literal)? $field:ident: $ty:ty),* $(,)? }
    )*) => {
        /// One change of a song. The words of each operation are in [`Op::GRAMMAR`].
        #[derive(Clone, Debug, PartialEq)]
        pub enum Op {
            $(
                $(#[$meta])*
                $name { $(
                    #[doc = concat!("The `", stringify!($field), "` of `", $verb, "`.")]
                    $field: $ty
                ),* }
            ),*
        }

        impl Op {
            /// Verbs, and their words as: connecting word (empty if none), name, shape.
            pub const GRAMMAR: &'static [(&'static str, &'static [(&'static str, &'static str, &'static str)])] = &[
                $(($verb, &[$((concat!($($word)?), stringify!($field), <$ty as Arg>::SHAPE)),*])),*
            ];

            /// The verb of its text.
            pub fn verb(&self) -> &'static str {
                match self { $(Self::$name { .. } => $verb),* }
            }

            fn words(&self) -> Vec<String> {
                let mut words = vec![self.verb().to_owned()];
                match self {
                    $(Self::$name { $($field),* } => {
                        $(write_arg(&mut words, concat!($($word)?), $field);)*
                    })*
                }
                words
            }

            fn read(verb: &str, words: &mut Words) -> Option<Result<Self, OpError>> {
                match verb {
                    $($verb => Some((|| {
                        $(let $field = read_arg(words, concat!($($word)?))?;)*
                        Ok(Self::$name { $($field),* })
                    })()),)*
                    _ => None,
                }
            }
        }
    };
}

ops! {
    /// Adds a note.
    AddNote "add" { track: String, at: At, length: Quarters, pitch: Pitch, velocity: u8, articulation: Option<Articulation> }
    /// Deletes the notes that start in a place.
    DeleteNotes "delete" { tracks: Tracks, place: Place }
    /// Deletes one note.
    DeleteNote "delete-note" { track: String, at: At, pitch: Pitch }
    /// Moves notes in time.
    MoveNotes "move" { tracks: Tracks, place: Place, by: Quarters }
    /// Moves notes in pitch, by semitones if nothing else is said.
    Transpose "transpose" { tracks: Tracks, place: Place, by: i32, unit: Option<PitchUnit> }
    /// Changes written lengths; onsets stay.
    Length "length" { tracks: Tracks, place: Place, how: Lengths }
    /// Twice as fast: the selection in half its time, and again.
    DoubleTime "double-time" { tracks: Tracks, place: Place }
    /// Half as fast: the first half of the selection fills its place.
    HalfTime "half-time" { tracks: Tracks, place: Place }
    /// Turns notes upside down step for step, around a pitch or the first note of each track.
    Invert "invert" { tracks: Tracks, place: Place, axis: Option<Pitch> }
    /// Plays the selection backwards.
    Retrograde "retrograde" { tracks: Tracks, place: Place }
    /// Draws onsets (and ends) toward a grid; the strength is 100% if it is not said.
    Quantize "quantize" { tracks: Tracks, place: Place, grid: Grid, strength: Option<Percent>, ends: Option<Ends> }
    /// Changes dynamic levels.
    Dynamics "dynamics" { tracks: Tracks, place: Place, how: Dynamics }
    /// Sets how notes are played.
    Articulate "articulation" { tracks: Tracks, place: Place, how: Articulation }
    /// Copies notes to another place, in place of what the tracks have there.
    Copy "copy" { tracks: Tracks, place: Place, "to" to: At }
    /// Exchanges the notes of two places of the same length.
    Swap "swap" { tracks: Tracks, place: Place, "with" other: Place }

    /// Puts a chord at a position: for a length, or until the chord there ends.
    SetChord "chord" { at: At, chord: Chord, length: Option<Quarters>, follow: Option<Follow> }
    /// Takes the chords of a place out.
    DeleteChords "no-chord" { place: Place }
    /// Puts another chord wherever one stands in a place.
    Substitute "substitute" { place: Place, old: Chord, "with" new: Chord, follow: Option<Follow> }
    /// Sets the tempo of the song or of a place, in quarter notes per minute at its start.
    SetTempo "tempo" { bpm: f64, place: Option<Place> }
    /// Makes the song or a place faster (above 1) or slower.
    ScaleTempo "tempo-scale" { factor: Ratio, place: Option<Place> }
    /// Slows down over a place to a tempo that then holds, or back to the tempo before.
    Ritardando "ritardando" { place: Place, "to" bpm: f64, after: Option<After> }
    /// Speeds up over a place to a tempo that then holds, or back to the tempo before.
    Accelerando "accelerando" { place: Place, "to" bpm: f64, after: Option<After> }
    /// Changes the metre of the song or of bars: notes keep their times, or are fitted.
    SetMetre "metre" { metre: Metre, how: Refit, place: Option<Place> }
    /// Puts the song into another key; degrees become degrees.
    SetKey "key" { key: Key }

    /// Inserts empty bars before a bar, or at the end (before the final bar, if there is one).
    InsertBars "insert-bars" { at: Gap, count: u32 }
    /// Deletes bars with everything in them.
    DeleteBars "delete-bars" { place: Place }
    /// Plays bars again after themselves, once more or so many times more.
    RepeatBars "repeat-bars" { place: Place, times: Option<u32> }
    /// Moves a section before or after another; the final bar of the song stays at the end.
    MoveSection "move-section" { section: String, side: Side, other: String }
    /// Copies a section before or after another.
    CopySection "copy-section" { section: String, side: Side, other: String }
    /// Deletes a section; the final bar of the song stays.
    DeleteSection "delete-section" { section: String }
    /// Gives a section another id.
    RenameSection "rename-section" { section: String, "to" name: String }
    /// Says what a section does in the form.
    SetKind "section-kind" { section: String, kind: SectionKind }
    /// Sets the energy of sections at start and end, 0..=1.
    SetEnergy "energy" { section: String, energy: Energy }
    /// Cuts a section in two before a bar.
    SplitSection "split-section" { section: String, at: At }
    /// Makes one section of two neighbors, which keeps the id of the first.
    JoinSections "join-sections" { first: String, "with" second: String }

    /// Takes a track out.
    RemoveTrack "remove-track" { track: String }
    /// Gives a track another id.
    RenameTrack "rename-track" { track: String, "to" name: String }
    /// Adds a track that plays the same, in another octave or on another instrument.
    DoubleTrack "double-track" { track: String, "as" name: String, octaves: Option<i32>, "on" instrument: Option<String> }
    /// Gives tracks another instrument (catalog id or name).
    SwapInstrument "instrument" { tracks: Tracks, "to" instrument: String }
    /// Moves a track before or after another in score order.
    MoveTrack "move-track" { track: String, side: Side, other: String }
    /// Locks the phrases that a selection touches.
    Lock "lock" { tracks: Tracks, place: Place }
    /// Unlocks the phrases that a selection touches.
    Unlock "unlock" { tracks: Tracks, place: Place }
    /// Brings another take of a phrase back.
    SwitchTake "take" { track: String, phrase: String, number: u32 }

    /// Makes tracks silent in the mix.
    Mute "mute" { tracks: Tracks }
    /// Lets tracks sound again.
    Unmute "unmute" { tracks: Tracks }
    /// Lets only these tracks (and others that are solo) sound.
    Solo "solo" { tracks: Tracks }
    /// Takes solo back.
    Unsolo "unsolo" { tracks: Tracks }
    /// Louder or softer by dB, −60..=24.
    Gain "gain" { tracks: Tracks, db: f32 }
    /// Sets the fader in dB, −60..=24.
    Fader "fader" { tracks: Tracks, db: f32 }
    /// Position from −1 (left) to 1 (right).
    Pan "pan" { tracks: Tracks, pan: f32 }
    /// Stereo width, 0..=2.
    Width "width" { tracks: Tracks, width: f32 }
    /// Level sent to a shared effect.
    Send "send" { tracks: Tracks, to: Return, level: Level }
    /// Adds an equalizer band: frequency in Hz, gain in dB, quality.
    AddBand "eq-add" { tracks: Tracks, kind: Band, hz: f32, db: f32, q: Option<f32> }
    /// Changes the n-th equalizer band.
    SetBand "eq-set" { tracks: Tracks, number: u32, kind: Band, hz: f32, db: f32, q: Option<f32> }
    /// Removes the n-th equalizer band.
    RemoveBand "eq-remove" { tracks: Tracks, number: u32 }
    /// Switches the compressor on, or sets its threshold (dB) and ratio.
    Compress "compress" { tracks: Tracks, threshold: Option<f32>, ratio: Option<f32> }
    /// Switches the compressor off.
    Uncompress "uncompress" { tracks: Tracks }
    /// Sets a point of the fader movement, in dB beside the fader.
    Automate "automate" { tracks: Tracks, at: Moment, db: f32 }
    /// Removes the fader movement in a place, or all of it.
    ClearAutomation "clear-automation" { tracks: Tracks, place: Option<Place> }
    /// Makes tracks duck under the strokes of another: dB, and milliseconds of return.
    Duck "duck" { tracks: Tracks, "under" key: String, db: f32, release: Option<f32> }
    /// Takes ducking back.
    Unduck "unduck" { tracks: Tracks }
    /// Level of a shared effect in dB.
    ReturnLevel "return-level" { to: Return, db: f32 }
    /// Decay of a shared effect in seconds.
    ReturnDecay "return-decay" { to: Return, seconds: f32 }

    /// Sets how tracks sing: breathiness, tension, formant, vibrato-depth, voices, ...
    SetVoice "voice" { tracks: Tracks, setting: String, value: f32 }
    /// Sets a point of a curve of a sung phrase: pitch (cents), level (dB), breathiness, tension, formant, ...
    VoicePoint "voice-point" { tracks: Tracks, at: At, curve: String, value: f32 }
    /// Takes the voice curves of the phrases in a place away.
    ClearVoice "clear-voice" { tracks: Tracks, place: Place }

    /// Sets the title.
    Title "title" { title: String }
    /// Sets a tag of the finished files; an empty value removes it.
    SetTag "tag" { tag: Tag }
    /// Sets the n-th line of a section's words.
    SetLine "lyric" { section: String, line: u32, text: String }
    /// Inserts a line before the n-th line of a section's words.
    InsertLine "lyric-insert" { section: String, line: u32, text: String }
    /// Deletes the n-th line of a section's words.
    DeleteLine "lyric-delete" { section: String, line: u32 }
    /// Gives a note a syllable, such as `还{huan2}` or `night{N AY1 T}`; `-` lets it continue the
    /// syllable before it.
    Sing "sing" { track: String, at: At, syllable: String }
    /// Loudness to master to, in LUFS.
    Loudness "loudness" { lufs: f32 }
    /// True peak that is never exceeded, in dBTP.
    Ceiling "ceiling" { db: f32 }
    /// Formats of the finished files, with commas.
    Formats "formats" { list: String }
}

impl Op {
    /// Whether it changes the words of the sheet, which are then to be read and sung.
    pub fn changes_words(&self) -> bool {
        matches!(
            self,
            Self::SetLine { .. } | Self::InsertLine { .. } | Self::DeleteLine { .. }
        )
    }

    /// The changed song, and what should be said about it.
    ///
    /// # Errors
    /// When the song does not have what the operation names, or the operation makes no sense
    /// there.
    pub fn apply(&self, song: &Song, catalog: &Catalog) -> Result<(Song, Vec<Remark>), OpError> {
        let mut work = Work {
            song: song.clone(),
            catalog,
            remarks: Remarks::default(),
        };
        work.run(self)?;
        tidy::settle(&mut work.song);
        Ok((work.song, work.remarks.0))
    }
}

/// A song under change.
struct Work<'a> {
    song: Song,
    catalog: &'a Catalog,
    remarks: Remarks,
}

impl Work<'_> {
    fn select(&self, tracks: &Tracks, place: &Place) -> Result<Selection, OpError> {
        Selection::find(tracks, place, &self.song, self.catalog)
    }

    fn run(&mut self, op: &Op) -> Result<(), OpError> {
        match op {
            Op::AddNote {
                track,
                at,
                length,
                pitch,
                velocity,
                articulation,
            } => self.add_note(
                track,
                *at,
                *length,
                *pitch,
                *velocity,
                articulation.unwrap_or_default(),
            ),
            Op::DeleteNotes { tracks, place } => self.delete_notes(tracks, place),
            Op::DeleteNote { track, at, pitch } => self.delete_note(track, *at, *pitch),
            Op::MoveNotes { tracks, place, by } => self.move_notes(tracks, place, *by),
            Op::Transpose {
                tracks,
                place,
                by,
                unit,
            } => self.transpose(tracks, place, *by, unit.unwrap_or(PitchUnit::Semitones)),
            Op::Length { tracks, place, how } => self.lengths(tracks, place, *how),
            Op::DoubleTime { tracks, place } => self.double_time(tracks, place),
            Op::HalfTime { tracks, place } => self.half_time(tracks, place),
            Op::Invert {
                tracks,
                place,
                axis,
            } => self.invert(tracks, place, *axis),
            Op::Retrograde { tracks, place } => self.retrograde(tracks, place),
            Op::Quantize {
                tracks,
                place,
                grid,
                strength,
                ends,
            } => {
                let strength = strength.map_or(100, |percent| percent.0);
                self.quantize(tracks, place, *grid, strength, ends.is_some())
            }
            Op::Dynamics { tracks, place, how } => self.dynamics(tracks, place, *how),
            Op::Articulate { tracks, place, how } => self.articulation(tracks, place, *how),
            Op::Copy { tracks, place, to } => self.copy(tracks, place, *to),
            Op::Swap {
                tracks,
                place,
                other,
            } => self.swap(tracks, place, other),
            Op::SetChord {
                at,
                chord,
                length,
                follow,
            } => self.set_chord(*at, *chord, *length, follow.is_some()),
            Op::DeleteChords { place } => self.delete_chords(place),
            Op::Substitute {
                place,
                old,
                new,
                follow,
            } => self.substitute(place, *old, *new, follow.is_some()),
            Op::SetTempo { bpm, place } => self.set_tempo(*bpm, place.as_ref()),
            Op::ScaleTempo { factor, place } => self.scale_tempo(*factor, place.as_ref()),
            Op::Ritardando { place, bpm, after } => self.glide(place, *bpm, *after, true),
            Op::Accelerando { place, bpm, after } => self.glide(place, *bpm, *after, false),
            Op::SetMetre { metre, how, place } => self.set_metre(metre, *how, place.as_ref()),
            Op::SetKey { key } => self.set_key(*key),
            Op::InsertBars { at, count } => self.insert_bars(*at, *count),
            Op::DeleteBars { place } => self.delete_bars(place),
            Op::RepeatBars { place, times } => self.repeat_bars(place, times.unwrap_or(1)),
            Op::MoveSection {
                section,
                side,
                other,
            } => self.move_section(section, *side, other, false),
            Op::CopySection {
                section,
                side,
                other,
            } => self.move_section(section, *side, other, true),
            Op::DeleteSection { section } => self.delete_section(section),
            Op::RenameSection { section, name } => self.rename_section(section, name),
            Op::SetKind { section, kind } => self.section_kind(section, *kind),
            Op::SetEnergy { section, energy } => self.energy(section, *energy),
            Op::SplitSection { section, at } => self.split_section(section, *at),
            Op::JoinSections { first, second } => self.join_sections(first, second),
            Op::RemoveTrack { track } => self.remove_track(track),
            Op::RenameTrack { track, name } => self.rename_track(track, name),
            Op::DoubleTrack {
                track,
                name,
                octaves,
                instrument,
            } => self.double_track(track, name, octaves.unwrap_or(0), instrument.as_deref()),
            Op::SwapInstrument { tracks, instrument } => self.swap_instrument(tracks, instrument),
            Op::MoveTrack { track, side, other } => self.move_track(track, *side, other),
            Op::Lock { tracks, place } => self.lock(tracks, place, true),
            Op::Unlock { tracks, place } => self.lock(tracks, place, false),
            Op::SwitchTake {
                track,
                phrase,
                number,
            } => self.take(track, phrase, *number),
            Op::Mute { tracks } => self.set_strips(tracks, |strip| strip.mute = true),
            Op::Unmute { tracks } => self.set_strips(tracks, |strip| strip.mute = false),
            Op::Solo { tracks } => self.set_strips(tracks, |strip| strip.solo = true),
            Op::Unsolo { tracks } => self.set_strips(tracks, |strip| strip.solo = false),
            Op::SetVoice {
                tracks,
                setting,
                value,
            } => self.set_voice(tracks, setting, *value),
            Op::VoicePoint {
                tracks,
                at,
                curve,
                value,
            } => self.voice_point(tracks, *at, curve, *value),
            Op::ClearVoice { tracks, place } => self.clear_voice(tracks, place),
            Op::Gain { tracks, db } => self.gain(tracks, *db),
            Op::Fader { tracks, db } => self.fader(tracks, *db),
            Op::Pan { tracks, pan } => self.pan(tracks, *pan),
            Op::Width { tracks, width } => self.width(tracks, *width),
            Op::Send { tracks, to, level } => self.send(tracks, *to, *level),
            Op::AddBand {
                tracks,
                kind,
                hz,
                db,
                q,
            } => self.eq(tracks, None, (*kind, *hz, *db, *q)),
            Op::SetBand {
                tracks,
                number,
                kind,
                hz,
                db,
                q,
            } => self.eq(tracks, Some(*number), (*kind, *hz, *db, *q)),
            Op::RemoveBand { tracks, number } => self.eq_remove(tracks, *number),
            Op::Compress {
                tracks,
                threshold,
                ratio,
            } => self.compress(tracks, *threshold, *ratio),
            Op::Uncompress { tracks } => self.set_strips(tracks, |strip| strip.compressor = None),
            Op::Automate { tracks, at, db } => self.automate(tracks, *at, *db),
            Op::ClearAutomation { tracks, place } => self.clear_automation(tracks, place.as_ref()),
            Op::Duck {
                tracks,
                key,
                db,
                release,
            } => self.duck(tracks, key, *db, *release),
            Op::Unduck { tracks } => self.set_strips(tracks, |strip| strip.sidechain = None),
            Op::ReturnLevel { to, db } => self.return_level(*to, *db),
            Op::ReturnDecay { to, seconds } => self.return_decay(*to, *seconds),
            Op::Title { title } => self.title(title),
            Op::SetTag { tag } => self.tag(tag),
            Op::SetLine {
                section,
                line,
                text,
            } => self.lyric(section, *line, text::LyricChange::Set(text)),
            Op::InsertLine {
                section,
                line,
                text,
            } => self.lyric(section, *line, text::LyricChange::Insert(text)),
            Op::DeleteLine { section, line } => {
                self.lyric(section, *line, text::LyricChange::Delete)
            }
            Op::Sing {
                track,
                at,
                syllable,
            } => self.sing(track, *at, syllable),
            Op::Loudness { lufs } => self.loudness(*lufs),
            Op::Ceiling { db } => self.ceiling(*db),
            Op::Formats { list } => self.formats(list),
        }
    }
}

fn write_arg<T: Arg>(words: &mut Vec<String>, connecting: &str, value: &T) {
    let mut own = Vec::new();
    value.write(&mut own);
    if !own.is_empty() && !connecting.is_empty() {
        words.push(connecting.to_owned());
    }
    words.append(&mut own);
}

fn read_arg<T: Arg>(words: &mut Words, connecting: &str) -> Result<T, OpError> {
    if !connecting.is_empty() {
        words.take_if(connecting);
    }
    T::read(words)
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join(" "))
    }
}

impl FromStr for Op {
    type Err = OpError;
    fn from_str(line: &str) -> Result<Self, OpError> {
        let mut words = Words::cut(line)?;
        let verb = words.take().unwrap_or_default().to_lowercase();
        let verbs = || Self::GRAMMAR.iter().map(|(verb, _)| *verb);
        let Some(read) = Self::read(&verb, &mut words) else {
            let all = Self::GRAMMAR.iter().map(|(verb, _)| *verb);
            return Err(match message::nearest(&verb, verbs()) {
                Some(near) => OpError::new(
                    format!(
                        "there is no operation `{verb}`; did you mean `{}`?",
                        usage(near)
                    ),
                    format!("没有“{verb}”这种操作；是否指“{}”？", usage(near)),
                ),
                None => message::unknown(("operation", "操作"), &verb, all),
            });
        };
        let pattern = usage(&verb);
        let explain = |error: OpError| {
            OpError::new(
                format!("{}; the whole is written `{pattern}`", error.en),
                format!("{}；完整写法为“{pattern}”", error.zh),
            )
        };
        let op = read.map_err(explain)?;
        match words.peek() {
            None => Ok(op),
            Some(left) => Err(explain(OpError::new(
                format!("`{left}` was not understood"),
                format!("“{left}”无法理解"),
            ))),
        }
    }
}

/// How an operation is written, such as `copy TRACKS PLACE [to] BAR[:BEAT]`.
fn usage(verb: &str) -> String {
    let words = Op::GRAMMAR.iter().find(|(name, _)| *name == verb);
    let mut text = verb.to_owned();
    for (connecting, _, shape) in words.map_or(&[][..], |(_, words)| words) {
        if !connecting.is_empty() {
            text += &format!(" [{connecting}]");
        }
        text += &format!(" {shape}");
    }
    text
}

crate::as_text::in_files!(Op);
