//! Every hop passes the whole gate.

use super::{
    Refusal, exchange, gate, get, post,
    server::{Server, redirect, response},
    text,
};

#[tokio::test]
async fn a_redirect_passes_the_gate_again() {
    let inside = Server::answering(|_| response("200 OK", "", "inside")).await;
    let listed = Server::answering(|_| response("200 OK", "", "listed")).await;
    let (hidden, ungranted) = (inside.url("/admin"), listed.url("/"));
    let server = Server::answering(move |request| match request.split(' ').nth(1).unwrap() {
        "/hidden" => redirect(302, &hidden),
        "/ungranted" => redirect(302, &ungranted),
        "/cloud" => redirect(301, "http://169.254.169.254/latest/meta-data/"),
        "/spelled" => redirect(307, "http://0x7f.1/"),
        "/file" => redirect(302, "file:///etc/passwd"),
        "/user" => redirect(302, "http://me:key@ok.test/"),
        "/name" => redirect(302, "https://evil.test/"),
        _ => redirect(302, "/again"),
    })
    .await;
    let gate = gate(&[server.host(), listed.host()]);
    let hosts = [server.host(), inside.host(), "169.254.169.254".into(), "127.0.0.1".into()];
    for (path, says) in [
        ("/hidden", "not public"),
        ("/cloud", "no skill may reach"),
        ("/spelled", "not public"),
        ("/file", "https://"),
        ("/user", "user"),
    ] {
        let refusal = exchange(&gate, get(server.url(path)), &hosts).await.unwrap_err();
        assert!(matches!(refusal, Refusal::DeniedRedirect(_)), "{path}: {refusal:?}");
        assert!(refusal.request_sent() && refusal.to_string().contains(says), "{path}: {refusal}");
    }
    for (path, asked) in [("/ungranted", listed.host()), ("/name", "evil.test".to_owned())] {
        let refusal = exchange(&gate, get(server.url(path)), &hosts).await.unwrap_err();
        let Refusal::NotGranted { host, rule, request_sent: true } = refusal else { panic!("{path}: {refusal:?}") };
        assert_eq!((host, rule), (asked.clone(), Some(asked.parse().unwrap())));
    }
    assert!(inside.seen().is_empty() && listed.seen().is_empty());

    let before = server.seen().len();
    let refusal = exchange(&gate, get(server.url("/loop")), &hosts).await.unwrap_err();
    assert!(
        matches!(&refusal, Refusal::Unreachable { reason, request_sent: true } if reason.contains('5')),
        "{refusal:?}"
    );
    assert_eq!(server.seen().len() - before, 6);
}

#[tokio::test]
async fn a_redirect_is_followed_within_what_is_granted() {
    let end = Server::answering(|request| response("200 OK", "", request)).await;
    let to = end.url("/end");
    let server = Server::answering(move |request| match request.split(' ').nth(1).unwrap() {
        "/303" => redirect(303, &to),
        "/307" => redirect(307, &to),
        "/308" => redirect(308, "/307"),
        "/1" => redirect(301, "/2"),
        "/2" => redirect(302, &to),
        _ => response("404 Not Found", "", ""),
    })
    .await;
    let hosts = [server.host(), end.host()];
    let gate = gate(&hosts);

    let mut asked = get(server.url("/1"));
    asked.headers =
        vec![("Authorization".into(), b"mine".to_vec()), ("Cookie".into(), b"c".to_vec()), ("x".into(), b"y".to_vec())];
    let incoming = exchange(&gate, asked, &hosts).await.unwrap();
    let arrived = text(&incoming);
    assert!(arrived.starts_with("GET /end ") && arrived.contains("\r\nx: y\r\n"), "{arrived}");
    assert!(!arrived.contains("mine") && !arrived.contains("cookie") && !arrived.contains("referer"), "{arrived}");
    assert!(server.seen()[..2].iter().all(|request| request.contains("authorization: mine\r\n")));
    assert!(incoming.bytes_out > 3 * (3 + server.url("/1").len()) as u64);

    let arrived = text(&exchange(&gate, post(server.url("/303"), "data"), &hosts).await.unwrap());
    assert!(arrived.starts_with("GET /end ") && !arrived.contains("data"), "{arrived}");

    // A body goes on to the same origin, and not to another.
    let incoming = exchange(&gate, post(server.url("/308"), "data"), &hosts).await.unwrap();
    assert_eq!(incoming.status, 307);
    assert!(incoming.headers.iter().any(|(name, value)| name == "location" && *value == end.url("/end").into_bytes()));
    let seen = server.seen();
    assert!(seen.last().unwrap().starts_with("POST /307 ") && seen.last().unwrap().ends_with("data"));
    assert_eq!(end.seen().len(), 2);
}
