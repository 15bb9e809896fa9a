//! People on Telegram, from the first message on: the real binary against a scripted Bot API.

mod approvals;
mod commands;
mod crash;
mod files;
mod groups;
mod intake;
mod outbox;
mod people;
mod server;

use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::harness::{
    host::{Host, Options},
    model::Model,
    telegram::{Person, Said, Telegram, person},
};

/// What is said with a message that may be there twice.
pub const INTERRUPTED: [&str; 2] = ["interrupted", "中断"];

/// A bot, its host, and Ada, who owns it and has linked her account.
pub struct Setup {
    pub telegram: Telegram,
    pub host: Host,
    pub ada: Person,
}

/// A host that polls the bot; nobody has written to it.
pub async fn host(telegram: &Telegram, model: Option<&Model>, more: &[(&str, &str)]) -> Host {
    let mut host = Host::start(options(telegram, model, more)).await;
    host.token("admin").await;
    host
}

pub fn options(telegram: &Telegram, model: Option<&Model>, more: &[(&str, &str)]) -> Options {
    let mut options =
        Options { bundle: true, ..Options::default() }.envs(telegram.env()).env("SKILLET__MEMORY__SUMMARIES", "rules");
    if let Some(model) = model {
        options = options.envs(model.as_tier("small"));
    }
    for (key, value) in more {
        options = options.env(key, value);
    }
    options
}

impl Setup {
    /// Rules, skills and memory answer.
    pub async fn start() -> Self {
        Self::with(None, &[]).await
    }

    pub async fn with_model(model: &Model) -> Self {
        Self::with(Some(model), &[]).await
    }

    pub async fn with(model: Option<&Model>, more: &[(&str, &str)]) -> Self {
        Self::of(person(1001, "Ada"), model, more).await
    }

    /// With an owner of another name or language.
    pub async fn of(ada: Person, model: Option<&Model>, more: &[(&str, &str)]) -> Self {
        let telegram = Telegram::start().await;
        let host = host(&telegram, model, more).await;
        let setup = Self { telegram, host, ada };
        setup.admit(&setup.ada, "owner").await;
        setup
    }

    /// Lets somebody in who has not written yet.
    pub async fn admit(&self, person: &Person, role: &str) {
        self.telegram.write(person, "hello");
        self.telegram.wait_count(person.id, 1).await;
        let pairing = pairing(&self.host, person.id).await;
        let path = format!("/api/v1/pairings/{}/approve", pairing["id"].as_str().unwrap());
        self.host.post(&path, &json!({ "role": role })).await.ok();
        self.telegram.wait_count(person.id, 2).await;
    }

    /// Writes in the person's own chat and waits for a message that holds `part`.
    pub async fn ask(&self, person: &Person, text: &str, part: &str) -> Said {
        self.telegram.write(person, text);
        self.telegram.wait_text(person.id, part).await
    }

    /// Asks for a sum that nobody else asks for: when it is answered, so is everything before it in
    /// the chat, and nothing more comes of that.
    pub async fn settle(&self, person: &Person) {
        static ASKED: AtomicU32 = AtomicU32::new(1);
        let n = ASKED.fetch_add(1, Ordering::Relaxed);
        self.ask(person, &format!("what is 7000000+{n}"), &format!("= {}", 7_000_000 + n)).await;
    }

    /// The bot's messages in a chat that hold `part`.
    pub fn with_text(&self, chat: i64, part: &str) -> Vec<Said> {
        self.telegram.messages(chat).into_iter().filter(|said| said.text.contains(part)).collect()
    }

    /// Checks that something was said once, or a second time with the note that this may be so.
    #[track_caller]
    pub fn said_once_or_noted(&self, chat: i64, part: &str) {
        let said = self.with_text(chat, part);
        let noted = |said: &Said| INTERRUPTED.iter().any(|note| said.text.contains(note));
        assert!((1..=2).contains(&said.len()), "{} times: {said:#?}", said.len());
        assert!(said.len() == 1 || (!noted(&said[0]) && noted(&said[1])), "twice without a note: {said:#?}");
    }

    #[track_caller]
    pub fn said_once(&self, chat: i64, part: &str) {
        let said = self.with_text(chat, part);
        assert_eq!(said.len(), 1, "`{part}`: {said:#?}");
    }

    /// The conversations of a person on Telegram, the newest first; the owner's without a name.
    pub async fn conversations(&self, user: Option<&str>) -> Vec<String> {
        let query = user.map(|name| format!("?user={name}")).unwrap_or_default();
        let all = self.host.get(&format!("/api/v1/conversations{query}")).await.ok();
        let all = all["conversations"].as_array().unwrap().clone();
        let ours = all.iter().filter(|conversation| conversation["channel"] == "telegram");
        ours.map(|conversation| conversation["id"].as_str().unwrap().to_owned()).collect()
    }

    /// The messages of a conversation as the interface tells them.
    pub async fn messages(&self, conversation: &str) -> Vec<Value> {
        let all = self.host.get(&format!("/api/v1/conversations/{conversation}/messages")).await.ok();
        all["messages"].as_array().unwrap().clone()
    }
}

/// The request of a chat to be let in, whatever came of it.
pub async fn pairing(host: &Host, chat: i64) -> Value {
    let all = pairings(host).await;
    all.iter().find(|pairing| pairing["chat_id"] == chat).unwrap_or_else(|| panic!("{chat} is not in {all:#?}")).clone()
}

pub async fn pairings(host: &Host) -> Vec<Value> {
    host.get("/api/v1/pairings").await.ok()["pairings"].as_array().unwrap().clone()
}

/// What the host says of the bot.
pub async fn bot(host: &Host) -> Value {
    host.get("/api/v1/telegram").await.ok()
}

/// Waits until the host says that the bot is in a state; returns all it says.
pub async fn bot_is(host: &Host, state: &str) -> Value {
    for _ in 0..1_200 {
        let bot = bot(host).await;
        if bot["state"] == state {
            return bot;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the bot is not {state}: {:#}\n{}", bot(host).await, host.log());
}

/// Whether a text has Chinese in it.
pub fn chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}
