//! The Bot API as the rest of this module needs it: errors by what to do about them, messages in our
//! own words. teloxide's `Bot` and types; its dispatcher acknowledges before it stores and is not used.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::time::Duration;
use teloxide_core::{
    ApiError, Bot, RequestError,
    errors::AsResponseParameters,
    payloads::{
        AnswerCallbackQuerySetters, EditMessageTextSetters, GetUpdatesSetters, SendChatActionSetters,
        SendDocumentSetters, SendMessageSetters, SetMyCommandsSetters,
    },
    prelude::Requester,
    requests::{Payload, Request},
    types::{
        AllowedUpdate, BotCommand, CallbackQueryId, ChatAction, ChatId, FileId, InlineKeyboardButton,
        InlineKeyboardMarkup, InputFile, Me, Message, MessageEntity, MessageEntityKind, MessageId, ReplyParameters,
        ThreadId, Update,
    },
};

use super::render::{EntityKind, Piece};
use crate::store::{Button, ChatAddress, Outgoing};

/// Longest wait for any call but a poll.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// What a poll may take beyond its own time before the server counts as dead.
const POLL_MARGIN: Duration = Duration::from_secs(10);

/// Updates of one batch.
const BATCH: u8 = 100;

/// Longest wait that is believed; a server that asks for more is asked again after this.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// Why a call did not go through, by what helps.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Again after this long.
    #[error("Telegram asks to wait {} s", .0.as_secs())]
    Wait(Duration),
    /// Nothing arrived there.
    #[error("Telegram cannot be reached: {0}")]
    Unreachable(String),
    /// It may have arrived; no answer came.
    #[error("no answer from Telegram: {0}")]
    Unsure(String),
    #[error("the token was refused: it is wrong or was revoked")]
    Unauthorized,
    #[error("another program polls this bot")]
    Conflict,
    /// The group has this id now.
    #[error("the group has become {0}")]
    Moved(i64),
    /// The person blocked the bot, or the chat is gone.
    #[error("the chat is closed: {0}")]
    Closed(String),
    /// Never going to work as it is.
    #[error("Telegram refused it: {0}")]
    Refused(String),
}

type Result<T> = std::result::Result<T, CallError>;

/// A connection to one bot. Cloning shares it.
#[derive(Clone)]
pub struct Api {
    bot: Bot,
    poll: Duration,
}

impl Api {
    pub fn new(token: &SecretString, api_url: &str, poll: Duration) -> anyhow::Result<Self> {
        let client = teloxide_core::net::default_reqwest_settings()
            .timeout(poll + POLL_MARGIN)
            // An idle connection is one that a proxy may have dropped.
            .pool_idle_timeout(Duration::from_secs(20))
            .build()?;
        let bot = Bot::with_client(token.expose_secret(), client).set_api_url(api_url.parse()?);
        Ok(Self { bot, poll })
    }

    pub async fn me(&self) -> Result<Me> {
        call(self.bot.get_me()).await
    }

    /// Polling works only without a webhook; updates that wait are kept.
    pub async fn drop_webhook(&self) -> Result<()> {
        call(self.bot.delete_webhook()).await.map(drop)
    }

    /// Waits for updates; `at_once` only asks. An offset confirms everything before it.
    pub async fn updates(&self, offset: Option<i32>, at_once: bool) -> Result<Vec<Update>> {
        let wait = if at_once { Duration::ZERO } else { self.poll };
        let mut request = self
            .bot
            .get_updates()
            .timeout(u32::try_from(wait.as_secs()).unwrap_or(50))
            .limit(BATCH)
            .allowed_updates([AllowedUpdate::Message, AllowedUpdate::CallbackQuery]);
        if let Some(offset) = offset {
            request = request.offset(offset);
        }
        limited(request, wait + POLL_MARGIN).await
    }

    /// Sends a part of a message; Telegram's id of it.
    pub async fn send(&self, row: &Outgoing, piece: &Piece, last: bool) -> Result<i64> {
        let mut request = self.bot.send_message(ChatId(row.chat_id), &piece.text).entities(entities(piece));
        if row.thread_id != 0 {
            request = request.message_thread_id(thread(row.thread_id));
        }
        if let Some(to) = row.reply_to {
            request = request.reply_parameters(ReplyParameters::new(message_id(to)).allow_sending_without_reply());
        }
        if last && !row.buttons.0.is_empty() {
            request = request.reply_markup(keyboard(&row.buttons.0));
        }
        sent(request).await
    }

