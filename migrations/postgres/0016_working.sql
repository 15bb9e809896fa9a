-- What is left of the older part of a conversation, whose messages are no longer part of prompts.
CREATE TABLE conversation_summaries (
    conversation_id UUID PRIMARY KEY REFERENCES conversations (id),
    -- The newest turn that is in it, and when that was answered.
    through_turn    UUID NOT NULL REFERENCES turns (id),
    through_at      TIMESTAMPTZ NOT NULL,
    summary_text    TEXT NOT NULL,
    -- Names, numbers, dates and decisions that the text does not hold.
    kept            JSONB NOT NULL,
    source          TEXT NOT NULL CHECK (source IN ('rules', 'model')),
    folds           BIGINT NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL
);
