//! What every answer carries, and how a problem looks on a page.

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{any::Any, sync::Arc};

use super::{
    Backoffice,
    error::{Kind, Problem},
    locale::Locale,
    pages,
};

/// Nothing from elsewhere, nothing inline, nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Sets the headers that keep a browser from doing what it should not.
pub async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // What is somebody's own is not left in a cache.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Shows a problem as a page, where it was a page that was asked for.
pub async fn problem_pages(State(backoffice): State<Arc<Backoffice>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let machine = ["/api/", "/v1/", "/healthz", "/readyz", "/metrics"].iter().any(|start| path.starts_with(start));
    let locale = Locale::of(request.headers(), &backoffice.config.agent.locale);
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Problem>() {
        Some(problem) if !machine => {
            let mut page = pages::error::page(locale, &problem).unwrap_or_else(IntoResponse::into_response);
            for name in [header::RETRY_AFTER, header::SET_COOKIE] {
                if let Some(value) = response.headers_mut().remove(&name) {
                    page.headers_mut().insert(name, value);
                }
            }
            page
        }
        _ => response,
    }
}

/// Any address that is not known.
pub async fn not_found() -> Problem {
    Problem::new(Kind::NotFound, "There is nothing at this address.")
}

/// A known address with another method.
pub async fn method_not_allowed() -> Problem {
    Problem::new(Kind::MethodNotAllowed, "This address does not take this method.")
}

/// A handler that panicked: its request fails, the host goes on.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over like this")]
pub fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let reason = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let reason = reason.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    tracing::error!(reason, "a handler panicked");
    Problem::new(Kind::Internal, "The fault is in the host; its log says more.").into_response()
}
