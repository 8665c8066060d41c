"""Trace files of the `mod` command: the fixtures, and small ones made for a test. Only Python's own `csv` reads and writes them."""

import csv
import io
from pathlib import Path

import requests

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures/traces"
# What a later command repeats: each stage's own columns follow those of the stages before it.
CHAIN = ["sync", "build", "run", "apply", "add", "commit", "push"]


def fixtures() -> list[Path]:
    """Every file, as `…/<type>/<command-id>.csv`."""
    return sorted(FIXTURES.rglob("*.csv"))


def stage(name: str, command_id: str, outcome="Succeeded", at="2026-02-24T10:00:00.000Z", ms=1000, **more) -> dict:
    """The columns of one stage; `more` without the stage's name: `Changeset="a1"` is `buildChangeset`."""
    day, clock = at.split("T")
    end = f"{day}T{clock[:-1]}Z"
    cells = {"Outcome": outcome, "StartTime": at, "EndTime": end, "Id": command_id, "ElapsedTimeMs": ms} | more
    if name == "sync":
        del cells["Id"]
    return {name + column: value for column, value in cells.items()}


def repository(path: str, *stages: dict, origin="github.com", branch="main", developer="ada@example.com", **more) -> dict:
    """One row: a repository and what the command and those before it did there."""
    row = {"origin": origin, "path": path, "branch": branch, "developer": developer}
    for one in stages:
        row |= one
    return row | {"organization": "ALL/Acme"} | more


def text(*rows: dict) -> bytes:
    """A file as the CLI writes it: header, CRLF."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\r\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def rows_of(data: bytes) -> list[dict]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def put(server, kind: str, command_id: str, data: bytes, source="cli", key=None, **headers) -> requests.Response:
    """The file as our client sends it."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    headers = {"Authorization": f"Bearer {key or server.key}", "Content-Type": "text/csv"} | headers
    headers = {name: value for name, value in headers.items() if value}
    url = f"{server.url}/v1/cli/traces/{kind}/{command_id}.csv"
    return requests.put(url, params={"source": source}, data=data, headers=headers, timeout=60)


def post(server, kind: str | None, data: bytes, key=None, **headers) -> requests.Response:
    """The file as the wrappers around `mod` send it: Basic, the key as password."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()} | {"Content-Type": "text/csv"}
    if kind:
        headers["X-Event-Type"] = kind
    auth = ("anybody", key or server.key)
    return requests.post(f"{server.url}/v1/cli/traces", data=data, headers=headers, auth=auth, timeout=60)


def objects(server, below="traces") -> dict[str, bytes]:
    """Every CSV object under a folder of the lake's root, by its key."""
    root = server.data / "lake"
    return {str(path.relative_to(root)): path.read_bytes() for path in (root / below).rglob("*.csv")}
