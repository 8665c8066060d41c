//! Trace files on their way: each is sent once, none is lost, none takes another one's place.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::process::Child;

use serde_json::{Value, json};

use crate::exec::{TRACE, with_mod};
use crate::server::{Answer, Server};
use crate::{Laptop, Ran};

const HEADER: &str = "origin,path,branch,developer,buildStartTime,buildId,organization\r\n";
const ROW: &str = "github.com,acme/a,main,,2026-02-19T00:12:22.215Z,20260219000719-cYGAL,ALL\r\n";

impl Laptop {
    fn leave(&self, path: &str, text: &str) -> PathBuf {
        let path = self.home.path().join(".moderne/cli/trace").join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, text).expect("a file");
        path
    }

    fn push(&self, options: &[&str]) -> (Value, Ran) {
        let ran = self.run(&[&["traces", "push", "--json"], options].concat());
        (serde_json::from_str(&ran.out).unwrap_or_default(), ran)
    }

    fn object(&self, key: &str) -> String {
        fs::read_to_string(self.bucket().join(key)).unwrap_or_default()
    }
}

const DAY: &str = "year=2026/month=02/day=19";

#[test]
fn every_type_and_naming_is_sent_once() {
    let laptop = Laptop::new().sending_to_folder();
    let text = format!("{HEADER}{ROW}");
    for path in ["build/trace-1.csv", "run/2/trace.csv", "sync/3.csv", "mcp/deep/down/4.csv", "build/trace.csv"] {
        laptop.leave(path, &text);
    }
    laptop.leave("rejected/5.csv", &text);
    laptop.leave("build/6.csv", &text);
    laptop.leave("build/6.csv.lock", "");
    let (told, ran) = laptop.push(&[]);
    assert_eq!(
        (told["sent"].as_array().unwrap().len(), &told["left"], ran.code),
        (5, &json!(1), Some(0)),
        "{}",
        ran.err
    );
    let expected = [
        format!("org=acme/type=build/{DAY}/1.csv"),
        format!("org=acme/type=build/{DAY}/20260219000719-cYGAL.csv"),
        format!("org=acme/type=mcp/{DAY}/4.csv"),
        format!("org=acme/type=run/{DAY}/2.csv"),
        format!("org=acme/type=sync/{DAY}/3.csv"),
    ];
    assert_eq!(laptop.keys(), expected);
    assert_eq!(laptop.object(&expected[0]), text);
    let (told, _) = laptop.push(&[]);
    assert_eq!(told["sent"], json!([]));
    assert!(laptop.home.path().join(".moderne/cli/trace/build/trace-1.csv").exists(), "files stay");
}

#[test]
fn a_name_that_is_no_text_keeps_nobody_from_being_sent() {
    let laptop = Laptop::new().sending_to_folder();
    let text = format!("{HEADER}{ROW}");
    let odd = laptop.leave("build/1.csv", &text);
    fs::rename(&odd, odd.with_file_name(OsStr::from_bytes(b"\xff\xfe.csv"))).expect("a name of any bytes");
    laptop.leave("run/2.csv", &text);
    let status = laptop.run(&["traces", "status", "--json"]);
    let waiting: Value = serde_json::from_str(&status.out).expect(&status.err);
    assert_eq!(waiting["waiting"].as_array().unwrap().len(), 2, "{waiting}");
    let (told, ran) = laptop.push(&[]);
    assert_eq!((told["sent"].as_array().unwrap().len(), ran.code), (2, Some(0)), "{}", ran.err);
    let keys =
        [format!("org=acme/type=build/{DAY}/20260219000719-cYGAL.csv"), format!("org=acme/type=run/{DAY}/2.csv")];
    assert_eq!(laptop.keys(), keys);
    // What is remembered of it is read again.
    assert_eq!(laptop.push(&["--delete-sent"]).0["deleted"], json!(2));
}

