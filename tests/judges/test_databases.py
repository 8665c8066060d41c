"""Team databases over HTTP, on both catalogs: routes, versions, pages, forms, errors, permissions, merging, exports, archives, SQL."""

import csv
import datetime
import io
import json
import re
import threading
import uuid
import zipfile

import modlaked
import pytest
import requests
from databases import V2, call, good, make_keys

V1 = "application/json; version=1.0"


@pytest.fixture(scope="module")
def server(tmp_path_factory, catalog):
    with modlaked.running(tmp_path_factory.mktemp("databases"), **catalog) as server:
        make_keys(server)
        yield server


@pytest.fixture
def database(server):
    return good(call(server, "POST", "/api/databases/", {"name": f"telemetry {uuid.uuid4()}"}), 201)["id"]


def put(server, database, body, **options):
    return call(server, "PUT", f"/api/databases/{database}/records/", body, **options)


def get(server, database, query="", **options):
    return call(server, "GET", f"/api/databases/{database}/records/{query}", **options)


def test_a_database_is_made_changed_and_deleted(server):
    made = good(call(server, "POST", "/api/databases/", {"name": "mods"}), 201)
    assert made["type"] == "Key-Value" and made["num_records"] == 0 and made["organization_id"] == "acme"
    path = f"/api/databases/{made['id']}/"
    assert good(call(server, "GET", path, key=server.reader))["name"] == "mods"
    changed = good(call(server, "PATCH", path, {"name": "mods 2", "owner_field": "email"}))
    assert (changed["name"], changed["owner_field"], changed["enforce_schema"]) == ("mods 2", "email", False)
    assert good(call(server, "GET", path))["name"] == "mods 2"
    assert good(call(server, "POST", "/api/databases/", {"name": "mods 2"}), 201)["id"] != made["id"]
    assert call(server, "DELETE", path).status_code == 204
    assert good(call(server, "GET", path), 404) == {"detail": "Not found."}


def test_what_a_database_cannot_be_is_told_by_field(server):
    for body, field in [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 257}, "name"),
        ({"name": "x", "type": "Blob"}, "type"),
        ({"name": "x", "enforce_schema": "yes"}, "enforce_schema"),
        ({"name": "x", "schema": {"type": 5}}, "schema"),
        ({"name": "x", "schema": {"$ref": "https://example.com/x.json"}}, "schema"),
        ({"name": "x", "access": [{"key_id": "k", "permissions": [3]}]}, "access"),
    ]:
        answer = good(call(server, "POST", "/api/databases/", body), 400)
        assert list(answer) == [field] and isinstance(answer[field][0], str), (body, answer)


def test_organizations_are_tenants(server, database):
    path = "/api/organizations/acme/databases/"
    assert database in [one["id"] for one in good(call(server, "GET", path + "?page_size=1000"))]
    assert good(call(server, "GET", f"{path}{database}/"))["id"] == database
    for other in ("/api/organizations/rival/databases/", f"/api/organizations/rival/databases/{database}/"):
        assert call(server, "GET", other).status_code == 404


@pytest.mark.parametrize("accept, status", [
    (None, 200), ("*/*", 200), ("application/json", 200), (V2, 200), ("application/vnd.pixiebrix.api+json; version=2.0", 200),
    ("application/json, text/plain, */*", 200), (V1, 406), ("application/json; version=3", 406), ("image/png", 406),
])
def test_versions(server, database, accept, status):
    for path in ("/api/databases/", f"/api/databases/{database}/", f"/api/databases/{database}/records/"):
        answer = call(server, "GET", path, accept=accept or "")
        assert answer.status_code == status, path
        if status == 406 and "version" in (accept or ""):
            assert answer.json() == {"detail": 'Invalid version in "Accept" header.'}


def test_the_slash_at_the_end_may_be_left_out(server, database):
    for path in ("/api/databases", f"/api/databases/{database}", f"/api/databases/{database}/records"):
        assert call(server, "GET", path).status_code == 200


