//! Imported files: every note is kept, sounds, and leaves again as it came.

mod support;

use support::{Play, play};
use yuefu_scorefile::{ScoreLimits, read_ds, read_ustx};
use yuefu_studio::{
    Cancel, ImportFormat, Imported, ReleasePlan, Remark, ScoreFormat, SingJob, Studio, WordFormat,
    arranging::Wanted,
    audio::{SampleRate, pitch},
    song::{Catalog, Origin, Role, Song},
    theory::Ticks,
};

const ABC: &str = "X:1\nT:Two Phrases\nM:4/4\nL:1/4\nQ:1/4=96\nK:G\n\
D|G A B c|d2 B2|c B A G|A3 D|\nw:Oh come sweet spring-time day with me and stay a-gain while_\n\
G A B c|d2 e2|d c B A|G4|\n";

fn import(text: &str) -> (Studio, Imported) {
    let studio = Studio::standard().unwrap();
    let made = studio
        .import_bytes(text.as_bytes(), "test", &ReleasePlan::streaming())
        .unwrap();
    (studio, made)
}

/// Start, length and key of all notes, by track.
fn notes(song: &Song) -> Vec<Vec<(i64, i64, u8)>> {
    song.score
        .tracks
        .iter()
        .map(|track| {
            let mut out: Vec<_> = track
                .phrases
                .iter()
                .flat_map(|p| {
                    p.notes
                        .iter()
                        .map(|n| ((p.span.start + n.at).0, n.len.0, n.key()))
                })
                .collect();
            out.sort_unstable();
            out
        })
        .collect()
}

#[test]
fn a_tune_becomes_a_song_with_chords_and_phrases() {
    let (studio, made) = import(ABC);
    let song = &made.song;
    assert_eq!(song.plan.title, "Two Phrases");
    assert_eq!(song.plan.key.to_string(), "G major");
    assert_eq!(song.score.timeline.tempo[0].bpm, 96.0);
    let track = &song.score.tracks[0];
    assert_eq!(track.role, Role::Vocal);
    assert!(track.phrases.len() >= 2);
    assert!(track.phrases.iter().all(|p| p.origin == Origin::Imported));
    // The pickup belongs to the first full bar.
    assert!(track.phrases[0].notes[0].at.0 < 0);
    assert!(!song.score.chords.is_empty());
    assert_eq!(
        song.score.chords.last().unwrap().chord.root.to_string(),
        "G"
    );
    let words: Vec<&str> = song.lyrics.lines.iter().map(|l| l.text.as_str()).collect();
    assert!(
        words[0].starts_with("Oh come sweet springtime"),
        "{words:?}"
    );
    let sounding: usize = studio.perform(song).tracks[0]
        .phrases
        .iter()
        .map(|p| p.phrase.notes.len())
        .sum();
    assert_eq!(sounding, notes(song)[0].len());
}

#[test]
fn what_comes_in_goes_out() {
    let (studio, made) = import(ABC);
    for format in [
        ScoreFormat::MidiScore,
        ScoreFormat::MusicXml,
        ScoreFormat::Abc,
    ] {
        let bytes = studio.scores(&made.song, &[format]).swap_remove(0).1;
        let again = studio
            .import_bytes(&bytes, "again", &ReleasePlan::streaming())
            .unwrap();
        assert_eq!(notes(&again.song), notes(&made.song), "{format:?}");
        assert_eq!(again.song.plan.key, made.song.plan.key, "{format:?}");
        let chords = |song: &Song| song.score.chords.clone();
        assert_eq!(chords(&again.song), chords(&made.song), "{format:?}");
    }
}

#[test]
fn a_song_is_saved_and_opened_again() {
    let (_, made) = import(ABC);
    let files: std::collections::BTreeMap<String, String> =
        made.song.to_files().into_iter().collect();
    let back = Song::from_files(&mut |name| Ok(files.get(name).cloned())).unwrap();
    assert_eq!(back, made.song);
}

