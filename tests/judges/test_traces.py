"""Trace files of the `mod` command: every one is taken, kept, counted once, and read alike by other programs."""

import gzip
import http.client
import io
import json
import threading
import time
import uuid
import zlib
from concurrent.futures import ThreadPoolExecutor

import duckdb
import modlaked
import polars
import pyarrow.ipc
import pyarrow.parquet
import pytest
import zstandard
from deltalake import DeltaTable
from modlaked import wait_for
from trace_files import CHAIN, fixtures, objects, post, put, repository, rows_of, stage, text

SECRET = "Tr0ub4dor-and-3-horses-9f31c"


def new_id() -> str:
    return f"20260224100000-{uuid.uuid4().hex[:5].upper()}"


def build(command_id: str, *paths: str, tags=None, **cells) -> bytes:
    tags = {f"tag.{key}": value for key, value in (tags or {}).items()}
    return text(*(repository(path, stage("sync", ""), stage("build", command_id, **cells), **tags) for path in paths))


def paths_of(server, command_id: str, key=None) -> list[str]:
    rows = server.sql(f"SELECT path FROM traces WHERE command_id = '{command_id}' ORDER BY path", key or server.key)
    return [row["path"] for row in rows]


def wait_paths(server, command_id: str, expected: list[str], seconds=30):
    wait_for(f"rows of {command_id} are {expected}", lambda: paths_of(server, command_id) == expected, seconds)


def flushed(server):
    """Waits until nothing waits for a commit."""
    wait_for("all is committed", lambda: server.metric("modlake_pending_rows") == 0, 60, 0.1)


# Fixtures ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """A server that commits at once."""
    folder = tmp_path_factory.mktemp("traces")
    with modlaked.running(folder, MODLAKE_LAKE_FLUSH_SECONDS="1") as server:
        yield server


@pytest.mark.parametrize("path", fixtures(), ids=lambda path: "/".join(path.parts[-3:-1]))
def test_every_era_and_type_is_taken_once(quick, path):
    data, kind, command_id = path.read_bytes(), path.parent.name, path.stem
    first = put(quick, kind, command_id, data)
    assert first.status_code == 201, first.text
    answer = first.json()
    assert answer["type"] == kind and answer["command_id"] == command_id
    counts = [f"SELECT count(*) FROM {table} WHERE command_id = '{command_id}'" for table in ("traces", "traces_rejected")]
    quick.wait_value(counts[0], answer["rows"], 20)
    quick.wait_value(counts[1], answer["rejected"], 20)
    again = put(quick, kind, command_id, data)
    assert (again.status_code, again.json()) == (200, answer)
    assert quick.value(counts[0]) == answer["rows"]
    # odd ones hold what Python's reader reads otherwise
    if "odd" not in path.parts:
        assert answer["rows"] == len(rows_of(data)) and answer["rejected"] == 0
        found = quick.sql(f"SELECT origin, path, branch FROM traces WHERE command_id = '{command_id}' ORDER BY row_number")
        assert found == [{name: row[name] or None for name in ("origin", "path", "branch")} for row in rows_of(data)]


# Once -------------------------------------------------------------------------------------------------------------------------


def test_the_same_file_at_the_same_time_is_stored_once(quick):
    command_id = new_id()
    data = build(command_id, "acme/a", "acme/b")
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: put(quick, "build", command_id, data), range(48)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] * 47 + [201], statuses
    wait_paths(quick, command_id, ["acme/a", "acme/b"])
    flushed(quick)
    assert paths_of(quick, command_id) == ["acme/a", "acme/b"]
    raw = f"SELECT count(*) FROM events_raw WHERE source = 'cli_trace' AND raw_event LIKE '%{command_id}%'"
    assert quick.value(raw) == 1


def test_other_bytes_replace_the_rows(quick):
    command_id = new_id()
    versions = [build(command_id, "acme/a", "acme/b"), build(command_id, "acme/b", "acme/c"), build(command_id, "acme/d")]
    other = new_id()
    assert put(quick, "build", other, build(other, "acme/z")).status_code == 201
    for data in [*versions, versions[0]]:
        assert put(quick, "build", command_id, data).status_code == 201
        wait_paths(quick, command_id, [row["path"] for row in rows_of(data)])
        flushed(quick)
        assert paths_of(quick, command_id) == [row["path"] for row in rows_of(data)]
        (current,) = [content for name, content in objects(quick).items() if command_id in name]
        assert current == data
    kept = [content for name, content in objects(quick, "superseded").items() if command_id in name]
    assert sorted(kept) == sorted(versions)
    assert paths_of(quick, other) == ["acme/z"]
    rows = DeltaTable(str(quick.table_folder("traces"))).to_pyarrow_table(columns=["command_id", "path"]).to_pylist()
    assert [row["path"] for row in rows if row["command_id"] == command_id] == ["acme/a", "acme/b"]


