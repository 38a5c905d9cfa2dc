//! Packs the shipped SoundFont from a selection of presets, copying Vorbis streams as they are.
//!
//! What no selected preset can reach is dropped: presets, instruments, zones outside the keys
//! that are asked of them, samples. Where a source is more generous than the size of the
//! program allows, every second zone of an instrument is dropped and its neighbors widened.

use crate::{even, write_sf3};
use std::collections::{BTreeMap, BTreeSet};
use yuefu_instruments::bank::{
    Bank,
    hydra::{Bag, Generator, Hydra, InstrumentHeader, PresetHeader, SampleHeader},
    region::{self, Zone, number},
};

/// Drum kits, by program.
const KITS: [u16; 8] = [0, 8, 16, 24, 25, 32, 40, 48];
/// Presets of bank 0 that come from the full edition: the string sections, with two dynamic
/// layers and separate attacks where the lite edition has one.
const FROM_FULL: [u16; 2] = [48, 49];

/// Presets of bank 0 that are recorded more densely than their steady sound needs.
const DENSE: [u16; 4] = [17, 18, 19, 67];

/// Presets of bank 0 whose recordings are evened in loudness: the pianos and the strings.
const UNEVEN: [u16; 5] = [0, 1, 3, 48, 49];

/// One opened source.
struct Source {
    bytes: Vec<u8>,
    hydra: Hydra,
    bank: Bank,
}

/// An instrument that the selection uses, and the keys and velocities asked of it.
struct Used {
    source: usize,
    index: usize,
    /// Whether every second zone may go.
    dense: bool,
    /// Whether its recordings are evened, and the least attenuation that presets add.
    uneven: Option<i16>,
    asked: Vec<((u8, u8), (u8, u8))>,
}

/// One sample of the new bank: where its bytes are copied from, and its header.
pub struct PackedSample {
    /// The stream.
    pub data: Vec<u8>,
    /// The header; start and end are set when written.
    pub header: SampleHeader,
}

/// The task: arguments are the lite and the full edition of MuseScore General, and the output.
///
/// # Errors
/// A sentence when a file cannot be read or written, is no SoundFont, or lacks a preset.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let [lite, full, out] = arguments else {
        return Err("give LITE.sf3 FULL.sf3 OUT.sf3".into());
    };
    let sources = [open(lite)?, open(full)?];
    let (hydra, samples) = pack(&sources)?;
    let bytes = write_sf3::write(&hydra, &samples);
    std::fs::write(out, &bytes).map_err(|error| format!("cannot write {out}: {error}"))?;
    println!(
        "{out}: {} bytes, {} presets, {} instruments, {} samples, {} generators",
        bytes.len(),
        hydra.presets.len(),
        hydra.instruments.len(),
        samples.len(),
        hydra.instrument_generators.len(),
    );
    Ok(())
}

fn open(path: &str) -> Result<Source, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("cannot read {path}: {error}"))?;
    let bank = Bank::read(bytes.clone()).map_err(|error| format!("{path}: {error}"))?;
    Ok(Source {
        bytes,
        hydra: bank.hydra().clone(),
        bank,
    })
}

/// Source and preset number of everything that ships.
fn selection(sources: &[Source]) -> Result<Vec<(usize, usize)>, String> {
    let mut wanted: Vec<(usize, u16, u16)> = (0..128)
        .map(|program| (usize::from(FROM_FULL.contains(&program)), 0, program))
        .collect();
    wanted.extend(KITS.map(|program| (0, 128, program)));
    wanted
        .into_iter()
        .map(|(source, bank, program)| {
            sources[source]
                .hydra
                .presets
                .iter()
                .position(|p| p.bank == bank && p.program == program)
                .map(|preset| (source, preset))
                .ok_or_else(|| format!("source {source} has no preset {bank}:{program}"))
        })
        .collect()
}

