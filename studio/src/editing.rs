//! Editing songs: every operation is a function from a song to a song. What it changed is the
//! difference of the two (see [`yuefu_song::Edit`]); keeping it is the project's business.

use crate::{Studio, compose::silence_the_unheard, error::StudioError, import::Part};
use std::{collections::BTreeSet, path::Path};
use yuefu_arrange::{LeftAlone, Request, Rewritten, beside, follow, rewrite};
use yuefu_audio::CurvePoint;
use yuefu_engine::SeedPath;
use yuefu_plan::{extend_after, extend_before, insert, looped, restyle, set_energy, to_length};
use yuefu_song::{
    Reshape, Song, SongPlan,
    ops::{Op, OpError, Place, Remark, Selection, Tracks},
    score::{Role, SectionKind},
    words::Words,
};
use yuefu_theory::{TickSpan, Timeline};

pub use yuefu_arrange::Wish;
pub use yuefu_plan::{Color, NewSection, Restyle};

/// A changed song.
#[derive(Clone, Debug)]
pub struct Edited {
    /// The song.
    pub song: Song,
    /// What was done, as a line of the history.
    pub label: Words,
    /// What was left alone, and other things worth saying.
    pub remarks: Vec<Remark>,
}

impl Edited {
    /// A changed song, made whole: notes in order, everything that follows from the plan derived.
    fn new(mut song: Song, label: Words, remarks: Vec<Remark>) -> Self {
        song.tidy();
        Self {
            song,
            label,
            remarks,
        }
    }
}

/// How a song gets another form.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// New sections before a section (by id), or after the last.
    Insert {
        /// The sections, in order.
        sections: Vec<NewSection>,
        /// Id of the section before which they come; `None` = at the end.
        before: Option<String>,
    },
    /// New sections after the end; the old final bar becomes a link.
    After(Vec<NewSection>),
    /// New sections before the beginning.
    Before(Vec<NewSection>),
    /// Runs into its own beginning; `whole` keeps intro and outro.
    Loop {
        /// Whether intro and outro stay.
        whole: bool,
    },
    /// Comes as near to a length as whole bars allow, or exactly with a small change of tempo.
    Length {
        /// Seconds.
        seconds: f64,
        /// Whether the tempo may change for it.
        exact: bool,
    },
    /// Another energy of a section, with the orchestration that it asks for.
    Energy {
        /// Id of the section.
        section: String,
        /// Energy at its start and end, 0..=1.
        energy: [f32; 2],
    },
}

impl From<OpError> for StudioError {
    fn from(error: OpError) -> Self {
        use yuefu_song::brief::Lang;
        Self::input(error.message(Lang::En), error.message(Lang::Zh))
    }
}

impl Studio {
    /// Carries operations out one after another.
    ///
    /// # Errors
    /// When one does not fit the song; nothing is changed then. The message says which.
    pub fn operate(&self, song: &Song, operations: &[String]) -> Result<Edited, StudioError> {
        let mut now = song.clone();
        let mut remarks = Vec::new();
        let mut labels = Vec::new();
        let mut worded = false;
        for (index, text) in operations.iter().enumerate() {
            let failed = |error: OpError| {
                use yuefu_song::brief::Lang;
                if operations.len() == 1 {
                    return StudioError::from(error);
                }
                StudioError::input(
                    format!(
                        "operation {} (`{text}`): {}",
                        index + 1,
                        error.message(Lang::En)
                    ),
                    format!(
                        "第 {} 个操作（“{text}”）：{}",
                        index + 1,
                        error.message(Lang::Zh)
                    ),
                )
            };
            let op: Op = text.parse().map_err(failed)?;
            let (next, said) = op.apply(&now, &self.catalog).map_err(failed)?;
            let before = std::mem::replace(&mut now, next);
            remarks.extend(said);
            if matches!(op, Op::SwitchTake { .. }) {
                remarks.extend(self.follow_lead(&before, &mut now));
            }
            worded |= op.changes_words();
            labels.push(op.to_string());
        }
        if worded {
            remarks.extend(self.sing_changed_words(&mut now));
        } else if now.score.tracks != song.score.tracks {
            self.write_down_sung_words(&mut now);
        }
        if !worded {
            remarks.extend(self.left_behind(song, &now));
        }
        Ok(Edited::new(now, Words::same(labels.join("; ")), remarks))
    }

