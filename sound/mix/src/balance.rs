//! The automatic balance: from measured stems and a mix character to a mix plan.

use crate::character::{DelayMix, MixCharacter, RoleMix, VoiceMix};
use crate::dynamics::Dynamics;
use crate::measure::{BANDS, TrackMeasure};
use crate::strip::eq_filter;
use yuefu_audio::{Curve, SampleRate, Seconds, math};
use yuefu_song::Family;
use yuefu_song::mixplan::{
    ChannelStrip, Compressor, DeEsser, Delay, EqBand, EqKind, MixPlan, Returns, Sends, Sidechain,
};
use yuefu_song::{VoicePart, score::Role};

/// The working level in LUFS that trims aim at.
pub const WORKING_LUFS: f32 = -18.0;

/// Peak of the mix in dBFS that is not to be exceeded by more than an unlucky coincidence.
pub const HEADROOM_DBFS: f32 = -6.0;

/// A track as the balance sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackInput {
    /// Track id.
    pub id: String,
    /// Role.
    pub role: Role,
    /// Family of its instrument.
    pub family: Family,
    /// Catalog id of its instrument.
    pub instrument: String,
    /// What it sings beside the lead, if it does.
    pub sings: Option<VoicePart>,
    /// What was measured of its raw stem.
    pub measure: TrackMeasure,
}

/// The time line as the balance sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    /// Length of a beat, for the delay.
    pub beat: Seconds,
    /// Start of each section and its energy 0..=1, in order.
    pub sections: Vec<(Seconds, f32)>,
    /// Ids of the tracks that play in each section; empty where nobody knows.
    pub playing: Vec<Vec<String>>,
    /// From when until when someone sings, in order and apart.
    pub sung: Vec<(Seconds, Seconds)>,
    /// From when until when words sound that are thrown into the delay, in order and apart.
    pub thrown: Vec<(Seconds, Seconds)>,
}

/// Makes a mix plan: levels by measured loudness, picture, tone, dynamics and space by role,
/// family and style.
///
/// A track that is silent gets a strip that changes nothing. The result depends on nothing but
/// the arguments; tracks keep their order.
pub fn plan_mix(
    id: &str,
    character: &MixCharacter,
    tracks: &[TrackInput],
    shape: &Shape,
) -> MixPlan {
    let accompanying = tracks.iter().filter(|t| is_chordal(t.role)).count();
    let crowd = accompanying.saturating_sub(3) as f32;
    let drums = tracks
        .iter()
        .find(|track| track.role == Role::Drums && track.measure.loudness.is_some());
    let pans = positions(character, tracks);
    let mut strips = Vec::with_capacity(tracks.len());
    let mut power = 0.0_f64;
    let mut levels = Vec::with_capacity(tracks.len());
    let mut moves = Vec::with_capacity(tracks.len());
    for (track, pan) in tracks.iter().zip(pans) {
        let (Some(role), Some(loudness)) = (
            character.roles.get(track.role.name()),
            track.measure.loudness,
        ) else {
            strips.push(ChannelStrip::neutral(&track.id));
            levels.push(None);
            continue;
        };
        let mut strip = shape_strip(character, role, track, loudness, crowd);
        strip.pan = pan;
        if role.duck > 0.0
            && let Some(drums) = drums
            && drums.id != track.id
        {
            strip.sidechain = Some(Sidechain {
                key_track: drums.id.clone(),
                amount_db: role.duck,
                release_ms: (shape.beat.0 * 350.0).clamp(80.0, 260.0) as f32,
                strongest_db: drums.measure.stroke_db.map(tenth),
            });
        }
        let rides = is_chordal(track.role) || track.role == Role::Fx;
        let ride_db = if rides { character.ride_db } else { 0.0 };
        let room_db = match track.role {
            Role::Vocal | Role::Backing | Role::Bass | Role::Drums | Role::Percussion => 0.0,
            _ => character.room_db,
        };
        if track.role == Role::Vocal && strip.sends.delay.is_some() {
            strip.throws = throws(character.throw_db, shape);
        }
        moves.push((strips.len(), ride_db, room_db));
        // Several tracks in one role share its loudness, though not strictly: two guitars are
        // meant to be more than one.
        let sharing = tracks
            .iter()
            .filter(|other| other.role == track.role && other.measure.loudness.is_some())
            .count();
        let family = character.families.get(family_name(track.family));
        let voice = voice_of(character, track);
        let level = role.level + family.map_or(0.0, |f| f.level) + voice.map_or(0.0, |v| v.level)
            - 6.0 * math::log10(sharing as f64) as f32;
        power +=
            math::pow(10.0, f64::from(level) / 10.0) * f64::from(track.measure.activity.max(0.1));
        strips.push(strip);
        levels.push(Some(level));
    }
    let lifts = lifts(tracks, &levels, shape);
    for (index, ride_db, room_db) in moves {
        strips[index].automation = ride(ride_db, room_db, &lifts, shape);
    }
    // The returns, and notes that sound together on purpose, add about 1.5 LU to the sum of
    // powers.
    let anchor = character.loudness - 1.5 - 10.0 * math::log10(power.max(1e-6)) as f32;
    let mut peak = 0.0_f64;
    for ((strip, level), track) in strips.iter_mut().zip(&levels).zip(tracks) {
        let Some(level) = level else { continue };
        strip.gain_db = anchor + level - WORKING_LUFS - eq_change(strip, &track.measure);
        let reduced = strip.compressor.map_or(0.0, |c| c.makeup_db)
            - character
                .roles
                .get(track.role.name())
                .map_or(0.0, |r| r.compress);
        let top = track.measure.peak_db + strip.trim_db + strip.gain_db + reduced;
        let gain = f64::from(math::db_to_gain(top));
        peak += gain * gain;
    }
    // Peaks of independent tracks meet seldom: their powers add, and a quarter more.
    let peak = 10.0 * math::log10(peak.max(1e-12)) as f32 + 1.0;
    let down = (peak - HEADROOM_DBFS).max(0.0);
    for (strip, level) in strips.iter_mut().zip(&levels) {
        if level.is_some() {
            strip.gain_db = tenth(strip.gain_db - down);
        }
    }
    MixPlan {
        character: id.into(),
        returns: returns(character, &strips, shape.beat),
        tracks: strips,
    }
}

