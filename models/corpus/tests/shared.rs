//! Reading the real collections. They are no part of the project: without them these tests say
//! so and pass.

use std::path::PathBuf;
use yuefu_corpus::{Gathered, Limits, Source, Split, gather, index_tunes, pack};
use yuefu_engine::Cancel;
use yuefu_originality::tune_of;
use yuefu_theory::Ticks;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data")
}

fn read(name: &str) -> Option<Gathered> {
    let path = folder().join(format!("{name}.tar.gz"));
    if !path.is_file() {
        println!("skipped: {} is not here", path.display());
        return None;
    }
    let all = gather(&[path], &Limits::default(), &|_, _| {}, &Cancel::new());
    Some(all.unwrap())
}

#[test]
fn pop909_is_read_whole_and_packed() {
    let Some(all) = read("pop909") else { return };
    println!("{}", all.report.text(false));
    let report = &all.report.sources[&Source::Pop909];
    assert!(report.total() > 880, "{}", report.total());
    for piece in &all.pieces {
        let melody = &piece.score.tracks[piece.melody.unwrap()];
        assert_eq!(melody.phrases.len(), piece.phrases.len());
        assert!(piece.stated.chords && !piece.score.chords.is_empty());
        let unit = Ticks::QUARTER / 12;
        for phrase in &melody.phrases {
            assert!(phrase.notes.iter().all(|note| note.at.0 % unit.0 == 0));
        }
        assert_eq!(piece.split, Split::of_group(piece.group));
    }
    let mut bytes = Vec::new();
    pack::write_to(&mut bytes, &all.pieces).unwrap();
    println!("packed: {} bytes", bytes.len());
    assert!(bytes.len() < 8 << 20);
    let back: Vec<_> = pack::Reader::new(bytes.as_slice())
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert!(back == all.pieces, "the packed corpus is another");
}

#[test]
fn every_collection_is_read() {
    for (name, source, songs, melodies) in [
        ("openewld-pd", Source::Openewld, 220, true),
        ("lieder", Source::Lieder, 1300, true),
        ("billboard", Source::Billboard, 870, false),
        ("harmonix", Source::Harmonix, 880, false),
        ("salami", Source::Salami, 2000, false),
        ("groove", Source::Groove, 1100, false),
    ] {
        let Some(all) = read(name) else { return };
        println!("{}{:?}", all.report.text(false), all.report.examples);
        let report = &all.report.sources[&source];
        assert!(report.total() >= songs, "{name}: {}", report.total());
        assert_eq!(report.with_melody > 0, melodies);
        for piece in &all.pieces {
            let sections = &piece.score.sections;
            assert!(
                sections
                    .windows(2)
                    .all(|s| s[0].span.end <= s[1].span.start)
            );
            let chords = &piece.score.chords;
            assert!(chords.windows(2).all(|c| c[0].span.end <= c[1].span.start));
        }
        let mut bytes = Vec::new();
        pack::write_to(&mut bytes, &all.pieces).unwrap();
        let back: Vec<_> = pack::Reader::new(bytes.as_slice())
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        for (back, piece) in back.iter().zip(&all.pieces) {
            assert!(back == piece, "{} is read as another", piece.id());
        }
        println!("{name}: {} bytes", bytes.len());
    }
}

/// How often songs that were not indexed equal the indexed ones by more than eight notes: what
/// people write without copying.
#[test]
fn the_index_of_tunes_is_small_and_knows_its_songs() {
    let folder = folder();
    let paths: Vec<PathBuf> = ["pop909", "openewld-pd", "lieder"]
        .iter()
        .map(|name| folder.join(format!("{name}.tar.gz")))
        .collect();
    if !paths.iter().all(|path| path.is_file()) {
        println!("skipped: the collections are not here");
        return;
    }
    let all = gather(&paths, &Limits::default(), &|_, _| {}, &Cancel::new()).unwrap();
    let whole = index_tunes(&all.pieces, |_| true);
    let bytes = whole.to_bytes().len();
    println!(
        "{} patterns of {} songs, {bytes} bytes, false alarm {:.1e}",
        whole.len(),
        whole.songs(),
        whole.false_alarm()
    );
    assert!(bytes < 3 << 20);
    let learned = index_tunes(&all.pieces, |piece| piece.split == Split::Train);
    for source in [Source::Pop909, Source::Openewld, Source::Lieder] {
        let (mut known, mut new, mut longest) = ([0; 2], [0; 2], 0);
        for piece in all.pieces.iter().filter(|piece| piece.source == source) {
            let notes = tune_of(&piece.score.tracks[piece.melody.unwrap()]);
            let run = learned.longest_known_run(&notes);
            let into = match piece.split {
                Split::Train => &mut known,
                _ => &mut new,
            };
            into[0] += 1;
            into[1] += usize::from(run.is_some());
            if piece.split != Split::Train {
                longest = longest.max(run.map_or(0, |run| run.notes));
            }
        }
        println!(
            "{}: indexed {known:?}, others {new:?}, longest of others {longest}",
            source.name()
        );
        assert!(known[1] * 100 >= known[0] * 98, "{known:?}");
    }
}
