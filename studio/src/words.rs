//! Words of a song: from what was pasted to the sheet of the document.

use crate::{
    Studio,
    written::{self, Planner},
};
use yuefu_arrange::{How, Resung};
use yuefu_engine::SeedPath;
use yuefu_lang::{LineReading, ReadOptions, describe};
use yuefu_lyrics::{Note, languages};
use yuefu_song::{
    Brief, LyricLine, LyricSheet, Phrase, Role, Score, Song, SongPlan, VoicePart,
    brief::{Diagnostic, Lang, Severity, VoiceWish},
    lyrics::{Delivery, Lyric, LyricSection, LyricSyllable, Rest},
    ops::Remark,
    score::SectionKind,
};
use yuefu_theory::Ticks;

/// The sheet that a brief asks to be sung, read and unrolled; empty for instrumental music. What
/// cannot be sung as it is written goes to `notes`, with line and character. `plan` is asked which
/// words have room where they are Yuefu's to write.
pub(crate) fn of(brief: &Brief, notes: &mut Vec<Diagnostic>, plan: Planner) -> LyricSheet {
    let written;
    let text = match &brief.lyrics {
        Some(text) => text,
        None if are_ours(brief) => {
            written = written::text(brief, plan);
            notes.push(Diagnostic::new(
                Severity::Info,
                "words-written",
                (
                    "Nobody gave words; Yuefu wrote them.".to_owned(),
                    "未提供歌词，由乐府代写。".to_owned(),
                ),
                (
                    "Give your own with --lyrics FILE.",
                    "可用 --lyrics 文件 提供自己的歌词。",
                ),
            ));
            &written
        }
        None => return LyricSheet::default(),
    };
    if brief.voice == VoiceWish::Instrumental || brief.excludes_group("vocals") {
        notes.push(Diagnostic::new(
            Severity::Warning,
            "words-unsung",
            (
                "Instrumental music was asked for; the words are not sung.".to_owned(),
                "要求的是纯音乐，歌词未演唱。".to_owned(),
            ),
            (
                "Leave out `instrumental` to have them sung.",
                "去掉“纯音乐”的要求即可演唱。",
            ),
        ));
        return LyricSheet::default();
    }
    let parsed = yuefu_lyrics::read(text, languages());
    notes.extend(parsed.notes.iter().map(diagnostic));
    let sheet = parsed.sheet.unrolled();
    if !sheet.is_sung() {
        notes.push(Diagnostic::new(
            Severity::Warning,
            "nothing-to-sing",
            (
                "Nothing of the words can be sung; the song is instrumental.".to_owned(),
                "歌词中没有可演唱的内容，作品为纯音乐。".to_owned(),
            ),
            (
                "Write words in Chinese, English or Japanese kana.",
                "请写中文、英文或日文假名的歌词。",
            ),
        ));
    }
    sheet
}

/// Whether Yuefu writes the words: who asks for a voice but brings none gets some.
pub(crate) fn are_ours(brief: &Brief) -> bool {
    let asked = matches!(
        brief.voice,
        VoiceWish::Any | VoiceWish::Male | VoiceWish::Female | VoiceWish::Child | VoiceWish::Duet
    );
    brief.lyrics.is_none() && asked && !brief.excludes_group("vocals")
}

fn diagnostic(note: &Note) -> Diagnostic {
    let place = (
        format!("Words, line {}, character {}: ", note.line, note.column),
        format!("歌词第 {} 行第 {} 字：", note.line, note.column),
    );
    Diagnostic {
        // The rest is sung: nothing in the words refuses a song.
        severity: Severity::Warning,
        code: note.code.to_owned(),
        message_en: place.0 + &note.message.0,
        message_zh: place.1 + &note.message.1,
        remedy_en: note.remedy.0.clone(),
        remedy_zh: note.remedy.1.clone(),
    }
}

/// How one line of words is read. `lang` is the code of the language that ambiguous characters
/// belong to, such as `yue`; without it each line decides.
pub fn reading(line: &str, lang: Option<&str>) -> LineReading {
    languages().read(line, &ReadOptions { lang })
}

