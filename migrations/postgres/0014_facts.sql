-- Facts in two times: from when to when something holds, and from when to when it was believed to.
ALTER TABLE memory_semantic
    DROP CONSTRAINT memory_semantic_said_by_check,
    ADD CONSTRAINT memory_semantic_said_by_check CHECK (said_by IN ('user', 'owner', 'skill')),
    ADD COLUMN class TEXT NOT NULL DEFAULT 'fact' CHECK (class IN ('fact', 'state', 'agenda')),
    ADD COLUMN meaning TEXT NOT NULL DEFAULT '',
    ADD COLUMN since_told BOOLEAN NOT NULL DEFAULT FALSE,
    ADD COLUMN expires_at TIMESTAMPTZ,
    ADD COLUMN closed_at TIMESTAMPTZ;

UPDATE memory_semantic SET meaning = LOWER(COALESCE(value_json ->> 'value', value_text)), closed_at = valid_to;

ALTER TABLE memory_semantic
    ALTER COLUMN class DROP DEFAULT,
    ALTER COLUMN meaning DROP DEFAULT,
    ALTER COLUMN since_told DROP DEFAULT;

CREATE INDEX memory_semantic_by_turn ON memory_semantic (source_turn_id) WHERE source_turn_id IS NOT NULL;

-- What somebody likes is true or not true of one thing.
UPDATE memory_semantic SET key = 'taste:' || SUBSTR(key, 7), meaning = 'yes' WHERE key LIKE 'likes:%';
UPDATE memory_semantic SET meaning = 'yes' WHERE key LIKE 'allergy:%';