/// What the character says of a voice beside the lead.
fn voice_of<'a>(character: &'a MixCharacter, track: &TrackInput) -> Option<&'a VoiceMix> {
    character.voices.get(track.sings?.name())
}

/// The movement of the send to the delay: up by `db` while a word is thrown.
fn throws(db: f32, shape: &Shape) -> Curve {
    let mut curve = Curve::default();
    if db <= 0.0 {
        return curve;
    }
    for (from, to) in &shape.thrown {
        let corners = [
            (from.0 - THROW_RAMP, 0.0),
            (from.0, db),
            (to.0, db),
            (to.0 + THROW_RAMP, 0.0),
        ];
        for (at, value) in corners {
            let after = curve
                .0
                .last()
                .map_or(0.0, |point| f64::from(point.at) + 0.001);
            curve.push(at.max(after) as f32, value);
        }
    }
    curve
}

/// Seconds in which a throw opens and closes.
const THROW_RAMP: f64 = 0.03;

/// Whether a role accompanies with chords.
fn is_chordal(role: Role) -> bool {
    matches!(role, Role::Comp | Role::Arp | Role::Pad | Role::Backing)
}

/// Everything of a strip but its place and its fader.
fn shape_strip(
    character: &MixCharacter,
    role: &RoleMix,
    track: &TrackInput,
    loudness: f32,
    crowd: f32,
) -> ChannelStrip {
    let family = character.families.get(family_name(track.family));
    let mut eq = Vec::new();
    let mut band = |kind, hz, gain_db: f32, q| {
        if kind == EqKind::LowCut || gain_db.abs() > 0.05 {
            eq.push(EqBand {
                kind,
                hz,
                gain_db,
                q,
            });
        }
    };
    let low_cut = family.and_then(|f| f.low_cut).unwrap_or(role.low_cut);
    // An instrument that lives low keeps its foundation: the cut stays below the lowest octave
    // that carries a good part of it.
    let lowest = BANDS
        .iter()
        .zip(&track.measure.bands)
        .find(|(_, share)| **share > 0.02)
        .map_or(low_cut, |(hz, _)| hz * 0.6);
    if low_cut > 0.0 {
        band(EqKind::LowCut, low_cut.min(lowest.max(28.0)), 0.0, 0.707);
    }
    let mud = role.mud
        + if is_chordal(track.role) {
            (character.mud_db * crowd).max(-4.0)
        } else {
            0.0
        };
    band(EqKind::Peak, 320.0, mud, 1.0);
    band(EqKind::Peak, 3000.0, role.presence, 0.8);
    band(EqKind::HighShelf, 9000.0, role.air, 0.707);
    eq.extend(family.into_iter().flat_map(|f| f.eq.iter().copied()));

    let wet = family.map_or(0.0, |f| f.wet);
    let reduction = role.compress * family.map_or(1.0, |f| f.compress);
    let crest = (track.measure.peak_db - loudness).clamp(6.0, 22.0);
    ChannelStrip {
        trim_db: tenth(WORKING_LUFS - loudness),
        compressor: (reduction > 0.2).then(|| compressor(role, reduction, crest)),
        eq,
        de_esser: role.de_ess.then_some(DE_ESSER),
        saturation: role.saturation,
        width: role.width,
        sends: Sends {
            room: send(role.room, wet),
            hall: send(role.hall, wet),
            plate: send(role.plate, wet),
            delay: send(role.delay, 0.0),
        },
        ..ChannelStrip::neutral(&track.id)
    }
}