def test_databases_come_in_pages(server):
    for number in range(3):
        good(call(server, "POST", "/api/databases/", {"name": f"paged {number}"}, key=server.rival), 201)
    answer = call(server, "GET", "/api/databases/?page=2&page_size=1", key=server.rival)
    assert [one["name"] for one in answer.json()] == ["paged 1"] and answer.headers["X-Total-Count"] == "3"
    links = {link["rel"]: link["url"] for link in requests.utils.parse_header_links(answer.headers["Link"])}
    assert set(links) == {"first", "prev", "next", "last"}
    following = requests.get(links["last"], headers={"Authorization": f"Token {server.rival}"}, timeout=60)
    assert [one["name"] for one in following.json()] == ["paged 2"]
    assert call(server, "GET", "/api/databases/?page=9", key=server.rival).json() == {"detail": "Invalid page."}


def test_records_are_written_read_and_deleted(server, database):
    records = f"/api/databases/{database}/records/"
    one = good(call(server, "POST", records, {"id": "a", "data": {"x": 1}}), 201)
    assert (one["id"], one["data"]) == ("a", {"x": 1}) and one["created_at"]
    many = good(call(server, "POST", records, [{"id": "a", "data": {"y": 2}, "merge_strategy": "shallow"}, {"id": "b", "data": {}}]), 201)
    assert [record["data"] for record in many] == [{"x": 1, "y": 2}, {}]
    assert good(put(server, database, {"id": "a", "data": {"z": 3}}))["data"] == {"z": 3}
    key = "ada@example.com/é-2026-11-21T10:00:00.123Z"
    path = records + requests.utils.quote(key, safe="") + "/"
    assert good(call(server, "PUT", path, {"data": {"n": None}}))["id"] == key
    assert good(call(server, "GET", path))["data"] == {"n": None}
    now = good(call(server, "GET", f"/api/databases/{database}/"))
    assert now["num_records"] == 3 and now["last_write_at"]
    assert call(server, "DELETE", path).status_code == 204
    assert call(server, "GET", path).status_code == 404 and call(server, "DELETE", path).status_code == 404
    assert call(server, "GET", records + "a%00/").status_code == 404
    assert [record["id"] for record in good(get(server, database))] == ["a", "b"]
    assert call(server, "DELETE", records).status_code == 204
    assert good(get(server, database)) == [] and good(call(server, "GET", f"/api/databases/{database}/"))["num_records"] == 0


@pytest.mark.parametrize("strategy, expected", [
    ("replace", {"o": {"b": [2]}}),
    ("", {"o": {"b": [2]}}),
    ("shallow", {"o": {"b": [2]}, "k": 1}),
    ("deep", {"o": {"a": 1, "b": [2]}, "k": 1}),
    ("deep_append", {"o": {"a": 1, "b": [1, 2]}, "k": 1}),
])
def test_strategies(server, database, strategy, expected):
    good(put(server, database, {"id": "r", "data": {"o": {"a": 1, "b": [1]}, "k": 1}}))
    merged = good(put(server, database, {"id": "r", "data": {"o": {"b": [2]}}, "merge_strategy": strategy}))
    assert merged["data"] == expected


