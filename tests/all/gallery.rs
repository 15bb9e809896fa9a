//! What ships with the host: installed at start where the settings name it, in the gallery until the owner
//! installs it else.

mod playground;

use reqwest::StatusCode;
use serde_json::{Value, json};
use skillet::skills::package;
use std::{
    fs::{self, File},
    path::PathBuf,
};
use tempfile::TempDir;

use crate::harness::{
    browser::Browser,
    guests,
    host::{Host, Options},
    manifest::Manifest,
    root,
};

/// A folder of built-in skills.
struct Bundle(TempDir);

impl Bundle {
    fn of(skills: &[&str]) -> Self {
        let bundle = Self(tempfile::tempdir().unwrap());
        for skill in skills {
            fs::write(bundle.file(skill), built(skill)).unwrap();
        }
        bundle
    }

    fn file(&self, skill: &str) -> PathBuf {
        self.0.path().join(format!("{skill}.wasm"))
    }

    /// A host that installs some of it at start.
    async fn host(&self, install: &[&str]) -> Host {
        let options = Options::default()
            .env("SKILLET__SKILLS__BUNDLE_DIR", self.0.path().to_str().unwrap())
            .env("SKILLET__SKILLS__INSTALL", &json!(install).to_string());
        let mut host = Host::start(options).await;
        host.token("admin").await;
        host
    }
}

/// A component as `make` builds it.
fn built(skill: &str) -> Vec<u8> {
    fs::read(root().join(format!("target/components/{skill}.wasm"))).unwrap()
}

/// The next build of a skill.
fn newer(skill: &str) -> Vec<u8> {
    let component = built(skill);
    let manifest = package::inspect(&component).unwrap().manifest.unwrap();
    let next = manifest.replacen("version = \"0.1.0\"", "version = \"0.1.1\"", 1);
    assert_ne!(next, manifest);
    package::embed_manifest(&component, &next)
}

async fn names(host: &Host, path: &str) -> Vec<String> {
    let list = host.get(path).await.ok();
    let skills = list["skills"].as_array().unwrap().iter();
    skills.map(|skill| skill["name"].as_str().unwrap().to_owned()).collect()
}

async fn installed(host: &Host) -> Vec<String> {
    names(host, "/api/v1/skills").await
}

async fn gallery(host: &Host) -> Vec<String> {
    names(host, "/api/v1/skills/gallery").await
}

async fn install(host: &Host, skill: &str) -> Value {
    let answer = host.post(&format!("/api/v1/skills/gallery/{skill}"), &json!({})).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    answer.body
}

/// Who installed what, oldest first.
async fn installs(host: &Host) -> Vec<(String, String)> {
    let audit = host.get("/api/v1/audit").await.ok();
    let rows = audit["entries"].as_array().unwrap().iter().rev().filter(|row| row["action"] == "skill.install");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    rows.map(|row| (text(&row["actor"]), text(&row["subject"]))).collect()
}

#[tokio::test]
async fn what_the_settings_name_is_installed_and_the_rest_waits() {
    let bundle = Bundle::of(&["calculator", "remember", "update_config"]);
    fs::write(bundle.file("broken"), "no component").unwrap();
    let mut host = bundle.host(&["calculator", "nobody"]).await;
    assert_eq!(installed(&host).await, ["calculator"]);
    let log = host.log();
    assert!(log.contains("nobody") && log.contains("broken.wasm"), "{log}");

    let list = host.get("/api/v1/skills/gallery").await.ok();
    let [remember, update_config] = list["skills"].as_array().unwrap().as_slice() else { panic!("{list:#}") };
    assert_eq!((&remember["name"], &update_config["name"]), (&json!("remember"), &json!("update_config")));
    assert_eq!(remember["capabilities"], json!({ "memory": ["write"] }));
    assert_eq!(remember["size"], built("remember").len());

    let answer = install(&host, "remember").await;
    assert_eq!((&answer["name"], &answer["status"]), (&json!("remember"), &json!("active")));
    assert_eq!(answer["digest"], remember["digest"]);
    let grants = host.get("/api/v1/skills/remember/grants").await.ok();
    assert!(grants["grants"][0]["granted_by"].as_str().unwrap().starts_with("token "), "{grants:#}");
    assert_eq!(host.get("/api/v1/skills/remember").await.ok()["origin"], "bundle");
    let reply = host.chat("ada", "Remember that my bike lock code is 7291", None).await;
    assert_eq!(reply["route"], "skill", "{reply:#}");

    for (skill, status, problem) in [
        ("remember", 409, "taken"),
        ("calculator", 409, "taken"),
        ("nobody", 404, "no-skill"),
        ("broken", 404, "no-skill"),
    ] {
        let answer = host.post(&format!("/api/v1/skills/gallery/{skill}"), &json!({})).await;
        assert_eq!(answer.problem(status), format!("/problems/{problem}"), "{skill}");
    }
    let audit = installs(&host).await;
    assert!(audit.len() == 1 && audit[0].0.starts_with("token ") && audit[0].1 == "remember", "{audit:?}");

    host.restart().await;
    assert_eq!(installed(&host).await, ["calculator", "remember"]);
    assert_eq!(gallery(&host).await, ["update_config"]);
}

