//! Operations on notes, tracks, mix and words of composed songs.

mod ops_fixture;

use ops_fixture::{after, apply, assert_whole, catalog, song, songs, sounding, track_of};
use yuefu_song::ops::{Op, Selection};
use yuefu_theory::{TickSpan, Ticks};

#[test]
fn composed_songs_are_whole() {
    for song in songs() {
        assert_whole(&song, &song.plan.style);
    }
}

#[test]
fn selections_are_found_by_what_a_user_types() {
    let song = song("pop", None, 1);
    let catalog = catalog();
    let find = |tracks: &str, place: &str| Selection::parse(tracks, place, &song, &catalog);
    let bar = Ticks::quarters(4);
    let spans = |place: &str| find("all", place).unwrap().spans;
    let span = |a: i64, b: i64| TickSpan::new(bar * a, bar * b);
    assert_eq!(spans("3-4"), [span(2, 4)]);
    assert_eq!(spans("3"), [span(2, 3)]);
    assert_eq!(spans("start-2"), [span(0, 2)]);
    assert_eq!(spans("1-2,3-4"), [span(0, 4)]);
    assert_eq!(
        spans("2:3-3:1.5"),
        [TickSpan::new(Ticks::quarters(6), Ticks::of(17, 8))]
    );
    assert_eq!(
        spans("2:2"),
        [TickSpan::new(Ticks::quarters(5), Ticks::quarters(6))]
    );
    let end = song.plan.sections.last().unwrap().span.end;
    assert_eq!(spans("all"), [TickSpan::new(Ticks::ZERO, end)]);
    let chorus: Vec<TickSpan> = song
        .plan
        .sections
        .iter()
        .filter(|s| s.kind.name() == "chorus")
        .map(|s| s.span)
        .collect();
    assert!(!chorus.is_empty());
    assert_eq!(
        spans("副歌").iter().map(|s| s.len().0).sum::<i64>(),
        chorus.iter().map(|s| s.len().0).sum::<i64>()
    );
    assert_eq!(spans("chorus"), spans("副歌"));
    assert_eq!(spans("副歌1"), [chorus[0]]);

    let tracks = |name: &str| find(name, "all").unwrap().tracks;
    assert_eq!(tracks("all").len(), song.score.tracks.len());
    let drums = track_of(&song, "drums");
    for name in ["drums", "鼓", "鼓组", drums.as_str()] {
        assert_eq!(tracks(name).join(","), drums, "{name}");
    }
    assert_eq!(tracks("旋律"), tracks("melody"));
    let instrument = &song.score.tracks[0].instrument;
    assert!(tracks(instrument).contains(&song.score.tracks[0].id));
    assert!(tracks(&catalog.profile(instrument).unwrap().zh).contains(&song.score.tracks[0].id));

    for (tracks, place, says) in [
        ("kazoo", "all", "there is no track `kazoo`"),
        ("drumz", "all", "did you mean"),
        ("all", "verze-1", "did you mean"),
        ("all", "999", "which has"),
        ("all", "9-3", "ends before it begins"),
        ("all", "2:9", "no beat 9"),
    ] {
        let error = find(tracks, place).unwrap_err();
        assert!(error.en.contains(says), "{error}");
        assert!(!error.zh.is_ascii(), "{error:?}");
    }
}

#[test]
fn lines_read_back_as_written() {
    for line in [
        "add lead 9:1 1/2 E4 80 staccato",
        "delete all 9-12",
        "transpose 旋律 chorus +2 steps",
        "transpose lead 9 -3",
        "length lead 9-12 x3/2",
        "length lead 9-12 legato",
        "quantize drums all 1/16t 80% ends",
        "dynamics lead 9-12 50-100",
        "dynamics lead 9-12 +10",
        "copy lead 9-12 to 17:3",
        "swap lead 1-4 with verse-2",
        "double-track lead as lead-2 -1 on violin",
        "double-track lead as lead-2 on violin",
        "send lead hall off",
        "eq-add lead peak 3000 -2.5 1.4",
        "automate lead 12.5s -6",
        "duck bass under drums 6 120",
        "title \"a \\\"b\\\" c\"",
        "tag \"artist=Li Bai\"",
        "lyric verse-1 2 \"窗外 下雨\"",
    ] {
        let op: Op = line
            .parse()
            .unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!(op.to_string(), line);
        let json = serde_json::to_string(&op).unwrap();
        assert_eq!(serde_json::from_str::<Op>(&json).unwrap(), op);
    }
    assert_eq!(
        "copy lead 9-12 17".parse::<Op>().unwrap().to_string(),
        "copy lead 9-12 to 17"
    );
    for (line, says) in [
        ("", "no operation"),
        ("transpoze lead 9 +2", "did you mean `transpose"),
        ("add lead 9:1 1/2 H4 80", "expected a pitch"),
        ("add lead 9:1 1/2 E4 200", "1-127"),
        ("transpose lead 9-12 2 cents", "was not understood"),
        ("copy lead 9-12", "end of the line"),
        ("title \"open", "quotation mark"),
    ] {
        let error = line.parse::<Op>().unwrap_err();
        assert!(error.en.contains(says), "{line}: {error}");
        assert!(!error.zh.is_ascii(), "{line}");
    }
}

