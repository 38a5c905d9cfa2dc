//! How long notes last: articulation, joins, pedal and ringing strings, breath.

use crate::{
    noise::{self, Of},
    play::{Draft, Player},
};
use yuefu_song::{Articulation, Family, Role};

/// Sets the end of every note, and joins the notes of lines.
pub(crate) fn apply(player: &Player<'_>, drafts: &mut [Draft]) {
    for draft in drafts.iter_mut() {
        draft.off = written(player, draft);
    }
    if player.drums() {
        drums(player, drafts);
        return;
    }
    ring(player, drafts);
    join(player, drafts);
    breathe(player, drafts);
}

/// The end of a note from its written length and articulation.
fn written(player: &Player<'_>, draft: &Draft) -> f64 {
    let rules = &player.rules.length;
    let site = player.site(draft);
    let length = site.end - site.on;
    let place = site.at.0 * 128 + i64::from(draft.key);
    let chance = 1.0 + 0.025 * noise::draw(player.reading.seed, Of::Length, place);
    let share = match site.articulation {
        Articulation::Staccato | Articulation::Choke => rules.staccato * chance,
        Articulation::Marcato => rules.marcato * chance,
        Articulation::Ghost => rules.ghost * chance,
        Articulation::Mute => rules.mute * chance,
        Articulation::Tenuto | Articulation::Legato | Articulation::Slide => rules.tenuto,
        // Notes that need their whole length to be heard as what they are.
        Articulation::Tremolo | Articulation::Trill | Articulation::Fall => 1.0,
        Articulation::Pizzicato => rules.staccato.max(0.4),
        _ => (rules.normal * chance).min(1.0),
    };
    let long = matches!(
        site.articulation,
        Articulation::Staccato
            | Articulation::Choke
            | Articulation::Marcato
            | Articulation::Ghost
            | Articulation::Mute
            | Articulation::Pizzicato
    );
    let share = f64::from(share);
    // The gap that parts notes is a matter of time, not of proportion: long notes keep theirs
    // small.
    let gap = if long {
        length * (1.0 - share)
    } else {
        (length * (1.0 - share)).min(0.11)
    };
    let least = f64::from(rules.least) * 1e-3;
    (site.end - gap).max(draft.on + least).max(
        // A note written short is not made shorter than it can speak.
        draft.on + least.min(length),
    )
}

/// Drums sound as long as they sound; only chokes end them.
fn drums(player: &Player<'_>, drafts: &mut [Draft]) {
    for draft in drafts {
        let ring = f64::from(player.book.piece(draft.key).ring);
        match draft.articulation {
            Articulation::Choke => draft.off = draft.off.min(draft.on + 0.25),
            Articulation::Mute | Articulation::Staccato => {}
            _ => draft.off = draft.off.max(draft.on + ring),
        }
    }
}

/// Whether an articulation forbids pedal and ringing strings.
fn damped(articulation: Articulation) -> bool {
    matches!(
        articulation,
        Articulation::Staccato
            | Articulation::Marcato
            | Articulation::Mute
            | Articulation::Ghost
            | Articulation::Choke
    )
}

