//! A producer's session, from one line of words to a restyled, extended, merged song: twenty
//! edits of all kinds, five undone, two branches. After every step the project holds exactly the
//! edit, nothing else moved, and what is patched equals what is made from nothing.

mod support;

use std::path::Path;
use support::{Play, play};
use yuefu_studio::{
    Overrides, Project, ReleasePlan, Rendered, Song, Store, Studio,
    audio::SampleRate,
    editing::{Edited, Form, NewSection, Restyle, Wish},
    keeping::Keeping,
    project::OpenProject,
    render::Ledger,
    song::{Edit, Note, Role, SectionKind, edit::Side, words::Words},
};

struct Session {
    studio: Studio,
    open: OpenProject,
    keeping: Keeping,
    ledger: Ledger,
    steps: usize,
}

impl Session {
    fn begin(root: &Path) -> Self {
        let studio = Studio::standard().unwrap();
        let mut overrides = Overrides::default();
        for (name, value) in [("length", "30"), ("seed", "11"), ("style", "pop")] {
            overrides.set(name, value).unwrap();
        }
        let release = ReleasePlan {
            rate: SampleRate(8_000),
            ..ReleasePlan::streaming()
        };
        let prompt = "a bright pop song about coming home, instrumental";
        let song = studio.compose(prompt, &overrides, &release).unwrap().song;
        let project = Project::at(root.join("song.yuefu"));
        project.save(&song).unwrap();
        let mut session = Self {
            open: project.open().unwrap(),
            keeping: Keeping::at(project.folder()),
            ledger: Ledger::default(),
            studio,
            steps: 0,
        };
        session.hear("the first rendering");
        session
    }

    fn song(&self) -> &Song {
        self.open.song()
    }

    fn render(&self, store: Option<&dyn Store>) -> Rendered {
        let how = Play {
            store,
            before: store.map(|_| &self.ledger),
            ..Play::default()
        };
        play(&self.studio, self.song(), how)
    }

    /// Patched onto what is stored, and from nothing: the same samples. Plans that were made are
    /// kept, as an application keeps them.
    fn hear(&mut self, what: &str) {
        let patched = self.render(Some(self.keeping.store()));
        let fresh = self.render(None);
        assert_eq!(
            patched.master, fresh.master,
            "{what}: patched = from nothing"
        );
        assert_eq!(patched.plan, fresh.plan, "{what}");
        self.ledger = patched.ledger;
        let mut song = self.song().clone();
        song.mix = Some(patched.plan);
        song.master = Some(patched.mastering);
        if song != *self.song() {
            self.open.commit(Words::same("settle"), song).unwrap();
        }
    }

    /// One step: the edit is kept, can be taken back to the byte, and touches only `may`.
    fn step(&mut self, edited: Edited, may: &[&str]) {
        let before = self.song().clone();
        let what = edited.label.en.clone();
        let edit = Edit::between(&before, &edited.song);
        assert!(!edit.is_empty(), "{what} changes something");
        let after = edit.apply(&before).unwrap();
        assert_eq!(after.to_files(), edited.song.to_files(), "{what}");
        let back = edit.clone().inverse().apply(&after).unwrap();
        assert_eq!(back.to_files(), before.to_files(), "{what}: and back");
        if !may.is_empty() {
            for track in &before.score.tracks {
                let now = edited.song.score.tracks.iter().find(|t| t.id == track.id);
                let mine = may.contains(&track.id.as_str());
                assert!(mine || now == Some(track), "{what} touched {}", track.id);
            }
        }
        self.open.commit(edited.label, edited.song).unwrap();
        self.hear(&what);
        self.steps += 1;
    }

    fn operate(&mut self, operation: &str, may: &[&str]) {
        let edited = self.studio.operate(self.song(), &[operation.to_owned()]);
        let edited = edited.unwrap_or_else(|error| panic!("{operation}: {error}"));
        self.step(edited, may);
    }

    fn undo(&mut self) {
        let undone = self.open.undo().unwrap();
        assert!(undone.is_some());
        self.hear("undo");
    }
}

fn tune(song: &Song) -> Vec<(i64, u8)> {
    let leads = song.score.tracks.iter().filter(|t| t.role == Role::Lead);
    let phrases = leads.flat_map(|t| &t.phrases);
    let place = |p: &yuefu_studio::song::Phrase, n: &Note| ((p.span.start + n.at).0, n.key() % 12);
    let mut notes: Vec<_> = phrases
        .flat_map(|p| p.notes.iter().map(move |n| place(p, n)))
        .collect();
    notes.sort_unstable();
    notes
}

