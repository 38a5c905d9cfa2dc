//! Another form for an existing song: sections put in, put on at either end, made to loop, or
//! given another energy. What exists keeps everything but its place in time.

use crate::{
    bars::{Bar, BarChord, Block, put_together, take_apart},
    cast,
    form::usual_energy,
    harmony,
};
use yuefu_engine::SeedPath;
use yuefu_song::{
    CastMember, Catalog, Ending, Reshape, Role, SectionKind, SectionPlan, SongPlan, Style,
    StyleBook,
    brief::{Diagnostic, Severity},
};
use yuefu_theory::{Chord, Key, Metre, Quality, Roman, TickSpan, Ticks};

/// A section to be made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NewSection {
    /// What it is to do.
    pub kind: SectionKind,
    /// Its bars; `None` = as long as others of its kind, or as is usual.
    pub bars: Option<u32>,
    /// Its energy, 0..=1; `None` = what fits its kind and its place.
    pub energy: Option<f32>,
}

impl NewSection {
    /// A section of a kind, everything else as is usual.
    pub fn of(kind: SectionKind) -> Self {
        Self {
            kind,
            bars: None,
            energy: None,
        }
    }
}

/// What the operations read.
pub(crate) struct Hand<'a> {
    pub plan: &'a SongPlan,
    pub style: &'a Style,
    pub seed: SeedPath,
}

impl<'a> Hand<'a> {
    pub fn new(plan: &'a SongPlan, book: &'a StyleBook, seed: &SeedPath) -> Self {
        Self {
            plan,
            style: book.get(&plan.style).unwrap_or(&book.styles()[0]),
            seed: seed.join("plan"),
        }
    }
}

/// Puts new sections in before the section of an index (the number of sections = after the last).
///
/// A verse, chorus and the like sing the material that the song has for them; a bridge brings its
/// own; a solo is played over the chords of the chorus. At the very end the old final bar becomes
/// a link and the song gets a new ending; before the beginning nothing else changes.
pub fn insert(
    plan: &SongPlan,
    book: &StyleBook,
    seed: &SeedPath,
    at: usize,
    new: &[NewSection],
) -> Reshape {
    let hand = Hand::new(plan, book, seed);
    let mut blocks = take_apart(plan);
    let at = at.min(blocks.len());
    for (offset, section) in new.iter().enumerate() {
        let block = hand.make(section, at + offset, &blocks);
        blocks.insert(at + offset, block);
    }
    let end = at + new.len();
    if end == blocks.len() && !new.is_empty() {
        if at > 0 && plan.ending != Ending::Loop {
            hand.link(&mut blocks[at - 1], &new[0]);
        }
        if let Some(last) = blocks.last_mut() {
            hand.finish(last, plan.ending);
        }
    }
    for index in at..end {
        let next = blocks.get(index + 1).map(|b| (b.plan.kind, b.plan.key));
        if let Some((kind, key)) = next {
            lead_on(&mut blocks[index], kind, key);
        }
    }
    let names: Vec<&str> = new.iter().map(|s| s.kind.name()).collect();
    let zh: Vec<&str> = new
        .iter()
        .map(|s| SectionKind::ALL[s.kind as usize].3)
        .collect();
    let bar = plan
        .sections
        .get(at)
        .map(|s| plan.timeline.bar_of(s.span.start).0 + 1);
    let note = match bar {
        Some(bar) => info(
            "inserted",
            format!("Put in before bar {bar}: {}.", names.join(", ")),
            format!("在第 {bar} 小节前插入：{}。", zh.join("、")),
        ),
        None => info(
            "extended",
            format!("Added after the end: {}.", names.join(", ")),
            format!("在结尾之后添加：{}。", zh.join("、")),
        ),
    };
    put_together(plan, blocks, plan.ending, vec![note])
}

