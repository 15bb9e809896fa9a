//! How hard a message is: by its look, which costs nothing, or as the small tier finds it.

use std::time::Duration;

use super::{
    aside::{self, Aside},
    ladder,
    router::{Decision, Route},
    turn::Context,
};
use crate::{
    config::By,
    gateway::{Finish, Purpose, Tier, count_tokens},
    prompts::Template,
    store::StoreError,
};

/// Score from which a message goes to the large tier.
const LARGE_FROM: f64 = 0.35;

/// What the small tier is asked for it: one word.
const JUDGED: Aside = Aside {
    template: Template::Route,
    purpose: Purpose::Route,
    budget: |of| of.route,
    shown: 2,
    text_tokens: 400,
    answer_tokens: 16,
    patience: Duration::from_secs(5),
};

/// The tier that is enough for a message by its shape alone, so that it works for every language, and why.
/// `earlier` is the number of messages before this one in the conversation.
pub fn by_look(message: &str, earlier: usize) -> (Tier, String) {
    let tokens = count_tokens(message);
    let signs = [
        (tokens > 200, 0.35, "long"),
        (tokens > 50 && tokens <= 200, 0.15, "of some length"),
        (message.contains("```"), 0.40, "with code"),
        (earlier > 10, 0.10, "deep in a conversation"),
    ];
    let seen: Vec<_> = signs.iter().filter(|(holds, ..)| *holds).collect();
    let score = seen.iter().fold(0.0_f64, |sum, (_, worth, _)| sum + worth).min(1.0);
    let why = seen.iter().map(|(.., name)| *name).collect::<Vec<_>>().join(", ");
    let why = if why.is_empty() { "short and plain".to_owned() } else { why };
    (if score >= LARGE_FROM { Tier::Large } else { Tier::Small }, format!("difficulty {score:.2} ({why})"))
}

/// The decision as the small tier would have it, where the settings ask for that; as it was where that tells nothing,
/// where a choice is not open, and for what looks hard: a model that is shown the beginning of it knows no better.
pub async fn judged(context: &mut Context<'_>, decision: Decision) -> Result<Decision, StoreError> {
    let parts = &context.agent.parts;
    let two = parts.gateway.tier(Tier::Small) != parts.gateway.tier(Tier::Large);
    // Of two, /deep takes the large one.
    let looks_easy = matches!(decision.route, Route::Model { tier: Tier::Small });
    let asks = parts.config.gateway.routes == By::Model && two && looks_easy;
    if !asks || !ladder::may_choose(context).await? {
        return Ok(decision);
    }
    let Some(answer) = aside::ask(context, &JUDGED).await? else { return Ok(decision) };
    context.usage.add(&answer);
    let Some(tier) = verdict(&answer.text).filter(|_| answer.finish == Finish::Stop) else {
        let reason = decision.reason + "; the small model was asked and did not tell";
        return Ok(Decision { reason, ..decision });
    };
    let reason = format!("the small model finds it {}: {} tier", word(tier), tier.word());
    Ok(Decision { route: Route::Model { tier }, reason, ..decision })
}

/// What the small tier calls a message that this tier is enough for.
fn word(tier: Tier) -> &'static str {
    match tier {
        Tier::Small => "easy",
        Tier::Large => "hard",
    }
}

/// The one word, whatever marks stand around it. What says more may say "not easy".
fn verdict(answer: &str) -> Option<Tier> {
    let said = answer.trim_matches(|c: char| !c.is_alphabetic()).to_lowercase();
    [Tier::Small, Tier::Large].into_iter().find(|tier| word(*tier) == said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_length_look_hard() {
        assert_eq!(by_look("What is the capital of France?", 0).0, Tier::Small);
        assert_eq!(by_look("why?\n```rust\nfn main() {}\n```", 0).0, Tier::Large);
        assert_eq!(by_look(&"请比较这两份合同的每一条。".repeat(40), 0).0, Tier::Large);
        assert_eq!(by_look("go on", 40).0, Tier::Small);
    }

    #[test]
    fn the_verdict_is_read_from_how_models_answer() {
        for hard in ["hard", "Hard.", " **HARD**\n"] {
            assert_eq!(verdict(hard), Some(Tier::Large), "{hard}");
        }
        assert_eq!(verdict(" easy\n"), Some(Tier::Small));
        for none in ["", "I would say it depends", "hardly", "uneasy", "Not easy.", "hard, not easy"] {
            assert_eq!(verdict(none), None, "{none}");
        }
    }
}
