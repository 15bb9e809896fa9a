//! Reads an uploaded component, and stops as soon as it is too large.

use axum::{
    body::Body,
    extract::{FromRequest, Multipart, Request, multipart::Field},
    http::header,
};
use futures_util::TryStreamExt;

use super::{
    auth::FormToken,
    error::{Kind, Problem, Result},
};

/// The component of a request: the body itself, or the first file of a multipart form.
pub async fn read(request: Request, max: usize) -> Result<Vec<u8>> {
    if is_multipart(&request) { from_form(request, max, None).await } else { from_body(request, max).await }
}

/// The component of a page's form, whose token stands before the file.
pub async fn read_form(request: Request, max: usize) -> Result<Vec<u8>> {
    let token = request.extensions().get::<FormToken>().cloned();
    let token = token.ok_or_else(|| Problem::new(Kind::Csrf, "This page takes no forms."))?;
    from_form(request, max, Some(token)).await
}

fn is_multipart(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/form-data"))
}

async fn from_body(request: Request, max: usize) -> Result<Vec<u8>> {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > max) {
        return Err(too_large(max));
    }
    let mut component = Vec::with_capacity(length.unwrap_or(0));
    let mut chunks = Body::into_data_stream(request.into_body());
    while let Some(chunk) = chunks.try_next().await.map_err(|error| cut_short(&error))? {
        if component.len() + chunk.len() > max {
            return Err(too_large(max));
        }
        component.extend_from_slice(&chunk);
    }
    Ok(component)
}

async fn from_form(request: Request, max: usize, mut token: Option<FormToken>) -> Result<Vec<u8>> {
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|error| Problem::new(Kind::InvalidMultipart, error.body_text()))?;
    while let Some(field) = form.next_field().await.map_err(|error| malformed(&error, max))? {
        if field.file_name().is_some() {
            // Nothing of a file is read before its form has shown where it comes from.
            return match token {
                Some(_) => Err(Problem::new(Kind::Csrf, "The form's token must stand before the file.")),
                None => from_field(field, max).await,
            };
        }
        if field.name() == Some("csrf")
            && let Some(expected) = token.take()
        {
            let given = field.text().await.map_err(|error| malformed(&error, max))?;
            expected.check(&given)?;
        }
    }
    Err(Problem::new(Kind::InvalidMultipart, "The form has no file."))
}

async fn from_field(mut field: Field<'_>, max: usize) -> Result<Vec<u8>> {
    let mut component = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|error| malformed(&error, max))? {
        if component.len() + chunk.len() > max {
            return Err(too_large(max));
        }
        component.extend_from_slice(&chunk);
    }
    Ok(component)
}

fn malformed(error: &axum::extract::multipart::MultipartError, max: usize) -> Problem {
    if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        return too_large(max);
    }
    Problem::new(Kind::InvalidMultipart, error.body_text())
}

fn cut_short(error: &axum::Error) -> Problem {
    Problem::new(Kind::InvalidMultipart, format!("The upload was cut short: {error}."))
}

fn too_large(max: usize) -> Problem {
    Problem::new(Kind::TooLarge, format!("A component has {max} bytes at most.")).with("max_bytes", max)
}
