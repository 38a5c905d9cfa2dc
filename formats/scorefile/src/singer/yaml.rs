//! The part of YAML that OpenUtau writes: block maps and lists, flow maps and lists on one line,
//! plain and quoted scalars. Anchors, tags and comments after values are not YAML's whole, but no
//! program that writes `.ustx` uses them.

/// A value of a YAML document.
#[derive(Clone, Debug, PartialEq)]
pub enum Yaml {
    /// Text, unquoted.
    Text(String),
    /// A list.
    List(Vec<Yaml>),
    /// A map, in order.
    Map(Vec<(String, Yaml)>),
}

/// Deeper nesting, or more values, is no project.
const DEEPEST: usize = 24;
const MOST: usize = 4_000_000;

impl Yaml {
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(rows) => rows.iter().find(|row| row.0 == key).map(|row| &row.1),
            _ => None,
        }
    }

    pub(super) fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            _ => "",
        }
    }

    /// A finite number.
    pub(super) fn number(&self) -> Option<f64> {
        self.text()
            .trim()
            .parse()
            .ok()
            .filter(|x: &f64| x.is_finite())
    }
}

struct Line<'a> {
    number: usize,
    indent: usize,
    text: &'a str,
}

struct Reader<'a> {
    lines: Vec<Line<'a>>,
    next: usize,
    count: usize,
}

/// Reads a YAML document of the part of the language that this module knows.
///
/// # Errors
/// The line (from 1) and what was expected there.
pub fn read(text: &str) -> Result<Yaml, (usize, &'static str)> {
    let mut lines = Vec::new();
    for (index, line) in text.trim_start_matches('\u{FEFF}').lines().enumerate() {
        let body = line.trim_end();
        let trimmed = body.trim_start_matches(' ');
        if trimmed.is_empty() || trimmed.starts_with('#') || ["---", "..."].contains(&trimmed) {
            continue;
        }
        lines.push(Line {
            number: index + 1,
            indent: body.len() - trimmed.len(),
            text: trimmed,
        });
    }
    let mut reader = Reader {
        lines,
        next: 0,
        count: 0,
    };
    if reader.lines.is_empty() {
        return Err((1, "a YAML document"));
    }
    let indent = reader.lines[0].indent;
    let value = reader.block(indent, 0)?;
    match reader.lines.get(reader.next) {
        None => Ok(value),
        Some(line) => Err((line.number, "nothing at this indentation")),
    }
}

impl<'a> Reader<'a> {
    fn counted(&mut self, depth: usize) -> Result<(), (usize, &'static str)> {
        let at = self.lines.get(self.next).or(self.lines.last());
        let at = at.map_or(1, |line| line.number);
        self.count += 1;
        if depth > DEEPEST {
            return Err((at, "less nesting"));
        }
        if self.count > MOST {
            return Err((at, "fewer values"));
        }
        Ok(())
    }

    /// A map or a list whose rows begin at an indentation.
    fn block(&mut self, indent: usize, depth: usize) -> Result<Yaml, (usize, &'static str)> {
        self.counted(depth)?;
        let list = self.lines[self.next].text;
        if list == "-" || list.starts_with("- ") {
            return self.list(indent, depth);
        }
        let mut rows = Vec::new();
        while let Some(line) = self.lines.get(self.next) {
            if line.indent < indent {
                break;
            }
            let (number, text) = (line.number, line.text);
            if line.indent > indent {
                return Err((number, "nothing at this indentation"));
            }
            let (key, rest) = key_of(text).ok_or((number, "a key, such as `name: value`"))?;
            self.next += 1;
            let value = self.value(rest, number, indent, depth)?;
            rows.push((key, value));
        }
        Ok(Yaml::Map(rows))
    }

