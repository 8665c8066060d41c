#!/usr/bin/env python3
"""Events of browser mods: how many per second `POST /api/events/` takes in batches of 1, 20 and 500, beside OTLP logs of the same size.

    python3 bench/product.py --modlaked target/release/modlaked [--seconds 5] [--clients 8] [--rounds 3]

Starts a modlaked of its own. Each client sends one request after the other and waits for its answer, so that every event counted is
on disk. Batches of both kinds take turns, because machines are noisy: the ratio says more than the figures. Python's standard
library only; a JSON object on standard output, progress on standard error.
"""

import argparse
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KEY = "ml_bench-key-of-the-tenant-default-0000000000"
BATCHES = (1, 20, 500)
DATA = {
    "label": "Highlight overdue cases",
    "modComponentId": "c3f4b6a2-1c1d-4d5e-8f90-a1b2c3d4e5f6",
    "deploymentId": "0b9d7c6e-5f4a-4b3c-8d2e-1f0a9b8c7d6e",
    "starterBrickId": "@acme/foundations/overdue-trigger",
    "modId": "@acme/overdue",
    "modVersion": "1.4.2",
    "url": "https://crm.example.com/case/7",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--modlaked", type=Path, default=ROOT / "target/release/modlaked")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    figures = {}
    with tempfile.TemporaryDirectory() as folder, server(args.modlaked.resolve(strict=True), Path(folder)) as port:
        for batch in BATCHES:
            rates = {"product": [], "otlp": []}
            for _ in range(args.rounds):
                for kind, (path, make) in {"product": ("/api/events/", events), "otlp": ("/v1/logs", logs)}.items():
                    rates[kind].append(rate(port, path, make, batch, args))
            product, otlp = (statistics.median(rates[kind]) for kind in ("product", "otlp"))
            figures[str(batch)] = {"product": round(product), "otlp": round(otlp), "ratio": round(product / otlp, 2)}
            say(f"batches of {batch}: {product:,.0f} events/s, OTLP logs {otlp:,.0f}/s, {product / otlp:.2f} of it")
    print(json.dumps({"clients": args.clients, "events_per_second": figures}))


def say(text):
    print(text, file=sys.stderr, flush=True)


def events(count):
    now = int(time.time() * 1000)
    items = [{"uid": "u", "id": str(uuid.uuid4()), "event": "TriggerRun", "timestamp": now, "data": DATA} for _ in range(count)]
    return json.dumps({"events": items}).encode()


def logs(count):
    now = str(time.time_ns())

    def record():
        pairs = DATA | {"uid": "u", "log.record.uid": str(uuid.uuid4())}
        attributes = [{"key": key, "value": {"stringValue": text}} for key, text in pairs.items()]
        return {"timeUnixNano": now, "eventName": "TriggerRun", "attributes": attributes}

    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record() for _ in range(count)]}]}]}).encode()


def rate(port, path, make, batch, args):
    """Events per second that were answered with success."""
    # made before the clock runs: what is measured is the server
    bodies = [make(batch) for _ in range(max(1, 2000 // batch))]
    end = time.perf_counter() + args.seconds
    taken = [0] * args.clients

    def client(number):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        turn = number
        while time.perf_counter() < end:
            connection.request("POST", path, bodies[turn % len(bodies)], headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status not in (200, 201):
                raise SystemExit(f"{path}: {answer.status}")
            taken[number] += batch
            turn += args.clients
        connection.close()

    begin = time.perf_counter()
    threads = [threading.Thread(target=client, args=(number,)) for number in range(args.clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(taken) / (time.perf_counter() - begin)


class server:
    """A modlaked on a free port, in a folder of its own."""

    def __init__(self, binary, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.command = [binary, "serve", "--data-dir", folder / "data", "--http", f"127.0.0.1:{self.port}", "--grpc", "off"]

    def __enter__(self):
        environment = os.environ | {"MODLAKE_BOOTSTRAP_KEY": KEY, "MODLAKE_LOG_FILTER": "error"}
        self.process = subprocess.Popen(self.command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 30
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                raise SystemExit("modlaked does not start")
            time.sleep(0.05)
        return self.port

    def is_ready(self):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False

    def __exit__(self, *failed):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


if __name__ == "__main__":
    main()
