//! Sings and speaks test lines, to be judged by speech recognition and by measuring:
//! `hear LINES LANG WEIGHTS OUT WAYS SINGERS [MODEL VOICES] [--lines N] [--from K]
//! [--spoken-pace] [--spoken-melody] [--note KEY] [--lower SEMITONES] [--voice NAME]`.
//!
//! `WAYS` are letters: `t` the teacher speaks, `c` the teacher's speech taken apart and put
//! together again, `s` the singer with the teacher's timing and pitch, `g`
//! the singer on a melody, `k` the teacher on the same melody, as Kokoro sings. `--voice` is another
//! voice of Kokoro in place of the singer's teacher, for `t` and `k`. Files are 32-bit
//! floats at 24 kHz: `OUT/WAY-SINGER-LINE.f32`. Measures of melodies go to standard output: way,
//! singer, line, seconds of song, seconds spent on them, voiced share, level in dB, cents of each note, onset
//! errors in milliseconds.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use yuefu_audio::{SampleRate, Seconds};
use yuefu_kokoro::{Kokoro, KokoroSinger, LineSyllable, Studied, Voice};
use yuefu_lang::{Part, ReadOptions};
use yuefu_lyrics::lexicons::languages;
use yuefu_singer_training::cast::CAST;
use yuefu_singer_training::record::{Manner, Spoken, speak};
use yuefu_song::lyrics::Delivery;
use yuefu_song::{Lyric, PerformedPhrase};
use yuefu_voice::measure::Sound;
use yuefu_voice::neural::{Network, NeuralSinger};
use yuefu_voice::plan::frames_of;
use yuefu_voice::{
    Curves, Expression, FRAME, Pause, PlanPhone, PlanSyllable, Singer, SingerProfile, Track,
    VoicePlan, score, testing,
};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [lines, lang, weights, out, ways, singers, rest @ ..] = args.as_slice() else {
        return Err("usage: hear LINES LANG WEIGHTS OUT WAYS SINGERS [MODEL VOICES]".into());
    };
    let option = |name: &str, usual: usize| {
        let value = value(rest, name).and_then(|value| value.parse().ok());
        value.unwrap_or(usual)
    };
    let other = value(rest, "--voice");
    let (count, from) = (option("--lines", 30), option("--from", 0));
    let network = Arc::new(Network::parse(&fs::read(weights)?)?);
    let teacher = match rest {
        [model, voices, ..] if !model.starts_with("--") => Some((
            Arc::new(Kokoro::load(fs::read(model)?, 1)?),
            Path::new(voices),
        )),
        _ => None,
    };
    fs::create_dir_all(out)?;
    let text = fs::read_to_string(lines)?;
    for (number, line) in text.lines().enumerate().skip(from).take(count) {
        let syllables = read(line, lang)?;
        for singer in singers.split(',') {
            let singer: usize = singer.parse()?;
            let voice = NeuralSinger::new(network.clone(), singer, profile(singer), "test");
            let save = |way: char, samples: &[f32]| {
                let bytes: Vec<u8> = samples.iter().flat_map(|x| x.to_le_bytes()).collect();
                fs::write(
                    Path::new(out).join(format!("{way}-{singer}-{number:02}.f32")),
                    bytes,
                )
            };
            let low = other.unwrap_or(CAST[singer].voice).as_bytes().get(1) == Some(&b'm');
            let sing = |way: char, voice: &dyn Singer| -> Result<(), Box<dyn Error>> {
                let lyrics: Vec<(Lyric, bool)> = syllables
                    .iter()
                    .enumerate()
                    .map(|(index, (said, lyric))| {
                        // Stressed syllables are long, in Mandarin every other one.
                        let long = match lang.as_str() {
                            "en" => said.sounds.stress == Some(1),
                            _ => index % 2 == 0,
                        };
                        (lyric.clone(), long)
                    })
                    .collect();
                let mut phrase = testing::walk(&lyrics, number, low);
                nearer_to_speech(&mut phrase, rest, voice)?;
                let begun = Instant::now();
                let plan = score::plan(&phrase, &Expression::default(), voice)?.plan;
                let clip = voice.sing(&plan, SampleRate(24_000))?;
                let spent = begun.elapsed().as_secs_f64();
                let faults = plan.faults();
                if !faults.is_empty() {
                    return Err(faults.join("; ").into());
                }
                save(way, &clip.audio.channels[0])?;
                print!("{way}\t{singer}\t{number}\t");
                report(&plan, &phrase, &clip, spent);
                Ok(())
            };
            if ways.contains(['t', 'c', 's', 'k']) {
                let (kokoro, voices) = teacher.as_ref().ok_or("t, c, s and k need MODEL VOICES")?;
                let load = |name: &str| -> Result<Voice, Box<dyn Error>> {
                    Ok(Voice::parse(&fs::read(
                        voices.join(format!("{name}.bin")),
                    )?)?)
                };
                let sound = load(other.unwrap_or(CAST[singer].voice))?;
                let [cmn, en] = CAST[singer].prosody.map(|own| other.unwrap_or(own));
                let studied = Studied {
                    cmn: sound.spoken_like(&load(cmn)?),
                    en: sound.spoken_like(&load(en)?),
                };
                let teacher = match lang.as_str() {
                    "en" => &studied.en,
                    _ => &studied.cmn,
                };
                let manner = Manner {
                    speed: 0.9,
                    moved: 0.0,
                };
                let said: Vec<LineSyllable> = syllables.iter().map(|s| s.0.clone()).collect();
                let spoken = speak(kokoro, teacher, &said, manner)?;
                if ways.contains('t') {
                    save('t', &spoken.audio)?;
                }
                if ways.contains('c') {
                    save('c', &yuefu_singer_training::record::again(&spoken))?;
                }
                if ways.contains('s') {
                    let plan = as_spoken(&said, &spoken);
                    save(
                        's',
                        &voice.sing(&plan, SampleRate(24_000))?.audio.channels[0],
                    )?;
                }
                if ways.contains('k') {
                    let singer =
                        KokoroSinger::new(kokoro.clone(), studied, profile(singer), "test");
                    sing('k', &singer)?;
                }
            }
            if ways.contains('g') {
                sing('g', &voice)?;
            }
        }
    }
    Ok(())
}

