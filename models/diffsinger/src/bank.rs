//! A bank's files.

use crate::{
    net::Net,
    node::{Node, ReadYaml},
    words::{LANGUAGES, Words},
};
use std::collections::BTreeMap;
use yuefu_utau::BankFiles;
use yuefu_voice::VoiceError;

/// The file that makes a folder a bank.
const CONFIG: &str = "dsconfig.yaml";
/// Longest settings file or dictionary, in bytes.
const LONGEST_TEXT: usize = 16 << 20;
/// Most phonemes, and numbers of a speaker.
const MOST: usize = 8192;

/// Curves that networks may ask for, with what they usually are.
pub(crate) const CURVES: [(&str, f32); 4] = [
    ("energy", -24.0),
    ("breathiness", -48.0),
    ("voicing", -10.0),
    ("tension", 0.0),
];

/// What the variance network may give, by the curve, its switch in the settings, and its output.
const PREDICTED: [(&str, &str, &str); 4] = [
    ("energy", "predict_energy", "energy_pred"),
    ("breathiness", "predict_breathiness", "breathiness_pred"),
    ("voicing", "predict_voicing", "voicing_pred"),
    ("tension", "predict_tension", "tension_pred"),
];

/// An opened bank.
pub(crate) struct Bank {
    pub name: Option<String>,
    pub words: Words,
    pub acoustic: Net,
    pub vocoder: Net,
    pub variance: Option<Variance>,
    /// The first speaker's numbers.
    pub speaker: Option<Vec<f32>>,
    /// Samples a second, samples of a frame, values of a frame.
    pub rate: u32,
    pub hop: usize,
    pub mels: usize,
    /// From the acoustic network's logarithm to the vocoder's.
    pub mel_factor: f32,
    /// How deep the diffusion begins.
    pub depth: f32,
    /// Semitones by which the formants can be moved.
    pub shift: [f32; 2],
    languages: BTreeMap<String, i32>,
}

/// Networks that say how the voice varies.
pub(crate) struct Variance {
    pub linguistic: Net,
    pub network: Net,
    /// Curves with the names of the outputs.
    pub gives: Vec<(&'static str, &'static str)>,
}

/// Whether files are those of a bank.
pub fn is_bank<'a>(mut names: impl Iterator<Item = &'a str>) -> bool {
    names.any(|name| name.eq_ignore_ascii_case(CONFIG))
}

/// Reads files of the bank and remembers what was read.
struct Reader<'a> {
    files: &'a dyn BankFiles,
    yaml: &'a ReadYaml,
    digest: blake3::Hasher,
}

impl Reader<'_> {
    fn bytes(&mut self, name: &str) -> Result<Vec<u8>, VoiceError> {
        // Names lead from a settings file to another file of the bank, never out of it.
        let name = name.replace('\\', "/");
        let bytes = self
            .files
            .read(&name)
            .ok_or_else(|| fault(&name, "it is missing, or too large", "文件缺失，或过大"))?;
        self.digest.update(&(bytes.len() as u64).to_le_bytes());
        self.digest.update(&bytes);
        Ok(bytes)
    }

    fn text(&mut self, name: &str) -> Result<String, VoiceError> {
        let bytes = self.bytes(name)?;
        if bytes.len() > LONGEST_TEXT {
            return Err(fault(name, "it is too long", "文件过长"));
        }
        Ok(yuefu_utau::decode_text(&bytes).into_owned())
    }

    fn settings(&mut self, name: &str) -> Result<Node, VoiceError> {
        let text = self.text(name)?;
        (self.yaml)(&text)
            .ok_or_else(|| fault(name, "it is no YAML that can be read", "不是可读的 YAML"))
    }

    fn net(&mut self, name: &str) -> Result<Net, VoiceError> {
        let bytes = self.bytes(name)?;
        Net::load(name, bytes)
    }
}

