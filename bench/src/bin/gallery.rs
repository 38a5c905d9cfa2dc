//! The gallery: twelve prompts, their pictures and figures, as `docs/gallery.md`.
//!
//! `cargo run --release -p yuefu-bench --bin gallery -- [DOCS_FOLDER [AUDIO_FOLDER]]`
//!
//! Writes `gallery.md` and `pictures/` below the first folder (default `docs`), and keeps the
//! songs themselves below the second, if one is given.

use std::{fmt::Write, path::PathBuf, process::ExitCode};
use yuefu_bench::lines::of_score;
use yuefu_studio::{Overrides, ReleasePlan, Studio, publish::Publish};

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
    for (name, prompt, seed) in PROMPTS {
        eprintln!("{name}: {prompt}");
        let mut wishes = Overrides::default();
        wishes
            .set("seed", &seed.to_string())
            .map_err(|e| e.message_en)?;
        let composed = studio.compose(prompt, &wishes, &ReleasePlan::streaming())?;
        let song = &composed.song;
        let scratch =
            std::env::temp_dir().join(format!("yuefu-gallery-{}-{name}", std::process::id()));
        let folder = keep
            .as_ref()
            .map_or(scratch.clone(), |keep| keep.join(name));
        let made = studio.publish(song, &Publish::into_folder(&folder))?;
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
        writeln!(
            body,
            "## {name}\n\n    yuefu song \"{prompt}\" --seed {seed}\n\n*{}*: {}.\n\n![notes](pictures/{name}-notes.png)\n![spectrum](pictures/{name}-spectrum.png)\n![loudness](pictures/{name}-loudness.png)\n",
            song.plan.title,
            song.plan
                .cast
                .iter()
                .map(|m| m.instrument.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        )?;
    }
    let text = format!(
        "# Gallery\n\nTwelve prompts in two languages, made and drawn by one command:\n\n    cargo run --release -p yuefu-bench --bin gallery -- docs songs\n\nThe recordings land in `songs/`. Each picture shows the form with its chords and all notes, the spectrum (30 Hz to\n18 kHz, 84 dB deep) and the loudness over time (gray: peaks; line: short-term LUFS).\nTempo is in quarter notes a minute. Critics: 1 is best. The last four columns describe the tune; in POP909's real songs they are 0.71, 0.45, 0.15 and 0.54 on average.\n\n{table}\n{body}"
    );
    std::fs::write(docs.join("gallery.md"), text)?;
    Ok(())
}
