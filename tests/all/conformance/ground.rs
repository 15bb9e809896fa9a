use reqwest::Method;
use serde_json::{Value, json};
use skillet::skills::package;
use std::{fs, time::Duration};
use tokio::net::TcpSocket;
use toml::Table;

use crate::{
    attacks::server::Server,
    harness::{
        host::{Host, Options},
        model::Model,
        root,
    },
};

/// What the slowest language needs on a busy machine, and short enough to wait for a loop's end.
pub const TIMEOUT_S: f64 = 10.0;

/// How much later than its limit something may end, on a busy machine.
pub const SLACK: Duration = Duration::from_secs(3);

/// The interpreters of Python and JavaScript are large, and the machine may be busy.
const COMPILING: Duration = Duration::from_mins(4);

/// A host with the skill of one language, and all that it reaches.
pub struct Ground {
    pub host: Host,
    pub server: Server,
    pub model: Model,
    /// Bound and never listened on: whoever connects is refused.
    nobody: TcpSocket,
}

impl Ground {
    pub async fn start(component: &[u8]) -> Self {
        let (server, model) = (Server::start().await, Model::start().await);
        let nobody = TcpSocket::new_v4().unwrap();
        nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let hosts = json!([server.host(), nobody.local_addr().unwrap().to_string()]);
        let options = Options::default()
            .envs(model.as_tier("small"))
            .env("SKILLET__MEMORY__SUMMARIES", "rules")
            .env("SKILLET__SKILLS__PRIVATE_HOSTS", &hosts.to_string())
            // It fails on purpose, and stays.
            .env("SKILLET__SKILLS__ROLLBACK_PERCENT", "0")
            .env("SKILLET__SKILLS__COMPILE_TIMEOUT_S", &COMPILING.as_secs().to_string());
        let mut host = Host::start(options).await;
        host.token("admin").await;
        let ground = Self { host, server, model, nobody };
        let calculator = root().join("target/components/calculator.wasm");
        let calculator = fs::read(&calculator).expect("`make plugins` builds the calculator");
        ground.install(calculator).await;
        ground.install(package::embed_manifest(component, &manifest(&hosts))).await;
        ground
    }

    async fn install(&self, component: Vec<u8>) {
        let upload = self.host.request(Method::POST, "/api/v1/skills").header("content-type", "application/wasm");
        let answer = upload.timeout(COMPILING + SLACK).body(component).send().await.unwrap();
        let uploaded: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert!(uploaded["digest"].is_string(), "{uploaded:#}");
        if uploaded["status"] == "review" {
            let [name, digest] = ["name", "digest"].map(|key| uploaded[key].as_str().unwrap());
            let path = format!("/api/v1/skills/{name}/versions/{digest}/activate");
            self.host.post(&path, &json!({ "grant": true })).await.ok();
        }
    }

    pub fn unreachable_url(&self) -> String {
        format!("http://{}/", self.nobody.local_addr().unwrap())
    }

    /// One call for a person; its answer, failed or not.
    pub async fn call_for(&self, user: &str, input: Value) -> Value {
        self.host.post("/api/v1/skills/conformance/call", &json!({ "input": input, "user": user })).await.ok()
    }

    pub async fn call(&self, input: Value) -> Value {
        self.call_for("ada", input).await
    }

    /// The output of a call that succeeds.
    pub async fn gives(&self, input: Value) -> Value {
        let answer = self.call(input).await;
        assert!(answer["failure"].is_null() && answer["output"].is_object(), "{answer:#}");
        answer["output"].clone()
    }

    /// The answer of a call that fails in one of these ways, with this in its text.
    pub async fn fails(&self, input: Value, kinds: &[&str], text: &str) -> Value {
        let answer = self.call(input).await;
        let [kind, said] = ["kind", "text"].map(|key| answer["failure"][key].as_str().unwrap_or_default());
        assert!(kinds.contains(&kind), "one of {kinds:?} was due: {answer:#}");
        assert!(said.contains(text), "`{text}` is not in: {answer:#}");
        answer
    }

    /// What the skill is granted from now on: all that it asks for but this.
    pub async fn take_away(&self, capability: &str) {
        let path = "/api/v1/skills/conformance/grants";
        let mut grants = self.host.get(path).await.ok()["asked"].clone();
        grants.as_object_mut().unwrap().remove(capability);
        self.host.put(path, &json!({ "grants": grants })).await.ok();
    }

    pub async fn give_back(&self) {
        self.take_away("nothing").await;
    }
}

/// The shared manifest, for the servers of this test.
fn manifest(hosts: &Value) -> String {
    let path = root().join("sdk/conformance/skill.toml");
    let mut table: Table = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    table.insert("timeout_s".to_owned(), TIMEOUT_S.into());
    let capabilities = table["capabilities"].as_table_mut().unwrap();
    capabilities.insert("http".to_owned(), toml::Value::try_from(hosts).unwrap());
    table.to_string()
}
