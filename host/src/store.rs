//! The database: the only place that names sqlx, and rusqlite for the books.
//!
//! A method is a use ("finish a turn"), not a table access, takes and returns domain types, and is
//! written once for both engines, but for the books, whose pace needs the way that fits each engine. A write
//! carries its own condition; nothing is read, computed in Rust and written back. Each method has a contract test
//! that runs on SQLite and on Postgres.

mod approvals;
mod attempts;
mod audit;
mod budgets;
mod calls;
mod chats;
mod columns;
mod conversations;
mod deliveries;
mod digest;
mod drafts;
mod erasure;
mod exchange;
mod facts;
mod files;
mod foldings;
mod grants;
mod job_changes;
mod job_leases;
mod jobs;
mod kv;
mod leases;
mod ledger;
mod listen;
mod memories;
mod memory_rules;
mod model_calls;
mod outbox;
mod pairings;
mod prices;
mod recordings;
mod retention;
mod rungs;
mod scribe;
mod search;
mod search_rows;
mod secrets;
mod sessions;
mod settings;
mod skills;
mod tokens;
mod turns;
mod updates;
mod usage;
mod users;
mod vectors;
mod versions;
mod working;

pub use approvals::{Approval, ApprovalKind, ApprovalStatus, MAX_PENDING, MAX_PENDING_OF_ONE, NewApproval};
pub use attempts::{Attempts, TurnCost};
pub use audit::AuditEntry;
pub use budgets::{Budget, BudgetScope, BudgetWindow, Counter, CounterKey, NewBudget};
pub use calls::{CallEnd, CallRecord, CallStart, Started};
pub use chats::{Chat, ChatKind, NewChat};
pub use conversations::{Channel, Conversation, Message};
pub use deliveries::Delivery;
pub use erasure::{Erased, Erasure, FORGOTTEN, Words};
pub use exchange::{Brought, BroughtEpisode, BroughtFact};
pub use facts::{FACTS_PER_TURN, Fact, FactClass, NewFact, Written};
pub use files::{FileRow, NewFile};
pub use foldings::{FoldedSpan, Folding, Merged, NewFolding};
pub use grants::{Grant, Yes};
pub use job_changes::JobEdit;
pub use job_leases::RunEnd;
pub use jobs::{Job, JobRun, JobStatus, Missed, NewJob};
pub use kv::KV_BYTES_PER_USER;
pub use leases::LeaseRow;
pub use ledger::{Exhausted, NewReservation, Settlement};
pub use memories::{Episode, NewEpisode, Span};
pub use memory_rules::{MemoryRule, RuleKind};
pub use model_calls::{Account, ModelCallRecord, ModelCallStatus};
pub use outbox::{Button, ChatAddress, NextOut, Notice, OutboxStatus, Outgoing, Unsent};
pub use pairings::{Admission, Pairing, PairingStatus};
pub use prices::PriceRow;
pub use retention::Old;
pub use rungs::{RungChange, RungRow};
pub use scribe::Scribe;
pub use search::{Indexed, Placed, Posting, SearchKind, SearchState, SearchText};
pub use search_rows::{Searched, Stale, Unsearched};
pub use secrets::{NewSecret, SecretRow};
pub use sessions::StoredSession;
pub use settings::SettingRow;
pub use skills::SkillRow;
pub use tokens::ApiToken;
pub use turns::{Accepted, Ending, Incoming, Turn, TurnStatus, TurnSummary};
pub use updates::{NewUpdate, Update};
pub use usage::{UsageBy, UsageRange, UsageRow};
pub use users::{Role, User};
pub use vectors::{NewVector, Unembedded, Vectors};
pub use versions::{NewVersion, Staged, VersionRow};
pub use working::{Folded, NewFold};

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sqlx::{
    PgPool, SqlitePool,
    migrate::Migrator,
    postgres::PgPoolOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    fs::File,
    path::{Path, PathBuf},
    time::Duration,
};

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("../migrations/sqlite");
static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("../migrations/postgres");

/// How long a writer waits for another before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Pages of SQLite's journal from which it is brought into the file: 16 MB. Pages that change with every call are then
/// written there once in some hundred calls.
const JOURNAL_PAGES: i32 = 4_000;

