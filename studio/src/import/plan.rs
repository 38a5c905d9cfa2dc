//! What a file does not state: keys, sections, chords; and the plan that follows.

use super::{ImportFormat, Remark};
use crate::{error::StudioError, harmonizing::chords_for_tune};
use yuefu_audio::Seconds;
use yuefu_harmonize::{
    FormPart, KeySpan, all_tones, find_form, find_key, find_keys, key_spans, recognize_chords,
    tones,
};
use yuefu_scorefile::Stated;
use yuefu_song::{
    CastMember, ChordSpan, Ending, Feel, Role, Score, Section, SectionKind, SectionPlan, SongPlan,
    StyleBook,
};
use yuefu_theory::{Key, Mode, TickSpan, Ticks};

/// What rings on after the last note, in seconds.
const RING: f64 = 2.5;

/// Finds the keys where the file states none, or states one that cannot be meant, and decides
/// between major and minor, which signatures do not tell. Sections then are one a key.
pub(super) fn keys(
    score: &mut Score,
    stated: &Stated,
    format: ImportFormat,
    remarks: &mut Vec<Remark>,
) {
    let end = score.end();
    let tones = all_tones(score);
    if tones.is_empty() {
        return;
    }
    let first = score.key_at(Ticks::ZERO);
    let constant = score.sections.iter().all(|s| s.key == first);
    // Many programs write C major into every MIDI file, whatever its key.
    let default = format == ImportFormat::Midi && constant && first.fifths() == 0;
    if !stated.key || default {
        let hint = stated.key.then_some(0);
        let whole = find_key(&tones, &score.timeline, end, None);
        let hinted = find_key(&tones, &score.timeline, end, hint);
        let off = (whole.fifths() - first.fifths()).abs().min(12);
        if !stated.key || off.min(12 - off) >= 2 {
            let found = find_keys(&tones, &score.timeline, end, None);
            rekey(score, &found);
            let names = listed(&found);
            remarks.push(Remark::new(
                format!("the key was found from the notes: {names}"),
                format!("调性由音符推定：{names}"),
            ));
            if format == ImportFormat::Midi {
                respell(score);
            }
            return;
        }
        settle(score, first, hinted, remarks);
        return;
    }
    // One decision for each stretch of one signature.
    let mut spans: Vec<KeySpan> = Vec::new();
    for section in &score.sections {
        match spans.last_mut() {
            Some(last) if last.key == section.key => last.span.end = section.span.end,
            _ => spans.push(KeySpan {
                span: section.span,
                key: section.key,
            }),
        }
    }
    for KeySpan { span, key } in spans {
        if key.mode != Mode::Major {
            continue;
        }
        let inside: Vec<_> = tones
            .iter()
            .filter(|t| span.contains(t.span.start))
            .copied()
            .collect();
        if inside.len() < 8 {
            continue;
        }
        let found = find_key(&inside, &score.timeline, end, Some(key.fifths()));
        settle_in(score, span, key, found, remarks);
    }
}

fn settle(score: &mut Score, stated: Key, found: Key, remarks: &mut Vec<Remark>) {
    let span = TickSpan::new(Ticks::ZERO, score.end());
    settle_in(score, span, stated, found, remarks);
}

/// Takes the relative minor of a signature where the notes say so.
fn settle_in(
    score: &mut Score,
    span: TickSpan,
    stated: Key,
    found: Key,
    remarks: &mut Vec<Remark>,
) {
    if found.mode != Mode::Minor || found.fifths() != stated.fifths() || stated.mode == found.mode {
        return;
    }
    for section in &mut score.sections {
        if span.contains(section.span.start) && section.key == stated {
            section.key = found;
        }
    }
    remarks.push(Remark::new(
        format!("the signature of {stated} is read as {found}"),
        format!("{stated} 的调号按 {found} 理解"),
    ));
}

fn listed(keys: &[KeySpan]) -> String {
    let names: Vec<String> = keys.iter().take(6).map(|k| k.key.to_string()).collect();
    let more = if keys.len() > 6 { ", ..." } else { "" };
    names.join(", ") + more
}

