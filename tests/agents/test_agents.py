"""What the views say of sessions of the real agents is what the scripted model gave them."""

import json
from collections import Counter

import pytest
from modlaked import NotThere, wait_for

import play
from laptop import ledger

TOKENS = ("input_tokens", "cache_read_tokens", "cache_creation_tokens", "output_tokens")
PROVIDERS = {"claude_code": "anthropic", "codex": "openai"}


def given(answers, provider) -> list[tuple]:
    """Model and tokens of each answer. OpenAI's API knows no tokens written to the cache."""
    written = "cache_write" if provider == "claude_code" else None
    return sorted(
        (one["model"], one["usage"]["input"], one["usage"]["cache_read"], one["usage"].get(written, 0), one["usage"]["output"])
        for one in answers
    )


def wait_same(world, query, expected):
    """Waits until the rows of the query are as expected, each as a tuple."""
    last = []

    def check():
        last[:] = sorted((tuple(row.values()) for row in world.server.sql(query)), key=repr)
        return last == expected

    expected = sorted(expected, key=repr)
    try:
        wait_for(query, check, 20, 0.2)
    except NotThere:
        assert last == expected, query


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_answer_is_a_request_with_its_tokens_once(world, provider):
    answered = world.of(PROVIDERS[provider], 200)
    assert answered
    columns = ", ".join(f"coalesce({column}, 0)" for column in TOKENS)
    query = f"SELECT model, {columns} FROM api_requests WHERE provider = '{provider}' AND success IS NOT FALSE"
    wait_same(world, query, given(answered, provider))


def test_requests_of_claude_code_have_the_apis_ids(world):
    expected = [(one["request_id"],) for one in world.of("anthropic", 200)]
    wait_same(world, "SELECT request_id FROM api_requests WHERE provider = 'claude_code' AND success IS NOT FALSE", expected)


def test_a_refused_request_is_an_error(world):
    query = "SELECT session_id, status_code FROM api_requests WHERE provider = 'claude_code' AND NOT success"
    wait_same(world, query, [(play.REFUSED, 400)])
    # Codex tells of each attempt, but takes with it what it has not sent when it ends with an error.
    retried = [(world.sessions["codex-overloaded"], 503)]
    query = "SELECT session_id, status_code FROM api_requests WHERE provider = 'codex' AND NOT success"
    wait_same(world, f"{query} AND session_id <> '{world.sessions['codex-refused']}'", retried)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_call_is_there_once_under_the_models_id(world, provider):
    expected = [(call["id"],) for one in world.of(PROVIDERS[provider], 200) for call in one["calls"]]
    wait_same(world, f"SELECT tool_use_id FROM tool_calls WHERE provider = '{provider}'", expected)


def calls_of(world, scenario) -> list[str]:
    return [call["id"] for one in world.answers if one["scenario"] == scenario for call in one.get("calls", [])]


def test_calls_tell_their_outcome(world):
    failing, unknown = calls_of(world, "codex-failing")
    shell, missing = calls_of(world, "failing")
    failed = [(shell, False), (missing, False), (failing, False), (unknown, False)]
    wait_same(world, "SELECT tool_use_id, success FROM tool_calls WHERE NOT success", failed)
    wait_same(world, f"SELECT exit_code FROM tool_calls WHERE tool_use_id = '{failing}'", [(3,)])
    (patch,) = calls_of(world, "codex-patch")
    wait_same(world, f"SELECT tool_name, success FROM tool_calls WHERE tool_use_id = '{patch}'", [("apply_patch", True)])


def test_hooks_and_logs_saw_the_same_calls(world):
    query = "SELECT count(*) FROM tool_calls WHERE signals NOT LIKE '%hooks%' AND tool_use_id <> '{}'"
    _, unknown = calls_of(world, "codex-failing")
    # What is no tool has no hooks.
    wait_same(world, query.format(unknown), [(0,)])


def test_every_prompt_is_a_turn(world):
    claude = Counter([play.FIRST] * 2 + [play.FORK, play.SKILL, play.SLASH, play.DELEGATE, play.OVERLOADED, play.REFUSED])
    # The sub-agent's end comes back as a prompt of the client's own.
    claude[play.DELEGATE] += 1
    codex = Counter(world.sessions.values())
    query = "SELECT session_id, count(*) FROM turns WHERE provider = '{}' GROUP BY session_id"
    wait_same(world, query.format("claude_code"), list(claude.items()))
    wait_same(world, query.format("codex"), list(codex.items()))


