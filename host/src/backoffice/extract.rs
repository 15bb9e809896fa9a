//! axum's extractors with problems in place of plain texts.

use axum::extract::{FromRequest, FromRequestParts};
use serde::de::DeserializeOwned;

use super::error::{Kind, Problem, Result};

/// A JSON body.
#[derive(FromRequest)]
#[from_request(via(axum::Json), rejection(Problem))]
pub struct Json<T>(pub T);

/// The query of the address.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Problem))]
pub struct Query<T>(pub T);

/// The variable parts of the address.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Problem))]
pub struct Path<T>(pub T);

/// A JSON body that may be missing.
pub fn optional<T: Default + DeserializeOwned>(body: &[u8]) -> Result<T> {
    if body.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body).map_err(|error| {
        let kind = if error.is_data() { Kind::InvalidBody } else { Kind::InvalidJson };
        Problem::new(kind, error.to_string())
    })
}
