//! From the mix to finished files.
