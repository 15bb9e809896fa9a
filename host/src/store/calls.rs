//! Calls of skills: begun under a key, ended once, on record for the trace of their turn.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sqlx::{FromRow, types::Json};

use super::{Db, Result, on, write_tx};
use crate::{
    clock::Clock,
    ids::{CallId, HostId, TurnId, UserId},
};

#[derive(Clone, Debug)]
pub struct CallStart<'a> {
    pub skill: &'a str,
    pub digest: &'a str,
    pub turn: Option<TurnId>,
    pub user: Option<UserId>,
    /// The call that makes this one.
    pub parent: Option<CallId>,
    /// A finished call of the same key answers in place of a second run.
    pub idempotency_key: Option<&'a str>,
    /// Whether the key is for this input alone.
    pub one_input: bool,
    /// Whether a call that failed may be run again under its key.
    pub repeatable: bool,
    pub input: &'a Value,
    /// The host that runs it, and for how long no other one may take it for left.
    pub held_by: HostId,
    pub held_for: TimeDelta,
}

/// What beginning a call found.
#[derive(Clone, Debug)]
pub enum Started {
    /// Run it; `attempt` is 1 the first time.
    Run { id: CallId, attempt: i64 },
    /// It was begun before and never ended: its process died.
    Interrupted { id: CallId, attempt: i64 },
    /// It ended before.
    Finished(Box<CallRecord>),
    /// Another host runs it.
    Held,
    /// The key is that of a call with another input.
    Other,
}

#[derive(Clone, Debug)]
pub struct CallEnd<'a> {
    pub output: Option<&'a Value>,
    /// `{kind, text, fault}` when it failed.
    pub failure: Option<&'a Value>,
    /// Whose fault the failure is: "caller", "skill", "limit", "owner", "outside" or "host".
    pub fault: Option<&'a str>,
    pub log: &'a Value,
    pub queue_us: i64,
    pub duration_us: i64,
    pub fuel: i64,
    pub peak_memory_bytes: i64,
    pub host_calls: i64,
    /// `{instantiate_us, output_bytes, host_bytes, network_out_bytes, network_in_bytes, table_elements, handles, most}`; null for a
    /// call that never ran.
    pub usage: &'a Value,
}

#[derive(Clone, Debug, FromRow)]
pub struct CallRecord {
    pub id: CallId,
    pub skill_name: String,
    pub digest: String,
    pub turn_id: Option<TurnId>,
    pub user_id: Option<UserId>,
    /// The call that made this one.
    pub parent_id: Option<CallId>,
    pub attempt: i64,
    /// "running", "done" or "failed".
    pub status: String,
    pub input: Json<Value>,
    pub output: Option<Json<Value>>,
    pub failure: Option<Json<Value>>,
    /// Whose fault the failure is; `None` for a call that went well.
    pub fault: Option<String>,
    pub log: Json<Value>,
    pub queue_us: i64,
    pub duration_us: i64,
    pub fuel: i64,
    pub peak_memory_bytes: i64,
    pub host_calls: i64,
    /// What else it used of its limits, as in [`CallEnd::usage`].
    pub usage: Option<Json<Value>>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    pub held_by: Option<HostId>,
    pub held_until: Option<DateTime<Utc>>,
}

impl CallRecord {
    /// Whether another host runs it at this moment.
    fn held_from(&self, host: HostId, now: DateTime<Utc>) -> bool {
        let other = self.held_by.is_some_and(|holder| holder != host);
        self.status == "running" && other && self.held_until.is_some_and(|until| until > now)
    }

    /// Whether it found no place: it has done nothing.
    fn never_ran(&self) -> bool {
        self.failure.as_ref().is_some_and(|failure| failure.0["kind"] == "busy") && self.fuel == 0
    }
}

macro_rules! call_columns {
    () => {
        "id, skill_name, digest, turn_id, user_id, parent_id, attempt, status, input, output, failure, fault, log,
         queue_us, duration_us, fuel, peak_memory_bytes, host_calls, usage, created_at, finished_at, held_by, held_until"
    };
}

macro_rules! call_of_key {
    ($lock:literal) => {
        concat!("SELECT ", call_columns!(), " FROM calls WHERE idempotency_key = $1", $lock)
    };
}

