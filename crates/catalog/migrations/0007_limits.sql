-- What tenants, keys and databases are bound to instead of what the settings say.

CREATE TABLE retention (
    tenant     TEXT   NOT NULL,
    what       TEXT   NOT NULL,                             -- a table, trace_files, records, database:<id>; *: all the tenant has
    days       BIGINT NOT NULL,                             -- 0: for ever
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, what)
);

CREATE TABLE throttles (
    kind       TEXT   NOT NULL,                             -- key or database
    id         TEXT   NOT NULL,
    per_minute BIGINT NOT NULL,                             -- 0: no bound
    burst      BIGINT NOT NULL,                             -- at once; 0: as the settings say
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (kind, id)
);
