//! Answers that are JSON of a given shape. A schema in the request is a wish that many servers do not know, so
//! it stands in the instructions as well, every answer is checked here, and one that does not fit is shown to
//! the model once.

use jsonschema::Validator;
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{
    Answer, Finish, Gateway, GatewayError, Prompt, PromptMessage, ProviderError, Request, Tier, Tokens, tokens,
};

/// Characters of what is wrong with an answer that the model is told.
const MAX_REASON_CHARS: usize = 500;

/// Tiers whose servers refused a question with a schema and took the same one without it.
#[derive(Debug, Default)]
pub struct SchemaRefused {
    small: AtomicBool,
    large: AtomicBool,
}

impl SchemaRefused {
    fn of(&self, tier: Tier) -> &AtomicBool {
        match tier {
            Tier::Small => &self.small,
            Tier::Large => &self.large,
        }
    }
}

/// What is wrong with an answer.
pub struct Misfit {
    /// For the model, with its own words.
    pub told: String,
    /// For everybody else, without them.
    pub reason: String,
}

/// What checks values against a schema: a plain validator, or one that bounds its own work.
pub trait Fits: Sync {
    fn check(&self, value: &Value) -> Result<(), Misfit>;
}

impl Fits for Validator {
    fn check(&self, value: &Value) -> Result<(), Misfit> {
        let Some(error) = self.iter_errors(value).next() else { return Ok(()) };
        let at = error.instance_path();
        let told: String = error.to_string().chars().take(MAX_REASON_CHARS).collect();
        Err(Misfit { told: format!("{told} (at `{at}`)"), reason: format!("{} at `{at}`", error.masked()) })
    }
}

impl Gateway {
    /// Asks for JSON that satisfies `options.schema`, of which `fits` is made. The text of the answer is that JSON
    /// alone; tokens and cost are those of all questions that it took, at most one of them to mend an answer.
    ///
    /// # Errors
    /// [`GatewayError::Schema`] where also the second answer does not fit, else those of [`Self::complete`].
    pub async fn complete_json(&self, request: &Request, fits: &dyn Fits) -> Result<Answer, GatewayError> {
        let mut request = request.clone();
        if let Some(schema) = &request.options.schema {
            instruct(&mut request.prompt, schema);
        }
        let first = self.complete_or_without_schema(&mut request).await?;
        let misfit = match fitting(&first.text, fits) {
            Ok(json) => return Ok(Answer { text: json, ..first }),
            Err(misfit) => misfit,
        };
        if first.finish == Finish::Filtered {
            return Err(GatewayError::Schema { reason: "the provider withheld it".to_owned() });
        }
        tracing::warn!(reason = misfit.reason, model = first.model, "an answer does not fit its schema; once more");
        show(&mut request.prompt, &first, &misfit.told);
        let second = self.complete(&request, &mut |_| {}).await?;
        let json = fitting(&second.text, fits).map_err(|misfit| GatewayError::Schema { reason: misfit.reason })?;
        Ok(Answer {
            text: json,
            tokens: sum(first.tokens, second.tokens),
            cost_micros: first.cost_micros + second.cost_micros,
            ..second
        })
    }

    /// Some servers do not pass over a schema that they do not know, but refuse the question; that is free.
    async fn complete_or_without_schema(&self, request: &mut Request) -> Result<Answer, GatewayError> {
        let refused = self.schema_refused.of(request.tier);
        if refused.load(Ordering::Relaxed) {
            request.options.schema = None;
        }
        match self.complete(request, &mut |_| {}).await {
            Err(GatewayError::Provider(ProviderError::Status { status: 400 | 422, .. }))
                if request.options.schema.take().is_some() =>
            {
                let answer = self.complete(request, &mut |_| {}).await?;
                refused.store(true, Ordering::Relaxed);
                Ok(answer)
            }
            result => result,
        }
    }
}

