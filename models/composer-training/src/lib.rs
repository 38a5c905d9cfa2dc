//! Trains the networks of `yuefu-composer` on tunes and chords of real songs, and that of
//! `yuefu-drummer` on takes of real drummers.

pub mod baseline;
pub mod batch;
pub mod chords;
pub mod curves;
pub mod drums;
pub mod hands;
mod lesson;
pub mod net;
pub mod pages;
pub mod reader;
pub mod run;
pub mod train;
pub mod tunes;
pub mod tuning;
