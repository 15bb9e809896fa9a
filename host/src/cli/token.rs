//! `skillet token`: bearer tokens of the HTTP interface.

use anyhow::ensure;
use clap::Subcommand;
use secrecy::ExposeSecret;
use serde_json::json;
use std::path::Path;

use super::print;
use crate::{
    app::App,
    backoffice::token::{SCOPES, hash_token, new_token},
    config::Config,
    store::SQLITE_FILE,
};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a token; its secret is printed once
    Create {
        #[arg(long)]
        name: String,
        /// What it may be used for, separated by commas
        #[arg(long, value_delimiter = ',', default_value = "chat", value_parser = SCOPES)]
        scope: Vec<String>,
    },
    /// List tokens, without their secrets
    List,
    /// End a token
    Revoke {
        #[arg(long)]
        name: String,
    },
}

/// What is done to a host in its data folder needs that to be there: what no host ever sees is done to none.
pub fn check_place(config: &Config) -> anyhow::Result<()> {
    ensure!(
        !is_in_folder(config) || config.data_dir.join(SQLITE_FILE).is_file(),
        "there is no host's data in {}; name its folder with --data-dir DIR, name a running host where --to is taken, or \
         make a folder with `skillet serve` or `skillet migrate`",
        absolute(&config.data_dir)
    );
    Ok(())
}

/// Whether the database is a file in the data folder.
fn is_in_folder(config: &Config) -> bool {
    config.database.url.expose_secret().is_empty()
}

fn absolute(dir: &Path) -> String {
    std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned()).display().to_string()
}

pub async fn run(app: App, command: Command, json: bool) -> anyhow::Result<()> {
    let (db, clock) = (&app.db, &app.clock);
    match command {
        Command::Create { name, scope } => {
            if is_in_folder(&app.config) && db.owner().await?.is_none() {
                let folder = absolute(&app.config.data_dir);
                eprintln!("note: the token is for the host of the data in {folder}, which has no owner yet");
            }
            let secret = new_token();
            let id = db.create_token(clock, &name, &hash_token(&secret), &scope).await?;
            db.audit(clock, "command line", "token.create", &name, &json!({ "scopes": scope })).await?;
            print(json, &json!({ "id": id, "name": name, "scopes": scope, "secret": secret }), &secret)
        }
        Command::List => {
            let tokens = db.tokens().await?;
            let rows: Vec<_> = tokens
                .iter()
                .map(|token| json!({ "id": token.id, "name": token.name, "scopes": token.scopes.0, "last_used_at": token.last_used_at }))
                .collect();
            let lines: Vec<String> =
                tokens.iter().map(|token| format!("{}  {}", token.name, token.scopes.0.join(","))).collect();
            print(json, &json!(rows), &lines.join("\n"))
        }
        Command::Revoke { name } => {
            let found = db.tokens().await?.into_iter().find(|token| token.name == name);
            let token = found.ok_or_else(|| anyhow::anyhow!("there is no token of the name {name}"))?;
            db.revoke_token(token.id).await?;
            db.audit(clock, "command line", "token.revoke", &name, &json!({})).await?;
            print(json, &json!({ "revoked": name }), &format!("{name} no longer works"))
        }
    }
}
