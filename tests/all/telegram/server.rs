//! The scripted Bot API is a fair one: what it refuses the real one refuses, and it hands out updates
//! as the real one does.

use serde_json::{Value, json};

use crate::harness::telegram::{CONFLICT, Fault, Media, TOKEN, Telegram, person};

struct Bot<'a>(&'a Telegram, reqwest::Client);

impl<'a> Bot<'a> {
    fn of(telegram: &'a Telegram) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self(telegram, reqwest::Client::builder().no_proxy().build().unwrap())
    }

    async fn try_call(&self, method: &str, body: &Value) -> reqwest::Result<Value> {
        let url = format!("{}/bot{TOKEN}/{method}", self.0.url());
        self.1.post(url).json(body).send().await?.json().await
    }

    async fn call(&self, method: &str, body: Value) -> Value {
        self.try_call(method, &body).await.unwrap()
    }

    async fn updates(&self, body: Value) -> Vec<i64> {
        let answer = self.call("getUpdates", body).await;
        let updates = answer["result"].as_array().unwrap_or_else(|| panic!("{answer}"));
        updates.iter().map(|update| update["update_id"].as_i64().unwrap()).collect()
    }
}

#[tokio::test]
async fn updates_stay_until_an_offset_confirms_them() {
    let telegram = Telegram::start().await;
    let (bot, ada) = (Bot::of(&telegram), person(7, "Ada"));
    telegram.next_update_id(10);
    for text in ["one", "two", "three"] {
        telegram.write(&ada, text);
    }
    assert_eq!(bot.updates(json!({ "limit": 2 })).await, [10, 11]);
    assert_eq!(bot.updates(json!({})).await, [10, 11, 12]);
    assert_eq!(bot.updates(json!({ "offset": 12 })).await, [12]);
    assert_eq!(bot.updates(json!({})).await, [12], "the lower ones are forgotten");
    assert!(bot.updates(json!({ "offset": 13 })).await.is_empty());
    telegram.confirmed(12).await;
    telegram.redeliver(11);
    assert_eq!(bot.updates(json!({ "offset": 13 })).await, [11]);
    assert!(bot.updates(json!({ "offset": 13 })).await.is_empty());
    // A numbering that begins anew.
    telegram.next_update_id(1);
    telegram.write(&ada, "a week later");
    assert_eq!(bot.updates(json!({ "offset": 13 })).await, [1]);
    telegram.write(&ada, "the last one");
    assert_eq!(bot.updates(json!({ "offset": -1 })).await, [2]);
    assert_eq!(bot.updates(json!({})).await, [2]);
}

#[tokio::test]
async fn a_poll_waits_and_the_newest_one_wins() {
    let telegram = Telegram::start().await;
    let (bot, ada) = (Bot::of(&telegram), person(7, "Ada"));
    let long = json!({ "timeout": 50, "allowed_updates": ["message"] });
    let wake = async {
        telegram.wait_calls("getUpdates", 1).await;
        telegram.press(&ada, 7, telegram.messages(7)[0].id, "x");
        telegram.write(&ada, "wake up")
    };
    telegram.write(&ada, "hello");
    assert_eq!(bot.updates(json!({ "offset": -1 })).await.len(), 1);
    bot.call("sendMessage", json!({ "chat_id": 7, "text": "hi" })).await;
    let wanted = bot.updates(json!({ "offset": 500_000_002, "allowed_updates": ["message"] })).await;
    assert!(wanted.is_empty());
    let mut polling = long.clone();
    polling["offset"] = json!(500_000_002);
    let (updates, sent) = tokio::join!(bot.updates(polling.clone()), wake);
    assert_eq!(updates, [sent.update_id], "a press was not asked for");

    polling["offset"] = json!(sent.update_id + 1);
    let polls = telegram.calls("getUpdates").len();
    let newest = async {
        telegram.wait_calls("getUpdates", polls + 1).await;
        bot.call("getUpdates", json!({ "offset": sent.update_id + 1 })).await
    };
    let (old, new) = tokio::join!(bot.call("getUpdates", polling), newest);
    assert_eq!((&old["error_code"], &old["description"]), (&json!(409), &json!(CONFLICT)));
    assert_eq!(new["ok"], true);
}