def test_every_session_is_there_once(world):
    claude = [play.FIRST, play.FORK, play.SKILL, play.SLASH, play.DELEGATE, play.OVERLOADED, play.REFUSED]
    expected = [("claude_code", session) for session in claude]
    expected += [("codex", session) for session in set(world.sessions.values())]
    wait_same(world, "SELECT provider, session_id FROM sessions", expected)
    wait_same(world, "SELECT DISTINCT branch FROM sessions", [("main",)])


def test_sessions_add_up_to_what_was_given(world):
    for provider, api in PROVIDERS.items():
        total = [sum(row[1:]) for row in given(world.of(api, 200), provider)]
        query = f"SELECT sum(total_tokens), sum(api_requests - api_errors) FROM sessions WHERE provider = '{provider}'"
        wait_same(world, query, [(sum(total), len(total))])


def test_skills_are_named_with_what_made_the_agent_use_them(world):
    query = "SELECT provider, session_id, skill_name, skill_trigger FROM skill_uses"
    skill = world.sessions["codex-skill"]
    wait_same(
        world,
        query,
        [
            ("claude_code", play.SKILL, "release-notes", "claude-proactive"),
            ("claude_code", play.SLASH, "release-notes", "user-slash"),
            ("codex", skill, "release-notes", "implicit"),
        ],
    )


def test_a_sub_agent_is_part_of_its_session(world):
    query = "SELECT count(*), sum(case when agent_id is null then 0 else 1 end) FROM api_requests WHERE session_id = '{}'"
    requests = [one for one in world.of("anthropic", 200) if one["scenario"] in ("delegate", "counting")]
    of_agent = [one for one in requests if one["scenario"] == "counting"]
    wait_same(world, query.format(play.DELEGATE), [(len(requests), len(of_agent))])


def test_costs_are_claude_codes_own_to_the_cent(world):
    """It writes the sum of each session into the session's file; a fork's goes on from the session it came from."""
    told = {
        path.stem: [line["totalCostUSD"] for line in ledger(path) if line["type"] == "cost-state"][-1]
        for path in (world.laptop.home / ".claude/projects").glob("*/*.jsonl")
    }
    told[play.FORK] -= told[play.FIRST]
    expected = [(session, round(cost * 1e6)) for session, cost in told.items()]
    query = "SELECT session_id, cast(round(coalesce(cost_usd, 0) * 1e6) as bigint) FROM sessions WHERE provider = 'claude_code'"
    wait_same(world, query, expected)


def test_what_a_client_does_not_price_is_priced(world):
    query = "SELECT provider, cost_source, count(*) FROM costs WHERE model = '{}' AND cost_usd > 0 GROUP BY provider, cost_source"
    priced = [one for one in world.of("openai", 200) if one["model"] == play.PRICED]
    assert priced
    wait_same(world, query.format(play.PRICED), [("codex", "price_table", len(priced))])


def import_all(world, agent) -> int:
    """How many records were sent."""
    return json.loads(world.laptop.run(world.laptop.modlake, "import", agent, "--json"))["sent"]


def test_importing_the_same_sessions_changes_no_view(world):
    """Live telemetry was on: the files tell of the same facts, and of the one that Codex lost."""
    lost = world.sessions["codex-refused"]
    told = "turns, tool_calls, tool_failures, api_requests, skill_uses, total_tokens"
    queries = [
        f"SELECT provider, session_id, {told} FROM sessions WHERE session_id <> '{lost}'",
        "SELECT provider, tool_use_id FROM tool_calls",
        "SELECT provider, cast(round(sum(cost_usd) * 1e6) as bigint) FROM costs GROUP BY provider",
    ]
    before = [[tuple(row.values()) for row in world.server.sql(query)] for query in queries]
    first = [import_all(world, agent) for agent in ("claude", "codex")]
    assert all(first)
    imported = "SELECT count(*) FROM coding_agent_events WHERE signal = 'history'"
    wait_same(world, imported, [(sum(first),)])
    for query, expected in zip(queries, before, strict=True):
        wait_same(world, query, expected)
    (world.laptop.home / ".modlake/imported.json").unlink()
    assert [import_all(world, agent) for agent in ("claude", "codex")] == first
    world.server.wait_value("SELECT count(*) FROM events_raw WHERE signal = 'history'", 4)
    wait_same(world, imported, [(sum(first),)])
    wait_same(world, f"SELECT turns, api_requests, api_errors FROM sessions WHERE session_id = '{lost}'", [(1, 1, 1)])
