//! The order in which written bars are played: repeats, endings (voltas), and jumps (D.C., D.S.,
//! coda, fine), as notation programs play them.
//!
//! After a jump repeats are not taken again and the last ending is played, unless the jump says
//! otherwise, as MuseScore does and most players do.

/// A jump, taken once, after the repeats of its bar are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Jump {
    /// Da capo: to the beginning.
    Capo,
    /// Dal segno: back to the sign.
    Segno,
}

/// What the signs of one bar say.
#[derive(Clone, Debug, Default)]
pub(crate) struct BarFlow {
    /// A repeat begins before it.
    pub(crate) opens: bool,
    /// How often the repeat that ends after it is played; 0 when none ends.
    pub(crate) times: u32,
    /// The passes that play it, when it stands in an ending.
    pub(crate) ending: Option<Vec<u32>>,
    /// Its ending ends after it.
    pub(crate) closes: bool,
    /// The sign (segno) stands before it.
    pub(crate) segno: bool,
    /// The coda begins with it.
    pub(crate) coda: bool,
    /// After it, once a jump has been taken, the music goes on at the coda.
    pub(crate) to_coda: bool,
    /// After it, once a jump has been taken, the music ends.
    pub(crate) fine: bool,
    /// After it the music jumps.
    pub(crate) jump: Option<Jump>,
}

/// Most passes of one repeat.
const MOST_PASSES: u32 = 64;

/// Indexes of bars in the order of playing, at most `most`, and what made no sense.
pub(crate) fn play_order(bars: &[BarFlow], most: usize) -> (Vec<usize>, Vec<(usize, String)>) {
    let mut faults = Vec::new();
    let mut order = Vec::new();
    let (mut first, mut pass, mut index) = (0, 1_u32, 0);
    let mut taken = vec![false; bars.len()];
    let mut jumped = false;
    while index < bars.len() && order.len() < most {
        let bar = &bars[index];
        if bar.opens && first != index {
            first = index;
            pass = 1;
        }
        let skipped = match &bar.ending {
            Some(passes) if !passes.is_empty() => {
                if jumped {
                    !is_last_ending(bars, index)
                } else {
                    !passes.contains(&pass)
                }
            }
            _ => false,
        };
        if skipped {
            index += 1;
            continue;
        }
        order.push(index);
        if jumped && bar.fine {
            break;
        }
        if jumped && bar.to_coda {
            match bars.iter().skip(index + 1).position(|b| b.coda) {
                Some(ahead) => {
                    index += 1 + ahead;
                    first = index;
                    pass = 1;
                    continue;
                }
                None => faults.push((index, "\"To Coda\" without a coda after it".to_owned())),
            }
        }
        if bar.times > 0 && !jumped {
            let last = bar
                .ending
                .iter()
                .flatten()
                .max()
                .map_or(0, |n| n.saturating_add(1));
            if pass < bar.times.max(last).clamp(1, MOST_PASSES) {
                pass += 1;
                index = first;
                continue;
            }
            first = index + 1;
            pass = 1;
        } else if bar.closes && bar.ending.is_some() && !jumped {
            first = index + 1;
            pass = 1;
        }
        if let Some(jump) = bar.jump
            && !taken[index]
        {
            taken[index] = true;
            let target = match jump {
                Jump::Capo => Some(0),
                // The nearest sign before the jump.
                Jump::Segno => bars[..=index].iter().rposition(|b| b.segno),
            };
            match target {
                Some(target) => {
                    jumped = true;
                    index = target;
                    first = target;
                    pass = 1;
                    continue;
                }
                None => faults.push((
                    index,
                    "\"D.S.\" without a sign (segno) before it; played on".to_owned(),
                )),
            }
        }
        index += 1;
    }
    if !jumped && let Some(bar) = bars.iter().position(|b| b.fine || b.to_coda) {
        // A fine at the very end says nothing.
        if bar + 1 < bars.len() {
            faults.push((
                bar,
                "\"Fine\" or \"To Coda\" without a D.C. or D.S.; played on".to_owned(),
            ));
        }
    }
    (order, faults)
}

