//! A whole batch in one message to SQLite's thread. To go there and back costs more than what most statements do
//! there, and a batch has a dozen of them.
//!
//! It is the short way of what [`Db::settle`] and [`Db::admit`] do: it takes for granted that every counter is
//! there, that there is room, that no owner is to be told, and that nobody has changed the budgets or settled a
//! call meanwhile. Where one of that does not hold, nothing is done, and the long way says what is the matter.

use chrono::SecondsFormat;
use serde_json::{Value, json};
use sqlx::{SqliteConnection, SqlitePool};

use super::{Booked, NewReservation, Settlement, wanted};
use crate::{
    clock::Clock,
    ids::HostId,
    store::{Budget, Db, Result, budgets::budget_columns},
};

/// What the short way keeps from one batch to the next.
#[derive(Default)]
pub struct AtOnce {
    /// Its own, so that one that is left in a transaction is closed with it.
    connection: Option<SqliteConnection>,
    budgets: Option<Vec<Budget>>,
}

/// `json('')` is an error, and an error ends the script. `$1`: the budgets as they are known. `$2`: ids of the
/// reservations that are settled. `$3`: what is added to counters. `$4`: attempts. `$5`: sums. `$6`: what is held of
/// counters. `$7`: reservations. `$8`: now. `$9`: the host.
const BOOK: &str = "
BEGIN IMMEDIATE;
SELECT json('') WHERE $1 <> (SELECT COALESCE(GROUP_CONCAT(known, ','), '') FROM
    (SELECT HEX(id) || scope || ':' || subject || ':' || time_window AS known FROM budgets ORDER BY id));
SELECT json('') WHERE json_array_length($2) <>
    (SELECT COUNT(*) FROM reservations WHERE id IN (SELECT UNHEX(value, '-') FROM json_each($2)));
UPDATE budget_counters SET reserved_micros = reserved_micros - held.micros,
        reserved_tokens = reserved_tokens - held.tokens, updated_at = $8
    FROM (SELECT UNHEX(c.value->>'budget', '-') AS budget_id, c.value->>'subject' AS subject, c.value->>'slot' AS slot,
            SUM(r.micros) AS micros, SUM(r.tokens) AS tokens FROM reservations r, json_each(r.counters) c
        WHERE r.id IN (SELECT UNHEX(value, '-') FROM json_each($2)) GROUP BY 1, 2, 3) AS held
    WHERE budget_counters.budget_id = held.budget_id AND budget_counters.subject = held.subject
        AND budget_counters.slot = held.slot;
DELETE FROM reservations WHERE id IN (SELECT UNHEX(value, '-') FROM json_each($2));
UPDATE budget_counters SET spent_micros = spent_micros + added.micros, spent_tokens = spent_tokens + added.tokens,
        updated_at = $8
    FROM (SELECT UNHEX(value->>'budget', '-') AS budget_id, value->>'subject' AS subject, value->>'slot' AS slot,
            value->>'micros' AS micros, value->>'tokens' AS tokens FROM json_each($3)) AS added
    WHERE budget_counters.budget_id = added.budget_id AND budget_counters.subject = added.subject
        AND budget_counters.slot = added.slot;
SELECT json('') WHERE CHANGES() <> json_array_length($3);
SELECT json('') WHERE EXISTS (SELECT 1 FROM json_each($3) a
    JOIN budgets b ON b.id = UNHEX(a.value->>'budget', '-') AND b.time_window <> 'turn'
    JOIN budget_counters c ON c.budget_id = b.id AND c.subject = a.value->>'subject' AND c.slot = a.value->>'slot'
    WHERE (c.noticed < 100 AND ((c.spent_micros > 0 AND c.spent_micros * 100.0 >= (b.limit_micros + c.extra_micros) * 100.0)
            OR (c.spent_tokens > 0 AND c.spent_tokens * 100.0 >= (b.limit_tokens + c.extra_tokens) * 100.0)))
        OR (c.noticed < 75 AND ((c.spent_micros > 0 AND c.spent_micros * 100.0 >= (b.limit_micros + c.extra_micros) * 75.0)
            OR (c.spent_tokens > 0 AND c.spent_tokens * 100.0 >= (b.limit_tokens + c.extra_tokens) * 75.0))));
