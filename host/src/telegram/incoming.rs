//! One message as it came: who wrote it, where, in what language, and what becomes of it.

use rust_i18n::t;
use std::sync::Arc;
use teloxide_core::types::{Message, MessageEntityKind, MessageOrigin, User as Account};

use super::{Session, commands, follow, media, pairing, words::line};
use crate::{
    agent::{Envelope, MAX_MESSAGE_CHARS, NewMessage, SubmitError},
    store::{Accepted, Channel, Chat, ChatAddress, ChatKind, NewChat, Notice, StoreError, storable},
};

/// Characters of a name, of a person or a group.
const MAX_NAME_CHARS: usize = 60;

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

/// Where a message stands.
pub fn address_of(message: &Message) -> ChatAddress {
    let thread = message.thread_id.filter(|_| message.is_topic_message);
    ChatAddress { chat_id: message.chat.id.0, thread_id: thread.map_or(0, |thread| i64::from(thread.0.0)) }
}

/// The language of a person's app, as far as it is one of ours: "en" or "zh".
pub fn app_locale(account: &Account) -> Option<&'static str> {
    account.language_code.as_ref().map(|code| if code.starts_with("zh") { "zh" } else { "en" })
}

impl<'a> Incoming<'a> {
    /// What can be told of a message by itself.
    pub async fn of(
        session: &'a Arc<Session>,
        updates: Vec<String>,
        messages: Vec<Message>,
        from: Account,
    ) -> Result<Self, StoreError> {
        let address = address_of(&messages[0]);
        let locale = locale(session, &messages, &from).await?;
        Ok(Self { session, updates, messages, address, from, locale })
    }
}

