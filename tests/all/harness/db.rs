//! A fresh database per test, on both engines from one list of tests.

use chrono::{DateTime, Duration, Utc};
use secrecy::{ExposeSecret, SecretString};
use skillet::{
    clock::Clock,
    ids::{ConversationId, FactId, HostId, TurnId, UserId},
    store::{
        Channel, Chat, ChatAddress, ChatKind, Db, Ending, Erasure, FactClass, Incoming, NewChat, NewFact, NewUpdate,
        Notice, Turn, Words,
    },
};
use std::ops::Deref;
use tempfile::TempDir;

use super::postgres;

/// Makes `sqlite::name` and `postgres::name` of each listed `async fn name(db: TestDb)`. A function
/// that is not listed is dead code, which the lints report.
macro_rules! both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $name() { $crate::harness::db::on_sqlite(super::$name); })*
        }
        mod postgres {
            $(#[test] fn $name() { $crate::harness::db::on_postgres(stringify!($name), super::$name); })*
        }
    };
}
pub(crate) use both;

/// A database of its own for one test. Methods of [`Db`] are called on it directly.
pub struct TestDb {
    pub clock: Clock,
    db: Db,
    url: SecretString,
    folder: TempDir,
}

impl Deref for TestDb {
    type Target = Db;
    fn deref(&self) -> &Db {
        &self.db
    }
}

/// Runs a test on SQLite.
pub fn on_sqlite<F: Future<Output = ()>>(test: impl FnOnce(TestDb) -> F) {
    runtime().block_on(async { test(TestDb::sqlite().await).await });
}

/// Runs a test on Postgres, where there is one.
pub fn on_postgres<F: Future<Output = ()>>(name: &str, test: impl FnOnce(TestDb) -> F) {
    runtime().block_on(async {
        let Some(db) = TestDb::postgres(name).await else { return };
        let url = db.url.clone();
        test(db).await;
        // A failed test keeps its database, to be looked at while the server is up.
        postgres::drop_database(url.expose_secret()).await;
    });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap()
}

impl TestDb {
    /// A file of its own.
    pub async fn sqlite() -> Self {
        Self::open("").await
    }

    /// A database of its own on the throw-away server; without a server it says so and gives none.
    pub async fn postgres(test: &str) -> Option<Self> {
        let Some(server) = postgres::server() else {
            postgres::say_skipped(test);
            return None;
        };
        Some(Self::open(&postgres::database(server).await).await)
    }

    async fn open(url: &str) -> Self {
        let (url, folder) = (SecretString::from(url), tempfile::tempdir().unwrap());
        let db = Db::open(&url, folder.path(), 8).await.unwrap();
        Self { clock: Clock::manual("2026-03-01T08:00:00Z".parse().unwrap()), db, url, folder }
    }

    /// The URL of a Postgres database; empty on SQLite.
    pub fn url(&self) -> &str {
        self.url.expose_secret()
    }

    /// Removes a Postgres database that `both!` does not know of.
    pub async fn remove(self) {
        postgres::drop_database(self.url()).await;
    }

    /// The same database as another process would open it.
    pub async fn another(&self) -> Db {
        Db::open(&self.url, self.folder.path(), 8).await.unwrap()
    }

    /// The first column of what a statement finds, for what no method of the store tells.
    pub async fn rows(&self, statement: &'static str) -> Vec<String> {
        match &self.db {
            Db::Sqlite(pool, _) => sqlx::query_scalar(statement).fetch_all(pool).await.unwrap(),
            Db::Postgres(pool) => sqlx::query_scalar(statement).fetch_all(pool).await.unwrap(),
        }
    }

    /// Runs a statement that no method of the store makes.
    pub async fn run(&self, statement: &'static str) {
        match &self.db {
            Db::Sqlite(pool, _) => drop(sqlx::query(statement).execute(pool).await.unwrap()),
            Db::Postgres(pool) => drop(sqlx::query(statement).execute(pool).await.unwrap()),
        }
    }

    /// Moves the clock on, so that what comes next is later than what came before.
    pub fn tick(&self) -> DateTime<Utc> {
        self.clock.advance(Duration::seconds(1));
        self.clock.now()
    }

    pub fn host(&self) -> HostId {
        HostId::new(&self.clock)
    }

    pub async fn person(&self, name: &str) -> UserId {
        self.user_named(&self.clock, name).await.unwrap().id
    }

    pub async fn talk(&self, user: UserId) -> ConversationId {
        self.create_conversation(&self.clock, user, Channel::Web, "a talk").await.unwrap()
    }

