//! The options.

use crate::edit_args::{
    ArrangeArgs, DiffArgs, EditArgs, HistoryArgs, ImportArgs, PartArgs, RegenerateArgs,
    ReshapeArgs, RestyleArgs, StepsArgs, StoreArgs, TakesArgs, VerifyArgs, WatchArgs,
};
use crate::{
    corpus::{CorpusArgs, OriginalityArgs},
    evaluate::EvaluateArgs,
    groove::GrooveArgs,
    harmonize::HarmonizeArgs,
    listen::ListenArgs,
    morph::MorphArgs,
    sing::SingArgs,
    train::{FinetuneArgs, TrainArgs},
    voices::VoicesArgs,
};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// A music studio: one line becomes a finished, mixed and mastered piece.
#[derive(Debug, Parser)]
#[command(name = "yuefu", version, about, propagate_version = true)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, Default, Args)]
pub struct Common {
    /// Language of messages: zh or en (default: by LC_ALL, LC_MESSAGES, LANG)
    #[arg(long, global = true, value_name = "LANG", value_parser = ["zh", "en"])]
    pub lang: Option<String>,
    /// Print one JSON object and nothing else on standard output
    #[arg(long, global = true)]
    pub json: bool,
    /// No progress and no summary
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Threads (default: as many as processors); the result does not depend on it
    #[arg(long, global = true, value_name = "N")]
    pub threads: Option<u16>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a song from one line
    Song(Box<SongArgs>),
    /// Make a song around the tune of a MIDI, MusicXML or ABC file
    Arrange(Box<ArrangeArgs>),
    /// Write chords for a tune that someone else wrote
    Harmonize(HarmonizeArgs),
    /// Say how words are read: syllables, phones, tones, and where each reading comes from
    Read(ReadArgs),
    /// Say what a line is understood as, and why
    Explain(Box<WishArgs>),
    /// List the styles, or describe one
    Styles {
        /// Style id
        id: Option<String>,
    },
    /// List the instruments, or describe one
    Instruments {
        /// Instrument id
        id: Option<String>,
        /// List the presets of a SoundFont of your own (SF2, SF3 or SFZ)
        #[arg(long, value_name = "FILE")]
        soundfont: Option<PathBuf>,
    },
    /// Render a project again, keeping what has not changed
    Render(RenderArgs),
    /// Change a project: notes, chords, bars, sections, tracks, tempo, key, mix, words
    Edit(EditArgs),
    /// Write a selection of a project anew: bars, a section, a track
    Regenerate(RegenerateArgs),
    /// Give a project another form: insert, extend, loop, shorten
    Form(ReshapeArgs),
    /// Give a project, or some sections, another style; the tune stays
    Restyle(RestyleArgs),
    /// Add an instrument that writes its own part
    Add(PartArgs),
    /// List the takes of a project
    Takes(TakesArgs),
    /// Take the last step back
    Undo(StepsArgs),
    /// Bring back what was undone
    Redo(StepsArgs),
    /// List versions; name, branch, switch, merge them
    History(HistoryArgs),
    /// Say what differs between two versions or projects
    Diff(DiffArgs),
    /// Make everything anew and compare it with what is stored
    Verify(VerifyArgs),
    /// Say what a project keeps of its renderings, and clear it up
    Store(StoreArgs),
    /// Render whenever the project's files are saved, and play the result
    Watch(WatchArgs),
    /// Make a project of a MIDI, MusicXML or ABC file, or bring an edited one back
    Import(ImportArgs),
    /// Have a tune sung: a vocal track, alone and dry
    Sing(SingArgs),
    /// List, hear, install or remove voices
    Voices(VoicesArgs),
    /// Write a project in other formats
    Export(ExportArgs),
    /// Master a recording
    Master(MasterArgs),
    /// Draw form, chords, notes, loudness and spectrum
    Show(ShowArgs),
    /// Write a song's words from a theme, or with you line by line
    Lyrics(Box<LyricsArgs>),
    /// Read real songs to learn from: collections, or folders of MIDI, MusicXML and ABC
    Corpus(CorpusArgs),
    /// Invent drum grooves, play written ones with feel, morph one into another
    Groove(GrooveArgs),
    /// Find tunes on the way from one tune, or style, to another
    Morph(MorphArgs),
    /// Train the network that finds tunes, anew, on real songs
    Train(TrainArgs),
    /// Tune the composer to your own songs, in minutes
    Finetune(FinetuneArgs),
    /// Say how near a tune comes to those that the composer learned from
    Originality(OriginalityArgs),
    /// Measure songs: how far from real music, whether judges can tell, style and variety
    Evaluate(EvaluateArgs),
    /// Make a page for a blind listening test, or say what its answers mean
    ListeningTest(ListenArgs),
    /// Print completions for a shell
    Completions {
        /// Shell
        shell: clap_complete::Shell,
    },
}

