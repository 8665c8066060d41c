"""Nothing acknowledged is lost and nothing is doubled: killed at random instants, stopped under load, disk full."""

import os
import random
import subprocess
import threading
import time
import uuid

import modlaked
import pytest
import requests
import sessions
from captured import PROTOBUF
from modlaked import wait_for

ROUNDS = 8
SENDERS = 4
RECORDS = 3
LOGS = "/v1/otel/claude/logs"


class Sender(threading.Thread):
    """Sends one session's requests one after the other and remembers how many were acknowledged.

    It ends at the first request that was not. What `pending` holds then may or may not be stored; a real client sends it
    again, byte for byte.
    """

    def __init__(self, server, session=None, done=0):
        super().__init__(daemon=True)
        self.url, self.key = server.url + LOGS, server.key
        self.session = session or str(uuid.uuid4())
        self.acknowledged = done
        self.pending = None
        self.statuses = []

    def run(self):
        with requests.Session() as connection:
            connection.headers.update({"Authorization": f"Bearer {self.key}", "Content-Type": PROTOBUF})
            while True:
                first = self.acknowledged * RECORDS
                self.pending = sessions.request(self.session, RECORDS, first=first).SerializeToString()
                try:
                    answer = connection.post(self.url, data=self.pending, timeout=60)
                except requests.RequestException:
                    return
                self.statuses.append(answer.status_code)
                if answer.status_code != 200:
                    return
                self.acknowledged += 1


def stored(server) -> dict:
    """Per session: rows, distinct numbers, highest number."""
    rows = server.sql(
        "SELECT session_id, count(*) AS n, count(DISTINCT event_sequence) AS d, max(event_sequence) AS m "
        "FROM coding_agent_events GROUP BY session_id LIMIT 1000"
    )
    return {row["session_id"]: (int(row["n"]), int(row["d"]), int(row["m"])) for row in rows}


def catch_up(server):
    """Waits until everything that was in the journal has reached the tables: rows become visible in order, so a request
    sent now is seen last. A server is ready before its replay is done."""
    session = str(uuid.uuid4())
    answer = server.post(LOGS, sessions.request(session, 1).SerializeToString(), PROTOBUF)
    assert answer.status_code == 200, answer.text
    server.wait_value(f"SELECT count(*) FROM coding_agent_events WHERE session_id = '{session}'", 1, 30)


def check_exactly_once(server, senders):
    """Every acknowledged record is there, none twice; of the request under way all, some or nothing."""
    catch_up(server)
    found = stored(server)
    for sender in senders:
        count, distinct, highest = found.get(sender.session, (0, 0, -1))
        assert count == distinct, f"{sender.session}: {count - distinct} records doubled"
        assert distinct == highest + 1, f"{sender.session}: {highest + 1 - distinct} records lost in the middle"
        sure = sender.acknowledged * RECORDS
        assert sure <= count <= sure + RECORDS, f"{sender.session}: {sure} acknowledged, {count} stored"


def test_kill_9_in_a_loop(make_server):
    """Kills at random instants under load; each restarted server gets the unacknowledged requests again."""
    server = make_server()
    chance = random.Random(20261121)
    senders, pending = [], []
    for number in range(ROUNDS):
        for sender in pending:  # the retry of a client whose server died
            answer = server.post(LOGS, sender.pending, PROTOBUF)
            assert answer.status_code == 200, answer.text
            sender.acknowledged += 1
        started = [Sender(server) for _ in range(SENDERS)]
        for sender in started:
            sender.start()
        wait_for(
            "load is under way", lambda started=started: all(sender.acknowledged > 0 for sender in started), every=0.001
        )
        time.sleep(chance.uniform(0.0, 1.5))  # the random instant itself
        server.kill()
        for sender in started:
            sender.join()
        senders += started
        pending = started
        server.start()
        check_exactly_once(server, senders)
        print(f"round {number + 1}: {sum(sender.acknowledged for sender in started)} requests acknowledged")
    check_exactly_once(server, senders)
    assert server.stop() == 0
    server.start()
    check_exactly_once(server, senders)


