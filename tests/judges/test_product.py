"""What browser mods send: taken as a whole or refused by name, kept once, without secrets and query strings, for its pages only."""

import gzip
import json
import re
import time
import uuid
from pathlib import Path

import pytest
import requests
import zstandard
from modlaked import wait_for

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures/product"
ROUTES = {
    "events_extension.json": ("/api/events/", "product_events", 3),
    "events_mod.json": ("/api/events/", "product_events", 2),
    "events_sdk.json": ("/api/events/", "product_events", 1),
    "errors_extension.json": ("/api/telemetry/errors/", "product_errors", 1),
    "errors_mod.json": ("/api/telemetry/errors/", "product_errors", 1),
    "external_event.json": ("/api/telemetry/external/events/", "product_events", 1),
    "identify.json": ("/api/identify/", "product_events", 1),
}
SECRET = "ghp_R4nd0mTokenOfNobody7Xq2LkWv9ZsT1bYcd"
QUERY = "quokkaInQueryString"
PAGE = "https://app.example.com"


def fixture(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def send(server, path: str, body, key=None, **headers):
    """As the clients do: `Authorization: Token`."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Token {key or server.key}", "Content-Type": "application/json"} | headers
    return requests.post(server.url + path, data=data, headers=headers, timeout=60)


def event(name="clicked", **fields) -> dict:
    return {"uid": str(uuid.uuid4()), "event": name, "timestamp": int(time.time() * 1000), "data": {}} | fields


def error(**fields) -> dict:
    return {"uuid": str(uuid.uuid4()), "class_name": "TypeError", "message": "x is undefined"} | fields


def new_name() -> str:
    return f"event_{uuid.uuid4().hex[:12]}"


def count(name: str) -> str:
    return f"SELECT count(*) FROM product_events WHERE event_name = '{name}'"


@pytest.fixture(scope="module")
def browser_key(server) -> str:
    made = server.keys("create", "--tenant", "default", "--scope", "ingest", "--origin", PAGE, "--name", "ana@example.com")
    key = re.search(r"ml_[\w-]{20,}", made)[0]
    preflight = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}
    wait_for("the key is known", lambda: requests.options(f"{server.url}/api/events/", headers=preflight).status_code == 204)
    return key


# Forms ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ROUTES)
def test_every_fixture_is_taken(make_server, name):
    server = make_server(MODLAKE_LAKE_FLUSH_SECONDS="1")
    path, table, rows = ROUTES[name]
    answer = send(server, path, fixture(name), Accept="application/json; version=1.0")
    assert answer.status_code == 201, answer.text
    assert send(server, path.rstrip("/"), b"{", Accept="*/*").status_code == 400
    server.wait_value(f"SELECT count(*) FROM {table}", rows)
    (raw,) = server.sql("SELECT provider, source, http_status FROM events_raw WHERE http_status = 201")
    assert raw == {"provider": "browser_mod", "source": "product", "http_status": 201}


def test_both_generations_fill_the_same_columns(server):
    old, new = new_name(), new_name()
    legacy = {"extensionId": "c1", "blueprintId": "@a/b", "blueprintVersion": "1.0.0", "extensionPointId": "s1", "deploymentId": "d1"}
    modern = {"modComponentId": "c1", "modId": "@a/b", "modVersion": "1.0.0", "starterBrickId": "s1", "deploymentId": "d1"}
    assert send(server, "/api/events/", {"events": [event(old, data=legacy), event(new, data=modern)]}).status_code == 201
    query = "SELECT mod_id, mod_version, mod_component_id, starter_brick_id, deployment_id FROM product_events"
    rows = server.wait_rows(f"{query} WHERE event_name IN ('{old}', '{new}')", 2)
    assert rows[0] == rows[1] and None not in rows[0].values()


def test_opentelemetry_events_without_otlp(server):
    name = new_name()
    one = {"name": name, "timestamp": 1795248020000, "attributes": {"words": 3, "user.email": "ana@example.com"}}
    failed = {"name": name, "attributes": {"exception.type": "TypeError", "exception.message": name}}
    assert send(server, "/v1/logs", one).json() == {}
    assert send(server, "/v1/logs", [one, failed]).json() == {}
    server.wait_value(count(name), 2)
    server.wait_value(f"SELECT count(*) FROM product_errors WHERE message = '{name}'", 1)
    assert server.value(f"SELECT count(*) FROM coding_agent_events WHERE event_name = '{name}'") == 0
    refused = send(server, "/v1/logs", [{"name": 7}])
    assert refused.status_code == 400 and "[0].name" in refused.json()["message"]


def test_logs_of_a_mod_are_no_events_of_agents(make_server):
    server = make_server()
    assert send(server, "/v1/logs", fixture("opentelemetry_logs.json")).status_code == 200
    (row,) = server.wait_rows("SELECT event_name, mod_id, url FROM product_events", 1)
    assert row == {"event_name": "order_badge_shown", "mod_id": "@acme/orders", "url": "https://app.example.com/orders/42"}
    server.wait_value("SELECT class_name FROM product_errors", "TypeError")
    assert server.value("SELECT count(*) FROM coding_agent_events") == 0


@pytest.mark.parametrize("encoding, pack", [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_compressed(server, encoding, pack):
    name = new_name()
    body = pack(json.dumps({"events": [event(name)]}).encode())
    assert send(server, "/api/events/", body, **{"Content-Encoding": encoding}).status_code == 201
    server.wait_value(count(name), 1)


def test_the_person_is_of_the_event_else_of_the_key(server, browser_key):
    own, keys = new_name(), new_name()
    body = {"events": [event(own, person={"email": "bo@example.com"}), event(keys)]}
    assert send(server, "/api/events/", body, browser_key, Origin=PAGE, **{"User-Agent": "Mozilla/5.0 X"}).status_code == 201
    query = "SELECT user_email, user_agent FROM product_events WHERE event_name = '{}'"
    assert server.wait_rows(query.format(own), 1) == [{"user_email": "bo@example.com", "user_agent": "Mozilla/5.0 X"}]
    assert server.wait_rows(query.format(keys), 1)[0]["user_email"] == "ana@example.com"


# Refusals ---------------------------------------------------------------------------------------------------------------------


def test_one_wrong_item_refuses_all_of_them_by_name(server):
    name = new_name()
    answer = send(server, "/api/events/", {"events": [event(name), event(name, timestamp="soon")]})
    assert answer.status_code == 400
    assert "events[1].timestamp" in answer.json() and "events[1].timestamp" in answer.json()["detail"]
    after = new_name()
    assert send(server, "/api/events/", {"events": [event(after)]}).status_code == 201
    server.wait_value(count(after), 1)
    assert server.value(count(name)) == 0
    assert server.value("SELECT count(*) FROM events_raw WHERE http_status = 400 AND signal = 'product_events'") > 0


def test_statuses(server):
    reader = server.new_key("default", "read")
    body = {"events": [event()]}
    assert requests.post(f"{server.url}/api/events/", json=body).status_code == 401
    assert send(server, "/api/events/", body, "ml_nobody-knows-this-key-at-all-0000000000000").status_code == 401
    assert send(server, "/api/events/", body, reader).status_code == 403
    assert send(server, "/api/events/", body, **{"Content-Type": "text/plain"}).status_code == 415
    assert send(server, "/api/events/", body, **{"Content-Encoding": "br"}).status_code == 415
    wrong = send(server, "/api/events/", body, Accept="application/json; version=2.0")
    assert (wrong.status_code, wrong.json()) == (406, {"detail": 'Invalid version in "Accept" header.'})
    accepted = send(server, "/api/events/", body, Accept="application/vnd.pixiebrix.api+json; version=1.0")
    assert accepted.status_code == 201
    assert requests.get(f"{server.url}/api/events/").status_code == 405


def test_too_large(make_server):
    server = make_server(MODLAKE_INTAKE_MAX_BODY_BYTES="10000", MODLAKE_INTAKE_MAX_RECORDS="3")
    assert send(server, "/api/events/", {"events": [event(data={"x": "a" * 20000})]}).status_code == 413
    packed = gzip.compress(json.dumps({"events": [event(data={"x": "a" * 20000})]}).encode())
    assert send(server, "/api/events/", packed, **{"Content-Encoding": "gzip"}).status_code == 413
    assert send(server, "/api/events/", {"events": [event() for _ in range(4)]}).status_code == 413
    assert send(server, "/api/events/", {"events": [event() for _ in range(3)]}).status_code == 201


# Once -------------------------------------------------------------------------------------------------------------------------


def test_ids_count_once_and_nothing_else_is_merged_also_after_a_kill(make_server):
    server = make_server(MODLAKE_LAKE_FLUSH_SECONDS="1")
    known, unknown = new_name(), new_name()
    same, alike, broken = event(known, id=str(uuid.uuid4())), event(unknown), error()
    for _ in range(2):
        assert send(server, "/api/events/", {"events": [same, alike, same]}).status_code == 201
        assert send(server, "/api/telemetry/errors/", [broken]).status_code == 201
    server.wait_value(count(unknown), 2)
    # the last acknowledged before the kill must be there after it
    assert send(server, "/api/events/", {"events": [event(unknown)]}).status_code == 201
    server.kill()
    again = make_server(server.data, MODLAKE_LAKE_FLUSH_SECONDS="1")
    again.wait_value(count(unknown), 3, 30)
    assert send(again, "/api/events/", {"events": [same]}).status_code == 201
    assert send(again, "/api/telemetry/errors/", broken).status_code == 201
    assert send(again, "/api/events/", {"events": [event(unknown)]}).status_code == 201
    again.wait_value(count(unknown), 4)
    assert again.value(count(known)) == 1
    assert again.value(f"SELECT count(*) FROM product_errors WHERE uuid = '{broken['uuid']}'") == 1


# What must not be kept --------------------------------------------------------------------------------------------------------


def dirty() -> dict:
    """Requests with a secret and a query string in every place that may hold one."""
    page = f"https://user:{SECRET}@crm.example.com/case/7?q={QUERY}#{QUERY}"
    stack = f"TypeError: x\n    at run ({page}:10:5)\n    at https://a.example/x.js?v={QUERY}:3:9"
    data = {"url": page, "note": f"see {page} with token={SECRET}", "deep": [{"href": f"/p?{QUERY}"}], "api_key": SECRET}
    logs = {"eventName": "opened", "attributes": [{"key": key, "value": {"stringValue": page}} for key in ("url.full", "mod.id")]}
    return {
        "/api/events/": {"events": [event("dirty", url=page, data=data, person={"email": "ana@example.com", "url": page})]},
        "/api/telemetry/errors/": [error(message=f"GET {page} failed", error_data={"stack": stack, "url": page, "cause": data})],
        "/api/telemetry/external/events/": {"email": "ana@example.com", "event": "dirty", "data": data},
        "/api/identify/": {"uid": "u", "data": data},
        "/v1/logs": {"resourceLogs": [{"scopeLogs": [{"logRecords": [logs]}]}]},
    }


def test_no_secret_and_no_query_string_is_anywhere(make_server):
    server = make_server(MODLAKE_LAKE_FLUSH_SECONDS="1")
    for path, body in dirty().items():
        assert send(server, path, body, **{"User-Agent": f"Mozilla {SECRET}"}).status_code in (200, 201)
        cut = json.dumps(body).encode()[:-2]
        assert send(server, path, cut).status_code == 400
    assert send(server, "/v1/logs", {"name": "dirty", "attributes": dirty()["/api/identify/"]["data"]}).status_code == 200
    server.wait_value("SELECT count(*) FROM product_events", 5)
    server.wait_value("SELECT count(*) FROM product_errors", 1)
    wait_for("all is committed", lambda: server.metric("modlake_pending_rows") == 0, 60, 0.1)
    assert server.value("SELECT url FROM product_events WHERE url IS NOT NULL LIMIT 1") == "https://crm.example.com/case/7"
    answers = json.dumps([server.sql(f"SELECT * FROM {table}") for table in ("product_events", "product_errors", "events_raw")])
    server.stop()
    for word in (SECRET, QUERY):
        assert word not in answers
        files = [path for path in [*server.data.rglob("*"), server.log] if path.is_file()]
        assert files and not [path for path in files if word.encode() in path.read_bytes()]


def test_queries_stay_where_the_owner_keeps_them(make_server):
    server = make_server(MODLAKE_PRODUCT_KEEP_QUERY="true")
    assert send(server, "/api/events/", {"events": [event(url="https://u:p@a.example/x?tab=2")]}).status_code == 201
    server.wait_value("SELECT url FROM product_events", "https://a.example/x?tab=2")


# Web pages --------------------------------------------------------------------------------------------------------------------

ALLOW = "Access-Control-Allow-Origin"


@pytest.mark.parametrize("path", ["/api/events/", "/api/telemetry/errors/", "/v1/logs", "/api/databases/x/records/"])
def test_preflights_are_answered_for_pages_of_keys_alone(server, browser_key, path):
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    answer = requests.options(server.url + path, headers=ask | {"Origin": PAGE})
    assert answer.status_code == 204 and answer.headers[ALLOW] == PAGE and "Origin" in answer.headers["Vary"]
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"]
    for origin in ["https://evil.example", "null", f"{PAGE}.evil.example", "http://app.example.com"]:
        refused = requests.options(server.url + path, headers=ask | {"Origin": origin})
        assert refused.status_code == 403 and ALLOW not in refused.headers, origin


def test_a_bound_key_works_from_its_pages_alone(server, browser_key):
    name = new_name()
    body = {"events": [event(name)]}
    taken = send(server, "/api/events/", body, browser_key, Origin=PAGE)
    assert taken.status_code == 201 and taken.headers[ALLOW] == PAGE
    assert "Retry-After" in taken.headers["Access-Control-Expose-Headers"]
    refused = send(server, "/api/events/", {"events": []}, browser_key, Origin=PAGE, Accept="application/json; version=9")
    assert refused.status_code == 406 and refused.headers[ALLOW] == PAGE, "the page may read why"
    for origin in [{"Origin": "https://evil.example"}, {"Origin": "null"}, {}]:
        for path in ["/api/events/", "/v1/logs"]:
            answer = send(server, path, body, browser_key, **origin)
            assert answer.status_code == 403 and ALLOW not in answer.headers, origin
    server.wait_value(count(name), 1)


def test_a_key_without_pages_gets_no_cors_headers(server):
    answer = send(server, "/api/events/", {"events": []}, Origin=PAGE)
    assert answer.status_code == 201 and ALLOW not in answer.headers


# Tables -----------------------------------------------------------------------------------------------------------------------


def test_the_tables_are_in_schema_public(server):
    rows = server.sql("SELECT table_schema AS s, table_name AS t FROM information_schema.tables WHERE table_name LIKE 'product_%'")
    assert {(row["s"], row["t"]) for row in rows} >= {("public", "product_events"), ("public", "product_errors")}
    name = new_name()
    assert send(server, "/api/events/", {"events": [event(name, data={"saved_seconds": 12.5})]}).status_code == 201
    server.wait_value(count(name), 1)
    assert json.loads(server.value(f"SELECT data FROM public.product_events WHERE event_name = '{name}'")) == {"saved_seconds": 12.5}


def test_another_tenant_sees_nothing(server):
    name = new_name()
    assert send(server, "/api/events/", {"events": [event(name)]}).status_code == 201
    server.wait_value(count(name), 1)
    assert server.value(count(name), server.new_key("globex", "read")) == 0


def test_answers_differ_by_origin_for_caches_too(server):
    for path in ["/api/databases/", "/api/events/", "/v1/logs"]:
        assert requests.get(f"{server.url}{path}").headers["Vary"] == "Origin", path
    assert "Vary" not in requests.get(f"{server.url}/healthz").headers


def test_a_page_of_the_internet_may_send_into_an_inner_network(server, browser_key):
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Private-Network": "true"}
    header = "Access-Control-Allow-Private-Network"
    assert requests.options(f"{server.url}/api/events/", headers=asked).headers[header] == "true"
    stranger = requests.options(f"{server.url}/api/events/", headers=asked | {"Origin": "https://evil.example"})
    assert stranger.status_code == 403 and header not in stranger.headers


@pytest.mark.parametrize(
    "method, path, status",
    [("GET", "/api/events/", 405), ("PATCH", "/api/deployments/", 405), ("POST", "/api/events/x/", 404), ("GET", "/api/databases/a/b/c/", 404)],
)
def test_every_refusal_of_these_routes_has_a_detail(server, method, path, status):
    answer = requests.request(method, server.url + path, headers={"Authorization": f"Token {server.key}"})
    assert answer.status_code == status and list(answer.json()) == ["detail"], answer.text


def test_queries_go_where_no_address_stands_around_them(server):
    name = new_name()
    attributes = {"url.query": f"x={QUERY}", "url.fragment": QUERY, "words": 3}
    failed = error(message=f"GET /orders?mail={QUERY} failed ({name})", error_data={"stack": f"at f (/app/m.js?v={QUERY}:10:5)"})
    assert send(server, "/v1/logs", {"name": name, "attributes": attributes}).status_code == 200
    assert send(server, "/api/telemetry/errors/", [failed]).status_code == 201
    (row,) = server.wait_rows(f"SELECT data FROM product_events WHERE event_name = '{name}'", 1)
    assert json.loads(row["data"]) == {"url.query": "", "url.fragment": "", "words": 3}
    (row,) = server.wait_rows(f"SELECT message, stack FROM product_errors WHERE message LIKE '%({name})'", 1)
    assert row == {"message": f"GET /orders failed ({name})", "stack": "at f (/app/m.js:10:5)"}


@pytest.mark.parametrize(
    "written, meant",
    [
        ("2026-11-21T12:00:00.5+0200", "2026-11-21T10:00:00.500000Z"),
        ("2026-11-21 10:00:00", "2026-11-21T10:00:00.000000Z"),
        ("2026-11-21", "2026-11-21T00:00:00.000000Z"),
    ],
)
def test_iso_8601_as_other_programs_write_it(server, written, meant):
    name = new_name()
    assert send(server, "/api/events/", {"events": [event(name, timestamp=written)]}).status_code == 201
    assert server.wait_rows(f"SELECT event_time = TIMESTAMP '{meant}' AS same FROM product_events WHERE event_name = '{name}'", 1)[0]["same"]
