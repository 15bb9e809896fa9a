//! A language model that says what the test tells it to, over the OpenAI-compatible interface.
//!
//! It is strict: a request that a picky provider would refuse is refused here, and fails the test
//! when the model is dropped. HTTP is spoken by hand, since a server library cannot be told to
//! reset a connection before its first byte.

use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::strict;

/// What a request must carry, and the settings of a tier hold.
pub const MODEL: &str = "scripted";
pub const API_KEY: &str = "sk-of-the-scripted-model";

/// What the model does with one request.
#[derive(Clone, Debug)]
pub struct Answer {
    text: String,
    /// Name and arguments.
    calls: Vec<(String, String)>,
    usage: (u64, u64, u64),
    fault: Option<Fault>,
    /// After how many characters of a stream the model waits for `go_on`.
    pause_at: Option<usize>,
    /// Whether it ends at the bound of its tokens.
    cut: bool,
}

#[derive(Clone, Debug)]
enum Fault {
    Status(u16, Vec<(String, String)>),
    Refusal(String),
    ResetAtOnce,
    ResetAfterText,
    StallAfterText,
}

impl Answer {
    pub fn text(text: &str) -> Self {
        Self { text: text.into(), calls: Vec::new(), usage: (100, 10, 0), fault: None, pause_at: None, cut: false }
    }

    /// Asks for a skill; say it again for several calls in one answer.
    pub fn call(name: &str, input: &Value) -> Self {
        Self::text("").and_call(name, input)
    }

    pub fn and_call(self, name: &str, input: &Value) -> Self {
        self.and_raw_call(name, &input.to_string())
    }

    /// A call whose arguments may be any text, as models at times produce it.
    pub fn and_raw_call(mut self, name: &str, arguments: &str) -> Self {
        self.calls.push((name.into(), arguments.into()));
        self
    }

    /// Tokens in, tokens out, and those of the first that were cached.
    pub fn usage(mut self, input: u64, output: u64, cached: u64) -> Self {
        self.usage = (input, output, cached);
        self
    }

    /// Ends where its tokens do.
    pub fn cut(self) -> Self {
        Self { cut: true, ..self }
    }

    /// An HTTP error with an error body; `headers` for example `("retry-after", "1")`.
    pub fn status(status: u16, headers: &[(&str, &str)]) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { fault: Some(Fault::Status(status, headers)), ..Self::text("") }
    }

    /// Refuses the request in its own words.
    pub fn refusal(text: &str) -> Self {
        Self { fault: Some(Fault::Refusal(text.to_owned())), ..Self::text("") }
    }

    /// Resets the connection before the first byte.
    pub fn reset() -> Self {
        Self { fault: Some(Fault::ResetAtOnce), ..Self::text("") }
    }

    /// Streams the beginning of an answer, and the rest when the test says `go_on`.
    pub fn paused_after(text: &str, rest: &str) -> Self {
        Self { pause_at: Some(text.chars().count()), ..Self::text(&format!("{text}{rest}")) }
    }

    /// Sends the beginning of an answer, then resets the connection.
    pub fn reset_after(text: &str) -> Self {
        Self { fault: Some(Fault::ResetAfterText), ..Self::text(text) }
    }

    /// Sends the beginning of an answer (nothing at all if empty), then no more, until the caller hangs up.
    pub fn stall_after(text: &str) -> Self {
        Self { fault: Some(Fault::StallAfterText), ..Self::text(text) }
    }
}

/// A running model. Requests are answered by the first rule that holds, else by the next answer in
/// the row; one that has neither fails the test.
pub struct Model {
    port: u16,
    state: Arc<State>,
    _server: JoinSet<()>,
}

#[derive(Default)]
struct State {
    script: Mutex<Script>,
    changed: tokio::sync::Notify,
    go_on: tokio::sync::Notify,
}

#[derive(Default)]
struct Script {
    rules: Vec<(String, Answer)>,
    row: VecDeque<Answer>,
    requests: Vec<Value>,
    complaints: Vec<String>,
    calls_made: u64,
}

