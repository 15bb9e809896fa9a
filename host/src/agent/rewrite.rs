//! What memory is asked for a message that leans on what was said before: "and hers?" finds nothing by itself.

use chrono::TimeDelta;
use regex::Regex;
use serde_json::json;
use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use super::{
    episode,
    turn::Context,
    working::{LINE_TOKENS, who},
};
use crate::{
    config::By,
    gateway::{Answer, GatewayError, Options, Prompt, Purpose, Request, Tier, cut_tokens},
    prompts::Template,
    store::{StoreError, storable},
};

/// Characters from which a message says enough by itself, and those of the message before that go with it.
const MOST_CHARS: usize = 80;
const BEFORE_CHARS: usize = 200;

/// How long after a message another one leans on it.
const WITHIN: TimeDelta = TimeDelta::hours(2);

/// Messages that a model is shown beside the last one, and the budgets of that prompt and of its answer.
const SHOWN: usize = 4;
const PROMPT_TOKENS: u32 = 800;
const ANSWER_TOKENS: u32 = 100;

/// How long the reply waits for it.
const PATIENCE: Duration = Duration::from_secs(8);

/// Whether a message needs the ones before it: it begins as a continuation, or names something only as "it".
static LEANS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) ^ (?: and | but | or | so | then | also | what \s about | how \s about | which \s (?: one | of ) | why \s not ) \b
        | \b (?: he | she | him | her | hers | his | they | them | theirs? | it | its | ones?
            | the \s (?: same | other | first | second | last | former | latter )
            | (?: is | was | are | were | does | did | about | like | with | for | of ) \s (?: this | that | these | those )
            | (?: from | to | over | in | near | live | lives | go | going | been ) \s there ) \b
        | \b (?: this | that | these | those | there ) [?.!\s]* $
        | ^ (?: 那 | 还有 | 另外 | 然后 | 再 | 也 | 可是 | 但 | 为什么 | 哪[个些家里] )
        | (?: ^ | [^其吉] ) [他她它] | [那这][个些家里边位本次种件天儿] | 前者 | 后者 | 上面 | 刚才 | 同样 | 呢 [?？。]* $",
    )
    .expect("a constant pattern")
});

/// Puts the context's question so that memory understands it, where the message leans on what was said before.
pub async fn rewrite(context: &mut Context<'_>) -> Result<(), StoreError> {
    let message = context.message.trim();
    if message.chars().count() > MOST_CHARS || !LEANS.is_match(message) {
        return Ok(());
    }
    let Some(before) = context.history.iter().rev().find(|message| message.role == "user") else { return Ok(()) };
    if context.turn.created_at - before.created_at > WITHIN {
        return Ok(());
    }
    let began = Instant::now();
    let before = episode::cut(&before.content, BEFORE_CHARS);
    let answer = by_model(context, message).await?;
    let put = answer.as_ref().map(|answer| episode::cut(&storable(&answer.text), BEFORE_CHARS));
    let (by, whole) = match put.filter(|put| !put.is_empty()) {
        Some(put) => ("model", put),
        None => ("rules", before),
    };
    // The person's own words stay: what was made of them may be wrong.
    let question = format!("{whole}\n{message}");
    context.note("rewrite", began, json!({ "by": by, "question": question }));
    context.question = question;
    if let Some(answer) = answer {
        context.usage.add(&answer);
    }
    Ok(())
}

/// The message as the small tier puts it; `None` where rules are to do.
async fn by_model(context: &Context<'_>, message: &str) -> Result<Option<Answer>, StoreError> {
    let (parts, settings) = (&context.agent.parts, &context.settings);
    let tier = parts.gateway.tier(Tier::Small).filter(|_| parts.config.memory.rewrites == By::Model);
    let Some(tier) = tier else { return Ok(None) };
    let (system, most) = (settings.prompt(Template::Rewrite), MOST_CHARS.try_into().unwrap_or(u32::MAX));
    let budget = parts.gateway.prompt_budget(tier, |of| of.rewrite, PROMPT_TOKENS);
    let room = Prompt::room(&system, budget).saturating_sub(most + LINE_TOKENS);
    let shown = &context.history[context.history.len().saturating_sub(SHOWN)..];
    let each = (room / u32::try_from(shown.len()).unwrap_or(u32::MAX)).saturating_sub(LINE_TOKENS);
    let lines = shown.iter().map(|one| format!("{}: {}\n", who(one), cut_tokens(&one.content, each)));
    let text = format!("{}\nThe last message: {message}", lines.collect::<String>());
    let request = Request {
        purpose: Purpose::Rewrite,
        tier,
        prompt: Prompt::question(system, text, budget),
        account: context.account(),
        // The same conversation gives the same question.
        options: Options { temperature: Some(0.0), ..Options::default() },
        stream: false,
        rung: None,
        max_output_tokens: Some(ANSWER_TOKENS),
        deadline: Some(context.deadline.min(Instant::now() + PATIENCE)),
    };
    match parts.gateway.complete(&request, &mut |_| ()).await {
        Ok(answer) => Ok(Some(answer)),
        Err(GatewayError::Store(error)) => Err(error),
        Err(error) => {
            tracing::debug!(error = &error as &dyn std::error::Error, "no model put the question; rules do");
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LEANS;

    #[test]
    fn what_leans_on_the_conversation_is_told_from_what_stands_by_itself() {
        for leans in [
            "and hers?",
            "What about Berlin?",
            "how old is she",
            "Is it far from there?",
            "the second one",
            "why is that?",
            "他喜欢什么？",
            "那上海呢？",
            "这个多少钱",
            "为什么",
            "她妈妈叫什么名字",
        ] {
            assert!(LEANS.is_match(leans), "{leans}");
        }
        for whole in [
            "When is Anna's birthday?",
            "Where did I park the car yesterday?",
            "其他城市的天气怎么样",
            "我的吉他在哪儿",
            "安娜的生日是哪天？",
            "Is there a pharmacy near the station?",
            "What is on the calendar this week?",
        ] {
            assert!(!LEANS.is_match(whole), "{whole}");
        }
    }
}