/// What the music should be.
#[derive(Clone, Debug, Args)]
pub struct WishArgs {
    /// What the music should be, in English or Chinese
    pub prompt: String,
    /// Number that all chance comes from (default: follows from the prompt)
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub seed: Option<String>,
    /// Length: 90, 2:30, "16 bars"
    #[arg(long, value_name = "LENGTH", allow_hyphen_values = true)]
    pub length: Option<String>,
    /// Tempo in beats per minute
    #[arg(long, value_name = "BPM", allow_hyphen_values = true)]
    pub bpm: Option<String>,
    /// Key: "D minor", "F# dorian", C大调
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Style id or name
    #[arg(long, value_name = "STYLE")]
    pub style: Vec<String>,
    /// Mood
    #[arg(long, value_name = "MOOD")]
    pub mood: Vec<String>,
    /// Metre: 3/4, 6/8
    #[arg(long, visible_alias = "meter", value_name = "METRE")]
    pub metre: Option<String>,
    /// Instruments that must play, separated by commas
    #[arg(long, visible_alias = "instrument", value_name = "LIST")]
    pub instruments: Vec<String>,
    /// A SoundFont of your own (SF2, SF3 or SFZ); --instruments user:BANK:PROGRAM plays it
    #[arg(long, value_name = "FILE")]
    pub soundfont: Option<PathBuf>,
    /// Instruments or groups that must not play, separated by commas
    #[arg(long, value_name = "LIST")]
    pub without: Vec<String>,
    /// Make it loop without a seam
    #[arg(long = "loop")]
    pub looped: bool,
    /// Title
    #[arg(long, value_name = "TITLE")]
    pub title: Option<String>,
    /// Words to be sung: a text file with tags such as `[Verse]` or `[副歌]`; - for standard input
    #[arg(long, value_name = "FILE")]
    pub lyrics: Option<PathBuf>,
    /// Nobody sings
    #[arg(long)]
    pub instrumental: bool,
    /// Who finds tunes and chords: learned, light (an LSTM), rules, or a file of `finetune`
    #[arg(long, value_name = "NAME")]
    pub composer: Option<String>,
    /// How freely tunes are drawn: 0.5 (what is usual) to 1.5 (what is rare)
    #[arg(long, value_name = "N")]
    pub temperature: Option<f32>,
}

/// Options of `read`.
#[derive(Clone, Debug, Args)]
pub struct ReadArgs {
    /// Words; a reading in braces overrides: 还{huan2}, read{R EH1 D}
    #[arg(required_unless_present = "file")]
    pub text: Option<String>,
    /// Read a text file instead; - for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    pub file: Option<PathBuf>,
    /// One row for each syllable: phones, tone or stress, and where the reading comes from
    #[arg(long)]
    pub explain: bool,
    /// Language of ambiguous characters: Mandarin, Cantonese, Japanese
    #[arg(long, value_name = "LANG")]
    pub language: Option<String>,
}