/// At the working level of −18 LUFS a sharp `s` peaks some 10 dB above this.
const DE_ESSER: DeEsser = DeEsser {
    hz: 5500.0,
    threshold_db: -28.0,
    ratio: 3.0,
};

/// A send level; −50 dB and below means none, which is how a character turns off what the
/// neutral one sends.
fn send(db: Option<f32>, wet: f32) -> Option<f32> {
    db.filter(|&db| db > -50.0).map(|db| db + wet)
}

/// A compressor that takes `reduction` dB from peaks `crest` dB above the working level and
/// gives back what it takes from the average.
fn compressor(role: &RoleMix, reduction: f32, crest: f32) -> Compressor {
    let ratio = if reduction > 4.0 { 4.0 } else { 2.5 };
    let mut settings = Compressor {
        threshold_db: tenth(WORKING_LUFS + crest - reduction * ratio / (ratio - 1.0)),
        ratio,
        attack_ms: role.attack_ms,
        release_ms: role.release_ms,
        knee_db: 6.0,
        makeup_db: 0.0,
    };
    // The static curve is independent of the rate.
    let curve = Dynamics::compressor(&settings, SampleRate(48_000));
    // Short-term peaks lie some 4 dB above the loudness they make.
    settings.makeup_db = tenth(-curve.static_change(WORKING_LUFS + crest.min(4.0)));
    settings
}

/// How much louder the equalizer makes a track, in LU, from its octave spectrum.
fn eq_change(strip: &ChannelStrip, measure: &TrackMeasure) -> f32 {
    let rate = SampleRate(48_000);
    let filters: Vec<_> = strip.eq.iter().map(|band| eq_filter(band, rate)).collect();
    let energy: f64 = BANDS
        .iter()
        .zip(&measure.bands)
        .map(|(&hz, &share)| {
            let gain: f64 = filters
                .iter()
                .map(|filter| filter.power_at(rate.hz(), f64::from(hz)))
                .product();
            f64::from(share) * gain
        })
        .sum();
    (10.0 * math::log10(energy.max(1e-4))) as f32
}