/// Goes on after the end: the old final bar becomes a link, and the song ends anew.
pub fn extend_after(
    plan: &SongPlan,
    book: &StyleBook,
    seed: &SeedPath,
    new: &[NewSection],
) -> Reshape {
    insert(plan, book, seed, plan.sections.len(), new)
}

/// Begins earlier.
pub fn extend_before(
    plan: &SongPlan,
    book: &StyleBook,
    seed: &SeedPath,
    new: &[NewSection],
) -> Reshape {
    insert(plan, book, seed, 0, new)
}

/// Makes the song run into its own beginning without a seam. With `whole` it keeps its intro and
/// outro, otherwise they go, because a loop has no beginning and no end.
pub fn looped(plan: &SongPlan, book: &StyleBook, seed: &SeedPath, whole: bool) -> Reshape {
    let hand = Hand::new(plan, book, seed);
    let mut blocks = take_apart(plan);
    let edge = |b: &Block| matches!(b.plan.kind, SectionKind::Intro | SectionKind::Outro);
    let mut notes = Vec::new();
    if !whole && blocks.iter().any(|b| !edge(b)) && blocks.iter().any(edge) {
        blocks.retain(|b| !edge(b));
        notes.push(info(
            "loop-edges",
            "Intro and outro are left out, so that the loop has no edge.".into(),
            "已去掉前奏和尾奏，使循环没有接缝。".into(),
        ));
    }
    let first = blocks.first().map(|b| (b.plan.kind, b.plan.key));
    let begins = blocks
        .first()
        .and_then(|b| b.bars.first()?.chords.first().map(|c| c.chord));
    let ended = plan.ending;
    if let (Some(last), Some((_, key)), Some(begins)) = (blocks.last_mut(), first, begins) {
        let rests = last
            .bars
            .last()
            .and_then(|b| b.chords.last())
            .is_some_and(|c| c.chord.root.pc() == begins.root.pc());
        if rests || last.plan.key != key {
            hand.turn(last, key);
        }
        last.plan.fill = last.bars.len() >= 2 && ended != Ending::Loop || last.plan.fill;
    }
    put_together(plan, blocks, Ending::Loop, notes)
}

/// Gives a section another energy at its start and end, and decides anew who plays in it. Its tune
/// stays; everybody else is to play anew there.
pub fn set_energy(
    plan: &SongPlan,
    book: &StyleBook,
    seed: &SeedPath,
    section: usize,
    energy: [f32; 2],
) -> Reshape {
    let hand = Hand::new(plan, book, seed);
    let mut blocks = take_apart(plan);
    let mut revoiced = Vec::new();
    if let Some(block) = blocks.get_mut(section) {
        block.plan.energy = energy.map(|level| level.clamp(0.0, 1.0));
        let before = block.plan.playing.clone();
        hand.cast_for(&mut block.plan);
        // The tune is not handed to others, and does not fall silent.
        let lead = |id: &String| {
            let member = plan.cast.iter().find(|m| m.id == *id);
            member.is_some_and(|m| matches!(m.role, Role::Lead | Role::Vocal))
        };
        block.plan.playing.retain(|id| !lead(id));
        block
            .plan
            .playing
            .extend(before.iter().filter(|id| lead(id)).cloned());
        hand.in_order(&mut block.plan);
        revoiced.push(block.plan.id.clone());
    }
    Reshape {
        revoiced,
        ..put_together(plan, blocks, plan.ending, Vec::new())
    }
}

