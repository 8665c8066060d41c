"""Secrets in captured text are nowhere: planted in payloads of every shape, searched for in every byte that is written.

The labelled texts are those of `fixtures/secrets/own.jsonl`. Everything that may be captured is captured.
"""

import json
import re
from pathlib import Path

import modlaked
import pyarrow.parquet
import pytest
from modlaked import wait_for

ROWS = [
    json.loads(line)
    for line in (Path(__file__).resolve().parents[2] / "fixtures/secrets/own.jsonl").read_text().splitlines()
]
# Known by what stands around them only: a few may be missed.
BY_CONTEXT = {
    "aws_secret", "aws_session", "azure_storage", "basic_auth", "cli_password", "cloudflare_global", "config_password",
    "cookie", "lark_moda", "license_key", "okta", "opaque_b64", "opaque_hex", "private_key_b64", "url_password", "url_token",
}  # fmt: skip
CAPTURE = {
    "CODING_AGENT_CAPTURE_PROMPTS": "true",
    "CODING_AGENT_CAPTURE_OUTPUT_SNIPPETS": "true",
    "CODING_AGENT_CAPTURE_COMMANDS": "true",
}
PLACEHOLDER = re.compile(r"\[REDACTED:([a-z0-9_]+):([0-9a-f]{8})\]")


def hooks(session: str, text: str) -> list[dict]:
    """A text where hooks carry text: a prompt, a command's output, a file, an error, a command."""
    tool = {"session_id": session, "tool_name": "Bash", "tool_use_id": f"toolu_{session}"}
    return [
        {"session_id": session, "hook_event_name": "UserPromptSubmit", "prompt": text},
        tool | {"hook_event_name": "PostToolUse", "tool_input": {"command": "make"}, "tool_response": {"stdout": text}},
        tool
        | {
            "hook_event_name": "PostToolUse",
            "tool_name": "Read",
            "tool_input": {"file_path": "/srv/notes.txt"},
            "tool_response": {"type": "text", "file": {"filePath": "/srv/notes.txt", "content": text}},
        },
        tool | {"hook_event_name": "PostToolUseFailure", "tool_input": {"command": "x"}, "error": f"Exit code 1\n{text}"},
        tool | {"hook_event_name": "PreToolUse", "tool_input": {"command": text}},
    ]


def attribute(key: str, text: str) -> dict:
    return {"key": key, "value": {"stringValue": text}}


def log(session: str, event: str, key: str, text: str) -> dict:
    attributes = [attribute("event.name", event), attribute("session.id", session), attribute(key, text)]
    return {"timeUnixNano": "1767297600000000000", "body": {"stringValue": event}, "attributes": attributes}


def span(session: str, number: int, text: str) -> dict:
    return {
        "traceId": f"{number + 1:032x}",
        "spanId": f"{number + 1:016x}",
        "name": "claude_code.tool",
        "startTimeUnixNano": "1767297600000000000",
        "endTimeUnixNano": "1767297601000000000",
        "attributes": [attribute("session.id", session), attribute("tool_name", "Bash")],
        "events": [
            {"name": "tool.output", "timeUnixNano": "1767297601000000000", "attributes": [attribute("output", text)]}
        ],
    }


def in_parts(items: list, size=200):
    return [items[start : start + size] for start in range(0, len(items), size)]


def strings(value) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in strings(item)] + list(value)
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [str(value)]


def haystacks(server) -> dict[str, str]:
    """All that is written: files in their bytes and, for Parquet, in their values; the log; the metrics."""
    found = {"log": server.log.read_text(errors="replace")}
    for path in sorted(server.data.rglob("*")):
        if path.is_file():
            found[str(path.relative_to(server.data))] = path.read_bytes().decode(errors="replace")
            if path.suffix == ".parquet":
                rows = pyarrow.parquet.ParquetFile(path).read().to_pylist()
                found[f"values of {path.name}"] = "\n".join(strings(rows))
    return found