/// How one line of words is read, for people: a row for each syllable with its phones, tone or
/// stress and where the reading comes from; then rhyme, tones and what is wrong.
pub fn explain(line: &str, lang: Option<&str>, messages: Lang) -> String {
    describe(line, &reading(line, lang), messages == Lang::Zh)
}

/// The code of a language by any usual name of it.
pub fn language(name: &str) -> Option<&'static str> {
    yuefu_lang::language::code_of(name)
}

impl Studio {
    /// Brings the notes to words that were changed in the sheet: lines that were not read yet are
    /// read, and only phrases that sing other words are touched.
    pub(crate) fn sing_changed_words(&self, song: &mut Song) -> Vec<Remark> {
        let mut remarks = Vec::new();
        let mut lang: Option<String> = None;
        let mut delivery: Option<(String, Delivery)> = None;
        for index in 0..song.lyrics.lines.len() {
            let line = &mut song.lyrics.lines[index];
            let inherited = delivery
                .as_ref()
                .filter(|(section, _)| *section == line.section)
                .map_or(Delivery::Lead, |(_, delivery)| *delivery);
            if line.syllables.is_empty() && !line.text.trim().is_empty() {
                // Characters that may be Cantonese are what the lines before were.
                let own = lang.as_deref().filter(|lang| *lang == "yue");
                let faults = yuefu_lyrics::sheet::reread(line, own, inherited, languages());
                for fault in faults {
                    let column = line.text[..fault.span.0].chars().count() + 1;
                    remarks.push(Remark::new(
                        format!("`{}`, character {column}: {}", line.text, fault.message.0),
                        format!("“{}”第 {column} 字：{}", line.text, fault.message.1),
                    ));
                }
            }
            if let Some(first) = line.syllables.first() {
                lang = Some(first.lang.clone());
                let plain = |s: &&LyricSyllable| s.delivery != Delivery::AdLib;
                if let Some(main) = line.syllables.iter().find(plain) {
                    delivery = Some((line.section.clone(), main.delivery));
                }
            }
        }
        let seed = SeedPath::song(song.seed);
        let (score, resung) = yuefu_arrange::resing(
            &song.plan,
            &song.lyrics,
            &song.score,
            self.band(&song.engines),
            &seed,
        );
        song.score = score;
        remarks.extend(resung.iter().filter_map(remark));
        remarks
    }

    /// Brings the sheet to what the notes sing, where notes were moved, copied or taken away.
    pub(crate) fn write_down_sung_words(&self, song: &mut Song) {
        let found = sheet_of(&song.lyrics, &song.plan, &song.score);
        if let Some(sheet) = found {
            song.lyrics = sheet;
        }
    }
}

fn remark(resung: &Resung) -> Option<Remark> {
    let name = format!("{}/{}", resung.track, resung.phrase);
    let (en, zh) = match resung.how {
        How::Relabeled => return None,
        How::Refitted => (
            "other syllables: notes were divided or tied",
            "音节数变化：音符已拆分或连接",
        ),
        How::Anew => (
            "the words do not fit the tune: it is written anew",
            "歌词与旋律不合：该乐句已重写",
        ),
        How::Section => (
            "the number of lines changed: its tune is written anew",
            "行数变化：该段旋律已重写",
        ),
        How::Locked => ("locked; it keeps its old words", "已锁定，保留原来的歌词"),
    };
    Some(Remark::new(
        format!("{name}: {en}"),
        format!("{name}：{zh}"),
    ))
}

