//! Words that Yuefu writes for a song: as many as its length has room for.
//!
//! Whoever asks for 90 seconds and brings no words wants 90 seconds. Words decide how long a sung
//! song is, so the writer is asked for a form that, sung at ease, fills the usual share of the time
//! that was asked; what little remains is met as with anybody's words (`compose/plan/src/words.rs`).

use yuefu_audio::math;
use yuefu_engine::SeedPath;
use yuefu_lyrics::{
    languages,
    write::{Wish, wish::parse_form, write},
};
use yuefu_song::{
    Brief, LyricSheet, SectionKind, SectionPlan, SongPlan,
    brief::{Diagnostic, LengthWish},
};

/// Makes a plan of a brief with words; the diagnostics are those of the plan.
pub(crate) type Planner<'a> = &'a dyn Fn(&Brief, &LyricSheet) -> (SongPlan, Vec<Diagnostic>);

/// Syllables a second that nobody wants who asked for a length only.
const HURRY: f64 = 3.5;
/// How much of a sung song is sung; instruments have the rest.
const USUAL_SHARE: f64 = 0.75;
/// Forms from the shortest to the longest, with the lines of a verse and of a chorus. Each row has
/// a fifth to a half more to sing than the one before; the orders of a row have as many lines.
const FORMS: [(&[&str], usize); 18] = [
    (&["C"], 2),
    (&["VC"], 2),
    (&["VCC", "VVC"], 2),
    (&["VC"], 4),
    (&["VCC", "VVC"], 4),
    (&["VCVC", "VVCC"], 4),
    (&["VPCVC", "VVPCC"], 4),
    (&["VPCVPC", "VVCVC"], 4),
    (&["VCVCBC", "VVCVCC", "VVCVVC"], 4),
    (&["VPCVPCC", "VVPCVPC", "VVCVCC"], 4),
    (&["VPCVPCBC", "VVPCVPCC", "VVCVCBC"], 4),
    (&["VPCVPCBCO", "VVPCVPCCO", "VVCVVCCO", "VVCVCBCO"], 4),
    (&["VPCVPCBCCO", "VVCVVCBCO", "VVPCVVPCCO"], 4),
    (&["VVPCVPCBCCO", "VVCVVCBCCO", "VVPCVVPCBCO"], 4),
    (&["VVPCVPCBCVPCO"], 4),
    (&["VVPCVVPCBCVPCCO"], 4),
    (&["VVPCVVPCBCVPCCBCO"], 4),
    (&["VVPCVVPCBCVVPCCBCCO"], 4),
];

/// Forms of songs whose length nobody asked for, by how usual they are.
const USUAL: [(&str, f32); 12] = [
    ("VPCVPCBC", 3.0),
    ("VPCVPCBCO", 2.5),
    ("VVPCVPCBC", 2.0),
    ("VVCVCBC", 2.0),
    ("VVPCVPCC", 1.8),
    ("VVPCVVPCBCC", 1.8),
    ("VVCVVCBCC", 1.6),
    ("VCVCBC", 1.5),
    ("VVCVCCO", 1.2),
    ("VVCVVCICC", 1.0),
    ("CVPCVPCBC", 0.8),
    ("VVPCVPCICO", 0.8),
];
/// Seconds that such songs last.
const LASTING: [f64; 2] = [135.0, 275.0];
/// How many of those forms are tried.
const TRIES: usize = 6;

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
/// Without a length in the brief the form is one of the usual ones. The order of sections that a brief
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
    if wish.pattern.is_some() || brief.length.is_none() && stated.is_some() {
        return write(&wish, seed).sheet_text;
    }
    if brief.length.is_none() {
        return usual(brief, &wish, seed, plan);
    }
    let wishes = match stated {
        Some(_) => vec![with_lines(&wish, 2), wish],
        None => choices(brief, &wish, seed),
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
    // Fewer words where these leave no room; a frame of single bars is the lesser evil.
    let framed = (0..=at).rev().find(|at| {
        let own = ask(*at);
        own.fits && own.framed
    });
    let fitting = || (1..=at).rev().find(|at| ask(*at).fits);
    let at = framed.or_else(fitting).unwrap_or(0);
    ask(at).text
}

/// Words that might do.
#[derive(Clone)]
struct Candidate {
    text: String,
    /// By how much it takes more of the time than is usual, sung at ease: the logarithm of the
    /// ratio.
    over: f64,
    /// Whether all can be sung in the time asked for, and not in more of a hurry than at ease.
    fits: bool,
    /// Whether what begins and ends the song keeps two bars, where at ease it has them.
    framed: bool,
}

