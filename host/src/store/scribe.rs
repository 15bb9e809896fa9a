//! A connection to SQLite beside the pool's, for transactions of many small statements. One is made right where it is
//! asked for: it takes some tens of microseconds, and waking a thread for it takes as many more. What has to wait for
//! somebody else's transaction, or for the disk, does so on a thread of its own.

mod journal;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use std::{
    ffi::CString,
    fmt,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError, TryLockError,
        mpsc::{Receiver, SendError, Sender, channel},
    },
    thread,
    time::Duration,
};
use tokio::sync::oneshot;

use super::{BUSY_TIMEOUT, Result, StoreError};
use journal::Journal;

/// Statements that stay prepared; the books have less.
const STATEMENTS: usize = 32;

/// What a transaction gave, and whether what it wrote stays.
pub(super) enum Written<T> {
    Keep(T),
    Undo(T),
}

type Work = Box<dyn FnOnce(&mut Connection) + Send>;

/// Writes in a database that others write too. Cloning shares the connection and the thread, which begin when they
/// are needed and end when the database is closed or with the last clone.
#[derive(Clone)]
pub struct Scribe(Arc<Inner>);

struct Inner {
    file: PathBuf,
    /// The virtual file system, where it is not the machine's.
    vfs: Option<CString>,
    /// The connection that waits for nobody; protects that one transaction has it at a time.
    here: Arc<Mutex<Here>>,
    thread: Mutex<State>,
    journal: Arc<Journal>,
}

enum Here {
    Unopened,
    Open(Connection),
    Closed,
}

/// Protects that there is one thread, and none after the end.
enum State {
    Idle,
    Runs(Sender<Work>, thread::JoinHandle<()>),
    Closed,
}

impl fmt::Debug for Scribe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scribe").field(&self.0.file).finish()
    }
}

impl Scribe {
    pub(super) fn new(file: PathBuf, vfs: Option<CString>) -> Self {
        Self(Arc::new(Inner {
            file,
            vfs,
            here: Arc::new(Mutex::new(Here::Unopened)),
            thread: Mutex::new(State::Idle),
            journal: Arc::default(),
        }))
    }

