//! Edits of composed songs: round trip, inversion, replay, commutation and merging.

use yuefu_studio::{
    Overrides, ReleasePlan, Song, Studio,
    audio::Seconds,
    song::{
        Edit, Note, Origin, Parts, Phrase, Role, Take, Track,
        brief::Lang,
        edit::{Change, Side},
        merge,
        mixplan::{ChannelStrip, MixPlan},
        plan::SectionPlan,
    },
    theory::{Chord, Ticks},
};

/// Small numbers from a seed; the engine's own generator.
type Rng = yuefu_engine::Rng;

fn songs(count: usize) -> Vec<Song> {
    let studio = Studio::standard().unwrap();
    let styles = studio.book.styles();
    let metres = ["4/4", "3/4", "6/8"];
    (0..count)
        .map(|n| {
            let mut overrides = Overrides::default();
            let style = &styles[n * 7 % styles.len()].id;
            overrides.set("style", style).unwrap();
            overrides.set("metre", metres[n % 3]).unwrap();
            overrides.set("length", "40").unwrap();
            overrides.set("seed", &n.to_string()).unwrap();
            studio
                .compose("a song", &overrides, &ReleasePlan::streaming())
                .unwrap()
                .song
        })
        .collect()
}

/// The song with a mix plan, so that strips take part.
fn mixed(mut song: Song) -> Song {
    song.mix = Some(MixPlan {
        character: "pop".into(),
        tracks: (song.score.tracks.iter())
            .map(|track| ChannelStrip::neutral(&track.id))
            .collect(),
        ..MixPlan::default()
    });
    song
}

fn phrase<'a>(song: &'a mut Song, rng: &mut Rng) -> &'a mut Phrase {
    let tracks = &mut song.score.tracks;
    let track = rng.below(tracks.len());
    let phrases = &mut tracks[track].phrases;
    let phrase = rng.below(phrases.len());
    &mut phrases[phrase]
}

/// One random change of any kind; the song stays whole.
fn mutate(song: &mut Song, rng: &mut Rng) {
    match rng.below(14) {
        0 => {
            let phrase = phrase(song, rng);
            let note: Note = format!("{} 1/2 C{} 70", rng.below(8), 2 + rng.below(4))
                .parse()
                .unwrap();
            phrase.notes.push(note);
            phrase.origin = Origin::Edited;
        }
        1 => {
            let phrase = phrase(song, rng);
            if !phrase.notes.is_empty() {
                let index = rng.below(phrase.notes.len());
                phrase.notes.remove(index);
            }
        }
        2 => {
            for note in &mut phrase(song, rng).notes {
                note.velocity = 1 + rng.below(127) as u8;
            }
        }
        3 => {
            let phrase = phrase(song, rng);
            let number = phrase.next_take();
            let notes = phrase.notes.iter().skip(1).cloned().collect();
            phrase.record(Take {
                number,
                origin: Origin::Imported,
                notes,
            });
        }
        4 => {
            let sections = &mut song.plan.sections;
            let section = rng.below(sections.len());
            if let Some(chord) = sections[section].chords.first_mut() {
                chord.chord = ["Am7", "F", "G7/B"][rng.below(3)].parse::<Chord>().unwrap();
            }
        }
        5 => {
            let sections = &mut song.plan.sections;
            let section = rng.below(sections.len());
            sections[section].energy[1] = rng.unit();
        }
        6 => {
            let by = Ticks(song.plan.timeline.metres[0].metre.bar().0);
            insert(song, rng, by);
        }
        7 => song.plan.title = format!("Title {}", rng.below(1000)),
        8 => song.plan.timeline.tempo[0].bpm = 60.0 + f64::from(rng.unit()) * 90.0,
        9 => {
            let track = rng.below(song.score.tracks.len());
            let track = &mut song.score.tracks[track];
            track.instrument = "flute".into();
            let id = track.id.clone();
            for member in song.plan.cast.iter_mut().filter(|m| m.id == id) {
                member.instrument = "flute".into();
            }
        }
        10 if song.score.tracks.len() > 2 => {
            let track = song.score.tracks.remove(rng.below(song.score.tracks.len()));
            if let Some(mix) = &mut song.mix {
                mix.tracks.retain(|strip| strip.track != track.id);
            }
        }
        11 => {
            let id = format!("new-{}", rng.bits());
            song.score.tracks.push(Track {
                id: id.clone(),
                role: Role::Pad,
                instrument: "strings".into(),
                phrases: song.score.tracks[0].phrases.clone(),
            });
            if let Some(mix) = &mut song.mix {
                mix.tracks.push(ChannelStrip::neutral(id));
            }
        }
        12 => {
            if let Some(strip) = song.mix.as_mut().and_then(|mix| {
                let strip = rng.below(mix.tracks.len());
                mix.tracks.get_mut(strip)
            }) {
                strip.gain_db = rng.range(-12.0, 6.0);
            }
        }
        _ => {
            let name = ["artist", "album"][rng.below(2)];
            song.tags.insert(name.into(), rng.below(9).to_string());
        }
    }
    song.tidy();
}

