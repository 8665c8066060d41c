"""One fact seen through logs, spans, hooks and metrics counts once, whatever comes twice and in whatever order.

What must come out is worked out here from the captured payloads themselves, by the ids that they declare.
"""

import json
import random
from collections import defaultdict

import modlaked
import pytest
from captured import log_records, plain, plain_json, requests_of
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

AGENTS = ["claude_code", "codex"]
VIEWS = {
    "sessions": "provider, session_id",
    "turns": "provider, session_id, started_at, prompt_id",
    "tool_calls": "provider, session_id, tool_use_id, started_at",
    "api_requests": "provider, session_id, started_at, request_id, output_tokens",
    "skill_uses": "provider, session_id, used_at, skill_name",
    "costs": "provider, session_id, started_at, request_id",
}
SEED = 20261121


def number(value) -> float:
    return float(value) if value not in (None, "") else 0.0


class Truth:
    """What the captures say, by provider and session."""

    def __init__(self, requests):
        self.tools = defaultdict(set)
        self.prompts = defaultdict(set)
        self.claude_requests = {}
        self.codex_requests = defaultdict(list)
        self.metrics = defaultdict(lambda: defaultdict(float))
        for request in requests:
            provider = request.name.split("/")[0]
            read = {"logs": self.logs, "hooks": self.hooks, "metrics": self.claude_metrics}.get(request.signal)
            if read and not (request.signal == "metrics" and provider == "codex"):
                read(provider, request.message())

    def logs(self, provider, message):
        for _, record in log_records(message):
            if provider == "claude_code":
                self.claude_log(record)
            else:
                self.codex_log(record)

    def claude_log(self, record):
        session, name = record.get("session.id"), record.get("event.name")
        if name == "api_request":
            self.claude_requests[session, record["request_id"]] = record
        if name == "user_prompt":
            self.prompts["claude_code", session].add(record["prompt.id"])
        if name in ("tool_result", "tool_decision") and record.get("tool_use_id"):
            self.tools["claude_code", session].add(record["tool_use_id"])

    def codex_log(self, record):
        session, name = record.get("conversation.id"), record.get("event.name")
        if name == "codex.sse_event" and "input_token_count" in record:
            self.codex_requests[session].append(record)
        if name in ("codex.tool_result", "codex.tool_decision"):
            self.tools["codex", session].add(record["call_id"])

    def hooks(self, provider, event):
        name = event.get("hook_event_name")
        # a sub-agent of Codex is a thread of its own, which its logs name and its hooks call the agent
        session = provider == "codex" and event.get("agent_id") or event.get("session_id")
        if name in ("PreToolUse", "PostToolUse", "PostToolUseFailure"):
            self.tools[provider, session].add(event["tool_use_id"])
        if provider == "claude_code" and name == "UserPromptSubmit":
            self.prompts[provider, session].add(event["prompt_id"])

    def claude_metrics(self, _, message):
        for name, temporality, start, value, attributes in number_points(message):
            if name not in ("claude_code.token.usage", "claude_code.cost.usage"):
                continue
            kind = attributes.get("type", "cost")
            held = self.metrics[attributes["session.id"], kind]
            series = (start, json.dumps(attributes, sort_keys=True))
            held[series] = value if temporality == 2 else held[series] + value


def number_points(message):
    """`(metric, temporality, start, value, attributes)` of every point of a sum."""
    if isinstance(message, ExportMetricsServiceRequest):
        for resource in message.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    for point in metric.sum.data_points:
                        value = point.as_double if point.WhichOneof("value") == "as_double" else point.as_int
                        start = point.start_time_unix_nano
                        yield metric.name, metric.sum.aggregation_temporality, start, value, plain(point.attributes)
        return
    for resource in message["resourceMetrics"]:
        for scope in resource["scopeMetrics"]:
            for metric in scope["metrics"]:
                points = metric.get("sum", {}).get("dataPoints", [])
                for point in points:
                    value = float(point.get("asDouble", point.get("asInt", 0)))
                    start = point["startTimeUnixNano"]
                    temporality = metric["sum"]["aggregationTemporality"]
                    yield metric["name"], temporality, start, value, plain_json(point["attributes"])


def fill(server, requests):
    for request in requests:
        answer = request.send(server)
        assert answer.status_code == 200, f"{request.name}: {answer.status_code} {answer.text}"
    server.wait_value("SELECT count(*) FROM events_raw", len(requests), 60)


def rows_of_views(server) -> dict[str, list[dict]]:
    return {view: server.sql(f"SELECT * FROM {view} ORDER BY {order}") for view, order in VIEWS.items()}


@pytest.fixture(scope="module")
def requests():
    return [request for agent in AGENTS for request in requests_of(agent)]


@pytest.fixture(scope="module")
def truth(requests):
    return Truth(requests)


@pytest.fixture(scope="module")
def server(tmp_path_factory, requests):
    with modlaked.running(tmp_path_factory.mktemp("views")) as server:
        fill(server, requests)
        yield server


