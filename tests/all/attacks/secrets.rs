//! Secrets, and what belongs to one skill or one person.

use futures_util::future::join;
use serde_json::{Value, json};

use super::{
    case::{Case, How, deed},
    fetch::{Fetch, Fetched, Then},
    ground::{Ground, fetcher, holds},
    guest,
};
use crate::harness::manifest::Manifest;

/// Set as the secret `token` of the skill `keeper`, for the header `x-key` at one server.
const SECRET: &str = "s3cr3t-Value/of+the~owner";

pub fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "S23",
            "a secret that comes back in disguise, put into an output, a failure, a log line and a crash",
            "`[secret token]` stands there in its place, in answers, records, pages and logs",
            deed!(known_values),
        )
        .also(&[
            "safety::a_secret_goes_in_and_never_comes_out",
            "host::skills::egress::redact::every_spelling_is_found",
        ])
        .lacks(
            "only what a guest passes on as it was set, or in a usual spelling of it, is known; a \
             server that is sent a secret has it, and so has a guest that encodes it.",
        ),
        Case::new(
            "S43",
            "`http://` or another port at a host with a secret",
            "`denied`, and nothing is sent",
            deed!(not_in_the_open),
        )
        .also(&["host::skills::egress::tests::secrets::a_secret_is_never_sent_openly_nor_beside_the_guests_own"]),
        Case::new("S44", "a guest that sets the header itself", "`denied`: never both", deed!(own_header)),
        Case::new("S47", "a server that echoes the header", "the guest sees `[secret token]`", deed!(echo)).also(&[
            "host::skills::egress::tests::secrets::an_echo_of_the_header_is_taken_out",
            "host::skills::egress::tests::secrets::an_error_or_a_refusal_holds_no_secret",
        ]),
        Case::new(
            "S50",
            "a value that one call leaves for another, of another person",
            "there is none: each call has a fresh instance",
            How::Elsewhere,
        )
        .also(&["attacks::cpu::fresh_memory", "attacks::cpu::zeroes"]),
        Case::new(
            "S51",
            "keys of another skill or another person in `kv`",
            "each sees its own alone",
            deed!(others_keys),
        )
        .also(&["chat::nobody_learns_what_another_told"]),
        Case::new(
            "S52",
            "a skill that takes the name of one that was removed",
            "it has none of its secrets, grants and keys",
            deed!(same_name_again),
        )
        .also(&["skills::a_disabled_or_removed_skill_does_not_come_back_by_itself"]),
        Case::new(
            "S53",
            "a secret that is changed while a call runs",
            "the next call has the new value; the one that runs keeps the old one, and it is taken \
             out of what comes back",
            deed!(rotation),
        )
        .lacks(
            "a value that was replaced is known to calls that began with it, and to no later one: a \
             server that sends it back to those is not caught.",
        ),
    ]
}

#[tokio::test]
async fn what_is_anothers_stays_so() {
    let ground = Ground::start(&[]).await;
    let manifest = keeper("keeper", &ground);
    ground.install(guest::fetch(&manifest)).await;
    ground.set_secret("keeper", "token", SECRET).await;
    ground.suffer(cases()).await;
}

/// A skill that fetches from both servers and has a secret for one.
fn keeper(name: &str, ground: &Ground) -> Manifest {
    let hosts = [ground.server.host(), ground.other.host(), "secret.example".into(), "secret.example:8080".into()];
    let secret = |name: &str, host: &str| json!({ "name": name, "host": host, "header": "x-key" });
    fetcher(name, &hosts)
        .set("secrets", &json!([secret("token", &ground.server.host()), secret("remote", "secret.example")]))
}

async fn keeper_fetches(ground: &Ground, fetch: &Fetch) -> Fetched {
    Fetched::read(&ground.call("keeper", &fetch.input()).await)
}

async fn known_values(ground: &Ground) {
    // Turned round by the server and by the guest, it passes the gate unseen and is whole in the guest's hands.
    for (then, kind) in [
        (Then::FailWithBody, "failure failed"),
        (Then::LogBodyAndCrash, "failure failed"),
        (Then::ReturnBody, "failure bad-output"),
    ] {
        let fetch = Fetch::get(ground.server.url("/mirror")).then(then).turned();
        let answer = ground.call("keeper", &fetch.input()).await;
        assert_eq!(Fetched::read(&answer).kind(), kind, "{answer:#}");
        assert!(!answer.to_string().contains(SECRET), "{answer:#}");
        if !matches!(then, Then::ReturnBody) {
            assert!(answer.to_string().contains("[secret token]"), "{answer:#}");
        }
    }
    assert!(!ground.host.log().contains(SECRET), "it is in the log");
    assert!(!ground.page("/skills/keeper").await.contains(SECRET), "it is on the page");
    let file = holds(&ground.host.data_dir(), SECRET.as_bytes());
    assert!(file.is_none(), "it is in {file:?}");
    for path in ["/api/v1/audit", "/api/v1/skills/keeper", "/api/v1/skills/keeper/versions"] {
        assert!(!ground.host.get(path).await.body.to_string().contains(SECRET), "{path}");
    }
}

