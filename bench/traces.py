#!/usr/bin/env python3
"""Trace files of the `mod` command: rows per second from CSV to the committed table, and the four example queries on many files.

    python3 bench/traces.py --modlaked target/release/modlaked [--files 10000] [--rows 1000] [--days 30] [--work DIR] [--rounds 3]

Makes the files with `fixtures/traces/generate.py`, delivers them to a modlaked of its own, waits until all rows are committed, and asks
the queries of docs/traces.md's kind: over HTTP, and with DuckDB and chDB on the CSV objects and on the table's Parquet files. The same
files through DuckDB's and polars' CSV readers into Parquet stand beside the delivery: they read and write, and keep no promise.
Needs `duckdb`, `polars`, `deltalake`, and `chdb` if it is to be measured; a JSON object on standard output, progress on standard error.
"""

import argparse
import contextlib
import http.client
import importlib.util
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KEY = "ml_bench-key-of-the-tenant-default-0000000000"
QUERIES = {
    "listing": """
        SELECT origin, path, branch, syncoutcome, CAST(syncelapsedtimems AS bigint) AS sync_ms,
               buildoutcome, CAST(buildelapsedtimems AS bigint) AS build_ms
        FROM {table} WHERE {where} ORDER BY build_ms DESC""",
    "rates": """
        SELECT buildoutcome, COUNT(*) AS total
        FROM {table} WHERE {where} GROUP BY buildoutcome ORDER BY total DESC""",
    "slowest": """
        SELECT path, origin, CAST(buildelapsedtimems AS bigint) AS build_ms,
               CAST(buildsourcefilecount AS bigint) AS source_files, CAST(buildlinecount AS bigint) AS lines
        FROM {table} WHERE {where} AND buildoutcome = 'Succeeded' ORDER BY build_ms DESC LIMIT 25""",
    "repositories": """
        SELECT organization, COUNT(DISTINCT path) AS repo_count
        FROM {table} WHERE {where} GROUP BY organization ORDER BY repo_count DESC""",
}
DAY = "type = 'build' AND year = '{0}' AND month = '{1}' AND day = '{2}'"
ALL = "type = 'build'"


def say(text):
    print(text, file=sys.stderr, flush=True)


def timed(work):
    begin = time.perf_counter()
    outcome = work()
    return time.perf_counter() - begin, outcome


class Server:
    """A modlaked on a free port, in a folder of its own."""

    def __init__(self, binary, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.data = folder / "data"
        command = [binary, "serve", "--data-dir", self.data, "--http", f"127.0.0.1:{self.port}", "--grpc", "off"]
        limits = {"MODLAKE_QUERY_TIME_SECONDS": "600", "MODLAKE_QUERY_MAX_ROWS": "100000000"}
        limits |= {"MODLAKE_QUERY_MEMORY_BYTES": "4GiB", "MODLAKE_QUERY_MAX_ANSWER_BYTES": "4GiB"}
        self.log = (folder / "modlaked.log").open("wb")
        environment = os.environ | limits | {"MODLAKE_BOOTSTRAP_KEY": KEY}
        self.process = subprocess.Popen(command, env=environment, stdout=self.log, stderr=self.log)
        self.connection = None

    def request(self, method, path, body=None, headers=None, connection=None):
        connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=900)
        connection.request(method, path, body, {"Authorization": f"Bearer {KEY}"} | (headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()

    def wait_ready(self):
        for _ in range(600):
            try:
                if self.request("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise SystemExit("modlaked does not start; see modlaked.log")

    def metric(self, name):
        lines = self.request("GET", "/metrics")[1].decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.split("{")[0].split(" ")[0] == name)

    def sql(self, query, format="application/vnd.apache.arrow.stream"):
        body = json.dumps({"query": query})
        status, answer = self.request("POST", "/api/v1/sql", body, {"Content-Type": "application/json", "Accept": format})
        if status != 200:
            raise SystemExit(f"{status} {answer[:500]!r}")
        return answer

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(600)


def deliver(server, files, connections):
    """PUTs every file; the bytes sent."""

    def send(share):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=900)
        sent = 0
        for path in share:
            body = path.read_bytes()
            while True:
                target = f"/v1/cli/traces/{path.parent.name}/{path.stem}.csv"
                status, answer = server.request("PUT", target, body, {"Content-Type": "text/csv"}, connection)
                if status == 503:
                    time.sleep(0.2)
                    continue
                if status != 201:
                    raise SystemExit(f"{path}: {status} {answer!r}")
                break
            sent += len(body)
        return sent

    with ThreadPoolExecutor(connections) as pool:
        return sum(pool.map(send, [files[start::connections] for start in range(connections)]))


def peers_write(files, folder):
    """The same files into Parquet, as programs do that keep no promise."""
    import duckdb
    import polars

    glob = f"{files}/build/*.csv"
    out = folder / "peer.parquet"
    found = {}
    copy = f"COPY (SELECT * FROM read_csv('{glob}', union_by_name = true)) TO '{out}' (FORMAT parquet, COMPRESSION zstd)"
    found["duckdb"], _ = timed(lambda: duckdb.sql(copy))
    found["polars"], _ = timed(lambda: polars.scan_csv(glob, infer_schema_length=10_000).sink_parquet(out, compression="zstd"))
    return found


def ask(name, run, queries, rounds):
    """Median seconds of each query; one that takes a minute or more is asked once."""
    found = {}
    for query, text in queries.items():
        seconds = []
        while len(seconds) < rounds and sum(seconds) < 60:
            seconds.append(timed(lambda text=text: run(text))[0])
        found[query] = round(statistics.median(seconds), 4)
        say(f"{name}, {query}: {found[query]} s, median of {len(seconds)}")
    say(f"{name}: {found}")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modlaked", type=Path, default=ROOT / "target/release/modlaked")
    parser.add_argument("--files", type=int, default=1_000)
    parser.add_argument("--rows", type=int, default=1_000, help="of each file")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path, help="folder for files and lake; a temporary one that is removed, otherwise")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp()) if arguments.work is None else arguments.work
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / "files"
    if not made.exists():
        say("making the files")
        generate = [sys.executable, ROOT / "fixtures/traces/generate.py", "--out", made, "--type", "build"]
        generate += ["--files", arguments.files, "--rows", arguments.rows, "--days", arguments.days]
        subprocess.run([str(part) for part in generate], check=True)
    files = sorted(made.rglob("*.csv"))
    rows = len(files) * arguments.rows
    report = {"files": len(files), "rows": rows, "seconds": {}}
    report["seconds"]["to_parquet"] = {name: round(seconds, 2) for name, seconds in peers_write(made, folder).items()}
    server = Server(arguments.modlaked, folder)
    server.wait_ready()
    begin = time.perf_counter()
    sent = deliver(server, files, arguments.connections)
    answered = time.perf_counter() - begin
    while server.metric("modlake_journal_waiting_records") > 0 or server.metric("modlake_pending_rows") > 0:
        time.sleep(0.2)
    committed = time.perf_counter() - begin
    report |= {"bytes": sent, "rows_per_second": {"answered": round(rows / answered), "committed": round(rows / committed)}}
    say(f"answered {rows / answered:,.0f} rows/s, committed {rows / committed:,.0f} rows/s")
    busiest = "SELECT year, month, day, count(*) AS n FROM traces GROUP BY 1, 2, 3 ORDER BY n DESC, 1, 2, 3 LIMIT 1"
    day = json.loads(server.sql(busiest, "application/json"))["rows"][0]
    where = {"day": DAY.format(day["year"], day["month"], day["day"]), "all": ALL}
    report["queries"] = {scope: queries(server, where[scope], arguments.rounds) for scope in where}
    server.end()
    print(json.dumps(report, indent=2))
    if arguments.work is None:
        shutil.rmtree(folder)