impl Model {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State::default());
        let mut server = JoinSet::new();
        server.spawn(serve(listener, state.clone()));
        Self { port, state, _server: server }
    }

    /// Adds an answer to the row.
    pub fn then(&self, answer: Answer) -> &Self {
        self.state.script.lock().unwrap().row.push_back(answer);
        self
    }

    /// Answers so whenever the newest message of a person contains `text`, as long as the model has
    /// not been given a skill's output for it.
    pub fn on(&self, text: &str, answer: Answer) -> &Self {
        self.state.script.lock().unwrap().rules.push((text.to_owned(), answer));
        self
    }

    /// Lets an answer go on that has paused, or is the next to pause.
    pub fn go_on(&self) {
        self.state.go_on.notify_one();
    }

    /// The base URL for the settings.
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    /// The environment that makes this model a tier, `small` or `large`.
    pub fn as_tier(&self, tier: &str) -> [(String, String); 3] {
        let key = |name: &str| format!("SKILLET__GATEWAY__{}__{name}", tier.to_uppercase());
        [(key("BASE_URL"), self.base_url()), (key("MODEL"), MODEL.to_owned()), (key("API_KEY"), API_KEY.to_owned())]
    }

    /// The bodies of all requests so far.
    pub fn requests(&self) -> Vec<Value> {
        self.state.script.lock().unwrap().requests.clone()
    }

    /// Waits until there have been so many requests, and returns them.
    pub async fn requested(&self, count: usize) -> Vec<Value> {
        loop {
            let changed = self.state.changed.notified();
            let requests = self.requests();
            if requests.len() >= count {
                return requests;
            }
            changed.await;
        }
    }

    /// What was wrong with requests so far; a test that takes them expects them.
    pub fn take_complaints(&self) -> Vec<String> {
        std::mem::take(&mut self.state.script.lock().unwrap().complaints)
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        let complaints = self.take_complaints();
        // A second panic would hide what failed first.
        assert!(complaints.is_empty() || std::thread::panicking(), "the model complains: {complaints:#?}");
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let state = state.clone();
        connections.spawn(async move {
            // An error is a caller that hung up.
            let _ = connection(stream, &state).await;
        });
    }
}

/// Serves one request, as `Connection: close` says.
async fn connection(stream: TcpStream, state: &State) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (head, body) = read_request(&mut stream).await?;
    let mut stream = stream.into_inner();
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let answer = match state.answer(&head, &body) {
        Ok(answer) => answer,
        Err(complaint) => {
            let error = json!({ "error": { "message": complaint, "type": "invalid_request_error" } });
            return respond(&mut stream, "400 Bad Request", &[], &error).await;
        }
    };
    match &answer.fault {
        Some(Fault::Status(status, headers)) => {
            let error = json!({ "error": { "message": format!("scripted status {status}"), "type": "scripted" } });
            return respond(&mut stream, &format!("{status} Scripted"), headers, &error).await;
        }
        Some(Fault::Refusal(text)) => {
            let error = json!({ "error": { "message": text, "type": "invalid_request_error" } });
            return respond(&mut stream, "400 Bad Request", &[], &error).await;
        }
        Some(Fault::ResetAtOnce) => return reset(stream),
        Some(Fault::StallAfterText) if answer.text.is_empty() => return wait_for_end(&mut stream).await,
        _ => {}
    }
    if body["stream"] == true {
        stream_answer(stream, state, &answer, body["stream_options"]["include_usage"] == true).await
    } else {
        assert!(
            !matches!(answer.fault, Some(Fault::ResetAfterText | Fault::StallAfterText)),
            "only a stream has a middle"
        );
        let message = json!({
            "role": "assistant",
            "content": if answer.text.is_empty() { Value::Null } else { json!(answer.text) },
            "tool_calls": state.tool_calls(&answer),
        });
        let choice = json!({ "index": 0, "message": message, "finish_reason": finish_reason(&answer) });
        let mut whole = envelope("chat.completion");
        whole["choices"] = json!([choice]);
        whole["usage"] = usage(&answer);
        respond(&mut stream, "200 OK", &[], &whole).await
    }
}

/// The lines before the body, and the body.
pub(super) async fn read_request(stream: &mut BufReader<TcpStream>) -> std::io::Result<(Vec<String>, Vec<u8>)> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        let read = stream.read_line(&mut line).await?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_owned());
    }
    let length = strict::header(&head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok((head, body))
}

impl State {
    /// Records a request and picks its answer.
    fn answer(&self, head: &[String], body: &Value) -> Result<Answer, String> {
        let mut script = self.script.lock().unwrap();
        script.requests.push(body.clone());
        self.changed.notify_waiters();
        let answer = strict::check(head, body, MODEL, API_KEY).and_then(|()| script.pick(body));
        if let Err(complaint) = &answer {
            script.complaints.push(complaint.clone());
        }
        answer
    }

