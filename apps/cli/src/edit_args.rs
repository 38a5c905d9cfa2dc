//! Options of the commands that edit a project.

use clap::{Args, Subcommand};
use std::path::PathBuf;
use yuefu_studio::song::Role;

/// A project.
#[derive(Clone, Debug, Args)]
pub struct ProjectArg {
    /// Project folder (NAME.yuefu), or the folder it lies in
    pub project: PathBuf,
}

/// What happens after an edit.
#[derive(Clone, Debug, Default, Args)]
pub struct AfterArgs {
    /// Render the song afterwards
    #[arg(long)]
    pub render: bool,
    /// Write NAME.preview.wav afterwards: quicker than rendering all files
    #[arg(long)]
    pub preview: bool,
    /// Say what would change and change nothing
    #[arg(long, conflicts_with_all = ["render", "preview"])]
    pub dry_run: bool,
    /// The SoundFont that it is played with.
    #[command(flatten)]
    pub font: FontArg,
}

/// The SoundFont of the user that a project plays.
#[derive(Clone, Debug, Default, Args)]
pub struct FontArg {
    /// The SoundFont of your own that the project plays
    #[arg(long, value_name = "FILE")]
    pub soundfont: Option<PathBuf>,
    /// Who finds tunes: learned, light (an LSTM), rules, or a file of `finetune`
    #[arg(long, value_name = "NAME")]
    pub composer: Option<String>,
}

/// Options of `verify`.
#[derive(Clone, Debug, Args)]
pub struct VerifyArgs {
    /// The project.
    #[command(flatten)]
    pub project: ProjectArg,
    /// The SoundFont that it is played with.
    #[command(flatten)]
    pub font: FontArg,
}

/// Options of `edit`.
#[derive(Clone, Debug, Args)]
pub struct EditArgs {
    /// The project.
    #[command(flatten)]
    pub project: ProjectArg,
    /// Operations, one a word in quotes: "transpose lead 9-12 +2" "gain bass -3"
    #[arg(value_name = "OPERATION")]
    pub operations: Vec<String>,
    /// Read operations from a file, one a line; - reads standard input
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,
    /// List all operations
    #[arg(long)]
    pub list: bool,
    /// Afterwards.
    #[command(flatten)]
    pub after: AfterArgs,
}

/// Options of `regenerate`.
#[derive(Clone, Debug, Args)]
pub struct RegenerateArgs {
    /// The project.
    #[command(flatten)]
    pub project: ProjectArg,
    /// Bars, such as 9-12 (default: everywhere)
    #[arg(long, value_name = "BARS", conflicts_with = "section")]
    pub bars: Option<String>,
    /// Section, such as verse-2 or chorus
    #[arg(long, value_name = "SECTION")]
    pub section: Option<String>,
    /// Tracks by id, role or instrument, separated by commas (default: all)
    #[arg(long, value_name = "TRACKS")]
    pub track: Option<String>,
    /// How many takes; the first is chosen, `edit SONG "take ..."` switches
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..=20))]
    pub takes: u32,
    /// With more notes
    #[arg(long, conflicts_with = "simpler")]
    pub busier: bool,
    /// With fewer notes
    #[arg(long)]
    pub simpler: bool,
    /// In a higher register
    #[arg(long, conflicts_with = "lower")]
    pub higher: bool,
    /// In a lower register
    #[arg(long)]
    pub lower: bool,
    /// How much busier, simpler, higher or lower, from 0.1 to 1
    #[arg(long, value_name = "AMOUNT", default_value = "0.5", value_parser = amount)]
    pub amount: f32,
    /// More like another place of the song: bars or a section
    #[arg(long, value_name = "PLACE")]
    pub like: Option<String>,
    /// Afterwards.
    #[command(flatten)]
    pub after: AfterArgs,
}

/// Options of `form`.
#[derive(Clone, Debug, Args)]
pub struct ReshapeArgs {
    /// The project.
    #[command(flatten)]
    pub project: ProjectArg,
    /// What to do.
    #[command(subcommand)]
    pub action: ReshapeAction,
    /// Afterwards.
    #[command(flatten)]
    pub after: AfterArgs,
}

/// How a song gets another form.
#[derive(Clone, Debug, Subcommand)]
pub enum ReshapeAction {
    /// Insert sections: intro, verse, pre-chorus, chorus, bridge, solo, interlude, outro, ...
    Insert {
        /// Kinds of sections, in order
        #[arg(required = true)]
        kinds: Vec<String>,
        /// Section before which they come (default: at the end)
        #[arg(long, value_name = "SECTION")]
        before: Option<String>,
        /// Bars of each (default: as is usual)
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
        bars: Option<u32>,
    },
    /// Go on after the end
    After {
        /// Kinds of sections, in order
        #[arg(required = true)]
        kinds: Vec<String>,
        /// Bars of each (default: as is usual)
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
        bars: Option<u32>,
    },
    /// Begin earlier
    Before {
        /// Kinds of sections, in order
        #[arg(required = true)]
        kinds: Vec<String>,
        /// Bars of each (default: as is usual)
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
        bars: Option<u32>,
    },
    /// Run into its own beginning without a seam
    Loop {
        /// Keep intro and outro
        #[arg(long)]
        whole: bool,
    },
    /// Shorten or lengthen musically: whole sections first, then bars in pairs
    Length {
        /// Length: 90 or 2:30
        length: String,
        /// To the sample, with a small change of tempo
        #[arg(long)]
        exact: bool,
    },
    /// Another energy of a section, with the orchestration that it asks for
    Energy {
        /// Section
        section: String,
        /// Energy at its start, 0 to 1
        #[arg(value_parser = energy)]
        from: f32,
        /// Energy at its end (default: the same)
        #[arg(value_parser = energy)]
        to: Option<f32>,
    },
}

