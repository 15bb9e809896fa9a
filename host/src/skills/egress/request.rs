//! What a guest wants sent, checked before anything of it is looked up.

use bytes::Bytes;
use reqwest::{
    Method, Url,
    header::{HeaderMap, HeaderName, HeaderValue},
};

use super::{
    gate::Outgoing,
    header::is_reserved,
    refusal::{Part, Refusal},
    rule::{canonical_host, split_port},
};

/// Longest URL. Servers take about as much; a guest would put its data into the body.
const MAX_URL_BYTES: usize = 8 << 10;

/// Headers of one request, and the bytes of their names and values.
const MAX_HEADERS: usize = 64;
const MAX_HEADER_BYTES: usize = 16 << 10;

/// CONNECT and TRACE are left out: a tunnel passes the gate by, an echo shows what the host put in.
const METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

/// A request that can be sent.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    /// In its one form, without user, fragment and trailing dot.
    pub url: Url,
    /// The guest's own.
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Request {
    /// Checks everything but whether the host is granted.
    pub fn new(outgoing: Outgoing, max_body_bytes: usize) -> Result<Self, Refusal> {
        let url = read_url(&outgoing.url).map_err(Refusal::Invalid)?;
        let asked = outgoing.method.to_ascii_uppercase();
        let method = METHODS.into_iter().find(|method| method.as_str() == asked).ok_or_else(|| {
            let known = METHODS.map(|method| method.to_string()).join(", ");
            Refusal::Invalid(format!("`{}` is none of the methods {known}", shown(&outgoing.method)))
        })?;
        let headers = read_headers(&outgoing.headers).map_err(Refusal::Invalid)?;
        if outgoing.body.len() > max_body_bytes {
            return Err(Refusal::TooLarge { what: Part::RequestBody, max: max_body_bytes });
        }
        Ok(Self { method, url, headers, body: outgoing.body })
    }

    /// The host as it is shown and compared.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Bytes that the request comes to, before framing and compression of headers.
    pub fn bytes(&self) -> usize {
        self.method.as_str().len() + self.url.as_str().len() + header_bytes(&self.headers) + self.body.len()
    }
}

/// Bytes of all names and values.
pub fn header_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

/// Reads a URL, and refuses what another reader might take for another place.
pub fn read_url(text: &str) -> Result<Url, String> {
    let invalid = |reason: &str| format!("the URL cannot be used: {reason}");
    if text.len() > MAX_URL_BYTES {
        return Err(invalid(&format!("it is longer than {MAX_URL_BYTES} bytes")));
    }
    if let Some(c) = text.chars().find(|c| c.is_control() || c.is_whitespace() || *c == '\\') {
        return Err(invalid(&format!("`{}` has to be percent-encoded", c.escape_debug())));
    }
    let (scheme, rest) = text.split_once("://").ok_or_else(|| invalid("it begins with https:// or http://"))?;
    if !["https", "http"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return Err(invalid("it begins with https:// or http://"));
    }
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    if authority.contains('@') {
        return Err(invalid("it names a user; credentials are set as a secret"));
    }
    let (host, _) = split_port(authority).map_err(|reason| invalid(&reason))?;
    let host = canonical_host(host).map_err(|reason| invalid(&reason))?;
    let mut url = Url::parse(text).map_err(|error| invalid(&error.to_string()))?;
    url.set_fragment(None);
    url.set_host(Some(&host.to_string())).map_err(|error| invalid(&error.to_string()))?;
    if url.as_str().len() > MAX_URL_BYTES {
        return Err(invalid(&format!("it is longer than {MAX_URL_BYTES} bytes")));
    }
    Ok(url)
}

