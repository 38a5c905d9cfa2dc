//! A song as slots, and slots as a song.

use super::{
    EditError, lyric_lines,
    parts::Parts,
    slots::{
        CastPart, ChordAt, ChordPart, Frame, MetrePart, NameAt, NoteAt, PhraseAt, Place, SectionAt,
        SectionPart, TakeAt, TempoPart, TrackAt, TrackPart, Whole,
    },
};
use crate::{
    Score, Song, SongPlan, TrackVoice,
    mixplan::{MixPlan, Returns},
    plan::{CastMember, SectionPlan},
    score::{ChordSpan, Phrase, Track},
    song::FORMAT,
};
use std::collections::BTreeMap;
use yuefu_theory::{TickSpan, Ticks, Timeline, timeline::MetreChange, timeline::TempoPoint};

const WHOLE: Whole = Whole {};

impl Parts {
    /// The slots of a song.
    ///
    /// What the score repeats of the plan (timeline, sections, chords) is taken from the plan.
    pub fn of(song: &Song) -> Self {
        // Taken apart field by field, so that a new field cannot be forgotten here.
        let Song {
            format: _,
            seed,
            brief,
            plan,
            lyrics,
            score,
            mix,
            master,
            release,
            tags,
            voices,
            engines,
        } = song;
        let mut parts = Self::default();
        parts.seed.insert(WHOLE, *seed);
        parts.brief.insert(WHOLE, Box::new(brief.clone()));
        let (frame, lines) = lyric_lines::apart(lyrics);
        parts.lyrics.insert(WHOLE, frame);
        parts.lyric_lines = lines;
        parts.release.insert(WHOLE, release.clone());
        parts.engines.insert(WHOLE, engines.clone());
        parts.master.extend(master.clone().map(|m| (WHOLE, m)));
        for (name, text) in tags {
            parts
                .tags
                .insert(NameAt { name: name.clone() }, text.clone());
        }
        parts.voices(voices);
        parts.plan(plan, &score.tracks);
        for track in &score.tracks {
            parts.track(track, &plan.sections);
        }
        let ids = score.tracks.iter().map(|track| track.id.clone());
        parts.track_order.insert(WHOLE, ids.collect());
        if let Some(mix) = mix {
            parts.mix(mix);
        }
        parts
    }

    fn voices(&mut self, voices: &BTreeMap<String, TrackVoice>) {
        for (track, voice) in voices {
            let TrackVoice { settings, phrases } = voice;
            // An entry that only says defaults is no entry.
            if !settings.is_default() {
                let at = TrackAt {
                    track: track.clone(),
                };
                self.voices.insert(at, Box::new(settings.clone()));
            }
            for (phrase, curves) in phrases.iter().filter(|(_, curves)| !curves.is_empty()) {
                let at = PhraseAt {
                    track: track.clone(),
                    phrase: phrase.clone(),
                };
                self.voice_curves.insert(at, Box::new(curves.clone()));
            }
        }
    }

    fn take_voices(&mut self) -> BTreeMap<String, TrackVoice> {
        let mut voices: BTreeMap<String, TrackVoice> = BTreeMap::new();
        for (at, settings) in std::mem::take(&mut self.voices) {
            voices.entry(at.track).or_default().settings = *settings;
        }
        for (at, curves) in std::mem::take(&mut self.voice_curves) {
            let voice = voices.entry(at.track).or_default();
            voice.phrases.insert(at.phrase, *curves);
        }
        voices
    }

    fn plan(&mut self, plan: &SongPlan, tracks: &[Track]) {
        let SongPlan {
            style,
            title,
            key,
            timeline: Timeline { tempo, metres },
            sections,
            cast,
            feel,
            ending,
            length,
        } = plan;
        self.style.insert(WHOLE, style.clone());
        self.title.insert(WHOLE, title.clone());
        self.key.insert(WHOLE, *key);
        self.feel.insert(WHOLE, *feel);
        self.ending.insert(WHOLE, *ending);
        self.length.insert(WHOLE, *length);
        let tempo = tempo.iter().map(|point| TempoPart {
            place: Place::of(point.at, sections),
            bpm: point.bpm,
            ramp: point.ramp,
        });
        self.tempo.insert(WHOLE, tempo.collect());
        let metres = metres.iter().map(|change| MetrePart {
            place: Place::of(change.at, sections),
            metre: change.metre.clone(),
        });
        self.metres.insert(WHOLE, metres.collect());
        let ids = sections.iter().map(|section| section.id.clone());
        self.form.insert(WHOLE, ids.collect());
        for section in sections {
            self.section(section);
        }
        let ids = cast.iter().map(|member| member.id.clone());
        self.cast_order.insert(WHOLE, ids.collect());
        for member in cast {
            let CastMember {
                id,
                role,
                instrument,
                part,
                style,
                sings,
            } = member;
            let track = tracks.iter().find(|track| track.id == *id);
            let said = |same: bool| track.is_none() || !same;
            let value = CastPart {
                role: said(track.is_some_and(|t| t.role == *role)).then_some(*role),
                instrument: said(track.is_some_and(|t| t.instrument == *instrument))
                    .then(|| instrument.clone()),
                part: *part,
                style: style.clone(),
                sings: *sings,
            };
            self.cast.insert(TrackAt { track: id.clone() }, value);
        }
    }

