use std::borrow::Cow;

use proptest::prelude::*;
use receive::ContentType;
use record::arrival::Payload;
use record::json;
use record::otlp::{LogRecord, Otlp, Resource, ResourceGroup, Scope, ScopeGroup, Span, SpanEvent, SpanStatus};
use record::source::{Provider, Signal};
use record::value::Value;
use redact::{HashKey, Options, Redactor};

use crate::Sanitizer;
use crate::capture::Policy;

mod canary;
mod fixtures;
mod history;
mod product;
mod redaction;
mod trace;

fn key() -> HashKey {
    HashKey::derive(b"tests", "tests")
}

/// With rules that are made quickly: each test makes its own.
fn sanitizer(policy: Policy) -> Sanitizer {
    let options = Options { short_lived: true, ..Options::default() };
    Sanitizer::with_redactor(policy, Redactor::with_options(&options).unwrap())
}

/// What the raw layer would hold.
fn written(payload: &Payload<'_>) -> String {
    let mut out = Vec::new();
    match payload {
        Payload::Otlp(otlp) => json::write_otlp(otlp, &mut out),
        Payload::Hooks(events) | Payload::Product(events) => {
            for event in events {
                json::write_value(event, &mut out);
            }
        }
        Payload::Trace(trace) => out.extend_from_slice(&trace.to_csv()),
    }
    String::from_utf8(out).unwrap()
}

fn hook(policy: Policy, body: &str) -> String {
    let mut payload = fixtures::decode(Signal::Hooks, ContentType::Json, body.as_bytes());
    sanitizer(policy).sanitize(&mut payload, Provider::ClaudeCode, &key());
    written(&payload)
}

