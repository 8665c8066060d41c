"""What must not be kept is nowhere: not in the journal, the raw layer, the tables, the logs or the answers.

Canaries stand in every content field of every captured payload. Under the default policy none may be found in any byte
under the data folder; with capture on, the captured ones must be where they belong.
"""

import json
from pathlib import Path

import modlaked
import pyarrow.parquet
import pytest
from canaries import WORD, Canaries, broken
from captured import requests_of
from modlaked import wait_for

AGENTS = ["claude_code", "codex", "cursor"]


def planted(canaries: Canaries):
    requests = [canaries.plant(request) for agent in AGENTS for request in requests_of(agent)]
    return requests + canaries.made_up()


def traces_of(data: bytes) -> bool:
    folded = data.lower()
    return any(form in folded for form in (WORD.encode(), WORD.encode("utf-16-le"), WORD.encode().hex().encode()))


def files_with_canaries(folder: Path) -> list[str]:
    """Every file under a folder that holds a canary, in its bytes or, for Parquet, in its values."""
    found = []
    for path in sorted(folder.rglob("*")):
        try:
            if not path.is_file():
                continue
            holds = traces_of(path.read_bytes()) or traces_of(str(path).encode())
            if path.suffix == ".parquet" and not holds:
                rows = pyarrow.parquet.ParquetFile(path).read().to_pylist()
                holds = traces_of(json.dumps(rows, default=str).encode())
        except FileNotFoundError:
            continue  # the drain has put it away meanwhile
        if holds:
            found.append(str(path.relative_to(folder)))
    return found


@pytest.fixture(scope="module")
def suppressed(tmp_path_factory):
    """Everything sent under the default policy, with real prompts of the emitter not honoured either; all answers."""
    folder = tmp_path_factory.mktemp("suppressed")
    with modlaked.running(folder, CODING_AGENT_HONOR_EMITTER_PROMPTS="false", RUST_LOG="debug") as server:
        canaries, answers = Canaries(), []
        requests = planted(canaries)
        for request in requests:
            answer = request.send(server)
            assert answer.status_code == 200, f"{request.name}: {answer.status_code} {answer.text}"
            answers.append((request.name, answer))
        seen_in_journal = files_with_canaries(server.data)
        refused = 0
        small = [request for request in requests if len(request.body) < 60_000]
        for request in small[::3] + small[-4:]:
            for bad in broken(request):
                answer = bad.send(server)
                refused += answer.status_code >= 400
                answers.append((f"broken {request.name}", answer))
        assert len(canaries.places) > 1000 and refused > 300, "too little was planted to prove anything"
        yield server, requests, answers, seen_in_journal


def test_none_in_the_answers(suppressed):
    _, _, answers, _ = suppressed
    assert [
        name for name, answer in answers if traces_of(answer.content) or traces_of(str(answer.headers).encode())
    ] == []


def test_none_under_the_data_folder_while_running(suppressed):
    server, _, _, seen_in_journal = suppressed
    assert seen_in_journal == []
    assert files_with_canaries(server.data) == []


def test_none_in_sql(suppressed):
    server, requests, _, _ = suppressed
    server.wait_value(f"SELECT count(*) >= {len(requests)} FROM events_raw WHERE http_status = 200", True, 30)
    for table in ("events_raw", "coding_agent_events"):
        columns = [column["name"] for column in server.ask(f"SELECT * FROM {table} LIMIT 1").json()["columns"]]
        for column in columns:
            condition = f"lower(CAST(\"{column}\" AS VARCHAR)) LIKE '%{WORD}%'"
            assert server.value(f"SELECT count(*) FROM {table} WHERE {condition}") == 0, f"{table}.{column}"


def test_what_was_suppressed_is_marked(suppressed):
    server, _, _, _ = suppressed
    marked = "SELECT count(*) FROM coding_agent_events WHERE attributes LIKE '%\"{}\":true%'"
    assert server.value(marked.format("prompt_text_redacted")) > 0
    assert server.value(marked.format("output_snippet_redacted")) > 0
    assert (
        server.value(
            "SELECT count(*) FROM coding_agent_events WHERE prompt_text IS NOT NULL OR output_snippet IS NOT NULL"
        )
        == 0
    )


def test_placeholders_are_never_text(suppressed):
    server, _, _, _ = suppressed
    for column in ("prompt_text", "output_snippet", "command"):
        assert (
            server.value(f"SELECT count(*) FROM coding_agent_events WHERE {column} IN ('<REDACTED>', '[REDACTED]')")
            == 0
        )


def test_metadata_is_kept(suppressed):
    """Suppression must not go so far that nothing can be asked any more."""
    server, _, _, _ = suppressed
    for column in (
        "session_id",
        "event_name",
        "model",
        "tool_name",
        "tool_use_id",
        "input_tokens",
        "cost_usd",
        "duration_ms",
        "prompt_length",
    ):
        assert server.value(f"SELECT count({column}) FROM coding_agent_events") > 0, column


def test_none_after_the_stop(suppressed):
    server, _, _, _ = suppressed
    server.end()
    assert files_with_canaries(server.data) == []
    assert not traces_of(server.log.read_bytes()), "a log line holds content"


