//! Anthropic's Messages API: what is sent, what is understood, and what is booked.

use serde_json::{Value, json};
use skillet::{
    gateway::{
        Finish, GatewayError, HistoryLine, Options, Parts, ProviderError, Request, Round, SkillResult, ToolCall,
        ToolChoice, ToolSpec,
    },
    store::ModelCallStatus,
};

use crate::harness::{
    anthropic::{API_KEY, Claude, MODEL, Reply},
    gateway::{Ground, claude},
    host::{Host, Options as HostOptions},
};

async fn host(options: HostOptions) -> Host {
    let mut host = Host::start(options).await;
    host.token("admin").await;
    host
}

/// The model is the small tier; summaries by rules, so that only answers are asked for.
fn by_rules(model: &Claude) -> HostOptions {
    HostOptions::default().envs(model.as_tier("small")).env("SKILLET__MEMORY__SUMMARIES", "rules")
}

/// The attempts that a turn made.
async fn attempts(host: &Host, reply: &Value) -> Vec<Value> {
    let turn = host.get(&format!("/api/v1/turns/{}", text(&reply["turn_id"]))).await.ok();
    turn["model_calls"].as_array().unwrap().clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn hello() -> Parts {
    Parts { system: "You are brief.".into(), message: "Hello!".into(), ..Parts::default() }
}

fn streamed(request: Request) -> Request {
    Request { stream: true, ..request }
}

#[tokio::test]
async fn a_reply_streams_and_its_tokens_are_booked_by_class() {
    let model = Claude::start().await;
    model.then(Reply::text("春天来了，花都开了。").usage(100, 600, 300, 12));
    let host = host(by_rules(&model)).await;
    let events = host.chat_stream("ada", "写一句关于春天的话", None).await.all().await;
    let deltas: Vec<&str> =
        events.iter().filter(|event| event.name == "delta").map(|event| text(&event.data["text"])).collect();
    assert_eq!(deltas.concat(), "春天来了，花都开了。");
    assert!(deltas.len() > 1, "it came in one piece");
    let done = &events.last().unwrap().data;
    assert_eq!((&done["usage"]["input_tokens"], &done["usage"]["output_tokens"]), (&json!(1000), &json!(12)));
    let rows = attempts(&host, done).await;
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!((text(&row["status"]), text(&row["model"]), &row["estimated"]), ("done", MODEL, &json!(false)));
    let tokens = ["input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens"].map(|key| &row[key]);
    assert_eq!(tokens, [&json!(1000), &json!(600), &json!(300), &json!(12)]);
    // At 1, 0.1, 1.25 and 5 dollars for a million: 100 + 60 + 375 + 60.
    assert_eq!(row["cost_micros"], 595);
}

#[tokio::test]
async fn a_turn_calls_skills_and_ends_of_stable_parts_are_marked() {
    let model = Claude::start().await;
    model
        .then(Reply::text("Nice to meet you."))
        .then(
            Reply::text("Let me see. ")
                .and_call("calculator", &json!({ "expression": "12*12" }))
                .and_call("calculator", &json!({ "expression": "1+1" })),
        )
        .then(Reply::text("A gross is 144, and a pair is 2."));
    let host = host(HostOptions { bundle: true, ..by_rules(&model) }).await;
    let first = host.chat("ada", "Let us talk about numbers, my friend.", None).await;
    let reply = host.chat("ada", "How many are a gross and a pair?", first["conversation"].as_str()).await;
    assert_eq!(text(&reply["reply"]), "A gross is 144, and a pair is 2.");
    assert_eq!(reply["skills"].as_array().unwrap().len(), 2, "{reply:#}");
    let requests = model.requests();
    let messages = requests[2]["messages"].as_array().unwrap();
    let results: Vec<&Value> = messages.last().unwrap()["content"].as_array().unwrap().iter().collect();
    assert_eq!((results.len(), &results[0]["tool_use_id"]), (2, &json!("toolu_01")));
    assert!(text(&results[0]["content"]).contains("144"), "{results:?}");
    for request in &requests[1..] {
        let marked = |block: &Value| block["cache_control"] == json!({ "type": "ephemeral" });
        assert!(marked(request["tools"].as_array().unwrap().last().unwrap()));
        assert!(marked(&request["system"][0]));
        assert!(marked(&request["messages"][1]["content"][0]), "the history ends there: {request:#}");
        assert_eq!(request.to_string().matches("cache_control").count(), 3, "{request:#}");
    }
    assert_eq!(requests[0].to_string().matches("cache_control").count(), 2, "there is no history yet");
    assert_eq!(requests[1]["tool_choice"], json!({ "type": "auto" }));
}

#[tokio::test]
async fn a_summary_comes_by_a_forced_tool() {
    let model = Claude::start().await;
    let summary = json!({
        "subject": "trip", "conclusion": "Oslo in May", "actions": [], "open_points": ["hotel"],
        "parameters": { "month": "May" }, "tags": ["travel"], "text": "They decided to travel to Oslo in May.",
    });
    model.then(Reply::text("Oslo in May sounds good.")).then(Reply::json(&summary));
    let host = host(by_rules(&model).env("SKILLET__MEMORY__SUMMARIES", "model")).await;
    host.chat("ada", "Let us plan a trip for the spring", None).await;
    for _ in 0..400 {
        let memories = host.get("/api/v1/memories?user=ada").await.ok().to_string();
        if memories.contains("They decided to travel to Oslo in May.") {
            let asked = &model.requests()[1];
            assert_eq!(asked["tool_choice"]["name"], asked["tools"][0]["name"], "{asked:#}");
            assert_eq!(asked["tools"][0]["input_schema"]["additionalProperties"], false, "{asked:#}");
            assert!(asked.get("stream").is_none(), "nobody reads along");
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("the model's summary was not kept");
}

#[tokio::test]
async fn a_cut_stream_is_no_answer() {
    let model = Claude::start().await;
    model.then(Reply::close_after("Half an ans"));
    let host = host(by_rules(&model)).await;
    let reply = host.chat("ada", "Are you there, my friend?", None).await;
    assert!(text(&reply["tier"]) == "none" && !text(&reply["reply"]).contains("Half"), "{reply:#}");
    let rows = attempts(&host, &reply).await;
    assert_eq!((rows.len(), text(&rows[0]["status"])), (1, "truncated"), "words had come, so it is not sent again");
    assert_eq!(rows[0]["estimated"], true);
    assert!(rows[0]["output_tokens"].as_i64() > Some(0) && rows[0]["cost_micros"].as_i64() > Some(0), "{rows:#?}");
}

#[tokio::test]
async fn every_way_to_break_off_is_told() {
    let model = Claude::start().await;
    let ground = Ground::new(claude(&model)).await;
    let cases = [
        (Reply::close_after("Half"), ModelCallStatus::Truncated),
        (Reply::reset_after("Half"), ModelCallStatus::Truncated),
        (Reply::error_after("Half", "overloaded_error"), ModelCallStatus::Truncated),
        (Reply::stall_after("Half"), ModelCallStatus::Failed),
    ];
    for (nth, (reply, status)) in cases.into_iter().enumerate() {
        model.then(reply.clone());
        let (answer, words) = ground.ask(&streamed(ground.question(hello(), Options::default()))).await;
        assert!(matches!(answer, Err(GatewayError::Provider(_))), "{reply:?}: {answer:?}");
        assert_eq!(words.concat(), "Half");
        let rows = ground.rows().await;
        assert_eq!((rows.len(), rows[nth].status), (nth + 1, status), "{reply:?}");
    }
}

#[tokio::test]
async fn what_is_refused_is_asked_once_and_what_is_busy_again() {
    let model = Claude::start().await;
    let ground = Ground::new(claude(&model)).await;
    for (status, kind) in [(400, "invalid_request_error"), (401, "authentication_error"), (404, "not_found_error")] {
        let before = model.requests().len();
        model.then(Reply::status(status, kind));
        let (answer, _) = ground.ask(&ground.question(hello(), Options::default())).await;
        let error = answer.unwrap_err();
        let refused = |error: &GatewayError| matches!(error, GatewayError::Provider(ProviderError::Status { status: is, .. }) if *is == status);
        assert!(refused(&error), "{error}");
        assert!(error.to_string().contains("[key]") && !error.to_string().contains(API_KEY), "{error}");
        assert_eq!(model.requests().len(), before + 1, "{status}");
    }
    for stream in [false, true] {
        let busy =
            if stream { Reply::error_at_once("overloaded_error") } else { Reply::status(529, "overloaded_error") };
        model.then(busy).then(Reply::text("Here I am."));
        let request = Request { stream, ..ground.question(hello(), Options::default()) };
        assert_eq!(ground.ask(&request).await.0.unwrap().text, "Here I am.");
    }
    let rows = ground.rows().await;
    let seen: Vec<(i64, &str, i64)> =
        rows.iter().map(|row| (row.attempt, row.status.word(), row.input_tokens)).collect();
    let refused = (1, "failed", 0);
    assert_eq!(seen, [refused, refused, refused, refused, (2, "done", 100), refused, (2, "done", 100)]);
    assert!(rows.iter().all(|row| row.error.as_ref().is_none_or(|error| !error.contains(API_KEY))));
    assert!(rows.iter().all(|row| row.status == ModelCallStatus::Done || row.cost_micros == 0), "a refusal is free");
}

#[tokio::test]
async fn a_stream_and_a_whole_answer_say_the_same() {
    let model = Claude::start().await;
    let ground = Ground::new(claude(&model)).await;
    let tool = ToolSpec { name: "add".into(), description: "Adds.".into(), parameters: json!({ "type": "object" }) };
    let request = ground.question(Parts { tools: vec![tool], ..hello() }, Options::default());
    let reply = || {
        Reply::text("啊，so")
            .and_call("add", &json!({ "a": "“1”", "b": [2] }))
            .and_call("add", &json!({}))
            .usage(5, 4, 3, 2)
    };
    model.then(reply()).then(reply());
    let whole = ground.ask(&request).await.0.unwrap();
    let (stream, words) = ground.ask(&streamed(request)).await;
    let stream = stream.unwrap();
    assert_eq!(words, ["啊，s", "o"]);
    assert_eq!((&whole.text, whole.tokens, whole.finish), (&stream.text, stream.tokens, stream.finish));
    assert_eq!(whole.finish, Finish::ToolCalls);
    assert_eq!(whole.input_tokens(), 12);
    let calls = |answer: &skillet::gateway::Answer| -> Vec<(String, Value)> {
        let parsed = |call: &ToolCall| (call.name.clone(), serde_json::from_str(&call.arguments).unwrap());
        answer.tool_calls.iter().map(parsed).collect()
    };
    let expected = [("add".to_owned(), json!({ "a": "“1”", "b": [2] })), ("add".to_owned(), json!({}))];
    assert_eq!((calls(&whole), calls(&stream)), (expected.to_vec(), expected.to_vec()));
    for (reason, finish) in
        [("max_tokens", Finish::Length), ("refusal", Finish::Filtered), ("stop_sequence", Finish::Stop)]
    {
        for stream in [false, true] {
            model.then(Reply::text("So").stop(reason));
            let request = Request { stream, ..ground.question(hello(), Options::default()) };
            assert_eq!(ground.ask(&request).await.0.unwrap().finish, finish, "{reason}");
        }
    }
}

#[tokio::test]
async fn options_are_said_as_the_api_takes_them() {
    let model = Claude::start().await;
    let ground = Ground::new(claude(&model)).await;
    let tool = |name: &str| ToolSpec {
        name: name.into(),
        description: String::new(),
        parameters: json!({ "type": "object" }),
    };
    let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" } } });
    let with = |choice: ToolChoice| Options { tool_choice: Some(choice), ..Options::default() };
    let form = Options { schema: Some(schema.clone()), ..Options::default() };
    let list = Options { schema: Some(json!({ "type": "array" })), ..Options::default() };
    let warm = Options {
        temperature: Some(1.7),
        top_p: Some(0.5),
        seed: Some(1),
        stop: vec!["\n".into(), "END".into()],
        ..Options::default()
    };
    let cases = [
        (true, with(ToolChoice::Required), vec![("/tool_choice", json!({ "type": "any" }))]),
        (true, with(ToolChoice::None), vec![("/tool_choice", json!({ "type": "none" }))]),
        (true, with(ToolChoice::Named("add".into())), vec![("/tool_choice", json!({ "type": "tool", "name": "add" }))]),
        (
            true,
            form.clone(),
            vec![("/tool_choice", json!({ "type": "any" })), ("/tools/1/input_schema", schema.clone())],
        ),
        (false, form, vec![("/tool_choice/type", json!("tool")), ("/tools/0/input_schema", schema)]),
        (
            false,
            Options { json: true, ..Options::default() },
            vec![("/tools/0/input_schema", json!({ "type": "object" }))],
        ),
        (false, list, vec![("/tools", Value::Null)]),
        (false, warm, vec![("/temperature", json!(1.0)), ("/top_p", Value::Null), ("/stop_sequences", json!(["END"]))]),
        (
            false,
            Options { top_p: Some(0.5), ..Options::default() },
            vec![("/top_p", json!(0.5)), ("/max_tokens", json!(500))],
        ),
    ];
    for (with_tool, options, expected) in cases {
        model.then(Reply::text("So."));
        let tools = if with_tool { vec![tool("add")] } else { vec![] };
        ground.ask(&ground.question(Parts { tools, ..hello() }, options.clone())).await.0.unwrap();
        let asked = model.requests().pop().unwrap();
        for (pointer, value) in expected {
            assert_eq!(asked.pointer(pointer).unwrap_or(&Value::Null), &value, "{options:?}: {pointer} of {asked:#}");
        }
    }
}

#[tokio::test]
async fn any_history_becomes_turns_that_alternate() {
    let model = Claude::start().await;
    let ground = Ground::new(claude(&model)).await;
    let line = |from_user: bool, text: &str| HistoryLine { turn: None, from_user, text: text.into() };
    let call = |id: &str| ToolCall { id: id.into(), name: "add".into(), arguments: "{\"a\":1}".into() };
    let result = |id: &str| SkillResult { id: id.into(), text: "2".into() };
    let parts = Parts {
        system: String::new(),
        tools: vec![ToolSpec {
            name: "add".into(),
            description: String::new(),
            parameters: json!({ "type": "object" }),
        }],
        history: vec![
            line(false, "A reminder: water the plants."),
            line(false, "And another."),
            line(true, "Done."),
            line(false, "  "),
            line(true, "Really."),
        ],
        message: "What is 1 and 1?".into(),
        rounds: vec![Round {
            text: String::new(),
            // As another provider, which was asked before, names its calls.
            calls: vec![call("functions.add:0"), call("functions.add:1")],
            results: vec![result("functions.add:0"), result("functions.add:1")],
        }],
        no_more_calls: true,
        ..Parts::default()
    };
    model.then(Reply::text("2."));
    ground.ask(&ground.question(parts, Options::default())).await.0.unwrap();
    let asked = model.requests().pop().unwrap();
    let roles: Vec<&str> = asked["messages"].as_array().unwrap().iter().map(|message| text(&message["role"])).collect();
    assert_eq!(roles, ["user", "assistant", "user", "assistant", "user"], "{asked:#}");
    let said: Vec<&str> =
        asked["messages"][2]["content"].as_array().unwrap().iter().map(|block| text(&block["text"])).collect();
    assert!(said[..2] == ["Done.", "Really."] && said[2].ends_with("What is 1 and 1?"), "{said:?}");
    assert!(asked.get("system").is_none(), "an empty text would be refused");
    assert_eq!(asked["tool_choice"], json!({ "type": "none" }));
    assert_eq!(asked["messages"][4]["content"][1]["tool_use_id"], "functions_add_1");
}

#[tokio::test]
async fn doctor_reaches_it_with_its_key() {
    let model = Claude::start().await;
    let host = Host::start(HostOptions::default().envs(model.as_tier("small"))).await;
    let found = host.command(&["doctor"]).await;
    let text = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(found.status.success() && text.contains(&format!("{MODEL} answers (200)")), "{text}");
    let wrong = HostOptions::default().envs(model.as_tier("small")).env("SKILLET__GATEWAY__SMALL__API_KEY", "another");
    let found = Host::start(wrong).await.command(&["doctor"]).await;
    let text = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(!found.status.success() && text.contains("check its api_key"), "{text}");
}