#[test]
fn a_file_that_grew_takes_its_own_place_and_no_other() {
    let laptop = Laptop::new().sending_to_folder();
    laptop.leave("build/1.csv", &format!("{HEADER}{ROW}"));
    laptop.push(&[]);
    let later = ROW.replace("2026-02-19", "2026-02-20");
    let grown = format!("{HEADER}{ROW}{later}");
    laptop.leave("build/1.csv", &grown);
    // Another file of the same id, and somebody else's object under the key of a third.
    laptop.leave("build/1/trace.csv", &format!("{HEADER}{}", ROW.replace("acme/a", "acme/b")));
    let foreign = format!("org=acme/type=build/{DAY}/3.csv");
    fs::write(laptop.bucket().join(&foreign), "foreign").unwrap();
    laptop.leave("build/3.csv", &format!("{HEADER}{ROW}"));
    let (told, ran) = laptop.push(&[]);
    assert_eq!(told["left"], 0, "{}", ran.err);
    let keys = laptop.keys();
    assert_eq!(laptop.object(&format!("org=acme/type=build/{DAY}/1.csv")), grown);
    assert_eq!(laptop.object(&foreign), "foreign");
    assert_eq!(keys.len(), 4, "{keys:?}");
    assert!(keys.iter().any(|key| key.contains("/1.") && laptop.object(key).contains("acme/b")), "{keys:?}");
    assert!(keys.iter().any(|key| key.contains("/3.") && laptop.object(key).contains("acme/a")), "{keys:?}");
}

#[test]
fn a_lost_ledger_doubles_nothing() {
    let laptop = Laptop::new().sending_to_folder();
    laptop.leave("build/1.csv", &format!("{HEADER}{ROW}"));
    laptop.push(&[]);
    fs::remove_file(laptop.home.path().join(".modlake/traces/sent.ndjson")).unwrap();
    laptop.push(&[]);
    assert_eq!(laptop.keys().len(), 1);
    fs::remove_file(laptop.home.path().join(".modlake/traces/sent.ndjson")).unwrap();
    let grown = format!("{HEADER}{ROW}{ROW}");
    laptop.leave("build/1.csv", &grown);
    laptop.push(&[]);
    assert_eq!((laptop.keys().len(), laptop.object(&laptop.keys()[0])), (1, grown));
}

#[test]
fn delete_sent_deletes_what_was_sent_and_the_folder_of_its_id() {
    let laptop = Laptop::new().sending_to_folder();
    let text = format!("{HEADER}{ROW}");
    let (flat, deep) = (laptop.leave("build/trace-1.csv", &text), laptop.leave("build/2/trace.csv", &text));
    let shared = laptop.leave("build/3/trace.csv", &text);
    laptop.leave("build/3/notes.txt", "mine");
    let broken = laptop.leave("build/4.csv", "<html>");
    let (told, _) = laptop.push(&["--delete-sent"]);
    assert_eq!(told["deleted"], 3, "{told}");
    assert!(!flat.exists() && !deep.parent().unwrap().exists() && !shared.exists());
    assert!(shared.parent().unwrap().join("notes.txt").exists() && broken.exists());
    assert!(flat.parent().unwrap().exists());
}

#[test]
fn secrets_stay_on_the_laptop() {
    let laptop = Laptop::new().sending_to_folder();
    let text = "origin,path,execStartTime,execCommand\r\ng,a,2026-02-19T00:00:00Z,\"curl -H \"\"Authorization: Bearer abcdefghijklmnop0123456789\"\", x\"\r\n";
    laptop.leave("exec/1.csv", text);
    laptop.push(&[]);
    let object = laptop.object(&laptop.keys()[0]);
    assert!(object.contains("REDACTED") && !object.contains("abcdefghijklmnop"), "{object}");
}

