//! Every shipped style and pattern says only what the composer understands.

use std::collections::BTreeSet;
use yuefu_song::{
    Articulation, Catalog, Family, Part, Pattern, PatternFile, Role, SectionKind, StyleBook,
};
use yuefu_theory::{Metre, Mode, Roman};

fn files(folder: &str) -> Vec<(&'static str, &'static str)> {
    yuefu_data::names(folder)
        .filter(|name| name.ends_with(".toml"))
        .map(|name| (name, yuefu_data::text(name).expect("data is UTF-8")))
        .collect()
}

fn book() -> StyleBook {
    let mut all = files("styles");
    all.extend(files("patterns"));
    StyleBook::parse(&all).expect("shipped styles are valid")
}

fn catalog() -> Catalog {
    Catalog::parse(&files("instruments")).expect("the shipped catalog is valid")
}

/// Complaints of one test; shown together, so that one run names everything to mend.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn check(&mut self, ok: bool, say: impl FnOnce() -> String) {
        if !ok {
            self.0.push(say());
        }
    }

    fn none(self) {
        assert!(
            self.0.is_empty(),
            "{} faults:\n{}",
            self.0.len(),
            self.0.join("\n")
        );
    }
}

const DRUM_LINES: [&str; 43] = [
    "kick",
    "snare",
    "rim",
    "clap",
    "hat",
    "pedal",
    "open",
    "ride",
    "bell",
    "crash",
    "china",
    "splash",
    "tom1",
    "tom2",
    "tom3",
    "tom4",
    "shaker",
    "tamb",
    "cowbell",
    "conga",
    "conga-low",
    "conga-mute",
    "bongo",
    "bongo-low",
    "timbale",
    "timbale-low",
    "agogo",
    "agogo-low",
    "clave",
    "block",
    "block-low",
    "guiro",
    "guiro-long",
    "cabasa",
    "maracas",
    "whistle",
    "triangle",
    "triangle-mute",
    "surdo",
    "cuica",
    "crash2",
    "ride2",
    "snare2",
];

fn signs(line: &str) -> Option<&'static str> {
    match line {
        "bass" => Some(".-R3567 8Lasgwr"),
        "lh" | "rh" | "chord" => Some(".-CcSsDUduxR58123456TMA"),
        name => {
            let key = name.strip_prefix('k').and_then(|n| n.parse::<u8>().ok());
            (DRUM_LINES.contains(&name) || key.is_some_and(|k| (27..=87).contains(&k)))
                .then_some(".-xXogrf?")
        }
    }
}

/// Steps in one bar may fall on thirds, quarters, sixths, eighths... of its felt beats.
fn divides(metre: &Metre, steps: usize) -> bool {
    let bar = metre.bar().0;
    steps > 0 && steps <= 96 && bar % steps as i64 == 0
}

fn check_pattern(owner: &str, name: &str, pattern: &Pattern, faults: &mut Faults) {
    let place = format!("{owner}: pattern {name}");
    faults.check(!pattern.lines.is_empty(), || format!("{place} is empty"));
    faults.check(matches!(pattern.bars, 1 | 2 | 4 | 8), || {
        format!("{place} lasts {} bars", pattern.bars)
    });
    for (line, row) in &pattern.lines {
        let Some(allowed) = signs(line) else {
            faults.check(false, || format!("{place}: no line is called {line}"));
            continue;
        };
        let steps: Vec<char> = row.chars().filter(|c| *c != ' ' && *c != '|').collect();
        for sign in &steps {
            faults.check(allowed.contains(*sign), || {
                format!("{place}: `{sign}` means nothing on line {line}")
            });
        }
        let bars = pattern.bars as usize;
        faults.check(
            steps.len().is_multiple_of(bars) && divides(&pattern.metre, steps.len() / bars),
            || {
                format!(
                    "{place}: {} steps of {line} do not fill {bars} bars of {}",
                    steps.len(),
                    pattern.metre
                )
            },
        );
        if row.contains('|') {
            let lengths: BTreeSet<usize> = row
                .split('|')
                .map(|bar| bar.chars().filter(|c| *c != ' ').count())
                .collect();
            faults.check(lengths.len() == 1 && row.split('|').count() == bars, || {
                format!("{place}: uneven bars on line {line}")
            });
        }
        faults.check(steps.iter().any(|s| !['.', '-'].contains(s)), || {
            format!("{place}: line {line} is silent")
        });
    }
    let kinds: BTreeSet<bool> = pattern.lines.keys().map(|l| l == "bass").collect();
    faults.check(kinds.len() == 1, || {
        format!("{place} mixes bass and other lines")
    });
}

