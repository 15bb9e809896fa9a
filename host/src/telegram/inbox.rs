//! Works on what was kept: one update after the other within a chat, chats side by side.

use chrono::{DateTime, TimeDelta, Utc};
use rust_i18n::t;
use std::{sync::Arc, time::Duration};
use teloxide_core::types::{Message, MessageEntityKind, UpdateKind, User as Account};

use super::{Session, buttons, commands, follow, lanes::Lanes, media, pairing};
use crate::{
    agent::{Envelope, MAX_MESSAGE_CHARS, NewMessage, SubmitError},
    store::{Accepted, Channel, Chat, ChatAddress, ChatKind, NewChat, Notice, StoreError, Update, User, logged},
};

/// Updates looked at in one round.
const ROUND: i64 = 200;

/// The sweep behind the wake-ups.
const SWEEP: Duration = Duration::from_secs(20);

/// Silence after which an album has all its parts.
const ALBUM_QUIET: TimeDelta = TimeDelta::milliseconds(800);

/// A message with what was found out about it.
pub struct Incoming<'a> {
    pub session: &'a Arc<Session>,
    /// The kept updates that it is made of; an album has several.
    pub updates: Vec<String>,
    pub messages: Vec<Message>,
    pub address: ChatAddress,
    pub from: Account,
    /// "en" or "zh", as far as can be told.
    pub locale: String,
}

/// Works until told to stop.
pub async fn run(session: &Arc<Session>) {
    let mut lanes = Lanes::new();
    while !session.stop.is_cancelled() {
        let waiting = logged("updates cannot be read", session.parts.db.waiting_updates(ROUND).await);
        for (chat, updates) in by_chat(waiting.unwrap_or_default()) {
            let session = session.clone();
            lanes.begin(chat, async move { lane(&session, updates).await });
        }
        tokio::select! {
            () = session.stop.cancelled() => {}
            () = session.parts.wake.updates.notified() => {}
            Some(()) = lanes.ended() => {}
            () = tokio::time::sleep(SWEEP) => {}
        }
    }
    // A cut between two updates costs nothing: what is not done is still kept.
    lanes.all_ended().await;
}

fn by_chat(updates: Vec<Update>) -> Vec<(Option<i64>, Vec<Update>)> {
    let mut chats: Vec<(Option<i64>, Vec<Update>)> = Vec::new();
    for update in updates {
        match chats.iter_mut().find(|(chat, _)| *chat == update.chat_id) {
            Some((_, list)) => list.push(update),
            None => chats.push((update.chat_id, vec![update])),
        }
    }
    chats
}

/// The updates of one chat in order. What fails stays kept and ends the round of this chat.
async fn lane(session: &Arc<Session>, updates: Vec<Update>) {
    let mut rest = updates.into_iter().peekable();
    while let Some(update) = rest.next() {
        if session.stop.is_cancelled() {
            return;
        }
        let mut parts = vec![update];
        if let Some(album) = parts[0].album.clone() {
            while let Some(next) = rest.next_if(|next| next.album.as_ref() == Some(&album)) {
                parts.push(next);
            }
            let newest = parts.iter().map(|part| part.received_at).max().unwrap_or_default();
            if let Some(wait) = still_filling(newest, session.parts.clock.now()) {
                tokio::time::sleep(wait).await;
                return;
            }
        }
        if let Err(error) = work(session, parts).await {
            tracing::error!(error = &error as &dyn std::error::Error, "an update will be worked on again");
            tokio::time::sleep(Duration::from_secs(1)).await;
            return;
        }
    }
}

/// How long to wait for more of an album.
fn still_filling(newest: DateTime<Utc>, now: DateTime<Utc>) -> Option<Duration> {
    (newest + ALBUM_QUIET - now).to_std().ok().filter(|wait| !wait.is_zero())
}

