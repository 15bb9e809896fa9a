//! The pages *Usage* and *Budgets and models*, without scripts.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{host, set_price};
use crate::harness::{
    browser::Browser,
    model::{Answer, MODEL, Model},
};

#[tokio::test]
async fn budgets_and_prices_are_edited_by_forms() {
    let model = Model::start().await;
    let host = host(&model).await;
    let mut owner = Browser::owner(&host).await;
    let page = owner.page("/budgets").await;
    assert!(page.contains("It has no price and is not asked") && page.contains(MODEL), "{page}");
    let form = "about:0=owner&window:0=day&money:0=2.50&tokens:0=&about:1=user&window:1=month&money:1=&tokens:1=90000";
    assert_eq!(owner.send("/budgets", form).await.0, StatusCode::SEE_OTHER);
    let page = owner.page("/budgets").await;
    for part in ["Saved.", "$0 of $2.5 spent", "Each person · a month", "value=\"90000\"", "starts anew"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert_eq!(owner.send("/budgets", "about:0=owner&window:0=day&money:0=lots").await.0, StatusCode::SEE_OTHER);
    let page = owner.page("/budgets").await;
    assert!(page.contains("There can be no such budget") && page.contains("`lots` is not a limit"), "{page}");
    let prices = format!("model:0={MODEL}&input:0=1000&output:0=1000&model:1=&input:1=&output:1=");
    assert_eq!(owner.send("/budgets/prices", &prices).await.0, StatusCode::SEE_OTHER);
    assert!(owner.page("/budgets").await.contains("Your price · input $1000"));
    let remove = "about:0=owner&window:0=day&money:0=2.50&remove:0=1";
    assert_eq!(owner.send("/budgets", remove).await.0, StatusCode::SEE_OTHER);
    assert_eq!(host.get("/api/v1/budgets").await.ok(), json!({ "budgets": [] }));
    owner.csrf = "0".repeat(64);
    for path in ["/budgets", "/budgets/prices", "/budgets/models/small"] {
        assert_eq!(owner.send(path, "").await.0, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn a_test_shows_what_came_of_it_and_a_full_budget_is_extended() {
    let model = Model::start().await;
    let host = host(&model).await;
    set_price(&host).await;
    let mut owner = Browser::owner(&host).await;
    owner.page("/budgets").await;
    owner.send("/budgets", "about:0=owner&window:0=day&money:0=0.1").await;
    model.then(Answer::text("<b>ready</b>").usage(70, 2, 0));
    owner.page("/budgets").await;
    let (status, page) = owner.send("/budgets/models/small", "").await;
    assert_eq!(status, StatusCode::OK);
    for part in ["It answers.", "&#60;b&#62;ready", "$0.072", "$0.072 of $0.1 spent"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let (_, page) = owner.send("/budgets/models/small", "").await;
    assert!(page.contains("A budget has no room.") && page.contains("Extend once more"), "{page}");
    let counters = host.get("/api/v1/budgets").await.ok();
    let id = counters["budgets"][0]["counters"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(owner.send(&format!("/budgets/counters/{id}"), "").await.0, StatusCode::SEE_OTHER);
    let page = owner.page("/budgets").await;
    assert!(page.contains("The budget was extended.") && page.contains("extended by $0.1"), "{page}");
    assert_eq!(owner.send("/budgets/models/huge", "").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn usage_leads_from_sums_to_attempts() {
    let model = Model::start().await;
    let host = host(&model).await;
    set_price(&host).await;
    model.then(Answer::text("Hi.").usage(100, 10, 50));
    let said = "hello <i>there</i>, how is it going?";
    let turn = host.chat("<b>Eve</b>", said, None).await["turn_id"].as_str().unwrap().to_owned();
    let users = host.get("/api/v1/users").await.ok();
    let eve = users["users"].as_array().unwrap().iter().find(|user| user["name"] != "Ada").unwrap()["id"].clone();
    let person = format!("/usage/people/{}", eve.as_str().unwrap());
    let mut owner = Browser::owner(&host).await;
    for (language, word) in [("zh", "每日费用"), ("en", "Cost by day")] {
        owner.language = language;
        for period in ["", "?period=month", "?period=all"] {
            let page = owner.page(&format!("/usage{period}")).await;
            assert!(!page.contains("<b>Eve") && !page.contains("<i>there") && !page.contains(" style="), "{page}");
            for part in [word, "<svg width", "$0.11", &person, "50 %", "format=csv"] {
                assert!(page.contains(part), "{part}: {page}");
            }
        }
    }
    let page = owner.page(&person).await;
    assert!(page.contains(&format!("/turns/{turn}")) && page.contains("$0.11") && !page.contains("<i>"), "{page}");
    let page = owner.page(&format!("/turns/{turn}")).await;
    assert!(page.contains("$0.11") && page.contains("attempt 1"), "{page}");
    let (status, _) = owner.request(Method::GET, "/usage/people/019b0000-0000-7000-8000-000000000000", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(owner.request(Method::GET, "/usage?period=year", None).await.0, StatusCode::BAD_REQUEST);
    let page = owner.page("/people").await;
    assert!(page.contains("Smallest model"));
    let saved =
        owner.send(&format!("/people/{}", eve.as_str().unwrap()), "action=save&locale=&zone=&floor=large").await;
    assert_eq!(saved.0, StatusCode::SEE_OTHER);
    assert!(owner.page("/people").await.contains("value=\"large\" selected"));
}
