"""OTLP over gRPC as its specification (1.11) wants it: Google's grpcio and OpenTelemetry's exporter as clients.

Codes, details and metadata are read as any client reads them; every refusal of a known key leaves a row as over HTTP.
"""

import base64
import contextlib
import gzip
import socket
import time
import uuid
import zlib
from concurrent.futures import ThreadPoolExecutor

import grpc
import hpack
import pytest
import sessions
import zstandard
from canaries import Canaries
from captured import PROTOBUF, calls_of, requests_of
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from modlaked import wait_for
from opentelemetry._logs import LogRecord
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from test_canaries import files_with_canaries, traces_of

SERVICE = {"logs": "logs.v1.LogsService", "traces": "trace.v1.TraceService", "metrics": "metrics.v1.MetricsService"}
JAVASCRIPT = "OTel-OTLP-Exporter-JavaScript/0.208.0 grpc-node-js/1.14.4"
RUST = "OTel-OTLP-Exporter-Rust/0.31.0 tonic/0.14.1"
COUNT = 300


def method_of(signal: str) -> str:
    return f"/opentelemetry.proto.collector.{SERVICE[signal]}/Export"


def channel_to(server, **options):
    """A channel of its own: clients that share one would share a connection."""
    options |= {"grpc.use_local_subchannel_pool": 1, "grpc.max_send_message_length": -1}
    return grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}", options=[*options.items()])


def export(server, body: bytes, signal="logs", method=None, key=True, compression=None, metadata=(), channel=None):
    """Sends bytes as a message; the answer's bytes, or `grpc.RpcError`."""
    known = [("authorization", f"Bearer {server.key}")] if key is True else []
    with contextlib.nullcontext(channel) if channel else channel_to(server) as channel:
        call = channel.unary_unary(method or method_of(signal))
        return call(body, metadata=[*known, *metadata], compression=compression, timeout=60)


def refusal_of(server, *arguments, **options) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as refused:
        export(server, *arguments, **options)
    assert server.is_alive()
    return refused.value


def retry_info(error) -> RetryInfo | None:
    """What the details say of sending again."""
    details = dict(error.trailing_metadata()).get("grpc-status-details-bin")
    if details is None:
        return None
    status = Status.FromString(details)
    assert (status.code, status.message) == (error.code().value[0], error.details())
    found = RetryInfo()
    return found if any(any_.Unpack(found) for any_ in status.details) else None


def is_stored(server, session, records):
    server.wait_value(f"SELECT count(*) FROM coding_agent_events WHERE session_id = '{session}'", records)


def session_request(records=3):
    session = str(uuid.uuid4())
    return session, sessions.request(session, records).SerializeToString()


# what is accepted


