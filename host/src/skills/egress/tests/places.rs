//! Where the gate lets nobody through, and that nothing leaves before it has decided.

use super::{
    Refusal, SHORT, dns, exchange, exchange_with, gate, gate_with, get, post,
    server::{Server, response},
    settings, text,
};
use crate::skills::egress::{Egress, HostRule};
use futures_util::future::join_all;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_granted_server_answers() {
    let server = Server::answering(|_| response("200 OK", "x-a: 1\r\nkeep-alive: 5\r\n", "hello")).await;
    let (gate, hosts) = (gate(&[server.host()]), [server.host()]);
    let incoming = exchange(&gate, post(server.url("/a?b#c"), "body"), &hosts).await.unwrap();
    assert_eq!((incoming.status, text(&incoming).as_str()), (200, "hello"));
    let names: Vec<&str> = incoming.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["x-a", "content-length"]);
    assert_eq!(incoming.bytes_in, 45 + 5);
    assert_eq!(incoming.bytes_out, (4 + server.url("/a?b").len() + 4) as u64);
    let seen = &server.seen()[0];
    assert!(seen.starts_with("POST /a?b HTTP/1.1\r\n") && seen.ends_with("\r\n\r\nbody"), "{seen}");
    assert!(seen.contains(&format!("host: {}\r\n", server.host())), "{seen}");
    assert!(seen.contains("user-agent: skillet/") && !seen.contains("referer") && !seen.contains("cookie"), "{seen}");
}

#[tokio::test]
async fn what_is_not_granted_is_not_even_looked_up() {
    let dns = dns(vec![("key.evil.test", vec![vec!["127.0.0.1"]])]);
    let gate = gate_with(&[], &dns);
    for (url, rule) in [
        ("https://key.evil.test/", Some("key.evil.test")),
        ("https://ok.test:22/", Some("ok.test:22")),
        ("https://ok.test.evil.test/", Some("ok.test.evil.test")),
        ("http://ok.test:443/", None),
        ("https://8.8.8.8/", Some("8.8.8.8")),
    ] {
        let refusal = exchange(&gate, get(url), &["ok.test".into()]).await.unwrap_err();
        assert!(refusal.to_string().contains("not among the granted hosts"), "{refusal}");
        assert!(!refusal.request_sent());
        let Refusal::NotGranted { rule: offered, .. } = refusal else { panic!("{url}: {refusal:?}") };
        assert_eq!(offered, rule.map(|rule| rule.parse::<HostRule>().unwrap()), "{url}");
    }
    assert_eq!(dns.lookups(), 0);
}

