//! `song`, `render` and `export`.

use crate::{
    args::{AudioArgs, Common, ExportArgs, RenderArgs, SongArgs, WishArgs},
    edit_args::ArrangeArgs,
    lang::Words,
    progress::Bar,
    report,
};
use serde_json::json;
use std::path::{Path, PathBuf};
use yuefu_studio::{
    Cancel, Heard, Overrides, Project, ReleasePlan, ScoreFormat, Song, Studio, StudioError,
    WordFormat,
    arranging::Wanted,
    audio::{Db, Lufs, SampleRate},
    keeping::Keeping,
    project::OpenProject,
    publish::{Publish, Published, parse_format, slug},
    song::{MasterPlan, mixplan::MixPlan},
};

/// What the options ask for.
///
/// # Errors
/// When one is malformed.
pub fn overrides(wish: &WishArgs, studio: &Studio) -> Result<Overrides, StudioError> {
    let mut overrides = Overrides::default();
    let single = [
        ("seed", &wish.seed),
        ("length", &wish.length),
        ("bpm", &wish.bpm),
        ("key", &wish.key),
        ("metre", &wish.metre),
        ("title", &wish.title),
    ];
    let many = [
        ("style", &wish.style),
        ("mood", &wish.mood),
        ("instrument", &wish.instruments),
        ("without", &wish.without),
    ];
    let single = single
        .iter()
        .filter_map(|(name, value)| Some((*name, (*value).as_ref()?)));
    let many = many
        .iter()
        .flat_map(|(name, values)| values.iter().map(|value| (*name, value)));
    for (name, value) in single.chain(many) {
        studio.set_option(&mut overrides, name, value)?;
    }
    if wish.looped {
        overrides.loop_seamless = Some(true);
    }
    if wish.instrumental {
        studio.set_option(&mut overrides, "voice", "instrumental")?;
    }
    if let Some(path) = &wish.lyrics {
        overrides.lyrics = Some(crate::read::text_of(path)?);
    }
    Ok(overrides)
}

/// The studio, with a SoundFont of the user's own and another composer if they are given.
///
/// # Errors
/// When one of them cannot be used.
pub fn studio(soundfont: Option<&Path>, composer: Option<&str>) -> Result<Studio, StudioError> {
    let mut studio = Studio::standard()?;
    if let Some(name) = composer {
        studio = studio.with_composer(name)?;
    }
    match soundfont {
        Some(path) => studio.with_soundfont(path),
        None => Ok(studio),
    }
}

/// The studio that a wish asks for.
///
/// # Errors
/// As [`studio`]; when the temperature is out of range.
pub fn wished(wish: &WishArgs) -> Result<Studio, StudioError> {
    let studio = studio(wish.soundfont.as_deref(), wish.composer.as_deref())?;
    match wish.temperature {
        Some(temperature) => studio.with_temperature(temperature),
        None => Ok(studio),
    }
}

fn release(args: &AudioArgs, mut plan: ReleasePlan) -> Result<ReleasePlan, StudioError> {
    if !args.format.is_empty() {
        plan.formats = args.format.clone();
    }
    for word in &plan.formats {
        parse_format(word)?;
    }
    plan.stems |= args.stems;
    plan.rate = args.rate.map_or(plan.rate, SampleRate);
    plan.target = args.target.map_or(plan.target, Lufs);
    plan.ceiling = args.ceiling.map_or(plan.ceiling, Db);
    Ok(plan)
}

pub fn threads(common: &Common) -> usize {
    common
        .threads
        .map_or_else(yuefu_studio::default_threads, |n| usize::from(n.max(1)))
}

/// Makes a song.
pub fn song(
    args: &SongArgs,
    common: &Common,
    words: Words,
    cancel: &Cancel,
) -> Result<(), StudioError> {
    let studio = wished(&args.wish)?;
    let overrides = overrides(&args.wish, &studio)?;
    let release = release(&args.audio, ReleasePlan::streaming())?;
    let bar = Bar::new(common, words);
    let prompt = args.wish.prompt.as_str();
    if let Some(count) = args.variations {
        let count = usize::from(count);
        return variations(
            args, &studio, &overrides, &release, count, common, words, cancel,
        );
    }
    let composed = match args.best {
        None => studio.compose(prompt, &overrides, &release)?,
        Some(count) => {
            let all = studio.variations(
                prompt,
                &overrides,
                &release,
                usize::from(count),
                threads(common),
                cancel,
            )?;
            let scored = studio.rank(all);
            let Some((best, _)) = scored.into_iter().next() else {
                return Err(StudioError::Internal("no variation was made".into()));
            };
            best
        }
    };
    let song = composed.song;
    let folder = args
        .output
        .clone()
        .unwrap_or_else(|| PathBuf::from(slug(&song.plan.title)));
    let made = studio.publish(
        &song,
        &Publish {
            threads: threads(common),
            progress: &bar,
            cancel: cancel.clone(),
            ..Publish::into_folder(&folder)
        },
    )?;
    let seconds = bar.elapsed().as_secs_f64();
    bar.finish();
    if args.pictures {
        crate::look::pictures(&song, made.master.as_ref(), &folder.join("pictures"), true)?;
    }
    report::notes(&composed.notes, common, words);
    finish(&song, &made, seconds, common, words);
    Ok(())
}

