//! The bowed and blown instruments as data.
//!
//! Erhu: body resonances near 500, 900 and 1 500 Hz and strong partials to 5 kHz, weak low
//! fundamentals. Dizi: the membrane (dimo) lifts 2 to 6 kHz and all harmonics (Tsai, "The
//! timbre space and the membrane of the Chinese dizi", 2003; Samejima, "Nonlinear physical
//! modeling of the dizi membrane", 2012). Suona: a conical double reed with its strongest
//! partials between 1 and 4 kHz, not at the fundamental. Xiao and shakuhachi: few harmonics
//! and much breath. Hulusi and bawu: free reeds on pipes, odd harmonics prevail. The numbers are
//! set from those facts and from the spectrograms of the result.
//!
//! Measured in the middle of the range (amplitude-weighted spectral centroid at velocities 0.2,
//! 0.6 and 1): erhu 1.9, 2.4 and 3.4 kHz; morin khuur 1.3, 1.5 and 1.9; dizi 4.3, 4.6 and 5.7;
//! suona 3.6, 4.1 and 5.1; sheng 2.5, 2.5 and 2.9; xiao 2.1 throughout, for its breath grows with
//! its tone. Pitch wanders by 1 to 5 cents around the key, as `jitter` asks.

use super::body::Body;
use super::source::Spectrum;
use super::sustained::SustainedSpec;

const PIPE: Body = Body {
    modes: &[],
    dense: 14,
    span: (500.0, 7_000.0),
    quality: 3.0,
    gain: 0.07,
    direct: 1.0,
    floor: 120.0,
    ceiling: 14_000.0,
    width: 0.8,
};

const ERHU_SKIN: Body = Body {
    modes: &[
        (310.0, 5.0, 0.4),
        (495.0, 5.0, 1.0),
        (920.0, 5.0, 1.7),
        (1_480.0, 6.0, 1.2),
        (2_250.0, 5.0, 0.9),
        (3_150.0, 5.0, 0.9),
        (4_400.0, 5.0, 0.5),
    ],
    dense: 17,
    span: (600.0, 7_000.0),
    quality: 9.0,
    gain: 0.14,
    direct: 0.4,
    floor: 260.0,
    ceiling: 9_500.0,
    width: 0.5,
};

const BOW: SustainedSpec = SustainedSpec {
    name: "",
    mono: true,
    bowed: true,
    spectrum: Spectrum {
        slope: (-8.5, -3.8),
        corner: (2_600.0, 9_500.0),
        even: 0.0,
        first: -1.5,
        formants: &[],
    },
    attack: (0.14, 0.045),
    release: 0.16,
    glide: 0.06,
    dip: (0.12, 0.03),
    scoop: 14.0,
    jitter: 3.2,
    shimmer: 1.6,
    breath: (0.012, 0.045),
    band: (2_600.0, 0.8, 0.7),
    gate: 0.75,
    pipe: 0.3,
    chiff: (0.09, 4.0, 0.045),
    buzz: 0.0,
    body: ERHU_SKIN,
};

const BLOWN: SustainedSpec = SustainedSpec {
    name: "",
    mono: true,
    bowed: false,
    spectrum: Spectrum {
        slope: (-15.0, -8.0),
        corner: (3_500.0, 8_000.0),
        even: 0.0,
        first: 0.0,
        formants: &[],
    },
    attack: (0.07, 0.03),
    release: 0.09,
    glide: 0.018,
    dip: (0.16, 0.018),
    scoop: 20.0,
    jitter: 2.4,
    shimmer: 1.1,
    breath: (0.03, 0.05),
    band: (1_200.0, 2.0, 0.6),
    gate: 0.5,
    pipe: 0.6,
    chiff: (0.06, 2.6, 0.03),
    buzz: 0.0,
    body: PIPE,
};

