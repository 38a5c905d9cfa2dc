//! Settings as a tree; whoever knows YAML makes it.

/// A value of a settings file.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A plain value.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Names and values, in order.
    Map(Vec<(String, Node)>),
}

/// Reads a YAML (or JSON) text; a door for whoever knows the format.
pub type ReadYaml = dyn Fn(&str) -> Option<Node> + Send + Sync;

impl Node {
    /// A value of a map by its name.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(rows) => rows.iter().find(|row| row.0 == key).map(|row| &row.1),
            _ => None,
        }
    }

    /// The text of a plain value by its name; `None` where it is missing, empty or `null`.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Self::Text(text) => Some(text.as_str()).filter(|t| !matches!(*t, "" | "null" | "~")),
            _ => None,
        }
    }

    /// Whether a switch is on.
    pub fn on(&self, key: &str) -> bool {
        self.text(key)
            .is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// A finite number by its name.
    pub fn number(&self, key: &str) -> Option<f64> {
        let number: f64 = self.text(key)?.parse().ok()?;
        number.is_finite().then_some(number)
    }

    /// Items of a list by its name.
    pub fn items(&self, key: &str) -> &[Self] {
        match self.get(key) {
            Some(Self::List(items)) => items,
            _ => &[],
        }
    }

    /// The plain value that this is.
    pub fn plain(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}
