//! A question to the small tier on the way to an answer. It costs little, is not waited for long, and where nobody
//! answers it, rules do.

use std::time::{Duration, Instant};

use super::{
    answer::said,
    turn::Context,
    working::{LINE_TOKENS, who},
};
use crate::{
    config::TokenBudgets,
    gateway::{Answer, GatewayError, Options, Prompt, Purpose, Request, Tier, count_tokens, cut_tokens},
    prompts::Template,
    store::{Message, StoreError},
};

/// Tokens of a message from which on it says something.
const SHORTEST: u32 = 16;

/// What is asked about the last message of a conversation.
pub struct Aside {
    pub template: Template,
    pub purpose: Purpose,
    /// Where the bound of its prompt stands.
    pub budget: fn(&TokenBudgets) -> u32,
    /// Messages that are shown before the last one.
    pub shown: usize,
    /// Tokens of all messages, and of the answer.
    pub text_tokens: u32,
    pub answer_tokens: u32,
    /// How long the reply waits for it.
    pub patience: Duration,
}

/// The answer of the small tier to what the ladder lets the person ask; `None` where there is none, or its prompt has no
/// room.
pub async fn ask(context: &Context<'_>, aside: &Aside) -> Result<Option<Answer>, StoreError> {
    let (gateway, what) = (&context.agent.parts.gateway, aside.purpose.word());
    // Another tier is too dear for it.
    if gateway.tier(Tier::Small) != Some(Tier::Small) {
        return Ok(None);
    }
    let Some(prompt) = prompt(context, aside) else { return Ok(None) };
    let deadline = context.deadline.min(Instant::now() + aside.patience);
    let request = Request {
        // The same conversation gives the same answer.
        options: Options { temperature: Some(0.0), ..Options::default() },
        max_output_tokens: Some(aside.answer_tokens),
        deadline: Some(deadline),
        ..Request::new(aside.purpose, Tier::Small, prompt, context.account())
    };
    let mut unheard = |_: &str| ();
    // It may also have to wait for its turn.
    let asked = tokio::time::timeout_at(deadline.into(), gateway.complete(&request, &mut unheard)).await;
    match asked {
        Ok(Ok(answer)) => Ok(Some(answer)),
        Ok(Err(GatewayError::Store(error))) => Err(error),
        Ok(Err(error)) => {
            tracing::warn!(what, error = &error as &dyn std::error::Error, "no model answered an aside; rules do");
            Ok(None)
        }
        Err(_) => {
            tracing::warn!(what, "no model answered an aside in time; rules do");
            Ok(None)
        }
    }
}

/// The last message, and those before it, each cut to its share of the room that is left.
fn prompt(context: &Context<'_>, aside: &Aside) -> Option<Prompt> {
    let system = context.settings.prompt(aside.template);
    let wanted = count_tokens(&system) + aside.text_tokens;
    let budget = context.agent.parts.gateway.prompt_budget(Tier::Small, aside.budget, wanted);
    let room = Prompt::room(&system, budget).saturating_sub(LINE_TOKENS);
    if room < SHORTEST {
        return None;
    }
    // Beside it there is room for the mark of files.
    let last = cut_tokens(&said(context.from.as_deref(), &context.message, None), room.saturating_sub(LINE_TOKENS));
    let last = if context.attached.is_some() { last + " [with files]" } else { last };
    let shown = &context.history[context.history.len().saturating_sub(aside.shown)..];
    let room = room.saturating_sub(count_tokens(&last));
    let each = (room / u32::try_from(shown.len()).unwrap_or(u32::MAX).max(1)).saturating_sub(LINE_TOKENS);
    let line = |one: &Message| {
        let said = said(one.meta.0["from"].as_str(), &one.content, None);
        format!("{}: {}\n", who(one), cut_tokens(&said, each))
    };
    // A long message leaves no room for others.
    let mut text: String = shown.iter().filter(|_| each >= SHORTEST).map(line).collect();
    text += if text.is_empty() { "" } else { "\n" };
    Some(Prompt::question(system, text + "The last message: " + &last, budget))
}
