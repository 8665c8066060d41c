use std::fs;
use std::path::PathBuf;

use super::*;

const TIME: Timestamp = Timestamp(1_772_355_600_123_456);

fn stamp() -> Stamp {
    Stamp { time: TIME, id: Uuid::from_u128(7) }
}

fn cleaning(policy: Policy) -> Cleaning {
    Cleaning { policy, key: HashKey::derive(b"tests", "tests"), api_key: Some(Secret::new("key-of-this-laptop-1")) }
}

fn lines(body: &str, agent: Agent, policy: Policy) -> Vec<String> {
    let records = records(body.as_bytes(), agent, cleaning(policy), &mut stamp).unwrap();
    records.into_iter().map(|line| String::from_utf8(line).unwrap()).collect()
}

fn one(body: &str) -> String {
    let mut lines = lines(body, Agent::Claude, Policy::default());
    assert_eq!(lines.len(), 1);
    lines.remove(0)
}

/// As the server sees and cleans it.
fn on_the_server(line: &str, agent: Agent) -> String {
    let mut payload = Payload::Hooks(receive::decode_hooks(line.as_bytes()).unwrap());
    let options = Options { short_lived: true, ..Options::default() };
    Sanitizer::with_redactor(Policy::default(), Redactor::with_options(&options).unwrap()).sanitize(
        &mut payload,
        agent.provider(),
        &HashKey::derive(b"tests", "placeholders"),
    );
    let Payload::Hooks(events) = payload else { unreachable!() };
    let mut out = Vec::new();
    json::write_value(&events[0], &mut out);
    String::from_utf8(out).unwrap()
}

/// Every captured event of the agents.
fn captured() -> Vec<(Agent, PathBuf)> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/agents");
    let mut found = Vec::new();
    for (agent, folder) in [(Agent::Claude, "claude_code/c20_hooks"), (Agent::Codex, "codex/d10_hooks")] {
        for entry in fs::read_dir(fixtures.join(folder).join("hooks_stdin")).unwrap() {
            found.push((agent, entry.unwrap().path()));
        }
    }
    found
}

/// All texts in content fields, wherever they are.
fn content(value: &serde_json::Value, is_content: bool, found: &mut Vec<String>) {
    const CONTENT: &[&str] = &[
        "content",
        "custom_instructions",
        "delta",
        "description",
        "last_assistant_message",
        "message",
        "new_string",
        "old_string",
        "prompt",
        "stderr",
        "stdout",
        "tool_response",
    ];
    match value {
        serde_json::Value::String(text) if is_content && text.len() > 8 => {
            let quoted = serde_json::to_string(text).unwrap();
            found.push(quoted.trim_matches('"').to_owned());
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| content(item, is_content, found)),
        serde_json::Value::Object(entries) => {
            entries.iter().for_each(|(key, value)| {
                // A file's path is metadata, wherever it stands.
                let inside = (is_content || CONTENT.contains(&key.as_str())) && !key.to_lowercase().ends_with("path");
                content(value, inside, found);
            });
        }
        _ => {}
    }
}

#[test]
fn nothing_an_agent_wrote_or_read_is_in_the_record() {
    let (mut checked, mut events) = (0, 0);
    for (agent, path) in captured() {
        let body = fs::read_to_string(&path).unwrap();
        let line = lines(&body, agent, Policy::default()).remove(0);
        let event: serde_json::Value = serde_json::from_str(&body).unwrap();
        let mut texts = Vec::new();
        content(&event, false, &mut texts);
        // `pwd` prints what `cwd` says.
        for text in texts.into_iter().filter(|text| event["cwd"] != **text) {
            assert!(!line.contains(&text), "{}: `{text}` in {line}", path.display());
            checked += 1;
        }
        events += 1;
    }
    assert!(events > 60 && checked > 60, "{events} events, {checked} texts");
}

#[test]
fn the_server_changes_nothing_any_more() {
    for (agent, path) in captured() {
        let line = lines(&fs::read_to_string(&path).unwrap(), agent, Policy::default()).remove(0);
        assert_eq!(on_the_server(&line, agent), line, "{}", path.display());
        assert!(!line.contains('\n') && line.ends_with('}'));
    }
}

