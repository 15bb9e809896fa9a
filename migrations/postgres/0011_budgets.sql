-- Money: what may be spent, what is held for calls that are under way, what was spent.
-- Amounts are micro-dollars; a price is micro-dollars for a million tokens.

-- Every attempt at a model, with what it cost and for whom.
ALTER TABLE model_calls
    ADD COLUMN conversation_id UUID REFERENCES conversations (id),
    ADD COLUMN workflow_id UUID,
    ADD COLUMN skill_name TEXT,
    ADD COLUMN token_id UUID,
    ADD COLUMN rung TEXT NOT NULL DEFAULT '',
    ADD COLUMN provider TEXT NOT NULL DEFAULT '',
    ADD COLUMN cache_write_tokens BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN saved_tokens BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN cost_micros BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN estimated BOOLEAN NOT NULL DEFAULT FALSE,
    DROP CONSTRAINT model_calls_tier_check,
    DROP CONSTRAINT model_calls_status_check,
    ADD CHECK (tier IN ('small', 'large', 'embedding')),
    ADD CHECK (status IN ('done', 'failed', 'cancelled', 'truncated', 'interrupted', 'cached'));

UPDATE model_calls SET rung = tier,
    conversation_id = (SELECT conversation_id FROM turns WHERE turns.id = model_calls.turn_id);

-- The same, added up as it is written. An absent value is an empty text; days are the owner's.
CREATE TABLE usage_rollups (
    day                TEXT NOT NULL,
    user_id            TEXT NOT NULL,
    conversation_id    TEXT NOT NULL,
    workflow_id        TEXT NOT NULL,
    skill_name         TEXT NOT NULL,
    token_id           TEXT NOT NULL,
    model              TEXT NOT NULL,
    tier               TEXT NOT NULL,
    purpose            TEXT NOT NULL,
    calls              BIGINT NOT NULL,
    failed             BIGINT NOT NULL,
    cache_hits         BIGINT NOT NULL,
    input_tokens       BIGINT NOT NULL,
    cached_tokens      BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    output_tokens      BIGINT NOT NULL,
    saved_tokens       BIGINT NOT NULL,
    cost_micros        BIGINT NOT NULL,
    PRIMARY KEY (day, user_id, conversation_id, workflow_id, skill_name, token_id, model, tier, purpose)
);

INSERT INTO usage_rollups
SELECT TO_CHAR(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), COALESCE(CAST(user_id AS TEXT), ''),
       COALESCE(CAST(conversation_id AS TEXT), ''), '', '', '', model, tier, purpose, COUNT(*),
       COUNT(*) FILTER (WHERE status = 'failed'), 0, SUM(input_tokens), SUM(cached_tokens), 0, SUM(output_tokens), 0, 0
FROM model_calls GROUP BY 1, 2, 3, 7, 8, 9;

-- What may be spent in a window. An empty subject means each one of the scope by itself.
CREATE TABLE budgets (
    id           UUID PRIMARY KEY,
    scope        TEXT NOT NULL CHECK (scope IN ('owner', 'user', 'conversation', 'workflow', 'skill', 'token')),
    subject      TEXT NOT NULL,
    time_window  TEXT NOT NULL CHECK (time_window IN ('turn', 'day', 'month')),
    limit_micros BIGINT CHECK (limit_micros >= 0),
    limit_tokens BIGINT CHECK (limit_tokens >= 0),
    created_at   TIMESTAMPTZ NOT NULL,
    UNIQUE (scope, subject, time_window),
    CHECK (limit_micros IS NOT NULL OR limit_tokens IS NOT NULL)
);

-- Until the owner says otherwise: five dollars a day, fifty a month.
INSERT INTO budgets VALUES
    ('01936400-0000-7000-8000-000000000001', 'owner', '', 'day', 5000000, NULL, '2025-01-01T00:00:00+00:00'),
    ('01936400-0000-7000-8000-000000000002', 'owner', '', 'month', 50000000, NULL, '2025-01-01T00:00:00+00:00');

-- How far a budget is used in one window, by one subject.
CREATE TABLE budget_counters (
    id              UUID NOT NULL UNIQUE,
    budget_id       UUID NOT NULL REFERENCES budgets (id) ON DELETE CASCADE,
    subject         TEXT NOT NULL,
    slot            TEXT NOT NULL,
    reserved_micros BIGINT NOT NULL CHECK (reserved_micros >= 0),
    spent_micros    BIGINT NOT NULL,
    extra_micros    BIGINT NOT NULL,
    reserved_tokens BIGINT NOT NULL CHECK (reserved_tokens >= 0),
    spent_tokens    BIGINT NOT NULL,
    extra_tokens    BIGINT NOT NULL,
    noticed         BIGINT NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (budget_id, subject, slot)
);

-- What calls under way may cost at most. A row is removed by whoever settles its call, once.
CREATE TABLE reservations (
    id         UUID PRIMARY KEY,
    held_by    UUID NOT NULL,
    held_until TIMESTAMPTZ NOT NULL,
    micros     BIGINT NOT NULL,
    tokens     BIGINT NOT NULL,
    counters   JSONB NOT NULL,
    model_call JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX reservations_by_time ON reservations (held_until);

-- Prices that the owner has set; they go before those that ship with the host.
CREATE TABLE prices (
    model       TEXT PRIMARY KEY,
    input       BIGINT NOT NULL CHECK (input >= 0),
    cache_read  BIGINT NOT NULL CHECK (cache_read >= 0),
    cache_write BIGINT NOT NULL CHECK (cache_write >= 0),
    output      BIGINT NOT NULL CHECK (output >= 0),
    updated_at  TIMESTAMPTZ NOT NULL
);

-- The rung that each person's answers come from, and which they were told of.
CREATE TABLE rungs (
    user_id    UUID PRIMARY KEY REFERENCES users (id),
    rung       TEXT NOT NULL,
    told       TEXT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE rung_changes (
    id         UUID PRIMARY KEY,
    user_id    UUID NOT NULL REFERENCES users (id),
    turn_id    UUID,
    old_rung   TEXT NOT NULL,
    new_rung   TEXT NOT NULL,
    reason     TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX rung_changes_by_time ON rung_changes (created_at);

-- The smallest tier that a person's answers come from while it can be paid for.
ALTER TABLE users ADD COLUMN tier_floor TEXT CHECK (tier_floor IN ('small', 'large'));