    /// The chat that a person has with the agent on Telegram.
    pub async fn chat_with(&self, user: UserId, chat_id: i64) -> Chat {
        self.chat_at(&self.clock, &new_chat(user, chat_id, 0)).await.unwrap()
    }

    /// Keeps updates of these numbers, as the only host; how many were new.
    pub async fn updates_come(&self, numbers: &[i64]) -> usize {
        let (host, end) = (self.host(), self.clock.now() + Duration::seconds(1));
        let number = self.take_lease(&self.clock, &host.to_string(), host, end).await.unwrap().unwrap();
        let batch: Vec<NewUpdate> = numbers.iter().map(|number| update(*number)).collect();
        self.keep_updates(&self.clock, (&host.to_string(), host, number), &batch).await.unwrap().unwrap()
    }

    /// A message that waits to be answered, in a conversation of its own.
    /// How many rows of the index hold a word of a person.
    pub async fn found(&self, user: UserId, word: &str) -> usize {
        let postings = self.postings(user, &[word.to_owned()]).await.unwrap();
        postings.iter().map(|posting| posting.rows.len()).sum()
    }

    /// Erases what stands under the key of a fact; false when there is no such fact.
    pub async fn forget(&self, id: FactId) -> bool {
        let Some(fact) = self.fact(id).await.unwrap() else { return false };
        let erasure = Erasure {
            user: fact.user_id,
            words: Words::new([]),
            keys: vec![fact.key],
            turns: Vec::new(),
            episodes: Vec::new(),
            hashes: Vec::new(),
            index: &str::to_owned,
        };
        !self.erase(&self.clock, &erasure).await.unwrap().is_nothing()
    }

    pub async fn waiting_turn(&self, user: UserId) -> TurnId {
        let conversation = self.talk(user).await;
        let incoming = incoming(user, conversation, &conversation.to_string(), "hello");
        self.accept(&self.clock, &incoming).await.unwrap().turn()
    }

    /// A message that was answered.
    pub async fn answered_turn(&self, user: UserId) -> Turn {
        let (id, host) = (self.waiting_turn(user).await, self.host());
        let turn = self.lease_turn(&self.clock, host).await.unwrap().unwrap();
        assert_eq!(turn.id, id, "no other turn waits");
        assert!(self.end_turn(&self.clock, &turn, host, &ending("hi")).await.unwrap());
        self.turn(id).await.unwrap().unwrap()
    }
}

pub fn incoming(user: UserId, conversation: ConversationId, key: &str, text: &str) -> Incoming {
    Incoming {
        key: key.into(),
        channel: Channel::Web,
        user,
        conversation,
        text: text.into(),
        locale: "en".into(),
        meta: serde_json::json!({}),
        files: Vec::new(),
        reply: None,
        updates: Vec::new(),
    }
}

/// A fact that a person has said, found by its key and value.
pub fn fact(user: UserId, key: &str, value: &str) -> NewFact {
    NewFact {
        user,
        key: key.into(),
        value_text: value.into(),
        value_json: serde_json::json!({ "value": value }),
        meaning: value.to_lowercase(),
        class: FactClass::Fact,
        since: None,
        expires_at: None,
        source_turn: None,
        said_by: "user",
        confidence: 0.9,
        words: format!("{key} {value}"),
        forgettings: None,
    }
}

pub fn new_chat(user: UserId, chat_id: i64, thread_id: i64) -> NewChat {
    let kind = if chat_id < 0 { ChatKind::Group } else { ChatKind::Private };
    NewChat { address: ChatAddress { chat_id, thread_id }, kind, user, title: format!("chat {chat_id}") }
}

pub fn notice(key: &str, chat_id: i64, text: &str) -> Notice {
    Notice {
        key: key.into(),
        address: ChatAddress { chat_id, thread_id: 0 },
        text: text.into(),
        buttons: Vec::new(),
        locale: "en".into(),
        edits: None,
    }
}

/// An update of Telegram, under the key `update N`.
pub fn update(number: i64) -> NewUpdate {
    NewUpdate {
        key: format!("update {number}"),
        chat_id: Some(7),
        number,
        album: None,
        payload: serde_json::json!({ "update_id": number, "text": "你好" }),
    }
}

pub fn ending(reply: &str) -> Ending {
    Ending {
        reply: reply.into(),
        meta: serde_json::json!({ "route": "direct" }),
        route: "direct".into(),
        route_reason: "a test".into(),
        tier: "none".into(),
        rung: "template".into(),
        trace: serde_json::json!([{ "step": "route", "ms": 1 }]),
        error: None,
        jobs: Vec::new(),
        forgettings: None,
    }
}