def test_what_a_record_cannot_be_is_told_by_field_and_nothing_is_kept(server, database):
    for body, fields in [
        ({}, {"id", "data"}),
        ({"id": "", "data": {}}, {"id"}),
        ({"id": "x" * 1025, "data": {}}, {"id"}),
        ({"id": "a\u0000", "data": {}}, {"id"}),
        ({"id": "a", "data": []}, {"data"}),
        ({"id": "a", "data": {}, "merge_strategy": "merge"}, {"merge_strategy"}),
        ({"id": "a", "data": {}, "write_id": "1"}, {"write_id"}),
        ({"id": "a", "data": {}, "on_conflict": "x"}, {"on_conflict"}),
        ({"id": "a", "data": {"t": "x" * (1 << 20)}}, {"data"}),
    ]:
        assert set(good(put(server, database, body), 400)) == fields, str(body)[:80]
    deep = {}
    for _ in range(40):
        deep = {"d": deep}
    assert set(good(put(server, database, {"id": "a", "data": deep}), 400)) == {"data"}
    answer = good(put(server, database, [{"id": "a", "data": {}}, {"id": "b"}]), 400)
    assert answer == [{}, {"data": ["This field is required."]}]
    assert put(server, database, [{"id": str(n), "data": {}} for n in range(10_001)]).status_code == 413
    for raw, status in [(b"", 400), (b"{", 400), (b"[1]", 400), (b'{"id":"a","data":{}} x', 400)]:
        sent = requests.put(f"{server.url}/api/databases/{database}/records/", data=raw, timeout=60,
                            headers={"Authorization": f"Token {server.admin}", "Content-Type": "application/json"})
        assert sent.status_code == status and "detail" in sent.json(), raw
    form = requests.put(f"{server.url}/api/databases/{database}/records/", data={"id": "a"}, timeout=60,
                        headers={"Authorization": f"Token {server.admin}"})
    assert form.status_code == 415
    assert good(get(server, database)) == []


def test_records_come_in_pages_without_a_count(server, database):
    good(put(server, database, [{"id": f"{n:04}", "data": {"n": n}} for n in range(1_250)]))
    answer = get(server, database)
    assert len(answer.json()) == 100 and "X-Total-Count" not in answer.headers
    assert len(good(get(server, database, "?page_size=100000"))) == 1_000
    keys, url = [], f"{server.url}/api/databases/{database}/records/?page_size=500"
    while url:
        answer = requests.get(url, headers={"Authorization": f"Token {server.admin}"}, timeout=60)
        keys += [record["id"] for record in answer.json()]
        links = {link["rel"]: link["url"] for link in requests.utils.parse_header_links(answer.headers["Link"])}
        assert "last" not in links and "first" in links
        url = links.get("next")
    assert keys == [f"{n:04}" for n in range(1_250)]
    assert get(server, database, "?page=0").status_code == 404 and get(server, database, "?page=99").status_code == 404
    assert good(get(server, database, "?page_size=x"), 400) == {"page_size": ["A valid integer is required."]}


def test_filters(server, database):
    data = [{"kind": "click", "n": 1, "o": {"v": "x"}}, {"kind": "Click", "n": 2.0}, {"kind": None, "t": True}, {"n": "1"}]
    good(put(server, database, [{"id": str(n), "data": one} for n, one in enumerate(data)]))

    def keys(query):
        return [record["id"] for record in good(get(server, database, query))]

    today = datetime.datetime.now(datetime.timezone.utc).date()
    day = datetime.timedelta(days=1)
    assert keys(f"?start_date={today}&end_date={today}") == ["0", "1", "2", "3"]
    assert keys(f"?end_date={today - day}") == [] and keys(f"?start_date={today + day}") == []
    assert keys("?data__kind=click") == ["0"] and keys("?data__n=1") == ["0", "3"] and keys("?data__n=2") == ["1"]
    assert keys("?data__o__v=x") == ["0"] and keys("?data__t=true") == ["2"]
    assert keys("?data__kind__isnull=true") == ["2", "3"] and keys("?data__kind__isnull=false&data__n=2") == ["1"]
    assert [len(keys(f"?data__n=1&page_size=1&page={page}")) for page in (1, 2)] == [1, 1]
    for wrong in ("?start_date=yesterday", "?data__kind__isnull=perhaps", "?kind=click"):
        assert get(server, database, wrong).status_code == 400, wrong
        assert call(server, "DELETE", f"/api/databases/{database}/records/{wrong}").status_code == 400, wrong
    assert call(server, "DELETE", f"/api/databases/{database}/records/?data__n=1").status_code == 204
    assert keys("") == ["1", "2"]
    assert good(call(server, "GET", f"/api/databases/{database}/"))["num_records"] == 2


