//! Decoding and encoding audio files.
