//! Messages that ask to forget, answered without any model. What is said about it holds nothing of what
//! was forgotten.

use rust_i18n::t;

use super::{
    template,
    turn::{Context, Draft},
};
use crate::{
    memory::{Target, Wish, wish},
    store::StoreError,
};

/// Keys named where several could be meant.
const MAX_KEYS: usize = 8;

/// The reply to a wish to forget, once that is done; `None` when the message is none, or is about nothing
/// that memory knows.
pub async fn reply(context: &Context<'_>) -> Result<Option<Draft>, StoreError> {
    let Some(wish) = wish(&context.message) else { return Ok(None) };
    let (memory, turn) = (&context.agent.parts.memory, context.turn);
    let locale = turn.locale.as_str();
    let target = match &wish {
        Wish::Last => memory.last_subject(turn.user_id, turn.conversation_id, turn.id).await?,
        Wish::About { words, all } => memory.meant(turn.user_id, words, *all).await?,
    };
    let reply = match target {
        None if wish == Wish::Last || context.message.starts_with('/') => {
            t!("agent.nothing_to_forget", locale = locale).into_owned()
        }
        None => return Ok(None),
        Some(Target::Unclear(keys)) => {
            let keys: Vec<&str> = keys.iter().take(MAX_KEYS).map(String::as_str).collect();
            t!("agent.forget_which", locale = locale, keys = template::bullets(&keys)).into_owned()
        }
        Some(target) => {
            let erased = memory.forget(turn.user_id, &target).await?;
            context.agent.parts.gateway.forget_answers();
            t!("agent.forgotten", locale = locale, facts = erased.facts, messages = erased.messages).into_owned()
        }
    };
    Ok(Some(Draft { reply, tier: "none".into(), rung: "retrieval".into(), ..Draft::default() }))
}