def test_different_bytes_at_the_same_time_leave_one_whole_version(quick):
    command_id = new_id()
    versions = {f"acme/{number}": build(command_id, f"acme/{number}/x", f"acme/{number}/y") for number in range(12)}
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda data: put(quick, "build", command_id, data), versions.values()))
    assert [answer.status_code for answer in answers] == [201] * 12
    sentinel = new_id()
    assert put(quick, "build", sentinel, build(sentinel, "acme/s")).status_code == 201
    wait_paths(quick, sentinel, ["acme/s"])
    flushed(quick)
    found = paths_of(quick, command_id)
    assert found in [[f"{name}/x", f"{name}/y"] for name in versions]
    (current,) = [content for name, content in objects(quick).items() if command_id in name]
    assert [row["path"] for row in rows_of(current)] == found
    kept = [content for name, content in objects(quick, "superseded").items() if command_id in name]
    assert sorted([*kept, current]) == sorted(versions.values())


def test_names_are_apart_by_tenant_source_and_type(quick):
    command_id = new_id()
    other = quick.new_key("elsewhere", "ingest,read")
    same = build(command_id, "acme/a")
    assert put(quick, "build", command_id, same).status_code == 201
    assert put(quick, "build", command_id, same, source="saas").status_code == 201
    assert put(quick, "run", command_id, same).status_code == 201
    assert put(quick, "build", command_id, build(command_id, "else/a"), key=other).status_code == 201
    wait_for("the other tenant's row", lambda: paths_of(quick, command_id, other) == ["else/a"])
    places = quick.sql(f"SELECT source, type FROM traces WHERE command_id = '{command_id}' ORDER BY 1, 2")
    assert [tuple(row.values()) for row in places] == [("cli", "build"), ("cli", "run"), ("saas", "build")]


def test_nothing_is_lost_or_doubled_by_kills(make_server):
    """Files sent again and again under the same names, some with other bytes, while the server is killed."""
    server = make_server(MODLAKE_LAKE_FLUSH_SECONDS="0.2")
    ids = [new_id() for _ in range(8)]
    acknowledged = {}

    def deliver(command_id, end):
        number = 0
        while not end.is_set():
            number += 1
            data = build(command_id, *(f"acme/{number}/{row}" for row in range(3)))
            pending[command_id] = data
            try:
                answer = put(server, "build", command_id, data)
            except OSError:
                return
            if answer.status_code not in (200, 201):
                return
            acknowledged[command_id] = data

    for round_number in range(5):
        pending, end = {}, threading.Event()
        threads = [threading.Thread(target=deliver, args=(command_id, end)) for command_id in ids]
        for thread in threads:
            thread.start()
        wait_for("every file was answered once", lambda: len(acknowledged) == len(ids), 60, 0.01)
        time.sleep(0.7 + 0.37 * round_number)  # the instant of the kill
        server.kill()
        end.set()
        for thread in threads:
            thread.join()
        server.start()
        # a client that was answered asks again: known, whether the replay has come so far or not
        for command_id, data in acknowledged.items():
            if pending[command_id] == data:
                assert put(server, "build", command_id, data).status_code == 200
        sentinel = new_id()
        assert put(server, "build", sentinel, build(sentinel, "acme/s")).status_code == 201
        wait_paths(server, sentinel, ["acme/s"], 60)
        for command_id in ids:
            found = paths_of(server, command_id)
            allowed = [[row["path"] for row in rows_of(data)] for data in (acknowledged[command_id], pending[command_id])]
            assert found in allowed, f"{command_id}: {found}"
            # what was under way when it died comes again
            assert put(server, "build", command_id, pending[command_id]).status_code in (200, 201)
            wait_paths(server, command_id, allowed[1])
            acknowledged[command_id] = pending[command_id]
    flushed(server)
    assert server.stop() == 0
    rows = DeltaTable(str(server.table_folder("traces"))).to_pyarrow_table(columns=["command_id", "path"]).to_pylist()
    current = {name.rsplit("/", 1)[1].removesuffix(".csv"): data for name, data in objects(server).items()}
    for command_id in ids:
        paths = sorted(row["path"] for row in rows if row["command_id"] == command_id)
        assert paths == sorted(row["path"] for row in rows_of(acknowledged[command_id]))
        assert current[command_id] == acknowledged[command_id]


