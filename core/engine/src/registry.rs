//! Several ways to do one job: engines by name and tier.

use std::sync::Arc;

/// How much an engine is preferred over others for the same job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Works, but something better is usually there.
    Fallback,
    /// Built in.
    Standard,
    /// A loaded model that the user wanted.
    Preferred,
}

/// One engine for a job.
#[derive(Debug)]
pub struct Entry<T: ?Sized> {
    /// Name, as written into documents.
    pub name: String,
    /// Raised whenever it gives other results.
    pub version: u32,
    /// How much it is preferred.
    pub tier: Tier,
    /// The engine.
    pub engine: Arc<T>,
}

/// The engines for one job.
#[derive(Debug)]
pub struct Registry<T: ?Sized>(Vec<Entry<T>>);

impl<T: ?Sized> Default for Registry<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: ?Sized> Registry<T> {
    /// Adds an engine; one of the same name is replaced.
    pub fn register(&mut self, name: &str, version: u32, tier: Tier, engine: Arc<T>) {
        self.0.retain(|entry| entry.name != name);
        self.0.push(Entry {
            name: name.to_owned(),
            version,
            tier,
            engine,
        });
    }

    /// The engine of a name.
    pub fn get(&self, name: &str) -> Option<&Entry<T>> {
        self.0.iter().find(|entry| entry.name == name)
    }

    /// The engine of the highest tier; among equals the one registered first.
    pub fn best(&self) -> Option<&Entry<T>> {
        self.0.iter().rev().max_by(|a, b| a.tier.cmp(&b.tier))
    }

    /// All engines in the order of their registration.
    pub fn entries(&self) -> &[Entry<T>] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_tier_wins_then_the_first() {
        let mut registry: Registry<str> = Registry::default();
        assert!(registry.best().is_none());
        registry.register("a", 1, Tier::Standard, Arc::from("a"));
        registry.register("b", 1, Tier::Standard, Arc::from("b"));
        assert_eq!(&*registry.best().unwrap().engine, "a");
        registry.register("c", 2, Tier::Preferred, Arc::from("c"));
        assert_eq!(registry.best().unwrap().name, "c");
        registry.register("a", 3, Tier::Fallback, Arc::from("A"));
        assert_eq!(registry.get("a").unwrap().version, 3);
    }
}
