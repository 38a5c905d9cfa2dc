//! A selection written anew: another take, busier, simpler, higher, lower, or after the manner of
//! another place. Nothing outside the selection changes, and both its ends join what is there.

mod beside;
mod density;
mod parts;
mod register;
mod report;
mod tune;

pub use beside::beside;
pub use report::{LeftAlone, PhraseTakes, Rewritten, Why};

use crate::{
    Band, ENGINE, backing,
    hall::{Desk, Hall, Scope, cut_overlaps, fold},
    tune::sung,
};
use yuefu_engine::{Rng, SeedPath};
use yuefu_song::{CastMember, Note, Phrase, Role, Score, SectionPlan, SongPlan, Track};
use yuefu_theory::{TickSpan, Ticks};

/// What is to become of a selection. The fields combine freely; a wish that asks for nothing asks
/// for something else.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Wish {
    /// New notes instead of the present ones.
    pub another: bool,
    /// Busier (to 1) or simpler (to −1); 0 = as busy as now.
    pub density: f32,
    /// Higher (to 1, about a fifth) or lower (to −1); 0 = where it lies now. For drums: brighter
    /// or darker.
    pub register: f32,
    /// A place to be like: its rhythm and contour are the material.
    pub like: Option<TickSpan>,
    /// How much like it, 0..=1 (0 counts as 1 when a place is named).
    pub likeness: f32,
}

impl Wish {
    /// Something else in its place.
    pub fn another() -> Self {
        Self {
            another: true,
            ..Self::default()
        }
    }

    /// More notes; `amount` from 0 to 1.
    pub fn busier(amount: f32) -> Self {
        Self {
            density: amount.clamp(0.0, 1.0),
            ..Self::default()
        }
    }

    /// Fewer notes; `amount` from 0 to 1.
    pub fn simpler(amount: f32) -> Self {
        Self {
            density: -amount.clamp(0.0, 1.0),
            ..Self::default()
        }
    }

    /// Higher; `amount` from 0 to 1.
    pub fn higher(amount: f32) -> Self {
        Self {
            register: amount.clamp(0.0, 1.0),
            ..Self::default()
        }
    }

    /// Lower; `amount` from 0 to 1.
    pub fn lower(amount: f32) -> Self {
        Self {
            register: -amount.clamp(0.0, 1.0),
            ..Self::default()
        }
    }

    /// More like another place.
    pub fn like(place: TickSpan) -> Self {
        Self {
            like: Some(place),
            likeness: 1.0,
            ..Self::default()
        }
    }

    fn settled(self) -> Self {
        Self {
            another: self.another
                || (self.density == 0.0 && self.register == 0.0 && self.like.is_none()),
            density: self.density.clamp(-1.0, 1.0),
            register: self.register.clamp(-1.0, 1.0),
            likeness: match (self.like, self.likeness) {
                (Some(_), amount) if amount <= 0.0 => 1.0,
                (_, amount) => amount.clamp(0.0, 1.0),
            },
            ..self
        }
    }
}

/// What to write anew.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Tracks by id; empty = all.
    pub tracks: Vec<String>,
    /// Where; notes that begin in it are replaced.
    pub span: TickSpan,
    /// How.
    pub wish: Wish,
    /// How many takes, at least 1.
    pub takes: u32,
}