def test_csv_and_flat_json(server, database):
    good(put(server, database, [{"id": 'a,"', "data": {"o": {"x": 1}, "l": [1, "é"], "s": "=1\n"}}, {"id": "b", "data": {"t": False}}]))
    answer = get(server, database, accept="text/csv; version=2.0")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [row["id"] for row in rows] == ['a,"', "b"]
    assert (rows[0]["data.o.x"], json.loads(rows[0]["data.l"]), rows[0]["data.s"], rows[1]["data.t"]) == ("1", [1, "é"], "=1\n", "false")
    flat = get(server, database, accept="application/vnd.pixiebrix.api.flat+json; version=2.0")
    assert flat.json()[0]["data.o.x"] == 1 and flat.json()[1]["id"] == "b"


def test_who_may_what(server, database):
    records = f"/api/databases/{database}/records/"
    assert good(put(server, database, {"id": "a", "data": {"x": 1}}, key=server.writer))["data"] == {"x": 1}
    good(put(server, database, {"id": "a", "data": {"own": 1}, "merge_strategy": "deep"}, key=server.admin))
    told = good(put(server, database, {"id": "a", "data": {"y": 1}, "merge_strategy": "deep"}, key=server.writer))
    assert told["data"] == {"y": 1}, "who may not read is not told what others wrote"
    assert good(get(server, database, key=server.reader))[0]["data"] == {"x": 1, "own": 1, "y": 1}
    for key, method, path, body in [
        (server.writer, "GET", records, None), (server.writer, "GET", records + "a/", None), (server.writer, "GET", "/api/databases/", None),
        (server.writer, "DELETE", records, None), (server.writer, "DELETE", records + "a/", None),
        (server.reader, "PUT", records, {"id": "a", "data": {}}), (server.reader, "DELETE", records, None),
        (server.reader, "POST", "/api/databases/", {"name": "x"}), (server.reader, "PATCH", f"/api/databases/{database}/", {"name": "x"}),
        (server.writer, "DELETE", f"/api/databases/{database}/", None),
    ]:
        answer = call(server, method, path, body, key=key)
        assert answer.status_code == 403 and list(answer.json()) == ["detail"], (method, path)
    for path in (f"/api/databases/{database}/", records, records + "a/", f"/api/databases/{database}/permissions/"):
        assert call(server, "GET", path, key=server.rival).status_code == 404
    assert put(server, database, {"id": "a", "data": {}}, key=server.rival).status_code == 404
    unknown = call(server, "GET", records, key="wrong")
    assert unknown.status_code == 401 and "detail" in unknown.json() and "WWW-Authenticate" in unknown.headers
    for key, permissions in ((server.admin, [1, 2]), (server.reader, [1]), (server.writer, [2])):
        assert good(call(server, "GET", f"/api/databases/{database}/permissions/", key=key, accept=V1)) == {"permissions": permissions}


def test_a_database_can_name_its_keys(server, database):
    path = f"/api/databases/{database}/"
    reader = server.get("/api/v1/me", server.reader).json()["key_id"]
    good(call(server, "PATCH", path, {"access": [{"key_id": reader, "permissions": [1, 2]}]}))
    assert put(server, database, {"id": "a", "data": {}}, key=server.writer).status_code == 403
    assert put(server, database, {"id": "a", "data": {}}, key=server.reader).status_code == 403, "a scope is not widened"
    good(put(server, database, {"id": "a", "data": {}}))
    assert len(good(get(server, database, key=server.reader))) == 1
    assert "access" not in good(call(server, "GET", path, key=server.reader)) and good(call(server, "GET", path))["access"]
    assert server.value(f"SELECT count(*) FROM records WHERE database_id = '{database}'", server.reader) == 0
    listed = {item["id"] for item in good(call(server, "GET", "/api/databases/?page_size=1000", key=server.reader))}
    assert database in listed, "a key that is named sees it"
    good(call(server, "PATCH", path, {"access": []}))
    answer = call(server, "GET", "/api/databases/?page_size=1000", key=server.reader)
    ids = [item["id"] for item in good(answer)]
    assert database not in ids and answer.headers["X-Total-Count"] == str(len(ids)), "what no key may use is not listed"
    second = good(call(server, "GET", "/api/databases/?page_size=1&page=2", key=server.reader)) if len(ids) > 1 else []
    assert [item["id"] for item in second] == ids[1:2]
    assert database in {item["id"] for item in good(call(server, "GET", "/api/databases/?page_size=1000"))}
    good(call(server, "PATCH", path, {"access": None}))
    good(put(server, database, {"id": "a", "data": {}}, key=server.writer))


