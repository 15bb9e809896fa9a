//! Where a response sends the request on to.

use bytes::Bytes;
use reqwest::{
    Method, StatusCode,
    header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, COOKIE, HeaderMap, LOCATION},
};

use super::request::{Request, read_url};

impl Request {
    /// The request that a redirect asks for. `None` when the response is the guest's to read: it
    /// redirects nowhere, or would repeat what is not safe to repeat elsewhere. The error is that of
    /// a place that cannot be named.
    pub fn redirected(&self, status: StatusCode, headers: &HeaderMap) -> Option<Result<Self, String>> {
        let location = headers.get(LOCATION)?.to_str().ok()?;
        let target = self.url.join(location).ok()?;
        let url = match read_url(target.as_str()) {
            Ok(url) => url,
            Err(reason) => return Some(Err(reason)),
        };
        let same_origin = url.origin() == self.url.origin();
        let reads = matches!(self.method, Method::GET | Method::HEAD) && self.body.is_empty();
        let mut next = Self { url, ..self.clone() };
        match status {
            StatusCode::SEE_OTHER => {
                if next.method != Method::HEAD {
                    next.method = Method::GET;
                }
                next.body = Bytes::new();
                for name in [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LANGUAGE] {
                    next.headers.remove(name);
                }
            }
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND if reads => {}
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT if reads || same_origin => {}
            _ => return None,
        }
        if !same_origin {
            for name in [AUTHORIZATION, COOKIE] {
                next.headers.remove(name);
            }
        }
        Some(Ok(next))
    }
}

#[cfg(test)]
mod tests {
    use super::Request;
    use crate::skills::egress::Outgoing;
    use bytes::Bytes;
    use reqwest::{
        StatusCode,
        header::{HeaderMap, HeaderName, HeaderValue, LOCATION},
    };

    #[test]
    fn which_redirects_are_followed_with_what() {
        // Method, body, status, Location; then method, URL, body and the guest's headers of the next one.
        let nothing = None;
        for (method, body, status, location, next) in [
            ("GET", "", 301, "/b", Some("GET https://a.test/b  authorization,content-type,x")),
            ("GET", "", 302, "b?c#d", Some("GET https://a.test/x/b?c  authorization,content-type,x")),
            ("GET", "", 307, "https://a.test:443/", Some("GET https://a.test/  authorization,content-type,x")),
            ("GET", "", 302, "https://b.test/", Some("GET https://b.test/  content-type,x")),
            ("GET", "", 302, "//b.test/", Some("GET https://b.test/  content-type,x")),
            ("GET", "", 302, "http://a.test/", Some("GET http://a.test/  content-type,x")),
            ("GET", "", 302, "https://a.test:8443/", Some("GET https://a.test:8443/  content-type,x")),
            ("GET", "", 302, "\\\\b.test\\", Some("GET https://b.test/  content-type,x")),
            ("HEAD", "", 308, "/b", Some("HEAD https://a.test/b  authorization,content-type,x")),
            ("HEAD", "", 303, "/b", Some("HEAD https://a.test/b  authorization,x")),
            ("POST", "data", 303, "/b", Some("GET https://a.test/b  authorization,x")),
            ("POST", "data", 303, "https://b.test/", Some("GET https://b.test/  x")),
            ("DELETE", "", 303, "/b", Some("GET https://a.test/b  authorization,x")),
            ("POST", "data", 307, "/b", Some("POST https://a.test/b data authorization,content-type,x")),
            ("PUT", "data", 308, "/b", Some("PUT https://a.test/b data authorization,content-type,x")),
            ("POST", "data", 307, "https://b.test/", nothing),
            ("DELETE", "", 308, "https://b.test/", nothing),
            ("GET", "data", 308, "https://b.test/", nothing),
            ("POST", "data", 301, "/b", nothing),
            ("POST", "data", 302, "/b", nothing),
            ("GET", "", 300, "/b", nothing),
            ("GET", "", 304, "/b", nothing),
            ("GET", "", 200, "/b", nothing),
            ("GET", "", 302, "https://[", nothing),
            ("GET", "", 302, "ftp://b.test/", Some("https://")),
            ("GET", "", 302, "file:///etc/passwd", Some("https://")),
            ("GET", "", 302, "https://me:key@b.test/", Some("user")),
        ] {
            let outgoing = Outgoing {
                method: method.into(),
                url: "https://a.test/x/y".into(),
                headers: ["Authorization", "Content-Type", "X"].map(|name| (name.to_owned(), b"z".to_vec())).to_vec(),
                body: Bytes::from_static(body.as_bytes()),
            };
            let request = Request::new(outgoing, 100).unwrap();
            let headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_static(location))]);
            let followed = request.redirected(StatusCode::from_u16(status).unwrap(), &headers).map(|next| match next {
                Ok(next) => {
                    let mut names: Vec<&str> = next.headers.keys().map(HeaderName::as_str).collect();
                    names.sort_unstable();
                    let body = String::from_utf8_lossy(&next.body);
                    format!("{} {} {body} {}", next.method, next.url, names.join(","))
                }
                Err(reason) => reason,
            });
            let fits = match (&followed, next) {
                (Some(followed), Some(next)) => followed == next || (!next.contains(' ') && followed.contains(next)),
                (followed, next) => followed.is_none() && next.is_none(),
            };
            assert!(fits, "{method} {status} {location}: {followed:?}");
        }
        let request = Request::new(
            Outgoing { method: "GET".into(), url: "https://a.test/".into(), headers: vec![], body: Bytes::new() },
            0,
        );
        assert!(request.unwrap().redirected(StatusCode::FOUND, &HeaderMap::new()).is_none());
    }
}
