//! Pitch, interval, scale, key, chord, metre and musical time.
