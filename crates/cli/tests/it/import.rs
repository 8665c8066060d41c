//! `modlake import`.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

use serde_json::Value;

use crate::Laptop;
use crate::server::{Answer, Server};

fn fixture(folder: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/history").join(folder);
    path.to_str().expect("text").to_owned()
}

fn laptop(answer: impl FnMut() -> Answer + Send + 'static) -> (Laptop, Server) {
    let answer = Mutex::new(answer);
    let server = Server::start(move |_| (answer.lock().expect("the answer"))());
    let laptop = Laptop::new().with("MODLAKE_SERVER", &server.url()).with("MODLAKE_API_KEY", "ml_SECRET");
    (laptop, server)
}

fn accepting() -> (Laptop, Server) {
    laptop(|| Answer::json("200 OK", r#"{"accepted":1}"#))
}

/// Every record that was sent.
fn sent(server: &Server) -> Vec<Value> {
    let requests = server.requests();
    requests
        .iter()
        .flat_map(|request| request.text.lines())
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

#[test]
fn sessions_are_sent_as_lines_and_not_again() {
    let (laptop, server) = accepting();
    let folder = fixture("claude_code/captured");
    let ran = laptop.run(&["import", "claude", &folder, "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&told["sent"], &told["records"]["api_request"]), (&46.into(), &18.into()));
    assert!(ran.err.contains("sent 46 records"), "{}", ran.err);

    let records = sent(&server);
    let ids: BTreeSet<_> =
        records.iter().map(|record| (record["record"].as_str(), record["event_id"].as_str())).collect();
    assert_eq!((records.len(), ids.len()), (46, 46));
    let request = &server.requests()[0];
    assert_eq!(request.line, "POST /v1/otel/claude/history");
    assert_eq!(request.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(request.header("authorization"), Some("Bearer ml_SECRET"));
    assert!(records.iter().all(|record| record.get("prompt").is_none()));

    let requests = server.requests().len();
    let again = laptop.run(&["import", "claude", &folder, "--json"]);
    let told: Value = serde_json::from_str(&again.out).unwrap();
    assert_eq!((&told["sent"], &told["files_unchanged"]), (&0.into(), &8.into()));
    assert_eq!(server.requests().len(), requests, "nothing is sent");

    fs::remove_file(laptop.home.path().join(".modlake/imported.json")).unwrap();
    laptop.run(&["import", "claude", &folder]);
    let repeated = sent(&server).split_off(46);
    assert_eq!(repeated, records, "the same records under the same ids");
}

#[test]
fn the_home_folder_is_where_agents_keep_their_sessions() {
    let (laptop, server) = accepting();
    let folder = laptop.home.path().join(".codex/sessions/2026");
    fs::create_dir_all(&folder).unwrap();
    let line = r#"{"timestamp":"2026-09-10T10:00:00.000Z","type":"session_meta","payload":{"id":"s1","cwd":"/home/dev/demo"}}"#;
    fs::write(folder.join("rollout-a.jsonl"), format!("{line}\n")).unwrap();
    assert_eq!(laptop.run(&["import", "codex"]).code, Some(0));
    assert_eq!(server.requests()[0].line, "POST /v1/otel/codex/history");
    assert_eq!(sent(&server)[0]["session_id"], "s1");
    let none = laptop.run(&["import", "claude"]);
    assert_eq!(none.code, Some(0));
    assert!(none.err.contains("no session files") && none.err.contains(".claude/projects"), "{}", none.err);
}

#[test]
fn a_file_that_grew_is_sent_again_and_others_are_not() {
    let (laptop, server) = accepting();
    let folder = laptop.home.path().join("sessions");
    fs::create_dir(&folder).unwrap();
    let line = |session: &str| {
        format!(r#"{{"timestamp":"2026-09-10T10:00:00.000Z","type":"session_meta","payload":{{"id":"{session}"}}}}"#)
            + "\n"
    };
    fs::write(folder.join("a.jsonl"), line("a")).unwrap();
    fs::write(folder.join("b.jsonl"), line("b")).unwrap();
    let folder_name = folder.to_str().unwrap();
    laptop.run(&["import", "codex", folder_name]);
    let turn = r#"{"timestamp":"2026-09-10T10:01:00.000Z","type":"event_msg","payload":{"type":"user_message","message":"more"}}"#;
    fs::write(folder.join("b.jsonl"), format!("{}{turn}\n", line("b"))).unwrap();
    laptop.run(&["import", "codex", folder_name]);
    let sessions: Vec<_> =
        sent(&server).iter().map(|record| record["session_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(sessions, ["a", "b", "b", "b"]);
}

#[test]
fn dry_runs_and_dates_leave_no_mark() {
    let (laptop, server) = accepting();
    let folder = fixture("codex/inflated");
    let ran = laptop.run(&["import", "codex", &folder, "--dry-run"]);
    assert!(ran.err.contains("would send 16 records"), "{}", ran.err);
    assert_eq!(server.requests().len(), 0);
    let ran = laptop.run(&["import", "codex", &folder, "--since", "2026-09-10T10:03:00Z"]);
    assert!(ran.err.contains("sent 6 records"), "{}", ran.err);
    let ran = laptop.run(&["import", "codex", &folder]);
    assert!(ran.err.contains("sent 16 records"), "{}", ran.err);
    laptop.run(&["import", "codex", &folder, "--since", "soon"]).failed(2, &["2026-01-31"]);
    laptop.run(&["import", "codex", "/no/such/folder"]).failed(2, &["/no/such/folder"]);
}

#[test]
fn prompts_leave_only_when_asked_for() {
    let (laptop, server) = accepting();
    laptop.run(&["import", "claude", &fixture("claude_code/captured"), "--log-prompts"]);
    let prompts: Vec<_> = sent(&server).into_iter().filter(|record| record["record"] == "user_prompt").collect();
    assert_eq!(prompts.len(), 12);
    assert!(prompts.iter().all(|record| record["prompt"].is_string()));
}

#[test]
fn what_is_not_taken_now_is_sent_again() {
    let mut busy = 2;
    let (laptop, server) = laptop(move || {
        busy -= 1;
        if busy >= 0 { Answer::json("503 Service Unavailable", "{}") } else { Answer::json("200 OK", "{}") }
    });
    let ran = laptop.run(&["import", "codex", &fixture("codex/inflated")]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let texts: Vec<_> = server.requests().into_iter().map(|request| request.text).collect();
    assert!(texts.len() == 3 && texts.iter().all(|text| *text == texts[0]));
}

#[test]
fn a_refusal_ends_the_import_and_nothing_counts_as_sent() {
    let (laptop, server) = laptop(|| Answer::json("403 Forbidden", r#"{"message":"needs scope ingest"}"#));
    let folder = fixture("codex/inflated");
    laptop.run(&["import", "codex", &folder]).failed(5, &["needs scope ingest"]);
    laptop.run(&["import", "codex", &folder]).failed(5, &["needs scope ingest"]);
    assert_eq!(server.requests().len(), 2);
    Laptop::new().run(&["import", "codex", &folder]).failed(3, &["no key"]);
}
