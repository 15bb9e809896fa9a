//! The scripted models are fair providers: what they refuse, a real one refuses, and what they stream a real one
//! streams.

use serde_json::{Value, json};

use crate::harness::{
    anthropic::{self, Claude, Reply},
    model::{API_KEY, Answer, MODEL, Model},
};

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn ask(model: &Model, body: &Value) -> reqwest::Result<reqwest::Response> {
    let url = format!("{}/chat/completions", model.base_url());
    client().post(url).bearer_auth(API_KEY).json(body).send().await
}

fn hello() -> Value {
    json!({ "model": MODEL, "messages": [{ "role": "user", "content": "hello" }] })
}

fn streamed() -> Value {
    let mut body = hello();
    body["stream"] = json!(true);
    body["stream_options"] = json!({ "include_usage": true });
    body
}

/// The JSON of each event of a stream, and whether it came to its end.
fn events(text: &str) -> (Vec<Value>, bool) {
    let mut data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    (data.clone().filter_map(|data| serde_json::from_str(data).ok()).collect(), data.next_back() == Some("[DONE]"))
}

#[tokio::test]
async fn answers_come_in_their_order_and_by_rule() {
    let model = Model::start().await;
    model.on("weather", Answer::text("sunny")).then(Answer::text("one").usage(7, 3, 2)).then(Answer::text("two"));
    let first: Value = ask(&model, &hello()).await.unwrap().json().await.unwrap();
    assert_eq!(first["choices"][0]["message"]["content"], "one");
    assert_eq!((&first["usage"]["prompt_tokens"], &first["usage"]["completion_tokens"]), (&json!(7), &json!(3)));
    let mut weather = hello();
    weather["messages"][0]["content"] = json!("the weather?");
    let ruled: Value = ask(&model, &weather).await.unwrap().json().await.unwrap();
    assert_eq!(ruled["choices"][0]["message"]["content"], "sunny");
    let second: Value = ask(&model, &hello()).await.unwrap().json().await.unwrap();
    assert_eq!(second["choices"][0]["message"]["content"], "two");
    assert_eq!(model.requested(3).await[1], weather);
    assert_eq!(ask(&model, &hello()).await.unwrap().status(), 400, "nothing more is scripted");
    assert_eq!(model.take_complaints().len(), 1);
}

#[tokio::test]
async fn a_stream_comes_in_pieces_and_ends_with_usage() {
    let model = Model::start().await;
    model.then(Answer::text("你好，世界").and_call("echo", &json!({ "text": "啊" })).and_call("add", &json!({})));
    let (events, ended) = events(&ask(&model, &streamed()).await.unwrap().text().await.unwrap());
    assert!(ended);
    let texts: Vec<&str> = events.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(texts, ["", "你好，", "世界"]);
    let mut arguments = [String::new(), String::new()];
    for part in events.iter().filter_map(|event| event["choices"][0]["delta"]["tool_calls"].get(0)) {
        let index = usize::try_from(part["index"].as_u64().unwrap()).unwrap();
        arguments[index] += part["function"]["arguments"].as_str().unwrap();
    }
    assert_eq!(arguments, ["{\"text\":\"啊\"}", "{}"]);
    let last = events.last().unwrap();
    assert_eq!((&last["choices"], &last["usage"]["total_tokens"]), (&json!([]), &json!(110)));
}

