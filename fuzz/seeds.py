"""seeds.py TARGET FOLDER: writes what a target begins from, out of this repository's own examples."""

import hashlib
import json
import sys
from pathlib import Path

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
SIGNALS = ["logs", "traces", "metrics"]
LARGEST = 4096


def texts():
    with open(FIXTURES / "secrets/own.jsonl", encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines]


def redact():
    """Each text, and its first one with a name before it."""
    for text in texts():
        yield text.encode()
    yield b"password\nhunter2 and more"


def redact_linear():
    """Beginning, what is repeated, end."""
    for text in texts()[::4]:
        line = text.replace("\n", " ")
        half = len(line) // 2
        yield f"\n{line}\n".encode()
        yield f"{line[:half]}\n{line[half : half + 24]}\n{line[half + 24 :]}".encode()


def receive():
    """A byte for the decoder, then the body that an agent sent."""
    for path in sorted((FIXTURES / "agents").glob("**/*")):
        signal = path.name.split(".")[0].split("_")[-1]
        body = path.read_bytes() if path.is_file() else b""
        if path.suffix == ".bin" and signal in SIGNALS:
            yield bytes([SIGNALS.index(signal)]) + body
        elif path.suffix == ".json" and signal in SIGNALS:
            yield bytes([3 + SIGNALS.index(signal)]) + body
        elif path.suffix == ".json" and signal == "hooks":
            yield bytes([6]) + body
        elif path.suffix == ".gz":
            yield bytes([8]) + body


def main():
    target, folder = sys.argv[1:]
    for seed in {"redact": redact, "redact_linear": redact_linear, "receive": receive}[target]():
        if len(seed) <= LARGEST:
            (Path(folder) / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)


if __name__ == "__main__":
    main()
