"""OpenTelemetry's own SDKs for Python and JavaScript as clients: everything they send is stored, counted once."""

import json
import subprocess
import uuid
from pathlib import Path

import pytest
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

COUNT = 500
RESOURCE = Resource.create({"service.name": "claude-code"})
NODE = Path(__file__).parent / "node"
COMPRESSIONS = pytest.mark.parametrize("compression", list(Compression), ids=lambda one: one.value)


def options(server, signal, compression):
    return {
        "endpoint": f"{server.url}/v1/otel/claude/{signal}",
        "headers": {"Authorization": f"Bearer {server.key}"},
        "compression": compression,
    }


@COMPRESSIONS
def test_python_logs(server, compression):
    session = str(uuid.uuid4())
    provider = LoggerProvider(resource=RESOURCE)
    exporter = OTLPLogExporter(**options(server, "logs", compression))
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter, max_export_batch_size=64))
    logger = provider.get_logger("com.anthropic.claude_code.events")
    for sequence in range(COUNT):
        attributes = {"session.id": session, "event.name": "api_request", "event.sequence": sequence, "input_tokens": 3}
        at = 1795226214226000000 + sequence * 1_000_000
        logger.emit(
            LogRecord(
                timestamp=at,
                observed_timestamp=at,
                body="claude_code.api_request",
                severity_number=SeverityNumber.INFO,
                attributes=attributes,
            )
        )
    provider.shutdown()
    of_session = f"FROM coding_agent_events WHERE session_id = '{session}' AND signal = 'logs'"
    server.wait_value(f"SELECT count(*) {of_session}", COUNT)
    assert server.value(f"SELECT count(DISTINCT event_sequence) {of_session}") == COUNT
    assert int(server.value(f"SELECT sum(input_tokens) {of_session}")) == 3 * COUNT


@COMPRESSIONS
def test_python_traces(server, compression):
    session = str(uuid.uuid4())
    provider = TracerProvider(resource=RESOURCE)
    provider.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(**options(server, "traces", compression)), max_export_batch_size=64)
    )
    tracer = provider.get_tracer("com.anthropic.claude_code.tracing")
    for _ in range(COUNT):
        with tracer.start_as_current_span("claude_code.tool", attributes={"session.id": session, "tool_name": "Bash"}):
            pass
    provider.shutdown()
    of_session = f"FROM coding_agent_events WHERE session_id = '{session}' AND signal = 'traces'"
    server.wait_value(f"SELECT count(*) {of_session}", COUNT)
    assert server.value(f"SELECT count(DISTINCT span_id) {of_session}") == COUNT


@COMPRESSIONS
def test_python_metrics(server, compression):
    """Metrics are kept as received; every one of the points must be in the raw layer."""
    marker = f"m{uuid.uuid4().hex}"
    reader = PeriodicExportingMetricReader(
        OTLPMetricExporter(**options(server, "metrics", compression)), export_interval_millis=3_600_000
    )
    provider = MeterProvider(metric_readers=[reader], resource=RESOURCE)
    counter = provider.get_meter("com.anthropic.claude_code").create_counter(marker)
    for number in range(COUNT):
        counter.add(1, {"session.id": f"{marker}-{number}"})
    provider.shutdown()
    arrivals = f"FROM events_raw WHERE signal = 'metrics' AND http_status = 200 AND raw_event LIKE '%{marker}%'"
    server.wait_value(f"SELECT count(*) {arrivals}", 1)
    raw = server.value(f"SELECT raw_event {arrivals}")
    assert sum(f'{marker}-{number}"' in raw for number in range(COUNT)) == COUNT


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("encoding", ["http", "proto", "grpc"])
def test_javascript_logs(server, encoding, compression):
    """With gzip this exporter sends chunks without a Content-Length."""
    assert (NODE / "node_modules").exists(), f"run `npm ci` in {NODE}"
    session = str(uuid.uuid4())
    url = server.grpc_url if encoding == "grpc" else f"{server.url}/v1/otel/claude/logs"
    command = ["node", "send.mjs", encoding, compression, url, server.key, session, str(COUNT)]
    done = subprocess.run(command, cwd=NODE, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"failures": []}
    of_session = f"FROM coding_agent_events WHERE session_id = '{session}'"
    server.wait_value(f"SELECT count(*) {of_session}", COUNT)
    assert int(server.value(f"SELECT sum(input_tokens) {of_session}")) == 7 * COUNT
    assert server.value(f"SELECT sum(cost_usd) {of_session}") == 0.5 * COUNT
