//! The playground: a form from the schema of a skill's input, examples that fill it, and what came of a run.

use reqwest::{StatusCode, Url};
use serde_json::json;

use crate::harness::{
    browser::Browser,
    guests,
    host::{Host, Options},
    manifest::Manifest,
};

fn manifest() -> Manifest {
    let schema = json!({
        "type": "object",
        "required": ["text", "sure"],
        "additionalProperties": false,
        "properties": {
            "text": { "type": "string", "minLength": 1, "maxLength": 200, "description": "What <b>it</b> says" },
            "essay": { "type": "string", "maxLength": 201 },
            "unit": { "enum": ["km", 3] },
            "count": { "type": "integer", "minimum": 1, "maximum": 9 },
            "share": { "type": "number", "minimum": 0.5 },
            "sure": { "type": "boolean" },
            "loud": { "type": "boolean", "default": false },
            "list": { "type": "array", "items": { "type": "integer" } },
        },
    });
    let whole = json!({
        "text": "a \"quoted\" text", "essay": "one\ntwo", "unit": 3, "count": 4, "share": 0.75, "sure": true,
        "loud": false, "list": [1, 2],
    });
    let short = json!({ "text": "short", "sure": false });
    Manifest::new("thing").input(&schema).example(&whole, &whole).example(&short, &short)
}

async fn host(component: Vec<u8>) -> Host {
    let mut host = Host::start(Options::default()).await;
    host.token("skills").await;
    assert_eq!(host.upload(component).await.ok()["status"], "active");
    host
}

/// The part of a page that is the playground, as text.
fn playground(page: &str) -> String {
    let (_, rest) = page.split_once("id=\"try\"").unwrap();
    rest.split("</section>").next().unwrap().replace("&#34;", "\"")
}

/// A form as a browser sends it.
fn form(fields: &[(&str, &str)]) -> String {
    Url::parse_with_params("http://form/", fields).unwrap().query().unwrap().to_owned()
}