def test_a_schema_is_enforced_where_it_is_to_be(server, database):
    path = f"/api/databases/{database}/"
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": {"n": {"type": "number"}, "o": {"properties": {"s": {"maxLength": 3}}}}, "required": ["n"]}
    good(call(server, "PATCH", path, {"schema": schema}))
    good(put(server, database, {"id": "old", "data": {"n": "any"}}))
    assert good(call(server, "PATCH", path, {"enforce_schema": True}))["schema"] == schema
    answer = put(server, database, {"id": "a", "data": {"n": "hush-hush", "o": {"s": "secretive"}}})
    faults = good(answer, 400)
    assert set(faults) == {"data.n", "data.o.s"} and "number" in faults["data.n"][0]
    assert "hush" not in answer.text and "secretive" not in answer.text
    assert good(put(server, database, {"id": "a", "data": {}}), 400) == {"data.n": ["This field is required."]}
    good(put(server, database, {"id": "a", "data": {"n": 1}}))
    good(put(server, database, {"id": "a", "data": {"o": {"s": "x"}}, "merge_strategy": "deep"}))
    assert put(server, database, {"id": "a", "data": {"n": "x"}, "merge_strategy": "deep"}).status_code == 400
    good(call(server, "PATCH", path, {"schema": None}))
    good(put(server, database, {"id": "a", "data": {}}))


def test_secrets_are_kept_nowhere(server, database, catalog):
    secret = "ghp_" + "Ab3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3gH6"
    data = {"text": f"token {secret}", secret: {"list": [f"Bearer {secret}"]}, "url": f"https://u:p4ss@x.example/?t={secret}"}
    answer = put(server, database, {"id": f"key {secret}", "data": data})
    assert good(answer)["id"].startswith("key [REDACTED:") and secret not in answer.text
    assert secret not in get(server, database).text
    path = f"/api/databases/{database}/records/key {secret}/"
    assert good(call(server, "GET", path))["id"] == answer.json()["id"], "the key that was sent leads to the record"
    if not catalog["MODLAKE_CATALOG"]:
        for file in server.data.glob("catalog.sqlite*"):
            assert secret.encode() not in file.read_bytes(), file.name


def test_the_same_write_again_changes_nothing(server, database):
    write = {"id": "a", "data": {"l": [1]}, "merge_strategy": "deep_append", "write_id": str(uuid.uuid4())}
    first = good(put(server, database, write))
    assert good(put(server, database, write)) == first and good(get(server, database))[0]["data"] == {"l": [1]}


def test_events_of_one_millisecond_keep_their_records(server, database):
    def event():
        return {"id": "ada-2026-11-21T10:00:00.999Z", "data": {}, "write_id": str(uuid.uuid4()), "on_conflict": "next_millisecond"}

    first, second = event(), event()
    assert good(put(server, database, first))["id"] == "ada-2026-11-21T10:00:00.999Z"
    assert good(put(server, database, second))["id"] == "ada-2026-11-21T10:00:01.000Z"
    assert good(put(server, database, second))["id"] == "ada-2026-11-21T10:00:01.000Z"
    assert len(good(get(server, database))) == 2


def test_many_clients_lose_nothing(server, database):
    failures = []

    def write(writer):
        with requests.Session() as session:
            session.headers["Authorization"] = f"Token {server.writer}"
            for n in range(50):
                body = {"id": "counter", "data": {"log": [[writer, n]]}, "merge_strategy": "deep_append"}
                answer = session.put(f"{server.url}/api/databases/{database}/records/", json=body, timeout=60)
                if answer.status_code != 200:
                    failures.append(answer.text)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[:3]
    log = good(get(server, database))[0]["data"]["log"]
    assert len(log) == 1_600 and len({tuple(entry) for entry in log}) == 1_600
    assert good(call(server, "GET", f"/api/databases/{database}/"))["num_records"] == 1


