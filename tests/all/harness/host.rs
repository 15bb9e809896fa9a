//! The real binary, started and talked to as its users do.

use eventsource_stream::Eventsource;
use futures_util::{Stream, StreamExt};
use reqwest::{Method, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    pin::{Pin, pin},
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::Notify,
    task::JoinSet,
    time::timeout,
};

use super::root;

/// A start includes migrations, and on a busy machine takes its time.
const START: Duration = Duration::from_secs(30);

/// From SIGTERM to the end of the process: the host allows itself ten seconds.
const STOP: Duration = Duration::from_secs(12);

const ANSWER: Duration = Duration::from_mins(1);

/// How a host is started.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// More environment; a later entry wins over an earlier one and over what the harness sets.
    pub env: Vec<(String, String)>,
    /// The text of a `skillet.toml`.
    pub config: String,
    /// A Postgres database; SQLite in the data folder without it.
    pub database_url: Option<String>,
    /// Whether to install the skills that ship with the host, as `make` builds them.
    pub bundle: bool,
    /// What `serve` does; everything when empty.
    pub roles: String,
}

impl Options {
    pub fn env(mut self, key: &str, value: &str) -> Self {
        self.env.push((key.to_owned(), value.to_owned()));
        self
    }

    pub fn envs(mut self, more: impl IntoIterator<Item = (String, String)>) -> Self {
        self.env.extend(more);
        self
    }
}

/// A running `skillet serve` with a data folder of its own. It is killed when this is dropped.
pub struct Host {
    options: Options,
    folder: TempDir,
    process: Process,
    token: Option<String>,
    http: reqwest::Client,
}

struct Process {
    url: String,
    child: Child,
    out: Output,
    log: Output,
    _readers: JoinSet<()>,
}

/// What the first line on stdout begins with.
const READY: &str = "Skillet is ready: ";

/// An event of a streamed reply.
#[derive(Clone, Debug)]
pub struct Event {
    pub name: String,
    pub data: Value,
}

/// The events of one turn, as they come.
pub struct Events(Pin<Box<dyn Stream<Item = Event> + Send>>);

impl Events {
    pub async fn next(&mut self) -> Option<Event> {
        timeout(ANSWER, self.0.next()).await.expect("the stream has stalled")
    }

    /// Everything up to the end.
    pub async fn all(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }

    /// The data of the first event of a name; those before it are lost.
    pub async fn until(&mut self, name: &str) -> Value {
        while let Some(event) = self.next().await {
            if event.name == name {
                return event.data;
            }
        }
        panic!("the stream ended without an event `{name}`")
    }
}

/// Status and JSON of an answer; `null` when there is no JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
}

impl Answer {
    /// The body of a success.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(self.status.is_success(), "{}: {}", self.status, self.body);
        self.body
    }

    /// The `type` of the problem that an expected failure tells.
    #[track_caller]
    pub fn problem(&self, status: u16) -> &str {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self.body["type"].as_str().unwrap_or_else(|| panic!("not a problem document: {}", self.body))
    }
}

/// The file of the binary under test: `SKILLET_BIN`, or the one built beside this test program.
pub fn program() -> PathBuf {
    if let Some(path) = std::env::var_os("SKILLET_BIN") {
        return path.into();
    }
    let tests = std::env::current_exe().unwrap();
    let program = tests.parent().and_then(Path::parent).unwrap().join("skillet");
    assert!(program.is_file(), "{} is missing: `cargo build` makes it", program.display());
    program
}

impl Host {
    /// Starts a host in a new data folder and waits until it is ready.
    pub async fn start(options: Options) -> Self {
        // The client is built without a TLS provider of its own; loopback needs none, building does.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("skillet.toml"), &options.config).unwrap();
        let http = reqwest::Client::builder().no_proxy().timeout(ANSWER).build().unwrap();
        let process = launch(&options, folder.path()).await;
        Self { options, folder, process, token: None, http }
    }

    /// Another host on the same database, with the same settings and a data folder of its own.
    pub async fn another(&self) -> Self {
        assert!(self.options.database_url.is_some(), "only Postgres is shared by several hosts");
        let mut other = Self::start(self.options.clone()).await;
        other.token.clone_from(&self.token);
        other
    }

    /// For example `http://127.0.0.1:40123`.
    pub fn url(&self) -> &str {
        &self.process.url
    }

    /// The code that makes the first visitor the owner; waits for its line.
    pub async fn first_run_code(&self) -> String {
        let line = timeout(ANSWER, self.process.out.line("First run: enter the code ")).await;
        line.expect("no code was printed").split(' ').next().unwrap().to_owned()
    }

    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What the process has logged so far.
    pub fn log(&self) -> String {
        self.process.log.text()
    }

    /// What the process has printed so far.
    pub fn printed(&self) -> String {
        self.process.out.text()
    }

    /// Waits until the process logs a line that holds `mark`; returns the rest of it.
    pub async fn logged(&self, mark: &str) -> String {
        let line = timeout(ANSWER, self.process.log.line(mark)).await;
        line.unwrap_or_else(|_| panic!("`{mark}` is not in the log:\n{}", self.log()))
    }

    /// Ends the process as a crash does.
    pub async fn kill9(&mut self) {
        self.process.child.kill().await.unwrap();
    }

    /// Asks the process to stop.
    pub fn ask_to_stop(&self) {
        let id = self.process.child.id().expect("it runs");
        kill_process(Pid::from_raw(i32::try_from(id).unwrap()).unwrap(), Signal::TERM).unwrap();
    }

