-- The books are written with every call: as few pages as possible change with one.

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
) STRICT, WITHOUT ROWID;

INSERT INTO new_model_calls SELECT * FROM model_calls ORDER BY id;
DROP TABLE model_calls;
ALTER TABLE new_model_calls RENAME TO model_calls;
CREATE INDEX model_calls_by_time ON model_calls (created_at);
CREATE INDEX model_calls_by_turn ON model_calls (turn_id) WHERE turn_id IS NOT NULL;

-- As many rows as there are calls under way: the sweep reads them all.
DROP INDEX reservations_by_time;
