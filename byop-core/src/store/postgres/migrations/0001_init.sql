-- Values and bodies are JSON as text: the server's own types refuse a zero character and reorder what they hold.
-- Columns beside them exist to be searched or checked. Text compares by its bytes, as in every other store.

-- The time in milliseconds: the caller's, or the server's own.
CREATE FUNCTION byop.now_or(given bigint) RETURNS bigint LANGUAGE sql VOLATILE AS
    'SELECT coalesce(given, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)';

-- Versions are given once in the whole store, so that a key that was deleted and made again has no old version.
CREATE SEQUENCE byop.record_versions;

CREATE TABLE byop.records (
    collection text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    owner text COLLATE "C",
    version bigint NOT NULL CHECK (version > 0),
    value text NOT NULL,
    PRIMARY KEY (collection, key)
);
CREATE INDEX records_of_owner ON byop.records (collection, owner, key) WHERE owner IS NOT NULL;

-- What jobs work on. Its row is the lock under which jobs get their order and events their positions.
CREATE TABLE byop.subjects (
    subject text COLLATE "C" PRIMARY KEY,
    last_position bigint NOT NULL DEFAULT 0
);

CREATE TABLE byop.jobs (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    subject text COLLATE "C" NOT NULL,
    client text COLLATE "C",
    finished boolean NOT NULL,
    cancel_requested boolean NOT NULL,
    created_at bigint NOT NULL,
    finished_at bigint,
    step text,
    last_sequence bigint NOT NULL DEFAULT 0,
    lease_token bigint NOT NULL DEFAULT 0,
    lease_owner text,
    lease_until bigint,
    body text NOT NULL,
    CHECK ((lease_owner IS NULL) = (lease_until IS NULL))
);
CREATE INDEX jobs_of_subject ON byop.jobs (subject, position);
CREATE INDEX jobs_of_client ON byop.jobs (client, position) WHERE client IS NOT NULL;
CREATE INDEX jobs_unfinished ON byop.jobs (subject, position) WHERE NOT finished;
CREATE INDEX jobs_waiting ON byop.jobs (position) WHERE NOT finished;

CREATE TABLE byop.steps (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job text COLLATE "C" NOT NULL REFERENCES byop.jobs (id),
    key text COLLATE "C" NOT NULL,
    body text NOT NULL,
    UNIQUE (job, key)
);

CREATE TABLE byop.events (
    job text COLLATE "C" NOT NULL REFERENCES byop.jobs (id),
    sequence bigint NOT NULL CHECK (sequence > 0),
    subject text COLLATE "C" NOT NULL,
    position bigint NOT NULL CHECK (position > 0),
    time bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (job, sequence),
    UNIQUE (subject, position)
);

CREATE TABLE byop.audit (
    position bigint PRIMARY KEY,
    time bigint NOT NULL,
    client text COLLATE "C",
    action text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    who text COLLATE "C",
    hash text NOT NULL,
    body text NOT NULL
);
CREATE INDEX audit_of_client ON byop.audit (client, position) WHERE client IS NOT NULL;
CREATE INDEX audit_of_subject ON byop.audit (subject, position);

-- The end of the chain. Its one row is the lock that makes the next record follow the last.
CREATE TABLE byop.audit_end (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    position bigint NOT NULL,
    hash text
);
INSERT INTO byop.audit_end (position) VALUES (0);
