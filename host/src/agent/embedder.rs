//! Vectors of the endpoint for embeddings, for memory: each request passes the gateway and its budgets.

use futures_util::{FutureExt, future::BoxFuture};
use std::{fmt, sync::Arc};

use crate::{
    gateway::Gateway,
    memory::{EmbedError, Embedder, Purpose},
    store::Account,
};

/// Memory's way to the endpoint that the settings name.
pub struct GatewayEmbedder {
    gateway: Arc<Gateway>,
    model: String,
}

impl GatewayEmbedder {
    /// Nothing where no model for embeddings is configured.
    pub fn new(gateway: Arc<Gateway>) -> Option<Self> {
        let model = gateway.embedding_model()?.to_owned();
        Some(Self { gateway, model })
    }
}

impl fmt::Debug for GatewayEmbedder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayEmbedder").field("model", &self.model).finish_non_exhaustive()
    }
}

impl Embedder for GatewayEmbedder {
    fn embed<'a>(&'a self, texts: &'a [String], _: Purpose) -> BoxFuture<'a, Result<Vec<Vec<f32>>, EmbedError>> {
        async move {
            let embedded = self.gateway.embed(texts, &Account::default()).await;
            embedded.map(|(embedded, _)| embedded.vectors).map_err(|error| EmbedError(error.to_string()))
        }
        .boxed()
    }

    fn model(&self) -> &str {
        &self.model
    }
}
