//! Commands about versions and proof: `history`, `diff`, `verify` and `store`.

use crate::{
    args::Common,
    edit::open,
    edit_args::{DiffArgs, HistoryAction, HistoryArgs, StoreArgs, VerifyArgs},
    lang::Words,
    progress::Bar,
    report::line,
    song::{scratch, threads},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, ops::Range, path::Path};
use yuefu_studio::{
    Cancel, Project, Song, StudioError,
    keeping::{Keeping, USUAL_LIMIT},
    project::OpenProject,
    proof::ProofJob,
    song::{Edit, edit::Side, history},
};

/// Lists versions, or does something with them.
pub fn history(args: &HistoryArgs, common: &Common, words: Words) -> Result<(), StudioError> {
    let path = &args.project.project;
    if let Some(HistoryAction::Restore) = args.action {
        let open = Project::find(path)?.restore()?;
        for notice in open.notices() {
            line(notice.get(words.0));
        }
        return Ok(());
    }
    let mut open = open(path, common, words)?;
    let Some(action) = &args.action else {
        list(&open, common, words);
        return Ok(());
    };
    let done = act(&mut open, action, words)?;
    if common.json {
        let head = open.head().map(|id| id.as_str().to_owned());
        let value = json!({
            "ok": true,
            "done": done,
            "branch": open.history().current(),
            "head": head,
        });
        line(&value.to_string());
    } else if !common.quiet {
        line(&done);
    }
    Ok(())
}

fn act(
    open: &mut OpenProject,
    action: &HistoryAction,
    words: Words,
) -> Result<String, StudioError> {
    Ok(match action {
        HistoryAction::Name { name } => {
            open.name(name)?;
            format!("{} {name}", words.pick("named", "已命名"))
        }
        HistoryAction::Unname { name } => {
            open.unname(name)?;
            format!("{} {name}", words.pick("took the name away:", "已去掉名称"))
        }
        HistoryAction::Branch { name } => {
            open.branch(name)?;
            format!("{} {name}", words.pick("on the new branch", "已在新分支"))
        }
        HistoryAction::Switch { name } => {
            open.switch(name)?;
            format!("{} {name}", words.pick("on branch", "已切换到分支"))
        }
        HistoryAction::DeleteBranch { name } => {
            open.delete_branch(name)?;
            format!("{} {name}", words.pick("removed branch", "已删除分支"))
        }
        HistoryAction::Jump { which } => {
            open.jump(which)?;
            format!("{} {which}", words.pick("now at", "现在位于"))
        }
        HistoryAction::Merge {
            which,
            ours,
            theirs,
        } => merge(open, which, *ours, *theirs, words)?,
        HistoryAction::Compact { keep } => {
            let dropped = open.compact(*keep)?;
            if words.chinese() {
                format!("去掉了 {dropped} 个旧版本")
            } else {
                format!("dropped {dropped} old versions")
            }
        }
        // Handled before the project was opened.
        HistoryAction::Restore => String::new(),
    })
}

fn merge(
    open: &mut OpenProject,
    version: &str,
    ours: bool,
    theirs: bool,
    words: Words,
) -> Result<String, StudioError> {
    let Some(preview) = open.preview(version)? else {
        return Ok(words
            .pick("nothing to merge", "没有可合并的内容")
            .to_owned());
    };
    if !preview.conflicts.is_empty() && !ours && !theirs {
        let (mut en, mut zh) = (Vec::new(), Vec::new());
        for conflict in preview.conflicts.iter().take(20) {
            let text = conflict.describe();
            en.push(format!("  {}", text.en));
            zh.push(format!("  {}", text.zh));
        }
        let count = preview.conflicts.len();
        return Err(StudioError::input(
            format!(
                "the two touch at {count} places; nothing was merged. Choose --ours or --theirs:\n{}",
                en.join("\n")
            ),
            format!(
                "两者在 {count} 处冲突，未合并。请选择 --ours 或 --theirs：\n{}",
                zh.join("\n")
            ),
        ));
    }
    let side = if theirs { Side::Theirs } else { Side::Ours };
    open.merge(version, |_| side)?;
    Ok(format!("{} {version}", words.pick("merged", "已合并")))
}

