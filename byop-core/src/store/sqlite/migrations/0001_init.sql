-- Values and bodies are JSON; columns beside them exist to be searched or checked.

CREATE TABLE records (
    collection TEXT NOT NULL,
    key TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    value TEXT NOT NULL,
    PRIMARY KEY (collection, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    app TEXT NOT NULL,
    finished INTEGER NOT NULL CHECK (finished IN (0, 1)),
    created_at INTEGER NOT NULL,
    body TEXT NOT NULL,
    lease_token INTEGER NOT NULL DEFAULT 0,
    lease_owner TEXT,
    lease_until INTEGER,
    CHECK ((lease_owner IS NULL) = (lease_until IS NULL))
) STRICT;

CREATE INDEX jobs_newest ON jobs (created_at DESC, position DESC);
CREATE INDEX jobs_of_app ON jobs (app, created_at DESC, position DESC);
-- One unfinished job per app, whatever the code does.
CREATE UNIQUE INDEX jobs_unfinished ON jobs (app) WHERE finished = 0;

CREATE TABLE steps (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    job TEXT NOT NULL REFERENCES jobs (id),
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (job, key)
) STRICT;

CREATE TABLE events (
    job TEXT NOT NULL REFERENCES jobs (id),
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    time INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (job, sequence)
) STRICT, WITHOUT ROWID;
