//! A language model that says what the test tells it to, over Anthropic's Messages API. As strict as the other
//! one: what the real API refuses is refused here, and fails the test when the model is dropped.

mod strict;

use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::model::{read_request, reset, respond, wait_for_end};

/// What a request must carry, and the settings of a tier hold. Its price ships with the host.
pub const MODEL: &str = "claude-haiku-4-5-20251001";
pub const API_KEY: &str = "sk-ant-of-the-scripted-model";

/// The tool that the host has a model give JSON by.
pub const ANSWER_TOOL: &str = "answer-as-json";

/// What the model does with one request.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Content blocks, as they are in a whole answer.
    blocks: Vec<Value>,
    /// Input beside the cache, read from it, written to it, and output.
    usage: [u64; 4],
    stop: Option<&'static str>,
    fault: Option<Fault>,
}

#[derive(Clone, Debug)]
enum Fault {
    Status(u16, &'static str),
    /// An error event instead of an answer.
    ErrorAtOnce(&'static str),
    /// An error event after the words.
    ErrorAfterText(&'static str),
    /// The connection is closed in good order, but before the last event.
    CloseAfterText,
    ResetAfterText,
    StallAfterText,
}

impl Reply {
    pub fn text(text: &str) -> Self {
        let blocks = if text.is_empty() { vec![] } else { vec![json!({ "type": "text", "text": text })] };
        Self { blocks, usage: [100, 0, 0, 10], stop: None, fault: None }
    }

    /// Asks for a tool; say it again for several in one answer.
    pub fn call(name: &str, input: &Value) -> Self {
        Self::text("").and_call(name, input)
    }

    pub fn and_call(mut self, name: &str, input: &Value) -> Self {
        self.blocks.push(json!({ "type": "tool_use", "id": "", "name": name, "input": input }));
        self
    }

    /// JSON, by the tool that is forced for it.
    pub fn json(value: &Value) -> Self {
        Self::call(ANSWER_TOOL, value)
    }

    /// Input tokens beside the cache, read from it, written to it, and output tokens.
    pub fn usage(self, fresh: u64, read: u64, written: u64, output: u64) -> Self {
        Self { usage: [fresh, read, written, output], ..self }
    }

    pub fn stop(self, reason: &'static str) -> Self {
        Self { stop: Some(reason), ..self }
    }

    /// An HTTP error of a kind, such as `overloaded_error`.
    pub fn status(status: u16, kind: &'static str) -> Self {
        Self { fault: Some(Fault::Status(status, kind)), ..Self::text("") }
    }

    pub fn error_at_once(kind: &'static str) -> Self {
        Self { fault: Some(Fault::ErrorAtOnce(kind)), ..Self::text("") }
    }

    pub fn error_after(text: &str, kind: &'static str) -> Self {
        Self { fault: Some(Fault::ErrorAfterText(kind)), ..Self::text(text) }
    }

    pub fn close_after(text: &str) -> Self {
        Self { fault: Some(Fault::CloseAfterText), ..Self::text(text) }
    }

    pub fn reset_after(text: &str) -> Self {
        Self { fault: Some(Fault::ResetAfterText), ..Self::text(text) }
    }

    /// Sends the beginning of an answer, then no more, until the caller hangs up.
    pub fn stall_after(text: &str) -> Self {
        Self { fault: Some(Fault::StallAfterText), ..Self::text(text) }
    }

    fn stop_reason(&self) -> &'static str {
        let calls = self.blocks.iter().any(|block| block["type"] == "tool_use");
        self.stop.unwrap_or(if calls { "tool_use" } else { "end_turn" })
    }
}

/// A running model. Requests are answered by the next reply in the row; one that finds none fails the test.
pub struct Claude {
    port: u16,
    script: Arc<Mutex<Script>>,
    _server: JoinSet<()>,
}

#[derive(Default)]
struct Script {
    row: VecDeque<Reply>,
    requests: Vec<Value>,
    complaints: Vec<String>,
    calls_made: u64,
}

impl Claude {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let script = Arc::new(Mutex::default());
        let mut server = JoinSet::new();
        server.spawn(serve(listener, script.clone()));
        Self { port, script, _server: server }
    }

    /// Adds a reply to the row.
    pub fn then(&self, reply: Reply) -> &Self {
        self.script.lock().unwrap().row.push_back(reply);
        self
    }

    /// The base URL for the settings.
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The environment that makes this model a tier, `small` or `large`, whose tokens cost what Anthropic takes.
    pub fn as_tier(&self, tier: &str) -> [(String, String); 5] {
        let key = |name: &str| format!("SKILLET__GATEWAY__{}__{name}", tier.to_uppercase());
        [
            (key("BASE_URL"), self.base_url()),
            (key("MODEL"), MODEL.to_owned()),
            (key("API_KEY"), API_KEY.to_owned()),
            (key("FORMAT"), "anthropic".to_owned()),
            (key("PAID"), "yes".to_owned()),
        ]
    }

    /// The bodies of all requests so far.
    pub fn requests(&self) -> Vec<Value> {
        self.script.lock().unwrap().requests.clone()
    }

    /// What was wrong with requests so far; a test that takes them expects them.
    pub fn take_complaints(&self) -> Vec<String> {
        std::mem::take(&mut self.script.lock().unwrap().complaints)
    }
}

impl Drop for Claude {
    fn drop(&mut self) {
        let complaints = self.take_complaints();
        // A second panic would hide what failed first.
        assert!(complaints.is_empty() || std::thread::panicking(), "the model complains: {complaints:#?}");
    }
}

async fn serve(listener: TcpListener, script: Arc<Mutex<Script>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let script = script.clone();
        connections.spawn(async move {
            // An error is a caller that hung up.
            let _ = connection(stream, &script).await;
        });
    }
}

