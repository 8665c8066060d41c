-- One key a tenant, of the hashes in its placeholders (`[REDACTED:<rule>:<hash>]`). It never changes: rows written under another
-- key could not be joined with those written before.

CREATE TABLE placeholder_keys (
    tenant     TEXT   NOT NULL PRIMARY KEY REFERENCES tenants (name),
    key        TEXT   NOT NULL,                             -- 32 random bytes, lower-case hex
    created_at BIGINT NOT NULL
);
