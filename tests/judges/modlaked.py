"""A real modlaked on a free port, and the few things the judges do with it: send, ask, wait, stop, kill.

Nothing here knows how modlaked works inside; only its routes, flags, variables and files as its documents give them.
"""

import json
import os
import re
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import postgres
import requests

KEY = "ml_judges-bootstrap-key-of-the-tenant-default0"
START_SECONDS = 30
STOP_SECONDS = 60
VISIBLE_SECONDS = 10


class NotThere(Exception):
    """Something did not come true in time."""


def binary() -> Path:
    """The server under test: `MODLAKED`, or what cargo built last."""
    named = os.environ.get("MODLAKED")
    if named:
        return Path(named)
    root = Path(__file__).resolve().parents[2]
    target = Path(os.environ.get("CARGO_TARGET_DIR", root / "target"))
    built = [path for path in (target / "release/modlaked", target / "debug/modlaked") if path.exists()]
    return max(built, key=lambda path: path.stat().st_mtime, default=target / "debug/modlaked")


@cache
def flags() -> str:
    """The help of `modlaked serve`, to know which of the optional listeners this version has."""
    return subprocess.run([binary(), "serve", "--help"], capture_output=True, text=True, check=True).stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, check, seconds=VISIBLE_SECONDS, every=0.05):
    """The first true answer of `check`; `NotThere` after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() > end:
            raise NotThere(f"{what}: not after {seconds} s (last answer: {answer!r})")
        time.sleep(every)


class Modlaked:
    """One server. `data` outlives it: start again on the same folder after `kill`.

    Its catalog is a file there, or with `JUDGES_CATALOG=postgres` a database of its own; `MODLAKE_CATALOG` among the variables decides
    for one server.
    """

    def __init__(self, data: Path, log: Path, **variables: str):
        self.data, self.log, self.variables = Path(data), Path(log), variables
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.grpc_port = free_port()
        self.grpc_url = f"http://127.0.0.1:{self.grpc_port}"
        self.key = KEY
        self.process = None

    def environment(self) -> dict:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MODLAKE_", "CODING_AGENT_"))}
        own = {"MODLAKE_DATA_DIR": str(self.data), "MODLAKE_BOOTSTRAP_KEY": KEY} | self.variables
        if os.environ.get("JUDGES_CATALOG") == "postgres" and "MODLAKE_CATALOG" not in own:
            own["MODLAKE_CATALOG"] = postgres.database_of(self.data)
        return kept | own

    def command(self) -> list:
        """How it is started; every listener on a port of its own."""
        command = [binary(), "serve", "--data-dir", self.data, "--http", f"127.0.0.1:{self.port}"]
        command += ["--grpc", f"127.0.0.1:{self.grpc_port}"]
        if "--pg" in flags():
            command += ["--pg", f"127.0.0.1:{free_port()}"]
        return command

    def start(self) -> "Modlaked":
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), env=self.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_for("modlaked is ready", self.is_ready_or_dead, START_SECONDS, 0.01)
        if self.process.poll() is not None:
            raise NotThere(f"modlaked ended with {self.process.returncode} while starting:\n{self.log_tail()}")
        return self

    def is_ready_or_dead(self) -> bool:
        if self.process.poll() is not None:
            return True
        try:
            return requests.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    def stop(self) -> int:
        """SIGTERM, as a service manager stops it; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        """Whatever state it is in: gone afterwards."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def is_alive(self) -> bool:
        return self.process.poll() is None and requests.get(f"{self.url}/healthz", timeout=5).status_code == 200

    def log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""

    def resident_bytes(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def forget_peak(self):
        """From now on the peak of resident memory counts anew."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def peak_bytes(self) -> int:
        """The most resident memory since `forget_peak`."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024

    def cpu_seconds(self) -> float:
        """What all its threads have used since it started."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def keys(self, *arguments: str) -> str:
        """What `modlaked keys …` prints."""
        done = subprocess.run(
            [binary(), "keys", *arguments], env=self.environment(), capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"modlaked keys {arguments[0]}: {done.stderr}"
        return done.stdout

    def new_key(self, tenant: str, scope: str) -> str:
        """A key made by the command line, as the owner of a server makes one."""
        key = re.search(r"ml_[\w-]{20,}", self.keys("create", "--tenant", tenant, "--scope", scope))[0]
        wait_for("the new key is known", lambda: self.get("/api/v1/me", key).status_code != 401)
        return key

    def get(self, path: str, key: str | None = KEY, **options) -> requests.Response:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return requests.get(self.url + path, headers=headers, timeout=120, **options)

    def post(
        self, path: str, body, content_type="application/json", key: str | None = KEY, **headers
    ) -> requests.Response:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers["Content-Type"] = content_type
        if key:
            headers["Authorization"] = f"Bearer {key}"
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        return requests.post(self.url + path, data=body, headers=headers, timeout=120)

    def ask(self, query: str, key: str = KEY) -> requests.Response:
        """A query's answer, whatever it is."""
        return self.post("/api/v1/sql", {"query": query}, key=key, Accept="application/json")

    def sql(self, query: str, key: str = KEY) -> list[dict]:
        """The rows of a query that must work."""
        answer = self.ask(query, key)
        assert answer.status_code == 200, f"{query}\n{answer.status_code} {answer.text}"
        return answer.json()["rows"]

    def value(self, query: str, key: str = KEY):
        """The one value of a query's only row."""
        (row,) = self.sql(query, key)
        (value,) = row.values()
        return value

    def wait_value(self, query: str, expected, seconds=VISIBLE_SECONDS, key: str = KEY):
        """Waits until the query's value is `expected`, and says what it was instead if it never is."""
        last = []

        def check():
            last[:] = [self.value(query, key)]
            return last[0] == expected

        try:
            wait_for(query, check, seconds, 0.1)
        except NotThere:
            raise AssertionError(f"{query}: expected {expected!r}, is {last[0]!r} after {seconds} s") from None

    def wait_rows(self, query: str, count: int, seconds=VISIBLE_SECONDS, key: str = KEY) -> list[dict]:
        """Waits until the query has `count` rows, and gives them."""
        found = []

        def check():
            found[:] = self.sql(query, key)
            return len(found) == count

        wait_for(query, check, seconds, 0.1)
        return found

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's values over all series with these labels."""
        found = re.findall(rf"^{name}(?:{{(.*)}})? (\S+)$", self.get("/metrics").text, re.MULTILINE)
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        return sum(float(value) for series, value in found if all(label in series for label in wanted))

    def table_folder(self, table: str) -> Path:
        """The folder of a Delta table under the data folder."""
        logs = [path.parent for path in self.data.rglob("_delta_log") if path.parent.name == table]
        assert len(logs) == 1, f"expected one table `{table}` under {self.data}, found {logs}"
        return logs[0]


@contextmanager
def running(folder: Path, **variables: str):
    """A started server with its data and log in `folder`, gone at the end whatever happens."""
    server = Modlaked(folder / "data", folder / "modlaked.log", **variables)
    try:
        yield server.start()
    finally:
        server.end()
