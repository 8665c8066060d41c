"""Plants words nobody else uses wherever a captured payload holds what people and tools said: prompts, answers, commands,
tool inputs and outputs, file contents. Of OTLP's error messages only what follows their first line is: the line itself is
kept after redaction of secrets.
"""

import itertools
import json

from captured import PROTOBUF, Request
from google.protobuf.json_format import MessageToDict, ParseDict

WORD = "quokka"

PROMPTS = {"prompt", "prompt_text", "user_prompt", "input-messages"}
OUTPUTS = {"output", "tool_response"}
CONTENT = PROMPTS | OUTPUTS | {
    # logs and spans
    "response", "tool_input", "tool_parameters", "full_command", "bash_command", "content", "diff", "arguments", "body",
    # hooks
    "last_assistant_message", "last-assistant-message", "compact_summary", "custom_instructions", "delta", "command_args",
    "task_description", "task_subject", "tool_calls", "permission_suggestions", "background_tasks",
}  # fmt: skip
# Content in hooks, something else or nothing in OTLP.
HOOK_CONTENT = CONTENT | {
    "text", "agent_message", "tool_output", "edits", "result_json", "task", "summary", "description", "command",
    "error", "error_message",
}  # fmt: skip
ERRORS = {"error", "error.message", "exception.message"}
COMMANDS = {"command", "full_command", "bash_command", "cmd"}
# Names and ids within content: kept as columns, or harmless.
NAMES = {
    "tool_name", "tool_use_id", "mcp_server_name", "mcp_tool_name", "skill_name", "skill", "subagent_type", "file_path",
    "agentId", "agent_type", "id", "type", "status", "git_commit_id", "destination", "sandbox_permissions", "workdir",
    "target_file", "working_directory",
}  # fmt: skip


