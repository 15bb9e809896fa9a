//! Budgets, prices, models and usage over the interface; the pages are in `pages`.

mod pages;

use serde_json::{Value, json};

use crate::harness::{
    host::{Host, Options},
    model::{Answer, MODEL, Model},
};

/// A host whose small tier is the model, which costs money.
async fn host(model: &Model) -> Host {
    let options = Options::default()
        .envs(model.as_tier("small"))
        .env("SKILLET__GATEWAY__SMALL__PAID", "yes")
        .env("SKILLET__GATEWAY__MAX_ATTEMPTS", "1")
        .env("SKILLET__MEMORY__SUMMARIES", "rules");
    let mut host = Host::start(options).await;
    host.token("admin").await;
    host
}

/// A tenth of a cent for each token.
async fn set_price(host: &Host) {
    let price = json!({ "model": MODEL, "input": "1000", "output": "1000" });
    host.put("/api/v1/prices", &json!({ "prices": [price] })).await.ok();
}

async fn try_small(host: &Host) -> Value {
    host.post("/api/v1/models/small/test", &json!({})).await.ok()
}

async fn set_budgets(host: &Host, budgets: &Value) -> Value {
    host.put("/api/v1/budgets", &json!({ "budgets": budgets })).await.ok()["budgets"].clone()
}

#[tokio::test]
async fn budgets_are_replaced_and_told() {
    let model = Model::start().await;
    let host = host(&model).await;
    let shipped = host.get("/api/v1/budgets").await.ok();
    let limits: Vec<&Value> = shipped["budgets"].as_array().unwrap().iter().map(|one| &one["limit_micros"]).collect();
    assert_eq!(limits, [5_000_000, 50_000_000], "of the owner's day and month: {shipped:#}");
    host.chat("ada", "hello", None).await;
    let users = host.get("/api/v1/users").await.ok();
    let ada = users["users"].as_array().unwrap().iter().find(|user| user["name"] == "ada").unwrap()["id"].clone();
    let set = json!([
        { "scope": "owner", "window": "month", "limit_micros": 5_000_000 },
        { "scope": "user", "subject": ada, "window": "day", "limit_tokens": 1000, "limit_micros": 10 },
        { "scope": "conversation", "window": "turn", "limit_tokens": 9 },
    ]);
    let told = set_budgets(&host, &set).await;
    let of = |scope: &str| told.as_array().unwrap().iter().find(|one| one["scope"] == scope).unwrap().clone();
    assert_eq!((&of("user")["subject_name"], &of("user")["limit_micros"]), (&json!("ada"), &json!(10)));
    assert_eq!(of("owner")["counters"][0]["spent_micros"], 0);
    assert!(of("owner")["resets_at"].as_str().unwrap().contains("-01T"), "{told:#}");
    assert_eq!(of("conversation")["resets_at"], Value::Null);
    assert_eq!(host.get("/api/v1/budgets").await.ok()["budgets"], told);

    let fewer = set_budgets(&host, &json!([{ "scope": "owner", "window": "month", "limit_tokens": 7 }])).await;
    assert_eq!(fewer.as_array().unwrap().len(), 1);
    assert_eq!((&fewer[0]["id"], &fewer[0]["limit_micros"]), (&of("owner")["id"], &Value::Null));
    let audit = host.get("/api/v1/audit").await.ok().to_string();
    assert_eq!(audit.matches("budgets.set").count(), 2, "{audit}");
}