# The doors --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/v1/cli/traces/build/..%2F..%2F..%2Fescape.csv",
        "/v1/cli/traces/build/%2e%2e%2fescape.csv",
        "/v1/cli/traces/..%2F..%2Fbuild/escape.csv",
        "/v1/cli/traces/%2e%2e/escape.csv",
        "/v1/cli/traces/../escape.csv",
        "/v1/cli/traces/build/../../escape.csv",
        "/v1/cli/traces/build/.escape.csv",
        "/v1/cli/traces/build/escape%00.csv",
        "/v1/cli/traces/build/escape%0a.csv",
        "/v1/cli/traces/build/a..escape.csv",
        "/v1/cli/traces/build/..%5c..%5cescape.csv",
        "/v1/cli/traces/build/%c0%ae%c0%ae%c0%afescape.csv",
        "/v1/cli/traces/build/escape.csv%2Fmore.csv",
        "/v1/cli/traces/build/escape",
        "/v1/cli/traces/build/.csv",
        "/v1/cli/traces/bu=ild/escape.csv",
        "/v1/cli/traces/type=x/escape.csv",
        "/v1/cli/traces/BUILD/escape.csv",
        "/v1/cli/traces/build/" + "x" * 200 + "escape.csv",
    ],
)
def test_no_path_leaves_its_place(quick, path):
    connection = http.client.HTTPConnection("127.0.0.1", quick.port, timeout=30)
    headers = {"Authorization": f"Bearer {quick.key}", "Content-Type": "text/csv"}
    connection.request("PUT", path, build(new_id(), "acme/a"), headers)
    answer = connection.getresponse()
    assert answer.status in (400, 404, 405), f"{answer.status} {answer.read()!r}"
    assert quick.is_alive()
    assert not [name for name in quick.data.rglob("*escape*")]


def test_the_wrappers_way_in(quick):
    command_id = new_id()
    data = build(command_id, "acme/a")
    answer = post(quick, "build", data)
    assert answer.status_code == 201, answer.text
    assert answer.json()["command_id"] == command_id, "the file's own id"
    assert post(quick, "build", data).status_code == 200
    assert put(quick, "build", command_id, data).status_code == 200, "one file, whichever way it comes"
    # no column says the id of a sync
    sync = text(repository("acme/s", stage("sync", "", Changeset=uuid.uuid4().hex)))
    named = post(quick, "sync", sync, X_Command_Id="20260224100000-SYNC1")
    assert (named.status_code, named.json()["command_id"]) == (201, "20260224100000-SYNC1")
    unnamed = post(quick, "sync", sync)
    assert unnamed.status_code == 201 and unnamed.json()["command_id"].startswith("sha256-")
    assert post(quick, "sync", sync).status_code == 200
    assert post(quick, None, data).status_code == 400
    assert post(quick, "sync", sync, X_Command_Id="../x").status_code == 400
    assert post(quick, "build", data, key="ml_no-such-key-at-all").status_code == 401


@pytest.mark.parametrize(
    ("coding", "encode"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("zstd", zstandard.ZstdCompressor().compress)],
)
def test_compressed_files_are_the_same_files(quick, coding, encode):
    command_id = new_id()
    data = build(command_id, *(f"acme/{number}" for number in range(50)))
    assert put(quick, "build", command_id, encode(data), Content_Encoding=coding).status_code == 201
    assert put(quick, "build", command_id, data).status_code == 200
    broken = put(quick, "build", command_id, encode(data)[:-9], Content_Encoding=coding)
    assert broken.status_code == 400, broken.text


