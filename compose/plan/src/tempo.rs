//! Tempo map, feel, ending and exact length.

use crate::form::FormDraft;
use yuefu_audio::Seconds;
use yuefu_engine::SeedPath;
use yuefu_song::{
    Ending, Feel, Style,
    brief::{Brief, Diagnostic, EnergyKind, LengthWish, Severity, TempoChange, TempoFeel},
};
use yuefu_theory::{Metre, TempoPoint, Ticks, Timeline};

/// Shortest ring-out after the last bar, in seconds, for a song of exact length.
const RING: f64 = 1.6;

/// First thoughts: the tempo wished for and the bars that fit.
pub struct TempoDraft {
    /// Quarter notes per minute at the start.
    pub bpm: f64,
    /// Whether that is binding.
    pub exact: bool,
    /// How many bars the piece should have; `None` = as the form has.
    pub bars: Option<u32>,
    /// Seconds in a bar at `bpm`.
    pub bar_seconds: f64,
    /// How the piece ends.
    pub ending: Ending,
}

/// The settled time of the piece.
pub struct Tempo {
    pub timeline: Timeline,
    pub feel: Feel,
    pub ending: Ending,
    pub length: Seconds,
}

/// Quarter notes in a felt beat: dotted ones in compound metres, half notes over 2.
fn felt_quarters(metre: &Metre) -> f64 {
    if metre.is_compound() {
        metre.unit_len().as_quarters() * 3.0
    } else {
        1.0
    }
}

/// End tempo as a share of the starting tempo.
fn drift(brief: &Brief, start: f64) -> f64 {
    let wish = brief.tempo.as_ref();
    if let Some(end) = wish.and_then(|w| w.bpm_end) {
        return end / start.max(1.0);
    }
    match wish.and_then(|w| w.change) {
        Some(TempoChange::Accelerating) => 1.28,
        Some(TempoChange::Decelerating) => 0.76,
        _ => 1.0,
    }
}

/// Chooses a tempo and the number of bars that come nearest to the length asked for.
pub fn draft(brief: &Brief, style: &Style, metre: &Metre, seed: &SeedPath) -> TempoDraft {
    let mut rng = seed.join("tempo").rng();
    let [low, high] = style.tempo;
    // Between the style's limits, leaning with the brief's arousal.
    let lean = f64::from(brief.affect.arousal.clamp(-1.0, 1.0)) * 0.3;
    let place = (0.5 + lean + f64::from(rng.bipolar()) * 0.28).clamp(0.0, 1.0);
    // A dotted beat holds more than a plain one: the same style feels it slower.
    let usual = style.metres.first().is_some_and(Metre::is_compound);
    let weight = match (usual, metre.is_compound()) {
        (false, true) => 0.66,
        (true, false) => 1.4,
        _ => 1.0,
    };
    let natural = ((low + (high - low) * place) * weight).round();
    let felt = brief
        .tempo
        .as_ref()
        .map_or(natural, |wish| wish.choose(natural))
        .clamp(20.0, 400.0);
    let exact = brief.tempo.as_ref().is_some_and(|wish| wish.bpm.is_some());
    let felt = if exact { felt } else { felt.round() };
    let bpm = felt * felt_quarters(metre);
    let ending = choose_ending(brief, style);
    let bar = metre.bar().as_quarters() * 60.0 / bpm;
    // With a gliding tempo the mean bar counts (the beat's duration glides linearly).
    let mean_bar = bar * (1.0 + 1.0 / drift(brief, felt)) / 2.0;
    let bars = match brief.length {
        None => None,
        Some(LengthWish::Bars(bars)) => Some(bars.max(1)),
        Some(LengthWish::Seconds(seconds)) => Some(
            match ending {
                Ending::Loop => (seconds / mean_bar).round(),
                Ending::Fade => (seconds / mean_bar).ceil(),
                _ if exact => ((seconds - RING.min(seconds * 0.15)) / mean_bar).floor(),
                _ => ((seconds - 2.2_f64.min(seconds * 0.15)) / mean_bar).round(),
            }
            .max(1.0) as u32,
        ),
    };
    TempoDraft {
        bpm,
        exact,
        bars,
        bar_seconds: mean_bar,
        ending,
    }
}

fn choose_ending(brief: &Brief, style: &Style) -> Ending {
    if brief.loop_seamless {
        return Ending::Loop;
    }
    let accelerates =
        brief.tempo.as_ref().and_then(|w| w.change) == Some(TempoChange::Accelerating);
    match style.ending {
        Ending::Loop => Ending::Ring,
        Ending::Ritard if accelerates => Ending::Ring,
        usual => usual,
    }
}

