//! How a song differs from others.
//!
//! Songs have ways of their own: one never takes a semitone, one hardly breathes, one lives on repeated
//! notes. What is drawn note by note comes out near the mean of all songs each time; real ones lie
//! about twice as far apart (docs/RESULTS.md, "Real or ours?"). So every song draws its ways first.

use yuefu_engine::SeedPath;

/// What a song does more (above 0) or less readily than others, in nats for each choice.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Habits {
    /// Semitone steps.
    pub semitones: f32,
    /// Repeated notes.
    pub repeats: f32,
    /// Leaps of a fourth and more.
    pub leaps: f32,
    /// Going on in one direction.
    pub onward: f32,
    /// Tones of the chord on strong beats.
    pub chordal: f32,
    /// Onsets between the eighths.
    pub sixteenths: f32,
    /// Onsets between the beats.
    pub offbeats: f32,
    /// Lines of words that begin before their bar.
    pub pickups: f32,
    /// Beats of silence that phrases leave at their end.
    pub breath: f32,
    /// How often a phrase that returns within its section says the same otherwise.
    pub varies: f32,
    /// How far phrases lie above and below one another, in semitones.
    pub heights: f32,
}

impl Habits {
    /// The ways of a song. The spreads are what real songs have beyond those that are drawn without.
    pub fn of_song(seed: &SeedPath) -> Self {
        let mut rng = seed.join("habits").rng();
        let mut about = |spread: f32| rng.normal().clamp(-2.2, 2.2) * spread;
        let mut own = Self {
            semitones: about(0.7) - 0.2,
            repeats: about(0.45) - 0.08,
            leaps: about(0.35),
            onward: about(0.3),
            chordal: about(0.9),
            sixteenths: about(0.9) + 0.6,
            offbeats: about(0.35) + 0.12,
            pickups: 0.0,
            breath: 0.0,
            varies: 0.0,
            heights: 0.0,
        };
        // Pentatonic songs have none.
        if rng.chance(0.14) {
            own.semitones = -3.0;
        }
        let breaths = [
            (0.0, 0.2),
            (0.5, 0.12),
            (0.75, 0.1),
            (1.0, 0.2),
            (1.5, 0.08),
            (2.0, 0.17),
            (3.0, 0.13),
        ];
        own.breath = breaths[rng.weighted(&breaths.map(|breath| breath.1))].0;
        own.varies = rng.range(0.45, 1.0);
        own.heights = rng.range(2.6, 5.6);
        own.pickups = rng.normal().clamp(-2.2, 2.2) * 0.9 + 2.9;
        own
    }
}
