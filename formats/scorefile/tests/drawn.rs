//! Pitch that singing programs draw, and damaged projects of theirs: read as drawn, refused with a
//! place, never a panic.

use proptest::prelude::*;
use yuefu_engine::Rng;
use yuefu_scorefile::{ScoreFile, ScoreFileError, ScoreLimits, read_ds, read_ustx};
use yuefu_song::Catalog;
use yuefu_theory::Ticks;

/// A project as OpenUtau writes it: a slide into the second note, vibrato on the third, a curve.
const USTX: &str = "name: Drawn
comment: ''
output_dir: Vocal
cache_dir: UCache
ustx_version: \"0.6\"
resolution: 480
bpm: 120
beat_per_bar: 4
beat_unit: 4
expressions:
  dyn: {name: dynamics (curve), abbr: dyn, type: Curve, min: -240, max: 120, default_value: 0, is_flag: false, flag: ''}
  pitd: {name: pitch deviation (curve), abbr: pitd, type: Curve, min: -1200, max: 1200, default_value: 0, is_flag: false, flag: ''}
time_signatures:
- bar_position: 0
  beat_per_bar: 4
  beat_unit: 4
tempos:
- position: 0
  bpm: 120
tracks:
- singer: teto
  phonemizer: OpenUtau.Plugin.Builtin.JapaneseCVVCPhonemizer
  renderer_settings:
    renderer: WORLDLINE-R
  mute: false
  solo: false
  volume: 0
  pan: 0
  track_name: Lead
voice_parts:
- duration: 3840
  name: Part
  comment: ''
  track_no: 0
  position: 480
  notes:
  - position: 0
    duration: 480
    tone: 60
    lyric: 还
    pitch:
      data:
      - {x: -40, y: 0, shape: io}
      - {x: 40, y: 0, shape: io}
      snap_first: true
    vibrato: {length: 0, period: 175, depth: 25, in: 10, out: 10, shift: 0, drift: 0}
    phoneme_expressions: []
    phoneme_overrides: []
  - position: 480
    duration: 480
    tone: 64
    lyric: 珠
    pitch:
      data:
      - {x: -100, y: -40, shape: l}
      - {x: 100, y: 0, shape: l}
      snap_first: true
    vibrato: {length: 0, period: 175, depth: 25, in: 10, out: 10, shift: 0, drift: 0}
    phoneme_expressions: []
    phoneme_overrides: []
  - position: 960
    duration: 1920
    tone: 62
    lyric: 格
    pitch:
      data:
      - {x: 0, y: 0, shape: io}
      snap_first: false
    vibrato: {length: 50, period: 200, depth: 40, in: 0, out: 0, shift: 0, drift: 0}
    phoneme_expressions: []
    phoneme_overrides: []
  curves:
  - xs:
    - 120
    - 240
    - 360
    ys:
    - 0
    - 50
    - 0
    abbr: pitd
wave_parts: []
";

/// A segment as DiffSinger's tools write it, with a pitch of two plateaus.
fn ds() -> String {
    let mut f0 = Vec::new();
    for index in 0..300 {
        let key: f64 = match index {
            0..100 => 60.0,
            100..120 => 60.0 + 4.0 * f64::from(index - 100) / 20.0,
            _ => 64.3,
        };
        f0.push(format!("{:.1}", 440.0 * ((key - 69.0) / 12.0).exp2()));
    }
    format!(
        "[\n  {{\n    \"offset\": 0.5,\n    \"text\": \"SP 还 珠 SP\",\n    \"ph_seq\": \"SP h uan zh u SP\",\n    \
         \"ph_num\": \"2 2 1 1\",\n    \"note_seq\": \"rest C4 E4 rest\",\n    \
         \"note_dur\": \"0.25 0.3 0.7 0.25\",\n    \"note_slur\": \"0 0 0 0\",\n    \
         \"f0_seq\": \"{}\",\n    \"f0_timestep\": \"0.005\"\n  }}\n]\n",
        f0.join(" ")
    )
}

fn ustx(text: &str) -> Result<ScoreFile, ScoreFileError> {
    read_ustx(text, &Catalog::default(), &ScoreLimits::default())
}

/// The drawn key at a time in quarter notes.
fn key_at(file: &ScoreFile, quarters: f64) -> f32 {
    let points = &file.drawn[0].pitch;
    let at = Ticks::from_quarters(quarters);
    let after = points.partition_point(|point| point.0 <= at);
    points[after.saturating_sub(1)].1
}

