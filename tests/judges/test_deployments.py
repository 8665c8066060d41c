"""Deployments over HTTP: what was sent is counted, grouped, reported and cleared, for its own tenant alone."""

import csv
import gzip
import io
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import modlaked
import pytest
import requests

NOW = datetime.now(UTC)
TODAY = NOW.strftime("%Y-%m-%d")
ADA, GRACE = "ada@example.com", "grace@example.com"


def iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def event(deployment: str, person: str | None = ADA, name="TriggerRun", label="Refund button", version="1.0.0", at=NOW):
    data = {"deploymentId": deployment, "label": label, "blueprintId": "@acme/refunds", "blueprintVersion": version}
    sent = {"uid": f"uid-{person}", "event": name, "timestamp": int(at.timestamp() * 1000), "data": data}
    return sent | ({"person": {"email": person}} if person else {})


def error(deployment: str, person=ADA, message="no money", version="1.0.0", at=NOW, **more):
    return {
        "uuid": str(uuid.uuid4()),
        "class_name": "BusinessError",
        "message": message,
        "is_application_error": False,
        "timestamp": iso(at),
        "person": {"email": person},
        "deployment": deployment,
        "blueprint_version": {"id": "@acme/refunds", "version": version},
        "extension_uuid": "c3f4b6a2-1c1d-4d5e-8f90-a1b2c3d4e5f6",
        "extension_label": "Refund button",
        "step_label": "Call the bank",
        "user_agent": "Mozilla/5.0",
        "user_agent_extension_version": "3.2.10",
        "platform_name": "chrome",
        "error_data": {"name": "BusinessError", "stack": "BusinessError: no money\n    at pay (mod.js:1:2)"},
    } | more


def send_events(server, deployment: str, events: list, key=modlaked.KEY):
    answer = server.post("/api/events/", {"events": events}, key=key)
    assert answer.status_code == 201, answer.text
    server.wait_value(f"SELECT count(*) FROM product_events WHERE deployment_id = '{deployment}'", len(events), key=key)


def send_errors(server, deployment: str, errors: list, before=0, key=modlaked.KEY):
    answer = server.post("/api/telemetry/errors/", errors, key=key)
    assert answer.status_code == 201, answer.text
    count = f"SELECT count(*) FROM product_errors WHERE deployment_id = '{deployment}'"
    server.wait_value(count, before + len(errors), key=key)


def fetch(server, path: str, key=modlaked.KEY, status=200, accept="*/*"):
    headers = {"Authorization": f"Token {key}", "Accept": accept}
    answer = requests.get(server.url + path, headers=headers, timeout=120)
    assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text}"
    return answer


def clear(server, deployment: str, key=modlaked.KEY):
    headers = {"Authorization": f"Token {key}"}
    return requests.delete(f"{server.url}/api/deployments/{deployment}/errors/", headers=headers, timeout=120)


@pytest.fixture
def deployment():
    return str(uuid.uuid4())


def test_errors_alike_are_one_group_in_the_published_shape(server, deployment):
    sent = [
        error(deployment, ADA, at=NOW - timedelta(seconds=20)),
        error(deployment, GRACE, at=NOW - timedelta(seconds=10)),
        error(deployment, ADA, message="no bank", at=NOW - timedelta(seconds=30)),
        error(deployment, ADA, version="1.1.0", at=NOW - timedelta(seconds=40)),
    ]
    send_errors(server, deployment, sent)
    answer = fetch(server, f"/api/deployments/{deployment}/errors/")
    assert answer.headers["X-Total-Count"] == "3"
    groups = answer.json()
    assert [group["occurrence_count"] for group in groups] == [2, 1, 1], groups
    first = groups[0]
    ids = first.pop("error_item_ids")
    last = datetime.fromisoformat(first.pop("last_occurrence_timestamp"))
    assert abs(last - (NOW - timedelta(seconds=10))) < timedelta(milliseconds=1)
    assert first == {
        "message": "no money",
        "occurrence_count": 2,
        "users": [{"id": None, "email": ADA}, {"id": None, "email": GRACE}],
        "extension_label": "Refund button",
        "step_label": "Call the bank",
        "package_version": {
            "id": "@acme/refunds@1.0.0",
            "package_id": "@acme/refunds",
            "name": "@acme/refunds",
            "version": "1.0.0",
            "created_at": None,
            "updated_at": None,
        },
        "user_agent_extension_version": "3.2.10",
        "user_agent_extension_full_version": "",
        "request_url": None,
        "platforms": [{"name": "chrome", "display_name": "chrome"}],
        "deployment": {"id": deployment, "name": "@acme/refunds"},
    }
    items = [fetch(server, f"/api/telemetry/errors/{item}/").json() for item in ids]
    assert [item["uuid"] for item in items] == [sent[1]["uuid"], sent[0]["uuid"]], "the latest first"
    assert items[0]["user"] == {"id": None, "email": GRACE}
    assert items[0]["error_data"]["stack"].startswith("BusinessError: no money")
    assert items[0]["blueprint_version"] == {"id": "@acme/refunds", "version": "1.0.0"}
    by_uuid = fetch(server, f"/api/telemetry/errors/{sent[2]['uuid']}/").json()
    assert by_uuid["message"] == "no bank"


