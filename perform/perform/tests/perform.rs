//! What a performance must keep, and what it must vary.

mod common;

use common::*;
use yuefu_engine::SeedPath;
use yuefu_perform::{Clock, perform_phrase, play as play_reading, read_phrase};
use yuefu_song::{Articulation, Family, Feel, Note, PerformedPhrase, Role};
use yuefu_theory::Ticks;

fn melody() -> Vec<Note> {
    let keys = [67, 69, 72, 74, 76, 74, 72, 69];
    (0..16)
        .map(|i| note(i * 4, 4, keys[i as usize % 8]))
        .collect()
}

fn band() -> (yuefu_song::Score, yuefu_song::SongPlan) {
    let (mut score, plan) = song(
        &[[0.3, 0.5], [0.8, 0.9]],
        Feel {
            swing: 0.5,
            swing_unit: 8,
            lay_back: 6.0,
            rubato: 0.4,
        },
    );
    let chords: Vec<Note> = (0..32)
        .flat_map(|i| [48, 52, 55, 60].map(|key| note(i * 2, 2, key)))
        .collect();
    let drums: Vec<Note> = (0..64)
        .map(|i| note(i, 1, if i % 8 == 4 { 38 } else { 42 }))
        .collect();
    score.tracks = vec![
        track("lead", Role::Lead, "erhu", vec![melody(), melody()]),
        track(
            "guitar",
            Role::Comp,
            "steel-guitar",
            vec![chords.clone(), chords.clone()],
        ),
        track(
            "piano",
            Role::Comp,
            "grand-piano",
            vec![chords.clone(), chords],
        ),
        track(
            "drums",
            Role::Drums,
            "kit-standard",
            vec![drums.clone(), drums],
        ),
    ];
    (score, plan)
}

#[test]
fn the_same_song_is_played_alike_and_phrases_stand_alone() {
    let (score, plan) = band();
    let (catalog, seed) = (catalog(), SeedPath::song(11));
    let whole = play(&score, &plan);
    assert_eq!(whole, play(&score, &plan));
    for (t, track) in whole.tracks.iter().enumerate() {
        for (p, placed) in track.phrases.iter().enumerate() {
            let alone = perform_phrase(&score, &plan, &catalog, &seed, t, p).unwrap();
            assert_eq!(alone, *placed);
            let reading = read_phrase(&score, &plan, &catalog, &seed, t, p).unwrap();
            assert_eq!(play_reading(&reading), placed.phrase);
        }
    }
    // Changing one phrase's notes changes no other phrase, beyond the note before it.
    let mut edited = score.clone();
    edited.tracks[0].phrases[1].notes[3].velocity = 10;
    edited.tracks[3].phrases[0].notes.clear();
    let after = play(&edited, &plan);
    for (t, track) in whole.tracks.iter().enumerate() {
        for (p, placed) in track.phrases.iter().enumerate() {
            let same = after.tracks[t].phrases[p] == *placed;
            assert_eq!(same, !matches!((t, p), (0, 1) | (3, 0)), "{t} {p}");
        }
    }
    let other = yuefu_perform::perform(&score, &plan, &catalog, &SeedPath::song(12));
    assert_ne!(other, whole);
}

#[test]
fn swing_reaches_two_to_one() {
    for (swing, unit, ratio) in [
        (1.0, 8, 2.0),
        (0.5, 8, 7.0 / 5.0),
        (1.0, 16, 2.0),
        (0.0, 8, 1.0),
    ] {
        let feel = Feel {
            swing,
            swing_unit: unit,
            ..Feel::default()
        };
        let (score, plan) = song(&[[0.5, 0.5]], feel);
        let clock = Clock::new(&score, &plan, &SeedPath::song(1));
        let half = Ticks::of(1, i64::from(unit));
        for pair in 0..8_i64 {
            let at = |n: i64| clock.seconds(half * (2 * pair + n));
            let (first, second) = (at(1) - at(0), at(2) - at(1));
            assert!((first / second - ratio).abs() < 1e-9, "{swing} {unit}");
        }
        // Written triplets are already what swing approaches.
        let third = Ticks::of(1, 12);
        assert_eq!(clock.swung(third), third);
        // Time never runs backward.
        let mut last = -1.0;
        for tick in (0..Ticks::WHOLE.0).step_by(2_521) {
            let now = clock.seconds(Ticks(tick));
            assert!(now > last);
            last = now;
        }
    }
}

