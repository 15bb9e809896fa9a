-- What a person, or the owner, said about remembering. `subject` is the key of a fact (its next value is meant
-- too), `episode:` and an id, or the words of a topic.
CREATE TABLE memory_rules (
    user_id    BLOB NOT NULL REFERENCES users (id),
    kind       TEXT NOT NULL CHECK (kind IN ('pin', 'mute', 'topic')),
    subject    TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (user_id, kind, subject)
) STRICT;

-- What was forgotten, as hashes under a key that is not in the database: nothing said until then teaches it again.
CREATE TABLE memory_tombstones (
    user_id      BLOB NOT NULL REFERENCES users (id),
    hash         TEXT NOT NULL,
    forgotten_at TEXT NOT NULL,
    PRIMARY KEY (user_id, hash)
) STRICT;

-- How often something was forgotten: what was read before does not write anew what is gone since.
ALTER TABLE users ADD COLUMN forgettings INTEGER NOT NULL DEFAULT 0;

-- When a memory was last brought into a prompt.
CREATE TABLE memory_recalls (
    ref_id  BLOB PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    last_at TEXT NOT NULL
) STRICT;

-- An episode that was brought along from another host belongs to no turn here, and so does one that folds those
-- of a day, or of a month.
CREATE TABLE fact_sources AS
    SELECT id, source_episode_id FROM memory_semantic WHERE source_episode_id IS NOT NULL;
UPDATE memory_semantic SET source_episode_id = NULL WHERE source_episode_id IS NOT NULL;

CREATE TABLE new_memory_episodic (
    id              BLOB PRIMARY KEY,
    user_id         BLOB NOT NULL REFERENCES users (id),
    conversation_id BLOB REFERENCES conversations (id),
    turn_id         BLOB UNIQUE REFERENCES turns (id),
    summary_text    TEXT NOT NULL,
    summary_json    TEXT NOT NULL,
    tags            TEXT NOT NULL,
    source          TEXT NOT NULL CHECK (source IN ('rules', 'model')),
    created_at      TEXT NOT NULL,
    span            TEXT NOT NULL CHECK (span IN ('turn', 'day', 'month')),
    covers_from     TEXT,
    covers_to       TEXT
) STRICT;

INSERT INTO new_memory_episodic
SELECT id, user_id, conversation_id, turn_id, summary_text, summary_json, tags, source, created_at, 'turn', NULL, NULL
FROM memory_episodic;

DROP TABLE memory_episodic;
ALTER TABLE new_memory_episodic RENAME TO memory_episodic;
CREATE INDEX memory_episodic_by_user ON memory_episodic (user_id, created_at);
CREATE INDEX memory_episodic_by_conversation ON memory_episodic (conversation_id, created_at);
CREATE UNIQUE INDEX memory_episodic_one_per_span ON memory_episodic (user_id, span, covers_from) WHERE span <> 'turn';

UPDATE memory_semantic SET source_episode_id =
    (SELECT s.source_episode_id FROM fact_sources s WHERE s.id = memory_semantic.id)
WHERE id IN (SELECT id FROM fact_sources);
DROP TABLE fact_sources;

-- What a night's folding did to one person's memory: ids and days, no words.
CREATE TABLE memory_foldings (
    id         BLOB PRIMARY KEY,
    user_id    BLOB NOT NULL REFERENCES users (id),
    changes    TEXT NOT NULL,
    created_at TEXT NOT NULL,
    undone_at  TEXT
) STRICT;

CREATE INDEX memory_foldings_by_user ON memory_foldings (user_id, created_at);
