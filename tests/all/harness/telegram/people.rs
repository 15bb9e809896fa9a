//! People, groups, and what they write.

use serde_json::{Value, json};
use std::time::Instant;

use super::{
    fields::Upload,
    world::{BOT_USERNAME, Chat, Said, World, unix_now},
};

/// Somebody on Telegram. Their chat with the bot has their id.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: i64,
    name: String,
    language: String,
}

/// Somebody whose program is in English.
pub fn person(id: i64, name: &str) -> Person {
    Person { id, name: name.to_owned(), language: "en".to_owned() }
}

impl Person {
    /// The language of their program, such as `zh-hans`; empty when it does not say.
    pub fn speaking(self, language: &str) -> Self {
        Self { language: language.to_owned(), ..self }
    }

    pub fn says(&self, text: &str) -> Draft {
        Draft { text: text.to_owned(), ..Draft::by(self) }
    }

    pub fn sends(&self, media: Media) -> Draft {
        Draft { media: Some(media), ..Draft::by(self) }
    }

    pub fn value(&self) -> Value {
        let mut value = json!({ "id": self.id, "is_bot": false, "first_name": self.name });
        if !self.language.is_empty() {
            value["language_code"] = json!(self.language);
        }
        value
    }
}

/// Several people and the bot. Their id is negative.
#[derive(Clone, Debug)]
pub struct Group {
    pub id: i64,
    title: String,
    forum: bool,
}

pub fn group(id: i64, title: &str) -> Group {
    assert!(id < 0, "the id of a group is negative");
    Group { id, title: title.to_owned(), forum: false }
}

impl Group {
    /// With topics.
    pub fn forum(self) -> Self {
        Self { forum: true, ..self }
    }

    pub fn value(&self) -> Value {
        let kind = if self.id <= -1_000_000_000_000 { "supergroup" } else { "group" };
        let mut value = json!({ "id": self.id, "type": kind, "title": self.title });
        if self.forum {
            value["is_forum"] = json!(true);
        }
        value
    }
}

/// What is sent instead of a text.
#[derive(Clone, Debug)]
pub enum Media {
    /// The size that is told, where it is not that of the bytes.
    Document(Upload, Option<u64>),
    Photo(Vec<u8>),
    Voice,
    Sticker,
    Location,
}

impl Media {
    pub fn document(name: &str, media_type: &str, bytes: &[u8]) -> Self {
        let upload = Upload { name: name.to_owned(), media_type: media_type.to_owned(), bytes: bytes.to_vec() };
        Self::Document(upload, None)
    }

    /// A document that is said to have so many bytes, more than there are.
    pub fn large_document(name: &str, size: u64) -> Self {
        let upload = Upload { name: name.to_owned(), media_type: "application/zip".to_owned(), bytes: b"PK".to_vec() };
        Self::Document(upload, Some(size))
    }
}

/// A message that somebody is about to send.
#[derive(Clone, Debug)]
pub struct Draft {
    from: Person,
    group: Option<Group>,
    topic: Option<i64>,
    reply_to: Option<i64>,
    album: Option<String>,
    /// Who wrote it first.
    forwarded: Option<Person>,
    /// The text under a file when there is one.
    text: String,
    media: Option<Media>,
}

impl Draft {
    fn by(person: &Person) -> Self {
        Self {
            from: person.clone(),
            group: None,
            topic: None,
            reply_to: None,
            album: None,
            forwarded: None,
            text: String::new(),
            media: None,
        }
    }

    pub fn in_group(self, group: &Group) -> Self {
        Self { group: Some(group.clone()), ..self }
    }

    /// Within a topic of a group; it begins with its first message.
    pub fn in_topic(self, topic: i64) -> Self {
        Self { topic: Some(topic), ..self }
    }

    pub fn replying_to(self, message: i64) -> Self {
        Self { reply_to: Some(message), ..self }
    }

    /// One of several files that are sent together.
    pub fn in_album(self, album: &str) -> Self {
        Self { album: Some(album.to_owned()), ..self }
    }

    /// Passed on: somebody else wrote it.
    pub fn forwarded_from(self, author: &Person) -> Self {
        Self { forwarded: Some(author.clone()), ..self }
    }

    /// The text under a file.
    pub fn with_caption(self, text: &str) -> Self {
        Self { text: text.to_owned(), ..self }
    }

    pub fn chat(&self) -> i64 {
        self.group.as_ref().map_or(self.from.id, |group| group.id)
    }

    fn chat_value(&self) -> Value {
        self.group.as_ref().map_or_else(
            || json!({ "id": self.from.id, "type": "private", "first_name": self.from.name }),
            Group::value,
        )
    }