/// Writes a selection anew, phrase by phrase: the tune first, then those who listen to it.
///
/// Each take is a whole: its accompaniment hears its own tune. Voices beside a lead that is
/// written anew follow it in those lines, selected or not. Takes continue the numbers that
/// phrases have, and the number is part of the seed path, so the same request on the same song
/// gives the same notes. A score without a known style comes back as it is.
pub fn rewrite(
    plan: &SongPlan,
    score: &Score,
    band: Band<'_>,
    seed: &SeedPath,
    request: &Request,
) -> Rewritten {
    let wish = request.wish.settled();
    let mut out = Rewritten::default();
    let chosen: Vec<&Track> = score
        .tracks
        .iter()
        .filter(|t| request.tracks.is_empty() || request.tracks.contains(&t.id))
        .collect();
    for track in &chosen {
        let there: Vec<&Phrase> = selected(track, request.span).collect();
        if there.is_empty() {
            out.left.push(LeftAlone {
                track: track.id.clone(),
                phrase: String::new(),
                why: Why::Rests,
            });
        }
        for phrase in there {
            if phrase.locked {
                out.left.push(LeftAlone {
                    track: track.id.clone(),
                    phrase: phrase.id.clone(),
                    why: Why::Locked,
                });
            } else {
                out.phrases.push(PhraseTakes {
                    track: track.id.clone(),
                    phrase: phrase.id.clone(),
                    takes: Vec::new(),
                });
            }
        }
    }
    for round in 0..request.takes.max(1) {
        let mut now = score.clone();
        for leads in [true, false] {
            for track in chosen.iter().filter(|t| is_lead(t.role) == leads) {
                for phrase in selected(track, request.span).filter(|p| !p.locked) {
                    let number = phrase.next_take() + round;
                    // Who follows the lead has been written with it.
                    if now_take(&now, &track.id, &phrase.id) == Some(number) {
                        continue;
                    }
                    let engine;
                    let notes = {
                        let Some(mut hall) = Hall::new(plan, band, seed) else {
                            return Rewritten::default();
                        };
                        engine = hall.engine_in(track, phrase).to_owned();
                        hall.score = Some(&now);
                        hall.scope = Scope {
                            members: vec![track.id.clone()],
                            sections: (0..plan.sections.len()).collect(),
                            take: number,
                            after: false,
                        };
                        Job::new(&hall, track, phrase, request.span, wish, number)
                            .and_then(|job| job.write())
                    };
                    let Some(notes) = notes else { continue };
                    out.add(
                        &mut now,
                        seed,
                        (&track.id, &phrase.id),
                        number,
                        notes,
                        &engine,
                    );
                }
            }
            if leads {
                let Some(mut hall) = Hall::new(plan, band, seed) else {
                    return Rewritten::default();
                };
                hall.score = Some(&now);
                let followers = backing::beside(&hall, score);
                for follower in followers {
                    let (track, phrase) = (&follower.track, &follower.phrase);
                    // Players who are asked themselves play what is asked of them.
                    let asked = |m: &&CastMember| m.id == *track && backing::shadows(m);
                    if chosen.iter().any(|t| t.id == *track) && plan.cast.iter().any(|m| asked(&m))
                    {
                        continue;
                    }
                    let (Some(notes), Some(last)) =
                        (follower.notes, last_take(score, track, phrase))
                    else {
                        out.leave(track, phrase, Why::Behind);
                        continue;
                    };
                    let number = last + 1 + round;
                    out.add(&mut now, seed, (track, phrase), number, notes, ENGINE);
                }
            }
        }
    }
    // Some follow a lead by singing on as they did.
    out.phrases.retain(|made| {
        let old = find(score, &made.track, &made.phrase);
        made.takes.is_empty()
            || old.is_none_or(|old| made.takes.iter().any(|take| take.notes != old.notes))
    });
    let place = |made: &PhraseTakes| {
        let track = score.tracks.iter().position(|t| t.id == made.track);
        let mut phrases = track.into_iter().flat_map(|at| &score.tracks[at].phrases);
        (track, phrases.position(|p| p.id == made.phrase))
    };
    out.phrases.sort_by_key(place);
    let (made, empty): (Vec<_>, Vec<_>) = out
        .phrases
        .into_iter()
        .partition(|phrase| !phrase.takes.is_empty());
    out.phrases = made;
    let led = |track: &String| {
        let mut cast = plan.cast.iter();
        cast.any(|m| m.id == *track && m.sings.is_some_and(backing::led))
    };
    out.left.extend(empty.into_iter().map(|p| LeftAlone {
        why: if led(&p.track) { Why::Led } else { Why::NoRoom },
        track: p.track,
        phrase: p.phrase,
    }));
    out
}

fn find<'a>(score: &'a Score, track: &str, phrase: &str) -> Option<&'a Phrase> {
    let track = score.tracks.iter().find(|t| t.id == track)?;
    track.phrases.iter().find(|p| p.id == phrase)
}

/// The highest number of a phrase's takes.
fn last_take(score: &Score, track: &str, phrase: &str) -> Option<u32> {
    find(score, track, phrase).map(|p| p.next_take() - 1)
}

/// The number of the take that a phrase has now.
fn now_take(score: &Score, track: &str, phrase: &str) -> Option<u32> {
    find(score, track, phrase).map(|p| p.take)
}