    fn list(&mut self, indent: usize, depth: usize) -> Result<Yaml, (usize, &'static str)> {
        let mut items = Vec::new();
        while let Some(line) = self.lines.get(self.next) {
            if line.indent != indent || !(line.text == "-" || line.text.starts_with("- ")) {
                break;
            }
            let (number, text) = (line.number, line.text);
            let rest = text[1..].trim_start();
            let inner = indent + (text.len() - rest.len());
            if rest.is_empty() {
                self.next += 1;
                let deeper = self.lines.get(self.next).filter(|l| l.indent > indent);
                items.push(match deeper.map(|l| l.indent) {
                    Some(own) => self.block(own, depth + 1)?,
                    None => Yaml::Text(String::new()),
                });
            } else if !rest.starts_with(['{', '[', '"', '\'']) && key_of(rest).is_some() {
                // A map that begins on the line of its dash.
                self.lines[self.next] = Line {
                    number,
                    indent: inner,
                    text: rest,
                };
                items.push(self.block(inner, depth + 1)?);
            } else {
                self.next += 1;
                items.push(self.value(rest, number, indent, depth)?);
            }
            self.counted(depth)?;
        }
        Ok(Yaml::List(items))
    }

    /// What follows a key or a dash on its line, or below it.
    fn value(
        &mut self,
        rest: &str,
        number: usize,
        indent: usize,
        depth: usize,
    ) -> Result<Yaml, (usize, &'static str)> {
        self.counted(depth)?;
        if rest.is_empty() {
            let Some(below) = self.lines.get(self.next) else {
                return Ok(Yaml::Text(String::new()));
            };
            let dash = below.text == "-" || below.text.starts_with("- ");
            return if below.indent > indent || below.indent == indent && dash {
                let own = below.indent;
                self.block(own, depth + 1)
            } else {
                Ok(Yaml::Text(String::new()))
            };
        }
        if rest.starts_with(['|', '>']) && rest.len() <= 3 {
            let mut text = String::new();
            while let Some(line) = self.lines.get(self.next).filter(|l| l.indent > indent) {
                if !text.is_empty() {
                    text.push('\n');
                }
                text.push_str(line.text);
                self.next += 1;
            }
            return Ok(Yaml::Text(text));
        }
        if rest.starts_with(['{', '[']) {
            let mut flow = Flow {
                rest,
                count: &mut self.count,
            };
            let value = flow
                .value(depth)
                .ok_or((number, "a list or map on one line"))?;
            return if flow.rest.trim().is_empty() {
                Ok(value)
            } else {
                Err((number, "nothing after the bracket"))
            };
        }
        let (text, after) = scalar(rest, false).ok_or((number, "a closed quotation mark"))?;
        if after.trim().is_empty() || after.trim_start().starts_with('#') {
            Ok(Yaml::Text(text))
        } else {
            Err((number, "nothing after the quotation mark"))
        }
    }
}

/// `key: rest` or `"key": rest`.
fn key_of(text: &str) -> Option<(String, &str)> {
    if text.starts_with(['"', '\'']) {
        let (key, rest) = scalar(text, false)?;
        return Some((key, rest.trim_start().strip_prefix(':')?.trim_start()));
    }
    if let Some(key) = text.strip_suffix(':')
        && !key.contains(": ")
    {
        return Some((key.trim().to_owned(), ""));
    }
    let (key, rest) = text.split_once(": ")?;
    Some((key.trim().to_owned(), rest.trim_start()))
}

/// A scalar and what follows it; a plain one in a flow ends at a comma or a bracket.
fn scalar(text: &str, flow: bool) -> Option<(String, &str)> {
    if let Some(body) = text.strip_prefix('\'') {
        let mut out = String::new();
        let mut signs = body.char_indices().peekable();
        while let Some((at, sign)) = signs.next() {
            if sign != '\'' {
                out.push(sign);
            } else if signs.peek().is_some_and(|(_, next)| *next == '\'') {
                signs.next();
                out.push('\'');
            } else {
                return Some((out, &body[at + 1..]));
            }
        }
        return None;
    }
    if let Some(body) = text.strip_prefix('"') {
        let mut out = String::new();
        let mut signs = body.char_indices();
        while let Some((at, sign)) = signs.next() {
            match sign {
                '"' => return Some((out, &body[at + 1..])),
                '\\' => match signs.next()?.1 {
                    'n' => out.push('\n'),
                    't' => out.push('\t'),
                    kind @ ('u' | 'x' | 'U') => {
                        let count = match kind {
                            'x' => 2,
                            'u' => 4,
                            _ => 8,
                        };
                        let mut code = 0_u32;
                        for _ in 0..count {
                            let digit = signs.next()?.1.to_digit(16)?;
                            code = code.checked_mul(16)?.checked_add(digit)?;
                        }
                        out.push(char::from_u32(code).unwrap_or('\u{FFFD}'));
                    }
                    other => out.push(other),
                },
                sign => out.push(sign),
            }
        }
        return None;
    }
    let end = if flow {
        text.find([',', '}', ']']).unwrap_or(text.len())
    } else {
        text.find(" #").unwrap_or(text.len())
    };
    Some((text[..end].trim().to_owned(), &text[end..]))
}