async fn work(session: &Arc<Session>, parts: Vec<Update>) -> Result<(), StoreError> {
    let (db, clock) = (&session.parts.db, &session.parts.clock);
    let keys: Vec<String> = parts.iter().map(|part| part.key.clone()).collect();
    // The library reads its updates from text only, and the kind apart from the number.
    let kinds = parts.into_iter().map(|part| serde_json::from_str::<UpdateKind>(&part.payload.0.to_string()));
    let mut messages = Vec::new();
    for kind in kinds.flatten() {
        match kind {
            UpdateKind::Message(message) => messages.push(message),
            UpdateKind::CallbackQuery(press) => return buttons::pressed(session, &keys[0], press).await,
            _ => {}
        }
    }
    let from = messages.first().and_then(|message| message.from.as_ref()).filter(|from| !from.is_bot).cloned();
    let Some(from) = from else {
        // Nothing that a person says: services, channels, what this version does not know.
        for key in &keys {
            db.finish_update(clock, key, &[]).await?;
        }
        return Ok(());
    };
    let first = &messages[0];
    let thread = first.thread_id.filter(|_| first.is_topic_message).map_or(0, |thread| i64::from(thread.0.0));
    let address = ChatAddress { chat_id: first.chat.id.0, thread_id: thread };
    let locale = locale(session, &messages, &from).await?;
    Incoming { session, updates: keys, messages, address, from, locale }.answer().await
}

/// The language of a person's app, as far as it is one of ours: "en" or "zh".
pub fn app_locale(account: &Account) -> Option<&'static str> {
    account.language_code.as_ref().map(|code| if code.starts_with("zh") { "zh" } else { "en" })
}

/// The language of a notice: that of the words, else of the person's app, else the setting's.
async fn locale(session: &Session, messages: &[Message], from: &Account) -> Result<String, StoreError> {
    let own = match app_locale(from) {
        Some(locale) => locale.to_owned(),
        None => session.parts.settings.current().await?.locale,
    };
    let words = messages.iter().find_map(|message| message.text().or(message.caption())).unwrap_or_default();
    // The name of a command is in no language.
    let words = if words.starts_with('/') { words.split_once(' ').map_or("", |(_, rest)| rest) } else { words };
    Ok(crate::memory::locale_of(words, &own))
}

