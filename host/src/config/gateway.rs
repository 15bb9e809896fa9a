//! The section `[gateway]`: models, prices, the ladder, valves and caches.

use figment::{
    Figment,
    providers::{Format, Toml},
};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use secrecy::SecretString;
use serde::Deserialize;
use std::{collections::BTreeMap, time::Duration};

use super::{By, ConfigError, DEFAULTS, bad, not_zero, web_address};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    pub token_budget: u32,
    pub api_token_budget: u32,
    pub token_budgets: TokenBudgets,
    pub routes: By,
    pub max_output_tokens: u32,
    pub first_token_timeout_s: u64,
    pub stall_timeout_s: u64,
    pub max_attempts: u32,
    pub small: Model,
    pub large: Model,
    pub embedding: Model,
    pub prices: BTreeMap<String, ListedPrice>,
    pub ladder: Ladder,
    pub valves: Valves,
    pub cache: Cache,
}

/// Tokens of one prompt at most, by the template that it is made from; 0 sets no bound.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenBudgets {
    pub answer: u32,
    pub route: u32,
    pub summarise: u32,
    pub rewrite: u32,
    pub fold: u32,
    pub digest: u32,
    pub skill: u32,
}

/// A price as people write it: dollars for a million tokens, as decimal texts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedPrice {
    pub input: Decimal,
    /// As dear as other input where it is missing.
    pub cache_read: Option<Decimal>,
    pub cache_write: Option<Decimal>,
    pub output: Decimal,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ladder {
    pub small_from_percent: u32,
    pub hysteresis_percent: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Valves {
    pub large_calls_per_turn: u32,
    pub calls_per_minute: u32,
    pub calls_per_minute_per_user: u32,
    pub tokens_per_minute: u32,
    pub in_flight: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    pub answers_s: u64,
}

/// Whether a model's tokens cost money. "auto": unless it runs on this machine or in the own network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Paid {
    #[default]
    Auto,
    Yes,
    No,
}

/// What a provider speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WireFormat {
    #[default]
    OpenAi,
    Anthropic,
}

/// One tier's model; absent when `base_url` is empty.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    pub base_url: String,
    #[serde(deserialize_with = "super::text")]
    pub model: String,
    #[serde(default, deserialize_with = "super::secret")]
    pub api_key: SecretString,
    #[serde(default)]
    pub format: WireFormat,
    #[serde(default)]
    pub paid: Paid,
    /// Tokens of one prompt at most; 0 is the common value.
    #[serde(default)]
    pub token_budget: u32,
    /// Asked in this order when the model before them is away.
    #[serde(default)]
    pub fallbacks: Vec<Self>,
}

impl Model {
    /// Whether this tier is configured.
    pub fn is_set(&self) -> bool {
        !self.base_url.is_empty()
    }

    /// The models of this tier, in the order in which they are asked.
    pub fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).filter(|model| model.is_set()).chain(&self.fallbacks)
    }

    fn check(&self, [url_key, model_key]: [&'static str; 2]) -> Result<(), ConfigError> {
        web_address(url_key, &self.base_url)?;
        if self.model.is_empty() {
            return Err(bad(model_key, "a base_url is set, but no model".into()));
        }
        Ok(())
    }
}

