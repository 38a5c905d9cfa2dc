//! Training the drummer: takes of real drummers, the network, batches, what it has to beat.

pub mod baseline;
pub mod batch;
pub mod ideas;
pub mod lesson;
pub mod net;
pub mod takes;