#[test]
fn pitches_move_there_and_back() {
    for song in songs() {
        for (there, back) in [
            ("transpose all all +5", "transpose all all -5"),
            (
                "transpose all 2-5 +2 octaves",
                "transpose all 2-5 -2 octaves",
            ),
            (
                "transpose all 3-6 -1 octaves",
                "transpose all 3-6 +1 octaves",
            ),
        ] {
            let back = after(&song, &[there, back]);
            for track in &song.score.tracks {
                assert_eq!(
                    sounding(&back, &track.id),
                    sounding(&song, &track.id),
                    "{there}"
                );
            }
        }
        let melody = song
            .score
            .tracks
            .iter()
            .find(|t| !t.role.is_percussion())
            .unwrap()
            .id
            .clone();
        let stepped = after(
            &song,
            &[
                &format!("transpose {melody} all +3 steps"),
                &format!("transpose {melody} all -3 steps"),
            ],
        );
        assert_eq!(sounding(&stepped, &melody), sounding(&song, &melody));
        let twice = [
            format!("invert {melody} all C5"),
            format!("invert {melody} all C5"),
        ];
        let turned = after(&song, &[&twice[0], &twice[1]]);
        assert_eq!(sounding(&turned, &melody), sounding(&song, &melody));
    }
}

#[test]
fn drums_have_no_pitch() {
    let song = song("pop", None, 1);
    let drums = track_of(&song, "drums");
    let up = after(&song, &["transpose all all +3"]);
    assert_eq!(sounding(&up, &drums), sounding(&song, &drums));
    let error = apply(&song, "transpose drums all +3").unwrap_err();
    assert!(error.en.contains("drum keys"), "{error}");
    assert!(apply(&song, "instrument drums to grand-piano").is_err());
    assert!(apply(&song, "instrument bass to kit-standard").is_err());
}

#[test]
fn time_turns_around() {
    for song in songs() {
        for track in &song.score.tracks {
            let id = &track.id;
            let end = song.score.end();
            let rings = track
                .phrases
                .iter()
                .any(|p| p.notes.iter().any(|n| p.span.start + n.end() > end));
            if rings {
                continue;
            }
            let line = format!("retrograde {id} all");
            let twice = after(&song, &[&line, &line]);
            assert_eq!(sounding(&twice, id), sounding(&song, id), "{line}");
        }
        let bass = &song
            .score
            .tracks
            .iter()
            .max_by_key(|t| t.phrases.len())
            .unwrap()
            .id;
        let twice = after(
            &song,
            &[
                &format!("swap {bass} 5-8 with 9-12"),
                &format!("swap {bass} 5-8 with 9-12"),
            ],
        );
        assert_eq!(sounding(&twice, bass), sounding(&song, bass));
        let moved = after(
            &song,
            &[
                &format!("move {bass} 5-8 1/4"),
                &format!("delete {bass} 5-8"),
            ],
        );
        assert!(sounding(&moved, bass).len() <= sounding(&song, bass).len());
    }
}

#[test]
fn single_notes_come_and_go() {
    let song = song("pop", None, 1);
    let added = after(&song, &["add bass 2:1.5 1/3 C#2 90 accent"]);
    let bass = track_of(&song, "bass");
    let position = "2".parse::<yuefu_song::ops::Place>();
    assert!(position.is_ok());
    assert!(sounding(&added, &bass).contains(&"9/2 1/3 C#2 90 accent".to_owned()));
    let gone = after(&added, &["delete-note bass 2:1.5 C#2"]);
    assert!(
        !sounding(&gone, &bass)
            .iter()
            .any(|n| n.starts_with("9/2 1/3"))
    );
    let error = apply(&gone, "delete-note bass 2:1.5 C#2").unwrap_err();
    assert!(error.en.contains("starting there"), "{error}");
    // A place where no phrase lies gets one.
    let empty = after(&song, &["delete bass all", "add bass 1:1 1 E2 80"]);
    assert_eq!(sounding(&empty, &bass), ["0 1 E2 80"]);
}

