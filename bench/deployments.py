#!/usr/bin/env python3
"""The views on deployments at scale, and days that end: what the deployment routes and the dashboard's pages ask, beside DuckDB.

    python3 bench/deployments.py [--modlaked target/release/modlaked] [--events 1000000] [--errors 200000] [--deployments 50]
                                 [--people 5000] [--days 90] [--rounds 5]

Starts a modlaked of its own, sends events and errors of deployed mods as browsers send them and a heartbeat of everybody, then asks each
question some times and prints the median of the answers' times, and how much resident memory grew at most. DuckDB reads the files that
the table's log names, and answers the same SQL over the same views. Then half of the days end while errors go on coming in: how long
until no query sees them, what the intake's answers took meanwhile, and whether a file was written. Needs `requests`, `duckdb` and `pyarrow`.
"""

import argparse
import json
import os
import random
import re
import statistics
import sys
import tempfile
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import requests

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "judges"))
import modlaked  # noqa: E402

VIEWS = ROOT / "crates/query/src/views"
ROUTES = ROOT / "crates/server/src/http/deployments"
TABLES = ["product_events", "product_errors"]
NAMES = ["TriggerRun", "MenuItemClick", "ViewSidePanelPanel", "HandleContextMenu", "CustomUserEvent"]
BATCH = 500


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--modlaked", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    counts = {"events": 1_000_000, "errors": 200_000, "deployments": 50, "people": 5_000, "days": 90}
    for name, default in counts.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    if args.modlaked:
        os.environ["MODLAKED"] = str(args.modlaked.resolve(strict=True))
    now = datetime.now(UTC)
    variables = {
        "MODLAKE_LOG_FILTER": "error",
        "MODLAKE_RETENTION_EVERY_SECONDS": "1",
        "MODLAKE_DEPLOYMENTS_MAX_CLIENTS": "100000",
        "MODLAKE_THROTTLE_REQUESTS_PER_MINUTE": "0",
    }
    with tempfile.TemporaryDirectory() as folder, modlaked.running(Path(folder), **variables) as server:
        crowd = Crowd(args, now)
        say(f"sent in {timed(lambda: send(server, crowd.requests()))[0]:.0f} s")
        for table, count in zip(TABLES, (args.events, args.errors), strict=True):
            server.wait_value(f"select count(*) from {table}", count, 300)
        # from memory into files, as after `lake.flush_seconds`
        server.stop()
        server.start()
        duck = Duck(server)
        print(f"\n{args.events:,} events, {args.errors:,} errors, {args.people:,} people: median of {args.rounds}\n")
        print("| question | rows | modlake | memory | DuckDB | |\n|---|---:|---:|---:|---:|---:|")
        for name, query, params in questions(crowd, now):
            print(compared(server, duck, name, query, params, args.rounds), flush=True)
        days_end(server, crowd, args.days // 2)


def say(text):
    print(text, file=sys.stderr, flush=True)


def timed(work):
    begun = time.perf_counter()
    answer = work()
    return time.perf_counter() - begun, answer


class Crowd:
    """Who did what: everybody uses three deployments, the first ones most; events and errors of a day come in batches."""

    def __init__(self, args, now):
        self.args, self.now, self.chance = args, now, random.Random(7)
        self.deployments = [str(uuid.UUID(int=self.chance.getrandbits(128), version=4)) for _ in range(args.deployments)]
        weights = [1 / (place + 1) for place in range(args.deployments)]
        self.uses = [self.chance.choices(range(args.deployments), weights, k=3) for _ in range(args.people)]
        self.profiles = [str(uuid.UUID(int=self.chance.getrandbits(128), version=4)) for _ in range(args.people)]

    def requests(self):
        days = self.args.days
        for day in range(days):
            begin = self.now - timedelta(days=days - day)
            for path, total, make, wrap in [
                ("/api/events/", self.args.events, self.event, lambda items: {"events": items}),
                ("/api/telemetry/errors/", self.args.errors, self.error, list),
            ]:
                count = total * (day + 1) // days - total * day // days
                for at in range(0, count, BATCH):
                    yield path, wrap([make(begin, day) for _ in range(min(BATCH, count - at))])
        for person in range(self.args.people):
            uses = sorted(set(self.uses[person]))
            active = [{"deployment": self.deployments[use], "blueprint": f"@acme/mod-{use}"} for use in uses]
            yield "/api/deployments/", {"uid": self.profiles[person], "version": "3.2.10", "active": active}

    def somebody(self, begin, day):
        person = self.chance.randrange(self.args.people)
        use = self.chance.choice(self.uses[person])
        at = begin + timedelta(seconds=self.chance.uniform(0, 86_399))
        return person, use, f"1.{day // 15}.0", at

    def event(self, begin, day):
        person, use, version, at = self.somebody(begin, day)
        return {
            "uid": self.profiles[person],
            "event": self.chance.choice(NAMES),
            "timestamp": int(at.timestamp() * 1000),
            "person": {"email": f"person-{person}@example.com"},
            "data": {
                "label": f"Button {self.chance.randrange(6)}",
                "deploymentId": self.deployments[use],
                "blueprintId": f"@acme/mod-{use}",
                "blueprintVersion": version,
                "version": "3.2.10",
                "url": f"https://crm.example.com/case/{self.chance.randrange(1000)}",
                "words": self.chance.randrange(1000),
            },
        }

    def error(self, begin, day):
        person, use, version, at = self.somebody(begin, day)
        number = self.chance.randrange(40)
        message = f"order.field{number} is undefined"
        return {
            "uuid": str(uuid.UUID(int=self.chance.getrandbits(128), version=4)),
            "class_name": "TypeError",
            "message": message,
            "is_application_error": number % 2 == 0,
            "timestamp": at.isoformat().replace("+00:00", "Z"),
            "person": {"email": f"person-{person}@example.com"},
            "uid": self.profiles[person],
            "deployment": self.deployments[use],
            "blueprint_version": {"id": f"@acme/mod-{use}", "version": version},
            "extension_label": f"Button {number % 6}",
            "step_label": f"Step {number % 4}",
            "user_agent_extension_version": "3.2.10",
            "error_data": {"name": "TypeError", "stack": f"TypeError: {message}\n    at step (mod.js:{number}:17)"},
        }


def send(server, bodies):
    sessions = threading.local()

    def post(request):
        path, body = request
        if not hasattr(sessions, "one"):
            sessions.one = requests.Session()
            sessions.one.headers["Authorization"] = f"Token {server.key}"
        while (answer := sessions.one.post(server.url + path, json=body, timeout=120)).status_code == 503:
            time.sleep(float(answer.headers.get("Retry-After", 1)))
        answer.raise_for_status()

    with ThreadPoolExecutor(4) as pool:
        waiting = []
        for request in bodies:
            waiting.append(pool.submit(post, request))
            if len(waiting) >= 16:
                waiting.pop(0).result()
        for one in waiting:
            one.result()


def questions(crowd, now):
    """`(name, SQL, parameters)`: the routes' own texts, and what the dashboard's pages ask for a month."""
    month, day = ((now - timedelta(days=days)).isoformat() for days in (30, 1))
    end, most = (now + timedelta(days=1)).isoformat(), crowd.deployments[0]
    route = {path.stem: path.read_text() for path in ROUTES.glob("*.sql")}
    hours = "hour >= cast($1 as timestamp with time zone) and hour < cast($2 as timestamp with time zone)"
    times = hours.replace("hour", "event_time")
    of_one = f"from deployment_engagement where deployment_id = $3 and {hours}"
    groups = (
        "select group_id, max(message) as message, count(*) as occurrences, count(distinct person) as people, "
        f"max(event_time) as last_at from deployment_errors where deployment_id = $3 and {times} and not is_cleared group by group_id"
    )
    activity = (
        "select deployment_id, count(distinct person) as people, sum(events) as events, sum(errors) as errors, max(last_at) as last_at "
        f"from (select deployment_id, person, events, 0 as errors, last_at from deployment_engagement where {hours} union all "
        f"select deployment_id, person, 0, 1, event_time from deployment_errors where not is_cleared and {times}) as activity "
        "group by deployment_id"
    )
    by_day = f"select date_trunc('day', hour) as bucket, event_name, sum(events) as events {of_one} group by 1, 2"
    by_person = (
        f"select person, sum(events) as events, count(distinct day) as days, max(last_at) as last_at {of_one} "
        "group by person order by events desc, person limit 500"
    )
    seen = "select max(last_seen_at) as last_at from deployment_users"
    yield "one look at all events", "select count(*) as n, max(user_email) as email from product_events", []
    yield "route: deployments", route["seen"], [month, None, 0, 50]
    yield "route: one deployment", route["seen"], [month, most, 0, 1]
    yield "route: its users", route["users"], [most, month, 0, 50]
    yield "route: its errors", route["error_groups"], [most, month, 0, 25, 10]
    yield "route: one error", route["error"], [str(uuid.UUID(int=0))]
    yield "route: report of engagement", route["report"], [most, month]
    yield "route: is it known", route["is_known"], [most]
    yield "page: deployments", activity, [month, end]
    yield "page: events a day", by_day, [month, end, most]
    yield "page: people", by_person, [month, end, most]
    yield "page: groups of errors", groups, [month, end, most]
    yield "page: groups of a day", groups, [day, end, most]
    yield "page: when last seen, any", seen, []
    yield "page: when last seen, one", f"{seen} where deployment_id = $1", [most]
    yield "all of deployment_users", "select count(*) as n, count(distinct person) as people from deployment_users", []
    yield "all of deployment_engagement", "select count(*) as n, sum(events) as events from deployment_engagement", []


class Duck:
    """The files of each table's latest version, the rows that lie in the catalog, and our views over them."""

    def __init__(self, server):
        self.connection = duckdb.connect()
        self.connection.execute("set timezone = 'UTC'")
        for table in TABLES:
            files = [str(path) for path in named(server, table)]
            read = f"read_parquet({files!r}, hive_partitioning = true)"
            self.connection.execute(f"create view {table} as select * from {read}")
        for table in ("deployment_clients", "deployment_clearings"):
            query = {"query": f"select * from {table}"}
            rows = server.post("/api/v1/sql", query, Accept="application/vnd.apache.parquet").content
            path = server.data / f"{table}.parquet"
            path.write_bytes(rows)
            self.connection.execute(f"create table {table} as select * from read_parquet('{path}')")
        for view in ("deployment_engagement", "deployment_errors", "deployment_users"):
            self.connection.execute(f"create view {view} as {theirs((VIEWS / f'{view}.sql').read_text())}")

    def ask(self, query, params):
        # parameters as we have them are numbered, and may be named more than once
        named = {str(place): value for place, value in enumerate(params, 1) if f"${place}" in query}
        return self.connection.sql(theirs(query), params=named).to_arrow_table().num_rows


def theirs(sql):
    """Our SQL in DuckDB's words."""
    return re.sub(r"last_value\((\w+) order by (\w+)\)", r"arg_max(\1, \2)", sql)


def named(server, table):
    """The files of the table's latest version."""
    folder = server.data / "lake/tables" / table
    files = set()
    for commit in sorted(folder.glob("_delta_log/*.json")):
        for line in commit.read_text().splitlines():
            action = json.loads(line)
            if "add" in action:
                files.add(action["add"]["path"])
            if "remove" in action:
                files.discard(action["remove"]["path"])
    return {folder / requests.utils.unquote(path) for path in files}


def compared(server, duck, name, query, params, rounds):
    def ask():
        answer = server.post("/api/v1/sql", {"query": query, "params": params})
        if answer.status_code != 200:
            raise SystemExit(f"{name}: {answer.text}")
        return answer.json()["rows"]

    rows, held = ask(), server.resident_bytes()
    server.forget_peak()
    ours = statistics.median(timed(ask)[0] for _ in range(rounds))
    grown = max(0, server.peak_bytes() - held) >> 20
    if duck.ask(query, params) != len(rows):
        raise SystemExit(f"{name}: DuckDB has another number of rows")
    duckdbs = statistics.median(timed(lambda: duck.ask(query, params))[0] for _ in range(rounds))
    return f"| {name} | {len(rows):,} | {ours * 1000:,.0f} ms | {grown:,} MB | {duckdbs * 1000:,.0f} ms | {ours / duckdbs:.1f} |"


def days_end(server, crowd, kept):
    before = {table: named(server, table) for table in TABLES}
    rows = server.value("select count(*) from product_events")
    waits, over = [], threading.Event()
    body = [crowd.error(datetime.now(UTC) - timedelta(hours=1), 0) for _ in range(20)]

    def intake():
        while not over.is_set():
            waits.append(timed(lambda: server.post("/api/telemetry/errors/", body).raise_for_status())[0])

    thread = threading.Thread(target=intake)
    thread.start()
    time.sleep(5)
    calm, begun = len(waits), time.perf_counter()
    server.says("retention", "set", "--tenant", "default", "--days", str(kept))
    modlaked.wait_for("half of the days go", lambda: before["product_errors"] - named(server, "product_errors"), 120)
    took = time.perf_counter() - begun
    time.sleep(1)
    busy = len(waits)
    over.set()
    thread.join()
    after = {table: named(server, table) for table in TABLES}
    events = server.value("select count(*) from product_events")
    gone = f"{rows - events:,} of {rows:,} events gone {took:.1f} s after the word (a run each second)"
    print(f"\n{kept} of {crowd.args.days} days kept: {gone}")
    for table in TABLES:
        stay, new = len(after[table] & before[table]), len(after[table] - before[table])
        print(f"{table}: {len(before[table]):,} files, {stay:,} stay, {new:,} new")
    for name, some in [("before", waits[:calm]), ("meanwhile", waits[calm:busy])]:
        median, longest = statistics.median(some) * 1000, max(some) * 1000
        print(f"intake {name}: median {median:.1f} ms, longest {longest:.1f} ms of {len(some)}")


if __name__ == "__main__":
    main()
