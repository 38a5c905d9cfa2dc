//! Fills in what the words suggest: style, moods, instruments, feeling, the habits of a scene.

use crate::lexicon::{Lexicon, Scene};
use crate::notes::{impossible, note, nothing_understood, typing_error};
use crate::read::{Reading, Wanted};
use crate::typo;
use yuefu_song::brief::{
    Affect, Brief, InstrumentWish, LengthWish, Mood, Reason, ReasonKind, Severity, TempoWish,
    VoiceWish, Weighted,
};

/// Completes what was read.
pub(crate) fn complete(mut reading: Reading) -> Brief {
    let lexicon = Lexicon::get();
    let understood = !reading.brief.reasons.is_empty()
        || !reading.images.is_empty()
        || !reading.wanted.is_empty();
    spelling(&mut reading, lexicon, understood);
    scene(&mut reading, lexicon);
    reading.brief.affect = affect(&reading, lexicon);
    families(&mut reading, lexicon);
    crate::style::style(&mut reading, lexicon);
    moods(&mut reading, lexicon);
    instruments(&mut reading, lexicon);
    limits(&mut reading.brief);
    let brief = &mut reading.brief;
    brief.moods.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    brief
        .reasons
        .sort_by_key(|reason| (reason.kind == ReasonKind::Assumed, reason.span));
    brief
        .diagnostics
        .sort_by_key(|note| std::cmp::Reverse(note.severity));
    reading.brief
}

/// Refuses all members with a refused word, and takes "only piano and cello" as two instruments
/// instead of a piano solo.
fn families(reading: &mut Reading, lexicon: &Lexicon) {
    for held in reading
        .wanted
        .clone()
        .into_iter()
        .filter(|held| !held.wanted)
    {
        for id in lexicon.members(&held.name) {
            if !reading.wanted.iter().any(|known| known.name == *id) {
                let member = Wanted {
                    name: id.clone(),
                    general: false,
                    ..held.clone()
                };
                reading.wanted.push(member);
            }
        }
    }
    let is_solo = |index: usize| lexicon.styles[index].id == "piano-solo";
    let others = reading
        .wanted
        .iter()
        .any(|held| held.wanted && held.name != "grand-piano");
    let solo = reading
        .styles
        .iter()
        .find(|(index, ..)| is_solo(*index))
        .cloned();
    if let Some((_, _, words)) = solo.filter(|_| others) {
        reading.styles.retain(|(index, ..)| !is_solo(*index));
        let Some(place) = reading
            .brief
            .reasons
            .iter()
            .position(|r| r.field == "style" && r.value == "piano-solo")
        else {
            return;
        };
        let span = reading.brief.reasons.remove(place).span;
        if !reading.wanted.iter().any(|held| held.name == "grand-piano") {
            reading.wanted.push(Wanted {
                span,
                ..Wanted::option("grand-piano".into(), false, true, words)
            });
        }
    }
}

pub(crate) fn inferred(field: &str, value: &str, words: &str, span: (usize, usize)) -> Reason {
    Reason {
        field: field.into(),
        value: value.into(),
        words: words.into(),
        span,
        kind: ReasonKind::Inferred,
    }
}

pub(crate) fn assumed(field: &str, value: &str) -> Reason {
    Reason {
        field: field.into(),
        value: value.into(),
        words: String::new(),
        span: (0, 0),
        kind: ReasonKind::Assumed,
    }
}

fn spelling(reading: &mut Reading, lexicon: &Lexicon, understood: bool) {
    if !understood {
        let unknown = std::mem::take(&mut reading.unknown);
        nothing_understood(&mut reading.brief, &unknown);
        reading.unknown = unknown;
    }
    for word in std::mem::take(&mut reading.unknown) {
        if let Some(meant) = typo::nearest(&word.to_lowercase(), lexicon.names(), !understood) {
            typing_error(&mut reading.brief, &word, meant);
        }
    }
}

/// The habits of the scene where nothing else was said.
fn scene(reading: &mut Reading, lexicon: &Lexicon) {
    let Some((index, words, span)) = reading.scenes.first().cloned() else {
        return;
    };
    let Scene {
        id,
        length,
        voice,
        r#loop,
        shape,
        ..
    } = &lexicon.scenes[index];
    let brief = &mut reading.brief;
    brief.scene = Some(id.clone());
    if let (None, Some(seconds)) = (brief.length, length) {
        brief.length = Some(LengthWish::Seconds(*seconds));
        brief
            .reasons
            .push(inferred("length", &format!("{seconds} s"), &words, span));
    }
    if let (VoiceWish::Unstated, Some(voice)) = (brief.voice, voice) {
        brief.voice = *voice;
        brief.reasons.push(inferred(
            "voice",
            &format!("{voice:?}").to_lowercase(),
            &words,
            span,
        ));
    }
    if *r#loop && !brief.reasons.iter().any(|reason| reason.field == "loop") {
        brief.loop_seamless = true;
        brief
            .reasons
            .push(inferred("loop", "seamless", &words, span));
    }
    if let (None, true, Some(shape)) = (brief.shape, brief.energy.is_empty(), shape) {
        brief.shape = Some(*shape);
        brief.reasons.push(inferred(
            "shape",
            &format!("{shape:?}").to_lowercase(),
            &words,
            span,
        ));
    }
}