/// Options of `song`.
#[derive(Clone, Debug, Args)]
pub struct SongArgs {
    /// What the music should be.
    #[command(flatten)]
    pub wish: WishArgs,
    /// Folder to write to (default: ./TITLE)
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// How the recording is written.
    #[command(flatten)]
    pub audio: AudioArgs,
    /// Make N different songs and a contact sheet, ranked by score, playing and sound
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=200))]
    pub variations: Option<u16>,
    /// Compose N songs and render the one whose score the critics like best (only the notes are
    /// judged; --variations judges the sound too)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=200))]
    pub best: Option<u16>,
    /// Draw pictures of the result too
    #[arg(long)]
    pub pictures: bool,
}

/// How a recording is written.
#[derive(Clone, Debug, Default, Args)]
pub struct AudioArgs {
    /// wav, wav16, wav24, wav32f, flac, flac16, mp3, ogg; several separated by commas
    #[arg(long, value_name = "FORMAT", value_delimiter = ',')]
    pub format: Vec<String>,
    /// Write the stems too
    #[arg(long)]
    pub stems: bool,
    /// Sample rate in hertz
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(8_000..=192_000))]
    pub rate: Option<u32>,
    /// Loudness to master to, in LUFS
    #[arg(long, value_name = "LUFS", allow_hyphen_values = true, value_parser = loudness)]
    pub target: Option<f32>,
    /// Largest true peak, in dBTP
    #[arg(long, value_name = "DBTP", allow_hyphen_values = true, value_parser = ceiling)]
    pub ceiling: Option<f32>,
}

/// Options of `render`.
#[derive(Clone, Debug, Args)]
pub struct RenderArgs {
    /// Project folder (NAME.yuefu), or the folder it lies in
    pub project: PathBuf,
    /// Folder to write to (default: beside the project)
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// How the recording is written.
    #[command(flatten)]
    pub audio: AudioArgs,
    /// The SoundFont of your own that the project plays
    #[arg(long, value_name = "FILE")]
    pub soundfont: Option<PathBuf>,
    /// Do not keep what was made in the project
    #[arg(long)]
    pub no_store: bool,
    /// Say what was made again and why, and what was kept
    #[arg(long)]
    pub explain: bool,
    /// Only NAME.preview.wav, as quickly as possible
    #[arg(long)]
    pub preview: bool,
    /// Master anew: loudness and tone by the mix as it is now
    #[arg(long)]
    pub remaster: bool,
    /// Balance anew, and master anew
    #[arg(long)]
    pub rebalance: bool,
    /// Most bytes to keep in the project, such as 500M or 2G
    #[arg(long, value_name = "SIZE", value_parser = crate::edit_args::size)]
    pub store_limit: Option<u64>,
}

