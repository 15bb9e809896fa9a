//! A model at a provider: who answers, what it costs, and how it fares.

use reqwest::Url;
use std::{
    net::IpAddr,
    sync::atomic::{AtomicU32, Ordering},
};

use super::{
    GatewayError, ProviderError,
    breaker::Breaker,
    price::{Price, Prices},
    provider::{Provider, script::Script},
};
use crate::{
    clock::Clock,
    config::{self, Paid},
};

/// Weight of one answer in what is learnt of a model's tokens.
const LEARNING: f32 = 0.2;

/// Bounds of the factor: a server that reports nonsense does not stop every call.
const FACTORS: std::ops::RangeInclusive<f32> = 0.5..=3.0;

pub struct Endpoint {
    pub provider: Provider,
    /// Host and port.
    pub host: String,
    /// Whether its tokens cost money, so that it needs a price.
    pub paid: bool,
    pub breaker: Breaker,
    /// Tokens that the provider counts for one of ours, as bits of an `f32`.
    factor: AtomicU32,
}

impl Endpoint {
    pub fn new(model: &config::Model, settings: &config::Gateway) -> anyhow::Result<Self> {
        let url = Url::parse(&model.base_url)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let paid = match model.paid {
            Paid::Yes => true,
            Paid::No => false,
            Paid::Auto => !is_at_home(&host),
        };
        let provider = Provider::new(model, settings)?;
        let host = url.port().map_or(host.clone(), |port| format!("{host}:{port}"));
        Ok(Self { provider, host, paid, breaker: Breaker::default(), factor: AtomicU32::new(1.0_f32.to_bits()) })
    }

    /// A model whose answers are written down.
    pub fn scripted(answers: Vec<String>) -> Self {
        Self {
            provider: Provider::Script(Script::new(answers)),
            host: "script".to_owned(),
            paid: false,
            breaker: Breaker::default(),
            factor: AtomicU32::new(1.0_f32.to_bits()),
        }
    }

    /// What it costs. Free where it runs at home and has no price; a paid model without one is refused.
    pub fn price(&self, prices: &Prices) -> Result<Price, GatewayError> {
        match prices.of(self.provider.model()) {
            Some(price) => Ok(price),
            None if self.paid => Err(GatewayError::Unpriced(self.provider.model().to_owned())),
            None => Ok(Price::default()),
        }
    }

    /// Lets the breaker know how an attempt ended. What is wrong with the question says nothing of the provider.
    pub fn heed<T>(&self, result: &Result<T, ProviderError>, clock: &Clock) {
        match result {
            Ok(_) => self.breaker.succeeded(),
            Err(error) if error.is_the_providers() => self.breaker.failed(clock),
            Err(_) => {}
        }
    }

    /// Tokens of a prompt as this provider is expected to count them, from our own count.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "prompts have fewer tokens than 2^24"
    )]
    pub fn expected(&self, counted: u32) -> i64 {
        (counted as f32 * self.factor()).ceil() as i64
    }

    /// Learns from what a provider reported for a prompt that we had counted.
    #[expect(clippy::cast_precision_loss, reason = "prompts have fewer tokens than 2^24")]
    pub fn learn(&self, counted: u32, reported: i64) {
        if counted < 16 || reported <= 0 {
            return;
        }
        let seen = (reported as f32 / counted as f32).clamp(*FACTORS.start(), *FACTORS.end());
        let factor = self.factor() * (1.0 - LEARNING) + seen * LEARNING;
        self.factor.store(factor.to_bits(), Ordering::Relaxed);
    }

    pub fn factor(&self) -> f32 {
        f32::from_bits(self.factor.load(Ordering::Relaxed))
    }
}

/// Whether a host is this machine or one of the own network: what runs there is paid for already.
fn is_at_home(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
        Err(_) => {
            let name = bare.to_ascii_lowercase();
            !name.contains('.') || [".local", ".lan", ".internal", ".home.arpa"].iter().any(|end| name.ends_with(end))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_at_home_is_free() {
        for host in ["localhost", "127.0.0.1", "[::1]", "192.168.1.4", "ollama", "nas.lan"] {
            assert!(is_at_home(host), "{host}");
        }
        for host in ["api.openai.com", "8.8.8.8", "[2001:db8::1]", "example.org"] {
            assert!(!is_at_home(host), "{host}");
        }
    }

    #[test]
    fn a_providers_way_of_counting_is_learnt() {
        let endpoint = Endpoint::scripted(Vec::new());
        assert_eq!(endpoint.expected(100), 100);
        for _ in 0..40 {
            endpoint.learn(100, 130);
        }
        assert!((129..=131).contains(&endpoint.expected(100)), "{}", endpoint.expected(100));
        endpoint.learn(100, 0);
        endpoint.learn(4, 400);
        assert!((129..=131).contains(&endpoint.expected(100)));
    }
}