class Canaries:
    """Makes canaries and remembers where each was put."""

    def __init__(self):
        self.numbers = itertools.count(1)
        self.places: dict[str, tuple[str, str]] = {}

    def new(self, request: str, place: str) -> str:
        canary = f"{WORD}{next(self.numbers):06}zebra"
        self.places[canary] = (request, place)
        return canary

    def of(self, place: str, requests: str = "") -> list[str]:
        """The canaries planted in a place."""
        return [canary for canary, (request, found) in self.places.items() if found == place and requests in request]

    def plant(self, request: Request) -> Request:
        """The request with a canary in every content field and in new fields that nobody knows."""
        message = request.message()
        if request.signal == "hooks":
            body = json.dumps(self.hook(request.name, message)).encode()
        elif request.content_type == PROTOBUF:
            body = self.plant_message(request.name, message).SerializeToString()
        else:
            body = json.dumps(self.otlp(request.name, message)).encode()
        return Request(request.name, request.path, request.content_type, body)

    def plant_message(self, name: str, message):
        """The same for a message of OTLP."""
        return ParseDict(self.otlp(name, MessageToDict(message)), type(message)())

    def hook(self, name: str, hook) -> dict:
        planted = {
            key: self.leaves(name, key, key, value) if key in HOOK_CONTENT else value for key, value in hook.items()
        }
        return planted | {"brand_new_field": {"text": self.sentence(name, "hook field")}}

    def otlp(self, name: str, value, within: str = ""):
        """Attributes and bodies of records, spans, span events and data points; resource and scope are the owner's words."""
        if isinstance(value, list):
            return [self.otlp(name, item, within) for item in value]
        if not isinstance(value, dict):
            return value
        if "key" in value and "value" in value:
            key = value["key"]
            if key in ERRORS and "stringValue" in (value["value"] or {}):
                return {"key": key, "value": {"stringValue": f"It failed.\n{self.sentence(name, key)}"}}
            return {"key": key, "value": self.any_value(name, key, value["value"])} if key in CONTENT else value
        planted = {
            key: item if key in ("resource", "scope") else self.otlp(name, item, key) for key, item in value.items()
        }
        if within in ("logRecords", "spans", "events", "dataPoints"):
            planted["attributes"] = [*planted.get("attributes", []), *self.unknown(name, within)]
        return planted

    def any_value(self, name: str, key: str, value: dict) -> dict:
        if "stringValue" not in (value or {}):
            return value
        text = value["stringValue"]
        if text in ("<REDACTED>", "[REDACTED]"):
            return value
        try:
            inner = json.loads(text)
        except ValueError:
            inner = None
        if isinstance(inner, (dict, list)):
            return {"stringValue": json.dumps(self.leaves(name, key, key, inner, NAMES | {"bash_command"}))}
        return {"stringValue": self.text(name, key, key)}

    def leaves(self, name: str, place: str, key: str, value, kept=frozenset(NAMES)):
        if isinstance(value, dict):
            return {
                inner: item if inner in kept else self.leaves(name, place, inner, item, kept)
                for inner, item in value.items()
            }
        if isinstance(value, list):
            return [self.leaves(name, place, key, item, kept) for item in value]
        return self.text(name, place, key) if isinstance(value, str) and value else value

    def text(self, name: str, place: str, key: str) -> str:
        # The program of a command may be kept, so the canary is an argument.
        return f"echo -n '{self.new(name, place)}'" if key in COMMANDS else self.sentence(name, place)

    def sentence(self, name: str, place: str) -> str:
        return f"Please tell {self.new(name, place)} that\nthe report is late."

    def unknown(self, name: str, within: str) -> list[dict]:
        text = {"stringValue": self.sentence(name, f"unknown attribute of {within}")}
        listed = {"stringValue": self.sentence(name, f"unknown list of {within}")}
        mapped = {"stringValue": self.sentence(name, f"unknown map of {within}")}
        return [
            {"key": "brand_new.text", "value": text},
            {"key": "brand_new.list", "value": {"arrayValue": {"values": [listed]}}},
            {"key": "brand_new.map", "value": {"kvlistValue": {"values": [{"key": "deep", "value": mapped}]}}},
        ]

    def made_up(self) -> list[Request]:
        """Records with content where the captures have none: raw API bodies, and bodies of unknown events."""
        records = []
        for event, attribute in [
            ("api_request_body", "body"),
            ("api_response_body", "body"),
            ("system_prompt", "system_prompt"),
        ]:
            text = {"stringValue": self.sentence("made up", event)}
            records.append(record(event, f"claude_code.{event}", [{"key": attribute, "value": text}]))
        records.append(record("novel_event", self.sentence("made up", "body of an unknown event"), []))
        records.append(
            {
                "timeUnixNano": "1795226214226000000",
                "body": {"stringValue": self.sentence("made up", "body without a name")},
            }
        )
        nested = {
            "kvlistValue": {
                "values": [{"key": "k", "value": {"stringValue": self.sentence("made up", "structured body")}}]
            }
        }
        records.append({"timeUnixNano": "1795226214226000000", "body": nested})
        body = {"resourceLogs": [{"resource": {}, "scopeLogs": [{"scope": {}, "logRecords": records}]}]}
        paths = ["/v1/otel/claude/logs", "/v1/otel/codex/logs", "/v1/otel/cursor/logs", "/v1/logs"]
        return [Request("made up", path, "application/json", json.dumps(body).encode()) for path in paths]


def record(event: str, body: str, attributes: list) -> dict:
    named = [
        {"key": "session.id", "value": {"stringValue": "made-up"}},
        {"key": "event.name", "value": {"stringValue": event}},
    ]
    return {"timeUnixNano": "1795226214226000000", "body": {"stringValue": body}, "attributes": named + attributes}


def broken(request: Request) -> list[Request]:
    """The same content on the ways of errors: cut, garbled, mislabelled."""
    body, kind = request.body, request.content_type
    other = PROTOBUF if kind != PROTOBUF else "application/json"
    return [
        Request(request.name, request.path, kind, body[:-3]),
        Request(request.name, request.path, kind, body[: len(body) // 2]),
        Request(request.name, request.path, kind, body + b"\xff\xff"),
        Request(request.name, request.path, kind, body.replace(WORD.encode(), WORD.encode()[:-1] + b"\xff", 1)),
        Request(request.name, request.path, other, body),
        Request(request.name, request.path, "text/plain", body),
        Request(request.name, request.path, kind, body, {"Content-Encoding": "gzip"}),
        Request(request.name, request.path, kind, body, {"Content-Encoding": "br"}),
    ]
