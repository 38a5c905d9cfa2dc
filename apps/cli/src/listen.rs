//! `listening-test`.

use crate::{args::Common, lang::Words, report::line};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use yuefu_studio::{
    StudioError,
    listening::{ListeningTest, MOST, opinions, read_answers, write_test},
};

/// Options of `listening-test`.
#[derive(Clone, Debug, Args)]
pub struct ListenArgs {
    /// Folders of recordings, one for each system; recordings of one name are compared
    #[arg(value_name = "FOLDER", required_unless_present = "answers")]
    pub systems: Vec<PathBuf>,
    /// Folder for the page
    #[arg(
        short = 'o',
        long = "output",
        value_name = "DIR",
        default_value = "listening-test"
    )]
    pub page_folder: PathBuf,
    /// Seed of the order of questions and sides
    #[arg(long = "seed", value_name = "N", default_value = "1")]
    pub order_seed: u64,
    /// What is asked: ab (which is better), mos (marks from 1 to 5), both
    #[arg(long, value_name = "KIND", default_value = "both", value_parser = ["ab", "mos", "both"])]
    pub ask: String,
    /// Most questions of each kind
    #[arg(long, value_name = "N", default_value_t = MOST)]
    pub most: usize,
    /// Say what downloaded answers mean, instead of writing a page
    #[arg(long = "results", value_name = "FILE", num_args = 1.., conflicts_with = "systems")]
    pub answers: Vec<PathBuf>,
}

/// Writes the page of a listening test, or says what answers mean.
pub fn listening_test(args: &ListenArgs, common: &Common, words: Words) -> Result<(), StudioError> {
    if !args.answers.is_empty() {
        let mut all = Vec::new();
        for path in &args.answers {
            all.extend(read_answers(path)?);
        }
        let said = opinions(&all);
        if common.json {
            line(&json!({ "ok": true, "opinions": said }).to_string());
        } else {
            line(said.text(words.chinese()).trim_end());
        }
        return Ok(());
    }
    let test = ListeningTest {
        systems: args.systems.clone(),
        seed: args.order_seed,
        pairs: args.ask != "mos",
        marks: args.ask != "ab",
        most: args.most,
    };
    let made = write_test(&test, &args.page_folder)?;
    if common.json {
        let value = json!({ "ok": true, "page": made.page, "ab": made.pairs, "mos": made.marks });
        line(&value.to_string());
    } else if !common.quiet {
        let (pairs, marks) = (made.pairs, made.marks);
        line(&if words.chinese() {
            format!("{pairs} 道比较题，{marks} 道打分题")
        } else {
            format!("{pairs} comparisons, {marks} marks")
        });
        line(&made.page.display().to_string());
    }
    Ok(())
}
