//! `harmonize`.

use crate::{args::Common, edit::remarks, lang::Words, report::line};
use clap::Args;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use yuefu_studio::{
    DiskWorld, Overrides, Studio, StudioError, World,
    harmonizing::{HarmonizeJob, LeadSheet, SheetFormat},
};

/// Options of `harmonize`.
#[derive(Clone, Debug, Args)]
pub struct HarmonizeArgs {
    /// MIDI, MusicXML (also .mxl) or ABC file with a tune
    #[arg(value_name = "FILE")]
    pub chordless: PathBuf,
    /// Style whose chords are written: id or name (default: common chords)
    #[arg(long = "style", value_name = "STYLE")]
    pub chord_style: Option<String>,
    /// Key, such as "D minor" (default: found from the tune)
    #[arg(long = "key", value_name = "KEY")]
    pub chord_key: Option<String>,
    /// Number that leans choices by chance (default: the chords that fit best)
    #[arg(long = "seed", value_name = "N")]
    pub chord_seed: Option<u64>,
    /// Write N different harmonizations
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=16))]
    pub alternatives: u16,
    /// File to write: .musicxml, .mid, .abc, or .txt for chord names (default: NAME.chords.musicxml
    /// beside the tune)
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub chord_sheet: Option<PathBuf>,
}

/// Writes chords for a tune.
pub fn harmonize(args: &HarmonizeArgs, common: &Common, words: Words) -> Result<(), StudioError> {
    let studio = Studio::standard()?;
    let mut asked = Overrides::default();
    for (name, value) in [("style", &args.chord_style), ("key", &args.chord_key)] {
        if let Some(value) = value {
            studio.set_option(&mut asked, name, value)?;
        }
    }
    let brief = studio.understand("", &asked);
    let style = args.chord_style.as_ref().and(brief.styles.first());
    let output = args
        .chord_sheet
        .clone()
        .unwrap_or_else(|| args.chordless.with_extension("chords.musicxml"));
    let Some(format) = SheetFormat::of(&output) else {
        let name = output.display();
        return Err(StudioError::input(
            format!("{name}: expected a name that ends in .musicxml, .mid, .abc or .txt."),
            format!("{name}：文件名应以 .musicxml、.mid、.abc 或 .txt 结尾。"),
        ));
    };
    let job = HarmonizeJob {
        style: style.map(|style| style.value.clone()),
        key: args.chord_key.as_ref().and(brief.key),
        seed: args.chord_seed,
        count: usize::from(args.alternatives),
    };
    let made = studio.harmonize_file(&args.chordless, &job)?;
    remarks(&made.remarks, common, words);
    let mut rows = Vec::new();
    for (index, sheet) in made.sheets.iter().enumerate() {
        let path = numbered(&output, index, made.sheets.len());
        write(&path, &studio.sheet_file(sheet, format))?;
        rows.push(row(sheet, &path));
        if !common.json && !common.quiet {
            line(sheet.chart().trim_end());
            line(&told(sheet, words));
            line(&format!("  {}", path.display()));
        }
    }
    if common.json {
        line(&json!({ "ok": true, "sheets": rows }).to_string());
    }
    Ok(())
}

/// `chords.txt`, or `chords-2.txt` where there are several.
fn numbered(path: &Path, index: usize, many: usize) -> PathBuf {
    if many == 1 {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let end = path.extension().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}-{}.{end}", index + 1))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), StudioError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(DiskWorld::new(folder).write(&name, bytes)?)
}

fn told(sheet: &LeadSheet, words: Words) -> String {
    let tones = 100.0 * sheet.chord_tones;
    let mut text = if words.chinese() {
        format!("旋律有 {tones:.0} % 的时值落在和弦音上")
    } else {
        format!("{tones:.0} % of the tune's time is on chord tones")
    };
    if let Some(same) = sheet.as_written {
        let same = 100.0 * same;
        text += &if words.chinese() {
            format!("；{same:.0} % 的拍子与文件原有和弦的根音相同")
        } else {
            format!("; {same:.0} % of the beats have the root that the file gives them")
        };
    }
    text
}

fn row(sheet: &LeadSheet, path: &Path) -> Value {
    let bars: Vec<Value> = sheet
        .bars
        .iter()
        .map(|bar| {
            let chords: Vec<Value> = bar
                .chords
                .iter()
                .map(|(beat, chord)| json!({ "beat": beat, "chord": chord.to_string() }))
                .collect();
            json!({ "bar": bar.number, "phrase": bar.phrase, "chords": chords })
        })
        .collect();
    json!({
        "file": path,
        "key": sheet.song.plan.key.to_string(),
        "bars": bars,
        "chord-tones": sheet.chord_tones,
        "as-written": sheet.as_written,
    })
}
