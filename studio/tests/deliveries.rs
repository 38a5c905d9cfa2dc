//! Whisper, rap, choir, duet and child: from a tag or a prompt to the sound, which is measured.

mod support;

use support::hear::{between, envelope, level, mono, pitches, stretch};
use yuefu_song::{Role, Song, VoicePart, ops::Op};
use yuefu_studio::{
    Cancel, Overrides, ReleasePlan, Studio,
    audio::{AudioBuffer, SampleRate, math},
};
use yuefu_theory::{TickSpan, Ticks};

const CHINESE: [&str; 2] = [
    "巷口的灯还没有关\n晚风吹过旧的栏杆\n",
    "我把想念写成一首歌\n唱给雨后的星河\n",
];
const ENGLISH: [&str; 2] = [
    "Rain on the window and the kettle is low\nI am counting every place we said we would go\n",
    "Run to the river with me\nLet the morning find us there\n",
];

/// A short song of two sections with these tags.
fn song(studio: &Studio, prompt: &str, tags: [&str; 2], lines: [&str; 2]) -> Song {
    let mut overrides = Overrides::default();
    overrides.set("seed", "6").unwrap();
    let words = format!("[{}]\n{}\n[{}]\n{}", tags[0], lines[0], tags[1], lines[1]);
    overrides.lyrics = Some(words);
    let release = ReleasePlan {
        rate: SampleRate(22_050),
        ..ReleasePlan::streaming()
    };
    let made = studio.compose(prompt, &overrides, &release).unwrap();
    made.song
}

fn track(song: &Song, is: impl Fn(&str, Option<VoicePart>) -> bool) -> Vec<usize> {
    let sings = |id: &str| song.plan.cast.iter().find(|m| m.id == id)?.sings;
    let tracks = song.score.tracks.iter().enumerate();
    tracks
        .filter(|(_, t)| matches!(t.role, Role::Vocal | Role::Backing))
        .filter(|(_, t)| is(&t.id, sings(&t.id)))
        .map(|(index, _)| index)
        .collect()
}

fn lead(song: &Song) -> usize {
    track(song, |_, part| part.is_none())[0]
}

fn solo(studio: &Studio, song: &Song, track: usize) -> AudioBuffer {
    let audio = studio.solo(song, track, &Cancel::new()).unwrap();
    // Set to look and listen: `YUEFU_LISTEN=FOLDER cargo test ...`.
    if let Some(folder) = std::env::var_os("YUEFU_LISTEN") {
        let name = format!("{}-{}.wav", song.plan.title, song.score.tracks[track].id);
        let path = std::path::Path::new(&folder).join(name.replace([' ', '/'], "-"));
        let format = yuefu_studio::publish::parse_format("wav").unwrap();
        let tags = Default::default();
        yuefu_studio::mastering::write_recording(&path, &audio, format, &tags).unwrap();
    }
    audio
}

/// The same in one section alone: a choir takes its time.
fn solo_in(studio: &Studio, song: &Song, track: usize, section: &str) -> AudioBuffer {
    let mut part = song.clone();
    let phrases = &mut part.score.tracks[track].phrases;
    phrases.retain(|phrase| phrase.id.starts_with(section));
    solo(studio, &part, track)
}

/// The notes of a track within a section: seconds of their beginning and end, and their hertz.
fn notes(song: &Song, track: usize, section: &str) -> Vec<(f64, f64, f64)> {
    let line = &song.score.timeline;
    let section = song.plan.sections.iter().find(|s| s.id == section);
    let span = section.map_or(TickSpan::new(Ticks(0), Ticks(0)), |s| s.span);
    let phrases = song.score.tracks[track].phrases.iter();
    let own = phrases.filter(|p| span.contains(p.span.start));
    let placed = own.flat_map(|p| p.notes.iter().map(move |n| (p.span.start, n)));
    placed
        .map(|(start, n)| {
            let hz = f64::from(math::key_to_hz(n.pitch.midi() as f32));
            (
                line.seconds(start + n.at),
                line.seconds(start + n.end()),
                hz,
            )
        })
        .collect()
}

/// Of the sounding moments in the middle of notes: the share with any pitch within half an octave
/// of the note, and the share within 50 cents of it.
fn on_the_notes(audio: &AudioBuffer, notes: &[(f64, f64, f64)]) -> (f64, f64, usize) {
    let (samples, rate) = (mono(audio), audio.rate.hz());
    let (mut all, mut voiced, mut near) = (0, 0, 0);
    for (on, off, hz) in notes {
        for cents in pitches(&samples, rate, on + 0.06, off - 0.06, *hz) {
            all += 1;
            voiced += usize::from(cents.is_some());
            near += usize::from(cents.is_some_and(|cents| cents.abs() < 50.0));
        }
    }
    let share = |count: usize| count as f64 / all.max(1) as f64;
    (share(voiced), share(near), all)
}

