-- One row per attempt at a model.
CREATE TABLE model_calls (
    id             UUID PRIMARY KEY,
    turn_id        UUID REFERENCES turns (id),
    user_id        UUID REFERENCES users (id),
    purpose        TEXT NOT NULL,
    tier           TEXT NOT NULL CHECK (tier IN ('small', 'large')),
    model          TEXT NOT NULL,
    attempt        BIGINT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('done', 'failed')),
    prompt_tokens  BIGINT NOT NULL,
    input_tokens   BIGINT NOT NULL,
    output_tokens  BIGINT NOT NULL,
    cached_tokens  BIGINT NOT NULL,
    first_token_ms BIGINT,
    latency_ms     BIGINT NOT NULL,
    skill_calls    BIGINT NOT NULL,
    error          TEXT,
    created_at     TIMESTAMPTZ NOT NULL
);

CREATE INDEX model_calls_by_time ON model_calls (created_at);
CREATE INDEX model_calls_by_turn ON model_calls (turn_id);
