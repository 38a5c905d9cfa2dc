//! JSON as a hand would lay it out, and where in it a value lies.

use super::check::Step;
use serde::Serialize;

/// Widest line into which a list or an object is gathered.
const WIDTH: usize = 96;

/// A value as indented JSON in which what fits on a line stands on one.
pub(super) fn pretty<T: Serialize>(value: &T) -> String {
    // The document is plain data with text keys: writing it cannot fail.
    let text = serde_json::to_string_pretty(value).expect("plain data");
    let mut out = String::with_capacity(text.len());
    // Starts in `out` of the lists and objects that are open and may still become one line.
    let mut open: Vec<Option<usize>> = Vec::new();
    let (mut quoted, mut escaped) = (false, false);
    for c in text.chars() {
        out.push(c);
        if quoted {
            quoted = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        match c {
            '"' => quoted = true,
            '[' | '{' => {
                open.iter_mut().for_each(|start| *start = None);
                open.push(Some(out.len() - 1));
            }
            ']' | '}' => {
                if let Some(Some(start)) = open.pop() {
                    let line = gather(&out[start..]);
                    let indent = start - out[..start].rfind('\n').map_or(0, |at| at + 1);
                    if indent + line.len() <= WIDTH {
                        out.truncate(start);
                        out.push_str(&line);
                    }
                }
            }
            _ => {}
        }
    }
    out.push('\n');
    out
}

/// A list or an object of plain values in one line.
fn gather(text: &str) -> String {
    let mut parts = text.lines().map(str::trim);
    let mut line = parts.next().unwrap_or_default().to_owned();
    let brace = line == "{";
    for part in parts {
        let closes = part.starts_with([']', '}']);
        let opens = line.ends_with(['[', '{']);
        if (!opens && !closes) || (brace && line != part) {
            line.push(' ');
        }
        line.push_str(part);
    }
    line
}

/// Line and column, from 1, of the value at a path in well-formed JSON; of the innermost value on
/// the way where the path does not lead on.
pub(super) fn locate(text: &str, path: &[Step]) -> (usize, usize) {
    let bytes = text.as_bytes();
    let mut at = blank(bytes, 0);
    for step in path {
        match enter(bytes, at, step) {
            Some(inner) => at = inner,
            None => break,
        }
    }
    let at = at.min(text.len());
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    (
        text[..at].matches('\n').count() + 1,
        text[start..at].chars().count() + 1,
    )
}

/// The start of a field or an element of the value that starts at `at`.
fn enter(bytes: &[u8], at: usize, step: &Step) -> Option<usize> {
    let mut at = blank(bytes, at + 1);
    let mut index = 0;
    loop {
        match bytes.get(at)? {
            b']' | b'}' => return None,
            b',' => at = blank(bytes, at + 1),
            _ => {}
        }
        match step {
            Step::Field(name) => {
                let end = skip(bytes, at)?;
                let value = blank(bytes, blank(bytes, end) + 1);
                if bytes.get(at + 1..end - 1)? == name.as_bytes() {
                    return Some(value);
                }
                at = value;
            }
            Step::Index(wanted) if index == *wanted => return Some(at),
            Step::Index(_) => index += 1,
        }
        at = blank(bytes, skip(bytes, at)?);
    }
}

fn blank(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// The end of the value that starts at `at`.
fn skip(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        match bytes.get(at)? {
            b'"' => {
                at += 1;
                while *bytes.get(at)? != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'[' | b'{' => depth += 1,
            b']' | b'}' if depth == 0 => return Some(at),
            b']' | b'}' => depth -= 1,
            b',' if depth == 0 => return Some(at),
            _ => {}
        }
        at += 1;
        if depth == 0 && matches!(bytes[at - 1], b'"' | b']' | b'}') {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_and_laid_out() {
        let value = serde_json::json!({
            "a": [{ "at": "1", "x": 2.5 }, { "at": "2, \"}", "x": [] }],
            "b": { "c": ["one", "two"] },
        });
        let text = pretty(&value);
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            value
        );
        assert!(text.contains(r#"    { "at": "1", "x": 2.5 },"#), "{text}");
        assert!(text.contains(r#""c": ["one", "two"]"#), "{text}");
        for (path, found) in [
            (
                vec![Step::Field("a"), Step::Index(1), Step::Field("x")],
                "[]",
            ),
            (
                vec![Step::Field("a"), Step::Index(0), Step::Field("x")],
                "2.5",
            ),
            (
                vec![Step::Field("b"), Step::Field("c"), Step::Index(1)],
                "\"two\"",
            ),
            (vec![Step::Field("b"), Step::Field("none")], "{"),
        ] {
            let (line, column) = locate(&text, &path);
            let rest: String = (text.lines().nth(line - 1).unwrap().chars())
                .skip(column - 1)
                .collect();
            assert!(rest.starts_with(found), "{path:?}: {rest}");
        }
    }
}