#[test]
fn patterns_are_well_formed() {
    let mut faults = Faults::default();
    for (name, text) in files("patterns") {
        let file: PatternFile = toml::from_str(text).expect("a pattern file");
        for (id, pattern) in &file.patterns {
            check_pattern(name, id, pattern, &mut faults);
        }
    }
    for style in book().styles() {
        for (id, pattern) in &style.patterns {
            check_pattern(&style.id, id, pattern, &mut faults);
        }
    }
    faults.none();
}

/// Sections of a form as (kind, bars, energy).
fn sections(form: &str) -> Option<Vec<(&str, u32, f32)>> {
    form.split_whitespace()
        .map(|word| {
            let mut fields = word.split(':');
            let kind = fields.next()?.split('.').next()?;
            let bars = fields.next()?.parse().ok()?;
            let energy = fields.next()?.parse().ok()?;
            (fields.next().is_none()).then_some((kind, bars, energy))
        })
        .collect()
}

#[test]
fn forms_and_names_are_sound() {
    let mut faults = Faults::default();
    for style in book().styles() {
        let id = &style.id;
        faults.check(
            yuefu_data::names("styles").any(|n| n == format!("styles/{id}.toml")),
            || format!("{id}: the file has another name"),
        );
        faults.check(
            yuefu_data::get(&format!("mix/{}.toml", style.mix)).is_some(),
            || format!("{id}: there is no mix character {}", style.mix),
        );
        let [slow, fast] = style.tempo;
        faults.check((30.0..=fast).contains(&slow) && fast <= 220.0, || {
            format!("{id}: tempo {slow} to {fast}")
        });
        for mode in style.modes.keys() {
            faults.check(Mode::ALL.iter().any(|row| row.1 == mode), || {
                format!("{id}: no mode is called {mode}")
            });
        }
        faults.check(!style.modes.is_empty() && !style.metres.is_empty(), || {
            format!("{id}: no mode or no metre")
        });
        faults.check(matches!(style.feel.swing_unit, 0 | 8 | 16), || {
            format!("{id}: swing unit {}", style.feel.swing_unit)
        });
        faults.check(style.forms.len() >= 2, || format!("{id}: one form only"));
        let mut lengths = Vec::new();
        let beats = style.metres.first().map_or(4, |m| m.groups.len());
        for form in &style.forms {
            let Some(parts) = sections(&form.sections) else {
                faults.check(false, || format!("{id}: form `{}`", form.sections));
                continue;
            };
            for (kind, bars, energy) in &parts {
                faults.check(
                    SectionKind::from_name(kind).is_some()
                        && (1..=64).contains(bars)
                        && (0.0..=1.0).contains(energy),
                    || format!("{id}: section {kind}:{bars}:{energy}"),
                );
            }
            let bars: u32 = parts.iter().map(|p| p.1).sum();
            lengths.push(f64::from(bars) * beats as f64 * 60.0 / ((slow + fast) / 2.0));
            let peak = parts.iter().map(|p| p.2).fold(0.0, f32::max);
            let low = parts.iter().map(|p| p.2).fold(1.0, f32::min);
            faults.check(peak - low >= 0.15, || {
                format!("{id}: form `{}` never rises", form.sections)
            });
        }
        let longest = lengths.iter().copied().fold(0.0, f64::max);
        let shortest = lengths.iter().copied().fold(f64::MAX, f64::min);
        faults.check(
            (100.0..=270.0).contains(&longest) && shortest <= 110.0,
            || format!("{id}: forms last {shortest:.0} to {longest:.0} seconds"),
        );
    }
    faults.none();
}

