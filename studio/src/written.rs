//! Words that Yuefu writes for a song: as many as its length has room for.
//!
//! Whoever asks for 90 seconds and brings no words wants 90 seconds. Words decide how long a sung
//! song is, so the writer is asked for a form that, sung at ease, fills the usual share of the time
//! that was asked; what little remains is met as with anybody's words (`compose/plan/src/words.rs`).

use yuefu_audio::math;
use yuefu_lyrics::{
    languages,
    write::{Wish, wish::parse_form, write},
};
use yuefu_song::{
    Brief, LyricSheet, SectionKind, SongPlan,
    brief::{Diagnostic, LengthWish},
};

/// Makes a plan of a brief with words; the diagnostics are those of the plan.
pub(crate) type Planner<'a> = &'a dyn Fn(&Brief, &LyricSheet) -> (SongPlan, Vec<Diagnostic>);

/// How much of a sung song is sung; instruments have the rest.
const USUAL_SHARE: f64 = 0.75;
/// Forms from the shortest to the longest, with the lines of a verse and of a chorus. Each has
/// a fifth to a half more to sing than the one before.
const FORMS: [(&str, usize); 18] = [
    ("C", 2),
    ("VC", 2),
    ("VCC", 2),
    ("VC", 4),
    ("VCC", 4),
    ("VCVC", 4),
    ("VPCVC", 4),
    ("VPCVPC", 4),
    ("VCVCBC", 4),
    ("VPCVPCC", 4),
    ("VPCVPCBC", 4),
    ("VPCVPCBCO", 4),
    ("VPCVPCBCCO", 4),
    ("VVPCVPCBCCO", 4),
    ("VVPCVPCBCVPCO", 4),
    ("VVPCVVPCBCVPCCO", 4),
    ("VVPCVVPCBCVPCCBCO", 4),
    ("VVPCVVPCBCVVPCCBCCO", 4),
];

/// Sections that the writer can be told of.
const TOLD: [SectionKind; 8] = [
    SectionKind::Intro,
    SectionKind::Verse,
    SectionKind::PreChorus,
    SectionKind::Chorus,
    SectionKind::Bridge,
    SectionKind::Solo,
    SectionKind::Interlude,
    SectionKind::Outro,
];

/// The lyric sheet that the built-in writer makes for a brief, as text.
///
/// Without a length in the brief the form is the usual one. The order of sections that a brief
/// states is kept, in which case only the number of lines is free; sections that it names are in
/// the form, refused ones are not. A tune pattern (词牌) has a form of its own. Where not even the
/// shortest words fit, these are what is returned, and the plan says that they are too long.
pub(crate) fn text(brief: &Brief, plan: Planner) -> String {
    let mut wish = Wish::from_text(&brief.prompt);
    let seed = brief.seed.unwrap_or(0);
    let stated = stated_form(brief);
    if let Some(form) = &stated {
        wish.form.clone_from(form);
    }
    if brief.length.is_none() || wish.pattern.is_some() {
        return write(&wish, seed).sheet_text;
    }
    let wishes = match stated {
        Some(_) => vec![with_lines(&wish, 2), wish],
        None => choices(brief, &wish),
    };
    let mut songs: Vec<Option<Candidate>> = wishes.iter().map(|_| None).collect();
    let mut ask = |index: usize| -> Candidate {
        songs[index]
            .get_or_insert_with(|| Candidate::new(brief, &wishes[index], seed, plan))
            .clone()
    };
    // Forms grow, so the first that is as long as asked is found by halving.
    let (mut short, mut long) = (0, wishes.len() - 1);
    while short < long {
        let middle = (short + long) / 2;
        match ask(middle).over >= 0.0 {
            true => long = middle,
            false => short = middle + 1,
        }
    }
    let mut at = long;
    if at > 0 && ask(at - 1).over.abs() < ask(at).over.abs() {
        at -= 1;
    }
    while at > 0 && !ask(at).fits {
        at -= 1;
    }
    ask(at).text
}

/// Words that might do.
#[derive(Clone)]
struct Candidate {
    text: String,
    /// By how much it takes more of the time than is usual, sung at ease: the logarithm of the
    /// ratio.
    over: f64,
    /// Whether all can be sung in the time asked for.
    fits: bool,
}

impl Candidate {
    fn new(brief: &Brief, wish: &Wish, seed: u64, plan: Planner) -> Self {
        let text = write(wish, seed).sheet_text;
        let sheet = yuefu_lyrics::read(&text, languages()).sheet.unrolled();
        let mut free = brief.clone();
        free.length = None;
        let left = plan(&free, &sheet).0;
        let sung = left.sections.iter();
        let sung = sung.filter(|s| sheet.lines_of(&s.id).next().is_some());
        let room = match brief.length {
            Some(LengthWish::Seconds(asked)) => {
                let second = |at| left.timeline.seconds(at);
                let sung: f64 = sung
                    .map(|s| second(s.span.end) - second(s.span.start))
                    .sum();
                sung / asked.max(1.0)
            }
            Some(LengthWish::Bars(asked)) => {
                let sung: u32 = sung.map(|s| s.bars).sum();
                f64::from(sung) / f64::from(asked.max(1))
            }
            None => USUAL_SHARE,
        };
        let said = plan(brief, &sheet).1;
        Self {
            text,
            over: math::ln((room / USUAL_SHARE).max(1e-3)),
            fits: said.iter().all(|note| note.code != "words-too-long"),
        }
    }
}

/// The forms of the ladder as a brief admits them.
fn choices(brief: &Brief, wish: &Wish) -> Vec<Wish> {
    let refused = |kind: &SectionKind| {
        brief
            .sections
            .iter()
            .any(|s| s.section == *kind && !s.wanted)
    };
    let wanted: Vec<SectionKind> = brief
        .sections
        .iter()
        .filter(|s| s.wanted && matches!(s.section, SectionKind::PreChorus | SectionKind::Bridge))
        .map(|s| s.section)
        .collect();
    let mut all: Vec<Wish> = Vec::new();
    for (letters, lines) in FORMS {
        let Ok(mut form) = parse_form(letters) else {
            continue;
        };
        form.retain(|kind| !refused(kind));
        let named = wanted.iter().all(|kind| form.contains(kind));
        if form.is_empty() || !named {
            continue;
        }
        let mut choice = with_lines(wish, lines);
        choice.form = form;
        if !all.contains(&choice) {
            all.push(choice);
        }
    }
    if all.is_empty() {
        all.push(wish.clone());
    }
    all
}

fn with_lines(wish: &Wish, lines: usize) -> Wish {
    Wish {
        lines: Some(lines),
        ..wish.clone()
    }
}

/// The order of sections that a brief states, where the writer can be told of it.
pub(crate) fn stated_form(brief: &Brief) -> Option<Vec<SectionKind>> {
    let form = brief.form.as_ref()?;
    let sung = form.iter().any(|kind| {
        use SectionKind::{Bridge, Chorus, PreChorus, Verse};
        matches!(kind, Verse | PreChorus | Chorus | Bridge)
    });
    let told = form.iter().all(|kind| TOLD.contains(kind));
    (sung && told).then(|| form.clone())
}
