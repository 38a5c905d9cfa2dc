//! What a released file says about itself.

use crate::manifest::{AiLabel, LABEL_TAG, document_key};
use yuefu_audiofile::Tags;
use yuefu_song::Song;
use yuefu_theory::Ticks;

/// The tags of a song's files.
pub fn tags(song: &Song, program: &str) -> Tags {
    let document = document_key(song);
    let key = &song.plan.key;
    Tags {
        title: Some(song.plan.title.clone()),
        artist: Some("Yuefu".to_owned()),
        genre: Some(song.plan.style.clone()),
        comment: Some(format!(
            "{} / AI-generated music, 人工智能生成音乐; seed {}",
            song.brief.prompt.trim(),
            song.seed
        )),
        bpm: Some(song.score.timeline.bpm(Ticks::ZERO).round() as u32),
        // ID3v2.4 TKEY allows three characters: letter, accidental, m.
        key: Some(format!(
            "{}{}",
            key.tonic,
            if key.mode.is_minor() { "m" } else { "" }
        )),
        encoder: Some(program.to_owned()),
        lyrics: (!song.lyrics.lines.is_empty()).then(|| {
            let lines: Vec<&str> = song.lyrics.lines.iter().map(|l| l.text.as_str()).collect();
            lines.join("\n")
        }),
        extra: vec![
            (LABEL_TAG.to_owned(), AiLabel::of(&document).json()),
            ("YUEFU_DOCUMENT".to_owned(), document.hex()),
        ],
        ..Tags::default()
    }
}
