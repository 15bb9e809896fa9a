-- A session is read with every question, without the words of its rows: they need not be turned over for it.
DROP INDEX search_by_session;
CREATE INDEX search_by_session ON search (session, place, id, user_id, turn_id, speaker, length, recorded_at);