def test_refusals_say_why_and_leave_a_row(quick):
    command_id = new_id()
    data = build(command_id, "acme/a")
    reader = quick.new_key("default", "read")
    refusals = [
        (415, put(quick, "build", command_id, data, Content_Type="application/json")),
        (415, put(quick, "build", command_id, data, Content_Encoding="br")),
        (400, put(quick, "build", command_id, b"")),
        (400, put(quick, "build", command_id, data, source="elsewhere")),
        (400, put(quick, "Build", command_id, data)),
        (403, put(quick, "build", command_id, data, key=reader)),
    ]
    for status, answer in refusals:
        assert answer.status_code == status, answer.text
        message = answer.json()["error"]["message"]
        assert len(message) > 10
        count = f"SELECT count(*) FROM events_raw WHERE http_status = {status} AND source = 'cli_trace' AND error IS NOT NULL"
        wait_for(f"a row of a {status}", lambda count=count: quick.value(count) > 0)
    assert put(quick, "build", command_id, data, Authorization=None).status_code == 401
    assert not [name for name in objects(quick) if command_id in name]
    assert put(quick, "build", command_id, data, Content_Type=None).status_code == 201, "a type that is not said is CSV"


def test_limits(make_server):
    server = make_server(MODLAKE_TRACES_MAX_FILE_BYTES="64KiB", MODLAKE_TRACES_MAX_ROWS="100")
    command_id = new_id()
    rows = build(command_id, *(f"acme/{number}" for number in range(101)))
    large = build(command_id, "acme/" + "x" * 70_000)
    assert put(server, "build", command_id, rows).status_code == 413
    for refused in [
        put(server, "build", command_id, large),
        put(server, "build", command_id, gzip.compress(large), Content_Encoding="gzip"),
    ]:
        assert refused.status_code == 413
        assert "traces.max_file_bytes" in refused.text and "in parts" not in refused.text, refused.text
    assert put(server, "build", command_id, build(command_id, *(f"acme/{n}" for n in range(100)))).status_code == 201


def test_a_full_journal_asks_to_come_back(make_server):
    server = make_server(
        MODLAKE_JOURNAL_MAX_BYTES="2MiB", MODLAKE_JOURNAL_SEGMENT_BYTES="256KiB", MODLAKE_LAKE_FLUSH_SECONDS="3600"
    )
    for _ in range(200):
        command_id = new_id()
        data = build(command_id, *(f"acme/{number}/{uuid.uuid4()}" for number in range(200)))
        answer = put(server, "build", command_id, data)
        if answer.status_code != 201:
            break
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1
    assert server.metric("modlake_shed_requests_total", sender="keeps") >= 1


# What is kept -----------------------------------------------------------------------------------------------------------------


def test_a_secret_on_a_command_line_is_nowhere(make_server):
    server = make_server(MODLAKE_LAKE_FLUSH_SECONDS="0.2", RUST_LOG="debug")
    command_id = new_id()
    command = f"curl -H 'Authorization: Bearer {SECRET}' https://user:{SECRET}@example.com && deploy --password={SECRET}"
    row = repository("acme/a", stage("exec", command_id, Command=command, CommandWithSubstitutions=command, ExitCode=0))
    broken = f'"acme/b,{command}\r\n'.encode()
    assert put(server, "exec", command_id, text(row) + broken).status_code == 201
    again = repository("acme/a", stage("exec", command_id, Command=command + " --again", ExitCode=1))
    assert put(server, "exec", command_id, text(again)).status_code == 201
    server.wait_value(f"SELECT count(*) FROM execs WHERE exec_id = '{command_id}' AND exit_code = 1", 1)
    assert "curl" in server.value(f"SELECT command FROM execs WHERE exec_id = '{command_id}'")
    flushed(server)
    assert server.stop() == 0
    found, looked = [], 0
    for path in [path for path in server.data.rglob("*") if path.is_file()] + [server.log]:
        looked += 1
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content += json.dumps(pyarrow.parquet.ParquetFile(path).read().to_pylist(), default=str).encode()
        if SECRET.encode() in content:
            found.append(str(path))
    assert looked > 10 and not found


