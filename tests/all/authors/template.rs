//! The template of each language, from nothing to a skill that answers in a chat.

use serde_json::json;
use std::{env, fs, path::Path};

use super::Author;
use crate::harness::{
    host::{Host, Options},
    root,
};

/// Whether a test may go without a tool that is not here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tools {
    Needed,
    /// But for `make plugins-all`, which has installed them all.
    IfThere,
}

/// The variable by which `make plugins-all` says that every tool is here.
const ALL_TOOLS: &str = "SKILLET_TEST_ALL_TOOLS";

/// From nothing to a skill that answers.
async fn becomes_a_skill_that_answers(language: &str, tools: Tools) {
    let author = Author::new();
    let made = author.run(&["skill", "new", "greeter", "--lang", language, "--json"]).await.json();
    assert!(Path::new(made["dir"].as_str().unwrap()).is_dir(), "{made:#}");
    if language == "rust" {
        // The libraries that the project is pinned to, which are there.
        fs::copy(root().join("Cargo.lock"), author.file("greeter/Cargo.lock")).unwrap();
    }
    if language == "assemblyscript" {
        author.install_packages("greeter").await;
    }
    let built = author.on_skill("build", &["--json"]).await;
    let may_lack = tools == Tools::IfThere && env::var_os(ALL_TOOLS).is_none();
    if may_lack
        && built.code == Some(1)
        && ["is needed and not here", "no compiler here"].iter().any(|said| built.err.contains(said))
    {
        eprintln!("skipped: `make tools` installs what is missing for {language}: {}", built.err);
        return;
    }
    let built = built.json();
    assert_eq!(built["language"], made["language"]);
    assert!(author.file("out/greeter.wasm").is_file(), "{built:#}");

    let tested = author.on_skill("test", &["--json"]).await.json();
    assert_eq!(tested["failed"], 0, "{tested:#}");
    let names: Vec<&str> =
        tested["cases"].as_array().unwrap().iter().filter_map(|case| case["name"].as_str()).collect();
    for begin in ["example 1", "greets: "] {
        assert!(names.iter().any(|name| name.starts_with(begin)), "{names:?}");
    }

    let mut host = Host::start(Options::default()).await;
    host.token("admin").await;
    let data = host.data_dir().display().to_string();
    let on_host = ["--data-dir", &data, "--json"];
    let pushed = author.on_skill("push", &on_host).await.json();
    assert_eq!((&pushed["name"], &pushed["status"]), (&json!("greeter"), &json!("review")), "{pushed:#}");
    let activate = ["skill", "activate", "greeter", pushed["digest"].as_str().unwrap(), "--grant"];
    author.run(&[&activate[..], &on_host].concat()).await.ok();
    for (message, reply) in [
        ("greeter Ann", "Hello, Ann! This is time 1."),
        ("greeter 小明", "你好，小明！这是第 2 次。"),
        ("Greeter: Ben", "Hello, Ben! This is time 3."),
    ] {
        let turn = host.chat("ada", message, None).await;
        assert_eq!((&turn["reply"], &turn["route"]), (&json!(reply), &json!("skill")), "{turn:#}");
    }
}

macro_rules! templates {
    ($($language:ident: $tools:ident),* $(,)?) => {
        $(#[tokio::test] async fn $language() {
            becomes_a_skill_that_answers(stringify!($language), Tools::$tools).await;
        })*

        pub const LANGUAGES: &[&str] = &[$(stringify!($language)),*];
    };
}

templates! {
    rust: Needed,
    js: Needed,
    ts: Needed,
    python: Needed,
    go: IfThere,
    c: Needed,
    cpp: Needed,
    zig: IfThere,
    assemblyscript: IfThere,
}

#[tokio::test]
async fn every_language_that_is_offered_has_its_template_tried() {
    let help = Author::new().run(&["skill", "new", "--help"]).await.ok().out;
    let (_, offered) = help.split_once("possible values: ").unwrap();
    let offered: Vec<&str> = offered.split_once(']').unwrap().0.split(", ").collect();
    assert_eq!(offered, LANGUAGES);
}
