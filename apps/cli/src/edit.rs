//! Commands that change a project: `edit`, `regenerate`, `undo`, `import` and their kin.

use crate::{
    args::Common,
    edit_args::{
        AfterArgs, EditArgs, FontArg, ImportArgs, PartArgs, RegenerateArgs, ReshapeAction,
        ReshapeArgs, RestyleArgs, StepsArgs, TakesArgs,
    },
    lang::Words,
    progress::Bar,
    report::{self, line},
    song::{beside, name_of, threads},
};
use serde_json::json;
use std::{io::Read, path::Path};
use yuefu_studio::{
    Cancel, Project, Publish, Song, Studio, StudioError,
    editing::{Color, Edited, Form, NewSection, Restyle, Wish},
    keeping::Keeping,
    project::OpenProject,
    song::{
        Edit, SectionKind,
        ops::{Op, Place, Remark, Selection, Tracks},
    },
};

/// Opens a project and says what opening found.
pub fn open(path: &Path, common: &Common, words: Words) -> Result<OpenProject, StudioError> {
    let open = Project::find(path)?.open()?;
    if !common.quiet && !common.json {
        for notice in open.notices() {
            eprintln!("{}: {}", words.pick("note", "提示"), notice.get(words.0));
        }
    }
    Ok(open)
}

/// Carries operations out.
pub fn edit(
    args: &EditArgs,
    common: &Common,
    words: Words,
    cancel: &Cancel,
) -> Result<(), StudioError> {
    if args.list {
        list_operations(common);
        return Ok(());
    }
    let mut operations = args.operations.clone();
    if let Some(path) = &args.script {
        operations.extend(script(path)?);
    }
    if operations.is_empty() {
        return Err(StudioError::input(
            "expected at least one operation, such as \"transpose lead 9-12 +2\"; `yuefu edit SONG \
             --list` lists them.",
            "需要至少一个操作，例如 \"transpose lead 9-12 +2\"；yuefu edit SONG --list 列出全部操作。",
        ));
    }
    change(
        &args.project.project,
        &args.after,
        common,
        words,
        cancel,
        |studio, song| studio.operate(song, &operations),
    )
}

fn script(path: &Path) -> Result<Vec<String>, StudioError> {
    let failed = |error: std::io::Error| {
        StudioError::World(yuefu_studio::WorldError::new(
            "read",
            path.display().to_string(),
            &error,
        ))
    };
    let text = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(failed)?;
        text
    } else {
        std::fs::read_to_string(path).map_err(failed)?
    };
    Ok(text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect())
}

fn list_operations(common: &Common) {
    let rows = Op::GRAMMAR.iter().map(|(verb, fields)| {
        let shape: Vec<String> = fields
            .iter()
            .map(
                |(word, name, shape)| match (word.is_empty(), shape.is_empty()) {
                    (true, true) => format!("<{name}>"),
                    (true, false) => (*shape).to_owned(),
                    (false, true) => format!("[{word}] <{name}>"),
                    (false, false) => format!("[{word}] {shape}"),
                },
            )
            .collect();
        (*verb, shape.join(" "))
    });
    if common.json {
        let rows: Vec<_> = rows
            .map(|(verb, shape)| json!({ "verb": verb, "words": shape }))
            .collect();
        line(&json!(rows).to_string());
    } else {
        for (verb, shape) in rows {
            line(&format!("{verb} {shape}"));
        }
    }
}

/// Writes a selection anew.
pub fn regenerate(
    args: &RegenerateArgs,
    common: &Common,
    words: Words,
    cancel: &Cancel,
) -> Result<(), StudioError> {
    let tracks: Tracks = match &args.track {
        Some(text) => text.parse()?,
        None => Tracks::all(),
    };
    let place: Place = match args.bars.as_ref().or(args.section.as_ref()) {
        Some(text) => text.parse()?,
        None => Place::all(),
    };
    change(
        &args.project.project,
        &args.after,
        common,
        words,
        cancel,
        |studio, song| {
            let like = match &args.like {
                Some(text) => {
                    let selection =
                        Selection::find(&Tracks::all(), &text.parse()?, song, &studio.catalog)?;
                    Some(selection.hull())
                }
                None => None,
            };
            let sign =
                |plus: bool, minus: bool| f32::from(i8::from(plus) - i8::from(minus)) * args.amount;
            let wish = Wish {
                density: sign(args.busier, args.simpler),
                register: sign(args.higher, args.lower),
                like,
                ..Wish::default()
            };
            studio.regenerate(song, &tracks, &place, wish, args.takes)
        },
    )
}