    /// Gives a message of ours another text. That it has it already is no error.
    pub async fn edit(&self, chat: i64, message: i64, piece: &Piece, buttons: &[Vec<Button>]) -> Result<()> {
        let request = self
            .bot
            .edit_message_text(ChatId(chat), message_id(message), &piece.text)
            .entities(entities(piece))
            .reply_markup(keyboard(buttons));
        match tokio::time::timeout(CALL_TIMEOUT, request.send()).await {
            Ok(Ok(_) | Err(RequestError::Api(ApiError::MessageNotModified))) => Ok(()),
            Ok(Err(RequestError::InvalidJson { raw, .. })) if done(&raw).is_some() => Ok(()),
            Ok(Err(error)) => Err(classify(&error)),
            Err(_) => Err(no_answer(CALL_TIMEOUT)),
        }
    }

    /// Sends a whole reply as a file.
    pub async fn send_file(&self, row: &Outgoing, name: &str, content: String) -> Result<i64> {
        let file = InputFile::memory(content.into_bytes()).file_name(name.to_owned());
        let mut request = self.bot.send_document(ChatId(row.chat_id), file);
        if row.thread_id != 0 {
            request = request.message_thread_id(thread(row.thread_id));
        }
        sent(request).await
    }

    /// Shows that a reply is being written, for five seconds.
    pub async fn typing(&self, to: ChatAddress) -> Result<()> {
        let mut request = self.bot.send_chat_action(ChatId(to.chat_id), ChatAction::Typing);
        if to.thread_id != 0 {
            request = request.message_thread_id(thread(to.thread_id));
        }
        call(request).await.map(drop)
    }

    /// Ends the waiting of whoever pressed a button, with a word on what came of it.
    pub async fn acknowledge(&self, press: &CallbackQueryId, text: &str) -> Result<()> {
        // Telegram takes 200 characters.
        let text: String = text.chars().take(180).collect();
        call(self.bot.answer_callback_query(press.clone()).text(text)).await.map(drop)
    }

    /// Tells Telegram the commands, in one language or as the default.
    pub async fn set_commands(&self, commands: Vec<BotCommand>, language: Option<&str>) -> Result<()> {
        let mut request = self.bot.set_my_commands(commands);
        if let Some(language) = language {
            request = request.language_code(language);
        }
        call(request).await.map(drop)
    }

    /// The bytes of a file that somebody sent, `None` when there are more than `most`.
    pub async fn download(&self, id: &FileId, most: usize) -> Result<Option<Vec<u8>>> {
        let file = call(self.bot.get_file(id.clone())).await?;
        let mut url = self.bot.api_url();
        url.set_path(&format!("file/bot{}/{}", self.bot.token(), file.path));
        let response = self.bot.client().get(url).send().await;
        let mut response = response.map_err(|error| CallError::Unreachable(error.without_url().to_string()))?;
        if !response.status().is_success() {
            return Err(CallError::Unreachable(format!("status {}", response.status())));
        }
        let mut bytes = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if bytes.len() + chunk.len() > most => return Ok(None),
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => return Ok(Some(bytes)),
                Err(error) => return Err(CallError::Unreachable(error.without_url().to_string())),
            }
        }
    }
}

async fn call<R: Request<Err = RequestError> + IntoFuture>(request: R) -> Result<teloxide_core::requests::Output<R>>
where
    R::Send: Send,
{
    limited(request, CALL_TIMEOUT).await
}

async fn limited<R: Request<Err = RequestError>>(
    request: R,
    most: Duration,
) -> Result<teloxide_core::requests::Output<R>> {
    match tokio::time::timeout(most, request.send()).await {
        Ok(Ok(output)) => Ok(output),
        Ok(Err(error)) => Err(classify(&error)),
        Err(_) => Err(no_answer(most)),
    }
}

