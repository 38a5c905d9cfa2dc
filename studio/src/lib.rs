//! The facade every application uses.
