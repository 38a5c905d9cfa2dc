//! Runs of eight steps that are killed and go on.

use std::path::Path;
use yuefu_composer_training::train::{Progress, checkpoint};

/// `run` trains in a folder until a step, looking every second one: killed and gone on with, it
/// must end as it does in one go. Returns the best weights.
pub fn goes_on(name: &str, run: impl Fn(&Path, usize) -> Progress) -> Vec<u8> {
    let folder = std::env::temp_dir().join(format!("yuefu-{name}-{}", std::process::id()));
    let (whole, cut) = (folder.join("whole"), folder.join("cut"));
    let straight = run(&whole, 99);
    assert_eq!(run(&cut, 3).step, 3);
    assert_eq!(checkpoint(&cut).expect("kept").step, 3);
    let resumed = run(&cut, 99);
    assert_eq!(straight.step, 8);
    assert_eq!(
        straight.looks.last().map(|look| look.2),
        resumed.looks.last().map(|look| look.2)
    );
    let best = |folder: &Path| std::fs::read(folder.join("best.yfw")).expect("weights");
    assert!(best(&whole) == best(&cut));
    let (first, last) = (straight.looks[0].1, straight.looks[3].1);
    assert!(last < first, "{first} to {last}");
    let weights = best(&whole);
    std::fs::remove_dir_all(folder).expect("cleaned");
    weights
}
