-- People, what they say, and the turns that answer it.
CREATE TABLE users (
    id               BLOB PRIMARY KEY,
    name             TEXT NOT NULL UNIQUE,
    role             TEXT NOT NULL CHECK (role IN ('owner', 'member')),
    telegram_user_id INTEGER UNIQUE,
    locale           TEXT,
    time_zone        TEXT,
    password_hash    TEXT,
    created_at       TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX users_one_owner ON users (role) WHERE role = 'owner';

CREATE TABLE conversations (
    id         BLOB PRIMARY KEY,
    user_id    BLOB NOT NULL REFERENCES users (id),
    channel    TEXT NOT NULL CHECK (channel IN ('web', 'api', 'cli', 'telegram')),
    title      TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

CREATE INDEX conversations_by_user ON conversations (user_id, updated_at);

CREATE TABLE turns (
    id              BLOB PRIMARY KEY,
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    user_id         BLOB NOT NULL REFERENCES users (id),
    status          TEXT NOT NULL CHECK (status IN ('received', 'running', 'done', 'failed')),
    locale          TEXT NOT NULL,
    route           TEXT,
    route_reason    TEXT,
    tier            TEXT CHECK (tier IN ('none', 'small', 'large')),
    rung            TEXT,
    trace           TEXT NOT NULL,
    error           TEXT,
    attempt         INTEGER NOT NULL,
    locked_by       BLOB,
    locked_at       TEXT,
    created_at      TEXT NOT NULL,
    started_at      TEXT,
    finished_at     TEXT
) STRICT;

CREATE INDEX turns_waiting ON turns (status, created_at) WHERE status IN ('received', 'running');
CREATE INDEX turns_by_conversation ON turns (conversation_id, created_at);
CREATE INDEX turns_by_time ON turns (created_at);
-- One turn at a time in a conversation, whichever host runs it.
CREATE UNIQUE INDEX turns_one_running ON turns (conversation_id) WHERE status = 'running';

CREATE TABLE messages (
    id              BLOB PRIMARY KEY,
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    user_id         BLOB NOT NULL REFERENCES users (id),
    turn_id         BLOB NOT NULL REFERENCES turns (id),
    role            TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
    content         TEXT NOT NULL,
    meta            TEXT NOT NULL,
    created_at      TEXT NOT NULL
) STRICT;

CREATE INDEX messages_by_conversation ON messages (conversation_id, created_at, id);
-- One message in and one reply out.
CREATE UNIQUE INDEX messages_one_per_role ON messages (turn_id, role);

-- What came in, under the key that its channel gives it; a key seen twice is one message.
CREATE TABLE updates (
    key         TEXT PRIMARY KEY,
    channel     TEXT NOT NULL,
    turn_id     BLOB NOT NULL REFERENCES turns (id),
    received_at TEXT NOT NULL
) STRICT;

-- What goes out. A reply on the web is delivered by being in its conversation.
CREATE TABLE outbox (
    id              BLOB PRIMARY KEY,
    key             TEXT NOT NULL UNIQUE,
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    message_id      BLOB NOT NULL REFERENCES messages (id),
    channel         TEXT NOT NULL,
    status          TEXT NOT NULL CHECK (status IN ('pending', 'sent', 'failed')),
    attempts        INTEGER NOT NULL,
    last_error      TEXT,
    created_at      TEXT NOT NULL,
    sent_at         TEXT
) STRICT;
