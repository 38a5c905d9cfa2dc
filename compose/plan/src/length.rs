//! Shorter or longer: whole sections first, then bars in pairs, as an editor would cut.

use crate::{
    bars::{Block, put_together, take_apart},
    form,
    reshape::{Hand, NewSection, info, unique},
};
use std::collections::BTreeMap;
use yuefu_audio::Seconds;
use yuefu_engine::SeedPath;
use yuefu_song::{
    Ending, Reshape, SectionKind, SongPlan, StyleBook,
    brief::{Diagnostic, Severity},
};

/// How far a tempo may be changed without anybody noticing.
const UNHEARD: f64 = 0.06;

/// Fits a song to a length in seconds.
///
/// Sections are left out or repeated first, the dearest kept; then halved; then bars go in pairs
/// from the middle of sections, so that beginnings and the bars that lead on stay. The first and
/// the last section remain. With `exact` the tempo is changed by the little that is left (at most
/// 6 %), and the length is what was asked to the sample; otherwise it is the nearest that whole
/// bars and the ring-out give. The notes say what was done, and warn when it could not be.
pub fn to_length(
    plan: &SongPlan,
    book: &StyleBook,
    seed: &SeedPath,
    seconds: f64,
    exact: bool,
) -> Reshape {
    let hand = Hand::new(plan, book, seed);
    let seconds = seconds.max(1.0);
    let mut work = Work {
        plan,
        hand,
        blocks: take_apart(plan),
        said: Vec::new(),
    };
    let tail = match plan.ending {
        Ending::Loop => 0.0,
        _ => {
            let end = plan
                .sections
                .last()
                .map_or(0.0, |s| plan.timeline.seconds(s.span.end));
            (plan.length.0 - end).min(seconds * 0.3)
        }
    };
    let goal = (seconds - tail).max(0.5);
    if work.seconds() > goal {
        work.shorten(goal);
    } else {
        work.lengthen(goal);
    }
    let Work { blocks, said, .. } = work;
    let mut reshape = put_together(plan, blocks, plan.ending, said);
    let end = reshape
        .plan
        .sections
        .last()
        .map(|s| s.span.end)
        .unwrap_or_default();
    let music = reshape.plan.timeline.seconds(end);
    let factor = music / goal;
    if exact && (factor - 1.0).abs() <= UNHEARD {
        for point in &mut reshape.plan.timeline.tempo {
            point.bpm *= factor;
        }
        let percent = (factor - 1.0) * 100.0;
        if percent.abs() > 0.005 {
            reshape.notes.push(info(
                "tempo-fitted",
                format!("The tempo changes by {percent:+.2} % for the exact length."),
                format!("为达到准确时长，速度改变 {percent:+.2}%。"),
            ));
        }
        reshape.plan.length = Seconds(seconds);
    } else if exact {
        reshape.notes.push(Diagnostic {
            severity: Severity::Warning,
            code: "length-not-reached".into(),
            message_en: format!(
                "{seconds:.1} s cannot be reached with whole bars and a change of tempo that nobody hears; the song lasts {:.1} s.",
                reshape.plan.length.0
            ),
            message_zh: format!(
                "用整小节和听不出的速度变化无法达到 {seconds:.1} 秒；乐曲长 {:.1} 秒。",
                reshape.plan.length.0
            ),
            remedy_en: "Ask for a length that differs less, or change the tempo first.".into(),
            remedy_zh: "请要求相差较小的时长，或先改变速度。".into(),
        });
    }
    reshape
}

struct Work<'a> {
    plan: &'a SongPlan,
    hand: Hand<'a>,
    blocks: Vec<Block>,
    said: Vec<Diagnostic>,
}