/// The database, whichever one the settings name. Cloning shares the connections.
#[derive(Clone, Debug)]
pub enum Db {
    Sqlite(SqlitePool, Scribe),
    Postgres(PgPool),
}

/// What can go wrong below a store method.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("the books failed")]
    Books(#[from] rusqlite::Error),
    #[error("the folder of the database cannot be used")]
    Folder(#[from] std::io::Error),
    #[error("the database cannot be brought to this version of Skillet")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A unique key was taken; the text names what.
    #[error("{0} exists already")]
    Taken(&'static str),
    #[error("a skill does not change what a person has said")]
    SaidOtherwise,
    #[error("a turn brings {FACTS_PER_TURN} facts at most")]
    EnoughForATurn,
    /// Nothing was written; what it comes from is to be read again.
    #[error("what this comes from was forgotten in part meanwhile")]
    Forgotten,
    #[error("a stored value cannot be read: {0}")]
    Corrupt(String),
}

impl StoreError {
    /// Whether a stored value is at fault, which reading it again does not mend.
    pub fn is_about_data(&self) -> bool {
        use sqlx::Error::{ColumnDecode, Decode};
        matches!(self, Self::Corrupt(_) | Self::Database(ColumnDecode { .. } | Decode(_)))
    }
}

pub type Result<T> = std::result::Result<T, StoreError>;

/// Runs one body against whichever pool is open; both arms are type-checked.
macro_rules! on {
    ($db:expr, $pool:ident => $body:expr) => {
        match $db {
            $crate::store::Db::Sqlite($pool, _) => $body,
            $crate::store::Db::Postgres($pool) => $body,
        }
    };
}
use on;

/// Runs one body in a write transaction that commits when the body ends well. SQLite takes its
/// write lock at once: a reader that turns writer later would fail instead of waiting.
macro_rules! write_tx {
    ($db:expr, $tx:ident => $body:block) => {
        match $db {
            $crate::store::Db::Sqlite(pool, _) => {
                let mut $tx = pool.begin_with("BEGIN IMMEDIATE").await?;
                let out = $body;
                $tx.commit().await?;
                out
            }
            $crate::store::Db::Postgres(pool) => {
                let mut $tx = pool.begin().await?;
                let out = $body;
                $tx.commit().await?;
                out
            }
        }
    };
}
use write_tx;

/// Binds each of some values in a list of a query that is being built.
macro_rules! push_list {
    ($query:ident, $values:expr) => {
        let mut list = $query.separated(", ");
        for value in $values {
            list.push_bind(value);
        }
    };
}
use push_list;

/// Idle connections to SQLite that stay open.
const KEPT_OPEN: usize = 1;

/// The name of the database in the data folder.
pub const SQLITE_FILE: &str = "skillet.db";

impl Db {
    /// Opens the SQLite file in `data_dir`, or the Postgres of `url` when one is given, and brings
    /// its schema up to date.
    pub async fn open(url: &SecretString, data_dir: &Path, max_connections: u32) -> Result<Self> {
        if url.expose_secret().is_empty() {
            // Of two processes that make the file at once, one waits for the other: SQLite's own
            // locks do not cover its journal mode, and its migrations take none.
            let gate = File::create(data_dir.join("migrate.lock"))?;
            let _gate = tokio::task::spawn_blocking(move || gate.lock().map(|()| gate))
                .await
                .map_err(|error| StoreError::Corrupt(format!("the lock was not taken: {error}")))??;
            let db = Self::open_sqlite(&data_dir.join(SQLITE_FILE), max_connections).await?;
            db.migrate().await?;
            return Ok(db);
        }
        let options = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(Duration::from_secs(10))
            // Compiling a statement takes longer than any of them runs: where there are a million rows to search, a
            // question of seven words is estimated to be worth it.
            .after_connect(|connection, _| {
                Box::pin(async move { sqlx::query("SET jit = off").execute(connection).await.map(drop) })
            });
        let db = Self::Postgres(options.connect(url.expose_secret()).await?);
        db.migrate().await?;
        Ok(db)
    }

    /// An empty SQLite database in memory, gone when it is closed.
    pub async fn scratch() -> Result<Self> {
        // A leading slash has the connections of this process share it; it lasts as long as one of them.
        let file = PathBuf::from(format!("/{}", uuid::Uuid::now_v7()));
        let options = SqliteConnectOptions::new().filename(&file).vfs("memdb").create_if_missing(true);
        let pool = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
        let scribe = Scribe::new(file, Some(c"memdb".to_owned()));
        let db = Self::Sqlite(pool.connect_with(options.busy_timeout(BUSY_TIMEOUT)).await?, scribe);
        db.migrate().await?;
        Ok(db)
    }

    async fn open_sqlite(file: &Path, max_connections: u32) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A killed process loses nothing; a power cut may lose the last moment, never the file.
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("wal_autocheckpoint", JOURNAL_PAGES.to_string());
        let pool = SqlitePoolOptions::new()
            .max_connections(max_connections)
            // No maintenance every few minutes: `close_idle` is asked for it, once an hour.
            .idle_timeout(None)
            .max_lifetime(None)
            // A file does not hang up; each test would be a way to the connection's thread and back.
            .test_before_acquire(false)
            .connect_with(options)
            .await?;
        Ok(Self::Sqlite(pool, Scribe::new(file.to_owned(), None)))
    }

    /// Applies the migrations that are missing.
    pub async fn migrate(&self) -> Result<()> {
        let (db, runtime) = (self.clone(), tokio::runtime::Handle::current());
        // The compiler cannot prove that the migrator's future is `Send`, so it is run on one thread.
        let migrated = tokio::task::spawn_blocking(move || {
            runtime.block_on(async {
                match &db {
                    Self::Sqlite(pool, _) => SQLITE_MIGRATIONS.run(pool).await,
                    Self::Postgres(pool) => POSTGRES_MIGRATIONS.run(pool).await,
                }
            })
        });
        migrated.await.map_err(|error| StoreError::Corrupt(format!("the migration did not end: {error}")))??;
        Ok(())
    }

    /// Closes connections to SQLite that nobody uses at this moment, but for one. Each has a thread, and a copy of its
    /// own of the schema and of pages; Postgres' pool closes its own.
    pub async fn close_idle(&self) {
        let Self::Sqlite(pool, _) = self else { return };
        let idle: Vec<_> = std::iter::from_fn(|| pool.try_acquire()).collect();
        for surplus in idle.into_iter().skip(KEPT_OPEN) {
            if let Err(error) = surplus.close().await {
                tracing::warn!(error = &error as &dyn std::error::Error, "an idle connection was not closed in order");
            }
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        on!(self, pool => sqlx::query("SELECT 1").execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    /// Writes a whole copy of the SQLite database to a new file; on Postgres that is `pg_dump`'s work.
    pub async fn copy_to(&self, file: &Path) -> Result<()> {
        match self {
            Self::Sqlite(pool, _) => {
                let file = file.to_string_lossy().into_owned();
                sqlx::query("VACUUM INTO $1").bind(file).execute(pool).await?;
                Ok(())
            }
            Self::Postgres(_) => Err(StoreError::Corrupt("Postgres is copied with pg_dump".to_owned())),
        }
    }

    /// "sqlite" or "postgres".
    pub fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite(..) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }

    /// Waits for what is running and closes every connection.
    pub async fn close(&self) {
        if let Self::Sqlite(_, scribe) = self {
            scribe.close().await;
        }
        on!(self, pool => pool.close().await);
    }
}

/// What a statement gave, or a line in the log that says what did not happen; for work that nobody waits for.
pub fn logged<T>(what: &str, result: Result<T>) -> Option<T> {
    result.inspect_err(|error| tracing::error!(error = error as &dyn std::error::Error, "{what}")).ok()
}

/// A text as both engines can keep it: Postgres has no NUL in texts.
pub fn storable(text: &str) -> String {
    text.replace('\0', "")
}

/// A JSON value as both engines can keep it.
pub fn storable_json(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(storable(&text)),
        Value::Array(items) => items.into_iter().map(storable_json).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(key, value)| (storable(&key), storable_json(value))).collect()
        }
        other => other,
    }
}

/// Turns a violated unique key into [`StoreError::Taken`].
fn taken(what: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| match &error {
        sqlx::Error::Database(inner) if inner.is_unique_violation() => StoreError::Taken(what),
        _ => StoreError::Database(error),
    }
}