/// Sends a message; Telegram's id of it. That is read also from an answer with something in it that the
/// library does not know: the message has arrived, and sent again it would be there twice.
async fn sent<R: Request<Err = RequestError>>(request: R) -> Result<i64>
where
    R::Payload: Payload<Output = Message>,
{
    match tokio::time::timeout(CALL_TIMEOUT, request.send()).await {
        Ok(Ok(message)) => Ok(i64::from(message.id.0)),
        Ok(Err(RequestError::InvalidJson { raw, .. })) => {
            let id = done(&raw).and_then(|message| message["message_id"].as_i64());
            id.ok_or_else(|| unread(&raw))
        }
        Ok(Err(error)) => Err(classify(&error)),
        Err(_) => Err(no_answer(CALL_TIMEOUT)),
    }
}

fn no_answer(waited: Duration) -> CallError {
    CallError::Unsure(format!("nothing for {} s", waited.as_secs()))
}

/// What a call gave that went well, whatever it is.
fn done(raw: &str) -> Option<Value> {
    let mut answer: Value = serde_json::from_str(raw).ok()?;
    (answer["ok"] == true).then(|| answer["result"].take())
}

/// What helps against an error. The library keeps the token out of its texts.
fn classify(error: &RequestError) -> CallError {
    if let Some(wait) = error.retry_after() {
        return CallError::Wait(wait.duration().min(LONGEST_WAIT));
    }
    match error {
        RequestError::MigrateToChatId(chat) => CallError::Moved(chat.0),
        RequestError::Network(error) if error.is_connect() => CallError::Unreachable(error.to_string()),
        RequestError::Network(error) => CallError::Unsure(error.to_string()),
        RequestError::InvalidJson { raw, .. } => unread(raw),
        RequestError::Api(error) => match error {
            ApiError::InvalidToken => CallError::Unauthorized,
            ApiError::TerminatedByOtherGetUpdates | ApiError::CantGetUpdates => CallError::Conflict,
            ApiError::Unknown(text) if text.starts_with("Internal") || text.starts_with("Bad Gateway") => {
                CallError::Unreachable(text.clone())
            }
            error => {
                let text = error.to_string();
                if text.starts_with("Forbidden") || matches!(error, ApiError::ChatNotFound) {
                    CallError::Closed(text)
                } else {
                    CallError::Refused(text)
                }
            }
        },
        error => CallError::Unreachable(error.to_string()),
    }
}

/// What helps against an answer that the library cannot read, such as one with parameters it does not know.
/// One that is not Telegram's comes from something in between, which may have passed the call on.
fn unread(raw: &str) -> CallError {
    let answer: Value = serde_json::from_str(raw).unwrap_or_default();
    let text = answer["description"].as_str().unwrap_or("an answer that is not the Bot API's").to_owned();
    match answer["error_code"].as_u64() {
        Some(400) => CallError::Refused(text),
        Some(401 | 404) => CallError::Unauthorized,
        Some(403) => CallError::Closed(text),
        Some(409) => CallError::Conflict,
        Some(429) => {
            let wait = answer["parameters"]["retry_after"].as_u64().unwrap_or(1);
            CallError::Wait(Duration::from_secs(wait).min(LONGEST_WAIT))
        }
        Some(_) => CallError::Unreachable(text),
        None => CallError::Unsure(text),
    }
}

fn entities(piece: &Piece) -> Vec<MessageEntity> {
    let entity = |entity: &super::render::Entity| {
        let kind = match &entity.kind {
            EntityKind::Bold => MessageEntityKind::Bold,
            EntityKind::Italic => MessageEntityKind::Italic,
            EntityKind::Strikethrough => MessageEntityKind::Strikethrough,
            EntityKind::Code => MessageEntityKind::Code,
            EntityKind::Pre(language) => MessageEntityKind::Pre { language: language.clone() },
            EntityKind::Link(url) => MessageEntityKind::TextLink { url: url.parse().ok()? },
            EntityKind::Quote => MessageEntityKind::Blockquote,
        };
        Some(MessageEntity { kind, offset: entity.offset, length: entity.length })
    };
    piece.entities.iter().filter_map(entity).collect()
}

fn keyboard(rows: &[Vec<Button>]) -> InlineKeyboardMarkup {
    let button = |button: &Button| InlineKeyboardButton::callback(&button.label, &button.data);
    InlineKeyboardMarkup::new(rows.iter().map(|row| row.iter().map(button).collect::<Vec<_>>()))
}

fn message_id(id: i64) -> MessageId {
    MessageId(i32::try_from(id).unwrap_or(0))
}

fn thread(id: i64) -> ThreadId {
    ThreadId(message_id(id))
}
