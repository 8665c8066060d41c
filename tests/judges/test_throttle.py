"""Who sends too much is told when to come again: who heeds it loses nothing, nobody else notices."""

import time

import grpc
import pytest
import requests
import sessions
from captured import JSON, PROTOBUF
from google.rpc import error_details_pb2, status_pb2
from modlaked import wait_for
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub

LOGS = "/v1/otel/claude/logs"
BOUND = {"MODLAKE_THROTTLE_REQUESTS_PER_MINUTE": "120", "MODLAKE_THROTTLE_BURST": "4"}


def send(server, body: bytes, key: str, kind=PROTOBUF) -> requests.Response:
    return server.post(LOGS, body, kind, key=key)


def one(session="s") -> bytes:
    return sessions.request(session, 1).SerializeToString()


def flood(server, key: str, most=200) -> requests.Response:
    """Sends until it is too much; the refusal."""
    for _ in range(most):
        answer = send(server, one(), key)
        if answer.status_code != 200:
            return answer
    raise AssertionError(f"{most} requests were taken")


def test_who_heeds_the_answer_delivers_everything_once(make_server):
    server = make_server(**BOUND)
    key, total, refused = server.new_key("patient", "ingest,read"), 12, 0
    for number in range(total):
        body = sessions.request("patient", 1, first=number).SerializeToString()
        answer = send(server, body, key)
        while answer.status_code == 429:
            refused += 1
            time.sleep(int(answer.headers["Retry-After"]))
            answer = send(server, body, key)
        assert answer.status_code == 200, answer.text
        assert not answer.headers.get("Retry-After")
    assert refused > 0, "the bound was felt"
    server.wait_value("SELECT count(*) FROM coding_agent_events", total, key=key)
    assert server.value("SELECT count(DISTINCT event_id) FROM coding_agent_events", key) == total


def test_who_does_not_is_refused_before_the_body_and_alone(make_server):
    server = make_server(**BOUND)
    hasty, calm = server.new_key("hasty", "ingest,read"), server.new_key("hasty", "ingest,read")
    answer = flood(server, hasty)
    assert answer.status_code == 429 and answer.headers["Content-Type"] == PROTOBUF
    status = status_pb2.Status.FromString(answer.content)
    assert status.code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
    assert status.message == "Request was throttled. Expected available in 1 second."
    again = error_details_pb2.RetryInfo()
    assert status.details[0].Unpack(again) and again.retry_delay.seconds == 1
    told = {name: int(answer.headers[f"RateLimit-{name}"]) for name in ("Limit", "Remaining", "Reset")}
    assert told == {"Limit": 4, "Remaining": 0, "Reset": 2} and answer.headers["Retry-After"] == "1"
    assert send(server, one(), calm).status_code == 200, "another key of the tenant has its own bucket"
    answer = send(server, b"{}", hasty, JSON)
    assert answer.json()["message"].startswith("Request was throttled."), "told in the request's encoding"
    for _ in range(20):
        assert send(server, one(), hasty).status_code in (200, 429)
    rows = "SELECT count(*) FROM events_raw WHERE http_status = 429"
    server.wait_value(rows, 1, key=hasty)
    assert server.metric("modlake_throttled_requests_total", transport="http", bound="key") >= 10
    assert server.value("SELECT count(*) AS n FROM events_raw", hasty) >= 1, "queries have limits of their own"


def test_over_grpc_it_is_resource_exhausted_with_retry_info(make_server):
    server = make_server(**BOUND)
    key = server.new_key("acme", "ingest,read")
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        stub, refused = LogsServiceStub(channel), None
        for _ in range(40):
            try:
                stub.Export(sessions.request("s", 1), metadata=[("authorization", f"Bearer {key}")])
            except grpc.RpcError as error:
                refused = error
                break
    assert refused is not None and refused.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    details = dict(refused.trailing_metadata())["grpc-status-details-bin"]
    again = error_details_pb2.RetryInfo()
    assert status_pb2.Status.FromString(details).details[0].Unpack(again) and again.retry_delay.seconds == 1
    assert server.metric("modlake_throttled_requests_total", transport="grpc") == 1