/// Builds the timeline for a form and settles the exact length.
pub fn settle(
    brief: &Brief,
    style: &Style,
    metre: &Metre,
    draft: TempoDraft,
    form: &mut FormDraft,
    notes: &mut Vec<Diagnostic>,
) -> Tempo {
    let bars = i64::from(form.bars());
    let end = metre.bar() * bars;
    let felt = draft.bpm / felt_quarters(metre);
    let build = |bpm: f64| {
        let mut timeline = Timeline::steady(bpm, metre.clone());
        let drift = drift(brief, felt);
        if (drift - 1.0).abs() > 1e-6 && bars > 1 {
            timeline.tempo[0].ramp = true;
            timeline.tempo.push(TempoPoint {
                at: end,
                bpm: bpm * drift,
                ramp: false,
            });
        } else if draft.ending == Ending::Ritard && bars >= 4 {
            let last = metre.bar() * (bars - 1);
            timeline.tempo.push(TempoPoint {
                at: metre.bar() * (bars - 3),
                bpm,
                ramp: true,
            });
            timeline.tempo.push(TempoPoint {
                at: last,
                bpm: bpm * 0.74,
                ramp: false,
            });
        }
        timeline
    };
    let mut bpm = draft.bpm;
    let asked = match brief.length {
        Some(LengthWish::Seconds(seconds)) => Some(seconds),
        _ => None,
    };
    if !draft.exact {
        // One free number: fit the length, or a high point, by a change of tempo nobody hears.
        let whole = build(bpm).seconds(end);
        let ring = match draft.ending {
            Ending::Loop => 0.0,
            Ending::Fade => 0.0,
            _ => 2.2_f64.min(asked.unwrap_or(60.0) * 0.15),
        };
        let point = brief.energy.iter().find(|p| {
            matches!(
                p.kind,
                EnergyKind::Drop | EnergyKind::Peak | EnergyKind::Build
            )
        });
        if let (Some(point), false) = (point, draft.ending == Ending::Loop) {
            let at = point.at.0;
            let bar = (at / draft.bar_seconds).round().max(1.0);
            let here = build(bpm).seconds(Ticks((metre.bar().0 as f64 * bar) as i64));
            let scale = (here / at).clamp(0.93, 1.07);
            // Only when the whole still fits the length asked for.
            if asked.is_none_or(|asked| whole / scale <= asked - 0.8) {
                bpm *= scale;
            } else if let Some(asked) = asked {
                bpm *= whole / (asked - ring).max(1.0);
            }
        } else if let Some(asked) = asked {
            bpm *= whole / (asked - ring).max(1.0);
        }
    }
    let timeline = build(bpm);
    let music = timeline.seconds(end);
    let length = match (asked, draft.ending) {
        (Some(asked), Ending::Loop) => {
            if (music - asked).abs() > 1e-4 {
                notes.push(loop_conflict(asked, music));
            }
            music
        }
        (Some(asked), _) => {
            if music > asked + 1e-6 && draft.ending != Ending::Fade {
                notes.push(too_short(asked, music));
            }
            asked
        }
        (None, Ending::Loop) => music,
        (None, Ending::Fade) => music,
        (None, Ending::Cold) => music + 1.2,
        (None, _) => music + 3.0,
    };
    Tempo {
        timeline,
        feel: choose_feel(brief, style),
        ending: draft.ending,
        length: Seconds(length),
    }
}

fn choose_feel(brief: &Brief, style: &Style) -> Feel {
    let mut feel = style.feel;
    if feel.swing_unit == 0 {
        feel.swing_unit = 8;
    }
    if let Some(wish) = &brief.tempo {
        if let Some(swing) = wish.swing {
            feel.swing = swing.clamp(0.0, 1.0);
        }
        match wish.change {
            Some(TempoChange::Rubato) => feel.rubato = feel.rubato.max(0.7),
            Some(TempoChange::Steady) => feel.rubato = 0.0,
            _ => {}
        }
        for how in &wish.feel {
            match how {
                TempoFeel::Jumpy => feel.swing = feel.swing.max(0.35),
                TempoFeel::Dragging => feel.lay_back += 18.0,
                TempoFeel::Hesitant => feel.rubato = feel.rubato.max(0.45),
                TempoFeel::Driving => feel.lay_back -= 8.0,
            }
        }
    }
    feel
}

fn loop_conflict(asked: f64, music: f64) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        code: "loop-length".into(),
        message_en: format!(
            "A seamless loop holds whole bars: at this tempo {music:.3} s is possible, {asked:.3} s is not."
        ),
        message_zh: format!(
            "无缝循环必须是整小节：在此速度下可以是 {music:.3} 秒，而不能是 {asked:.3} 秒。"
        ),
        remedy_en: "Leave the tempo or the length open, or ask for the length given here.".into(),
        remedy_zh: "请不要同时指定速度和长度，或改用上面给出的长度。".into(),
    }
}

fn too_short(asked: f64, music: f64) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        code: "length-too-short".into(),
        message_en: format!(
            "One bar at this tempo and metre lasts {music:.2} s; the music does not fit into {asked:.2} s."
        ),
        message_zh: format!("在此速度和拍号下音乐需要 {music:.2} 秒，放不进 {asked:.2} 秒。"),
        remedy_en: "Ask for a longer piece or a faster tempo.".into(),
        remedy_zh: "请要求更长的时间或更快的速度。".into(),
    }
}
