-- A session is read with every question, without the words of its rows: they need not be turned over for it.
DROP INDEX search_by_session;
CREATE INDEX search_by_session ON search (session, place, id) INCLUDE (user_id, turn_id, speaker, length, recorded_at);

-- What was not brought into the index yet is read through with every word that is looked up: 4 MB of it by default,
-- which took longer than all the rest.
ALTER INDEX search_vector SET (gin_pending_list_limit = 128);