/// Gives a song another form.
pub fn reshape(
    args: &ReshapeArgs,
    common: &Common,
    words: Words,
    cancel: &Cancel,
) -> Result<(), StudioError> {
    let form = form(&args.action)?;
    change(
        &args.project.project,
        &args.after,
        common,
        words,
        cancel,
        |studio, song| studio.reshape(song, &form),
    )
}

fn form(action: &ReshapeAction) -> Result<Form, StudioError> {
    let sections = |names: &[String], bars: Option<u32>| {
        names
            .iter()
            .map(|name| {
                Ok(NewSection {
                    bars,
                    ..NewSection::of(kind(name)?)
                })
            })
            .collect::<Result<Vec<_>, StudioError>>()
    };
    Ok(match action {
        ReshapeAction::Insert {
            kinds,
            before,
            bars,
        } => Form::Insert {
            sections: sections(kinds, *bars)?,
            before: before.clone(),
        },
        ReshapeAction::After { kinds, bars } => Form::After(sections(kinds, *bars)?),
        ReshapeAction::Before { kinds, bars } => Form::Before(sections(kinds, *bars)?),
        ReshapeAction::Loop { whole } => Form::Loop { whole: *whole },
        ReshapeAction::Length { length, exact } => Form::Length {
            seconds: seconds(length)?,
            exact: *exact,
        },
        ReshapeAction::Energy { section, from, to } => Form::Energy {
            section: section.clone(),
            energy: [*from, to.unwrap_or(*from)],
        },
    })
}

/// A kind of section by its name in either language.
fn kind(name: &str) -> Result<SectionKind, StudioError> {
    let name = name.trim().to_lowercase();
    let found = SectionKind::ALL
        .iter()
        .find(|row| row.1 == name || row.2.to_lowercase() == name || row.3 == name);
    found.map(|row| row.0).ok_or_else(|| {
        let en: Vec<&str> = SectionKind::ALL.iter().map(|row| row.1).collect();
        let zh: Vec<&str> = SectionKind::ALL.iter().map(|row| row.3).collect();
        StudioError::input(
            format!(
                "expected a kind of section ({}), found `{name}`.",
                en.join(", ")
            ),
            format!("需要一种段落（{}），而不是“{name}”。", zh.join("、")),
        )
    })
}

/// A length such as 90, 90.5 or 2:30.
fn seconds(text: &str) -> Result<f64, StudioError> {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let found = match text.split_once(':') {
        Some((minutes, rest)) => number(minutes)
            .zip(number(rest))
            .filter(|(_, rest)| (0.0..60.0).contains(rest))
            .map(|(minutes, rest)| minutes * 60.0 + rest),
        None => number(text),
    };
    found
        .filter(|s| (1.0..=36_000.0).contains(s))
        .ok_or_else(|| {
            StudioError::input(
                format!("expected a length such as 90 or 2:30, found `{text}`."),
                format!("需要像 90 或 2:30 这样的长度，而不是“{text}”。"),
            )
        })
}

/// Gives a song, or some sections, another style.
pub fn restyle(
    args: &RestyleArgs,
    common: &Common,
    words: Words,
    cancel: &Cancel,
) -> Result<(), StudioError> {
    let place: Option<Place> = match &args.section {
        Some(text) => Some(text.parse()?),
        None => None,
    };
    let color = match args.chords.as_str() {
        "style" => Color::Style,
        "sevenths" => Color::Sevenths,
        "triads" => Color::Triads,
        "power" => Color::Power,
        _ => Color::Keep,
    };
    let wish = Restyle {
        style: args.style.clone(),
        sections: Vec::new(),
        keep_tempo: args.keep_tempo,
        keep_leads: args.keep_leads,
        color,
    };
    change(
        &args.project.project,
        &args.after,
        common,
        words,
        cancel,
        |studio, song| studio.restyle(song, wish, place.as_ref()),
    )
}

/// Adds a player.
pub fn add_part(
    args: &PartArgs,
    common: &Common,
    words: Words,
    cancel: &Cancel,
) -> Result<(), StudioError> {
    let place: Option<Place> = match &args.section {
        Some(text) => Some(text.parse()?),
        None => None,
    };
    change(
        &args.project.project,
        &args.after,
        common,
        words,
        cancel,
        |studio, song| studio.add_part(song, &args.instrument, args.role, place.as_ref()),
    )
}