/// The sheet that says what is sung; `None` where nothing is, or where the present one does.
fn sheet_of(old: &LyricSheet, plan: &SongPlan, score: &Score) -> Option<LyricSheet> {
    let phrases = sung_lines(plan, score);
    if phrases.is_empty() {
        return None;
    }
    // What the lead sings of a line, and what is answered.
    let said = |line: &LyricLine, answered: bool| {
        let all: Vec<Lyric> = line.syllables.iter().map(Lyric::from).collect();
        match answered {
            true => all.into_iter().partition(|l| l.delivery != Delivery::AdLib),
            false => (all, Vec::new()),
        }
    };
    let mut sheet = LyricSheet {
        title: old.title.clone(),
        after: old.after.clone(),
        ..LyricSheet::default()
    };
    for section in &plan.sections {
        let sung: Vec<&SungLine> = phrases
            .iter()
            .filter(|line| section.span.contains(line.start))
            .collect();
        let own: Vec<&LyricLine> = old.lines_of(&section.id).collect();
        let answered = sung.iter().any(|line| !line.answers.is_empty());
        let all = |which: fn(&SungLine) -> &Vec<Lyric>| -> Vec<Lyric> {
            sung.iter().flat_map(|line| which(line)).cloned().collect()
        };
        let stated: Vec<(Vec<Lyric>, Vec<Lyric>)> =
            own.iter().map(|line| said(line, answered)).collect();
        let same = all(|line| &line.lead)
            == stated.iter().flat_map(|s| s.0.clone()).collect::<Vec<_>>()
            && all(|line| &line.answers)
                == stated.iter().flat_map(|s| s.1.clone()).collect::<Vec<_>>();
        if same {
            sheet.lines.extend(own.into_iter().cloned());
        } else {
            for (number, sung) in sung.into_iter().enumerate() {
                let mut known = own.iter().copied().chain(&old.lines);
                let is = |line: &&LyricLine| {
                    let said = said(line, !sung.answers.is_empty());
                    said.0 == sung.lead && said.1 == sung.answers
                };
                let found = known.find(is).cloned();
                let mut line = found.unwrap_or_else(|| line_of(&sung.whole()));
                if line.section != section.id {
                    section.id.clone_into(&mut line.section);
                    let (_, _, title, _) = SectionKind::ALL[section.kind as usize];
                    line.before = match number {
                        0 => vec![String::new(), format!("[{title}]")],
                        _ => Vec::new(),
                    };
                }
                sheet.lines.push(line);
            }
        }
        let known = old.section(&section.id).cloned();
        let sings = sheet.lines.iter().any(|line| line.section == section.id);
        match known {
            Some(known) => sheet.sections.push(known),
            None if sings => sheet.sections.push(LyricSection {
                id: section.id.clone(),
                kind: section.kind,
                label: String::new(),
                repeats: 1,
                same_as: None,
            }),
            None => {}
        }
    }
    (sheet.lines != old.lines).then_some(sheet)
}

/// A line as it is sung: by a lead, and by who answers.
struct SungLine {
    /// Where its phrase begins.
    start: Ticks,
    lead: Vec<Lyric>,
    answers: Vec<Lyric>,
}

impl SungLine {
    /// All of it; answers come last.
    fn whole(&self) -> Vec<Lyric> {
        let mut all = self.lead.clone();
        if let (Some(last), false) = (all.last_mut(), self.answers.is_empty()) {
            last.rest = Rest::None;
        }
        all.extend(self.answers.iter().cloned());
        all
    }
}

/// What is sung, line by line, in order of time.
fn sung_lines(plan: &SongPlan, score: &Score) -> Vec<SungLine> {
    let answers = |id: &str| {
        let mut cast = plan.cast.iter();
        cast.any(|m| m.id == id && m.sings == Some(VoicePart::Answer))
    };
    let of = |phrase: &Phrase| -> Vec<Lyric> {
        let lyrics = phrase.notes.iter().filter_map(|n| n.lyric.as_deref());
        lyrics.cloned().collect()
    };
    let mut lines: Vec<SungLine> = Vec::new();
    for track in score.tracks.iter().filter(|t| t.role == Role::Vocal) {
        let worded = track.phrases.iter().filter(|p| !of(p).is_empty());
        lines.extend(worded.map(|phrase| SungLine {
            start: phrase.span.start,
            lead: of(phrase),
            answers: Vec::new(),
        }));
    }
    for track in score.tracks.iter().filter(|t| answers(&t.id)) {
        for phrase in &track.phrases {
            let mut words = of(phrase);
            words.retain(|lyric| lyric.delivery == Delivery::AdLib);
            if words.is_empty() {
                continue;
            }
            let start = phrase.span.start;
            match lines.iter_mut().find(|line| line.start == start) {
                Some(line) => line.answers.extend(words),
                None => lines.push(SungLine {
                    start,
                    lead: Vec::new(),
                    answers: words,
                }),
            }
        }
    }
    lines.sort_by_key(|line| line.start);
    lines
}

