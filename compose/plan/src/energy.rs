//! The energy curve: the style's own, the general course asked for, and points in time.

use crate::{form::FormDraft, tempo::Tempo};
use yuefu_song::{
    SectionKind, Style,
    brief::{Brief, EnergyKind, EnergyShape},
};

/// Shapes the energies (and, where points in time ask for it, the borders) of the sections.
pub fn shape(brief: &Brief, style: &Style, form: &mut FormDraft, tempo: &Tempo) {
    let total = form.bars().max(1) as f32;
    let mut at = 0.0;
    for section in &mut form.sections {
        let place = (at + section.bars as f32 / 2.0) / total;
        at += section.bars as f32;
        let level = section.energy[0];
        let level = match brief.shape {
            None => level,
            Some(EnergyShape::Building) => 0.35 * level + 0.65 * (0.22 + 0.75 * place),
            Some(EnergyShape::Fading) => 0.35 * level + 0.65 * (0.95 - 0.75 * place),
            Some(EnergyShape::Arc) => {
                0.4 * level
                    + 0.6 * (0.25 + 0.72 * (1.0 - (2.0 * place - 1.2).abs()).clamp(0.0, 1.0))
            }
            Some(EnergyShape::Level) => 0.25 * level + 0.75 * 0.6,
        };
        // A calm or excited brief moves the whole curve a little.
        section.energy =
            [(level + brief.affect.arousal.clamp(-1.0, 1.0) * 0.07).clamp(0.12, 1.0); 2];
    }
    points(brief, style, form, tempo);
    ramps(form);
}

/// Cuts the form where a point lies and sets what was asked there.
fn points(brief: &Brief, style: &Style, form: &mut FormDraft, tempo: &Tempo) {
    let electronic = style.forms.iter().any(|f| f.sections.contains("drop"));
    let mut peaks = Vec::new();
    for point in &brief.energy {
        let bar_len = tempo.timeline.metres[0].metre.bar();
        let bar = (tempo.timeline.ticks(point.at.0).0 as f64 / bar_len.0 as f64).round() as u32;
        let Some(index) = split_at(form, bar) else {
            continue;
        };
        let level = point.level.clamp(0.05, 1.0);
        match point.kind {
            EnergyKind::Peak | EnergyKind::Drop | EnergyKind::Build => {
                let section = &mut form.sections[index];
                section.energy = [level.max(0.92); 2];
                if point.kind == EnergyKind::Drop && electronic {
                    section.kind = SectionKind::Drop;
                    section.material = "drop".into();
                } else if !matches!(section.kind, SectionKind::Drop | SectionKind::Chorus) {
                    section.kind = if electronic {
                        SectionKind::Drop
                    } else {
                        SectionKind::Chorus
                    };
                    section.material = section.kind.name().into();
                }
                peaks.push(index);
                if point.kind == EnergyKind::Build {
                    rise_to(form, index);
                }
                if index > 0 {
                    let before = &mut form.sections[index - 1];
                    let start = before.energy[0].min(0.5);
                    before.energy = [start, 0.8];
                    if !matches!(before.kind, SectionKind::Intro | SectionKind::Verse) {
                        before.kind = if electronic {
                            SectionKind::Build
                        } else {
                            SectionKind::PreChorus
                        };
                        before.material = before.kind.name().into();
                    }
                }
            }
            EnergyKind::Rise => {
                let end = form.sections.get(index + 1).map_or(0.9, |s| s.energy[0]);
                form.sections[index].energy[1] = end.max(0.7);
            }
            EnergyKind::Calm => form.sections[index].energy = [level.min(0.32); 2],
        }
    }
    if !peaks.is_empty() {
        for (index, section) in form.sections.iter_mut().enumerate() {
            if !peaks.contains(&index) {
                section.energy = section.energy.map(|level| level.min(0.84));
            }
        }
    }
}

/// Everything before a point that is built up to stays below a rising line.
fn rise_to(form: &mut FormDraft, peak: usize) {
    let total: u32 = form.sections[..peak].iter().map(|s| s.bars).sum();
    let mut at = 0;
    for section in &mut form.sections[..peak] {
        let line = |bar: u32| 0.26 + 0.46 * bar as f32 / total.max(1) as f32;
        let [from, to] = [line(at), line(at + section.bars)];
        section.energy = [section.energy[0].min(from), section.energy[1].min(to)];
        at += section.bars;
    }
}

/// Makes a section begin at `bar` and returns its index. Borders within two bars are moved;
/// otherwise the section is cut in two.
fn split_at(form: &mut FormDraft, bar: u32) -> Option<usize> {
    let mut start = 0;
    for index in 0..form.sections.len() {
        let bars = form.sections[index].bars;
        if bar == start {
            return Some(index);
        }
        if bar < start + bars {
            let into = bar - start;
            let left = bars - into;
            if into <= 2 && index > 0 {
                form.sections[index - 1].bars += into;
                form.sections[index].bars -= into;
                return Some(index);
            }
            if left <= 2 && index + 1 < form.sections.len() {
                form.sections[index].bars -= left;
                form.sections[index + 1].bars += left;
                return Some(index + 1);
            }
            let mut second = form.sections[index].clone();
            form.sections[index].bars = into;
            second.bars = left;
            form.sections.insert(index + 1, second);
            return Some(index + 1);
        }
        start += bars;
    }
    None
}

/// Sections that lead somewhere rise toward it.
fn ramps(form: &mut FormDraft) {
    for index in 0..form.sections.len().saturating_sub(1) {
        let next = form.sections[index + 1].energy[0];
        let section = &mut form.sections[index];
        let [from, to] = section.energy;
        if from == to {
            match section.kind {
                SectionKind::Build => section.energy = [from * 0.8, next.max(from)],
                SectionKind::PreChorus => section.energy = [from * 0.93, (from + next) / 2.0],
                SectionKind::Verse | SectionKind::Bridge | SectionKind::Part if next > from => {
                    section.energy = [from * 0.96, from + (next - from) * 0.2];
                }
                _ => {}
            }
        }
    }
    if let Some(last) = form.sections.last_mut()
        && last.kind == SectionKind::Outro
        && last.energy[0] == last.energy[1]
    {
        last.energy[1] *= 0.75;
    }
}
