//! How instruments are played, as data (`data/perform/rules.toml`, `data/perform/grooves.toml`).

use serde::Deserialize;
use std::sync::OnceLock;
use yuefu_song::{Articulation, Family, Role};

/// Everything about the playing of one instrument.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Rules {
    /// Whether it plays one line: a note ends when the next begins.
    pub mono: bool,
    /// Timing.
    pub timing: Timing,
    /// Force.
    pub touch: Touch,
    /// Lengths.
    pub length: Length,
    /// Ringing on: pedal and open strings.
    pub hold: Hold,
    /// Chords, rolls and runs.
    pub spread: Spread,
    /// Joined notes.
    pub legato: Legato,
    /// Vibrato.
    pub vibrato: Vibrato,
    /// Slides, bends, presses, scoops and falls.
    pub glide: Glide,
    /// Repeated strokes.
    pub strokes: Strokes,
    /// Level within a note.
    pub level: Level,
    /// Brightness.
    pub tone: Tone,
    /// Breathing and bow changes.
    pub breath: Breath,
}

/// Timing in milliseconds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Timing {
    /// Standard deviation of the wander around the beat.
    pub sigma: f32,
    /// Standard deviation between the notes of a chord.
    pub chord: f32,
    /// How early slow attacks begin, to be heard on the beat.
    pub ahead: f32,
}

/// Relative changes of velocity (0.1 = a tenth).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Touch {
    /// From no energy to full energy.
    pub energy: f32,
    /// From the weakest to the strongest place in the bar.
    pub metric: f32,
    /// From the ends of a phrase to its peak.
    pub arc: f32,
    /// Standard deviation of chance.
    pub sigma: f32,
    /// Between the strong and the weak hand (down and up bow, thumb and finger) on repeats.
    pub hand: f32,
    /// Top voice of a chord over its middle.
    pub top: f32,
    /// Inner voices of a chord below its middle.
    pub inner: f32,
    /// Rise of an accent.
    pub accent: f32,
    /// Rise of a marcato.
    pub marcato: f32,
    /// Loudest velocity of a ghost note.
    pub ghost: f32,
    /// Softest velocity.
    pub least: f32,
}

/// Lengths as shares of the written one; times as stated.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Length {
    /// Plain notes.
    pub normal: f32,
    /// Tenuto.
    pub tenuto: f32,
    /// Staccato.
    pub staccato: f32,
    /// Marcato.
    pub marcato: f32,
    /// Ghost notes.
    pub ghost: f32,
    /// Muted notes.
    pub mute: f32,
    /// Shortest length in milliseconds.
    pub least: f32,
    /// Seconds that a struck or plucked note is left to ring, however short it is written.
    pub ring: f32,
    /// Milliseconds that joined notes overlap.
    pub overlap: f32,
}

/// Quarter notes that notes may ring on after their written end, until the chord changes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Hold {
    /// In melodies.
    pub melody: f32,
    /// In rhythmic accompaniment.
    pub comp: f32,
    /// In broken chords.
    pub arp: f32,
    /// In sustained chords.
    pub pad: f32,
    /// In bass lines.
    pub bass: f32,
    /// Milliseconds after the change of chord until the dampers fall.
    pub lift: f32,
}

/// Chords, rolls and runs, in milliseconds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Spread {
    /// A whole strummed chord, from hard and fast to soft and slow; 0 = not strummed.
    pub strum: [f32; 2],
    /// One step of a rolled chord.
    pub roll: f32,
    /// Notes in a glissando.
    pub run_notes: u8,
    /// One step of a glissando.
    pub run: f32,
}

/// Joined notes of a line.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Legato {
    /// Share of adjoining plain notes that are joined unasked.
    pub share: f32,
    /// Widest join in semitones.
    pub interval: u8,
}

/// Vibrato.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Vibrato {
    /// Greatest deviation in cents on plain long notes; 0 = none.
    pub depth: f32,
    /// Cycles a second.
    pub rate: f32,
    /// Seconds before it begins.
    pub onset: f32,
    /// Shortest note that has one, in seconds.
    pub least: f32,
    /// Greatest deviation in cents where vibrato is asked for.
    pub deep: f32,
    /// Cycles a second where vibrato is asked for.
    pub deep_rate: f32,
    /// Pulse of breath or bow with it, in decibels.
    pub level: f32,
}

/// Slides and bends: cents and milliseconds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Glide {
    /// How far below a slide begins that has no note before it.
    pub slide: f32,
    /// Shortest and longest slide.
    pub slide_ms: [f32; 2],
    /// How far below a bend begins.
    pub bend: f32,
    /// How long a bend takes.
    pub bend_ms: f32,
    /// Greatest rise of a press.
    pub press: f32,
    /// Depth of a fall.
    pub fall: f32,
    /// Depth of a scoop.
    pub scoop: f32,
    /// How often a long note at the start of a line is scooped unasked.
    pub scoop_chance: f32,
}

/// Repeated strokes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Strokes {
    /// Strokes of a tremolo in a second.
    pub tremolo: f32,
    /// Notes of a trill in a second.
    pub trill: f32,
    /// Articulations that the instrument itself renders.
    pub by_instrument: Vec<Articulation>,
}

/// Level within a note, in decibels.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Level {
    /// Rise of a long note from its start to its middle.
    pub swell: f32,
    /// Fall from there to its end.
    pub taper: f32,
    /// Change from no energy to full energy while a note is held.
    pub follow: f32,
    /// Rise of the last long note before a stronger section.
    pub lead: f32,
}

