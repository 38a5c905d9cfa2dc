//! Prompts and what they must lead to; random prompts; determinism; options.

use yuefu_brief::{Overrides, explain, understand};
use yuefu_song::Brief;
use yuefu_song::brief::{Lang, LengthWish, SectionSize, Severity};

/// Everything a brief says, as short words.
fn facts(brief: &Brief) -> Vec<String> {
    let mut out = Vec::new();
    let mut put = |name: &str, value: &dyn std::fmt::Display| out.push(format!("{name}:{value}"));
    let kebab = |value: &dyn std::fmt::Debug| format!("{value:?}").to_lowercase();
    for (index, style) in brief.styles.iter().enumerate() {
        put("styles", &style.value);
        if index == 0 {
            put("style", &style.value);
        }
    }
    for (index, mood) in brief.moods.iter().enumerate() {
        let name = mood.value.name();
        put("moods", &name);
        if index == 0 {
            put("mood", &name);
        }
        if mood.weight > 1.2 {
            put("strong", &name);
        }
        if mood.weight < 0.7 {
            put("weak", &name);
        }
    }
    brief
        .excluded_styles
        .iter()
        .for_each(|id| put("nostyle", id));
    brief
        .excluded_moods
        .iter()
        .for_each(|mood| put("nomood", &mood.name()));
    for wish in &brief.instruments {
        put(if wish.wanted { "inst" } else { "noinst" }, &wish.id);
        if let Some(role) = wish.role {
            put("role", &format!("{}={}", wish.id, role.name()));
        }
    }
    brief.excluded.iter().for_each(|out| put("no", &out.group));
    if let Some(tempo) = &brief.tempo {
        tempo.bpm.iter().for_each(|bpm| put("bpm", bpm));
        tempo.bpm_end.iter().for_each(|bpm| put("bpmend", bpm));
        tempo
            .range
            .iter()
            .for_each(|[low, high]| put("range", &format!("{low}-{high}")));
        tempo.pace.iter().for_each(|pace| {
            put(
                "pace",
                &["slow", "medium", "fast"][(pace.direction() + 1) as usize],
            )
        });
        tempo
            .change
            .iter()
            .for_each(|change| put("change", &kebab(change)));
        tempo.feel.iter().for_each(|feel| put("feel", &kebab(feel)));
    }
    brief.key.iter().for_each(|key| put("key", key));
    brief
        .modulate_to
        .iter()
        .for_each(|key| put("modulate", key));
    brief
        .mode
        .iter()
        .for_each(|wish| put("mode", &wish.mode().name()));
    brief.metre.iter().for_each(|metre| put("metre", metre));
    match brief.length {
        Some(LengthWish::Seconds(seconds)) => put("len", &seconds),
        Some(LengthWish::Bars(bars)) => put("bars", &bars),
        None => {}
    }
    brief.scene.iter().for_each(|scene| put("scene", scene));
    brief.title.iter().for_each(|title| put("title", title));
    put("voice", &kebab(&brief.voice));
    brief
        .shape
        .iter()
        .for_each(|shape| put("shape", &kebab(shape)));
    brief
        .energy
        .iter()
        .for_each(|point| put("energy", &format!("{}@{}", kebab(&point.kind), point.at.0)));
    brief.form.iter().for_each(|form| {
        put(
            "form",
            &form
                .iter()
                .map(|kind| kind.name())
                .collect::<Vec<_>>()
                .join(" "),
        )
    });
    for wish in &brief.sections {
        let size = match (wish.wanted, wish.size) {
            (false, _) => "no ",
            (_, Some(SectionSize::Long)) => "long ",
            (_, Some(SectionSize::Short)) => "short ",
            _ => "",
        };
        let bars = wish
            .bars
            .map_or(String::new(), |bars| format!("{bars}-bar "));
        put("section", &format!("{size}{bars}{}", wish.section.name()));
    }
    for note in &brief.diagnostics {
        put(
            if note.severity == Severity::Error {
                "error"
            } else {
                "code"
            },
            &note.code,
        );
    }
    if brief.loop_seamless {
        out.push("loop".into());
    }
    if brief
        .tempo
        .as_ref()
        .and_then(|tempo| tempo.swing)
        .is_some_and(|swing| swing > 0.0)
    {
        out.push("swing".into());
    }
    if brief.diagnostics.is_empty() {
        out.push("clean".into());
    }
    out
}

#[test]
fn prompts_mean_what_they_say() {
    let table = include_str!("prompts.txt");
    let (mut wrong, mut count) = (Vec::new(), 0);
    for line in table
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("# "))
    {
        let (prompt, wanted) = line.split_once(" => ").expect("a row is `prompt => facts`");
        let brief = understand(prompt, &Overrides::default());
        let found = facts(&brief);
        count += 1;
        for fact in wanted.split(", ") {
            let (fact, expected) = fact
                .strip_prefix('!')
                .map_or((fact, true), |fact| (fact, false));
            if found.iter().any(|held| held == fact) != expected {
                wrong.push(format!(
                    "{prompt}\n    {}{fact}\n    {}",
                    if expected { "" } else { "unwanted " },
                    found.join(", ")
                ));
            }
        }
    }
    assert!(count >= 120, "{count} prompts");
    assert!(
        wrong.is_empty(),
        "{} of {count} prompts:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_statement_has_its_words() {
    for line in include_str!("prompts.txt")
        .lines()
        .filter(|line| line.contains(" => "))
    {
        let prompt = line.split_once(" => ").expect("a row").0;
        let brief = understand(prompt, &Overrides::default());
        for reason in &brief.reasons {
            assert_eq!(
                prompt[reason.span.0..reason.span.1].trim(),
                if reason.span == (0, 0) {
                    ""
                } else {
                    &reason.words
                },
                "{prompt}"
            );
        }
        for lang in [Lang::Zh, Lang::En] {
            let text = explain(&brief, lang);
            assert!(
                text.contains(prompt)
                    && brief
                        .diagnostics
                        .iter()
                        .all(|note| text.contains(note.message(lang))),
                "{text}"
            );
        }
    }
}

