//! Explicit values in a prompt: tempo, length, bars, metre, key, seed.

use crate::key::key;
use crate::number::{Number, digits, number};
use crate::text::{Text, is_han};
use yuefu_theory::Key;

/// An explicit value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Beats per minute.
    Bpm(f64),
    /// Lowest and highest tempo.
    BpmRange(f64, f64),
    /// From one tempo to another.
    BpmChange(f64, f64),
    /// A length or a time.
    Duration {
        /// Seconds.
        seconds: f64,
        /// Written as `m:ss`.
        clock: bool,
    },
    /// A number of bars.
    Bars(f64),
    /// Beats and unit as written; not yet known to be possible.
    Metre(Vec<u32>, u32),
    /// A key; `true` when the mode was written.
    Key(Key, bool),
    /// A seed.
    Seed(u64),
}

/// Reads the value that stands at a place, with its end.
pub(crate) fn value(text: &Text, start: usize) -> Option<(Value, usize)> {
    if !text.is_boundary(start) {
        return None;
    }
    seed(text, start)
        .or_else(|| metre(text, start))
        .or_else(|| tempo(text, start))
        .or_else(|| bars(text, start))
        .or_else(|| duration(text, start))
        .or_else(|| key(text, start))
}

fn seed(text: &Text, start: usize) -> Option<(Value, usize)> {
    let after = text
        .word(start, &["seed"])
        .or_else(|| text.literal(start, "种子"))?;
    let number = digits(text, text.skip_marks(after, &[':', '=', '#', '号']))?;
    (number.value >= 0.0 && number.value == number.value.floor())
        .then_some((Value::Seed(number.value as u64), number.end))
}

const BPM: [&str; 6] = [
    "bpm",
    "beats per minute",
    "beats a minute",
    "beats/minute",
    "beats/min",
    "b.p.m",
];

/// Where a tempo unit after a number ends.
fn bpm_unit(text: &Text, end: usize, number: Number) -> Option<usize> {
    let at = text.skip_marks(end, &['-']);
    text.word(at, &BPM)
        .or_else(|| text.literal(at, "拍每分钟"))
        .or_else(|| text.literal(at, "拍/分"))
        .or_else(|| {
            text.literal(at, "拍")
                .filter(|e| number.value >= 30.0 && text.at(*e) != '子')
        })
}

fn tempo(text: &Text, start: usize) -> Option<(Value, usize)> {
    // A word first: "bpm 92", "tempo: 92", "at 120", "速度120", "每分钟92拍".
    let from = text
        .word(start, &["from"])
        .or_else(|| text.literal(start, "从"))
        .or_else(|| text.literal(start, "由"));
    let named = text
        .word(start, &["bpm", "tempo of", "tempo", "speed of", "speed"])
        .or_else(|| {
            ["速度", "拍速", "节拍速度", "每分钟", "♩"]
                .iter()
                .find_map(|w| text.literal(start, w))
        });
    let at = text
        .word(start, &["at"])
        .or_else(|| text.literal(start, "@"));
    let begin = from
        .or(named)
        .or(at)
        .map_or(start, |end| text.skip_marks(end, &[':', '=', '为', '是']));
    let first = number(text, begin)?;

    let gap = text.skip(first.end);
    let (to, is_dash) =
        if let Some(end) = text.word(gap, &["to"]).or_else(|| text.literal(gap, "到")) {
            (Some(end), false)
        } else if let Some(end) = ['-', '~', '至']
            .into_iter()
            .find(|c| text.at(gap) == *c)
            .map(|_| gap + 1)
        {
            (Some(end), true)
        } else if let Some(end) = bpm_unit(text, first.end, first)
            .map(|e| text.skip(e))
            .and_then(|e| text.word(e, &["to"]).or_else(|| text.literal(e, "到")))
        {
            (Some(end), false)
        } else {
            (None, false)
        };
    if let Some(second) = to.and_then(|end| number(text, text.skip(end))) {
        let unit = bpm_unit(text, second.end, second);
        let has_unit =
            unit.is_some() || bpm_unit(text, first.end, first).is_some() || named.is_some();
        if has_unit && second.value >= 20.0 && (first.value > 0.0) {
            let end = unit.unwrap_or(second.end);
            let value =
                if is_dash || (from.is_none() && first.value < second.value && named.is_none()) {
                    Value::BpmRange(first.value.min(second.value), first.value.max(second.value))
                } else {
                    Value::BpmChange(first.value, second.value)
                };
            return Some((value, end));
        }
    }
    if let Some(end) = bpm_unit(text, first.end, first) {
        return Some((Value::Bpm(first.value), end));
    }
    if from.is_some() || !(first.digits || named.is_some() && first.value >= 30.0) {
        return None;
    }
    let followed = text.at(text.skip(first.end));
    let glued = text.at(first.end);
    let is_bare = !matches!(glued, ':' | '%' | '/' | '.' | 's' | 'm' | 'h' | 'k' | 'x')
        && !matches!(followed, '分' | '秒' | '小' | '点' | '%' | '度' | '个')
        && text
            .word(
                text.skip_marks(first.end, &['-']),
                &[
                    "am", "pm", "minutes", "minute", "min", "mins", "seconds", "second", "sec",
                    "secs", "s", "bars", "bar", "measures", "oclock", "o'clock", "degrees",
                    "hours", "hour", "percent", "years", "miles", "mph",
                ],
            )
            .is_none();
    let plausible = named.is_some() || (30.0..=300.0).contains(&first.value);
    ((named.is_some() || at.is_some()) && is_bare && plausible)
        .then_some((Value::Bpm(first.value), first.end))
}

