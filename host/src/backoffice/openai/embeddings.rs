//! Vectors, through the same gate as words.

use axum::{Json, extract::State};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

use super::{
    super::{Backoffice, auth::Actor, extract},
    EMBEDDING, account,
    error::Refusal,
    request::OneOrMany,
};

/// Texts in one request at most.
const MAX_TEXTS: usize = 2048;

#[derive(Deserialize)]
pub struct EmbeddingsRequest {
    model: String,
    input: OneOrMany,
    #[serde(default)]
    encoding_format: Encoding,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Float,
    Base64,
}

pub async fn embed(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    extract::Json(request): extract::Json<EmbeddingsRequest>,
) -> Result<Json<Value>, Refusal> {
    let own_name = backoffice.gateway.embedding_model();
    if request.model != EMBEDDING && own_name != Some(request.model.as_str()) {
        return Err(Refusal::no_model(&request.model));
    }
    let texts = request.input.list();
    if texts.is_empty() || texts.len() > MAX_TEXTS {
        return Err(Refusal::invalid("input", format!("From 1 to {MAX_TEXTS} texts are taken.")));
    }
    let account = account(&backoffice, &actor).await?;
    let (embedded, call) = backoffice.gateway.embed(&texts, &account).await?;
    let data: Vec<Value> = embedded
        .vectors
        .iter()
        .enumerate()
        .map(|(index, vector)| {
            let vector = match request.encoding_format {
                Encoding::Float => json!(vector),
                Encoding::Base64 => {
                    let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
                    json!(STANDARD.encode(bytes))
                }
            };
            json!({ "object": "embedding", "index": index, "embedding": vector })
        })
        .collect();
    Ok(Json(json!({
        "object": "list",
        "data": data,
        "model": request.model,
        "usage": { "prompt_tokens": call.input_tokens, "total_tokens": call.input_tokens },
    })))
}
