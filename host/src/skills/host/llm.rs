use serde_json::Value;

use super::{CallState, lend};
use crate::{
    gateway::{self, GatewayError, Options, Prompt, Purpose, Tier},
    skills::{
        limits::MAX_PROMPT_BYTES,
        linker::llm::{Answer, Error, Host, Request, Tier as Wanted},
        manifest::MAX_SCHEMA_BYTES,
        schema::Schema,
    },
    store::Account,
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
        let told = self.services.settings.told_by(&self.skill, request.instructions).await;
        let system = told.map_err(|_| Error::Unavailable("the settings cannot be read".to_owned()))?;
        let budget = gateway.prompt_budget(tier, |of| of.skill, u32::MAX);
        let prompt = Prompt::question(system, request.prompt, budget);
        let max_output_tokens = request.max_output_tokens.max(1);
        let schema_tokens = request.output_schema.as_deref().map_or(0, gateway::count_tokens);
        let wanted = prompt.tokens.saturating_add(schema_tokens).saturating_add(max_output_tokens);
        self.root.take_tokens(wanted).map_err(|error| Error::BudgetExceeded(error.to_string()))?;
        let account = Account {
            user: Some(self.user),
            turn: self.turn,
            conversation: self.conversation,
            skill: Some(self.skill.to_string()),
            token: self.token,
            ..Account::default()
        };
        let question = gateway::Request {
            options: Options { schema: schema.as_ref().map(|(json, _)| json.clone()), ..Options::default() },
            max_output_tokens: Some(max_output_tokens),
            deadline: Some(self.deadline),
            ..gateway::Request::new(Purpose::Skill, tier, prompt, account)
        };
        // A second run would ask, and pay, again.
        self.sent = true;
        let asking = self.at_host(|_| async move {
            match &schema {
                Some((_, fits)) => gateway.complete_json(&question, fits).await,
                None => gateway.complete(&question, &mut |_| {}).await,
            }
        });
        let answer = asking.await.map_err(|error| match error {
            // Two answers were paid for.
            GatewayError::Schema { .. } => Error::Unavailable(error.to_string()),
            GatewayError::OverBudget { .. } | GatewayError::Exhausted(_) | GatewayError::Shut(_) => {
                self.root.return_tokens(wanted);
                Error::BudgetExceeded(error.to_string())
            }
            _ => {
                self.root.return_tokens(wanted);
                Error::Unavailable("the model gave no answer".to_owned())
            }
        })?;
        let tokens = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
        let (input, output) = (tokens(answer.input_tokens()), tokens(answer.output_tokens()));
        let used = input.saturating_add(output);
        self.root.return_tokens(wanted.saturating_sub(used));
        // An answer that had to be mended took more than was asked for.
        self.root.charge_tokens(used.saturating_sub(wanted));
        Ok(Answer { text: answer.text, input_tokens: input, output_tokens: output })
    }
}

impl gateway::Fits for Schema {
    fn check(&self, value: &Value) -> Result<(), gateway::Misfit> {
        Self::check(self, value)
            .map_err(|told| gateway::Misfit { told, reason: "it does not satisfy the schema".to_owned() })
    }
}

/// A schema, and what checks values against it.
fn parse_schema(text: &str) -> Result<(Value, Schema), Error> {
    if text.len() > MAX_SCHEMA_BYTES {
        return Err(Error::Denied(format!("an output schema has {MAX_SCHEMA_BYTES} bytes at most")));
    }
    let schema: Value =
        serde_json::from_str(text).map_err(|error| Error::Denied(format!("the output schema is not JSON: {error}")))?;
    let fits = Schema::new(&schema).map_err(|reason| Error::Denied(format!("the output schema: {reason}")))?;
    Ok((schema, fits))
}
