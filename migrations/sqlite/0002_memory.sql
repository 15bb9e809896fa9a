-- Memory beyond the turn: one episode per turn, facts by key, and the words to find both by.
CREATE TABLE memory_episodic (
    id              BLOB PRIMARY KEY,
    user_id         BLOB NOT NULL REFERENCES users (id),
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    turn_id         BLOB NOT NULL UNIQUE REFERENCES turns (id),
    summary_text    TEXT NOT NULL,
    summary_json    TEXT NOT NULL,
    tags            TEXT NOT NULL,
    source          TEXT NOT NULL CHECK (source IN ('rules', 'model')),
    created_at      TEXT NOT NULL
) STRICT;

CREATE INDEX memory_episodic_by_user ON memory_episodic (user_id, created_at);
CREATE INDEX memory_episodic_by_conversation ON memory_episodic (conversation_id, created_at);

CREATE TABLE memory_semantic (
    id                BLOB PRIMARY KEY,
    user_id           BLOB NOT NULL REFERENCES users (id),
    key               TEXT NOT NULL,
    value_text        TEXT NOT NULL,
    value_json        TEXT NOT NULL,
    source_episode_id BLOB REFERENCES memory_episodic (id),
    source_turn_id    BLOB REFERENCES turns (id),
    said_by           TEXT NOT NULL CHECK (said_by IN ('user', 'owner')),
    confidence        REAL NOT NULL,
    valid_from        TEXT NOT NULL,
    valid_to          TEXT,
    recorded_at       TEXT NOT NULL
) STRICT;

CREATE INDEX memory_semantic_by_user ON memory_semantic (user_id, recorded_at);
-- One current value per key; earlier ones stay, closed.
CREATE UNIQUE INDEX memory_semantic_current ON memory_semantic (user_id, key) WHERE valid_to IS NULL;

-- `owner` holds the user's id as one word, so that a match never leaves that person's rows.
CREATE VIRTUAL TABLE search USING fts5 (
    owner, words, kind UNINDEXED, ref_id UNINDEXED, recorded_at UNINDEXED,
    tokenize = "unicode61 remove_diacritics 0"
);