    /// Brings the voices beside the lead to a take of it that was chosen.
    fn follow_lead(&self, before: &Song, now: &mut Song) -> Vec<Remark> {
        let seed = SeedPath::song(now.seed);
        let (score, made) = beside(
            &now.plan,
            &before.score,
            &now.score,
            self.band(&now.engines),
            &seed,
        );
        now.score = score;
        let mut remarks = Vec::new();
        remarks.extend(followers(&now.plan, &made));
        remarks.extend(made.left.iter().map(left_alone));
        remarks
    }

    /// Voices beside the lead whose lead was changed by hand and who were not. Notes that somebody
    /// sets are theirs: nothing else moves with them unasked, but it is said.
    fn left_behind(&self, before: &Song, now: &Song) -> Option<Remark> {
        // Where bars came or went, voices went along with their lead.
        let spans = |song: &Song| -> Vec<TickSpan> {
            let sections = song.plan.sections.iter();
            sections.map(|section| section.span).collect()
        };
        if spans(before) != spans(now) {
            return None;
        }
        let seed = SeedPath::song(now.seed);
        let band = self.band(&now.engines);
        let (_, would) = beside(&now.plan, &before.score, &now.score, band, &seed);
        let notes = |song: &Song, track: &str, phrase: &str| {
            let tracks = song.score.tracks.iter().filter(|t| t.id == track);
            let mut phrases = tracks.flat_map(|t| &t.phrases);
            phrases.find(|p| p.id == phrase).map(|p| p.notes.clone())
        };
        let behind = would.phrases.iter().filter(|made| {
            notes(before, &made.track, &made.phrase) == notes(now, &made.track, &made.phrase)
        });
        let behind: Vec<(&str, &str)> = behind
            .map(|made| (made.track.as_str(), made.phrase.as_str()))
            .collect();
        let (_, phrase) = behind.first()?;
        let section = phrase.split('.').next().unwrap_or(phrase);
        let names: Vec<String> = behind.iter().map(|(t, p)| format!("{t}/{p}")).collect();
        let tracks: BTreeSet<&str> = behind.iter().map(|(track, _)| *track).collect();
        let tracks: Vec<&str> = tracks.into_iter().collect();
        let tracks = tracks.join(",");
        Some(Remark::new(
            format!(
                "{} still sing with what the lead sang before; `yuefu regenerate SONG --track \
                 {tracks} --section {section}` brings them to it",
                names.join(", ")
            ),
            format!(
                "{} 仍与主唱先前的旋律相配；可用 yuefu regenerate SONG --track {tracks} --section \
                 {section} 使其跟上",
                names.join("、")
            ),
        ))
    }

