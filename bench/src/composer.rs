//! Who finds tunes, by a name on the command line.

use yuefu_composer::Composer;

/// `rules` (nobody), `shipped`, `light`, or a file of weights.
///
/// # Errors
/// Says which file cannot be read.
pub fn named(name: &str) -> Result<Option<Composer>, String> {
    match name {
        "rules" => Ok(None),
        "shipped" => Composer::shipped().map(Some).map_err(|e| e.to_string()),
        "light" => Composer::light().map(Some).map_err(|e| e.to_string()),
        path => {
            let bytes = std::fs::read(path).map_err(|error| format!("{path}: {error}"))?;
            let parsed = Composer::parse(&bytes);
            parsed.map(Some).map_err(|error| format!("{path}: {error}"))
        }
    }
}