fn list(open: &OpenProject, common: &Common, words: Words) {
    let history = open.history();
    let names_of = |id: &history::VersionId| {
        let named = history.names().iter().filter(|(_, named)| *named == id);
        let branches = history.branches().iter().filter(|(_, b)| b.head == *id);
        named
            .map(|(name, _)| name.clone())
            .chain(branches.map(|(name, _)| format!("({name})")))
            .collect::<Vec<_>>()
    };
    if common.json {
        let rows: Vec<_> = open
            .log()
            .iter()
            .map(|commit| {
                json!({
                    "id": commit.id.as_str(),
                    "done": commit.label.get(words.0),
                    "branch": commit.branch,
                    "time": commit.time,
                    "names": names_of(&commit.id),
                })
            })
            .collect();
        line(&json!({ "branch": history.current(), "versions": rows }).to_string());
        return;
    }
    for commit in open.log() {
        let names = names_of(&commit.id).join(" ");
        let id = commit.id.as_str();
        line(&format!(
            "{}  {}{}{names}",
            &id[..id.len().min(10)],
            commit.label.get(words.0),
            if names.is_empty() { "" } else { "  " },
        ));
    }
}

/// A project and, after `@`, a version of it.
fn version(text: &str, common: &Common, words: Words) -> Result<(OpenProject, Song), StudioError> {
    let (path, version) = match text.rsplit_once('@') {
        Some((path, version)) if !Path::new(text).exists() => (path, Some(version)),
        _ => (text, None),
    };
    let open = open(Path::new(path), common, words)?;
    let song = match version {
        Some(version) => open.version(version)?,
        None => open.song().clone(),
    };
    Ok((open, song))
}

/// Says what differs between two versions or projects.
pub fn diff(
    args: &DiffArgs,
    common: &Common,
    words: Words,
    cancel: &Cancel,
) -> Result<(), StudioError> {
    let (project, from) = version(&args.from, common, words)?;
    let to = match &args.to {
        Some(text) => version(text, common, words)?.1,
        None => project.song().clone(),
    };
    let edit = Edit::between(&from, &to);
    let touched = edit.touches(&to);
    let mut object = json!({
        "ok": true,
        "changes": edit.changes.len(),
        "notes": touched.notes,
        "tracks": touched.tracks,
        "sections": touched.sections,
        "bars": touched.bars.map(|bars| [bars.first, bars.last]),
        "whole": touched.whole,
    });
    let people = !common.json && !common.quiet;
    if people {
        for change in edit.changes.iter().take(40) {
            let (before, after) = change.shown();
            let place = change.address().place();
            for text in differences(before, after, words) {
                line(&format!("{}: {text}", place.get(words.0)));
            }
        }
        if edit.changes.len() > 40 {
            line(&format!("... +{}", edit.changes.len() - 40));
        }
        if edit.is_empty() {
            line(words.pick("no difference", "没有差别"));
        }
    }
    if args.audio {
        let studio = crate::edit::studio(&args.font)?;
        let bar = Bar::new(common, words);
        let scratch = scratch("diff");
        let found = studio.compare_audio(
            &from,
            &to,
            &ProofJob {
                threads: threads(common),
                scratch: &scratch,
                progress: &bar,
                cancel,
            },
        )?;
        bar.finish();
        // For people, places closer than half a second are one.
        let near = found.rate as usize / 2;
        let seconds = |ranges: &[Range<usize>]| -> Vec<[f64; 2]> {
            let rate = f64::from(found.rate);
            ranges
                .iter()
                .map(|r| [r.start as f64 / rate, r.end as f64 / rate])
                .collect()
        };
        object["audio"] = json!({
            "stems": found.stems.iter().map(|s| json!({
                "name": s.name, "differs": seconds(&s.ranges), "only-in-second": s.only_in,
            })).collect::<Vec<_>>(),
            "mix": seconds(&found.mix),
            "master": seconds(&found.master),
            "mix-plan-kept": found.plans_kept[0],
            "master-plan-kept": found.plans_kept[1],
            "phrases": found.edited,
        });
        if people {
            let show = |name: &str, ranges: &[Range<usize>]| {
                let all = seconds(&gathered(ranges, near));
                let text = match (all.is_empty(), words.chinese()) {
                    (true, true) => "逐采样相同".to_owned(),
                    (true, false) => "identical, sample for sample".to_owned(),
                    (false, chinese) => {
                        let places: Vec<String> = all
                            .iter()
                            .map(|r| format!("{:.2}-{:.2} s", r[0], r[1]))
                            .collect();
                        let places = places.join(", ");
                        if chinese {
                            format!("仅在 {places} 不同")
                        } else {
                            format!("differs at {places} only")
                        }
                    }
                };
                line(&format!("{name}: {text}"));
            };
            for stem in &found.stems {
                show(&stem.name, &stem.ranges);
            }
            show(words.pick("mix", "混音"), &found.mix);
            show(words.pick("master", "母带"), &found.master);
            if !found.plans_kept[1] {
                line(words.pick(
                    "the master plan differs, so the master may differ everywhere",
                    "母带方案不同，因此母带处处可能不同",
                ));
            }
        }
    }
    if common.json {
        line(&object.to_string());
    }
    Ok(())
}

