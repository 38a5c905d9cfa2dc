//! Voices beside a lead that is written anew, taken back or edited: who takes their notes from it
//! sings with it again, and nothing else changes.

use std::collections::BTreeSet;
use yuefu_song::{
    Note, Phrase, Role, Song, VoicePart,
    ops::{Place, Tracks},
};
use yuefu_studio::{Overrides, ReleasePlan, Studio, editing::Wish};

const WORDS: &str = "[主歌]\n巷口的灯还没有关\n晚风吹过旧的栏杆\n你说城市那么大\n总有一扇窗在等我们回家\n[副歌]\n我把想念写成一首歌\n唱给雨后的星河 (啊)\n如果你也听得见\n请为我停一刻\n";

const HARMONIES: &str = "温柔的流行歌，带和声";
const CHOIR: &str = "温柔的流行歌，合唱团伴唱";

fn studio() -> Studio {
    Studio::standard().unwrap()
}

fn song(studio: &Studio, seed: u64, prompt: &str) -> Song {
    let overrides = Overrides {
        lyrics: Some(WORDS.to_owned()),
        seed: Some(seed),
        ..Overrides::default()
    };
    let made = studio
        .compose(prompt, &overrides, &ReleasePlan::streaming())
        .unwrap();
    made.song
}

fn parts(song: &Song) -> Vec<(VoicePart, String)> {
    let cast = song.plan.cast.iter();
    cast.filter_map(|m| Some((m.sings?, m.id.clone())))
        .filter(|(_, id)| song.score.tracks.iter().any(|t| t.id == *id))
        .collect()
}

fn phrases<'a>(song: &'a Song, track: &str) -> &'a [Phrase] {
    let mut tracks = song.score.tracks.iter();
    &tracks.find(|t| t.id == track).unwrap().phrases
}

fn placed(phrases: &[Phrase]) -> Vec<Note> {
    let notes = phrases.iter().flat_map(|p| {
        let notes = p.notes.iter().cloned();
        notes.map(|note| Note {
            at: note.at + p.span.start,
            ..note
        })
    });
    notes.collect()
}

/// How far apart a voice and its lead are, modulo the octave, wherever they begin together; a note
/// of its own is a fault.
fn intervals(song: &Song, track: &str, section: &str) -> Vec<i32> {
    let own = |p: &&Phrase| p.id.starts_with(section);
    let lead: Vec<Phrase> = song
        .score
        .tracks
        .iter()
        .filter(|t| t.role == Role::Vocal)
        .flat_map(|t| t.phrases.iter().filter(own).cloned())
        .collect();
    let lead = placed(&lead);
    let mine: Vec<Phrase> = phrases(song, track).iter().filter(own).cloned().collect();
    let mine = placed(&mine).into_iter();
    mine.map(|note| {
        let with = lead.iter().find(|n| n.at == note.at);
        let with = with.unwrap_or_else(|| panic!("{track}: alone at {:?}", note.at));
        // A syllable that cannot be sung where it begins begins on the next note of it.
        let mut before = lead.iter().filter(|n| n.at < note.at).rev();
        let late = with.lyric.is_none() && before.find_map(|n| n.lyric.clone()) == note.lyric;
        assert!(
            with.lyric == note.lyric || late,
            "{track}: {:?}",
            note.lyric
        );
        (with.pitch.midi() - note.pitch.midi()).rem_euclid(12)
    })
    .collect()
}

fn bound(part: VoicePart) -> bool {
    !matches!(part, VoicePart::Answer | VoicePart::Ooh)
}

/// Names of the phrases that differ.
fn changed(a: &Song, b: &Song) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    assert_eq!(a.score.tracks.len(), b.score.tracks.len());
    for (x, y) in a.score.tracks.iter().zip(&b.score.tracks) {
        assert_eq!(x.phrases.len(), y.phrases.len());
        let pairs = x.phrases.iter().zip(&y.phrases);
        out.extend(
            pairs
                .filter(|(p, q)| p != q)
                .map(|(p, _)| format!("{}/{}", x.id, p.id)),
        );
    }
    out
}

fn regenerate(studio: &Studio, song: &Song, tracks: &str, place: &str) -> (Song, String) {
    let (tracks, place): (Tracks, Place) = (tracks.parse().unwrap(), place.parse().unwrap());
    let edited = studio
        .regenerate(song, &tracks, &place, Wish::another(), 2)
        .unwrap();
    let said: Vec<&str> = edited.remarks.iter().map(|r| r.en.as_str()).collect();
    (edited.song, said.join("\n"))
}

