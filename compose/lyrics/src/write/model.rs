//! A language model as a writer, behind the same checks as the built-in one.
//!
//! Nothing here opens a connection: whoever embeds it hands in a [`Transport`]. What a model
//! returns is read as a lyric sheet, and each line is checked: that it can be sung, that its
//! length is a song's, that it is no line of the poems learned from, that no person is called by
//! two names; and the sections for rhyme. Lines that fail are taken from the built-in writer where
//! it has some for the place, and left out where it has none; the remarks say so.

use crate::write::line::{Line, Persons, enough};
use crate::write::report::Remark;
use crate::write::verbatim::is_verbatim;
use crate::write::wish::{Tongue, Wish};
use crate::write::{Section, USUAL, Written, sheet, write};
use serde_json::{Value, json};
use yuefu_song::SectionKind;

/// The longest answer that is read, in bytes.
pub const LONGEST_ANSWER: usize = 256 * 1024;
/// A line with more syllables is prose.
pub const MOST_SYLLABLES: usize = 18;
/// How often a model is asked again when its answer is unusable.
const TRIES: usize = 2;

/// Something that writes words.
pub trait LyricWriter {
    /// Writes words.
    ///
    /// # Errors
    /// Says why there are none.
    fn write(&self, wish: &Wish, seed: u64) -> Result<Written, Remark>;
}

/// The writer that ships.
#[derive(Clone, Copy, Debug, Default)]
pub struct BuiltIn;

impl LyricWriter for BuiltIn {
    fn write(&self, wish: &Wish, seed: u64) -> Result<Written, Remark> {
        Ok(write(wish, seed))
    }
}

/// Carries a request to a model and brings its answer back.
pub trait Transport {
    /// Posts a JSON body to the endpoint's `/chat/completions`; the body of the answer.
    ///
    /// # Errors
    /// Says what went wrong.
    fn post(&self, body: &str) -> Result<String, Remark>;
}

/// A model behind an endpoint that speaks the protocol of OpenAI's chat completions, as llama.cpp,
/// Ollama and vLLM do.
#[derive(Clone, Debug)]
pub struct Model<T> {
    /// How it is reached.
    pub transport: T,
    /// Its name at the endpoint.
    pub name: String,
}

impl<T: Transport> LyricWriter for Model<T> {
    fn write(&self, wish: &Wish, seed: u64) -> Result<Written, Remark> {
        let mut last = None;
        for attempt in 0..TRIES {
            let body = request(&self.name, wish, seed.wrapping_add(attempt as u64));
            let answer = self.transport.post(&body)?;
            match answered(&answer).and_then(|text| checked(&text, wish, seed)) {
                Ok(written) => return Ok(written),
                Err(remark) => last = Some(remark),
            }
        }
        Err(last.unwrap_or_else(|| Remark {
            en: "the model was not asked".to_owned(),
            zh: "没有向模型提出请求".to_owned(),
        }))
    }
}

/// The body of a request.
pub fn request(model: &str, wish: &Wish, seed: u64) -> String {
    let form = if wish.form.is_empty() {
        &USUAL[..]
    } else {
        &wish.form
    };
    let sections: Vec<&str> = form.iter().map(|kind| kind.name()).collect();
    let lines = wish.lines.unwrap_or(4);
    let language = match wish.language {
        Tongue::Mandarin => "Simplified Chinese",
        Tongue::English => "English",
    };
    let system = format!(
        "You write original song lyrics in {language}. Answer with a lyric sheet and nothing else: a first line \
         `Title: ...`, then each section as a tag such as [verse] followed by its lines. No markdown, no emoji, no \
         comments. {lines} short lines in each verse and chorus; the second and fourth lines rhyme; both verses have \
         lines of the same numbers of syllables. Never quote an existing song or poem."
    );
    let mut user = format!(
        "Theme: {}\nSections in this order: {}",
        wish.text,
        sections.join(", ")
    );
    if !wish.keywords.is_empty() {
        user.push_str(&format!(
            "\nThese words must occur: {}",
            wish.keywords.join(", ")
        ));
    }
    if wish.classical {
        user.push_str("\nManner: modern Chinese song in the classical manner (古风).");
    }
    json!({
        "model": model,
        "seed": seed,
        "stream": false,
        "messages": [
            { "role": "system", "content": system },
            { "role": "user", "content": user },
        ],
    })
    .to_string()
}

/// The words in the body of an answer.
fn answered(body: &str) -> Result<String, Remark> {
    let unusable = |en: &str, zh: &str| Remark {
        en: en.to_owned(),
        zh: zh.to_owned(),
    };
    if body.len() > LONGEST_ANSWER {
        return Err(unusable("the model's answer is too long", "模型的回答过长"));
    }
    let value: Value = serde_json::from_str(body)
        .map_err(|_| unusable("the model's answer is no JSON", "模型的回答不是 JSON"))?;
    let text = value["choices"][0]["message"]["content"].as_str();
    text.map(str::to_owned)
        .ok_or_else(|| unusable("the model's answer has no message", "模型的回答里没有消息"))
}