    fn section(&mut self, section: &SectionPlan) {
        let SectionPlan {
            id,
            kind,
            material,
            span,
            bars,
            key,
            energy,
            chords,
            playing,
            fill,
            take,
        } = section;
        let value = SectionPart {
            kind: *kind,
            material: material.clone(),
            len: span.len(),
            bars: *bars,
            key: *key,
            energy: *energy,
            playing: playing.clone(),
            fill: *fill,
            take: *take,
        };
        let section = id.clone();
        self.sections.insert(SectionAt { section }, value);
        for chord in chords {
            let at = ChordAt {
                section: id.clone(),
                at: chord.span.start - span.start,
            };
            let len = chord.span.len();
            let chord = chord.chord;
            self.chords.insert(at, ChordPart { len, chord });
        }
    }

    fn track(&mut self, track: &Track, sections: &[SectionPlan]) {
        let Track {
            id,
            role,
            instrument,
            phrases,
        } = track;
        let value = TrackPart {
            role: *role,
            instrument: instrument.clone(),
        };
        self.tracks.insert(TrackAt { track: id.clone() }, value);
        for phrase in phrases {
            let Phrase {
                id: phrase,
                span,
                origin,
                locked,
                notes,
                take,
                takes,
            } = phrase;
            let (track, phrase) = (id.clone(), phrase.clone());
            for aside in takes {
                let at = TakeAt {
                    track: track.clone(),
                    phrase: phrase.clone(),
                    take: aside.number,
                };
                self.takes.insert(at, aside.clone());
            }
            for note in notes {
                let mut at = NoteAt {
                    track: track.clone(),
                    phrase: phrase.clone(),
                    at: note.at,
                    key: note.pitch.midi(),
                    nth: 0,
                };
                while self.notes.contains_key(&at) {
                    at.nth += 1;
                }
                self.notes.insert(at, note.clone());
            }
            let frame = Frame {
                place: Place::of(span.start, sections),
                len: span.len(),
                origin: origin.clone(),
                locked: *locked,
                take: *take,
            };
            self.phrases.insert(PhraseAt { track, phrase }, frame);
        }
    }

    fn mix(&mut self, mix: &MixPlan) {
        let MixPlan {
            character,
            tracks,
            returns:
                Returns {
                    room,
                    hall,
                    plate,
                    delay,
                },
        } = mix;
        self.character.insert(WHOLE, character.clone());
        let ids = tracks.iter().map(|strip| strip.track.clone());
        self.strip_order.insert(WHOLE, ids.collect());
        for strip in tracks {
            let track = strip.track.clone();
            self.strips
                .insert(TrackAt { track }, Box::new(strip.clone()));
        }
        for (name, reverb) in [("room", room), ("hall", hall), ("plate", plate)] {
            let name = name.to_owned();
            self.reverbs.extend(reverb.map(|r| (NameAt { name }, r)));
        }
        self.delay.extend(delay.map(|delay| (WHOLE, delay)));
    }

