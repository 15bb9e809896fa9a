//! How hard a message is: by its look, which costs nothing, or as the small tier finds it.

use std::time::Duration;

use super::{
    aside::{self, Aside},
    router::{Decision, Route},
    turn::Context,
};
use crate::{
    config::By,
    gateway::{Purpose, Tier, count_tokens},
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

/// The decision as the small tier would have it, where the settings ask for that and there are two tiers to choose
/// from; as it was where it says neither.
pub async fn judged(context: &mut Context<'_>, decision: Decision) -> Result<Decision, StoreError> {
    let gateway = &context.agent.parts.gateway;
    let two = gateway.tier(Tier::Small) != gateway.tier(Tier::Large);
    if !decision.by_look || !two || context.agent.parts.config.gateway.routes == By::Rules {
        return Ok(decision);
    }
    let Some(answer) = aside::ask(context, &JUDGED).await? else { return Ok(decision) };
    context.usage.add(&answer);
    let Some(tier) = verdict(&answer.text) else { return Ok(decision) };
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

/// The last of the two words: one that thinks aloud ends with what it found.
fn verdict(answer: &str) -> Option<Tier> {
    let answer = answer.to_lowercase();
    let words = answer.split(|c: char| !c.is_ascii_alphabetic()).rev();
    words.into_iter().find_map(|said| [Tier::Small, Tier::Large].into_iter().find(|tier| word(*tier) == said))
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
        for hard in ["hard", "Hard.", "**hard**", "It is not easy, so: HARD"] {
            assert_eq!(verdict(hard), Some(Tier::Large), "{hard}");
        }
        assert_eq!(verdict(" easy\n"), Some(Tier::Small));
        for none in ["", "I would say it depends", "hardly", "uneasy"] {
            assert_eq!(verdict(none), None, "{none}");
        }
    }
}
