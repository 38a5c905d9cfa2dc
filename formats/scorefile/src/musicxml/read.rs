//! MusicXML to score.

use super::part::{PartInfo, PartReader, State, measure_len};
use super::xml::{Node, parse};
use crate::draft::Draft;
use crate::error::{Place, ScoreErrorKind, ScoreFileError};
use crate::flow::{BarFlow, Jump, play_order, read_words};
use crate::model::{ScoreFile, ScoreLimits};
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use yuefu_song::Catalog;
use yuefu_theory::{Metre, Ticks};

/// Measures played, repeats counted, at most.
const MOST_MEASURES: usize = 20_000;

/// Reads MusicXML: partwise or timewise, plain or compressed (`.mxl`). Repeats, their endings and
/// jumps (D.C., D.S., coda, fine) are played out; ties joined; transposing parts put at sounding pitch; a pickup measure becomes
/// the end of a full first bar. What the score has no place for (grace notes, slurs, layout) is
/// left out, with a warning where it would be heard.
///
/// # Errors
/// What is not MusicXML, damaged files, and files beyond the limits.
pub fn read_musicxml(
    bytes: &[u8],
    catalog: &Catalog,
    limits: &ScoreLimits,
) -> Result<ScoreFile, ScoreFileError> {
    limits.admit(bytes.len())?;
    let unpacked;
    let bytes = if bytes.starts_with(b"PK") {
        unpacked = unzip(bytes, limits)?;
        &unpacked
    } else {
        bytes
    };
    let text = decode(bytes)?;
    let root = parse(&text, limits.notes.saturating_mul(40))?;
    let timewise = match root.name.as_str() {
        "score-partwise" => false,
        "score-timewise" => true,
        other => {
            return Err(ScoreFileError::new(
                ScoreErrorKind::Unrecognized,
                Place::Line(1, 1),
                "<score-partwise> or <score-timewise>",
                format!("<{other}>"),
                "Check that this is a MusicXML score.",
            ));
        }
    };
    let infos = part_list(&root);
    let parts = parts(&root, timewise);
    if parts.is_empty() || parts.iter().all(|p| p.1.is_empty()) {
        return Err(ScoreFileError::new(
            ScoreErrorKind::Corrupt,
            Place::File,
            "a part with measures",
            "none",
            "The score is empty; export it again.",
        ));
    }
    if parts.len() > limits.tracks {
        let most = format!("at most {} parts", limits.tracks);
        return Err(ScoreFileError::too_large(Place::File, most));
    }
    let mut draft = Draft {
        title: first_text(&root, &[&["work", "work-title"], &["movement-title"]]),
        composer: composer(&root),
        ..Draft::default()
    };
    let plan = plan(&parts, &mut draft)?;
    let none = PartInfo::default();
    let mut left = limits.notes.saturating_add(1);
    for (number, (id, measures)) in parts.iter().enumerate() {
        let info = infos.get(*id).unwrap_or(&none);
        let mut reader = PartReader::new(info, number + 1, &mut draft, left);
        for (index, start) in &plan.played {
            if let Some(node) = measures.get(*index) {
                let state = plan.states[number][*index].clone();
                reader.measure(node, index + 1, *start, state);
            }
        }
        let track = reader.finish();
        left = left.saturating_sub(track.notes.len());
        draft.tracks.push(track);
    }
    // Every part repeats what holds for all: keys, chords and tempo count once.
    draft.keys.sort_by_key(|k| k.0);
    draft.keys.dedup_by_key(|k| k.0);
    draft.chords.sort_by_key(|c| c.0);
    draft.chords.dedup_by_key(|c| c.0);
    for track in &mut draft.tracks {
        track.syllables.sort_by_key(|s| s.0);
        track.syllables.dedup_by_key(|s| s.0);
    }
    draft.finish(catalog, limits)
}

fn decode(bytes: &[u8]) -> Result<String, ScoreFileError> {
    let wide = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|p| read([p[0], p[1]]));
        char::decode_utf16(units)
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect::<String>()
    };
    let text = match bytes {
        [0xFE, 0xFF, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xFF, 0xFE, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        // Old programs wrote Latin-1; the bytes that matter are ASCII in any case.
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|&b| char::from(b)).collect(),
        },
    };
    if !text.trim_start().starts_with('<') {
        return Err(ScoreFileError::new(
            ScoreErrorKind::Unrecognized,
            Place::Byte(0),
            "an XML document or a compressed one (.mxl)",
            "something else",
            "Check that this is a MusicXML score.",
        ));
    }
    Ok(text)
}

