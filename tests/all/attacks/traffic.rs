//! Requests that mean harm, one by one.

use futures_util::future::join;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

use super::{
    case::{Case, How, comes, deed},
    fetch::{Fetch, Long},
    ground::{Ground, fetcher},
    guest,
};

/// A request that is cut: the interface says so, or the run ends at the same moment.
const CUT: &[&str] = &["timeout", "failure timeout"];

const NOT_SENT: &[&str] = &["denied", "invalid"];

pub fn cases() -> Vec<Case> {
    let mut cases = spellings();
    cases.extend(floods());
    cases
}

fn spellings() -> Vec<Case> {
    vec![
        Case::new(
            "H1",
            "`http://granted@evil`",
            "a name of a user is no part of a URL here",
            How::Exchange(
                |ground| Fetch::get(format!("http://{}@evil.example/", ground.server.host())),
                comes(NOT_SENT),
            ),
        ),
        Case::new(
            "H2",
            "`granted.` with its trailing dot",
            "the same name, and sent without it",
            How::Exchange(
                |ground| Fetch::get(format!("http://localhost.:{}/echo", ground.server.port())),
                comes(&["answer"]).text("host: localhost:").heard(),
            ),
        ),
        Case::new(
            "H3",
            "`GRANTED` in capitals",
            "the same name, and sent without them",
            How::Exchange(
                |ground| Fetch::get(format!("HTTP://LOCALHOST:{}/echo", ground.server.port())),
                comes(&["answer"]).text("host: localhost:").heard(),
            ),
        ),
        Case::new(
            "H4",
            "`granted:22`",
            "a grant is for its port",
            How::Exchange(|_| Fetch::get("http://localhost:22/"), comes(NOT_SENT)),
        ),
        Case::new(
            "H5",
            "`[::ffff:127.0.0.1]`",
            "another spelling of an address is none",
            How::Exchange(
                |ground| Fetch::get(format!("http://[::ffff:127.0.0.1]:{}/", ground.server.port())),
                comes(NOT_SENT),
            ),
        ),
        Case::new(
            "H6",
            "`0x7f.1`",
            "another spelling of an address is none",
            How::Exchange(|ground| Fetch::get(format!("http://0x7f.1:{}/", ground.server.port())), comes(NOT_SENT)),
        ),
        Case::new(
            "H7",
            "`2130706433`",
            "another spelling of an address is none",
            How::Exchange(|ground| Fetch::get(format!("http://2130706433:{}/", ground.server.port())), comes(NOT_SENT)),
        ),
        Case::new(
            "H8",
            "a granted name whose address is 127.0.0.1",
            "denied for its address",
            How::Exchange(
                |ground| Fetch::get(format!("http://localhost:{}/", ground.closed.port())),
                comes(&["denied"]).text("not public"),
            ),
        )
        .also(&["host::skills::egress::tests::places::an_address_that_is_not_public_is_denied_even_when_granted"]),
        Case::new(
            "H9",
            "`http://evil/` as a path",
            "a path like any other",
            How::Exchange(
                |ground| Fetch::get(ground.server.url("/echo/http://evil.example/")),
                comes(&["answer"]).text("GET /echo/http://evil.example/ HTTP/1.1").heard(),
            ),
        ),
        Case::new(
            "H10",
            "`//evil/`",
            "no URL without a scheme; as a path, one like any other",
            How::Exchange(|ground| Fetch::get(format!("//{}/", ground.server.host())), comes(&["invalid"])),
        ),
        Case::new(
            "H11",
            "line ends and NUL in a header's value",
            "nothing is sent",
            How::Exchange(
                |ground| Fetch::get(ground.server.url("/")).header("x-a", "b\r\nx-b: c\0"),
                comes(&["invalid"]),
            ),
        ),
        Case::new(
            "H12",
            "two lengths of one body, through `http` and through `wasi:http`",
            "the host sets the length: `invalid`, or one length on the line",
            deed!(two_lengths),
        ),
    ]
}