#[test]
fn rhythm_and_dynamics_follow_the_numbers() {
    let song = song("pop", None, 1);
    let bass = track_of(&song, "bass");
    let line = |op: &str| after(&song, &[op]);
    for note in sounding(&line("quantize bass all 1/4 100% ends"), &bass) {
        let at = note.split(' ').next().unwrap();
        assert!(!at.contains('/'), "{note}");
    }
    assert_eq!(
        sounding(&line("quantize bass all 1/4 0%"), &bass),
        sounding(&song, &bass)
    );
    for note in sounding(&line("dynamics bass all 77"), &bass) {
        assert_eq!(note.split(' ').nth(3), Some("77"));
    }
    let levels: Vec<u8> = sounding(&line("dynamics bass 1-8 20-120"), &bass)
        .iter()
        .map_while(|n| {
            let mut w = n.split(' ');
            let at: String = w.next()?.into();
            let v = w.nth(2)?.parse().ok()?;
            (at.split('/').next()?.parse::<i64>().ok()? < 32).then_some(v)
        })
        .collect();
    assert!(
        levels.windows(2).all(|w| w[0] <= w[1]) && levels.first() < levels.last(),
        "{levels:?}"
    );
    for note in sounding(&line("articulation bass all staccato"), &bass) {
        assert!(note.ends_with("staccato"));
    }
    let there = sounding(&after(&song, &["copy bass 1-2 to 5"]), &bass);
    let shifted = |from: i64, notes: &[String]| -> Vec<(i64, String)> {
        notes
            .iter()
            .filter_map(|n| {
                let n: yuefu_song::Note = n.parse().ok()?;
                let at = n.at - Ticks::quarters(4 * from);
                (at >= Ticks::ZERO && at < Ticks::quarters(8)).then(|| (at.0, n.pitch.to_string()))
            })
            .collect()
    };
    assert_eq!(shifted(0, &there), shifted(4, &there));
}

#[test]
fn locked_phrases_are_left_alone() {
    let song = song("pop", None, 1);
    let locked = after(&song, &["lock bass all"]);
    for line in [
        "transpose bass all +2",
        "delete bass all",
        "move bass all 1",
        "dynamics bass all 20",
        "retrograde bass all",
        "swap bass 1-2 with 3-4",
        "copy all 1-2 to 3",
        "quantize all all 1/4",
        "double-time bass 1-4",
        "length bass all x2",
    ] {
        let (changed, remarks) = apply(&locked, line).unwrap_or_else(|e| panic!("{line}: {e}"));
        let bass = track_of(&song, "bass");
        assert_eq!(sounding(&changed, &bass), sounding(&song, &bass), "{line}");
        assert!(
            remarks
                .iter()
                .any(|r| r.en.contains("locked") && !r.zh.is_ascii()),
            "{line}: {remarks:?}"
        );
    }
    assert!(apply(&locked, "add bass 1:1.25 1 C2 80").is_err());
    assert!(apply(&locked, "remove-track bass").is_err());
    assert_eq!(after(&locked, &["unlock bass all"]), song);
}

#[test]
fn tracks_come_and_go() {
    let song = song("pop", None, 1);
    let lead = track_of(&song, "bass");
    let doubled = after(&song, &[&format!("double-track {lead} as low -1")]);
    assert_eq!(doubled.score.tracks.len(), song.score.tracks.len() + 1);
    let up = after(&doubled, &["transpose low all +1 octaves"]);
    assert_eq!(sounding(&up, "low"), sounding(&song, &lead));
    assert_eq!(after(&doubled, &["remove-track low"]), song);
    let renamed = after(&song, &[&format!("rename-track {lead} to bottom")]);
    assert_eq!(
        after(&renamed, &[&format!("rename-track bottom to {lead}")]),
        song
    );
    assert!(
        apply(
            &song,
            &format!("rename-track {lead} to {}", song.score.tracks[0].id)
        )
        .is_err()
            || song.score.tracks[0].id == lead
    );
    let ids: Vec<String> = song.score.tracks.iter().map(|t| t.id.clone()).collect();
    let moved = after(
        &song,
        &[&format!(
            "move-track {} after {}",
            ids[0],
            ids[ids.len() - 1]
        )],
    );
    assert_eq!(moved.score.tracks.last().unwrap().id, ids[0]);
    let flute = after(&song, &[&format!("instrument {lead} to flute")]);
    let profile = catalog().profile("flute").unwrap().clone();
    let track = flute.score.tracks.iter().find(|t| t.id == lead).unwrap();
    for note in track.phrases.iter().flat_map(|p| &p.notes) {
        assert!(
            (profile.range[0]..=profile.range[1]).contains(&note.key()),
            "{note}"
        );
    }
    assert!(
        apply(&song, "instrument bass to fluet")
            .unwrap_err()
            .en
            .contains("did you mean `flute`")
    );
}