/// Puts a schema into the instructions. It is a part of the question, so the prompt's bound grows with it.
fn instruct(prompt: &mut Prompt, schema: &Value) {
    let text = format!("Answer with JSON alone, which satisfies this JSON Schema:\n{schema}");
    let added = tokens::count(&text);
    match prompt.messages.first_mut() {
        Some(PromptMessage::System(system)) if !system.is_empty() => *system = format!("{system}\n\n{text}"),
        Some(PromptMessage::System(system)) => *system = text,
        _ => prompt.messages.insert(0, PromptMessage::System(text)),
    }
    grow(prompt, added);
}

/// Shows the model its answer, and what is wrong with it.
fn show(prompt: &mut Prompt, answer: &Answer, wrong: &str) {
    let text =
        format!("This is not JSON that satisfies the schema: {wrong}\nAnswer again, with the corrected JSON alone.");
    grow(prompt, tokens::count(&answer.text) + tokens::count(&text));
    prompt.messages.push(PromptMessage::Assistant { text: answer.text.clone(), calls: Vec::new() });
    prompt.messages.push(PromptMessage::User(text));
}

fn grow(prompt: &mut Prompt, tokens: u32) {
    prompt.tokens = prompt.tokens.saturating_add(tokens);
    prompt.budget = prompt.budget.saturating_add(tokens);
}

/// The JSON in an answer, if it satisfies the schema.
fn fitting(text: &str, fits: &dyn Fits) -> Result<String, Misfit> {
    let read = |text: &str| serde_json::from_str::<Value>(text.trim());
    let parsed = read(text).or_else(|error| fenced(text).map_or(Err(error), read));
    let value =
        parsed.map_err(|error| Misfit { told: error.to_string(), reason: format!("it is not JSON: {error}") })?;
    fits.check(&value).map(|()| value.to_string())
}

/// What stands inside of a fence, which models like to put around JSON.
fn fenced(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("```")?;
    let (inner, _) = rest.rsplit_once("```").unwrap_or((rest, ""));
    // The first line may name the language.
    let named = inner.find(['{', '[', '"', '\n'])?;
    inner.get(named..)
}

fn sum(first: Option<Tokens>, second: Option<Tokens>) -> Option<Tokens> {
    let (Some(first), Some(second)) = (first, second) else { return first.or(second) };
    Some(Tokens {
        input: first.input + second.input,
        cached: first.cached + second.cached,
        cache_write: first.cache_write + second.cache_write,
        output: first.output + second.output,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fits() -> Validator {
        let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] });
        jsonschema::validator_for(&schema).unwrap()
    }

    #[test]
    fn json_is_found_bare_and_in_fences() {
        let fenced = [
            "{\"n\": 1}",
            " {\"n\":1}\n",
            "```json\n{\"n\":1}\n```",
            "```{\"n\":1}```",
            "Here:\n```JSON\n{\"n\":1}\n```",
        ];
        for text in fenced {
            assert_eq!(fitting(text, &fits()).ok().as_deref(), Some("{\"n\":1}"), "{text}");
        }
        let inside = jsonschema::validator_for(&json!({ "type": "string" })).unwrap();
        assert_eq!(
            fitting("\"a ``` b\"", &inside).ok().as_deref(),
            Some("\"a ``` b\""),
            "a fence inside of a text is none"
        );
    }

    #[test]
    fn what_is_wrong_is_told_and_the_words_stay_out_of_the_reason() {
        let misfit = fitting("{\"n\": \"a secret word\"}", &fits()).unwrap_err();
        assert!(misfit.told.contains("a secret word") && misfit.told.contains("integer"), "{}", misfit.told);
        assert!(!misfit.reason.contains("secret") && misfit.reason.contains("`/n`"), "{}", misfit.reason);
        for text in ["", "sorry", "```", "```json", "{\"n\":"] {
            let misfit = fitting(text, &fits()).unwrap_err();
            assert!(misfit.reason.starts_with("it is not JSON"), "{text}: {}", misfit.reason);
        }
    }
}