/// Pan of every track: doubled parts far apart, others alternating by their role's spread.
fn positions(character: &MixCharacter, tracks: &[TrackInput]) -> Vec<f32> {
    let spread = |track: &TrackInput| {
        character
            .roles
            .get(track.role.name())
            .map_or(0.0, |role| role.spread)
    };
    let placed = |t: &&TrackInput| voice_of(character, t).is_some();
    let aside = tracks
        .iter()
        .filter(|t| !placed(t) && spread(t) > 0.05)
        .count();
    let mut side = 1.0;
    let mut pans: Vec<f32> = Vec::with_capacity(tracks.len());
    for (index, track) in tracks.iter().enumerate() {
        if let Some(voice) = voice_of(character, track) {
            pans.push(voice.pan);
            continue;
        }
        let wide = spread(track);
        if wide <= 0.05 {
            pans.push(0.0);
            continue;
        }
        let double = tracks[..index]
            .iter()
            .position(|t| t.role == track.role && t.instrument == track.instrument);
        if let Some(twin) = double {
            // The second of a pair mirrors the first, and both move out.
            let out = pans[twin].abs().max(0.6);
            pans[twin] = out.copysign(pans[twin]);
            pans.push(-pans[twin]);
            continue;
        }
        // One voice alone at the side would only unbalance the picture.
        let wide = if aside == 1 { wide * 0.3 } else { wide };
        pans.push(wide * side);
        side = -side;
    }
    pans
}

/// How far a section may fall below the fullest one, in LU by the levels of who plays; what it falls
/// deeper all faders give back, up to [`MOST_LIFT`].
const SPARSE: f32 = 7.0;
/// Most that faders go up where few play, in dB.
const MOST_LIFT: f32 = 7.0;

/// How far faders go up in each section: a piano that opens alone is not as soft as under a band.
/// Empty where nobody knows who plays.
fn lifts(tracks: &[TrackInput], levels: &[Option<f32>], shape: &Shape) -> Vec<f32> {
    let full = |playing: &Vec<String>| {
        let own = tracks.iter().zip(levels);
        let own = own.filter(|(track, _)| playing.contains(&track.id));
        let power = own
            .filter_map(|(_, level)| level.as_ref())
            .map(|level| math::pow(10.0, f64::from(*level) / 10.0));
        10.0 * math::log10(power.fold(0.0, |a, b| a + b).max(1e-9)) as f32
    };
    let levels: Vec<f32> = shape.playing.iter().map(full).collect();
    // Silence has nothing to lift.
    let silent = -80.0;
    let most = levels.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let lift = |level: &f32| match *level > silent {
        true => (most - level - SPARSE).clamp(0.0, MOST_LIFT),
        false => 0.0,
    };
    levels.iter().map(lift).collect()
}

/// A fader's movement: down by its range where the song is calm, up where it is full, and up by
/// `lifts` where few play, over half a second around each section's start; and down by `room_db`
/// while someone sings. Empty when it does not move.
fn ride(range_db: f32, room_db: f32, lifts: &[f32], shape: &Shape) -> Curve {
    let lifted = lifts.iter().any(|lift| *lift > 0.0);
    let level = |index: usize| {
        let energy = shape.sections[index].1.clamp(0.0, 1.0);
        let lift = lifts.get(index).copied().unwrap_or(0.0);
        f64::from((energy - 0.7) * range_db + lift)
    };
    let section = |at: f64| {
        let after = shape
            .sections
            .partition_point(|(start, _)| start.0 - 0.3 <= at);
        let Some(now) = after.checked_sub(1) else {
            return shape.sections.first().map_or(0.0, |_| level(0));
        };
        let before = level(now.saturating_sub(1));
        let done = ((at - shape.sections[now].0.0 + 0.3) / 0.5).clamp(0.0, 1.0);
        before + (level(now) - before) * done
    };
    let room = |at: f64| {
        let near = shape.sung.iter().map(|(from, to)| {
            let down = ((at - from.0 + SUNG_RAMP[0]) / SUNG_RAMP[0]).clamp(0.0, 1.0);
            let up = ((to.0 + SUNG_RAMP[1] - at) / SUNG_RAMP[1]).clamp(0.0, 1.0);
            down.min(up)
        });
        -f64::from(room_db) * near.fold(0.0, f64::max)
    };
    let moves = (range_db > 0.0 || lifted) && !shape.sections.is_empty();
    let mut corners = vec![0.0];
    if moves {
        let starts = shape.sections.iter().skip(1).map(|(start, _)| start.0);
        corners.extend(starts.flat_map(|start| [start - 0.3, start + 0.2]));
    }
    if room_db > 0.0 {
        corners.extend(
            shape
                .sung
                .iter()
                .flat_map(|(from, to)| [from.0 - SUNG_RAMP[0], from.0, to.0, to.0 + SUNG_RAMP[1]]),
        );
    }
    corners.retain(|at| *at >= 0.0);
    corners.sort_by(f64::total_cmp);
    corners.dedup_by(|b, a| *b - *a < 0.01);
    let mut curve = Curve::default();
    if moves || (room_db > 0.0 && !shape.sung.is_empty()) {
        for at in corners {
            curve.push(at as f32, tenth((section(at) + room(at)) as f32));
        }
    }
    curve
}

