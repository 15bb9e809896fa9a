//! What is removed when it is old and nothing needs it any more.

use chrono::{DateTime, Utc};

use super::{Db, Result, on, write_tx};

/// A kind of rows that is kept for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Old {
    /// Requests that were decided. A no to a capability holds as long as its version may answer.
    Approvals,
    /// Calls that ended and belong to no turn: those of a turn are part of its trace. One that can be
    /// replayed, or that an open request names, stays; with a call goes its key.
    Calls,
    /// What was sent, with its key. What waits or was given up stays.
    Outbox,
    /// The keys of messages whose turns have ended.
    Updates,
    /// Jobs that ran or were cancelled, with their runs. Dead ones wait for a person.
    Jobs,
    /// Versions that wait for a review although a later one was activated since.
    Reviews,
}

impl Old {
    /// Requests before the calls that they name.
    pub const ALL: [Self; 6] = [Self::Approvals, Self::Calls, Self::Outbox, Self::Updates, Self::Jobs, Self::Reviews];

    /// The statement that removes up to `$2` rows from before `$1`. What a row was chosen for is asked
    /// again of the row itself: it may have come to life meanwhile.
    fn statement(self) -> &'static str {
        match self {
            Self::Approvals => {
                "DELETE FROM approvals WHERE decided_at < $1 AND id IN (SELECT a.id FROM approvals a
                 WHERE a.decided_at < $1 AND a.status <> 'pending' AND (a.kind = 'call' OR NOT EXISTS (SELECT 1 FROM skills s
                    WHERE s.name = a.skill_name AND a.digest IN (s.active_digest, s.previous_digest)))
                 ORDER BY a.id LIMIT $2)"
            }
            Self::Calls => {
                "DELETE FROM calls WHERE finished_at < $1 AND id IN (SELECT c.id FROM calls c
                 WHERE c.finished_at < $1 AND c.turn_id IS NULL
                    AND NOT EXISTS (SELECT 1 FROM recordings r WHERE r.call_id = c.id)
                    AND NOT EXISTS (SELECT 1 FROM approvals a WHERE a.status = 'pending' AND a.call_id = c.id)
                 ORDER BY c.finished_at LIMIT $2)"
            }
            Self::Outbox => {
                "DELETE FROM outbox WHERE id IN (SELECT o.id FROM outbox o
                 WHERE o.status = 'sent' AND o.sent_at < $1 ORDER BY o.sent_at LIMIT $2)"
            }
            Self::Updates => {
                "DELETE FROM updates WHERE key IN (SELECT u.key FROM updates u
                 WHERE u.received_at < $1 AND u.status = 'done' AND NOT EXISTS (SELECT 1 FROM turns t
                    WHERE t.id = u.turn_id AND t.status IN ('received', 'running'))
                 ORDER BY u.received_at LIMIT $2)"
            }
            Self::Jobs => {
                "DELETE FROM jobs WHERE id IN (SELECT j.id FROM jobs j
                 WHERE j.status IN ('done', 'cancelled') AND j.finished_at < $1 ORDER BY j.finished_at, j.id LIMIT $2)"
            }
            Self::Reviews => {
                "DELETE FROM skill_versions WHERE status = 'review' AND digest IN (SELECT v.digest FROM skill_versions v
                 WHERE v.status = 'review' AND v.created_at < $1 AND EXISTS (SELECT 1 FROM skill_versions later
                    WHERE later.skill_name = v.skill_name AND later.activated_at > v.created_at)
                 ORDER BY v.created_at LIMIT $2)"
            }
        }
    }
}

impl Db {
    /// Removes rows of a kind that ended before a moment, `limit` of them at most: SQLite has one
    /// writer, and others wait for it. Returns how many those were.
    pub async fn drop_old(&self, old: Old, before: DateTime<Utc>, limit: i64) -> Result<u64> {
        if old == Old::Jobs {
            return self.drop_old_jobs(before, limit).await;
        }
        Ok(on!(self, pool => sqlx::query(old.statement()).bind(before).bind(limit)
            .execute(pool).await.map(|done| done.rows_affected()))?)
    }

    async fn drop_old_jobs(&self, before: DateTime<Utc>, limit: i64) -> Result<u64> {
        let gone = write_tx!(self, tx => {
            sqlx::query(
                "DELETE FROM job_runs WHERE job_id IN (SELECT j.id FROM jobs j
                 WHERE j.status IN ('done', 'cancelled') AND j.finished_at < $1 ORDER BY j.finished_at, j.id LIMIT $2)",
            ).bind(before).bind(limit).execute(&mut *tx).await?;
            sqlx::query(Old::Jobs.statement()).bind(before).bind(limit).execute(&mut *tx).await?.rows_affected()
        });
        Ok(gone)
    }
}
