//! Words that are nearly a known one.

/// The nearest known word, when it is near enough to be a typing error: one edit for words of five
/// to seven letters, two for longer ones, with the same first letter. With `eager`, one edit also
/// for four letters.
pub(crate) fn nearest<'a>(
    word: &str,
    known: impl Iterator<Item = &'a str>,
    eager: bool,
) -> Option<&'a str> {
    if !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return None;
    }
    let most = match word.len() {
        0..=3 => return None,
        4 if !eager => return None,
        4..=7 => 1,
        8..=24 => 2,
        _ => return None,
    };
    known
        .filter(|other| {
            other.as_bytes()[0] == word.as_bytes()[0] && other.len().abs_diff(word.len()) <= most
        })
        .map(|other| (distance(word.as_bytes(), other.as_bytes()), other))
        .filter(|(far, other)| *far <= most && !(other.len() < 6 && *far > 1))
        .min()
        .map(|(_, other)| other)
}

/// Edits between two words: insertions, deletions, replacements and swaps of neighbors (optimal
/// string alignment).
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let same = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1)
                .min(rows[i][j - 1] + 1)
                .min(rows[i - 1][j - 1] + same);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_suggested() {
        let known = || {
            [
                "piano",
                "violin",
                "guitar",
                "reggae",
                "saxophone",
                "synthwave",
            ]
            .into_iter()
        };
        assert_eq!(nearest("violni", known(), false), Some("violin"));
        assert_eq!(nearest("saxofone", known(), false), Some("saxophone"));
        assert_eq!(nearest("regae", known(), false), Some("reggae"));
        assert_eq!(nearest("plane", known(), false), None);
        assert_eq!(nearest("guilty", known(), false), None);
    }
}
