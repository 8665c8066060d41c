"""A key reads its own tenant's rows and nothing else, whatever the SQL; and every limit ends in a clear error."""

import csv
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import modlaked
import pyarrow
import pytest
import sessions
from captured import PROTOBUF
from modlaked import wait_for

LOGS = "/v1/otel/claude/logs"
SEED_QUERY = """
SELECT timestamp, source, http_status, raw_event
FROM moda.events_raw
WHERE source = 'otlp'
   OR source = 'coding_agent_hook'
ORDER BY timestamp DESC
LIMIT 50;
"""
# Stands in the other tenant's rows only, so that one look at an answer tells.
FOREIGN = "wombat"
# What a query may take here, instead of the 30 of the default; and how soon after it the answer must be there.
SECONDS = 5
ANSWERED = 3 * SECONDS
# What all queries may hold together; the default.
QUERY_MEMORY = 512 << 20


@pytest.fixture
def tenants(two_tenants):
    """The server, started again if a test before this one brought it down, and the key of `acme`."""
    server, _ = two_tenants
    if server.process.poll() is not None:
        server.start()
    return two_tenants


@pytest.fixture(scope="module")
def two_tenants(tmp_path_factory):
    """A server with two tenants: `default`, and `acme`, whose rows nobody else may see."""
    folder = tmp_path_factory.mktemp("guard")
    with modlaked.running(folder, MODLAKE_QUERY_TIME_SECONDS=str(SECONDS)) as server:
        acme = server.new_key("acme", "ingest,read")
        for key, model, branch in [(server.key, "ours", "main"), (acme, FOREIGN, f"{FOREIGN}-branch")]:
            for _ in range(5):
                message = sessions.request(str(uuid.uuid4()), 4, model=model, branch=branch)
                assert server.post(LOGS, message.SerializeToString(), PROTOBUF, key=key).status_code == 200
        server.wait_value("SELECT count(*) FROM coding_agent_events", 20)
        server.wait_value("SELECT count(*) FROM coding_agent_events", 20, key=acme)
        yield server, acme


def harmless(answer):
    """Nothing of the other tenant, nothing of a file, no inner error."""
    text = answer.text
    assert FOREIGN not in text, "another tenant's row"
    assert "root:" not in text and "bootstrap" not in text, "a file's content"
    assert answer.status_code < 500, text


def test_each_tenant_sees_its_own_rows(tenants):
    server, acme = tenants
    assert server.sql("SELECT DISTINCT tenant, model FROM coding_agent_events") == [
        {"tenant": "default", "model": "ours"}
    ]
    assert server.sql("SELECT DISTINCT tenant, model FROM coding_agent_events", acme) == [
        {"tenant": "acme", "model": FOREIGN}
    ]
    assert server.value("SELECT count(*) FROM events_raw", acme) == 5


