#!/usr/bin/env python3
"""One run of the benchmark: a fresh modlaked, every shape and number of connections, the limits of this machine beside it.

    python3 bench/run.py --bin target/release

Python's standard library only. Writes bench/out/result.json and prints the table of bench/README.md.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
KEY = "ml_bench-bootstrap-key-of-the-tenant-default00"
TICKS = os.sysconf("SC_CLK_TCK")
CASES = [
    ("small", 1, "http"),
    ("small", 8, "http"),
    ("small", 64, "http"),
    ("large", 4, "http"),
    ("thousand", 4, "http"),
    ("small", 8, "grpc"),
    ("small", 64, "grpc"),
    ("large", 4, "grpc"),
]
DRAIN_SECONDS = 300


def say(text):
    print(text, file=sys.stderr, flush=True)


def load(arguments, *words):
    done = subprocess.run([arguments.bin / "load", *map(str, words)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"load {words[0]} failed: {done.stderr.strip()}")
    return json.loads(done.stdout)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A modlaked on a fresh data folder."""

    def __init__(self, arguments, name):
        self.data = Path(arguments.dir) / name
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(parents=True)
        self.port, self.grpc_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = (self.data.parent / f"{name}.log").open("wb")
        command = [arguments.bin / "modlaked", "serve", "--data-dir", self.data, "--http", f"127.0.0.1:{self.port}"]
        command += ["--grpc", f"127.0.0.1:{self.grpc_port}"]
        started = time.monotonic()
        self.process = subprocess.Popen(
            command,
            env=os.environ | {"MODLAKE_BOOTSTRAP_KEY": KEY},
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
        )
        while not self.is_ready():
            if self.process.poll() is not None:
                sys.exit(f"modlaked ended with {self.process.returncode}, see {self.log.name}")
            if time.monotonic() - started > 30:
                sys.exit(f"modlaked is not ready after 30 s, see {self.log.name}")
            time.sleep(0.002)
        self.start_seconds = time.monotonic() - started

    def is_ready(self):
        try:
            return self.request("/readyz").status == 200
        except (urllib.error.URLError, ConnectionError):
            return False

    def request(self, path, body=None):
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json", "Accept": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        return urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers), timeout=300)

    def value(self, query):
        with self.request("/api/v1/sql", {"query": query}) as answer:
            (row,) = json.load(answer)["rows"]
        return int(next(iter(row.values())))

    def status(self):
        with self.request("/api/v1/status") as answer:
            return json.load(answer)

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self, name):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
        return 0

    def committed(self):
        """Rows of `coding_agent_events` in files, as the Delta log tells."""
        rows = {}
        for log in sorted(self.data.glob("**/tables/coding_agent_events/_delta_log/*.json")):
            for line in log.read_text().splitlines():
                action = json.loads(line)
                if "add" in action:
                    rows[action["add"]["path"]] = json.loads(action["add"].get("stats") or "{}").get("numRecords", 0)
                elif "remove" in action:
                    rows.pop(action["remove"]["path"], None)
        return sum(rows.values())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.log.close()
        return code


def measure(arguments, shape, connections, protocol):
    """One case on a fresh server: load, then wait until every acknowledged record is in a committed file."""
    say(f"{shape}, {connections} connections, {protocol}, {arguments.seconds} s …")
    server = Server(arguments, f"{shape}-{connections}-{protocol}")
    target = (
        ["--url", server.url] if protocol == "http" else ["--grpc", "--url", f"http://127.0.0.1:{server.grpc_port}"]
    )
    try:
        idle = server.memory("VmRSS")
        before = server.cpu_seconds()
        sent = load(
            arguments,
            "send",
            *target,
            "--key",
            KEY,
            "--shape",
            shape,
            "--connections",
            connections,
            "--seconds",
            arguments.seconds,
            "--pid",
            server.process.pid,
        )
        acknowledged_cpu = server.cpu_seconds() - before
        drain_started = time.monotonic()
        while server.committed() < sent["records"] and time.monotonic() - drain_started < DRAIN_SECONDS:
            time.sleep(0.25)
        drained = time.monotonic() - drain_started
        whole_cpu = server.cpu_seconds() - before
        count = server.value("SELECT count(*) AS n FROM coding_agent_events")
        million = max(sent["records"], 1) / 1e6
        return {
            "shape": shape,
            "connections": connections,
            "protocol": protocol,
            "sent": sent,
            "cpu_seconds_per_million_records_until_acknowledged": acknowledged_cpu / million,
            "cpu_seconds_per_million_records": whole_cpu / million,
            "drain_seconds_after_load": drained,
            "records_in_sql": count,
            "records_committed": server.committed(),
            "complete": count == sent["records"] == server.committed(),
            "rss_idle_bytes": idle,
            "rss_peak_bytes": server.memory("VmHWM"),
            "lake_bytes": sum(path.stat().st_size for path in server.data.glob("**/tables/**/*.parquet")),
            "status": server.status(),
            "exit_status": server.stop(),
        }
    finally:
        if server.process.poll() is None:
            server.stop()
        shutil.rmtree(server.data, ignore_errors=True)


