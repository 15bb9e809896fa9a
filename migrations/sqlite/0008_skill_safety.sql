-- Why a version does not answer any more, where that was not the owner's next choice.
ALTER TABLE skill_versions ADD COLUMN retired_reason TEXT;

-- The call that made this one, whose fault its failure is, and what else it used of its limits.
ALTER TABLE calls ADD COLUMN parent_id BLOB;
ALTER TABLE calls ADD COLUMN fault TEXT;
ALTER TABLE calls ADD COLUMN usage TEXT;

CREATE INDEX calls_by_version ON calls (digest, finished_at);

-- Values that the host puts into requests for a skill, sealed with the host's key.
CREATE TABLE skill_secrets (
    skill_name TEXT NOT NULL REFERENCES skills (name),
    name       TEXT NOT NULL,
    sealed     BLOB NOT NULL,
    set_by     TEXT NOT NULL,
    set_at     TEXT NOT NULL,
    PRIMARY KEY (skill_name, name)
) STRICT;

-- What a skill asked of the owner, once per key: a capability that it lacked, or a call that waits.
CREATE TABLE approvals (
    id              BLOB PRIMARY KEY,
    key             TEXT NOT NULL UNIQUE,
    kind            TEXT NOT NULL CHECK (kind IN ('grant', 'call')),
    skill_name      TEXT NOT NULL,
    digest          TEXT NOT NULL,
    capability      TEXT,
    word            TEXT,
    input           TEXT,
    call_id         BLOB,
    turn_id         BLOB REFERENCES turns (id),
    user_id         BLOB NOT NULL REFERENCES users (id),
    conversation_id BLOB REFERENCES conversations (id),
    status          TEXT NOT NULL CHECK (status IN ('pending', 'approved', 'denied')),
    decided_by      TEXT,
    created_at      TEXT NOT NULL,
    decided_at      TEXT
) STRICT;

CREATE INDEX approvals_by_time ON approvals (created_at);
CREATE INDEX approvals_pending ON approvals (skill_name) WHERE status = 'pending';

-- What the host answered during a call, to run the call again without asking anybody.
CREATE TABLE recordings (
    call_id    BLOB PRIMARY KEY REFERENCES calls (id),
    tape       TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
) STRICT;

CREATE INDEX recordings_by_expiry ON recordings (expires_at);