fn floods() -> Vec<Case> {
    vec![
        Case::new(
            "H13",
            "a header of 1 MB",
            "16 KiB of headers are sent at most",
            How::Exchange(
                |ground| Fetch::get(ground.server.url("/")).header("x-long", "").long(Long::HeaderValue(1 << 20)),
                comes(&["invalid", "failure too-much-data"]),
            ),
        ),
        Case::new(
            "H14",
            "a URL of 64 KB",
            "8 KiB at most",
            How::Exchange(
                |ground| Fetch::get(ground.server.url(&format!("/{}", "a".repeat(64 << 10)))),
                comes(&["invalid"]),
            ),
        ),
        Case::new(
            "H15",
            "a body that never ends",
            "cut at 4 MiB",
            How::Exchange(|ground| Fetch::get(ground.server.url("/chunks")), comes(&["too-large"]).heard().within_s(4)),
        ),
        Case::new(
            "H16",
            "an answer whose head trickles",
            "cut when the run's 2 s are over",
            How::Exchange(|ground| Fetch::get(ground.server.url("/drip-head")), comes(CUT).heard().within_s(4)),
        ),
        Case::new(
            "H17",
            "a request that is never finished, by the guest through `wasi:http`; one of 1 MB that \
             the server never takes",
            "`timeout` when the run's 2 s are over, within 4 s",
            deed!(unfinished),
        ),
        Case::new(
            "H18",
            "10,000 requests, dropped at once or kept; answers that swell and are never read; headers without end, and \
             a header without end",
            "`too-many-host-calls`, `too-many-handles` or a limit of time, each within 5 s; what the host holds for \
             the run stays below 256 MiB; the host answers meanwhile and after",
            deed!(ten_thousand),
        ),
        Case::new(
            "H19",
            "timeouts of 0, of 1 ns and of 2^64 - 1 ns, and of 2^32 - 1 ms",
            "none panics, and none outlasts the run: each within 4 s",
            deed!(timeouts),
        ),
        Case::new(
            "W33",
            "a call of the host that never returns, wanted for 100 ms",
            "the guest's own timeout holds when it is the shorter",
            How::Exchange(|ground| Fetch::get(ground.server.url("/hold")).timeout_ms(100), comes(&["timeout"]).heard()),
        ),
        Case::new(
            "W35",
            "a list of 100,000 empty pairs of strings as an argument",
            "cut before it is copied",
            How::Exchange(
                |ground| Fetch::get(ground.server.url("/")).long(Long::Headers(100_000)),
                comes(&["failure too-much-data"]),
            ),
        ),
    ]
}

/// Asks the server in a way that has a letter, through `wasi:http`; the call's answer.
async fn by_wasi(ground: &Ground, name: &str, path: &str, letter: &str) -> Value {
    let host = ground.server.host();
    ground.install(guest::wasi_http(&host, path, &fetcher(name, std::slice::from_ref(&host)))).await;
    let began = Instant::now();
    let answer = ground.call(name, &json!({ "x": letter })).await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}: {answer:#}", began.elapsed());
    answer
}

fn kind(answer: &Value) -> &str {
    answer["failure"]["kind"].as_str().unwrap_or_default()
}

async fn two_lengths(ground: &Ground) {
    ground.server.forget();
    let fetch = Fetch::get(ground.server.url("/")).header("content-length", "1").header("Content-Length", "9");
    assert_eq!(ground.fetch(&fetch.post("hello")).await.kind(), "invalid");
    let answer = by_wasi(ground, "wasi_lengths", "/", "l").await;
    assert_eq!(kind(&answer), "", "{answer:#}");
    for request in ground.server.requests() {
        assert!(request.matches("content-length").count() <= 1, "{request}");
    }
}

async fn unfinished(ground: &Ground) {
    let answer = by_wasi(ground, "wasi_unfinished", "/", "u").await;
    assert_eq!(kind(&answer), "timeout", "{answer:#}");
    let began = Instant::now();
    let fetched = ground.fetch(&Fetch::get(ground.deaf.url("/")).post("").long(Long::Body(1 << 20))).await;
    assert!(CUT.contains(&fetched.kind().as_str()), "{fetched:?}");
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

async fn ten_thousand(ground: &Ground) {
    let fetched = ground.fetch(&Fetch::get(ground.server.url("/")).times(10_000)).await;
    let ends = ["failure too-many-host-calls", "failure timeout", "failure out-of-memory"];
    assert!(ends.contains(&fetched.kind().as_str()), "{fetched:?}");
    let meanwhile = async {
        for _ in 0..5 {
            ground.assert_well().await;
        }
    };
    let (answer, ()) = join(by_wasi(ground, "wasi_dropped", "/", "f"), meanwhile).await;
    assert!(["", "timeout", "out-of-fuel", "too-many-host-calls"].contains(&kind(&answer)), "{answer:#}");
    let before = ground.peak_kib();
    let answer = by_wasi(ground, "wasi_unread", "/swollen", "w").await;
    assert!(["", "timeout"].contains(&kind(&answer)), "{answer:#}");
    if let (Some(before), Some(after)) = (before, ground.peak_kib()) {
        assert!(after - before < 256 << 10, "{before} KiB before, {after} KiB after");
    }
    // Refused with an error that the guest may read, or cut by the engine.
    let answer = by_wasi(ground, "wasi_long", "/", "g").await;
    assert!(["", "trap", "too-much-data"].contains(&kind(&answer)), "{answer:#}");
    for (name, letter) in [("wasi_kept", "k"), ("wasi_headers", "h")] {
        let answer = by_wasi(ground, name, "/hold", letter).await;
        assert!(["too-many-handles", "too-many-host-calls"].contains(&kind(&answer)), "{letter}: {answer:#}");
    }
}

async fn timeouts(ground: &Ground) {
    let answer = by_wasi(ground, "wasi_timeouts", "/", "t").await;
    assert_eq!(kind(&answer), "", "{answer:#}");
    let began = Instant::now();
    let fetched = ground.fetch(&Fetch::get(ground.server.url("/hold")).timeout_ms(u32::MAX)).await;
    assert!(CUT.contains(&fetched.kind().as_str()), "{fetched:?}");
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

#[tokio::test]
async fn requests_come_to_what_they_must() {
    let ground = Ground::start(&[]).await;
    ground.suffer(cases()).await;
}