/// A zone's range generator, low end first.
fn span(zone: &Zone<'_>, global: Option<&Zone<'_>>, which: usize) -> (u8, u8) {
    let find = |zone: &Zone<'_>| {
        zone.generators
            .iter()
            .find(|g| usize::from(g.number) == which)
            .map(|g| (g.amount as u8, (g.amount >> 8) as u8))
    };
    find(zone)
        .or_else(|| global.and_then(find))
        .unwrap_or((0, 127))
}

/// A zone's value of a generator, or 0.
fn value(zone: &Zone<'_>, global: Option<&Zone<'_>>, which: usize) -> i16 {
    let find = |zone: &Zone<'_>| {
        zone.generators
            .iter()
            .find(|g| usize::from(g.number) == which)
            .map(|g| g.amount as i16)
    };
    find(zone).or_else(|| global.and_then(find)).unwrap_or(0)
}

fn meet(a: (u8, u8), b: (u8, u8)) -> bool {
    a.0.max(b.0) <= a.1.min(b.1)
}

fn pack(sources: &[Source]) -> Result<(Hydra, Vec<PackedSample>), String> {
    let mut hydra = Hydra::default();
    let mut used: Vec<Used> = Vec::new();
    // Presets first: they say which instruments are used, and for which keys.
    for (source, preset) in selection(sources)? {
        let from = &sources[source].hydra;
        let header = &from.presets[preset];
        hydra.presets.push(PresetHeader {
            bag: hydra.preset_bags.len() as u16,
            ..header.clone()
        });
        let (global, local) = region::preset_zones(from, preset);
        for (zone, target) in global
            .iter()
            .map(|zone| (zone, None))
            .chain(local.iter().map(|zone| (zone, Some(zone.target))))
        {
            hydra.preset_bags.push(Bag {
                generator: hydra.preset_generators.len() as u16,
                modulator: hydra.preset_modulators.len() as u16,
            });
            hydra.preset_modulators.extend_from_slice(zone.modulators);
            hydra.preset_generators.extend_from_slice(zone.generators);
            if let Some(target) = target {
                let asked = (
                    span(zone, global.as_ref(), number::KEY_RANGE),
                    span(zone, global.as_ref(), number::VELOCITY_RANGE),
                );
                let index = used
                    .iter()
                    .position(|u| u.source == source && u.index == target)
                    .unwrap_or_else(|| {
                        used.push(Used {
                            source,
                            index: target,
                            dense: source == 1
                                || header.bank == 0 && DENSE.contains(&header.program),
                            uneven: None,
                            asked: Vec::new(),
                        });
                        used.len() - 1
                    });
                used[index].asked.push(asked);
                if header.bank == 0 && UNEVEN.contains(&header.program) {
                    let added = value(zone, global.as_ref(), number::ATTENUATION);
                    let least = used[index].uneven.unwrap_or(added).min(added);
                    used[index].uneven = Some(least);
                }
                if let Some(last) = hydra.preset_generators.last_mut() {
                    last.amount = index as u16;
                }
            }
        }
    }
    let mut samples = Samples::default();
    let spare = spare(&sources[0].hydra);
    for one in &used {
        let from = &sources[one.source].hydra;
        hydra.instruments.push(InstrumentHeader {
            name: from.instruments[one.index].name.clone(),
            bag: hydra.instrument_bags.len() as u16,
        });
        let (global, local) = region::instrument_zones(from, one.index);
        let mut kept: Vec<(Zone<'_>, (u8, u8))> = local
            .into_iter()
            .map(|zone| {
                let keys = span(&zone, global.as_ref(), number::KEY_RANGE);
                (zone, keys)
            })
            .filter(|(zone, keys)| {
                let velocities = span(zone, global.as_ref(), number::VELOCITY_RANGE);
                one.asked
                    .iter()
                    .any(|asked| meet(asked.0, *keys) && meet(asked.1, velocities))
            })
            .collect();
        if one.dense {
            let all = sides(kept, from, global.as_ref());
            kept = thin(all, |index, _| index % 2 == 0);
        } else if kept.iter().any(|(zone, _)| spare.contains(&zone.target)) {
            let all = sides(kept, from, global.as_ref());
            kept = thin(all, |_, zone| !spare.contains(&zone.target));
        }
        let evened: Option<Vec<i16>> = one.uneven.map(|added| {
            let levels: Vec<even::Level> = kept
                .iter()
                .map(|(zone, keys)| even::Level {
                    velocities: span(zone, global.as_ref(), number::VELOCITY_RANGE),
                    keys: *keys,
                    sample: zone.target,
                    own: value(zone, global.as_ref(), number::ATTENUATION),
                    added,
                })
                .collect();
            even::even(&sources[one.source].bank, &levels)
        });
        let globals = usize::from(global.is_some());
        for (order, (zone, keys)) in global
            .iter()
            .map(|zone| (zone, None))
            .chain(kept.iter().map(|(zone, keys)| (zone, Some(*keys))))
            .enumerate()
        {
            hydra.instrument_bags.push(Bag {
                generator: hydra.instrument_generators.len() as u16,
                modulator: hydra.instrument_modulators.len() as u16,
            });
            hydra
                .instrument_modulators
                .extend_from_slice(zone.modulators);
            let Some(keys) = keys else {
                hydra
                    .instrument_generators
                    .extend_from_slice(zone.generators);
                continue;
            };
            hydra.instrument_generators.push(Generator {
                number: number::KEY_RANGE as u16,
                amount: u16::from(keys.0) | u16::from(keys.1) << 8,
            });
            let attenuation = evened.as_ref().map(|list| list[order - globals]);
            let mut attenuation = attenuation.map(|amount| Generator {
                number: number::ATTENUATION as u16,
                amount: amount as u16,
            });
            for g in zone.generators {
                match usize::from(g.number) {
                    number::KEY_RANGE => {}
                    // The velocity range must stay before all others, the sample after all.
                    number::VELOCITY_RANGE => hydra.instrument_generators.push(*g),
                    number::ATTENUATION if evened.is_some() => {}
                    _ if attenuation.is_some() => {
                        hydra.instrument_generators.extend(attenuation.take());
                        push(
                            &mut hydra,
                            &mut samples,
                            &sources[one.source],
                            one.source,
                            zone,
                            *g,
                        )?;
                    }
                    _ => push(
                        &mut hydra,
                        &mut samples,
                        &sources[one.source],
                        one.source,
                        zone,
                        *g,
                    )?,
                }
            }
        }
    }
    let most = hydra
        .instrument_generators
        .len()
        .max(hydra.instrument_bags.len());
    if most >= usize::from(u16::MAX) {
        return Err(format!("{most} records do not fit a SoundFont"));
    }
    let list = samples.finish();
    hydra.samples = list.iter().map(|sample| sample.header.clone()).collect();
    Ok((hydra, list))
}

/// Appends a generator of an instrument; one that names a sample names the new one.
fn push(
    hydra: &mut Hydra,
    samples: &mut Samples,
    from: &Source,
    source: usize,
    zone: &Zone<'_>,
    generator: Generator,
) -> Result<(), String> {
    let amount = if usize::from(generator.number) == number::SAMPLE {
        samples.number(from, source, zone.target)?
    } else {
        generator.amount
    };
    hydra.instrument_generators.push(Generator {
        amount,
        ..generator
    });
    Ok(())
}

/// A zone and its keys.
type Keyed<'a> = (Zone<'a>, (u8, u8));