/// Makes a song around the tune of a file.
pub fn arrange(
    args: &ArrangeArgs,
    common: &Common,
    words: Words,
    cancel: &Cancel,
) -> Result<(), StudioError> {
    let studio = Studio::standard()?;
    let mut overrides = Overrides::default();
    let many = [
        ("style", &args.style),
        ("instrument", &args.instruments),
        ("without", &args.without),
    ];
    for (name, values) in many {
        for value in values {
            studio.set_option(&mut overrides, name, value)?;
        }
    }
    if let Some(seed) = &args.seed {
        studio.set_option(&mut overrides, "seed", seed)?;
    }
    let lyrics = match &args.lyrics {
        Some(path) => Some(crate::read::text_of(path)?),
        None => None,
    };
    let wanted = Wanted {
        brief: studio.understand(&args.prompt, &overrides),
        intro: args.intro,
        outro: args.outro,
        lyrics,
        keep_instrument: args.keep_instrument,
        release: Some(release(&args.audio, ReleasePlan::streaming())?),
    };
    let arranged = studio.arrange_file(&args.file, &wanted)?;
    crate::edit::remarks(&arranged.remarks, common, words);
    let song = arranged.song;
    let folder = args
        .output
        .clone()
        .unwrap_or_else(|| PathBuf::from(slug(&song.plan.title)));
    let bar = Bar::new(common, words);
    let made = studio.publish(
        &song,
        &Publish {
            threads: threads(common),
            progress: &bar,
            cancel: cancel.clone(),
            ..Publish::into_folder(&folder)
        },
    )?;
    let seconds = bar.elapsed().as_secs_f64();
    bar.finish();
    finish(&song, &made, seconds, common, words);
    Ok(())
}

fn finish(song: &Song, made: &Published, seconds: f64, common: &Common, words: Words) {
    if common.json {
        let mut object = report::song_json(song);
        object["ok"] = json!(true);
        object["made"] = report::published_json(made, seconds, song.plan.length.0);
        report::line(&object.to_string());
    } else if !common.quiet {
        report::summary(song, made, seconds, words);
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "the one caller has all of them at hand"
)]
fn variations(
    args: &SongArgs,
    studio: &Studio,
    overrides: &Overrides,
    release: &ReleasePlan,
    count: usize,
    common: &Common,
    words: Words,
    cancel: &Cancel,
) -> Result<(), StudioError> {
    let bar = Bar::new(common, words);
    let prompt = args.wish.prompt.as_str();
    let folder = args
        .output
        .clone()
        .unwrap_or_else(|| PathBuf::from(slug(prompt)));
    let sheet = studio.contact_sheet(
        prompt,
        overrides,
        release,
        count,
        &Publish {
            threads: threads(common),
            progress: &bar,
            cancel: cancel.clone(),
            ..Publish::into_folder(&folder)
        },
    )?;
    bar.finish();
    if common.json {
        let rows: Vec<_> = sheet.iter().map(|row| row.json()).collect();
        report::line(&json!({ "ok": true, "variations": rows }).to_string());
    } else if !common.quiet {
        for row in &sheet {
            report::line(&row.line());
        }
        report::line(&format!("{}", folder.join("contact-sheet.md").display()));
    }
    Ok(())
}

/// Renders a project again.
pub fn render(
    args: &RenderArgs,
    common: &Common,
    words: Words,
    cancel: &Cancel,
) -> Result<(), StudioError> {
    let mut open = crate::edit::open(&args.project, common, words)?;
    let studio = studio(args.soundfont.as_deref(), None)?;
    let mut song = open.song().clone();
    song.release = release(&args.audio, song.release)?;
    let remaster = args.remaster
        || song.release.target != open.song().release.target
        || song.release.ceiling != open.song().release.ceiling;
    if args.rebalance {
        song.mix = None;
    }
    if remaster || args.rebalance {
        song.master = None;
    }
    let notes = studio.check_instruments(&mut song)?;
    if song != *open.song() && open.read_only().is_none() {
        let label = yuefu_studio::song::words::Words::new(
            if args.rebalance {
                "balance anew"
            } else if remaster {
                "master anew"
            } else {
                "change how it is released"
            },
            if args.rebalance {
                "重新平衡"
            } else if remaster {
                "重新做母带"
            } else {
                "改变发布设置"
            },
        );
        open.commit(label, song.clone())?;
    }
    let bar = Bar::new(common, words);
    if args.preview {
        let file = crate::edit::preview(&studio, &mut open, common, cancel)?;
        bar.finish();
        if common.json {
            let seconds = bar.elapsed().as_secs_f64();
            report::line(&json!({ "ok": true, "file": file, "seconds": seconds }).to_string());
        } else if !common.quiet {
            report::line(&file);
        }
        return Ok(());
    }
    let job = Publish {
        threads: threads(common),
        progress: &bar,
        cancel: cancel.clone(),
        ..Publish::into_folder(beside(open.project(), args.output.as_deref()))
    };
    let (made, explanation) = if args.no_store || open.read_only().is_some() {
        let job = Publish {
            name: Some(name_of(open.project())),
            project: false,
            ..job
        };
        (studio.publish(&song, &job)?, None)
    } else {
        let heard = render_open(&studio, &mut open, job, args.store_limit)?;
        (heard.published, Some(heard.explanation))
    };
    let seconds = bar.elapsed().as_secs_f64();
    bar.finish();
    report::notes(&notes, common, words);
    finish(&song, &made, seconds, common, words);
    if let (true, false, Some(explanation)) = (args.explain, common.json, explanation) {
        for text in explanation.lines(12, words.chinese()) {
            report::line(&text);
        }
    }
    Ok(())
}

