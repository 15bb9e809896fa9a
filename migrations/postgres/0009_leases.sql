-- How much room a person's files take is asked whenever they send one.
CREATE INDEX files_by_person ON files (user_id, size);