    /// The song that lies in the slots.
    ///
    /// # Errors
    /// When the slots do not fit each other: a phrase in a section that is not there, an order
    /// that names other sections or tracks than there are.
    pub fn into_song(mut self) -> Result<Song, EditError> {
        let plan = self.take_plan()?;
        let frame = plan.score_frame();
        let tracks = self.take_tracks(&plan.sections)?;
        let mut plan = plan;
        plan.cast = self.take_cast(&tracks)?;
        let mix = self.take_mix()?;
        let voices = self.take_voices();
        let lyrics = lyric_lines::together(one(&mut self.lyrics, "lyrics")?, self.lyric_lines)?;
        if let Some(at) = self.chords.keys().next() {
            return Err(EditError::missing("section", "段落", &at.section));
        }
        if let Some(at) = self.phrases.keys().next() {
            return Err(EditError::missing("track", "音轨", &at.track));
        }
        let orphan = self.notes.keys().map(|at| &at.phrase).next();
        if let Some(id) = orphan.or(self.takes.keys().map(|at| &at.phrase).next()) {
            return Err(EditError::missing("phrase", "乐句", id));
        }
        Ok(Song {
            format: FORMAT,
            seed: one(&mut self.seed, "seed")?,
            brief: *one(&mut self.brief, "brief")?,
            plan,
            lyrics,
            score: Score { tracks, ..frame },
            mix,
            master: self.master.remove(&WHOLE),
            release: one(&mut self.release, "release")?,
            tags: (self.tags.into_iter())
                .map(|(at, text)| (at.name, text))
                .collect(),
            voices,
            engines: one(&mut self.engines, "engines")?,
        })
    }

    fn take_plan(&mut self) -> Result<SongPlan, EditError> {
        let mut sections: Vec<SectionPlan> = Vec::new();
        let mut start = Ticks::ZERO;
        let form = one(&mut self.form, "form")?;
        for (section, part) in ordered(form, &mut self.sections, "section", "段落", |section| {
            SectionAt { section }
        })? {
            let id = section.section;
            let first = ChordAt {
                section: id.clone(),
                at: Ticks(i64::MIN),
            };
            let last = ChordAt {
                section: id.clone(),
                at: Ticks(i64::MAX),
            };
            let here: Vec<ChordAt> = self
                .chords
                .range(first..=last)
                .map(|(at, _)| at.clone())
                .collect();
            let chords = here.into_iter().filter_map(|at| {
                let part = self.chords.remove(&at)?;
                let from = start + at.at;
                Some(ChordSpan {
                    span: TickSpan::new(from, from + part.len),
                    chord: part.chord,
                })
            });
            let chords = chords.collect();
            sections.push(SectionPlan {
                id,
                kind: part.kind,
                material: part.material,
                span: TickSpan::new(start, start + part.len),
                bars: part.bars,
                key: part.key,
                energy: part.energy,
                chords,
                playing: part.playing,
                fill: part.fill,
                take: part.take,
            });
            start += part.len;
        }
        let mut timeline = Timeline {
            tempo: Vec::new(),
            metres: Vec::new(),
        };
        for part in one(&mut self.tempo, "tempo")? {
            timeline.tempo.push(TempoPoint {
                at: part.place.position(&sections)?,
                bpm: part.bpm,
                ramp: part.ramp,
            });
        }
        for part in one(&mut self.metres, "metres")? {
            timeline.metres.push(MetreChange {
                at: part.place.position(&sections)?,
                metre: part.metre,
            });
        }
        Ok(SongPlan {
            style: one(&mut self.style, "style")?,
            title: one(&mut self.title, "title")?,
            key: one(&mut self.key, "key")?,
            timeline,
            sections,
            cast: Vec::new(),
            feel: one(&mut self.feel, "feel")?,
            ending: one(&mut self.ending, "ending")?,
            length: one(&mut self.length, "length")?,
        })
    }

    fn take_tracks(&mut self, sections: &[SectionPlan]) -> Result<Vec<Track>, EditError> {
        let mut tracks = Vec::new();
        let order = one(&mut self.track_order, "track-order")?;
        for (at, part) in ordered(order, &mut self.tracks, "track", "音轨", |track| {
            TrackAt { track }
        })? {
            tracks.push(Track {
                id: at.track,
                role: part.role,
                instrument: part.instrument,
                phrases: Vec::new(),
            });
        }
        let index: BTreeMap<String, usize> = (tracks.iter().enumerate())
            .map(|(i, track)| (track.id.clone(), i))
            .collect();
        let mut notes = std::mem::take(&mut self.notes).into_iter().peekable();
        let mut takes = std::mem::take(&mut self.takes).into_iter().peekable();
        for (at, frame) in std::mem::take(&mut self.phrases) {
            let Some(track) = index.get(&at.track).map(|i| &mut tracks[*i]) else {
                self.phrases.insert(at, frame);
                continue;
            };
            let start = frame.place.position(sections)?;
            let span = TickSpan::new(start, start + frame.len);
            let mut phrase = Phrase::new(at.phrase.clone(), span, frame.origin, Vec::new());
            phrase.locked = frame.locked;
            phrase.take = frame.take;
            // Maps share the order of their addresses, so what belongs to this phrase comes next.
            while let Some((note, _)) = notes.peek()
                && (&note.track, &note.phrase) <= (&at.track, &at.phrase)
            {
                let (note_at, note) = notes.next().expect("peeked");
                if (&note_at.track, &note_at.phrase) == (&at.track, &at.phrase) {
                    phrase.notes.push(note);
                } else {
                    self.notes.insert(note_at, note);
                }
            }
            while let Some((take, _)) = takes.peek()
                && (&take.track, &take.phrase) <= (&at.track, &at.phrase)
            {
                let (take_at, take) = takes.next().expect("peeked");
                if (&take_at.track, &take_at.phrase) == (&at.track, &at.phrase) {
                    phrase.takes.push(take);
                } else {
                    self.takes.insert(take_at, take);
                }
            }
            track.phrases.push(phrase);
        }
        self.notes.extend(notes);
        self.takes.extend(takes);
        for track in &mut tracks {
            track.phrases.sort_by_key(|phrase| phrase.span.start);
        }
        Ok(tracks)
    }

