//! A host with servers beside it, on which attacks are made.

use futures_util::FutureExt;
use reqwest::{Method, StatusCode, redirect};
use serde_json::{Value, json};
use std::{
    fs,
    panic::AssertUnwindSafe,
    path::Path,
    time::{Duration, Instant},
};
use tokio::sync::OnceCell;

use super::{
    case::{Call, Case, Comes, How, Refused},
    fetch::{Fetch, Fetched},
    guest,
    server::Server,
};
use crate::harness::{
    guests,
    host::{Answer, Host, Options},
    manifest::Manifest,
    model::Model,
};

/// In which a host that is well answers a call, on a busy machine.
const WELL: Duration = Duration::from_secs(3);

/// By which a process may have grown over a group of cases: what the allocator, the pool and the compiled code of
/// the group's guests keep. Guests of the group `memory` dirty ten times as much.
const GROWTH_KIB: u64 = 128 << 10;

/// Longest time of one case: a case that hangs is one that failed.
const PATIENCE: Duration = Duration::from_mins(1);

/// Time of one run that fetches.
pub const FETCH_S: f64 = 2.0;

pub struct Ground {
    pub host: Host,
    /// Its address is granted to the skill `fetch`, and opened by the owner.
    pub server: Server,
    /// The same, another one.
    pub other: Server,
    /// Takes connections and never reads from them.
    pub deaf: Server,
    /// Not opened by the owner, though granted.
    pub closed: Server,
    pub model: Model,
    fetcher: OnceCell<()>,
    visitor: OnceCell<Visitor>,
}

/// The owner in a browser.
struct Visitor {
    http: reqwest::Client,
    cookie: String,
}

impl Ground {
    /// Starts a host that has these settings besides.
    pub async fn start(more: &[(&str, &str)]) -> Self {
        let (server, other, deaf, closed) =
            tokio::join!(Server::start(), Server::start(), Server::deaf(), Server::start());
        let model = Model::start().await;
        let open = [&server, &other, &deaf].map(Server::host);
        let mut open = open.to_vec();
        open.push(format!("localhost:{}", server.port()));
        let mut options = Options::default()
            .envs(model.as_tier("small"))
            .env("SKILLET__MEMORY__SUMMARIES", "rules")
            .env("SKILLET__GATEWAY__VALVES__CALLS_PER_MINUTE", "1000")
            .env("SKILLET__GATEWAY__VALVES__CALLS_PER_MINUTE_PER_USER", "1000")
            .env("SKILLET__SKILLS__PRIVATE_HOSTS", &json!(open).to_string())
            // A version that fails on purpose stays.
            .env("SKILLET__SKILLS__ROLLBACK_PERCENT", "0");
        for (key, value) in more {
            options = options.env(key, value);
        }
        let mut host = Host::start(options).await;
        host.token("admin").await;
        host.upload(guests::echo(&Manifest::new("echo"))).await.ok();
        let (fetcher, visitor) = (OnceCell::new(), OnceCell::new());
        Self { host, server, other, deaf, closed, model, fetcher, visitor }
    }