def test_every_request_of_claude_code_once_with_its_tokens_and_cost(server, truth):
    rows = server.sql("SELECT * FROM api_requests WHERE provider = 'claude_code' AND success IS NOT FALSE")
    found = {(row["session_id"], row["request_id"]): row for row in rows}
    assert len(found) == len(rows), "a request is there twice"
    logged = truth.claude_requests
    assert set(logged) <= set(found)
    # the rest was seen by spans or hooks only
    assert all("logs" not in found[key]["signals"] for key in set(found) - set(logged))
    for key, record in logged.items():
        row = found[key]
        for ours, theirs in [
            ("input_tokens", "input_tokens"),
            ("output_tokens", "output_tokens"),
            ("cache_read_tokens", "cache_read_tokens"),
            ("cache_creation_tokens", "cache_creation_tokens"),
            ("cost_usd", "cost_usd"),
        ]:
            assert row[ours] == pytest.approx(number(record[theirs])), (key, ours)


def test_every_request_of_codex_once_with_uniform_tokens(server, truth):
    query = "SELECT * FROM api_requests WHERE provider = 'codex' AND success IS NOT FALSE"
    rows = [row for row in server.sql(query) if "logs" in row["signals"]]
    found = defaultdict(list)
    for row in rows:
        found[row["session_id"]].append(row)
    assert {session: len(rows) for session, rows in found.items()} == {
        session: len(records) for session, records in truth.codex_requests.items()
    }
    for session, records in truth.codex_requests.items():
        for ours, theirs in [
            ("total_tokens", lambda record: number(record["input_token_count"]) + number(record["output_token_count"])),
            ("output_tokens", lambda record: number(record["output_token_count"])),
            ("cache_read_tokens", lambda record: number(record["cached_token_count"])),
            ("reasoning_tokens", lambda record: number(record["reasoning_token_count"])),
        ]:
            assert sum(row[ours] for row in found[session]) == sum(map(theirs, records)), (session, ours)


def test_every_tool_call_once(server, truth):
    rows = server.sql("SELECT provider, session_id, tool_use_id, signals FROM tool_calls")
    found = defaultdict(list)
    for row in rows:
        found[row["provider"], row["session_id"]].append(row)
    for key, ids in truth.tools.items():
        seen = [row["tool_use_id"] for row in found[key] if set(row["signals"].split(",")) != {"traces"}]
        assert sorted(seen) == sorted(ids), key


def test_every_prompt_of_claude_code_is_one_turn(server, truth):
    rows = server.sql("SELECT session_id, prompt_id FROM turns WHERE provider = 'claude_code'")
    found = defaultdict(list)
    for row in rows:
        found["claude_code", row["session_id"]].append(row["prompt_id"])
    for key, ids in truth.prompts.items():
        assert sorted(found[key]) == sorted(ids), key


def test_sessions_add_up(server):
    columns = "input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens"
    summed = ", ".join(f"coalesce(sum({column}), 0) AS {column}" for column in columns.split(", "))
    by_session = server.sql(f"SELECT provider, {summed} FROM sessions GROUP BY provider ORDER BY provider")
    by_request = server.sql(f"SELECT provider, {summed} FROM api_requests GROUP BY provider ORDER BY provider")
    assert by_session == by_request
    for view, column in [("tool_calls", "tool_calls"), ("turns", "turns"), ("skill_uses", "skill_uses")]:
        counted = server.value(f"SELECT count(*) FROM {view}")
        assert counted > 0
        assert server.value(f"SELECT sum({column}) FROM sessions") == counted, view


def test_log_and_metrics_of_a_session_agree_to_the_cent_and_the_token(server, truth):
    kinds = {
        "input": "input_tokens",
        "output": "output_tokens",
        "cacheRead": "cache_read_tokens",
        "cacheCreation": "cache_creation_tokens",
        "cost": "cost_usd",
    }
    columns = ", ".join(f"sum({column}) AS {column}" for column in kinds.values())
    # a request that only a span tells of (the check of a model before a switch) is in neither of the two
    logged = {
        row["session_id"]: row
        for row in server.sql(
            f"SELECT session_id, {columns} FROM api_requests WHERE signals LIKE '%logs%' GROUP BY session_id"
        )
    }
    measured = {
        (row["session_id"], row["kind"]): row["total"]
        for row in server.sql(
            "SELECT session_id, coalesce(token_type, 'cost') AS kind, sum(increment) AS total "
            "FROM coding_agent_metric_increments "
            "WHERE metric_name IN ('claude_code.token.usage', 'claude_code.cost.usage') GROUP BY 1, 2"
        )
    }
    assert measured == {key: pytest.approx(sum(series.values())) for key, series in truth.metrics.items()}
    both = {key: total for key, total in measured.items() if key[0] in logged}
    assert len(both) > 50
    assert both == {
        (session, kind): pytest.approx(logged[session][kinds[kind]]) for session, kind in both
    }


def test_what_comes_twice_and_shuffled_changes_no_view(server, requests, tmp_path):
    twice = requests * 2
    random.Random(SEED).shuffle(twice)
    with modlaked.running(tmp_path) as other:
        fill(other, twice)
        once, again = rows_of_views(server), rows_of_views(other)
    for view in VIEWS:
        assert len(again[view]) == len(once[view]), view
        for expected, found in zip(once[view], again[view], strict=True):
            assert stable(found) == stable(expected), view


def stable(row: dict) -> dict:
    """Without what depends on the moment of receipt: hooks carry no time of their own. Sums of dollars depend on the order."""
    moments = ("started_at", "ended_at", "used_at", "duration_ms", "event_time")
    from_hooks = "hooks" in (row.get("signals") or "")
    kept = {key: value for key, value in row.items() if not (from_hooks and key in moments)}
    return kept | {key: pytest.approx(value) for key, value in kept.items() if isinstance(value, float)}
