//! Voices beside the lead: on the chords, never in seconds with the tune, never across it, with
//! the lead's words, and changed where those change.

mod common;

use common::{book, catalog};
use std::collections::BTreeSet;
use yuefu_arrange::{Band, How, arrange_words, resing};
use yuefu_engine::SeedPath;
use yuefu_song::{
    Brief, LyricSheet, Note, Role, Score, SectionKind, SongPlan, Track, VoicePart,
    brief::{BackingWish, VoiceWish, Weighted},
    lyrics::{Delivery, Lyric},
};
use yuefu_theory::Ticks;

const ENGLISH: &str = "[Verse]\nRain on the window, the kettle is low\nI'm counting the places we said we would go\nThe map on the table is faded and torn\nI still have the jacket you left to be worn\n[Chorus]\nRun to the river, (run to the river)\nLet the morning find us there (oh yeah)\nRun to the river\nNo one has to know or care\n[Verse]\nSnow on the railing, the letters are old\nYou said it was nothing but I was too cold\nThe clock in the hallway is still running slow\nI'm counting the places we said we would go\n[Chorus]\nRun to the river, (run to the river)\nLet the morning find us there (oh yeah)\nRun to the river\nNo one has to know or care\n";
const CHINESE: &str = "[主歌]\n巷口的灯还没有关\n晚风吹过旧的栏杆\n你说城市那么大\n总有一扇窗在等我们回家\n[副歌]\n我把想念写成一首歌\n唱给雨后的星河\n如果你也听得见\n请为我停一刻\n[主歌]\n桌上的茶早已经凉\n墙上的钟走得很慢\n你留下的那把伞\n还替我挡着那一年的夏天\n[副歌]\n我把想念写成一首歌\n唱给雨后的星河\n如果你也听得见\n请为我停一刻\n";

fn sheet(text: &str) -> LyricSheet {
    yuefu_lyrics::read(text, yuefu_lyrics::languages())
        .sheet
        .unrolled()
}

fn sing(text: &str, seed: u64, change: impl Fn(&mut Brief)) -> (LyricSheet, SongPlan, Score) {
    let words = sheet(text);
    let mut brief = Brief {
        styles: vec![Weighted::new("pop".to_owned(), 1.0)],
        seed: Some(seed),
        ..Brief::default()
    };
    change(&mut brief);
    let path = SeedPath::song(seed);
    let (plan, _) = yuefu_plan::plan(&brief, &words, book(), catalog(), &path);
    let score = arrange_words(&plan, &words, Band::new(book(), catalog()), &path);
    (words, plan, score)
}

fn parts<'a>(plan: &'a SongPlan, score: &'a Score) -> Vec<(VoicePart, &'a Track)> {
    let tracks = score.tracks.iter();
    tracks
        .filter_map(|t| {
            let member = plan.cast.iter().find(|m| m.id == t.id)?;
            Some((member.sings?, t))
        })
        .collect()
}

fn notes(track: &Track) -> Vec<Note> {
    let placed = |p: &yuefu_song::Phrase| {
        let start = p.span.start;
        let notes = p.notes.iter().cloned();
        notes
            .map(|n| Note {
                at: n.at + start,
                ..n
            })
            .collect::<Vec<_>>()
    };
    track.phrases.iter().flat_map(placed).collect()
}

fn lead(score: &Score) -> Vec<Note> {
    let tracks = score.tracks.iter().filter(|t| t.role == Role::Vocal);
    tracks.flat_map(notes).collect()
}

/// Counts over many songs.
#[derive(Debug, Default)]
struct Tally {
    notes: usize,
    chordal: usize,
    long: usize,
    long_chordal: usize,
    with_lead: usize,
    seconds: usize,
    crossed: usize,
    thirds_sixths: usize,
}

