"""The catalog in PostgreSQL: keys and trace files as with the file, whoever changes them, and whether PostgreSQL is there or not."""

import os
import shutil
import subprocess
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import modlaked
import postgres
import pytest
from modlaked import wait_for
from trace_files import put, repository, stage, text


@pytest.fixture
def cluster():
    """A PostgreSQL that a test may kill."""
    own = postgres.new_cluster()
    yield own
    own.end()


def logs(session: str) -> dict:
    attributes = [{"key": "session.id", "value": {"stringValue": session}}]
    record = {"timeUnixNano": "1767297600000000000", "body": {"stringValue": "hello"}, "attributes": attributes}
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}


def send(server, session: str, key=modlaked.KEY) -> int:
    """The status of a request with one record."""
    return server.post("/v1/otel/claude/logs", logs(session), key=key).status_code


def command(server, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [modlaked.binary(), *arguments], env=server.environment(), capture_output=True, text=True, timeout=60
    )


def build(command_id: str) -> bytes:
    return text(repository("acme/a", stage("sync", ""), stage("build", command_id)))


def test_keys_are_made_used_listed_and_revoked(make_server, tmp_path):
    server = make_server(MODLAKE_CATALOG=postgres.shared().database(), MODLAKE_LOG_FILTER="trace")
    key = server.new_key("acme", "ingest,read")
    assert send(server, "s1", key) == 200
    server.wait_value("SELECT count(*) FROM coding_agent_events", 1, key=key)
    server.wait_value("SELECT count(*) FROM coding_agent_events", 0)
    (line,) = [line for line in server.keys("list").splitlines() if "acme" in line]
    assert key not in line
    server.keys("revoke", line.split()[0])
    wait_for("the revoked key is unknown", lambda: send(server, "s2", key) == 401, 3)
    server.stop()
    server.start()
    assert send(server, "s3", key) == 401 and send(server, "s3") == 200
    assert not list(server.data.glob("catalog*")), "nothing of the catalog lies in the data folder"
    assert postgres.PASSWORD not in server.log.read_text(errors="replace")


def test_a_key_revoked_by_hand_ends_too(make_server):
    cluster = postgres.shared()
    url = cluster.database()
    server = make_server(MODLAKE_CATALOG=url)
    key = server.new_key("acme", "ingest")
    cluster.psql("UPDATE api_keys SET revoked_at = 1 WHERE tenant = 'acme'", url.rsplit("/", 1)[1])
    wait_for("the revoked key is unknown", lambda: send(server, "s", key) == 401, 3)


def test_a_trace_file_is_stored_once_whatever_dies(cluster, make_server):
    server = make_server(MODLAKE_CATALOG=cluster.database())
    command_id = f"20260224100000-{uuid.uuid4().hex[:5].upper()}"
    assert put(server, "build", command_id, build(command_id)).status_code == 201
    assert put(server, "build", command_id, build(command_id)).status_code == 200
    server.kill()
    cluster.kill()
    cluster.start()
    server.start()
    assert put(server, "build", command_id, build(command_id)).status_code == 200
    server.wait_value(f"SELECT count(*) FROM traces WHERE command_id = '{command_id}'", 1, 30)


def test_a_server_ends_while_postgres_is_away_and_loses_nothing(cluster, make_server):
    server = make_server(MODLAKE_CATALOG=cluster.database(), MODLAKE_CATALOG_TIMEOUT_SECONDS="2")
    ids = [f"20260224100000-{uuid.uuid4().hex[:5].upper()}" for _ in range(40)]
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda command_id: put(server, "build", command_id, build(command_id)).status_code, ids)
        kept = [next(answers) for _ in range(20)]
        cluster.kill()
        kept += list(answers)
    assert set(kept[:20]) == {201} and set(kept) <= {201, 503}, kept
    assert server.stop() == 0
    cluster.start()
    server.start()
    for command_id, status in zip(ids, kept, strict=True):
        if status == 503:
            assert put(server, "build", command_id, build(command_id)).status_code in (200, 201)
    server.wait_value("SELECT count(*) FROM traces", len(ids), 30)


def test_while_postgres_is_away_known_senders_are_heard(cluster, make_server):
    server = make_server(MODLAKE_CATALOG=cluster.database(), MODLAKE_CATALOG_TIMEOUT_SECONDS="2")
    acme = server.new_key("acme", "ingest,read")
    assert send(server, "before", acme) == 200
    assert send(server, "before", "ml_a-stranger") == 401
    cluster.kill()
    assert send(server, "during", acme) == 200
    wait_for("a stranger may be somebody", lambda: send(server, "during", "ml_a-stranger") == 503, 5)
    began = time.monotonic()
    answer = server.post("/v1/otel/claude/logs", logs("during"), key="ml_somebody-else")
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True) and time.monotonic() - began < 4
    file = put(server, "build", "20260224100000-ABCDE", build("20260224100000-ABCDE"), key=acme)
    assert file.status_code == 503
    assert server.is_alive()
    refused = command(server, "keys", "list")
    assert refused.returncode != 0 and "cannot open the catalog postgres://" in refused.stderr
    server.wait_value("SELECT count(*) FROM coding_agent_events", 2, key=acme)
    cluster.start()
    wait_for("strangers are refused again", lambda: send(server, "after", "ml_a-stranger") == 401, 5)
    made = server.new_key("globex", "ingest")
    assert send(server, "after", made) == 200 and send(server, "after", acme) == 200
    file = put(server, "build", "20260224100000-ABCDE", build("20260224100000-ABCDE"), key=acme)
    assert file.status_code == 201
    assert postgres.PASSWORD not in server.log.read_text(errors="replace")