#[tokio::test]
async fn a_form_is_made_from_the_schema() {
    let host = host(guests::echo(&manifest())).await;
    let mut owner = Browser::owner(&host).await;
    let shown = playground(&owner.page("/skills/thing").await);
    for part in [
        "<input name=\"i:text\" value=\"\"",
        "maxlength=\"200\" required>",
        "What &#60;b&#62;it&#60;/b&#62; says",
        "<textarea name=\"i:essay\"",
        "maxlength=\"201\">",
        "<select name=\"i:unit\"><option value=\"\">left out</option><option>km</option><option>3</option></select>",
        "<input type=\"number\" inputmode=\"numeric\" step=\"1\" name=\"i:count\"",
        "min=\"1\" max=\"9\">",
        "step=\"any\" name=\"i:share\"",
        "min=\"0.5\">",
        "<input type=\"checkbox\" name=\"i:sure\" value=\"true\">",
        "<select name=\"i:loud\"><option value=\"\">left out: false</option>",
        "<textarea name=\"i:list\" rows=\"3\" class=\"mono\"",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    owner.language = "zh";
    assert!(playground(&owner.page("/skills/thing").await).contains("不填"));
}

#[tokio::test]
async fn an_example_fills_the_form() {
    let host = host(guests::echo(&manifest())).await;
    let mut owner = Browser::owner(&host).await;
    let shown = playground(&owner.page("/skills/thing").await);
    assert!(shown.contains("href=\"/skills/thing?example=1#try\""), "{shown}");
    let shown = playground(&owner.page("/skills/thing?example=0").await);
    for part in [
        "aria-current=\"true\">",
        "value=\"a \"quoted\" text\"",
        ">\none\ntwo</textarea>",
        "<option selected>3</option>",
        "value=\"4\"",
        "value=\"0.75\"",
        "value=\"true\" checked>",
        "<option selected>false</option>",
        ">\n[\n  1,\n  2\n]</textarea>",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let shown = playground(&owner.page("/skills/thing?example=1").await);
    assert!(shown.contains("value=\"short\"") && !shown.contains("checked"), "{shown}");
    assert!(!playground(&owner.page("/skills/thing?example=2").await).contains("aria-current"));
}

#[tokio::test]
async fn a_run_shows_what_came_and_keeps_the_form() {
    let component = guests::guest(include_str!("../../guests/logs.wat"), &manifest());
    let host = host(component).await;
    let mut owner = Browser::owner(&host).await;
    owner.page("/skills/thing").await;
    let sent = form(&[
        ("key", "k1"),
        ("i:text", "hello <i>you</i>"),
        ("i:essay", "one\r\ntwo"),
        ("i:unit", "3"),
        ("i:count", "1e0"),
        ("i:share", ""),
        ("i:sure", "true"),
        ("i:loud", ""),
        ("i:list", "[7]"),
    ]);
    let (status, page) = owner.send("/skills/thing/call", &sent).await;
    assert_eq!(status, StatusCode::OK);
    let shown = playground(&page);
    assert!(!shown.contains("<i>"), "{shown}");
    let input = json!({
        "text": "hello <i>you</i>", "essay": "one\ntwo", "unit": 3, "count": 1, "sure": true, "list": [7],
    });
    let plain = shown.replace("&#60;", "<").replace("&#62;", ">");
    assert!(plain.contains(&format!("<pre>{}</pre>", serde_json::to_string_pretty(&input).unwrap())), "{plain}");
    assert!(plain.contains("Log (1)") && plain.contains(&format!("[info] {input}")), "{plain}");
    for part in [
        "<dt>Time</dt>",
        "<dt>Fuel</dt>",
        "<dt>Memory at most</dt>",
        "<dt>Calls of the host</dt>",
        "value=\"hello ",
        "<option selected>3</option>",
        "name=\"i:sure\" value=\"true\" checked>",
        ">\n[7]</textarea>",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let (_, page) = owner.send("/skills/thing/call", &sent).await;
    assert!(page.contains("An earlier call with the same key gave this answer."), "a form sent twice is one call");
}

#[tokio::test]
async fn a_run_that_fails_says_why_and_keeps_the_form() {
    let host = host(guests::trap(&Manifest::new("thing").input(&json!({
        "type": "object", "required": ["count"],
        "properties": { "count": { "type": "integer", "maximum": 9 }, "list": { "type": "array" } },
    }))))
    .await;
    let mut owner = Browser::owner(&host).await;
    owner.page("/skills/thing").await;
    for (count, list, says) in [
        ("3", "", "Crash"),
        ("3", "[1", "list: this is not JSON"),
        ("three", "", "count: a number is needed"),
        ("10", "", "The input does not fit"),
    ] {
        let (status, page) = owner.send("/skills/thing/call", &form(&[("i:count", count), ("i:list", list)])).await;
        assert_eq!(status, StatusCode::OK);
        let shown = playground(&page);
        assert!(shown.contains(says), "{says}: {shown}");
        assert!(
            shown.contains(&format!("value=\"{count}\"")) && shown.contains(&format!(">\n{list}</textarea>")),
            "{shown}"
        );
    }
    owner.csrf = "0".repeat(64);
    assert_eq!(owner.send("/skills/thing/call", "i%3Acount=3").await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_run_that_needs_a_yes_leads_to_it() {
    let host = host(guests::echo(&Manifest::new("thing").set("needs_approval", &json!(true)))).await;
    let mut owner = Browser::owner(&host).await;
    owner.page("/skills/thing").await;
    let (_, page) = owner.send("/skills/thing/call", &form(&[("i", "{}")])).await;
    let shown = playground(&page);
    assert!(shown.contains("Waits for the owner") && shown.contains("href=\"/approvals\""), "{shown}");
}

#[tokio::test]
async fn input_of_any_properties_is_written_as_json() {
    let host = host(guests::echo(&Manifest::new("thing"))).await;
    let mut owner = Browser::owner(&host).await;
    assert!(playground(&owner.page("/skills/thing").await).contains(">\n{}</textarea>"));
    let (_, page) = owner.send("/skills/thing/call", &form(&[("i", "{\"a\": [1]}")])).await;
    assert!(playground(&page).contains("\"a\": [\n    1\n  ]"), "{page}");
}
