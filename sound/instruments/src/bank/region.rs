//! From zones to regions: what one key press may start, with all its numbers summed.
//!
//! SoundFont 2.04, section 9.4: a region's generators are the instrument's (global, then local
//! ones replacing them, over the defaults) plus the preset's; section 9.5: modulators of the
//! instrument replace identical defaults, those of the preset add to identical ones.

use super::{
    BankError,
    hydra::{Bag, Generator, Hydra, Modulator},
};

/// Number of generators.
pub const GENERATORS: usize = 61;
/// Most regions of one preset.
const MAX_REGIONS: usize = 65_536;

/// Generator numbers (section 8.1.2).
#[allow(missing_docs)]
pub mod number {
    pub const START: usize = 0;
    pub const END: usize = 1;
    pub const LOOP_START: usize = 2;
    pub const LOOP_END: usize = 3;
    pub const START_COARSE: usize = 4;
    pub const MOD_LFO_TO_PITCH: usize = 5;
    pub const VIB_LFO_TO_PITCH: usize = 6;
    pub const MOD_ENV_TO_PITCH: usize = 7;
    pub const FILTER_CUTOFF: usize = 8;
    pub const FILTER_Q: usize = 9;
    pub const MOD_LFO_TO_CUTOFF: usize = 10;
    pub const MOD_ENV_TO_CUTOFF: usize = 11;
    pub const END_COARSE: usize = 12;
    pub const MOD_LFO_TO_VOLUME: usize = 13;
    pub const CHORUS: usize = 15;
    pub const REVERB: usize = 16;
    pub const PAN: usize = 17;
    pub const MOD_LFO_DELAY: usize = 21;
    pub const MOD_LFO_FREQUENCY: usize = 22;
    pub const VIB_LFO_DELAY: usize = 23;
    pub const VIB_LFO_FREQUENCY: usize = 24;
    pub const MOD_ENV_DELAY: usize = 25;
    pub const VOL_ENV_DELAY: usize = 33;
    pub const VOL_ENV_ATTACK: usize = 34;
    pub const VOL_ENV_RELEASE: usize = 38;
    pub const INSTRUMENT: usize = 41;
    pub const KEY_RANGE: usize = 43;
    pub const VELOCITY_RANGE: usize = 44;
    pub const LOOP_START_COARSE: usize = 45;
    pub const KEY: usize = 46;
    pub const VELOCITY: usize = 47;
    pub const ATTENUATION: usize = 48;
    pub const LOOP_END_COARSE: usize = 50;
    pub const COARSE_TUNE: usize = 51;
    pub const FINE_TUNE: usize = 52;
    pub const SAMPLE: usize = 53;
    pub const SAMPLE_MODES: usize = 54;
    pub const SCALE_TUNING: usize = 56;
    pub const EXCLUSIVE_CLASS: usize = 57;
    pub const ROOT_KEY: usize = 58;
}

/// What one key press may start.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// Lowest and highest key.
    pub keys: (u8, u8),
    /// Lowest and highest velocity 0..=127.
    pub velocities: (u8, u8),
    /// Index of the sample.
    pub sample: usize,
    /// Summed generators, in the units of the specification.
    pub generators: [f32; GENERATORS],
    /// Modulators, defaults included.
    pub modulators: Vec<Modulator>,
    /// When it plays besides, in banks that say so (SFZ); SoundFonts never do.
    pub pick: Option<Pick>,
}

/// Conditions of SFZ that decide which of several regions plays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pick {
    /// It plays at this place, from 1, of `length` repetitions of a key.
    pub position: u32,
    /// Repetitions in a round; at least 1.
    pub length: u32,
    /// It plays when the note's random number lies from here.
    pub low: f32,
    /// To here (exclusive).
    pub high: f32,
    /// It plays when the key is released.
    pub release: bool,
}

impl Region {
    /// Whether a key and a velocity start it.
    pub fn takes(&self, key: u8, velocity: u8) -> bool {
        (self.keys.0..=self.keys.1).contains(&key)
            && (self.velocities.0..=self.velocities.1).contains(&velocity)
    }
}

/// Default values of generators (section 8.1.3).
pub fn defaults() -> [f32; GENERATORS] {
    let mut values = [0.0; GENERATORS];
    values[number::FILTER_CUTOFF] = 13_500.0;
    for time in [21, 23, 25, 26, 27, 28, 30, 33, 34, 35, 36, 38] {
        values[time] = -12_000.0;
    }
    values[number::SCALE_TUNING] = 100.0;
    values[number::KEY] = -1.0;
    values[number::VELOCITY] = -1.0;
    values[number::ROOT_KEY] = -1.0;
    values
}

