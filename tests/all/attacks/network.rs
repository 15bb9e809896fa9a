//! The network: where a guest may not go, and how it tries.

use serde_json::json;
use std::time::{Duration, Instant};

use super::{
    case::{Case, How, comes, deed, refused},
    fetch::{Fetch, Fetched, Long},
    ground::{Ground, fetcher},
    guest,
};
use crate::harness::{guests, manifest::Manifest};

/// A request that is cut: the interface says so, or the run ends at the same moment.
const CUT: &[&str] = &["timeout", "failure timeout"];

/// In which a refusal comes, nothing being sent.
const AT_ONCE: Duration = Duration::from_secs(2);

pub fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "S2",
            "a guest parked in a call of the host",
            "its time runs although it computes nothing: 2 s",
            How::Exchange(|ground| Fetch::get(ground.server.url("/hold")), comes(CUT).heard().within_s(4)),
        )
        .also(&["host::skills::egress::tests::answers::a_server_that_drips_or_says_nothing_ends_at_the_deadline"]),
        Case::new(
            "S3",
            "a server that drips a byte every 100 ms",
            "cut when the run's 2 s are over",
            How::Exchange(|ground| Fetch::get(ground.server.url("/drip")), comes(CUT).heard().within_s(4)),
        ),
        Case::new(
            "S4",
            "a guest's own timeout of 2^31 ms",
            "no longer than the run has left",
            How::Exchange(
                |ground| Fetch::get(ground.server.url("/hold")).timeout_ms(1 << 31),
                comes(CUT).heard().within_s(4),
            ),
        ),
        Case::new(
            "S16",
            "65 headers; one of 10 MB; a million headers and an endless one in an answer",
            "`invalid`, `too-much-data`, `too-large` or `unreachable`, each within 4 s",
            deed!(header_floods),
        )
        .also(&["host::skills::egress::tests::answers::too_much_is_cut_wherever_it_stands"]),
        Case::new(
            "S38",
            "addresses in every spelling, of every range that is not public, granted or not",
            "`denied` or `invalid` within 2 s, and nobody is dialled",
            deed!(addresses),
        )
        .also(&[
            "host::skills::egress::address::every_range_at_its_edges",
            "host::skills::egress::request::one_spelling_of_a_url",
            "host::skills::egress::tests::places::an_address_that_is_not_public_is_denied_even_when_granted",
        ]),
        Case::new(
            "S39",
            "a granted server that redirects inwards, to where nothing is granted, to other schemes, \
             in a circle",
            "each hop passes the gate: `denied`, or `unreachable` after five",
            deed!(redirects),
        )
        .also(&[
            "host::skills::egress::tests::redirects::a_redirect_passes_the_gate_again",
            "host::skills::egress::redirect::which_redirects_are_followed_with_what",
        ]),
        Case::new(
            "S40",
            "a name that is public when it is checked and private when it is dialled",
            "one lookup; what was checked is dialled",
            How::Elsewhere,
        )
        .also(&[
            "host::skills::egress::tests::places::a_name_that_changes_its_address_is_dialled_where_it_was_checked",
        ]),
        Case::new("S41", "data sent out as names to look up", "decided before any lookup", How::Elsewhere)
            .also(&["host::skills::egress::tests::places::what_is_not_granted_is_not_even_looked_up"]),
        Case::new(
            "S42",
            "headers of the connection from the guest; line ends in a header, a method or a path",
            "`invalid` within 2 s, and the server hears nothing",
            deed!(smuggled),
        )
        .also(&["host::skills::egress::request::which_methods_and_headers_are_sent"]),
        Case::new(
            "S45",
            "wildcards, ports and names of another grammar",
            "refused at the upload by name, or shown in its one form",
            deed!(grammar),
        )
        .also(&[
            "host::skills::egress::rule::what_is_none_and_what_would_be",
            "host::skills::egress::rule::what_is_a_rule_and_how_it_is_shown",
        ]),
        Case::new(
            "S46",
            "answers of 10 GB, without end, of chunks without end; 100 MB in 660 KB",
            "`too-large` at 4 MiB after decompression, within 4 s, and the host's memory is back",
            deed!(long_answers),
        )
        .also(&["host::skills::egress::tests::answers::a_compressed_body_is_read_and_a_bomb_is_not"]),
        Case::new(
            "S48",
            "sockets, other schemes, the host's own port, granted as it is",
            "`denied` or `invalid` within 2 s",
            deed!(inward),
        ),
    ]
}

