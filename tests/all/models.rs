//! Chat with a scripted model: streaming, skills through function calling, bounds, and what happens
//! when the model is away.

use serde_json::{Value, json};
use skillet::{clock::Clock, store::Db};

use crate::harness::{
    guests,
    host::{Host, Options},
    manifest::Manifest,
    model::{Answer, Model},
};

/// A host whose small tier is the model; summaries by rules, so that only answers are asked for.
async fn host(model: &Model, more: &[(&str, &str)]) -> Host {
    let mut options = Options { bundle: true, ..Options::default() }
        .envs(model.as_tier("small"))
        .env("SKILLET__MEMORY__SUMMARIES", "rules");
    for (key, value) in more {
        options = options.env(key, value);
    }
    let mut host = Host::start(options).await;
    host.token("admin").await;
    host
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test]
async fn a_reply_streams_and_is_the_same_at_the_end() {
    let model = Model::start().await;
    model.then(Answer::text("春天来了，花都开了。").usage(120, 12, 64));
    let host = host(&model, &[]).await;
    let events = host.chat_stream("ada", "写一句关于春天的话", None).await.all().await;
    let streamed: String =
        events.iter().filter(|event| event.name == "delta").map(|event| text(&event.data["text"])).collect();
    assert_eq!(streamed, "春天来了，花都开了。");
    assert!(events.iter().filter(|event| event.name == "delta").count() > 1, "it came in one piece");
    let done = &events.last().unwrap().data;
    assert_eq!((text(&done["reply"]), text(&done["tier"])), (streamed.as_str(), "small"));
    assert_eq!((&done["usage"]["input_tokens"], &done["usage"]["output_tokens"]), (&json!(120), &json!(12)));
    let usage = host.get("/api/v1/usage?by=model").await.ok().to_string();
    assert!(usage.contains("\"input_tokens\":120") && usage.contains("\"cached_tokens\":64"), "{usage}");
}