impl Work<'_> {
    /// The music as it stands, without its ring-out.
    fn seconds(&self) -> f64 {
        let plan = put_together(self.plan, self.blocks.clone(), self.plan.ending, Vec::new()).plan;
        let end = plan.sections.last().map(|s| s.span.end).unwrap_or_default();
        plan.timeline.seconds(end)
    }

    /// Mean length of a bar.
    fn bar(&self) -> f64 {
        let bars: usize = self.blocks.iter().map(|b| b.bars.len()).sum();
        self.seconds() / bars.max(1) as f64
    }

    /// How dear each section is: the later of a kind the less, but the last high point is worth
    /// keeping.
    fn worth(&self) -> Vec<i32> {
        let mut seen: BTreeMap<SectionKind, usize> = BTreeMap::new();
        self.blocks
            .iter()
            .map(|block| {
                let nth = seen.entry(block.plan.kind).or_default();
                let worth = form::worth(block.plan.kind, *nth);
                *nth += 1;
                worth
            })
            .collect()
    }

    fn shorten(&mut self, goal: f64) {
        let bar = self.bar();
        loop {
            let over = ((self.seconds() - goal) / bar).round() as i64;
            if over <= 0 {
                return;
            }
            let count = self.blocks.len();
            let worth = self.worth();
            let inner = || 1..count.saturating_sub(1);
            // A whole section that fits into what is too much.
            let whole = inner()
                .filter(|i| self.blocks[*i].bars.len() as i64 <= over)
                .min_by_key(|i| (worth[*i], std::cmp::Reverse(*i)));
            if let Some(index) = whole {
                let gone = self.blocks.remove(index);
                self.say(&gone, "left out", "删去");
                continue;
            }
            // Half of the least dear.
            let half = (0..count)
                .filter(|i| {
                    let bars = self.blocks[*i].bars.len() as i64;
                    bars >= 8 && bars % 4 == 0 && bars / 2 <= over
                })
                .min_by_key(|i| (worth[*i], std::cmp::Reverse(*i)));
            if let Some(index) = half {
                let bars = self.blocks[index].bars.len();
                self.drop_bars(index, bars / 2);
                self.say(&self.blocks[index].clone(), "halved", "减半");
                continue;
            }
            // Bars in pairs, then one.
            let pair = if over >= 2 { 2 } else { 1 };
            let least = [6, 4, 2].into_iter().find_map(|least| {
                (0..count)
                    .filter(|i| self.blocks[*i].bars.len() >= least + pair)
                    .min_by_key(|i| (worth[*i], std::cmp::Reverse(self.blocks[*i].bars.len())))
            });
            if let Some(index) = least {
                self.drop_bars(index, pair);
                let en = format!("{pair} bar{} shorter", if pair == 1 { "" } else { "s" });
                self.say(
                    &self.blocks[index].clone(),
                    &en,
                    &format!("缩短 {pair} 小节"),
                );
                continue;
            }
            // Nothing but first and last is left.
            if count > 1 && over as usize >= self.blocks[0].bars.len() {
                let gone = self.blocks.remove(0);
                self.say(&gone, "left out", "删去");
                continue;
            }
            let index = (0..count)
                .max_by_key(|i| self.blocks[*i].bars.len())
                .unwrap_or(0);
            if self.blocks[index].bars.len() <= 1 {
                return;
            }
            self.drop_bars(index, 1);
        }
    }

    /// Takes bars out of a section: before its last two, or from the beginning of an intro.
    fn drop_bars(&mut self, index: usize, count: usize) {
        let block = &mut self.blocks[index];
        let bars = block.bars.len();
        let count = count.min(bars - 1);
        let from = match block.plan.kind {
            SectionKind::Intro => 0,
            _ if count * 2 == bars => 0,
            _ => bars.saturating_sub(2 + count),
        };
        // Half of a section keeps the half that leads on; but a tune keeps its beginning.
        let tune = matches!(
            block.plan.kind,
            SectionKind::Verse | SectionKind::Chorus | SectionKind::Drop | SectionKind::Part
        );
        let from = if tune && count * 2 == bars {
            bars - count
        } else {
            from
        };
        block.bars.drain(from..from + count);
    }

    fn lengthen(&mut self, goal: f64) {
        let bar = self.bar();
        loop {
            let lack = ((goal - self.seconds()) / bar).round() as i64;
            if lack <= 0 {
                return;
            }
            let edge = |kind| matches!(kind, SectionKind::Intro | SectionKind::Outro);
            let body: Vec<usize> = (0..self.blocks.len())
                .filter(|i| !edge(self.blocks[*i].plan.kind))
                .collect();
            let last = body.last().copied().unwrap_or(0);
            // A run of whole sections from the beginning of the body, as long as fits.
            let mut run = Vec::new();
            let mut have = 0;
            let first = body.first().copied().unwrap_or(0);
            for block in &self.blocks[first..=last.max(first)] {
                let bars = block.bars.len() as i64;
                if body.is_empty() || have + bars > lack {
                    break;
                }
                have += bars;
                run.push(block.clone());
            }
            if run.is_empty() {
                self.interlude(lack as u32, last);
                return;
            }
            // Before the last high point, so that the song still ends with it.
            let at = match body.len() {
                0 | 1 => last + 1,
                _ => last,
            };
            let at = if run.len() > 1 || at == 0 {
                last + 1
            } else {
                at.max(first + 1)
            };
            for (offset, mut copy) in run.into_iter().enumerate() {
                copy.plan.id = unique(copy.plan.kind, &self.blocks);
                self.say(&copy, "repeated", "重复");
                self.blocks.insert(at + offset, copy);
            }
        }
    }

    /// A few bars that nothing whole fills.
    fn interlude(&mut self, bars: u32, before: usize) {
        if bars == 1 && self.blocks.len() > 1 {
            // One bar: the intro takes it, where nobody counts.
            let model = self.blocks[0].bars[0].clone();
            let bar = crate::bars::Bar {
                from: None,
                ..model
            };
            self.blocks[0].bars.insert(0, bar);
            self.say(&self.blocks[0].clone(), "1 bar longer", "延长 1 小节");
            return;
        }
        let kind = SectionKind::Interlude;
        let new = NewSection {
            kind,
            bars: Some(bars),
            energy: None,
        };
        let mut block = self.hand.make(&new, before, &self.blocks);
        block.plan.fill = bars >= 2;
        self.say(&block, "put in", "插入");
        self.blocks.insert(before, block);
    }

    fn say(&mut self, block: &Block, en: &str, zh: &str) {
        let row = SectionKind::ALL[block.plan.kind as usize];
        self.said.push(info(
            "length-changed",
            format!("{} ({} bars): {en}.", block.plan.id, block.bars.len()),
            format!(
                "{}（{}，{} 小节）：{zh}。",
                row.3,
                block.plan.id,
                block.bars.len()
            ),
        ));
    }
}