def test_kill_while_starting(make_server):
    """A server killed before it is ready harms nothing, however often."""
    server = make_server()
    sender = Sender(server)
    sender.start()
    wait_for("some load", lambda: sender.acknowledged > 200, 60)
    server.kill()
    sender.join()
    for milliseconds in (1, 5, 20, 50, 100, 200):
        process = subprocess.Popen(
            server.command(),
            env=server.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(milliseconds / 1000)  # the instant of the kill
        process.kill()
        process.wait()
    server.start()
    check_exactly_once(server, [sender])


def test_sigterm_under_load(make_server):
    server = make_server()
    senders = [Sender(server) for _ in range(SENDERS)]
    for sender in senders:
        sender.start()
    wait_for("load is under way", lambda: all(sender.acknowledged > 20 for sender in senders), 60)
    assert server.stop() == 0
    for sender in senders:
        sender.join()
        assert sender.statuses[-1] in (200, 503), "a stopping server answers 503 or closes, nothing else"
    server.start()
    check_exactly_once(server, senders)


def test_a_second_server_on_the_same_folder_is_refused(make_server):
    server = make_server()
    other = modlaked.Modlaked(server.data, server.log)
    second = subprocess.run(
        other.command(), env=other.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30
    )
    assert second.returncode != 0
    assert str(server.data) in second.stdout + second.stderr, "the message names the folder"
    assert server.is_alive()


def test_a_torn_tail_is_cut_and_the_rest_kept(make_server):
    """Garbage behind the last record of every journal file, as a crash in the middle of a write leaves it."""
    server = make_server()
    sender = Sender(server)
    sender.start()
    wait_for("some load", lambda: sender.acknowledged > 50, 60)
    server.kill()
    sender.join()
    journals = [
        path
        for path in server.data.rglob("*")
        if path.is_file() and "journal" in str(path.relative_to(server.data)).lower()
    ]
    assert journals, "the journal is not where its name says"
    newest = max(journals, key=lambda path: path.stat().st_mtime)
    with newest.open("ab") as file:
        file.write(random.Random(7).randbytes(777))
    server.start()
    check_exactly_once(server, [sender])


@pytest.fixture
def small_disk(tmp_path):
    """A disk of its own, 256 MB; needs the right to mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a tmpfs needs root")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", folder], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"cannot mount a tmpfs here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(path):
    """Takes every free byte of the disk."""
    with path.open("ab", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            block = bytes(size)
            try:
                while True:
                    if file.write(block) < size:
                        break
            except OSError:
                continue


def test_full_disk(make_server, small_disk):
    """503 with Retry-After and not ready while the disk is full; everything acknowledged is there afterwards."""
    server = make_server(small_disk / "data")
    session, acknowledged = str(uuid.uuid4()), 0
    batch = 1000

    def send():
        body = sessions.request(session, batch, first=acknowledged * batch).SerializeToString()
        return server.post(LOGS, body, PROTOBUF)

    for _ in range(5):
        assert send().status_code == 200
        acknowledged += 1
    ballast = small_disk / "ballast"
    refusal = None
    for _ in range(400):
        fill(ballast)
        answer = send()
        if answer.status_code != 200:
            refusal = answer
            break
        acknowledged += 1
    assert refusal is not None, "requests were acknowledged although the disk was full all the time"
    assert refusal.status_code == 503, refusal.text
    assert int(refusal.headers["Retry-After"]) > 0
    assert refusal.content, "the answer names the fault"
    wait_for("not ready", lambda: server.get("/readyz").status_code == 503)
    assert server.is_alive(), "a full disk is no reason to end"
    again = send()
    assert again.status_code == 503 and "Retry-After" in again.headers

    ballast.unlink()
    wait_for("ready again", lambda: server.get("/readyz").status_code == 200, 60)
    wait_for("accepts again", lambda: send().status_code == 200, 60, 1)
    acknowledged += 1
    count = f"SELECT count(*) FROM coding_agent_events WHERE session_id = '{session}'"
    server.wait_value(count, acknowledged * batch, 30)
    assert server.stop() == 0
    server.start()
    assert server.value(count) == acknowledged * batch
    assert server.value(count.replace("count(*)", "count(DISTINCT event_sequence)")) == acknowledged * batch
