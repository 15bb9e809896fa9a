//! What the bot asks for, and what it gets.

use serde_json::{Value, json};
use std::time::Instant;

use super::{
    checks::{self, MOST_CAPTION, MOST_TEXT},
    fields::Fields,
    world::{Button, Call, Menu, Refusal, Said, World, bot, unix_now},
};

type Outcome = Result<Value, Refusal>;

/// The methods that are known, as Telegram writes them. It takes them in any case.
const METHODS: [&str; 18] = [
    "getMe",
    "getUpdates",
    "setWebhook",
    "deleteWebhook",
    "getWebhookInfo",
    "sendMessage",
    "editMessageText",
    "editMessageReplyMarkup",
    "deleteMessage",
    "sendChatAction",
    "answerCallbackQuery",
    "setMyCommands",
    "getMyCommands",
    "deleteMyCommands",
    "sendDocument",
    "sendPhoto",
    "getFile",
    "getChat",
];

const ACTIONS: [&str; 11] = [
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
];

/// Most bytes of a file that a bot may fetch.
const MOST_FETCHED: u64 = 20 << 20;

/// The name of a method as Telegram writes it; an unknown one as it came.
pub fn canonical(name: &str) -> String {
    METHODS.iter().find(|known| known.eq_ignore_ascii_case(name)).map_or(name, |known| known).to_owned()
}

/// Does what a call asks for; `getUpdates` is not among it.
pub fn answer(world: &mut World, call: &Call) -> Outcome {
    let fields = &call.fields;
    match call.method.as_str() {
        "getMe" => Ok(me()),
        "setWebhook" => {
            fields.text("url").unwrap_or_default().clone_into(&mut world.webhook);
            Ok(json!(true))
        }
        "deleteWebhook" => {
            if fields.truth("drop_pending_updates") {
                world.complaints.push("deleteWebhook drops updates that nobody has seen".into());
                world.queue.confirm(i64::MIN);
            }
            world.webhook.clear();
            Ok(json!(true))
        }
        "getWebhookInfo" => Ok(json!({
            "url": world.webhook, "has_custom_certificate": false, "pending_update_count": world.queue.pending().len(),
        })),
        "sendMessage" => send_message(world, fields),
        "sendDocument" => send_file(world, fields, "document"),
        "sendPhoto" => send_file(world, fields, "photo"),
        "editMessageText" => edit(world, fields, true),
        "editMessageReplyMarkup" => edit(world, fields, false),
        "deleteMessage" => delete(world, fields),
        "sendChatAction" => action(world, fields),
        "answerCallbackQuery" => answer_press(world, fields),
        "setMyCommands" | "deleteMyCommands" | "getMyCommands" => menus(world, &call.method, fields),
        "getFile" => get_file(world, fields),
        "getChat" => {
            let mut chat = world.chat(fields)?.value.clone();
            chat["accent_color_id"] = json!(1);
            chat["max_reaction_count"] = json!(11);
            chat["accepted_gift_types"] = json!({
                "unlimited_gifts": true, "limited_gifts": true, "unique_gifts": true, "premium_subscription": true,
                "gifts_from_channels": true,
            });
            Ok(chat)
        }
        _ => Err(Refusal::new(404, "Not Found: method not found")),
    }
}

fn me() -> Value {
    let mut me = bot();
    for (key, value) in [
        ("can_join_groups", true),
        ("can_read_all_group_messages", true),
        ("supports_inline_queries", false),
        ("can_connect_to_business", false),
        ("has_main_web_app", false),
        ("has_topics_enabled", false),
        ("allows_users_to_create_topics", false),
    ] {
        me[key] = json!(value);
    }
    me
}

/// Text, entities and buttons of a message that is about to be sent.
struct Content {
    text: String,
    entities: Vec<Value>,
    buttons: Vec<Vec<Button>>,
    markup: Option<Value>,
}

