//! Everything that Telegram knows about one bot.

use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use super::{
    faults::{Gate, Rule},
    fields::{Fields, Upload},
    updates::Queue,
};

/// The bot as others see it.
pub const BOT_ID: i64 = 7_000_000_001;
pub const BOT_USERNAME: &str = "skillet_test_bot";

/// A request that the bot has made.
#[derive(Clone, Debug)]
pub struct Call {
    /// As Telegram writes it, such as `sendMessage`.
    pub method: String,
    pub fields: Fields,
    pub at: Instant,
    /// The status of the answer, once there is one.
    pub status: Option<u16>,
}

impl Call {
    /// A parameter; `null` when it is not given.
    pub fn field(&self, name: &str) -> Value {
        self.fields.json(name).unwrap_or_default()
    }

    pub fn text(&self) -> &str {
        self.fields.text("text").unwrap_or_default()
    }

    pub fn chat(&self) -> i64 {
        self.fields.int("chat_id").unwrap_or_default()
    }
}

/// A button under a message: what it says, and what comes back when it is pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    pub label: String,
    pub data: String,
}

/// A message in a chat.
#[derive(Clone, Debug)]
pub struct Said {
    pub id: i64,
    pub by_bot: bool,
    /// What it says now; the text under a file.
    pub text: String,
    pub entities: Vec<Value>,
    pub buttons: Vec<Vec<Button>>,
    /// The message that it answers.
    pub reply_to: Option<i64>,
    pub topic: Option<i64>,
    pub file: Option<Upload>,
    /// The texts that it had before, oldest first.
    pub earlier: Vec<String>,
    pub at: Instant,
    /// As it stands in an update.
    pub value: Value,
}

impl Said {
    /// The data of the button with a label that holds `part`.
    pub fn button(&self, part: &str) -> &str {
        let all = self.buttons.iter().flatten();
        let found = all.clone().find(|button| button.label.to_lowercase().contains(&part.to_lowercase()));
        &found.unwrap_or_else(|| panic!("no button `{part}` among {:?}", all.collect::<Vec<_>>())).data
    }

    pub fn has_buttons(&self) -> bool {
        !self.buttons.is_empty()
    }
}

/// A chat with a person, or a group.
#[derive(Debug)]
pub struct Chat {
    pub value: Value,
    pub topics: BTreeSet<i64>,
    pub said: Vec<Said>,
    pub last_id: i64,
    /// Whether the person has blocked the bot, or the group has thrown it out.
    pub blocked: bool,
    /// The group that it has become.
    pub moved_to: Option<i64>,
}

impl Chat {
    pub fn new(value: Value) -> Self {
        Self { value, topics: BTreeSet::new(), said: Vec::new(), last_id: 0, blocked: false, moved_to: None }
    }

    pub fn next_id(&mut self) -> i64 {
        self.last_id += 1;
        self.last_id
    }

    pub fn message(&mut self, id: i64) -> Option<&mut Said> {
        self.said.iter_mut().find(|said| said.id == id)
    }
}

/// A file that the bot may fetch.
#[derive(Clone, Debug)]
pub struct Stored {
    pub path: String,
    pub size: u64,
    pub bytes: Vec<u8>,
}

/// What the bot said to a press of a button.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pressed {
    pub answers: Vec<String>,
}

/// The words of a menu for a scope and a language.
#[derive(Clone, Debug)]
pub struct Menu {
    pub scope: String,
    pub language: String,
    pub commands: Vec<Value>,
}

/// Why a call is refused.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub code: u16,
    pub description: String,
    /// `retry_after` and `migrate_to_chat_id`.
    pub parameters: Value,
}

impl Refusal {
    pub fn new(code: u16, description: &str) -> Self {
        Self { code, description: description.to_owned(), parameters: Value::Null }
    }

    pub fn bad(reason: &str) -> Self {
        Self::new(400, &format!("Bad Request: {reason}"))
    }

