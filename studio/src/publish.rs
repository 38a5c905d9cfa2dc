//! From the document to a folder of finished files.

use crate::{
    PROGRAM, Studio,
    error::StudioError,
    hearing,
    mastering::{self, Measured},
    project::{EXTENSION, Project},
    render::{Ledger, RenderOptions, StemSink, Unit},
    scores::{ScoreFormat, WordFormat},
    stemfiles::StemFiles,
};
use std::path::PathBuf;
use yuefu_audio::{AudioBuffer, Lufs};
use yuefu_audiofile::AudioFormat;
use yuefu_critic::Measures;
use yuefu_engine::{Cancel, Progress, SeedPath, Silent, Stage, Step, Store};
use yuefu_release::{Bundle, MANIFEST_FILE, Manifest, tags};
use yuefu_song::Song;

/// What to make and where.
pub struct Publish<'a> {
    /// The folder; made if it does not exist.
    pub folder: PathBuf,
    /// Beginning of file names; `None` takes the title.
    pub name: Option<String>,
    /// Whether to write the recording.
    pub audio: bool,
    /// Which score files to write.
    pub scores: &'a [ScoreFormat],
    /// Which files of words to write, if the song has words.
    pub words: &'a [WordFormat],
    /// Whether to measure what the critics want to know of the sound.
    pub measure: bool,
    /// Whether to write the project.
    pub project: bool,
    /// Threads; the result does not depend on it.
    pub threads: usize,
    /// Where what was made is kept.
    pub store: Option<&'a dyn Store>,
    /// The ledger of an earlier rendering with this store.
    pub before: Option<&'a Ledger>,
    /// Is told how far it is.
    pub progress: &'a dyn Progress,
    /// Stops it.
    pub cancel: Cancel,
}

impl Publish<'_> {
    /// Everything, into a folder.
    pub fn into_folder(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            name: None,
            audio: true,
            scores: &ScoreFormat::ALL,
            words: &WordFormat::ALL,
            measure: false,
            project: true,
            threads: crate::default_threads(),
            store: None,
            before: None,
            progress: &Silent,
            cancel: Cancel::new(),
        }
    }
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Published {
    /// All files, the recording first.
    pub files: Vec<PathBuf>,
    /// The project folder, if one was written.
    pub project: Option<PathBuf>,
    /// What the recording measures; `None` when there is none.
    pub measured: Option<Measured>,
    /// Loudness of every raw stem.
    pub raw: Vec<(String, Option<Lufs>)>,
    /// Units made and units that came from the store, by stage (see [`crate::render::STAGES`]).
    pub units: [(u64, u64); 5],
    /// The units that were made, in order.
    pub made: Vec<Unit>,
    /// What everything was made from; `None` without a recording.
    pub ledger: Option<Ledger>,
    /// The song with the mix and master plans that were used, as a project should keep it.
    pub song: Song,
    /// What the critics want to know of the sound, if it was asked for.
    pub heard: Option<Measures>,
    /// The mastered recording, for pictures.
    pub master: Option<AudioBuffer>,
}

