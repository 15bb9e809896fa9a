//! A connection to SQLite on a thread of its own, for transactions of many small statements: each is one message
//! there and one back, whatever it does.

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use std::{
    ffi::CString,
    fmt,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SendError, Sender, channel},
    },
    thread,
};
use tokio::sync::oneshot;

use super::{BUSY_TIMEOUT, Result, StoreError};

/// Statements that stay prepared; the books have less.
const STATEMENTS: usize = 32;

/// What a transaction gave, and whether what it wrote stays.
pub(super) enum Written<T> {
    Keep(T),
    Undo(T),
}

type Work = Box<dyn FnOnce(&mut Connection) + Send>;

/// Writes in a database that others write too. Cloning shares the thread, which begins with the first
/// transaction and ends when the database is closed or with the last clone.
#[derive(Clone)]
pub struct Scribe(Arc<Inner>);

struct Inner {
    file: PathBuf,
    /// The virtual file system, where it is not the machine's.
    vfs: Option<CString>,
    thread: Mutex<State>,
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
        Self(Arc::new(Inner { file, vfs, thread: Mutex::new(State::Idle) }))
    }

    /// Does some work in a write transaction; a failure undoes it too.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Transaction) -> Result<Written<T>> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        self.send(Box::new(move |connection| {
            let _ = answer.send(in_transaction(connection, work));
        }))?;
        answered.await.unwrap_or_else(|_| Err(StoreError::Corrupt("the books' thread has ended".to_owned())))
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
            State::Closed => return Err(StoreError::Database(sqlx::Error::PoolClosed)),
        };
        let connection = self.0.open()?;
        let (sender, inbox) = channel();
        let thread = thread::Builder::new().name("scribe".into()).spawn(move || run(connection, &inbox))?;
        // It waits for work as long as there is a sender.
        let _ = sender.send(work);
        *state = State::Runs(sender, thread);
        Ok(())
    }

    /// Waits for what was asked and closes the connection.
    pub(super) async fn close(&self) {
        let state =
            std::mem::replace(&mut *self.0.thread.lock().unwrap_or_else(PoisonError::into_inner), State::Closed);
        if let State::Runs(sender, thread) = state {
            drop(sender);
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

impl Inner {
    fn open(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = match &self.vfs {
            Some(vfs) => Connection::open_with_flags_and_vfs(&self.file, flags, vfs.as_c_str())?,
            None => Connection::open_with_flags(&self.file, flags)?,
        };
        connection.busy_timeout(BUSY_TIMEOUT)?;
        // As those of the pool have it; the journal's mode is the file's.
        connection.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON")?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(connection)
    }
}

fn run(mut connection: Connection, inbox: &Receiver<Work>) {
    while let Ok(work) = inbox.recv() {
        work(&mut connection);
    }
}

fn in_transaction<T>(
    connection: &mut Connection,
    work: impl FnOnce(&mut Transaction) -> Result<Written<T>>,
) -> Result<T> {
    // Its write lock at once: a reader that turns writer later would fail instead of waiting.
    let mut tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
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
    use crate::store::Db;

    #[tokio::test]
    async fn a_panic_ends_its_own_transaction_alone() {
        let Db::Sqlite(_, scribe) = Db::scratch().await.unwrap() else { panic!("it is in SQLite") };
        let broken: Result<()> = scribe.write(|_| panic!("a fault of ours")).await;
        assert!(broken.is_err());
        // Until the thread has ended it still takes work, which is missed like that of the panic.
        while let Err(error) = scribe.write(|_| Ok(Written::Keep(()))).await {
            assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
        }
        scribe.close().await;
        let closed = scribe.write(|_| Ok(Written::Keep(()))).await;
        assert!(matches!(closed, Err(StoreError::Database(sqlx::Error::PoolClosed))));
    }
}
