//! Answers of a listening test: CSV files to means with 95 % confidence intervals.

use crate::{error::StudioError, import::read_file};
use serde::Serialize;
use std::{collections::BTreeMap, fmt::Write as _, path::Path};
use yuefu_evaluate::opinion::{Interval, mean, share};

/// One answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The page that was answered.
    pub test: String,
    /// Who answered; may be empty.
    pub listener: String,
    /// Which recordings.
    pub item: String,
    /// What was asked, and the answer.
    pub choice: Choice,
}

/// A question with its answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    /// Which of two systems is better: 0, 1, or `None` for no difference.
    Pair([String; 2], Option<usize>),
    /// A mark from 1 to 5 for one system.
    Mark(String, u8),
}

/// What the answers say.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Opinions {
    /// Answers in all.
    pub answers: usize,
    /// Listeners, told apart by name.
    pub listeners: usize,
    /// Marks by system.
    pub ratings: Vec<Rating>,
    /// Comparisons by pair of systems.
    pub preferences: Vec<Preference>,
}

/// The marks of a system.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rating {
    /// The system.
    pub system: String,
    /// Marks.
    pub marks: usize,
    /// Their mean with Student's interval; marks count as independent.
    pub mean: Interval,
}

/// How often one system was preferred to another.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Preference {
    /// The two systems.
    pub systems: [String; 2],
    /// How often each was preferred.
    pub wins: [usize; 2],
    /// How often there was no difference.
    pub ties: usize,
    /// Share of preferences that the first has, with Wilson's interval; `None` if all were ties.
    pub first: Option<Interval>,
}

/// Most bytes of a file of answers.
const MOST_BYTES: usize = 16_000_000;

const HEAD: [&str; 7] = [
    "test", "listener", "kind", "item", "first", "second", "answer",
];

/// Reads a file of answers.
///
/// # Errors
/// When it cannot be read, or a line is no answer.
pub fn read_answers(path: &Path) -> Result<Vec<Answer>, StudioError> {
    let bytes = read_file(path)?;
    let place = path.display().to_string();
    parse(&bytes).map_err(|(line, en, zh)| {
        StudioError::input(
            format!("{place}, line {line}: {en}. Download the answers again from the page."),
            format!("{place} 第 {line} 行：{zh}。请从页面重新下载答案。"),
        )
    })
}

type Fault = (usize, &'static str, &'static str);

fn parse(bytes: &[u8]) -> Result<Vec<Answer>, Fault> {
    if bytes.len() > MOST_BYTES {
        return Err((1, "the file is too large", "文件过大"));
    }
    let text = String::from_utf8_lossy(bytes);
    let mut rows = rows(text.trim_start_matches('\u{feff}')).into_iter();
    let head = rows.next().map(|row| row.1).unwrap_or_default();
    if head.len() < HEAD.len() || head.iter().zip(HEAD).any(|(a, b)| a != b) {
        return Err((1, "expected the head of a file of answers", "不是答案文件"));
    }
    rows.map(|(line, row)| {
        let wrong = || (line, "this is no answer", "不是一条答案");
        let [test, listener, kind, item, first, second, answer, ..] = &row[..] else {
            return Err(wrong());
        };
        let choice = match (kind.as_str(), answer.as_str()) {
            ("ab", "A" | "B" | "tie") if first != second && !second.is_empty() => {
                let chosen = ["A", "B"].iter().position(|side| side == answer);
                Choice::Pair([first.clone(), second.clone()], chosen)
            }
            ("mos", "1" | "2" | "3" | "4" | "5") if !first.is_empty() => {
                Choice::Mark(first.clone(), answer.as_bytes()[0] - b'0')
            }
            _ => return Err(wrong()),
        };
        Ok(Answer {
            test: test.clone(),
            listener: listener.clone(),
            item: item.clone(),
            choice,
        })
    })
    .collect()
}

/// Rows of a CSV file (RFC 4180) with the number of their line; empty ones are left out.
fn rows(text: &str) -> Vec<(usize, Vec<String>)> {
    let mut out = Vec::new();
    let mut row: Vec<String> = Vec::new();
    let mut cell = String::new();
    let (mut quoted, mut line, mut first) = (false, 1, 1);
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        if sign == '\n' {
            line += 1;
        }
        match sign {
            '"' if quoted && signs.peek() == Some(&'"') => {
                signs.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                if row.iter().any(|cell| !cell.is_empty()) {
                    out.push((first, std::mem::take(&mut row)));
                }
                row.clear();
                first = line;
            }
            other => cell.push(other),
        }
    }
    row.push(cell);
    if row.iter().any(|cell| !cell.is_empty()) {
        out.push((first, row));
    }
    out
}