#[test]
fn a_producers_session() {
    let root = std::env::temp_dir().join(format!("yuefu-session-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&root);
    let mut s = Session::begin(&root);
    let lead = {
        let leads = s.song().score.tracks.iter();
        leads
            .clone()
            .find(|t| t.role == Role::Lead)
            .unwrap()
            .id
            .clone()
    };
    let lead = lead.as_str();
    let section = s.song().plan.sections[1].id.clone();

    // Notes, dynamics, articulation.
    s.operate(&format!("transpose {lead} 5-6 +2 steps"), &[lead]);
    s.operate(&format!("dynamics {lead} 5-8 70-110"), &[lead]);
    s.operate(&format!("articulation {lead} 5 staccato"), &[lead]);
    s.operate("quantize drums 1-4 1/16 80%", &["drums"]);
    s.operate("copy bass 5 to 6", &["bass"]);
    s.operate("length bass 5-6 staccato", &["bass"]);
    // Locks and takes.
    s.operate(&format!("lock {lead} 5-8"), &[lead]);
    let kept = tune(s.song());
    let all = "all".parse().unwrap();
    let bars = "5-8".parse().unwrap();
    let again = s
        .studio
        .regenerate(s.song(), &all, &bars, Wish::another(), 2);
    s.step(again.unwrap(), &[]);
    let inside = |notes: &[(i64, u8)]| notes.len();
    assert_eq!(
        inside(&kept),
        inside(&tune(s.song())),
        "locked notes are still there"
    );
    s.operate(&format!("unlock {lead} 5-8"), &[lead]);
    // Chords, energy, bars and sections.
    s.operate("chord 6:1 Am7 follow", &[]);
    s.operate(&format!("energy {section} 0.9"), &[]);
    s.operate("insert-bars 9 2", &[]);
    s.operate(&format!("rename-section {section} to hook"), &[]);
    // Tracks and mix.
    s.operate(
        &format!("double-track {lead} as doubled -1"),
        &["doubled", lead],
    );
    s.operate(&format!("instrument {lead} vibraphone"), &[lead]);
    s.operate("gain bass -2", &["bass"]);
    s.operate("pan doubled 0.3", &["doubled"]);
    s.operate("mute doubled", &["doubled"]);
    // Tempo, key, words.
    s.operate("tempo 104", &[]);
    s.operate("title \"Coming Home\"", &[]);
    assert_eq!(s.steps, 20);

    // Five steps back, one forth.
    let before = s.song().to_files();
    for _ in 0..5 {
        s.undo();
    }
    for _ in 0..5 {
        assert!(s.open.redo().unwrap().is_some());
    }
    assert_eq!(s.song().to_files(), before, "there and back");
    s.hear("redo");
    s.open.name("demo").unwrap();

    // A branch that changes the bass, the trunk changes the lead: both hold after merging.
    s.open.branch("low").unwrap();
    s.operate("transpose bass 5-6 +1 octaves", &["bass"]);
    let bass = s.song().clone();
    s.open.switch("main").unwrap();
    s.hear("the trunk");
    s.operate(&format!("dynamics {lead} 1-4 x0.8"), &[lead]);
    let trunk = s.song().clone();
    let merged = s.open.preview("low").unwrap().unwrap();
    assert!(merged.conflicts.is_empty(), "{:?}", merged.conflicts);
    s.open.merge("low", |_| Side::Ours).unwrap();
    s.hear("the merge");
    let track = |song: &Song, id: &str| {
        let mut tracks = song.score.tracks.iter();
        tracks.find(|t| t.id == id).unwrap().clone()
    };
    assert_eq!(track(s.song(), "bass"), track(&bass, "bass"));
    assert_eq!(track(s.song(), lead), track(&trunk, lead));

    // Longer at both ends, and another style around the same tune.
    let sections = s.song().plan.sections.len();
    let form = Form::After(vec![NewSection::of(SectionKind::Chorus)]);
    let longer = s.studio.reshape(s.song(), &form).unwrap();
    s.step(longer, &[]);
    let form = Form::Before(vec![NewSection::of(SectionKind::Intro)]);
    let longer = s.studio.reshape(s.song(), &form).unwrap();
    s.step(longer, &[]);
    assert_eq!(s.song().plan.sections.len(), sections + 2);
    let kept = tune(s.song());
    let wish = Restyle {
        style: "bossa-nova".to_owned(),
        keep_leads: true,
        keep_tempo: true,
        ..Restyle::default()
    };
    let restyled = s.studio.restyle(s.song(), wish, None).unwrap();
    s.step(restyled, &[]);
    assert_eq!(kept, tune(s.song()), "the tune stays");
    let part = s
        .studio
        .add_part(s.song(), "violin", Some(Role::Counter), None);
    s.step(part.unwrap(), &[]);

    // What is stored is what the document says, and survives being copied elsewhere.
    let copy = root.join("copy.yuefu");
    copy_folder(s.open.project().folder(), &copy);
    let keeping = Keeping::at(&copy);
    let song = Project::at(&copy).open().unwrap().song().clone();
    assert_eq!(song.to_files(), s.song().to_files());
    let moved = s.render(Some(keeping.store()));
    assert!(
        moved.units.iter().all(|(made, _)| *made == 0),
        "{:?}",
        moved.units
    );
    drop(s);
    std::fs::remove_dir_all(root).unwrap();
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
