//! Mastering of our own mixes and of anyone's recordings.

use crate::{PROGRAM, Studio, error::StudioError, render::Rendered};
use std::path::{Path, PathBuf};
use yuefu_audio::{AudioBuffer, Db, Lufs, loudness::Loudness};
use yuefu_audiofile::{AudioFormat, DecodeLimits, Tags, decode_file, wav16, write_file};
use yuefu_engine::{SeedPath, WorldError};
use yuefu_release::master::{
    MasterError, MasterReport, MasterSettings, MasterWarning, RUN, Shaping, Tone, ToneProfile,
    dither, dither_run, master, measure_kept, plan_and_master,
};
use yuefu_song::{MasterPlan, Song, brief::Lang, mixplan::MixPlan};

/// What a finished recording measures.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    /// Loudness of the whole; `None` for silence.
    pub loudness: Option<Lufs>,
    /// Loudness range in LU.
    pub range: f32,
    /// True peak in dBTP.
    pub peak: Db,
}

impl Measured {
    fn of(loudness: &Loudness, peak: Db) -> Self {
        Self {
            loudness: loudness.integrated,
            range: loudness.range,
            peak,
        }
    }
}

/// How to master a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct MasterJob {
    /// The recording.
    pub from: PathBuf,
    /// A recording whose tonal balance to come close to.
    pub reference: Option<PathBuf>,
    /// Loudness to reach; `None` takes the reference's, or −14 LUFS without one.
    pub target: Option<Lufs>,
    /// True peak not to exceed.
    pub ceiling: Db,
    /// The file to write.
    pub to: PathBuf,
    /// Its format.
    pub format: AudioFormat,
}

/// What mastering a recording gave.
#[derive(Clone, Debug, PartialEq)]
pub struct MasterResult {
    /// Loudness before.
    pub before: Option<Lufs>,
    /// The result.
    pub after: Measured,
    /// What a listener should know, in both languages.
    pub warnings: Vec<(String, String)>,
}

/// Decides how a song's mix is mastered to its release plan, and masters it.
///
/// # Errors
/// When the mix is damaged, which is a fault of the program.
pub(crate) fn plan(
    mix: &AudioBuffer,
    song: &Song,
    plan: &MixPlan,
) -> Result<(MasterPlan, MasterReport, AudioBuffer), StudioError> {
    let settings = MasterSettings {
        target: song.release.target,
        ceiling: song.release.ceiling,
        reference: None,
        tone: Tone::of_character(&plan.character),
    };
    plan_and_master(mix, &settings).map_err(|error| StudioError::Internal(error.to_string()))
}

/// What a mastered song measures: as planned, or measured anew when its plan was kept.
pub(crate) fn measure(rendered: &Rendered, target: Lufs) -> Measured {
    if let Some(report) = &rendered.report {
        return Measured::of(&report.after, report.true_peak);
    }
    let kept = measure_kept(&rendered.master, target);
    Measured::of(&kept.after, kept.true_peak)
}

/// Writes a mastered recording, dithered where the format has integers.
pub(crate) fn write_mastered(
    path: &Path,
    audio: &AudioBuffer,
    format: AudioFormat,
    tags: &Tags,
    seed: &SeedPath,
) -> Result<(), StudioError> {
    match format.integer_bits() {
        None => write_file(path, audio, format, tags)?,
        Some(bits) => {
            let shaping = if bits <= 16 {
                Shaping::Shaped
            } else {
                Shaping::Flat
            };
            let mut rounded = audio.clone();
            dither(&mut rounded, bits as u8, shaping, seed);
            write_file(path, &rounded, format, tags)?
        }
    };
    Ok(())
}

/// Writes a recording as it is, dithered where the format has few bits. The same samples give the
/// same file.
///
/// # Errors
/// When the file cannot be written.
pub fn write_recording(
    path: &Path,
    audio: &AudioBuffer,
    format: AudioFormat,
    tags: &Tags,
) -> Result<(), StudioError> {
    let seed = SeedPath::song(0).join("recording");
    write_mastered(path, audio, format, tags, &seed)
}

