-- Skills, their versions, what they may do and what they did.
CREATE TABLE skills (
    name            TEXT PRIMARY KEY,
    status          TEXT NOT NULL CHECK (status IN ('active', 'disabled', 'removed')),
    origin          TEXT NOT NULL CHECK (origin IN ('bundle', 'upload')),
    active_digest   TEXT,
    previous_digest TEXT,
    settings        TEXT NOT NULL,
    created_at      TEXT NOT NULL,
    updated_at      TEXT NOT NULL
) STRICT;

CREATE TABLE skill_versions (
    digest       TEXT PRIMARY KEY,
    skill_name   TEXT NOT NULL REFERENCES skills (name),
    version      TEXT NOT NULL,
    origin       TEXT NOT NULL CHECK (origin IN ('bundle', 'upload')),
    manifest     TEXT NOT NULL,
    imports      TEXT NOT NULL,
    examples     TEXT NOT NULL,
    size         INTEGER NOT NULL,
    compile_ms   INTEGER NOT NULL,
    status       TEXT NOT NULL CHECK (status IN ('review', 'active', 'retired')),
    component    BLOB NOT NULL,
    created_at   TEXT NOT NULL,
    activated_at TEXT
) STRICT;

CREATE INDEX skill_versions_by_skill ON skill_versions (skill_name, created_at);

CREATE TABLE grants (
    skill_name TEXT NOT NULL REFERENCES skills (name),
    capability TEXT NOT NULL,
    scope      TEXT NOT NULL,
    granted_by TEXT NOT NULL,
    granted_at TEXT NOT NULL,
    PRIMARY KEY (skill_name, capability)
) STRICT;

CREATE TABLE calls (
    id                BLOB PRIMARY KEY,
    skill_name        TEXT NOT NULL,
    digest            TEXT NOT NULL,
    turn_id           BLOB REFERENCES turns (id),
    user_id           BLOB REFERENCES users (id),
    idempotency_key   TEXT UNIQUE,
    attempt           INTEGER NOT NULL,
    status            TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed')),
    input             TEXT NOT NULL,
    output            TEXT,
    failure           TEXT,
    log               TEXT NOT NULL,
    queue_us          INTEGER NOT NULL,
    duration_us       INTEGER NOT NULL,
    fuel              INTEGER NOT NULL,
    peak_memory_bytes INTEGER NOT NULL,
    host_calls        INTEGER NOT NULL,
    created_at        TEXT NOT NULL,
    finished_at       TEXT
) STRICT;

CREATE INDEX calls_by_skill ON calls (skill_name, created_at);
CREATE INDEX calls_by_turn ON calls (turn_id);

-- Bytes that a skill keeps for one user; no other skill and no other user sees them.
CREATE TABLE kv (
    skill_name TEXT NOT NULL,
    user_id    BLOB NOT NULL REFERENCES users (id),
    key        TEXT NOT NULL,
    value      BLOB NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (skill_name, user_id, key)
) STRICT;

-- Counts the changes of something that hosts keep in memory, so that each can tell when to look again.
CREATE TABLE revisions (
    name   TEXT PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT;

INSERT INTO revisions (name, number) VALUES ('skills', 0);
