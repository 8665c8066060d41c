//! What the places around a text tell redaction: keys, files, sessions, kinds of fields.

use receive::ContentType;
use record::caller::Tenant;
use record::secret::Secret;
use record::source::{Provider, Signal};
use redact::{HashKey, Options, Pii, Redactor, Treatment};

use super::{fixtures, hook, key, log, sanitizer, text, written};
use crate::capture::Policy;
use crate::{Bounds, MAX_VALUE_BYTES, Owner, Sanitizer, SenderEmail, Sessions};

fn capturing() -> Policy {
    Policy { capture_prompts: true, capture_output_snippets: true, capture_commands: true, ..Policy::default() }
}

/// What is left of a tool's answer, without the JSON around it being text.
fn response(response: &str) -> serde_json::Value {
    let event = format!(r#"{{"session_id":"s","hook_event_name":"PostToolUse","tool_response":{response}}}"#);
    let line: serde_json::Value = serde_json::from_str(&hook(capturing(), &event)).expect("JSON");
    serde_json::from_str(line["tool_response"].as_str().expect("text")).expect("still JSON")
}

fn placeholder(rule: &str, value: &str) -> String {
    key().placeholder(rule, value)
}

#[test]
fn a_leaf_is_named_by_what_stands_around_it() {
    let value = "pq7-Zk2mW9xL4v";
    for (answer, place) in [
        (r#"{"password":"V"}"#, "/password"),
        (r#"{"passwords":["V","ok"]}"#, "/passwords/0"),
        (r#"{"env":[{"name":"DB_PASSWORD","value":"V"}]}"#, "/env/0/value"),
        (r#"{"request":{"headers":[{"name":"x-internal-auth","value":"V"}]}}"#, "/request/headers/0/value"),
        (r#"{"headers":{"x-internal-auth":"V"}}"#, "/headers/x-internal-auth"),
        (r#"{"env":{"DEPLOY_KEY":"V"}}"#, "/env/DEPLOY_KEY"),
        (r#"{"credentials":{"db":"V","username":"bob17xyz"}}"#, "/credentials/db"),
        (r#"{"kind":"Secret","type":"Opaque","data":{"db":"V"}}"#, "/data/db"),
    ] {
        let left = response(&answer.replace('V', value));
        let shown = left.pointer(place).and_then(serde_json::Value::as_str).unwrap_or_default();
        assert!(shown.starts_with("[REDACTED:") && shown.len() < 40, "{answer}: {left}");
        assert!(!left.to_string().contains(value), "{left}");
    }
    for answer in [
        r#"{"headers":{"content-type":"application/json","x-request-id":"req_011CRk2mW9xL4v"}}"#,
        r#"{"env":[{"name":"NODE_ENV","value":"production1"}]}"#,
        r#"{"credentials":{"type":"oauth2-v1","username":"bob17xyz"}}"#,
        r#"{"usage":{"tokens":{"input":512,"output":1024}},"max_tokens":4096}"#,
        r#"{"name":"token","value":"none"}"#,
        r#"{"data":{"db":"pq7-Zk2mW9xL4v"}}"#,
    ] {
        let whole: serde_json::Value = serde_json::from_str(answer).expect("JSON");
        assert_eq!(response(answer), whole);
    }
}

#[test]
fn a_number_goes_where_its_digits_would() {
    let left = response(r#"{"password":48151623,"max_tokens":4096,"token":512,"port":5432}"#);
    assert_eq!(left["password"], placeholder("password", "48151623"));
    assert_eq!((&left["max_tokens"], &left["token"], &left["port"]), (&4096.into(), &512.into(), &5432.into()));
    let unknown = log(Policy::default(), &[("db.password", record::value::Value::Int(48_151_623))]);
    assert_eq!(unknown, r#"{"content_withheld":["db.password"],"redactions":"{\"password\":1}"}"#);
}

#[test]
fn json_in_a_text_stays_json() {
    let inner = r#"{"a":"password=\"hunter22\" x","b":{"token":"abc123def456"},"c":"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n"}"#;
    let answer = serde_json::json!({"stdout": inner}).to_string();
    let left = response(&answer);
    let stdout = left["stdout"].as_str().expect("text");
    let stdout: serde_json::Value = serde_json::from_str(stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"));
    assert!(!stdout.to_string().contains("hunter22") && !stdout.to_string().contains("MIIE"), "{stdout}");
    assert!(stdout["b"]["token"].as_str().expect("text").starts_with("[REDACTED:token:"), "{stdout}");
}

#[test]
fn ids_hashes_counts_states_and_times_stay_byte_for_byte() {
    let event = concat!(
        r#"{"session_id":"0b9ab837-cdae-4f4f-b7a0-8d0b6b1f9c11","prompt_id":"Zk2mW9xL4vQp8sT1uY6b","tool_use_id":"toolu_01F4k3mW9xL4vQp8sT1uY6bN","#,
        r#""request_id":"req_011CRk2mW9xL4vQp8sT1uY6b","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","#,
        r#""git_commit_id":"8a18804f0c1d4b7a9e3f5c6d7e8f9a0b1c2d3e4f","system_prompt_hash":"sha256-3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","#,
        r#""input_tokens":"512","event.timestamp":"2026-03-01T09:00:00.123Z","model":"claude-sonnet-4-5-20250929"}"#,
    );
    assert_eq!(hook(capturing(), event), event);
    let token = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    let event = format!(r#"{{"session_id":"{token}","request_id":"https://u:pq7Zk2mW9xL@h/"}}"#);
    let left = hook(capturing(), &event);
    assert!(!left.contains(token) && !left.contains("pq7Zk2mW9xL"), "{left}");
}

/// What a server with these sessions keeps of these hooks, sent one by one.
fn sent(sessions: &Sessions, tenant: &str, key: &HashKey, own: &[&Secret], hooks: &[&str]) -> Vec<String> {
    let sanitizer = sanitizer(capturing());
    let tenant = Tenant::new(tenant).expect("a tenant");
    let owner = Owner { key, sessions: Some((sessions, &tenant)), own_keys: own };
    let send = |body: &&str| {
        let mut payload = fixtures::decode(Signal::Hooks, ContentType::Json, body.as_bytes());
        sanitizer.sanitize_for(&mut payload, Provider::ClaudeCode, &owner);
        written(&payload)
    };
    hooks.iter().map(send).collect()
}

const TELLS: &str = r#"{"session_id":"s-1","prompt":"export DB_PASSWORD=Tr0ub4dor-9x"}"#;
const BARE: &str = r#"{"session_id":"s-1","prompt":"it is Tr0ub4dor-9x, really"}"#;

#[test]
fn a_value_found_once_is_known_in_its_session_and_nowhere_else() {
    let sessions = Sessions::new(Bounds::default());
    let elsewhere = BARE.replace("s-1", "s-2");
    let id = r#"{"session_id":"s-1","request_id":"Tr0ub4dor-9x"}"#;
    let left = sent(&sessions, "acme", &key(), &[], &[BARE, TELLS, BARE, &elsewhere, id]);
    let masked = placeholder("password", "Tr0ub4dor-9x");
    assert!(left[0].contains("Tr0ub4dor-9x"), "nothing told of it yet");
    assert!(left[1].contains(&format!("DB_PASSWORD={masked}")), "{}", left[1]);
    assert!(left[2].contains(&format!("it is {masked}, really")), "{}", left[2]);
    assert!(left[2].contains(r#""redactions":"{\"password\":1}""#), "{}", left[2]);
    assert_eq!(left[3..], [elsewhere, id.to_owned()], "another session; an id");
    assert_eq!(sent(&sessions, "globex", &key(), &[], &[BARE]), [BARE]);
    let none = Sessions::new(Bounds { sessions: 0, values: 8 });
    assert_eq!(sent(&none, "acme", &key(), &[], &[TELLS, BARE])[1], BARE);
}

#[test]
fn within_a_request_copies_go_that_stand_before_the_place_that_tells() {
    let hooks = format!("[{BARE},{TELLS},{}]", BARE.replace("s-1", "s-2"));
    for sessions in [Sessions::new(Bounds::default()), Sessions::new(Bounds { sessions: 0, values: 8 })] {
        let left = sent(&sessions, "acme", &key(), &[], &[&hooks]);
        assert!(!left[0].contains("Tr0ub4dor"), "{}", left[0]);
        assert_eq!(left[0].matches(r#"{\"password\":1}"#).count(), 3, "{}", left[0]);
    }
    let none = Sessions::new(Bounds { sessions: 8, values: 0 });
    assert!(sent(&none, "acme", &key(), &[], &[&hooks])[0].contains("it is Tr0ub4dor-9x"));
}

#[test]
fn keys_of_the_server_go_wherever_they_stand() {
    let own = Secret::new("only-a-long-enough-text");
    let made = format!("ml_{}", "Ab3".repeat(14) + "x");
    let hooks = format!(r#"{{"session_id":"s","prompt":"{made} and only-a-long-enough-text."}}"#);
    let left = sent(&Sessions::default(), "acme", &key(), &[&own], &[&hooks]);
    assert!(!left[0].contains("Ab3Ab3") && !left[0].contains("long-enough"), "{}", left[0]);
    assert_eq!(left[0].matches("[REDACTED:modlake_key:").count(), 2, "{}", left[0]);
}

#[test]
fn of_a_sensitive_file_no_value_stays() {
    let env = "# local\\nPORT=3000\\nGREETING='hello world'\\n\\nEMPTY=\\n";
    let masked = [("PORT=", "3000"), ("GREETING='", "hello world")]
        .map(|(name, value)| format!("{name}{}", placeholder("sensitive_file", value)));
    let cases = [
        format!(
            r#"{{"tool_name":"Read","tool_input":{{"file_path":"/srv/app/.env"}},"tool_response":{{"type":"text","file":{{"filePath":"/srv/app/.env","content":"{env}"}}}}}}"#
        ),
        format!(
            r#"{{"tool_name":"Bash","tool_input":{{"command":"cd /srv && cat app/.env.production"}},"tool_response":{{"stdout":"{env}"}}}}"#
        ),
        format!(
            r#"{{"tool_name":"exec_command","tool_input":"{{\"cmd\":\"head -n 5 ./.env\"}}","tool_output":"Chunk ID: 1\nOutput:\n{env}"}}"#
        ),
        format!(r#"{{"hook_event_name":"beforeReadFile","file_path":"/srv/.env","content":"{env}"}}"#),
        format!(r#"{{"tool_name":"Bash","tool_input":{{"command":"cat > .env <<EOF\n{env}EOF\n"}}}}"#),
    ];
    for case in &cases {
        let left = hook(capturing(), case);
        assert!(masked.iter().all(|masked| left.contains(masked)), "{left}");
        assert!(!left.contains("hello") && !left.contains("3000"), "{left}");
        assert!(left.contains(r#"\"sensitive_file\":2"#), "{left}");
        assert_eq!(hook(capturing(), &left), left, "sanitizing again changes nothing");
    }
    for case in [cases[0].replace("/.env", "/.env.example"), cases[1].replace("cat app", "ls -l app")] {
        assert!(hook(capturing(), &case).contains("hello"), "{case}");
    }
}

#[test]
fn a_masked_file_that_is_cut_stays_as_it_is() {
    let lines: String = "NAME=value number 1\\n".repeat(40);
    for max_text_chars in 40..200 {
        let policy = Policy { max_text_chars, ..capturing() };
        let event = format!(r#"{{"tool_input":{{"file_path":"/a/.env"}},"tool_response":{{"content":"{lines}"}}}}"#);
        let left = hook(policy.clone(), &event);
        assert!(!left.contains("value number"), "{left}");
        assert_eq!(hook(policy, &left), left);
    }
}

#[test]
fn a_value_over_the_budget_goes_unseen() {
    let policy = Policy { max_text_chars: MAX_VALUE_BYTES, ..capturing() };
    let body = format!(r#"{{"session_id":"s","prompt":"{}","last_assistant_message":"short"}}"#, "x ".repeat(60));
    let mut payload = fixtures::decode(Signal::Hooks, ContentType::Json, body.as_bytes());
    let sanitizer = sanitizer(policy).with_max_value_bytes(100);
    let report = sanitizer.sanitize(&mut payload, Provider::ClaudeCode, &key());
    let left = written(&payload);
    assert_eq!(
        left,
        r#"{"session_id":"s","prompt":"","last_assistant_message":"short","content_withheld":["prompt"]}"#
    );
    assert_eq!(report.unknown_withheld, 1);
    assert_eq!(sanitizer.redact_text(&"y".repeat(101), &key()), "");
}

#[test]
fn rules_that_are_none_here_stay_counted() {
    let counts = r#"{"acme_badge":2,"password":1,"Some Words":3,"ghp_0123456789abcdefghij0123456789abcdef":1}"#;
    let record = [("redactions", text(counts)), ("prompt", text("password=hunter22"))];
    let left = log(capturing(), &record);
    assert!(left.ends_with(r#""redactions":"{\"acme_badge\":2,\"password\":2}"}"#), "{left}");
}

#[test]
fn the_sender_is_kept_by_policy_and_hashed_when_asked() {
    let options = Options {
        short_lived: true,
        pii: Pii { email: Some(Treatment::Mask), ..Pii::default() },
        ..Options::default()
    };
    let body = r#"{"session_id":"s","user_email":"ada@example.com","prompt":"tell bob@example.com"}"#;
    let kept = |sender_email| {
        let redactor = Redactor::with_options(&options).expect("right");
        let sanitizer = Sanitizer::with_redactor(capturing(), redactor).with_sender_email(sender_email);
        let mut payload = fixtures::decode(Signal::Hooks, ContentType::Json, body.as_bytes());
        sanitizer.sanitize(&mut payload, Provider::Cursor, &key());
        written(&payload)
    };
    let left = kept(SenderEmail::Keep);
    assert!(left.contains(r#""user_email":"ada@example.com","prompt":"tell [REDACTED:email]""#), "{left}");
    let hashed = format!(r#""user_email":"{}""#, placeholder("email", "ada@example.com"));
    assert!(kept(SenderEmail::Hash).contains(&hashed));
}

#[test]
fn files_of_secrets_are_ordinary_where_the_rule_is_off() {
    let body = r#"{"tool_input":{"file_path":"/a/.env"},"tool_response":"PORT=3000"}"#;
    let mut payload = fixtures::decode(Signal::Hooks, ContentType::Json, body.as_bytes());
    sanitizer(capturing()).with_sensitive_files(false).sanitize(&mut payload, Provider::Cursor, &key());
    assert_eq!(written(&payload), body);
}
