-- Team databases and their records. A record is one JSON object under a key; what it was on an earlier day stays in
-- record_days, from which the daily archives are made.

CREATE TABLE databases (
    id             TEXT   PRIMARY KEY,                      -- UUID
    tenant         TEXT   NOT NULL,
    name           TEXT   NOT NULL,                         -- not unique: the id names a database
    type           TEXT   NOT NULL,                         -- Key-Value or Asset
    owner_field    TEXT,
    json_schema    TEXT,                                    -- JSON Schema of a record's data
    enforce_schema BIGINT NOT NULL,                         -- 0 or 1
    access         TEXT,                                    -- JSON [{"key_id", "permissions": [1, 2]}]; null: every key by its scopes
    num_records    BIGINT NOT NULL,
    last_write_at  BIGINT,
    created_at     BIGINT NOT NULL
);

CREATE INDEX databases_of_tenant ON databases (tenant, created_at, id);

CREATE TABLE records (
    database_id TEXT   NOT NULL,
    key         TEXT   NOT NULL,
    data        TEXT   NOT NULL,                            -- JSON object
    bytes       BIGINT NOT NULL,                            -- length of data in UTF-8
    write_id    TEXT,                                       -- UUID of the write that was the last one, where it had one
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    updated_by  TEXT   NOT NULL,                            -- id of the key that wrote last
    PRIMARY KEY (database_id, key)
);

CREATE INDEX records_by_age ON records (database_id, created_at, key, bytes);
CREATE INDEX records_by_update ON records (database_id, updated_at);

-- What a record was when a day ended on which it had been written, kept from the moment it is written on a later day.
CREATE TABLE record_days (
    database_id TEXT   NOT NULL,
    day         BIGINT NOT NULL,                            -- since 1970 in UTC
    key         TEXT   NOT NULL,
    data        TEXT   NOT NULL,
    bytes       BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    updated_by  TEXT   NOT NULL,
    PRIMARY KEY (database_id, day, key)
);

-- Writes that named themselves: the same one again changes nothing.
CREATE TABLE record_writes (
    database_id TEXT   NOT NULL,
    write_id    TEXT   NOT NULL,                            -- UUID
    key         TEXT   NOT NULL,                            -- that it took
    written_at  BIGINT NOT NULL,
    PRIMARY KEY (database_id, write_id)
);

CREATE INDEX record_writes_by_age ON record_writes (written_at);

CREATE TABLE export_jobs (
    id            TEXT   PRIMARY KEY,                       -- UUID
    tenant        TEXT   NOT NULL,
    media_type    TEXT   NOT NULL,
    status        TEXT   NOT NULL,                          -- STARTED, SUCCESS or FAILURE
    error_message TEXT,
    created_at    BIGINT NOT NULL,
    finished_at   BIGINT
);

-- Links that need no key, by the SHA-256 of what is secret in them.
CREATE TABLE download_links (
    hash       TEXT   PRIMARY KEY,                          -- lower-case hex
    tenant     TEXT   NOT NULL,
    target     TEXT   NOT NULL,                             -- what may be fetched
    expires_at BIGINT NOT NULL
);