#[tokio::test]
async fn nobody_gets_past_the_gate() {
    let ground = Ground::start(&[]).await;
    ground.suffer(cases()).await;
}

/// Makes a request that must come to one of these, soon.
async fn must_come(ground: &Ground, fetch: Fetch, kinds: &[&str], within: Duration) -> Fetched {
    let began = Instant::now();
    let fetched = ground.fetch(&fetch).await;
    assert!(kinds.contains(&fetched.kind().as_str()), "one of {kinds:?} was due for {fetch:?}: {fetched:?}");
    assert!(began.elapsed() < within, "{fetch:?} took {:?}", began.elapsed());
    fetched
}

async fn header_floods(ground: &Ground) {
    let within = Duration::from_secs(4);
    let get = |path: &str| Fetch::get(ground.server.url(path));
    let many = (0..65).fold(get("/"), |fetch, n| fetch.header(&format!("x-{n}"), "a"));
    must_come(ground, many, &["invalid"], within).await;
    let long = get("/").header("x-long", "").long(Long::HeaderValue(10 << 20));
    must_come(ground, long, &["failure too-much-data"], within).await;
    for path in ["/headers", "/header"] {
        must_come(ground, get(path), &["too-large", "unreachable"], within).await;
    }
}

async fn addresses(ground: &Ground) {
    let port = ground.server.port();
    let heard = ground.server.heard() + ground.closed.heard();
    let spelled = [
        format!("http://0x7f.1:{port}/"),
        format!("http://0x7f000001:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://0177.0.0.1:{port}/"),
        format!("http://127.1:{port}/"),
        format!("http://127.0.0.1.:{port}/"),
        format!("http://１２７.0.0.1:{port}/"),
        format!("http://127。0。0。1:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://[::ffff:7f00:1]:{port}/"),
        format!("http://[::127.0.0.1]:{port}/"),
        format!("http://[64:ff9b::7f00:1]:{port}/"),
        format!("http://[2002:7f00:1::]:{port}/"),
        format!("http://[fe80::1%25lo]:{port}/"),
        format!("http://0.0.0.0:{port}/"),
        format!("http://[::]:{port}/"),
        format!("http://[::1]:{port}/"),
        format!("http://granted.example@127.0.0.1:{port}/"),
        format!("http://127.0.0.1:{port}@evil.example/"),
        format!("http://127.0.0.1%00.evil.example:{port}/"),
        "http://169.254.169.254/latest/meta-data/".into(),
        "http://100.100.100.200/latest/meta-data/".into(),
        "http://168.63.129.16/machine".into(),
        "http://240.0.0.1/".into(),
        "http://198.18.0.1/".into(),
        "http://192.0.0.1/".into(),
        "http://10.0.0.1/".into(),
        "https://not-granted.example/".into(),
        format!("http://granted.example.{}/", ground.server.host()),
        // Granted, and not opened by the owner of the host.
        ground.closed.url("/"),
        format!("http://localhost:{}/", ground.closed.port()),
    ];
    for url in spelled {
        must_come(ground, Fetch::get(url), &["denied", "invalid"], AT_ONCE).await;
    }
    assert_eq!(ground.server.heard() + ground.closed.heard(), heard, "somebody was dialled");
    must_come(ground, Fetch::get(ground.server.url("/")), &["answer"], AT_ONCE).await;
}

async fn redirects(ground: &Ground) {
    let closed = ground.closed.heard();
    for target in [
        ground.closed.url("/"),
        format!("{}/api/v1/skills", ground.host.url()),
        "http://169.254.169.254/latest/meta-data/".into(),
        "https://not-granted.example/".into(),
        "file:///etc/passwd".into(),
        "gopher://127.0.0.1/".into(),
        format!("http://0x7f.1:{}/", ground.closed.port()),
        format!("http://me@{}/", ground.server.host()),
    ] {
        let fetch = Fetch::get(ground.server.url(&format!("/to?{target}")));
        must_come(ground, fetch, &["denied", "invalid"], AT_ONCE).await;
    }
    assert_eq!(ground.closed.heard(), closed, "a redirect got through");
    let circle = must_come(ground, Fetch::get(ground.server.url("/loop")), &["unreachable"], AT_ONCE).await;
    assert!(circle.text().contains("redirects more than"), "{circle:?}");
    // To another granted server what identifies the guest does not go along.
    ground.other.forget();
    let fetch = Fetch::get(ground.server.url(&format!("/to?{}", ground.other.url("/echo"))));
    let fetch = fetch.header("authorization", "Bearer mine").header("cookie", "a=b").header("x-plain", "1");
    let echoed = must_come(ground, fetch, &["answer"], AT_ONCE).await.text().to_lowercase();
    assert!(echoed.contains("x-plain: 1") && !echoed.contains("bearer") && !echoed.contains("cookie"), "{echoed}");
}

