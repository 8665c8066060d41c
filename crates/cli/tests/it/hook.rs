//! `modlake hook` and its sender: nothing disturbs the agent, and nothing is lost or counted twice.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::server::{Answer, Request, Server};
use crate::{Laptop, NOBODY, wait_until};

fn accepted() -> Answer {
    Answer::json("200 OK", r#"{"accepted":1}"#)
}

fn event(session: usize) -> String {
    format!(r#"{{"hook_event_name":"Stop","session_id":"s-{session}","last_assistant_message":"SECRET"}}"#)
}

impl Laptop {
    /// Runs the hook as an agent does, which must see nothing of it.
    fn hook(&self, args: &[&str], stdin: &str) {
        let ran = self.run_with_stdin(&[&["hook"], args].concat(), stdin);
        assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "", ""), "{args:?} {stdin:.80}");
    }

    /// Without a key hooks only spool; what they started ends at once.
    fn spooled(sessions: std::ops::Range<usize>) -> Self {
        let laptop = Self::new();
        for session in sessions {
            laptop.hook(&[], &event(session));
        }
        wait_until("the sender saw that there is no key", || laptop.spool_file("status.json").contains("no key"));
        wait_until("the sender ended", || {
            let lock = fs::File::open(laptop.spool().join("send.lock")).expect("a lock");
            lock.try_lock().is_ok()
        });
        laptop
    }

    fn with_server(self, server: &Server) -> Self {
        self.with("MODLAKE_SERVER", &server.url()).with("MODLAKE_API_KEY", "ml_key")
    }

    fn segments(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.spool()).expect("a spool").map(|entry| entry.expect("an entry").path());
        let agents = ["claude", "codex", "cursor"];
        entries.filter(|path| agents.iter().any(|agent| path.extension().is_some_and(|end| end == *agent))).collect()
    }

    fn waiting(&self) -> usize {
        self.segments().iter().map(|path| fs::read_to_string(path).unwrap_or_default().lines().count()).sum()
    }
}

/// A sender in the foreground, ended with the test.
struct Sender(Child);

impl Sender {
    fn start(laptop: &Laptop) -> Self {
        let mut command = laptop.command(&["hook", "send"]);
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the sender starts"))
    }

