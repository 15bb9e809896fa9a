-- Money: what may be spent, what is held for calls that are under way, what was spent.
-- Amounts are micro-dollars; a price is micro-dollars for a million tokens.

-- Every attempt at a model, with what it cost and for whom.
CREATE TABLE new_model_calls (
    id                 BLOB PRIMARY KEY,
    turn_id            BLOB REFERENCES turns (id),
    user_id            BLOB REFERENCES users (id),
    conversation_id    BLOB REFERENCES conversations (id),
    workflow_id        BLOB,
    skill_name         TEXT,
    token_id           BLOB,
    purpose            TEXT NOT NULL,
    tier               TEXT NOT NULL CHECK (tier IN ('small', 'large', 'embedding')),
    rung               TEXT NOT NULL,
    provider           TEXT NOT NULL,
    model              TEXT NOT NULL,
    attempt            INTEGER NOT NULL,
    status             TEXT NOT NULL
                       CHECK (status IN ('done', 'failed', 'cancelled', 'truncated', 'interrupted', 'cached')),
    prompt_tokens      INTEGER NOT NULL,
    input_tokens       INTEGER NOT NULL,
    cached_tokens      INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    output_tokens      INTEGER NOT NULL,
    saved_tokens       INTEGER NOT NULL,
    cost_micros        INTEGER NOT NULL,
    estimated          INTEGER NOT NULL,
    first_token_ms     INTEGER,
    latency_ms         INTEGER NOT NULL,
    skill_calls        INTEGER NOT NULL,
    error              TEXT,
    created_at         TEXT NOT NULL
) STRICT;

INSERT INTO new_model_calls
SELECT m.id, m.turn_id, m.user_id, t.conversation_id, NULL, NULL, NULL, m.purpose, m.tier, m.tier, '', m.model,
       m.attempt, m.status, m.prompt_tokens, m.input_tokens, m.cached_tokens, 0, m.output_tokens, 0, 0, 0,
       m.first_token_ms, m.latency_ms, m.skill_calls, m.error, m.created_at
FROM model_calls m LEFT JOIN turns t ON t.id = m.turn_id;

DROP TABLE model_calls;
ALTER TABLE new_model_calls RENAME TO model_calls;
CREATE INDEX model_calls_by_time ON model_calls (created_at);
CREATE INDEX model_calls_by_turn ON model_calls (turn_id);

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
    calls              INTEGER NOT NULL,
    failed             INTEGER NOT NULL,
    cache_hits         INTEGER NOT NULL,
    input_tokens       INTEGER NOT NULL,
    cached_tokens      INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    output_tokens      INTEGER NOT NULL,
    saved_tokens       INTEGER NOT NULL,
    cost_micros        INTEGER NOT NULL,
    PRIMARY KEY (day, user_id, conversation_id, workflow_id, skill_name, token_id, model, tier, purpose)
) STRICT;

INSERT INTO usage_rollups
SELECT SUBSTR(created_at, 1, 10),
       CASE WHEN user_id IS NULL THEN '' ELSE LOWER(SUBSTR(HEX(user_id), 1, 8) || '-' || SUBSTR(HEX(user_id), 9, 4)
           || '-' || SUBSTR(HEX(user_id), 13, 4) || '-' || SUBSTR(HEX(user_id), 17, 4) || '-' || SUBSTR(HEX(user_id), 21))
       END,
       CASE WHEN conversation_id IS NULL THEN '' ELSE LOWER(SUBSTR(HEX(conversation_id), 1, 8) || '-'
           || SUBSTR(HEX(conversation_id), 9, 4) || '-' || SUBSTR(HEX(conversation_id), 13, 4) || '-'
           || SUBSTR(HEX(conversation_id), 17, 4) || '-' || SUBSTR(HEX(conversation_id), 21)) END,
       '', '', '', model, tier, purpose, COUNT(*), SUM(status = 'failed'), 0, SUM(input_tokens), SUM(cached_tokens), 0,
       SUM(output_tokens), 0, 0
