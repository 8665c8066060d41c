#!/usr/bin/env python3
"""What `modlake exec` adds to a command.

    python3 bench/exec.py [--binary target/release/modlake] [--script mod.sh] [--runs 200]

A stand-in `mod`, a C program where there is a compiler and a shell script where not, leaves one trace file. Cases:

    mod          the stand-in alone
    exec         through `modlake exec`, the upload in the background, to a folder
    exec, idle   the same for a command that leaves no trace, nothing waits
    exec, 10,000 the same with a queue of 10,000 files that were sent before
    exec, wait   the upload in the foreground, as in a CI job
    script       through the shell script that is given, with an `aws` that does nothing

`--version` is what starting modlake costs. Python's standard library only; Linux and macOS.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEADER = "origin,path,branch,developer,buildStartTime,buildId,organization"
ROW = "github.com,acme/a,main,,2026-02-19T00:12:22.215Z,20260219000719-cYGAL,ALL"
C = """
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "idle")) return 0;
    char path[512];
    snprintf(path, sizeof path, "%s/.moderne/cli/trace/build/trace-20260219000719-%05d.csv", getenv("HOME"), (int)getpid());
    FILE *file = fopen(path, "w");
    if (!file) return 1;
    fputs("HEADER\\r\\nROW\\r\\n", file);
    return fclose(file);
}
"""
SHELL = """#!/bin/sh
[ "$1" = idle ] && exit 0
printf 'HEADER\\r\\nROW\\r\\n' > "$HOME/.moderne/cli/trace/build/trace-20260219000719-$$.csv"
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=Path, default=ROOT / "target/release/modlake")
    parser.add_argument("--script", type=Path, help="a mod.sh to compare with")
    parser.add_argument("--runs", type=int, default=200)
    args = parser.parse_args()
    binary = str(args.binary.resolve(strict=True))

    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        mod = stand_in(folder / "bin")
        print(f"{'case':<13} {'p10':>8} {'median':>8} {'p90':>8} {'CPU':>8}   ms, {args.runs} runs")
        exec_ = [binary, "exec", "--", "mod"]
        cases = [
            ("--version", [binary, "--version"], {}, 0),
            ("mod", [mod, "build"], {}, 0),
            ("exec", [*exec_, "build"], {}, 0),
            ("exec, idle", [*exec_, "idle"], {}, 0),
            ("exec, 10,000", [*exec_, "build"], {}, 10_000),
            ("exec, wait", [*exec_, "build"], {"MODLAKE_UPLOAD": "wait"}, 0),
        ]
        if args.script:
            cases.append(("script", ["bash", str(args.script), "build"], {"BI_ENDPOINT": "s3://bucket"}, 0))
        rounds = {name: [] for name, *_ in cases}
        homes = {name: home(folder / name, before, binary) for name, _, _, before in cases}
        # All cases in turn, so that what else the machine does falls on all of them.
        for _ in range(args.runs):
            for name, command, variables, _ in cases:
                environment = machine(homes[name], folder) | variables
                rounds[name].append(run(command, environment))
                quiet(homes[name])
                if name == "script":
                    # It sends its whole queue every time.
                    for file in (homes[name] / ".moderne/cli/trace/build").iterdir():
                        file.unlink()
        for name, times in rounds.items():
            report(name, times)
        for name in ("exec", "exec, 10,000", "exec, wait"):
            settle(binary, homes[name], folder)
            left = len(list((homes[name] / ".moderne/cli/trace/build").iterdir()))
            sent = sum(1 for _ in (homes[name] / "bucket").rglob("*.csv"))
            assert sent == left, f"{name}: {sent} of {left} files arrived"


def stand_in(folder):
    folder.mkdir()
    mod, compiler = folder / "mod", shutil.which("cc")
    fill = lambda text: text.replace("HEADER", HEADER).replace("ROW", ROW)
    if compiler:
        source = folder / "mod.c"
        source.write_text(fill(C))
        subprocess.run([compiler, "-O1", "-o", mod, source], check=True)
    else:
        mod.write_text(fill(SHELL))
    aws = folder / "aws"
    aws.write_text("#!/bin/sh\nexit 0\n")
    for program in (mod, aws):
        program.chmod(0o755)
    return str(mod)


def machine(home, folder):
    return {
        "HOME": str(home),
        "PATH": f"{folder / 'bin'}:/usr/bin:/bin",
        "BI_ENDPOINT": str(home / "bucket"),
        "BI_ORG": "acme",
        "MODLAKE_UPLOAD": "background",
    }


def home(folder, before, binary):
    """A home with `before` trace files that were sent."""
    queue = folder / ".moderne/cli/trace/build"
    queue.mkdir(parents=True)
    (folder / "bucket").mkdir()
    for number in range(before):
        (queue / f"trace-20250101000000-{number:05}.csv").write_text(f"{HEADER}\r\n{ROW}\r\n")
    settle(binary, folder, folder.parent)
    return folder


def settle(binary, home, folder):
    subprocess.run([binary, "traces", "push", "--wait"], env=machine(home, folder), check=True, stderr=subprocess.DEVNULL)


def quiet(home):
    """Returns when nobody sends any more: the next case is measured alone."""
    traces = home / ".modlake/traces"
    while (traces / "send.lease").exists() or (traces / "again").exists():
        time.sleep(0.002)


def run(command, environment):
    """Milliseconds of the clock, and of CPU."""
    null = os.open(os.devnull, os.O_RDWR)
    redirect = [(os.POSIX_SPAWN_DUP2, null, file) for file in (0, 1, 2)]
    start = time.perf_counter_ns()
    child = os.posix_spawnp(command[0], command, environment, file_actions=redirect)
    _, status, usage = os.wait4(child, 0)
    elapsed = time.perf_counter_ns() - start
    os.close(null)
    assert status == 0, f"{command} ended with {status}"
    return elapsed / 1e6, (usage.ru_utime + usage.ru_stime) * 1e3


def report(case, runs):
    times, cpu = zip(*runs, strict=True)
    cuts = statistics.quantiles(times, n=100)
    print(f"{case:<13} {cuts[9]:8.2f} {statistics.median(times):8.2f} {cuts[89]:8.2f} {statistics.median(cpu):8.2f}", flush=True)


if __name__ == "__main__":
    main()