def finished(server, job):
    def look():
        state = good(call(server, "GET", f"/api/databases/records/jobs/{job}/", accept=V1))
        return state if state["status"] != "STARTED" else None

    return modlaked.wait_for("the export ends", look, 60)


def export(server, database, media, **filters):
    body = {"name": "export", "databases": [database], "media_type": media, "filters": filters}
    job = good(call(server, "POST", "/api/databases/records/jobs/", body, accept=V1), 201)
    assert job["status"] == "STARTED"
    state = finished(server, job["id"])
    assert state["status"] == "SUCCESS", state
    answer = requests.get(state["data"], timeout=60)
    assert answer.status_code == 200
    return answer


def test_exports(server, database):
    good(put(server, database, [{"id": str(n), "data": {"n": n, "o": {"s": f"é{n}"}}} for n in range(1_500)]))
    rows = export(server, database, "application/json").json()
    assert [row["id"] for row in rows] == sorted(str(n) for n in range(1_500)) and rows[0]["database_id"] == database
    table = list(csv.DictReader(io.StringIO(export(server, database, "text/csv").content.decode())))
    assert len(table) == 1_500 and {row["data.o.s"] for row in table} == {f"é{n}" for n in range(1_500)}
    workbook = zipfile.ZipFile(io.BytesIO(export(server, database, "application/xlsx").content))
    assert workbook.testzip() is None
    assert workbook.read("xl/worksheets/sheet1.xml").count(b"<row ") == 1_501
    assert export(server, database, "application/json", end_date="2020-01-01").json() == []


def test_what_an_export_cannot_be_is_told(server, database):
    path = "/api/databases/records/jobs/"
    for body, field in [
        ({"databases": [database]}, "name"), ({"name": "x", "databases": []}, "databases"), ({"name": "x", "databases": ["y"]}, "databases"),
        ({"name": "x", "databases": [str(uuid.uuid4())]}, "databases"), ({"name": "x", "databases": [database], "media_type": "z"}, "media_type"),
        ({"name": "x", "databases": [database], "filters": {"start_date": "x"}}, "filters.start_date"),
    ]:
        assert list(good(call(server, "POST", path, body, accept=V1), 400)) == [field]
    assert call(server, "POST", path, {"name": "x", "databases": [database]}, key=server.rival, accept=V1).status_code == 400
    assert call(server, "POST", path, {"name": "x", "databases": [database]}, key=server.writer, accept=V1).status_code == 403
    assert call(server, "POST", path, {"name": "x", "databases": [database]}, accept=V2).status_code == 406
    job = good(call(server, "POST", path, {"name": "x", "databases": [database]}, accept=V1), 201)["id"]
    finished(server, job)
    assert call(server, "GET", f"{path}{job}/", key=server.rival, accept=V1).status_code == 404
    assert requests.get(f"{server.url}{path}{job}/data/?token=wrong", timeout=60).status_code == 403


def test_daily_archives(server, database):
    good(put(server, database, [{"id": str(n), "data": {"n": n}} for n in range(1_200)]))
    path = f"/api/organizations/acme/databases/{database}/record-archives/"
    answer = call(server, "GET", path + "?ordering=date", key=server.reader)
    (day,) = good(answer)
    assert answer.headers["X-Total-Count"] == "1" and re.fullmatch(r"\d{4}-\d\d-\d\d", day["date"]) and day["num_records"] == 1_200
    lines = requests.get(day["url"], timeout=60).text.splitlines()
    assert sorted(json.loads(line)["data"]["n"] for line in lines) == list(range(1_200))
    assert requests.get(day["url"].split("?")[0], timeout=60).status_code == 403
    assert call(server, "GET", path, key=server.rival).status_code == 404
    assert call(server, "GET", path, key=server.writer).status_code == 403