    /// Writes it into its chat; the message as it stands in an update.
    pub fn write(&self, world: &mut World) -> Value {
        let files = self.media.as_ref().map(|media| media_value(world, media)).unwrap_or_default();
        let (id, value) = (self.chat(), self.chat_value());
        let chat = world.chats.entry(id).or_insert_with(|| Chat::new(value.clone()));
        chat.value = value.clone();
        chat.topics.extend(self.topic);
        let message_id = chat.next_id();
        let mut message = json!({
            "message_id": message_id, "date": unix_now(), "from": self.from.value(), "chat": value,
        });
        if let Some(topic) = self.topic {
            message["message_thread_id"] = json!(topic);
            message["is_topic_message"] = json!(true);
        }
        if let Some(answered) = self.reply_to {
            let said = chat.message(answered).unwrap_or_else(|| panic!("no message {answered} in {id}"));
            message["reply_to_message"] = said.value.clone();
        }
        if let Some(author) = &self.forwarded {
            message["forward_origin"] = json!({ "type": "user", "date": unix_now(), "sender_user": author.value() });
        }
        if let Some(album) = &self.album {
            message["media_group_id"] = json!(album);
        }
        if let Value::Object(files) = files {
            message.as_object_mut().into_iter().for_each(|message| message.extend(files.clone()));
        }
        set_text(&mut message, &self.text, self.media.is_some());
        chat.said.push(Said {
            id: message_id,
            by_bot: false,
            text: self.text.clone(),
            entities: Vec::new(),
            buttons: Vec::new(),
            reply_to: self.reply_to,
            topic: self.topic,
            file: None,
            earlier: Vec::new(),
            at: Instant::now(),
            value: message.clone(),
        });
        message
    }
}

/// Puts a text with what Telegram finds in it into a message.
pub fn set_text(message: &mut Value, text: &str, under_file: bool) {
    if text.is_empty() {
        return;
    }
    let (key, entities) = if under_file { ("caption", "caption_entities") } else { ("text", "entities") };
    message[key] = json!(text);
    let found = found(text);
    if !found.is_empty() {
        message[entities] = json!(found);
    }
}

fn media_value(world: &mut World, media: &Media) -> Value {
    match media {
        Media::Document(upload, size) => {
            let mut file = world.keep_file("documents", &upload.name, &upload.bytes, *size);
            file["file_name"] = json!(upload.name);
            file["mime_type"] = json!(upload.media_type);
            json!({ "document": file })
        }
        Media::Photo(bytes) => {
            // The smallest size comes first, and holds other bytes.
            let sizes = [(&b"a small picture"[..], 90), (bytes.as_slice(), 1280)].map(|(bytes, width)| {
                let mut size = world.keep_file("photos", "photo.jpg", bytes, None);
                size["width"] = json!(width);
                size["height"] = json!(width * 3 / 4);
                size
            });
            json!({ "photo": sizes })
        }
        Media::Voice => {
            let mut file = world.keep_file("voice", "voice.oga", b"OggS", None);
            file["duration"] = json!(3);
            file["mime_type"] = json!("audio/ogg");
            json!({ "voice": file })
        }
        Media::Sticker => {
            let mut file = world.keep_file("stickers", "sticker.webp", b"RIFF", None);
            for (key, value) in [
                ("type", json!("regular")),
                ("width", json!(512)),
                ("height", json!(512)),
                ("is_animated", json!(false)),
                ("is_video", json!(false)),
                ("emoji", json!("👍")),
                ("set_name", json!("Thumbs")),
            ] {
                file[key] = value;
            }
            json!({ "sticker": file })
        }
        Media::Location => json!({ "location": { "latitude": 52.52, "longitude": 13.405 } }),
    }
}

/// The commands and mentions of a text, as Telegram marks them.
fn found(text: &str) -> Vec<Value> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut entities = Vec::new();
    let mut before = ' ';
    let mut done = 0;
    for (at, c) in text.char_indices() {
        let begins = at >= done && !(before.is_alphanumeric() || before == '_' || before == '/' || before == '@');
        before = c;
        if !begins || !matches!(c, '/' | '@') {
            continue;
        }
        let rest = &text[at + 1..];
        let mut length = rest.find(|c| !word(c)).unwrap_or(rest.len());
        if length == 0 || (c == '@' && length < 3) {
            continue;
        }
        if c == '/' && rest[length..].starts_with('@') {
            let name = &rest[length + 1..];
            length += 1 + name.find(|c| !word(c)).unwrap_or(name.len());
        }
        let units = |text: &str| text.encode_utf16().count();
        let kind = if c == '/' { "bot_command" } else { "mention" };
        entities.push(json!({ "type": kind, "offset": units(&text[..at]), "length": length + 1 }));
        done = at + 1 + length;
    }
    entities
}

/// A message to the bot by name.
pub fn to_bot(text: &str) -> String {
    format!("@{BOT_USERNAME} {text}")
}
