//! Chords that may be written under a tune, and what each does in its key.

use yuefu_audio::math;
use yuefu_theory::Quality;

/// Chords of a style: semitones of the root above the tonic, what stands on it, and how often the
/// style has it (any unit).
pub type Palette = Vec<(u8, Quality, f64)>;

/// Most chords of a palette that are tried; the search grows with the third power.
const MOST: usize = 24;

/// How much rarer a common chord counts that a style does not name: there for tunes that need it.
const FOREIGN: f64 = -1.6;

/// What a chord does in its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Tonic,
    Subdominant,
    Dominant,
    /// A dominant of the degree that many semitones above the tonic.
    Applied(u8),
}

/// A chord that a key offers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer {
    /// Semitones above the tonic.
    pub root: u8,
    pub quality: Quality,
    /// How usual it is, as a logarithm.
    pub usual: f64,
    pub function: Function,
}

const fn offer(root: u8, quality: Quality, usual: f64, function: Function) -> Offer {
    Offer {
        root,
        quality,
        usual,
        function,
    }
}

pub(crate) const MAJOR: [Offer; 16] = {
    use Function::{Applied, Dominant, Subdominant, Tonic};
    use Quality as Q;
    [
        offer(0, Q::Major, 0.0, Tonic),
        offer(2, Q::Minor, -1.0, Subdominant),
        offer(4, Q::Minor, -1.9, Tonic),
        offer(5, Q::Major, -0.55, Subdominant),
        offer(7, Q::Major, -0.6, Dominant),
        offer(7, Q::Dominant, -0.3, Dominant),
        offer(9, Q::Minor, -1.1, Tonic),
        offer(11, Q::Diminished, -2.8, Dominant),
        offer(2, Q::Dominant, -1.7, Applied(7)),
        offer(4, Q::Dominant, -2.2, Applied(9)),
        offer(9, Q::Dominant, -2.0, Applied(2)),
        offer(0, Q::Dominant, -2.2, Applied(5)),
        offer(5, Q::Minor, -2.4, Subdominant),
        offer(10, Q::Major, -2.8, Subdominant),
        offer(8, Q::Major, -3.2, Subdominant),
        offer(1, Q::DiminishedSeven, -3.0, Applied(2)),
    ]
};

pub(crate) const MINOR: [Offer; 15] = {
    use Function::{Applied, Dominant, Subdominant, Tonic};
    use Quality as Q;
    [
        offer(0, Q::Minor, 0.0, Tonic),
        offer(2, Q::HalfDiminished, -1.6, Subdominant),
        offer(3, Q::Major, -1.2, Tonic),
        offer(5, Q::Minor, -0.7, Subdominant),
        offer(7, Q::Major, -0.9, Dominant),
        offer(7, Q::Dominant, -0.4, Dominant),
        offer(7, Q::Minor, -1.9, Dominant),
        offer(8, Q::Major, -1.2, Subdominant),
        offer(10, Q::Major, -1.4, Subdominant),
        offer(10, Q::Dominant, -1.8, Applied(3)),
        offer(0, Q::Dominant, -2.2, Applied(5)),
        offer(5, Q::Major, -2.2, Subdominant),
        offer(2, Q::Dominant, -2.3, Applied(7)),
        offer(11, Q::DiminishedSeven, -2.2, Dominant),
        offer(1, Q::Major, -3.2, Subdominant),
    ]
};

/// The chords of a palette with what they do, and the common ones for tunes that need them.
/// An empty palette gives the common ones.
pub(crate) fn offers(palette: &[(u8, Quality, f64)], minor: bool) -> Vec<Offer> {
    let common: &[Offer] = if minor { &MINOR } else { &MAJOR };
    let mut own: Vec<(u8, Quality, f64)> = palette
        .iter()
        .filter(|row| row.2 > 0.0)
        .map(|row| (row.0 % 12, row.1, row.2))
        .collect();
    own.sort_by(|a, b| b.2.total_cmp(&a.2));
    own.truncate(MOST);
    let Some(most) = own.first().map(|row| row.2) else {
        return common.to_vec();
    };
    // In a blues the tonic is a seventh chord; elsewhere such a chord leads to the fourth degree.
    let blues = own
        .iter()
        .find(|row| row.0 == 0)
        .is_some_and(|row| seventh(row.1));
    let mut out: Vec<Offer> = own
        .iter()
        .map(|(root, quality, count)| Offer {
            root: *root,
            quality: *quality,
            usual: math::ln(count / most) * 0.7,
            function: match function(*root, *quality, minor) {
                Function::Applied(5) if blues => Function::Tonic,
                other => other,
            },
        })
        .collect();
    for offer in common {
        // A plain chord is no addition where the style has a richer one of the same kind.
        let kind = (offer.root, minor_third(offer.quality), offer.function);
        let has = |own: &Offer| (own.root, minor_third(own.quality), own.function) == kind;
        if !out.iter().any(has) {
            out.push(Offer {
                usual: offer.usual + FOREIGN,
                ..*offer
            });
        }
    }
    out
}

fn minor_third(quality: Quality) -> bool {
    quality.tones().iter().any(|(_, semitones)| *semitones == 3)
}

/// Whether a chord has a major third and a minor seventh.
fn seventh(quality: Quality) -> bool {
    use Quality as Q;
    matches!(
        quality,
        Q::Dominant
            | Q::Nine
            | Q::Thirteen
            | Q::SevenFlatNine
            | Q::SevenSharpNine
            | Q::SevenSharpFive
    )
}

/// What a chord does, by its root and kind.
fn function(root: u8, quality: Quality, minor: bool) -> Function {
    use Function::{Applied, Dominant, Subdominant, Tonic};
    use Quality as Q;
    let seventh = seventh(quality);
    let dark = matches!(
        quality,
        Q::Diminished | Q::DiminishedSeven | Q::HalfDiminished
    );
    let third = minor_third(quality);
    match root {
        0 if seventh => Applied(5),
        0 => Tonic,
        7 if third => Subdominant,
        7 => Dominant,
        11 if dark => Dominant,
        // A tritone above the dominant.
        1 if seventh => Dominant,
        1 if dark => Applied(2),
        2 if seventh || (!third && !minor && quality == Q::Major) => Applied(7),
        4 if seventh => Applied(9),
        9 if seventh => Applied(2),
        11 if seventh => Applied(4),
        3 if dark => Applied(2),
        6 if dark => Applied(7),
        8 if dark => Applied(9),
        10 if seventh && minor => Applied(3),
        3 if minor => Tonic,
        4 | 9 if !minor && third => Tonic,
        _ => Subdominant,
    }
}