def needles(value: str) -> set[str]:
    """The value as it stands in text, and in JSON within text; of one with lines, its second line."""
    value = value.splitlines()[1].strip() if "\n" in value else value
    once = json.dumps(value)[1:-1]
    return {value, once, json.dumps(once)[1:-1]}


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A server that was sent every row in every shape, and has written all of it down; what it says of itself."""
    folder = tmp_path_factory.mktemp("redaction")
    with modlaked.running(folder, RUST_LOG="debug", MODLAKE_LAKE_FLUSH_SECONDS="1", **CAPTURE) as server:
        # a session each, so that none is known from another row
        sessions = [(f"row-{number}", number, row["text"]) for number, row in enumerate(ROWS)]
        events = [event for session, _, text in sessions for event in hooks(session, text)]
        for part in in_parts(events):
            assert server.post("/v1/otel/claude/hooks", part).status_code == 200
        for provider, event, key in (("claude", "user_prompt", "prompt"), ("codex", "codex.tool_result", "output")):
            records = [log(session, event, key, text) for session, _, text in sessions]
            for part in in_parts(records):
                body = {"resourceLogs": [{"scopeLogs": [{"logRecords": part}]}]}
                assert server.post(f"/v1/otel/{provider}/logs", body).status_code == 200
        for part in in_parts([span(*session) for session in sessions]):
            body = {"resourceSpans": [{"scopeSpans": [{"spans": part}]}]}
            assert server.post("/v1/otel/claude/traces", body).status_code == 200
        journal = haystacks(server)
        server.wait_value("SELECT count(DISTINCT session_id) FROM coding_agent_events", len(ROWS), 60)
        wait_for("the rows are committed", lambda: server.metric("modlake_pending_rows") == 0, 60)
        metrics = server.get("/metrics").text
        rows = server.sql("SELECT session_id, prompt_text, attributes FROM coding_agent_events")
        assert server.stop() == 0
        yield haystacks(server) | {"metrics": metrics} | {f"{name} (before)": text for name, text in journal.items()}, rows


def secrets(kinds) -> dict[str, tuple[str, str]]:
    """Each different secret of these kinds, with its kind and the first of its rows."""
    found = {}
    for row in ROWS:
        for secret in row["secrets"]:
            if kinds(secret["kind"]):
                found.setdefault(row["text"][secret["start"] : secret["end"]], (secret["kind"], row["id"]))
    return found


def left(haystacks: dict[str, str], kinds) -> list[tuple[str, str]]:
    """Kind and row of each secret that is found anywhere."""
    text = "\n".join(haystacks.values())
    return [place for value, place in secrets(kinds).items() if any(needle in text for needle in needles(value))]


def test_no_token_of_a_provider_is_left_anywhere(planted):
    haystacks, _ = planted
    assert len(haystacks) > 10 and "modlake_redactions_total{rule=" in haystacks["metrics"]
    assert left(haystacks, lambda kind: kind not in BY_CONTEXT) == []


def test_hardly_any_other_secret_is_left(planted):
    haystacks, _ = planted
    found = left(haystacks, BY_CONTEXT.__contains__)
    assert len(found) <= len(secrets(BY_CONTEXT.__contains__)) * 0.1, found


def test_every_row_says_how_many_of_which_rule(planted):
    _, rows = planted
    counted = 0
    for row in rows:
        if row["prompt_text"] is None:
            continue
        seen = [rule for rule, _ in PLACEHOLDER.findall(row["prompt_text"])]
        counts = json.loads(json.loads(row["attributes"] or "{}").get("redactions", "{}"))
        assert set(seen) <= set(counts), row
        counted += sum(counts.values())
    assert counted > 600


def test_what_names_a_row_is_as_it_was_sent(planted):
    _, rows = planted
    assert {row["session_id"] for row in rows} == {f"row-{number}" for number in range(len(ROWS))}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with modlaked.running(tmp_path_factory.mktemp("server"), **CAPTURE) as server:
        yield server


def prompts(server, key=modlaked.KEY, session=None) -> list[str]:
    where = f"AND session_id = '{session}'" if session else ""
    rows = server.sql(f"SELECT prompt_text FROM coding_agent_events WHERE prompt_text IS NOT NULL {where}", key)
    return [row["prompt_text"] for row in rows]


def send(server, session: str, text: str, key=modlaked.KEY):
    hook = {"hook_event_name": "UserPromptSubmit", "session_id": session, "prompt": text}
    assert server.post("/v1/otel/claude/hooks", hook, key=key).status_code == 200
    wait_for("the row is there", lambda: prompts(server, key, session))


def test_equal_secrets_are_joined_by_sql_and_only_within_a_tenant(server):
    for session, password in (("one", "Tr0ub4dor-9x"), ("two", "Tr0ub4dor-9x"), ("three", "other-Tr0ub4dor-8")):
        send(server, session, f"export DB_PASSWORD={password}")
    query = """
        SELECT regexp_match(prompt_text, 'REDACTED:password:([0-9a-f]{8})')[1] AS hash, count(*) AS sessions
        FROM coding_agent_events WHERE session_id IN ('one', 'two', 'three') GROUP BY 1 ORDER BY 2 DESC
    """
    counts = server.sql(query)
    assert [row["sessions"] for row in counts] == [2, 1]
    other = server.new_key("globex", "ingest,read")
    send(server, "one", "export DB_PASSWORD=Tr0ub4dor-9x", other)
    (text,) = prompts(server, other)
    ((rule, hash),) = PLACEHOLDER.findall(text)
    assert rule == "password" and hash != counts[0]["hash"]


def test_a_value_found_once_is_known_in_its_session(server):
    send(server, "known", "mysql --password=Zk2mW9xL4vQp db")
    hook = {"hook_event_name": "UserPromptSubmit", "session_id": "known", "prompt": "why is Zk2mW9xL4vQp refused?"}
    assert server.post("/v1/otel/claude/hooks", hook).status_code == 200
    wait_for("both rows", lambda: len(prompts(server, session="known")) == 2)
    assert not any("Zk2mW9xL4vQp" in text for text in prompts(server, session="known"))


def test_keys_of_the_server_are_masked(server):
    made = server.new_key("default", "read")
    send(server, "keys", f"curl -d '{made}' with {modlaked.KEY}.")
    (text,) = prompts(server, session="keys")
    assert made not in text and modlaked.KEY not in text
    assert {rule for rule, _ in PLACEHOLDER.findall(text)} == {"modlake_key"}


def test_placeholders_of_a_laptop_stay_as_they_are(server):
    send(server, "laptop", "use [REDACTED:acme_badge:0123abcd] please")
    assert prompts(server, session="laptop") == ["use [REDACTED:acme_badge:0123abcd] please"]


def test_a_file_of_secrets_keeps_its_names_only(server):
    hook = {
        "hook_event_name": "PostToolUse",
        "session_id": "file",
        "tool_name": "Read",
        "tool_input": {"file_path": "/srv/app/.env"},
        "tool_response": {"type": "text", "file": {"filePath": "/srv/app/.env", "content": "PORT=3117\nMOTTO=carpe diem\n"}},
    }
    assert server.post("/v1/otel/claude/hooks", hook).status_code == 200
    (row,) = server.wait_rows("SELECT output_snippet FROM coding_agent_events WHERE session_id = 'file'", 1)
    text = row["output_snippet"]
    assert "PORT=" in text and "MOTTO=" in text and "3117" not in text and "carpe" not in text
    assert {rule for rule, _ in PLACEHOLDER.findall(text)} == {"sensitive_file"}
