//! `sing` and `voices`.

use crate::{args::Common, lang::Words, progress::Bar, report::line};
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::{Path, PathBuf};
use yuefu_studio::{
    AudioFormat, Cancel, Project, SingJob, Studio, StudioError, Tags,
    audio::{AudioBuffer, SampleRate},
    song::ReleasePlan,
};

/// Options of `sing`.
#[derive(Clone, Debug, Args)]
pub struct SingArgs {
    /// MusicXML, MIDI or ABC file with a tune, or a project
    #[arg(value_name = "FILE")]
    pub melody: PathBuf,
    /// Recording to write: .wav, .flac or .ogg (default: NAME.vocal.wav)
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Voice; `yuefu voices list` names them (default: one that knows the language)
    #[arg(long, value_name = "VOICE")]
    pub voice: Option<String>,
    /// Words to sing instead of those in the file: a line for each phrase
    #[arg(long, value_name = "FILE")]
    pub lyrics: Option<PathBuf>,
    /// Track to sing (default: the one with words, else the tune)
    #[arg(long, value_name = "TRACK")]
    pub track: Option<String>,
    /// Sample rate in hertz
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(8_000..=192_000))]
    pub rate: Option<u32>,
}

/// Options of `voices`.
#[derive(Clone, Debug, Args)]
pub struct VoicesArgs {
    /// What to do with them.
    #[command(subcommand)]
    pub action: VoicesAction,
}

/// What to do with voices.
#[derive(Clone, Debug, Subcommand)]
pub enum VoicesAction {
    /// List the voices
    List,
    /// Have a voice sing a few words
    Preview {
        /// Voice id
        voice: String,
        /// Words to sing
        #[arg(long = "text", value_name = "TEXT")]
        verse: Option<String>,
        /// Recording to write: .wav, .flac or .ogg (default: VOICE.wav)
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// Has a tune sung, alone and dry.
pub fn sing(
    args: &SingArgs,
    common: &Common,
    words: Words,
    cancel: &Cancel,
) -> Result<(), StudioError> {
    let studio = Studio::standard()?;
    let mut remarks = Vec::new();
    let mut song = if args.melody.is_dir() {
        Project::find(&args.melody)?.load()?
    } else {
        let imported = studio.import(&args.melody)?;
        remarks = imported.remarks;
        imported.song
    };
    if let Some(rate) = args.rate {
        song.release = ReleasePlan {
            rate: SampleRate(rate),
            ..song.release
        };
    }
    let lyrics = args.lyrics.as_deref().map(read_text).transpose()?;
    let job = SingJob {
        voice: args.voice.as_deref(),
        track: args.track.as_deref(),
        lyrics: lyrics.as_deref(),
    };
    let sung = studio.cast_singer(&song, &job)?;
    remarks.extend(sung.remarks);
    crate::edit::remarks(&remarks, common, words);
    let bar = Bar::new(common, words);
    let audio = studio.solo(&sung.song, sung.track, cancel)?;
    let output = args.output.clone().unwrap_or_else(|| {
        let name = args
            .melody
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy();
        PathBuf::from(format!("{name}.vocal.wav"))
    });
    write(&audio, &output)?;
    let seconds = audio.frames() as f64 / audio.rate.hz();
    let voice = &sung.song.score.tracks[sung.track].instrument;
    if common.json {
        line(
            &json!({
                "file": output.display().to_string(),
                "voice": voice,
                "track": sung.song.score.tracks[sung.track].id,
                "syllables": sung.syllables,
                "seconds": seconds,
            })
            .to_string(),
        );
    } else if !common.quiet {
        let count = sung.syllables;
        let took = bar.elapsed().as_secs_f64();
        line(&if words.chinese() {
            format!(
                "{}：{voice} 唱了 {count} 个音节，{seconds:.1} 秒（用时 {took:.1} 秒）",
                output.display()
            )
        } else {
            format!(
                "{}: {voice} sings {count} syllables in {seconds:.1} s (made in {took:.1} s)",
                output.display()
            )
        });
    }
    Ok(())
}

/// Lists voices, or has one sing.
pub fn voices(args: &VoicesArgs, common: &Common, words: Words) -> Result<(), StudioError> {
    let studio = Studio::standard()?;
    match &args.action {
        VoicesAction::List => list(&studio, common, words),
        VoicesAction::Preview {
            voice,
            verse,
            output,
        } => {
            let audio = studio.preview_voice(voice, verse.as_deref(), SampleRate(44_100))?;
            let output = output
                .clone()
                .unwrap_or_else(|| PathBuf::from(format!("{voice}.wav")));
            write(&audio, &output)?;
            if common.json {
                line(&json!({ "file": output.display().to_string() }).to_string());
            } else if !common.quiet {
                line(&output.display().to_string());
            }
            Ok(())
        }
    }
}

fn list(studio: &Studio, common: &Common, words: Words) -> Result<(), StudioError> {
    let mut rows = Vec::new();
    for id in studio.choir.ids() {
        let singer = studio.choir.singer(id)?;
        let profile = singer.profile();
        if common.json {
            rows.push(json!({
                "id": id, "en": profile.en, "zh": profile.zh, "languages": profile.languages,
                "range": profile.range, "sweet": profile.sweet,
            }));
            continue;
        }
        let [low, high] = profile.sweet.map(key_name);
        line(&format!(
            "{id:<18} {:<12} {:<10} {low}-{high}",
            words.pick(&profile.en, &profile.zh),
            profile.languages.join(", "),
        ));
    }
    if common.json {
        line(&json!(rows).to_string());
    }
    Ok(())
}

/// `A3` of 57.
fn key_name(key: u8) -> String {
    const NAMES: [&str; 12] = [
        "C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B",
    ];
    format!(
        "{}{}",
        NAMES[usize::from(key % 12)],
        i32::from(key / 12) - 1
    )
}

fn read_text(path: &Path) -> Result<String, StudioError> {
    let place = path.display();
    let bytes = std::fs::read(path).map_err(|error| {
        StudioError::input(
            format!("{place}: cannot be read ({error}). Check the path and the permissions."),
            format!("{place}：无法读取（{error}）。请检查路径和权限。"),
        )
    })?;
    String::from_utf8(bytes).map_err(|_| {
        StudioError::input(
            format!("{place}: expected text in UTF-8. Save the words as UTF-8."),
            format!("{place}：需要 UTF-8 文本。请把歌词另存为 UTF-8。"),
        )
    })
}

fn write(audio: &AudioBuffer, path: &Path) -> Result<(), StudioError> {
    let word = path
        .extension()
        .map_or("wav".into(), |e| e.to_string_lossy());
    let format: AudioFormat = yuefu_studio::publish::parse_format(&word)?;
    yuefu_studio::mastering::write_recording(path, audio, format, &Tags::default())
}
