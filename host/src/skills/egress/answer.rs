//! A response, read within its limits.

use reqwest::{Method, Response, StatusCode, header::CONTENT_LENGTH};
use std::error::Error;

use super::{
    dial::Forbidden,
    header::is_reserved,
    redact::Redactor,
    refusal::{Part, Refusal},
    request::header_bytes,
};

/// Headers of one response, and the bytes of their names and values.
pub const MAX_HEADERS: usize = 128;
pub const MAX_HEADER_BYTES: u32 = 64 << 10;

/// Checks the head of a response; the bytes of it.
pub fn check_head(response: &Response) -> Result<usize, Refusal> {
    let bytes = header_bytes(response.headers());
    if bytes > MAX_HEADER_BYTES as usize || response.headers().len() > MAX_HEADERS {
        return Err(Refusal::TooLarge { what: Part::ResponseHeaders, max: MAX_HEADER_BYTES as usize });
    }
    Ok(bytes)
}

/// Reads a body chunk by chunk; `max` counts what comes out of the decompression.
pub async fn read_body(response: &mut Response, method: &Method, max: usize) -> Result<Vec<u8>, Refusal> {
    let too_large = || Refusal::TooLarge { what: Part::ResponseBody, max };
    let bodiless = matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if *method == Method::HEAD || bodiless {
        return Ok(Vec::new());
    }
    if response.content_length().is_some_and(|length| length > max as u64) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| refusal(&error.without_url()))? {
        if body.len() + chunk.len() > max {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The headers that a guest sees: none of the connection's, none with a secret.
pub fn headers(response: &Response, redactor: &Redactor, body: Option<usize>) -> Vec<(String, Vec<u8>)> {
    let length = |value: &[u8]| body.is_none_or(|body| value == body.to_string().as_bytes());
    response
        .headers()
        .iter()
        .filter(|(name, value)| if **name == CONTENT_LENGTH { length(value.as_bytes()) } else { !is_reserved(name) })
        .filter(|(name, _)| !redactor.finds(name.as_str()))
        .map(|(name, value)| (name.as_str().to_owned(), redactor.bytes(value.as_bytes())))
        .collect()
}

/// What an error of the client comes to. Only a connection that never stood has sent nothing.
pub fn refusal(error: &reqwest::Error) -> Refusal {
    let mut cause: &(dyn Error + 'static) = error;
    loop {
        if let Some(forbidden) = cause.downcast_ref::<Forbidden>() {
            return Refusal::Denied(forbidden.to_string());
        }
        if cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse_too_large) {
            return Refusal::TooLarge { what: Part::ResponseHeaders, max: MAX_HEADER_BYTES as usize };
        }
        match cause.source() {
            Some(inner) => cause = inner,
            None => break,
        }
    }
    if error.is_builder() {
        return Refusal::Invalid(format!("the request cannot be sent: {cause}"));
    }
    let doing = match () {
        () if error.is_connect() => "no connection",
        () if error.is_decode() => "the response cannot be decompressed",
        () => "the exchange broke off",
    };
    Refusal::Unreachable { reason: format!("{doing}: {cause}"), request_sent: !error.is_connect() }
}
