//! Operations on chords, tempo, metre and key of composed songs.

mod ops_fixture;

use ops_fixture::{after, apply, song, songs, sounding, track_of};
use yuefu_song::{Note, Song};
use yuefu_theory::{Key, Metre, Ticks};

fn end(song: &Song) -> Ticks {
    song.plan.sections.last().unwrap().span.end
}

fn ring(song: &Song) -> f64 {
    song.plan.length.0 - song.plan.timeline.seconds(end(song))
}

#[test]
fn tempo_moves_everything_in_seconds() {
    for song in songs() {
        let bpm = song.plan.timeline.tempo[0].bpm;
        let faster = after(&song, &["tempo-scale 2"]);
        assert!((ring(&faster) - ring(&song)).abs() < 1e-6);
        let music = |song: &Song| song.plan.timeline.seconds(end(song));
        assert!((music(&faster) * 2.0 - music(&song)).abs() < 1e-6);
        let at = |song: &Song, i: usize| song.mix.as_ref().unwrap().tracks[0].automation.0[i].at;
        assert!((at(&faster, 1) * 2.0 - at(&song, 1)).abs() < 1e-3);
        let delay = |song: &Song| {
            song.mix
                .as_ref()
                .unwrap()
                .returns
                .delay
                .as_ref()
                .unwrap()
                .time_s
        };
        assert!((delay(&faster) * 2.0 - delay(&song)).abs() < 1e-5);
        let back = after(&faster, &["tempo-scale 1/2"]);
        assert_eq!(back.plan, song.plan);
        let set = after(&song, &["tempo 99.5", &format!("tempo {bpm}")]);
        assert!((set.plan.length.0 - song.plan.length.0).abs() < 1e-6);

        let part = after(&song, &["tempo 60 5-8"]);
        let line = &part.plan.timeline;
        assert_eq!(line.bpm(line.bar_start(4)), 60.0);
        let old = &song.plan.timeline;
        for bar in [1, 2, 9, 12] {
            let at = old.bar_start(bar);
            assert!((line.bpm(at) - old.bpm(at)).abs() < 1e-9, "bar {bar}");
        }
        let slow = after(
            &song,
            &[&format!("ritardando 7-8 to {} a-tempo", bpm * 0.6)],
        );
        let line = &slow.plan.timeline;
        assert!((line.bpm(line.bar_start(8) - Ticks(1)) / bpm - 0.6).abs() < 1e-3);
        assert!((line.bpm(line.bar_start(8)) - old.bpm(line.bar_start(8))).abs() < 1e-9);
        assert!(
            apply(&song, "accelerando 3-4 to 20")
                .unwrap_err()
                .en
                .contains("expected a faster")
        );
        assert!(
            apply(&song, "tempo 2000")
                .unwrap_err()
                .en
                .contains("5 to 1000")
        );
    }
}