#[test]
fn harmonies_follow_a_lead_that_is_written_anew() {
    let studio = studio();
    let (mut together, mut sweet_together) = (0, 0);
    for (seed, wish) in [(3, HARMONIES), (4, CHOIR), (5, HARMONIES)] {
        let song = song(&studio, seed, wish);
        let voices = parts(&song);
        assert!(voices.len() >= 3, "{voices:?}");
        let (new, said) = regenerate(&studio, &song, "vocal", "chorus-1");
        assert!(said.contains("beside it is another"), "{said}");
        let changed = changed(&song, &new);
        assert!(!changed.is_empty());
        let allowed = |name: &String| {
            let (track, phrase) = name.split_once('/').unwrap();
            phrase.starts_with("chorus-1")
                && (track == "vocal" || voices.iter().any(|v| v.1 == track))
        };
        assert!(changed.iter().all(allowed), "{changed:?}");
        // Everything but the notes of these phrases is the same document.
        let mut back = new.clone();
        back.score.clone_from(&song.score);
        assert_eq!(back.to_files(), song.to_files());
        let (mut all, mut sweet, mut seconds) = (0, 0, 0);
        for (part, track) in voices.iter().filter(|v| bound(v.0)) {
            let was = intervals(&song, track, "chorus-1");
            let is = intervals(&new, track, "chorus-1");
            assert!(was.is_empty() == is.is_empty(), "{track}");
            if matches!(part, VoicePart::Double | VoicePart::Soprano) {
                assert!(is.iter().all(|apart| *apart == 0), "{track}: {is:?}");
                continue;
            }
            if *part == VoicePart::Bass {
                continue;
            }
            all += is.len();
            sweet += is.iter().filter(|i| matches!(i, 3 | 4 | 8 | 9)).count();
            seconds += is.iter().filter(|i| matches!(i, 1 | 2 | 10 | 11)).count();
        }
        println!("seed {seed}: {sweet} of {all} thirds and sixths, {seconds} seconds");
        // A chorus of a dozen notes is too few to say more than that nothing rubs.
        assert!(all > 10 && sweet * 3 >= all && seconds * 20 <= all);
        together += all;
        sweet_together += sweet;
        // Take by take: the second take of the lead has its own harmonies, the first comes back
        // with those it had.
        let take = |song: &Song, id: &str| {
            let phrase = phrases(song, "vocal").iter().find(|p| p.id == id).unwrap();
            phrase.take
        };
        let lead = phrases(&new, "vocal").iter();
        let mut other = new.clone();
        for phrase in lead.filter(|p| p.id.starts_with("chorus-1")) {
            let op = format!("take vocal {} 0", phrase.id);
            other = studio.operate(&other, &[op]).unwrap().song;
            assert_eq!(take(&other, &phrase.id), 0);
        }
        let notes = |song: &Song| -> Vec<Vec<Note>> {
            let tracks = song.score.tracks.iter();
            tracks.map(|t| placed(&t.phrases)).collect()
        };
        assert_eq!(notes(&other), notes(&song), "back to where it was");
    }
    // Of three songs together, well over half.
    assert!(sweet_together * 5 > together * 3);
}

#[test]
fn locked_harmonies_stay_and_it_is_said() {
    let studio = studio();
    let song = song(&studio, 3, HARMONIES);
    let song = studio
        .operate(&song, &["lock low chorus-1".to_owned()])
        .unwrap()
        .song;
    let (new, said) = regenerate(&studio, &song, "vocal", "chorus-1");
    assert_eq!(phrases(&song, "low"), phrases(&new, "low"));
    assert!(
        said.contains("low/chorus-1.1 was left alone: it is locked, and sings beside"),
        "{said}"
    );
    let high = changed(&song, &new);
    assert!(
        high.iter().any(|name| name.starts_with("high/")),
        "{high:?}"
    );
}