#[test]
fn what_the_agent_does_not_say_is_added() {
    let line = one(r#"{"hook_event_name":"Stop","session_id":"s"}"#);
    let expected = format!(
        r#"{{"hook_event_name":"Stop","session_id":"s","timestamp":"2026-03-01T09:00:00.123Z","hook_event_id":"{}","modlake_version":"{}"}}"#,
        Uuid::from_u128(7),
        env!("CARGO_PKG_VERSION"),
    );
    assert_eq!(line, expected);
}

#[test]
fn what_the_agent_says_stays() {
    let line = one(r#"{"timestamp":"2025-01-01T00:00:00Z","branch":"own","hook_event_id":null}"#);
    assert!(line.starts_with(r#"{"timestamp":"2025-01-01T00:00:00Z","branch":"own","hook_event_id":"0000"#), "{line}");
    assert_eq!(line.matches("hook_event_id").count(), 1);
}

#[test]
fn repository_and_branch_come_from_the_events_folder() {
    let home = tempfile::tempdir().unwrap();
    let git = home.path().join(".git");
    fs::create_dir(&git).unwrap();
    fs::write(git.join("HEAD"), "ref: refs/heads/main\n").unwrap();
    fs::write(git.join("config"), "[remote \"origin\"]\nurl = https://ada:ghp_x@example.com/acme/web.git\n").unwrap();
    let folder = serde_json::to_string(home.path().to_str().unwrap()).unwrap();
    for body in
        [format!(r#"{{"cwd":{folder}}}"#), format!(r#"{{"conversation_id":"c","workspace_roots":[{folder},"/b"]}}"#)]
    {
        let line = one(&body);
        assert!(line.contains(r#""repo":"acme/web","branch":"main""#), "{line}");
        assert!(!line.contains("ghp_x"));
    }
}

#[test]
fn prompts_stay_when_the_user_wants_it_and_secrets_never() {
    let body =
        r#"{"hook_event_name":"UserPromptSubmit","prompt":"use password=hunter2hunter2 and key-of-this-laptop-1"}"#;
    assert!(one(body).contains(r#""prompt_text_redacted":true"#));
    let policy = Policy { capture_prompts: true, ..Policy::default() };
    let line = lines(body, Agent::Claude, policy).remove(0);
    assert!(line.contains("use password=[REDACTED:password:"), "{line}");
    assert!(!line.contains("hunter2") && !line.contains("laptop-1"), "{line}");
    // The server, which was not told so, withholds it.
    assert!(on_the_server(&line, Agent::Claude).contains(r#""prompt_text_redacted":true"#));
}

#[test]
fn several_events_are_several_records() {
    assert_eq!(lines("[{},{}]", Agent::Cursor, Policy::default()).len(), 2);
    assert_eq!(lines("{}\n{}\n", Agent::Cursor, Policy::default()).len(), 2);
}

#[test]
fn a_record_that_is_too_long_keeps_what_identifies_it() {
    let many: Vec<String> = (0..20_000).map(|n| format!(r#""key_{n}_id":"value-{n}""#)).collect();
    let line = one(&format!(r#"{{"session_id":"s",{},"effort":{{"level":"high"}}}}"#, many.join(",")));
    assert!(line.len() <= RECORD_BYTES / 4, "{}", line.len());
    assert!(line.starts_with(r#"{"session_id":"s","key_0_id":"value-0","#));
    for key in ["timestamp", "hook_event_id", "modlake_version"] {
        assert!(line.contains(key), "{key}");
    }
    assert!(line.ends_with(r#""hook_input_cut":true}"#));
    assert_eq!(on_the_server(&line, Agent::Claude), line);
}

#[test]
fn what_is_no_event_is_an_error_without_its_text() {
    for body in ["", "SECRET", "[1]", "\"SECRET\"", r#"{"a":SECRET}"#, "{\"SECRET\":", "\u{feff}"] {
        let error = records(body.as_bytes(), Agent::Claude, cleaning(Policy::default()), &mut stamp).unwrap_err();
        assert!(!error.to_string().contains("SECRET"), "{error}");
    }
}