#[test]
fn keys_come_back() {
    for song in songs() {
        let home = song.plan.key.to_string().replace(' ', "-");
        for tonic in ["C", "F#", "Eb", "A"] {
            let there = Key::new(tonic.parse().unwrap(), song.plan.key.mode);
            let line = format!("key {}", there.to_string().replace(' ', "-"));
            let moved = after(&song, &[&line]);
            assert_eq!(moved.plan.key, there);
            let drums = song.score.tracks.iter().filter(|t| t.role.is_percussion());
            for track in drums {
                assert_eq!(sounding(&moved, &track.id), sounding(&song, &track.id));
            }
            let back = after(&moved, &[&format!("key {home}")]);
            assert_eq!(back.plan, song.plan, "{line}");
            for track in &song.score.tracks {
                let pitches = |song: &Song| -> Vec<String> {
                    // Octaves may differ where a range was reached.
                    sounding(song, &track.id)
                        .iter()
                        .map(|n| {
                            let note: Note = n.parse().unwrap();
                            format!("{:?} {}", note.at, note.pitch.name)
                        })
                        .collect()
                };
                let (mut a, mut b) = (pitches(&back), pitches(&song));
                a.sort();
                b.sort();
                assert_eq!(a, b, "{line}: {}", track.id);
            }
            // What is written in the key stays written in the key.
            for (old, new) in song.score.tracks.iter().zip(&moved.score.tracks) {
                for (p, q) in old.phrases.iter().zip(&new.phrases) {
                    for (a, b) in p
                        .notes
                        .iter()
                        .zip(&q.notes)
                        .filter(|_| !old.role.is_percussion())
                    {
                        let key = song.score.key_at(p.span.start);
                        let new_key = moved.score.key_at(p.span.start);
                        assert_eq!(
                            key.has_harmonic(a.pitch.name.pc()),
                            new_key.has_harmonic(b.pitch.name.pc()),
                            "{a} {b}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn modes_change_by_degree() {
    let song = song("pop", None, 1);
    let tonic = song.plan.key.tonic;
    assert_eq!(song.plan.key.mode.name(), "major");
    let minor = after(&song, &[&format!("key {tonic}-minor")]);
    let key = minor.plan.key;
    let mut outside = 0;
    let mut all = 0;
    for track in minor
        .score
        .tracks
        .iter()
        .filter(|t| !t.role.is_percussion())
    {
        for phrase in &track.phrases {
            for note in &phrase.notes {
                let chord = minor
                    .score
                    .chord_at(phrase.span.start + note.at)
                    .map(|c| c.chord);
                let pc = note.pitch.name.pc();
                all += 1;
                outside += usize::from(!key.has_harmonic(pc) && chord.is_none_or(|c| !c.has(pc)));
            }
        }
    }
    assert!(
        outside * 20 < all,
        "{outside} of {all} notes in neither scale nor chord"
    );
    for (old, new) in song.score.chords.iter().zip(&minor.score.chords) {
        if old.chord.root == tonic && old.chord.third() == Some(4) {
            assert_eq!((new.chord.root, new.chord.third()), (tonic, Some(3)));
        }
        if old.chord.root == song.plan.key.degree(4, 0) && old.chord.third() == Some(4) {
            assert_eq!(new.chord.third(), Some(4), "the dominant stays major");
        }
    }
    let drums = track_of(&song, "drums");
    assert_eq!(sounding(&minor, &drums), sounding(&song, &drums));
    let gong = after(&song, &[&format!("key {tonic}-gong")]);
    assert_eq!(gong.plan.key.mode.name(), "gong");
}

#[test]
fn chords_are_set_and_followed() {
    let song = song("pop", None, 1);
    let plain = after(&song, &["chord 3:3 Abmaj7 2"]);
    assert_eq!(plain.score.tracks, song.score.tracks);
    let at = Ticks::quarters(10);
    assert_eq!(
        plain.score.chord_at(at).unwrap().chord.to_string(),
        "Abmaj7"
    );
    assert_eq!(
        plain.score.chord_at(at).unwrap().span.len(),
        Ticks::quarters(2)
    );
    let gone = after(&plain, &["no-chord 3:3-4:1"]);
    assert!(gone.score.chord_at(at).is_none());

    let old = song.score.chord_at(Ticks::quarters(8)).unwrap().chord;
    let new = "Bdim7".parse::<yuefu_theory::Chord>().unwrap();
    let led = after(&song, &[&format!("substitute all {old} with {new} follow")]);
    let mut tones = 0;
    let mut others = 0;
    for track in &led.score.tracks {
        for phrase in &track.phrases {
            for note in &phrase.notes {
                let at = phrase.span.start + note.at;
                let here = led.score.chord_at(at).map(|c| c.chord);
                if here == Some(new) && matches!(track.role.name(), "comp" | "pad" | "bass" | "arp")
                {
                    if new.has(note.pitch.name.pc()) {
                        tones += 1
                    } else {
                        others += 1
                    }
                }
            }
        }
    }
    assert!(tones > 10 * others, "{tones} chord tones, {others} others");
    assert!(
        apply(&song, "substitute all Ebm9 with C")
            .unwrap_err()
            .en
            .contains("there are:")
    );
    // The nearest tone is at most a few steps away.
    for (a, b) in song.score.tracks.iter().zip(&led.score.tracks) {
        for (p, q) in a.phrases.iter().zip(&b.phrases) {
            if p.notes.len() == q.notes.len() && a.role.name() == "pad" {
                let moved = p
                    .notes
                    .iter()
                    .zip(&q.notes)
                    .map(|(m, n)| (m.pitch.midi() - n.pitch.midi()).abs());
                assert!(moved.max().unwrap_or(0) <= 7);
            }
        }
    }
}

#[test]
fn metres_are_rebarred_and_refitted() {
    for song in songs() {
        for metre in ["3/4", "4/4", "6/8", "5/8", "2+2+3/8", "12/8"] {
            let new: Metre = metre.parse().unwrap();
            let rebarred = after(&song, &[&format!("metre {metre} rebar")]);
            assert_eq!(
                rebarred.score.tracks, song.score.tracks,
                "notes keep their times"
            );
            assert_eq!(rebarred.plan.length, song.plan.length);
            assert_eq!(rebarred.plan.timeline.metres[0].metre, new);
            let fitted = after(&song, &[&format!("metre {metre} refit")]);
            assert_eq!(fitted.plan.timeline.metres.len(), 1);
            assert_eq!(fitted.plan.timeline.metres[0].metre, new);
            let bars = |song: &Song| {
                song.plan
                    .sections
                    .iter()
                    .map(|s| s.bars)
                    .collect::<Vec<_>>()
            };
            assert_eq!(bars(&fitted), bars(&song), "{metre}");
            assert!((ring(&fitted) - ring(&song)).abs() < 1e-6);
            let part = after(&song, &[&format!("metre {metre} refit 3-4")]);
            assert_eq!(bars(&part), bars(&song));
            let same = after(
                &song,
                &[&format!(
                    "metre {} refit",
                    song.plan.timeline.metres[0].metre
                )],
            );
            for track in &song.score.tracks {
                assert_eq!(sounding(&same, &track.id), sounding(&song, &track.id));
            }
        }
    }
}
