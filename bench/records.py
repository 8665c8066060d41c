"""Records per second into a team database, by PUT with merging, beside the database's own `INSERT … ON CONFLICT`.

    python bench/records.py [--binary target/release/modlaked] [--seconds 5] [--clients 8] [--postgres postgres://…]

Strategies `replace` and `deep`, batches of 1 and 100, each client with keys of its own of which every second write meets a record that
is there. SQLite always, PostgreSQL where --postgres (or MODLAKE_CATALOG) names an empty database. The raw statements run on the same
database in the same run, one transaction a batch, synced as modlake syncs it. Needs `requests`; for PostgreSQL the program `psql`.
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "judges"))
import modlaked  # noqa: E402

DATA = {"url": "https://app.example.com/case/17", "email": "ada@example.com", "event": "translate", "data": {"words": 12, "tags": ["a"]}}
UPSERT = "INSERT INTO raw_records (key, data) VALUES {} ON CONFLICT (key) DO UPDATE SET data = excluded.data"


def run_threads(count, seconds, work):
    """Runs `work(thread, is_over)` in threads, each returning how many records it wrote; records per second of all."""
    written, begin = [0] * count, time.monotonic()

    def one(index):
        written[index] = work(index, lambda: time.monotonic() - begin > seconds)

    threads = [threading.Thread(target=one, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(written) / (time.monotonic() - begin)


def keys(thread, batch, round_number):
    """A batch's keys: those of every second round come again."""
    return [f"t{thread}-r{round_number // 2}-{n}" for n in range(batch)]


def by_http(server, database, strategy, batch, clients, seconds):
    def work(thread, is_over):
        done = 0
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {server.key}"
            while not is_over():
                items = [{"id": key, "data": DATA, "merge_strategy": strategy} for key in keys(thread, batch, done // batch)]
                body = items if batch > 1 else items[0]
                answer = session.put(f"{server.url}/api/databases/{database}/records/", json=body, timeout=60)
                answer.raise_for_status()
                done += batch
        return done

    return run_threads(clients, seconds, work)


def raw_sqlite(folder, batch, clients, seconds):
    path = folder / "raw.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE IF NOT EXISTS raw_records (key TEXT PRIMARY KEY, data TEXT NOT NULL)")

    def work(thread, is_over):
        connection = sqlite3.connect(path, timeout=60, isolation_level=None)
        connection.execute("PRAGMA synchronous = FULL")
        done, data, statement = 0, json.dumps(DATA), UPSERT.format("(?, ?)")
        while not is_over():
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(statement, [(key, data) for key in keys(thread, batch, done // batch)])
            connection.execute("COMMIT")
            done += batch
        connection.close()
        return done

    return run_threads(clients, seconds, work)


def raw_postgres(url, batch, clients, seconds):
    """Through psql, which prints a line after each transaction: one is under way at a time, as with a client that waits."""
    create = "CREATE TABLE IF NOT EXISTS raw_records (key TEXT PRIMARY KEY, data TEXT NOT NULL)"
    subprocess.run(["psql", "-qX", url, "-c", create], check=True, capture_output=True)

    def work(thread, is_over):
        psql = subprocess.Popen(["psql", "-qXAt", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        done, data = 0, json.dumps(DATA)
        while not is_over():
            rows = ", ".join(f"('{key}', '{data}')" for key in keys(thread, batch, done // batch))
            psql.stdin.write(f"{UPSERT.format(rows)};\n\\echo done\n")
            psql.stdin.flush()
            assert psql.stdout.readline() == "done\n"
            done += batch
        psql.stdin.close()
        psql.wait()
        return done

    return run_threads(clients, seconds, work)


def measure(name, variables, raw, options):
    folder = Path(tempfile.mkdtemp(prefix="records-bench-"))
    with modlaked.running(folder, **variables) as server:
        if not server.get("/api/v1/me").ok:
            sys.exit("the database named for PostgreSQL is not empty: its keys are others")
        for strategy in ("replace", "deep"):
            for batch in (1, 100):
                answer = server.post("/api/databases/", {"name": f"{strategy} {batch}"})
                answer.raise_for_status()
                rate = by_http(server, answer.json()["id"], strategy, batch, options.clients, options.seconds)
                print(f"| {name} | PUT, {strategy} | {batch} | {rate:,.0f} |", flush=True)
        for batch in (1, 100):
            print(f"| {name} | raw INSERT … ON CONFLICT | {batch} | {raw(folder, batch):,.0f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=Path)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--postgres", default=os.environ.get("MODLAKE_CATALOG"))
    options = parser.parse_args()
    if options.binary:
        os.environ["MODLAKED"] = str(options.binary.resolve())
    print(f"{modlaked.binary()}, {options.clients} clients, {options.seconds:g} s each\n")
    print("| database | how | batch | records/s |\n|---|---|---|---|")
    measure("SQLite", {}, lambda folder, batch: raw_sqlite(folder, batch, options.clients, options.seconds), options)
    if options.postgres:
        raw = lambda _, batch: raw_postgres(options.postgres, batch, options.clients, options.seconds)  # noqa: E731
        measure("PostgreSQL", {"MODLAKE_CATALOG": options.postgres}, raw, options)


if __name__ == "__main__":
    main()