fn metre(text: &Text, start: usize) -> Option<(Value, usize)> {
    let whole = |number: Number| {
        (number.value >= 0.0 && number.value <= 999.0 && number.value == number.value.floor())
            .then_some(number.value as u32)
    };
    // 四分之三拍, 8分之6拍
    if let Some(unit) = number(text, start)
        && let Some(at) = text.literal(unit.end, "分之")
        && let Some(beats) = number(text, at)
        && let Some(end) = text.literal(beats.end, "拍")
    {
        return Some((
            Value::Metre(vec![whole(beats)?], whole(unit)?),
            text.literal(end, "子").unwrap_or(end),
        ));
    }
    // 四三拍: the unit first.
    if is_han(text.at(start)) {
        let unit = chinese_digit(text.at(start))?;
        let beats = chinese_digit(text.at(start + 1))?;
        let end = text.literal(start + 2, "拍")?;
        return [2, 4, 8].contains(&unit).then_some((
            Value::Metre(vec![beats], unit),
            text.literal(end, "子").unwrap_or(end),
        ));
    }
    let mut groups = Vec::new();
    let mut at = start;
    loop {
        let number = digits(text, at)?;
        groups.push(whole(number)?);
        at = number.end;
        match text.at(at) {
            '+' if groups.len() < 8 => at += 1,
            '/' => break,
            '-' if groups.len() == 1 => {
                let unit = digits(text, at + 1)?;
                let end = text.word(text.skip(unit.end), &["time", "metre", "meter"])?;
                return Some((Value::Metre(groups, whole(unit)?), end));
            }
            _ => return None,
        }
    }
    let unit = digits(text, at + 1)?;
    if text.at(unit.end) == '/' || unit.end - at > 4 || text.chars[start..unit.end].contains(&'.') {
        return None;
    }
    let suffix = text.skip(unit.end);
    let end = text
        .word(suffix, &["time signature", "time", "metre", "meter"])
        .or_else(|| text.literal(suffix, "拍子"))
        .or_else(|| text.literal(suffix, "拍"))
        .unwrap_or(unit.end);
    Some((Value::Metre(groups, whole(unit)?), end))
}

fn chinese_digit(c: char) -> Option<u32> {
    "零一二三四五六七八九"
        .chars()
        .position(|d| d == c)
        .map(|d| d as u32)
}

fn bars(text: &Text, start: usize) -> Option<(Value, usize)> {
    let number = number(text, start)?;
    let at = text.skip_marks(number.end, &['-']);
    let end = text
        .word(at, &["bars", "bar", "measures", "measure"])
        .or_else(|| text.literal(at, "个小节"))
        .or_else(|| text.literal(at, "小节"))?;
    Some((Value::Bars(number.value), end))
}

