"""Files of team databases: made, sent as pre-signed forms are, downloaded by links, bounded, deleted."""

import contextlib
import os
import re
import socket
import sqlite3
import threading
import uuid

import modlaked
import pytest
import requests
from databases import V2, call, good, make_keys


@pytest.fixture(scope="module")
def server(tmp_path_factory, catalog):
    limits = {"MODLAKE_DATABASES_MAX_ASSET_BYTES": "4MiB", "MODLAKE_DATABASES_MAX_ASSETS": "5",
              "MODLAKE_DATABASES_MAX_ASSETS_BYTES": "5MiB"}
    with modlaked.running(tmp_path_factory.mktemp("assets"), **limits, **catalog) as server:
        make_keys(server)
        yield server


@pytest.fixture
def database(server):
    return good(call(server, "POST", "/api/databases/", {"name": f"files {uuid.uuid4()}", "type": "Asset"}), 201)["id"]


def make(server, database, filename="cat.png", **options):
    return call(server, "POST", f"/api/databases/{database}/assets/", {"asset": {"filename": filename}}, **options)


def send(made, content, name="cat.png", media="image/png", fields=None):
    """As a client of a pre-signed POST does it: without a key, fields first, file last."""
    fields = made["fields"] if fields is None else fields
    return requests.post(made["upload_url"], data=fields, files={"file": (name, content, media)}, timeout=60)


def files_of(server, database):
    return sorted(path.name for path in (server.data / "assets" / "acme" / database).glob("*"))


def test_a_file_is_sent_and_downloaded(server, database):
    made = good(make(server, database, "Katze é.png", key=server.writer), 201)
    asset = made["asset"]
    assert set(made) == {"asset", "upload_url", "fields"} and not asset["is_uploaded"] and asset["filename"] == "Katze é.png"
    assert set(asset) == {"id", "download_url", "filename", "is_uploaded", "created_at", "updated_at", "bytes"}
    path = f"/api/databases/{database}/assets/{asset['id']}/"
    assert call(server, "GET", path, accept=None, allow_redirects=False).status_code == 404
    assert requests.get(asset["download_url"], timeout=60).status_code == 404
    assert good(call(server, "PATCH", path, {"is_uploaded": True}), 400) == {"is_uploaded": ["No file has come yet."]}
    content = os.urandom(1_000_000) + b"\r\n--" + b"\r\n"
    assert send(made, content).status_code == 204
    told = good(call(server, "GET", path, key=server.reader))
    assert told["is_uploaded"] and told["bytes"] == len(content) and told["updated_at"] > told["created_at"]
    assert good(call(server, "PATCH", path, {"is_uploaded": True, "filename": "dog.png"}, key=server.writer))["filename"] == "dog.png"
    for accept in (None, "*/*", "image/avif,image/webp,*/*;q=0.8"):
        answer = call(server, "GET", path, key=server.reader, accept=accept, allow_redirects=False)
        assert answer.status_code == 302 and server.reader not in answer.headers["Location"]
        file = requests.get(answer.headers["Location"], timeout=60)
        assert file.content == content
    assert file.headers["Content-Type"] == "image/png" and file.headers["X-Content-Type-Options"] == "nosniff"
    assert file.headers["Content-Disposition"].startswith('attachment; filename="dog.png"')
    assert "sandbox" in file.headers["Content-Security-Policy"] and int(file.headers["Content-Length"]) == len(content)
    assert requests.head(answer.headers["Location"], timeout=60).status_code == 200
    assert requests.get(answer.headers["Location"].split("?")[0], timeout=60).status_code == 403
    assert (server.data / "assets" / "acme" / database / asset["id"]).stat().st_mode & 0o777 == 0o600


def test_what_would_run_in_a_browser_comes_as_bytes(server, database):
    for media in ("text/html", "image/svg+xml", "text/javascript; charset=utf-8"):
        made = good(make(server, database, 'x"; filename=evil.html'), 201)
        assert send(made, b"<script>alert(1)</script>", media=media).status_code == 204
        file = requests.get(made["asset"]["download_url"], timeout=60)
        assert file.headers["Content-Type"] == "application/octet-stream", media
        assert file.headers["Content-Disposition"].startswith('attachment; filename="x__ filename_evil.html";')