impl Bank {
    /// Opens a bank; gives the digest of what it is made of too.
    pub fn open(files: &dyn BankFiles, yaml: &ReadYaml) -> Result<(Self, String), VoiceError> {
        let names = files.names();
        let mut reader = Reader {
            files,
            yaml,
            digest: blake3::Hasher::new(),
        };
        let config = reader.settings(CONFIG)?;
        let named = |key: &'static str| {
            config.text(key).ok_or_else(|| {
                fault(
                    CONFIG,
                    &format!("expected the name of a file under `{key}`"),
                    &format!("“{key}”处应为文件名"),
                )
            })
        };
        let phonemes = named("phonemes")?;
        let mut words = Words::new(tokens(&mut reader, phonemes)?);
        dictionaries(&mut reader, &names, &mut words)?;
        if words.languages().is_empty() {
            return Err(fault(
                "dsdict.yaml",
                "expected a dictionary of Mandarin, Japanese or Cantonese syllables, or English \
                 phonemes, found none",
                "应含普通话、日语、粤语音节的词典，或英语音素，但没有找到",
            ));
        }
        let acoustic = reader.net(named("acoustic")?)?;
        let (vocoder, settings) = vocoder(&mut reader, &names, config.text("vocoder"))?;
        let size = |node: &Node, key: &str, usual: f64, least: f64, most: f64| {
            let value = node.number(key).unwrap_or(usual);
            (least..=most)
                .contains(&value)
                .then_some(value)
                .ok_or_else(|| {
                    let range = format!("{least} to {most}");
                    fault(
                        key,
                        &format!("expected {range}, found {value}"),
                        &format!("应为 {range}，却是 {value}"),
                    )
                })
        };
        let own = |key: &str, usual: f64, least: f64, most: f64| {
            let [a, b] = [
                size(&settings, key, usual, least, most)?,
                size(&config, key, usual, least, most)?,
            ];
            if a == b {
                return Ok(b);
            }
            Err(fault(
                key,
                &format!("the vocoder has {a}, the acoustic network {b}"),
                &format!("声码器为 {a}，声学网络为 {b}"),
            ))
        };
        let rate = own("sample_rate", 44_100.0, 8000.0, 96_000.0)? as u32;
        let hop = own("hop_size", 512.0, 32.0, 4096.0)? as usize;
        let mels = own("num_mel_bins", 128.0, 1.0, 1024.0)? as usize;
        let natural = |node: &Node| node.text("mel_base") == Some("e");
        let mel_factor = match (natural(&config), natural(&settings)) {
            (false, true) => std::f32::consts::LN_10,
            (true, false) => std::f32::consts::LOG10_E,
            _ => 1.0,
        };
        let speaker = match config.items("speakers").first().and_then(Node::plain) {
            Some(name) if acoustic.takes("spk_embed") => Some(embedding(&mut reader, name)?),
            _ => None,
        };
        let range = config
            .get("augmentation_args")
            .and_then(|node| node.get("random_pitch_shifting"));
        let ends: Vec<f32> = range
            .map_or(&[][..], |node| node.items("range"))
            .iter()
            .filter_map(|item| item.plain()?.parse().ok())
            .collect();
        let continuous = config.on("use_continuous_acceleration");
        let deepest = config.number("max_depth").unwrap_or(1.0);
        let depth = match (continuous, deepest <= 1.0) {
            (true, _) => deepest.clamp(0.0, 1.0),
            (false, true) => (deepest * 1000.0).clamp(1.0, 1000.0),
            (false, false) => deepest.min(1000.0),
        };
        let languages = match config.text("languages") {
            Some(name) => numbers(&reader.settings(name)?),
            None => BTreeMap::new(),
        };
        let bank = Self {
            name: name_of(&mut reader, &names),
            words,
            acoustic,
            vocoder,
            variance: variance(&mut reader, &names)?,
            speaker,
            rate,
            hop,
            mels,
            mel_factor,
            depth: depth as f32,
            shift: match ends[..] {
                [low, high] if low <= 0.0 && high >= 0.0 => [low.max(-24.0), high.min(24.0)],
                _ => [-5.0, 5.0],
            },
            languages,
        };
        Ok((bank, reader.digest.finalize().to_hex().to_string()))
    }

    /// The bank's number of a language.
    pub fn language(&self, lang: &str) -> i32 {
        let codes = LANGUAGES.iter().find(|row| row.0 == lang);
        let mut codes = codes.map_or(&[][..], |row| row.1).iter();
        codes
            .find_map(|code| self.languages.get(*code).copied())
            .unwrap_or(0)
    }
}

/// Numbers of phonemes: a name on each line, or a map.
fn tokens(reader: &mut Reader<'_>, name: &str) -> Result<BTreeMap<String, i32>, VoiceError> {
    let found = if name.ends_with(".txt") {
        let text = reader.text(name)?;
        let names = text.lines().map(str::trim).zip(0..);
        names.map(|(name, n)| (name.to_owned(), n)).collect()
    } else {
        numbers(&reader.settings(name)?)
    };
    if found.len() < 2 || found.len() > MOST {
        return Err(fault(
            name,
            &format!("expected 2 to {MOST} phonemes, found {}", found.len()),
            &format!("应有 2 到 {MOST} 个音素，却有 {} 个", found.len()),
        ));
    }
    Ok(found)
}

fn numbers(node: &Node) -> BTreeMap<String, i32> {
    let Node::Map(rows) = node else {
        return BTreeMap::new();
    };
    rows.iter()
        .filter_map(|(name, value)| Some((name.clone(), value.plain()?.parse().ok()?)))
        .collect()
}

