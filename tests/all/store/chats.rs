//! Chats on Telegram.

use skillet::store::{Channel, ChatAddress, ChatKind};

use super::{
    deliveries::delivery,
    outbox::{next, say, send},
};
use crate::harness::db::{TestDb, both, new_chat};

both!(
    a_chat_has_one_conversation,
    a_chat_begins_anew,
    a_topic_is_a_chat_of_its_own,
    a_chat_that_changes_hands_begins_anew,
    a_person_is_written_to_in_one_chat,
    a_group_moves,
    a_group_that_is_there_already_is_not_moved_over,
);

async fn a_chat_has_one_conversation(db: TestDb) {
    let ada = db.person("ada").await;
    let address = ChatAddress { chat_id: 7, thread_id: 0 };
    assert!(db.chat(address).await.unwrap().is_none());
    let chat = db.chat_with(ada, 7).await;
    assert_eq!((chat.chat_id, chat.thread_id, chat.kind, chat.user_id), (7, 0, ChatKind::Private, ada));
    assert_eq!((chat.title.as_str(), chat.created_at), ("chat 7", db.clock.now()));
    db.tick();
    assert_eq!(db.chat_with(ada, 7).await.conversation_id, chat.conversation_id);
    let found = db.chat(address).await.unwrap().unwrap();
    assert_eq!((found.conversation_id, found.created_at), (chat.conversation_id, chat.created_at));

    let talks = db.conversations(ada, 10).await.unwrap();
    assert_eq!(talks.len(), 1);
    assert_eq!(
        (talks[0].id, talks[0].channel, talks[0].title.as_str()),
        (chat.conversation_id, Channel::Telegram, "chat 7")
    );
}

async fn a_chat_begins_anew(db: TestDb) {
    let ada = db.person("ada").await;
    let first = db.chat_with(ada, 7).await;
    db.tick();
    let mut new = new_chat(ada, 7, 0);
    new.title = "Ada 二".into();
    db.link_telegram(ada, Some(7)).await.unwrap();
    let second = db.renew_chat(&db.clock, &new).await.unwrap();
    assert_ne!(second.conversation_id, first.conversation_id);
    assert_eq!((second.title.as_str(), second.created_at), ("Ada 二", first.created_at), "it is the same chat");
    assert_eq!(db.chat_with(ada, 7).await.conversation_id, second.conversation_id);
    assert_eq!(db.chats().await.unwrap().len(), 1);
    assert!(db.conversation(first.conversation_id).await.unwrap().is_some(), "what was said stays");
}

async fn a_topic_is_a_chat_of_its_own(db: TestDb) {
    let (group, ada) = (db.person("a group").await, db.person("ada").await);
    db.link_telegram(group, Some(-7)).await.unwrap();
    db.link_telegram(ada, Some(9)).await.unwrap();
    let main = db.chat_with(group, -7).await;
    let topic = db.chat_at(&db.clock, &new_chat(group, -7, 3)).await.unwrap();
    assert_eq!((main.kind, topic.kind, topic.thread_id), (ChatKind::Group, ChatKind::Group, 3));
    assert_ne!(main.conversation_id, topic.conversation_id);
    db.chat_with(ada, 9).await;
    let all: Vec<(i64, i64)> = db.chats().await.unwrap().iter().map(|chat| (chat.chat_id, chat.thread_id)).collect();
    assert_eq!(all, [(-7, 0), (-7, 3), (9, 0)]);
}

/// Who is behind a chat now does not go on with what another person said there.
async fn a_chat_that_changes_hands_begins_anew(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    let before = db.chat_with(ada, 7).await;
    let after = db.chat_with(bo, 7).await;
    assert_eq!(after.user_id, bo);
    assert_ne!(after.conversation_id, before.conversation_id);
    assert_eq!(db.conversation(after.conversation_id).await.unwrap().unwrap().user_id, bo);
    assert!(db.chat_of(ada).await.unwrap().is_none());
}