#[tokio::test]
async fn the_document_tells_of_the_gallery() {
    let host = Host::start(Options::default()).await;
    let document = host.get("/api/openapi.json").await.ok();
    assert!(document["paths"]["/api/v1/skills/gallery"]["get"].is_object());
    assert!(document["paths"]["/api/v1/skills/gallery/{name}"]["post"]["responses"]["201"].is_object());
}

#[tokio::test]
async fn without_a_setting_the_six_are_installed() {
    let six = ["calculator", "remember", "remind_me", "search_memory", "send_telegram", "update_config"];
    let bundle = Bundle::of(&six);
    fs::write(bundle.file("another"), renamed("calculator", "another")).unwrap();
    let options = Options::default().env("SKILLET__SKILLS__BUNDLE_DIR", bundle.0.path().to_str().unwrap());
    let mut host = Host::start(options).await;
    host.token("skills").await;
    assert_eq!(installed(&host).await, six);
    assert_eq!(gallery(&host).await, ["another"]);
}

/// The component of a skill under another name.
fn renamed(skill: &str, name: &str) -> Vec<u8> {
    let component = built(skill);
    let manifest = package::inspect(&component).unwrap().manifest.unwrap();
    let renamed = manifest.replacen(&format!("name = \"{skill}\""), &format!("name = \"{name}\""), 1);
    assert_ne!(renamed, manifest);
    package::embed_manifest(&component, &renamed)
}

#[tokio::test]
async fn what_was_removed_waits_again() {
    let bundle = Bundle::of(&["calculator"]);
    let mut host = bundle.host(&["calculator"]).await;
    assert!(gallery(&host).await.is_empty());
    host.post("/api/v1/skills/calculator/disable", &json!({})).await.ok();
    assert!(gallery(&host).await.is_empty(), "what is disabled is installed");
    host.delete("/api/v1/skills/calculator").await.ok();
    assert_eq!(gallery(&host).await, ["calculator"]);
    host.restart().await;
    assert!(installed(&host).await.is_empty());
    install(&host, "calculator").await;
    assert!(gallery(&host).await.is_empty());
    let call = json!({ "input": { "expression": "6*7" } });
    assert_eq!(host.post("/api/v1/skills/calculator/call", &call).await.ok()["output"]["value"], "42");
}

#[tokio::test]
async fn another_skill_takes_the_name_of_one_that_was_removed_and_keeps_it() {
    let bundle = Bundle::of(&["calculator"]);
    let mut host = bundle.host(&["calculator"]).await;
    host.delete("/api/v1/skills/calculator").await.ok();
    let mine = guests::constant("{\"value\": \"mine\"}", &Manifest::new("calculator").version("9.0.0"));
    let taken = host.upload(mine).await.ok();
    assert_eq!(taken["status"], "review", "a name of the gallery is not taken unseen");
    let path = format!("/api/v1/skills/calculator/versions/{}/activate", taken["digest"].as_str().unwrap());
    host.post(&path, &json!({})).await.ok();
    fs::write(bundle.file("calculator"), newer("calculator")).unwrap();
    host.restart().await;
    let row = host.get("/api/v1/skills/calculator").await.ok();
    assert_eq!((&row["origin"], &row["version"]), (&json!("upload"), &json!("9.0.0")), "{row:#}");
    assert!(gallery(&host).await.is_empty());
}

#[tokio::test]
async fn a_newer_build_is_taken_over_of_what_is_installed() {
    let bundle = Bundle::of(&["calculator", "remember", "update_config"]);
    let mut host = bundle.host(&["calculator"]).await;
    install(&host, "remember").await;
    for skill in ["calculator", "remember", "update_config"] {
        fs::write(bundle.file(skill), newer(skill)).unwrap();
    }
    let list = host.get("/api/v1/skills/gallery").await.ok();
    assert_eq!(list["skills"][0]["version"], "0.1.1", "a file that changed is read again: {list:#}");
    host.restart().await;
    assert_eq!(installed(&host).await, ["calculator", "remember"]);
    for skill in ["calculator", "remember"] {
        assert_eq!(host.get(&format!("/api/v1/skills/{skill}")).await.ok()["version"], "0.1.1");
    }
}

