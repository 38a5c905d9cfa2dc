//! A small XML tree to read from, and a small writer.

use crate::error::{Place, ScoreErrorKind, ScoreFileError};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Deeper nesting than any score has.
const MOST_DEPTH: usize = 64;

/// One element.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    pub(super) children: Vec<Node>,
    text: String,
}

impl Node {
    pub(super) fn attr(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(n, _)| n == name)?;
        Some(&found.1)
    }

    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|c| c.name == name)
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |c| c.name == name)
    }

    /// The first descendant by a path of names.
    pub(super) fn path(&self, names: &[&str]) -> Option<&Self> {
        names.iter().try_fold(self, |node, name| node.child(name))
    }

    pub(super) fn text(&self) -> &str {
        self.text.trim()
    }

    /// The text of a child.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        Some(self.child(name)?.text())
    }

    /// The number in a child.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        let n: f64 = self.text_of(name)?.parse().ok()?;
        n.is_finite().then_some(n)
    }
}

/// Parses a document into its root element. No entity but XML's own five is expanded, and
/// nothing outside is loaded.
pub(super) fn parse(text: &str, most_nodes: usize) -> Result<Node, ScoreFileError> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut stack: Vec<Node> = vec![Node::default()];
    let mut nodes = 0;
    loop {
        let at = reader.buffer_position() as usize;
        let event = reader.read_event().map_err(|e| {
            let at = reader.error_position() as usize;
            damaged(text, at, "well-formed XML", &e.to_string())
        })?;
        match event {
            Event::Start(start) => {
                nodes += 1;
                if nodes > most_nodes {
                    let most = format!("at most {most_nodes} elements");
                    return Err(ScoreFileError::too_large(line_of(text, at), most));
                }
                if stack.len() > MOST_DEPTH {
                    return Err(damaged(text, at, "a score", "elements nested too deeply"));
                }
                stack.push(open(&start));
            }
            Event::End(_) => {
                if let Some(node) = stack.pop()
                    && let Some(parent) = stack.last_mut()
                {
                    parent.children.push(node);
                }
            }
            Event::Text(t) => {
                let piece = t.xml10_content().into_owned();
                if let Some(node) = stack.last_mut() {
                    node.text.push_str(&piece);
                }
            }
            Event::GeneralRef(r) => {
                let name: &str = &r;
                let piece = match name {
                    "amp" => Some('&'),
                    "lt" => Some('<'),
                    "gt" => Some('>'),
                    "quot" => Some('"'),
                    "apos" => Some('\''),
                    _ => r.resolve_char_ref().ok().flatten(),
                };
                if let (Some(node), Some(c)) = (stack.last_mut(), piece) {
                    node.text.push(c);
                }
            }
            Event::CData(t) => {
                if let Some(node) = stack.last_mut() {
                    node.text.push_str(&t);
                }
            }
            Event::Eof => break,
            _ => {}
        }
        if stack.is_empty() {
            return Err(damaged(text, at, "one root element", "an extra end"));
        }
    }
    if stack.len() > 1 {
        let name = stack.last().map_or("", |n| n.name.as_str()).to_owned();
        return Err(damaged(
            text,
            text.len(),
            &format!("</{name}>"),
            "the end of the file",
        ));
    }
    let top = stack.pop().unwrap_or_default();
    top.children
        .into_iter()
        .next()
        .ok_or_else(|| damaged(text, text.len(), "an XML element", "none"))
}

fn open(start: &BytesStart) -> Node {
    let attributes = start
        .attributes()
        .flatten()
        .map(|a| {
            let value = quick_xml::escape::unescape(&a.value)
                .map_or_else(|_| a.value.clone().into_owned(), |v| v.into_owned());
            (a.key.local_name().as_ref().to_owned(), value)
        })
        .collect();
    Node {
        name: start.local_name().as_ref().to_owned(),
        attributes,
        children: Vec::new(),
        text: String::new(),
    }
}

fn line_of(text: &str, at: usize) -> Place {
    let before = &text.as_bytes()[..at.min(text.len())];
    let line = before.iter().filter(|b| **b == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|b| **b != b'\n').count() + 1;
    Place::Line(line, column)
}

fn damaged(text: &str, at: usize, expected: &str, found: &str) -> ScoreFileError {
    ScoreFileError::new(
        ScoreErrorKind::Corrupt,
        line_of(text, at),
        expected,
        found,
        "The file is damaged; export it again.",
    )
}

/// Writes indented XML.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) out: String,
    open: Vec<&'static str>,
}

impl Writer {
    fn indent(&mut self) {
        for _ in 0..self.open.len() {
            self.out.push_str("  ");
        }
    }

    /// Opens an element; `attributes` is either empty or written text that begins with a space.
    pub(super) fn start(&mut self, name: &'static str, attributes: &str) {
        self.indent();
        self.out.push_str(&format!("<{name}{attributes}>\n"));
        self.open.push(name);
    }

    pub(super) fn end(&mut self) {
        if let Some(name) = self.open.pop() {
            self.indent();
            self.out.push_str(&format!("</{name}>\n"));
        }
    }

    /// An element with text.
    pub(super) fn leaf(&mut self, name: &str, attributes: &str, text: &str) {
        self.indent();
        let text = escape(text);
        self.out
            .push_str(&format!("<{name}{attributes}>{text}</{name}>\n"));
    }

    /// An element without content.
    pub(super) fn empty(&mut self, name: &str, attributes: &str) {
        self.indent();
        self.out.push_str(&format!("<{name}{attributes}/>\n"));
    }
}

/// Text for content and attributes; characters that XML cannot hold are dropped.
pub(super) fn escape(text: &str) -> String {
    let legal: String = text
        .chars()
        .filter(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..))
        .collect();
    quick_xml::escape::escape(&legal).into_owned()
}
