-- The books are written with every call: as little as possible changes with one.

DROP INDEX model_calls_by_turn;
CREATE INDEX model_calls_by_turn ON model_calls (turn_id) WHERE turn_id IS NOT NULL;

-- As many rows as there are calls under way: the sweep reads them all.
DROP INDEX reservations_by_time;
