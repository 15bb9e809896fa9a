//! What goes out: in the shape that Telegram takes, once, whatever happens on the way.

use std::time::Duration;

use super::{Setup, bot, bot_is};
use crate::harness::{
    model::{Answer, Model},
    telegram::{Fault, person},
};

#[tokio::test]
async fn a_reply_grows_in_one_message() {
    let model = Model::start().await;
    model.then(Answer::paused_after("春天来了，the first half of it, ", "and now the second."));
    let setup = Setup::with_model(&model).await;
    let before = setup.telegram.messages(setup.ada.id).len();
    setup.telegram.write(&setup.ada, "Write me something about spring, please");
    let draft = setup.telegram.wait_count(setup.ada.id, before + 1).await;
    assert!(draft.text.contains("春天来了") && draft.text.ends_with('…'), "{draft:#?}");
    model.go_on();
    let whole = setup.telegram.wait_text(setup.ada.id, "and now the second.").await;
    assert_eq!((whole.id, whole.text.as_str()), (draft.id, "春天来了，the first half of it, and now the second."));
    assert!(!whole.earlier.is_empty());
    setup.settle(&setup.ada).await;
    assert_eq!(setup.telegram.messages(setup.ada.id).len(), before + 2, "one message for one turn");
}

#[tokio::test]
async fn who_waits_sees_that_it_works() {
    let model = Model::start().await;
    model.then(Answer::paused_after("", "Done thinking."));
    let setup = Setup::with_model(&model).await;
    setup.telegram.write(&setup.ada, "Think about it for a good while, please");
    model.requested(1).await;
    setup.telegram.wait_action(setup.ada.id).await;
    model.go_on();
    setup.telegram.wait_text(setup.ada.id, "Done thinking.").await;
    assert!(setup.telegram.actions(setup.ada.id).iter().all(|action| action == "typing"));
}

#[tokio::test]
async fn markdown_becomes_what_telegram_shows() {
    let model = Model::start().await;
    model.then(Answer::text(
        "😀 **粗体** and *slanted* with `code`, see [the page](https://example.org/a).\n\n```rust\nlet x = 1;\n```\n\n\
         - one\n- two **`both`** end\n\n1 < 2 & 3_4_5 end of it",
    ));
    let setup = Setup::with_model(&model).await;
    let said = setup.ask(&setup.ada, "Show me all that you can do, please", "end of it").await;
    let part = |kind: &str| -> Vec<String> {
        let units: Vec<u16> = said.text.encode_utf16().collect();
        let entities = said.entities.iter().filter(|entity| entity["type"] == kind);
        let at = |entity: &serde_json::Value, key: &str| usize::try_from(entity[key].as_u64().unwrap()).unwrap();
        let parts = entities.map(|entity| {
            let from = at(entity, "offset");
            String::from_utf16(&units[from..from + at(entity, "length")]).unwrap()
        });
        parts.collect()
    };
    assert_eq!(part("bold")[0], "粗体", "{said:#?}");
    assert_eq!(part("italic"), ["slanted"]);
    assert_eq!(part("code"), ["code", "both"]);
    assert_eq!(part("text_link"), ["the page"]);
    assert_eq!(part("pre")[0].trim(), "let x = 1;");
    assert!(!said.text.contains("**") && !said.text.contains('`'), "{}", said.text);
    assert!(said.text.contains("1 < 2 & 3_4_5"), "{}", said.text);
}

#[tokio::test]
async fn a_long_reply_comes_in_parts() {
    let model = Model::start().await;
    let words: Vec<String> = (0..1_500).map(|n| format!("word{n:04}")).collect();
    model.then(Answer::text(&words.join(" ")));
    let setup = Setup::with_model(&model).await;
    let before = setup.telegram.messages(setup.ada.id).len();
    setup.ask(&setup.ada, "Tell me a very long story, please", "word1499").await;
    setup.settle(&setup.ada).await;
    let said = setup.telegram.messages(setup.ada.id).split_off(before);
    let told: Vec<&str> = said.iter().flat_map(|said| said.text.split_whitespace()).collect();
    let told: Vec<&str> = told.into_iter().filter(|word| word.starts_with("word")).collect();
    assert_eq!(told, words, "{} messages", said.len());
    assert!(said.len() >= 4, "{} messages", said.len());
}

