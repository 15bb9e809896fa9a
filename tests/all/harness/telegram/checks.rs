//! What Telegram checks in a message before it takes it.

use serde_json::{Value, json};

use super::world::{Button, Refusal};

/// UTF-16 units of a text, and of what is written under a file.
pub const MOST_TEXT: usize = 4_096;
pub const MOST_CAPTION: usize = 1_024;

/// Entities beyond these are dropped.
const MOST_ENTITIES: usize = 100;

const ENTITIES: [&str; 20] = [
    "mention",
    "hashtag",
    "cashtag",
    "bot_command",
    "url",
    "email",
    "phone_number",
    "bold",
    "italic",
    "underline",
    "strikethrough",
    "spoiler",
    "blockquote",
    "expandable_blockquote",
    "code",
    "pre",
    "text_link",
    "text_mention",
    "custom_emoji",
    "date_time",
];

/// A text and its entities as Telegram keeps them: without white space around.
pub fn text(text: &str, entities: Option<Value>, most: usize) -> Result<(String, Vec<Value>), Refusal> {
    let entities = match entities {
        None => Vec::new(),
        Some(Value::Array(entities)) => entities,
        Some(_) => return Err(Refusal::bad("can't parse entities: not a list")),
    };
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut spans = Vec::with_capacity(entities.len());
    for entity in entities.iter().take(MOST_ENTITIES) {
        spans.push(span(entity, &units).map_err(|wrong| Refusal::bad(&format!("can't parse entities: {wrong}")))?);
    }
    nested(&spans).map_err(|wrong| Refusal::bad(&format!("can't parse entities: {wrong}")))?;
    let kept = text.trim();
    let length = kept.encode_utf16().count();
    if length > most {
        return Err(Refusal::bad("message is too long"));
    }
    let skipped = text[..text.len() - text.trim_start().len()].encode_utf16().count();
    let kept_entities =
        entities.into_iter().take(MOST_ENTITIES).zip(&spans).filter_map(|(mut entity, (_, from, to))| {
            let (from, to) = (from.saturating_sub(skipped), to.saturating_sub(skipped).min(length));
            entity["offset"] = json!(from);
            entity["length"] = json!(to.saturating_sub(from));
            (to > from).then_some(entity)
        });
    Ok((kept.to_owned(), kept_entities.collect()))
}

/// Type, first unit and the one after the last.
type Span = (String, usize, usize);

fn span(entity: &Value, units: &[u16]) -> Result<Span, String> {
    let kind = entity["type"].as_str().unwrap_or_default();
    if !ENTITIES.contains(&kind) {
        return Err(format!("unsupported type: {entity}"));
    }
    let number = |key: &str| entity[key].as_u64().and_then(|n| usize::try_from(n).ok());
    let (Some(from), Some(length)) = (number("offset"), number("length")) else {
        return Err(format!("an offset or length is not a number: {entity}"));
    };
    let to = from + length;
    if length == 0 {
        return Err(format!("an entity must not be empty: {entity}"));
    }
    if to > units.len() {
        return Err(format!("entity beginning at UTF-16 offset {from} ends after the end of the text: {entity}"));
    }
    let inside_a_character = |at: usize| units.get(at).is_some_and(|unit| (0xDC00..0xE000).contains(unit));
    if inside_a_character(from) || inside_a_character(to) {
        return Err(format!("entity begins or ends in the middle of a UTF-16 symbol: {entity}"));
    }
    let needs = match kind {
        "text_link" => Some("url"),
        "text_mention" => Some("user"),
        "custom_emoji" => Some("custom_emoji_id"),
        _ => None,
    };
    if let Some(key) = needs.filter(|key| entity[*key].is_null()) {
        return Err(format!("{key} is missing: {entity}"));
    }
    if kind == "text_link" {
        let url = entity["url"].as_str().unwrap_or_default();
        if !["http://", "https://", "tg://", "mailto:", "tel:", "ton://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(format!("not a link that Telegram opens: {url}"));
        }
    }
    Ok((kind.to_owned(), from, to))
}

