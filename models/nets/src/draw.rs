//! Drawing one of the likeliest classes.

use yuefu_engine::Rng;

/// The nucleus of a distribution (Holtzman et al. 2020): classes, likeliest first, until their
/// shares sum up to a border. The class that crosses the border is the last to stay, and the
/// likeliest always stays. `border` is told the sum of all shares, for those that do not sum to 1.
pub fn nucleus(shares: &[f32], border: impl FnOnce(f32) -> f32) -> Vec<usize> {
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by(|a, b| shares[*b].total_cmp(&shares[*a]).then(a.cmp(b)));
    let border = border(order.iter().map(|class| shares[*class]).sum());
    let mut held = 0.0;
    let inside = order.iter().take_while(|class| {
        let more = held < border;
        held += shares[**class];
        more
    });
    let count = inside.count();
    order.truncate(count.max(1));
    order
}

/// Draws one of some classes by their shares. The same random number stands for another class when
/// they come in another order.
pub fn pick(shares: &[f32], classes: &[usize], rng: &mut Rng) -> usize {
    let weights: Vec<f32> = classes.iter().map(|class| shares[*class]).collect();
    classes[rng.weighted(&weights)]
}

#[cfg(test)]
mod tests {
    use super::{nucleus, pick};
    use proptest::prelude::*;
    use yuefu_engine::Rng;

    #[test]
    fn the_class_that_crosses_the_border_stays() {
        let shares = [0.125, 0.5, 0.125, 0.25];
        assert_eq!(nucleus(&shares, |_| 0.5), [1]);
        assert_eq!(nucleus(&shares, |_| 0.5_f32.next_up()), [1, 3]);
        assert_eq!(nucleus(&shares, |all| 0.8 * all), [1, 3, 0]);
        assert_eq!(nucleus(&[0.0; 3], |all| 0.9 * all), [0]);
    }

    proptest! {
        #[test]
        fn a_nucleus_holds_the_border_and_no_class_too_many(
            shares in proptest::collection::vec(0.0_f32..1.0, 1..20),
            part in 0.01_f32..0.99,
            seed: u64,
        ) {
            let mut border = 0.0;
            let kept = nucleus(&shares, |all| {
                border = part * all;
                border
            });
            let held: f32 = kept.iter().map(|class| shares[*class]).sum();
            let before: f32 = kept[..kept.len() - 1].iter().map(|class| shares[*class]).sum();
            prop_assert!(held >= border);
            prop_assert!(kept.len() == 1 || before < border);
            prop_assert!(kept.contains(&pick(&shares, &kept, &mut Rng::new(seed))));
        }
    }
}
