//! Jobs that people set: they run when they are due, once, and what they say arrives.

use chrono::{DateTime, Duration, Timelike, Utc};
use secrecy::SecretString;
use serde_json::{Value, json};
use skillet::{clock::Clock, gateway::count_tokens, store::Db};

use crate::{
    harness::{
        guests,
        host::{Host, Options},
        manifest::Manifest,
        model::{Answer, Model},
        postgres,
        telegram::{Telegram, person},
    },
    telegram::{INTERRUPTED, Setup, bot, bot_is, chinese, options},
};

fn now() -> DateTime<Utc> {
    Clock::System.now()
}

fn in_seconds(seconds: i64) -> String {
    (now() + Duration::seconds(seconds)).to_rfc3339()
}

fn reminder(text: &str, run_at: &str) -> Value {
    json!({ "type": "reminder", "run_at": run_at, "payload": { "text": text } })
}

/// Makes a job and returns its path.
async fn make(host: &Host, job: &Value) -> String {
    let answer = host.post("/api/v1/jobs", job).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    format!("/api/v1/jobs/{}", answer.body["id"].as_str().unwrap())
}

/// A web host and a conversation there.
async fn web() -> (Host, String) {
    web_with(Options::default()).await
}

async fn web_with(options: Options) -> (Host, String) {
    let mut host = Host::start(Options { bundle: true, ..options }).await;
    host.token("admin").await;
    let first = host.post("/api/v1/chat", &json!({ "message": "what is 1+1" })).await.ok();
    (host, first["conversation"].as_str().unwrap().to_owned())
}

/// What the agent has said in a conversation that holds `part`.
async fn said(host: &Host, conversation: &str, part: &str) -> Vec<String> {
    let all = host.get(&format!("/api/v1/conversations/{conversation}/messages")).await.ok();
    let all = all["messages"].as_array().unwrap().clone();
    let ours = all.iter().filter(|message| message["role"] == "assistant");
    let texts = ours.map(|message| message["content"].as_str().unwrap().to_owned());
    texts.filter(|text| text.contains(part)).collect()
}