/// Divides the sections where keys change.
fn rekey(score: &mut Score, keys: &[KeySpan]) {
    let old = std::mem::take(&mut score.sections);
    let end = old.last().map_or(Ticks(1), |s| s.span.end);
    let mut cuts: Vec<Ticks> = old.iter().map(|s| s.span.start).collect();
    cuts.extend(keys.iter().map(|k| k.span.start));
    cuts.sort();
    cuts.dedup();
    cuts.retain(|at| *at < end);
    for (index, start) in cuts.iter().enumerate() {
        let until = cuts.get(index + 1).copied().unwrap_or(end);
        let Some(from) = old.iter().rfind(|s| s.span.start <= *start) else {
            continue;
        };
        let key = keys
            .iter()
            .rfind(|k| k.span.start <= *start)
            .map_or(from.key, |k| k.key);
        score.sections.push(Section {
            span: TickSpan::new(*start, until),
            key,
            ..from.clone()
        });
    }
    number(&mut score.sections);
}

fn respell(score: &mut Score) {
    let sections = score.sections.clone();
    let key_at = |at: Ticks| {
        sections
            .iter()
            .find(|s| s.span.contains(at))
            .or(sections.last())
            .map(|s| s.key)
    };
    for track in score.tracks.iter_mut().filter(|t| !t.role.is_percussion()) {
        for phrase in &mut track.phrases {
            for note in &mut phrase.notes {
                if let Some(key) = key_at(phrase.span.start + note.at) {
                    note.pitch = key.spell(note.pitch.midi());
                }
            }
        }
    }
}

/// Gives sections their ids by kind and number.
fn number(sections: &mut [Section]) {
    let mut counts = std::collections::BTreeMap::new();
    for section in sections {
        let count = counts.entry(section.kind).or_insert(0);
        *count += 1;
        section.id = format!("{}-{count}", section.kind.name());
    }
}

/// Finds sections by repetition where the file has no marks, and what energy each has.
pub(super) fn sections(
    score: &mut Score,
    stated: &Stated,
    tune: Option<usize>,
    remarks: &mut Vec<Remark>,
) {
    if !stated.sections {
        let end = score.form_end();
        let cuts: Vec<Ticks> = score.sections.iter().map(|s| s.span.start).collect();
        let keys = key_spans(score);
        let parts = form(score, end, &cuts);
        let tune_tones = tune.map_or(Vec::new(), |index| tones(&score.tracks[index]));
        let sung = |span: TickSpan| tune_tones.iter().any(|t| span.contains(t.span.start));
        let alone = score.tracks.len() == 1;
        let first = parts.iter().position(|p| sung(p.span)).unwrap_or(0);
        let last = parts.iter().rposition(|p| sung(p.span)).unwrap_or(0);
        score.sections = parts
            .iter()
            .enumerate()
            .map(|(index, part)| Section {
                id: String::new(),
                kind: match index {
                    _ if alone => SectionKind::Part,
                    i if i < first => SectionKind::Intro,
                    i if i > last => SectionKind::Outro,
                    _ if !sung(part.span) => SectionKind::Interlude,
                    _ => SectionKind::Part,
                },
                span: part.span,
                key: keys
                    .iter()
                    .rfind(|k| k.span.start <= part.span.start)
                    .map_or(Key::simplest(0, Mode::Major), |k| k.key),
                energy: 0.5,
            })
            .collect();
        number(&mut score.sections);
        if score.sections.len() > 1 {
            let count = score.sections.len();
            remarks.push(Remark::new(
                format!("{count} sections were found by what repeats"),
                format!("按重复划分出 {count} 个段落"),
            ));
        }
    }
    energies(score);
}

fn form(score: &Score, end: Ticks, cuts: &[Ticks]) -> Vec<FormPart> {
    find_form(&all_tones(score), &score.timeline, end, cuts)
}

