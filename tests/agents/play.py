"""The sessions that are played, one after the other, and what they are to look like."""

import re

# Claude Code takes the ids that it is given.
ID = "11111111-aaaa-4aaa-8aaa-00000000000{}"
FIRST, FORK, SKILL, SLASH, DELEGATE, OVERLOADED, REFUSED = (ID.format(number) for number in range(1, 8))


# A model of Codex that stands in modlake's own table of prices; the others of this play need not.
PRICED = "gpt-5.2-codex"


def play(laptop) -> dict:
    """Returns the ids of Codex's sessions by scenario."""
    laptop.claude("<scenario hello> Say hello.", "--session-id", FIRST)
    laptop.claude("<scenario tools> What is in the README?", "--resume", FIRST)
    laptop.claude("<scenario failing> Run the check.", "--resume", FIRST, "--fork-session", "--session-id", FORK)
    laptop.claude("<scenario skill> Write the release notes.", "--session-id", SKILL)
    laptop.claude("/release-notes <scenario hello>", "--session-id", SLASH)
    laptop.claude("<scenario delegate> Let another one count.", "--session-id", DELEGATE)
    laptop.claude("<scenario overloaded> Try.", "--session-id", OVERLOADED)
    laptop.claude("<scenario refused> Try.", "--session-id", REFUSED, fails=True)

    laptop.codex("<scenario codex-tools> What is in the README?")
    laptop.codex("<scenario codex-failing> Run the check.", "resume", "--last")
    laptop.codex("<scenario codex-patch> Improve the README.")
    laptop.codex("<scenario codex-skill> Write the release notes.")
    laptop.codex("<scenario codex-overloaded> Try.", "--model", PRICED)
    laptop.codex("<scenario codex-refused> Try.", fails=True)
    return codex_sessions(laptop)


def codex_sessions(laptop) -> dict:
    """Codex makes up its ids: the names of its files tell them, their text the scenarios."""
    found = {}
    for path in sorted((laptop.home / ".codex/sessions").rglob("*.jsonl")):
        session = path.stem[-36:]
        for scenario in re.findall(r"<scenario (codex-[\w-]+)>", path.read_text()):
            found[scenario] = session
    return found
