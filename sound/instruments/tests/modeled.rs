//! Every modeled, synthesized and drum instrument keeps the contract.

use yuefu_instruments::contract::{Promises, check};
use yuefu_instruments::{Instrument, Orchestra, drum, model, synth};

#[test]
fn every_synthesized_instrument_keeps_the_contract() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for profile in Orchestra::standard().profiles() {
        let engine: Option<Box<dyn Instrument>> = match profile.engine.split_once(':') {
            Some(("model", name)) => model::instrument(name),
            Some(("synth", name)) => synth::instrument(name),
            Some(("kit", name)) => drum::instrument(name),
            _ => continue,
        };
        let Some(engine) = engine else {
            wrong.push(format!("{}: no engine {}", profile.id, profile.engine));
            continue;
        };
        count += 1;
        let promises = Promises {
            // Each note draws its own noise from its onset, so no two repeats are equal, and a
            // phrase is not the sum of the same notes played elsewhere.
            split: false,
            // A resonance sweeping over the fundamental turns its phase as it does in hardware.
            pitch: Promises::of(profile).pitch && profile.id != "acid-bass",
            velocity: true,
        };
        for complaint in check(engine.as_ref(), profile, promises) {
            wrong.push(format!("{}: {complaint}", profile.id));
        }
    }
    assert!(count >= 60, "only {count} synthesized instruments");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
