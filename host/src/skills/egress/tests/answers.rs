//! Servers that answer too much, too slowly or wrongly.

use flate2::{Compression, write::GzEncoder};
use std::{
    io::Write,
    time::{Duration, Instant},
};
use tokio::{io::AsyncWriteExt, net::TcpListener};

use super::{
    Refusal, SHORT, exchange, exchange_with, gate, get,
    server::{Server, response},
    text,
};
use crate::skills::egress::{Egress, Incoming, refusal::Part};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What comes of asking a server that answers like this.
async fn answered(answer: Vec<u8>) -> Result<Incoming, Refusal> {
    let server = Server::answering(move |_| answer.clone()).await;
    exchange(&gate(&[server.host()]), get(server.url("/")), &[server.host()]).await
}

#[tokio::test]
async fn a_compressed_body_is_read_and_a_bomb_is_not() {
    let incoming = answered(response("200 OK", "content-encoding: gzip\r\n", gzip(b"hello"))).await.unwrap();
    assert_eq!(text(&incoming), "hello");
    assert!(incoming.headers.iter().all(|(name, _)| name != "content-encoding" && name != "content-length"));

    let bomb = gzip(&vec![0; 64 << 20]);
    assert!(bomb.len() < 256 << 10);
    let refusal = answered(response("200 OK", "content-encoding: gzip\r\n", bomb)).await.unwrap_err();
    assert_eq!(refusal, Refusal::TooLarge { what: Part::ResponseBody, max: 256 << 10 });

    let refusal = answered(response("200 OK", "content-encoding: gzip\r\n", "no gzip at all")).await.unwrap_err();
    assert!(matches!(refusal, Refusal::Unreachable { request_sent: true, .. }), "{refusal:?}");
}

#[tokio::test]
async fn too_much_is_cut_wherever_it_stands() {
    let fits = answered(response("200 OK", "", vec![b'a'; 256 << 10])).await.unwrap();
    assert_eq!(fits.body.len(), 256 << 10);
    let body = Refusal::TooLarge { what: Part::ResponseBody, max: 256 << 10 };
    let head = Refusal::TooLarge { what: Part::ResponseHeaders, max: 64 << 10 };
    let announced = b"HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n\r\n".to_vec();
    let until_closed = [&b"HTTP/1.1 200 OK\r\n\r\n"[..], &vec![b'a'; 300 << 10]].concat();
    let many = format!("HTTP/1.1 200 OK\r\n{}content-length: 0\r\n\r\n", "a: b\r\n".repeat(200));
    let long = format!("HTTP/1.1 200 OK\r\na: {}\r\ncontent-length: 0\r\n\r\n", "b".repeat(70 << 10));
    let huge = format!("HTTP/1.1 200 OK\r\na: {}\r\ncontent-length: 0\r\n\r\n", "b".repeat(10 << 20));
    for (answer, expected) in [
        (response("200 OK", "", vec![b'a'; (256 << 10) + 1]), &body),
        (announced, &body),
        (until_closed, &body),
        (many.into_bytes(), &head),
        (long.into_bytes(), &head),
        (huge.into_bytes(), &head),
    ] {
        let began: String = answer.iter().take(60).map(|byte| char::from(*byte)).collect();
        let refusal = answered(answer).await.unwrap_err();
        assert_eq!(refusal, *expected, "{began}");
        assert!(refusal.request_sent());
    }
}

#[tokio::test]
async fn what_never_ends_is_ended() {
    let chunks = Server::start(|mut stream, _| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
        while stream.write_all(b"400\r\n").await.is_ok()
            && stream.write_all(&[b'a'; 0x400]).await.is_ok()
            && stream.write_all(b"\r\n").await.is_ok()
        {}
    })
    .await;
    let headers = Server::start(|mut stream, _| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
        while stream.write_all(b"a: b\r\n").await.is_ok() {}
    })
    .await;
    for (server, what) in [(chunks, Part::ResponseBody), (headers, Part::ResponseHeaders)] {
        let refusal = exchange(&gate(&[server.host()]), get(server.url("/")), &[server.host()]).await.unwrap_err();
        assert!(matches!(refusal, Refusal::TooLarge { what: part, .. } if part == what), "{refusal:?}");
    }
}

