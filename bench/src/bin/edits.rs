//! Does an edit do what was asked, and nothing else? Random edits of generated songs in twenty
//! styles, checked in the exported files: notes, tempo and key in MIDI that is read back, sound
//! in stems that are decoded again. Every edited song is rendered twice, patched onto the store of
//! the unedited one and from nothing, and the two are compared.
//!
//! `cargo run --release -p yuefu-bench --bin edits -- [SONGS] [EDITS-PER-SONG] [RATE]`
//!
//! Columns are counts of edits for which the column's statement holds, of those that it applies
//! to. *Elsewhere* means: other tracks, and for time the part of the song before the first clip
//! that the edit made anew (for the master: less what the limiter looks ahead and a block of the
//! tone correction, 0.15 s at 44.1 kHz) and after the last one plus the stated tail (what strips
//! and shared effects remember, rounded up to a window).

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
};
use yuefu_engine::Rng;
use yuefu_release::master::master_ahead;
use yuefu_scorefile::{ScoreLimits, read_midi};
use yuefu_studio::{
    Overrides, ReleasePlan, ScoreFormat, Song, Studio,
    audio::{AudioBuffer, SampleRate},
    editing::{Form, NewSection, Restyle, Wish},
    keeping::Keeping,
    publish::{Publish, Published},
    render::{Ledger, Unit},
    song::{Edit, Role, SectionKind, Track},
    theory::Ticks,
};

/// Frames after the last clip made anew within which sound may still differ: strips, shared
/// effects and the master each go on to the end of a window (17.8 s at 44.1 kHz).
const TAIL: usize = 3 * yuefu_mix::WINDOW;

type Error = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Where a position of a track went; `None` where the old music is gone.
type Moved = Box<dyn Fn(&str, Ticks) -> Option<Ticks>>;

/// One asked-for edit.
struct Asked {
    kind: &'static str,
    /// The track, its place and the bars of its phrase, for the log.
    what: String,
    song: Song,
    /// Old to new position.
    moved: Moved,
    /// Tracks whose notes may change, and where in the old song.
    may: Vec<String>,
    from: Ticks,
    to: Ticks,
    /// Whether the sound elsewhere must be the same: not after a change of tempo or form.
    local: bool,
    /// Semitones that every pitched note moves.
    shift: i32,
    adheres: bool,
}

/// Counts of statements that hold, of those asked.
#[derive(Clone, Copy, Default)]
struct Count(u32, u32);

impl Count {
    fn add(&mut self, holds: bool) {
        self.0 += u32::from(holds);
        self.1 += 1;
    }
}

const COLUMNS: [&str; 10] = [
    "adherence",
    "melody elsewhere",
    "harmony elsewhere",
    "rhythm elsewhere",
    "key",
    "tempo",
    "untouched stems",
    "touched stems elsewhere",
    "master elsewhere",
    "patched = from nothing",
];

fn run() -> Result<bool, Error> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let songs = numbers.next().transpose()?.unwrap_or(40);
    let each = numbers.next().transpose()?.unwrap_or(6);
    // Half the usual rate: what depends on an edit does not depend on it, and time does.
    let rate = numbers.next().transpose()?.unwrap_or(22_050);
    let rate = SampleRate(u32::try_from(rate)?);
    let studio = Studio::standard()?;
    let styles: Vec<String> = studio.book.styles().iter().map(|s| s.id.clone()).collect();
    let step = (styles.len() / 20).max(1);
    let root = std::env::temp_dir().join(format!("yuefu-edits-{}", std::process::id()));
    let mut table: BTreeMap<&'static str, [Count; 10]> = BTreeMap::new();
    let mut rng = Rng::new(2026);
    let (mut same, mut all) = (0u64, 0u64);
    for number in 0..songs {
        let style = &styles[number % 20 * step % styles.len()];
        let mut overrides = Overrides::default();
        for (name, value) in [
            ("style", style.as_str()),
            ("length", "40"),
            ("seed", &number.to_string()),
        ] {
            overrides.set(name, value)?;
        }
        let release = ReleasePlan {
            rate,
            stems: true,
            ..ReleasePlan::streaming()
        };
        let song = studio.compose("a song", &overrides, &release)?.song;
        let folder = root.join(number.to_string());
        let keeping = Keeping::at(folder.join("p.yuefu"));
        let heard = studio.publish_kept(&song, &keeping, &[], None, job(&folder.join("a")))?;
        let song = heard.published.song.clone();
        let before = Files::read(&studio, &song, &heard.published)?;
        let ledger = heard.published.ledger.unwrap_or_default();
        for _ in 0..each {
            let Some(asked) = ask(&studio, &song, &mut rng)? else {
                continue;
            };
            let fresh = publish(&studio, &asked.song, &folder.join("b"), None)?;
            // Stems do not matter to the master; writing them once is enough.
            let mut quick = asked.song.clone();
            quick.release.stems = false;
            let patched = publish(
                &studio,
                &quick,
                &folder.join("c"),
                Some((&keeping, &ledger)),
            )?;
            let after = Files::read(&studio, &asked.song, &fresh)?;
            let row = table.entry(asked.kind).or_default();
            let equal = fresh.master == patched.master;
            judge(
                &asked,
                &song,
                &before,
                &after,
                &fresh,
                &ledger,
                equal,
                row,
                (&mut same, &mut all),
            );
            eprintln!("{number} {style} {}: {}", asked.kind, asked.what);
        }
        std::fs::remove_dir_all(&folder)?;
        // After every song, because the whole takes a while.
        println!("\nafter {} songs:\n", number + 1);
        print(&table, same, all);
    }
    let _ = std::fs::remove_dir_all(&root);
    Ok(print(&table, same, all))
}

