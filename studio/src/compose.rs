//! From a line of words to a song.

use crate::{Remark, Studio, error::StudioError, words, written};
use std::{fs, sync::Arc};
use yuefu_arrange::{Band, KitPlayer, TuneFinder, hands::Accompanist};
use yuefu_brief::Overrides;
use yuefu_composer::{Composer, ComposerFault, Harmonist, Pianist};
use yuefu_engine::SeedPath;
use yuefu_plan::HarmonyFinder;
use yuefu_song::{
    Brief, Ending, EngineUse, LyricSheet, ReleasePlan, Score, Song, SongPlan,
    brief::{Diagnostic, Severity},
    song::FORMAT,
};

/// A composed song with what should be said about it.
#[derive(Clone, Debug)]
pub struct Composed {
    /// The song.
    pub song: Song,
    /// What could not be done as asked.
    pub notes: Vec<Diagnostic>,
}

/// A song before its notes.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Its plan.
    pub plan: SongPlan,
    /// Its words; empty where nothing is sung.
    pub lyrics: LyricSheet,
    /// What could not be done as asked.
    pub notes: Vec<Diagnostic>,
}

impl Studio {
    /// The studio with another composer: `learned` (what ships), `light`, `rules`, or a
    /// file of weights.
    /// Rules find chords and accompany, too.
    ///
    /// # Errors
    /// When the file cannot be read or holds no weights.
    pub fn with_composer(mut self, name: &str) -> Result<Self, StudioError> {
        let broken = |fault: ComposerFault| {
            let text = fault.to_string();
            let (en, zh) = text.split_once(" · ").unwrap_or((&text, &text));
            StudioError::input(format!("{name}: {en}"), format!("{name}：{zh}"))
        };
        match name {
            "learned" | "light" => {
                let composer = match name {
                    "light" => Composer::light(),
                    _ => Composer::shipped(),
                };
                self.composer = Some(Arc::new(composer.map_err(broken)?));
                self.harmonist = Some(Arc::new(Harmonist::shipped().map_err(broken)?));
                self.pianist = Some(Arc::new(Pianist::shipped().map_err(broken)?));
            }
            RULES => {
                self.composer = None;
                self.harmonist = None;
                self.pianist = None;
            }
            path => {
                let bytes = fs::read(path).map_err(|error| {
                    StudioError::input(
                        format!("expected a composer: learned, light, rules, or a file of weights; {path}: {error}"),
                        format!("应为作曲引擎：learned、light、rules 或权重文件；{path}：{error}"),
                    )
                })?;
                self.composer = Some(Arc::new(Composer::parse(&bytes).map_err(broken)?));
            }
        }
        Ok(self)
    }

    /// The studio whose new songs are composed more freely (above 1) or nearer to what is usual
    /// (below 1): what the temperature of a softmax is. Rules have none.
    ///
    /// # Errors
    /// When it is not between 0.5 and 1.5.
    pub fn with_temperature(mut self, temperature: f32) -> Result<Self, StudioError> {
        if !(0.5..=1.5).contains(&temperature) {
            return Err(StudioError::input(
                format!("expected a temperature from 0.5 to 1.5, found {temperature}"),
                format!("温度应在 0.5 与 1.5 之间，而不是 {temperature}"),
            ));
        }
        self.temperature = Some((temperature * 100.0).round() as u16).filter(|own| *own != 100);
        Ok(self)
    }

    /// What a prompt and options ask for.
    ///
    /// Without an explicit seed the brief gets one that follows from the prompt, so that the
    /// same command makes the same song.
    pub fn understand(&self, prompt: &str, overrides: &Overrides) -> Brief {
        let mut brief = yuefu_brief::understand(prompt, overrides);
        self.wish_for_presets(&mut brief, overrides);
        if brief.seed.is_none() {
            // Short enough to type; two prompts rarely share one, and it would not matter.
            brief.seed = Some(SeedPath::song(0).join(prompt.trim()).number() % 1_000_000);
        }
        brief
    }

