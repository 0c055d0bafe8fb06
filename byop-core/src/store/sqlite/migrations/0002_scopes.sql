-- Owners, subjects, queues of jobs, events of a subject, the audit.

ALTER TABLE records ADD COLUMN owner TEXT;
CREATE INDEX records_of_owner ON records (collection, owner, key);

CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
-- Versions are given once in the whole store, so that a key that was deleted and made again has no old version.
INSERT INTO counters SELECT 'version', coalesce(max(version), 0) FROM records;

DROP INDEX jobs_newest;
DROP INDEX jobs_of_app;
DROP INDEX jobs_unfinished;
ALTER TABLE jobs RENAME COLUMN app TO subject;
ALTER TABLE jobs ADD COLUMN client TEXT;
ALTER TABLE jobs ADD COLUMN step TEXT;
ALTER TABLE jobs ADD COLUMN cancel_requested INTEGER NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1));
ALTER TABLE jobs ADD COLUMN finished_at INTEGER;
ALTER TABLE jobs ADD COLUMN last_sequence INTEGER NOT NULL DEFAULT 0;
UPDATE jobs SET
    body = json_set(json_remove(body, '$.app'), '$.subject', 'app/' || subject),
    subject = 'app/' || subject,
    step = body ->> '$.step',
    finished_at = body ->> '$.finished_at',
    last_sequence = (SELECT coalesce(max(sequence), 0) FROM events WHERE events.job = jobs.id);
CREATE INDEX jobs_of_subject ON jobs (subject, position);
CREATE INDEX jobs_of_client ON jobs (client, position);
CREATE INDEX jobs_unfinished ON jobs (subject, position) WHERE finished = 0;

CREATE TABLE subjects (
    subject TEXT PRIMARY KEY,
    last_position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE events RENAME TO old_events;
CREATE TABLE events (
    job TEXT NOT NULL REFERENCES jobs (id),
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    subject TEXT NOT NULL,
    position INTEGER NOT NULL CHECK (position > 0),
    time INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (job, sequence)
) STRICT, WITHOUT ROWID;
INSERT INTO events
    SELECT e.job, e.sequence, j.subject,
        row_number() OVER (PARTITION BY j.subject ORDER BY j.position, e.sequence), e.time, e.body
    FROM old_events AS e JOIN jobs AS j ON j.id = e.job;
DROP TABLE old_events;
CREATE UNIQUE INDEX events_of_subject ON events (subject, position);
INSERT INTO subjects SELECT subject, max(position) FROM events GROUP BY subject;

CREATE TABLE audit (
    position INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    client TEXT,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    who TEXT,
    hash TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX audit_of_client ON audit (client, position);
CREATE INDEX audit_of_subject ON audit (subject, position);
