"""A developer's machine: a home folder, a small repository, and both agents, set up by `modlake` alone."""

import json
import os
import subprocess
from pathlib import Path

import sandbox

SECONDS = 60

SKILL = """---
name: release-notes
description: Writes the release notes of a version. Use it when asked for release notes.
---

Write three lines.
"""

# What a user of Codex has in it before modlake comes: the scripted model, and no question in the way.
CODEX_CONFIG = """# my own settings
model = "gpt-5.5"
model_provider = "demo"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false

[analytics]
enabled = false

[feedback]
enabled = false

[model_providers.demo]
name = "Demo"
base_url = "{model}/v1"
env_key = "DEMO_API_KEY"
wire_api = "responses"
request_max_retries = 2
stream_max_retries = 2
"""

CLAUDE_TOOLS = ["Bash", "Read", "Edit", "Write", "Skill", "Agent"]


def repository(folder: Path) -> Path:
    """The folder that the agents work in."""
    return folder / "home/demo"


class Laptop:
    def __init__(self, folder: Path, clients: Path, modlake: Path, model: str):
        self.home, self.repository = folder / "home", repository(folder)
        self.clients, self.modlake, self.model = clients, modlake, model
        (self.home / ".codex").mkdir(parents=True)
        (self.home / ".codex/config.toml").write_text(CODEX_CONFIG.format(model=model))
        for agent in (".claude", ".agents"):
            skill = self.repository / agent / "skills/release-notes/SKILL.md"
            skill.parent.mkdir(parents=True)
            skill.write_text(SKILL)
        (self.repository / "README.md").write_text("# Demo\nA demo.\n")
        sandbox.owned(self.home)
        self.run("git", "-c", "init.defaultBranch=main", "init", "--quiet")
        self.run("git", "add", "--all")
        self.run("git", "-c", "user.name=Dev", "-c", "user.email=dev@example.com", "commit", "--quiet", "-m", "Begin")

    def environment(self) -> dict:
        """Nothing of our own: what is not named here comes from the settings that modlake wrote."""
        return {
            "PATH": os.pathsep.join([str(self.clients / ".bin"), os.environ["PATH"]]),
            "HOME": str(self.home),
            "USER": "dev",
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "ANTHROPIC_BASE_URL": self.model,
            "ANTHROPIC_API_KEY": "sk-ant-demo",
            "DEMO_API_KEY": "sk-demo",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_ERROR_REPORTING": "1",
        }

    def run(self, *command, fails=False, stdin="") -> str:
        """What a command of the user prints; `fails`: it must."""
        done = subprocess.run(
            command,
            cwd=self.repository,
            env=self.environment(),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            **sandbox.user(),
        )
        told = f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert (done.returncode != 0) == fails, told
        return done.stdout

    def set_up(self, server: str, key: str):
        """All that a developer does."""
        self.run(self.modlake, "config", "set", "--server", server, "--key", "-", stdin=key)
        for agent in ("claude", "codex"):
            self.run(self.modlake, "hooks", "install", "--agent", agent)

    def claude(self, prompt: str, *options, fails=False) -> str:
        command = ["claude", "-p", prompt, "--model", "claude-sonnet-5", *options, "--allowedTools", *CLAUDE_TOOLS]
        return self.run(*command, fails=fails)

    def codex(self, prompt: str, *more, fails=False) -> str:
        """`more`: further options, or a subcommand."""
        # Hooks of Codex want to be trusted in its terminal once; `exec` has no other way to say so.
        options = ["--skip-git-repo-check", "--dangerously-bypass-hook-trust"]
        return self.run("codex", "exec", *options, *more, prompt, fails=fails)


def ledger(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]
