//! Measures mastering: `cargo run --release -p yuefu-release --example master_speed`.

use std::time::Instant;
use yuefu_audio::{AudioBuffer, Lufs, SampleRate, math};
use yuefu_engine::{Rng, SeedPath};
use yuefu_release::master::apply::WINDOW;
use yuefu_release::master::{
    MasterSettings, Mastering, Shaping, apply_master, dither, master, measure_kept, plan_master,
};

fn main() {
    let mut rng = Rng::new(1);
    let frames = 180 * 48_000;
    let channels = (0..2)
        .map(|_| {
            let mut low = 0.0_f32;
            (0..frames)
                .map(|i| {
                    let beat = (i % 24_000) as f32 / 24_000.0;
                    low += 0.06 * (rng.bipolar() - low);
                    (low * 3.0 + rng.bipolar() * 0.05) * (0.1 + math::fast_exp2(-beat * 6.0))
                })
                .collect()
        })
        .collect();
    let audio = AudioBuffer {
        rate: SampleRate(48_000),
        channels,
    };
    for target in [-14.0, -9.0] {
        let input = audio.clone();
        let settings = MasterSettings {
            target: Lufs(target),
            ..MasterSettings::default()
        };
        let start = Instant::now();
        match master(input, &settings) {
            Ok((mut out, report)) => {
                let took = start.elapsed().as_secs_f64();
                println!(
                    "180 s to {target} LUFS: {took:.2} s ({:.0} x real time); {:?} LUFS, {:?}, \
                     limiter {:.1} dB",
                    180.0 / took,
                    report.after.integrated,
                    report.true_peak,
                    report.limiter_db
                );
                let Ok((plan, _)) = plan_master(&audio, &settings) else {
                    continue;
                };
                let start = Instant::now();
                let again = apply_master(&plan, &audio);
                let took = start.elapsed().as_secs_f64();
                println!("plan applied {took:.2} s (same: {})", again == out);
                let mastering = Mastering::new(&plan, audio.rate);
                let start = Instant::now();
                for k in 5..15 {
                    let window = k * WINDOW..(k + 1) * WINDOW;
                    std::hint::black_box(mastering.window(&audio, 0, window));
                }
                println!(
                    "a window of 5.5 s, one thread: {:.1} ms",
                    start.elapsed().as_secs_f64() * 100.0
                );
                let start = Instant::now();
                let kept = measure_kept(&out, settings.target);
                println!(
                    "measured {:.2} s: {:?} LU",
                    start.elapsed().as_secs_f64(),
                    kept.off_target
                );
                let start = Instant::now();
                dither(&mut out, 16, Shaping::Flat, &SeedPath::song(1));
                println!("dither {:.2} s", start.elapsed().as_secs_f64());
            }
            Err(error) => println!("{error}"),
        }
    }
}
