//! Turns single words into wishes: style, mood, instrument, voice, section, role, mode.

use crate::lexicon::Sense;
use crate::notes::{contradiction, note};
use crate::read::{Reader, Wanted};
use crate::scan::Item;
use yuefu_song::brief::{
    BackingWish, Exclusion, ModeWish, Mood, ReasonKind, SectionSize, SectionWish, Severity,
    VoiceWish,
};
use yuefu_song::score::{Role, SectionKind};

impl Reader<'_> {
    pub(crate) fn style(&mut self, index: usize, style: usize, weight: f32, negated: bool) {
        let id = self.lexicon.styles[style].id.clone();
        let words = self.words(index);
        if negated {
            self.push_reason(index, "excluded-style", &id, ReasonKind::Stated);
            if let Some((.., first)) = self
                .out
                .styles
                .iter()
                .find(|(held, ..)| self.lexicon.styles[*held].id == id)
            {
                let first = first.clone();
                contradiction(&mut self.out.brief, "style", &first, &words);
            } else if !self.out.brief.excluded_styles.contains(&id) {
                self.out.brief.excluded_styles.push(id);
            }
            return;
        }
        if self.out.brief.excluded_styles.contains(&id) {
            contradiction(&mut self.out.brief, "style", &format!("no {words}"), &words);
            return;
        }
        self.push_reason(index, "style", &id, ReasonKind::Stated);
        match self
            .out
            .styles
            .iter_mut()
            .find(|(held, ..)| self.lexicon.styles[*held].id == id)
        {
            Some(held) => held.1 = held.1.max(weight),
            None => self.out.styles.push((style, weight, words)),
        }
    }

    pub(crate) fn add_mood(&mut self, index: usize, mood: Mood, weight: f32, kind: ReasonKind) {
        let words = self.words(index);
        self.push_reason(
            index,
            if kind == ReasonKind::Stated {
                "mood"
            } else {
                "mood-hint"
            },
            mood.name(),
            kind,
        );
        if self.out.brief.excluded_moods.contains(&mood) {
            contradiction(
                &mut self.out.brief,
                "mood",
                &format!("no {}", mood.name()),
                &words,
            );
            return;
        }
        let valence = |m: Mood| {
            self.lexicon.mood(m).map_or((0.0, 0.0), |row| {
                (row.affect().valence, row.affect().arousal)
            })
        };
        let clash = self
            .out
            .brief
            .moods
            .iter()
            .map(|held| held.value)
            .find(|held| {
                let ((v, a), (w, b)) = (valence(*held), valence(mood));
                kind == ReasonKind::Stated && ((v - w).abs() > 1.52 || (a - b).abs() > 1.5)
            });
        if let Some(first) = clash {
            let first = self
                .out
                .brief
                .reasons
                .iter()
                .find(|r| r.field == "mood" && r.value == first.name())
                .map_or(first.name().to_owned(), |r| r.words.clone());
            contradiction(&mut self.out.brief, "mood", &first, &words);
        }
        self.out.first.entry("mood").or_insert(words);
        let moods = &mut self.out.brief.moods;
        match moods.iter_mut().find(|held| held.value == mood) {
            Some(held) => held.weight = held.weight.max(weight),
            // A mood that contradicts the first is only a shade of it.
            None => moods.push(yuefu_song::brief::Weighted::new(
                mood,
                if clash.is_some() {
                    weight * 0.3
                } else {
                    weight
                },
            )),
        }
    }

    pub(crate) fn image(&mut self, index: usize, image: usize, weight: f32) {
        let (words, span) = (self.words(index), self.span(index));
        self.out.images.push((image, weight, words, span));
    }

    pub(crate) fn instrument(
        &mut self,
        index: usize,
        name: &str,
        general: bool,
        weight: f32,
        negated: bool,
    ) {
        let role = self
            .role
            .take()
            .filter(|(_, at)| index - at <= 3)
            .map(|(role, _)| role);
        let (words, span) = (self.words(index), self.span(index));
        if let Some(held) = self.out.wanted.iter_mut().find(|held| held.name == name) {
            held.role = held.role.or(role);
            held.item = index;
            if held.wanted == negated {
                let first = held.words.clone();
                contradiction(&mut self.out.brief, "instrument", &first, &words);
            }
            return;
        }
        self.out.wanted.push(Wanted {
            name: name.to_owned(),
            general,
            wanted: !negated,
            role,
            weight,
            words,
            span,
            item: index,
        });
    }

    /// An instrument the catalog lacks: the nearest one, and a warning that says so.
    pub(crate) fn instead(&mut self, index: usize, id: &str, weight: f32, negated: bool) {
        if negated {
            return;
        }
        let words = self.words(index);
        note(
            &mut self.out.brief,
            Severity::Warning,
            "instrument-replaced",
            (
                format!("there is no {words}; {id} plays in its place"),
                format!("没有“{words}”，由 {id} 代替"),
            ),
            (
                "name an instrument of `yuefu instruments`",
                "请从 `yuefu instruments` 中选择乐器",
            ),
        );
        self.instrument(index, id, false, weight, false);
    }

    pub(crate) fn group(&mut self, index: usize, group: usize, weight: f32, negated: bool) {
        let row = &self.lexicon.groups[group];
        let id = row.id.clone();
        if id == "vocals" {
            self.voice(
                index,
                if negated {
                    VoiceWish::Instrumental
                } else {
                    VoiceWish::Any
                },
                false,
            );
            if negated {
                self.exclude_group(group);
            }
        } else if negated {
            let words = self.words(index);
            if let Some(held) = self
                .out
                .wanted
                .iter()
                .find(|held| held.wanted && held.general && held.name == id)
            {
                let first = held.words.clone();
                contradiction(&mut self.out.brief, "instrument", &first, &words);
                return;
            }
            self.push_reason(index, "excluded", &id, ReasonKind::Stated);
            self.exclude_group(group);
        } else if self.out.brief.excludes_group(&id) {
            let words = self.words(index);
            let no = self
                .out
                .brief
                .reasons
                .iter()
                .find(|r| r.field == "excluded" && r.value == id)
                .map_or(id.clone(), |r| r.words.clone());
            contradiction(
                &mut self.out.brief,
                "instrument",
                &format!("no {no}"),
                &words,
            );
        } else {
            self.instrument(index, &id, true, weight, false);
        }
    }

    pub(crate) fn exclude_group(&mut self, group: usize) {
        let row = &self.lexicon.groups[group];
        if !self.out.brief.excludes_group(&row.id) {
            self.out.brief.excluded.push(Exclusion {
                group: row.id.clone(),
                families: row.families.clone(),
                ids: row.ids.clone(),
            });
        }
    }

    pub(crate) fn voice(&mut self, index: usize, voice: VoiceWish, negated: bool) {
        use VoiceWish::{Any, Child, Choir, Duet, Female, Instrumental, Male, Unstated};
        let words = self.words(index);
        let voice = match (voice, negated) {
            (voice, false) => voice,
            (Instrumental, true) => Any,
            (Any, true) => Instrumental,
            // Refusing one kind of voice says nothing about the others.
            (_, true) => return,
        };
        let held = self.out.brief.voice;
        let new = match (held, voice) {
            (Unstated | Any, new) if new != Instrumental || held == Unstated => new,
            (held, new) if held == new => held,
            (Male | Female | Child | Choir | Duet, Any) => held,
            (Male, Female) | (Female, Male) => Duet,
            (Choir, new @ (Male | Female | Child | Duet)) => new,
            (Male | Female | Child | Duet, Choir) => held,
            (Duet, Male | Female) => held,
            _ => {
                let first = self.out.first.get("voice").cloned().unwrap_or_default();
                contradiction(&mut self.out.brief, "voice", &first, &words);
                return;
            }
        };
        if voice == Instrumental && (words.contains("人声") || words.contains("歌词")) {
            let vocals = self
                .lexicon
                .groups
                .iter()
                .position(|group| group.id == "vocals");
            vocals
                .into_iter()
                .for_each(|group| self.exclude_group(group));
        }
        self.out.first.entry("voice").or_insert(words);
        self.push_reason(
            index,
            "voice",
            &format!("{new:?}").to_lowercase(),
            ReasonKind::Stated,
        );
        self.out.brief.voice = new;
    }

    /// Who sings beside the lead; who wants no harmonies wants one voice alone.
    pub(crate) fn backing(&mut self, index: usize, wish: BackingWish, negated: bool) {
        use BackingWish::{Choir, Harmonies, Solo};
        let wish = match (wish, negated) {
            (wish, false) => wish,
            (Harmonies | Choir, true) => Solo,
            (_, true) => return,
        };
        self.push_reason(
            index,
            "backing",
            &format!("{wish:?}").to_lowercase(),
            ReasonKind::Stated,
        );
        // A choir is more than harmonies, whichever is named first.
        if !(self.out.brief.backing == Choir && wish == Harmonies) {
            self.out.brief.backing = wish;
        }
    }

    pub(crate) fn section_wish(&mut self, index: usize, section: SectionKind, negated: bool) {
        let words = self.words(index);
        let size = self
            .size
            .take()
            .filter(|(_, at)| index - at <= 3)
            .map(|(size, _)| size);
        self.push_reason(
            index,
            "section",
            &format!("{}{}", if negated { "no " } else { "" }, section.name()),
            ReasonKind::Stated,
        );
        let held = self
            .out
            .brief
            .sections
            .iter()
            .position(|wish| wish.section == section);
        match held {
            Some(at) if self.out.brief.sections[at].wanted == negated => {
                contradiction(
                    &mut self.out.brief,
                    "section",
                    if negated { section.name() } else { "no" },
                    &words,
                );
            }
            Some(at) => {
                self.out.brief.sections[at].size = self.out.brief.sections[at].size.or(size)
            }
            None => self.out.brief.sections.push(SectionWish {
                section,
                wanted: !negated,
                size,
                bars: None,
            }),
        }
    }

    pub(crate) fn size(&mut self, index: usize, size: SectionSize) {
        let before = (index.saturating_sub(2)..index)
            .rev()
            .find_map(|j| self.section(j));
        let after = (index + 1..self.items.len().min(index + 3)).find_map(|j| self.section(j));
        if after.is_some() {
            self.size = Some((size, index));
        } else if let Some(wish) = before.and_then(|kind| {
            self.out
                .brief
                .sections
                .iter_mut()
                .find(|wish| wish.section == kind)
        }) {
            wish.size = Some(size);
        }
    }

    pub(crate) fn role(&mut self, index: usize, role: Role) {
        let is_instrument = |item: &Item| {
            item.means(|s| {
                matches!(
                    s,
                    Sense::Instrument(_) | Sense::Instead(_) | Sense::Group(_) | Sense::Several(_)
                )
            })
        };
        let before = |most: usize| {
            (index.saturating_sub(most)..index)
                .rev()
                .take_while(|j| is_instrument(&self.items[*j]) || self.items[*j].is_filler())
                .find(|j| is_instrument(&self.items[*j]))
        };
        let next = (index + 1..self.items.len().min(index + 4))
            .take_while(|j| is_instrument(&self.items[*j]) || self.items[*j].is_filler())
            .find(|j| is_instrument(&self.items[*j]));
        let target = before(1).or(if next.is_some() { None } else { before(3) });
        match target {
            Some(at) => {
                if let Some(held) = self.out.wanted.iter_mut().find(|held| held.item == at) {
                    held.role = held.role.or(Some(role));
                }
            }
            None if next.is_some() => self.role = Some((role, index)),
            None => {}
        }
    }

    pub(crate) fn mode(&mut self, index: usize, wish: ModeWish) {
        let words = self.words(index);
        let clashes = self
            .out
            .brief
            .mode
            .as_ref()
            .is_some_and(|held| *held != wish && !wish.admits(held.mode()))
            || self.out.brief.key.is_some_and(|key| !wish.admits(key.mode));
        if clashes {
            let first = self
                .out
                .first
                .get("key")
                .or(self.out.first.get("mode"))
                .cloned()
                .unwrap_or_default();
            contradiction(&mut self.out.brief, "mode", &first, &words);
            return;
        }
        self.out.first.entry("mode").or_insert(words);
        self.push_reason(index, "mode", wish.mode().name(), ReasonKind::Stated);
        self.out.brief.mode.get_or_insert(wish);
    }
}