INSERT INTO model_calls (id, turn_id, user_id, conversation_id, workflow_id, skill_name, token_id, purpose, tier, rung,
        provider, model, attempt, status, prompt_tokens, input_tokens, cached_tokens, cache_write_tokens, output_tokens,
        saved_tokens, cost_micros, estimated, first_token_ms, latency_ms, skill_calls, error, created_at)
    SELECT UNHEX(value->>'id', '-'), UNHEX(value->>'turn_id', '-'), UNHEX(value->>'user_id', '-'),
        UNHEX(value->>'conversation_id', '-'), UNHEX(value->>'workflow_id', '-'), value->>'skill_name',
        UNHEX(value->>'token_id', '-'), value->>'purpose', value->>'tier', value->>'rung', value->>'provider',
        value->>'model', value->>'attempt', value->>'status', value->>'prompt_tokens', value->>'input_tokens',
        value->>'cached_tokens', value->>'cache_write_tokens', value->>'output_tokens', value->>'saved_tokens',
        value->>'cost_micros', value->>'estimated', value->>'first_token_ms', value->>'latency_ms',
        value->>'skill_calls', value->>'error', REPLACE(value->>'created_at', 'Z', '+00:00')
    FROM json_each($4);
INSERT INTO usage_rollups (day, user_id, conversation_id, workflow_id, skill_name, token_id, model, tier, purpose, calls,
        failed, cache_hits, input_tokens, cached_tokens, cache_write_tokens, output_tokens, saved_tokens, cost_micros)
    SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8, value->>9,
        value->>10, value->>11, value->>12, value->>13, value->>14, value->>15, value->>16, value->>17
    FROM json_each($5) WHERE TRUE
    ON CONFLICT (day, user_id, conversation_id, workflow_id, skill_name, token_id, model, tier, purpose)
    DO UPDATE SET calls = calls + excluded.calls, failed = failed + excluded.failed,
        cache_hits = cache_hits + excluded.cache_hits, input_tokens = input_tokens + excluded.input_tokens,
        cached_tokens = cached_tokens + excluded.cached_tokens,
        cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
        output_tokens = output_tokens + excluded.output_tokens, saved_tokens = saved_tokens + excluded.saved_tokens,
        cost_micros = cost_micros + excluded.cost_micros;
UPDATE budget_counters SET reserved_micros = reserved_micros + wanted.micros,
        reserved_tokens = reserved_tokens + wanted.tokens, updated_at = $8
    FROM (SELECT UNHEX(w.value->>'budget', '-') AS budget_id, w.value->>'subject' AS subject, w.value->>'slot' AS slot,
            w.value->>'micros' AS micros, w.value->>'tokens' AS tokens FROM json_each($6) w) AS wanted
        JOIN budgets b ON b.id = wanted.budget_id
    WHERE budget_counters.budget_id = wanted.budget_id AND budget_counters.subject = wanted.subject
        AND budget_counters.slot = wanted.slot
        AND (wanted.micros = 0 OR b.limit_micros IS NULL
            OR spent_micros + reserved_micros + wanted.micros <= b.limit_micros + extra_micros)
        AND (b.limit_tokens IS NULL OR spent_tokens + reserved_tokens + wanted.tokens <= b.limit_tokens + extra_tokens);
SELECT json('') WHERE CHANGES() <> json_array_length($6);
INSERT INTO reservations (id, held_by, held_until, micros, tokens, counters, model_call, created_at)
    SELECT UNHEX(value->>'id', '-'), $9, value->>'held_until', value->>'micros', value->>'tokens', value->'counters',
        value->'model_call', $8 FROM json_each($7);
COMMIT";