#[test]
fn rubato_moves_the_inside_and_keeps_the_outside() {
    let free = Feel {
        rubato: 1.0,
        ..Feel::default()
    };
    let (score, plan) = song(&[[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]], free);
    let clock = Clock::new(&score, &plan, &SeedPath::song(3));
    for section in 0..=3 {
        let at = Ticks::WHOLE * (4 * section);
        assert!((clock.seconds(at) - score.timeline.seconds(at)).abs() < 1e-9);
    }
    let mut most = 0.0_f64;
    let mut last = -1.0;
    for quarter in 0..48 {
        let at = Ticks::quarters(quarter);
        let now = clock.seconds(at);
        assert!(now > last);
        last = now;
        most = most.max((now - score.timeline.seconds(at)).abs());
    }
    assert!((0.05..1.0).contains(&most), "{most}");
    // The last beat of a phrase is slower than its middle ones.
    let beat = |n| clock.seconds(Ticks::quarters(n + 1)) - clock.seconds(Ticks::quarters(n));
    assert!(beat(15) > 1.08 * beat(7));
}

fn chord_at(phrase: &PerformedPhrase, from: f64) -> Vec<(u8, f64)> {
    let mut chord: Vec<(u8, f64)> = phrase
        .notes
        .iter()
        .filter(|n| (n.on.0 - from).abs() < 0.07)
        .map(|n| (n.key, n.on.0))
        .collect();
    chord.sort_by_key(|struck| struck.0);
    chord
}

#[test]
fn strums_go_down_on_beats_and_up_between_them() {
    let notes: Vec<Note> = (0..8)
        .flat_map(|i| [48, 52, 55, 60, 64].map(|key| note(i * 2, 2, key)))
        .collect();
    let phrase = one(Role::Comp, "steel-guitar", notes);
    for i in 0..8 {
        let chord = chord_at(&phrase, f64::from(i) * 0.3);
        assert_eq!(chord.len(), 5);
        let down = i % 2 == 0;
        for pair in chord.windows(2) {
            assert_eq!(pair[1].1 > pair[0].1, down, "{i} {chord:?}");
        }
        let spread = (chord[4].1 - chord[0].1).abs();
        assert!((0.007..0.034).contains(&spread), "{spread}");
    }
    // A piano strikes the same chord at once.
    let notes: Vec<Note> = [48, 52, 55, 60].map(|key| note(0, 8, key)).to_vec();
    let chord = chord_at(&one(Role::Comp, "grand-piano", notes), 0.0);
    let spread = chord.iter().map(|c| c.1).fold(0.0, f64::max);
    assert!(spread < 0.02, "{spread}");
}

#[test]
fn rolls_climb_and_end_together() {
    let notes: Vec<Note> = [48, 55, 60, 64]
        .map(|k| played(4, 8, k, Articulation::Roll))
        .to_vec();
    let phrase = one(Role::Comp, "grand-piano", notes);
    for pair in phrase.notes.windows(2) {
        assert!(pair[1].key > pair[0].key);
        assert!((0.010..0.09).contains(&(pair[1].on.0 - pair[0].on.0)));
        assert!((pair[1].off.0 - pair[0].off.0).abs() < 0.05);
        assert_eq!(pair[1].articulation, Articulation::Normal);
    }
}

