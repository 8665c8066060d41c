use record::otlp::{LogRecord, Resource, Scope, ScopeGroup};
use record::value::Value;

use super::*;

fn group(service: Option<&'static str>, scope: &'static str) -> ResourceGroup<'static, LogRecord<'static>> {
    let attributes = service.map(|name| ("service.name".into(), Value::text(name))).into_iter().collect();
    let scope = Scope { name: scope.into(), ..Scope::default() };
    ResourceGroup {
        resource: Resource { attributes, dropped_attributes_count: 0 },
        scopes: vec![ScopeGroup { scope, records: vec![], schema_url: "".into() }],
        schema_url: "".into(),
    }
}

#[test]
fn by_service_and_by_scope() {
    for (service, scope, expected) in [
        (Some("claude-code"), "", Provider::ClaudeCode),
        (Some("claude-code-desktop"), "", Provider::ClaudeCode),
        (Some("my-claude"), "com.anthropic.claude_code.events", Provider::ClaudeCode),
        (None, "com.anthropic.claude_code", Provider::ClaudeCode),
        (Some("codex_exec"), "", Provider::Codex),
        (Some("codex_cli_rs"), "", Provider::Codex),
        (Some("Codex Desktop"), "", Provider::Codex),
        (Some("renamed"), "codex_otel.log_only", Provider::Codex),
        (Some("cursor"), "", Provider::Cursor),
        (Some("codexterous"), "cursors", Provider::Other),
        (Some("gemini-cli"), "gemini-cli", Provider::Other),
        (None, "", Provider::Other),
    ] {
        assert_eq!(provider_of(&Otlp::Logs(vec![group(service, scope)])), expected, "{service:?} {scope}");
    }
    let mixed = vec![group(Some("checkout"), ""), group(Some("codex_exec"), "")];
    assert_eq!(provider_of(&Otlp::Logs(mixed)), Provider::Codex);
    assert_eq!(provider_of(&Otlp::Metrics(vec![])), Provider::Other);
}

#[test]
fn logs_of_browser_mods_are_those_that_name_a_mod_or_come_from_a_browser() {
    let with = |on_resource: &[(&'static str, &'static str)], on_record: &[&'static str]| {
        let mut group = group(Some("orders"), "");
        let pairs = on_resource.iter().map(|(key, text)| ((*key).into(), Value::text(*text)));
        group.resource.attributes.extend(pairs);
        let attributes = on_record.iter().map(|key| ((*key).into(), Value::text("x"))).collect();
        group.scopes[0].records = vec![LogRecord { attributes, ..LogRecord::default() }];
        group
    };
    let provider = |groups: Vec<_>| provider_of(&Otlp::Logs(groups));
    let browser = || with(&[("telemetry.sdk.language", "webjs")], &[]);
    assert_eq!(provider(vec![browser()]), Provider::BrowserMod);
    assert_eq!(provider(vec![with(&[("mod.id", "@acme/x")], &[])]), Provider::BrowserMod);
    assert_eq!(provider(vec![with(&[], &["words", "modId"])]), Provider::BrowserMod);
    assert_eq!(provider(vec![with(&[("telemetry.sdk.language", "nodejs")], &["words"])]), Provider::Other);
    assert_eq!(provider(vec![browser(), with(&[], &["words"])]), Provider::Other, "all or none");
    assert_eq!(provider(vec![browser(), group(Some("claude-code"), "")]), Provider::ClaudeCode);
    let mut claude = group(Some("claude-code"), "");
    claude.scopes[0].records =
        vec![LogRecord { attributes: vec![("modId".into(), Value::text("x"))], ..LogRecord::default() }];
    assert_eq!(provider(vec![claude]), Provider::ClaudeCode, "what it may keep is less");
}