    /// Writes a selection anew; the new takes are kept in their phrases, the first is chosen.
    ///
    /// # Errors
    /// When the song does not have the tracks or the place, or nothing there can be written
    /// anew.
    pub fn regenerate(
        &self,
        song: &Song,
        tracks: &Tracks,
        place: &Place,
        wish: Wish,
        takes: u32,
    ) -> Result<Edited, StudioError> {
        let selection = Selection::find(tracks, place, song, &self.catalog)?;
        let seed = SeedPath::song(song.seed);
        let mut now = song.clone();
        let mut written = 0;
        let mut remarks: Vec<Remark> = self.missing_engines(&song.engines);
        let mut seen = BTreeSet::new();
        for span in &selection.spans {
            let request = Request {
                tracks: selection.tracks.clone(),
                span: *span,
                wish,
                takes,
            };
            let made = rewrite(
                &now.plan,
                &now.score,
                self.band(&song.engines),
                &seed,
                &request,
            );
            made.record(&mut now.score);
            written += made.phrases.len();
            let unasked = Rewritten {
                phrases: made
                    .phrases
                    .iter()
                    .filter(|p| !selection.tracks.contains(&p.track))
                    .cloned()
                    .collect(),
                left: Vec::new(),
            };
            let said = followers(&now.plan, &unasked).into_iter();
            for remark in said.chain(made.left.iter().map(left_alone)) {
                if seen.insert(remark.en.clone()) {
                    remarks.push(remark);
                }
            }
        }
        if written == 0 {
            let why: Vec<&str> = remarks.iter().map(|r| r.en.as_str()).collect();
            let zh: Vec<&str> = remarks.iter().map(|r| r.zh.as_str()).collect();
            return Err(StudioError::input(
                format!("nothing was written anew: {}.", why.join("; ")),
                format!("没有重新写任何内容：{}。", zh.join("；")),
            ));
        }
        let name = wish_name(wish);
        let label = Words::new(
            format!("regenerate {tracks} {place}{}", name.en),
            format!("重写 {tracks} {place}{}", name.zh),
        );
        Ok(Edited::new(now, label, remarks))
    }

    /// Gives a song another form; what stays keeps every note.
    ///
    /// # Errors
    /// When there is no such section.
    pub fn reshape(&self, song: &Song, form: &Form) -> Result<Edited, StudioError> {
        let seed = SeedPath::song(song.seed);
        let (plan, book) = (&song.plan, &self.book);
        let index = |id: &str| {
            let found = plan.sections.iter().position(|section| section.id == id);
            found.ok_or_else(|| {
                let ids: Vec<&str> = plan.sections.iter().map(|s| s.id.as_str()).collect();
                let ids = ids.join(", ");
                StudioError::input(
                    format!("expected a section of this song ({ids}), found `{id}`."),
                    format!("需要本曲的一个段落（{ids}），而不是“{id}”。"),
                )
            })
        };
        let (reshape, label) = match form {
            Form::Insert { sections, before } => {
                let at = match before {
                    Some(id) => index(id)?,
                    None => plan.sections.len(),
                };
                let names = names(sections);
                let label = match before {
                    Some(id) => Words::new(
                        format!("insert {} before {id}", names.en),
                        format!("在 {id} 之前插入{}", names.zh),
                    ),
                    None => Words::new(
                        format!("insert {} at the end", names.en),
                        format!("在结尾插入{}", names.zh),
                    ),
                };
                (insert(plan, book, &seed, at, sections), label)
            }
            Form::After(sections) => {
                let names = names(sections);
                let label = Words::new(
                    format!("extend with {}", names.en),
                    format!("向后延长：{}", names.zh),
                );
                (extend_after(plan, book, &seed, sections), label)
            }
            Form::Before(sections) => {
                let names = names(sections);
                let label = Words::new(
                    format!("begin earlier with {}", names.en),
                    format!("向前延长：{}", names.zh),
                );
                (extend_before(plan, book, &seed, sections), label)
            }
            Form::Loop { whole } => (
                looped(plan, book, &seed, *whole),
                Words::new("loop without a seam", "首尾无缝循环"),
            ),
            Form::Length { seconds, exact } => (
                to_length(plan, book, &seed, *seconds, *exact),
                Words::new(
                    format!("fit to {seconds:.1} s"),
                    format!("改为 {seconds:.1} 秒"),
                ),
            ),
            Form::Energy { section, energy } => (
                set_energy(plan, book, &seed, index(section)?, *energy),
                Words::new(
                    format!("energy of {section} to {:.2}-{:.2}", energy[0], energy[1]),
                    format!("{section} 的能量改为 {:.2}-{:.2}", energy[0], energy[1]),
                ),
            ),
        };
        Ok(self.reshaped(song, reshape, label))
    }

