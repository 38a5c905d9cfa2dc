//! From stems to the mix.
