//! The guests of the harness do what their names say, in the sandbox itself: a test that expects
//! a limit to bite must not pass because its guest is broken in another way.

use serde_json::{Value, json};
use skillet::{
    clock::Clock,
    config::Config,
    ids::HostId,
    memory::Memory,
    settings::Settings,
    skills::{BOUNDS, Caller, FailureKind, Origin, Outcome, Request, Services, Skills, UploadError},
    store::Db,
};
use std::sync::Arc;
use tempfile::TempDir;

use crate::harness::{guests, host::program, manifest::Manifest};

struct Sandbox {
    skills: Arc<Skills>,
    db: Db,
    _data: TempDir,
}

impl Sandbox {
    async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let config = Config::load(None, Some(data.path().to_owned())).unwrap();
        let (db, clock) = (Db::scratch().await.unwrap(), Clock::System);
        let services = Services {
            db: db.clone(),
            clock: clock.clone(),
            memory: Memory::new(db.clone(), clock.clone()),
            settings: Settings::new(db.clone(), clock.clone(), &config),
            gateway: None,
            wake: Arc::default(),
            host: HostId::new(&clock),
        };
        let skills = Arc::new(Skills::new(config.skills, services, program(), data.path()).unwrap());
        Self { skills, db, _data: data }
    }

    async fn call(&self, skill: &str, input: Value) -> Outcome {
        let user = self.db.user_named(&Clock::System, "ada").await.unwrap().id;
        let caller =
            Caller { user, turn: None, conversation: None, token: None, locale: "en".into(), time_zone: "UTC".into() };
        self.skills.call(Request::new(skill, input, caller)).await.unwrap()
    }

    /// Uploads a guest and says how a call of it fails.
    async fn failure(&self, component: &[u8]) -> FailureKind {
        let uploaded = self.skills.upload(component, Origin::Upload).await.unwrap();
        self.call(&uploaded.name, json!({})).await.result.unwrap_err().kind
    }
}

#[tokio::test]
async fn echo_and_constant_answer() {
    let sandbox = Sandbox::new().await;
    let echo = Manifest::new("echo").example(&json!({ "a": 1 }), &json!({ "a": 1 }));
    sandbox.skills.upload(&guests::echo(&echo), Origin::Upload).await.unwrap();
    let input = json!({ "text": "你好".repeat(50_000) });
    assert_eq!(sandbox.call("echo", input.clone()).await.result.unwrap(), input);

    for (version, output) in [("2.0.0", json!({ "v": 1 })), ("2.0.1", json!({ "v": "二" }))] {
        let manifest = Manifest::new("constant").version(version);
        sandbox.skills.upload(&guests::constant(&output.to_string(), &manifest), Origin::Upload).await.unwrap();
        assert_eq!(sandbox.call("constant", json!({})).await.result.unwrap(), output);
    }
}

#[tokio::test]
async fn each_bad_guest_fails_in_its_own_way() {
    let sandbox = Sandbox::new().await;
    let manifest = |name: &str| Manifest::new(name).timeout_s(1.0).limit("fuel", 100_000_000);
    let (much_fuel, much_memory) = (2_000_000_000, 64);
    for (component, expected) in [
        (guests::spin(&manifest("spin")), FailureKind::OutOfFuel),
        (guests::spin(&manifest("slow").timeout_s(0.05).limit("fuel", much_fuel)), FailureKind::Timeout),
        (guests::grow(&manifest("grow")), FailureKind::OutOfMemory),
        (guests::flood(&manifest("flood").limit("memory_mb", much_memory)), FailureKind::OutputTooLarge),
        (guests::badshape(&manifest("badshape")), FailureKind::BadOutput),
        (guests::notjson(&manifest("notjson")), FailureKind::BadOutput),
        (guests::trap(&manifest("trap")), FailureKind::Trap),
    ] {
        assert_eq!(sandbox.failure(&component).await, expected);
    }
}

#[tokio::test]
async fn what_stands_on_standard_error_is_the_reason_of_a_crash() {
    let sandbox = Sandbox::new().await;
    sandbox.skills.upload(&guests::last_words(&Manifest::new("teapot")), Origin::Upload).await.unwrap();
    for (input, text) in [
        (json!({}), "panicked: the tea is cold"),
        (json!({ "exit": true }), "the skill exited with status 1: panicked: the tea is cold"),
    ] {
        let outcome = sandbox.call("teapot", input).await;
        let failure = outcome.result.unwrap_err();
        assert_eq!((failure.kind, &*failure.text), (FailureKind::Failed, text));
        let line = |level: &str, message: &str| json!({ "level": level, "message": message });
        assert_eq!(outcome.log, json!([line("info", "warming up"), line("warn", "panicked: the tea is cold")]));
    }
}

#[tokio::test]
async fn what_does_not_begin_is_refused() {
    let sandbox = Sandbox::new().await;
    let manifest = Manifest::new("startloop").limit("fuel", 1_000_000);
    let refused = sandbox.skills.upload(&guests::startloop(&manifest), Origin::Upload).await;
    assert!(matches!(&refused, Err(UploadError::Begin(text)) if text.contains("out-of-fuel")), "{refused:?}");
}

#[tokio::test]
async fn every_limit_is_probed() {
    let sandbox = Sandbox::new().await;
    let probed = sandbox.skills.probe().await.unwrap();
    for bound in &BOUNDS {
        assert!(probed.iter().any(|one| one.limit == bound.name), "nothing tries `{}`", bound.name);
    }
}

#[tokio::test]
async fn an_unknown_import_is_refused() {
    let sandbox = Sandbox::new().await;
    let refused = sandbox.skills.upload(&guests::unknown_import(&Manifest::new("stranger")), Origin::Upload).await;
    assert!(
        matches!(&refused, Err(UploadError::UnknownImport(name)) if name == "stranger:things/door@0.1.0"),
        "{refused:?}"
    );
}
