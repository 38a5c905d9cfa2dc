//! From an edit to its sound: how long each kind of edit takes until the whole song can be
//! played again, against rendering the song from nothing in the same run.
//!
//! `cargo run --release -p yuefu-bench --bin latency`

use std::time::Instant;
use yuefu_studio::{
    Cancel, Overrides, ReleasePlan, RenderOptions, Rendered, Silent, Song, Store, Studio,
    StudioError, editing::Wish, keeping::Keeping, render::STAGES, song::ops::Tracks,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let started = Instant::now();
    let studio = Studio::standard()?;
    println!("opening the studio: {:.0} ms", ms(started));
    let mut overrides = Overrides::default();
    for (name, value) in [("length", "180"), ("seed", "5")] {
        overrides.set(name, value)?;
    }
    let prompt = "a warm city pop night drive";
    let mut song = studio
        .compose(prompt, &overrides, &ReleasePlan::streaming())?
        .song;
    let root = std::env::temp_dir().join(format!("yuefu-latency-{}", std::process::id()));
    let keeping = Keeping::at(root.join("a.yuefu"));
    let started = Instant::now();
    let first = play(&studio, &song, None, None);
    let fresh = started.elapsed().as_secs_f64();
    println!(
        "{} tracks, {:.0} s; from nothing, nothing kept: {:.2} s = {:.1} x real time",
        song.score.tracks.len(),
        song.plan.length.0,
        fresh,
        song.plan.length.0 / fresh
    );
    song.mix = Some(first.plan);
    song.master = Some(first.mastering);
    let started = Instant::now();
    let mut before = play(&studio, &song, Some(keeping.store()), None);
    println!(
        "from nothing, everything kept: {:.2} s",
        started.elapsed().as_secs_f64()
    );
    let size = keeping.size()?;
    println!(
        "store: {} artifacts, {:.0} MB",
        size.count,
        size.bytes as f64 / 1e6
    );

    println!(
        "edit | units made by stage | to samples (ms) | to a file (ms) | fresh/edit | store growth (MB)"
    );
    for kind in [
        "nothing",
        "note",
        "another note",
        "velocity of a phrase",
        "section of the tune",
        "section",
        "gain",
        "tempo",
    ] {
        let held = keeping.size()?.bytes;
        let started = Instant::now();
        let edited = edit(&studio, &song, kind)?;
        let made = play(&studio, &edited, Some(keeping.store()), Some(&before));
        let samples = ms(started);
        studio.preview(&made.master, &root.join("preview.wav"), song.seed)?;
        let file = ms(started);
        let units: Vec<String> = STAGES
            .iter()
            .zip(&made.units)
            .map(|(_, (made, _))| made.to_string())
            .collect();
        println!(
            "{kind} | {} | {samples:.0} | {file:.0} | {:.1} | {:.1}",
            units.join(" "),
            fresh * 1000.0 / samples,
            (keeping.size()?.bytes - held) as f64 / 1e6
        );
        before = made;
        song = edited;
    }
    std::fs::remove_dir_all(root)?;
    Ok(())
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

fn edit(studio: &Studio, song: &Song, kind: &str) -> Result<Song, StudioError> {
    let mut song = song.clone();
    let lead = song
        .score
        .tracks
        .iter()
        .position(|track| track.role == yuefu_studio::song::Role::Lead)
        .unwrap_or(0);
    match kind {
        "note" | "another note" => {
            let phrases = &mut song.score.tracks[lead].phrases;
            let middle = phrases.len() / if kind == "note" { 2 } else { 3 };
            if let Some(note) = phrases[middle].notes.get_mut(1) {
                note.pitch.octave += if note.pitch.octave > 4 { -1 } else { 1 };
            }
        }
        "velocity of a phrase" => {
            for note in song.score.tracks[lead].phrases[2].notes.iter_mut() {
                note.velocity = (note.velocity / 2).max(1);
            }
        }
        "section of the tune" | "section" => {
            let place = song.plan.sections[2].id.parse()?;
            let tracks = if kind == "section" {
                Tracks::all()
            } else {
                Tracks::named(song.score.tracks[lead].id.clone())
            };
            song = studio
                .regenerate(&song, &tracks, &place, Wish::another(), 1)?
                .song;
        }
        "gain" => {
            if let Some(strip) = song.mix.as_mut().and_then(|mix| mix.tracks.get_mut(lead)) {
                strip.gain_db -= 2.0;
            }
        }
        "tempo" => {
            for timeline in [&mut song.score.timeline, &mut song.plan.timeline] {
                for point in &mut timeline.tempo {
                    point.bpm *= 1.02;
                }
            }
        }
        _ => {}
    }
    Ok(song)
}

fn play(
    studio: &Studio,
    song: &Song,
    store: Option<&dyn Store>,
    before: Option<&Rendered>,
) -> Rendered {
    let scratch = std::env::temp_dir().join("yuefu-latency-scratch");
    let options = RenderOptions {
        threads: yuefu_studio::default_threads(),
        store,
        before: before.map(|made| &made.ledger),
        stems: None,
        mix: false,

        measure: false,
        scratch: &scratch,
        progress: &Silent,
        cancel: &Cancel::new(),
    };
    match studio.render(song, &options) {
        Ok(made) => made,
        Err(error) => panic!("{}", error.message(yuefu_studio::song::brief::Lang::En)),
    }
}
