//! The one door to any model: admits, asks, streams, settles. Nothing else talks to a provider.
//!
//! Money and tokens are reserved before a model is asked and settled after, whatever becomes of the
//! call. Each attempt has its own reservation and its own row in the audit.

mod attempt;
mod breaker;
mod cache;
mod endpoint;
mod ledger;
mod price;
mod prompt_builder;
mod provider;
mod structured;
mod tell;
mod tier;
mod tokens;
mod valve;
mod view;

pub use price::{Price, PriceSource};
pub use prompt_builder::{
    HEAD_TOKENS, HistoryLine, LINE_TOKENS, Parts, Prompt, PromptMessage, Round, SkillResult, SummaryLine,
};
pub use provider::{Embedded, Finish, Options, ProviderError, Tokens, ToolCall, ToolChoice, ToolSpec};
pub use structured::{Fits, Misfit};
pub use tier::{Blocked, Rung, Step};
pub use tokens::{count as count_tokens, cut as cut_tokens};
pub use valve::Shut;
pub use view::ModelView;

use chrono::{DateTime, Utc};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use crate::{
    clock::Clock,
    config::{self, TokenBudgets},
    ids::HostId,
    settings::{self, Settings},
    store::{Account, Db, Exhausted, StoreError},
    wake::Wake,
};
use endpoint::Endpoint;
use ledger::Ledger;
use price::Prices;
use provider::Provider;
use valve::Valves;

/// How capable, and how dear, a model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Small, Self::Large].into_iter().find(|tier| tier.word() == word)
    }
}

/// What a model is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Answer,
    /// A tier is chosen.
    Route,
    Summarise,
    /// A message is put so that memory understands it.
    Rewrite,
    /// A skill asks.
    Skill,
    /// Somebody outside asks, through the OpenAI-compatible interface.
    Api,
    /// The owner tries whether it answers.
    Test,
}

impl Purpose {
    pub fn word(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Route => "route",
            Self::Summarise => "summarise",
            Self::Rewrite => "rewrite",
            Self::Skill => "skill",
            Self::Api => "api",
            Self::Test => "test",
        }
    }
}

/// One question to a model.
#[derive(Clone, Debug)]
pub struct Request {
    pub purpose: Purpose,
    pub tier: Tier,
    pub prompt: Prompt,
    pub account: Account,
    pub options: Options,
    /// Tokens of the answer at most; never above the settings' value.
    pub max_output_tokens: Option<u32>,
    /// When there is no use in an answer any more; what came until then is on record.
    pub deadline: Option<Instant>,
    /// Whether the words are wanted as they come.
    pub stream: bool,
    /// The best rung that the person stands on, for the audit; that of the tier where nobody stands.
    pub rung: Option<Rung>,
}

impl Request {
    /// A question whose answer is wanted as a whole, with the settings' bounds and nothing that is out of the ordinary.
    pub fn new(purpose: Purpose, tier: Tier, prompt: Prompt, account: Account) -> Self {
        Self {
            purpose,
            tier,
            prompt,
            account,
            options: Options::default(),
            max_output_tokens: None,
            deadline: None,
            stream: false,
            rung: None,
        }
    }
}

/// What a model said.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub text: String,
    /// Skills that it wants called.
    pub tool_calls: Vec<ToolCall>,
    /// As the provider reported them, or as we counted them.
    pub tokens: Option<Tokens>,
    pub finish: Finish,
    pub model: String,
    pub cost_micros: i64,
}

impl Answer {
    pub fn input_tokens(&self) -> i64 {
        self.tokens.map_or(0, |tokens| tokens.input)
    }