#[tokio::test]
async fn function_calling_runs_a_skill_and_the_reply_streams() {
    let model = Model::start().await;
    model
        .then(
            Answer::call("calculator", &json!({ "expression": "12*12" }))
                .and_call("calculator", &json!({ "expression": "1+1" })),
        )
        .then(Answer::text("A gross is 144, and a pair is 2."));
    let host = host(&model, &[]).await;
    let events = host.chat_stream("ada", "How many are a gross and a pair, please?", None).await.all().await;
    let done = &events.last().unwrap().data;
    assert_eq!(text(&done["reply"]), "A gross is 144, and a pair is 2.");
    assert_eq!(done["skills"].as_array().unwrap().len(), 2, "{done:#}");
    let requests = model.requests();
    let results: Vec<&str> = requests[1]["messages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|message| message["role"] == "tool")
        .map(|message| text(&message["content"]))
        .collect();
    assert!(results[0].contains("144") && results[1].contains("\"2\""), "{results:?}");
}

#[tokio::test]
async fn what_was_remembered_reaches_the_prompt_of_its_owner_only() {
    let model = Model::start().await;
    model.then(Answer::text("8842.")).then(Answer::text("I don't know."));
    let host = host(&model, &[]).await;
    host.chat("ada", "Remember that my bike lock code is 8842", None).await;
    host.chat("ada", "what's the code of my bike lock?", None).await;
    host.chat("bob", "what's the code of my bike lock?", None).await;
    let requests = model.requests();
    assert_eq!(requests.len(), 2, "a trigger needs no model");
    assert!(requests[0]["messages"][0]["content"].to_string().contains("8842"));
    assert!(!requests[1].to_string().contains("8842"));
}

#[tokio::test]
async fn repeated_calls_are_stopped() {
    let model = Model::start().await;
    let call = || Answer::call("calculator", &json!({ "expression": "1+1" }));
    model.then(call()).then(call()).then(call()).then(Answer::text("It is 2."));
    let host = host(&model, &[]).await;
    let reply = host.chat("ada", "Think hard about one and one.", None).await;
    assert_eq!(text(&reply["reply"]), "It is 2.");
    assert_eq!(reply["skills"].as_array().unwrap().len(), 2, "the third identical call is not run");
    let requests = model.requests();
    assert_eq!(requests[3]["tool_choice"], "none", "after the breaker no skill may be called");
}

#[tokio::test]
async fn rounds_and_calls_are_bounded() {
    let model = Model::start().await;
    for n in 0..3 {
        model.then(Answer::call("calculator", &json!({ "expression": format!("{n}+1") })));
    }
    model.then(Answer::text("Enough."));
    let host = host(&model, &[("SKILLET__AGENT__MAX_ROUNDS", "4")]).await;
    assert_eq!(text(&host.chat("ada", "Go on and on.", None).await["reply"]), "Enough.");
    assert_eq!(model.requests()[3]["tool_choice"], "none", "the last round allows no call");
}

#[tokio::test]
async fn bad_arguments_and_unknown_skills_go_back_to_the_model() {
    let model = Model::start().await;
    model
        .then(Answer::text("").and_raw_call("calculator", "{oops").and_call("no_such_skill", &json!({})))
        .then(Answer::text("Sorry."));
    let host = host(&model, &[]).await;
    host.chat("ada", "Please do something odd for me", None).await;
    let told = model.requests()[1]["messages"].to_string();
    assert!(told.contains("not JSON") && told.contains("no-skill"), "{told}");
}

#[tokio::test]
async fn a_reset_is_tried_once_more_and_only_before_the_first_token() {
    let model = Model::start().await;
    model.then(Answer::reset()).then(Answer::text("Here I am."));
    let host = host(&model, &[]).await;
    assert_eq!(text(&host.chat("ada", "Are you there, my friend?", None).await["reply"]), "Here I am.");
    assert_eq!(model.requests().len(), 2);
    model.then(Answer::reset_after("Half an ans"));
    // Somebody of whom nothing is remembered, whether the first turn has been summarised yet or not.
    let reply = host.chat("bob", "And are you still there, my friend?", None).await;
    assert_eq!((text(&reply["tier"]), text(&reply["rung"])), ("none", "clarify"), "{reply:#}");
    assert_eq!(model.requests().len(), 3, "a broken stream is not sent again");
}

#[tokio::test]
async fn memory_answers_when_the_model_is_away() {
    let model = Model::start().await;
    model.then(Answer::status(500, &[])).then(Answer::status(429, &[("retry-after", "1")]));
    let host = host(&model, &[("SKILLET__GATEWAY__MAX_ATTEMPTS", "1")]).await;
    host.chat("ada", "记住我住在上海", None).await;
    let reply = host.chat("ada", "我住在哪里", None).await;
    assert!(text(&reply["reply"]).contains("上海") && text(&reply["reply"]).contains("语言模型"), "{reply:#}");
    let reply = host.chat("bob", "tell me something nice", None).await;
    assert!(text(&reply["reply"]).contains("language model"), "{reply:#}");
    let usage = host.get("/api/v1/usage?by=user").await.ok().to_string();
    assert!(usage.contains("\"failed\":1"), "{usage}");
}

#[tokio::test]
async fn a_silent_model_is_given_up() {
    let model = Model::start().await;
    model.then(Answer::stall_after("Wait for it"));
    let host = host(&model, &[("SKILLET__GATEWAY__STALL_TIMEOUT_S", "1")]).await;
    let reply = host.chat("ada", "Say something slowly, will you?", None).await;
    assert_eq!((text(&reply["tier"]), text(&reply["rung"])), ("none", "clarify"), "{reply:#}");
}

#[tokio::test]
async fn prompts_stay_within_the_budget_and_the_oldest_give_way() {
    let model = Model::start().await;
    let long = "The garden has roses, tulips and many other flowers in it. ".repeat(12);
    for _ in 0..12 {
        model.then(Answer::text(&long));
    }
    let host = host(&model, &[("SKILLET__GATEWAY__TOKEN_BUDGET", "2000")]).await;
    let mut conversation: Option<String> = None;
    for n in 0..12 {
        let message = format!("Tell me more about garden number {n}. {long}");
        let reply = host.chat("ada", &message, conversation.as_deref()).await;
        conversation = Some(text(&reply["conversation"]).to_owned());
    }
    let last = model.requests().pop().unwrap();
    let messages = last["messages"].as_array().unwrap();
    assert!(messages.len() < 12, "{} messages", messages.len());
    assert!(messages[0]["content"].to_string().contains("Earlier in this conversation"), "{}", messages[0]);
    assert!(messages.last().unwrap()["content"].to_string().contains("garden number 11"));
    let turns = host.get("/api/v1/turns").await.ok();
    let newest = text(&turns["turns"][0]["id"]).to_owned();
    let trace = host.get(&format!("/api/v1/turns/{newest}")).await.ok();
    let prompt = trace["model_calls"][0]["prompt_tokens"].as_i64().unwrap();
    assert!(prompt <= 2000, "{prompt} tokens");
}

#[tokio::test]
async fn the_owner_says_what_the_model_is_told_and_a_tier_may_have_a_smaller_prompt() {
    let model = Model::start().await;
    model.then(Answer::text("Aye.")).then(Answer::text("Yes."));
    let host = host(&model, &[("SKILLET__GATEWAY__SMALL__TOKEN_BUDGET", "1000")]).await;
    let told = json!({ "key": "prompt_answer", "value": "You are {{ name }} the pirate. {{ persona }}" });
    host.put("/api/v1/settings", &told).await.ok();
    let wrong = json!({ "key": "prompt_answer", "value": "You are {{ nobody }}." });
    assert_eq!(host.put("/api/v1/settings", &wrong).await.problem(422), "/problems/invalid-setting");
    let long = format!("Tell me of the sea. {}", "It is wide and deep and blue. ".repeat(300));
    let reply = host.chat("ada", &long, None).await;
    let trace = host.get(&format!("/api/v1/turns/{}", text(&reply["turn_id"]))).await.ok();
    let prompt = trace["model_calls"][0]["prompt_tokens"].as_i64().unwrap();
    assert!((200..=1_000).contains(&prompt), "{prompt} tokens");
    // An empty text is the one that ships with the host.
    host.put("/api/v1/settings", &json!({ "key": "prompt_answer", "value": " " })).await.ok();
    host.chat("bob", "And of the land?", None).await;
    let system = |at: usize| model.requests()[at]["messages"][0]["content"].as_str().unwrap().to_owned();
    assert!(system(0).starts_with("You are Skillet the pirate."), "{}", system(0));
    assert!(system(1).starts_with("You are Skillet, a personal assistant."), "{}", system(1));
}

#[tokio::test]
async fn hard_messages_go_to_the_large_tier() {
    let (small, large) = (Model::start().await, Model::start().await);
    small.then(Answer::text("easy"));
    large.then(Answer::text("with code")).then(Answer::text("deep"));
    let host = two_tiers(&small, &large, "rules", &[]).await;
    for (message, tier) in [
        ("how are you today?", "small"),
        ("what is wrong here?\n```rust\nfn main() { let x: u32 = -1; }\n```", "large"),
        ("/deep why is the sky blue?", "large"),
    ] {
        assert_eq!(text(&host.chat("ada", message, None).await["tier"]), tier, "{message}");
    }
    let asked = large.requests().pop().unwrap()["messages"].to_string();
    assert!(!asked.contains("/deep") && asked.contains("why is the sky blue"));
}

#[tokio::test]
async fn the_small_tier_summarises_off_the_reply_path() {
    let model = Model::start().await;
    let summary = json!({
        "subject": "trip", "conclusion": "Oslo in May", "actions": [], "open_points": ["hotel"],
        "parameters": { "month": "May" }, "tags": ["travel"], "text": "They decided to travel to Oslo in May.",
    });
    model.then(Answer::text("Oslo in May sounds good.")).then(Answer::text(&summary.to_string()));
    let host = host(&model, &[("SKILLET__MEMORY__SUMMARIES", "model")]).await;
    host.chat("ada", "Let us plan a trip for the spring", None).await;
    model.requested(2).await;
    for _ in 0..200 {
        let memories = host.get("/api/v1/memories?user=ada").await.ok().to_string();
        if memories.contains("They decided to travel to Oslo in May.") {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("the model's summary was not kept");
}

#[tokio::test]
async fn a_key_never_shows() {
    let model = Model::start().await;
    model.then(Answer::status(401, &[]));
    let host = host(&model, &[("SKILLET__LOG__LEVEL", "debug,skillet=trace")]).await;
    let reply = host.chat("ada", "hello there, how is it going?", None).await;
    let turn = host.get(&format!("/api/v1/turns/{}", text(&reply["turn_id"]))).await.ok().to_string();
    let key = crate::harness::model::API_KEY;
    assert!(!turn.contains(key) && !host.log().contains(key));
    assert!(!host.log().contains("how is it going"), "what people write is not logged");
}

#[tokio::test]
async fn skill_output_is_cut_before_it_floods_the_prompt() {
    let model = Model::start().await;
    model.then(Answer::call("big", &json!({}))).then(Answer::text("That was much."));
    let host = host(&model, &[]).await;
    let words = format!("{{\"text\": \"{}\"}}", "lorem ipsum dolor ".repeat(3_000));
    host.upload(guests::constant(&words, &Manifest::new("big"))).await.ok();
    assert_eq!(text(&host.chat("ada", "Give me everything there is", None).await["reply"]), "That was much.");
    let result = model.requests()[1]["messages"].as_array().unwrap().last().unwrap()["content"].to_string();
    assert!(result.len() < 20_000 && result.contains("[…]"), "{} bytes", result.len());
}

/// What a model was asked, and the turn, of a message that leans on one about Anna; another conversation has told of
/// her flowers.
async fn follow_up(model: &Model, by: &str) -> (Vec<Value>, Value) {
    let host = host(model, &[("SKILLET__MEMORY__REWRITES", by)]).await;
    host.chat("ada", "Anna told me on the phone that orchids are her favourite flowers", None).await;
    let about_her = host.chat("ada", "Is Anna the eldest of us?", None).await;
    let reply = host.chat("ada", "And what does she enjoy?", Some(text(&about_her["conversation"]))).await;
    assert_eq!(text(&reply["reply"]), "Orchids.");
    let turn = host.get(&format!("/api/v1/turns/{}", text(&reply["turn_id"]))).await.ok();
    (model.requests(), turn)
}

#[tokio::test]
async fn a_message_that_leans_on_the_one_before_is_looked_up_with_it() {
    let model = Model::start().await;
    model.then(Answer::text("How nice.")).then(Answer::text("I don't know.")).then(Answer::text("Orchids."));
    let (asked, turn) = follow_up(&model, "rules").await;
    assert!(asked.len() == 3 && asked[2].to_string().contains("orchids"), "{asked:#?}");
    assert!(turn.to_string().contains(r#""by":"rules""#), "{turn:#}");
}

#[tokio::test]
async fn the_small_tier_words_it_anew_where_the_owner_wants_that() {
    let model = Model::start().await;
    model.then(Answer::text("How nice.")).then(Answer::text("I don't know."));
    model.then(Answer::text("What flowers does Anna like?").usage(90, 8, 0)).then(Answer::text("Orchids."));
    let (asked, turn) = follow_up(&model, "model").await;
    let question = asked[2]["messages"][1]["content"].as_str().unwrap();
    assert_eq!(
        question,
        "Person: Is Anna the eldest of us?\nAssistant: I don't know.\n\nThe last message: And what does she enjoy?"
    );
    assert_eq!(asked[2]["temperature"], json!(0.0), "the same conversation gives the same question");
    assert!(asked[3].to_string().contains("orchids"), "{:#}", asked[3]);
    let turn = turn.to_string();
    assert!(turn.contains(r#""by":"model""#), "{turn}");
    assert!(!turn.contains("flowers does Anna"), "words of other turns stay there: {turn}");
    assert!(turn.contains(r#""purpose":"rewrite""#) && turn.contains(r#""model_calls":2"#), "{turn}");
}

#[tokio::test]
async fn where_no_model_words_it_rules_do() {
    let model = Model::start().await;
    model.then(Answer::text("How nice.")).then(Answer::text("I don't know."));
    model.then(Answer::status(400, &[])).then(Answer::text("Orchids."));
    let (asked, turn) = follow_up(&model, "model").await;
    assert!(asked[3].to_string().contains("orchids"), "{:#}", asked[3]);
    assert!(turn.to_string().contains(r#""by":"rules""#), "{turn:#}");
}

/// The database of a host that runs on SQLite.
async fn database(host: &Host) -> Db {
    Db::open(&"".into(), &host.data_dir(), 1).await.unwrap()
}

#[tokio::test]
async fn a_message_leans_on_none_of_hours_ago() {
    let model = Model::start().await;
    model
        .then(Answer::text("安娜喜欢兰花。"))
        .then(Answer::text("好的。"))
        .then(Answer::text("兰花。"))
        .then(Answer::text("谁？"));
    let host = host(&model, &[]).await;
    host.chat("ada", "安娜在电话里说她最喜欢的花是兰花", None).await;
    let first = host.chat("ada", "安娜星期天会来吗？", None).await;
    let conversation = Some(text(&first["conversation"]));
    host.chat("ada", "那她喜欢什么呢？", conversation).await;
    assert!(model.requests()[2].to_string().contains("最喜欢的花是兰花"), "{:#}", model.requests()[2]);
    let Db::Sqlite(pool, _) = database(&host).await else { panic!("it is SQLite") };
    let hours_ago = Clock::System.now() - chrono::TimeDelta::hours(3);
    sqlx::query("UPDATE messages SET created_at = $1").bind(hours_ago).execute(&pool).await.unwrap();
    let reply = host.chat("ada", "那她喜欢什么颜色呢？", conversation).await;
    let turn = host.get(&format!("/api/v1/turns/{}", text(&reply["turn_id"]))).await.ok();
    assert!(!turn.to_string().contains("rewrite"), "{turn:#}");
}

#[tokio::test]
async fn nobody_who_stands_below_the_models_has_one_asked_for_it() {
    let model = Model::start().await;
    model.then(Answer::text("I don't know.")).then(Answer::text("Nor that."));
    let host = host(&model, &[("SKILLET__MEMORY__REWRITES", "model")]).await;
    let first = host.chat("ada", "Is Anna the eldest of us?", None).await;
    let db = database(&host).await;
    let ada = db.user_named(&Clock::System, "ada").await.unwrap().id;
    let turn = text(&first["turn_id"]).parse().unwrap();
    db.set_rung(&Clock::System, (ada, turn), ("small", "retrieval"), "spent").await.unwrap();
    host.chat("ada", "And what does she enjoy?", Some(text(&first["conversation"]))).await;
    assert_eq!(model.requests().len(), 2, "an answer each, since the way up is open again");
}

#[tokio::test]
async fn the_owner_says_how_it_is_worded() {
    let model = Model::start().await;
    model
        .then(Answer::text("I don't know."))
        .then(Answer::text("What does Anna enjoy?"))
        .then(Answer::text("Flowers."));
    let host = host(&model, &[("SKILLET__MEMORY__REWRITES", "model")]).await;
    let told = json!({ "key": "prompt_rewrite", "value": "Ask it as {{ name }} would." });
    host.put("/api/v1/settings", &told).await.ok();
    let first = host.chat("ada", "Is Anna the eldest of us?", None).await;
    host.chat("ada", "And what does she enjoy?", Some(text(&first["conversation"]))).await;
    assert_eq!(model.requests()[1]["messages"][0]["content"], "Ask it as Skillet would.");
}

#[tokio::test]
async fn what_the_small_tier_is_shown_for_it_keeps_within_its_budget() {
    let model = Model::start().await;
    model.then(Answer::text(&"We talked about many flowers. ".repeat(150))).then(Answer::text("Which flowers?"));
    model.then(Answer::text("Roses."));
    let bounds = [("SKILLET__MEMORY__REWRITES", "model"), ("SKILLET__GATEWAY__TOKEN_BUDGETS__REWRITE", "500")];
    let host = host(&model, &bounds).await;
    let first = host.chat("ada", &"Tell me of gardens and of all that grows there. ".repeat(80), None).await;
    host.chat("ada", "and which of those smell?", Some(text(&first["conversation"]))).await;
    let shown = model.requests()[1]["messages"].as_array().unwrap().clone();
    let words: usize = shown.iter().map(|message| text(&message["content"]).split_whitespace().count()).sum();
    assert!((150..500).contains(&words), "{words} words");
    let question = text(&shown[1]["content"]);
    assert_eq!(question.matches("[…]").count(), 2, "both are cut: {question}");
    assert!(question.ends_with("The last message: and which of those smell?"), "{question}");
}

#[tokio::test]
async fn memory_answers_the_message_itself_when_the_model_is_away() {
    let model = Model::start().await;
    model.then(Answer::text("Noted.")).then(Answer::status(400, &[])).then(Answer::status(400, &[]));
    let host = host(&model, &[]).await;
    let first = host.chat("ada", "I prefer green tea", None).await;
    let conversation = Some(text(&first["conversation"]));
    let leaning = host.chat("ada", "and hers?", conversation).await;
    assert!(!text(&leaning["reply"]).contains("green tea"), "{}", leaning["reply"]);
    let whole = host.chat("ada", "what tea do I prefer?", conversation).await;
    assert!(text(&whole["reply"]).contains("green tea"), "{}", whole["reply"]);
}

/// A host of two tiers; who tells what is hard.
async fn two_tiers(small: &Model, large: &Model, routes: &str, more: &[(&str, &str)]) -> Host {
    let large = large.as_tier("large");
    let mut all: Vec<(&str, &str)> = large.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    all.push(("SKILLET__GATEWAY__ROUTES", routes));
    all.extend(more);
    host(small, &all).await
}

async fn turn_of(host: &Host, message: &str) -> String {
    let reply = host.chat("ada", message, None).await;
    host.get(&format!("/api/v1/turns/{}", text(&reply["turn_id"]))).await.ok().to_string()
}

#[tokio::test]
async fn the_small_tier_tells_what_is_hard_where_the_owner_wants_that() {
    let (small, large) = (Model::start().await, Model::start().await);
    small.then(Answer::text("Hard.").usage(140, 2, 0));
    large.then(Answer::text("Suppose it were rational."));
    let host = two_tiers(&small, &large, "model", &[]).await;
    let turn = turn_of(&host, "Prove that the root of 2 is irrational").await;
    let asked = small.requests();
    assert!(text(&asked[0]["messages"][0]["content"]).starts_with("Tell how hard it is"), "{asked:#?}");
    assert_eq!(asked[0]["messages"][1]["content"], "The last message: Prove that the root of 2 is irrational");
    assert_eq!(asked[0]["temperature"], json!(0.0), "the same message is judged alike");
    assert_eq!((asked.len(), large.requests().len()), (1, 1));
    assert!(turn.contains("the small model finds it hard: large tier"), "{turn}");
    assert!(turn.contains(r#""purpose":"route""#) && turn.contains(r#""model_calls":2"#), "{turn}");
}

#[tokio::test]
async fn what_it_does_not_tell_is_told_by_the_look_of_the_message() {
    let did_not_tell = "short and plain): small tier; the small model was asked and did not tell";
    for (judged, reason) in [
        (Answer::text("Not easy."), did_not_tell),
        (Answer::text("hard").cut(), did_not_tell),
        (Answer::status(400, &[]), "short and plain): small tier\""),
    ] {
        let (small, large) = (Model::start().await, Model::start().await);
        small.then(judged).then(Answer::text("Certainly."));
        let turn = turn_of(&two_tiers(&small, &large, "model", &[]).await, "Is it warm in Rome?").await;
        assert!(turn.contains("difficulty 0.00 (") && turn.contains(reason), "{turn}");
        assert_eq!((small.requests().len(), large.requests().len()), (2, 0));
    }
}

#[tokio::test]
async fn nobody_is_asked_for_a_tier_where_there_is_nothing_to_choose() {
    let (small, large) = (Model::start().await, Model::start().await);
    let asked = || (small.requests().len(), large.requests().len());
    let two = two_tiers(&small, &large, "model", &[]).await;
    large.then(Answer::text("Since 1952.")).then(Answer::text("It stops.")).then(Answer::text("Warm."));
    let first = two.chat("ada", "/deep How long has it been so?", None).await;
    turn_of(&two, "Why?\n```rust\nfn main() { loop {} }\n```").await;
    assert_eq!(asked(), (0, 2), "it was given, and it looks hard");
    let db = database(&two).await;
    let ada = db.user_named(&Clock::System, "ada").await.unwrap().id;
    db.set_tier_floor(ada, Some("large")).await.unwrap();
    turn_of(&two, "Is it warm in Rome?").await;
    assert_eq!(asked(), (0, 3), "the large tier is theirs");
    db.set_tier_floor(ada, None).await.unwrap();
    let turn = text(&first["turn_id"]).parse().unwrap();
    db.set_rung(&Clock::System, (ada, turn), ("large", "small"), "spent").await.unwrap();
    small.then(Answer::text("Quite.")).then(Answer::text("Quite.")).then(Answer::text("Quite."));
    turn_of(&two, "Is it warm in Oslo?").await;
    assert_eq!(asked(), (1, 3), "they stood on the rung of the small tier");
    turn_of(&two_tiers(&small, &large, "rules", &[]).await, "Is it warm in Rome?").await;
    turn_of(&host(&small, &[("SKILLET__GATEWAY__ROUTES", "model")]).await, "Is it warm in Rome?").await;
    assert_eq!(asked(), (3, 3), "rules tell, and there is one tier");
}

#[tokio::test]
async fn the_owner_says_how_it_is_judged_and_within_which_bound() {
    let (small, large) = (Model::start().await, Model::start().await);
    small.then(Answer::text("easy")).then(Answer::text("Quite.")).then(Answer::text("Quite."));
    let two = two_tiers(&small, &large, "model", &[("SKILLET__GATEWAY__TOKEN_BUDGETS__ROUTE", "500")]).await;
    let told = async |value: &str| {
        two.put("/api/v1/settings", &json!({ "key": "prompt_route", "value": value })).await.ok();
    };
    told("Judge as {{ name }} would.").await;
    turn_of(&two, "Is it warm in Rome?").await;
    assert_eq!(small.requests()[0]["messages"][0]["content"], "Judge as Skillet would.");
    told(&"Judge it well. ".repeat(123)).await;
    turn_of(&two, "Is it warm in Oslo?").await;
    assert_eq!(small.requests().len(), 3, "no room for a message is left");
}
