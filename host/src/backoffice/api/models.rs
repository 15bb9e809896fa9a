//! Models that are set up, what they cost, and whether they answer.

use axum::{Json, extract::State};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

use super::{
    super::{
        Backoffice,
        auth::Actor,
        changes::{self, PriceOrder},
        error::Result,
        extract::{self, Path},
    },
    turns::ModelCallView,
};
use crate::gateway::{ModelView, Price};

#[derive(Serialize, ToSchema)]
pub struct PriceList {
    /// Those that the owner has set.
    pub prices: Vec<PriceView>,
    /// Every model that is set up, tier by tier, in the order in which they are asked.
    pub models: Vec<SetUpModel>,
}

/// Dollars for a million tokens of each class, as decimal texts.
#[derive(Serialize, ToSchema)]
pub struct PriceView {
    pub model: String,
    #[serde(flatten)]
    pub price: Dollars,
}

#[derive(Serialize, ToSchema)]
pub struct Dollars {
    /// Input that no cache of the provider had.
    #[schema(example = "0.15")]
    pub input: String,
    pub cache_read: String,
    pub cache_write: String,
    pub output: String,
}

#[derive(Serialize, ToSchema)]
pub struct SetUpModel {
    /// "small", "large" or "embedding".
    pub tier: &'static str,
    pub model: String,
    /// Host and port of the provider.
    pub provider: String,
    /// The wire format: "openai" or "anthropic".
    pub format: &'static str,
    /// Nothing for a paid model without a price, which is never asked.
    pub price: Option<Dollars>,
    /// Where the price is from: "owner", "file", "bundled", "free" for a model at home without one, or "none".
    pub source: &'static str,
    /// "closed", or "open" while its provider is left alone after failures.
    pub breaker: &'static str,
    /// Tokens that the provider counts for one of the host's, as learnt since the start.
    pub token_factor: f32,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceSet {
    pub prices: Vec<NewPrice>,
}

/// Dollars for a million tokens of each class, as decimal texts.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPrice {
    /// As the provider names it.
    pub model: String,
    #[schema(example = "0.15")]
    pub input: String,
    /// As dear as other input where it is missing; so is the next.
    pub cache_read: Option<String>,
    pub cache_write: Option<String>,
    pub output: String,
}

/// What came of asking a tier's model for one word. The numbers are those of the last attempt.
#[derive(Serialize, ToSchema)]
pub struct ModelTestView {
    /// Whether a model answered; where it did not, `fault` and `error` say why.
    pub ok: bool,
    /// What it said; nothing for embeddings.
    pub answer: Option<String>,
    /// Numbers of a vector, for embeddings.
    pub dimensions: Option<usize>,
    /// "unreachable", "unauthorized", "unknown-model", "limited", "refused", "silent", "unreadable", "unpriced",
    /// "budget", "valve" or "resting".
    pub fault: Option<&'static str>,
    pub error: Option<String>,
    pub model: Option<String>,
    pub provider: Option<String>,
    pub latency_ms: Option<i64>,
    pub first_token_ms: Option<i64>,
    pub input_tokens: i64,
    pub output_tokens: i64,
    /// Micro-dollars.
    pub cost_micros: i64,
    /// Whether tokens and cost are the host's estimate and not the provider's report.
    pub estimated: bool,
    /// Every attempt, fallbacks included, the first one first; none where no model was asked.
    pub attempts: Vec<ModelCallView>,
}

impl From<Price> for Dollars {
    fn from(price: Price) -> Self {
        let dollars = |micros: i64| Decimal::new(micros, 6).normalize().to_string();
        Self {
            input: dollars(price.input),
            cache_read: dollars(price.cache_read),
            cache_write: dollars(price.cache_write),
            output: dollars(price.output),
        }
    }
}

impl From<ModelView> for SetUpModel {
    fn from(view: ModelView) -> Self {
        Self {
            source: match (view.source, view.price) {
                (Some(source), _) => source.word(),
                (None, Some(_)) => "free",
                (None, None) => "none",
            },
            tier: view.tier,
            model: view.model,
            provider: view.provider,
            format: view.format,
            price: view.price.map(Dollars::from),
            breaker: if view.resting { "open" } else { "closed" },
            token_factor: view.factor,
        }
    }
}

impl From<changes::ModelTest> for ModelTestView {
    fn from(test: changes::ModelTest) -> Self {
        let last = test.attempts.last();
        let (fault, error) = test.failure.map(|failure| (failure.fault, failure.text)).unzip();
        Self {
            ok: fault.is_none(),
            answer: test.answer,
            dimensions: test.dimensions,
            fault,
            error,
            model: last.map(|call| call.model.clone()),
            provider: last.map(|call| call.provider.clone()),
            latency_ms: last.map(|call| call.latency_ms),
            first_token_ms: last.and_then(|call| call.first_token_ms),
            input_tokens: last.map_or(0, |call| call.input_tokens),
            output_tokens: last.map_or(0, |call| call.output_tokens),
            cost_micros: last.map_or(0, |call| call.cost_micros),
            estimated: last.is_some_and(|call| call.estimated),
            attempts: test.attempts.into_iter().map(ModelCallView::from).collect(),
        }
    }
}

impl SetUpModel {
    /// Whether its provider is known to count tokens otherwise than the host does.
    pub fn counts_otherwise(&self) -> bool {
        (self.token_factor - 1.0).abs() >= 0.005
    }
}

/// The owner's prices, and what holds for each model that is set up; the page shows the same.
pub async fn price_list(backoffice: &Backoffice) -> Result<PriceList> {
    let prices = backoffice.db.prices().await?.into_iter().map(|row| {
        let price =
            Price { input: row.input, cache_read: row.cache_read, cache_write: row.cache_write, output: row.output };
        PriceView { model: row.model, price: price.into() }
    });
    let prices = prices.collect();
    let models = backoffice.gateway.models_view().await?.into_iter().map(SetUpModel::from).collect();
    Ok(PriceList { prices, models })
}

/// The owner's prices, and which price holds for each model that is set up.
#[utoipa::path(get, path = "/api/v1/prices", tag = "usage", responses((status = 200, body = PriceList)))]
pub async fn prices(State(backoffice): State<Arc<Backoffice>>) -> Result<Json<PriceList>> {
    Ok(Json(price_list(&backoffice).await?))
}

/// Makes the owner's prices be these, all or none. They go before those of the settings file and the bundled ones.
#[utoipa::path(
    put,
    path = "/api/v1/prices",
    tag = "admin",
    request_body = PriceSet,
    responses((status = 200, body = PriceList), (status = 422, body = super::ProblemDocument))
)]
pub async fn set_prices(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    extract::Json(set): extract::Json<PriceSet>,
) -> Result<Json<PriceList>> {
    let orders = set.prices.into_iter().map(|new| PriceOrder {
        model: new.model,
        input: new.input,
        cache_read: new.cache_read,
        cache_write: new.cache_write,
        output: new.output,
    });
    backoffice.set_prices(&actor, &orders.collect::<Vec<_>>()).await?;
    prices(State(backoffice)).await
}

/// Asks a tier's model for one word, or the model for embeddings for one vector: live, within budgets, on the books.
#[utoipa::path(
    post,
    path = "/api/v1/models/{tier}/test",
    tag = "admin",
    params(("tier" = String, Path, description = "\"small\", \"large\" or \"embedding\"")),
    responses((status = 200, body = ModelTestView), (status = 404, body = super::ProblemDocument))
)]
pub async fn test(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(tier): Path<String>,
) -> Result<Json<ModelTestView>> {
    Ok(Json(backoffice.test_model(&actor, &tier).await?.into()))
}
