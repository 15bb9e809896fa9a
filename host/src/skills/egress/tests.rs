//! The gate against servers on loopback.

mod answers;
mod places;
mod redirects;
mod secrets;
mod server;

use bytes::Bytes;
use figment::{
    Figment,
    providers::{Format, Toml},
};
use std::{
    io,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use super::{Bounds, Egress, HostRule, Incoming, Outgoing, Refusal, Rules, Secret, dial::Lookup};
use crate::config::{self, Config, DEFAULTS};

/// A deadline that a test waits for.
const SHORT: Duration = Duration::from_millis(200);

/// A deadline that no test reaches.
const LONG: Duration = Duration::from_secs(20);

fn settings(private_hosts: &[String]) -> config::Skills {
    let mut settings = Figment::from(Toml::string(DEFAULTS)).extract::<Config>().unwrap().skills;
    settings.private_hosts = private_hosts.to_vec();
    settings
}

/// A gate whose owner listed these hosts, and whose DNS knows no name.
fn gate(private_hosts: &[String]) -> Egress {
    gate_with(private_hosts, &dns(vec![]))
}

fn gate_with(private_hosts: &[String], dns: &Dns) -> Egress {
    Egress::with(&settings(private_hosts), dns.lookup(), &[]).unwrap()
}

/// A name, and what it answers to the first lookup of all, to the second, and so on.
type Name = (&'static str, Vec<Vec<IpAddr>>);

/// A DNS of our own.
struct Dns {
    names: Arc<Vec<Name>>,
    lookups: Arc<AtomicUsize>,
}

fn dns(names: Vec<(&'static str, Vec<Vec<&str>>)>) -> Dns {
    let read = |answer: Vec<&str>| answer.into_iter().map(|address| address.parse().unwrap()).collect();
    let names = names.into_iter().map(|(name, answers)| (name, answers.into_iter().map(read).collect())).collect();
    Dns { names: Arc::new(names), lookups: Arc::default() }
}

impl Dns {
    fn lookup(&self) -> Lookup {
        let (names, lookups) = (self.names.clone(), self.lookups.clone());
        Arc::new(move |name| {
            let before = lookups.fetch_add(1, Ordering::SeqCst);
            let known = names.iter().find(|(known, _)| *known == name);
            let answer = known.map(|(_, answers)| answers[before.min(answers.len() - 1)].clone());
            Box::pin(async move { answer.ok_or_else(|| io::Error::other("no such name")) })
        })
    }

    fn lookups(&self) -> usize {
        self.lookups.load(Ordering::SeqCst)
    }
}

fn get(url: impl Into<String>) -> Outgoing {
    Outgoing { method: "GET".into(), url: url.into(), headers: vec![], body: Bytes::new() }
}

fn post(url: impl Into<String>, body: &'static str) -> Outgoing {
    Outgoing { method: "POST".into(), body: Bytes::from_static(body.as_bytes()), ..get(url) }
}

fn rules(hosts: &[String]) -> Vec<HostRule> {
    hosts.iter().map(|host| host.parse().unwrap()).collect()
}

/// An exchange of somebody who may reach these hosts and has no secrets.
async fn exchange(gate: &Egress, outgoing: Outgoing, hosts: &[String]) -> Result<Incoming, Refusal> {
    exchange_with(gate, outgoing, hosts, &[], LONG).await
}

async fn exchange_with(
    gate: &Egress,
    outgoing: Outgoing,
    hosts: &[String],
    secrets: &[Secret],
    time: Duration,
) -> Result<Incoming, Refusal> {
    let bounds = Bounds { deadline: Instant::now() + time, max_request_bytes: 1 << 20, max_response_bytes: 256 << 10 };
    gate.exchange(outgoing, &Rules { allowed: &rules(hosts), secrets }, &bounds).await
}

fn text(incoming: &Incoming) -> String {
    String::from_utf8_lossy(&incoming.body).into_owned()
}
