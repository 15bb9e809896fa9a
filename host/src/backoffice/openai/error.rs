//! Refusals as OpenAI's clients read them.

use axum::{
    Json,
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::super::error::Problem;
use crate::{
    gateway::{GatewayError, ProviderError},
    store::StoreError,
};

/// Tells OpenAI's clients not to repeat by themselves: the gateway has done what repeating can do.
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// A refusal on its way out.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    /// OpenAI's word for what kind of error it is, or one of our own.
    kind: &'static str,
    message: String,
    /// The field of the body that is wrong.
    param: Option<&'static str>,
    retry_s: Option<u64>,
}

impl Refusal {
    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into(), param: None, retry_s: None }
    }

    pub fn invalid(param: &'static str, message: impl Into<String>) -> Self {
        Self { param: Some(param), ..Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message) }
    }

    pub fn no_model(model: &str) -> Self {
        let message =
            format!("There is no model `{model}`; GET /v1/models lists `skillet` and the tiers that are configured.");
        Self { param: Some("model"), ..Self::new(StatusCode::NOT_FOUND, "model_not_found", message) }
    }

    pub fn body(&self) -> Value {
        json!({ "error": { "message": self.message, "type": self.kind, "code": self.kind, "param": self.param } })
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        let headers = response.headers_mut();
        match self.retry_s {
            Some(seconds) => headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds)),
            None => headers.insert(SHOULD_RETRY, HeaderValue::from_static("false")),
        };
        response
    }
}

impl From<GatewayError> for Refusal {
    fn from(error: GatewayError) -> Self {
        let message = error.to_string();
        let with = |status, kind| Self::new(status, kind, message.clone());
        match &error {
            GatewayError::Exhausted(_) => with(StatusCode::PAYMENT_REQUIRED, "budget_exceeded"),
            GatewayError::Unpriced(_) => with(StatusCode::PAYMENT_REQUIRED, "unpriced_model"),
            GatewayError::Shut(shut) => {
                Self { retry_s: shut.retry_s(), ..with(StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded") }
            }
            GatewayError::OverBudget { .. } => {
                Self { param: Some("messages"), ..with(StatusCode::BAD_REQUEST, "context_length_exceeded") }
            }
            GatewayError::NoModel(_) | GatewayError::NoEmbedding => {
                Self { param: Some("model"), ..with(StatusCode::NOT_FOUND, "model_not_found") }
            }
            GatewayError::Resting(_) => {
                Self { retry_s: Some(30), ..with(StatusCode::SERVICE_UNAVAILABLE, "upstream_unavailable") }
            }
            GatewayError::Provider(error) => Self::of_provider(error),
            GatewayError::Store(error) => {
                tracing::error!(error = error as &dyn std::error::Error, "a request failed");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "internal_error", "The database does not answer.")
            }
        }
    }
}

impl Refusal {
    fn of_provider(error: &ProviderError) -> Self {
        let (status, kind) = match error {
            // What is wrong with the question is the client's to mend; a key of ours that is refused is not.
            ProviderError::Status { status: 400 | 413 | 422, .. } => (StatusCode::BAD_REQUEST, "invalid_request_error"),
            ProviderError::Status { status: 429 | 503 | 529, .. } => {
                (StatusCode::SERVICE_UNAVAILABLE, "upstream_unavailable")
            }
            ProviderError::Silent(_) | ProviderError::Late => (StatusCode::GATEWAY_TIMEOUT, "upstream_timeout"),
            ProviderError::Broken(_) => (StatusCode::BAD_GATEWAY, "upstream_truncated"),
            _ => (StatusCode::BAD_GATEWAY, "upstream_error"),
        };
        Self::new(status, kind, error.to_string())
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        GatewayError::Store(error).into()
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let status = problem.kind.status();
        let kind = match status.as_u16() {
            401 => "authentication_error",
            403 => "permission_error",
            429 => "rate_limit_exceeded",
            400..=499 => "invalid_request_error",
            _ => "internal_error",
        };
        Self::new(status, kind, problem.detail)
    }
}

/// Gives every problem under `/v1` the shape that OpenAI's clients read.
pub async fn shape(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Problem>() {
        Some(problem) => Refusal::from(problem).into_response(),
        None => response,
    }
}