/// Waits until the interface tells what is wanted.
async fn until<T>(host: &Host, path: &str, look: impl Fn(&Value) -> Option<T>) -> T {
    for _ in 0..1_200 {
        if let Some(found) = look(&host.get(path).await.ok()) {
            return found;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("waited in vain for {path}: {:#}\n{}", host.get(path).await.ok(), host.log());
}

/// Waits until the agent has said something in a conversation.
async fn arrived(host: &Host, conversation: &str, part: &str) {
    let path = format!("/api/v1/conversations/{conversation}/messages");
    until(host, &path, |all| {
        let mut all = all["messages"].as_array().unwrap().iter();
        all.any(|message| message["content"].as_str().unwrap().contains(part)).then_some(())
    })
    .await;
}

/// Moves a job of a host that is down into the past, as if it had been down for longer.
async fn move_back(host: &Host, path: &str, by: Duration) {
    let db = Db::open(&SecretString::from(""), &host.data_dir(), 1).await.unwrap();
    let Db::Sqlite(pool, _) = &db else { panic!("the host is on SQLite") };
    let id: uuid::Uuid = path.rsplit('/').next().unwrap().parse().unwrap();
    let (slot,): (DateTime<Utc>,) =
        sqlx::query_as("SELECT slot FROM jobs WHERE id = $1").bind(id).fetch_one(pool).await.unwrap();
    let moved = sqlx::query("UPDATE jobs SET slot = $2, run_at = $2 WHERE id = $1").bind(id).bind(slot - by);
    assert_eq!(moved.execute(pool).await.unwrap().rows_affected(), 1);
}

#[tokio::test]
async fn a_reminder_arrives_in_its_conversation_when_it_is_due() {
    let (host, conversation) = web().await;
    let mut job = reminder("water the ficus", &in_seconds(2));
    job["conversation"] = json!(conversation);
    let path = make(&host, &job).await;
    let due = host.get(&path).await.ok();
    assert_eq!((&due["type"], &due["status"]), (&json!("reminder"), &json!("queued")), "{due:#}");
    arrived(&host, &conversation, "water the ficus").await;
    let run_at = DateTime::parse_from_rfc3339(due["run_at"].as_str().unwrap()).unwrap();
    assert!(now() >= run_at, "it came too early");
    // One that is due later is there; nothing more comes of the first.
    let mut later = reminder("feed the cat", &in_seconds(1));
    later["conversation"] = json!(conversation);
    make(&host, &later).await;
    arrived(&host, &conversation, "feed the cat").await;
    let told = said(&host, &conversation, "water the ficus").await;
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(!told[0].contains("late by"), "{told:#?}");
    let path_of_runs = format!("{path}/runs");
    let done = |runs: &Value| (runs["runs"][0]["status"] == "done").then(|| runs["runs"].clone());
    let runs = until(&host, &path_of_runs, done).await;
    assert_eq!(runs.as_array().unwrap().len(), 1, "{runs:#}");
    assert_eq!(host.get(&path).await.ok()["status"], "done");
}

#[tokio::test]
async fn a_reminder_on_the_phone_has_buttons_that_work_once() {
    let setup = Setup::start().await;
    for (text, label, minutes) in [("call mum", "+10 min", 10), ("buy milk", "+1 h", 60)] {
        make(&setup.host, &reminder(text, &in_seconds(1))).await;
        let shown = setup.telegram.wait_text(setup.ada.id, text).await;
        for _ in 0..2 {
            let press = setup.telegram.press(&setup.ada, setup.ada.id, shown.id, shown.button(label));
            setup.telegram.wait_pressed(&press).await;
        }
        let queued = until(&setup.host, "/api/v1/jobs?status=queued", |jobs| {
            let jobs = jobs["jobs"].as_array().unwrap().iter();
            let again: Vec<Value> = jobs.filter(|job| job["payload"]["text"] == text).cloned().collect();
            (!again.is_empty()).then_some(again)
        });
        let queued = queued.await;
        assert_eq!(queued.len(), 1, "{queued:#?}");
        let at = DateTime::parse_from_rfc3339(queued[0]["run_at"].as_str().unwrap()).unwrap();
        let minutes_left = (at.to_utc() - now()).num_seconds() / 60;
        assert!((minutes - 2..=minutes).contains(&minutes_left), "{minutes_left} minutes: {queued:#?}");
        assert!(setup.with_text(setup.ada.id, text).len() < 2, "it is not said again at once");
    }
    make(&setup.host, &reminder("lock the door", &in_seconds(1))).await;
    let shown = setup.telegram.wait_text(setup.ada.id, "lock the door").await;
    for _ in 0..2 {
        let press = setup.telegram.press(&setup.ada, setup.ada.id, shown.id, shown.button("done"));
        setup.telegram.wait_pressed(&press).await;
    }
    let jobs = setup.host.get("/api/v1/jobs?status=queued").await.ok().to_string();
    assert!(!jobs.contains("lock the door"), "{jobs}");
}

#[tokio::test]
async fn a_reminder_outlives_a_crash() {
    let mut setup = Setup::start().await;
    // Before it is due.
    make(&setup.host, &reminder("the first thing", &in_seconds(1))).await;
    setup.host.kill9().await;
    setup.host.restart().await;
    setup.telegram.wait_text(setup.ada.id, "the first thing").await;
    // While it is sent.
    let held = setup.telegram.hold_when("sendMessage", |call| call.text().contains("the second thing"));
    make(&setup.host, &reminder("the second thing", &in_seconds(1))).await;
    held.arrived(1).await;
    setup.host.kill9().await;
    held.release();
    setup.host.restart().await;
    setup.telegram.wait_text(setup.ada.id, "the second thing").await;
    // When it was taken, and nobody knows.
    let held = setup.telegram.hold_answer("sendMessage", |call| call.text().contains("the third thing"));
    make(&setup.host, &reminder("the third thing", &in_seconds(1))).await;
    held.arrived(1).await;
    setup.host.kill9().await;
    held.release();
    setup.host.restart().await;
    setup.settle(&setup.ada).await;
    setup.said_once(setup.ada.id, "the first thing");
    setup.said_once_or_noted(setup.ada.id, "the second thing");
    setup.said_once_or_noted(setup.ada.id, "the third thing");
    assert!(setup.with_text(setup.ada.id, "the first thing").iter().all(|said| !said.text.contains(INTERRUPTED[0])));
}

#[tokio::test]
async fn a_reminder_that_is_late_says_so() {
    for (owner, late) in [(person(1001, "Ada"), "late by"), (person(1002, "小安").speaking("zh-hans"), "迟到")] {
        let mut setup = Setup::of(owner, None, &[]).await;
        let text = if late == "迟到" { "浇花" } else { "water the ficus" };
        let path = make(&setup.host, &reminder(text, &in_seconds(600))).await;
        assert!(setup.host.terminate().await.success());
        move_back(&setup.host, &path, Duration::hours(2)).await;
        setup.host.restart().await;
        let shown = setup.telegram.wait_text(setup.ada.id, text).await;
        assert!(shown.text.contains(late), "{shown:#?}");
        assert_eq!(chinese(&shown.text), late == "迟到");
        setup.settle(&setup.ada).await;
        setup.said_once(setup.ada.id, text);
    }
}

#[tokio::test]
async fn missed_runs_are_skipped_made_once_or_all_made() {
    let (mut host, conversation) = web().await;
    // Half an hour from now, so that no run is due while this test runs.
    let recurrence = format!("{} * * * *", (now().minute() + 30) % 60);
    let mut paths = Vec::new();
    for missed in ["skip", "once", "all"] {
        let job = json!({
            "type": "reminder", "recurrence": recurrence, "missed": missed, "conversation": conversation,
            "payload": { "text": format!("hourly {missed}") },
        });
        paths.push(make(&host, &job).await);
    }
    assert!(host.terminate().await.success());
    for path in &paths {
        move_back(&host, path, Duration::hours(3)).await;
    }
    host.restart().await;
    for path in &paths {
        // All of them go on with the next hour.
        until(&host, path, |job| {
            let at = DateTime::parse_from_rfc3339(job["run_at"].as_str().unwrap()).unwrap();
            (job["status"] == "queued" && at.to_utc() > now()).then_some(())
        })
        .await;
    }
    arrived(&host, &conversation, "hourly all").await;
    let count = async |word: &str| said(&host, &conversation, &format!("hourly {word}")).await.len();
    assert_eq!((count("skip").await, count("once").await, count("all").await), (0, 1, 3));
    let runs = host.get(&format!("{}/runs", paths[0])).await.ok();
    assert!(runs["runs"].as_array().unwrap().iter().any(|run| run["status"] == "missed"), "{runs:#}");
}

#[tokio::test]
async fn a_job_can_be_paused_moved_run_and_cancelled() {
    let (host, conversation) = web().await;
    let mut job = reminder("the paused one", &in_seconds(1));
    job["conversation"] = json!(conversation);
    let paused = make(&host, &job).await;
    host.patch(&paused, &json!({ "paused": true })).await.ok();
    job["payload"] = json!({ "text": "the cancelled one" });
    let cancelled = make(&host, &job).await;
    host.delete(&cancelled).await.ok();
    job["payload"] = json!({ "text": "the old words" });
    job["run_at"] = json!(in_seconds(3_600));
    let moved = make(&host, &job).await;
    host.patch(&moved, &json!({ "run_at": in_seconds(2), "payload": { "text": "the new words" } })).await.ok();
    arrived(&host, &conversation, "the new words").await;
    for part in ["the paused one", "the cancelled one", "the old words"] {
        assert!(said(&host, &conversation, part).await.is_empty(), "{part}");
    }
    assert_eq!(host.get(&cancelled).await.ok()["status"], "cancelled");
    host.patch(&paused, &json!({ "paused": false })).await.ok();
    arrived(&host, &conversation, "the paused one").await;

    let daily = json!({
        "type": "reminder", "recurrence": "0 3 * * *", "time_zone": "Europe/Berlin", "conversation": conversation,
        "payload": { "text": "the nightly one" },
    });
    let daily = make(&host, &daily).await;
    let run = host.post(&format!("{daily}/run"), &json!({})).await;
    assert_eq!(run.status, 201, "{}", run.body);
    arrived(&host, &conversation, "the nightly one").await;
    let next = host.get(&daily).await.ok();
    assert_eq!(next["status"], "queued", "the job itself goes on: {next:#}");
    assert_eq!(host.delete(&daily).await.status, 200);
    assert_eq!(host.get("/api/v1/jobs/00000000-0000-7000-8000-000000000000").await.status, 404);
}

#[tokio::test]
async fn one_key_is_one_job() {
    let (host, conversation) = web().await;
    let mut job = reminder("only once", &in_seconds(1));
    job["conversation"] = json!(conversation);
    job["idempotency_key"] = json!("mine-1");
    let first = make(&host, &job).await;
    let again = host.post("/api/v1/jobs", &job).await.ok();
    assert!(first.ends_with(again["id"].as_str().unwrap()), "{again:#}");
    arrived(&host, &conversation, "only once").await;
    let after = host.post("/api/v1/jobs", &job).await.ok();
    assert!(first.ends_with(after["id"].as_str().unwrap()), "{after:#}");
    let mut next = reminder("the last one", &in_seconds(0));
    next["conversation"] = json!(conversation);
    make(&host, &next).await;
    arrived(&host, &conversation, "the last one").await;
    assert_eq!(said(&host, &conversation, "only once").await.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_a_job_is_refused_with_its_reason() {
    let (host, _) = web().await;
    let text = json!({ "text": "x" });
    for job in [
        json!({ "type": "reminder", "payload": text, "recurrence": "every day" }),
        json!({ "type": "reminder", "payload": text, "recurrence": "61 * * * *" }),
        json!({ "type": "reminder", "payload": text, "recurrence": "0 3 * * *", "time_zone": "Mars/Base" }),
        json!({ "type": "reminder", "payload": text, "recurrence": "0 0 30 2 *" }),
        json!({ "type": "reminder", "payload": text, "run_at": "tomorrow" }),
        json!({ "type": "reminder", "payload": text }),
        json!({ "type": "reminder", "payload": {}, "run_at": in_seconds(60) }),
        json!({ "type": "reminder", "payload": { "text": " " }, "run_at": in_seconds(60) }),
        json!({ "type": "skill_call", "payload": { "skill": "no_such_skill", "input": {} }, "run_at": in_seconds(60) }),
        json!({ "type": "write_episode", "payload": {}, "run_at": in_seconds(60) }),
    ] {
        let answer = host.post("/api/v1/jobs", &job).await;
        assert_eq!(answer.problem(422), "/problems/invalid-job", "{job}");
    }
    assert_eq!(host.get("/api/v1/jobs?status=queued").await.ok()["jobs"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn a_skill_and_a_digest_run_by_the_clock() {
    let setup = Setup::start().await;
    let skill = json!({
        "type": "skill_call", "run_at": in_seconds(1),
        "payload": { "skill": "calculator", "input": { "expression": "1200+34" } },
    });
    let path = make(&setup.host, &skill).await;
    until(&setup.host, &format!("{path}/runs"), |runs| (runs["runs"][0]["status"] == "done").then_some(())).await;
    setup.telegram.wait_text(setup.ada.id, "= 1234").await;
    let before = setup.telegram.messages(setup.ada.id).len();
    let digest = make(&setup.host, &json!({ "type": "daily_digest", "recurrence": "0 8 * * *", "payload": {} })).await;
    setup.host.post(&format!("{digest}/run"), &json!({})).await.ok();
    setup.telegram.wait_count(setup.ada.id, before + 1).await;
    setup.settle(&setup.ada).await;
    assert_eq!(setup.telegram.messages(setup.ada.id).len(), before + 2);
}

#[tokio::test]
async fn a_digest_by_a_model_keeps_within_its_bound() {
    let model = Model::start().await;
    let options = Options::default()
        .envs(model.as_tier("small"))
        .env("SKILLET__MEMORY__SUMMARIES", "rules")
        .env("SKILLET__GATEWAY__TOKEN_BUDGETS__DIGEST", "500");
    let (host, conversation) = web_with(options).await;
    for nth in 0..10 {
        let mut job = reminder(&format!("{nth} {}", "请记得给茶园浇水并检查温度。".repeat(8)), &in_seconds(3_600));
        job["conversation"] = json!(conversation);
        make(&host, &job).await;
    }
    model.then(Answer::text("A day for the tea."));
    let job = json!({ "type": "daily_digest", "recurrence": "0 8 * * *", "conversation": conversation, "payload": {} });
    let digest = make(&host, &job).await;
    host.post(&format!("{digest}/run"), &json!({})).await.ok();
    arrived(&host, &conversation, "A day for the tea.").await;
    let requests = model.requests();
    let texts = requests.last().unwrap()["messages"].as_array().unwrap();
    let tokens: u32 = texts.iter().map(|one| count_tokens(one["content"].as_str().unwrap())).sum();
    assert!(tokens <= 500 && tokens > 400, "{tokens}: {texts:#?}");
}

#[tokio::test]
async fn a_digest_brings_what_is_new_in_the_feeds_along() {
    let (host, conversation) = web().await;
    let feed =
        |version: &str, output: &Value| guests::constant(&output.to_string(), &Manifest::new("feed").version(version));
    let job = json!({ "type": "daily_digest", "recurrence": "0 8 * * *", "conversation": conversation, "payload": {} });
    let digest = make(&host, &job).await;
    let tell = async || {
        let run = host.post(&format!("{digest}/run"), &json!({})).await.ok();
        let run = format!("/api/v1/jobs/{}", run["id"].as_str().unwrap());
        until(&host, &run, |job| (job["status"] == "done").then_some(())).await;
        said(&host, &conversation, "").await.pop().unwrap()
    };
    let news = json!({ "text": "Tea\n- Oolong", "items": [{ "title": "Oolong" }] });
    // It has the name of a built-in one, so it waits for a yes.
    let digest_of = host.upload(feed("2.0.0", &news)).await.ok()["digest"].as_str().unwrap().to_owned();
    host.post(&format!("/api/v1/skills/feed/versions/{digest_of}/activate"), &json!({})).await.ok();
    let with = tell().await;
    let (day, feeds) = with.split_once("\n\nTea").unwrap_or_else(|| panic!("{with}"));
    assert!(!day.is_empty() && feeds == "\n- Oolong", "{with}");
    // Nothing new, nothing that works, nothing at all.
    host.upload(feed("2.0.1", &json!({ "text": "Nothing new in Tea.", "items": [] }))).await.ok();
    assert_eq!(tell().await, day);
    host.upload(guests::trap(&Manifest::new("feed").version("2.0.2"))).await.ok();
    assert_eq!(tell().await, day);
    host.upload(feed("2.0.3", &news)).await.ok();
    host.post("/api/v1/skills/feed/disable", &json!({})).await.ok();
    assert_eq!(tell().await, day);
}

#[tokio::test]
async fn the_phone_lists_what_is_to_come() {
    let setup = Setup::start().await;
    let bea = person(601, "Bea");
    setup.admit(&bea, "member").await;
    make(&setup.host, &reminder("renew the passport", &in_seconds(3_600))).await;
    setup.ask(&setup.ada, "/jobs", "renew the passport").await;
    let before = setup.telegram.messages(bea.id).len();
    setup.telegram.write(&bea, "/jobs");
    setup.telegram.wait_count(bea.id, before + 1).await;
    assert!(setup.with_text(bea.id, "passport").is_empty(), "everybody sees their own");
}

#[tokio::test]
async fn two_hosts_share_one_bot_and_its_jobs() {
    let Some(server) = postgres::server() else {
        postgres::say_skipped("two_hosts_share_one_bot_and_its_jobs");
        return;
    };
    let url = postgres::database(server).await;
    let telegram = Telegram::start().await;
    let options = Options { database_url: Some(url.clone()), ..options(&telegram, None, &[]) };
    let mut one = Host::start(options).await;
    one.token("admin").await;
    bot_is(&one, "polling").await;
    let mut setup = Setup { telegram, host: one, ada: person(1001, "Ada") };
    setup.admit(&setup.ada, "owner").await;
    let mut two = setup.host.another().await;
    bot_is(&two, "polling").await;
    for n in 0..6 {
        let host = if n % 2 == 0 { &setup.host } else { &two };
        make(host, &reminder(&format!("reminder {n}!"), &in_seconds(1))).await;
    }
    for n in 0..6 {
        setup.telegram.wait_text(setup.ada.id, &format!("reminder {n}!")).await;
        setup.ask(&setup.ada, &format!("what is 2000+{n}"), &format!("= {}", 2_000 + n)).await;
    }
    let conflicts = setup.telegram.calls("getUpdates").iter().filter(|call| call.status == Some(409)).count();
    assert_eq!(conflicts, 0, "only one host polls");
    // The other one takes over, and nothing is in the window.
    while bot(&two).await["pending"] != 0 {}
    setup.host.kill9().await;
    setup.ask(&setup.ada, "what is 3000+1", "= 3001").await;
    assert_eq!(bot(&two).await["state"], "polling");
    for n in 0..6 {
        setup.said_once(setup.ada.id, &format!("reminder {n}!"));
        setup.said_once(setup.ada.id, &format!("= {}", 2_000 + n));
    }
    two.terminate().await;
    postgres::drop_database(&url).await;
}