fn unzip(bytes: &[u8], limits: &ScoreLimits) -> Result<Vec<u8>, ScoreFileError> {
    let bad = |found: String| {
        ScoreFileError::new(
            ScoreErrorKind::Corrupt,
            Place::File,
            "a compressed MusicXML file",
            found,
            "The file is damaged; export it again.",
        )
    };
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| bad(e.to_string()))?;
    let names: Vec<String> = archive
        .file_names()
        .filter_map(|name| Some(name.ok()?.into_owned()))
        .collect();
    let mut read = |name: &str| {
        let file = archive
            .by_name(name)
            .map_err(|e| bad(format!("{name}: {e}")))?;
        let mut out = Vec::new();
        file.take(limits.bytes as u64 + 1)
            .read_to_end(&mut out)
            .map_err(|e| bad(format!("{name}: {e}")))?;
        if out.len() > limits.bytes {
            let most = format!("at most {} bytes unpacked", limits.bytes);
            return Err(ScoreFileError::too_large(Place::File, most));
        }
        Ok(out)
    };
    // Some programs write names with quotes or signs that break the container, or none at all:
    // then the first score in the archive is meant.
    let named = read("META-INF/container.xml")
        .and_then(|bytes| decode(&bytes))
        .and_then(|text| parse(&text, 10_000))
        .ok()
        .and_then(|container| {
            let file = container.path(&["rootfiles", "rootfile"])?;
            file.attr("full-path").map(str::to_owned)
        })
        .filter(|name| names.contains(name));
    let score = |name: &&String| {
        let lower = name.to_lowercase();
        !lower.starts_with("meta-inf/")
            && [".xml", ".musicxml"].iter().any(|end| lower.ends_with(end))
    };
    let path = named
        .or_else(|| names.iter().find(score).cloned())
        .ok_or_else(|| bad("an archive without a score".into()))?;
    read(&path)
}

fn first_text(root: &Node, paths: &[&[&str]]) -> String {
    let found = paths
        .iter()
        .find_map(|p| root.path(p).filter(|n| !n.text().is_empty()));
    found.map_or(String::new(), |n| n.text().to_owned())
}

fn composer(root: &Node) -> String {
    let Some(node) = root.child("identification") else {
        return String::new();
    };
    node.all("creator")
        .find(|c| c.attr("type") == Some("composer"))
        .map_or(String::new(), |c| c.text().to_owned())
}

fn part_list(root: &Node) -> BTreeMap<String, PartInfo> {
    let mut out = BTreeMap::new();
    let list = root.child("part-list");
    for part in list.iter().flat_map(|l| l.all("score-part")) {
        let Some(id) = part.attr("id") else {
            continue;
        };
        let mut info = PartInfo {
            name: part.text_of("part-name").unwrap_or("").to_owned(),
            ..PartInfo::default()
        };
        for midi in part.all("midi-instrument") {
            let number = |name: &str, low: f64, high: f64| {
                midi.number(name)
                    .filter(|n| (low..=high).contains(n))
                    .map(|n| n as u8)
            };
            info.program = info
                .program
                .or(number("midi-program", 1.0, 128.0).map(|p| p - 1));
            info.channel = info.channel.or(number("midi-channel", 1.0, 16.0));
            if let (Some(id), Some(key)) = (midi.attr("id"), number("midi-unpitched", 1.0, 128.0)) {
                info.keys.insert(id.to_owned(), key - 1);
            }
        }
        out.insert(id.to_owned(), info);
    }
    out
}

/// The measures of each part, with its id, whichever way the file is nested.
fn parts(root: &Node, timewise: bool) -> Vec<(&str, Vec<&Node>)> {
    if !timewise {
        let measures = |p| Node::all(p, "measure").collect();
        return root
            .all("part")
            .map(|p| (p.attr("id").unwrap_or(""), measures(p)))
            .collect();
    }
    let mut out: Vec<(&str, Vec<&Node>)> = Vec::new();
    for measure in root.all("measure") {
        for part in measure.all("part") {
            let id = part.attr("id").unwrap_or("");
            match out.iter_mut().find(|p| p.0 == id) {
                Some((_, measures)) => measures.push(part),
                None => out.push((id, vec![part])),
            }
        }
    }
    out
}

/// Which measures are played, when, and what holds at the start of each.
struct Plan {
    /// Index and start of each measure, in the order of playing.
    played: Vec<(usize, Ticks)>,
    /// For each part and measure, what holds before it.
    states: Vec<Vec<State>>,
}