/// Options of `export`.
#[derive(Clone, Debug, Args)]
pub struct ExportArgs {
    /// Project folder (NAME.yuefu), or the folder it lies in
    pub project: PathBuf,
    /// midi (as played), midi-score (as written), musicxml, abc, lrc, srt, ustx, ds, stems, or a format of recordings; several separated by commas
    #[arg(long, value_name = "FORMAT", value_delimiter = ',', required = true)]
    pub format: Vec<String>,
    /// The SoundFont of your own that the project plays
    #[arg(long, value_name = "FILE")]
    pub soundfont: Option<PathBuf>,
    /// Folder to write to (default: beside the project)
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

/// Options of `master`.
#[derive(Clone, Debug, Args)]
pub struct MasterArgs {
    /// Recording
    pub file: PathBuf,
    /// A recording whose loudness and tone to come close to
    #[arg(long, value_name = "FILE")]
    pub reference: Option<PathBuf>,
    /// Loudness to master to, in LUFS (default: the reference's, else -14)
    #[arg(long, value_name = "LUFS", allow_hyphen_values = true, value_parser = loudness)]
    pub target: Option<f32>,
    /// Largest true peak, in dBTP
    #[arg(long, value_name = "DBTP", default_value = "-1", allow_hyphen_values = true, value_parser = ceiling)]
    pub ceiling: f32,
    /// File to write (default: NAME.mastered.flac beside it)
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Options of `show`.
#[derive(Clone, Debug, Args)]
pub struct ShowArgs {
    /// Project, recording, MIDI, MusicXML or ABC file
    pub path: PathBuf,
    /// Draw pictures into this folder
    #[arg(long, value_name = "DIR")]
    pub png: Option<PathBuf>,
    /// With --png: drawings of notes and form as SVG too
    #[arg(long, requires = "png")]
    pub svg: bool,
    /// Columns of the terminal drawing
    #[arg(long, value_name = "N", default_value = "100", value_parser = clap::value_parser!(u16).range(40..=400))]
    pub width: u16,
}

fn number(text: &str, low: f32, high: f32, unit: &str) -> Result<f32, String> {
    text.trim()
        .parse()
        .ok()
        .filter(|value| (low..=high).contains(value))
        .ok_or_else(|| format!("expected {low} to {high} {unit}"))
}

fn loudness(text: &str) -> Result<f32, String> {
    number(text, -40.0, -5.0, "LUFS")
}

fn ceiling(text: &str) -> Result<f32, String> {
    number(text, -20.0, 0.0, "dBTP")
}

/// What the words should be.
#[derive(Clone, Debug, Args)]
pub struct LyricsArgs {
    /// What the song is about, in English or Chinese
    #[arg(default_value = "")]
    pub about: String,
    /// Themes that must be used, by id, separated by commas: rain, parting, moon
    #[arg(long, value_name = "LIST")]
    pub theme: Vec<String>,
    /// Feeling of the words: sad, bright, open
    #[arg(long = "mood", value_name = "MOOD")]
    pub feeling: Option<String>,
    /// Words that must occur, separated by commas
    #[arg(long, value_name = "LIST")]
    pub keywords: Vec<String>,
    /// Language of the words: zh, en (default: that of the theme)
    #[arg(long = "language", value_name = "LANG")]
    pub words_language: Option<String>,
    /// Sections: VPCVPCBC, or "verse, chorus, verse, chorus"
    #[arg(long = "form", value_name = "FORM")]
    pub words_form: Option<String>,
    /// Rhyme scheme: XAXA, AABB, ABAB, one, free, or a Chinese rhyme such as 江阳
    #[arg(long, value_name = "SCHEME")]
    pub rhyme: Option<String>,
    /// Syllables of each line of a given tune: "verse: 8 8 8 8; chorus: x/x/x/x/ 7"
    #[arg(long, value_name = "COUNTS")]
    pub tune: Option<String>,
    /// Tune pattern of the classical lyric (词牌): 如梦令, 浣溪沙, 水调歌头 and others
    #[arg(long, value_name = "NAME")]
    pub pattern: Option<String>,
    /// In the classical Chinese manner (古风)
    #[arg(long)]
    pub classical: bool,
    /// Lines of a verse and of a chorus: 2 to 8
    #[arg(long = "lines", value_name = "N")]
    pub stanza_lines: Option<usize>,
    /// Number that all chance comes from (default: follows from the theme)
    #[arg(long = "seed", value_name = "N")]
    pub words_seed: Option<u64>,
    /// File for the lyric sheet (default: standard output)
    #[arg(short, long = "out", value_name = "FILE")]
    pub sheet: Option<PathBuf>,
    /// Name of a language model that writes, behind an endpoint on this machine
    #[arg(long = "model", value_name = "NAME", conflicts_with = "interactive")]
    pub writer: Option<String>,
    /// Address of the endpoint (OpenAI's form; a key is taken from YUEFU_MODEL_KEY)
    #[arg(long, value_name = "URL", requires = "writer", default_value = yuefu_studio::endpoint::USUAL)]
    pub model_url: String,
    /// Line by line: keep, again, edit, up, down (also through a pipe)
    #[arg(short, long)]
    pub interactive: bool,
}
