//! Options on a command line: `--name value`, or a name alone.

use std::str::FromStr;

/// The words of a command line.
#[derive(Clone, Debug)]
pub struct Args(Vec<String>);

impl Args {
    /// What this program was called with.
    pub fn of_program() -> Self {
        Self(std::env::args().skip(1).collect())
    }

    /// Whether an option is there.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|word| word == name)
    }

    /// The word after an option.
    pub fn value(&self, name: &str) -> Option<&str> {
        let at = self.0.iter().position(|word| word == name)?;
        self.0.get(at + 1).map(String::as_str)
    }

    /// The word after an option, or the usual one.
    pub fn value_or<'a>(&'a self, name: &str, usual: &'a str) -> &'a str {
        self.value(name).unwrap_or(usual)
    }

    /// The number after an option, or the usual one.
    ///
    /// # Errors
    /// Says how the option is written where no such number stands there.
    pub fn number_or<T: FromStr>(&self, name: &str, usual: T) -> Result<T, String> {
        self.value(name).map_or(Ok(usual), |word| {
            word.parse().map_err(|_| format!("{name} N"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_found_by_name() {
        let words = ["--tune", "--songs", "12", "--asked", "many", "--data"];
        let args = Args(words.map(str::to_owned).to_vec());
        assert!(args.has("--tune") && !args.has("--sung"));
        assert_eq!(args.value_or("--songs", "3"), "12");
        assert_eq!(args.value("--data"), None);
        assert_eq!(args.number_or("--songs", 3), Ok(12));
        assert_eq!(args.number_or("--phrases", 3), Ok(3));
        assert_eq!(args.number_or("--asked", 3), Err("--asked N".to_owned()));
    }
}