fn plan(parts: &[(&str, Vec<&Node>)], draft: &mut Draft) -> Result<Plan, ScoreFileError> {
    let count = parts.iter().map(|p| p.1.len()).max().unwrap_or(0);
    let mut lens = vec![Ticks::ZERO; count];
    let mut metres: Vec<Metre> = vec![Metre::common(); count];
    let mut states = Vec::new();
    for (number, (_, measures)) in parts.iter().enumerate() {
        let mut state = State::default();
        let mut before = Vec::with_capacity(measures.len());
        for (index, node) in measures.iter().enumerate() {
            before.push(state.clone());
            lens[index] = lens[index].max(measure_len(node, &mut state));
            if number == 0
                && let Some(metre) = &state.metre
            {
                metres[index] = metre.clone();
            }
        }
        states.push(before);
    }
    let (order, faults) = play_order(&flow(parts, count), MOST_MEASURES);
    for (index, fault) in faults {
        draft.warn(Place::Bar(index + 1, 1), fault);
    }
    if order.len() >= MOST_MEASURES {
        let most = format!("at most {MOST_MEASURES} measures");
        return Err(ScoreFileError::too_large(Place::File, most));
    }
    let mut played = Vec::with_capacity(order.len());
    let mut now = Ticks::ZERO;
    for (turn, index) in order.iter().enumerate() {
        let nominal = metres[*index].bar();
        let mut len = lens[*index];
        if len == Ticks::ZERO {
            len = nominal;
        }
        if turn == 0 && len < nominal {
            // A pickup: it becomes the end of a full bar, so that bars stay where they are.
            draft.metres.push((Ticks::ZERO, metres[*index].clone()));
            played.push((*index, nominal - len));
            now = nominal;
            continue;
        }
        let metre = if len == nominal {
            Some(metres[*index].clone())
        } else {
            // A measure of another length: a metre of its own if one exists.
            odd_metre(len)
        };
        match metre {
            Some(metre) => {
                draft.metres.push((now, metre));
            }
            None => {
                let place = Place::Bar(index + 1, 1);
                draft.warn(
                    place,
                    "a measure of odd length was filled up to a whole bar",
                );
                draft.metres.push((now, metres[*index].clone()));
                len = Ticks((len.0 + nominal.0 - 1) / nominal.0 * nominal.0);
            }
        }
        played.push((*index, now));
        now += len;
    }
    draft.metres.dedup_by(|b, a| a.1 == b.1);
    draft.end = now;
    Ok(Plan { played, states })
}

fn odd_metre(len: Ticks) -> Option<Metre> {
    [4_u8, 8, 16, 32].into_iter().find_map(|unit| {
        let unit_len = Ticks::of(1, i64::from(unit));
        let beats = len.0 / unit_len.0;
        (len.0 % unit_len.0 == 0 && (1..=32).contains(&beats))
            .then(|| Metre::new(beats as u8, unit))
    })
}

/// What the signs of every measure say: barlines of the first part, jumps of any part.
fn flow(parts: &[(&str, Vec<&Node>)], count: usize) -> Vec<BarFlow> {
    let mut bars = vec![BarFlow::default(); count];
    let mut ending: Option<Vec<u32>> = None;
    for (bar, node) in bars.iter_mut().zip(&parts[0].1) {
        for line in node.all("barline") {
            if let Some(repeat) = line.child("repeat") {
                match repeat.attr("direction") {
                    Some("forward") => bar.opens = true,
                    _ => {
                        let times = repeat.attr("times").and_then(|t| t.parse().ok());
                        bar.times = times.unwrap_or(2);
                    }
                }
            }
            if let Some(start) = line.child("ending")
                && start.attr("type") == Some("start")
            {
                let numbers = start.attr("number").unwrap_or("1").split(',');
                ending = Some(numbers.filter_map(|n| n.trim().parse().ok()).collect());
            }
        }
        bar.ending.clone_from(&ending);
        let ends = |e: &Node| matches!(e.attr("type"), Some("stop" | "discontinue"));
        if node
            .all("barline")
            .filter_map(|b| b.child("ending"))
            .any(ends)
        {
            bar.closes = true;
            ending = None;
        }
    }
    // Coda signs that do not say whether one leaves there or arrives.
    let mut codas: Vec<usize> = Vec::new();
    for (_, measures) in parts {
        for (index, node) in measures.iter().enumerate() {
            for item in &node.children {
                signs(item, index, &mut bars[index], &mut codas);
            }
        }
    }
    codas.sort_unstable();
    codas.dedup();
    if !bars.iter().any(|b| b.coda)
        && let Some(last) = codas.pop()
    {
        bars[last].coda = true;
    }
    for index in codas {
        bars[index].to_coda |= !bars[index].coda;
    }
    bars
}

/// Jumps and signs in one element of a measure.
fn signs(item: &Node, index: usize, bar: &mut BarFlow, codas: &mut Vec<usize>) {
    let sound = match item.name.as_str() {
        "sound" => Some(item),
        "direction" => item.child("sound"),
        "barline" => {
            bar.segno |= item.child("segno").is_some() || item.attr("segno").is_some();
            if item.attr("coda").is_some() {
                bar.coda = true;
            } else if item.child("coda").is_some() {
                codas.push(index);
            }
            return;
        }
        _ => return,
    };
    let mut plain = true;
    if let Some(sound) = sound {
        let has = |name: &str| sound.attr(name).is_some_and(|v| v != "no");
        for (name, jump) in [("dacapo", Jump::Capo), ("dalsegno", Jump::Segno)] {
            if has(name) {
                bar.jump = Some(jump);
            }
        }
        bar.segno |= has("segno");
        bar.coda |= has("coda");
        bar.to_coda |= has("tocoda");
        bar.fine |= has("fine");
        plain = !["dacapo", "dalsegno", "segno", "coda", "tocoda", "fine"]
            .iter()
            .any(|name| has(name));
    }
    if !plain {
        return;
    }
    for mark in item.all("direction-type").flat_map(|kind| &kind.children) {
        match mark.name.as_str() {
            "segno" => bar.segno = true,
            "coda" => codas.push(index),
            "words" => read_words(mark.text(), bar),
            _ => {}
        }
    }
}