def test_groups_come_in_pages(server, deployment):
    errors = [error(deployment, message=f"failure {n}", at=NOW - timedelta(seconds=n)) for n in range(5)]
    send_errors(server, deployment, errors)
    path = f"/api/deployments/{deployment}/errors/"
    page = fetch(server, path + "?page=2&page_size=2")
    assert [group["message"] for group in page.json()] == ["failure 2", "failure 3"]
    assert page.headers["X-Total-Count"] == "5"
    relations = {link.split('rel="')[1].rstrip('"') for link in page.headers["Link"].split(", ")}
    assert relations == {"first", "prev", "next", "last"}
    assert fetch(server, path + "?page=9", status=404).json() == {"detail": "Invalid page."}


def test_the_window_is_the_last_thirty_days_unless_asked(server, deployment):
    old = error(deployment, message="long ago", at=NOW - timedelta(days=40))
    send_errors(server, deployment, [old, error(deployment, message="today")])
    path = f"/api/deployments/{deployment}/errors/"
    assert [group["message"] for group in fetch(server, path).json()] == ["today"]
    assert [group["message"] for group in fetch(server, path + "?days=60").json()] == ["today", "long ago"]
    assert len(fetch(server, path + "?days=4294967295").json()) == 2, "as far back as there can be"
    assert "days" in fetch(server, path + "?days=0", status=400).json()


def test_clearing_begins_groups_anew_and_keeps_the_rows(server, deployment):
    send_errors(server, deployment, [error(deployment)])
    path = f"/api/deployments/{deployment}/errors/"
    assert len(fetch(server, path).json()) == 1
    answer = clear(server, deployment)
    assert (answer.status_code, answer.text) == (204, "")
    assert fetch(server, path).json() == []
    cleared = fetch(server, f"/api/deployments/{deployment}/").json()
    assert cleared["errors"] == 0 and cleared["errors_cleared_at"] is not None
    # one that happened before and comes only now was seen by nobody: it counts
    send_errors(server, deployment, [error(deployment, at=NOW - timedelta(hours=1))], before=1)
    assert [group["occurrence_count"] for group in fetch(server, path).json()] == [1]
    told = server.sql(
        f"SELECT is_cleared FROM deployment_errors WHERE deployment_id = '{deployment}' ORDER BY received_at"
    )
    assert [row["is_cleared"] for row in told] == [True, False]


def test_a_report_counts_per_person_day_event_and_label(server, deployment):
    yesterday = NOW - timedelta(days=1)
    events = [event(deployment), event(deployment), event(deployment, at=yesterday), event(deployment, GRACE)]
    events += [event(deployment, GRACE, name="MenuItemClick"), event(deployment, GRACE, label="Other button")]
    send_events(server, deployment, events)
    reports = f"/api/deployments/{deployment}/reports/"
    listed = fetch(server, reports, accept="application/json; version=1.0").json()
    assert listed == [{"id": "engagement", "name": "Engagement", "timezone": "UTC"}]
    report = fetch(server, f"{reports}engagement/").json()
    assert (report["id"], report["name"]) == ("engagement", "Engagement")
    assert datetime.fromisoformat(report["timestamp"]) > NOW
    rows = {tuple(row[name] for name in ("email", "timestamp", "event_name", "event_label", "value")) for row in report["data"]}
    expected = {
        (ADA, TODAY, "TriggerRun", "Refund button", 2),
        (ADA, yesterday.strftime("%Y-%m-%d"), "TriggerRun", "Refund button", 1),
        (GRACE, TODAY, "TriggerRun", "Refund button", 1),
        (GRACE, TODAY, "MenuItemClick", "Refund button", 1),
        (GRACE, TODAY, "TriggerRun", "Other button", 1),
    }
    assert rows == expected
    answer = fetch(server, f"{reports}engagement/", accept="text/csv; version=1.0")
    assert answer.headers["Content-Type"].startswith("text/csv")
    read = csv.DictReader(io.StringIO(answer.text))
    assert read.fieldnames == ["email", "timestamp", "event_name", "event_label", "value"]
    assert {(*list(row.values())[:4], int(row["value"])) for row in read} == expected
    only_today = fetch(server, f"{reports}engagement/?days=1").json()["data"]
    assert {row["timestamp"] for row in only_today} == {TODAY}
    assert fetch(server, f"{reports}other/", status=404).json() == {"detail": "Not found."}
    wrong = fetch(server, f"{reports}engagement/", status=406, accept="application/json; version=2.0")
    assert wrong.json() == {"detail": 'Invalid version in "Accept" header.'}


