//! What the network consists of, shared by training and singing: sizes, the order of its tensors,
//! and how phones and frames become numbers.

use super::bands::BANDS;
use yuefu_audio::math;

/// Seconds of one frame of the network.
pub const FRAME: f64 = 0.0125;
/// Bands of noise, 3 kHz apart.
pub const NOISE: usize = 3;
/// Values the network gives for a frame: envelope, noise, voice.
pub const OUTPUTS: usize = BANDS + NOISE + 1;
/// Values it gives for a phone: logarithm of its frames, pitch at its begin, middle and end.
pub const SPOKEN: usize = 4;
/// Numbers that describe a frame's place in its phone and its pitch.
pub const PLACE: usize = 16;
/// Where among them the pitch begins.
pub const PITCH_PLACE: usize = 7;
/// Rows of the phone table: symbols of two languages, parts, tones, stresses.
pub const ROWS: usize = 2 * 64 + 5 + 6 + 4;

/// Symbols in the order of their numbers; 0 is silence. At most 64.
pub const SYMBOLS: &[&str] = &[
    "", "p", "pʰ", "m", "f", "t", "tʰ", "n", "l", "k", "kʰ", "x", "tɕ", "tɕʰ", "ɕ", "ʈʂ", "ʈʂʰ",
    "ʂ", "ɻ", "ts", "tsʰ", "s", "j", "w", "ɥ", "a", "ɑ", "o", "ɤ", "ɛ", "e", "i", "u", "y", "ə",
    "ɚ", "ʊ", "ɹ̩", "ɻ̩", "m̩", "n̩", "ŋ̍", "ŋ", "ɪ̯", "ʊ̯", "b", "d", "ɡ", "tʃ", "dʒ", "v", "θ", "ð",
    "z", "ʃ", "ʒ", "h", "ɹ", "æ", "ʌ", "ɔ", "ɝ", "ɪ", "l̩",
];

/// The number of a symbol; `None` where the network has not met it.
pub fn symbol_number(symbol: &str) -> Option<u8> {
    SYMBOLS
        .iter()
        .position(|known| *known == symbol)
        .map(|index| index as u8)
}

/// The symbol of a number; that of silence where there is none.
pub(super) fn symbol(number: u8) -> &'static str {
    SYMBOLS.get(usize::from(number)).copied().unwrap_or("")
}

/// What the network is told of a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// Number of its symbol; 0 for silence.
    pub symbol: u8,
    /// 0 Mandarin, 1 English.
    pub lang: u8,
    /// 0 onset, 1 glide, 2 nucleus, 3 coda, 4 silence.
    pub part: u8,
    /// Mandarin tone 1 to 5, 0 for none.
    pub tone: u8,
    /// 0 none, 1 primary, 2 secondary, 3 where the language has no stress.
    pub stress: u8,
}

impl Features {
    /// Silence.
    pub const SILENCE: Self = Self {
        symbol: 0,
        lang: 0,
        part: 4,
        tone: 0,
        stress: 3,
    };
}

/// Rows of the phone table whose sum describes a phone.
pub fn phone_features(phone: Features) -> [usize; 4] {
    [
        usize::from(phone.lang.min(1)) * 64 + usize::from(phone.symbol.min(63)),
        128 + usize::from(phone.part.min(4)),
        133 + usize::from(phone.tone.min(5)),
        139 + usize::from(phone.stress.min(3)),
    ]
}

/// Numbers of a frame: `since` and `until` frames from and to the phone's ends, `pitch` in hertz
/// (of voiceless frames that of the voice around them).
pub fn place_features(since: f32, until: f32, pitch: f32) -> [f32; PLACE] {
    let length = (since + until).max(1e-3);
    let fade = |x: f32| math::exp(-f64::from(x) / 2.0) as f32;
    let mut out = [0.0; PLACE];
    out[0] = since / length;
    out[1] = until / length;
    out[2] = (since / 6.0).min(1.0);
    out[3] = (until / 6.0).min(1.0);
    out[4] = fade(since);
    out[5] = fade(until);
    out[6] = math::ln(f64::from(length)) as f32 / 3.0;
    out[PITCH_PLACE..].copy_from_slice(&pitch_features(pitch));
    out
}

/// The part of [`place_features`] that tells the pitch.
pub fn pitch_features(pitch: f32) -> [f32; PLACE - PITCH_PLACE] {
    let octaves = math::log2(f64::from(pitch.max(40.0)) / 220.0) as f32;
    let mut out = [0.0; PLACE - PITCH_PLACE];
    out[0] = octaves;
    out[1] = octaves * octaves * 0.5;
    for (index, to) in out[2..].iter_mut().enumerate() {
        let away = (octaves - (-1.2 + 0.4 * index as f32)) / 0.4;
        *to = math::exp(-0.5 * f64::from(away * away)) as f32;
    }
    out
}

