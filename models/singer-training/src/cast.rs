//! Who is trained: the singers, and which voices of the teacher they learn from.

/// A singer to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Singer {
    /// The teacher's voice for the sound.
    pub voice: &'static str,
    /// Whose way of speaking it borrows in Mandarin and in English, each at home in the language.
    pub prosody: [&'static str; 2],
    /// How often it speaks its own language out of ten lines.
    pub mandarin_in_ten: usize,
}

/// The cast, in the order of the network's singer numbers.
pub const CAST: [Singer; 5] = [
    Singer {
        voice: "zf_xiaobei",
        prosody: ["zf_xiaobei", "af_heart"],
        mandarin_in_ten: 6,
    },
    Singer {
        voice: "zf_xiaoni",
        prosody: ["zf_xiaoni", "af_heart"],
        mandarin_in_ten: 6,
    },
    Singer {
        voice: "zm_yunjian",
        prosody: ["zm_yunjian", "am_michael"],
        mandarin_in_ten: 6,
    },
    Singer {
        voice: "af_heart",
        prosody: ["zf_xiaobei", "af_heart"],
        mandarin_in_ten: 4,
    },
    Singer {
        voice: "am_michael",
        prosody: ["zm_yunjian", "am_michael"],
        mandarin_in_ten: 4,
    },
];
