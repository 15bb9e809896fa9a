//! The pages of an owner who looks at a skill before saying yes.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{SECRET, host, upload, waiting};
use crate::harness::{browser::Browser, guests, manifest::Manifest};

#[tokio::test]
async fn a_review_shows_what_a_version_is_and_wants() {
    let host = host().await;
    upload(&host, guests::echo(&Manifest::new("thing").capability("kv", &json!(true)))).await;
    let mut owner = Browser::owner(&host).await;
    let first = host.get("/api/v1/skills/thing/versions").await.ok()["versions"][0]["digest"].clone();
    let first = first.as_str().unwrap().to_owned();
    owner.page("/skills").await;
    let (status, _) = owner.send("/skills/thing", &format!("action=activate&grant=1&digest={first}")).await;
    assert_eq!(status, StatusCode::SEE_OTHER);

    let hostile = "<script>alert(1)</script> reads \"everything\" & more";
    let secrets = json!([{ "name": "api_key", "host": "api.example.org", "header": "x-key", "description": hostile }]);
    let wider = Manifest::new("thing")
        .version("1.1.0")
        .set("description", &json!(hostile))
        .capability("http", &json!(["api.example.org", "*.example.net:8443"]))
        .set("secrets", &secrets)
        .limit("memory_mb", 16)
        .example(&json!({ "a": "<b>" }), &json!({ "a": "<b>" }));
    let wider = upload(&host, guests::echo(&wider)).await;
    let path = format!("/skills/thing/versions/{wider}");
    let review = owner.page(&path).await;
    assert!(!review.contains("<script>alert") && !review.contains("<b>"), "{review}");
    for part in [
        "Fetch from api.example.org",
        "Fetch from every host under example.net:8443",
        "class=\"removed\">Keep small data",
        "32.0 MiB → 16.0 MiB",
        "api_key",
        "x-key",
        "1.0.0",
        &first[..12],
        "Grant what it asks for and activate",
    ] {
        assert!(review.contains(part), "{part}: {review}");
    }
    for (language, word) in [("zh", "授予所需权限并启用"), ("en", "Grant what it asks for")] {
        owner.language = language;
        assert!(owner.page(&path).await.contains(word));
    }
    owner.csrf = "0".repeat(64);
    let activate = format!("action=activate&grant=1&digest={wider}");
    assert_eq!(owner.send("/skills/thing", &activate).await.0, StatusCode::FORBIDDEN);
    owner.page(&path).await;
    assert_eq!(owner.send("/skills/thing", &activate).await.0, StatusCode::SEE_OTHER);

    owner.page("/skills/thing").await;
    // What the form of the page sends along.
    let set = format!("action=set&secret=api_key&value={SECRET}&place=api.example.org%20x-key%20");
    assert_eq!(owner.send("/skills/thing/secrets", &set).await.0, StatusCode::SEE_OTHER);
    let skill = owner.page("/skills/thing").await;
    assert!(skill.contains("set by owner") && !skill.contains(SECRET) && !skill.contains("<script>alert"), "{skill}");
}

#[tokio::test]
async fn what_waits_is_told_on_every_page_and_decided_on_one() {
    let host = host().await;
    let manifest = Manifest::new("thing").set("needs_approval", &json!(true));
    upload(&host, guests::echo(&manifest)).await;
    let mut owner = Browser::owner(&host).await;
    let input = json!({ "text": "<i>please</i>" });
    host.post("/api/v1/skills/thing/call", &json!({ "input": input })).await.ok();
    let id = waiting(&host).await[0]["id"].as_str().unwrap().to_owned();
    assert!(owner.page("/usage").await.contains("class=\"tally\""));
    let page = owner.page("/approvals").await;
    assert!(page.contains("please") && !page.contains("<i>") && page.contains("for Ada"), "{page}");
    assert_eq!(owner.send(&format!("/approvals/{id}"), "action=perhaps").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(owner.send(&format!("/approvals/{id}"), "action=deny").await.0, StatusCode::SEE_OTHER);
    assert_eq!(owner.send(&format!("/approvals/{id}"), "action=approve").await.0, StatusCode::SEE_OTHER);
    let page = owner.page("/approvals").await;
    assert!(page.contains("The request was decided before") && !page.contains("class=\"tally\""), "{page}");
}

#[tokio::test]
async fn a_failed_call_is_replayed_on_its_page() {
    let host = host().await;
    let manifest = Manifest::new("thing").output(&json!({ "type": "object" }));
    let bad = upload(&host, guests::constant("[1]", &manifest)).await;
    let failed = super::call(&host, "thing").await;
    let good = upload(&host, guests::constant("{\"v\": 1}", &manifest.version("1.1.0"))).await;
    let mut owner = Browser::owner(&host).await;
    let path = format!("/skills/thing/calls/{}", failed["call_id"].as_str().unwrap());
    let skill = owner.page("/skills/thing").await;
    assert!(skill.contains(&format!("action=\"{path}#replay\"")) && skill.contains("the skill’s fault"), "{skill}");
    owner.page(&path).await;
    for (version, verdict) in [(bad, "It fails in the same way."), (good, "It ends in another way.")] {
        let (status, text) = owner.send(&path, &format!("version={version}")).await;
        assert!(status == StatusCode::OK && text.contains(verdict), "{text}");
    }
    let (status, _) = owner.request(Method::GET, &path.replace("thing", "other"), None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