fn content(fields: &Fields, (text, entities): (&str, &str), most: usize) -> Result<Content, Refusal> {
    if fields.text("parse_mode").is_some_and(|mode| !mode.is_empty()) {
        return Err(Refusal::bad("can't parse entities: send entities instead of a parse_mode"));
    }
    let (text, entities) = checks::text(fields.text(text).unwrap_or_default(), fields.json(entities), most)?;
    let markup = fields.json("reply_markup");
    Ok(Content { text, entities, buttons: checks::keyboard(markup.clone())?, markup })
}

fn send_message(world: &mut World, fields: &Fields) -> Outcome {
    world.chat(fields)?;
    let content = content(fields, ("text", "entities"), MOST_TEXT)?;
    if content.text.is_empty() {
        return Err(Refusal::bad("message text is empty"));
    }
    let value = json!({ "text": content.text, "entities": content.entities });
    say(world, fields, content, value)
}

fn send_file(world: &mut World, fields: &Fields, kind: &str) -> Outcome {
    world.chat(fields)?;
    let content = content(fields, ("caption", "caption_entities"), MOST_CAPTION)?;
    let Some(upload) = fields.file(kind).cloned() else {
        return Err(Refusal::bad(&format!("there is no {kind} in the request")));
    };
    if upload.bytes.is_empty() {
        return Err(Refusal::bad("file must be non-empty"));
    }
    let mut file = world.keep_file(&format!("{kind}s"), &upload.name, &upload.bytes, None);
    let mut value = json!({});
    if !content.text.is_empty() {
        value = json!({ "caption": content.text, "caption_entities": content.entities });
    }
    if kind == "photo" {
        file["width"] = json!(640);
        file["height"] = json!(480);
        value["photo"] = json!([file]);
    } else {
        file["file_name"] = json!(upload.name);
        file["mime_type"] = json!(upload.media_type);
        value["document"] = file;
    }
    let sent = say(world, fields, content, value)?;
    let id = sent["message_id"].as_i64().unwrap_or_default();
    if let Some(said) = world.chat(fields)?.message(id) {
        said.file = Some(upload);
    }
    Ok(sent)
}

/// Writes a message of the bot into its chat; `value` holds what it is made of.
fn say(world: &mut World, fields: &Fields, content: Content, mut value: Value) -> Outcome {
    let chat = world.chat(fields)?;
    let topic = fields.int("message_thread_id").filter(|topic| *topic != 0);
    if topic.is_some_and(|topic| !chat.topics.contains(&topic)) {
        return Err(Refusal::bad("message thread not found"));
    }
    let reply = fields.json("reply_parameters");
    let wanted = reply.as_ref().and_then(|reply| reply["message_id"].as_i64()).or(fields.int("reply_to_message_id"));
    let answered = wanted.and_then(|id| chat.message(id)).map(|said| (said.id, said.value.clone()));
    let may_miss = reply.as_ref().is_some_and(|reply| reply["allow_sending_without_reply"] == true);
    if wanted.is_some() && answered.is_none() && !may_miss {
        return Err(Refusal::bad("message to be replied not found"));
    }
    let id = chat.next_id();
    value["message_id"] = json!(id);
    value["date"] = json!(unix_now());
    value["from"] = bot();
    value["chat"] = chat.value.clone();
    if let Some(topic) = topic {
        value["message_thread_id"] = json!(topic);
        value["is_topic_message"] = json!(true);
    }
    if let Some((_, message)) = &answered {
        value["reply_to_message"] = message.clone();
    }
    if let Some(markup) = content.markup {
        value["reply_markup"] = markup;
    }
    chat.said.push(Said {
        id,
        by_bot: true,
        text: content.text,
        entities: content.entities,
        buttons: content.buttons,
        reply_to: answered.map(|(id, _)| id),
        topic,
        file: None,
        earlier: Vec::new(),
        at: Instant::now(),
        value: value.clone(),
    });
    Ok(value)
}

