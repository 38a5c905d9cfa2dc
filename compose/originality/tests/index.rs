//! What counts as known, what does not, and that any bytes are refused politely.

use proptest::prelude::*;
use yuefu_engine::Rng;
use yuefu_originality::{COMMON, OriginalityIndex, PATTERN, TuneNote};
use yuefu_theory::Ticks;

fn tune(seed: u64, notes: usize) -> Vec<TuneNote> {
    let mut rng = Rng::new(seed);
    let mut at = 0;
    (0..notes)
        .map(|_| {
            at += [6, 12, 18, 24][rng.below(4)];
            TuneNote {
                at: Ticks(at * 3360),
                key: 60 + rng.below(13) as u8,
            }
        })
        .collect()
}

fn index(tunes: &[(String, u64, Vec<TuneNote>)]) -> OriginalityIndex {
    OriginalityIndex::build(tunes.iter().map(|(name, group, notes)| {
        let bar = move |index: usize| notes[index].at.0 / Ticks::WHOLE.0 + 1;
        (name.as_str(), *group, notes.as_slice(), bar)
    }))
}

fn many(count: u64) -> Vec<(String, u64, Vec<TuneNote>)> {
    (0..count)
        .map(|seed| (format!("tune {seed}"), seed, tune(seed, 120)))
        .collect()
}

#[test]
fn a_quotation_is_found_with_its_song_and_bar() {
    let known = many(50);
    let index = index(&known);
    let mut notes = tune(1000, 40);
    assert!(index.is_original(&notes));
    // Twelve notes of tune 7, from its note 30, a third higher and later.
    let start = notes[39].at;
    let from = known[7].2[30].at;
    notes.extend(known[7].2[30..42].iter().map(|note| TuneNote {
        at: note.at - from + start + Ticks::QUARTER,
        key: note.key + 4,
    }));
    let run = index.longest_known_run(&notes).unwrap();
    assert_eq!((run.first, run.notes, run.song), (40, 12, "tune 7"));
    assert_eq!(i64::from(run.bar), from.0 / Ticks::WHOLE.0 + 1);
    assert!(!index.is_original(&notes));
    assert!(index.is_original(&notes[..40 + PATTERN - 1]));
    let near = index.nearest(&notes, 3);
    assert_eq!(near[0].song, "tune 7");
    assert!((near[0].share - 4.0 / 44.0).abs() < 1e-9);
}

#[test]
fn what_many_songs_share_belongs_to_nobody() {
    let scale: Vec<TuneNote> = (0..9)
        .map(|n| TuneNote {
            at: Ticks::quarters(n),
            key: 60 + [0, 2, 4, 5, 7, 9, 11, 12, 14][n as usize],
        })
        .collect();
    let songs = |groups: u64| -> Vec<(String, u64, Vec<TuneNote>)> {
        (0..COMMON as u64)
            .map(|n| (format!("song {n}"), n % groups, scale.clone()))
            .collect()
    };
    assert!(index(&songs(COMMON as u64)).is_original(&scale));
    // Versions of one song count once.
    assert!(!index(&songs(2)).is_original(&scale));
}

#[test]
fn new_tunes_are_hardly_ever_taken_for_known_ones() {
    let index = index(&many(400));
    assert!(index.false_alarm() < 1e-4);
    let alarms = (0..400)
        .filter(|seed| !index.is_original(&tune(1_000_000 + seed, 120)))
        .count();
    // 400 x 112 patterns at 1e-5 each: one in two runs of this test would see one.
    assert!(alarms <= 4, "{alarms}");
}

#[test]
fn bytes_bring_the_index_back() {
    let index = index(&many(30));
    let bytes = index.to_bytes();
    assert_eq!(OriginalityIndex::from_bytes(&bytes), Ok(index));
    assert!(OriginalityIndex::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    let mut more = bytes;
    more.push(0);
    assert!(OriginalityIndex::from_bytes(&more).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn any_bytes_are_an_index_or_refused(changes in prop::collection::vec((any::<u32>(), any::<u8>()), 1..20), cut in any::<u32>()) {
        let mut bytes = index(&many(3)).to_bytes();
        for (at, value) in changes {
            let at = at as usize % bytes.len();
            bytes[at] = value;
        }
        if cut % 2 == 0 {
            bytes.truncate(cut as usize % bytes.len());
        }
        if let Ok(index) = OriginalityIndex::from_bytes(&bytes) {
            let notes = tune(1, 120);
            index.known_runs(&notes);
            index.nearest(&notes, 5);
        }
    }
}

#[test]
fn the_shipped_index_is_whole() {
    let index = OriginalityIndex::shipped().unwrap();
    assert!(index.songs() > 2500 && index.len() > 300_000);
    assert!(index.false_alarm() < 1e-4);
    // A scale is in no one's possession.
    let scale: Vec<TuneNote> = (0..8)
        .chain((0..7).rev())
        .enumerate()
        .map(|(at, degree)| TuneNote {
            at: Ticks::quarters(at as i64),
            key: 60 + [0, 2, 4, 5, 7, 9, 11, 12][degree],
        })
        .collect();
    assert!(index.is_original(&scale[..9]));
}
