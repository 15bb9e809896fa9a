-- Skills, their versions, what they may do and what they did.
CREATE TABLE skills (
    name            TEXT PRIMARY KEY,
    status          TEXT NOT NULL CHECK (status IN ('active', 'disabled', 'removed')),
    origin          TEXT NOT NULL CHECK (origin IN ('bundle', 'upload')),
    active_digest   TEXT,
    previous_digest TEXT,
    settings        JSONB NOT NULL,
    created_at      TIMESTAMPTZ NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL
);

CREATE TABLE skill_versions (
    digest       TEXT PRIMARY KEY,
    skill_name   TEXT NOT NULL REFERENCES skills (name),
    version      TEXT NOT NULL,
    origin       TEXT NOT NULL CHECK (origin IN ('bundle', 'upload')),
    manifest     JSONB NOT NULL,
    imports      JSONB NOT NULL,
    examples     JSONB NOT NULL,
    size         BIGINT NOT NULL,
    compile_ms   BIGINT NOT NULL,
    status       TEXT NOT NULL CHECK (status IN ('review', 'active', 'retired')),
    component    BYTEA NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    activated_at TIMESTAMPTZ
);

CREATE INDEX skill_versions_by_skill ON skill_versions (skill_name, created_at);

CREATE TABLE grants (
    skill_name TEXT NOT NULL REFERENCES skills (name),
    capability TEXT NOT NULL,
    scope      JSONB NOT NULL,
    granted_by TEXT NOT NULL,
    granted_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (skill_name, capability)
);

CREATE TABLE calls (
    id                UUID PRIMARY KEY,
    skill_name        TEXT NOT NULL,
    digest            TEXT NOT NULL,
    turn_id           UUID REFERENCES turns (id),
    user_id           UUID REFERENCES users (id),
    idempotency_key   TEXT UNIQUE,
    attempt           BIGINT NOT NULL,
    status            TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed')),
    input             JSONB NOT NULL,
    output            JSONB,
    failure           JSONB,
    log               JSONB NOT NULL,
    queue_us          BIGINT NOT NULL,
    duration_us       BIGINT NOT NULL,
    fuel              BIGINT NOT NULL,
    peak_memory_bytes BIGINT NOT NULL,
    host_calls        BIGINT NOT NULL,
    created_at        TIMESTAMPTZ NOT NULL,
    finished_at       TIMESTAMPTZ
);

CREATE INDEX calls_by_skill ON calls (skill_name, created_at);
CREATE INDEX calls_by_turn ON calls (turn_id);

-- Bytes that a skill keeps for one user; no other skill and no other user sees them.
CREATE TABLE kv (
    skill_name TEXT NOT NULL,
    user_id    UUID NOT NULL REFERENCES users (id),
    key        TEXT NOT NULL,
    value      BYTEA NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (skill_name, user_id, key)
);

-- Counts the changes of something that hosts keep in memory, so that each can tell when to look again.
CREATE TABLE revisions (
    name   TEXT PRIMARY KEY,
    number BIGINT NOT NULL
);

INSERT INTO revisions (name, number) VALUES ('skills', 0);
