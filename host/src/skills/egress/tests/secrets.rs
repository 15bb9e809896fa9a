//! Secrets: only for their host, only over https, and never back to the guest.

use rcgen::{CertifiedKey, generate_simple_self_signed};
use reqwest::Certificate;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, pki_types::PrivateKeyDer},
};

use super::{
    LONG, Refusal, dns, exchange_with, gate, gate_with, get,
    server::{Server, read_request, redirect, response},
    settings, text,
};
use crate::skills::egress::{Egress, Secret, secret_header};

const VALUE: &str = "s3cr3t/v+l=e";

fn secret(name: &str, host: &str, header: &str, prefix: &str) -> Secret {
    Secret {
        name: name.into(),
        host: host.parse().unwrap(),
        header: secret_header(header).unwrap(),
        prefix: prefix.into(),
        value: VALUE.into(),
    }
}

#[tokio::test]
async fn an_echo_of_the_header_is_taken_out() {
    let server = Server::answering(|request| {
        let shape = "{\"raw\":\"VALUE\",\"url\":\"s3cr3t%2Fv%2Bl%3De\",\"base64\":\"czNjcjN0L3YrbD1l\",\
                     \"whole\":\"QmVhcmVyIHMzY3IzdC92K2w9ZQ==\"}";
        let body = format!("{request}{}", shape.replace("VALUE", VALUE));
        response("500 Oops", &format!("x-echo: Bearer {VALUE}\r\nx-{}: 1\r\n", "plain"), body)
    })
    .await;
    let (gate, hosts) = (gate(&[server.host()]), [server.host()]);
    let secrets = [secret("key", &server.host(), "Authorization", "Bearer ")];
    let incoming = exchange_with(&gate, get(server.url("/")), &hosts, &secrets, LONG).await.unwrap();
    assert!(server.seen()[0].contains(&format!("\r\nauthorization: Bearer {VALUE}\r\n")));
    let body = text(&incoming);
    assert!(body.contains("\r\nauthorization: [secret key]\r\n"), "{body}");
    assert!(
        body.ends_with(
            "{\"raw\":\"[secret key]\",\"url\":\"[secret key]\",\"base64\":\"[secret key]\",\"whole\":\"[secret key]\"}"
        ),
        "{body}"
    );
    assert!(incoming.headers.contains(&("x-echo".into(), b"[secret key]".to_vec())));
    assert!(!format!("{incoming:?} {body} {secrets:?}").contains("s3cr3t"));
    assert!(incoming.headers.iter().all(|(name, _)| name != "content-length"), "the length is not the old one");
}

#[tokio::test]
async fn an_error_or_a_refusal_holds_no_secret() {
    let server = Server::answering(|_| redirect(302, &format!("https://{}.evil.test/", "s3cr3t-value"))).await;
    let (gate, hosts) = (gate(&[server.host()]), [server.host()]);
    let mut key = secret("key", &server.host(), "x-key", "");
    key.value = "s3cr3t-value".into();
    let refusal = exchange_with(&gate, get(server.url("/")), &hosts, &[key], LONG).await.unwrap_err();
    assert_eq!(refusal.to_string(), "`[secret key].evil.test` is not among the granted hosts");
    assert!(matches!(refusal, Refusal::NotGranted { rule: None, request_sent: true, .. }));
}

#[tokio::test]
async fn a_secret_goes_to_its_host_alone() {
    let other = Server::answering(|request| response("200 OK", "", request)).await;
    let to = other.url("/");
    let server = Server::answering(move |_| redirect(302, &to)).await;
    let hosts = [server.host(), other.host()];
    let gate = gate(&hosts);
    let secrets = [secret("key", &server.host(), "x-key", "")];
    let incoming = exchange_with(&gate, get(server.url("/")), &hosts, &secrets, LONG).await.unwrap();
    assert!(server.seen()[0].contains(VALUE));
    assert_eq!(incoming.status, 200);
    assert!(!other.seen()[0].contains("x-key"), "{}", other.seen()[0]);
}