impl Candidate {
    fn new(brief: &Brief, wish: &Wish, seed: u64, plan: Planner) -> Self {
        let (text, sheet) = written(wish, seed);
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
        let (asked, said) = plan(brief, &sheet);
        let [hurry, ease] = [&asked, &left].map(|plan| hurry(plan, &sheet));
        Self {
            text,
            over: math::ln((room / USUAL_SHARE).max(1e-3)),
            fits: said.iter().all(|note| note.code != "words-too-long")
                && (hurry <= HURRY || hurry <= ease),
            framed: is_framed(&asked, &left),
        }
    }
}

/// Words that are written to a wish, and the sheet that is sung of them.
fn written(wish: &Wish, seed: u64) -> (String, LyricSheet) {
    let text = write(wish, seed).sheet_text;
    let sheet = yuefu_lyrics::read(&text, languages()).sheet.unrolled();
    (text, sheet)
}

/// Whether no intro and no outro of a plan shrank to one bar that has more `at_ease`.
fn is_framed(plan: &SongPlan, at_ease: &SongPlan) -> bool {
    let frame =
        |section: &&SectionPlan| matches!(section.kind, SectionKind::Intro | SectionKind::Outro);
    let free = at_ease.sections.iter().filter(frame);
    let mut pairs = plan.sections.iter().filter(frame).zip(free);
    pairs.all(|(own, free)| own.bars >= free.bars.min(2))
}

/// Syllables a second in the quickest section.
fn hurry(plan: &SongPlan, sheet: &LyricSheet) -> f64 {
    let line = &plan.timeline;
    let rate = |section: &SectionPlan| {
        let seconds = line.seconds(section.span.end) - line.seconds(section.span.start);
        let count: usize = sheet.lines_of(&section.id).map(|l| l.syllables.len()).sum();
        count as f64 / seconds.max(1e-3)
    };
    plan.sections.iter().map(rate).fold(0.0, f64::max)
}

/// Words of a song whose length nobody asked for, in one of the usual forms.
fn usual(brief: &Brief, wish: &Wish, seed: u64, plan: Planner) -> String {
    let mut rng = SeedPath::song(seed).join("lyrics").join("form").rng();
    let admitted = |(letters, weight): &(&str, f32)| {
        in_form(brief, wish, letters, 4).map(|wish| (wish, *weight))
    };
    let mut forms: Vec<(Wish, f32)> = USUAL.iter().filter_map(admitted).collect();
    let mut best: Option<(f64, String)> = None;
    for _ in 0..TRIES.min(forms.len()) {
        let weights: Vec<f32> = forms.iter().map(|(_, weight)| *weight).collect();
        let (wish, _) = forms.remove(rng.weighted(&weights));
        let (text, sheet) = written(&wish, seed);
        let long = plan(brief, &sheet).0.length.0;
        let off = (LASTING[0] - long).max(long - LASTING[1]).max(0.0);
        if best.as_ref().is_none_or(|(least, _)| off < *least) {
            best = Some((off, text));
        }
        if off == 0.0 {
            break;
        }
    }
    match best {
        Some((_, text)) => text,
        None => write(wish, seed).sheet_text,
    }
}

/// The wish with a form by its letters as a brief admits it; `None` where it lacks what the brief wants.
fn in_form(brief: &Brief, wish: &Wish, letters: &str, lines: usize) -> Option<Wish> {
    let mut form = parse_form(letters).ok()?;
    let refused = |kind: &SectionKind| {
        brief
            .sections
            .iter()
            .any(|s| s.section == *kind && !s.wanted)
    };
    form.retain(|kind| !refused(kind));
    let worded = |kind: SectionKind| matches!(kind, SectionKind::PreChorus | SectionKind::Bridge);
    let named = (brief.sections.iter())
        .filter(|s| s.wanted && worded(s.section))
        .all(|s| form.contains(&s.section));
    (named && !form.is_empty()).then(|| Wish {
        form,
        ..with_lines(wish, lines)
    })
}

/// The forms of the ladder as a brief admits them, an order for each row.
fn choices(brief: &Brief, wish: &Wish, seed: u64) -> Vec<Wish> {
    let path = SeedPath::song(seed).join("lyrics").join("form");
    let mut all: Vec<Wish> = Vec::new();
    for (row, (orders, lines)) in FORMS.iter().enumerate() {
        let mut orders = orders.to_vec();
        path.join(row).rng().shuffle(&mut orders);
        let admitted = |letters: &&str| in_form(brief, wish, letters, *lines);
        let choice = orders.iter().find_map(admitted);
        all.extend(choice.filter(|choice| !all.contains(choice)));
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
