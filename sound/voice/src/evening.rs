//! Levels of vowels brought nearer to each other.

use crate::plan::VoicePlan;

/// Where in a vowel its level is looked at.
const LOOKS: [f64; 7] = [0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9];

/// How much of levels is evened out: 0 nothing, 1 all. Within a vowel it is all, for a held note
/// must not die away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Evening {
    /// Of the line as a whole.
    pub line: f32,
    /// Of differences between one vowel and another.
    pub between: f32,
}

impl Evening {
    /// What to add to the level at instants of the plan so that it comes nearer to `normal`; `loud`
    /// says the level at an instant. All are natural logarithms of amplitudes.
    pub(crate) fn gains(
        self,
        plan: &VoicePlan,
        normal: f32,
        loud: impl Fn(f64) -> f32,
    ) -> Vec<(f64, f32)> {
        let nuclei = (0..plan.syllables.len()).filter_map(|s| Some(&plan.phones[plan.nucleus(s)?]));
        let vowels: Vec<[(f64, f32); LOOKS.len()]> = nuclei
            .map(|phone| {
                LOOKS.map(|share| {
                    let time = phone.start + phone.length() * share;
                    (time, loud(time))
                })
            })
            .collect();
        let mean = |points: &[(f64, f32)]| {
            points.iter().map(|point| point.1).sum::<f32>() / points.len().max(1) as f32
        };
        let line = mean(vowels.as_flattened());
        let evened = vowels.iter().flat_map(|vowel| {
            let own = mean(vowel);
            let all = self.line * (normal - line) + self.between * (line - own);
            vowel.map(|(time, loud)| (time, all + own - loud))
        });
        evened.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Curves, Pause, PlanPhone, PlanSyllable};
    use yuefu_lang::Part;

    #[test]
    fn vowels_keep_what_is_asked_of_their_differences() {
        let syllable = |index| PlanSyllable {
            lang: "cmn",
            tone: None,
            stress: None,
            starts_word: true,
            pause: Pause::None,
            phones: (index, index + 1),
            on: index as f64,
        };
        let phone = |index| PlanPhone {
            symbol: "a",
            part: Part::Nucleus,
            syllable: index,
            start: index as f64,
            end: index as f64 + 1.0,
            natural: 0.2,
        };
        let plan = VoicePlan {
            syllables: vec![syllable(0), syllable(1)],
            phones: vec![phone(0), phone(1)],
            breaths: Vec::new(),
            start: 0.0,
            end: 2.0,
            curves: Curves::default(),
            seed: 0,
        };
        // The second vowel is softer by 2; each falls by 1 from its beginning to its end.
        let loud = |time: f64| {
            let soft = if time < 1.0 { 0.0 } else { -2.0 };
            soft - time.fract() as f32
        };
        let evening = Evening {
            line: 1.0,
            between: 0.5,
        };
        let gains = evening.gains(&plan, -3.0, loud);
        assert_eq!(gains.len(), 2 * LOOKS.len());
        for (time, gain) in gains {
            let wanted = if time < 1.0 { -2.5 } else { -3.5 };
            assert!((loud(time) + gain - wanted).abs() < 1e-5, "{time}");
        }
        let silent = VoicePlan {
            syllables: Vec::new(),
            phones: Vec::new(),
            ..plan
        };
        assert!(evening.gains(&silent, -3.0, loud).is_empty());
    }
}
