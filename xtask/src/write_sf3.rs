//! Writes a SoundFont 3 file: the SoundFont 2.04 structure with Ogg Vorbis samples.

use crate::pack_bank::PackedSample;
use yuefu_instruments::bank::hydra::{Bag, Generator, Hydra, Modulator};

/// The whole file.
pub fn write(hydra: &Hydra, samples: &[PackedSample]) -> Vec<u8> {
    let mut data = Vec::new();
    let mut places = Vec::new();
    for sample in samples {
        let start = data.len() as u32;
        data.extend_from_slice(&sample.data);
        places.push((start, data.len() as u32));
    }
    let info = [
        // Version 3.1 is how players tell that samples are compressed.
        (b"ifil", vec![3, 0, 1, 0]),
        (b"isng", text("EMU8000")),
        (b"INAM", text("Yuefu General")),
        (
            b"ICOP",
            text("MIT, parts CC0 and public domain; see SOURCE.md"),
        ),
        (
            b"ICMT",
            text("Selected from MuseScore General 0.2.1 by cargo run -p xtask -- pack-bank"),
        ),
    ];
    let info: Vec<u8> = info
        .into_iter()
        .flat_map(|(tag, content)| chunk(tag, &content))
        .collect();
    let mut body = b"sfbk".to_vec();
    body.extend(list(b"INFO", &info));
    body.extend(list(b"sdta", &chunk(b"smpl", &data)));
    body.extend(list(b"pdta", &tables(hydra, &places)));
    chunk(b"RIFF", &body)
}

/// A chunk with its padding byte.
fn chunk(tag: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut out = tag.to_vec();
    out.extend((content.len() as u32).to_le_bytes());
    out.extend_from_slice(content);
    if content.len() % 2 == 1 {
        out.push(0);
    }
    out
}

fn list(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    chunk(b"LIST", &[kind.as_slice(), content].concat())
}

/// A text with an even number of bytes, at least one of them zero.
fn text(value: &str) -> Vec<u8> {
    let mut bytes = value.as_bytes().to_vec();
    bytes.resize((bytes.len() / 2 + 1) * 2, 0);
    bytes
}

/// A name field of 20 bytes.
fn name(value: &str) -> [u8; 20] {
    let mut field = [0; 20];
    for (to, from) in field.iter_mut().take(19).zip(value.bytes()) {
        *to = from;
    }
    field
}

/// The nine tables with their terminal records.
fn tables(hydra: &Hydra, places: &[(u32, u32)]) -> Vec<u8> {
    let mut presets = Vec::new();
    let last = ("EOP".to_owned(), [0, 0, hydra.preset_bags.len() as u16]);
    let headers = hydra
        .presets
        .iter()
        .map(|p| (p.name.clone(), [p.program, p.bank, p.bag]));
    for (label, numbers) in headers.chain([last]) {
        presets.extend(name(&label));
        presets.extend(numbers.iter().flat_map(|n| n.to_le_bytes()));
        presets.extend([0; 12]);
    }
    let mut instruments = Vec::new();
    let last = ("EOI".to_owned(), hydra.instrument_bags.len() as u16);
    for (label, bag) in hydra
        .instruments
        .iter()
        .map(|i| (i.name.clone(), i.bag))
        .chain([last])
    {
        instruments.extend(name(&label));
        instruments.extend(bag.to_le_bytes());
    }
    let mut samples = Vec::new();
    for (header, place) in hydra.samples.iter().zip(places) {
        samples.extend(name(&header.name));
        for number in [
            place.0,
            place.1,
            header.loop_start,
            header.loop_end,
            header.rate,
        ] {
            samples.extend(number.to_le_bytes());
        }
        samples.extend([header.key, header.correction as u8]);
        samples.extend(header.link.to_le_bytes());
        samples.extend(header.kind.to_le_bytes());
    }
    samples.extend(name("EOS"));
    samples.extend([0; 26]);
    [
        chunk(b"phdr", &presets),
        chunk(
            b"pbag",
            &bags(
                &hydra.preset_bags,
                hydra.preset_generators.len(),
                hydra.preset_modulators.len(),
            ),
        ),
        chunk(b"pmod", &modulators(&hydra.preset_modulators)),
        chunk(b"pgen", &generators(&hydra.preset_generators)),
        chunk(b"inst", &instruments),
        chunk(
            b"ibag",
            &bags(
                &hydra.instrument_bags,
                hydra.instrument_generators.len(),
                hydra.instrument_modulators.len(),
            ),
        ),
        chunk(b"imod", &modulators(&hydra.instrument_modulators)),
        chunk(b"igen", &generators(&hydra.instrument_generators)),
        chunk(b"shdr", &samples),
    ]
    .concat()
}

fn bags(bags: &[Bag], generators: usize, modulators: usize) -> Vec<u8> {
    let last = Bag {
        generator: generators as u16,
        modulator: modulators as u16,
    };
    bags.iter()
        .chain([&last])
        .flat_map(|bag| [bag.generator.to_le_bytes(), bag.modulator.to_le_bytes()].concat())
        .collect()
}

fn generators(generators: &[Generator]) -> Vec<u8> {
    generators
        .iter()
        .flat_map(|g| [g.number.to_le_bytes(), g.amount.to_le_bytes()].concat())
        .chain([0; 4])
        .collect()
}

fn modulators(modulators: &[Modulator]) -> Vec<u8> {
    modulators
        .iter()
        .flat_map(|m| {
            [
                m.source.to_le_bytes(),
                m.destination.to_le_bytes(),
                m.amount.to_le_bytes(),
                m.amount_source.to_le_bytes(),
                m.transform.to_le_bytes(),
            ]
            .concat()
        })
        .chain([0; 10])
        .collect()
}