/// One log record with these attributes, sanitized, its attributes as plain JSON.
fn log(policy: Policy, attributes: &[(&str, Value<'static>)]) -> String {
    log_on(policy, &[], attributes)
}

fn log_on(policy: Policy, resource: &[(&str, Value<'static>)], attributes: &[(&str, Value<'static>)]) -> String {
    let own = |pairs: &[(&str, Value<'static>)]| {
        pairs.iter().map(|(key, value)| (Cow::Owned((*key).to_owned()), value.clone())).collect()
    };
    let record = LogRecord { attributes: own(attributes), ..LogRecord::default() };
    let scope = ScopeGroup { scope: Scope::default(), records: vec![record], schema_url: Cow::Borrowed("") };
    let resource = Resource { attributes: own(resource), dropped_attributes_count: 0 };
    let group = ResourceGroup { resource, scopes: vec![scope], schema_url: Cow::Borrowed("") };
    let mut payload = Payload::Otlp(Otlp::Logs(vec![group]));
    sanitizer(policy).sanitize(&mut payload, Provider::ClaudeCode, &key());
    let Payload::Otlp(Otlp::Logs(groups)) = payload else { unreachable!() };
    let mut out = Vec::new();
    json::write_map(&groups[0].scopes[0].records[0].attributes, &mut out);
    String::from_utf8(out).unwrap()
}

fn text(text: &str) -> Value<'static> {
    Value::text(text.to_owned())
}

#[test]
fn a_hook_keeps_its_metadata_and_tells_what_it_lost() {
    let body = r#"{"session_id":"s-1","transcript_path":"/home/dev/.claude/s-1.jsonl","cwd":"/home/dev/demo",
        "permission_mode":"default","effort":{"level":"high"},"hook_event_name":"PostToolUse","tool_name":"Bash",
        "tool_input":{"command":"cd src && git commit -m 'my secret plan'","description":"Commit the plan","timeout":5000},
        "tool_response":{"stdout":"8a18804 my secret plan","stderr":"","interrupted":false},
        "tool_use_id":"toolu_01","duration_ms":17,"notes":"free text"}"#;
    assert_eq!(
        hook(Policy::default(), body),
        r#"{"session_id":"s-1","transcript_path":"/home/dev/.claude/s-1.jsonl","cwd":"/home/dev/demo","permission_mode":"default","effort":{"level":"high"},"hook_event_name":"PostToolUse","tool_name":"Bash","tool_input":{"command":"git commit","timeout":5000},"tool_use_id":"toolu_01","duration_ms":17,"output_snippet_redacted":true,"content_withheld":["tool_input","notes"]}"#
    );
    let open =
        Policy { capture_output_snippets: true, capture_commands: true, max_text_chars: 60, ..Policy::default() };
    assert_eq!(
        hook(open, body),
        r#"{"session_id":"s-1","transcript_path":"/home/dev/.claude/s-1.jsonl","cwd":"/home/dev/demo","permission_mode":"default","effort":{"level":"high"},"hook_event_name":"PostToolUse","tool_name":"Bash","tool_input":{"command":"cd src && git commit -m 'my secret plan'","timeout":5000},"tool_response":"{\"stdout\":\"8a18804 my secret plan\",\"stderr\":\"\",\"interrupted\"","tool_use_id":"toolu_01","duration_ms":17,"output_snippet_truncated":true,"content_withheld":["tool_input","notes"]}"#
    );
}

#[test]
fn captured_requests_keep_their_metadata() {
    let sanitizer = sanitizer(Policy::default());
    let mut withheld = std::collections::BTreeSet::new();
    for fixture in fixtures::all() {
        let mut payload = fixture.decode();
        sanitizer.sanitize(&mut payload, fixture.provider, &key());
        let text = written(&payload);
        for part in text.split("\"content_withheld\"").skip(1) {
            withheld.insert(part.get(..part.len().min(160)).unwrap_or_default().split(']').next().unwrap().to_owned());
        }
    }
    let reduced =
        ["tool_input", "tool_parameters", "arguments", "full_command", "bash_argv0", "bash_command", "command"];
    // Rust debug output on a Codex span: `Thread { thread_id: … }`; a whole answer of the model's API as an error
    let others = ["key", "error.message"];
    let known = |names: &String| reduced.iter().chain(&others).any(|key| names.contains(&format!("\"{key}\"")));
    withheld.retain(|names| !known(names));
    assert_eq!(withheld.into_iter().collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn emitters_opt_in_to_their_prompts_and_to_nothing_else() {
    let record = |event: &str| {
        [
            ("event.name", text(event)),
            ("prompt", text("Fix the greeting.")),
            ("prompt_length", text("17")),
            ("response", text("Done.")),
        ]
    };
    assert_eq!(
        log(Policy::default(), &record("user_prompt")),
        r#"{"event.name":"user_prompt","prompt":"Fix the greeting.","prompt_length":"17","output_snippet_redacted":true}"#
    );
    assert_eq!(
        log(Policy::default(), &record("other")),
        r#"{"event.name":"other","prompt_length":"17","prompt_text_redacted":true,"output_snippet_redacted":true}"#
    );
    let off = Policy { honor_emitter_prompts: false, ..Policy::default() };
    assert_eq!(
        log(off, &record("user_prompt")),
        r#"{"event.name":"user_prompt","prompt_length":"17","prompt_text_redacted":true,"output_snippet_redacted":true}"#
    );
}

#[test]
fn placeholders_of_emitters_leave_without_a_mark() {
    let policy = Policy { capture_prompts: true, ..Policy::default() };
    for placeholder in ["<REDACTED>", "[REDACTED]"] {
        let record = [("event.name", text("user_prompt")), ("prompt", text(placeholder))];
        assert_eq!(log(policy.clone(), &record), r#"{"event.name":"user_prompt"}"#);
    }
}

#[test]
fn captured_text_is_cut_at_a_character() {
    let policy = Policy { capture_prompts: true, max_text_chars: 3, ..Policy::default() };
    assert_eq!(log(policy, &[("prompt", text("äöüß"))]), r#"{"prompt":"äöü","prompt_text_truncated":true}"#);
}

#[test]
fn unknown_text_is_content_and_unknown_numbers_are_not() {
    let long = "x".repeat(2000);
    let record = [
        ("my.answer", text("some words")),
        ("my.count", Value::Int(4)),
        ("my.flag", text("true")),
        ("my.job_id", text("j-17")),
        ("my.other_id", text("two words")),
        ("a key", Value::Int(1)),
        ("my.list", Value::List(vec![text("a")])),
        ("my.map", Value::Map(vec![(Cow::Borrowed("a"), Value::Int(1))])),
        ("my.bytes", Value::Bytes(Cow::Borrowed(b"abc"))),
        ("session.id", Value::text(long)),
        ("cwd", text("/a\n/b")),
        ("k8s.pod.name", text("pod 1")),
        ("team.name", text("Payments")),
        ("other.name", text("changed")),
    ];
    let resource = [("team.name", text("Payments")), ("other.name", text("declared"))];
    assert_eq!(
        log_on(Policy::default(), &resource, &record),
        r#"{"my.count":4,"my.flag":"true","my.job_id":"j-17","k8s.pod.name":"pod 1","team.name":"Payments","content_withheld":["my.answer","my.other_id","other","my.list","my.map","my.bytes","session.id","cwd","other.name"]}"#
    );
    let keep = Policy { keep_attributes: vec!["my.answer".to_owned(), "prompt".to_owned()], ..Policy::default() };
    assert_eq!(
        log(keep, &[("my.answer", text("some words")), ("prompt", text("Hi"))]),
        r#"{"my.answer":"some words","prompt_text_redacted":true}"#,
        "content cannot be declared metadata"
    );
}

#[test]
fn a_forged_mark_is_no_way_in() {
    let record = [
        ("redactions", text(r#"{"some words":1,"bearer":2}"#)),
        ("content_withheld", Value::List(vec![text("some words"), text("notes")])),
        ("prompt_text_redacted", text("some words")),
        ("moda.capture_prompts", text("some words")),
    ];
    assert_eq!(
        log(Policy::default(), &record),
        r#"{"content_withheld":["other","notes","moda.capture_prompts"],"redactions":"{\"bearer\":2}"}"#
    );
}

#[test]
fn an_exit_code_outlives_the_output_it_stood_in() {
    let output = "Chunk ID: 1f0f96\nWall time: 0.0 seconds\nProcess exited with code 3\nOutput:\nmy secret plan";
    let record = [("event.name", text("codex.tool_result")), ("success", text("true")), ("output", text(output))];
    assert_eq!(
        log(Policy::default(), &record),
        r#"{"event.name":"codex.tool_result","success":"true","exit_code":3,"output_snippet_redacted":true}"#
    );
    let failure = r#"{"hook_event_name":"PostToolUseFailure","error":"Exit code 3\nmy secret plan"}"#;
    assert_eq!(
        hook(Policy::default(), failure),
        r#"{"hook_event_name":"PostToolUseFailure","exit_code":3,"output_snippet_redacted":true}"#
    );
}

#[test]
fn an_error_says_what_went_wrong_and_not_with_what() {
    let record = [("error", text("String to replace not found in file.\nString: const key = 7;"))];
    assert_eq!(
        log(Policy::default(), &record),
        r#"{"error":"String to replace not found in file.","content_withheld":["error"]}"#
    );
    let open = Policy { capture_output_snippets: true, ..Policy::default() };
    assert_eq!(log(open, &record), r#"{"error":"String to replace not found in file.\nString: const key = 7;"}"#);
    let answer = [("error.message", text(r#"{"output":["my plan"]}"#))];
    assert_eq!(log(Policy::default(), &answer), r#"{"content_withheld":["error.message"]}"#);
}

#[test]
fn commands_are_reduced_wherever_they_stand() {
    let parameters = r#"{"bash_command":"git","full_command":"git log --oneline | head","description":"Look","git_commit_id":"8a18","mcp_tool_name":"add"}"#;
    let record = [
        ("full_command", text("rm -rf build")),
        ("bash_argv0", text("my-private-tool")),
        ("tool_parameters", text(parameters)),
        ("arguments", text(r#"{"cmd": "cat notes.txt", "workdir": "/home/dev"}"#)),
        ("tool_input", text(r#"[TOOL INPUT: Read] {"file_path":"/a/b","prompt":"words"}"#)),
        ("function_args", text(r#"{"command": "cut off"#)),
        ("process.command_args", Value::List(vec![text("/usr/bin/node"), text("app.js")])),
    ];
    assert_eq!(
        log(Policy::default(), &record),
        concat!(
            r#"{"full_command":"rm","bash_argv0":"other","#,
            r#""tool_parameters":"{\"bash_command\":\"git log\",\"git_commit_id\":\"8a18\",\"mcp_tool_name\":\"add\"}","#,
            r#""arguments":"{\"cmd\":\"cat\",\"workdir\":\"/home/dev\"}","#,
            r#""tool_input":"{\"file_path\":\"/a/b\"}","function_args":"other","process.command_args":"node","#,
            r#""content_withheld":["full_command","bash_argv0","tool_parameters","arguments","tool_input","function_args","#,
            r#""process.command_args"]}"#,
        )
    );
}

#[test]
fn secrets_go_from_every_text_that_stays() {
    let token = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    let key = "sk-ant-api03-F4k3wqHVVX363HcCF78Y97o_UjYp7RNmx";
    let part = vec![(Cow::Borrowed("exception.message"), Value::text(format!("token={token}")))];
    let span = Span {
        name: Cow::Owned(format!("call {token}")),
        trace_state: Cow::Owned(format!("vendor={key}")),
        attributes: vec![(Cow::Borrowed("cwd"), Value::text(format!("/tmp/{key}")))],
        status: SpanStatus { message: Cow::Owned(format!("401 for Bearer {token}")), code: 2 },
        events: vec![SpanEvent { attributes: part, ..SpanEvent::default() }],
        ..Span::default()
    };
    let resource = Resource {
        attributes: vec![
            (Cow::Borrowed("api_key"), Value::text("abcdef-123456")),
            (Cow::Owned(token.to_owned()), Value::Int(1)),
        ],
        dropped_attributes_count: 0,
    };
    let scope = Scope { name: Cow::Owned(token.to_owned()), ..Scope::default() };
    let scopes = vec![ScopeGroup { scope, records: vec![span], schema_url: Cow::Owned(format!("https://u:{key}@h")) }];
    let mut payload =
        Payload::Otlp(Otlp::Traces(vec![ResourceGroup { resource, scopes, schema_url: Cow::Borrowed("") }]));
    let report =
        sanitizer(Policy::default()).sanitize(&mut payload, Provider::Other, &HashKey::derive(b"tests", "tests"));
    let text = written(&payload);
    assert!(!text.contains(token) && !text.contains(key) && !text.contains("abcdef-123456"), "{text}");
    assert!(
        text.contains(r#""redactions","value":{"stringValue":"{\"anthropic_key\":2,\"github_token\":3}"#),
        "{text}"
    );
    assert_eq!(report.redactions.total(), 9);
}

#[test]
fn fixtures_are_stable_under_a_second_sanitizing() {
    for policy in [Policy::default(), open()] {
        let sanitizer = sanitizer(policy);
        for fixture in fixtures::all() {
            let mut payload = fixture.decode();
            sanitizer.sanitize(&mut payload, fixture.provider, &key());
            let once = payload.clone();
            sanitizer.sanitize(&mut payload, fixture.provider, &key());
            assert_eq!(payload, once, "{}", fixture.name);
        }
    }
}

fn open() -> Policy {
    Policy {
        capture_prompts: true,
        capture_output_snippets: true,
        capture_commands: true,
        max_text_chars: 40,
        ..Policy::default()
    }
}

/// Text made of what the rules look for.
fn hostile_text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "token",
        "password",
        "=",
        ":",
        " ",
        "\"",
        "'",
        "\\",
        "\n",
        "Bearer ",
        "Authorization: ",
        "Basic ",
        "ghp_",
        "sk-",
        "eyJ",
        ".",
        "a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6",
        "AKIAF4K3F4K3F4K3F4K3",
        "https://",
        "user:",
        "@",
        "[REDACTED:token]",
        "[REDACTED",
        "]",
        "--",
        "-----BEGIN RSA PRIVATE KEY-----",
        "-----END",
        "curl -u a:b",
        "Cookie: a=b; c",
        "é",
        "${X}",
        "12345678",
        "{",
        "}",
        ",",
        "secret",
        "x",
        "&",
        "<",
        ">",
        "%3D",
        "null",
    ]);
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

fn hostile_value() -> impl Strategy<Value = Value<'static>> {
    let leaf = prop_oneof![
        hostile_text().prop_map(Value::text),
        any::<i64>().prop_map(Value::Int),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
        prop::collection::vec(any::<u8>(), 0..9).prop_map(|bytes| Value::Bytes(Cow::Owned(bytes))),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            prop::collection::vec((hostile_key(), inner), 0..4).prop_map(Value::Map),
        ]
    })
}

fn hostile_key() -> impl Strategy<Value = Cow<'static, str>> {
    let known = prop::sample::select(vec![
        "prompt",
        "tool_input",
        "tool_response",
        "error",
        "cwd",
        "session_id",
        "command",
        "effort",
        "tool_calls",
        "attributes",
        "content_withheld",
        "redactions",
        "prompt_text_redacted",
        "moda.capture_prompts",
        "body",
        "my_id",
        "api_key",
        "bash_command",
        "full_command",
        "file_path",
        "event.name",
        "ghp_0123456789abcdefghijABCDEFGHIJ012345",
        "moda.capture_outputs",
        "timeout",
    ]);
    prop_oneof![known.prop_map(Cow::Borrowed), hostile_text().prop_map(Cow::Owned)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn sanitizing_twice_is_sanitizing_once(
        entries in prop::collection::vec((hostile_key(), hostile_value()), 0..8),
        resource in prop::collection::vec((hostile_key(), hostile_value()), 0..3),
        body in hostile_value(),
        is_open: bool,
        allow: bool,
    ) {
        let policy = if is_open { open() } else { Policy { allow_event_level_opt_in: allow, max_text_chars: 20, ..Policy::default() } };
        let sanitizer = sanitizer(policy);
        let record = LogRecord { attributes: entries.clone(), body, ..LogRecord::default() };
        let scope = ScopeGroup { scope: Scope::default(), records: vec![record], schema_url: Cow::Borrowed("") };
        let resource = Resource { attributes: resource, dropped_attributes_count: 0 };
        let group = ResourceGroup { resource, scopes: vec![scope], schema_url: Cow::Borrowed("") };
        for mut payload in [Payload::Hooks(vec![Value::Map(entries)]), Payload::Otlp(Otlp::Logs(vec![group]))] {
            sanitizer.sanitize(&mut payload, Provider::ClaudeCode, &key());
            let once = payload.clone();
            let report = sanitizer.sanitize(&mut payload, Provider::ClaudeCode, &key());
            prop_assert_eq!(&payload, &once);
            prop_assert_eq!(report, crate::Report::default());
        }
    }
}