/// Lists the takes of phrases that have more than one.
pub fn takes(args: &TakesArgs, common: &Common, words: Words) -> Result<(), StudioError> {
    let open = open(&args.project.project, common, words)?;
    let mut rows = Vec::new();
    for track in &open.song().score.tracks {
        for phrase in track.phrases.iter().filter(|p| !p.takes.is_empty()) {
            let mut numbers: Vec<u32> = phrase.takes.iter().map(|t| t.number).collect();
            numbers.push(phrase.take);
            numbers.sort_unstable();
            rows.push((track.id.as_str(), phrase, numbers));
        }
    }
    if common.json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(track, phrase, numbers)| {
                json!({ "track": track, "phrase": phrase.id, "take": phrase.take, "takes": numbers })
            })
            .collect();
        line(&json!(rows).to_string());
        return Ok(());
    }
    for (track, phrase, numbers) in rows {
        let shown: Vec<String> = numbers
            .iter()
            .map(|n| {
                if *n == phrase.take {
                    format!("[{n}]")
                } else {
                    n.to_string()
                }
            })
            .collect();
        line(&format!("{track} {} {}", phrase.id, shown.join(" ")));
    }
    Ok(())
}

/// Takes steps back, or brings them back.
pub fn steps(
    args: &StepsArgs,
    redo: bool,
    common: &Common,
    words: Words,
    cancel: &Cancel,
) -> Result<(), StudioError> {
    let mut open = open(&args.project.project, common, words)?;
    let mut done = Vec::new();
    for _ in 0..args.steps {
        let step = if redo { open.redo()? } else { open.undo()? };
        match step {
            Some(label) => done.push(label),
            None => break,
        }
    }
    if done.is_empty() {
        let (en, zh) = if redo {
            (
                "nothing was undone, so nothing can be brought back.",
                "没有可以重做的操作。",
            )
        } else {
            ("there is nothing to undo.", "没有可以撤销的操作。")
        };
        return Err(StudioError::input(en, zh));
    }
    if common.json {
        let labels: Vec<&str> = done.iter().map(|label| label.get(words.0)).collect();
        line(&json!({ "ok": true, "steps": labels }).to_string());
    } else if !common.quiet {
        let verb = if redo {
            words.pick("redone", "已重做")
        } else {
            words.pick("undone", "已撤销")
        };
        for label in &done {
            line(&format!("{verb}: {}", label.get(words.0)));
        }
    }
    after(
        &studio(&args.after.font)?,
        &mut open,
        &args.after,
        common,
        words,
        cancel,
    )
}

/// Makes a project of a file, or brings an edited file back into one.
pub fn import(
    args: &ImportArgs,
    common: &Common,
    words: Words,
    cancel: &Cancel,
) -> Result<(), StudioError> {
    let studio = studio(&args.after.font)?;
    if let Some(project) = &args.into {
        let track: Option<Tracks> = match &args.track {
            Some(text) => Some(text.parse()?),
            None => None,
        };
        return change(
            project,
            &args.after,
            common,
            words,
            cancel,
            |studio, song| studio.bring_back(song, &args.file, track.as_ref()),
        );
    }
    let imported = studio.import(&args.file)?;
    let folder = match &args.output {
        Some(folder) => folder.clone(),
        None => args.file.with_extension("yuefu"),
    };
    if folder.join("song.json").exists() {
        return Err(StudioError::input(
            format!(
                "{}: a project is there already. Choose another folder with -o, or bring the file \
                 into it with --into.",
                folder.display()
            ),
            format!(
                "{}：这里已有工程。请用 -o 换一个文件夹，或用 --into 把文件并入该工程。",
                folder.display()
            ),
        ));
    }
    Project::at(&folder).save(&imported.song)?;
    let mut open = open(&folder, common, words)?;
    remarks(&imported.remarks, common, words);
    if common.json {
        let mut object = report::song_json(open.song());
        object["ok"] = json!(true);
        object["project"] = json!(folder);
        line(&object.to_string());
    } else if !common.quiet {
        line(&folder.display().to_string());
    }
    after(&studio, &mut open, &args.after, common, words, cancel)
}

/// Says what should be said.
pub fn remarks(remarks: &[Remark], common: &Common, words: Words) {
    if common.quiet || common.json {
        return;
    }
    for remark in remarks {
        eprintln!(
            "{}: {}",
            words.pick("note", "提示"),
            remark.message(words.0)
        );
    }
}