#[tokio::test]
async fn a_limit_is_kept_to() {
    let setup = Setup::start().await;
    let sends = setup.telegram.calls("sendMessage").len();
    setup.telegram.failing("sendMessage").with(Fault::retry_after(2));
    setup.ask(&setup.ada, "what is 500+1", "= 501").await;
    let calls = setup.telegram.calls("sendMessage").split_off(sends);
    assert_eq!(calls[0].status, Some(429), "{calls:#?}");
    let pause = calls[1].at - calls[0].at;
    assert!(pause >= Duration::from_secs(2), "it was tried again after {pause:?}");
    setup.settle(&setup.ada).await;
    setup.said_once(setup.ada.id, "= 501");
}

#[tokio::test]
async fn a_failure_on_the_way_loses_nothing() {
    let setup = Setup::start().await;
    let faults = [
        Fault::status(500, "Internal Server Error"),
        Fault::Page(502),
        Fault::Reset,
        Fault::ResetAfter,
        Fault::PageAfter(504),
        Fault::OddAnswer,
    ];
    for (n, fault) in faults.into_iter().enumerate() {
        let ambiguous = matches!(fault, Fault::ResetAfter | Fault::PageAfter(_));
        setup.telegram.failing("sendMessage").with(fault.clone());
        let result = format!("= {}", 600 + n);
        setup.ask(&setup.ada, &format!("what is 600+{n}"), &result).await;
        setup.settle(&setup.ada).await;
        if ambiguous {
            setup.said_once_or_noted(setup.ada.id, &result);
        } else {
            setup.said_once(setup.ada.id, &result);
        }
    }
    assert_eq!(bot(&setup.host).await["failed"], 0);
}

#[tokio::test]
async fn an_outage_loses_nothing() {
    let model = Model::start().await;
    model.then(Answer::paused_after("", "Said into the dark."));
    let mut setup = Setup::with_model(&model).await;
    setup.telegram.write(&setup.ada, "Answer me when I cannot hear you");
    model.requested(1).await;
    setup.telegram.down().await;
    setup.telegram.write(&setup.ada, "what is 700+1");
    model.go_on();
    bot_is(&setup.host, "unreachable").await;
    setup.telegram.up().await;
    setup.telegram.wait_text(setup.ada.id, "= 701").await;
    setup.settle(&setup.ada).await;
    setup.said_once(setup.ada.id, "Said into the dark.");
    setup.said_once(setup.ada.id, "= 701");
}

#[tokio::test]
async fn who_has_left_holds_up_nobody() {
    let setup = Setup::start().await;
    let bea = person(301, "Bea");
    setup.admit(&bea, "member").await;
    setup
        .telegram
        .failing("sendMessage")
        .when(|call| call.chat() == 301)
        .with(Fault::status(403, "Forbidden: bot was blocked by the user"));
    let sends = setup.telegram.calls("sendMessage").len();
    setup.telegram.write(&bea, "what is 800+1");
    setup.telegram.wait_calls("sendMessage", sends + 1).await;
    // What the server said is written down a moment later.
    while bot(&setup.host).await["failed"] != 1 {
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    setup.ask(&bea, "what is 800+2", "= 802").await;
    assert!(setup.with_text(bea.id, "= 801").is_empty());
}

#[tokio::test]
async fn a_failed_edit_is_made_good() {
    let model = Model::start().await;
    model.then(Answer::paused_after("The beginning of it, ", "and the end."));
    let setup = Setup::with_model(&model).await;
    let before = setup.telegram.messages(setup.ada.id).len();
    setup.telegram.write(&setup.ada, "Write something in two halves, please");
    setup.telegram.wait_count(setup.ada.id, before + 1).await;
    setup.telegram.failing("editMessageText").with(Fault::retry_after(1));
    setup.telegram.failing("editMessageText").with(Fault::ResetAfter);
    model.go_on();
    setup.telegram.wait_text(setup.ada.id, "and the end.").await;
    setup.settle(&setup.ada).await;
    setup.said_once(setup.ada.id, "The beginning of it, and the end.");
    assert_eq!(setup.telegram.messages(setup.ada.id).len(), before + 2, "an edit can be repeated without harm");
}
