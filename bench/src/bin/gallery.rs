//! The gallery: twelve instrumental and six sung songs from prompts, their pictures and figures, as
//! `docs/gallery.md`.
//!
//! `cargo run --release -p yuefu-bench --bin gallery -- [DOCS_FOLDER [AUDIO_FOLDER]]`
//!
//! Writes `gallery.md` and `pictures/` below the first folder (default `docs`), and keeps the
//! songs themselves below the second, if one is given.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};
use yuefu_bench::lines::of_score;
use yuefu_studio::{
    Overrides, ReleasePlan, Song, Studio,
    audio::{AudioBuffer, loudness},
    publish::{Publish, slug},
    song::Role,
};

const PROMPTS: [(&str, &str, u64); 12] = [
    ("city-pop", "a warm city pop night drive", 1),
    ("jiangnan", "江南烟雨，笛子和古筝，温柔", 2),
    (
        "battle",
        "epic orchestral battle theme, build to 0:45, 90 seconds",
        3,
    ),
    ("rain-jazz", "雨夜咖啡馆的爵士，慢速，一点点忧郁，两分钟", 4),
    ("study", "lo-fi study beats, sleepy, 2:00", 5),
    ("festival", "喜庆的锣鼓唢呐，过年，快速，一分半", 6),
    ("techno", "techno 132 BPM A minor, drop at 1:00, 2:30", 7),
    (
        "celtic",
        "cheerful Irish jig with fiddle and tin whistle, 1:30",
        8,
    ),
    ("guqin", "古琴独奏，深山月夜，自由节奏，两分钟", 9),
    (
        "bossa",
        "bossa nova beach sunset, nylon guitar and flute, 2:00",
        10,
    ),
    ("rock", "heavy rock anthem in E minor, 140 BPM, 2:30", 11),
    ("lullaby", "温柔的钢琴摇篮曲，三拍子，1分钟", 12),
];

const SUNG: [(&str, &str, u64); 6] = [
    ("sung-jiangnan", "国风，女声，江南的雨，一分半", 21),
    ("sung-graduation", "毕业季的流行歌，男声，温暖，两分钟", 22),
    (
        "sung-night-city",
        "深夜城市，R&B，女声，有点孤单，两分钟",
        23,
    ),
    (
        "sung-night-drive",
        "a warm city pop night drive, female vocal, 2:00",
        24,
    ),
    (
        "sung-coming-home",
        "acoustic folk song about coming home, male vocal, 2:00",
        25,
    ),
    (
        "sung-summer",
        "upbeat summer pop with friends, female vocal, 2:00",
        26,
    ),
];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let docs = PathBuf::from(args.next().unwrap_or_else(|| "docs".into()));
    let keep = args.next().map(PathBuf::from);
    let pictures = docs.join("pictures");
    std::fs::create_dir_all(&pictures)?;
    let studio = Studio::standard()?;
    let mut table = String::from(
        "| song | style | key | tempo | length | LUFS | LRA | dBTP | critics | chord tones on beats | steps | leaps | bars heard before |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    let mut body = String::new();
    let mut sung = String::from(
        "| song | voice | syllables | range | voice against the rest |\n|---|---|---|---|---|\n",
    );
    for (name, prompt, seed) in PROMPTS.into_iter().chain(SUNG) {
        let job = Job {
            name,
            prompt,
            seed,
            words: SUNG.iter().any(|song| song.0 == name),
        };
        hang(
            &studio,
            &job,
            &pictures,
            keep.as_deref(),
            [&mut table, &mut sung, &mut body],
        )?;
    }
    let text = format!(
        "# Gallery\n\nTwelve instrumental and six sung songs from prompts in two languages, made and drawn by one command:\n\n    cargo run --release -p yuefu-bench --bin gallery -- docs songs\n\nThe recordings land in `songs/`. Each picture shows the form with its chords and all notes, the spectrum (30 Hz to\n18 kHz, 84 dB deep) and the loudness over time (gray: peaks; line: short-term LUFS).\nTempo is in quarter notes a minute. Critics: 1 is best. The last four columns describe the tune; in POP909's real songs they are 0.71, 0.45, 0.15 and 0.54 on average.\n\n{table}\nWho sings, and how loud all voices together are beside everything else (integrated, from the stems):\n\n{sung}\n{body}"
    );
    std::fs::write(docs.join("gallery.md"), text)?;
    Ok(())
}

/// A song to be made.
struct Job {
    name: &'static str,
    prompt: &'static str,
    seed: u64,
    /// Whether somebody sings.
    words: bool,
}