fn print(table: &BTreeMap<&str, [Count; 10]>, same: u64, all: u64) -> bool {
    println!("| edit | n | {} |", COLUMNS.join(" | "));
    println!("|---|---|{}", "---|".repeat(COLUMNS.len()));
    let cell = |count: &Count| match count {
        Count(_, 0) => "-".to_owned(),
        Count(held, asked) if held == asked => "100 %".to_owned(),
        Count(held, asked) => format!("{held}/{asked}"),
    };
    let mut sum = [Count::default(); 10];
    for (kind, row) in table {
        let cells: Vec<String> = row.iter().map(cell).collect();
        println!("| {kind} | {} | {} |", row[0].1, cells.join(" | "));
        for (sum, count) in sum.iter_mut().zip(row) {
            sum.0 += count.0;
            sum.1 += count.1;
        }
    }
    let cells: Vec<String> = sum.iter().map(cell).collect();
    println!("| **all** | {} | {} |", sum[0].1, cells.join(" | "));
    println!(
        "\nOf the stems of locally edited songs, {:.1} % of all samples are bit for bit what they were.",
        same as f64 * 100.0 / all.max(1) as f64
    );
    sum.iter().all(|count| count.0 == count.1)
}

fn job(folder: &Path) -> Publish<'static> {
    Publish {
        name: Some("song".to_owned()),
        scores: &[ScoreFormat::MidiScore],
        project: false,
        ..Publish::into_folder(folder)
    }
}

fn publish(
    studio: &Studio,
    song: &Song,
    folder: &Path,
    kept: Option<(&Keeping, &Ledger)>,
) -> Result<Published, Error> {
    let job = Publish {
        store: kept.map(|(keeping, _)| keeping.store() as &dyn yuefu_studio::Store),
        before: kept.map(|(_, ledger)| ledger),
        ..job(folder)
    };
    Ok(studio.publish(song, &job)?)
}

/// A note in a file: start, length, key.
type Heard = (i64, i64, u8);

/// What the files of a song say.
struct Files {
    notes: Vec<(String, Role, Vec<Heard>)>,
    tempo: Vec<(i64, f64)>,
    key: String,
    chords: Vec<(Ticks, String)>,
    stems: BTreeMap<String, AudioBuffer>,
    master: AudioBuffer,
}

