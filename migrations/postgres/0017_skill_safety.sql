-- Core instances that each call of a version makes, as its inspection counted them.
ALTER TABLE skill_versions ADD COLUMN core_instances BIGINT;

-- Where a secret goes: host, header and prefix. A value that was set before it was bound to a place has to be set again.
ALTER TABLE skill_secrets ADD COLUMN place TEXT NOT NULL DEFAULT '';
