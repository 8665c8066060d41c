-- A catalog as modlaked left it after migration 3, as `sqlite3 catalog.sqlite .dump` writes it.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
);
INSERT INTO _sqlx_migrations VALUES(1,'tenants and keys','2026-11-21 18:52:00',1,X'08d76cd083d84b77f43c54840ffe63f1e7d2a2779fe2cb31e0339ec74ddedc700c1104c29c2f574794c9b009a56d17d0',4211005);
INSERT INTO _sqlx_migrations VALUES(2,'placeholder keys','2026-11-21 18:52:00',1,X'f54e8adf965a01a3acd2e5f7c2bcde7430d74d93cb4297e400209cf1e02bcd0d6457d246fa0cdc3e766ec7a6574044f1',907022);
INSERT INTO _sqlx_migrations VALUES(3,'trace files','2026-11-21 18:52:00',1,X'd77dfa0010b2e63c116c30f99fb4682602a0da36a04b16ef5df5a2490193f46f231a916f7dec9aebe0837bd5580271c5',759517);
CREATE TABLE tenants (
    name       TEXT   NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
);
INSERT INTO tenants VALUES('default',1795287122290183);
INSERT INTO tenants VALUES('globex',1795287122636780);
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
INSERT INTO api_keys VALUES('k_8f64e755b923','58c90e8ec1732b1f634c93754c38d5098c7b94e93f57974c6c92de1d05bcde0b','default','first key','ingest,read,admin','',1795287122290183,NULL);
INSERT INTO api_keys VALUES('k_4f3a27850861','4a53ee7b564f9683487060e9fde0b9c06bb5185ab2c52e06f62fa870723e5147','globex','browser','ingest','https://app.example.com',1795287122636780,1795287125401326);
CREATE TABLE placeholder_keys (
    tenant     TEXT   NOT NULL PRIMARY KEY REFERENCES tenants (name),
    key        TEXT   NOT NULL,                             -- 32 random bytes, lower-case hex
    created_at BIGINT NOT NULL
);
INSERT INTO placeholder_keys VALUES('default','078a7530af50115be69b5db155f0988979128e4461c729ec2146fb67a24bf3a9',1795287122840516);
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
INSERT INTO trace_files VALUES('default','cli','build','20260219000719-cYGAL','modlake-journal-01a1ff73-79b8-719b-984d-5d455145861c',1,'000c1c436524cfebc900c58e7f779b0c0d7f964e8a66ff44004d7976352f5523','traces/tenant=default/source=cli/type=build/year=2025/month=10/day=03/20260219000719-cYGAL.csv','2025-10-03',3,0,1795287122857582);
CREATE INDEX api_keys_tenant ON api_keys (tenant);
COMMIT;
