//! What models are told, as texts with named slots: files that ship with the host, which the owner may replace
//! on the page *Settings*.

use minijinja::{Environment, UndefinedBehavior, context};

/// What a model is told for one purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template {
    Answer,
    Route,
    Summarise,
    Rewrite,
    Fold,
    Digest,
}

/// What fills the slots of every template.
#[derive(Clone, Copy, Debug)]
pub struct Slots<'a> {
    /// What the agent calls itself.
    pub name: &'a str,
    /// What the owner added: tone, rules, background.
    pub persona: &'a str,
}

impl Template {
    pub const ALL: [Self; 6] = [Self::Answer, Self::Route, Self::Summarise, Self::Rewrite, Self::Fold, Self::Digest];

    /// The setting that replaces it.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Answer => "prompt_answer",
            Self::Route => "prompt_route",
            Self::Summarise => "prompt_summarise",
            Self::Rewrite => "prompt_rewrite",
            Self::Fold => "prompt_fold",
            Self::Digest => "prompt_digest",
        }
    }

    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|template| template.key() == key)
    }

    /// The text that ships with the host.
    pub fn bundled(self) -> &'static str {
        match self {
            Self::Answer => include_str!("../prompts/answer.md").trim_ascii_end(),
            Self::Route => include_str!("../prompts/route.md").trim_ascii_end(),
            Self::Summarise => include_str!("../prompts/summarise.md").trim_ascii_end(),
            Self::Rewrite => include_str!("../prompts/rewrite.md").trim_ascii_end(),
            Self::Fold => include_str!("../prompts/fold.md").trim_ascii_end(),
            Self::Digest => include_str!("../prompts/digest.md").trim_ascii_end(),
        }
    }
}

/// What a skill's instructions to a model are put into, unless the owner has another text for that skill.
pub const OF_SKILLS: &str = "{{ instructions }}";

/// Fills the slots of a text, or says what is wrong with it: a slot that is not known, or its syntax.
pub fn fill(text: &str, Slots { name, persona }: Slots<'_>) -> Result<String, String> {
    render(text, context! { name, persona => persona.trim() })
}

/// Fills the slots of a text for a skill, which are those of every text and what the skill instructs.
pub fn fill_of_skill(text: &str, Slots { name, persona }: Slots<'_>, instructions: &str) -> Result<String, String> {
    render(text, context! { name, persona => persona.trim(), instructions })
}

fn render(text: &str, slots: minijinja::Value) -> Result<String, String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // A text that loops does not run for ever.
    environment.set_fuel(Some(10_000));
    environment.render_str(text, slots).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundled_texts_are_filled_and_mistakes_are_named() {
        for template in Template::ALL {
            let text = fill(template.bundled(), Slots { name: "Mia", persona: "Be kind." }).unwrap();
            assert!(!text.contains("{{") && text.len() > 100, "{text}");
            assert_eq!(Template::of_key(template.key()), Some(template));
        }
        let slots = Slots { name: "Mia", persona: " Be kind. " };
        let text = fill(Template::Answer.bundled(), slots).unwrap();
        assert!(text.starts_with("You are Mia, ") && text.ends_with("just kept.\n\nBe kind."), "{text}");
        let text = fill(Template::Answer.bundled(), Slots { persona: "", ..slots }).unwrap();
        assert!(text.ends_with("marked as just kept."), "{text}");
        assert!(fill("{{ nobody }}", slots).is_err_and(|error| error.contains("undefined")));
        assert!(fill("{% if %}", slots).is_err());
        assert!(fill("{{ instructions }}", slots).is_err());
        let told = "Sum {{ it }} up.";
        assert_eq!(fill_of_skill(OF_SKILLS, slots, told).unwrap(), told, "what a skill says is no template");
        assert_eq!(fill_of_skill("{{ persona }} {{ instructions }}", slots, told).unwrap(), format!("Be kind. {told}"));
        assert!(fill("{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}", slots).is_err());
    }
}
