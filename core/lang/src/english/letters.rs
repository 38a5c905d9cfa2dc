//! Spelling to sound for words that no dictionary has.
//!
//! Every letter stands for no, one or two phones; a linear model over the letters around it and
//! the phones before it chooses which, and a beam keeps the best few readings of the word. The
//! model is trained by `cargo run -p xtask --release -- train-sounds` on nine tenths of the
//! Carnegie Mellon dictionary; the rest measures it.

/// Bits of the table that weights are hashed into.
pub const BITS: u32 = 21;
/// Readings kept while a word is spelled.
const BEAM: usize = 8;
/// Beyond this a "word" is noise; what follows is not read.
const LONGEST: usize = 40;

/// The model.
#[derive(Debug)]
pub struct Letters {
    /// What each letter (a to z, apostrophe) may stand for.
    choices: Vec<Vec<Choice>>,
    weights: Vec<i8>,
}

/// What a letter may stand for.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Packed phones, such as `yx1`; empty for a silent letter.
    pub phones: String,
    /// Negative logarithm of how often the letter stands for it.
    pub cost: f32,
    /// Number within the model.
    pub class: u32,
}

/// Index of a letter among the choices.
pub fn index(letter: u8) -> usize {
    match letter {
        b'a'..=b'z' => usize::from(letter - b'a'),
        _ => 26,
    }
}

/// Whether the model reads a word: letters a to z and apostrophes.
pub fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'\'')
}

/// Whether a word belongs to the tenth that measures the model.
pub fn is_held_out(word: &str) -> bool {
    mix(word.bytes().fold(7, |sum, byte| mix(sum ^ u64::from(byte)))).is_multiple_of(10)
}

impl Letters {
    /// Reads the model: a line for each letter with its choices, then the weights.
    ///
    /// # Errors
    /// Says what is missing.
    pub fn new(bytes: &[u8]) -> Result<Self, String> {
        let split = bytes
            .len()
            .checked_sub(1 << BITS)
            .ok_or("expected more bytes than the table of weights has")?;
        let text = std::str::from_utf8(&bytes[..split]).map_err(|error| error.to_string())?;
        let mut choices = Vec::new();
        let mut class = 0;
        for line in text.lines() {
            let mut row = Vec::new();
            for part in line.split('\t').filter(|part| !part.is_empty()) {
                let (phones, cost) = part
                    .split_once('=')
                    .ok_or_else(|| format!("expected `phones=cost`, found `{part}`"))?;
                row.push(Choice {
                    phones: phones.to_owned(),
                    cost: cost.parse().map_err(|_| format!("`{cost}` is no number"))?,
                    class,
                });
                class += 1;
            }
            choices.push(row);
        }
        if choices.len() != 27 || choices.iter().any(Vec::is_empty) {
            return Err(format!(
                "expected choices for 27 letters, found {}",
                choices.len()
            ));
        }
        let weights = bytes[split..].iter().map(|byte| *byte as i8).collect();
        Ok(Self { choices, weights })
    }

    /// The likeliest reading of a word, packed; empty where every letter is silent.
    pub fn spell(&self, word: &str) -> String {
        let letters: Vec<u8> = word.bytes().take(LONGEST).collect();
        let mut beam = vec![(0_i64, History::default())];
        for at in 0..letters.len() {
            let mut next: Vec<(i64, History)> = Vec::new();
            for (score, history) in &beam {
                let features = features(&letters, at, history);
                for choice in &self.choices[index(letters[at])] {
                    let more: i64 = features
                        .iter()
                        .map(|feature| i64::from(self.weights[slot(*feature, choice.class)]))
                        .sum();
                    next.push((score + more, history.with(&choice.phones)));
                }
            }
            next.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.phones.cmp(&b.1.phones)));
            next.truncate(BEAM);
            beam = next;
        }
        let best = beam.into_iter().next().map(|(_, history)| history.phones);
        best.map(|phones| stressed(&phones)).unwrap_or_default()
    }

    /// Which letters each packed phone is written with: the index of its letter, one for each
    /// phone. `None` where the letters cannot stand for the phones.
    pub fn align(&self, word: &str, phones: &[String]) -> Option<Vec<usize>> {
        let letters: Vec<u8> = word.bytes().collect();
        align(&letters, phones, &|letter, piece| {
            self.choices[index(letter)]
                .iter()
                .filter(|choice| without_stress(&choice.phones) == piece)
                .map(|choice| choice.cost)
                .reduce(f32::min)
        })
        .map(|taken| {
            let mut out = Vec::new();
            for (letter, count) in taken.into_iter().enumerate() {
                out.extend(std::iter::repeat_n(letter, count));
            }
            out
        })
    }
}

