//! A piece as bytes.

use super::bytes::{Bytes, Sink};
use crate::{DrumTake, Piece, Source, Split, Stated, Sung};
use yuefu_song::{
    Articulation, ChordSpan, Note, Origin, Phrase, Role, Score, Section, SectionKind, Track,
};
use yuefu_theory::{
    Chord, Key, Metre, MetreChange, Mode, Pitch, Quality, SpelledPc, Step, TempoPoint, TickSpan,
    Ticks, Timeline,
};

/// Roles by number.
const ROLES: [Role; 12] = [
    Role::Vocal,
    Role::Lead,
    Role::Counter,
    Role::Harmony,
    Role::Backing,
    Role::Comp,
    Role::Arp,
    Role::Pad,
    Role::Bass,
    Role::Drums,
    Role::Percussion,
    Role::Fx,
];

/// Times beyond this (in ticks, some 100 days of music) are damage.
const LATEST: i64 = 1 << 40;

/// The bytes of a piece.
pub(super) fn encode(piece: &Piece) -> Vec<u8> {
    let mut out = Sink::default();
    out.text(&piece.name);
    out.byte(piece.source as u8);
    out.byte(piece.split as u8);
    out.byte(piece.stated.bits());
    out.number(piece.group);
    out.text(piece.genre.as_deref().unwrap_or(""));
    out.byte(u8::from(piece.drums.is_some()));
    if let Some(take) = &piece.drums {
        out.text(&take.player);
        out.text(&take.session);
        out.byte(u8::from(take.fill));
    }
    timeline(&mut out, &piece.score.timeline);
    let mut last = 0;
    out.count(piece.score.sections.len());
    for section in &piece.score.sections {
        out.text(&section.id);
        out.byte(section.kind as u8);
        span(&mut out, section.span, &mut last);
        pc(&mut out, section.key.tonic);
        out.byte(section.key.mode as u8);
        out.float(f64::from(section.energy));
    }
    last = 0;
    out.count(piece.score.chords.len());
    for chord in &piece.score.chords {
        span(&mut out, chord.span, &mut last);
        pc(&mut out, chord.chord.root);
        out.byte(chord.chord.quality as u8);
        out.byte(u8::from(chord.chord.bass.is_some()));
        if let Some(bass) = chord.chord.bass {
            pc(&mut out, bass);
        }
    }
    out.count(piece.score.tracks.len());
    for track in &piece.score.tracks {
        put_track(&mut out, track);
    }
    out.number(piece.melody.map_or(0, |index| index as u64 + 1));
    out.count(piece.accompaniment.len());
    for index in &piece.accompaniment {
        out.number(*index as u64);
    }
    last = 0;
    out.count(piece.phrases.len());
    for phrase in &piece.phrases {
        span(&mut out, *phrase, &mut last);
    }
    last = 0;
    out.count(piece.syllables.len());
    for syllable in &piece.syllables {
        out.signed(syllable.at.0 - last);
        last = syllable.at.0;
        out.text(&syllable.text);
        out.byte(u8::from(syllable.continues));
    }
    out.0
}

fn timeline(out: &mut Sink, line: &Timeline) {
    out.count(line.tempo.len());
    for point in &line.tempo {
        out.signed(point.at.0);
        out.float(point.bpm);
        out.byte(u8::from(point.ramp));
    }
    out.count(line.metres.len());
    for change in &line.metres {
        out.signed(change.at.0);
        out.byte(change.metre.unit);
        out.count(change.metre.groups.len());
        for group in &change.metre.groups {
            out.byte(*group);
        }
    }
}

/// A span whose start is written from the end of the one before.
fn span(out: &mut Sink, span: TickSpan, last: &mut i64) {
    out.signed(span.start.0 - *last);
    out.signed(span.len().0);
    *last = span.end.0;
}

fn pc(out: &mut Sink, name: SpelledPc) {
    // Alterations are -3..=3.
    out.byte(name.step as u8 * 8 + (name.alter + 4).clamp(0, 7) as u8);
}