impl Files {
    fn read(studio: &Studio, song: &Song, made: &Published) -> Result<Self, Error> {
        let with = |end: &str| -> Result<PathBuf, Error> {
            let found = made
                .files
                .iter()
                .find(|f| f.to_string_lossy().ends_with(end));
            Ok(found.ok_or(format!("no file *{end}"))?.clone())
        };
        let midi = std::fs::read(with(".score.mid")?)?;
        let file = read_midi(&midi, &studio.catalog, &ScoreLimits::default())?;
        // A track without a note is not in the file.
        let has_notes =
            |track: &&Track| track.phrases.iter().any(|phrase| !phrase.notes.is_empty());
        let tracks = song.score.tracks.iter().filter(has_notes);
        let notes = tracks
            .zip(&file.score.tracks)
            .map(|(track, read)| {
                let mut notes: Vec<Heard> = read
                    .phrases
                    .iter()
                    .flat_map(|p| {
                        p.notes
                            .iter()
                            .map(|n| ((p.span.start + n.at).0, n.len.0, n.key()))
                    })
                    .collect();
                notes.sort_unstable();
                (track.id.clone(), track.role, notes)
            })
            .collect();
        let mut stems = BTreeMap::new();
        for path in &made.files {
            if path.parent().is_some_and(|p| p.ends_with("stems")) {
                let name = path
                    .file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                stems.insert(name, decode(path)?);
            }
        }
        Ok(Self {
            notes,
            tempo: file
                .score
                .timeline
                .tempo
                .iter()
                .map(|p| (p.at.0, p.bpm))
                .collect(),
            key: song.plan.key.to_string(),
            chords: song
                .score
                .chords
                .iter()
                .map(|c| (c.span.start, c.chord.to_string()))
                .collect(),
            stems,
            master: decode(&with("song.flac")?)?,
        })
    }
}

fn decode(path: &Path) -> Result<AudioBuffer, Error> {
    let limits = yuefu_audiofile::DecodeLimits::default();
    Ok(yuefu_audiofile::decode_file(path, &limits)?.audio)
}