/// Energy of each section by how much sounds in it: parts, notes and their force, relative to
/// the rest of the piece.
fn energies(score: &mut Score) {
    let line = &score.timeline;
    let force: Vec<f64> = score
        .sections
        .iter()
        .map(|section| {
            let seconds = line.seconds(section.span.end) - line.seconds(section.span.start);
            let mut sum = 0.0;
            for track in &score.tracks {
                for phrase in &track.phrases {
                    for note in &phrase.notes {
                        if section.span.contains(phrase.span.start + note.at) {
                            let level = f64::from(note.velocity) / 127.0;
                            sum += level * level;
                        }
                    }
                }
            }
            (sum / seconds.max(0.1)).sqrt()
        })
        .collect();
    let most = force.iter().copied().fold(0.0, f64::max).max(1e-9);
    for (section, force) in score.sections.iter_mut().zip(force) {
        let energy = 0.2 + 0.7 * force / most;
        // Two digits: files are read by people.
        section.energy = ((energy * 100.0).round() / 100.0) as f32;
    }
}

/// Finds chords where the file has none: from everything that sounds if there is accompaniment,
/// for the tune alone otherwise.
///
/// # Errors
/// When the shipped table of chords was edited.
pub(super) fn chords(
    score: &mut Score,
    tune: Option<usize>,
    remarks: &mut Vec<Remark>,
) -> Result<(), StudioError> {
    if !score.chords.is_empty() {
        return Ok(());
    }
    let all = all_tones(score);
    let Some(tune) = tune else {
        return Ok(());
    };
    let end = score.form_end();
    let keys = key_spans(score);
    let line = &score.timeline;
    let alone = tones(&score.tracks[tune]);
    let accompanied = all.len() > alone.len() || !super::is_single(&alone);
    let found = if accompanied {
        recognize_chords(&all, line, end, &keys)
    } else {
        chords_for_tune(score, &alone, None, None, None, 1)?
            .pop()
            .unwrap_or_default()
    };
    if found.is_empty() {
        return Ok(());
    }
    score.chords = found
        .into_iter()
        .map(|(span, chord)| ChordSpan { span, chord })
        .collect();
    let count = score.chords.len();
    remarks.push(if accompanied {
        Remark::new(
            format!("{count} chords were recognized in what is played"),
            format!("从演奏的音符中识别出 {count} 个和弦"),
        )
    } else {
        Remark::new(
            format!("{count} chords were found for the tune"),
            format!("为旋律配了 {count} 个和弦"),
        )
    });
    Ok(())
}

/// The plan of a score: everything as it is, in the style that is nearest.
pub(super) fn plan(score: &Score, title: &str, book: &StyleBook) -> SongPlan {
    let style = nearest_style(score, book);
    let part_of = |role: Role| {
        let parts = book.get(&style).map(|s| s.cast.as_slice()).unwrap_or(&[]);
        parts.iter().position(|part| part.role == role).unwrap_or(0)
    };
    let cast = score
        .tracks
        .iter()
        .map(|track| CastMember {
            id: track.id.clone(),
            role: track.role,
            instrument: track.instrument.clone(),
            part: part_of(track.role),
            style: None,
            sings: None,
        })
        .collect();
    let line = &score.timeline;
    let last = score
        .tracks
        .iter()
        .flat_map(|track| &track.phrases)
        .flat_map(|phrase| phrase.notes.iter().map(|n| phrase.span.start + n.end()))
        .max()
        .unwrap_or_default();
    let length = ((line.seconds(last) + RING) * 1000.0).ceil() / 1000.0;
    SongPlan {
        style,
        title: title.to_owned(),
        key: main_key(score),
        timeline: line.clone(),
        sections: section_plans(score),
        cast,
        feel: Feel::default(),
        ending: Ending::Ring,
        length: Seconds(length),
    }
}