fn is_lead(role: Role) -> bool {
    matches!(role, Role::Lead | Role::Vocal)
}

/// Phrases that lie in a span, at least partly.
fn selected(track: &Track, span: TickSpan) -> impl Iterator<Item = &Phrase> {
    track
        .phrases
        .iter()
        .filter(move |phrase| phrase.span.overlaps(span))
}

/// One phrase to be written anew, in song time.
struct Job<'a> {
    hall: &'a Hall<'a>,
    member: CastMember,
    track: &'a Track,
    phrase: &'a Phrase,
    /// The part of the phrase that is selected.
    span: TickSpan,
    /// Start of the whole selection: where a place to be like is laid on.
    origin: Ticks,
    wish: Wish,
    number: u32,
    /// Notes that are replaced.
    inside: Vec<Note>,
    /// Notes of the track that stay, of every phrase.
    outside: Vec<Note>,
}

impl<'a> Job<'a> {
    /// Nothing when the plan has no section there or the instrument is unknown.
    fn new(
        hall: &'a Hall<'a>,
        track: &'a Track,
        phrase: &'a Phrase,
        selection: TickSpan,
        wish: Wish,
        number: u32,
    ) -> Option<Self> {
        hall.catalog.profile(&track.instrument)?;
        let start = phrase.span.start;
        let placed = |p: &Phrase, n: &Note| Note {
            at: n.at + p.span.start,
            ..n.clone()
        };
        // A pickup inside the selection belongs to its phrase.
        let first = phrase.notes.first().map_or(start, |n| start + n.at);
        let span = TickSpan::new(
            selection.start.max(first.min(start)),
            selection.end.min(phrase.span.end),
        );
        let now = hall.score?.tracks.iter().find(|t| t.id == track.id)?;
        let mut inside = Vec::new();
        let mut outside = Vec::new();
        for other in &now.phrases {
            for note in &other.notes {
                let note = placed(other, note);
                if other.id == phrase.id && span.contains(note.at) {
                    inside.push(note);
                } else {
                    outside.push(note);
                }
            }
        }
        outside.sort_by_key(|n| (n.at, n.pitch));
        // The cast knows the part; a track that came from elsewhere takes the style's part of
        // its role.
        let planned = hall.plan.cast.iter().find(|m| m.id == track.id);
        let fitting = |role: Role| hall.style.cast.iter().position(|p| p.role == role);
        let member = CastMember {
            id: track.id.clone(),
            role: track.role,
            instrument: track.instrument.clone(),
            part: planned.map_or_else(
                || {
                    fitting(track.role)
                        .or_else(|| fitting(Role::Comp))
                        .unwrap_or(0)
                },
                |m| m.part,
            ),
            style: planned.and_then(|m| m.style.clone()),
            sings: planned.and_then(|m| m.sings),
        };
        Some(Self {
            hall,
            member,
            track,
            phrase,
            span,
            origin: selection.start,
            wish,
            number,
            inside,
            outside,
        })
    }