OWN_ROWS_ONLY = [
    "SELECT * FROM coding_agent_events",
    "SELECT * FROM coding_agent_events WHERE tenant = 'acme'",
    "SELECT * FROM coding_agent_events WHERE tenant = 'default' OR 1 = 1",
    "SELECT * FROM coding_agent_events WHERE tenant <> 'default'",
    "SELECT * FROM coding_agent_events -- WHERE",
    "SELECT * /* ' */ FROM coding_agent_events WHERE 'a' = 'a' OR tenant = 'acme'",
    "SELECT * FROM \"coding_agent_events\" WHERE \"tenant\" = 'ac' || 'me'",
    "SELECT * FROM CODING_AGENT_EVENTS",
    "SELECT * FROM moda.coding_agent_events",
    "SELECT * FROM moda.events_raw",
    "SELECT * FROM \"moda\".\"events_raw\"",
    "SELECT * FROM (SELECT * FROM coding_agent_events) AS tenant",
    "SELECT (SELECT max(model) FROM coding_agent_events) AS m",
    "SELECT 1 AS one WHERE EXISTS (SELECT 1 FROM coding_agent_events WHERE tenant = 'acme')",
    "SELECT * FROM events_raw WHERE arrival_id IN (SELECT arrival_id FROM coding_agent_events)",
    "WITH x AS (SELECT * FROM coding_agent_events) SELECT * FROM x",
    "WITH coding_agent_events AS (SELECT * FROM moda.coding_agent_events) SELECT * FROM coding_agent_events",
    "WITH RECURSIVE x AS (SELECT model, 1 AS n FROM coding_agent_events UNION ALL SELECT model, n + 1 FROM x WHERE n < 3) SELECT * FROM x",
    "SELECT model FROM coding_agent_events UNION ALL SELECT model FROM moda.coding_agent_events",
    "SELECT model FROM coding_agent_events EXCEPT SELECT 'ours'",
    "SELECT a.model FROM coding_agent_events a FULL JOIN moda.coding_agent_events b ON a.tenant <> b.tenant",
    "SELECT a.*, b.* FROM coding_agent_events a, LATERAL (SELECT * FROM events_raw r WHERE r.arrival_id = a.arrival_id) b",
    "SELECT count(*) FILTER (WHERE tenant = 'acme') AS n, string_agg(model, ',') AS m FROM coding_agent_events",
    "SELECT *, row_number() OVER (PARTITION BY tenant) AS n FROM coding_agent_events QUALIFY n > 0",
    "SELECT array_agg(raw_event) AS a FROM events_raw",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM information_schema.columns",
    "SELECT * FROM information_schema.schemata",
    "SELECT * FROM information_schema.df_settings",
    "EXPLAIN SELECT * FROM coding_agent_events",
    "EXPLAIN ANALYZE SELECT * FROM coding_agent_events",
    "SHOW TABLES",
    "SHOW COLUMNS FROM coding_agent_events",
    "DESCRIBE coding_agent_events",
]  # fmt: skip


@pytest.mark.parametrize("query", OWN_ROWS_ONLY)
def test_own_rows_only(tenants, query):
    server, _ = tenants
    answer = server.ask(query)
    harmless(answer)
    assert str(server.data) not in answer.text, "a path of the server"
    if answer.status_code == 200 and query.startswith(("SELECT count", "SELECT 1 AS")):
        assert not answer.json()["rows"] or answer.json()["rows"][0].get("n") == 0


def test_a_foreign_row_is_not_counted_either(tenants):
    server, _ = tenants
    assert server.value("SELECT count(*) FROM coding_agent_events WHERE tenant = 'acme'") == 0
    assert server.value(f"SELECT count(*) FROM coding_agent_events WHERE model = '{FOREIGN}'") == 0
    assert server.value("SELECT count(*) FROM coding_agent_events") == 20
    assert server.value("SELECT count(DISTINCT tenant) FROM moda.coding_agent_events") == 1


REFUSED = [
    # writes and definitions
    "INSERT INTO coding_agent_events SELECT * FROM coding_agent_events",
    "INSERT INTO events_raw (tenant) VALUES ('acme')",
    "UPDATE coding_agent_events SET tenant = 'default'",
    "DELETE FROM coding_agent_events",
    "TRUNCATE TABLE coding_agent_events",
    "DROP TABLE coding_agent_events",
    "DROP VIEW IF EXISTS coding_agent_events",
    "DROP SCHEMA moda CASCADE",
    "CREATE TABLE mine AS SELECT * FROM coding_agent_events",
    "CREATE VIEW mine AS SELECT * FROM coding_agent_events",
    "CREATE OR REPLACE VIEW coding_agent_events AS SELECT 1",
    "CREATE SCHEMA other",
    "CREATE DATABASE other",
    "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
    "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '{tables}/coding_agent_events'",
    "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION 's3://bucket/key'",
    "CREATE FUNCTION f(int) RETURNS int RETURN $1",
    "ALTER TABLE coding_agent_events RENAME TO other",
    # files
    "COPY coding_agent_events TO '/tmp/modlake-stolen.csv'",
    "COPY (SELECT * FROM coding_agent_events) TO '/tmp/modlake-stolen.parquet' STORED AS PARQUET",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM \"/etc/passwd\"",
    "SELECT * FROM '{tables}/coding_agent_events'",
    "SELECT * FROM '{data}'",
    "SELECT * FROM 's3://bucket/key.parquet'",
    "SELECT * FROM 'http://127.0.0.1:9/x.csv'",
    "SELECT * FROM 'file:///etc/passwd'",
    "SELECT * FROM read_parquet('{tables}/coding_agent_events/**/*.parquet')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_json('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM parquet_scan('{tables}/**')",
    "SELECT * FROM delta_scan('{tables}/coding_agent_events')",
    "SELECT * FROM parquet_metadata('{tables}/coding_agent_events')",
    "SELECT pg_read_file('/etc/passwd')",
    # settings and sessions
    "SET datafusion.execution.batch_size = 1",
    "SET datafusion.catalog.information_schema = false",
    "RESET datafusion.execution.batch_size",
    "SHOW ALL",
    "BEGIN",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "USE other",
    # other names
    "SELECT * FROM other.coding_agent_events",
    "SELECT * FROM acme.coding_agent_events",
    "SELECT * FROM datafusion.other.coding_agent_events",
    "SELECT * FROM keys",
    "SELECT * FROM sqlite_master",
    # more than one, and none
    "SELECT 1; DROP TABLE coding_agent_events",
    "SELECT 1; SELECT 2",
    "",
    ";",
    "-- nothing",
    # things that are explained or nested instead of run
    "EXPLAIN COPY coding_agent_events TO '/tmp/modlake-stolen.csv'",
    "EXPLAIN ANALYZE INSERT INTO coding_agent_events SELECT * FROM coding_agent_events",
    "EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1",
    "WITH x AS (DELETE FROM coding_agent_events RETURNING *) SELECT * FROM x",
]  # fmt: skip