/// Everything that a random edit may be made of.
fn ask(studio: &Studio, song: &Song, rng: &mut Rng) -> Result<Option<Asked>, Error> {
    let pitched: Vec<usize> = (0..song.score.tracks.len())
        .filter(|t| !song.score.tracks[*t].role.is_percussion())
        .collect();
    let track = &song.score.tracks[*rng.pick(&pitched).ok_or("a song without pitches")?];
    let phrase = &track.phrases[rng.below(track.phrases.len())];
    let Some(note) = phrase.notes.get(rng.below(phrase.notes.len().max(1))) else {
        return Ok(None);
    };
    let line = &song.score.timeline;
    let at = phrase.span.start + note.at;
    let (bar, offset) = line.bar_of(at.max(Ticks(0)));
    let unit = line.metre(at).unit_len();
    let exact = offset.0 % unit.0 == 0 && at >= Ticks(0);
    let place = format!("{}:{}", bar + 1, offset.0 / unit.0 + 1);
    let (first, _) = line.bar_of(phrase.span.start);
    let (last, _) = line.bar_of(phrase.span.end - Ticks(1));
    let bars = format!("{}-{}", first + 1, last + 1);
    let id = track.id.clone();
    let end = song.score.end() + Ticks::WHOLE * 8;
    let here = (
        vec![id.clone()],
        phrase.span.start - Ticks::WHOLE,
        phrase.span.end,
    );
    let operate = |text: String| -> Result<Song, Error> { Ok(studio.operate(song, &[text])?.song) };
    let stay =
        |local: bool, song: Song, kind, (may, from, to): (Vec<String>, Ticks, Ticks), adheres| {
            Asked {
                kind,
                what: format!("{id} {place} of bars {bars}"),
                song,
                moved: Box::new(|_, at| Some(at)),
                may,
                from,
                to,
                local,
                shift: 0,
                adheres,
            }
        };
    let count = |song: &Song| -> usize {
        let tracks = song.score.tracks.iter().filter(|t| t.id == id);
        tracks.flat_map(|t| &t.phrases).map(|p| p.notes.len()).sum()
    };
    let notes_at = |song: &Song| -> Vec<u8> {
        let tracks = song.score.tracks.iter().filter(|t| t.id == id);
        let phrases = tracks.flat_map(|t| &t.phrases);
        let notes =
            phrases.flat_map(|p| p.notes.iter().map(move |n| (p.span.start + n.at, n.key())));
        notes
            .filter(|(start, _)| *start == at)
            .map(|(_, key)| key)
            .collect()
    };
    Ok(Some(match rng.below(14) {
        0 if exact => {
            let new = operate(format!("delete-note {id} {place} {}", note.pitch))?;
            let adheres = count(&new) + 1 == count(song) && !notes_at(&new).contains(&note.key());
            stay(true, new, "delete a note", here, adheres)
        }
        1 if exact => {
            let mut pitch = note.pitch;
            pitch.octave += if pitch.octave > 4 { -1 } else { 1 };
            let fits = studio
                .catalog
                .profile(&track.instrument)
                .is_some_and(|profile| {
                    (profile.range[0]..=profile.range[1]).contains(&(pitch.midi() as u8))
                });
            if !fits || notes_at(song).contains(&(pitch.midi() as u8)) {
                return Ok(None);
            }
            let new = operate(format!("add {id} {place} 1/4 {pitch} 90"))?;
            let adheres = notes_at(&new).contains(&(pitch.midi() as u8));
            stay(true, new, "add a note", here, adheres)
        }
        2 => {
            let new = operate(format!("dynamics {id} {bars} x0.6"))?;
            let adheres = !Edit::between(song, &new).is_empty();
            stay(true, new, "dynamics", here, adheres)
        }
        3 => {
            let new = operate(format!("transpose {id} {bars} +2 steps"))?;
            let adheres = !Edit::between(song, &new).is_empty();
            stay(true, new, "transpose a phrase", here, adheres)
        }
        4 => {
            let new = operate(format!("gain {id} -3"))?;
            let gain = |song: &Song| {
                let strips = song.mix.iter().flat_map(|mix| &mix.tracks);
                strips
                    .filter(|s| s.track == id)
                    .map(|s| s.gain_db)
                    .sum::<f32>()
            };
            let adheres = (gain(song) - 3.0 - gain(&new)).abs() < 1e-3;
            let mut asked = stay(
                true,
                new,
                "gain of a track",
                (vec![id.clone()], Ticks(0), end),
                adheres,
            );
            asked.to = end;
            asked
        }
        5 => {
            let other = if track.instrument == "vibraphone" {
                "marimba"
            } else {
                "vibraphone"
            };
            let new = operate(format!("instrument {id} {other}"))?;
            let adheres = new
                .score
                .tracks
                .iter()
                .any(|t| t.id == id && t.instrument == other);
            stay(
                true,
                new,
                "swap an instrument",
                (vec![id.clone()], Ticks(0), end),
                adheres,
            )
        }
        6 => {
            let bpm = (line.bpm(Ticks(0)) * if rng.chance(0.5) { 1.1 } else { 0.9 }).round();
            let new = operate(format!("tempo {bpm}"))?;
            let adheres = (new.score.timeline.bpm(Ticks(0)) - bpm).abs() < 1e-6;
            let mut asked = stay(false, new, "tempo", (vec![], Ticks(0), Ticks(0)), adheres);
            asked.kind = "tempo";
            asked
        }
        7 => {
            let tonic = song.plan.key.transposed(2);
            let name = tonic.to_string().replace(' ', "-");
            let new = operate(format!("key {name}"))?;
            let adheres = new.plan.key.to_string() == tonic.to_string();
            let mut asked = stay(false, new, "key", (vec![], Ticks(0), Ticks(0)), adheres);
            asked.shift = 2;
            asked
        }
        8 => {
            let bar_at = 1 + rng.below(first as usize + 1) as i64;
            let cut = line.bar_start(bar_at - 1);
            let length = line.metre(cut).bar() * 2;
            let new = operate(format!("insert-bars {bar_at} 2"))?;
            let adheres = new.score.end() == song.score.end() + length;
            let mut asked = stay(
                false,
                new,
                "insert bars",
                (vec![], Ticks(0), Ticks(0)),
                adheres,
            );
            // A pickup goes with the phrase that it leads to.
            let pickups: Vec<(String, Ticks)> = song
                .score
                .tracks
                .iter()
                .flat_map(|t| t.phrases.iter().map(move |p| (t, p)))
                .filter(|(_, p)| p.span.start >= cut)
                .flat_map(|(t, p)| p.notes.iter().map(|n| (t.id.clone(), p.span.start + n.at)))
                .filter(|(_, at)| *at < cut)
                .collect();
            asked.moved = Box::new(move |track, at| {
                let leads = pickups.iter().any(|p| p.0 == track && p.1 == at);
                Some(if at < cut && !leads { at } else { at + length })
            });
            asked
        }
        9 | 10 => {
            let tracks = id.parse().map_err(|_| "a track")?;
            let place = bars.parse().map_err(|_| "bars")?;
            let Ok(edited) = studio.regenerate(song, &tracks, &place, Wish::another(), 1) else {
                return Ok(None);
            };
            let adheres = !Edit::between(song, &edited.song).is_empty();
            stay(true, edited.song, "regenerate a phrase", here, adheres)
        }
        11 => {
            let form = Form::After(vec![NewSection::of(SectionKind::Chorus)]);
            let new = studio.reshape(song, &form)?.song;
            let adheres = new.plan.sections.len() == song.plan.sections.len() + 1;
            // The old final bar becomes a link.
            let bar = line.metre(song.score.end()).bar();
            let all = song.score.tracks.iter().map(|t| t.id.clone()).collect();
            let mut asked = stay(
                false,
                new,
                "extend after the end",
                (all, song.score.end() - bar * 2, end),
                adheres,
            );
            asked.local = false;
            asked
        }
        12 => {
            let style = if song.plan.style == "jazz" {
                "pop"
            } else {
                "jazz"
            };
            let wish = Restyle {
                style: style.to_owned(),
                keep_leads: true,
                keep_tempo: true,
                ..Restyle::default()
            };
            let new = studio.restyle(song, wish, None)?.song;
            let adheres = new.plan.style == style;
            let others = song.score.tracks.iter().filter(|t| t.role != Role::Lead);
            let may = others.map(|t| t.id.clone()).collect();
            stay(false, new, "restyle", (may, Ticks(-1 << 40), end), adheres)
        }
        _ => {
            let new = operate(format!("articulation {id} {bars} staccato"))?;
            let tracks = new.score.tracks.iter().filter(|t| t.id == id);
            // A pickup begins before the bars that were asked for.
            let asked = line.bar_start(first)..line.bar_start(last + 1);
            let adheres = tracks
                .flat_map(|t| &t.phrases)
                .flat_map(|p| p.notes.iter().map(move |n| (p.span.start + n.at, n)))
                .filter(|(at, _)| asked.contains(at))
                .all(|(_, n)| n.articulation == yuefu_studio::song::Articulation::Staccato);
            stay(true, new, "articulation", here, adheres)
        }
    }))
}

