//! `lyrics`: words from a theme, or written together line by line.

use crate::{
    args::{Common, LyricsArgs},
    lang::Words,
    report::line,
};
use serde_json::json;
use std::io::{BufRead, Write};
use std::path::Path;
use yuefu_studio::{
    DiskWorld, StudioError, World,
    endpoint::Endpoint,
    lyrics::write::{
        LyricWriter, Model, Remark, Scheme, Session, Step, Tongue, Wish, WishError, classical,
        stock,
        wish::{parse_form, parse_tune},
        write,
    },
    song::SectionKind,
};

/// Writes words.
pub fn lyrics(args: &LyricsArgs, common: &Common, words: Words) -> Result<(), StudioError> {
    let wish = wish(args)?;
    let seed = args.words_seed.unwrap_or_else(|| seed_of(&args.about));
    if args.interactive {
        let mut session = Session::new(&wish, seed);
        converse(&mut session, words)?;
        return deliver(args, common, &session.sheet());
    }
    let written = match &args.writer {
        Some(name) => {
            let told = |remark: Remark| StudioError::input(remark.en, remark.zh);
            let key = std::env::var("YUEFU_MODEL_KEY").ok();
            let transport = Endpoint::new(&args.model_url, key).map_err(told)?;
            let model = Model {
                transport,
                name: name.clone(),
            };
            model.write(&wish, seed).map_err(told)?
        }
        None => write(&wish, seed),
    };
    tell(&written.remarks, common, words);
    if common.json {
        let sections: Vec<_> = written
            .sections
            .iter()
            .map(|s| json!({ "kind": s.kind.name(), "lines": s.lines }))
            .collect();
        let report = &written.report;
        let value = json!({
            "title": written.title,
            "seed": seed,
            "themes": written.themes,
            "sections": sections,
            "sheet": written.sheet_text,
            "rhymes": { "wanted": report.rhymes.0, "kept": report.rhymes.1 },
            "lengths": { "wanted": report.lengths.0, "kept": report.lengths.1 },
            "remarks": written.remarks.iter().map(|r| words.pick(&r.en, &r.zh)).collect::<Vec<_>>(),
        });
        if let Some(path) = &args.sheet {
            save(path, &written.sheet_text)?;
        }
        line(&value.to_string());
        return Ok(());
    }
    deliver(args, common, &written.sheet_text)
}

/// The sheet into its file, or on standard output.
fn deliver(args: &LyricsArgs, common: &Common, sheet: &str) -> Result<(), StudioError> {
    match &args.sheet {
        Some(path) => {
            save(path, sheet)?;
            if !common.quiet {
                eprintln!("{}", path.display());
            }
        }
        None => line(sheet.trim_end()),
    }
    Ok(())
}

fn save(path: &Path, sheet: &str) -> Result<(), StudioError> {
    let name = path.file_name().ok_or_else(|| {
        StudioError::input(
            format!("`{}` is no name of a file", path.display()),
            format!("“{}”不是文件名", path.display()),
        )
    })?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let world = DiskWorld::new(folder.unwrap_or(Path::new(".")));
    world.write(&name.to_string_lossy(), sheet.as_bytes())?;
    Ok(())
}