/// The weighted mean of everything that feels like something.
fn affect(reading: &Reading, lexicon: &Lexicon) -> Affect {
    let brief = &reading.brief;
    let mut sum = Affect::default();
    let mut total = 0.0_f32;
    let mut add = |affect: Affect, weight: f32| {
        sum.valence += affect.valence * weight;
        sum.arousal += affect.arousal * weight;
        sum.tension += affect.tension * weight;
        sum.warmth += affect.warmth * weight;
        sum.space += affect.space * weight;
        total += weight;
    };
    for mood in &brief.moods {
        if let Some(row) = lexicon.mood(mood.value) {
            add(
                strengthened(row.affect(), mood.weight),
                1.5 * mood.weight.max(0.05),
            );
        }
    }
    for (index, ..) in &reading.scenes {
        add(lexicon.scenes[*index].affect(), 0.6);
    }
    for (image, weight, ..) in &reading.images {
        add(lexicon.images[*image].affect(), 0.5 * weight);
    }
    for (style, weight, _) in &reading.styles {
        add(lexicon.styles[*style].affect(), 0.35 * weight);
    }
    if total > 0.0 {
        for value in [
            &mut sum.valence,
            &mut sum.arousal,
            &mut sum.tension,
            &mut sum.warmth,
            &mut sum.space,
        ] {
            *value /= total;
        }
    } else {
        sum = Affect {
            valence: 0.1,
            arousal: 0.0,
            tension: 0.2,
            warmth: 0.5,
            space: 0.5,
        };
    }
    // A refused mood pushes a little the other way.
    for mood in &brief.excluded_moods {
        if let Some(row) = lexicon.mood(*mood) {
            sum.valence -= 0.3 * row.affect().valence;
            sum.arousal -= 0.2 * row.affect().arousal;
        }
    }
    let pace = brief
        .tempo
        .as_ref()
        .and_then(|tempo| tempo.pace)
        .map_or(0, |pace| pace.direction());
    sum.arousal += 0.2 * pace as f32;
    Affect {
        valence: sum.valence.clamp(-1.0, 1.0),
        arousal: sum.arousal.clamp(-1.0, 1.0),
        tension: sum.tension.clamp(0.0, 1.0),
        warmth: sum.warmth.clamp(0.0, 1.0),
        space: sum.space.clamp(0.0, 1.0),
    }
}

/// A feeling moved away from (or toward) indifference by a degree.
fn strengthened(affect: Affect, degree: f32) -> Affect {
    let degree = degree.clamp(0.2, 1.5);
    Affect {
        valence: affect.valence * degree,
        arousal: affect.arousal * degree,
        tension: 0.3 + (affect.tension - 0.3) * degree,
        warmth: 0.5 + (affect.warmth - 0.5) * degree,
        space: 0.5 + (affect.space - 0.5) * degree,
    }
}

/// Moods of scenes and images, as far as they do not contradict what was said.
fn moods(reading: &mut Reading, lexicon: &Lexicon) {
    let stated = reading.brief.moods.len();
    let mut votes: Vec<(Mood, f32, String, (usize, usize))> = Vec::new();
    let scenes = reading
        .scenes
        .iter()
        .map(|(index, words, span)| (&lexicon.scenes[*index].moods, 0.6, words, *span));
    let images = reading.images.iter().map(|(index, weight, words, span)| {
        (&lexicon.images[*index].moods, 0.45 * weight, words, *span)
    });
    for (moods, weight, words, span) in scenes.chain(images) {
        for (order, mood) in moods.iter().enumerate() {
            let points = weight * [1.0, 0.7, 0.5][order.min(2)];
            match votes.iter_mut().find(|(held, ..)| held == mood) {
                Some(held) => held.1 += points,
                None => votes.push((*mood, points, words.clone(), span)),
            }
        }
    }
    votes.sort_by(|a, b| b.1.total_cmp(&a.1));
    let brief = &mut reading.brief;
    let feeling = |mood: Mood| {
        lexicon
            .mood(mood)
            .map(|row| row.affect())
            .unwrap_or_default()
    };
    let mut added = 0;
    for (mood, points, words, span) in votes {
        let held = brief.moods.iter().any(|held| held.value == mood);
        let clashes = brief.moods.iter().take(stated).any(|held| {
            let (a, b) = (feeling(held.value), feeling(mood));
            (a.valence - b.valence).abs() > 0.8 || (a.arousal - b.arousal).abs() > 0.9
        });
        if held || clashes || brief.excluded_moods.contains(&mood) || added >= 2 {
            continue;
        }
        added += 1;
        let most = if stated > 0 { 0.4 } else { 0.8 };
        brief.moods.push(Weighted::new(mood, points.min(most)));
        brief
            .reasons
            .push(inferred("mood", mood.name(), &words, span));
    }
}