    /// Composes a song.
    ///
    /// # Errors
    /// When the prompt asks for something that cannot be done.
    pub fn compose(
        &self,
        prompt: &str,
        overrides: &Overrides,
        release: &ReleasePlan,
    ) -> Result<Composed, StudioError> {
        self.compose_brief(self.understand(prompt, overrides), release)
    }

    /// Composes a song from a brief.
    ///
    /// # Errors
    /// When the brief is refused.
    pub fn compose_brief(
        &self,
        brief: Brief,
        release: &ReleasePlan,
    ) -> Result<Composed, StudioError> {
        let Planned {
            plan,
            lyrics,
            notes,
        } = self.plan_brief(&brief)?;
        let seed = brief.seed.unwrap_or(0);
        let root = SeedPath::song(seed);
        let mut engines = self.engines();
        let draft = self.best_draft(&plan, &lyrics, self.band(&engines), &root);
        for used in engines.iter_mut().filter(|used| used.stage == TUNES) {
            used.draft = Some(draft).filter(|draft| *draft > 0);
        }
        let mut score = yuefu_arrange::arrange_words(&plan, &lyrics, self.band(&engines), &root);
        silence_the_unheard(&mut score, &plan);
        let voices = yuefu_plan::voices(&brief, &plan, &self.book);
        let mut song = Song {
            format: FORMAT,
            seed,
            brief,
            plan,
            lyrics,
            score,
            mix: None,
            master: None,
            release: release.clone(),
            tags: Default::default(),
            voices,
            engines,
        };
        self.name_soundfont(&mut song);
        self.name_voices(&mut song);
        Ok(Composed { song, notes })
    }

    /// What a song is before its notes: its plan and its words.
    ///
    /// # Errors
    /// When the brief is refused.
    pub fn plan_brief(&self, brief: &Brief) -> Result<Planned, StudioError> {
        if brief.is_refused() {
            return Err(StudioError::Refused(brief.errors().cloned().collect()));
        }
        let root = SeedPath::song(brief.seed.unwrap_or(0));
        let mut notes = brief.diagnostics.clone();
        // The writer keeps an order of sections that was asked for, so no words overrule it.
        let kept = words::are_ours(brief) && written::stated_form(brief).is_some();
        let planner = |brief: &Brief, words: &LyricSheet| {
            let mut brief = brief.clone();
            brief.form = brief.form.filter(|_| !kept);
            let finder = self.harmony_finder();
            yuefu_plan::plan_with(&brief, words, &self.book, &self.catalog, finder, &root)
        };
        let lyrics = words::of(brief, &mut notes, &planner);
        let (mut plan, planned) = planner(brief, &lyrics);
        if let (Some(title), None) = (&lyrics.title, &brief.title) {
            plan.title.clone_from(title);
        }
        let refused: Vec<Diagnostic> = planned
            .iter()
            .filter(|note| note.severity == Severity::Error)
            .cloned()
            .collect();
        if !refused.is_empty() {
            return Err(StudioError::Refused(refused));
        }
        notes.extend(planned);
        Ok(Planned {
            plan,
            lyrics,
            notes,
        })
    }

    /// The engines of this build, in the order of the stages.
    pub(crate) fn engines(&self) -> Vec<EngineUse> {
        let [tunes, drums, hands] = self.writers();
        let chords = self.harmony_finder().map_or(RULES, |finder| finder.id());
        [
            ("brief", RULES, 1),
            ("plan", RULES, 1),
            ("harmony", chords, 1),
            ("arrange", RULES, 1),
            (TUNES, tunes, 1),
            (DRUMS, drums, 1),
            (HANDS, hands, 1),
            ("perform", RULES, yuefu_perform::VERSION),
            ("instruments", "yuefu-instruments", 1),
            ("mix", "yuefu-mix", 1),
            ("master", "yuefu-master", 1),
        ]
        .map(|(stage, engine, version)| EngineUse {
            temperature: self
                .temperature
                .filter(|_| stage == TUNES && engine != RULES),
            ..EngineUse::new(stage, engine, version)
        })
        .to_vec()
    }
}

