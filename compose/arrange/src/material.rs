//! What a tune is made of and remembers: ideas by letter, in the order of a plan.

use crate::{melody::Rhythm, tune::TunePhrase};
use std::collections::{BTreeMap, BTreeSet};
use yuefu_engine::SeedPath;
use yuefu_song::{Note, SectionPlan, Style};
use yuefu_theory::Ticks;

/// One phrase idea: its rhythm and keys, and the tonic they were found in.
#[derive(Clone, Debug)]
pub struct Idea {
    pub rhythm: Rhythm,
    pub keys: Vec<i32>,
    pub tonic: i32,
    /// Whether each key was foreign to its chord, where that is known.
    pub foreign: Vec<bool>,
    /// Room that its phrase had.
    pub room: Ticks,
    /// Where words were sung to it: whether a syllable begins on each note. Empty without words.
    pub begins: Vec<bool>,
    /// The words that were sung to it.
    pub words: Vec<String>,
}

/// The tune of one material.
#[derive(Clone, Debug, Default)]
pub struct Material {
    /// Letter of each phrase, primes included.
    pub letters: Vec<String>,
    pub ideas: BTreeMap<String, Idea>,
    /// Sections that have sung it already.
    pub heard: u32,
    /// Letters whose idea is known from a score, not from this engine.
    learned: BTreeSet<String>,
}

impl Material {
    /// Chooses the order of ideas for a number of lines, once.
    pub fn settle(&mut self, style: &Style, lines: usize, seed: &SeedPath) {
        if self.letters.is_empty() {
            let mut rng = seed.join("plan").rng();
            let usual = if lines > 2 { "ABAC" } else { "AB" };
            let plan = rng.pick(&style.melody.plans).map_or(usual, String::as_str);
            self.letters = letters(plan);
        }
    }

    /// The letter of a line.
    pub fn letter(&self, line: usize) -> String {
        let count = self.letters.len().max(1);
        self.letters.get(line % count).cloned().unwrap_or_default()
    }

    /// An idea by its name.
    pub fn idea(&self, name: &str) -> Option<&Idea> {
        self.ideas.get(name)
    }

    /// An idea of the same room, whose rhythm others may grow out of.
    pub fn models(&self, room: Ticks) -> Option<&Idea> {
        self.ideas.values().find(|idea| idea.room == room)
    }

    /// Keeps an idea; the first of a name counts.
    pub fn remember(&mut self, name: &str, idea: Idea) {
        self.ideas.entry(name.to_owned()).or_insert(idea);
    }

    /// It was sung once more.
    pub fn again(&mut self) {
        self.heard += 1;
    }

    /// Learns the ideas of a section as a score has it; the first time that one is heard counts.
    pub fn learn(&mut self, section: &SectionPlan, phrases: &[TunePhrase]) {
        for (number, phrase) in phrases.iter().enumerate() {
            let Some(letter) = self
                .letters
                .get(number % self.letters.len().max(1))
                .cloned()
            else {
                return;
            };
            let notes: Vec<&Note> = phrase
                .notes
                .iter()
                .filter(|n| n.at >= phrase.span.start)
                .collect();
            if letter.ends_with('\'') || notes.is_empty() || !self.learned.insert(letter.clone()) {
                continue;
            }
            let idea = Idea {
                rhythm: notes
                    .iter()
                    .map(|n| (n.at - phrase.span.start, n.len))
                    .collect(),
                keys: notes.iter().map(|n| n.pitch.midi()).collect(),
                tonic: i32::from(section.key.tonic.pc()),
                foreign: Vec::new(),
                room: phrase.span.len(),
                begins: Vec::new(),
                words: Vec::new(),
            };
            self.ideas.insert(letter, idea);
        }
    }
}

/// `AABA'` as letters with their primes.
pub fn letters(plan: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for sign in plan.chars() {
        if sign == '\'' || sign == '’' {
            if let Some(last) = out.last_mut() {
                last.push('\'');
            }
        } else if sign.is_alphabetic() {
            out.push(sign.to_string());
        }
    }
    if out.is_empty() {
        vec!["A".into()]
    } else {
        out
    }
}