#[test]
fn points_vibrato_and_curves_of_open_utau_are_read_as_drawn() {
    let file = ustx(USTX).unwrap();
    assert_eq!(file.drawn.len(), 1);
    assert_eq!(file.drawn[0].track, 0);
    assert!(file.drawn[0].pitch.windows(2).all(|w| w[0].0 < w[1].0));
    // Quarter notes of the song: the part begins at 1. A pulse is about a millisecond.
    let near = |at: f64, key: f32| {
        let is = key_at(&file, at);
        assert!((is - key).abs() < 0.1, "at {at}: {is}, not {key}");
    };
    near(1.1, 60.0);
    near(1.5, 60.5);
    near(1.375, 60.25);
    near(1.77, 60.0);
    // From 100 ms before the second note to 100 ms after it, straight from C4 to E4.
    near(1.9, 61.0);
    near(2.0, 62.0);
    near(2.1, 63.0);
    near(2.3, 64.0);
    near(3.5, 62.0);
    // Vibrato on the second half of the third note: a cycle is 0.2 s, 0.4 quarter notes.
    near(5.1, 62.4);
    near(5.3, 61.6);
    near(6.7, 62.4);
    let plain = USTX
        .replace("y: -40", "y: 0")
        .replace("length: 50", "length: 0")
        .replace("    - 50\n", "    - 0\n");
    assert!(ustx(&plain).unwrap().drawn.is_empty(), "nothing is drawn");
}

#[test]
fn the_pitch_of_diff_singer_segments_is_read() {
    let file = read_ds(&ds(), &Catalog::default(), &ScoreLimits::default()).unwrap();
    let second = |at: f64| key_at(&file, at * 2.0);
    assert!((second(0.6) - 60.0).abs() < 0.02);
    assert!((second(1.05) - 62.0).abs() < 0.25);
    assert!((second(1.5) - 64.3).abs() < 0.02);
    assert!(file.warnings.is_empty(), "{:?}", file.warnings);
    let strange = ds().replace("\"0.005\"", "\"never\"");
    let file = read_ds(&strange, &Catalog::default(), &ScoreLimits::default()).unwrap();
    assert!(file.drawn.is_empty());
    assert!(file.warnings[0].message.contains("f0_timestep"));
}

/// Does to a text what disks, editors and other programs do to it.
fn damaged(text: &str, rng: &mut Rng) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..1 + rng.below(6) {
        let at = rng.below(lines.len());
        let words = [
            "1e308",
            "-1",
            "NaN",
            "99999999999999999999",
            "",
            "~",
            "[]",
            "{}",
            "- - -",
            "'",
            "\"",
            "inf",
            "0.0000001",
            "a: b: c",
            "\u{FEFF}",
            "𠮷",
        ];
        let word = words[rng.below(words.len())];
        match rng.below(7) {
            0 => {
                lines.remove(at);
            }
            1 => {
                let line = lines[at].clone();
                lines.insert(rng.below(lines.len()), line);
            }
            2 => lines[at] = format!("{}{}", " ".repeat(rng.below(9)), lines[at].trim_start()),
            3 => lines[at] = lines[at].split(':').next().unwrap_or("").to_owned() + ": " + word,
            4 => {
                let signs: Vec<char> = lines[at].chars().collect();
                let cut = rng.below(signs.len() + 1);
                lines[at] = signs[..cut].iter().collect();
            }
            5 => {
                // A number in it becomes another.
                let other = lines[at].clone();
                let digits = |c: char| c.is_ascii_digit() || c == '.';
                if let Some(from) = other.find(digits) {
                    let rest = &other[from..];
                    let len = rest.find(|c| !digits(c)).unwrap_or(rest.len());
                    lines[at] = format!("{}{word}{}", &other[..from], &rest[len..]);
                }
            }
            _ => {
                let other = rng.below(lines.len());
                lines.swap(at, other);
            }
        }
        if lines.is_empty() {
            break;
        }
    }
    lines.join("\n")
}

fn checked(read: Result<ScoreFile, ScoreFileError>) -> Result<bool, TestCaseError> {
    match read {
        Ok(file) => {
            for drawn in &file.drawn {
                prop_assert!(drawn.track < file.score.tracks.len());
                prop_assert!(drawn.pitch.windows(2).all(|w| w[0].0 < w[1].0));
                prop_assert!(drawn.pitch.iter().all(|p| (0.0..=140.0).contains(&p.1)));
            }
            Ok(true)
        }
        Err(error) => {
            prop_assert!(!error.expected.is_empty() && !error.found.is_empty());
            prop_assert!(!error.remedy.is_empty());
            prop_assert!(error.to_string().starts_with(&error.place.to_string()));
            Ok(false)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_projects_are_read_or_refused(seed in any::<u64>()) {
        let mut rng = Rng::new(seed);
        checked(ustx(&damaged(USTX, &mut rng)))?;
        let text = ds().replace(", ", ",\n").replace("\" ", "\"\n");
        let ds = damaged(&text, &mut rng);
        checked(read_ds(&ds, &Catalog::default(), &ScoreLimits::default()))?;
    }
}

#[test]
fn faults_have_a_line() {
    let text = USTX.replace("tempos:\n", "tempos\n");
    let error = ustx(&text).unwrap_err();
    assert!(error.to_string().starts_with("line "), "{error}");
    let text = ds().replace("\"ph_num\"", "ph_num");
    let error = read_ds(&text, &Catalog::default(), &ScoreLimits::default()).unwrap_err();
    assert!(error.to_string().starts_with("line 6, column"), "{error}");
}
