//! The product as its parts are put together in a host: a data folder of its own with a SQLite file, and skills.

use anyhow::{Context, Result, ensure};
use secrecy::SecretString;
use serde_json::Value;
use skillet::{
    clock::Clock,
    config::{self, Config},
    ids::HostId,
    memory::Memory,
    settings::Settings,
    skills::{Caller, Origin, Outcome, Request, Services, Skills},
    store::Db,
};
use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::guests::INPUT;

pub struct Ground {
    pub skills: Arc<Skills>,
    pub caller: Caller,
    config: Config,
    services: Services,
    folder: Folder,
}

/// A call that was made: from its request to its outcome on record, and the outcome.
pub struct Called {
    pub whole: Duration,
    pub outcome: Outcome,
}

impl Called {
    /// From the fresh store to its end, in the sandbox.
    pub fn sandbox(&self) -> Duration {
        Duration::from_secs_f64(self.outcome.duration_ms / 1_000.0)
    }
}

impl Ground {
    /// A host of its own under a name, with the default settings but for what `change` makes of them.
    pub async fn open(name: &str, change: impl FnOnce(&mut config::Skills)) -> Result<Self> {
        Self::remembering(name, None, change).await
    }

    /// The same, with the memory of its people in another database.
    pub async fn remembering(name: &str, memory: Option<Db>, change: impl FnOnce(&mut config::Skills)) -> Result<Self> {
        let folder = Folder::new(name)?;
        let mut config = Config::load(None, Some(folder.0.clone()))?;
        change(&mut config.skills);
        let clock = Clock::System;
        let db = Db::open(&SecretString::from(""), &folder.0, config.database.max_connections).await?;
        let services = Services {
            db: db.clone(),
            clock: clock.clone(),
            memory: Memory::new(memory.unwrap_or_else(|| db.clone()), clock.clone()),
            settings: Settings::new(db.clone(), clock.clone(), &config),
            gateway: None,
            wake: Arc::default(),
            host: HostId::new(&Clock::System),
        };
        let user = db.user_named(&clock, "bench").await?.id;
        let caller =
            Caller { user, turn: None, conversation: None, token: None, locale: "en".into(), time_zone: "UTC".into() };
        let skills = start(&config, &services, &folder)?;
        Ok(Self { skills, caller, config, services, folder })
    }

    /// The skills as they are right after a start of the process.
    pub fn restarted(&self) -> Result<Arc<Skills>> {
        start(&self.config, &self.services, &self.folder)
    }

    /// Uploads a component, which then answers; returns its digest.
    pub async fn install(&self, component: &[u8]) -> Result<String> {
        let uploaded = self.skills.upload(component, Origin::Bundle).await?;
        ensure!(uploaded.status == "active", "{} waits for its owner", uploaded.name);
        Ok(uploaded.digest)
    }

    /// A call that must go well.
    pub async fn call(&self, skill: &str) -> Result<Called> {
        answered(call(&self.skills, &self.caller, skill).await?)
    }
}

fn start(config: &Config, services: &Services, folder: &Folder) -> Result<Arc<Skills>> {
    // This program is the compiling child too.
    let program = std::env::current_exe()?;
    Ok(Arc::new(Skills::new(config.skills.clone(), services.clone(), program, &folder.0)?))
}

pub async fn call(skills: &Arc<Skills>, caller: &Caller, skill: &str) -> Result<Called> {
    let request = request(caller, skill)?;
    let began = Instant::now();
    let outcome = skills.call(request).await?;
    Ok(Called { whole: began.elapsed(), outcome })
}

pub fn request(caller: &Caller, skill: &str) -> Result<Request> {
    let input: Value = serde_json::from_str(INPUT)?;
    Ok(Request::new(skill, input, caller.clone()))
}

pub fn answered(called: Called) -> Result<Called> {
    if let Err(failure) = &called.outcome.result {
        anyhow::bail!("a call of {} failed: {failure}", called.outcome.skill);
    }
    Ok(called)
}

/// A folder that goes when its room is done.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Result<Self> {
        let dir = std::env::temp_dir().join(format!("skillet-bench-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).with_context(|| format!("{} cannot be made", dir.display()))?;
        Ok(Self(dir))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
