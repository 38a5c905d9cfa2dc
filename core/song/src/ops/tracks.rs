//! Operations on whole tracks.

use super::{
    Work,
    message::{OpError, unknown},
    notes::{check_key, fold},
    place::{Place, Tracks},
    select,
    values::Side,
};
use crate::{
    catalog::{Family, InstrumentProfile},
    mixplan::ChannelStrip,
    score::{Origin, Phrase},
};

impl Work<'_> {
    /// Takes a track out of the song, the cast and the mix.
    pub(super) fn remove_track(&mut self, name: &str) -> Result<(), OpError> {
        let index = select::find_track(name, &self.song, self.catalog)?;
        let track = &self.song.score.tracks[index];
        if self.song.score.tracks.len() == 1 {
            return Err(OpError::new(
                format!(
                    "{} is the only track; a song needs one, so add another first or mute it",
                    track.id
                ),
                format!("{} 是唯一的声部；请先添加别的声部，或将其静音", track.id),
            ));
        }
        if let Some(phrase) = track.phrases.iter().find(|phrase| phrase.locked) {
            return Err(super::notes::locked(&phrase.id));
        }
        let id = self.song.score.tracks.remove(index).id;
        let plan = &mut self.song.plan;
        plan.cast.retain(|member| member.id != id);
        for section in &mut plan.sections {
            section.playing.retain(|playing| *playing != id);
        }
        self.song.voices.remove(&id);
        if let Some(mix) = &mut self.song.mix {
            mix.tracks.retain(|strip| strip.track != id);
            for strip in &mut mix.tracks {
                if strip
                    .sidechain
                    .as_ref()
                    .is_some_and(|duck| duck.key_track == id)
                {
                    strip.sidechain = None;
                    self.remarks.say(
                        format!("{} does not duck any more: {id} is gone", strip.track),
                        format!("{} 不再闪避：{id} 已移除", strip.track),
                    );
                }
            }
        }
        Ok(())
    }

    /// Gives a track another id wherever the document names it.
    pub(super) fn rename_track(&mut self, name: &str, new: &str) -> Result<(), OpError> {
        let index = select::find_track(name, &self.song, self.catalog)?;
        self.check_new_track(new)?;
        let old = std::mem::replace(&mut self.song.score.tracks[index].id, new.to_owned());
        let rename = |id: &mut String| {
            if *id == old {
                new.clone_into(id);
            }
        };
        for member in &mut self.song.plan.cast {
            rename(&mut member.id);
        }
        for section in &mut self.song.plan.sections {
            section.playing.iter_mut().for_each(rename);
        }
        if let Some(voice) = self.song.voices.remove(&old) {
            self.song.voices.insert(new.to_owned(), voice);
        }
        for strip in self.song.mix.iter_mut().flat_map(|mix| &mut mix.tracks) {
            rename(&mut strip.track);
            if let Some(duck) = &mut strip.sidechain {
                rename(&mut duck.key_track);
            }
        }
        Ok(())
    }

    /// Adds a track that plays the same, octaves higher or lower or on another instrument.
    pub(super) fn double_track(
        &mut self,
        name: &str,
        new: &str,
        octaves: i32,
        instrument: Option<&str>,
    ) -> Result<(), OpError> {
        let index = select::find_track(name, &self.song, self.catalog)?;
        self.check_new_track(new)?;
        let mut track = self.song.score.tracks[index].clone();
        let source = std::mem::replace(&mut track.id, new.to_owned());
        if let Some(voice) = self.song.voices.get(&source).cloned() {
            self.song.voices.insert(new.to_owned(), voice);
        }
        if octaves != 0 && track.role.is_percussion() {
            return Err(OpError::new(
                format!("{source} is percussion and has no octaves; leave the octave out"),
                format!("{source} 是打击乐，没有八度；请去掉八度"),
            ));
        }
        for phrase in &mut track.phrases {
            phrase.locked = false;
            for note in &mut phrase.notes {
                check_key(note.pitch.midi() + 12 * octaves.clamp(-20, 20))?;
                note.pitch.octave += octaves.clamp(-20, 20) as i8;
            }
            // The takes that were put aside belong to the track that was copied.
            phrase.takes.clear();
            phrase.take = 0;
            phrase.origin = Origin::Edited;
        }
        if let Some(instrument) = instrument {
            let profile = self.instrument(instrument)?.clone();
            self.check_swap(&source, track.role.is_percussion(), &profile)?;
            track.instrument = profile.id.clone();
            if !track.role.is_percussion() {
                into_range(track.phrases.iter_mut(), &profile);
            }
        }
        self.song.score.tracks.insert(index + 1, track);
        let plan = &mut self.song.plan;
        if let Some(at) = plan.cast.iter().position(|member| member.id == source) {
            let mut member = plan.cast[at].clone();
            new.clone_into(&mut member.id);
            plan.cast.insert(at + 1, member);
        }
        for section in &mut plan.sections {
            if let Some(at) = section.playing.iter().position(|id| *id == source) {
                section.playing.insert(at + 1, new.to_owned());
            }
        }
        if let Some(mix) = &mut self.song.mix {
            let at = mix.tracks.iter().position(|strip| strip.track == source);
            let mut strip =
                at.map_or_else(|| ChannelStrip::neutral(new), |at| mix.tracks[at].clone());
            new.clone_into(&mut strip.track);
            mix.tracks
                .insert(at.map_or(mix.tracks.len(), |at| at + 1), strip);
        }
        self.mention_range(index + 1);
        Ok(())
    }

    /// Gives tracks another instrument.
    pub(super) fn swap_instrument(
        &mut self,
        tracks: &Tracks,
        instrument: &str,
    ) -> Result<(), OpError> {
        let profile = self.instrument(instrument)?.clone();
        let ids = select::find_tracks(tracks, &self.song, self.catalog)?;
        for id in &ids {
            self.check_swap(id, self.track(id).role.is_percussion(), &profile)?;
        }
        for track in &mut self.song.score.tracks {
            if !ids.contains(&track.id) {
                continue;
            }
            track.instrument = profile.id.clone();
            if track.role.is_percussion() {
                continue;
            }
            let [low, high] = profile.range;
            for phrase in track.phrases.iter().filter(|phrase| phrase.locked) {
                if phrase
                    .notes
                    .iter()
                    .any(|n| !(low..=high).contains(&n.key()))
                {
                    self.remarks.locked(&track.id, &phrase.id);
                }
            }
            into_range(track.phrases.iter_mut().filter(|p| !p.locked), &profile);
        }
        for index in 0..self.song.score.tracks.len() {
            if ids.contains(&self.song.score.tracks[index].id) {
                self.mention_range(index);
            }
        }
        Ok(())
    }

    /// Moves a track before or after another in score order.
    pub(super) fn move_track(
        &mut self,
        name: &str,
        side: Side,
        other: &str,
    ) -> Result<(), OpError> {
        let from = select::find_track(name, &self.song, self.catalog)?;
        let other = select::find_track(other, &self.song, self.catalog)?;
        if from == other {
            return Ok(());
        }
        let other = self.song.score.tracks[other].id.clone();
        let track = self.song.score.tracks.remove(from);
        let id = track.id.clone();
        let place = |at: Option<usize>, len: usize| {
            at.map_or(len, |at| at + usize::from(side == Side::After))
        };
        let tracks = &mut self.song.score.tracks;
        let at = place(tracks.iter().position(|t| t.id == other), tracks.len());
        tracks.insert(at, track);
        let cast = &mut self.song.plan.cast;
        if let Some(from) = cast.iter().position(|member| member.id == id) {
            let member = cast.remove(from);
            let at = place(cast.iter().position(|m| m.id == other), cast.len());
            cast.insert(at, member);
        }
        Ok(())
    }

    /// Locks or unlocks the phrases of a selection.
    pub(super) fn lock(&mut self, tracks: &Tracks, place: &Place, on: bool) -> Result<(), OpError> {
        let selection = self.select(tracks, place)?;
        let mut count = 0;
        for track in &mut self.song.score.tracks {
            if !selection.has_track(&track.id) {
                continue;
            }
            for phrase in &mut track.phrases {
                let inside = selection
                    .spans
                    .iter()
                    .any(|span| span.overlaps(phrase.span));
                if inside {
                    phrase.locked = on;
                    count += 1;
                }
            }
        }
        self.some_notes(count, &selection)
    }

    /// Brings another take of a phrase back.
    pub(super) fn take(&mut self, name: &str, phrase: &str, number: u32) -> Result<(), OpError> {
        let index = select::find_track(name, &self.song, self.catalog)?;
        let phrases = &mut self.song.score.tracks[index].phrases;
        let Some(at) = phrases.iter().position(|p| p.id == phrase) else {
            let ids = phrases.iter().map(|p| p.id.as_str());
            return Err(unknown(("phrase", "乐句"), phrase, ids));
        };
        let found = &mut phrases[at];
        if number != found.take && found.locked {
            return Err(super::notes::locked(phrase));
        }
        if found.switch(number) {
            return Ok(());
        }
        let mut takes: Vec<u32> = found.takes.iter().map(|take| take.number).collect();
        takes.push(found.take);
        takes.sort_unstable();
        let takes: Vec<String> = takes.iter().map(u32::to_string).collect();
        let takes = takes.join(", ");
        Err(OpError::new(
            format!("phrase {phrase} has no take {number}; it has: {takes}"),
            format!("乐句 {phrase} 没有第 {number} 版；现有：{takes}"),
        ))
    }

    /// The profile of an instrument by id or name.
    fn instrument(&self, name: &str) -> Result<&InstrumentProfile, OpError> {
        let lower = name.to_lowercase();
        let profiles = self.catalog.profiles();
        self.catalog
            .profile(name)
            .or_else(|| {
                profiles
                    .iter()
                    .find(|p| p.en.to_lowercase() == lower || p.zh == name)
            })
            .or_else(|| self.catalog.voice(name))
            .ok_or_else(|| {
                let ids = profiles.iter().map(|profile| profile.id.as_str());
                unknown(("instrument", "乐器"), name, ids)
            })
    }

    /// Refuses drum keys on a pitched instrument and pitches on a kit.
    fn check_swap(
        &self,
        track: &str,
        percussion: bool,
        profile: &InstrumentProfile,
    ) -> Result<(), OpError> {
        let kit = profile.family == Family::Kit;
        if percussion == kit {
            return Ok(());
        }
        Err(if percussion {
            OpError::new(
                format!(
                    "{track} is percussion: its notes are drum keys, which {} would play as a meaningless tune; choose a kit",
                    profile.id
                ),
                format!(
                    "{track} 是打击乐：其音符表示鼓件，{} 会奏成无意义的旋律；请选择鼓组",
                    profile.zh
                ),
            )
        } else {
            OpError::new(
                format!(
                    "{track} has pitches, which {} would play as random drums; choose a pitched instrument",
                    profile.id
                ),
                format!(
                    "{track} 有音高，{} 会奏成杂乱的鼓点；请选择有音高的乐器",
                    profile.zh
                ),
            )
        })
    }

    fn check_new_track(&self, id: &str) -> Result<(), OpError> {
        let valid = !id.is_empty()
            && id.chars().count() <= 60
            && id != "all"
            && !id.contains([',', '，', '、', '*', '"'])
            && !id.chars().any(|c| c.is_whitespace() || c.is_control());
        if !valid {
            return Err(OpError::new(
                format!(
                    "expected a track id such as piano-2, without blanks and commas, found `{id}`"
                ),
                format!("需要声部名，如 piano-2（不含空格和逗号），却是“{id}”"),
            ));
        }
        if self.song.score.tracks.iter().any(|track| track.id == id)
            || self.song.plan.cast.iter().any(|member| member.id == id)
        {
            return Err(OpError::new(
                format!("there is a track `{id}` already; choose another id"),
                format!("已有名为“{id}”的声部；请另选名称"),
            ));
        }
        Ok(())
    }
}

/// Folds every phrase into the range of an instrument, each as a whole where that is possible.
fn into_range<'a>(phrases: impl Iterator<Item = &'a mut Phrase>, profile: &InstrumentProfile) {
    let (low, high) = (i32::from(profile.range[0]), i32::from(profile.range[1]));
    for phrase in phrases {
        let before = phrase.notes.clone();
        fold(&mut phrase.notes, low, high);
        if phrase.notes != before {
            super::tidy::edited(phrase);
        }
        for take in &mut phrase.takes {
            fold(&mut take.notes, low, high);
            super::tidy::tidy(&mut take.notes);
        }
    }
}
