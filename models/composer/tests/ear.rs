//! What the shipped network makes of chords over a tune.

use yuefu_composer::{Harmonist, chords::Over};
use yuefu_song::LineNote;
use yuefu_theory::{Chord, Key, Metre, Mode, TickSpan, Ticks, Timeline};

fn chord(text: &str, key: &Key) -> Chord {
    let roman: yuefu_theory::Roman = text.parse().expect("a numeral");
    roman.in_key(key)
}

/// What is heard at the third bar of four, of I and of bVII, where the tune sings `keys` in it.
fn heard(line: &Timeline, keys: &[u8]) -> Vec<f64> {
    let key = Key::simplest(0, Mode::Major);
    let bar = line.metre(Ticks::ZERO).bar();
    let span = |from: i64, to: i64| TickSpan::new(bar * from, bar * to);
    let quarter = Ticks::QUARTER;
    let bars = (0..4).flat_map(|number| {
        keys.iter().enumerate().map(move |(index, key)| LineNote {
            at: bar * number + quarter * index as i64,
            len: quarter,
            key: *key,
            velocity: 80,
        })
    });
    let tune: Vec<LineNote> = bars.collect();
    let draft = [
        (span(0, 1), chord("I", &key)),
        (span(1, 2), chord("IV", &key)),
        (span(2, 4), chord("I", &key)),
    ];
    let over = Over {
        line,
        keys: &[(span(0, 4), key)],
        tune: &tune,
        draft: &draft,
        repertoire: None,
    };
    let asked = [(bar * 2, key, vec![chord("I", &key), chord("bVII", &key)])];
    let harmonist = Harmonist::shipped().expect("weights ship");
    harmonist.hears(&over, &asked).remove(0)
}

#[test]
fn the_tune_decides_between_chords() {
    let line = Timeline::steady(100.0, Metre::common());
    let home = heard(&line, &[60, 64, 67, 64]);
    let away = heard(&line, &[70, 65, 62, 65]);
    assert!(home[0] > home[1] && home[0] <= 0.0, "{home:?}");
    // How much rather I than bVII.
    let rather = |heard: &[f64]| heard[0] - heard[1];
    assert!(rather(&home) > rather(&away) + 0.5, "{home:?} {away:?}");
}

#[test]
fn uneven_metres_are_left_to_others() {
    let metre: Metre = "7/8".parse().expect("a metre");
    let line = Timeline::steady(100.0, metre);
    assert!(heard(&line, &[60, 64, 67]).is_empty());
}