def test_a_key_may_have_a_rate_of_its_own(make_server):
    server = make_server()
    key = server.new_key("acme", "ingest")
    key_id = server.get("/api/v1/me", key).json()["key_id"]
    for _ in range(50):
        assert send(server, one(), key).status_code == 200, "nothing bounds it"
    server.says("throttle", "set", "--key", key_id, "--per-minute", "60", "--burst", "2")
    assert key_id in server.says("throttle", "list")
    wait_for("the rate is heeded", lambda: send(server, one(), key).status_code == 429, 20, 0.1)
    server.says("throttle", "set", "--key", key_id, "--per-minute", "unset")
    wait_for("and forgotten", lambda: all(send(server, one(), key).status_code == 200 for _ in range(5)), 20, 0.1)
    assert "no key `nobody`" in server.says("throttle", "set", "--key", "nobody", "--per-minute", "1", fails=True)


@pytest.mark.parametrize("text", ["many", "-1", "1.5"])
def test_a_wrong_rate_is_told(make_server, text):
    server = make_server()
    key_id = server.get("/api/v1/me").json()["key_id"]
    assert "whole number" in server.says("throttle", "set", "--key", key_id, f"--per-minute={text}", fails=True)


def test_a_rate_for_a_database_that_is_not_there_is_refused(make_server):
    server = make_server()
    arguments = ("throttle", "set", "--database", "0f4e", "--per-minute")
    assert "no database `0f4e`" in server.says(*arguments, "120", fails=True)
    assert "0f4e" not in server.says("throttle", "list")
    server.says(*arguments, "unset")


def test_a_database_has_a_rate_of_its_own(make_server):
    server = make_server(MODLAKE_THROTTLE_REQUESTS_PER_MINUTE="6000")
    made = server.post("/api/databases/", {"name": "clicks"})
    assert made.status_code == 201, made.text
    assert (made.headers["RateLimit-Limit"], made.headers["RateLimit-Remaining"]) == ("1000", "999"), "told when all is well"
    database = made.json()["id"]

    def put(first: int, count: int) -> requests.Response:
        items = [{"id": f"k{number}", "data": {"n": number}} for number in range(first, first + count)]
        headers = {"Authorization": f"Bearer {server.key}"}
        return requests.put(f"{server.url}/api/databases/{database}/records/", json=items, headers=headers, timeout=60)

    server.says("throttle", "set", "--database", database, "--per-minute", "120")
    wait_for("the rate is listed", lambda: database in server.says("throttle", "list"))
    time.sleep(2.5)  # until a server looks for rates again
    assert put(0, 120).ok
    refused = put(120, 10)
    assert refused.status_code == 429
    seconds = int(refused.headers["Retry-After"])
    assert refused.json() == {"detail": f"Request was throttled. Expected available in {seconds} seconds."}
    assert refused.headers["RateLimit-Limit"] == "120"
    time.sleep(seconds)
    assert put(120, 10).ok, "who waits is taken"
    assert server.value("SELECT count(*) FROM records") == 130
    assert server.metric("modlake_throttled_requests_total", bound="database") == 1


def test_a_browser_key_is_told_how_it_stands_and_when_to_come_again(make_server):
    server = make_server(MODLAKE_THROTTLE_BROWSER_REQUESTS_PER_MINUTE="60", MODLAKE_THROTTLE_BURST="2")
    origin = "https://app.example.com"
    made = server.says("keys", "create", "--tenant", "acme", "--scope", "ingest", "--origin", origin)
    key = next(word for word in made.split() if word.startswith("ml_"))
    wait_for("the key is known", lambda: server.get("/api/v1/me", key).status_code != 401)

    def record(number: int) -> requests.Response:
        event = {"uid": "u1", "event": "clicked", "timestamp": 1795000000000 + number, "data": {"n": number}}
        return server.post("/api/events/", {"events": [event]}, key=key, Origin=origin)

    answers = [record(number) for number in range(4)]
    taken = [answer for answer in answers if answer.status_code == 201]
    assert [answer.headers["RateLimit-Remaining"] for answer in taken[:2]] == ["1", "0"]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json() == {"detail": "Request was throttled. Expected available in 1 second."}
    assert refused.headers["Retry-After"] == "1"
    assert refused.headers["Access-Control-Allow-Origin"] == origin, "the page may read when to come again"
    assert "Retry-After" in refused.headers["Access-Control-Expose-Headers"]
