//! Yuefu on the command line.
fn main() {}
