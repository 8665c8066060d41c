"""What is kept no longer goes: whole days, for every reader at once, from nobody else's rows, whenever the server dies."""

import random
import re
import sqlite3
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta

import duckdb
import modlaked
import polars
import pytest
import requests
import sessions
import trace_files
from captured import PROTOBUF
from deltalake import DeltaTable
from modlaked import wait_for

EVENTS = "coding_agent_events"
LOGS = "/v1/otel/claude/logs"
NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
# Days back: with 30 to keep, the first three are of days that go.
OLD, NEW = (400, 100, 31), (30, 3, 0)
RECORDS = 3
KEEP_30 = {"MODLAKE_RETENTION_CODING_AGENT_EVENTS_DAYS": "30"}
# Files go as soon as no query of our own can still read them.
QUICK = {
    "MODLAKE_LAKE_FLUSH_SECONDS": "0.3",
    "MODLAKE_RETENTION_EVERY_SECONDS": "0.3",
    "MODLAKE_RETENTION_GRACE_SECONDS": "0",
    "MODLAKE_QUERY_TIME_SECONDS": "5",
}
BY_DAY = f"SELECT concat(year, '-', month, '-', day) AS d, count(*) AS n FROM {EVENTS} GROUP BY 1"


def day(back: int) -> str:
    return (NOON - timedelta(days=back)).strftime("%Y-%m-%d")


def send(server, back: int, key=None):
    body = sessions.request(str(uuid.uuid4()), RECORDS, start=NOON - timedelta(days=back)).SerializeToString()
    answer = server.post(LOGS, body, PROTOBUF, key=key or server.key)
    assert answer.status_code == 200, answer.text


def days_of(server, key=None) -> dict:
    return {row["d"]: int(row["n"]) for row in server.sql(BY_DAY, key or server.key)}


def expected(*backs: int) -> dict:
    return {day(back): RECORDS for back in backs}


def wait_for_days(server, wanted: dict, key=None, seconds=20):
    wait_for(f"{wanted}", lambda: days_of(server, key) == wanted, seconds)


def is_committed(server) -> bool:
    return server.metric("modlake_pending_rows") == 0 and server.metric("modlake_journal_waiting_records") == 0


def parquet_files(server) -> set[str]:
    """Every file below the table's partitions, whatever its name."""
    folder = server.table_folder(EVENTS)
    return {str(path.relative_to(folder)) for path in folder.glob("tenant=*/**/*") if path.is_file()}


def named_files(server) -> set[str]:
    folder = server.table_folder(EVENTS)
    uris = DeltaTable(str(folder)).file_uris()
    return {uri.split(f"{EVENTS}/", 1)[1] for uri in uris}


def other_readers(server) -> dict:
    """What DuckDB, polars and deltalake find in the table, by tenant and day: they must agree."""
    table = DeltaTable(str(server.table_folder(EVENTS)))
    arrow = table.to_pyarrow_table(columns=["tenant", "year", "month", "day"])
    query = "SELECT tenant, concat(year, '-', month, '-', day), count(*) FROM arrow GROUP BY ALL"
    ducks = {(tenant, d): n for tenant, d, n in duckdb.sql(query).fetchall()}
    frame = polars.scan_delta(table).group_by(["tenant", "year", "month", "day"]).len().collect()
    bears = {(row["tenant"], f"{row['year']}-{row['month']}-{row['day']}"): row["len"] for row in frame.to_dicts()}
    assert ducks == bears
    hive = duckdb.sql(
        "SELECT tenant, concat(year, '-', month, '-', day), count(*) "
        f"FROM read_parquet({table.file_uris()!r}, hive_partitioning = true, hive_types_autocast = false) GROUP BY ALL"
    )
    assert {(tenant, d): n for tenant, d, n in hive.fetchall()} == ducks
    return ducks


