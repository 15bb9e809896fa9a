-- Of several hosts on one database, one runs a call: until when, it says itself.
ALTER TABLE calls ADD COLUMN held_by BLOB;
ALTER TABLE calls ADD COLUMN held_until TEXT;
