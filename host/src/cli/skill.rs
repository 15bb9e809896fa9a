//! `skillet skill`: write, build, look into, install and run skills. Commands that change something
//! work on the data folder, or on a running host with `--to URL --token TOKEN`.

mod author;
mod life;
mod owner;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use super::{
    Options,
    author::{BuildOptions, Language, Steps},
    open, print,
    remote::Remote,
    token::check_place,
};
use crate::{
    app::App,
    config::Config,
    ids::{ApprovalId, CallId},
    skills::{Caller, Request},
};

/// The languages that people are answered in.
const LOCALES: [&str; 2] = ["en", "zh"];

/// The language of a tag such as `zh-CN`.
fn locale(tag: &str) -> Result<String, String> {
    let language = tag.split(['-', '_']).next().unwrap_or_default().to_lowercase();
    let known = LOCALES.iter().find(|locale| **locale == language);
    known.map(ToString::to_string).ok_or_else(|| format!("people are answered in {}", LOCALES.join(" and ")))
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a working skill with a test
    New {
        name: String,
        #[arg(long, value_enum, default_value = "rust")]
        lang: Language,
        /// Folder to make it in
        #[arg(long, default_value = ".")]
        dir: PathBuf,
        /// Folder of the crate `skillet-sdk`, for Rust; unpacked beside the skill by default
        #[arg(long)]
        sdk: Option<PathBuf>,
    },
    /// Build a skill to a component with its manifest inside
    Build(Source),
    /// Look at a skill as a host does at an upload, and run its examples
    Check(Source),
    /// Run the examples and the cases in `tests/*.json` in the sandbox, against a network and a model that are written
    /// down
    Test {
        #[command(flatten)]
        source: Source,
        /// Only cases with this in their name
        #[arg(long)]
        only: Option<String>,
    },
    /// Run a skill once in the sandbox, and read out what it used
    Run {
        #[command(flatten)]
        source: Source,
        /// Input as JSON
        #[arg(long, default_value = "{}")]
        input: String,
        /// A case as in `tests/*.json`, for settings, kv, memory, network and model
        #[arg(long, value_name = "FILE", conflicts_with = "input")]
        case: Option<PathBuf>,
        /// Of a file with several cases, the one with this in its name
        #[arg(long, requires = "case")]
        only: Option<String>,
        /// Language of whoever asks, such as `zh` or `zh-CN`
        #[arg(long, value_parser = locale)]
        locale: Option<String>,
        /// So many times, each in a fresh instance
        #[arg(long, default_value_t = NonZeroUsize::MIN)]
        repeat: NonZeroUsize,
    },
    /// Build whenever something changes, and push it with `--to`, or test it
    Watch {
        #[command(flatten)]
        source: Source,
        #[command(flatten)]
        to: Target,
    },
    /// Print the JSON Schema of `skill.toml`
    Schema,
    /// Show what is in a component; of the folder of a skill, in the one that was built last
    Inspect(Source),
    /// Upload a component; the folder of a skill is built first
    Push {
        #[command(flatten)]
        source: Source,
        #[command(flatten)]
        to: Target,
    },
    /// List installed skills
    List {
        #[command(flatten)]
        to: Target,
    },
    /// Run a skill once
    Call {
        name: String,
        /// Input as JSON
        #[arg(long, default_value = "{}")]
        input: String,
        /// Language of whoever asks, such as `zh` or `zh-CN`
        #[arg(long, value_parser = locale, default_value = LOCALES[0])]
        locale: String,
    },
    /// Make a stored version answer
    Activate {
        name: String,
        /// Its number, its digest, or eight digits or more that begin it
        version: String,
        /// Grant what it asks for
        #[arg(long)]
        grant: bool,
        #[command(flatten)]
        to: Target,
    },
    /// Return to the version before, or to an earlier one
    Rollback {
        name: String,
        /// A version that answered once: its number, its digest, or eight digits or more that begin it
        version: Option<String>,
        #[command(flatten)]
        to: Target,
    },
    /// Take a skill out of use
    Remove {
        name: String,
        #[command(flatten)]
        to: Target,
    },
    /// Run a failed call again, on what the host answered it then
    Replay {
        call: CallId,
        /// The version to run on, by number or digest; the one that it ran on by default
        #[arg(long)]
        version: Option<String>,
        #[command(flatten)]
        to: Target,
    },
    /// Set a secret of a skill; its value is read from stdin
    Secret {
        name: String,
        secret: String,
        /// Forget it instead
        #[arg(long)]
        forget: bool,
        #[command(flatten)]
        to: Target,
    },
    /// Say yes to what a skill asked for
    Approve {
        id: ApprovalId,
        #[command(flatten)]
        to: Target,
    },
    /// Say no to what a skill asked for
    Deny {
        id: ApprovalId,
        #[command(flatten)]
        to: Target,
    },
}

/// What a command is about: the folder of a skill, or for all but `build` a component.
#[derive(Debug, Args)]
pub struct Source {
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Folder for the component
    #[arg(long)]
    out: Option<PathBuf>,
    /// Folder where tools keep what they build or install
    #[arg(long)]
    target_dir: Option<PathBuf>,
}

impl Source {
    fn options(&self, json: bool) -> BuildOptions {
        let (dir, out, target_dir) = (self.path.clone(), self.out.clone(), self.target_dir.clone());
        BuildOptions { dir, out, target_dir, steps: Steps(!json) }
    }
}

/// In words of its own: an address in a comment would have brackets, which belong to no help.
const TO: &str = "Address of a running host, such as http://127.0.0.1:8787; the data folder without it";

