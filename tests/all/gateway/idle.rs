//! What costs nothing: a day of idling, and the part of a prompt that a provider has seen before.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use skillet::{
    agent::{Envelope, NewMessage},
    app::App,
    clock::Clock,
    config::Config,
    ids::HostId,
    store::{Channel, JobStatus, UsageBy, UsageRange},
};

use super::{options, start};
use crate::harness::model::{API_KEY, Answer, MODEL, Model};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_day_costs_no_token() {
    let model = Model::start().await;
    let folder = tempfile::tempdir().unwrap();
    let settings =
        format!("[gateway.small]\nbase_url = \"{}\"\nmodel = \"{MODEL}\"\napi_key = \"{API_KEY}\"\n", model.base_url());
    let file = folder.path().join("skillet.toml");
    std::fs::write(&file, settings).unwrap();
    let config = Config::load(Some(file), Some(folder.path().join("data"))).unwrap();
    let clock = Clock::manual("2026-03-01T08:00:00Z".parse::<DateTime<Utc>>().unwrap());
    let app = App::build(config, clock.clone(), HostId::new(&clock)).await.unwrap();
    app.start_worker();
    app.start_scheduler();
    let user = app.db.user_named(&clock, "ada").await.unwrap().id;
    // An answer, and the summary of its turn off the reply path.
    let summary = json!({
        "subject": "clouds", "conclusion": "white", "actions": [], "open_points": [], "parameters": {}, "tags": [],
        "text": "They spoke of clouds.",
    });
    model.then(Answer::text("White.")).then(Answer::text(&summary.to_string()));
    let message = NewMessage {
        user,
        conversation: None,
        channel: Channel::Web,
        text: "What colour are clouds mostly?".to_owned(),
        key: None,
        envelope: Envelope::default(),
    };
    let (_, accepted) = app.agent.submit(message).await.unwrap();
    app.agent.wait(accepted.turn()).await.unwrap();
    model.requested(2).await;
    at_rest(&app, clock.now()).await;
    app.gateway.flush().await;
    let spent = app.db.usage(UsageBy::Model, &UsageRange::default(), 9).await.unwrap();
    assert_eq!(spent[0].calls, 2, "{spent:?}");

    // Every hour of a day somebody looks for work, as the sweeps do, and the night's jobs are done.
    for _ in 0..24 {
        clock.advance(Duration::hours(1));
        app.ring();
        at_rest(&app, clock.now()).await;
    }
    app.gateway.flush().await;
    let mut done = app.db.jobs(Some(JobStatus::Done), 99).await.unwrap().into_iter();
    assert!(done.any(|job| job.kind == "fold_memories"), "the night has passed");
    assert_eq!(model.requests().len(), 2);
    assert_eq!(app.db.usage(UsageBy::Model, &UsageRange::default(), 9).await.unwrap(), spent);
    app.stop().await;
}

/// Waits until no job that is due is left.
async fn at_rest(app: &App, now: DateTime<Utc>) {
    for _ in 0..1200 {
        let jobs = app.db.jobs(None, 99).await.unwrap();
        let left = jobs.iter().any(|job| match job.status {
            JobStatus::Queued => job.run_at <= now,
            JobStatus::Running => true,
            _ => false,
        });
        if !left {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("jobs are left: {:?}", app.db.jobs(None, 99).await.unwrap());
}

#[tokio::test]
async fn two_turns_share_all_that_came_before_them() {
    let model = Model::start().await;
    model.then(Answer::text("One.")).then(Answer::text("Two.")).then(Answer::text("Three."));
    let mut options = options(&model, "small");
    options.bundle = true;
    let host = start(options).await;
    let first = host.chat("ada", "Let us count slowly, you begin", None).await;
    let conversation = first["conversation"].as_str();
    host.chat("ada", "Go on with the next one please", conversation).await;
    host.chat("ada", "And yet another number please", conversation).await;
    let requests = model.requests();
    let [_, earlier, later] = requests.as_slice() else { panic!("three questions") };
    assert_eq!(earlier["tools"], later["tools"]);
    let names: Vec<&str> =
        later["tools"].as_array().unwrap().iter().filter_map(|tool| tool["function"]["name"].as_str()).collect();
    assert!(names.is_sorted() && names.len() > 3, "{names:?}");
    let messages = |request: &Value| request["messages"].as_array().unwrap().clone();
    let (earlier, later) = (messages(earlier), messages(later));
    // Everything but the newest message, which alone carries the clock.
    let shared = &earlier[1..earlier.len() - 1];
    assert_eq!(shared, &later[1..=shared.len()], "the history is the same to the byte");
    assert!(shared.len() >= 2, "a question and its answer");
    // What is remembered may be another thing for each message; what stands before it may not.
    let stable = |messages: &[Value]| {
        let system = messages[0]["content"].as_str().unwrap().to_owned();
        system.split("\n\n# ").next().unwrap().to_owned()
    };
    assert_eq!(stable(&earlier), stable(&later));
    assert!(stable(&later).starts_with("You are Skillet, "));
}