fn instruments(reading: &mut Reading, lexicon: &Lexicon) {
    let style = reading
        .brief
        .styles
        .first()
        .map(|held| held.value.clone())
        .unwrap_or_default();
    let brief = &mut reading.brief;
    for held in &reading.wanted {
        let id = if held.general {
            lexicon
                .member(&held.name, &style)
                .unwrap_or(&held.name)
                .to_owned()
        } else {
            held.name.clone()
        };
        if let Some(known) = brief.instruments.iter_mut().find(|known| known.id == id) {
            known.role = known.role.or(held.role);
            known.generic &= held.general;
            continue;
        }
        let field = if held.wanted {
            "instrument"
        } else {
            "excluded-instrument"
        };
        let mut reason = inferred(field, &id, &held.words, held.span);
        reason.kind = ReasonKind::Stated;
        brief.reasons.push(reason);
        brief.instruments.push(InstrumentWish {
            id,
            wanted: held.wanted,
            role: held.role,
            explicit: true,
            generic: held.general,
            weight: held.weight.clamp(0.0, 2.0),
        });
    }
    if brief.voice == VoiceWish::Unstated
        && brief
            .instruments
            .iter()
            .any(|wish| wish.id == "choir" && wish.wanted)
    {
        brief.voice = VoiceWish::Choir;
    }
    if brief.voice == VoiceWish::Unstated && style == "piano-solo" {
        brief.voice = VoiceWish::Instrumental;
        brief.reasons.push(assumed("voice", "instrumental"));
    }
    suggestions(reading, lexicon);
}

/// Instruments that scenes and images suggest, at most three, fewer when some were named.
fn suggestions(reading: &mut Reading, lexicon: &Lexicon) {
    let named = reading
        .brief
        .instruments
        .iter()
        .filter(|wish| wish.wanted)
        .count();
    let mut room = 3_usize.saturating_sub(named);
    let scenes = reading
        .scenes
        .iter()
        .map(|(index, words, span)| (&lexicon.scenes[*index].instruments, words, *span));
    // Only images that speak for the style that was chosen.
    let style = reading.brief.styles.first().map(|held| held.value.clone());
    let fits = |index: usize| {
        lexicon.images[index]
            .styles
            .iter()
            .any(|id| Some(id) == style.as_ref())
    };
    let images = reading
        .images
        .iter()
        .filter(|(index, ..)| fits(*index))
        .map(|(index, _, words, span)| (&lexicon.images[*index].instruments, words, *span));
    let brief = &mut reading.brief;
    let stated_style = brief
        .reasons
        .iter()
        .any(|reason| reason.field == "style" && reason.kind == ReasonKind::Stated);
    if stated_style {
        room = room.min(1);
    }
    for (ids, words, span) in scenes.chain(images) {
        for id in ids.iter().take(2) {
            let excluded = brief.excluded.iter().any(|out| {
                out.ids.contains(id)
                    || lexicon.member(&out.group, "pop") == Some(id)
                    || (out.group == "drums" && (id.starts_with("kit-") || id.starts_with("drum-")))
            });
            if room == 0 || excluded || brief.instruments.iter().any(|wish| wish.id == *id) {
                continue;
            }
            room -= 1;
            brief.reasons.push(inferred("instrument", id, words, span));
            brief.instruments.push(InstrumentWish {
                id: id.clone(),
                wanted: true,
                role: None,
                explicit: false,
                generic: false,
                weight: 0.5,
            });
        }
    }
}

/// What can only be checked when everything is known.
fn limits(brief: &mut Brief) {
    if let (Some(LengthWish::Bars(bars)), Some(bpm)) = (
        brief.length,
        brief.tempo.as_ref().and_then(|tempo: &TempoWish| tempo.bpm),
    ) {
        let (beats, unit) = brief.metre.as_ref().map_or((4.0, 4.0), |metre| {
            (f64::from(metre.beats), f64::from(metre.unit))
        });
        let seconds = f64::from(bars) * beats * 4.0 / unit * 60.0 / bpm;
        // A loop may be as short as it likes to be.
        if seconds > 480.0 || (seconds < 10.0 && !brief.loop_seamless) {
            impossible(
                brief,
                "length-out-of-range",
                &format!("{bars} bars, {bpm} BPM"),
                crate::notes::LENGTH,
            );
        }
    }
    if let Some(LengthWish::Seconds(seconds)) = brief.length
        && let Some(late) = brief
            .energy
            .iter()
            .find(|point| point.at.0 >= seconds)
            .copied()
    {
        note(
            brief,
            Severity::Warning,
            "energy-after-end",
            (
                format!(
                    "the piece is {seconds} s long, but something is asked for at {} s",
                    late.at.0
                ),
                format!("乐曲长 {seconds} 秒，却要求在 {} 秒处有变化", late.at.0),
            ),
            (
                "make the piece longer or move the point",
                "请加长乐曲或提前这一点",
            ),
        );
    }
}