/// How many phones each letter takes, by dynamic programming; `cost` of a letter standing for
/// packed phones without stress.
pub fn align(
    letters: &[u8],
    phones: &[String],
    cost: &dyn Fn(u8, &str) -> Option<f32>,
) -> Option<Vec<usize>> {
    let (rows, columns) = (letters.len() + 1, phones.len() + 1);
    let mut best = vec![f32::INFINITY; rows * columns];
    let mut taken = vec![0; rows * columns];
    best[0] = 0.0;
    for at in 0..letters.len() {
        for done in 0..columns {
            let so_far = best[at * columns + done];
            if so_far.is_infinite() {
                continue;
            }
            let mut piece = String::new();
            for count in 0..=2.min(phones.len() - done) {
                if count > 0 {
                    piece.push_str(&without_stress(&phones[done + count - 1]));
                }
                let Some(more) = cost(letters[at], &piece) else {
                    continue;
                };
                let to = (at + 1) * columns + done + count;
                if so_far + more < best[to] {
                    best[to] = so_far + more;
                    taken[to] = count;
                }
            }
        }
    }
    if best[rows * columns - 1].is_infinite() {
        return None;
    }
    let mut out = vec![0; letters.len()];
    let mut done = phones.len();
    for at in (0..letters.len()).rev() {
        out[at] = taken[(at + 1) * columns + done];
        done -= out[at];
    }
    Some(out)
}

/// Packed phones without digits.
pub fn without_stress(phones: &str) -> String {
    phones
        .chars()
        .filter(|sign| !sign.is_ascii_digit())
        .collect()
}

/// What a word has been read as so far.
#[derive(Clone, Debug, Default)]
pub struct History {
    phones: String,
    /// Hashes of what the last three letters stood for, the last first.
    last: [u64; 3],
    /// Vowels so far, and whether one has the stress.
    vowels: u8,
    stressed: bool,
}

impl History {
    /// With one more letter read.
    #[must_use]
    pub fn with(&self, phones: &str) -> Self {
        let hash = phones
            .bytes()
            .fold(11, |sum, byte| mix(sum ^ u64::from(byte)));
        Self {
            phones: format!("{}{phones}", self.phones),
            last: [hash, self.last[0], self.last[1]],
            vowels: self.vowels + phones.bytes().filter(u8::is_ascii_digit).count() as u8,
            stressed: self.stressed || phones.contains('1'),
        }
    }
}

/// Features of a letter in its word.
pub fn features(letters: &[u8], at: usize, history: &History) -> Vec<u64> {
    let letter = |offset: isize| -> u64 {
        let place = at as isize + offset;
        if place < 0 || place >= letters.len() as isize {
            31
        } else {
            index(letters[place as usize]) as u64
        }
    };
    let window = |from: isize, to: isize| -> u64 {
        (from..=to).fold(1, |sum, offset| sum * 32 + letter(offset))
    };
    let [one, two, three] = history.last;
    let stress = u64::from(history.stressed) * 8 + u64::from(history.vowels.min(7));
    let left = (letters.len() - at).min(9) as u64;
    let ending = {
        let from = letters.len().saturating_sub(4);
        letters[from..]
            .iter()
            .fold(1, |sum, b| sum * 32 + index(*b) as u64)
    };
    let later_vowels = letters[at + 1..]
        .iter()
        .filter(|letter| b"aeiouy".contains(letter))
        .count()
        .min(7) as u64;
    let parts = [
        window(0, 0),
        window(-1, 0),
        window(0, 1),
        window(-1, 1),
        window(-2, 0),
        window(0, 2),
        window(-2, 1),
        window(-1, 2),
        window(-2, 2),
        window(-3, 0),
        window(0, 3),
        window(-3, 1),
        window(-1, 3),
        window(-3, 3),
        window(0, 4),
        window(-4, 0),
        mix(one) ^ window(0, 0),
        mix(one) ^ window(0, 1),
        mix(one) ^ window(-1, 1),
        mix(one) ^ window(0, 2),
        mix(mix(one) ^ two) ^ window(0, 0),
        mix(mix(one) ^ two) ^ window(0, 1),
        mix(mix(mix(one) ^ two) ^ three) ^ window(0, 0),
        mix(stress) ^ window(0, 2),
        mix(stress + 16 * later_vowels) ^ window(0, 0),
        mix(stress + 16 * later_vowels) ^ window(-1, 1),
        mix(ending) ^ (left * 64 + letter(0)),
        mix(ending + (stress << 40)) ^ (left * 64 + letter(0)),
        mix(ending % (1 << 15) + (stress << 40)) ^ (left * 64 + letter(0)),
    ];
    parts
        .iter()
        .enumerate()
        .map(|(number, part)| mix(mix(*part) ^ (number as u64 + 1)))
        .collect()
}

/// Where the weight of a feature for a class lies.
pub fn slot(feature: u64, class: u32) -> usize {
    (mix(feature ^ (u64::from(class) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)) >> (64 - BITS))
        as usize
}

/// Mixes bits (the finisher of SplitMix64).
fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// With exactly one primary stress: the first keeps it, others become secondary; without any the
/// first vowel that has a secondary one, or else the first vowel, gets it.
fn stressed(phones: &str) -> String {
    let mut out: Vec<u8> = phones.bytes().collect();
    let digits: Vec<usize> = (0..out.len())
        .filter(|i| out[*i].is_ascii_digit())
        .collect();
    let primary = digits
        .iter()
        .find(|i| out[**i] == b'1')
        .or_else(|| digits.iter().find(|i| out[**i] == b'2'))
        .or(digits.first())
        .copied();
    for at in digits {
        if Some(at) == primary {
            out[at] = b'1';
        } else if out[at] == b'1' {
            out[at] = b'2';
        }
    }
    String::from_utf8(out).unwrap_or_default()
}