FROM model_calls GROUP BY 1, 2, 3, 7, 8, 9;

-- What may be spent in a window. An empty subject means each one of the scope by itself.
CREATE TABLE budgets (
    id           BLOB PRIMARY KEY,
    scope        TEXT NOT NULL CHECK (scope IN ('owner', 'user', 'conversation', 'workflow', 'skill', 'token')),
    subject      TEXT NOT NULL,
    time_window  TEXT NOT NULL CHECK (time_window IN ('turn', 'day', 'month')),
    limit_micros INTEGER CHECK (limit_micros >= 0),
    limit_tokens INTEGER CHECK (limit_tokens >= 0),
    created_at   TEXT NOT NULL,
    UNIQUE (scope, subject, time_window),
    CHECK (limit_micros IS NOT NULL OR limit_tokens IS NOT NULL)
) STRICT;

-- Until the owner says otherwise: five dollars a day, fifty a month.
INSERT INTO budgets VALUES
    (X'01936400000070008000000000000001', 'owner', '', 'day', 5000000, NULL, '2025-01-01T00:00:00+00:00'),
    (X'01936400000070008000000000000002', 'owner', '', 'month', 50000000, NULL, '2025-01-01T00:00:00+00:00');

-- How far a budget is used in one window, by one subject.
CREATE TABLE budget_counters (
    id              BLOB NOT NULL UNIQUE,
    budget_id       BLOB NOT NULL REFERENCES budgets (id) ON DELETE CASCADE,
    subject         TEXT NOT NULL,
    slot            TEXT NOT NULL,
    reserved_micros INTEGER NOT NULL CHECK (reserved_micros >= 0),
    spent_micros    INTEGER NOT NULL,
    extra_micros    INTEGER NOT NULL,
    reserved_tokens INTEGER NOT NULL CHECK (reserved_tokens >= 0),
    spent_tokens    INTEGER NOT NULL,
    extra_tokens    INTEGER NOT NULL,
    noticed         INTEGER NOT NULL,
    updated_at      TEXT NOT NULL,
    PRIMARY KEY (budget_id, subject, slot)
) STRICT;

-- What calls under way may cost at most. A row is removed by whoever settles its call, once.
CREATE TABLE reservations (
    id         BLOB PRIMARY KEY,
    held_by    BLOB NOT NULL,
    held_until TEXT NOT NULL,
    micros     INTEGER NOT NULL,
    tokens     INTEGER NOT NULL,
    counters   TEXT NOT NULL,
    model_call TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

CREATE INDEX reservations_by_time ON reservations (held_until);

-- Prices that the owner has set; they go before those that ship with the host.
CREATE TABLE prices (
    model       TEXT PRIMARY KEY,
    input       INTEGER NOT NULL CHECK (input >= 0),
    cache_read  INTEGER NOT NULL CHECK (cache_read >= 0),
    cache_write INTEGER NOT NULL CHECK (cache_write >= 0),
    output      INTEGER NOT NULL CHECK (output >= 0),
    updated_at  TEXT NOT NULL
) STRICT;

-- The rung that each person's answers come from, and which they were told of.
CREATE TABLE rungs (
    user_id    BLOB PRIMARY KEY REFERENCES users (id),
    rung       TEXT NOT NULL,
    told       TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE rung_changes (
    id         BLOB PRIMARY KEY,
    user_id    BLOB NOT NULL REFERENCES users (id),
    turn_id    BLOB,
    old_rung   TEXT NOT NULL,
    new_rung   TEXT NOT NULL,
    reason     TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

CREATE INDEX rung_changes_by_time ON rung_changes (created_at);

-- The smallest tier that a person's answers come from while it can be paid for.
ALTER TABLE users ADD COLUMN tier_floor TEXT CHECK (tier_floor IN ('small', 'large'));
