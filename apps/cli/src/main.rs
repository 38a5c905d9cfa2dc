//! Yuefu on the command line.

mod args;
mod commands;
mod corpus;
mod edit;
mod edit_args;
mod evaluate;
mod examples;
mod groove;
mod harmonize;
mod lang;
mod listen;
mod look;
mod lyrics;
mod morph;
mod progress;
mod read;
mod report;
mod serve;
mod sing;
mod song;
mod train;
mod versions;
mod voices;
mod watch;

use args::{Cli, Command};
use clap::{CommandFactory, FromArgMatches};
use lang::Words;
use std::{
    process::ExitCode,
    sync::atomic::{AtomicU32, Ordering},
};
use yuefu_studio::{Cancel, StudioError};

fn main() -> ExitCode {
    let words = Words::from_environment(std::env::args());
    let matches =
        match examples::add(lang::localize(Cli::command(), words), words).try_get_matches() {
            Ok(matches) => matches,
            Err(error) => {
                // Help and version are errors to clap, but successes to their reader.
                let code = if error.use_stderr() { 2 } else { 0 };
                let _ = error.print();
                return ExitCode::from(code);
            }
        };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(2);
        }
    };
    if cli.common.threads.is_some() {
        yuefu_studio::use_threads(song::threads(&cli.common));
    }
    let cancel = Cancel::new();
    stop_on_interrupt(cancel.clone());
    quiet_panics();
    let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(&cli, words, &cancel)));
    let result = ran.unwrap_or_else(|panic| {
        let what = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or(panic.downcast_ref::<&str>().copied())
            .unwrap_or("unknown");
        Err(StudioError::Internal(what.to_owned()))
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::failure(&error, &cli.common, words);
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(cli: &Cli, words: Words, cancel: &Cancel) -> Result<(), StudioError> {
    let common = &cli.common;
    match &cli.command {
        Command::Song(args) => song::song(args, common, words, cancel),
        Command::Arrange(args) => song::arrange(args, common, words, cancel),
        Command::Harmonize(args) => harmonize::harmonize(args, common, words),
        Command::Read(args) => read::read(args, common, words),
        Command::Explain(args) => commands::explain(args, common, words),
        Command::Styles { id } => commands::styles(id.as_deref(), common, words),
        Command::Instruments { id, soundfont } => {
            commands::instruments(id.as_deref(), soundfont.as_deref(), common, words)
        }
        Command::Render(args) => song::render(args, common, words, cancel),
        Command::Edit(args) => edit::edit(args, common, words, cancel),
        Command::Regenerate(args) => edit::regenerate(args, common, words, cancel),
        Command::Form(args) => edit::reshape(args, common, words, cancel),
        Command::Restyle(args) => edit::restyle(args, common, words, cancel),
        Command::Add(args) => edit::add_part(args, common, words, cancel),
        Command::Takes(args) => edit::takes(args, common, words),
        Command::Undo(args) => edit::steps(args, false, common, words, cancel),
        Command::Redo(args) => edit::steps(args, true, common, words, cancel),
        Command::History(args) => versions::history(args, common, words),
        Command::Diff(args) => versions::diff(args, common, words, cancel),
        Command::Verify(args) => versions::verify(args, common, words, cancel),
        Command::Store(args) => versions::store(args, common, words),
        Command::Watch(args) => watch::watch(args, common, words, cancel),
        Command::Import(args) => edit::import(args, common, words, cancel),
        Command::Sing(args) => sing::sing(args, common, words, cancel),
        Command::Voices(args) => voices::voices(args, common, words, cancel),
        Command::Export(args) => song::export(args, common, words, cancel),
        Command::Master(args) => commands::master(args, common, words),
        Command::Show(args) => look::show(args, common, words),
        Command::Lyrics(args) => lyrics::lyrics(args, common, words),
        Command::Corpus(args) => corpus::corpus(args, common, words, cancel),
        Command::Groove(args) => groove::groove(args, common, words),
        Command::Morph(args) => morph::morph(args, common, words),
        Command::Train(args) => train::train(args, common, words, cancel),
        Command::Finetune(args) => train::finetune(args, common, words, cancel),
        Command::Originality(args) => corpus::originality(args, common, words),
        Command::Evaluate(args) => evaluate::evaluate(args, common, words, cancel),
        Command::ListeningTest(args) => listen::listening_test(args, common, words),
        Command::Completions { shell } => {
            clap_complete::generate(
                *shell,
                &mut Cli::command(),
                "yuefu",
                &mut std::io::stdout().lock(),
            );
            Ok(())
        }
    }
}

/// The first interrupt stops the work cleanly, the second at once.
fn stop_on_interrupt(cancel: Cancel) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    // Without a handler an interrupt still ends the program, only less tidily.
    let _ = ctrlc::set_handler(move || {
        cancel.cancel();
        if COUNT.fetch_add(1, Ordering::Relaxed) > 0 {
            std::process::exit(130);
        }
    });
}

/// A panic is reported as one sentence by `main`; its trace only where one asks for it.
fn quiet_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") {
            usual(info);
        }
    }));
}
