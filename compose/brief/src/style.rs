//! Chooses styles: those that were named, otherwise the one that most words speak for.

use crate::infer::{assumed, inferred};
use crate::lexicon::Lexicon;
use crate::read::{Reading, Wanted};
use yuefu_song::brief::{VoiceWish, Weighted};

/// Sets the styles of the brief; afterwards there is at least one.
pub(crate) fn style(reading: &mut Reading, lexicon: &Lexicon) {
    let arousal = reading.brief.affect.arousal;
    let fast = reading
        .brief
        .tempo
        .as_ref()
        .and_then(|tempo| tempo.pace)
        .is_some_and(|pace| pace.direction() > 0);
    if !reading.styles.is_empty() {
        let mut ranked: Vec<(f32, String)> = Vec::new();
        for (order, (index, weight, _)) in reading.styles.iter().enumerate() {
            let row = &lexicon.styles[*index];
            let quiet = row.calm.as_ref().filter(|_| arousal < -0.15 && !fast);
            // The first style named leads unless a later one is stressed.
            let weight = weight * (1.0 - 0.15 * (order.min(4) as f32));
            ranked.push((weight, quiet.unwrap_or(&row.id).clone()));
        }
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (weight, id) in ranked {
            if !reading.brief.styles.iter().any(|held| held.value == id) {
                reading.brief.styles.push(Weighted::new(id, weight));
            }
        }
        return;
    }
    let mut votes: Vec<Vote> = Vec::new();
    let brief = &reading.brief;
    for (index, words, span) in &reading.scenes {
        for (order, id) in lexicon.scenes[*index].styles.iter().enumerate() {
            vote(&mut votes, id, [1.1, 0.7, 0.4][order.min(2)], words, *span);
        }
    }
    for (image, weight, words, span) in &reading.images {
        for (order, id) in lexicon.images[*image].styles.iter().enumerate() {
            vote(
                &mut votes,
                id,
                weight * lexicon.images[*image].weight * [0.5, 0.35, 0.25][order.min(2)],
                words,
                *span,
            );
        }
    }
    let wanted: Vec<&Wanted> = reading.wanted.iter().filter(|held| held.wanted).collect();
    for held in &wanted {
        let id = if held.general {
            lexicon.member(&held.name, "pop").unwrap_or(&held.name)
        } else {
            held.name.as_str()
        };
        let Some(style) = lexicon.suggestion(id) else {
            continue;
        };
        // A general instrument fits anything; alone it is a solo.
        let is_common = matches!(
            id,
            "grand-piano"
                | "kit-latin"
                | "strings"
                | "clean-guitar"
                | "steel-guitar"
                | "flute"
                | "violin"
        );
        // An instrument of one tradition says more than one that is at home in many.
        let is_regional = matches!(
            style,
            "guofeng"
                | "jiangnan"
                | "guqin"
                | "luogu"
                | "indian"
                | "japanese"
                | "middle-eastern"
                | "african"
                | "celtic"
                | "tango"
                | "bluegrass"
        );
        let points = match (is_common, is_regional) {
            (true, _) if wanted.len() > 1 || id == "clean-guitar" => 0.25,
            (true, _) => 0.5,
            (false, true) => 1.5,
            (false, false) => 0.9,
        };
        vote(&mut votes, style, points, &held.words, held.span);
    }
    for mood in &brief.moods {
        let reason = brief
            .reasons
            .iter()
            .find(|reason| reason.field.starts_with("mood") && reason.value == mood.value.name());
        let (words, span) = reason.map_or((String::new(), (0, 0)), |reason| {
            (reason.words.clone(), reason.span)
        });
        for (order, id) in lexicon
            .mood(mood.value)
            .map(|row| row.styles.as_slice())
            .unwrap_or_default()
            .iter()
            .enumerate()
        {
            // Festive gongs only when the prompt is Chinese.
            if id == "luogu" && brief.language == yuefu_song::brief::Lang::En {
                continue;
            }
            vote(
                &mut votes,
                id,
                mood.weight * [0.9, 0.5][order.min(1)],
                &words,
                span,
            );
        }
    }
    if brief
        .tempo
        .as_ref()
        .and_then(|tempo| tempo.swing)
        .is_some_and(|swing| swing > 0.0)
    {
        vote(&mut votes, "jazz", 0.7, "swing", (0, 0));
    }
    if brief
        .metre
        .as_ref()
        .is_some_and(|metre| (metre.beats, metre.unit) == (3, 4))
    {
        vote(&mut votes, "waltz", 0.3, "3/4", (0, 0));
    }
    let is_sung = matches!(
        brief.voice,
        VoiceWish::Male | VoiceWish::Female | VoiceWish::Duet | VoiceWish::Any
    );
    let has_drums = wanted.iter().any(|held| held.name == "drums");
    votes.retain(|Vote { style: id, .. }| {
        !brief.excluded_styles.contains(id)
            && !(id == "piano-solo" && (is_sung || has_drums || wanted.len() > 1))
            && !(id == "guqin" && wanted.len() > 1)
    });
    // A style that feels unlike everything else asked for is an unlikely one.
    for row in &mut votes {
        if let Some(style) = lexicon.style(&row.style) {
            let (a, b) = (style.affect(), brief.affect);
            let far = 0.45 * (a.arousal - b.arousal).abs()
                + 0.3 * (a.valence - b.valence).abs()
                + 0.3 * (a.tension - b.tension).abs();
            row.points *= (1.0 - far).max(0.2);
        }
    }
    // The first of equals wins, so that the order of the prompt decides.
    let mut best: Option<&Vote> = None;
    for row in &votes {
        if best.is_none_or(|held| row.points > held.points + 1e-6) {
            best = Some(row);
        }
    }
    let brief = &mut reading.brief;
    match best {
        Some(Vote {
            style: id,
            words,
            span,
            ..
        }) => {
            brief.reasons.push(inferred("style", id, words, *span));
            brief.styles.push(Weighted::new(id.clone(), 1.0));
        }
        None => {
            let id = ["pop", "folk", "ambient"]
                .into_iter()
                .find(|id| !brief.excluded_styles.iter().any(|held| held == id))
                .unwrap_or("pop");
            brief.reasons.push(assumed("style", id));
            brief.styles.push(Weighted::new(id.to_owned(), 1.0));
        }
    }
}

/// What speaks for a style.
struct Vote {
    style: String,
    points: f32,
    /// Points of the strongest words, which are the ones to show.
    most: f32,
    words: String,
    span: (usize, usize),
}

fn vote(votes: &mut Vec<Vote>, style: &str, points: f32, words: &str, span: (usize, usize)) {
    match votes.iter_mut().find(|held| held.style == style) {
        Some(held) => {
            held.points += points;
            if points > held.most {
                (held.most, held.words, held.span) = (points, words.to_owned(), span);
            }
        }
        None => votes.push(Vote {
            style: style.to_owned(),
            points,
            most: points,
            words: words.to_owned(),
            span,
        }),
    }
}
