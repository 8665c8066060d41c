-- Trace files of the `mod` command that were acknowledged, every version of each. A command's versions follow each other in the
-- order of (journal, sequence): journals are named by when they were begun. The tenant is not a reference: a catalog that was
-- lost is filled again from the journal.

CREATE TABLE trace_files (
    tenant     TEXT   NOT NULL,
    source     TEXT   NOT NULL,                             -- cli or saas
    type       TEXT   NOT NULL,                             -- the command: build, run, …
    command_id TEXT   NOT NULL,
    journal    TEXT   NOT NULL,                             -- id of the journal it was acknowledged in
    sequence   BIGINT NOT NULL,                             -- its place there
    sha256     TEXT   NOT NULL,                             -- of the file as it is kept, lower-case hex
    object     TEXT   NOT NULL,                             -- where the current version lies, below the lake's root
    day        TEXT   NOT NULL,                             -- YYYY-MM-DD, the partition of its rows
    rows       BIGINT NOT NULL,
    rejected   BIGINT NOT NULL,                             -- rows that could not be read
    stored_at  BIGINT NOT NULL,
    PRIMARY KEY (tenant, source, type, command_id, journal, sequence)
);