    /// The song in another style, or some sections of it, with its tune.
    ///
    /// The mix and the master of a song that is restyled as a whole are decided anew.
    ///
    /// # Errors
    /// When the style or the place is unknown.
    pub fn restyle(
        &self,
        song: &Song,
        wish: Restyle,
        place: Option<&Place>,
    ) -> Result<Edited, StudioError> {
        let seed = SeedPath::song(song.seed);
        let sections = match place {
            None => Vec::new(),
            Some(place) => self.sections_at(song, place)?,
        };
        let label = match place {
            None => Words::new(
                format!("restyle as {}", wish.style),
                format!("改为 {} 风格", wish.style),
            ),
            Some(place) => Words::new(
                format!("restyle {place} as {}", wish.style),
                format!("{place} 改为 {} 风格", wish.style),
            ),
        };
        let wish = Restyle { sections, ..wish };
        let whole = wish.sections.is_empty();
        let reshape = restyle(&song.plan, &self.book, &self.catalog, &seed, &wish)
            .map_err(|(en, zh)| StudioError::input(en, zh))?;
        let mut edited = self.reshaped(song, reshape, label);
        if whole {
            edited.song.mix = None;
            edited.song.master = None;
        }
        Ok(edited)
    }

    /// Indices of the sections that a place touches.
    fn sections_at(&self, song: &Song, place: &Place) -> Result<Vec<usize>, StudioError> {
        let all = Selection::find(&Tracks::all(), place, song, &self.catalog)?;
        let meets = |span: &TickSpan| {
            let mut spans = all.spans.iter();
            spans.any(|s| s.start < span.end && span.start < s.end)
        };
        let sections = song.plan.sections.iter().enumerate();
        Ok(sections
            .filter(|(_, section)| meets(&section.span))
            .map(|(index, _)| index)
            .collect())
    }

    /// Carries a new plan out.
    fn reshaped(&self, song: &Song, reshape: Reshape, label: Words) -> Edited {
        let seed = SeedPath::song(song.seed);
        let mut now = song.clone();
        now.score = follow(&song.score, &reshape, self.band(&song.engines), &seed);
        if let Some(mix) = &mut now.mix {
            let playing: BTreeSet<&str> = now
                .score
                .tracks
                .iter()
                .map(|track| track.id.as_str())
                .collect();
            mix.tracks
                .retain(|strip| playing.contains(strip.track.as_str()));
            for strip in &mut mix.tracks {
                let old: &Timeline = &song.plan.timeline;
                for curve in [&mut strip.automation, &mut strip.throws] {
                    let moved = curve.0.iter().filter_map(|point| {
                        let at = reshape.moved(old.ticks(f64::from(point.at)))?;
                        Some(CurvePoint {
                            at: reshape.plan.timeline.seconds(at) as f32,
                            value: point.value,
                        })
                    });
                    let mut points: Vec<CurvePoint> = moved.collect();
                    points.sort_by(|a, b| a.at.total_cmp(&b.at));
                    points.dedup_by(|b, a| b.at <= a.at);
                    curve.0 = points;
                }
            }
        }
        let remarks = reshape
            .notes
            .iter()
            .map(|note| Remark::new(note.message_en.clone(), note.message_zh.clone()))
            .collect();
        now.plan = reshape.plan;
        silence_the_unheard(&mut now.score, &now.plan);
        self.write_down_sung_words(&mut now);
        Edited::new(now, label, remarks)
    }

    /// Takes an edited MIDI, MusicXML or ABC file back into the song it was exported from: the
    /// tracks that are in it, or one track.
    ///
    /// # Errors
    /// When the file cannot be read or the song has no such track.
    pub fn bring_back(
        &self,
        song: &Song,
        file: &Path,
        track: Option<&Tracks>,
    ) -> Result<Edited, StudioError> {
        let name = file
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let label = Words::new(format!("bring {name} back"), format!("并回 {name}"));
        let Some(track) = track else {
            let mut back = self.reimport(song, file, Part::Present)?;
            self.write_down_sung_words(&mut back.song);
            return Ok(Edited::new(back.song, label, back.remarks));
        };
        let chosen = Selection::find(track, &Place::all(), song, &self.catalog)?;
        let [id] = &chosen.tracks[..] else {
            return Err(StudioError::input(
                format!("expected one track, found {}.", chosen.tracks.join(", ")),
                format!("需要一条音轨，而不是 {}。", chosen.tracks.join("、")),
            ));
        };
        let mut back = self.reimport(song, file, Part::Track(id))?;
        self.write_down_sung_words(&mut back.song);
        Ok(Edited::new(back.song, label, back.remarks))
    }

