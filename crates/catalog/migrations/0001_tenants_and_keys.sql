-- Instants are microseconds since 1970-01-01 UTC. The SQL here runs on SQLite and on PostgreSQL.

CREATE TABLE tenants (
    name       TEXT   NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id         TEXT   NOT NULL PRIMARY KEY,
    hash       TEXT   NOT NULL UNIQUE,                      -- SHA-256 of the key's text, lower-case hex
    tenant     TEXT   NOT NULL REFERENCES tenants (name),
    name       TEXT,
    scopes     TEXT   NOT NULL,                             -- comma-separated: ingest,read,admin
    origins    TEXT   NOT NULL,                             -- space-separated; empty: not bound to origins
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE INDEX api_keys_tenant ON api_keys (tenant);