#[test]
fn the_layout_is_a_setting() {
    let laptop =
        Laptop::new().sending_to_folder().with("MODLAKE_KEY_LAYOUT", "tenant").with("MODLAKE_KEY_HOUR", "true");
    laptop.leave("build/1.csv", &format!("{HEADER}{ROW}"));
    laptop.push(&[]);
    assert_eq!(laptop.keys(), [format!("tenant=acme/source=cli/type=build/{DAY}/hour=00/1.csv")]);
}

#[test]
fn an_http_endpoint_gets_posts_as_the_wrappers_send_them() {
    let server = Server::start(|request| match request.header("x-event-type") {
        Some("run") => Answer::json("500 Internal Server Error", "{}"),
        _ => Answer::json("200 OK", "{}"),
    });
    let laptop = Laptop::new().with("BI_ENDPOINT", &format!("{}/in", server.url()));
    let laptop = laptop.with("BI_AUTH_USER", "me").with("BI_AUTH_PASS", "pass");
    let text = format!("{HEADER}{ROW}");
    laptop.leave("build/1.csv", &text);
    laptop.leave("run/2.csv", &text);
    let (told, ran) = laptop.push(&[]);
    assert_eq!((&told["sent"], &told["left"], ran.code), (&json!(["1.csv"]), &json!(1), Some(4)), "{}", ran.err);
    let request = &server.requests()[0];
    assert_eq!((request.line.as_str(), request.text.as_str()), ("POST /in", text.as_str()));
    assert_eq!(request.header("content-type"), Some("text/csv"));
    assert_eq!(request.header("authorization"), Some("Basic bWU6cGFzcw=="));
    assert_eq!(request.header("x-event-type"), Some("build"));
    laptop.push(&[]);
    assert_eq!(server.requests().len(), 3, "only what was left goes again");
}

#[test]
fn modlaked_is_where_they_go_once_there_is_one() {
    let server = Server::start(|_| Answer::json("201 Created", "{}"));
    let laptop = with_mod(TRACE).with("MODLAKE_UPLOAD", "wait");
    let set = ["config", "set", "--server", &server.url(), "--key", "-"];
    assert_eq!(laptop.run_with_stdin(&set, "ml_key").code, Some(0));
    let ran = laptop.exec(&["mod", "build", "."]);
    assert!(ran.err.contains(".csv to modlaked...\n[telemetry] Uploaded: "), "{}", ran.err);
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert!(requests[0].line.starts_with("PUT /v1/cli/traces/build/20260219000719-"), "{}", requests[0].line);
    assert!(requests[0].line.ends_with(".csv?source=cli"));
    assert_eq!(requests[0].header("authorization"), Some("Bearer ml_key"));
}

