"""OTLP over HTTP as the specification (1.11) wants it, good requests and bad ones, against a real server.

Every refusal must name the fault in a `google.rpc.Status` in the request's encoding, every refusal of an authenticated
request must leave a row in `events_raw`, and the server must live on.
"""

import base64
import gzip
import json
import re
import threading
import uuid
import zlib
from pathlib import Path

import pytest
import sessions
import zstandard
from captured import JSON, PROTOBUF
from google.rpc.status_pb2 import Status
from modlaked import wait_for
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from wire import Wire, chunked

LOGS = "/v1/otel/claude/logs"
RESPONSE_OF = {
    "logs": ExportLogsServiceResponse,
    "traces": ExportTraceServiceResponse,
    "metrics": ExportMetricsServiceResponse,
}
EMPTY_JSON = {"logs": {"resourceLogs": []}, "traces": {"resourceSpans": []}, "metrics": {"resourceMetrics": []}}
EMPTY_JSON_KEY = {signal: next(iter(body)) for signal, body in EMPTY_JSON.items()}
LIMIT = 64 << 20
EXAMPLES = Path(__file__).parent / "otlp_examples"


def session_request(records=3):
    session = str(uuid.uuid4())
    return session, sessions.request(session, records)


def json_request(session: str, *, attributes=(), record=None) -> dict:
    """The smallest useful OTLP/JSON request, with more attributes or other fields of its record."""
    kept = [("session.id", {"stringValue": session}), ("event.name", {"stringValue": "api_request"}), *attributes]
    record = {
        "timeUnixNano": "1795226214226000000",
        "body": {"stringValue": "claude_code.api_request"},
        "attributes": [{"key": key, "value": value} for key, value in kept],
    } | (record or {})
    return {"resourceLogs": [{"resource": {"attributes": []}, "scopeLogs": [{"scope": {}, "logRecords": [record]}]}]}


def is_stored(server, session, records):
    server.wait_value(f"SELECT count(*) FROM coding_agent_events WHERE session_id = '{session}'", records)


def event(server, session) -> dict:
    is_stored(server, session, 1)
    (row,) = server.sql(f"SELECT * FROM coding_agent_events WHERE session_id = '{session}'")
    return row


def check_success(answer, signal="logs", content_type=PROTOBUF):
    """200, the request's content type, the signal's response message with `partial_success` unset."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == content_type
    if content_type == PROTOBUF:
        response = RESPONSE_OF[signal].FromString(answer.content)
        assert not response.HasField("partial_success"), response
    else:
        assert answer.json().get("partialSuccess") is None, answer.text


def check_message(body: bytes, content_type: str, words: tuple):
    """A `Status` in the request's encoding whose message holds one of the words."""
    if content_type == PROTOBUF:
        message = Status.FromString(body).message
    else:
        message = json.loads(body)["message"]
    assert any(word.lower() in message.lower() for word in words), f"`{message}` names none of {words}"


def settle(server):
    """Waits until everything sent before is visible: rows come in the order of the answers."""
    session = str(uuid.uuid4())
    check_success(server.post(LOGS, json_request(session)), content_type=JSON)
    is_stored(server, session, 1)


@pytest.fixture
def refused(server):
    """Checks a refusal: status, message, content type, its row in `events_raw`, and that the server lives."""
    settle(server)
    latest = "SELECT count(*) FROM events_raw WHERE http_status = {}"
    before = {status: server.value(latest.format(status)) for status in (400, 403, 408, 413, 415)}

    def check(status_code, headers, body, expected, *words, content_type=PROTOBUF, kept=True):
        assert status_code == expected, body
        answered = {name.lower(): value for name, value in headers.items()}["content-type"]
        assert answered.split(";")[0] == content_type
        check_message(body, content_type, words)
        if kept:
            server.wait_value(latest.format(expected), before[expected] + 1)
            (row,) = server.sql(
                "SELECT http_status, error, source, provider, signal FROM events_raw "
                f"WHERE http_status = {expected} ORDER BY timestamp DESC LIMIT 1"
            )
            assert row["error"], row
            assert row["source"] == "otlp"
            assert (row["provider"], row["signal"]) == ("claude_code", "logs")
        assert server.is_alive()
        check_success(server.post(LOGS, sessions.request().SerializeToString(), PROTOBUF))

    def of_response(answer, expected, *words, **options):
        check(answer.status_code, answer.headers, answer.content, expected, *words, **options)

    def of_wire(answer, expected, *words, **options):
        assert answer is not None, "the server closed without an answer"
        check(answer.status, answer.headers, answer.body, expected, *words, **options)

    of_response.wire = of_wire
    return of_response


