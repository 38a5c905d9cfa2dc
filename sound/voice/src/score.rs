//! From a played phrase to a voice plan.

use crate::{
    color, pitch,
    plan::{VoicePlan, frames_of},
    singer::{Singer, VoiceError},
    sung::{self, Remark, Sung},
    timing,
};
use serde::{Deserialize, Serialize};
use yuefu_song::{PerformedPhrase, VoiceCurves, VoiceSettings};

/// How a phrase is to be sung, beside its notes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Expression {
    /// Settings of the track.
    pub settings: VoiceSettings,
    /// Curves of the phrase, over **seconds** since its start.
    pub curves: VoiceCurves,
    /// Whether it is sung beside a lead: then nobody sings quite what is written, or the two would
    /// be one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub beside: bool,
}

/// A plan with what could not be sung as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The plan.
    pub plan: VoicePlan,
    /// Words that are hummed because their reading is no reading.
    pub remarks: Vec<Remark>,
}

/// Seconds of silence after the last sound.
const TAIL: f64 = 0.05;

/// Plans a phrase for a singer: of chords the highest note.
///
/// # Errors
/// When the singer cannot say how it would speak.
pub fn plan(
    phrase: &PerformedPhrase,
    expression: &Expression,
    singer: &dyn Singer,
) -> Result<Planned, VoiceError> {
    plan_sung(&sung::read(phrase, 0), expression, singer)
}

/// Plans what is sung for a singer.
///
/// # Errors
/// As [`plan`].
pub fn plan_sung(
    sung: &Sung,
    expression: &Expression,
    singer: &dyn Singer,
) -> Result<Planned, VoiceError> {
    let settings = expression.settings.clone().limited();
    let outline = timing::outline(sung);
    let natural = if sung.syllables.is_empty() {
        crate::Natural::default()
    } else {
        singer.speak(&timing::utterance(&outline))?
    };
    if natural.seconds.len() != outline.1.len() {
        return Err(VoiceError::new(
            format!(
                "{} gave lengths of {} phones, expected {}",
                singer.profile().id,
                natural.seconds.len(),
                outline.1.len()
            ),
            format!(
                "{} 给出 {} 个音素的长度，应为 {} 个",
                singer.profile().id,
                natural.seconds.len(),
                outline.1.len()
            ),
        ));
    }
    let timed = timing::plan(sung, &natural, &settings);
    let first = timed.phones.first().map_or(0.0, |phone| phone.start);
    let breath = timed.breaths.first().map_or(first, |breath| breath.start);
    let start = if timed.phones.is_empty() {
        0.0
    } else {
        first.min(breath) - 0.01
    };
    let end = timed.phones.last().map_or(0.0, |phone| phone.end + TAIL);
    let frames = pitch::Frames {
        start,
        count: frames_of(start, end),
    };
    let mut curves = color::curves(sung, &timed, &settings, &expression.curves, frames);
    (curves.f0, curves.tune) = pitch::curves(
        sung,
        &timed,
        &natural,
        &settings,
        &expression.curves,
        frames,
    );
    Ok(Planned {
        plan: VoicePlan {
            syllables: timed.syllables,
            phones: timed.phones,
            breaths: timed.breaths,
            start,
            end,
            curves,
            seed: sung.seed,
        },
        remarks: sung.remarks.clone(),
    })
}
