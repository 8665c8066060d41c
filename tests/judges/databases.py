"""Calls to the routes of team databases, as programs of browser mods make them."""

import requests

V2 = "application/json; version=2.0"


def make_keys(server):
    """Keys of one tenant that may all, read, and write; and one of another tenant that may all of its own."""
    server.admin = server.new_key("acme", "ingest,read,admin")
    server.reader = server.new_key("acme", "read")
    server.writer = server.new_key("acme", "ingest")
    server.rival = server.new_key("rival", "ingest,read,admin")


def call(server, method, path, body=None, key=None, accept=V2, **options):
    headers = {"Authorization": f"Token {key or server.admin}"}
    if accept:
        headers["Accept"] = accept
    return requests.request(method, server.url + path, json=body, headers=headers, timeout=60, **options)


def good(answer, status=200):
    assert answer.status_code == status, f"{answer.status_code} {answer.text[:500]}"
    return answer.json() if answer.content else None