def queries(server, where, rounds):
    """The four queries, by every reader. Over all days the listing is an answer of all rows: left out."""
    import duckdb
    from deltalake import DeltaTable

    def texts(table, where=where):
        chosen = {name: text for name, text in QUERIES.items() if name != "listing" or "day" in where}
        return {name: text.format(table=table, where=where) for name, text in chosen.items()}

    lake = server.data / "lake"
    uris = [uri.removeprefix("file://") for uri in DeltaTable(str(lake / "tables/traces")).file_uris()]
    hive = "hive_partitioning = true, hive_types_autocast = false, union_by_name = true"
    objects = f"read_csv('{lake}/traces/**/*.csv', {hive}, all_varchar = true)"
    parquet = f"read_parquet({uris!r}, {hive})"
    found = {"modlaked": ask("modlaked", server.sql, texts("moderne_bi.traces", f"org = 'default' AND {where}"), rounds)}
    run = lambda text: duckdb.sql(text).fetchall()
    found["duckdb_parquet"] = ask("duckdb on the table's files", run, texts(parquet), rounds)
    found["duckdb_csv"] = ask("duckdb on the CSV objects", run, texts(objects), rounds)
    if importlib.util.find_spec("chdb"):
        found |= by_chdb(lake, texts, rounds)
    return found


def by_chdb(lake, texts, rounds):
    """On the table, and on the CSV objects."""
    import chdb

    settings = " SETTINGS use_hive_partitioning = 1, input_format_csv_use_best_effort_in_schema_inference = 0"
    csv = f"file('{lake}/traces/tenant=*/source=*/type=*/year=*/month=*/day=*/*.csv', 'CSVWithNames')"
    lowered = {name: camel(text) for name, text in texts(csv).items()}
    query = lambda text: chdb.query(text + settings, "Null")
    # a Delta table must lie below the working folder
    with contextlib.chdir("/"):
        return {
            "chdb_table": ask("chdb on the table", query, texts(f"deltaLakeLocal('{lake}/tables/traces')"), rounds),
            "chdb_csv": ask("chdb on the CSV objects", query, lowered, rounds),
        }


def camel(text):
    """Names as the CSV header has them, for readers that heed case."""
    names = ["syncOutcome", "syncElapsedTimeMs", "buildOutcome", "buildElapsedTimeMs", "buildSourceFileCount", "buildLineCount"]
    for name in names:
        text = text.replace(name.lower(), name)
    return text


if __name__ == "__main__":
    main()
