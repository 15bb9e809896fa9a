-- Work done later, and every attempt at it.
CREATE TABLE jobs (
    id              BLOB PRIMARY KEY,
    type            TEXT NOT NULL,
    status          TEXT NOT NULL CHECK (status IN ('queued', 'running', 'done', 'dead', 'cancelled')),
    run_at          TEXT NOT NULL,
    payload         TEXT NOT NULL,
    user_id         BLOB REFERENCES users (id),
    locked_at       TEXT,
    locked_by       BLOB,
    retry_count     INTEGER NOT NULL,
    max_retries     INTEGER NOT NULL,
    last_error      TEXT,
    idempotency_key TEXT UNIQUE,
    created_at      TEXT NOT NULL,
    finished_at     TEXT
) STRICT;

CREATE INDEX jobs_due ON jobs (run_at) WHERE status = 'queued';
CREATE INDEX jobs_running ON jobs (locked_at) WHERE status = 'running';
CREATE INDEX jobs_by_time ON jobs (created_at);

CREATE TABLE job_runs (
    job_id      BLOB NOT NULL REFERENCES jobs (id),
    attempt     INTEGER NOT NULL,
    host_id     BLOB NOT NULL,
    status      TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed')),
    error       TEXT,
    started_at  TEXT NOT NULL,
    finished_at TEXT,
    PRIMARY KEY (job_id, attempt)
) STRICT;
