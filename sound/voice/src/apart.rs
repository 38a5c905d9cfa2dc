//! Work that waits for threads of others.

/// Runs work on a thread of its own, and waits for it.
///
/// Networks run on thread pools of their own. A worker of our pool that waits for such a one takes up
/// other phrases meanwhile: where it holds a lock, as while a voice is loaded, the next phrase that
/// wants that voice waits for the very worker that it runs on, and elsewhere phrases pile up on one
/// stack. So voices are loaded and networks run apart.
pub fn apart<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    std::thread::scope(|scope| scope.spawn(work).join())
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