impl Db {
    /// Begins a call, or finds what became of an earlier one under the same key. One that failed is
    /// begun again if it is repeatable.
    pub async fn start_call(&self, clock: &Clock, start: &CallStart<'_>) -> Result<Started> {
        let (id, now) = (CallId::new(clock), clock.now());
        let held_until = now + start.held_for;
        // Of several that find an earlier call, each must see what the one before made of it.
        let earlier_call = match self {
            Self::Sqlite(..) => call_of_key!(""),
            Self::Postgres(_) => call_of_key!(" FOR UPDATE"),
        };
        let started = write_tx!(self, tx => {
            let made = sqlx::query(
                "INSERT INTO calls (id, skill_name, digest, turn_id, user_id, parent_id, idempotency_key, attempt,
                 status, input, log, queue_us, duration_us, fuel, peak_memory_bytes, host_calls, created_at, held_by,
                 held_until)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, 1, 'running', $8, $9, 0, 0, 0, 0, 0, $10, $11, $12)
                 ON CONFLICT (idempotency_key) DO NOTHING",
            ).bind(id).bind(start.skill).bind(start.digest).bind(start.turn).bind(start.user)
             .bind(start.parent).bind(start.idempotency_key).bind(Json(start.input))
             .bind(Json(Value::Array(Vec::new()))).bind(now).bind(start.held_by).bind(held_until)
             .execute(&mut *tx).await?.rows_affected() == 1;
            if made {
                Started::Run { id, attempt: 1 }
            } else {
                let earlier: CallRecord =
                    sqlx::query_as(earlier_call).bind(start.idempotency_key).fetch_one(&mut *tx).await?;
                let attempt = earlier.attempt + 1;
                match earlier.status.as_str() {
                    _ if start.one_input && earlier.input.0 != *start.input => Started::Other,
                    "done" => Started::Finished(Box::new(earlier)),
                    _ if earlier.held_from(start.held_by, now) => Started::Held,
                    "failed" if !start.repeatable && !earlier.never_ran() => Started::Finished(Box::new(earlier)),
                    status => {
                        sqlx::query(
                            "UPDATE calls SET attempt = attempt + 1, status = 'running', digest = $2, failure = NULL,
                             fault = NULL, usage = NULL, finished_at = NULL, held_by = $4, held_until = $5
                             WHERE id = $1 AND attempt = $3",
                        ).bind(earlier.id).bind(start.digest).bind(earlier.attempt).bind(start.held_by)
                         .bind(held_until).execute(&mut *tx).await?;
                        if status == "running" {
                            Started::Interrupted { id: earlier.id, attempt }
                        } else {
                            Started::Run { id: earlier.id, attempt }
                        }
                    }
                }
            }
        });
        Ok(started)
    }

    /// Ends an attempt of a call; an attempt that was overtaken writes nothing.
    pub async fn end_call(&self, clock: &Clock, id: CallId, attempt: i64, end: &CallEnd<'_>) -> Result<()> {
        let status = if end.failure.is_some() { "failed" } else { "done" };
        on!(self, pool => sqlx::query(
            "UPDATE calls SET status = $3, output = $4, failure = $5, fault = $6, log = $7, queue_us = $8,
             duration_us = $9, fuel = $10, peak_memory_bytes = $11, host_calls = $12, usage = $13, finished_at = $14
             WHERE id = $1 AND attempt = $2 AND status = 'running'",
        ).bind(id).bind(attempt).bind(status).bind(end.output.map(Json)).bind(end.failure.map(Json))
         .bind(end.fault).bind(Json(end.log)).bind(end.queue_us).bind(end.duration_us).bind(end.fuel)
         .bind(end.peak_memory_bytes).bind(end.host_calls).bind((!end.usage.is_null()).then_some(Json(end.usage)))
         .bind(clock.now())
         .execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    /// Ends calls that no process will end: those of a host whose process is a new one, and those whose
    /// holder should have ended them before a moment. `failure` goes on record. Returns how many those were.
    pub async fn end_left_calls(
        &self,
        clock: &Clock,
        host: Option<HostId>,
        before: DateTime<Utc>,
        (failure, fault): (&Value, &str),
    ) -> Result<u64> {
        // What was begun before calls had holders; no call takes a day.
        let day_before = before - TimeDelta::days(1);
        Ok(on!(self, pool => sqlx::query(
            "UPDATE calls SET status = 'failed', failure = $1, fault = $2, finished_at = $3
             WHERE status = 'running' AND (held_by = $4 OR held_until < $5 OR (held_until IS NULL AND created_at < $6))",
        ).bind(Json(failure)).bind(fault).bind(clock.now()).bind(host).bind(before).bind(day_before)
         .execute(pool).await.map(|done| done.rows_affected()))?)
    }

    /// Counts another attempt of a call that still runs; false when this attempt was overtaken or has ended.
    pub async fn next_attempt(&self, id: CallId, attempt: i64) -> Result<bool> {
        Ok(on!(self, pool => sqlx::query(
            "UPDATE calls SET attempt = attempt + 1 WHERE id = $1 AND attempt = $2 AND status = 'running'",
        ).bind(id).bind(attempt).execute(pool).await.map(|done| done.rows_affected() == 1))?)
    }

    pub async fn call(&self, id: CallId) -> Result<Option<CallRecord>> {
        Ok(on!(self, pool => sqlx::query_as(concat!("SELECT ", call_columns!(), " FROM calls WHERE id = $1"))
            .bind(id).fetch_optional(pool).await)?)
    }

    /// How many calls of a version ended since a moment, and how many of them failed by its own fault
    /// or at a limit.
    pub async fn version_health(&self, digest: &str, since: DateTime<Utc>) -> Result<(i64, i64)> {
        Ok(on!(self, pool => sqlx::query_as(
            "SELECT COUNT(*), COUNT(CASE WHEN fault IN ('skill', 'limit') THEN 1 ELSE NULL END)
             FROM calls WHERE digest = $1 AND finished_at >= $2",
        ).bind(digest).bind(since).fetch_one(pool).await)?)
    }

    /// Calls of a version that wait or run, on all hosts.
    pub async fn running_calls(&self, digest: &str) -> Result<i64> {
        let (count,) = on!(self, pool => sqlx::query_as(
            "SELECT COUNT(*) FROM calls WHERE digest = $1 AND finished_at IS NULL AND status = 'running'",
        ).bind(digest).fetch_one(pool).await)?;
        Ok(count)
    }

    /// The calls of a turn, in order.
    pub async fn turn_calls(&self, turn: TurnId) -> Result<Vec<CallRecord>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", call_columns!(), " FROM calls WHERE turn_id = $1 ORDER BY created_at, id",
        )).bind(turn).fetch_all(pool).await)?)
    }

    /// The newest calls of a skill.
    pub async fn skill_calls(&self, skill: &str, limit: i64) -> Result<Vec<CallRecord>> {
        Ok(on!(self, pool => sqlx::query_as(concat!(
            "SELECT ", call_columns!(), " FROM calls WHERE skill_name = $1 ORDER BY created_at DESC, id DESC LIMIT $2",
        )).bind(skill).bind(limit).fetch_all(pool).await)?)
    }
}