#[tokio::test]
async fn two_builds_of_one_number_are_told_apart_by_their_digests() {
    let bundle = Bundle::of(&["calculator"]);
    let mut host = bundle.host(&["calculator"]).await;
    let component = built("calculator");
    let manifest = package::inspect(&component).unwrap().manifest.unwrap();
    fs::write(bundle.file("calculator"), package::embed_manifest(&component, &format!("{manifest}\n# built again\n")))
        .unwrap();
    host.restart().await;
    let versions = host.get("/api/v1/skills/calculator/versions").await.ok();
    let digests: Vec<&str> =
        versions["versions"].as_array().unwrap().iter().map(|version| version["digest"].as_str().unwrap()).collect();
    let [again, first] = digests[..] else { panic!("{versions:#}") };
    let activate = async |version: &str| {
        host.post(&format!("/api/v1/skills/calculator/versions/{version}/activate"), &json!({})).await
    };
    let refused = activate("0.1.0").await;
    assert_eq!(refused.problem(409), "/problems/ambiguous-version");
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(detail.contains(&again[..12]) && detail.contains(&first[..12]), "{detail}");
    assert_eq!(activate(&first[..8]).await.ok()["digest"], first);
    let back = json!({ "version": &again[..8] });
    let done = host.post("/api/v1/skills/calculator/rollback", &back).await.ok();
    assert_eq!((&done["version"], &done["digest"]), (&json!("0.1.0"), &json!(again)));
}

#[tokio::test]
async fn a_file_is_read_again_only_when_its_time_or_size_changed() {
    let bundle = Bundle::of(&["calculator", "remember"]);
    let host = bundle.host(&[]).await;
    assert_eq!(gallery(&host).await, ["calculator", "remember"]);
    let path = bundle.file("remember");
    let before = fs::metadata(&path).unwrap();
    fs::write(&path, vec![0; usize::try_from(before.len()).unwrap()]).unwrap();
    let file = File::options().write(true).open(&path).unwrap();
    file.set_modified(before.modified().unwrap()).unwrap();
    assert_eq!(gallery(&host).await, ["calculator", "remember"], "it was read although it looks the same");
    file.set_modified(before.modified().unwrap() + std::time::Duration::from_secs(1)).unwrap();
    assert_eq!(gallery(&host).await, ["calculator"]);
    fs::remove_file(bundle.file("calculator")).unwrap();
    assert!(gallery(&host).await.is_empty());
    fs::write(bundle.file("late"), built("update_config")).unwrap();
    assert_eq!(gallery(&host).await, ["update_config"]);
}

#[tokio::test]
async fn the_owner_installs_by_one_click() {
    let bundle = Bundle::of(&["calculator", "remember"]);
    let host = bundle.host(&["calculator"]).await;
    let mut owner = Browser::owner(&host).await;
    for (language, words) in [
        ("zh", ["技能库", "写入关于用户的记忆", "安装"]),
        ("en", ["Gallery", "Add to what is remembered about the person", "Install"]),
    ] {
        owner.language = language;
        let page = owner.page("/skills").await;
        let (_, offers) = page.split_once("id=\"gallery\"").unwrap();
        for part in words.iter().chain(&["action=\"/gallery/remember\"", "Keeps a lasting fact"]) {
            assert!(offers.contains(part), "{part}: {offers}");
        }
        assert!(!offers.contains("calculator"), "{offers}");
    }
    let token = std::mem::replace(&mut owner.csrf, "0".repeat(64));
    assert_eq!(owner.send("/gallery/remember", "").await.0, StatusCode::FORBIDDEN);
    assert_eq!(installed(&host).await, ["calculator"]);

    owner.csrf = token;
    assert_eq!(owner.send("/gallery/remember", "").await.0, StatusCode::SEE_OTHER);
    let page = owner.page("/skills/remember").await;
    assert!(page.contains("The skill is installed and can be called."), "{page}");
    assert!(!owner.page("/skills").await.contains("id=\"gallery\""), "nothing waits any more");
    assert_eq!(installs(&host).await, [("owner".to_owned(), "remember".to_owned())]);
    let (_, tried) = owner.send("/skills/remember/call", "i%3Atext=I+live+in+Oslo&i%3Akey=").await;
    assert!(tried.contains("Oslo") && tried.contains("class=\"facts\""), "{tried}");
    let memories = host.get("/api/v1/memories?user=Ada").await.ok().to_string();
    assert!(memories.contains("Oslo"), "it runs for whoever is logged in: {memories}");

    assert_eq!(owner.send("/gallery/nobody", "").await.0, StatusCode::SEE_OTHER);
    assert!(owner.page("/skills").await.contains("There is no such skill"));
    assert_eq!(owner.send("/gallery/remember", "").await.0, StatusCode::SEE_OTHER);
    assert!(owner.page("/skills/remember").await.contains("It exists already"));
}
