//! Chords for other people's tunes, reports over sets of songs, and listening tests.

use std::{
    fs,
    path::{Path, PathBuf},
};
use yuefu_studio::{
    Cancel, ReleasePlan, Studio,
    arranging::Wanted,
    evaluating::{EvaluateJob, pictures},
    harmonizing::{HarmonizeJob, SheetFormat},
    listening::{ListeningTest, opinions, read_answers, write_test},
    song::{Brief, Role, brief::Weighted},
};

const ABC: &str = "X:1\nT:A Walk\nM:4/4\nL:1/4\nQ:1/4=96\nK:G\n\
D|G A B c|d2 B2|c B A G|A3 D|G A B c|d2 e2|d c B A|G3 D|\n\
G A B c|d2 B2|c B A G|A3 D|G A B c|d2 e2|d c B A|G4|\n";

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("yuefu-judging-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("a folder for the test");
    path
}

fn tune(folder: &Path) -> PathBuf {
    let path = folder.join("walk.abc");
    fs::write(&path, ABC).expect("written");
    path
}

#[test]
fn a_tune_gets_chords_of_a_style_in_several_ways() {
    let folder = folder("harmonize");
    let file = tune(&folder);
    let studio = Studio::shipped().unwrap();
    let write = |style: Option<&str>, seed, count| {
        let job = HarmonizeJob {
            style: style.map(str::to_owned),
            seed,
            count,
            ..HarmonizeJob::default()
        };
        studio.harmonize_file(&file, &job).unwrap().sheets
    };
    let plain = write(None, None, 3);
    assert_eq!(plain.len(), 3);
    let chart = plain[0].chart();
    assert!(chart.starts_with("A Walk: G major, 4/4, 96 BPM"), "{chart}");
    assert!(plain[0].chord_tones > 0.6, "{chart}");
    for pair in [(0, 1), (0, 2), (1, 2)] {
        assert_ne!(plain[pair.0].chart(), plain[pair.1].chart());
    }
    // Everything has a chord, from the first note's bar to the end.
    assert_eq!(plain[0].bars.len(), 17);
    assert!(plain[0].bars[1..].iter().all(|bar| !bar.chords.is_empty()));
    let last = plain[0].song.score.chords.last().unwrap().chord;
    assert_eq!(last.root.to_string(), "G");
    let rich = |sheets: &[yuefu_studio::harmonizing::LeadSheet]| {
        let chords = &sheets[0].song.score.chords;
        let rich = chords.iter().filter(|c| c.chord.pcs().len() > 3).count();
        rich as f64 / chords.len() as f64
    };
    let bossa = write(Some("bossa-nova"), None, 1);
    assert!(rich(&bossa) > 0.7 && rich(&plain) < 0.5);
    let (a, b) = (write(None, Some(5), 1), write(None, Some(5), 1));
    assert_eq!(a[0].chart(), b[0].chart());
    // What is written is read again with the same chords.
    for (name, format) in [("x.musicxml", 0), ("x.abc", 1), ("x.mid", 2)] {
        let kind = SheetFormat::of(Path::new(name)).unwrap();
        let bytes = studio.sheet_file(&plain[0], kind);
        let again = studio
            .import_bytes(&bytes, name, &ReleasePlan::streaming())
            .unwrap()
            .song;
        if format < 2 {
            let names = |score: &yuefu_studio::song::Score| -> Vec<String> {
                score.chords.iter().map(|c| c.chord.to_string()).collect()
            };
            assert_eq!(names(&again.score), names(&plain[0].song.score), "{name}");
        } else {
            assert_eq!(again.score.tracks.len(), 2, "{name}");
        }
    }
    assert_eq!(SheetFormat::of(Path::new("x.png")), None);
    let unknown = HarmonizeJob {
        style: Some("none".to_owned()),
        ..HarmonizeJob::default()
    };
    assert!(studio.harmonize_file(&file, &unknown).is_err());
    let _ = fs::remove_dir_all(folder);
}

#[test]
fn a_bare_tune_is_arranged_with_the_chords_of_the_style() {
    let folder = folder("arrange");
    let file = tune(&folder);
    let studio = Studio::shipped().unwrap();
    let wanted = Wanted {
        brief: Brief {
            styles: vec![Weighted::new("bossa-nova".to_owned(), 1.0)],
            ..Brief::default()
        },
        intro: 4,
        ..Wanted::default()
    };
    let song = studio.arrange_file(&file, &wanted).unwrap().song;
    assert_eq!(song.plan.style, "bossa-nova");
    let chords = &song.score.chords;
    let rich = chords.iter().filter(|c| c.chord.pcs().len() > 3).count();
    assert!(rich * 3 > chords.len() * 2, "{rich} of {}", chords.len());
    assert!(song.score.tracks.iter().any(|t| t.role == Role::Bass));
    let _ = fs::remove_dir_all(folder);
}