def start_and_sizes(arguments):
    starts, idle = [], []
    for _ in range(5):
        server = Server(arguments, "start")
        starts.append(server.start_seconds * 1000)
        time.sleep(1)  # what an idle server settles at
        idle.append(server.memory("VmRSS"))
        server.stop()
        shutil.rmtree(server.data)
    versions = []
    for _ in range(20):
        before = time.perf_counter()
        subprocess.run([arguments.bin / "modlake", "--version"], stdout=subprocess.DEVNULL, check=True)
        versions.append((time.perf_counter() - before) * 1000)
    return {
        "start_to_ready_ms": statistics.median(starts),
        "rss_idle_bytes": statistics.median(idle),
        "client_version_ms": statistics.median(versions),
        "modlaked_bytes": (arguments.bin / "modlaked").stat().st_size,
        "modlake_bytes": (arguments.bin / "modlake").stat().st_size,
    }


def table(result):
    limits, start = result["limits"], result["start"]
    disk = limits["fdatasync"]["micros"]
    lines = [
        f"{result['date']}, {result['cpus']} CPUs, {result['seconds']} s a case, generator on the same CPUs; "
        f"8 KB append + fdatasync on this disk: median {disk['p50'] / 1000:.2f} ms, 99th percentile {disk['p99'] / 1000:.2f} ms.",
        "",
        "| request | over | connections | records/s acknowledged | p50 ms | p99 ms | p99 ÷ fdatasync | CPU s per million records, whole way | ÷ decode alone | drained after s | RSS peak MB | complete |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for case in result["cases"]:
        sent, latency = case["sent"], case["sent"]["latency_micros"]
        decode = limits["decode"][case["shape"]]["cpu_seconds_per_million_records"]
        lines.append(
            f"| {case['shape']}, {sent['bytes_per_request'] / 1000:.0f} KB, {sent['records_per_request']} records | {case['protocol']} | {case['connections']} "
            f"| {sent['records_per_second']:,.0f} | {(latency['p50'] or 0) / 1000:.2f} | {(latency['p99'] or 0) / 1000:.2f} "
            f"| {(latency['p99'] or 0) / disk['p50']:.1f} | {case['cpu_seconds_per_million_records']:.2f} "
            f"| {case['cpu_seconds_per_million_records'] / decode:.1f} | {case['drain_seconds_after_load']:.1f} "
            f"| {case['rss_peak_bytes'] / 1e6:.0f} | {'yes' if case['complete'] else 'NO'} |"
        )
    lines += [
        "",
        "| | |",
        "|---|---|",
        *(
            f"| decoding alone, {shape} | {one['cpu_ns_per_record']:.0f} ns per record |"
            for shape, one in limits["decode"].items()
        ),
        f"| empty server, start to ready | {start['start_to_ready_ms']:.0f} ms |",
        f"| empty server, idle memory | {start['rss_idle_bytes'] / 1e6:.0f} MB |",
        f"| `modlake --version` | {start['client_version_ms']:.1f} ms |",
        f"| size of `modlaked`, `modlake` | {start['modlaked_bytes'] / 1e6:.1f} MB, {start['modlake_bytes'] / 1e6:.1f} MB |",
    ]
    return "\n".join(lines)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    target = os.environ.get("CARGO_TARGET_DIR", HERE.parent / "target")
    parser.add_argument(
        "--bin", type=Path, default=Path(target) / "release", help="folder of modlaked, modlake and load"
    )
    parser.add_argument(
        "--dir", default=HERE / "out/data", help="where the servers keep their data; its disk is what is measured"
    )
    parser.add_argument("--seconds", type=float, default=10, help="length of each case")
    parser.add_argument(
        "--case",
        action="append",
        metavar="SHAPE:CONNECTIONS[:PROTOCOL]",
        help="only these cases, as in small:8 or large:4:grpc",
    )
    arguments = parser.parse_args()
    missing = [name for name in ("modlaked", "modlake", "load") if not (arguments.bin / name).exists()]
    if missing:
        parser.error(f"{', '.join(missing)} not in {arguments.bin}: run `make bench`, or `cargo build --release` first")
    return arguments


def main():
    arguments = parse()
    cases = (
        [
            (shape, int(count), *(protocol or ["http"]))
            for shape, count, *protocol in (case.split(":") for case in arguments.case)
        ]
        if arguments.case
        else CASES
    )
    data = Path(arguments.dir)
    data.mkdir(parents=True, exist_ok=True)
    say("limits: fdatasync and decoding alone …")
    limits = {
        "fdatasync": load(arguments, "fdatasync", "--dir", data),
        "decode": {
            shape: load(arguments, "decode", "--shape", shape) for shape in dict.fromkeys(case[0] for case in cases)
        },
    }
    say("starting empty servers …")
    result = {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "cpus": len(os.sched_getaffinity(0)),
        "load_average_before": os.getloadavg()[0],
        "seconds": arguments.seconds,
        "limits": limits,
        "start": start_and_sizes(arguments),
        "cases": [measure(arguments, *case) for case in cases],
    }
    out = HERE / "out/result.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + "\n")
    say(f"written: {out}")
    print(table(result))
    incomplete = [
        f"{case['shape']}:{case['connections']}:{case['protocol']}" for case in result["cases"] if not case["complete"]
    ]
    if incomplete:
        sys.exit(f"not every acknowledged record arrived, or more than were acknowledged: {', '.join(incomplete)}")


if __name__ == "__main__":
    main()