/// The samples of the loud piano layer that are spared: every second one.
fn spare(hydra: &Hydra) -> BTreeSet<usize> {
    let Some(loud) = hydra
        .instruments
        .iter()
        .position(|i| i.name == "Piano FF-low")
    else {
        return BTreeSet::new();
    };
    let (global, local) = region::instrument_zones(hydra, loud);
    let keyed = local
        .into_iter()
        .map(|zone| {
            let keys = span(&zone, global.as_ref(), number::KEY_RANGE);
            (zone, keys)
        })
        .collect();
    sides(keyed, hydra, global.as_ref())
        .iter()
        .flat_map(|side| side.iter().skip(1).step_by(2))
        .map(|(zone, _)| zone.target)
        .collect()
}

/// The zones of each side and velocity layer, in ascending order of keys.
fn sides<'a>(
    zones: Vec<Keyed<'a>>,
    hydra: &Hydra,
    global: Option<&Zone<'a>>,
) -> Vec<Vec<Keyed<'a>>> {
    let mut sides: BTreeMap<_, Vec<Keyed<'a>>> = BTreeMap::new();
    for (zone, keys) in zones {
        let side = hydra.samples[zone.target].kind & 7;
        let velocities = span(&zone, global, number::VELOCITY_RANGE);
        sides
            .entry((side, velocities))
            .or_default()
            .push((zone, keys));
    }
    sides
        .into_values()
        .map(|mut side| {
            side.sort_by_key(|(_, keys)| *keys);
            side
        })
        .collect()
}

