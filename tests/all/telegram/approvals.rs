//! The owner's yes on the phone: to calls that need it; and what the owner hears of a bad version.

use serde_json::json;

use super::Setup;
use crate::harness::{guests, manifest::Manifest, telegram::person};

/// Needs a yes for every call, and returns what it was asked.
fn careful() -> Vec<u8> {
    let schema = json!({ "type": "object", "properties": { "text": { "type": "string" } } });
    let manifest = Manifest::new("careful").input(&schema).set("needs_approval", &json!(true));
    guests::echo(&manifest.pattern("^do (?P<text>.+)$", &json!({})))
}

#[tokio::test]
async fn a_call_waits_for_a_yes_on_the_phone() {
    let setup = Setup::start().await;
    let bea = person(501, "Bea");
    setup.admit(&bea, "member").await;
    setup.host.upload(careful()).await.ok();
    setup.ask(&bea, "do the washing-up", "asked").await;
    let request = setup.telegram.wait_text(setup.ada.id, "washing-up").await;
    // Whoever asked does not say yes to it.
    let own = setup.telegram.press(&bea, setup.ada.id, request.id, request.button("approve"));
    setup.telegram.wait_pressed(&own).await;
    assert_eq!(setup.host.get("/api/v1/approvals").await.ok()["approvals"][0]["status"], "pending");
    let press = setup.telegram.press(&setup.ada, setup.ada.id, request.id, request.button("approve"));
    setup.telegram.wait_pressed(&press).await;
    setup.telegram.wait_text(bea.id, "the washing-up").await;
    let late = setup.telegram.press(&setup.ada, setup.ada.id, request.id, request.button("deny"));
    setup.telegram.wait_pressed(&late).await;
    assert_eq!(setup.host.get("/api/v1/approvals").await.ok()["approvals"][0]["status"], "approved");
}

#[tokio::test]
async fn a_no_on_the_phone_runs_nothing() {
    let setup = Setup::start().await;
    setup.host.upload(careful()).await.ok();
    setup.ask(&setup.ada, "do nothing rash", "asked").await;
    let request = setup.telegram.wait_text(setup.ada.id, "rash").await;
    let press = setup.telegram.press(&setup.ada, setup.ada.id, request.id, request.button("deny"));
    setup.telegram.wait_pressed(&press).await;
    setup.telegram.wait_text(setup.ada.id, "Refused").await;
    let jobs = setup.host.get("/api/v1/jobs").await.ok();
    assert!(jobs["jobs"].as_array().unwrap().iter().all(|job| job["type"] != "skill_call"), "{jobs:#}");
}

#[tokio::test]
async fn the_owner_hears_of_a_version_that_was_rolled_back() {
    let setup = Setup::with(None, &[("SKILLET__SKILLS__ROLLBACK_CALLS", "2")]).await;
    let manifest = Manifest::new("weather");
    setup.host.upload(guests::constant("{\"text\": \"blue\"}", &manifest)).await.ok();
    setup.host.upload(guests::trap(&manifest.version("1.1.0"))).await.ok();
    for _ in 0..2 {
        setup.host.post("/api/v1/skills/weather/call", &json!({ "input": {} })).await.ok();
    }
    let said = setup.telegram.wait_text(setup.ada.id, "rolled back").await;
    assert!(said.text.contains("1.1.0") && said.text.contains("weather"));
}
