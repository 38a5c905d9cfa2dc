//! SoundFont and SFZ banks: reading, checking, decoding.
