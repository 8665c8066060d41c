#!/usr/bin/env python3
"""Runs a command beside a server that holds the captured sessions: with_server.py COMMAND…

The command finds the server in BASE_URL, a key of all scopes in KEY, one that cannot read in INGEST_KEY, one that only reads in
READ_KEY, and a browser in CHROMIUM; its exit status is ours. The captured sessions are from a fixed day; `demo.py` adds some of the last days.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import modlaked
from captured import requests_of

DEMO = Path(__file__).resolve().parents[2] / "bench/demo.py"


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="modlake-e2e-") as folder:
        with modlaked.running(Path(folder)) as server:
            requests = requests_of("claude_code")
            for request in requests:
                answer = request.send(server)
                if answer.status_code != 200:
                    sys.exit(f"{request.name}: {answer.status_code} {answer.text}")
            server.wait_value("SELECT count(*) FROM events_raw", len(requests), 30)
            demo = [sys.executable, DEMO, "--url", server.url, "--key", server.key, "--days", "5"]
            subprocess.run(demo, stdin=subprocess.DEVNULL, check=True)
            chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or ""
            environment = os.environ | {
                "BASE_URL": server.url,
                "KEY": server.key,
                "INGEST_KEY": server.new_key("default", "ingest"),
                "READ_KEY": server.new_key("default", "read"),
                "CHROMIUM": chromium,
            }
            status = subprocess.run(sys.argv[1:], env=environment, stdin=subprocess.DEVNULL).returncode
            if status != 0:
                print(server.log_tail(), file=sys.stderr)
            return status


if __name__ == "__main__":
    sys.exit(main())