#[test]
fn repeats_are_never_mechanical() {
    for (role, instrument, key) in [
        (Role::Drums, "kit-standard", 42),
        (Role::Bass, "fingered-bass", 40),
        (Role::Lead, "pipa", 69),
        (Role::Comp, "grand-piano", 60),
    ] {
        let phrase = one(role, instrument, (0..64).map(|i| note(i, 1, key)).collect());
        assert_eq!(phrase.notes.len(), 64);
        let mut pairs: Vec<(u64, i64)> = Vec::new();
        for (i, n) in phrase.notes.iter().enumerate() {
            let shift = ((n.on.0 - i as f64 * 0.15) * 1e6).round() as i64;
            pairs.push((u64::from((n.velocity * 1e5) as u32), shift));
        }
        let bars: Vec<_> = pairs.chunks(16).collect();
        for (a, bar) in bars.iter().enumerate() {
            assert!(bars[a + 1..].iter().all(|other| other != bar));
        }
        for pair in phrase.notes.windows(2) {
            assert_ne!(pair[0].velocity, pair[1].velocity, "{instrument}");
        }
        // Alternation: strokes between beats are weaker on the whole.
        let mean = |odd: usize| {
            phrase
                .notes
                .iter()
                .skip(odd)
                .step_by(2)
                .map(|n| n.velocity)
                .sum::<f32>()
                / 32.0
        };
        assert!(mean(0) > mean(1), "{instrument}");
        // Nobody is out of time: a few milliseconds, and nobody drifts.
        let mean = pairs.iter().map(|p| p.1 as f64).sum::<f64>() / 64e3;
        let sigma = (pairs
            .iter()
            .map(|p| (p.1 as f64 / 1e3 - mean).powi(2))
            .sum::<f64>()
            / 64.0)
            .sqrt();
        assert!(
            mean.abs() < 10.0 && (1.0..14.0).contains(&sigma),
            "{instrument} {mean} {sigma}"
        );
    }
}

#[test]
fn vibrato_waits_for_long_notes() {
    let phrase = one(
        Role::Lead,
        "erhu",
        vec![note(0, 1, 69), note(1, 1, 71), note(2, 14, 72)],
    );
    let swing = |n: &yuefu_song::PerformedNote| {
        let late = n.pitch.0.iter().filter(|p| p.at > 0.3);
        late.map(|p| p.value.abs()).fold(0.0, f32::max)
    };
    assert!(phrase.notes[0].pitch.0.len() < 10 && phrase.notes[1].pitch.0.len() < 10);
    let long = &phrase.notes[2];
    assert!((15.0..60.0).contains(&swing(long)), "{}", swing(long));
    assert!(long.pitch.at(0.12).abs() < 12.0);
    // About 5.8 cycles a second: count the zero crossings of the middle.
    let signs: Vec<bool> = (0..1000)
        .map(|i| long.pitch.at(0.8 + i as f32 * 1e-3) > 0.0)
        .collect();
    let crossings = signs.windows(2).filter(|w| w[0] != w[1]).count();
    assert!((10..=14).contains(&crossings), "{crossings}");
    // Sections and pianos have none.
    for instrument in ["strings", "grand-piano"] {
        let phrase = one(Role::Lead, instrument, vec![note(0, 16, 72)]);
        assert!(phrase.notes[0].pitch.is_empty());
    }
}

#[test]
fn pedal_rings_to_the_chord_change() {
    let notes: Vec<Note> = (0..8)
        .map(|i| note(i * 2, 2, [48, 55, 60, 64][i as usize % 4]))
        .collect();
    let phrase = one(Role::Arp, "grand-piano", notes.clone());
    let bar = 2.4;
    for key in [48, 55, 60, 64] {
        let last = phrase.notes.iter().rfind(|n| n.key == key).unwrap();
        assert!(
            (bar..bar + 0.15).contains(&last.off.0),
            "{key} {}",
            last.off.0
        );
    }
    // Staccato is not pedaled, and neither is a clavinet.
    let short: Vec<Note> = notes
        .into_iter()
        .map(|n| n.with(Articulation::Staccato))
        .collect();
    for n in one(Role::Arp, "grand-piano", short).notes {
        assert!(n.off.0 - n.on.0 < 0.25);
    }
    let clav = one(Role::Comp, "clavinet", vec![note(0, 4, 60)]);
    assert!(clav.notes[0].off.0 < 0.6);
}