def test_a_job_makes_a_report_and_a_second_request_leads_to_it(server, deployment):
    send_events(server, deployment, [event(deployment)])
    jobs = f"/api/deployments/{deployment}/reports/engagement/jobs/"
    headers = {"Authorization": f"Token {modlaked.KEY}"}

    def begin(_):
        return requests.post(server.url + jobs, headers=headers, allow_redirects=False, timeout=120)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(begin, range(8)))
    assert {answer.status_code for answer in answers} == {201, 303}, "some came while another one's job was in progress"
    for answer in answers:
        assert answer.json()["status"] == "STARTED"
        assert answer.headers["Location"] == f"{jobs}{answer.json()['id']}/"
    job = answers[0].headers["Location"]
    ended = modlaked.wait_for("the job ends", lambda: (said := fetch(server, job).json())["status"] == "SUCCESS" and said)
    made = fetch(server, ended["report"]).json()
    assert [(row["email"], row["value"]) for row in made["data"]] == [(ADA, 1)]
    assert "1" in fetch(server, ended["report"], accept="text/csv").text
    assert fetch(server, f"{jobs}{uuid.uuid4()}/").json()["status"] == "UNKNOWN"


def test_users_come_from_heartbeats_and_events(server, deployment):
    send_events(server, deployment, [event(deployment, version="1.0.0", at=NOW - timedelta(minutes=5))])
    for uid, version in [(f"uid-{ADA}", "1.1.0"), ("uid-nobody", "1.1.0")]:
        active = {"deployment": deployment, "blueprint": "@acme/refunds", "blueprintVersion": version}
        heartbeat = {"uid": uid, "version": "3.3.0", "active": [active | {"updatedAt": iso(NOW)}], "extensions": []}
        answer = server.post("/api/deployments/", heartbeat, Accept="application/json; version=1.1")
        assert answer.status_code == 201, answer.text
        assert [told["id"] for told in answer.json()] == [deployment], "what runs is told back, so that nothing seems withdrawn"
    users = fetch(server, f"/api/deployments/{deployment}/users/").json()
    known = {user["email"]: user for user in users}
    assert set(known) == {ADA, None}
    assert (known[ADA]["version"], known[ADA]["client_version"]) == ("1.1.0", "3.3.0")
    assert [version["version"] for version in known[ADA]["known_versions"]] == ["1.0.0", "1.1.0"]
    assert known[None]["known_versions"][0]["version"] == "1.1.0"


@pytest.mark.parametrize(
    "body, field",
    [
        ({"active": []}, "uid"),
        ({"uid": "u", "active": {}}, "active"),
        ({"uid": "u", "active": [{}]}, "active.0.deployment"),
        ({"uid": "u", "active": [{"deployment": "d", "updatedAt": "yesterday"}]}, "active.0.updatedAt"),
        ({"uid": "x" * 256, "active": []}, "uid"),
        ({"uid": "u\0", "active": []}, "uid"),
        ({"uid": 7, "active": []}, "uid"),
    ],
)
def test_a_heartbeat_that_is_wrong_says_where(server, body, field):
    answer = server.post("/api/deployments/", body)
    assert answer.status_code == 400 and list(answer.json()) == [field], answer.text


def test_a_heartbeat_may_be_compressed_and_its_time_without_an_offset(server, deployment):
    active = [{"deployment": deployment, "blueprintVersion": "1.0.0", "updatedAt": "2026-11-20T10:00:00"}]
    body = gzip.compress(json.dumps({"uid": "u-packed", "version": "3.3.0", "active": active}).encode())
    answer = server.post("/api/deployments/", body, Content_Encoding="gzip")
    assert answer.status_code == 201, answer.text
    assert answer.json()[0]["updated_at"] == "2026-11-20T10:00:00.000000Z"
    server.wait_value(f"SELECT uid FROM deployment_clients WHERE deployment_id = '{deployment}'", "u-packed")


def test_texts_of_pages_are_no_formulas_in_a_spreadsheet(server, deployment):
    formula = "=HYPERLINK(\"https://evil.example/\")"
    send_events(server, deployment, [event(deployment, name="@SUM(A1)", label=formula)])
    path = f"/api/deployments/{deployment}/reports/engagement/"
    (row,) = csv.DictReader(io.StringIO(fetch(server, path, accept="text/csv").text))
    assert (row["event_name"], row["event_label"], row["value"]) == ("'@SUM(A1)", f"'{formula}", "1")
    (told,) = fetch(server, path).json()["data"]
    assert (told["event_name"], told["event_label"]) == ("@SUM(A1)", formula), "programs read what was sent"