/// What follows an option: nothing where it is the last word, `None` where it is not given.
fn value<'a>(options: &'a [String], name: &str) -> Option<&'a str> {
    let at = options.iter().position(|option| option == name)?;
    Some(options.get(at + 1).map_or("", String::as_str))
}

/// Takes from a melody what is asked: its pace, its height or all of its tune, so that it shows
/// which of them costs words.
fn nearer_to_speech(
    phrase: &mut PerformedPhrase,
    options: &[String],
    voice: &dyn Singer,
) -> Result<(), Box<dyn Error>> {
    let is = |name: &str| options.iter().any(|option| option == name);
    let number = |name: &str| -> Result<u8, Box<dyn Error>> {
        let value = value(options, name).map(str::parse).transpose()?;
        Ok(value.unwrap_or(0))
    };
    if is("--spoken-pace") {
        let plan = score::plan(phrase, &Expression::default(), voice)?.plan;
        let mut at = 0.0;
        for (note, syllable) in phrase.notes.iter_mut().zip(&plan.syllables) {
            let own = &plan.phones[syllable.phones.0..syllable.phones.1];
            note.on = Seconds(at);
            at += own.iter().map(|phone| phone.natural).sum::<f64>();
            note.off = Seconds(at);
        }
        phrase.length = Seconds(at);
    }
    let (key, lower) = (number("--note")?, number("--lower")?);
    for note in &mut phrase.notes {
        note.key = match key {
            0 => note.key.saturating_sub(lower),
            key => key,
        };
        if let (true, Some(lyric)) = (is("--spoken-melody"), &mut note.lyric) {
            lyric.delivery = Delivery::Spoken;
        }
    }
    Ok(())
}

/// A syllable as it is said and as it is sung.
type Read = (LineSyllable, Lyric);

/// The syllables of a line.
fn read(line: &str, lang: &str) -> Result<Vec<Read>, Box<dyn Error>> {
    let code: &'static str = if lang == "en" { "en" } else { "cmn" };
    let reading = languages().read(line, &ReadOptions { lang: Some(code) });
    let mut out = Vec::new();
    for word in &reading.words {
        for (index, syllable) in word.syllables.iter().enumerate() {
            let sounds = yuefu_lang::sounds(word.lang, &syllable.reading).map_err(|f| f.en)?;
            let said = LineSyllable {
                lang: word.lang.to_owned(),
                sounds,
                word_start: index == 0,
                pause_after: false,
            };
            let lyric = Lyric {
                text: syllable.text.clone(),
                lang: word.lang.to_owned(),
                reading: syllable.reading.clone(),
                continues: index > 0,
                ..Lyric::default()
            };
            out.push((said, lyric));
        }
    }
    Ok(out)
}

