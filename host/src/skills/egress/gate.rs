//! One exchange from end to end.

use bytes::Bytes;
use reqwest::{
    Client,
    header::{CONTENT_ENCODING, HeaderMap, IF_RANGE, RANGE},
};
use std::{
    collections::{HashMap, hash_map},
    net::IpAddr,
    sync::Arc,
    time::Instant,
};
use tokio::time::timeout_at;
use url::Host;

use super::{
    address::{Reach, reach},
    answer,
    dial::{self, Lookup},
    lines::{Line, Lines},
    redact::Redactor,
    refusal::{Part, Refusal},
    request::Request,
    rule::{HostRule, RuleError},
    script::{Exchange, Script},
    secret::Secret,
};
use crate::config::{self, ConfigError};

/// Redirects of one exchange.
const MAX_REDIRECTS: usize = 5;

/// What a guest wants sent.
#[derive(Clone, Debug)]
pub struct Outgoing {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Bytes,
}

/// What a guest may do.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    pub allowed: &'a [HostRule],
    /// All of the skill's: each is put in where it belongs, and taken out of everything that comes back.
    pub secrets: &'a [Secret],
}

/// How far an exchange goes at most.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// When it is over: waiting, lookup, TLS, redirects and the last byte of the body.
    pub deadline: Instant,
    /// Bytes of the request's body.
    pub max_request_bytes: usize,
    /// Bytes of the response's body after decompression; `skills.max_http_bytes` holds besides.
    pub max_response_bytes: usize,
}

/// What came back. Texts hold no secret.
#[derive(Clone, Debug)]
pub struct Incoming {
    pub status: u16,
    /// Without those of the connection; names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
    /// URLs, headers and bodies sent, over all redirects.
    pub bytes_out: u64,
    /// Headers over all redirects, and the body after decompression.
    pub bytes_in: u64,
}

/// The gate; one for the process, as it counts who speaks to which server.
#[derive(Clone)]
pub struct Egress(Arc<Gate>);

struct Gate {
    public: Client,
    /// For hosts in `private_hosts`; connections of the two are never mixed.
    private: Client,
    private_hosts: Vec<HostRule>,
    max_response_bytes: usize,
    lines: Arc<Lines>,
    /// In place of the network.
    script: Option<Script>,
}

/// How far an exchange has come.
#[derive(Default)]
struct Trip {
    /// Whether a request may have reached a server.
    sent: bool,
    bytes_out: usize,
    bytes_in: usize,
}

impl Egress {
    /// Builds the gate; a bad host in `skills.private_hosts` is named.
    pub fn new(settings: &config::Skills) -> anyhow::Result<Self> {
        Self::with(settings, dial::system_lookup(), &[])
    }

    /// A gate to a network that is written down.
    pub fn scripted(settings: &config::Skills, exchanges: Vec<Exchange>) -> anyhow::Result<Self> {
        Ok(Self(Arc::new(Gate { script: Some(Script(exchanges)), ..Gate::new(settings, dial::system_lookup(), &[])? })))
    }

    /// The same with another lookup, and other authorities than those of the system.
    pub(super) fn with(
        settings: &config::Skills,
        lookup: Lookup,
        roots: &[reqwest::Certificate],
    ) -> anyhow::Result<Self> {
        Ok(Self(Arc::new(Gate::new(settings, lookup, roots)?)))
    }

    /// Sends a request and reads the whole response, following redirects that may be followed.
    pub async fn exchange(&self, outgoing: Outgoing, rules: &Rules<'_>, bounds: &Bounds) -> Result<Incoming, Refusal> {
        let redactor = Redactor::of(rules.secrets);
        let mut trip = Trip::default();
        let travel = self.0.travel(outgoing, rules, bounds, &redactor, &mut trip);
        let outcome = match timeout_at(bounds.deadline.into(), travel).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Refusal::Timeout { request_sent: trip.sent }),
        };
        outcome.map_err(|refusal| refusal.map_text(|text| redactor.text(text)))
    }
}

impl Gate {
    fn new(settings: &config::Skills, lookup: Lookup, roots: &[reqwest::Certificate]) -> anyhow::Result<Self> {
        crate::gateway::choose_tls();
        let hosts: Result<Vec<HostRule>, _> = settings.private_hosts.iter().map(|text| text.parse()).collect();
        let private_hosts = hosts.map_err(|error: RuleError| ConfigError::Value {
            key: "skills.private_hosts",
            reason: error.to_string(),
        })?;
        Ok(Self {
            public: dial::client(lookup.clone(), false, roots)?,
            private: dial::client(lookup, true, roots)?,
            private_hosts,
            max_response_bytes: settings.max_http_bytes,
            lines: Arc::default(),
            script: None,
        })
    }

