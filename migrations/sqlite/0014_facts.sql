-- Facts in two times: from when to when something holds, and from when to when it was believed to.
CREATE TABLE new_memory_semantic (
    id                BLOB PRIMARY KEY,
    user_id           BLOB NOT NULL REFERENCES users (id),
    key               TEXT NOT NULL,
    value_text        TEXT NOT NULL,
    value_json        TEXT NOT NULL,
    source_episode_id BLOB REFERENCES memory_episodic (id),
    source_turn_id    BLOB REFERENCES turns (id),
    said_by           TEXT NOT NULL CHECK (said_by IN ('user', 'owner', 'skill')),
    confidence        REAL NOT NULL,
    valid_from        TEXT NOT NULL,
    valid_to          TEXT,
    recorded_at       TEXT NOT NULL,
    class             TEXT NOT NULL CHECK (class IN ('fact', 'state', 'agenda')),
    meaning           TEXT NOT NULL,
    since_told        INTEGER NOT NULL,
    expires_at        TEXT,
    closed_at         TEXT
) STRICT;

INSERT INTO new_memory_semantic
SELECT id, user_id, key, value_text, value_json, source_episode_id, source_turn_id, said_by, confidence, valid_from,
       valid_to, recorded_at, 'fact', LOWER(COALESCE(json_extract(value_json, '$.value'), value_text)), 0, NULL, valid_to
FROM memory_semantic;

DROP TABLE memory_semantic;
ALTER TABLE new_memory_semantic RENAME TO memory_semantic;
CREATE INDEX memory_semantic_by_user ON memory_semantic (user_id, recorded_at);
CREATE INDEX memory_semantic_by_turn ON memory_semantic (source_turn_id) WHERE source_turn_id IS NOT NULL;
-- One current value per key; earlier ones stay, closed.
CREATE UNIQUE INDEX memory_semantic_current ON memory_semantic (user_id, key) WHERE valid_to IS NULL;

-- What somebody likes is true or not true of one thing.
UPDATE memory_semantic SET key = 'taste:' || SUBSTR(key, 7), meaning = 'yes' WHERE key LIKE 'likes:%';
UPDATE memory_semantic SET meaning = 'yes' WHERE key LIKE 'allergy:%';