/// Serves one request, as `Connection: close` says.
async fn connection(stream: TcpStream, script: &Mutex<Script>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (head, body) = read_request(&mut stream).await?;
    let mut stream = stream.into_inner();
    if head[0].starts_with("GET /v1/models ") {
        let known = strict::authorized(&head, API_KEY).is_ok();
        return respond(&mut stream, if known { "200 OK" } else { "401 Unauthorized" }, &[], &json!({ "data": [] }))
            .await;
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let picked = script.lock().unwrap().answer(&head, &body);
    let reply = match picked {
        Ok(reply) => reply,
        Err(complaint) => {
            // The real one echoes no key; one that does must not get it into a log.
            let text = format!("{complaint} (key {API_KEY})");
            return respond(&mut stream, "400 Bad Request", &[], &error("invalid_request_error", &text)).await;
        }
    };
    if let Some(Fault::Status(status, kind)) = reply.fault {
        let text = format!("scripted status {status} for {API_KEY}");
        return respond(&mut stream, &format!("{status} Scripted"), &[], &error(kind, &text)).await;
    }
    if body["stream"] == true {
        return stream_reply(stream, &reply).await;
    }
    assert!(reply.fault.is_none(), "only a stream has a middle");
    let mut whole = envelope(&reply.usage);
    whole["content"] = json!(reply.blocks);
    whole["stop_reason"] = json!(reply.stop_reason());
    whole["usage"]["output_tokens"] = json!(reply.usage[3]);
    respond(&mut stream, "200 OK", &[], &whole).await
}

impl Script {
    /// Records a request and picks its reply.
    fn answer(&mut self, head: &[String], body: &Value) -> Result<Reply, String> {
        self.requests.push(body.clone());
        let picked = strict::check(head, body, MODEL, API_KEY)
            .and_then(|()| self.row.pop_front().ok_or_else(|| format!("no reply is scripted for: {body}")));
        let mut reply = picked.inspect_err(|complaint| self.complaints.push(complaint.clone()))?;
        for block in reply.blocks.iter_mut().filter(|block| block["type"] == "tool_use") {
            self.calls_made += 1;
            block["id"] = json!(format!("toolu_{:02}", self.calls_made));
        }
        Ok(reply)
    }
}

async fn stream_reply(mut stream: TcpStream, reply: &Reply) -> std::io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    if let Some(Fault::ErrorAtOnce(kind)) = reply.fault {
        send(&mut stream, error(kind, "scripted")).await?;
        return stream.shutdown().await;
    }
    send(&mut stream, json!({ "type": "message_start", "message": envelope(&reply.usage) })).await?;
    send(&mut stream, json!({ "type": "ping" })).await?;
    for (index, block) in reply.blocks.iter().enumerate() {
        send_block(&mut stream, index, block, reply.fault.is_none()).await?;
    }
    match reply.fault {
        None => {}
        Some(Fault::ErrorAfterText(kind)) => {
            send(&mut stream, error(kind, "scripted")).await?;
            return stream.shutdown().await;
        }
        Some(Fault::ResetAfterText) => return reset(stream),
        Some(Fault::StallAfterText) => return wait_for_end(&mut stream).await,
        Some(_) => return stream.shutdown().await,
    }
    let end = json!({ "stop_reason": reply.stop_reason(), "stop_sequence": null });
    let usage = json!({ "output_tokens": reply.usage[3] });
    send(&mut stream, json!({ "type": "message_delta", "delta": end, "usage": usage })).await?;
    send(&mut stream, json!({ "type": "message_stop" })).await?;
    stream.shutdown().await
}

/// A block in pieces of three characters, so that words and JSON are cut in the middle.
async fn send_block(stream: &mut TcpStream, index: usize, block: &Value, whole: bool) -> std::io::Result<()> {
    let mut empty = block.clone();
    let (key, kind, part, text) = if block["type"] == "text" {
        ("text", "text_delta", "text", block["text"].as_str().unwrap().to_owned())
    } else {
        ("input", "input_json_delta", "partial_json", block["input"].to_string())
    };
    empty[key] = if key == "text" { json!("") } else { json!({}) };
    send(stream, json!({ "type": "content_block_start", "index": index, "content_block": empty })).await?;
    let letters: Vec<char> = text.chars().collect();
    for piece in letters.chunks(3) {
        let delta = json!({ "type": kind, part: String::from_iter(piece) });
        send(stream, json!({ "type": "content_block_delta", "index": index, "delta": delta })).await?;
    }
    if whole {
        send(stream, json!({ "type": "content_block_stop", "index": index })).await?;
    }
    Ok(())
}

async fn send(stream: &mut TcpStream, event: Value) -> std::io::Result<()> {
    let name = event["type"].as_str().unwrap();
    stream.write_all(format!("event: {name}\ndata: {event}\n\n").as_bytes()).await?;
    stream.flush().await
}

fn error(kind: &str, message: &str) -> Value {
    json!({ "type": "error", "error": { "type": kind, "message": message } })
}

/// A message without content; of the output, nothing is counted yet.
fn envelope([fresh, read, written, _]: &[u64; 4]) -> Value {
    json!({
        "id": "msg_scripted", "type": "message", "role": "assistant", "model": MODEL, "content": [],
        "stop_reason": null, "stop_sequence": null,
        "usage": {
            "input_tokens": fresh, "cache_read_input_tokens": read, "cache_creation_input_tokens": written,
            "output_tokens": 1,
        },
    })
}
