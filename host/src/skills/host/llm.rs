use serde_json::Value;

use super::{CallState, lend};
use crate::{
    gateway::{self, GatewayError, Parts, Purpose, Tier},
    skills::{
        limits::MAX_PROMPT_BYTES,
        linker::llm::{Answer, Error, Host, Request, Tier as Wanted},
        manifest::MAX_SCHEMA_BYTES,
        schema::Schema,
    },
};

impl Host for CallState {
    async fn complete(&mut self, request: Request) -> wasmtime::Result<Result<Answer, Error>> {
        let schema = request.output_schema.as_ref().map_or(0, String::len);
        let bytes = request.instructions.len() + request.prompt.len() + schema;
        lend!(self, "llm.complete", bytes, self.ask_model(request).await)
    }
}

impl CallState {
    async fn ask_model(&mut self, request: Request) -> Result<Answer, Error> {
        let tier = match request.tier {
            Wanted::Small => Tier::Small,
            Wanted::Large => Tier::Large,
        };
        // Whoever may ask the large model may ask the small one.
        if self.granted_word("llm", "large").is_err() {
            self.refused.pop();
            self.granted_word("llm", tier.word()).map_err(Error::Denied)?;
        }
        if request.instructions.len() + request.prompt.len() > MAX_PROMPT_BYTES {
            return Err(Error::Denied(format!("a question has {MAX_PROMPT_BYTES} bytes at most")));
        }
        let gateway = self.services.gateway.clone();
        let gateway =
            gateway.ok_or_else(|| Error::Unavailable("there is no model in an example or a replay".into()))?;
        let tier = gateway.tier(tier).ok_or_else(|| Error::Unavailable(GatewayError::NoModel(tier).to_string()))?;
        let schema = request.output_schema.as_deref().map(parse_schema).transpose()?;
        let prompt =
            Parts { system: instructions(&request), message: request.prompt, budget: u32::MAX, ..Parts::default() }
                .assemble();
        let max_output_tokens = request.max_output_tokens.max(1);
        let wanted = prompt.tokens.saturating_add(max_output_tokens);
        self.root.take_tokens(wanted).map_err(|error| Error::BudgetExceeded(error.to_string()))?;
        let question = gateway::Request {
            purpose: Purpose::Skill,
            tier,
            prompt,
            turn: self.turn,
            user: Some(self.user),
            max_output_tokens: Some(max_output_tokens),
            deadline: Some(self.deadline),
        };
        // A second run would ask, and pay, again.
        self.sent = true;
        let asking = self.at_host(|_| async move { gateway.complete(&question, &mut |_| {}).await });
        let answer = asking.await.map_err(|error| {
            self.root.return_tokens(wanted);
            match error {
                GatewayError::OverBudget { .. } => Error::BudgetExceeded(error.to_string()),
                _ => Error::Unavailable("the model gave no answer".to_owned()),
            }
        })?;
        let tokens = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
        let (input, output) = (tokens(answer.input_tokens), tokens(answer.output_tokens));
        self.root.return_tokens(wanted.saturating_sub(input.saturating_add(output)));
        let text = match &schema {
            Some(schema) => fitting(&answer.text, schema)?,
            None => answer.text,
        };
        Ok(Answer { text, input_tokens: input, output_tokens: output })
    }
}

fn instructions(request: &Request) -> String {
    match &request.output_schema {
        None => request.instructions.clone(),
        Some(schema) => {
            format!("{}\n\nAnswer with JSON alone, which satisfies this JSON Schema:\n{schema}", request.instructions)
        }
    }
}

fn parse_schema(text: &str) -> Result<Schema, Error> {
    if text.len() > MAX_SCHEMA_BYTES {
        return Err(Error::Denied(format!("an output schema has {MAX_SCHEMA_BYTES} bytes at most")));
    }
    let schema: Value =
        serde_json::from_str(text).map_err(|error| Error::Denied(format!("the output schema is not JSON: {error}")))?;
    Schema::new(&schema).map_err(|reason| Error::Denied(format!("the output schema: {reason}")))
}

/// The JSON in an answer, which models like to put into a fence.
fn fitting(text: &str, schema: &Schema) -> Result<String, Error> {
    let inner = text.trim().trim_start_matches("```json").trim_start_matches("```").trim_end_matches("```").trim();
    match serde_json::from_str::<Value>(inner) {
        Ok(value) if schema.fits(&value) => Ok(value.to_string()),
        _ => Err(Error::Unavailable("the model's answer does not satisfy the schema".to_owned())),
    }
}
