-- Messages that answer no turn, such as reminders.
CREATE TABLE messages_new (
    id              BLOB PRIMARY KEY,
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    user_id         BLOB NOT NULL REFERENCES users (id),
    turn_id         BLOB REFERENCES turns (id),
    role            TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
    content         TEXT NOT NULL,
    meta            TEXT NOT NULL,
    created_at      TEXT NOT NULL
) STRICT;

INSERT INTO messages_new SELECT id, conversation_id, user_id, turn_id, role, content, meta, created_at FROM messages;

-- What goes out, a row before it is sent. `draft`: the turn still runs. `pending`: to be sent.
-- `waiting`: a job sends it again. `parts` are Telegram's ids of what it has got, `in_flight` is the
-- part being sent, and `interrupted` says that nobody knows whether one arrived.
CREATE TABLE outbox_new (
    id              BLOB PRIMARY KEY,
    key             TEXT NOT NULL UNIQUE,
    conversation_id BLOB REFERENCES conversations (id),
    message_id      BLOB REFERENCES messages_new (id),
    channel         TEXT NOT NULL,
    chat_id         INTEGER,
    thread_id       INTEGER,
    reply_to        INTEGER,
    content         TEXT,
    buttons         TEXT NOT NULL,
    locale          TEXT NOT NULL,
    status          TEXT NOT NULL CHECK (status IN ('draft', 'pending', 'sending', 'waiting', 'sent', 'failed')),
    parts           TEXT NOT NULL,
    in_flight       INTEGER,
    interrupted     INTEGER NOT NULL,
    attempts        INTEGER NOT NULL,
    last_error      TEXT,
    locked_by       BLOB,
    created_at      TEXT NOT NULL,
    sent_at         TEXT
) STRICT;

INSERT INTO outbox_new (id, key, conversation_id, message_id, channel, buttons, locale, status, parts, interrupted,
    attempts, last_error, created_at, sent_at)
SELECT id, key, conversation_id, message_id, channel, '[]', 'en', CASE WHEN channel = 'telegram' THEN 'failed' ELSE status END,
    '[]', 0, attempts, last_error, created_at, sent_at FROM outbox;

DROP TABLE outbox;
DROP TABLE messages;
ALTER TABLE messages_new RENAME TO messages;
ALTER TABLE outbox_new RENAME TO outbox;

CREATE INDEX messages_by_conversation ON messages (conversation_id, created_at, id);
-- One message in and one reply out.
CREATE UNIQUE INDEX messages_one_per_role ON messages (turn_id, role);

-- What came in. From Telegram it is kept here before it is acknowledged, and worked on afterwards.
CREATE TABLE updates_new (
    key         TEXT PRIMARY KEY,
    channel     TEXT NOT NULL,
    status      TEXT NOT NULL CHECK (status IN ('received', 'done')),
    chat_id     INTEGER,
    number      INTEGER,
    album       TEXT,
    payload     TEXT,
    turn_id     BLOB REFERENCES turns (id),
    received_at TEXT NOT NULL
) STRICT;

INSERT INTO updates_new (key, channel, status, turn_id, received_at)
SELECT key, channel, 'done', turn_id, received_at FROM updates;

DROP TABLE updates;
ALTER TABLE updates_new RENAME TO updates;

CREATE INDEX updates_waiting ON updates (received_at, number) WHERE status = 'received';
CREATE INDEX updates_by_time ON updates (received_at);

-- Where on Telegram a conversation takes place; nothing for other channels.
ALTER TABLE conversations ADD COLUMN chat_id INTEGER;
ALTER TABLE conversations ADD COLUMN thread_id INTEGER;

-- Since when a running turn is asked to stop.
ALTER TABLE turns ADD COLUMN stop_at TEXT;

-- Chats that may talk to the agent, and the conversation that each is in now. `user_id` is the person,
-- or the group as one; `thread_id` is 0 outside the topics of a group.
CREATE TABLE chats (
    chat_id         INTEGER NOT NULL,
    thread_id       INTEGER NOT NULL,
    kind            TEXT NOT NULL CHECK (kind IN ('private', 'group')),
    user_id         BLOB NOT NULL REFERENCES users (id),
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    title           TEXT NOT NULL,
    created_at      TEXT NOT NULL,
    PRIMARY KEY (chat_id, thread_id)
) STRICT;

