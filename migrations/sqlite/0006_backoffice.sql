-- The web side: who is logged in, which tokens work, what the owner set and did.
CREATE TABLE sessions (
    id         TEXT PRIMARY KEY,
    data       TEXT NOT NULL,
    expires_at TEXT NOT NULL
) STRICT;

CREATE TABLE api_tokens (
    id           BLOB PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,
    hash         TEXT NOT NULL UNIQUE,
    scopes       TEXT NOT NULL,
    created_at   TEXT NOT NULL,
    last_used_at TEXT
) STRICT;

-- `open`: skills may change it through the `config` capability.
CREATE TABLE settings (
    key        TEXT PRIMARY KEY,
    value      TEXT,
    open       INTEGER NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE audit (
    id         BLOB PRIMARY KEY,
    actor      TEXT NOT NULL,
    action     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    detail     TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

CREATE INDEX audit_by_time ON audit (created_at);