    fn desk(&self) -> Option<Desk<'_>> {
        self.hall.desk(&self.member)
    }

    fn rng(&self, what: &str) -> Rng {
        self.hall
            .seed
            .join(&self.track.id)
            .join(&self.phrase.id)
            .join(self.number)
            .join(what)
            .rng()
    }

    fn section_at(&self, at: Ticks) -> Option<&'a SectionPlan> {
        let sections = &self.hall.plan.sections;
        sections
            .iter()
            .find(|s| s.span.contains(at))
            .or(sections.last())
    }

    /// The phrase's notes with the selection written anew; nothing when that changes nothing.
    fn write(&self) -> Option<Vec<Note>> {
        let desk = self.desk()?;
        let melodic = is_lead(self.track.role);
        let fresh = self.wish.another || self.wish.like.is_some();
        if let (true, Some(_)) = (fresh, self.member.sings) {
            let section = self.section_at(self.phrase.span.start)?;
            let notes = backing::phrase_notes(&desk, section, self.phrase, None)?;
            let made = self.join(&desk, notes);
            return (made != self.phrase_now()).then_some(made);
        }
        if self.member.sings.is_some_and(backing::led) {
            return None;
        }
        let mut notes = self.inside.clone();
        if fresh {
            notes = match (melodic, self.wish.like) {
                (true, _) => tune::write(self, &desk)?,
                (false, Some(place)) => parts::like(self, place),
                (false, None) => parts::another(self, &desk)?,
            };
        }
        if self.wish.density != 0.0 {
            notes = density::change(self, notes, self.wish.density, "density");
        }
        if self.wish.register != 0.0 {
            notes = register::change(self, &desk, notes);
        }
        let mut made = self.join(&desk, notes);
        if fresh && made == self.phrase_now() && !self.inside.is_empty() {
            // The part knows only one way to play: vary it lightly.
            let amount = if self.number.is_multiple_of(2) {
                -0.3
            } else {
                0.3
            };
            for amount in [amount, -amount] {
                let varied = density::change(self, self.inside.clone(), amount, "vary");
                made = self.join(&desk, varied);
                if made != self.phrase_now() {
                    break;
                }
            }
        }
        (made != self.phrase_now()).then_some(made)
    }

    /// The phrase as it is, relative to itself.
    fn phrase_now(&self) -> Vec<Note> {
        self.phrase.notes.clone()
    }

    /// Puts new notes between those that stay.
    fn join(&self, desk: &Desk<'_>, mut notes: Vec<Note>) -> Vec<Note> {
        let [low, high] = desk.profile.range.map(i32::from);
        notes.retain(|n| self.span.contains(n.at) && n.len > Ticks::ZERO);
        // Nothing rings further than it did, or than the selection.
        let ring = self.inside.iter().map(Note::end).max();
        let end = ring.unwrap_or(self.span.end).max(self.span.end);
        for note in &mut notes {
            note.len = note.len.min(end - note.at);
            if !self.track.role.is_percussion() {
                fold(note, low, high);
            }
        }
        let single = is_lead(self.track.role) || desk.profile.polyphony == 1;
        if single {
            // One voice: what stays is not sung over.
            let sounds = |at: Ticks| self.outside.iter().any(|n| n.at <= at && at < n.end());
            notes.retain(|note| !sounds(note.at));
        }
        for note in &mut notes {
            let after = |n: &&Note| n.at > note.at;
            if let (true, Some(next)) = (single, self.outside.iter().find(after)) {
                note.len = note.len.min(next.at - note.at);
            }
            let same = self
                .outside
                .iter()
                .filter(|n| n.key() == note.key() && n.at > note.at)
                .map(|n| n.at)
                .min();
            if let Some(at) = same {
                note.len = note.len.min(at - note.at);
            }
        }
        // A key cannot be struck while it is held.
        notes.retain(|note| {
            let held = |other: &&Note| {
                other.key() == note.key() && other.at <= note.at && note.at < other.end()
            };
            note.len > Ticks::ZERO && !self.outside.iter().any(|other| held(&other))
        });
        let start = self.phrase.span.start;
        let mine: Vec<Note> = notes
            .into_iter()
            .map(|n| Note {
                at: n.at - start,
                ..n
            })
            .collect();
        let selected = |n: &Note| self.span.contains(n.at + start);
        let mut fresh = mine;
        fresh.sort_by_key(|n| (n.at, n.pitch, n.len));
        fresh.dedup_by(|b, a| a.at == b.at && a.key() == b.key());
        cut_overlaps(&mut fresh);
        let mut all: Vec<Note> = self
            .phrase
            .notes
            .iter()
            .filter(|n| !selected(n))
            .cloned()
            .chain(fresh)
            .collect();
        all.sort_by_key(|n| (n.at, n.pitch, n.len));
        all
    }

    /// The tune around the phrase as it is now.
    fn tune(&self, within: TickSpan) -> Vec<Note> {
        self.hall.score.map_or_else(Vec::new, |score| {
            sung(score, within)
                .into_iter()
                .flat_map(|(_, notes)| notes)
                .collect()
        })
    }

    /// The last note that stays before the selection, and the first after it.
    fn neighbors(&self) -> (Vec<&Note>, Option<&Note>) {
        let before: Vec<&Note> = self
            .outside
            .iter()
            .filter(|n| n.at < self.span.start)
            .collect();
        let after = self.outside.iter().find(|n| n.at >= self.span.end);
        (before, after)
    }
}