/// The plan of a line just as the teacher speaks it.
fn as_spoken(said: &[LineSyllable], spoken: &Spoken) -> VoicePlan {
    let hop = 0.0125;
    let mut syllables: Vec<PlanSyllable> = Vec::new();
    let mut phones: Vec<PlanPhone> = Vec::new();
    for (index, syllable) in said.iter().enumerate() {
        let first = phones.len();
        let mine = spoken
            .phones
            .iter()
            .filter(|p| usize::from(p.syllable) == index);
        for (labeled, phone) in mine.zip(&syllable.sounds.phones) {
            let (start, end) = (f64::from(labeled.start) * hop, f64::from(labeled.end) * hop);
            let start = phones.last().map_or(start, |before| start.max(before.end));
            phones.push(PlanPhone {
                symbol: phone.symbol,
                part: phone.part,
                syllable: index,
                start,
                end: end.max(start),
                natural: (end - start).max(0.005),
            });
        }
        let on = phones[first..].iter().find(|p| p.part == Part::Nucleus);
        syllables.push(PlanSyllable {
            lang: if syllable.lang == "en" { "en" } else { "cmn" },
            tone: syllable.sounds.tone,
            stress: syllable.sounds.stress,
            starts_word: syllable.word_start,
            pause: Pause::None,
            phones: (first, phones.len()),
            on: on.map_or(0.0, |p| p.start),
        });
    }
    let end = spoken.pitch.len() as f64 * hop;
    let count = frames_of(0.0, end);
    let mut last = spoken
        .pitch
        .iter()
        .copied()
        .find(|x| *x > 0.0)
        .unwrap_or(200.0);
    let contour: Vec<f32> = (0..count)
        .map(|index| {
            let at = (index as f64 * FRAME / hop) as usize;
            let here = spoken.pitch.get(at).copied().unwrap_or(0.0);
            if here > 0.0 {
                last = here;
            }
            last
        })
        .collect();
    let flat = |value: f32| Track(vec![value; count]);
    VoicePlan {
        syllables,
        phones,
        breaths: Vec::new(),
        start: 0.0,
        end,
        curves: Curves {
            f0: Track(contour.clone()),
            tune: Track(contour),
            level: flat(0.0),
            breathiness: flat(0.0),
            tension: flat(0.0),
            formant: flat(0.0),
            voicing: flat(1.0),
        },
        seed: 1,
    }
}

fn report(plan: &VoicePlan, phrase: &PerformedPhrase, clip: &yuefu_audio::Clip, spent: f64) {
    let sound = Sound { plan, clip };
    let key = |time: f64| {
        let note = phrase
            .notes
            .iter()
            .rev()
            .find(|note| note.on.0 <= time + 0.001)?;
        Some(f64::from(note.key))
    };
    let notes: Vec<String> = sound
        .notes(&key)
        .iter()
        .map(|c| format!("{c:.1}"))
        .collect();
    let deviations = sound.deviations();
    let voiced =
        deviations.iter().filter(|d| d.is_some()).count() as f64 / deviations.len().max(1) as f64;
    let onsets: Vec<String> = sound
        .onsets()
        .iter()
        .map(|o| format!("{:.1}", o * 1000.0))
        .collect();
    println!(
        "{:.2}\t{spent:.3}\t{voiced:.4}\t{:.1}\t{}\t{}",
        clip.audio.frames() as f64 / 24_000.0,
        20.0 * clip.audio.rms().max(1e-9).log10(),
        notes.join(","),
        onsets.join(",")
    );
}

fn profile(singer: usize) -> SingerProfile {
    SingerProfile {
        id: format!("voice-{singer}"),
        en: CAST[singer].voice.to_owned(),
        zh: CAST[singer].voice.to_owned(),
        languages: vec!["cmn", "en"],
        range: [45, 81],
        sweet: [55, 72],
        digest: String::new(),
    }
}