/// Pedal and open strings: notes ring on until the chord changes.
fn ring(player: &Player<'_>, drafts: &mut [Draft]) {
    let rules = &player.rules;
    let quarters = match player.reading.role {
        Role::Comp => rules.hold.comp,
        Role::Arp => rules.hold.arp,
        Role::Pad => rules.hold.pad,
        Role::Bass => rules.hold.bass,
        Role::Fx => 0.0,
        _ => rules.hold.melody,
    };
    let lift = f64::from(rules.hold.lift) * 1e-3;
    for draft in drafts.iter_mut() {
        let site = player.site(draft);
        if damped(site.articulation) {
            continue;
        }
        let written = draft.off;
        let mut end = written;
        if rules.length.ring > 0.0 {
            end = end.max(draft.on + f64::from(rules.length.ring));
        }
        if quarters > 0.0 {
            let most = site.end + f64::from(quarters) * site.quarter;
            let change = site.chord_end + lift;
            if rules.length.ring > 0.0 {
                end = end.max(change.min(most));
            } else {
                end = end.max(most.min(change));
            }
        }
        draft.off = end;
    }
    // A strummed or picked chord is on the strings of the one before it: the new one ends it.
    if player.reading.family == Family::Guitar && player.reading.role == Role::Comp {
        let starts: Vec<f64> = player
            .chords
            .iter()
            .filter(|chord| chord.len() >= 3)
            .map(|chord| player.reading.notes[chord.start].on)
            .collect();
        for draft in drafts.iter_mut() {
            let on = player.site(draft).on;
            let next = starts.partition_point(|start| *start <= on + 1e-4);
            if let Some(next) = starts.get(next) {
                draft.off = draft.off.min((next - 0.004).max(draft.on + 0.02));
            }
        }
    }
}

/// Joins adjoining notes of a line: bow, breath, hammered and sliding fingers.
fn join(player: &Player<'_>, drafts: &mut [Draft]) {
    if !player.mono {
        return;
    }
    let rules = &player.rules.legato;
    let overlap = f64::from(player.rules.length.overlap) * 1e-3;
    for index in 1..drafts.len() {
        let (head, tail) = drafts.split_at_mut(index);
        let (earlier, draft) = (&mut head[index - 1], &mut tail[0]);
        let site = player.site(draft);
        let gap = site.on - player.site(earlier).end;
        let interval = earlier.key.abs_diff(draft.key);
        let asked = matches!(
            site.articulation,
            Articulation::Legato | Articulation::Slide
        );
        let plain = |articulation| {
            matches!(
                articulation,
                Articulation::Normal
                    | Articulation::Legato
                    | Articulation::Tenuto
                    | Articulation::Vibrato
                    | Articulation::Slide
                    | Articulation::Trill
            )
        };
        if interval == 0 || gap > if asked { 0.12 } else { 0.03 } {
            continue;
        }
        let share = if player.melodic() { rules.share } else { 0.0 };
        // A new bow or tongue is likelier on strong beats and across wide steps.
        let likely = share * (1.25 - 0.5 * site.weight);
        let mut rng = noise::rng(player.reading.seed, Of::Join, site.at.0);
        let free = plain(player.site(earlier).articulation)
            && plain(site.articulation)
            && interval <= rules.interval
            && rng.chance(likely);
        if (asked && !damped(player.site(earlier).articulation)) || free {
            draft.legato = true;
            earlier.off = draft.on + overlap;
        }
    }
}

/// Ends lines in time for air, and takes air where a line goes on for too long.
fn breathe(player: &Player<'_>, drafts: &mut [Draft]) {
    let rules = &player.rules.breath;
    let gap = f64::from(rules.gap) * 1e-3;
    if gap <= 0.0 || !(player.mono || player.melodic()) {
        return;
    }
    let last = drafts.len().saturating_sub(1);
    let mut since = drafts.first().map_or(0.0, |draft| draft.on);
    for index in 0..drafts.len() {
        let site = player.site(&drafts[index]);
        let until = match drafts.get(index + 1) {
            Some(next) => next.on,
            None => player.reading.length,
        };
        let length = site.end - site.on;
        let long_enough = length > 0.35 && length > 2.5 * gap;
        let joined = drafts.get(index + 1).is_some_and(|next| next.legato);
        // A note that is written past the phrase is tied over, so it is held.
        let tied = index == last && site.end > until + 0.02;
        let closing = player.closes[index] && !tied;
        let out_of_air = site.end - since > f64::from(rules.every) && !joined;
        if (closing || out_of_air) && long_enough {
            let end = (until - gap).max(drafts[index].on + 0.55 * length);
            drafts[index].off = drafts[index].off.min(end);
        }
        if closing || (out_of_air && long_enough) || until - site.end > gap {
            since = until;
        }
    }
}