/// One entity lies inside another or beside it; nothing lies inside of code, no quote in a quote.
fn nested(spans: &[Span]) -> Result<(), String> {
    let quote = |kind: &str| kind.ends_with("blockquote");
    for (n, one) in spans.iter().enumerate() {
        for other in &spans[n + 1..] {
            let (outer, inner) = if one.2 - one.1 >= other.2 - other.1 { (one, other) } else { (other, one) };
            if inner.2 <= outer.1 || outer.2 <= inner.1 {
                continue;
            }
            if inner.1 < outer.1 || inner.2 > outer.2 {
                return Err(format!("entities overlap: {one:?} and {other:?}"));
            }
            let code = |kind: &str| kind == "code" || kind == "pre";
            let same = (outer.1, outer.2) == (inner.1, inner.2);
            if (code(&outer.0) && !(same && quote(&inner.0))) || (code(&inner.0) && !quote(&outer.0)) {
                return Err(format!("code holds nothing and lies in quotes only: {one:?} and {other:?}"));
            }
            if quote(&outer.0) && quote(&inner.0) {
                return Err(format!("a quote in a quote: {one:?} and {other:?}"));
            }
        }
    }
    Ok(())
}

/// The rows of an inline keyboard.
pub fn keyboard(markup: Option<Value>) -> Result<Vec<Vec<Button>>, Refusal> {
    let Some(markup) = markup else { return Ok(Vec::new()) };
    let rows = markup["inline_keyboard"]
        .as_array()
        .ok_or_else(|| Refusal::bad(&format!("can't parse reply keyboard markup JSON object: {markup}")))?;
    let mut keyboard = Vec::new();
    for row in rows {
        let buttons =
            row.as_array().ok_or_else(|| Refusal::bad("expected an Array of Array of InlineKeyboardButton"))?;
        let buttons = buttons.iter().map(button).collect::<Result<Vec<_>, _>>()?;
        if !buttons.is_empty() {
            keyboard.push(buttons);
        }
    }
    if keyboard.iter().map(Vec::len).sum::<usize>() > 100 {
        return Err(Refusal::bad("reply markup is too long"));
    }
    Ok(keyboard)
}

fn button(button: &Value) -> Result<Button, Refusal> {
    let label = button["text"].as_str().map(str::trim).filter(|label| !label.is_empty());
    let label = label.ok_or_else(|| Refusal::bad("can't parse inline keyboard button: text is empty"))?;
    if let Some(url) = button["url"].as_str() {
        return Ok(Button { label: label.to_owned(), data: url.to_owned() });
    }
    let data = button["callback_data"].as_str().ok_or_else(|| {
        Refusal::bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    })?;
    if data.is_empty() || data.len() > 64 {
        return Err(Refusal::bad("BUTTON_DATA_INVALID"));
    }
    Ok(Button { label: label.to_owned(), data: data.to_owned() })
}

/// The commands of a menu.
pub fn commands(list: Option<Value>) -> Result<Vec<Value>, Refusal> {
    let Some(Value::Array(list)) = list else { return Err(Refusal::bad("can't parse list of commands")) };
    for command in &list {
        let name = command["command"].as_str().unwrap_or_default();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty() || name.len() > 32 || !name.chars().all(plain) {
            return Err(Refusal::bad("BOT_COMMAND_INVALID"));
        }
        let described = command["description"].as_str().unwrap_or_default().encode_utf16().count();
        if !(1..=256).contains(&described) {
            return Err(Refusal::bad("BOT_COMMAND_DESCRIPTION_INVALID"));
        }
    }
    if list.len() > 100 { Err(Refusal::bad("BOT_COMMANDS_TOO_MUCH")) } else { Ok(list) }
}
