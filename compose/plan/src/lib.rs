//! From a brief to a song plan.
