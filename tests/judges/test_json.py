"""Columns of JSON are looked into with PostgreSQL's operators, over HTTP in every form of an answer and with `modlake sql`.

`MODLAKE` names the client; without it, what lies beside the server.
"""

import csv
import io
import json
import os
import subprocess
import time
from pathlib import Path

import duckdb
import modlaked
import pyarrow
import pyarrow.parquet
import pytest

WORDS = [12, 7, 30, None]
STEPS = ["pay", "pay", "ship", 'it\'s "quoted"']
HOSTS = ["h0.example", "h1.example", "h1.example", "h0.example"]
DEEP = 100_000

GROUPS = """
SELECT data->'step' AS step, count(*) AS times, count(DISTINCT data->'page'->'host') AS hosts,
       sum((data->>'words')::int) AS words, max(data->'page') AS page
FROM product_events
WHERE data ? 'step' AND data->'page'->'tags'->>0 = 'x'
GROUP BY data->'step'
ORDER BY data->'step' DESC
"""
EXPECTED = [
    {"step": "ship", "times": 1, "hosts": 1, "words": 30, "page": '{"host":"h1.example","tags":["x",{"y":2}]}'},
    {"step": "pay", "times": 2, "hosts": 2, "words": 19, "page": '{"host":"h1.example","tags":["x",{"y":1}]}'},
    {"step": 'it\'s "quoted"', "times": 1, "hosts": 1, "words": None, "page": '{"host":"h0.example","tags":["x",{"y":3}]}'},
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with modlaked.running(tmp_path_factory.mktemp("json"), MODLAKE_LAKE_FLUSH_SECONDS="1") as server:
        events = [
            {"event": "TriggerRun", "data": data(n), "timestamp": int(time.time() * 1000)} for n in range(len(WORDS))
        ]
        for event in events:
            assert server.post("/api/events/", {"events": [event]}).ok
        server.wait_value("SELECT count(*) FROM product_events WHERE data ? 'step'", len(WORDS))
        yield server


def data(n):
    said = {"step": STEPS[n], "page": {"host": HOSTS[n], "tags": ["x", {"y": n}]}}
    return said if WORDS[n] is None else {**said, "words": WORDS[n]}


def answer(server, accept, query=GROUPS):
    got = server.post("/api/v1/sql", {"query": query}, Accept=accept)
    assert got.status_code == 200, got.text
    return got.content


def test_what_is_grouped_and_summed_is_what_was_sent(server):
    assert server.sql(GROUPS) == EXPECTED


def test_every_form_of_an_answer_has_the_same(server):
    assert [json.loads(line) for line in answer(server, "application/x-ndjson").splitlines()] == EXPECTED
    rows = list(csv.DictReader(io.StringIO(answer(server, "text/csv").decode())))
    assert rows == [{name: "" if value is None else str(value) for name, value in row.items()} for row in EXPECTED]
    with pyarrow.ipc.open_stream(answer(server, "application/vnd.apache.arrow.stream")) as stream:
        assert stream.read_all().to_pylist() == EXPECTED
    parquet = answer(server, "application/vnd.apache.parquet")
    assert pyarrow.parquet.read_table(io.BytesIO(parquet)).to_pylist() == EXPECTED


def test_the_client_shows_them_as_a_table(server, tmp_path):
    named = os.environ.get("MODLAKE")
    modlake = Path(named) if named else modlaked.binary().with_name("modlake")
    if not modlake.exists():
        pytest.skip(f"{modlake} is not built")
    query = "SELECT data->'step' AS step, data->'page'->'tags' AS tags FROM product_events WHERE data->>'step' = $1"
    home = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    environment = {**home, "MODLAKE_SERVER": server.url, "MODLAKE_API_KEY": server.key}
    command = [str(modlake.resolve()), "sql", query, "--param", "ship"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "ship" in done.stdout and '["x",{"y":2}]' in done.stdout, done.stdout


def test_rows_in_memory_and_in_files_are_found_alike(server):
    query = "SELECT count(*) AS n FROM product_events WHERE data->'step' = 'late' AND json_get_int(data, 'words') > 3"
    event = {"event": "TriggerRun", "data": {"step": "late", "words": 4}, "timestamp": int(time.time() * 1000)}
    assert server.post("/api/events/", {"events": [event]}).ok
    server.wait_value(query, 1)
    files = server.data / "lake/tables/product_events"
    modlaked.wait_for("the row is in a file", lambda: is_in_a_file(files), 30, 0.2)
    assert server.value(query) == 1


def is_in_a_file(files) -> bool:
    if not any(files.rglob("*.parquet")):
        return False
    late = f"SELECT count(*) FROM read_parquet('{files}/**/*.parquet') WHERE data->>'step' = 'late'"
    return duckdb.connect().execute(late).fetchall() == [(1,)]


def test_duckdb_says_the_same_of_odd_json(server):
    duck = duckdb.connect()
    texts = ["{}", "[]", "null", '"text"', "1.5", '{"a":null}', '{"a":{"b":[1,2,{"c":"d"}]}}', '{"a":"\\u00e4\\n"}', "[[1],[2,3]]"]
    for text in texts:
        for path in ["'a'", "'a'->'b'", "'a'->'b'->2->>'c'", "0", "-1", "1->>0"]:
            query = f"SELECT ('{text}'->>{path}) AS v" if "->" not in path else f"SELECT '{text}'->{path} AS v"
            ((theirs,),) = duck.execute(f"SELECT CAST('{text}' AS JSON)->{path} AS v").fetchall()
            theirs = None if theirs in (None, "null") else theirs
            ours = server.value(query)
            # they keep a string in its quotes
            assert ours == (json.loads(theirs) if theirs and theirs.startswith('"') else theirs), query


@pytest.mark.parametrize("text", ["[" * DEEP, "[" * DEEP + "]" * DEEP, '{"a":' * DEEP + "1" + "}" * DEEP])
def test_nothing_is_too_deep(server, text):
    query = f"SELECT '{text}'->'a' AS v, json_length('{text}') AS n, json_get_array('{text}', 0) AS l"
    (row,) = server.sql(query)
    assert row == {"v": None, "n": None, "l": None}
    assert server.is_alive()


def test_too_many_operators_say_so(server):
    got = server.ask("SELECT data" + "->'a'" * 2_500 + " FROM product_events")
    assert got.status_code == 422 and "query.max_operators" in got.text, got.text
