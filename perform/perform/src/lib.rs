//! From the score to a performance.