#[test]
fn harmonies_are_thirds_and_sixths_on_the_chords() {
    let mut tally = Tally::default();
    let mut tracks = BTreeSet::new();
    for (index, text) in [ENGLISH, CHINESE].into_iter().enumerate() {
        for style in [
            "pop", "ballad", "folk", "guofeng", "rock", "gospel", "march",
        ] {
            for seed in 0..3 {
                let (_, plan, score) = sing(text, seed + 10 * index as u64, |brief| {
                    brief.styles = vec![Weighted::new(style.to_owned(), 1.0)];
                });
                let lead = lead(&score);
                for (part, track) in parts(&plan, &score) {
                    tracks.insert(part);
                    let below = matches!(part, VoicePart::Below | VoicePart::Alto);
                    if !below && !matches!(part, VoicePart::Above | VoicePart::Tenor) {
                        continue;
                    }
                    for note in notes(track) {
                        let key = note.pitch.midi();
                        let section = plan.sections.iter().find(|s| s.span.contains(note.at));
                        let chord = section
                            .and_then(|s| s.chords.iter().find(|c| c.span.contains(note.at)));
                        let chordal = chord.is_none_or(|c| c.chord.has(key.rem_euclid(12) as u8));
                        tally.notes += 1;
                        tally.chordal += usize::from(chordal);
                        if note.len >= Ticks::of(1, 4) {
                            tally.long += 1;
                            tally.long_chordal += usize::from(chordal);
                        }
                        let Some(tune) = lead.iter().find(|n| n.at == note.at) else {
                            panic!("{}: a note of its own at {:?}", track.id, note.at);
                        };
                        let tune = tune.pitch.midi();
                        tally.with_lead += 1;
                        let apart = (tune - key).rem_euclid(12);
                        tally.seconds += usize::from(matches!(apart, 1 | 2 | 10 | 11));
                        tally.thirds_sixths += usize::from(matches!(apart, 3 | 4 | 8 | 9));
                        tally.crossed += usize::from(below && key > tune);
                    }
                }
            }
        }
    }
    println!("{tally:?} {tracks:?}");
    let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    assert!(tally.notes > 2000);
    assert!(share(tally.chordal, tally.notes) > 0.85);
    assert!(share(tally.long_chordal, tally.long) > 0.93);
    assert!(share(tally.thirds_sixths, tally.with_lead) > 0.6);
    assert!(share(tally.seconds, tally.with_lead) < 0.03);
    assert_eq!(tally.crossed, 0);
    for part in [
        VoicePart::Double,
        VoicePart::Above,
        VoicePart::Ooh,
        VoicePart::Bass,
    ] {
        assert!(tracks.contains(&part), "{part:?}");
    }
}

#[test]
fn voices_keep_to_their_ranges_and_sing_the_words_of_the_lead() {
    for seed in 0..4 {
        let (_, plan, score) = sing(CHINESE, seed, |brief| {
            brief.backing = BackingWish::Choir;
        });
        let lead = lead(&score);
        let found = parts(&plan, &score);
        let choir = [
            VoicePart::Soprano,
            VoicePart::Alto,
            VoicePart::Tenor,
            VoicePart::Bass,
        ];
        assert_eq!(found.iter().map(|f| f.0).collect::<Vec<_>>(), choir);
        for (part, track) in found {
            let profile = catalog().profile(&track.instrument).unwrap();
            let low = profile.sweet[0] < 50;
            assert_eq!(low, matches!(part, VoicePart::Tenor | VoicePart::Bass));
            for note in notes(track) {
                let key = note.pitch.midi();
                assert!((i32::from(profile.range[0])..=i32::from(profile.range[1])).contains(&key));
                let tune = lead.iter().find(|n| n.at == note.at).unwrap();
                assert_eq!(tune.lyric, note.lyric, "{part:?}");
            }
        }
        // From the top: nobody sings above the voice over them, but for a moment of unison.
        let by_part: Vec<Vec<Note>> = parts(&plan, &score)
            .into_iter()
            .map(|f| notes(f.1))
            .collect();
        for pair in by_part.windows(2) {
            for note in &pair[1] {
                let above = pair[0].iter().find(|n| n.at == note.at);
                assert!(above.is_none_or(|n| n.pitch.midi() >= note.pitch.midi()));
            }
        }
    }
}

