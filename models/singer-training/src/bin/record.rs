//! Records the training data: `record MODEL VOICES OUT SHARD/SHARDS MINUTES [--wav FOLDER]`.
//!
//! Each shard is a process of its own with its own seed. A shard that was begun goes on where it
//! stopped. Lines go to `OUT/SHARD.rec`.

use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, Write};
use std::path::Path;
use std::time::Instant;
use yuefu_engine::rng::Rng;
use yuefu_kokoro::{Kokoro, PITCH_HOP, Voice};
use yuefu_singer_training::cast::CAST;
use yuefu_singer_training::record::{Manner, Taker, speak};
use yuefu_singer_training::store::Recorded;
use yuefu_singer_training::texts::Texts;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [model, voices, out, shard, minutes, rest @ ..] = args.as_slice() else {
        return Err("usage: record MODEL VOICES OUT SHARD/SHARDS MINUTES [--wav FOLDER]".into());
    };
    let option = |name: &str| {
        let at = rest.iter().position(|arg| arg == name)?;
        rest.get(at + 1)
    };
    let wav = option("--wav");
    let (shard, _) = shard.split_once('/').ok_or("expected SHARD/SHARDS")?;
    let shard: u64 = shard.parse()?;
    let minutes: f64 = minutes.parse()?;
    fs::create_dir_all(out)?;
    let path = Path::new(out).join(format!("{shard}.rec"));
    let (done, mut seconds) = count(&path)?;
    let kokoro = Kokoro::load(fs::read(model)?, 1)?;
    let voice = |name: &str| -> Result<Voice, Box<dyn Error>> {
        Ok(Voice::parse(&fs::read(
            Path::new(voices).join(format!("{name}.bin")),
        )?)?)
    };
    let mut cast = Vec::new();
    for singer in &CAST {
        let sound = voice(singer.voice)?;
        cast.push([
            sound.spoken_like(&voice(singer.prosody[0])?),
            sound.spoken_like(&voice(singer.prosody[1])?),
        ]);
    }
    let mut texts = [Texts::new("cmn", shard), Texts::new("en", shard)];
    let mut taker = Taker::default();
    let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
    let begun = Instant::now();
    let before = seconds;
    for index in 0.. {
        if seconds >= minutes * 60.0 {
            break;
        }
        let mut rng = Rng::new(shard << 32 | index);
        let singer = (index as usize + shard as usize) % CAST.len();
        let lang = usize::from(rng.below(10) >= CAST[singer].mandarin_in_ten);
        let line = texts[lang].line();
        let manner = Manner {
            speed: rng.range(0.75, 1.0),
            moved: if rng.chance(0.35) {
                rng.range(-4.0, 6.0)
            } else {
                0.0
            },
        };
        if index < done || line.is_empty() {
            continue;
        }
        let spoken = speak(&kokoro, &cast[singer][lang], &line, manner)?;
        if let Some(folder) = wav {
            let bytes: Vec<u8> = spoken.audio.iter().flat_map(|x| x.to_le_bytes()).collect();
            let said: Vec<String> = line.iter().map(|s| s.sounds.ipa()).collect();
            fs::write(
                Path::new(folder).join(format!("{index}-{singer}-{lang}.f32")),
                bytes,
            )?;
            println!("{index} {} {lang} {}", CAST[singer].voice, said.join(" "));
        }
        let recorded = taker.take(singer as u8, manner, &spoken);
        let mut bytes = Vec::new();
        recorded.write(&mut bytes)?;
        file.write_all(&bytes)?;
        seconds += recorded.len() as f64 * PITCH_HOP;
        if index % 20 == 0 {
            let speed = (seconds - before) / begun.elapsed().as_secs_f64();
            let left = (minutes * 60.0 - seconds) / speed / 60.0;
            println!(
                "shard {shard}: {:.1} of {minutes} minutes, {speed:.2} x real time, {left:.1} minutes left",
                seconds / 60.0
            );
        }
    }
    for text in &texts {
        println!("coverage: {:?}", text.coverage());
    }
    Ok(())
}

/// Whole lines in a file and their seconds; what was cut off behind them is removed.
fn count(path: &Path) -> Result<(u64, f64), Box<dyn Error>> {
    let Ok(file) = File::open(path) else {
        return Ok((0, 0.0));
    };
    let mut from = BufReader::new(file);
    let (mut lines, mut seconds, mut length) = (0, 0.0, 0);
    while let Some(line) = Recorded::read(&mut from)? {
        let mut bytes = Vec::new();
        line.write(&mut bytes)?;
        length += bytes.len() as u64;
        lines += 1;
        seconds += line.len() as f64 * PITCH_HOP;
    }
    OpenOptions::new().write(true).open(path)?.set_len(length)?;
    Ok((lines, seconds))
}