#[test]
fn random_prompts_never_panic_and_are_read_the_same_twice() {
    let words: Vec<&str> = include_str!("prompts.txt")
        .split([' ', ',', '，'])
        .collect();
    let odd = [
        "",
        "\u{0}",
        "🎵",
        "：",
        "《",
        "》",
        "\"",
        "called \"",
        "/",
        "9/9",
        "0:",
        ":59",
        "99999999999999999999",
        "-",
        "一百百",
        "半",
        "#",
        "升",
        "1=",
        "bb",
        "A",
        "AABA",
        "\n",
        "、",
        "e\u{301}",
        "ﬀ",
        "İ",
        "ß",
    ];
    let mut rng = yuefu_engine::Rng::new(11);
    for _ in 0..1500 {
        let mut prompt = String::new();
        for _ in 0..rng.below(14) {
            let pool = if rng.below(4) == 0 {
                &odd[..]
            } else {
                &words[..]
            };
            prompt.push_str(pool[rng.below(pool.len())]);
            if rng.below(2) == 0 {
                prompt.push(' ');
            }
        }
        let brief = understand(&prompt, &Overrides::default());
        assert_eq!(
            brief,
            understand(&prompt, &Overrides::default()),
            "{prompt:?}"
        );
        assert!(!brief.styles.is_empty());
        assert!(!explain(&brief, Lang::Zh).is_empty());
        for reason in &brief.reasons {
            assert!(
                prompt.is_char_boundary(reason.span.0)
                    && prompt.is_char_boundary(reason.span.1)
                    && reason.span.0 <= reason.span.1
            );
        }
    }
}

#[test]
fn values_are_obeyed_exactly() {
    let mut rng = yuefu_engine::Rng::new(5);
    let (tonics, modes) = (
        ["C", "F#", "Bb", "E", "Ab", "D"],
        ["major", "minor", "dorian"],
    );
    for _ in 0..200 {
        let (bpm, seconds) = (30 + rng.below(271), 10 + rng.below(471));
        let (beats, unit) = (1 + rng.below(16), [2, 4, 8, 16][rng.below(4)]);
        let key = format!("{} {}", tonics[rng.below(6)], modes[rng.below(3)]);
        let prompt = match rng.below(3) {
            0 => format!(
                "{key}, {bpm} BPM, {beats}/{unit}, {}:{:02}",
                seconds / 60,
                seconds % 60
            ),
            1 => format!("爵士 {bpm}拍 {seconds}秒 {beats}/{unit}拍 {key}"),
            _ => {
                format!("jazz at {bpm} bpm for {seconds} seconds in {key} and {beats}/{unit} time")
            }
        };
        let brief = understand(&prompt, &Overrides::default());
        assert_eq!(
            brief.tempo.as_ref().and_then(|tempo| tempo.bpm),
            Some(bpm as f64),
            "{prompt}"
        );
        assert_eq!(
            brief.length,
            Some(LengthWish::Seconds(seconds as f64)),
            "{prompt}"
        );
        assert_eq!(brief.key.map(|key| key.to_string()), Some(key), "{prompt}");
        assert_eq!(
            brief
                .metre
                .map(|metre| (usize::from(metre.beats), usize::from(metre.unit))),
            Some((beats, unit)),
            "{prompt}"
        );
        assert!(
            brief.diagnostics.is_empty(),
            "{prompt}: {:?}",
            brief.diagnostics
        );
    }
}

#[test]
fn options_win_over_the_prompt() {
    let mut options = Overrides::default();
    for (option, value) in [
        ("bpm", "90"),
        ("key", "D minor"),
        ("style", "jazz"),
        ("without", "drums"),
        ("instrument", "erhu"),
        ("length", "1:00"),
        ("seed", "9"),
    ] {
        options.set(option, value).expect(value);
    }
    let brief = understand(
        "fast rock in C major with drums, 150 BPM, 3 minutes",
        &options,
    );
    let found = facts(&brief);
    for fact in [
        "bpm:90",
        "key:D minor",
        "style:jazz",
        "no:drums",
        "inst:erhu",
        "len:60",
    ] {
        assert!(found.iter().any(|held| held == fact), "{fact}: {found:?}");
    }
    assert_eq!(brief.seed, Some(9));
    assert!(
        !brief.is_refused()
            && brief
                .diagnostics
                .iter()
                .all(|note| note.code == "option-wins"),
        "{:?}",
        brief.diagnostics
    );
    // An impossible value in the prompt does not matter once an option replaces it.
    assert!(!understand("9999 BPM", &options).is_refused());
}

#[test]
fn degrees_scale_the_feeling() {
    let affect = |prompt: &str| understand(prompt, &Overrides::default()).affect;
    assert!(affect("very sad").valence < affect("sad").valence);
    assert!(affect("sad").valence < affect("slightly sad").valence);
    assert!(affect("一点点忧郁").valence > affect("非常忧郁").valence);
    assert!(affect("battle with dragons").arousal > affect("a quiet lake at dawn").arousal);
}
