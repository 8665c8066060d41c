-- One row, whose mark is another one after every change of a key, by whomever: so every process sees that its keys in memory are old.
-- It is random and no count: a catalog that is restored from a backup never comes to a mark it had before with other keys.

CREATE TABLE key_changes (
    id   BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    mark TEXT   NOT NULL
);

INSERT INTO key_changes (id, mark) VALUES (1, gen_random_uuid()::text);

-- The search path is kept, so that it finds the row also when somebody with another one changes a key by hand.
CREATE FUNCTION mark_key_change() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE key_changes SET mark = gen_random_uuid()::text;
    RETURN NULL;
END
$$;

CREATE TRIGGER api_keys_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON api_keys
    FOR EACH STATEMENT EXECUTE FUNCTION mark_key_change();