impl Studio {
    /// Who finds chords.
    fn harmony_finder(&self) -> Option<&dyn HarmonyFinder> {
        let finder = self.harmonist.as_deref();
        finder.map(|harmonist| harmonist as &dyn HarmonyFinder)
    }
}

/// The engine that every stage has.
const RULES: &str = "rules";
/// The stage that finds tunes, in a song's list of engines.
const TUNES: &str = "tune";
/// The stage that plays kits. Songs that do not name it were drummed by rules.
const DRUMS: &str = "drums";
/// The stage that accompanies on keyboards. Songs that do not name it are accompanied by rules.
const HANDS: &str = "hands";

impl Studio {
    /// Who finds tunes, who plays kits and who accompanies.
    fn writers(&self) -> [&str; 3] {
        [
            self.composer.as_deref().map_or(RULES, TuneFinder::id),
            self.drummer.as_deref().map_or(RULES, KitPlayer::id),
            self.pianist.as_deref().map_or(RULES, Accompanist::id),
        ]
    }

    /// What a song is written with: its own engines, as far as they are here.
    pub(crate) fn band(&self, engines: &[EngineUse]) -> Band<'_> {
        let wrote = |stage: &str, id: &str| {
            let mut used = engines.iter().filter(|used| used.stage == stage);
            used.any(|used| used.engine == id)
        };
        let tunes = engines.iter().find(|used| used.stage == TUNES);
        let finder = tunes.and_then(|used| self.finder(&used.engine));
        let temperature = tunes.and_then(|used| used.temperature).unwrap_or(100);
        let draft = tunes.and_then(|used| used.draft).unwrap_or(0);
        let drummer = self.drummer.as_deref().map(|own| own as &dyn KitPlayer);
        let pianist = self.pianist.as_deref().map(|own| own as &dyn Accompanist);
        Band::new(&self.book, &self.catalog)
            .with(finder)
            .at_temperature(f32::from(temperature) / 100.0)
            .on_draft(draft)
            .drummed(drummer.filter(|own| wrote(DRUMS, own.id())))
            .accompanied(pianist.filter(|own| wrote(HANDS, own.id())))
    }

    /// The composer of an engine's name: this studio's own, or one that ships.
    fn finder(&self, engine: &str) -> Option<&dyn TuneFinder> {
        let named = |composer: &&Composer| composer.id() == engine;
        let own = self.composer.as_deref().filter(named);
        // Those that ship are loaded for songs that need them only.
        let shipped = || Composer::of_build().iter().flatten().find(named);
        let found = own.or_else(|| (engine != RULES).then(shipped).flatten());
        found.map(|composer| composer as &dyn TuneFinder)
    }

    /// What to say of a song that engines wrote which are not here: rules write what is new.
    pub(crate) fn missing_engines(&self, engines: &[EngineUse]) -> Vec<Remark> {
        let [tunes, drums, hands] = self.writers();
        let stages = [
            (TUNES, tunes, "tunes", "found", "旋律"),
            (DRUMS, drums, "drums", "played", "鼓"),
            (HANDS, hands, "keyboards", "played", "键盘"),
        ];
        let missing = stages.into_iter().filter_map(|(stage, here, en, done, zh)| {
            let used = engines.iter().find(|used| used.stage == stage)?;
            let engine = &used.engine;
            let known = engine == here || stage == TUNES && self.finder(engine).is_some();
            (engine != RULES && !known).then(|| {
                Remark::new(
                    format!("the {en} of this song were {done} by `{engine}`, which is not in this build: rules write the new ones"),
                    format!("此曲的{zh}由“{engine}”写成，本程序没有它：新的{zh}由规则写成"),
                )
            })
        });
        missing.collect()
    }
}

/// A fade-out ends in the middle of a bar; what would begin after the end is never heard, so the
/// score does not state it either.
pub(crate) fn silence_the_unheard(score: &mut Score, plan: &SongPlan) {
    if plan.ending != Ending::Fade {
        return;
    }
    let end = score.timeline.ticks(plan.length.0);
    for phrase in score.tracks.iter_mut().flat_map(|track| &mut track.phrases) {
        let start = phrase.span.start;
        phrase.notes.retain(|note| start + note.at < end);
    }
}