@pytest.mark.parametrize("query", REFUSED)
def test_refused(tenants, query):
    server, _ = tenants
    query = query.format(tables=server.table_folder("coding_agent_events").parent, data=server.data)
    answer = server.ask(query)
    harmless(answer)
    assert 400 <= answer.status_code < 500, f"{answer.status_code} {answer.text}"
    assert answer.json(), "the answer says why"
    assert server.value("SELECT count(*) FROM coding_agent_events") == 20


def test_nothing_was_written_outside(tenants):
    assert list(Path("/tmp").glob("modlake-stolen*")) == []


def test_the_query_of_the_troubleshooting_page(tenants):
    server, _ = tenants
    server.post("/v1/otel/claude/hooks", {"hook_event_name": "Stop", "session_id": "seed"})
    server.wait_value("SELECT count(*) FROM moda.events_raw WHERE source = 'coding_agent_hook'", 1)
    answer = server.ask(SEED_QUERY).json()
    assert [column["name"] for column in answer["columns"]] == ["timestamp", "source", "http_status", "raw_event"]
    rows = answer["rows"]
    assert len(rows) == 6
    assert rows[0]["source"] == "coding_agent_hook"
    assert [row["timestamp"] for row in rows] == sorted((row["timestamp"] for row in rows), reverse=True)
    assert {row["http_status"] for row in rows} == {200}


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        ("text/csv", "text/csv"),
        ("application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.stream"),
    ],
)
def test_forms_of_the_answer(tenants, accept, kind):
    server, _ = tenants
    answer = server.post(
        "/api/v1/sql", {"query": "SELECT 1 AS one, 'a\"b,c' AS two, CAST(NULL AS VARCHAR) AS three"}, Accept=accept
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith(kind)
    if kind == "application/json":
        assert answer.json()["rows"] == [{"one": 1, "two": 'a"b,c', "three": None}]
        assert [column["name"] for column in answer.json()["columns"]] == ["one", "two", "three"]
    elif kind == "text/csv":
        assert list(csv.reader(answer.text.splitlines())) == [["one", "two", "three"], ["1", 'a"b,c', ""]]
    else:
        assert pyarrow.ipc.open_stream(answer.content).read_all().to_pylist() == [
            {"one": 1, "two": 'a"b,c', "three": None}
        ]


@pytest.mark.parametrize(
    "query", ["SELECT", "SELECT * FROM nowhere", "SELECT nothing FROM coding_agent_events", "SELEC 1", "SELECT 1 +"]
)
def test_mistakes_are_explained(tenants, query):
    server, _ = tenants
    answer = server.ask(query)
    assert answer.status_code == 400
    assert answer.text.strip(), "the answer says why"
    if "nowhere" in query:
        assert "nowhere" in answer.text
    if "nothing" in query:
        assert "nothing" in answer.text


HEAVY = {
    # time: far more combinations than any machine can count
    "time": "SELECT count(*) AS n FROM "
    + ", ".join(f"coding_agent_events e{n}" for n in range(12))
    + " WHERE e0.event_id > e1.event_id",
    # memory: every combination is a group of its own
    "memory": "SELECT e0.event_id || e1.event_id || e2.event_id || e3.event_id || e4.event_id || e5.event_id AS k, count(*) AS n FROM "
    + ", ".join(f"coding_agent_events e{n}" for n in range(6))
    + " GROUP BY 1 ORDER BY 2 LIMIT 1",
    # rows: millions of them
    "rows": "SELECT e0.* FROM " + ", ".join(f"coding_agent_events e{n}" for n in range(6)),
}


@pytest.mark.parametrize("limit", HEAVY)
def test_limits(tenants, limit):
    """A clear error in time, and others are served."""
    server, acme = tenants
    before = time.monotonic()
    answer = server.ask(HEAVY[limit])
    assert time.monotonic() - before < ANSWERED
    assert 400 <= answer.status_code < 600 and answer.status_code != 500, answer.status_code
    words = {
        "time": ("time", "seconds"),
        "memory": ("memory", "time", "seconds"),
        "rows": ("row", "memory", "time", "seconds", "bytes"),
    }[limit]
    assert any(word in answer.text.lower() for word in words), answer.text
    assert any(letter.isdigit() for letter in answer.text), "the message gives the limit"
    assert server.value("SELECT count(*) FROM coding_agent_events", acme) == 20
    assert server.resident_bytes() < 3 << 30
    wait_for("the query has ended", lambda: cpu_share(server) < 0.3, ANSWERED)


def cpu_share(server, seconds=0.5) -> float:
    """How many cores the server keeps busy."""
    before = server.cpu_seconds()
    time.sleep(seconds)  # what is measured
    return (server.cpu_seconds() - before) / seconds


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) AS n FROM generate_series(1, 9223372036854775807)",
        "SELECT * FROM range(0, 100000000000)",
        "SELECT array_length(generate_series(1, 100000000000)) AS n",
        "SELECT array_length(range(1, 100000000000)) AS n",
        "SELECT array_length(array_repeat(1, 2000000000)) AS n",
        "SELECT array_length(array_resize([1], 2000000000, 1)) AS n",
        "SELECT repeat('x', 2000000000) AS t",
        "SELECT length(repeat(model, 500000000)) AS n FROM coding_agent_events",
        "SELECT length(lpad(model, 2000000000)) AS n FROM coding_agent_events",
        "SELECT length(rpad(model, 2000000000)) AS n FROM coding_agent_events",
        "SELECT length(replace(replace(replace('{a}', 'a', '{a}'), 'a', '{a}'), 'a', 'aa')) AS n".format(a="a" * 1000),
    ],
    ids=lambda query: query[:60],
)
def test_much_from_nothing(tenants, query):
    """Functions that make rows, lists or text from a number are under the same limits."""
    server, _ = tenants
    before = time.monotonic()
    try:
        answer = server.ask(query)
        assert time.monotonic() - before < ANSWERED
        assert 400 <= answer.status_code < 500, answer.status_code
        wait_for("the query has ended", lambda: cpu_share(server) < 0.3, ANSWERED)
        assert server.resident_bytes() < 2 << 30
        assert server.is_alive()
    except (AssertionError, modlaked.NotThere):
        server.kill()  # before it takes the memory of this machine
        raise