# what is accepted


@pytest.mark.parametrize(
    "prefix", ["/v1/otel/claude/", "/v1/otel/claude/v1/", "/v1/", "/v1/otel/codex/", "/v1/otel/cursor/"]
)
@pytest.mark.parametrize("signal", ["logs", "traces", "metrics"])
def test_empty_requests_succeed_in_both_encodings(server, prefix, signal):
    check_success(server.post(prefix + signal, b"", PROTOBUF), signal)
    check_success(server.post(prefix + signal, EMPTY_JSON[signal]), signal, JSON)
    check_success(server.post(prefix + signal, b"{}"), signal, JSON)


AGENTS = {"claude": "claude_code", "codex": "codex", "cursor": "cursor"}
HOOK_LIKE = {"hooks": "coding_agent_hook", "history": "coding_agent_history"}


@pytest.mark.parametrize("alias", ["", "v1/"])
@pytest.mark.parametrize("signal", [*EMPTY_JSON, *HOOK_LIKE])
@pytest.mark.parametrize("agent", AGENTS)
def test_every_route_of_every_agent(server, agent, signal, alias):
    """Twelve routes, their aliases of a base endpoint, and those of imported history: what each stores tells where it came from."""
    marker, count = f"s{uuid.uuid4().hex}", "SELECT count(*) FROM events_raw WHERE raw_event LIKE '%{}%' AND {}"
    body = {"record": "session_start", "hook_event_name": "Stop", "session_id": marker}
    if signal in EMPTY_JSON:
        body = {
            EMPTY_JSON_KEY[signal]: [
                {"resource": {"attributes": [{"key": "host.name", "value": {"stringValue": marker}}]}}
            ]
        }
    answer = server.post(f"/v1/otel/{agent}/{alias}{signal}", body)
    assert (answer.status_code, answer.json()) == (200, {"accepted": 1} if signal in HOOK_LIKE else {})
    expected = {
        "provider": AGENTS[agent],
        "signal": signal,
        "source": HOOK_LIKE.get(signal, "otlp"),
        "http_status": 200,
    }
    condition = " AND ".join(f"CAST({column} AS VARCHAR) = '{value}'" for column, value in expected.items())
    server.wait_value(count.format(marker, condition), 1)


def test_protobuf(server):
    session, message = session_request()
    check_success(server.post(LOGS, message.SerializeToString(), PROTOBUF))
    is_stored(server, session, 3)


def test_json(server):
    session = str(uuid.uuid4())
    check_success(server.post(LOGS, json_request(session)), content_type=JSON)
    is_stored(server, session, 1)


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON"]
)
def test_json_with_parameters(server, content_type):
    session = str(uuid.uuid4())
    answer = server.post(LOGS, json_request(session), content_type)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].lower().startswith(JSON)
    is_stored(server, session, 1)


ENCODERS = {
    "identity": lambda body: body,
    "gzip": gzip.compress,
    "GZIP": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.compress,
}


@pytest.mark.parametrize("encoding", ENCODERS)
def test_content_encodings(server, encoding):
    session, message = session_request()
    body = ENCODERS[encoding](message.SerializeToString())
    check_success(server.post(LOGS, body, PROTOBUF, Content_Encoding=encoding))
    is_stored(server, session, 3)


def test_gzip_of_several_members(server):
    session, message = session_request()
    body = message.SerializeToString()
    check_success(
        server.post(LOGS, gzip.compress(body[:100]) + gzip.compress(body[100:]), PROTOBUF, Content_Encoding="gzip")
    )
    is_stored(server, session, 3)


@pytest.mark.parametrize("size", [1, 7, 65536])
def test_chunked_bodies(server, size):
    session, message = session_request()
    with Wire(server) as wire:
        wire.send(wire.head(LOGS, Transfer_Encoding="chunked") + chunked(message.SerializeToString(), size))
        answer = wire.answer()
    assert answer.status == 200
    is_stored(server, session, 3)


def test_unknown_json_fields_are_ignored(server):
    session = str(uuid.uuid4())
    body = json_request(session, record={"newField": {"deep": [1, {"er": None}]}, "another": "x"})
    body["resourceLogs"][0]["novelty"] = [[]]
    body["top"] = 1
    check_success(server.post(LOGS, body), content_type=JSON)
    is_stored(server, session, 1)


