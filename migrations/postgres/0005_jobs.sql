-- Work done later, and every attempt at it.
CREATE TABLE jobs (
    id              UUID PRIMARY KEY,
    type            TEXT NOT NULL,
    status          TEXT NOT NULL CHECK (status IN ('queued', 'running', 'done', 'dead', 'cancelled')),
    run_at          TIMESTAMPTZ NOT NULL,
    payload         JSONB NOT NULL,
    user_id         UUID REFERENCES users (id),
    locked_at       TIMESTAMPTZ,
    locked_by       UUID,
    retry_count     BIGINT NOT NULL,
    max_retries     BIGINT NOT NULL,
    last_error      TEXT,
    idempotency_key TEXT UNIQUE,
    created_at      TIMESTAMPTZ NOT NULL,
    finished_at     TIMESTAMPTZ
);

CREATE INDEX jobs_due ON jobs (run_at) WHERE status = 'queued';
CREATE INDEX jobs_running ON jobs (locked_at) WHERE status = 'running';
CREATE INDEX jobs_by_time ON jobs (created_at);

CREATE TABLE job_runs (
    job_id      UUID NOT NULL REFERENCES jobs (id),
    attempt     BIGINT NOT NULL,
    host_id     UUID NOT NULL,
    status      TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed')),
    error       TEXT,
    started_at  TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    PRIMARY KEY (job_id, attempt)
);