def filled(make_server, **variables):
    """A stopped server's folder: old and new days of `default` and `keeper`, all committed. `keeper` keeps all for ever."""
    server = make_server(MODLAKE_LAKE_FLUSH_SECONDS="0.3", **variables)
    keeper = server.new_key("keeper", "ingest,read")
    server.says("retention", "set", "--tenant", "keeper", "--days", "0")
    for back in (*OLD, *NEW):
        send(server, back)
        send(server, back, keeper)
    wait_for_days(server, expected(*OLD, *NEW))
    wait_for("all rows are committed", lambda: is_committed(server))
    assert server.stop() == 0
    return server, keeper


class Asking(threading.Thread):
    """Asks for the number of rows again and again."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.answers, self.is_over = server, [], threading.Event()

    def run(self):
        while not self.is_over.is_set():
            answer = self.server.ask(f"SELECT count(*) AS n FROM {EVENTS} a JOIN {EVENTS} b USING (event_id)")
            self.answers.append(int(answer.json()["rows"][0]["n"]) if answer.status_code == 200 else answer.text)


def test_expired_days_go_for_every_reader_at_once(make_server):
    server, keeper = filled(make_server)
    server.variables |= QUICK | KEEP_30 | {"MODLAKE_RETENTION_EVERY_SECONDS": "2"}
    server.start()
    asking = [Asking(server) for _ in range(2)]
    for one in asking:
        one.start()
    wait_for_days(server, expected(*NEW))
    wait_for("the files are gone", lambda: parquet_files(server) == named_files(server), 30)
    time.sleep(0.5)  # some queries more on what is left
    for one in asking:
        one.is_over.set()
        one.join()
        before, after = RECORDS * len(OLD + NEW), RECORDS * len(NEW)
        assert set(one.answers) <= {before, after}, one.answers
        assert one.answers == sorted(one.answers, reverse=True), "nothing comes back"
        assert one.answers[-1] == after
    assert days_of(server, keeper) == expected(*OLD, *NEW), "another tenant's rows are untouched"
    found = other_readers(server)
    ours = {("default", d): n for d, n in days_of(server).items()}
    assert found == ours | {("keeper", d): n for d, n in days_of(server, keeper).items()}
    assert server.value("SELECT count(*) FROM events_raw") == len(OLD + NEW), "other tables are kept as they say"
    assert server.metric("modlake_expired_rows_total", table=EVENTS) == RECORDS * len(OLD)
    assert server.metric("modlake_deleted_files_total") >= len(OLD)
    assert server.log_tail().count("what is kept no longer is gone") <= 2, "one line a run that did something"
    empty = [path for path in server.table_folder(EVENTS).glob("tenant=*/**/") if not any(path.iterdir())]
    assert not empty


def test_what_comes_late_goes_with_the_next_run(make_server):
    server = make_server(**QUICK, **KEEP_30)
    send(server, 0)
    send(server, 100)
    wait_for("the old day is taken and goes", lambda: server.metric("modlake_expired_rows_total") == RECORDS)
    wait_for_days(server, expected(0))
    send(server, 100)
    wait_for("and again", lambda: server.metric("modlake_expired_rows_total") == 2 * RECORDS)
    wait_for_days(server, expected(0))


def test_killed_between_commit_and_deletion(make_server):
    server, _ = filled(make_server)
    before = parquet_files(server)
    server.variables |= QUICK | KEEP_30 | {"MODLAKE_QUERY_TIME_SECONDS": "600"}
    server.start()
    wait_for("the commit", lambda: server.metric("modlake_expired_files_total") >= len(OLD))
    server.kill()
    assert parquet_files(server) == before and named_files(server) < before
    server.variables["MODLAKE_QUERY_TIME_SECONDS"] = "1"
    server.start()
    wait_for("the files are gone", lambda: parquet_files(server) == named_files(server), 20)
    assert days_of(server) == expected(*NEW)
    assert len(other_readers(server)) == len(NEW) + len(OLD + NEW)


def test_killed_at_any_instant(make_server):
    """Old and new days keep coming, runs follow each other, the server is killed at random: the new are there once, the old go."""
    often = {"MODLAKE_RETENTION_EVERY_SECONDS": "0.05", "MODLAKE_LAKE_FLUSH_SECONDS": "0.1"}
    server = make_server(**QUICK | KEEP_30 | often | {"MODLAKE_QUERY_TIME_SECONDS": "0.1"})
    server.kill()
    chance, sent = random.Random(20261121), 0
    for _ in range(6):
        server.start()
        for _ in range(4):
            send(server, chance.choice(OLD))
            send(server, 3)
            sent += 1
        time.sleep(chance.uniform(0.0, 0.6))  # the random instant itself
        server.kill()
    server.variables["MODLAKE_QUERY_TIME_SECONDS"] = "5"
    server.start()
    wait_for_days(server, {day(3): RECORDS * sent})
    wait_for("all is committed", lambda: is_committed(server))
    wait_for("nothing is left over", lambda: parquet_files(server) == named_files(server), 20)
    assert server.value(f"SELECT count(DISTINCT event_id) FROM {EVENTS}") == RECORDS * sent
    assert other_readers(server) == {("default", day(3)): RECORDS * sent}


def test_trace_files_of_expired_days_go_and_stay_known(make_server):
    variables = {"MODLAKE_RETENTION_TRACE_FILES_DAYS": "30", "MODLAKE_RETENTION_TRACES_DAYS": "30"}
    server = make_server(**QUICK | {"MODLAKE_RETENTION_EVERY_SECONDS": "0"})

    def file(back: int, ms=1000) -> bytes:
        at = f"{day(back)}T10:00:00.000Z"
        return trace_files.text(trace_files.repository("acme/a", trace_files.stage("build", f"b{back}", at=at, ms=ms)))

    for back, ms in ((100, 1), (100, 2), (3, 1)):
        assert trace_files.put(server, "build", f"b{back}", file(back, ms)).status_code == 201
    wait_for("all is there", lambda: len(trace_files.objects(server)) == 2)
    wait_for("the first version is set aside", lambda: len(trace_files.objects(server, "superseded")) == 1)
    assert server.stop() == 0
    server.variables |= variables | {"MODLAKE_RETENTION_EVERY_SECONDS": "0.3"}
    server.start()
    server.wait_value("SELECT count(*) FROM traces", 1, 20)
    wait_for("one object is left", lambda: len(trace_files.objects(server)) == 1)
    assert not trace_files.objects(server, "superseded")
    assert trace_files.put(server, "build", "b100", file(100, 2)).status_code == 200, "it is known, and stays away"
    send(server, 0)
    wait_for("all is committed", lambda: is_committed(server))
    assert len(trace_files.objects(server)) == 1 and server.value("SELECT count(*) FROM traces") == 1


def test_the_command_says_what_would_go_and_lets_it_go(make_server):
    server, _ = filled(make_server)
    server.variables |= QUICK | {"MODLAKE_RETENTION_EVERY_SECONDS": "0"}
    server.start()
    server.says("retention", "set", "--tenant", "default", "--table", EVENTS, "--days", "30")
    assert f"{EVENTS}" in server.says("retention", "list")
    assert re.search(rf"{EVENTS} +30 days", server.says("retention", "list", "--tenant", "default"))
    told = server.says("expire", "--dry-run")
    line = re.search(rf"^default +{EVENTS} +(\S+) +(\S+) +(\d+) +(\d+) +(\d+)", told, re.MULTILINE)
    assert line and line.groups()[:3] == (day(max(OLD)), day(min(OLD)), str(len(OLD))), told
    assert line[5] == str(RECORDS * len(OLD)) and "keeper" not in told, told
    assert "in use by another process" in server.says("expire", fails=True)
    assert days_of(server) == expected(*OLD, *NEW), "nothing was changed"
    assert server.stop() == 0
    before = parquet_files(server)
    assert "nothing is kept longer" in server.says("expire", "--tenant", "keeper")
    assert line[0] in server.says("expire")
    assert "nothing is kept longer" in server.says("expire", "--dry-run")
    wait_for("the files go after the grace", lambda: f"{len(OLD)} files" in server.says("expire"), 30)
    assert len(parquet_files(server)) == len(before) - len(OLD)
    server.start()
    assert days_of(server) == expected(*NEW)


def test_records_of_databases_go_after_their_last_change(make_server):
    server = make_server()
    database = server.post("/api/databases/", {"name": "clicks"}).json()["id"]
    url = f"{server.url}/api/databases/{database}/records/"
    headers = {"Authorization": f"Bearer {server.key}"}
    items = [{"id": f"k{number}", "data": {"n": number}} for number in range(1200)]
    assert requests.put(url, json=items, headers=headers, timeout=60).ok
    assert server.stop() == 0
    # as if the last change had been long ago
    with sqlite3.connect(server.data / "catalog.sqlite") as catalog:
        old = int((NOON - timedelta(days=31)).timestamp() * 1e6)
        catalog.execute("UPDATE records SET updated_at = ? WHERE key <> 'k7'", (old,))
    server.start()
    server.says("retention", "set", "--tenant", "default", "--database", database, "--days", "30")
    assert re.search(r"^default +records .* 1199 ", server.says("expire", "--dry-run"), re.MULTILINE)
    assert server.value("SELECT count(*) FROM records") == 1200
    assert server.stop() == 0
    server.variables["MODLAKE_RETENTION_EVERY_SECONDS"] = "0.5"
    server.start()
    server.wait_value("SELECT count(*) FROM records", 1)
    assert server.metric("modlake_expired_records_total") == 1199
    assert server.get(f"/api/databases/{database}/").json()["num_records"] == 1


def test_heartbeats_go_when_a_profile_was_silent_for_so_long(make_server):
    server = make_server()
    for uid in ("old", "new"):
        body = {"uid": uid, "version": "1", "active": [{"deployment": "d", "blueprintVersion": "1.0.0"}]}
        assert server.post("/api/deployments/", body).ok
    assert server.stop() == 0
    with sqlite3.connect(server.data / "catalog.sqlite") as catalog:
        long_ago = int((NOON - timedelta(days=31)).timestamp() * 1e6)
        catalog.execute("UPDATE deployment_clients SET last_seen_at = ? WHERE uid = 'old'", (long_ago,))
    server.says("retention", "set", "--tenant", "default", "--days", "30")
    assert re.search(r"^default +deployment_clients .* 1 ", server.says("expire", "--dry-run"), re.MULTILINE)
    server.variables["MODLAKE_RETENTION_EVERY_SECONDS"] = "0.5"
    server.start()
    server.wait_value("SELECT string_agg(uid, ',') FROM deployment_clients", "new")
    modlaked.wait_for("it is counted", lambda: server.metric("modlake_expired_rows_total", table="deployment_clients") == 1)


def test_days_for_a_database_that_the_tenant_does_not_have_are_refused(server):
    database = server.post("/api/databases/", {"name": "clicks"}).json()["id"]
    for tenant, named in [("default", "0f4e"), ("other", database)]:
        arguments = ("retention", "set", "--tenant", tenant, "--database", named, "--days")
        assert "has no database" in server.says(*arguments, "3", fails=True)
        server.says(*arguments, "unset")
    assert named not in server.says("retention", "list")


@pytest.mark.parametrize(
    ("variable", "text", "wanted"),
    [
        ("MODLAKE_RETENTION_DAYS", "-1", "a number of days up to 36500"),
        ("MODLAKE_RETENTION_GRACE_SECONDS", "604801", "up to 604800, a week"),
    ],
)
def test_a_wrong_setting_is_told_at_the_start(tmp_path, variable, text, wanted):
    server = modlaked.Modlaked(tmp_path / "data", tmp_path / "log", **{variable: text})
    with pytest.raises(modlaked.NotThere, match=wanted):
        server.start()
