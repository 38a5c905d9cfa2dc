//! From a plan to the score.