#[test]
fn what_is_no_score_is_refused_in_two_languages() {
    let studio = Studio::standard().unwrap();
    let release = ReleasePlan::streaming();
    for bytes in [&b"hello"[..], b"", b"X:1\nK:C\nz4|\n", b"MThd", b"<html/>"] {
        let error = studio.import_bytes(bytes, "no.mid", &release).unwrap_err();
        assert!(error.to_string().contains("no.mid"), "{error}");
        let zh = error.message(yuefu_studio::song::brief::Lang::Zh);
        assert!(zh.contains("no.mid"), "{zh}");
    }
    assert_eq!(ImportFormat::of(b"MThd\0"), Some(ImportFormat::Midi));
    assert_eq!(ImportFormat::of(b"X:1\nK:C"), Some(ImportFormat::Abc));
    assert_eq!(ImportFormat::of(b"\x7fELF"), None);
}

#[test]
fn an_imported_song_sounds_to_its_end() {
    let (studio, mut made) = import(ABC);
    made.song.release.rate = SampleRate(22_050);
    let rendered = play(&studio, &made.song, Play::default());
    let mix = rendered.mix.unwrap();
    let samples = &mix.channels[0];
    let seconds = samples.len() as f64 / 22_050.0;
    assert!((seconds - made.song.plan.length.0).abs() < 0.01);
    let loudest = |part: &[f32]| part.iter().fold(0.0_f32, |most, s| most.max(s.abs()));
    for quarter in samples.chunks(samples.len() / 4).take(4) {
        assert!(loudest(quarter) > 1e-3);
    }
}

/// An OpenUtau project of one line: an E that goes up to a G half-way between the beats, and a
/// long note that shakes by a semitone and is drawn 30 cents high.
const DRAWN: &str = "name: Drawn
ustx_version: \"0.6\"
resolution: 480
time_signatures:
- {bar_position: 0, beat_per_bar: 4, beat_unit: 4}
tempos:
- {position: 0, bpm: 60}
tracks:
- track_name: Lead
voice_parts:
- duration: 1920
  track_no: 0
  position: 480
  notes:
  - position: 0
    duration: 480
    tone: 64
    lyric: 啊
    pitch: {data: [{x: -40, y: 0, shape: io}, {x: 40, y: 0, shape: io}], snap_first: true}
    vibrato: {length: 0, period: 175, depth: 25, in: 10, out: 10, shift: 0, drift: 0}
  - position: 480
    duration: 480
    tone: 67
    lyric: +~
    pitch: {data: [{x: -200, y: 0, shape: l}, {x: 200, y: 0, shape: l}], snap_first: true}
    vibrato: {length: 0, period: 175, depth: 25, in: 10, out: 10, shift: 0, drift: 0}
  - position: 960
    duration: 960
    tone: 65
    lyric: 啊
    pitch: {data: [{x: 0, y: 0, shape: l}, {x: 10, y: 0, shape: l}], snap_first: false}
    vibrato: {length: 50, period: 400, depth: 100, in: 0, out: 0, shift: 0, drift: 0}
  curves:
  - xs: [1000, 1005, 1915, 1920]
    ys: [0, 30, 30, 0]
    abbr: pitd
wave_parts: []
";

