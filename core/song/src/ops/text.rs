//! Operations on words: title, tags, lyrics; and on the release.

use super::{Work, message::OpError, mix::within, select, values::Tag};
use crate::lyrics::LyricLine;
use yuefu_audio::{Db, Lufs};

/// Formats that finished files can have, as the release writes them.
const FORMATS: [&str; 8] = [
    "wav", "wav16", "wav24", "wav32f", "flac", "flac16", "mp3", "ogg",
];

impl Work<'_> {
    /// Sets the title.
    pub(super) fn title(&mut self, title: &str) -> Result<(), OpError> {
        let title = title.trim();
        if title.is_empty() || title.chars().count() > 200 {
            return Err(OpError::new(
                "expected a title of 1 to 200 characters",
                "标题需为 1 至 200 个字符",
            ));
        }
        title.clone_into(&mut self.song.plan.title);
        Ok(())
    }

    /// Sets a tag; an empty value removes it.
    pub(super) fn tag(&mut self, tag: &Tag) -> Result<(), OpError> {
        if tag.name == "title" {
            return self.title(&tag.value);
        }
        if tag.value.is_empty() {
            self.song.tags.remove(&tag.name);
        } else {
            self.song.tags.insert(tag.name.clone(), tag.value.clone());
        }
        Ok(())
    }

    /// Sets, inserts (before) or deletes the n-th line (from 1) of a section's words.
    pub(super) fn lyric(
        &mut self,
        section: &str,
        number: u32,
        change: LyricChange<'_>,
    ) -> Result<(), OpError> {
        let index = select::find_section(section, &self.song)?;
        let id = self.song.plan.sections[index].id.clone();
        let lines = &mut self.song.lyrics.lines;
        let own: Vec<usize> = (0..lines.len())
            .filter(|i| lines[*i].section == id)
            .collect();
        let wanted = (number as usize).wrapping_sub(1);
        let there = match change {
            LyricChange::Insert(_) => wanted <= own.len(),
            _ => wanted < own.len(),
        };
        if !there {
            let count = own.len();
            return Err(OpError::new(
                format!("{id} has {count} lines of words; there is no line {number}"),
                format!("{id} 有 {count} 行歌词，没有第 {number} 行"),
            ));
        }
        match change {
            LyricChange::Set(text) => lines[own[wanted]].set(text),
            LyricChange::Delete => self.song.lyrics.remove(own[wanted]),
            LyricChange::Insert(text) => {
                let at = own.get(wanted).copied().unwrap_or_else(|| {
                    // After the section's last line, or after those of all sections before it.
                    own.last().map_or_else(
                        || {
                            let before = &self.song.plan.sections[..index];
                            let earlier = |line: &LyricLine| {
                                before.iter().any(|section| section.id == line.section)
                            };
                            lines.iter().rposition(earlier).map_or(0, |i| i + 1)
                        },
                        |last| last + 1,
                    )
                });
                lines.insert(
                    at,
                    LyricLine {
                        section: id,
                        text: text.to_owned(),
                        ..LyricLine::default()
                    },
                );
            }
        }
        Ok(())
    }

    /// Loudness to master to, −36..=−5 LUFS.
    pub(super) fn loudness(&mut self, lufs: f32) -> Result<(), OpError> {
        within(lufs, -36.0, -5.0, ("a loudness in LUFS", "响度（LUFS）"))?;
        self.song.release.target = Lufs(lufs);
        self.remaster();
        Ok(())
    }

    /// True peak that is never exceeded, −12..=0 dBTP.
    pub(super) fn ceiling(&mut self, db: f32) -> Result<(), OpError> {
        within(db, -12.0, 0.0, ("a true peak in dBTP", "真峰值（dBTP）"))?;
        self.song.release.ceiling = Db(db);
        self.remaster();
        Ok(())
    }

    /// The master was decided for other numbers: the next render decides it anew.
    fn remaster(&mut self) {
        if self.song.master.take().is_some() {
            self.remarks.say(
                "the master will be decided anew by the next render",
                "下次渲染时将重新决定母带处理",
            );
        }
    }

    /// Formats of the finished files, separated by commas.
    pub(super) fn formats(&mut self, list: &str) -> Result<(), OpError> {
        let mut formats: Vec<String> = Vec::new();
        for name in list.split([',', '，', '、']) {
            let name = name.trim().to_lowercase();
            if !FORMATS.contains(&name.as_str()) {
                return Err(super::message::unknown(("format", "格式"), &name, FORMATS));
            }
            if !formats.contains(&name) {
                formats.push(name);
            }
        }
        self.song.release.formats = formats;
        Ok(())
    }
}

/// What happens to a line of words.
pub(super) enum LyricChange<'a> {
    /// The line gets these words.
    Set(&'a str),
    /// A line with these words comes before it.
    Insert(&'a str),
    /// It goes.
    Delete,
}