async fn not_in_the_open(ground: &Ground) {
    ground.set_secret("keeper", "remote", "another-value").await;
    let open = keeper_fetches(ground, &Fetch::get("http://secret.example/")).await;
    assert!(open.kind() == "denied" && open.text().contains("https"), "{open:?}");
    // Granted without the secret: none is sent there, and the name is looked up in vain.
    let port = keeper_fetches(ground, &Fetch::get("http://secret.example:8080/")).await;
    assert!(["unreachable", "timeout", "failure timeout"].contains(&port.kind().as_str()), "{port:?}");
    ground.other.forget();
    let other = keeper_fetches(ground, &Fetch::get(ground.other.url("/echo"))).await;
    assert!(other.kind() == "answer" && !other.text().contains("x-key"), "{other:?}");
    let redirected = Fetch::get(ground.server.url(&format!("/to?{}", ground.other.url("/echo"))));
    let redirected = keeper_fetches(ground, &redirected).await;
    assert!(redirected.kind() == "answer" && !redirected.text().contains("x-key"), "{redirected:?}");
    assert!(!ground.other.requests().concat().contains(SECRET));
}

async fn own_header(ground: &Ground) {
    let heard = ground.server.heard();
    for name in ["x-key", "X-Key", "X-KEY"] {
        let fetched = keeper_fetches(ground, &Fetch::get(ground.server.url("/echo")).header(name, "mine")).await;
        assert_eq!(fetched.kind(), "denied", "{fetched:?}");
    }
    assert_eq!(ground.server.heard(), heard);
}

async fn echo(ground: &Ground) {
    ground.server.forget();
    let fetched = keeper_fetches(ground, &Fetch::get(ground.server.url("/echo"))).await;
    assert!(fetched.text().contains("x-key: [secret token]"), "{fetched:?}");
    assert!(!format!("{fetched:?}").contains(SECRET), "{fetched:?}");
    assert!(ground.server.requests().concat().contains(SECRET), "it was never sent");
}

async fn others_keys(ground: &Ground) {
    let install = async |name: &str, key: &str| {
        ground.install(guest::kv(key, &Manifest::new(name).capability("kv", &json!(true)))).await;
    };
    install("kv_a", "shared").await;
    install("kv_b", "shared").await;
    install("kv_c", "../kv_a/shared").await;
    install("kv_d", "kv_a:shared").await;
    let call = async |skill: &str, user: &str, input: Value| {
        let body = json!({ "input": input, "user": user });
        let answer = ground.host.post(&format!("/api/v1/skills/{skill}/call"), &body).await.ok();
        assert!(answer["failure"].is_null(), "{answer:#}");
        answer["output"].clone()
    };
    assert_eq!(call("kv_a", "ada", json!({ "mine": 1 })).await, Value::Null);
    assert_eq!(call("kv_a", "ada", json!({ "mine": 2 })).await, json!({ "mine": 1 }));
    for (skill, user) in [("kv_a", "bea"), ("kv_b", "ada"), ("kv_c", "ada"), ("kv_d", "ada")] {
        assert_eq!(call(skill, user, json!({ "theirs": 1 })).await, Value::Null, "{skill} for {user}");
    }
    assert_eq!(call("kv_a", "ada", json!({})).await, json!({ "mine": 2 }), "nobody wrote over it");
}

async fn same_name_again(ground: &Ground) {
    let version = |version: &str| keeper("heir", ground).version(version).capability("kv", &json!(true));
    ground.install(guest::fetch(&version("1.0.0"))).await;
    ground.set_secret("heir", "token", SECRET).await;
    let mirror = Fetch::get(ground.server.url("/mirror")).input();
    assert_eq!(Fetched::read(&ground.call("heir", &mirror).await).kind(), "answer");
    let kept = |version: &str| Manifest::new("kept").version(version).capability("kv", &json!(true));
    ground.install(guest::kv("k", &kept("1.0.0"))).await;
    ground.call("kept", &json!({ "of": "the first" })).await;
    for name in ["heir", "kept"] {
        ground.host.delete(&format!("/api/v1/skills/{name}")).await.ok();
    }
    let again = ground.host.upload(guest::fetch(&version("2.0.0"))).await.ok();
    assert_eq!(again["status"], "review", "no grant is inherited: {again:#}");
    let path = format!("/api/v1/skills/heir/versions/{}/activate", again["digest"].as_str().unwrap());
    ground.host.post(&path, &json!({ "grant": true })).await.ok();
    let fetched = Fetched::read(&ground.call("heir", &mirror).await);
    assert!(fetched.kind() == "denied" && fetched.text().contains("not set"), "{fetched:?}");
    ground.install(guest::kv("k", &kept("2.0.0"))).await;
    assert_eq!(ground.call("kept", &json!({})).await["output"], Value::Null);
}

async fn rotation(ground: &Ground) {
    const NEXT: &str = "the-next-value-of-the-owner";
    ground.install(guest::fetch(&keeper("rotating", ground))).await;
    ground.set_secret("rotating", "token", SECRET).await;
    ground.server.forget();
    let wait = Fetch::get(ground.server.url("/wait/600")).input();
    let waiting = ground.call("rotating", &wait);
    let changing = async {
        ground.server.asked("/wait/600").await;
        ground.set_secret("rotating", "token", NEXT).await;
        ground.call("rotating", &Fetch::get(ground.server.url("/echo")).input()).await
    };
    let (before, after) = join(waiting, changing).await;
    // It began with the old value, and knows it to its end.
    for answer in [before, after] {
        assert!(Fetched::read(&answer).text().contains("x-key: [secret token]"), "{answer:#}");
    }
    let requests = ground.server.requests();
    assert!(requests[0].contains(SECRET) && requests[1].contains(NEXT), "{requests:#?}");
}
