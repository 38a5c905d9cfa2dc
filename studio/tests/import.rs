//! Imported files: every note is kept, sounds, and leaves again as it came.

mod support;

use support::{Play, play};
use yuefu_studio::{
    Cancel, ImportFormat, Imported, ReleasePlan, ScoreFormat, SingJob, Studio,
    audio::{SampleRate, pitch},
    song::{Origin, Role, Song},
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
