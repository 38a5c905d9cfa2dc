//! Numerals as they are spoken: `2024年` 二零二四年, `3.5%` 百分之三点五, `10:30` 十点三十.

/// A numeral at a place: how many characters it takes, and the characters it is spoken with.
///
/// `None` where no numeral begins.
pub fn spoken(text: &[char], at: usize) -> Option<(usize, String)> {
    let minus = matches!(text.get(at), Some('-' | '−'))
        && !at.checked_sub(1).is_some_and(|i| text[i].is_alphanumeric());
    let money = match text.get(at) {
        Some('$' | '＄') => "美元",
        Some('¥' | '￥') => "元",
        Some('€') => "欧元",
        Some('£') => "英镑",
        _ => "",
    };
    let skip = usize::from(minus || !money.is_empty());
    let start = at + skip;
    let (end, whole) = digits(text, start)?;
    let next = |index: usize| text.get(index).copied().unwrap_or(' ');
    let mut out = String::new();
    if minus {
        out.push('负');
    }
    // Clock time.
    if matches!(next(end), ':' | '：')
        && let Some((to, minutes)) = digits(text, end + 1)
        && whole.len() <= 2
        && minutes.len() == 2
        && skip == 0
    {
        out.push_str(&count(&whole));
        out.push('点');
        match minutes.as_str() {
            "00" => out.push('整'),
            low if low.starts_with('0') => {
                out.push('零');
                out.push_str(&count(low));
            }
            low => out.push_str(&count(low)),
        }
        return Some((to - at, out));
    }
    // A date written with hyphens or slashes.
    if whole.len() == 4
        && matches!(next(end), '-' | '/')
        && let Some((middle, month)) = digits(text, end + 1)
        && next(middle) == next(end)
        && let Some((to, day)) = digits(text, middle + 1)
        && month.len() <= 2
        && day.len() <= 2
    {
        out = format!("{}年{}月{}日", each(&whole), count(&month), count(&day));
        return Some((to - at, out));
    }
    // A fraction.
    if next(end) == '/'
        && let Some((to, under)) = digits(text, end + 1)
        && !under.chars().all(|c| c == '0')
    {
        out.push_str(&format!("{}分之{}", count(&under), count(&whole)));
        return Some((to - at, out));
    }
    let (mut to, mut part) = (end, String::new());
    if matches!(next(end), '.' | '．')
        && let Some((beyond, digits)) = digits_plain(text, end + 1)
    {
        (to, part) = (beyond, digits);
    }
    let percent = matches!(next(to), '%' | '％');
    if percent {
        out.push_str("百分之");
    }
    let year = next(to) == '年' && whole.len() == 4;
    let label = part.is_empty() && (whole.len() > 1 && whole.starts_with('0') || whole.len() > 8);
    if year || label {
        out.push_str(&each(&whole));
    } else if whole == "2" && part.is_empty() && is_measure(next(to)) {
        out.push('两');
    } else {
        out.push_str(&count(&whole));
    }
    if !part.is_empty() {
        out.push('点');
        out.push_str(&each(&part));
    }
    if next(to) == '℃' {
        out.push_str("摄氏度");
        to += 1;
    } else if next(to) == '°' {
        out.push('度');
        to += 1;
    }
    out.push_str(money);
    Some((to + usize::from(percent) - at, out))
}

/// Words that a counted 2 stands before as 两.
fn is_measure(sign: char) -> bool {
    "个個只隻条條次天年岁歲位张張本句颗顆朵杯瓶件双雙对對种種点點分秒步遍场場辆輛滴首支段片座层層倍"
        .contains(sign)
}

/// Digits with thousands separators.
fn digits(text: &[char], start: usize) -> Option<(usize, String)> {
    let (mut end, mut found) = digits_plain(text, start)?;
    while matches!(text.get(end), Some(',' | '，')) && found.len() <= 12 {
        match digits_plain(text, end + 1) {
            Some((to, group)) if group.len() == 3 && to == end + 4 => {
                found.push_str(&group);
                end = to;
            }
            _ => break,
        }
    }
    Some((end, found))
}

fn digits_plain(text: &[char], start: usize) -> Option<(usize, String)> {
    let mut found = String::new();
    for sign in text.get(start..)? {
        match sign {
            '0'..='9' => found.push(*sign),
            '０'..='９' => found.push((b'0' + (*sign as u32 - '０' as u32) as u8) as char),
            _ => break,
        }
    }
    (!found.is_empty()).then_some((start + found.len(), found))
}

const DIGITS: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];

fn digit(sign: char) -> char {
    DIGITS[(sign as usize).wrapping_sub('0' as usize) % 10]
}

/// Digit by digit.
pub fn each(digits: &str) -> String {
    digits.chars().map(digit).collect()
}

/// As a quantity; digit by digit beyond 16 digits.
pub fn count(digits: &str) -> String {
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return "零".to_owned();
    }
    if digits.len() > 16 {
        return each(digits);
    }
    let mut out = String::new();
    let groups = digits.len().div_ceil(4);
    let mut gap = false;
    for group in (0..groups).rev() {
        let end = digits.len() - 4 * group;
        let part = &digits[end.saturating_sub(4)..end];
        let value = part.parse::<u32>().unwrap_or(0);
        if value == 0 {
            // Ten thousand times a hundred million keeps its sign.
            gap = true;
            continue;
        }
        if !out.is_empty() && (gap || value < 1000) {
            out.push('零');
        }
        gap = false;
        out.push_str(&thousands(value));
        out.push_str(["", "万", "亿", "万亿"][group]);
    }
    // 一十 at the beginning is 十.
    match out.strip_prefix("一十") {
        Some(rest) => format!("十{rest}"),
        None => out,
    }
}

fn thousands(value: u32) -> String {
    let mut out = String::new();
    let mut gap = false;
    for (unit, sign) in [(1000, "千"), (100, "百"), (10, "十"), (1, "")] {
        let number = value / unit % 10;
        if number == 0 {
            gap = !out.is_empty();
            continue;
        }
        if gap {
            out.push('零');
        }
        gap = false;
        out.push(DIGITS[number as usize]);
        out.push_str(sign);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numerals_are_spoken() {
        for (text, expected) in [
            ("2024年", "二零二四"),
            ("520", "五百二十"),
            ("10个", "十"),
            ("2个", "两"),
            ("2", "二"),
            ("3.14", "三点一四"),
            ("99.9%", "百分之九十九点九"),
            ("100%", "百分之一百"),
            ("1/3", "三分之一"),
            ("10:30", "十点三十"),
            ("8:05", "八点零五"),
            ("12:00", "十二点整"),
            ("10,000", "一万"),
            ("100000000", "一零零零零零零零零"),
            ("20000000", "二千万"),
            ("10050", "一万零五十"),
            ("1001", "一千零一"),
            ("110", "一百一十"),
            ("007", "零零七"),
            ("13812345678", "一三八一二三四五六七八"),
            ("-5", "负五"),
            ("36.5℃", "三十六点五摄氏度"),
            ("$100", "一百美元"),
            ("1990-05-12", "一九九零年五月十二日"),
        ] {
            let text: Vec<char> = text.chars().collect();
            assert_eq!(spoken(&text, 0).unwrap().1, expected, "{text:?}");
        }
        assert_eq!(spoken(&['年'], 0), None);
    }
}