/// A tensor: numbers of `rows` × `columns` from `at` on in the list of all numbers. A layer
/// multiplies a row vector from the left: rows are inputs, columns outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Where it begins.
    pub at: usize,
    /// Inputs.
    pub rows: usize,
    /// Outputs.
    pub columns: usize,
}

impl Tensor {
    /// Its numbers.
    pub fn of<'a>(&self, all: &'a [f32]) -> &'a [f32] {
        &all[self.at..self.at + self.rows * self.columns]
    }

    /// Its numbers, to be changed.
    pub fn of_mut<'a>(&self, all: &'a mut [f32]) -> &'a mut [f32] {
        &mut all[self.at..self.at + self.rows * self.columns]
    }
}

/// A residual block: a convolution over three places, and a layer back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Places apart.
    pub apart: usize,
    /// Three matrices on top of each other: for the place before, this one, the one after.
    pub spread: Tensor,
    /// Added before the nonlinearity.
    pub spread_bias: Tensor,
    /// The layer back.
    pub back: Tensor,
    /// Added behind it.
    pub back_bias: Tensor,
}

/// Sizes of the network and where its tensors lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Width of the phone encoder.
    pub phone: usize,
    /// Width of the frame network.
    pub frame: usize,
    /// Singers.
    pub singers: usize,
    /// Rows of phone features.
    pub table: Tensor,
    /// Blocks over phones.
    pub encoder: Vec<Block>,
    /// A row for each singer, added where lengths are foretold.
    pub speaker: Tensor,
    /// Convolution and layer that foretell lengths and melody; not residual.
    pub spoken: Block,
    /// From phones to frames.
    pub spread: Tensor,
    /// From place features to frames.
    pub place: Tensor,
    /// A row for each singer, added to frames.
    pub singer: Tensor,
    /// Blocks over frames.
    pub blocks: Vec<Block>,
    /// Second last layer.
    pub last: Tensor,
    /// Its bias.
    pub last_bias: Tensor,
    /// Last layer.
    pub output: Tensor,
    /// Its bias.
    pub output_bias: Tensor,
    /// How many numbers there are.
    pub numbers: usize,
}

impl Shape {
    /// The network of these sizes: width over phones, width over frames, singers, blocks over
    /// phones, blocks over frames (whose convolutions reach 1, 2, 4, 8, 1, 2 … frames).
    pub fn new(phone: usize, frame: usize, singers: usize, encoders: usize, blocks: usize) -> Self {
        let mut numbers = 0;
        let mut tensor = |rows: usize, columns: usize| {
            let at = numbers;
            numbers += rows * columns;
            Tensor { at, rows, columns }
        };
        let block = |tensor: &mut dyn FnMut(usize, usize) -> Tensor,
                     width: usize,
                     out: usize,
                     apart: usize| Block {
            apart,
            spread: tensor(width * 3, width),
            spread_bias: tensor(1, width),
            back: tensor(width, out),
            back_bias: tensor(1, out),
        };
        let table = tensor(ROWS, phone);
        let encoder = (0..encoders)
            .map(|_| block(&mut tensor, phone, phone, 1))
            .collect();
        let speaker = tensor(singers, phone);
        let spoken = block(&mut tensor, phone, SPOKEN, 1);
        let spread = tensor(phone, frame);
        let place = tensor(PLACE, frame);
        let singer = tensor(singers, frame);
        let blocks = (0..blocks)
            .map(|index| block(&mut tensor, frame, frame, 1 << (index % 4)))
            .collect();
        let last = tensor(frame, frame);
        let last_bias = tensor(1, frame);
        let output = tensor(frame, OUTPUTS);
        let output_bias = tensor(1, OUTPUTS);
        Self {
            phone,
            frame,
            singers,
            table,
            encoder,
            speaker,
            spoken,
            spread,
            place,
            singer,
            blocks,
            last,
            last_bias,
            output,
            output_bias,
            numbers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phone_of_both_languages_has_a_number() {
        assert!(SYMBOLS.len() <= 64);
        for (lang, reading) in [
            ("cmn", "zhuang4"),
            ("cmn", "xue2"),
            ("cmn", "si1"),
            ("cmn", "er2"),
            ("cmn", "huar1"),
            ("en", "S T R EH1 NG TH S"),
            ("en", "JH OY1"),
            ("en", "DH ER0"),
            ("en", "Y UW1"),
            ("en", "ZH UH1 G"),
        ] {
            for phone in yuefu_lang::sounds(lang, reading).unwrap().phones {
                assert!(symbol_number(phone.symbol).is_some(), "{}", phone.symbol);
            }
        }
    }

    #[test]
    fn tensors_lie_behind_each_other() {
        let shape = Shape::new(8, 12, 2, 2, 5);
        assert_eq!(shape.blocks[4].apart, 1);
        assert_eq!(shape.blocks[3].apart, 8);
        assert_eq!(shape.output_bias.at + OUTPUTS, shape.numbers);
        assert_eq!(shape.encoder[0].spread.at, ROWS * 8);
    }
}