/// Options of `restyle`.
#[derive(Clone, Debug, Args)]
pub struct RestyleArgs {
    /// The project.
    #[command(flatten)]
    pub project: ProjectArg,
    /// Style id, see `yuefu styles`
    pub style: String,
    /// Only these sections or bars (default: the whole song)
    #[arg(long, value_name = "PLACE")]
    pub section: Option<String>,
    /// Keep the tempo, even outside the style's usual range
    #[arg(long)]
    pub keep_tempo: bool,
    /// Keep the instruments of the tune
    #[arg(long)]
    pub keep_leads: bool,
    /// What becomes of the chords
    #[arg(long, value_name = "HOW", default_value = "keep", value_parser = ["keep", "style", "sevenths", "triads", "power"])]
    pub chords: String,
    /// Afterwards.
    #[command(flatten)]
    pub after: AfterArgs,
}

/// Options of `add`.
#[derive(Clone, Debug, Args)]
pub struct PartArgs {
    /// The project.
    #[command(flatten)]
    pub project: ProjectArg,
    /// Instrument id, see `yuefu instruments`
    pub instrument: String,
    /// What it does: lead, counter, harmony, comp, arp, pad, bass, drums, percussion, fx
    #[arg(long, value_parser = role)]
    pub role: Option<Role>,
    /// Section or bars (default: wherever it makes sense)
    #[arg(long, value_name = "PLACE")]
    pub section: Option<String>,
    /// Afterwards.
    #[command(flatten)]
    pub after: AfterArgs,
}

/// Options of `takes`.
#[derive(Clone, Debug, Args)]
pub struct TakesArgs {
    /// The project.
    #[command(flatten)]
    pub project: ProjectArg,
}

/// Options of `undo` and `redo`.
#[derive(Clone, Debug, Args)]
pub struct StepsArgs {
    /// The project.
    #[command(flatten)]
    pub project: ProjectArg,
    /// How many steps
    #[arg(default_value = "1", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub steps: u32,
    /// Afterwards.
    #[command(flatten)]
    pub after: AfterArgs,
}

/// Options of `history`.
#[derive(Clone, Debug, Args)]
pub struct HistoryArgs {
    /// The project.
    #[command(flatten)]
    pub project: ProjectArg,
    /// What to do with it (default: list the versions)
    #[command(subcommand)]
    pub action: Option<HistoryAction>,
}

/// What to do with a history.
#[derive(Clone, Debug, Subcommand)]
pub enum HistoryAction {
    /// Name the present version
    Name {
        /// Name
        name: String,
    },
    /// Take a name away
    Unname {
        /// Name
        name: String,
    },
    /// Begin a branch here and go to it
    Branch {
        /// Name of the branch
        name: String,
    },
    /// Go to a branch
    Switch {
        /// Name of the branch
        name: String,
    },
    /// Remove a branch
    DeleteBranch {
        /// Name of the branch
        name: String,
    },
    /// Put the branch at any version
    Jump {
        /// Name, branch or id; ~N goes N steps further back
        #[arg(value_name = "VERSION")]
        which: String,
    },
    /// Merge a branch or version into the present one
    Merge {
        /// Name, branch or id
        #[arg(value_name = "VERSION")]
        which: String,
        /// In a conflict, keep what is here
        #[arg(long, conflicts_with = "theirs")]
        ours: bool,
        /// In a conflict, take what comes
        #[arg(long)]
        theirs: bool,
    },
    /// Drop old versions that no name and no branch needs
    Compact {
        /// Steps of undo that are kept
        #[arg(long, value_name = "N", default_value = "200")]
        keep: usize,
    },
    /// Bring the last good version back when files edited by hand cannot be read
    Restore,
}

/// Options of `diff`.
#[derive(Clone, Debug, Args)]
pub struct DiffArgs {
    /// A project, or a version of one: SONG@VERSION
    pub from: String,
    /// Another project, or another version (default: the present version of the same)
    pub to: Option<String>,
    /// Render both from nothing and say where the samples differ
    #[arg(long)]
    pub audio: bool,
    /// The SoundFont that they are played with.
    #[command(flatten)]
    pub font: FontArg,
}

