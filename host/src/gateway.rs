//! The one door to any model: counts, sends, streams, records. Nothing else talks to a provider.

mod prompt_builder;
mod provider;
mod tokens;

pub use prompt_builder::{HistoryLine, Parts, Prompt, Round, SkillResult, SummaryLine};
pub use provider::{ToolCall, ToolSpec};
pub use tokens::{count as count_tokens, cut as cut_tokens};

use std::time::{Duration, Instant};

use crate::{
    clock::Clock,
    config,
    ids::{ModelCallId, TurnId, UserId},
    store::{Db, ModelCallRecord, StoreError, storable},
};
use provider::{Provider, openai::OpenAi, script::Script};

/// How capable, and how dear, a model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    Small,
    Large,
}

impl Tier {
    pub fn word(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Large => "large",
        }
    }
}

/// What a model is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Answer,
    Summarise,
    /// A skill asks.
    Skill,
}

impl Purpose {
    fn word(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Summarise => "summarise",
            Self::Skill => "skill",
        }
    }
}

/// One question to a model.
#[derive(Clone, Debug)]
pub struct Request {
    pub purpose: Purpose,
    pub tier: Tier,
    pub prompt: Prompt,
    pub turn: Option<TurnId>,
    pub user: Option<UserId>,
    /// Tokens of the answer at most; never above the settings' value.
    pub max_output_tokens: Option<u32>,
    /// When there is no use in an answer any more; what came until then is on record.
    pub deadline: Option<Instant>,
}

/// What a model said.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub text: String,
    /// Skills that it wants called.
    pub tool_calls: Vec<ToolCall>,
    pub input_tokens: i64,
    pub output_tokens: i64,
    /// Part of the input that the provider had in its cache.
    pub cached_tokens: i64,
    pub model: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    #[error("no model is configured for the tier {}", .0.word())]
    NoModel(Tier),
    /// The prompt's fixed part alone exceeds the budget.
    #[error("the prompt has {tokens} tokens; the budget is {budget}")]
    OverBudget { tokens: u32, budget: u32 },
    #[error(transparent)]
    Provider(#[from] provider::ProviderError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub struct Gateway {
    db: Db,
    clock: Clock,
    max_output_tokens: u32,
    small: Option<Provider>,
    large: Option<Provider>,
}