#[tokio::test]
async fn messages_are_checked() {
    let telegram = Telegram::start().await;
    let bot = Bot::of(&telegram);
    telegram.write(&person(7, "Ada"), "hello");
    let bold = |offset: u64, length: u64| json!({ "type": "bold", "offset": offset, "length": length });
    let code = json!({ "type": "code", "offset": 1, "length": 2 });
    let keys = |data: &str| json!({ "inline_keyboard": [[{ "text": "Yes", "callback_data": data }]] });
    for (body, wrong) in [
        (json!({ "text": "😀 fine", "entities": [bold(0, 2), bold(3, 4)], "reply_markup": keys("y") }), None),
        (json!({ "text": "字".repeat(4096) }), None),
        (json!({ "text": "x", "reply_parameters": { "message_id": 1 } }), None),
        (json!({ "text": "字".repeat(4097) }), Some("too long")),
        (json!({ "text": " \n" }), Some("text is empty")),
        (json!({ "text": "x", "chat_id": 8 }), Some("chat not found")),
        (json!({ "text": "x", "entities": [bold(0, 2)] }), Some("after the end")),
        (json!({ "text": "😀", "entities": [bold(1, 1)] }), Some("middle")),
        (
            json!({ "text": "abcdef", "entities": [bold(0, 4), { "type": "italic", "offset": 2, "length": 4 }] }),
            Some("overlap"),
        ),
        (json!({ "text": "abcdef", "entities": [bold(0, 4), code] }), Some("code")),
        (json!({ "text": "x", "entities": [{ "type": "loud", "offset": 0, "length": 1 }] }), Some("unsupported")),
        (
            json!({ "text": "x", "entities": [{ "type": "text_link", "offset": 0, "length": 1, "url": "x" }] }),
            Some("link"),
        ),
        (json!({ "text": "x", "parse_mode": "Markdown" }), Some("parse_mode")),
        (json!({ "text": "x", "reply_parameters": { "message_id": 99 } }), Some("replied not found")),
        (json!({ "text": "x", "message_thread_id": 3 }), Some("thread not found")),
        (json!({ "text": "x", "reply_markup": keys(&"d".repeat(65)) }), Some("BUTTON_DATA_INVALID")),
        (json!({ "text": "x", "reply_markup": keys("") }), Some("BUTTON_DATA_INVALID")),
    ] {
        let mut whole = json!({ "chat_id": 7 });
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        let answer = bot.call("SendMessage", whole).await;
        let complaints = telegram.take_complaints();
        match wrong {
            None => assert!(answer["ok"] == true && complaints.is_empty(), "{body}: {answer}"),
            Some(part) => {
                assert!(answer["description"].as_str().unwrap().contains(part), "{body}: {answer}");
                assert_eq!(complaints.len(), 1);
            }
        }
    }
}

#[tokio::test]
async fn an_edit_changes_one_message_and_must_change_it() {
    let telegram = Telegram::start().await;
    let bot = Bot::of(&telegram);
    telegram.write(&person(7, "Ada"), "hello");
    let keys = json!({ "inline_keyboard": [[{ "text": "Yes", "callback_data": "y" }]] });
    let sent = bot.call("sendMessage", json!({ "chat_id": 7, "text": "one", "reply_markup": keys })).await;
    let id = sent["result"]["message_id"].clone();
    let same = json!({ "chat_id": 7, "message_id": id, "text": "one", "reply_markup": keys });
    assert!(bot.call("editMessageText", same).await["description"].to_string().contains("not modified"));
    bot.call("editMessageText", json!({ "chat_id": 7, "message_id": id, "text": "two" })).await;
    let said = telegram.messages(7);
    assert_eq!((said.len(), said[0].text.as_str(), said[0].earlier.as_slice()), (1, "two", &["one".to_owned()][..]));
    assert!(!said[0].has_buttons(), "an edit without buttons takes them away");
    assert!(telegram.take_complaints().is_empty());
    bot.call("editMessageText", json!({ "chat_id": 7, "message_id": 1, "text": "mine now" })).await;
    bot.call("answerCallbackQuery", json!({ "callback_query_id": "1" })).await;
    assert_eq!(telegram.take_complaints().len(), 2);
}