#[tokio::test]
async fn an_address_that_is_not_public_is_denied_even_when_granted() {
    let server = Server::answering(|_| response("200 OK", "", "inside")).await;
    let port = server.address.port();
    let dns = dns(vec![
        ("loop.test", vec![vec!["127.0.0.1"]]),
        ("mixed.test", vec![vec!["93.184.216.34", "10.0.0.7"]]),
        ("six.test", vec![vec!["::1"]]),
        ("mapped.test", vec![vec!["::ffff:127.0.0.1"]]),
        ("nat64.test", vec![vec!["64:ff9b::7f00:1"]]),
        ("cloud.test", vec![vec!["169.254.169.254"]]),
        ("any.test", vec![vec!["0.0.0.0"]]),
    ]);
    let gate = gate_with(&[], &dns);
    let names = ["loop.test", "mixed.test", "six.test", "mapped.test", "nat64.test", "cloud.test", "any.test"];
    let literals = [
        "127.0.0.1",
        "localhost",
        "a.localhost",
        "LOCALHOST",
        "[::1]",
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "0.0.0.0",
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[64:ff9b::7f00:1]",
        "[::ffff:7f00:1]",
        "[2002:7f00:1::]",
        "[::]",
        "240.0.0.1",
        "198.18.0.1",
        "192.0.0.1",
        "224.0.0.1",
    ];
    for host in names.into_iter().chain(literals) {
        let host = format!("{host}:{port}");
        let refusal = exchange(&gate, get(format!("http://{host}/")), std::slice::from_ref(&host)).await.unwrap_err();
        assert!(matches!(refusal, Refusal::Denied(_)), "{host}: {refusal:?}");
        assert!(!refusal.request_sent());
        assert!(!refusal.to_string().contains("10.0.0.7"), "{refusal}");
    }
    assert_eq!(dns.lookups(), names.len(), "an address or localhost is not looked up");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn the_owner_opens_private_addresses_and_no_others() {
    let server = Server::answering(|_| response("200 OK", "", "home")).await;
    let port = server.address.port();
    let [home, cloud, other] = ["home.test", "cloud.test", "other.test"].map(|name| format!("{name}:{port}"));
    let dns = dns(vec![
        ("home.test", vec![vec!["127.0.0.1"]]),
        ("cloud.test", vec![vec!["169.254.169.254"]]),
        ("other.test", vec![vec!["127.0.0.1"]]),
    ]);
    let local = format!("localhost:{port}");
    let gate = gate_with(&[home.clone(), cloud.clone(), local.clone()], &dns);
    let hosts = [home.clone(), cloud.clone(), other.clone(), local.clone(), "home.test".into()];
    for host in [home, local] {
        let incoming = exchange(&gate, get(format!("http://{host}/")), &hosts).await.unwrap();
        assert_eq!(text(&incoming), "home");
    }
    for host in [cloud, other, "home.test".into()] {
        let refusal = exchange(&gate, get(format!("http://{host}/")), &hosts).await.unwrap_err();
        assert!(matches!(refusal, Refusal::Denied(_)), "{host}: {refusal:?}");
    }
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_name_that_changes_its_address_is_dialled_where_it_was_checked() {
    let server = Server::answering(|_| response("200 OK", "", "first")).await;
    let host = format!("rebind.test:{}", server.address.port());
    let dns = dns(vec![("rebind.test", vec![vec!["127.0.0.1"], vec!["169.254.169.254"]])]);
    let gate = gate_with(std::slice::from_ref(&host), &dns);
    let url = format!("http://{host}/");
    assert_eq!(text(&exchange(&gate, get(&url), std::slice::from_ref(&host)).await.unwrap()), "first");
    assert_eq!(dns.lookups(), 1);
    let seen = &server.seen()[0];
    assert!(seen.contains(&format!("host: {host}\r\n")), "{seen}");
    let refusal = exchange(&gate, get(&url), &[host]).await.unwrap_err();
    assert!(matches!(refusal, Refusal::Denied(_)), "{refusal:?}");
    assert_eq!(dns.lookups(), 2);
}

#[tokio::test]
async fn a_name_that_nobody_knows() {
    let refusal = exchange(&gate(&[]), get("https://nobody.test/"), &["nobody.test".into()]).await.unwrap_err();
    let Refusal::Unreachable { reason, request_sent: false } = refusal else { panic!("{refusal:?}") };
    assert!(reason.contains("no such name"), "{reason}");
}

#[tokio::test]
async fn a_lookup_that_hangs_ends_at_the_deadline() {
    let gate = Egress::with(&settings(&[]), std::sync::Arc::new(|_| Box::pin(std::future::pending())), &[]).unwrap();
    let began = Instant::now();
    let refusal = exchange_with(&gate, get("https://ok.test/"), &["ok.test".into()], &[], SHORT).await.unwrap_err();
    assert!(matches!(refusal, Refusal::Timeout { .. }), "{refusal:?}");
    assert!(began.elapsed() < SHORT * 5);
}

#[tokio::test]
async fn one_server_is_asked_so_often_at_once() {
    let server = Server::holding().await;
    let (gate, hosts) = (gate(&[server.host()]), [server.host()]);
    let (url, gate, hosts) = (&server.url("/"), &gate, &hosts);
    let crowd = (0..20).map(|nth| {
        // Those that wait give up before a line is free.
        let time = Duration::from_millis(if nth < 8 { 600 } else { 300 });
        exchange_with(gate, get(url), hosts, &[], time)
    });
    let refusals: Vec<Refusal> = join_all(crowd).await.into_iter().map(Result::unwrap_err).collect();
    for (nth, refusal) in refusals.into_iter().enumerate() {
        assert_eq!(refusal, Refusal::Timeout { request_sent: nth < 8 });
    }
    assert_eq!(server.seen().len(), 8);
}

#[test]
fn a_bad_private_host_is_named_at_start() {
    let mut settings = settings(&[]);
    settings.private_hosts = vec!["nas.lan".into(), "http://nas.lan".into()];
    let error = Egress::new(&settings).err().unwrap().to_string();
    assert!(error.contains("skills.private_hosts") && error.contains("leave out the scheme"), "{error}");
}