#[tokio::test]
async fn a_budget_that_cannot_be_is_refused_and_says_why() {
    let model = Model::start().await;
    let host = host(&model).await;
    let good = json!({ "scope": "owner", "window": "day", "limit_micros": 1 });
    set_budgets(&host, &json!([good])).await;
    let nobody = "019b0000-0000-7000-8000-000000000000";
    for (bad, part) in [
        (json!({ "scope": "town", "window": "day", "limit_micros": 1 }), "conversation"),
        // Nothing runs for a workflow yet: a budget of one would bound nothing.
        (json!({ "scope": "workflow", "subject": nobody, "window": "day", "limit_micros": 1 }), "no scope"),
        (json!({ "scope": "owner", "window": "week", "limit_micros": 1 }), "month"),
        (json!({ "scope": "owner", "window": "day", "limit_tokens": 1 }), "another budget"),
        (json!({ "scope": "owner", "window": "month", "limit_micros": -1 }), "from 0"),
        (json!({ "scope": "owner", "window": "month" }), "limit"),
        (json!({ "scope": "owner", "subject": "x", "window": "month", "limit_micros": 1 }), "no subject"),
        (json!({ "scope": "user", "subject": nobody, "window": "day", "limit_micros": 1 }), "no user"),
        (json!({ "scope": "user", "subject": "ada", "window": "day", "limit_micros": 1 }), "not the id"),
        (json!({ "scope": "conversation", "subject": nobody, "window": "day", "limit_micros": 1 }), "no conversation"),
        (json!({ "scope": "token", "subject": nobody, "window": "day", "limit_micros": 1 }), "no token"),
        (json!({ "scope": "skill", "subject": "nope", "window": "day", "limit_micros": 1 }), "no skill"),
    ] {
        let answer = host.put("/api/v1/budgets", &json!({ "budgets": [good, bad] })).await;
        assert_eq!(answer.problem(422), "/problems/invalid-budget");
        assert_eq!(answer.body["index"], 1);
        assert!(answer.body["detail"].as_str().unwrap().contains(part), "`{part}` is not in {}", answer.body);
    }
    let unknown = json!({ "budgets": [{ "scope": "owner", "window": "day", "limit": 1 }] });
    assert_eq!(host.put("/api/v1/budgets", &unknown).await.problem(422), "/problems/invalid-body");
    let kept = host.get("/api/v1/budgets").await.ok();
    assert_eq!(kept["budgets"].as_array().unwrap().len(), 1, "nothing was changed: {kept:#}");
}

#[tokio::test]
async fn a_budget_that_is_used_up_is_extended_once() {
    let model = Model::start().await;
    let host = host(&model).await;
    set_price(&host).await;
    set_budgets(&host, &json!([{ "scope": "owner", "window": "day", "limit_micros": 100_000 }])).await;
    let counter = async || host.get("/api/v1/budgets").await.ok()["budgets"][0]["counters"][0].clone();
    assert_eq!(counter().await["id"], Value::Null, "nothing was counted yet");
    model.then(Answer::text("ready").usage(70, 2, 0));
    assert_eq!(try_small(&host).await["cost_micros"], 72_000);
    let used = counter().await;
    assert_eq!((&used["spent_micros"], &used["reserved_micros"]), (&json!(72_000), &json!(0)));
    let path = format!("/api/v1/budgets/counters/{}/extend", used["id"].as_str().unwrap());
    assert_eq!(host.post(&path, &json!({})).await.problem(409), "/problems/nothing-to-extend");

    let refused = try_small(&host).await;
    assert_eq!(
        (&refused["ok"], &refused["fault"], &refused["attempts"]),
        (&json!(false), &json!("budget"), &json!([]))
    );
    assert!(refused["error"].as_str().unwrap().contains("of 0.1 USD, 0.072 are spent"), "{refused:#}");
    assert_eq!(counter().await["can_extend"], true);
    assert_eq!(host.post(&path, &json!({})).await.ok()["extra_micros"], 100_000);
    assert_eq!(host.post(&path, &json!({})).await.problem(409), "/problems/nothing-to-extend");
    model.then(Answer::text("ready").usage(70, 2, 0));
    assert_eq!(try_small(&host).await["ok"], true);
    let unknown = "/api/v1/budgets/counters/019b0000-0000-7000-8000-000000000000/extend";
    assert_eq!(host.post(unknown, &json!({})).await.problem(404), "/problems/no-budget");
}