    async fn travel(
        &self,
        outgoing: Outgoing,
        rules: &Rules<'_>,
        bounds: &Bounds,
        redactor: &Redactor,
        trip: &mut Trip,
    ) -> Result<Incoming, Refusal> {
        let max_response = bounds.max_response_bytes.min(self.max_response_bytes);
        let mut request = Request::new(outgoing, bounds.max_request_bytes)?;
        for hop in 0..=MAX_REDIRECTS {
            let passed = self.pass(&request, rules, trip).await;
            let (mut response, _line) =
                passed.map_err(|refusal| if hop > 0 { refusal.after_redirect(request.host()) } else { refusal })?;
            trip.bytes_in += answer::check_head(&response)?;
            match request.redirected(response.status(), response.headers()) {
                Some(Ok(next)) => request = next,
                Some(Err(reason)) => {
                    return Err(Refusal::DeniedRedirect(format!(
                        "`{}` redirects to where no skill may go: {reason}",
                        request.host()
                    )));
                }
                None => {
                    if !redactor.is_empty() && response.headers().contains_key(CONTENT_ENCODING) {
                        let reason = "the response has a coding that no secret can be found in".to_owned();
                        return Err(Refusal::Unreachable { reason, request_sent: true });
                    }
                    let body = answer::read_body(&mut response, &request.method, max_response).await?;
                    trip.bytes_in += body.len();
                    let body = if redactor.is_empty() { body } else { redactor.bytes(&body) };
                    // A mark may be longer than what it stands for.
                    if body.len() > max_response {
                        return Err(Refusal::TooLarge { what: Part::ResponseBody, max: max_response });
                    }
                    let length = (request.method != "HEAD").then_some(body.len());
                    return Ok(Incoming {
                        status: response.status().as_u16(),
                        headers: answer::headers(&response, redactor, length),
                        body,
                        bytes_out: trip.bytes_out as u64,
                        bytes_in: trip.bytes_in as u64,
                    });
                }
            }
        }
        let reason = format!("`{}` redirects more than {MAX_REDIRECTS} times", request.host());
        Err(Refusal::Unreachable { reason, request_sent: true })
    }

    /// One request through the whole gate, up to the head of its response.
    async fn pass(
        &self,
        request: &Request,
        rules: &Rules<'_>,
        trip: &mut Trip,
    ) -> Result<(reqwest::Response, Line), Refusal> {
        let client = self.admit(request, rules)?;
        let headers = with_secrets(request, rules.secrets)?;
        let line = self.lines.take(request.origin()).await;

        let mut wire = reqwest::Request::new(request.method.clone(), request.url.clone());
        *wire.headers_mut() = headers;
        if !(request.body.is_empty() && matches!(request.method.as_str(), "GET" | "HEAD")) {
            *wire.body_mut() = Some(request.body.clone().into());
        }
        let before = std::mem::replace(&mut trip.sent, true);
        let answered = match &self.script {
            Some(script) => script.answer(&wire),
            None => client.execute(wire).await.map_err(|error| answer::refusal(&error.without_url())),
        };
        match answered {
            Ok(response) => {
                trip.bytes_out += request.bytes();
                Ok((response, line))
            }
            Err(refusal) => {
                trip.sent = before || refusal.request_sent();
                Err(refusal)
            }
        }
    }

    /// Decides by the URL alone, before any lookup, and chooses the client.
    fn admit(&self, request: &Request, rules: &Rules<'_>) -> Result<&Client, Refusal> {
        let url = &request.url;
        let private = self.private_hosts.iter().any(|rule| rule.matches(url));
        let reach = match url.host() {
            Some(Host::Ipv4(address)) => reach(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => reach(IpAddr::V6(address)),
            Some(Host::Domain(name)) if dial::is_localhost(name) => Reach::Private,
            _ => Reach::Public,
        };
        // First what no grant changes, so that no owner is asked for it.
        if reach == Reach::Never || (reach == Reach::Private && !private) {
            return Err(Refusal::Denied(dial::refused(request.host(), reach)));
        }
        if !rules.allowed.iter().any(|rule| rule.matches(url)) {
            let rule = HostRule::of(url);
            let host = match (&rule, url.port()) {
                (Some(rule), _) => rule.to_string(),
                (None, port) => format!("{}:{}", request.host(), port.unwrap_or_default()),
            };
            return Err(Refusal::NotGranted { host, rule, request_sent: false });
        }
        Ok(if private { &self.private } else { &self.public })
    }
}

/// The guest's headers and those of the secrets that belong to this place.
fn with_secrets(request: &Request, secrets: &[Secret]) -> Result<HeaderMap, Refusal> {
    let mut headers = request.headers.clone();
    let loopback = match request.url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => dial::is_localhost(name),
        None => false,
    };
    let mut put_in = HashMap::new();
    for secret in secrets.iter().filter(|secret| secret.host.matches(&request.url)) {
        // Parts of an echo would each be too short to be known as the secret.
        if let Some(part) = [RANGE, IF_RANGE].iter().find(|part| request.headers.contains_key(*part)) {
            return Err(Refusal::Denied(format!("a request that carries a secret has no header `{part}`")));
        }
        let (name, host) = (&secret.name, request.host());
        if request.url.scheme() != "https" && !loopback {
            return Err(Refusal::Denied(format!(
                "the secret `{name}` goes to `{host}` over https only; ask for https://{host}"
            )));
        }
        if request.headers.contains_key(&secret.header) {
            return Err(Refusal::Denied(format!(
                "the header `{}` to `{host}` is put in by the host, from the secret `{name}`; leave it out",
                secret.header
            )));
        }
        match put_in.entry(&secret.header) {
            hash_map::Entry::Vacant(place) => place.insert(name),
            hash_map::Entry::Occupied(other) => {
                return Err(Refusal::Denied(format!(
                    "the secrets `{}` and `{name}` both set the header `{}` to `{host}`; the manifest must choose",
                    other.get(),
                    secret.header
                )));
            }
        };
        headers.insert(&secret.header, secret.header_value().map_err(Refusal::Denied)?);
    }
    Ok(headers)
}