impl Hand<'_> {
    /// A section as it would fit before the block of an index.
    pub fn make(&self, new: &NewSection, at: usize, blocks: &[Block]) -> Block {
        let sister = blocks.iter().find(|b| b.plan.kind == new.kind);
        let neighbor = blocks.get(at).or(blocks.last());
        let metre = neighbor
            .and_then(|b| b.bars.first())
            .map_or_else(Metre::common, |bar| bar.metre.clone());
        // A new beginning is in the key of the beginning, everything else in that of what
        // comes before it.
        let key = at
            .checked_sub(1)
            .and_then(|i| blocks.get(i))
            .or(neighbor)
            .map_or(self.plan.key, |b| b.plan.key);
        let usual = self.usual_bars(new.kind);
        let bars = new
            .bars
            .or(sister.map(|b| b.bars.len() as u32))
            .unwrap_or(usual)
            .clamp(1, 256);
        let around: Vec<f32> = [at.checked_sub(1), Some(at)]
            .into_iter()
            .flatten()
            .filter_map(|i| blocks.get(i))
            .map(|b| (b.plan.energy[0] + b.plan.energy[1]) / 2.0)
            .collect();
        let near = around.iter().sum::<f32>() / around.len().max(1) as f32;
        let level = new.energy.unwrap_or_else(|| {
            sister.map_or_else(
                || {
                    let usual = usual_energy(new.kind);
                    if around.is_empty() {
                        usual
                    } else {
                        usual * 0.7 + near * 0.3
                    }
                },
                |b| (b.plan.energy[0] + b.plan.energy[1]) / 2.0,
            )
        });
        let id = unique(new.kind, blocks);
        let mut plan = SectionPlan {
            id,
            kind: new.kind,
            material: sister
                .map_or_else(|| new.kind.name().to_owned(), |b| b.plan.material.clone()),
            span: TickSpan::default(),
            bars,
            key,
            energy: [level.clamp(0.05, 1.0); 2],
            chords: Vec::new(),
            playing: Vec::new(),
            fill: bars >= 2,
            take: 0,
        };
        match sister {
            Some(b) if new.energy.is_none() => plan.playing = b.plan.playing.clone(),
            _ => self.cast_for(&mut plan),
        }
        self.hush(&mut plan);
        if new.kind == SectionKind::Solo {
            self.soloist(&mut plan);
        }
        let model = match new.kind {
            SectionKind::Solo => blocks
                .iter()
                .rev()
                .find(|b| matches!(b.plan.kind, SectionKind::Chorus | SectionKind::Drop))
                .or_else(|| blocks.iter().find(|b| b.plan.kind == SectionKind::Verse))
                .or(sister),
            _ => sister,
        };
        let bars = match model {
            Some(model) if !model.bars.is_empty() => (0..bars as usize)
                .map(|i| copied(&model.bars[i % model.bars.len()], &model.plan.key, &key))
                .collect(),
            _ => self.fresh(&plan, &metre, bars),
        };
        Block { plan, bars }
    }

    /// A new section has no words yet: the singer rests where another lead can have the tune.
    fn hush(&self, section: &mut SectionPlan) {
        let role = |role: Role| {
            let cast = self.plan.cast.iter();
            cast.filter(move |m| m.role == role).map(|m| m.id.clone())
        };
        let Some(lead) = role(Role::Lead).next() else {
            return;
        };
        let singers: Vec<String> = role(Role::Vocal).collect();
        if section.playing.iter().any(|id| singers.contains(id)) {
            section.playing.retain(|id| !singers.contains(id));
            section.playing.push(lead);
            self.in_order(section);
        }
    }

    /// Bars with a progression of the style.
    fn fresh(&self, section: &SectionPlan, metre: &Metre, bars: u32) -> Vec<Bar> {
        let row = harmony::row(self.style, section, &self.seed.join("harmony"));
        (0..bars as usize)
            .map(|i| roman_bar(&row[i % row.len()], &section.key, metre))
            .collect()
    }

    /// How long a section of a kind is in this style.
    fn usual_bars(&self, kind: SectionKind) -> u32 {
        let forms = self.style.forms.iter();
        let mut found = forms
            .flat_map(|form| crate::form::parse(&form.sections))
            .filter(|s| s.kind == kind);
        let usual = match kind {
            SectionKind::Intro | SectionKind::Outro | SectionKind::PreChorus => 4,
            SectionKind::Build | SectionKind::Interlude => 4,
            _ => 8,
        };
        found.next().map_or(usual, |s| s.bars)
    }

    /// Who plays in a section, by its kind and energy.
    pub fn cast_for(&self, section: &mut SectionPlan) {
        let own: Vec<CastMember> = self
            .plan
            .cast
            .iter()
            .filter(|m| m.style.is_none())
            .cloned()
            .collect();
        section.playing = cast::players(self.style, &own, section, &self.seed.join("playing"));
        cast::carried(&own, section);
        self.in_order(section);
    }

    fn in_order(&self, section: &mut SectionPlan) {
        let order = |id: &String| self.plan.cast.iter().position(|m| m.id == *id);
        section.playing.sort_by_key(order);
        section.playing.dedup();
    }

    /// Somebody plays the solo.
    fn soloist(&self, section: &mut SectionPlan) {
        let lead = |m: &&CastMember| matches!(m.role, Role::Lead | Role::Vocal);
        let plays = |m: &CastMember| section.playing.contains(&m.id);
        if !self.plan.cast.iter().filter(lead).any(plays)
            && let Some(member) = self.plan.cast.iter().rfind(|m| lead(m))
        {
            section.playing.push(member.id.clone());
            self.in_order(section);
        }
    }

    /// The last bar of what was the end leads on: the dominant of what comes.
    fn link(&self, block: &mut Block, next: &NewSection) {
        let key = block.plan.key;
        self.turn(block, key);
        block.plan.fill = block.bars.len() >= 2;
        let [from, to] = block.plan.energy;
        let level = next.energy.unwrap_or_else(|| usual_energy(next.kind));
        // An outro that dies away would fall into a hole: it rises to what comes.
        if block.plan.kind != SectionKind::Outro || to < from {
            block.plan.energy = [from, to.max((from + level) / 2.0).min(1.0)];
        }
    }

    /// The last bar turns round: its chord in the first half, the dominant in the second.
    fn turn(&self, block: &mut Block, key: Key) {
        let Some(bar) = block.bars.last_mut() else {
            return;
        };
        let dominant = in_key("V7", &key);
        let first = bar.chords.first().map_or(dominant, |c| c.chord);
        set_chords(bar, &[first, dominant]);
        bar.from = None;
    }

    /// The close of the piece over the last bars of a new section.
    pub fn finish(&self, block: &mut Block, ending: Ending) {
        block.plan.fill = false;
        if matches!(ending, Ending::Loop | Ending::Fade) {
            return;
        }
        let key = block.plan.key;
        let mut rng = self
            .seed
            .join("harmony")
            .join(&block.plan.id)
            .join("close")
            .rng();
        let row = harmony::closing_row(self.style, key, &mut rng);
        let take = row.len().min(block.bars.len());
        let from = block.bars.len() - take;
        for (bar, chords) in block.bars[from..].iter_mut().zip(&row[row.len() - take..]) {
            let chords: Vec<Chord> = chords.iter().map(|r| r.in_key(&key)).collect();
            set_chords(bar, &chords);
            bar.from = None;
        }
        if let Some(last) = block.bars.last_mut() {
            let home = last.chords.first().map(|c| c.chord);
            set_chords(last, &home.into_iter().collect::<Vec<_>>());
        }
    }
}