/// The default modulators (section 8.4) that matter here. That of velocity to cutoff (8.4.2)
/// is left out, as every current player does: banks are made for its absence.
pub fn default_modulators() -> Vec<Modulator> {
    let modulator = |source, destination, amount, amount_source| Modulator {
        source,
        destination,
        amount,
        amount_source,
        transform: 0,
    };
    vec![
        modulator(0x0502, 48, 960, 0),
        modulator(0x000D, 6, 50, 0),
        modulator(0x0081, 6, 50, 0),
        modulator(0x0587, 48, 960, 0),
        modulator(0x028A, 17, 500, 0),
        modulator(0x058B, 48, 960, 0),
        modulator(0x020E, 52, 12_700, 0x0010),
    ]
}

/// Checks that every index in the tables leads somewhere, so that nothing fails later.
pub fn check(hydra: &Hydra) -> Result<(), BankError> {
    let ascending = |table: &str, indices: &mut dyn Iterator<Item = u16>, count: usize| {
        let mut last = 0;
        for (number, index) in indices.enumerate() {
            if index < last || usize::from(index) >= count.max(1) {
                return Err(BankError::damaged(
                    format!("table `{table}`, record {number}"),
                    format!("an index from {last} to {}", count.saturating_sub(1)),
                    index.to_string(),
                ));
            }
            last = index;
        }
        Ok(())
    };
    let h = hydra;
    ascending(
        "phdr",
        &mut h.presets.iter().map(|p| p.bag),
        h.preset_bags.len(),
    )?;
    ascending(
        "inst",
        &mut h.instruments.iter().map(|i| i.bag),
        h.instrument_bags.len(),
    )?;
    for (table, bags, generators, modulators) in [
        (
            "pbag",
            &h.preset_bags,
            h.preset_generators.len(),
            h.preset_modulators.len(),
        ),
        (
            "ibag",
            &h.instrument_bags,
            h.instrument_generators.len(),
            h.instrument_modulators.len(),
        ),
    ] {
        ascending(table, &mut bags.iter().map(|b| b.generator), generators)?;
        ascending(table, &mut bags.iter().map(|b| b.modulator), modulators)?;
    }
    for preset in 0..h.presets.len().saturating_sub(1) {
        let count: usize = preset_zones(h, preset)
            .1
            .iter()
            .map(|zone| instrument_zones(h, zone.target).1.len())
            .sum();
        if count > MAX_REGIONS {
            return Err(BankError::beyond(
                format!("preset `{}`", h.presets[preset].name),
                format!("at most {MAX_REGIONS} regions"),
                count.to_string(),
            ));
        }
    }
    Ok(())
}

/// One zone: its generators by number, its modulators and what it plays.
#[derive(Clone, Debug, Default)]
pub struct Zone<'a> {
    /// Generators in the order of the file.
    pub generators: &'a [Generator],
    /// Modulators.
    pub modulators: &'a [Modulator],
    /// Index of the instrument or sample; 0 in a global zone.
    pub target: usize,
}

/// The global zone, if any, and the others.
fn zones<'a>(
    bags: &'a [Bag],
    generators: &'a [Generator],
    modulators: &'a [Modulator],
    terminal: usize,
) -> (Option<Zone<'a>>, Vec<Zone<'a>>) {
    let mut global = None;
    let mut local = Vec::new();
    for (index, pair) in bags.windows(2).enumerate() {
        let zone = Zone {
            generators: &generators[usize::from(pair[0].generator)..usize::from(pair[1].generator)],
            modulators: &modulators[usize::from(pair[0].modulator)..usize::from(pair[1].modulator)],
            target: 0,
        };
        match zone
            .generators
            .iter()
            .find(|g| usize::from(g.number) == terminal)
        {
            Some(target) => local.push(Zone {
                target: usize::from(target.amount),
                ..zone
            }),
            None if index == 0 => global = Some(zone),
            None => {}
        }
    }
    (global, local)
}

/// The global zone, if any, and the other zones of a preset.
pub fn preset_zones(hydra: &Hydra, preset: usize) -> (Option<Zone<'_>>, Vec<Zone<'_>>) {
    let (Some(header), Some(next)) = (hydra.presets.get(preset), hydra.presets.get(preset + 1))
    else {
        return (None, Vec::new());
    };
    zones(
        &hydra.preset_bags[usize::from(header.bag)..=usize::from(next.bag)],
        &hydra.preset_generators,
        &hydra.preset_modulators,
        number::INSTRUMENT,
    )
}

