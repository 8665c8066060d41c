#!/usr/bin/env python3
"""How long a coding agent waits for `modlake hook`: from starting the process to its end, in milliseconds. And the CPU time
of that process, which says more on a machine that is busy with other things.

    python3 bench/hook.py [--binary target/release/modlake] [--runs 500]

Each run has one captured event on standard input, in a home folder of its own and a git repository of many remotes. Cases:

    small         PostToolUse of 0.5 KiB, a sender runs
    large         PostToolUse of 1 MiB of tool output, a sender runs
    backing off   small, no sender runs and none is due
    starting      small, each run has to start the sender

`true` is what starting any program costs here. Python's standard library only; Linux and macOS.
"""

import argparse
import fcntl
import json
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EVENT = ROOT / "fixtures/agents/claude_code/c20_hooks/hooks_stdin/007_PostToolUse.json"
NOBODY = "http://127.0.0.1:1"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=Path, default=ROOT / "target/release/modlake")
    parser.add_argument("--runs", type=int, default=500)
    args = parser.parse_args()
    binary = str(args.binary.resolve(strict=True))
    true = shutil.which("true")

    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        small, large = events(folder)
        print(f"{'case':<12} {'median':>8} {'p99':>8} {'max':>8} {'CPU':>8}   ms, {args.runs} runs")
        report("true", [run([true], small, {}) for _ in range(args.runs)])
        report("small", measure(binary, folder / "a", small, args.runs, key="k"))
        report("large", measure(binary, folder / "b", large, args.runs, key="k"))
        report("backing off", measure(binary, folder / "c", small, args.runs))
        report("starting", measure(binary, folder / "d", small, args.runs, forget=True))


def events(folder):
    """The event as captured and with a large output, both in a repository."""
    repository = folder / "checkout"
    (repository / ".git").mkdir(parents=True)
    (repository / ".git/HEAD").write_text("ref: refs/heads/feature/refunds\n")
    remotes = [f'[remote "r{n}"]\n\turl = https://example.com/acme/r{n}.git\n' for n in range(100)]
    remotes.append('[remote "origin"]\n\turl = git@example.com:acme/checkout.git\n')
    (repository / ".git/config").write_text("".join(remotes))
    event = json.loads(EVENT.read_text()) | {"cwd": str(repository)}
    small, large = folder / "small.json", folder / "large.json"
    small.write_text(json.dumps(event))
    large.write_text(json.dumps(event | {"tool_response": {"stdout": "a line of output\n" * (1 << 16)}}))
    return small, large


def measure(binary, home, event, runs, key=None, forget=False):
    """With a key the sender stays and keeps trying; without one it ends at once. `forget`: that it is to wait."""
    home.mkdir()
    environment = {"HOME": str(home), "MODLAKE_SERVER": NOBODY}
    if key:
        environment["MODLAKE_API_KEY"] = key
    status = home / ".modlake/spool/status.json"
    run([binary, "hook"], event, environment)
    times = []
    for _ in range(runs):
        if forget:
            wait_for_end(home / ".modlake/spool/send.lock")
            status.unlink(missing_ok=True)
        times.append(run([binary, "hook"], event, environment))
    spooled = sum(len(path.read_bytes().splitlines()) for path in home.glob(".modlake/spool/*.claude"))
    assert spooled == runs + 1, f"{spooled} of {runs + 1} events are in the spool"
    return times


def wait_for_end(lock):
    """The sender holds the lock as long as it runs."""
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)


def run(command, stdin, environment):
    """Milliseconds of the clock, and of CPU."""
    null = os.open(os.devnull, os.O_WRONLY)
    source = os.open(stdin, os.O_RDONLY)
    redirect = [(os.POSIX_SPAWN_DUP2, source, 0), (os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
    start = time.perf_counter_ns()
    child = os.posix_spawn(command[0], command, environment, file_actions=redirect)
    _, code, usage = os.wait4(child, 0)
    elapsed = time.perf_counter_ns() - start
    os.close(null)
    os.close(source)
    assert code == 0, f"{command} ended with {code}"
    return elapsed / 1e6, (usage.ru_utime + usage.ru_stime) * 1e3


def report(case, runs):
    times, cpu = zip(*runs, strict=True)
    p99 = statistics.quantiles(times, n=100)[98]
    print(f"{case:<12} {statistics.median(times):8.2f} {p99:8.2f} {max(times):8.2f} {statistics.median(cpu):8.2f}", flush=True)


if __name__ == "__main__":
    main()