/// A line of words that says what some syllables are; ad-libs stand in brackets.
fn line_of(lyrics: &[Lyric]) -> LyricLine {
    let mut text = String::new();
    let mut syllables = Vec::with_capacity(lyrics.len());
    let wide = |c: char| matches!(c, '\u{2E80}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}');
    let aside = |index: usize| {
        let lyric = lyrics.get(index);
        lyric.is_some_and(|lyric| lyric.delivery == Delivery::AdLib)
    };
    // Where all of it is beside the lead, a tag says so.
    let brackets = !(0..lyrics.len()).all(aside);
    for (index, lyric) in lyrics.iter().enumerate() {
        if brackets && aside(index) && (index == 0 || !aside(index - 1)) {
            if !text.is_empty() && !text.ends_with(' ') {
                text.push(' ');
            }
            text.push('(');
        }
        let from = text.len();
        text.push_str(&lyric.text);
        let span = (from, text.len());
        if lyric.given {
            text.push_str(&format!("{{{}}}", lyric.reading));
        }
        syllables.push(LyricSyllable {
            text: lyric.text.clone(),
            lang: lyric.lang.clone(),
            reading: lyric.reading.clone(),
            span,
            continues: lyric.continues,
            given: lyric.given,
            delivery: lyric.delivery,
            rest: lyric.rest,
        });
        if brackets && aside(index) && !aside(index + 1) {
            text.push(')');
        }
        let Some(next) = lyrics.get(index + 1) else {
            break;
        };
        let close = lyric.text.chars().any(wide) && next.text.chars().any(wide);
        match lyric.rest {
            _ if next.continues => {}
            Rest::None if close => {}
            Rest::None => text.push(' '),
            _ if close => text.push('，'),
            _ => text.push_str(", "),
        }
    }
    LyricLine {
        text,
        syllables,
        ..LyricLine::default()
    }
}

/// Reads the words of an imported score and puts each syllable on its note.
pub(crate) fn attach(
    score: &mut Score,
    sheet: &mut LyricSheet,
    written: &[yuefu_scorefile::Syllable],
) {
    for line in &mut sheet.lines {
        let _ = yuefu_lyrics::sheet::reread(line, None, Delivery::Lead, languages());
    }
    // Lines were made of the syllables in their order: so many for each.
    let mut lines = sheet.lines.iter();
    let mut rest: &[yuefu_scorefile::Syllable] = written;
    while !rest.is_empty() {
        let Some(line) = lines.next() else { break };
        let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
        let mut count = 0;
        let mut have = 0;
        let whole = letters(&line.text);
        while have < whole && count < rest.len() {
            have += letters(&rest[count].text);
            count += 1;
        }
        // Further syllables of the last word have no letters of their own in some files.
        while rest
            .get(count)
            .is_some_and(|next| next.text.trim().is_empty())
        {
            count += 1;
        }
        let (own, others) = rest.split_at(count.max(1).min(rest.len()));
        rest = others;
        let same = own.len() == line.syllables.len();
        for (index, syllable) in own.iter().enumerate() {
            let lyric = if same {
                let read = &line.syllables[index];
                let mut lyric = Lyric::from(read);
                let apart = own.iter().all(|s| !s.text.trim().is_empty());
                if apart {
                    syllable.text.trim().clone_into(&mut lyric.text);
                }
                Some(lyric)
            } else {
                alone(&syllable.text, index > 0 && own[index - 1].continues)
            };
            let Some(track) = score.tracks.get_mut(syllable.track) else {
                continue;
            };
            let note = track.phrases.iter_mut().find_map(|phrase| {
                let start = phrase.span.start;
                phrase
                    .notes
                    .iter_mut()
                    .find(|n| start + n.at == syllable.at)
            });
            if let (Some(note), Some(lyric)) = (note, lyric) {
                note.lyric = Some(Box::new(lyric));
            }
        }
    }
}

/// A syllable read by itself.
fn alone(text: &str, continues: bool) -> Option<Lyric> {
    let reading = languages().read(text, &ReadOptions::default());
    let word = reading.words.iter().find(|w| !w.syllables.is_empty())?;
    Some(Lyric {
        text: text.trim().to_owned(),
        lang: word.lang.to_owned(),
        reading: word.syllables[0].reading.clone(),
        continues,
        ..Lyric::default()
    })
}