/// The share of notes at whose beginning the voice gets louder, within 80 ms.
fn beats(audio: &AudioBuffer, notes: &[(f64, f64, f64)]) -> f64 {
    let (samples, rate) = (mono(audio), audio.rate.hz());
    let loud = |time: f64| level(between(&samples, rate, time - 0.015, time + 0.015));
    let met = notes.iter().filter(|(on, ..)| {
        let steps: Vec<f64> = (-16..=16).map(|i| loud(on + f64::from(i) * 0.01)).collect();
        (8..25).any(|i| steps[i] > steps[i - 6] + 3.0)
    });
    met.count() as f64 / notes.len().max(1) as f64
}

#[test]
fn whispers_have_no_pitch() {
    let studio = Studio::shipped().unwrap();
    for (tags, lines) in [
        (["主歌·耳语", "副歌"], CHINESE),
        (["Verse: Whisper", "Chorus"], ENGLISH),
    ] {
        let song = song(&studio, "a soft ballad, solo voice", tags, lines);
        let lead = lead(&song);
        let audio = solo(&studio, &song, lead);
        let whispered = notes(&song, lead, "verse-1");
        let sung = notes(&song, lead, "chorus-1");
        let (voiced, _, heard) = on_the_notes(&audio, &whispered);
        let (other, near, _) = on_the_notes(&audio, &sung);
        println!("{tags:?}: voiced {voiced:.3} of {heard}, sung {other:.3}, in tune {near:.3}");
        assert!(heard > 100, "a whisper is heard: {heard}");
        assert!(voiced < 0.05, "{voiced}");
        assert!(other > 0.8 && near > 0.8, "{other} {near}");
    }
}

#[test]
fn rap_keeps_the_rhythm_and_speaks_its_pitch() {
    let studio = Studio::shipped().unwrap();
    for (tags, lines) in [(["说唱", "副歌"], CHINESE), (["Rap", "Chorus"], ENGLISH)] {
        let song = song(&studio, "hip-hop, solo voice", tags, lines);
        let lead = lead(&song);
        let audio = solo(&studio, &song, lead);
        let own = song.lyrics.sections[0].id.clone();
        let (rapped, sung) = (notes(&song, lead, &own), notes(&song, lead, "chorus-1"));
        assert!(rapped.len() >= 15, "{own}");
        let (voiced, near, _) = on_the_notes(&audio, &rapped);
        let (_, tuned, _) = on_the_notes(&audio, &sung);
        let (met, sung_met) = (beats(&audio, &rapped), beats(&audio, &sung));
        println!(
            "{tags:?}: voiced {voiced:.2}, at the notes {near:.2}; sung at the notes {tuned:.2}; \
             beats {met:.2}, sung {sung_met:.2}"
        );
        assert!(voiced > 0.5, "it is a voice: {voiced}");
        assert!(near < 0.5 && tuned > 0.8, "{near} {tuned}");
        assert!(met > 0.6, "{met}");
        // Syllables come about as fast as people talk.
        let span = rapped[rapped.len() - 1].1 - rapped[0].0;
        let rate = rapped.len() as f64 / span;
        println!("{rate:.1} syllables a second");
        assert!((1.8..7.0).contains(&rate), "{rate}");
    }
}

#[test]
fn a_choir_is_many_voices_in_parts() {
    let studio = Studio::shipped().unwrap();
    let song = song(
        &studio,
        "a slow hymn sung by a choir",
        ["Verse", "Chorus"],
        ENGLISH,
    );
    let choir = track(&song, |_, part| {
        matches!(
            part,
            Some(VoicePart::Soprano | VoicePart::Alto | VoicePart::Tenor | VoicePart::Bass)
        )
    });
    assert_eq!(choir.len(), 4);
    let mut singers = 0;
    let mut over: Vec<(f64, f64, f64)> = Vec::new();
    for index in choir {
        let id = &song.score.tracks[index].id;
        let voices = song.voices[id].settings.voices;
        singers += usize::from(voices);
        let all = notes(&song, index, "chorus-1");
        assert!(!all.is_empty(), "{id}");
        for (on, _, hz) in &all {
            let above = over.iter().find(|n| n.0 == *on);
            assert!(
                above.is_none_or(|n| n.2 > hz * 0.999),
                "from the top down: {id} at {on}"
            );
        }
        let mean = all.iter().map(|n| n.2).sum::<f64>() / all.len() as f64;
        over.clone_from(&all);
        assert!(voices >= 3, "{id}: {voices}");
        // The outer voices are heard.
        if !["soprano", "bass"].contains(&id.as_str()) {
            continue;
        }
        let audio = solo_in(&studio, &song, index, "chorus-1");
        // Many people: to both sides, near the note and none exactly on it together.
        let side: Vec<f32> = audio.channels[0]
            .iter()
            .zip(&audio.channels[1])
            .map(|(l, r)| 0.5 * (l - r))
            .collect();
        let wide = level(&side) - level(&mono(&audio));
        let (_, near, _) = on_the_notes(&audio, &all);
        println!("{id}: {voices} voices, {mean:.0} Hz, side {wide:.1} dB, in tune {near:.2}");
        assert!(wide > -12.0, "{id}: {wide}");
        assert!(near > 0.5, "{id}: {near}");
    }
    assert!(singers >= 12, "{singers}");
}

