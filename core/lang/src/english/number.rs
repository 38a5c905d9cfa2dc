//! Numerals as English words.

const ONES: [&str; 20] = [
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
const TENS: [&str; 10] = [
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];

/// A token that has digits, as words; `None` where it has none.
///
/// Knows years, clock times, ordinals, decades, decimals, money, percent, fractions and 24/7.
pub fn spoken(token: &str) -> Option<Vec<String>> {
    let mut text = token
        .trim_matches(['\'', '’', '.', ',', ':', '-'])
        .to_lowercase();
    text.retain(|sign| sign != ',');
    if !text.contains(|sign: char| sign.is_ascii_digit()) {
        return None;
    }
    let words = |text: String| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    for (sign, one, many) in [
        ('$', "dollar", "dollars"),
        ('£', "pound", "pounds"),
        ('€', "euro", "euros"),
        ('¥', "yuan", "yuan"),
    ] {
        if let Some(rest) = text.strip_prefix(sign) {
            let mut out = spoken(rest)?;
            out.push(if rest == "1" { one } else { many }.to_owned());
            return Some(out);
        }
    }
    if let Some(rest) = text.strip_suffix('%') {
        let mut out = spoken(rest)?;
        out.push("percent".to_owned());
        return Some(out);
    }
    for joint in ['/', ':', '-'] {
        if let Some((left, right)) = text.split_once(joint) {
            let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit()) && !part.is_empty();
            if !digits(left) {
                return pieces(&text).map(|all| all.join(" ")).map(words);
            }
            let mut out = spoken(left)?;
            match (joint, right) {
                (':', "00") => out.push("o'clock".to_owned()),
                (':', minutes) if minutes.len() == 2 && minutes.starts_with('0') => {
                    out.push("oh".to_owned());
                    out.extend(spoken(&minutes[1..])?);
                }
                ('/', "2") if left == "1" => return Some(vec!["one".into(), "half".into()]),
                _ => out.extend(spoken(right).or_else(|| pieces(right))?),
            }
            return Some(out);
        }
    }
    if let Some((whole, part)) = text.split_once('.') {
        let mut out = spoken(if whole.is_empty() { "0" } else { whole })?;
        out.push("point".to_owned());
        for digit in part.bytes() {
            out.push(ONES.get(usize::from(digit.checked_sub(b'0')?))?.to_string());
        }
        return Some(out);
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, ending) = text.split_at(digits);
    if number.is_empty() {
        return pieces(&text);
    }
    if number.len() > 12 || number.len() > 1 && number.starts_with('0') {
        let mut out: Vec<String> = number
            .bytes()
            .map(|b| ONES[usize::from(b - b'0')].to_owned())
            .collect();
        out.extend(pieces(ending).unwrap_or_default());
        return Some(out);
    }
    let value: u64 = number.parse().ok()?;
    let plural = matches!(ending, "s" | "'s" | "’s");
    let mut out = words(
        if number.len() == 4
            && (1100..2100).contains(&value)
            && value != 2000
            && !token.contains(',')
        {
            year(value)
        } else {
            cardinal(value)
        },
    );
    match ending {
        "" => {}
        "st" | "nd" | "rd" | "th" => {
            let last = out.pop()?;
            out.push(ordinal(&last));
        }
        _ if plural => {
            let last = out.pop()?;
            out.push(match last.strip_suffix('y') {
                Some(stem) => format!("{stem}ies"),
                None if last.ends_with('x') => format!("{last}es"),
                None => format!("{last}s"),
            });
        }
        rest => out.extend(pieces(rest)?),
    }
    Some(out)
}

/// Letters and digits that stand together (`mp3`, `4ever`, `2nite`).
fn pieces(text: &str) -> Option<Vec<String>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let digit = first.is_ascii_digit();
        let length = rest
            .find(|sign: char| sign.is_ascii_digit() != digit)
            .unwrap_or(rest.len());
        let (piece, more) = rest.split_at(length);
        if digit {
            out.extend(spoken(piece)?);
        } else {
            let word = piece.trim_matches(|sign: char| !sign.is_alphabetic());
            if !word.is_empty() {
                out.push(word.to_owned());
            }
        }
        rest = more;
    }
    (!out.is_empty()).then_some(out)
}

fn year(value: u64) -> String {
    let (high, low) = (value / 100, value % 100);
    match (high, low) {
        (20, 1..=9) => format!("two thousand {}", cardinal(low)),
        (_, 0) => format!("{} hundred", cardinal(high)),
        (_, 1..=9) => format!("{} oh {}", cardinal(high), cardinal(low)),
        _ => format!("{} {}", cardinal(high), cardinal(low)),
    }
}

fn cardinal(value: u64) -> String {
    if value < 20 {
        return ONES[value as usize].to_owned();
    }
    if value < 100 {
        let rest = value % 10;
        let tens = TENS[(value / 10) as usize];
        return if rest == 0 {
            tens.to_owned()
        } else {
            format!("{tens} {}", ONES[rest as usize])
        };
    }
    let (unit, name) = [
        (1_000_000_000, "billion"),
        (1_000_000, "million"),
        (1_000, "thousand"),
        (100, "hundred"),
    ]
    .into_iter()
    .find(|(unit, _)| value >= *unit)
    .unwrap_or((100, "hundred"));
    let rest = value % unit;
    let head = format!("{} {name}", cardinal(value / unit));
    match rest {
        0 => head,
        1..=99 if unit <= 1000 => format!("{head} and {}", cardinal(rest)),
        _ => format!("{head} {}", cardinal(rest)),
    }
}

fn ordinal(word: &str) -> String {
    match word {
        "one" => "first".to_owned(),
        "two" => "second".to_owned(),
        "three" => "third".to_owned(),
        "five" => "fifth".to_owned(),
        "eight" => "eighth".to_owned(),
        "nine" => "ninth".to_owned(),
        "twelve" => "twelfth".to_owned(),
        _ => match word.strip_suffix('y') {
            Some(stem) => format!("{stem}ieth"),
            None => format!("{word}th"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numerals_are_spoken() {
        for (token, expected) in [
            ("7", "seven"),
            ("21", "twenty one"),
            ("365", "three hundred and sixty five"),
            ("1999", "nineteen ninety nine"),
            ("2024", "twenty twenty four"),
            ("2005", "two thousand five"),
            ("2000", "two thousand"),
            ("1905", "nineteen oh five"),
            ("10,000", "ten thousand"),
            ("1st", "first"),
            ("22nd", "twenty second"),
            ("20th", "twentieth"),
            ("'90s", "nineties"),
            ("80s", "eighties"),
            ("3.14", "three point one four"),
            ("50%", "fifty percent"),
            ("$5", "five dollars"),
            ("10:30", "ten thirty"),
            ("12:00", "twelve o'clock"),
            ("8:05", "eight oh five"),
            ("24/7", "twenty four seven"),
            ("1/2", "one half"),
            ("007", "zero zero seven"),
            ("4ever", "four ever"),
            ("mp3", "mp three"),
        ] {
            assert_eq!(spoken(token).unwrap().join(" "), expected, "{token}");
        }
        assert_eq!(spoken("love"), None);
    }
}