    fn tool_calls(&self, answer: &Answer) -> Vec<Value> {
        let mut script = self.script.lock().unwrap();
        let calls = answer.calls.iter().enumerate().map(|(index, (name, arguments))| {
            script.calls_made += 1;
            let id = format!("call_{}", script.calls_made);
            let function = json!({ "name": name, "arguments": arguments });
            json!({ "index": index, "id": id, "type": "function", "function": function })
        });
        calls.collect()
    }
}

impl Script {
    fn pick(&mut self, body: &Value) -> Result<Answer, String> {
        let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let last = messages.last().unwrap_or(&Value::Null);
        let said = last["content"].as_str().filter(|_| last["role"] == "user").unwrap_or_default();
        let ruled = self.rules.iter().find(|(text, _)| said.contains(text)).map(|(_, answer)| answer.clone());
        ruled.or_else(|| self.row.pop_front()).ok_or_else(|| format!("no answer is scripted for: {last}"))
    }
}

async fn stream_answer(mut stream: TcpStream, state: &State, answer: &Answer, with_usage: bool) -> std::io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    let chunk = |delta: Value, finish: Value| {
        let mut chunk = envelope("chat.completion.chunk");
        chunk["choices"] = json!([{ "index": 0, "delta": delta, "finish_reason": finish }]);
        chunk
    };
    send(&mut stream, &chunk(json!({ "role": "assistant", "content": "" }), Value::Null)).await?;
    // Three characters at a time: a text arrives in pieces, and words are cut in the middle.
    let letters: Vec<char> = answer.text.chars().collect();
    let (first, rest) = letters.split_at(answer.pause_at.unwrap_or(letters.len()));
    for piece in first.chunks(3) {
        send(&mut stream, &chunk(json!({ "content": String::from_iter(piece) }), Value::Null)).await?;
    }
    if answer.pause_at.is_some() {
        tokio::select! {
            () = state.go_on.notified() => {}
            ended = wait_for_end(&mut stream) => return ended,
        }
    }
    for piece in rest.chunks(3) {
        send(&mut stream, &chunk(json!({ "content": String::from_iter(piece) }), Value::Null)).await?;
    }
    match answer.fault {
        Some(Fault::ResetAfterText) => return reset(stream),
        Some(Fault::StallAfterText) => return wait_for_end(&mut stream).await,
        _ => {}
    }
    for call in state.tool_calls(answer) {
        let arguments = call["function"]["arguments"].as_str().unwrap_or_default();
        let middle = arguments.char_indices().nth(arguments.chars().count() / 2).map_or(0, |(at, _)| at);
        let mut first = call.clone();
        first["function"]["arguments"] = json!(arguments[..middle]);
        let rest = json!({ "index": call["index"], "function": { "arguments": arguments[middle..] } });
        for part in [first, rest] {
            send(&mut stream, &chunk(json!({ "tool_calls": [part] }), Value::Null)).await?;
        }
    }
    send(&mut stream, &chunk(json!({}), finish_reason(answer))).await?;
    if with_usage {
        let mut last = envelope("chat.completion.chunk");
        last["choices"] = json!([]);
        last["usage"] = usage(answer);
        send(&mut stream, &last).await?;
    }
    stream.write_all(b"data: [DONE]\n\n").await?;
    stream.shutdown().await
}

async fn send(stream: &mut TcpStream, chunk: &Value) -> std::io::Result<()> {
    stream.write_all(format!("data: {chunk}\n\n").as_bytes()).await?;
    stream.flush().await
}

pub(super) async fn respond(
    stream: &mut TcpStream,
    status: &str,
    headers: &[(String, String)],
    body: &Value,
) -> std::io::Result<()> {
    let body = body.to_string();
    let more = headers.iter().fold(String::new(), |more, (name, value)| more + name + ": " + value + "\r\n");
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n{more}\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

/// Ends a connection with a reset instead of a farewell.
pub(super) fn reset(stream: TcpStream) -> std::io::Result<()> {
    stream.set_zero_linger()?;
    drop(stream);
    Ok(())
}

/// Says nothing until the other side hangs up.
pub(super) async fn wait_for_end(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.read_to_end(&mut Vec::new()).await.map(|_| ())
}

fn envelope(object: &str) -> Value {
    json!({ "id": "chatcmpl-scripted", "object": object, "created": 1_772_000_000, "model": MODEL })
}

fn finish_reason(answer: &Answer) -> Value {
    json!(match answer {
        Answer { cut: true, .. } => "length",
        Answer { calls, .. } if calls.is_empty() => "stop",
        _ => "tool_calls",
    })
}

fn usage(answer: &Answer) -> Value {
    let (input, output, cached) = answer.usage;
    json!({
        "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
        "prompt_tokens_details": { "cached_tokens": cached },
    })
}