def chain(first, step, last="length(t)", where="", levels=40):
    """`step` over and over, each time of the result before."""
    parts = "".join(f", c{n} AS (SELECT {step} AS t FROM c{n - 1})" for n in range(1, levels + 1))
    return f"WITH c0 AS (SELECT {first} AS t FROM coding_agent_events WHERE model IS NOT NULL){parts} SELECT max({last}) AS n FROM c{levels} {where}"


TEXT = "repeat(model, 1000)"
MULTIPLYING = {
    "operator": chain(TEXT, "t || t"),
    "operator over a constant": chain("'x'", "t || t"),
    "operator under a filter": chain(TEXT, "t || t", where="WHERE t <> 'x'"),
    "concat": chain(TEXT, "concat(t, t, t)"),
    "concat_ws": chain(TEXT, "concat_ws(t, t, t)"),
    "regexp_replace of nothing": chain(TEXT, "regexp_replace(t, '', t, 'g')"),
    "regexp_replace of all": chain(TEXT, r"regexp_replace(t, '(.*)', '\1\1')"),
    "replace": chain(TEXT, "replace(t, 'o', t)"),
    "translate": chain(TEXT, "translate(t, 'o', 'u') || t"),
    "overlay": chain(TEXT, "overlay(t PLACING t || t FROM 1)"),
    "pad": chain(TEXT, "lpad(t, CAST(length(t) * 2 AS INT), t)"),
    "array": chain("[model]", "array_concat(t, t)", "array_length(t)"),
    "array operator": chain("[model]", "t || t", "array_length(t)"),
    "array as text": chain(TEXT, "CAST([t, t] AS VARCHAR)"),
    "array_to_string": chain(TEXT, "array_to_string([t, t], t)"),
    "nested arrays": chain("[model]", "[t, t]", "CAST(t AS VARCHAR)", levels=30),
    "to_char": chain(TEXT, "to_char(TIMESTAMP '2026-01-01', replace(t, 'u', '%c%c'))"),
    "encode": chain(TEXT, "encode(CAST(t AS BYTEA), 'hex')"),
    "case": chain(TEXT, "CASE WHEN length(t) > 0 THEN t || t ELSE t END"),
    "window": chain(TEXT, "first_value(t || t) OVER ()"),
    "aggregate": chain(TEXT, "max(t) || max(t)"),
    "string_agg": "WITH c0 AS (SELECT repeat(model, 1000) AS t FROM coding_agent_events)"
    + "".join(f", c{n} AS (SELECT * FROM c{n - 1} UNION ALL SELECT * FROM c{n - 1})" for n in range(1, 10))
    + " SELECT length(string_agg(t, '')) || string_agg(t, '') AS n FROM c9",
    "recursion": "WITH RECURSIVE r AS (SELECT repeat('x', 1000) AS t UNION ALL SELECT t || t FROM r) SELECT max(length(t)) FROM r",
    "union of unions": "WITH c0 AS (SELECT 1 AS n)"
    + "".join(f", c{n} AS (SELECT * FROM c{n - 1} UNION ALL SELECT * FROM c{n - 1})" for n in range(1, 40))
    + " SELECT count(*) FROM c39",
    "cross join of texts": "SELECT max(length(t || value)) AS n FROM (SELECT arrow_cast(repeat(model, 1000000), 'Utf8') AS t"
    " FROM coding_agent_events) CROSS JOIN generate_series(1, 100000)",
    "answer of shared texts": "SELECT t FROM (SELECT repeat(model, 1000000) AS t FROM coding_agent_events)"
    " CROSS JOIN generate_series(1, 4000)",
    "many columns": "SELECT " + ", ".join(f"repeat(model, 1000000 + {n}) AS c{n}" for n in range(400)) + " FROM coding_agent_events",
    "argument of a table function": "SELECT * FROM generate_series(1, length(repeat(repeat('x', 10000), 100000)))",
    "explained": "EXPLAIN VERBOSE SELECT length(repeat('x', 100000000)) || repeat('y', 100000000) AS n",
}  # fmt: skip