def test_what_is_unknown_of_an_error_has_the_type_that_clients_expect(server, deployment):
    send_errors(server, deployment, [{"uuid": str(uuid.uuid4()), "class_name": "E", "message": "m", "deployment": deployment}])
    (group,) = fetch(server, f"/api/deployments/{deployment}/errors/").json()
    assert (group["user_agent_extension_version"], group["user_agent_extension_full_version"]) == ("", "")
    assert group["platforms"] == []
    one = fetch(server, f"/api/telemetry/errors/{group['error_item_ids'][0]}/").json()
    assert (one["user_agent_extension_version"], one["platform"]) == ("", None)


def test_a_deployment_of_which_only_errors_of_nobody_tell_is_known(server, deployment):
    # as extensions send them: without a person, whom they leave to the key
    sent = {name: value for name, value in error(deployment).items() if name != "person"}
    send_errors(server, deployment, [sent])
    assert fetch(server, f"/api/deployments/{deployment}/").json()["errors"] == 1
    listed = {item["id"]: item for item in fetch(server, "/api/deployments/?page_size=1000").json()}
    assert (listed[deployment]["errors"], listed[deployment]["users"], listed[deployment]["versions"]) == (1, 0, ["1.0.0"])
    assert fetch(server, f"/api/deployments/{deployment}/users/").json() == []


def test_scopes(server, deployment):
    send_errors(server, deployment, [error(deployment)])
    sender, reader = server.new_key("default", "ingest"), server.new_key("default", "read")
    heartbeat = {"uid": "u", "version": "1", "active": [{"deployment": deployment}]}
    assert server.post("/api/deployments/", heartbeat, key=sender).status_code == 201
    assert server.post("/api/deployments/", heartbeat, key=reader).status_code == 403
    for path in ["", f"{deployment}/", f"{deployment}/errors/", f"{deployment}/users/", f"{deployment}/reports/"]:
        fetch(server, f"/api/deployments/{path}", key=reader)
        assert "detail" in fetch(server, f"/api/deployments/{path}", key=sender, status=403).json()
    assert clear(server, deployment, reader).status_code == 403
    assert len(fetch(server, f"/api/deployments/{deployment}/errors/").json()) == 1


def test_another_tenant_sees_nothing(server, deployment):
    sent = error(deployment)
    send_errors(server, deployment, [sent])
    send_events(server, deployment, [event(deployment)])
    other = server.new_key("other", "ingest,read,admin")
    listed = fetch(server, "/api/deployments/?page_size=1000").json()
    assert deployment in {item["id"] for item in listed}
    assert deployment not in {item["id"] for item in fetch(server, "/api/deployments/", key=other).json()}
    for path in ["", "errors/", "users/", "reports/", "reports/engagement/"]:
        fetch(server, f"/api/deployments/{deployment}/{path}", key=other, status=404)
    fetch(server, f"/api/telemetry/errors/{sent['uuid']}/", key=other, status=404)
    assert clear(server, deployment, other).status_code == 404
    # of the same name, its own: the other's errors and clearing do not mix
    send_errors(server, deployment, [error(deployment, message="theirs")], key=other)
    assert clear(server, deployment, other).status_code == 204
    assert [group["message"] for group in fetch(server, f"/api/deployments/{deployment}/errors/").json()] == ["no money"]


def test_a_heartbeat_keeps_no_secret(server):
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    active = [{"deployment": "with-secret", "blueprint": secret, "blueprintVersion": "1"}]
    assert server.post("/api/deployments/", {"uid": "u", "active": active}).status_code == 201
    (row,) = server.sql("SELECT mod_id FROM deployment_clients WHERE deployment_id = 'with-secret'")
    assert secret not in row["mod_id"]


def test_what_was_said_survives_a_kill(make_server, deployment):
    server = make_server()
    heartbeat = {"uid": "u", "version": "1", "active": [{"deployment": deployment, "blueprintVersion": "2.0.0"}]}
    assert server.post("/api/deployments/", heartbeat).status_code == 201
    send_errors(server, deployment, [error(deployment)])
    assert clear(server, deployment).status_code == 204
    server.kill()
    server.start()
    assert fetch(server, f"/api/deployments/{deployment}/errors/").json() == []
    users = fetch(server, f"/api/deployments/{deployment}/users/").json()
    assert {user["version"] for user in users} == {"1.0.0", "2.0.0"}