    fn kill(mut self) {
        self.0.kill().expect("SIGKILL");
        self.0.wait().expect("an end");
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// The events of the requests, each with its route, in order.
fn events(requests: &[Request]) -> Vec<(String, Value)> {
    let lines = |request: &Request| {
        let events = request.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect::<Vec<Value>>();
        events.into_iter().map(|event| (request.line.clone(), event)).collect::<Vec<_>>()
    };
    requests.iter().flat_map(lines).collect()
}

fn sessions(requests: &[Request]) -> Vec<String> {
    events(requests).iter().map(|(_, event)| event["session_id"].as_str().expect("a session").to_owned()).collect()
}

fn expected(sessions: std::ops::Range<usize>) -> Vec<String> {
    sessions.map(|session| format!("s-{session}")).collect()
}

#[test]
fn an_event_arrives_with_time_id_and_version_and_without_content() {
    let server = Server::start(|_| accepted());
    let laptop = Laptop::new().with_server(&server);
    laptop.hook(&["--agent", "codex"], &event(1));
    wait_until("the event is sent", || !server.requests().is_empty() && laptop.waiting() == 0);
    let requests = server.requests();
    assert_eq!(requests[0].header("authorization"), Some("Bearer ml_key"));
    assert_eq!(requests[0].header("content-type"), Some("application/x-ndjson"));
    let (route, event) = events(&requests).remove(0);
    assert_eq!(route, "POST /v1/otel/codex/hooks");
    assert_eq!(event["modlake_version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(event["output_snippet_redacted"], true);
    assert_eq!(event["timestamp"].as_str().unwrap().len(), "2026-03-01T09:00:00.123Z".len());
    assert!(uuid::Uuid::parse_str(event["hook_event_id"].as_str().unwrap()).is_ok_and(|id| id.get_version_num() == 7));
    assert!(!requests[0].text.contains("SECRET"));
}

#[test]
fn captured_events_of_all_agents_go_through_one_sender() {
    let server = Server::start(|_| accepted());
    let laptop = Laptop::new().with_server(&server);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/agents");
    let mut sent = BTreeMap::new();
    for (agent, folder) in [("claude", "claude_code/c20_hooks/hooks_stdin"), ("codex", "codex/d10_hooks/hooks_stdin")] {
        for entry in fs::read_dir(fixtures.join(folder)).unwrap().take(12) {
            laptop.hook(&["--agent", agent], &fs::read_to_string(entry.unwrap().path()).unwrap());
            *sent.entry(format!("POST /v1/otel/{agent}/hooks")).or_insert(0) += 1;
        }
    }
    laptop.hook(
        &["--agent", "cursor"],
        r#"{"conversation_id":"c","hook_event_name":"stop","workspace_roots":["/nowhere"]}"#,
    );
    sent.insert("POST /v1/otel/cursor/hooks".to_owned(), 1);
    wait_until("all is sent", || events(&server.requests()).len() >= 25);
    let arrived = events(&server.requests());
    let mut counted = BTreeMap::new();
    for (route, _) in &arrived {
        *counted.entry(route.clone()).or_insert(0) += 1;
    }
    assert_eq!(counted, sent);
    let ids: BTreeSet<_> = arrived.iter().map(|(_, event)| event["hook_event_id"].to_string()).collect();
    assert_eq!(ids.len(), 25);
}

#[test]
fn what_was_spooled_offline_is_sent_when_the_server_is_there() {
    let laptop = Laptop::new().with("MODLAKE_API_KEY", "ml_key");
    let set = |url: &str| assert_eq!(laptop.run(&["config", "set", "--server", url]).code, Some(0));
    set(NOBODY);
    for session in 0..20 {
        laptop.hook(&[], &event(session));
    }
    wait_until("an attempt failed", || laptop.spool_file("status.json").contains("nothing listens"));
    assert_eq!(laptop.waiting(), 20);
    let server = Server::start(|_| accepted());
    set(&server.url());
    wait_until("all is sent", || laptop.waiting() == 0);
    assert_eq!(sessions(&server.requests()), expected(0..20), "in the order of the events");
    wait_until("the success is noted", || laptop.spool_file("status.json").contains(r#""sent":20"#));
}

#[test]
fn a_refused_key_stops_the_sender_until_there_is_another() {
    let server = Server::start(|request| match request.header("authorization") {
        Some("Bearer good") => accepted(),
        _ => Answer::json("401 Unauthorized", r#"{"error":{"message":"unknown key"}}"#),
    });
    let laptop = Laptop::new();
    let set = |key| laptop.run_with_stdin(&["config", "set", "--server", &server.url(), "--key", "-"], key);
    assert_eq!(set("bad").code, Some(0));
    laptop.hook(&[], &event(0));
    wait_until("the refusal is noted", || laptop.spool_file("status.json").contains("unknown key"));
    for session in 1..10 {
        laptop.hook(&[], &event(session));
    }
    assert_eq!((server.requests().len(), laptop.waiting()), (1, 10), "a hook does not ask again");

    assert_eq!(set("good").code, Some(0));
    laptop.hook(&[], &event(10));
    wait_until("all is sent", || laptop.waiting() == 0);
    assert_eq!(sessions(&server.requests()[1..]), expected(0..11));
}

#[test]
fn a_busy_server_is_left_alone_as_long_as_it_says() {
    let mut requests = 0;
    let server = Server::start(move |_| {
        requests += 1;
        if requests > 1 { accepted() } else { Answer::with_header("503 Service Unavailable", "retry-after: 2", "busy") }
    });
    let laptop = Laptop::spooled(0..3).with_server(&server);
    let _sender = Sender::start(&laptop);
    wait_until("the first attempt was made", || server.requests().len() == 1);
    let refused = Instant::now();
    wait_until("all is sent", || laptop.waiting() == 0);
    assert!(refused.elapsed() >= Duration::from_millis(1_900), "{:?}", refused.elapsed());
    assert_eq!(server.requests().len(), 2);
    assert_eq!(sessions(&server.requests()[1..]), expected(0..3));
}

#[test]
fn one_bad_record_is_set_aside_and_blocks_nobody() {
    let server = Server::start(|request| {
        if request.text.contains("s-13") { Answer::json("400 Bad Request", r#"{"message":"no"}"#) } else { accepted() }
    });
    let laptop = Laptop::spooled(0..20).with_server(&server);
    let _sender = Sender::start(&laptop);
    wait_until("all is decided", || laptop.waiting() == 0);
    let taken: Vec<Request> = server.requests().into_iter().filter(|request| !request.text.contains("s-13")).collect();
    let mut sessions = sessions(&taken);
    sessions.sort_by_key(String::len);
    assert_eq!(sessions.iter().collect::<BTreeSet<_>>().len(), 19);
    assert_eq!(sessions.len(), 19, "{sessions:?}");
    let rejected: Vec<_> =
        fs::read_dir(laptop.spool().join("rejected")).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(rejected.len(), 1);
    assert!(fs::read_to_string(&rejected[0]).unwrap().contains(r#""session_id":"s-13""#));
}

#[test]
fn of_two_senders_one_sends() {
    let server = Server::start(|_| accepted());
    let laptop = Laptop::spooled(0..10).with_server(&server);
    let mut senders: Vec<Sender> = (0..4).map(|_| Sender::start(&laptop)).collect();
    wait_until("all is sent", || laptop.waiting() == 0);
    let mut running = 4;
    wait_until("three have ended", || {
        running = senders.iter_mut().map(|sender| usize::from(sender.0.try_wait().unwrap().is_none())).sum();
        running == 1
    });
    assert_eq!(sessions(&server.requests()), expected(0..10));
}

#[test]
fn a_sender_that_is_killed_loses_nothing_and_ids_tell_what_came_twice() {
    let (asked, killed) = (mpsc::channel(), mpsc::channel::<()>());
    let mut first = true;
    let server = Server::start(move |_| {
        if std::mem::take(&mut first) {
            asked.0.send(()).unwrap();
            killed.1.recv().unwrap();
        }
        accepted()
    });
    let laptop = Laptop::spooled(0..10).with_server(&server);
    let sender = Sender::start(&laptop);
    asked.1.recv().unwrap();
    sender.kill();
    killed.0.send(()).unwrap();
    assert_eq!(laptop.waiting(), 10);

    let _sender = Sender::start(&laptop);
    wait_until("all is sent", || laptop.waiting() == 0);
    let arrived = events(&server.requests());
    assert_eq!(arrived.len(), 20, "the server saw all of them twice");
    let distinct: BTreeMap<_, _> = arrived
        .iter()
        .map(|(_, event)| (event["hook_event_id"].to_string(), event["session_id"].to_string()))
        .collect();
    let sessions: BTreeSet<_> = distinct.values().collect();
    assert_eq!((distinct.len(), sessions.len()), (10, 10));
}

#[test]
fn a_sender_that_runs_is_used_by_the_next_hook() {
    let server = Server::start(|_| accepted());
    let laptop = Laptop::new().with_server(&server);
    // The hook's own pipes are at their end although its sender lives on: that is what `hook` waits for.
    for session in 0..5 {
        laptop.hook(&[], &event(session));
        wait_until("the event is sent", || laptop.waiting() == 0);
        let lock = fs::File::open(laptop.spool().join("send.lock")).unwrap();
        assert!(lock.try_lock().is_err(), "the sender lingers");
    }
    assert_eq!(sessions(&server.requests()), expected(0..5));
}

#[test]
fn a_key_in_the_environment_ends_the_wait_for_one() {
    let server = Server::start(|_| accepted());
    let laptop = Laptop::spooled(0..3).with_server(&server);
    laptop.hook(&[], &event(3));
    wait_until("all is sent", || laptop.waiting() == 0);
    assert_eq!(sessions(&server.requests()), expected(0..4));
}

#[test]
fn an_input_that_stays_open_blocks_nobody() {
    use std::io::Write as _;

    let laptop = Laptop::new();
    let mut child = laptop.command(&["hook"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(event(1).as_bytes()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(laptop.waiting(), 1);
    drop(stdin);
}

#[cfg(target_os = "linux")]
#[test]
fn the_sender_keeps_no_file_of_the_agent_open() {
    let server = Server::start(|_| accepted());
    let laptop = Laptop::new().with_server(&server);
    let mut command = std::process::Command::new("/bin/sh");
    // Descriptor 9 is the pipe that `output` reads to its end.
    command.arg("-c").arg(r#""$0" hook 9>&1 >/dev/null 2>&1"#).arg(env!("CARGO_BIN_EXE_modlake"));
    command.env_clear().env("HOME", laptop.home.path()).envs(laptop.variables.iter().cloned());
    let start = Instant::now();
    let ran = command.stdin(fs::File::open(fixture()).unwrap()).output().unwrap();
    assert!(ran.status.success() && start.elapsed() < Duration::from_mins(1), "{:?}", start.elapsed());
    wait_until("the event is sent", || server.requests().len() == 1);
    let lock = fs::File::open(laptop.spool().join("send.lock")).unwrap();
    assert!(lock.try_lock().is_err(), "the sender lives on");
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/agents/codex/d10_hooks/hooks_stdin/001_SessionStart.json")
}

#[test]
fn without_a_key_events_wait() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let server = Server::start(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        accepted()
    });
    let laptop = Laptop::spooled(0..3).with("MODLAKE_SERVER", &server.url());
    laptop.hook(&[], &event(3));
    assert_eq!((laptop.waiting(), asked.load(Ordering::SeqCst)), (4, 0));
}

#[test]
fn whatever_comes_in_the_agent_sees_nothing() {
    let deep = "[".repeat(100_000);
    let long_key = format!(r#"{{"{}":1}}"#, "k".repeat(100_000));
    let inputs = [
        "",
        " ",
        "\0",
        "null",
        "true",
        "7",
        "\"text\"",
        "[1,2]",
        "{",
        "}",
        "{}",
        "[]",
        "{\"a\":}",
        "{'a':1}",
        "\u{feff}{}",
        "not json SECRET",
        "{\"a\":1}{",
        "{\"a\":1} SECRET",
        r#"{"cwd":7,"hook_event_name":[]}"#,
        r#"{"cwd":"/proc/self/mem/x"}"#,
        r#"{"cwd":"\u0000","timestamp":"nonsense"}"#,
        r#"{"a":"\ud800"}"#,
        "{\"a\":1e999}",
        &deep,
        &long_key,
    ];
    let laptop = Laptop::new();
    for input in inputs {
        laptop.hook(&[], input);
    }
    for args in [&["--agent", "nobody"][..], &["--agent"], &["--nonsense"], &["extra"], &["--agent", "codex", "x"]] {
        laptop.hook(args, "{}");
    }
    let mut command = laptop.command(&["hook"]);
    let ran = command.stdin(Stdio::null()).output().unwrap();
    assert_eq!((ran.status.code(), ran.stdout.len(), ran.stderr.len()), (Some(0), 0, 0));

    let log = fs::read_to_string(laptop.home.path().join(".modlake/hook.log")).unwrap();
    assert!(log.lines().count() >= 15 && !log.contains("SECRET"), "{log}");
}

#[test]
fn bytes_that_are_no_text_and_a_closed_output_are_nothing_to_the_agent() {
    use std::io::Write as _;

    let laptop = Laptop::new();
    let mut child = laptop.command(&["hook"]).stdin(Stdio::piped()).spawn().unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    child.stdin.take().unwrap().write_all(b"{\"a\":\"\xff\xfe\"}").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_home_that_cannot_be_used_is_nothing_to_the_agent() {
    let laptop = Laptop::new();
    let file = laptop.home.path().join("file");
    fs::write(&file, "").unwrap();
    for home in [file.join("home"), PathBuf::from("/dev/null/home"), PathBuf::from("relative\u{1}")] {
        let mut command = laptop.command(&["hook"]);
        let ran = command.current_dir(laptop.home.path()).env("HOME", &home).output().unwrap();
        assert_eq!((ran.status.code(), ran.stdout.len(), ran.stderr.len()), (Some(0), 0, 0), "{}", home.display());
    }
    // The spool is a file, the configuration is broken.
    let laptop = Laptop::new();
    fs::create_dir(laptop.home.path().join(".modlake")).unwrap();
    fs::write(laptop.spool(), "").unwrap();
    fs::write(laptop.config_file(), "{broken").unwrap();
    laptop.hook(&[], &event(1));
    let log = fs::read_to_string(laptop.home.path().join(".modlake/hook.log")).unwrap();
    assert!(log.contains("cannot spool it") && log.contains("config.json"), "{log}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_nothing_to_the_agent() {
    let laptop = Laptop::new();
    laptop.hook(&[], &event(1));
    wait_until("the sender has looked", || !laptop.spool_file("status.json").is_empty());
    let open = laptop.spool().join("open.claude");
    fs::remove_file(&open).ok();
    std::os::unix::fs::symlink("/dev/full", &open).unwrap();
    laptop.hook(&[], &event(2));
    let log = fs::read_to_string(laptop.home.path().join(".modlake/hook.log")).unwrap();
    assert!(log.contains("cannot spool it: No space left"), "{log}");
}

#[test]
fn an_event_larger_than_memory_is_for_keeps_its_ids() {
    let server = Server::start(|_| accepted());
    let laptop = Laptop::new().with_server(&server);
    let large = "SECRET ".repeat(800_000);
    laptop.hook(
        &[],
        &format!(r#"{{"session_id":"s-1","tool_response":{{"stdout":"{large}"}},"tool_use_id":"toolu_1"}}"#),
    );
    wait_until("it is sent", || !server.requests().is_empty());
    let (_, event) = events(&server.requests()).remove(0);
    assert_eq!((&event["session_id"], &event["tool_use_id"]), (&"s-1".into(), &"toolu_1".into()));
    assert_eq!(event["hook_input_cut"], true);
}

#[test]
fn prompts_are_sent_when_the_user_wants_it() {
    let server = Server::start(|_| accepted());
    let laptop = Laptop::new().with_server(&server).with("CODING_AGENT_CAPTURE_PROMPTS", "1");
    laptop.hook(&[], r#"{"session_id":"s-1","hook_event_name":"UserPromptSubmit","prompt":"say token=ghp_0123456789abcdefghijABCDEFGHIJ012345"}"#);
    wait_until("it is sent", || !server.requests().is_empty());
    let (_, event) = events(&server.requests()).remove(0);
    let prompt = event["prompt"].as_str().unwrap();
    assert!(prompt.starts_with("say token=[REDACTED:"), "{prompt}");
}

#[test]
fn people_get_help() {
    let laptop = Laptop::new();
    let help = laptop.run(&["hook", "--help"]);
    assert!(help.code == Some(0) && help.out.contains("--agent") && !help.out.contains("send"), "{}", help.out);
    assert!(laptop.run(&["--help"]).out.contains("hook"));
}
