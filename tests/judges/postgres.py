"""A PostgreSQL of its own for the judges: in a temporary folder, reached by a socket there, gone with this process however it ends."""

import glob
import os
import shutil
import subprocess
import tempfile
import time
from functools import cache
from itertools import count
from pathlib import Path

import pytest

USER = "modlake"
PASSWORD = "s3cret-of-the-judges"
NOBODY = 65534

# Ends PostgreSQL when nobody holds the other end of its input, and removes the folder unless told to keep it.
KEEPER = """
trap '' INT
programs=$0; "$programs/postgres" -D data -k "$PWD" -c max_connections=200 "$@" </dev/null >>log 2>&1 &
read -r word
kill -QUIT $!
wait $!
[ "$word" = keep ] || rm -rf "$PWD"
"""


def programs() -> Path | None:
    """The folder of `initdb` and `postgres`; Debian keeps each version in a folder of its own, out of the search path."""
    debian = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]), reverse=True)
    found = (Path(path) for path in [*os.environ["PATH"].split(":"), *debian])
    return next((path for path in found if (path / "initdb").exists() and (path / "postgres").exists()), None)


class Cluster:
    """One PostgreSQL; its user may do everything and has a password."""

    def __init__(self, programs: Path, port: int | None = None):
        """`port`: of 127.0.0.1, beside the socket."""
        self.programs, self.port = programs, port or 5432
        self.settings = ["-p", str(self.port), "-c", f"listen_addresses={'127.0.0.1' if port else ''}"]
        self.folder = Path(tempfile.mkdtemp(prefix="modlake-pg-"))
        # it does not run as root
        self.as_user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        (self.folder / "password").write_text(PASSWORD)
        if self.as_user:
            shutil.chown(self.folder, NOBODY, NOBODY)
        options = ["--pgdata=data", f"--username={USER}", "--auth=scram-sha-256", "--pwfile=password"]
        options += ["--encoding=UTF8", "--locale=C", "--no-sync"]
        done = subprocess.run(
            [programs / "initdb", *options], cwd=self.folder, capture_output=True, text=True, timeout=120, **self.as_user
        )
        assert done.returncode == 0, done.stderr
        self.names = count()
        self.start()

    def start(self):
        self.keeper = subprocess.Popen(
            ["sh", "-c", KEEPER, self.programs, *self.settings],
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            **self.as_user,
        )
        end = time.monotonic() + 60
        while self.psql("SELECT 1", check=False).returncode != 0:
            assert time.monotonic() < end, f"PostgreSQL does not answer:\n{(self.folder / 'log').read_text()}"
            time.sleep(0.05)
        return self

    def kill(self):
        """As a crash would end it; `start` goes on with the same data."""
        self.keeper.communicate("keep\n", timeout=60)

    def end(self):
        """Gone, with its data."""
        self.keeper.stdin.close()
        self.keeper.wait(60)

    def psql(self, statement: str, database="postgres", check=True) -> subprocess.CompletedProcess:
        """What `psql` prints for a statement: unaligned, rows only."""
        command = ["psql", "-h", self.folder, "-p", str(self.port), "-U", USER, "-d", database, "-XAtqc", statement]
        environment = os.environ | {"PGPASSWORD": PASSWORD, "PATH": f"{self.programs}:{os.environ['PATH']}"}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=check)

    def url(self, database: str, password=PASSWORD) -> str:
        return f"postgres://{USER}:{password}@{str(self.folder).replace('/', '%2F')}/{database}"

    def database(self) -> str:
        """The URL of a new, empty database."""
        name = f"judge_{next(self.names)}"
        self.psql(f"CREATE DATABASE {name}")
        return self.url(name)


def new_cluster(port: int | None = None) -> Cluster:
    """One for a test alone; the test ends it."""
    found = programs()
    if found:
        return Cluster(found, port)
    missing = "no PostgreSQL here: install it (Debian: apt-get install postgresql)"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


@cache
def shared() -> Cluster:
    """One for all tests of this run, each with databases of its own."""
    return new_cluster()


@cache
def database_of(data: Path) -> str:
    """The same database for every server on the same data folder."""
    return shared().database()