/// Brightness in −1..=1.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Tone {
    /// At full energy over middle energy.
    pub energy: f32,
    /// At full effort over middle effort.
    pub effort: f32,
}

/// Breathing and bow changes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Breath {
    /// Milliseconds of air before the next phrase.
    pub gap: f32,
    /// Longest time in seconds without air.
    pub every: f32,
}

/// Where a role stands against the beat.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Groove {
    /// Milliseconds behind the beat; negative = ahead.
    pub push: f32,
    /// Share of the style's lay-back.
    pub lay: f32,
    /// Factor on the instrument's timing deviation.
    pub sigma: f32,
    /// Factor on the instrument's phrase arc.
    pub arc: f32,
}

/// Where a group of drums stands against the beat.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Piece {
    /// Name for readers.
    pub name: String,
    /// General MIDI keys.
    pub keys: Vec<u8>,
    /// Milliseconds behind the beat; negative = ahead.
    pub push: f32,
    /// Share of the style's lay-back.
    pub lay: f32,
    /// Factor on the kit's timing deviation.
    pub sigma: f32,
    /// How much a hit on the beat exceeds one between beats.
    pub accent: f32,
    /// Shortest sounding time in seconds.
    pub ring: f32,
}

/// All rules, ready for look-up.
#[derive(Clone, Debug)]
pub struct Rulebook {
    default: toml::Table,
    families: toml::Table,
    instruments: toml::Table,
    singer: toml::Table,
    roles: Vec<(String, Groove)>,
    pieces: Vec<Piece>,
    other: Piece,
}

/// The shape of the rules file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesFile {
    default: toml::Table,
    family: toml::Table,
    instrument: toml::Table,
    /// Of every `voice-...` that has no table of its own: voices that users bring among them.
    singer: toml::Table,
}

/// The shape of the grooves file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroovesFile {
    role: std::collections::BTreeMap<String, Groove>,
    piece: Vec<Piece>,
}

impl Rulebook {
    /// Reads the two files.
    ///
    /// # Errors
    /// A sentence that names the file and what is wrong with it.
    pub fn parse(rules: &str, grooves: &str) -> Result<Self, String> {
        let rules: RulesFile =
            toml::from_str(rules).map_err(|e| format!("perform/rules.toml: {e}"))?;
        let grooves: GroovesFile =
            toml::from_str(grooves).map_err(|e| format!("perform/grooves.toml: {e}"))?;
        let book = Self {
            default: rules.default,
            families: rules.family,
            instruments: rules.instrument,
            singer: rules.singer,
            roles: grooves.role.into_iter().collect(),
            pieces: grooves.piece,
            other: Piece {
                name: "other".into(),
                keys: Vec::new(),
                push: 0.0,
                lay: 0.7,
                sigma: 1.2,
                accent: 0.08,
                ring: 0.4,
            },
        };
        for family in book.families.keys() {
            book.resolve(Some(family), None)?;
        }
        for instrument in book.instruments.keys() {
            book.resolve(None, Some(instrument))?;
        }
        book.resolve(None, Some("voice-"))?;
        Ok(book)
    }

    /// The rules that ship inside the program.
    pub fn shipped() -> &'static Self {
        static BOOK: OnceLock<Rulebook> = OnceLock::new();
        BOOK.get_or_init(|| {
            let text = |name| yuefu_data::text(name).unwrap_or_default();
            Self::parse(text("perform/rules.toml"), text("perform/grooves.toml"))
                .expect("the shipped rules are whole (tested)")
        })
    }

    /// The rules of an instrument.
    pub fn rules(&self, instrument: &str, family: Family) -> Rules {
        let family = family_name(family);
        self.resolve(Some(&family), Some(instrument))
            .expect("every table was resolved when the book was read")
    }

    /// Ids of the instruments that have rules of their own.
    pub fn instruments(&self) -> impl Iterator<Item = &str> {
        self.instruments.keys().map(String::as_str)
    }

    /// Where a role stands.
    pub fn groove(&self, role: Role) -> Groove {
        self.roles
            .iter()
            .find(|(name, _)| name == role.name())
            .map_or(
                Groove {
                    push: 0.0,
                    lay: 0.0,
                    sigma: 1.0,
                    arc: 1.0,
                },
                |(_, groove)| groove.clone(),
            )
    }

    /// Where a drum stands, by its General MIDI key.
    pub fn piece(&self, key: u8) -> &Piece {
        self.pieces
            .iter()
            .find(|piece| piece.keys.contains(&key))
            .unwrap_or(&self.other)
    }

    fn resolve(&self, family: Option<&str>, instrument: Option<&str>) -> Result<Rules, String> {
        let mut table = self.default.clone();
        let layers = [(&self.families, family), (&self.instruments, instrument)];
        for (tables, name) in layers {
            match (name.and_then(|name| tables.get(name)), name) {
                (Some(toml::Value::Table(over)), _) => lay_over(&mut table, over),
                (None, Some(name)) if name.starts_with("voice-") => {
                    lay_over(&mut table, &self.singer);
                }
                _ => {}
            }
        }
        table.try_into().map_err(|e| {
            let name = instrument.or(family).unwrap_or("default");
            format!("perform/rules.toml: `{name}`: {e}")
        })
    }
}

/// The name of a family in files.
fn family_name(family: Family) -> String {
    toml::Value::try_from(family)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn lay_over(base: &mut toml::Table, over: &toml::Table) {
    for (name, value) in over {
        match (base.get_mut(name), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(more)) => lay_over(inner, more),
            _ => {
                base.insert(name.clone(), value.clone());
            }
        }
    }
}
