//! The style and the script: compiled in, named by their hash, kept by browsers for ever.

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::sync::LazyLock;

use super::error::{Kind, Problem};

/// A file of `host/static`.
struct Asset {
    name: &'static str,
    media: &'static str,
    text: &'static str,
    /// The first digits of its hash.
    tag: String,
}

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        Asset::new("app.css", "text/css; charset=utf-8", include_str!("../../static/app.css")),
        Asset::new("app.js", "text/javascript; charset=utf-8", include_str!("../../static/app.js")),
        Asset::new("icon.svg", "image/svg+xml", include_str!("../../static/icon.svg")),
    ]
});

impl Asset {
    fn new(name: &'static str, media: &'static str, text: &'static str) -> Self {
        let tag = blake3::hash(text.as_bytes()).to_hex()[..16].to_owned();
        Self { name, media, text, tag }
    }
}

/// The address of an asset; it changes with the content.
pub fn address(name: &str) -> String {
    let tag = ASSETS.iter().find(|asset| asset.name == name).map_or("", |asset| asset.tag.as_str());
    format!("/static/{tag}/{name}")
}

/// `GET /static/{tag}/{name}`
pub async fn serve(Path((tag, name)): Path<(String, String)>, headers: HeaderMap) -> Result<Response, Problem> {
    let asset = ASSETS.iter().find(|asset| asset.name == name);
    let asset = asset.ok_or_else(|| Problem::new(Kind::NotFound, "There is no such file."))?;
    let etag = format!("\"{}\"", asset.tag);
    // An address of another release is answered with what there is now, and not kept.
    let keep = if tag == asset.tag { "public, max-age=31536000, immutable" } else { "no-cache" };
    let answer_headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.media)),
        (header::CACHE_CONTROL, HeaderValue::from_static(keep)),
        (header::ETAG, HeaderValue::from_str(&etag).expect("hex is a header value")),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, answer_headers).into_response());
    }
    Ok((answer_headers, asset.text).into_response())
}