/// The key that holds longest.
pub(super) fn main_key(score: &Score) -> Key {
    let mut lengths: Vec<(Key, i64)> = Vec::new();
    for section in &score.sections {
        let len = section.span.len().0;
        match lengths.iter_mut().find(|(key, _)| *key == section.key) {
            Some((_, sum)) => *sum += len,
            None => lengths.push((section.key, len)),
        }
    }
    let mut best = (score.key_at(Ticks::ZERO), i64::MIN);
    for (key, sum) in lengths {
        if sum > best.1 {
            best = (key, sum);
        }
    }
    best.0
}

fn section_plans(score: &Score) -> Vec<SectionPlan> {
    let line = &score.timeline;
    let end = score.form_end();
    let cuts: Vec<Ticks> = score.sections.iter().map(|s| s.span.start).collect();
    let forms = form(score, end, &cuts);
    score
        .sections
        .iter()
        .map(|section| {
            let material = forms
                .iter()
                .find(|f| f.span.start == section.span.start)
                .map_or(0, |f| f.material);
            let letter = char::from(b'A' + (material % 26) as u8);
            let turn = material / 26;
            let (first, _) = line.bar_of(section.span.start);
            let (last, into) = line.bar_of(section.span.end);
            let bars = last - first + i64::from(into > Ticks::ZERO);
            SectionPlan {
                id: section.id.clone(),
                kind: section.kind,
                material: if turn == 0 {
                    letter.to_string()
                } else {
                    format!("{letter}{turn}")
                },
                span: section.span,
                bars: u32::try_from(bars.max(1)).unwrap_or(1),
                key: section.key,
                energy: [section.energy; 2],
                chords: within(&score.chords, section.span),
                playing: score
                    .tracks
                    .iter()
                    .filter(|track| {
                        tones(track)
                            .iter()
                            .any(|tone| section.span.overlaps(tone.span))
                    })
                    .map(|track| track.id.clone())
                    .collect(),
                fill: false,
                take: 0,
            }
        })
        .collect()
}

/// Chords inside a span, cut to it.
pub(super) fn within(chords: &[ChordSpan], span: TickSpan) -> Vec<ChordSpan> {
    chords
        .iter()
        .filter(|c| c.span.overlaps(span))
        .map(|c| ChordSpan {
            span: TickSpan::new(c.span.start.max(span.start), c.span.end.min(span.end)),
            chord: c.chord,
        })
        .collect()
}

/// The style whose cast, tempo and metre are nearest: it decides how the song is mixed, and is
/// where a restyling begins.
fn nearest_style(score: &Score, book: &StyleBook) -> String {
    let metre = score.timeline.metre(Ticks::ZERO);
    let felt = if metre.is_compound() { 1.5 } else { 1.0 };
    let bpm = score.timeline.bpm(Ticks::ZERO) / felt;
    let drums = score.tracks.iter().any(|t| t.role.is_percussion());
    let mut best: Option<(f64, &str)> = None;
    for style in book.styles() {
        let holds = |instrument: &str| {
            style
                .cast
                .iter()
                .any(|part| part.chance > 0.3 && part.instruments.iter().any(|id| id == instrument))
        };
        let played = score.tracks.len().max(1) as f64;
        let known = score.tracks.iter().filter(|t| holds(&t.instrument)).count() as f64;
        let has_drums = style
            .cast
            .iter()
            .any(|part| part.role.is_percussion() && part.chance > 0.3);
        let mut near = 2.0 * known / played;
        // A cast much larger than what plays is further away.
        near -= 0.08 * (style.cast.len() as f64 - played).abs().min(8.0);
        near += if drums == has_drums { 0.8 } else { 0.0 };
        near += if style.metres.contains(metre) {
            0.4
        } else {
            0.0
        };
        let [low, high] = style.tempo;
        let off = (low - bpm).max(bpm - high).max(0.0) / 40.0;
        near += 0.4 * (1.0 - off.min(1.0));
        if best.is_none_or(|(most, _)| near > most) {
            best = Some((near, &style.id));
        }
    }
    best.map_or_else(|| "pop".to_owned(), |(_, id)| id.to_owned())
}