impl Gateway {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.check_models()?;
        self.check_numbers()
    }

    fn check_models(&self) -> Result<(), ConfigError> {
        for (tier, keys, fallbacks) in [
            (&self.small, ["gateway.small.base_url", "gateway.small.model"], "gateway.small.fallbacks"),
            (&self.large, ["gateway.large.base_url", "gateway.large.model"], "gateway.large.fallbacks"),
            (&self.embedding, ["gateway.embedding.base_url", "gateway.embedding.model"], "gateway.embedding.fallbacks"),
        ] {
            if tier.is_set() {
                tier.check(keys)?;
            }
            for fallback in &tier.fallbacks {
                fallback.check([fallbacks; 2])?;
                if fallback.token_budget != 0 || !fallback.fallbacks.is_empty() {
                    return Err(bad(fallbacks, "one has no token_budget and no fallbacks of its own".into()));
                }
            }
        }
        if self.embedding.format == WireFormat::Anthropic {
            return Err(bad("gateway.embedding.format", "Anthropic has no embeddings".into()));
        }
        if !self.embedding.fallbacks.is_empty() {
            return Err(bad("gateway.embedding.fallbacks", "vectors of two models do not fit together".into()));
        }
        if self.embedding.token_budget != 0 {
            return Err(bad("gateway.embedding.token_budget", "texts for vectors are no prompt".into()));
        }
        Ok(())
    }

    fn check_numbers(&self) -> Result<(), ConfigError> {
        let valves = &self.valves;
        let positive = [
            ("gateway.max_output_tokens", u64::from(self.max_output_tokens)),
            ("gateway.first_token_timeout_s", self.first_token_timeout_s),
            ("gateway.stall_timeout_s", self.stall_timeout_s),
            ("gateway.api_token_budget", u64::from(self.api_token_budget)),
            ("gateway.max_attempts", u64::from(self.max_attempts)),
            ("gateway.valves.large_calls_per_turn", u64::from(valves.large_calls_per_turn)),
            ("gateway.valves.calls_per_minute", u64::from(valves.calls_per_minute)),
            ("gateway.valves.calls_per_minute_per_user", u64::from(valves.calls_per_minute_per_user)),
            ("gateway.valves.tokens_per_minute", u64::from(valves.tokens_per_minute)),
            ("gateway.valves.in_flight", valves.in_flight as u64),
        ];
        not_zero(&positive)?;
        if self.token_budget < 1000 {
            return Err(bad("gateway.token_budget", "must be at least 1000".into()));
        }
        let TokenBudgets { answer, route, summarise, rewrite, fold, digest, skill } = self.token_budgets;
        let others = [route, summarise, rewrite, fold, digest, skill];
        if (1..1000).contains(&answer) || others.iter().any(|most| (1..500).contains(most)) {
            let reason = "each must be 0, or at least 500; for answers at least 1000";
            return Err(bad("gateway.token_budgets", reason.into()));
        }
        if self.prices.values().any(|price| price.micros().is_none()) {
            return Err(bad("gateway.prices", "a price is from 0 to 1000000 dollars for a million tokens".into()));
        }
        if self.ladder.small_from_percent > 100 || self.ladder.hysteresis_percent > 50 {
            let reason = "small_from_percent is at most 100, hysteresis_percent at most 50";
            return Err(bad("gateway.ladder", reason.into()));
        }
        Ok(())
    }

    /// Silence allowed before the first byte of an answer.
    pub fn first_token_timeout(&self) -> Duration {
        Duration::from_secs(self.first_token_timeout_s)
    }

    /// The values that hold where nothing is set.
    pub fn defaults() -> Self {
        Figment::from(Toml::string(DEFAULTS)).extract_inner("gateway").expect("the compiled-in defaults are tested")
    }

    /// Silence allowed between two chunks of a stream.
    pub fn stall_timeout(&self) -> Duration {
        Duration::from_secs(self.stall_timeout_s)
    }
}

impl ListedPrice {
    /// Micro-dollars for a million tokens: fresh input, cached input, input written to a cache, output. `None`
    /// for a negative price, or one above a million dollars.
    pub fn micros(&self) -> Option<[i64; 4]> {
        let micros = |dollars: Decimal| {
            let micros = (dollars * Decimal::from(1_000_000)).round().to_i64()?;
            (0..=1_000_000_000_000).contains(&micros).then_some(micros)
        };
        let input = micros(self.input)?;
        let cached = |price: Option<Decimal>| price.map_or(Some(input), micros);
        Some([input, cached(self.cache_read)?, cached(self.cache_write)?, micros(self.output)?])
    }
}
