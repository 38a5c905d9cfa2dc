//! Bringing documents of older formats to the present one.
//!
//! A new format adds its step to [`MIGRATIONS`] and a fixture in `tests/fixtures`. Steps work on
//! JSON and on the types of `core/theory` alone, so that they stay true when the document's own
//! types change.

use super::{FORMAT, MAIN_FILE, SongError, error, place::Position};
use crate::score::write_quarters;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use yuefu_theory::{TickSpan, Ticks, Timeline};

/// Changes a main file and its track files in place, or says what was not as its format has it.
type Migration = fn(&mut Value, &mut [Value]) -> Result<(), String>;

/// Steps from format n (index + 1) to format n + 1.
const MIGRATIONS: &[Migration] = &[one_to_two];

/// The number of a document's format, if this build can read it.
pub(super) fn format(found: Option<&Value>) -> Result<u32, SongError> {
    match found.and_then(Value::as_u64) {
        Some(format) if (1..=u64::from(FORMAT)).contains(&format) => Ok(format as u32),
        Some(format) if format > u64::from(FORMAT) => Err(SongError::whole(
            MAIN_FILE,
            (
                format!("format {FORMAT} or older"),
                format!("格式 {FORMAT} 或更早"),
            ),
            (
                format!("format {format}, which a newer Yuefu wrote"),
                format!("格式 {format}，由更新的乐府写成"),
            ),
            (
                "Update Yuefu to open this song.",
                "请更新乐府后再打开这首歌。",
            ),
        )),
        _ => Err(SongError::whole(
            MAIN_FILE,
            (
                "a field \"format\" with a number from 1",
                "字段 \"format\"，值为从 1 起的整数",
            ),
            match found {
                Some(value) => (value.to_string(), value.to_string()),
                None => ("none".to_owned(), "没有".to_owned()),
            },
            error::RESTORE,
        )),
    }
}

/// Brings a main file of a format and its track files to the present format.
pub(super) fn migrate(
    format: u32,
    main: &mut Value,
    tracks: &mut [Value],
) -> Result<(), SongError> {
    for (index, step) in MIGRATIONS.iter().enumerate().skip(format as usize - 1) {
        step(main, tracks).map_err(|found| {
            SongError::whole(
                MAIN_FILE,
                (
                    format!("a document of format {}", index + 1),
                    format!("格式 {} 的文档", index + 1),
                ),
                (found.clone(), found),
                error::RESTORE,
            )
        })?;
        main["format"] = Value::from(index + 2);
    }
    Ok(())
}

/// Format 1 told timeline, sections and chords twice, and counted positions in ticks.
fn one_to_two(main: &mut Value, tracks: &mut [Value]) -> Result<(), String> {
    let mut plan = main["plan"].take();
    let line: Timeline = read(&plan["timeline"], "plan.timeline")?;
    if line
        .metres
        .iter()
        .any(|change| change.metre.bar() <= Ticks::ZERO)
    {
        return Err("a metre without length".to_owned());
    }
    let mut starts = Vec::new();
    let sections = list(&mut plan, "sections")?;
    for section in sections.iter_mut() {
        let span: TickSpan = read(&section["span"], "span")?;
        let bars: u32 = read(&section["bars"], "bars")?;
        let mut lines = Vec::new();
        for chord in list(section, "chords")? {
            let held: TickSpan = read(&chord["span"], "span")?;
            let name: String = read(&chord["chord"], "chord")?;
            let (at, len) = (quarters(held.start - span.start), quarters(held.len()));
            lines.push(json!(format!("{at} {len} {name}")));
        }
        let object = section
            .as_object_mut()
            .ok_or("a section that is no object")?;
        object.insert("chords".to_owned(), Value::from(lines));
        object.remove("span");
        if super::place::bars_from(span.start, bars, &line) != Some(span.len()) {
            object.insert("len".to_owned(), json!(quarters(span.len())));
        }
        starts.push((span.start, object.get("id").cloned().unwrap_or_default()));
    }
    let at = |ticks: Ticks| Position::of(ticks, &line).to_string();
    let tempo = (line.tempo.iter())
        .map(|p| json!({ "at": at(p.at), "bpm": p.bpm, "ramp": p.ramp }))
        .collect::<Vec<_>>();
    let metres = (line.metres.iter())
        .map(|m| json!({ "at": at(m.at), "metre": m.metre }))
        .collect::<Vec<_>>();
    for track in tracks {
        for phrase in list(track, "phrases")? {
            let span: TickSpan = read(&phrase["span"], "span")?;
            let after = starts.partition_point(|(start, _)| *start <= span.start);
            let object = phrase.as_object_mut().ok_or("a phrase that is no object")?;
            object.remove("span");
            let mut start = Ticks::ZERO;
            if let Some((from, id)) = starts.get(after.saturating_sub(1)) {
                start = *from;
                object.insert("section".to_owned(), id.clone());
            }
            object.insert("at".to_owned(), json!(quarters(span.start - start)));
            object.insert("len".to_owned(), json!(quarters(span.len())));
        }
    }
    let files = main["score"]["tracks"].take();
    let object = main.as_object_mut().ok_or("a file that is no object")?;
    object.remove("plan");
    object.remove("score");
    for name in [
        "title", "style", "key", "sections", "cast", "feel", "ending", "length",
    ] {
        object.insert(name.to_owned(), plan[name].take());
    }
    object.insert("tempo".to_owned(), Value::from(tempo));
    object.insert("metres".to_owned(), Value::from(metres));
    object.insert("tracks".to_owned(), files);
    Ok(())
}

fn read<T: DeserializeOwned>(value: &Value, name: &str) -> Result<T, String> {
    T::deserialize(value).map_err(|error| format!("{name}: {error}"))
}

fn list<'a>(value: &'a mut Value, name: &str) -> Result<&'a mut Vec<Value>, String> {
    value
        .get_mut(name)
        .and_then(Value::as_array_mut)
        .ok_or_else(|| format!("no list \"{name}\""))
}

fn quarters(ticks: Ticks) -> String {
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _ = write_quarters(&mut text, ticks);
    text
}