/// Inserts an empty section and moves what lies behind it.
fn insert(song: &mut Song, rng: &mut Rng, len: Ticks) {
    let index = 1 + rng.below(song.plan.sections.len());
    let mut section: SectionPlan = song.plan.sections[index - 1].clone();
    let at = section.span.end;
    section.id = format!("new-{}", rng.bits());
    section.chords.clear();
    section.bars = 1;
    section.span.start = at;
    section.span.end = at + len;
    for later in &mut song.plan.sections[index..] {
        later.span.start += len;
        later.span.end += len;
        for chord in &mut later.chords {
            chord.span.start += len;
            chord.span.end += len;
        }
    }
    song.plan.sections.insert(index, section);
    for phrase in song.score.tracks.iter_mut().flat_map(|t| &mut t.phrases) {
        if phrase.span.start >= at {
            phrase.span.start += len;
            phrase.span.end += len;
        }
    }
    let line = &mut song.plan.timeline;
    for point in line.tempo.iter_mut().filter(|p| p.at >= at) {
        point.at += len;
    }
    for change in line.metres.iter_mut().filter(|c| c.at >= at) {
        change.at += len;
    }
    song.plan.length = Seconds(song.plan.length.0 + 1.5);
}

#[test]
fn composed_songs_are_whole_and_survive_their_parts() {
    for song in songs(24) {
        let title = &song.plan.style;
        song.check().unwrap_or_else(|e| panic!("{title}: {e}"));
        assert_eq!(Parts::of(&song).into_song().unwrap(), song, "{title}");
        let made = Edit::from_nothing(&song);
        let text = serde_json::to_string(&made).unwrap();
        assert_eq!(serde_json::from_str::<Edit>(&text).unwrap(), made);
    }
}

#[test]
fn any_sequence_of_edits_replays_and_reverts() {
    for (seed, first) in songs(6).into_iter().enumerate() {
        let first = mixed(first);
        let mut rng = Rng::new(seed as u64);
        let mut song = first.clone();
        let mut edits: Vec<Edit> = Vec::new();
        for step in 0..40 {
            let mut next = song.clone();
            mutate(&mut next, &mut rng);
            next.check()
                .unwrap_or_else(|e| panic!("{seed} {step}: {e}"));
            let edit = Edit::between(&song, &next);
            assert_eq!(edit.is_empty(), song == next);
            let text = serde_json::to_string(&edit).unwrap();
            assert_eq!(serde_json::from_str::<Edit>(&text).unwrap(), edit, "{text}");
            assert_eq!(edit.apply(&song).unwrap().to_files(), next.to_files());
            let back = edit.clone().inverse().apply(&next).unwrap();
            assert_eq!(back.to_files(), song.to_files(), "{seed} {step}");
            assert!(edit.is_empty() || edit.apply(&next).is_err() || edit.inverse().is_empty());
            edits.push(Edit::between(&song, &next));
            song = next;
        }
        let mut parts = Parts::of(&first);
        for edit in &edits {
            edit.apply_to(&mut parts).unwrap();
        }
        assert_eq!(parts.clone().into_song().unwrap(), song);
        for edit in edits.into_iter().rev() {
            edit.inverse().apply_to(&mut parts).unwrap();
        }
        assert_eq!(parts.into_song().unwrap(), first);
    }
}

/// An edit of the notes and the instrument of one track.
fn edit_track(song: &Song, track: usize, rng: &mut Rng) -> Song {
    let mut next = song.clone();
    let track = &mut next.score.tracks[track];
    for phrase in &mut track.phrases {
        phrase.notes.retain(|_| rng.chance(0.7));
        for note in &mut phrase.notes {
            note.velocity = 1 + rng.below(127) as u8;
        }
        phrase.origin = Origin::Edited;
    }
    next.tidy();
    next
}

#[test]
fn edits_of_different_tracks_commute_and_merge() {
    for (seed, base) in songs(8).into_iter().enumerate() {
        let mut rng = Rng::new(seed as u64);
        if base.score.tracks.len() < 2 {
            continue;
        }
        let (ours, theirs) = (
            edit_track(&base, 0, &mut rng),
            edit_track(&base, 1, &mut rng),
        );
        let (a, b) = (Edit::between(&base, &ours), Edit::between(&base, &theirs));
        let ab = b.apply(&a.apply(&base).unwrap()).unwrap();
        let ba = a.apply(&b.apply(&base).unwrap()).unwrap();
        assert_eq!(ab, ba);
        let merged = merge(&base, &ours, &theirs);
        assert!(merged.conflicts.is_empty(), "{:?}", merged.conflicts);
        assert_eq!(merged.song(|_| Side::Ours).unwrap(), ab);
        assert_eq!(a.touches(&base).tracks.len(), 1);
    }
}