fn put_track(out: &mut Sink, track: &Track) {
    out.text(&track.id);
    let role = ROLES.iter().position(|role| *role == track.role);
    out.byte(role.unwrap_or(0) as u8);
    out.text(&track.instrument);
    let notes = || {
        track.phrases.iter().flat_map(|phrase| {
            let start = phrase.span.start;
            phrase.notes.iter().map(move |note| (start + note.at, note))
        })
    };
    let unit = notes().fold(0, |unit, (at, note)| {
        gcd(gcd(unit, at.0.abs()), note.len.0.abs())
    });
    let unit = unit.max(1);
    out.number(unit as u64);
    out.count(track.phrases.len());
    let mut last = 0;
    for phrase in &track.phrases {
        out.text(&phrase.id);
        span(out, phrase.span, &mut last);
    }
    last = 0;
    for phrase in &track.phrases {
        out.count(phrase.notes.len());
        for note in &phrase.notes {
            let at = (phrase.span.start + note.at).0 / unit;
            out.signed(at - last);
            last = at;
            out.number((note.len.0 / unit) as u64);
            pc(out, note.pitch.name);
            out.byte(note.pitch.octave as u8);
            // Most notes are plain: one byte says both.
            let plain = note.articulation == Articulation::Normal;
            out.byte(note.velocity & 0x7F | if plain { 0 } else { 0x80 });
            if !plain {
                out.text(note.articulation.name());
            }
        }
    }
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The piece of bytes; `None` for what cannot be one.
pub(super) fn decode(bytes: &mut Bytes<'_>) -> Option<Piece> {
    let name = bytes.text()?;
    let source = Source::from_number(bytes.byte()?)?;
    let split = *Split::ALL.get(usize::from(bytes.byte()?))?;
    let stated = Stated::from_bits(bytes.byte()?);
    let group = bytes.number()?;
    let genre = Some(bytes.text()?).filter(|genre| !genre.is_empty());
    let drums = if flag(bytes)? {
        Some(DrumTake {
            player: bytes.text()?,
            session: bytes.text()?,
            fill: flag(bytes)?,
        })
    } else {
        None
    };
    let timeline = get_timeline(bytes)?;
    let mut last = 0;
    let sections = list(bytes, |bytes| {
        Some(Section {
            id: bytes.text()?,
            kind: SectionKind::ALL.get(usize::from(bytes.byte()?))?.0,
            span: get_span(bytes, &mut last)?,
            key: Key::new(get_pc(bytes)?, Mode::ALL.get(usize::from(bytes.byte()?))?.0),
            energy: bytes.float()? as f32,
        })
    })?;
    last = 0;
    let chords = list(bytes, |bytes| {
        Some(ChordSpan {
            span: get_span(bytes, &mut last)?,
            chord: Chord {
                root: get_pc(bytes)?,
                quality: Quality::all().nth(usize::from(bytes.byte()?))?,
                bass: if flag(bytes)? {
                    Some(get_pc(bytes)?)
                } else {
                    None
                },
            },
        })
    })?;
    let tracks = list(bytes, get_track)?;
    let melody = match bytes.number()? {
        0 => None,
        index => Some(place(index - 1, &tracks)?),
    };
    let accompaniment = list(bytes, |bytes| place(bytes.number()?, &tracks))?;
    last = 0;
    let phrases = list(bytes, |bytes| get_span(bytes, &mut last))?;
    last = 0;
    let syllables = list(bytes, |bytes| {
        last = time(last.checked_add(bytes.signed()?)?)?.0;
        Some(Sung {
            at: Ticks(last),
            text: bytes.text()?,
            continues: flag(bytes)?,
        })
    })?;
    Some(Piece {
        name,
        source,
        genre,
        group,
        split,
        score: Score {
            timeline,
            sections,
            chords,
            tracks,
        },
        melody,
        accompaniment,
        phrases,
        syllables,
        stated,
        drums,
    })
}

fn place(index: u64, tracks: &[Track]) -> Option<usize> {
    usize::try_from(index)
        .ok()
        .filter(|index| *index < tracks.len())
}

fn list<T>(
    bytes: &mut Bytes<'_>,
    mut one: impl FnMut(&mut Bytes<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let count = bytes.count()?;
    // Not reserved: a count that lies costs nothing.
    let mut out = Vec::new();
    for _ in 0..count {
        out.push(one(bytes)?);
    }
    Some(out)
}

fn flag(bytes: &mut Bytes<'_>) -> Option<bool> {
    match bytes.byte()? {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

fn time(ticks: i64) -> Option<Ticks> {
    (-LATEST..=LATEST).contains(&ticks).then_some(Ticks(ticks))
}

fn get_timeline(bytes: &mut Bytes<'_>) -> Option<Timeline> {
    let tempo = list(bytes, |bytes| {
        Some(TempoPoint {
            at: time(bytes.signed()?)?,
            bpm: bytes.float().filter(|bpm| (1.0..=2000.0).contains(bpm))?,
            ramp: flag(bytes)?,
        })
    })?;
    let metres = list(bytes, |bytes| {
        let at = time(bytes.signed()?)?;
        let unit = bytes
            .byte()
            .filter(|unit| [1, 2, 4, 8, 16, 32].contains(unit))?;
        let groups = list(bytes, |bytes| bytes.byte())?;
        let beats: u32 = groups.iter().map(|group| u32::from(*group)).sum();
        let valid = (1..=32).contains(&beats) && !groups.contains(&0);
        valid.then_some(MetreChange {
            at,
            metre: Metre {
                beats: beats as u8,
                unit,
                groups,
            },
        })
    })?;
    let first = |at: Option<Ticks>| at == Some(Ticks::ZERO);
    let sound = first(tempo.first().map(|point| point.at))
        && first(metres.first().map(|change| change.at))
        && tempo.windows(2).all(|pair| pair[0].at < pair[1].at)
        && metres.windows(2).all(|pair| pair[0].at < pair[1].at);
    sound.then_some(Timeline { tempo, metres })
}

fn get_span(bytes: &mut Bytes<'_>, last: &mut i64) -> Option<TickSpan> {
    let start = time(last.checked_add(bytes.signed()?)?)?;
    let end = time(start.0.checked_add(bytes.signed()?)?)?;
    *last = end.0;
    Some(TickSpan::new(start, end))
}

fn get_pc(bytes: &mut Bytes<'_>) -> Option<SpelledPc> {
    let byte = bytes.byte()?;
    let step = *Step::ALL.get(usize::from(byte / 8))?;
    let alter = (byte % 8) as i8 - 4;
    (-3..=3)
        .contains(&alter)
        .then_some(SpelledPc { step, alter })
}

fn get_track(bytes: &mut Bytes<'_>) -> Option<Track> {
    let id = bytes.text()?;
    let role = *ROLES.get(usize::from(bytes.byte()?))?;
    let instrument = bytes.text()?;
    let unit = i64::try_from(bytes.number()?)
        .ok()
        .filter(|unit| *unit > 0)?;
    let mut last = 0;
    let mut phrases = list(bytes, |bytes| {
        let id = bytes.text()?;
        let span = get_span(bytes, &mut last)?;
        Some(Phrase::new(id, span, Origin::Imported, Vec::new()))
    })?;
    last = 0;
    for phrase in &mut phrases {
        let start = phrase.span.start;
        phrase.notes = list(bytes, |bytes| {
            last = last.checked_add(bytes.signed()?)?;
            let at = time(last.checked_mul(unit)?)?;
            let len = i64::try_from(bytes.number()?).ok()?.checked_mul(unit)?;
            let name = get_pc(bytes)?;
            let octave = bytes.byte()? as i8;
            let level = bytes.byte()?;
            let mut note = Note::new(
                at - start,
                time(len).filter(|len| *len > Ticks::ZERO)?,
                Pitch { name, octave },
                level & 0x7F,
            );
            if level & 0x80 != 0 {
                note.articulation = Articulation::from_name(&bytes.text()?)?;
            }
            Some(note)
        })?;
    }
    Some(Track {
        id,
        role,
        instrument,
        phrases,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 2000,
            failure_persistence: None,
            ..ProptestConfig::default()
        })]
        // Checksums keep damage from coming this far; the decoder must stand without them.
        #[test]
        fn any_bytes_are_decoded_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            if let Some(piece) = decode(&mut Bytes::new(&bytes)) {
                encode(&piece);
            }
        }
    }

    #[test]
    fn every_change_of_a_byte_is_decoded_or_refused() {
        let mut score = Score {
            timeline: Timeline::steady(100.0, Metre::new(6, 8)),
            sections: Vec::new(),
            chords: vec![ChordSpan {
                span: TickSpan::new(Ticks::ZERO, Ticks::WHOLE),
                chord: "F#m7b5/C".parse().unwrap(),
            }],
            tracks: Vec::new(),
        };
        let notes = vec![
            "-1/4 1/4 Bb3 40 ghost".parse().unwrap(),
            "0 1 C##5 90".parse().unwrap(),
        ];
        for role in ROLES {
            let span = TickSpan::new(Ticks::WHOLE, Ticks::WHOLE * 2);
            score.tracks.push(Track {
                id: role.name().to_owned(),
                role,
                instrument: "x".into(),
                phrases: vec![Phrase::new("1", span, Origin::Imported, notes.clone())],
            });
        }
        let mut piece = Piece::new(Source::Own, "词", score);
        piece.melody = Some(2);
        piece.accompaniment = vec![0, 1];
        piece.syllables = vec![Sung {
            at: Ticks(-7),
            text: "la".into(),
            continues: true,
        }];
        let bytes = encode(&piece);
        let back = decode(&mut Bytes::new(&bytes));
        assert_eq!(back.as_ref(), Some(&piece));
        for at in 0..bytes.len() {
            for value in [0, 1, 0x7F, 0x80, 0xFF, bytes[at] ^ 1] {
                let mut bytes = bytes.clone();
                bytes[at] = value;
                if let Some(piece) = decode(&mut Bytes::new(&bytes)) {
                    encode(&piece);
                }
            }
        }
    }
}
