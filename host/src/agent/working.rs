//! Working memory: the newest messages of a conversation word for word, by tokens, and a running summary of those
//! before them. Older messages are folded in off the reply path, many at a time, so that prompts begin alike for long.

use super::{SummaryError, episode};
use crate::{
    clock::Clock,
    config,
    gateway::{Gateway, GatewayError, Options, Prompt, Purpose, Request, Tier, count_tokens, cut_tokens},
    ids::ConversationId,
    memory::{essentials, missing},
    prompts::Template,
    settings,
    store::{Account, Db, Folded, Message, NewFold, StoreError, Turn, storable},
};

/// Messages that are looked at; what is older was folded long before.
pub const MAX_MESSAGES: i64 = 400;

/// Tokens of a running summary: of its text, and of what the text does not hold.
const TEXT_TOKENS: u32 = 500;
const KEPT_TOKENS: u32 = 400;

/// Tokens of what is folded at a time, as a model reads it.
const FOLDED_TOKENS: u32 = 4_000;

/// Tokens of one message that is folded, at least, and of its line beside its words.
const SHORTEST: u32 = 64;
pub const LINE_TOKENS: u32 = 8;

/// Tokens of a prompt that folds: many messages at their shortest come to more than what is folded at a time.
const PROMPT_TOKENS: u32 = 6 * (FOLDED_TOKENS + TEXT_TOKENS + KEPT_TOKENS);

/// Characters of one message in a summary by rules.
const LINE_CHARS: usize = 120;

/// What a turn knows of its conversation.
#[derive(Clone, Debug, Default)]
pub struct Working {
    pub folded: Option<Folded>,
    /// Oldest first.
    pub messages: Vec<Message>,
}

impl Working {
    pub async fn load(db: &Db, conversation: ConversationId) -> Result<Self, StoreError> {
        let folded = db.folded(conversation).await?;
        let messages = db.messages_since(conversation, folded.as_ref(), MAX_MESSAGES).await?;
        Ok(Self { folded, messages })
    }
}

/// A running summary as a prompt, and the owner, see it.
pub fn shown(folded: &Folded) -> String {
    match folded.kept.0.as_slice() {
        [] => folded.summary_text.clone(),
        kept => format!("{}\nAlso: {}", folded.summary_text, kept.join("; ")),
    }
}

/// Folds what is older than the newest `config.working_tokens` of a turn's conversation, once that is worth it.
pub async fn fold(
    (db, gateway, clock): (&Db, &Gateway, &Clock),
    settings: &settings::Current,
    config: &config::Memory,
    turn: &Turn,
) -> Result<(), SummaryError> {
    let forgettings = db.forgettings(turn.user_id).await?;
    let working = Working::load(db, turn.conversation_id).await?;
    let old = outside(&working.messages, config.working_tokens);
    let through = old.iter().rev().find_map(|message| Some((message.turn_id?, message.created_at)));
    let Some((through_turn, through_at)) = through else { return Ok(()) };
    let before = working.folded.as_ref();
    let mut kept: Vec<String> = before.map(|before| before.kept.0.clone()).unwrap_or_default();
    kept.extend(essentials(before.map_or("", |before| &before.summary_text)));
    kept.extend(old.iter().flat_map(|message| essentials(&message.content)));

    let (summary_text, source) =
        match by_model((gateway, settings), config, turn, (before, &working.messages, old)).await? {
            Some(text) => (text, "model"),
            None => (by_rules(before, old), "rules"),
        };
    let lost = missing(&kept, &summary_text);
    let kept = newest_within(&lost, KEPT_TOKENS);
    let (user, conversation) = (turn.user_id, turn.conversation_id);
    let new = NewFold { user, conversation, through_turn, through_at, summary_text, kept, source, forgettings };
    // When another one came first, the next turn's looks again.
    db.fold_conversation(clock, &new, before.map_or(0, |before| before.folds)).await?;
    Ok(())
}