/// A new section's last bar leads to what follows it.
fn lead_on(block: &mut Block, next: SectionKind, next_key: Key) {
    let key = block.plan.key;
    let kind = block.plan.kind;
    let count = block.bars.len();
    let Some(bar) = block.bars.last_mut().filter(|bar| bar.from.is_none()) else {
        return;
    };
    let strong = matches!(next, SectionKind::Chorus | SectionKind::Drop);
    let home = |c: &BarChord| c.chord.root.pc() == key.tonic.pc();
    if key != next_key {
        let first = bar.chords.first().map(|c| c.chord);
        let pivot = in_key("V7", &next_key);
        set_chords(bar, &[first.unwrap_or(pivot), pivot]);
    } else if count >= 2
        && bar.chords.last().is_some_and(home)
        && (strong && kind != SectionKind::Intro
            || matches!(kind, SectionKind::Solo | SectionKind::Bridge))
    {
        let dominant = in_key("V", &key);
        let sus = Chord {
            quality: Quality::Sus4,
            ..dominant
        };
        set_chords(bar, &[sus, dominant]);
    }
}

fn in_key(numeral: &str, key: &Key) -> Chord {
    let parsed: Result<Roman, _> = numeral.parse();
    parsed.map_or_else(
        |_| Chord::new(key.tonic, Quality::Major),
        |roman| roman.in_key(key),
    )
}