@pytest.mark.parametrize("compression", [None, grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_compressions_of_grpcio(server, compression):
    session, body = session_request()
    assert ExportLogsServiceResponse.FromString(export(server, body, compression=compression)) == (
        ExportLogsServiceResponse()
    )
    is_stored(server, session, 3)


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [("identity", None), ("gzip", gzip.compress), ("deflate", zlib.compress), ("zstd", zstandard.compress)],
)
def test_encodings_by_hand(server, encoding, encode):
    """grpcio does not speak zstd, so the frames are written here."""
    session, body = session_request()
    status, _ = call_by_hand(server, encode(body) if encode else body, encoding, flag=1 if encode else 0)
    assert status == 0
    is_stored(server, session, 3)


@pytest.mark.parametrize("signal", SERVICE)
def test_an_empty_request_succeeds(server, signal):
    assert export(server, b"", signal) == b""


def test_forms_of_the_key(server):
    basic = base64.b64encode(f"anybody:{server.key}".encode()).decode()
    for metadata in [
        ("authorization", f"Bearer {server.key}"),
        ("authorization", f"Token {server.key}"),
        ("authorization", f"Basic {basic}"),
        ("x-api-key", server.key),
    ]:
        session, body = session_request(1)
        export(server, body, key=None, metadata=[metadata])
        is_stored(server, session, 1)


@pytest.mark.parametrize(
    ("service", "provider"),
    [("claude-code", "claude_code"), ("codex_exec", "codex"), ("cursor", "cursor"), ("my-tool", "other")],
)
def test_the_provider_is_found_from_the_resource(server, service, provider):
    session = str(uuid.uuid4())
    message = sessions.request(session, 1)
    group = message.resource_logs[0]
    group.resource.attributes[0].value.string_value = service
    group.scope_logs[0].scope.name = "some.scope"
    export(server, message.SerializeToString())
    is_stored(server, session, 1)
    assert server.value(f"SELECT provider FROM coding_agent_events WHERE session_id = '{session}'") == provider


def test_captured_calls_of_claude_code(server):
    calls = calls_of("claude_code")
    assert {call.signal for call in calls} == set(SERVICE)
    before = server.value("SELECT count(*) FROM events_raw WHERE http_status = 200")
    for call in calls:
        export(server, call.body, method=call.method)
    server.wait_value("SELECT count(*) FROM events_raw WHERE http_status = 200", before + len(calls))


def test_many_calls_on_one_connection(server):
    session = str(uuid.uuid4())
    bodies = [sessions.request(session, 1, first=number).SerializeToString() for number in range(200)]
    with channel_to(server) as channel, ThreadPoolExecutor(50) as threads:
        list(threads.map(lambda body: export(server, body, channel=channel), bodies))
    is_stored(server, session, 200)


def test_several_megabytes(server):
    session, body = session_request(12_000)
    assert len(body) > 3_000_000
    export(server, body)
    is_stored(server, session, 12_000)


# OpenTelemetry's exporter


def options(server, compression):
    return {
        "endpoint": server.grpc_url,
        "headers": {"authorization": f"Bearer {server.key}"},
        "compression": compression,
        "insecure": True,
    }


COMPRESSIONS = pytest.mark.parametrize(
    "compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip], ids=["none", "gzip"]
)


@COMPRESSIONS
def test_python_traces(server, compression):
    session = str(uuid.uuid4())
    provider = TracerProvider(resource=Resource.create({"service.name": "claude-code"}))
    exporter = OTLPSpanExporter(**options(server, compression))
    provider.add_span_processor(BatchSpanProcessor(exporter, max_export_batch_size=64))
    tracer = provider.get_tracer("com.anthropic.claude_code.tracing")
    for _ in range(COUNT):
        with tracer.start_as_current_span("claude_code.tool", attributes={"session.id": session, "tool_name": "Bash"}):
            pass
    provider.shutdown()
    is_stored(server, session, COUNT)
    of_session = f"FROM coding_agent_events WHERE session_id = '{session}'"
    assert server.value(f"SELECT count(DISTINCT span_id) {of_session} AND signal = 'traces'") == COUNT


@COMPRESSIONS
def test_python_metrics(server, compression):
    marker = f"m{uuid.uuid4().hex}"
    exporter = OTLPMetricExporter(**options(server, compression))
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    provider = MeterProvider(metric_readers=[reader], resource=Resource.create({"service.name": "claude-code"}))
    counter = provider.get_meter("com.anthropic.claude_code").create_counter(marker)
    for number in range(COUNT):
        counter.add(1, {"session.id": f"{marker}-{number}"})
    provider.shutdown()
    arrivals = f"FROM events_raw WHERE signal = 'metrics' AND http_status = 200 AND raw_event LIKE '%{marker}%'"
    server.wait_value(f"SELECT count(*) {arrivals}", 1)
    raw = server.value(f"SELECT raw_event {arrivals}")
    assert sum(f'{marker}-{number}"' in raw for number in range(COUNT)) == COUNT


# what is refused


@pytest.fixture
def leaves_a_row(server):
    """Checks that a refusal leaves its row in `events_raw`."""
    counts = "SELECT count(*) FROM events_raw WHERE http_status = {} AND provider = 'other' AND error IS NOT NULL"
    session, body = session_request(1)
    export(server, body)
    is_stored(server, session, 1)  # rows come in the order of the answers
    before = {status: server.value(counts.format(status)) for status in (400, 403, 413, 415)}

    def check(status):
        server.wait_value(counts.format(status), before[status] + 1)

    return check


@pytest.mark.parametrize("metadata", [[], [("authorization", "Bearer ml_wrong-key-of-nobody-at-all")]])
def test_a_stranger(server, metadata):
    error = refusal_of(server, b"", key=None, metadata=metadata)
    assert error.code() == grpc.StatusCode.UNAUTHENTICATED
    assert "key" in error.details()
    assert retry_info(error) is None


def test_a_key_that_may_not_send(server, leaves_a_row):
    key = server.new_key("default", "read")
    error = refusal_of(server, b"", key=None, metadata=[("authorization", f"Bearer {key}")])
    assert error.code() == grpc.StatusCode.PERMISSION_DENIED
    assert "ingest" in error.details()
    leaves_a_row(403)


@pytest.mark.parametrize("body", [b"\xff\xff", sessions.request().SerializeToString()[:-3]])
def test_what_is_no_request(server, leaves_a_row, body):
    error = refusal_of(server, body)
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "protobuf" in error.details()
    assert retry_info(error) is None
    leaves_a_row(400)


@pytest.mark.parametrize("size", [(64 << 20) + 1, 100 << 20])
@pytest.mark.parametrize("compression", [None, grpc.Compression.Gzip], ids=["plain", "gzip"])
def test_too_large(server, leaves_a_row, size, compression):
    error = refusal_of(server, bytes(size), compression=compression)
    assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert str(64 << 20)[:5] in error.details()
    assert retry_info(error) is None, "the same would be too large again"
    leaves_a_row(413)
    assert server.resident_bytes() < 700 << 20


def test_other_methods(server):
    for method in ["/opentelemetry.proto.collector.logs.v1.LogsService/Import", "/nobody.Knows/It"]:
        error = refusal_of(server, b"", method=method)
        assert error.code() == grpc.StatusCode.UNIMPLEMENTED
        assert method in error.details()


def test_what_the_wire_may_not_look_like(server, leaves_a_row):
    """Codes as gRPC's specification of compression gives them."""
    assert call_by_hand(server, b"x", "snappy", flag=1)[0] == grpc.StatusCode.UNIMPLEMENTED.value[0]
    leaves_a_row(415)
    assert call_by_hand(server, b"x", None, flag=1)[0] == grpc.StatusCode.INTERNAL.value[0]
    leaves_a_row(400)


def test_what_does_not_speak_http2_harms_nothing(server):
    for said in [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense",
    ]:
        with socket.create_connection(("127.0.0.1", server.grpc_port), timeout=30) as wire:
            wire.sendall(said)
            with contextlib.suppress(ConnectionResetError):
                while wire.recv(4096):
                    pass
    assert export(server, b"") == b""


def test_silent_connections_are_closed(make_server):
    server = make_server(MODLAKE_INTAKE_HEAD_TIMEOUT_SECONDS="1")
    with channel_to(server) as channel:
        export(server, b"", channel=channel)
        with socket.create_connection(("127.0.0.1", server.grpc_port), timeout=30) as wire:
            wire.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
            while wire.recv(4096):
                pass
        assert export(server, b"", channel=channel) == b"", "a client connects again by itself"


def test_a_stop_answers_what_is_under_way(make_server):
    server = make_server()
    session = str(uuid.uuid4())
    bodies = (sessions.request(session, 1, first=number).SerializeToString() for number in range(100_000))
    acknowledged = []

    def send(channel):
        for body in bodies_of_thread(bodies):
            try:
                export(server, body, channel=channel)
            except grpc.RpcError as error:
                assert error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED), error
                return
            acknowledged.append(1)

    with channel_to(server) as first, channel_to(server) as second, ThreadPoolExecutor(2) as threads:
        sending = [threads.submit(send, channel) for channel in (first, second)]
        wait_for("some are acknowledged", lambda: len(acknowledged) > 50)
        assert server.stop() == 0
        for one in sending:
            one.result()
    server = make_server(server.data)
    count = server.value(f"SELECT count(*) FROM coding_agent_events WHERE session_id = '{session}'")
    assert len(acknowledged) <= count <= len(acknowledged) + 2


