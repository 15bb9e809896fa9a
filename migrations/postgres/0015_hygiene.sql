-- What a person, or the owner, said about remembering. `subject` is the key of a fact (its next value is meant
-- too), `episode:` and an id, or the words of a topic.
CREATE TABLE memory_rules (
    user_id    UUID NOT NULL REFERENCES users (id),
    kind       TEXT NOT NULL CHECK (kind IN ('pin', 'mute', 'topic')),
    subject    TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, kind, subject)
);

-- What was forgotten, as hashes under a key that is not in the database: nothing said until then teaches it again.
CREATE TABLE memory_tombstones (
    user_id      UUID NOT NULL REFERENCES users (id),
    hash         TEXT NOT NULL,
    forgotten_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, hash)
);

-- How often something was forgotten: what was read before does not write anew what is gone since.
ALTER TABLE users ADD COLUMN forgettings BIGINT NOT NULL DEFAULT 0;

-- When a memory was last brought into a prompt.
CREATE TABLE memory_recalls (
    ref_id  UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    last_at TIMESTAMPTZ NOT NULL
);

-- An episode that was brought along from another host belongs to no turn here, and so does one that folds those
-- of a day, or of a month.
ALTER TABLE memory_episodic ALTER COLUMN conversation_id DROP NOT NULL;
ALTER TABLE memory_episodic ALTER COLUMN turn_id DROP NOT NULL;
ALTER TABLE memory_episodic ADD COLUMN span TEXT NOT NULL DEFAULT 'turn' CHECK (span IN ('turn', 'day', 'month'));
ALTER TABLE memory_episodic ALTER COLUMN span DROP DEFAULT;
ALTER TABLE memory_episodic ADD COLUMN covers_from TIMESTAMPTZ;
ALTER TABLE memory_episodic ADD COLUMN covers_to TIMESTAMPTZ;
CREATE UNIQUE INDEX memory_episodic_one_per_span ON memory_episodic (user_id, span, covers_from) WHERE span <> 'turn';

-- What a night's folding did to one person's memory: ids and days, no words.
CREATE TABLE memory_foldings (
    id         UUID PRIMARY KEY,
    user_id    UUID NOT NULL REFERENCES users (id),
    changes    JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    undone_at  TIMESTAMPTZ
);

CREATE INDEX memory_foldings_by_user ON memory_foldings (user_id, created_at);
