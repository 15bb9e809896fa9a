//! Forgetting as a person asks for it, up to the bytes of the database file.

use serde_json::{Value, json};
use skillet::store::{Channel, FORGOTTEN, Turn};
use std::{fs, path::Path};

use crate::harness::{
    host::{Host, Options},
    model::{Answer, Model},
};

fn options() -> Options {
    // To compile the others would be most of the time.
    Options { bundle: true, ..Options::default() }.env("SKILLET__SKILLS__INSTALL", "[\"remember\"]")
}

async fn host() -> Host {
    let mut host = Host::start(options()).await;
    host.token("admin").await;
    host
}

#[track_caller]
fn said(reply: &Value) -> &str {
    reply["reply"].as_str().unwrap()
}

/// Waits until no job of a host's own is left to run.
async fn settled(host: &Host) {
    for _ in 0..200 {
        let jobs = host.get("/api/v1/jobs?status=queued").await.ok().to_string();
        let running = host.get("/api/v1/jobs?status=running").await.ok().to_string();
        if !jobs.contains("write_episode") && !running.contains("write_episode") {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("the summaries are not written");
}

/// What everybody may read of a person, and everything that is kept of their words.
async fn shown(host: &Host, user: &str) -> String {
    let mut shown = String::new();
    for path in ["memories?closed=true&", "memories/search?k=50&q=lock%20code%20车牌&", "conversations?", "jobs?"] {
        shown += &host.get(&format!("/api/v1/{path}user={user}")).await.ok().to_string();
    }
    shown
}

/// The bytes of the database and its log, after the free pages are given up.
async fn bytes(folder: &Path) -> Vec<u8> {
    let file = folder.join("skillet.db");
    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", file.display())).await.unwrap();
    sqlx::query("VACUUM").execute(&pool).await.unwrap();
    pool.close().await;
    ["skillet.db", "skillet.db-wal"].iter().flat_map(|name| fs::read(folder.join(name)).unwrap_or_default()).collect()
}

fn holds(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

#[tokio::test]
async fn forgotten_words_are_nowhere_in_the_file() {
    let mut host = host().await;
    let first = host.chat("ada", "Remember that my bike lock code is QZX-7291", None).await;
    let talk = first["conversation"].as_str().unwrap().to_owned();
    let told = host.chat("ada", "what's the code of my bike lock?", Some(&talk)).await;
    assert!(said(&told).contains("QZX-7291"), "{told}");
    host.chat("ada", "is qzx-7291 a good code? tea is nice", Some(&talk)).await;
    host.chat("ada", "记住我的车牌号是沪A9X8Y7", Some(&talk)).await;
    host.chat("bob", "Remember that my locker is number 55512", None).await;
    let reminder = json!({ "type": "reminder", "user": "ada", "run_at": "2090-01-01T00:00:00Z",
        "payload": { "text": "open QZX-7291" } });
    host.post("/api/v1/jobs", &reminder).await.ok();
    settled(&host).await;
    assert!(shown(&host, "ada").await.contains("QZX-7291"));

    let forgot = host.chat("ada", "Forget my bike lock code", Some(&talk)).await;
    assert!(said(&forgot).contains("Forgotten") && forgot["tier"] == "none", "{forgot}");
    let forgot = host.chat("ada", "忘掉我的车牌号", Some(&talk)).await;
    assert!(said(&forgot).contains("忘记"), "{forgot}");
    settled(&host).await;

    let shown = shown(&host, "ada").await;
    assert!(!shown.to_uppercase().contains("QZX") && !shown.contains("9X8Y7"), "{shown}");
    let turn = host.get(&format!("/api/v1/turns/{}", told["turn_id"].as_str().unwrap())).await.ok().to_string();
    assert!(!turn.to_uppercase().contains("QZX") && turn.contains(FORGOTTEN), "{turn}");
    let messages = host.get(&format!("/api/v1/conversations/{talk}/messages")).await.ok().to_string();
    assert!(messages.contains("a good code? tea is nice"), "the other words stay: {messages}");
    let asked = host.chat("ada", "what's the code of my bike lock?", Some(&talk)).await;
    assert!(!said(&asked).contains("QZX"), "{asked}");
    let bobs = host.chat("bob", "what is the number of my locker?", None).await;
    assert!(said(&bobs).contains("55512"), "{bobs}");

    host.terminate().await;
    let bytes = bytes(&host.data_dir()).await;
    for word in ["QZX-7291", "9X8Y7", "沪A9X8"] {
        assert!(!holds(&bytes, word), "`{word}` is still in the file");
    }
    assert!(holds(&bytes, "55512"));
}

#[tokio::test]
async fn an_answer_under_way_does_not_bring_back_what_is_forgotten_meanwhile() {
    let model = Model::start().await;
    let mut host = Host::start(options().envs(model.as_tier("small")).env("SKILLET__MEMORY__SUMMARIES", "rules")).await;
    host.token("admin").await;
    host.chat("ada", "Remember that my bike lock code is QZX-7291", None).await;
    model
        .then(Answer::paused_after("Your lock ", "opens with QZX-7291."))
        .then(Answer::text("Locks are a fine theme."));
    let before = model.requests().len();
    let (poem, ()) = tokio::join!(host.chat("ada", "Write a poem about my bike lock, with its code", None), async {
        model.requested(before + 1).await;
        let forgot = host.chat("ada", "Forget my bike lock code", None).await;
        assert!(said(&forgot).contains("Forgotten"), "{forgot}");
        model.go_on();
    });
    assert_eq!(said(&poem), "Locks are a fine theme.", "{poem:#}");
    let [.., first, second] = &model.requests()[..] else { panic!("it was asked twice") };
    assert!(first.to_string().contains("QZX-7291") && !second.to_string().contains("QZX"), "{second:#}");
    settled(&host).await;
    let shown = shown(&host, "ada").await;
    let turn = host.get(&format!("/api/v1/turns/{}", poem["turn_id"].as_str().unwrap())).await.ok().to_string();
    assert!(!shown.contains("QZX") && !turn.contains("QZX"), "{turn}");
    host.terminate().await;
    assert!(!holds(&bytes(&host.data_dir()).await, "QZX-7291"));
}

#[tokio::test]
async fn what_was_just_said_can_be_taken_back() {
    let host = host().await;
    for (say, forget, ask, word) in [
        ("I live in Reykjavik", "forget that", "where do I live?", "Reykjavik"),
        ("我叫欧阳小明", "把这个忘了", "我叫什么名字", "欧阳小明"),
        ("What a day, my boss Grimbald shouted again", "Forget what I just said.", "who is Grimbald?", "boss"),
    ] {
        let first = host.chat("ada", say, None).await;
        let talk = first["conversation"].as_str().unwrap().to_owned();
        host.chat("ada", forget, Some(&talk)).await;
        settled(&host).await;
        let messages = host.get(&format!("/api/v1/conversations/{talk}/messages")).await.ok().to_string();
        assert!(!messages.contains(word) && messages.contains(FORGOTTEN), "{messages}");
        let asked = host.chat("ada", ask, None).await;
        assert!(!said(&asked).contains(word), "{asked}");
        let shown = shown(&host, "ada").await;
        assert!(!shown.contains(word), "{shown}");
    }
}

#[tokio::test]
async fn an_unclear_wish_is_asked_back_and_a_foreign_one_is_no_wish() {
    let host = host().await;
    host.chat("ada", "Remember that my bike code is 1111", None).await;
    host.chat("ada", "Remember that my gate code is 2222", None).await;
    let which = host.chat("ada", "forget my code", None).await;
    assert!(said(&which).contains("bike code") && said(&which).contains("gate code"), "{which}");
    let none = host.chat("ada", "/forget my shoe size", None).await;
    assert!(said(&none).contains("nothing to forget"), "{none}");
    host.chat("bob", "forget my bike code", None).await;
    let facts = host.get("/api/v1/memories?user=ada").await.ok();
    assert_eq!(facts["facts"].as_array().unwrap().len(), 2, "{facts:#}");
}

#[tokio::test]
async fn what_another_fact_says_too_stays() {
    let host = host().await;
    host.chat("ada", "I live in Reykjavik", None).await;
    host.chat("ada", "Remember that my sister lives in Reykjavik", None).await;
    host.chat("ada", "forget where I live", None).await;
    let facts = host.get("/api/v1/memories?user=ada&closed=true").await.ok();
    let texts: Vec<&str> =
        facts["facts"].as_array().unwrap().iter().map(|fact| fact["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["my sister lives in Reykjavik"]);
    let forgot = host.post("/api/v1/memories/forget", &json!({ "user": "ada", "text": "reykjavik" })).await.ok();
    assert_eq!(forgot["facts"], 1, "{forgot}");
    assert!(!shown(&host, "ada").await.to_lowercase().contains("reykjavik"));
    host.post("/api/v1/memories/forget", &json!({ "user": "ada", "text": " " })).await.problem(422);
}

/// The job of an old turn runs again, as after a crash: what was forgotten does not come back. What is
/// said anew does.
#[tokio::test]
async fn only_a_new_message_teaches_what_was_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let clock = skillet::clock::Clock::manual("2026-03-01T08:00:00Z".parse().unwrap());
    let db = skillet::store::Db::open(&"".into(), folder.path(), 4).await.unwrap();
    let memory = skillet::memory::Memory::new(db.clone(), clock.clone()).keyed([7; 32]);
    let ada = db.user_named(&clock, "ada").await.unwrap().id;
    let turn = async |text: &str| {
        let talk = db.create_conversation(&clock, ada, Channel::Web, text).await.unwrap();
        let host = skillet::ids::HostId::new(&clock);
        db.accept(&clock, &crate::harness::db::incoming(ada, talk, text, text)).await.unwrap();
        let turn = db.lease_turn(&clock, host).await.unwrap().unwrap();
        db.end_turn(&clock, &turn, host, &crate::harness::db::ending("ok")).await.unwrap();
        turn
    };
    let learnt = async |turn: &Turn, message: &str| {
        let said = skillet::memory::Said { message, zone: chrono_tz::Tz::UTC, from: None };
        memory.learn(turn, said).await.unwrap().len()
    };
    let old = turn("I live in Berlin").await;
    assert_eq!(learnt(&old, "I live in Berlin").await, 1);
    clock.advance(chrono::Duration::seconds(1));
    let target = memory.meant(ada, "where I live", false).await.unwrap().unwrap();
    assert_eq!(memory.forget(ada, &target).await.unwrap().facts, 1);
    assert_eq!(learnt(&old, "I live in Berlin").await, 0, "an old message teaches nothing");
    assert_eq!(learnt(&old, "I live in BERLIN.").await, 0);
    assert_eq!(db.facts(ada, true, 9).await.unwrap().len(), 0);
    clock.advance(chrono::Duration::seconds(1));
    let new = turn("I live in Berlin again").await;
    assert_eq!(learnt(&new, "I live in Berlin").await, 1);
}
