//! The OpenAI-compatible face.

use futures_util::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};

use super::{options, question, start};
use crate::harness::{
    host::{Host, Options},
    model::{Answer, Model},
};

/// The events of a stream, and whether it was marked as whole.
async fn stream(host: &Host, body: &Value) -> (Vec<Value>, bool) {
    let response = host.request(Method::POST, "/v1/chat/completions").json(body).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let text = response.text().await.unwrap();
    let data: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    let whole = data.last() == Some(&"[DONE]");
    (data.iter().filter_map(|data| serde_json::from_str(data).ok()).collect(), whole)
}

fn words(chunks: &[Value]) -> String {
    chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect()
}

#[tokio::test]
async fn a_tier_answers_whole_and_in_a_stream() {
    let model = Model::start().await;
    model.on("say something", Answer::text("你好，世界").usage(30, 7, 4));
    let host = start(options(&model, "small")).await;
    let answer = host.post("/v1/chat/completions", &question(false)).await.ok();
    assert_eq!(answer["object"], "chat.completion");
    assert_eq!(answer["choices"][0]["message"], json!({ "role": "assistant", "content": "你好，世界" }));
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    assert_eq!((&answer["usage"]["prompt_tokens"], &answer["usage"]["total_tokens"]), (&json!(30), &json!(37)));
    assert_eq!(answer["usage"]["prompt_tokens_details"]["cached_tokens"], 4);

    let (chunks, whole) = stream(&host, &question(true)).await;
    assert!(whole && words(&chunks) == "你好，世界");
    assert!(chunks.iter().all(|chunk| chunk.get("usage").is_none()), "it was not asked for");
    let mut with_usage = question(true);
    with_usage["stream_options"] = json!({ "include_usage": true });
    let (chunks, _) = stream(&host, &with_usage).await;
    let last = chunks.last().unwrap();
    assert_eq!((&last["choices"], &last["usage"]["completion_tokens"]), (&json!([]), &json!(7)));
    assert_eq!(model.requests()[1]["stream_options"]["include_usage"], true, "upstream is always asked for it");
}

#[tokio::test]
async fn tools_go_there_and_back() {
    let model = Model::start().await;
    model.then(Answer::call("weather", &json!({ "city": "上海" })).usage(40, 9, 0)).then(Answer::text("Sunny."));
    let host = start(options(&model, "small")).await;
    let mut asked = question(false);
    asked["tools"] = json!([{ "type": "function", "function": {
        "name": "weather", "description": "The weather of a city.",
        "parameters": { "type": "object", "properties": { "city": { "type": "string" } } },
    } }]);
    asked["tool_choice"] = json!("required");
    let answer = host.post("/v1/chat/completions", &asked).await.ok();
    assert_eq!(answer["choices"][0]["finish_reason"], "tool_calls");
    let call = &answer["choices"][0]["message"]["tool_calls"][0];
    assert_eq!(call["function"], json!({ "name": "weather", "arguments": "{\"city\":\"上海\"}" }));
    let id = call["id"].clone();
    asked["tool_choice"] = json!("auto");
    asked["messages"].as_array_mut().unwrap().extend([
        answer["choices"][0]["message"].clone(),
        json!({ "role": "tool", "tool_call_id": id, "content": "sunny" }),
    ]);
    let answer = host.post("/v1/chat/completions", &asked).await.ok();
    assert_eq!(answer["choices"][0]["message"]["content"], "Sunny.");
    assert_eq!(model.requests()[0]["tool_choice"], "required");
}

