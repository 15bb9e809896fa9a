-- Messages that answer no turn, such as reminders.
ALTER TABLE messages ALTER COLUMN turn_id DROP NOT NULL;

-- What came in. From Telegram it is kept here before it is acknowledged, and worked on afterwards.
ALTER TABLE updates ALTER COLUMN turn_id DROP NOT NULL;
ALTER TABLE updates ADD COLUMN status TEXT NOT NULL DEFAULT 'done' CHECK (status IN ('received', 'done'));
ALTER TABLE updates ALTER COLUMN status DROP DEFAULT;
ALTER TABLE updates ADD COLUMN chat_id BIGINT;
ALTER TABLE updates ADD COLUMN number BIGINT;
ALTER TABLE updates ADD COLUMN album TEXT;
ALTER TABLE updates ADD COLUMN payload JSONB;

CREATE INDEX updates_waiting ON updates (received_at, number) WHERE status = 'received';
CREATE INDEX updates_by_time ON updates (received_at);

-- Where on Telegram a conversation takes place; nothing for other channels.
ALTER TABLE conversations ADD COLUMN chat_id BIGINT;
ALTER TABLE conversations ADD COLUMN thread_id BIGINT;

-- Since when a running turn is asked to stop.
ALTER TABLE turns ADD COLUMN stop_at TIMESTAMPTZ;

-- Chats that may talk to the agent, and the conversation that each is in now. `user_id` is the person,
-- or the group as one; `thread_id` is 0 outside the topics of a group.
CREATE TABLE chats (
    chat_id         BIGINT NOT NULL,
    thread_id       BIGINT NOT NULL,
    kind            TEXT NOT NULL CHECK (kind IN ('private', 'group')),
    user_id         UUID NOT NULL REFERENCES users (id),
    conversation_id UUID NOT NULL REFERENCES conversations (id),
    title           TEXT NOT NULL,
    created_at      TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (chat_id, thread_id)
);

-- Strangers who asked to talk to the agent, and what the owner said.
CREATE TABLE pairings (
    id         UUID PRIMARY KEY,
    chat_id    BIGINT NOT NULL UNIQUE,
    kind       TEXT NOT NULL CHECK (kind IN ('private', 'group')),
    name       TEXT NOT NULL,
    locale     TEXT NOT NULL,
    code       TEXT NOT NULL,
    status     TEXT NOT NULL CHECK (status IN ('pending', 'approved', 'denied')),
    decided_by TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    decided_at TIMESTAMPTZ
);

-- What one host does for all, such as polling a bot. `number` grows with every holder.
CREATE TABLE leases (
    name       TEXT PRIMARY KEY,
    holder     UUID NOT NULL,
    number     BIGINT NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    state      JSONB NOT NULL
);

-- Documents and photos that people sent.
CREATE TABLE files (
    id              UUID PRIMARY KEY,
    user_id         UUID NOT NULL REFERENCES users (id),
    conversation_id UUID NOT NULL REFERENCES conversations (id),
    turn_id         UUID NOT NULL REFERENCES turns (id),
    name            TEXT NOT NULL,
    media_type      TEXT NOT NULL,
    size            BIGINT NOT NULL,
    content         BYTEA NOT NULL,
    created_at      TIMESTAMPTZ NOT NULL
);

CREATE INDEX files_by_conversation ON files (conversation_id, created_at);

-- What goes out, a row before it is sent. `draft`: the turn still runs. `pending`: to be sent.
-- `waiting`: a job sends it again. `parts` are Telegram's ids of what it has got, `in_flight` is the
-- part being sent, and `interrupted` says that nobody knows whether one arrived.
ALTER TABLE outbox ALTER COLUMN conversation_id DROP NOT NULL;
ALTER TABLE outbox ALTER COLUMN message_id DROP NOT NULL;
ALTER TABLE outbox DROP CONSTRAINT outbox_status_check;
UPDATE outbox SET status = 'failed' WHERE channel = 'telegram';
ALTER TABLE outbox ADD CONSTRAINT outbox_status_check
    CHECK (status IN ('draft', 'pending', 'sending', 'waiting', 'sent', 'failed'));