#[test]
fn the_mix_is_changed_where_there_is_one() {
    let song = song("pop", None, 1);
    let mixed = after(
        &song,
        &[
            "fader bass -1",
            "gain bass -2",
            "pan bass 0.25",
            "width bass 1.5",
            "send bass hall -12",
            "mute drums",
            "solo bass",
            "eq-add bass peak 300 -2",
            "eq-add bass high-cut 8000 0",
            "eq-set bass 1 peak 320 -3 1.5",
            "eq-remove bass 2",
            "compress bass -24 4",
            "automate bass 3:1 -6",
            "automate bass 5s 1",
            "duck bass under drums 5",
            "return-level hall -2",
            "return-decay hall 3",
            "return-decay delay 2",
        ],
    );
    let bass = track_of(&song, "bass");
    let strip = mixed
        .mix
        .as_ref()
        .unwrap()
        .tracks
        .iter()
        .find(|s| s.track == bass)
        .unwrap();
    assert_eq!(
        (strip.gain_db, strip.pan, strip.width, strip.sends.hall),
        (-3.0, 0.25, 1.5, Some(-12.0))
    );
    assert_eq!((strip.eq.len(), strip.eq[0].hz), (1, 320.0));
    assert_eq!(strip.automation.0.len(), 5);
    let back = after(
        &mixed,
        &[
            "unmute drums",
            "unsolo bass",
            "uncompress bass",
            "unduck bass",
            "send bass hall off",
            "clear-automation bass",
        ],
    );
    let strip = back
        .mix
        .as_ref()
        .unwrap()
        .tracks
        .iter()
        .find(|s| s.track == bass)
        .unwrap();
    assert!(strip.compressor.is_none() && strip.sidechain.is_none() && strip.automation.is_empty());
    for (line, says) in [
        ("gain bass 90", "-60 to 24"),
        ("send bass room -6", "has no room"),
        ("eq-remove bass 3", "no number 3"),
        ("duck bass under bass 3", "under itself"),
        ("automate bass 999s 0", "beyond"),
    ] {
        let error = apply(&song, line).unwrap_err();
        assert!(error.en.contains(says), "{line}: {error}");
    }
    let unmixed = yuefu_song::Song { mix: None, ..song };
    for line in ["gain bass -3", "mute bass", "return-level hall 0"] {
        assert!(
            apply(&unmixed, line)
                .unwrap_err()
                .en
                .contains("render it once"),
            "{line}"
        );
    }
}

#[test]
fn words_takes_and_release() {
    let song = song("pop", None, 1);
    let section = &song.plan.sections[1].id;
    let changed = after(
        &song,
        &[
            "title \"雨 夜\"",
            "tag artist=李白",
            "loudness -16",
            "ceiling -1.5",
            "formats flac,wav16",
            &format!("lyric {section} 1 first"),
            &format!("lyric-insert {section} 2 \"the second line\""),
            &format!("lyric-insert {section} 1 zero"),
            &format!("lyric-delete {section} 2"),
        ],
    );
    assert_eq!(
        (changed.plan.title.as_str(), changed.tags["artist"].as_str()),
        ("雨 夜", "李白")
    );
    let lines: Vec<&str> = changed
        .lyrics
        .lines
        .iter()
        .filter(|l| l.section == *section)
        .map(|l| l.text.as_str())
        .collect();
    assert_eq!(lines, ["zero", "the second line"]);
    assert_eq!(changed.release.formats, ["flac", "wav16"]);
    assert!(
        apply(&song, "formats flac,flax")
            .unwrap_err()
            .en
            .contains("did you mean")
    );
    assert!(apply(&song, &format!("lyric {section} 9 x")).is_err());

    let mut with_takes = song.clone();
    let phrase = &mut with_takes.score.tracks[0].phrases[0];
    let take = yuefu_song::Take {
        number: 1,
        origin: yuefu_song::Origin::Edited,
        notes: Vec::new(),
    };
    phrase.record(take);
    let phrase = phrase.id.clone();
    let track = with_takes.score.tracks[0].id.clone();
    let back = after(&with_takes, &[&format!("take {track} {phrase} 0")]);
    assert_eq!(sounding(&back, &track), sounding(&song, &track));
    assert!(
        apply(&with_takes, &format!("take {track} {phrase} 7"))
            .unwrap_err()
            .en
            .contains("it has: 0, 1")
    );
}