/// An answer as words, with what is wrong repaired or left out.
fn checked(text: &str, wish: &Wish, seed: u64) -> Result<Written, Remark> {
    let languages = crate::languages();
    let lang = wish.language.code();
    let parsed = crate::read(text, languages).sheet;
    let mut spare = write(wish, seed);
    let mut sections: Vec<Section> = Vec::new();
    let mut rejected = 0;
    let mut persons = Persons::default();
    let mut report = super::Report::default();
    for section in &parsed.sections {
        let mut lines: Vec<Line> = Vec::new();
        for raw in parsed
            .lines
            .iter()
            .filter(|line| line.section == section.id)
        {
            let line = Line::read(raw.text.trim(), lang, languages);
            let alone = crate::read(&line.text, languages);
            let fine = line.singable
                && alone.notes.is_empty()
                && alone.sheet.lines.len() == 1
                && line.syllables <= MOST_SYLLABLES
                && !is_verbatim(&line.text)
                && !persons.and(line.persons).clash()
                && !lines
                    .iter()
                    .any(|other| other.text == line.text && section.kind == SectionKind::Verse);
            if fine {
                persons = persons.and(line.persons);
                lines.push(line);
                continue;
            }
            rejected += 1;
            // A line of the built-in writer for the same place, if one is left.
            let own = spare
                .sections
                .iter_mut()
                .find(|s| s.kind == section.kind && !s.lines.is_empty());
            if let Some(own) = own {
                lines.push(Line::read(&own.lines.remove(0), lang, languages));
            }
        }
        if lines.len() >= 4 {
            report.rhymes.0 += 1;
            report.rhymes.1 += usize::from(lines[1].rhymes(&lines[3]) >= enough(lang));
        }
        let lines = lines.into_iter().map(|line| line.text).collect();
        sections.push(Section {
            kind: section.kind,
            lines,
        });
    }
    let count: usize = sections.iter().map(|section| section.lines.len()).sum();
    if count < 4 || rejected * 2 > count {
        return Err(Remark {
            en: format!(
                "the model's answer cannot be used: {rejected} lines were refused, {count} are left"
            ),
            zh: format!("模型的回答无法使用：{rejected} 行被拒，只剩 {count} 行"),
        });
    }
    let title = parsed
        .title
        .filter(|title| !title.trim().is_empty() && title.chars().count() <= 60);
    let title = title.unwrap_or_else(|| spare.title.clone());
    report.persons_clash = persons.clash();
    let mut remarks = Vec::new();
    if rejected > 0 {
        remarks.push(Remark {
            en: format!("{rejected} lines of the model were refused and replaced or left out"),
            zh: format!("模型的 {rejected} 行未通过检查，已替换或略去"),
        });
    }
    if report.rhymes.1 < report.rhymes.0 {
        let (wanted, kept) = report.rhymes;
        remarks.push(Remark {
            en: format!("{kept} of the model's {wanted} stanzas rhyme"),
            zh: format!("模型的 {wanted} 段中有 {kept} 段押韵"),
        });
    }
    Ok(Written {
        sheet_text: sheet(&title, &sections, wish.language),
        title,
        sections,
        themes: Vec::new(),
        report,
        remarks,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    struct Canned(RefCell<Vec<String>>);

    impl Transport for Canned {
        fn post(&self, body: &str) -> Result<String, Remark> {
            let sent: Value = serde_json::from_str(body).unwrap();
            assert_eq!(sent["messages"][0]["role"], "system");
            let text = self.0.borrow_mut().remove(0);
            Ok(
                json!({ "choices": [{ "message": { "role": "assistant", "content": text } }] })
                    .to_string(),
            )
        }
    }

    fn model(answers: &[&str]) -> Model<Canned> {
        let answers = answers.iter().map(|text| (*text).to_owned()).collect();
        Model {
            transport: Canned(RefCell::new(answers)),
            name: "test".to_owned(),
        }
    }

    #[test]
    fn a_good_answer_is_kept() {
        let text = "Title: 晚风\n[verse]\n巷口的灯亮了一盏\n你踩着影子回来\n锅里的汤还没有滚\n窗外的云已经散开\n";
        let written = model(&[text]).write(&Wish::from_text("回家"), 1).unwrap();
        assert_eq!(written.title, "晚风");
        assert_eq!(written.report.rhymes, (1, 1));
        assert_eq!(written.remarks, []);
    }

    #[test]
    fn what_cannot_be_sung_or_is_copied_is_replaced() {
        let text = "Title: 月\n[verse]\n明月几时有\n巷口的灯亮了\n😀😀\n你踩着影子回来\n锅里的汤还没有滚\n窗外的云已经散开\n";
        let written = model(&[text]).write(&Wish::from_text("月亮"), 1).unwrap();
        assert!(!written.sheet_text.contains("明月几时有") && !written.sheet_text.contains('😀'));
        assert_eq!(
            written.remarks.len(),
            1 + usize::from(written.report.rhymes.1 == 0)
        );
    }

    #[test]
    fn nonsense_is_refused_after_a_second_try() {
        let error =
            model(&["I'm sorry, I can't.", "<html></html>"]).write(&Wish::from_text("雨"), 1);
        assert!(error.unwrap_err().en.contains("cannot be used"));
        let good =
            "[verse]\n巷口的灯亮了一盏\n你踩着影子回来\n锅里的汤还没有滚\n窗外的云已经散开\n";
        assert!(model(&["", good]).write(&Wish::from_text("雨"), 1).is_ok());
        assert!(answered("{}").is_err() && answered("x").is_err());
    }
}
