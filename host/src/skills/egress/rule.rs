//! The grammar of hosts: what a manifest asks for, what an owner grants, and where a secret goes.

use serde::{Deserialize, Serialize};
use std::{
    fmt::{self, Display, Formatter},
    str::FromStr,
};
use url::{Host, Url};

/// Hosts and the ports that may be dialled there.
///
/// ```text
/// example.org         this name; https on 443 and http on 80
/// *.example.org       every name with one label or more in front, not example.org itself
/// example.org:8443    https and http on this port; `:443` is https alone, `:80` http alone
/// 192.0.2.7, [2001:db8::7]:8080    an address, spelled as a browser would spell it
/// ```
///
/// A name is kept in lower case, in its ASCII form and without a trailing dot, and shown like that.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostRule {
    host: Host,
    /// Whether it is the names under `host`.
    below: bool,
    port: Option<u16>,
}

/// Why a text is no host rule, and what would be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no host: {reason}")]
pub struct RuleError {
    text: String,
    pub(super) reason: String,
}

/// Longest name of the DNS, in its ASCII form.
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

impl HostRule {
    /// Whether a URL is within the rule: its scheme, host and port.
    pub fn matches(&self, url: &Url) -> bool {
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else { return false };
        let host = match host {
            Host::Domain(name) => Host::Domain(name.strip_suffix('.').unwrap_or(name).to_owned()),
            Host::Ipv4(address) => Host::Ipv4(address),
            Host::Ipv6(address) => Host::Ipv6(address),
        };
        self.names(&host) && self.carries(url.scheme(), port)
    }

    /// Whether every URL within the other rule is within this one.
    pub fn covers(&self, other: &Self) -> bool {
        let hosts = match (self.below, other.below) {
            (false, true) => false,
            (true, true) => self.host == other.host || self.names(&other.host),
            (_, false) => self.names(&other.host),
        };
        let ports = match (self.port, other.port) {
            (None, None | Some(443 | 80)) => true,
            (own, other) => own == other,
        };
        hosts && ports
    }

    /// The narrowest rule for a URL; none for a scheme on the standard port of the other.
    pub(super) fn of(url: &Url) -> Option<Self> {
        let port = url.port();
        let rule = Self { host: url.host()?.to_owned(), below: false, port };
        rule.matches(url).then_some(rule)
    }

    fn names(&self, host: &Host) -> bool {
        match (&self.host, host) {
            (Host::Domain(own), Host::Domain(name)) if self.below => {
                name.strip_suffix(own.as_str()).and_then(|front| front.strip_suffix('.')).is_some_and(|f| !f.is_empty())
            }
            (own, host) => own == host,
        }
    }

    fn carries(&self, scheme: &str, port: u16) -> bool {
        match (scheme, self.port) {
            ("https", None | Some(443)) => port == 443,
            ("http", None | Some(80)) => port == 80,
            (_, Some(443 | 80)) => false,
            ("https" | "http", Some(own)) => port == own,
            _ => false,
        }
    }
}

impl FromStr for HostRule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        parse(text).map_err(|reason| RuleError { text: text.escape_debug().take(MAX_NAME).collect(), reason })
    }
}

fn parse(text: &str) -> Result<HostRule, String> {
    if text.is_empty() {
        return Err("a name such as example.org is needed".into());
    }
    if let Some((_, rest)) = text.split_once("://") {
        return Err(format!("leave out the scheme: `{}`", rest.split('/').next().unwrap_or_default()));
    }
    if text.contains('@') {
        return Err("leave out what stands before the `@`".into());
    }
    if let Some(at) = text.find(['/', '\\', '?', '#']) {
        return Err(format!("leave out the path: `{}`", &text[..at]));
    }
    let (below, rest) = match text.strip_prefix("*.") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if text == "*" {
        return Err("no rule allows every host; name each one".into());
    }
    if rest.contains('*') {
        return Err("`*` stands once, in front, as a whole label: `*.example.org`".into());
    }
    let (host, port) = split_port(rest)?;
    let host = canonical_host(host)?;
    if below {
        check_wildcard(&host)?;
    }
    Ok(HostRule { host, below, port })
}

/// A wildcard stands under a name that belongs to somebody, not under one where anybody registers.
fn check_wildcard(host: &Host) -> Result<(), String> {
    let Host::Domain(name) = host else { return Err("an address has no names under it; leave out `*.`".into()) };
    let suffix = psl::Psl::suffix(&psl::List, name.as_bytes());
    if suffix.is_none_or(|suffix| suffix.as_bytes().len() >= name.len()) {
        return Err(format!(
            "anybody can have a name under `{name}`; a wildcard needs one label more, such as `*.example.{name}`"
        ));
    }
    Ok(())
}