#[test]
fn dynamics_follow_the_energy() {
    let energies: Vec<[f32; 2]> = (0..5).map(|i| [0.15 + 0.2 * i as f32; 2]).collect();
    let (mut score, plan) = song(&energies, Feel::default());
    for (role, instrument) in [
        (Role::Lead, "erhu"),
        (Role::Comp, "grand-piano"),
        (Role::Drums, "kit-standard"),
    ] {
        let line: Vec<Note> = melody();
        score
            .tracks
            .push(track(instrument, role, instrument, vec![line; 5]));
    }
    for track in play(&score, &plan).tracks {
        let means: Vec<f32> = track
            .phrases
            .iter()
            .map(|p| {
                p.phrase.notes.iter().map(|n| n.velocity).sum::<f32>() / p.phrase.notes.len() as f32
            })
            .collect();
        assert!(means.windows(2).all(|w| w[1] > w[0]), "{means:?}");
        assert!(means[4] > 1.2 * means[0], "{means:?}");
    }
    // Within a section too.
    let (mut score, plan) = song(&[[0.2, 1.0]], Feel::default());
    let hats = (0..64).map(|i| note(i, 1, 42)).collect();
    score
        .tracks
        .push(track("hat", Role::Drums, "kit-standard", vec![hats]));
    let notes = play(&score, &plan).tracks[0].phrases[0]
        .phrase
        .notes
        .clone();
    let mean = |from: usize| {
        notes[from..from + 16]
            .iter()
            .map(|n| n.velocity)
            .sum::<f32>()
    };
    assert!(mean(48) > 1.1 * mean(0));
}

#[test]
fn phrases_rise_to_their_peak() {
    let keys = [60, 62, 64, 67, 72, 67, 64, 60];
    let notes = (0..8).map(|i| note(i * 8, 8, keys[i as usize])).collect();
    let phrase = one(Role::Lead, "dizi", notes);
    let v: Vec<f32> = phrase.notes.iter().map(|n| n.velocity).collect();
    assert!(v[4] > v[0] && v[4] > v[7] && v[0] > v[7], "{v:?}");
}

#[test]
fn wind_players_join_and_breathe() {
    let mut notes: Vec<Note> = (0..8)
        .map(|i| played(i * 4, 4, 72 + (i as i32 % 3) * 2, Articulation::Legato))
        .collect();
    notes.push(note(32, 32, 76));
    let phrase = one(Role::Lead, "dizi", notes);
    for pair in phrase.notes[..8].windows(2) {
        assert!(pair[1].legato && pair[0].off.0 >= pair[1].on.0);
    }
    let last = phrase.notes.last().unwrap();
    assert!(phrase.length.0 - last.off.0 > 0.1);
    assert!(last.level.0.len() > 5, "a long note swells");
    let peak = last
        .level
        .0
        .iter()
        .map(|p| p.value)
        .fold(f32::MIN, f32::max);
    assert!(peak > last.level.at(0.0) + 1.0);
}

