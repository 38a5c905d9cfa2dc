//! The SoundFont reader: what it reads, what it refuses, and that nothing makes it fall over.

use proptest::prelude::*;
use std::sync::Arc;
use yuefu_audio::SampleRate;
use yuefu_instruments::{
    Instrument, Orchestra,
    bank::Bank,
    contract::{note, phrase},
    sampler::Sampler,
};
use yuefu_song::Family;

fn chunk(tag: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut out = tag.to_vec();
    out.extend((content.len() as u32).to_le_bytes());
    out.extend_from_slice(content);
    if content.len() % 2 == 1 {
        out.push(0);
    }
    out
}

fn list(kind: &[u8; 4], chunks: &[Vec<u8>]) -> Vec<u8> {
    chunk(b"LIST", &[kind.to_vec(), chunks.concat()].concat())
}

fn record(name: &str, numbers: &[u16]) -> Vec<u8> {
    let mut out = name.as_bytes().to_vec();
    out.resize(20, 0);
    out.extend(numbers.iter().flat_map(|n| n.to_le_bytes()));
    out
}

fn words(numbers: &[u16]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

/// A bank with one preset, one instrument, a global zone, a modulator and one looped tone of
/// 441 Hz recorded at 44.1 kHz for key 69 (so that it sounds 4 cents high).
fn small_bank() -> Vec<u8> {
    let points: Vec<u8> = (0..2_000)
        .map(|i| f64::from(i % 100) / 100.0 * std::f64::consts::TAU)
        .flat_map(|angle| ((yuefu_audio::math::sin(angle) * 20_000.0) as i16).to_le_bytes())
        .chain([0; 92])
        .collect();
    let mut header = record("tone", &[]);
    for number in [0_u32, 2_000, 500, 1_500, 44_100] {
        header.extend(number.to_le_bytes());
    }
    header.extend([69, 0, 0, 0, 1, 0]);
    let tables = [
        chunk(
            b"phdr",
            &[
                record("tone", &[7, 3, 0, 0, 0, 0, 0, 0, 0]),
                record("EOP", &[0, 0, 1, 0, 0, 0, 0, 0, 0]),
            ]
            .concat(),
        ),
        chunk(b"pbag", &words(&[0, 0, 2, 0])),
        chunk(b"pmod", &[0; 10]),
        // Coarse tune -12, then the instrument.
        chunk(b"pgen", &words(&[51, 0xFFF4, 41, 0, 0, 0])),
        chunk(
            b"inst",
            &[record("tone", &[0]), record("EOI", &[2])].concat(),
        ),
        chunk(b"ibag", &words(&[0, 0, 1, 0, 4, 1])),
        chunk(b"imod", &words(&[0x0081, 6, 30, 0, 0, 0, 0, 0, 0, 0])),
        chunk(b"igen", &words(&[54, 1, 43, 0x7F00, 52, 7, 53, 0, 0, 0])),
        chunk(b"shdr", &[header, record("EOS", &[0; 13])].concat()),
    ];
    let body = [
        b"sfbk".to_vec(),
        list(b"INFO", &[chunk(b"ifil", &[2, 0, 4, 0])]),
        list(b"sdta", &[chunk(b"smpl", &points)]),
        list(b"pdta", &tables),
    ]
    .concat();
    chunk(b"RIFF", &body)
}

#[test]
fn a_small_bank_is_read_as_it_stands() {
    let bank = Bank::read(small_bank()).expect("a sound bank");
    assert_eq!(bank.presets().collect::<Vec<_>>(), [(3, 7, "tone")]);
    let regions = bank.regions(3, 7).expect("its preset");
    let [region] = &*regions else {
        panic!("{} regions", regions.len());
    };
    assert_eq!(region.generators[51], -12.0);
    assert_eq!(region.generators[52], 7.0);
    assert_eq!(region.generators[54], 1.0);
    let sample = bank.sample(region.sample);
    assert_eq!(
        (sample.length, sample.loop_start, sample.loop_end),
        (2_000, 500, 1_500)
    );
    assert!((sample.points[25] - 20_000.0 / 32_768.0).abs() < 1e-3);
    assert!(bank.regions(0, 0).is_none());
}

#[test]
fn a_users_bank_joins_the_orchestra() {
    let orchestra = Orchestra::standard()
        .with_soundfont(small_bank())
        .expect("a sound bank");
    let profile = orchestra.profile("user:3:7").expect("its preset");
    assert_eq!(profile.en, "tone");
    let clip = orchestra.render(
        &phrase("user:3:7", vec![note(0.0, 1.0, 69, 0.8)]),
        SampleRate(48_000),
    );
    assert!(clip.audio.peak() > 0.05);
    let silent = orchestra.render(
        &phrase("user:9:9", vec![note(0.0, 1.0, 69, 0.8)]),
        SampleRate(48_000),
    );
    assert_eq!(silent.audio.frames(), 0);
}

#[test]
fn what_is_no_bank_is_refused_with_a_remedy() {
    for (bytes, word) in [
        (Vec::new(), "SoundFont"),
        (b"ID3 this is an mp3".to_vec(), "SoundFont"),
        (small_bank()[..3_000].to_vec(), "damaged"),
        (chunk(b"RIFF", b"sfbk"), "pdta"),
    ] {
        let error = Bank::read(bytes).expect_err("no bank").to_string();
        assert!(error.contains(word), "{error}");
    }
}

/// Everything a player would do with a bank.
fn use_up(bank: Bank) {
    let bank = Arc::new(bank);
    let presets: Vec<(u16, u16)> = bank.presets().map(|p| (p.0, p.1)).take(4).collect();
    for (number, program) in presets {
        let sampler = Sampler::new(Arc::clone(&bank), number, program, Family::Keyboard, 8)
            .expect("a listed preset");
        let clip = sampler.render(
            &phrase("", vec![note(0.0, 0.05, 60, 0.8)]),
            SampleRate(44_100),
        );
        assert!(clip.audio.channels.iter().flatten().all(|s| s.is_finite()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_damaged_bank_is_refused_or_played(
        changes in prop::collection::vec((0.0..1.0_f64, any::<u8>()), 1..12),
        cut in 0.3..1.0_f64,
    ) {
        let mut bytes = small_bank();
        let whole = bytes.len();
        // Most of the file is audio: aim half of the changes at the tables behind it.
        for (index, (place, value)) in changes.into_iter().enumerate() {
            let from = if index % 2 == 0 { whole - 520 } else { 0 };
            let at = from + ((whole - from - 1) as f64 * place) as usize;
            bytes[at] = value;
        }
        if cut > 0.9 {
            bytes.truncate((whole as f64 * cut) as usize);
        }
        if let Ok(bank) = Bank::read(bytes) {
            use_up(bank);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn damaged_vorbis_is_silent_or_plays(
        changes in prop::collection::vec((0.0..1.0_f64, any::<u8>()), 1..20),
        compressed in 0..400_usize,
    ) {
        let shipped = yuefu_data::get("bank/general.sf3").expect("the shipped bank");
        let general = Bank::read(shipped).expect("the shipped bank");
        let header = &general.hydra().samples[compressed];
        let base = general.hydra().data.0;
        let mut stream = shipped[base + header.start as usize..base + header.end as usize].to_vec();
        for (place, value) in changes {
            let at = ((stream.len() - 1) as f64 * place * place) as usize;
            stream[at] = value;
        }
        // The small bank with this stream in place of its tone.
        let mut bytes = small_bank();
        let smpl = bytes.windows(4).position(|w| w == b"smpl").expect("its data");
        let old = u32::from_le_bytes(bytes[smpl + 4..smpl + 8].try_into().expect("four bytes"));
        let length = stream.len() as u32;
        let grown = length + (length & 1);
        stream.resize(grown as usize, 0);
        bytes.splice(smpl + 8..smpl + 8 + old as usize, stream);
        bytes[smpl + 4..smpl + 8].copy_from_slice(&grown.to_le_bytes());
        for at in [4, smpl - 8] {
            let size = u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
            bytes[at..at + 4].copy_from_slice(&(size - old + grown).to_le_bytes());
        }
        let shdr = bytes.windows(4).position(|w| w == b"shdr").expect("its samples");
        bytes[shdr + 8 + 24..shdr + 8 + 28].copy_from_slice(&length.to_le_bytes());
        bytes[shdr + 8 + 44] = 17;
        use_up(Bank::read(bytes).expect("only the stream is damaged"));
    }
}
