//! What is said in a conversation without being asked: where it goes, and that it is said once.

use futures_util::future::join_all;
use serde_json::json;
use skillet::{
    ids::ConversationId,
    store::{Button, Db, Delivery, OutboxStatus},
};

use super::outbox::{next, take};
use crate::harness::db::{TestDb, both, incoming, new_chat};

both!(
    a_delivery_on_the_web_is_there_at_once,
    a_delivery_on_telegram_waits_to_be_sent,
    a_delivery_of_many_hosts_is_made_once,
    a_person_is_reached_on_telegram_first,
    an_earlier_phone_hears_nothing_more,
);

pub fn delivery(key: &str, conversation: ConversationId, text: &str) -> Delivery {
    Delivery {
        key: key.into(),
        conversation,
        text: text.into(),
        meta: json!({ "reminder": true }),
        buttons: vec![vec![Button { label: "完成".into(), data: "done:1".into() }]],
        locale: "zh".into(),
    }
}

async fn a_delivery_on_the_web_is_there_at_once(db: TestDb) {
    let ada = db.person("ada").await;
    let talk = db.talk(ada).await;
    let now = db.tick();
    assert_eq!(db.delivery_status("remind:1").await.unwrap(), None);
    let message = db.deliver(&db.clock, &delivery("remind:1", talk, "喝水")).await.unwrap().unwrap();
    assert_eq!(db.delivery_status("remind:1").await.unwrap(), Some(OutboxStatus::Sent));
    assert!(db.outgoing(10).await.unwrap().is_empty());
    assert!(db.unsent(10).await.unwrap().is_empty());

    db.tick();
    assert_eq!(db.deliver(&db.clock, &delivery("remind:1", talk, "again")).await.unwrap(), None);
    let messages = db.messages(talk, 10).await.unwrap();
    assert_eq!(messages.len(), 1);
    assert_eq!((messages[0].id, messages[0].turn_id, messages[0].created_at), (message, None, now));
    assert_eq!((messages[0].role.as_str(), messages[0].content.as_str()), ("assistant", "喝水"));
    assert_eq!(messages[0].meta.0, json!({ "reminder": true }));
    assert_eq!(db.conversation(talk).await.unwrap().unwrap().updated_at, now);

    let nowhere = delivery("remind:2", ConversationId::new(&db.clock), "x");
    db.deliver(&db.clock, &nowhere).await.unwrap_err();
    assert_eq!(db.delivery_status("remind:2").await.unwrap(), None);
}

async fn a_delivery_on_telegram_waits_to_be_sent(db: TestDb) {
    let group = db.person("a group").await;
    db.link_telegram(group, Some(-7)).await.unwrap();
    let topic = db.chat_at(&db.clock, &new_chat(group, -7, 3)).await.unwrap();
    let remind = delivery("remind:1", topic.conversation_id, "喝水");
    assert!(db.deliver(&db.clock, &remind).await.unwrap().is_some());
    assert_eq!(db.deliver(&db.clock, &remind).await.unwrap(), None);
    assert_eq!(db.delivery_status("remind:1").await.unwrap(), Some(OutboxStatus::Pending));
    assert_eq!(next(&db).await, ["remind:1"]);
    let out = take(&db, db.host(), "remind:1").await;
    assert_eq!((out.chat_id, out.thread_id, out.reply_to), (-7, 3, None));
    assert_eq!((out.text.as_str(), &out.buttons.0, out.locale.as_str()), ("喝水", &remind.buttons, "zh"));
    assert_eq!(db.messages(topic.conversation_id, 10).await.unwrap().len(), 1);
}

