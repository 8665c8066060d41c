//! Records of imported sessions, which come as hooks do.

use std::fs;
use std::path::Path;

use super::*;

#[test]
fn a_record_keeps_everything_but_what_was_said() {
    for (provider, name) in [(Provider::ClaudeCode, "claude_code"), (Provider::Codex, "codex")] {
        for kind in ["captured", "inflated"] {
            let path = format!("../../fixtures/history/{name}/{kind}.records.ndjson");
            let body = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
            let mut payload = fixtures::decode(Signal::History, ContentType::Json, &body);
            let before = payload.clone();
            sanitizer(Policy::default()).sanitize(&mut payload, provider, &key());
            assert_eq!(payload, before);
        }
    }
}

#[test]
fn real_looking_ids_stay() {
    let record = r#"{"record":"tool_result","event_id":"msg_01XFDUDYJgAACzvnptvVoYEL/req_011CSHoEeqs5C35K2UUqR7Fy/toolu_01A09q90qw90lq917835lq9x","timestamp":"2026-09-01T10:00:00Z","session_id":"22222222-aaaa-4aaa-8aaa-000000000001","message_id":"resp_68af4030592c81938ec0a5fbab4a3e9f05438e46b5f69a3b","tool_use_id":"toolu_01A09q90qw90lq917835lq9x"}"#;
    assert_eq!(hook(Policy::default(), record), record);
}

#[test]
fn the_prompt_of_a_record_follows_the_policy() {
    let record = r#"{"record":"user_prompt","event_id":"p","prompt_length":9,"prompt":"canary-42"}"#;
    let kept = hook(Policy::default(), record);
    assert!(!kept.contains("canary") && kept.contains(r#""prompt_length":9"#), "{kept}");
    let kept = hook(Policy { capture_prompts: true, ..Policy::default() }, record);
    assert!(kept.contains("canary-42"), "{kept}");
}