    /// Makes every attack, and looks after each whether the host is well. `ATTACK=S1` makes one alone.
    pub async fn suffer(&self, cases: Vec<Case>) {
        let only = std::env::var("ATTACK").ok();
        let before = self.resident_kib();
        let mut failures = Vec::new();
        for case in cases.iter().filter(|case| only.as_ref().is_none_or(|only| only == case.id)) {
            let attempt = AssertUnwindSafe(tokio::time::timeout(PATIENCE, self.attempt(case))).catch_unwind();
            match attempt.await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => failures.push(format!("{}: not over within {} s", case.id, PATIENCE.as_secs())),
                Err(panic) => failures.push(format!("{}: {}", case.id, text_of(&*panic))),
            }
            if let Err(panic) = AssertUnwindSafe(self.assert_well()).catch_unwind().await {
                failures.push(format!("{}, afterwards: {}", case.id, text_of(&*panic)));
            }
        }
        if let (Some(before), Some(after)) = (before, self.resident_kib())
            && after > before + GROWTH_KIB
        {
            failures.push(format!("the host grew from {before} to {after} KiB"));
        }
        assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
    }

    async fn attempt(&self, case: &Case) {
        let manifest = Manifest::new(&case.skill()).timeout_s(1.0);
        match &case.how {
            How::Call(made, call) => self.call_ends(&case.skill(), made(manifest), call).await,
            How::Upload(made, refused) => self.upload_is_refused(made(manifest), refused).await,
            How::Exchange(fetch, comes) => self.exchange_comes(&fetch(self), comes).await,
            How::Deed(deed) => deed(self).await,
            How::Elsewhere | How::NotMet(_) => {}
        }
    }

    async fn call_ends(&self, skill: &str, component: Vec<u8>, call: &Call) {
        self.install(component).await;
        let began = Instant::now();
        let answer = self.call(skill, &json!({ "a": [1, "二"] })).await;
        let took = began.elapsed();
        let kind = answer["failure"]["kind"].as_str().unwrap_or_default();
        assert!(call.kinds.contains(&kind), "one of {:?} was due: {answer:#}", call.kinds);
        if kind.is_empty() {
            assert!(!answer["output"].is_null(), "{answer:#}");
        }
        let text = answer["failure"]["text"].as_str().unwrap_or_default();
        assert!(text.contains(call.text), "`{}` is not in: {answer:#}", call.text);
        assert!(took < call.within, "it took {took:?}: {answer:#}");
        (call.check)(&answer);
    }

    pub async fn upload_is_refused(&self, component: Vec<u8>, refused: &Refused) {
        let began = Instant::now();
        let answer = self.host.upload(component).await;
        let took = began.elapsed();
        assert!(answer.status.is_client_error(), "{answer:?}");
        let kind = answer.body["type"].as_str().unwrap_or_default().trim_start_matches("/problems/");
        let detail = answer.body["detail"].as_str().unwrap_or_default();
        assert!(refused.kinds.contains(&kind), "one of {:?} was due: {answer:?}", refused.kinds);
        assert!(detail.contains(refused.text), "`{}` is not in: {detail}", refused.text);
        assert!(took < refused.within, "it took {took:?}: {answer:?}");
    }

    async fn exchange_comes(&self, fetch: &Fetch, comes: &Comes) {
        let heard = self.server.heard();
        let began = Instant::now();
        let fetched = self.fetch(fetch).await;
        let took = began.elapsed();
        let kind = fetched.kind();
        assert!(comes.kinds.contains(&kind.as_str()), "one of {:?} was due: {fetched:?}", comes.kinds);
        assert!(fetched.text().contains(comes.text), "`{}` is not in: {fetched:?}", comes.text);
        assert!(took < comes.within, "it took {took:?}: {fetched:?}");
        assert_eq!(self.server.heard() > heard, comes.heard, "whether the server heard of it: {fetched:?}");
    }

    /// Uploads a component and says yes to whatever it asks for; the JSON of the upload.
    pub async fn install(&self, component: Vec<u8>) -> Value {
        let uploaded = self.host.upload(component).await.ok();
        if uploaded["status"] == "review" {
            let (name, digest) = (uploaded["name"].as_str().unwrap(), uploaded["digest"].as_str().unwrap());
            let path = format!("/api/v1/skills/{name}/versions/{digest}/activate");
            self.host.post(&path, &json!({ "grant": true })).await.ok();
        }
        uploaded
    }

    /// One call of a skill; its answer, failed or not.
    pub async fn call(&self, skill: &str, input: &Value) -> Value {
        self.host.post(&format!("/api/v1/skills/{skill}/call"), &json!({ "input": input })).await.ok()
    }

    /// A request by the skill `fetch`.
    pub async fn fetch(&self, fetch: &Fetch) -> Fetched {
        self.fetcher.get_or_init(|| self.install_fetch()).await;
        Fetched::read(&self.call("fetch", &fetch.input()).await)
    }

    async fn install_fetch(&self) {
        let mut hosts: Vec<String> = [&self.server, &self.other, &self.deaf, &self.closed].map(Server::host).to_vec();
        let port = self.server.port();
        hosts.extend([
            format!("localhost:{port}"),
            format!("localhost:{}", self.closed.port()),
            self.host.url().trim_start_matches("http://").to_owned(),
            format!("0.0.0.0:{port}"),
            format!("[::]:{port}"),
            format!("[64:ff9b::7f00:1]:{port}"),
            format!("[2002:7f00:1::]:{port}"),
        ]);
        // Granted, so that it is the address for which they are denied.
        hosts.extend(
            ["169.254.169.254", "100.100.100.200", "168.63.129.16", "240.0.0.1", "198.18.0.1", "192.0.0.1", "10.0.0.1"]
                .map(str::to_owned),
        );
        let manifest = fetcher("fetch", &hosts);
        self.install(guest::fetch(&manifest)).await;
    }

    /// A call with its right output, and the host's own word.
    pub async fn assert_well(&self) {
        let began = Instant::now();
        let input = json!({ "well": [1, 2, 3] });
        let answer = self.call("echo", &input).await;
        assert_eq!(answer["output"], input, "the call after it: {answer:#}");
        assert!(began.elapsed() < WELL, "the call after it took {:?}", began.elapsed());
        let health = self.host.request(Method::GET, "/healthz").send().await.unwrap();
        assert_eq!(health.status(), StatusCode::OK);
    }

    /// What the process holds of the machine's memory; `None` where that cannot be told.
    fn resident_kib(&self) -> Option<u64> {
        self.memory("VmRSS:")
    }

    /// The most that it ever held.
    pub fn peak_kib(&self) -> Option<u64> {
        self.memory("VmHWM:")
    }

    fn memory(&self, which: &str) -> Option<u64> {
        let folder = self.host.data_dir().parent()?.canonicalize().ok()?;
        let status = fs::read_dir("/proc").ok()?.flatten().find_map(|process| {
            let here = fs::read_link(process.path().join("cwd")).ok()? == folder;
            here.then(|| fs::read_to_string(process.path().join("status")).ok()).flatten()
        })?;
        status.lines().find_map(|line| line.strip_prefix(which)?.trim().strip_suffix(" kB")?.parse().ok())
    }

    /// A page as the owner sees it, who is set up by the first visit.
    pub async fn page(&self, path: &str) -> String {
        let visitor = self.visitor.get_or_init(|| self.set_up()).await;
        let request = visitor.http.get(format!("{}{path}", self.host.url())).header("cookie", &visitor.cookie);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.text().await.unwrap()
    }

    async fn set_up(&self) -> Visitor {
        let http = reqwest::Client::builder().no_proxy().redirect(redirect::Policy::none()).build().unwrap();
        let (url, code) = (format!("{}/setup", self.host.url()), self.host.first_run_code().await);
        let page = http.get(&url).send().await.unwrap();
        let cookie = cookie_of(&page);
        let text = page.text().await.unwrap();
        let (_, rest) = text.split_once("name=\"csrf\" value=\"").unwrap();
        let csrf = rest.split('"').next().unwrap();
        let form =
            format!("csrf={csrf}&code={code}&name=owner&password=correct-horse-battery&repeated=correct-horse-battery");
        let request = http.post(&url).header("cookie", cookie);
        let made = request.header("content-type", "application/x-www-form-urlencoded").body(form).send().await.unwrap();
        assert_eq!(made.status(), StatusCode::SEE_OTHER);
        let cookie = cookie_of(&made);
        Visitor { http, cookie }
    }

    /// Sets a secret of a skill, as the owner does.
    pub async fn set_secret(&self, skill: &str, name: &str, value: &str) {
        let path = format!("/api/v1/skills/{skill}/secrets");
        self.host.put(&path, &json!({ "secrets": { name: value } })).await.ok();
    }
}

/// The manifest of a skill that fetches from these hosts.
pub fn fetcher(name: &str, hosts: &[String]) -> Manifest {
    Manifest::new(name).timeout_s(FETCH_S).limit("memory_mb", 64).capability("http", &json!(hosts))
}

/// The parts of an upload's refusal, of one that was refused.
pub fn problem(answer: &Answer) -> (&str, &str) {
    let word = |key: &str| answer.body[key].as_str().unwrap_or_default();
    (word("type").trim_start_matches("/problems/"), word("detail"))
}

/// Whether a file of the host's folder holds these bytes.
pub fn holds(folder: &Path, bytes: &[u8]) -> Option<std::path::PathBuf> {
    fs::read_dir(folder).unwrap().flatten().find_map(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return holds(&path, bytes);
        }
        let content = fs::read(&path).ok()?;
        content.windows(bytes.len()).any(|window| window == bytes).then_some(path)
    })
}

fn cookie_of(response: &reqwest::Response) -> String {
    let lines = response.headers().get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
    lines.filter_map(|line| line.split(';').next()).collect::<Vec<_>>().join("; ")
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}