/// Lists and maps on one line.
struct Flow<'a, 'b> {
    rest: &'a str,
    count: &'b mut usize,
}

impl Flow<'_, '_> {
    fn value(&mut self, depth: usize) -> Option<Yaml> {
        *self.count += 1;
        if depth > DEEPEST || *self.count > MOST {
            return None;
        }
        self.rest = self.rest.trim_start();
        if self.take('{') {
            let mut rows = Vec::new();
            loop {
                if self.take('}') {
                    return Some(Yaml::Map(rows));
                }
                let (key, rest) = if self.rest.trim_start().starts_with(['"', '\'']) {
                    let (key, rest) = scalar(self.rest.trim_start(), true)?;
                    (key, rest.trim_start().strip_prefix(':')?)
                } else {
                    let (key, rest) = self.rest.split_once(':')?;
                    (key.trim().to_owned(), rest)
                };
                self.rest = rest;
                rows.push((key, self.value(depth + 1)?));
                if !self.take(',') && !self.rest.trim_start().starts_with('}') {
                    return None;
                }
            }
        }
        if self.take('[') {
            let mut items = Vec::new();
            loop {
                if self.take(']') {
                    return Some(Yaml::List(items));
                }
                items.push(self.value(depth + 1)?);
                if !self.take(',') && !self.rest.trim_start().starts_with(']') {
                    return None;
                }
            }
        }
        let (text, rest) = scalar(self.rest, true)?;
        self.rest = rest;
        Some(Yaml::Text(text))
    }

    fn take(&mut self, sign: char) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(sign) {
            Some(after) => {
                self.rest = after;
                true
            }
            None => false,
        }
    }
}

/// A text as a scalar that any reader takes for text.
pub(super) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-+.~".contains(c);
    let number = text.parse::<f64>().is_ok();
    let word = [
        "true", "false", "null", "yes", "no", "on", "off", "y", "n", "~",
    ];
    let safe = !text.is_empty()
        && text.chars().all(plain)
        && text.starts_with(char::is_alphabetic)
        && !number
        && !word.contains(&text.to_lowercase().as_str());
    if safe {
        return text.to_owned();
    }
    if text.chars().any(char::is_control) {
        let mut out = String::from("\"");
        for sign in text.chars() {
            match sign {
                '"' | '\\' => out.extend(['\\', sign]),
                '\n' => out.push_str("\\n"),
                sign if sign.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(sign))),
                sign => out.push(sign),
            }
        }
        out.push('"');
        return out;
    }
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_flows_and_quotes_are_read() {
        let text = "name: 'it''s'\nempty: ''\nlist:\n- a: 1\n  b: {x: -25, y: [1, 2], s: \"q\\u0041\"}\n- a: 2\nnested:\n  deep:\n  - one\n  - two\nlast: x: y\n";
        let value = read(text).unwrap();
        assert_eq!(value.get("name").unwrap().text(), "it's");
        assert_eq!(value.get("empty").unwrap().text(), "");
        let list = value.get("list").unwrap().items();
        assert_eq!(
            list[0].get("b").unwrap().get("x").unwrap().number(),
            Some(-25.0)
        );
        assert_eq!(list[0].get("b").unwrap().get("y").unwrap().items().len(), 2);
        assert_eq!(list[0].get("b").unwrap().get("s").unwrap().text(), "qA");
        assert_eq!(list[1].get("a").unwrap().text(), "2");
        let deep = value.get("nested").unwrap().get("deep").unwrap();
        assert_eq!(deep.items()[1].text(), "two");
        for bad in ["a\n  b: 1", "a: {x: 1", "a: 'x", ""] {
            assert!(read(bad).is_err(), "{bad}");
        }
        for text in [
            "", "it's", "yes", "12", "a: b", "还", "x\ny", "- a", "{", "#c",
        ] {
            let line = format!("k: {}", quoted(text));
            assert_eq!(
                read(&line).unwrap().get("k").unwrap().text(),
                text,
                "{line}"
            );
        }
    }
}
