//! Reading the real collections. They are no part of the project: without them these tests say
//! so and pass.

use std::path::PathBuf;
use yuefu_corpus::{Gathered, Limits, Source, Split, gather, pack};
use yuefu_engine::Cancel;
use yuefu_theory::Ticks;

fn read(name: &str) -> Option<Gathered> {
    let path = PathBuf::from("/work/shared/data").join(format!("{name}.tar.gz"));
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