async fn a_person_is_written_to_in_one_chat(db: TestDb) {
    let (ada, group) = (db.person("ada").await, db.person("a group").await);
    assert!(db.chat_of(ada).await.unwrap().is_none());
    let chat = db.chat_with(ada, 7).await;
    assert!(db.chat_of(ada).await.unwrap().is_none(), "they are not linked to it");
    db.link_telegram(ada, Some(7)).await.unwrap();
    db.link_telegram(group, Some(-7)).await.unwrap();
    assert_eq!(db.chat_of(ada).await.unwrap().unwrap().conversation_id, chat.conversation_id);
    db.chat_at(&db.clock, &new_chat(group, -7, 3)).await.unwrap();
    assert_eq!(db.chat_of(group).await.unwrap().unwrap().thread_id, 3);
    db.tick();
    db.chat_with(group, -7).await;
    assert_eq!(db.chat_of(group).await.unwrap().unwrap().thread_id, 0, "outside the topics, where that is possible");
}

async fn a_group_moves(db: TestDb) {
    let group = db.person("a group").await;
    db.link_telegram(group, Some(-7)).await.unwrap();
    let before = db.chat_with(group, -7).await;
    let topic = db.chat_at(&db.clock, &new_chat(group, -7, 3)).await.unwrap();
    for (key, chat) in [("sent", -7), ("waits", -7), ("elsewhere", 8)] {
        say(&db, key, chat).await;
    }
    send(&db, "sent").await;

    db.move_chat(-7, -1007).await.unwrap();
    assert!(db.user_on_telegram(-7).await.unwrap().is_none());
    assert_eq!(db.user_on_telegram(-1007).await.unwrap().unwrap().id, group);
    assert!(db.chat(ChatAddress { chat_id: -7, thread_id: 0 }).await.unwrap().is_none());
    assert_eq!(db.chat_with(group, -1007).await.conversation_id, before.conversation_id, "the talk goes on");
    assert_eq!(db.chats().await.unwrap().len(), 2);
    assert_eq!(next(&db).await, ["waits", "elsewhere"]);
    let remind = delivery("remind", topic.conversation_id, "喝水");
    assert!(db.deliver(&db.clock, &remind).await.unwrap().is_some());
    let chats = db.rows("SELECT key || ' ' || CAST(chat_id AS TEXT) FROM outbox ORDER BY id").await;
    assert_eq!(chats, ["sent -7", "waits -1007", "elsewhere 8", "remind -1007"], "what was sent was sent there");
    db.move_chat(-7, -1007).await.unwrap();
    assert_eq!(db.user_on_telegram(-1007).await.unwrap().unwrap().id, group, "Telegram says it more than once");
}

/// Somebody wrote under the new id before Telegram told of the move.
async fn a_group_that_is_there_already_is_not_moved_over(db: TestDb) {
    let (old, new) = (db.person("old").await, db.person("new").await);
    db.link_telegram(old, Some(-7)).await.unwrap();
    db.link_telegram(new, Some(-1007)).await.unwrap();
    db.chat_with(old, -7).await;
    let topic = db.chat_at(&db.clock, &new_chat(old, -7, 3)).await.unwrap();
    let here = db.chat_with(new, -1007).await;
    db.move_chat(-7, -1007).await.unwrap();
    assert_eq!(db.user_on_telegram(-1007).await.unwrap().unwrap().id, new);
    assert!(db.user_on_telegram(-7).await.unwrap().is_none());
    assert_eq!(db.chat_with(new, -1007).await.conversation_id, here.conversation_id);
    let address = ChatAddress { chat_id: -1007, thread_id: 3 };
    assert_eq!(db.chat(address).await.unwrap().unwrap().conversation_id, topic.conversation_id);
    assert_eq!(db.chats().await.unwrap().len(), 1, "the topic is of somebody who is not linked");
}
