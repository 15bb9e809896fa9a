//! `skillet migrate`, `backup` and `restore`.

use anyhow::{Context, bail, ensure};
use secrecy::ExposeSecret;
use serde_json::json;
use std::{fs, path::Path};

use super::print;
use crate::{
    app::lock,
    config::Config,
    store::{Db, SQLITE_FILE},
};

pub async fn migrate(config: &Config, json: bool) -> anyhow::Result<()> {
    fs::create_dir_all(&config.data_dir)?;
    let db = Db::open(&config.database.url, &config.data_dir, 1).await?;
    let engine = db.engine();
    db.close().await;
    print(json, &json!({ "engine": engine, "migrated": true }), &format!("the {engine} database is up to date"))
}

pub async fn backup(config: &Config, file: &Path) -> anyhow::Result<()> {
    sqlite_only(config, "pg_dump")?;
    ensure!(!file.exists(), "{} exists already", file.display());
    let db = Db::open(&config.database.url, &config.data_dir, 1).await?;
    db.copy_to(file).await.context("the copy could not be written")?;
    db.close().await;
    println!("{} holds the database; keep it private", file.display());
    Ok(())
}

pub fn restore(config: &Config, file: &Path) -> anyhow::Result<()> {
    sqlite_only(config, "pg_restore")?;
    let head = fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    ensure!(head.starts_with(b"SQLite format 3\0"), "{} is not a copy made by `skillet backup`", file.display());
    fs::create_dir_all(&config.data_dir)?;
    let _lock = lock(&config.data_dir)?;
    let target = config.data_dir.join(SQLITE_FILE);
    let aside = config.data_dir.join(SQLITE_FILE.to_owned() + ".before-restore");
    let arriving = config.data_dir.join(SQLITE_FILE.to_owned() + ".arriving");
    fs::copy(file, &arriving)?;
    let replaced = target.exists();
    // With its log, which may hold what the file does not have yet.
    for tail in ["", "-wal", "-shm"] {
        let part = config.data_dir.join(format!("{SQLITE_FILE}{tail}"));
        if part.exists() {
            fs::rename(&part, config.data_dir.join(format!("{SQLITE_FILE}.before-restore{tail}")))?;
        }
    }
    fs::rename(arriving, &target)?;
    if replaced {
        println!("restored; the database before it is in {}", aside.display());
    } else {
        println!("restored to {}", target.display());
    }
    Ok(())
}

fn sqlite_only(config: &Config, tool: &str) -> anyhow::Result<()> {
    if !config.database.url.expose_secret().is_empty() {
        bail!("the database is Postgres: use {tool} for it");
    }
    Ok(())
}
