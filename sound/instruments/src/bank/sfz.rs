//! A user's own SFZ instrument: a text of opcodes and the sample files it names.
//!
//! Read are the common opcodes of SFZ 1: `sample`, `key`, `lokey`, `hikey`, `lovel`, `hivel`,
//! `pitch_keycenter`, `ampeg_*`, `loop_mode`, `loop_start`, `loop_end`, `offset`, `tune`,
//! `transpose`, `volume` (up to 0 dB), `pan`, `amp_veltrack`, `seq_length`, `seq_position`,
//! `lorand`, `hirand`, `trigger`, `group`, `off_by`, `cutoff`, `resonance`, `fil_type` (low-pass),
//! with `<control>`, `<global>`, `<master>`, `<group>` and `<region>`. Others are ignored.

use super::{
    Bank, BankError, Sample,
    region::{self, Pick, Region, number as g},
    sample, wave,
};
use std::collections::BTreeMap;
use yuefu_audio::math;

/// Most regions of one file.
const MAX_REGIONS: usize = 20_000;

type Opcodes = BTreeMap<String, String>;

/// Opens an SFZ text; `load` gives the bytes of a sample file by the path the text names
/// (with `/`), relative to the SFZ file. The instrument is preset 0:0.
///
/// # Errors
/// When there is no region, a sample is missing or cannot be read, or there are too many.
pub fn open(
    name: &str,
    text: &str,
    mut load: impl FnMut(&str) -> Option<Vec<u8>>,
) -> Result<Bank, BankError> {
    let mut samples: Vec<Sample> = Vec::new();
    // By path: the number of its first sample, how many it has, and what else the file says.
    let mut loaded: BTreeMap<String, (usize, usize, wave::Wave)> = BTreeMap::new();
    let mut regions = Vec::new();
    for opcodes in sections(text) {
        let Some(file) = opcodes.get("sample") else {
            continue;
        };
        if regions.len() >= MAX_REGIONS {
            return Err(BankError::beyond(
                name,
                format!("at most {MAX_REGIONS} regions"),
                "more",
            ));
        }
        let folder = opcodes.get("default_path").map_or("", String::as_str);
        let path = format!("{folder}{file}").replace('\\', "/");
        if !loaded.contains_key(&path) {
            let bytes = load(&path).ok_or_else(|| BankError {
                place: name.into(),
                expected: format!("the sample `{path}` beside it"),
                found: "no such file".into(),
                remedy: "keep the SFZ file and its samples together, as they were unpacked".into(),
            })?;
            let mut wave = decode(&path, &bytes)?;
            let first = samples.len();
            let rate = wave.rate as f32;
            for points in std::mem::take(&mut wave.channels) {
                samples.push(Sample::new(points, rate, 60.0, (0, 0)));
            }
            loaded.insert(path.clone(), (first, samples.len() - first, wave));
        }
        let Some(&(first, sides, ref wave)) = loaded.get(&path) else {
            continue;
        };
        for side in 0..sides {
            let mut region = region(&opcodes, wave, first + side);
            if sides == 2 {
                let pan = region.generators[g::PAN];
                region.generators[g::PAN] = pan + if side == 0 { -500.0 } else { 500.0 };
            }
            regions.push(region);
        }
    }
    if regions.is_empty() {
        return Err(BankError::damaged(
            name,
            "at least one <region> with a sample",
            "none",
        ));
    }
    Ok(Bank::ready(name, regions, samples))
}

fn decode(path: &str, bytes: &[u8]) -> Result<wave::Wave, BankError> {
    if bytes.starts_with(b"OggS") {
        let points = sample::vorbis(bytes, 0, bytes.len()).unwrap_or_default();
        // The identification header follows the first page's header of 28 bytes.
        let rate = bytes
            .get(40..44)
            .map_or(44_100, |r| u32::from_le_bytes([r[0], r[1], r[2], r[3]]));
        return Ok(wave::Wave {
            channels: vec![points],
            rate,
            ..wave::Wave::default()
        });
    }
    wave::read(path, bytes)
}

/// The opcodes of every region, those of its group, master and global included.
fn sections(text: &str) -> Vec<Opcodes> {
    let mut levels: [Opcodes; 5] = Default::default();
    let mut level = None;
    let mut found = Vec::new();
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or("").trim();
        let mut rest = line;
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('<') {
                let Some((header, more)) = after.split_once('>') else {
                    break;
                };
                if level == Some(4) {
                    found.push(merged(&levels));
                }
                level = ["control", "global", "master", "group", "region"]
                    .iter()
                    .position(|name| *name == header.trim());
                if let Some(level) = level {
                    levels[level..].iter_mut().for_each(Opcodes::clear);
                }
                rest = more.trim_start();
                continue;
            }
            let Some((name, value)) = rest.split_once('=') else {
                break;
            };
            // A value runs to the next opcode or header: file names may hold spaces.
            let next = value
                .char_indices()
                .filter(|(_, c)| *c == '=' || *c == '<')
                .map(|(at, c)| {
                    if c == '<' {
                        at
                    } else {
                        value[..at].rfind(char::is_whitespace).unwrap_or(at)
                    }
                })
                .next()
                .unwrap_or(value.len());
            let (value, more) = value.split_at(next);
            if let Some(level) = level {
                levels[level].insert(name.trim().to_owned(), value.trim().to_owned());
            }
            // What does not advance is left.
            rest = if next == 0 { "" } else { more.trim_start() };
        }
    }
    if level == Some(4) {
        found.push(merged(&levels));
    }
    found
}

fn merged(levels: &[Opcodes; 5]) -> Opcodes {
    let mut all = Opcodes::new();
    for level in levels {
        all.extend(level.iter().map(|(k, v)| (k.clone(), v.clone())));
    }
    all
}

