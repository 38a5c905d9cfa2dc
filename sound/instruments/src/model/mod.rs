//! Physical models: plucked, bowed and blown instruments that no free sample set covers well.
//!
//! Plucked instruments are digital waveguides ([`string`], [`plucked`]): a delay line per
//! polarization, excited by a shaped pluck, damped by a loop filter, heard through a modal body.
//! Bars and tongues are modal banks ([`struck`]). Bowed and blown instruments are hybrids
//! ([`source`], [`sustained`]): a harmonic source whose spectrum follows effort as the literature measures
//! it, noise gated by the period of the tone, and a resonant body; exact in pitch over the whole
//! range, where self-oscillating waveguides are neither in tune nor stable.

pub mod body;
pub mod plucked;
pub mod plucked_specs;
pub mod source;
pub mod string;
pub mod struck;
pub mod sustained;
pub mod sustained_specs;
pub mod sympathy;

#[cfg(test)]
mod checks;

use crate::Instrument;

/// The model of a name, such as `guzheng`, `erhu` or `dizi` (what follows `model:` in the
/// catalog); `None` when there is none.
pub fn instrument(name: &str) -> Option<Box<dyn Instrument>> {
    if let Some(spec) = plucked_specs::spec(name) {
        return Some(Box::new(plucked::Plucked { spec }));
    }
    if let Some(spec) = sustained_specs::spec(name) {
        return Some(Box::new(sustained::Sustained { spec }));
    }
    struck::spec(name).map(|spec| Box::new(struck::Struck { spec }) as Box<dyn Instrument>)
}