#[test]
fn harmony_parses_and_stays_in_reach_of_its_keys() {
    let mut faults = Faults::default();
    for style in book().styles() {
        let id = &style.id;
        let harmony = &style.harmony;
        for (side, table) in [("major", &harmony.major), ("minor", &harmony.minor)] {
            for (kind, rows) in table {
                let material = kind.len() <= 2;
                faults.check(
                    kind == "any" || material || SectionKind::from_name(kind).is_some(),
                    || format!("{id}: {side} rows for unknown section kind {kind}"),
                );
                faults.check(!rows.is_empty(), || {
                    format!("{id}: no {side} rows for {kind}")
                });
                for row in rows {
                    let bars = row.split_whitespace().count();
                    faults.check(matches!(bars, 1 | 2 | 3 | 4 | 6 | 8 | 12 | 16), || {
                        format!("{id}: {side} {kind} row of {bars} bars: {row}")
                    });
                    check_row(id, row, &mut faults);
                }
            }
        }
        for row in harmony.closing.iter().chain(&harmony.closing_minor) {
            check_row(id, row, &mut faults);
            let rests = row
                .rsplit([' ', ','])
                .next()
                .and_then(|numeral| numeral.parse::<Roman>().ok())
                .is_some_and(|roman| roman.degree == 0);
            faults.check(rests, || {
                format!("{id}: `{row}` does not close on the tonic")
            });
        }
        let minor = |name: &String| {
            Mode::ALL
                .iter()
                .any(|(mode, en, _)| en == name && mode.is_minor())
        };
        let needs = |wanted: bool| style.modes.keys().any(|mode| minor(mode) == wanted);
        faults.check(!needs(true) || !harmony.minor.is_empty(), || {
            format!("{id}: minor modes without minor rows")
        });
        faults.check(!needs(false) || !harmony.major.is_empty(), || {
            format!("{id}: major modes without major rows")
        });
        faults.check(
            (!needs(false) || !harmony.closing.is_empty())
                && (!needs(true) || !harmony.closing_minor.is_empty()),
            || format!("{id}: no close"),
        );
    }
    faults.none();
}

fn check_row(id: &str, row: &str, faults: &mut Faults) {
    for numeral in row.split([' ', ',']) {
        if let Err(error) = numeral.parse::<Roman>() {
            faults.check(false, || format!("{id}: row `{row}`: {error}"));
        }
    }
}

#[test]
fn casts_are_playable() {
    let (book, catalog) = (book(), catalog());
    let mut faults = Faults::default();
    for style in book.styles() {
        let mut ids = BTreeSet::new();
        for part in &style.cast {
            let place = format!("{}: part {}", style.id, part.id);
            faults.check(ids.insert(&part.id), || format!("{place} occurs twice"));
            check_part(&place, part, &catalog, &mut faults);
            for name in part.patterns.iter().flat_map(|p| &p.names) {
                let Some(pattern) = book.pattern(style, name) else {
                    faults.check(false, || format!("{place}: no pattern is called {name}"));
                    continue;
                };
                let bass = pattern.lines.contains_key("bass");
                let comp = ["lh", "rh", "chord"]
                    .iter()
                    .any(|l| pattern.lines.contains_key(*l));
                let right = match part.role {
                    Role::Bass => bass,
                    role if role.is_percussion() => !bass && !comp,
                    _ => comp,
                };
                faults.check(right, || {
                    format!("{place}: pattern {name} is not for {}", part.role.name())
                });
            }
            for metre in &style.metres {
                for from in part.patterns.iter().map(|p| p.from) {
                    let fits = part.patterns.iter().filter(|p| p.from <= from).any(|p| {
                        p.names
                            .iter()
                            .filter_map(|n| book.pattern(style, n))
                            .any(|p| p.metre == *metre)
                    });
                    faults.check(fits, || format!("{place}: nothing in {metre} from {from}"));
                }
            }
        }
        let needed = ["lead", "comp", "arp", "drums", "percussion"];
        faults.check(
            style.cast.iter().any(|p| needed.contains(&p.role.name())),
            || format!("{}: nobody plays", style.id),
        );
        let drums = style.cast.iter().any(|p| p.role == Role::Drums);
        let fills = style
            .patterns
            .keys()
            .filter(|n| n.starts_with("fill-"))
            .count();
        faults.check(!drums || fills >= 2, || {
            format!("{}: drums without fills", style.id)
        });
    }
    faults.none();
}