/// Renders the song of an open project, keeps what was made, and keeps the mix and master plans
/// in the document if they were made just now.
pub fn render_open(
    studio: &Studio,
    open: &mut OpenProject,
    job: Publish<'_>,
    limit: Option<u64>,
) -> Result<Heard, StudioError> {
    let job = Publish {
        name: Some(name_of(open.project())),
        project: false,
        ..job
    };
    let keeping = Keeping::at(open.project().folder());
    let song = open.song().clone();
    let heard = studio.publish_kept(&song, &keeping, &needed(open), limit, job)?;
    let settled = &heard.published.song;
    if let (Some(mix), Some(master)) = (&settled.mix, &settled.master) {
        settle(open, mix, master)?;
    }
    Ok(heard)
}

/// Keeps the plans that a rendering used.
pub fn settle(
    open: &mut OpenProject,
    mix: &MixPlan,
    master: &MasterPlan,
) -> Result<(), StudioError> {
    let mut song = open.song().clone();
    song.mix = Some(mix.clone());
    song.master = Some(master.clone());
    if song == *open.song() || open.read_only().is_some() {
        return Ok(());
    }
    let label = yuefu_studio::song::words::Words::new("settle mix and master", "定下混音与母带");
    open.commit(label, song)?;
    Ok(())
}

/// States whose sound must stay stored: heads of branches and named versions.
pub fn needed(open: &OpenProject) -> Vec<String> {
    let history = open.history();
    let heads = history.branches().values().map(|branch| &branch.head);
    heads
        .chain(history.names().values())
        .filter_map(|id| Some(history.version(id)?.state.clone()))
        .collect()
}

/// A folder for what does not fit in memory; it is made when needed.
pub fn scratch(what: &str) -> PathBuf {
    std::env::temp_dir().join(format!("yuefu-{what}-{}", std::process::id()))
}

/// Writes a project in other formats.
pub fn export(
    args: &ExportArgs,
    common: &Common,
    words: Words,
    cancel: &Cancel,
) -> Result<(), StudioError> {
    let project = Project::find(&args.project)?;
    let mut song = project.load()?;
    let studio = studio(args.soundfont.as_deref(), None)?;
    let scores: Vec<ScoreFormat> = ScoreFormat::ALL
        .into_iter()
        .filter(|format| {
            let words = args.format.iter().filter_map(|w| ScoreFormat::parse(w));
            words.into_iter().any(|asked| asked == *format)
        })
        .collect();
    let lyrics: Vec<WordFormat> = args
        .format
        .iter()
        .filter_map(|w| WordFormat::parse(w))
        .collect();
    song.release.stems = args.format.iter().any(|word| word == "stems");
    song.release.formats = args
        .format
        .iter()
        .filter(|word| ScoreFormat::parse(word).is_none() && *word != "stems")
        .filter(|word| WordFormat::parse(word).is_none())
        .cloned()
        .collect();
    for word in &song.release.formats {
        parse_format(word)?;
    }
    let audio = song.release.stems || !song.release.formats.is_empty();
    let notes = if audio || scores.contains(&ScoreFormat::Midi) {
        studio.check_instruments(&mut song)?
    } else {
        Vec::new()
    };
    let bar = Bar::new(common, words);
    let made = studio.publish(
        &song,
        &Publish {
            name: Some(name_of(&project)),
            audio,
            scores: &scores,
            words: &lyrics,
            project: false,
            threads: threads(common),
            progress: &bar,
            cancel: cancel.clone(),
            ..Publish::into_folder(beside(&project, args.output.as_deref()))
        },
    )?;
    let seconds = bar.elapsed().as_secs_f64();
    bar.finish();
    report::notes(&notes, common, words);
    finish(&song, &made, seconds, common, words);
    Ok(())
}

/// The name of a project, as its files begin.
pub fn name_of(project: &Project) -> String {
    project
        .folder()
        .file_stem()
        .map_or("song".to_owned(), |name| {
            name.to_string_lossy().into_owned()
        })
}

/// The folder that a project's files go to.
pub fn beside(project: &Project, output: Option<&Path>) -> PathBuf {
    output.map_or_else(
        || {
            let parent = project.folder().parent().unwrap_or(Path::new(""));
            if parent.as_os_str().is_empty() {
                PathBuf::from(".")
            } else {
                parent.to_owned()
            }
        },
        Path::to_owned,
    )
}
