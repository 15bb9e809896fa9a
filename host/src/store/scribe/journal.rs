//! When SQLite's journal is brought into the file. SQLite itself would do so within somebody's commit; that waits for
//! the disk, and while others write it never gets to an end, without which the journal grows.

use rusqlite::Connection;
use std::{
    cell::Cell,
    ffi::c_int,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI32, Ordering::Relaxed},
    },
    time::Duration,
};

use super::super::{BUSY_TIMEOUT, JOURNAL_PAGES};

thread_local! {
    /// Pages of the journal after the last commit of this thread.
    static PAGES: Cell<c_int> = const { Cell::new(0) };
}

/// How long others who write, or still read what is old, are waited for.
const PATIENCE: Duration = Duration::from_millis(20);

/// The number of pages from which the journal is to be emptied.
#[derive(Debug)]
pub struct Journal(AtomicI32);

impl Default for Journal {
    fn default() -> Self {
        Self(AtomicI32::new(JOURNAL_PAGES))
    }
}

impl Journal {
    /// Has the commits of a connection looked at; it empties no journal by itself any more.
    pub fn watch(connection: &Connection) {
        connection.wal_hook(Some(|_, pages| {
            PAGES.set(pages);
            Ok(())
        }));
    }

    /// Whether it is to be emptied after what this thread has done, by whoever asks. Where that does not succeed, or
    /// somebody reads on, it is not due again with the next commit, but when it has grown by as much.
    pub fn is_due(&self) -> bool {
        let (pages, due) = (PAGES.take(), self.0.load(Relaxed));
        if pages < due {
            // It has begun anew.
            if pages > 0 && due > JOURNAL_PAGES && pages < JOURNAL_PAGES {
                self.0.store(JOURNAL_PAGES, Relaxed);
            }
            return false;
        }
        self.0.compare_exchange(due, pages.saturating_add(JOURNAL_PAGES), Relaxed, Relaxed).is_ok()
    }
}

/// Empties the journal: most while others write, and the rest, which is little, while nobody does. Only one that is
/// empty as a whole begins anew with the next commit. `writer` is held for the rest: whoever has it writes transaction
/// after transaction and would leave no gap.
pub fn empty<T>(connection: &Connection, writer: &Mutex<T>) {
    let emptied = checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)").and_then(|()| {
        let _quiet = writer.lock().unwrap_or_else(PoisonError::into_inner);
        connection.busy_timeout(PATIENCE)?;
        let emptied = checkpoint(connection, "PRAGMA wal_checkpoint(FULL)");
        connection.busy_timeout(BUSY_TIMEOUT)?;
        emptied
    });
    if let Err(error) = emptied {
        tracing::warn!(error = &error as &dyn std::error::Error, "the database's journal could not be emptied");
    }
}

fn checkpoint(connection: &Connection, how: &str) -> rusqlite::Result<()> {
    // Its answer is a row.
    connection.query_row(how, [], |_| Ok(()))
}