#[tokio::test]
async fn prices_of_the_owner_hold_and_are_told() {
    let model = Model::start().await;
    let host = host(&model).await;
    let before = host.get("/api/v1/prices").await.ok();
    let small = &before["models"][0];
    assert_eq!((&small["source"], &small["price"], &small["tier"]), (&json!("none"), &Value::Null, &json!("small")));
    assert_eq!(
        (&small["model"], &small["format"], &small["breaker"]),
        (&json!(MODEL), &json!("openai"), &json!("closed"))
    );
    assert_eq!(try_small(&host).await["fault"], "unpriced");

    let price = json!({ "model": MODEL, "input": "3", "cache_read": "0.30", "output": "15.000001" });
    let after = host.put("/api/v1/prices", &json!({ "prices": [price] })).await.ok();
    let expected = json!({ "input": "3", "cache_read": "0.3", "cache_write": "3", "output": "15.000001" });
    assert_eq!((&after["models"][0]["source"], &after["models"][0]["price"]), (&json!("owner"), &expected));
    assert_eq!(after["prices"][0]["cache_write"], "3");
    model.then(Answer::text("ready").usage(1_000, 0, 600));
    assert_eq!(try_small(&host).await["cost_micros"], 1_380, "400 of the input at 3, 600 at 0.30");

    for (bad, part) in [
        (json!([{ "model": "", "input": "1", "output": "1" }]), "name of a model"),
        (json!([{ "model": "m", "input": "-1", "output": "1" }]), "`-1`"),
        (json!([{ "model": "m", "input": "1", "output": "cheap" }]), "`cheap`"),
        (json!([{ "model": "m", "input": "1", "output": "2000000" }]), "`2000000`"),
        (json!([{ "model": "m", "input": "1", "output": "1" }, { "model": "m", "input": "2", "output": "2" }]), "two"),
    ] {
        let answer = host.put("/api/v1/prices", &json!({ "prices": bad })).await;
        assert_eq!(answer.problem(422), "/problems/invalid-price");
        assert!(answer.body["detail"].as_str().unwrap().contains(part), "{}", answer.body);
    }
    let audit = host.get("/api/v1/audit").await.ok().to_string();
    assert_eq!(audit.matches("prices.set").count(), 1, "{audit}");
}

