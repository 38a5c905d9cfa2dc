//! Prints what is understood of each prompt given as an argument.

use yuefu_brief::{Overrides, explain, understand};

fn main() {
    for prompt in std::env::args().skip(1) {
        let brief = understand(&prompt, &Overrides::default());
        println!("{}", explain(&brief, brief.language));
    }
}
