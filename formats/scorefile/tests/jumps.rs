//! Repeats and jumps are played out in both notation formats, and what makes no sense is said.

use yuefu_scorefile::{ScoreFile, ScoreLimits, read_abc, read_musicxml};
use yuefu_song::Catalog;

fn letters(file: &ScoreFile) -> String {
    file.score.tracks[0].phrases[0]
        .notes
        .iter()
        .map(|n| n.pitch.name.step.letter())
        .collect()
}

fn abc(music: &str) -> (String, usize) {
    let text = format!("X:1\nM:4/4\nL:1/1\nK:C\n{music}\n");
    let tunes = read_abc(&text, &Catalog::default(), &ScoreLimits::default()).unwrap();
    (letters(&tunes[0]), tunes[0].warnings.len())
}

#[test]
fn abc_jumps() {
    assert_eq!(abc("C|D!fine!|E|F!D.C.!|]").0, "CDEFCD");
    assert_eq!(abc("C|!segno!D|E|F!D.S.!|]").0, "CDEFDEF");
    assert_eq!(abc("C|!segno!D!coda!|E!D.S.alcoda!|!coda!F|]").0, "CDEDF");
    assert_eq!(abc("|:C|1 D:|2 E|F \"^D.C.\"|]").0, "CDCEFCEF");
    assert_eq!(abc("C|D!D.S.!|E|]"), ("CDE".to_owned(), 1));
    // The second voice follows the first, which alone has the signs.
    let two = "V:1\nC|D!fine!|E!D.C.!|]\nV:2\nG|A|B|]";
    let text = format!("X:1\nM:4/4\nL:1/1\nK:C\n{two}\n");
    let tunes = read_abc(&text, &Catalog::default(), &ScoreLimits::default()).unwrap();
    let second = &tunes[0].score.tracks[1].phrases[0].notes;
    assert_eq!(second.len(), 5);
}

fn xml(measures: &[&str]) -> (String, usize) {
    let letters_of = ["C", "D", "E", "F", "G", "A", "B"];
    let body: String = measures
        .iter()
        .enumerate()
        .map(|(i, signs)| {
            let (before, after) = signs.split_once('~').unwrap_or(("", signs));
            let step = letters_of[i];
            let number = i + 1;
            format!(
                "<measure number=\"{number}\">{before}<note><pitch><step>{step}</step>\
                 <octave>4</octave></pitch><duration>4</duration></note>{after}</measure>"
            )
        })
        .collect();
    let text = format!(
        "<score-partwise><part-list><score-part id=\"P1\"><part-name/></score-part></part-list>\
         <part id=\"P1\">{body}</part></score-partwise>"
    );
    let limits = ScoreLimits::default();
    let file = read_musicxml(text.as_bytes(), &Catalog::default(), &limits).unwrap();
    (letters(&file), file.warnings.len())
}

fn sound(what: &str) -> String {
    format!("<direction><sound {what}/></direction>")
}

fn words(what: &str) -> String {
    format!("<direction><direction-type><words>{what}</words></direction-type></direction>")
}

#[test]
fn musicxml_jumps() {
    let (fine, capo) = (sound("fine=\"yes\""), sound("dacapo=\"yes\""));
    assert_eq!(xml(&["", &fine, "", &capo]).0, "CDEFCD");
    let (fine, capo) = (words("Fine"), words("D.C. al Fine"));
    assert_eq!(xml(&["", &fine, "", &capo]).0, "CDEFCD");
    let segno = "<direction><direction-type><segno/></direction-type></direction>~";
    let coda = "<direction><direction-type><coda/></direction-type></direction>";
    let there = format!("{coda}~");
    let back = words("D.S. al Coda");
    assert_eq!(xml(&["", segno, coda, &back, &there]).0, "CDEFDEG");
    assert_eq!(xml(&["", &back, ""]), ("CDE".to_owned(), 1));
}