fn check_part(place: &str, part: &Part, catalog: &Catalog, faults: &mut Faults) {
    faults.check(!part.instruments.is_empty(), || {
        format!("{place}: no instrument")
    });
    for id in &part.instruments {
        let Some(profile) = catalog.profile(id) else {
            faults.check(false, || format!("{place}: no instrument is called {id}"));
            continue;
        };
        let kit = profile.family == Family::Kit;
        faults.check(kit == part.role.is_percussion(), || {
            format!("{place}: {id} cannot play {}", part.role.name())
        });
        faults.check(
            (profile.family == Family::Effect) == (part.role == Role::Fx),
            || format!("{place}: {id} cannot be {}", part.role.name()),
        );
        if let Some([low, high]) = part.register {
            let low = low.max(profile.range[0]);
            let high = high.min(profile.range[1]);
            faults.check(high >= low + 11, || {
                format!("{place}: {id} has less than an octave in that register")
            });
        }
        let chords = matches!(part.role, Role::Comp | Role::Pad);
        faults.check(!chords || profile.polyphony >= 3, || {
            format!("{place}: {id} cannot play chords")
        });
    }
    for kind in part.only.iter().chain(&part.not) {
        faults.check(SectionKind::from_name(kind).is_some(), || {
            format!("{place}: no section kind is called {kind}")
        });
    }
    faults.check(
        part.from < part.to && (0.0..=1.0).contains(&part.chance) && part.level.abs() <= 1.0,
        || format!("{place}: from, to, chance or level out of range"),
    );
    let rising = part.patterns.windows(2).all(|w| w[0].from < w[1].from);
    faults.check(rising, || format!("{place}: patterns not by rising energy"));
    let accompanies = !matches!(
        part.role,
        Role::Vocal
            | Role::Backing
            | Role::Lead
            | Role::Counter
            | Role::Harmony
            | Role::Pad
            | Role::Fx
    );
    faults.check(!accompanies || !part.patterns.is_empty(), || {
        format!("{place}: no patterns")
    });
}

#[test]
fn melodies_have_a_vocabulary() {
    let mut faults = Faults::default();
    for style in book().styles() {
        let (id, melody) = (&style.id, &style.melody);
        faults.check(melody.cells.len() >= 6, || {
            format!("{id}: {} cells", melody.cells.len())
        });
        let metre = style.metres.first().cloned().unwrap_or(Metre::common());
        for cell in melody.cells.iter().chain(&melody.busy_cells) {
            faults.check(
                cell.chars().all(|c| "x-.".contains(c))
                    && cell.contains('x')
                    && !cell.starts_with('-')
                    && !cell.contains(".-")
                    && divides(&metre, cell.chars().count()),
                || format!("{id}: cell `{cell}` of {} steps", cell.len()),
            );
        }
        for (name, chance) in &melody.ornaments {
            faults.check(
                Articulation::from_name(name).is_some() && (0.0..=1.0).contains(chance),
                || format!("{id}: ornament {name} = {chance}"),
            );
        }
        for plan in &melody.plans {
            faults.check(
                plan.starts_with('A') && plan.chars().all(|c| "ABCDE'".contains(c)),
                || format!("{id}: plan {plan}"),
            );
        }
        faults.check(
            (0.0..=1.0).contains(&melody.leaps) && matches!(melody.phrase_bars, 1..=8),
            || format!("{id}: leaps or phrase length"),
        );
    }
    faults.none();
}
