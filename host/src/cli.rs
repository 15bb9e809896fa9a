//! The commands of the one binary. Exit status: 0, 1 (failed), 2 (usage).

mod author;
mod chat;
mod data;
mod doctor;
mod memory;
mod remote;
mod skill;
mod token;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use serde_json::{Value, json};
use std::{path::PathBuf, process::ExitCode};

use crate::{
    app::{self, App, Role},
    clock::Clock,
    config::{Config, ConfigError, LogFormat},
    ids::HostId,
    telemetry,
};

#[derive(Debug, Parser)]
#[command(name = "skillet", version, about = "A self-hosted AI agent whose skills are WebAssembly components")]
pub struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Options {
    /// Settings file; without it `skillet.toml` is read if it is here
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the database and the host's keys
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Machine-readable output
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the host, with its page on `http.listen` of the settings
    Serve {
        /// What this process does; everything by default
        #[arg(long, value_enum, value_delimiter = ',', default_value = "backoffice,telegram,scheduler,worker")]
        roles: Vec<Role>,
    },
    /// Ask one question, or open a prompt
    Chat {
        /// Whose memory and conversations are used; the owner's by default
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        message: Option<String>,
    },
    /// Write, build and install skills
    #[command(subcommand)]
    Skill(skill::Command),
    /// Tokens of the HTTP interface
    #[command(subcommand)]
    Token(token::Command),
    /// Take along what is remembered of a person
    #[command(subcommand)]
    Memory(memory::Command),
    /// Bring the database to this version
    Migrate,
    /// Write a copy of the SQLite database, also while the host runs
    Backup { file: PathBuf },
    /// Put a copy back in place of the SQLite database; the host must not run
    Restore { file: PathBuf },
    /// Say what is configured, reachable and missing
    Doctor,
}

/// Reads the arguments, or says what is wrong with them. Help and the version are said like that too, and are no fault.
pub fn parse() -> Result<Cli, ExitCode> {
    Cli::try_parse().map_err(|error| {
        if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
            println!("{:#}", json!({ "error": error.to_string() }));
        }
        // Whoever closed the pipe has read enough.
        let _ = error.print();
        ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
    })
}

/// Runs a command to its exit status.
pub fn run(cli: Cli) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: the runtime cannot be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    let json = cli.options.json;
    match runtime.block_on(dispatch(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&error, json);
            // Bad settings are a matter of usage.
            if error.is::<ConfigError>() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

async fn dispatch(cli: Cli) -> anyhow::Result<()> {
    let Cli { options, command } = cli;
    // Writing and building skills needs no host.
    if let Command::Skill(command) = &command
        && let Some(done) = skill::offline(command, &options)
    {
        return done;
    }
    let mut config = Config::load(options.config.clone(), options.data_dir.clone())?;
    let serving = matches!(command, Command::Serve { .. });
    if !serving && config.log.level == "info" && config.log.format == LogFormat::Text {
        // A command's own output is what counts; the host's running log is for the server.
        "warn".clone_into(&mut config.log.level);
    }
    telemetry::init_logs(&config.log)?;
    match command {
        Command::Serve { roles } => Box::pin(app::serve(config, &roles)).await,
        Command::Chat { user, message } => chat::run(open(config).await?, user, message, options.json).await,
        Command::Skill(command) => skill::run(command, config, &options).await,
        Command::Token(command) => {
            token::check_place(&config)?;
            token::run(open(config).await?, command, options.json).await
        }
        Command::Memory(command) => {
            token::check_place(&config)?;
            memory::run(open(config).await?, command, options.json).await
        }
        Command::Migrate => data::migrate(&config, options.json).await,
        Command::Backup { file } => data::backup(&config, &file).await,
        Command::Restore { file } => data::restore(&config, &file),
        Command::Doctor => doctor::run(&config, options.json).await,
    }
}

/// A failure that the answer on stdout shows already.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Shown(String);

/// Says what went wrong: to people on stderr, and to a program that reads JSON on stdout too.
fn tell(error: &anyhow::Error, json: bool) {
    eprintln!("error: {error:#}");
    if json && !error.is::<Shown>() {
        let mut told = json!({ "error": format!("{error:#}") });
        if let Some(failed) = error.downcast_ref::<author::ToolFailed>() {
            told["said"] = failed.said.as_str().into();
        }
        println!("{told:#}");
    }
}

/// The parts, for a command that works on the data folder itself. It holds leases under an id of
/// its own, so that it never takes over what a running server does.
async fn open(config: Config) -> anyhow::Result<App> {
    let clock = Clock::System;
    let host = HostId::new(&clock);
    App::build(config, clock, host).await
}

/// Prints a value as JSON, or the text for people.
fn print(json: bool, value: &Value, text: &str) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(value).context("the answer is not JSON")?);
    } else {
        println!("{text}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