#[tokio::test]
async fn a_model_is_tried_and_what_is_wrong_is_told() {
    let model = Model::start().await;
    let host = host(&model).await;
    set_price(&host).await;
    model.then(Answer::text("ready").usage(40, 1, 0));
    let ok = try_small(&host).await;
    assert_eq!((&ok["ok"], &ok["answer"], &ok["fault"]), (&json!(true), &json!("ready"), &Value::Null));
    assert_eq!(
        (&ok["input_tokens"], &ok["output_tokens"], &ok["cost_micros"]),
        (&json!(40), &json!(1), &json!(41_000))
    );
    assert!(ok["latency_ms"].is_i64() && ok["first_token_ms"].is_i64() && ok["estimated"] == false, "{ok:#}");
    assert_eq!(model.requests()[0]["max_tokens"], 16, "a test is small");
    for (status, fault) in [(401, "unauthorized"), (404, "unknown-model"), (400, "refused")] {
        model.then(Answer::status(status, &[]));
        let told = try_small(&host).await;
        assert_eq!((&told["ok"], &told["fault"]), (&json!(false), &json!(fault)), "{told:#}");
        assert!(told["error"].as_str().unwrap().contains(&status.to_string()), "{told:#}");
        assert_eq!((&told["attempts"][0]["status"], &told["cost_micros"]), (&json!("failed"), &json!(0)));
    }
    for tier in ["large", "embedding", "huge"] {
        let answer = host.post(&format!("/api/v1/models/{tier}/test"), &json!({})).await;
        assert_eq!(answer.problem(404), "/problems/no-model");
    }
    let calls = host.get("/api/v1/usage/calls?limit=2").await.ok();
    assert_eq!(calls["calls"].as_array().unwrap().len(), 2);
    assert_eq!((&calls["calls"][0]["purpose"], &calls["calls"][0]["turn"]), (&json!("test"), &Value::Null));
    let last = calls["calls"][1]["created_at"].as_str().unwrap();
    let older = host.get(&format!("/api/v1/usage/calls?before={last}")).await.ok();
    assert_eq!(older["calls"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told() {
    let nowhere = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let options = Options::default()
        .env("SKILLET__GATEWAY__SMALL__BASE_URL", &format!("http://{nowhere}/v1"))
        .env("SKILLET__GATEWAY__SMALL__MODEL", "m")
        .env("SKILLET__GATEWAY__MAX_ATTEMPTS", "2");
    let mut host = Host::start(options).await;
    host.token("admin").await;
    let told = try_small(&host).await;
    assert_eq!((&told["fault"], &told["provider"]), (&json!("unreachable"), &json!(nowhere.to_string())), "{told:#}");
    assert_eq!(told["attempts"].as_array().unwrap().len(), 2);
    for _ in 0..2 {
        try_small(&host).await;
    }
    assert_eq!(try_small(&host).await["fault"], "resting");
    assert_eq!(host.get("/api/v1/prices").await.ok()["models"][0]["breaker"], "open");
}

#[tokio::test]
async fn usage_is_a_table_for_spreadsheets_too() {
    let model = Model::start().await;
    let host = host(&model).await;
    set_price(&host).await;
    model.then(Answer::text("Hi.").usage(100, 10, 0));
    let name = "=SUM(A1), \"you\"";
    let turn = host.chat(name, "hello there, how is it going?", None).await["turn_id"].clone();
    let answer = host.request(reqwest::Method::GET, "/api/v1/usage?by=user&format=csv").send().await.unwrap();
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/csv"));
    let text = answer.text().await.unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].starts_with("id,name,calls,") && lines[0].ends_with(",cost_usd"), "{text}");
    assert!(lines[1].contains(",\"'=SUM(A1), \"\"you\"\"\",1,0,") && lines[1].ends_with(",0.11"), "{text}");
    let calls = host.get(&format!("/api/v1/usage/calls?turn={}", turn.as_str().unwrap())).await.ok();
    assert_eq!((&calls["calls"][0]["cost_micros"], &calls["calls"][0]["turn"]), (&json!(110_000), &turn));
    assert_eq!(host.get("/api/v1/usage?format=xml").await.problem(400), "/problems/invalid-query");
}

#[tokio::test]
async fn a_floor_is_set_and_a_change_of_rung_is_told() {
    let model = Model::start().await;
    let host = host(&model).await;
    set_price(&host).await;
    model.then(Answer::text("Hi."));
    host.chat("ada", "hello there, how is it going?", None).await;
    let users = host.get("/api/v1/users").await.ok();
    let ada = users["users"].as_array().unwrap().iter().find(|user| user["name"] == "ada").unwrap()["id"].clone();
    let path = format!("/api/v1/users/{}", ada.as_str().unwrap());
    assert_eq!(host.patch(&path, &json!({ "tier_floor": "large" })).await.ok()["tier_floor"], "large");
    let bad = host.patch(&path, &json!({ "tier_floor": "huge", "locale": "zh" })).await;
    assert_eq!((bad.problem(422), &bad.body["key"]), ("/problems/invalid-setting", &json!("tier_floor")));
    let after = host.patch(&path, &json!({ "tier_floor": "" })).await.ok();
    assert_eq!((&after["tier_floor"], &after["locale"]), (&Value::Null, &Value::Null));

    set_budgets(&host, &json!([{ "scope": "user", "window": "day", "limit_micros": 1 }])).await;
    host.chat("ada", "and how are the others, my friend?", None).await;
    let rungs = host.get("/api/v1/usage/rungs").await.ok();
    let last = &rungs["changes"][0];
    assert_eq!((&last["user"], &last["new_rung"]), (&ada, &json!("retrieval")), "{rungs:#}");
}

#[tokio::test]
async fn a_token_for_usage_looks_and_changes_nothing() {
    let model = Model::start().await;
    let mut host = host(&model).await;
    host.token("usage").await;
    for path in ["/api/v1/budgets", "/api/v1/prices", "/api/v1/usage/calls", "/api/v1/usage/rungs"] {
        host.get(path).await.ok();
    }
    let no = "/problems/missing-scope";
    assert_eq!(host.put("/api/v1/budgets", &json!({ "budgets": [] })).await.problem(403), no);
    assert_eq!(host.put("/api/v1/prices", &json!({ "prices": [] })).await.problem(403), no);
    assert_eq!(host.post("/api/v1/models/small/test", &json!({})).await.problem(403), no);
    host.token("chat").await;
    assert_eq!(host.get("/api/v1/budgets").await.problem(403), no);
}