#[test]
fn what_the_server_refuses_is_told_once_and_blocks_nobody() {
    let server = Server::start(|request| {
        if request.line.contains("/bad.csv") {
            Answer::json("400 Bad Request", r#"{"message":"no rows"}"#)
        } else {
            Answer::json("201 Created", "{}")
        }
    });
    let laptop = Laptop::new().with("MODLAKE_SERVER", &server.url()).with("MODLAKE_API_KEY", "k");
    laptop.leave("build/bad.csv", &format!("{HEADER}{ROW}"));
    laptop.leave("build/good.csv", &format!("{HEADER}{ROW}x"));
    let (told, _) = laptop.push(&[]);
    assert_eq!((&told["sent"], &told["refused"][0]["reason"]), (&json!(["good.csv"]), &json!("no rows")), "{told}");
    let (told, ran) = laptop.push(&[]);
    assert_eq!((ran.code, told["refused"].as_array().unwrap().len()), (Some(0), 0));
    let ran = laptop.run(&["traces", "status"]);
    assert!(ran.out.contains("0 waiting, 1 sent, 1 refused"), "{}", ran.out);
    // Whoever set the destination right says so, and is told as often as he asks.
    for _ in 0..2 {
        let (told, _) = laptop.push(&["--refused"]);
        assert_eq!((&told["sent"], told["refused"].as_array().unwrap().len()), (&json!([]), 1), "{told}");
    }
    let fixed = Server::start(|_| Answer::json("201 Created", "{}"));
    let ledger = laptop.home.path().join(".modlake/traces/sent.ndjson");
    fs::write(&ledger, fs::read_to_string(&ledger).unwrap().replace(&server.url(), &fixed.url())).unwrap();
    let laptop = laptop.with("MODLAKE_SERVER", &fixed.url());
    assert_eq!(laptop.push(&[]).0["sent"], json!([]));
    assert_eq!(laptop.push(&["--refused"]).0["sent"], json!(["bad.csv"]));
}

#[test]
fn twenty_wrappers_at_once_lose_nothing_and_double_nothing() {
    let server = Server::start(|_| Answer::json("201 Created", "{}"));
    let laptop = with_mod(TRACE).with("MODLAKE_SERVER", &server.url()).with("MODLAKE_API_KEY", "k");
    let mut children: Vec<Child> =
        (0..20).map(|_| laptop.command(&["exec", "--", "mod", "build"]).spawn().unwrap()).collect();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    crate::wait_until("all are sent", || server.requests().len() >= 20);
    let (told, ran) = laptop.push(&["--wait"]);
    assert_eq!(told["sent"], json!([]), "{}", ran.err);
    let lines: Vec<String> = server.requests().iter().map(|request| request.line.clone()).collect();
    assert_eq!((lines.len(), lines.iter().collect::<BTreeSet<_>>().len()), (20, 20));
}

#[test]
fn doctor_names_the_fix_of_each_step() {
    let steps = |laptop: &Laptop| -> Vec<Value> {
        let report: Value =
            serde_json::from_str(&laptop.run(&["doctor", "--json", "--server", crate::NOBODY]).out).unwrap();
        report["steps"].as_array().unwrap().clone()
    };
    let step = |laptop: &Laptop, name: &str| -> String {
        steps(laptop).into_iter().find(|step| step["step"] == name).map(|step| step.to_string()).unwrap_or_default()
    };
    let has = |text: &str, words: &[&str]| {
        for word in words {
            assert!(text.contains(word), "no `{word}` in {text}");
        }
    };
    assert_eq!(step(&Laptop::new(), "mod"), "", "nobody uses mod here");
    let old = with_mod("echo 'Moderne CLI 3.44.9'");
    has(&step(&old, "mod"), &["failed", "3.44.9", "3.45.0"]);
    has(&step(&old, "traces"), &["failed", "modlake init", "BI_ENDPOINT and BI_ORG"]);
    let new = with_mod("echo 'Moderne CLI 4.3.10'").sending_to_folder();
    has(&step(&new, "mod"), &["\"ok\"", "4.3.10", "--install-alias"]);
    has(&step(&new, "traces"), &["\"ok\"", "org=acme"]);
    has(&step(&new, "upload"), &["\"ok\"", "can be written", "modlaked ddl", "--layout org --tenant acme", "and type"]);
    has(&step(&new, "queue"), &["\"ok\"", "0 waiting", "MODERNE_CLI_TELEMETRY_DIR"]);
    // Who sends to a bucket alone needs no server.
    let alone = new.run(&["doctor"]);
    assert_eq!(alone.code, Some(0), "{}", alone.err);
    has(&alone.err, &["skipped", "modlake init", "BI_ENDPOINT"]);
    let no_org = with_mod("echo 4.3.10").with("BI_ENDPOINT", "s3://b");
    has(&step(&no_org, "traces"), &["failed", "BI_ORG is not set"]);
    let dead = with_mod("echo 4.3.10").with("BI_ENDPOINT", &format!("{}/in", crate::NOBODY));
    dead.leave("build/1.csv", &format!("{HEADER}{ROW}"));
    assert_eq!(dead.run(&["traces", "push"]).code, Some(4));
    has(&step(&dead, "upload"), &["failed", "BI_ENDPOINT"]);
    has(&step(&dead, "queue"), &["failed", "1 waiting", "traces push"]);
}
