#!/usr/bin/env python3
"""Redaction beside its peers: what each engine finds in labelled texts, what it takes wrongly, and how fast it is.

    python3 bench/redaction.py                           # fixtures/secrets/own.jsonl
    python3 bench/redaction.py OWN.jsonl FURTHER.jsonl   # with further label files, see redaction_score.py

Python's standard library only. The engines: `modlaked redaction scan` for what we find and the same library in
bench/redaction for how fast, the crates veloci and keyspoor there, and the program gitleaks where there is one. All run with
what they do by default, one after the other, on one core. Writes bench/out/redaction.json and prints the table of bench/README.md.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import redaction_score as scoring

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
OURS = "modlake"
CRATES = [OURS, "veloci", "keyspoor"]
MISSED_FAMILIES = 12
# Seconds for one text that is made to be slow; an engine that needs longer is "slower than".
PATIENCE = 120


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(*words, **how):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **how)
    if done.returncode != 0:
        sys.exit(f"{words[0]} failed: {done.stderr.strip()[-2000:]}")
    return done.stdout


def write_texts(path, texts):
    """`texts`: (id, text, end of the file's name)."""
    with open(path, "w", encoding="utf-8") as out:
        for name, text, ext in texts:
            out.write(json.dumps({"id": name, "text": text, "ext": ext or "txt"}) + "\n")
    return path


class Crate:
    """An engine that is linked into bench/redaction."""

    def __init__(self, name, arguments, folder):
        self.name, self.program, self.folder = name, arguments.peers, folder
        self.modlaked = arguments.modlaked if name == OURS else None
        self.repeat = arguments.repeat

    def scan(self, path, *options, timeout=None):
        words = [self.program, "scan", "--engine", self.name, "--jsonl", path, *options]
        return [json.loads(line) for line in run(*words, timeout=timeout).splitlines()]

    def spans(self, path, records):
        """Pairs of code points by record id, and seconds until the engine is ready."""
        out = self.folder / f"{self.name}.spans"
        (whole,) = self.scan(path, "--spans", out)
        spans = {}
        for line in out.read_text().splitlines():
            row = json.loads(line)
            spans[row["id"]] = scoring.code_points(records[row["id"]]["text"], row["spans"])
        if self.modlaked:
            library, spans = spans, self.spans_of_command(path)
            self.differing = sum(sorted(library[name]) != sorted(spans.get(name, ())) for name in library)
        return spans, whole["ready_seconds"]

    def spans_of_command(self, path):
        lines = run(self.modlaked, "redaction", "scan", "--jsonl", path).splitlines()
        rows = map(json.loads, lines)
        return {row["id"]: [(found["start"], found["end"]) for found in row["findings"]] for row in rows}

    def seconds(self, path):
        (whole,) = self.scan(path, "--repeat", self.repeat)
        return min(whole["seconds"])

    def seconds_of_hostile(self, path):
        """The faster of two passes, because the first also fills caches and compiles what is compiled lazily."""
        each, _ = self.scan(path, "--each", "--repeat", 2, timeout=PATIENCE)
        return each["seconds"]


class Gitleaks:
    """The program, over a folder. Its time is CPU time over that of an empty folder."""

    name = "gitleaks"

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.report = folder / "gitleaks.json"
        empty = folder / "empty"
        empty.mkdir()
        self.start_seconds = min(self.cpu_seconds(empty) for _ in range(3))

    def cpu_seconds(self, folder, timeout=None):
        words = [self.program, "dir", "--no-banner", "--log-level", "error", "--ignore-gitleaks-allow", "--exit-code", "0"]
        words += ["--report-format", "json", "--report-path", self.report, folder]
        before = os.times()
        run(*words, timeout=timeout, env=os.environ | {"GOMAXPROCS": "1"})
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    def lay_out(self, path):
        """A folder with each text in a file, for its rules by path, and the texts by file."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        texts = {}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
            row = json.loads(line)
            file = folder / f"{number}.{row['ext']}"
            file.write_bytes(row["text"].encode())
            texts[str(file)] = row
        return folder, texts

    def spans(self, path, _records):
        folder, texts = self.lay_out(path)
        self.cpu_seconds(folder)
        spans = {}
        for found in json.loads(self.report.read_text(encoding="utf-8")):
            row = texts[found["File"]]
            span = self.locate(row["text"], found)
            if span:
                spans.setdefault(row["id"], []).append(span)
        return spans, self.start_seconds

    @staticmethod
    def locate(text, found):
        """The report names lines and the secret; the first place of it at or after the match in or before those lines."""
        lines = text.split("\n")
        line = sum(len(one) + 1 for one in lines[: max(0, found["StartLine"] - 2)])
        match = max(text.find(found["Match"], line), line if found["Match"] in text[line:] else 0)
        start = text.find(found["Secret"], match)
        return (start, start + len(found["Secret"])) if start >= 0 and found["Secret"] else None

    def seconds(self, path, timeout=None):
        """All texts as lines of one file, so that opening files is no part of it."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        texts = [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]
        (folder / "texts.txt").write_bytes("\n".join(texts).encode())
        return max(self.cpu_seconds(folder, timeout) - self.start_seconds, 0.01)

    def seconds_of_hostile(self, path):
        return self.seconds(path, PATIENCE)


def leaves(value):
    """Every string in a JSON value, with those that are keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from leaves(one)


def captured():
    """Bodies that the agents sent as JSON, and every string in them, which is what the server hands to the engine."""
    files = sorted(path for path in (ROOT / "fixtures/agents").glob("**/*.json") if path.name != "requests.json")
    bodies = [(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"), "json") for path in files]
    strings = (leaf for _, body, _ in bodies for leaf in leaves(json.loads(body)))
    return bodies, [(str(number), leaf, None) for number, leaf in enumerate(strings)]


def measure_hostile(engine, texts, folder):
    """Megabytes a second by name of the text; 0 where the engine was given up."""
    speeds = {}
    for name, text in texts:
        path = write_texts(folder / "hostile.jsonl", [(name, text, None)])
        size = len(text.encode())
        try:
            speeds[name] = size / engine.seconds_of_hostile(path) / 1e6
        except subprocess.TimeoutExpired:
            speeds[name] = 0
    return speeds


def measure(engine, inputs, records, folder):
    say(f"{engine.name}: labelled texts …")
    spans, ready = engine.spans(inputs["labels"], records)
    result = {"score": scoring.score(records, spans), "ready_seconds": ready, "mb_per_second": {}}
    for name, (path, size) in inputs["speed"].items():
        say(f"{engine.name}: speed of {name} …")
        result["mb_per_second"][name] = size / engine.seconds(path) / 1e6
    say(f"{engine.name}: {len(inputs['hostile'])} hostile texts …")
    result["hostile"] = measure_hostile(engine, inputs["hostile"], folder)
    result["differing"] = getattr(engine, "differing", None)
    return result


def figure(value, digits=3):
    return "–" if value is None else f"{value:,.{digits}f}"


def table(results):
    """Metrics down, engines across."""
    engines = list(results)
    scores = [results[name]["score"] for name in engines]
    first = scores[0]
    lines = ["| | " + " | ".join(engines) + " |", "|---|" + "---|" * len(engines)]

    def row(title, values):
        lines.append(f"| {title} | " + " | ".join(values) + " |")

    for source, counted in sorted(first.by_source.items()):
        if counted.secrets:
            row(f"recall, {source} ({counted.secrets})", (figure(one.by_source[source].recall) for one in scores))
    row(f"**recall, all** ({first.pooled.secrets})", (figure(one.pooled.recall) for one in scores))
    row("full coverage, all", (figure(one.pooled.full_coverage) for one in scores))
    row("**precision, all**", (figure(one.pooled.precision) for one in scores))
    row(
        f"false positives in {first.hard_negatives.records} hard negatives",
        (str(one.hard_negatives.false_positives) for one in scores),
    )
    if first.clean.bytes:
        size = first.clean.bytes / 1e6
        title = f"**false positives per MB of clean text** ({size:.2f} MB)"
        row(title, (figure(one.clean.false_positives_per_mb, 1) for one in scores))
    for name in results[engines[0]]["mb_per_second"]:
        row(f"MB/s, {name}", (figure(one["mb_per_second"][name], 1) for one in results.values()))
    row("MB/s, slowest hostile text", (slowest(one["hostile"]) for one in results.values()))
    row("hostile texts under 20 MB/s", (slow_of(one["hostile"]) for one in results.values()))
    row("ready after ms", (figure(one["ready_seconds"] * 1000, 1) for one in results.values()))
    missed = sorted(
        (name for name, counted in first.by_family.items() if counted.found < counted.secrets),
        key=lambda name: first.by_family[name].found - first.by_family[name].secrets,
    )
    for name in missed[:MISSED_FAMILIES]:
        title = f"recall, {name} ({first.by_family[name].secrets})"
        row(title, (figure(one.by_family[name].recall, 2) for one in scores))
    return "\n".join(lines)


def slowest(hostile):
    if not hostile:
        return "–"
    name, speed = min(hostile.items(), key=lambda one: one[1])
    return f"{figure(speed, 1) if speed else f'over {PATIENCE} s'} ({name})".replace("|", "\\|")


def slow_of(hostile):
    return f"{sum(speed < 20 for speed in hostile.values())} of {len(hostile)}"


def plain(results):
    """For result.json."""
    return {
        name: {
            **{key: value for key, value in one.items() if key != "score"},
            "by_source": {source: vars(counted) for source, counted in one["score"].by_source.items()},
            "by_family": {family: vars(counted) for family, counted in one["score"].by_family.items()},
        }
        for name, one in results.items()
    }


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser.add_argument("labels", nargs="*", type=Path, default=[ROOT / "fixtures/secrets/own.jsonl"], metavar="LABELS")
    parser.add_argument("--modlaked", type=Path, default=target / "release/modlaked", help="our program")
    parser.add_argument(
        "--peers", type=Path, default=target / "redaction/release/redaction", help="the program of bench/redaction"
    )
    parser.add_argument("--gitleaks", default="gitleaks", help="name or path; left out of the table where there is none")
    parser.add_argument("--engine", action="append", help="only these engines")
    parser.add_argument("--repeat", type=int, default=3, help="passes over the texts that are timed; the fastest counts")
    parser.add_argument("--hostile", type=int, default=128, help="size of each hostile text in KiB; 0: none")
    arguments = parser.parse_args()
    for program in (arguments.peers, arguments.modlaked):
        if not program.exists():
            parser.error(f"no {program}: run `make bench-redaction`")
    return arguments


def prepare(arguments, records, folder):
    """The files with texts."""
    labels = [(name, record["text"], record.get("ext")) for name, record in records.items()]
    clean = [(name, record["text"], None) for name, record in records.items() if record["source"].startswith(scoring.CLEAN)]
    bodies, strings = captured()
    speed = {}
    for name, texts in {
        "captured bodies": bodies,
        "strings of captured bodies": strings,
        "clean text": clean,
        "labelled text": labels,
    }.items():
        if texts:
            path = write_texts(folder / f"{name.replace(' ', '-')}.jsonl", texts)
            speed[name] = (path, sum(len(text.encode()) for _, text, _ in texts))
    hostile = []
    if arguments.hostile:
        rows = map(json.loads, run(arguments.peers, "hostile", "--bytes", arguments.hostile * 1024).splitlines())
        hostile = [(row["id"], row["text"]) for row in rows]
    return {"labels": write_texts(folder / "labels.jsonl", labels), "speed": speed, "hostile": hostile}


def main():
    arguments = parse()
    records = scoring.read_labels(arguments.labels)
    results = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        inputs = prepare(arguments, records, folder)
        engines = [Crate(name, arguments, folder) for name in CRATES]
        if shutil.which(arguments.gitleaks):
            engines.append(Gitleaks(arguments.gitleaks, folder))
        else:
            say(f"no {arguments.gitleaks}: left out (Debian has it as the package gitleaks)")
        for engine in engines:
            if not arguments.engine or engine.name in arguments.engine:
                results[engine.name] = measure(engine, inputs, records, folder)
    out = HERE / "out/redaction.json"
    out.parent.mkdir(exist_ok=True)
    result = {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "cpus": len(os.sched_getaffinity(0)),
        "load_average": os.getloadavg()[0],
        "labels": [path.name for path in arguments.labels],
        "engines": plain(results),
    }
    out.write_text(json.dumps(result, indent=1) + "\n")
    say(f"written: {out}")
    print(table(results))
    differing = results.get(OURS, {}).get("differing")
    if differing:
        say(f"{differing} texts where `modlaked redaction scan` and the library took different spans")


if __name__ == "__main__":
    main()
