use std::fs;

use serde_json::json;

use super::*;
use crate::error::CliError;
use crate::exit::Exit;

const NOW: Timestamp = Timestamp(1_772_355_600_000_000);

fn before(seconds: i64) -> Timestamp {
    NOW.plus_micros(-seconds * 1_000_000)
}

fn shown(finding: &Finding) -> (String, String, Option<String>) {
    let finding = serde_json::to_value(finding).unwrap();
    let text = |key: &str| finding[key].as_str().map(str::to_owned);
    (text("status").unwrap(), text("detail").unwrap(), text("hint"))
}

#[test]
fn an_empty_spool_is_well() {
    let told = shown(&told(&State::default(), &Status::default(), NOW));
    assert_eq!(told, ("ok".to_owned(), "nothing waits; 0 sent".to_owned(), None));
}

#[test]
fn records_that_cannot_be_sent_are_a_failure_with_a_fix() {
    let state = State { records: 3, bytes: 1_500, oldest: Some(before(600)), dropped: 2, rejected: 1 };
    let mut status = Status { torn: 4, ..Status::default() };
    status.succeeded(before(90_000), 12);
    let (word, detail, hint) = shown(&told(&state, &status, NOW));
    assert_eq!((word.as_str(), hint), ("ok", None));
    let expected =
        "3 waiting (2 KiB), the oldest for 10 min; 12 sent, the last 25 h ago; 2 dropped; 1 rejected; 4 torn";
    assert_eq!(detail, expected);

    status.failed(before(30), &CliError::new(Exit::Denied, "unknown key").hint("ask for one"), NOW);
    let (word, detail, hint) = shown(&told(&state, &status, NOW));
    assert_eq!(word, "failed");
    assert!(detail.ends_with("; the last attempt failed 30 s ago: unknown key"), "{detail}");
    assert_eq!(hint.as_deref(), Some("ask for one; then `modlake hook send` tries again now"));
}

#[test]
fn a_failure_that_holds_nothing_up_is_a_hint() {
    let mut status = Status::default();
    status.failed(before(30), &CliError::new(Exit::Unreachable, "nobody there"), NOW);
    let (word, _, hint) = shown(&told(&State::default(), &status, NOW));
    assert_eq!((word.as_str(), hint.as_deref()), ("ok", Some("`modlake hook send` tries again now")));
}

#[test]
fn an_agent_is_told_of_where_it_is_found() {
    let home = tempfile::tempdir().unwrap();
    let environment = Environment {
        home: Some(home.path().to_path_buf()),
        path: Some(home.path().join("bin").into()),
        ..Environment::default()
    };
    let settings = Settings::load(None, &environment).unwrap();
    let seen = |agent| check(agent, &settings, &environment).map(|finding| shown(&finding));
    assert_eq!(Agent::ALL.map(seen), [None, None, None]);

    fs::create_dir_all(home.path().join(".cursor/extensions")).unwrap();
    let (word, detail, hint) = seen(Agent::Cursor).unwrap();
    assert_eq!((word.as_str(), hint.as_deref()), ("ok", Some("modlake hooks install --agent cursor")));
    assert!(detail.ends_with("not set up"), "{detail}");

    let hook = json!({"version": 1, "hooks": {"stop": [{"command": "\"/opt/my tools/modlake\" hook --agent cursor"}]}});
    fs::write(home.path().join(".cursor/hooks.json"), hook.to_string()).unwrap();
    let (word, detail, hint) = seen(Agent::Cursor).unwrap();
    assert_eq!(word, "failed");
    assert!(detail.contains("of 10 hooks") && hint.is_some(), "{detail}");
}
