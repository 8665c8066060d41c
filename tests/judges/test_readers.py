"""The lake's files as other programs read them: they must agree with our SQL, row for row."""

import functools
import time
from collections import Counter

import duckdb
import modlaked
import polars
import pyarrow.parquet
import pytest
from captured import JSON, log_records, requests_of, spans
from deltalake import DeltaTable
from modlaked import wait_for

PARTITIONS = ["tenant", "source", "type", "year", "month", "day"]
TOTALS = """
    SELECT count(*) AS events, count(DISTINCT session_id) AS sessions,
           coalesce(sum(input_tokens), 0) AS input, coalesce(sum(output_tokens), 0) AS output,
           coalesce(sum(cache_read_tokens), 0) AS cache_read, round(coalesce(sum(cost_usd), 0), 6) AS cost,
           count(tool_use_id) AS tool_uses, count(DISTINCT event_id) AS ids
    FROM {}
"""
GROUPS = f"SELECT {', '.join(PARTITIONS)}, count(*) AS events FROM {{}} GROUP BY {', '.join(PARTITIONS)}"
# The least and the greatest of a column of JSON texts help no query to skip anything.
WHOLE_JSON = ("attributes",)
SIGNALS = "SELECT signal, count(*) AS n FROM coding_agent_events GROUP BY signal"


def numbers(row: dict) -> dict:
    """Numbers that came as text or as another kind of number, made comparable."""
    return {name: round(float(value), 6) for name, value in row.items()}


def expected_events(requests) -> dict:
    """How many events of each signal the requests hold when each is sent twice: retries count once, hooks never merge."""
    expected = Counter()
    log_identities = set()
    for request in requests:
        message = request.message()
        if request.signal == "hooks":
            expected["hooks"] += 2 * (len(message) if isinstance(message, list) else 1)
        elif request.signal == "traces":
            expected["traces"] += len(spans(message))
        elif request.signal == "logs":
            for number, (_, attributes) in enumerate(log_records(message)):
                names = ("session.id", "event.timestamp", "event.sequence", "event.name")
                identity = tuple(attributes.get(name) for name in names)
                log_identities.add(identity if None not in identity else (request.name, number))
    expected["logs"] = len(log_identities)
    return dict(expected)


def settled(count) -> bool:
    """Is a count, right or wrong, no longer moving?"""
    before = count()
    time.sleep(2)  # twice what an acknowledged event may take to be visible
    return count() == before


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """Every captured request of Claude Code, sent twice; the server still running."""
    folder = tmp_path_factory.mktemp("readers")
    with modlaked.running(folder, MODLAKE_LAKE_FLUSH_SECONDS="3") as server:
        requests = requests_of("claude_code")
        for _ in range(2):
            for request in requests:
                answer = request.send(server)
                assert answer.status_code == 200, f"{request.name}: {answer.text}"
        yield server, requests


@pytest.fixture(scope="module")
def ours(lake):
    """Our own SQL's answers, taken before the server is stopped."""
    server, requests = lake
    server.wait_value("SELECT count(*) FROM events_raw", 2 * len(requests), 30)
    count = functools.partial(server.value, "SELECT count(*) FROM coding_agent_events")
    wait_for("every event is visible", lambda: count() == sum(expected_events(requests).values()) or settled(count), 30)
    groups = server.sql(GROUPS.format("coding_agent_events"))
    return {
        "totals": numbers(server.sql(TOTALS.format("coding_agent_events"))[0]),
        "groups": {tuple(row[name] for name in PARTITIONS): int(row["events"]) for row in groups},
        "signals": {row["signal"]: int(row["n"]) for row in server.sql(SIGNALS)},
        "arrivals": int(server.value("SELECT count(*) FROM events_raw")),
    }


@pytest.fixture(scope="module")
def table(lake, ours):
    """The Delta table after a graceful stop, which commits everything."""
    server, _ = lake
    assert server.stop() == 0
    return DeltaTable(str(server.table_folder("coding_agent_events")))


def files(table: DeltaTable) -> list[str]:
    return table.file_uris()


def count_in(uris: list[str]) -> int:
    ((count,),) = duckdb.sql(f"SELECT count(*) FROM read_parquet({uris!r})").fetchall()
    return count