def test_captured_text_is_where_it_belongs(make_server):
    server = make_server(CODING_AGENT_CAPTURE_PROMPTS="true", CODING_AGENT_CAPTURE_OUTPUT_SNIPPETS="1")
    canaries = Canaries()
    for request in planted(canaries):
        assert request.send(server).status_code == 200, request.name
    for column, places in [("prompt_text", ["prompt"]), ("output_snippet", ["output", "tool_response"])]:
        texts = wait_for(
            column,
            lambda column=column: server.sql(
                f"SELECT DISTINCT {column} AS text FROM coding_agent_events WHERE {column} LIKE '%{WORD}%'"
            ),
        )
        stored = " ".join(row["text"] for row in texts)
        for place in places:
            assert any(canary in stored for canary in canaries.of(place)), f"no canary of `{place}` in {column}"
    hooks = canaries.of("prompt", "hooks")

    def are_all_there():
        rows = server.sql("SELECT prompt_text AS text FROM coding_agent_events WHERE prompt_text IS NOT NULL")
        prompts = " ".join(row["text"] for row in rows)
        return all(canary in prompts for canary in hooks)

    wait_for("prompts of all hooks", are_all_there)
    assert not traces_of(server.log.read_bytes()), "captured text still never reaches a log line"


@pytest.mark.parametrize("value", ["yes", "on", "TRUE ", ""])
def test_only_true_and_1_switch_capture_on(make_server, value):
    server = make_server(CODING_AGENT_CAPTURE_PROMPTS=value)
    hook = {"hook_event_name": "UserPromptSubmit", "session_id": "s", "prompt": f"Please tell {WORD} that it is late."}
    assert server.post("/v1/otel/claude/hooks", hook).status_code == 200
    server.wait_value("SELECT count(*) FROM coding_agent_events", 1)
    assert (
        server.value(
            "SELECT count(*) FROM coding_agent_events WHERE prompt_text IS NULL AND attributes LIKE '%prompt_text_redacted%'"
        )
        == 1
    )
    assert files_with_canaries(server.data) == []


@pytest.mark.parametrize(
    ("allowed", "opted_in", "captured"),
    [("true", True, 1), ("true", "true", 1), ("true", False, 0), ("false", True, 0)],
)
def test_events_opt_themselves_in(make_server, allowed, opted_in, captured):
    server = make_server(CODING_AGENT_ALLOW_EVENT_LEVEL_OPT_IN=allowed)
    hook = {
        "hook_event_name": "UserPromptSubmit",
        "session_id": "s",
        "prompt": f"Please tell {WORD} that it is late.",
        "moda.capture_prompts": opted_in,
    }
    assert server.post("/v1/otel/claude/hooks", hook).status_code == 200
    server.wait_value("SELECT count(*) FROM coding_agent_events", 1)
    assert server.value(f"SELECT count(*) FROM coding_agent_events WHERE prompt_text LIKE '%{WORD}%'") == captured


@pytest.mark.parametrize(("honoured", "captured"), [("true", True), ("false", False)])
def test_prompts_that_the_emitter_sends_on_purpose(make_server, honoured, captured):
    """`OTEL_LOG_USER_PROMPTS=1` at the emitter: real text in `prompt` of Claude Code's logs; hooks are no such opt-in."""
    server = make_server(CODING_AGENT_HONOR_EMITTER_PROMPTS=honoured)
    canaries = Canaries()
    scenario = [request for request in requests_of("claude_code") if "c04_prompts" in request.name]
    for request in scenario:
        assert canaries.plant(request).send(server).status_code == 200
    hook = {"hook_event_name": "UserPromptSubmit", "session_id": "s", "prompt": f"{WORD} of a hook"}
    assert server.post("/v1/otel/claude/hooks", hook).status_code == 200
    server.wait_value("SELECT count(*) FROM coding_agent_events WHERE signal = 'hooks'", 1)
    rows = server.sql(f"SELECT signal FROM coding_agent_events WHERE prompt_text LIKE '%{WORD}%'")
    assert {row["signal"] for row in rows} == ({"logs"} if captured else set())


def test_secrets_in_captured_text_are_redacted(make_server):
    server = make_server(CODING_AGENT_CAPTURE_PROMPTS="true", CODING_AGENT_CAPTURE_OUTPUT_SNIPPETS="true")
    secrets = {
        "Authorization: Bearer {}": f"{WORD}AAAA1111bbbb2222cccc3333",
        "api_key={}": f"{WORD}BBBB1111bbbb2222cccc3333",
        "token: {}": f"{WORD}CCCC1111bbbb2222cccc3333",
        "password={}": f"{WORD}DDDD1111bbbb2222cccc3333",
        "secret = '{}'": f"{WORD}EEEE1111bbbb2222cccc3333",
        "ANTHROPIC_API_KEY={}": f"sk-ant-api03-{WORD}1111bbbb2222cccc3333",
        "OPENAI_API_KEY={}": f"sk-proj-{WORD}1111bbbb2222cccc3333",
        "export MODA_TOKEN={}": f"{WORD}FFFF1111bbbb2222cccc3333",
        "COOKIE: session={}": f"{WORD}GGGG1111bbbb2222cccc3333",
    }
    for form, secret in secrets.items():
        text = form.format(secret)
        for hook in (
            {"hook_event_name": "UserPromptSubmit", "prompt": f"use {text} please"},
            {
                "hook_event_name": "PostToolUse",
                "tool_name": "Bash",
                "tool_input": {"command": f"curl -H '{text}' http://localhost"},
                "tool_response": {"stdout": text},
            },
            {
                "hook_event_name": "PostToolUseFailure",
                "tool_name": "Bash",
                "tool_input": {"command": "x"},
                "error": f"Exit code 1\n{text}",
            },
        ):
            assert server.post("/v1/otel/claude/hooks", hook | {"session_id": "s"}).status_code == 200
    server.wait_value("SELECT count(*) FROM coding_agent_events", 3 * len(secrets))
    assert server.stop() == 0
    assert files_with_canaries(server.data) == []
    assert not traces_of(server.log.read_bytes())