fn read_headers(asked: &[(String, Vec<u8>)]) -> Result<HeaderMap, String> {
    if asked.len() > MAX_HEADERS {
        return Err(format!("a request has at most {MAX_HEADERS} headers"));
    }
    if asked.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > MAX_HEADER_BYTES {
        return Err(format!("the headers of a request have at most {MAX_HEADER_BYTES} bytes"));
    }
    let mut headers = HeaderMap::with_capacity(asked.len());
    for (name, value) in asked {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| format!("`{}` is not the name of a header", shown(name)))?;
        if is_reserved(&name) {
            return Err(format!("the header `{name}` is set by the host alone"));
        }
        let value = HeaderValue::from_bytes(value)
            .map_err(|_| format!("the header `{name}` holds a control character, such as a line's end"))?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// The beginning of a guest's text, in one line.
fn shown(text: &str) -> String {
    text.escape_debug().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::{Request, read_url};
    use crate::skills::egress::{Outgoing, Refusal, refusal::Part};
    use bytes::Bytes;

    fn asked(method: &str, url: &str, headers: &[(&str, &[u8])]) -> Outgoing {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect();
        Outgoing { method: method.into(), url: url.into(), headers, body: Bytes::from_static(b"body") }
    }

    /// What another reader might take for another place, or is none.
    const NO_URLS: &[&str] = &[
        "",
        "ok.test",
        "//ok.test/",
        "/path",
        "ftp://ok.test/",
        "file:///etc/passwd",
        "unix:///var/run/docker.sock",
        "data:text/plain,hi",
        "javascript://ok.test/",
        "https:ok.test",
        "https:/ok.test",
        "https:///ok.test",
        "https://",
        "https://?q",
        "https://:443/",
        "https://ok.test:/",
        "https://ok.test:0/",
        "https://ok.test:0443/",
        "https://ok.test:99999/",
        "https://ok.test:22x/",
        "https://ok.test@evil/",
        "https://me:key@ok.test/",
        "https://@ok.test/",
        "https://ok.test\\@evil/",
        "https:\\\\ok.test/",
        "https://ok.test/a b",
        "https://ok.test/a\r\nHost: evil",
        "https://ok.test/a\tb",
        "https://ok.test/\0",
        " https://ok.test/",
        "https://ok.test/\u{a0}",
        "https://ok..test/",
        "https://.ok.test/",
        "https://ok%2etest/",
        "https://ok.test%00.evil/",
        "https://0x7f.1/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://127.0.0.1./",
        "https://127.0.0.01/",
        "https://１２７.0.0.1/",
        "https://127。0。0。1/",
        "https://[::ffff:127.0.0.1]/",
        "https://[0:0:0:0:0:0:0:1]/",
        "https://[fe80::1%25eth0]/",
        "https://[::1/",
        "https://::1/",
        "https://*.ok.test/",
    ];

    #[test]
    fn one_spelling_of_a_url() {
        for (text, read) in [
            ("https://ok.test", "https://ok.test/"),
            ("HTTPS://OK.test/a", "https://ok.test/a"),
            ("https://ok.test./a", "https://ok.test/a"),
            ("https://ok.test:443/a?b=c#d", "https://ok.test/a?b=c"),
            ("http://ok.test:443/", "http://ok.test:443/"),
            ("https://ok.test:8443?q", "https://ok.test:8443/?q"),
            ("https://münchen.example/ä", "https://xn--mnchen-3ya.example/%C3%A4"),
            ("https://ok.test/http://evil/", "https://ok.test/http://evil/"),
            ("https://ok.test//evil/", "https://ok.test//evil/"),
            ("https://ok.test/../a", "https://ok.test/a"),
            ("https://ok.test/me@evil", "https://ok.test/me@evil"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/"),
            ("http://[::1]:8080/", "http://[::1]:8080/"),
        ] {
            assert_eq!(read_url(text).unwrap().as_str(), read, "{text}");
        }
        for text in NO_URLS {
            assert!(read_url(text).is_err(), "{text:?} is read as {}", read_url(text).unwrap());
        }
        assert!(read_url(&format!("https://ok.test/{}", "a".repeat(64 << 10))).is_err());
        assert!(read_url(&format!("https://ok.test/{}", "ä".repeat(3 << 10))).is_err());
    }

    #[test]
    fn which_methods_and_headers_are_sent() {
        let read = |outgoing| Request::new(outgoing, 4);
        assert_eq!(read(asked("get", "https://ok.test/", &[])).unwrap().method, "GET");
        for method in ["CONNECT", "TRACE", "connect", "", "G E T", "GET\r\n", "BREW", "GET / HTTP/1.1"] {
            assert!(matches!(read(asked(method, "https://ok.test/", &[])), Err(Refusal::Invalid(_))), "{method:?}");
        }
        let good: [(&str, &[u8]); 6] = [
            ("Accept", b"text/plain"),
            ("x-a", b""),
            ("X-A", b"two"),
            ("x-b", b"\t\xff\x80"),
            ("Authorization", b"Bearer mine"),
            ("Cookie", b"a=b"),
        ];
        assert_eq!(read(asked("POST", "https://ok.test/", &good)).unwrap().headers.len(), 6);
        let bad: [(&str, &[u8]); 21] = [
            ("Host", b"evil"),
            ("host", b"ok.test"),
            ("Transfer-Encoding", b"chunked"),
            ("Content-Length", b"4"),
            ("Connection", b"close"),
            ("Keep-Alive", b"1"),
            ("TE", b"trailers"),
            ("Trailer", b"x"),
            ("Upgrade", b"h2c"),
            ("Expect", b"100-continue"),
            ("HTTP2-Settings", b"x"),
            ("Proxy-Authorization", b"x"),
            ("Proxy-Connection", b"x"),
            (":authority", b"evil"),
            ("x y", b"x"),
            ("", b"x"),
            ("x\r\nHost", b"evil"),
            ("x:", b"y"),
            ("x", b"a\r\nHost: evil"),
            ("x", b"a\nb"),
            ("x", b"a\0b"),
        ];
        for (name, value) in bad {
            let refused = read(asked("POST", "https://ok.test/", &[(name, value)]));
            assert!(matches!(refused, Err(Refusal::Invalid(_))), "{name:?}");
        }
        let many = vec![("x-a", &b"a"[..]); 65];
        assert!(matches!(read(asked("GET", "https://ok.test/", &many)), Err(Refusal::Invalid(_))));
        let long = vec![b'a'; 1 << 20];
        assert!(matches!(read(asked("GET", "https://ok.test/", &[("x", &long)])), Err(Refusal::Invalid(_))));
        let large = Request::new(asked("POST", "https://ok.test/", &[]), 3);
        assert!(matches!(large, Err(Refusal::TooLarge { what: Part::RequestBody, max: 3 })));
    }
}