#[tokio::test]
async fn a_secret_is_never_sent_openly_nor_beside_the_guests_own() {
    let dns = dns(vec![]);
    let gate = gate_with(&["ok.test".into()], &dns);
    let secrets = [secret("key", "*.ok.test", "authorization", "")];
    let twice = [secret("key", "a.ok.test", "x-key", ""), secret("other", "*.ok.test", "X-Key", "")];
    let mut own = get("https://a.ok.test/");
    own.headers = vec![("Authorization".into(), b"mine".to_vec())];
    let mut bad = secret("bad", "a.ok.test", "x-key", "");
    bad.value = "line\nend".into();
    let mut host = secret("host", "a.ok.test", "x-key", "");
    host.header = reqwest::header::HOST;
    for (asked, secrets, says) in [
        (get("http://a.ok.test/"), &secrets[..], "https only"),
        (own, &secrets[..], "leave it out"),
        (get("https://a.ok.test/"), &twice[..], "both set"),
        (get("https://a.ok.test/"), &[bad][..], "no header can carry"),
        (get("https://a.ok.test/"), &[host][..], "the host's own"),
    ] {
        let hosts = ["*.ok.test".to_owned()];
        let refusal = exchange_with(&gate, asked, &hosts, secrets, LONG).await.unwrap_err();
        assert!(matches!(&refusal, Refusal::Denied(text) if text.contains(says)), "{refusal:?}");
    }
    assert_eq!(dns.lookups(), 0);
}

#[tokio::test]
async fn over_tls_the_name_is_checked_and_the_secret_is_sent() {
    crate::gateway::choose_tls();
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["api.ok.test".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let server = Server::accepting(move |stream, seen| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let name = stream.get_ref().1.server_name().unwrap_or_default().to_owned();
            if let Some(request) = read_request(&mut stream).await {
                seen.lock().unwrap().push(format!("{name} {request}"));
                let _ = stream.write_all(&response("200 OK", "", request)).await;
                let _ = stream.shutdown().await;
            }
        }
    })
    .await;
    let port = server.address.port();
    let [api, other] = ["api.ok.test", "other.ok.test"].map(|name| format!("{name}:{port}"));
    let dns = dns(vec![("api.ok.test", vec![vec!["127.0.0.1"]]), ("other.ok.test", vec![vec!["127.0.0.1"]])]);
    let hosts = [api.clone(), other.clone()];
    let root = Certificate::from_der(cert.der()).unwrap();
    let gate = Egress::with(&settings(&hosts), dns.lookup(), &[root]).unwrap();
    let secrets = [secret("key", &api, "authorization", "Bearer ")];

    let asked = |host: &str| get(format!("https://{host}/"));
    let incoming = exchange_with(&gate, asked(&api), &hosts, &secrets, LONG).await.unwrap();
    assert!(text(&incoming).contains("authorization: [secret key]\r\n"), "{}", text(&incoming));
    let seen = server.seen();
    assert!(seen[0].starts_with("api.ok.test GET / HTTP/1.1\r\n") && seen[0].contains(VALUE), "{seen:?}");
    assert!(seen[0].contains(&format!("host: {api}\r\n")), "{seen:?}");

    let refusal = exchange_with(&gate, asked(&other), &hosts, &secrets, LONG).await.unwrap_err();
    assert!(matches!(refusal, Refusal::Unreachable { request_sent: false, .. }), "{refusal:?}");
    let stranger = Egress::with(&settings(&hosts), dns.lookup(), &[]).unwrap();
    let refusal = exchange_with(&stranger, asked(&api), &hosts, &secrets, LONG).await.unwrap_err();
    assert!(matches!(refusal, Refusal::Unreachable { request_sent: false, .. }), "{refusal:?}");
    assert_eq!(server.seen().len(), 1);
}
