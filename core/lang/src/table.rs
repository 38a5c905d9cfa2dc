//! A sorted word list in one block of text, searched in place.
//!
//! Each line is a word, a tab and the rest; lines are sorted by the bytes of the word. Nothing is
//! parsed beforehand but where the lines begin, so that a list of 300,000 words is ready within
//! milliseconds.

/// A sorted word list.
#[derive(Debug, Default)]
pub struct Table {
    text: String,
    /// Where each line begins.
    starts: Vec<u32>,
}

impl Table {
    /// Takes a list.
    ///
    /// # Errors
    /// Says which line is not in order, or that the text is no UTF-8.
    pub fn new(bytes: Vec<u8>) -> Result<Self, String> {
        let text =
            String::from_utf8(bytes).map_err(|error| format!("expected UTF-8 text: {error}"))?;
        let mut starts = Vec::with_capacity(text.len() / 12);
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            if line.len() > 1 {
                starts.push(u32::try_from(at).map_err(|_| "expected less than 4 GB of text")?);
            }
            at += line.len();
        }
        let table = Self { text, starts };
        for index in 1..table.len() {
            if table.key(index - 1) >= table.key(index) {
                return Err(format!(
                    "line {}: expected words in ascending order, found `{}` after `{}`",
                    index + 1,
                    table.key(index),
                    table.key(index - 1)
                ));
            }
        }
        Ok(table)
    }

    /// Number of words.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether it has no words.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// What is said of a word.
    pub fn get(&self, word: &str) -> Option<&str> {
        let index = self.from(word, 0, self.len());
        (index < self.len() && self.key(index) == word).then(|| self.rest(index))
    }

    /// All words that a text begins with, shortest first: bytes of the text, and what is said of
    /// the word.
    pub fn prefixes<'a>(&'a self, text: &str) -> Vec<(usize, &'a str)> {
        let mut found = Vec::new();
        let (mut low, mut high) = (0, self.len());
        for (at, sign) in text.char_indices() {
            let prefix = &text[..at + sign.len_utf8()];
            low = self.from(prefix, low, high);
            if low == high || !self.key(low).starts_with(prefix) {
                break;
            }
            high = self.beyond(prefix, low, high);
            if self.key(low) == prefix {
                found.push((prefix.len(), self.rest(low)));
            }
        }
        found
    }

    /// All words with what is said of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        (0..self.len()).map(|index| (self.key(index), self.rest(index)))
    }

    /// The first line within bounds whose word is not below a word.
    fn from(&self, word: &str, low: usize, high: usize) -> usize {
        self.first(low, high, |key| key >= word)
    }

    /// The first line within bounds whose word neither is below a prefix nor begins with it.
    fn beyond(&self, prefix: &str, low: usize, high: usize) -> usize {
        self.first(low, high, |key| key > prefix && !key.starts_with(prefix))
    }

    fn first(&self, mut low: usize, mut high: usize, holds: impl Fn(&str) -> bool) -> usize {
        while low < high {
            let middle = low + (high - low) / 2;
            if holds(self.key(middle)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }

    fn line(&self, index: usize) -> &str {
        let start = self.starts[index] as usize;
        let end = self
            .starts
            .get(index + 1)
            .map_or(self.text.len(), |end| *end as usize);
        self.text[start..end].trim_end_matches('\n')
    }

    fn key(&self, index: usize) -> &str {
        let line = self.line(index);
        line.split_once('\t').map_or(line, |(key, _)| key)
    }

    fn rest(&self, index: usize) -> &str {
        self.line(index)
            .split_once('\t')
            .map_or("", |(_, rest)| rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_prefixes_are_found() {
        let table = Table::new("a\t1\nab\t2\nabd\t3\nac\nb\t5\n".into()).unwrap();
        assert_eq!(table.len(), 5);
        assert_eq!(table.get("ab"), Some("2"));
        assert_eq!(table.get("ac"), Some(""));
        assert_eq!(table.get("abc"), None);
        assert_eq!(table.get("z"), None);
        assert_eq!(table.prefixes("abdx"), [(1, "1"), (2, "2"), (3, "3")]);
        assert_eq!(table.prefixes("abcx"), [(1, "1"), (2, "2")]);
        assert!(table.prefixes("xyz").is_empty());
        assert!(Table::new("b\t1\na\t2\n".into()).is_err());
        assert!(Table::new(Vec::new()).unwrap().is_empty());
    }
}