def test_two_servers_start_at_once_on_one_empty_database(tmp_path):
    url = postgres.shared().database()
    servers = [
        modlaked.Modlaked(tmp_path / f"data{n}", tmp_path / f"log{n}", MODLAKE_CATALOG=url) for n in range(2)
    ]
    try:
        for server in servers:
            with server.log.open("ab") as log:
                server.process = subprocess.Popen(
                    server.command(), env=server.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
        for server in servers:
            wait_for("modlaked is ready", server.is_ready_or_dead, modlaked.START_SECONDS)
            assert server.process.poll() is None, server.log_tail()
        made = servers[0].new_key("acme", "ingest")
        for server in servers:
            assert send(server, "s", made) == 200 and send(server, "s") == 200
    finally:
        for server in servers:
            server.end()


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (lambda url: url.replace(postgres.PASSWORD, "s3cret-but-wrong"), ["password authentication failed", "MODLAKE_CATALOG"]),
        (lambda url: url.replace("/judge_", "/no_such_judge_"), ["does not exist", "createdb"]),
        (lambda url: f"postgres://ada:s3cret@127.0.0.1:{modlaked.free_port()}/lake", ["refused", "host and port"]),
        (lambda url: url + "?passwd=s3cret", ["`catalog` is not a URL", "sslmode"]),
    ],
    ids=["password", "database", "place", "parameter"],
)
def test_a_catalog_that_cannot_be_used_ends_the_start(tmp_path, change, parts):
    url = change(postgres.shared().database())
    server = modlaked.Modlaked(tmp_path / "data", tmp_path / "log", MODLAKE_CATALOG=url)
    for arguments in (["serve", "--http", "127.0.0.1:0", "--grpc", "off"], ["keys", "list"]):
        done = command(server, *arguments)
        assert done.returncode != 0
        assert all(part in done.stderr for part in parts) and "s3cret" not in done.stdout + done.stderr, done.stderr


def certificates(folder):
    """One of an authority, one that it gave to `localhost`, and one of another authority."""

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    for name in ("authority", "other"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.crt")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr")
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    signing = ["-CA", "authority.crt", "-CAkey", "authority.key", "-CAcreateserial", "-extfile", "names"]
    openssl("x509", "-req", "-in", "server.csr", *signing, "-out", "server.crt")


def test_tls_is_as_the_url_asks(make_server, tmp_path):
    if not shutil.which("openssl"):
        pytest.skip("no openssl to make a certificate")
    certificates(tmp_path)
    port = modlaked.free_port()
    cluster = postgres.new_cluster(port)
    try:
        for name in ("server.key", "server.crt"):
            shutil.copy(tmp_path / name, cluster.folder / "data" / name)
            (cluster.folder / "data" / name).chmod(0o600)
            if cluster.as_user:
                shutil.chown(cluster.folder / "data" / name, postgres.NOBODY, postgres.NOBODY)
        cluster.psql("CREATE DATABASE lake")
        cluster.psql("ALTER SYSTEM SET ssl = on")
        cluster.psql("SELECT pg_reload_conf()")
        url = f"postgres://{postgres.USER}:{postgres.PASSWORD}@localhost:{port}/lake"
        server = make_server(MODLAKE_CATALOG=f"{url}?sslmode=verify-full&sslrootcert={tmp_path / 'authority.crt'}")
        assert send(server, "s") == 200
        activity = "pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'modlaked'"
        encrypted = cluster.psql(f"SELECT bool_and(ssl) FROM {activity}")
        assert encrypted.stdout.strip() == "t"
        for parameters in ("sslmode=verify-full", f"sslmode=verify-full&sslrootcert={tmp_path / 'other.crt'}"):
            server.variables["MODLAKE_CATALOG"] = f"{url}?{parameters}"
            refused = command(server, "keys", "list")
            assert refused.returncode != 0 and "sslrootcert" in refused.stderr and postgres.PASSWORD not in refused.stderr
    finally:
        cluster.end()


def test_a_catalog_moves_from_sqlite_as_the_page_says(make_server):
    if not shutil.which("sqlite3"):
        pytest.skip("no sqlite3 to read the file with")
    server = make_server(MODLAKE_CATALOG="")
    browser = ["--origin", "https://app.example.com", "--name", 'a "browser", perhaps']
    made = server.keys("create", "--tenant", "acme", "--scope", "ingest", *browser)
    gone = server.new_key("globex", "ingest")
    server.keys("revoke", next(line for line in server.keys("list").splitlines() if "globex" in line).split()[0])
    assert put(server, "build", "20260224100000-ABCDE", build("20260224100000-ABCDE")).status_code == 201
    before = server.keys("list")
    server.stop()
    page = (Path(__file__).resolve().parents[2] / "docs/catalog.md").read_text()
    script = page.split("## From SQLite to PostgreSQL")[1].split("```sh\n")[1].split("```")[0]
    server.variables["MODLAKE_CATALOG"] = postgres.shared().database()
    path = f"{modlaked.binary().parent}:{postgres.programs()}:{os.environ['PATH']}"
    environment = server.environment() | {"data": str(server.data), "PATH": path, "MODLAKE_HTTP": "127.0.0.1:0"}
    done = subprocess.run(["bash", "-eu", "-o", "pipefail", "-c", script], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert server.keys("list") == before
    (server.data / "catalog.sqlite").unlink()
    server.start()
    assert (send(server, "s", gone), send(server, "s")) == (401, 200)
    assert put(server, "build", "20260224100000-ABCDE", build("20260224100000-ABCDE")).status_code == 200
    assert made.strip() and not (server.data / "catalog.sqlite").exists()