/// Which host a command works on.
#[derive(Debug, Args)]
pub struct Target {
    #[arg(long, value_name = "URL", requires = "token", help = TO)]
    to: Option<String>,
    /// Token with the scope `skills`
    #[arg(long, env = "SKILLET_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

/// Where a command does its work.
enum Host {
    Remote(Remote),
    /// The data folder, whether or not a server runs on it.
    Here(Box<App>),
}

/// Who the audit log says it was.
const ACTOR: &str = "command line";

impl Target {
    async fn host(&self, config: Config) -> anyhow::Result<Host> {
        Ok(match (&self.to, &self.token) {
            (Some(url), Some(token)) => Host::Remote(Remote::new(url, token)?),
            (Some(_), None) => bail!("--to needs --token"),
            (None, _) => {
                check_place(&config)?;
                Host::Here(Box::new(open(config).await?))
            }
        })
    }

    /// Whether a running host is there and lets the token in, for whoever would build first and be refused then.
    async fn check(&self) -> anyhow::Result<()> {
        if let Some((url, token)) = self.to.as_ref().zip(self.token.as_ref()) {
            Remote::new(url, token)?.get("/api/v1/skills").await?;
        }
        Ok(())
    }

    /// What a command repeats to mean the same host.
    fn again(&self) -> String {
        let Some(to) = &self.to else { return String::new() };
        let token = if std::env::var_os("SKILLET_TOKEN").is_some() { "" } else { " --token TOKEN" };
        format!(" --to {to}{token}")
    }
}

/// Commands that need neither settings nor database.
pub fn offline(command: &Command, options: &Options) -> Option<anyhow::Result<()>> {
    Some(match command {
        Command::New { name, lang, dir, sdk } => author::new(name, *lang, dir, sdk.as_deref(), options.json),
        Command::Build(source) => author::build(source, options.json),
        Command::Schema => author::schema(),
        Command::Inspect(source) => author::inspect(source, options.json),
        _ => return None,
    })
}

pub async fn run(command: Command, config: Config, options: &Options) -> anyhow::Result<()> {
    let json = options.json;
    match command {
        Command::Push { source, to } => author::push_built(&config, &source, &to, json).await,
        Command::List { to } => {
            let list = life::list(to.host(config).await?).await?;
            let lines: Vec<String> = list["skills"].as_array().into_iter().flatten().map(life::line).collect();
            print(json, &list, &lines.join("\n"))
        }
        Command::Call { name, input, locale } => Box::pin(call(&open(config).await?, name, &input, locale, json)).await,
        Command::Activate { name, version, grant, to } => {
            let done = life::activate(to.host(config).await?, &name, &version, grant).await?;
            print(json, &done, &life::answers(&done))
        }
        Command::Rollback { name, version, to } => {
            let done = life::roll_back(to.host(config).await?, &name, version.as_deref()).await?;
            print(json, &done, &life::answers(&done))
        }
        Command::Remove { name, to } => {
            life::remove(to.host(config).await?, &name).await?;
            print(json, &json!({ "removed": name }), &format!("{name} is removed"))
        }
        Command::Replay { call, version, to } => {
            let replay = Box::pin(owner::replay(to.host(config).await?, call, version)).await?;
            print(json, &replay, &owner::told(&replay))
        }
        Command::Secret { name, secret, forget, to } => {
            let value = if forget { None } else { Some(owner::read_secret(&secret)?) };
            owner::set_secret(to.host(config).await?, &name, &secret, value).await?;
            let done = if forget { "forgotten" } else { "set" };
            print(
                json,
                &json!({ "name": name, "secret": secret, "set": !forget }),
                &format!("{secret} of {name} is {done}"),
            )
        }
        Command::Approve { id, to } => decide(to.host(config).await?, id, true, json).await,
        Command::Deny { id, to } => decide(to.host(config).await?, id, false, json).await,
        Command::Check(source) => author::check(&config, &source, json).await,
        Command::Test { source, only } => author::test(&config, &source, only.as_deref(), json).await,
        Command::Run { source, input, case, only, locale, repeat } => {
            let run = author::RunArguments { input, case, only, locale, repeat };
            author::run(&config, &source, run, json).await
        }
        Command::Watch { source, to } => author::watch(config, &source, &to, json).await,
        Command::New { .. } | Command::Build { .. } | Command::Schema | Command::Inspect(_) => {
            unreachable!("these were run without settings")
        }
    }
}

async fn decide(host: Host, id: ApprovalId, approve: bool, json: bool) -> anyhow::Result<()> {
    owner::decide(host, id, approve).await?;
    let status = if approve { "approved" } else { "denied" };
    print(json, &json!({ "id": id, "status": status }), &format!("{id} is {status}"))
}

/// Notes a change in the audit log.
async fn note(app: &App, action: &str, name: &str, detail: Value) -> anyhow::Result<()> {
    Ok(app.db.audit(&app.clock, ACTOR, action, name, &detail).await?)
}

async fn call(app: &App, name: String, input: &str, locale: String, json: bool) -> anyhow::Result<()> {
    let input: Value = serde_json::from_str(input).context("--input is not JSON")?;
    let user = app.db.owner_or_first(&app.clock).await?.id;
    let time_zone = app.settings.current().await?.time_zone.to_string();
    let caller = Caller { user, turn: None, conversation: None, token: None, locale, time_zone };
    let outcome = app.skills.call(Request::new(name, input, caller)).await?;
    match &outcome.result {
        Ok(output) => {
            print(json, &json!({ "call": outcome, "output": output }), &serde_json::to_string_pretty(output)?)
        }
        Err(failure) => bail!("{failure}"),
    }
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}