/// Chooses the TLS provider that every client of this process uses; to be called before one is built.
pub fn choose_tls() {
    // Another part of the process may have chosen the same one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Attempts at one request: a connection that fails before the first token is tried once more.
const ATTEMPTS: i64 = 2;

/// Pause before the second attempt.
const RETRY_PAUSE: Duration = Duration::from_millis(250);

impl Gateway {
    pub fn new(db: Db, clock: Clock, settings: &config::Gateway) -> anyhow::Result<Self> {
        choose_tls();
        let tier = |model: &config::Model| {
            model.is_set().then(|| OpenAi::new(model, settings).map(Provider::OpenAi)).transpose()
        };
        Ok(Self {
            db,
            clock,
            max_output_tokens: settings.max_output_tokens,
            small: tier(&settings.small)?,
            large: tier(&settings.large)?,
        })
    }

    /// A gateway to a model whose answers are written down, for either tier.
    pub fn scripted(db: Db, clock: Clock, max_output_tokens: u32, answers: Vec<String>) -> Self {
        let small = Some(Provider::Script(Script::new(answers)));
        Self { db, clock, max_output_tokens, small, large: None }
    }

    /// The tier that answers when `wanted` is asked for: itself, or the other one where only that is
    /// configured, or none.
    pub fn tier(&self, wanted: Tier) -> Option<Tier> {
        match (wanted, &self.small, &self.large) {
            (_, None, None) => None,
            (Tier::Small, Some(_), _) | (_, Some(_), None) => Some(Tier::Small),
            (Tier::Large, _, Some(_)) | (_, None, Some(_)) => Some(Tier::Large),
        }
    }

    /// Asks a model. `on_text` gets the words as they come; every attempt is recorded.
    pub async fn complete(
        &self,
        request: &Request,
        on_text: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Answer, GatewayError> {
        let provider = match request.tier {
            Tier::Small => self.small.as_ref(),
            Tier::Large => self.large.as_ref(),
        };
        let provider = provider.ok_or(GatewayError::NoModel(request.tier))?;
        if request.prompt.tokens > request.prompt.budget {
            let (tokens, budget) = (request.prompt.tokens, request.prompt.budget);
            return Err(GatewayError::OverBudget { tokens, budget });
        }
        let max_tokens = request.max_output_tokens.unwrap_or(u32::MAX).min(self.max_output_tokens);
        for attempt in 1.. {
            let began = Instant::now();
            let mut seen = Seen { began, first_token: None, text: String::new() };
            let mut on_text = |text: &str| {
                seen.first_token.get_or_insert_with(|| began.elapsed());
                seen.text.push_str(text);
                on_text(text);
            };
            let asking = provider.stream(&request.prompt, max_tokens, &mut on_text);
            let result = match request.deadline {
                Some(deadline) => {
                    tokio::time::timeout_at(deadline.into(), asking).await.unwrap_or(Err(provider::ProviderError::Late))
                }
                None => asking.await,
            };
            let answer = result.map(|answer| fill_usage(answer, request));
            self.record(request, provider.model(), attempt, &seen, &answer).await?;
            match answer {
                Ok(answer) => return Ok(answer),
                Err(error) if attempt < ATTEMPTS && seen.first_token.is_none() && error.is_connection() => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "the model could not be reached; once more"
                    );
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
        unreachable!("the loop ends by returning")
    }

    async fn record(
        &self,
        request: &Request,
        model: &str,
        attempt: i64,
        seen: &Seen,
        answer: &Result<Answer, provider::ProviderError>,
    ) -> Result<(), StoreError> {
        let prompt_tokens = i64::from(request.prompt.tokens);
        // Of a broken stream we know only what we sent and what we saw.
        let (input, output, cached, skill_calls) = match answer {
            Ok(answer) => (answer.input_tokens, answer.output_tokens, answer.cached_tokens, answer.tool_calls.len()),
            Err(_) if seen.first_token.is_some() => (prompt_tokens, i64::from(tokens::count(&seen.text)), 0, 0),
            Err(_) => (0, 0, 0, 0),
        };
        let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let record = ModelCallRecord {
            id: ModelCallId::new(&self.clock),
            turn_id: request.turn,
            user_id: request.user,
            purpose: request.purpose.word().to_owned(),
            tier: request.tier.word().to_owned(),
            model: model.to_owned(),
            attempt,
            status: if answer.is_ok() { "done" } else { "failed" }.to_owned(),
            prompt_tokens,
            input_tokens: input,
            output_tokens: output,
            cached_tokens: cached,
            first_token_ms: seen.first_token.map(millis),
            latency_ms: millis(seen.began.elapsed()),
            skill_calls: i64::try_from(skill_calls).unwrap_or(i64::MAX),
            error: answer.as_ref().err().map(|error| storable(&error.to_string())),
            created_at: self.clock.now(),
        };
        let (tier, status) = (request.tier.word(), if answer.is_ok() { "done" } else { "failed" });
        metrics::counter!("skillet_model_calls_total", "tier" => tier, "status" => status).increment(1);
        metrics::counter!("skillet_model_tokens_total", "tier" => tier, "direction" => "input")
            .increment(u64::try_from(input).unwrap_or(0));
        metrics::counter!("skillet_model_tokens_total", "tier" => tier, "direction" => "output")
            .increment(u64::try_from(output).unwrap_or(0));
        tracing::info!(
            model,
            tier,
            attempt,
            status,
            input_tokens = input,
            output_tokens = output,
            latency_ms = record.latency_ms,
            "a model was asked"
        );
        self.db.record_model_call(&record).await
    }
}

/// What came of an attempt while it ran.
struct Seen {
    began: Instant,
    first_token: Option<Duration>,
    text: String,
}

/// Providers that report no usage are counted by us.
fn fill_usage(mut answer: Answer, request: &Request) -> Answer {
    if answer.input_tokens == 0 {
        answer.input_tokens = i64::from(request.prompt.tokens);
    }
    if answer.output_tokens == 0 {
        let calls: u32 = answer.tool_calls.iter().map(|call| tokens::count(&call.arguments)).sum();
        answer.output_tokens = i64::from(tokens::count(&answer.text) + calls);
    }
    answer
}