def test_records_are_a_table(server, database):
    good(put(server, database, [{"id": f"k{n:04}", "data": {"n": n}} for n in range(3_000)]))
    name = good(call(server, "GET", f"/api/databases/{database}/"))["name"]
    rows = server.sql(f"SELECT key, data, created_at, updated_by FROM records WHERE database_id = '{database}' ORDER BY key LIMIT 2", server.reader)
    assert [row["key"] for row in rows] == ["k0000", "k0001"] and json.loads(rows[1]["data"]) == {"n": 1}
    assert server.value(f"SELECT count(*) FROM records WHERE database_name = '{name}'", server.reader) == 3_000
    assert server.value(f"SELECT count(*) FROM moda.records WHERE database_name IN ('{name}', 'x') AND key >= 'k2000'", server.reader) == 1_000
    assert server.value("SELECT count(DISTINCT database_id) > 0 FROM records", server.reader) is True
    assert server.value(f"SELECT count(*) FROM records WHERE database_id = '{database}'", server.rival) == 0
    good(put(server, database, {"id": "k0000", "data": {"n": "new"}}))
    assert "new" in server.value(f"SELECT data FROM records WHERE database_id = '{database}' AND key = 'k0000'", server.reader)


def test_what_modlake_does_not_know_is_an_empty_list(server, database):
    for part in ("references", "deployments"):
        answer = call(server, "GET", f"/api/databases/{database}/{part}/", key=server.reader)
        assert good(answer) == [] and answer.headers["X-Total-Count"] == "0"


def assign(server, database, key=None, body=None, accept=V1):
    return call(server, "POST", f"/api/databases/{database}/queue/assign/", body, key=key, accept=accept)


def test_a_queue_gives_each_record_to_one_client(server):
    queue = good(call(server, "POST", "/api/databases/", {"name": "tasks", "owner_field": "owner"}), 201)["id"]
    keys = [server.new_key("acme", "read,ingest") for _ in range(4)]
    ids = [server.get("/api/v1/me", key).json()["key_id"] for key in keys]
    good(put(server, queue, [{"id": f"{n:03}", "data": {"n": n}} for n in range(200)]))
    given, faults = [], []

    def work(number):
        while True:
            answer = assign(server, queue, keys[number % 4])
            if answer.status_code == 404:
                return
            if answer.status_code != 201:
                faults.append(answer.text)
                return
            record = answer.json()
            assert record["data"]["owner"] == ids[number % 4] == record["updated_by"]
            given.append(record["id"])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults[:3]
    assert sorted(given) == [f"{n:03}" for n in range(200)]
    assert get(server, queue, "?data__owner__isnull=true").json() == []
    assert good(assign(server, queue), 404) == {"detail": "No item is available in the queue."}


def test_a_queue_gives_the_oldest_record_to_whoever_may_read_and_write(server, database):
    good(put(server, database, [{"id": "z", "data": {"who": ""}}]))
    good(put(server, database, [{"id": "a", "data": {"who": None}}, {"id": "b", "data": {"who": "somebody"}}]))
    assert list(good(assign(server, database), 400)) == ["owner_field"]
    good(call(server, "PATCH", f"/api/databases/{database}/", {"owner_field": "who"}))
    for key in (server.reader, server.writer):
        assert assign(server, database, key).status_code == 403
    assert assign(server, database, server.rival).status_code == 404 and assign(server, database, accept=V2).status_code == 406
    made = server.keys("create", "--tenant", "acme", "--scope", "read,ingest", "--name", "ada@example.com")
    ada = re.search(r"ml_[\w-]{20,}", made)[0]
    modlaked.wait_for("the new key is known", lambda: server.get("/api/v1/me", ada).status_code != 401)
    once = {"write_id": str(uuid.uuid4())}
    first = good(assign(server, database, ada, once), 201)
    assert (first["id"], first["data"]) == ("z", {"who": "ada@example.com"})
    assert good(assign(server, database, ada, once), 201) == first, "the same request again gets the same record"
    assert good(assign(server, database, ada, {"write_id": "x"}), 400) == {"write_id": ["Must be a valid UUID."]}
    assert good(assign(server, database, ada, {}), 201)["id"] == "a"
    assert assign(server, database, ada).status_code == 404
    good(put(server, database, {"id": "z", "data": {"who": ""}}))
    schema = {"properties": {"who": {"enum": ["", "bo@example.com"]}}}
    good(call(server, "PATCH", f"/api/databases/{database}/", {"schema": schema, "enforce_schema": True}))
    answer = good(assign(server, database, ada), 400)
    assert '"z"' in answer["non_field_errors"][0] and "data.who" in answer["non_field_errors"][0]