static SPECS: &[SustainedSpec] = &[
    SustainedSpec {
        name: "erhu",
        ..BOW
    },
    SustainedSpec {
        name: "zhonghu",
        spectrum: Spectrum {
            slope: (-10.0, -6.0),
            corner: (1_800.0, 5_200.0),
            ..BOW.spectrum
        },
        attack: (0.16, 0.055),
        band: (1_900.0, 0.8, 0.7),
        body: Body {
            modes: &[
                (235.0, 5.0, 0.6),
                (370.0, 5.0, 1.2),
                (680.0, 5.0, 1.6),
                (1_100.0, 6.0, 1.1),
                (1_700.0, 5.0, 0.8),
                (2_500.0, 5.0, 0.6),
            ],
            span: (450.0, 5_500.0),
            floor: 180.0,
            ceiling: 8_000.0,
            direct: 0.6,

            ..ERHU_SKIN
        },
        ..BOW
    },
    SustainedSpec {
        name: "morin-khuur",
        spectrum: Spectrum {
            slope: (-8.5, -5.0),
            corner: (1_600.0, 5_000.0),
            first: -3.0,
            ..BOW.spectrum
        },
        attack: (0.18, 0.06),
        release: 0.22,
        jitter: 4.0,
        shimmer: 2.4,
        breath: (0.02, 0.07),
        band: (1_500.0, 0.8, 0.7),
        body: Body {
            modes: &[
                (118.0, 8.0, 0.7),
                (205.0, 8.0, 1.2),
                (345.0, 7.0, 1.3),
                (520.0, 7.0, 1.1),
                (790.0, 6.0, 1.2),
                (1_250.0, 6.0, 0.9),
                (2_000.0, 5.0, 0.7),
            ],
            dense: 17,
            span: (300.0, 5_000.0),
            quality: 10.0,
            gain: 0.16,
            direct: 0.65,
            floor: 90.0,
            ceiling: 7_500.0,
            width: 0.5,
        },
        ..BOW
    },
    SustainedSpec {
        name: "dizi",
        spectrum: Spectrum {
            slope: (-12.0, -5.5),
            corner: (5_500.0, 9_500.0),
            even: 1.5,
            first: 0.0,
            formants: &[
                (1_700.0, 600.0, 3.0),
                (3_600.0, 1_500.0, 8.0),
                (6_200.0, 1_500.0, 4.0),
            ],
        },
        attack: (0.05, 0.02),
        scoop: 26.0,
        breath: (0.025, 0.05),
        band: (2_400.0, 2.0, 0.5),
        gate: 0.7,
        chiff: (0.11, 3.1, 0.025),
        buzz: 0.5,
        body: Body {
            ceiling: 11_000.0,
            ..PIPE
        },
        ..BLOWN
    },
    SustainedSpec {
        name: "xiao",
        spectrum: Spectrum {
            slope: (-19.0, -10.5),
            corner: (1_800.0, 3_600.0),
            even: -2.0,
            first: 1.0,
            formants: &[(900.0, 500.0, 2.0)],
        },
        attack: (0.14, 0.06),
        release: 0.16,
        glide: 0.03,
        dip: (0.12, 0.025),
        scoop: 22.0,
        jitter: 3.2,
        breath: (0.03, 0.09),
        band: (800.0, 1.4, 0.9),
        gate: 0.35,
        pipe: 0.8,
        chiff: (0.06, 2.1, 0.05),
        body: Body {
            ceiling: 7_500.0,
            ..PIPE
        },
        ..BLOWN
    },
    SustainedSpec {
        name: "suona",
        spectrum: Spectrum {
            slope: (-5.5, -1.5),
            corner: (4_000.0, 6_800.0),
            even: 0.0,
            first: -5.0,
            formants: &[
                (1_300.0, 500.0, 5.0),
                (2_700.0, 900.0, 8.0),
                (4_300.0, 1_200.0, 4.0),
            ],
        },
        attack: (0.05, 0.018),
        release: 0.07,
        glide: 0.05,
        dip: (0.12, 0.02),
        scoop: 45.0,
        jitter: 3.6,
        shimmer: 1.5,
        breath: (0.015, 0.03),
        band: (3_500.0, 1.0, 0.8),
        gate: 0.85,
        pipe: 0.1,
        chiff: (0.10, 4.0, 0.018),
        buzz: 0.35,
        body: Body {
            modes: &[
                (1_150.0, 3.0, 0.5),
                (2_500.0, 3.0, 0.6),
                (3_800.0, 3.5, 0.4),
            ],
            floor: 350.0,
            ceiling: 8_500.0,
            ..PIPE
        },
        ..BLOWN
    },
    SustainedSpec {
        name: "sheng",
        mono: false,
        spectrum: Spectrum {
            slope: (-8.5, -5.5),
            corner: (3_800.0, 6_500.0),
            even: -1.0,
            first: -1.0,
            formants: &[(1_400.0, 700.0, 4.0), (2_900.0, 900.0, 4.0)],
        },
        attack: (0.09, 0.04),
        release: 0.1,
        scoop: 4.0,
        jitter: 1.3,
        shimmer: 0.8,
        breath: (0.012, 0.02),
        band: (3_000.0, 1.0, 0.6),
        gate: 0.6,
        pipe: 0.3,
        chiff: (0.03, 5.0, 0.02),
        body: Body {
            ceiling: 9_000.0,
            ..PIPE
        },
        ..BLOWN
    },
    SustainedSpec {
        name: "hulusi",
        spectrum: Spectrum {
            slope: (-11.5, -8.0),
            corner: (2_600.0, 4_800.0),
            even: -9.0,
            first: 1.0,
            formants: &[(1_000.0, 400.0, 3.0)],
        },
        attack: (0.09, 0.04),
        release: 0.12,
        glide: 0.045,
        dip: (0.08, 0.02),
        scoop: 30.0,
        jitter: 2.4,
        breath: (0.018, 0.028),
        pipe: 0.7,
        chiff: (0.04, 3.0, 0.03),
        body: Body {
            ceiling: 8_000.0,
            ..PIPE
        },
        ..BLOWN
    },
    SustainedSpec {
        name: "bawu",
        spectrum: Spectrum {
            slope: (-11.0, -8.0),
            corner: (1_800.0, 3_400.0),
            even: -6.0,
            first: 0.5,
            formants: &[(700.0, 300.0, 3.0), (1_500.0, 500.0, 2.0)],
        },
        attack: (0.1, 0.045),
        release: 0.13,
        glide: 0.045,
        dip: (0.08, 0.02),
        scoop: 28.0,
        breath: (0.022, 0.032),
        pipe: 0.7,
        chiff: (0.045, 3.0, 0.03),
        body: Body {
            ceiling: 6_500.0,
            ..PIPE
        },
        ..BLOWN
    },
    SustainedSpec {
        name: "shakuhachi-model",
        spectrum: Spectrum {
            slope: (-18.0, -8.5),
            corner: (2_600.0, 5_000.0),
            even: -1.0,
            first: 0.5,
            formants: &[(1_200.0, 600.0, 3.0)],
        },
        attack: (0.15, 0.05),
        release: 0.18,
        glide: 0.05,
        dip: (0.2, 0.03),
        scoop: 38.0,
        jitter: 3.4,
        shimmer: 2.0,
        breath: (0.03, 0.10),
        band: (1_100.0, 1.3, 0.9),
        gate: 0.35,
        pipe: 0.8,
        chiff: (0.16, 2.3, 0.06),
        body: Body {
            ceiling: 6_000.0,
            ..PIPE
        },
        ..BLOWN
    },
    SustainedSpec {
        name: "tin-whistle",
        spectrum: Spectrum {
            slope: (-16.0, -10.5),
            corner: (5_000.0, 8_000.0),
            even: -1.0,
            first: 0.0,
            formants: &[],
        },
        attack: (0.03, 0.015),
        release: 0.06,
        glide: 0.01,
        dip: (0.1, 0.01),
        scoop: 14.0,
        jitter: 2.0,
        breath: (0.025, 0.035),
        band: (2_500.0, 1.2, 0.6),
        chiff: (0.10, 2.8, 0.018),
        ..BLOWN
    },
    SustainedSpec {
        name: "uilleann",
        spectrum: Spectrum {
            slope: (-6.0, -4.0),
            corner: (3_500.0, 6_000.0),
            even: 0.0,
            first: -2.5,
            formants: &[(1_150.0, 450.0, 5.0), (2_500.0, 800.0, 4.0)],
        },
        attack: (0.03, 0.015),
        release: 0.06,
        glide: 0.012,
        dip: (0.1, 0.01),
        scoop: 10.0,
        jitter: 1.6,
        breath: (0.01, 0.014),
        band: (3_000.0, 1.0, 0.7),
        gate: 0.8,
        pipe: 0.2,
        chiff: (0.06, 4.0, 0.012),
        buzz: 0.1,
        body: Body {
            ceiling: 8_000.0,
            ..PIPE
        },
        ..BLOWN
    },
];

/// The instrument of a name, if it is a bowed or blown one.
pub fn spec(name: &str) -> Option<&'static SustainedSpec> {
    SPECS.iter().find(|spec| spec.name == name)
}

/// Names of all bowed and blown instruments.
pub fn names() -> impl Iterator<Item = &'static str> {
    SPECS.iter().map(|spec| spec.name)
}