/// Splits `host:port`; an IPv6 address keeps its brackets.
pub(super) fn split_port(text: &str) -> Result<(&str, Option<u16>), String> {
    let (host, port) = if text.starts_with('[') {
        let end = text.find(']').ok_or("the bracket of the IPv6 address is not closed")?;
        let (host, rest) = text.split_at(end + 1);
        match rest.strip_prefix(':') {
            None if rest.is_empty() => return Ok((host, None)),
            None => return Err(format!("after the address comes `:` and a port, not `{rest}`")),
            Some(port) => (host, port),
        }
    } else {
        match text.split_once(':') {
            None => return Ok((text, None)),
            Some((_, rest)) if rest.contains(':') => {
                return Err("an IPv6 address stands in brackets: `[2001:db8::7]`".into());
            }
            Some(parts) => parts,
        }
    };
    match port.parse::<u16>() {
        Ok(number) if number > 0 && number.to_string() == port => Ok((host, Some(number))),
        _ => Err(format!("`{port}` is no port; from 1 to 65535, without leading zeros")),
    }
}

/// The one form of a host. Of an address only that form is taken; a name loses its trailing dot, its
/// capitals and what is not ASCII.
pub(super) fn canonical_host(raw: &str) -> Result<Host, String> {
    if raw.is_empty() || raw == "." {
        return Err("the host is missing".into());
    }
    if let Some(c) = raw.chars().find(|c| *c == '%' || c.is_whitespace() || c.is_control()) {
        return Err(format!("`{}` does not belong in a host", c.escape_debug()));
    }
    let host = Host::parse(raw).map_err(|error| error.to_string())?;
    let Host::Domain(name) = host else {
        let shown = host.to_string();
        return if shown == raw { Ok(host) } else { Err(format!("the address is written `{shown}`")) };
    };
    let name = name.strip_suffix('.').unwrap_or(&name);
    if name.len() > MAX_NAME {
        return Err(format!("a name has at most {MAX_NAME} characters"));
    }
    for label in name.split('.') {
        if label.is_empty() {
            return Err("there is nothing between two dots".into());
        }
        if label.len() > MAX_LABEL {
            return Err(format!("a label has at most {MAX_LABEL} characters"));
        }
        if let Some(c) = label.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))) {
            return Err(format!("`{c}` does not belong in a host"));
        }
    }
    Ok(Host::Domain(name.to_owned()))
}

impl Display for HostRule {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let below = if self.below { "*." } else { "" };
        match self.port {
            Some(port) => write!(f, "{below}{}:{port}", self.host),
            None => write!(f, "{below}{}", self.host),
        }
    }
}

impl TryFrom<String> for HostRule {
    type Error = RuleError;

    fn try_from(text: String) -> Result<Self, RuleError> {
        text.parse()
    }
}