    /// Asks the process to stop and waits for it.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.ask_to_stop();
        timeout(STOP, self.process.child.wait())
            .await
            .unwrap_or_else(|_| panic!("it does not stop:\n{}", self.log()))
            .unwrap()
    }

    /// Starts again on the same data, whichever way the process ended. Address and log are new.
    pub async fn restart(&mut self) {
        if self.process.child.try_wait().unwrap().is_none() {
            self.terminate().await;
        }
        self.process = launch(&self.options, self.folder.path()).await;
    }

    /// Runs a command of the same binary on the same data and returns its output.
    pub async fn command(&self, args: &[&str]) -> std::process::Output {
        let mut command = command(&self.options, self.folder.path());
        timeout(ANSWER, command.args(args).output()).await.expect("the command does not end").unwrap()
    }

    /// Makes a bearer token and returns its secret, which this host then uses in every request.
    pub async fn token(&mut self, scopes: &str) -> String {
        let name = uuid::Uuid::now_v7().to_string();
        let made = self.command(&["token", "create", "--name", &name, "--scope", scopes]).await;
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let secret = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        self.token = Some(secret.clone());
        secret
    }

    /// A request with the token, if there is one; for what the methods below do not do.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url()));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        answer(self.request(Method::POST, path).json(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        answer(self.request(Method::PUT, path).json(body)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        answer(self.request(Method::PATCH, path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        answer(self.request(Method::DELETE, path)).await
    }

    /// Uploads a component.
    pub async fn upload(&self, component: Vec<u8>) -> Answer {
        let request = self.request(Method::POST, "/api/v1/skills").header("content-type", "application/wasm");
        answer(request.body(component)).await
    }

    /// One turn: the reply's JSON. Without a conversation a new one is begun.
    pub async fn chat(&self, user: &str, message: &str, conversation: Option<&str>) -> Value {
        self.post("/api/v1/chat", &chat_body(user, message, conversation)).await.ok()
    }

    /// One turn as a stream of events.
    pub async fn chat_stream(&self, user: &str, message: &str, conversation: Option<&str>) -> Events {
        let mut body = chat_body(user, message, conversation);
        body["stream"] = json!(true);
        let response = self.request(Method::POST, "/api/v1/chat").json(&body).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{}", response.text().await.unwrap());
        let events = response.bytes_stream().eventsource().map(|event| {
            let event = event.expect("the stream broke off");
            Event { data: serde_json::from_str(&event.data).unwrap(), name: event.event }
        });
        Events(Box::pin(events))
    }
}

fn chat_body(user: &str, message: &str, conversation: Option<&str>) -> Value {
    let mut body = json!({ "user": user, "message": message });
    if let Some(conversation) = conversation {
        body["conversation"] = json!(conversation);
    }
    body
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::Null) }
}

/// The binary on a data folder, with nothing of the caller's own settings.
fn command(options: &Options, folder: &Path) -> Command {
    let mut command = Command::new(program());
    command.env_clear().current_dir(folder).kill_on_drop(true).stdin(Stdio::null());
    for kept in ["PATH", "HOME", "TMPDIR", "LLVM_PROFILE_FILE"] {
        command.envs(std::env::var_os(kept).map(|value| (kept, value)));
    }
    command.env("SKILLET__DATA_DIR", folder.join("data")).env("SKILLET__HTTP__LISTEN", "127.0.0.1:0");
    command.env("RUST_BACKTRACE", "1");
    // Compiling skills that a test does not use would be most of its time.
    let bundle = if options.bundle { root().join("target/components") } else { folder.join("none") };
    command.env("SKILLET__SKILLS__BUNDLE_DIR", bundle);
    command.envs(options.database_url.iter().map(|url| ("DATABASE_URL", url)));
    command.envs(options.env.iter().map(|(key, value)| (key, value)));
    command
}

/// Starts the server and waits for its address.
async fn launch(options: &Options, folder: &Path) -> Process {
    let mut serve = command(options, folder);
    serve.arg("serve").stdout(Stdio::piped()).stderr(Stdio::piped());
    if !options.roles.is_empty() {
        serve.args(["--roles", &options.roles]);
    }
    let mut child = serve.spawn().unwrap();
    let mut readers = JoinSet::new();
    let (out, log) = (Output::default(), Output::default());
    readers.spawn(out.clone().collect(child.stdout.take().unwrap()));
    readers.spawn(log.clone().collect(child.stderr.take().unwrap()));
    let ready = timeout(START, async {
        tokio::select! {
            line = out.line(READY) => line,
            ended = child.wait() => panic!("skillet ended ({}):\n{}", ended.unwrap(), log.text()),
        }
    });
    let url = ready.await.unwrap_or_else(|_| panic!("skillet is not ready:\n{}", log.text()));
    Process { url, child, out, log, _readers: readers }
}

/// What a process has written so far, and the wish to hear of more.
#[derive(Clone, Debug, Default)]
struct Output(Arc<(Mutex<String>, Notify)>);

impl Output {
    async fn collect(self, pipe: impl AsyncRead + Unpin) {
        let mut lines = BufReader::new(pipe).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let mut text = self.0.0.lock().unwrap();
            text.push_str(&line);
            text.push('\n');
            self.0.1.notify_waiters();
        }
    }

    fn text(&self) -> String {
        self.0.0.lock().unwrap().clone()
    }

    /// Waits for a line that holds `mark`; returns the rest of it.
    async fn line(&self, mark: &str) -> String {
        loop {
            let mut more = pin!(self.0.1.notified());
            // From here on no line is missed, also one that comes before the wait.
            more.as_mut().enable();
            if let Some((_, rest)) = self.text().lines().find_map(|line| line.split_once(mark)) {
                return rest.to_owned();
            }
            more.await;
        }
    }
}