#[expect(clippy::too_many_arguments, reason = "both sides of every column")]
fn judge(
    asked: &Asked,
    song: &Song,
    before: &Files,
    after: &Files,
    fresh: &Published,
    ledger: &Ledger,
    equal: bool,
    row: &mut [Count; 10],
    (same, all): (&mut u64, &mut u64),
) {
    row[0].add(asked.adheres);
    // Notes elsewhere, from the files.
    let mut held = [true; 2];
    for (id, role, notes) in &before.notes {
        let melody = usize::from(!matches!(role, Role::Lead | Role::Vocal));
        let elsewhere =
            |at: i64| !(asked.may.contains(id) && (asked.from.0..asked.to.0).contains(&at));
        let Some((_, _, now)) = after.notes.iter().find(|row| row.0 == *id) else {
            // A restyle may send players home; else only what had no note elsewhere may be gone.
            let home = asked.kind == "restyle" && asked.may.contains(id);
            held[melody] &= home || notes.iter().all(|note| !elsewhere(note.0));
            continue;
        };
        let shift = if role.is_percussion() { 0 } else { asked.shift };
        for (at, length, key) in notes.iter().filter(|n| elsewhere(n.0)) {
            let Some(there) = (asked.moved)(id, Ticks(*at)) else {
                continue;
            };
            let wanted = (i32::from(*key) + shift).rem_euclid(12);
            let found = now.iter().any(|(a, l, k)| {
                *a == there.0
                    // A key change may move a part by an octave to stay in range.
                    && i32::from(*k).rem_euclid(12) == wanted
                    && (*l == *length || asked.kind == "insert bars")
            });
            if !found {
                eprintln!(
                    "  {}: {id} at {at} ({length} long, key {key}) is not where it was",
                    asked.kind
                );
            }
            held[melody] &= found;
        }
        if asked.local {
            let count = |notes: &[Heard]| notes.iter().filter(|n| elsewhere(n.0)).count();
            if count(notes) != count(now) {
                eprintln!(
                    "  {}: {id} has {} notes elsewhere, had {}",
                    asked.kind,
                    count(now),
                    count(notes)
                );
            }
            held[melody] &= count(notes) == count(now);
        }
    }
    row[1].add(held[0]);
    row[3].add(held[1]);
    let chords = before.chords.iter().all(|(at, chord)| {
        let Some(there) = (asked.moved)("", *at) else {
            return true;
        };
        let changed = !asked.may.is_empty() && !asked.local && (asked.from..asked.to).contains(at);
        changed || asked.shift != 0 || after.chords.iter().any(|c| c.0 == there && c.1 == *chord)
    });
    row[2].add(chords);
    row[4].add(asked.shift != 0 || before.key == after.key);
    let tempo = before.tempo.first().map(|t| t.1) == after.tempo.first().map(|t| t.1);
    row[5].add(asked.kind == "tempo" || tempo);
    row[9].add(equal);
    if !asked.local {
        return;
    }
    // Sound elsewhere, from the decoded files.
    let changed = edited(ledger, fresh, &asked.song);
    let rate = f64::from(song.release.rate.0);
    let (mut untouched, mut touched) = (true, true);
    for (name, stem) in &before.stems {
        let Some(now) = after.stems.get(name) else {
            untouched = false;
            continue;
        };
        *all += stem.frames() as u64;
        let Some((from, to, count)) = difference(stem, now) else {
            *same += stem.frames() as u64;
            continue;
        };
        *same += (stem.frames() - count) as u64;
        let strips = song.mix.iter().flat_map(|mix| &mix.tracks);
        let ducks = strips.filter(|s| yuefu_studio::publish::slug(&s.track) == *name);
        let ducked = ducks
            .filter_map(|s| s.sidechain.as_ref())
            .any(|s| asked.may.contains(&s.key_track));
        let own = asked
            .may
            .iter()
            .any(|id| yuefu_studio::publish::slug(id) == *name);
        if !own && !name.starts_with("fx-") && !ducked {
            untouched = false;
        } else if let Some((start, end)) = changed {
            touched &=
                from as f64 / rate >= start - 0.001 && to as f64 / rate <= end + TAIL as f64 / rate;
        }
    }
    if !untouched || !touched {
        eprintln!("  {}: stems moved elsewhere; clips {changed:?}", asked.kind);
    }
    row[6].add(untouched);
    row[7].add(touched);
    let plan = fresh.song.master.as_ref();
    let ahead = plan.map_or(0, |plan| master_ahead(plan, song.release.rate)) as f64 / rate;
    let master = match (difference(&before.master, &after.master), changed) {
        (Some((from, to, _)), Some((start, end))) => {
            from as f64 / rate >= start - ahead && to as f64 / rate <= end + TAIL as f64 / rate
        }
        _ => true,
    };
    if !master {
        let found = difference(&before.master, &after.master)
            .map(|(from, to, _)| (from as f64 / rate, to as f64 / rate));
        eprintln!(
            "  {}: master moved in {found:?}, clips {changed:?}",
            asked.kind
        );
    }
    row[8].add(master);
}

