-- What is searched: a row for each message, fact and episode, with its words as the host cut them. Messages
-- stand in sessions: a session is named by the row of its first message, and `place` counts from 0 in it.
ALTER TABLE search RENAME TO search_before;

CREATE TABLE search (
    -- Never given again: a vector that was made of a row that is gone is nobody else's.
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id         BLOB NOT NULL REFERENCES users (id),
    kind            TEXT NOT NULL CHECK (kind IN ('message', 'fact', 'episode')),
    ref_id          BLOB NOT NULL UNIQUE,
    turn_id         BLOB,
    conversation_id BLOB,
    session         INTEGER,
    place           INTEGER,
    speaker         TEXT,
    words           TEXT NOT NULL,
    length          INTEGER NOT NULL,
    analyser        INTEGER NOT NULL,
    -- The embedder that the row's vector is of.
    embedded        TEXT NOT NULL DEFAULT '',
    recorded_at     TEXT NOT NULL
) STRICT;

CREATE INDEX search_by_session ON search (session, place);
CREATE INDEX search_by_conversation ON search (conversation_id, id);
CREATE INDEX search_by_turn ON search (turn_id);
CREATE INDEX search_by_time ON search (user_id, recorded_at);
-- Rows cut by an earlier analyser are cut again.
CREATE INDEX search_by_analyser ON search (analyser);
CREATE INDEX search_by_embedder ON search (embedded);

-- How much there is of each person, and how often it has changed.
CREATE TABLE search_state (
    user_id BLOB PRIMARY KEY REFERENCES users (id),
    entries INTEGER NOT NULL,
    length  INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;

-- Only which row holds which word; each word begins with the end of its person's id, so that one person's
-- words are read without everybody else's. What is deleted is overwritten at once.
CREATE VIRTUAL TABLE search_index USING fts5 (
    words, content = '', detail = none, columnsize = 0,
    tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'"
);
INSERT INTO search_index (search_index, rank) VALUES ('secure-delete', 1);

CREATE TRIGGER search_added AFTER INSERT ON search BEGIN
    INSERT INTO search_index (rowid, words) VALUES (new.id,
        replace(' ' || new.words, ' ', ' ' || lower(substr(hex(new.user_id), 25))));
    INSERT INTO search_state (user_id, entries, length, version) VALUES (new.user_id, 1, new.length, 1)
        ON CONFLICT (user_id) DO UPDATE SET entries = entries + 1, length = length + new.length, version = version + 1;
END;

CREATE TRIGGER search_removed AFTER DELETE ON search BEGIN
    INSERT INTO search_index (search_index, rowid, words) VALUES ('delete', old.id,
        replace(' ' || old.words, ' ', ' ' || lower(substr(hex(old.user_id), 25))));
    UPDATE search_state SET entries = entries - 1, length = length - old.length, version = version + 1
        WHERE user_id = old.user_id;
END;

CREATE TRIGGER search_cut AFTER UPDATE OF words ON search BEGIN
    INSERT INTO search_index (search_index, rowid, words) VALUES ('delete', old.id,
        replace(' ' || old.words, ' ', ' ' || lower(substr(hex(old.user_id), 25))));
    INSERT INTO search_index (rowid, words) VALUES (new.id,
        replace(' ' || new.words, ' ', ' ' || lower(substr(hex(new.user_id), 25))));
    UPDATE search_state SET length = length + new.length - old.length, version = version + 1
        WHERE user_id = new.user_id;
END;

INSERT INTO search (user_id, kind, ref_id, words, length, analyser, recorded_at)
    SELECT unhex(owner), kind, ref_id, words, length(words) - length(replace(words, ' ', '')) + 1, 1, recorded_at
    FROM search_before;
DROP TABLE search_before;

-- What texts mean, as an embedder tells: a byte for each dimension after the scale of all, which has four.
CREATE TABLE vectors (
    row_id  INTEGER PRIMARY KEY REFERENCES search (id) ON DELETE CASCADE,
    user_id BLOB NOT NULL REFERENCES users (id),
    model   TEXT NOT NULL,
    dims    INTEGER NOT NULL,
    data    BLOB NOT NULL
) STRICT;

CREATE INDEX vectors_by_user ON vectors (user_id, model, row_id);

-- Messages of before are cut in the background, the oldest first.
ALTER TABLE messages ADD COLUMN searched INTEGER NOT NULL DEFAULT 0;
CREATE INDEX messages_unsearched ON messages (created_at, id) WHERE NOT searched;
