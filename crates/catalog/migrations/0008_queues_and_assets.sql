-- Records as a queue, and files of databases of type Asset. The SQL here runs on SQLite and on PostgreSQL.

-- 1: the record has no owner (the field that its database names in owner_field) and can be assigned. Databases without one have 0
-- everywhere, so the index holds records of queues alone.
ALTER TABLE records ADD COLUMN queued BIGINT NOT NULL DEFAULT 0;

CREATE INDEX records_queued ON records (database_id, created_at, key) WHERE queued = 1;

-- When owner_field was changed, until `queued` of all records says what is so; 0: it does.
ALTER TABLE databases ADD COLUMN queue_unsorted BIGINT NOT NULL DEFAULT 0;

UPDATE databases SET queue_unsorted = 1 WHERE owner_field IS NOT NULL;

CREATE TABLE assets (
    id           TEXT   PRIMARY KEY,                        -- UUID; the name of its file, too
    tenant       TEXT   NOT NULL,
    database_id  TEXT   NOT NULL,
    filename     TEXT   NOT NULL,                           -- as the uploader calls it
    content_type TEXT,                                      -- as the uploader says; null until there is a file
    bytes        BIGINT NOT NULL,                           -- of the file; 0 until there is one
    is_uploaded  BIGINT NOT NULL,                           -- 0 or 1
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL
);

CREATE INDEX assets_of_database ON assets (database_id, created_at, id);

-- How many assets there are and how many bytes their files have: of each database, and of all of a tenant under the id `*`.
CREATE TABLE asset_totals (
    tenant      TEXT   NOT NULL,
    database_id TEXT   NOT NULL,
    assets      BIGINT NOT NULL,
    bytes       BIGINT NOT NULL,
    PRIMARY KEY (tenant, database_id)
);
