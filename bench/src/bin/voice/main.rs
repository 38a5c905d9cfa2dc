//! How well singers sing: pitch, onsets, voicing, level, cost.
//!
//! `cargo run --release -p yuefu-bench --bin voice -- FOLDER [VOICE]` sings the lines of `lines.txt`
//! (written for this, so that no speech recognizer knows them by heart) from A3 to E5 at 70 to 140
//! quarters a minute, prints a table, and leaves `FOLDER/VOICE/NN.wav` and, spoken at the singer's
//! own pace, `FOLDER/VOICE/spoken/NN.wav` for `bench/hear.py`.

use std::{env, fs, path::Path, time::Instant};
use yuefu_audio::{Clip, SampleRate, Seconds};
use yuefu_lang::ReadOptions;
use yuefu_song::{Lyric, PerformedPhrase, lyrics::Delivery};
use yuefu_studio::Choir;
use yuefu_voice::{
    Expression, Natural, Singer, VoicePlan, measure::Sound, score, sung, testing, timing,
};

const RATE: SampleRate = SampleRate(44_100);
const LINES: &str = include_str!("lines.txt");

fn main() {
    let mut args = env::args().skip(1);
    let folder = args.next().expect("expected a folder to write to");
    let asked = args.next();
    let choir = Choir::standard();
    for id in choir
        .ids()
        .filter(|id| asked.as_deref().is_none_or(|a| a == *id))
    {
        let singer = choir.singer(id).expect("a shipped voice loads");
        if singer.profile().languages.contains(&"en") {
            measure(&*singer, &Path::new(&folder).join(id));
        }
    }
}

/// A line on notes: stressed syllables on quarters, others on eighths, the last held.
fn set(line: &str, number: usize) -> PerformedPhrase {
    let read = yuefu_lyrics::languages().read(line, &ReadOptions::default());
    let syllables = read
        .words
        .iter()
        .flat_map(|word| word.syllables.iter().enumerate());
    let sung: Vec<(Lyric, bool)> = syllables
        .map(|(place, syllable)| {
            let lyric = Lyric {
                text: syllable.text.clone(),
                lang: "en".to_owned(),
                reading: syllable.reading.clone(),
                continues: place > 0,
                ..Lyric::default()
            };
            (lyric, syllable.reading.contains('1'))
        })
        .collect();
    testing::walk(&sung, number, false)
}

/// The same line spoken: every syllable where the singer's own speech has it.
fn spoken(phrase: &PerformedPhrase, singer: &dyn Singer) -> PerformedPhrase {
    let outline = timing::outline(&sung::read(phrase, 0));
    let natural: Natural = singer
        .speak(&timing::utterance(&outline))
        .expect("a shipped voice speaks");
    let mut phrase = phrase.clone();
    let mut at = 0.0;
    for (syllable, note) in outline.0.iter().zip(&mut phrase.notes) {
        let (from, to) = syllable.phones;
        let mut on = None;
        for (phone, seconds) in outline.1[from..to].iter().zip(&natural.seconds[from..to]) {
            if phone.part == yuefu_lang::Part::Nucleus {
                on = Some(at);
            }
            at += seconds;
        }
        note.on = Seconds(on.unwrap_or(at));
        note.off = Seconds(at);
        note.key = 57;
        if let Some(lyric) = &mut note.lyric {
            lyric.delivery = Delivery::Spoken;
        }
    }
    phrase.length = Seconds(at);
    phrase
}

fn measure(singer: &dyn Singer, folder: &Path) {
    let quiet = folder.join("spoken");
    fs::create_dir_all(&quiet).expect("the folder can be made");
    let (mut cents, mut onsets) = (Vec::new(), Vec::new());
    let (mut voiced, mut frames) = (0, 0);
    let (mut took, mut lasted) = (0.0, 0.0);
    for (number, line) in LINES.lines().enumerate() {
        let phrase = set(line, number);
        let start = Instant::now();
        let (plan, clip) = sing(singer, &phrase, &Expression::default());
        took += start.elapsed().as_secs_f64();
        lasted += clip.audio.frames() as f64 / RATE.hz();
        let sound = Sound {
            plan: &plan,
            clip: &clip,
        };
        let key = |time: f64| {
            let note = phrase
                .notes
                .iter()
                .find(|n| n.on.0 <= time && time < n.off.0);
            note.map(|note| f64::from(note.key))
        };
        cents.extend(sound.notes(&key).into_iter().map(f64::abs));
        onsets.extend(sound.onsets().into_iter().map(f64::abs));
        let deviations = sound.deviations();
        voiced += deviations.iter().flatten().count();
        frames += deviations.len();
        save(&clip, &folder.join(format!("{number:02}.wav")));
        let (_, clip) = sing(singer, &spoken(&phrase, singer), &Expression::default());
        save(&clip, &quiet.join(format!("{number:02}.wav")));
    }
    let mut drops = Vec::new();
    for key in testing::SCALE {
        for vowel in ["M AA1", "M IY1", "M UW1", "M EH1"] {
            let phrase = testing::line("en", &[(vowel, key)], 3.2);
            let (plan, clip) = sing(singer, &phrase, &Expression::default());
            let sound = Sound {
                plan: &plan,
                clip: &clip,
            };
            // Whole cycles of vibrato, so that its pulsation does not count.
            drops.push((sound.level(0.2, 0.56) - sound.level(2.5, 2.86)).abs());
        }
    }
    let near = cents.iter().filter(|c| **c <= 20.0).count();
    println!("{}", singer.profile().id);
    println!(
        "| notes | pitch error, median | within 20 cents | onset error, median / p95 | voiced | level drop over 3 s, median / worst | cost |"
    );
    println!("|---|---|---|---|---|---|---|");
    println!(
        "| {} | {:.1} cents | {:.1} % | {:.0} / {:.0} ms ({}) | {:.3} | {:.1} / {:.1} dB | {:.3} s/s |",
        cents.len(),
        percentile(&mut cents, 0.5),
        100.0 * near as f64 / cents.len() as f64,
        1e3 * percentile(&mut onsets, 0.5),
        1e3 * percentile(&mut onsets, 0.95),
        onsets.len(),
        f64::from(voiced as u32) / f64::from(frames as u32),
        percentile(&mut drops, 0.5),
        percentile(&mut drops, 1.0),
        took / lasted,
    );
}

fn sing(
    singer: &dyn Singer,
    phrase: &PerformedPhrase,
    expression: &Expression,
) -> (VoicePlan, Clip) {
    let plan = score::plan(phrase, expression, singer)
        .expect("a shipped voice plans")
        .plan;
    let clip = singer.sing(&plan, RATE).expect("a shipped voice sings");
    (plan, clip)
}

fn percentile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values
        .get((last as f64 * share).round() as usize)
        .copied()
        .unwrap_or(f64::NAN)
}

fn save(clip: &Clip, path: &Path) {
    let format = yuefu_audiofile::AudioFormat::parse("wav16").expect("a known format");
    let mut audio = clip.audio.clone();
    // Louder than in a mix, and never beyond full scale.
    audio.scale((0.9 / audio.peak().max(1e-6)).min(2.0));
    yuefu_audiofile::write_file(path, &audio, format, &Default::default())
        .expect("the file can be written");
}