#[tokio::test]
async fn a_server_that_drips_or_says_nothing_ends_at_the_deadline() {
    let drips = |head: &'static [u8]| {
        Server::start(move |mut stream, _| async move {
            let _ = stream.write_all(head).await;
            let mut drop_by_drop = tokio::time::interval(Duration::from_millis(20));
            while stream.write_all(b"a").await.is_ok() {
                drop_by_drop.tick().await;
            }
        })
    };
    let body = drips(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n").await;
    let head = drips(b"HTTP/1.1 200 OK\r\nx: ").await;
    for server in [body, head, Server::holding().await] {
        let (gate, hosts) = (gate(&[server.host()]), [server.host()]);
        let began = Instant::now();
        let refusal = exchange_with(&gate, get(server.url("/")), &hosts, &[], SHORT).await.unwrap_err();
        assert_eq!(refusal, Refusal::Timeout { request_sent: true });
        let took = began.elapsed();
        assert!(took >= SHORT && took < SHORT * 5, "{took:?}");
    }
}

#[tokio::test]
async fn whether_something_was_sent_is_known() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = free.local_addr().unwrap();
    drop(free);
    let refusal = exchange(&gate(&[nobody.to_string()]), get(format!("http://{nobody}/")), &[nobody.to_string()]).await;
    let refusal = refusal.unwrap_err();
    assert!(matches!(refusal, Refusal::Unreachable { request_sent: false, .. }), "{refusal:?}");

    let tls = Server::accepting(|mut stream, _| async move {
        let _ = stream.write_all(b"HTTP/1.1 400 this is no TLS\r\n\r\n").await;
    })
    .await;
    let url = format!("https://{}/", tls.address);
    let refusal = exchange(&gate(&[tls.host()]), get(url), &[tls.host()]).await.unwrap_err();
    assert!(matches!(refusal, Refusal::Unreachable { request_sent: false, .. }), "{refusal:?}");

    let resets = Server::start(|stream, _| async move { stream.set_zero_linger().unwrap() }).await;
    let refusal = exchange(&gate(&[resets.host()]), get(resets.url("/")), &[resets.host()]).await.unwrap_err();
    assert!(matches!(refusal, Refusal::Unreachable { request_sent: true, .. }), "{refusal:?}");

    for answer in [
        "",
        "nonsense\r\n\r\n",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\nab",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    ] {
        let refusal = answered(answer.as_bytes().to_vec()).await.unwrap_err();
        assert!(matches!(refusal, Refusal::Unreachable { request_sent: true, .. }), "{answer:?}: {refusal:?}");
    }
}

#[tokio::test]
async fn a_response_without_a_body() {
    for (method, answer) in [
        ("HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n\r\n"),
        ("HEAD", "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 7\r\n\r\n"),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", "HTTP/1.1 304 Not Modified\r\ncontent-encoding: gzip\r\n\r\n"),
        ("GET", "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"),
    ] {
        let server = Server::answering(|_| answer.into()).await;
        let asked = super::Outgoing { method: method.into(), ..get(server.url("/")) };
        let incoming = exchange(&gate(&[server.host()]), asked, &[server.host()]).await.unwrap();
        assert!(incoming.body.is_empty(), "{answer}");
    }
}

#[tokio::test]
async fn the_owners_ceiling_holds_whatever_the_caller_says() {
    let server = Server::answering(|_| response("200 OK", "", "12345")).await;
    let mut settings = super::settings(&[server.host()]);
    settings.max_http_bytes = 4;
    let gate = Egress::new(&settings).unwrap();
    let refusal = exchange(&gate, get(server.url("/")), &[server.host()]).await.unwrap_err();
    assert_eq!(refusal, Refusal::TooLarge { what: Part::ResponseBody, max: 4 });
}
