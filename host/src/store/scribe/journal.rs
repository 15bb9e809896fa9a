//! When SQLite's journal is brought into the file. SQLite itself would do so within somebody's commit; that waits for
//! the disk, and while others write it never gets to an end, without which the journal grows.

use rusqlite::Connection;
use std::{
    cell::Cell,
    ffi::c_int,
    sync::atomic::{AtomicI32, Ordering},
    time::Duration,
};

use super::super::{BUSY_TIMEOUT, JOURNAL_PAGES};

thread_local! {
    /// Pages of the journal after the last commit of this thread.
    static PAGES: Cell<c_int> = const { Cell::new(0) };
}

/// The journal is being emptied.
const UNDER_WAY: i32 = i32::MAX;

/// How long those who still read what is old are waited for, while nobody writes.
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

    /// Whether it is to be emptied after what this thread has done, by whoever asks.
    pub fn is_due(&self) -> bool {
        let (pages, due) = (PAGES.take(), self.0.load(Ordering::Acquire));
        if due == UNDER_WAY || pages < due {
            return false;
        }
        self.0.compare_exchange(due, UNDER_WAY, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    #[cfg(test)]
    pub fn is_under_way(&self) -> bool {
        self.0.load(Ordering::Acquire) == UNDER_WAY
    }

    /// It is not emptied after all.
    pub fn put_off(&self) {
        self.0.store(JOURNAL_PAGES, Ordering::Release);
    }

    /// Empties it: most while others write, and the rest, which is little, while nobody does. Only one that is empty as
    /// a whole begins anew with the next commit.
    pub fn empty(&self, connection: &Connection) {
        let emptied = checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)").and_then(|_| {
            connection.busy_timeout(PATIENCE)?;
            let emptied = checkpoint(connection, "PRAGMA wal_checkpoint(FULL)");
            connection.busy_timeout(BUSY_TIMEOUT)?;
            emptied
        });
        let left = emptied.unwrap_or_else(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "the database's journal could not be emptied");
            0
        });
        // Where somebody reads on, it is not tried again with every commit.
        self.0.store(left.saturating_add(JOURNAL_PAGES), Ordering::Release);
    }
}

/// Pages of the journal that could not be brought into the file, with those before them.
fn checkpoint(connection: &Connection, how: &str) -> rusqlite::Result<i32> {
    connection.query_row(how, [], |row| {
        let (in_journal, in_file): (i32, i32) = (row.get(1)?, row.get(2)?);
        Ok(if in_file < in_journal { in_journal } else { 0 })
    })
}