/// Reads `2:30`, `90 seconds`, `2 min 30`, `两分半`, `a minute and a half`, `半分钟`.
pub(crate) fn duration(text: &Text, start: usize) -> Option<(Value, usize)> {
    let found = |seconds, end, clock| Some((Value::Duration { seconds, clock }, end));
    if let Some((seconds, end)) = clock(text, start) {
        return found(seconds, end, true);
    }
    for (words, seconds) in [
        (["half a minute", "half minute"], 30.0),
        (["half an hour", "half hour"], 1800.0),
        (["a minute and a half", "one minute and a half"], 90.0),
        (["a couple of minutes", "couple of minutes"], 120.0),
        (["an hour", "an hour long"], 3600.0),
        (["a minute", "a minute long"], 60.0),
    ] {
        if let Some(end) = text.word(start, &words) {
            return found(seconds, end, false);
        }
    }
    let first = number(text, start)?;
    let mut value = first.value;
    let mut end = first.end;
    // two and a half minutes
    let gap = text.skip(end);
    if let Some(after) = text.word(gap, &["and a half"]) {
        (value, end) = (value + 0.5, after);
    } else if let Some(after) = text
        .literal(end, "个半")
        .filter(|after| text.literal(*after, "小时").is_some())
    {
        (value, end) = (value + 0.5, after);
    }
    let (scale, after) = unit(text, end, first.digits)?;
    let mut seconds = value * scale;
    end = after;
    // What follows: 半, 30 seconds, 三十.
    let gap = text.skip(end);
    if let Some(after) = text
        .literal(end, "半")
        .or_else(|| text.word(gap, &["and a half"]))
    {
        seconds += scale * 0.5;
        end = text.literal(after, "钟").unwrap_or(after);
    } else if scale > 1.0 {
        let gap = text.word(gap, &["and"]).map_or(gap, |e| text.skip(e));
        let gap = text.literal(gap, "零").unwrap_or(gap);
        if let Some(more) = number(text, gap).filter(|n| n.value >= 0.0 && n.value < 60.0) {
            if let Some((smaller, after)) =
                unit(text, more.end, more.digits).filter(|(s, _)| *s < scale)
            {
                (seconds, end) = (seconds + more.value * smaller, after);
            } else if is_han(text.at(end - 1))
                && text.at(end - 1) == '分'
                && !is_han(text.at(more.end))
            {
                (seconds, end) = (seconds + more.value, more.end);
            } else if is_bare_minutes(text, first, end) {
                return None;
            }
        } else if is_bare_minutes(text, first, end) {
            return None;
        }
    }
    found(seconds, end, false)
}

/// 三分 and 十分 alone are degrees and shares, not minutes.
fn is_bare_minutes(text: &Text, first: Number, end: usize) -> bool {
    !first.digits && text.at(end - 1) == '分'
}

fn unit(text: &Text, end: usize, is_digits: bool) -> Option<(f64, usize)> {
    let at = text.skip_marks(end, &['-']);
    for (words, scale) in [
        (&["minutes", "minute", "mins", "min"][..], 60.0),
        (&["seconds", "second", "secs", "sec"][..], 1.0),
        (&["hours", "hour", "hrs", "hr"][..], 3600.0),
    ] {
        if let Some(after) = text.word(at, words) {
            return Some((scale, after));
        }
    }
    for (word, scale) in [
        ("分钟", 60.0),
        ("秒钟", 1.0),
        ("秒", 1.0),
        ("个小时", 3600.0),
        ("小时", 3600.0),
        ("个钟头", 3600.0),
    ] {
        if let Some(after) = text.literal(at, word) {
            return Some((scale, after));
        }
    }
    if text.literal(at, "分").is_some() && text.literal(at, "分之").is_none() {
        return Some((60.0, at + 1));
    }
    if is_digits && at == end {
        for (letter, scale) in [
            ('s', 1.0),
            ('m', 60.0),
            ('h', 3600.0),
            ('\'', 60.0),
            ('"', 1.0),
        ] {
            if text.at(end) == letter && end < text.len() && !text.at(end + 1).is_ascii_alphabetic()
            {
                return Some((scale, end + 1));
            }
        }
    }
    None
}