#[test]
fn merging_has_the_properties_of_a_merge() {
    let (mut clean, mut touched) = (0, 0);
    for (seed, base) in songs(12).into_iter().enumerate() {
        let base = mixed(base);
        let mut rng = Rng::new(100 + seed as u64);
        for round in 0..12 {
            let mut ours = base.clone();
            let mut theirs = base.clone();
            for _ in 0..1 + rng.below(4) {
                mutate(&mut ours, &mut rng);
                mutate(&mut theirs, &mut rng);
            }
            let what = format!("{seed} {round}");
            let song = |merged: yuefu_studio::song::Merged, side| {
                let conflicts = merged.conflicts.iter().map(|c| c.describe().en);
                let conflicts: Vec<String> = conflicts.collect();
                (merged.song(|_| side)).unwrap_or_else(|e| panic!("{what}: {e} {conflicts:?}"))
            };
            assert_eq!(song(merge(&base, &ours, &base), Side::Ours), ours, "{what}");
            assert_eq!(song(merge(&base, &base, &ours), Side::Ours), ours, "{what}");
            let same = merge(&base, &ours, &ours);
            assert!(same.conflicts.is_empty());
            assert_eq!(song(same, Side::Theirs), ours, "{what}");
            let merged = merge(&base, &ours, &theirs);
            let turned = merge(&base, &theirs, &ours);
            assert_eq!(merged.conflicts.len(), turned.conflicts.len(), "{what}");
            for conflict in &merged.conflicts {
                assert!(!conflict.ours.is_empty() && !conflict.theirs.is_empty());
                let words = conflict.describe();
                assert!(!words.get(Lang::En).is_empty() && !words.get(Lang::Zh).is_empty());
            }
            let none = merged.conflicts.is_empty();
            clean += usize::from(none);
            touched += usize::from(!none);
            let result = song(merged, Side::Ours);
            song(turned, Side::Theirs);
            if none {
                // Everything either side did is in the result.
                let done = Edit::between(&base, &result).changes;
                for side in [&ours, &theirs] {
                    for change in Edit::between(&base, side).changes {
                        let listed = matches!(
                            change,
                            Change::Form(_)
                                | Change::TrackOrder(_)
                                | Change::StripOrder(_)
                                | Change::CastOrder(_)
                                | Change::Length(_)
                        );
                        assert!(listed || done.contains(&change), "{what}: {change:?}");
                    }
                }
            }
        }
    }
    assert!(clean > 20 && touched > 20, "{clean} clean, {touched} not");
}

#[test]
fn conflicts_name_the_track_and_the_bar() {
    let base = songs(1).remove(0);
    let change = |velocity| {
        let mut song = base.clone();
        song.score.tracks[0].phrases[0].notes[0].velocity = velocity;
        song
    };
    let merged = merge(&base, &change(3), &change(4));
    assert_eq!(merged.conflicts.len(), 1);
    let words = merged.conflicts[0].describe();
    let track = &base.score.tracks[0].id;
    assert!(
        words.en.contains(&format!("track {track}")) && words.en.contains("bar "),
        "{words}"
    );
    assert!(words.zh.contains("小节"), "{}", words.zh);
    for (side, velocity) in [(Side::Ours, 3), (Side::Theirs, 4)] {
        assert_eq!(merged.song(|_| side).unwrap(), change(velocity));
    }

    // A phrase that one removes and the other changes; a track likewise.
    let mut removed = base.clone();
    removed.score.tracks[0].phrases.remove(0);
    let merged = merge(&base, &removed, &change(9));
    assert_eq!(merged.conflicts.len(), 1);
    assert_eq!(merged.song(|_| Side::Ours).unwrap(), removed);
    assert_eq!(merged.song(|_| Side::Theirs).unwrap(), change(9));
    let mut removed = base.clone();
    removed.score.tracks.remove(0);
    let merged = merge(&base, &change(9), &removed);
    assert_eq!(merged.conflicts.len(), 1);
    assert_eq!(merged.song(|_| Side::Ours).unwrap(), change(9));
    assert_eq!(merged.song(|_| Side::Theirs).unwrap(), removed);

    // Different notes on one key at overlapping times.
    let add = |line: &str| {
        let mut song = base.clone();
        song.score.tracks[0].phrases[0]
            .notes
            .push(line.parse().unwrap());
        song.tidy();
        song
    };
    let merged = merge(&base, &add("1/16 1 C1 80"), &add("1/8 1 C1 80"));
    assert_eq!(merged.conflicts.len(), 1);
    let merged = merge(&base, &add("1/16 1 C1 80"), &add("1/16 1 D1 80"));
    assert!(merged.conflicts.is_empty());
}