#[test]
fn ad_libs_are_answered_in_the_gaps() {
    for seed in 0..6 {
        let (_, plan, score) = sing(ENGLISH, seed, |_| {});
        let lead = lead(&score);
        assert!(
            lead.iter()
                .filter_map(|n| n.lyric.as_deref())
                .all(|l| l.delivery != Delivery::AdLib)
        );
        let found = parts(&plan, &score);
        let (_, track) = found
            .iter()
            .find(|(part, _)| *part == VoicePart::Answer)
            .unwrap();
        let words: Vec<Lyric> = notes(track)
            .iter()
            .filter_map(|n| n.lyric.as_deref().cloned())
            .collect();
        // run to the ri-ver, oh yeah; twice.
        assert_eq!(words.len(), 14);
        let over = |a: &Note| lead.iter().any(|b| a.at < b.end() && b.at < a.end());
        let all = notes(track);
        let apart = all.iter().filter(|note| !over(note)).count();
        assert!(apart * 2 > all.len(), "{apart} of {}", all.len());
        assert!(all.windows(2).all(|pair| pair[0].end() <= pair[1].at));
    }
}

#[test]
fn wishes_say_who_sings_beside_the_lead() {
    let count = |change: fn(&mut Brief)| {
        let (_, plan, score) = sing(CHINESE, 2, change);
        (parts(&plan, &score).len(), plan)
    };
    assert_eq!(count(|b| b.backing = BackingWish::Solo).0, 0);
    assert_eq!(count(|b| b.backing = BackingWish::Harmonies).0, 3);
    let (_, plan) = count(|b| b.voice = VoiceWish::Duet);
    let singers: Vec<_> = plan.cast.iter().filter(|m| m.role == Role::Vocal).collect();
    assert_eq!(singers.len(), 2);
    for singer in &singers {
        let sings = plan
            .sections
            .iter()
            .filter(|s| s.playing.contains(&singer.id));
        assert!(sings.count() > 0, "{}", singer.id);
    }
    let both = plan
        .sections
        .iter()
        .filter(|s| singers.iter().all(|m| s.playing.contains(&m.id)));
    assert_eq!(both.count(), 0, "a section has one lead");
    let (_, plan) = count(|b| b.voice = VoiceWish::Child);
    assert!(
        plan.cast
            .iter()
            .any(|m| m.role == Role::Vocal && m.instrument == "voice-child")
    );
}

#[test]
fn a_tag_asks_for_harmony_where_it_stands() {
    let tagged = CHINESE.replacen("[主歌]", "[主歌·和声]", 1);
    for seed in 0..3 {
        for style in ["ballad", "pop"] {
            let change = |b: &mut Brief| b.styles = vec![Weighted::new(style.to_owned(), 1.0)];
            let (_, plain, _) = sing(CHINESE, seed, change);
            let verse = plain.sections.iter().find(|s| s.id == "verse-1").unwrap();
            let backed = |plan: &SongPlan, section: &yuefu_song::SectionPlan| {
                let there = |m: &&yuefu_song::CastMember| section.playing.contains(&m.id);
                let cast = plan.cast.iter().filter(there);
                cast.filter_map(|m| m.sings).collect::<Vec<_>>()
            };
            assert!(backed(&plain, verse).iter().all(|p| *p == VoicePart::Ooh));
            let (_, plan, score) = sing(&tagged, seed, change);
            let verse = plan.sections.iter().find(|s| s.id == "verse-1").unwrap();
            let there = backed(&plan, verse);
            assert!(there.contains(&VoicePart::Below), "{style}: {there:?}");
            // In all of its lines.
            let (_, low) = parts(&plan, &score)
                .into_iter()
                .find(|(part, _)| *part == VoicePart::Below)
                .unwrap();
            let sung = low.phrases.iter().filter(|p| p.id.starts_with("verse-1"));
            assert_eq!(sung.count(), 4, "{style}");
            let second = low.phrases.iter().filter(|p| p.id.starts_with("verse-2"));
            assert_eq!(second.count(), 0, "{style}");
        }
    }
}

