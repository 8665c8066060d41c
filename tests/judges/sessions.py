"""Small made-up sessions of Claude Code whose records have a declared identity."""

import uuid
from datetime import UTC, datetime, timedelta

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def request(session=None, records=3, start=START, first=0, **attributes) -> ExportLogsServiceRequest:
    """One request of `records` `api_request` events of one session, numbered from `first`, a second apart."""
    message = ExportLogsServiceRequest()
    resource = message.resource_logs.add()
    add(resource.resource.attributes, "service.name", "claude-code")
    scope = resource.scope_logs.add()
    scope.scope.name = "com.anthropic.claude_code.events"
    session = session or str(uuid.uuid4())
    for number in range(first, first + records):
        at = start + timedelta(seconds=number)
        record = scope.log_records.add()
        record.time_unix_nano = record.observed_time_unix_nano = int(at.timestamp()) * 10**9
        record.body.string_value = "claude_code.api_request"
        values = {
            "session.id": session,
            "event.name": "api_request",
            "event.timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "event.sequence": number,
            "model": "claude-sonnet-4-5",
            "input_tokens": 10,
            "output_tokens": 2,
            "cost_usd": 0.25,
        } | attributes
        for key, value in values.items():
            add(record.attributes, key, value)
    return message


def add(attributes, key: str, value):
    attribute = attributes.add(key=key).value
    if isinstance(value, bool):
        attribute.bool_value = value
    elif isinstance(value, int):
        attribute.int_value = value
    elif isinstance(value, float):
        attribute.double_value = value
    else:
        attribute.string_value = value