    pub fn output_tokens(&self) -> i64 {
        self.tokens.map_or(0, |tokens| tokens.output)
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    #[error("no model is configured for the tier {}", .0.word())]
    NoModel(Tier),
    #[error("no model for embeddings is configured")]
    NoEmbedding,
    /// The prompt's fixed part alone exceeds the budget.
    #[error("the prompt has {tokens} tokens; the budget is {budget}")]
    OverBudget { tokens: u32, budget: u32 },
    #[error("{}", spent(.0))]
    Exhausted(Box<Exhausted>),
    #[error(
        "the model {0} costs money and has no price; set one on the page Budgets and models, or in [gateway.prices]"
    )]
    Unpriced(String),
    #[error(transparent)]
    Shut(#[from] Shut),
    #[error("the model's server has failed again and again; it is left alone until {}", .0.format("%H:%M:%S UTC"))]
    Resting(DateTime<Utc>),
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// Also the second answer is not what was asked for.
    #[error("the model's answer does not satisfy the schema: {reason}")]
    Schema { reason: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A full budget in words: which, how far it is used, and by what.
fn spent(exhausted: &Exhausted) -> String {
    let Exhausted { budget, counter } = exhausted;
    let whose = if counter.subject.is_empty() { String::new() } else { format!(" of {}", counter.subject) };
    let used = |limit: String, spent: String, reserved: String, unit: &str| {
        format!("; of {limit} {unit}, {spent} are spent and {reserved} held for calls under way")
    };
    let money = budget.limit_micros.map(|limit| {
        let limit = dollars(limit + counter.extra_micros);
        used(limit, dollars(counter.spent_micros), dollars(counter.reserved_micros), "USD")
    });
    let tokens = budget.limit_tokens.map(|limit| {
        let limit = (limit + counter.extra_tokens).to_string();
        used(limit, counter.spent_tokens.to_string(), counter.reserved_tokens.to_string(), "tokens")
    });
    format!(
        "the {} budget{whose} for one {} has no room{}{}",
        budget.scope.word(),
        budget.window.word(),
        money.unwrap_or_default(),
        tokens.unwrap_or_default()
    )
}

/// Micro-dollars as dollars, with as many digits as they need.
pub fn dollars(micros: i64) -> String {
    rust_decimal::Decimal::new(micros, 6).normalize().to_string()
}

pub struct Gateway {
    db: Db,
    clock: Clock,
    config: config::Gateway,
    small: Vec<Endpoint>,
    large: Vec<Endpoint>,
    embedding: Vec<Endpoint>,
    prices: Prices,
    valves: Valves,
    answers: cache::Answers,
    schema_refused: structured::SchemaRefused,
    /// `None` where nothing is booked: a model whose answers are written down costs nothing.
    ledger: Option<Ledger>,
    settings: Option<Settings>,
    /// The owner's zone, and until when it need not be read again.
    zone: Mutex<Option<(chrono_tz::Tz, Instant)>>,
}

/// Chooses the TLS provider that every client of this process uses; to be called before one is built.
pub fn choose_tls() {
    // Another part of the process may have chosen the same one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The HTTP status with which a model's server answers whoever asks for its models. Nothing is spent.
pub async fn look(model: &config::Model) -> anyhow::Result<u16> {
    choose_tls();
    Ok(Provider::new(model, &config::Gateway::defaults())?.look().await?)
}

/// Earlier attempts that say how a provider counts tokens.
const LEARN_FROM: i64 = 20;

/// How long what the owner set is not read again.
const REREAD_AFTER: std::time::Duration = std::time::Duration::from_secs(2);

impl Gateway {
    pub fn new(db: Db, clock: Clock, settings: Settings, config: &config::Gateway) -> anyhow::Result<Self> {
        choose_tls();
        let chain = |model: &config::Model| -> anyhow::Result<Vec<Endpoint>> {
            model.chain().map(|model| Endpoint::new(model, config)).collect()
        };
        Ok(Self {
            clock: clock.clone(),
            small: chain(&config.small)?,
            large: chain(&config.large)?,
            embedding: chain(&config.embedding)?,
            prices: Prices::new(&config.prices),
            valves: Valves::new(clock, config.valves.clone()),
            answers: cache::Answers::new(&config.cache),
            schema_refused: structured::SchemaRefused::default(),
            ledger: Some(Ledger::default()),
            settings: Some(settings),
            zone: Mutex::default(),
            config: config.clone(),
            db,
        })
    }

    /// A gateway to a model whose answers are written down, for either tier.
    pub fn scripted(db: Db, clock: Clock, max_output_tokens: u32, answers: Vec<String>) -> Self {
        let config = config::Gateway { max_output_tokens, ..config::Gateway::defaults() };
        Self {
            clock: clock.clone(),
            small: vec![Endpoint::scripted(answers)],
            large: Vec::new(),
            embedding: Vec::new(),
            prices: Prices::default(),
            valves: Valves::new(clock, config.valves.clone()),
            answers: cache::Answers::new(&config::Cache { answers_s: 0 }),
            schema_refused: structured::SchemaRefused::default(),
            ledger: None,
            settings: None,
            zone: Mutex::default(),
            config,
            db,
        }
    }

    /// Books what calls reserve and spend, for ever; without it no call is admitted.
    pub async fn keep_books(&self, host: HostId, wake: Arc<Wake>) {
        let Some(ledger) = &self.ledger else { return };
        self.learn_from_the_past().await;
        ledger.run(self.db.clone(), self.clock.clone(), host, wake).await;
    }

    /// Takes up how providers have counted until now.
    async fn learn_from_the_past(&self) {
        for endpoint in self.small.iter().chain(&self.large) {
            let calls = self.db.model_calls_of(endpoint.provider.model(), LEARN_FROM).await.unwrap_or_default();
            for call in calls.iter().rev() {
                endpoint.learn(u32::try_from(call.prompt_tokens).unwrap_or(0), call.input_tokens);
            }
        }
    }

    /// Waits until everything that calls have left behind is booked.
    pub async fn flush(&self) {
        if let Some(ledger) = &self.ledger {
            ledger.flush().await;
        }
    }

    /// Drops the answers that are kept: somebody wants forgotten what one of them may hold.
    pub fn forget_answers(&self) {
        self.answers.clear();
    }

    /// The tier that answers when `wanted` is asked for: itself, or the other one where only that is
    /// configured, or none.
    pub fn tier(&self, wanted: Tier) -> Option<Tier> {
        match (wanted, self.small.is_empty(), self.large.is_empty()) {
            (_, true, true) => None,
            (Tier::Small, false, _) | (_, false, true) => Some(Tier::Small),
            (Tier::Large, _, false) | (_, true, false) => Some(Tier::Large),
        }
    }

    /// Tokens of a prompt for a tier, where whoever asks allows `wanted`; `own` is the bound of what it is for.
    pub fn prompt_budget(&self, tier: Tier, own: fn(&TokenBudgets) -> u32, wanted: u32) -> u32 {
        let of_tier = match tier {
            Tier::Small => self.config.small.token_budget,
            Tier::Large => self.config.large.token_budget,
        };
        bounded(of_tier, self.bounded(own, wanted))
    }

    /// The same while it is open which tier answers.
    pub fn bounded(&self, own: fn(&TokenBudgets) -> u32, wanted: u32) -> u32 {
        bounded(own(&self.config.token_budgets), wanted)
    }

    fn endpoints(&self, tier: Tier) -> &[Endpoint] {
        match tier {
            Tier::Small => &self.small,
            Tier::Large => &self.large,
        }
    }

    /// The names of the models that a tier may be answered by, in the order in which they are asked.
    pub fn models(&self, tier: Tier) -> Vec<&str> {
        self.endpoints(tier).iter().map(|endpoint| endpoint.provider.model()).collect()
    }

    /// Models that cost money and have no price.
    pub async fn unpriced(&self) -> Vec<String> {
        // Where what the owner set cannot be read, what is bundled holds.
        let _ = self.reread().await;
        let all = self.small.iter().chain(&self.large).chain(&self.embedding);
        let unpriced = all.filter(|endpoint| endpoint.price(&self.prices).is_err());
        unpriced.map(|endpoint| endpoint.provider.model().to_owned()).collect()
    }

    /// The model for vectors, where one is configured.
    pub fn embedding_model(&self) -> Option<&str> {
        self.embedding.first().map(|endpoint| endpoint.provider.model())
    }

    /// Tokens of an answer at most.
    fn bound(&self, wanted: Option<u32>) -> u32 {
        wanted.unwrap_or(u32::MAX).clamp(1, self.config.max_output_tokens)
    }

    /// The owner's day, as `2026-11-26`.
    pub async fn day(&self) -> Result<String, StoreError> {
        Ok(settings::day(self.clock.now(), self.reread().await?))
    }

    /// Reads what the owner set, where it is time to: prices, and the zone that days are in.
    async fn reread(&self) -> Result<chrono_tz::Tz, StoreError> {
        let Some(settings) = &self.settings else { return Ok(chrono_tz::Tz::UTC) };
        let known = *self.zone.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((zone, until)) = known
            && Instant::now() < until
        {
            return Ok(zone);
        }
        self.prices.replace(self.db.prices().await?);
        let zone = settings.current().await?.time_zone;
        *self.zone.lock().unwrap_or_else(PoisonError::into_inner) = Some((zone, Instant::now() + REREAD_AFTER));
        Ok(zone)
    }

    /// Has what the owner set read again by the next call.
    pub fn forget_settings(&self) {
        *self.zone.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// `wanted`, or the bound where it is less; 0 is none.
fn bounded(most: u32, wanted: u32) -> u32 {
    if most == 0 { wanted } else { wanted.min(most) }
}
