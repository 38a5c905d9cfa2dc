//! Every sampled instrument keeps the contract.

use yuefu_instruments::{
    Orchestra,
    contract::{self, Promises},
};

/// Sounds without a steady pitch at their key, and those that are detuned or inharmonic by
/// nature, so that autocorrelation says nothing of their tuning.
const UNPITCHED: &[&str] = &[
    // Struck skins, wood and metal.
    "timpani",
    "agogo",
    "woodblock",
    "melodic-tom",
    "taiko",
    "synth-drum",
    "tubular-bells",
    "guitar-harmonics",
    // Drawbars with a subharmonic and a rotor.
    "drawbar-organ",
    "percussive-organ",
    // Several players, singers or strings that are not quite together.
    "choir",
    "pizzicato-strings",
    "dulcimer",
    // Breath over a bottle settles from above.
    "bottle",
];

fn keep_the_contract(part: usize) {
    let orchestra = Orchestra::standard();
    let sampled: Vec<_> = orchestra
        .profiles()
        .iter()
        .filter(|profile| profile.engine.starts_with("sampler:"))
        .collect();
    assert!(sampled.len() >= 136);
    let mut wrong = Vec::new();
    for profile in sampled.into_iter().skip(part).step_by(2) {
        let mut promises = Promises::of(profile);
        promises.pitch &= !UNPITCHED.contains(&profile.id.as_str());
        let instrument = orchestra
            .instrument(profile)
            .unwrap_or_else(|| panic!("{} has no preset", profile.id));
        for what in contract::check(instrument.as_ref(), profile, promises) {
            wrong.push(format!("{}: {what}", profile.id));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn even_ones_keep_the_contract() {
    keep_the_contract(0);
}

#[test]
fn odd_ones_keep_the_contract() {
    keep_the_contract(1);
}