/// The oldest messages, in whole turns, that the newest `keep` tokens leave out; none while they are too few.
fn outside(messages: &[Message], keep: u32) -> &[Message] {
    let mut room = keep;
    let mut at = messages.len();
    while at > 0 {
        let tokens = count_tokens(&messages[at - 1].content);
        if tokens > room {
            break;
        }
        (room, at) = (room - tokens, at - 1);
    }
    // A turn whose reply stays keeps its message, too.
    while at > 0
        && at < messages.len()
        && messages[at..].iter().any(|kept| kept.turn_id.is_some() && kept.turn_id == messages[at - 1].turn_id)
    {
        at -= 1;
    }
    let old = &messages[..at];
    let tokens: u32 = old.iter().map(|message| count_tokens(&message.content)).sum();
    if tokens < keep / 2 { &[] } else { old }
}

/// A line for each message, the oldest giving way; what they say beside is kept apart.
fn by_rules(before: Option<&Folded>, old: &[Message]) -> String {
    let mut lines: Vec<String> =
        before.map(|before| before.summary_text.lines().map(str::to_owned).collect()).unwrap_or_default();
    lines.extend(old.iter().map(|message| format!("{}: {}", who(message), episode::cut(&message.content, LINE_CHARS))));
    newest_within(&lines.iter().map(String::as_str).collect::<Vec<_>>(), TEXT_TOKENS).join("\n")
}

/// A new summary by the small tier; `None` where rules make it.
async fn by_model(
    (gateway, settings): (&Gateway, &settings::Current),
    config: &config::Memory,
    turn: &Turn,
    (before, messages, old): (Option<&Folded>, &[Message], &[Message]),
) -> Result<Option<String>, StoreError> {
    let Some(tier) = episode::model_for(gateway, config.summaries, turn) else { return Ok(None) };
    let (system, budget) = (settings.prompt(Template::Fold), gateway.prompt_budget(tier, |of| of.fold, PROMPT_TOKENS));
    let mut text = before.map_or_else(String::new, |before| format!("So far:\n{}\n\nThen:\n", shown(before)));
    let room = Prompt::room(&system, budget).saturating_sub(count_tokens(&text));
    let count = u32::try_from(old.len()).unwrap_or(u32::MAX).max(1);
    // A message that is cut to less says nothing any more.
    let each = (FOLDED_TOKENS.min(room) / count).saturating_sub(LINE_TOKENS).max(SHORTEST);
    if (each + LINE_TOKENS).saturating_mul(count) > room {
        return Ok(None);
    }
    for message in old {
        text.extend([who(message), ": ", &cut_tokens(&message.content, each), "\n"]);
    }
    let prompt = Prompt::question(system, text, budget);
    let own = messages.iter().find(|message| message.turn_id == Some(turn.id));
    match ask(gateway, tier, prompt, episode::account(turn, own)).await {
        Ok(text) if text.trim().is_empty() => Ok(None),
        Ok(text) => Ok(Some(storable(text.trim()))),
        Err(GatewayError::Store(error)) => Err(error),
        Err(error) => {
            tracing::warn!(turn = %turn.id, error = &error as &dyn std::error::Error, "no model could fold; rules do");
            Ok(None)
        }
    }
}

/// Who said a message, as a model reads it.
pub fn who(message: &Message) -> &'static str {
    if message.role == "user" { "Person" } else { "Assistant" }
}

async fn ask(gateway: &Gateway, tier: Tier, prompt: Prompt, account: Account) -> Result<String, GatewayError> {
    let options = Options { temperature: Some(0.0), ..Options::default() };
    let max_output_tokens = Some(TEXT_TOKENS);
    let request = Request { options, max_output_tokens, ..Request::new(Purpose::Summarise, tier, prompt, account) };
    Ok(gateway.complete(&request, &mut |_| ()).await?.text)
}

/// The last of some lines that fit into so many tokens, in their order.
fn newest_within(lines: &[&str], room: u32) -> Vec<String> {
    let mut left = room;
    let mut kept: Vec<String> = Vec::new();
    for line in lines.iter().rev() {
        let tokens = count_tokens(line) + 1;
        if tokens > left {
            break;
        }
        left -= tokens;
        kept.push((*line).to_owned());
    }
    kept.reverse();
    kept
}
