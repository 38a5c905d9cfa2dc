//! Speaks a line: `say MODEL VOICE LANG "ni3 hao3 | shi4 jie4" OUT.f32` (`|` between words, `,`
//! after a syllable for a pause, `;` between English syllables).
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let kokoro = yuefu_kokoro::Kokoro::load(std::fs::read(&args[1])?, 1)?;
    let voice = yuefu_kokoro::Voice::parse(&std::fs::read(&args[2])?)?;
    let mut syllables = Vec::new();
    for word in args[4].split('|') {
        let parts: Vec<&str> = if args[3] == "cmn" {
            word.split_whitespace().collect()
        } else {
            word.split(';').collect()
        };
        for (index, part) in parts.iter().enumerate() {
            let reading = part.trim_end_matches(',').trim();
            syllables.push(yuefu_kokoro::LineSyllable {
                lang: args[3].clone(),
                sounds: yuefu_lang::sounds(&args[3], reading).map_err(|fault| fault.en)?,
                word_start: index == 0,
                pause_after: part.ends_with(','),
            });
        }
    }
    let line = yuefu_kokoro::Line::spell(&syllables)?;
    let style = voice.style(line.len());
    let start = std::time::Instant::now();
    let reading = kokoro.read(&line, style, 0.9)?;
    let alignment = yuefu_kokoro::Alignment::new(&reading.frames);
    let prosody = kokoro.intone(&reading, &alignment, style)?;
    let audio = kokoro.sound(&reading, &alignment, &prosody, style)?;
    println!(
        "{} frames, {:.2} s of sound in {:.2} s; {:?}",
        alignment.frames(),
        audio.len() as f64 / 24e3,
        start.elapsed().as_secs_f64(),
        reading.frames
    );
    std::fs::write(
        &args[5],
        audio
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect::<Vec<u8>>(),
    )?;
    Ok(())
}