def test_unknown_protobuf_fields_are_ignored(server):
    session, message = session_request()
    unknown = b"\xca\x3e\x03abc"  # field 1001, three bytes
    check_success(server.post(LOGS, message.SerializeToString() + unknown, PROTOBUF))
    is_stored(server, session, 3)


def test_original_field_names_are_unknown_fields(server):
    before = server.value("SELECT count(*) FROM coding_agent_events")
    session = str(uuid.uuid4())
    check_success(server.post(LOGS, {"resource_logs": json_request(session)["resourceLogs"]}), content_type=JSON)
    assert server.value(f"SELECT count(*) FROM coding_agent_events WHERE session_id = '{session}'") == 0
    assert server.value("SELECT count(*) FROM coding_agent_events") == before


def test_ids_are_hex_of_any_case(server):
    for trace, span in [
        ("5B8EFFF798038103D269B633813FC60C", "EEE19B7EC3C1B174"),
        ("5b8efff798038103D269B633813fc60c", "eee19b7ec3C1b174"),
    ]:
        session = str(uuid.uuid4())
        check_success(
            server.post(LOGS, json_request(session, record={"traceId": trace, "spanId": span})), content_type=JSON
        )
        row = event(server, session)
        assert (row["trace_id"], row["span_id"]) == (trace.lower(), span.lower())


@pytest.mark.parametrize("number", ['"9007199254740993"', "9007199254740993"])
def test_integers_come_as_text_or_number(server, number):
    session = str(uuid.uuid4())
    body = json.dumps(json_request(session, attributes=[("input_tokens", {"intValue": "@"})])).replace('"@"', number)
    check_success(server.post(LOGS, body.encode()), content_type=JSON)
    assert event(server, session)["input_tokens"] in (9007199254740993, "9007199254740993")


@pytest.mark.parametrize("time", ['"1795226214226000000"', "1795226214226000000"])
def test_times_come_as_text_or_number(server, time):
    session = str(uuid.uuid4())
    body = json.dumps(json_request(session, record={"timeUnixNano": "@"})).replace('"@"', time)
    check_success(server.post(LOGS, body.encode()), content_type=JSON)
    assert event(server, session)["event_time"].startswith("2026-11-21T01:56:54.226")


def test_json_of_every_agent_dialect(server):
    """Empty ids, `body: null`, empty values, an enum as an integer: what agents send (JS and Rust exporters, Gemini)."""
    session = str(uuid.uuid4())
    record = {"traceId": "", "spanId": "", "body": None, "severityNumber": 9, "flags": 0}
    check_success(
        server.post(LOGS, json_request(session, attributes=[("unset", {}), ("none", None)], record=record)),
        content_type=JSON,
    )
    is_stored(server, session, 1)


@pytest.mark.parametrize("name", ["logs", "events", "metrics", "trace"])
def test_examples_of_the_specification(server, name):
    signal = {"events": "logs", "trace": "traces"}.get(name, name)
    settle(server)
    arrivals = "SELECT count(*) FROM events_raw WHERE http_status = 200 AND provider = 'other'"
    before = server.value(arrivals)
    check_success(server.post(f"/v1/{signal}", (EXAMPLES / f"{name}.json").read_bytes()), signal, JSON)
    server.wait_value(arrivals, before + 1)
    raw = server.value("SELECT raw_event FROM events_raw WHERE provider = 'other' ORDER BY timestamp DESC LIMIT 1")
    if name == "metrics":
        for kind in ("sum", "gauge", "histogram", "exponentialHistogram"):
            assert f'"{kind}"' in raw, f"{kind} was dropped"
    if name in ("logs", "trace"):
        assert "5b8efff798038103d269b633813fc60c" in raw.lower()