def test_the_first_file_stays(server, database):
    made = good(make(server, database), 201)
    outcomes = []
    threads = [threading.Thread(target=lambda n=n: outcomes.append(send(made, bytes([n]) * (n + 1)).status_code)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [204] + [409] * 7
    content = requests.get(made["asset"]["download_url"], timeout=60).content
    assert content == bytes([content[0]]) * (content[0] + 1)
    assert files_of(server, database) == [made["asset"]["id"]]


def test_only_the_token_of_the_place_lets_a_file_in(server, database):
    made, other = good(make(server, database), 201), good(make(server, database), 201)
    download = {"token": made["asset"]["download_url"].split("token=")[1]}
    for fields in ({}, {"token": "x"}, other["fields"], download, {"token": "x" * 5_000}):
        assert send(made, b"x", fields=fields).status_code in (400, 403), fields
    with_key = requests.post(made["upload_url"], files={"file": b"x"}, headers={"Authorization": f"Token {server.admin}"}, timeout=60)
    assert with_key.status_code == 403, "a key lets no file in"
    first = requests.post(made["upload_url"], files=[("file", b"x"), ("token", (None, made["fields"]["token"]))], timeout=60)
    assert first.status_code == 403, "the file is the last part"
    bare = requests.post(made["upload_url"], data=made["fields"], timeout=60)
    assert bare.status_code == 415
    no_file = requests.post(made["upload_url"], files={name: (None, text) for name, text in made["fields"].items()}, timeout=60)
    assert list(good(no_file, 400)) == ["file"]
    assert requests.get(made["upload_url"] + "?token=" + made["fields"]["token"], timeout=60).status_code == 405
    assert files_of(server, database) == []


def test_an_upload_that_breaks_off_leaves_nothing(server, database):
    made = good(make(server, database), 201)
    path = made["upload_url"].removeprefix(server.url)
    token = made["fields"]["token"]
    head = (f'--b\r\nContent-Disposition: form-data; name="token"\r\n\r\n{token}\r\n'
            '--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n').encode()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 900000\r\n\r\n".encode())
        connection.sendall(head + b"x" * 300_000)
        modlaked.wait_for("the file arrives", lambda: any(name.endswith(".part") for name in files_of(server, database)))
    modlaked.wait_for("it is gone", lambda: files_of(server, database) == [])
    cut = requests.post(made["upload_url"], data=head + b"x" * 300_000, headers={"Content-Type": "multipart/form-data; boundary=b"}, timeout=60)
    assert cut.status_code == 400 and files_of(server, database) == []
    assert send(made, b"whole").status_code == 204


def test_bounds(server, database):
    big = good(make(server, database), 201)
    assert send(big, b"x" * ((4 << 20) + 1)).status_code == 413
    assert send(big, b"x" * (4 << 20)).status_code == 204
    over = good(make(server, database), 201)
    answer = send(over, b"x" * ((1 << 20) + 1))
    assert answer.status_code == 413 and "max_assets_bytes" in answer.json()["detail"]
    assert files_of(server, database) == [big["asset"]["id"]]
    assert call(server, "DELETE", f"/api/databases/{database}/assets/{big['asset']['id']}/").status_code == 204
    assert send(over, b"x" * ((1 << 20) + 1)).status_code == 204
    for _ in range(4):
        good(make(server, database), 201)
    assert "max_assets" in good(make(server, database), 400)["non_field_errors"][0]


def test_assets_come_in_pages(server, database):
    made = [good(make(server, database, f"{n}.txt"), 201) for n in range(3)]
    assert send(made[1], b"one", media="text/plain").status_code == 204
    answer = call(server, "GET", f"/api/databases/{database}/assets/?page_size=2", key=server.reader)
    assert [asset["filename"] for asset in good(answer)] == ["0.txt", "1.txt"] and answer.headers["X-Total-Count"] == "3"
    links = {link["rel"]: link["url"] for link in requests.utils.parse_header_links(answer.headers["Link"])}
    assert set(links) == {"first", "next", "last"}
    assert requests.get(answer.json()[1]["download_url"], timeout=60).text == "one"
    assert call(server, "GET", f"/api/databases/{database}/assets/?page=9").json() == {"detail": "Invalid page."}


def test_who_may_what(server, database):
    made = good(make(server, database), 201)
    assets, one = f"/api/databases/{database}/assets/", f"/api/databases/{database}/assets/{made['asset']['id']}/"
    for key, method, path, body in [
        (server.writer, "GET", assets, None), (server.writer, "GET", one, None), (server.reader, "POST", assets, {"asset": {"filename": "x"}}),
        (server.reader, "PATCH", one, {"filename": "x"}), (server.writer, "DELETE", one, None), (server.reader, "DELETE", one, None),
    ]:
        assert call(server, method, path, body, key=key).status_code == 403, (method, path)
    for method, path in (("GET", assets), ("GET", one), ("PATCH", one), ("DELETE", one), ("POST", assets)):
        assert call(server, method, path, {}, key=server.rival).status_code == 404, (method, path)
        assert call(server, method, path, {}, accept="application/json; version=1.0").status_code == 406, (method, path)
    other = good(call(server, "POST", "/api/databases/", {"name": "other", "type": "Asset"}), 201)["id"]
    assert call(server, "GET", f"/api/databases/{other}/assets/{made['asset']['id']}/").status_code == 404


def test_only_databases_of_the_type_have_assets(server):
    plain = good(call(server, "POST", "/api/databases/", {"name": "plain"}), 201)["id"]
    for method, part in (("GET", ""), ("POST", ""), ("GET", f"{uuid.uuid4()}/"), ("DELETE", f"{uuid.uuid4()}/")):
        assert list(good(call(server, method, f"/api/databases/{plain}/assets/{part}", {"asset": {"filename": "x"}}), 400)) == ["type"]
    good(call(server, "PATCH", f"/api/databases/{plain}/", {"type": "Asset"}))
    good(make(server, plain), 201)
    assert list(good(call(server, "PATCH", f"/api/databases/{plain}/", {"type": "Key-Value"}), 400)) == ["type"]


def test_what_a_filename_cannot_be_is_told_and_secrets_stay_out_of_it(server, database):
    for body in ({}, {"asset": {}}, {"asset": {"filename": ""}}, {"asset": {"filename": 5}}, {"asset": {"filename": "x" * 256}}, {"asset": {"filename": "a\nb"}}):
        assert list(good(call(server, "POST", f"/api/databases/{database}/assets/", body), 400)) == ["asset.filename"], body
    secret = "ghp_" + "Ab3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3gH6"
    assert secret not in make(server, database, f"{secret}.txt").text
    form = requests.post(f"{server.url}/api/databases/{database}/assets/", data={"asset.filename": "form.txt"}, timeout=60,
                         headers={"Authorization": f"Token {server.admin}", "Accept": V2})
    assert good(form, 201)["asset"]["filename"] == "form.txt"


def test_files_go_with_their_database(server, database):
    made = good(make(server, database), 201)
    assert send(made, b"x").status_code == 204
    late = good(make(server, database), 201)
    assert call(server, "DELETE", f"/api/databases/{database}/").status_code == 204
    assert not (server.data / "assets" / "acme" / database).exists()
    assert requests.get(made["asset"]["download_url"], timeout=60).status_code == 404
    assert send(late, b"x").status_code == 404 and files_of(server, database) == []


def test_pages_of_known_origins_may_send_and_read_files(server, database):
    keys = server.keys("create", "--tenant", "acme", "--scope", "ingest", "--origin", "https://app.example.com")
    browser = re.search(r"ml_[\w-]{20,}", keys)[0]
    origin = {"Origin": "https://app.example.com"}

    def known():
        headers = {"Authorization": f"Token {browser}", "Accept": V2, **origin}
        return requests.post(f"{server.url}/api/databases/{database}/assets/", json={"asset": {"filename": "x"}}, headers=headers, timeout=60)

    answer = modlaked.wait_for("the new key is known", lambda: (answer := known()).status_code != 401 and answer)
    made = good(answer, 201)
    for origin, allowed in (("https://app.example.com", "https://app.example.com"), ("https://evil.example.com", None)):
        sent = requests.post(made["upload_url"], data={"token": "x"}, files={"file": b"x"}, headers={"Origin": origin}, timeout=60)
        assert sent.status_code == 403 and sent.headers.get("Access-Control-Allow-Origin") == allowed
        read = requests.get(made["asset"]["download_url"], headers={"Origin": origin}, timeout=60)
        assert read.headers.get("Access-Control-Allow-Origin") == allowed


def test_files_survive_a_kill_and_old_ones_go(make_server, catalog):
    server = make_server(MODLAKE_RETENTION_EVERY_SECONDS="1", **catalog)
    server.admin = server.new_key("acme", "ingest,read,admin")
    database = good(call(server, "POST", "/api/databases/", {"name": "kept", "type": "Asset"}), 201)["id"]
    kept, begun = (good(make(server, database), 201) for _ in range(2))
    assert send(kept, b"kept").status_code == 204
    (server.data / "assets" / "acme" / database / f"{begun['asset']['id']}.x.part").write_bytes(b"half")
    server.kill()
    server.start()
    assert files_of(server, database) == [kept["asset"]["id"]]
    assert requests.get(kept["asset"]["download_url"], timeout=60).content == b"kept"
    assert send(begun, b"now").status_code == 204
    server.says("retention", "set", "--tenant", "acme", "--database", database, "--days", "1")
    if not catalog["MODLAKE_CATALOG"]:
        with contextlib.closing(sqlite3.connect(server.data / "catalog.sqlite", timeout=60)) as rows, rows:
            rows.execute("UPDATE assets SET created_at = created_at - 2 * 86400000000 WHERE id = ?", [kept["asset"]["id"]])
        modlaked.wait_for("the old one is gone", lambda: files_of(server, database) == [begun["asset"]["id"]])
        assert len(good(call(server, "GET", f"/api/databases/{database}/assets/"))) == 1
        assert server.metric("modlake_expired_assets_total") == 1