fn wish(args: &LyricsArgs) -> Result<Wish, StudioError> {
    let refused = |error: WishError| StudioError::input(error.en, error.zh);
    let list = |values: &[String]| -> Vec<String> {
        let parts = values
            .iter()
            .flat_map(|value| value.split([',', '，', '、']));
        parts
            .map(|part| part.trim().to_owned())
            .filter(|part| !part.is_empty())
            .collect()
    };
    let mut wish = Wish::from_text(&args.about);
    if let Some(language) = &args.words_language {
        wish.language = Tongue::of(language).map_err(refused)?;
        wish.classical &= wish.language == Tongue::Mandarin;
    }
    wish.classical |= args.classical && wish.language == Tongue::Mandarin;
    wish.keywords = list(&args.keywords);
    for id in list(&args.theme) {
        let known = stock::shipped()
            .iter()
            .filter(|theme| theme.kind != stock::Kind::Carrier);
        let mut known: Vec<&stock::Theme> = known
            .filter(|theme| theme.lang == wish.language.code())
            .collect();
        known.sort_by_key(|theme| &theme.id);
        let Some(theme) = known.iter().find(|theme| theme.id == id) else {
            let ids: Vec<&str> = known.iter().map(|theme| theme.id.as_str()).collect();
            let ids = ids.join(", ");
            return Err(StudioError::input(
                format!("there is no theme `{id}` in this language; there are {ids}"),
                format!("此语言没有题材“{id}”；现有：{ids}"),
            ));
        };
        wish.classical |= theme.classical;
        wish.themes.push(id);
    }
    if let Some(mood) = &args.feeling {
        wish.mood = Some(Wish::mood_of(mood).map_err(refused)?);
    }
    if let Some(name) = &args.pattern {
        let pattern = classical::pattern(name).map_err(refused)?;
        wish.pattern = Some(pattern.name.to_owned());
    }
    if let Some(form) = &args.words_form {
        wish.form = parse_form(form).map_err(refused)?;
    }
    if let Some(rhyme) = &args.rhyme {
        wish.rhyme = Scheme::parse(rhyme).map_err(refused)?;
    }
    if let Some(tune) = &args.tune {
        wish.tune = parse_tune(tune).map_err(refused)?;
    }
    if let Some(lines) = args.stanza_lines {
        if !(2..=8).contains(&lines) || lines % 2 == 1 {
            return Err(StudioError::input(
                format!("expected 2, 4, 6 or 8 lines, found {lines}"),
                format!("行数应为 2、4、6 或 8，却是 {lines}"),
            ));
        }
        wish.lines = Some(lines);
    }
    Ok(wish)
}

/// A seed that follows from what is asked for (FNV-1a), so that the same wish gives the same words.
fn seed_of(text: &str) -> u64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash % 1_000_000
}

fn tell(remarks: &[Remark], common: &Common, words: Words) {
    if common.quiet || common.json {
        return;
    }
    for remark in remarks {
        eprintln!(
            "{}{}",
            words.pick("note: ", "提示："),
            words.pick(&remark.en, &remark.zh)
        );
    }
}

/// Line by line. What is asked goes to standard error, so that the sheet alone is on standard output.
fn converse(session: &mut Session, words: Words) -> Result<(), StudioError> {
    eprintln!(
        "{}",
        words.pick(
            "Enter keep · a again · e WORDS edit (e2 the second line) · u up · d down · s show · q done",
            "回车 留 · 换 · 改 词句（改2 第二行）· 上 · 下 · 看 · 完"
        )
    );
    let mut input = std::io::stdin().lock();
    while let Some((kind, lines)) = session.current() {
        let (at, of) = session.place();
        eprintln!("\n[{}] {}/{of}", name(kind, words), at + 1);
        for text in lines {
            eprintln!("  {text}");
        }
        eprint!("> ");
        let _ = std::io::stderr().flush();
        let mut typed = String::new();
        let read = input.read_line(&mut typed).map_err(|error| {
            StudioError::input(
                format!("what is typed cannot be read: {error}"),
                format!("无法读取输入：{error}"),
            )
        })?;
        if read == 0 {
            break;
        }
        match Step::parse(&typed) {
            Some(Step::Done) => break,
            Some(step) => {
                if step == Step::Show {
                    eprintln!("{}", session.sheet());
                }
                for remark in session.step(&step) {
                    eprintln!("  ! {}", words.pick(&remark.en, &remark.zh));
                }
            }
            None => eprintln!(
                "  ! {}",
                words.pick(
                    "expected Enter, a, e WORDS, u, d, s or q",
                    "请输入 回车、换、改 词句、上、下、看 或 完"
                )
            ),
        }
    }
    Ok(())
}

fn name(kind: SectionKind, words: Words) -> &'static str {
    let zh = match kind {
        SectionKind::Verse => "主歌",
        SectionKind::PreChorus => "预副歌",
        SectionKind::Chorus => "副歌",
        SectionKind::Bridge => "桥段",
        SectionKind::Outro => "尾声",
        _ => kind.name(),
    };
    words.pick(kind.name(), zh)
}