/// Whether no other ending of the same repeat follows the one that a bar stands in.
fn is_last_ending(bars: &[BarFlow], index: usize) -> bool {
    let here = &bars[index].ending;
    let after = bars[index..].iter().position(|b| b.ending != *here);
    match after.map(|by| index + by) {
        Some(next) => bars[next].ending.as_ref().is_none_or(Vec::is_empty) || bars[next].opens,
        None => true,
    }
}

/// What the words over a bar say of jumps, such as `D.C. al Fine`, `D.S. al Coda`, `Fine`,
/// `To Coda ⊕`: adds it to the bar's signs.
pub(crate) fn read_words(text: &str, bar: &mut BarFlow) {
    let plain: String = text
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || c.is_whitespace())
        .collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let text = words.join(" ");
    let is = |starts: &[&str]| {
        starts
            .iter()
            .any(|s| text == *s || text.starts_with(&format!("{s} ")))
    };
    if is(&["dc", "d c", "da capo", "dacapo"]) {
        bar.jump = Some(Jump::Capo);
    } else if is(&["ds", "d s", "dal segno", "dalsegno", "del segno"]) {
        bar.jump = Some(Jump::Segno);
    } else if is(&["to coda", "tocoda"]) {
        bar.to_coda = true;
    } else if text == "fine" {
        bar.fine = true;
    } else if text == "coda" {
        bar.coda = true;
    } else if text == "segno" {
        bar.segno = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bars as text: `|:` opens, `:|` repeats, `1`/`2` endings, `S` segno, `C` coda, `T` to coda,
    /// `F` fine, `dc`/`ds` jumps.
    fn order(text: &str) -> (Vec<usize>, usize) {
        let bars: Vec<BarFlow> = text
            .split_whitespace()
            .map(|word| BarFlow {
                opens: word.contains("|:"),
                times: if word.contains(":|") { 2 } else { 0 },
                ending: word
                    .chars()
                    .find_map(|c| c.to_digit(10))
                    .map(|number| vec![number]),
                closes: word.contains(":|") || word.contains('2'),
                segno: word.contains('S'),
                coda: word.contains('C'),
                to_coda: word.contains('T'),
                fine: word.contains('F'),
                jump: match word {
                    w if w.contains("dc") => Some(Jump::Capo),
                    w if w.contains("ds") => Some(Jump::Segno),
                    _ => None,
                },
            })
            .collect();
        let (order, faults) = play_order(&bars, 1000);
        (order, faults.len())
    }

    #[test]
    fn repeats_and_endings() {
        assert_eq!(order("a |:b c:| d").0, [0, 1, 2, 1, 2, 3]);
        assert_eq!(order("a b 1:| 2 e").0, [0, 1, 2, 0, 1, 3, 4]);
    }

    #[test]
    fn jumps_are_taken_once_and_without_repeats() {
        assert_eq!(order("a bF c dc"), (vec![0, 1, 2, 3, 0, 1], 0));
        assert_eq!(order("a Sb c ds"), (vec![0, 1, 2, 3, 1, 2, 3], 0));
        assert_eq!(order("a SbT c ds C e").0, [0, 1, 2, 3, 1, 4, 5]);
        // The repeat is not taken again, and the last ending is played.
        assert_eq!(order("|:a 1:| 2 ddc").0, [0, 1, 0, 2, 3, 0, 2, 3]);
        // A jump at the end of a repeat waits for the last pass.
        assert_eq!(order("|:aF b:|dc").0, [0, 1, 0, 1, 0]);
    }

    #[test]
    fn what_makes_no_sense_is_said_and_played_as_written() {
        assert_eq!(order("a b ds c"), (vec![0, 1, 2, 3], 1));
        assert_eq!(order("aF b c"), (vec![0, 1, 2], 1));
        assert_eq!(order("aT b dc").1, 1);
    }

    #[test]
    fn words_are_understood() {
        let read = |text: &str| {
            let mut bar = BarFlow::default();
            read_words(text, &mut bar);
            bar
        };
        assert_eq!(read("D.C. al Fine").jump, Some(Jump::Capo));
        assert_eq!(read("D.S. al Coda").jump, Some(Jump::Segno));
        assert_eq!(read("Da Capo").jump, Some(Jump::Capo));
        assert!(read("Fine").fine && read("To Coda").to_coda && read("Coda").coda);
        assert_eq!(read("dscantus").jump, None);
        assert_eq!(read("dolce").jump, None);
    }
}