/// A key by number or name (`c4` = 60).
fn key(value: &str) -> Option<u8> {
    if let Ok(number) = value.parse::<i32>() {
        return Some(number.clamp(0, 127) as u8);
    }
    let mut letters = value.chars();
    let step = match letters.next()?.to_ascii_lowercase() {
        'c' => 0,
        'd' => 2,
        'e' => 4,
        'f' => 5,
        'g' => 7,
        'a' => 9,
        'b' => 11,
        _ => return None,
    };
    let rest = letters.as_str();
    let (shift, octave) = match rest.strip_prefix('#') {
        Some(octave) => (1, octave),
        None => rest
            .strip_prefix('b')
            .map_or((0, rest), |octave| (-1, octave)),
    };
    let octave: i32 = octave.parse().ok()?;
    Some((step + shift + (octave.clamp(-1, 9) + 1) * 12).clamp(0, 127) as u8)
}

fn region(opcodes: &Opcodes, wave: &wave::Wave, sample: usize) -> Region {
    let number = |name: &str| {
        opcodes
            .get(name)
            .and_then(|value| value.parse::<f32>().ok())
            .filter(|value| value.is_finite())
    };
    let note = |name: &str| opcodes.get(name).and_then(|value| key(value));
    let one = note("key");
    let keys = (
        note("lokey").or(one).unwrap_or(0),
        note("hikey").or(one).unwrap_or(127),
    );
    let velocity = |name: &str, default| number(name).unwrap_or(default).clamp(0.0, 127.0) as u8;
    let mut values = region::defaults();
    let root = note("pitch_keycenter").or(one).or(wave.key).unwrap_or(60);
    values[g::ROOT_KEY] = f32::from(root);
    values[g::FINE_TUNE] = number("tune").unwrap_or(0.0);
    values[g::COARSE_TUNE] = number("transpose").unwrap_or(0.0);
    values[g::PAN] = number("pan").unwrap_or(0.0).clamp(-100.0, 100.0) * 5.0;
    // Attenuation in a SoundFont counts four tenths.
    values[g::ATTENUATION] = (-number("volume").unwrap_or(0.0)).max(0.0) * 25.0;
    let timecents = |seconds: f32| {
        if seconds < 0.001 {
            -12_000.0
        } else {
            (1_200.0 * math::log2(f64::from(seconds))) as f32
        }
    };
    for (name, generator) in [
        ("ampeg_delay", 33),
        ("ampeg_attack", 34),
        ("ampeg_hold", 35),
        ("ampeg_decay", 36),
        ("ampeg_release", 38),
    ] {
        if let Some(seconds) = number(name) {
            values[generator] = timecents(seconds.min(100.0));
        }
    }
    if let Some(sustain) = number("ampeg_sustain") {
        let part = f64::from(sustain / 100.0).clamp(1e-5, 1.0);
        values[37] = (-200.0 * math::log10(part)) as f32;
    }
    let looped = match (number("loop_start"), number("loop_end")) {
        (Some(start), Some(end)) => Some((start.max(0.0) as usize, end.max(0.0) as usize + 1)),
        _ => wave.looped,
    };
    let mode = opcodes.get("loop_mode").map(String::as_str);
    values[g::SAMPLE_MODES] = match (mode, looped) {
        (Some("loop_continuous") | None, Some(_)) => 1.0,
        (Some("loop_sustain"), Some(_)) => 3.0,
        _ => 0.0,
    };
    if mode == Some("one_shot") {
        values[g::VOL_ENV_RELEASE] = timecents(100.0);
    }
    let mut place = |fine: usize, coarse: usize, points: usize| {
        values[fine] = (points % 32_768) as f32;
        values[coarse] = (points / 32_768) as f32;
    };
    if let Some((start, end)) = looped {
        place(g::LOOP_START, g::LOOP_START_COARSE, start);
        place(g::LOOP_END, g::LOOP_END_COARSE, end);
    }
    if let Some(offset) = number("offset") {
        place(g::START, g::START_COARSE, offset.max(0.0) as usize);
    }
    let low_pass = opcodes
        .get("fil_type")
        .is_none_or(|kind| kind.starts_with("lpf"));
    if let (true, Some(hertz)) = (low_pass, number("cutoff")) {
        let octaves = math::log2(f64::from(hertz.clamp(20.0, 20_000.0)) / 8.176);
        values[g::FILTER_CUTOFF] = (1_200.0 * octaves) as f32;
        values[g::FILTER_Q] = number("resonance").unwrap_or(0.0).clamp(0.0, 40.0) * 10.0;
    }
    let class = number("off_by").or(number("group").filter(|_| opcodes.contains_key("off_by")));
    values[g::EXCLUSIVE_CLASS] = class.unwrap_or(0.0);
    let mut modulators = region::default_modulators();
    if let (Some(track), Some(first)) = (number("amp_veltrack"), modulators.first_mut()) {
        first.amount = (960.0 * track.clamp(0.0, 100.0) / 100.0) as i16;
    }
    let whole = |name: &str| number(name).unwrap_or(1.0).clamp(1.0, 1_000.0) as u32;
    let high = number("hirand").unwrap_or(1.0);
    Region {
        keys,
        velocities: (velocity("lovel", 0.0), velocity("hivel", 127.0)),
        sample,
        generators: values,
        modulators,
        pick: Some(Pick {
            position: whole("seq_position"),
            length: whole("seq_length"),
            low: number("lorand").unwrap_or(0.0),
            // A random number is below 1: the last range includes its end.
            high: if high >= 1.0 { f32::MAX } else { high },
            release: opcodes
                .get("trigger")
                .is_some_and(|t| t.starts_with("release")),
        }),
    }
}