impl Studio {
    /// Renders a song and writes its files; all or nothing.
    ///
    /// # Errors
    /// When stopped, when a format is unknown, or when the folder cannot be written.
    pub fn publish(&self, song: &Song, job: &Publish<'_>) -> Result<Published, StudioError> {
        let formats = song
            .release
            .formats
            .iter()
            .map(|word| Ok((word.as_str(), parse_format(word)?)))
            .collect::<Result<Vec<_>, StudioError>>()?;
        let name = job.name.clone().unwrap_or_else(|| slug(&song.plan.title));
        let mut bundle = Bundle::create(&job.folder)?;
        let mut published = Published {
            files: Vec::new(),
            project: None,
            measured: None,
            raw: Vec::new(),
            units: Default::default(),
            made: Vec::new(),
            ledger: None,
            song: song.clone(),
            heard: None,
            master: None,
        };
        let mut settled = song.clone();
        if job.audio {
            let stems = bundle.place("stems")?;
            let scratch = bundle.place(".scratch")?;
            bundle.forget("stems");
            bundle.forget(".scratch");
            let sink = StemFiles::new(&stems, tags(song, PROGRAM));
            let rendered = self.render(
                song,
                &RenderOptions {
                    threads: job.threads,
                    store: job.store,
                    before: job.before,
                    stems: song.release.stems.then_some(&sink as &dyn StemSink),
                    mix: false,
                    measure: job.measure,
                    scratch: &scratch,
                    progress: job.progress,
                    cancel: &job.cancel,
                },
            )?;
            let pool = pool(job.threads)?;
            let measured = pool.install(|| mastering::measure(&rendered, song.release.target));
            let master = rendered.master;
            job.cancel.check()?;
            for (index, (word, format)) in formats.iter().enumerate() {
                let total = formats.len() as u64 + 1;
                job.progress.report(step(Stage::Write, index as u64, total));
                let file = file_name(&name, word, *format, &formats);
                let path = bundle.place(&file)?;
                let seed = SeedPath::song(song.seed).join("master");
                let tags = tags(song, PROGRAM);
                pool.install(|| mastering::write_mastered(&path, &master, *format, &tags, &seed))?;
                job.cancel.check()?;
            }
            for stem in sink.finish()? {
                bundle.place(&format!("stems/{stem}"))?;
            }
            published.heard = job
                .measure
                .then(|| hearing::measures(song, &measured, &rendered.processed, &master));
            published.measured = Some(measured);
            published.master = Some(master);
            published.raw = rendered.raw;
            published.units = rendered.units;
            published.made = rendered.made;
            published.ledger = Some(rendered.ledger);
            settled.mix = Some(rendered.plan);
            settled.master = Some(rendered.mastering);
        }
        for (format, bytes) in self.scores(song, job.scores) {
            bundle.write(&format!("{name}.{}", format.extension()), &bytes)?;
        }
        for (format, bytes) in self.word_files(song, job.words) {
            bundle.write(&format!("{name}.{}", format.extension()), &bytes)?;
        }
        let manifest = Manifest::of(song, self.orchestra.profiles(), PROGRAM, bundle.records()?);
        bundle.write(MANIFEST_FILE, manifest.json().as_bytes())?;
        job.cancel.check()?;
        published.files = bundle.commit()?;
        published.song = settled.clone();
        if job.project {
            let project = Project::at(job.folder.join(format!("{name}.{EXTENSION}")));
            project.save(&settled)?;
            published.project = Some(project.folder().to_owned());
        }
        job.progress.report(step(Stage::Write, 1, 1));
        Ok(published)
    }
}

/// A pool of threads of our own, so that the number asked for holds.
pub(crate) fn pool(threads: usize) -> Result<rayon::ThreadPool, StudioError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.max(1))
        .build()
        .map_err(|error| StudioError::Internal(error.to_string()))
}

fn step(stage: Stage, done: u64, total: u64) -> Step {
    Step { stage, done, total }
}

/// The audio format meant by a word such as `flac` or `wav16`.
///
/// # Errors
/// When there is none of this name; says which there are.
pub fn parse_format(word: &str) -> Result<AudioFormat, StudioError> {
    AudioFormat::parse(word).map_err(|error| {
        StudioError::input(
            format!("`{word}` is no audio format: expected {}.", error.expected),
            format!(
                "“{word}”不是音频格式；可用：wav、wav16、wav24、wav32f、flac、flac16、ogg、mp3。"
            ),
        )
    })
}

/// Two formats of one extension are told apart by the word that was given.
fn file_name(name: &str, word: &str, format: AudioFormat, all: &[(&str, AudioFormat)]) -> String {
    let extension = format.extension();
    let same = all
        .iter()
        .filter(|(_, f)| f.extension() == extension)
        .count();
    if same > 1 {
        format!("{name}.{word}.{extension}")
    } else {
        format!("{name}.{extension}")
    }
}

/// A title as a file name: lower case, words joined by hyphens, any script.
pub fn slug(title: &str) -> String {
    let mut slug = String::new();
    for c in title.trim().chars() {
        if c.is_alphanumeric() {
            slug.extend(c.to_lowercase());
        } else if c != '\'' && c != '’' && !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        // Most file systems allow 255 bytes for a name.
        if slug.len() > 80 {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() {
        "song".to_owned()
    } else {
        slug.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_names() {
        assert_eq!(slug("Don't  Look/Back: now!"), "dont-look-back-now");
        assert_eq!(slug("雨夜 · 归途"), "雨夜-归途");
        assert_eq!(slug("../../"), "song");
        assert!(slug(&"长".repeat(500)).len() < 100);
    }
}
