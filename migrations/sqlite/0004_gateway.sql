-- One row per attempt at a model.
CREATE TABLE model_calls (
    id             BLOB PRIMARY KEY,
    turn_id        BLOB REFERENCES turns (id),
    user_id        BLOB REFERENCES users (id),
    purpose        TEXT NOT NULL,
    tier           TEXT NOT NULL CHECK (tier IN ('small', 'large')),
    model          TEXT NOT NULL,
    attempt        INTEGER NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('done', 'failed')),
    prompt_tokens  INTEGER NOT NULL,
    input_tokens   INTEGER NOT NULL,
    output_tokens  INTEGER NOT NULL,
    cached_tokens  INTEGER NOT NULL,
    first_token_ms INTEGER,
    latency_ms     INTEGER NOT NULL,
    skill_calls    INTEGER NOT NULL,
    error          TEXT,
    created_at     TEXT NOT NULL
) STRICT;

CREATE INDEX model_calls_by_time ON model_calls (created_at);
CREATE INDEX model_calls_by_turn ON model_calls (turn_id);