def fleet_tags(number: int) -> dict:
    return {"wave": str(number), "team": "pay\"ments"} if number % 3 == 0 else {}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    """Builds of two days and runs, some delivered twice and some replaced; stopped, so that all is committed."""
    folder = tmp_path_factory.mktemp("fleet")
    with modlaked.running(folder, MODLAKE_LAKE_FLUSH_SECONDS="1") as server:
        for number in range(30):
            command_id = f"202602241000{number:02d}-FLEET"
            at = f"2026-02-{24 + number % 2}T0{number % 10}:30:00.123Z"
            paths = [f"acme/{number}/{row}" for row in range(number % 4 + 1)]
            data = build(command_id, *paths, tags=fleet_tags(number), at=at, ms=number)
            kind = "run" if number % 7 == 0 else "build"
            if number % 5 == 0:
                assert put(server, kind, command_id, build(command_id, "acme/old", "acme/older", at=at)).status_code == 201
            assert put(server, kind, command_id, data).status_code == 201
            assert put(server, kind, command_id, data).status_code == 200
        expected = sum(number % 4 + 1 for number in range(30))
        server.wait_value("SELECT count(*) FROM traces", expected, 60)
        figures = "SELECT count(*) AS n, count(DISTINCT path) AS p, sum(CAST(buildelapsedtimems AS bigint)) AS ms FROM {}"
        groups = "SELECT tenant, source, type, year, month, day, count(*) AS n FROM {} GROUP BY ALL ORDER BY ALL"
        names = "tenant, source, type, year, month, day"
        ours = server.sql(figures.format("traces"))[0]
        ours_by_day = server.sql(f"SELECT {names}, count(*) AS n FROM traces GROUP BY {names} ORDER BY {names}")
        assert server.stop() == 0
        yield server, figures, ours, groups, [tuple(row.values()) for row in ours_by_day]


def test_duckdb_reads_the_csv_objects_with_hive_folders(fleet):
    server, figures, ours, groups, by_day = fleet
    glob = f"{server.data}/lake/traces/tenant=default/**/*.csv"
    source = f"read_csv('{glob}', hive_partitioning = true, hive_types_autocast = false, union_by_name = true)"
    found = duckdb.sql(figures.format(source)).to_arrow_table().to_pylist()[0]
    assert {name: int(value) for name, value in found.items()} == {name: int(value) for name, value in ours.items()}
    assert duckdb.sql(groups.format(source)).fetchall() == by_day


def test_duckdb_and_polars_read_the_table(fleet):
    server, figures, ours, groups, by_day = fleet
    table = DeltaTable(str(server.table_folder("traces")))
    arrow = table.to_pyarrow_table()
    found = duckdb.from_arrow(arrow).query("t", figures.format("t")).to_arrow_table().to_pylist()[0]
    assert {name: int(value) for name, value in found.items()} == {name: int(value) for name, value in ours.items()}
    assert duckdb.from_arrow(arrow).query("t", groups.format("t")).fetchall() == by_day
    frame = polars.scan_delta(table).collect()
    assert (frame.height, frame["path"].n_unique()) == (ours["n"], ours["p"])
    assert frame["buildelapsedtimems"].dtype == polars.Int64
    assert frame["buildstarttime"].dtype == polars.Datetime("us", "UTC")


def test_other_programs_read_tags_as_a_map(fleet):
    """By the Delta log and by the files alone. DuckDB's delta extension, ClickHouse and Spark do so in `test_ddl.py`."""
    server, *_ = fleet
    told = [fleet_tags(number) for number in range(30) for _ in range(number % 4 + 1)]
    pairs = lambda maps: sorted(((tags.get("wave"), tags.get("team")) for tags in maps), key=repr)
    table = DeltaTable(str(server.table_folder("traces")))
    (column,) = [field.type for field in table.schema().fields if field.name == "tags"]
    assert (column.type, column.key_type.type, column.value_type.type) == ("map", "string", "string")

    arrow = table.to_pyarrow_table(columns=["tags"])
    assert pyarrow.types.is_map(arrow.schema.field("tags").type)
    assert pairs(dict(tags or ()) for tags in arrow["tags"].to_pylist()) == pairs(told)

    files = f"read_parquet({table.file_uris()!r})"
    found = duckdb.sql(f"SELECT tags['wave'], tags['team'] FROM {files}").fetchall()
    assert sorted(found, key=repr) == pairs(told)
    kinds = duckdb.sql(f"SELECT typeof(tags), count(*) FILTER (tags IS NULL) FROM {files} GROUP BY 1").fetchall()
    assert kinds == [("MAP(VARCHAR, VARCHAR)", sum(not tags for tags in told))]

    frame = polars.scan_delta(table).select("tags").collect()
    assert frame["tags"].dtype == polars.Map(polars.String, polars.String)
    assert pairs(dict(tags or ()) for tags in frame["tags"].to_list()) == pairs(told)