-- Strangers who asked to talk to the agent, and what the owner said.
CREATE TABLE pairings (
    id         BLOB PRIMARY KEY,
    chat_id    INTEGER NOT NULL UNIQUE,
    kind       TEXT NOT NULL CHECK (kind IN ('private', 'group')),
    name       TEXT NOT NULL,
    locale     TEXT NOT NULL,
    code       TEXT NOT NULL,
    status     TEXT NOT NULL CHECK (status IN ('pending', 'approved', 'denied')),
    decided_by TEXT,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    decided_at TEXT
) STRICT;

-- What one host does for all, such as polling a bot. `number` grows with every holder.
CREATE TABLE leases (
    name       TEXT PRIMARY KEY,
    holder     BLOB NOT NULL,
    number     INTEGER NOT NULL,
    expires_at TEXT NOT NULL,
    state      TEXT NOT NULL
) STRICT;

-- Documents and photos that people sent.
CREATE TABLE files (
    id              BLOB PRIMARY KEY,
    user_id         BLOB NOT NULL REFERENCES users (id),
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    turn_id         BLOB NOT NULL REFERENCES turns (id),
    name            TEXT NOT NULL,
    media_type      TEXT NOT NULL,
    size            INTEGER NOT NULL,
    content         BLOB NOT NULL,
    created_at      TEXT NOT NULL
) STRICT;

CREATE INDEX files_by_conversation ON files (conversation_id, created_at);

CREATE INDEX outbox_to_send ON outbox (chat_id, id) WHERE status IN ('draft', 'pending', 'sending', 'waiting');
CREATE INDEX outbox_failed ON outbox (id) WHERE status = 'failed';

-- Jobs that recur and deliver. `slot` is the moment that a run is for, `run_at` the one at which it is tried.
-- `attempt` counts every run and, with its holder, is the token of a lease; `failures` counts dead slots in a row.
CREATE TABLE jobs_new (
    id              BLOB PRIMARY KEY,
    type            TEXT NOT NULL,
    status          TEXT NOT NULL CHECK (status IN ('queued', 'running', 'done', 'dead', 'cancelled')),
    run_at          TEXT NOT NULL,
    slot            TEXT NOT NULL,
    payload         TEXT NOT NULL,
    user_id         BLOB REFERENCES users (id),
    conversation_id BLOB REFERENCES conversations (id),
    created_by      TEXT NOT NULL,
    recurrence      TEXT,
    time_zone       TEXT,
    missed          TEXT NOT NULL CHECK (missed IN ('skip', 'once', 'all')),
    paused_at       TEXT,
    attempt         INTEGER NOT NULL,
    retry_count     INTEGER NOT NULL,
    max_retries     INTEGER NOT NULL,
    failures        INTEGER NOT NULL,
    locked_at       TEXT,
    locked_by       BLOB,
    last_error      TEXT,
    idempotency_key TEXT UNIQUE,
    created_at      TEXT NOT NULL,
    finished_at     TEXT
) STRICT;

INSERT INTO jobs_new (id, type, status, run_at, slot, payload, user_id, created_by, missed, attempt, retry_count,
    max_retries, failures, locked_at, locked_by, last_error, idempotency_key, created_at, finished_at)
SELECT id, type, status, run_at, run_at, payload, user_id, 'turn', 'once', retry_count + 1, retry_count,
    max_retries, 0, locked_at, locked_by, last_error, idempotency_key, created_at, finished_at FROM jobs;

CREATE TABLE job_runs_new (
    job_id      BLOB NOT NULL REFERENCES jobs_new (id),
    attempt     INTEGER NOT NULL,
    slot        TEXT NOT NULL,
    host_id     BLOB NOT NULL,
    status      TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed', 'missed')),
    note        TEXT,
    error       TEXT,
    started_at  TEXT NOT NULL,
    finished_at TEXT,
    PRIMARY KEY (job_id, attempt)
) STRICT;

INSERT INTO job_runs_new (job_id, attempt, slot, host_id, status, error, started_at, finished_at)
SELECT r.job_id, r.attempt, j.run_at, r.host_id, r.status, r.error, r.started_at, r.finished_at
FROM job_runs r JOIN jobs j ON j.id = r.job_id;

DROP TABLE job_runs;
DROP TABLE jobs;
ALTER TABLE jobs_new RENAME TO jobs;
ALTER TABLE job_runs_new RENAME TO job_runs;

CREATE INDEX jobs_due ON jobs (run_at) WHERE status = 'queued' AND paused_at IS NULL;
CREATE INDEX jobs_running ON jobs (locked_at) WHERE status = 'running';
CREATE INDEX jobs_by_time ON jobs (created_at);
CREATE INDEX jobs_by_user ON jobs (user_id, run_at);