def test_forms_make_and_change_databases(server):
    auth = {"Authorization": f"Token {server.admin}"}
    made = requests.post(f"{server.url}/api/databases/", data={"name": "plain & simple", "type": "Asset", "enforce_schema": "false"}, headers=auth, timeout=60)
    made = good(made, 201)
    assert (made["name"], made["type"], made["enforce_schema"]) == ("plain & simple", "Asset", False)
    parts = {"name": (None, "in parts é"), "owner_field": (None, "who")}
    changed = good(requests.patch(f"{server.url}/api/databases/{made['id']}/", files=parts, headers=auth, timeout=60))
    assert (changed["name"], changed["owner_field"]) == ("in parts é", "who")
    wrong = requests.post(f"{server.url}/api/databases/", data={"type": "Blob"}, headers=auth, timeout=60)
    assert set(good(wrong, 400)) >= {"type"}
    many = requests.post(f"{server.url}/api/databases/", data={"name": "x"} | {f"f{n}": "" for n in range(100)}, headers=auth, timeout=60)
    assert many.status_code == 400 and "fields" in many.json()["detail"]
    cut = requests.post(f"{server.url}/api/databases/", data=b"--b\r\nContent", timeout=60,
                        headers={**auth, "Content-Type": "multipart/form-data; boundary=b"})
    assert cut.status_code == 400 and "detail" in cut.json()


def test_limits_are_settings(make_server, catalog):
    server = make_server(MODLAKE_DATABASES_MAX_RECORDS="2", MODLAKE_DATABASES_MAX_REQUEST_RECORDS="3",
                         MODLAKE_DATABASES_MAX_PAGE_BYTES="50", MODLAKE_DATABASES_MAX_DEPTH="1", **catalog)
    server.admin = server.key if not catalog["MODLAKE_CATALOG"] else server.new_key("limits", "ingest,read,admin")
    database = good(call(server, "POST", "/api/databases/", {"name": "small"}), 201)["id"]
    assert put(server, database, [{"id": str(n), "data": {}} for n in range(3)]).status_code == 400
    assert put(server, database, [{"id": str(n), "data": {}} for n in range(4)]).status_code == 413
    assert put(server, database, {"id": "a", "data": {"o": {}}}).status_code == 400
    good(put(server, database, [{"id": str(n), "data": {"t": "x" * 30}} for n in range(2)]))
    good(put(server, database, {"id": "0", "data": {"t": "y" * 30}}))
    assert list(good(get(server, database), 400)) == ["page_size"] and len(good(get(server, database, "?page_size=1"))) == 1


def test_records_and_exports_survive_a_kill(make_server, catalog):
    server = make_server(**catalog)
    server.admin = server.new_key("survivors", "ingest,read,admin")
    database = good(call(server, "POST", "/api/databases/", {"name": "kept"}), 201)["id"]
    good(put(server, database, {"id": "a", "data": {"x": 1}}))
    job = good(call(server, "POST", "/api/databases/records/jobs/", {"name": "x", "databases": [database]}, accept=V1), 201)["id"]
    server.kill()
    server.start()
    assert good(get(server, database))[0]["data"] == {"x": 1}
    state = finished(server, job)
    assert (state["status"], bool(state["data"])) in (("SUCCESS", True), ("FAILURE", False)), state
    assert state["status"] == "SUCCESS" or "server ended" in state["error_message"]