#[test]
fn other_words_reach_the_voices_behind_them() {
    let (mut words, plan, score) = sing(ENGLISH, 1, |b| b.backing = BackingWish::Harmonies);
    let path = SeedPath::song(1);
    let find = |words: &LyricSheet, text: &str| {
        words
            .lines
            .iter()
            .position(|l| l.section == "chorus-2" && l.text.starts_with(text))
            .unwrap()
    };
    let set = |words: &mut LyricSheet, at: usize, text: &str| {
        let line = &mut words.lines[at];
        line.set(text);
        let _ = yuefu_lyrics::sheet::reread(line, None, Delivery::Lead, yuefu_lyrics::languages());
    };
    let at = find(&words, "No one");
    set(&mut words, at, "Someone has to know or care");
    let (same, done) = resing(&plan, &words, &score, Band::new(book(), catalog()), &path);
    assert_eq!(done.len(), 1);
    assert_eq!(done[0].how, How::Relabeled);
    let bare = |score: &Score| -> Vec<Note> {
        let all = score.tracks.iter().flat_map(notes);
        all.map(|n| Note { lyric: None, ..n }).collect()
    };
    assert_eq!(
        bare(&same),
        bare(&score),
        "as many syllables: the notes stay"
    );
    let texts = |score: &Score, id: &str| -> String {
        let track = score.tracks.iter().find(|t| t.id == id).unwrap();
        let phrase = track.phrases.iter().find(|p| p.id == "chorus-2.4").unwrap();
        phrase
            .notes
            .iter()
            .filter_map(|n| n.lyric.as_deref())
            .map(|l| l.text.clone())
            .collect()
    };
    assert_eq!(texts(&same, "low"), texts(&same, "vocal"));
    // Another number of syllables.
    set(&mut words, at, "Nobody in the world has to care");
    let (other, _) = resing(&plan, &words, &score, Band::new(book(), catalog()), &path);
    assert_eq!(texts(&other, "low"), texts(&other, "vocal"));
    let changed = score.tracks.iter().zip(&other.tracks).flat_map(|(a, b)| {
        a.phrases
            .iter()
            .zip(&b.phrases)
            .filter(|(a, b)| a != b)
            .map(|(a, _)| a.id.clone())
    });
    assert!(changed.clone().count() >= 2 && changed.clone().all(|id| id == "chorus-2.4"));
    // Another answer leaves the lead as it is.
    let at = find(&words, "Let the");
    let (_, plan, score) = sing(ENGLISH, 1, |_| {});
    let mut words = sheet(ENGLISH);
    set(&mut words, at, "Let the morning find us there (all right)");
    let (other, _) = resing(&plan, &words, &score, Band::new(book(), catalog()), &path);
    assert_eq!(lead(&other), lead(&score));
    let track = other.tracks.iter().find(|t| t.id == "answers").unwrap();
    let said: Vec<String> = notes(track)
        .iter()
        .filter_map(|n| n.lyric.as_deref().map(|l| l.text.clone()))
        .collect();
    assert!(said.concat().contains("allright"), "{said:?}");
}

#[test]
fn manners_name_styles_and_sections_that_there_are() {
    let backing = book().backing();
    for (style, count) in backing.styles() {
        assert!(book().get(style).is_some(), "{style}");
        assert_eq!(count, 1, "{style} has one manner");
    }
    for manner in &backing.0 {
        for voice in &manner.voice {
            for kind in &voice.only {
                assert!(SectionKind::from_name(kind).is_some(), "{kind}");
            }
            let settings = voice.settings.clone();
            assert_eq!(settings.clone().limited(), settings, "{}", voice.id);
        }
    }
    for wish in ["choir", "duet", "children", "harmonies"] {
        assert!(backing.get(wish).is_some(), "{wish}");
    }
}
