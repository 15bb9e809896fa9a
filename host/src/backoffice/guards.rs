//! What every answer carries, and how a problem looks on a page.

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{any::Any, net::IpAddr, sync::Arc};

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

/// The span of a request. Its query is left out: it may hold a code, or what somebody searches for.
pub fn span(request: &Request) -> tracing::Span {
    tracing::debug_span!("http.request", method = %request.method(), path = request.uri().path())
}

/// Answers only to names of this host. A page elsewhere may give a name of its own the address of
/// this machine, and would then be of the same origin.
pub async fn own_name(State(backoffice): State<Arc<Backoffice>>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    let host = host.or_else(|| request.uri().authority().map(Authority::as_str)).unwrap_or_default();
    let name = host.parse::<Authority>().map(|host| host.host().to_ascii_lowercase()).unwrap_or_default();
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let own = bare.parse::<IpAddr>().is_ok()
        || name == "localhost"
        || backoffice.config.http.names.iter().any(|known| known.eq_ignore_ascii_case(&name));
    if own {
        return next.run(request).await;
    }
    let detail =
        format!("This host does not answer to the name `{name}`; `http.names` in its settings lists those it has.");
    Problem::new(Kind::UnknownName, detail).into_response()
}

/// Shows a problem as a page, where it was a page that was asked for.
pub async fn problem_pages(State(backoffice): State<Arc<Backoffice>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let machine = ["/api/", "/v1/"].iter().any(|start| path.starts_with(start));
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
