//! What is set up, as pages show it: each tier's models, what they cost and how they fare.

use super::{Gateway, Price, PriceSource, Tier};
use crate::{
    config::{self, WireFormat},
    store::StoreError,
};

/// A configured model.
#[derive(Clone, Debug)]
pub struct ModelView {
    /// "small", "large" or "embedding".
    pub tier: &'static str,
    pub model: String,
    /// Host and port of the provider.
    pub provider: String,
    /// The wire format: "openai" or "anthropic".
    pub format: &'static str,
    /// What it costs; `None` for a paid model without a price, which is never asked.
    pub price: Option<Price>,
    /// Where the price is from; `None` where there is none, since it is free or must not be asked.
    pub source: Option<PriceSource>,
    /// Whether its provider failed again and again and is left alone at this moment.
    pub resting: bool,
    /// Tokens that the provider counts for one of ours, as learnt since the start.
    pub factor: f32,
}

impl Gateway {
    /// Every configured model, tier by tier, in the order in which they are asked.
    pub async fn models_view(&self) -> Result<Vec<ModelView>, StoreError> {
        // Reads the owner's prices again where it is time to.
        self.day().await?;
        let tiers = [
            (Tier::Small.word(), &self.small, &self.config.small),
            (Tier::Large.word(), &self.large, &self.config.large),
            ("embedding", &self.embedding, &self.config.embedding),
        ];
        let views = tiers.into_iter().flat_map(|(tier, endpoints, settings)| {
            endpoints.iter().zip(formats(settings)).map(move |(endpoint, format)| ModelView {
                tier,
                model: endpoint.provider.model().to_owned(),
                provider: endpoint.host.clone(),
                format,
                price: endpoint.price(&self.prices).ok(),
                source: self.prices.found(endpoint.provider.model()).map(|(_, source)| source),
                resting: endpoint.breaker.is_open(&self.clock),
                factor: endpoint.factor(),
            })
        });
        Ok(views.collect())
    }
}

/// The formats of a tier's models, in the order of its endpoints.
fn formats(model: &config::Model) -> impl Iterator<Item = &'static str> {
    let first = std::iter::once(model).filter(|model| model.is_set());
    first.chain(&model.fallbacks).map(|model| match model.format {
        WireFormat::OpenAi => "openai",
        WireFormat::Anthropic => "anthropic",
    })
}