    /// Does some work in a write transaction; a failure undoes it too.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Transaction) -> Result<Written<T>> + Send + 'static,
    ) -> Result<T> {
        let work = match self.write_here(work) {
            Tried::Done(done) => return done,
            Tried::Busy(work) => work,
        };
        let (answer, answered) = oneshot::channel();
        self.send(Box::new(move |connection| {
            let done = begin(connection).and_then(|tx| finish(tx, work));
            let _ = answer.send(done);
        }))?;
        answered.await.unwrap_or_else(|_| Err(StoreError::Corrupt("the books' thread has ended".to_owned())))
    }

    /// Does the work at once, unless somebody else is writing.
    fn write_here<T, F: FnOnce(&mut Transaction) -> Result<Written<T>>>(&self, work: F) -> Tried<T, F> {
        let mut here = match self.0.here.try_lock() {
            Ok(here) => here,
            // What panicked has undone its transaction.
            Err(TryLockError::Poisoned(here)) => here.into_inner(),
            Err(TryLockError::WouldBlock) => return Tried::Busy(work),
        };
        if matches!(*here, Here::Unopened) {
            match self.0.open(Duration::ZERO) {
                Ok(connection) => *here = Here::Open(connection),
                Err(error) => return Tried::Done(Err(error)),
            }
        }
        let Here::Open(connection) = &mut *here else { return Tried::Done(Err(closed())) };
        let tx = match begin(connection) {
            Ok(tx) => tx,
            Err(StoreError::Books(error)) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                return Tried::Busy(work);
            }
            Err(error) => return Tried::Done(Err(error)),
        };
        let done = finish(tx, work);
        drop(here);
        if self.0.journal.is_due() {
            let here = self.0.here.clone();
            // That waits for the disk. Of one that is closed nothing is left to empty.
            let _ = self.send(Box::new(move |connection| journal::empty(connection, &here)));
        }
        Tried::Done(done)
    }

    fn send(&self, work: Work) -> Result<()> {
        let mut state = self.0.thread.lock().unwrap_or_else(PoisonError::into_inner);
        let work = match &*state {
            State::Idle => work,
            // One that a panic ended is missed by whoever waited for its answer, and followed by another.
            State::Runs(sender, _) => match sender.send(work) {
                Ok(()) => return Ok(()),
                Err(SendError(work)) => work,
            },
            State::Closed => return Err(closed()),
        };
        let connection = self.0.open(BUSY_TIMEOUT)?;
        let ((sender, inbox), journal, here) = (channel(), self.0.journal.clone(), self.0.here.clone());
        let run = move || run(connection, &inbox, &journal, &here);
        let thread = thread::Builder::new().name("scribe".into()).spawn(run)?;
        // It waits for work as long as there is a sender.
        let _ = sender.send(work);
        *state = State::Runs(sender, thread);
        Ok(())
    }

    /// Waits for what was asked and closes the connections.
    pub(super) async fn close(&self) {
        *self.0.here.lock().unwrap_or_else(PoisonError::into_inner) = Here::Closed;
        let state =
            std::mem::replace(&mut *self.0.thread.lock().unwrap_or_else(PoisonError::into_inner), State::Closed);
        if let State::Runs(sender, thread) = state {
            drop(sender);
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

/// Work that was done, or that has to wait.
enum Tried<T, F> {
    Done(Result<T>),
    Busy(F),
}

impl Inner {
    fn open(&self, patience: Duration) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = match &self.vfs {
            Some(vfs) => Connection::open_with_flags_and_vfs(&self.file, flags, vfs.as_c_str())?,
            None => Connection::open_with_flags(&self.file, flags)?,
        };
        connection.busy_timeout(patience)?;
        // As those of the pool have it; the journal's mode is the file's.
        connection.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON")?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Journal::watch(&connection);
        Ok(connection)
    }
}

fn closed() -> StoreError {
    StoreError::Database(sqlx::Error::PoolClosed)
}

fn run(mut connection: Connection, inbox: &Receiver<Work>, journal: &Journal, here: &Mutex<Here>) {
    while let Ok(work) = inbox.recv() {
        work(&mut connection);
        if journal.is_due() {
            journal::empty(&connection, here);
        }
    }
}

fn begin(connection: &mut Connection) -> Result<Transaction<'_>> {
    // Its write lock at once: a reader that turns writer later would fail instead of waiting.
    Ok(connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

fn finish<T>(mut tx: Transaction, work: impl FnOnce(&mut Transaction) -> Result<Written<T>>) -> Result<T> {
    match work(&mut tx)? {
        Written::Keep(out) => {
            tx.commit()?;
            Ok(out)
        }
        Written::Undo(out) => {
            tx.rollback()?;
            Ok(out)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Db, JOURNAL_PAGES};
    use futures_util::FutureExt;
    use secrecy::SecretString;
    use std::panic::AssertUnwindSafe;

    async fn database() -> (tempfile::TempDir, Db) {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&SecretString::from(""), folder.path(), 2).await.unwrap();
        (folder, db)
    }

    async fn nothing(scribe: &Scribe) -> Result<()> {
        scribe.write(|_| Ok(Written::Keep(()))).await
    }

    #[tokio::test]
    async fn a_panic_ends_its_own_transaction_alone() {
        let Db::Sqlite(_, scribe) = Db::scratch().await.unwrap() else { panic!("it is in SQLite") };
        let broken = scribe.write::<()>(|_| panic!("a fault of ours"));
        assert!(AssertUnwindSafe(broken).catch_unwind().await.is_err());
        nothing(&scribe).await.unwrap();
        scribe.close().await;
        let closed = nothing(&scribe).await;
        assert!(matches!(closed, Err(StoreError::Database(sqlx::Error::PoolClosed))));
    }

    #[tokio::test]
    async fn what_has_to_wait_for_another_writer_is_done_after_it() {
        let (_folder, db) = database().await;
        let Db::Sqlite(pool, scribe) = &db else { panic!("it is in SQLite") };
        let other = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
        let (broken, waiting) = (scribe.write::<()>(|_| panic!("a fault of ours")), nothing(scribe));
        let release = async {
            // Both are on their way to the thread: each is asked once before this is.
            other.commit().await.unwrap();
        };
        let (broken, waiting, ()) = tokio::join!(broken, waiting, release);
        assert!(matches!(broken, Err(StoreError::Corrupt(_))), "{broken:?}");
        // The thread takes work until a panic has ended it, and that work is missed with it.
        assert!(matches!(waiting, Ok(()) | Err(StoreError::Corrupt(_))), "{waiting:?}");
        nothing(scribe).await.unwrap();
        db.close().await;
    }

    #[tokio::test]
    async fn the_journal_begins_anew_although_others_write_meanwhile() {
        let (folder, db) = database().await;
        let Db::Sqlite(_, scribe) = &db else { panic!("it is in SQLite") };
        let make = |tx: &mut Transaction| Ok(Written::Keep(tx.execute_batch("CREATE TABLE blocks (bytes BLOB)")?));
        scribe.write(make).await.unwrap();
        let write = async || {
            let block = |tx: &mut Transaction| {
                tx.execute("INSERT INTO blocks VALUES (ZEROBLOB(409600))", [])?;
                Ok(Written::Keep(()))
            };
            scribe.write(block).await.unwrap();
            tokio::task::yield_now().await;
        };
        for _ in 0..=JOURNAL_PAGES / 100 {
            write().await;
        }
        // The thread comes to this when the journal is empty.
        let (emptied, mut wait) = oneshot::channel();
        scribe.send(Box::new(move |_| emptied.send(()).unwrap())).unwrap();
        while wait.try_recv().is_err() {
            write().await;
        }
        let journal = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let journal = journal.into_iter().find(|path| path.to_string_lossy().ends_with("-wal")).unwrap();
        let bytes = journal.metadata().unwrap().len();
        // Half of what would have it emptied again.
        for _ in 0..JOURNAL_PAGES / 200 {
            write().await;
        }
        assert_eq!(journal.metadata().unwrap().len(), bytes, "it was written from its beginning");
        db.close().await;
    }
}
