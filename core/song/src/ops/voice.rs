//! Operations on how tracks sing.

use super::{
    Work,
    message::OpError,
    place::{At, Place, Tracks},
    select,
};
use crate::{
    score::Role,
    voice::{TrackVoice, VoiceCurves, VoiceSettings},
};
use yuefu_audio::CurvePoint;
use yuefu_theory::Ticks;

impl Work<'_> {
    /// Sets one setting of voices.
    pub(super) fn set_voice(
        &mut self,
        tracks: &Tracks,
        setting: &str,
        value: f32,
    ) -> Result<(), OpError> {
        let field = VoiceSettings::FIELDS
            .iter()
            .find(|field| field.name == setting)
            .ok_or_else(|| {
                let names: Vec<&str> = VoiceSettings::FIELDS.iter().map(|f| f.name).collect();
                unknown_name(setting, &names)
            })?;
        let [low, high] = field.range;
        if !(low..=high).contains(&value) {
            return Err(OpError::new(
                format!("{setting} is {low} to {high}, found {value}"),
                format!("{setting} 的范围是 {low} 到 {high}，却是 {value}"),
            ));
        }
        for id in self.voices(tracks)? {
            let voice = self.song.voices.entry(id.clone()).or_default();
            voice.settings.set(setting, value);
            self.forget_default(&id);
        }
        Ok(())
    }

    /// Sets a point of a curve of the phrases that sing at a position.
    pub(super) fn voice_point(
        &mut self,
        tracks: &Tracks,
        at: At,
        curve: &str,
        value: f32,
    ) -> Result<(), OpError> {
        if !VoiceCurves::NAMES.contains(&curve) {
            return Err(unknown_name(curve, &VoiceCurves::NAMES));
        }
        let tick = select::position_or_end(at, &self.song)?;
        let mut found = false;
        for id in self.voices(tracks)? {
            let track = self.song.score.tracks.iter().find(|track| track.id == id);
            let phrase = track.and_then(|track| {
                let phrases = &track.phrases;
                phrases
                    .iter()
                    .find(|phrase| phrase.span.start <= tick && tick <= phrase.span.end)
            });
            let Some(phrase) = phrase else {
                continue;
            };
            let quarters = (tick - phrase.span.start).0 as f64 / Ticks::QUARTER.0 as f64;
            let point = CurvePoint {
                at: quarters as f32,
                value,
            };
            let phrase = phrase.id.clone();
            let voice = self.song.voices.entry(id).or_default();
            let curves = voice.phrases.entry(phrase).or_default();
            if let Some(curve) = curves.get_mut(curve) {
                let points = &mut curve.0;
                points.retain(|other| (other.at - point.at).abs() > 1e-4);
                let before = points.partition_point(|other| other.at < point.at);
                points.insert(before, point);
            }
            found = true;
        }
        if found {
            return Ok(());
        }
        Err(OpError::new(
            "no phrase of these tracks sings there",
            "这些声部在该处没有乐句",
        ))
    }

    /// Takes the curves of the phrases in a place away.
    pub(super) fn clear_voice(&mut self, tracks: &Tracks, place: &Place) -> Result<(), OpError> {
        let spans = select::find_spans(place, &self.song)?;
        for id in self.voices(tracks)? {
            let Some(track) = self.song.score.tracks.iter().find(|track| track.id == id) else {
                continue;
            };
            let inside = track.phrases.iter().filter(|phrase| {
                let span = phrase.span;
                spans
                    .iter()
                    .any(|s| s.start < span.end && span.start < s.end)
            });
            let gone: Vec<String> = inside.map(|phrase| phrase.id.clone()).collect();
            if let Some(voice) = self.song.voices.get_mut(&id) {
                voice.phrases.retain(|phrase, _| !gone.contains(phrase));
            }
            self.forget_default(&id);
        }
        Ok(())
    }

    /// Ids of the tracks, which must be sung.
    fn voices(&self, tracks: &Tracks) -> Result<Vec<String>, OpError> {
        let ids = select::find_tracks(tracks, &self.song, self.catalog)?;
        let sings = |id: &String| {
            let track = self.song.score.tracks.iter().find(|track| track.id == *id);
            track.is_some_and(|track| {
                let profile = self.catalog.profile(&track.instrument);
                matches!(track.role, Role::Vocal | Role::Backing)
                    || profile.is_some_and(|profile| profile.engine.starts_with("voice:"))
            })
        };
        let ids: Vec<String> = ids.into_iter().filter(sings).collect();
        if ids.is_empty() {
            return Err(OpError::new(
                "none of these tracks is sung",
                "这些声部都不是人声",
            ));
        }
        Ok(ids)
    }

    /// A voice that says nothing but defaults is not kept.
    fn forget_default(&mut self, id: &str) {
        if self.song.voices.get(id).is_some_and(TrackVoice::is_default) {
            self.song.voices.remove(id);
        }
    }
}

fn unknown_name(found: &str, known: &[&str]) -> OpError {
    let known = known.join(", ");
    OpError::new(
        format!("expected one of {known}, found `{found}`"),
        format!("应为 {known} 之一，却是“{found}”"),
    )
}
