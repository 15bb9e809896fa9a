//! What memory is asked for a message that leans on what was said before: "and hers?" finds nothing by itself.

use chrono::TimeDelta;
use regex::{RegexSet, RegexSetBuilder};
use serde_json::json;
use std::{
    borrow::Cow,
    sync::LazyLock,
    time::{Duration, Instant},
};

use super::{
    aside::{self, Aside},
    episode, ladder,
    turn::Context,
};
use crate::{
    config::By,
    gateway::Purpose,
    memory::{Recalled, words},
    prompts::Template,
    store::{FORGOTTEN, Message, StoreError, storable},
};

/// Characters from which a message says enough by itself, and those of what stands for one.
const MOST_CHARS: usize = 80;
const BEFORE_CHARS: usize = 200;

/// How long after a message another one leans on it.
const WITHIN: TimeDelta = TimeDelta::hours(2);

/// What the small tier is asked for it.
const WORDED: Aside = Aside {
    template: Template::Rewrite,
    purpose: Purpose::Rewrite,
    budget: |of| of.rewrite,
    shown: 4,
    text_tokens: 600,
    answer_tokens: 100,
    patience: Duration::from_secs(8),
};

/// What tells that a message needs the ones before it: it begins as a continuation, or names something only as "it".
const LEANS: [&str; 14] = [
    r"^ (?: and | but | or | so | then | what \s about | how \s about | which \s (?: one | of ) | why \s not ) \b",
    r"\b (?: he | she | him | her | hers | his | they | them | theirs? | its ) \b",
    r"\b the \s (?: same | other | former | latter ) (?: \s ones? )? \b | \b the \s (?: first | second | last ) \s ones? \b",
    r"\b (?: was | does | did | about | like | with | for | of | on | in | do | use | see | get | buy ) \s it \b",
    r"^ is \s it \s (?: far | near | open | good | expensive | cheap | big | old | new | possible | true ) \b",
    r"\b (?: is | was | are | were | does | did | about | like | with | for | of ) \s (?: this | that | these | those ) \b",
    r"\b (?: from | to | over | in | near | live | lives | go | going | been ) \s there \b",
    r"\b (?: this | that | these | those ) [?.!\s]* $ | ^ why [?.!\s]* $",
    r"^ 那 (?: 么 | ，| , | 他 | 她 | 它 | .{1,12} (?: 呢 | 怎么样 | 如何 ) [?？。]* $ )",
    r"^ (?: 还有[呢吗] | 另外 | 然后呢 | 为什么 [?？呢]* $ | 哪[个些家] [?？]* $ )",
    r"(?: ^ | [^其吉维耳] ) [他她] | (?: ^ | [^其吉] ) 它",
    r"[那这][个些家里边位本种件儿] (?: [?？。！!呢吗吧]* $ | 是 | 要 | 多 | 好 | 贵 | 怎 | 有 )",
    r"前者 | 后者 | 上面说的 | 刚才[说那]",
    r"^ [^什怎哪谁在为几多]{1,8} 呢 [?？。]* $",
];

static LEANING: LazyLock<RegexSet> = LazyLock::new(|| {
    let patterns = RegexSetBuilder::new(LEANS).case_insensitive(true).ignore_whitespace(true).build();
    patterns.expect("constant patterns")
});

fn leans(message: &str) -> bool {
    message.chars().count() <= MOST_CHARS && LEANING.is_match(message)
}

/// Puts the context's question so that memory understands it, where the message leans on what was said before.
pub async fn rewrite(context: &mut Context<'_>) -> Result<(), StoreError> {
    let message = context.message.trim();
    if !leans(message) {
        return Ok(());
    }
    let began = Instant::now();
    let Some(base) = base(context) else { return Ok(()) };
    let (after, base) = (base.turn_id, episode::cut(&base.content, BEFORE_CHARS));
    let answer = match context.agent.parts.config.memory.rewrites {
        By::Model if ladder::has_model(context).await? => aside::ask(context, &WORDED).await?,
        By::Model | By::Rules => None,
    };
    let put = answer.as_ref().map(|answer| episode::cut(&storable(&answer.text), BEFORE_CHARS));
    let (by, whole) = match put.filter(|put| !put.is_empty()) {
        Some(put) => ("model", put),
        None => ("rules", base),
    };
    // The person's own words stay: what was made of them may be wrong.
    let question = format!("{whole}\n{message}");
    // Without the words: they are those of another turn, which may be forgotten while this one is not.
    context.note("rewrite", began, json!({ "by": by, "after": after }));
    context.question = question;
    if let Some(answer) = answer {
        context.usage.add(&answer);
    }
    Ok(())
}

/// The newest message that the last one may lean on: one that stands by itself.
fn base<'a>(context: &'a Context<'_>) -> Option<&'a Message> {
    let said = context.history.iter().rev().filter(|message| message.role == "user");
    said.take_while(|message| context.turn.created_at - message.created_at <= WITHIN).find(|message| {
        let text = message.content.trim();
        !leans(text) && !text.starts_with('/') && !text.contains(FORGOTTEN)
    })
}

/// What was recalled, each by how much of the message itself it holds: memory was asked for more than that.
pub fn by_the_message<'a>(context: &'a Context<'_>) -> Cow<'a, [Recalled]> {
    if context.question == context.message {
        return Cow::Borrowed(&context.memories);
    }
    let asked = words(&context.message);
    let count = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let share = |memory: &Recalled| {
        let held = memory.matched.iter().filter(|word| asked.contains(*word)).count();
        count(held) / count(asked.len().max(1))
    };
    context.memories.iter().map(|memory| Recalled { share: share(memory), ..memory.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::leans;

    #[test]
    fn what_leans_on_the_conversation_is_told_from_what_stands_by_itself() {
        for leaning in [
            "and hers?",
            "What about Berlin?",
            "how old is she",
            "Is it far from there?",
            "the second one",
            "why is that?",
            "tell me more about it",
            "那她呢",
            "上海呢？",
            "他喜欢什么？",
            "那上海呢？",
            "这个多少钱",
            "为什么",
            "她妈妈叫什么名字",
        ] {
            assert!(leans(leaning), "{leaning}");
        }
        for whole in [
            "When is Anna's birthday?",
            "Where did I park the car yesterday?",
            "其他城市的天气怎么样",
            "我的吉他在哪儿",
            "安娜的生日是哪天？",
            "Is there a pharmacy near the station?",
            "What is on the calendar this week?",
            "What time is it?",
            "Is it raining in Paris?",
            "Hi there!",
            "Add one egg to the list",
            "What is the last name of Anna?",
            "再见",
            "但丁是谁",
            "也门的首都是哪里",
            "那不勒斯在哪",
            "维他命C有什么用",
            "马耳他的首都",
            "为什么天空是蓝的",
            "这个周末我有什么安排",
            "这里下雨吗",
            "你在干什么呢",
            "安娜在哪里呢？",
        ] {
            assert!(!leans(whole), "{whole}");
        }
    }
}
