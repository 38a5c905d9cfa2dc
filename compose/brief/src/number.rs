//! Numbers in digits, Chinese numerals and English words.

use crate::text::Text;

/// A number and where it ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Number {
    /// The value.
    pub value: f64,
    /// The place after it.
    pub end: usize,
    /// Whether it was written in digits.
    pub digits: bool,
}

/// Reads a number that stands at a place.
pub(crate) fn number(text: &Text, start: usize) -> Option<Number> {
    digits(text, start)
        .or_else(|| chinese(text, start))
        .or_else(|| english(text, start))
}

/// Reads `92`, `1.5`, `-4`.
pub(crate) fn digits(text: &Text, start: usize) -> Option<Number> {
    let mut at = start;
    let before = start.checked_sub(1).map_or(' ', |i| text.at(i));
    if text.at(at) == '-' && !before.is_alphanumeric() {
        at += 1;
    }
    let first = at;
    while at < text.len() && text.at(at).is_ascii_digit() {
        at += 1;
    }
    if at == first || at - first > 9 || before.is_ascii_digit() {
        return None;
    }
    if text.at(at) == '.' && text.at(at + 1).is_ascii_digit() {
        at += 1;
        while at < text.len() && text.at(at).is_ascii_digit() {
            at += 1;
        }
    }
    let written: String = text.chars[start..at].iter().collect();
    Some(Number {
        value: written.parse().ok()?,
        end: at,
        digits: true,
    })
}

/// Reads `九十二`, `一百二十`, `两`, `十六`, `一二〇`, `半`.
pub(crate) fn chinese(text: &Text, start: usize) -> Option<Number> {
    let mut at = start;
    let (mut total, mut section, mut last_unit) = (0.0_f64, None::<f64>, 10_000.0);
    while at < text.len() {
        let c = text.at(at);
        if let Some(digit) = "零一二三四五六七八九"
            .chars()
            .position(|d| d == c)
            .or(match c {
                '〇' => Some(0),
                '两' => Some(2),
                _ => None,
            })
        {
            // Digits in a row, as in a number read out: 一二〇.
            section = Some(section.unwrap_or(0.0) * 10.0 + digit as f64);
        } else if let Some(unit) = match c {
            '十' => Some(10.0),
            '百' => Some(100.0),
            '千' => Some(1000.0),
            _ => None,
        } {
            let count = match section {
                Some(count) => count,
                None if unit == 10.0 => 1.0,
                None => return None,
            };
            total += count * unit;
            section = None;
            last_unit = unit;
        } else {
            break;
        }
        at += 1;
        if at - start > 9 {
            return None;
        }
    }
    if at == start {
        return (text.at(start) == '半').then_some(Number {
            value: 0.5,
            end: start + 1,
            digits: false,
        });
    }
    // 一百二 is 120.
    let ones = section.unwrap_or(0.0);
    let written_zero = text.chars[start..at].contains(&'零');
    let value = if last_unit == 100.0 && ones > 0.0 && ones < 10.0 && !written_zero {
        total + ones * 10.0
    } else {
        total + ones
    };
    Some(Number {
        value,
        end: at,
        digits: false,
    })
}

const UNITS: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = [
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];

/// Reads `ninety-two`, `a hundred and twenty`, `one twenty`.
pub(crate) fn english(text: &Text, start: usize) -> Option<Number> {
    if !text.is_boundary(start) {
        return None;
    }
    let (mut at, mut end, mut value, mut read) = (start, start, 0.0, false);
    loop {
        let unit = (0..UNITS.len())
            .rev()
            .find_map(|i| text.word(at, &[UNITS[i]]).map(|e| (i as f64, e)));
        let ten = (0..TENS.len()).find_map(|i| {
            text.word(at, &[TENS[i]])
                .map(|e| ((i as f64 + 2.0) * 10.0, e))
        });
        let hundred = text.word(at, &["hundred"]);
        if let Some((units, after)) = unit {
            let last_is_open = !read
                || value % 100.0 == 0.0
                || (value % 10.0 == 0.0 && value % 100.0 >= 20.0 && units < 10.0);
            if !last_is_open {
                break;
            }
            (value, end, read) = (value + units, after, true);
        } else if let Some((tens, after)) = ten {
            // "one twenty" is 120.
            if read && value < 10.0 {
                value *= 100.0;
            } else if read && value % 100.0 != 0.0 {
                break;
            }
            (value, end, read) = (value + tens, after, true);
        } else if let Some(after) = hundred.filter(|_| read && value < 10.0) {
            (value, end) = (value * 100.0, after);
        } else if let Some(after) = text
            .word(at, &["a hundred", "one hundred"])
            .filter(|_| !read)
        {
            (value, end, read) = (100.0, after, true);
        } else {
            break;
        }
        at = text.skip_marks(end, &['-']);
        if value >= 100.0
            && let Some(after) = text.word(at, &["and"])
        {
            at = text.skip(after);
        }
    }
    read.then_some(Number {
        value,
        end,
        digits: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read() {
        for (written, value, rest) in [
            ("92 bpm", 92.0, " bpm"),
            ("1.5分", 1.5, "分"),
            ("九十二拍", 92.0, "拍"),
            ("一百二十", 120.0, ""),
            ("一百二", 120.0, ""),
            ("一百零五", 105.0, ""),
            ("十六小节", 16.0, "小节"),
            ("两分", 2.0, "分"),
            ("一二〇", 120.0, ""),
            ("半分", 0.5, "分"),
            ("ninety-two bpm", 92.0, " bpm"),
            ("a hundred and twenty bpm", 120.0, " bpm"),
            ("one twenty", 120.0, ""),
            ("two hundred", 200.0, ""),
            ("sixteen bars", 16.0, " bars"),
            ("-5 bpm", -5.0, " bpm"),
        ] {
            let text = Text::new(written);
            let number = number(&text, 0).unwrap_or_else(|| panic!("{written}"));
            assert_eq!(
                (number.value, text.words(number.end, text.len())),
                (value, rest.trim()),
                "{written}"
            );
        }
        assert!(number(&Text::new("tension"), 0).is_none());
        assert!(number(&Text::new("onerous"), 0).is_none());
    }
}