#[test]
fn sets_of_songs_are_evaluated_without_a_collection() {
    let studio = Studio::shipped().unwrap();
    let job = EvaluateJob {
        per_style: 2,
        styles: vec!["pop".to_owned(), "jazz".to_owned()],
        seed: 1,
        threads: 2,
        ..EvaluateJob::default()
    };
    let report = studio.evaluate(&job, &|_, _| {}, &Cancel::new()).unwrap();
    assert_eq!(report.songs, 4);
    let sets: Vec<&str> = report.against.iter().map(|set| set.set.as_str()).collect();
    assert_eq!(sets, ["openewld", "pop909"]);
    for set in &report.against {
        assert_eq!(set.distances.len(), 7);
        assert!(
            set.distances
                .iter()
                .all(|d| d.divergence > 0.0 && d.divergence < 1.0)
        );
    }
    assert!(report.judged.is_none(), "counts cannot be told apart");
    assert_eq!(report.recognition.as_ref().unwrap().asked, 2);
    assert_eq!(report.diversity.as_ref().unwrap().pairs, 2);
    let again = EvaluateJob { threads: 1, ..job };
    let again = studio.evaluate(&again, &|_, _| {}, &Cancel::new()).unwrap();
    assert_eq!(report.text(true), again.text(true));
    let drawn = pictures(&report).unwrap();
    assert_eq!(drawn.len(), 4);
    assert!(drawn.iter().all(|(_, png)| png.starts_with(b"\x89PNG")));
}

/// A second of a tone, 16 bits, mono.
fn wav(level: f64, hertz: f64) -> Vec<u8> {
    let samples: Vec<u8> = (0..8000)
        .flat_map(|i| {
            let value = level * (f64::from(i) * hertz / 8000.0 * std::f64::consts::TAU).sin();
            ((value * 32_000.0) as i16).to_le_bytes()
        })
        .collect();
    let mut out = b"RIFF".to_vec();
    out.extend((36 + samples.len() as u32).to_le_bytes());
    out.extend(b"WAVEfmt ");
    for word in [16_u32, 0x0001_0001, 8000, 16_000, 0x0010_0002] {
        out.extend(word.to_le_bytes());
    }
    out.extend(b"data");
    out.extend((samples.len() as u32).to_le_bytes());
    out.extend(samples);
    out
}

#[test]
fn a_listening_test_says_nothing_of_who_is_who() {
    let folder = folder("listening");
    for (system, level) in [("rules", 0.5), ("secret<", 0.05)] {
        fs::create_dir_all(folder.join(system)).unwrap();
        for (item, hertz) in [("one", 300.0), ("two", 500.0), ("three", 700.0)] {
            let path = folder.join(system).join(format!("{item}.wav"));
            fs::write(path, wav(level, hertz)).unwrap();
        }
    }
    let test = |seed| ListeningTest {
        systems: vec![folder.join("rules"), folder.join("secret<")],
        seed,
        pairs: true,
        marks: true,
        most: 60,
    };
    let made = write_test(&test(1), &folder.join("page")).unwrap();
    assert_eq!((made.pairs, made.marks), (3, 6));
    let page = fs::read_to_string(&made.page).unwrap();
    assert!(!page.contains("rules\"") && !page.contains("secret"));
    assert!(!page.contains("http:") && !page.contains("https:"));
    // The louder system is turned down to the softer one: 20 dB.
    assert!(
        page.contains("\"gain\":1.0") && page.contains("\"gain\":0.1"),
        "{page}"
    );
    assert_eq!(fs::read_dir(folder.join("page/audio")).unwrap().count(), 6);
    let other = write_test(&test(2), &folder.join("page-2")).unwrap();
    assert_ne!(page, fs::read_to_string(other.page).unwrap());
    let again = write_test(&test(1), &folder.join("page-3")).unwrap();
    assert_eq!(page, fs::read_to_string(again.page).unwrap());
    let csv = folder.join("answers.csv");
    let rows = "test,listener,kind,item,first,second,answer,seconds\nt,Li,mos,one,rules,,4,2\n";
    fs::write(&csv, rows).unwrap();
    let said = opinions(&read_answers(&csv).unwrap());
    assert_eq!(said.ratings[0].mean.value, 4.0);
    fs::write(&csv, "nothing").unwrap();
    let error = read_answers(&csv).unwrap_err();
    assert!(error.to_string().contains("line 1"), "{error}");
    let _ = fs::remove_dir_all(folder);
}
