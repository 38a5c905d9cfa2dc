//! A tune with words becomes a vocal, alone and dry.

use crate::{Cancel, Studio, StudioError, import::Remark, render::solo, voices::singer_of};
use yuefu_audio::{AudioBuffer, SampleRate, Seconds};
use yuefu_song::{
    Articulation, Catalog, Lyric, Note, PerformedNote, PerformedPhrase, Role, Song,
    lyrics::LyricSyllable,
};
use yuefu_voice::{Expression, ensemble};

/// What is to be sung, and by whom.
#[derive(Clone, Copy, Debug, Default)]
pub struct SingJob<'a> {
    /// Id of the voice; `None` keeps the track's own, else the first that sings the language.
    pub voice: Option<&'a str>,
    /// Id of the track; `None` takes the one with words, else the tune.
    pub track: Option<&'a str>,
    /// Words as text, instead of those on the notes: a line for each phrase.
    pub lyrics: Option<&'a str>,
}

/// A song of which one track is sung.
#[derive(Clone, Debug)]
pub struct SungSong {
    /// The song with the singer and the words in it.
    pub song: Song,
    /// Number of the sung track.
    pub track: usize,
    /// Syllables that are sung.
    pub syllables: usize,
    /// What was found, assumed or left out.
    pub remarks: Vec<Remark>,
}

impl Studio {
    /// Has a track of a song sung.
    ///
    /// # Errors
    /// When there is no such track or voice.
    pub fn cast_singer(&self, song: &Song, job: &SingJob<'_>) -> Result<SungSong, StudioError> {
        let mut song = song.clone();
        let mut remarks = Vec::new();
        let track = find_track(&song, job.track)?;
        if let Some(text) = job.lyrics {
            crate::laying::lay(&mut song, track, text, &mut remarks);
        }
        let notes = |song: &Song| -> Vec<Note> {
            let phrases = song.score.tracks[track].phrases.iter();
            phrases.flat_map(|phrase| phrase.notes.clone()).collect()
        };
        let sung = notes(&song);
        let syllables = sung.iter().filter(|note| note.lyric.is_some()).count();
        if syllables == 0 {
            remarks.push(Remark::new(
                "the tune has no words and is hummed; give some with --lyrics",
                "旋律没有歌词，改为哼唱；可用 --lyrics 给出歌词",
            ));
        }
        let lang = sung
            .iter()
            .find_map(|note| note.lyric.as_ref())
            .map_or("en", |lyric| lyric.lang.as_str());
        let id = self.choose_voice(&song.score.tracks[track].instrument, job.voice, lang)?;
        let profile = self.voice_named(&id)?;
        self.choir.singer(singer_of(profile).unwrap_or(&id))?;
        if syllables > 0 && !profile.sings.iter().any(|own| own == lang) {
            remarks.push(Remark::new(
                format!(
                    "{} does not know this language and sings it with an accent",
                    profile.en
                ),
                format!("{} 不会这种语言，会带口音", profile.zh),
            ));
        }
        let by = octaves(&sung, profile.sweet);
        let found = &mut song.score.tracks[track];
        found.instrument.clone_from(&id);
        if found.role != Role::Backing {
            found.role = Role::Vocal;
        }
        if by != 0 {
            for note in found
                .phrases
                .iter_mut()
                .flat_map(|phrase| &mut phrase.notes)
            {
                note.pitch.octave += by as i8;
            }
            remarks.push(Remark::new(
                format!("the tune is sung {by:+} octaves, where the voice is at home"),
                format!("旋律移动 {by:+} 个八度，以适合这个声音的音域"),
            ));
        }
        for member in &mut song.plan.cast {
            if member.id == song.score.tracks[track].id {
                member.instrument.clone_from(&id);
                member.role = song.score.tracks[track].role;
            }
        }
        song.tidy();
        Ok(SungSong {
            song,
            track,
            syllables,
            remarks,
        })
    }

    /// A track alone and dry.
    ///
    /// # Errors
    /// When stopped, or when the voice cannot sing.
    pub fn solo(
        &self,
        song: &Song,
        track: usize,
        cancel: &Cancel,
    ) -> Result<AudioBuffer, StudioError> {
        solo(self, song, track, cancel)
    }

    /// The voice that is asked for, the track's own, or the first that sings a language.
    fn choose_voice(
        &self,
        instrument: &str,
        asked: Option<&str>,
        lang: &str,
    ) -> Result<String, StudioError> {
        if let Some(id) = asked {
            return Ok(self.voice_named(id)?.id.clone());
        }
        let own = self.catalog.profile(instrument);
        if let Some(own) = own.filter(|own| singer_of(own).is_some()) {
            return Ok(own.id.clone());
        }
        default_voice(&self.catalog, lang)
    }