def test_objects_and_rows_tell_the_same(fleet):
    server, *_ = fleet
    rows = DeltaTable(str(server.table_folder("traces"))).to_pyarrow_table(columns=["command_id", "path"]).to_pylist()
    told = sorted((row["command_id"], row["path"]) for row in rows)
    kept = [
        (name.rsplit("/", 1)[1].removesuffix(".csv"), row["path"])
        for name, data in objects(server).items()
        for row in rows_of(data)
    ]
    assert told == sorted(kept)


# Queries ----------------------------------------------------------------------------------------------------------------------

DAY = "WHERE org = 'my-company'\n  AND type = 'build'\n  AND year = '2026'\n  AND month = '02'\n  AND day = '24'"
LISTING = f"""
SELECT origin, path, branch,
       syncoutcome, CAST(syncelapsedtimems AS bigint) AS sync_ms,
       buildoutcome, CAST(buildelapsedtimems AS bigint) AS build_ms
FROM moderne_bi.traces
{DAY}
ORDER BY build_ms DESC;
"""
RATES = f"""
SELECT buildoutcome, COUNT(*) AS total
FROM moderne_bi.traces
{DAY}
GROUP BY buildoutcome
ORDER BY total DESC;
"""
SLOWEST = f"""
SELECT path, origin,
       CAST(buildelapsedtimems AS bigint) AS build_ms,
       CAST(buildsourcefilecount AS bigint) AS source_files,
       CAST(buildlinecount AS bigint) AS lines
FROM moderne_bi.traces
{DAY}
  AND buildoutcome = 'Succeeded'
ORDER BY build_ms DESC
LIMIT 25;
"""
REPOSITORIES = f"""
SELECT organization, COUNT(DISTINCT path) AS repo_count
FROM moderne_bi.traces
{DAY}
GROUP BY organization
ORDER BY repo_count DESC;
"""


@pytest.fixture(scope="module")
def company(quick):
    """Forty builds of a day, one of the day after, a run that repeats one of them, and another company's."""
    key = quick.new_key("my-company", "ingest,read")
    build_id, rows = "20260224100000-DAY24", []
    for number in range(40):
        outcome = ["Succeeded", "Succeeded", "Failed", "Canceled"][number % 4]
        cells = stage("build", build_id, outcome, ms=1000 + number, SourceFileCount=number, LineCount=10 * number)
        rows.append(repository(f"acme/{number % 30}", stage("sync", "", ms=number), cells, branch=f"b{number}"))
    rows[0]["organization"] = "ALL/Other"
    later = build("20260225100000-DAY25", "acme/late", at="2026-02-25T00:00:00.000Z")
    run_row = rows[1] | stage("run", "20260224110000-RUN24", at="2026-02-24T11:00:00.000Z")
    sent = [("build", build_id, text(*rows)), ("build", "20260225100000-DAY25", later)]
    sent.append(("run", "20260224110000-RUN24", text(run_row)))
    for kind, command_id, data in sent:
        assert put(quick, kind, command_id, data, key=key).status_code == 201
    quick.wait_value("SELECT count(*) FROM traces", 42, 30, key)
    return quick, key


def test_the_four_queries_of_the_page_mean_what_they_say(company):
    server, key = company
    listing = server.sql(LISTING, key)
    assert [row["build_ms"] for row in listing] == list(range(1039, 999, -1))
    assert listing[0] == {
        "origin": "github.com", "path": "acme/9", "branch": "b39", "syncoutcome": "Succeeded", "sync_ms": 39,
        "buildoutcome": "Canceled", "build_ms": 1039,
    }  # fmt: skip
    rates = {row["buildoutcome"]: row["total"] for row in server.sql(RATES, key)}
    assert rates == {"Succeeded": 20, "Failed": 10, "Canceled": 10}
    slowest = server.sql(SLOWEST, key)
    assert len(slowest) == 20 and slowest[0] == {
        "path": "acme/7", "origin": "github.com", "build_ms": 1037, "source_files": 37, "lines": 370,
    }  # fmt: skip
    repositories = [tuple(row.values()) for row in server.sql(REPOSITORIES, key)]
    assert repositories == [("ALL/Acme", 30), ("ALL/Other", 1)]
    assert server.sql(LISTING) == [], "another tenant's company has no rows here"