#[tokio::test]
async fn it_fails_as_it_is_told() {
    let model = Model::start().await;
    model.then(Answer::status(429, &[("retry-after", "2")])).then(Answer::reset()).then(Answer::reset_after("half"));
    let limited = ask(&model, &hello()).await.unwrap();
    assert_eq!((limited.status().as_u16(), limited.headers()["retry-after"].as_bytes()), (429, &b"2"[..]));
    assert!(ask(&model, &hello()).await.is_err(), "not a byte");
    let mut response = ask(&model, &streamed()).await.unwrap();
    let mut seen = String::new();
    let broken = loop {
        match response.chunk().await {
            Ok(Some(bytes)) => seen += &String::from_utf8_lossy(&bytes),
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(broken, "a reset is not an end");
    assert!(!seen.contains("[DONE]"));
}

#[tokio::test]
async fn a_stall_lasts_until_the_caller_hangs_up() {
    let model = Model::start().await;
    model.then(Answer::stall_after("half"));
    let mut response = ask(&model, &streamed()).await.unwrap();
    let mut seen = String::new();
    while !seen.contains("\"hal\"") || !seen.contains("\"f\"") {
        seen += &String::from_utf8_lossy(&response.chunk().await.unwrap().expect("it must not end"));
    }
    let more = tokio::time::timeout(std::time::Duration::from_millis(100), response.chunk()).await;
    assert!(more.is_err(), "{more:?}");
}

#[tokio::test]
async fn it_is_picky() {
    let call = |id: &str| json!({ "id": id, "type": "function", "function": { "name": "echo", "arguments": "{}" } });
    let user = json!({ "role": "user", "content": "hello" });
    let calling = json!({ "role": "assistant", "content": null, "tool_calls": [call("a"), call("b")] });
    let output = |id: &str| json!({ "role": "tool", "tool_call_id": id, "content": "{}" });
    let tool = |parameters: Value| json!([{ "type": "function", "function": { "name": "echo", "description": "", "parameters": parameters } }]);
    let cases = [
        (json!({ "messages": [user, calling, output("a"), output("b")] }), None),
        (json!({ "messages": [user], "tools": tool(json!({ "type": "object" })), "max_tokens": 5 }), None),
        (json!({ "messages": [user, calling, output("a")] }), Some("no answer")),
        (json!({ "messages": [user, calling, output("a"), output("a")] }), Some("no open call")),
        (json!({ "messages": [user, calling, user] }), Some("have no answer")),
        (json!({ "messages": [{ "role": "robot", "content": "hello" }] }), Some("unknown role")),
        (json!({ "messages": [user, { "role": "system", "content": "late" }, user] }), Some("the system's")),
        (json!({ "messages": [user, { "role": "assistant", "content": "hi" }] }), Some("asks nothing")),
        (json!({ "messages": [] }), Some("asks nothing")),
        (json!({ "messages": [user], "tools": [] }), Some("list of some")),
        (json!({ "messages": [user], "tools": tool(json!({ "type": "string" })) }), Some("not an object")),
        (json!({ "messages": [user], "tools": tool(json!({ "type": "object", "required": 1 })) }), Some("parameters")),
        (json!({ "messages": [user], "max_tokens": 0 }), Some("positive")),
        (json!({ "messages": [user], "budget": 1 }), Some("unknown key")),
        (json!({ "messages": [user], "model": "gpt" }), Some("no such model")),
    ];
    let model = Model::start().await;
    for (mut body, complaint) in cases {
        if body.get("model").is_none() {
            body["model"] = json!(MODEL);
        }
        model.then(Answer::text("hi"));
        let status = ask(&model, &body).await.unwrap().status();
        let complaints = model.take_complaints();
        match complaint {
            None => assert_eq!((status.as_u16(), complaints), (200, vec![]), "{body}"),
            Some(text) => assert!(status == 400 && complaints[0].contains(text), "{body}: {complaints:?}"),
        }
    }
    let bare = client().post(format!("{}/chat/completions", model.base_url())).json(&hello()).send().await.unwrap();
    assert_eq!(bare.status(), 400);
    assert!(model.take_complaints()[0].contains("key"));
}

async fn ask_claude(model: &Claude, version: &str, body: &Value) -> u16 {
    let request = client().post(format!("{}/v1/messages", model.base_url())).header("x-api-key", anthropic::API_KEY);
    request.header("anthropic-version", version).json(body).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn claude_is_picky() {
    let words = |text: &str| json!({ "type": "text", "text": text });
    let said = |role: &str, blocks: Value| json!({ "role": role, "content": blocks });
    let user = said("user", json!([words("hello")]));
    let call = |id: &str| json!({ "type": "tool_use", "id": id, "name": "echo", "input": {} });
    let result = |id: &str| json!({ "type": "tool_result", "tool_use_id": id, "content": "{}" });
    let calling = said("assistant", json!([call("a"), call("b")]));
    let tools = json!([{ "name": "echo", "input_schema": { "type": "object" } }]);
    let marked = || json!({ "type": "text", "text": "x", "cache_control": { "type": "ephemeral" } });
    let results = said("user", json!([result("a"), result("b"), words("and?")]));
    let cases = [
        (json!({ "messages": [user, calling, results], "tools": tools }), None),
        (json!({ "messages": [user], "system": [marked(), marked(), marked(), marked()] }), None),
        (json!({ "messages": [user], "system": vec![marked(); 5] }), Some("5 blocks with cache_control")),
        (json!({ "messages": [user, user] }), Some("alternate")),
        (json!({ "messages": [said("assistant", json!([words("hi")])), user] }), Some("alternate")),
        (json!({ "messages": [user, said("assistant", json!([words("hi")]))] }), Some("asks nothing")),
        (json!({ "messages": [said("user", json!([words(" ")]))] }), Some("non-empty")),
        (json!({ "messages": [said("user", json!([]))] }), Some("list of some")),
        (
            json!({ "messages": [user, calling, said("user", json!([result("a")]))], "tools": tools }),
            Some("right after"),
        ),
        (
            json!({ "messages": [user, calling, said("user", json!([words("so"), result("a"), result("b")]))], "tools": tools }),
            Some("before words"),
        ),
        (
            json!({ "messages": [user, said("assistant", json!([call("a:1")])), results], "tools": tools }),
            Some("id of a call"),
        ),
        (json!({ "messages": [user, calling, results] }), Some("no tools")),
        (
            json!({ "messages": [user], "tools": [{ "name": "echo", "input_schema": { "type": "array" } }] }),
            Some("not an object"),
        ),
        (json!({ "messages": [user], "tool_choice": { "type": "auto" } }), Some("without tools")),
        (
            json!({ "messages": [user], "tools": tools, "tool_choice": { "type": "tool", "name": "add" } }),
            Some("tool_choice"),
        ),
        (json!({ "messages": [user], "temperature": 1.5 }), Some("temperature")),
        (json!({ "messages": [user], "temperature": 0.5, "top_p": 0.5 }), Some("both")),
        (json!({ "messages": [user], "seed": 1 }), Some("unknown key")),
    ];
    let model = Claude::start().await;
    for (mut body, complaint) in cases {
        body["model"] = json!(anthropic::MODEL);
        body["max_tokens"] = json!(10);
        if complaint.is_none() {
            model.then(Reply::text("hi"));
        }
        let status = ask_claude(&model, "2023-06-01", &body).await;
        let complaints = model.take_complaints();
        match complaint {
            None => assert_eq!((status, complaints), (200, vec![]), "{body}"),
            Some(text) => assert!(status == 400 && complaints[0].contains(text), "{body}: {complaints:?}"),
        }
    }
    assert_eq!(ask_claude(&model, "2020-01-01", &json!({})).await, 400);
    assert!(model.take_complaints()[0].contains("version"));
}