    pub fn value(&self) -> Value {
        let mut value = json!({ "ok": false, "error_code": self.code, "description": self.description });
        if !self.parameters.is_null() {
            value["parameters"] = self.parameters.clone();
        }
        value
    }

    /// Whether a bot that does things well never sees it.
    pub fn is_a_mistake(&self) -> bool {
        let known = ["message is not modified", "group chat was upgraded"];
        matches!(self.code, 400 | 404) && !known.iter().any(|part| self.description.contains(part))
    }
}

/// All of it; held behind one lock.
#[derive(Default)]
pub struct World {
    pub revoked: bool,
    pub webhook: String,
    pub queue: Queue,
    pub chats: BTreeMap<i64, Chat>,
    /// By the id that a message names.
    pub files: BTreeMap<String, Stored>,
    /// By the id of the callback query.
    pub presses: BTreeMap<String, Pressed>,
    /// What was shown while the bot worked, with its chat.
    pub actions: Vec<(i64, String)>,
    pub menus: Vec<Menu>,
    pub calls: Vec<Call>,
    pub rules: Vec<Rule>,
    pub gates: Vec<Gate>,
    /// Numbers for gates, files and presses.
    pub count: u64,
    pub complaints: Vec<String>,
}

impl World {
    pub fn number(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// The chat that a call is about.
    pub fn chat(&mut self, fields: &Fields) -> Result<&mut Chat, Refusal> {
        let id = fields.int("chat_id").ok_or_else(|| Refusal::bad("chat_id is empty"))?;
        let chat = self.chats.get_mut(&id).ok_or_else(|| Refusal::bad("chat not found"))?;
        if let Some(new) = chat.moved_to {
            let refusal = Refusal::bad("group chat was upgraded to a supergroup chat");
            return Err(Refusal { parameters: json!({ "migrate_to_chat_id": new }), ..refusal });
        }
        if chat.blocked {
            let group = chat.value["type"] != "private";
            let reason = if group { "bot was kicked from the group chat" } else { "bot was blocked by the user" };
            return Err(Refusal::new(403, &format!("Forbidden: {reason}")));
        }
        Ok(chat)
    }

    /// Keeps a file and returns how a message names it.
    pub fn keep_file(&mut self, folder: &str, name: &str, bytes: &[u8], size: Option<u64>) -> Value {
        let n = self.number();
        let id = format!("BQACAgIAAx-{n}");
        let size = size.unwrap_or(bytes.len() as u64);
        let extension = name.rsplit_once('.').map_or("bin", |(_, extension)| extension);
        let path = format!("{folder}/file_{n}.{extension}");
        self.files.insert(id.clone(), Stored { path, size, bytes: bytes.to_vec() });
        json!({ "file_id": id, "file_unique_id": format!("AgAD-{n}"), "file_size": size })
    }

    /// What has happened, for the report of a failure.
    pub fn report(&self) -> String {
        let mut lines = vec!["calls, the newest last:".to_owned()];
        for call in self.calls.iter().skip(self.calls.len().saturating_sub(60)) {
            let fields: String = Value::Object(call.fields.values.clone()).to_string().chars().take(240).collect();
            let ago = call.at.elapsed().as_secs_f64();
            lines.push(format!("  -{ago:.2} s {} {:?} {fields}", call.method, call.status));
        }
        for (id, chat) in &self.chats {
            lines.push(format!("chat {id}:"));
            for said in &chat.said {
                let who = if said.by_bot { "bot" } else { "   " };
                let edits = said.earlier.len();
                lines.push(format!("  {who} {} ({edits} edits) {:?}", said.id, said.text));
            }
        }
        lines.push(format!("updates that nobody has taken: {:?}", self.queue.pending()));
        lines.push(format!("complaints: {:#?}", self.complaints));
        lines.join("\n")
    }
}

pub fn bot() -> Value {
    json!({ "id": BOT_ID, "is_bot": true, "first_name": "Skillet", "username": BOT_USERNAME })
}

/// Seconds since 1970, as Telegram dates what happens.
pub fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
