//! `modlake doctor`: each way a step can end.

use serde_json::{Value, json};

use crate::server::{Answer, Request, Server};
use crate::{Laptop, Ran};

/// A well server, but for what `special` answers in its place.
fn server(scopes: &'static str, special: impl Fn(&Request) -> Option<Answer> + Send + 'static) -> Server {
    let mut polls = 0;
    Server::start(move |request| {
        if let Some(answer) = special(request) {
            return answer;
        }
        match request.line.as_str() {
            "GET /healthz" | "GET /readyz" => Answer::new("200 OK", "text/plain", "ok"),
            "GET /api/v1/me" => Answer::json("200 OK", &format!(r#"{{"tenant":"acme","scopes":[{scopes}]}}"#)),
            "POST /v1/otel/claude/logs" => Answer::json("200 OK", "{}"),
            "POST /api/v1/sql" => {
                polls += 1;
                let n = i32::from(polls >= 3);
                Answer::json(
                    "200 OK",
                    &format!(r#"{{"columns":[{{"name":"n","type":"Int64"}}],"rows":[{{"n":{n}}}]}}"#),
                )
            }
            other => panic!("{other}"),
        }
    })
}

const BOTH: &str = r#""ingest","read""#;

fn doctor(server: &Server, args: &[&str]) -> Ran {
    let laptop = Laptop::new().with("MODLAKE_SERVER", &server.url()).with("MODLAKE_API_KEY", "ml_SECRET");
    let ran = laptop.run(&[&["doctor"], args].concat());
    assert!(!ran.err.contains("SECRET") && !ran.out.contains("SECRET"));
    ran
}

/// The report as JSON, and `step: status` for each step.
fn report(ran: &Ran) -> (Value, Vec<String>) {
    assert_eq!(ran.err, "");
    let report: Value = serde_json::from_str(&ran.out).expect("JSON");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let steps = report["steps"].as_array().expect("a list");
    let steps = steps.iter().map(|step| format!("{}: {}", text(&step["step"]), text(&step["status"]))).collect();
    (report, steps)
}

fn answers_to(line: &'static str, answer: impl Fn() -> Answer + Send + 'static) -> Server {
    server(BOTH, move |request| (request.line == line).then(&answer))
}

#[test]
fn all_is_well() {
    let server = server(BOTH, |_| None);
    let ran = doctor(&server, &["--json"]);
    let (report, steps) = report(&ran);
    assert_eq!(steps, ["config: ok", "server: ok", "ready: ok", "key: ok", "send: ok", "query: ok", "spool: ok"]);
    assert_eq!((ran.code, &report["ok"]), (Some(0), &json!(true)));
    assert_eq!(report["server"], server.url());
    assert!(report["steps"][3]["detail"].as_str().unwrap().contains("acme"), "{report}");
    assert!(report["steps"][5]["ms"].as_f64().unwrap() > 0.0, "{report}");
}

#[test]
fn the_event_that_is_sent_is_the_one_that_is_asked_for() {
    let server = server(BOTH, |_| None);
    assert_eq!(doctor(&server, &[]).code, Some(0));
    let requests = server.requests();
    let sent = requests.iter().find(|request| request.line == "POST /v1/otel/claude/logs").unwrap();
    let asked: Vec<_> = requests.iter().filter(|request| request.line == "POST /api/v1/sql").collect();
    assert_eq!(asked.len(), 3);
    assert!(asked[0].body["query"].as_str().unwrap().contains("session_id = $1"));
    let session = asked[0].body["params"][0].as_str().unwrap();
    let attributes = &sent.body["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]["attributes"];
    let attribute = |key: &str| {
        let found = attributes.as_array().unwrap().iter().find(|attribute| attribute["key"] == key).unwrap();
        found["value"]["stringValue"].as_str().unwrap()
    };
    assert_eq!((attribute("session.id"), attribute("event.name")), (session, "modlake_doctor"));
    assert_eq!(sent.header("content-type"), Some("application/json"));
}

#[test]
fn people_read_a_line_for_each_step() {
    let server = server(BOTH, |_| None);
    let ran = doctor(&server, &[]);
    ran.printed("");
    let lines: Vec<&str> = ran.err.lines().collect();
    assert_eq!(lines.len(), 8, "{}", ran.err);
    assert!(lines[3].starts_with("ok      key     tenant acme, scopes ingest,read"), "{}", ran.err);
    assert_eq!(lines[6], "ok      spool   nothing waits; 0 sent");
    assert_eq!(lines[7], "all is well");
    assert!(!ran.err.contains('\x1b'));
}

#[test]
fn a_missing_scope_skips_with_the_reason() {
    let ran = doctor(&server(r#""read""#, |_| None), &["--json"]);
    let (told, steps) = report(&ran);
    assert_eq!(steps[4..6], ["send: skipped", "query: skipped"]);
    assert!(told["steps"][4]["detail"].as_str().unwrap().contains("`ingest`"));
    assert_eq!(ran.code, Some(0));

    let ran = doctor(&server(r#""ingest""#, |_| None), &["--json"]);
    let (told, steps) = report(&ran);
    assert_eq!(steps[4..6], ["send: ok", "query: skipped"]);
    assert!(told["steps"][5]["detail"].as_str().unwrap().contains("`read`"));
    assert_eq!(ran.code, Some(0));
}

#[test]
fn each_failing_step_names_the_fix_and_skips_what_needs_it() {
    let unauthorized = || Answer::json("401 Unauthorized", r#"{"error":{"message":"unknown key"}}"#);
    let full = || Answer::json("503 Service Unavailable", r#"{"error":{"message":"disk full","hint":"make room"}}"#);
    let status = || Answer::json("400 Bad Request", r#"{"code":3,"message":"not OTLP"}"#);
    let partial =
        || Answer::json("200 OK", r#"{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"too old"}}"#);
    let html = || Answer::new("200 OK", "text/html", "<h1>hello</h1>");
    for (server, step, words, rest) in [
        (answers_to("GET /readyz", full), 2, &["disk full", "make room"][..], &["ok", "ok", "ok"][..]),
        (
            answers_to("GET /api/v1/me", unauthorized),
            3,
            &["unknown key", "modlaked keys create"],
            &["skipped", "skipped"],
        ),
        (answers_to("GET /api/v1/me", html), 3, &["modlake server?"], &["skipped", "skipped"]),
        (answers_to("POST /v1/otel/claude/logs", status), 4, &["not OTLP"], &["skipped"]),
        (answers_to("POST /v1/otel/claude/logs", partial), 4, &["too old"], &["skipped"]),
        (answers_to("POST /api/v1/sql", full), 5, &["disk full", "make room"], &[]),
    ] {
        let ran = doctor(&server, &["--json"]);
        let (report, steps) = report(&ran);
        assert_eq!((ran.code, &report["ok"]), (Some(1), &json!(false)));
        assert!(steps[step].ends_with(": failed"), "{steps:?}");
        for word in words {
            assert!(report["steps"][step].to_string().contains(word), "no `{word}` in {report}");
        }
        let after: Vec<_> = steps[step + 1..6].iter().map(|step| step.split_once(": ").unwrap().1).collect();
        assert_eq!(after, rest, "{steps:?}");
    }
}

#[test]
fn an_event_that_never_arrives_is_told() {
    let none = r#"{"columns":[{"name":"n","type":"Int64"}],"rows":[{"n":0}]}"#;
    let server = answers_to("POST /api/v1/sql", move || Answer::json("200 OK", none));
    let ran = doctor(&server, &["--wait", "0"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("not in SQL after 0 s") && ran.err.ends_with("1 failed, 0 skipped\n"), "{}", ran.err);
}

#[test]
fn no_server_and_no_key() {
    let ran = Laptop::new().run(&["doctor", "--json", "--server", crate::NOBODY]);
    let (told, steps) = report(&ran);
    assert_eq!(
        steps,
        [
            "config: failed",
            "server: failed",
            "ready: skipped",
            "key: skipped",
            "send: skipped",
            "query: skipped",
            "spool: ok"
        ]
    );
    assert!(told["steps"][0]["hint"].as_str().unwrap().contains("modlake config set --key -"));
    assert!(told["steps"][1]["hint"].as_str().unwrap().contains("modlaked serve"));
    assert_eq!(ran.code, Some(1));

    let server = server(BOTH, |_| None);
    let ran = Laptop::new().run(&["doctor", "--json", "--server", &server.url()]);
    let (_, steps) = report(&ran);
    assert_eq!(steps[..4], ["config: failed", "server: ok", "ready: ok", "key: skipped"]);
}

#[test]
fn a_wrong_setting_is_the_first_step() {
    let ran = Laptop::new().run(&["doctor", "--json", "--server", "nowhere"]);
    let (report, steps) = report(&ran);
    assert_eq!(steps[..2], ["config: failed", "server: skipped"]);
    assert_eq!(report["server"], Value::Null);
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_gets_a_hint() {
    use std::os::unix::fs::PermissionsExt as _;

    let server = server(BOTH, |_| None);
    let laptop = Laptop::new();
    laptop.run_with_stdin(&["config", "set", "--server", &server.url(), "--key", "-"], "k").printed("");
    assert!(!laptop.run(&["doctor"]).err.contains("chmod"));
    std::fs::set_permissions(laptop.config_file(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let ran = laptop.run(&["doctor"]);
    assert!(ran.code == Some(0) && ran.err.contains("chmod 600"), "{}", ran.err);
}

#[test]
fn what_hooks_could_not_send_is_told_with_the_fix() {
    let refusing = answers_to("POST /v1/otel/codex/hooks", || {
        Answer::json("401 Unauthorized", r#"{"error":{"message":"unknown key"}}"#)
    });
    let laptop = Laptop::new().with("MODLAKE_SERVER", &refusing.url()).with("MODLAKE_API_KEY", "ml_SECRET");
    assert_eq!(laptop.run_with_stdin(&["hook", "--agent", "codex"], r#"{"session_id":"s"}"#).code, Some(0));
    crate::wait_until("the refusal is noted", || laptop.spool_file("status.json").contains("unknown key"));
    let ran = laptop.run(&["doctor", "--json"]);
    let (told, steps) = report(&ran);
    assert_eq!((ran.code, steps.last().map(String::as_str)), (Some(1), Some("spool: failed")));
    let spool = told["steps"][6].to_string();
    for word in ["1 waiting", "unknown key", "modlaked keys create", "modlake hook send"] {
        assert!(spool.contains(word), "no `{word}` in {spool}");
    }
    assert!(!spool.contains("SECRET"));
}

#[test]
fn agents_on_this_machine_are_told() {
    let server = server(BOTH, |_| None);
    let laptop = Laptop::new().with("MODLAKE_SERVER", &server.url()).with("MODLAKE_API_KEY", "k");
    std::fs::create_dir_all(laptop.home.path().join(".codex/sessions")).unwrap();
    let ran = laptop.run(&["doctor", "--json"]);
    let (told, steps) = report(&ran);
    assert_eq!((ran.code, steps[6..].join(" ").as_str()), (Some(0), "spool: ok codex: ok"));
    assert_eq!(told["steps"][7]["hint"], "modlake hooks install --agent codex");
}
