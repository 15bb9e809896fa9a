//! Does one thing of every kind, as asked: every SDK has this skill, and the host tests them alike.

use serde::Deserialize;
use skillet_sdk::{
    Call, Failure, Skill, clock, config,
    http::Request,
    jobs::Job,
    kv,
    llm::{self, Tier},
    log, memory, messages, progress, random,
    serde_json::{Value, json},
    settings, skills,
};
use std::hint::black_box;

struct Conformance;

#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Deed {
    Echo { text: String },
    Call,
    Fail { kind: Kind, text: String },
    Panic { text: String },
    Quit { text: String },
    KvSet { key: String, value: String },
    KvGet { key: String },
    KvSwap { key: String, expected: Option<String>, value: String },
    KvDelete { key: String },
    KvList { prefix: String },
    Http { url: String },
    Log { level: Level, text: String },
    Progress { done: u32, total: u32, note: String },
    Clock,
    Random { length: usize },
    Settings { key: String },
    Remember { key: String, text: String },
    Search { query: String },
    Llm { prompt: String },
    Send { text: String },
    Schedule { text: String, at_ms: u64 },
    Skill { skill: String, input: Value },
    Config { key: String },
    Spin,
    Fill,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    InvalidInput,
    Unavailable,
    Denied,
    Failed,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

impl Skill for Conformance {
    type Input = Deed;
    type Output = Value;

    fn run(call: Call<Deed>) -> Result<Value, Failure> {
        match &call.input {
            Deed::Echo { text } => Ok(json!({ "text": text })),
            Deed::Call => Ok(about(&call)),
            Deed::Fail { kind, text } => Err(failure(kind, text)),
            Deed::Panic { text } => panic!("{text}"),
            Deed::Quit { text } => Ok(json!({ "text": text[black_box(text.len() + 1)..] })),
            deed => lent(deed),
        }
    }
}

skillet_sdk::export!(Conformance);

fn about(call: &Call<Deed>) -> Value {
    json!({
        "id": call.id, "attempt": call.attempt, "locale": call.locale, "time_zone": call.time_zone,
        "deadline_ms": call.deadline_ms,
    })
}

fn failure(kind: &Kind, text: &str) -> Failure {
    let text = text.to_owned();
    match kind {
        Kind::InvalidInput => Failure::InvalidInput(text),
        Kind::Unavailable => Failure::Unavailable(text),
        Kind::Denied => Failure::Denied(text),
        Kind::Failed => Failure::Failed(text),
    }
}

/// What the host lends without a grant, and what the sandbox bounds.
fn lent(deed: &Deed) -> Result<Value, Failure> {
    Ok(match deed {
        Deed::Log { level, text } => {
            match level {
                Level::Debug => log::debug(text),
                Level::Info => log::info(text),
                Level::Warn => log::warn(text),
                Level::Error => log::error(text),
            }
            json!({})
        }
        Deed::Progress { done, total, note } => {
            progress::report(*done, *total, note);
            json!({})
        }
        Deed::Clock => json!({ "now_ms": clock::now_ms() }),
        Deed::Random { length } => json!({ "hex": hex::encode(random::bytes(*length)) }),
        Deed::Spin => loop {
            black_box(());
        },
        Deed::Fill => fill(),
        granted => return keep(granted),
    })
}

fn fill() -> ! {
    let mut kept = Vec::new();
    loop {
        kept.push(black_box(vec![1_u8; 1 << 20]));
    }
}

/// What is kept from one call to the next.
fn keep(deed: &Deed) -> Result<Value, Failure> {
    Ok(match deed {
        Deed::KvSet { key, value } => {
            kv::set(key, value.as_bytes())?;
            json!({})
        }
        Deed::KvGet { key } => {
            json!({ "value": kv::get(key)?.map(|value| String::from_utf8_lossy(&value).into_owned()) })
        }
        Deed::KvSwap { key, expected, value } => {
            let expected = expected.as_ref().map(String::as_bytes);
            json!({ "set": kv::compare_and_set(key, expected, value.as_bytes())? })
        }
        Deed::KvDelete { key } => {
            kv::delete(key)?;
            json!({})
        }
        Deed::KvList { prefix } => json!({ "keys": kv::keys(prefix, 100)? }),
        Deed::Settings { key } => json!({ "value": settings::get(key) }),
        Deed::Config { key } => json!({ "value": config::get(key)? }),
        Deed::Remember { key, text } => {
            memory::remember_as(key, text)?;
            json!({})
        }
        Deed::Search { query } => {
            let keys: Vec<String> = memory::search(query, 10)?.into_iter().map(|fact| fact.key).collect();
            json!({ "keys": keys })
        }
        reaching => return reach(reaching),
    })
}

/// What goes beyond the host, or to others in it.
fn reach(deed: &Deed) -> Result<Value, Failure> {
    Ok(match deed {
        Deed::Http { url } => {
            let response = Request::get(url).header("x-conformance", "yes").timeout_ms(5_000).send()?;
            json!({ "status": response.status, "body": response.text() })
        }
        Deed::Llm { prompt } => {
            let question = llm::Request::new(Tier::Small, prompt).instructions("Answer.").max_output_tokens(64);
            json!({ "text": question.complete()?.text })
        }
        Deed::Send { text } => json!({ "id": messages::send(text)? }),
        Deed::Schedule { text, at_ms } => {
            json!({ "id": Job::new("reminder", *at_ms).payload(json!({ "text": text })).schedule()? })
        }
        Deed::Skill { skill, input } => json!({ "output": skills::call(skill, input)? }),
        other => return Err(Failure::Failed(format!("nothing here does {other:?}"))),
    })
}