#[tokio::test]
async fn the_agent_answers_with_memory_and_skills_and_knows_its_conversation_again() {
    let model = Model::start().await;
    let options = Options { bundle: true, ..options(&model, "small") };
    let host = start(options).await;
    let mut messages = vec![json!({ "role": "user", "content": "Remember that my bike lock code is 8842" })];
    let ask = async |messages: &[Value]| {
        host.post("/v1/chat/completions", &json!({ "model": "skillet", "messages": messages })).await.ok()
    };
    let answer = ask(&messages).await;
    messages.extend([answer["choices"][0]["message"].clone(), json!({ "role": "user", "content": "12*12" })]);
    let answer = ask(&messages).await;
    assert!(answer["choices"][0]["message"]["content"].to_string().contains("144"), "{answer:#}");
    let conversations = host.get("/api/v1/conversations").await.ok();
    assert_eq!(conversations["conversations"].as_array().unwrap().len(), 1, "{conversations:#}");

    model.then(Answer::text("It is 8842, as you said."));
    messages.extend([
        answer["choices"][0]["message"].clone(),
        json!({ "role": "user", "content": "what's the code of my bike lock?" }),
    ]);
    let asked = json!({ "model": "skillet", "stream": true, "messages": messages });
    let (chunks, whole) = stream(&host, &asked).await;
    assert!(whole && words(&chunks) == "It is 8842, as you said.", "{chunks:#?}");
    assert!(chunks.len() > 4, "it came in one piece");
    assert!(model.requests()[0]["messages"][0]["content"].to_string().contains("8842"), "memory is in the prompt");
}

#[tokio::test]
async fn a_client_that_leaves_stops_the_turn() {
    let model = Model::start().await;
    model.then(Answer::paused_after("one two three", " four"));
    let host = start(options(&model, "small")).await;
    let db = super::database(&host, "").await;
    super::set_budget(&db, 1_000_000).await;
    let asked = json!({
        "model": "skillet", "stream": true, "messages": [{ "role": "user", "content": "Count for me, will you?" }],
    });
    let response = host.request(Method::POST, "/v1/chat/completions").json(&asked).send().await.unwrap();
    let mut words = response.bytes_stream();
    let mut seen = String::new();
    while !seen.contains("hre") {
        seen.push_str(&String::from_utf8_lossy(&words.next().await.unwrap().unwrap()));
    }
    drop(words);
    host.logged("a turn ended").await;
    let turns = host.get("/api/v1/turns").await.ok();
    assert_eq!(turns["turns"][0]["status"], "failed", "{turns:#}");
    assert!(super::settled(&db).await > 0, "three words were seen");
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_in_openais_words() {
    let model = Model::start().await;
    let host = start(options(&model, "small")).await;
    let said = |content: Value| json!([{ "role": "user", "content": content }]);
    let cases = [
        (json!({ "model": "gpt-9", "messages": said(json!("x")) }), 404, "model_not_found"),
        (json!({ "model": "large", "messages": said(json!("x")) }), 404, "model_not_found"),
        (json!({ "model": "small", "messages": [] }), 400, "invalid_request_error"),
        (json!({ "model": "small", "messages": said(json!("x")), "n": 2 }), 400, "invalid_request_error"),
        (json!({ "model": "small", "messages": said(json!("x")), "max_tokens": 0 }), 400, "invalid_request_error"),
        (
            json!({ "model": "small", "messages": said(json!("x")), "stop": ["a", "b", "c", "d", "e"] }),
            400,
            "invalid_request_error",
        ),
        (json!({ "model": "small", "messages": said(json!("word ".repeat(200_000))) }), 400, "context_length_exceeded"),
        (json!({ "model": "small", "messages": said(json!("a".repeat(3_000_000))) }), 400, "context_length_exceeded"),
        (json!({ "model": "small" }), 422, "invalid_request_error"),
        (
            json!({ "model": "small", "messages": said(json!([{ "type": "image_url", "image_url": {} }])) }),
            400,
            "invalid_request_error",
        ),
        (json!({ "model": "small", "messages": [{ "role": "tool", "content": "x" }] }), 400, "invalid_request_error"),
    ];
    for (body, status, kind) in cases {
        let answer = host.post("/v1/chat/completions", &body).await;
        assert_eq!((answer.status.as_u16(), answer.body["error"]["type"].as_str()), (status, Some(kind)), "{body}");
    }
    let nobody = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer =
        nobody.post(format!("{}/v1/chat/completions", host.url())).json(&question(false)).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["error"]["type"], "authentication_error");
    let models = host.get("/v1/models").await.ok();
    let names: Vec<&str> = models["data"].as_array().unwrap().iter().filter_map(|model| model["id"].as_str()).collect();
    assert_eq!(names, ["skillet", "small"]);
    assert!(model.requests().is_empty());
}