def bodies_of_thread(bodies):
    """One generator for several threads: the interpreter lets one `next` run at a time, or says so."""
    while True:
        try:
            yield next(bodies)
        except ValueError:
            continue
        except StopIteration:
            return


# shedding


def test_shedding_by_who_comes_again(make_server):
    """The drain commits nothing here, so the journal fills up."""
    server = make_server(MODLAKE_JOURNAL_MAX_BYTES="4MiB", MODLAKE_LAKE_FLUSH_SECONDS="3600")
    agent = {"javascript": JAVASCRIPT, "rust": RUST}
    http_agent = {name: value.split(" ")[0] for name, value in agent.items()}

    def grpc_takes(signal, sender):
        with channel_to(server, **{"grpc.primary_user_agent": agent[sender]}) as channel:
            try:
                export(server, b"", signal, channel=channel)
            except grpc.RpcError as error:
                assert error.code() == grpc.StatusCode.UNAVAILABLE
                assert retry_info(error).retry_delay.seconds == 2
                return False
        return True

    def http_takes(route, sender):
        hooks = route.endswith("hooks")
        content_type = "application/json" if hooks else "application/x-protobuf"
        answer = server.post(route, b"[]" if hooks else b"", content_type, User_Agent=http_agent.get(sender, sender))
        assert answer.status_code == 200 or (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        return answer.status_code == 200

    def pressure():
        return server.metric("modlake_pressure_ratio")

    def fill(until):
        while pressure() < until:
            body = sessions.request(records=100, model="m" * 400).SerializeToString()
            assert server.post("/v1/logs", body, "application/x-protobuf", User_Agent=RUST).status_code == 200

    fill(0.5)
    assert all(grpc_takes(signal, sender) for signal in SERVICE for sender in agent)
    assert server.metric("modlake_shed_requests_total") == 0
    fill(0.7)
    assert not http_takes("/v1/otel/claude/logs", "modlake/0.1.0"), "our own client keeps what is not taken"
    assert not grpc_takes("traces", "javascript") and not http_takes("/v1/otel/claude/metrics", "javascript")
    assert grpc_takes("logs", "javascript") and http_takes("/v1/otel/claude/logs", "javascript")
    assert http_takes("/v1/otel/codex/traces", "rust") and http_takes("/v1/otel/claude/hooks", "axios/1.15.2")
    fill(0.8)
    assert not grpc_takes("traces", "rust") and not http_takes("/v1/otel/codex/metrics", "rust")
    assert grpc_takes("logs", "javascript") and http_takes("/v1/otel/codex/logs", "rust")
    fill(0.9)
    assert not grpc_takes("logs", "javascript") and not http_takes("/v1/otel/claude/logs", "javascript")
    assert http_takes("/v1/otel/codex/logs", "rust") and http_takes("/v1/otel/claude/hooks", "axios/1.15.2")
    assert server.get("/readyz").status_code == 200, "there is still room for some"
    while http_takes("/v1/otel/codex/logs", "rust"):
        server.post("/v1/logs", sessions.request(records=100).SerializeToString(), "application/x-protobuf")
    assert server.get("/readyz").status_code == 503
    shed = {sender: server.metric("modlake_shed_requests_total", sender=sender) for sender in ("keeps", "retries")}
    assert shed == {"keeps": 1, "retries": 4}
    assert server.metric("modlake_shed_requests_total", transport="grpc", provider="unknown") == 3
    assert server.log.read_text().count("requests are not taken") == 1


def test_an_exporter_that_is_asked_to_come_again_does(make_server):
    """The journal is full until the server is started anew, then the exporter's own retry arrives."""
    server = make_server(MODLAKE_JOURNAL_MAX_BYTES="1MiB", MODLAKE_LAKE_FLUSH_SECONDS="3600")
    while server.post("/v1/logs", sessions.request(records=100).SerializeToString(), "application/x-protobuf").ok:
        pass
    session = str(uuid.uuid4())
    provider = LoggerProvider(resource=Resource.create({"service.name": "claude-code"}))
    exporter = OTLPLogExporter(**options(server, grpc.Compression.Gzip), timeout=60)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    record = LogRecord(
        timestamp=1795226214226000000, body="claude_code.api_request", attributes={"session.id": session}
    )
    with ThreadPoolExecutor(1) as thread:
        emitted = thread.submit(provider.get_logger("com.anthropic.claude_code.events").emit, record)
        shed = {"transport": "grpc", "sender": "retries"}
        wait_for(
            "the exporter is asked to come again", lambda: server.metric("modlake_shed_requests_total", **shed) > 0
        )
        assert server.stop() == 0
        server.start()
        emitted.result(60)
    is_stored(server, session, 1)


# privacy


def test_no_canary_stays(make_server):
    """What was captured over gRPC, and every message in protobuf that was captured over HTTP."""
    server = make_server(CODING_AGENT_HONOR_EMITTER_PROMPTS="false", RUST_LOG="debug")
    canaries = Canaries()
    calls = [(call.signal, canaries.plant_message(call.name, call.message())) for call in calls_of("claude_code")]
    over_http = [
        one for agent in ("claude_code", "codex") for one in requests_of(agent) if one.content_type == PROTOBUF
    ]
    calls += [(one.signal, canaries.plant_message(one.name, one.message())) for one in over_http]
    assert len(canaries.places) > 1000, "too little was planted to prove anything"
    for signal, message in calls:
        planted = message.SerializeToString()
        export(server, planted, signal)
        for bad in (planted[:-3], planted + b"\xff\xff"):
            error = refusal_of(server, bad, signal)
            assert not traces_of(error.details().encode())
    server.wait_value("SELECT count(*) FROM events_raw", 3 * len(calls), 30)
    assert files_with_canaries(server.data) == []
    server.end()
    assert files_with_canaries(server.data) == []
    assert not traces_of(server.log.read_bytes())


# frames by hand


def call_by_hand(server, message: bytes, encoding: str | None, flag: int) -> tuple[int, dict]:
    """One call with frames of HTTP/2 written here; the status and the headers that are literal text."""
    headers = {
        ":method": "POST",
        ":scheme": "http",
        ":path": method_of("logs"),
        ":authority": "localhost",
        "content-type": "application/grpc",
        "te": "trailers",
        "authorization": f"Bearer {server.key}",
    }
    if encoding:
        headers["grpc-encoding"] = encoding
    block = b"".join(b"\x00" + text_of(name) + text_of(value) for name, value in headers.items())
    data = bytes([flag]) + len(message).to_bytes(4, "big") + message
    sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"")
    sent += frame(1, 4, 1, block) + frame(0, 1, 1, data)
    with socket.create_connection(("127.0.0.1", server.grpc_port), timeout=30) as wire:
        wire.sendall(sent)
        return read_status(wire)


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def text_of(text: str) -> bytes:
    """HPACK's literal text, below 127 bytes."""
    assert len(text) < 127
    return bytes([len(text)]) + text.encode()


def read_status(wire) -> tuple[int, dict]:
    decoder, stream, headers = hpack.Decoder(), wire.makefile("rb"), {}
    end = time.monotonic() + 30
    while time.monotonic() < end:
        head = stream.read(9)
        payload = stream.read(int.from_bytes(head[:3], "big"))
        if head[3] == 1:
            headers |= dict(decoder.decode(payload))
            if "grpc-status" in headers:
                return int(headers["grpc-status"]), headers
    raise AssertionError("no status came")