impl From<HostRule> for String {
    fn from(rule: HostRule) -> Self {
        rule.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::HostRule;
    use proptest::prelude::*;
    use url::Url;

    #[test]
    fn what_is_a_rule_and_how_it_is_shown() {
        for (text, shown) in [
            ("example.org", "example.org"),
            ("EXAMPLE.com", "example.com"),
            ("example.org.", "example.org"),
            ("Example.ORG.:8443", "example.org:8443"),
            ("*.example.org", "*.example.org"),
            ("*.Example.org:8443", "*.example.org:8443"),
            ("*.a.b.example.org", "*.a.b.example.org"),
            ("*.example.co.uk", "*.example.co.uk"),
            ("*.someone.github.io", "*.someone.github.io"),
            ("example.org:443", "example.org:443"),
            ("example.org:1", "example.org:1"),
            ("example.org:65535", "example.org:65535"),
            ("localhost:8080", "localhost:8080"),
            ("localhost", "localhost"),
            ("nas.lan", "nas.lan"),
            ("a_b.example.org", "a_b.example.org"),
            ("r3---sn-1.example.org", "r3---sn-1.example.org"),
            ("münchen.example", "xn--mnchen-3ya.example"),
            ("MÜNCHEN.example", "xn--mnchen-3ya.example"),
            ("*.例子.example.org", "*.xn--fsqu00a.example.org"),
            ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
            ("ｅｘａｍｐｌｅ.org", "example.org"),
            ("example。org", "example.org"),
            ("8.8.8.8", "8.8.8.8"),
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("[::1]", "[::1]"),
            ("[2001:db8::7]:8080", "[2001:db8::7]:8080"),
            ("1a.example", "1a.example"),
        ] {
            let rule: HostRule = text.parse().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(rule.to_string(), shown);
            assert_eq!(shown.parse::<HostRule>().unwrap(), rule, "{text}");
        }
    }

    /// What is no rule, and what its error says.
    const NO_RULES: &[(&str, &str)] = &[
        ("", "a name such as"),
        ("*", "every host"),
        ("*.", "missing"),
        ("*foo", "`*.example.org`"),
        ("*foo.org", "`*.example.org`"),
        ("a*b.org", "`*.example.org`"),
        ("a.*.org", "`*.example.org`"),
        ("*.*.org", "`*.example.org`"),
        ("**.example.org", "`*.example.org`"),
        ("example.*", "`*.example.org`"),
        ("*:443", "`*.example.org`"),
        ("*.co", "one label more"),
        ("*.com", "one label more"),
        ("*.CO.uk", "one label more"),
        ("*.com.cn", "one label more"),
        ("*.github.io", "one label more"),
        ("*.香港", "one label more"),
        ("*.localhost", "one label more"),
        ("*.lan", "one label more"),
        ("*.127.0.0.1", "leave out `*.`"),
        ("*.[::1]", "leave out `*.`"),
        ("https://example.org", "`example.org`"),
        ("https://example.org:8443/v1", "`example.org:8443`"),
        ("file:///etc/passwd", "scheme"),
        ("example.org/", "`example.org`"),
        ("example.org/v1", "`example.org`"),
        ("example.org?q", "`example.org`"),
        ("example.org#f", "`example.org`"),
        ("example.org\\v1", "`example.org`"),
        ("me@example.org", "before the `@`"),
        ("me:key@example.org", "before the `@`"),
        ("example..org", "between two dots"),
        (".example.org", "between two dots"),
        ("example.org..", "between two dots"),
        (".", "missing"),
        (":80", "missing"),
        ("*.:80", "missing"),
        ("example.org:", "no port"),
        ("example.org:0", "no port"),
        ("example.org:080", "no port"),
        ("example.org:+80", "no port"),
        ("example.org:65536", "no port"),
        ("example.org:http", "no port"),
        ("example.org:*", "`*.example.org`"),
        ("example.org:80:80", "brackets"),
        ("::1", "brackets"),
        ("[::1", "closed"),
        ("[::1]80", "comes `:`"),
        ("[::1]:", "no port"),
        ("0x7f.1", "`127.0.0.1`"),
        ("127.1", "`127.0.0.1`"),
        ("2130706433", "`127.0.0.1`"),
        ("0177.0.0.1", "`127.0.0.1`"),
        ("127.0.0.1.", "`127.0.0.1`"),
        ("１２７.0.0.1", "`127.0.0.1`"),
        ("256.0.0.1", "IPv4"),
        ("1.2.3.4.5", "IPv4"),
        ("[0:0::1]", "`[::1]`"),
        ("[::FFFF]", "`[::ffff]`"),
        ("[::ffff:127.0.0.1]", "`[::ffff:7f00:1]`"),
        ("[fe80::1%eth0]", "`%`"),
        ("[fe80::1%25eth0]", "`%`"),
        ("exa mple.org", "does not belong"),
        (" example.org", "does not belong"),
        ("example.org\n", "does not belong"),
        ("example.org\0", "does not belong"),
        ("ex%61mple.org", "`%`"),
        ("exa!mple.org", "`!`"),
        ("exa<mple.org", "domain"),
        ("xn--a.org", "domain name"),
    ];

    #[test]
    fn what_is_none_and_what_would_be() {
        for (text, says) in NO_RULES {
            let error = text.parse::<HostRule>().expect_err(text).to_string();
            assert!(error.contains(*says), "{text:?}: {error}");
        }
        let long = format!("{}.org", "a".repeat(64));
        assert!(long.parse::<HostRule>().unwrap_err().to_string().contains("63"));
        let long = format!("{}org", "abc.".repeat(63));
        assert!(long.parse::<HostRule>().unwrap_err().to_string().contains("253"));
    }

    #[test]
    fn which_urls_are_within() {
        for (rule, url, within) in [
            ("example.org", "https://example.org/", true),
            ("example.org", "https://EXAMPLE.org:443/a?b", true),
            ("example.org", "https://example.org./", true),
            ("example.org", "http://example.org/", true),
            ("example.org", "http://example.org:443/", false),
            ("example.org", "https://example.org:80/", false),
            ("example.org", "https://example.org:8443/", false),
            ("example.org", "https://a.example.org/", false),
            ("example.org", "https://badexample.org/", false),
            ("example.org", "https://example.org.evil.net/", false),
            ("example.org", "https://example.org@evil.net/", false),
            ("example.org", "ftp://example.org/", false),
            ("example.org", "data:,example.org", false),
            ("example.org:443", "https://example.org/", true),
            ("example.org:443", "http://example.org:443/", false),
            ("example.org:80", "http://example.org/", true),
            ("example.org:80", "https://example.org:80/", false),
            ("example.org:8443", "https://example.org:8443/", true),
            ("example.org:8443", "http://example.org:8443/", true),
            ("example.org:8443", "https://example.org/", false),
            ("*.example.org", "https://a.example.org/", true),
            ("*.example.org", "https://a.b.c.example.org/", true),
            ("*.example.org", "https://example.org/", false),
            ("*.example.org", "https://.example.org/", false),
            ("*.example.org", "https://aexample.org/", false),
            ("*.example.org", "https://a.example.org:8443/", false),
            ("*.example.org:8443", "https://a.example.org:8443/", true),
            ("münchen.example", "https://xn--mnchen-3ya.example/", true),
            ("münchen.example", "https://MÜNCHEN.example/", true),
            ("127.0.0.1:8080", "http://127.0.0.1:8080/", true),
            ("127.0.0.1", "http://[::ffff:127.0.0.1]/", false),
            ("[::1]:8080", "http://[::1]:8080/", true),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(rule.parse::<HostRule>().unwrap().matches(&url), within, "{rule} {url}");
        }
    }

    #[test]
    fn which_rules_are_within() {
        for (rule, other, within) in [
            ("example.org", "example.org", true),
            ("example.org", "example.org:443", true),
            ("example.org", "example.org:80", true),
            ("example.org", "example.org:8443", false),
            ("example.org:443", "example.org", false),
            ("example.org:8443", "example.org:8443", true),
            ("example.org", "a.example.org", false),
            ("example.org", "*.example.org", false),
            ("*.example.org", "example.org", false),
            ("*.example.org", "a.example.org", true),
            ("*.example.org", "a.b.example.org:443", true),
            ("*.example.org", "*.example.org", true),
            ("*.example.org", "*.a.example.org", true),
            ("*.a.example.org", "*.example.org", false),
            ("*.example.org:8443", "a.example.org", false),
            ("127.0.0.1", "127.0.0.1:80", true),
        ] {
            let [rule, other] = [rule, other].map(|text| text.parse::<HostRule>().unwrap());
            assert_eq!(rule.covers(&other), within, "{rule} {other}");
        }
    }

    #[test]
    fn the_rule_for_a_url() {
        for (url, rule) in [
            ("https://api.example.org/v1", Some("api.example.org")),
            ("http://api.example.org/v1", Some("api.example.org")),
            ("https://api.example.org:8443/", Some("api.example.org:8443")),
            ("http://[::1]:8080/", Some("[::1]:8080")),
            ("http://api.example.org:443/", None),
        ] {
            let of = HostRule::of(&Url::parse(url).unwrap()).map(|rule| rule.to_string());
            assert_eq!(of.as_deref(), rule, "{url}");
        }
    }

    #[test]
    fn it_is_a_string_in_json() {
        let rule: HostRule = serde_json::from_str("\"*.Example.org\"").unwrap();
        assert_eq!(serde_json::to_string(&rule).unwrap(), "\"*.example.org\"");
        let error = serde_json::from_str::<HostRule>("\"*\"").unwrap_err().to_string();
        assert!(error.contains("name each one"), "{error}");
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_as_the_same(text in "(\\*\\.)?[a-zA-Z0-9äß例._-]{1,20}(\\.[a-z]{2,6}){0,2}(:[0-9]{1,5})?") {
            if let Ok(rule) = text.parse::<HostRule>() {
                let shown = rule.to_string();
                prop_assert_eq!(shown.parse::<HostRule>().unwrap(), rule);
                prop_assert!(shown.is_ascii() && shown == shown.to_lowercase());
            }
        }

        #[test]
        fn no_text_breaks_the_parser(text in "\\PC{0,40}", port in any::<u16>()) {
            let _ = text.parse::<HostRule>();
            let _ = format!("*.{text}:{port}").parse::<HostRule>();
        }

        #[test]
        fn a_rule_covers_what_matches(front in "[a-z]{1,5}(\\.[a-z]{1,5}){0,2}", port in prop_oneof![Just(443), Just(80), 1_u16..]) {
            let url = Url::parse(&format!("https://{front}.example.org:{port}/")).unwrap();
            let rule: HostRule = format!("*.example.org:{port}").parse().unwrap();
            if let Some(of) = HostRule::of(&url) {
                prop_assert!(of.matches(&url));
                prop_assert_eq!(rule.covers(&of), rule.matches(&url) && of.port.is_some());
            }
        }
    }
}
