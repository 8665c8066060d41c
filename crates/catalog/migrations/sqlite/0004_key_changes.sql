-- One row, whose mark is another one after every change of a key, by whomever: so every process sees that its keys in memory are old.
-- It is random and no count: a catalog that is restored from a backup never comes to a mark it had before with other keys.

CREATE TABLE key_changes (
    id   BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    mark TEXT   NOT NULL
);

INSERT INTO key_changes (id, mark) VALUES (1, lower(hex(randomblob(16))));

CREATE TRIGGER api_keys_inserted AFTER INSERT ON api_keys BEGIN
    UPDATE key_changes SET mark = lower(hex(randomblob(16)));
END;

CREATE TRIGGER api_keys_updated AFTER UPDATE ON api_keys BEGIN
    UPDATE key_changes SET mark = lower(hex(randomblob(16)));
END;

CREATE TRIGGER api_keys_deleted AFTER DELETE ON api_keys BEGIN
    UPDATE key_changes SET mark = lower(hex(randomblob(16)));
END;
