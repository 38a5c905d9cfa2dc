//! The form from the words: sections as the sheet has them, bars as its lines need them, and
//! instruments around them.

use crate::{
    form::{FormDraft, SectionDraft, parse, usual_energy},
    tempo::TempoDraft,
};
use std::collections::BTreeMap;
use yuefu_audio::math;
use yuefu_engine::SeedPath;
use yuefu_song::{
    Ending, LyricSheet, SectionKind, Style,
    brief::{Brief, Diagnostic, LengthWish, SectionSize, Severity},
    sung::{self, Load},
};
use yuefu_theory::Metre;

/// Sections that instruments have to themselves.
const WORDLESS: [SectionKind; 4] = [
    SectionKind::Intro,
    SectionKind::Interlude,
    SectionKind::Solo,
    SectionKind::Outro,
];

/// A form that sings every line of a sheet (unrolled) once, in order.
///
/// Length wishes are met by what instruments play around the words and by the tempo; where the
/// words need longer than that they are sung all the same, and a diagnostic says so. `brief` loses
/// the wishes that words overrule.
pub fn choose(
    brief: &mut Brief,
    words: &LyricSheet,
    style: &Style,
    metre: &Metre,
    draft: &mut TempoDraft,
    notes: &mut Vec<Diagnostic>,
    seed: &SeedPath,
) -> FormDraft {
    if !brief.energy.is_empty() {
        brief.energy.clear();
        notes.push(warning(
            "energy-in-words",
            "Rises and peaks at points in time are left out: sections follow the words.".into(),
            "按时间指定的起伏未采用：段落由歌词决定。".into(),
            ("Say it by sections instead.", "请改用段落来说明。"),
        ));
    }
    if brief.form.take().is_some() {
        notes.push(warning(
            "form-in-words",
            "The order of sections is that of the lyric sheet.".into(),
            "段落顺序以歌词为准。".into(),
            ("Reorder the sheet instead.", "请调整歌词中的段落顺序。"),
        ));
    }
    let mut plan = Around::new(brief, words, style, metre, draft, &seed.join("words"));
    if draft.bars.is_some() {
        plan.fit(brief, style, metre, draft, notes);
    }
    plan.sections
        .iter_mut()
        .for_each(|section| section.draft.bars = section.draft.bars.max(1));
    FormDraft {
        sections: plan.sections.into_iter().map(|s| s.draft).collect(),
    }
}

/// A section on its way.
struct Sketch {
    draft: SectionDraft,
    /// Loads of its lines; empty where instruments play alone.
    lines: Vec<Load>,
}

/// The words and what is around them.
struct Around {
    sections: Vec<Sketch>,
    /// The room that lines of each kind of section get beside the usual ([`Load::unease`]).
    paces: BTreeMap<SectionKind, f64>,
}

impl Around {
    fn new(
        brief: &Brief,
        words: &LyricSheet,
        style: &Style,
        metre: &Metre,
        draft: &TempoDraft,
        seed: &SeedPath,
    ) -> Self {
        let forms: Vec<Vec<SectionDraft>> =
            style.forms.iter().map(|f| parse(&f.sections)).collect();
        let mut counts: BTreeMap<SectionKind, usize> = BTreeMap::new();
        let mut sections: Vec<Sketch> = words
            .sections
            .iter()
            .map(|section| {
                let nth = counts.entry(section.kind).or_default();
                let draft = model(&forms, section.kind, *nth);
                *nth += 1;
                let lines: Vec<Load> = words
                    .lines_of(&section.id)
                    .filter(|line| !line.syllables.is_empty())
                    .map(Load::of)
                    .collect();
                Sketch { draft, lines }
            })
            .collect();
        let has = |kind: SectionKind| words.sections.iter().any(|s| s.kind == kind);
        let refused = |kind: SectionKind| {
            brief
                .sections
                .iter()
                .any(|w| w.section == kind && !w.wanted)
        };
        let alone = |kind: SectionKind| Sketch {
            draft: model(&forms, kind, 0),
            lines: Vec::new(),
        };
        let looped = draft.ending == Ending::Loop;
        if !has(SectionKind::Intro) && !refused(SectionKind::Intro) && !looped {
            sections.insert(0, alone(SectionKind::Intro));
        }
        if !has(SectionKind::Outro) && !refused(SectionKind::Outro) && !looped {
            sections.push(alone(SectionKind::Outro));
        }
        let paces = paces(&sections, draft.bar_seconds, seed);
        // Between the first chorus and the verse after it instruments answer.
        let spoken_for = has(SectionKind::Interlude) || has(SectionKind::Solo);
        let turn = sections.windows(2).position(|pair| {
            pair[0].draft.kind == SectionKind::Chorus && pair[1].draft.kind == SectionKind::Verse
        });
        if let (Some(turn), false, false) = (turn, spoken_for, refused(SectionKind::Interlude)) {
            let mut answer = alone(SectionKind::Interlude);
            let usual = answer.draft.bars;
            let mut rng = seed.join("interlude").rng();
            let lengths = [0, 2.min(usual), usual, (usual * 2).min(8)];
            answer.draft.bars = lengths[rng.weighted(&[0.1, 0.15, 0.45, 0.3])];
            if answer.draft.bars > 0 {
                sections.insert(turn + 1, answer);
            }
        }
        for wish in brief.sections.iter().filter(|w| w.wanted) {
            if WORDLESS.contains(&wish.section)
                && !sections.iter().any(|s| s.draft.kind == wish.section)
            {
                let at = match wish.section {
                    SectionKind::Intro => 0,
                    SectionKind::Outro => sections.len(),
                    _ => sections
                        .iter()
                        .rposition(|s| s.draft.kind == SectionKind::Chorus)
                        .unwrap_or(sections.len() / 2),
                };
                sections.insert(at, alone(wish.section));
            }
        }
        let mut plan = Self { sections, paces };
        plan.measure(metre, draft.bpm, false);
        for wish in brief.sections.iter().filter(|w| w.wanted) {
            let of_kind = |s: &&mut Sketch| s.draft.kind == wish.section && s.lines.is_empty();
            for section in plan.sections.iter_mut().filter(of_kind) {
                let bars = section.draft.bars;
                section.draft.bars = match (wish.bars, wish.size) {
                    (Some(bars), _) => bars.max(1),
                    (_, Some(SectionSize::Long)) => bars * 2,
                    (_, Some(SectionSize::Short)) => (bars / 2).max(1),
                    _ => bars,
                };
            }
        }
        plan
    }