def test_columns_are_typed(company):
    server, key = company
    types = {row["column_name"]: row["data_type"] for row in server.sql("DESCRIBE moderne_bi.traces", key)}
    assert "Int64" in types["buildelapsedtimems"] and "Timestamp" in types["buildstarttime"]
    assert types["runstreaming"] == "Boolean" and types["runpomcachehitrate"] == "Float64"
    assert {"org", "tenant", "source", "type", "year", "month", "day"} <= set(types)


def test_a_stage_counts_once_however_many_commands_repeat_it(quick):
    key = quick.new_key("chain", "ingest,read")
    at = "2026-03-0{}T10:00:00.000Z"
    stages, ids = {}, {}
    for number, name in enumerate(CHAIN):
        ids[name] = f"2026030{number + 1}100000-CHAIN"
        more = {"EstimatedEffortTimeSavingsMs": 3_600_000, "RecipeId": "org.acme.Fix"} if name == "run" else {}
        stages[name] = stage(name, ids[name], at=at.format(number + 1), **more)
        chain = [stages[earlier] for earlier in CHAIN[: number + 1]]
        rows = [repository(path, *chain, origin=origin) for path, origin in [("a/x", "h1"), ("a/x", "h2"), ("a/y", "h1")]]
        if name == "build":
            rows[1]["buildOutcome"] = "Failed"
        assert put(quick, name, ids[name], text(*rows), key=key).status_code == 201
    # the run is committed a second time, and one of its commits skipped
    twice = [stages[name] for name in ("sync", "build", "run")] + [stage("commit", "20260309100000-AGAIN", at=at.format(9))]
    assert put(quick, "commit", "20260309100000-AGAIN", text(repository("a/x", *twice, origin="h1")), key=key).status_code == 201
    quick.wait_value("SELECT count(*) FROM traces", 22, 30, key)
    ask = lambda query: [tuple(row.values()) for row in quick.sql(query, key)]
    assert ask("SELECT count(*), count(DISTINCT build_id), count(DISTINCT repository) FROM builds") == [(3, 1, 3)]
    outcomes = "SELECT outcome, told_by, count(*) FROM builds GROUP BY 1, 2 ORDER BY 1"
    assert ask(outcomes) == [("Failed", "build", 1), ("Succeeded", "build", 2)], "the build's own row says how it ended"
    assert ask("SELECT count(*), sum(time_saved_ms) FROM runs") == [(3, 3 * 3_600_000)]
    commits = "SELECT count(*), count(DISTINCT commit_id), sum(time_saved_ms), count(push_outcome) FROM commits"
    assert ask(commits) == [(4, 2, 3 * 3_600_000, 3)], "what a run saved counts once"
    assert ask("SELECT count(*) FROM moderne_bi.builds") == [(3,)]


def test_what_only_later_commands_tell_counts_too(quick):
    key = quick.new_key("later", "ingest,read")
    run = stage("run", "20260301100000-RUN01")
    prebuilt = stage("sync", "", LstDownloadUri="https://artifacts.example.com/a.jar")
    rows = [
        repository("a/local", stage("sync", ""), stage("build", "20260301090000-BLD01"), run),
        repository("a/prebuilt", prebuilt, stage("build", "20260220090000-MASS1"), run),
        repository("a/unbuilt", stage("sync", "", "Skipped"), run | {"runOutcome": "Skipped"}),
    ]
    assert put(quick, "run", "20260301100000-RUN01", text(*rows), key=key).status_code == 201
    quick.wait_value("SELECT count(*) FROM runs", 3, 30, key)
    builds = quick.sql("SELECT path, is_local, told_by FROM builds ORDER BY path", key)
    assert [tuple(row.values()) for row in builds] == [("a/local", True, "run"), ("a/prebuilt", False, "run")]


def test_calls_of_tools_and_commands(quick):
    key = quick.new_key("calls", "ingest,read")
    call = stage("mcp", "", ToolName="find_types", SessionId="a1b2", MatchCount=12, ResultBytes=4096)
    del call["mcpId"]
    second = call | {"mcpStartTime": "2026-02-24T10:00:05.000Z"}
    file = text(repository("a/x", call), repository("a/x", second))
    assert put(quick, "mcp", "20260224100000-MCP01", file, key=key).status_code == 201
    more = text(repository("a/x", second), repository("a/x", second | {"mcpStartTime": "2026-02-24T10:00:09.000Z"}))
    assert put(quick, "mcp", "20260224100000-MCP02", more, key=key).status_code == 201
    publish = repository("a/x", stage("publish", "20260224100000-PUB01", Uri="https://artifacts.example.com/x.jar"))
    assert put(quick, "publish", "20260224100000-PUB01", text(publish), key=key).status_code == 201
    quick.wait_value("SELECT count(*) FROM traces", 5, 30, key)
    assert quick.value("SELECT count(*) FROM mcp_calls", key) == 3, "a call that two files tell of is one"
    assert quick.value("SELECT uri FROM publishes", key) == "https://artifacts.example.com/x.jar"