def test_65_connections_at_once_stay_open(server):
    session = str(uuid.uuid4())
    wires = [Wire(server) for _ in range(65)]
    failures = []

    def send(number, wire):
        for turn in range(3):
            start = sessions.START.replace(hour=turn, minute=number % 60, second=number // 60)
            body = sessions.request(session, 1, start).SerializeToString()
            wire.send(wire.head(LOGS, Content_Length=len(body)) + body)
            answer = wire.answer()
            if answer is None or answer.status != 200:
                failures.append((number, turn, answer))

    threads = [threading.Thread(target=send, args=pair) for pair in enumerate(wires)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for wire in wires:
        wire.socket.close()
    assert failures == []
    is_stored(server, session, 65 * 3)


def test_pipelined_requests_are_answered_in_order(server):
    session, message = session_request(1)
    body = message.SerializeToString()
    with Wire(server) as wire:
        good = wire.head(LOGS, Content_Length=len(body)) + body
        bad = wire.head(LOGS, Content_Length=3) + b"\xff\xff\xff"
        wire.send(good + bad + good)
        assert [wire.answer().status for _ in range(3)] == [200, 400, 200]
    is_stored(server, session, 1)


def test_expect_100_continue(server):
    session, message = session_request()
    body = message.SerializeToString()
    with Wire(server) as wire:
        wire.send(wire.head(LOGS, Content_Length=len(body), Expect="100-continue"))
        wire.send(body)
        assert wire.answer().status == 200
    is_stored(server, session, 3)


# what cannot be decoded


@pytest.mark.parametrize(
    "body", [b"\xff\xff\xff\xff", b"\x0a\x05ab", b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"hello"]
)
def test_malformed_protobuf(server, refused, body):
    refused(server.post(LOGS, body, PROTOBUF), 400, "protobuf")


def test_protobuf_cut_short(server, refused):
    _, message = session_request()
    refused(server.post(LOGS, message.SerializeToString()[:-10], PROTOBUF), 400, "protobuf")


def test_invalid_utf8_in_protobuf(server, refused):
    body = sessions.request(session="QQQQ").SerializeToString().replace(b"QQQQ", b"\xff\xfe\xfd\xfc")
    refused(server.post(LOGS, body, PROTOBUF), 400, "utf-8", "utf8")


def test_deeply_nested_protobuf(server, refused):
    message = ExportLogsServiceRequest()
    value = message.resource_logs.add().scope_logs.add().log_records.add().body
    inner = value.SerializeToString()
    for _ in range(20_000):
        inner = b"\x2a" + varint(len(inner) + 1 + len(varint(len(inner)))) + b"\x0a" + varint(len(inner)) + inner
    for tag in (b"\x2a", b"\x12", b"\x12", b"\x0a"):  # body, log record, scope logs, resource logs
        inner = tag + varint(len(inner)) + inner
    refused(server.post(LOGS, inner, PROTOBUF), 400, "deep", "nest", "recursion", "depth")


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


@pytest.mark.parametrize(
    "body", [b"{", b"", b"[]", b'"text"', b"nonsense", b'{"resourceLogs": 5}', b'{"resourceLogs": [5]}', b"{} {}"]
)
def test_malformed_json(server, refused, body):
    refused(server.post(LOGS, body), 400, "json", "expected", "object", "array", content_type=JSON)


def test_wrong_types_in_json(server, refused):
    body = json_request("s", record={"timeUnixNano": "noon"})
    refused(server.post(LOGS, body), 400, "timeUnixNano", "number", "integer", content_type=JSON)


@pytest.mark.parametrize("trace_id", ["xyz", "5b8efff798038103d269b633813fc60", "W47/95gDgQPSabYzgT/GDA=="])
def test_ids_that_are_not_hex(server, refused, trace_id):
    refused(
        server.post(LOGS, json_request("s", record={"traceId": trace_id})), 400, "hex", "traceId", content_type=JSON
    )


def test_names_of_enums(server, refused):
    """Senders must write integers; a receiver may take the protocol's own names, but must not guess at others."""
    session = str(uuid.uuid4())
    for number in ("SEVERITY_NUMBER_WARN", 13):
        check_success(server.post(LOGS, json_request(session, record={"severityNumber": number})), content_type=JSON)
    raw = server.wait_rows(f"SELECT raw_event FROM events_raw WHERE raw_event LIKE '%{session}%'", 2)
    numbers = [re.findall(r'"severityNumber": *"?([^",}]*)', row["raw_event"]) for row in raw]
    assert numbers == [["13"], ["13"]]
    body = json_request("s", record={"severityNumber": "SEVERITY_NUMBER_NONSENSE"})
    refused(server.post(LOGS, body), 400, "severityNumber", "number", "integer", content_type=JSON)


def test_deep_json(server, refused):
    deep = b'{"resourceLogs":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    refused(server.post(LOGS, deep), 400, "deep", "nest", "recursion", "depth", "expected", content_type=JSON)


def test_deep_json_in_an_unknown_field(server, refused):
    deep = b'{"unknown":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}"
    refused(server.post(LOGS, deep), 400, "deep", "nest", "recursion", "depth", content_type=JSON)


def test_deep_attribute_values(server, refused):
    value = '{"arrayValue":{"values":[' * 5_000 + '{"stringValue":"x"}' + "]}}" * 5_000
    body = json.dumps(json_request("s", record={"body": "@"})).replace('"@"', value)
    refused(server.post(LOGS, body.encode()), 400, "deep", "nest", "recursion", "depth", content_type=JSON)


def test_truncated_gzip(server, refused):
    body = gzip.compress(sessions.request().SerializeToString())[:-20]
    refused(server.post(LOGS, body, PROTOBUF, Content_Encoding="gzip"), 400, "gzip")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_not_in_the_encoding_it_says(server, refused, encoding):
    body = sessions.request().SerializeToString()
    refused(server.post(LOGS, body, PROTOBUF, Content_Encoding=encoding), 400, encoding)


@pytest.mark.parametrize("encoding", ["br", "compress", "gzip, br", "nonsense"])
def test_unknown_content_encoding(server, refused, encoding):
    body = sessions.request().SerializeToString()
    refused(server.post(LOGS, body, PROTOBUF, Content_Encoding=encoding), 415, "encoding")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "nonsense", ""]
)
def test_wrong_content_type(server, content_type):
    answer = server.post(LOGS, sessions.request().SerializeToString(), content_type)
    assert answer.status_code == 415, answer.text
    assert b"content" in answer.content.lower(), "the answer names the fault"
    server.wait_value("SELECT count(*) > 0 FROM events_raw WHERE http_status = 415", True)
    assert server.is_alive()