fn dictionaries(
    reader: &mut Reader<'_>,
    names: &[String],
    words: &mut Words,
) -> Result<(), VoiceError> {
    for name in names {
        let file = name.rsplit('/').next().unwrap_or(name).to_lowercase();
        let Some(rest) = file
            .strip_prefix("dsdict")
            .and_then(|r| r.strip_suffix(".yaml"))
        else {
            continue;
        };
        let code = rest.trim_start_matches(['-', '_']);
        let node = reader.settings(name)?;
        let own = LANGUAGES.iter().find(|(_, codes)| codes.contains(&code));
        match own {
            Some((lang, _)) => {
                words.add(lang, &node);
            }
            None => {
                // A dictionary that does not say its language is that in which most of it reads.
                let count = |lang: &&(&'static str, _)| words.clone().add(lang.0, &node);
                if let Some((lang, _)) = LANGUAGES.iter().rev().max_by_key(count) {
                    words.add(lang, &node);
                }
            }
        }
    }
    Ok(())
}

/// The vocoder: in a folder of the bank with a `vocoder.yaml`.
fn vocoder(
    reader: &mut Reader<'_>,
    names: &[String],
    wanted: Option<&str>,
) -> Result<(Net, Node), VoiceError> {
    let all = names
        .iter()
        .filter(|name| name.rsplit('/').next() == Some("vocoder.yaml"));
    let folder = |name: &str| {
        name.rsplit_once('/')
            .map_or(String::new(), |(f, _)| format!("{f}/"))
    };
    let named = |name: &&String| wanted.is_some_and(|wanted| folder(name).contains(wanted));
    let found = all.clone().find(named).or_else(|| all.clone().next());
    let Some(found) = found else {
        let wanted = wanted.unwrap_or("?");
        return Err(fault(
            "vocoder.yaml",
            &format!(
                "the bank does not hold its vocoder `{wanted}`. Unpack the vocoder into a folder \
                 `dsvocoder` beside {CONFIG}"
            ),
            &format!("音源不含声码器“{wanted}”。请把声码器解压到 {CONFIG} 旁的 dsvocoder 文件夹"),
        ));
    };
    let settings = reader.settings(found)?;
    let model = settings.text("model").ok_or_else(|| {
        fault(
            found,
            "expected the name of a file under `model`",
            "“model”处应为文件名",
        )
    })?;
    let net = reader.net(&format!("{}{model}", folder(found)))?;
    Ok((net, settings))
}

/// Numbers of a speaker: 32-bit floats, little-endian.
fn embedding(reader: &mut Reader<'_>, name: &str) -> Result<Vec<f32>, VoiceError> {
    let file = match name.ends_with(".emb") {
        true => name.to_owned(),
        false => format!("{name}.emb"),
    };
    let bytes = reader.bytes(&file)?;
    let numbers = bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|b| f32::from_le_bytes(*b));
    let numbers: Vec<f32> = numbers.collect();
    let sound = bytes.len() % 4 == 0
        && (1..=MOST).contains(&numbers.len())
        && numbers.iter().all(|x| x.is_finite());
    sound.then_some(numbers).ok_or_else(|| {
        fault(
            &file,
            "expected a speaker as 32-bit numbers",
            "应为 32 位浮点数的说话人向量",
        )
    })
}

/// The variance networks, where the bank has some that can be used.
fn variance(reader: &mut Reader<'_>, names: &[String]) -> Result<Option<Variance>, VoiceError> {
    let Some(name) = names
        .iter()
        .find(|name| name.eq_ignore_ascii_case("dsvariance/dsconfig.yaml"))
    else {
        return Ok(None);
    };
    let settings = reader.settings(name)?;
    let (Some(linguistic), Some(network)) =
        (settings.text("linguistic"), settings.text("variance"))
    else {
        return Ok(None);
    };
    let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
    let gives = PREDICTED.iter().filter(|row| settings.on(row.1));
    Ok(Some(Variance {
        linguistic: reader.net(&format!("{folder}/{linguistic}"))?,
        network: reader.net(&format!("{folder}/{network}"))?,
        gives: gives.map(|row| (row.0, row.2)).collect(),
    }))
}

fn name_of(reader: &mut Reader<'_>, names: &[String]) -> Option<String> {
    let file = |wanted: &str| names.iter().find(|name| name.eq_ignore_ascii_case(wanted));
    let shown = |name: &str| -> Option<String> {
        let plain = name.chars().filter(|sign| !sign.is_control());
        let name: String = plain.take(60).collect();
        (!name.trim().is_empty()).then(|| name.trim().to_owned())
    };
    if let Some(yaml) = file("character.yaml") {
        let name = reader.settings(yaml).ok()?.text("name").and_then(shown);
        if name.is_some() {
            return name;
        }
    }
    let text = reader.text(file("character.txt")?).ok()?;
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("name="))?;
    shown(line)
}

fn fault(file: &str, en: &str, zh: &str) -> VoiceError {
    VoiceError::new(format!("{file}: {en}"), format!("{file}：{zh}"))
}