    /// Gives every sung section the bars of its lines; sections of a kind agree where they can.
    fn measure(&mut self, metre: &Metre, bpm: f64, tight: bool) {
        let mut kinds: BTreeMap<SectionKind, Vec<Load>> = BTreeMap::new();
        for section in &self.sections {
            let of_kind = kinds.entry(section.draft.kind).or_default();
            of_kind.extend(section.lines.iter().copied());
        }
        let bars: BTreeMap<SectionKind, Vec<u32>> = kinds
            .into_iter()
            .map(|(kind, lines)| {
                let pace = self.paces.get(&kind).copied().unwrap_or(1.0);
                (kind, sung::bars(&lines, metre, bpm, pace))
            })
            .collect();
        let mut taken: BTreeMap<SectionKind, usize> = BTreeMap::new();
        let last = self.sections.len().saturating_sub(1);
        for (index, section) in self.sections.iter_mut().enumerate() {
            if section.lines.is_empty() {
                continue;
            }
            let from = taken.entry(section.draft.kind).or_default();
            let own = &bars[&section.draft.kind][*from..*from + section.lines.len()];
            *from += section.lines.len();
            let mut sum: u32 = own.iter().sum();
            if tight {
                sum = own.iter().map(|b| (b / 2).max(1)).sum();
            }
            section.draft.bars = rounded(sum, tight);
            // The final chord has a bar of its own.
            if index == last {
                section.draft.bars += if tight { 1 } else { 2 };
            }
        }
    }

    fn bars(&self) -> u32 {
        self.sections.iter().map(|s| s.draft.bars).sum()
    }

    fn sung(&self) -> u32 {
        let sung = self.sections.iter().filter(|s| !s.lines.is_empty());
        sung.map(|s| s.draft.bars).sum()
    }

