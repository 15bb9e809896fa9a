use serde_json::json;

use super::{CallState, Services, World, lend};
use crate::{
    ids::{ConversationId, UserId},
    skills::linker::messages::{Error, Host},
    store::{Chat, Db, Delivery, StoreError, storable},
};

/// Longest message, in characters.
const MAX_CHARS: usize = 8_000;

/// Messages of one call: people are told things, not flooded.
const MAX_MESSAGES: u32 = 10;

impl Host for CallState {
    async fn send(&mut self, chat: Option<String>, text: String) -> wasmtime::Result<Result<String, Error>> {
        let bytes = chat.as_ref().map_or(0, String::len) + text.len();
        lend!(self, "messages.send", bytes, self.deliver(chat, &text).await)
    }
}

impl CallState {
    async fn deliver(&mut self, chat: Option<String>, text: &str) -> Result<String, Error> {
        self.messages_sent += 1;
        if self.messages_sent > MAX_MESSAGES {
            return Err(Error::Denied(format!("a call sends {MAX_MESSAGES} messages at most")));
        }
        // Whoever may write to others may not need to write to the person of the call.
        let reach = if chat.as_ref().is_none_or(|chat| chat == "me") { "me" } else { "people" };
        self.granted_word("messages", reach).map_err(Error::Denied)?;
        let text = storable(text.trim());
        if text.is_empty() || text.chars().count() > MAX_CHARS {
            return Err(Error::Denied(format!("a message has 1 to {MAX_CHARS} characters")));
        }
        // The n-th message of a call is sent once, however often the call is tried.
        let key = format!("call:{}:{}", self.call, self.messages_sent);
        if let Some(script) = self.world.as_ref().and_then(World::script) {
            script.send(chat, text);
            return Ok(key);
        }
        let (user, here) = (self.user, self.conversation);
        let (locale, meta) = (self.locale.clone(), json!({ "kind": "message", "skill": &*self.skill }));
        let sent = key.clone();
        let deliver = async move |host: Services| {
            let conversation = conversation_of(&host.db, user, here, chat.as_deref()).await?;
            let delivery = Delivery { key, conversation, text, meta, buttons: Vec::new(), locale };
            host.db.deliver(&host.clock, &delivery).await.map_err(|error| away(&error))?;
            host.wake.outbox.notify_one();
            Ok(sent)
        };
        self.at_host(deliver).await
    }
}

async fn conversation_of(
    db: &Db,
    user: UserId,
    here: Option<ConversationId>,
    chat: Option<&str>,
) -> Result<ConversationId, Error> {
    match chat {
        None => {
            let home = match here {
                Some(conversation) => Some(conversation),
                None => db.home_of(user).await.map_err(|error| away(&error))?,
            };
            let remedy = "this call comes from no conversation, and the person has none yet";
            home.ok_or_else(|| Error::Denied(remedy.to_owned()))
        }
        Some("me") => {
            let own = db.chat_of(user).await.map_err(|error| away(&error))?;
            let remedy =
                "the person has no chat on Telegram: write to the bot on Telegram first, and let the owner pair you";
            own.map(|chat| chat.conversation_id).ok_or_else(|| Error::Denied(remedy.to_owned()))
        }
        Some(name) => paired(db, name).await,
    }
}

/// The chat of this id, title or person.
async fn paired(db: &Db, name: &str) -> Result<ConversationId, Error> {
    let (chats, users) = tokio::try_join!(db.chats(), db.users()).map_err(|error| away(&error))?;
    let name = name.trim();
    let named = |chat: &&Chat| {
        let person = users.iter().find(|user| user.id == chat.user_id);
        chat.chat_id.to_string() == name
            || chat.title.eq_ignore_ascii_case(name)
            || person.is_some_and(|person| person.name.eq_ignore_ascii_case(name))
    };
    let found: Vec<&Chat> = chats.iter().filter(named).collect();
    let Some(first) = found.iter().min_by_key(|chat| chat.thread_id) else {
        let remedy =
            format!("no chat is called `{name}`: they write to the bot on Telegram first, and the owner pairs them");
        return Err(Error::Denied(remedy));
    };
    if found.iter().any(|chat| chat.chat_id != first.chat_id) {
        return Err(Error::Denied(format!("more than one chat is called `{name}`; use its id")));
    }
    Ok(first.conversation_id)
}

/// A guest learns that the outbox is away, not why.
fn away(error: &StoreError) -> Error {
    tracing::error!(error = error as &dyn std::error::Error, "a skill's message failed");
    Error::Unavailable("the outbox cannot be reached".to_owned())
}
