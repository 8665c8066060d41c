"""What the model says: scenarios by name, each a list of steps.

`<repository>` in a call stands for the folder that the agents work in.

A step is an answer (`Say`) or a failure that comes `times` times before the answer after it (`Fail`). Each answer of the API
gets token counts of its own (`usage`), so that one counted twice or not at all shows in every sum.
"""

import json
from dataclasses import dataclass, field

NOTHING_MORE = "<summary>Nothing more to do.</summary>"


@dataclass(frozen=True)
class Usage:
    """Tokens of one answer: `input` without those of the cache, `output` with those of reasoning."""

    input: int
    cache_read: int
    cache_write: int
    output: int
    reasoning: int


def usage(number: int) -> Usage:
    return Usage(1000 + number, 4000 + 10 * number, 100 + number, 50 + number, number)


@dataclass(frozen=True)
class Call:
    tool: str
    input: dict | str

    def item(self, call_id: str, item_id: str) -> dict:
        """As the Responses API spells it; text is the input of a tool that takes free text."""
        shared = {"id": item_id, "call_id": call_id, "name": self.tool, "status": "completed"}
        if isinstance(self.input, str):
            return shared | {"type": "custom_tool_call", "input": self.input}
        return shared | {"type": "function_call", "arguments": json.dumps(self.input)}


@dataclass(frozen=True)
class Say:
    text: str = ""
    calls: tuple[Call, ...] = field(default=())
    usage: Usage | None = None


@dataclass(frozen=True)
class Fail:
    status: int
    times: int
    kind: str = "overloaded_error"
    message: str = "Overloaded"


def bash(command: str) -> Call:
    return Call("Bash", {"command": command, "description": "A step of the demo"})


def shell(command: str) -> Call:
    return Call("exec_command", {"cmd": command})


SCENARIOS = {
    # Claude Code
    "hello": [Say("Hello!")],
    "tools": [
        Say("I will look.", (bash("echo hi"), Call("Read", {"file_path": "<repository>/README.md"}))),
        Say("It is a small demo."),
    ],
    "failing": [
        Say(calls=(bash("echo no >&2; exit 3"),)),
        Say(calls=(Call("Read", {"file_path": "<repository>/missing.txt"}),)),
        Say("Both failed."),
    ],
    "skill": [
        Say(calls=(Call("Skill", {"skill": "release-notes", "args": "v1"}),)),
        Say("The notes are written."),
    ],
    "delegate": [
        Say(
            calls=(
                Call(
                    "Agent",
                    {
                        "description": "Count the files",
                        "prompt": "<scenario counting> Count the files.",
                        "subagent_type": "general-purpose",
                    },
                ),
            )
        ),
        Say("There is one file."),
    ],
    "counting": [Say(calls=(bash("ls | wc -l"),)), Say("One.")],
    "overloaded": [Fail(529, 2), Say("At last.")],
    "refused": [Fail(400, 99, "invalid_request_error", "forced invalid request"), Say("Never.")],
    # Codex
    "codex-tools": [
        Say("I will look.", (shell("echo hi"), shell("cat README.md"))),
        Say("It is a small demo."),
    ],
    "codex-failing": [
        Say(calls=(shell("echo no >&2; exit 3"),)),
        Say(calls=(Call("no_such_tool", {"x": 1}),)),
        Say("Both failed."),
    ],
    "codex-patch": [
        Say(
            calls=(
                Call(
                    "apply_patch",
                    "*** Begin Patch\n*** Update File: README.md\n@@\n-A demo.\n+A small demo.\n*** End Patch\n",
                ),
            )
        ),
        Say("Patched."),
    ],
    "codex-skill": [
        Say(calls=(shell("cat .agents/skills/release-notes/SKILL.md"),)),
        Say("The notes are written."),
    ],
    "codex-overloaded": [Fail(503, 1, "server_error"), Say("At last.")],
    "codex-refused": [Fail(400, 99, "invalid_request_error", "forced invalid request"), Say("Never.")],
}