# too large


@pytest.mark.parametrize("megabytes", [8, 40])
def test_large_bodies_below_the_limit(server, megabytes):
    session = str(uuid.uuid4())
    message = sessions.request(session, 1, padding="x" * (megabytes << 20))
    check_success(server.post(LOGS, message.SerializeToString(), PROTOBUF))
    is_stored(server, session, 1)


def test_announced_above_the_limit(server, refused):
    """The answer must come at once, although the client has only begun to send."""
    with Wire(server, timeout=5) as wire:
        wire.send(wire.head(LOGS, Content_Length=LIMIT + 1))
        refused.wire(wire.answer(), 413, "67108864", "64 MiB", "limit", "large")


def test_sent_above_the_limit(server, refused):
    """A client that sends everything before it reads must still get the answer."""
    with Wire(server) as wire:
        wire.send(wire.head(LOGS, Content_Length=LIMIT + (1 << 20)))
        piece = bytes(1 << 20)
        try:
            for _ in range(65):
                wire.send(piece)
        except (BrokenPipeError, ConnectionResetError):
            pytest.fail("the server closed while the client was sending; the answer is lost")
        refused.wire(wire.answer(), 413, "67108864", "64 MiB", "limit", "large")


def test_chunked_above_the_limit(server, refused):
    with Wire(server) as wire:
        wire.send(wire.head(LOGS, Transfer_Encoding="chunked"))
        piece = b"100000\r\n" + bytes(1 << 20) + b"\r\n"
        try:
            for _ in range(65):
                wire.send(piece)
            wire.send(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pytest.fail("the server closed while the client was sending; the answer is lost")
        refused.wire(wire.answer(), 413, "67108864", "64 MiB", "limit", "large")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_bombs(server, refused, encoding):
    """400 MB of zeros in well under a megabyte: refused, without ever holding them."""
    if encoding == "zstd":
        compressor = zstandard.ZstdCompressor().compressobj()
    else:
        compressor = zlib.compressobj(9, zlib.DEFLATED, 31 if encoding == "gzip" else 15)
    zeros = bytes(1 << 20)
    bomb = b"".join(compressor.compress(zeros) for _ in range(400)) + compressor.flush()
    before = server.resident_bytes()
    answer = server.post(LOGS, bomb, PROTOBUF, Content_Encoding=encoding)
    refused(answer, 413, "67108864", "64 MiB", "limit", "large")
    assert server.resident_bytes() - before < 200 << 20


# bodies that lie


def test_body_cut_off_half_way(server, refused):
    body = sessions.request().SerializeToString()
    with Wire(server) as wire:
        wire.send(wire.head(LOGS, Content_Length=len(body)) + body[: len(body) // 2])
        wire.no_more()
        answer = wire.answer()
    if answer is not None:  # the client may be gone before an answer can reach it
        refused.wire(answer, 400, "body", "ended", "cut", "incomplete")
    server.wait_value("SELECT count(*) > 0 FROM events_raw WHERE http_status = 400 AND error IS NOT NULL", True)
    assert server.is_alive()


def test_client_that_vanishes(server):
    body = sessions.request().SerializeToString()
    for _ in range(20):
        with Wire(server) as wire:
            wire.send(wire.head(LOGS, Content_Length=len(body)) + body[:50])
    assert server.is_alive()
    check_success(server.post(LOGS, body, PROTOBUF))


def test_body_longer_than_announced(server, refused):
    body = sessions.request().SerializeToString()
    with Wire(server) as wire:
        wire.send(wire.head(LOGS, Content_Length=len(body) - 7) + body)
        refused.wire(wire.answer(), 400, "protobuf")
        rest = wire.answer()
        assert rest is None or rest.status == 400, "the rest is no request"


@pytest.mark.parametrize("length", ["x", "-1", "1e3", "99999999999999999999999"])
def test_content_length_that_is_no_length(server, length):
    with Wire(server) as wire:
        wire.send(wire.head(LOGS, Content_Length=length) + b"abc")
        answer = wire.answer()
        assert answer is None or answer.status in (400, 413)
    assert server.is_alive()


def test_two_lengths_are_not_smuggled(server):
    """`Content-Length` and `Transfer-Encoding` together: at most one request is seen, never a second in its body."""
    session, message = session_request(1)
    hidden = message.SerializeToString()
    with Wire(server) as wire:
        inner = wire.head(LOGS, Content_Length=len(hidden)) + hidden
        wire.send(wire.head(LOGS, Content_Length=len(inner) + 5, Transfer_Encoding="chunked") + b"0\r\n\r\n" + inner)
        first = wire.answer()
        second = wire.answer() if first and first.status == 200 else None
    assert first is None or first.status in (200, 400)
    if first and first.status == 200:
        assert second is None, "the connection must close after such a request"
    assert server.value(f"SELECT count(*) FROM coding_agent_events WHERE session_id = '{session}'") == 0


@pytest.mark.parametrize("chunk", [b"zz\r\nabc\r\n0\r\n\r\n", b"5\r\nabc", b"ffffffffffffffff\r\nabc\r\n0\r\n\r\n"])
def test_broken_chunks(server, chunk):
    with Wire(server) as wire:
        wire.send(wire.head(LOGS, Transfer_Encoding="chunked") + chunk)
        wire.no_more()
        answer = wire.answer()
        assert answer is None or answer.status in (400, 413)
    assert server.is_alive()


# who may send, and where


def test_no_key(server, refused):
    body = sessions.request().SerializeToString()
    refused(server.post(LOGS, body, PROTOBUF, key=None), 401, "key", kept=False)
    answer = server.post(LOGS, json_request("s"), key=None)
    refused(answer, 401, "key", content_type=JSON, kept=False)


def test_no_body_is_read_without_a_key(server):
    """An unknown sender must not make the server take 64 MiB."""
    with Wire(server) as wire:
        wire.send(wire.head(LOGS, key=False, Content_Length=LIMIT - 1))
        assert wire.answer().status == 401


@pytest.mark.parametrize("key", ["wrong", "ml_" + "A" * 43, "x" * 4000, "ml_'; DROP TABLE keys; --"])
def test_wrong_key(server, refused, key):
    answer = server.post(LOGS, sessions.request().SerializeToString(), PROTOBUF, key=key)
    refused(answer, 401, "key", kept=False)
    assert key not in answer.text, "a key is never repeated"


def test_a_wrong_key_is_not_logged(server):
    secret = f"ml_wrong{uuid.uuid4().hex}"
    server.post(LOGS, b"", PROTOBUF, key=secret)
    assert secret not in server.log.read_text(errors="replace")


def test_read_only_key(server, refused):
    key = server.new_key("default", "read")
    answer = server.post(LOGS, sessions.request().SerializeToString(), PROTOBUF, key=key)
    refused(answer, 403, "ingest", "scope")


def test_ingest_key_cannot_read(server):
    key = server.new_key("default", "ingest")
    check_success(server.post(LOGS, sessions.request().SerializeToString(), PROTOBUF, key=key))
    answer = server.ask("SELECT 1", key)
    assert answer.status_code == 403
    assert "read" in answer.text


@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "Token {}"])
def test_forms_of_the_key(server, form):
    body = sessions.request().SerializeToString()
    headers = {"Authorization": form.format(server.key)}
    check_success(server.post(LOGS, body, PROTOBUF, key=None, **headers))


def test_key_in_its_own_header_or_as_a_password(server):
    body = sessions.request().SerializeToString()
    check_success(server.post(LOGS, body, PROTOBUF, key=None, x_api_key=server.key))
    basic = base64.b64encode(f"anybody:{server.key}".encode()).decode()
    check_success(server.post(LOGS, body, PROTOBUF, key=None, Authorization=f"Basic {basic}"))


@pytest.mark.parametrize(
    "path", ["/v1/otel/claude/nothing", "/v1/otel/unknown/logs", "/v1/otel/claude/logs/more", "/v2/logs", "/nothing"]
)
def test_unknown_routes(server, path):
    answer = server.post(path, b"", PROTOBUF)
    assert answer.status_code == 404
    assert server.is_alive()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_other_methods(server, method):
    with Wire(server) as wire:
        wire.send(wire.head(LOGS, method, Content_Length=0))
        answer = wire.answer()
    assert answer.status == 405
    assert "POST" in answer.headers.get("allow", "")


def test_hooks_answer_how_many_were_taken(server):
    hook = {"hook_event_name": "Stop", "session_id": str(uuid.uuid4())}
    for body, count in [
        (json.dumps(hook), 1),
        (json.dumps([hook, hook]), 2),
        (json.dumps(hook) + "\n" + json.dumps(hook) + "\n", 2),
    ]:
        answer = server.post("/v1/otel/claude/hooks", body.encode())
        assert (answer.status_code, answer.json()) == (200, {"accepted": count})
    is_stored(server, hook["session_id"], 5)


@pytest.mark.parametrize("body", [b"", b"{", b"5", b"[5]", b'{"a":1} x'])
def test_malformed_hooks(server, body):
    answer = server.post("/v1/otel/claude/hooks", body)
    assert answer.status_code == 400
    assert answer.content, "the answer names the fault"
    server.wait_value(
        "SELECT count(*) > 0 FROM events_raw WHERE http_status = 400 AND source = 'coding_agent_hook'", True
    )
    assert server.is_alive()


# what is stored


def test_visible_within_a_second(server):
    session, message = session_request()
    check_success(server.post(LOGS, message.SerializeToString(), PROTOBUF))
    count = f"SELECT count(*) FROM coding_agent_events WHERE session_id = '{session}'"
    wait_for("the event is visible", lambda: server.value(count) == 3, seconds=1.0)


def test_a_retry_counts_once(server):
    session, message = session_request()
    for _ in range(3):
        check_success(server.post(LOGS, message.SerializeToString(), PROTOBUF))
    marker, last = session_request(1)
    check_success(server.post(LOGS, last.SerializeToString(), PROTOBUF))
    is_stored(server, marker, 1)
    assert server.value(f"SELECT count(*) FROM coding_agent_events WHERE session_id = '{session}'") == 3


def test_two_equal_records_in_one_request_count_twice(server):
    session, message = session_request(1)
    records = message.resource_logs[0].scope_logs[0].log_records
    records.add().CopyFrom(records[0])
    for _ in range(2):
        check_success(server.post(LOGS, message.SerializeToString(), PROTOBUF))
    marker, last = session_request(1)
    check_success(server.post(LOGS, last.SerializeToString(), PROTOBUF))
    is_stored(server, marker, 1)
    assert server.value(f"SELECT count(*) FROM coding_agent_events WHERE session_id = '{session}'") == 2


def test_equal_hooks_are_never_merged(server):
    hook = {"hook_event_name": "Notification", "session_id": str(uuid.uuid4()), "message": "x"}
    for _ in range(2):
        assert server.post("/v1/otel/claude/hooks", hook).status_code == 200
    is_stored(server, hook["session_id"], 2)


def test_the_tenant_comes_from_the_key_alone(server):
    session = str(uuid.uuid4())
    message = sessions.request(session, 1, tenant="acme", tenant_id="acme")
    sessions.add(message.resource_logs[0].resource.attributes, "tenant_id", "acme")
    check_success(server.post(LOGS, message.SerializeToString(), PROTOBUF))
    assert event(server, session)["tenant"] == "default"
