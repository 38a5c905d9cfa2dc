//! From a performance to stems.