/// Keeps some zones of each side and lets them reach half-way over those dropped.
fn thin<'a>(sides: Vec<Vec<Keyed<'a>>>, keep: impl Fn(usize, &Zone<'a>) -> bool) -> Vec<Keyed<'a>> {
    let mut all = Vec::new();
    for side in sides {
        let (Some(bottom), Some(top)) = (
            side.iter().map(|(_, keys)| keys.0).min(),
            side.iter().map(|(_, keys)| keys.1).max(),
        ) else {
            continue;
        };
        let kept: Vec<&Keyed<'a>> = side
            .iter()
            .enumerate()
            .filter(|(index, (zone, _))| keep(*index, zone))
            .map(|(_, keyed)| keyed)
            .collect();
        for (index, (zone, keys)) in kept.iter().enumerate() {
            let half = |a: u8, b: u8| ((u16::from(a) + u16::from(b)) / 2) as u8;
            let from = match index.checked_sub(1).and_then(|i| kept.get(i)) {
                Some((_, below)) => half(below.1, keys.0.max(1) - 1) + 1,
                None => bottom,
            };
            let to = match kept.get(index + 1) {
                Some((_, above)) => half(keys.1, above.0.max(1) - 1),
                None => top,
            };
            all.push((zone.clone(), (from.min(to), to)));
        }
    }
    all
}

/// The samples of the new bank, each stream once.
#[derive(Default)]
struct Samples {
    list: Vec<PackedSample>,
    /// Source and index of each, for links.
    origins: Vec<(usize, usize)>,
}

impl Samples {
    /// The new number of a sample.
    fn number(&mut self, from: &Source, source: usize, index: usize) -> Result<u16, String> {
        if let Some(found) = self.origins.iter().position(|&o| o == (source, index)) {
            return Ok(found as u16);
        }
        let header = &from.hydra.samples[index];
        let base = from.hydra.data.0;
        let data = from
            .bytes
            .get(base + header.start as usize..base + header.end as usize)
            .ok_or_else(|| format!("sample `{}` lies outside its file", header.name))?;
        let same = |old: &PackedSample| {
            old.data == data
                && (old.header.loop_start, old.header.loop_end, old.header.key)
                    == (header.loop_start, header.loop_end, header.key)
                && (old.header.correction, old.header.rate) == (header.correction, header.rate)
        };
        if let Some(found) = self.list.iter().position(same) {
            return Ok(found as u16);
        }
        self.list.push(PackedSample {
            data: data.to_vec(),
            header: header.clone(),
        });
        self.origins.push((source, index));
        Ok((self.list.len() - 1) as u16)
    }

    /// Renews the links of stereo pairs; one whose other side is not used becomes mono.
    fn finish(mut self) -> Vec<PackedSample> {
        for index in 0..self.list.len() {
            let (source, _) = self.origins[index];
            let link = usize::from(self.list[index].header.link);
            let other = self.origins.iter().position(|&o| o == (source, link));
            let header = &mut self.list[index].header;
            match other {
                Some(other) if header.kind & 6 != 0 && other != index => {
                    header.link = other as u16;
                }
                _ => {
                    header.link = 0;
                    header.kind = 1 | (header.kind & 16);
                }
            }
        }
        self.list
    }
}
