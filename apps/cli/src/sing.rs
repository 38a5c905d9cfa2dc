//! `sing`.

use crate::{args::Common, lang::Words, progress::Bar, report::line};
use clap::Args;
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
    /// Voice, or the folder of one; `yuefu voices list` names them (default: one that knows the
    /// language)
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

/// Has a tune sung, alone and dry.
pub fn sing(
    args: &SingArgs,
    common: &Common,
    words: Words,
    cancel: &Cancel,
) -> Result<(), StudioError> {
    let mut studio = Studio::standard()?;
    let mut voice = args.voice.clone();
    if let Some(folder) = voice.as_deref().map(Path::new)
        && voice
            .as_deref()
            .is_some_and(|id| studio.catalog.voice(id).is_none())
        && folder.is_dir()
    {
        let (with, id) = studio.with_voice(folder)?;
        (studio, voice) = (with, Some(id));
    }
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
        voice: voice.as_deref(),
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

/// Writes a recording in the format that its name says.
///
/// # Errors
/// When the format is unknown or the disk fails.
pub fn write(audio: &AudioBuffer, path: &Path) -> Result<(), StudioError> {
    let word = path
        .extension()
        .map_or("wav".into(), |e| e.to_string_lossy());
    let format: AudioFormat = yuefu_studio::publish::parse_format(&word)?;
    yuefu_studio::mastering::write_recording(path, audio, format, &Tags::default())
}