#[test]
fn two_different_people_sing_a_duet() {
    let studio = Studio::shipped().unwrap();
    let song = song(&studio, "流行 男女对唱", ["主歌", "副歌"], CHINESE);
    let leads = track(&song, |_, part| part.is_none());
    assert_eq!(leads.len(), 2);
    let [a, b] = [leads[0], leads[1]];
    let instrument = |index: usize| song.score.tracks[index].instrument.as_str();
    assert_ne!(instrument(a), instrument(b));
    let low = |index: usize| studio.catalog.profile(instrument(index)).unwrap().sweet[0] < 50;
    assert_ne!(low(a), low(b), "a woman and a man");
    let sung = [a, b].map(|index| solo(&studio, &song, index));
    let line = &song.score.timeline;
    let mut last = None;
    for section in song.plan.sections.iter().filter(|s| {
        let mut lines = song.lyrics.lines_of(&s.id);
        lines.any(|line| !line.syllables.is_empty())
    }) {
        let (from, to) = (
            line.seconds(section.span.start),
            line.seconds(section.span.end),
        );
        let levels = [0, 1].map(|i| {
            let samples = mono(&sung[i]);
            level(between(&samples, sung[i].rate.hz(), from + 0.5, to - 1.0))
        });
        let who = usize::from(levels[1] > levels[0]);
        println!("{}: {levels:.1?}", section.id);
        assert!((levels[0] - levels[1]).abs() > 30.0, "one leads at a time");
        assert_ne!(last.replace(who), Some(who), "they take turns");
        // And each on the notes.
        let index = [a, b][who];
        let (voiced, near, _) = on_the_notes(&sung[who], &notes(&song, index, &section.id));
        assert!(voiced > 0.9 && near > 0.8, "{voiced} {near}");
    }
    // In the chorus both are heard.
    let beside = track(&song, |_, part| part == Some(VoicePart::Below));
    assert_eq!(beside.len(), 1);
    let partner = notes(&song, beside[0], "chorus-1");
    assert!(!partner.is_empty());
    let there = |i: &usize| !notes(&song, *i, "chorus-1").is_empty();
    let leading = [a, b].into_iter().find(there).unwrap();
    assert_ne!(instrument(beside[0]), instrument(leading));
    let audio = solo(&studio, &song, beside[0]);
    let (voiced, near, _) = on_the_notes(&audio, &partner);
    assert!(voiced > 0.9 && near > 0.7, "{voiced} {near}");
}

#[test]
fn a_child_has_a_smaller_body() {
    let studio = Studio::shipped().unwrap();
    let song = song(&studio, "儿歌，童声", ["主歌", "副歌"], CHINESE);
    let lead = lead(&song);
    let id = &song.score.tracks[lead].id;
    assert_eq!(song.score.tracks[lead].instrument, "voice-child");
    let op: Op = format!("instrument {id} to voice-xiaohe").parse().unwrap();
    let (mut adult, _) = op.apply(&song, &studio.catalog).unwrap();
    // The same notes by the same singer grown up.
    adult.score.tracks[lead]
        .phrases
        .clone_from(&song.score.tracks[lead].phrases);
    let [small, large] = [&song, &adult].map(|song| solo_in(&studio, song, lead, "verse-1"));
    let all = notes(&song, lead, "verse-1");
    let (voiced, near, _) = on_the_notes(&small, &all);
    let rate = small.rate.hz();
    let envelope = |audio: &AudioBuffer| envelope(&mono(audio), rate, &all);
    let semitones = 12.0 * math::log2(stretch(&envelope(&large), &envelope(&small), rate));
    println!("child: formants {semitones:+.1} semitones, voiced {voiced:.2}, in tune {near:.2}");
    assert!((1.8..3.4).contains(&semitones), "{semitones}");
    assert!(voiced > 0.9 && near > 0.8, "{voiced} {near}");
}
