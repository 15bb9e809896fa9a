-- Memory beyond the turn: one episode per turn, facts by key, and the words to find both by.
CREATE TABLE memory_episodic (
    id              UUID PRIMARY KEY,
    user_id         UUID NOT NULL REFERENCES users (id),
    conversation_id UUID NOT NULL REFERENCES conversations (id),
    turn_id         UUID NOT NULL UNIQUE REFERENCES turns (id),
    summary_text    TEXT NOT NULL,
    summary_json    JSONB NOT NULL,
    tags            JSONB NOT NULL,
    source          TEXT NOT NULL CHECK (source IN ('rules', 'model')),
    created_at      TIMESTAMPTZ NOT NULL
);

CREATE INDEX memory_episodic_by_user ON memory_episodic (user_id, created_at);
CREATE INDEX memory_episodic_by_conversation ON memory_episodic (conversation_id, created_at);

CREATE TABLE memory_semantic (
    id                UUID PRIMARY KEY,
    user_id           UUID NOT NULL REFERENCES users (id),
    key               TEXT NOT NULL,
    value_text        TEXT NOT NULL,
    value_json        JSONB NOT NULL,
    source_episode_id UUID REFERENCES memory_episodic (id),
    source_turn_id    UUID REFERENCES turns (id),
    said_by           TEXT NOT NULL CHECK (said_by IN ('user', 'owner')),
    confidence        DOUBLE PRECISION NOT NULL,
    valid_from        TIMESTAMPTZ NOT NULL,
    valid_to          TIMESTAMPTZ,
    recorded_at       TIMESTAMPTZ NOT NULL
);

CREATE INDEX memory_semantic_by_user ON memory_semantic (user_id, recorded_at);
-- One current value per key; earlier ones stay, closed.
CREATE UNIQUE INDEX memory_semantic_current ON memory_semantic (user_id, key) WHERE valid_to IS NULL;

-- `words` are cut by the host, the same for both engines; no parser of the database is involved.
CREATE TABLE search (
    owner       TEXT NOT NULL,
    words       TEXT NOT NULL,
    kind        TEXT NOT NULL,
    ref_id      UUID PRIMARY KEY,
    recorded_at TIMESTAMPTZ NOT NULL,
    vector      TSVECTOR GENERATED ALWAYS AS (array_to_tsvector(string_to_array(words, ' '))) STORED
);

CREATE INDEX search_by_owner ON search (owner);
CREATE INDEX search_vector ON search USING GIN (vector);