/// Seconds in which accompanying faders go down before words, and up after them.
const SUNG_RAMP: [f64; 2] = [0.15, 0.6];

/// The shared effects that anything is sent to.
fn returns(character: &MixCharacter, strips: &[ChannelStrip], beat: Seconds) -> Returns {
    let used = |send: fn(&Sends) -> Option<f32>| strips.iter().any(|s| send(&s.sends).is_some());
    let reverb = |name: &str, used: bool| character.reverbs.get(name).copied().filter(|_| used);
    Returns {
        room: reverb("room", used(|s| s.room)),
        hall: reverb("hall", used(|s| s.hall)),
        plate: reverb("plate", used(|s| s.plate)),
        delay: used(|s| s.delay).then(|| delay(&character.delay, beat)),
    }
}

fn delay(settings: &DelayMix, beat: Seconds) -> Delay {
    let beat = if beat.0 > 0.05 { beat.0 } else { 0.5 };
    let mut time = f64::from(settings.beats) * beat;
    // In slow songs the same share of a beat would stutter apart.
    while time > 0.75 {
        time *= 0.5;
    }
    Delay {
        time_s: time as f32,
        feedback: settings.feedback,
        ping_pong: settings.ping_pong,
        low_cut_hz: settings.low_cut_hz,
        high_cut_hz: settings.high_cut_hz,
        level_db: settings.level_db,
    }
}

/// Rounded to a tenth: what is written into documents should be readable.
fn tenth(db: f32) -> f32 {
    (db * 10.0).round() / 10.0
}

fn family_name(family: Family) -> &'static str {
    match family {
        Family::Keyboard => "keyboard",
        Family::Organ => "organ",
        Family::Guitar => "guitar",
        Family::Bass => "bass",
        Family::Bowed => "bowed",
        Family::Ensemble => "ensemble",
        Family::Plucked => "plucked",
        Family::Brass => "brass",
        Family::Reed => "reed",
        Family::Flute => "flute",
        Family::Mallet => "mallet",
        Family::Voice => "voice",
        Family::SynthLead => "synth-lead",
        Family::SynthPad => "synth-pad",
        Family::Kit => "kit",
        Family::Effect => "effect",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accompanying_faders_follow_energy_and_make_room_for_words() {
        let shape = Shape {
            beat: Seconds(0.5),
            sections: vec![(Seconds(0.0), 0.2), (Seconds(10.0), 0.7)],
            playing: Vec::new(),
            sung: vec![(Seconds(4.0), Seconds(8.0))],
            thrown: vec![(Seconds(6.0), Seconds(6.5))],
        };
        let curve = ride(2.0, 1.5, &[], &shape);
        for (at, db) in [
            (0.0, -1.0),
            (3.8, -1.0),
            (4.0, -2.5),
            (7.9, -2.5),
            (8.7, -1.0),
            (10.3, 0.0),
        ] {
            assert!((curve.at(at) - db).abs() < 0.11, "{at}: {}", curve.at(at));
        }
        let alone = ride(0.0, 0.0, &[5.0, 0.0], &shape);
        for (at, db) in [(0.0, 5.0), (9.6, 5.0), (10.3, 0.0), (20.0, 0.0)] {
            assert!((alone.at(at) - db).abs() < 0.11, "{at}: {}", alone.at(at));
        }
        let thrown = throws(12.0, &shape);
        for (at, db) in [(5.9, 0.0), (6.1, 12.0), (6.45, 12.0), (6.6, 0.0)] {
            assert!((thrown.at(at) - db).abs() < 0.11, "{at}: {}", thrown.at(at));
        }
        assert!(throws(0.0, &shape).is_empty());
        assert!(ride(0.0, 1.5, &[], &Shape::default()).is_empty());
        assert!(ride(0.0, 0.0, &[], &shape).is_empty());
    }
}