#[test]
fn articulations_do_what_they_say() {
    use Articulation as A;
    let plain = one(Role::Lead, "guzheng", vec![note(8, 8, 67)]);
    assert_eq!(plain.notes.len(), 1);
    assert!(
        plain.notes[0].off.0 - plain.notes[0].on.0 > 2.0,
        "strings ring on"
    );

    let tremolo = one(Role::Lead, "pipa", vec![played(0, 16, 69, A::Tremolo)]);
    let rate = tremolo.notes.len() as f64 / 2.4;
    assert!((10.5..13.5).contains(&rate), "{rate}");
    assert!(tremolo.notes.iter().all(|n| n.articulation == A::Normal));

    let trill = one(Role::Lead, "dizi", vec![played(0, 16, 76, A::Trill)]);
    assert!(trill.notes.len() > 10);
    assert!(trill.notes.iter().all(|n| n.key == 76 || n.key == 77));
    assert_eq!(trill.notes.last().unwrap().key, 76);
    assert!(trill.notes[1..].iter().all(|n| n.legato));

    let slide = one(
        Role::Lead,
        "erhu",
        vec![note(0, 4, 69), played(4, 8, 74, A::Slide)],
    );
    assert!((slide.notes[1].pitch.at(0.0) + 500.0).abs() < 1.0);
    assert!(slide.notes[1].pitch.at(0.16).abs() < 1.0 && slide.notes[1].legato);

    let bend = one(
        Role::Lead,
        "overdrive-guitar",
        vec![played(0, 8, 64, A::Bend)],
    );
    assert!((bend.notes[0].pitch.at(0.0) + 200.0).abs() < 1.0);
    assert!(bend.notes[0].pitch.at(0.2).abs() < 30.0);

    let press = one(Role::Lead, "guqin", vec![played(0, 16, 52, A::Press)]);
    let top = press.notes[0]
        .pitch
        .0
        .iter()
        .map(|p| p.value)
        .fold(0.0, f32::max);
    assert!(
        (95.0..=205.0).contains(&top) && press.notes[0].pitch.at(0.0) == 0.0,
        "{top}"
    );
    assert!(press.notes[0].pitch.0.last().unwrap().value.abs() < 1.0);

    let fall = one(Role::Lead, "alto-sax", vec![played(0, 4, 64, A::Fall)]);
    assert!(fall.notes[0].pitch.0.last().unwrap().value < -500.0);

    let run = one(
        Role::Lead,
        "concert-harp",
        vec![played(16, 4, 84, A::Glissando)],
    );
    assert!(run.notes.len() > 8 && run.notes.last().unwrap().key == 84);
    assert!(run.notes.windows(2).all(|w| w[1].key > w[0].key));

    let flam = one(Role::Drums, "kit-standard", vec![played(4, 1, 38, A::Roll)]);
    assert_eq!(flam.notes.len(), 2);
    assert!(flam.notes[0].velocity < 0.75 * flam.notes[1].velocity);
    let roll = one(
        Role::Drums,
        "kit-standard",
        vec![played(0, 16, 38, A::Tremolo)],
    );
    assert!(roll.notes.len() > 25);
    assert!(roll.notes.last().unwrap().velocity > roll.notes[2].velocity);

    let two = one(
        Role::Lead,
        "grand-piano",
        vec![
            note(0, 4, 60),
            played(4, 4, 60, A::Accent),
            played(8, 4, 60, A::Ghost),
            played(12, 4, 60, A::Staccato),
        ],
    );
    let [n, a, g, s] = &two.notes[..] else {
        panic!()
    };
    assert!(a.velocity > n.velocity && g.velocity < 0.4);
    assert!(s.off.0 - s.on.0 < 0.6 * 0.6);
}

#[test]
fn every_rule_table_names_an_instrument_of_the_catalog() {
    let catalog = catalog();
    let book = yuefu_perform::Rulebook::shipped();
    for id in book.instruments() {
        assert!(catalog.profile(id).is_some(), "{id} is not in the catalog");
    }
    for profile in catalog.profiles() {
        let rules = book.rules(&profile.id, profile.family);
        assert!(rules.length.normal > 0.3 && rules.touch.least >= 0.02);
    }
    assert!(
        book.rules("erhu", Family::Bowed).vibrato.depth
            > book.rules("dizi", Family::Flute).vibrato.depth
    );
}