impl Studio {
    /// Writes a 16-bit WAV file to listen to while editing: as quickly as it can be written,
    /// without tags.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn preview(&self, audio: &AudioBuffer, path: &Path, seed: u64) -> Result<(), StudioError> {
        let seed = SeedPath::song(seed).join("master");
        let bytes = wav16(audio, RUN, |samples, channel, run| {
            dither_run(samples, channel, run, 16, Shaping::Flat, &seed);
        })?;
        // It appears whole or not at all, but nobody waits until the disk has it.
        let part = path.with_extension(format!("part-{}", std::process::id()));
        let failed =
            |error: &std::io::Error| WorldError::new("write", path.display().to_string(), error);
        std::fs::write(&part, bytes)
            .and_then(|()| std::fs::rename(&part, path))
            .map_err(|error| {
                let _ = std::fs::remove_file(&part);
                failed(&error).into()
            })
    }

    /// Masters a recording of anyone's.
    ///
    /// # Errors
    /// When a file cannot be read or written, or is not mono or stereo.
    pub fn master_file(&self, job: &MasterJob) -> Result<MasterResult, StudioError> {
        let decoded = decode_file(&job.from, &DecodeLimits::default())?;
        let (mut profile, mut wanted) = (None, None);
        if let Some(path) = &job.reference {
            let reference = decode_file(path, &DecodeLimits::default())?.audio;
            profile = Some(ToneProfile::measure(&reference));
            wanted = yuefu_audio::loudness::measure(&reference).integrated;
        }
        let settings = MasterSettings {
            target: job.target.or(wanted).unwrap_or(Lufs(-14.0)),
            ceiling: job.ceiling,
            reference: profile,
            tone: Tone::default(),
        };
        let (audio, report) = master(decoded.audio, &settings).map_err(|error| {
            let what = match error {
                MasterError::Channels(count) => {
                    format!("只能处理单声道或立体声，这里有 {count} 个声道")
                }
                MasterError::Ragged => "各声道长度不一".to_owned(),
                MasterError::NotFinite(at) => format!("第 {at} 个采样不是有效数值，文件已损坏"),
            };
            let place = job.from.display();
            StudioError::input(format!("{place}: {error}"), format!("{place}：{what}。"))
        })?;
        let mut tags = decoded.tags;
        tags.encoder = Some(PROGRAM.to_owned());
        let seed = SeedPath::song(0).join("master");
        write_mastered(&job.to, &audio, job.format, &tags, &seed)?;
        Ok(MasterResult {
            before: report.before.integrated,
            after: Measured::of(&report.after, report.true_peak),
            warnings: warnings(&report),
        })
    }
}

fn warnings(report: &MasterReport) -> Vec<(String, String)> {
    let sentence = |warning: &MasterWarning| match *warning {
        MasterWarning::Silent => (
            "nothing is loud enough to measure; levels were left alone".to_owned(),
            "没有足够响的内容可测，电平未作改动".to_owned(),
        ),
        MasterWarning::HeavyLimiting(db) => (
            format!(
                "the target needed {:.1} dB of limiting; a lower one would sound better",
                db.abs()
            ),
            format!(
                "为达到目标响度限幅了 {:.1} dB；目标低一些会更好听",
                db.abs()
            ),
        ),
        MasterWarning::Missed(lu) => (
            format!("the target was missed by {lu:.1} LU"),
            format!("与目标响度相差 {lu:.1} LU"),
        ),
        MasterWarning::OutOfPhase(db) => (
            format!(
                "left and right cancelled in mono; the sides were turned down by {:.1} dB",
                db.abs()
            ),
            format!(
                "左右声道在单声道下相互抵消，侧信号降低了 {:.1} dB",
                db.abs()
            ),
        ),
        MasterWarning::Clipped(runs) => (
            format!("the recording was clipped before, {runs} times"),
            format!("原录音已有 {runs} 处削波"),
        ),
    };
    report.warnings.iter().map(sentence).collect()
}

/// One of the two languages of a warning.
pub fn pick(warning: &(String, String), lang: Lang) -> &str {
    if lang == Lang::Zh {
        &warning.1
    } else {
        &warning.0
    }
}
