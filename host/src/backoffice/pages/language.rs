//! `GET /language/{locale}`: chooses the language of the pages.

use axum::{
    extract::State,
    http::header,
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use std::sync::Arc;

use super::super::{
    Backoffice,
    error::{Kind, Problem, Result},
    extract::{Path, Query},
    locale::{COOKIE, Locale},
};

/// How long a choice is kept, in seconds.
const KEPT_S: u32 = 365 * 24 * 3_600;

#[derive(Deserialize)]
pub struct Back {
    #[serde(default)]
    back: String,
}

pub async fn choose(
    State(backoffice): State<Arc<Backoffice>>,
    Path(locale): Path<String>,
    Query(back): Query<Back>,
) -> Result<Response> {
    let locale = Locale::from_word(&locale);
    let locale = locale.ok_or_else(|| Problem::new(Kind::NotFound, "There is no such language."))?;
    let secure = if backoffice.config.http.secure_cookies { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={}; Path=/; Max-Age={KEPT_S}; HttpOnly; SameSite=Lax{secure}", locale.word());
    Ok((AppendHeaders([(header::SET_COOKIE, cookie)]), Redirect::to(own_path(&back.back))).into_response())
}

/// An address of this host, never one that a link smuggled in.
pub fn own_path(path: &str) -> &str {
    let own = path.starts_with('/') && !path.starts_with("//") && !path.contains(|c: char| c.is_control() || c == '\\');
    if own && path.is_ascii() { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn only_own_addresses_are_gone_back_to() {
        for (given, expected) in [
            ("/skills/x", "/skills/x"),
            ("//evil.example", "/"),
            ("https://evil.example", "/"),
            ("/\\evil", "/"),
            ("/\x01", "/"),
            ("/\x7f", "/"),
            ("", "/"),
        ] {
            assert_eq!(own_path(given), expected);
        }
    }
}