/// The global zone, if any, and the other zones of an instrument; none when there is no such instrument.
pub fn instrument_zones(hydra: &Hydra, instrument: usize) -> (Option<Zone<'_>>, Vec<Zone<'_>>) {
    let (Some(header), Some(next)) = (
        hydra.instruments.get(instrument),
        hydra.instruments.get(instrument + 1),
    ) else {
        return (None, Vec::new());
    };
    zones(
        &hydra.instrument_bags[usize::from(header.bag)..=usize::from(next.bag)],
        &hydra.instrument_generators,
        &hydra.instrument_modulators,
        number::SAMPLE,
    )
}

/// The generators that a preset must not have (section 8.5, table of 8.1.3).
fn instrument_only(generator: usize) -> bool {
    matches!(generator, 0..=4 | 12 | 45 | 46 | 47 | 50 | 54 | 57 | 58)
}

/// The two ends of a range, low first.
fn range(generators: &[&[Generator]], which: usize) -> (u8, u8) {
    generators
        .iter()
        .flat_map(|list| list.iter())
        .rfind(|g| usize::from(g.number) == which)
        .map_or((0, 127), |g| (g.amount as u8, (g.amount >> 8) as u8))
}

/// Puts the modulators of `more` over `list`: an identical one is replaced or added to.
fn lay(list: &mut Vec<Modulator>, more: &[Modulator], add: bool) {
    for new in more {
        let same = |old: &&mut Modulator| {
            (
                old.source,
                old.destination,
                old.amount_source,
                old.transform,
            ) == (
                new.source,
                new.destination,
                new.amount_source,
                new.transform,
            )
        };
        match list.iter_mut().find(same) {
            Some(old) if add => old.amount = old.amount.saturating_add(new.amount),
            Some(old) => old.amount = new.amount,
            None => list.push(*new),
        }
    }
}

/// All regions of a preset.
pub fn flatten(hydra: &Hydra, preset: usize) -> Vec<Region> {
    let mut regions = Vec::new();
    let (preset_global, preset_local) = preset_zones(hydra, preset);
    let preset_global = preset_global.unwrap_or_default();
    for zone in &preset_local {
        let lists = [preset_global.generators, zone.generators];
        let keys = range(&lists, number::KEY_RANGE);
        let velocities = range(&lists, number::VELOCITY_RANGE);
        // A local generator replaces the global one before both are added to the instrument's.
        let mut offsets = [0.0; GENERATORS];
        for g in lists.iter().flat_map(|list| list.iter()) {
            let number = usize::from(g.number);
            if number < GENERATORS && !instrument_only(number) {
                offsets[number] = f32::from(g.amount as i16);
            }
        }
        let mut preset_modulators = preset_global.modulators.to_vec();
        lay(&mut preset_modulators, zone.modulators, false);

        let (global, local) = instrument_zones(hydra, zone.target);
        let global = global.unwrap_or_default();
        for inner in &local {
            if inner.target >= hydra.samples.len() {
                continue;
            }
            let lists = [global.generators, inner.generators];
            let inner_keys = range(&lists, number::KEY_RANGE);
            let inner_velocities = range(&lists, number::VELOCITY_RANGE);
            let keys = (keys.0.max(inner_keys.0), keys.1.min(inner_keys.1));
            let velocities = (
                velocities.0.max(inner_velocities.0),
                velocities.1.min(inner_velocities.1),
            );
            if keys.0 > keys.1 || velocities.0 > velocities.1 {
                continue;
            }
            let mut generators = defaults();
            for g in lists.iter().flat_map(|list| list.iter()) {
                if let Some(value) = generators.get_mut(usize::from(g.number)) {
                    *value = f32::from(g.amount as i16);
                }
            }
            for (value, offset) in generators.iter_mut().zip(&offsets) {
                *value += offset;
            }
            let mut modulators = default_modulators();
            lay(&mut modulators, global.modulators, false);
            lay(&mut modulators, inner.modulators, false);
            lay(&mut modulators, &preset_modulators, true);
            regions.push(Region {
                keys,
                velocities,
                sample: inner.target,
                generators,
                modulators,
                pick: None,
            });
        }
    }
    regions
}