impl Db {
    /// Settles calls and admits others, all of it or nothing. False where the long way is needed; always so on
    /// Postgres, where a statement is no longer a way than a batch.
    pub async fn book_at_once(
        &self,
        (clock, host): (&Clock, HostId),
        way: &mut AtOnce,
        ends: &[Settlement],
        calls: &[NewReservation],
    ) -> Result<bool> {
        let Self::Sqlite(pool) = self else { return Ok(false) };
        let budgets = match way.budgets.take() {
            Some(budgets) => budgets,
            None => {
                sqlx::query_as(concat!("SELECT ", budget_columns!(), " FROM budgets ORDER BY id"))
                    .fetch_all(pool)
                    .await?
            }
        };
        let Some(mut connection) = way.connection(pool).await? else { return Ok(false) };
        let booked = Booked::new(&budgets, ends.iter());
        let settled: Vec<_> = ends.iter().filter(|end| end.reserved).map(|end| end.call.id).collect();
        let done = sqlx::query(BOOK)
            .bind(known(&budgets))
            .bind(json!(settled).to_string())
            .bind(booked.added().to_string())
            .bind(json!(booked.calls).to_string())
            .bind(booked.sums().to_string())
            .bind(held(&budgets, calls).to_string())
            .bind(reservations(&budgets, calls).to_string())
            .bind(clock.now())
            .bind(host)
            .execute(&mut connection)
            .await;
        if let Err(error) = done {
            tracing::debug!(error = &error as &dyn std::error::Error, "a batch is booked the long way");
            // Where that fails there was no transaction, or the connection is of no use: it is closed.
            if sqlx::raw_sql("ROLLBACK").execute(&mut connection).await.is_ok() {
                way.connection = Some(connection);
            }
            return Ok(false);
        }
        (way.connection, way.budgets) = (Some(connection), Some(budgets));
        Ok(true)
    }
}

impl AtOnce {
    /// A connection of its own; `None` where there is one alone, such as to a database in memory.
    async fn connection(&mut self, pool: &SqlitePool) -> Result<Option<SqliteConnection>> {
        if let Some(connection) = self.connection.take() {
            return Ok(Some(connection));
        }
        if pool.options().get_max_connections() < 2 {
            return Ok(None);
        }
        Ok(Some(pool.acquire().await?.detach()))
    }
}

/// Budgets by what says to which counters a call belongs. What they allow is looked at when it is needed.
fn known(budgets: &[Budget]) -> String {
    let known = budgets.iter().map(|budget| {
        let id = budget.id.0.simple().to_string().to_uppercase();
        format!("{id}{}:{}:{}", budget.scope.word(), budget.subject, budget.window.word())
    });
    known.collect::<Vec<_>>().join(",")
}

fn held(budgets: &[Budget], calls: &[NewReservation]) -> Value {
    let held = wanted(budgets, calls).into_iter().map(|(key, amount)| {
        let (micros, tokens) = (amount.reserved_micros, amount.reserved_tokens);
        json!({ "budget": key.budget, "subject": key.subject, "slot": key.slot, "micros": micros, "tokens": tokens })
    });
    held.collect()
}

fn reservations(budgets: &[Budget], calls: &[NewReservation]) -> Value {
    let reservations = calls.iter().map(|new| {
        json!({
            "id": new.call.id,
            // As the columns of moments are written.
            "held_until": new.held_until.to_rfc3339_opts(SecondsFormat::AutoSi, false),
            "micros": new.call.cost_micros,
            "tokens": new.call.tokens(),
            "counters": new.counters(budgets),
            "model_call": { "call": new.call, "day": new.day },
        })
    });
    reservations.collect()
}

impl Booked<'_> {
    fn added(&self) -> Value {
        let added = self.counters.iter().map(|(key, amount)| {
            let (micros, tokens) = (amount.spent_micros, amount.spent_tokens);
            json!({ "budget": key.budget, "subject": key.subject, "slot": key.slot, "micros": micros, "tokens": tokens })
        });
        added.collect()
    }

    fn sums(&self) -> Value {
        let sums = self.usage.iter().map(|(key, sum)| {
            json!([
                key.day,
                key.user,
                key.conversation,
                key.workflow,
                key.skill,
                key.token,
                key.model,
                key.tier,
                key.purpose,
                sum.calls,
                sum.failed,
                sum.cache_hits,
                sum.input_tokens,
                sum.cached_tokens,
                sum.cache_write_tokens,
                sum.output_tokens,
                sum.saved_tokens,
                sum.cost_micros
            ])
        });
        sums.collect()
    }
}