/// Chords that share a bar, changing on felt beats.
fn set_chords(bar: &mut Bar, chords: &[Chord]) {
    let beats = bar.metre.beat_offsets();
    let count = chords.len().max(1);
    let at = |slot: usize| {
        if slot >= count {
            bar.len
        } else if beats.len() >= count {
            beats[slot * beats.len() / count]
        } else {
            Ticks(bar.len.0 * slot as i64 / count as i64)
        }
    };
    let mut spans: Vec<BarChord> = Vec::new();
    for (slot, chord) in chords.iter().enumerate() {
        match spans.last_mut() {
            Some(last) if last.chord == *chord => last.span.end = at(slot + 1),
            _ => spans.push(BarChord {
                span: TickSpan::new(at(slot), at(slot + 1)),
                chord: *chord,
                tied: false,
            }),
        }
    }
    spans.retain(|c| !c.span.is_empty());
    bar.chords = spans;
}

fn roman_bar(row: &[Roman], key: &Key, metre: &Metre) -> Bar {
    let mut bar = Bar {
        from: None,
        metre: metre.clone(),
        len: metre.bar(),
        chords: Vec::new(),
    };
    let chords: Vec<Chord> = row.iter().map(|r| r.in_key(key)).collect();
    set_chords(&mut bar, &chords);
    bar
}

/// A bar of another section as the model of a new one, in another key if need be.
fn copied(bar: &Bar, from: &Key, to: &Key) -> Bar {
    let up = (i32::from(to.tonic.pc()) - i32::from(from.tonic.pc())).rem_euclid(12);
    let letters = (to.tonic.step as i32 - from.tonic.step as i32).rem_euclid(7);
    let mut copy = Bar {
        from: None,
        len: bar.metre.bar(),
        ..bar.clone()
    };
    if let Some(last) = copy.chords.last_mut() {
        last.span.end = copy.len;
    }
    for chord in &mut copy.chords {
        if up != 0 {
            chord.chord.root = chord.chord.root.up(letters, up);
            chord.chord.bass = chord.chord.bass.map(|bass| bass.up(letters, up));
        }
    }
    copy
}

/// The next free id of a kind: `chorus-4` after `chorus-3`.
pub(crate) fn unique(kind: SectionKind, blocks: &[Block]) -> String {
    let mut number = 1;
    loop {
        let id = format!("{}-{number}", kind.name());
        if !blocks.iter().any(|b| b.plan.id == id) {
            return id;
        }
        number += 1;
    }
}

/// Something worth knowing.
pub(crate) fn info(code: &str, en: String, zh: String) -> Diagnostic {
    Diagnostic {
        severity: Severity::Info,
        code: code.into(),
        message_en: en,
        message_zh: zh,
        remedy_en: String::new(),
        remedy_zh: String::new(),
    }
}