/// Makes a song and hangs its pictures: a row of the table, for a sung one a row of the second, and
/// its part of the page.
fn hang(
    studio: &Studio,
    job: &Job,
    pictures: &Path,
    keep: Option<&Path>,
    [table, sung, body]: [&mut String; 3],
) -> Result<(), Box<dyn std::error::Error>> {
    let Job {
        name,
        prompt,
        seed,
        words,
    } = job;
    eprintln!("{name}: {prompt}");
    let mut wishes = Overrides::default();
    wishes
        .set("seed", &seed.to_string())
        .map_err(|e| e.message_en)?;
    let release = ReleasePlan {
        stems: *words,
        ..ReleasePlan::streaming()
    };
    let composed = studio.compose(prompt, &wishes, &release)?;
    let song = &composed.song;
    let scratch = std::env::temp_dir().join(format!("yuefu-gallery-{}-{name}", std::process::id()));
    let folder = keep
        .as_ref()
        .map_or(scratch.clone(), |keep| keep.join(name));
    let made = studio.publish(song, &Publish::into_folder(&folder))?;
    if *words {
        sing(name, song, &made.files, sung)?;
    }
    if keep.is_none() {
        std::fs::remove_dir_all(&scratch)?;
    }
    let audio = made.master.as_ref().ok_or("no recording")?;
    let measured = made.measured.as_ref().ok_or("no recording")?;
    let write =
        |kind: &str, canvas: yuefu_draw::Canvas| -> Result<(), Box<dyn std::error::Error>> {
            Ok(std::fs::write(
                pictures.join(format!("{name}-{kind}.png")),
                canvas.png()?,
            )?)
        };
    write("notes", yuefu_draw::roll::raster(&song.score, 1100))?;
    write("spectrum", yuefu_draw::sound::spectrogram(audio, 640, 180))?;
    write("loudness", yuefu_draw::sound::loudness(audio, 1100, 160))?;
    let review = yuefu_critic::review(&song.score, &song.plan, &studio.catalog);
    let tune = of_score(&song.score);
    let figure = |i: usize| tune.map_or_else(|| "-".to_string(), |t| format!("{:.2}", t[i]));
    writeln!(
        table,
        "| [{name}](#{name}) | {} | {} | {:.0} | {:.1} s | {:.1} | {:.1} | {:.2} | {:.2} | {} | {} | {} | {} |",
        song.plan.style,
        song.plan.key,
        song.plan.timeline.tempo[0].bpm,
        song.plan.length.0,
        measured.loudness.map_or(f32::NEG_INFINITY, |l| l.0),
        measured.range,
        measured.peak.0,
        review.overall,
        figure(8),
        figure(2),
        figure(4),
        figure(13),
    )?;
    let drawn = yuefu_draw::words::svg(&song.score, &song.plan.title, 1100);
    let mut lines = String::new();
    if let Some(drawing) = drawn.filter(|_| *words) {
        std::fs::write(pictures.join(format!("{name}-words.svg")), drawing)?;
        let mut section = "";
        for line in &song.lyrics.lines {
            if line.section != section && !section.is_empty() {
                lines += ">\n";
            }
            section = &line.section;
            writeln!(lines, "> {}  ", line.text)?;
        }
        write!(lines, "\n![words](pictures/{name}-words.svg)\n")?;
    }
    writeln!(
        body,
        "## {name}\n\n    yuefu song \"{prompt}\" --seed {seed}\n\n*{}*: {}.\n\n{lines}![notes](pictures/{name}-notes.png)\n![spectrum](pictures/{name}-spectrum.png)\n![loudness](pictures/{name}-loudness.png)\n",
        song.plan.title,
        song.plan
            .cast
            .iter()
            .map(|m| m.instrument.as_str())
            .collect::<Vec<_>>()
            .join(", "),
    )?;
    Ok(())
}

/// A row of the table of sung songs: who sings how much how high, and how loud the voices are
/// beside everything else, from the stems.
fn sing(
    name: &str,
    song: &Song,
    files: &[PathBuf],
    table: &mut String,
) -> Result<(), Box<dyn std::error::Error>> {
    let voices = || {
        let tracks = song.score.tracks.iter();
        tracks.filter(|t| matches!(t.role, Role::Vocal | Role::Backing))
    };
    let mut sums: [Option<AudioBuffer>; 2] = [None, None];
    for path in files {
        if path.parent().is_none_or(|p| !p.ends_with("stems")) {
            continue;
        }
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let sings = voices().any(|t| slug(&t.id) == stem);
        let limits = yuefu_audiofile::DecodeLimits::default();
        let audio = yuefu_audiofile::decode_file(path, &limits)?.audio;
        match &mut sums[usize::from(sings)] {
            Some(sum) => {
                for (to, from) in sum.channels.iter_mut().zip(&audio.channels) {
                    to.iter_mut().zip(from).for_each(|(y, x)| *y += x);
                }
            }
            none => *none = Some(audio),
        }
    }
    let lufs = |audio: &Option<AudioBuffer>| {
        let heard = audio.as_ref().and_then(|a| loudness::measure(a).integrated);
        heard.map_or(f32::NEG_INFINITY, |l| l.0)
    };
    let notes = || voices().flat_map(|t| &t.phrases).flat_map(|p| &p.notes);
    let keys = || notes().map(|n| n.pitch);
    let range = match (
        keys().min_by_key(|p| p.midi()),
        keys().max_by_key(|p| p.midi()),
    ) {
        (Some(low), Some(high)) => format!("{low} to {high}"),
        _ => "-".to_owned(),
    };
    let mut singers: Vec<String> = Vec::new();
    for track in voices() {
        let same = voices()
            .filter(|t| t.instrument == track.instrument)
            .count();
        let shown = format!("{} × {same}", track.instrument);
        if !singers.contains(&shown) {
            singers.push(shown);
        }
    }
    writeln!(
        table,
        "| [{name}](#{name}) | {} | {} | {range} | {:+.1} LU |",
        singers.join(", "),
        notes().filter(|n| n.lyric.is_some()).count(),
        lufs(&sums[1]) - lufs(&sums[0]),
    )?;
    Ok(())
}
