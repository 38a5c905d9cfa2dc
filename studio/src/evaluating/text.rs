//! The report in words.

use super::Evaluation;
use std::fmt::Write as _;
use yuefu_evaluate::Family;

const CHINESE: [(Family, &str); Family::ALL.len()] = [
    (Family::Pitch, "音级"),
    (Family::Interval, "音程"),
    (Family::Distance, "时间间隔"),
    (Family::Place, "拍内位置"),
    (Family::Harmony, "和声"),
    (Family::ChordLength, "和弦长度"),
    (Family::Structure, "结构"),
];

impl Evaluation {
    /// The report as a table for people.
    pub fn text(&self, chinese: bool) -> String {
        let pick = |en: &'static str, zh: &'static str| if chinese { zh } else { en };
        let mut out = String::new();
        let _ = writeln!(out, "{} {}", self.songs, pick("songs", "首曲子"));
        for set in &self.against {
            let _ = writeln!(
                out,
                "\n{} {}: {} {}, {} {}",
                pick("against", "对照"),
                set.set,
                set.real,
                pick("real songs", "首真实歌曲"),
                set.songs,
                pick("of these", "首参评"),
            );
            let _ = writeln!(
                out,
                "  {}",
                pick(
                    "distance of distributions (Jensen-Shannon divergence in bits; in brackets that of two halves of the real songs)",
                    "分布距离（JS 散度，比特；括号内为真实歌曲两半之间）"
                )
            );
            for distance in &set.distances {
                let at = distance.family as usize;
                let name = if chinese {
                    CHINESE[at].1
                } else {
                    Family::ALL[at].1
                };
                let floor = distance
                    .floor
                    .map_or(String::new(), |f| format!(" ({f:.3})"));
                let _ = writeln!(out, "    {:.3}{floor}  {name}", distance.divergence);
            }
            let _ = writeln!(
                out,
                "  {}",
                pick(
                    "figures of the tunes: real mean (middle 80 %), ours, share of songs in the middle 80 %",
                    "旋律指标：真实均值（中间 80 %）、本组均值、落在中间 80 % 的曲子比例"
                )
            );
            for figure in &set.figures {
                let _ = writeln!(
                    out,
                    "    {:7.2} ({:6.2}-{:6.2}) {:7.2}  {:3.0} %  {}",
                    figure.real.mean,
                    figure.real.low,
                    figure.real.high,
                    figure.ours.mean,
                    100.0 * figure.within,
                    figure.name
                );
            }
        }
        if let Some(judged) = &self.judged {
            let _ = writeln!(
                out,
                "\n{} ({} {}, {} {}; AUC, {})",
                pick("real or generated?", "真实还是生成？"),
                judged.real,
                pick("real", "真实"),
                judged.songs,
                pick("ours", "本组"),
                pick("0.5 = cannot tell", "0.5 = 分不出"),
            );
            let rows = [
                (
                    pick("figures, boosted trees", "统计指标（梯度提升）"),
                    [judged.figures, judged.uncertain[0], judged.control[0]],
                ),
                (
                    pick("notes, small network", "音符序列（小型网络）"),
                    [judged.events, judged.uncertain[1], judged.control[1]],
                ),
            ];
            for (name, [told, wide, control]) in rows {
                let _ = writeln!(
                    out,
                    "  {told:.3} ± {wide:.3} ({} {control:.3})  {name}",
                    pick("real against real", "真实对真实")
                );
            }
            let _ = writeln!(
                out,
                "  {}",
                pick("asked most: real, ours", "最常用的依据：真实、本组")
            );
            for (name, real, ours) in &judged.asked {
                let _ = writeln!(out, "    {real:7.3} {ours:7.3}  {name}");
            }
        }
        if let Some(told) = &self.recognition {
            let _ = writeln!(
                out,
                "\n{}: {:.0} % ({} {:.0} %), {} {}",
                pick(
                    "style recognized, instruments hidden",
                    "风格识别（不看乐器）"
                ),
                100.0 * told.right,
                pick("chance", "随机"),
                100.0 * told.chance,
                told.asked,
                pick("songs", "首")
            );
            for (style, other, count) in told.taken_for.iter().take(6) {
                let _ = writeln!(
                    out,
                    "  {style} {} {other}: {count}",
                    pick("taken for", "被当作")
                );
            }
        }
        if let Some(diverse) = &self.diversity {
            let _ = writeln!(
                out,
                "\n{}: {} {:.3} ({} {:.3}), {} {:.2} % ({} {:.2} %), {} {}",
                pick("songs of one style", "同风格曲子之间"),
                pick("chroma distance by warping", "色度 DTW 距离"),
                diverse.chroma,
                pick("least", "最小"),
                diverse.nearest_chroma,
                pick("common five-note patterns", "共有五音型"),
                100.0 * diverse.common_patterns,
                pick("most", "最多"),
                100.0 * diverse.most_common_patterns,
                diverse.pairs,
                pick("pairs", "对")
            );
        }
        if let Some(own) = self.self_similarity {
            let real = self.real_self_similarity.map_or(String::new(), |real| {
                format!(" ({} {real:.3})", pick("real", "真实"))
            });
            let _ = writeln!(
                out,
                "{}: {own:.3}{real}",
                pick("self-similarity of tunes", "旋律自相似度")
            );
        }
        out
    }
}
