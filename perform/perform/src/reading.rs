//! What the playing of a phrase depends on: every value, and nothing else.

use crate::clock::Clock;
use serde::{Deserialize, Serialize};
use yuefu_song::{
    Articulation, Catalog, Family, InstrumentProfile, Lyric, Phrase, Role, Score, Track,
};
use yuefu_theory::{Key, Ticks};

/// A phrase with everything around it that matters, in seconds since its start.
///
/// Two equal readings are played alike wherever they lie in the song: a cache key of a performed
/// phrase is the hash of its reading and [`crate::VERSION`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Catalog id of the instrument.
    pub instrument: String,
    /// Its family.
    pub family: Family,
    /// Its lowest and highest key.
    pub range: [u8; 2],
    /// Whether it plays recordings; those have no expression of their own.
    pub sampled: bool,
    /// What the track does.
    pub role: Role,
    /// Milliseconds the rhythm section plays behind the beat.
    pub lay_back: f32,
    /// Seconds the phrase lasts.
    pub length: f64,
    /// The earliest second at which a note may begin (negative; 0 at the start of the song).
    pub earliest: f64,
    /// The note before the phrase on the same track.
    pub before: Option<Before>,
    /// The notes, in order of start, ties by pitch.
    pub notes: Vec<Site>,
    /// Seed of everything random in the playing and the sound.
    pub seed: u64,
}

/// The note before a phrase.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Before {
    /// Its key.
    pub key: u8,
    /// Seconds from its written end to the start of the phrase; negative if it rings into it.
    pub gap: f64,
}

/// A written note in its surroundings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Site {
    /// Score position relative to the phrase.
    pub at: Ticks,
    /// Score position in its bar.
    pub offset: Ticks,
    /// Metric weight of that position, 0..=1.
    pub weight: f32,
    /// Whether the felt beats of the bar divide in three.
    pub compound: bool,
    /// Felt start in seconds.
    pub on: f64,
    /// Felt written end in seconds.
    pub end: f64,
    /// When the chord that sounds at its end gives way to the next, in seconds.
    pub chord_end: f64,
    /// Seconds a quarter note lasts here.
    pub quarter: f64,
    /// Energy at its start and end.
    pub energy: [f32; 2],
    /// How much stronger the next section begins, if this note leads into it; else 0.
    pub rise: f32,
    /// Key of the section.
    pub scale: Key,
    /// MIDI key as written.
    pub key: u8,
    /// Written dynamic level, 1..=127.
    pub velocity: u8,
    /// How it is to be played.
    pub articulation: Articulation,
    /// How much later than written it is struck, in tenths of a millisecond, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<i16>,
    /// What it sings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lyric: Option<Box<Lyric>>,
}

/// The key and the absolute end of the last note of a phrase (the highest of several).
pub(crate) fn last_note(phrase: &Phrase) -> Option<(u8, Ticks)> {
    phrase
        .notes
        .iter()
        .max_by_key(|note| (note.at, note.pitch.midi()))
        .map(|note| (note.key(), phrase.span.start + note.end()))
}

/// To whole microseconds, so that the same music at another place of the song is the same number.
pub(crate) fn micro(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

pub(crate) fn read(
    clock: &Clock<'_>,
    score: &Score,
    catalog: &Catalog,
    track: &Track,
    phrase: &Phrase,
    before: Option<(u8, Ticks)>,
    seed: u64,
) -> Reading {
    let profile = catalog.profile(&track.instrument);
    let start = clock.seconds(phrase.span.start);
    let since = |at: Ticks| micro(clock.seconds(at) - start);
    let mut notes: Vec<Site> = phrase
        .notes
        .iter()
        .map(|note| {
            let at = phrase.span.start + note.at;
            let end = at + note.len.max(Ticks(1));
            let last = end - Ticks(1);
            let metre = clock.timeline().metre(at);
            let (bar, offset) = clock.timeline().bar_of(at);
            let chord_end = score.chord_at(last).map_or_else(
                || {
                    let (bar_of_end, _) = clock.timeline().bar_of(last);
                    clock.timeline().bar_start(bar_of_end.max(bar) + 1)
                },
                |chord| chord.span.end,
            );
            let leads = clock
                .section_end(at)
                .is_some_and(|section| end + Ticks::QUARTER >= section);
            Site {
                at: note.at,
                offset,
                weight: metre.weight(offset),
                compound: metre.is_compound(),
                on: since(at),
                end: micro(since(end) + clock.ring(end)),
                chord_end: micro(since(chord_end) + clock.ring(end)),
                quarter: micro(60.0 / clock.timeline().bpm(at)),
                energy: [clock.energy(at), clock.energy(last)],
                rise: if leads { clock.rise(at) } else { 0.0 },
                scale: score.key_at(at),
                key: note.key(),
                velocity: note.velocity.clamp(1, 127),
                articulation: note.articulation,
                late: note.late,
                lyric: note.lyric.clone(),
            }
        })
        .collect();
    notes.sort_by_key(|site| (site.at, site.key));
    Reading {
        instrument: track.instrument.clone(),
        family: profile.map_or(family_of(track.role), |p| p.family),
        range: profile.map_or([0, 127], |p| p.range),
        sampled: profile.is_none_or(is_sampled),
        role: track.role,
        lay_back: clock.feel().lay_back.clamp(-60.0, 60.0),
        length: since(phrase.span.end).max(0.0),
        earliest: micro(-start.clamp(0.0, 1.0)),
        before: before.map(|(key, end)| Before {
            key,
            gap: -since(end),
        }),
        notes,
        seed,
    }
}

fn is_sampled(profile: &InstrumentProfile) -> bool {
    profile.engine.starts_with("sampler")
}

/// The family assumed of an instrument that the catalog lacks.
fn family_of(role: Role) -> Family {
    match role {
        Role::Drums | Role::Percussion => Family::Kit,
        Role::Fx => Family::Effect,
        Role::Bass => Family::Bass,
        Role::Pad => Family::SynthPad,
        Role::Vocal | Role::Backing => Family::Voice,
        _ => Family::Keyboard,
    }
}
