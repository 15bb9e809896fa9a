//! Which headers of a request are the host's own.

use reqwest::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderName, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};

/// Headers that frame the message or belong to one connection, and the codings that this host can undo:
/// neither a guest nor a secret sets them.
pub fn is_reserved(name: &HeaderName) -> bool {
    const RESERVED: [HeaderName; 9] =
        [ACCEPT_ENCODING, HOST, TRANSFER_ENCODING, CONTENT_LENGTH, CONNECTION, TE, TRAILER, UPGRADE, EXPECT];
    let text = name.as_str();
    RESERVED.contains(name) || text == "keep-alive" || text == "http2-settings" || text.starts_with("proxy-")
}

/// The header that a manifest names for a secret; an error says what would be right.
pub fn secret_header(name: &str) -> Result<HeaderName, String> {
    match HeaderName::from_bytes(name.as_bytes()) {
        Ok(header) if is_reserved(&header) => {
            Err(format!("`{header}` is the host's own; take one such as authorization or x-api-key"))
        }
        Ok(header) => Ok(header),
        Err(_) => Err(format!("`{}` is no header; one such as authorization is needed", name.escape_debug())),
    }
}

#[cfg(test)]
mod tests {
    use super::secret_header;

    #[test]
    fn which_headers_can_carry_a_secret() {
        for (header, good) in [
            ("Authorization", true),
            ("x-api-key", true),
            ("cookie", true),
            ("host", false),
            ("Content-Length", false),
            ("Proxy-Authorization", false),
            ("x y", false),
            ("", false),
        ] {
            assert_eq!(secret_header(header).is_ok(), good, "{header:?}");
        }
    }
}