def test_every_record_counts_once(lake, ours):
    _, requests = lake
    assert ours["signals"] == expected_events(requests)
    assert ours["arrivals"] == 2 * len(requests)


def test_what_is_committed_while_running_is_readable(lake, ours):
    """Without a stop: the drain commits by age, so the files catch up on their own."""
    server, _ = lake

    def committed():
        uris = files(DeltaTable(str(server.table_folder("coding_agent_events"))))
        return count_in(uris) if uris else 0

    wait_for("every event is committed", lambda: committed() == ours["totals"]["events"], seconds=90, every=1)


def test_deltalake(table, ours):
    arrow = table.to_pyarrow_table() if hasattr(table, "to_pyarrow_table") else table.to_arrow()
    found = numbers(duckdb.from_arrow(arrow).query("t", TOTALS.format("t")).to_arrow_table().to_pylist()[0])
    assert found == ours["totals"]
    assert table.metadata().partition_columns == PARTITIONS


def test_duckdb_over_the_hive_folders(table, ours):
    source = (
        f"read_parquet({files(table)!r}, hive_partitioning = true, hive_types_autocast = false, union_by_name = true)"
    )
    assert numbers(duckdb.sql(TOTALS.format(source)).to_arrow_table().to_pylist()[0]) == ours["totals"]
    assert {tuple(row[:6]): row[6] for row in duckdb.sql(GROUPS.format(source)).fetchall()} == ours["groups"]


def test_duckdb_with_a_glob_finds_every_file(lake, table, ours):
    """Files that the Delta log no longer names may lie there until they are vacuumed; no file of the log may be missing."""
    server, _ = lake
    folder = server.table_folder("coding_agent_events")
    found = duckdb.sql(
        f"SELECT DISTINCT filename FROM read_parquet('{folder}/**/*.parquet', hive_partitioning = true, filename = true)"
    )
    names = {name for (name,) in found.fetchall()}
    assert {uri.removeprefix("file://") for uri in files(table)} <= names


def test_polars(table, ours):
    frame = polars.scan_delta(table).collect()
    assert frame.height == ours["totals"]["events"]
    assert frame["session_id"].n_unique() - (frame["session_id"].null_count() > 0) == ours["totals"]["sessions"]
    assert float(frame["input_tokens"].sum()) == ours["totals"]["input"]
    assert round(frame["cost_usd"].sum(), 6) == ours["totals"]["cost"]
    groups = frame.group_by(PARTITIONS).len().rows()
    assert {tuple(row[:6]): row[6] for row in groups} == ours["groups"]


def test_events_raw_agrees_too(lake, table, ours):
    server, _ = lake
    raw = DeltaTable(str(server.table_folder("events_raw")))
    assert count_in(files(raw)) == ours["arrivals"]


def test_files_are_made_for_reading(table):
    for uri in files(table):
        footer = pyarrow.parquet.ParquetFile(uri.removeprefix("file://")).metadata
        for group in range(footer.num_row_groups):
            for at in range(footer.num_columns):
                column = footer.row_group(group).column(at)
                name = column.path_in_schema
                assert column.compression == "ZSTD", name
                if name in WHOLE_JSON:
                    continue
                assert column.is_stats_set, name
                assert column.has_offset_index and column.has_column_index, f"{name} has no page statistics"
                empty = column.statistics.null_count == column.num_values
                if name in ("session_id", "event_name", "model", "tool_name") and not empty:
                    assert column.has_dictionary_page, name


def test_rows_lie_by_session_and_time(table):
    for uri in files(table):
        rows = pyarrow.parquet.read_table(
            uri.removeprefix("file://"), columns=["session_id", "event_time"], partitioning=None
        ).to_pylist()
        keys = [(row["session_id"] is not None, row["session_id"] or "", row["event_time"]) for row in rows]
        others = [(row["session_id"] is None, row["session_id"] or "", row["event_time"]) for row in rows]
        assert keys == sorted(keys) or others == sorted(others), uri


def test_the_folders_are_the_promised_ones(table):
    for uri in files(table):
        folders = [part.split("=")[0] for part in uri.split("/") if "=" in part]
        assert folders == PARTITIONS, uri


def test_the_body_of_json_requests_was_json(lake):
    """The fixtures hold both encodings; a check of this file's own reading."""
    _, requests = lake
    assert {request.content_type for request in requests} == {JSON, "application/x-protobuf"}