/// Changes a message: its text and its buttons, or only these.
fn edit(world: &mut World, fields: &Fields, with_text: bool) -> Outcome {
    let chat = world.chat(fields)?;
    let id = fields.int("message_id").ok_or_else(|| Refusal::bad("message identifier is not specified"))?;
    let said = chat.message(id).ok_or_else(|| Refusal::bad("message to edit not found"))?;
    if !said.by_bot {
        return Err(Refusal::bad("message can't be edited"));
    }
    let content = if with_text {
        let content = content(fields, ("text", "entities"), MOST_TEXT)?;
        if content.text.is_empty() {
            return Err(Refusal::bad("message text is empty"));
        }
        content
    } else {
        let markup = fields.json("reply_markup");
        let (text, entities) = (said.text.clone(), said.entities.clone());
        Content { text, entities, buttons: checks::keyboard(markup.clone())?, markup }
    };
    if (&said.text, &said.entities, &said.buttons) == (&content.text, &content.entities, &content.buttons) {
        return Err(Refusal::bad(
            "message is not modified: specified new message content and reply markup are exactly the same as a current \
             content and reply markup of the message",
        ));
    }
    if said.text != content.text {
        said.earlier.push(std::mem::replace(&mut said.text, content.text));
    }
    said.entities = content.entities;
    said.buttons = content.buttons;
    if with_text {
        said.value["text"] = json!(said.text);
        said.value["entities"] = json!(said.entities);
    }
    said.value["edit_date"] = json!(unix_now());
    match content.markup {
        Some(markup) => said.value["reply_markup"] = markup,
        None => drop(said.value.as_object_mut().and_then(|value| value.remove("reply_markup"))),
    }
    Ok(said.value.clone())
}

fn delete(world: &mut World, fields: &Fields) -> Outcome {
    let chat = world.chat(fields)?;
    let id = fields.int("message_id").ok_or_else(|| Refusal::bad("message identifier is not specified"))?;
    chat.message(id).ok_or_else(|| Refusal::bad("message to delete not found"))?;
    chat.said.retain(|said| said.id != id);
    Ok(json!(true))
}

fn action(world: &mut World, fields: &Fields) -> Outcome {
    world.chat(fields)?;
    let action = fields.text("action").unwrap_or_default().to_owned();
    if !ACTIONS.contains(&action.as_str()) {
        return Err(Refusal::bad("wrong parameter action in request"));
    }
    let chat = fields.int("chat_id").unwrap_or_default();
    world.actions.push((chat, action));
    Ok(json!(true))
}

fn answer_press(world: &mut World, fields: &Fields) -> Outcome {
    let id = fields.text("callback_query_id").unwrap_or_default();
    let unknown = "query is too old and response timeout expired or query ID is invalid";
    let press = world.presses.get_mut(id).ok_or_else(|| Refusal::bad(unknown))?;
    let text = fields.text("text").unwrap_or_default();
    if text.encode_utf16().count() > 200 {
        return Err(Refusal::bad("MESSAGE_TOO_LONG"));
    }
    press.answers.push(text.to_owned());
    Ok(json!(true))
}

fn menus(world: &mut World, method: &str, fields: &Fields) -> Outcome {
    let scope =
        fields.json("scope").map_or_else(|| json!({ "type": "default" }).to_string(), |scope| scope.to_string());
    let language = fields.text("language_code").unwrap_or_default().to_owned();
    let same = |menu: &Menu| menu.scope == scope && menu.language == language;
    if method == "getMyCommands" {
        let found = world.menus.iter().find(|menu| same(menu));
        return Ok(found.map_or_else(|| json!([]), |menu| json!(menu.commands)));
    }
    let commands = if method == "setMyCommands" { checks::commands(fields.json("commands"))? } else { Vec::new() };
    world.menus.retain(|menu| !same(menu));
    if !commands.is_empty() {
        world.menus.push(Menu { scope, language, commands });
    }
    Ok(json!(true))
}

fn get_file(world: &World, fields: &Fields) -> Outcome {
    let id = fields.text("file_id").unwrap_or_default();
    let file = world.files.get(id).ok_or_else(|| Refusal::bad("invalid file_id"))?;
    if file.size > MOST_FETCHED {
        return Err(Refusal::bad("file is too big"));
    }
    Ok(json!({ "file_id": id, "file_unique_id": format!("u-{id}"), "file_size": file.size, "file_path": file.path }))
}
