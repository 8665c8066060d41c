#!/usr/bin/env python3
"""A model API that answers as a script says: model_api.py PORT LEDGER REPOSITORY

It speaks as much of Anthropic's Messages API and of OpenAI's Responses API as the two agents need, streaming included, and
writes one JSON line per answer to LEDGER: what was answered, with which ids and how many tokens. That is what the tests hold
the views against.

A prompt names its scenario of `script.py` as `<scenario NAME>`; the step taken is the number of answers since.
"""

import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import script

MARK = re.compile(r"<scenario ([\w-]+)>")


class Conversation:
    """Who said what, oldest first: pairs of a role and a text."""

    def __init__(self, turns):
        self.turns = turns

    def place(self):
        """The scenario of the last prompt that names one, and the number of answers since."""
        for at in range(len(self.turns) - 1, -1, -1):
            role, text = self.turns[at]
            named = MARK.findall(text) if role == "user" else []
            if named:
                return named[-1], sum(role == "assistant" for role, _ in self.turns[at + 1 :])
        return None, 0


def texts(content) -> str:
    """What a message says, without what tools answered."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(part.get("text") or "" for part in parts if isinstance(part, dict))


class Ledger:
    """Numbers the answers, counts the failures that were asked for, and writes down what was given."""

    def __init__(self, path: Path):
        self.path, self.lock, self.number, self.failures = path, threading.Lock(), 0, {}

    def next_number(self) -> int:
        with self.lock:
            self.number += 1
            return self.number

    def step(self, scenario, place):
        """The step to take: a failure as often as its step says, else what comes after."""
        steps = script.SCENARIOS.get(scenario, [])
        answers = [step for step in steps if not isinstance(step, script.Fail)]
        if place >= len(answers):
            return script.Say(script.NOTHING_MORE)
        answer = answers[place]
        before = steps[: steps.index(answer)]
        fail = before[-1] if before and isinstance(before[-1], script.Fail) else None
        with self.lock:
            failed = self.failures.get((scenario, place), 0)
            if fail and failed < fail.times:
                self.failures[scenario, place] = failed + 1
                return fail
        return answer

    def write(self, **entry):
        with self.lock, self.path.open("a") as file:
            file.write(json.dumps(entry) + "\n")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    ledger: Ledger
    repository: str

    def log_message(self, *_):
        """The ledger is the log."""

    def do_HEAD(self):
        self.answer(200, {})

    def do_GET(self):
        self.answer(200, {"object": "list", "data": [], "models": []})

    def do_POST(self):
        body = json.loads(self.read_body() or b"{}")
        route = self.path.partition("?")[0]
        if route.endswith("/count_tokens"):
            self.answer(200, {"input_tokens": 100})
        elif route.endswith("/messages"):
            self.answer_messages(body)
        elif route.endswith("/responses"):
            self.answer_responses(body)
        else:
            self.answer(404, {"error": {"type": "not_found_error", "message": f"no such route: {route}"}})

    def read_body(self) -> bytes:
        if "chunked" not in self.headers.get("transfer-encoding", "").lower():
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def placed(self, call_input: dict) -> dict:
        return json.loads(json.dumps(call_input).replace("<repository>", self.repository))

    def answer(self, status, body, **headers):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def stream(self, events, **headers):
        """Server-sent events; the connection ends with them."""
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.close_connection = True
        for event in events:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
        self.wfile.flush()

    # Anthropic

    def answer_messages(self, body):
        turns = [(message["role"], texts(message["content"])) for message in body.get("messages", [])]
        scenario, place = Conversation(turns).place()
        # A request without tools is the client's own, such as one for a title.
        step = self.ledger.step(scenario, place) if body.get("tools") else script.Say("Demo")
        number = self.ledger.next_number()
        request_id = f"req_demo{number:06}"
        entry = {"api": "anthropic", "scenario": scenario, "request_id": request_id, "model": body["model"]}
        if isinstance(step, script.Fail):
            self.ledger.write(**entry, status=step.status)
            error = {"type": "error", "error": {"type": step.kind, "message": step.message}, "request_id": request_id}
            return self.answer(step.status, error, request_id=request_id, retry_after="0")
        usage = step.usage or script.usage(number)
        content = [{"type": "text", "text": step.text}] if step.text else []
        calls = [(f"toolu_demo{number:06}{at}", call) for at, call in enumerate(step.calls)]
        content += [
            {"type": "tool_use", "id": id, "name": call.tool, "input": self.placed(call.input)} for id, call in calls
        ]
        message = {
            "id": f"msg_demo{number:06}",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": content,
            "stop_reason": "tool_use" if calls else "end_turn",
            "stop_sequence": None,
            "usage": {
                "input_tokens": usage.input,
                "cache_creation_input_tokens": usage.cache_write,
                "cache_read_input_tokens": usage.cache_read,
                "output_tokens": usage.output,
            },
        }
        self.ledger.write(
            **entry,
            status=200,
            message_id=message["id"],
            usage=vars(usage),
            calls=[{"id": id, "tool": call.tool} for id, call in calls],
        )
        if body.get("stream"):
            self.stream(message_events(message), request_id=request_id)
        else:
            self.answer(200, message, request_id=request_id)

    # OpenAI

    def answer_responses(self, body):
        scenario, place = Conversation(response_turns(body.get("input", []))).place()
        step = self.ledger.step(scenario, place)
        number = self.ledger.next_number()
        entry = {"api": "openai", "scenario": scenario, "request_id": f"req_demo{number:06}", "model": body["model"]}
        if isinstance(step, script.Fail):
            self.ledger.write(**entry, status=step.status)
            error = {"error": {"message": step.message, "type": step.kind, "code": None}}
            return self.answer(step.status, error, x_request_id=entry["request_id"], retry_after="0")
        usage = step.usage or script.usage(number)
        items = []
        if step.text:
            text = {"type": "output_text", "text": step.text, "annotations": []}
            items.append({"type": "message", "id": f"msg_{number}", "role": "assistant", "content": [text]})
        for at, call in enumerate(step.calls):
            items.append(call.item(f"call_demo{number:06}{at}", f"fc_{number}_{at}"))
        response = {"id": f"resp_demo{number:06}", "object": "response", "model": body["model"]}
        self.ledger.write(
            **entry,
            status=200,
            message_id=response["id"],
            usage=vars(usage),
            calls=[{"id": item["call_id"], "tool": item["name"]} for item in items if "call_id" in item],
        )
        self.stream(response_events(response, items, usage), x_request_id=entry["request_id"])


def message_events(message):
    begun = message | {"content": [], "stop_reason": None, "usage": message["usage"] | {"output_tokens": 1}}
    yield {"type": "message_start", "message": begun}
    for index, block in enumerate(message["content"]):
        if block["type"] == "text":
            empty, delta = block | {"text": ""}, {"type": "text_delta", "text": block["text"]}
        else:
            empty, delta = block | {"input": {}}, {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    end = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": end, "usage": message["usage"]}
    yield {"type": "message_stop"}


def response_turns(items):
    """A message and the calls beside it are one answer."""
    turns = []
    for item in items:
        kind = item.get("type", "message")
        if kind == "message":
            turns.append((item["role"], texts(item.get("content"))))
        elif kind.endswith("_output"):
            turns.append(("tool", ""))
        elif kind.endswith("_call") and not (turns and turns[-1][0] == "assistant"):
            turns.append(("assistant", ""))
    return turns


def response_events(response, items, usage):
    events = [{"type": "response.created", "response": response | {"status": "in_progress", "output": []}}]
    for index, item in enumerate(items):
        begun = item | {"content": []} if item["type"] == "message" else item
        events.append({"type": "response.output_item.added", "output_index": index, "item": begun})
        if item["type"] == "message":
            text = {"item_id": item["id"], "output_index": index, "content_index": 0}
            events.append({"type": "response.output_text.delta", "delta": item["content"][0]["text"]} | text)
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
    told = {
        "input_tokens": usage.input + usage.cache_read,
        "input_tokens_details": {"cached_tokens": usage.cache_read},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.cache_read + usage.output,
    }
    done = response | {"status": "completed", "output": items, "usage": told}
    events.append({"type": "response.completed", "response": done})
    return [event | {"sequence_number": number} for number, event in enumerate(events)]


def main():
    port, ledger = int(sys.argv[1]), Path(sys.argv[2])
    Handler.ledger, Handler.repository = Ledger(ledger), sys.argv[3]
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    main()