/// Options of `store`.
#[derive(Clone, Debug, Args)]
pub struct StoreArgs {
    /// The project.
    #[command(flatten)]
    pub project: ProjectArg,
    /// Remove what no branch and no named version needs, as far as the limit asks
    #[arg(long)]
    pub collect: bool,
    /// Most bytes to keep, such as 500M or 2G; 0 keeps only what versions need
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub limit: Option<u64>,
}

/// Options of `watch`.
#[derive(Clone, Debug, Args)]
pub struct WatchArgs {
    /// The project.
    #[command(flatten)]
    pub project: ProjectArg,
    /// Command that plays a file; {} stands for it (default: the first player found; "none" for
    /// none)
    #[arg(long, value_name = "COMMAND")]
    pub player: Option<String>,
    /// Serve a page that plays the newest sound, on this address
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "127.0.0.1:7080")]
    pub serve: Option<String>,
    /// Stop after N renderings (for scripts)
    #[arg(long, value_name = "N")]
    pub times: Option<u32>,
    /// The SoundFont that it is played with.
    #[command(flatten)]
    pub font: FontArg,
}

/// Options of `import`.
#[derive(Clone, Debug, Args)]
pub struct ImportArgs {
    /// MIDI, MusicXML (also .mxl) or ABC file
    pub file: PathBuf,
    /// Project folder to make (default: NAME.yuefu beside the file)
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Bring an edited file back into this project instead
    #[arg(long, value_name = "PROJECT", conflicts_with = "output")]
    pub into: Option<PathBuf>,
    /// With --into: only this track
    #[arg(long, value_name = "TRACK", requires = "into")]
    pub track: Option<String>,
    /// Afterwards.
    #[command(flatten)]
    pub after: AfterArgs,
}

/// Options of `arrange`.
#[derive(Clone, Debug, Args)]
pub struct ArrangeArgs {
    /// MIDI, MusicXML (also .mxl), ABC, OpenUtau or DiffSinger file with a tune or a lead sheet
    pub file: PathBuf,
    /// What the music should be, in English or Chinese
    #[arg(default_value = "")]
    pub prompt: String,
    /// Style id or name
    #[arg(long, value_name = "STYLE")]
    pub style: Vec<String>,
    /// Instruments that must play, separated by commas
    #[arg(long, visible_alias = "instrument", value_name = "LIST")]
    pub instruments: Vec<String>,
    /// Instruments or groups that must not play, separated by commas
    #[arg(long, value_name = "LIST")]
    pub without: Vec<String>,
    /// Number that all chance comes from
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub seed: Option<String>,
    /// Bars of introduction; 0 = none
    #[arg(long, value_name = "N", default_value = "4", value_parser = clap::value_parser!(u32).range(0..=32))]
    pub intro: u32,
    /// Bars after the tune; 0 = none
    #[arg(long, value_name = "N", default_value = "0", value_parser = clap::value_parser!(u32).range(0..=32))]
    pub outro: u32,
    /// Words to sing to the tune, instead of the file's own; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub lyrics: Option<PathBuf>,
    /// Keep the instrument that the file gives the tune
    #[arg(long)]
    pub keep_instrument: bool,
    /// Folder to write to (default: ./TITLE)
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// How the recording is written.
    #[command(flatten)]
    pub audio: crate::args::AudioArgs,
}

fn amount(text: &str) -> Result<f32, String> {
    text.trim()
        .parse()
        .ok()
        .filter(|value| (0.1..=1.0).contains(value))
        .ok_or_else(|| "expected 0.1 to 1".to_owned())
}

fn energy(text: &str) -> Result<f32, String> {
    text.trim()
        .parse()
        .ok()
        .filter(|value| (0.0..=1.0).contains(value))
        .ok_or_else(|| "expected 0 to 1".to_owned())
}

fn role(text: &str) -> Result<Role, String> {
    const ALL: [Role; 10] = [
        Role::Lead,
        Role::Counter,
        Role::Harmony,
        Role::Comp,
        Role::Arp,
        Role::Pad,
        Role::Bass,
        Role::Drums,
        Role::Percussion,
        Role::Fx,
    ];
    let found = ALL.into_iter().find(|role| role.name() == text.trim());
    found.ok_or_else(|| {
        let names: Vec<&str> = ALL.iter().map(|role| role.name()).collect();
        format!("expected one of {}", names.join(", "))
    })
}

/// Bytes as people write them.
pub fn size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let split = text.len() - text.chars().rev().take_while(|c| c.is_alphabetic()).count();
    let (number, unit) = text.split_at(split);
    let unit = match unit.to_ascii_uppercase().as_str() {
        "" | "B" => 1,
        "K" | "KB" => 1 << 10,
        "M" | "MB" => 1 << 20,
        "G" | "GB" => 1 << 30,
        _ => return Err("expected a size such as 500M or 2G".to_owned()),
    };
    number
        .trim()
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(unit))
        .ok_or_else(|| "expected a size such as 500M or 2G".to_owned())
}