impl Incoming<'_> {
    async fn answer(self) -> Result<(), StoreError> {
        let private = self.messages[0].chat.is_private();
        if !private && !self.is_addressed() {
            return self.done(&[]).await;
        }
        let Some(chat) = self.chat(private).await? else { return pairing::ask(&self, private).await };
        let text = self.text();
        if let Some(command) = commands::named(&text) {
            let notices = commands::answer(&self, &chat, command).await?;
            return self.done(&notices).await;
        }
        let media = media::collect(self.session, &self.messages, &self.locale).await;
        if text.is_empty() && media.files.is_empty() {
            let notice = self.notice("unsupported", media.refused.join("\n"));
            return self.done(&[notice]).await;
        }
        self.submit(&chat, text, media).await
    }

    /// The chat, once it may talk to the agent. A group is let in by the owner's speaking to it there.
    async fn chat(&self, private: bool) -> Result<Option<Chat>, StoreError> {
        let (db, clock) = (&self.session.parts.db, &self.session.parts.clock);
        let title = self.messages[0].chat.title().map_or_else(|| self.name(), str::to_owned);
        let user: Option<User> = match db.user_on_telegram(self.address.chat_id).await? {
            None if !private => {
                let sender = db.user_on_telegram(i64::try_from(self.from.id.0).unwrap_or(0)).await?;
                let owner = db.owner_or_first(clock).await?.id;
                if sender.is_none_or(|sender| sender.id != owner) {
                    return Ok(None);
                }
                let group = db.user_named(clock, &format!("{title} ({})", self.address.chat_id)).await?;
                db.link_telegram(group.id, Some(self.address.chat_id)).await?;
                Some(group)
            }
            known => known,
        };
        let Some(user) = user else { return Ok(None) };
        let kind = if private { ChatKind::Private } else { ChatKind::Group };
        db.chat_at(clock, &NewChat { address: self.address, kind, user: user.id, title }).await.map(Some)
    }

    async fn submit(&self, chat: &Chat, text: String, media: media::Media) -> Result<(), StoreError> {
        let group = chat.kind == ChatKind::Group;
        let names = media.names.join("\n");
        let words = [text, if media.names.is_empty() { String::new() } else { names }, media.refused.join("\n")];
        let words = words.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n");
        let first = &self.messages[0];
        let own = first.media_group_id().map_or_else(|| first.id.0.to_string(), |album| format!("album {}", album.0));
        let message = NewMessage {
            user: chat.user_id,
            conversation: Some(chat.conversation_id),
            channel: Channel::Telegram,
            text: words.chars().take(MAX_MESSAGE_CHARS).collect(),
            key: Some(format!("{}:{own}", self.address.chat_id)),
            envelope: Envelope {
                from: group.then(|| self.name()),
                attached: media.text,
                files: media.files,
                reply: Some((self.address, group.then(|| i64::from(first.id.0)))),
                updates: self.updates.clone(),
            },
        };
        match self.session.parts.agent.submit(message).await {
            Ok((_, Accepted::New(turn))) => {
                follow::begin(self.session, turn, self.address);
                Ok(())
            }
            Ok((_, Accepted::Known(_))) => Ok(()),
            Err(SubmitError::Store(error)) => Err(error),
            // Empty after trimming, or a conversation that was taken away: nothing to answer.
            Err(_) => self.done(&[]).await,
        }
    }

    /// Ends the work, with what is said about it.
    pub async fn done(&self, notices: &[Notice]) -> Result<(), StoreError> {
        let (db, clock) = (&self.session.parts.db, &self.session.parts.clock);
        for (at, key) in self.updates.iter().enumerate() {
            db.finish_update(clock, key, if at == 0 { notices } else { &[] }).await?;
        }
        if !notices.is_empty() {
            self.session.parts.wake.outbox.notify_one();
        }
        Ok(())
    }

    /// Something to say in this chat about this message.
    pub fn notice(&self, what: &str, text: String) -> Notice {
        Notice {
            key: format!("{what}:{}", self.updates[0]),
            address: self.address,
            text,
            buttons: Vec::new(),
            locale: self.locale.clone(),
            edits: None,
        }
    }

    /// What the person calls themselves.
    pub fn name(&self) -> String {
        let name: String = self.from.full_name().chars().filter(|c| !c.is_control()).take(60).collect();
        if name.trim().is_empty() { t!("telegram.somebody", locale = &self.locale).into_owned() } else { name }
    }

    /// The words of the message, without the name of the bot that it is addressed to.
    fn text(&self) -> String {
        let words = self.messages.iter().find_map(|message| message.text().or(message.caption())).unwrap_or_default();
        let bot = format!("@{}", self.session.me.username());
        let at = words.to_lowercase().find(&bot.to_lowercase());
        let text = match at {
            Some(at) if words.is_char_boundary(at) && words.is_char_boundary(at + bot.len()) => {
                format!("{}{}", &words[..at], &words[at + bot.len()..])
            }
            _ => words.to_owned(),
        };
        text.trim().to_owned()
    }

    /// Whether a message in a group is meant for the bot: its name, a reply to it, or its command.
    fn is_addressed(&self) -> bool {
        let bot = format!("@{}", self.session.me.username()).to_lowercase();
        self.messages.iter().any(|message| {
            let replied = message
                .reply_to_message()
                .and_then(|to| to.from.as_ref())
                .is_some_and(|to| to.id == self.session.me.id);
            let entities = message.parse_entities().or(message.parse_caption_entities()).unwrap_or_default();
            replied
                || entities.iter().any(|entity| {
                    let text = entity.text().to_lowercase();
                    match entity.kind() {
                        MessageEntityKind::Mention => text == bot,
                        MessageEntityKind::BotCommand => text.ends_with(&bot),
                        MessageEntityKind::TextMention { user } => user.id == self.session.me.id,
                        _ => false,
                    }
                })
        })
    }
}
