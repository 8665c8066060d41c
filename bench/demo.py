#!/usr/bin/env python3
"""Fills a running modlaked with a realistic sample: the captured sessions, as several people's over the last days, and deployed mods.

    python3 bench/demo.py --key KEY [--url http://127.0.0.1:4318] [--days 14]

Python's standard library only. Every copy has its own session, ids and times; days and people are drawn with a fixed seed.
Sent through the same routes as an agent's own telemetry.
"""

import argparse
import json
import os
import random
import re
import sys
import urllib.error
import urllib.request
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import demo_deployments

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures/agents/claude_code"
PEOPLE = [
    ("ada@example.com", ["acme/checkout", "acme/web"], 1.6),
    ("grace@example.com", ["acme/payments"], 1.2),
    ("linus@example.com", ["acme/infra", "acme/web"], 1.0),
    ("margaret@example.com", ["acme/checkout"], 0.8),
    ("dennis@example.com", ["acme/compiler"], 0.5),
    ("barbara@example.com", ["acme/payments", "acme/infra"], 0.4),
]
BRANCHES = ["main", "feature/refunds", "fix/timeout", "feature/search"]
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
ID = re.compile(r"(?:toolu_|req_|msg_)[0-9A-Za-z]+")
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
HEX = re.compile(r"(?P<before>\"(?:traceId|spanId|parentSpanId)\": ?\")(?P<id>[0-9a-f]{16,32})(?=\")")
NANOS = re.compile(r"(?P<before>UnixNano\": ?\"?)(?P<nanos>[1-9]\d{18})")
WORKDAY_SECONDS = 9 * 3600


def scenarios():
    """Per scenario its requests as `(signal, OTLP/JSON text)`; protobuf ones through their decoded view."""
    found = []
    for folder in sorted(FIXTURES.iterdir()):
        requests = []
        for entry in json.loads((folder / "requests.json").read_text()):
            signal = entry["path"].rsplit("/", 1)[1]
            name = entry.get("decoded_file") or entry["body_file"]
            if entry["http"] == "HTTP/1.1" and signal in ("logs", "traces", "metrics") and not name.endswith(".gz"):
                requests.append((signal, (folder / name).read_text()))
        if requests:
            found.append(requests)
    return found


def numbers_for_enums(text):
    """The decoded views name enums; OTLP/JSON wants their numbers."""
    names = {
        "SPAN_KIND_INTERNAL": 1,
        "SPAN_KIND_SERVER": 2,
        "SPAN_KIND_CLIENT": 3,
        "STATUS_CODE_OK": 1,
        "STATUS_CODE_ERROR": 2,
        "AGGREGATION_TEMPORALITY_DELTA": 1,
        "AGGREGATION_TEMPORALITY_CUMULATIVE": 2,
        "SEVERITY_NUMBER_INFO": 9,
    }
    for name, number in names.items():
        text = text.replace(f'"{name}"', str(number))
    return text


def first_time(requests):
    nanos = [int(match["nanos"]) for _, text in requests for match in NANOS.finditer(text)]
    return min(nanos) // 10**9


