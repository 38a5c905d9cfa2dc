//! A voice speaks and sings test lines, to be judged by speech recognition and by measuring:
//! `hear MODEL VOICES VOICE LINES LANG OUT [COUNT]`.
//!
//! Files are 32-bit floats at 24 kHz: `OUT/t-0-LINE.f32` spoken by the model, `OUT/g-0-LINE.f32`
//! sung; `bench/voices/judge.py` judges them. Measures go to standard output: line, seconds of song,
//! processor seconds for them, voiced share, cents of each note, onset errors in milliseconds.

use std::{error::Error, fs, path::Path, sync::Arc, time::Instant};
use yuefu_audio::SampleRate;
use yuefu_kokoro::{
    Alignment, Kokoro, KokoroSinger, Line, LineSyllable, Studied, Voice, languages, trim,
};
use yuefu_lang::ReadOptions;
use yuefu_song::Lyric;
use yuefu_voice::{Expression, Singer, SingerProfile, measure::Sound, score, testing};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [model, voices, name, lines, lang, out, rest @ ..] = args.as_slice() else {
        return Err("usage: hear MODEL VOICES VOICE LINES LANG OUT [COUNT]".into());
    };
    let count = rest.first().map_or(Ok(15), |text| text.parse())?;
    let kokoro = Arc::new(Kokoro::load(fs::read(model)?, 1)?);
    let voice = Voice::parse(&fs::read(Path::new(voices).join(format!("{name}.bin")))?)?;
    let low = name.as_bytes().get(1) == Some(&b'm');
    let singer = KokoroSinger::new(
        kokoro.clone(),
        Studied {
            cmn: voice.clone(),
            en: voice.clone(),
        },
        SingerProfile {
            id: "voice-test".to_owned(),
            en: name.clone(),
            zh: name.clone(),
            languages: languages(name),
            range: if low { [40, 67] } else { [52, 79] },
            sweet: if low { [43, 60] } else { [55, 72] },
            digest: String::new(),
        },
        "test",
    );
    if lines == "contract" {
        let wrong = yuefu_voice::contract::check(&singer);
        println!("{} faults\n{}", wrong.len(), wrong.join("\n"));
        return Ok(());
    }
    fs::create_dir_all(out)?;
    let code: &'static str = if lang == "en" { "en" } else { "cmn" };
    let save = |way: char, number: usize, samples: &[f32]| {
        let bytes: Vec<u8> = samples.iter().flat_map(|x| x.to_le_bytes()).collect();
        fs::write(
            Path::new(out).join(format!("{way}-0-{number:02}.f32")),
            bytes,
        )
    };
    for (number, line) in fs::read_to_string(lines)?.lines().enumerate().take(count) {
        let reading = yuefu_lyrics::languages().read(line, &ReadOptions { lang: Some(code) });
        let (mut said, mut sung) = (Vec::new(), Vec::new());
        for word in &reading.words {
            for (index, syllable) in word.syllables.iter().enumerate() {
                let sounds = yuefu_lang::sounds(word.lang, &syllable.reading).map_err(|f| f.en)?;
                let long = match code {
                    "en" => sounds.stress == Some(1),
                    _ => sung.len() % 2 == 0,
                };
                let lyric = Lyric {
                    text: syllable.text.clone(),
                    lang: word.lang.to_owned(),
                    reading: syllable.reading.clone(),
                    continues: index > 0,
                    ..Lyric::default()
                };
                sung.push((lyric, long));
                said.push(LineSyllable {
                    lang: word.lang.to_owned(),
                    sounds,
                    word_start: index == 0,
                    pause_after: false,
                });
            }
        }
        let spelled = Line::spell(&said)?;
        let style = voice.style(spelled.len());
        let read = kokoro.read(&spelled, style, 0.9)?;
        let alignment = Alignment::new(&trim(&spelled, &read.frames));
        let prosody = kokoro.intone(&read, &alignment, style)?;
        save(
            't',
            number,
            &kokoro.sound(&read, &alignment, &prosody, style)?,
        )?;

        let phrase = testing::walk(&sung, number, low);
        let begun = Instant::now();
        let plan = score::plan(&phrase, &Expression::default(), &singer)?.plan;
        let clip = singer.sing(&plan, SampleRate(24_000))?;
        let spent = begun.elapsed().as_secs_f64();
        save('g', number, &clip.audio.channels[0])?;
        let sound = Sound {
            plan: &plan,
            clip: &clip,
        };
        let key = |time: f64| {
            let mut notes = phrase.notes.iter().rev();
            let note = notes.find(|note| note.on.0 <= time + 0.001)?;
            Some(f64::from(note.key))
        };
        let list = |values: Vec<f64>| {
            let texts: Vec<String> = values.iter().map(|value| format!("{value:.1}")).collect();
            texts.join(",")
        };
        let all = sound.deviations();
        let voiced = all.iter().flatten().count() as f64 / all.len().max(1) as f64;
        println!(
            "{number}\t{:.2}\t{spent:.3}\t{voiced:.4}\t{}\t{}",
            clip.audio.frames() as f64 / 24_000.0,
            list(sound.notes(&key)),
            list(sound.onsets().iter().map(|o| o * 1000.0).collect()),
        );
    }
    Ok(())
}
