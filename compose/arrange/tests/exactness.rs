//! What is asked for is delivered, or refused with a reason: over all shipped styles.

use yuefu_arrange::{Band, arrange};
use yuefu_engine::{Rng, SeedPath};
use yuefu_song::{
    Catalog, Family, StyleBook,
    brief::{
        Brief, EnergyKind, EnergyPoint, Exclusion, InstrumentWish, LengthWish, Severity, TempoWish,
        Weighted,
    },
};
use yuefu_theory::{Key, Metre, Mode};

fn catalog() -> Catalog {
    Catalog::parse(&yuefu_data::tables("instruments")).expect("the shipped catalog is valid")
}

fn random_brief(rng: &mut Rng, book: &StyleBook, catalog: &Catalog) -> Brief {
    let style = rng.pick(book.styles()).expect("styles ship").id.clone();
    let mut brief = Brief {
        styles: vec![Weighted::new(style, 1.0)],
        ..Brief::default()
    };
    if rng.chance(0.6) {
        brief.tempo = Some(TempoWish {
            bpm: Some(f64::from(rng.range(50.0, 190.0)).round()),
            ..TempoWish::default()
        });
    }
    if rng.chance(0.6) {
        let mode = *rng
            .pick(&[Mode::Major, Mode::Minor, Mode::Dorian, Mode::Gong])
            .expect("not empty");
        brief.key = Some(Key::simplest(rng.below(12) as u8, mode));
    }
    if rng.chance(0.4) {
        let (beats, unit) = *rng
            .pick(&[(3, 4), (4, 4), (6, 8), (5, 4), (7, 8), (2, 4), (12, 8)])
            .expect("not empty");
        brief.metre = Some(Metre::new(beats, unit));
    }
    if rng.chance(0.7) {
        brief.length = Some(if rng.chance(0.7) {
            LengthWish::Seconds((f64::from(rng.range(10.0, 300.0)) * 1000.0).round() / 1000.0)
        } else {
            LengthWish::Bars(4 + rng.below(120) as u32)
        });
    }
    if rng.chance(0.4) {
        let pitched: Vec<_> = catalog
            .profiles()
            .iter()
            .filter(|p| {
                !matches!(p.family, Family::Kit | Family::Effect) && !p.id.starts_with("gm-")
            })
            .collect();
        for _ in 0..1 + rng.below(2) {
            let id = rng.pick(&pitched).expect("not empty").id.clone();
            if !brief.instruments.iter().any(|w| w.id == id) {
                brief.instruments.push(InstrumentWish {
                    id,
                    wanted: true,
                    role: None,
                    explicit: true,
                    generic: false,
                    weight: 1.0,
                });
            }
        }
    }
    if rng.chance(0.25) {
        brief.excluded.push(Exclusion {
            group: "drums".into(),
            families: vec![Family::Kit],
            ids: Vec::new(),
        });
    }
    brief.loop_seamless = rng.chance(0.12);
    brief
}

#[test]
fn tempo_metre_key_length_and_instruments_are_obeyed() {
    let book = yuefu_plan::standard_styles().expect("the shipped styles are valid");
    let catalog = catalog();
    for seed in 0..400 {
        let path = SeedPath::song(seed);
        let brief = random_brief(&mut path.join("brief").rng(), &book, &catalog);
        let (plan, notes) = yuefu_plan::plan(&brief, &Default::default(), &book, &catalog, &path);
        if notes.iter().any(|n| n.severity == Severity::Error) {
            // Refusal is allowed only where two exact wishes exclude each other.
            assert!(
                brief.loop_seamless || matches!(brief.length, Some(LengthWish::Seconds(_))),
                "{seed}: {notes:?}"
            );
            continue;
        }
        let what = format!(
            "seed {seed}, style {}: {:?} {:?}",
            plan.style, brief.tempo, brief.length
        );
        let metre = &plan.timeline.metres[0].metre;
        if let Some(wanted) = &brief.metre {
            assert_eq!(metre, wanted, "{what}");
        }
        if let Some(bpm) = brief.tempo.as_ref().and_then(|t| t.bpm) {
            let felt = if metre.is_compound() {
                metre.unit_len().as_quarters() * 3.0
            } else {
                1.0
            };
            assert!(
                (plan.timeline.tempo[0].bpm / felt - bpm).abs() < 1e-9,
                "{what}"
            );
        }
        if let Some(key) = brief.key {
            assert!(plan.sections.iter().all(|s| s.key == key), "{what}");
        }
        match brief.length {
            Some(LengthWish::Seconds(seconds)) => {
                assert!((plan.length.0 - seconds).abs() < 1e-9, "{what}")
            }
            Some(LengthWish::Bars(bars)) => assert_eq!(
                plan.sections.iter().map(|s| s.bars).sum::<u32>(),
                bars,
                "{what}"
            ),
            None => {}
        }
        let end = plan.sections.last().expect("a song has sections").span.end;
        assert!(
            plan.timeline.seconds(end) <= plan.length.0 + metre.bar().as_quarters() * 4.0,
            "{what}"
        );
        for pair in plan.sections.windows(2) {
            assert_eq!(pair[0].span.end, pair[1].span.start);
        }
        for section in &plan.sections {
            assert_eq!(
                section.chords.first().map(|c| c.span.start),
                Some(section.span.start),
                "{what}"
            );
            assert_eq!(
                section.chords.last().map(|c| c.span.end),
                Some(section.span.end),
                "{what}"
            );
        }
        let score = arrange(&plan, Band::new(&book, &catalog), &path);
        for wish in &brief.instruments {
            let plays = score
                .tracks
                .iter()
                .any(|t| t.instrument == wish.id && t.phrases.iter().any(|p| !p.notes.is_empty()));
            assert!(
                plays,
                "{what}: no {}; cast {:?}",
                wish.id,
                plan.cast.iter().map(|m| &m.instrument).collect::<Vec<_>>()
            );
        }
        if brief.excludes_group("drums") {
            assert!(
                !score.tracks.iter().any(|t| t.role.is_percussion()),
                "{what}"
            );
        }
        assert!(!score.tracks.is_empty(), "{what}");
    }
}

#[test]
fn high_points_come_when_asked() {
    let book = yuefu_plan::standard_styles().expect("the shipped styles are valid");
    let catalog = catalog();
    for seed in 0..60 {
        let path = SeedPath::song(seed);
        let mut rng = path.join("point").rng();
        let style = rng.pick(book.styles()).expect("styles ship").id.clone();
        let at = f64::from(rng.range(20.0, 80.0)).round();
        let brief = Brief {
            styles: vec![Weighted::new(style, 1.0)],
            energy: vec![EnergyPoint {
                at: yuefu_audio::Seconds(at),
                level: 1.0,
                kind: EnergyKind::Peak,
            }],
            length: Some(LengthWish::Seconds(120.0)),
            ..Brief::default()
        };
        let (plan, _) = yuefu_plan::plan(&brief, &Default::default(), &book, &catalog, &path);
        let bar = plan.timeline.seconds(plan.timeline.metres[0].metre.bar());
        let loudest = plan
            .sections
            .iter()
            .max_by(|a, b| a.energy[0].total_cmp(&b.energy[0]))
            .expect("sections");
        let starts = plan.timeline.seconds(loudest.span.start);
        assert!(
            (starts - at).abs() <= bar * 0.75,
            "{}: asked {at}, peak at {starts:.2}, bar {bar:.2}",
            plan.style
        );
    }
}