/// Adds a player to the cast, in the sections of the indices given, or wherever its role makes
/// sense: a drummer not in the calmest sections, a second voice where there is a tune.
///
/// The role is `role`, or what the instrument usually does; the part is the style's own of that
/// role where it has one. Nobody else's part changes.
///
/// # Errors
/// A sentence, English and Chinese, when the instrument is unknown or does not suit the role.
pub fn add_part(
    plan: &SongPlan,
    book: &StyleBook,
    catalog: &Catalog,
    seed: &SeedPath,
    instrument: &str,
    role: Option<Role>,
    sections: Option<&[usize]>,
) -> Result<(SongPlan, String), (String, String)> {
    let hand = Hand::new(plan, book, seed);
    let Some(profile) = catalog.profile(instrument) else {
        return Err((
            format!(
                "There is no instrument `{instrument}`; choose one that `yuefu instruments` lists."
            ),
            format!("没有乐器“{instrument}”；请从 `yuefu instruments` 列出的乐器中选择。"),
        ));
    };
    let role = role.unwrap_or_else(|| match cast::natural_role(profile) {
        // There is a tune already: a second voice answers it.
        Role::Lead
            if plan
                .cast
                .iter()
                .any(|m| matches!(m.role, Role::Lead | Role::Vocal)) =>
        {
            Role::Counter
        }
        role => role,
    });
    let kit = profile.family == yuefu_song::Family::Kit;
    if kit != role.is_percussion() {
        return Err((
            format!(
                "`{instrument}` cannot play the role `{}`: {}; choose another instrument or role.",
                role.name(),
                if kit {
                    "it has drum sounds, not pitches"
                } else {
                    "it has pitches, not drum sounds"
                }
            ),
            format!(
                "“{instrument}”不能担任“{}”：{}；请换一种乐器或角色。",
                role.name(),
                if kit {
                    "它只有鼓声而没有音高"
                } else {
                    "它有音高而没有鼓声"
                }
            ),
        ));
    }
    let style = hand.style;
    let suits = |wanted: Role| style.cast.iter().position(|p| p.role == wanted);
    let part = suits(role).or_else(|| match role {
        Role::Harmony | Role::Backing => suits(Role::Counter).or_else(|| suits(Role::Lead)),
        Role::Percussion => suits(Role::Drums),
        Role::Drums => suits(Role::Percussion),
        Role::Arp | Role::Comp | Role::Pad => [Role::Comp, Role::Arp, Role::Pad]
            .into_iter()
            .find_map(suits),
        _ => None,
    });
    let mut plan = plan.clone();
    let id = cast::unique(&plan.cast, instrument);
    let member = CastMember {
        id: id.clone(),
        role,
        instrument: instrument.to_owned(),
        part: part.unwrap_or(0),
        style: None,
        sings: None,
    };
    let at = plan
        .cast
        .iter()
        .position(|m| m.role > role)
        .unwrap_or(plan.cast.len());
    plan.cast.insert(at, member);
    let tune = |s: &SectionPlan| {
        s.playing.iter().any(|id| {
            plan.cast
                .iter()
                .any(|m| m.id == *id && matches!(m.role, Role::Lead | Role::Vocal))
        })
    };
    let sensible = |s: &SectionPlan| {
        let energy = (s.energy[0] + s.energy[1]) / 2.0;
        match role {
            Role::Drums => energy >= 0.35,
            Role::Percussion => energy >= 0.3,
            Role::Harmony | Role::Backing => tune(s) && energy >= 0.5,
            Role::Counter => energy >= 0.3,
            _ => true,
        }
    };
    let chosen: Vec<usize> = match sections {
        Some(given) => given.to_vec(),
        None => {
            let found: Vec<usize> = (0..plan.sections.len())
                .filter(|i| sensible(&plan.sections[*i]))
                .collect();
            if found.is_empty() {
                (0..plan.sections.len()).collect()
            } else {
                found
            }
        }
    };
    let order: Vec<String> = plan.cast.iter().map(|m| m.id.clone()).collect();
    for index in chosen {
        if let Some(section) = plan.sections.get_mut(index) {
            section.playing.push(id.clone());
            section
                .playing
                .sort_by_key(|id| order.iter().position(|o| o == id));
        }
    }
    Ok((plan, id))
}