    /// Adds a player who writes a part of their own to what is there.
    ///
    /// # Errors
    /// When the instrument is unknown or does not suit the role, or a section is unknown.
    pub fn add_part(
        &self,
        song: &Song,
        instrument: &str,
        role: Option<Role>,
        place: Option<&Place>,
    ) -> Result<Edited, StudioError> {
        let seed = SeedPath::song(song.seed);
        let sections = match place {
            None => None,
            Some(place) => Some(self.sections_at(song, place)?),
        };
        let (plan, id) = yuefu_plan::add_part(
            &song.plan,
            &self.book,
            &self.catalog,
            &seed,
            instrument,
            role,
            sections.as_deref(),
        )
        .map_err(|(en, zh)| StudioError::input(en, zh))?;
        let mut now = song.clone();
        let band = self.band(&song.engines);
        now.score = yuefu_arrange::add_part(&plan, &song.score, band, &seed, &id);
        if now.score.tracks.len() == song.score.tracks.len() {
            return Err(StudioError::input(
                format!(
                    "`{instrument}` has nothing to play there. Choose other sections or another \
                     role."
                ),
                format!("“{instrument}”在那里没有可演奏的内容。请换段落或角色。"),
            ));
        }
        now.plan = plan;
        let label = Words::new(
            format!("add {instrument} as {id}"),
            format!("加入 {instrument}（{id}）"),
        );
        Ok(Edited::new(now, label, Vec::new()))
    }
}

/// Says that a phrase was left alone, and why.
fn left_alone(left: &LeftAlone) -> Remark {
    let (en, zh) = left.why.text();
    let place = if left.phrase.is_empty() {
        left.track.clone()
    } else {
        format!("{}/{}", left.track, left.phrase)
    };
    Remark::new(
        format!("{place} was left alone: {en}"),
        format!("{place} 未改动：{zh}"),
    )
}

/// Says which voices and players beside the lead followed it.
fn followers(plan: &SongPlan, made: &Rewritten) -> Option<Remark> {
    let follows = |id: &str| made.phrases.iter().any(|p| p.track == id);
    let beside = plan.cast.iter();
    let beside = beside.filter(|m| m.sings.is_some() || m.role == Role::Harmony);
    let names: Vec<&str> = beside
        .map(|m| m.id.as_str())
        .filter(|id| follows(id))
        .collect();
    (!names.is_empty()).then(|| {
        Remark::new(
            format!(
                "with the lead, what sings beside it is another: {}",
                names.join(", ")
            ),
            format!("随主唱一同改写的和声：{}", names.join("、")),
        )
    })
}

fn wish_name(wish: Wish) -> Words {
    let mut words = Words::default();
    let mut say = |here: bool, en: &str, zh: &str| {
        if here {
            words.en.push_str(en);
            words.zh.push_str(zh);
        }
    };
    say(wish.density > 0.0, ", busier", "，更密");
    say(wish.density < 0.0, ", simpler", "，更疏");
    say(wish.register > 0.0, ", higher", "，更高");
    say(wish.register < 0.0, ", lower", "，更低");
    say(wish.like.is_some(), ", like another place", "，像另一处");
    words
}

fn names(sections: &[NewSection]) -> Words {
    let rows: Vec<_> = sections
        .iter()
        .map(|section| SectionKind::ALL[section.kind as usize])
        .collect();
    Words::new(
        rows.iter().map(|row| row.1).collect::<Vec<_>>().join(", "),
        rows.iter().map(|row| row.3).collect::<Vec<_>>().join("、"),
    )
}