/// The studio with the SoundFont that was given.
pub fn studio(font: &FontArg) -> Result<Studio, StudioError> {
    crate::song::studio(font.soundfont.as_deref(), font.composer.as_deref())
}

/// Opens a project, changes its song, keeps the result as a version and does what comes after.
fn change(
    path: &Path,
    then: &AfterArgs,
    common: &Common,
    words: Words,
    cancel: &Cancel,
    work: impl FnOnce(&Studio, &Song) -> Result<Edited, StudioError>,
) -> Result<(), StudioError> {
    let studio = studio(&then.font)?;
    let mut open = open(path, common, words)?;
    let edited = work(&studio, open.song())?;
    let edit = Edit::between(open.song(), &edited.song);
    remarks(&edited.remarks, common, words);
    tell(&edit, &edited, common, words);
    if then.dry_run || edit.is_empty() {
        return Ok(());
    }
    open.commit(edited.label, edited.song)?;
    after(&studio, &mut open, then, common, words, cancel)
}

/// Says what an edit changes.
fn tell(edit: &Edit, edited: &Edited, common: &Common, words: Words) {
    let touched = edit.touches(&edited.song);
    let bars = touched.bars.map(|bars| [bars.first, bars.last]);
    if common.json {
        let value = json!({
            "ok": true,
            "done": edited.label.get(words.0),
            "changes": edit.changes.len(),
            "notes": touched.notes,
            "tracks": touched.tracks,
            "sections": touched.sections,
            "bars": bars,
            "whole": touched.whole,
            "remarks": edited.remarks.iter().map(|r| r.message(words.0)).collect::<Vec<_>>(),
        });
        line(&value.to_string());
        return;
    }
    if common.quiet {
        return;
    }
    if edit.is_empty() {
        line(words.pick("nothing changed", "没有任何改变"));
        return;
    }
    line(edited.label.get(words.0));
    let mut parts = Vec::new();
    if touched.notes > 0 {
        parts.push(format!(
            "{} {}",
            touched.notes,
            words.pick("notes", "个音符")
        ));
    }
    if let Some([first, last]) = bars {
        parts.push(format!("{} {first}-{last}", words.pick("bars", "小节")));
    }
    let list = |set: &std::collections::BTreeSet<String>| {
        set.iter().cloned().collect::<Vec<_>>().join(", ")
    };
    if !touched.tracks.is_empty() {
        parts.push(list(&touched.tracks));
    }
    if !touched.whole.is_empty() {
        parts.push(list(&touched.whole));
    }
    if !parts.is_empty() {
        line(&format!("  {}", parts.join(words.pick("; ", "；"))));
    }
}

/// Renders, or writes a preview.
fn after(
    studio: &Studio,
    open: &mut OpenProject,
    then: &AfterArgs,
    common: &Common,
    words: Words,
    cancel: &Cancel,
) -> Result<(), StudioError> {
    if then.preview {
        let file = preview(studio, open, common, cancel)?;
        if !common.quiet && !common.json {
            line(&file);
        }
    }
    if then.render {
        let bar = Bar::new(common, words);
        let heard = crate::song::render_open(
            studio,
            open,
            Publish {
                threads: threads(common),
                progress: &bar,
                cancel: cancel.clone(),
                ..Publish::into_folder(beside(open.project(), None))
            },
            None,
        )?;
        bar.finish();
        if !common.quiet && !common.json {
            for text in heard.explanation.lines(3, words.chinese()) {
                line(&text);
            }
        }
    }
    Ok(())
}

/// Renders to samples and writes them as quickly as possible; returns the file's name.
pub fn preview(
    studio: &Studio,
    open: &mut OpenProject,
    common: &Common,
    cancel: &Cancel,
) -> Result<String, StudioError> {
    let project = open.project().clone();
    let keeping = Keeping::at(project.folder());
    let scratch = project.folder().join(".scratch");
    let (rendered, _) = studio.render_kept(
        open.song(),
        &keeping,
        &yuefu_studio::RenderOptions {
            threads: threads(common),
            store: None,
            before: None,
            stems: None,
            mix: false,
            measure: false,
            scratch: &scratch,
            progress: &yuefu_studio::Silent,
            cancel,
        },
    )?;
    crate::song::settle(open, &rendered.plan, &rendered.mastering)?;
    let path = beside(&project, None).join(format!("{}.preview.wav", name_of(&project)));
    studio.preview(&rendered.master, &path, open.song().seed)?;
    Ok(path.display().to_string())
}
