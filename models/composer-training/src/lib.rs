//! Trains the networks of `yuefu-composer` on tunes of real songs.

pub mod baseline;
pub mod batch;
pub mod curves;
pub mod net;
pub mod run;
pub mod train;
pub mod tunes;