impl Incoming<'_> {
    /// Answers it, makes a turn of it, or asks the owner about whoever wrote it.
    pub async fn answer(self) -> Result<(), StoreError> {
        let private = self.messages[0].chat.is_private();
        if !private && !self.is_addressed() {
            return self.done(&[]).await;
        }
        let Some(chat) = self.chat(private).await? else { return pairing::ask(&self, private).await };
        let (text, forwarded) = match self.forwarded_from() {
            Some(name) => (String::new(), Some((name, self.text()))),
            None => (self.text(), None),
        };
        if let Some(command) = commands::named(&text) {
            let notices = commands::answer(&self, &chat, command).await?;
            return self.done(&notices).await;
        }
        let collected = async {
            let room = if media::has_files(&self.messages) { self.session.files.acquire().await.ok() } else { None };
            media::collect(self.session, &self.messages, chat.user_id, &self.locale).await.map(|media| (room, media))
        };
        let (_room, media) = tokio::select! {
            // What is not done is still kept.
            () = self.session.stop.cancelled() => return Ok(()),
            collected = collected => collected?,
        };
        let refused = self.notice("unsupported", media.refused.join("\n"));
        if text.is_empty() && forwarded.is_none() && media.files.is_empty() {
            return self.done(&[refused]).await;
        }
        if !media.refused.is_empty() && self.session.parts.db.say(&self.session.parts.clock, &refused).await? {
            self.session.parts.wake.outbox.notify_one();
        }
        self.submit(&chat, text, forwarded, media).await
    }

    /// Whose words a message passes on, if they are not the sender's own.
    fn forwarded_from(&self) -> Option<String> {
        let origin = self.messages.iter().find_map(Message::forward_origin)?;
        let name = match origin {
            MessageOrigin::User { sender_user, .. } if sender_user.id == self.from.id => return None,
            MessageOrigin::User { sender_user, .. } => sender_user.full_name(),
            MessageOrigin::HiddenUser { sender_user_name, .. } => sender_user_name.clone(),
            MessageOrigin::Chat { sender_chat: chat, .. } | MessageOrigin::Channel { chat, .. } => {
                chat.title().unwrap_or_default().to_owned()
            }
        };
        Some(line(&name, MAX_NAME_CHARS))
    }

    /// The chat, once it may talk to the agent. A group is let in by the owner's speaking to it there.
    async fn chat(&self, private: bool) -> Result<Option<Chat>, StoreError> {
        let (db, clock) = (&self.session.parts.db, &self.session.parts.clock);
        let user = match db.user_on_telegram(self.address.chat_id).await? {
            Some(known) => known.id,
            None if private => return Ok(None),
            None => {
                let sender = db.user_on_telegram(i64::try_from(self.from.id.0).unwrap_or(0)).await?;
                let owner = db.owner_or_first(clock).await?.id;
                if sender.is_none_or(|sender| sender.id != owner) {
                    return Ok(None);
                }
                db.admit_group(clock, self.address.chat_id, &self.title()).await?
            }
        };
        let kind = if private { ChatKind::Private } else { ChatKind::Group };
        db.chat_at(clock, &NewChat { address: self.address, kind, user, title: self.title() }).await.map(Some)
    }

    /// Makes a turn of the message. What the person wrote are their words; what they pass on, and the names
    /// and texts of files, are data: nothing is learnt from it, and no trigger hears it.
    async fn submit(
        &self,
        chat: &Chat,
        text: String,
        forwarded: Option<(String, String)>,
        media: media::Media,
    ) -> Result<(), StoreError> {
        let group = chat.kind == ChatKind::Group;
        let mut attached = media.attached();
        if let Some((name, words)) = &forwarded {
            let words: String = words.chars().take(MAX_MESSAGE_CHARS).collect();
            attached = format!("[forwarded from {name}]\n{words}\n{attached}");
        }
        let stand_in = if forwarded.is_some() { "telegram.forwarded" } else { "telegram.files" };
        let words = if text.is_empty() { t!(stand_in, locale = &self.locale).into_owned() } else { text };
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
                attached: Some(storable(&attached)).filter(|text| !text.is_empty()),
                files: media.files,
                reply: Some((self.address, group.then(|| i64::from(first.id.0)))),
                token: None,
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
    fn name(&self) -> String {
        let name = line(&self.from.full_name(), MAX_NAME_CHARS);
        if name.is_empty() { t!("telegram.somebody", locale = &self.locale).into_owned() } else { name }
    }

    /// What the chat is called: the group, or the person.
    pub fn title(&self) -> String {
        let title = self.messages[0].chat.title().map(|title| line(title, MAX_NAME_CHARS));
        title.filter(|title| !title.is_empty()).unwrap_or_else(|| self.name())
    }

    /// The words of the message, without the name of the bot that it is addressed to.
    fn text(&self) -> String {
        let words = self.messages.iter().find_map(|message| message.text().or(message.caption())).unwrap_or_default();
        without_name(words, self.session.me.username()).trim().to_owned()
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

/// A text without the first mention of a bot, also in a command. What is longer than the bot's name is
/// somebody else's.
fn without_name(text: &str, bot: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    for (at, _) in text.match_indices('@') {
        let rest = &text[at + 1..];
        let length = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let before = &text[..at];
        let in_command = before.len() > 1 && before.starts_with('/') && before[1..].chars().all(is_name);
        let apart = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        if (apart || in_command) && rest[..length].eq_ignore_ascii_case(bot) {
            return format!("{before}{}", &rest[length..]);
        }
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_of_the_bot_is_taken_out() {
        let check = |text: &str, expected: &str| assert_eq!(without_name(text, "Skillet_bot"), expected);
        check("@skillet_bot what is 1+1", " what is 1+1");
        check("请问@Skillet_Bot，几点了", "请问@Skillet_Bot，几点了");
        check("请问 @Skillet_Bot，几点了", "请问 ，几点了");
        check("@skillet_bot2 and me@skillet_bot.example", "@skillet_bot2 and me@skillet_bot.example");
        check("İİ @skillet_bot hi", "İİ  hi");
        check("/help@skillet_bot me", "/help me");
        check("//help@skillet_bot", "//help@skillet_bot");
        check("nobody", "nobody");
    }
}
