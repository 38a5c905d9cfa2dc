//! Checks that crates use only what docs/ARCHITECTURE.md lets them use.

use crate::metadata::{self, Member};

/// What a folder may use. A name ending in `/` means every crate below it.
struct Rule {
    from: &'static str,
    to: &'static [&'static str],
    /// The rule as a sentence, printed beside an arrow that breaks it.
    why: &'static str,
}

/// The first rule that covers a folder holds.
const RULES: &[Rule] = &[
    Rule {
        from: "core/theory",
        to: &[],
        why: "inside core, theory, audio and lang use nothing of ours",
    },
    Rule {
        from: "core/audio",
        to: &[],
        why: "inside core, theory, audio and lang use nothing of ours",
    },
    Rule {
        from: "core/lang",
        to: &[],
        why: "inside core, theory, audio and lang use nothing of ours",
    },
    Rule {
        from: "core/song",
        to: &["core/theory", "core/audio", "core/lang"],
        why: "inside core, song uses theory, audio and lang only",
    },
    Rule {
        from: "core/engine",
        to: &["core/song", "core/theory", "core/audio", "core/lang"],
        why: "inside core, engine uses song and what lies below it",
    },
    Rule {
        from: "release/",
        to: &["core/", "data", "formats/"],
        why: "release uses core, data and formats",
    },
    Rule {
        from: "listen/",
        to: &["core/", "data", "listen/features"],
        why: "listen uses core, data and, of itself, listen/features only",
    },
    Rule {
        from: "compose/",
        to: STAGE,
        why: ONLY_CORE,
    },
    Rule {
        from: "perform/",
        to: STAGE,
        why: ONLY_CORE,
    },
    Rule {
        from: "sound/",
        to: STAGE,
        why: ONLY_CORE,
    },
    Rule {
        from: "formats/",
        to: STAGE,
        why: ONLY_CORE,
    },
    Rule {
        from: "models/corpus",
        to: &[
            "core/",
            "data",
            "formats/scorefile",
            "compose/harmonize",
            "compose/originality",
        ],
        why: "the corpus reads scores, completes and compares them: core, data, formats/scorefile, compose/harmonize and compose/originality",
    },
    Rule {
        from: "models/composer-training",
        to: &[
            "core/",
            "compose/plan",
            "perform/perform",
            "listen/draw",
            "models/",
            "data",
        ],
        why: "the training of the composer uses core, data, compose/plan, perform, listen/draw and other models",
    },
    Rule {
        from: "models/composer",
        to: &[
            "core/",
            "compose/arrange",
            "compose/originality",
            "compose/plan",
            "models/nets",
            "data",
        ],
        why: "the composer is an engine of compose/plan and compose/arrange, keeps away from known tunes by compose/originality, and uses core, models/nets and data besides",
    },
    Rule {
        from: "models/drummer",
        to: &["core/", "compose/arrange", "models/nets", "data"],
        why: "the drummer is an engine of compose/arrange, and uses core, models/nets and data besides",
    },
    Rule {
        from: "models/",
        to: &["core/", "sound/voice", "models/", "data"],
        why: "a model implements the trait of one stage (so far the voice) and uses core, data and other models",
    },
    Rule {
        from: "data",
        to: &[],
        why: "data is bytes by name and uses nothing of ours",
    },
    Rule {
        from: "studio",
        to: &[
            "core/", "compose/", "perform/", "sound/", "release/", "formats/", "listen/",
            "models/", "data",
        ],
        why: "studio uses everything below it, never an app or a tool",
    },
    Rule {
        from: "apps/",
        to: &["studio"],
        why: "apps use the studio only, so that they hold no musical logic",
    },
];

const STAGE: &[&str] = &["core/", "data"];
const ONLY_CORE: &str =
    "stages use core and data only: they never depend on each other but meet in the document";

/// Tools may use everything and are used by nothing.
const TOOLS: &[&str] = &["bench", "xtask", "models/singer-training"];

/// Runs the check.
///
/// # Errors
/// Names every arrow that is not allowed, with the rule it breaks.
pub fn run(_: &[String]) -> Result<(), String> {
    let members = metadata::members()?;
    let wrong = offenders(&members);
    if !wrong.is_empty() {
        return Err(format!(
            "arrows that are not allowed:\n{}",
            wrong.join("\n")
        ));
    }
    let arrows: usize = members.iter().map(|member| member.uses.len()).sum();
    println!(
        "arrows: {arrows} between {} crates, all allowed",
        members.len()
    );
    Ok(())
}

/// One line for each arrow that no rule allows, and for each crate that no rule covers.
fn offenders(members: &[Member]) -> Vec<String> {
    let mut wrong = Vec::new();
    for Member { folder, uses } in members {
        if TOOLS.contains(&folder.as_str()) {
            continue;
        }
        let Some(rule) = RULES.iter().find(|rule| covers(rule.from, folder)) else {
            wrong.push(format!(
                "  {folder} is under no rule; give it one in xtask/src/arrows.rs and docs/ARCHITECTURE.md"
            ));
            continue;
        };
        for to in uses {
            if !rule.to.iter().any(|name| covers(name, to)) {
                wrong.push(format!("  {folder} -> {to}   ({})", rule.why));
            }
        }
    }
    wrong
}

fn covers(name: &str, folder: &str) -> bool {
    if name.ends_with('/') {
        folder.starts_with(name)
    } else {
        folder == name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(folder: &str, uses: &[&str]) -> Member {
        Member {
            folder: folder.to_owned(),
            uses: uses.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn what_the_architecture_draws_is_allowed() {
        let members = [
            member("core/theory", &[]),
            member("core/song", &["core/theory", "core/audio"]),
            member("core/engine", &["core/song", "core/audio"]),
            member("compose/arrange", &["core/theory", "core/engine", "data"]),
            member("release/release", &["core/song", "formats/audiofile"]),
            member("listen/critic", &["listen/features", "core/song"]),
            member("studio", &["core/song", "sound/mix", "listen/draw", "data"]),
            member("apps/cli", &["studio"]),
            member("bench", &["compose/arrange", "studio"]),
        ];
        assert_eq!(offenders(&members), Vec::<String>::new());
    }

    #[test]
    fn every_other_arrow_is_named_with_its_rule() {
        let bad = [
            ("core/theory", "core/audio", "theory"),
            ("core/song", "core/engine", "song"),
            ("core/engine", "data", "engine"),
            (
                "compose/plan",
                "compose/brief",
                "never depend on each other",
            ),
            (
                "perform/perform",
                "compose/arrange",
                "never depend on each other",
            ),
            (
                "sound/mix",
                "formats/audiofile",
                "never depend on each other",
            ),
            (
                "formats/audiofile",
                "sound/mix",
                "never depend on each other",
            ),
            ("listen/critic", "listen/draw", "listen/features"),
            ("release/release", "sound/mix", "release"),
            ("data", "core/song", "data"),
            ("studio", "apps/cli", "studio"),
            ("studio", "xtask", "studio"),
            ("apps/cli", "core/song", "studio only"),
        ];
        for (from, to, rule) in bad {
            let wrong = offenders(&[member(from, &[to])]);
            assert_eq!(wrong.len(), 1, "{from} -> {to}");
            assert!(wrong[0].contains(&format!("{from} -> {to} ")), "{wrong:?}");
            assert!(wrong[0].contains(rule), "{wrong:?} does not say `{rule}`");
        }
        let wrong = offenders(&[member("plugins/new", &[])]);
        assert!(wrong[0].contains("plugins/new is under no rule"));
    }
}
