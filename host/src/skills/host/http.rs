use bytes::Bytes;
use rust_i18n::t;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{CallState, lend};
use crate::skills::{
    egress::{Bounds, Egress, HostRule, Incoming, Outgoing, Refusal, Rules, Secret},
    linker::http::{Error, Host, Request, Response},
    manifest::AskedSecret,
};

/// Largest request body.
pub const MAX_REQUEST_BYTES: usize = 1 << 20;

impl Host for CallState {
    async fn fetch(&mut self, request: Request) -> wasmtime::Result<Result<Response, Error>> {
        let headers: usize = request.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        lend!(self, "http.fetch", request.url.len() + headers + request.body.len(), self.fetch_for(request).await)
    }
}

impl CallState {
    async fn fetch_for(&mut self, request: Request) -> Result<Response, Error> {
        if let Err(text) = self.grants.check("http", &self.locale) {
            // The owner is asked for this host, not for all that the manifest names.
            let wish = self.world.as_ref().and_then(|world| world.reach.wish(&request.url));
            self.refused.extend(wish.map(|wish| ("http", Some(wish))));
            return Err(Error::Denied(text));
        }
        let Some(world) = &self.world else {
            return Err(Error::Denied("there is no network in an example or a replay".to_owned()));
        };
        let outgoing = Outgoing {
            method: request.method,
            url: request.url,
            headers: request.headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect(),
            body: Bytes::from(request.body),
        };
        let wanted = Duration::from_millis(request.timeout_ms.into());
        let (reach, egress, deadline) = (world.reach.clone(), world.egress.clone(), self.deadline);
        let exchange = async move |_| reach.exchange(&egress, outgoing, Some(wanted), deadline).await;
        let outcome = self.at_host(exchange).await;
        self.sent |= outcome.as_ref().map_or_else(Refusal::request_sent, |_| true);
        if let Some(asked) = outcome.as_ref().err().and_then(|refusal| world.reach.asked_for(refusal)) {
            self.refused.push(("http", Some(asked)));
        }
        let incoming = outcome.map_err(|refusal| told(refusal, &self.locale))?;
        self.passed.exchanged(&incoming);
        let text = |value: Vec<u8>| String::from_utf8_lossy(&value).into_owned();
        Ok(Response {
            status: incoming.status,
            headers: incoming.headers.into_iter().map(|(name, value)| (name, text(value))).collect(),
            body: incoming.body,
        })
    }
}

/// What a version may reach on the network.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// The hosts that the manifest asks for, and those of them that are granted.
    pub asked: Arc<[HostRule]>,
    pub granted: Arc<[HostRule]>,
    /// The secrets that are set, and those that are not.
    pub secrets: Arc<[Secret]>,
    pub unset: Arc<[AskedSecret]>,
}

impl Reach {
    /// One exchange through the gate, whichever interface asks for it. What the guest wants to wait
    /// holds as far as the run has the time.
    pub async fn exchange(
        &self,
        egress: &Egress,
        outgoing: Outgoing,
        wanted: Option<Duration>,
        deadline: Instant,
    ) -> Result<Incoming, Refusal> {
        let url = url::Url::parse(&outgoing.url).ok();
        let missing = self.unset.iter().find(|secret| url.as_ref().is_some_and(|url| secret.host.matches(url)));
        if let Some(secret) = missing {
            let text = format!("the secret `{}` is not set; the owner sets it on the page of the skill", secret.name);
            return Err(Refusal::Denied(text));
        }
        let wanted = wanted.filter(|wanted| !wanted.is_zero()).map(|wanted| Instant::now() + wanted);
        let bounds = Bounds {
            deadline: wanted.map_or(deadline, |wanted| wanted.min(deadline)),
            max_request_bytes: MAX_REQUEST_BYTES,
            // The gate has the owner's own bound.
            max_response_bytes: usize::MAX,
        };
        let rules = Rules { allowed: &self.granted, secrets: &self.secrets };
        egress.exchange(outgoing, &rules, &bounds).await
    }

    /// The host that would have to be granted, as the manifest asks for it: the owner may be asked.
    pub fn asked_for(&self, refusal: &Refusal) -> Option<String> {
        let Refusal::NotGranted { rule: Some(rule), .. } = refusal else { return None };
        self.narrowest(|asked| asked.covers(rule))
    }

    /// The host of the manifest that a URL is at.
    fn wish(&self, url: &str) -> Option<String> {
        let url = url::Url::parse(url).ok()?;
        self.narrowest(|asked| asked.matches(&url))
    }

    fn narrowest(&self, fits: impl Fn(&HostRule) -> bool) -> Option<String> {
        let fitting = self.asked.iter().filter(|asked| fits(asked));
        fitting.reduce(|best, other| if best.covers(other) { other } else { best }).map(ToString::to_string)
    }
}

fn told(refusal: Refusal, locale: &str) -> Error {
    match refusal {
        Refusal::Denied(text) | Refusal::DeniedRedirect(text) => Error::Denied(text),
        Refusal::NotGranted { host, .. } => {
            Error::Denied(t!("refused.host", locale = locale, host = host).into_owned())
        }
        Refusal::Invalid(text) => Error::Invalid(text),
        Refusal::Timeout { .. } => Error::Timeout,
        Refusal::TooLarge { .. } => Error::TooLarge,
        Refusal::Unreachable { reason, .. } => Error::Unreachable(reason),
    }
}