    /// A few words from a voice, to hear what it is like.
    ///
    /// # Errors
    /// When there is no such voice, or it cannot sing.
    pub fn preview_voice(
        &self,
        id: &str,
        text: Option<&str>,
        rate: SampleRate,
    ) -> Result<AudioBuffer, StudioError> {
        let profile = self.voice_named(id)?;
        let singer = self.choir.singer(singer_of(profile).unwrap_or(id))?;
        let text = text.unwrap_or(match profile.sings.first().map(String::as_str) {
            Some("cmn" | "yue") => "晚风轻轻吹过山岗",
            Some("ja") => "さくらさくら",
            _ => "evening falls and the river is singing",
        });
        // A tune of five notes in the middle of the voice's range, the last one long.
        let home = (profile.sweet[0] + profile.sweet[1]) / 2 - 4;
        const TUNE: [u8; 8] = [0, 2, 4, 7, 9, 7, 4, 2];
        let syllables = syllables_of(text, &mut Vec::new());
        let count = syllables.len();
        let mut notes = Vec::with_capacity(count);
        let mut at = 0.0;
        for (index, syllable) in syllables.iter().enumerate() {
            let last = index + 1 == count;
            let length = if last { 1.8 } else { 0.42 };
            notes.push(PerformedNote {
                on: Seconds(at),
                off: Seconds(at + length),
                key: home + if last { 0 } else { TUNE[index % TUNE.len()] },
                velocity: 0.63,
                articulation: Articulation::Normal,
                pitch: Default::default(),
                level: Default::default(),
                tone: Default::default(),
                legato: false,
                lyric: Some(Box::new(Lyric::from(syllable))),
            });
            at += length;
        }
        let phrase = PerformedPhrase {
            instrument: profile.id.clone(),
            notes,
            length: Seconds(at),
            seed: 1,
        };
        let mut expression = Expression::default();
        expression.settings.formant += profile.formant;
        let clip = ensemble::sing(&phrase, &expression, &*singer, rate)?.clip;
        Ok(clip.audio)
    }
}

/// The first voice that sings a language, failing that the first. No voice is loaded for it.
///
/// # Errors
/// When there is no voice.
pub fn default_voice(catalog: &Catalog, lang: &str) -> Result<String, StudioError> {
    let voices = || {
        let profiles = catalog.profiles().iter();
        let singers = profiles.filter(|profile| singer_of(profile).is_some());
        singers.map(|profile| (profile.id.as_str(), &profile.sings))
    };
    voices()
        .find(|(_, sings)| sings.iter().any(|own| own == lang))
        .or_else(|| voices().next())
        .map(|(id, _)| id.to_owned())
        .ok_or_else(|| StudioError::Internal("no voice is shipped".to_owned()))
}

fn find_track(song: &Song, asked: Option<&str>) -> Result<usize, StudioError> {
    let tracks = &song.score.tracks;
    if let Some(id) = asked {
        return tracks
            .iter()
            .position(|track| track.id == id)
            .ok_or_else(|| {
                let ids: Vec<&str> = tracks.iter().map(|track| track.id.as_str()).collect();
                let ids = ids.join(", ");
                StudioError::input(
                    format!("expected one of the tracks {ids}, found `{id}`"),
                    format!("声部应为 {ids} 之一，却是“{id}”"),
                )
            });
    }
    let worded = |role: Option<Role>| {
        tracks.iter().position(|track| {
            let words = track
                .phrases
                .iter()
                .flat_map(|p| &p.notes)
                .any(|n| n.lyric.is_some());
            words && role.is_none_or(|role| track.role == role)
        })
    };
    let of_role = |role: Role| tracks.iter().position(|track| track.role == role);
    worded(Some(Role::Vocal))
        .or_else(|| worded(None))
        .or_else(|| of_role(Role::Vocal))
        .or_else(|| of_role(Role::Lead))
        .or_else(|| tracks.iter().position(|track| !track.role.is_percussion()))
        .ok_or_else(|| {
            StudioError::input(
                "the song has no tune that could be sung",
                "这首歌没有可以唱的旋律",
            )
        })
}

/// Octaves that bring the middle of a tune nearest to the middle of a voice.
fn octaves(notes: &[Note], sweet: [u8; 2]) -> i32 {
    let mut keys: Vec<i32> = notes.iter().map(|note| i32::from(note.key())).collect();
    keys.sort_unstable();
    let (Some(low), Some(high)) = (keys.first(), keys.last()) else {
        return 0;
    };
    // Within its range a tune stays where it is written.
    if *low >= i32::from(sweet[0]) - 4 && *high <= i32::from(sweet[1]) + 3 {
        return 0;
    }
    let home = (i32::from(sweet[0]) + i32::from(sweet[1])) / 2;
    let middle = (low + high) / 2;
    (f64::from(home - middle) / 12.0).round() as i32
}

/// The syllables of a text, with remarks of what cannot be sung.
fn syllables_of(text: &str, remarks: &mut Vec<Remark>) -> Vec<LyricSyllable> {
    lines_of(text, remarks).concat()
}

fn lines_of(text: &str, remarks: &mut Vec<Remark>) -> Vec<Vec<LyricSyllable>> {
    let parsed = yuefu_lyrics::read(text, yuefu_lyrics::languages());
    remarks.extend(
        parsed
            .notes
            .iter()
            .map(|note| Remark::new(note.text(false), note.text(true))),
    );
    let lines = parsed.sheet.lines.into_iter();
    let sung = lines.flat_map(|line| {
        let times = line.repeats.max(1) as usize;
        std::iter::repeat_n(line.syllables, times)
    });
    sung.filter(|line| !line.is_empty()).collect()
}
