//! `skillet memory`: what is remembered of a person, as a file.

use anyhow::Context;
use clap::Subcommand;
use serde_json::json;
use std::{fs, path::PathBuf};

use super::print;
use crate::{app::App, memory::Format, store::User};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print everything that is remembered of a person
    Export {
        /// The owner by default
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// JSON Lines hold everything, Markdown is for people
        #[arg(long, default_value = "jsonl", value_parser = ["jsonl", "md"])]
        format: String,
    },
    /// Read such a file; what is there already stays as it is
    Import {
        file: PathBuf,
        /// The owner by default; a new name makes a person
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// What the file is written in
        #[arg(long, default_value = "jsonl", value_parser = ["jsonl", "md"])]
        format: String,
    },
}

pub async fn run(app: App, command: Command, json: bool) -> anyhow::Result<()> {
    match command {
        Command::Export { user, format } => {
            let person = person(&app, user.as_deref(), false).await?;
            print!("{}", app.memory.export(person.id, &person.name, format_of(&format)?).await?);
        }
        Command::Import { file, user, format } => {
            let text = fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
            let person = person(&app, user.as_deref(), true).await?;
            let brought = app.memory.import(person.id, &text, format_of(&format)?).await?;
            app.db.audit(&app.clock, "command line", "memory.import", &person.id.to_string(), &json!(brought)).await?;
            let told = format!(
                "new: {} facts, {} episodes, {} rules; known: {}; forgotten since: {}",
                brought.facts, brought.episodes, brought.rules, brought.known, brought.forgotten
            );
            print(json, &json!(brought), &told)?;
        }
    }
    app.stop().await;
    Ok(())
}

fn format_of(word: &str) -> anyhow::Result<Format> {
    Format::from_word(word).context("a format is jsonl or md")
}

async fn person(app: &App, name: Option<&str>, make: bool) -> anyhow::Result<User> {
    let Some(name) = name else { return Ok(app.db.owner_or_first(&app.clock).await?) };
    if make {
        return Ok(app.db.user_named(&app.clock, name.trim()).await?);
    }
    let known = app.db.users().await?.into_iter().find(|user| user.name == name.trim());
    known.with_context(|| format!("there is nobody called \"{name}\""))
}
