//! The sampler: SoundFont voices rendered offline, phrase by phrase.