#[tokio::test]
async fn files_come_and_go() {
    let telegram = Telegram::start().await;
    let bot = Bot::of(&telegram);
    telegram.send(&person(7, "Ada").sends(Media::document("a.txt", "text/plain", b"content")));
    let update = bot.call("getUpdates", json!({})).await["result"][0].clone();
    let file = bot.call("getFile", json!({ "file_id": update["message"]["document"]["file_id"] })).await;
    let url = format!("{}/file/bot{TOKEN}/{}", telegram.url(), file["result"]["file_path"].as_str().unwrap());
    assert_eq!(bot.1.get(url).send().await.unwrap().bytes().await.unwrap(), &b"content"[..]);
    let body = "--b\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n7\r\n\
        --b\r\nContent-Disposition: form-data; name=\"document\"\r\n\r\nattach://f\r\n\
        --b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"b.bin\"\r\n\r\n\0\r\n--\r\n\r\n--b--\r\n";
    let url = format!("{}/bot{TOKEN}/sendDocument", telegram.url());
    let sent =
        bot.1.post(url).header("content-type", "multipart/form-data; boundary=b").body(body).send().await.unwrap();
    assert_eq!(sent.status(), 200);
    assert_eq!(telegram.messages(7)[0].file.as_ref().unwrap().bytes, b"\0\r\n--\r\n");
}

#[tokio::test]
async fn it_fails_as_it_is_told() {
    let mut telegram = Telegram::start().await;
    let bot = Bot::of(&telegram);
    telegram.write(&person(7, "Ada"), "hello");
    let hello = json!({ "chat_id": 7, "text": "hello" });
    telegram.failing("sendMessage").with(Fault::retry_after(3));
    assert_eq!(bot.call("sendMessage", hello.clone()).await["parameters"]["retry_after"], 3);
    telegram.failing("sendMessage").with(Fault::Reset);
    assert!(bot.try_call("sendMessage", &hello).await.is_err());
    assert!(telegram.messages(7).is_empty());
    telegram.failing("sendMessage").with(Fault::ResetAfter);
    assert!(bot.try_call("sendMessage", &hello).await.is_err());
    assert_eq!(telegram.messages(7).len(), 1);
    telegram.block(7);
    assert_eq!(bot.call("sendMessage", hello.clone()).await["error_code"], 403);
    telegram.unblock(7);

    let held = telegram.hold_answer("sendMessage", |call| call.text() == "hello");
    let after = async {
        held.arrived(1).await;
        let count = telegram.messages(7).len();
        held.release();
        count
    };
    let (_, count) = tokio::join!(bot.call("sendMessage", hello.clone()), after);
    assert_eq!(count, 2, "it has taken effect before it is answered");

    telegram.revoke();
    assert_eq!(
        bot.call("getMe", json!({})).await,
        json!({ "ok": false, "error_code": 401, "description": "Unauthorized" })
    );
    telegram.restore();
    let client = bot.1;
    telegram.down().await;
    let url = format!("{}/bot{TOKEN}/getMe", telegram.url());
    assert!(client.get(&url).send().await.unwrap_err().is_connect());
    telegram.up().await;
    assert_eq!(client.get(&url).send().await.unwrap().status(), 200);
}