@pytest.mark.parametrize("name", MULTIPLYING)
def test_text_that_multiplies_itself(tenants, name):
    """A limit, in time, and before the memory is taken: three at once, because the limit is of all queries together."""
    server, _ = tenants
    before = server.resident_bytes()
    server.forget_peak()
    try:
        with ThreadPoolExecutor() as threads:
            started = time.monotonic()
            answers = list(threads.map(server.ask, [MULTIPLYING[name]] * 3))
        assert time.monotonic() - started < ANSWERED
        for answer in answers:
            if name != "explained":
                assert 400 <= answer.status_code < 500, f"{answer.status_code} {answer.text[:200]}"
                assert "query." in answer.text or "table function" in answer.text, answer.text[:500]
        wait_for("the query has ended", lambda: cpu_share(server) < 0.3, ANSWERED)
        assert server.peak_bytes() - before < QUERY_MEMORY + (300 << 20), f"{(server.peak_bytes() - before) >> 20} MiB"
        assert server.is_alive()
    except (AssertionError, modlaked.NotThere):
        server.kill()  # before it takes the memory of this machine
        raise


DEEP = {
    "parentheses": "SELECT " + "(" * 20_000 + "1" + ")" * 20_000,
    "sum": "SELECT " + "1 + " * 50_000 + "1",
    "sum of 5,000": "SELECT " + "1 + " * 5_000 + "1",
    "not": "SELECT " + "NOT " * 20_000 + "true",
    "and": "SELECT 1 WHERE 1 = 1" + " AND 1 = 1" * 20_000,
    "union": "SELECT 1" + " UNION ALL SELECT 1" * 5_000,
    "casts": "SELECT 1" + "::int" * 20_000,
    "texts": "SELECT 'x'" + " || 'x'" * 20_000,
    "joins": "SELECT 1 FROM events_raw" + " CROSS JOIN events_raw" * 5_000,
    "subscripts": "SELECT [1]" + "[1]" * 20_000,
    "is": "SELECT 1" + " IS NULL" * 20_000,
    "case": "SELECT " + "CASE WHEN true THEN " * 5_000 + "1" + " END" * 5_000,
    "calls": "SELECT " + "abs(" * 5_000 + "1" + ")" * 5_000,
    "subqueries": "SELECT * FROM " + "(SELECT * FROM " * 5_000 + "events_raw" + ")" * 5_000,
    "lists": "SELECT " + "[" * 20_000 + "]" * 20_000,
    "common tables": "WITH c0 AS (SELECT 1 AS n)"
    + "".join(f", c{n} AS (SELECT n FROM c{n - 1})" for n in range(1, 2_000))
    + " SELECT * FROM c1999",
}


