-- What is left of the older part of a conversation, whose messages are no longer part of prompts.
CREATE TABLE conversation_summaries (
    conversation_id BLOB PRIMARY KEY REFERENCES conversations (id),
    -- The newest turn that is in it, and when that was answered.
    through_turn    BLOB NOT NULL REFERENCES turns (id),
    through_at      TEXT NOT NULL,
    summary_text    TEXT NOT NULL,
    -- Names, numbers, dates and decisions that the text does not hold.
    kept            TEXT NOT NULL,
    source          TEXT NOT NULL CHECK (source IN ('rules', 'model')),
    folds           INTEGER NOT NULL,
    updated_at      TEXT NOT NULL
) STRICT;
