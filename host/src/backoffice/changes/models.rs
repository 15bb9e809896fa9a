//! Trying a tier's model: one word, live, within budgets.

use serde_json::json;
use std::time::{Duration, Instant};

use super::super::{
    Backoffice,
    auth::Actor,
    error::{Kind, Problem, Result},
};
use crate::{
    gateway::{GatewayError, Prompt, ProviderError, Purpose, Request, Tier},
    store::{Account, Attempts, ModelCallRecord},
};

/// What a model is asked.
const ROLE: &str = "Somebody tries whether you answer.";
const QUESTION: &str = "Answer with the one word: ready";

/// Tokens of its answer at most, and of the question.
const MAX_OUTPUT: u32 = 16;
const MAX_INPUT: u32 = 1_000;

/// Longest time for all attempts.
const PATIENCE: Duration = Duration::from_secs(30);

/// Attempts that are told of one test.
const MAX_ATTEMPTS: i64 = 20;

/// What came of a test.
#[derive(Clone, Debug)]
pub struct ModelTest {
    /// What the model said; nothing for a model for embeddings.
    pub answer: Option<String>,
    /// Numbers of a vector, of a model for embeddings.
    pub dimensions: Option<usize>,
    pub failure: Option<Failure>,
    /// The first one first; none where no model was asked.
    pub attempts: Vec<ModelCallRecord>,
}

#[derive(Clone, Debug)]
pub struct Failure {
    /// "unreachable", "unauthorized", "unknown-model", "limited", "refused", "silent", "unreadable", "unpriced",
    /// "budget", "valve" or "resting".
    pub fault: &'static str,
    pub text: String,
}

impl Backoffice {
    /// Asks a tier's model for one word, or the model for embeddings for one vector.
    pub async fn test_model(&self, actor: &Actor, tier: &str) -> Result<ModelTest> {
        let token = match actor {
            Actor::Owner(_) => None,
            Actor::Token { id, .. } => Some(*id),
        };
        let account = Account { user: Some(self.logged_in(actor).await?.id), token, ..Account::default() };
        let since = self.clock.now();
        let (said, purpose) = if tier == "embedding" {
            let embedded = self.gateway.embed(&[QUESTION.to_owned()], &account).await;
            (embedded.map(|(embedded, _)| (None, embedded.vectors.first().map(Vec::len))), "embed")
        } else {
            let known = Tier::from_word(tier);
            let tier = known.ok_or_else(|| no_model(format!("There is no tier `{tier}`.")))?;
            let mut ignore = |_: &str| {};
            let answer = self.gateway.complete(&question(tier, &account), &mut ignore).await;
            (answer.map(|answer| (Some(answer.text), None)), Purpose::Test.word())
        };
        let (answer, dimensions, failure) = match said {
            Ok((answer, dimensions)) => (answer, dimensions, None),
            Err(error) => (None, None, Some(failure(&error)?)),
        };
        let of = Attempts { user: account.user, purpose: Some(purpose), since: Some(since), ..Attempts::default() };
        let mut attempts = self.db.attempts(&of, MAX_ATTEMPTS).await?;
        attempts.retain(|attempt| attempt.tier == tier);
        attempts.reverse();
        let detail = json!({ "fault": failure.as_ref().map(|failure| failure.fault) });
        self.record(actor, "model.test", tier, detail).await?;
        Ok(ModelTest { answer, dimensions, failure, attempts })
    }
}

fn question(tier: Tier, account: &Account) -> Request {
    let prompt = Prompt::question(ROLE.to_owned(), QUESTION.to_owned(), MAX_INPUT);
    Request {
        max_output_tokens: Some(MAX_OUTPUT),
        deadline: Some(Instant::now() + PATIENCE),
        stream: true,
        ..Request::new(Purpose::Test, tier, prompt, account.clone())
    }
}

fn no_model(detail: String) -> Problem {
    Problem::new(Kind::NoModel, detail)
}

/// What was wrong, where it lies with the model or its budget.
fn failure(error: &GatewayError) -> Result<Failure> {
    let fault = match error {
        GatewayError::NoModel(_) | GatewayError::NoEmbedding => return Err(no_model(error.to_string())),
        GatewayError::Store(_) => return Err(Problem::internal(error)),
        GatewayError::Exhausted(_) | GatewayError::OverBudget { .. } => "budget",
        GatewayError::Unpriced(_) => "unpriced",
        GatewayError::Shut(_) => "valve",
        GatewayError::Resting(_) => "resting",
        GatewayError::Schema { .. } => "unreadable",
        GatewayError::Provider(error) => match error {
            ProviderError::Connection(_) | ProviderError::Lost(_) => "unreachable",
            ProviderError::Status { status: 401 | 403, .. } => "unauthorized",
            ProviderError::Status { status: 404, .. } => "unknown-model",
            ProviderError::Status { status: 429, .. } => "limited",
            ProviderError::Status { .. } | ProviderError::Unsupported(_) => "refused",
            ProviderError::Silent(_) | ProviderError::Late => "silent",
            ProviderError::Broken(_) | ProviderError::Unreadable(_) => "unreadable",
        },
    };
    Ok(Failure { fault, text: error.to_string() })
}
