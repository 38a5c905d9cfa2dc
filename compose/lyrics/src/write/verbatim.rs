//! Whether a line stands word for word in the poems that the writer learned from.
//!
//! What ships is a Bloom filter (Bloom 1970) over hashes of their clauses: it cannot be read
//! backwards, never misses a clause, and takes about one line in ten thousand for one by mistake,
//! which costs the writer nothing but another line.

/// How many bits stand for a clause.
const HASHES: u64 = 8;
/// Shorter clauses are idioms and common speech (别来无恙).
pub const SHORTEST: usize = 5;

/// Whether a line, or a part of it between spaces or punctuation, is a clause of the collection.
pub fn is_verbatim(line: &str) -> bool {
    let Some(table) = yuefu_data::get("lyrics/verbatim.bin") else {
        return false;
    };
    line.split(|sign| !yuefu_lang::line::is_han(sign))
        .filter(|part| part.chars().count() >= SHORTEST)
        .any(|part| contains(table, part))
}

fn contains(table: &[u8], clause: &str) -> bool {
    let bits = table.len() as u64 * 8;
    // As in xtask/lyrics/learn.py: FNV-1a, mixed once.
    let mut hash = clause
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    hash ^= hash >> 29;
    let (first, step) = (hash & 0xFFFF_FFFF, (hash >> 32) | 1);
    (0..HASHES).all(|k| {
        let at = (first + k * step) % bits;
        table[(at / 8) as usize] & (1 << (at % 8)) != 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn famous_lines_are_known_and_others_are_not() {
        for line in [
            "明月几时有",
            "昨夜雨疏风骤",
            "问君能有几多愁",
            "小楼昨夜又东风 故国不堪回首月明中",
        ] {
            assert!(is_verbatim(line), "{line}");
        }
        for line in [
            "便利店门口的雨棚",
            "末班车溅起一路水光",
            "stay with me",
            "知否",
        ] {
            assert!(!is_verbatim(line), "{line}");
        }
    }

    #[test]
    fn nothing_of_the_stock_is_taken_from_the_poems() {
        for theme in crate::write::stock::shipped()
            .iter()
            .filter(|theme| theme.lang == "cmn")
        {
            for (_, stanza) in &theme.stanzas {
                for line in stanza.couplets.iter().flatten() {
                    for text in crate::write::stock::expand(line, 16) {
                        assert!(!is_verbatim(&text.replace('*', "")), "{}: {text}", theme.id);
                    }
                }
            }
        }
    }
}
