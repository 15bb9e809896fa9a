-- What is old is found without looking at what is not: calls that belong to no turn, what was sent, jobs that ran.
CREATE INDEX calls_ended ON calls (finished_at) WHERE turn_id IS NULL;
CREATE INDEX outbox_sent ON outbox (sent_at) WHERE status = 'sent';
CREATE INDEX jobs_ended ON jobs (finished_at) WHERE status IN ('done', 'cancelled');

-- Calls that no process has ended.
CREATE INDEX calls_running ON calls (held_until) WHERE status = 'running';
