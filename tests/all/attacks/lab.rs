//! The skills by themselves, in this process: for what no request from outside can do, such as leaving a call half-way.

use serde_json::{Value, json};
use skillet::{
    clock::Clock,
    config::{self, Config},
    ids::{HostId, UserId},
    memory::Memory,
    settings::Settings,
    skills::{Caller, Origin, Outcome, Request, Services, Skills},
    store::{CallRecord, Db},
};
use std::sync::Arc;
use tempfile::TempDir;

use crate::harness::{guests, host::program, manifest::Manifest};

pub struct Lab {
    pub skills: Arc<Skills>,
    db: Db,
    user: UserId,
    _data: TempDir,
}

impl Lab {
    /// Skills with other settings than the usual ones, and an `echo` among them.
    pub async fn new(change: impl FnOnce(&mut config::Skills)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut config = Config::load(None, Some(data.path().to_owned())).unwrap();
        change(&mut config.skills);
        // In a file: a database in memory is gone with the connection that a dropped call takes along.
        let (db, clock) = (Db::open(&config.database.url, data.path(), 4).await.unwrap(), Clock::System);
        let services = Services {
            db: db.clone(),
            clock: clock.clone(),
            memory: Memory::new(db.clone(), clock.clone()),
            settings: Settings::new(db.clone(), clock.clone(), &config),
            gateway: None,
            wake: Arc::default(),
            host: HostId::new(&Clock::System),
        };
        let user = db.user_named(&clock, "ada").await.unwrap().id;
        let skills = Arc::new(Skills::new(config.skills, services, program(), data.path()).unwrap());
        let lab = Self { skills, db, user, _data: data };
        lab.install(&guests::echo(&Manifest::new("echo"))).await;
        lab
    }

    /// Uploads a component that asks for nothing.
    pub async fn install(&self, component: &[u8]) {
        let uploaded = self.skills.upload(component, Origin::Upload).await.unwrap();
        assert_eq!(uploaded.status, "active");
    }

    pub fn request(&self, skill: &str, input: Value) -> Request {
        let caller = Caller {
            user: self.user,
            turn: None,
            conversation: None,
            token: None,
            locale: "en".into(),
            time_zone: "UTC".into(),
        };
        Request::new(skill, input, caller)
    }

    pub async fn call(&self, skill: &str) -> Outcome {
        self.skills.call(self.request(skill, json!({ "a": 1 }))).await.unwrap()
    }

    /// The newest call of a skill on record.
    pub async fn newest(&self, skill: &str) -> CallRecord {
        self.db.skill_calls(skill, 1).await.unwrap().remove(0)
    }

    pub async fn assert_well(&self) {
        assert_eq!(self.call("echo").await.result.unwrap(), json!({ "a": 1 }));
        assert_eq!(self.skills.load(), (0, 0));
    }
}