    /// Meets the number of bars that a length wish comes to.
    fn fit(
        &mut self,
        brief: &mut Brief,
        style: &Style,
        metre: &Metre,
        draft: &mut TempoDraft,
        notes: &mut Vec<Diagnostic>,
    ) {
        let seconds = matches!(brief.length, Some(LengthWish::Seconds(_)));
        let scale = |draft: &mut TempoDraft, by: f64| {
            draft.bpm *= by;
            draft.bar_seconds /= by;
            if let (true, Some(bars)) = (seconds, draft.bars.as_mut()) {
                *bars = ((f64::from(*bars) * by).round() as u32).max(1);
            }
        };
        let least = |plan: &Self| plan.sung() + plan.edges();
        // Too little time: nothing drawn out, then a quicker tempo, then lines of half the length.
        let wanted = |draft: &TempoDraft| draft.bars.unwrap_or(1);
        if least(self) > wanted(draft) {
            self.paces
                .values_mut()
                .for_each(|pace| *pace = pace.min(1.0));
            self.measure(metre, draft.bpm, false);
        }
        let top = style.tempo[1] * 1.12;
        if least(self) > wanted(draft) && seconds && !draft.exact {
            let by = f64::from(least(self)) / f64::from(wanted(draft));
            let room = (top / draft.bpm).max(1.0);
            scale(draft, by.min(room));
            self.measure(metre, draft.bpm, false);
        }
        if least(self) > wanted(draft) {
            let before: Vec<u32> = self.sections.iter().map(|s| s.draft.bars).collect();
            self.measure(metre, draft.bpm, true);
            let bar = metre.bar().as_quarters() * 60.0 / draft.bpm;
            let hurried = self.sections.iter().any(|section| {
                let count: f64 = section.lines.iter().map(|l| l.syllables).sum();
                let limit = if section.lines.iter().any(|l| l.spoken) {
                    8.0
                } else {
                    5.5
                };
                count / (f64::from(section.draft.bars) * bar) > limit
            });
            if hurried {
                for (section, bars) in self.sections.iter_mut().zip(before) {
                    section.draft.bars = bars;
                }
            }
        }
        let bars = wanted(draft);
        if least(self) > bars {
            self.contradict(brief, draft, bars, notes);
            return;
        }
        self.fill(bars);
    }

    /// Bars that intro and outro need at least.
    fn edges(&self) -> u32 {
        let edge = |s: &&Sketch| {
            s.lines.is_empty() && matches!(s.draft.kind, SectionKind::Intro | SectionKind::Outro)
        };
        self.sections.iter().filter(edge).count() as u32
    }

    /// The words need longer: they are sung, and the wish is contradicted.
    fn contradict(
        &mut self,
        brief: &mut Brief,
        draft: &mut TempoDraft,
        bars: u32,
        notes: &mut Vec<Diagnostic>,
    ) {
        for index in (0..self.sections.len()).rev() {
            let kind = self.sections[index].draft.kind;
            let edge = matches!(kind, SectionKind::Intro | SectionKind::Outro);
            if !edge && self.spare(index) {
                self.sections.remove(index);
            }
        }
        for section in self.sections.iter_mut().filter(|s| s.lines.is_empty()) {
            section.draft.bars = 2;
        }
        let needed = f64::from(self.bars()) * draft.bar_seconds;
        let (en, zh) = match brief.length {
            Some(LengthWish::Seconds(asked)) => (
                format!("The words take {needed:.0} s to sing; {asked:.0} s were asked for."),
                format!("唱完这些歌词需要 {needed:.0} 秒，而要求是 {asked:.0} 秒。"),
            ),
            _ => (
                format!(
                    "The words take {} bars; {bars} were asked for.",
                    self.bars()
                ),
                format!(
                    "唱完这些歌词需要 {} 小节，而要求是 {bars} 小节。",
                    self.bars()
                ),
            ),
        };
        notes.push(warning(
            "words-too-long",
            en,
            zh,
            (
                "All words are sung. Ask for a longer song, a faster tempo, or shorten the sheet.",
                "歌词已全部保留。请要求更长的时间或更快的速度，或删减歌词。",
            ),
        ));
        brief.length = None;
        draft.bars = None;
    }

    /// Whether a section can be left out: it has no words, and none of its kind behind it has any
    /// (sections are known by their numbers).
    fn spare(&self, index: usize) -> bool {
        let kind = self.sections[index].draft.kind;
        let mut rest = self.sections[index..].iter();
        rest.all(|s| s.draft.kind != kind || s.lines.is_empty())
    }

    /// Shortens or lengthens what instruments play alone to come to `bars` in all.
    fn fill(&mut self, bars: u32) {
        while self.bars() > bars {
            // The longest first, the inner ones before the edges.
            let longest = (0..self.sections.len())
                .filter(|i| self.sections[*i].lines.is_empty())
                .filter(|i| self.sections[*i].draft.bars > 1 || self.spare(*i))
                .max_by_key(|i| {
                    let draft = &self.sections[*i].draft;
                    let inner = !matches!(draft.kind, SectionKind::Intro | SectionKind::Outro);
                    (draft.bars > 1, inner, draft.bars, *i)
                });
            match longest {
                Some(index) if self.sections[index].draft.bars > 1 => {
                    self.sections[index].draft.bars -= 1;
                }
                Some(index) => {
                    self.sections.remove(index);
                }
                None => return,
            }
        }
        // Room for more: a solo before the last chorus, then longer edges and interludes.
        let lack = bars - self.bars();
        let solo = |s: &Sketch| s.draft.kind == SectionKind::Solo;
        let chorus = self
            .sections
            .iter()
            .rposition(|s| s.draft.kind == SectionKind::Chorus);
        if let (true, Some(at), false) = (lack >= 12, chorus, self.sections.iter().any(solo)) {
            let draft = SectionDraft {
                kind: SectionKind::Solo,
                material: "solo".into(),
                bars: 8,
                energy: [usual_energy(SectionKind::Solo); 2],
            };
            self.sections.insert(
                at,
                Sketch {
                    draft,
                    lines: Vec::new(),
                },
            );
        }
        let free: Vec<usize> = (0..self.sections.len())
            .filter(|i| self.sections[*i].lines.is_empty())
            .collect();
        if free.is_empty() {
            // Nobody plays alone: the last section rings on.
            let lack = bars - self.bars();
            if let Some(last) = self.sections.last_mut() {
                last.draft.bars += lack;
            }
            return;
        }
        let mut turn = 0;
        while self.bars() < bars {
            let add = (bars - self.bars()).min(4);
            self.sections[free[turn % free.len()]].draft.bars += add;
            turn += 1;
        }
    }
}