def test_tags_are_asked_for_by_their_keys(quick):
    key = quick.new_key("tagged", "ingest,read")
    sent = [
        ("20260224100000-TAG01", ["a/x", "a/y"], {"team": "payments", "wave": "1"}),
        ("20260224110000-TAG02", ["a/z"], {"team": "search"}),
        ("20260224120000-TAG03", ["a/u"], {}),
    ]
    for command_id, paths, tags in sent:
        assert put(quick, "build", command_id, build(command_id, *paths, tags=tags), key=key).status_code == 201
    quick.wait_value("SELECT count(*) FROM traces", 4, 30, key)
    by_team = "SELECT tags['team'] AS team, count(*) AS n FROM {} GROUP BY tags['team'] ORDER BY n DESC, team"
    wave = "SELECT path FROM {} WHERE tags['wave'] = '1' AND map_keys(tags) IS NOT NULL ORDER BY path"
    for _ in range(2):  # before the commit perhaps, and after it
        for table in ("traces", "moderne_bi.traces", "builds", "moderne_bi.builds"):
            found = [tuple(row.values()) for row in quick.sql(by_team.format(table), key)]
            assert found == [("payments", 2), ("search", 1), (None, 1)], table
            assert quick.sql(wave.format(table), key) == [{"path": "a/x"}, {"path": "a/y"}], table
        assert quick.value("SELECT count(*) FROM traces WHERE tags IS NULL", key) == 1
        flushed(quick)


def test_tags_are_answered_in_every_format(quick):
    key = quick.new_key("formats", "ingest,read")
    tags = {"wave": "2", "team": 'pay"ments', "größe": "a,b"}
    assert put(quick, "build", "20260224100000-TAG04", build("20260224100000-TAG04", "a/x", tags=tags), key=key).status_code == 201
    assert put(quick, "build", "20260224100000-TAG05", build("20260224100000-TAG05", "a/y"), key=key).status_code == 201
    quick.wait_value("SELECT count(*) FROM traces", 2, 30, key)

    def answer(accept):
        asked = {"query": "SELECT path, tags FROM traces ORDER BY path"}
        got = quick.post("/api/v1/sql", asked, key=key, Accept=accept)
        assert got.status_code == 200, got.text
        return got

    rows = [{"path": "a/x", "tags": tags}, {"path": "a/y", "tags": None}]
    found = answer("application/json").json()
    assert found["rows"] == rows and list(found["rows"][0]["tags"]) == list(tags), "in the order of the file's columns"
    assert found["columns"][1] == {"name": "tags", "type": "map(text,text)"}
    assert [json.loads(line) for line in answer("application/x-ndjson").text.splitlines()] == rows
    of_csv = rows_of(answer("text/csv").content)
    assert [row["tags"] and json.loads(row["tags"]) for row in of_csv] == [tags, ""]
    stream = pyarrow.ipc.open_stream(answer("application/vnd.apache.arrow.stream").content).read_all()
    file = pyarrow.parquet.read_table(io.BytesIO(answer("application/vnd.apache.parquet").content))
    for table in (stream, file):
        assert pyarrow.types.is_map(table.schema.field("tags").type)
        assert table["tags"].to_pylist() == [list(tags.items()), None]


def test_lines_that_cannot_be_read_are_shown(quick):
    command_id = new_id()
    data = build(command_id, "acme/good") + b'github.com,"acme/never ends,main\r\n'
    answer = put(quick, "build", command_id, data)
    assert answer.status_code == 201 and (answer.json()["rows"], answer.json()["rejected"]) == (1, 1)
    query = f"SELECT line_number, reason, raw_line FROM moderne_bi.traces_rejected WHERE command_id = '{command_id}'"
    (row,) = quick.wait_rows(query, 1)
    assert row["line_number"] == 3 and row["reason"] and "never ends" in row["raw_line"]