#[test]
fn a_note_set_by_hand_moves_nobody_else_but_it_is_said() {
    let studio = studio();
    let song = song(&studio, 3, HARMONIES);
    let edited = studio
        .operate(&song, &["transpose vocal chorus-1 +2 steps".to_owned()])
        .unwrap();
    let moved = changed(&song, &edited.song);
    assert!(
        moved.iter().all(|name| name.starts_with("vocal/")),
        "{moved:?}"
    );
    let said: Vec<&str> = edited.remarks.iter().map(|r| r.en.as_str()).collect();
    let said = said.join("\n");
    assert!(
        said.contains("still sing with what the lead sang before"),
        "{said}"
    );
    assert!(said.contains("yuefu regenerate SONG --track"), "{said}");
    let start = said.find("--track ").unwrap() + 8;
    let tracks = said[start..].split(' ').next().unwrap();
    let (new, _) = regenerate(&studio, &edited.song, tracks, "chorus-1");
    for (part, track) in parts(&new).iter().filter(|v| bound(v.0)) {
        let apart = intervals(&new, track, "chorus-1");
        if *part == VoicePart::Double {
            assert!(apart.iter().all(|i| *i == 0));
        }
        let seconds = apart
            .iter()
            .filter(|i| matches!(i, 1 | 2 | 10 | 11))
            .count();
        assert!(seconds * 20 <= apart.len(), "{track}: {apart:?}");
    }
    // What moves with its lead needs no word.
    let whole = studio
        .operate(&song, &["transpose all chorus-1 +1".to_owned()])
        .unwrap();
    let quiet = whole.remarks.iter();
    assert!(
        !quiet.clone().any(|r| r.en.contains("still sing")),
        "{:?}",
        whole.remarks
    );
}

/// An instrument that plays thirds under the tune, in a song without words.
#[test]
fn players_follow_a_lead_that_is_written_anew() {
    let studio = studio();
    let mut met = 0;
    for (style, seed) in [
        ("waltz", 1),
        ("waltz", 2),
        ("march", 3),
        ("tango", 1),
        ("tango", 4),
    ] {
        let mut overrides = Overrides {
            seed: Some(seed),
            ..Overrides::default()
        };
        studio.set_option(&mut overrides, "style", style).unwrap();
        let release = ReleasePlan::streaming();
        let song = studio.compose("music", &overrides, &release).unwrap().song;
        let of = |role: Role| {
            let mut tracks = song.score.tracks.iter();
            tracks.find(|t| t.role == role).map(|t| t.id.clone())
        };
        let (Some(player), Some(lead)) = (of(Role::Harmony), of(Role::Lead)) else {
            continue;
        };
        let section = song.plan.sections.iter().find(|s| {
            let both = s.playing.contains(&player) && s.playing.contains(&lead);
            both && s.bars >= 8
        });
        let Some(section) = section else { continue };
        met += 1;
        let (new, said) = regenerate(&studio, &song, &lead, &section.id);
        assert!(said.contains(&player), "{style}: {said}");
        let changed = changed(&song, &new);
        let own = |name: &String| {
            let (track, phrase) = name.split_once('/').unwrap();
            (track == lead || track == player) && phrase.starts_with(&section.id)
        };
        assert!(changed.iter().all(own), "{style}: {changed:?}");
        assert!(
            changed.iter().any(|n| n.starts_with(&player)),
            "{changed:?}"
        );
        // Never beside a note that is no longer there, and consonant with those that are.
        let own = |p: &&Phrase| p.id.starts_with(&section.id);
        let placed = |track: &str| {
            let own: Vec<Phrase> = phrases(&new, track).iter().filter(own).cloned().collect();
            placed(&own)
        };
        let tune = placed(&lead);
        let apart = |note: Note| {
            let with = tune.iter().filter(|n| n.at == note.at);
            let top = with.map(|n| n.pitch.midi()).max();
            let top = top.unwrap_or_else(|| panic!("{style}: alone at {:?}", note.at));
            (top - note.pitch.midi()).rem_euclid(12)
        };
        let apart: Vec<i32> = placed(&player).into_iter().map(apart).collect();
        let close = apart
            .iter()
            .filter(|a| matches!(a, 1 | 2 | 10 | 11))
            .count();
        assert!(close * 20 <= apart.len(), "{style}: {apart:?}");
        // Twice the same, and back again.
        let (again, _) = regenerate(&studio, &song, &lead, &section.id);
        assert_eq!(again.to_files(), new.to_files(), "{style}");
    }
    assert!(met >= 2, "{met}");
}