    fn take_cast(&mut self, tracks: &[Track]) -> Result<Vec<CastMember>, EditError> {
        let order = one(&mut self.cast_order, "cast-order")?;
        let cast = ordered(order, &mut self.cast, "cast member", "演奏者", |track| {
            TrackAt { track }
        })?;
        let member = |(at, part): (TrackAt, CastPart)| {
            let track = tracks.iter().find(|track| track.id == at.track);
            let role = part.role.or(track.map(|track| track.role));
            let instrument = part
                .instrument
                .or_else(|| track.map(|track| track.instrument.clone()));
            match (role, instrument) {
                (Some(role), Some(instrument)) => Ok(CastMember {
                    id: at.track,
                    role,
                    instrument,
                    part: part.part,
                    style: part.style,
                    sings: part.sings,
                }),
                _ => Err(EditError::missing("track", "音轨", &at.track)),
            }
        };
        cast.into_iter().map(member).collect()
    }

    fn take_mix(&mut self) -> Result<Option<MixPlan>, EditError> {
        let Some(character) = self.character.remove(&WHOLE) else {
            return match self.strips.keys().next() {
                None => Ok(None),
                Some(_) => Err(EditError::missing("mix character", "混音风格", "character")),
            };
        };
        let order = one(&mut self.strip_order, "strip-order")?;
        let strips = ordered(order, &mut self.strips, "strip", "通道条", |track| {
            TrackAt { track }
        })?;
        let mut reverb = |name: &str| {
            self.reverbs.remove(&NameAt {
                name: name.to_owned(),
            })
        };
        Ok(Some(MixPlan {
            character,
            tracks: strips.into_iter().map(|(_, strip)| *strip).collect(),
            returns: Returns {
                room: reverb("room"),
                hall: reverb("hall"),
                plate: reverb("plate"),
                delay: self.delay.remove(&WHOLE),
            },
        }))
    }
}

impl Place {
    /// The place of a position among sections.
    pub fn of(at: Ticks, sections: &[SectionPlan]) -> Self {
        let after = sections.partition_point(|section| section.span.start <= at);
        match sections.get(after.saturating_sub(1)) {
            Some(section) => Self {
                section: section.id.clone(),
                at: at - section.span.start,
            },
            None => Self {
                section: String::new(),
                at,
            },
        }
    }

    /// The position among sections.
    ///
    /// # Errors
    /// When there is no such section.
    pub fn position(&self, sections: &[SectionPlan]) -> Result<Ticks, EditError> {
        if self.section.is_empty() {
            return Ok(self.at);
        }
        sections
            .iter()
            .find(|section| section.id == self.section)
            .map(|section| section.span.start + self.at)
            .ok_or_else(|| EditError::missing("section", "段落", &self.section))
    }
}

/// The value of a map that must have it.
fn one<V>(map: &mut BTreeMap<Whole, V>, name: &str) -> Result<V, EditError> {
    map.remove(&WHOLE)
        .ok_or_else(|| EditError::missing("part of the document", "文档的部分", name))
}

/// The values of a map in the order of their ids.
fn ordered<A: Ord + Clone, V>(
    order: Vec<String>,
    map: &mut BTreeMap<A, V>,
    en: &str,
    zh: &str,
    address: impl Fn(String) -> A,
) -> Result<Vec<(A, V)>, EditError> {
    let mut out = Vec::with_capacity(order.len());
    for id in order {
        match map.remove_entry(&address(id.clone())) {
            Some(entry) => out.push(entry),
            None => return Err(EditError::missing(en, zh, &id)),
        }
    }
    if map.is_empty() {
        Ok(out)
    } else {
        Err(EditError::unordered(en, zh))
    }
}