class Session:
    """One copy of a scenario: new ids, times moved, somebody's name on it."""

    def __init__(self, chance, start, person, repo, branch):
        self.chance, self.start, self.person, self.repo, self.branch = chance, start, person, repo, branch
        self.ids = {}

    def texts(self, requests):
        shift = int(self.start.timestamp()) - first_time(requests)
        for signal, text in requests:
            text = UUID.sub(
                lambda match: self.new(match[0], lambda: str(uuid.UUID(int=self.chance.getrandbits(128), version=4))),
                text,
            )
            text = ID.sub(
                lambda match: self.new(
                    match[0], lambda old=match[0]: old[:-12] + f"{self.chance.getrandbits(48):012x}"
                ),
                text,
            )
            text = HEX.sub(
                lambda match: match["before"] + self.new(match["id"], lambda old=match["id"]: self.hex(len(old))), text
            )
            text = ISO.sub(lambda match: moved(match[0], shift), text)
            text = NANOS.sub(lambda match: match["before"] + str(int(match["nanos"]) + shift * 10**9), text)
            yield signal, self.owned(json.loads(numbers_for_enums(text)))

    def new(self, old, make):
        if old not in self.ids:
            self.ids[old] = make()
        return self.ids[old]

    def hex(self, digits):
        return f"{self.chance.getrandbits(digits * 4) | 1:0{digits}x}"

    def owned(self, message):
        names = {"user.email": self.person, "repo": self.repo, "branch": self.branch, "company.id": "acme"}
        for kind in ("resourceLogs", "resourceSpans", "resourceMetrics"):
            for group in message.get(kind, []):
                attributes = group.setdefault("resource", {}).setdefault("attributes", [])
                kept = [attribute for attribute in attributes if attribute["key"] not in names]
                group["resource"]["attributes"] = kept + [
                    {"key": key, "value": {"stringValue": text}} for key, text in names.items()
                ]
                self.rename(group, names)
        return message

    def rename(self, value, names):
        """Agents repeat the resource's attributes on every record; there they must say the same."""
        if isinstance(value, list):
            for item in value:
                self.rename(item, names)
        elif isinstance(value, dict):
            if value.get("key") in names:
                value["value"] = {"stringValue": names[value["key"]]}
            elif value.get("key") == "user.id":
                value["value"] = {"stringValue": uuid.uuid5(uuid.NAMESPACE_URL, self.person).hex * 2}
            else:
                for item in value.values():
                    self.rename(item, names)


def moved(text, seconds):
    at = datetime.fromisoformat(text) + timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def plan(chance, days, now):
    """When who worked on what: more on weekdays, some people more than others."""
    for ago in range(days - 1, -1, -1):
        day = now - timedelta(days=ago)
        share = 0.15 if day.weekday() >= 5 else 1.0
        for person, repos, activity in PEOPLE:
            for _ in range(round(chance.expovariate(1 / (4 * activity * share)))):
                start = day.replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(
                    seconds=chance.uniform(0, WORKDAY_SECONDS)
                )
                if start < now:
                    yield start, person, chance.choice(repos), chance.choice(BRANCHES)


def post(arguments, path, message):
    request = urllib.request.Request(
        f"{arguments.url}{path}",
        json.dumps(message).encode(),
        {"Authorization": f"Bearer {arguments.key}", "Content-Type": "application/json"},
    )
    try:
        urllib.request.urlopen(request, timeout=60).read()
    except urllib.error.HTTPError as error:
        sys.exit(f"{arguments.url} answered {error.code}: {error.read().decode(errors='replace')[:300]}")
    except urllib.error.URLError as error:
        sys.exit(f"no modlaked at {arguments.url} ({error.reason}): run `make run` in another terminal")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default=os.environ.get("MODLAKE_URL", "http://127.0.0.1:4318"))
    parser.add_argument("--key", default=os.environ.get("MODLAKE_API_KEY"), help="key of scope ingest; MODLAKE_API_KEY")
    parser.add_argument("--days", type=int, default=14)
    arguments = parser.parse_args()
    if not arguments.key:
        parser.error("no key: give --key or MODLAKE_API_KEY; the server printed its first key when it started first")
    captured, chance = scenarios(), random.Random(4318)
    now = datetime.now(UTC)
    sessions = list(plan(chance, arguments.days, now))
    for number, (start, person, repo, branch) in enumerate(sessions, 1):
        for signal, message in Session(chance, start, person, repo, branch).texts(chance.choice(captured)):
            post(arguments, f"/v1/otel/claude/{signal}", message)
        print(f"\r{number} of {len(sessions)} sessions", end="", file=sys.stderr, flush=True)
    for path, message in demo_deployments.requests(chance, arguments.days, now):
        post(arguments, path, message)
    print(
        f"\n{arguments.url} now shows {len(sessions)} sessions of {len(PEOPLE)} people over {arguments.days} days, "
        f"and {len(demo_deployments.MODS)} deployed mods",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
