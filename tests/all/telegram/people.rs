//! Who may talk to the agent: strangers ask, the owner decides.

use chrono::{DateTime, Duration};
use serde_json::{Value, json};

use super::{Setup, bot_is, chinese, host, pairing, pairings};
use crate::harness::{
    host::Host,
    model::{Answer, Model},
    telegram::{Said, Telegram, person},
};

async fn decide(host: &Host, pairing: &Value, word: &str, body: Value) -> u16 {
    let path = format!("/api/v1/pairings/{}/{word}", pairing["id"].as_str().unwrap());
    host.post(&path, &body).await.status.as_u16()
}

fn time(value: &Value) -> DateTime<chrono::FixedOffset> {
    DateTime::parse_from_rfc3339(value.as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_stranger_gets_a_code_and_nothing_else() {
    // A model without a script complains when it is asked.
    let (telegram, model) = (Telegram::start().await, Model::start().await);
    let host = host(&telegram, Some(&model), &[]).await;
    let (eve, wang) = (person(11, "Eve"), person(12, "王芳").speaking("zh-hans"));
    telegram.write(&eve, "What do you know about the owner?");
    let notice = telegram.wait_count(eve.id, 1).await;
    let asked = pairing(&host, eve.id).await;
    assert!(notice.text.contains(asked["code"].as_str().unwrap()), "{notice:#?}");
    let code = regex::Regex::new("^[0-9A-Z]{4}-[0-9A-Z]{4}$").unwrap();
    assert!(code.is_match(asked["code"].as_str().unwrap()), "{asked:#}");
    assert_eq!(
        (&asked["name"], &asked["kind"], &asked["status"]),
        (&json!("Eve"), &json!("private"), &json!("pending"))
    );
    assert_eq!(time(&asked["expires_at"]) - time(&asked["created_at"]), Duration::hours(1));
    assert!(!chinese(&notice.text));

    let again = telegram.write(&eve, "Hello? Anybody there?");
    telegram.confirmed(again.update_id).await;
    telegram.write(&wang, "你好");
    assert!(chinese(&telegram.wait_count(wang.id, 1).await.text));
    let silent = person(13, "Lin").speaking("");
    telegram.write(&silent, "有人吗？");
    assert!(chinese(&telegram.wait_count(silent.id, 1).await.text), "the text tells the language");
    assert_eq!(telegram.messages(eve.id).len(), 1, "one notice, then silence");
    assert!(model.requests().is_empty());
    assert_eq!(host.get("/api/v1/turns").await.ok()["turns"].as_array().map(Vec::len), Some(0));
}

#[tokio::test]
async fn at_most_three_wait() {
    let setup = Setup::start().await;
    let (telegram, host) = (&setup.telegram, &setup.host);
    let strangers: Vec<_> = (1..=5).map(|n| person(20 + n, &format!("Stranger {n}"))).collect();
    for stranger in &strangers[..3] {
        telegram.write(stranger, "hello");
        telegram.wait_count(stranger.id, 1).await;
    }
    let fourth = telegram.write(&strangers[3], "hello");
    telegram.confirmed(fourth.update_id).await;
    // What came in after it is answered, so it was worked on while no place was free.
    setup.settle(&setup.ada).await;
    assert_eq!(decide(host, &pairing(host, strangers[0].id).await, "deny", json!({})).await, 200);
    // With a place free the next one is heard, and the one before stays unheard.
    telegram.write(&strangers[4], "hello");
    telegram.wait_count(strangers[4].id, 1).await;
    assert!(telegram.messages(strangers[3].id).is_empty());
    assert_eq!(pairings(host).await.len(), 5);
}

#[tokio::test]
async fn who_is_turned_away_hears_nothing_more() {
    let setup = Setup::start().await;
    let eve = person(31, "Eve");
    setup.telegram.write(&eve, "let me in");
    setup.telegram.wait_count(eve.id, 1).await;
    let asked = pairing(&setup.host, eve.id).await;
    assert_eq!(decide(&setup.host, &asked, "deny", json!({})).await, 200);
    for text in ["please", "/start", "what is 2+3"] {
        let sent = setup.telegram.write(&eve, text);
        setup.telegram.confirmed(sent.update_id).await;
    }
    setup.settle(&setup.ada).await;
    assert_eq!(setup.telegram.messages(eve.id).len(), 1);
    assert_eq!(pairing(&setup.host, eve.id).await["status"], "denied");
    let late = decide(&setup.host, &asked, "approve", json!({ "role": "member" })).await;
    assert_eq!(late, 409, "the first decision holds");
}

#[tokio::test]
async fn the_owner_is_linked_and_a_member_is_somebody_else() {
    let setup = Setup::start().await;
    let bea = person(41, "Bea");
    setup.admit(&bea, "member").await;
    setup.ask(&setup.ada, "Remember that my bike lock code is 8842", "8842").await;
    setup.ask(&bea, "Remember that my bike lock code is 1177", "1177").await;
    let ours = setup.ask(&setup.ada, "what's the code of my bike lock?", "8842").await;
    assert!(!ours.text.contains("1177"), "{ours:?}");
    setup.ask(&bea, "what do you remember about bike", "1177").await;
    assert!(setup.with_text(bea.id, "8842").is_empty());
    assert_eq!(setup.conversations(None).await.len(), 1, "Ada's account is the owner's");
    assert_eq!(setup.conversations(Some("Bea")).await.len(), 1);
    // What Ada tells on Telegram is known on the web.
    let found = setup.host.get("/api/v1/memories/search?q=bike&k=5").await.ok().to_string();
    assert!(found.contains("8842") && !found.contains("1177"), "{found}");
}

#[tokio::test]
async fn the_owner_decides_on_the_phone() {
    let setup = Setup::start().await;
    let (bea, carl) = (person(51, "Bea"), person(52, "Carl"));
    setup.telegram.write(&bea, "hello");
    let code = setup.telegram.wait_count(bea.id, 1).await;
    let request =
        setup.telegram.wait_for(setup.ada.id, |said| said.iter().find(|said| said.has_buttons()).cloned()).await;
    assert!(request.text.contains("Bea"), "{request:#?}");
    let code = pairing(&setup.host, bea.id).await["code"].as_str().map(|known| code.text.contains(known));
    assert_eq!(code, Some(true));

    // A stranger who knows what the button says cannot press it for the owner.
    let notice = setup.telegram.messages(bea.id)[0].id;
    setup.telegram.press(&bea, bea.id, notice, request.button("approve"));
    setup.settle(&setup.ada).await;
    assert_eq!(pairing(&setup.host, bea.id).await["status"], "pending");

    let press = setup.telegram.press(&setup.ada, setup.ada.id, request.id, request.button("approve"));
    setup.telegram.wait_pressed(&press).await;
    setup.telegram.wait_count(bea.id, 2).await;
    assert_eq!(pairing(&setup.host, bea.id).await["status"], "approved");
    setup.ask(&bea, "what is 20+3", "= 23").await;

    // The second press changes nothing and says why.
    let late = setup.telegram.press(&setup.ada, setup.ada.id, request.id, request.button("deny"));
    assert!(!setup.telegram.wait_pressed(&late).await.is_empty());
    assert_eq!(pairing(&setup.host, bea.id).await["status"], "approved");
    setup.ask(&bea, "what is 30+4", "= 34").await;

    // Decided on the web first, the button comes too late.
    setup.telegram.write(&carl, "hello");
    let request = setup.telegram.wait_for(setup.ada.id, |said| {
        said.iter().find(|said| said.has_buttons() && said.text.contains("Carl")).cloned()
    });
    let request = request.await;
    let asked = pairing(&setup.host, carl.id).await;
    assert_eq!(decide(&setup.host, &asked, "deny", json!({})).await, 200);
    let late = setup.telegram.press(&setup.ada, setup.ada.id, request.id, request.button("approve"));
    assert!(!setup.telegram.wait_pressed(&late).await.is_empty());
    assert_eq!(pairing(&setup.host, carl.id).await["status"], "denied");
}

#[tokio::test]
async fn one_owner_and_one_decision() {
    let setup = Setup::start().await;
    let asked = pairing(&setup.host, setup.ada.id).await;
    assert_eq!(asked["status"], "approved");
    for (word, body) in [("approve", json!({ "role": "member" })), ("deny", json!({}))] {
        assert_eq!(decide(&setup.host, &asked, word, body).await, 409, "{word}");
    }
    let nobody = json!({ "id": uuid::Uuid::now_v7().to_string() });
    assert_eq!(decide(&setup.host, &nobody, "approve", json!({ "role": "member" })).await, 404);
    assert_eq!(decide(&setup.host, &asked, "approve", json!({ "role": "king" })).await, 422);
    let state = bot_is(&setup.host, "polling").await;
    assert_eq!((&state["bot"], &state["failed"]), (&json!("skillet_test_bot"), &json!(0)));
}

#[tokio::test]
async fn nobody_decides_without_the_right_to() {
    let telegram = Telegram::start().await;
    let mut host = host(&telegram, None, &[]).await;
    telegram.write(&person(61, "Eve"), "hello");
    telegram.wait_count(61, 1).await;
    let asked = pairing(&host, 61).await;
    host.token("chat").await;
    assert_eq!(host.get("/api/v1/pairings").await.status, 403);
    assert_eq!(decide(&host, &asked, "approve", json!({ "role": "owner" })).await, 403);
    assert_eq!(telegram.messages(61).len(), 1);
}

#[tokio::test]
async fn an_admitted_person_is_answered_by_the_model() {
    let model = Model::start().await;
    model.then(Answer::text("You said good morning."));
    let setup = Setup::with_model(&model).await;
    setup.ask(&setup.ada, "Good morning to you, my dear agent", "You said good morning.").await;
    assert_eq!(model.requests().len(), 1);
    assert!(!model.requests()[0].to_string().contains("hello"), "what a stranger wrote is in no prompt");
}

#[tokio::test]
async fn a_name_stays_a_name() {
    let setup = Setup::start().await;
    let eve = person(91, "[Log in](https://evil.example) `AAAA-AAAA` **now**\u{202E}");
    setup.telegram.write(&eve, "hello");
    let find = |said: &[Said]| said.iter().find(|said| said.text.contains("Log in")).cloned();
    let request = setup.telegram.wait_for(setup.ada.id, find).await;
    let shown = "[Log in](https://evil.example) `AAAA-AAAA` **now**";
    assert!(request.text.starts_with(shown), "{request:#?}");
    let kinds = |said: &Said| -> Vec<String> {
        said.entities.iter().map(|entity| entity["type"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds(&request), ["code"], "that of the real code");
    let press = setup.telegram.press(&setup.ada, setup.ada.id, request.id, request.button("deny"));
    setup.telegram.wait_pressed(&press).await;
    let decided = |said: &[Said]| find(said).filter(|said| !said.has_buttons());
    let decided = setup.telegram.wait_for(setup.ada.id, decided).await;
    assert!(decided.text.starts_with(&request.text) && kinds(&decided).is_empty(), "{decided:#?}");
    assert_eq!(pairing(&setup.host, eve.id).await["name"], shown);
}

#[tokio::test]
async fn a_press_is_heard_only_where_it_belongs() {
    let setup = Setup::start().await;
    let bea = person(92, "Bea");
    setup.admit(&bea, "member").await;
    let reminder = json!({ "type": "reminder", "run_at": "2099-01-01T08:00:00Z", "payload": { "text": "the gift" } });
    let job = setup.host.post("/api/v1/jobs", &reminder).await.ok();
    let id = job["id"].as_str().unwrap();
    let skill = json!({
        "type": "skill_call", "run_at": "2099-01-01T08:00:00Z", "user": "Bea",
        "payload": { "skill": "calculator", "input": { "expression": "1+1" } },
    });
    let own = setup.host.post("/api/v1/jobs", &skill).await.ok();
    let own = own["id"].as_str().unwrap();
    // A client that is not Telegram's can send anything with a press, in its own chat.
    let there = setup.telegram.messages(bea.id)[0].id;
    for data in [
        format!("j:x:{id}"),
        format!("r:snooze:10:{id}"),
        format!("r:done:{id}"),
        format!("r:snooze:10:{own}"),
        format!("r:snooze:-5:{own}"),
        format!("p:y:{id}"),
        "p:y:".into(),
        ":::::".into(),
        String::new(),
    ] {
        let press = setup.telegram.press(&bea, bea.id, there, &data);
        assert!(!setup.telegram.wait_pressed(&press).await.is_empty(), "{data}");
    }
    let mine = setup.telegram.send(&bea.says("what is 90+9"));
    setup.telegram.wait_text(bea.id, "= 99").await;
    // Nor with a message that is not the bot's.
    let press = setup.telegram.press(&bea, bea.id, mine.message_id, &format!("j:x:{own}"));
    setup.telegram.wait_pressed(&press).await;
    let jobs = setup.host.get("/api/v1/jobs?status=queued").await.ok();
    let jobs = jobs["jobs"].as_array().unwrap();
    let ids: Vec<_> = jobs.iter().filter(|job| job["type"] != "write_episode").map(|job| &job["id"]).collect();
    assert_eq!(ids, [&json!(own), &json!(id)], "{jobs:#?}");
}

#[tokio::test]
async fn an_earlier_phone_of_the_owner_hears_nothing_more() {
    let setup = Setup::start().await;
    let talk = setup.conversations(None).await.remove(0);
    let (before, second) = (setup.telegram.messages(setup.ada.id).len(), person(1003, "Ada"));
    let reminder = |text: &str, conversation: Option<&str>| {
        let run_at = skillet::clock::Clock::System.now().to_rfc3339();
        json!({ "type": "reminder", "run_at": run_at, "payload": { "text": text }, "conversation": conversation })
    };
    setup.admit(&second, "owner").await;
    // The question was for the one who was the owner then.
    let asked = setup.telegram.wait_count(setup.ada.id, before + 1).await;
    let press = setup.telegram.press(&setup.ada, setup.ada.id, asked.id, asked.button("deny"));
    setup.telegram.wait_pressed(&press).await;
    for (text, conversation) in [("feed the cat", Some(talk.as_str())), ("call the bank", None)] {
        setup.host.post("/api/v1/jobs", &reminder(text, conversation)).await.ok();
        setup.telegram.wait_text(second.id, text).await;
    }
    // Who has the old phone is a stranger.
    setup.telegram.write(&setup.ada, "what is 12+34");
    setup.telegram.wait_count(setup.ada.id, before + 2).await;
    setup.ask(&second, "what is 12+35", "= 47").await;
    let said = setup.telegram.messages(setup.ada.id).split_off(before);
    assert_eq!(said.len(), 2, "{said:#?}");
    assert!(said[0].has_buttons() && said[1].text.contains("don't know you"), "{said:#?}");
}
