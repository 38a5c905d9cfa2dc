//! The one suite that every instrument passes.