/// Ranges with those that lie close together joined.
fn gathered(ranges: &[Range<usize>], near: usize) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start < last.end + near => last.end = range.end,
            _ => out.push(range.clone()),
        }
    }
    out
}

/// What differs between two values: of tables, only the entries that do.
fn differences(before: Option<String>, after: Option<String>, words: Words) -> Vec<String> {
    let table = |text: &Option<String>| -> Option<serde_json::Map<String, Value>> {
        match serde_json::from_str(text.as_deref()?).ok()? {
            Value::Object(table) => Some(table),
            _ => None,
        }
    };
    let show = |value: Option<&Value>| match value {
        None => words.pick("(nothing)", "（无）").to_owned(),
        // Single precision is all there is; more digits would only be noise.
        Some(Value::Number(number)) => number
            .as_f64()
            .map_or_else(|| number.to_string(), |x| (x as f32).to_string()),
        Some(Value::String(text)) => text.clone(),
        Some(other) => {
            let text = other.to_string();
            let short: String = text.chars().take(60).collect();
            if short.len() < text.len() {
                format!("{short}…")
            } else {
                short
            }
        }
    };
    if let (Some(old), Some(new)) = (table(&before), table(&after)) {
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        return names
            .into_iter()
            .filter(|name| old.get(*name) != new.get(*name))
            .map(|name| {
                let (old, new) = (show(old.get(name)), show(new.get(name)));
                format!("{name} {old} -> {new}")
            })
            .collect();
    }
    let text = |value: Option<String>| show(value.map(Value::String).as_ref());
    vec![format!("{} -> {}", text(before), text(after))]
}

/// Makes everything anew and compares it with what is stored.
pub fn verify(
    args: &VerifyArgs,
    common: &Common,
    words: Words,
    cancel: &Cancel,
) -> Result<(), StudioError> {
    let open = open(&args.project.project, common, words)?;
    let studio = crate::edit::studio(&args.font)?;
    let keeping = Keeping::at(open.project().folder());
    let ledger = keeping.ledger(&history::state(open.song()));
    let bar = Bar::new(common, words);
    let scratch = scratch("verify");
    let found = studio.verify(
        open.song(),
        &keeping,
        ledger.as_ref(),
        &ProofJob {
            threads: threads(common),
            scratch: &scratch,
            progress: &bar,
            cancel,
        },
    )?;
    bar.finish();
    if common.json {
        let value = json!({
            "ok": found.holds(),
            "units": found.units,
            "same": found.same,
            "absent": found.absent,
            "wrong": found.wrong,
            "moved": found.moved,
        });
        line(&value.to_string());
    } else if !common.quiet {
        line(&if words.chinese() {
            format!(
                "{} 个单元从头重做：{} 个与库中逐字节相同，{} 个未曾保存，{} 个不同",
                found.units,
                found.same,
                found.absent,
                found.wrong.len()
            )
        } else {
            format!(
                "{} units made from nothing: {} equal to what is stored, byte for byte, {} not \
                 stored, {} different",
                found.units,
                found.same,
                found.absent,
                found.wrong.len()
            )
        });
    }
    if found.holds() {
        return Ok(());
    }
    let mut names = found.wrong.clone();
    names.extend(found.moved);
    let names = names.join(", ");
    Err(StudioError::Proof(names))
}

/// Says what a project keeps, and collects.
pub fn store(args: &StoreArgs, common: &Common, words: Words) -> Result<(), StudioError> {
    let open = open(&args.project.project, common, words)?;
    let keeping = Keeping::at(open.project().folder());
    let mut freed = None;
    if args.collect || args.limit.is_some() {
        let limit = args.limit.unwrap_or(USUAL_LIMIT);
        freed = Some(keeping.collect(&crate::song::needed(&open), limit)?);
    }
    let size = keeping.size()?;
    if common.json {
        let value = json!({
            "ok": true,
            "artifacts": size.count,
            "bytes": size.bytes,
            "freed": freed.map(|f| f.freed.bytes),
            "over": freed.map(|f| f.over),
        });
        line(&value.to_string());
    } else {
        let mb = |bytes: u64| bytes as f64 / 1e6;
        if let Some(found) = freed {
            line(&format!(
                "{}: {} ({:.1} MB)",
                words.pick("removed", "已删除"),
                found.freed.count,
                mb(found.freed.bytes)
            ));
            if found.over > 0 {
                line(&if words.chinese() {
                    format!("各版本所需超出上限 {:.1} MB，未删除", mb(found.over))
                } else {
                    format!(
                        "what versions need exceeds the limit by {:.1} MB and was kept",
                        mb(found.over)
                    )
                });
            }
        }
        line(&format!(
            "{}: {} ({:.1} MB)",
            words.pick("kept", "现有"),
            size.count,
            mb(size.bytes)
        ));
    }
    Ok(())
}
