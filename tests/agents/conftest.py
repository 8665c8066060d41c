import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "judges"))

import modlaked  # noqa: E402
import sandbox  # noqa: E402
from laptop import Laptop, ledger, repository  # noqa: E402
from play import play  # noqa: E402

CLIENTS = HERE / "node_modules"


def modlake_binary() -> Path:
    named = os.environ.get("MODLAKE")
    return Path(named) if named else modlaked.binary().with_name("modlake")


@pytest.fixture(scope="session")
def folder():
    """Readable for all, unlike pytest's own folders."""
    made = Path(tempfile.mkdtemp(prefix="modlake-agents-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session")
def world(folder):
    """Server, model and laptop after all sessions were played: what was used, and where to ask."""
    for client in ("claude", "codex"):
        if not (CLIENTS / ".bin" / client).exists():
            pytest.skip(f"the agents are not installed: {client} is missing (make e2e-agents installs them)")
    try:
        sandbox.enter()
    except (sandbox.NotPermitted, OSError) as error:
        pytest.skip(f"this machine permits no network namespace: {error}")
    binary = folder / "modlake"
    shutil.copy(modlake_binary(), binary)
    port = modlaked.free_port()
    told = folder / "ledger.jsonl"
    with (folder / "model.log").open("ab") as log:
        command = [sys.executable, HERE / "model_api.py", str(port), told, repository(folder)]
        model = subprocess.Popen(command, stdout=log, stderr=log)
    server = modlaked.Modlaked(folder / "data", folder / "modlaked.log")
    try:
        server.start()
        with sandbox.readable(CLIENTS) as clients:
            laptop = Laptop(folder, clients, binary, f"http://127.0.0.1:{port}")
            laptop.set_up(server.url, server.new_key("default", "ingest,read"))
            sessions = play(laptop)
            yield World(server, laptop, ledger(told), sessions)
    finally:
        server.end()
        model.terminate()
        model.wait()
        end_the_rest()


class World:
    def __init__(self, server, laptop, answers, sessions):
        self.server, self.laptop, self.answers, self.sessions = server, laptop, answers, sessions

    def of(self, api: str, status=None) -> list[dict]:
        """What the model answered, by the API that it was asked through."""
        return [one for one in self.answers if one["api"] == api and status in (None, one["status"])]


def end_the_rest():
    """Agents leave processes behind, and a hook its sender."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in sandbox.others():
            try:
                os.kill(process, number)
            except ProcessLookupError:
                continue
        end = time.monotonic() + 5
        while sandbox.others() and time.monotonic() < end:
            time.sleep(0.05)
        sandbox.bury()


def pytest_report_header():
    return f"modlaked: {modlaked.binary()}, modlake: {modlake_binary()}"