#[test]
fn pitch_that_is_drawn_is_sung() {
    let release = ReleasePlan {
        rate: SampleRate(22_050),
        ..ReleasePlan::streaming()
    };
    let studio = Studio::shipped().unwrap();
    let read = |text: &str| {
        let bytes = text.as_bytes();
        studio.import_bytes(bytes, "drawn", &release).unwrap()
    };
    let made = read(DRAWN);
    let song = made.song;
    assert!(
        made.remarks
            .iter()
            .any(|r| r.zh.contains("按文件中画出的音高演唱"))
    );
    let voice = &song.voices["lead"];
    assert_eq!(voice.settings.vibrato_depth, 0.0);
    assert_eq!(voice.phrases.len(), 1);
    let job = SingJob {
        voice: Some("yunshu"),
        ..SingJob::default()
    };
    let sung = studio.cast_singer(&song, &job).unwrap();
    let audio = studio.solo(&sung.song, sung.track, &Cancel::new()).unwrap();
    let rate = audio.rate.hz();
    // Seconds and the key that is drawn there.
    let drawn = [
        (1.4, 64.0),
        (1.7, 64.0),
        (1.9, 64.75),
        (2.0, 65.5),
        (2.1, 66.25),
        (2.5, 67.0),
        (2.7, 67.0),
        (3.5, 65.3),
        (3.9, 65.3),
        (4.1, 66.3),
        (4.3, 64.3),
        (4.5, 66.3),
    ];
    for (time, key) in drawn {
        let near = 440.0 * f64::from((key - 69.0_f32) / 12.0).exp2();
        let at = (time * rate) as usize;
        let heard = pitch::near(&audio.channels[0][at - 700..at + 700], rate, near).unwrap();
        let cents = 1200.0 * (heard.hz / near).log2();
        println!("{time} s: {cents:.0} cents, clarity {:.2}", heard.clarity);
        assert!(
            cents.abs() < 25.0 && heard.clarity > 0.8,
            "at {time} s: {cents} cents"
        );
    }
    // Where nothing is drawn, the singer sings as singers do.
    let plain = DRAWN
        .replace("x: -200", "x: -40")
        .replace("depth: 100", "depth: 0")
        .replace("length: 50", "length: 0")
        .replace("30, 30", "0, 0");
    assert!(read(&plain).song.voices.is_empty());
    // A fault has its line in both languages.
    let broken = DRAWN.replace("tempos:\n", "tempos\n");
    let fault = studio.import_bytes(broken.as_bytes(), "drawn", &release);
    let fault = fault.unwrap_err();
    use yuefu_studio::song::brief::Lang;
    assert!(fault.message(Lang::En).contains("line 6"), "{fault}");
    assert!(fault.message(Lang::Zh).contains("第 6 行"), "{fault}");
}

/// A tune of two lines, so that arranging it cuts and places it anew: a slide, a shake, a swell.
fn drawn_tune() -> String {
    let mut notes = String::new();
    let keys = [
        64, 67, 65, 62, 64, 67, 69, 72, 64, 62, 60, 62, 64, 67, 65, 64,
    ];
    for (index, key) in keys.iter().enumerate() {
        let long = index % 8 == 7;
        let length = if long { 960 } else { 480 };
        let at = index * 480 + index / 8 * 480;
        let shake = if long { 50 } else { 0 };
        let slide = if index == 2 { -200 } else { -40 };
        notes.push_str(&format!(
            "  - position: {at}\n    duration: {length}\n    tone: {key}\n    lyric: 啊\n    \
             pitch: {{data: [{{x: {slide}, y: 0, shape: l}}, {{x: 40, y: 0, shape: l}}], snap_first: true}}\n    \
             vibrato: {{length: {shake}, period: 180, depth: 60, in: 10, out: 10, shift: 0, drift: 0}}\n"
        ));
    }
    format!(
        "name: Drawn\nustx_version: \"0.6\"\nresolution: 480\ntime_signatures:\n\
         - {{bar_position: 0, beat_per_bar: 4, beat_unit: 4}}\ntempos:\n- {{position: 0, bpm: 90}}\n\
         tracks:\n- track_name: Lead\nvoice_parts:\n- duration: 9600\n  track_no: 0\n  position: 0\n  \
         notes:\n{notes}  curves:\n  - xs: [480, 485, 900, 905]\n    ys: [0, 40, -40, 0]\n    abbr: pitd\n  \
         - xs: [480, 960, 1440, 1920]\n    ys: [0, 60, -35, 0]\n    abbr: dyn\nwave_parts: []\n"
    )
}

/// What is drawn over the first track of a file: key and decibels at a place in quarter notes.
fn over(text: &str, ds: bool) -> impl Fn(f64) -> (f32, f32) + use<> {
    let limits = ScoreLimits::default();
    let catalog = Catalog::default();
    let file = match ds {
        true => read_ds(text, &catalog, &limits),
        false => read_ustx(text, &catalog, &limits),
    };
    let drawn = file.unwrap().drawn.swap_remove(0);
    move |at: f64| {
        let value = |points: &[(Ticks, f32)]| {
            let at = Ticks::from_quarters(at);
            let next = points.partition_point(|p| p.0 <= at);
            match (next.checked_sub(1).map(|i| points[i]), points.get(next)) {
                (Some(a), Some(b)) => {
                    a.1 + (b.1 - a.1) * (at - a.0).0 as f32 / (b.0 - a.0).0 as f32
                }
                (Some(a), None) => a.1,
                (None, Some(b)) => b.1,
                (None, None) => f32::NAN,
            }
        };
        (value(&drawn.pitch), value(&drawn.level))
    }
}