ALTER TABLE outbox ADD COLUMN chat_id BIGINT;
ALTER TABLE outbox ADD COLUMN thread_id BIGINT;
ALTER TABLE outbox ADD COLUMN reply_to BIGINT;
ALTER TABLE outbox ADD COLUMN content TEXT;
ALTER TABLE outbox ADD COLUMN buttons JSONB NOT NULL DEFAULT '[]';
ALTER TABLE outbox ADD COLUMN locale TEXT NOT NULL DEFAULT 'en';
ALTER TABLE outbox ADD COLUMN parts JSONB NOT NULL DEFAULT '[]';
ALTER TABLE outbox ADD COLUMN in_flight BIGINT;
ALTER TABLE outbox ADD COLUMN interrupted BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE outbox ADD COLUMN locked_by UUID;
ALTER TABLE outbox ALTER COLUMN buttons DROP DEFAULT;
ALTER TABLE outbox ALTER COLUMN locale DROP DEFAULT;
ALTER TABLE outbox ALTER COLUMN parts DROP DEFAULT;
ALTER TABLE outbox ALTER COLUMN interrupted DROP DEFAULT;

CREATE INDEX outbox_to_send ON outbox (chat_id, id) WHERE status IN ('draft', 'pending', 'sending', 'waiting');
CREATE INDEX outbox_failed ON outbox (id) WHERE status = 'failed';

-- Jobs that recur and deliver. `slot` is the moment that a run is for, `run_at` the one at which it is tried.
-- `attempt` counts every run and, with its holder, is the token of a lease; `failures` counts dead slots in a row.
ALTER TABLE jobs ADD COLUMN slot TIMESTAMPTZ;
UPDATE jobs SET slot = run_at;
ALTER TABLE jobs ALTER COLUMN slot SET NOT NULL;
ALTER TABLE jobs ADD COLUMN conversation_id UUID REFERENCES conversations (id);
ALTER TABLE jobs ADD COLUMN created_by TEXT NOT NULL DEFAULT 'turn';
ALTER TABLE jobs ALTER COLUMN created_by DROP DEFAULT;
ALTER TABLE jobs ADD COLUMN recurrence TEXT;
ALTER TABLE jobs ADD COLUMN time_zone TEXT;
ALTER TABLE jobs ADD COLUMN missed TEXT NOT NULL DEFAULT 'once' CHECK (missed IN ('skip', 'once', 'all'));
ALTER TABLE jobs ALTER COLUMN missed DROP DEFAULT;
ALTER TABLE jobs ADD COLUMN paused_at TIMESTAMPTZ;
ALTER TABLE jobs ADD COLUMN attempt BIGINT NOT NULL DEFAULT 0;
UPDATE jobs SET attempt = retry_count + 1;
ALTER TABLE jobs ALTER COLUMN attempt DROP DEFAULT;
ALTER TABLE jobs ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ALTER COLUMN failures DROP DEFAULT;

ALTER TABLE job_runs ADD COLUMN slot TIMESTAMPTZ;
UPDATE job_runs SET slot = j.run_at FROM jobs j WHERE j.id = job_runs.job_id;
ALTER TABLE job_runs ALTER COLUMN slot SET NOT NULL;
ALTER TABLE job_runs ADD COLUMN note TEXT;
ALTER TABLE job_runs DROP CONSTRAINT job_runs_status_check;
ALTER TABLE job_runs ADD CONSTRAINT job_runs_status_check CHECK (status IN ('running', 'done', 'failed', 'missed'));

DROP INDEX jobs_due;
CREATE INDEX jobs_due ON jobs (run_at) WHERE status = 'queued' AND paused_at IS NULL;
CREATE INDEX jobs_by_user ON jobs (user_id, run_at);
