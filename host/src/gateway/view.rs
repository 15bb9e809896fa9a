//! What is set up, as pages show it: each tier's models, what they cost and how they fare.

use super::{Gateway, Price, PriceSource, Tier};
use crate::store::StoreError;

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
        self.reread().await?;
        let tiers =
            [(Tier::Small.word(), &self.small), (Tier::Large.word(), &self.large), ("embedding", &self.embedding)];
        let views = tiers.into_iter().flat_map(|(tier, endpoints)| {
            endpoints.iter().map(move |endpoint| ModelView {
                tier,
                model: endpoint.provider.model().to_owned(),
                provider: endpoint.host.clone(),
                format: endpoint.provider.format(),
                price: endpoint.price(&self.prices).ok(),
                source: self.prices.found(endpoint.provider.model()).map(|(_, source)| source),
                resting: endpoint.breaker.is_open(&self.clock),
                factor: endpoint.factor(),
            })
        });
        Ok(views.collect())
    }
}