fn exported(studio: &Studio, song: &Song, format: WordFormat) -> String {
    let mut files = studio.word_files(song, &[format]);
    String::from_utf8(files.remove(0).1).unwrap()
}

#[test]
fn what_is_drawn_survives_the_way_out_and_back() {
    let studio = Studio::shipped().unwrap();
    let release = ReleasePlan::streaming();
    let text = drawn_tune();
    let read = |text: &str| {
        let made = studio.import_bytes(text.as_bytes(), "drawn", &release);
        made.unwrap()
    };
    let made = read(&text);
    assert!(made.remarks.iter().any(|r| r.zh.contains("画出的力度")));
    let song = made.song;
    let was = over(&text, false);
    // Quarter notes of the tune; a rest of one lies in the middle of none of them.
    let places = || {
        (1..159)
            .map(|i| f64::from(i) * 0.1)
            .filter(|at| !(8.9..9.1).contains(at))
    };
    let mut text = exported(&studio, &song, WordFormat::Ustx);
    for round in 0..2 {
        let is = over(&text, false);
        for at in places() {
            let ((key, db), (old, loud)) = (is(at), was(at));
            assert!(
                (key - old).abs() < 0.15,
                "{round}, at {at}: {key}, not {old}"
            );
            assert!(
                (db - loud).abs() < 0.16,
                "{round}, at {at}: {db} dB, not {loud}"
            );
        }
        text = exported(&studio, &read(&text).song, WordFormat::Ustx);
    }
    // DiffSinger's files know seconds only: they are read at 120 quarter notes a minute.
    let text = exported(&studio, &song, WordFormat::Ds);
    let is = over(&text, true);
    for at in places() {
        let (key, old) = (is(at * 120.0 / 90.0).0, was(at).0);
        assert!((key - old).abs() < 0.2, "at {at}: {key}, not {old}");
    }
    assert!(!read(&text).song.voices.is_empty());
    // Songs without drawings leave without curves.
    let mut plain = song.clone();
    plain.voices.clear();
    assert!(!exported(&studio, &plain, WordFormat::Ustx).contains("curves:"));
    assert!(!exported(&studio, &plain, WordFormat::Ds).contains("f0_seq"));
}

#[test]
fn what_is_drawn_goes_with_the_tune_that_is_arranged() {
    let studio = Studio::shipped().unwrap();
    let folder = std::env::temp_dir().join(format!("yuefu-drawn-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (path, text) = (folder.join("tune.ustx"), drawn_tune());
    std::fs::write(&path, &text).unwrap();
    let brief = studio.understand("pop ballad, female voice", &Default::default());
    let wanted = Wanted {
        brief,
        intro: 4,
        ..Wanted::default()
    };
    let made = studio.arrange_file(&path, &wanted).unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    let told = |r: &Remark| r.zh.contains("按文件中画出的音高演唱");
    assert!(made.remarks.iter().any(told), "{:?}", made.remarks);
    let song = made.song;
    let lead = song.score.tracks.iter().find(|t| t.role == Role::Vocal);
    let lead = lead.unwrap();
    let first = &lead.phrases.iter().find(|p| !p.notes.is_empty()).unwrap();
    let later = (first.span.start + first.notes[0].at).as_quarters();
    let higher = (first.notes[0].pitch.midi() - 64) as f32;
    assert!(later >= 16.0, "{later}");
    let (was, is) = (
        over(&text, false),
        over(&exported(&studio, &song, WordFormat::Ustx), false),
    );
    for at in (1..159).map(|i| f64::from(i) * 0.1) {
        let ((key, db), (old, loud)) = (is(at + later), was(at));
        let apart = (key - old - higher).abs();
        assert!(apart < 0.15, "at {at}: {key}, not {old}");
        assert!((db - loud).abs() < 0.16, "at {at}: {db} dB, not {loud}");
    }
}
