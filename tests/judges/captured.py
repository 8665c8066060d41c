"""The captured requests of real agents (`fixtures/agents`), as they were sent and as messages."""

import gzip
import json
from dataclasses import dataclass, field
from pathlib import Path

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures/agents"
REQUEST_OF = {
    "logs": ExportLogsServiceRequest,
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}
PROTOBUF = "application/x-protobuf"
JSON = "application/json"


@dataclass
class Request:
    """One captured request; `body` is as it went over the wire."""

    name: str
    path: str
    content_type: str
    body: bytes
    headers: dict = field(default_factory=dict)

    @property
    def signal(self) -> str:
        return self.path.rsplit("/", 1)[1]

    @property
    def plain_body(self) -> bytes:
        return gzip.decompress(self.body) if self.headers.get("Content-Encoding") == "gzip" else self.body

    def message(self):
        """The protobuf message; hooks and JSON bodies give what `json.loads` gives."""
        if self.content_type == PROTOBUF:
            return REQUEST_OF[self.signal].FromString(self.plain_body)
        return json.loads(self.plain_body)

    def send(self, server, key=None):
        options = {"key": key} if key else {}
        return server.post(self.path, self.body, self.content_type, **self.headers, **options)


@dataclass
class Call:
    """One captured call of gRPC; `body` is its message, not compressed."""

    name: str
    method: str
    signal: str
    body: bytes

    def message(self):
        return REQUEST_OF[self.signal].FromString(self.body)


def scenarios(agent: str) -> list[Path]:
    return sorted(path for path in (FIXTURES / agent).iterdir() if path.is_dir())


def listed(scenario: Path) -> list[dict]:
    """What was sent, in order; payloads made by hand were never sent."""
    requests = scenario / "requests.json"
    return json.loads(requests.read_text()) if requests.exists() else []


def calls_of(agent: str) -> list[Call]:
    """Every call over gRPC of an agent."""
    found = []
    for scenario in scenarios(agent):
        for entry in listed(scenario):
            if entry["method"] == "gRPC":
                signal = next(signal for signal in REQUEST_OF if signal.removesuffix("s") in entry["path"])
                body = stored(scenario / entry["body_file"])
                found.append(Call(f"{agent}/{scenario.name}/{entry['body_file']}", entry["path"], signal, body))
    return found


def requests_of(agent: str) -> list[Request]:
    """Every HTTP request of an agent, hooks that ran as commands included, in the order they were sent."""
    route = {"claude_code": "claude", "codex": "codex", "cursor": "cursor"}[agent]
    found = []
    for scenario in scenarios(agent):
        for entry in listed(scenario):
            if entry["method"] == "gRPC":
                continue
            headers = {name.lower(): value for name, value in entry["headers"]}
            encoding = headers.get("content-encoding")
            found.append(
                Request(
                    name=f"{agent}/{scenario.name}/{entry['body_file']}",
                    path=entry["path"],
                    content_type=headers["content-type"],
                    body=stored(scenario / entry["body_file"]),
                    headers={"Content-Encoding": encoding} if encoding else {},
                )
            )
        found += [
            Request(
                f"{agent}/{scenario.name}/hooks_stdin/{path.name}", f"/v1/otel/{route}/hooks", JSON, path.read_bytes()
            )
            for path in sorted((scenario / "hooks_stdin").glob("*.json"))
        ]
    return found


def stored(path: Path) -> bytes:
    """A body; large ones lie there as `.gz`, which is not how they were sent."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def log_records(message) -> list:
    """The log records of a message, protobuf or JSON, as `(resource attributes, attributes)` dictionaries."""
    if isinstance(message, ExportLogsServiceRequest):
        return [
            (plain(resource.resource.attributes), plain(record.attributes))
            for resource in message.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]
    return [
        (plain_json(resource.get("resource", {}).get("attributes", [])), plain_json(record.get("attributes", [])))
        for resource in message["resourceLogs"]
        for scope in resource["scopeLogs"]
        for record in scope["logRecords"]
    ]


def spans(message) -> list:
    if isinstance(message, ExportTraceServiceRequest):
        return [span for resource in message.resource_spans for scope in resource.scope_spans for span in scope.spans]
    return [
        span for resource in message["resourceSpans"] for scope in resource["scopeSpans"] for span in scope["spans"]
    ]


def plain(attributes) -> dict:
    """Attributes of protobuf as a dictionary of scalars; the rest is left out."""
    found = {}
    for attribute in attributes:
        kind = attribute.value.WhichOneof("value")
        if kind in ("string_value", "int_value", "double_value", "bool_value"):
            found[attribute.key] = getattr(attribute.value, kind)
    return found


def plain_json(attributes) -> dict:
    """Attributes of OTLP/JSON likewise; integers may come as text."""
    found = {}
    for attribute in attributes:
        for kind, value in (attribute.get("value") or {}).items():
            if kind == "intValue":
                found[attribute["key"]] = int(value)
            elif kind in ("stringValue", "doubleValue", "boolValue"):
                found[attribute["key"]] = value
    return found