async fn smuggled(ground: &Ground) {
    let heard = ground.server.heard();
    let get = || Fetch::get(ground.server.url("/"));
    for (name, value) in [
        ("Host", "evil.example"),
        ("Transfer-Encoding", "chunked"),
        ("Content-Length", "5"),
        ("Connection", "close"),
        ("Proxy-Authorization", "Basic eDp5"),
        ("TE", "trailers"),
        ("Upgrade", "h2c"),
        ("x-a", "b\r\nHost: evil.example"),
        ("x-a", "b\nc: d"),
        ("x-a", "b\0"),
        ("x-a\r\nHost", "evil.example"),
        ("x a", "b"),
        ("", "b"),
        (":authority", "evil.example"),
    ] {
        must_come(ground, get().header(name, value), &["invalid"], AT_ONCE).await;
    }
    for path in ["/a\r\nHost: evil.example", "/a b", "/a\nb", "/\0", "\\@evil.example/"] {
        must_come(ground, Fetch::get(ground.server.url(path)), &["invalid"], AT_ONCE).await;
    }
    for method in ["CONNECT", "TRACE", "GET / HTTP/1.1\r\nHost: evil\r\n\r\nGET", "", "BREW"] {
        must_come(ground, Fetch { method, ..get() }, &["invalid"], AT_ONCE).await;
    }
    assert_eq!(ground.server.heard(), heard, "the server heard of it");
}

async fn grammar(ground: &Ground) {
    let manifest = |host: &str| Manifest::new("grammar").capability("http", &json!([host]));
    for host in [
        "*",
        "*foo",
        "*.co",
        "*.com",
        "a.*.example",
        "https://a.example",
        "a.example/path",
        "me@a.example",
        "a.example:0",
        "a.example:99999",
        "a.example:",
        "0x7f.1",
        "2130706433",
        "127.0.0.1.",
        "[::ffff:127.0.0.1]",
        "a..example",
        "a b.example",
        "",
    ] {
        let refusal = refused(&["manifest-syntax", "manifest-value"], "http");
        ground.upload_is_refused(guests::echo(&manifest(host)), &refusal).await;
    }
    let hosts = json!(["EXAMPLE.com", "*.MÜNCHEN.example", "localhost:8080", "a.example."]);
    let shown = Manifest::new("grammar").capability("http", &hosts);
    ground.install(guests::echo(&shown)).await;
    let skill = ground.host.get("/api/v1/skills/grammar").await.ok();
    let one_form = json!(["example.com", "*.xn--mnchen-3ya.example", "localhost:8080", "a.example"]);
    assert_eq!(skill["capabilities"]["http"], one_form, "{skill:#}");
}

async fn long_answers(ground: &Ground) {
    for path in ["/long", "/untold", "/chunks", "/bomb"] {
        let fetch = Fetch::get(ground.server.url(path));
        must_come(ground, fetch, &["too-large"], Duration::from_secs(4)).await;
    }
    must_come(ground, Fetch::get(ground.server.url("/")), &["answer"], AT_ONCE).await;
}

async fn inward(ground: &Ground) {
    for url in [
        format!("{}/healthz", ground.host.url()),
        format!("{}/api/v1/skills", ground.host.url()),
        "unix:///var/run/docker.sock".into(),
        "http+unix://%2Fvar%2Frun%2Fdocker.sock/".into(),
        "tcp://127.0.0.1:5432".into(),
        "ws://127.0.0.1/".into(),
        "ftp://127.0.0.1/".into(),
        "file:///etc/passwd".into(),
        "data:text/plain,hello".into(),
        "http://127.0.0.1:5432/".into(),
    ] {
        must_come(ground, Fetch::get(url), &["denied", "invalid"], AT_ONCE).await;
    }
    // What asks for nothing reaches nothing, whatever it fetches.
    let component = guest::fetch(&fetcher("no_http", &[]));
    ground.upload_is_refused(component, &refused(&["undeclared-capability"], "http")).await;
}
