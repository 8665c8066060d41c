-- What browsers said of the deployments they run (heartbeats), one row for each version of a mod in each browser profile, and
-- since when a deployment's errors are counted anew. The SQL here runs on SQLite and on PostgreSQL. The tenant is not a
-- reference: rows of a tenant whose keys were made elsewhere are rows, too.

CREATE TABLE deployment_clients (
    tenant         TEXT   NOT NULL,
    deployment_id  TEXT   NOT NULL,
    uid            TEXT   NOT NULL,                         -- random id of the browser profile
    mod_version    TEXT   NOT NULL,                         -- empty where the client does not say
    mod_id         TEXT,
    client_version TEXT,                                    -- of the program around the mod
    email          TEXT,                                    -- the key's name where that is an address
    updated_at     BIGINT,                                  -- when the deployment was changed last, as the client says
    first_seen_at  BIGINT NOT NULL,
    last_seen_at   BIGINT NOT NULL,
    PRIMARY KEY (tenant, deployment_id, uid, mod_version)
);

CREATE INDEX deployment_clients_seen ON deployment_clients (tenant, last_seen_at);

CREATE TABLE deployment_clearings (
    tenant        TEXT   NOT NULL,
    deployment_id TEXT   NOT NULL,
    cleared_at    BIGINT NOT NULL,                          -- errors received later count
    cleared_by    TEXT   NOT NULL,                          -- id of the key
    PRIMARY KEY (tenant, deployment_id)
);