/// Seconds from the first to the last clip that the edit made anew; `None` when it made none (a
/// change of the mix).
fn edited(before: &Ledger, fresh: &Published, song: &Song) -> Option<(f64, f64)> {
    let after = fresh.ledger.as_ref()?;
    let rate = f64::from(song.release.rate.0);
    let mut out: Option<(f64, f64)> = None;
    for change in after.changes(Some(before)) {
        let Unit::Clip { track, phrase } = change.unit else {
            continue;
        };
        let (start, frames) = after.units.get(change.unit)?.extent?;
        let tracks = song.score.tracks.iter().filter(|t| t.id == *track);
        let mut phrases = tracks.flat_map(|t| &t.phrases).filter(|p| p.id == *phrase);
        let at = song.score.timeline.seconds(phrases.next()?.span.start);
        // The clip before the edit may have been longer; its ledger tells.
        let old = before.units.get(change.unit).and_then(|e| e.extent);
        let last = frames.max(old.map_or(0, |e| e.1));
        let first = start.min(old.map_or(start, |e| e.0));
        // Rubato may place a phrase up to a quarter second beside the map.
        let (from, to) = (
            at + first as f64 / rate - 0.25,
            at + (first + last as i64) as f64 / rate + 0.25,
        );
        let (a, b) = out.unwrap_or((from, to));
        out = Some((a.min(from), b.max(to)));
    }
    out
}

/// First and last frame at which two recordings differ, and at how many.
fn difference(a: &AudioBuffer, b: &AudioBuffer) -> Option<(usize, usize, usize)> {
    let (mut first, mut last, mut count) = (None, 0, 0);
    for index in 0..a.frames().max(b.frames()) {
        let differs =
            a.channels.iter().zip(&b.channels).any(|(a, b)| {
                a.get(index).map(|x| x.to_bits()) != b.get(index).map(|x| x.to_bits())
            });
        if differs {
            first.get_or_insert(index);
            last = index;
            count += 1;
        }
    }
    Some((first?, last, count))
}