/// How far the paces of songs lie apart, and those of the sections of one, in natural logarithms.
const PACES: [f32; 2] = [0.24, 0.24];
/// Seconds that lines of a bar each must last in a row to talk; shorter ones would be over before
/// anybody is in them. Rows that are longer are not drawn out: the chorus would never come.
const TALKING: f64 = 15.0;

/// The pace of each kind of section: songs talk or draw their lines out, choruses otherwise than
/// verses.
fn paces(sections: &[Sketch], bar_seconds: f64, seed: &SeedPath) -> BTreeMap<SectionKind, f64> {
    let mut rng = seed.join("pace").rng();
    let own = rng.normal().clamp(-1.8, 1.8) * PACES[0];
    // Lines of a kind that follow one another.
    let mut rows: BTreeMap<SectionKind, usize> = BTreeMap::new();
    let mut row = (SectionKind::Intro, 0);
    for section in sections {
        let kind = section.draft.kind;
        let before = if row.0 == kind { row.1 } else { 0 };
        row = (kind, before + section.lines.len());
        let most = rows.entry(kind).or_default();
        *most = (*most).max(row.1);
    }
    rows.into_iter()
        .map(|(kind, lines)| {
            let mut rng = seed.join("pace").join(kind.name()).rng();
            let kin = rng.normal().clamp(-1.8, 1.8) * PACES[1];
            let lean = match kind {
                SectionKind::Verse => -0.15,
                SectionKind::Chorus => 0.0,
                _ => -0.05,
            };
            let pace = math::exp(f64::from(own + kin + lean));
            let [least, most] = if lines as f64 * bar_seconds < TALKING {
                [1.0, 2.2]
            } else {
                [0.5, 1.3]
            };
            (kind, pace.clamp(least, most))
        })
        .collect()
}

/// Bars as sections have them: in fours, or twos where that would leave much empty.
fn rounded(bars: u32, tight: bool) -> u32 {
    if tight || bars <= 2 {
        return bars.max(1);
    }
    let four = bars.next_multiple_of(4);
    if (four - bars) * 3 <= bars {
        four
    } else {
        bars.next_multiple_of(2)
    }
}

/// The `nth` section of a kind as the style has it.
fn model(forms: &[Vec<SectionDraft>], kind: SectionKind, nth: usize) -> SectionDraft {
    let of_kind = |form: &Vec<SectionDraft>| -> Vec<SectionDraft> {
        form.iter().filter(|s| s.kind == kind).cloned().collect()
    };
    let found = forms.iter().map(of_kind).find(|found| !found.is_empty());
    let grown = |energy: f32| (energy + 0.05 * nth as f32).min(0.98);
    match found {
        Some(found) => {
            let at = nth.min(found.len() - 1);
            let mut draft = found[at].clone();
            if nth >= found.len() {
                draft.energy = draft.energy.map(|energy| (energy + 0.02).min(0.98));
            }
            draft.material = kind.name().into();
            if WORDLESS.contains(&kind) {
                draft.bars = draft.bars.clamp(1, 8);
            }
            draft
        }
        None => SectionDraft {
            kind,
            material: kind.name().into(),
            bars: match kind {
                SectionKind::Solo => 8,
                _ => 4,
            },
            energy: [grown(usual_energy(kind)); 2],
        },
    }
}

fn warning(code: &str, en: String, zh: String, remedy: (&str, &str)) -> Diagnostic {
    Diagnostic {
        severity: Severity::Warning,
        code: code.into(),
        message_en: en,
        message_zh: zh,
        remedy_en: remedy.0.into(),
        remedy_zh: remedy.1.into(),
    }
}