@pytest.mark.parametrize("query", DEEP.values(), ids=DEEP)
def test_deep_sql(tenants, query):
    """Answered or refused; never the end of a thread that takes the server with it."""
    server, _ = tenants
    answer = server.ask(query)
    assert 200 <= answer.status_code < 500, answer.text
    assert server.is_alive()


def test_long_lists_and_conditions_are_no_depth(tenants):
    """What BI tools and scripts write: filters of hundreds of conditions, thousands of ids, hundreds of columns."""
    server, _ = tenants
    count = "SELECT count(*) FROM coding_agent_events WHERE "
    assert server.value(count + " OR ".join(f"session_id = '{n}'" for n in range(300))) == 0
    assert server.value(count + "session_id IN (" + ", ".join(f"'{n}'" for n in range(10_000)) + ")") == 0
    (row,) = server.sql("SELECT " + ", ".join(f"{n} AS c{n}" for n in range(500)))
    assert row["c499"] == 499


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"query": 5}', b'{"query": "SELECT 1", "params": 5}'])
def test_bodies_that_are_no_query(tenants, body):
    server, _ = tenants
    answer = server.post("/api/v1/sql", body)
    assert 400 <= answer.status_code < 500 and answer.text


def test_keys_are_needed(tenants):
    server, _ = tenants
    for path in ("/api/v1/me", "/api/v1/status"):
        assert server.get(path, key=None).status_code == 401
    assert server.post("/api/v1/sql", {"query": "SELECT 1"}, key=None).status_code == 401
    assert server.post("/api/v1/sql", {"query": "SELECT 1"}, key="ml_" + "A" * 43).status_code == 401


def test_a_revoked_key_is_refused(tenants):
    """Without a restart, and only this one."""
    server, _ = tenants
    key, other = server.new_key("default", "read"), server.new_key("default", "read")
    server.keys("revoke", server.get("/api/v1/me", key).json()["key_id"])
    wait_for("the key is refused", lambda: server.ask("SELECT 1", key).status_code == 401)
    assert server.ask("SELECT 1", other).status_code == 200
    assert key not in server.keys("list")


def test_parameters_are_values(tenants):
    server, _ = tenants
    query = "SELECT count(*) AS n FROM coding_agent_events WHERE model = $1"
    for text, count in [("ours", 20), (FOREIGN, 0), ("x' OR '1' = '1", 0)]:
        answer = server.post("/api/v1/sql", {"query": query, "params": [text]})
        assert answer.json()["rows"] == [{"n": count}]