fn clock(text: &Text, start: usize) -> Option<(f64, usize)> {
    let first = digits(text, start)?;
    let two = |at: usize| {
        (text.at(at) == ':'
            && text.at(at + 1).is_ascii_digit()
            && text.at(at + 2).is_ascii_digit()
            && !text.at(at + 3).is_ascii_digit())
        .then(|| {
            f64::from(text.at(at + 1) as u32 - 48) * 10.0 + f64::from(text.at(at + 2) as u32 - 48)
        })
    };
    if first.value < 0.0 || first.value != first.value.floor() {
        return None;
    }
    let second = two(first.end)?;
    let (seconds, end) = match two(first.end + 3) {
        Some(third) => (first.value * 3600.0 + second * 60.0 + third, first.end + 6),
        None => (first.value * 60.0 + second, first.end + 3),
    };
    // An hour of the day is not a length.
    let is_hour = text
        .word(text.skip(end), &["am", "pm", "a.m", "p.m"])
        .is_some();
    (second < 60.0 && !is_hour).then_some((seconds, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(written: &str) -> Option<Value> {
        value(&Text::new(written), 0).map(|(value, _)| value)
    }

    #[test]
    fn tempos() {
        for (written, bpm) in [
            ("92 BPM", 92.0),
            ("92bpm", 92.0),
            ("bpm: 92", 92.0),
            ("at 120", 120.0),
            ("tempo 76", 76.0),
            ("速度：96", 96.0),
            ("每分钟九十二拍", 92.0),
            ("120拍", 120.0),
            ("9999 BPM", 9999.0),
            ("one hundred and ten bpm", 110.0),
        ] {
            assert_eq!(read(written), Some(Value::Bpm(bpm)), "{written}");
        }
        assert_eq!(read("90-100 bpm"), Some(Value::BpmRange(90.0, 100.0)));
        assert_eq!(
            read("from 90 to 120 bpm"),
            Some(Value::BpmChange(90.0, 120.0))
        );
        assert_eq!(read("从80到140拍"), Some(Value::BpmChange(80.0, 140.0)));
        assert_eq!(read("at 3 am"), None);
    }

    #[test]
    fn lengths() {
        for (written, length) in [
            ("2:30", 150.0),
            ("两分半", 150.0),
            ("两分半钟", 150.0),
            ("90 seconds", 90.0),
            ("90秒", 90.0),
            ("一分钟", 60.0),
            ("一分三十秒", 90.0),
            ("3分20秒", 200.0),
            ("2m30s", 150.0),
            ("30s", 30.0),
            ("two and a half minutes", 150.0),
            ("2-minute", 120.0),
            ("半分钟", 30.0),
            ("2 minutes 30 seconds", 150.0),
            ("2 min and 5 sec", 125.0),
            ("1.5 minutes", 90.0),
            ("3 hours", 10800.0),
            ("0 seconds", 0.0),
            ("一个半小时", 5400.0),
        ] {
            let found = read(written);
            assert!(
                matches!(found, Some(Value::Duration { seconds, .. }) if seconds == length),
                "{written}: {found:?}"
            );
        }
        assert_eq!(read("十分悲伤"), None);
        assert_eq!(read("16 bars"), Some(Value::Bars(16.0)));
        assert_eq!(read("十六小节"), Some(Value::Bars(16.0)));
        assert_eq!(read("16-bar"), Some(Value::Bars(16.0)));
    }

    #[test]
    fn metres_and_keys() {
        for (written, beats, unit) in [
            ("3/4", 3, 4),
            ("6/8拍", 6, 8),
            ("四三拍", 3, 4),
            ("四分之三拍", 3, 4),
            ("17/0", 17, 0),
            ("6-8 time", 6, 8),
        ] {
            assert_eq!(
                read(written),
                Some(Value::Metre(vec![beats], unit)),
                "{written}"
            );
        }
        for (written, key) in [
            ("D minor", "D minor"),
            ("C大调", "C major"),
            ("升F小调", "F# minor"),
            ("#C minor", "C# minor"),
            ("Bb major", "Bb major"),
            ("E flat major", "Eb major"),
            ("c-sharp minor", "C# minor"),
            ("F#m", "F# minor"),
            ("Am", "A minor"),
            ("in C", "C major"),
            ("in Bb", "Bb major"),
            ("key of G", "G major"),
            ("in a minor", "A minor"),
            ("D羽调式", "D yu"),
            ("降E大调", "Eb major"),
            ("1=D", "D major"),
            ("F# dorian", "F# dorian"),
            ("G调", "G major"),
        ] {
            let found = read(written);
            assert!(
                matches!(&found, Some(Value::Key(k, _)) if k.to_string() == key),
                "{written}: {found:?}"
            );
        }
        for written in [
            "in a minor key",
            "a major event",
            "in a dream",
            "bad",
            "am I",
            "beach",
            "in Dm7b5x",
            "edge",
        ] {
            assert_eq!(read(written), None, "{written}");
        }
    }
}