/// What answers say. The same answer twice (a file given twice) counts once.
pub fn opinions(answers: &[Answer]) -> Opinions {
    let mut seen: Vec<&Answer> = Vec::new();
    let mut marks: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut pairs: BTreeMap<[&str; 2], ([usize; 2], usize)> = BTreeMap::new();
    let mut told = std::collections::BTreeSet::new();
    for answer in answers {
        let (kind, systems) = match &answer.choice {
            Choice::Mark(system, _) => ("mos", [system.as_str(), ""]),
            Choice::Pair([a, b], _) => ("ab", [a.min(b).as_str(), a.max(b).as_str()]),
        };
        let question = (&answer.test, &answer.listener, &answer.item, kind, systems);
        // Listeners without a name cannot be told apart.
        if !told.insert(question) && !answer.listener.is_empty() {
            continue;
        }
        seen.push(answer);
        match &answer.choice {
            Choice::Mark(system, mark) => {
                marks.entry(system).or_default().push(f64::from(*mark));
            }
            Choice::Pair([a, _], chosen) => {
                let own = pairs.entry(systems).or_default();
                match chosen {
                    None => own.1 += 1,
                    Some(side) => own.0[side ^ usize::from(a.as_str() != systems[0])] += 1,
                }
            }
        }
    }
    let mut listeners: Vec<(&str, &str)> = seen
        .iter()
        .map(|answer| (answer.test.as_str(), answer.listener.as_str()))
        .collect();
    listeners.sort_unstable();
    listeners.dedup();
    let ratings = marks.into_iter().filter_map(|(system, marks)| {
        Some(Rating {
            system: system.to_owned(),
            marks: marks.len(),
            mean: mean(&marks)?,
        })
    });
    let preferences = pairs.into_iter().map(|(systems, (wins, ties))| Preference {
        systems: systems.map(str::to_owned),
        wins,
        ties,
        first: share(wins[0], wins[0] + wins[1]),
    });
    Opinions {
        answers: seen.len(),
        listeners: listeners.len(),
        ratings: ratings.collect(),
        preferences: preferences.collect(),
    }
}

impl Opinions {
    /// The opinions as a table for people.
    pub fn text(&self, chinese: bool) -> String {
        let pick = |en: &'static str, zh: &'static str| if chinese { zh } else { en };
        let mut out = String::new();
        let _ = writeln!(
            out,
            "{} {}, {} {}",
            self.answers,
            pick("answers", "条答案"),
            self.listeners,
            pick("listeners", "位听众")
        );
        for rating in &self.ratings {
            let Interval { value, low, high } = rating.mean;
            let _ = writeln!(
                out,
                "  {}: {} {value:.2} [{:.2}, {:.2}] ({} {})",
                rating.system,
                pick("mean mark", "平均分"),
                low.max(1.0),
                high.min(5.0),
                rating.marks,
                pick("marks", "个评分")
            );
        }
        for Preference {
            systems: [a, b],
            wins,
            ties,
            first,
        } in &self.preferences
        {
            let share = first.map_or_else(
                || pick("no preference", "没有偏好").to_owned(),
                |i| {
                    let [value, low, high] = [i.value, i.low, i.high].map(|x| 100.0 * x);
                    format!("{value:.0} % [{low:.0}, {high:.0}]")
                },
            );
            let _ = writeln!(
                out,
                "  {a} {} {b}: {share} ({} : {}, {} {ties})",
                pick("preferred to", "优于"),
                wins[0],
                wins[1],
                pick("no difference", "没有差别")
            );
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TABLE: &str = "\u{feff}\"test\",\"listener\",\"kind\",\"item\",\"first\",\"second\",\"answer\",\"seconds\"\r\n\
        \"t\",\"Li, \"\"Mo\"\"\",\"ab\",\"one\",\"rules\",\"net\",\"B\",\"3.1\"\r\n\
        \"t\",\"Li, \"\"Mo\"\"\",\"ab\",\"two\",\"net\",\"rules\",\"A\",\"2\"\r\n\
        t,Wu,ab,one,net,rules,tie,1\n\
        t,Wu,mos,one,net,,4,1\n\
        t,Wu,mos,two,net,,2,1\n";

    #[test]
    fn answers_become_means_with_intervals() {
        let answers = parse(TABLE.as_bytes()).unwrap();
        assert_eq!(answers[0].listener, "Li, \"Mo\"");
        let said = opinions(&answers);
        assert_eq!((said.answers, said.listeners), (5, 2));
        let pair = &said.preferences[0];
        assert_eq!(pair.systems, ["net", "rules"]);
        assert_eq!((pair.wins, pair.ties), ([2, 0], 1));
        assert!(pair.first.is_some_and(|i| i.value == 1.0 && i.low < 0.5));
        assert_eq!(said.ratings[0].mean.value, 3.0);
        assert!(said.text(true).contains("没有差别 1"));
        let twice: Vec<Answer> = answers.iter().chain(&answers).cloned().collect();
        assert_eq!(opinions(&twice), said);
    }

    #[test]
    fn what_is_no_answer_is_named_by_its_line() {
        assert_eq!(parse(b"hello").unwrap_err().0, 1);
        let bad = TABLE.replace(",4,1", ",6,1");
        assert_eq!(parse(bad.as_bytes()).unwrap_err().0, 5);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = parse(&bytes);
            let mut text = TABLE.as_bytes().to_vec();
            let at = bytes.len() % text.len();
            text.splice(at..at, bytes);
            if let Ok(answers) = parse(&text) {
                let _ = opinions(&answers).text(false);
            }
        }
    }
}
