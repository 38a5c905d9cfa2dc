//! Ways from one tune to another.

use std::path::{Path, PathBuf};
use yuefu_song::{lead_of, line_of};
use yuefu_studio::{Studio, StudioError, morphing::write_way};

const A: &str = "X:1\nT:A\nM:4/4\nL:1/8\nQ:1/4=96\nK:C\nE2G2 A2G2|E2D2 C4|D2E2 F2A2|G6z2|\n";
const B: &str = "X:1\nT:B\nM:4/4\nL:1/8\nQ:1/4=140\nK:Am\nAcBA ecBA|GABc d2B2|AcBA e2c2|dcBG A4|Ac2A G2E2|A6z2|\n";

/// A folder of its own for a test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("yuefu-morph-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Sixteenth and key of each note of a MIDI file or other score.
fn notes(studio: &Studio, bytes: &[u8]) -> Vec<(i64, u8)> {
    let made = studio.import_bytes(bytes, "tune", &yuefu_studio::ReleasePlan::streaming());
    let score = made.unwrap().song.score;
    let line = line_of(lead_of(&score).or(score.tracks.first()).unwrap());
    line.iter()
        .map(|n| (n.at.0 / yuefu_theory::Ticks::of(1, 16).0, n.key))
        .collect()
}

#[test]
fn a_way_leads_from_the_first_tune_to_the_last() {
    let studio = Studio::shipped().unwrap();
    let folder = Folder::new("way");
    let (a, b) = (folder.file("a.abc", A), folder.file("b.abc", B));
    let way = studio.morph_tunes(&a, &b, 7, 5).unwrap();
    assert_eq!(way.tunes.len(), 7);
    let tunes: Vec<Vec<(i64, u8)>> = way.tunes.iter().map(|t| notes(&studio, t)).collect();
    assert_eq!(tunes[0], notes(&studio, A.as_bytes()));
    assert_eq!(tunes[6], notes(&studio, B.as_bytes()));
    assert!(tunes.iter().all(|tune| tune.len() >= 6), "{tunes:?}");
    // Where notes begin is nearer to the end that is nearer.
    let apart = |x: &[(i64, u8)], y: &[(i64, u8)]| {
        let within = |tune: &[(i64, u8)]| -> Vec<i64> {
            tune.iter().map(|n| n.0).filter(|at| *at < 64).collect()
        };
        let (x, y) = (within(x), within(y));
        let both = x.iter().filter(|at| y.contains(at)).count();
        1.0 - 2.0 * both as f64 / (x.len() + y.len()) as f64
    };
    let near = |at: usize, end: usize| apart(&tunes[at], &tunes[end]);
    let to_first = (near(1, 0) + near(2, 0)) - (near(4, 0) + near(5, 0));
    let to_last = (near(4, 6) + near(5, 6)) - (near(1, 6) + near(2, 6));
    assert!(to_first + to_last < -0.1, "{to_first} and {to_last}");
    let again = studio.morph_tunes(&a, &b, 7, 5).unwrap();
    assert!(way.tunes == again.tunes && way.picture == again.picture);
    let other = studio.morph_tunes(&a, &b, 7, 6).unwrap();
    assert!(way.tunes[0] == other.tunes[0] && way.tunes[3] != other.tunes[3]);

    let names = write_way(&way, &folder.0.join("out")).unwrap();
    assert_eq!(names.len(), 9);
    let whole = std::fs::read(folder.0.join("out/all.mid")).unwrap();
    let all: usize = tunes.iter().map(Vec::len).sum();
    assert_eq!(notes(&studio, &whole).len(), all);
}

#[test]
fn styles_are_ends_too() {
    let studio = Studio::shipped().unwrap();
    let way = studio.morph_tunes(Path::new("pop"), Path::new("爵士"), 3, 2);
    let way = way.or_else(|_| studio.morph_tunes(Path::new("pop"), Path::new("jazz"), 3, 2));
    for tune in way.unwrap().tunes {
        assert!(notes(&studio, &tune).len() > 8);
    }
}

#[test]
fn what_cannot_be_morphed_is_named() {
    let studio = Studio::shipped().unwrap();
    let folder = Folder::new("refused");
    let a = folder.file("a.abc", A);
    let refused = |from: &Path, to: &Path, steps: usize, says: &str| {
        let error = studio.morph_tunes(from, to, steps, 1).unwrap_err();
        assert!(matches!(error, StudioError::Input { .. }), "{error:?}");
        assert!(error.to_string().contains(says), "{error}");
    };
    refused(&a, &a, 1, "2 to 32");
    refused(&a, &a, 33, "2 to 32");
    refused(&a, &folder.0.join("none.mid"), 3, "cannot be read");
    let waltz = folder.file("waltz.abc", "X:1\nT:W\nM:3/4\nL:1/4\nK:G\nGBd|g3|dBG|A3|\n");
    refused(&a, &waltz, 3, "3/4");
    refused(&folder.file("x.mid", "no music"), &a, 3, "MIDI");
}