async fn a_delivery_of_many_hosts_is_made_once(db: TestDb) {
    let (ada, other) = (db.person("ada").await, db.another().await);
    let hosts: [&Db; 2] = [&db, &other];
    db.link_telegram(ada, Some(7)).await.unwrap();
    let remind = delivery("remind:1", db.chat_with(ada, 7).await.conversation_id, "喝水");
    let made = join_all((0..6).map(|n| hosts[n % 2].deliver(&db.clock, &remind))).await;
    assert_eq!(made.into_iter().filter_map(Result::unwrap).count(), 1);
    assert_eq!(db.messages(remind.conversation, 10).await.unwrap().len(), 1);
    assert_eq!(next(&db).await, ["remind:1"]);
}

async fn a_person_is_reached_on_telegram_first(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    assert_eq!(db.home_of(ada).await.unwrap(), None);
    let first = db.talk(ada).await;
    db.tick();
    let second = db.talk(ada).await;
    assert_eq!(db.home_of(ada).await.unwrap(), Some(second));
    db.tick();
    db.accept(&db.clock, &incoming(ada, first, "1", "again")).await.unwrap();
    assert_eq!(db.home_of(ada).await.unwrap(), Some(first), "the one that was used last");
    let chat = db.chat_with(ada, 7).await;
    db.link_telegram(ada, Some(7)).await.unwrap();
    db.tick();
    db.accept(&db.clock, &incoming(ada, second, "2", "again")).await.unwrap();
    assert_eq!(db.home_of(ada).await.unwrap(), Some(chat.conversation_id));
    let renewed = db.renew_chat(&db.clock, &new_chat(ada, 7, 0)).await.unwrap();
    db.accept(&db.clock, &incoming(ada, chat.conversation_id, "3", "on a page")).await.unwrap();
    assert_eq!(db.home_of(ada).await.unwrap(), Some(renewed.conversation_id), "what the chat is in now");
    assert_eq!(db.home_of(bo).await.unwrap(), None);
}

/// The owner has another account, or a member was unlinked: who has the old one is a stranger.
async fn an_earlier_phone_hears_nothing_more(db: TestDb) {
    let ada = db.person("ada").await;
    db.link_telegram(ada, Some(7)).await.unwrap();
    let old = db.chat_with(ada, 7).await;
    assert_eq!(db.place_of(ada, Some(old.conversation_id)).await.unwrap(), Some(old.conversation_id));
    db.tick();
    db.link_telegram(ada, Some(8)).await.unwrap();
    assert_eq!(
        db.place_of(ada, Some(old.conversation_id)).await.unwrap(),
        Some(old.conversation_id),
        "there is no other"
    );
    let new = db.chat_with(ada, 8).await;
    db.tick();
    // What is said on a page of the old conversation makes it the one that was used last.
    db.accept(&db.clock, &incoming(ada, old.conversation_id, "1", "on a page")).await.unwrap();

    assert_eq!(db.home_of(ada).await.unwrap(), Some(new.conversation_id));
    assert_eq!(db.place_of(ada, Some(old.conversation_id)).await.unwrap(), Some(new.conversation_id));
    assert_eq!(db.chat_of(ada).await.unwrap().unwrap().chat_id, 8);
    assert_eq!(db.chats().await.unwrap().len(), 1);
    assert!(db.deliver(&db.clock, &delivery("remind", old.conversation_id, "喝水")).await.unwrap().is_some());
    assert!(next(&db).await.is_empty(), "it is written, and not sent");
    assert_eq!(db.delivery_status("remind").await.unwrap(), Some(OutboxStatus::Sent));

    let talk = db.talk(ada).await;
    assert_eq!(db.place_of(ada, Some(talk)).await.unwrap(), Some(talk), "what began on the web goes there");
    let bo = db.person("bo").await;
    assert_eq!(db.place_of(bo, Some(talk)).await.unwrap(), None, "not to somebody else");
    db.link_telegram(ada, None).await.unwrap();
    assert!(db.chat_of(ada).await.unwrap().is_none());
    assert_eq!(db.home_of(ada).await.unwrap(), Some(talk), "a page rather than a chat of a stranger");
}
